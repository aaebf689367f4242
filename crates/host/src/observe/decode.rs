//! Calls and their arguments: which calls are looked at, and how the octets of a program's memory are read.
//!
//! Everything here is a function of octets that a program chose, so anything may stand in them: lengths are cut to what a
//! right program needs, and what makes no sense is `None`. Nothing here asks the kernel.

use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr, SocketAddrV4, SocketAddrV6};

use super::event::{Readiness, SocketInode, SocketKind};

/// How many entries of `poll`, and of one answer of `epoll_wait`, are looked at.
pub(super) const WAIT_ENTRIES_MAX: usize = 256;
/// How many descriptors of a `select` are looked at: those that the C library can name.
pub(super) const SELECT_DESCRIPTORS_MAX: usize = 1_024;
/// The longest internet address: that of IPv6.
pub(super) const NAME_OCTETS_MAX: usize = 28;

/// An entry of `poll`.
pub(super) const POLL_ENTRY_OCTETS: usize = 8;
/// An entry of `epoll_wait`, which is packed on x86-64 alone.
pub(super) const EPOLL_ENTRY_OCTETS: usize = if cfg!(target_arch = "x86_64") { 12 } else { 16 };

/// What is done with a call's arguments.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Shape {
    /// `socket`.
    Socket,
    /// `connect`.
    Connect,
    /// `getsockopt`.
    Option,
    /// `accept` and `accept4`.
    Accept,
    /// `bind`.
    Bind,
    /// `shutdown` and `getpeername`: only their result is of interest.
    Plain,
    /// `sendto`.
    SendTo,
    /// `sendmsg` and `sendmmsg`, whose first header may hold an address.
    SendMessage,
    /// `recvfrom`.
    ReceiveFrom,
    /// `recvmsg` and `recvmmsg`.
    ReceiveMessage,
    /// Calls that move octets through the descriptor that is their first argument.
    Move,
    /// `splice`, which has a second descriptor.
    Splice,
    /// `poll` and `ppoll`.
    Poll,
    /// `select` and `pselect6`.
    Select,
    /// `epoll_wait` and its like.
    Epoll,
    /// Calls after which a descriptor may be gone.
    Closes,
    /// `io_uring_setup`.
    Ring,
}

impl Shape {
    /// Whether the call sends or receives.
    pub(super) fn is_data(self) -> bool {
        use Shape::{Move, ReceiveFrom, ReceiveMessage, SendMessage, SendTo, Splice};
        matches!(self, SendTo | SendMessage | ReceiveFrom | ReceiveMessage | Move | Splice)
    }

    /// Whether the call waits for several descriptors.
    pub(super) fn is_wait(self) -> bool {
        matches!(self, Shape::Poll | Shape::Select | Shape::Epoll)
    }
}

/// A call that is looked at.
#[derive(Clone, Copy, Debug)]
pub(super) struct KnownCall {
    pub(super) number: i64,
    pub(super) name: &'static str,
    pub(super) shape: Shape,
    /// Whether it stops every process, or only a watched one.
    pub(super) is_filtered: bool,
}

const fn filtered(number: i64, name: &'static str, shape: Shape) -> KnownCall {
    KnownCall { number, name, shape, is_filtered: true }
}

const fn watched(number: i64, name: &'static str, shape: Shape) -> KnownCall {
    KnownCall { number, name, shape, is_filtered: false }
}

