//! shutdown: one direction of a connection ends, or both.

use super::Call;
use crate::dialect::Dialect;
use crate::page::{Fact, Verdict};
use crate::process::{Handle, Said};
use synsent_sockets::Outcome;

/// shutdown with the dialect's number for the direction.
pub(crate) fn shutdown(dialect: &'static Dialect, handle: Handle, how: i32) -> Result<(), Said> {
    let mut call = Call::of_socket(dialect, &dialect.pages.shutdown, handle);
    let row = dialect.hows.iter().find(|row| row.number == how);
    call.facts |= Fact::BadArgument.when(row.is_none());
    if call.judge()? != Verdict::Proceed {
        return Ok(());
    }
    let row = row.ok_or_else(|| call.say(Outcome::BadArgument))?;
    call.socket()?.shutdown(row.how).map_err(|failure| call.say(failure))
}
