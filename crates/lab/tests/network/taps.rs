//! The lab's end of a line to somebody outside: here another lab, or frames written by hand.

use synsent_lab::{Behaviour, Fate, Faults, HostId, Lab, TAP_FRAMES_MAX, TapId};
use synsent_stack::{Config, Duration, FlowId, Instant, State};

use crate::nets::{Family, address, cidr};

const DELAY: Duration = Duration::from_millis(20);

/// A lab with one host and a tap, joined by a line or a segment.
fn half(seed: u64, ethernet: bool, family: Family, host: u8) -> (Lab, HostId, TapId) {
    let mut lab = Lab::new(seed);
    // A host's station address is made from its number in its lab; two labs on one segment must not give the same one.
    let hosts: Vec<HostId> = (0..=host).map(|_| lab.add_host("host", Config::default())).collect();
    let id = hosts[usize::from(host)];
    let cable = if ethernet { lab.add_segment("net", 1_500) } else { lab.add_line("net", 1_500) };
    lab.attach(id, cable, &[cidr(family, 1, host)]).unwrap();
    let tap = lab.add_tap(cable);
    (lab, id, tap)
}

/// Moves the time of both labs on together, and what passes between them.
fn join(near: (&mut Lab, TapId), far: (&mut Lab, TapId), millis: u64) {
    for _ in 0..millis {
        let now = near.0.now() + Duration::from_millis(1);
        near.0.run_until(now, |_| false);
        far.0.run_until(now, |_| false);
        while let Some(frame) = near.0.tap_out(near.1) {
            far.0.tap_in(far.1, &frame);
        }
        while let Some(frame) = far.0.tap_out(far.1) {
            near.0.tap_in(near.1, &frame);
        }
    }
}

fn is_established(lab: &Lab, host: HostId, flow: FlowId) -> bool {
    lab.stack(host).tcp_status(flow).is_some_and(|status| status.state == State::Established)
}

#[test]
fn a_program_outside_connects_through_a_tap() {
    for (ethernet, family) in [(false, Family::V4), (false, Family::V6), (true, Family::V4), (true, Family::V6)] {
        let (mut near, client, near_tap) = half(1, ethernet, family, 1);
        let (mut far, server, far_tap) = half(2, ethernet, family, 2);
        far.behave(server, 80, Behaviour::Answer).unwrap();
        let flow = near.connect(client, (address(family, 1, 2), 80).into()).unwrap();
        join((&mut near, near_tap), (&mut far, far_tap), 20);
        assert!(is_established(&near, client, flow), "{ethernet} {family:?}");
        near.call(client, |stack, now| stack.tcp_send(now, flow, b"hello")).unwrap();
        join((&mut near, near_tap), (&mut far, far_tap), 20);
        let mut back = [0; 10];
        let count = near.call(client, |stack, now| stack.tcp_receive(now, flow, &mut back)).unwrap();
        assert_eq!(&back[..count], b"hello");
    }
}

#[test]
fn both_directions_take_the_cables_time() {
    let (mut near, client, near_tap) = half(1, false, Family::V4, 1);
    let (mut far, server, far_tap) = half(2, false, Family::V4, 2);
    far.set_faults(far.tap_end(far_tap).0, None, Faults::delay(DELAY));
    far.behave(server, 80, Behaviour::Answer).unwrap();
    let flow = near.connect(client, (address(Family::V4, 1, 2), 80).into()).unwrap();
    join((&mut near, near_tap), (&mut far, far_tap), 39);
    assert!(!is_established(&near, client, flow), "the SYN and the SYN-ACK are 20 ms on their way each");
    join((&mut near, near_tap), (&mut far, far_tap), 6);
    assert!(is_established(&near, client, flow));
}

#[test]
fn the_faults_of_the_taps_end_meet_what_comes_in_and_the_capture_tells() {
    let (mut lab, _, tap) = half(1, false, Family::V4, 1);
    let (cable, end) = lab.tap_end(tap);
    lab.set_faults(cable, Some(end), Faults { loss: 1.0, ..Faults::default() });
    lab.run_for(Duration::from_millis(5));
    lab.tap_in(tap, &[0x45; 40]);
    let record = lab.capture().records().last().unwrap();
    assert_eq!((record.at, record.cable, record.from, record.fate), (Instant::from_millis(5), cable, end, Fate::Lost));
    assert_eq!(record.bytes, [0x45; 40]);
    assert_eq!(lab.tap_out(tap), None, "nobody hears himself");
}

#[test]
fn a_rule_sees_what_comes_in() {
    let (mut lab, _, tap) = half(1, false, Family::V4, 1);
    let (cable, end) = lab.tap_end(tap);
    lab.drop_where(cable, move |sight| sight.from == end);
    lab.tap_in(tap, &[0x45; 40]);
    assert_eq!(lab.capture().records().last().unwrap().fate, Fate::Ruled);
}

#[test]
fn a_cut_cable_gives_nothing_to_the_tap() {
    let (mut lab, client, tap) = half(1, false, Family::V4, 1);
    let (cable, _) = lab.tap_end(tap);
    lab.set_faults(cable, None, Faults::delay(DELAY));
    lab.connect(client, (address(Family::V4, 1, 2), 80).into()).unwrap();
    lab.set_up_at(Instant::from_millis(10), cable, false);
    lab.run_for(Duration::from_millis(100));
    assert_eq!(lab.tap_out(tap), None);
}

#[test]
fn a_tap_that_nobody_empties_drops_and_counts() {
    let mut lab = Lab::new(1);
    let cable = lab.add_line("net", 1_500);
    let (ours, other) = (lab.add_tap(cable), lab.add_tap(cable));
    for number in 0..TAP_FRAMES_MAX + 3 {
        lab.tap_in(ours, &number.to_be_bytes());
    }
    lab.run_for(Duration::from_millis(1));
    assert_eq!((lab.tap_dropped(other), lab.tap_dropped(ours)), (3, 0));
    let kept: Vec<_> = std::iter::from_fn(|| lab.tap_out(other)).collect();
    assert_eq!(kept.len(), TAP_FRAMES_MAX);
    assert_eq!(kept.first().unwrap(), &0_usize.to_be_bytes(), "the newest are dropped, not the oldest");
}
