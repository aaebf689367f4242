//! The network of a room: what the program sees of it, and data that pass over either kind of line.

use std::ffi::OsString;
use std::io::{Read, Write};
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use rustix::mount::{MountFlags, MountPropagationFlags};
use synsent_host::room::{Ending, LineChoice, LineKind, Program, Room, Setup};
use synsent_host::{Device, DeviceNetwork, Driver, Engine};
use synsent_sockets::{Domain, Kind, Name, Network, Progress, ReceiveHow, SendHow, Settings, Socket};
use synsent_stack::{Cidr, Config, DropReason, LinkConfig, Offload, Stack};

use crate::stage::{ROUTER, ROUTER_6, enter, enter_with, is_root, setup, sh};

fn interfaces(room: &Room) -> Vec<String> {
    let table = sh(room, "cat /proc/net/dev");
    let mut names: Vec<String> =
        table.lines().skip(2).filter_map(|line| Some(line.split_once(':')?.0.trim().to_owned())).collect();
    names.sort();
    names
}

pub(crate) fn the_program_sees_its_own_network() {
    let room = enter();
    assert_eq!(interfaces(&room), ["lo", "net0"]);
    if room.line() == LineKind::Veth {
        assert!(room.notes().iter().any(|note| note.contains("TUN")), "{:?}", room.notes());
    }
    assert!(sh(&room, "cat /proc/net/route").contains("net0\t00000000\t0100010A"));
    assert!(sh(&room, "cat /proc/net/if_inet6").contains(" lo\n"));
}

pub(crate) fn a_pair_looks_like_a_device() {
    let setup = Setup { line: LineChoice::Veth, mtu: Some(1_400), ..setup() };
    let (room, device) = Room::enter(&setup).unwrap_or_else(|refusal| panic!("{refusal}"));
    assert_eq!((room.line(), device.mtu()), (LineKind::Veth, 1_400));
    assert!(room.notes().is_empty(), "{:?}", room.notes());
    assert_eq!(interfaces(&room), ["lo", "net0"]);
}

pub(crate) fn settings_are_the_rooms() {
    let sysctls = vec![
        ("net.ipv4.tcp_syn_retries".to_owned(), "2".to_owned()),
        ("net.ipv4.no_such_setting".to_owned(), "1".to_owned()),
    ];
    let room = enter_with(&Setup { sysctls, ..setup() });
    assert_eq!(room.sysctl("net.ipv4.tcp_syn_retries").expect("a value"), "2");
    assert_eq!(sh(&room, "cat /proc/sys/net/ipv4/tcp_syn_retries"), "2\n");
    let told = room.notes().iter().any(|note| note.starts_with("net.ipv4.no_such_setting could not be set to 1"));
    assert!(told, "{:?}", room.notes());
}

/// In a container /proc/sys cannot be written to; who may mount another one can.
pub(crate) fn settings_are_set_though_proc_is_read_only() {
    if !is_root() {
        return;
    }
    // SAFETY: the process has one thread, and gets its own table of mounts.
    unsafe { rustix::thread::unshare_unsafe(rustix::thread::UnshareFlags::NEWNS) }.expect("a mount namespace");
    rustix::mount::mount_change("/", MountPropagationFlags::PRIVATE | MountPropagationFlags::REC).expect("privacy");
    rustix::mount::mount_bind("/proc/sys", "/proc/sys").expect("a mount");
    rustix::mount::mount_remount("/proc/sys", MountFlags::BIND | MountFlags::RDONLY, "").expect("read-only");
    let retries = "net.ipv4.tcp_syn_retries";
    let open = std::fs::OpenOptions::new().write(true).open("/proc/sys/net/ipv4/tcp_syn_retries");
    open.expect_err("read-only");
    let room = enter_with(&Setup { sysctls: vec![(retries.to_owned(), "2".to_owned())], ..setup() });
    assert_eq!(room.sysctl(retries).expect("a value"), "2");
    assert!(room.notes().is_empty(), "{:?}", room.notes());
}

/// How long nothing may happen.
const PATIENCE: Duration = Duration::from_secs(30);

