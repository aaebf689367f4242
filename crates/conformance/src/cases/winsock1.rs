//! The clauses of Windows Sockets 1.1.

use std::net::{Ipv4Addr, SocketAddr};

use synsent_dialects::winsock1 as it;
use synsent_sockets::{Domain, Kind, Pointer};
use synsent_stack::Duration;

use super::Shown;
use super::background;
use super::common::{self, Shows};
use super::datagrams;
use super::messages::winsock1 as messages;
use super::wrong::{self, Call, State};
use crate::api::Api;
use crate::api::windows::windows_api;
use crate::case::Case;
use crate::outside::OURS;
use crate::situation::Situation;
use crate::trial::Trial;

/// Version 1.1; AF_INET alone, as winsock.h of that time has it.
static API: Api = windows_api!(winsock1, WINSOCK1, 0x0101, [2, 23, 1]);

static CASES: &[Case] = &[
    Case::new("winsock1.async-select", "one message of success", messages::message_of_success),
    Case::new("winsock1.async-select", "one message of failure", messages::message_of_failure),
    Case::new("winsock1.async-select", "no message of what never began", messages::no_message_of_what_never_began),
    Case::outcome("winsock1.error.intr", "taken back from a blocking hook", messages::taken_back),
    Case::new("winsock1.error.inprogress", "from inside of a blocking hook", messages::from_inside),
    Case::outcome("winsock1.establish", "the peer answers", common::establishes),
    Case::outcome("winsock1.establish", "the peer hears a repeated SYN", common::establishes_late),
    Case::new("winsock1.establish", "the typed twin", typed_twin),
    Case::new("winsock1.autobind", "an unbound socket gets a name", common::autobind),
    Case::new("winsock1.autobind", "bind afterwards", bind_afterwards),
    Case::outcome("winsock1.datagram-default", "send and recv use the peer", datagrams::datagram_sets_the_destination),
    Case::outcome("winsock1.datagram-default", "another peer", datagrams::datagram_changes),
    Case::new("winsock1.datagram-default", "a datagram of another address", datagrams::datagram_filter),
    Case::outcome("winsock1.zero-address", "0.0.0.0", zero_address),
    Case::outcome("winsock1.zero-address", "0.0.0.0, datagram without a peer", zero_address_datagram),
    Case::outcome("winsock1.zero-address", "0.0.0.0, datagram with a peer", zero_address_keeps_the_peer),
    Case::outcome("winsock1.nonblocking", "the attempt goes on", background::nonblocking_begins),
    Case::new("winsock1.select", "writable on success, exceptional on failure", background::select_tells_exceptional),
    Case::new("winsock1.select", "not writable before the peer answers", writable_exactly_when_made),
    Case::new("winsock1.select", "a failure never shows in writefds", failure_is_not_writable),
    Case::new("winsock1.last-error", "one code a thread", common::last_error_per_thread),
    Case::outcome("winsock1.blocking-result", "success is told when it is there", waits_for_success),
    Case::outcome("winsock1.blocking-result", "failure is told when it is there", waits_for_failure),
    Case::outcome("winsock1.in-progress-again", "connect while connecting", background::nonblocking_again),
    Case::outcome("winsock1.in-progress-again", "the attempt is not disturbed", again_and_then_made),
    Case::new("winsock1.in-progress-again", "many threads connect one socket", one_of_many),
    Case::outcome("winsock1.error.notinitialised", "before WSAStartup", common::not_started).unstarted(),
    Case::outcome("winsock1.error.notinitialised", "after a WSAStartup that failed", failed_start).unstarted(),
    Case::outcome("winsock1.error.notinitialised", "after WSACleanup", common::ended),
    Case::outcome("winsock1.error.notinitialised", "after as many WSACleanup as WSAStartup", starts_are_counted),
    Case::outcome("winsock1.error.netdown", "the interface is down", common::interface_down),
    Case::outcome("winsock1.error.netdown", "the interface is down, datagram", datagrams::datagram_interface_down),
    Case::outcome("winsock1.error.netdown", "the network has stopped", common::network_stopped),
    Case::outcome("winsock1.error.addrinuse", "the four-tuple is in use", common::four_tuple_in_use),
    Case::outcome(
        "winsock1.error.addrinuse",
        "the four-tuple is in use, bound to any address",
        common::four_tuple_of_any,
    ),
    Case::outcome("winsock1.error.addrnotavail", "0.0.0.0", zero_address),
    Case::outcome("winsock1.error.addrnotavail", "0.0.0.0, datagram without a peer", zero_address_datagram),
    Case::outcome("winsock1.error.addrnotavail", "port 0", common::port_zero),
    Case::outcome("winsock1.error.addrnotavail", "every ephemeral port is taken", common::ports_exhausted),
    Case::outcome("winsock1.error.afnosupport", "another family", other_families),
    Case::outcome("winsock1.error.afnosupport", "another family, datagram with a peer", other_family_keeps_the_peer),
    Case::outcome("winsock1.error.connrefused", "a reset answers the SYN", common::refused),
    Case::outcome("winsock1.error.connrefused", "refused, and then answered", retry_after_refused),
    Case::new("winsock1.error.connrefused", "refused, and then answered, not blocking", retry_nonblocking),
    Case::outcome("winsock1.error.destaddrreq", "null", null_name),
    Case::outcome("winsock1.error.fault", "a length that is too small", wrong::short_names),
    Case::outcome("winsock1.error.fault", "every length", every_length),
    Case::outcome("winsock1.error.fault", "memory that is not there", wrong::memory_that_is_not_there),
    Case::outcome("winsock1.error.inval", "a listening socket", common::listening),
    Case::outcome("winsock1.error.inval", "connect while connecting", background::nonblocking_again),
    Case::outcome("winsock1.error.isconn", "connected already", common::connected_already),
    Case::outcome("winsock1.error.isconn", "connected, and reset by the peer", connected_and_broken),
    Case::outcome("winsock1.error.isconn", "connected, and nobody has asked", background::connected_meanwhile),
    Case::new("winsock1.error.isconn", "every wrong state, from many threads", wrong_states),
    Case::new("winsock1.error.mfile", "as many sockets as WSAStartup announced", as_many_as_announced),
    Case::outcome("winsock1.error.mfile", "as many descriptors as the process may have", common::no_descriptor_left),
    Case::outcome("winsock1.error.netunreach", "no route", common::no_route),
    Case::outcome("winsock1.error.netunreach", "no route, datagram", datagrams::datagram_no_route),
    Case::outcome("winsock1.error.netunreach", "a router says so", common::network_unreachable),
    Case::outcome("winsock1.error.netunreach", "no route, and then there is one", retry_after_no_route),
    Case::outcome("winsock1.error.nobufs", "as many connections as there may be", common::connections_exhausted),
    Case::outcome("winsock1.error.notsock", "no handle, and a closed one", common::bad_handles),
    Case::outcome("winsock1.error.notsock", "a file", wrong::a_file),
    Case::new("winsock1.error.notsock", "handles of nothing, in every call", wrong::handles_of_nothing),
    Case::new("winsock1.error.notsock", "stale handles, in every call", wrong::stale_handles),
    Case::outcome("winsock1.error.timedout", "nobody answers", common::silent),
    Case::outcome("winsock1.error.timedout", "the backlog is full", common::backlog_full),
    Case::outcome("winsock1.error.timedout", "silent, and then answered", retry_after_silence),
    Case::outcome("winsock1.error.wouldblock", "the attempt goes on", background::nonblocking_begins),
];

