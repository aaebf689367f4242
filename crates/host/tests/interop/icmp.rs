//! What routers say: the kernel as a router that refuses in every way it knows, and every code of an unreachable message from a
//! router made by hand.

use std::net::{IpAddr, SocketAddr};
use std::thread;
use std::time::Duration;

use libtest_mimic::Trial;
use synsent_host::interface::{RouteKind, add_route};
use synsent_host::{CableEnd, Device, cable};
use synsent_stack::{Cause, Config, IcmpCause, OpenOptions, ReceiveError, SoftErrors, TcpConfig, TcpOptions};
use synsent_wire::checksum;

use crate::forwarding::let_the_kernel_forward;
use crate::net::{Link, Net, Plan, address, decided};
use crate::world::trial;

pub(crate) fn trials() -> Vec<Trial> {
    let mut trials = Vec::new();
    for link in [Link::Tun, Link::Tap] {
        for v6 in [false, true] {
            let plan = Plan { link, v6, ..Plan::TUN };
            trials.push(trial(format!("each_refusal_of_a_router_{plan}"), move || each_refusal_of_a_router(plan)));
            trials.push(trial(format!("a_blackhole_{plan}"), move || a_blackhole(plan)));
        }
    }
    trials.push(trial("each_unreachable_code_v4", || each_code(false, 16)));
    trials.push(trial("each_unreachable_code_v6", || each_code(true, 7)));
    trials.push(trial("a_soft_error_is_told_at_the_timeout", a_soft_error_is_told_at_the_timeout));
    trials
}

/// An opening that an ICMP error may end, and that gives up after a second.
fn impatient(soft_errors: SoftErrors) -> Config {
    let options = TcpOptions { syn_timeout: Duration::from_secs(1), soft_errors, ..TcpOptions::default() };
    let tcp = TcpConfig { rto_initial: Duration::from_millis(100), options, ..TcpConfig::default() };
    Config { tcp, ..Config::default() }
}

fn refuse(destination: IpAddr, kind: RouteKind) {
    let prefix_len = if destination.is_ipv4() { 32 } else { 128 };
    add_route(destination, prefix_len, None, None, kind).expect("a route that refuses");
}

fn each_refusal_of_a_router(plan: Plan) {
    let_the_kernel_forward();
    let mut net = Net::open_on(plan, impatient(SoftErrors::AbortOnAny), plan.device());
    let unreachable = address(plan.v6, "10.66.0.1", "fd00:66::1");
    let prohibited = address(plan.v6, "10.66.0.2", "fd00:66::2");
    let nowhere = address(plan.v6, "10.66.0.3", "fd00:66::3");
    refuse(unreachable, RouteKind::Unreachable);
    refuse(prohibited, RouteKind::Prohibit);
    let code = |four, six| if plan.v6 { IcmpCause::V6Unreachable(six) } else { IcmpCause::V4Unreachable(four) };
    // RFC 792, RFC 1812 section 5.2.7.1 and RFC 4443 section 3.1 give the codes; a route that says unreachable is to Linux a
    // host in IPv4 and no route in IPv6.
    for (remote, cause) in [(unreachable, code(1, 0)), (prohibited, code(13, 1)), (nowhere, code(0, 0))] {
        let flow = net.connect(SocketAddr::new(remote, 80));
        let failure = net.run("the router's word", |stack, _| decided(stack, flow)?.failure);
        assert_eq!(failure.cause, Cause::Icmp { from: plan.kernel(), cause });
        assert!(failure.to_string().starts_with("unreachable: "), "{failure}");
        assert_eq!(failure.syns.count(), 1, "at once: {failure}");
    }
}

fn a_blackhole(plan: Plan) {
    let_the_kernel_forward();
    let mut net = Net::open_on(plan, impatient(SoftErrors::AbortOnAny), plan.device());
    let remote = address(plan.v6, "10.66.0.1", "fd00:66::1");
    refuse(remote, RouteKind::Blackhole);
    let flow = net.connect(SocketAddr::new(remote, 80));
    let failure = net.run("the end of patience", |stack, _| decided(stack, flow)?.failure);
    assert_eq!(failure.cause, Cause::TimedOut { soft: None });
    assert!(failure.syns.count() >= 3, "{failure}");
}

