//! The record of a run, put together from what the lab, the observer and the supervisor know.
//!
//! All three tell times of the monotonic clock; here they become microseconds since the program was released. What is
//! kept is bounded, and what is left out is counted.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::net::IpAddr;
use std::time;

use synsent_explain::record::{PACKET_OCTETS_MAX, RECORD_CALLS_MAX, VERSION};
use synsent_explain::{
    Asked, Call, End, Fate, HostSeen, Ladder, Lookup, Observation, Packet, Run, Said, SocketKind, Verdict,
};
use synsent_host::observe::{self, CallResult, Detail, Event, errno_name};
use synsent_lab::{Lab, Record};
use synsent_stack::Instant;

use crate::bridge::Ended;
use crate::plan::Plan;
use crate::stage::Line;

/// How many decisions and questions a record keeps: the first ones.
pub(crate) const RECORD_DECISIONS_MAX: usize = 4_096;
/// How many octets of the program's arguments a record keeps; what does not fit is cut.
pub(crate) const PROGRAM_OCTETS_MAX: usize = 64 << 10;

/// What was observed of the program's calls.
#[derive(Debug, Default)]
pub(crate) struct Calls {
    kept: Vec<observe::Call>,
    left_out: u64,
    unobserved: BTreeSet<observe::Unobserved>,
}

impl Calls {
    /// Takes what an observer tells.
    pub(crate) fn note(&mut self, event: Event) {
        match event {
            Event::Call(call) if self.kept.len() < RECORD_CALLS_MAX => self.kept.push(call),
            Event::Call(_) => self.left_out += 1,
            Event::Unobserved { why, .. } => {
                self.unobserved.insert(why);
            }
            _ => {}
        }
    }

    /// How much could be seen.
    pub(crate) fn observation(&self) -> Observation {
        let reasons: Vec<String> = self.unobserved.iter().map(ToString::to_string).collect();
        if reasons.is_empty() { Observation::Full } else { Observation::Partly(reasons.join("; ")) }
    }
}

/// What the supervisor knows of a run.
pub(crate) struct Known<'a> {
    pub(crate) plan: &'a Plan,
    pub(crate) program: &'a [OsString],
    /// When the program was released, by the clock and since 1970.
    pub(crate) released: (time::Instant, time::Duration),
    /// When it ended.
    pub(crate) ended: time::Instant,
    pub(crate) end: End,
    pub(crate) ladder: Ladder,
    pub(crate) own_addresses: Vec<IpAddr>,
    pub(crate) hosts: Vec<HostSeen>,
    /// The lines of the lab, the program's first.
    pub(crate) lines: &'a [Line],
    pub(crate) observation: Observation,
    pub(crate) stdout_tail: String,
    pub(crate) stderr_tail: String,
    pub(crate) notes: Vec<String>,
}

/// Puts the record together.
pub(crate) fn record(known: Known<'_>, line: &Ended, calls: Calls) -> Run {
    let times = Times { released: known.released.0, began: line.began };
    let lab = &line.lab;
    let packets = line.traffic.records().map(|record| packet(record, known.lines, &times)).collect();
    let mut seen = calls.kept;
    seen.sort_by_key(|call| call.began);
    let verdicts = first(lab.verdicts()).map(|verdict| verdict_of(lab, verdict, &times)).collect();
    Run {
        version: VERSION,
        case: known.plan.case.clone(),
        summary: known.plan.summary.clone(),
        program: words(known.program),
        seed: known.plan.seed,
        scenario: known.plan.scenario.clone(),
        began_unix_nanos: u64::try_from(known.released.1.as_nanos()).unwrap_or(u64::MAX),
        took_us: micros(known.released.0, known.ended).unsigned_abs(),
        kernel: rustix::system::uname().release().to_string_lossy().into_owned(),
        ladder: known.ladder,
        own_addresses: known.own_addresses,
        hosts: known.hosts,
        packets,
        packets_left_out: line.traffic.left_out(),
        packets_left_out_before: line.traffic.left_out_before(),
        calls: seen.into_iter().map(|call| call_of(call, &times)).collect(),
        calls_left_out: calls.left_out,
        observation: known.observation,
        verdicts,
        lookups: lookups(lab, &times),
        end: known.end,
        stdout_tail: known.stdout_tail,
        stderr_tail: known.stderr_tail,
        notes: known.notes,
    }
}

/// As many as a record keeps.
fn first<T>(all: impl Iterator<Item = T>) -> impl Iterator<Item = T> {
    all.take(RECORD_DECISIONS_MAX)
}

/// The clocks of a run.
struct Times {
    released: time::Instant,
    /// The clock's time and the lab's at the same moment.
    began: (time::Instant, Instant),
}

impl Times {
    fn of_clock(&self, at: time::Instant) -> i64 {
        micros(self.released, at)
    }

    fn of_lab(&self, at: Instant) -> i64 {
        let (began, lab_began) = self.began;
        let since = at.nanos() as i64 - lab_began.nanos() as i64;
        (micros_nanos(self.released, began) + since).div_euclid(1_000)
    }
}