/// All calls that are looked at.
pub(super) const CALLS: &[KnownCall] = &[
    filtered(libc::SYS_socket, "socket", Shape::Socket),
    filtered(libc::SYS_connect, "connect", Shape::Connect),
    filtered(libc::SYS_getsockopt, "getsockopt", Shape::Option),
    filtered(libc::SYS_accept, "accept", Shape::Accept),
    filtered(libc::SYS_accept4, "accept4", Shape::Accept),
    filtered(libc::SYS_bind, "bind", Shape::Bind),
    filtered(libc::SYS_shutdown, "shutdown", Shape::Plain),
    filtered(libc::SYS_sendto, "sendto", Shape::SendTo),
    filtered(libc::SYS_sendmsg, "sendmsg", Shape::SendMessage),
    filtered(libc::SYS_sendmmsg, "sendmmsg", Shape::SendMessage),
    filtered(libc::SYS_recvfrom, "recvfrom", Shape::ReceiveFrom),
    filtered(libc::SYS_recvmsg, "recvmsg", Shape::ReceiveMessage),
    filtered(libc::SYS_recvmmsg, "recvmmsg", Shape::ReceiveMessage),
    filtered(libc::SYS_io_uring_setup, "io_uring_setup", Shape::Ring),
    watched(libc::SYS_getpeername, "getpeername", Shape::Plain),
    watched(libc::SYS_read, "read", Shape::Move),
    watched(libc::SYS_readv, "readv", Shape::Move),
    watched(libc::SYS_write, "write", Shape::Move),
    watched(libc::SYS_writev, "writev", Shape::Move),
    watched(libc::SYS_sendfile, "sendfile", Shape::Move),
    watched(libc::SYS_splice, "splice", Shape::Splice),
    #[cfg(target_arch = "x86_64")]
    watched(libc::SYS_poll, "poll", Shape::Poll),
    watched(libc::SYS_ppoll, "ppoll", Shape::Poll),
    #[cfg(target_arch = "x86_64")]
    watched(libc::SYS_select, "select", Shape::Select),
    watched(libc::SYS_pselect6, "pselect6", Shape::Select),
    #[cfg(target_arch = "x86_64")]
    watched(libc::SYS_epoll_wait, "epoll_wait", Shape::Epoll),
    watched(libc::SYS_epoll_pwait, "epoll_pwait", Shape::Epoll),
    watched(libc::SYS_epoll_pwait2, "epoll_pwait2", Shape::Epoll),
    watched(libc::SYS_close, "close", Shape::Closes),
    watched(libc::SYS_close_range, "close_range", Shape::Closes),
    #[cfg(target_arch = "x86_64")]
    watched(libc::SYS_dup2, "dup2", Shape::Closes),
    watched(libc::SYS_dup3, "dup3", Shape::Closes),
];

/// The call of this number, if it is looked at.
pub(super) fn known_call(number: u64) -> Option<&'static KnownCall> {
    let number = i64::try_from(number).ok()?;
    CALLS.iter().find(|call| call.number == number)
}

/// Whether a call that was stopped while it waited, and told EINTR for it, has done nothing and may be begun again.
pub(super) fn is_begun_again(number: i64) -> bool {
    const CALLS: &[i64] = &[
        #[cfg(target_arch = "x86_64")]
        libc::SYS_epoll_wait,
        libc::SYS_epoll_pwait,
        libc::SYS_epoll_pwait2,
        libc::SYS_semop,
        libc::SYS_semtimedop,
        libc::SYS_rt_sigtimedwait,
        libc::SYS_io_getevents,
        libc::SYS_io_uring_enter,
        // These say so where the socket has a time limit.
        libc::SYS_read,
        libc::SYS_readv,
        libc::SYS_recvfrom,
        libc::SYS_recvmsg,
        libc::SYS_write,
        libc::SYS_writev,
        libc::SYS_sendto,
        libc::SYS_sendmsg,
        libc::SYS_accept,
        libc::SYS_accept4,
    ];
    CALLS.contains(&number)
}

/// What a call's result says: a number, an error number, or that the kernel means to begin it again.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Answer {
    Ok(i64),
    Err(i32),
    Interrupted,
}

/// Reads the result of a call as it stands when the call is left. From -512 to -516 are the kernel's own words for a call that
/// was interrupted (ERESTARTSYS and its like), which no program ever sees.
pub(super) fn answer(value: i64) -> Answer {
    match value {
        -516 | -514..=-512 => Answer::Interrupted,
        // The range fits.
        -4_095..=-1 => Answer::Err(-value as i32),
        value => Answer::Ok(value),
    }
}

/// An internet address, or nothing for other families and for what is too short.
pub(super) fn socket_address(name: &[u8]) -> Option<SocketAddr> {
    let port = u16::from_be_bytes([*name.get(2)?, *name.get(3)?]);
    match i32::from(family(name)?) {
        libc::AF_INET => {
            let address: [u8; 4] = name.get(4..8)?.try_into().ok()?;
            Some(SocketAddrV4::new(Ipv4Addr::from(address), port).into())
        }
        libc::AF_INET6 => {
            let address: [u8; 16] = name.get(8..24)?.try_into().ok()?;
            let scope = name.get(24..28).and_then(|octets| octets.try_into().ok()).map_or(0, u32::from_ne_bytes);
            Some(SocketAddrV6::new(Ipv6Addr::from(address), port, 0, scope).into())
        }
        _ => None,
    }
}

