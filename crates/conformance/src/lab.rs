//! The world in virtual time: the machine under test is a host of the same lab as its outside.
//!
//! Its stack has few ephemeral ports and room for few connections, so that both can be used up in a moment. A trial takes as long
//! as its events take to compute.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

use synsent_host::DescriptorNumbers;
use synsent_lab::{DESCRIPTORS_MAX, HostId, Lab, LabNetwork, SharedLab};
use synsent_sockets::Network;
use synsent_stack::{Config, Duration, LinkId, OpenOptions, Route, TcpConfig};

use crate::local::SimulatedFiles;
use crate::machine::Machine;
use crate::outside::{self, Outside};
use crate::situation::{LocalSituation, Situation};
use crate::wire::Wire;
use crate::world::{NotHere, Peer, Place, World};

/// The ephemeral ports of the machine.
pub(crate) const PORTS: std::ops::RangeInclusive<u16> = 50_000..=50_015;
/// How many connections the machine may have.
pub(crate) const FLOWS_MAX: usize = 24;
/// How long the wait lasts before the signal.
const SIGNAL_AFTER: Duration = Duration::from_millis(500);
/// How many descriptors a process has from its start.
const STANDARD_FILES: usize = 3;

/// A simulated machine and its outside.
pub(crate) struct LabWorld {
    lab: SharedLab,
    outside: Outside,
    us: HostId,
    link: LinkId,
    network: Arc<LabNetwork>,
    local: SimulatedFiles,
    /// What is done to the descriptors of this process, where its sockets have their numbers among them.
    machine: Option<Machine>,
    /// How many frames the capture had at the last mark.
    marked: u64,
}

/// The settings of the machine under test, on every network that our stack serves.
pub(crate) fn config() -> Config {
    let tcp = TcpConfig { ephemeral_ports: PORTS, flows_max: FLOWS_MAX, ..TcpConfig::default() };
    Config { tcp, ..Config::default() }
}

impl LabWorld {
    /// A new machine in a new lab.
    pub(crate) fn new() -> LabWorld {
        LabWorld::of(LabNetwork::new, None)
    }

    /// The same for a program that has files beside its sockets: the numbers are those of this process.
    pub(crate) fn among_files() -> Result<LabWorld, NotHere> {
        let numbers = DescriptorNumbers::new().map_err(|error| NotHere(format!("numbers for sockets: {error}")))?;
        let network = |lab: &SharedLab, us| LabNetwork::with_numbers(lab, us, Arc::new(numbers));
        Ok(LabWorld::of(network, Some(Machine::default())))
    }

    fn of(network: impl FnOnce(&SharedLab, HostId) -> Arc<LabNetwork>, machine: Option<Machine>) -> LabWorld {
        let mut lab = Lab::new(1);
        let mut outside = Outside::new(&mut lab);
        let us = lab.add_host("us", config());
        let link = outside::settle_us(&mut lab, us, outside.line);
        outside.settled(&mut lab);
        let shared = SharedLab::new(lab);
        let network = network(&shared, us);
        LabWorld { lab: shared, outside, us, link, network, local: SimulatedFiles::default(), machine, marked: 0 }
    }

    /// Opens connections to peers that answer until the stack takes no more; answers with how many there are.
    fn open_all(&mut self, peers: u32) -> Result<SocketAddr, NotHere> {
        let mut last = Err(NotHere("no connection was opened".to_owned()));
        for _ in 0..peers {
            let peer = self.arrange(Situation::Answers)?;
            last = Ok(peer);
            let us = self.us;
            self.lab
                .with(|lab| while lab.call(us, |stack, now| stack.tcp_connect(now, OpenOptions::to(peer))).is_ok() {});
        }
        self.lab.with(|lab| lab.run_for(outside::A_MOMENT));
        last
    }
}

impl World for LabWorld {
    fn place(&self) -> Place {
        Place::Lab
    }

    fn network(&self) -> Arc<dyn Network> {
        self.network.clone()
    }

