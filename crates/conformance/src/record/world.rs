//! A world that writes down what is arranged in it.

use std::net::SocketAddr;
use std::sync::Arc;

use synsent_sockets::Network;

use super::{Event, Note, note};
use crate::situation::{LocalSituation, Situation};
use crate::world::{NotHere, Peer, Place, World};

/// Another world, and a record of what it is asked for.
pub(super) struct RecordingWorld {
    world: Box<dyn World>,
}

impl RecordingWorld {
    pub(super) fn new(world: Box<dyn World>) -> RecordingWorld {
        RecordingWorld { world }
    }
}

impl World for RecordingWorld {
    fn place(&self) -> Place {
        self.world.place()
    }

    fn network(&self) -> Arc<dyn Network> {
        self.world.network()
    }

    fn arrange(&mut self, situation: Situation) -> Result<SocketAddr, NotHere> {
        let peer = self.world.arrange(situation)?;
        note(|| Event::Arranged { situation, peer });
        Ok(peer)
    }

    fn arrange_local(&mut self, situation: LocalSituation) -> Result<Vec<u8>, NotHere> {
        let path = self.world.arrange_local(situation)?;
        note(|| Event::ArrangedLocal { situation, path: path.clone() });
        Ok(path)
    }

    fn relent(&mut self, peer: SocketAddr) -> Result<(), NotHere> {
        self.world.relent(peer)?;
        note(|| Event::Relented { peer });
        Ok(())
    }

    fn open_file(&mut self) -> Result<i32, NotHere> {
        let number = self.world.open_file()?;
        note(|| Event::OpenedFile { number });
        Ok(number)
    }

    fn break_off(&mut self) {
        self.world.break_off();
        note(|| Event::BrokeOff);
    }

    fn peer(&mut self, which: Peer) -> SocketAddr {
        let address = self.world.peer(which);
        note(|| Event::Peer { which, address });
        address
    }

    fn peer_sends(&mut self, which: Peer, to: SocketAddr, octets: &[u8]) {
        self.world.peer_sends(which, to, octets);
        note(|| Event::PeerSent { which, to, octets: octets.to_vec() });
    }

    fn peer_received(&mut self, which: Peer) -> Vec<Vec<u8>> {
        let heard = self.world.peer_received(which);
        note(|| Event::PeerReceived { which, heard: heard.clone() });
        heard
    }

    fn rest(&mut self) {
        self.world.rest();
        note(|| Event::Rested);
    }

    fn mark(&mut self) {
        self.world.mark();
        note(|| Event::Marked);
    }

    fn wire(&mut self) -> (String, usize) {
        self.world.wire()
    }

    fn note(&mut self, held: &Note) {
        note(|| Event::Noted(held.clone()));
    }
}
