//! What a C program of the host passes to the dialects of BSD and POSIX: names where its compiler lays out their fields, and the
//! numbers of its headers.
#![cfg(target_os = "linux")]

use core::mem::{offset_of, size_of};
use core::net::{Ipv6Addr, SocketAddrV6};
use std::sync::Arc;

use synsent_dialects::{Entered, NameFormat, Process, bs2000, targettcp};
use synsent_lab::{LabNetwork, Neighbourhood, Participation, SharedLab};
use synsent_sockets::{LocalName, Name};

/// A process of BS2000 on a host of a lab, for as long as this lives, and the host's address of IPv6.
fn process() -> (Ipv6Addr, Entered, Participation) {
    let net = Neighbourhood::new(1);
    let (us, ours) = (net.us.host, net.us.v6);
    let network: Arc<LabNetwork> = LabNetwork::new(&SharedLab::new(net.lab), us);
    let participation = network.participate();
    (ours, Process::new(&bs2000::BS2000, network).enter(), participation)
}

fn put<const SIZE: usize>(name: &mut [u8; SIZE], at: usize, octets: &[u8]) {
    name[at..at + octets.len()].copy_from_slice(octets);
}

fn sockaddr_in(address: [u8; 4], port: u16) -> [u8; size_of::<libc::sockaddr_in>()] {
    let mut name = [0; size_of::<libc::sockaddr_in>()];
    put(&mut name, offset_of!(libc::sockaddr_in, sin_family), &(libc::AF_INET as libc::sa_family_t).to_ne_bytes());
    put(&mut name, offset_of!(libc::sockaddr_in, sin_port), &port.to_be_bytes());
    put(&mut name, offset_of!(libc::sockaddr_in, sin_addr), &address);
    name
}

fn sockaddr_in6(of: SocketAddrV6) -> [u8; size_of::<libc::sockaddr_in6>()] {
    let mut name = [0; size_of::<libc::sockaddr_in6>()];
    put(&mut name, offset_of!(libc::sockaddr_in6, sin6_family), &(libc::AF_INET6 as libc::sa_family_t).to_ne_bytes());
    put(&mut name, offset_of!(libc::sockaddr_in6, sin6_port), &of.port().to_be_bytes());
    put(&mut name, offset_of!(libc::sockaddr_in6, sin6_flowinfo), &of.flowinfo().to_ne_bytes());
    put(&mut name, offset_of!(libc::sockaddr_in6, sin6_addr), &of.ip().octets());
    put(&mut name, offset_of!(libc::sockaddr_in6, sin6_scope_id), &of.scope_id().to_ne_bytes());
    name
}

fn sockaddr_un(path: &[u8]) -> Vec<u8> {
    let mut name = vec![0; offset_of!(libc::sockaddr_un, sun_path) + path.len() + 1];
    let family = offset_of!(libc::sockaddr_un, sun_family);
    name[family..family + 2].copy_from_slice(&(libc::AF_UNIX as libc::sa_family_t).to_ne_bytes());
    let at = offset_of!(libc::sockaddr_un, sun_path);
    name[at..at + path.len()].copy_from_slice(path);
    name
}

#[test]
fn names_lie_in_memory_as_a_c_program_has_them() {
    let v4: std::net::SocketAddr = ([192, 0, 2, 7], 0x1234).into();
    let v6 = SocketAddrV6::new("2001:db8::7".parse().unwrap(), 0x5678, 0x0102_0304, 9);
    let both: [&NameFormat; 2] = [&bs2000::BS2000.names, &targettcp::TARGETTCP.names];
    for format in both {
        assert_eq!(format.encode(&v4.into()), sockaddr_in([192, 0, 2, 7], 0x1234));
        assert_eq!(format.encode(&Name::Inet(v6.into())), sockaddr_in6(v6));
        assert_eq!(i32::from(format.unspecified), libc::AF_UNSPEC);
    }
    let path = Name::Local(LocalName::new(b"/run/s"));
    assert_eq!(bs2000::BS2000.names.encode(&path), sockaddr_un(b"/run/s"));
}

#[test]
fn a_name_that_a_c_program_gives_is_the_one_that_it_gets_back() {
    let (ours, _entered, _participation) = process();
    let back = |family: i32, given: &[u8]| {
        let s = bs2000::socket(family, libc::SOCK_DGRAM, 0);
        assert!(s >= 0, "errno {}", bs2000::errno());
        assert_eq!(bs2000::bind(s, given, given.len() as i32), 0, "errno {}", bs2000::errno());
        let (mut name, mut len) = ([0; size_of::<libc::sockaddr_storage>()], 0);
        len += name.len() as i32;
        assert_eq!(bs2000::getsockname(s, &mut name[..], &mut len), 0);
        name[..len as usize].to_vec()
    };
    let v4 = sockaddr_in([127, 0, 0, 1], 4_000);
    assert_eq!(back(libc::AF_INET, &v4), v4);
    let v6 = sockaddr_in6(SocketAddrV6::new(ours, 4_000, 0, 0));
    assert_eq!(back(libc::AF_INET6, &v6), v6);
}

/// Two headers under one name: the host's and the dialects'.
macro_rules! same {
    ($($name:ident)*) => {
        [$((stringify!($name), i64::from(bs2000::$name), libc::$name as i64),)*]
    };
}

#[test]
#[cfg(any(target_arch = "x86_64", target_arch = "aarch64", target_arch = "riscv64"))]
fn numbers_are_those_of_the_host() {
    let rows = same! {
        AF_UNSPEC AF_UNIX AF_INET AF_INET6 SOCK_STREAM SOCK_DGRAM
        IPPROTO_IP IPPROTO_TCP IPPROTO_UDP IPPROTO_IPV6 SOL_SOCKET
        SO_REUSEADDR SO_TYPE SO_ERROR SO_DONTROUTE SO_BROADCAST SO_SNDBUF SO_RCVBUF SO_KEEPALIVE SO_OOBINLINE SO_LINGER
        SO_RCVTIMEO SO_SNDTIMEO SO_ACCEPTCONN TCP_NODELAY IP_TOS IP_TTL IP_MULTICAST_TTL
        IPV6_UNICAST_HOPS IPV6_MULTICAST_HOPS IPV6_V6ONLY
        MSG_OOB MSG_PEEK MSG_DONTROUTE MSG_DONTWAIT MSG_WAITALL MSG_NOSIGNAL SHUT_RD SHUT_WR SHUT_RDWR
        POLLIN POLLPRI POLLOUT POLLERR POLLHUP POLLNVAL POLLRDNORM POLLWRNORM
        FIONBIO FIONREAD F_GETFL F_SETFL O_NONBLOCK
    };
    for (name, ours, of_host) in rows {
        assert_eq!(ours, of_host, "{name}");
    }
}
