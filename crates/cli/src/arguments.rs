//! The command line.

mod program;

use std::path::PathBuf;
use std::time::Duration;

use clap::builder::{PossibleValuesParser, TypedValueParser};
use clap::{Args, Parser, Subcommand};
use synsent_dialects::{DIALECTS, Dialect, dialect_named};
use synsent_host::{NetworkName, VirtioHeader};

use crate::net::Net;

pub(crate) use program::{RunArguments, SuperviseArguments, SweepArguments, WhyArguments};

/// What the exit codes mean, as `--help` tells it; `ending.rs` returns them.
const EXIT_CODES: &str = "\
Exit codes:
  0    the connection ended in order
  1    something else went wrong
  2    the command line is wrong
  3    refused: a RST answered
  4    timed out: nothing answered
  5    unreachable: no route, or a router or the next hop said so
  6    reset: a RST ended the open connection
  7    the network device could not be opened, or the machine does not allow it
  130  interrupted";

/// What the exit codes of `run` mean: those of env and timeout, so that the program's own come through.
const RUN_EXIT_CODES: &str = "\
Exit codes:
  the program's own, and 128 and the number where a signal ended it
  1    an expectation of the scenario is not met, which is said
  124  the program was ended at its limit of time
  125  synsent itself failed: the command line, a scenario, or a machine that does not allow it
  126  the program cannot be executed
  127  the program was not found

Examples:
  synsent run -- curl -sS http://shop.test/
  synsent run --case refused -- ./client --server shop.test:5432
  synsent run --scenario ci.toml --case first-address-dead -- python3 client.py";

/// What the exit codes of `sweep` mean. What the program's own are makes no difference.
const SWEEP_EXIT_CODES: &str = "\
Exit codes:
  0    every outcome was brought about, and none is otherwise than expected or documented
  1    an outcome is otherwise, or could not be brought about; or something else went wrong
  2    the command line or the scenario is wrong
  7    the machine does not allow it
  130  interrupted";

/// What the objects of `sweep -- PROGRAM --json` have.
const SWEEP_JSON: &str = "\
With --json every outcome is an object with the fields outcome, summary, on_the_wire, connect_said, connected, not_observed, \
ladder, took_seconds, exit_code, signal, ended_by_synsent, last_line, notes, changed, run and not_run. The last object has \
totals, seed, program and took_seconds; the totals have the lists from which the last lines of the table are made.";

const SWEEP_EXAMPLES: &str = "\
Examples:
  synsent sweep -- curl -sS http://shop.test/
  synsent sweep --only refused,silent --limit 20s -- ./client shop.test 5432
  synsent sweep --save ci.toml -- ./client shop.test 5432      writes down what the program does
  synsent sweep --expect ci.toml -- ./client shop.test 5432    fails when that changes";

const WHY_EXAMPLES: &str = "\
Examples:
  synsent why                    the last run
  synsent why refused            that case of the last sweep
  synsent why --svg ladder.svg   its packets and calls as a picture
  synsent why --live example.org 443";

const NETWORKS: &str = "\
The network: tun:NAME:OUR-ADDRESS/PREFIX[:KERNEL-ADDRESS], tap:… likewise, or packet:INTERFACE:OUR-ADDRESS/PREFIX. With a kernel \
address the device is made and the kernel's end gets that address. IPv6 addresses stand in brackets";

const CONNECT_NETWORKS: &str = "\
The network: kernel, lab:FILE, tun:NAME:OUR-ADDRESS/PREFIX[:KERNEL-ADDRESS], tap:… likewise, or packet:INTERFACE:OUR-ADDRESS/PREFIX. \
The first two need a dialect; with one, the kernel is the default. A lab is the simulated network that FILE describes. IPv6 addresses \
stand in brackets";

/// Every outcome of connect(), for any program, and why; and the sockets system that shows them.
#[derive(Debug, Parser)]
#[command(name = "synsent", version, about, after_help = EXIT_CODES, max_term_width = 100)]
pub(crate) struct Arguments {
    /// What to do.
    #[command(subcommand)]
    pub(crate) verb: Verb,
}

