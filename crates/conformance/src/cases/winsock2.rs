//! The clauses of Windows Sockets 2.

use std::net::SocketAddr;

use synsent_dialects::{Process, winsock1};
use synsent_sockets::{Domain, Kind, Pointer};

use super::Shown;
use super::background;
use super::common::{self, Shows};
use super::datagrams;
use super::messages::{event_of_failure, event_of_success, from_inside_a_condition, winsock2 as messages};
use super::winsock2_only;
use super::wrong::{self, Call, State};
use crate::api::Api;
use crate::api::windows::windows_api;
use crate::case::Case;
use crate::situation::Situation;
use crate::trial::Trial;
use crate::world::Peer;

/// Version 2.2; AF_INET and AF_INET6 as ws2def.h has them. There is no local domain.
static API: Api = windows_api!(winsock2, WINSOCK2, 0x0202, [2, 23, 1]);

static CASES: &[Case] = &[
    Case::new("winsock2.async-select", "one message of success", messages::message_of_success),
    Case::new("winsock2.async-select", "one message of failure", messages::message_of_failure),
    Case::new("winsock2.async-select", "no message of what never began", messages::no_message_of_what_never_began),
    Case::outcome("winsock2.error.intr", "taken back from a blocking hook", messages::taken_back),
    Case::new("winsock2.error.inprogress", "from inside of a blocking hook", messages::from_inside),
    Case::new("winsock2.error.inprogress", "from inside of a condition function", from_inside_a_condition),
    Case::new("winsock2.event-select", "the event object is set, and the code is 0", event_of_success),
    Case::new("winsock2.event-select", "the event object is set, and the code is told", event_of_failure),
    Case::outcome("winsock2.establish", "the peer answers", common::establishes),
    Case::outcome("winsock2.establish", "the peer answers over IPv6", common::establishes_inet6),
    Case::outcome("winsock2.establish", "the peer hears a repeated SYN", common::establishes_late),
    Case::new("winsock2.autobind", "an unbound socket gets a name", common::autobind),
    Case::outcome("winsock2.zero-address", "0.0.0.0", zero_address),
    Case::outcome("winsock2.zero-address", "::", zero_address_inet6),
    Case::outcome("winsock2.reconnect-active", "connect once more", common::connected_already),
    Case::outcome("winsock2.datagram-default", "send and recv use the peer", datagrams::datagram_sets_the_destination),
    Case::new("winsock2.datagram-default", "WSASend and WSARecv use the peer", winsock2_only::lists_use_the_peer),
    Case::new("winsock2.datagram-filter", "a datagram of another address", datagrams::datagram_filter),
    Case::outcome("winsock2.datagram-disconnect", "0.0.0.0", datagram_disconnect),
    Case::outcome("winsock2.datagram-disconnect", "nothing but zeroes", datagram_disconnect_by_zeroes),
    Case::new("winsock2.datagram-disconnect", "WSASend and WSARecv afterwards", winsock2_only::lists_without_a_peer),
    Case::new("winsock2.datagram-disconnected-sendto", "sendto and recvfrom afterwards", datagram_disconnected_sendto),
    Case::new(
        "winsock2.datagram-disconnected-sendto",
        "WSASendTo and WSARecvFrom afterwards",
        winsock2_only::lists_with_names,
    ),
    Case::outcome("winsock2.datagram-reconnect", "another peer", datagrams::datagram_changes),
    Case::new("winsock2.datagram-reconnect", "what is queued goes when the peer changes", queue_goes_with_the_peer),
    Case::outcome("winsock2.broadcast-denied", "the network's broadcast address", datagrams::broadcast_subnet),
    Case::outcome("winsock2.broadcast-allowed", "with SO_BROADCAST, send reaches it", broadcast_allowed),
    Case::new("winsock2.broken-socket", "the peer resets the connection", broken_socket),
    Case::new("winsock2.last-error", "one code a thread", common::last_error_per_thread),
    Case::outcome("winsock2.nonblocking", "the attempt goes on", background::nonblocking_begins),
    Case::new("winsock2.select", "writable on success, exceptional on failure", background::select_tells_exceptional),
    Case::outcome("winsock2.already", "connect while connecting", background::nonblocking_again),
    Case::new("winsock2.already", "many threads connect one socket", one_of_many),
    Case::outcome(
        "winsock2.already-compat",
        "a program of the 1.1 library beside one of this",
        already_in_both_libraries,
    ),
    Case::outcome("winsock2.retry-same-socket", "refused, and then answered", retry_after_refused),
    Case::outcome("winsock2.retry-same-socket", "refused, and then answered, not blocking", retry_nonblocking),
    Case::outcome("winsock2.retry-same-socket", "no route, and then there is one", retry_after_no_route),
    Case::outcome("winsock2.retry-same-socket", "silent, and then answered", retry_after_silence),
    Case::outcome("winsock2.error.notinitialised", "before WSAStartup", common::not_started).unstarted(),
    Case::outcome("winsock2.error.notinitialised", "after WSACleanup", common::ended),
    Case::outcome("winsock2.error.netdown", "the interface is down", common::interface_down),
    Case::outcome("winsock2.error.netdown", "the interface is down, datagram", datagrams::datagram_interface_down),
    Case::outcome("winsock2.error.netdown", "the network has stopped", common::network_stopped),
    Case::outcome("winsock2.error.addrinuse", "the four-tuple is in use", common::four_tuple_in_use),
    Case::outcome(
        "winsock2.error.addrinuse",
        "the four-tuple is in use, bound to any address",
        common::four_tuple_of_any,
    ),
    Case::outcome("winsock2.error.addrnotavail", "every ephemeral port is taken", common::ports_exhausted),
    Case::outcome("winsock2.error.addrnotavail", "port 0", common::port_zero),
    Case::outcome("winsock2.error.afnosupport", "another family", other_families),
    Case::outcome("winsock2.error.connrefused", "a reset answers the SYN", common::refused),
    Case::outcome("winsock2.error.connrefused", "refused over IPv6", common::refused_inet6),
    Case::outcome("winsock2.error.fault", "null", null_name),
    Case::outcome("winsock2.error.fault", "a length that is too small", wrong::short_names_of_both),
    Case::outcome("winsock2.error.fault", "every length", every_length),
    Case::outcome("winsock2.error.fault", "memory that is not there", wrong::memory_that_is_not_there),
    Case::outcome("winsock2.error.inval", "a listening socket", common::listening),
    Case::new(
        "winsock2.error.inval",
        "another host than that of the constrained group",
        winsock2_only::another_host_than_the_group,
    ),
    Case::outcome("winsock2.error.isconn", "connected already", common::connected_already),
    Case::outcome("winsock2.error.isconn", "connected, and nobody has asked", background::connected_meanwhile),
    Case::new("winsock2.error.isconn", "every wrong state, from many threads", wrong_states),
    Case::outcome("winsock2.error.netunreach", "no route", common::no_route),
    Case::outcome("winsock2.error.netunreach", "no route, datagram", datagrams::datagram_no_route),
    Case::outcome("winsock2.error.netunreach", "a router says so", common::network_unreachable),
    Case::outcome("winsock2.error.nobufs", "as many connections as there may be", common::connections_exhausted),
    Case::outcome("winsock2.error.nobufs", "as many descriptors as the process may have", common::no_descriptor_left),
    Case::outcome("winsock2.error.notsock", "no handle, and a closed one", common::bad_handles),
    Case::outcome("winsock2.error.notsock", "a file", wrong::a_file),
    Case::new("winsock2.error.notsock", "handles of nothing, in every call", wrong::handles_of_nothing),
    Case::new("winsock2.error.notsock", "stale handles, in every call", wrong::stale_handles),
    Case::outcome("winsock2.error.timedout", "nobody answers", common::silent),
    Case::outcome("winsock2.error.timedout", "the backlog is full", common::backlog_full),
    Case::outcome("winsock2.error.wouldblock", "the attempt goes on", background::nonblocking_begins),
    Case::outcome("winsock2.error.acces", "the network's broadcast address", datagrams::broadcast_subnet),
    Case::outcome("winsock2.error.acces", "255.255.255.255", datagrams::broadcast_limited),
];

