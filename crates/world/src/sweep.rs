//! Many runs of one program, several at once: a supervisor for each plan, and a row for each as it ends.
//!
//! Everything happens in the calling thread: it starts supervisors, waits for what they say, and tells the caller. They
//! have the calling thread as their parent and die with it, however it ends. A supervisor that ends without a report,
//! or that never ends, is a row that says so; the others go on. Runs mostly wait, so more of them are run at once than
//! the machine has processors.

use std::collections::VecDeque;
use std::ffi::OsString;
use std::io::{self, Write as _};
use std::os::fd::{AsFd, BorrowedFd};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use synsent_explain::Run;

use crate::plan::Plan;
use crate::protocol::{self, REPORT_OCTETS_MAX, Report};
use crate::refusal::Refusal;
use crate::runs::{self, RECORD};

/// How many runs are run at once by default.
pub const AT_ONCE: usize = 12;
/// How long a program may run in a sweep by default; milliseconds.
pub const SWEEP_LIMIT_MS: u64 = 10_000;
/// How much longer than the program a supervisor may take.
const SUPERVISOR_PATIENCE: Duration = Duration::from_secs(30);
/// How much of what a crashed supervisor said is told; unit: octets.
const LAST_WORDS_OCTETS_MAX: usize = 4_096;
/// How often one supervisor is read from before the others are.
const PIECES_PER_TURN: usize = 64;

/// Runs of one program.
#[derive(Clone, Debug)]
pub struct Sweep {
    /// One for each run.
    pub plans: Vec<Plan>,
    /// The program and its arguments.
    pub program: Vec<OsString>,
    /// How many are run at once; at least one is.
    pub at_once: usize,
    /// In which order the rows come.
    pub order: Order,
    /// The command that is a supervisor, without the program: see [`Sweep::new`].
    pub supervisor: Vec<OsString>,
}

/// In which order rows come.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Order {
    /// As the runs end.
    #[default]
    Ended,
    /// As the plans stand.
    Planned,
}

/// What happens in a sweep.
#[derive(Debug)]
pub enum SweepEvent<'a> {
    /// A run has begun.
    Began {
        /// The number of its plan.
        number: usize,
    },
    /// A run is over; where rows come in the order of the plans, its own may come later.
    Ended {
        /// The number of its plan.
        number: usize,
    },
    /// How a run came out.
    Row(&'a Row),
}

/// How a run came out.
#[derive(Clone, PartialEq, Debug)]
pub struct Row {
    /// The number of its plan.
    pub number: usize,
    /// The record, or why there is none.
    pub came_to: Result<Box<Run>, Refusal>,
}

/// A supervisor at work.
struct Working {
    number: usize,
    child: Child,
    until: Option<Instant>,
    report: Stream<std::process::ChildStdout>,
    words: Stream<std::process::ChildStderr>,
}

/// What comes from a supervisor, until its end.
struct Stream<R> {
    from: Option<R>,
    octets: Vec<u8>,
    /// Whether the first or the last octets are kept where there are too many.
    keeps_last: bool,
    octets_max: usize,
}

impl Sweep {
    /// Runs as many at once as is usual, in supervisors that are this program again with the verb `supervise`.
    pub fn new(plans: Vec<Plan>, program: Vec<OsString>) -> Sweep {
        let supervisor = ["/proc/self/exe", "supervise", "--"].map(OsString::from).to_vec();
        Sweep { plans, program, at_once: AT_ONCE, order: Order::default(), supervisor }
    }

