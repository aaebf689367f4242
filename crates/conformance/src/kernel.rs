//! The world of the host's kernel: its sockets in a network namespace of the trial's thread, and the lab behind a TUN device.

use std::any::Any;
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::sync::Arc;
use std::time;

use synsent_host::{KernelNetwork, interface};
use synsent_sockets::Network;

use crate::machine::Machine;
use crate::outside::{self, Outside};
use crate::real::{self, RealOutside};
use crate::situation::{LocalSituation, Situation};
use crate::world::{NotHere, Peer, Place, World};

/// The ephemeral ports that are left when they are to be used up.
const FEW_PORTS: &str = "50000 50007";
/// How long a connection that only takes a port may take.
const PATIENCE: time::Duration = time::Duration::from_secs(5);

/// The kernel's sockets and what is around them.
pub(crate) struct KernelWorld {
    network: Arc<KernelNetwork>,
    outside: RealOutside,
    machine: Machine,
    /// What must stay open as long as the trial lasts.
    kept: Vec<Box<dyn Any>>,
}

impl KernelWorld {
    /// A new namespace for the calling thread.
    pub(crate) fn new() -> Result<KernelWorld, NotHere> {
        let (v4, v6) = (outside::v4(outside::OURS), outside::v6(outside::OURS_V6));
        let outside = RealOutside::new(&[(v4.addr(), v4.prefix_len()), (v6.addr(), v6.prefix_len())])?;
        real::set_sysctl("ipv4/tcp_syn_retries", &real::SYN_RETRIES.to_string())?;
        let network = KernelNetwork::new().map_err(|error| NotHere(format!("the kernel's sockets: {error}")))?;
        Ok(KernelWorld { network, outside, machine: Machine::default(), kept: Vec::new() })
    }

    fn exhaust_ports(&mut self) -> Result<SocketAddr, NotHere> {
        let peer = self.arrange(Situation::Answers)?;
        real::set_sysctl("ipv4/ip_local_port_range", FEW_PORTS)?;
        while let Ok(stream) = TcpStream::connect_timeout(&peer, PATIENCE) {
            self.kept.push(Box::new(stream));
        }
        Ok(peer)
    }
}

impl World for KernelWorld {
    fn place(&self) -> Place {
        Place::Kernel
    }

    fn network(&self) -> Arc<dyn Network> {
        self.network.clone()
    }

    fn arrange(&mut self, situation: Situation) -> Result<SocketAddr, NotHere> {
        if let Some(arranged) = self.outside.arrange(situation) {
            if situation == Situation::SignalWhileSilent {
                self.machine.signal_when(self.outside.has_seen())?;
            }
            return arranged;
        }
        match situation {
            Situation::InterfaceDown => {
                let peer = self.arrange(Situation::Answers)?;
                interface::set_down(real::INTERFACE)
                    .map_err(|error| NotHere(format!("the interface stays up: {error}")))?;
                Ok(peer)
            }
            Situation::PortsExhausted => self.exhaust_ports(),
            Situation::NetworkStopped => Err(NotHere("the kernel's network does not stop".to_owned())),
            Situation::ConnectionsExhausted => {
                Err(NotHere("Linux bounds connections by the memory of the whole machine".to_owned()))
            }
            Situation::DescriptorsLeft(left) => {
                let peer = self.arrange(Situation::Answers)?;
                self.machine.leave_descriptors(left)?;
                Ok(peer)
            }
            Situation::SubnetBroadcast => Ok(outside::neighbourly(outside::OUR_BROADCAST)),
            Situation::LimitedBroadcast => Ok(outside::neighbourly(Ipv4Addr::BROADCAST)),
            Situation::Multicast => Ok(outside::neighbourly(outside::GROUP)),
            Situation::MulticastInet6 => Ok(outside::neighbourly(outside::GROUP_V6)),
            other => Err(NotHere(format!("{other:?} is nothing that can be done to the kernel here"))),
        }
    }

    fn arrange_local(&mut self, situation: LocalSituation) -> Result<Vec<u8>, NotHere> {
        self.machine.arrange_local(situation)
    }

    fn relent(&mut self, peer: SocketAddr) -> Result<(), NotHere> {
        self.machine.release_descriptors();
        self.outside.relent(peer)
    }

    fn open_file(&mut self) -> Result<i32, NotHere> {
        self.machine.open_file()
    }

    fn break_off(&mut self) {
        self.outside.break_off();
    }

    fn peer(&mut self, which: Peer) -> SocketAddr {
        Outside::peer(which)
    }

    fn peer_sends(&mut self, which: Peer, to: SocketAddr, octets: &[u8]) {
        self.outside.peer_sends(which, to, octets);
    }

    fn peer_received(&mut self, which: Peer) -> Vec<Vec<u8>> {
        self.outside.peer_received(which)
    }

    fn rest(&mut self) {
        self.outside.rest();
    }

    fn mark(&mut self) {
        self.outside.mark();
    }

    fn wire(&mut self) -> (String, usize) {
        self.machine.be_quiet();
        self.outside.wire()
    }
}
