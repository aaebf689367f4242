//! TargetTCP and BS2000 through their functions, by a process on a host of a lab: every time is virtual.

use std::sync::Arc;

use synsent_dialects::{Dialect, Entered, Process, bs2000, targettcp};
use synsent_lab::{Behaviour, HostId, IcmpError, LabNetwork, Neighbourhood, Participation, SharedLab, UdpBehaviour};
use synsent_sockets::{LocalName, Name, Network as _, Pointer, PointerMut};
use synsent_stack::Duration;

const PORT: u16 = 80;

/// A process on our host; its sockets wait in virtual time.
struct World {
    network: Arc<LabNetwork>,
    server: [u8; 4],
    peer: HostId,
    ours: std::net::IpAddr,
    _entered: Entered,
    _participation: Participation,
}

impl World {
    fn new(dialect: &'static Dialect, behaviour: Behaviour) -> World {
        let mut net = Neighbourhood::new(1);
        net.lab.behave(net.server.host, PORT, behaviour).unwrap();
        let (us, server) = (net.us.host, net.server.v4.octets());
        let (peer, ours) = (net.server.host, net.us.v4.into());
        let network = LabNetwork::new(&SharedLab::new(net.lab), us);
        let participation = network.participate();
        let entered = Process::new(dialect, network.clone()).enter();
        World { network, server, peer, ours, _entered: entered, _participation: participation }
    }

    fn targettcp(behaviour: Behaviour) -> World {
        let world = World::new(&targettcp::TARGETTCP, behaviour);
        assert_eq!(targettcp::target_tcp_init(), 0);
        world
    }

    fn bs2000(behaviour: Behaviour) -> World {
        World::new(&bs2000::BS2000, behaviour)
    }

    fn server(&self) -> [u8; 16] {
        inet(self.server, PORT)
    }

    fn us(&self, port: u16) -> std::net::SocketAddr {
        (self.ours, port).into()
    }

    fn passed(&self, work: impl FnOnce()) -> Duration {
        let began = self.network.now();
        work();
        self.network.now() - began
    }
}

/// A sockaddr_in.
fn inet(address: [u8; 4], port: u16) -> [u8; 16] {
    let mut name = [0; 16];
    name[..2].copy_from_slice(&2u16.to_ne_bytes());
    name[2..4].copy_from_slice(&port.to_be_bytes());
    name[4..8].copy_from_slice(&address);
    name
}

/// A sockaddr_un.
fn path(path: &str) -> Vec<u8> {
    [&1u16.to_ne_bytes()[..], path.as_bytes(), &[0]].concat()
}

/// The name of the error of a call that failed; empty for one that did not.
fn target(result: i32) -> &'static str {
    if result >= 0 { "" } else { named(&targettcp::TARGETTCP, targettcp::errno()) }
}

fn posix(result: i32) -> &'static str {
    if result >= 0 { "" } else { named(&bs2000::BS2000, bs2000::errno()) }
}

fn named(dialect: &Dialect, number: i32) -> &'static str {
    dialect.spellings.iter().find(|spelling| spelling.number == number).unwrap().name
}

fn target_socket(kind: i32) -> i32 {
    targettcp::socket(targettcp::AF_INET, kind, 0)
}

fn posix_socket(kind: i32) -> i32 {
    bs2000::socket(bs2000::AF_INET, kind, 0)
}

#[test]
fn before_its_initialization_targettcp_is_down() {
    let world = World::new(&targettcp::TARGETTCP, Behaviour::Answer);
    assert_eq!(target(target_socket(targettcp::SOCK_STREAM)), "ENETDOWN");
    assert_eq!(target(targettcp::connect(4, &world.server(), 16)), "ENETDOWN");
    assert_eq!(targettcp::perror_text("echo"), "echo: TargetTCP has not been initialized");
    assert_eq!(targettcp::target_tcp_init(), 0);
    assert_eq!(target(targettcp::connect(4, &world.server(), 16)), "ENOTSOCK");
}

