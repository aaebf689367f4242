//! The clauses of BS2000 SOCKETS(POSIX), but for its local domain, which has a file of its own.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use synsent_dialects::Handle;
use synsent_sockets::{Domain, Kind, Name, Pointer};
use synsent_stack::Duration;

use super::Shown;
use super::background;
use super::bs2000_local as local;
use super::common::{self, Shows};
use super::datagrams;
use super::wrong;
use crate::api::Api;
use crate::api::posix::posix_api;
use crate::case::Case;
use crate::outside::OURS;
use crate::situation::{LocalSituation, Situation, Told};
use crate::trial::Trial;
use crate::world::Peer;

/// There is no initialization; AF_INET, AF_INET6 and AF_UNIX are the host's.
static API: Api = posix_api!(bs2000, BS2000, start: || true, close: close, ioctl: ioctl, [2, 10, 1]);

static CASES: &[Case] = &[
    Case::outcome("bs2000.establish", "the peer answers", common::establishes),
    Case::outcome("bs2000.establish", "the peer answers over IPv6", common::establishes_inet6),
    Case::outcome("bs2000.establish", "the peer hears a repeated SYN", common::establishes_late),
    Case::outcome("bs2000.establish", "AF_UNIX", local::establishes),
    Case::outcome("bs2000.establish", "AF_UNIX, a long path", local::establishes_far_away),
    Case::outcome("bs2000.stream-once", "connect once more", common::connected_already),
    Case::outcome("bs2000.stream-once", "connect once more, AF_UNIX", local::connected_already),
    Case::outcome("bs2000.datagram-partner", "send and recv use the partner", datagrams::datagram_sets_the_destination),
    Case::new("bs2000.datagram-partner", "a datagram of another address", datagrams::datagram_filter),
    Case::new("bs2000.datagram-partner", "what others sent before", earlier_datagrams),
    Case::outcome("bs2000.datagram-partner", "AF_UNIX", local::datagram_partner),
    Case::outcome("bs2000.datagram-change", "another partner", datagrams::datagram_changes),
    Case::outcome("bs2000.datagram-change", "another partner, AF_UNIX", local::datagram_change),
    Case::outcome("bs2000.datagram-dissolve", "null", datagram_dissolve),
    Case::outcome("bs2000.datagram-dissolve", "null, without a partner", datagram_dissolve_nothing),
    Case::new("bs2000.datagram-dissolve", "everybody is heard again", heard_again),
    Case::outcome("bs2000.domains", "AF_INET, AF_INET6, AF_UNIX", domains),
    Case::new("bs2000.domains", "the typed twin", typed_twin),
    Case::outcome("bs2000.refused-needs-new-descriptor", "connect again on the old one", needs_new_descriptor),
    Case::outcome("bs2000.refused-needs-new-descriptor", "not blocking", needs_new_descriptor_nonblocking),
    Case::outcome("bs2000.refused-needs-new-descriptor", "AF_UNIX", local::needs_new_descriptor),
    Case::new("bs2000.refused-needs-new-descriptor", "a datagram socket is not spent", datagram_is_not_spent),
    Case::new("bs2000.errno", "one code a thread", common::last_error_per_thread),
    Case::new("bs2000.errno", "0, and -1 with a code", zero_or_minus_one),
    Case::outcome("bs2000.error.addrinuse", "the four-tuple is in use", common::four_tuple_in_use),
    Case::outcome(
        "bs2000.error.addrinuse",
        "the four-tuple is in use, bound to any address",
        common::four_tuple_of_any,
    ),
    Case::outcome("bs2000.error.addrinuse", "every ephemeral port is taken", common::ports_exhausted),
    Case::outcome("bs2000.error.addrnotavail", "all zeroes", zero_address),
    Case::outcome("bs2000.error.addrnotavail", "port 0", port_zero),
    Case::outcome("bs2000.error.addrnotavail", "a broadcast address", broadcast),
    Case::outcome("bs2000.error.addrnotavail", "a multicast group", multicast),
    Case::outcome("bs2000.error.afnosupport", "another family", other_families),
    Case::outcome("bs2000.error.already", "connect while connecting", already),
    Case::new("bs2000.error.already", "many threads connect one socket", one_of_many),
    Case::outcome("bs2000.error.badf", "no descriptor, and a closed one", common::bad_handles),
    Case::new("bs2000.error.badf", "descriptors of nothing, in every call", wrong::handles_of_nothing),
    Case::outcome("bs2000.error.connrefused", "a reset answers the SYN", common::refused),
    Case::outcome("bs2000.error.connrefused", "refused over IPv6", common::refused_inet6),
    Case::outcome("bs2000.error.connrefused", "AF_UNIX, and nobody listens", local::refused),
    Case::outcome("bs2000.error.fault", "null", null_name),
    Case::outcome("bs2000.error.fault", "memory that is not there", wrong::memory_that_is_not_there),
    Case::outcome("bs2000.error.intr", "a signal", interrupted),
    Case::outcome("bs2000.error.inval", "every length", every_length),
    Case::outcome("bs2000.error.inval", "every length of AF_INET6", every_length_inet6),
    Case::outcome("bs2000.error.isconn", "connected already", common::connected_already),
    Case::outcome("bs2000.error.isconn", "connected, and nobody has asked", background::connected_meanwhile),
    Case::new("bs2000.error.isconn", "every wrong state, from many threads", wrong_states),
    Case::outcome("bs2000.error.netunreach", "no route", common::no_route),
    Case::outcome("bs2000.error.netunreach", "no route, datagram", datagrams::datagram_no_route),
    Case::outcome("bs2000.error.netunreach", "a router says so", common::network_unreachable),
    Case::outcome("bs2000.error.netunreach", "a router says that the host cannot be reached", host_unreachable),
    Case::outcome("bs2000.error.netdown", "the interface is down", common::interface_down),
    Case::outcome("bs2000.error.netdown", "the interface is down, datagram", datagrams::datagram_interface_down),
    Case::outcome("bs2000.error.netdown", "the network has stopped", common::network_stopped),
    Case::outcome("bs2000.error.nobufs", "as many connections as there may be", common::connections_exhausted),
    Case::outcome("bs2000.error.nobufs", "as many descriptors as the process may have", common::no_descriptor_left),
    Case::outcome("bs2000.error.notsock", "a file", wrong::a_file),
    Case::new("bs2000.error.notsock", "a file, in every call", a_file_in_every_call),
    Case::outcome("bs2000.error.timedout", "nobody answers", common::silent),
    Case::outcome("bs2000.error.timedout", "the backlog is full", common::backlog_full),
    Case::outcome("bs2000.error.timedout", "silent, and then answered", retry_after_silence),
    Case::outcome("bs2000.error.acces", "no search permission", local::no_search_permission),
    Case::outcome("bs2000.error.acces", "no write permission", local::no_write_permission),
    Case::outcome("bs2000.error.destaddrreq", "null", local::null_name),
    Case::outcome("bs2000.error.nametoolong", "a long path", local::long_path),
    Case::outcome("bs2000.error.nametoolong", "a long component", local::long_component),
    Case::outcome("bs2000.error.nametoolong", "one octet too many", local::one_octet_too_many),
    Case::outcome("bs2000.error.noent", "nothing is there", local::missing),
    Case::outcome("bs2000.error.noent", "a blank path", local::blank),
    Case::outcome("bs2000.error.notdir", "a file in the middle", local::not_a_directory),
];

