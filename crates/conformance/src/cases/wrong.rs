//! Calls that are wrong, for all dialects: memory that is not there, every length, every state, and handles that are none.
//!
//! Each is told what its document says, whoever else calls at the same time, and nothing else happens: no packet leaves, and the
//! sockets are as they were.

use std::net::SocketAddr;
use std::sync::Arc;
use std::thread;

use synsent_dialects::{Handle, Process};
use synsent_host::PageWithHole;
use synsent_sockets::{Domain, Kind, Memory, Pointer, PointerMut};

use super::common::{self, Shows};
use crate::api::{Api, Said};
use crate::case::Trouble;
use crate::outside::{OURS, OURS_V6};
use crate::record::{Given, Note};
use crate::situation::Situation;
use crate::trial::Trial;

/// How many threads call at the same time.
const THREADS: usize = 8;
/// How often each of them makes all calls.
const ROUNDS: usize = 20;
/// The longest length that is tried.
const LENGTH_MAX: i32 = 65_536;
/// The size of a name of IPv4.
const NAME_OCTETS: usize = 16;

/// Where a stream socket stands.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum State {
    /// It was made, and nothing else.
    Fresh,
    /// An attempt is under way.
    Connecting,
    /// It has a connection.
    Connected,
    /// It waits for connections.
    Listening,
}

/// A call that needs nothing but a socket.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Call {
    Connect,
    Bind,
    Listen,
    Accept,
    Send,
    Recv,
    Shutdown,
    Peername,
}

