//! The kernel as a router between two of our stacks: what it forwards it must be able to finish, and to cut.

use std::fs;
use std::net::SocketAddr;

use libtest_mimic::Trial;
use synsent_host::{Driver, Layer, Tun, VirtioHeader, interface};
use synsent_stack::{Cidr, Config, DropReason, FlowId, ListenOptions, ListenerId, Route, Stack};

use crate::net::{Link, Net, Plan, address, attach, run_all};
use crate::world::trial;

const OCTETS: usize = 1_000_000;

pub(crate) fn trials() -> Vec<Trial> {
    let mut trials = Vec::new();
    for v6 in [false, true] {
        for link in [Link::Tun, Link::Tap, Link::Packet] {
            let plan = Plan { link, virtio: VirtioHeader::With, v6 };
            trials.push(trial(format!("what_is_left_to_the_kernel_is_right_{plan}"), move || left_to_the_kernel(plan)));
        }
        let version = if v6 { "v6" } else { "v4" };
        trials.push(trial(format!("a_narrow_path_{version}"), move || a_narrow_path(v6)));
    }
    trials
}

/// Makes the kernel of this namespace a router that answers every error.
pub(crate) fn let_the_kernel_forward() {
    fs::write("/proc/sys/net/ipv4/ip_forward", "1").expect("forwarding of IPv4");
    fs::write("/proc/sys/net/ipv6/conf/all/forwarding", "1").expect("forwarding of IPv6");
    // Its limit on ICMP errors would swallow the third in a row.
    fs::write("/proc/sys/net/ipv4/icmp_ratelimit", "0").expect("no limit in IPv4");
    fs::write("/proc/sys/net/ipv6/icmp/ratelimit", "0").expect("no limit in IPv6");
}

/// A receiver on a second device, where every packet is complete and every checksum is looked at. A kernel that receives for
/// itself does not look at what it was told to finish, so only a forwarded packet shows whether it was told right.
fn left_to_the_kernel(plan: Plan) {
    let_the_kernel_forward();
    let mut client = Net::open(plan);
    let mut far = Far::open(plan.v6, 1_500);
    let flow = client.connect(far.address);
    far.receive_from(&mut client, flow);
    assert_eq!(far.driver.stack().counters().dropped(DropReason::TcpChecksum), 0);
    let lost: u64 = client.driver.device_counters().iter().map(|device| device.frames_lost).sum();
    assert_eq!(lost, 0, "the device takes all frames");
}

/// The router's second link is narrower than both ends know.
fn a_narrow_path(v6: bool) {
    let_the_kernel_forward();
    let mut client = Net::open(Plan { v6, virtio: VirtioHeader::Without, ..Plan::TUN });
    let mut far = Far::open(v6, 1_300);
    let flow = client.connect(far.address);
    far.receive_from(&mut client, flow);
    let segment = client.driver.stack().tcp_status(flow).expect("a connection").segment_octets;
    let headers = if v6 { 60 } else { 40 };
    assert!(segment <= 1_300 - headers, "segments of {segment} octets do not fit");
}

/// A stack of ours behind the kernel, with a listener.
struct Far {
    driver: Driver,
    listener: ListenerId,
    address: SocketAddr,
}

impl Far {
    /// On a device of its own with another MTU than the stack believes.
    fn open(v6: bool, mtu: u16) -> Far {
        let mut device = Tun::open("t1", Layer::Ip, VirtioHeader::Without).expect("a second device");
        device.set_mtu(mtu).expect("an MTU");
        let (kernel, ours) = (address(v6, "10.8.0.1", "fd00:8::1"), address(v6, "10.8.0.2", "fd00:8::2"));
        let prefix_len = if v6 { 64 } else { 24 };
        interface::add_address("t1", kernel, prefix_len).expect("the kernel's address");
        interface::set_up("t1").expect("up");
        let mut driver = Driver::new(Stack::new(Config::default(), [7; 32])).expect("a driver");
        let link = attach(&mut driver, device, Cidr::new(ours, prefix_len).expect("a prefix"), Some(1_500));
        let now = driver.now();
        driver.stack().add_route(now, Route { link: Some(link), ..Route::default_via(kernel) }).expect("a route");
        let listener = driver.stack().tcp_listen(now, ListenOptions::on_port(7_000)).expect("a listener");
        Far { driver, listener, address: SocketAddr::new(ours, 7_000) }
    }

    /// All that the client sends on `flow` arrives unchanged.
    fn receive_from(&mut self, client: &mut Net, flow: FlowId) {
        let data: Vec<u8> = (0..OCTETS).map(|at| (at * 31 / 7) as u8).collect();
        let (mut sent, mut received, mut accepted) = (0, Vec::new(), None);
        let listener = self.listener;
        run_all(&mut [&mut client.driver, &mut self.driver], "a transfer through the kernel", |drivers| {
            let now = drivers[0].now();
            while let Some(rest) = data.get(sent..).filter(|rest| !rest.is_empty()) {
                let Ok(len) = drivers[0].stack().tcp_send(now, flow, rest) else { break };
                sent += len;
            }
            let now = drivers[1].now();
            accepted = accepted.or_else(|| drivers[1].stack().tcp_accept(now, listener));
            let mut chunk = vec![0; 65_536];
            while let Some(Ok(len)) = accepted.map(|peer| drivers[1].stack().tcp_receive(now, peer, &mut chunk)) {
                received.extend_from_slice(&chunk[..len]);
            }
            (received.len() == OCTETS).then_some(())
        });
        assert!(received == data, "the data arrived changed");
    }
}