/// A router made by hand answers a SYN to port 1000 + N with an unreachable message of code N.
fn each_code(v6: bool, codes: u8) {
    let plan = Plan { v6, ..Plan::TUN };
    let (our_end, router) = cable("c", 1_500).expect("a cable");
    let mut net = Net::open_on(plan, impatient(SoftErrors::AbortOnAny), our_end);
    let router = thread::spawn(move || answer_with_codes(router));
    for code in 0..codes {
        // "Fragmentation needed" is a matter of the path MTU and ends nothing.
        if !v6 && code == 4 {
            continue;
        }
        let flow = net.connect(SocketAddr::new(plan.kernel(), 1_000 + u16::from(code)));
        let failure = net.run("the router's word", |stack, _| decided(stack, flow)?.failure);
        let cause = if v6 { IcmpCause::V6Unreachable(code) } else { IcmpCause::V4Unreachable(code) };
        assert_eq!(failure.cause, Cause::Icmp { from: plan.kernel(), cause }, "code {code}");
    }
    drop(net);
    router.join().expect("the router");
}

/// Under the policy of RFC 1122 a host that is unreachable may come back: the opening goes on, and what was said is told.
fn a_soft_error_is_told_at_the_timeout() {
    let plan = Plan::TUN;
    let (our_end, router) = cable("c", 1_500).expect("a cable");
    let mut net = Net::open_on(plan, impatient(SoftErrors::ReportAtTimeout), our_end);
    let router = thread::spawn(move || answer_with_codes(router));
    let options = OpenOptions::to(SocketAddr::new(plan.kernel(), 1_001));
    let now = net.driver.now();
    let flow = net.driver.stack().tcp_connect(now, options).expect("an open that begins");
    let failure = net.run("the end of patience", |stack, now| {
        assert_eq!(
            stack.tcp_receive(now, flow, &mut [0; 1]).map_err(|error| error == ReceiveError::NoSuchSocket),
            Err(false)
        );
        decided(stack, flow)?.failure
    });
    let Cause::TimedOut { soft: Some(soft) } = failure.cause else { panic!("{failure}") };
    assert_eq!((soft.from, soft.cause), (plan.kernel(), IcmpCause::V4Unreachable(1)));
    assert!(failure.to_string().contains("host unreachable"), "{failure}");
    drop(net);
    router.join().expect("the router");
}

/// Until the other end of the cable is gone.
fn answer_with_codes(mut end: CableEnd) {
    let mut frame = vec![0; 2_048];
    loop {
        let descriptor = end.descriptor();
        let mut wait = [rustix::event::PollFd::new(&descriptor, rustix::event::PollFlags::IN)];
        rustix::event::poll(&mut wait, None).expect("poll");
        while let Ok(received) = end.receive(&mut frame) {
            let Some((len, _)) = received else { break };
            if let Some(answer) = unreachable(&frame[..len]) {
                end.transmit(&answer, None).expect("room");
            }
        }
        if end.receive(&mut frame).is_err() {
            return;
        }
    }
}

/// The message of RFC 792 or RFC 4443 about a packet with a SYN, from the address that the SYN was for.
fn unreachable(packet: &[u8]) -> Option<Vec<u8>> {
    let v6 = packet[0] >> 4 == 6;
    let (header_len, protocol) = if v6 { (40, packet[6]) } else { (20, packet[9]) };
    if protocol != 6 {
        return None;
    }
    let port = u16::from_be_bytes([packet[header_len + 2], packet[header_len + 3]]);
    let code = u8::try_from(port.checked_sub(1_000)?).ok()?;
    let mut message = vec![if v6 { 1 } else { 3 }, code, 0, 0, 0, 0, 0, 0];
    message.extend_from_slice(packet);
    let mut answer = Vec::new();
    if v6 {
        let (source, destination) = (octets::<16>(packet, 24), octets::<16>(packet, 8));
        let pseudo = checksum::pseudo_header(source.into(), destination.into(), 58, message.len() as u32);
        put_checksum(&mut message, 2, pseudo);
        answer.extend_from_slice(&[0x60, 0, 0, 0]);
        answer.extend_from_slice(&(message.len() as u16).to_be_bytes());
        answer.extend_from_slice(&[58, 64]);
        answer.extend_from_slice(&source);
        answer.extend_from_slice(&destination);
    } else {
        put_checksum(&mut message, 2, checksum::Sum::new());
        answer.extend_from_slice(&[0x45, 0]);
        answer.extend_from_slice(&(20 + message.len() as u16).to_be_bytes());
        answer.extend_from_slice(&[0, 0, 0, 0, 64, 1, 0, 0]);
        answer.extend_from_slice(&octets::<4>(packet, 16));
        answer.extend_from_slice(&octets::<4>(packet, 12));
        put_checksum(&mut answer, 10, checksum::Sum::new());
    }
    answer.extend_from_slice(&message);
    Some(answer)
}

fn octets<const LEN: usize>(packet: &[u8], at: usize) -> [u8; LEN] {
    packet[at..at + LEN].try_into().expect("a whole header")
}

fn put_checksum(bytes: &mut [u8], at: usize, before: checksum::Sum) {
    let sum = before.add_bytes(bytes).finish();
    bytes[at..at + 2].copy_from_slice(&sum.to_be_bytes());
}
