//! What a scenario means for the room of a program: addresses, routes, names, and the kernel's settings.
//!
//! The kernel repeats SYNs less often than it would, and the resolver waits less long, unless the plan asks for real
//! time, so that silence does not take minutes. Where few ports are to be free, the others of a narrow range are held
//! by sockets of this process; only those of TCP, so that names can still be asked for.

use std::fs;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::os::fd::OwnedFd;
use std::path::PathBuf;

use rustix::net::{AddressFamily, SocketFlags, SocketType, bind, socket_with, sockopt};
use synsent_explain::Ladder;
use synsent_host::interface::RouteKind;
use synsent_host::room::{LineChoice, Room, Route, Setup};
use synsent_lab::Scenario;
use synsent_stack::Cidr;

use crate::plan::{Medium, Plan};

/// How often a SYN is repeated with pauses that grow, and before that with pauses of a second, where time is not to be
/// real and the scenario says nothing. The kernel gives up by the clock as well: it repeats the SYN twice, and an
/// opening that nobody answers is over after three seconds.
const GROWING: u32 = 1;
const LINEAR: u32 = 2;
/// How often a SYN is repeated on a kernel on which all pauses grow: an opening is over after seven seconds.
const GROWING_ALONE: u32 = 2;
/// How often Linux repeats one where nobody changed it.
const LINUX_SYN_RETRIES: u32 = 6;
/// How many ports are held beyond those that are to be free: the range of a program that asks for names must not be too
/// narrow.
const HELD_PORTS: u16 = 32;
/// Where the narrow range begins.
const FIRST_PORT: u16 = 40_000;

/// The setting for the repetitions of a SYN with growing pauses.
const RETRIES_SETTING: &str = "net.ipv4.tcp_syn_retries";
/// The setting for those before, with pauses that do not grow; older kernels know none.
const LINEAR_SETTING: &str = "net.ipv4.tcp_syn_linear_timeouts";

/// How often the kernel outside repeats a SYN: with growing pauses, and before that; `None` where it knows no such
/// pauses.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct OutsideLadder {
    growing: u32,
    linear: Option<u32>,
}

impl OutsideLadder {
    /// To be read before the room is entered.
    pub(crate) fn read() -> OutsideLadder {
        let setting = |name: &str| {
            let text = fs::read_to_string(format!("/proc/sys/{}", name.replace('.', "/"))).ok()?;
            text.trim().parse().ok()
        };
        let growing = setting(RETRIES_SETTING).unwrap_or(LINUX_SYN_RETRIES);
        OutsideLadder { growing, linear: setting(LINEAR_SETTING) }
    }

    /// What the room's kernel is told: growing and before.
    fn inside(&self, plan: &Plan, scenario: &Scenario) -> (u32, Option<u32>) {
        match (scenario.syn_retries(), plan.real_time, self.linear) {
            (Some(retries), _, linear) => (u32::from(retries), linear.map(|_| 0)),
            (None, true, linear) => (self.growing, linear),
            (None, false, Some(_)) => (GROWING, Some(LINEAR)),
            (None, false, None) => (GROWING_ALONE, None),
        }
    }

    /// The ladder as it is in the room, and as it would be outside.
    pub(crate) fn recorded(&self, room: &Room) -> Ladder {
        let inside = |name: &str| room.sysctl(name).ok().and_then(|value| value.parse().ok());
        Ladder {
            syn_retries: inside(RETRIES_SETTING).unwrap_or(self.growing),
            default_syn_retries: self.growing,
            linear_timeouts: inside(LINEAR_SETTING).or(self.linear).unwrap_or(0),
            default_linear_timeouts: self.linear.unwrap_or(0),
        }
    }
}

