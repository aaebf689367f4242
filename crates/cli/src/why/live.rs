//! `synsent why --live`: one attempt to connect on the real network of this machine, and what can be said of it without a capture.
//!
//! The kernel tells its number, the time, which router sent which ICMP error, and how often it repeated its SYN. What was on the
//! wire it does not tell, nor who dropped something: that is said as unknown. Only the address that the user names is tried, once.

use std::io::{self, Write};
use std::net::{IpAddr, SocketAddr};
use std::time::{Duration, Instant};

use anstyle::Style;
use serde::Serialize;
use synsent_dialects::{DIALECTS, On};
use synsent_host::observe::errno_name;
use synsent_host::{ProbeEnd, Probed, probe};
use synsent_sockets::Outcome;

use super::meaning::Meaning;
use super::route::{self, Route};
use crate::connect::look_up;
use crate::ending::Ending;
use crate::table::{self, Cell, Table, span};
use crate::words;

/// How long an attempt may take, unless the command line says otherwise.
const PATIENCE: Duration = Duration::from_secs(10);
const LABEL_WIDTH: usize = 8;

/// What an attempt shows.
#[derive(Debug)]
pub(super) struct Attempt {
    pub(super) host: String,
    pub(super) peer: SocketAddr,
    /// The other addresses of the name, which are not tried.
    pub(super) others: Vec<IpAddr>,
    /// How long the name took; `None`: the host was an address.
    pub(super) lookup: Option<Duration>,
    pub(super) probed: Probed,
    pub(super) route: Option<Route>,
}

/// What a dialect would have reported.
#[derive(Debug, Serialize)]
struct InDialect {
    dialect: &'static str,
    name: &'static str,
    number: i32,
    clause: &'static str,
}

/// The object of `--json`.
#[derive(Serialize)]
struct Object<'a> {
    host: &'a str,
    address: IpAddr,
    port: u16,
    not_tried: &'a [IpAddr],
    lookup_seconds: Option<f64>,
    connected: bool,
    errno: Option<i32>,
    error: Option<&'a str>,
    icmp_from: Option<IpAddr>,
    icmp: Option<String>,
    syns_repeated: Option<u32>,
    took_seconds: f64,
    from: Option<SocketAddr>,
    interface: Option<&'a str>,
    gateway: Option<IpAddr>,
    #[serde(flatten)]
    meaning: Meaning,
    dialects: Vec<InDialect>,
}

/// Tries, and tells.
pub(super) fn live(host: &str, port: &str, limit: Option<Duration>, json: bool) -> Result<(), Ending> {
    let wrong = || Ending::Usage(format!("`{}` is no port: 1 to 65535", words::visible(port)));
    let port: u16 = port.parse().ok().filter(|port| *port != 0).ok_or_else(wrong)?;
    let began = Instant::now();
    let found = look_up(host, port)?;
    let is_name = host.trim_matches(['[', ']']).parse::<IpAddr>().is_err();
    let lookup = is_name.then(|| began.elapsed());
    let (peer, others) = match found.split_first() {
        Some((peer, others)) => (*peer, others.iter().map(SocketAddr::ip).filter(|ip| *ip != peer.ip()).collect()),
        None => return Err(Ending::Usage(format!("{} has no address", words::visible(host)))),
    };
    let route = route::to(peer.ip());
    let probed = probe(peer, limit.unwrap_or(PATIENCE)).map_err(Ending::file("a socket"))?;
    let attempt = Attempt { host: words::visible(host), peer, others, lookup, probed, route };
    let written = match json {
        true => write_json(&mut io::stdout().lock(), &attempt),
        false => write(&mut anstream::stdout().lock(), table::terminal_width(), &attempt),
    };
    match written {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(Ending::file("standard output")(error)),
        _ => Ok(()),
    }
}

impl Attempt {
    /// The kernel's word.
    pub(super) fn said(&self) -> String {
        match self.probed.end {
            ProbeEnd::Connected => "connected".to_owned(),
            ProbeEnd::Failed { number, .. } => {
                format!("{} ({number})", errno_name(number).unwrap_or("an error without a name"))
            }
            ProbeEnd::StillWaiting => "nothing yet".to_owned(),
        }
    }

