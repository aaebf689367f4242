//! Devices against the kernel, without a stack: what a socket of the kernel sends is read from the device as a frame, turned
//! round by hand and written back, and the socket receives it.

#[path = "common/skip.rs"]
mod skip;
#[path = "common/world.rs"]
mod world;

use std::net::{IpAddr, Ipv4Addr, SocketAddr, UdpSocket};
use std::process::ExitCode;
use std::time::{Duration, Instant};

use synsent_host::{Device, FRAME_MAX_OCTETS, Layer, OpenError, PacketSocket, Sent, Tun, VirtioHeader, interface};
use synsent_stack::Medium;
use synsent_wire::checksum;
use world::trial;

const KERNEL: Ipv4Addr = Ipv4Addr::new(10, 9, 0, 1);
const OURS: Ipv4Addr = Ipv4Addr::new(10, 9, 0, 2);

fn main() -> ExitCode {
    let mut trials = Vec::new();
    for virtio in [VirtioHeader::With, VirtioHeader::Without] {
        trials.push(trial(format!("tun_echo_{virtio:?}_virtio_header"), move || tun_echo(Layer::Ip, virtio)));
        trials.push(trial(format!("tap_echo_{virtio:?}_virtio_header"), move || tun_echo(Layer::Ethernet, virtio)));
        trials.push(trial(format!("packet_echo_{virtio:?}_virtio_header"), move || packet_echo(virtio)));
    }
    trials.push(trial("a_device_has_one_owner", a_device_has_one_owner));
    trials.push(trial("another_kind_of_interface_is_no_tun", another_kind_of_interface_is_no_tun));
    trials.push(trial("a_missing_interface_is_named", a_missing_interface_is_named));
    trials.push(trial("the_mtu_is_set_on_both_ends", the_mtu_is_set_on_both_ends));
    trials.push(trial("an_ipv6_address_is_usable_at_once", an_ipv6_address_is_usable_at_once));
    trials.push(trial("a_device_that_is_down_loses_frames_and_lives", a_device_that_is_down_loses_frames_and_lives));
    world::run(trials, true)
}

fn open_tun(layer: Layer, virtio: VirtioHeader) -> Tun {
    let tun = Tun::open("t0", layer, virtio).expect("a device");
    interface::add_address("t0", KERNEL.into(), 24).expect("an address");
    interface::set_up("t0").expect("up");
    tun
}

fn tun_echo(layer: Layer, virtio: VirtioHeader) {
    echo(&mut open_tun(layer, virtio), "t0", true);
}

fn packet_echo(virtio: VirtioHeader) {
    interface::add_veth("v0", "v1").expect("a pair");
    interface::add_address("v0", KERNEL.into(), 24).expect("an address");
    // The neighbour in the same kernel leaves its checksums to a cable that does nothing; only the header tells.
    let checked = virtio == VirtioHeader::With;
    echo(&mut PacketSocket::open("v1", virtio).expect("a socket"), "v0", checked);
}

/// A datagram of the kernel comes back to it, through ARP where there is Ethernet.
fn echo(device: &mut dyn Device, kernel_end: &str, checked: bool) {
    let socket = UdpSocket::bind((KERNEL, 0)).expect("a socket");
    socket.set_read_timeout(Some(Duration::from_secs(10))).expect("a timeout");
    let patience = std::time::Instant::now() + Duration::from_secs(10);
    while !interface::is_running(kernel_end).expect("flags") {
        assert!(std::time::Instant::now() < patience, "{kernel_end} does not come up");
        std::thread::sleep(Duration::from_millis(5));
    }
    socket.send_to(b"there and back", (OURS, 7)).expect("sent");
    answer_until(device, checked, |packet| packet.windows(14).any(|window| window == b"there and back"));
    let mut received = [0; 64];
    let (len, from) = socket.recv_from(&mut received).expect("the echo");
    assert_eq!((&received[..len], from), (&b"there and back"[..], SocketAddr::from((OURS, 7))));
}

/// Turns round whatever arrives until one packet was the last that is waited for.
fn answer_until(device: &mut dyn Device, checked: bool, last: impl Fn(&[u8]) -> bool) {
    let header_len = if matches!(device.medium(), Medium::Ethernet(_)) { 14 } else { 0 };
    let mut frame = vec![0; FRAME_MAX_OCTETS];
    let end = Instant::now() + Duration::from_secs(10);
    while Instant::now() < end {
        let Some((len, received)) = device.receive(&mut frame).expect("a frame") else {
            wait_readable(device);
            continue;
        };
        let frame = &mut frame[..len];
        let done = last(frame);
        if let Medium::Ethernet(ours) = device.medium() {
            frame.copy_within(6..12, 0);
            frame[6..12].copy_from_slice(&ours.0);
            if frame[12..14] == [8, 6] {
                answer_arp(frame, ours.0);
                assert_eq!(device.transmit(frame, None).expect("sent"), Sent::Done);
                continue;
            }
        }
        let packet = &mut frame[header_len..];
        if packet[0] >> 4 != 4 || packet[9] != 17 {
            continue;
        }
        turn_round(packet, received.checksum_valid || !checked);
        assert_eq!(device.transmit(frame, None).expect("sent"), Sent::Done);
        if done {
            return;
        }
    }
    panic!("nothing arrived");
}