/// The functions and the cases.
pub(super) fn shown() -> Option<Shown> {
    Some((&API, CASES))
}

/// "Also the only socket from which the process can receive": what waits from others goes when a partner is named.
fn earlier_datagrams(t: &mut Trial<'_>) -> Shows {
    let partner = t.world.peer(Peer::A);
    let s = t.socket(Kind::Datagram)?;
    let said = t.bind(s, common::somewhere(OURS, 4_751));
    t.works(said, "bind")?;
    let ours = common::own_name(t, s)?;
    t.world.peer_sends(Peer::B, ours, b"before");
    common::awaits(t, s)?;
    let said = t.connect(s, partner);
    t.works(said, "connect")?;
    let readable = t.readable(s, common::SILENCE)?;
    t.check(!readable, "what another sent before is not received")?;
    t.world.peer_sends(Peer::A, ours, b"afterwards");
    common::awaits(t, s)?;
    let heard = t.recv(s);
    t.check(heard == Ok(b"afterwards".to_vec()), format!("the partner is heard, not {heard:?}"))
}

/// A null pointer, whatever length stands beside it; another partner may be named afterwards.
fn datagram_dissolve(t: &mut Trial<'_>) -> Shows {
    let peer = t.arrange(Situation::Answers)?;
    let s = t.socket(Kind::Datagram)?;
    let mut port = None;
    for len in [0, 16, -1, 65_536] {
        let said = t.connect(s, peer);
        t.works(said, "connect")?;
        t.echoes(s)?;
        let said = t.connect_with(s, Pointer::Null, len);
        t.check(said == Ok(0), format!("a null name with the length {len} ends the assignment, not {said:?}"))?;
        t.nothing_left()?;
        let told = t.peer_name(s);
        t.fails_with(told, "ENOTCONN")?;
        let said = t.send(s, b"to nobody");
        t.fails_with(said, "EDESTADDRREQ")?;
        let name = common::own_name(t, s)?;
        t.check(*port.get_or_insert(name.port()) == name.port(), format!("the port stays, and is not that of {name}"))?;
    }
    Ok(())
}

