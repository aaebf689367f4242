//! A lab as a file: the hosts that a program can reach, what each of their ports does, and what the lines do wrong.
//!
//! ```text
//! us ── router ──┬── host        Every host has a line of its own to the router. Lines carry bare IP packets, so there is no
//!                ├── host        next hop to be asked for, and each has its own delay, loss, rate and MTU.
//!                └── host
//! ```
//!
//! The file is TOML. [`Scenario::parse`] takes it apart, and a mistake is told with its line and column and with what is allowed
//! there; a key that nobody knows is one. [`Scenario::stage`] builds the lab, as often as one likes: the same file and seed give
//! the same octets on the wire. What the program does in it is not said here: that is the business of who enters it, through a
//! [`LabNetwork`](crate::LabNetwork) on the host that is ours.

mod file;
mod stage;
mod values;

use std::fmt;
use std::net::IpAddr;
use std::ops::Range;

use synsent_stack::Cidr;

use crate::faults::Faults;
use crate::lab::{HostId, Lab};
use crate::obstruct::IcmpError;
use crate::peer::Behaviour;

/// How long a scenario's file may be; unit: octets.
pub const SCENARIO_OCTETS_MAX: usize = 256 << 10;
/// How many hosts a scenario may have beside us and the router.
pub const SCENARIO_HOSTS_MAX: usize = 64;
/// How many ports with a behaviour all hosts of a scenario may have together; each place of a backlog that is to be full counts
/// as one more.
pub const SCENARIO_PORTS_MAX: usize = 1_024;
/// How many addresses a host of a scenario may have; so too we and the router.
pub const SCENARIO_ADDRESSES_MAX: usize = 16;
/// How many routes we may have in a scenario.
pub const SCENARIO_ROUTES_MAX: usize = 64;
/// The largest backlog that a port of a scenario can have filled.
pub const SCENARIO_BACKLOG_MAX: usize = 128;

/// A lab that can be built.
#[derive(Clone, PartialEq, Debug)]
pub struct Scenario {
    seed: u64,
    us: Us,
    router: Vec<Placed<IpAddr>>,
    hosts: Vec<Host>,
}

/// A lab that was built.
pub struct Staged {
    /// The lab.
    pub lab: Lab,
    /// The host on which the program runs.
    pub us: HostId,
    /// The router next to us.
    pub router: HostId,
    /// The others, in the order of the file.
    pub hosts: Vec<HostId>,
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

/// A value with its place in the file; unit: octets.
#[derive(Clone, PartialEq, Eq, Debug)]
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
}

/// A machine that can be reached.
#[derive(Clone, PartialEq, Debug)]
struct Host {
    name: String,
    addresses: Vec<Placed<IpAddr>>,
    line: Line,
    ports: Vec<Port>,
    /// Whether the other ports say nothing, instead of refusing.
    otherwise_silent: bool,
}

/// A line to the router.
#[derive(Clone, Copy, PartialEq, Debug)]
struct Line {
    mtu: u16,
    faults: Faults,
}

/// A port and what it does.
#[derive(Clone, PartialEq, Debug)]
struct Port {
    number: Placed<u16>,
    does: Does,
}

/// What a port does, and who does it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Does {
    /// The host does it.
    Host(Behaviour),
    /// The router answers in the host's place, the first so many times or always; what it lets through is answered.
    Router { error: IcmpError, first: Option<u32> },
}

impl Scenario {
    /// Reads a scenario.
    ///
    /// # Errors
    /// The first mistake, with its place.
    pub fn parse(text: &str) -> Result<Scenario, ScenarioError> {
        let at = |(at, what): Mistake| ScenarioError::at(text, at.start, what);
        if text.len() > SCENARIO_OCTETS_MAX {
            let what = format!("the file is longer than {SCENARIO_OCTETS_MAX} octets");
            return Err(at((SCENARIO_OCTETS_MAX..SCENARIO_OCTETS_MAX, what)));
        }
        let scenario = file::read(text).map_err(at)?;
        // What only the stacks know to be wrong, they say here.
        scenario.try_stage().map_err(at)?;
        Ok(scenario)
    }

    /// The names of the hosts, in the order of the file.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.hosts.iter().map(|host| host.name.as_str())
    }

    /// The addresses that a host is reached at, by its name; what is an address itself is its own. `None`: no host has the name.
    pub fn addresses_of(&self, name: &str) -> Option<Vec<IpAddr>> {
        if let Ok(address) = name.trim_matches(['[', ']']).parse() {
            return Some(vec![address]);
        }
        let host = self.hosts.iter().find(|host| host.name == name)?;
        Some(host.addresses.iter().map(|address| address.value).collect())
    }

    /// Builds the lab; it has run until every backlog that is to be full is.
    pub fn stage(&self) -> Staged {
        // Building it is a function of the scenario alone, and parse has built it once.
        self.try_stage().unwrap_or_else(|(_, what)| unreachable!("a scenario that was built once: {what}"))
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
