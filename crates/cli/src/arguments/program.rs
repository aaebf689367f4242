//! The arguments of the verbs that run a program in a world of its own: `sweep -- PROGRAM`, `run -- PROGRAM`, and `why`, which
//! explains what came of it.

use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser};
use synsent_dialects::Dialect;
use synsent_lab::Case;
use synsent_world::{Medium, Plan, Streams};

use super::dialect;
use crate::net::Net;

/// The most that may be asked for: longer than any ladder, and far from where a clock ends.
const SPAN_MAX: Duration = Duration::from_secs(24 * 60 * 60);
const SPAN_UNITS: [(&str, f64); 4] = [("ms", 1e-3), ("min", 60.0), ("s", 1.0), ("h", 3_600.0)];

/// The world around a program, as `sweep` and `run` take it.
#[derive(Debug, Args)]
pub(crate) struct WorldArguments {
    /// The hosts, names, rules and cases of this file, in place of the built-in ones
    #[arg(long, value_name = "FILE")]
    pub(crate) scenario: Option<PathBuf>,
    /// What the chance of the network comes from: the same number makes it send the same packets
    #[arg(long, value_name = "N")]
    pub(crate) seed: Option<u64>,
    /// How long the program may run, such as 10s or 1500ms; then it is ended. Without it a sweep gives 10s, in real time 5min, and a run has no end
    #[arg(long, value_name = "TIME", value_parser = span)]
    pub(crate) limit: Option<Duration>,
    /// Leave the kernel's own times as they are: a silent peer then takes minutes
    #[arg(long)]
    pub(crate) real_time: bool,
    /// Answer every name with the addresses of the lab, not only those in .test
    #[arg(long)]
    pub(crate) all_names: bool,
    /// The line between the program's kernel and the lab
    #[arg(long, value_name = "MEDIUM", value_parser = medium())]
    pub(crate) medium: Option<Medium>,
}

/// What `sweep` takes.
#[derive(Debug, Args)]
pub(crate) struct SweepArguments {
    /// The system whose documented outcomes are brought about; all of them without it
    #[arg(long = "as", value_name = "DIALECT", value_parser = dialect(), help_heading = "Without a program")]
    pub(crate) dialect: Option<&'static Dialect>,
    /// The network: lab (our stack in virtual time), kernel (the sockets of this machine), or tun (our stack on a TUN device); the
    /// last two in network namespaces of their own [default: lab]
    #[arg(long, value_name = "NET", help_heading = "Without a program")]
    pub(crate) net: Option<Net>,
    /// Only these outcomes
    #[arg(long, value_name = "CASES", value_delimiter = ',')]
    pub(crate) only: Vec<String>,
    /// Not these outcomes
    #[arg(long, value_name = "CASES", value_delimiter = ',')]
    pub(crate) except: Vec<String>,
    /// Print the outcomes that a program is led into, a line each, and run nothing
    #[arg(long)]
    pub(crate) list: bool,
    #[command(flatten)]
    pub(crate) world: WorldArguments,
    /// How many programs run at once, at most [default: 12]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=64))]
    pub(crate) jobs: Option<u16>,
    /// An object of JSON a line, the last one with the totals
    #[arg(long)]
    pub(crate) json: bool,
    /// Write a report in the format of JUnit
    #[arg(long, value_name = "FILE")]
    pub(crate) junit: Option<PathBuf>,
    /// Write a scenario with these outcomes, and expect of each what the program did now
    #[arg(long, value_name = "FILE")]
    pub(crate) save: Option<PathBuf>,
    /// Compare with what such a file expects: what changed is told, and the exit code is 1
    #[arg(long, value_name = "FILE", conflicts_with = "scenario")]
    pub(crate) expect: Option<PathBuf>,
    /// The program and its arguments
    #[arg(value_name = "PROGRAM", trailing_var_arg = true)]
    pub(crate) program: Vec<OsString>,
}

/// What `run` takes.
#[derive(Debug, Args)]
pub(crate) struct RunArguments {
    /// The outcome that the program is led into, as `sweep --list` names them; without it every connection succeeds, or the
    /// scenario's own rules hold
    #[arg(long, value_name = "NAME")]
    pub(crate) case: Option<String>,
    #[command(flatten)]
    pub(crate) world: WorldArguments,
    /// Do not watch the program's calls: the record then has packets only
    #[arg(long)]
    pub(crate) no_observe: bool,
    /// Write every packet to a pcapng file, each with a comment
    #[arg(long, value_name = "FILE")]
    pub(crate) capture: Option<PathBuf>,
    /// No line about the record at the end
    #[arg(short, long)]
    pub(crate) quiet: bool,
    /// The program and its arguments
    #[arg(value_name = "PROGRAM", trailing_var_arg = true, required = true)]
    pub(crate) program: Vec<OsString>,
}

/// What the hidden verb takes: the plan comes on standard input.
#[derive(Debug, Args)]
pub(crate) struct SuperviseArguments {
    /// The program and its arguments
    #[arg(value_name = "PROGRAM", last = true, required = true)]
    pub(crate) program: Vec<OsString>,
}

