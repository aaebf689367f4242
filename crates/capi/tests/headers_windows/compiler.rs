//! One compiler in one language, and what it says of a source.

use std::io::Write;
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};

use crate::support;

/// What every source of these tests must bear.
const WARNINGS: [&str; 7] = ["-Wall", "-Wextra", "-Wpedantic", "-Wundef", "-Wshadow", "-Wconversion", "-Werror"];

/// C or C++.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Language {
    C,
    Cxx,
}

impl Language {
    /// The standards, strict and with extensions.
    pub(crate) fn standards(self) -> &'static [&'static str] {
        match self {
            Language::C => &["c99", "c11", "c17", "c2x", "gnu99", "gnu11", "gnu17", "gnu2x"],
            Language::Cxx => {
                &["c++11", "c++14", "c++17", "c++20", "c++2b", "gnu++11", "gnu++14", "gnu++17", "gnu++20", "gnu++2b"]
            }
        }
    }
}

/// A compiler that is on this machine, with the language that it is to take.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Compiler {
    pub(crate) name: &'static str,
    pub(crate) language: Language,
}

/// All that are there.
pub(crate) fn all() -> Vec<Compiler> {
    let mut all = Vec::new();
    for name in support::compilers() {
        all.push(Compiler { name, language: Language::C });
    }
    for (name, of) in [("g++", "gcc"), ("clang++", "clang")] {
        if all.iter().any(|compiler| compiler.name == of) && support::has(name) {
            all.push(Compiler { name, language: Language::Cxx });
        }
    }
    all
}

/// mingw-w64's, which knows the headers that ours are compared with.
pub(crate) fn mingw() -> Option<&'static str> {
    let name = "x86_64-w64-mingw32-gcc";
    support::has(name).then_some(name)
}

/// Where the headers are.
pub(crate) fn headers() -> PathBuf {
    support::root().join("crates/capi/include/windows")
}

/// The flag that finds them; not as a system's folder, in which warnings would be silent.
pub(crate) fn include() -> String {
    format!("-I{}", headers().display())
}

impl Compiler {
    /// Compiles without keeping anything; what the compiler says where it refuses or warns.
    pub(crate) fn check(self, flags: &[&str], source: &str) -> Result<(), String> {
        let mut command = Command::new(self.name);
        command.args(WARNINGS).arg(include()).args(flags);
        // Without the optimizer, reading the source is all of it.
        match flags.iter().any(|flag| flag.starts_with("-O") || *flag == "-flto") {
            true => command.args(["-c", "-o", "/dev/null"]),
            false => command.arg("-fsyntax-only"),
        };
        match self.language {
            Language::C => command.args(["-Wstrict-prototypes", "-xc", "-"]),
            Language::Cxx => command.args(["-xc++", "-"]),
        };
        let output = feed(&mut command, source);
        if output.status.success() && output.stderr.is_empty() {
            return Ok(());
        }
        let said = String::from_utf8_lossy(&output.stderr);
        let head: Vec<&str> = said.lines().take(12).collect();
        Err(format!("{} {flags:?}\n{}\n--- of ---\n{source}", self.name, head.join("\n")))
    }
}

/// Runs a command with a text as its input.
pub(crate) fn feed(command: &mut Command, text: &str) -> Output {
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut input = child.stdin.take().unwrap();
    let text = text.to_owned();
    let writer = std::thread::spawn(move || {
        // A compiler that refuses early closes its input; it says why by itself.
        let _ = input.write_all(text.as_bytes());
    });
    let output = child.wait_with_output().unwrap();
    writer.join().unwrap();
    output
}