#[test]
fn a_targettcp_client_talks_to_an_echo_server() {
    let world = World::targettcp(Behaviour::Answer);
    let s = target_socket(targettcp::SOCK_STREAM);
    // The length may be larger than the structure.
    let mut long = [0; 32];
    long[..16].copy_from_slice(&world.server());
    assert_eq!(target(targettcp::connect(s, &long, 32)), "");
    assert_eq!(targettcp::send(s, b"hello", 5, 0), 5);
    let mut heard = [0; 8];
    assert_eq!(targettcp::recv(s, &mut heard, 8, 0), 5);
    assert_eq!(&heard[..5], b"hello");
    assert_eq!(target(targettcp::connect(s, &world.server(), 16)), "EISCONN");
    assert_eq!(target(targettcp::closesocket(s)), "");
    assert_eq!(target(targettcp::closesocket(s)), "ENOTSOCK");
}

#[test]
fn targettcp_says_inprogress_then_already_then_isconn() {
    let world = World::targettcp(Behaviour::Answer);
    let s = target_socket(targettcp::SOCK_STREAM);
    assert_eq!(target(targettcp::ioctlsocket(s, targettcp::FIONBIO, &mut 1i32)), "");
    assert_eq!(target(targettcp::connect(s, &world.server(), 16)), "EINPROGRESS");
    assert_eq!(target(targettcp::connect(s, &world.server(), 16)), "EALREADY");
    assert_eq!(target(targettcp::send(s, b"x", 1, 0)), "ENOTCONN");
    let mut writable = targettcp::FdSet::new();
    writable.set(s);
    assert_eq!(targettcp::select(s + 1, None, Some(&mut writable), None, None), 1);
    assert!(writable.is_set(s));
    assert_eq!(target(targettcp::connect(s, &world.server(), 16)), "EISCONN");
}

#[test]
fn targettcp_names_what_is_wrong_with_an_address() {
    let world = World::targettcp(Behaviour::Answer);
    for kind in [targettcp::SOCK_STREAM, targettcp::SOCK_DGRAM] {
        let s = target_socket(kind);
        assert_eq!(target(targettcp::connect(s, &inet([0; 4], PORT), 16)), "EDESTADDRREQ");
        assert_eq!(target(targettcp::connect(s, &inet(world.server, 0), 16)), "EDESTADDRREQ");
        assert_eq!(target(targettcp::connect(s, Pointer::Null, 16)), "EFAULT");
        assert_eq!(target(targettcp::connect(s, &world.server(), 15)), "EINVAL");
        assert_eq!(target(targettcp::connect(s, &[0xff; 16], 16)), "EAFNOSUPPORT");
    }
    let s = target_socket(targettcp::SOCK_STREAM);
    assert_eq!(target(targettcp::connect(s, &inet([255; 4], PORT), 16)), "EADDRNOTAVAIL");
    assert_eq!(target(targettcp::connect(s, &inet([224, 0, 0, 5], PORT), 16)), "EADDRNOTAVAIL");
    // None of this did anything to the socket.
    assert_eq!(target(targettcp::connect(s, &world.server(), 16)), "");
    let listener = target_socket(targettcp::SOCK_STREAM);
    assert_eq!(target(targettcp::listen(listener, 1)), "");
    assert_eq!(target(targettcp::connect(listener, &world.server(), 16)), "EOPNOTSUPP");
}

#[test]
fn targettcp_may_connect_again_after_it_was_refused() {
    let world = World::targettcp(Behaviour::Refuse);
    let s = target_socket(targettcp::SOCK_STREAM);
    for _ in 0..2 {
        assert_eq!(target(targettcp::connect(s, &world.server(), 16)), "ECONNREFUSED");
    }
}

#[test]
fn an_unreachable_message_alone_does_not_end_the_opening_of_targettcp() {
    let world = World::targettcp(Behaviour::Icmp { error: IcmpError::HostUnreachable, first: Some(1) });
    let s = target_socket(targettcp::SOCK_STREAM);
    assert_eq!(target(targettcp::connect(s, &world.server(), 16)), "");

    let world = World::targettcp(Behaviour::Icmp { error: IcmpError::HostUnreachable, first: None });
    let s = target_socket(targettcp::SOCK_STREAM);
    let took = world.passed(|| assert_eq!(target(targettcp::connect(s, &world.server(), 16)), "EHOSTUNREACH"));
    assert_eq!(took.as_secs(), targettcp::CONNECT_TIMEOUT_SECONDS);

    let world = World::targettcp(Behaviour::Silent);
    let s = target_socket(targettcp::SOCK_STREAM);
    let took = world.passed(|| assert_eq!(target(targettcp::connect(s, &world.server(), 16)), "ETIMEDOUT"));
    assert_eq!(took.as_secs(), targettcp::CONNECT_TIMEOUT_SECONDS);
}