/// What `why` takes.
#[derive(Debug, Args)]
pub(crate) struct WhyArguments {
    /// A case of the last sweep, or the name of a recorded run; the last run without it
    #[arg(value_name = "CASE|RUN", conflicts_with_all = ["live", "list"])]
    pub(crate) which: Option<String>,
    /// Draw the ladder as a picture
    #[arg(long, value_name = "FILE", conflicts_with_all = ["live", "list"])]
    pub(crate) svg: Option<PathBuf>,
    /// Write the explanation with its picture as a page
    #[arg(long, value_name = "FILE", conflicts_with_all = ["live", "list"])]
    pub(crate) html: Option<PathBuf>,
    /// The explanation and the record as one object of JSON
    #[arg(long)]
    pub(crate) json: bool,
    /// No lines and arrows beyond ASCII
    #[arg(long, conflicts_with_all = ["live", "list", "json"])]
    pub(crate) ascii: bool,
    /// The runs that are recorded, the last one first
    #[arg(long, conflicts_with = "live")]
    pub(crate) list: bool,
    /// Try once on the real network of this machine, and say what can be known and what cannot
    #[arg(long, num_args = 2, value_names = ["HOST", "PORT"])]
    pub(crate) live: Option<Vec<String>>,
    /// How long --live waits for an answer
    #[arg(long, value_name = "TIME", value_parser = span, requires = "live")]
    pub(crate) limit: Option<Duration>,
}

impl WorldArguments {
    /// The plan of a run in this world.
    pub(crate) fn plan(&self, case: &Case, seed: u64, directory: PathBuf) -> Plan {
        Plan {
            case: case.name.clone(),
            summary: case.summary.clone(),
            scenario: case.scenario.emit(),
            seed,
            real_time: self.real_time,
            limit_ms: self.limit.map(|limit| u64::try_from(limit.as_millis()).unwrap_or(u64::MAX)),
            all_names: self.all_names,
            medium: self.medium.unwrap_or_default(),
            streams: Streams::default(),
            observe: true,
            directory,
        }
    }

    /// The options of these that were given, as the user wrote them.
    fn given(&self) -> impl Iterator<Item = &'static str> {
        let all = [
            ("--scenario", self.scenario.is_some()),
            ("--seed", self.seed.is_some()),
            ("--limit", self.limit.is_some()),
            ("--real-time", self.real_time),
            ("--all-names", self.all_names),
            ("--medium", self.medium.is_some()),
        ];
        all.into_iter().filter(|(_, given)| *given).map(|(name, _)| name)
    }
}

impl SweepArguments {
    /// Whether the sweep is about a program, or why that cannot be told.
    pub(crate) fn is_of_program(&self) -> Result<bool, String> {
        if self.list || !self.program.is_empty() {
            let of_dialect = [("--as", self.dialect.is_some()), ("--net", self.net.is_some())];
            return match of_dialect.into_iter().find(|(_, given)| *given) {
                Some((option, _)) => Err(format!(
                    "{option} is about the documented outcomes of a dialect, which are swept without a program: leave out {}",
                    if self.program.is_empty() { "one of --list and it" } else { "one of the program and it" },
                )),
                None => Ok(true),
            };
        }
        match self.of_program().next() {
            Some(option) => Err(format!("{option} is about the sweep of a program: write -- PROGRAM behind it")),
            None => Ok(false),
        }
    }

    fn of_program(&self) -> impl Iterator<Item = &'static str> {
        let all = [
            ("--only", !self.only.is_empty()),
            ("--except", !self.except.is_empty()),
            ("--jobs", self.jobs.is_some()),
            ("--junit", self.junit.is_some()),
            ("--save", self.save.is_some()),
            ("--expect", self.expect.is_some()),
        ];
        all.into_iter().filter(|(_, given)| *given).map(|(name, _)| name).chain(self.world.given())
    }
}

/// The media by their names, which `--help` lists.
fn medium() -> impl TypedValueParser<Value = Medium> {
    let values = [
        PossibleValue::new("auto").help("a TUN device, or veth where there is none"),
        PossibleValue::new("tun").help("a TUN device"),
        PossibleValue::new("veth").help("a pair of virtual Ethernet interfaces"),
    ];
    PossibleValuesParser::new(values).map(|name| match name.as_str() {
        "tun" => Medium::Tun,
        "veth" => Medium::Veth,
        _ => Medium::Auto,
    })
}

/// A span of time with its unit; a number alone counts seconds, as other commands have it.
pub(crate) fn span(text: &str) -> Result<Duration, String> {
    let (number, unit) = SPAN_UNITS
        .iter()
        .find_map(|(name, unit)| Some((text.strip_suffix(name)?.trim_end(), *unit)))
        .unwrap_or((text, 1.0));
    let number = number.parse::<f64>().ok().filter(|_| number.starts_with(|first: char| first.is_ascii_digit()));
    let span = number.and_then(|number| Duration::try_from_secs_f64(number * unit).ok());
    span.filter(|span| !span.is_zero() && *span <= SPAN_MAX)
        .ok_or_else(|| "no span of time up to a day: write one such as 10s, 1500ms or 2min".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_span_has_its_unit_or_counts_seconds() {
        for (text, millis) in
            [("10s", 10_000), ("1500ms", 1_500), ("2min", 120_000), ("1.5 s", 1_500), ("3", 3_000), ("24h", 86_400_000)]
        {
            assert_eq!(span(text), Ok(Duration::from_millis(millis)), "{text}");
        }
        for text in ["", "s", "0s", "-1s", "25h", "inf", "NaNs", "1e400s", "10 parsec"] {
            assert!(span(text).unwrap_err().contains("10s, 1500ms or 2min"), "{text}");
        }
    }
}