/// The verbs.
#[derive(Debug, Subcommand)]
pub(crate) enum Verb {
    /// Run a program once for each way in which its connect() can end, and show what it did, a row each.
    ///
    /// The program is not changed, and needs no root: it runs in a private network whose only way out is a lab, and packets of
    /// the lab cause the outcomes. Names in .test are in that lab. The last lines tell what the outcomes have in common.
    ///
    /// Without a program, every documented outcome of connect() in the four dialects is brought about from outside, and the
    /// dialect's own functions are called.
    #[command(after_help = format!("{SWEEP_EXAMPLES}\n\n{SWEEP_JSON}\n\n{SWEEP_EXIT_CODES}"))]
    #[command(
        override_usage = "synsent sweep [OPTIONS] -- PROGRAM...\n       synsent sweep [--as DIALECT] [--net NET] [--json]\n       \
        synsent sweep --list"
    )]
    Sweep(Box<SweepArguments>),
    /// Run a program once in a private network, and record every packet and every call of its sockets.
    ///
    /// Standard streams, exit code, signals, terminal, working directory and environment are the program's own. What happened
    /// is told by `synsent why` afterwards.
    #[command(after_help = RUN_EXIT_CODES, override_usage = "synsent run [OPTIONS] -- PROGRAM...")]
    Run(RunArguments),
    /// Explain a recorded run: packets and calls in one picture, the cause, and what is excluded by what evidence.
    ///
    /// It also tells what each of the four dialects would have reported, and what cannot be known.
    #[command(after_help = WHY_EXAMPLES)]
    Why(WhyArguments),
    /// Make a connection and join it to standard input and output.
    ///
    /// The end of standard input closes the connection for sending; what the peer sends is still written out until it closes
    /// too. With a dialect it is made by the functions of that system, and a failure is said in its words.
    #[command(after_help = EXIT_CODES)]
    Connect(ConnectArguments),
    /// Wait for one connection and join it to standard input and output.
    #[command(after_help = EXIT_CODES)]
    Listen(ListenArguments),
    /// Carry out one run for a sweep.
    #[command(hide = true)]
    Supervise(SuperviseArguments),
    /// Print a contract of sockets as a manual page, or what differs between two.
    ///
    /// The page is made from the tables that the dialect's functions carry out.
    Page(PageArguments),
}

/// What is told of a device and of what happens there.
#[derive(Debug, Args)]
pub(crate) struct DeviceArguments {
    /// Write every packet to a pcapng file
    #[arg(long, value_name = "FILE")]
    pub(crate) capture: Option<PathBuf>,
    /// Complete packets only: no segmentation or checksums left to the kernel
    #[arg(long)]
    pub(crate) no_offload: bool,
    /// Tell every change of state, and at the end what went over the device; twice: everything that is observed
    #[arg(short, long, action = clap::ArgAction::Count)]
    pub(crate) verbose: u8,
}

/// What `connect` takes.
#[derive(Debug, Args)]
pub(crate) struct ConnectArguments {
    /// The system whose functions make the connection
    #[arg(long = "as", value_name = "DIALECT", value_parser = dialect())]
    pub(crate) dialect: Option<&'static Dialect>,
    #[arg(long, value_name = "NET", help = CONNECT_NETWORKS, required_unless_present = "dialect")]
    pub(crate) net: Option<Net>,
    #[command(flatten)]
    pub(crate) device: DeviceArguments,
    /// How long the peer may take to answer; a dialect has its own time
    #[arg(long, value_name = "SECONDS", value_parser = seconds, conflicts_with = "dialect")]
    pub(crate) timeout: Option<Duration>,
    /// The peer's name or address; in a dialect with paths also the path of a socket
    pub(crate) host: String,
    /// The peer's port; 0 is for a dialect to judge
    #[arg(required_unless_present = "dialect")]
    pub(crate) port: Option<u16>,
}

/// What `listen` takes.
#[derive(Debug, Args)]
pub(crate) struct ListenArguments {
    #[arg(long, value_name = "NET", help = NETWORKS)]
    pub(crate) net: NetworkName,
    #[command(flatten)]
    pub(crate) device: DeviceArguments,
    /// The port to listen on; 0 picks one
    pub(crate) port: u16,
}

/// What `page` takes.
#[derive(Debug, Args)]
pub(crate) struct PageArguments {
    /// The system
    #[arg(value_name = "DIALECT", value_parser = dialect(), required_unless_present = "diff", conflicts_with = "diff")]
    pub(crate) dialect: Option<&'static Dialect>,
    /// Where two systems differ, row by row
    #[arg(long, num_args = 2, value_names = ["A", "B"], value_parser = dialect())]
    pub(crate) diff: Option<Vec<&'static Dialect>>,
}

