//! What Linux is expected to say, typed from its documents and from what was measured by hand, never from what this test measures.
//!
//! What each IPv4 message means to a socket stands in the kernel's table `icmp_err_convert`, and for IPv6 in `icmpv6_err_convert`; the
//! numbers of the messages are those of RFC 792, RFC 1122, RFC 1812 and RFC 4443. TCP tells each of them at once. A connected
//! datagram socket is told only those that the table calls fatal. What the kernel never hands to a socket leaves TCP to its
//! timer and UDP without a word.

/// In which world something is tried.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(crate) enum World {
    /// Every message and every host.
    Main,
    /// There is no route.
    NoRoute,
    /// There is no free port.
    NoPorts,
}

/// An ICMP error, and what comes of it.
pub(crate) struct Message {
    pub(crate) v6: bool,
    pub(crate) kind: u8,
    pub(crate) code: u8,
    pub(crate) name: &'static str,
    /// The octets behind the checksum, as a scenario says them.
    pub(crate) field: &'static str,
    /// What a blocking connect of TCP says.
    pub(crate) tcp: &'static str,
    /// What recv says on a connected datagram socket that has sent.
    pub(crate) udp: &'static str,
}

/// Anything else, and what each call says.
pub(crate) struct Event {
    pub(crate) what: &'static str,
    pub(crate) world: World,
    /// Kind, address and port, as the probe takes them.
    pub(crate) probe: &'static str,
    /// The calls, and what each says.
    pub(crate) says: &'static [(&'static str, &'static str)],
}

/// What TCP says when nobody told it anything.
pub(crate) const TIMER: &str = "ETIMEDOUT";
/// What a receive with a time limit says when nobody told it anything.
pub(crate) const NOTHING: &str = "EAGAIN";

const fn v4(kind: u8, code: u8, name: &'static str, tcp: &'static str, udp: &'static str) -> Message {
    Message { v6: false, kind, code, name, field: "", tcp, udp }
}

const fn v6(kind: u8, code: u8, name: &'static str, tcp: &'static str, udp: &'static str) -> Message {
    Message { v6: true, ..v4(kind, code, name, tcp, udp) }
}

/// Every ICMP error of both families.
pub(crate) const MESSAGES: &[Message] = &[
    v4(3, 0, "net unreachable", "ENETUNREACH", NOTHING),
    v4(3, 1, "host unreachable", "EHOSTUNREACH", NOTHING),
    v4(3, 2, "protocol unreachable", "ENOPROTOOPT", "ENOPROTOOPT"),
    v4(3, 3, "port unreachable", "ECONNREFUSED", "ECONNREFUSED"),
    Message { field: "mtu = 1280", ..v4(3, 4, "fragmentation needed, MTU 1280", TIMER, "EMSGSIZE") },
    v4(3, 5, "source route failed", "EOPNOTSUPP", NOTHING),
    v4(3, 6, "destination network unknown", "ENETUNREACH", "ENETUNREACH"),
    v4(3, 7, "destination host unknown", "EHOSTDOWN", "EHOSTDOWN"),
    v4(3, 8, "source host isolated", "ENONET", "ENONET"),
    v4(3, 9, "network administratively prohibited", "ENETUNREACH", "ENETUNREACH"),
    v4(3, 10, "host administratively prohibited", "EHOSTUNREACH", "EHOSTUNREACH"),
    v4(3, 11, "network unreachable for this type of service", "ENETUNREACH", NOTHING),
    v4(3, 12, "host unreachable for this type of service", "EHOSTUNREACH", NOTHING),
    v4(3, 13, "communication administratively prohibited", "EHOSTUNREACH", "EHOSTUNREACH"),
    v4(3, 14, "host precedence violation", "EHOSTUNREACH", "EHOSTUNREACH"),
    v4(3, 15, "precedence cutoff in effect", "EHOSTUNREACH", "EHOSTUNREACH"),
    v4(4, 0, "source quench", TIMER, NOTHING),
    v4(11, 0, "time to live exceeded in transit", "EHOSTUNREACH", NOTHING),
    v4(11, 1, "fragment reassembly time exceeded", TIMER, NOTHING),
    v4(12, 0, "parameter problem", "EPROTO", "EPROTO"),
    v6(1, 0, "no route to destination", "ENETUNREACH", NOTHING),
    v6(1, 1, "communication administratively prohibited", "EACCES", "EACCES"),
    v6(1, 2, "beyond scope of source address", "EHOSTUNREACH", NOTHING),
    v6(1, 3, "address unreachable", "EHOSTUNREACH", NOTHING),
    v6(1, 4, "port unreachable", "ECONNREFUSED", "ECONNREFUSED"),
    v6(1, 5, "source address failed policy", "EACCES", "EACCES"),
    v6(1, 6, "reject route to destination", "EACCES", "EACCES"),
    Message { field: "mtu = 1280", ..v6(2, 0, "packet too big, MTU 1280", TIMER, "EMSGSIZE") },
    v6(3, 0, "hop limit exceeded in transit", "EHOSTUNREACH", NOTHING),
    v6(3, 1, "fragment reassembly time exceeded", "EHOSTUNREACH", NOTHING),
    v6(4, 0, "erroneous header field", "EPROTO", "EPROTO"),
    v6(4, 1, "unrecognized next header", "EPROTO", "EPROTO"),
    v6(4, 2, "unrecognized IPv6 option", "EPROTO", "EPROTO"),
];