/// The SYN is repeated after a second, on every network.
const BEFORE_THE_SECOND_SYN: Duration = Duration::from_millis(500);

/// The functions and the cases.
pub(super) fn shown() -> Option<Shown> {
    Some((&API, CASES))
}

/// connect_to takes an address and says the same.
fn typed_twin(t: &mut Trial<'_>) -> Shows {
    t.apart("the typed twin of connect");
    let (answers, refuses) = (t.arrange(Situation::Answers)?, t.arrange(Situation::Refuses)?);
    let s = t.socket(Kind::Stream)?;
    let said = it::connect_to(s as it::SOCKET, refuses).map_err(|said| (said.name, said.number));
    t.check(said == Err(("WSAECONNREFUSED", 10_061)), format!("a refusal is told, not {said:?}"))?;
    t.check((t.api.last_error)() == 10_061, "WSAGetLastError tells it too")?;
    let said = it::connect_to(s as it::SOCKET, answers).map_err(|said| said.name);
    t.check(said == Ok(()), format!("the peer answers, and not {said:?}"))?;
    t.echoes(s)
}

/// "The socket is marked as bound": what is bound cannot be bound again, also when the attempt failed.
fn bind_afterwards(t: &mut Trial<'_>) -> Shows {
    let (peer, refuses) = (t.arrange(Situation::Answers)?, t.arrange(Situation::Refuses)?);
    let failed = t.socket(Kind::Stream)?;
    let said = t.connect(failed, refuses);
    t.fails_with(said, "WSAECONNREFUSED")?;
    for s in [failed, t.connected(Kind::Stream, peer)?, t.connected(Kind::Datagram, peer)?] {
        let name = common::own_name(t, s)?;
        t.check(name.port() != 0, format!("the socket has a port, not {name}"))?;
        let said = t.bind(s, common::somewhere(OURS, 4_741));
        t.fails_with(said, "WSAEINVAL")?;
        let still = common::own_name(t, s)?;
        t.check(still == name, format!("the name stays {name}, and is not {still}"))?;
    }
    Ok(())
}

