//! Blocking hooks: what a thread of 1.1 does while a blocking call waits, and taking that call back.
//!
//! Both libraries of Windows share the hook of a thread: it is called while a call of either waits, and every call that it makes of
//! either fails with WSAEINPROGRESS. There is no hook before a program sets one, as in the versions of Windows whose threads need
//! not yield.

use std::rc::Rc;

use synsent_sockets::{Idled, cancel_blocking, cancel_blocking_of, is_idling, set_idle};

use super::pages::{WSACANCELBLOCKINGCALL, WSASETBLOCKINGHOOK, WSAUNHOOKBLOCKINGHOOK};
use crate::dialect::Dialect;
use crate::engine::Call;
use crate::page::Fact;
use crate::process::Said;

/// A hook: it is called until it says that nothing is left to do, which is false.
pub type BlockingHook = Rc<dyn Fn() -> bool>;

/// WSASetBlockingHook.
pub(crate) fn set(dialect: &'static Dialect, hook: BlockingHook) -> Result<(), Said> {
    Call::of_process(dialect, &WSASETBLOCKINGHOOK).judge()?;
    set_idle(Some(Rc::new(move || if hook() { Idled::More } else { Idled::Nothing })));
    Ok(())
}

/// WSAUnhookBlockingHook.
pub(crate) fn unset(dialect: &'static Dialect) -> Result<(), Said> {
    Call::of_process(dialect, &WSAUNHOOKBLOCKINGHOOK).judge()?;
    set_idle(None);
    Ok(())
}

/// WSACancelBlockingCall.
pub(crate) fn cancel(dialect: &'static Dialect) -> Result<(), Said> {
    let mut call = Call::of_process(dialect, &WSACANCELBLOCKINGCALL);
    call.facts |= Fact::NothingBlocks.when(!is_idling());
    call.judge()?;
    cancel_blocking();
    Ok(())
}

/// Takes the call back in which another thread waits, by its number; false when it does not wait.
pub(crate) fn cancel_of(dialect: &'static Dialect, thread: u32) -> Result<bool, Said> {
    let mut call = Call::of_process(dialect, &WSACANCELBLOCKINGCALL);
    // Whether it waits is found out by taking its call back.
    let cancelled = call.process.as_ref().is_some_and(|process| cancel_blocking_of(thread, process.network().as_ref()));
    call.facts |= Fact::NothingBlocks.when(!cancelled);
    call.judge().map(|_| cancelled)
}
