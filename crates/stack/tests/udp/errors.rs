//! ICMP errors: who is told, of what, and what is not believed.

use crate::net::*;
use synsent_stack::*;
use synsent_wire::{icmpv4, icmpv6};

use std::net::SocketAddr;

// 1122/ICMP-5
// 1122/UDP-1
#[test]
fn a_port_where_nobody_listens_is_told_to_the_connected_sender() {
    let (mut here, mut there) = (Host::new(), Host::with(Config::default(), PEER));
    for (peer, cause) in [(PEER[0], IcmpCause::V4Unreachable(3)), (PEER[1], IcmpCause::V6Unreachable(4))] {
        let (connected, open) = (here.connected(0, at(peer, 9)), here.on_port(0));
        here.stack.udp_send_to(here.now, connected, None, b"anybody?").unwrap();
        here.send(open, at(peer, 9), b"anybody?").unwrap();
        carry(&mut here, &mut there);
        let failure = here.stack.udp_take_failure(connected).unwrap();
        let towards = Endpoint::from(at(peer, 9));
        assert_eq!(failure, UdpFailure { from: addr(peer), cause, towards, at: here.now });
        assert_eq!(here.events(connected), [EventKind::Failed]);
        // Who never said to whom it talks is not told, and one error is told once.
        assert!(here.stack.udp_take_failure(open).is_none() && here.stack.udp_take_failure(connected).is_none());
        // The socket goes on.
        here.stack.udp_send_to(here.now, connected, None, b"again").unwrap();
        assert_eq!(here.out().len(), 1);
    }
    assert_eq!(there.dropped(DropReason::UdpNoSocket), 4);
}

/// Every error about a datagram that an IPv4 router or host can send.
fn causes4(quoted: &[u8]) -> Vec<(icmpv4::Repr<'_>, IcmpCause)> {
    let unreachable = (0..=13).filter(|code| *code != icmpv4::unreachable::FRAGMENTATION_NEEDED);
    let unreachable = unreachable.map(|code| {
        let message = icmpv4::Repr::DestinationUnreachable { code, next_hop_mtu: 0, quoted };
        (message, IcmpCause::V4Unreachable(code))
    });
    let exceeded = [0, 1].map(|code| (icmpv4::Repr::TimeExceeded { code, quoted }, IcmpCause::TimeExceeded { code }));
    let parameter = (
        icmpv4::Repr::ParameterProblem { code: 0, pointer: 9, quoted },
        IcmpCause::ParameterProblem { code: 0, pointer: 9 },
    );
    unreachable.chain(exceeded).chain([parameter]).collect()
}

fn causes6(quoted: &[u8]) -> Vec<(icmpv6::Repr<'_>, IcmpCause)> {
    let unreachable =
        (0..=6).map(|code| (icmpv6::Repr::DestinationUnreachable { code, quoted }, IcmpCause::V6Unreachable(code)));
    let exceeded = [0, 1].map(|code| (icmpv6::Repr::TimeExceeded { code, quoted }, IcmpCause::TimeExceeded { code }));
    let parameter = (
        icmpv6::Repr::ParameterProblem { code: 1, pointer: 40, quoted },
        IcmpCause::ParameterProblem { code: 1, pointer: 40 },
    );
    unreachable.chain(exceeded).chain([parameter]).collect()
}

// 1122/UDP-1
#[test]
fn every_kind_of_error_reaches_the_connected_socket_with_its_cause() {
    let mut host = Host::new();
    let sockets = PEER.map(|peer| host.connected(if peer.contains(':') { 8 } else { 7 }, at(peer, 9)));
    let quoted = packet(at(US[0], 7), at(PEER[0], 9), b"data");
    for (message, cause) in causes4(&quoted[..28]) {
        host.give(&error4("192.0.2.1", message));
        let failure = host.stack.udp_take_failure(sockets[0]).unwrap();
        assert_eq!((failure.from, failure.cause, failure.towards), (addr("192.0.2.1"), cause, at(PEER[0], 9).into()));
    }
    let quoted = packet(at(US[1], 8), at(PEER[1], 9), b"data");
    for (message, cause) in causes6(&quoted) {
        host.give(&error6("2001:db8::1", message));
        let failure = host.stack.udp_take_failure(sockets[1]).unwrap();
        assert_eq!((failure.from, failure.cause, failure.towards), (addr("2001:db8::1"), cause, at(PEER[1], 9).into()));
    }
}

#[test]
fn an_error_that_quotes_what_the_socket_never_sent_is_not_believed() {
    let mut host = Host::new();
    let socket = host.connected(7, at(PEER[0], 9));
    let mut about = |source: SocketAddr, to: SocketAddr| {
        let quoted = packet(source, to, b"data");
        let message = icmpv4::Repr::DestinationUnreachable { code: 3, next_hop_mtu: 0, quoted: &quoted };
        host.give(&error4("192.0.2.1", message));
        host.stack.udp_take_failure(socket).is_some()
    };
    let (us, peer) = (at(US[0], 7), at(PEER[0], 9));
    assert!(!about(at(US[0], 6), peer) && !about(us, at(PEER[0], 10)) && !about(us, at("10.0.0.3", 9)));
    assert!(!about(at("10.0.0.9", 7), peer) && !about(peer, us));
    assert!(about(us, peer));
}

// 5927/3
#[test]
fn a_source_quench_is_neither_told_nor_obeyed() {
    let mut host = Host::new();
    let socket = host.connected(7, at(PEER[0], 9));
    let quoted = packet(at(US[0], 7), at(PEER[0], 9), b"data");
    host.give(&error4(PEER[0], icmpv4::Repr::SourceQuench { quoted: &quoted }));
    assert!(host.stack.udp_take_failure(socket).is_none() && host.events(socket).is_empty());
    for _ in 0..100 {
        host.stack.udp_send_to(host.now, socket, None, b"data").unwrap();
    }
    assert_eq!(host.out().len(), 100);
}

#[test]
fn of_errors_that_nobody_takes_the_newest_are_kept() {
    let mut host = Host::new();
    let socket = host.connected(7, at(PEER[0], 9));
    let quoted = packet(at(US[0], 7), at(PEER[0], 9), b"data");
    for number in 0..1_000u32 {
        let pointer = (number % 256) as u8;
        host.give(&error4(PEER[0], icmpv4::Repr::ParameterProblem { code: 0, pointer, quoted: &quoted }));
    }
    let kept: Vec<IcmpCause> = std::iter::from_fn(|| host.stack.udp_take_failure(socket)).map(|f| f.cause).collect();
    let newest: Vec<IcmpCause> =
        (984..1_000).map(|number| IcmpCause::ParameterProblem { code: 0, pointer: number % 256 }).collect();
    assert_eq!(kept, newest);
    assert_eq!(host.events(socket), [EventKind::Failed]);
}

// 1122/ICMP-5
// 1122/UDP-1
#[test]
fn a_port_of_ours_where_nobody_listens_is_told_too_and_nothing_leaves() {
    let mut host = Host::new();
    for own in ["127.0.0.1", "127.9.8.7", "::1", US[0], US[1]] {
        let socket = host.connected(0, at(own, 9));
        host.stack.udp_send_to(host.now, socket, None, b"anybody?").unwrap();
        assert!(host.out().is_empty());
        let failure = host.stack.udp_take_failure(socket).expect("the host answers itself");
        let cause = if addr(own).is_ipv4() { IcmpCause::V4Unreachable(3) } else { IcmpCause::V6Unreachable(4) };
        assert_eq!((failure.from, failure.cause, failure.towards), (addr(own), cause, Endpoint::from(at(own, 9))));
    }
}