fn zero_name(port: u16) -> SocketAddr {
    common::somewhere(Ipv4Addr::UNSPECIFIED, port)
}

/// The refusal changes nothing: a good connect then works.
fn zero_address(t: &mut Trial<'_>) -> Shows {
    let peer = t.arrange(Situation::Answers)?;
    for s in [t.socket(Kind::Stream)?, t.nonblocking(Kind::Stream)?] {
        for port in [0, 1, peer.port(), u16::MAX] {
            let said = t.connect(s, zero_name(port));
            t.fails(said)?;
            t.nothing_left()?;
        }
    }
    Ok(())
}

fn zero_address_datagram(t: &mut Trial<'_>) -> Shows {
    let peer = t.arrange(Situation::Answers)?;
    let s = t.socket(Kind::Datagram)?;
    for port in [0, peer.port()] {
        let said = t.connect(s, zero_name(port));
        t.fails(said)?;
        t.nothing_left()?;
    }
    let said = t.send(s, b"to nobody");
    t.fails_with(said, "WSAENOTCONN")
}

/// 1.1 knows no way to take the peer away.
fn zero_address_keeps_the_peer(t: &mut Trial<'_>) -> Shows {
    let peer = t.arrange(Situation::Answers)?;
    let s = t.connected(Kind::Datagram, peer)?;
    let name = common::own_name(t, s)?;
    for port in [0, peer.port()] {
        let said = t.connect(s, zero_name(port));
        t.fails(said)?;
        t.nothing_left()?;
        let told = t.peer_name(s);
        t.check(told == Ok(peer), format!("the peer stays {peer}, and is not {told:?}"))?;
        t.echoes(s)?;
    }
    let still = common::own_name(t, s)?;
    t.check(still == name, format!("the name stays {name}, and is not {still}"))
}

/// The peer hears the second SYN, which leaves after a second: until then the socket is in no set.
fn writable_exactly_when_made(t: &mut Trial<'_>) -> Shows {
    let peer = t.arrange(Situation::AnswersLate)?;
    let s = t.nonblocking(Kind::Stream)?;
    let began = t.world.network().now();
    let said = t.connect(s, peer);
    t.fails_with(said, "WSAEWOULDBLOCK")?;
    let sets = t.select(s, BEFORE_THE_SECOND_SYN);
    t.check(sets == Ok([false; 3]), format!("the socket is in no set before, not {sets:?}"))?;
    let told = t.peer_name(s);
    t.check(told.is_err() || told == Ok(peer), format!("there is no other peer, not {told:?}"))?;
    let sets = t.await_outcome(s)?;
    t.check(sets == [false, true, false], format!("the socket is writable alone, not {sets:?}"))?;
    let took = t.world.network().now().since(began);
    t.check(took > BEFORE_THE_SECOND_SYN, format!("the repeated SYN made it, not one after {took:?}"))?;
    t.echoes(s)
}

fn failure_is_not_writable(t: &mut Trial<'_>) -> Shows {
    let peer = t.arrange(Situation::Refuses)?;
    let s = t.nonblocking(Kind::Stream)?;
    let said = t.connect(s, peer);
    t.fails_with(said, "WSAEWOULDBLOCK")?;
    let mut sets = [Vec::new(), vec![s], Vec::new()];
    let count = (t.api.select)(&mut sets, Some(Duration::from_millis(500)));
    t.check(count == 0 && sets[1].is_empty(), "writefds alone: nothing shows")?;
    let sets = t.await_outcome(s)?;
    t.check(sets == [false, false, true], format!("exceptfds: it shows, not {sets:?}"))?;
    let why = t.api.code((t.api.socket_error)(s));
    t.check(why.name == "WSAECONNREFUSED", format!("SO_ERROR tells why, not {why}"))
}