fn datagram_dissolve_nothing(t: &mut Trial<'_>) -> Shows {
    let peer = t.arrange(Situation::Answers)?;
    let s = t.socket(Kind::Datagram)?;
    for _ in 0..2 {
        let said = t.connect_with(s, Pointer::Null, 0);
        t.check(said == Ok(0), format!("there is nothing to end, and 0 comes, not {said:?}"))?;
    }
    t.nothing_left()?;
    let said = t.connect(s, peer);
    t.works(said, "connect")?;
    t.echoes(s)
}

fn heard_again(t: &mut Trial<'_>) -> Shows {
    let (a, b) = (t.world.peer(Peer::A), t.world.peer(Peer::B));
    let s = t.connected(Kind::Datagram, a)?;
    let name = common::own_name(t, s)?;
    let said = t.connect_with(s, Pointer::Null, 0);
    t.works(said, "a null name ends the assignment")?;
    for (which, words) in [(Peer::A, b"from a"), (Peer::B, b"from b")] {
        t.world.peer_sends(which, SocketAddr::new(OURS.into(), name.port()), words);
        common::awaits(t, s)?;
        let heard = t.recvfrom(s);
        t.check(heard == Ok(words.to_vec()), format!("{which:?} is heard, not {heard:?}"))?;
    }
    let said = t.sendto(s, b"to b", b);
    t.works(said, "sendto")?;
    let heard = t.world.peer_received(Peer::B);
    t.check(heard == [b"to b".to_vec()], format!("sendto reaches whom it names, not {heard:?}"))
}

/// Each domain reads the name in its own way, for both types.
fn domains(t: &mut Trial<'_>) -> Shows {
    let (v4, v6) = (t.arrange(Situation::Answers)?, t.arrange(Situation::AnswersInet6)?);
    for (domain, peer) in [(Domain::Inet4, v4), (Domain::Inet6, v6)] {
        for kind in [Kind::Stream, Kind::Datagram] {
            let s = t.socket_of(domain, kind)?;
            let said = t.connect(s, peer);
            t.works(said, &format!("connect to {peer}"))?;
            let told = t.peer_name(s);
            t.check(told == Ok(peer), format!("the peer is {peer}, not {told:?}"))?;
            t.echoes(s)?;
        }
    }
    local::connects(t)
}

/// connect_to takes a name of any domain and says the same.
fn typed_twin(t: &mut Trial<'_>) -> Shows {
    t.apart("the typed twin of connect");
    let (v4, v6) = (t.arrange(Situation::Answers)?, t.arrange(Situation::AnswersInet6)?);
    let refuses = t.arrange(Situation::Refuses)?;
    for (domain, peer) in [(Domain::Inet4, v4), (Domain::Inet6, v6)] {
        let s = t.socket_of(domain, Kind::Stream)?;
        let said = connect_to(s, &peer.into());
        t.check(said == Ok(()), format!("{peer} answers, and not {said:?}"))?;
        t.echoes(s)?;
    }
    let s = t.socket(Kind::Stream)?;
    let said = connect_to(s, &refuses.into());
    t.check(said == Err("ECONNREFUSED"), format!("a refusal is told, not {said:?}"))?;
    let missing = t.arrange_local(LocalSituation::Missing)?;
    let s = t.socket_of(Domain::Local, Kind::Stream)?;
    let said = connect_to(s, &missing);
    t.check(said == Err("ENOENT"), format!("a path that leads nowhere is told, not {said:?}"))
}

fn connect_to(s: Handle, name: &Name) -> Result<(), &'static str> {
    // A descriptor is an int.
    synsent_dialects::bs2000::connect_to(s as i32, name).map_err(|said| said.name)
}

/// "The calling program must close the socket descriptor": until then nothing is tried, even if the peer would answer now.
fn needs_new_descriptor(t: &mut Trial<'_>) -> Shows {
    let (peer, elsewhere) = (t.arrange(Situation::Refuses)?, t.arrange(Situation::Answers)?);
    let s = t.socket(Kind::Stream)?;
    let said = t.connect(s, peer);
    t.fails_with(said, "ECONNREFUSED")?;
    t.world.relent(peer)?;
    for name in [peer, peer, elsewhere] {
        let said = t.connect(s, name);
        t.fails_with(said, "EINVAL")?;
        t.nothing_left()?;
    }
    let said = t.close(s);
    t.works(said, "close")?;
    let s = t.connected(Kind::Stream, peer)?;
    t.echoes(s)
}

