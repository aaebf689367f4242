//! The last error of a thread. Both dialects of Windows share it, as both libraries of Windows do; a call that succeeds leaves it
//! alone.

use std::cell::Cell;

use super::constants::{INVALID_SOCKET, SOCKET, SOCKET_ERROR};
use super::types;
use crate::process::{Handle, Said};

thread_local! {
    static LAST_ERROR: Cell<i32> = const { Cell::new(0) };
}

/// The number of the last error of this thread.
pub(crate) fn get() -> i32 {
    LAST_ERROR.get()
}

/// Sets it.
pub(crate) fn set(number: i32) {
    LAST_ERROR.set(number);
}

/// Notes what a call was told; answers with its number.
pub(crate) fn note(said: Said) -> i32 {
    let number = said.number;
    set(number);
    said.keep();
    number
}

/// The result of a call that counts nothing.
pub(crate) fn zero(result: Result<(), Said>) -> i32 {
    count(result.map(|()| 0))
}

/// The result of a call that counts something.
pub(crate) fn count(result: Result<i32, Said>) -> i32 {
    result.unwrap_or_else(|said| {
        note(said);
        SOCKET_ERROR
    })
}

/// The result of a call that makes a socket.
pub(crate) fn socket(result: Result<Handle, Said>) -> SOCKET {
    result.map_or_else(
        |said| {
            note(said);
            INVALID_SOCKET
        },
        types::socket,
    )
}

/// The result of a call for Rust, noted too.
pub(crate) fn kept(result: Result<(), Said>) -> Result<(), Said> {
    if let Err(said) = &result {
        note(said.clone());
    }
    result
}