/// The room of a scenario.
pub(crate) fn setup(plan: &Plan, scenario: &Scenario, outside: OutsideLadder) -> Setup {
    let networks: Vec<Cidr> = scenario.our_addresses().collect();
    let routers: Vec<IpAddr> = scenario.router_addresses().collect();
    let route = |to: Cidr| {
        // A router outside our networks is none to the kernel; the line is the way then.
        let can_be = |router: &&IpAddr| {
            router.is_ipv4() == to.addr().is_ipv4() && networks.iter().any(|network| network.contains(**router))
        };
        let gateway = routers.iter().find(can_be).copied();
        Route { network: to.addr(), prefix_len: to.prefix_len(), gateway, kind: RouteKind::Unicast }
    };
    let has_way = |to: &Cidr| networks.iter().any(|network| network.addr().is_ipv4() == to.addr().is_ipv4());
    Setup {
        addresses: networks.iter().map(|network| (network.addr(), network.prefix_len())).collect(),
        routes: scenario.our_routes().filter(has_way).map(route).collect(),
        mtu: Some(scenario.our_mtu()),
        sysctls: settings(plan, scenario, outside),
        files: files(plan, scenario),
        line: match plan.medium {
            Medium::Auto => LineChoice::Auto,
            Medium::Tun => LineChoice::Tun,
            Medium::Veth => LineChoice::Veth,
        },
        ..Setup::default()
    }
}

/// The kernel's settings, the range of ports among them.
fn settings(plan: &Plan, scenario: &Scenario, outside: OutsideLadder) -> Vec<(String, String)> {
    let (growing, linear) = outside.inside(plan, scenario);
    let mut settings = vec![(RETRIES_SETTING.to_owned(), growing.to_string())];
    settings.extend(linear.map(|linear| (LINEAR_SETTING.to_owned(), linear.to_string())));
    if let Some(free) = scenario.free_ports() {
        let last = FIRST_PORT.saturating_add(HELD_PORTS - 1).saturating_add(free);
        settings.push(("net.ipv4.ip_local_port_range".to_owned(), format!("{FIRST_PORT} {last}")));
    }
    settings
}

/// Holds the ports that are not to be free, as long as the answer lives. To be called inside the room.
pub(crate) fn hold_ports(scenario: &Scenario) -> io::Result<Vec<OwnedFd>> {
    if scenario.free_ports().is_none() {
        return Ok(Vec::new());
    }
    let mut held = Vec::new();
    for port in FIRST_PORT..FIRST_PORT + HELD_PORTS {
        held.push(hold(SocketAddr::from((Ipv4Addr::UNSPECIFIED, port)))?);
        match hold(SocketAddr::from((Ipv6Addr::UNSPECIFIED, port))) {
            Ok(socket) => held.push(socket),
            // A kernel without IPv6 has no such port.
            Err(error) if error.raw_os_error() == Some(rustix::io::Errno::AFNOSUPPORT.raw_os_error()) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(held)
}

fn hold(at: SocketAddr) -> io::Result<OwnedFd> {
    let family = if at.is_ipv4() { AddressFamily::INET } else { AddressFamily::INET6 };
    let socket = socket_with(family, SocketType::STREAM, SocketFlags::CLOEXEC, None)?;
    if at.is_ipv6() {
        sockopt::set_ipv6_v6only(&socket, true)?;
    }
    bind(&socket, &at)?;
    Ok(socket)
}

/// What stands in the files that resolvers read.
fn files(plan: &Plan, scenario: &Scenario) -> Vec<(PathBuf, Vec<u8>)> {
    let mut servers: Vec<IpAddr> = scenario.name_server_addresses().collect();
    // The second one is the same machine: asking it too would only take more time.
    servers.sort_by_key(IpAddr::is_ipv6);
    let mut resolver: String = servers.first().map(|server| format!("nameserver {server}\n")).unwrap_or_default();
    if !plan.real_time {
        resolver.push_str("options timeout:1 attempts:2\n");
    }
    let own = rustix::system::uname().nodename().to_string_lossy().into_owned();
    let hosts = format!("127.0.0.1 localhost\n::1 localhost ip6-localhost ip6-loopback\n127.0.1.1 {own}\n");
    let files = [("/etc/resolv.conf", resolver), ("/etc/hosts", hosts), ("/etc/nsswitch.conf", name_services())];
    files.map(|(path, text)| (PathBuf::from(path), text.into_bytes())).to_vec()
}

/// The name services of the machine, but hosts from files and then from the name server.
fn name_services() -> String {
    let real = fs::read_to_string("/etc/nsswitch.conf").unwrap_or_default();
    let others = real.lines().filter(|line| !line.trim_start().starts_with("hosts:"));
    others.chain(["hosts: files dns"]).flat_map(|line| [line, "\n"]).collect()
}