    /// Runs them all, and tells what happens. The rows are in the order of the plans.
    pub fn run(&self, tell: &mut dyn FnMut(SweepEvent<'_>)) -> Vec<Row> {
        let mut waiting: VecDeque<usize> = (0..self.plans.len()).collect();
        let mut working: Vec<Working> = Vec::new();
        let mut rows: Vec<Option<Row>> = self.plans.iter().map(|_| None).collect();
        let mut told = 0;
        loop {
            while working.len() < self.at_once.max(1)
                && let Some(number) = waiting.pop_front()
            {
                match self.start(number) {
                    Ok(one) => {
                        working.push(one);
                        tell(SweepEvent::Began { number });
                    }
                    Err(error) => {
                        let refusal = Refusal::broken(format!("the supervisor could not be started: {error}"));
                        rows[number] = Some(Row { number, came_to: Err(refusal) });
                        tell(SweepEvent::Ended { number });
                        self.tell_row(number, &rows, &mut told, tell);
                    }
                }
            }
            if working.is_empty() {
                return rows.into_iter().flatten().collect();
            }
            await_any(&working);
            for one in std::mem::take(&mut working) {
                match one.go_on() {
                    Ok(one) => working.push(one),
                    Err((number, outcome)) => {
                        let came_to = outcome.and_then(|()| self.read(number));
                        rows[number] = Some(Row { number, came_to });
                        tell(SweepEvent::Ended { number });
                        self.tell_row(number, &rows, &mut told, tell);
                    }
                }
            }
        }
    }

    fn start(&self, number: usize) -> io::Result<Working> {
        let order = protocol::Order { front: std::process::id(), plan: self.plans[number].clone() };
        let order = serde_json::to_vec(&order)?;
        let (name, arguments) = self.supervisor.split_first().ok_or(io::ErrorKind::InvalidInput)?;
        let mut command = Command::new(name);
        command.args(arguments).args(&self.program);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn()?;
        let limit = self.plans[number].limit_ms.map(Duration::from_millis);
        let until = limit.map(|limit| Instant::now() + limit + SUPERVISOR_PATIENCE);
        let report = Stream::new(child.stdout.take(), false, REPORT_OCTETS_MAX);
        let words = Stream::new(child.stderr.take(), true, LAST_WORDS_OCTETS_MAX);
        if let Some(mut input) = child.stdin.take() {
            // Who does not read its plan ends without a report, and that is told then.
            let _ = input.write_all(&order);
        }
        Ok(Working { number, child, until, report, words })
    }

    fn read(&self, number: usize) -> Result<Box<Run>, Refusal> {
        let record = runs::read_record(&self.plans[number].directory.join(RECORD));
        record.map(Box::new).map_err(|error| Refusal::broken(error.to_string()))
    }

    /// Tells a row that is there now, and in the order of the plans those that waited for it.
    fn tell_row(&self, number: usize, rows: &[Option<Row>], told: &mut usize, tell: &mut dyn FnMut(SweepEvent<'_>)) {
        match self.order {
            Order::Ended => rows[number].iter().for_each(|row| tell(SweepEvent::Row(row))),
            Order::Planned => {
                while let Some(Some(row)) = rows.get(*told) {
                    tell(SweepEvent::Row(row));
                    *told += 1;
                }
            }
        }
    }
}

/// Sleeps until a supervisor says something or its time is over.
fn await_any(working: &[Working]) {
    let open = working.iter().flat_map(|one| [one.report.descriptor(), one.words.descriptor()]).flatten();
    let mut descriptors: Vec<PollFd<'_>> =
        open.map(|descriptor| PollFd::from_borrowed_fd(descriptor, PollFlags::IN)).collect();
    let until = working.iter().filter_map(|one| one.until).min();
    let left = until.map(|until| until.saturating_duration_since(Instant::now()));
    let timeout = left.and_then(|left| Timespec::try_from(left).ok());
    // However it ends, one looks at everything again.
    let _ = poll(&mut descriptors, timeout.as_ref());
}

impl Working {
    /// Reads what the supervisor said. `Err` is how it ended: that it recorded its run, or why not.
    fn go_on(mut self) -> Result<Working, (usize, Result<(), Refusal>)> {
        self.report.read();
        self.words.read();
        if self.until.is_some_and(|until| until <= Instant::now()) {
            // It may have ended just now, and then there is nobody to be killed.
            let _ = self.child.kill();
            let _ = self.child.wait();
            let words = format!("the supervisor did not end, and was killed{}", self.last_words());
            return Err((self.number, Err(Refusal::broken(words))));
        }
        if self.report.is_open() || self.words.is_open() {
            return Ok(self);
        }
        let ended = self.child.wait();
        Err((self.number, self.outcome(ended)))
    }

    fn outcome(&self, ended: io::Result<ExitStatus>) -> Result<(), Refusal> {
        match serde_json::from_slice(&self.report.octets) {
            Ok(Report::Recorded) => Ok(()),
            Ok(Report::Refused(refusal)) => Err(refusal),
            Err(_) => {
                let how = ended.map_or_else(|error| error.to_string(), |status| status.to_string());
                Err(Refusal::broken(format!("the supervisor ended without a report ({how}){}", self.last_words())))
            }
        }
    }

    /// What it wrote to standard error, behind a colon.
    fn last_words(&self) -> String {
        let words = String::from_utf8_lossy(&self.words.octets);
        let lines: Vec<&str> = words.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
        if lines.is_empty() { String::new() } else { format!(": {}", lines.join("; ")) }
    }
}

impl<R: io::Read + AsFd> Stream<R> {
    fn new(from: Option<R>, keeps_last: bool, octets_max: usize) -> Stream<R> {
        if let Some(from) = &from {
            // On a pipe this cannot fail; where it did, a read would wait for the supervisor, which ends some time.
            let _ = rustix::io::ioctl_fionbio(from, true);
        }
        Stream { from, octets: Vec::new(), keeps_last, octets_max }
    }

    fn is_open(&self) -> bool {
        self.from.is_some()
    }

    fn descriptor(&self) -> Option<BorrowedFd<'_>> {
        self.from.as_ref().map(AsFd::as_fd)
    }

    /// Reads what is there, up to a bound: the others are to be heard too.
    fn read(&mut self) {
        let mut some = [0; 4_096];
        for _ in 0..PIECES_PER_TURN {
            let Some(from) = &mut self.from else { return };
            match from.read(&mut some) {
                Ok(len @ 1..) => self.keep(&some[..len]),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Ok(0) | Err(_) => self.from = None,
            }
        }
    }

    fn keep(&mut self, octets: &[u8]) {
        self.octets.extend_from_slice(octets);
        let too_many = self.octets.len().saturating_sub(self.octets_max);
        if self.keeps_last {
            self.octets.drain(..too_many);
        } else {
            self.octets.truncate(self.octets_max);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::*;
    use crate::plan::{Medium, Streams};
    use crate::refusal::Whose;

    fn plan() -> Plan {
        Plan {
            case: "one".to_owned(),
            summary: String::new(),
            scenario: String::new(),
            seed: 1,
            real_time: false,
            limit_ms: None,
            all_names: false,
            medium: Medium::Auto,
            streams: Streams::Kept,
            observe: true,
            directory: PathBuf::from("/nonexistent"),
        }
    }

    /// So many runs under a supervisor that is this line of the shell.
    fn sweep(count: usize, supervisor: &str) -> Sweep {
        let supervisor = ["sh", "-c", supervisor].map(OsString::from).to_vec();
        Sweep { supervisor, ..Sweep::new(vec![plan(); count], Vec::new()) }
    }

    fn words(sweep: &Sweep) -> Vec<String> {
        let rows = sweep.run(&mut |_| {});
        rows.into_iter().map(|row| row.came_to.unwrap_err().words).collect()
    }

    #[test]
    fn a_supervisor_that_crashes_is_a_row_that_says_so() {
        let words = words(&sweep(2, "cat >/dev/null; echo thread panicked >&2; echo at home >&2; kill -SEGV $$"));
        assert_eq!(words.len(), 2);
        for row in words {
            assert!(row.contains("signal: 11") && row.ends_with(": thread panicked; at home"), "{row}");
        }
        let missing = Sweep { supervisor: vec!["/nonexistent/synsent".into()], ..sweep(1, "") };
        assert!(self::words(&missing)[0].contains("could not be started"));
    }

    #[test]
    fn a_supervisor_that_does_not_end_is_killed() {
        let sweep = sweep(1, "exec sleep 1000");
        let mut working = sweep.start(0).unwrap();
        working.until = Some(Instant::now());
        let (number, outcome) = working.go_on().err().unwrap();
        assert_eq!(number, 0);
        assert!(outcome.unwrap_err().words.contains("did not end, and was killed"));
    }

    #[test]
    fn a_refusal_arrives_as_it_was_written() {
        let report = r#"{"refused":{"whose":"machine","words":"no user namespaces"}}"#;
        let rows = sweep(1, &format!("cat >/dev/null; printf '%s' '{report}'")).run(&mut |_| {});
        let refusal = rows[0].came_to.clone().unwrap_err();
        assert_eq!((refusal.whose, refusal.is_for_all()), (Whose::Machine, true));
        assert_eq!(refusal.words, "no user namespaces");
    }

    #[test]
    fn rows_come_as_they_end_or_as_they_are_planned() {
        // One run ends last: it waits until the other two have ended, and nobody remembers their processes.
        let folder = std::env::temp_dir().join(format!("synsent-order-{}", std::process::id()));
        for order in [Order::Ended, Order::Planned] {
            let _ = std::fs::remove_dir_all(&folder);
            std::fs::create_dir(&folder).unwrap();
            let line = format!(
                "cat >/dev/null; cd {}; mkdir last 2>/dev/null && {{ until test -s 1/pid && test -s 2/pid && \
                 ! kill -0 $(cat 1/pid) && ! kill -0 $(cat 2/pid); do sleep 0.01; done 2>/dev/null; exit 7; }}; \
                 mkdir 1 2>/dev/null && {{ echo $$ >1/pid; exit 8; }}; mkdir 2 && echo $$ >2/pid; exit 8",
                folder.display()
            );
            let sweep = Sweep { order, ..sweep(3, &line) };
            let mut told = Vec::new();
            let rows = sweep.run(&mut |event| {
                if let SweepEvent::Row(row) = event {
                    told.push(row.number);
                }
            });
            assert_eq!(rows.iter().map(|row| row.number).collect::<Vec<_>>(), [0, 1, 2]);
            let waited = rows.iter().position(|row| row.came_to.as_ref().unwrap_err().words.contains(": 7")).unwrap();
            match order {
                Order::Ended => assert_eq!(told[2], waited),
                Order::Planned => assert_eq!(told, [0, 1, 2]),
            }
        }
        std::fs::remove_dir_all(&folder).unwrap();
    }

    #[test]
    fn what_a_supervisor_says_is_kept_up_to_a_bound() {
        let long = sweep(1, "cat >/dev/null; yes report | head -c 200000; yes words | head -c 200000 >&2");
        let mut working = long.start(0).unwrap();
        while working.report.is_open() || working.words.is_open() {
            await_any(std::slice::from_ref(&working));
            working.report.read();
            working.words.read();
        }
        assert_eq!(working.report.octets.len(), REPORT_OCTETS_MAX);
        assert_eq!(working.words.octets.len(), LAST_WORDS_OCTETS_MAX);
        assert!(working.child.wait().unwrap().success());
    }
}