    pub(super) fn outcome(&self) -> Option<Outcome> {
        match self.probed.end {
            ProbeEnd::Connected => None,
            ProbeEnd::Failed { outcome, .. } => Some(outcome),
            // Who waits on is told in the end that nobody answered.
            ProbeEnd::StillWaiting => Some(Outcome::TimedOut),
        }
    }

    /// What each dialect has for it.
    fn in_dialects(&self) -> Vec<InDialect> {
        let Some(outcome) = self.outcome() else { return Vec::new() };
        let speaking = DIALECTS.iter().filter(|dialect| self.peer.is_ipv4() || dialect.names.inet6.is_some());
        let told = speaking.filter_map(|dialect| {
            let (word, source) = dialect.word(&dialect.pages.connect, On::Stream, outcome);
            let spelling = dialect.spelling(word)?;
            Some(InDialect {
                dialect: dialect.name,
                name: spelling.name,
                number: spelling.number,
                clause: source.clause,
            })
        });
        told.collect()
    }
}

/// The explanation as text.
fn write(out: &mut dyn Write, width: usize, attempt: &Attempt) -> io::Result<()> {
    if let Some(lookup) = attempt.lookup {
        let others: Vec<String> = attempt.others.iter().map(IpAddr::to_string).collect();
        let others = if others.is_empty() { String::new() } else { format!("; not tried: {}", others.join(", ")) };
        let line = format!("{} is {} ({}){others}", attempt.host, attempt.peer.ip(), span(lookup));
        table::wrap(&line, width).iter().try_for_each(|line| writeln!(out, "{line}"))?;
    }
    let from = attempt.probed.local.map(|local| format!(" from {local}")).unwrap_or_default();
    let head = format!("{}: {} after {}{from}", attempt.peer, attempt.said(), span(attempt.probed.took));
    table::wrap(&head, width).iter().try_for_each(|line| writeln!(out, "{line}"))?;
    writeln!(out)?;
    let meaning = attempt.meaning();
    let dialects: Vec<String> = attempt
        .in_dialects()
        .iter()
        .map(|one| match one.clause {
            "" => format!("{}: {} ({})", one.dialect, one.name, one.number),
            clause => format!("{}: {} ({}) [{clause}]", one.dialect, one.name, one.number),
        })
        .collect();
    let parts = [("WHY", meaning.why), ("NOT", meaning.not), ("UNKNOWN", meaning.unknown), ("IN", dialects)];
    let mut table = Table::new(out, width, &[Some(LABEL_WIDTH), None]);
    for (label, lines) in parts {
        for (number, line) in lines.iter().enumerate() {
            let label = if number == 0 { label } else { "" };
            table.row(&[Cell::styled(Style::new().bold(), label), Cell::plain(line)])?;
        }
    }
    Ok(())
}

fn write_json(out: &mut dyn Write, attempt: &Attempt) -> io::Result<()> {
    let number = match attempt.probed.end {
        ProbeEnd::Failed { number, .. } => Some(number),
        ProbeEnd::Connected | ProbeEnd::StillWaiting => None,
    };
    let (interface, gateway) = match &attempt.route {
        Some(Route::By { interface, gateway }) => (Some(interface.as_str()), *gateway),
        Some(Route::Rejected | Route::None) | None => (None, None),
    };
    let object = Object {
        host: &attempt.host,
        address: attempt.peer.ip(),
        port: attempt.peer.port(),
        not_tried: &attempt.others,
        lookup_seconds: attempt.lookup.map(|lookup| lookup.as_secs_f64()),
        connected: attempt.probed.end == ProbeEnd::Connected,
        errno: number,
        error: number.and_then(errno_name),
        icmp_from: attempt.probed.told.map(|(from, _)| from),
        icmp: attempt.probed.told.map(|(_, cause)| cause.to_string()),
        syns_repeated: attempt.probed.syns_repeated,
        took_seconds: attempt.probed.took.as_secs_f64(),
        from: attempt.probed.local,
        interface,
        gateway,
        meaning: attempt.meaning(),
        dialects: attempt.in_dialects(),
    };
    serde_json::to_writer(&mut *out, &object)?;
    writeln!(out)?;
    out.flush()
}
