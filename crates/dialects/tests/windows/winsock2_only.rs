//! The calls that only Winsock 2 has: lists of buffers, sockets of groups, connections with data along, polling, WSAIoctl, the catalogue.

use std::net::SocketAddr;

use synsent_dialects::winsock2::{self, *};
use synsent_lab::{Behaviour, UdpBehaviour};
use synsent_sockets::{Fault, Memory, Pointer, PointerMut};
use synsent_stack::Duration;

use crate::world::winsock2::{
    binds, connects, datagram, nonblocking, option, own_name, receives, sends, started, stream,
};
use crate::world::{fails, returns};

const SECOND: Duration = Duration::from_secs(1);

/// Memory of which nothing is there.
struct Nowhere;

impl Memory for Nowhere {
    fn read(&self, _: usize, _: &mut [u8]) -> Result<(), Fault> {
        Err(Fault)
    }

    fn write(&self, _: usize, _: &[u8]) -> Result<(), Fault> {
        Err(Fault)
    }
}

fn buffer(octets: &mut [u8]) -> WSABUF<'_> {
    WSABUF { len: octets.len() as u32, buf: PointerMut::Octets(octets) }
}

/// Sends three buffers; what the call returns and how many octets it tells.
fn sends_pieces(s: SOCKET, pieces: [&[u8]; 3]) -> (i32, u32) {
    let mut pieces = pieces.map(<[u8]>::to_vec);
    let mut sent = 77;
    let buffers = pieces.iter_mut().map(|piece| buffer(piece)).collect();
    (WSASend(s, Some(buffers), 3, &mut sent, 0, Overlap::None), sent)
}

/// Receives into two buffers of four octets: the result, how many came, the flags, the octets.
fn receives_pieces(s: SOCKET, flags: u32) -> (i32, u32, u32, [u8; 8]) {
    let (mut first, mut second, mut came, mut flags) = ([0; 4], [0; 4], 77, flags);
    let buffers = vec![buffer(&mut first), buffer(&mut second)];
    let result = WSARecv(s, Some(buffers), 2, &mut came, &mut flags, Overlap::None);
    let mut octets = [0; 8];
    octets[..4].copy_from_slice(&first);
    octets[4..].copy_from_slice(&second);
    (result, came, flags, octets)
}

#[test]
fn a_stream_carries_all_buffers_in_their_order() {
    let world = started();
    let to = world.server_is(Behaviour::Answer);
    let s = stream();
    returns!(connects(s, to), 0);
    assert_eq!(sends_pieces(s, [b"sc", b"", b"atter"]), (0, 7));
    world.pass(SECOND);
    assert_eq!(receives_pieces(s, 0), (0, 7, 0, *b"scatter\0"));
    let mut long = vec![b'x'; 200_000];
    let mut sent = 0;
    let (head, tail) = long.split_at_mut(70_000);
    returns!(WSASend(s, Some(vec![buffer(head), buffer(tail)]), 2, &mut sent, 0, Overlap::None), 0);
    assert_eq!(sent, 200_000);
    let mut rest = vec![0; 200_000];
    let (mut came, mut flags) = (0, MSG_WAITALL as u32);
    let (head, tail) = rest.split_at_mut(3);
    let buffers = vec![buffer(head), buffer(tail)];
    returns!(WSARecv(s, Some(buffers), 2, &mut came, &mut flags, Overlap::None), 0);
    assert_eq!((came, flags, rest == long), (200_000, 0, true));
}

#[test]
fn many_buffers_are_one_datagram_and_what_is_cut_is_told() {
    let world = started();
    let to = world.udp(world.server, 7, UdpBehaviour::Echo);
    let d = datagram();
    returns!(connects(d, to), 0);
    assert_eq!(sends_pieces(d, [b"one ", b"data", b"gram"]), (0, 12));
    world.pass(SECOND);
    winsock2::WSASetLastError(0);
    assert_eq!(receives_pieces(d, 0), (SOCKET_ERROR, 8, MSG_PARTIAL as u32, *b"one data"));
    assert_eq!(winsock2::WSAGetLastError(), WSAEMSGSIZE);
    fails!(winsock2, receives_pieces(nonblocking(d), 0).0, WSAEWOULDBLOCK);
    assert_eq!(sends_pieces(d, [b"", b"", b""]), (0, 0));
    world.pass(SECOND);
    assert_eq!(receives_pieces(d, MSG_PARTIAL as u32), (0, 0, 0, [0; 8]));
}

