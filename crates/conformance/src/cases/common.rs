//! Scenarios that several dialects share: what they promise differs in the clause alone. Those of datagrams, of attempts in the
//! background and of calls that are wrong have files of their own.

use std::net::SocketAddr;

use synsent_dialects::Handle;
use synsent_sockets::Kind;
use synsent_stack::Duration;

use crate::case::Trouble;
use crate::record::Note;
use crate::situation::{Situation, Told};
use crate::trial::{PATIENCE, Trial};

/// What a scenario comes to.
pub(super) type Shows = Result<(), Trouble>;

/// How soon a call answers that does not wait for the network.
pub(super) const AT_ONCE: Duration = Duration::from_millis(100);

// Outcomes of the attempt itself: a situation, a stream socket, one connect, and the error of the clause.

/// The peer accepts, and the socket is ready to send and receive.
pub(super) fn establishes(t: &mut Trial<'_>) -> Shows {
    let peer = t.arrange(Situation::Answers)?;
    let s = t.connected(Kind::Stream, peer)?;
    t.echoes(s)
}

/// The same over IPv6.
pub(super) fn establishes_inet6(t: &mut Trial<'_>) -> Shows {
    let peer = t.arrange(Situation::AnswersInet6)?;
    let s = t.socket_of(synsent_sockets::Domain::Inet6, Kind::Stream)?;
    let said = t.connect(s, peer);
    t.works(said, "connect over IPv6")?;
    t.echoes(s)
}

/// The peer answers a repeated SYN.
pub(super) fn establishes_late(t: &mut Trial<'_>) -> Shows {
    let peer = t.arrange(Situation::AnswersLate)?;
    let s = t.socket(Kind::Stream)?;
    let said = t.connect(s, peer);
    t.works(said, "connect to a peer that hears a repeated SYN")?;
    t.wire_shows("SYN ×")?;
    t.echoes(s)
}

/// A reset answers the SYN.
pub(super) fn refused(t: &mut Trial<'_>) -> Shows {
    fails_towards(t, Situation::Refuses)
}

/// A reset answers the SYN over IPv6.
pub(super) fn refused_inet6(t: &mut Trial<'_>) -> Shows {
    let closed = t.arrange(Situation::AnswersInet6)?;
    let s = t.socket_of(synsent_sockets::Domain::Inet6, Kind::Stream)?;
    let said = t.connect(s, SocketAddr::new(closed.ip(), 9));
    t.fails(said)
}

/// Nobody answers.
pub(super) fn silent(t: &mut Trial<'_>) -> Shows {
    fails_towards(t, Situation::Silent)?;
    t.wire_shows("SYN ×")
}

/// The backlog is full, and SYNs are not answered.
pub(super) fn backlog_full(t: &mut Trial<'_>) -> Shows {
    fails_towards(t, Situation::BacklogFull)
}

/// No route leads to the peer.
pub(super) fn no_route(t: &mut Trial<'_>) -> Shows {
    fails_towards(t, Situation::NoRoute)?;
    t.nothing_left()
}

/// A router says that the network is unreachable.
pub(super) fn network_unreachable(t: &mut Trial<'_>) -> Shows {
    fails_towards(t, Situation::Unreachable(Told::Network))
}

/// The interface is down.
pub(super) fn interface_down(t: &mut Trial<'_>) -> Shows {
    fails_towards(t, Situation::InterfaceDown)?;
    t.nothing_left()
}

/// The network subsystem has stopped.
pub(super) fn network_stopped(t: &mut Trial<'_>) -> Shows {
    fails_towards(t, Situation::NetworkStopped)
}

/// Every ephemeral port towards the peer is taken.
pub(super) fn ports_exhausted(t: &mut Trial<'_>) -> Shows {
    fails_towards(t, Situation::PortsExhausted)
}

/// There is room for no more connections.
pub(super) fn connections_exhausted(t: &mut Trial<'_>) -> Shows {
    fails_towards(t, Situation::ConnectionsExhausted)
}

/// No descriptor is left when connect opens what it needs. Where sockets need none, the connection is made all the same, and there
/// is nothing to show.
pub(super) fn no_descriptor_left(t: &mut Trial<'_>) -> Shows {
    for kind in [Kind::Stream, Kind::Datagram] {
        let s = t.socket(kind)?;
        let peer = t.arrange(Situation::DescriptorsLeft(0))?;
        let said = t.connect(s, peer);
        if said.is_ok() {
            return Err(Trouble::NotHere("the socket was connected without a descriptor".to_owned()));
        }
        t.fails(said)?;
        t.nothing_left()?;
        t.world.relent(peer)?;
        let said = t.connect(s, peer);
        t.works(said, "connect when there are descriptors again")?;
        t.echoes(s)?;
    }
    Ok(())
}

