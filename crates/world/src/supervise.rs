//! One run of a program in its private world, from the scenario to the record.
//!
//! The process that calls [`supervise`] moves into a room of its own and does not come back: it does nothing else
//! before, and ends soon after. Its main thread starts the program and observes its calls; one thread moves frames
//! between the room's device and the lab, and one looks after output, signals and time. When this process ends, however
//! that happens, everything in the room ends with it.

use std::ffi::OsString;
use std::io;
use std::os::fd::{AsFd as _, BorrowedFd, RawFd};
use std::path::PathBuf;
use std::thread;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use rustix::event::{EventfdFlags, PollFd, PollFlags, eventfd, poll};
use synsent_explain::{End, Observation, Run};
use synsent_host::Interrupt;
use synsent_host::observe::{Event, Observer};
use synsent_host::room::{
    Ending, Group, Program, Refusal as RoomRefusal, Room, Started, Stream, inheritable_descriptors,
};
use synsent_lab::ScenarioError;
use thiserror::Error;

use crate::attend::{Attendant, Attended, EndedBy};
use crate::bridge::Bridge;
use crate::collect::{self, Calls, Known};
use crate::files;
use crate::plan::{Plan, Streams};
use crate::refusal::{Refusal, Whose};
use crate::runs::RunsError;
use crate::stage::{self, Stage};
use crate::surroundings::{self, OutsideLadder};

/// A run that is over and recorded.
#[derive(Clone, PartialEq, Debug)]
pub struct Finished {
    /// The record.
    pub run: Run,
    /// How the program itself ended, whoever made it.
    pub ending: Ending,
    /// Where the record and the other files are.
    pub directory: PathBuf,
}

