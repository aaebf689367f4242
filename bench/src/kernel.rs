//! A dialect on the kernel's sockets beside plain system calls, on loopback.
//!
//! What a measure does is written once for anything that has the [`Calls`]; Windows Sockets 2 by its public functions and a
//! blocking program by system calls have them. At the other end is always a thread with plain blocking sockets, on the same
//! core. Time is the processor time of the whole process, the other end and the kernel's work for both included: with one core
//! that is the real time, but for what else runs on the machine. Each measure runs in short slices, ours and the plain calls in
//! turn, so that what disturbs meets both.

use std::hint::black_box;
use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, SocketAddr, SocketAddrV4, TcpListener, TcpStream};
use std::os::fd::OwnedFd;
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;
use std::time::Duration;

use rustix::net::{AddressFamily, RecvFlags, SendFlags, SocketFlags, SocketType};
use rustix::time::{ClockId, clock_gettime};
use synsent_dialects::Process;
use synsent_dialects::winsock2::{
    self, AF_INET, FD_SET, FdSet, INVALID_SOCKET, SOCK_STREAM, SOCKET, WINSOCK2, WSADATA, WSAGetLastError,
};
use synsent_host::{KernelNetwork, SelectSet};

const CYCLES: u32 = 100;
const ROUND_TRIPS: u32 = 200;
const BLOCKS: u32 = 200;
const BLOCK_OCTETS: usize = 64 << 10;
const SELECTS: u32 = 500;
/// How many sockets one select looks at, and which of them has something.
const SELECTED: usize = 64;

/// The calls of a program with blocking sockets.
pub(crate) trait Calls {
    /// A socket.
    type Socket;
    /// A name as the calls take it.
    type Name;
    /// A set of sockets.
    type Set: Copy;

    /// Gets ready.
    fn start() -> Self;

    /// A name, laid out.
    fn name(&self, address: SocketAddrV4) -> Self::Name;

    /// A new socket of TCP.
    fn socket(&self) -> Self::Socket;

    /// Connects.
    fn connect(&self, socket: &Self::Socket, name: &Self::Name);

    /// Closes.
    fn close(&self, socket: Self::Socket);

    /// Sends all.
    fn send(&self, socket: &Self::Socket, octets: &[u8]);

    /// Receives what is there, at least one octet.
    fn receive(&self, socket: &Self::Socket, into: &mut [u8]) -> usize;

    /// A set of these sockets.
    fn set(&self, sockets: &[Self::Socket]) -> Self::Set;

    /// Waits until one of the set can be read, and answers how many can.
    fn select(&self, set: &mut Self::Set) -> usize;
}

/// Windows Sockets 2 on the kernel's network.
pub(crate) struct Winsock;

impl Calls for Winsock {
    type Socket = SOCKET;
    type Name = [u8; 16];
    type Set = FdSet;

    fn start() -> Winsock {
        let network = KernelNetwork::new().expect("there is room for a descriptor");
        Process::new(&WINSOCK2, network).install();
        assert_eq!(winsock2::WSAStartup(0x0202, Some(&mut WSADATA::default())), 0);
        Winsock
    }

    fn name(&self, address: SocketAddrV4) -> [u8; 16] {
        winsock2::sockaddr(&SocketAddr::V4(address)).try_into().expect("an IPv4 name has 16 octets")
    }

    fn socket(&self) -> SOCKET {
        let socket = winsock2::socket(AF_INET, SOCK_STREAM, 0);
        assert_ne!(socket, INVALID_SOCKET, "socket: {}", WSAGetLastError());
        socket
    }

    fn connect(&self, socket: &SOCKET, name: &[u8; 16]) {
        let result = winsock2::connect(*socket, name, name.len() as i32);
        assert_eq!(result, 0, "connect: {}", WSAGetLastError());
    }

    fn close(&self, socket: SOCKET) {
        assert_eq!(winsock2::closesocket(socket), 0, "closesocket: {}", WSAGetLastError());
    }

    fn send(&self, socket: &SOCKET, octets: &[u8]) {
        let sent = winsock2::send(*socket, octets, octets.len() as i32, 0);
        assert_eq!(sent, octets.len() as i32, "send: {}", WSAGetLastError());
    }

