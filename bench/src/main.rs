//! Ours and a peer, in one process and one run. Each measure runs both in turn, several rounds, and the medians stand in the
//! table.
//!
//! Our stack stands beside smoltcp, and its sockets beside the bare stack, on one core: two hosts joined in memory, an IP
//! medium with an MTU of 1,500, checksums on, CUBIC, and buffers of 64 KiB that do not grow. What a measure does is written
//! once, in `measures.rs`, for anything that is an `Engine`; `ours.rs`, `sockets.rs` and `peer.rs` say how each does it.
//! `kernel.rs` has a dialect on the kernel's sockets beside plain system calls, on loopback; `observed.rs` an observed program without
//! sockets beside one that nobody observes. `c.rs`, a command of its own, has a C program on the installed library beside the same
//! program on the C library. What is not measured: devices, loss.
#![forbid(unsafe_code)]

mod c;
mod engine;
mod kernel;
mod measures;
mod memory;
mod observed;
mod ours;
mod peer;
mod pipe;
mod sockets;

use std::io::{self, Write};

use clap::{Parser, Subcommand, ValueEnum};
use rustix::thread::{CpuSet, sched_getcpu, sched_setaffinity};

use crate::kernel::{Plain, Winsock};
use crate::measures::OpenClose;
use crate::observed::{Job, Jobs};
use crate::ours::Ours;
use crate::peer::Peer;
use crate::sockets::Sockets;

/// How many other connections are open while connections are opened and closed.
const HELD: [usize; 4] = [100, 1_000, 10_000, 100_000];
/// How many slices of a measure on the kernel's sockets make a round.
const SLICES: usize = 20;

#[derive(Parser)]
#[command(about = "Measures ours and a peer in one run.")]
#[command(args_conflicts_with_subcommands = true)]
struct Arguments {
    #[command(subcommand)]
    command: Option<Other>,
    /// One line of JSON for each measure in place of the table.
    #[arg(long)]
    json: bool,
    /// Only this measure.
    #[arg(long, value_enum)]
    only: Option<Measure>,
    /// How many rounds each measure runs; the median counts.
    #[arg(long, default_value_t = 7)]
    rounds: usize,
}

/// What is no measure of this process.
#[derive(Subcommand)]
enum Other {
    /// A C program on the installed library, beside the same program on the C library.
    C(c::Options),
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Measure {
    /// Nanoseconds for a data segment, both ends together.
    Segment,
    /// Connections opened, accepted and closed, per second; alone, and with others open.
    OpenClose,
    /// Round trips of one octet, per second.
    RoundTrip,
    /// Octets of heap for an idle connection, one end.
    IdleBytes,
    /// Seconds to open 10,000 connections one after the other.
    #[value(name = "open-10k")]
    Open10k,
    /// Allocations for a data segment.
    Allocations,
    /// Connections opened, accepted and closed by sockets on our stack, beside the bare stack, per second.
    SocketsOpenClose,
    /// A dialect on the kernel, beside plain calls: nanoseconds to make, connect and close a socket.
    KernelCycle,
    /// The same for a round trip of one octet.
    KernelRoundTrip,
    /// The same for sending 64 KiB.
    KernelBulk,
    /// The same for a select over 64 sockets, one of them ready.
    KernelSelect,
    /// A program without sockets, observed and not. The last one, because the process goes into a room for it.
    Observed,
}

/// What stands beside ours.
const SMOLTCP: &str = "smoltcp";
const BARE: &str = "bare stack";
const PLAIN: &str = "plain calls";
const UNOBSERVED: &str = "not observed";

/// What a row is asked to reach.
#[derive(Clone, Copy)]
enum Limit {
    /// At most this ratio to what stands beside it.
    RatioAtMost(f64),
    /// At least this ratio.
    RatioAtLeast(f64),
    /// At most this figure of ours.
    AtMost(f64),
    /// At least this figure of ours.
    AtLeast(f64),
    /// Nothing is asked.
    None,
}

impl Limit {
    /// What is asked of a row.
    fn of(measure: &str) -> Limit {
        match measure {
            "segment" => Limit::RatioAtMost(1.0),
            "open-close" => Limit::RatioAtLeast(2.0),
            "open-close-spread" => Limit::AtLeast(0.8),
            "round-trip" => Limit::RatioAtLeast(1.0),
            "idle-bytes" => Limit::AtMost(1_024.0),
            "open-10k" => Limit::AtMost(0.2),
            "allocations" => Limit::AtMost(0.0),
            "sockets-open-close" => Limit::RatioAtLeast(0.7),
            "kernel-cycle" | "kernel-bulk" => Limit::RatioAtMost(1.05),
            "kernel-round-trip" => Limit::RatioAtMost(1.1),
            "observed-compile" => Limit::RatioAtMost(1.05),
            _ => Limit::None,
        }
    }

