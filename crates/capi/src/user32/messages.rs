//! Messages: fetching, handing out, posting, sending, timers; and message boxes, which are lines on standard error.

use std::io::Write as _;

use synsent_dialects::desk::{Fetch, FetchEnded, Filter, Msg, Of, Patience};
use synsent_dialects::system::{ERROR_INVALID_PARAMETER, ERROR_TIMEOUT, WAIT_FAILED, WM_QUIT, WM_TIMER};

use crate::boundary::{Foreign, call_back};
use crate::kernel32::{desk, entry, fails, list, read_text, read_wide, told, wait};

const PM_REMOVE: u32 = 1;
/// The handle that stands for messages that are for no window.
const NO_WINDOW: usize = !0;
/// The size of MSG; unit: octets.
const MSG_OCTETS: usize = 48;

/// A function of C that a timer calls.
type TimerProcedure = extern "C" fn(usize, u32, usize, u32);

fn fetch_for(window: usize, between: (u32, u32), patience: Patience, removes: bool) -> Fetch {
    let of = match window {
        0 => Of::Thread,
        NO_WINDOW => Of::ThreadAlone,
        window => Of::Window(window),
    };
    Fetch { filter: Filter { of, between }, patience, removes }
}

/// Fetches a message into the program's structure: `None` where it could not be.
fn fetch_into(room: usize, fetch: Fetch) -> Option<Option<Msg>> {
    let room = Foreign::at(room);
    let desk = desk()?;
    // What cannot be written to is found out before a message is taken.
    if !room.write(0, &[0; MSG_OCTETS]) {
        return fails(ERROR_INVALID_PARAMETER, None);
    }
    match desk.fetch(fetch) {
        Ok(None) => Some(None),
        Ok(Some(msg)) => {
            room.write(0, &layout(&msg));
            Some(Some(msg))
        }
        Err(FetchEnded::Wrong(wrong)) => fails(wrong.number(), None),
        Err(FetchEnded::Over(_)) => fails(ERROR_TIMEOUT, None),
    }
}

fn layout(msg: &Msg) -> [u8; MSG_OCTETS] {
    let mut octets = [0; MSG_OCTETS];
    octets[..8].copy_from_slice(&msg.window.to_ne_bytes());
    octets[8..12].copy_from_slice(&msg.message.to_ne_bytes());
    octets[16..24].copy_from_slice(&msg.wparam.to_ne_bytes());
    octets[24..32].copy_from_slice(&msg.lparam.to_ne_bytes());
    octets[32..36].copy_from_slice(&msg.time_millis.to_ne_bytes());
    octets
}

fn read_msg(room: usize) -> Option<Msg> {
    let room = Foreign::at(room);
    Some(Msg {
        window: usize::from_ne_bytes(room.read(0)?),
        message: u32::from_ne_bytes(room.read(8)?),
        wparam: usize::from_ne_bytes(room.read(16)?),
        lparam: isize::from_ne_bytes(room.read(24)?),
        time_millis: u32::from_ne_bytes(room.read(32)?),
    })
}

fn get(room: usize, window: usize, between: (u32, u32)) -> i32 {
    match fetch_into(room, fetch_for(window, between, Patience::Waits, true)) {
        Some(Some(msg)) => i32::from(msg.message != WM_QUIT),
        Some(None) | None => -1,
    }
}

fn peek(room: usize, window: usize, between: (u32, u32), remove: u32) -> i32 {
    let fetch = fetch_for(window, between, Patience::Looks, remove & PM_REMOVE != 0);
    i32::from(matches!(fetch_into(room, fetch), Some(Some(_))))
}

/// Hands a message to the procedure of its window, or of its timer.
fn dispatch(msg: &Msg) -> isize {
    let Some(desk) = desk() else { return 0 };
    if msg.message == WM_TIMER && msg.lparam != 0 {
        // Only what was given to SetTimer is called.
        if desk.is_timer_procedure(msg.lparam) {
            let place = std::ptr::with_exposed_provenance::<()>(msg.lparam as usize);
            // SAFETY: the program has given this address to SetTimer as that of a function of this type.
            let procedure: TimerProcedure = unsafe { std::mem::transmute::<*const (), TimerProcedure>(place) };
            call_back(|| procedure(msg.window, msg.message, msg.wparam, msg.time_millis));
        }
        return 0;
    }
    match desk.window(msg.window) {
        Some(window) if window.thread == synsent_sockets::thread_number() => {
            window.procedure.call(msg.window, msg.message, msg.wparam, msg.lparam)
        }
        _ => 0,
    }
}

/// Hands out one message of the thread, as the default blocking hook does; 0 when there was none.
pub(crate) fn dispatch_one() -> i32 {
    let fetched = desk().and_then(|desk| desk.fetch(fetch_for(0, (0, 0), Patience::Looks, true)).ok().flatten());
    fetched.map_or(0, |msg| {
        dispatch(&msg);
        1
    })
}

fn post(window: usize, message: u32, wparam: usize, lparam: isize) -> i32 {
    let Some(desk) = desk() else { return 0 };
    let posted = match window {
        0 => desk.post_to_thread(synsent_sockets::thread_number(), message, wparam, lparam),
        window => desk.post(window, message, wparam, lparam),
    };
    told(posted.map(|()| 1), 0)
}

