//! The names that a process of the lab can ask for: its host's own, and what the lab's name servers say.
//!
//! A question goes over the wire to port 53 of the hosts that [serve names](Lab::serve_names), at most three of their addresses, so it
//! takes virtual time, is lost and late as packets are, and is seen in captures and in what was [asked](Lab::asked). A lab in which
//! nobody serves names knows none. Numbers, the loopback and the host itself are known without asking.

use std::net::IpAddr;

use synsent_sockets::names::{Asking, Families, HostEntry, Hosts, NAME_SERVERS_MAX, NameFailure, Names};
use synsent_sockets::{Cancel, Network};

use crate::lab::{HostId, Lab};
use crate::network::LabNetwork;

impl Names for LabNetwork {
    fn host(&self, name: &str, families: Families, cancel: &Cancel) -> Result<HostEntry, NameFailure> {
        if let Some(known) = HostEntry::known_everywhere(name, families) {
            return known;
        }
        let own = self.lab().with(|lab| lab.own_entry(self.host()));
        if let Some(entry) = own.named(name, families) {
            return Ok(entry);
        }
        let servers = self.name_servers();
        self.resolver().host(self.asking(&servers, cancel), name, families)
    }

    fn host_of(&self, address: IpAddr, cancel: &Cancel) -> Result<HostEntry, NameFailure> {
        let own = self.lab().with(|lab| lab.own_entry(self.host()));
        if let Some(entry) = own.at(address) {
            return Ok(entry);
        }
        let servers = self.name_servers();
        self.resolver().host_of(self.asking(&servers, cancel), address)
    }

    fn own_name(&self) -> String {
        self.lab().with(|lab| lab.name(self.host()).to_owned())
    }
}

impl LabNetwork {
    fn asking<'a>(&'a self, servers: &'a [IpAddr], cancel: &'a Cancel) -> Asking<'a> {
        let network: &dyn Network = self;
        Asking { network, servers, cancel }
    }

    fn name_servers(&self) -> Vec<IpAddr> {
        self.lab().with(|lab| lab.name_servers().take(NAME_SERVERS_MAX).collect())
    }
}

impl Lab {
    /// The addresses at which names are served, in the order of the hosts.
    pub fn name_servers(&self) -> impl Iterator<Item = IpAddr> + '_ {
        let serves = |host: &HostId| self.host(*host).names.is_some();
        self.hosts().filter(serves).flat_map(|host| self.addresses(host))
    }

    /// A host as it knows itself: its name with the loopback and all its addresses.
    fn own_entry(&self, host: HostId) -> Hosts {
        let mut hosts = Hosts::default();
        for address in self.addresses(host) {
            hosts.add(address, vec![self.name(host).to_owned()]);
        }
        hosts.add(std::net::Ipv4Addr::LOCALHOST.into(), vec!["localhost".to_owned()]);
        hosts.add(std::net::Ipv6Addr::LOCALHOST.into(), vec!["localhost".to_owned()]);
        hosts
    }

    /// The addresses of a host's links.
    fn addresses(&self, host: HostId) -> impl Iterator<Item = IpAddr> + '_ {
        let host = self.host(host);
        host.ports.iter().flat_map(|port| host.stack.addresses(port.link)).map(|(cidr, _)| cidr.addr())
    }
}
