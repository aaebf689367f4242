//! A device between the kernel and a stack, and the loop that drives the stack in the test's own thread.

use std::fmt;
use std::fs;
use std::net::{IpAddr, SocketAddr};
use std::thread;
use std::time::{Duration, Instant as HostInstant};

use synsent_host::{Device, Driver, Layer, PacketSocket, Tun, VirtioHeader, interface};
use synsent_stack::{
    Cidr, Config, FlowId, Instant, LinkConfig, LinkId, ListenOptions, ListenerId, Medium, OpenOptions, Route, Stack,
    State, Status,
};

/// How long a test waits for anything.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

/// What the link is.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Link {
    Tun,
    Tap,
    Packet,
}

/// A network to test on.
#[derive(Clone, Copy)]
pub(crate) struct Plan {
    pub(crate) link: Link,
    pub(crate) virtio: VirtioHeader,
    pub(crate) v6: bool,
}

/// As it stands in the name of a test.
impl fmt::Display for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let link = match self.link {
            Link::Tun => "tun",
            Link::Tap => "tap",
            Link::Packet => "packet",
        };
        let virtio = if self.virtio == VirtioHeader::With { "virtio" } else { "plain" };
        write!(f, "{link}_{virtio}_{}", if self.v6 { "v6" } else { "v4" })
    }
}

impl Plan {
    pub(crate) const TUN: Plan = Plan { link: Link::Tun, virtio: VirtioHeader::With, v6: false };

    /// The kernel's address.
    pub(crate) fn kernel(self) -> IpAddr {
        address(self.v6, "10.9.0.1", "fd00:9::1")
    }

    /// Our address.
    pub(crate) fn ours(self) -> IpAddr {
        address(self.v6, "10.9.0.2", "fd00:9::2")
    }

    fn prefix_len(self) -> u8 {
        if self.v6 { 64 } else { 24 }
    }

    /// The device, with the kernel's end ready.
    pub(crate) fn device(self) -> Box<dyn Device> {
        let (device, kernel_end): (Box<dyn Device>, &str) = match self.link {
            Link::Tun => (Box::new(Tun::open("t0", Layer::Ip, self.virtio).expect("a TUN device")), "t0"),
            Link::Tap => (Box::new(Tun::open("t0", Layer::Ethernet, self.virtio).expect("a TAP device")), "t0"),
            Link::Packet => {
                interface::add_veth("v0", "v1").expect("a pair");
                interface::await_carrier("v1").expect("a carrier");
                (Box::new(PacketSocket::open("v1", self.virtio).expect("a packet socket")), "v0")
            }
        };
        interface::add_address(kernel_end, self.kernel(), self.prefix_len()).expect("the kernel's address");
        interface::set_up(kernel_end).expect("the kernel's end is up");
        interface::await_carrier(kernel_end).expect("a carrier");
        if let Medium::Ethernet(_) = device.medium() {
            await_neighbour_discovery(kernel_end, self.kernel());
        }
        device
    }
}

/// The kernel joins the group on which its address is asked for in its own time too; a question before that is not heard and
/// is repeated after a second.
fn await_neighbour_discovery(name: &str, address: IpAddr) {
    let IpAddr::V6(address) = address else { return };
    let [.., a, b, c] = address.octets();
    let group = format!("ff0200000000000000000001ff{a:02x}{b:02x}{c:02x}");
    let end = HostInstant::now() + PATIENCE;
    while !fs::read_to_string("/proc/thread-self/net/igmp6").expect("the groups").contains(&group) {
        assert!(HostInstant::now() < end, "{name} is not in the group {group}");
        thread::sleep(Duration::from_millis(5));
    }
}

pub(crate) fn address(v6: bool, four: &str, six: &str) -> IpAddr {
    (if v6 { six } else { four }).parse().expect("an address")
}

/// A stack on a device, driven by hand.
pub(crate) struct Net {
    pub(crate) driver: Driver,
    pub(crate) plan: Plan,
}

impl Net {
    pub(crate) fn open(plan: Plan) -> Net {
        Net::open_on(plan, Config::default(), plan.device())
    }