    fn arrange(&mut self, situation: Situation) -> Result<SocketAddr, NotHere> {
        let Self { lab, outside, network, .. } = self;
        if let Some(arranged) = lab.with(|lab| outside.arrange(lab, situation)) {
            if situation == Situation::SignalWhileSilent {
                network.interrupt_at(network.now() + SIGNAL_AFTER);
            }
            return arranged;
        }
        match situation {
            Situation::InterfaceDown => {
                let peer = self.arrange(Situation::Answers)?;
                let (us, link) = (self.us, self.link);
                self.lab.with(|lab| lab.call(us, |stack, now| stack.set_link_up(now, link, false)));
                Ok(peer)
            }
            Situation::PortsExhausted => self.open_all(1),
            Situation::ConnectionsExhausted => {
                // The ports towards one peer are fewer than the connections that there may be.
                self.open_all(2)?;
                self.arrange(Situation::Answers)
            }
            Situation::DescriptorsLeft(left) => {
                match &mut self.machine {
                    Some(machine) => machine.leave_descriptors(left)?,
                    None => network.descriptors().set_max(STANDARD_FILES + left as usize),
                }
                self.arrange(Situation::Answers)
            }
            Situation::SubnetBroadcast => Ok(outside::neighbourly(outside::OUR_BROADCAST)),
            Situation::LimitedBroadcast => Ok(outside::neighbourly(Ipv4Addr::BROADCAST)),
            Situation::Multicast => Ok(outside::neighbourly(outside::GROUP)),
            Situation::MulticastInet6 => Ok(outside::neighbourly(outside::GROUP_V6)),
            Situation::NetworkStopped => Err(NotHere("a simulated machine does not stop".to_owned())),
            other => Err(NotHere(format!("{other:?} is nothing that a simulated machine knows"))),
        }
    }

    fn arrange_local(&mut self, situation: LocalSituation) -> Result<Vec<u8>, NotHere> {
        self.local.arrange(&self.network, situation)
    }

    fn relent(&mut self, peer: SocketAddr) -> Result<(), NotHere> {
        let Self { lab, outside, us, link, network, machine, .. } = self;
        match machine {
            Some(machine) => machine.release_descriptors(),
            None => network.descriptors().set_max(DESCRIPTORS_MAX),
        }
        let (network, gateway) = outside::missing_route();
        lab.with(|lab| {
            lab.call(*us, |stack, now| stack.set_link_up(now, *link, true));
            // It may be there already.
            let _ = lab.route(*us, Route::via(network, gateway));
            outside.relent(lab, peer)
        })
    }

    fn open_file(&mut self) -> Result<i32, NotHere> {
        match &mut self.machine {
            Some(machine) => machine.open_file(),
            None => self.network.descriptors().open_file().map_err(|failure| NotHere(format!("a file: {failure}"))),
        }
    }

    fn break_off(&mut self) {
        self.lab.with(|lab| self.outside.break_off(lab));
    }

    fn peer(&mut self, which: Peer) -> SocketAddr {
        Outside::peer(which)
    }

    fn peer_sends(&mut self, which: Peer, to: SocketAddr, octets: &[u8]) {
        self.lab.with(|lab| self.outside.peer_sends(lab, which, to, octets));
    }

    fn peer_received(&mut self, which: Peer) -> Vec<Vec<u8>> {
        self.lab.with(|lab| self.outside.peer_received(lab, which))
    }

    fn rest(&mut self) {
        self.lab.with(|lab| lab.run_for(outside::A_MOMENT));
    }

    fn mark(&mut self) {
        self.marked = self.lab.with(|lab| lab.capture().frames());
    }

    fn wire(&mut self) -> (String, usize) {
        let mut wire = Wire::default();
        self.lab.with(|lab| {
            let since = (lab.capture().frames() - self.marked) as usize;
            let ours = outside::US_END;
            let records: Vec<_> = lab.capture().records().rev().take(since).collect();
            for record in records.into_iter().rev().filter(|record| record.cable == self.outside.line) {
                wire.note(record.at, record.from == ours, &record.bytes);
            }
        });
        wire.line()
    }
}
