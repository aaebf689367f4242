//! Scenarios of datagram sockets that several dialects share: their peer, who is heard, and where nothing may be sent.

use synsent_sockets::Kind;

use super::common::{SILENCE, Shows, awaits, fails_to, own_name};
use crate::situation::Situation;
use crate::trial::Trial;
use crate::world::Peer;

/// Datagram sockets: no packet leaves.
pub(super) fn datagram_sets_the_destination(t: &mut Trial<'_>) -> Shows {
    let peer = t.arrange(Situation::Answers)?;
    let s = t.socket(Kind::Datagram)?;
    let said = t.connect(s, peer);
    t.works(said, "connect of a datagram socket")?;
    t.nothing_left()?;
    t.echoes(s)
}

/// The same on a datagram socket: nothing leaves either way.
pub(super) fn datagram_no_route(t: &mut Trial<'_>) -> Shows {
    let peer = t.arrange(Situation::NoRoute)?;
    fails_to(t, Kind::Datagram, peer)?;
    t.nothing_left()
}

/// The interface is down.
pub(super) fn datagram_interface_down(t: &mut Trial<'_>) -> Shows {
    let peer = t.arrange(Situation::InterfaceDown)?;
    fails_to(t, Kind::Datagram, peer)?;
    t.nothing_left()
}

/// What other addresses send is dropped, before and after what the peer sends.
pub(super) fn datagram_filter(t: &mut Trial<'_>) -> Shows {
    let peer = t.world.peer(Peer::A);
    let s = t.connected(Kind::Datagram, peer)?;
    let ours = own_name(t, s)?;
    t.world.peer_sends(Peer::B, ours, b"from elsewhere");
    t.world.peer_sends(Peer::A, ours, b"from the peer");
    t.world.peer_sends(Peer::B, ours, b"from elsewhere again");
    awaits(t, s)?;
    let heard = t.recv(s);
    t.check(heard == Ok(b"from the peer".to_vec()), format!("only the peer is heard, not {heard:?}"))?;
    let readable = t.readable(s, SILENCE)?;
    t.check(!readable, "nothing else is received")
}

/// A second connect changes where send goes and who is heard.
pub(super) fn datagram_changes(t: &mut Trial<'_>) -> Shows {
    let (a, b) = (t.world.peer(Peer::A), t.world.peer(Peer::B));
    let s = t.connected(Kind::Datagram, a)?;
    let said = t.send(s, b"to a");
    t.works(said, "send")?;
    let heard = t.world.peer_received(Peer::A);
    t.check(heard == [b"to a".to_vec()], format!("the first peer hears it, not {heard:?}"))?;
    let said = t.connect(s, b);
    t.works(said, "connect to another peer")?;
    t.nothing_left()?;
    let said = t.send(s, b"to b");
    t.works(said, "send")?;
    let heard = t.world.peer_received(Peer::B);
    t.check(heard == [b"to b".to_vec()], format!("the second peer hears it, not {heard:?}"))?;
    let ours = own_name(t, s)?;
    t.world.peer_sends(Peer::A, ours, b"from a");
    t.world.peer_sends(Peer::B, ours, b"from b");
    awaits(t, s)?;
    let heard = t.recv(s);
    t.check(heard == Ok(b"from b".to_vec()), format!("the second peer is heard, not {heard:?}"))
}

/// Without permission, the broadcast address of the own network.
pub(super) fn broadcast_subnet(t: &mut Trial<'_>) -> Shows {
    let everybody = t.arrange(Situation::SubnetBroadcast)?;
    fails_to(t, Kind::Datagram, everybody)?;
    t.nothing_left()
}

/// Without permission, 255.255.255.255.
pub(super) fn broadcast_limited(t: &mut Trial<'_>) -> Shows {
    let everybody = t.arrange(Situation::LimitedBroadcast)?;
    fails_to(t, Kind::Datagram, everybody)?;
    t.nothing_left()
}
