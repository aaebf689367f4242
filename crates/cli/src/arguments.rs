//! The command line.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Parser, Subcommand};
use synsent_host::{NetworkName, VirtioHeader};

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
  7    the network device could not be opened
  130  interrupted";

const NETWORKS: &str = "\
The network: tun:NAME:OUR-ADDRESS/PREFIX[:KERNEL-ADDRESS], tap:… likewise, or packet:INTERFACE:OUR-ADDRESS/PREFIX. With a kernel \
address the device is made and the kernel's end gets that address. IPv6 addresses stand in brackets";

/// A TCP/IP stack in user space, and what it is good for.
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
    /// Make a connection and join it to standard input and output.
    ///
    /// The end of standard input closes the connection for sending; what the peer sends is still written out until it closes
    /// too.
    #[command(after_help = EXIT_CODES)]
    Connect(ConnectArguments),
    /// Wait for one connection and join it to standard input and output.
    #[command(after_help = EXIT_CODES)]
    Listen(ListenArguments),
}

/// What both verbs take.
#[derive(Debug, Args)]
pub(crate) struct NetworkArguments {
    #[arg(long, value_name = "NET", help = NETWORKS)]
    pub(crate) net: NetworkName,
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
    #[command(flatten)]
    pub(crate) network: NetworkArguments,
    /// How long the peer may take to answer
    #[arg(long, value_name = "SECONDS", value_parser = seconds)]
    pub(crate) timeout: Option<Duration>,
    /// The peer's name or address
    pub(crate) host: String,
    /// The peer's port
    #[arg(value_parser = clap::value_parser!(u16).range(1..))]
    pub(crate) port: u16,
}

/// What `listen` takes.
#[derive(Debug, Args)]
pub(crate) struct ListenArguments {
    #[command(flatten)]
    pub(crate) network: NetworkArguments,
    /// The port to listen on; 0 picks one
    pub(crate) port: u16,
}

impl NetworkArguments {
    /// Whether frames carry a virtio header.
    pub(crate) fn virtio(&self) -> VirtioHeader {
        if self.no_offload { VirtioHeader::Without } else { VirtioHeader::With }
    }
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
        assert_eq!((connect.host.as_str(), connect.port), ("example.org", 80));
        assert_eq!(connect.network.net.to_string(), "tun:t0:10.9.0.2/24:10.9.0.1");
        assert_eq!(connect.network.verbose, 2);
        assert_eq!(connect.timeout, Some(Duration::from_millis(1_500)));
    }

    #[test]
    fn mistakes_are_usage_errors() {
        for line in [
            "synsent",
            "synsent connect 10.9.0.1 80",
            "synsent connect --net tun:t0:10.9.0.2/24 10.9.0.1",
            "synsent connect --net tun:t0:10.9.0.2/24 10.9.0.1 0",
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