    fn receive(&self, socket: &SOCKET, into: &mut [u8]) -> usize {
        let len = into.len() as i32;
        let received = winsock2::recv(*socket, into, len, 0);
        usize::try_from(received).unwrap_or_else(|_| panic!("recv: {}", WSAGetLastError()))
    }

    fn set(&self, sockets: &[SOCKET]) -> FdSet {
        let mut set = FdSet::default();
        sockets.iter().for_each(|socket| FD_SET(*socket, &mut set));
        set
    }

    fn select(&self, set: &mut FdSet) -> usize {
        let count = winsock2::select(0, Some(set), None, None, None);
        usize::try_from(count).unwrap_or_else(|_| panic!("select: {}", WSAGetLastError()))
    }
}

/// System calls on blocking sockets.
pub(crate) struct Plain;

impl Calls for Plain {
    type Socket = OwnedFd;
    type Name = SocketAddrV4;
    type Set = SelectSet;

    fn start() -> Plain {
        Plain
    }

    fn name(&self, address: SocketAddrV4) -> SocketAddrV4 {
        address
    }

    fn socket(&self) -> OwnedFd {
        rustix::net::socket_with(AddressFamily::INET, SocketType::STREAM, SocketFlags::CLOEXEC, None).expect("socket")
    }

    fn connect(&self, socket: &OwnedFd, name: &SocketAddrV4) {
        rustix::net::connect(socket, name).expect("connect");
    }

    fn close(&self, socket: OwnedFd) {
        drop(socket);
    }

    fn send(&self, socket: &OwnedFd, octets: &[u8]) {
        let sent = rustix::net::send(socket, octets, SendFlags::NOSIGNAL).expect("send");
        assert_eq!(sent, octets.len());
    }

    fn receive(&self, socket: &OwnedFd, into: &mut [u8]) -> usize {
        rustix::net::recv(socket, into, RecvFlags::empty()).expect("recv").0
    }

    fn set(&self, sockets: &[OwnedFd]) -> SelectSet {
        let mut set = SelectSet::new();
        assert!(sockets.iter().all(|socket| set.insert(socket)), "a descriptor is beyond the set");
        set
    }

    fn select(&self, set: &mut SelectSet) -> usize {
        set.wait_readable().expect("select")
    }
}

/// Sockets that are made, connected and closed, while a thread accepts.
pub(crate) struct Cycle<C: Calls> {
    calls: C,
    port: u16,
}

impl<C: Calls> Cycle<C> {
    pub(crate) fn new() -> Cycle<C> {
        let port = serve(Ipv4Addr::UNSPECIFIED, |listener| listener.incoming().for_each(drop));
        Cycle { calls: C::start(), port }
    }

    /// Nanoseconds for one. Each slice goes to an address of its own, because the connections of the last ones are in TIME-WAIT.
    pub(crate) fn slice(&mut self) -> f64 {
        static SLICES: AtomicU32 = AtomicU32::new(1);
        let host = u32::from(Ipv4Addr::LOCALHOST) + SLICES.fetch_add(1, Ordering::Relaxed);
        let name = self.calls.name(SocketAddrV4::new(Ipv4Addr::from(host), self.port));
        nanos_each(CYCLES, || {
            let socket = self.calls.socket();
            self.calls.connect(&socket, &name);
            self.calls.close(socket);
        })
    }
}

/// A connection on which an octet goes to and fro.
pub(crate) struct RoundTrip<C: Calls> {
    calls: C,
    socket: C::Socket,
}

impl<C: Calls> RoundTrip<C> {
    pub(crate) fn new() -> RoundTrip<C> {
        let port = serve(Ipv4Addr::LOCALHOST, |listener| {
            let mut connection = first(listener);
            let mut octet = [0];
            while connection.read(&mut octet).is_ok_and(|octets| octets > 0) && connection.write_all(&octet).is_ok() {}
        });
        let (calls, socket) = connected(port);
        RoundTrip { calls, socket }
    }