#[test]
fn a_targettcp_datagram_socket_sends_once_it_has_a_peer() {
    let world = World::targettcp(Behaviour::Answer);
    let s = target_socket(targettcp::SOCK_DGRAM);
    assert_eq!(target(targettcp::send(s, b"x", 1, 0)), "EDESTADDRREQ");
    assert_eq!(targettcp::sendto(s, &b"x"[..], 1, 0, &world.server()[..], 16), 1);
    let took = world.passed(|| assert_eq!(target(targettcp::connect(s, &world.server(), 16)), ""));
    assert!(took.is_zero());
    assert_eq!(targettcp::send(s, b"x", 1, 0), 1);
    assert_eq!(target(targettcp::connect(s, &inet(world.server, 81), 16)), "");
    let (mut peer, mut len) = ([0; 16], 16i32);
    assert_eq!(target(targettcp::getpeername(s, &mut peer, &mut len)), "");
    assert_eq!((peer, len), (inet(world.server, 81), 16));
}

#[test]
fn a_bs2000_socket_is_spent_once_it_was_refused() {
    let world = World::bs2000(Behaviour::Refuse);
    let s = posix_socket(bs2000::SOCK_STREAM);
    assert_eq!(posix(bs2000::connect(s, &world.server(), 16)), "ECONNREFUSED");
    let took = world.passed(|| assert_eq!(posix(bs2000::connect(s, &world.server(), 16)), "EINVAL"));
    assert!(took.is_zero(), "nothing goes on the wire");
    assert_eq!(posix(bs2000::close(s)), "");
    let again = posix_socket(bs2000::SOCK_STREAM);
    assert_eq!(again, s, "the lowest free descriptor comes first");
    assert_eq!(posix(bs2000::connect(again, &world.server(), 16)), "ECONNREFUSED");
}

#[test]
fn bs2000_tells_a_wrong_descriptor_and_a_wrong_length() {
    let world = World::bs2000(Behaviour::Answer);
    assert_eq!(posix(bs2000::connect(900, &world.server(), 16)), "EBADF");
    assert_eq!(posix(bs2000::connect(0, &world.server(), 16)), "ENOTSOCK");
    let s = posix_socket(bs2000::SOCK_STREAM);
    assert_eq!(posix(bs2000::connect(s, Pointer::Null, 16)), "EFAULT");
    assert_eq!(posix(bs2000::connect(s, &[2, 0][..], 16)), "EFAULT");
    let mut long = [0; 28];
    long[..16].copy_from_slice(&world.server());
    for len in [-1, 0, 1, 15, 17, 28] {
        assert_eq!(posix(bs2000::connect(s, &long, len)), "EINVAL", "{len}");
    }
    assert_eq!(posix(bs2000::connect(s, &inet([0; 4], PORT), 16)), "EADDRNOTAVAIL");
    assert_eq!(posix(bs2000::connect(s, &world.server(), 16)), "");
    assert_eq!(bs2000::write(s, b"hello", 5), 5);
    assert_eq!(bs2000::read(s, &mut [0; 9], 9), 5);
    assert_eq!(posix(bs2000::connect(s, &world.server(), 16)), "EISCONN");
}

#[test]
fn bs2000_answers_a_first_nonblocking_call_and_those_that_follow() {
    let world = World::bs2000(Behaviour::Silent);
    let s = posix_socket(bs2000::SOCK_STREAM);
    assert_eq!(bs2000::fcntl(s, bs2000::F_GETFL, 0), 0);
    assert_eq!(bs2000::fcntl(s, bs2000::F_SETFL, bs2000::O_NONBLOCK), 0);
    assert_eq!(bs2000::fcntl(s, bs2000::F_GETFL, 0), bs2000::O_NONBLOCK);
    assert_eq!(posix(bs2000::fcntl(s, 99, 0)), "EINVAL");
    assert_eq!(posix(bs2000::connect(s, &world.server(), 16)), "EINPROGRESS");
    assert_eq!(posix(bs2000::connect(s, &world.server(), 16)), "EALREADY");
    let mut readable = bs2000::FdSet::new();
    readable.set(s);
    assert_eq!(bs2000::select(s + 1, Some(&mut readable), None, None, None), 1);
    let (mut error, mut len) = (0i32, 4i32);
    for expected in [110, 0] {
        assert_eq!(posix(bs2000::getsockopt(s, bs2000::SOL_SOCKET, bs2000::SO_ERROR, &mut error, &mut len)), "");
        assert_eq!(error, expected, "the error is told once");
    }
}