/// The functions and the cases.
pub(super) fn shown() -> Option<Shown> {
    Some((&API, CASES))
}

const ZERO: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(std::net::Ipv4Addr::UNSPECIFIED), 80);

/// A refused address changes nothing: a good connect then works.
fn zero_address(t: &mut Trial<'_>) -> Shows {
    let peer = t.arrange(Situation::Answers)?;
    let s = t.socket(Kind::Stream)?;
    for port in [0, 1, 80, peer.port()] {
        let said = t.connect(s, SocketAddr::new(ZERO.ip(), port));
        t.fails(said)?;
        t.nothing_left()?;
    }
    let nonblocking = t.nonblocking(Kind::Stream)?;
    let said = t.connect(nonblocking, ZERO);
    t.fails(said)
}

fn zero_address_inet6(t: &mut Trial<'_>) -> Shows {
    let s = t.socket_of(Domain::Inet6, Kind::Stream)?;
    let said = t.connect(s, SocketAddr::new(std::net::Ipv6Addr::UNSPECIFIED.into(), 80));
    t.fails(said)?;
    t.nothing_left()
}

fn datagram_disconnect(t: &mut Trial<'_>) -> Shows {
    let peer = t.arrange(Situation::Answers)?;
    let s = t.connected(Kind::Datagram, peer)?;
    t.echoes(s)?;
    let said = t.connect(s, SocketAddr::new(ZERO.ip(), 0));
    t.works(said, "connect to 0.0.0.0 takes the peer away")?;
    t.nothing_left()?;
    let said = t.send(s, b"nobody");
    t.fails_with(said, "WSAENOTCONN")?;
    let said = t.recv(s);
    t.fails_with(said, "WSAENOTCONN")?;
    let said = t.peer_name(s);
    t.fails_with(said, "WSAENOTCONN")
}