#[test]
fn a_datagram_goes_to_a_name_and_tells_its_sender() {
    let world = started();
    let to = world.udp(world.server, 7, UdpBehaviour::Echo);
    let (d, name) = (datagram(), sockaddr(&to));
    let (mut one, mut two, mut sent) = (*b"to a", *b"name", 0);
    let buffers = vec![buffer(&mut one), buffer(&mut two)];
    returns!(WSASendTo(d, Some(buffers), 2, &mut sent, 0, name.as_slice(), 16, Overlap::None), 0);
    world.pass(SECOND);
    let (mut into, mut came, mut flags, mut from, mut fromlen) = ([0; 16], 0, 0, [0; 16], 16);
    let buffers = vec![buffer(&mut into)];
    let overlap = Overlap::None;
    returns!(WSARecvFrom(d, Some(buffers), 1, &mut came, &mut flags, &mut from, &mut fromlen, overlap), 0);
    assert_eq!((sent, came, &into[..8], from_sockaddr(&from)), (8, 8, &b"to aname"[..], Some(to)));
}

#[test]
fn a_call_with_a_buffer_that_is_not_there_sends_and_receives_nothing() {
    let world = started();
    let to = world.udp(world.server, 7, UdpBehaviour::Sink);
    let d = datagram();
    returns!(connects(d, to), 0);
    let (mut good, mut sent, mut flags) = (*b"good", 0, 0);
    let bad = || WSABUF { len: 1, buf: PointerMut::Foreign(&Nowhere) };
    fails!(winsock2, WSASend(d, Some(vec![buffer(&mut good), bad()]), 2, &mut sent, 0, Overlap::None), WSAEFAULT);
    let null = WSABUF { len: 1, buf: PointerMut::Null };
    fails!(winsock2, WSASend(d, Some(vec![null]), 1, &mut sent, 0, Overlap::None), WSAEFAULT);
    fails!(winsock2, WSASend(d, None, 1, &mut sent, 0, Overlap::None), WSAEFAULT);
    fails!(winsock2, WSASend(d, Some(vec![buffer(&mut good)]), 1, PointerMut::Null, 0, Overlap::None), WSAEFAULT);
    let nowhere = PointerMut::Foreign(&Nowhere);
    fails!(winsock2, WSASend(d, Some(vec![buffer(&mut good)]), 1, nowhere, 0, Overlap::None), WSAEFAULT);
    world.pass(SECOND);
    assert!(world.sunk(world.server, 7).is_empty());
    let echo = world.udp(world.server, 8, UdpBehaviour::Echo);
    returns!(connects(d, echo), 0);
    returns!(sends(d, b"echo"), 4);
    world.pass(SECOND);
    fails!(winsock2, WSARecv(d, Some(vec![bad()]), 1, &mut sent, &mut flags, Overlap::None), WSAEFAULT);
    fails!(
        winsock2,
        WSARecv(d, Some(vec![buffer(&mut good)]), 1, &mut sent, PointerMut::Null, Overlap::None),
        WSAEFAULT
    );
    let mut into = [0; 4];
    returns!(receives(d, &mut into), 4);
    assert_eq!(&into, b"echo", "it is still there");
}