/// 0 comes when the connection is made, not before.
fn waits_for_success(t: &mut Trial<'_>) -> Shows {
    let peer = t.arrange(Situation::AnswersLate)?;
    let s = t.socket(Kind::Stream)?;
    let said = t.connect(s, peer);
    t.check(said == Ok(0), format!("connect returns 0, not {said:?}"))?;
    t.took_more(BEFORE_THE_SECOND_SYN)?;
    let told = t.peer_name(s);
    t.check(told == Ok(peer), format!("the peer is there, not {told:?}"))?;
    t.echoes(s)
}

/// SOCKET_ERROR comes with the error of the attempt, and there is no connection.
fn waits_for_failure(t: &mut Trial<'_>) -> Shows {
    let peer = t.arrange(Situation::Silent)?;
    let s = t.socket(Kind::Stream)?;
    t.expects("WSAETIMEDOUT");
    let said = t.connect(s, peer);
    t.fails_with(said, "WSAETIMEDOUT")?;
    t.took_more(Duration::from_secs(1))?;
    let said = t.send(s, b"anybody");
    t.fails_with(said, "WSAENOTCONN")?;
    let told = t.peer_name(s);
    t.fails_with(told, "WSAENOTCONN")
}

fn again_and_then_made(t: &mut Trial<'_>) -> Shows {
    let peer = t.arrange(Situation::AnswersLate)?;
    let s = t.nonblocking(Kind::Stream)?;
    let said = t.connect(s, peer);
    t.fails_with(said, "WSAEWOULDBLOCK")?;
    for other in [peer, common::somewhere(Ipv4Addr::new(10, 2, 0, 3), 9), zero_name(0)] {
        let said = t.connect(s, other);
        t.fails(said)?;
        t.nothing_left()?;
    }
    let sets = t.await_outcome(s)?;
    t.check(sets == [false, true, false], format!("the attempt goes on and succeeds, not {sets:?}"))?;
    let told = t.peer_name(s);
    t.check(told == Ok(peer), format!("the peer is the first one, not {told:?}"))?;
    t.echoes(s)
}

fn one_of_many(t: &mut Trial<'_>) -> Shows {
    wrong::one_of_many(t, &["WSAEINVAL", "WSAEISCONN"])
}

/// "A successful WSAStartup must occur": one that asks for a version that there is not changes nothing.
fn failed_start(t: &mut Trial<'_>) -> Shows {
    let said = (t.api.start_as)(0x0000);
    t.check(said == Err(it::WSAVERNOTSUPPORTED), format!("version 0.0 is refused, not answered with {said:?}"))?;
    common::not_started(t)
}

/// Three WSAStartup are undone by three WSACleanup and no fewer; then no call works, and the handles are gone for good.
fn starts_are_counted(t: &mut Trial<'_>) -> Shows {
    let peer = t.arrange(Situation::Answers)?;
    t.start()?;
    t.start()?;
    let (stream, datagram) = (t.connected(Kind::Stream, peer)?, t.connected(Kind::Datagram, peer)?);
    for _ in 0..2 {
        let ended = t.api.said((t.api.end)());
        t.works(ended, "WSACleanup")?;
        t.echoes(stream)?;
        t.echoes(datagram)?;
    }
    let ended = t.api.said((t.api.end)());
    t.works(ended, "the last WSACleanup")?;
    let ended = t.api.said((t.api.end)());
    t.fails(ended)?;
    for s in [stream, datagram, -1, 4] {
        let said = t.connect(s, peer);
        t.fails(said)?;
        t.nothing_left()?;
    }
    let opened = t.api.open(Domain::Inet4, Kind::Stream);
    t.fails(opened)?;
    t.start()?;
    for s in [stream, datagram] {
        let said = t.send(s, b"still there");
        t.fails_with(said, "WSAENOTSOCK")?;
    }
    let s = t.connected(Kind::Stream, peer)?;
    t.echoes(s)?;
    let ended = t.api.said((t.api.end)());
    t.works(ended, "WSACleanup")?;
    let said = t.connect(s, peer);
    t.fails(said)
}

