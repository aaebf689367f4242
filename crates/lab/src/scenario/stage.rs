//! The lab of a scenario, built host by host: with a stack of our own, or with a tap where we are.

use std::net::IpAddr;
use std::ops::Range;

use synsent_stack::{Cidr, Config, LinkId, ListenOptions, Route};

use super::{Host, Line, Mistake, Placed, Scenario, reach};
use crate::cable::CableId;
use crate::faults::Faults;
use crate::lab::{HostId, Lab};
use crate::names::Zone;
use crate::tap::TapId;

/// How long a resolver may remember an answer: not at all, since another run may have other ones; unit: seconds.
const TTL_SECONDS: u32 = 0;
/// The pattern of a default host, and the one that stands for every name.
const DEFAULT_NAMES: &str = "*.test";
const EVERY_NAME: &str = "*";
/// The last of all ports: those that are free end with it.
const LAST_PORT: u16 = 65_535;

/// How a lab is built.
#[derive(Clone, Debug, Default)]
pub struct Staging {
    /// The seed in place of the scenario's.
    pub seed: Option<u64>,
    /// Whether the default host answers to every name: the one that answers to `*.test`, else the first.
    pub all_names: bool,
    /// The settings of our stack; how often a SYN is repeated and which ports are free is the scenario's, where it says so.
    pub config: Config,
    /// Whether our line is an Ethernet segment; the outside then sends to the router whatever is not for itself.
    pub ethernet: bool,
}

/// A lab that was built, with a stack of its own where we are.
pub struct Staged {
    /// The lab.
    pub lab: Lab,
    /// The host on which the program runs.
    pub us: HostId,
    /// The router next to us.
    pub router: HostId,
    /// The others, in the order of the file.
    pub hosts: Vec<HostId>,
    /// The one that knows their names.
    pub name_server: HostId,
}

/// A lab that was built, with the outside where we are.
pub struct StagedTap {
    /// The lab.
    pub lab: Lab,
    /// The end of our line.
    pub tap: TapId,
    /// The router next to us.
    pub router: HostId,
    /// The others, in the order of the file.
    pub hosts: Vec<HostId>,
    /// The one that knows their names.
    pub name_server: HostId,
}

/// What is the same whoever we are.
struct Rest {
    hosts: Vec<HostId>,
    name_server: HostId,
}

impl Scenario {
    /// Builds the lab with a stack of its own as us.
    pub fn stage(&self) -> Staged {
        self.stage_with(&Staging::default())
    }

    /// The same, with other settings.
    pub fn stage_with(&self, staging: &Staging) -> Staged {
        // Building it is a function of the scenario alone but for chance and times, and parse has built it once.
        self.try_stage(staging).unwrap_or_else(|(_, what)| unreachable!("a scenario that was built once: {what}"))
    }

    /// Builds the lab with the outside as us, at the end of a tap.
    pub fn stage_tapped(&self, staging: &Staging) -> StagedTap {
        let mut lab = Lab::new(staging.seed.unwrap_or(self.seed));
        let router = lab.add_router("router");
        let mtu = self.us.line.believed_mtu();
        let cable = if staging.ethernet { lab.add_segment("us", mtu) } else { lab.add_line("us", mtu) };
        lab.set_faults(cable, None, self.us.line.faults);
        let tap = lab.add_tap(cable);
        match self.rest(&mut lab, router, cable, staging) {
            Ok(Rest { hosts, name_server }) => StagedTap { lab, tap, router, hosts, name_server },
            // The same was built when the scenario was read.
            Err((_, what)) => unreachable!("a scenario that was built once: {what}"),
        }
    }