#[test]
fn what_goes_on_after_the_call_and_what_is_no_message_is_refused() {
    let world = started();
    let to = world.udp(world.server, 7, UdpBehaviour::Echo);
    let d = datagram();
    returns!(connects(d, to), 0);
    let (mut octets, mut count, mut flags) = (*b"octets", 0, 0);
    fails!(winsock2, WSASend(d, Some(vec![buffer(&mut octets)]), 1, &mut count, 0, Overlap::Asked), WSAEOPNOTSUPP);
    fails!(
        winsock2,
        WSARecv(d, Some(vec![buffer(&mut octets)]), 1, &mut count, &mut flags, Overlap::Asked),
        WSAEOPNOTSUPP
    );
    let partial = MSG_PARTIAL as u32;
    fails!(winsock2, WSASend(d, Some(vec![buffer(&mut octets)]), 1, &mut count, partial, Overlap::None), WSAEOPNOTSUPP);
    fails!(winsock2, WSASend(d, Some(vec![]), 0, &mut count, 0, Overlap::None), WSAEINVAL);
    let too_many = BUFFERS_MAX as u32 + 1;
    fails!(winsock2, WSASend(d, Some(vec![]), too_many, &mut count, 0, Overlap::None), WSAEMSGSIZE);
    fails!(winsock2, WSARecv(d, Some(vec![]), too_many, &mut count, &mut flags, Overlap::None), WSAENOBUFS);
    fails!(winsock2, WSASend(stream(), Some(vec![buffer(&mut octets)]), 1, &mut count, 0, Overlap::None), WSAENOTCONN);
}

#[test]
fn wsarecvex_tells_in_its_flags_that_a_message_was_cut() {
    let world = started();
    let to = world.udp(world.server, 7, UdpBehaviour::Echo);
    let d = datagram();
    returns!(connects(d, to), 0);
    returns!(sends(d, b"too long"), 8);
    returns!(sends(d, b"it"), 2);
    world.pass(SECOND);
    let (mut into, mut flags) = ([0; 3], 0);
    fails!(winsock2, WSARecvEx(d, &mut into, 3, &mut flags), WSAEMSGSIZE);
    assert_eq!((&into, flags), (b"too", MSG_PARTIAL));
    flags = 0;
    returns!(WSARecvEx(d, &mut into, 3, &mut flags), 2);
    assert_eq!(flags, 0);
    fails!(winsock2, WSARecvEx(d, &mut into, 3, PointerMut::Null), WSAEFAULT);
}

#[test]
fn the_ends_of_a_connection_carry_no_data() {
    let world = started();
    let to = world.server_is(Behaviour::Answer);
    let s = stream();
    fails!(winsock2, WSASendDisconnect(s, None), WSAENOTCONN);
    returns!(connects(s, to), 0);
    let data = || Some(WSABUF { len: 3, buf: PointerMut::Null });
    fails!(winsock2, WSASendDisconnect(s, data()), WSAENOPROTOOPT);
    returns!(WSASendDisconnect(s, None), 0);
    fails!(winsock2, sends(s, b"more"), WSAESHUTDOWN);
    fails!(winsock2, WSARecvDisconnect(s, data()), WSAENOPROTOOPT);
    returns!(WSARecvDisconnect(s, None), 0);
    fails!(winsock2, receives(s, &mut [0; 4]), WSAESHUTDOWN);
}

#[test]
fn a_socket_of_a_constrained_group_goes_where_the_others_are() {
    let world = started();
    let to = world.server_is(Behaviour::Answer);
    let make = |group| WSASocket(AF_INET, SOCK_STREAM, IPPROTO_TCP, group, WSA_FLAG_OVERLAPPED);
    let first = make(SG_CONSTRAINED_GROUP);
    let group = option(first, SOL_SOCKET, SO_GROUP_ID) as u32;
    assert_ne!(group, 0);
    let second = make(group);
    assert_eq!(option(second, SOL_SOCKET, SO_GROUP_ID) as u32, group);
    returns!(connects(first, to), 0);
    let elsewhere: SocketAddr = world.neighbour.at(80);
    fails!(winsock2, connects(second, elsewhere), WSAEINVAL);
    let name = sockaddr(&elsewhere);
    fails!(winsock2, WSAConnect(second, name.as_slice(), 16, Along::default()), WSAEINVAL);
    returns!(connects(second, to), 0);
    let free = make(SG_UNCONSTRAINED_GROUP);
    assert_ne!(option(free, SOL_SOCKET, SO_GROUP_ID) as u32, group);
    assert_eq!(option(stream(), SOL_SOCKET, SO_GROUP_ID), 0);
    for wrong in [5, u32::MAX] {
        winsock2::WSASetLastError(0);
        assert_eq!(make(wrong), INVALID_SOCKET);
        assert_eq!(winsock2::WSAGetLastError(), WSAEINVAL);
    }
    assert_eq!(WSASocket(AF_INET, SOCK_DGRAM, 0, group, 0), INVALID_SOCKET);
    assert_eq!(WSASocket(AF_INET, SOCK_STREAM, 0, 0, 2), INVALID_SOCKET, "no multipoint");
    assert_eq!(winsock2::WSAGetLastError(), WSAEINVAL);
}