/// A stream connect in this situation fails with the error of the clause.
pub(super) fn fails_towards(t: &mut Trial<'_>, situation: Situation) -> Shows {
    let peer = t.arrange(situation)?;
    fails_to(t, Kind::Stream, peer)
}

/// A connect of a new socket to this name fails with the error of the clause.
pub(super) fn fails_to(t: &mut Trial<'_>, kind: Kind, peer: SocketAddr) -> Shows {
    let s = t.socket(kind)?;
    let said = t.connect(s, peer);
    t.fails(said)
}

// What is wrong with the call.

/// A connection to port zero.
pub(super) fn port_zero(t: &mut Trial<'_>) -> Shows {
    let peer = t.arrange(Situation::Answers)?;
    fails_to(t, Kind::Stream, SocketAddr::new(peer.ip(), 0))?;
    t.nothing_left()
}

/// The system was not started; the clause speaks of both types, and of any handle.
pub(super) fn not_started(t: &mut Trial<'_>) -> Shows {
    let peer = t.arrange(Situation::Answers)?;
    for handle in [0, 3, 4, -1] {
        let said = t.connect(handle as Handle, peer);
        t.fails(said)?;
    }
    t.nothing_left()
}

/// The system was ended again.
pub(super) fn ended(t: &mut Trial<'_>) -> Shows {
    let peer = t.arrange(Situation::Answers)?;
    let s = t.socket(Kind::Stream)?;
    let ended = t.api.said((t.api.end)());
    t.works(ended, "the system is ended")?;
    let said = t.connect(s, peer);
    t.fails(said)?;
    t.nothing_left()
}

/// Handles that were never given out, a closed one, and one beside an open one.
pub(super) fn bad_handles(t: &mut Trial<'_>) -> Shows {
    let peer = t.arrange(Situation::Answers)?;
    let open = t.socket(Kind::Stream)?;
    let closed = t.socket(Kind::Stream)?;
    let said = t.close(closed);
    t.works(said, "close")?;
    for handle in [-1, 0x7fff_ff00, open + 1_000, closed] {
        let said = t.connect(handle, peer);
        t.fails(said)?;
    }
    t.nothing_left()
}

/// The socket has a connection.
pub(super) fn connected_already(t: &mut Trial<'_>) -> Shows {
    let peer = t.arrange(Situation::Answers)?;
    let s = t.connected(Kind::Stream, peer)?;
    let said = t.connect(s, peer);
    t.fails(said)?;
    t.nothing_left()?;
    let elsewhere = t.arrange(Situation::Answers)?;
    let said = t.connect(s, elsewhere);
    t.fails(said)?;
    t.nothing_left()?;
    // A family of zero takes a connection down on some systems.
    let said = t.connect_with(s, synsent_sockets::Pointer::Octets(&[0; 16]), 16);
    t.fails(said)?;
    t.nothing_left()?;
    t.echoes(s)
}

/// The socket waits for connections.
pub(super) fn listening(t: &mut Trial<'_>) -> Shows {
    let peer = t.arrange(Situation::Answers)?;
    let s = t.socket(Kind::Stream)?;
    let said = t.bind(s, SocketAddr::new([0, 0, 0, 0].into(), 4_711));
    t.works(said, "bind")?;
    let said = t.api.said((t.api.listen)(s, 5));
    t.works(said, "listen")?;
    let said = t.connect(s, peer);
    t.fails(said)?;
    t.nothing_left()
}

/// Two sockets bound to one name connect to one peer: the second would make the four-tuple a second time.
pub(super) fn four_tuple_in_use(t: &mut Trial<'_>) -> Shows {
    four_tuple(t, somewhere(crate::outside::OURS, 4_712))
}

/// The same where bind named the port alone.
pub(super) fn four_tuple_of_any(t: &mut Trial<'_>) -> Shows {
    four_tuple(t, somewhere(std::net::Ipv4Addr::UNSPECIFIED, 4_713))
}

fn four_tuple(t: &mut Trial<'_>, name: SocketAddr) -> Shows {
    let peer = t.arrange(Situation::Answers)?;
    let mut sockets = [0; 2];
    for s in &mut sockets {
        *s = t.socket(Kind::Stream)?;
        let set = t.api.said((t.api.set_reuse)(*s, true));
        t.works(set, "SO_REUSEADDR")?;
        let said = t.bind(*s, name);
        t.works(said, "bind to a name that another socket with SO_REUSEADDR has")?;
    }
    let said = t.connect(sockets[0], peer);
    t.works(said, "the first connect")?;
    let said = t.connect(sockets[1], peer);
    t.fails(said)?;
    t.nothing_left()
}

