//! WSAAsyncSelect, WSAEventSelect and WSAEnumNetworkEvents: which events of a socket are told, and to whom.
//!
//! Both selections make the socket non-blocking, and each takes back what was selected before. What happens then stands in
//! `desk/watch.rs`.

use super::constants::{FD_ACCEPT, FD_CLOSE, FD_CONNECT, FD_OOB, FD_READ, FD_WRITE};
use super::desk::{Desk, FD_MAX_EVENTS, Target, Watch};
use crate::dialect::Dialect;
use crate::engine::Call;
use crate::page::{Fact, Page, Verdict};
use crate::process::{Handle, Said};
use crate::windows::pages::WSAASYNCSELECT;

/// The events that both documents know.
const EVENTS: i32 = FD_READ | FD_WRITE | FD_OOB | FD_ACCEPT | FD_CONNECT | FD_CLOSE;

/// WSAAsyncSelect. Without events, what was selected is taken back, and neither window nor message means anything.
pub(crate) fn by_message(
    dialect: &'static Dialect,
    handle: Handle,
    (window, message): (usize, u32),
    (events, known): (i32, i32),
) -> Result<(), Said> {
    let mut call = Call::of_socket(dialect, &WSAASYNCSELECT, handle);
    let is_there = |desk: &Desk| desk.window(window).is_some();
    let has_window = call.process.as_ref().is_some_and(|process| is_there(process.desk()));
    call.facts |= Fact::BadWindow.when(events != 0 && !has_window) | Fact::BadArgument.when(events & !known != 0);
    // A window that is there has a handle of 32 bits.
    let window = u32::try_from(window).unwrap_or(0);
    select(&call, handle, Target::Window { window, message }, events)
}

/// WSAEventSelect. Without events, what was selected is taken back, and the event object means nothing.
pub(crate) fn by_event(
    dialect: &'static Dialect,
    page: &'static Page,
    handle: Handle,
    event: usize,
    (events, known): (i32, i32),
) -> Result<(), Said> {
    let mut call = Call::of_socket(dialect, page, handle);
    let object = call.process.as_ref().and_then(|process| process.desk().event_object(event).ok());
    call.facts |= Fact::BadEvent.when(events != 0 && object.is_none()) | Fact::BadArgument.when(events & !known != 0);
    select(&call, handle, Target::Event(object.unwrap_or(0)), events)
}

/// WSAEnumNetworkEvents: what was recorded of a socket, with its codes. The event object is reset, where one is given.
pub(crate) fn enumerate(
    dialect: &'static Dialect,
    page: &'static Page,
    handle: Handle,
    event: usize,
    room: Fact,
) -> Result<(i32, [i32; FD_MAX_EVENTS]), Said> {
    let mut call = Call::of_socket(dialect, page, handle);
    let object = call.process.as_ref().and_then(|process| process.desk().event_object(event).ok());
    call.facts |= room.alone() | Fact::BadEvent.when(event != 0 && object.is_none());
    if call.judge()? != Verdict::Proceed {
        return Ok((0, [0; FD_MAX_EVENTS]));
    }
    let desk = call.process()?.desk();
    if event != 0 {
        // It was there a moment ago; where another thread has closed it since, there is nothing to reset.
        let _ = desk.set_event(event, false);
    }
    Ok(desk.take_recorded(dialect.name, handle))
}

/// The bits of the events that both documents know.
pub(crate) const fn known_events() -> i32 {
    EVENTS
}

fn select(call: &Call, handle: Handle, target: Target, events: i32) -> Result<(), Said> {
    if call.judge()? != Verdict::Proceed {
        return Ok(());
    }
    call.socket()?.set_nonblocking(true);
    let desk = call.process()?.desk();
    desk.unwatch(call.dialect.name, handle);
    if let Some(socket) = call.socket.clone().filter(|_| events != 0) {
        desk.watch(call.dialect.name, Watch::new(call.dialect, (handle, socket), target, events));
    }
    Ok(())
}
