//! A lab as a file: the hosts that a program can reach, what they do with each attempt, what the lines do wrong, and what is expected
//! of the program.
//!
//! ```text
//! us ── router ──┬── host            Every host has a line of its own to the router. Lines carry bare IP packets, so there is no
//!                ├── host            next hop to be asked for, and each has its own delay, loss, rate and MTU.
//!                └── name server
//! ```
//!
//! The file is TOML. [`Scenarios::parse`] takes it apart, one nameless scenario or many cases, and a mistake is told with its line and
//! column and with what is allowed there; a key that nobody knows is one. [`Scenario::stage`] builds the lab, as often as one likes: the
//! same file and seed give the same octets on the wire. `us` is then a stack of the lab, for who enters it through a
//! [`LabNetwork`](crate::LabNetwork), or with [`Scenario::stage_tapped`] somebody outside at the end of a tap. What is expected of the program
//! is only kept here; who runs it judges.

mod case;
mod emit;
mod expect;
mod file;
mod mistake;
mod port;
mod reach;
mod stage;
mod usual;
mod values;
mod word;

use std::fmt;
use std::net::IpAddr;
use std::ops::Range;

use synsent_stack::Cidr;

use crate::faults::Faults;
use crate::names::NamesMode;
use crate::rules::{Does, Row};

pub use case::{Case, Scenarios};
pub use expect::{Exit, Expect, OutputPattern, SCENARIO_EXPECTED_MAX, SCENARIO_PATTERN_OCTETS_MAX};
pub use stage::{Staged, StagedTap, Staging};

/// How long a scenario's file may be; unit: octets.
pub const SCENARIO_OCTETS_MAX: usize = 256 << 10;
/// How many cases a file may have.
pub const SCENARIO_CASES_MAX: usize = 256;
/// How many hosts a scenario may have beside us, the router and the name server.
pub const SCENARIO_HOSTS_MAX: usize = 64;
/// How many hosts all cases of a file may have together.
pub const SCENARIO_FILE_HOSTS_MAX: usize = 1_024;
/// How many rows for ports all hosts of a scenario may have together.
pub const SCENARIO_PORTS_MAX: usize = 1_024;
/// How many rows for ports all cases of a file may have together.
pub const SCENARIO_FILE_PORTS_MAX: usize = 4_096;
/// How many addresses a host of a scenario may have; so too we, the router and the name server.
pub const SCENARIO_ADDRESSES_MAX: usize = 16;
/// How many routes we may have in a scenario.
pub const SCENARIO_ROUTES_MAX: usize = 64;
/// How many names a host of a scenario may have.
pub const SCENARIO_NAMES_MAX: usize = 16;
/// How many records of its own the name server of a scenario may have.
pub const SCENARIO_RECORDS_MAX: usize = 64;
/// The largest backlog that a port of a scenario can have filled.
pub const SCENARIO_BACKLOG_MAX: usize = 128;
/// How long what a port says may be, all its texts together; unit: octets.
pub const SCENARIO_TEXT_OCTETS_MAX: usize = 4_096;

/// A lab that can be built.
#[derive(Clone, PartialEq, Debug)]
pub struct Scenario {
    seed: u64,
    us: Us,
    router: Vec<Placed<IpAddr>>,
    names: Names,
    hosts: Vec<Host>,
    expect: Expect,
}

/// What is wrong with a scenario, and where.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ScenarioError {
    /// The line, from one.
    pub line: usize,
    /// The character of the line, from one.
    pub column: usize,
    /// What is wrong there, and what is allowed.
    pub what: String,
}

/// A value with its place in the file; unit: octets. Where it stands makes no difference to what it is.
#[derive(Clone, Debug)]
struct Placed<T> {
    value: T,
    at: Range<usize>,
}

/// What is wrong somewhere in the file.
type Mistake = (Range<usize>, String);

/// The machine of the program.
#[derive(Clone, PartialEq, Debug)]
struct Us {
    addresses: Vec<Placed<Cidr>>,
    routes: Vec<Placed<Cidr>>,
    line: Line,
    free_ports: Option<u16>,
    syn_retries: Option<u8>,
}

/// The name server.
#[derive(Clone, PartialEq, Debug)]
struct Names {
    addresses: Vec<Placed<IpAddr>>,
    mode: NamesMode,
    records: Vec<Named>,
}

/// A name with addresses of its own.
#[derive(Clone, PartialEq, Debug)]
struct Named {
    name: Placed<String>,
    addresses: Vec<Placed<IpAddr>>,
}

/// A machine that can be reached.
#[derive(Clone, PartialEq, Debug)]
struct Host {
    name: Placed<String>,
    names: Vec<Placed<String>>,
    addresses: Vec<Placed<IpAddr>>,
    line: Line,
    rows: Vec<Placed<Row>>,
    otherwise: Does,
}

