//! What a case stands on: a network for the process under test, and the outside that is arranged around it.

use std::fmt;
use std::net::SocketAddr;
use std::sync::Arc;

use synsent_host::{Layer, Tun, VirtioHeader, namespace};
use synsent_sockets::Network;

use crate::record::Note;
use crate::situation::{LocalSituation, Situation};

/// Which network.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub enum Place {
    /// Our stack in a simulated network, in virtual time.
    Lab,
    /// Our stack on a TUN device.
    Device,
    /// The sockets of the host's kernel.
    Kernel,
}

/// Why a situation cannot be brought about in a world.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct NotHere(pub String);

/// A UDP socket outside; each has its own address, and they share a port.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Peer {
    /// The first.
    A,
    /// The second.
    B,
    /// One on the network that the machine is joined to: it hears broadcasts.
    Neighbour,
}

/// A network for one trial, and what is around it.
pub trait World {
    /// Which network it is.
    fn place(&self) -> Place;

    /// The network of the process under test.
    fn network(&self) -> Arc<dyn Network>;

    /// Brings a situation about; answers with the peer's name. May be called for several situations one after another.
    ///
    /// # Errors
    /// When that is impossible here.
    fn arrange(&mut self, situation: Situation) -> Result<SocketAddr, NotHere>;

    /// Brings a situation of the local domain about; answers with the path.
    ///
    /// # Errors
    /// When that is impossible here.
    fn arrange_local(&mut self, situation: LocalSituation) -> Result<Vec<u8>, NotHere>;

    /// What refused or was silent at this name answers from now on; a route that was missing is there again, and so are
    /// descriptors that were used up.
    ///
    /// # Errors
    /// When that is impossible here.
    fn relent(&mut self, peer: SocketAddr) -> Result<(), NotHere>;

    /// Opens a file of the process; answers with its descriptor.
    ///
    /// # Errors
    /// When that is impossible here.
    fn open_file(&mut self) -> Result<i32, NotHere>;

    /// Peers that break when they are told reset their connections now.
    fn break_off(&mut self);

    /// The name of a UDP socket outside.
    fn peer(&mut self, which: Peer) -> SocketAddr;

    /// A UDP socket outside sends a datagram, and it arrives at the machine before this returns where that can be known.
    fn peer_sends(&mut self, which: Peer, to: SocketAddr, octets: &[u8]);

    /// What has arrived at a UDP socket outside since it was last asked, waiting a moment for it where time is real.
    fn peer_received(&mut self, which: Peer) -> Vec<Vec<u8>>;

    /// Waits until nothing is on its way any more: what was sent has arrived, and so has the answer. Timers that wait for
    /// longer than a moment are not waited for.
    fn rest(&mut self);

    /// What went over the wire until now no longer counts.
    fn mark(&mut self);

    /// What went over the wire since the last mark, in words; and how many packets of the machine were among it.
    fn wire(&mut self) -> (String, usize);

    /// What a case holds to be so since the last mark, for a world that keeps a record.
    fn note(&mut self, _held: &Note) {}
}

impl Peer {
    /// The one that is written like this in Rust.
    pub fn named(name: &str) -> Option<Peer> {
        [Peer::A, Peer::B, Peer::Neighbour].into_iter().find(|one| format!("{one:?}") == name)
    }

    /// The port that they share.
    pub const fn port(self) -> u16 {
        crate::outside::PEER_PORT
    }
}

/// What a machine lacks for the worlds of real networks.
#[derive(Debug)]
pub struct Missing {
    /// What.
    pub what: &'static str,
    /// What the kernel said.
    pub error: String,
}

/// Enters a user namespace, and tries in a thread what every world of a real network begins with. The process must still have
/// one thread. Who is root can do without the user namespace.
///
/// # Errors
/// When the machine does not give it.
pub fn enter_real_worlds() -> Result<(), Missing> {
    let missing = |what, error: &dyn fmt::Display| Missing { what, error: error.to_string() };
    let user = namespace::enter_user();
    let probe = std::thread::spawn(move || {
        namespace::enter_network().map_err(|error| missing("network namespaces", &error))?;
        let device = Tun::open("probe%d", Layer::Ip, VirtioHeader::With);
        device.map(drop).map_err(|error| missing("TUN devices", &error))
    });
    let probed = probe.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic));
    match (probed, user) {
        (Err(_), Err(error)) => Err(missing("user namespaces", &error)),
        (probed, _) => probed,
    }
}

impl Place {
    /// All of them.
    pub const ALL: [Place; 3] = [Place::Lab, Place::Device, Place::Kernel];

    /// Its name in tests, lists and rows.
    pub const fn name(self) -> &'static str {
        match self {
            Place::Lab => "lab",
            Place::Device => "device",
            Place::Kernel => "kernel",
        }
    }

    /// The one with this name.
    pub fn named(name: &str) -> Option<Place> {
        Place::ALL.into_iter().find(|place| place.name() == name)
    }

    /// A new world there. For the real ones the calling thread moves into a network namespace of its own, so it should be a
    /// thread that ends with the trial.
    ///
    /// # Errors
    /// When the machine does not allow it.
    pub fn world(self) -> Result<Box<dyn World>, NotHere> {
        match self {
            Place::Lab => Ok(Box::new(crate::lab::LabWorld::new())),
            Place::Kernel => Ok(Box::new(crate::kernel::KernelWorld::new()?)),
            Place::Device => Ok(Box::new(crate::device::DeviceWorld::new()?)),
        }
    }

    /// A new world there for a program that has files beside its sockets: where sockets have small numbers, these are counted together
    /// with the descriptors of this process.
    ///
    /// # Errors
    /// When the machine does not allow it.
    pub fn world_among_files(self) -> Result<Box<dyn World>, NotHere> {
        match self {
            Place::Lab => Ok(Box::new(crate::lab::LabWorld::among_files()?)),
            Place::Kernel | Place::Device => self.world(),
        }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl fmt::Display for Missing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({})", self.what, self.error)
    }
}

impl fmt::Display for NotHere {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
