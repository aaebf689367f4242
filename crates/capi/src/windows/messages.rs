//! WSAAsyncSelect and blocking hooks, for both versions.

use std::cell::Cell;
use std::rc::Rc;

use synsent_dialects::winsock1::BlockingHook;

use crate::boundary::call_back;

/// A hook of C: it answers with zero when nothing is left to do.
type Hook = extern "C" fn() -> i32;

thread_local! {
    /// The address of the hook that the thread has set; zero: none.
    static HOOK: Cell<usize> = const { Cell::new(0) };
}

/// What a thread does while it waits that was given the default hook by its program: it dispatches one message.
pub(crate) extern "C" fn default_hook() -> i32 {
    crate::boundary::call(|| 0, crate::user32::dispatch_one)
}

/// The address of the hook that the thread had, for who wants to have it back.
pub(crate) fn former(now: usize) -> usize {
    match HOOK.replace(now) {
        0 => default_hook as *const () as usize,
        set => set,
    }
}

/// The hook at an address.
pub(crate) fn hook_at(address: usize) -> Option<BlockingHook> {
    if address == 0 {
        return None;
    }
    // SAFETY: the program says by its call that a function of this type is there, as its document asks; a number that is no function
    // is as fatal as it is anywhere in C.
    let hook: Hook = unsafe { std::mem::transmute::<*const (), Hook>(std::ptr::with_exposed_provenance(address)) };
    Some(Rc::new(move || call_back(|| hook() != 0)))
}

/// The entries of a dialect of Windows.
macro_rules! message_entries {
    ($dialect:ident) => {
        #[unsafe(export_name = concat!("synsent_", stringify!($dialect), "_WSAAsyncSelect"))]
        extern "C" fn wsa_async_select(s: SOCKET, window: usize, message: u32, events: std::ffi::c_long) -> i32 {
            // What has more bits than there are events is no event.
            let events = i32::try_from(events).unwrap_or(i32::MIN);
            call(failed, || it::WSAAsyncSelect(s, window, message, events))
        }

        #[unsafe(export_name = concat!("synsent_", stringify!($dialect), "_WSAIsBlocking"))]
        extern "C" fn wsa_is_blocking() -> i32 {
            i32::from(it::WSAIsBlocking())
        }

        #[unsafe(export_name = concat!("synsent_", stringify!($dialect), "_WSACancelBlockingCall"))]
        extern "C" fn wsa_cancel_blocking_call() -> i32 {
            call(failed, it::WSACancelBlockingCall)
        }

        #[unsafe(export_name = concat!("synsent_", stringify!($dialect), "_WSAUnhookBlockingHook"))]
        extern "C" fn wsa_unhook_blocking_hook() -> i32 {
            call(failed, || {
                let result = it::WSAUnhookBlockingHook();
                if result == 0 {
                    $crate::windows::messages::former(0);
                }
                result
            })
        }

        #[unsafe(export_name = concat!("synsent_", stringify!($dialect), "_WSASetBlockingHook"))]
        extern "C" fn wsa_set_blocking_hook(hook: usize) -> usize {
            call(
                || 0,
                || {
                    let Some(new) = $crate::windows::messages::hook_at(hook) else {
                        bad_pointer();
                        return 0;
                    };
                    match it::WSASetBlockingHook(new) {
                        0 => $crate::windows::messages::former(hook),
                        _ => 0,
                    }
                },
            )
        }
    };
}

pub(crate) use message_entries;