    /// Builds the lab with a stack as us, or says what the stacks do not take.
    pub(super) fn try_stage(&self, staging: &Staging) -> Result<Staged, Mistake> {
        let mut lab = Lab::new(staging.seed.unwrap_or(self.seed));
        let us = lab.add_host("us", self.config(&staging.config));
        let router = lab.add_router("router");
        let cable = line(&mut lab, "us", &self.us.line);
        let link = attach(&mut lab, us, cable, &self.us.addresses)?;
        for route in &self.us.routes {
            let added = lab.route(us, Route::on_link(route.value.network(), link));
            added.map_err(|error| (route.at.clone(), format!("this route cannot be: {error}")))?;
        }
        if self.us.free_ports == Some(0) {
            // A range of ports has one at least, and this one is taken.
            let taken = lab.call(us, |stack, now| stack.tcp_listen(now, ListenOptions::on_port(LAST_PORT)));
            taken.map_err(|error| (0..0, error.to_string()))?;
        }
        let Rest { hosts, name_server } = self.rest(&mut lab, router, cable, staging)?;
        Ok(Staged { lab, us, router, hosts, name_server })
    }

    /// The settings of our stack.
    fn config(&self, config: &Config) -> Config {
        let mut config = config.clone();
        if let Some(retries) = self.us.syn_retries {
            config.tcp.options.syn_retries = Some(retries);
        }
        if let Some(free) = self.us.free_ports {
            config.tcp.ephemeral_ports = LAST_PORT - (free.max(1) - 1)..=LAST_PORT;
        }
        config
    }

    /// The router's side, the hosts and the name server.
    fn rest(&self, lab: &mut Lab, router: HostId, cable: CableId, staging: &Staging) -> Result<Rest, Mistake> {
        let near = attach(lab, router, cable, &alone(&self.router))?;
        for ours in &self.us.addresses {
            towards(lab, router, ours.value.addr(), &ours.at, near)?;
        }
        let mut hosts = Vec::new();
        for host in &self.hosts {
            let id = settle(lab, router, &host.name.value, &host.line, &host.addresses)?;
            host.work(lab, id, router);
            hosts.push(id);
        }
        let name_server = self.name_server(lab, router, staging)?;
        lab.start_rules();
        Ok(Rest { hosts, name_server })
    }

    fn name_server(&self, lab: &mut Lab, router: HostId, staging: &Staging) -> Result<HostId, Mistake> {
        let line = Line { mtu: super::values::MTU, black_hole: false, faults: Faults::default() };
        let id = settle(lab, router, "name server", &line, &self.names.addresses)?;
        let zone = self.zone(staging.all_names)?;
        lab.serve_names(id, zone).map_err(|error| (0..0, format!("the name server cannot be: {error:?}")))?;
        Ok(id)
    }

    /// Which name has which addresses: hosts that share a name share their addresses, and a record of the name server wins.
    pub(super) fn zone(&self, all_names: bool) -> Result<Zone, Mistake> {
        let mut all: Vec<(&Placed<String>, Vec<IpAddr>)> = Vec::new();
        let mut add = |name, addresses: &[Placed<IpAddr>]| add_name(&mut all, name, addresses);
        for host in &self.hosts {
            host.names.iter().for_each(|name| add(name, &host.addresses));
        }
        let default = self.hosts.iter().find(|host| host.names.iter().any(|name| name.value == DEFAULT_NAMES));
        let every_name = Placed::new(EVERY_NAME.to_owned(), 0..0);
        if let Some(host) = default.or(self.hosts.first()).filter(|_| all_names) {
            // Hosts that share the default name are the default together.
            let same = |other: &&Host| default.is_some() && other.names.iter().any(|name| name.value == DEFAULT_NAMES);
            add(&every_name, &host.addresses);
            self.hosts.iter().filter(same).for_each(|other| add(&every_name, &other.addresses));
        }
        for record in &self.names.records {
            all.retain(|(name, _)| !name.value.eq_ignore_ascii_case(&record.name.value));
            add_name(&mut all, &record.name, &record.addresses);
        }
        let mut zone = Zone::new();
        (zone.mode, zone.ttl_seconds) = (self.names.mode, TTL_SECONDS);
        for (name, addresses) in all {
            let added = zone.add(&name.value, addresses);
            added.map_err(|error| (name.at.clone(), format!("the name {} cannot be: {error}", name.value)))?;
        }
        Ok(zone)
    }
}

