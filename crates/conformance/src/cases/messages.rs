//! Scenarios of network events that come as messages or set event objects, and of blocking hooks, for the dialects of Windows. They
//! are written out for each by a macro, because windows and hooks are no part of the table that all dialects have.

use std::cell::Cell;
use std::rc::Rc;
use std::sync::Arc;

use synsent_dialects::desk::{Creation, Desk, Fetch, Filter, Of, Patience, Procedure};
use synsent_dialects::{Handle, Process};
use synsent_sockets::Kind;

use super::common::Shows;
use crate::case::Trouble;
use crate::situation::Situation;
use crate::trial::Trial;

/// The message of the cases' sockets.
const WM_SOCKET: u32 = 0x401;
/// How long a case waits for a message; one that comes has come long before. Unit: milliseconds.
const PATIENCE_MILLIS: u32 = 1_500;
/// Where the listener with a condition function is.
const CONDITION_PORT: u16 = 4_715;

/// Why a case is no program in C of its own: what its record does not hold.
const MESSAGES: &str = "windows, messages and event objects";
/// The same of the other kind.
const HOOKS: &str = "functions of the program that the library calls";

macro_rules! message_scenarios {
    ($dialect:ident) => {
        /// The scenarios of this dialect.
        pub(super) mod $dialect {
            use synsent_dialects::$dialect as it;

            use super::*;

            /// A window of this thread, on the network of the case.
            fn window(t: &mut Trial<'_>) -> Result<(Arc<Desk>, usize), Trouble> {
                t.apart(MESSAGES);
                let desk = Arc::clone(t.process().desk());
                let made = desk.register_class("conformance", Procedure::of(|_, _, _, _| 0), 0);
                t.check(made.is_ok(), "a class of windows is registered")?;
                match desk.create_window("conformance", Creation::default()) {
                    Ok(window) => Ok((desk, window)),
                    Err(wrong) => Err(Trouble::NotHeld(format!("a window could not be made: {wrong:?}"))),
                }
            }

            /// The next message within the time of a case: event and error, for this socket.
            fn next_event(t: &Trial<'_>, desk: &Arc<Desk>, s: Handle) -> Result<Option<(i32, i32)>, Trouble> {
                // A timer of the thread ends the wait for a message that never comes.
                let patience = PATIENCE_MILLIS;
                let timer =
                    desk.set_timer(0, 0, patience, 0).map_err(|wrong| Trouble::NotHeld(format!("{wrong:?}")))?;
                let filter = Filter { of: Of::Thread, between: (0, 0) };
                let fetched = desk.fetch(Fetch { filter, patience: Patience::Waits, removes: true });
                t.check(desk.kill_timer(0, timer).is_ok(), "the timer was there")?;
                let msg = fetched.map_err(|ended| Trouble::NotHeld(format!("no message: {ended:?}")))?;
                let Some(msg) = msg.filter(|msg| msg.message == WM_SOCKET) else { return Ok(None) };
                t.check(msg.wparam == s as usize, "the message names the socket")?;
                Ok(Some((it::WSAGETSELECTEVENT(msg.lparam), it::WSAGETSELECTERROR(msg.lparam))))
            }

            /// With FD_CONNECT alone the window gets one message.
            fn one_message(t: &mut Trial<'_>, situation: Situation, error: i32) -> Shows {
                let peer = t.arrange(situation)?;
                let (desk, window) = window(t)?;
                let s = t.socket(Kind::Stream)?;
                let selected = it::WSAAsyncSelect(s as it::SOCKET, window, WM_SOCKET, it::FD_CONNECT);
                t.works(t.api.said(selected), "WSAAsyncSelect")?;
                let said = t.connect(s, peer);
                t.fails_with(said, "WSAEWOULDBLOCK")?;
                let told = next_event(t, &desk, s)?;
                t.check(
                    told == Some((it::FD_CONNECT, error)),
                    format!("the message tells FD_CONNECT and {error}: {told:?}"),
                )?;
                let more = next_event(t, &desk, s)?;
                t.check(more.is_none(), format!("there is one message and no other: {more:?}"))
            }

            pub(in crate::cases) fn message_of_success(t: &mut Trial<'_>) -> Shows {
                one_message(t, Situation::Answers, 0)
            }

            pub(in crate::cases) fn message_of_failure(t: &mut Trial<'_>) -> Shows {
                one_message(t, Situation::Refuses, it::WSAECONNREFUSED)
            }

            /// A name that cannot be is refused at once, and no message follows.
            pub(in crate::cases) fn no_message_of_what_never_began(t: &mut Trial<'_>) -> Shows {
                let (desk, window) = window(t)?;
                let s = t.socket(Kind::Stream)?;
                let selected = it::WSAAsyncSelect(s as it::SOCKET, window, WM_SOCKET, it::FD_CONNECT);
                t.works(t.api.said(selected), "WSAAsyncSelect")?;
                let nowhere: std::net::SocketAddr = (std::net::Ipv4Addr::UNSPECIFIED, 80).into();
                let said = t.connect(s, nowhere);
                t.fails_with(said, "WSAEADDRNOTAVAIL")?;
                let told = next_event(t, &desk, s)?;
                t.check(told.is_none(), format!("nothing is told of it: {told:?}"))
            }

            /// What a hook does in its third call.
            fn with_hook(t: &mut Trial<'_>, third: impl Fn() + 'static, run: fn(&mut Trial<'_>) -> Shows) -> Shows {
                t.apart(HOOKS);
                // The hook is 1.1's; it is the thread's, and so also that of calls of Winsock 2.
                let of_one = Process::new(&synsent_dialects::winsock1::WINSOCK1, t.world.network());
                let entered = (t.api.name() != "winsock1").then(|| of_one.enter());
                if entered.is_some() {
                    let mut data = synsent_dialects::winsock1::WSADATA::default();
                    let started = synsent_dialects::winsock1::WSAStartup(0x0101, Some(&mut data));
                    t.check(started == 0, "Windows Sockets 1.1 starts too")?;
                }
                let calls = Rc::new(Cell::new(0));
                let hook = move || {
                    calls.set(calls.get() + 1);
                    if calls.get() == 3 {
                        third();
                    }
                    false
                };
                let set = synsent_dialects::winsock1::WSASetBlockingHook(Rc::new(hook));
                t.check(set == 0, "the hook is set")?;
                let shown = run(t);
                let unset = synsent_dialects::winsock1::WSAUnhookBlockingHook();
                t.check(unset == 0, "the hook is taken back")?;
                shown
            }

            /// A connect that the peer never answers is taken back from the hook.
            pub(in crate::cases) fn taken_back(t: &mut Trial<'_>) -> Shows {
                let cancel = || {
                    let _ = synsent_dialects::winsock1::WSACancelBlockingCall();
                };
                with_hook(t, cancel, |t| {
                    let peer = t.arrange(Situation::Silent)?;
                    let s = t.socket(Kind::Stream)?;
                    let said = t.connect(s, peer);
                    t.fails(said)
                })
            }

            /// A connect from inside of the hook, while another waits.
            pub(in crate::cases) fn from_inside(t: &mut Trial<'_>) -> Shows {
                let inner = t.socket(Kind::Stream)?;
                let peer = t.arrange(Situation::Answers)?;
                let name = t.api.sockaddr(&peer.into());
                let told = Rc::new(Cell::new(0));
                let noted = Rc::clone(&told);
                let calls_inside = move || {
                    let value = it::connect(inner as it::SOCKET, &name[..], name.len() as i32);
                    noted.set(if value == it::SOCKET_ERROR { it::WSAGetLastError() } else { 0 });
                    let _ = synsent_dialects::winsock1::WSACancelBlockingCall();
                };
                with_hook(t, calls_inside, |t| {
                    let peer = t.arrange(Situation::Silent)?;
                    let s = t.socket(Kind::Stream)?;
                    let said = t.connect(s, peer);
                    t.fails_with(said, "WSAEINTR")
                })?;
                let code = t.api.code(told.get());
                t.fails::<i32>(Err(code))?;
                let said = t.connect(inner, peer);
                t.works(said, "outside of the hook the same socket connects").map(drop)
            }
        }
    };
}

message_scenarios!(winsock1);
message_scenarios!(winsock2);

/// With FD_CONNECT the event object is set, and WSAEnumNetworkEvents tells the code.
fn event(t: &mut Trial<'_>, situation: Situation, error: i32) -> Shows {
    use synsent_dialects::winsock2 as it;

    t.apart(MESSAGES);
    let peer = t.arrange(situation)?;
    let s = t.socket(Kind::Stream)?;
    let object = it::WSACreateEvent();
    t.works(t.api.said(it::WSAEventSelect(s as it::SOCKET, object, it::FD_CONNECT)), "WSAEventSelect")?;
    let said = t.connect(s, peer);
    t.fails_with(said, "WSAEWOULDBLOCK")?;
    let waited = it::WSAWaitForMultipleEvents(&[object], false, 10_000, false);
    t.check(waited == it::WSA_WAIT_EVENT_0, format!("the event object is set: {waited}"))?;
    let mut events = it::WSANETWORKEVENTS::default();
    t.works(t.api.said(it::WSAEnumNetworkEvents(s as it::SOCKET, object, Some(&mut events))), "WSAEnumNetworkEvents")?;
    let told = (events.lNetworkEvents, events.iErrorCode[4]);
    t.check(told == (it::FD_CONNECT, error), format!("FD_CONNECT and {error} are told: {told:?}"))?;
    let again = it::WSAWaitForMultipleEvents(&[object], false, 300, false);
    t.check(again == it::WSA_WAIT_TIMEOUT, "it was reset, and nothing is told twice")
}

pub(super) fn event_of_success(t: &mut Trial<'_>) -> Shows {
    event(t, Situation::Answers, 0)
}

pub(super) fn event_of_failure(t: &mut Trial<'_>) -> Shows {
    event(t, Situation::Refuses, synsent_dialects::winsock2::WSAECONNREFUSED)
}

/// A connect from inside of the condition function of WSAAccept.
pub(super) fn from_inside_a_condition(t: &mut Trial<'_>) -> Shows {
    use synsent_dialects::winsock2 as it;

    t.apart(HOOKS);
    let own = std::net::SocketAddr::from((crate::outside::OURS, CONDITION_PORT));
    let (listener, client, inner) = (t.socket(Kind::Stream)?, t.socket(Kind::Stream)?, t.socket(Kind::Stream)?);
    let said = t.bind(listener, own);
    t.works(said, "bind")?;
    t.works(t.api.said((t.api.listen)(listener, 5)), "listen")?;
    let said = t.connect(client, own);
    t.works(said, "a connection of our own to the listener")?;
    let name = t.api.sockaddr(&own.into());
    let mut told = 0;
    let mut condition = |_: &[u8], _: &[u8]| {
        let value = it::connect(inner as it::SOCKET, &name[..], name.len() as i32);
        told = if value == it::SOCKET_ERROR { it::WSAGetLastError() } else { 0 };
        it::CF_ACCEPT
    };
    let (nobody, nothing) = (synsent_sockets::PointerMut::Null, synsent_sockets::PointerMut::Null);
    let accepted = it::WSAAccept(listener as it::SOCKET, nobody, nothing, Some(&mut condition));
    t.check(accepted != it::INVALID_SOCKET, "the condition accepts")?;
    t.fails::<i32>(Err(t.api.code(told)))
}
