//! What the tests of the C face share: the installed tree, the compilers of this machine, and programs built and run with them.
//!
//! Everything is compiled against what `make install` has put into a folder of its own, as a user would. A compiler that is missing
//! is a visible line and no failure, but under `CI=true` it fails.

#![allow(dead_code, reason = "each test is a program of its own and uses its part")]

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

/// How long a program of a test may run, unless it is told otherwise.
const PROGRAM_LIMIT: Duration = Duration::from_secs(60);
/// How often a running program is looked at.
const LOOK_STEP: Duration = Duration::from_millis(2);

/// The folder of the workspace.
pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().unwrap()
}

/// A folder for what tests build.
pub(crate) fn scratch() -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("capi");
    fs::create_dir_all(&folder).unwrap();
    folder
}

/// The tree that `make install` made; once for each test program.
pub(crate) fn prefix() -> &'static Path {
    static PREFIX: OnceLock<PathBuf> = OnceLock::new();
    PREFIX.get_or_init(|| {
        let prefix = scratch().join("prefix");
        // Two test programs do not install at the same time.
        let lock = File::create(scratch().join("prefix.lock")).unwrap();
        lock.lock().unwrap();
        let target = Path::new(env!("CARGO_TARGET_TMPDIR")).parent().unwrap();
        let made = Command::new("make")
            .current_dir(root())
            .args(["-s", "install", "PROFILE=test"])
            .arg(format!("PREFIX={}", prefix.display()))
            .env("CARGO_TARGET_DIR", target)
            .env_remove("MAKEFLAGS")
            .output()
            .expect("make is needed to install the library");
        assert!(made.status.success(), "make install: {}", String::from_utf8_lossy(&made.stderr));
        prefix
    })
}

/// A system whose headers a program includes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum System {
    Winsock1,
    Winsock2,
    Targettcp,
    Bs2000,
}

impl System {
    pub(crate) const ALL: [System; 4] = [System::Winsock1, System::Winsock2, System::Targettcp, System::Bs2000];

    /// The folder of its headers.
    pub(crate) fn headers(self) -> PathBuf {
        let folder = match self {
            System::Winsock1 | System::Winsock2 => "windows",
            System::Targettcp => "targettcp",
            System::Bs2000 => "bs2000",
        };
        prefix().join("include/synsent").join(folder)
    }

    /// The library that its build lines name.
    pub(crate) fn library(self) -> &'static str {
        match self {
            System::Winsock1 => "wsock32",
            System::Winsock2 => "ws2_32",
            System::Targettcp => "targettcp",
            System::Bs2000 => "synsent",
        }
    }
}

/// The C compilers of this machine among gcc and clang.
pub(crate) fn compilers() -> Vec<&'static str> {
    ["gcc", "clang"].into_iter().filter(|compiler| has(compiler)).collect()
}

/// Whether a tool is there; where it is not, that is said, and fails under `CI=true`.
pub(crate) fn has(tool: &str) -> bool {
    let found = Command::new(tool).arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok();
    if !found {
        assert!(std::env::var_os("CI").is_none_or(|ci| ci != "true"), "{tool} is missing");
        println!("skipped: {tool} is missing on this machine");
    }
    found
}

/// A program to be built: sources, compiler, flags.
#[derive(Clone)]
pub(crate) struct Program {
    compiler: String,
    flags: Vec<String>,
    libraries: Vec<String>,
    sources: Vec<PathBuf>,
    is_static: bool,
}

/// A program that was built.
pub(crate) struct Built {
    path: PathBuf,
}

