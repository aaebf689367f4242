//! The lab of a scenario, built host by host.

use std::collections::HashSet;
use std::net::{IpAddr, SocketAddr};

use synsent_stack::{Cidr, Config, Duration, LinkId, OpenOptions, Route};

use super::{Does, Host, Line, Mistake, Placed, Scenario, Staged};
use crate::cable::CableId;
use crate::datagrams::UdpBehaviour;
use crate::lab::{HostId, Lab};
use crate::obstruct::Obstruction;
use crate::peer::Behaviour;

/// How long the connections that are to fill backlogs may take until they stand.
const FILLING: Duration = Duration::from_secs(10);

impl Scenario {
    /// Builds the lab, or says what the stacks do not take.
    pub(super) fn try_stage(&self) -> Result<Staged, Mistake> {
        let mut lab = Lab::new(self.seed);
        let us = lab.add_host("us", Config::default());
        let router = lab.add_router("router");
        let cable = line(&mut lab, "us", self.us.line);
        let link = attach(&mut lab, us, cable, &self.us.addresses)?;
        for route in &self.us.routes {
            let added = lab.route(us, Route::on_link(network(route.value), link));
            added.map_err(|error| (route.at.clone(), format!("this route cannot be: {error}")))?;
        }
        let near = attach(&mut lab, router, cable, &alone(&self.router))?;
        for ours in &self.us.addresses {
            towards(&mut lab, router, ours.value.addr(), &ours.at, near)?;
        }
        let mut hosts = Vec::new();
        for host in &self.hosts {
            hosts.push(host.settle(&mut lab, router)?);
        }
        for (host, id) in self.hosts.iter().zip(&hosts) {
            host.work(&mut lab, *id, router)?;
        }
        if self
            .hosts
            .iter()
            .flat_map(|host| &host.ports)
            .any(|port| matches!(port.does, Does::Host(Behaviour::FillBacklog(_))))
        {
            lab.run_for(FILLING);
        }
        Ok(Staged { lab, us, router, hosts })
    }
}

impl Host {
    /// The host with its line to the router, and the routes that lead there and back.
    fn settle(&self, lab: &mut Lab, router: HostId) -> Result<HostId, Mistake> {
        let id = lab.add_host(&self.name, Config::default());
        let cable = line(lab, &self.name, self.line);
        let far = lab.attach(router, cable, &[]).map_err(|error| (self.place(), error.to_string()))?;
        let link = attach(lab, id, cable, &alone(&self.addresses))?;
        for address in &self.addresses {
            towards(lab, router, address.value, &address.at, far)?;
        }
        for any in ["0.0.0.0/0", "::/0"].into_iter().filter_map(|any| any.parse::<Cidr>().ok()) {
            lab.route(id, Route::on_link(any, link)).map_err(|error| (self.place(), error.to_string()))?;
        }
        if self.otherwise_silent {
            self.keep_silent(lab, cable);
        }
        Ok(id)
    }

    /// What is for a port that nothing is said of does not arrive.
    fn keep_silent(&self, lab: &mut Lab, cable: CableId) {
        let ports: HashSet<u16> = self.ports.iter().map(|port| port.number.value).collect();
        let own: Vec<IpAddr> = self.addresses.iter().map(|address| address.value).collect();
        lab.drop_where(cable, move |sight| {
            let to = sight.segment().map(|segment| segment.destination);
            to.is_some_and(|to| own.contains(&to.ip()) && !ports.contains(&to.port()))
        });
    }

    /// The ports begin to do what they do.
    fn work(&self, lab: &mut Lab, id: HostId, router: HostId) -> Result<(), Mistake> {
        for port in &self.ports {
            let number = port.number.value;
            let refused = |what: String| (port.number.at.clone(), format!("the port {number} cannot be: {what}"));
            let behaviour = match port.does {
                Does::Host(behaviour) => behaviour,
                Does::Router { error, first } => {
                    for address in &self.addresses {
                        let rule = Obstruction { error, to: Some(address.value), port: Some(number), first };
                        lab.obstruct(router, rule);
                    }
                    Behaviour::Answer
                }
            };
            lab.behave(id, number, behaviour).map_err(|error| refused(error.to_string()))?;
            match behaviour {
                Behaviour::Answer => {
                    let echo = lab.behave_udp(id, number, UdpBehaviour::Echo);
                    echo.map_err(|error| refused(error.to_string()))?;
                }
                Behaviour::FillBacklog(backlog) => self.fill(lab, router, number, backlog),
                _ => {}
            }
        }
        Ok(())
    }

    /// The router takes every place of a backlog.
    fn fill(&self, lab: &mut Lab, router: HostId, port: u16, backlog: usize) {
        let Some(address) = self.addresses.first() else { return };
        let peer = SocketAddr::new(address.value, port);
        // One more than there is room for stays in SYN-SENT; that does no harm.
        for _ in 0..=backlog {
            let _ = lab.call(router, |stack, now| stack.tcp_connect(now, OpenOptions::to(peer)));
        }
    }

    fn place(&self) -> std::ops::Range<usize> {
        self.addresses.first().map_or(0..0, |address| address.at.clone())
    }
}

/// A line with its faults, the same in both directions.
fn line(lab: &mut Lab, name: &str, line: Line) -> CableId {
    let cable = lab.add_line(name, line.mtu);
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
fn towards(
    lab: &mut Lab,
    router: HostId,
    address: IpAddr,
    at: &std::ops::Range<usize>,
    link: LinkId,
) -> Result<(), Mistake> {
    let Some(route) = single(address).map(|to| Route::on_link(to, link)) else { return Ok(()) };
    lab.route(router, route).map_err(|error| (at.clone(), format!("the router has no way to {address}: {error}")))
}

/// Addresses without a network around them.
fn alone(addresses: &[Placed<IpAddr>]) -> Vec<Placed<Cidr>> {
    let cidr = |one: &Placed<IpAddr>| Some(Placed { value: single(one.value)?, at: one.at.clone() });
    addresses.iter().filter_map(cidr).collect()
}

/// The network that is one address.
fn single(address: IpAddr) -> Option<Cidr> {
    Cidr::new(address, if address.is_ipv4() { 32 } else { 128 })
}

/// The network of an address with its prefix.
fn network(cidr: Cidr) -> Cidr {
    cidr.network()
}