/// The family that a name begins with.
pub(super) fn family(name: &[u8]) -> Option<u16> {
    Some(u16::from_ne_bytes([*name.first()?, *name.get(1)?]))
}

/// The kind in `socket`'s second argument, which holds flags too.
pub(super) fn socket_kind(argument: u64) -> SocketKind {
    match argument as i32 & 0xF {
        libc::SOCK_STREAM => SocketKind::Stream,
        libc::SOCK_DGRAM => SocketKind::Datagram,
        _ => SocketKind::Other,
    }
}

/// An argument that is an `int`.
pub(super) fn int(argument: u64) -> i32 {
    argument as u32 as i32
}

/// The address and length of the name in a `msghdr`.
pub(super) fn message_name(header: &[u8]) -> Option<(u64, u64)> {
    let address = u64::from_ne_bytes(header.get(..8)?.try_into().ok()?);
    let len = u32::from_ne_bytes(header.get(8..12)?.try_into().ok()?);
    (address != 0).then_some((address, u64::from(len)))
}

/// The entries of `poll`: descriptor and what was said of it.
pub(super) fn poll_entries(octets: &[u8]) -> impl Iterator<Item = (i32, Readiness)> {
    octets.chunks_exact(POLL_ENTRY_OCTETS).map(|entry| {
        let descriptor = i32::from_ne_bytes([entry[0], entry[1], entry[2], entry[3]]);
        (descriptor, Readiness(u32::from(u16::from_ne_bytes([entry[6], entry[7]]))))
    })
}

/// The entries of an answer of `epoll_wait`: the program's own word for a descriptor, and what was said of it.
pub(super) fn epoll_entries(octets: &[u8]) -> impl Iterator<Item = (u64, Readiness)> {
    const DATA_AT: usize = EPOLL_ENTRY_OCTETS - 8;
    octets.chunks_exact(EPOLL_ENTRY_OCTETS).map(|entry| {
        let ready = u32::from_ne_bytes([entry[0], entry[1], entry[2], entry[3]]);
        let mut data = [0; 8];
        data.copy_from_slice(&entry[DATA_AT..DATA_AT + 8]);
        (u64::from_ne_bytes(data), Readiness(ready))
    })
}

/// How many octets of a set of `select` are looked at.
pub(super) fn select_octets(descriptors: u64) -> usize {
    let descriptors = usize::try_from(int(descriptors)).unwrap_or(0).min(SELECT_DESCRIPTORS_MAX);
    // The kernel copies whole words.
    descriptors.div_ceil(64) * 8
}

/// What the three sets of a `select` say of a descriptor.
pub(super) fn select_readiness(sets: &[Vec<u8>; 3], descriptor: i32) -> Readiness {
    let bits = [Readiness::IN, Readiness::OUT, Readiness::PRI];
    let said = sets.iter().zip(bits).filter(|(set, _)| set_descriptors(set).any(|member| member == descriptor));
    Readiness(said.fold(0, |all, (_, bit)| all | bit))
}

/// The descriptors in a set of `select`.
pub(super) fn set_descriptors(set: &[u8]) -> impl Iterator<Item = i32> {
    // Both machines are little-endian, so the bits of a set stand in the order of its octets.
    let octets = set.iter().take(SELECT_DESCRIPTORS_MAX / 8).enumerate();
    octets.flat_map(|(at, octet)| (0..8).filter(move |bit| octet >> bit & 1 == 1).map(move |bit| (at * 8 + bit) as i32))
}

/// A descriptor in an epoll instance.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct EpollMember {
    pub(super) descriptor: i32,
    /// The program's own word for it.
    pub(super) data: u64,
    pub(super) inode: SocketInode,
}

/// Reads what /proc/PID/fdinfo says of an epoll instance: a line for each member, `tfd: 5 events: 19 data: 5 pos:0 ino:3a1f sdev:8`.
pub(super) fn epoll_members(text: &str) -> Vec<EpollMember> {
    text.lines().filter_map(epoll_member).take(WAIT_ENTRIES_MAX).collect()
}