fn wait_readable(device: &dyn Device) {
    let descriptor = device.descriptor();
    let mut wait = [rustix::event::PollFd::new(&descriptor, rustix::event::PollFlags::IN)];
    let timeout = rustix::event::Timespec { tv_sec: 10, tv_nsec: 0 };
    rustix::event::poll(&mut wait, Some(&timeout)).expect("poll");
}

/// RFC 826: the reply has both pairs of addresses swapped and ours filled in.
fn answer_arp(frame: &mut [u8], ours: [u8; 6]) {
    let arp = &mut frame[14..42];
    let target: [u8; 4] = arp[24..28].try_into().expect("four octets");
    arp[7] = 2;
    arp.copy_within(8..18, 18);
    arp[8..14].copy_from_slice(&ours);
    arp[14..18].copy_from_slice(&target);
}

/// Swaps the addresses and ports of a UDP datagram over IPv4. Neither changes a sum; one that was left unfinished is finished.
fn turn_round(packet: &mut [u8], unfinished_is_right: bool) {
    let header_len = usize::from(packet[0] & 15) * 4;
    if !unfinished_is_right {
        let (source, destination) = (address(packet, 12), address(packet, 16));
        let udp = &packet[header_len..];
        let pseudo = checksum::pseudo_header(source, destination, 17, udp.len() as u32);
        assert_eq!(pseudo.add_bytes(udp).finish(), 0, "a complete packet has a right checksum");
    }
    let (a, b) = packet[12..20].split_at_mut(4);
    a.swap_with_slice(b);
    packet.copy_within(header_len..header_len + 2, header_len + 2);
    packet[header_len..header_len + 2].copy_from_slice(&7_u16.to_be_bytes());
    let port = packet_port(packet, header_len);
    let (source, destination) = (address(packet, 12), address(packet, 16));
    let udp = &mut packet[header_len..];
    udp[..2].copy_from_slice(&7_u16.to_be_bytes());
    udp[2..4].copy_from_slice(&port);
    udp[6..8].fill(0);
    let pseudo = checksum::pseudo_header(source, destination, 17, udp.len() as u32);
    let sum = pseudo.add_bytes(udp).finish();
    udp[6..8].copy_from_slice(&sum.to_be_bytes());
}

fn packet_port(packet: &[u8], header_len: usize) -> [u8; 2] {
    [packet[header_len + 2], packet[header_len + 3]]
}

fn address(packet: &[u8], at: usize) -> IpAddr {
    let octets: [u8; 4] = packet[at..at + 4].try_into().expect("four octets");
    Ipv4Addr::from(octets).into()
}

fn a_device_has_one_owner() {
    let _first = open_tun(Layer::Ip, VirtioHeader::With);
    let second = Tun::open("t0", Layer::Ip, VirtioHeader::With).expect_err("in use");
    assert!(matches!(second, OpenError::Busy { .. }), "{second}");
    assert!(second.to_string().contains("in use by another process"));
}

fn another_kind_of_interface_is_no_tun() {
    interface::add_veth("v0", "v1").expect("a pair");
    let error = Tun::open("v0", Layer::Ip, VirtioHeader::With).expect_err("a veth");
    assert!(matches!(error, OpenError::WrongKind { .. }), "{error}");
    assert!(matches!(PacketSocket::open("lo", VirtioHeader::With), Err(OpenError::Other(_))), "lo is no Ethernet");
}

fn a_missing_interface_is_named() {
    let error = PacketSocket::open("nowhere0", VirtioHeader::With).expect_err("nothing there");
    assert_eq!(error.to_string(), "there is no interface nowhere0");
}

fn the_mtu_is_set_on_both_ends() {
    let mut tun = Tun::open("t0", Layer::Ip, VirtioHeader::Without).expect("a device");
    assert_eq!(tun.mtu(), 1_500);
    tun.set_mtu(9_000).expect("a larger MTU");
    assert_eq!((tun.mtu(), interface::mtu("t0").expect("the MTU")), (9_000, 9_000));
}

fn an_ipv6_address_is_usable_at_once() {
    let _tun = Tun::open("t0", Layer::Ethernet, VirtioHeader::With).expect("a device");
    interface::set_up("t0").expect("up");
    let address = "fd00::1".parse().expect("an address");
    interface::add_address("t0", address, 64).expect("an address");
    interface::add_address("t0", address, 64).expect("once more is no error");
    UdpSocket::bind((address, 0)).expect("an address that is not tentative");
}

fn a_device_that_is_down_loses_frames_and_lives() {
    let mut tun = open_tun(Layer::Ip, VirtioHeader::With);
    interface::set_down("t0").expect("down");
    assert_eq!(tun.transmit(&[0x45; 40], None).expect("lost, not broken"), Sent::Lost(libc::EIO));
    interface::set_up("t0").expect("up");
    echo(&mut tun, "t0", true);
}