fn micros(from: time::Instant, to: time::Instant) -> i64 {
    micros_nanos(from, to).div_euclid(1_000)
}

/// From one moment to another, which may be before it; nanoseconds.
fn micros_nanos(from: time::Instant, to: time::Instant) -> i64 {
    let nanos = |span: time::Duration| i64::try_from(span.as_nanos()).unwrap_or(i64::MAX);
    nanos(to.saturating_duration_since(from)) - nanos(from.saturating_duration_since(to))
}

fn packet(record: &Record, lines: &[Line], times: &Times) -> Packet {
    let line = Line::of(lines, record.cable);
    let octets = record.bytes.iter().take(PACKET_OCTETS_MAX).copied().collect();
    Packet {
        at_us: times.of_lab(record.at),
        line: line.map(|line| line.name.clone()).unwrap_or_default(),
        outward: line.is_some_and(|line| line.near_end == record.from),
        fate: fate(record.fate),
        len: record.bytes.len(),
        octets,
    }
}

fn fate(fate: synsent_lab::Fate) -> Fate {
    match fate {
        synsent_lab::Fate::Carried => Fate::Carried,
        synsent_lab::Fate::Doubled => Fate::Doubled,
        synsent_lab::Fate::Damaged => Fate::Damaged,
        synsent_lab::Fate::Lost => Fate::Lost,
        synsent_lab::Fate::QueueFull => Fate::QueueFull,
        synsent_lab::Fate::TooBig => Fate::TooBig,
        synsent_lab::Fate::Down => Fate::Down,
        synsent_lab::Fate::Ruled => Fate::Ruled,
    }
}

fn call_of(call: observe::Call, times: &Times) -> Call {
    let name = |number: i32| errno_name(number).map_or_else(|| format!("error {number}"), str::to_owned);
    let said = match (call.result, call.detail) {
        (CallResult::Ok(_), Detail::SoError(0)) => Said::Pending { number: 0, name: String::new() },
        (CallResult::Ok(_), Detail::SoError(number)) => Said::Pending { number, name: name(number) },
        (CallResult::Ok(value), _) => Said::Value(value),
        (CallResult::Err(number), _) => Said::Error { number, name: name(number) },
        (CallResult::Restarted | CallResult::Interrupted, _) => Said::Restarted,
        (CallResult::NotSeen, _) => Said::StillWaiting,
    };
    let detail = match call.detail {
        _ if call.result == CallResult::Interrupted => "a signal came, and what was said then was not seen".to_owned(),
        Detail::None => String::new(),
        Detail::Opening { blocking } => match blocking {
            Some(true) => "blocking".to_owned(),
            Some(false) => "non-blocking".to_owned(),
            None => String::new(),
        },
        Detail::SoError(_) => "SO_ERROR".to_owned(),
        Detail::Ready(readiness) => readiness.to_string(),
        Detail::Octets(1) => "1 octet".to_owned(),
        Detail::Octets(octets) => format!("{octets} octets"),
    };
    Call {
        began_us: times.of_clock(call.began),
        ended_us: (call.result != CallResult::NotSeen).then(|| times.of_clock(call.ended)),
        process: call.process.unsigned_abs(),
        thread: call.thread.unsigned_abs(),
        name: call.name.to_owned(),
        descriptor: call.descriptor,
        socket: call.socket.map(|inode| inode.0),
        kind: match call.kind {
            Some(observe::SocketKind::Stream) => SocketKind::Stream,
            Some(observe::SocketKind::Datagram) => SocketKind::Datagram,
            Some(observe::SocketKind::Other) | None => SocketKind::Other,
        },
        peer: call.peer,
        said,
        detail,
    }
}

fn verdict_of(lab: &Lab, verdict: &synsent_lab::Verdict, times: &Times) -> Verdict {
    Verdict {
        at_us: times.of_lab(verdict.at),
        host: lab.name(verdict.by).to_owned(),
        from: verdict.from,
        to: verdict.to,
        words: verdict.words.clone(),
    }
}

/// What the name servers were asked, in the order of time.
fn lookups(lab: &Lab, times: &Times) -> Vec<Lookup> {
    let asked = first(lab.hosts().flat_map(|host| lab.asked(host)));
    let mut lookups: Vec<Lookup> = asked
        .map(|asked| Lookup {
            at_us: times.of_lab(asked.at),
            name: asked.name.clone(),
            kind: asked.kind.to_string(),
            answer: answer(&asked.answer),
        })
        .collect();
    lookups.sort_by_key(|lookup| lookup.at_us);
    lookups
}