    /// The limit in words, as the table and the lines of JSON have it.
    fn words(self) -> String {
        match self {
            Limit::RatioAtMost(most) => format!("ratio <= {most}"),
            Limit::RatioAtLeast(least) => format!("ratio >= {least}"),
            Limit::AtMost(most) => format!("ours <= {most}"),
            Limit::AtLeast(least) => format!("ours >= {least}"),
            Limit::None => String::new(),
        }
    }
}

/// One line of the result.
struct Row {
    measure: String,
    unit: &'static str,
    ours: f64,
    peer: Option<f64>,
    beside: &'static str,
}

fn main() {
    let arguments = Arguments::parse();
    if let Err(error) = pin() {
        eprintln!("the figures are less steady, because this thread could not be bound to one core: {error}");
    }
    if let Some(Other::C(options)) = &arguments.command {
        if let Err(why) = c::run(options) {
            eprintln!("the C programs were not measured: {why}");
            std::process::exit(1);
        }
        return;
    }
    let mut rows = Vec::new();
    for measure in Measure::value_variants() {
        if arguments.only.is_none_or(|only| only == *measure) {
            run(*measure, arguments.rounds.max(1), &mut rows);
        }
    }
    let mut out = io::stdout().lock();
    let printed = match arguments.json {
        true => rows.iter().try_for_each(|row| print_json(&mut out, row)),
        false => print_table(&mut out, &rows),
    };
    match printed.and_then(|()| out.flush()) {
        // Who closes the pipe has read what they wanted.
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            eprintln!("the figures could not be written: {error}")
        }
        _ => {}
    }
}

/// Binds this thread to the core on which it runs.
fn pin() -> rustix::io::Result<()> {
    let mut core = CpuSet::new();
    core.set(sched_getcpu());
    sched_setaffinity(None, &core)
}

fn run(measure: Measure, rounds: usize, rows: &mut Vec<Row>) {
    let mut row = |measure: &str, unit, ours, peer| {
        rows.push(Row { measure: measure.to_owned(), unit, ours, peer, beside: SMOLTCP })
    };
    match measure {
        Measure::Segment => {
            let (ours, peer) = medians(rounds, measures::segment::<Ours>, measures::segment::<Peer>);
            row("segment", "ns", ours, Some(peer));
        }
        Measure::OpenClose => open_close(rounds, rows),
        Measure::RoundTrip => {
            let (ours, peer) = medians(rounds, measures::round_trip::<Ours>, measures::round_trip::<Peer>);
            row("round-trip", "/s", ours, Some(peer));
        }
        Measure::IdleBytes => {
            let (ours, peer) = (measures::open_10k::<Ours>().1, measures::open_10k::<Peer>().1);
            row("idle-bytes", "octets", ours, Some(peer));
        }
        Measure::Open10k => {
            let ours = median((0..rounds).map(|_| measures::open_10k::<Ours>().0).collect());
            // The peer takes seconds, which differ little from round to round.
            row("open-10k", "s", ours, Some(measures::open_10k::<Peer>().0));
        }
        Measure::Allocations => {
            let (ours, peer) = (measures::allocations::<Ours>(), measures::allocations::<Peer>());
            row("allocations", "/segment", ours, Some(peer));
        }
        Measure::SocketsOpenClose => {
            let (mut ours, mut bare) = (OpenClose::<Sockets>::new(), OpenClose::<Ours>::new());
            let (ours, peer) = medians(rounds, || ours.rate(), || bare.rate());
            rows.push(beside("sockets-open-close", "/s", ours, peer, BARE));
        }
        Measure::KernelCycle => {
            let (mut ours, mut plain) = (kernel::Cycle::<Winsock>::new(), kernel::Cycle::<Plain>::new());
            let (ours, peer) = medians(rounds * SLICES, || ours.slice(), || plain.slice());
            rows.push(beside("kernel-cycle", "ns", ours, peer, PLAIN));
        }
        Measure::KernelRoundTrip => {
            let (ours, peer) = medians_of_rounds(rounds, || {
                let (mut ours, mut plain) = (kernel::RoundTrip::<Winsock>::new(), kernel::RoundTrip::<Plain>::new());
                medians(SLICES, || ours.slice(), || plain.slice())
            });
            rows.push(beside("kernel-round-trip", "ns", ours, peer, PLAIN));
        }
        Measure::KernelBulk => {
            let (ours, peer) = medians_of_rounds(rounds, || {
                let (mut ours, mut plain) = (kernel::Bulk::<Winsock>::new(), kernel::Bulk::<Plain>::new());
                medians(SLICES, || ours.slice(), || plain.slice())
            });
            rows.push(beside("kernel-bulk", "ns", ours, peer, PLAIN));
        }
        Measure::KernelSelect => {
            let (ours, peer) = medians_of_rounds(rounds, || {
                let (mut ours, mut plain) = (kernel::Select::<Winsock>::new(), kernel::Select::<Plain>::new());
                medians(SLICES, || ours.slice(), || plain.slice())
            });
            rows.push(beside("kernel-select", "ns", ours, peer, PLAIN));
        }
        Measure::Observed => {
            if let Err(why) = observed(rounds, rows) {
                eprintln!("what observing costs was not measured: {why}");
            }
        }
    }
}