#[test]
fn a_signal_interrupts_and_a_router_ends_the_opening_of_bs2000() {
    let world = World::bs2000(Behaviour::Silent);
    let s = posix_socket(bs2000::SOCK_STREAM);
    world.network.interrupt_at(world.network.now() + Duration::from_secs(5));
    let took = world.passed(|| assert_eq!(posix(bs2000::connect(s, &world.server(), 16)), "EINTR"));
    assert_eq!(took.as_secs(), 5);

    let world = World::bs2000(Behaviour::Icmp { error: IcmpError::NetworkUnreachable, first: None });
    let s = posix_socket(bs2000::SOCK_STREAM);
    let took = world.passed(|| assert_eq!(posix(bs2000::connect(s, &world.server(), 16)), "ENETUNREACH"));
    assert!(took.as_secs() < 5);
}

#[test]
fn a_null_name_ends_the_assignment_of_a_bs2000_datagram_socket() {
    let world = World::bs2000(Behaviour::Answer);
    let s = posix_socket(bs2000::SOCK_DGRAM);
    assert_eq!(posix(bs2000::connect(s, &world.server(), 16)), "");
    assert_eq!(bs2000::send(s, b"x", 1, 0), 1);
    assert_eq!(posix(bs2000::connect(s, Pointer::Null, 0)), "");
    assert_eq!(posix(bs2000::send(s, b"x", 1, 0)), "EDESTADDRREQ");
    assert_eq!(posix(bs2000::getpeername(s, PointerMut::Octets(&mut [0; 16]), &mut 16i32)), "ENOTCONN");
}

#[test]
fn bs2000_tells_what_is_wrong_with_a_path() {
    let world = World::bs2000(Behaviour::Answer);
    world.network.files().make_directory("/run").unwrap();
    world.network.files().make_file("/run/file").unwrap();
    let s = bs2000::socket(bs2000::AF_UNIX, bs2000::SOCK_STREAM, 0);
    let connect = |s: i32, name: &[u8]| posix(bs2000::connect(s, name, name.len() as i32));
    for kind in [bs2000::SOCK_STREAM, bs2000::SOCK_DGRAM] {
        let s = bs2000::socket(bs2000::AF_UNIX, kind, 0);
        assert_eq!(posix(bs2000::connect(s, Pointer::Null, 16)), "EDESTADDRREQ");
        assert_eq!(connect(s, &path("")), "ENOENT");
        assert_eq!(connect(s, &path("/run/nobody")), "ENOENT");
        assert_eq!(connect(s, &path("/run/file/socket")), "ENOTDIR");
        assert_eq!(connect(s, &path(&format!("/{}", "n".repeat(300)))), "ENAMETOOLONG");
    }
    let listener = bs2000::socket(bs2000::AF_UNIX, bs2000::SOCK_STREAM, 0);
    let name = path("/run/socket");
    assert_eq!(posix(bs2000::bind(listener, &name[..], name.len() as i32)), "");
    assert_eq!(posix(bs2000::listen(listener, 1)), "");
    let local = Name::Local(LocalName::new(b"/run/socket"));
    bs2000::connect_to(s, &local).unwrap();
    assert_eq!(bs2000::connect_to(s, &local).unwrap_err().name, "EISCONN");
}

/// A descriptor of BS2000's process that listens, with one connection in its queue.
fn listening(world: &World) -> i32 {
    let listener = posix_socket(bs2000::SOCK_STREAM);
    assert_eq!(posix(bs2000::bind(listener, &inet([0; 4], 5_000), 16)), "");
    assert_eq!(posix(bs2000::listen(listener, 1)), "");
    world.network.lab().with(|lab| lab.connect(world.peer, world.us(5_000))).unwrap();
    let mut readable = bs2000::FdSet::new();
    readable.set(listener);
    assert_eq!(bs2000::select(listener + 1, Some(&mut readable), None, None, None), 1);
    listener
}