    /// With another configuration, and a device that wraps the plan's.
    pub(crate) fn open_on(plan: Plan, config: Config, device: impl Device + 'static) -> Net {
        let seed = synsent_host::seed().expect("a seed");
        let mut driver = Driver::new(Stack::new(config, seed)).expect("a driver");
        let cidr = Cidr::new(plan.ours(), plan.prefix_len()).expect("a prefix");
        let link = attach(&mut driver, device, cidr, None);
        let now = driver.now();
        let route = Route { link: Some(link), ..Route::default_via(plan.kernel()) };
        driver.stack().add_route(now, route).expect("a default route");
        Net { driver, plan }
    }

    /// Drives the stack until `step` has an answer. It is run whenever something may have changed.
    pub(crate) fn run<R>(&mut self, what: &str, mut step: impl FnMut(&mut Stack, Instant) -> Option<R>) -> R {
        run_all(&mut [&mut self.driver], what, |drivers| {
            let now = drivers[0].now();
            step(drivers[0].stack(), now)
        })
    }

    pub(crate) fn connect(&mut self, remote: SocketAddr) -> FlowId {
        let now = self.driver.now();
        self.driver.stack().tcp_connect(now, OpenOptions::to(remote)).expect("an open that begins")
    }

    /// Connects and waits until the connection stands.
    pub(crate) fn connected(&mut self, remote: SocketAddr) -> FlowId {
        let flow = self.connect(remote);
        let status = self.run("the connection", |stack, _| decided(stack, flow));
        assert!(status.failure.is_none(), "{}", status.failure.expect("a failure"));
        flow
    }

    pub(crate) fn listen(&mut self, port: u16) -> ListenerId {
        let now = self.driver.now();
        self.driver.stack().tcp_listen(now, ListenOptions::on_port(port)).expect("a listener")
    }

    pub(crate) fn accept(&mut self, listener: ListenerId) -> FlowId {
        self.run("a connection to accept", |stack, now| stack.tcp_accept(now, listener))
    }
}

/// A link with an address; `mtu` overrides the device's.
pub(crate) fn attach(driver: &mut Driver, device: impl Device + 'static, cidr: Cidr, mtu: Option<u16>) -> LinkId {
    let config = LinkConfig {
        medium: device.medium(),
        mtu: mtu.unwrap_or(device.mtu()),
        offload: device.offload(),
        duplicate_address_detection: 0,
        ..LinkConfig::ip(device.name())
    };
    let link = driver.attach_with(config, device, None).expect("a link");
    let now = driver.now();
    driver.stack().add_address(now, link, cidr).expect("our address");
    link
}

/// Drives several stacks in one thread.
pub(crate) fn run_all<R>(
    drivers: &mut [&mut Driver],
    what: &str,
    mut step: impl FnMut(&mut [&mut Driver]) -> Option<R>,
) -> R {
    let end = HostInstant::now() + PATIENCE;
    loop {
        for driver in drivers.iter_mut() {
            driver.turn().expect("the device lives");
            while driver.stack().poll_event().is_some() {}
        }
        let answer = step(drivers);
        for driver in drivers.iter_mut() {
            driver.flush().expect("the device lives");
        }
        if let Some(answer) = answer {
            return answer;
        }
        assert!(HostInstant::now() < end, "waited in vain for {what}");
        // Several drivers are asked in turn, so none of them may sleep for long.
        let at_most = if drivers.len() == 1 { 100 } else { 1 };
        for driver in drivers.iter_mut() {
            driver.wait(Some(Duration::from_millis(at_most))).expect("a wait");
        }
    }
}

/// The status of a connection once it is open or has failed.
pub(crate) fn decided(stack: &mut Stack, flow: FlowId) -> Option<Status> {
    let status = stack.tcp_status(flow).expect("a connection");
    let opening = matches!(status.state, State::SynSent | State::SynReceived) && status.failure.is_none();
    (!opening).then_some(status)
}

/// The status of a connection once it has failed, or has ended in order.
pub(crate) fn over(stack: &mut Stack, flow: FlowId) -> Option<Status> {
    let status = stack.tcp_status(flow).expect("a connection");
    let over = status.failure.is_some() || matches!(status.state, State::Closed | State::TimeWait);
    over.then_some(status)
}