const fn event(what: &'static str, probe: &'static str, says: &'static [(&'static str, &'static str)]) -> Event {
    Event { what, world: World::Main, probe, says }
}

const fn without_route(what: &'static str, probe: &'static str) -> Event {
    Event { what, world: World::NoRoute, probe, says: &[("connect", "ENETUNREACH")] }
}

const fn without_ports(what: &'static str, probe: &'static str) -> Event {
    Event { what, world: World::NoPorts, probe, says: &[("connect", "EADDRNOTAVAIL")] }
}

/// All other ends; the hosts stand in the scenario of the measurement.
pub(crate) const EVENTS: &[Event] = &[
    event("RST", "tcp/10.2.0.2/80", &[("connect", "ECONNREFUSED")]),
    event("RST, IPv6", "tcp/fd00:2::2/80", &[("connect", "ECONNREFUSED")]),
    event("silence", "tcp/10.2.0.3/80", &[("connect", TIMER)]),
    event("silence, IPv6", "tcp/fd00:2::3/80", &[("connect", TIMER)]),
    event("silence, UDP", "udp/10.2.0.3/80", &[("connect", "ok"), ("send", "ok"), ("recv", NOTHING)]),
    event("the peer's queue is full, so the SYN is not answered", "tcp/10.2.0.4/80", &[("connect", TIMER)]),
    event(
        "a listener on this machine with a backlog of 0, and two that connect",
        "backlog/127.0.0.1/7000",
        &[("connect", "ok"), ("connect", TIMER)],
    ),
    event(
        "RST, and then the same socket again",
        "again/10.2.0.2/81",
        &[("connect", "ECONNREFUSED"), ("connect", "ECONNREFUSED")],
    ),
    event(
        "RST after 0.8 s, a socket that does not block",
        "nonblocking/10.2.0.5/80",
        &[("connect", "EINPROGRESS"), ("connect", "EALREADY"), ("poll", "ok"), ("SO_ERROR", "ECONNREFUSED")],
    ),
    event(
        "silence, a socket that does not block",
        "nonblocking/10.2.0.3/81",
        &[("connect", "EINPROGRESS"), ("connect", "EALREADY"), ("poll", "ok"), ("SO_ERROR", TIMER)],
    ),
    event("port 0 of this machine", "tcp/127.0.0.1/0", &[("connect", "ECONNREFUSED")]),
    event("to 0.0.0.0, which is this machine", "tcp/0.0.0.0/80", &[("connect", "ECONNREFUSED")]),
    event("to ::, which is this machine", "tcp/::/80", &[("connect", "ECONNREFUSED")]),
    event("TCP to a multicast address", "tcp/224.0.0.1/80", &[("connect", "ENETUNREACH")]),
    event("TCP to a multicast address, IPv6", "tcp/ff02::1/80", &[("connect", "ENETUNREACH")]),
    event("TCP to 255.255.255.255", "tcp/255.255.255.255/80", &[("connect", "ENETUNREACH")]),
    event("TCP to the broadcast address of our network", "tcp/10.1.0.255/80", &[("connect", "ENETUNREACH")]),
    event("UDP to 255.255.255.255 without SO_BROADCAST", "udp/255.255.255.255/9", &[("connect", "EACCES")]),
    event("UDP to the broadcast address of our network, likewise", "udp/10.1.0.255/9", &[("connect", "EACCES")]),
    without_route("no route", "tcp/10.2.0.2/80"),
    without_route("no route, IPv6", "tcp/fd00:2::2/80"),
    without_route("no route, UDP", "udp/10.2.0.2/80"),
    without_ports("every local port that could be chosen is in use", "tcp/10.2.0.2/80"),
    without_ports("the same, IPv6", "tcp/fd00:2::2/80"),
];