fn answer(said: &synsent_lab::Said) -> Asked {
    match said {
        synsent_lab::Said::Addresses(addresses) => Asked::Addresses(addresses.clone()),
        // A name exists that has no address of the kind, and one that was asked for by its address.
        synsent_lab::Said::NoData | synsent_lab::Said::Name(_) | synsent_lab::Said::Truncated => {
            Asked::Addresses(Vec::new())
        }
        synsent_lab::Said::NoSuchName => Asked::NoSuchName,
        synsent_lab::Said::Silence => Asked::Silence,
        synsent_lab::Said::ServerFailure
        | synsent_lab::Said::FormatError
        | synsent_lab::Said::NotImplemented
        | synsent_lab::Said::Refused
        | synsent_lab::Said::BadVersion => Asked::Failed,
    }
}

/// The program and its arguments as text, up to a bound.
fn words(program: &[OsString]) -> Vec<String> {
    let mut left = PROGRAM_OCTETS_MAX;
    let mut words = Vec::new();
    for word in program {
        let mut word = word.to_string_lossy().into_owned();
        while word.len() > left {
            word.pop();
        }
        left -= word.len();
        words.push(word);
    }
    words
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn call(at: time::Instant, result: CallResult, detail: Detail) -> observe::Call {
        observe::Call {
            process: 7,
            thread: 8,
            began: at,
            ended: at + Duration::from_micros(30),
            name: "connect",
            descriptor: Some(3),
            socket: Some(observe::SocketInode(99)),
            kind: Some(observe::SocketKind::Stream),
            local: None,
            peer: None,
            result,
            detail,
        }
    }

    #[test]
    fn times_of_both_clocks_are_those_since_the_release() {
        let released = time::Instant::now();
        let began = released.checked_sub(Duration::from_millis(2)).unwrap();
        let times = Times { released, began: (began, Instant::from_secs(10)) };
        assert_eq!(times.of_clock(released + Duration::from_micros(5)), 5);
        assert_eq!(times.of_clock(began), -2_000);
        assert_eq!(times.of_lab(Instant::from_secs(10)), -2_000);
        assert_eq!(times.of_lab(Instant::from_secs(11)), 998_000);
        assert_eq!(times.of_lab(Instant::ZERO), -10_002_000);
    }

    #[test]
    fn a_call_is_recorded_as_it_was_answered() {
        let released = time::Instant::now();
        let times = Times { released, began: (released, Instant::ZERO) };
        let said = |result, detail| {
            let call = call_of(call(released, result, detail), &times);
            (call.said, call.detail, call.ended_us)
        };
        let refused = Said::Error { number: 111, name: "ECONNREFUSED".to_owned() };
        let blocking = Detail::Opening { blocking: Some(true) };
        assert_eq!(said(CallResult::Err(111), blocking), (refused, "blocking".to_owned(), Some(30)));
        let pending = Said::Pending { number: 110, name: "ETIMEDOUT".to_owned() };
        assert_eq!(said(CallResult::Ok(0), Detail::SoError(110)), (pending, "SO_ERROR".to_owned(), Some(30)));
        let none = Said::Pending { number: 0, name: String::new() };
        assert_eq!(said(CallResult::Ok(0), Detail::SoError(0)).0, none);
        assert_eq!(said(CallResult::NotSeen, Detail::None), (Said::StillWaiting, String::new(), None));
        assert_eq!(said(CallResult::Ok(5), Detail::Octets(5)), (Said::Value(5), "5 octets".to_owned(), Some(30)));
        assert_eq!(said(CallResult::Ok(1), Detail::Octets(1)).1, "1 octet");
        let unknown = Said::Error { number: 4_000, name: "error 4000".to_owned() };
        assert_eq!(said(CallResult::Err(4_000), Detail::None).0, unknown);
    }

    #[test]
    fn the_first_calls_are_kept_and_the_others_counted() {
        let now = time::Instant::now();
        let mut calls = Calls::default();
        for number in 0..RECORD_CALLS_MAX as u64 + 3 {
            calls.note(Event::Call(call(now + Duration::from_micros(number), CallResult::Ok(0), Detail::None)));
        }
        assert_eq!((calls.kept.len(), calls.left_out), (RECORD_CALLS_MAX, 3));
        assert_eq!(calls.kept[RECORD_CALLS_MAX - 1].began, now + Duration::from_micros(4_095));
        assert_eq!(calls.observation(), Observation::Full);
        calls.note(Event::Unobserved { process: 7, why: observe::Unobserved::IoUring, at: now });
        assert!(matches!(calls.observation(), Observation::Partly(why) if why.contains("io_uring")));
    }

    #[test]
    fn the_first_decisions_are_kept() {
        assert_eq!(first(0..).last(), Some(RECORD_DECISIONS_MAX - 1));
    }

    #[test]
    fn very_long_arguments_are_cut() {
        let program =
            [OsString::from("prog"), OsString::from("\u{e4}".repeat(PROGRAM_OCTETS_MAX)), OsString::from("x")];
        let words = words(&program);
        assert_eq!(words.iter().map(String::len).sum::<usize>(), PROGRAM_OCTETS_MAX);
        assert_eq!(words.len(), 3);
        assert_eq!(words[0], "prog");
    }
}
