//! A C program on the installed library beside the same program on the C library.
//!
//! `c/measure.c` is compiled twice, and `c/peer.c`, the other end on plain sockets, stands in both. Each case has two processes that live
//! through a round; they do short slices in turn, on the core that this process is bound to, so that what disturbs meets both. A
//! slice's time is the processor time of its process, both ends included, and beside it the time that passed. Each round has
//! processes of its own, because the kernel treats a connection a little differently from the next one.

use std::env;
use std::fs;
use std::io::{self, BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

/// A case: what `measure.c` calls it, how often a slice does it, and the ratio that is asked for.
struct Case {
    name: &'static str,
    count: u32,
    ratio_at_most: Option<f64>,
}

const CASES: [Case; 5] = [
    Case { name: "cycle", count: 60, ratio_at_most: Some(1.05) },
    Case { name: "round-trip", count: 200, ratio_at_most: Some(1.1) },
    Case { name: "round-trip-heap", count: 200, ratio_at_most: Some(1.1) },
    Case { name: "bulk", count: 12, ratio_at_most: Some(1.05) },
    Case { name: "select", count: 300, ratio_at_most: Some(1.05) },
];

/// How the C programs are made and run.
#[derive(clap::Args)]
pub(crate) struct Options {
    /// Where the library is installed; it is built and installed into the target folder without this.
    #[arg(long)]
    prefix: Option<PathBuf>,
    /// The compiler.
    #[arg(long, default_value = "cc")]
    compiler: String,
    /// Only this case.
    #[arg(long)]
    case: Option<String>,
    /// How many rounds each case runs; the median counts.
    #[arg(long, default_value_t = 7)]
    rounds: usize,
    /// How many slices of each side make a round.
    #[arg(long, default_value_t = 20)]
    slices: usize,
    /// A slice does a case this often, whatever the case.
    #[arg(long)]
    count: Option<u32>,
}

/// What was measured of a case; unit: nanoseconds.
struct Figures {
    ours: Slice,
    plain: Slice,
}

#[derive(Clone, Copy)]
struct Slice {
    processor: f64,
    passed: f64,
}

/// Builds the two programs, runs all cases, and prints a table.
pub(crate) fn run(options: &Options) -> Result<(), String> {
    let folder = target().join("bench-c");
    fs::create_dir_all(&folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    let prefix = match &options.prefix {
        Some(prefix) => prefix.clone(),
        None => installed(&folder)?,
    };
    let ours = compile(options, &folder.join("ours"), &library_flags(&prefix))?;
    let plain = compile(options, &folder.join("plain"), &["-DPLAIN".to_owned()])?;
    println!(
        "{:<16} {:>10} {:>10} {:>7} {:>10} {:>10} {:>7}  limit",
        "case", "ours, ns", "plain, ns", "ratio", "ours, ns", "plain, ns", "ratio"
    );
    println!("{:<16} {:>29} {:>29}", "", "processor time", "time that passed");
    let wanted = |case: &&Case| options.case.as_deref().is_none_or(|only| only == case.name);
    for case in CASES.iter().filter(wanted) {
        let Figures { ours, plain } = measure(options, case, &ours, &plain)?;
        let limit = case.ratio_at_most.map_or(String::new(), |most| format!("ratio <= {most}"));
        println!(
            "{:<16} {:>10.0} {:>10.0} {:>7.3} {:>10.0} {:>10.0} {:>7.3}  {limit}",
            case.name,
            ours.processor,
            plain.processor,
            ours.processor / plain.processor,
            ours.passed,
            plain.passed,
            ours.passed / plain.passed
        );
    }
    Ok(())
}

fn measure(options: &Options, case: &Case, ours: &Path, plain: &Path) -> Result<Figures, String> {
    let (mut of_ours, mut of_plain) = (Vec::new(), Vec::new());
    for _ in 0..options.rounds.max(1) {
        let (mut ours, mut plain) = (Side::start(ours, case)?, Side::start(plain, case)?);
        let (mut ours_slices, mut plain_slices) = (Vec::new(), Vec::new());
        for _ in 0..options.slices.max(1) {
            ours_slices.push(ours.slice(options.count.unwrap_or(case.count))?);
            plain_slices.push(plain.slice(options.count.unwrap_or(case.count))?);
        }
        of_ours.push(medians(&ours_slices));
        of_plain.push(medians(&plain_slices));
    }
    Ok(Figures { ours: medians(&of_ours), plain: medians(&of_plain) })
}

fn medians(slices: &[Slice]) -> Slice {
    let median = |of: fn(&Slice) -> f64| crate::median(slices.iter().map(of).collect());
    Slice { processor: median(|slice| slice.processor), passed: median(|slice| slice.passed) }
}

/// A program that does slices as it is told. It ends when its input does.
struct Side {
    program: Child,
    input: Option<ChildStdin>,
    output: BufReader<ChildStdout>,
}

impl Side {
    fn start(program: &Path, case: &Case) -> Result<Side, String> {
        let failed = |error: io::Error| format!("{}: {error}", program.display());
        let mut command = Command::new(program);
        command.arg(case.name).env_remove("SYNSENT_NET").stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut program = command.spawn().map_err(failed)?;
        let (input, output) = (program.stdin.take(), program.stdout.take());
        let output = BufReader::new(output.ok_or("the program has no output")?);
        Ok(Side { program, input, output })
    }

    fn slice(&mut self, count: u32) -> Result<Slice, String> {
        let input = self.input.as_mut().ok_or("the program has no input")?;
        writeln!(input, "{count}").map_err(|error| format!("the program does not listen: {error}"))?;
        let mut line = String::new();
        self.output.read_line(&mut line).map_err(|error| format!("the program does not answer: {error}"))?;
        let mut numbers = line.split_whitespace().map_while(|number| number.parse().ok());
        match (numbers.next(), numbers.next()) {
            (Some(processor), Some(passed)) => Ok(Slice { processor, passed }),
            _ => Err(format!("the program has ended, or said {line:?}")),
        }
    }
}

impl Drop for Side {
    fn drop(&mut self) {
        self.input = None;
        // It ends by itself now; how, nobody asks any more.
        let _ = self.program.wait();
    }
}

/// Builds and installs the library as its users get it.
fn installed(folder: &Path) -> Result<PathBuf, String> {
    let prefix = folder.join("prefix");
    let mut make = Command::new("make");
    make.args(["-s", "install"]).arg(format!("PREFIX={}", prefix.display())).current_dir(workspace());
    make.env("CARGO_TARGET_DIR", target()).stdout(Stdio::null());
    match make.status() {
        Ok(status) if status.success() => Ok(prefix),
        Ok(status) => Err(format!("make install: {status}")),
        Err(error) => Err(format!("make install: {error}")),
    }
}

fn library_flags(prefix: &Path) -> [String; 4] {
    let folder = prefix.join("lib");
    [
        format!("-I{}", prefix.join("include/synsent/windows").display()),
        format!("-L{}", folder.display()),
        "-lws2_32".to_owned(),
        format!("-Wl,-rpath,{}", folder.display()),
    ]
}

fn compile(options: &Options, program: &Path, flags: &[String]) -> Result<PathBuf, String> {
    let sources = workspace().join("bench/c");
    let object = program.with_extension("o");
    let compile = |command: &mut Command| match command.status() {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => Err(format!("{}: {status}", options.compiler)),
        Err(error) => Err(format!("{}: {error}", options.compiler)),
    };
    let warnings = ["-O2", "-Wall", "-Wextra"];
    // The other end never sees the flags of the library.
    let mut peer = Command::new(&options.compiler);
    compile(peer.args(warnings).arg("-c").arg(sources.join("peer.c")).arg("-o").arg(&object))?;
    let mut measure = Command::new(&options.compiler);
    measure.args(warnings).arg(sources.join("measure.c")).arg(&object).arg("-o").arg(program);
    compile(measure.args(flags).arg("-lpthread"))?;
    Ok(program.to_owned())
}

fn workspace() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// The folder in which this program was built.
fn target() -> PathBuf {
    let built = env::current_exe().ok();
    // It stands in a folder with the name of its profile.
    let target = built.as_deref().and_then(Path::parent).and_then(Path::parent);
    target.map_or_else(|| workspace().join("target"), Path::to_owned)
}