fn epoll_member(line: &str) -> Option<EpollMember> {
    let rest = line.strip_prefix("tfd:")?;
    let descriptor = rest.split_whitespace().next()?.parse().ok()?;
    let data = rest.split("data:").nth(1)?.split_whitespace().next()?;
    let inode = rest.split("ino:").nth(1)?.split_whitespace().next()?;
    Some(EpollMember {
        descriptor,
        data: u64::from_str_radix(data, 16).ok()?,
        inode: SocketInode(u64::from_str_radix(inode, 16).ok()?),
    })
}

/// The inode in `socket:[4711]`, what the link of a socket's descriptor says.
pub(super) fn socket_inode(link: &[u8]) -> Option<SocketInode> {
    let number = link.strip_prefix(b"socket:[")?.strip_suffix(b"]")?;
    std::str::from_utf8(number).ok()?.parse().ok().map(SocketInode)
}

/// Whether the flags in /proc/PID/fdinfo say that calls on the descriptor wait.
pub(super) fn is_blocking(text: &str) -> Option<bool> {
    let flags = text.lines().find_map(|line| line.strip_prefix("flags:"))?;
    let flags = i32::from_str_radix(flags.trim(), 8).ok()?;
    Some(flags & libc::O_NONBLOCK == 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_of_both_families_are_read() {
        let name = [2, 0, 0, 80, 10, 2, 0, 2, 0, 0, 0, 0, 0, 0, 0, 0];
        assert_eq!(socket_address(&name), Some("10.2.0.2:80".parse().unwrap()));
        let mut name = vec![10, 0, 1, 187, 9, 9, 9, 9];
        name.extend("fd00:2::2".parse::<Ipv6Addr>().unwrap().octets());
        assert_eq!(
            socket_address(&name),
            Some("[fd00:2::2]:443".parse().unwrap()),
            "without a scope, as the kernel allows"
        );
        name.extend(3_u32.to_ne_bytes());
        let Some(SocketAddr::V6(address)) = socket_address(&name) else { panic!("an address of IPv6") };
        assert_eq!(address.scope_id(), 3);
    }

    #[test]
    fn names_that_are_no_internet_addresses_are_nothing() {
        let unix = [1, 0, b'/', b't', b'm', b'p', 0, 0];
        assert_eq!(socket_address(&unix), None);
        for len in 0..8 {
            assert_eq!(socket_address(&[2, 0, 0, 80, 10, 2, 0, 2][..len]), None, "{len} octets");
        }
        assert_eq!(socket_address(&[10, 0, 0, 80, 0, 0, 0, 0, 1, 2]), None);
    }

    #[test]
    fn results_are_numbers_errors_or_interruptions() {
        assert_eq!(answer(0), Answer::Ok(0));
        assert_eq!(answer(i64::MAX), Answer::Ok(i64::MAX));
        assert_eq!(answer(-111), Answer::Err(libc::ECONNREFUSED));
        for value in [-512, -513, -514, -516] {
            assert_eq!(answer(value), Answer::Interrupted, "{value}");
        }
        assert_eq!(answer(-4_096), Answer::Ok(-4_096), "no error number is as large");
    }

    #[test]
    fn entries_of_poll_are_read_and_a_half_one_is_not() {
        let mut octets = Vec::new();
        for (descriptor, asked, said) in [(5_i32, 4_u16, 0x14_u16), (-1, 1, 0)] {
            octets.extend(descriptor.to_ne_bytes());
            octets.extend(asked.to_ne_bytes());
            octets.extend(said.to_ne_bytes());
        }
        octets.push(7);
        let entries: Vec<_> = poll_entries(&octets).collect();
        assert_eq!(entries, [(5, Readiness(0x14)), (-1, Readiness(0))]);
    }

    #[test]
    fn entries_of_epoll_are_read() {
        let mut entry = vec![0; EPOLL_ENTRY_OCTETS];
        entry[0] = 0x1D;
        entry[EPOLL_ENTRY_OCTETS - 8..].copy_from_slice(&0x1122_3344_5566_7788_u64.to_ne_bytes());
        let entries: Vec<_> = epoll_entries(&entry).collect();
        assert_eq!(entries, [(0x1122_3344_5566_7788, Readiness(0x1D))]);
    }

    #[test]
    fn members_of_an_epoll_instance_are_read_from_what_the_kernel_prints() {
        let text = "pos:\t0\nflags:\t02000002\nmnt_id:\t15\nino:\t2044\n\
            tfd:        5 events:       19 data:         ffffffff00000005  pos:0 ino:3a1f sdev:8\n\
            tfd:        7 events:       19 data:                7\ntfd: x\n";
        let member = EpollMember { descriptor: 5, data: 0xFFFF_FFFF_0000_0005, inode: SocketInode(0x3A1F) };
        assert_eq!(epoll_members(text), [member]);
    }

    #[test]
    fn of_a_large_epoll_instance_only_the_first_members_are_read() {
        let line = |at: usize| format!("tfd: {at} events: 1 data: {at:x} pos:0 ino:{at:x} sdev:8\n");
        let text: String = (0..10 * WAIT_ENTRIES_MAX).map(line).collect();
        assert_eq!(epoll_members(&text).len(), WAIT_ENTRIES_MAX);
    }

    #[test]
    fn sets_of_select_are_read_up_to_what_the_library_can_name() {
        assert_eq!(select_octets(0), 0);
        assert_eq!(select_octets(65), 16);
        assert_eq!(select_octets(u64::MAX), 0, "a negative number of descriptors");
        assert_eq!(select_octets(i32::MAX as u64), SELECT_DESCRIPTORS_MAX / 8);
        assert_eq!(set_descriptors(&[0b1000_0001, 0, 1]).collect::<Vec<_>>(), [0, 7, 16]);
        assert_eq!(set_descriptors(&[0xFF; 4_096]).count(), SELECT_DESCRIPTORS_MAX);
        let sets = [vec![0b10], vec![0b10], vec![0]];
        assert_eq!(select_readiness(&sets, 1), Readiness(Readiness::IN | Readiness::OUT));
        assert!(select_readiness(&sets, 0).is_empty());
    }

    #[test]
    fn the_link_of_a_socket_has_its_inode() {
        assert_eq!(socket_inode(b"socket:[4711]"), Some(SocketInode(4_711)));
        for link in [&b"pipe:[4711]"[..], b"socket:[]", b"socket:[47", b"/tmp/socket:[1]", b"socket:[\xFF]"] {
            assert_eq!(socket_inode(link), None);
        }
    }

    #[test]
    fn the_flags_say_whether_calls_wait() {
        assert_eq!(is_blocking("pos:\t0\nflags:\t02\nmnt_id:\t9\n"), Some(true));
        assert_eq!(is_blocking("pos:\t0\nflags:\t02004002\n"), Some(false));
        assert_eq!(is_blocking("pos:\t0\n"), None);
        assert_eq!(is_blocking("flags:\t9\n"), None);
    }

    #[test]
    fn a_header_without_a_name_has_none() {
        let mut header = [0; 56];
        assert_eq!(message_name(&header), None);
        header[0] = 1;
        header[8] = 16;
        assert_eq!(message_name(&header), Some((1, 16)));
        assert_eq!(message_name(&header[..11]), None);
    }

    /// Octets without any sense, of all lengths: whatever is read of them, nothing ends the reader.
    #[test]
    fn octets_of_any_kind_are_survived() {
        let mut state = 0x9E37_79B9_7F4A_7C15_u64;
        let mut next = || {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            state
        };
        for round in 0..20_000 {
            let octets: Vec<u8> = (0..next() % 200).map(|_| next() as u8).collect();
            // The first octet is a family often enough.
            let mut name = octets.clone();
            if let [first, second, ..] = name.as_mut_slice() {
                (*first, *second) = ([2, 10, 1, 0][round % 4], 0);
            }
            let _ = (socket_address(&octets), socket_address(&name), message_name(&octets), socket_inode(&octets));
            let _ = (poll_entries(&octets).count(), epoll_entries(&octets).count(), set_descriptors(&octets).count());
            let text = String::from_utf8_lossy(&octets);
            let _ = (
                epoll_members(&text),
                is_blocking(&text),
                epoll_members(&format!("tfd:{text} data:{text} ino:{text}")),
            );
            let word = next();
            let _ = (answer(word.cast_signed()), known_call(word), select_octets(word), socket_kind(word), int(word));
        }
    }
}