/// A line to the router.
#[derive(Clone, Copy, PartialEq, Debug)]
struct Line {
    mtu: u16,
    /// Whether larger packets vanish without a word.
    black_hole: bool,
    faults: Faults,
}

impl Scenario {
    /// Reads a file with one nameless scenario.
    ///
    /// # Errors
    /// The first mistake, with its place; cases are one.
    pub fn parse(text: &str) -> Result<Scenario, ScenarioError> {
        let scenarios = Scenarios::parse(text)?;
        let what = || "this file has cases: choose one of them".to_owned();
        scenarios.into_nameless().ok_or_else(|| ScenarioError::at(text, 0, what()))
    }

    /// The names of the hosts, in the order of the file.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.hosts.iter().map(|host| host.name.value.as_str())
    }

    /// The addresses that a host is reached at, by its name in the file or as a name server that answers would tell them; what is an
    /// address itself is its own. `None`: no host has the name.
    pub fn addresses_of(&self, name: &str) -> Option<Vec<IpAddr>> {
        if let Ok(address) = name.trim_matches(['[', ']']).parse() {
            return Some(vec![address]);
        }
        match self.hosts.iter().find(|host| host.name.value == name) {
            Some(host) => Some(host.addresses.iter().map(|address| address.value).collect()),
            None => {
                let zone = self.zone(false).ok()?;
                zone.addresses(name).filter(|addresses| !addresses.is_empty()).map(<[IpAddr]>::to_vec)
            }
        }
    }

    /// The hosts in the order of the file: the name of each, and its addresses.
    pub fn hosts(&self) -> impl Iterator<Item = (&str, Vec<IpAddr>)> {
        let addresses = |host: &Host| host.addresses.iter().map(|address| address.value).collect();
        self.hosts.iter().map(move |host| (host.name.value.as_str(), addresses(host)))
    }

    /// What the lab's chance comes from, unless somebody gives another seed.
    pub fn seed(&self) -> u64 {
        self.seed
    }

    /// Our addresses with their networks.
    pub fn our_addresses(&self) -> impl Iterator<Item = Cidr> {
        self.us.addresses.iter().map(|one| one.value)
    }

    /// The networks that we reach by the router.
    pub fn our_routes(&self) -> impl Iterator<Item = Cidr> {
        self.us.routes.iter().map(|one| one.value.network())
    }

    /// The MTU that we believe our line to have; unit: octets.
    pub fn our_mtu(&self) -> u16 {
        self.us.line.believed_mtu()
    }

    /// How many ephemeral ports are free; `None`: as many as ever.
    pub fn free_ports(&self) -> Option<u16> {
        self.us.free_ports
    }

    /// How often our kernel repeats a SYN; `None`: as who runs the program likes.
    pub fn syn_retries(&self) -> Option<u8> {
        self.us.syn_retries
    }

    /// The router's addresses.
    pub fn router_addresses(&self) -> impl Iterator<Item = IpAddr> {
        self.router.iter().map(|one| one.value)
    }

    /// The name server's addresses.
    pub fn name_server_addresses(&self) -> impl Iterator<Item = IpAddr> {
        self.names.addresses.iter().map(|one| one.value)
    }

    /// What is expected of the program.
    pub fn expect(&self) -> &Expect {
        &self.expect
    }

    /// The same scenario with another seed.
    pub fn seeded(self, seed: u64) -> Scenario {
        Scenario { seed, ..self }
    }

    /// The same scenario with other expectations.
    pub fn expecting(self, expect: Expect) -> Scenario {
        Scenario { expect, ..self }
    }
}

impl Line {
    /// The MTU that both ends of the line are told.
    fn believed_mtu(&self) -> u16 {
        if self.black_hole { self.mtu.max(values::MTU) } else { self.mtu }
    }
}

impl<T: PartialEq> PartialEq for Placed<T> {
    fn eq(&self, other: &Placed<T>) -> bool {
        self.value == other.value
    }
}

impl<T> Placed<T> {
    fn new(value: T, at: Range<usize>) -> Placed<T> {
        Placed { value, at }
    }
}

impl ScenarioError {
    fn at(text: &str, octet: usize, what: String) -> ScenarioError {
        let mut before = octet.min(text.len());
        while !text.is_char_boundary(before) {
            before -= 1;
        }
        let before = &text[..before];
        let line = before.matches('\n').count() + 1;
        let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
        ScenarioError { line, column, what }
    }
}

impl fmt::Display for ScenarioError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}", self.line, self.column, self.what)
    }
}

impl std::error::Error for ScenarioError {}