#[test]
fn without_a_descriptor_a_connection_waits_in_the_queue() {
    let world = World::bs2000(Behaviour::Answer);
    let listener = listening(&world);
    world.network.descriptors().set_max(4);
    assert_eq!(posix(bs2000::accept(listener, PointerMut::Null, PointerMut::Null)), "EMFILE");
    world.network.descriptors().set_max(5);
    let accepted = bs2000::accept(listener, PointerMut::Null, PointerMut::Null);
    assert_eq!(accepted, 4, "the connection is still there");
    assert_eq!(posix(bs2000::close(accepted)), "");
}

#[test]
fn a_flag_lets_one_call_not_wait_and_another_wait_for_all() {
    let world = World::bs2000(Behaviour::Answer);
    let s = posix_socket(bs2000::SOCK_STREAM);
    assert_eq!(posix(bs2000::connect(s, &world.server(), 16)), "");
    assert_eq!(posix(bs2000::recv(s, &mut [0; 4], 4, bs2000::MSG_DONTWAIT)), "EWOULDBLOCK");
    assert_eq!(bs2000::send(s, b"one", 3, bs2000::MSG_DONTWAIT | bs2000::MSG_NOSIGNAL), 3);
    assert_eq!(bs2000::recv(s, &mut [0; 8], 8, bs2000::MSG_PEEK), 3);
    let mut heard = [0; 8];
    assert_eq!(
        bs2000::recv(s, &mut heard, 8, bs2000::MSG_PEEK | bs2000::MSG_WAITALL),
        3,
        "with MSG_PEEK it may be less"
    );
    assert_eq!(bs2000::send(s, b"two", 3, 0), 3);
    assert_eq!(bs2000::recv(s, &mut heard[..6], 6, bs2000::MSG_WAITALL), 6);
    assert_eq!(&heard[..6], b"onetwo");
    assert_eq!(bs2000::send(s, b"rest", 4, 0), 4);
    assert_eq!(posix(bs2000::shutdown(s, bs2000::SHUT_WR)), "");
    assert_eq!(bs2000::recv(s, &mut heard, 8, bs2000::MSG_WAITALL), 4, "the end of the stream ends the wait");
    assert_eq!(posix(bs2000::send(s, b"x", 1, bs2000::MSG_WAITALL)), "EOPNOTSUPP");
    assert_eq!(posix(bs2000::recv(s, &mut heard, 8, 0x0800_0000)), "EOPNOTSUPP");
}

#[test]
fn a_file_is_always_ready_in_bs2000() {
    let world = World::bs2000(Behaviour::Silent);
    let (file, s) = (world.network.descriptors().open_file().unwrap(), posix_socket(bs2000::SOCK_DGRAM));
    let mut sets = [const { bs2000::FdSet::new() }; 3];
    for set in &mut sets {
        set.set(file);
    }
    sets[0].set(s);
    let [read, write, except] = &mut sets;
    let took = world.passed(|| assert_eq!(bs2000::select(s + 1, Some(read), Some(write), Some(except), None), 3));
    assert!(took.is_zero());
    assert!(sets[0].is_set(file) && !sets[0].is_set(s));
    sets[0].set(900);
    assert_eq!(posix(bs2000::select(901, Some(&mut sets[0]), None, None, None)), "EBADF");
    assert_eq!(posix(bs2000::connect(file, &world.server(), 16)), "ENOTSOCK");
}

