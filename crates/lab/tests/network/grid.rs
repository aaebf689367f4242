//! Bulk data both ways at once under every fault, checked octet by octet; and how fast it went, as a snapshot.
//!
//! Times are virtual, so the numbers of `grid.snapshot` are the same on every machine: a change of a number is a change of
//! behaviour. Set `SYNSENT_UPDATE_SNAPSHOTS=1` to write the file anew, and look at the difference before it is committed.
//! `SYNSENT_GRID=TEXT` runs only the cells whose line contains the text, and prints them.

use std::fmt::Write as _;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::nets::{Family, LATE, Pair, Way};
use synsent_lab::{Faults, Transfer};
use synsent_stack::{Algorithm, Duration};

const OCTETS: u64 = 300_000;
const SEED: u64 = 0x5eed;
const SNAPSHOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/network/grid.snapshot");

struct Case {
    family: Family,
    way: Way,
    algorithm: Algorithm,
    name: &'static str,
    mtu: u16,
    faults: Faults,
    octets: u64,
}

impl Case {
    fn label(&self) -> String {
        format!("{:?} {:?} {:?} {}", self.family, self.way, self.algorithm, self.name)
    }
}

/// A path of 10 ms and 20 Mbit/s that does nothing wrong.
fn path() -> Faults {
    Faults { rate: Some(20_000_000), ..Faults::delay(Duration::from_millis(10)) }
}

fn faults() -> Vec<(&'static str, u16, Faults)> {
    let millis = Duration::from_millis;
    let all = Faults {
        loss: 0.03,
        duplicate: 0.03,
        reorder: 0.03,
        corrupt: 0.03,
        jitter: millis(8),
        rate: Some(5_000_000),
        queue_octets: 20_000,
        ..path()
    };
    vec![
        ("perfect", 1_500, path()),
        ("without rate or delay", 1_500, Faults::default()),
        ("loss 1 %", 1_500, Faults { loss: 0.01, ..path() }),
        ("loss 5 %", 1_500, Faults { loss: 0.05, ..path() }),
        ("loss 20 %", 1_500, Faults { loss: 0.2, ..path() }),
        ("duplicate 10 %", 1_500, Faults { duplicate: 0.1, ..path() }),
        ("reorder 5 %", 1_500, Faults { reorder: 0.05, reorder_by: millis(6), ..path() }),
        ("reorder 30 %", 1_500, Faults { reorder: 0.3, reorder_by: millis(25), ..path() }),
        ("corrupt 5 %", 1_500, Faults { corrupt: 0.05, ..path() }),
        ("jitter 20 ms", 1_500, Faults { jitter: millis(20), ..path() }),
        ("mtu 1280", 1_280, path()),
        ("rate 1 Mbit/s, short queue", 1_500, Faults { rate: Some(1_000_000), queue_octets: 8_000, ..path() }),
        ("delay 200 ms, loss 1 %", 1_500, Faults { delay: millis(200), loss: 0.01, ..path() }),
        ("all at once", 1_280, all),
    ]
}

fn grid() -> Vec<Case> {
    let mut cases = Vec::new();
    for family in [Family::V4, Family::V6] {
        for way in [Way::Segment, Way::Routed] {
            for algorithm in [Algorithm::NewReno, Algorithm::Cubic] {
                let case = |(name, mtu, faults)| Case { family, way, algorithm, name, mtu, faults, octets: OCTETS };
                cases.extend(faults().into_iter().map(case));
            }
        }
    }
    for family in [Family::V4, Family::V6] {
        let (way, algorithm) = (Way::Line, Algorithm::Cubic);
        let case = |(name, mtu, faults)| Case { family, way, algorithm, name, mtu, faults, octets: OCTETS };
        cases.extend(faults().into_iter().map(case));
    }
    // IPv4 alone knows links as narrow as this.
    for (way, algorithm) in [(Way::Segment, Algorithm::NewReno), (Way::Routed, Algorithm::Cubic)] {
        let (family, name, mtu, octets) = (Family::V4, "mtu 296", 296, OCTETS);
        cases.push(Case { family, way, algorithm, name, mtu, faults: path(), octets });
    }
    // A pipe that holds more than the buffers have at first: they must grow.
    for algorithm in [Algorithm::NewReno, Algorithm::Cubic] {
        let (family, way, name, mtu, octets) = (Family::V6, Way::Line, "100 Mbit/s, 50 ms", 1_500, 12_000_000);
        let delay = Duration::from_millis(50);
        let faults = Faults { rate: Some(100_000_000), queue_octets: 1_500_000, ..Faults::delay(delay) };
        cases.push(Case { family, way, algorithm, name, mtu, faults, octets });
    }
    cases
}