/// Why there is no run.
#[derive(Debug, Error)]
pub enum WorldError {
    /// The scenario cannot be used.
    #[error("the scenario cannot be used: {0}")]
    Scenario(#[from] ScenarioError),
    /// The machine does not allow it, or there is no such program.
    #[error("{0}")]
    Refused(#[from] RoomRefusal),
    /// The run cannot be recorded.
    #[error("{0}")]
    Runs(#[from] RunsError),
    /// The lab broke.
    #[error("the lab stopped: {0}")]
    Lab(String),
    /// Something else does not work.
    #[error("{what}: {source}")]
    System {
        /// What was tried.
        what: &'static str,
        /// What the system said.
        source: io::Error,
    },
}

/// What was seen of a program from outside.
struct Watched {
    calls: Calls,
    observation: Observation,
    attended: Attended,
    released: (Instant, Duration),
    ended: Instant,
}

/// Runs a program in the world of the plan. The process must have one thread, and only the main thread may call this.
///
/// # Errors
/// A [`WorldError`]. The program then did not run, or nothing of it could be recorded.
pub fn supervise(plan: &Plan, program: &[OsString]) -> Result<Finished, WorldError> {
    let failed = |what| move |source| WorldError::System { what, source };
    let scenario = stage::scenario(&plan.scenario, &plan.case)?;
    let outside = OutsideLadder::read();
    let inherit = inheritable_descriptors();
    // Before the first further thread, so that no thread but one gets the signals.
    let interrupt = Interrupt::catch().map_err(failed("the user's signals cannot be caught"))?;
    let (room, device) = Room::enter(&surroundings::setup(plan, &scenario, outside))?;
    let held = surroundings::hold_ports(&scenario).map_err(failed("the ports cannot be held"))?;
    let staged = Stage::of(&scenario, plan);
    let mut notes = room.notes().to_vec();
    let (mut started, observer) = start(&room, plan, program, &inherit)?;
    let bridge = Bridge::start(device, staged.lab, staged.tap).map_err(failed("the lab cannot be started"))?;
    let watched = watch(&mut started, observer, plan, &interrupt, bridge.broken());
    if watched.is_err() {
        // Nobody would end it.
        started.end();
    }
    let ending = started.wait();
    let line = bridge.stop().map_err(|panic| WorldError::Lab(words_of(&*panic)))?;
    let watched = watched.map_err(failed("the program cannot be watched"))?;
    let ending = ending?;
    drop(held);
    notes.extend(started.notes());
    notes.extend(line.error.iter().map(|error| format!("the line to the lab ended before the program did: {error}")));
    let filter = started.unobserved().map(|error| format!("the kernel refuses the filter that it needs: {error}"));
    let Watched { calls, observation, attended, released, ended } = watched;
    let known = Known {
        plan,
        program,
        released,
        ended,
        end: end(ending, attended.ended_by, ended.saturating_duration_since(released.0)),
        ladder: outside.recorded(&room),
        own_addresses: scenario.our_addresses().map(|cidr| cidr.addr()).collect(),
        hosts: staged.hosts,
        lines: &staged.lines,
        observation: filter.map_or(observation, Observation::Not),
        stdout_tail: String::from_utf8_lossy(&attended.stdout).into_owned(),
        stderr_tail: String::from_utf8_lossy(&attended.stderr).into_owned(),
        notes,
    };
    let run = collect::record(known, &line, calls);
    files::write(&plan.directory, &run, &line.traffic, &attended, plan.streams)?;
    Ok(Finished { run, ending, directory: plan.directory.clone() })
}

/// Makes the program's processes, and attaches an observer where that is asked for and allowed.
fn start(
    room: &Room,
    plan: &Plan,
    program: &[OsString],
    inherit: &[RawFd],
) -> Result<(Started, Result<Observer, String>), RoomRefusal> {
    let made = |observe: bool| {
        let program = Program { observe, ..Program::new(program) };
        room.start(match plan.streams {
            Streams::Inherited => Program { inherit: inherit.to_vec(), ..program },
            Streams::Kept => Program {
                stdin: Stream::Null,
                stdout: Stream::Pipe,
                stderr: Stream::Pipe,
                group: Group::Session,
                ..program
            },
        })
    };
    if !plan.observe {
        return Ok((made(false)?, Err("it was not asked for".to_owned())));
    }
    let started = made(true)?;
    // A process that expects an observer and has none cannot make its calls.
    match Observer::attach(started.pid().cast_signed()) {
        Ok(observer) => Ok((started, Ok(observer))),
        Err(error) => {
            drop(started);
            Ok((made(false)?, Err(error.to_string())))
        }
    }
}

/// Lets the program go, and watches it until everything in the room is over.
fn watch(
    started: &mut Started,
    observer: Result<Observer, String>,
    plan: &Plan,
    interrupt: &Interrupt,
    broken: BorrowedFd<'_>,
) -> io::Result<Watched> {
    let over = eventfd(0, EventfdFlags::CLOEXEC)?;
    let (stdout, stderr) = (started.stdout.take(), started.stderr.take());
    let started: &Started = started;
    let limit = plan.limit_ms.map(Duration::from_millis);
    let attendant = Attendant { started, interrupt, over: over.as_fd(), broken, limit, stdout, stderr };
    thread::scope(|scope| {
        let attending = thread::Builder::new().name("attendant".to_owned()).spawn_scoped(scope, || attendant.attend());
        let attending = attending.inspect_err(|_| started.end())?;
        let released = (Instant::now(), SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default());
        // A program that was killed before it began is seen to be over below.
        let _ = started.release();
        let (calls, observation, ended) = observe(started, observer);
        await_end(started);
        let ended = ended.unwrap_or_else(Instant::now);
        // The counter is empty, so there is room for one.
        let _ = rustix::io::write(&over, &1_u64.to_ne_bytes());
        let attended = attending.join().map_err(|panic| io::Error::other(words_of(&*panic)))?;
        Ok(Watched { calls, observation, attended, released, ended })
    })
}

/// What the program calls, until it and all that it started are over; and when it was over itself.
fn observe(started: &Started, observer: Result<Observer, String>) -> (Calls, Observation, Option<Instant>) {
    let mut calls = Calls::default();
    let mut ended = None;
    let mut observer = match observer {
        Ok(observer) => observer,
        Err(why) => return (calls, Observation::Not(why), ended),
    };
    let program = started.pid().cast_signed();
    let result = observer.run(&mut |event| {
        match event {
            Event::Exited { process, at, .. } if process == program => ended = Some(at),
            _ => {}
        }
        calls.note(event);
    });
    let observation = match result {
        Ok(()) => calls.observation(),
        Err(error) => Observation::Partly(format!("the observer could not go on: {error}")),
    };
    (calls, observation, ended)
}

/// Sleeps until everything in the room is over.
fn await_end(started: &Started) {
    loop {
        let mut descriptors = [PollFd::from_borrowed_fd(started.descriptor(), PollFlags::IN)];
        match poll(&mut descriptors, None) {
            Err(rustix::io::Errno::INTR) => {}
            // Whatever else is wrong, the wait that follows tells.
            _ => return,
        }
    }
}

/// How the run ended, for the record.
fn end(ending: Ending, ended_by: Option<EndedBy>, took: Duration) -> End {
    match (ended_by, ending) {
        (Some(EndedBy::TimeLimit), _) => End::TimeLimit(u64::try_from(took.as_micros()).unwrap_or(u64::MAX)),
        (_, Ending::Code(code)) => End::Exited(code),
        (Some(EndedBy::User), _) | (None, Ending::RoomEnded) => End::Interrupted,
        (None, Ending::Signal(number)) => End::Signal { number, name: signal_name(number) },
    }
}

fn signal_name(number: i32) -> String {
    // It is shown as `Signal::SEGV`, in quotation marks.
    let shown = rustix::process::Signal::from_named_raw(number).map(|signal| format!("{signal:?}"));
    let name = shown.as_deref().and_then(|shown| shown.trim_matches('"').strip_prefix("Signal::"));
    name.map_or_else(|| format!("signal {number}"), |name| format!("SIG{}", name.to_ascii_uppercase()))
}

/// What a thread that panicked said.
fn words_of(panic: &(dyn std::any::Any + Send)) -> String {
    let said = panic.downcast_ref::<String>().map(String::as_str);
    said.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("a panic without words").to_owned()
}

impl From<WorldError> for Refusal {
    fn from(error: WorldError) -> Refusal {
        let whose = match &error {
            WorldError::Scenario(_) => Whose::Scenario,
            WorldError::Refused(refusal) if is_the_programs(refusal) => Whose::Program,
            WorldError::Refused(_) => Whose::Machine,
            WorldError::Runs(_) | WorldError::Lab(_) | WorldError::System { .. } => Whose::Own,
        };
        Refusal { whose, words: error.to_string() }
    }
}

fn is_the_programs(refusal: &RoomRefusal) -> bool {
    matches!(
        refusal,
        RoomRefusal::NotFound { .. }
            | RoomRefusal::Folder(_)
            | RoomRefusal::NotExecutable { .. }
            | RoomRefusal::NoInterpreter { .. }
            | RoomRefusal::WrongFormat(_)
            | RoomRefusal::Rights { .. }
            | RoomRefusal::Exec { .. }
    )
}
