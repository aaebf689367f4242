//! The world of our stack on a device: a TUN device leads to the host's kernel, which forwards to the lab behind another one.
//!
//! ```text
//! our stack 10.1.0.2 ── in0 ── kernel 10.1.0.3 ── out0 ── 10.1.0.1 router of the lab
//! ```
//!
//! The stack has the settings of the lab's machine, but gives a SYN up after a few seconds. The kernel is the neighbour that hears
//! broadcasts. What is on the wire is noted where the kernel hands it to the lab.
//!
//! An interface that is down is the stack's own link set down. To take the kernel's end down would show nothing: the driver counts
//! a frame that a device refuses for being down as lost, as a network may lose one, and does not tell the stack.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket};
use std::sync::Arc;
use std::time;

use synsent_host::{DeviceNetwork, Driver, Engine, Layer, Tun, VirtioHeader, interface};
use synsent_sockets::Network;
use synsent_stack::{LinkConfig, LinkId, OpenOptions, Route, Stack};

use crate::lab;
use crate::machine::Machine;
use crate::outside::{self, Outside};
use crate::real::{self, RealOutside};
use crate::situation::{LocalSituation, Situation};
use crate::world::{NotHere, Peer, Place, World};

/// The device between our stack and the kernel.
const INNER: &str = "in0";
/// The kernel's addresses there.
const KERNEL: Ipv4Addr = Ipv4Addr::new(10, 1, 0, 3);
const KERNEL_V6: Ipv6Addr = Ipv6Addr::new(0xfd00, 1, 0, 0, 0, 0, 0, 3);
/// How long a broadcast may take until the kernel has it.
const PATIENCE: time::Duration = time::Duration::from_secs(2);

/// Our stack, its device and what is around it.
pub(crate) struct DeviceWorld {
    network: Arc<DeviceNetwork>,
    link: LinkId,
    outside: RealOutside,
    machine: Machine,
    neighbour: UdpSocket,
}

impl DeviceWorld {
    /// A new namespace for the calling thread.
    pub(crate) fn new() -> Result<DeviceWorld, NotHere> {
        let failed = |what: &'static str| move |error: std::io::Error| NotHere(format!("{what}: {error}"));
        let outside = RealOutside::new(&[])?;
        let (tun, driver_link) = inner_device()?;
        let mut config = lab::config();
        config.tcp.options.syn_retries = Some(real::SYN_RETRIES as u8);
        let seed = synsent_host::seed().map_err(failed("a seed"))?;
        let mut driver = Driver::new(Stack::new(config, seed)).map_err(failed("a driver"))?;
        let link = driver.attach_with(driver_link, tun, None).map_err(failed("the device"))?;
        let now = driver.now();
        for address in [outside::v4(outside::OURS), outside::v6(outside::OURS_V6)] {
            let added = driver.stack().add_address(now, link, address);
            added.map_err(|error| NotHere(format!("our address: {error:?}")))?;
        }
        for (network, _) in outside::routes() {
            let gateway: IpAddr = if network.addr().is_ipv4() { KERNEL.into() } else { KERNEL_V6.into() };
            let added = driver.stack().add_route(now, Route::via(network, gateway));
            added.map_err(|error| NotHere(format!("our route: {error:?}")))?;
        }
        let engine = Engine::start(driver).map_err(failed("an engine"))?;
        let network = DeviceNetwork::over(engine).map_err(failed("the network of the device"))?;
        let neighbour = UdpSocket::bind((Ipv4Addr::UNSPECIFIED, Outside::peer(Peer::Neighbour).port()))
            .and_then(|socket| socket.set_read_timeout(Some(PATIENCE)).map(|()| socket))
            .map_err(failed("the neighbour's socket"))?;
        Ok(DeviceWorld { network, link, outside, machine: Machine::default(), neighbour })
    }

    fn stack<R>(&self, work: impl FnOnce(&mut Stack, synsent_stack::Instant) -> R) -> R {
        self.network.handle().with(work)
    }