/// "An all-zero address" with its family: nothing but zeroes takes the peer away as 0.0.0.0 does.
fn datagram_disconnect_by_zeroes(t: &mut Trial<'_>) -> Shows {
    let peer = t.arrange(Situation::Answers)?;
    for domain in [Domain::Inet4, Domain::Inet6] {
        let peer = if domain == Domain::Inet4 { peer } else { t.arrange(Situation::AnswersInet6)? };
        let s = t.socket_of(domain, Kind::Datagram)?;
        let said = t.connect(s, peer);
        t.works(said, "connect of a datagram socket")?;
        let said = t.connect_with(s, Pointer::Octets(&[0; 28]), 28);
        t.works(said, "connect to nothing but zeroes takes the peer away")?;
        t.nothing_left()?;
        let said = t.send(s, b"nobody");
        t.fails_with(said, "WSAENOTCONN")?;
        let said = t.peer_name(s);
        t.fails_with(said, "WSAENOTCONN")?;
    }
    Ok(())
}

fn datagram_disconnected_sendto(t: &mut Trial<'_>) -> Shows {
    let peer = t.arrange(Situation::Answers)?;
    let s = t.connected(Kind::Datagram, peer)?;
    let said = t.connect(s, ZERO);
    t.works(said, "connect to 0.0.0.0 takes the peer away")?;
    let said = t.sendto(s, b"still here", peer);
    t.works(said, "sendto")?;
    common::awaits(t, s)?;
    let said = t.recvfrom(s);
    let heard = t.works(said, "recvfrom")?;
    t.check(heard == b"still here", "the echo comes")
}

/// The document: "Any datagrams queued for receipt are discarded if name is different from the previous connect."
fn queue_goes_with_the_peer(t: &mut Trial<'_>) -> Shows {
    let (a, b) = (t.world.peer(Peer::A), t.world.peer(Peer::B));
    let s = t.connected(Kind::Datagram, a)?;
    let ours = common::own_name(t, s)?;
    t.world.peer_sends(Peer::A, ours, b"kept");
    common::awaits(t, s)?;
    let said = t.connect(s, a);
    t.works(said, "connect to the same peer")?;
    let said = t.recv(s);
    t.check(said == Ok(b"kept".to_vec()), "the same name keeps what is queued")?;
    t.world.peer_sends(Peer::A, ours, b"dropped");
    common::awaits(t, s)?;
    let said = t.connect(s, b);
    t.works(said, "connect to another peer")?;
    let readable = t.readable(s, common::SILENCE)?;
    t.check(!readable, "another name discards what is queued")?;
    t.world.peer_sends(Peer::B, ours, b"new");
    common::awaits(t, s)?;
    let said = t.recv(s);
    t.check(said == Ok(b"new".to_vec()), "what the new peer sends is received")
}

fn broadcast_allowed(t: &mut Trial<'_>) -> Shows {
    let everybody = t.arrange(Situation::SubnetBroadcast)?;
    let s = t.socket(Kind::Datagram)?;
    let set = t.api.said((t.api.set_broadcast)(s, true));
    t.works(set, "SO_BROADCAST")?;
    let said = t.connect(s, everybody);
    t.works(said, "connect to a broadcast address")?;
    let said = t.send(s, b"to all");
    t.works(said, "send")?;
    let heard = t.world.peer_received(Peer::Neighbour);
    t.check(heard == [b"to all".to_vec()], format!("the neighbour hears it, not {heard:?}"))
}

