//! The clauses of TargetTCP.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use synsent_sockets::{Domain, Kind, Pointer};

use super::Shown;
use super::background;
use super::common::{self, Shows};
use super::datagrams;
use super::wrong;
use crate::api::Api;
use crate::api::posix::posix_api;
use crate::case::Case;
use crate::outside::OURS;
use crate::situation::{Situation, Told};
use crate::trial::Trial;

/// The initialization is a call of its own; AF_INET and AF_INET6 are the host's.
static API: Api = posix_api!(
    targettcp,
    TARGETTCP,
    start: || it::target_tcp_init() == 0,
    close: closesocket,
    ioctl: ioctlsocket,
    [2, 10, 1]
);

static CASES: &[Case] = &[
    Case::outcome("targettcp.establish", "the peer answers", common::establishes),
    Case::outcome("targettcp.establish", "the peer answers over IPv6", common::establishes_inet6),
    Case::outcome("targettcp.establish", "the peer hears a repeated SYN", common::establishes_late),
    Case::new("targettcp.example", "the calls of the example, in its order", example),
    Case::new("targettcp.peer-filter", "a datagram of another address", datagrams::datagram_filter),
    Case::new("targettcp.peer-filter", "two connections, each with its own peer", streams_have_their_peers),
    Case::outcome("targettcp.nonblocking-first", "the first call", background::nonblocking_begins),
    Case::outcome("targettcp.nonblocking-during", "calls while connecting", background::nonblocking_again),
    Case::outcome("targettcp.nonblocking-after", "calls once it is established", nonblocking_after),
    Case::outcome("targettcp.udp-immediate", "blocking and non-blocking", udp_immediate),
    Case::new("targettcp.udp-send", "send with a peer, sendto without", udp_send),
    Case::outcome("targettcp.udp-reconnect", "another peer", datagrams::datagram_changes),
    Case::new("targettcp.autobind", "an unbound socket gets a name", common::autobind),
    Case::new("targettcp.bind-partial", "address zero, port zero", bind_partial),
    Case::outcome("targettcp.addrlen-larger", "17, 28, 128 and 65,536 octets", addrlen_larger),
    Case::outcome("targettcp.error.addrinuse", "the four-tuple is in use", common::four_tuple_in_use),
    Case::outcome(
        "targettcp.error.addrinuse",
        "the four-tuple is in use, bound to any address",
        common::four_tuple_of_any,
    ),
    Case::outcome("targettcp.error.addrnotavail", "the network's broadcast address", broadcast_subnet),
    Case::outcome("targettcp.error.addrnotavail", "255.255.255.255", broadcast_limited),
    Case::outcome("targettcp.error.addrnotavail", "a multicast group", multicast),
    Case::outcome("targettcp.error.addrnotavail", "a multicast group of IPv6", multicast_inet6),
    Case::outcome("targettcp.error.afnosupport", "another family", other_families),
    Case::outcome("targettcp.error.already", "connect while connecting", background::nonblocking_again),
    Case::new("targettcp.error.already", "many threads connect one socket", one_of_many),
    Case::outcome("targettcp.error.connrefused", "a reset answers the SYN", common::refused),
    Case::outcome("targettcp.error.destaddrreq", "INADDR_ANY", zero_address),
    Case::outcome("targettcp.error.destaddrreq", "port zero", zero_port),
    Case::outcome("targettcp.error.fault", "null", null_name),
    Case::outcome("targettcp.error.fault", "memory that is not there", wrong::memory_that_is_not_there),
    Case::outcome("targettcp.error.hostunreach", "host unreachable, and then silence", host_unreachable_at_the_timeout),
    Case::outcome("targettcp.error.hostunreach", "prohibited, and then silence", prohibited_at_the_timeout),
    Case::outcome("targettcp.error.hostunreach", "network unreachable, and then silence", network_at_the_timeout),
    Case::outcome("targettcp.error.hostunreach-recovers", "host unreachable, and then the peer answers", recovers),
    Case::outcome("targettcp.error.inprogress", "the attempt goes on", background::nonblocking_begins),
    Case::outcome("targettcp.error.inval", "a length that is too small", wrong::short_names_of_both),
    Case::outcome("targettcp.error.inval", "every length", every_length),
    Case::outcome("targettcp.error.isconn", "connected, and nobody has asked", background::connected_meanwhile),
    Case::new("targettcp.error.isconn", "every wrong state, from many threads", wrong_states),
    Case::outcome("targettcp.error.isconn", "connected already", common::connected_already),
    Case::outcome("targettcp.error.netdown", "before the initialization", common::not_started).unstarted(),
    Case::outcome("targettcp.error.netunreach", "no route", common::no_route),
    Case::outcome("targettcp.error.netunreach", "no route, datagram", datagrams::datagram_no_route),
    Case::outcome("targettcp.error.nobufs", "as many connections as there may be", common::connections_exhausted),
    Case::outcome("targettcp.error.nobufs", "as many descriptors as the process may have", common::no_descriptor_left),
    Case::outcome("targettcp.error.notsock", "no handle, and a closed one", common::bad_handles),
    Case::outcome("targettcp.error.notsock", "a file", wrong::a_file),
    Case::new("targettcp.error.notsock", "handles of nothing, in every call", wrong::handles_of_nothing),
    Case::new("targettcp.error.notsock", "stale handles, in every call", wrong::stale_handles),
    Case::outcome("targettcp.error.opnotsupp", "a listening socket", common::listening),
    Case::outcome("targettcp.error.timedout", "nobody answers", common::silent),
    Case::outcome("targettcp.error.timedout", "the backlog is full", common::backlog_full),
];

