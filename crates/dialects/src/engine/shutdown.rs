//! shutdown: one direction of a connection ends, or both.

use super::Call;
use crate::dialect::Dialect;
use crate::page::{Fact, Facts, Page, Verdict};
use crate::process::{Handle, Said};
use synsent_sockets::Outcome;

/// shutdown with the dialect's number for the direction.
pub(crate) fn shutdown(dialect: &'static Dialect, handle: Handle, how: i32) -> Result<(), Said> {
    by_page(dialect, &dialect.pages.shutdown, handle, how, Facts::NONE)
}

/// Ending a direction by a page, when this is so besides what is found here.
pub(crate) fn by_page(
    dialect: &'static Dialect,
    page: &'static Page,
    handle: Handle,
    how: i32,
    also: Facts,
) -> Result<(), Said> {
    let mut call = Call::of_socket(dialect, page, handle);
    call.facts |= also;
    let row = dialect.hows.iter().find(|row| row.number == how);
    call.facts |= Fact::BadArgument.when(row.is_none());
    if call.judge()? != Verdict::Proceed {
        return Ok(());
    }
    let row = row.ok_or_else(|| call.say(Outcome::BadArgument))?;
    call.socket()?.shutdown(row.how).map_err(|failure| call.say(failure))
}