fn needs_new_descriptor_nonblocking(t: &mut Trial<'_>) -> Shows {
    let peer = t.arrange(Situation::Refuses)?;
    let s = t.nonblocking(Kind::Stream)?;
    let said = t.connect(s, peer);
    t.fails_with(said, "EINPROGRESS")?;
    t.await_outcome(s)?;
    let why = t.api.code((t.api.socket_error)(s));
    t.check(why.name == "ECONNREFUSED", format!("SO_ERROR tells why, not {why}"))?;
    t.world.relent(peer)?;
    for _ in 0..2 {
        let said = t.connect(s, peer);
        t.fails_with(said, "EINVAL")?;
        t.nothing_left()?;
    }
    let said = t.close(s);
    t.works(said, "close")?;
    let s = t.connected(Kind::Stream, peer)?;
    t.echoes(s)
}

/// The sentence speaks of connection attempts, and a datagram socket makes none.
fn datagram_is_not_spent(t: &mut Trial<'_>) -> Shows {
    let (refuses, answers) = (t.arrange(Situation::Refuses)?, t.arrange(Situation::Answers)?);
    let s = t.connected(Kind::Datagram, refuses)?;
    let said = t.send(s, b"anybody");
    t.works(said, "send")?;
    common::awaits(t, s)?;
    let said = t.recv(s);
    t.fails_with(said, "ECONNREFUSED")?;
    let said = t.connect(s, answers);
    t.works(said, "connect to another partner")?;
    t.echoes(s)
}

fn zero_or_minus_one(t: &mut Trial<'_>) -> Shows {
    let (answers, refuses) = (t.arrange(Situation::Answers)?, t.arrange(Situation::Refuses)?);
    let (name, other) = (t.api.sockaddr(&refuses.into()), t.api.sockaddr(&answers.into()));
    let s = t.socket(Kind::Stream)?;
    let value = (t.api.connect)(s, Pointer::Octets(&name), 16);
    t.check(value == -1, format!("failure returns -1, not {value}"))?;
    let code = t.api.code((t.api.last_error)());
    t.check(code.name == "ECONNREFUSED", format!("errno tells why, not {code}"))?;
    let s = t.socket(Kind::Stream)?;
    let value = (t.api.connect)(s, Pointer::Octets(&other), 16);
    t.check(value == 0, format!("success returns 0, not {value}"))?;
    t.echoes(s)
}

/// The refusal changes nothing: a datagram socket keeps its partner, and a stream socket connects afterwards.
fn zero_address(t: &mut Trial<'_>) -> Shows {
    let (v4, v6) = (t.arrange(Situation::Answers)?, t.arrange(Situation::AnswersInet6)?);
    let zeroes = [IpAddr::V4(Ipv4Addr::UNSPECIFIED), IpAddr::V6(Ipv6Addr::UNSPECIFIED)];
    for ((domain, peer), zero) in [(Domain::Inet4, v4), (Domain::Inet6, v6)].into_iter().zip(zeroes) {
        for (kind, port) in [(Kind::Stream, 0), (Kind::Stream, peer.port()), (Kind::Datagram, peer.port())] {
            let s = t.socket_of(domain, kind)?;
            let said = t.connect(s, SocketAddr::new(zero, port));
            t.fails(said)?;
            t.nothing_left()?;
            let said = t.connect(s, peer);
            t.works(said, "connect to a peer that answers")?;
            t.echoes(s)?;
        }
    }
    let s = t.connected(Kind::Datagram, v4)?;
    let said = t.connect(s, SocketAddr::new(zeroes[0], v4.port()));
    t.fails(said)?;
    t.echoes(s)
}

fn port_zero(t: &mut Trial<'_>) -> Shows {
    let peer = t.arrange(Situation::Answers)?;
    for kind in [Kind::Stream, Kind::Datagram] {
        common::fails_to(t, kind, SocketAddr::new(peer.ip(), 0))?;
        t.nothing_left()?;
    }
    Ok(())
}

fn broadcast(t: &mut Trial<'_>) -> Shows {
    for situation in [Situation::SubnetBroadcast, Situation::LimitedBroadcast] {
        common::fails_towards(t, situation)?;
        t.nothing_left()?;
    }
    Ok(())
}