/// The functions and the cases.
pub(super) fn shown() -> Option<Shown> {
    Some((&API, CASES))
}

/// The document's example: a zeroed sockaddr_in with family, port and address; connect; on failure perror and closesocket.
fn example(t: &mut Trial<'_>) -> Shows {
    let SocketAddr::V4(server) = t.arrange(Situation::Answers)? else { return Ok(()) };
    let refuses = t.arrange(Situation::Refuses)?;
    let mut addr = [0; 16];
    addr[..2].copy_from_slice(&2_u16.to_ne_bytes());
    addr[2..4].copy_from_slice(&refuses.port().to_be_bytes());
    addr[4..8].copy_from_slice(&server.ip().octets());
    let s = t.socket(Kind::Stream)?;
    let said = t.connect_with(s, Pointer::Octets(&addr), 16);
    t.check(said.is_err(), "the connection fails where nobody listens")?;
    let printed = synsent_dialects::targettcp::perror_text("Echo client connection failed");
    t.check(printed.starts_with("Echo client connection failed: "), format!("perror says why: {printed}"))?;
    let said = t.close(s);
    t.works(said, "closesocket")?;
    addr[2..4].copy_from_slice(&server.port().to_be_bytes());
    let s = t.socket(Kind::Stream)?;
    let said = t.connect_with(s, Pointer::Octets(&addr), 16);
    t.works(said, "connect to the echo server")?;
    t.echoes(s)
}

/// What is sent on a connection reaches its peer alone, and what comes there is that peer's.
fn streams_have_their_peers(t: &mut Trial<'_>) -> Shows {
    let (one, two) = (t.arrange(Situation::Answers)?, t.arrange(Situation::Answers)?);
    let (first, second) = (t.connected(Kind::Stream, one)?, t.connected(Kind::Stream, two)?);
    for (s, other, peer) in [(first, second, one), (second, first, two)] {
        let told = t.peer_name(s);
        t.check(told == Ok(peer), format!("the peer is {peer}, not {told:?}"))?;
        t.echoes(s)?;
        let readable = t.readable(other, common::SILENCE)?;
        t.check(!readable, "the other connection has nothing of it")?;
    }
    Ok(())
}

fn nonblocking_after(t: &mut Trial<'_>) -> Shows {
    let peer = t.arrange(Situation::Answers)?;
    let s = t.nonblocking(Kind::Stream)?;
    let said = t.connect(s, peer);
    t.fails_with(said, "EINPROGRESS")?;
    t.await_outcome(s)?;
    for _ in 0..3 {
        let said = t.connect(s, peer);
        t.fails(said)?;
        t.nothing_left()?;
    }
    t.echoes(s)
}