#[test]
fn wsaconnect_is_connect_and_refuses_what_tcp_does_not_carry() {
    let world = started();
    let to = world.server_is(Behaviour::Answer);
    let name = sockaddr(&to);
    let s = stream();
    let with_data = Along { caller_data: 5, ..Along::default() };
    fails!(winsock2, WSAConnect(s, name.as_slice(), 16, with_data), WSAEPROTONOSUPPORT);
    let promised = Along { flow: Flow::Promised, ..Along::default() };
    fails!(winsock2, WSAConnect(s, name.as_slice(), 16, promised), WSAEOPNOTSUPP);
    let bad = Along { is_bad: true, ..Along::default() };
    fails!(winsock2, WSAConnect(s, name.as_slice(), 16, bad), WSAEFAULT);
    fails!(winsock2, WSAConnect(s, Pointer::Null, 16, Along::default()), WSAEFAULT);
    fails!(winsock2, WSAConnect(s, name.as_slice(), 15, Along::default()), WSAEFAULT);
    // Who has made no group asks for nothing of its group.
    let of_group = Along { group_flow: Flow::Promised, ..Along::default() };
    returns!(WSAConnect(s, name.as_slice(), 16, of_group), 0);
    fails!(winsock2, WSAConnect(s, name.as_slice(), 16, Along::default()), WSAEISCONN);
    let made = WSASocket(AF_INET, SOCK_STREAM, 0, SG_UNCONSTRAINED_GROUP, 0);
    fails!(winsock2, WSAConnect(made, name.as_slice(), 16, of_group), WSAEOPNOTSUPP);
    let d = datagram();
    returns!(WSAConnect(d, name.as_slice(), 16, with_data), 0);
    let zero = sockaddr(&SocketAddr::from(([0, 0, 0, 0], 0)));
    returns!(WSAConnect(d, zero.as_slice(), 16, Along::default()), 0);
    fails!(winsock2, sends_pieces(d, [b"a", b"b", b"c"]).0, WSAENOTCONN);
    fails!(winsock2, receives_pieces(d, 0).0, WSAENOTCONN);
}

/// What a socket is told at once.
fn polled(s: SOCKET, events: i16) -> i16 {
    let mut entries = [WSAPOLLFD { fd: s, events, revents: 0x7777 }];
    let count = WSAPoll(Some(&mut entries), 1, 0);
    assert_eq!(count, i32::from(entries[0].revents != 0), "{:?}", crate::world::said());
    entries[0].revents
}

#[test]
fn polling_tells_what_is_so() {
    let world = started();
    let to = world.server_is(Behaviour::Answer);
    let s = stream();
    assert_eq!(polled(s, POLLIN | POLLOUT), 0, "as in select, it was never connected");
    returns!(connects(s, to), 0);
    assert_eq!(polled(s, POLLIN | POLLOUT), POLLWRNORM);
    assert_eq!(polled(s, POLLIN), 0);
    returns!(sends(s, b"echo"), 4);
    world.pass(SECOND);
    assert_eq!(polled(s, POLLIN | POLLOUT), POLLRDNORM | POLLWRNORM);
    let refused = stream();
    let to = world.server_is(Behaviour::Refuse);
    fails!(winsock2, connects(refused, to), WSAECONNREFUSED);
    assert_eq!(polled(refused, POLLIN | POLLOUT), POLLERR | POLLHUP | POLLWRNORM);
    assert_eq!(polled(refused, POLLIN), POLLERR | POLLHUP);
    assert_eq!(polled(datagram(), POLLIN | POLLOUT), POLLWRNORM);
    assert_eq!(polled(0xabac, POLLIN), POLLNVAL);
    assert_eq!(polled(INVALID_SOCKET, POLLIN), 0, "a negative one is passed over");
}