fn multicast(t: &mut Trial<'_>) -> Shows {
    common::fails_towards(t, Situation::Multicast)?;
    t.nothing_left()?;
    let group = t.arrange(Situation::MulticastInet6)?;
    let s = t.socket_of(Domain::Inet6, Kind::Stream)?;
    let said = t.connect(s, group);
    t.fails(said)?;
    t.nothing_left()
}

/// No family, numbers that no family has, and families that exist but are not the socket's.
fn other_families(t: &mut Trial<'_>) -> Shows {
    common::families_are_refused(t, Domain::Inet4, &[0, 1, 3, 6, 10, 17, 23, 77, 512, 65_535])?;
    common::families_are_refused(t, Domain::Inet6, &[0, 1, 2, 3, 17, 23, 65_535])?;
    common::families_are_refused(t, Domain::Local, &[0, 2, 3, 10, 65_535])
}

/// The first call begins; the next ones are told so until it has ended, and it is not disturbed.
fn already(t: &mut Trial<'_>) -> Shows {
    let peer = t.arrange(Situation::AnswersLate)?;
    let s = t.nonblocking(Kind::Stream)?;
    let said = t.connect(s, peer);
    t.fails_with(said, "EINPROGRESS")?;
    t.took_less(common::AT_ONCE)?;
    for other in [peer, peer, common::somewhere(OURS, 9)] {
        let said = t.connect(s, other);
        t.fails(said)?;
        t.nothing_left()?;
    }
    let [_, writable, _] = t.await_outcome(s)?;
    t.check(writable && (t.api.socket_error)(s) == 0, "the first attempt succeeds")?;
    t.echoes(s)?;
    let said = t.connect(s, peer);
    t.fails_with(said, "EISCONN")
}

fn one_of_many(t: &mut Trial<'_>) -> Shows {
    wrong::one_of_many(t, &["EALREADY", "EISCONN"])
}

/// Of a stream socket; a datagram socket has an assignment that null ends.
fn null_name(t: &mut Trial<'_>) -> Shows {
    for domain in [Domain::Inet4, Domain::Inet6] {
        let s = t.socket_of(domain, Kind::Stream)?;
        for len in [16, 28, 0, -1, 65_536] {
            let said = t.connect_with(s, Pointer::Null, len);
            t.fails(said)?;
            t.nothing_left()?;
        }
    }
    Ok(())
}

/// The wait ends with the signal and not at the timeout; the attempt itself goes on.
fn interrupted(t: &mut Trial<'_>) -> Shows {
    let peer = t.arrange(Situation::SignalWhileSilent)?;
    let s = t.socket(Kind::Stream)?;
    let said = t.connect(s, peer);
    t.fails(said)?;
    // The signal ends the wait, and not the timeout.
    t.took_less(Duration::from_secs(2))?;
    let said = t.connect(s, peer);
    t.fails_with(said, "EALREADY")
}

fn every_length(t: &mut Trial<'_>) -> Shows {
    wrong::every_length(t, |len| len == 16)
}

fn every_length_inet6(t: &mut Trial<'_>) -> Shows {
    let peer = t.arrange(Situation::AnswersInet6)?;
    let mut name = t.api.sockaddr(&peer.into());
    name.resize(65_536, 0);
    for kind in [Kind::Stream, Kind::Datagram] {
        let s = t.socket_of(Domain::Inet6, kind)?;
        for len in (-1..=64).filter(|len| *len != 28).chain([110, 128, 1_024, 65_536, i32::MAX, i32::MIN]) {
            let said = t.connect_with(s, Pointer::Octets(&name), len);
            t.fails(said)?;
            t.nothing_left()?;
        }
        let said = t.connect_with(s, Pointer::Octets(&name), 28);
        t.works(said, "connect with the length of the family")?;
        t.echoes(s)?;
    }
    Ok(())
}

fn wrong_states(t: &mut Trial<'_>) -> Shows {
    wrong::wrong_states(t, &[wrong::POSIX])
}

/// The list has one word for a partner that is out of reach.
fn host_unreachable(t: &mut Trial<'_>) -> Shows {
    for told in [Told::Host, Told::Prohibited] {
        common::fails_towards(t, Situation::Unreachable(told))?;
    }
    Ok(())
}

/// Only a refusal spends the descriptor.
fn retry_after_silence(t: &mut Trial<'_>) -> Shows {
    common::retries(t, Situation::Silent, "ETIMEDOUT")
}

fn a_file_in_every_call(t: &mut Trial<'_>) -> Shows {
    let peer = t.arrange(Situation::Answers)?;
    let file = t.world.open_file()?;
    wrong::every_socket_call_fails(t, file.into(), &peer.into())
}
