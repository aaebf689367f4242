//! The ways a connection ends, or does not begin: refused, silence, reset in mid-stream, one direction closed first.

use std::io::{ErrorKind, Read as _, Write as _};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use libtest_mimic::Trial;
use synsent_host::{Engine, VirtioHeader, WaitError, interface};
use synsent_stack::{Cause, Config, ReceiveError, TcpConfig, TcpOptions};

use crate::faults::Lossy;
use crate::net::{Link, Net, PATIENCE, Plan, decided, over};
use crate::world::trial;

const PLANS: [Plan; 4] = [
    Plan::TUN,
    Plan { link: Link::Tap, virtio: VirtioHeader::With, v6: true },
    Plan { link: Link::Tap, virtio: VirtioHeader::Without, v6: false },
    Plan { link: Link::Packet, virtio: VirtioHeader::With, v6: false },
];

pub(crate) fn trials() -> Vec<Trial> {
    type Body = fn(Plan);
    let tests: [(&str, Body); 8] = [
        ("refused_by_the_kernel", refused_by_the_kernel),
        ("refused_by_us", refused_by_us),
        ("silence", silence),
        ("reset_by_the_kernel", reset_by_the_kernel),
        ("reset_by_us", reset_by_us),
        ("we_close_first", we_close_first),
        ("the_kernel_closes_first", the_kernel_closes_first),
        ("a_device_that_is_removed_ends_every_wait", a_device_that_is_removed_ends_every_wait),
    ];
    let mut trials = Vec::new();
    for (name, test) in tests {
        for plan in PLANS {
            trials.push(trial(format!("{name}_{plan}"), move || test(plan)));
        }
    }
    trials.push(trial("an_engine_serves_calls_from_threads", an_engine_serves_calls_from_threads));
    trials.push(trial("a_stop_ends_every_wait", a_stop_ends_every_wait));
    trials
}

/// A port of the kernel where nobody listens.
fn closed_port(plan: Plan) -> SocketAddr {
    TcpListener::bind((plan.kernel(), 0)).expect("a listener").local_addr().expect("its address")
}

fn refused_by_the_kernel(plan: Plan) {
    let mut net = Net::open(plan);
    let remote = closed_port(plan);
    let flow = net.connect(remote);
    let failure = net.run("the refusal", |stack, _| decided(stack, flow)?.failure);
    assert_eq!(failure.cause, Cause::Refused { by: plan.kernel() });
    assert!(failure.to_string().starts_with(&format!("refused: RST from {} after ", plan.kernel())), "{failure}");
    // A virtual cable leads through a queue that all namespaces share, where frames are lost while other tests fill it.
    let at_once = matches!(plan.link, Link::Packet) || failure.syns.count() == 1;
    assert!(at_once, "at once: {failure}");
}

fn refused_by_us(plan: Plan) {
    let mut net = Net::open(plan);
    let remote = SocketAddr::new(plan.ours(), 9);
    let kernel = thread::spawn(move || TcpStream::connect(remote).expect_err("refused").kind());
    net.run("the kernel's end", |_, _| kernel.is_finished().then_some(()));
    assert_eq!(kernel.join().expect("the kernel's end"), ErrorKind::ConnectionRefused);
}

/// Nothing that leaves arrives anywhere.
fn silence(plan: Plan) {
    let options = TcpOptions { syn_timeout: Duration::from_millis(1_000), ..TcpOptions::default() };
    let tcp = TcpConfig { rto_initial: Duration::from_millis(100), options, ..TcpConfig::default() };
    let ethernet = matches!(plan.link, Link::Tap | Link::Packet);
    let device = Lossy::new(plan.device(), 1_000, 1);
    let mut net = Net::open_on(plan, Config { tcp, ..Config::default() }, device);
    let flow = net.connect(SocketAddr::new(plan.kernel(), 80));
    let failure = net.run("the end of patience", |stack, _| decided(stack, flow)?.failure);
    match failure.cause {
        // Where there is Ethernet the silence already begins at the question for the neighbour's address.
        Cause::NeighbourUnreachable { next_hop } if ethernet => assert_eq!(next_hop, plan.kernel()),
        Cause::TimedOut { soft: None } => {
            assert!(failure.syns.count() >= 3, "{failure}");
            assert!(failure.to_string().starts_with("timed out: "), "{failure}");
        }
        cause => panic!("{cause:?}"),
    }
}

