//! What can be so outside of a program that calls connect(): each named as a person would say it.
//!
//! A [`World`](crate::World) brings a situation about by packets, routes, limits, other connections and devices. None of them is
//! a switch in the code that is tried.

/// What is so at the peer, on the way to it, or on the machine.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Situation {
    /// The peer answers, and sends back what it receives; its UDP port does so too.
    Answers,
    /// The same over IPv6.
    AnswersInet6,
    /// The peer answers the SYN with RST.
    Refuses,
    /// The peer never answers.
    Silent,
    /// The peer answers a repeated SYN: the third one, or where time is real, the second.
    AnswersLate,
    /// The peer accepts, and resets the connection when [`World::break_off`](crate::World::break_off) says so.
    BreaksWhenTold,
    /// A router answers every SYN and every datagram with this message.
    Unreachable(Told),
    /// A router answers the first SYN with this message; the next one the peer answers.
    UnreachableThenAnswers(Told),
    /// A router answers the first SYN with this message, and then nobody answers.
    UnreachableThenSilent(Told),
    /// There is no route to the peer.
    NoRoute,
    /// The interface that leads to the peer is down.
    InterfaceDown,
    /// The network subsystem has stopped.
    NetworkStopped,
    /// The peer's backlog is full, and nobody accepts.
    BacklogFull,
    /// Every ephemeral port towards the peer is taken.
    PortsExhausted,
    /// The broadcast address of the network that the machine is joined to; a UDP socket of the peer listens there.
    SubnetBroadcast,
    /// 255.255.255.255; a UDP socket of the peer listens there.
    LimitedBroadcast,
    /// An IPv4 group.
    Multicast,
    /// An IPv6 group.
    MulticastInet6,
    /// The process has as many descriptors as it may, but for this many.
    DescriptorsLeft(u32),
    /// The machine has as many connections, or as much memory in them, as it may; the peer answers.
    ConnectionsExhausted,
    /// The peer never answers, and a signal interrupts the wait for it: half a second after the arrangement, or where time is real,
    /// again and again from the SYN on.
    SignalWhileSilent,
}

/// What an ICMP message says.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Told {
    /// The network is unreachable.
    Network,
    /// The host is unreachable.
    Host,
    /// The port is unreachable.
    Port,
    /// A rule forbids it.
    Prohibited,
    /// The packet went round in circles.
    TimeExceeded,
}

/// What is so in the file system that a local name leads into.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum LocalSituation {
    /// A stream socket listens there.
    Listens,
    /// A datagram socket is there.
    Datagrams,
    /// A socket's file, whose socket is gone.
    Dead,
    /// Nothing is there.
    Missing,
    /// A component of the path is a plain file.
    NotADirectory,
    /// A component of the path may not be searched.
    NoSearchPermission,
    /// The socket may not be written to.
    NoWritePermission,
    /// A plain file is there.
    PlainFile,
    /// A path that is longer than a path may be.
    TooLong,
    /// A component that is longer than a component may be.
    ComponentTooLong,
    /// A free place where a socket can be bound.
    Free,
}

impl Told {
    const ALL: [Told; 5] = [Told::Network, Told::Host, Told::Port, Told::Prohibited, Told::TimeExceeded];
}

impl Situation {
    /// The one that is written like this in Rust, such as `Refuses` or `Unreachable(Network)`; descriptors are counted up to ten.
    pub fn named(name: &str) -> Option<Situation> {
        let plain = [
            Situation::Answers,
            Situation::AnswersInet6,
            Situation::Refuses,
            Situation::Silent,
            Situation::AnswersLate,
            Situation::BreaksWhenTold,
            Situation::NoRoute,
            Situation::InterfaceDown,
            Situation::NetworkStopped,
            Situation::BacklogFull,
            Situation::PortsExhausted,
            Situation::SubnetBroadcast,
            Situation::LimitedBroadcast,
            Situation::Multicast,
            Situation::MulticastInet6,
            Situation::ConnectionsExhausted,
            Situation::SignalWhileSilent,
        ];
        let told = [Situation::Unreachable, Situation::UnreachableThenAnswers, Situation::UnreachableThenSilent];
        let told = told.into_iter().flat_map(|situation| Told::ALL.map(situation));
        let left = (0..=10).map(Situation::DescriptorsLeft);
        plain.into_iter().chain(told).chain(left).find(|one| format!("{one:?}") == name)
    }
}

impl LocalSituation {
    /// The one that is written like this in Rust.
    pub fn named(name: &str) -> Option<LocalSituation> {
        let all = [
            LocalSituation::Listens,
            LocalSituation::Datagrams,
            LocalSituation::Dead,
            LocalSituation::Missing,
            LocalSituation::NotADirectory,
            LocalSituation::NoSearchPermission,
            LocalSituation::NoWritePermission,
            LocalSituation::PlainFile,
            LocalSituation::TooLong,
            LocalSituation::ComponentTooLong,
            LocalSituation::Free,
        ];
        all.into_iter().find(|one| format!("{one:?}") == name)
    }
}