/// Adds addresses to a name, each once.
fn add_name<'a>(
    all: &mut Vec<(&'a Placed<String>, Vec<IpAddr>)>,
    name: &'a Placed<String>,
    addresses: &[Placed<IpAddr>],
) {
    let new = addresses.iter().map(|address| address.value);
    match all.iter_mut().find(|(other, _)| other.value.eq_ignore_ascii_case(&name.value)) {
        Some((_, known)) => {
            let new: Vec<IpAddr> = new.filter(|address| !known.contains(address)).collect();
            known.extend(new);
        }
        None => all.push((name, new.collect())),
    }
}

impl Host {
    /// The host begins to do what it does.
    fn work(&self, lab: &mut Lab, id: HostId, router: HostId) {
        let mut rows: Vec<_> = self.rows.iter().map(|row| row.value.clone()).collect();
        let written = rows.len();
        rows.extend(reach::implied(&self.rows));
        lab.set_rules(id, rows, written, self.otherwise.clone());
        lab.guard(router, id, self.addresses.iter().map(|address| address.value));
    }
}

/// A host with its line to the router, and the routes that lead there and back.
fn settle(
    lab: &mut Lab,
    router: HostId,
    name: &str,
    along: &Line,
    addresses: &[Placed<IpAddr>],
) -> Result<HostId, Mistake> {
    let place = addresses.first().map_or(0..0, |address| address.at.clone());
    let id = lab.add_host(name, Config::default());
    let cable = line(lab, name, along);
    let far = lab.attach(router, cable, &[]).map_err(|error| (place.clone(), error.to_string()))?;
    let link = attach(lab, id, cable, &alone(addresses))?;
    if along.mtu < super::values::MTU && !along.black_hole {
        // The narrow place is in the middle: the host believes in the usual MTU, and the router says otherwise to both sides.
        lab.call(id, |stack, now| stack.set_link_mtu(now, link, super::values::MTU));
        lab.narrow(router, far, along.mtu);
    }
    for address in addresses {
        towards(lab, router, address.value, &address.at, far)?;
    }
    for any in ["0.0.0.0/0", "::/0"].into_iter().filter_map(|any| any.parse::<Cidr>().ok()) {
        lab.route(id, Route::on_link(any, link)).map_err(|error| (place.clone(), error.to_string()))?;
    }
    Ok(id)
}

/// A line with its faults, the same in both directions.
fn line(lab: &mut Lab, name: &str, line: &Line) -> CableId {
    let cable = lab.add_line(name, line.believed_mtu());
    lab.set_faults(cable, None, line.faults);
    cable
}

/// Joins a host to a line; an address that no host may have is a mistake.
fn attach(lab: &mut Lab, host: HostId, cable: CableId, addresses: &[Placed<Cidr>]) -> Result<LinkId, Mistake> {
    let link = lab.attach(host, cable, &[]).map_err(|error| (0..0, error.to_string()))?;
    for address in addresses {
        let added = lab.call(host, |stack, now| stack.add_address(now, link, address.value));
        added.map_err(|_| (address.at.clone(), format!("{} cannot be the address of a host", address.value.addr())))?;
    }
    Ok(link)
}

/// The router's way to one address.
fn towards(lab: &mut Lab, router: HostId, address: IpAddr, at: &Range<usize>, link: LinkId) -> Result<(), Mistake> {
    let Some(route) = single(address).map(|to| Route::on_link(to, link)) else { return Ok(()) };
    lab.route(router, route).map_err(|error| (at.clone(), format!("the router has no way to {address}: {error}")))
}

/// Addresses without a network around them.
fn alone(addresses: &[Placed<IpAddr>]) -> Vec<Placed<Cidr>> {
    let cidr = |one: &Placed<IpAddr>| Some(Placed::new(single(one.value)?, one.at.clone()));
    addresses.iter().filter_map(cidr).collect()
}

/// The network that is one address.
fn single(address: IpAddr) -> Option<Cidr> {
    Cidr::new(address, if address.is_ipv4() { 32 } else { 128 })
}