fn beside(measure: &str, unit: &'static str, ours: f64, peer: f64, beside: &'static str) -> Row {
    Row { measure: measure.to_owned(), unit, ours, peer: Some(peer), beside }
}

/// Rates with nothing else open, then ours with more and more open, beside the peer's with nothing else open; at last the
/// slowest of those in parts of the fastest.
fn open_close(rounds: usize, rows: &mut Vec<Row>) {
    let (mut ours, mut peer) = (OpenClose::<Ours>::new(), OpenClose::<Peer>::new());
    let (alone, peer_alone) = medians(rounds, || ours.rate(), || peer.rate());
    rows.push(Row {
        measure: "open-close".to_owned(),
        unit: "/s",
        ours: alone,
        peer: Some(peer_alone),
        beside: SMOLTCP,
    });
    let mut rates = Vec::new();
    for held in HELD {
        ours.hold(held);
        let rate = median((0..rounds).map(|_| ours.rate()).collect());
        rows.push(Row {
            measure: format!("open-close-{held}"),
            unit: "/s",
            ours: rate,
            peer: Some(peer_alone),
            beside: SMOLTCP,
        });
        rates.push(rate);
    }
    let (slowest, fastest) =
        rates.iter().fold((f64::MAX, 0.0_f64), |(low, high), rate| (low.min(*rate), high.max(*rate)));
    rows.push(Row {
        measure: "open-close-spread".to_owned(),
        unit: "",
        ours: slowest / fastest,
        peer: None,
        beside: SMOLTCP,
    });
}

fn observed(rounds: usize, rows: &mut Vec<Row>) -> Result<(), String> {
    let jobs = Jobs::new()?;
    for (measure, unit, job) in [
        ("observed-compile", "s", Job::Compile),
        ("observed-children", "µs", Job::Children),
        ("observed-calls", "ns", Job::Calls),
    ] {
        let (mut ours, mut plain) = (Vec::new(), Vec::new());
        for _ in 0..rounds {
            ours.push(jobs.run(job, true)?);
            plain.push(jobs.run(job, false)?);
        }
        rows.push(beside(measure, unit, median(ours), median(plain), UNOBSERVED));
    }
    Ok(())
}

fn medians(rounds: usize, mut ours: impl FnMut() -> f64, mut peer: impl FnMut() -> f64) -> (f64, f64) {
    let (mut of_ours, mut of_peer) = (Vec::new(), Vec::new());
    for _ in 0..rounds {
        of_ours.push(ours());
        of_peer.push(peer());
    }
    (median(of_ours), median(of_peer))
}

/// Each round has connections of its own: the kernel treats one a little differently from the next, as long as it lives.
fn medians_of_rounds(rounds: usize, mut round: impl FnMut() -> (f64, f64)) -> (f64, f64) {
    let (of_ours, of_peer) = (0..rounds).map(|_| round()).unzip();
    (median(of_ours), median(of_peer))
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

fn ratio(row: &Row) -> Option<f64> {
    row.peer.filter(|peer| *peer != 0.0).map(|peer| row.ours / peer)
}

fn print_json(out: &mut impl Write, row: &Row) -> io::Result<()> {
    let number = |value: Option<f64>| value.map_or("null".to_owned(), |value| format!("{value:.4}"));
    let (ours, peer, ratio) = (number(Some(row.ours)), number(row.peer), number(ratio(row)));
    let limit = Limit::of(&row.measure).words();
    let Row { measure, beside, .. } = row;
    writeln!(
        out,
        r#"{{"measure":"{measure}","ours":{ours},"peer":{peer},"ratio":{ratio},"limit":"{limit}","beside":"{beside}"}}"#
    )
}

fn print_table(out: &mut impl Write, rows: &[Row]) -> io::Result<()> {
    writeln!(
        out,
        "{:<20} {:>14} {:>14} {:>8}  {:<13}  {:<8}  beside",
        "measure", "ours", "peer", "ratio", "limit", "unit"
    )?;
    for row in rows {
        let number = |value: Option<f64>| value.map_or(String::new(), shown);
        let (ours, peer, ratio) = (number(Some(row.ours)), number(row.peer), number(ratio(row)));
        let Row { measure, unit, beside, .. } = row;
        let limit = Limit::of(measure).words();
        writeln!(out, "{measure:<20} {ours:>14} {peer:>14} {ratio:>8}  {limit:<13}  {unit:<8}  {beside}")?;
    }
    Ok(())
}

/// As many digits as say something.
fn shown(value: f64) -> String {
    match value {
        value if value >= 100.0 => format!("{value:.0}"),
        value => format!("{value:.3}"),
    }
}