/// How much is sent there and back.
const DATA_OCTETS: usize = 3_000_000;
const ECHO_PORT: u16 = 7;

fn data() -> Vec<u8> {
    (0..DATA_OCTETS).map(|at| (at ^ at >> 8) as u8).collect()
}

/// Our stack is at the other end of the line and sends back what it gets. It looks at every checksum.
pub(crate) fn data_pass(line: LineChoice) {
    let (room, device) = Room::enter(&Setup { line, ..setup() }).unwrap_or_else(|refusal| panic!("{refusal}"));
    assert_eq!(device.offload(), Offload::default());
    let seed = synsent_host::seed().expect("a seed");
    let mut driver = Driver::new(Stack::new(Config::default(), seed)).expect("a driver");
    let config = LinkConfig {
        medium: device.medium(),
        mtu: device.mtu(),
        offload: device.offload(),
        duplicate_address_detection: 0,
        ..LinkConfig::ip(device.name())
    };
    let link = driver.attach_with(config, device, None).expect("a link");
    let now = driver.now();
    for (address, prefix_len) in [(ROUTER.into(), 24), (ROUTER_6.into(), 64)] {
        driver.stack().add_address(now, link, Cidr::new(address, prefix_len).expect("a prefix")).expect("an address");
    }
    let network = DeviceNetwork::over(Engine::start(driver).expect("an engine")).expect("a network");
    let handle = network.handle();
    let network: Arc<dyn Network> = network;
    for (domain, address) in [(Domain::Inet4, IpAddr::from(ROUTER)), (Domain::Inet6, ROUTER_6.into())] {
        let listener = Socket::new(Arc::clone(&network), domain, Kind::Stream, Settings::default()).expect("a socket");
        listener.bind(&Name::Inet(SocketAddr::new(address, ECHO_PORT))).expect("a port");
        listener.listen(1).expect("a listener");
        std::thread::spawn(move || echo(&listener));
        let talker = ["/proc/self/exe", "inside", "talker", &address.to_string()].map(OsString::from);
        let mut started = room.start(Program::new(talker)).unwrap_or_else(|refusal| panic!("{refusal}"));
        started.release().expect("a program that waits");
        assert_eq!(started.wait().expect("its end"), Ending::Code(0), "{address}");
    }
    let wrong = handle.with(|stack, _| {
        let counters = stack.counters();
        [DropReason::IpChecksum, DropReason::TcpChecksum].map(|reason| counters.dropped(reason))
    });
    assert_eq!(wrong, [0; 2]);
}

fn echo(listener: &Socket) {
    let Ok(Progress::Done((socket, _))) = listener.accept() else { panic!("nobody comes") };
    let mut chunk = vec![0; 64 << 10];
    while let Ok(Progress::Done(received)) = socket.receive(&mut chunk, ReceiveHow::default()) {
        let mut rest = &chunk[..received.octets];
        if rest.is_empty() {
            break;
        }
        while let Ok(Progress::Done(sent)) = socket.send(rest, SendHow::default()) {
            rest = &rest[sent..];
            if rest.is_empty() {
                break;
            }
        }
    }
    let _ = socket.close();
}

/// The program at the near end.
pub(crate) fn talker() {
    let address: IpAddr = std::env::args().next_back().expect("an address").parse().expect("an address");
    let mut stream =
        std::net::TcpStream::connect_timeout(&(address, ECHO_PORT).into(), PATIENCE).expect("a connection");
    stream.set_read_timeout(Some(PATIENCE)).expect("a timeout");
    stream.set_write_timeout(Some(PATIENCE)).expect("a timeout");
    let mut sending = stream.try_clone().expect("another handle");
    let sender = std::thread::spawn(move || {
        sending.write_all(&data()).expect("sent");
        sending.shutdown(std::net::Shutdown::Write).expect("shut down");
    });
    let mut back = Vec::new();
    stream.read_to_end(&mut back).expect("its end");
    sender.join().expect("sent");
    assert!(back == data(), "{} octets came back", back.len());
}