fn reset_by_the_kernel(plan: Plan) {
    let mut net = Net::open(plan);
    let listener = TcpListener::bind((plan.kernel(), 0)).expect("a listener of the kernel");
    let remote = listener.local_addr().expect("its address");
    let kernel = thread::spawn(move || {
        let (mut stream, _) = listener.accept().expect("our connection");
        stream.write_all(b"half a sen").expect("room");
        let mut first = [0; 1];
        stream.read_exact(&mut first).expect("our data");
        rustix::net::sockopt::set_socket_linger(&stream, Some(Duration::ZERO)).expect("no lingering");
    });
    let flow = net.connected(remote);
    let mut received = Vec::new();
    let failure = net.run("the reset", |stack, now| {
        // Data in flight both ways when the reset comes.
        let _ = stack.tcp_send(now, flow, &[7; 4_096]);
        let mut chunk = [0; 64];
        match stack.tcp_receive(now, flow, &mut chunk) {
            Ok(len) => received.extend_from_slice(&chunk[..len]),
            Err(ReceiveError::WouldBlock | ReceiveError::Failed) => {}
            Err(error) => panic!("{error}"),
        }
        stack.tcp_status(flow).expect("a connection").failure
    });
    kernel.join().expect("the kernel's end");
    assert_eq!(failure.cause, Cause::Reset { by: plan.kernel() });
    assert!(failure.to_string().starts_with(&format!("reset: RST from {}", plan.kernel())), "{failure}");
    assert_eq!(received, b"half a sen");
}

fn reset_by_us(plan: Plan) {
    let mut net = Net::open(plan);
    let listener = net.listen(7_000);
    let remote = SocketAddr::new(plan.ours(), 7_000);
    let kernel = thread::spawn(move || {
        let mut stream = TcpStream::connect(remote).expect("our listener");
        stream.set_read_timeout(Some(PATIENCE)).expect("a timeout");
        // Shows that connect() has returned: a reset before would be its error and not the stream's.
        stream.write_all(b"go").expect("room");
        let mut all = Vec::new();
        let error = stream.read_to_end(&mut all).expect_err("a reset").kind();
        (all, error)
    });
    let flow = net.accept(listener);
    net.run("the kernel's go", |stack, now| (stack.tcp_receive(now, flow, &mut [0; 2]) == Ok(2)).then_some(()));
    let now = net.driver.now();
    net.driver.stack().tcp_send(now, flow, b"half a sen").expect("room");
    net.run("the kernel's acknowledgment", |stack, _| {
        (stack.tcp_status(flow).expect("a connection").unacknowledged == 0).then_some(())
    });
    net.driver.stack().tcp_abort(now, flow);
    net.run("the kernel's end", |_, _| kernel.is_finished().then_some(()));
    let (received, error) = kernel.join().expect("the kernel's end");
    assert_eq!((received.as_slice(), error), (&b"half a sen"[..], ErrorKind::ConnectionReset));
}

/// We send our FIN; the kernel answers with more than a window of data after it saw it.
fn we_close_first(plan: Plan) {
    let mut net = Net::open(plan);
    let listener = TcpListener::bind((plan.kernel(), 0)).expect("a listener of the kernel");
    let remote = listener.local_addr().expect("its address");
    let kernel = thread::spawn(move || {
        let (mut stream, _) = listener.accept().expect("our connection");
        let mut question = Vec::new();
        stream.read_to_end(&mut question).expect("the question and its end");
        assert_eq!(question, b"and now?");
        stream.write_all(&[42; 1_000_000]).expect("room");
    });
    let flow = net.connected(remote);
    let now = net.driver.now();
    net.driver.stack().tcp_send(now, flow, b"and now?").expect("room");
    net.driver.stack().tcp_shutdown_send(now, flow).expect("an open connection");
    let mut received = Vec::new();
    net.run("the kernel's data and FIN", |stack, now| {
        let mut chunk = [0; 4_096];
        loop {
            match stack.tcp_receive(now, flow, &mut chunk) {
                Ok(0) => return Some(()),
                Ok(len) => received.extend_from_slice(&chunk[..len]),
                Err(ReceiveError::WouldBlock) => return None,
                Err(error) => panic!("{error}"),
            }
        }
    });
    assert!(received == [42; 1_000_000]);
    let status = net.run("the end", |stack, _| over(stack, flow));
    assert!(status.failure.is_none());
    kernel.join().expect("the kernel's end");
}

/// The kernel sends its FIN; we go on sending until we are done.
fn the_kernel_closes_first(plan: Plan) {
    let mut net = Net::open(plan);
    let listener = net.listen(7_000);
    let remote = SocketAddr::new(plan.ours(), 7_000);
    let kernel = thread::spawn(move || {
        let mut stream = TcpStream::connect(remote).expect("our listener");
        stream.set_read_timeout(Some(PATIENCE)).expect("a timeout");
        stream.shutdown(Shutdown::Write).expect("an open connection");
        let mut all = Vec::new();
        stream.read_to_end(&mut all).expect("our data and FIN");
        all
    });
    let flow = net.accept(listener);
    net.run("the kernel's FIN", |stack, now| (stack.tcp_receive(now, flow, &mut [0; 64]) == Ok(0)).then_some(()));
    let data = [42; 1_000_000];
    let mut sent = 0;
    net.run("room for all our data", |stack, now| {
        while let Ok(len) = stack.tcp_send(now, flow, &data[sent..]) {
            sent += len;
            if sent == data.len() {
                stack.tcp_shutdown_send(now, flow).expect("an open connection");
                return Some(());
            }
        }
        None
    });
    let status = net.run("the end", |stack, _| over(stack, flow));
    assert!(status.failure.is_none());
    net.run("the kernel's end", |_, _| kernel.is_finished().then_some(()));
    assert!(kernel.join().expect("the kernel's end") == data);
}

