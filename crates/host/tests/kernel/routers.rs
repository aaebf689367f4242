//! What routers say of an opening, and what the policy makes of it. The router is a stack of ours behind a TUN device.

use std::sync::Arc;
use std::thread;

use libtest_mimic::Trial;
use synsent_host::{Driver, Engine, Handle, Layer, ProbeEnd, Tun, VirtioHeader, interface};
use synsent_sockets::{Cancel, ConnectPolicy, Network, Outcome, Phase, Progress, Ready, Settings, Socket, select};
use synsent_stack::{
    Cidr, Config, DropReason, Duration, IcmpCause, LinkId, ListenOptions, Route, RouteKind, SoftErrors, Stack,
};

use crate::world::trial;
use crate::{name, network, stream};

pub(crate) fn trials() -> Vec<Trial> {
    vec![
        trial("a_routers_word_ends_an_opening_and_its_name_is_told", abort_on_any),
        trial("a_routers_word_is_told_at_the_timeout", told_at_the_timeout),
        trial("one_attempt_tells_which_router_said_what", one_attempt),
        trial("a_peer_that_comes_back_is_reached_all_the_same", recovers),
        trial("an_opening_is_given_up_on_time_and_another_begins", given_up),
    ]
}

/// A router at 10.9.0.2 that knows no way beyond itself.
fn router() -> (Engine, Handle, LinkId) {
    let tun = Tun::open("t0", Layer::Ip, VirtioHeader::Without).expect("a TUN device");
    interface::add_address("t0", "10.9.0.1".parse().expect("an address"), 24).expect("an address");
    interface::set_up("t0").expect("t0");
    let beyond = "10.50.0.0".parse().expect("a network");
    let gateway = "10.9.0.2".parse().expect("an address");
    interface::add_route(beyond, 24, Some(gateway), None, interface::RouteKind::Unicast).expect("a route");
    let config = Config { forwarding: true, ..Config::default() };
    let mut driver = Driver::new(Stack::new(config, synsent_host::seed().expect("a seed"))).expect("a driver");
    let link = driver.attach(tun, None).expect("a link");
    let now = driver.now();
    driver.stack().add_address(now, link, Cidr::new(gateway, 24).expect("a prefix")).expect("an address");
    let engine = Engine::start(driver).expect("a thread");
    let handle = engine.handle();
    (engine, handle, link)
}

fn one_attempt() {
    let (_engine, ..) = router();
    let peer = "10.50.0.1:80".parse().expect("an address");
    let probed = synsent_host::probe(peer, std::time::Duration::from_secs(10)).expect("a socket");
    let unreachable = ProbeEnd::Failed { number: 101, outcome: Outcome::NetworkUnreachable, at_once: false };
    assert_eq!(probed.end, unreachable);
    let from = "10.9.0.2".parse().expect("an address");
    assert_eq!(probed.told, Some((from, IcmpCause::V4Unreachable(0))));
}

fn socket(network: &Arc<dyn Network>, soft_errors: SoftErrors, timeout: Duration) -> Socket {
    let connect = ConnectPolicy { soft_errors, timeout: Some(timeout) };
    stream(network, Settings { connect, ..Settings::default() })
}

fn abort_on_any() {
    // SAFETY: this thread has copies of all descriptors from now on, and only it and those that it starts see what it opens.
    assert_eq!(unsafe { libc::unshare(libc::CLONE_FILES) }, 0);
    let before = open_numbers();
    let (_engine, ..) = router();
    let socket = socket(&network(), SoftErrors::AbortOnAny, Duration::from_secs(60));
    for _ in 0..2 {
        let failure = socket.connect(&name("10.50.0.1:80")).expect_err("no way");
        assert_eq!(failure.outcome, Outcome::NetworkUnreachable);
        let said = failure.to_string();
        assert!(said.starts_with("unreachable: ICMP network unreachable from 10.9.0.2 after"), "{said}");
        assert_eq!(
            sockets_with_a_queue_of_errors(&before),
            0,
            "connections that it accepts would hear of what may pass"
        );
    }
}

/// How many sockets that were opened since hear of every ICMP error: a socket inherits that from the listener it comes from.
fn sockets_with_a_queue_of_errors(before: &[i32]) -> usize {
    let has_queue = |number: &i32| {
        let (mut on, mut len): (libc::c_int, _) = (0, size_of::<libc::c_int>() as libc::socklen_t);
        let (value, level) = (std::ptr::from_mut(&mut on).cast(), libc::IPPROTO_IP);
        // SAFETY: the kernel writes one whole number and its length, which live longer than the call; of a number that is no
        // socket it says so.
        let result = unsafe { libc::getsockopt(*number, level, libc::IP_RECVERR, value, &mut len) };
        result == 0 && on != 0
    };
    open_numbers().iter().filter(|number| !before.contains(number) && has_queue(number)).count()
}

fn open_numbers() -> Vec<i32> {
    let listed = std::fs::read_dir("/proc/thread-self/fd").expect("the descriptors");
    listed.filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok()).collect()
}

fn told_at_the_timeout() {
    let (_engine, ..) = router();
    let socket = socket(&network(), SoftErrors::ReportAtTimeout, Duration::from_millis(300));
    let failure = socket.connect(&name("10.50.0.1:80")).expect_err("no way");
    assert_eq!(failure.outcome, Outcome::TimedOutUnreachable);
    let said = failure.to_string();
    assert!(said.contains("meanwhile ICMP network unreachable from 10.9.0.2"), "{said}");
}

fn recovers() {
    let (_engine, handle, link) = router();
    let network = network();
    let socket = socket(&network, SoftErrors::ReportAtTimeout, Duration::from_secs(60));
    socket.set_nonblocking(true);
    assert_eq!(socket.connect(&name("10.50.0.1:80")), Ok(Progress::Pending));
    while handle.with(|stack, _| stack.counters().dropped(DropReason::NoRoute)) == 0 {
        thread::yield_now();
    }
    handle.with(|stack, now| {
        let address = Cidr::new("10.50.0.1".parse().expect("an address"), 32).expect("a prefix");
        stack.add_address(now, link, address).expect("an address");
        stack.tcp_listen(now, ListenOptions::on_port(80)).expect("a listener");
    });
    while socket.phase() == Phase::Connecting {
        select(network.as_ref(), &[(&socket, Ready::WRITABLE)], None, &Cancel::new()).expect("a wait");
    }
    assert_eq!(socket.phase(), Phase::Connected);
}

fn given_up() {
    let (_engine, handle, _) = router();
    handle.with(|stack, now| {
        let silent = Cidr::new("10.50.0.0".parse().expect("a network"), 24).expect("a prefix");
        stack.add_route(now, Route::refusing(silent, RouteKind::Blackhole)).expect("a route");
        stack.tcp_listen(now, ListenOptions::on_port(80)).expect("a listener");
    });
    let socket = socket(&network(), SoftErrors::AbortOnAny, Duration::from_millis(50));
    socket.bind(&name("10.9.0.1:0")).expect("a port");
    let own_name = socket.local_name();
    for _ in 0..2 {
        assert_eq!(socket.connect(&name("10.50.0.1:80")).expect_err("silence").outcome, Outcome::TimedOut);
        assert_eq!(socket.local_name(), own_name);
    }
    crate::done(socket.connect(&name("10.9.0.2:80")));
    assert_eq!(socket.local_name(), own_name);
}