/// No family, those of other headers, and numbers that no family has. This system has IPv4 alone.
fn other_families(t: &mut Trial<'_>) -> Shows {
    common::families_are_refused(t, Domain::Inet4, &[0, 1, 3, 6, 10, 17, 23, 77, 512, 65_535])?;
    let opened = t.api.open(Domain::Inet6, Kind::Stream);
    t.fails(opened)
}

/// A family of zero takes the peer away on some systems; this one has no such call.
fn other_family_keeps_the_peer(t: &mut Trial<'_>) -> Shows {
    let peer = t.arrange(Situation::Answers)?;
    let s = t.connected(Kind::Datagram, peer)?;
    for family in [0, 23_u16] {
        let mut name = [0; 16];
        name[..2].copy_from_slice(&family.to_ne_bytes());
        let said = t.connect_with(s, Pointer::Octets(&name), 16);
        t.fails(said)?;
        t.nothing_left()?;
        let told = t.peer_name(s);
        t.check(told == Ok(peer), format!("the peer stays {peer}, and is not {told:?}"))?;
        t.echoes(s)?;
    }
    Ok(())
}

fn retry_after_refused(t: &mut Trial<'_>) -> Shows {
    common::retries(t, Situation::Refuses, "WSAECONNREFUSED")
}

fn retry_nonblocking(t: &mut Trial<'_>) -> Shows {
    background::retries_nonblocking(t, "WSAEWOULDBLOCK")
}

fn retry_after_no_route(t: &mut Trial<'_>) -> Shows {
    common::retries(t, Situation::NoRoute, "WSAENETUNREACH")
}

fn retry_after_silence(t: &mut Trial<'_>) -> Shows {
    common::retries(t, Situation::Silent, "WSAETIMEDOUT")
}

/// Whatever the length. The header has the document's spelling and that of all other documents.
fn null_name(t: &mut Trial<'_>) -> Shows {
    t.check(it::WSAEDESTADDREQ == it::WSAEDESTADDRREQ, "both spellings are one number")?;
    let peer = t.arrange(Situation::Answers)?;
    for kind in [Kind::Stream, Kind::Datagram] {
        let s = t.socket(kind)?;
        for len in [16, 0, -1, 15, 17, 65_536, i32::MAX] {
            let said = t.connect_with(s, Pointer::Null, len);
            t.fails(said)?;
            t.nothing_left()?;
        }
        let said = t.connect(s, peer);
        t.works(said, "connect with a name afterwards")?;
        let said = t.connect_with(s, Pointer::Null, 16);
        t.fails(said)?;
        t.echoes(s)?;
    }
    Ok(())
}

/// A length that holds a whole name is right; what lies behind the name means nothing.
fn every_length(t: &mut Trial<'_>) -> Shows {
    wrong::every_length(t, |len| len >= 16)
}

fn connected_and_broken(t: &mut Trial<'_>) -> Shows {
    let peer = t.arrange(Situation::BreaksWhenTold)?;
    let s = t.connected(Kind::Stream, peer)?;
    t.world.break_off();
    common::awaits(t, s)?;
    let said = t.recv(s);
    t.fails_with(said, "WSAECONNRESET")?;
    let said = t.connect(s, peer);
    t.fails(said)?;
    t.nothing_left()
}

fn wrong_states(t: &mut Trial<'_>) -> Shows {
    wrong::wrong_states(t, &[&[(State::Connecting, Call::Connect, "WSAEINVAL")], wrong::WINDOWS])
}

/// One more than announced is refused, and one that was closed makes room.
fn as_many_as_announced(t: &mut Trial<'_>) -> Shows {
    let Ok(announced) = (t.api.start_as)(0x0101) else { return t.check(false, "WSAStartup") };
    let open = |_| t.api.open(Domain::Inet4, Kind::Datagram).ok();
    let sockets: Vec<_> = (0..=u32::from(announced)).map_while(open).collect();
    let announced = usize::from(announced);
    t.check(sockets.len() == announced, format!("{announced} were announced, and {} opened", sockets.len()))?;
    let opened = t.api.open(Domain::Inet4, Kind::Stream);
    t.fails(opened)?;
    let Some(last) = sockets.last() else { return t.check(false, "there is room for a socket") };
    let said = t.close(*last);
    t.works(said, "closesocket")?;
    let peer = t.arrange(Situation::Answers)?;
    let s = t.connected(Kind::Stream, peer)?;
    t.echoes(s)
}
