//! What stands in a scenario's file, as TOML has it, and what must hold beyond single values.

use std::collections::HashSet;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::ops::Range;

use serde::Deserialize;
use synsent_stack::Cidr;
use toml::Spanned;

use super::values::{Chance, Rate, Span, address, prefix};
use super::{Does, Host, Line, Mistake, Placed, Port, Scenario, Us};
use super::{
    SCENARIO_ADDRESSES_MAX, SCENARIO_BACKLOG_MAX, SCENARIO_HOSTS_MAX, SCENARIO_PORTS_MAX, SCENARIO_ROUTES_MAX,
};
use crate::faults::Faults;
use crate::obstruct::IcmpError;
use crate::peer::Behaviour;

/// The MTU where none is said, and the least of each family; unit: octets.
const MTU: u16 = 1_500;
const MTU_MIN_V4: u16 = 68;
const MTU_MIN_V6: u16 = 1_280;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    seed: u64,
    #[serde(default)]
    us: UsTable,
    #[serde(default)]
    router: RouterTable,
    #[serde(default)]
    host: Vec<Spanned<HostTable>>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct UsTable {
    addresses: Option<Vec<Spanned<String>>>,
    routes: Option<Vec<Spanned<String>>>,
    #[serde(default)]
    line: LineTable,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct RouterTable {
    addresses: Option<Vec<Spanned<String>>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct HostTable {
    name: Spanned<String>,
    addresses: Spanned<Vec<Spanned<String>>>,
    #[serde(default)]
    line: LineTable,
    #[serde(default)]
    otherwise: Otherwise,
    #[serde(default)]
    port: Vec<PortTable>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct LineTable {
    #[serde(default)]
    delay: Span,
    #[serde(default)]
    jitter: Span,
    #[serde(default)]
    loss: Chance,
    #[serde(default)]
    duplicate: Chance,
    #[serde(default)]
    reorder: Chance,
    #[serde(default)]
    corrupt: Chance,
    rate: Option<Rate>,
    mtu: Option<Spanned<u16>>,
}

#[derive(Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Otherwise {
    #[default]
    Refuses,
    Silent,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PortTable {
    number: Spanned<u16>,
    does: Spanned<Word>,
    after: Option<Spanned<Span>>,
    first: Option<Spanned<u32>>,
    backlog: Option<Spanned<usize>>,
}

/// What a port can do, in the words of the file.
#[derive(Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Word {
    Answers,
    AnswersLate,
    Refuses,
    Silent,
    Withholds,
    Resets,
    Closes,
    SaysNothing,
    BacklogFull,
    NetworkUnreachable,
    HostUnreachable,
    ProtocolUnreachable,
    PortUnreachable,
    Prohibited,
    TimeExceeded,
}

/// Reads the file and checks what can be checked without building the lab.
pub(super) fn read(text: &str) -> Result<Scenario, Mistake> {
    let file: File = toml::from_str(text).map_err(|error| {
        let at = error.span().unwrap_or(0..0);
        (at, one_line(error.message()))
    })?;
    let hosts = file.host.iter().enumerate().map(|(number, host)| {
        if number >= SCENARIO_HOSTS_MAX {
            return Err((host.span(), format!("there are more than {SCENARIO_HOSTS_MAX} hosts")));
        }
        host.get_ref().check()
    });
    let scenario = Scenario {
        seed: file.seed,
        us: file.us.check()?,
        router: file.router.check()?,
        hosts: hosts.collect::<Result<_, _>>()?,
    };
    unique(&scenario, &file.host)?;
    Ok(scenario)
}

/// A message of several lines would not be a sentence.
fn one_line(message: &str) -> String {
    message.lines().map(str::trim).filter(|line| !line.is_empty()).collect::<Vec<_>>().join("; ")
}

/// What may be there only once: addresses, names.
fn unique(scenario: &Scenario, tables: &[Spanned<HostTable>]) -> Result<(), Mistake> {
    let ours = scenario.us.addresses.iter().map(|one| (one.value.addr(), &one.at));
    let others = scenario.router.iter().chain(scenario.hosts.iter().flat_map(|host| &host.addresses));
    let mut seen = HashSet::new();
    for (address, at) in ours.chain(others.map(|one| (one.value, &one.at))) {
        if !seen.insert(address) {
            return Err((at.clone(), format!("{address} is taken already: every address is that of one host")));
        }
    }
    let mut names = HashSet::new();
    for name in tables.iter().map(|host| &host.get_ref().name) {
        if !names.insert(name.get_ref()) {
            return Err((name.span(), format!("there is a host {} already", name.get_ref())));
        }
    }
    let mut weight = 0;
    for port in scenario.hosts.iter().flat_map(|host| &host.ports) {
        weight += port.weight();
        if weight > SCENARIO_PORTS_MAX {
            let what = format!("there are more than {SCENARIO_PORTS_MAX} ports and places of full backlogs");
            return Err((port.number.at.clone(), what));
        }
    }
    Ok(())
}

impl Port {
    fn weight(&self) -> usize {
        match self.does {
            Does::Host(Behaviour::FillBacklog(backlog)) => 1 + backlog,
            _ => 1,
        }
    }
}

impl UsTable {
    fn check(&self) -> Result<Us, Mistake> {
        let prefixes = |all: &Vec<Spanned<String>>| all.iter().map(|one| placed(one, prefix)).collect();
        let addresses = self.addresses.as_ref().map_or_else(|| Ok(default_us()), prefixes)?;
        few(&addresses)?;
        let routes = self.routes.as_ref().map_or_else(|| Ok(everywhere()), prefixes)?;
        if let Some(one) = routes.get(SCENARIO_ROUTES_MAX) {
            return Err((one.at.clone(), format!("there are more than {SCENARIO_ROUTES_MAX} routes")));
        }
        let line = self.line.check(addresses.iter().any(|one| one.value.addr().is_ipv6()))?;
        Ok(Us { addresses, routes, line })
    }
}

impl RouterTable {
    fn check(&self) -> Result<Vec<Placed<IpAddr>>, Mistake> {
        let read = |all: &Vec<Spanned<String>>| all.iter().map(|one| placed(one, address)).collect();
        let addresses = self.addresses.as_ref().map_or_else(|| Ok(default_router()), read)?;
        few(&addresses)?;
        Ok(addresses)
    }
}

impl HostTable {
    fn check(&self) -> Result<Host, Mistake> {
        let name = self.name.get_ref();
        if name.is_empty() || name.contains(char::is_whitespace) || name.parse::<IpAddr>().is_ok() {
            let what = format!("`{name}` cannot be the name of a host: a word that is no address");
            return Err((self.name.span(), what));
        }
        let addresses = self.addresses.get_ref().iter().map(|one| placed(one, address));
        let addresses = addresses.collect::<Result<Vec<_>, _>>()?;
        if addresses.is_empty() {
            return Err((self.addresses.span(), format!("{name} has no address: write one such as \"10.2.0.2\"")));
        }
        few(&addresses)?;
        let mut numbers = HashSet::new();
        let mut ports = Vec::new();
        for port in &self.port {
            if !numbers.insert(*port.number.get_ref()) {
                return Err((
                    port.number.span(),
                    format!("the port {} of {name} does something already", port.number.get_ref()),
                ));
            }
            ports.push(port.check()?);
        }
        let line = self.line.check(addresses.iter().any(|one| one.value.is_ipv6()))?;
        Ok(Host { name: name.clone(), addresses, line, ports, otherwise_silent: self.otherwise == Otherwise::Silent })
    }
}

impl LineTable {
    fn check(&self, inet6: bool) -> Result<Line, Mistake> {
        let least = if inet6 { MTU_MIN_V6 } else { MTU_MIN_V4 };
        let mtu = self.mtu.as_ref().map_or(MTU, |mtu| *mtu.get_ref());
        if let Some(said) = self.mtu.as_ref().filter(|mtu| *mtu.get_ref() < least) {
            let family = if inet6 { "IPv6" } else { "IPv4" };
            return Err((said.span(), format!("{mtu} is less than a line of {family} carries: {least} to 65535")));
        }
        let faults = Faults {
            loss: self.loss.0,
            duplicate: self.duplicate.0,
            reorder: self.reorder.0,
            corrupt: self.corrupt.0,
            delay: self.delay.0,
            jitter: self.jitter.0,
            rate: self.rate.map(|rate| rate.0),
            ..Faults::default()
        };
        Ok(Line { mtu, faults })
    }
}

impl PortTable {
    fn check(&self) -> Result<Port, Mistake> {
        let number = Placed { value: *self.number.get_ref(), at: self.number.span() };
        if number.value == 0 {
            return Err((number.at, "0 is no port: 1 to 65535".to_owned()));
        }
        let said = [
            ("after", self.after.as_ref().map(Spanned::span)),
            ("first", self.first.as_ref().map(Spanned::span)),
            ("backlog", self.backlog.as_ref().map(Spanned::span)),
        ];
        let takes = self.does.get_ref().takes();
        for (key, at) in said.into_iter().filter_map(|(key, at)| Some((key, at?))) {
            if takes != Some(key) {
                return Err((at, format!("`{key}` means nothing for what this port does{}", instead(takes))));
            }
        }
        Ok(Port { number, does: self.does()? })
    }

    fn does(&self) -> Result<Does, Mistake> {
        let router = |error| Does::Router { error, first: self.first.as_ref().map(|first| *first.get_ref()) };
        let itself = |error| Behaviour::Icmp { error, first: self.first.as_ref().map(|first| *first.get_ref()) };
        Ok(Does::Host(match self.does.get_ref() {
            Word::Answers => Behaviour::Answer,
            Word::AnswersLate => match &self.after {
                Some(after) => Behaviour::AnswerLate(after.get_ref().0),
                None => return Err((self.does.span(), "answers-late needs a time: after = \"3s\"".to_owned())),
            },
            Word::Refuses => Behaviour::Refuse,
            Word::Silent => Behaviour::Silent,
            Word::Withholds => Behaviour::WithholdSynAck,
            Word::Resets => Behaviour::ResetAfterAccept,
            Word::Closes => Behaviour::CloseAfterAccept,
            Word::SaysNothing => Behaviour::SilentAfterAccept,
            Word::BacklogFull => Behaviour::FillBacklog(self.backlog()?),
            Word::ProtocolUnreachable => itself(IcmpError::ProtocolUnreachable),
            Word::PortUnreachable => itself(IcmpError::PortUnreachable),
            Word::NetworkUnreachable => return Ok(router(IcmpError::NetworkUnreachable)),
            Word::HostUnreachable => return Ok(router(IcmpError::HostUnreachable)),
            Word::Prohibited => return Ok(router(IcmpError::Prohibited)),
            Word::TimeExceeded => return Ok(router(IcmpError::TimeExceeded)),
        }))
    }

    fn backlog(&self) -> Result<usize, Mistake> {
        match &self.backlog {
            None => Ok(1),
            Some(backlog) if (1..=SCENARIO_BACKLOG_MAX).contains(backlog.get_ref()) => Ok(*backlog.get_ref()),
            Some(backlog) => {
                let what =
                    format!("{} is no backlog that can be filled: 1 to {SCENARIO_BACKLOG_MAX}", backlog.get_ref());
                Err((backlog.span(), what))
            }
        }
    }
}

impl Word {
    /// The key that this one takes beside `number` and `does`.
    fn takes(self) -> Option<&'static str> {
        match self {
            Word::AnswersLate => Some("after"),
            Word::BacklogFull => Some("backlog"),
            Word::NetworkUnreachable
            | Word::HostUnreachable
            | Word::ProtocolUnreachable
            | Word::PortUnreachable
            | Word::Prohibited
            | Word::TimeExceeded => Some("first"),
            _ => None,
        }
    }
}

fn instead(takes: Option<&str>) -> String {
    takes.map_or_else(String::new, |key| format!("; it takes `{key}`"))
}

/// A member of a list, with its own place: a mistake that the list's reader found would be told at the list's.
fn placed<T>(one: &Spanned<String>, read: fn(&str) -> Result<T, String>) -> Result<Placed<T>, Mistake> {
    match read(one.get_ref()) {
        Ok(value) => Ok(Placed { value, at: one.span() }),
        Err(what) => Err((one.span(), what)),
    }
}

fn few<T>(addresses: &[Placed<T>]) -> Result<(), Mistake> {
    match addresses.get(SCENARIO_ADDRESSES_MAX) {
        Some(one) => Err((one.at.clone(), format!("a host has at most {SCENARIO_ADDRESSES_MAX} addresses"))),
        None => Ok(()),
    }
}

/// Where nothing stands in the file.
const NOWHERE: Range<usize> = 0..0;

fn default_us() -> Vec<Placed<Cidr>> {
    let v4 = (Ipv4Addr::new(10, 1, 0, 2).into(), 24);
    let v6 = (Ipv6Addr::new(0xfd00, 1, 0, 0, 0, 0, 0, 2).into(), 64);
    cidrs([v4, v6])
}

fn everywhere() -> Vec<Placed<Cidr>> {
    cidrs([(Ipv4Addr::UNSPECIFIED.into(), 0), (Ipv6Addr::UNSPECIFIED.into(), 0)])
}

fn cidrs(all: [(IpAddr, u8); 2]) -> Vec<Placed<Cidr>> {
    let fits = all.into_iter().filter_map(|(address, prefix_len)| Cidr::new(address, prefix_len));
    fits.map(|value| Placed { value, at: NOWHERE }).collect()
}

fn default_router() -> Vec<Placed<IpAddr>> {
    let all: [IpAddr; 2] = [Ipv4Addr::new(10, 1, 0, 1).into(), Ipv6Addr::new(0xfd00, 1, 0, 0, 0, 0, 0, 1).into()];
    all.into_iter().map(|value| Placed { value, at: NOWHERE }).collect()
}