    /// Opens connections to peers that answer until the stack takes no more.
    fn open_all(&mut self, peers: u32) -> Result<SocketAddr, NotHere> {
        let mut last = Err(NotHere("no connection was opened".to_owned()));
        for _ in 0..peers {
            let peer = self.arrange(Situation::Answers)?;
            last = Ok(peer);
            self.stack(|stack, now| while stack.tcp_connect(now, OpenOptions::to(peer)).is_ok() {});
        }
        last
    }
}

/// The device between our stack and the kernel, and the kernel as the router to the lab.
fn inner_device() -> Result<(Tun, LinkConfig), NotHere> {
    let failed = |what: &'static str| move |error: std::io::Error| NotHere(format!("{what}: {error}"));
    let tun = Tun::open(INNER, Layer::Ip, VirtioHeader::With).map_err(|error| NotHere(format!("{error}")))?;
    for (address, prefix_len) in [(IpAddr::from(KERNEL), 24), (KERNEL_V6.into(), 64)] {
        interface::add_address(INNER, address, prefix_len).map_err(failed("the kernel's address"))?;
    }
    interface::set_up(INNER).map_err(failed("the inner device"))?;
    interface::await_carrier(INNER).map_err(failed("the carrier of the inner device"))?;
    for (network, prefix_len) in [(IpAddr::from(outside::ROUTER), 32), (outside::ROUTER_V6.into(), 128)] {
        real::route_into(real::INTERFACE, network, prefix_len).map_err(failed("the route to the router"))?;
    }
    let (missing, _) = outside::missing_route();
    real::route_into(real::INTERFACE, missing.addr(), missing.prefix_len()).map_err(failed("a route"))?;
    real::set_sysctl("ipv4/ip_forward", "1")?;
    real::set_sysctl("ipv6/conf/all/forwarding", "1")?;
    let config = LinkConfig {
        mtu: synsent_host::Device::mtu(&tun),
        offload: synsent_host::Device::offload(&tun),
        duplicate_address_detection: 0,
        ..LinkConfig::ip(INNER)
    };
    Ok((tun, config))
}

impl World for DeviceWorld {
    fn place(&self) -> Place {
        Place::Device
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
                let link = self.link;
                self.stack(|stack, now| stack.set_link_up(now, link, false));
                Ok(peer)
            }
            Situation::NetworkStopped => {
                let peer = self.arrange(Situation::Answers)?;
                interface::remove(INNER).map_err(|error| NotHere(format!("the device stays: {error}")))?;
                Ok(peer)
            }
            Situation::PortsExhausted => self.open_all(1),
            Situation::ConnectionsExhausted => {
                // The ports towards one peer are fewer than the connections that there may be.
                self.open_all(2)?;
                self.arrange(Situation::Answers)
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
            other => Err(NotHere(format!("{other:?} is nothing that can be done to a device"))),
        }
    }

    fn arrange_local(&mut self, situation: LocalSituation) -> Result<Vec<u8>, NotHere> {
        self.machine.arrange_local(situation)
    }

    fn relent(&mut self, peer: SocketAddr) -> Result<(), NotHere> {
        let (network, _) = outside::missing_route();
        let link = self.link;
        self.stack(|stack, now| {
            stack.set_link_up(now, link, true);
            // It may be there already.
            let _ = stack.add_route(now, Route::via(network, KERNEL.into()));
        });
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
        match which {
            Peer::Neighbour => outside::neighbourly(KERNEL),
            which => Outside::peer(which),
        }
    }

    fn peer_sends(&mut self, which: Peer, to: SocketAddr, octets: &[u8]) {
        match which {
            // What cannot be sent does not arrive, and the case says so.
            Peer::Neighbour => drop(self.neighbour.send_to(octets, to)),
            which => self.outside.peer_sends(which, to, octets),
        }
    }

    fn peer_received(&mut self, which: Peer) -> Vec<Vec<u8>> {
        if which != Peer::Neighbour {
            return self.outside.peer_received(which);
        }
        let mut octets = vec![0; 65_535];
        let heard = self.neighbour.recv(&mut octets);
        heard.map(|len| vec![octets[..len].to_vec()]).unwrap_or_default()
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