/// A call in a state, and the error that is promised.
pub(super) type WrongState = (State, Call, &'static str);

/// What the pages of Windows Sockets say of wrong states; connect while connecting differs between the two.
pub(super) const WINDOWS: &[WrongState] = &[
    (State::Listening, Call::Connect, "WSAEINVAL"),
    (State::Connected, Call::Connect, "WSAEISCONN"),
    (State::Connected, Call::Bind, "WSAEINVAL"),
    (State::Connecting, Call::Bind, "WSAEINVAL"),
    (State::Listening, Call::Bind, "WSAEINVAL"),
    (State::Fresh, Call::Listen, "WSAEINVAL"),
    (State::Connected, Call::Listen, "WSAEISCONN"),
    (State::Fresh, Call::Accept, "WSAEINVAL"),
    (State::Connected, Call::Accept, "WSAEINVAL"),
    (State::Fresh, Call::Send, "WSAENOTCONN"),
    (State::Connecting, Call::Send, "WSAENOTCONN"),
    (State::Listening, Call::Send, "WSAENOTCONN"),
    (State::Fresh, Call::Recv, "WSAENOTCONN"),
    (State::Connecting, Call::Recv, "WSAENOTCONN"),
    (State::Fresh, Call::Shutdown, "WSAENOTCONN"),
    (State::Connecting, Call::Shutdown, "WSAENOTCONN"),
    (State::Fresh, Call::Peername, "WSAENOTCONN"),
    (State::Listening, Call::Peername, "WSAENOTCONN"),
];

/// What the documents of connect that come from BSD and, for the calls around it, POSIX say of wrong states.
pub(super) const POSIX: &[WrongState] = &[
    (State::Connecting, Call::Connect, "EALREADY"),
    (State::Connected, Call::Connect, "EISCONN"),
    (State::Listening, Call::Connect, "EOPNOTSUPP"),
    (State::Connected, Call::Bind, "EINVAL"),
    (State::Listening, Call::Bind, "EINVAL"),
    (State::Connected, Call::Listen, "EINVAL"),
    (State::Connecting, Call::Listen, "EINVAL"),
    (State::Fresh, Call::Accept, "EINVAL"),
    (State::Connected, Call::Accept, "EINVAL"),
    (State::Fresh, Call::Send, "ENOTCONN"),
    (State::Connecting, Call::Send, "ENOTCONN"),
    (State::Listening, Call::Send, "ENOTCONN"),
    (State::Fresh, Call::Recv, "ENOTCONN"),
    (State::Connecting, Call::Recv, "ENOTCONN"),
    (State::Listening, Call::Recv, "ENOTCONN"),
    (State::Fresh, Call::Shutdown, "ENOTCONN"),
    (State::Connecting, Call::Shutdown, "ENOTCONN"),
    (State::Fresh, Call::Peername, "ENOTCONN"),
    (State::Connecting, Call::Peername, "ENOTCONN"),
    (State::Listening, Call::Peername, "ENOTCONN"),
];

const STATES: [State; 4] = [State::Fresh, State::Connecting, State::Connected, State::Listening];

/// Memory that is unmapped, names that reach across the end of a page, and, for comparison, one that ends there, at an odd
/// address.
pub(super) fn memory_that_is_not_there(t: &mut Trial<'_>) -> Shows {
    let peer = t.arrange(Situation::Answers)?;
    let name = t.api.sockaddr(&peer.into());
    let pages = PageWithHole::new().map_err(|error| Trouble::NotHere(format!("a page: {error}")))?;
    for kind in [Kind::Stream, Kind::Datagram] {
        let s = t.socket(kind)?;
        for octets in 0..NAME_OCTETS {
            let memory = pages.memory_before_hole(octets);
            t.check(memory.write(0, &name[..octets]).is_ok(), "the page can be written")?;
            let said = t.connect_with(s, Pointer::Foreign(&memory), NAME_OCTETS as i32);
            t.fails(said)?;
            t.nothing_left()?;
        }
        for octets in [NAME_OCTETS, NAME_OCTETS + 1] {
            let memory = pages.memory_before_hole(octets);
            t.check(memory.write(0, &name).is_ok(), "the page can be written")?;
            let s = t.socket(kind)?;
            let said = t.connect_with(s, Pointer::Foreign(&memory), NAME_OCTETS as i32);
            t.works(said, "connect with a name at the end of a page")?;
            t.echoes(s)?;
        }
    }
    Ok(())
}

/// Every length that is too small for a name of IPv4.
pub(super) fn short_names(t: &mut Trial<'_>) -> Shows {
    let peer = t.arrange(Situation::Answers)?;
    let name = t.api.sockaddr(&peer.into());
    for kind in [Kind::Stream, Kind::Datagram] {
        let s = t.socket(kind)?;
        for len in (-1..16).chain([i32::MIN]) {
            let said = t.connect_with(s, Pointer::Octets(&name), len);
            t.fails(said)?;
            t.nothing_left()?;
        }
    }
    Ok(())
}

/// The same, and a name of IPv6 that lacks its last octet.
pub(super) fn short_names_of_both(t: &mut Trial<'_>) -> Shows {
    short_names(t)?;
    let s = t.socket_of(Domain::Inet6, Kind::Stream)?;
    let name = t.api.sockaddr(&SocketAddr::new(OURS_V6.into(), 80).into());
    let said = t.connect_with(s, Pointer::Octets(&name), 27);
    t.fails(said)
}

/// Every length from -1 to 65,536, and the largest and smallest numbers: what `is_right` says works, and all else fails.
pub(super) fn every_length(t: &mut Trial<'_>, is_right: fn(i32) -> bool) -> Shows {
    let peer = t.arrange(Situation::Answers)?;
    let mut name = t.api.sockaddr(&peer.into());
    name.resize(LENGTH_MAX as usize, 0);
    let (stream, datagram) = (t.socket(Kind::Stream)?, t.socket(Kind::Datagram)?);
    // The row shows one of them; the others are too many to look at the wire after each.
    let said = t.connect_with(stream, Pointer::Octets(&name), -1);
    t.fails(said)?;
    t.world.mark();
    for len in (-1..=LENGTH_MAX).chain([i32::MIN, i32::MIN + 1, i32::MAX]) {
        let said = t.api.said((t.api.connect)(datagram, Pointer::Octets(&name), len));
        if is_right(len) {
            t.works(said, &format!("connect with a name of {len} octets"))?;
            continue;
        }
        t.fails(said)?;
        let said = t.api.said((t.api.connect)(stream, Pointer::Octets(&name), len));
        t.fails(said)?;
    }
    t.nothing_left_since_mark()?;
    let said = t.connect(stream, peer);
    t.works(said, "connect with the right length afterwards")?;
    t.echoes(stream)
}

/// Calls in every wrong state, from many threads at once.
pub(super) fn wrong_states(t: &mut Trial<'_>, promised: &'static [&'static [WrongState]]) -> Shows {
    let sockets = in_all_states(t)?;
    let peer = t.arrange(Situation::Answers)?;
    let names = [peer, common::somewhere(OURS, 4_731)].map(|name| t.api.sockaddr(&name.into()));
    t.world.mark();
    // A record has the calls of this thread, which are those of the others.
    t.world.note(&Note::InThreads { threads: THREADS, rounds: ROUNDS });
    let wrong = first_wrong(t.api, &sockets, &names, promised);
    t.check(wrong.is_none(), wrong.unwrap_or_default())?;
    t.world.note(&Note::InThreadsSoFar);
    let threads: Vec<_> = (0..THREADS)
        .map(|_| {
            let (api, process, names) = (t.api, Arc::clone(t.process()), names.clone());
            thread::spawn(move || {
                let _entered = process.enter();
                (0..ROUNDS).find_map(|_| first_wrong(api, &sockets, &names, promised))
            })
        })
        .collect();
    for thread in threads {
        let Ok(wrong) = thread.join() else { return t.check(false, "every thread ends") };
        t.check(wrong.is_none(), wrong.unwrap_or_default())?;
    }
    let (seen, _) = t.world.wire();
    let repeats_itself = seen == "SYN";
    t.check(seen == "nothing" || repeats_itself, format!("no call sends anything, but this was seen: {seen}"))?;
    let [fresh, connecting, connected, _] = sockets;
    t.echoes(connected)?;
    let set = t.api.said((t.api.set_nonblocking)(fresh, false));
    t.works(set, "the socket is made blocking")?;
    let said = t.connect(fresh, peer);
    t.works(said, "connect of the socket that only saw wrong calls")?;
    t.echoes(fresh)?;
    let sets = t.select(connecting, common::SILENCE);
    t.check(sets == Ok([false; 3]), format!("the attempt is still under way, not {sets:?}"))
}

/// Many threads connect one socket at the same time: one of them makes the connection, with one SYN, and the others are told
/// that another did.
pub(super) fn one_of_many(t: &mut Trial<'_>, others: &[&str]) -> Shows {
    let peer = t.arrange(Situation::Answers)?;
    let s = t.socket(Kind::Stream)?;
    let name = t.api.sockaddr(&peer.into());
    t.world.mark();
    let (given, others_told) = (Given::Octets { octets: name.clone(), room: name.len() }, others.iter());
    let others_told = others_told.map(|error| (*error).to_owned()).collect();
    t.world.note(&Note::OneOfMany { threads: THREADS, s, name: given, others: others_told });
    let threads: Vec<_> = (0..THREADS)
        .map(|_| {
            let (api, process, name) = (t.api, Arc::clone(t.process()), name.clone());
            thread::spawn(move || {
                let _entered = process.enter();
                api.said((api.connect)(s, Pointer::Octets(&name), name.len() as i32))
            })
        })
        .collect();
    let mut made = 0;
    for thread in threads {
        match thread.join() {
            Ok(Ok(_)) => made += 1,
            Ok(Err(code)) if others.contains(&code.name.as_str()) => {}
            other => return t.check(false, format!("who is not the one is told {others:?}, not {other:?}")),
        }
    }
    t.check(made == 1, format!("one thread makes the connection, not {made}"))?;
    t.world.note(&Note::WireShows("SYN,"));
    let (seen, _) = t.world.wire();
    t.check(seen.starts_with("SYN,"), format!("one SYN leaves, but this was seen: {seen}"))?;
    t.echoes(s)
}

/// A stream socket in each state.
fn in_all_states(t: &mut Trial<'_>) -> Result<[Handle; 4], Trouble> {
    let (answers, silent) = (t.arrange(Situation::Answers)?, t.arrange(Situation::Silent)?);
    let mut sockets = [0; 4];
    for (s, state) in sockets.iter_mut().zip(STATES) {
        *s = match state {
            State::Fresh => t.nonblocking(Kind::Stream)?,
            State::Connected => t.connected(Kind::Stream, answers)?,
            State::Connecting => {
                let s = t.nonblocking(Kind::Stream)?;
                let begun = t.connect(s, silent);
                t.check(begun.is_err(), "the attempt has begun")?;
                s
            }
            State::Listening => {
                let s = t.nonblocking(Kind::Stream)?;
                let said = t.bind(s, common::somewhere(OURS, 4_732));
                t.works(said, "bind")?;
                let said = t.api.said((t.api.listen)(s, 5));
                t.works(said, "listen")?;
                s
            }
        };
    }
    Ok(sockets)
}

/// The first call that is not told what is promised.
fn first_wrong(api: &Api, sockets: &[Handle; 4], names: &[Vec<u8>; 2], promised: &[&[WrongState]]) -> Option<String> {
    promised.iter().copied().flatten().find_map(|(state, call, error)| {
        let said = make(api, *call, sockets[*state as usize], names);
        let is_right = said.as_ref().is_err_and(|code| code.name == *error);
        (!is_right).then(|| format!("{call:?} of a socket that is {state:?} fails with {error}, not {said:?}"))
    })
}

fn make(api: &Api, call: Call, s: Handle, [peer, own]: &[Vec<u8>; 2]) -> Said {
    let named =
        |by: for<'a> fn(Handle, Pointer<'a>, i32) -> i32, name: &[u8]| by(s, Pointer::Octets(name), name.len() as i32);
    api.said(match call {
        Call::Connect => named(api.connect, peer),
        Call::Bind => named(api.bind, own),
        Call::Listen => (api.listen)(s, 5),
        Call::Accept => (api.accept)(s) as i32,
        Call::Send => (api.send)(s, b"nobody hears this"),
        Call::Recv => (api.recv)(s, &mut [0; 8]),
        Call::Shutdown => (api.shutdown)(s, 1),
        Call::Peername => (api.getpeername)(s, PointerMut::Octets(&mut [0; 128]), &mut 128),
    })
}

/// Handles that were never given out, were closed, belong to another process, or are nothing that could be one: every call of
/// the dialect fails with the error of the clause.
pub(super) fn handles_of_nothing(t: &mut Trial<'_>) -> Shows {
    let peer = t.arrange(Situation::Answers)?;
    let own = t.connected(Kind::Stream, peer)?;
    let closed = t.socket(Kind::Stream)?;
    let said = t.close(closed);
    t.works(said, "close")?;
    t.apart("sockets of another process");
    let Some((foreign, other)) = of_another_process(t) else { return t.check(false, "another process has a socket") };
    t.world.mark();
    let never = [-1, Handle::from(i32::MIN), Handle::from(i32::MAX - 1), 0x7fff_ff00, own + 1_000];
    for handle in never.into_iter().chain([closed, foreign]) {
        every_call_fails(t, handle, &peer.into())?;
        select_fails(t, handle)?;
    }
    t.nothing_left_since_mark()?;
    t.echoes(own)?;
    drop(other);
    Ok(())
}

/// The descriptor of a file, which is told apart from what is no descriptor at all where the two have words of their own.
pub(super) fn a_file(t: &mut Trial<'_>) -> Shows {
    let peer = t.arrange(Situation::Answers)?;
    let file = t.world.open_file()?;
    let said = t.connect(file.into(), peer);
    t.fails(said)?;
    let v6 = std::net::SocketAddr::new(crate::outside::OURS_V6.into(), 80);
    let said = t.connect(file.into(), v6);
    t.fails(said)?;
    t.nothing_left()
}

/// A handle is not that of the socket that has its place now: for dialects whose handles are not counted from the lowest.
pub(super) fn stale_handles(t: &mut Trial<'_>) -> Shows {
    let peer = t.arrange(Situation::Answers)?;
    let mut stale = Vec::new();
    for _ in 0..50 {
        let s = t.socket(Kind::Datagram)?;
        let said = t.close(s);
        t.works(said, "close")?;
        stale.push(s);
    }
    let own = t.connected(Kind::Stream, peer)?;
    t.check(!stale.contains(&own), "a new socket has no handle of one that was closed a moment ago")?;
    for handle in stale {
        every_call_fails(t, handle, &peer.into())?;
        select_fails(t, handle)?;
    }
    t.echoes(own)
}

/// The last of many sockets of another process on the same network, so that its handle is none of ours; and the process, so
/// that it lives as long as is needed.
fn of_another_process(t: &Trial<'_>) -> Option<(Handle, Arc<Process>)> {
    let (api, other) = (t.api, t.api.process(t.world.network()));
    let process = Arc::clone(&other);
    let opened = thread::spawn(move || {
        let _entered = process.enter();
        (api.start)().then(|| (0..30).filter_map(|_| api.open(Domain::Inet4, Kind::Stream).ok()).max())
    });
    Some((opened.join().ok()???, other))
}

fn select_fails(t: &mut Trial<'_>, s: Handle) -> Shows {
    let selected = (t.api.select)(&mut [vec![s], Vec::new(), Vec::new()], Some(common::SILENCE));
    t.fails(t.api.said(selected))
}

/// Every call of the dialect but select fails on this handle; those of [`Call`] with the error of the clause.
pub(super) fn every_call_fails(t: &mut Trial<'_>, s: Handle, peer: &synsent_sockets::Name) -> Shows {
    every_socket_call_fails(t, s, peer)?;
    let value = (t.api.set_nonblocking)(s, true);
    t.check(value < 0, format!("ioctl on the handle {s} fails, and does not return {value}"))?;
    let said = t.api.said((t.api.close)(s));
    t.fails(said)
}

/// The same but for the calls that are not for sockets alone: files are ready for select, take an ioctl and can be closed.
pub(super) fn every_socket_call_fails(t: &mut Trial<'_>, s: Handle, peer: &synsent_sockets::Name) -> Shows {
    let api = t.api;
    let name = api.sockaddr(peer);
    let names = [name.clone(), name.clone()];
    let calls =
        [Call::Connect, Call::Bind, Call::Listen, Call::Accept, Call::Send, Call::Recv, Call::Shutdown, Call::Peername];
    for call in calls {
        t.fails(make(api, call, s, &names))?;
    }
    let others = [
        (api.sendto)(s, b"nobody", Pointer::Octets(&name), name.len() as i32),
        (api.recvfrom)(s, &mut [0; 8]),
        (api.getsockname)(s, PointerMut::Octets(&mut [0; 128]), &mut 128),
        (api.set_broadcast)(s, true),
        (api.socket_error)(s),
    ];
    for (number, value) in others.into_iter().enumerate() {
        t.check(value < 0, format!("call {number} on the handle {s} fails, and does not return {value}"))?;
    }
    Ok(())
}
