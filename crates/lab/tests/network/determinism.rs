//! The same seed gives the same octets on the wire at the same times.

use crate::nets::{Family, LATE, Pair, Way};
use synsent_lab::{Behaviour, Fate, Faults, Lab, Limits, Transfer};
use synsent_stack::{Algorithm, Config, Duration, Instant};

fn faults() -> Faults {
    let delay = Duration::from_millis(7);
    let (loss, duplicate, reorder, corrupt) = (0.02, 0.02, 0.02, 0.02);
    Faults { loss, duplicate, reorder, corrupt, delay, jitter: Duration::from_millis(3), ..Faults::default() }
}

/// A transfer with faults: the digest of all that went over the cables, and every record as a line.
fn run(seed: u64, family: Family) -> (u64, Vec<String>) {
    let Pair { mut lab, client, server, cables, server_address } =
        crate::nets::pair(seed, family, Way::Routed, 1_400, crate::nets::config(Algorithm::Cubic));
    for cable in cables {
        lab.set_faults(cable, None, faults());
    }
    let (a, b) = lab.establish(client, server, (server_address, 80).into(), LATE).unwrap();
    Transfer::both_ways((client, a), (server, b), 100_000, 1).run(&mut lab, LATE).unwrap();
    (lab.capture().digest(), lab.capture().records().map(ToString::to_string).collect())
}

#[test]
fn one_seed_gives_one_capture() {
    for family in [Family::V4, Family::V6] {
        let (first, again) = (run(7, family), run(7, family));
        for (one, other) in first.1.iter().zip(&again.1) {
            assert_eq!(one, other, "the runs part here");
        }
        assert_eq!(first.0, again.0);
        assert_ne!(first.0, run(8, family).0, "another seed must give another run");
    }
}

#[test]
fn frames_on_their_way_are_bounded() {
    let mut lab = Lab::with_limits(1, Limits { flying_frames: 3, ..Limits::default() });
    let (a, b) = (lab.add_host("a", Config::default()), lab.add_host("b", Config::default()));
    let line = lab.add_line("line", 1_500);
    lab.attach(a, line, &[crate::nets::cidr(Family::V4, 1, 1)]).unwrap();
    lab.attach(b, line, &[crate::nets::cidr(Family::V4, 1, 2)]).unwrap();
    lab.set_faults(line, None, Faults::delay(Duration::from_millis(1)));
    for port in 1..=5 {
        lab.connect(a, (crate::nets::address(Family::V4, 1, 2), port).into()).unwrap();
    }
    let full = lab.capture().records().filter(|record| record.fate == Fate::QueueFull).count();
    assert_eq!(full, 2);
}

#[test]
fn events_that_nobody_takes_are_bounded() {
    let mut lab = Lab::with_limits(1, Limits { events: 2, ..Limits::default() });
    let (a, b) = (lab.add_host("a", Config::default()), lab.add_host("b", Config::default()));
    let line = lab.add_line("line", 1_500);
    lab.attach(a, line, &[crate::nets::cidr(Family::V4, 1, 1)]).unwrap();
    lab.attach(b, line, &[crate::nets::cidr(Family::V4, 1, 2)]).unwrap();
    for port in 1..=5 {
        lab.connect(a, (crate::nets::address(Family::V4, 1, 2), port).into()).unwrap();
    }
    lab.run_for(Duration::from_secs(1));
    assert!(lab.events_ever(a) >= 5, "every connection is refused");
    assert_eq!(std::iter::from_fn(|| lab.poll_event(a)).count(), 2);
}

#[test]
fn a_cable_that_is_cut_loses_what_is_on_its_way() {
    let Pair { mut lab, client, server, cables, server_address } =
        crate::nets::pair(1, Family::V4, Way::Line, 1_500, Config::default());
    lab.set_faults(cables[0], None, Faults::delay(Duration::from_millis(100)));
    lab.behave(server, 80, Behaviour::Answer).unwrap();
    lab.set_up_at(Instant::from_millis(50), cables[0], false);
    lab.set_up_at(Instant::from_millis(60), cables[0], true);
    let flow = lab.connect(client, (server_address, 80).into()).unwrap();
    let connected = |lab: &mut Lab| {
        lab.stack(client).tcp_status(flow).is_some_and(|status| status.state == synsent_stack::State::Established)
    };
    assert!(!lab.run_until(Instant::from_millis(999), connected), "the first SYN was on the cable when it was cut");
    assert!(lab.run_until(Instant::from_millis(1_201), connected), "the second SYN is answered");
}