/// Later calls report the break, and a new socket works.
fn broken_socket(t: &mut Trial<'_>) -> Shows {
    let peer = t.arrange(Situation::BreaksWhenTold)?;
    let s = t.connected(Kind::Stream, peer)?;
    t.world.break_off();
    common::awaits(t, s)?;
    for _ in 0..2 {
        let said = t.recv(s);
        t.fails_with(said, "WSAECONNRESET")?;
    }
    let said = t.send(s, b"anybody");
    t.check(said.is_err(), "send reports the break too")?;
    let said = t.connect(s, peer);
    t.fails_with(said, "WSAEISCONN")?;
    let said = t.close(s);
    t.works(said, "closesocket")?;
    let peer = t.arrange(Situation::Answers)?;
    let s = t.connected(Kind::Stream, peer)?;
    t.echoes(s)
}

/// The library that a program is linked to decides, not the version that it asks WSAStartup for: a 2 program that asked for
/// 1.1 is told WSAEALREADY, and a 1.1 program that asked for 2.2, in the same situation, WSAEINVAL.
fn already_in_both_libraries(t: &mut Trial<'_>) -> Shows {
    t.check((t.api.start_as)(0x0101).is_ok(), "WSAStartup of the 2 library takes version 1.1")?;
    let peer = t.arrange(Situation::Silent)?;
    let s = t.nonblocking(Kind::Stream)?;
    let said = t.connect(s, peer);
    t.fails_with(said, "WSAEWOULDBLOCK")?;
    let said = t.connect(s, peer);
    t.fails_with(said, "WSAEALREADY")?;

    t.apart("the functions of another library");
    let linked_to_the_old_one = Process::new(&winsock1::WINSOCK1, t.world.network());
    let _entered = linked_to_the_old_one.enter();
    let started = winsock1::WSAStartup(0x0202, Some(&mut winsock1::WSADATA::default()));
    t.check(started == 0, "WSAStartup of the 1.1 library takes version 2.2 as 1.1")?;
    let Some((old_api, _)) = super::winsock1::shown() else { return t.check(false, "there is a 1.1 library") };
    let new_api = std::mem::replace(&mut t.api, old_api);
    let said = told_invalid(t, peer);
    t.api = new_api;
    said
}

/// By the functions of the 1.1 library.
fn told_invalid(t: &mut Trial<'_>, peer: SocketAddr) -> Shows {
    let s = t.nonblocking(Kind::Stream)?;
    let said = t.connect(s, peer);
    t.fails_with(said, "WSAEWOULDBLOCK")?;
    for _ in 0..2 {
        let said = t.connect(s, peer);
        t.fails(said)?;
        t.nothing_left()?;
    }
    t.check(winsock1::WSAGetLastError() == 10_022, "WSAGetLastError tells the same")
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

/// No family, numbers that no family has, and families that exist but are not the socket's.
fn other_families(t: &mut Trial<'_>) -> Shows {
    for (domain, kind) in
        [(Domain::Inet4, Kind::Stream), (Domain::Inet4, Kind::Datagram), (Domain::Inet6, Kind::Stream)]
    {
        let s = t.socket_of(domain, kind)?;
        let own = t.api.family(domain);
        for family in [1, 2, 3, 6, 17, 23, 77, 65_535_u16].into_iter().filter(|family| i32::from(*family) != own) {
            let mut name = [0; 28];
            name[..2].copy_from_slice(&family.to_ne_bytes());
            name[2..8].copy_from_slice(&[0, 80, 10, 2, 0, 2]);
            let said = t.connect_with(s, Pointer::Octets(&name), 28);
            t.fails(said)?;
            t.nothing_left()?;
        }
    }
    let s = t.socket(Kind::Stream)?;
    let said = t.connect_with(s, Pointer::Octets(&[0; 16]), 16);
    t.fails(said)
}

fn null_name(t: &mut Trial<'_>) -> Shows {
    for kind in [Kind::Stream, Kind::Datagram] {
        let s = t.socket(kind)?;
        for len in [0, 16, -1] {
            let said = t.connect_with(s, Pointer::Null, len);
            t.fails(said)?;
        }
    }
    t.nothing_left()
}

/// A length that holds a whole name is right; what lies behind the name means nothing.
fn every_length(t: &mut Trial<'_>) -> Shows {
    wrong::every_length(t, |len| len >= 16)
}

fn wrong_states(t: &mut Trial<'_>) -> Shows {
    wrong::wrong_states(t, &[&[(State::Connecting, Call::Connect, "WSAEALREADY")], wrong::WINDOWS])
}

fn one_of_many(t: &mut Trial<'_>) -> Shows {
    wrong::one_of_many(t, &["WSAEALREADY", "WSAEISCONN"])
}
