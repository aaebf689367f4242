//! Real programs through all outcomes: what each of them must see stands in `corpus/expected.txt`, cell by cell.
//!
//! Each program is swept once, several at a time, and the rows of `synsent sweep --json` are compared with the table. Nothing of the
//! table comes from what the command printed: it is what the manuals of the programs and of the kernel say.

#[path = "../../host/tests/common/skip.rs"]
mod skip;
#[path = "../../host/tests/common/tools.rs"]
mod tools;

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};

use libtest_mimic::{Arguments, Failed, Trial};
use serde::Deserialize;

const TABLE: &str = include_str!("corpus/expected.txt");
/// How long a program may run in one outcome: longer than any of them waits by itself.
const LIMIT: &str = "15s";
/// How many programs are swept at once; most of their time they wait.
const AT_ONCE: usize = 4;

/// A row of `synsent sweep --json`, as far as it is compared.
#[derive(Deserialize)]
struct Row {
    outcome: String,
    on_the_wire: String,
    connect_said: String,
    not_observed: Option<String>,
    exit_code: Option<i32>,
    ended_by_synsent: bool,
    last_line: Option<String>,
    not_run: Option<String>,
}

/// A column of the table: a program, and how it is started.
struct Program {
    name: &'static str,
    /// What must be there.
    needs: &'static [&'static str],
    command: fn(&Sources) -> Vec<String>,
}

/// Where the programs of this test are.
struct Sources {
    folder: PathBuf,
    built: PathBuf,
}

const PROGRAMS: &[Program] = &[
    Program { name: "curl", needs: &["curl"], command: |_| words("curl -sS -o /dev/null http://shop.test/") },
    Program {
        name: "retrying",
        needs: &["curl"],
        command: |_| words("curl -sS --retry 3 --retry-connrefused --retry-delay 1 -o /dev/null http://shop.test/"),
    },
    Program { name: "wget", needs: &["wget"], command: |_| words("wget -q --tries=1 -O /dev/null http://shop.test/") },
    Program { name: "http", needs: &["python3"], command: |sources| sources.script("python3", "http_client.py") },
    Program { name: "streams", needs: &["python3"], command: |sources| sources.script("python3", "streams.py") },
    Program { name: "node", needs: &["node"], command: |sources| sources.script("node", "get.js") },
    Program { name: "static", needs: &["cc"], command: |sources| sources.c("blocking", &["-static"]) },
    Program { name: "polling", needs: &["cc"], command: |sources| sources.c("polling", &[]) },
    Program { name: "std", needs: &["rustc"], command: |sources| sources.rust("std_client", &[]) },
    Program { name: "four", needs: &["rustc"], command: |sources| sources.rust("std_client", &["4"]) },
    Program {
        name: "psql",
        needs: &["psql"],
        command: |_| {
            let settings = "env LC_ALL=C PGSSLMODE=disable PGGSSENCMODE=disable PGCONNECT_TIMEOUT=2";
            words(&format!("{settings} psql -h shop.test -U postgres -c select"))
        },
    },
    Program {
        name: "redis",
        needs: &["/usr/bin/python3", "/usr/lib/python3/dist-packages/redis/__init__.py"],
        command: |sources| sources.script("/usr/bin/python3", "ping.py"),
    },
];

fn main() -> ExitCode {
    let arguments = Arguments { test_threads: Some(AT_ONCE), ..Arguments::from_args() };
    let names = columns();
    assert!(PROGRAMS.iter().map(|program| program.name).eq(names[2..].iter().copied()), "a program a column");
    let trials = PROGRAMS.iter().map(|program| Trial::test(program.name, || see(program))).collect();
    libtest_mimic::run(&arguments, trials).exit_code()
}

/// Sweeps a program and compares every row with its column.
fn see(program: &Program) -> Result<(), Failed> {
    if !program.needs.iter().all(|tool| has(tool)) {
        return Ok(());
    }
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/corpus");
    let built = Path::new(env!("CARGO_TARGET_TMPDIR")).join(program.name);
    std::fs::create_dir_all(&built)?;
    let command = (program.command)(&Sources { folder, built: built.clone() });
    let swept = Command::new(env!("CARGO_BIN_EXE_synsent"))
        .args(["sweep", "--json", "--limit", LIMIT, "--"])
        .args(&command)
        .env("XDG_STATE_HOME", &built)
        .stdin(Stdio::null())
        .output()?;
    let said = String::from_utf8_lossy(&swept.stdout);
    if swept.status.code() == Some(7) && skip::skip("user namespaces for what this machine runs") {
        return Ok(());
    }
    let rows = said.lines().filter_map(|line| serde_json::from_str::<Row>(line).ok());
    let rows: HashMap<String, Row> = rows.map(|row| (row.outcome.clone(), row)).collect();
    let column = columns().iter().position(|name| *name == program.name).expect("a column for each program");
    let mut wrong = Vec::new();
    for cells in table() {
        let Some(row) = rows.get(cells[0]) else {
            wrong.push(format!("{}: no row; {}", cells[0], String::from_utf8_lossy(&swept.stderr)));
            continue;
        };
        if let Err(why) = row.is_as(cells[1], cells[column]) {
            wrong.push(format!(
                "{}: {why}: connect() said {}, exit {:?}, last line {:?}, on the wire {}",
                row.outcome, row.connect_said, row.exit_code, row.last_line, row.on_the_wire
            ));
        }
    }
    assert_eq!(rows.len(), table().count(), "an outcome without a row in the table");
    if wrong.is_empty() { Ok(()) } else { Err(wrong.join("\n").into()) }
}

