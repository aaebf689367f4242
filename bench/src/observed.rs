//! What it costs a program without sockets to be observed: the same program in the same room, with and without an observer, in turn.
//!
//! Time is the real time from the program's release to its end, on the one core that this process is bound to, so the observer's work
//! is in it. A compiler's run is a job as users have it. A shell that starts one small program after the other shows what a process
//! costs, and a copy in blocks of 64 octets what a system call does: any seccomp filter adds some tens of nanoseconds to each call,
//! which only a program feels that does little else.

use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Instant;

use synsent_host::observe::Observer;
use synsent_host::room::{Program, Room, Setup, Stream};

/// How many small programs the shell starts.
const CHILDREN: u32 = 200;
/// How many blocks are copied; each is read and written.
const BLOCKS: u32 = 500_000;
/// How many functions the compiled file has.
const FUNCTIONS: u32 = 150;

/// What is run.
#[derive(Clone, Copy)]
pub(crate) enum Job {
    /// A compiler compiles a file; unit: seconds.
    Compile,
    /// A shell starts programs; unit: microseconds for each.
    Children,
    /// A copy in small blocks; unit: nanoseconds for a system call.
    Calls,
}

/// The room in which all jobs run, with the file that is compiled.
pub(crate) struct Jobs {
    room: Room,
    source: PathBuf,
}

impl Jobs {
    /// Moves this process into a room, for good.
    pub(crate) fn new() -> Result<Jobs, String> {
        let (room, _) = Room::enter(&Setup::default()).map_err(|refusal| refusal.to_string())?;
        let source = std::env::temp_dir().join(format!("synsent-bench-{}.c", std::process::id()));
        let function =
            |at| format!("int f{at}(int a) {{ int s = 0; for (int i = 0; i < a; i++) s += i * {at}; return s; }}\n");
        let text: String = (0..FUNCTIONS).map(function).collect();
        std::fs::write(&source, text).map_err(|error| error.to_string())?;
        Ok(Jobs { room, source })
    }

    /// Runs a job once; says how long it took in its unit.
    pub(crate) fn run(&self, job: Job, is_observed: bool) -> Result<f64, String> {
        let program = Program {
            stdin: Stream::Null,
            stdout: Stream::Null,
            stderr: Stream::Null,
            observe: is_observed,
            ..Program::new(self.words(job))
        };
        let mut started = self.room.start(program).map_err(|refusal| refusal.to_string())?;
        let observer = is_observed.then(|| Observer::attach(started.pid().cast_signed())).transpose();
        let mut observer = observer.map_err(|error| error.to_string())?;
        let began = Instant::now();
        started.release().map_err(|error| error.to_string())?;
        if let Some(observer) = &mut observer {
            observer.run(&mut |_| {}).map_err(|error| error.to_string())?;
        }
        started.wait().map_err(|refusal| refusal.to_string())?;
        let took = began.elapsed().as_secs_f64();
        Ok(match job {
            Job::Compile => took,
            Job::Children => took / f64::from(CHILDREN) * 1e6,
            Job::Calls => took / f64::from(2 * BLOCKS) * 1e9,
        })
    }

    fn words(&self, job: Job) -> Vec<OsString> {
        let words = |words: &[&str]| words.iter().map(OsString::from).collect();
        match job {
            Job::Compile => {
                let mut compile: Vec<OsString> = words(&["cc", "-O2", "-S", "-o", "/dev/null"]);
                compile.push(self.source.clone().into());
                compile
            }
            Job::Children => {
                let script = format!("i=0; while [ $i -lt {CHILDREN} ]; do /bin/true; i=$((i+1)); done");
                words(&["sh", "-c", &script])
            }
            Job::Calls => words(&["dd", "if=/dev/zero", "of=/dev/null", "bs=64", &format!("count={BLOCKS}")]),
        }
    }
}

impl Drop for Jobs {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.source);
    }
}