#[test]
fn polling_nothing_and_odd_events_is_wrong() {
    let _world = started();
    let s = datagram();
    fails!(winsock2, WSAPoll(Some(&mut []), 0, 0), WSAEINVAL);
    fails!(winsock2, WSAPoll(None, 1, 0), WSAEFAULT);
    fails!(winsock2, WSAPoll(Some(&mut []), POLL_ENTRIES_MAX + 1, 0), WSAENOBUFS);
    for events in [POLLERR, POLLHUP, POLLNVAL, POLLPRI, POLLWRBAND, 0x8] {
        fails!(winsock2, WSAPoll(Some(&mut [WSAPOLLFD { fd: s, events, revents: 0 }]), 1, 0), WSAEINVAL);
    }
}

/// WSAIoctl with octets in and room for octets out: how many came out.
fn controls(s: SOCKET, code: u32, input: &[u8], output: &mut [u8]) -> Result<u32, i32> {
    let (in_octets, out_octets, mut returned) = (input.len() as u32, output.len() as u32, 77);
    let result = WSAIoctl(s, code, input, in_octets, output, out_octets, &mut returned, Overlap::None);
    if result == 0 { Ok(returned) } else { Err(winsock2::WSAGetLastError()) }
}

#[test]
fn wsaioctl_does_what_ioctlsocket_does() {
    let world = started();
    let to = world.udp(world.server, 7, UdpBehaviour::Echo);
    let d = datagram();
    returns!(connects(d, to), 0);
    assert_eq!(controls(d, FIONBIO, &1_u32.to_ne_bytes(), &mut []), Ok(0));
    fails!(winsock2, receives(d, &mut [0; 4]), WSAEWOULDBLOCK);
    returns!(sends(d, b"echo"), 4);
    world.pass(SECOND);
    let mut count = [0; 4];
    assert_eq!(controls(d, FIONREAD, &[], &mut count), Ok(4));
    assert_eq!(u32::from_ne_bytes(count), 4);
    assert_eq!(controls(d, FIONBIO, &[1], &mut []), Err(WSAEFAULT));
    assert_eq!(controls(d, FIONREAD, &[], &mut [0; 3]), Err(WSAEFAULT));
    let mut returned = 0;
    let null = WSAIoctl(d, FIONREAD, Pointer::Null, 0, PointerMut::Null, 4, &mut returned, Overlap::None);
    assert_eq!((null, winsock2::WSAGetLastError()), (SOCKET_ERROR, WSAEFAULT));
}

#[test]
fn wsaioctl_sets_when_an_idle_connection_is_probed() {
    let _world = started();
    let s = stream();
    let values: Vec<u8> = [1_u32, 10_000, 2_000].iter().flat_map(|number| number.to_ne_bytes()).collect();
    assert_eq!(controls(s, SIO_KEEPALIVE_VALS, &values, &mut []), Ok(0));
    assert_eq!(option(s, SOL_SOCKET, SO_KEEPALIVE), 1);
    assert_eq!(option(s, IPPROTO_TCP, TCP_KEEPIDLE), 10);
    assert_eq!(option(s, IPPROTO_TCP, TCP_KEEPINTVL), 2);
    assert_eq!(controls(datagram(), SIO_KEEPALIVE_VALS, &values, &mut []), Err(WSAEINVAL));
}

#[test]
fn wsaioctl_tells_the_own_address_on_the_way_to_a_name() {
    let world = started();
    let d = datagram();
    let mut own = [0; 16];
    assert_eq!(controls(d, SIO_ROUTING_INTERFACE_QUERY, &sockaddr(&world.server.at(9)), &mut own), Ok(16));
    assert_eq!(from_sockaddr(&own).map(|own| own.ip()), Some(world.us.at(0).ip()));
    assert_eq!(own_name(d), None, "the socket itself was not touched");
    assert_eq!(controls(d, SIO_GET_BROADCAST_ADDRESS, &[], &mut own), Ok(16));
    assert_eq!(from_sockaddr(&own), Some(SocketAddr::from(([255; 4], 0))));
}