/// Whether a tool of the PATH, or a file, is there.
fn has(tool: &str) -> bool {
    match tool.strip_prefix('/') {
        Some(_) => Path::new(tool).exists() || !skip::skip(tool) && panic!("{tool} is missing"),
        None => tools::has_tool(tool),
    }
}

fn columns() -> Vec<&'static str> {
    let head = TABLE.lines().find(|line| line.starts_with("outcome")).expect("the table has a head");
    head.split_whitespace().collect()
}

fn table() -> impl Iterator<Item = Vec<&'static str>> {
    let rows = TABLE.lines().filter(|line| !line.is_empty() && !line.starts_with(['#', ' ']));
    rows.skip(1).map(|line| line.split_whitespace().collect())
}

impl Row {
    /// Whether the row is what the table has.
    fn is_as(&self, connect: &str, cell: &str) -> Result<(), String> {
        if let Some(why) = self.not_run.as_ref().or(self.not_observed.as_ref()) {
            return Err(format!("not run or not observed: {why}"));
        }
        if cell == "any" {
            return Ok(());
        }
        let (gives_up, cell) = cell.strip_prefix('~').map_or((false, cell), |cell| (true, cell));
        self.connect_is(connect, gives_up)?;
        if cell == "ended" {
            return if self.ended_by_synsent { Ok(()) } else { Err("it has a time limit".to_owned()) };
        }
        let (code, word) = cell.split_once(':').unwrap_or((cell, ""));
        let exited = self.exit_code.map(|code| code.to_string());
        if self.ended_by_synsent || !code.split('/').any(|code| exited.as_deref() == Some(code)) {
            return Err(format!("the exit code should be {code}"));
        }
        let line = self.last_line.as_deref().unwrap_or_default().replace(' ', "_");
        if line.contains(word) { Ok(()) } else { Err(format!("the last line should have {word}")) }
    }

    /// What its calls answered.
    fn connect_is(&self, connect: &str, gives_up: bool) -> Result<(), String> {
        let said = &self.connect_said;
        let fits = match connect {
            "-" => said.starts_with("no connect()") || said.starts_with("connected"),
            _ if gives_up => said.contains("closed before a result") && !said.contains("connected"),
            // A client that asks several addresses at a time may have closed one of them itself.
            _ => connect.split('|').any(|word| said.contains(word)) || said.contains("closed before a result"),
        };
        let too_much = connect.starts_with('E') && said.contains("connected");
        if fits && !too_much { Ok(()) } else { Err(format!("connect() should say {connect}")) }
    }
}

impl Sources {
    fn script(&self, interpreter: &str, name: &str) -> Vec<String> {
        vec![interpreter.to_owned(), self.folder.join(name).display().to_string()]
    }

    fn c(&self, name: &str, options: &[&str]) -> Vec<String> {
        let mut compiler = Command::new("cc");
        compiler.args(["-O1", "-Wall", "-Wextra", "-Werror", "-D_GNU_SOURCE"]).args(options);
        self.compile(compiler, &format!("{name}.c"), name)
    }

    fn rust(&self, name: &str, arguments: &[&str]) -> Vec<String> {
        let mut compiler = Command::new("rustc");
        compiler.args(["--edition", "2024", "-O"]);
        let mut command = self.compile(compiler, &format!("{name}.rs"), name);
        command.extend(arguments.iter().map(|&argument| argument.to_owned()));
        command
    }

    fn compile(&self, mut compiler: Command, source: &str, name: &str) -> Vec<String> {
        let program = self.built.join(name);
        let compiled = compiler.arg(self.folder.join(source)).arg("-o").arg(&program).output();
        let compiled = compiled.expect("the compiler starts");
        assert!(compiled.status.success(), "{}", String::from_utf8_lossy(&compiled.stderr));
        vec![program.display().to_string()]
    }
}

fn words(text: &str) -> Vec<String> {
    text.split(' ').map(str::to_owned).collect()
}