/// Runs one cell of the grid: its line of the snapshot, or what went wrong.
fn run(case: &Case) -> Result<String, String> {
    let config = crate::nets::config(case.algorithm);
    let Pair { mut lab, client, server, cables, server_address } =
        crate::nets::pair(SEED, case.family, case.way, case.mtu, config);
    // What lies before the last cable does nothing wrong, so that the faults are those of the case and not their product.
    for cable in &cables {
        lab.set_faults(*cable, None, path());
    }
    lab.set_faults(*cables.last().unwrap(), None, case.faults);
    let label = case.label();
    let (ours, theirs) = lab
        .establish(client, server, (server_address, 80).into(), LATE)
        .ok_or_else(|| format!("{label}: no connection"))?;
    let transfer = Transfer::both_ways((client, ours), (server, theirs), case.octets, SEED);
    match transfer.run(&mut lab, LATE) {
        Ok(report) if report.longest().is_zero() => Ok(format!("{label}: in no time")),
        Ok(report) => Ok(format!("{label}: {} kbit/s", report.bits_per_second() / 1_000)),
        Err(failed) => Err(format!("{label}: {failed}")),
    }
}

#[test]
fn every_cell_of_the_grid_arrives_intact_and_as_fast_as_before() {
    let wanted = std::env::var("SYNSENT_GRID").unwrap_or_default();
    let mut cases = grid();
    cases.retain(|case| case.label().contains(&wanted));
    let (next, done) = (AtomicUsize::new(0), Mutex::new(vec![None; cases.len()]));
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                while let Some((index, case)) =
                    Some(next.fetch_add(1, Ordering::Relaxed)).and_then(|index| Some((index, cases.get(index)?)))
                {
                    let line = run(case);
                    done.lock().unwrap()[index] = Some(line);
                }
            });
        }
    });
    let lines: Vec<Result<String, String>> = done.into_inner().unwrap().into_iter().map(Option::unwrap).collect();
    let failed: Vec<&String> = lines.iter().filter_map(|line| line.as_ref().err()).collect();
    assert!(failed.is_empty(), "{} of {} cells failed:\n{failed:#?}", failed.len(), lines.len());
    let text = lines.into_iter().flatten().fold(String::new(), |mut text, line| {
        let _ = writeln!(text, "{line}");
        text
    });
    if wanted.is_empty() { compare(&text) } else { println!("{text}") }
}

fn compare(now: &str) {
    if std::env::var_os("SYNSENT_UPDATE_SNAPSHOTS").is_some() {
        std::fs::write(SNAPSHOT, now).unwrap();
        return;
    }
    let before = std::fs::read_to_string(SNAPSHOT).unwrap_or_default();
    let changed: Vec<String> = before
        .lines()
        .zip(now.lines())
        .filter(|(before, now)| before != now)
        .map(|(before, now)| format!("- {before}\n+ {now}"))
        .collect();
    assert!(
        before == now,
        "the grid's throughput is not that of grid.snapshot; if the change is meant, run the test again with \
         SYNSENT_UPDATE_SNAPSHOTS=1:\n{}",
        changed.join("\n")
    );
}