fn udp_immediate(t: &mut Trial<'_>) -> Shows {
    let silent = t.arrange(Situation::Silent)?;
    for s in [t.socket(Kind::Datagram)?, t.nonblocking(Kind::Datagram)?] {
        let said = t.connect(s, silent);
        t.check(said == Ok(0), format!("connect returns 0, not {said:?}"))?;
        t.took_less(common::AT_ONCE)?;
        t.nothing_left()?;
    }
    Ok(())
}

fn udp_send(t: &mut Trial<'_>) -> Shows {
    let peer = t.arrange(Situation::Answers)?;
    let s = t.connected(Kind::Datagram, peer)?;
    t.echoes(s)?;
    let unconnected = t.socket(Kind::Datagram)?;
    let said = t.send(unconnected, b"to whom");
    t.check(said.is_err(), "send without a peer fails")?;
    let said = t.sendto(unconnected, b"to you", peer);
    t.works(said, "sendto without a peer")?;
    common::awaits(t, unconnected)?;
    let heard = t.recvfrom(unconnected);
    t.check(heard == Ok(b"to you".to_vec()), format!("the echo comes, not {heard:?}"))
}

fn bind_partial(t: &mut Trial<'_>) -> Shows {
    let peer = t.arrange(Situation::Answers)?;
    let (any, ours) = (IpAddr::V4(Ipv4Addr::UNSPECIFIED), IpAddr::V4(OURS));
    for (port, kind) in [(4_721, Kind::Stream), (4_722, Kind::Datagram)] {
        for given in [SocketAddr::new(any, port), SocketAddr::new(ours, 0), SocketAddr::new(any, 0)] {
            let s = t.socket(kind)?;
            let said = t.bind(s, given);
            t.works(said, &format!("bind to {given}"))?;
            let said = t.connect(s, peer);
            t.works(said, "connect")?;
            let name = common::own_name(t, s)?;
            t.check(
                name.ip() == ours,
                format!("after a bind to {given} the address is that of the interface: {name}"),
            )?;
            let kept = if given.port() == 0 { name.port() != 0 } else { name.port() == given.port() };
            t.check(kept, format!("after a bind to {given} the port is right: {name}"))?;
            t.echoes(s)?;
        }
    }
    Ok(())
}

fn addrlen_larger(t: &mut Trial<'_>) -> Shows {
    let peer = t.arrange(Situation::Answers)?;
    let mut name = t.api.sockaddr(&peer.into());
    name.resize(65_536, 0xa5);
    for kind in [Kind::Stream, Kind::Datagram] {
        for len in [17, 28, 128, 65_536] {
            let s = t.socket(kind)?;
            let said = t.connect_with(s, Pointer::Octets(&name[..len]), len as i32);
            t.works(said, &format!("connect with {len} octets"))?;
        }
    }
    Ok(())
}

fn broadcast_subnet(t: &mut Trial<'_>) -> Shows {
    refused_as_a_peer(t, Situation::SubnetBroadcast)
}

fn broadcast_limited(t: &mut Trial<'_>) -> Shows {
    refused_as_a_peer(t, Situation::LimitedBroadcast)
}

/// The clause speaks of TCP only: a datagram socket takes a group.
fn multicast(t: &mut Trial<'_>) -> Shows {
    refused_as_a_peer(t, Situation::Multicast)
}

fn refused_as_a_peer(t: &mut Trial<'_>, situation: Situation) -> Shows {
    common::fails_towards(t, situation)?;
    t.nothing_left()
}

fn multicast_inet6(t: &mut Trial<'_>) -> Shows {
    let group = t.arrange(Situation::MulticastInet6)?;
    let s = t.socket_of(Domain::Inet6, Kind::Stream)?;
    let said = t.connect(s, group);
    t.fails(said)?;
    t.nothing_left()
}

