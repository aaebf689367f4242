//! Starting a system and ending it.

use super::Call;
use crate::dialect::Dialect;
use crate::page::Fact;
use crate::process::Said;

/// Starts the system of this thread's process; answers with the version that was agreed on: the newest one that is not newer
/// than what was asked for. Without a question for a version it is the newest of all. `has_room`: whether the caller gave room
/// for the answer.
pub(crate) fn start(dialect: &'static Dialect, version: Option<(u8, u8)>, has_room: bool) -> Result<(u8, u8), Said> {
    let mut call = Call::of_process(dialect, &dialect.pages.startup);
    let suits = |offered: &&(u8, u8)| version.is_none_or(|asked| **offered <= asked);
    let agreed = dialect.versions.iter().rev().find(suits).copied();
    let is_bad = agreed.is_none() && !dialect.versions.is_empty();
    call.facts |= Fact::BadVersion.when(is_bad) | Fact::NullBuffer.when(!has_room);
    call.judge()?;
    let agreed = agreed.unwrap_or_default();
    call.process()?.start(agreed).map_err(|failure| call.say(failure))?;
    Ok(agreed)
}

/// Takes one start back; with the last one all sockets go.
pub(crate) fn end(dialect: &'static Dialect) -> Result<(), Said> {
    let call = Call::of_process(dialect, &dialect.pages.cleanup);
    call.judge()?;
    call.process()?.end();
    Ok(())
}