/// The socket has a name after connect, and the name is one of this machine.
pub(super) fn autobind(t: &mut Trial<'_>) -> Shows {
    let peer = t.arrange(Situation::Answers)?;
    for kind in [Kind::Stream, Kind::Datagram] {
        let (one, two) = (t.connected(kind, peer)?, t.connected(kind, peer)?);
        let (one, two) = (t.own_name(one), t.own_name(two));
        let (one, two) = (t.works(one, "getsockname")?, t.works(two, "getsockname")?);
        t.check(one.ip() == crate::outside::OURS, format!("the address is one of this machine, not {one}"))?;
        t.check(one.port() != 0 && one != two, format!("each has a port of its own: {one}, {two}"))?;
    }
    Ok(())
}

/// How long nothing must come.
pub(super) const SILENCE: Duration = Duration::from_millis(50);

// Threads, and trying again.

/// What one thread is told, another does not see; success leaves it as it is.
pub(super) fn last_error_per_thread(t: &mut Trial<'_>) -> Shows {
    let refuses = t.arrange(Situation::Refuses)?;
    let s = t.socket(Kind::Stream)?;
    let said = t.connect(s, refuses);
    let Err(refused) = said else { return t.check(false, "the first connect is refused") };
    t.world.note(&Note::AnotherThread);
    let (api, process) = (t.api, t.process().clone());
    let elsewhere = std::thread::spawn(move || {
        let _entered = process.enter();
        let fresh = (api.last_error)();
        (api.connect)(-1, synsent_sockets::Pointer::Null, 0);
        (fresh, (api.last_error)())
    });
    let Ok((fresh, other)) = elsewhere.join() else { return t.check(false, "the other thread ends") };
    t.check(fresh != refused.number, "another thread has no error of this one")?;
    t.check(other != refused.number, "the other thread has its own error")?;
    t.check((t.api.last_error)() == refused.number, "this thread's error stays")?;
    let (answers, nowhere) = (t.arrange(Situation::Answers)?, t.arrange(Situation::NoRoute)?);
    let s = t.socket(Kind::Datagram)?;
    let said = t.connect(s, nowhere);
    let Err(unreachable) = said else { return t.check(false, "there is no route") };
    t.check((t.api.last_error)() == unreachable.number, "a datagram socket's error is the thread's too")?;
    for kind in [Kind::Stream, Kind::Datagram] {
        let s = t.socket(kind)?;
        let said = t.connect(s, answers);
        t.check(said == Ok(0), format!("success returns 0, not {said:?}"))?;
    }
    Ok(())
}

/// After this error the same socket connects once the cause is gone.
pub(super) fn retries(t: &mut Trial<'_>, cause: Situation, error: &str) -> Shows {
    let peer = t.arrange(cause)?;
    let s = t.socket(Kind::Stream)?;
    for _ in 0..2 {
        let said = t.connect(s, peer);
        t.fails_with(said, error)?;
    }
    t.world.relent(peer)?;
    let said = t.connect(s, peer);
    t.works(said, "connect again on the same socket")?;
    t.echoes(s)
}

// Small things.

/// Waits until something can be received.
pub(super) fn awaits(t: &mut Trial<'_>, s: Handle) -> Shows {
    let readable = t.readable(s, PATIENCE)?;
    t.check(readable, "something comes")
}

/// What getsockname tells.
pub(super) fn own_name(t: &mut Trial<'_>, s: Handle) -> Result<SocketAddr, Trouble> {
    let name = t.own_name(s);
    t.works(name, "getsockname")
}

/// An address and a port.
pub(super) fn somewhere(address: std::net::Ipv4Addr, port: u16) -> SocketAddr {
    SocketAddr::new(address.into(), port)
}

/// Names of these families, with the octets of an address behind them and without, are refused by sockets of a domain.
pub(super) fn families_are_refused(t: &mut Trial<'_>, domain: synsent_sockets::Domain, families: &[u16]) -> Shows {
    for kind in [Kind::Stream, Kind::Datagram] {
        let s = t.socket_of(domain, kind)?;
        for family in families {
            let mut name = [0; 28];
            for rest in [[0; 6], [0, 80, 10, 2, 0, 2]] {
                name[..2].copy_from_slice(&family.to_ne_bytes());
                name[2..8].copy_from_slice(&rest);
                for len in [16, 28] {
                    let said = t.connect_with(s, synsent_sockets::Pointer::Octets(&name[..len]), len as i32);
                    t.fails(said)?;
                    t.nothing_left()?;
                }
            }
        }
    }
    Ok(())
}