    /// Nanoseconds for a round trip.
    pub(crate) fn slice(&mut self) -> f64 {
        let mut octet = [0];
        nanos_each(ROUND_TRIPS, || {
            self.calls.send(&self.socket, &[1]);
            assert_eq!(self.calls.receive(&self.socket, &mut octet), 1);
        })
    }
}

/// A connection on which blocks of data go one way.
pub(crate) struct Bulk<C: Calls> {
    calls: C,
    socket: C::Socket,
    block: Vec<u8>,
}

impl<C: Calls> Bulk<C> {
    pub(crate) fn new() -> Bulk<C> {
        let port = serve(Ipv4Addr::LOCALHOST, |listener| {
            let mut connection = first(listener);
            let (mut room, mut left) = (vec![0; BLOCK_OCTETS], slice_octets());
            while let Ok(octets @ 1..) = connection.read(&mut room) {
                left -= octets;
                if left == 0 {
                    left = slice_octets();
                    connection.write_all(&[0]).expect("the sender waits for it");
                }
            }
        });
        let (calls, socket) = connected(port);
        Bulk { calls, socket, block: vec![7; BLOCK_OCTETS] }
    }

    /// Nanoseconds for a block. A slice is over when the other end says that it has all.
    pub(crate) fn slice(&mut self) -> f64 {
        let start = processor_time();
        for _ in 0..BLOCKS {
            self.calls.send(&self.socket, &self.block);
        }
        assert_eq!(self.calls.receive(&self.socket, &mut [0]), 1);
        (processor_time() - start).as_nanos() as f64 / f64::from(BLOCKS)
    }
}

fn slice_octets() -> usize {
    BLOCKS as usize * BLOCK_OCTETS
}

/// Connections of which one has something to read.
pub(crate) struct Select<C: Calls> {
    calls: C,
    set: C::Set,
    _sockets: Vec<C::Socket>,
}

impl<C: Calls> Select<C> {
    pub(crate) fn new() -> Select<C> {
        let port = serve(Ipv4Addr::LOCALHOST, |listener| {
            let mut connections: Vec<_> = listener.incoming().flatten().take(SELECTED).collect();
            connections[SELECTED / 2].write_all(&[0]).expect("the connection is there");
            // They stay until the other end goes.
            let _ = connections[0].read(&mut [0]);
        });
        let calls = C::start();
        let name = calls.name(SocketAddrV4::new(Ipv4Addr::LOCALHOST, port));
        let sockets: Vec<_> = (0..SELECTED)
            .map(|_| {
                let socket = calls.socket();
                calls.connect(&socket, &name);
                socket
            })
            .collect();
        let set = calls.set(&sockets);
        Select { calls, set, _sockets: sockets }
    }

    /// Nanoseconds for a select.
    pub(crate) fn slice(&mut self) -> f64 {
        nanos_each(SELECTS, || {
            let mut set = self.set;
            assert_eq!(self.calls.select(black_box(&mut set)), 1);
        })
    }
}

/// Listens on a port of its own, and lets a thread serve whoever connects, until the program ends.
fn serve(address: Ipv4Addr, service: impl FnOnce(&TcpListener) + Send + 'static) -> u16 {
    let listener = TcpListener::bind((address, 0)).expect("loopback has a free port");
    let port = listener.local_addr().expect("it is bound").port();
    thread::spawn(move || service(&listener));
    port
}

fn first(listener: &TcpListener) -> TcpStream {
    listener.accept().expect("somebody connects").0
}

fn connected<C: Calls>(port: u16) -> (C, C::Socket) {
    let calls = C::start();
    let socket = calls.socket();
    calls.connect(&socket, &calls.name(SocketAddrV4::new(Ipv4Addr::LOCALHOST, port)));
    (calls, socket)
}

fn nanos_each(count: u32, mut work: impl FnMut()) -> f64 {
    let start = processor_time();
    for _ in 0..count {
        work();
    }
    (processor_time() - start).as_nanos() as f64 / f64::from(count)
}

fn processor_time() -> Duration {
    let time = clock_gettime(ClockId::ProcessCPUTime);
    Duration::new(time.tv_sec as u64, time.tv_nsec as u32)
}