#[test]
fn a_request_that_nobody_can_carry_out_is_no_wrong_one() {
    let _world = started();
    let s = stream();
    for code in [SIO_SET_QOS, SIO_GET_QOS, SIO_ADDRESS_LIST_QUERY, SIO_RCVALL] {
        assert_eq!(controls(s, code, &[0; 80], &mut [0; 80]), Err(WSAEOPNOTSUPP), "{code:#x}");
    }
    assert_eq!(controls(s, 0x1234_5678, &[0; 80], &mut [0; 80]), Err(WSAEINVAL));
    // {25A207B9-DDF3-4660-8EE9-76E58C74063E}
    let connect_ex = *b"\xb9\x07\xa2\x25\xf3\xdd\x60\x46\x8e\xe9\x76\xe5\x8c\x74\x06\x3e";
    let code = SIO_GET_EXTENSION_FUNCTION_POINTER;
    assert_eq!(controls(s, code, &connect_ex, &mut [0; 8]), Err(WSAEOPNOTSUPP));
    assert_eq!(controls(s, code, &[7; 16], &mut [0; 8]), Err(WSAEINVAL));
    assert_eq!(controls(s, SIO_LOOPBACK_FAST_PATH, &1_u32.to_ne_bytes(), &mut []), Ok(0));
    let mut returned = 0;
    let overlapped = WSAIoctl(s, FIONREAD, Pointer::Null, 0, &mut [0; 4], 4, &mut returned, Overlap::Asked);
    assert_eq!((overlapped, winsock2::WSAGetLastError()), (SOCKET_ERROR, WSAEOPNOTSUPP));
}

#[test]
fn a_refused_datagram_is_told_unless_the_socket_ignores_it() {
    let world = started();
    let d = nonblocking(datagram());
    returns!(connects(d, world.server.at(9)), 0);
    returns!(sends(d, b"refused"), 7);
    world.pass(SECOND);
    fails!(winsock2, receives(d, &mut [0; 4]), WSAECONNRESET);
    assert_eq!(controls(d, SIO_UDP_CONNRESET, &0_u32.to_ne_bytes(), &mut []), Ok(0));
    returns!(sends(d, b"refused"), 7);
    world.pass(SECOND);
    fails!(winsock2, receives(d, &mut [0; 4]), WSAEWOULDBLOCK);
}

#[test]
fn the_catalogue_has_what_can_be_opened() {
    let _world = started();
    let room = |octets| Room { octets, entry_octets: 372, is_bad: false };
    let all = WSAEnumProtocols(None, room(Some(4 * 372)));
    assert_eq!(all.result, 4);
    for entry in &all.entries {
        let s = WSASocket(entry.iAddressFamily, entry.iSocketType, entry.iProtocol, 0, 0);
        assert_ne!(s, INVALID_SOCKET, "{entry:?}");
    }
    let some = WSAEnumProtocols(Some(&[IPPROTO_UDP]), room(Some(10_000)));
    assert_eq!(some.entries.iter().map(|entry| entry.dwMessageSize).collect::<Vec<_>>(), [65_507, 65_527]);
    assert_eq!(option(datagram(), SOL_SOCKET, SO_MAX_MSG_SIZE), 65_507);
    let short = WSAEnumProtocols(None, room(Some(371)));
    assert_eq!((short.result, short.needed_octets), (SOCKET_ERROR, Some(4 * 372)));
    assert_eq!(winsock2::WSAGetLastError(), WSAENOBUFS);
    assert_eq!(WSAEnumProtocols(None, room(None)).result, SOCKET_ERROR);
    assert_eq!(winsock2::WSAGetLastError(), WSAEFAULT);
    fails!(winsock2, WSADuplicateSocket(stream(), true), WSAEOPNOTSUPP);
}

#[test]
fn a_listener_that_polls_is_told_of_a_connection() {
    let world = started();
    let listener = stream();
    returns!(binds(listener, SocketAddr::from(([127, 0, 0, 1], 4_000))), 0);
    returns!(winsock2::listen(listener, 5), 0);
    assert_eq!(polled(listener, POLLRDNORM), 0);
    let s = nonblocking(stream());
    fails!(winsock2, connects(s, SocketAddr::from(([127, 0, 0, 1], 4_000))), WSAEWOULDBLOCK);
    world.pass(SECOND);
    assert_eq!(polled(listener, POLLRDNORM), POLLRDNORM);
}