#[test]
fn poll_tells_each_entry_what_it_asked_for() {
    let world = World::bs2000(Behaviour::Answer);
    let entry = |fd, events| bs2000::PollFd { fd, events, revents: -1 };
    let (fresh, s) = (posix_socket(bs2000::SOCK_STREAM), posix_socket(bs2000::SOCK_STREAM));
    let file = world.network.descriptors().open_file().unwrap();
    assert_eq!(posix(bs2000::connect(s, &world.server(), 16)), "");
    let both = bs2000::POLLIN | bs2000::POLLOUT;
    let mut fds =
        [entry(s, both), entry(file, both), entry(900, both), entry(-1, both), entry(fresh, both), entry(s, 0)];
    assert_eq!(bs2000::poll(&mut fds, -1), 4);
    let expected = [bs2000::POLLOUT, both, bs2000::POLLNVAL, 0, bs2000::POLLHUP, 0];
    assert_eq!(fds.map(|entry| entry.revents), expected);

    let mut fds = [entry(s, bs2000::POLLIN)];
    let took = world.passed(|| assert_eq!(bs2000::poll(&mut fds, 1_500), 0));
    assert_eq!((took, fds[0].revents), (Duration::from_millis(1_500), 0));
    assert_eq!(bs2000::send(s, b"echo", 4, 0), 4);
    assert_eq!((bs2000::poll(&mut fds, -1), fds[0].revents), (1, bs2000::POLLIN));

    let (mut refused, none) = ([entry(posix_socket(bs2000::SOCK_STREAM), both)], &mut []);
    let fd = refused[0].fd;
    assert_eq!(bs2000::fcntl(fd, bs2000::F_SETFL, bs2000::O_NONBLOCK), 0);
    assert_eq!(posix(bs2000::connect(fd, &inet(world.server, 81), 16)), "EINPROGRESS");
    assert_eq!((bs2000::poll(&mut refused, -1), refused[0].revents), (1, both | bs2000::POLLERR));
    assert_eq!(bs2000::poll(none, 20), 0);
}

#[test]
fn what_poll_and_fcntl_say_is_told_as_theirs() {
    let world = World::bs2000(Behaviour::Answer);
    let told = || synsent_dialects::last_said().unwrap().call;
    assert_eq!((posix(bs2000::fcntl(900, bs2000::F_GETFL, 0)), told()), ("EBADF", "fcntl"));
    assert_eq!((posix(bs2000::fcntl(900, bs2000::F_SETFL, 0)), told()), ("EBADF", "fcntl"));
    let s = posix_socket(bs2000::SOCK_DGRAM);
    assert_eq!((posix(bs2000::fcntl(s, 99, 0)), told()), ("EINVAL", "fcntl"));
    world.network.interrupt_at(world.network.now() + Duration::from_secs(1));
    let mut fds = [bs2000::PollFd { fd: s, events: bs2000::POLLIN, revents: 0 }];
    assert_eq!((posix(bs2000::poll(&mut fds, -1)), told()), ("EINTR", "poll"));
}

#[test]
fn only_the_peers_datagrams_are_left_when_a_peer_is_named() {
    let world = World::bs2000(Behaviour::Answer);
    for port in [7, 8] {
        world.network.lab().with(|lab| lab.behave_udp(world.peer, port, UdpBehaviour::Echo)).unwrap();
    }
    let hears = |send: &dyn Fn(u16, &[u8]), connect: &dyn Fn(), receive: &dyn Fn(&mut [u8]) -> i32| {
        for (port, octets) in [(7, b"from 7"), (8, b"from 8"), (7, b"once 7")] {
            send(port, octets);
            world.network.lab().with(|lab| lab.run_for(Duration::from_secs(1)));
        }
        connect();
        let mut heard = [0; 6];
        assert_eq!((receive(&mut heard), &heard), (6, b"from 8"));
        assert_eq!(receive(&mut heard), -1, "what others sent is gone");
    };
    let s = posix_socket(bs2000::SOCK_DGRAM);
    hears(
        &|port, octets| assert_eq!(bs2000::sendto(s, octets, 6, 0, &inet(world.server, port)[..], 16), 6),
        &|| assert_eq!(posix(bs2000::connect(s, &inet(world.server, 8), 16)), ""),
        &|heard| bs2000::recv(s, heard, 6, bs2000::MSG_DONTWAIT),
    );
    let _targettcp = Process::new(&targettcp::TARGETTCP, world.network.clone()).enter();
    assert_eq!(targettcp::target_tcp_init(), 0);
    let s = target_socket(targettcp::SOCK_DGRAM);
    hears(
        &|port, octets| assert_eq!(targettcp::sendto(s, octets, 6, 0, &inet(world.server, port)[..], 16), 6),
        &|| assert_eq!(target(targettcp::connect(s, &inet(world.server, 8), 16)), ""),
        &|heard| targettcp::recv(s, heard, 6, targettcp::MSG_DONTWAIT),
    );
}