fn post_to_thread(thread: u32, message: u32, wparam: usize, lparam: isize) -> i32 {
    desk().map_or(0, |desk| told(desk.post_to_thread(thread, message, wparam, lparam).map(|()| 1), 0))
}

fn send(window: usize, message: u32, wparam: usize, lparam: isize) -> isize {
    desk().map_or(0, |desk| told(desk.send(window, message, wparam, lparam), 0))
}

fn register(name: Option<String>) -> u32 {
    match (name, desk()) {
        (Some(name), Some(desk)) => told(desk.register_message(&name), 0),
        _ => fails(ERROR_INVALID_PARAMETER, 0),
    }
}

/// A message box: a line, and the button that is named first.
fn show(text: Option<String>, caption: Option<String>, kind: u32) -> i32 {
    let caption = caption.unwrap_or_else(|| "Error".to_owned());
    // Who has closed standard error does not want to know.
    let _ = writeln!(std::io::stderr(), "{caption}: {}", text.unwrap_or_default());
    match kind & 0xf {
        2 => 3,
        3 | 4 => 6,
        5 => 4,
        _ => 1,
    }
}

entry!(GetMessageA as get_message_a(room: usize, window: usize, first: u32, last: u32) -> i32, or -1, {
    get(room, window, (first, last))
});

entry!(GetMessageW as get_message_w(room: usize, window: usize, first: u32, last: u32) -> i32, or -1, {
    get(room, window, (first, last))
});

entry!(PeekMessageA as peek_message_a(room: usize, window: usize, first: u32, last: u32, remove: u32) -> i32, or 0, {
    peek(room, window, (first, last), remove)
});

entry!(PeekMessageW as peek_message_w(room: usize, window: usize, first: u32, last: u32, remove: u32) -> i32, or 0, {
    peek(room, window, (first, last), remove)
});

// There are no keys that could become characters.
entry!(TranslateMessage as translate_message(_msg: usize) -> i32, or 0, { 0 });

entry!(DispatchMessageA as dispatch_message_a(msg: usize) -> isize, or 0, { read_msg(msg).map_or(0, |msg| dispatch(&msg)) });
entry!(DispatchMessageW as dispatch_message_w(msg: usize) -> isize, or 0, { read_msg(msg).map_or(0, |msg| dispatch(&msg)) });

entry!(PostMessageA as post_message_a(window: usize, message: u32, wparam: usize, lparam: isize) -> i32, or 0, {
    post(window, message, wparam, lparam)
});

entry!(PostMessageW as post_message_w(window: usize, message: u32, wparam: usize, lparam: isize) -> i32, or 0, {
    post(window, message, wparam, lparam)
});

entry!(PostThreadMessageA as post_thread_message_a(thread: u32, message: u32, wparam: usize, lparam: isize) -> i32, or 0, {
    post_to_thread(thread, message, wparam, lparam)
});

entry!(PostThreadMessageW as post_thread_message_w(thread: u32, message: u32, wparam: usize, lparam: isize) -> i32, or 0, {
    post_to_thread(thread, message, wparam, lparam)
});

entry!(PostQuitMessage as post_quit_message(code: i32) -> (), or (), {
    if let Some(desk) = desk() {
        desk.post_quit(code);
    }
});

entry!(SendMessageA as send_message_a(window: usize, message: u32, wparam: usize, lparam: isize) -> isize, or 0, {
    send(window, message, wparam, lparam)
});

entry!(SendMessageW as send_message_w(window: usize, message: u32, wparam: usize, lparam: isize) -> isize, or 0, {
    send(window, message, wparam, lparam)
});

entry!(RegisterWindowMessageA as register_window_message_a(name: usize) -> u32, or 0, {
    register(read_text(&Foreign::at(name)))
});

entry!(RegisterWindowMessageW as register_window_message_w(name: usize) -> u32, or 0, {
    register(read_wide(&Foreign::at(name)))
});

entry!(SetTimer as set_timer(window: usize, id: usize, millis: u32, procedure: usize) -> usize, or 0, {
    desk().map_or(0, |desk| told(desk.set_timer(window, id, millis, procedure as isize), 0))
});

entry!(KillTimer as kill_timer(window: usize, id: usize) -> i32, or 0, {
    desk().map_or(0, |desk| told(desk.kill_timer(window, id).map(|()| 1), 0))
});

entry!(MsgWaitForMultipleObjects as msg_wait_for_multiple_objects(
    count: u32, objects: usize, all: i32, millis: u32, _wake_mask: u32,
) -> u32, or WAIT_FAILED, {
    match list(count, objects) {
        Some(handles) => wait(&handles, all != 0, millis, true),
        None => fails(ERROR_INVALID_PARAMETER, WAIT_FAILED),
    }
});

entry!(MessageBoxA as message_box_a(_window: usize, text: usize, caption: usize, kind: u32) -> i32, or 0, {
    show(read_text(&Foreign::at(text)), read_text(&Foreign::at(caption)), kind)
});

entry!(MessageBoxW as message_box_w(_window: usize, text: usize, caption: usize, kind: u32) -> i32, or 0, {
    show(read_wide(&Foreign::at(text)), read_wide(&Foreign::at(caption)), kind)
});