#[test]
fn a_condition_accepts_rejects_or_puts_off() {
    let world = started();
    let here = SocketAddr::from(([127, 0, 0, 1], 4_000));
    let (listener, s) = (stream(), nonblocking(stream()));
    returns!(binds(listener, here), 0);
    returns!(winsock2::listen(listener, 5), 0);
    fails!(winsock2, connects(s, here), WSAEWOULDBLOCK);
    world.pass(SECOND);
    let accepts = |answer: i32| {
        let mut seen = None;
        let mut condition = |peer: &[u8], own: &[u8]| {
            let inside = winsock2::closesocket(listener);
            seen = Some((from_sockaddr(peer), from_sockaddr(own), inside, winsock2::WSAGetLastError()));
            answer
        };
        let accepted = WSAAccept(listener, PointerMut::Null, PointerMut::Null, Some(&mut condition));
        assert_eq!(seen, Some((own_name(s), Some(here), SOCKET_ERROR, WSAEINPROGRESS)), "a call inside of another");
        (accepted, winsock2::WSAGetLastError())
    };
    assert_eq!(accepts(CF_DEFER), (INVALID_SOCKET, WSATRY_AGAIN));
    assert_eq!(polled(listener, POLLRDNORM), POLLRDNORM, "it still waits");
    assert_eq!(accepts(CF_DEFER), (INVALID_SOCKET, WSATRY_AGAIN));
    let (accepted, _) = accepts(CF_ACCEPT);
    assert_ne!(accepted, INVALID_SOCKET);
    assert_eq!(polled(listener, POLLRDNORM), 0);
    returns!(sends(s, b"hello"), 5);
    world.pass(SECOND);
    returns!(receives(accepted, &mut [0; 8]), 5);
    let refused = nonblocking(stream());
    fails!(winsock2, connects(refused, here), WSAEWOULDBLOCK);
    world.pass(SECOND);
    assert_eq!(polled(refused, POLLOUT), POLLWRNORM);
    let mut reject = |_: &[u8], _: &[u8]| CF_REJECT;
    assert_eq!(WSAAccept(listener, PointerMut::Null, PointerMut::Null, Some(&mut reject)), INVALID_SOCKET);
    assert_eq!(winsock2::WSAGetLastError(), WSAECONNREFUSED);
    world.pass(SECOND);
    fails!(winsock2, receives(refused, &mut [0; 8]), WSAECONNRESET);
    returns!(winsock2::ioctlsocket(listener, FIONBIO, &mut 1), 0);
    assert_eq!(WSAAccept(listener, PointerMut::Null, PointerMut::Null, None), INVALID_SOCKET);
    assert_eq!(winsock2::WSAGetLastError(), WSAEWOULDBLOCK);
}

#[test]
fn a_type_that_is_left_open_is_chosen_by_the_protocol() {
    let _world = started();
    for (protocol, kind) in [(0, SOCK_STREAM), (IPPROTO_TCP, SOCK_STREAM), (IPPROTO_UDP, SOCK_DGRAM)] {
        let of_socket = winsock2::socket(AF_INET, 0, protocol);
        assert_eq!(option(of_socket, SOL_SOCKET, SO_TYPE), kind, "socket with protocol {protocol}");
        let of_wsasocket = WSASocket(AF_INET, 0, protocol, 0, 0);
        assert_eq!(option(of_wsasocket, SOL_SOCKET, SO_TYPE), kind, "WSASocket with protocol {protocol}");
    }
    assert_eq!((winsock2::socket(AF_INET, 0, 250), WSAGetLastError()), (INVALID_SOCKET, WSAEPROTONOSUPPORT));
    assert_eq!((winsock2::socket(AF_INET, 9, 0), WSAGetLastError()), (INVALID_SOCKET, WSAESOCKTNOSUPPORT));
}

#[test]
fn a_program_that_polls_without_a_wait_sees_its_connection_made() {
    let world = started();
    let s = nonblocking(stream());
    fails!(winsock2, connects(s, world.server_is(Behaviour::Answer)), WSAEWOULDBLOCK);
    assert!((0..100_000).any(|_| polled(s, POLLOUT) != 0));
    returns!(sends(s, b"hello"), 5);
    assert!((0..100_000).any(|_| receives(s, &mut [0; 8]) > 0));
}