fn other_families(t: &mut Trial<'_>) -> Shows {
    let v6 = SocketAddr::new(crate::outside::OURS_V6.into(), 80);
    let v4 = SocketAddr::new(OURS.into(), 80);
    for kind in [Kind::Stream, Kind::Datagram] {
        let s = t.socket(kind)?;
        let said = t.connect(s, v6);
        t.fails(said)?;
        let s = t.socket_of(Domain::Inet6, kind)?;
        let name = t.api.sockaddr(&v4.into());
        let said = t.connect_with(s, Pointer::Octets(&[name, vec![0; 12]].concat()), 28);
        t.fails(said)?;
        for family in [0, 1, 3, 77_u16] {
            let mut name = [0; 28];
            name[..2].copy_from_slice(&family.to_ne_bytes());
            name[2..8].copy_from_slice(&[0, 80, 10, 2, 0, 2]);
            let said = t.connect_with(s, Pointer::Octets(&name), 28);
            t.fails(said)?;
        }
    }
    t.nothing_left()
}

fn zero_address(t: &mut Trial<'_>) -> Shows {
    let peer = t.arrange(Situation::Answers)?;
    for kind in [Kind::Stream, Kind::Datagram] {
        common::fails_to(t, kind, SocketAddr::new(Ipv4Addr::UNSPECIFIED.into(), peer.port()))?;
        t.nothing_left()?;
        let s = t.socket_of(Domain::Inet6, kind)?;
        let said = t.connect(s, SocketAddr::new(Ipv6Addr::UNSPECIFIED.into(), peer.port()));
        t.fails(said)?;
        t.nothing_left()?;
    }
    // A datagram socket keeps the peer that it had.
    let s = t.connected(Kind::Datagram, peer)?;
    let said = t.connect(s, SocketAddr::new(Ipv4Addr::UNSPECIFIED.into(), 0));
    t.fails(said)?;
    t.echoes(s)
}

fn zero_port(t: &mut Trial<'_>) -> Shows {
    let peer = t.arrange(Situation::Answers)?;
    for kind in [Kind::Stream, Kind::Datagram] {
        common::fails_to(t, kind, SocketAddr::new(peer.ip(), 0))?;
        t.nothing_left()?;
    }
    Ok(())
}

fn null_name(t: &mut Trial<'_>) -> Shows {
    for kind in [Kind::Stream, Kind::Datagram] {
        let s = t.socket(kind)?;
        for len in [16, 28, 128] {
            let said = t.connect_with(s, Pointer::Null, len);
            t.fails(said)?;
        }
    }
    t.nothing_left()
}

/// The router's message comes at once; the error comes when nobody has answered.
fn host_unreachable_at_the_timeout(t: &mut Trial<'_>) -> Shows {
    told_at_the_timeout(t, Told::Host)
}

fn prohibited_at_the_timeout(t: &mut Trial<'_>) -> Shows {
    told_at_the_timeout(t, Told::Prohibited)
}

fn network_at_the_timeout(t: &mut Trial<'_>) -> Shows {
    told_at_the_timeout(t, Told::Network)
}

fn told_at_the_timeout(t: &mut Trial<'_>, told: Told) -> Shows {
    common::fails_towards(t, Situation::UnreachableThenSilent(told))?;
    t.wire_shows("SYN ×")?;
    // The message alone does not end the attempt.
    t.took_more(common::AT_ONCE)
}

fn recovers(t: &mut Trial<'_>) -> Shows {
    let peer = t.arrange(Situation::UnreachableThenAnswers(Told::Host))?;
    let s = t.socket(Kind::Stream)?;
    let said = t.connect(s, peer);
    t.works(said, "connect to a peer that answers after a router's message")?;
    t.wire_shows("host unreachable")?;
    t.echoes(s)
}

/// A length that holds a whole name is right; what lies behind the name means nothing.
fn every_length(t: &mut Trial<'_>) -> Shows {
    wrong::every_length(t, |len| len >= 16)
}

fn wrong_states(t: &mut Trial<'_>) -> Shows {
    wrong::wrong_states(t, &[wrong::POSIX])
}

fn one_of_many(t: &mut Trial<'_>) -> Shows {
    wrong::one_of_many(t, &["EALREADY", "EISCONN"])
}