/// The driver in a thread of its own; eight threads call it and block.
fn an_engine_serves_calls_from_threads() {
    let net = Net::open(Plan::TUN);
    let listener = TcpListener::bind((net.plan.kernel(), 0)).expect("a listener of the kernel");
    let remote = listener.local_addr().expect("its address");
    let kernel = thread::spawn(move || {
        for _ in 0..8 {
            let (mut stream, _) = listener.accept().expect("our connection");
            thread::spawn(move || {
                let mut all = Vec::new();
                stream.read_to_end(&mut all).expect("our data");
                stream.write_all(&all).expect("room");
            });
        }
    });
    let engine = Engine::start(net.driver).expect("a thread");
    let callers: Vec<_> = (0..8_u8)
        .map(|number| {
            let handle = engine.handle();
            thread::spawn(move || echo_through(&handle, remote, &vec![number; 300_000]))
        })
        .collect();
    for caller in callers {
        caller.join().expect("a caller");
    }
    kernel.join().expect("the kernel's end");
    engine.stop();
}

/// Half is sent, then the rest while the answer comes back.
fn echo_through(handle: &synsent_host::Handle, remote: SocketAddr, data: &[u8]) {
    let options = synsent_stack::OpenOptions::to(remote);
    let flow = handle.with(|stack, now| stack.tcp_connect(now, options)).expect("an open that begins");
    let mut sent = 0;
    while sent < data.len() {
        let taken = handle.wait(Some(PATIENCE), |stack, now| stack.tcp_send(now, flow, &data[sent..]).ok());
        sent += taken.expect("room");
    }
    handle.with(|stack, now| stack.tcp_shutdown_send(now, flow)).expect("an open connection");
    let mut received = Vec::new();
    loop {
        let mut chunk = vec![0; 10_000];
        let len = handle.wait(Some(PATIENCE), |stack, now| stack.tcp_receive(now, flow, &mut chunk).ok());
        match len.expect("data") {
            0 => break,
            len => received.extend_from_slice(&chunk[..len]),
        }
    }
    assert!(received == data);
    handle.with(|stack, now| stack.tcp_close(now, flow));
}

fn a_stop_ends_every_wait() {
    let engine = Engine::start(Net::open(Plan::TUN).driver).expect("a thread");
    let waiting = waiters(&engine);
    engine.stop();
    for waiter in waiting {
        assert_eq!(waiter.join().expect("the caller"), Err(WaitError::Stopped));
    }
    assert!(interface::index("t0").is_err(), "the device goes with its descriptor");
}

/// The interface is removed while the stack works on it and callers wait, one of them for room to send.
fn a_device_that_is_removed_ends_every_wait(plan: Plan) {
    let mut net = Net::open(plan);
    let listener = TcpListener::bind((plan.kernel(), 0)).expect("a listener of the kernel");
    let flow = net.connected(listener.local_addr().expect("its address"));
    let engine = Engine::start(net.driver).expect("a thread");
    let mut waiting = waiters(&engine);
    let handle = engine.handle();
    waiting.push(thread::spawn(move || {
        // Nobody reads at the other end, so room for ever new data comes to an end and then never comes back.
        loop {
            let data = [0; 65_536];
            handle.wait(Some(PATIENCE), |stack, now| stack.tcp_send(now, flow, &data).ok())?;
        }
    }));
    let name = engine.handle().device_counters()[0].device.clone();
    interface::remove(&name).expect("an interface that can be removed");
    let begins = format!("the device {name} is gone: ");
    for waiter in waiting {
        let Err(WaitError::Broken(said)) = waiter.join().expect("the caller") else { panic!("a device that is gone") };
        assert!(said.starts_with(&begins), "{said}");
    }
    let late = engine.handle().wait(Some(PATIENCE), |_, _| None::<()>);
    assert!(matches!(late, Err(WaitError::Broken(_))), "who comes later does not wait either");
}

/// Callers that wait for what never comes: with a limit, and without.
fn waiters(engine: &Engine) -> Vec<JoinHandle<Result<(), WaitError>>> {
    let wait = |at_most| {
        let handle = engine.handle();
        thread::spawn(move || handle.wait(at_most, |_, _| None::<()>))
    };
    vec![wait(Some(PATIENCE)), wait(None), wait(None)]
}