impl DeviceArguments {
    /// The first option that speaks of a device, if one was given.
    pub(crate) fn given(&self) -> Option<&'static str> {
        let given =
            [("--capture", self.capture.is_some()), ("--no-offload", self.no_offload), ("-v", self.verbose > 0)];
        given.into_iter().find(|(_, given)| *given).map(|(name, _)| name)
    }

    /// Whether frames carry a virtio header.
    pub(crate) fn virtio(&self) -> VirtioHeader {
        if self.no_offload { VirtioHeader::Without } else { VirtioHeader::With }
    }
}

/// The names of the dialects, which `--help` lists.
fn dialect() -> impl TypedValueParser<Value = &'static Dialect> {
    PossibleValuesParser::new(DIALECTS.iter().map(|dialect| dialect.name))
        .try_map(|name| dialect_named(&name).ok_or("no such dialect"))
}

fn seconds(text: &str) -> Result<Duration, String> {
    let seconds: f64 = text.parse().map_err(|_| "not a number of seconds".to_owned())?;
    match Duration::try_from_secs_f64(seconds) {
        Ok(span) if !span.is_zero() => Ok(span),
        _ => Err("not a span of time".into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory as _;
    use clap::error::ErrorKind;

    fn parse(line: &str) -> Result<Arguments, clap::Error> {
        Arguments::try_parse_from(line.split(' '))
    }

    #[test]
    fn the_command_line_is_consistent() {
        Arguments::command().debug_assert();
    }

    #[test]
    fn connect_takes_a_network_a_host_and_a_port() {
        let line = "synsent connect --net tun:t0:10.9.0.2/24:10.9.0.1 --capture f -vv --timeout 1.5 example.org 80";
        let Verb::Connect(connect) = parse(line).unwrap().verb else { panic!("connect") };
        assert_eq!((connect.host.as_str(), connect.port), ("example.org", Some(80)));
        assert_eq!(connect.net.unwrap().to_string(), "tun:t0:10.9.0.2/24:10.9.0.1");
        assert_eq!(connect.device.verbose, 2);
        assert_eq!(connect.timeout, Some(Duration::from_millis(1_500)));
    }

    #[test]
    fn with_a_dialect_the_network_is_the_kernel_unless_it_is_named() {
        let connect = |line: &str| match parse(line).unwrap().verb {
            Verb::Connect(connect) => (connect.dialect.unwrap().name, connect.net),
            verb => panic!("{verb:?}"),
        };
        assert_eq!(connect("synsent connect --as winsock2 example.org 80"), ("winsock2", None));
        assert_eq!(connect("synsent connect --as winsock1 10.9.0.1 0"), ("winsock1", None));
        assert_eq!(connect("synsent connect --as bs2000 /tmp/socket"), ("bs2000", None));
        let line = "synsent connect --as targettcp --net lab:a.toml www 80";
        assert_eq!(connect(line), ("targettcp", Some(Net::Scenario("a.toml".into()))));
    }

    #[test]
    fn a_sweep_is_of_all_dialects_in_the_lab_unless_they_are_named() {
        let sweep = |line: &str| match parse(line).unwrap().verb {
            Verb::Sweep(sweep) => {
                assert_eq!(sweep.is_of_program(), Ok(false));
                (sweep.dialect.map(|dialect| dialect.name), sweep.net, sweep.json)
            }
            verb => panic!("{verb:?}"),
        };
        assert_eq!(sweep("synsent sweep"), (None, None, false));
        assert_eq!(sweep("synsent sweep --as bs2000 --net kernel --json"), (Some("bs2000"), Some(Net::Kernel), true));
    }

    #[test]
    fn a_sweep_of_a_program_has_the_program_behind_its_options() {
        let line =
            "synsent sweep --only refused,silent --limit 1500ms --seed 7 --jobs 3 -- curl -sS --json http://shop.test/";
        let Verb::Sweep(sweep) = parse(line).unwrap().verb else { panic!("sweep") };
        assert_eq!(sweep.is_of_program(), Ok(true));
        assert_eq!(sweep.only, ["refused", "silent"]);
        assert_eq!((sweep.world.limit, sweep.world.seed), (Some(Duration::from_millis(1_500)), Some(7)));
        assert_eq!((sweep.jobs, sweep.json), (Some(3), false), "what stands behind the program is its own");
        assert_eq!(sweep.program, ["curl", "-sS", "--json", "http://shop.test/"]);
        let Verb::Sweep(sweep) = parse("synsent sweep --json curl -sS x").unwrap().verb else { panic!("sweep") };
        assert_eq!((sweep.json, sweep.program.len()), (true, 3), "as with env and timeout, the dashes may be left out");
    }

    #[test]
    fn options_of_the_two_sweeps_are_not_mixed() {
        let kind = |line: &str| match parse(line).unwrap().verb {
            Verb::Sweep(sweep) => sweep.is_of_program(),
            verb => panic!("{verb:?}"),
        };
        assert_eq!(kind("synsent sweep --list"), Ok(true));
        assert!(
            kind("synsent sweep --as winsock2 -- curl").unwrap_err().contains("--as is about the documented outcomes")
        );
        assert!(kind("synsent sweep --net lab -- curl").unwrap_err().contains("leave out one of the program and it"));
        assert!(kind("synsent sweep --list --net lab").unwrap_err().contains("leave out one of --list and it"));
        for option in ["--only a", "--seed 1", "--save f", "--real-time", "--medium veth", "--limit 3s", "--jobs 2"] {
            let said = kind(&format!("synsent sweep {option}")).unwrap_err();
            assert!(said.starts_with(option.split(' ').next().unwrap()) && said.contains("write -- PROGRAM"), "{said}");
        }
    }

    #[test]
    fn a_run_and_its_explanation_are_asked_for_in_a_line() {
        let line = "synsent run --case refused --no-observe --capture f --medium veth -q -- sh -c true";
        let Verb::Run(run) = parse(line).unwrap().verb else { panic!("run") };
        assert_eq!((run.case.as_deref(), run.no_observe, run.quiet), (Some("refused"), true, true));
        assert_eq!((run.world.medium, run.program.len()), (Some(synsent_world::Medium::Veth), 3));
        let Verb::Why(why) = parse("synsent why --svg a.svg refused").unwrap().verb else { panic!("why") };
        assert_eq!((why.which.as_deref(), why.svg), (Some("refused"), Some("a.svg".into())));
        let Verb::Why(why) = parse("synsent why --live example.org 443").unwrap().verb else { panic!("why") };
        assert_eq!(why.live.unwrap(), ["example.org", "443"]);
    }

    #[test]
    fn a_page_is_of_one_dialect_or_compares_two() {
        let page = |line: &str| match parse(line).unwrap().verb {
            Verb::Page(page) => {
                page.dialect.into_iter().chain(page.diff.into_iter().flatten()).map(|one| one.name).collect()
            }
            verb => panic!("{verb:?}"),
        };
        let names: Vec<&str> = page("synsent page winsock1");
        assert_eq!(names, ["winsock1"]);
        let names: Vec<&str> = page("synsent page --diff winsock1 bs2000");
        assert_eq!(names, ["winsock1", "bs2000"]);
    }

    #[test]
    fn mistakes_are_usage_errors() {
        for line in [
            "synsent",
            "synsent page",
            "synsent page winsock3",
            "synsent page --diff winsock1",
            "synsent page winsock1 --diff winsock1 winsock2",
            "synsent sweep --as bsd",
            "synsent sweep --net ether",
            "synsent sweep --limit 0s -- curl",
            "synsent sweep --limit 10parsec -- curl",
            "synsent sweep --jobs 0 -- curl",
            "synsent sweep --medium wifi -- curl",
            "synsent sweep --expect a --scenario b -- curl",
            "synsent run",
            "synsent run --case refused",
            "synsent run --sede 1 -- curl",
            "synsent why a b",
            "synsent why --live example.org",
            "synsent why --live example.org 443 refused",
            "synsent why --list --svg f",
            "synsent why --limit 3s",
            "synsent connect --as winsock2",
            "synsent connect --as winsock2 --timeout 3 10.9.0.1 80",
            "synsent connect 10.9.0.1 80",
            "synsent connect --net tun:t0:10.9.0.2/24 10.9.0.1",
            "synsent connect --net tun:t0:10.9.0.2/24 10.9.0.1 65536",
            "synsent connect --net tun:t0:10.9.0.2 10.9.0.1 80",
            "synsent connect --net tun:t0:10.9.0.2/24 --timeout 0 10.9.0.1 80",
            "synsent listen --net tun:t0:10.9.0.2/24",
        ] {
            assert_eq!(parse(line).unwrap_err().exit_code(), 2, "{line}");
        }
        let error = parse("synsent connect --net tun:t0:10.9.0.2 10.9.0.1 80").unwrap_err();
        assert_eq!(error.kind(), ErrorKind::ValueValidation);
        assert!(error.to_string().contains("the prefix length of 10.9.0.2 is missing"), "{error}");
    }
}
