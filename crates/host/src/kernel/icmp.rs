//! The kernel's queue of ICMP errors about a socket: who sent one, and what it said.
//!
//! The queue is switched on for an opening that was not over at once, and off again when it is over, because with it on
//! the kernel tells an open connection also of errors that may pass.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::os::fd::{AsRawFd as _, OwnedFd};

use rustix::io::Errno;
use synsent_sockets::{Domain, Outcome};
use synsent_stack::IcmpCause;

use super::settings;

/// How much one entry of the queue tells beside the packet: an error record, an address, and headers. Unit: octets.
const ENTRY_ROOM: usize = 256;
const V4_UNREACHABLE: u8 = 3;
const V4_TIME_EXCEEDED: u8 = 11;
const V6_UNREACHABLE: u8 = 1;
const V6_TIME_EXCEEDED: u8 = 3;

/// An ICMP error about a segment of this socket.
#[derive(Clone, Copy, Debug)]
pub(super) struct Told {
    pub(super) from: IpAddr,
    pub(super) cause: IcmpCause,
}

/// Control messages are aligned as their headers are.
#[repr(align(8))]
struct Room([u8; ENTRY_ROOM]);

/// Switches the queue on or off. Where that fails the reasons say less.
pub(super) fn listen(descriptor: &OwnedFd, domain: Domain, on: bool) {
    let (level, name) = match domain {
        Domain::Inet4 => (libc::IPPROTO_IP, libc::IP_RECVERR),
        Domain::Inet6 => (libc::IPPROTO_IPV6, libc::IPV6_RECVERR),
        Domain::Local => return,
    };
    let _ = settings::set_number(descriptor, level, name, on.into());
}

/// Empties the queue; the last entry that came from the network.
pub(super) fn take(descriptor: &OwnedFd) -> Option<Told> {
    let mut last = None;
    while let Some(entry) = next(descriptor) {
        last = entry.or(last);
    }
    last
}

/// The number that the kernel has for such an error.
pub(super) fn number(cause: IcmpCause) -> Errno {
    match Outcome::of_icmp(cause) {
        Outcome::Refused => Errno::CONNREFUSED,
        Outcome::NetworkUnreachable => Errno::NETUNREACH,
        Outcome::Prohibited => Errno::ACCESS,
        _ => Errno::HOSTUNREACH,
    }
}

/// The next entry; `Some(None)` for one that is not an ICMP error.
fn next(descriptor: &OwnedFd) -> Option<Option<Told>> {
    let mut room = Room([0; ENTRY_ROOM]);
    // SAFETY: all zeroes are a valid value of this struct: no buffers and no address.
    let mut message: libc::msghdr = unsafe { std::mem::zeroed() };
    message.msg_control = room.0.as_mut_ptr().cast();
    message.msg_controllen = ENTRY_ROOM;
    // SAFETY: the message names the room for control messages and nothing else to write to; it lives longer than the call.
    let result =
        unsafe { libc::recvmsg(descriptor.as_raw_fd(), &mut message, libc::MSG_ERRQUEUE | libc::MSG_DONTWAIT) };
    if result < 0 {
        return None;
    }
    // SAFETY: the kernel filled the control messages of this struct, whose room is still there.
    let mut header = unsafe { libc::CMSG_FIRSTHDR(&message) };
    while !header.is_null() {
        // SAFETY: the macro answers with a pointer to a whole header inside the room, or with null.
        let (level, kind, len) = unsafe { ((*header).cmsg_level, (*header).cmsg_type, (*header).cmsg_len) };
        let address_len = match (level, kind) {
            (libc::IPPROTO_IP, libc::IP_RECVERR) => Some(size_of::<libc::sockaddr_in>()),
            (libc::IPPROTO_IPV6, libc::IPV6_RECVERR) => Some(size_of::<libc::sockaddr_in6>()),
            _ => None,
        };
        if let Some(address_len) = address_len {
            if len < size_of::<libc::cmsghdr>() + size_of::<libc::sock_extended_err>() + address_len {
                // The kernel had no room for all of it.
                return Some(None);
            }
            // SAFETY: the kernel puts an error record with the offender's address behind a header of this kind, and both are
            // there, as the length says; the record is read without assuming its alignment.
            let record: libc::sock_extended_err =
                unsafe { libc::CMSG_DATA(header).cast::<libc::sock_extended_err>().read_unaligned() };
            // SAFETY: the offender's address follows the record, and the room behind it is larger than any address.
            let offender = unsafe { libc::CMSG_DATA(header).add(size_of::<libc::sock_extended_err>()) };
            return Some(read_record(&record, offender));
        }
        // SAFETY: header and message are those that the kernel filled.
        header = unsafe { libc::CMSG_NXTHDR(&message, header) };
    }
    Some(None)
}

fn read_record(record: &libc::sock_extended_err, offender: *const u8) -> Option<Told> {
    let is_v4 = record.ee_origin == libc::SO_EE_ORIGIN_ICMP;
    if !is_v4 && record.ee_origin != libc::SO_EE_ORIGIN_ICMP6 {
        return None;
    }
    let cause = match (is_v4, record.ee_type) {
        (true, V4_UNREACHABLE) => IcmpCause::V4Unreachable(record.ee_code),
        (false, V6_UNREACHABLE) => IcmpCause::V6Unreachable(record.ee_code),
        (true, V4_TIME_EXCEEDED) | (false, V6_TIME_EXCEEDED) => IcmpCause::TimeExceeded { code: record.ee_code },
        _ => IcmpCause::ParameterProblem { code: record.ee_code, pointer: record.ee_info },
    };
    // SAFETY: the caller's room reaches as far as any socket address behind the record; alignment is not assumed.
    let family = unsafe { offender.cast::<libc::sa_family_t>().read_unaligned() };
    let from = match i32::from(family) {
        libc::AF_INET => {
            // SAFETY: the kernel wrote an address of this family, which is such a struct.
            let address = unsafe { offender.cast::<libc::sockaddr_in>().read_unaligned() };
            IpAddr::V4(Ipv4Addr::from(u32::from_be(address.sin_addr.s_addr)))
        }
        libc::AF_INET6 => {
            // SAFETY: the kernel wrote an address of this family, which is such a struct.
            let address = unsafe { offender.cast::<libc::sockaddr_in6>().read_unaligned() };
            IpAddr::V6(Ipv6Addr::from(address.sin6_addr.s6_addr))
        }
        _ => return None,
    };
    Some(Told { from, cause })
}
