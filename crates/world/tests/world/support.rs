//! Runs of programs, by supervisors that are this program again.

use std::ffi::OsString;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};

use libtest_mimic::Failed;
use synsent_explain::Run;
use synsent_world::{Medium, Plan, Refusal, Streams, Sweep};

/// What is asked of a run beside its program.
#[derive(Clone)]
pub(crate) struct Asked {
    pub(crate) case: String,
    pub(crate) scenario: String,
    pub(crate) medium: Medium,
    pub(crate) limit_ms: u64,
    pub(crate) observe: bool,
    pub(crate) real_time: bool,
}

/// A directory of a run, which is removed at the end.
pub(crate) struct Directory(pub(crate) PathBuf);

impl Asked {
    /// A case of the table of outcomes.
    pub(crate) fn case(name: &str) -> Asked {
        let case = synsent_lab::cases().iter().find(|case| case.name == name).expect("a case of that name");
        Asked { case: name.to_owned(), ..Asked::scenario(&case.scenario.emit()) }
    }

    /// A scenario of its own.
    pub(crate) fn scenario(text: &str) -> Asked {
        Asked {
            case: String::new(),
            scenario: text.to_owned(),
            medium: Medium::Auto,
            limit_ms: 60_000,
            observe: true,
            real_time: false,
        }
    }

    pub(crate) fn plan(&self, directory: &Path) -> Plan {
        Plan {
            case: self.case.clone(),
            summary: "a test".to_owned(),
            scenario: self.scenario.clone(),
            seed: 1,
            real_time: self.real_time,
            limit_ms: Some(self.limit_ms),
            all_names: false,
            medium: self.medium,
            streams: Streams::Kept,
            observe: self.observe,
            directory: directory.to_owned(),
        }
    }
}

impl Directory {
    pub(crate) fn new() -> Directory {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let number = COUNT.fetch_add(1, Ordering::SeqCst);
        let path = std::env::temp_dir().join(format!("synsent-world-{}-{number}", std::process::id()));
        fs::create_dir(&path).expect("a directory for a run");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o777)).expect("a directory for anybody");
        Directory(path)
    }
}

impl Drop for Directory {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// This program with a verb.
pub(crate) fn this(verb: &str) -> Vec<OsString> {
    vec![std::env::current_exe().expect("this program").into_os_string(), verb.into()]
}

/// Runs of a program, each in a directory of its own; several at once.
pub(crate) fn runs(asked: &[Asked], program: &[&str]) -> (Vec<Result<Box<Run>, Refusal>>, Vec<Directory>) {
    runs_by(this("supervise"), asked, program)
}

/// The same with supervisors that belong to a user without rights, whom no machine knows. Only root can make them.
pub(crate) fn runs_of_stranger(asked: &[Asked], program: &[&str]) -> Vec<Result<Box<Run>, Refusal>> {
    let stranger = ["setpriv", "--reuid=54321", "--regid=54321", "--clear-groups"].map(OsString::from);
    runs_by(stranger.into_iter().chain(this("supervise")).collect(), asked, program).0
}

fn runs_by(
    supervisor: Vec<OsString>,
    asked: &[Asked],
    program: &[&str],
) -> (Vec<Result<Box<Run>, Refusal>>, Vec<Directory>) {
    let directories: Vec<Directory> = asked.iter().map(|_| Directory::new()).collect();
    let plans = asked.iter().zip(&directories).map(|(asked, directory)| asked.plan(&directory.0)).collect();
    let program = program.iter().map(OsString::from).collect();
    let sweep = Sweep { supervisor, ..Sweep::new(plans, program) };
    (sweep.run(&mut |_| {}).into_iter().map(|row| row.came_to).collect(), directories)
}

/// One run.
pub(crate) fn one(asked: &Asked, program: &[&str]) -> Result<Box<Run>, Refusal> {
    runs(std::slice::from_ref(asked), program).0.remove(0)
}

/// One run of a program in Python.
pub(crate) fn python(asked: &Asked, text: &str) -> Result<Box<Run>, Failed> {
    one(asked, &["python3", "-c", text]).map_err(|refusal| refusal.to_string().into())
}

/// Whether the machine has a program.
pub(crate) fn program(name: &str) -> bool {
    Command::new(name).arg("--version").output().is_ok()
}

/// The processes with this word among their arguments, but those that are zombies.
pub(crate) fn processes_with(word: &str) -> Vec<String> {
    let entries = fs::read_dir("/proc").expect("/proc").filter_map(Result::ok);
    let arguments = entries.filter_map(|entry| fs::read(entry.path().join("cmdline")).ok());
    let texts = arguments.map(|octets| String::from_utf8_lossy(&octets).replace('\0', " "));
    texts.filter(|text| text.contains(word)).collect()
}