/// What a program came to.
#[derive(Debug)]
pub(crate) struct Ran {
    /// The exit status; `None` where a signal ended it.
    pub(crate) status: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Program {
    /// A program of one system by a compiler, without warnings.
    pub(crate) fn new(compiler: &str, system: System) -> Program {
        let flags = ["-Wall", "-Wextra", "-Wpedantic", "-Werror", "-g"].map(str::to_owned).to_vec();
        let empty =
            Program { compiler: compiler.to_owned(), flags, libraries: vec![], sources: vec![], is_static: false };
        empty.headers_of(system).library(system.library())
    }

    /// Adds the headers of a system.
    pub(crate) fn headers_of(mut self, system: System) -> Program {
        self.flags.push(format!("-I{}", system.headers().display()));
        self
    }

    /// Links a library more.
    pub(crate) fn library(mut self, name: &str) -> Program {
        self.libraries.push(name.to_owned());
        self
    }

    /// Adds flags of the compiler.
    pub(crate) fn flags(mut self, flags: &[&str]) -> Program {
        self.flags.extend(flags.iter().map(|flag| (*flag).to_owned()));
        self
    }

    /// Adds a source below `tests/c`.
    pub(crate) fn file(mut self, name: &str) -> Program {
        self.sources.push(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/c").join(name));
        self
    }

    /// Adds a source with this text.
    pub(crate) fn text(mut self, text: &str) -> Program {
        let path = new_path("source").with_extension(if self.compiler.ends_with("++") { "cc" } else { "c" });
        fs::write(&path, text).unwrap();
        self.sources.push(path);
        self
    }

    /// Takes the archive in place of the shared library.
    pub(crate) fn with_archive(mut self) -> Program {
        self.is_static = true;
        self
    }

    /// Builds it; the compiler's words where it does not.
    pub(crate) fn try_build(&self) -> Result<Built, String> {
        let path = new_path("program");
        let mut command = Command::new(&self.compiler);
        command.args(&self.flags).args(&self.sources).arg("-o").arg(&path);
        let folder = prefix().join("lib");
        for name in &self.libraries {
            match self.is_static {
                true => command.arg(folder.join(format!("lib{name}.a"))),
                false => command.arg(format!("-L{}", folder.display())).arg(format!("-l{name}")),
            };
        }
        match self.is_static {
            true => command.args(["-lutil", "-lrt", "-lpthread", "-lm", "-ldl"]),
            false => command.arg(format!("-Wl,-rpath,{}", folder.display())),
        };
        let output = command.output().unwrap();
        if output.status.success() {
            return Ok(Built { path });
        }
        Err(format!("{command:?}\n{}", String::from_utf8_lossy(&output.stderr)))
    }

    /// Builds it.
    pub(crate) fn build(&self) -> Built {
        self.try_build().unwrap_or_else(|why| panic!("{why}"))
    }
}

impl Built {
    /// Where it is.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// A command that runs it on a network.
    pub(crate) fn command(&self, network: &str) -> Command {
        let mut command = Command::new(&self.path);
        command.env("SYNSENT_NET", network).stdin(Stdio::null());
        command
    }

    /// Runs it on a network.
    pub(crate) fn run(&self, network: &str, arguments: &[&str]) -> Ran {
        run(self.command(network).args(arguments), PROGRAM_LIMIT)
    }
}

impl Drop for Built {
    fn drop(&mut self) {
        // What stays behind is in the target folder.
        let _ = fs::remove_file(&self.path);
    }
}

impl Ran {
    /// It ended well; else everything that it said.
    pub(crate) fn expect_success(self) -> Ran {
        assert_eq!(self.status, Some(0), "stdout: {}\nstderr: {}", self.stdout, self.stderr);
        self
    }
}

/// Runs a command to its end, or ends it when the time is over.
pub(crate) fn run(command: &mut Command, limit: Duration) -> Ran {
    let out = new_path("stdout");
    let err = new_path("stderr");
    command.stdout(File::create(&out).unwrap()).stderr(File::create(&err).unwrap());
    let mut child = command.spawn().unwrap();
    let begun = Instant::now();
    let status = loop {
        if let Some(status) = child.try_wait().unwrap() {
            break status;
        }
        if begun.elapsed() > limit {
            child.kill().unwrap();
            child.wait().unwrap();
            panic!("{command:?} did not end within {limit:?}: {}", fs::read_to_string(&err).unwrap_or_default());
        }
        std::thread::sleep(LOOK_STEP);
    };
    let read = |path: &Path| {
        let text = String::from_utf8_lossy(&fs::read(path).unwrap()).into_owned();
        // What stays behind is in the target folder.
        let _ = fs::remove_file(path);
        text
    };
    Ran { status: status.code(), stdout: read(&out), stderr: read(&err) }
}

/// A program's output in full, for tools such as `nm`.
pub(crate) fn output_of(command: &mut Command) -> Output {
    let output = command.output().unwrap();
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
    output
}

/// A path that nobody else has.
pub(crate) fn new_path(what: &str) -> PathBuf {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    let count = COUNT.fetch_add(1, Ordering::Relaxed);
    scratch().join(format!("{what}-{}-{count}", std::process::id()))
}
