//! What two files tell a resolver: `/etc/hosts`, names with their addresses, and `/etc/resolv.conf`, whom to ask about all others.
//!
//! Both are given as text. A line that cannot be read is passed over, as everybody does who reads these files.

use core::net::IpAddr;

use super::{Families, HostEntry};

/// How many name servers are asked; further ones of the file are passed over, as they always were.
pub const NAME_SERVERS_MAX: usize = 3;

/// Hosts that are known without asking anybody.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct Hosts {
    lines: Vec<(IpAddr, Vec<String>)>,
}

impl Hosts {
    /// Reads a file of hosts.
    pub fn parse(text: &str) -> Hosts {
        let mut hosts = Hosts::default();
        for line in text.lines() {
            let mut words = line.split('#').next().unwrap_or_default().split_whitespace();
            let Some(Ok(address)) = words.next().map(address) else { continue };
            hosts.add(address, words.map(str::to_owned).collect());
        }
        hosts
    }

    /// Adds an address and its names, the canonical one first.
    pub fn add(&mut self, address: IpAddr, names: Vec<String>) {
        if !names.is_empty() {
            self.lines.push((address, names));
        }
    }

    /// A host by any of its names; `None`: it is not known, or has no address of these families.
    pub fn named(&self, name: &str, families: Families) -> Option<HostEntry> {
        let name = name.strip_suffix('.').unwrap_or(name);
        let has_it = |names: &[String]| names.iter().any(|one| one.eq_ignore_ascii_case(name));
        let lines = || self.lines.iter().filter(|(address, names)| families.have(*address) && has_it(names));
        let (_, names) = lines().next()?;
        let (name, aliases) = names.split_first()?;
        let mut addresses: Vec<IpAddr> = Vec::new();
        for (address, _) in lines() {
            if !addresses.contains(address) {
                addresses.push(*address);
            }
        }
        Some(HostEntry { name: name.clone(), aliases: aliases.to_vec(), addresses })
    }

    /// The host with an address.
    pub fn at(&self, address: IpAddr) -> Option<HostEntry> {
        let (_, names) = self.lines.iter().find(|(one, _)| *one == address)?;
        let (name, aliases) = names.split_first()?;
        Some(HostEntry { name: name.clone(), aliases: aliases.to_vec(), addresses: vec![address] })
    }
}

/// The name servers of a `resolv.conf`, in their order; the loopback where it names none.
pub fn server_addresses(text: &str) -> Vec<IpAddr> {
    let lines = text.lines().filter_map(|line| line.trim_start().strip_prefix("nameserver"));
    let words = lines.filter(|rest| rest.starts_with([' ', '\t'])).filter_map(|rest| rest.split_whitespace().next());
    let servers: Vec<IpAddr> = words.filter_map(|word| address(word).ok()).take(NAME_SERVERS_MAX).collect();
    if servers.is_empty() { vec![core::net::Ipv4Addr::LOCALHOST.into()] } else { servers }
}

/// An address, whose zone is of no use here.
fn address(word: &str) -> Result<IpAddr, core::net::AddrParseError> {
    word.split('%').next().unwrap_or_default().parse()
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOSTS: &str = "127.0.0.1 localhost\n::1 localhost ip6-localhost # the other one\n\n# 10.0.0.1 nobody\n\
        10.1.0.1\tBox.example box  www\n10.1.0.2 box\nnot-an-address name\n10.9.9.9\nfe80::1%eth0 near\n";

    fn addresses(name: &str, families: Families) -> Option<Vec<String>> {
        let entry = Hosts::parse(HOSTS).named(name, families)?;
        Some(entry.addresses.iter().map(ToString::to_string).collect())
    }

    #[test]
    fn a_host_has_all_names_of_its_line_and_all_addresses_of_its_lines() {
        assert_eq!(addresses("localhost", Families::V4).unwrap(), ["127.0.0.1"]);
        assert_eq!(addresses("LOCALHOST.", Families::Both).unwrap(), ["127.0.0.1", "::1"]);
        assert_eq!(addresses("box", Families::V4).unwrap(), ["10.1.0.1", "10.1.0.2"]);
        assert_eq!(addresses("box", Families::V6), None);
        assert_eq!(addresses("nobody", Families::Both), None);
        assert_eq!(addresses("near", Families::V6).unwrap(), ["fe80::1"]);
        let entry = Hosts::parse(HOSTS).named("WWW", Families::V4).unwrap();
        assert_eq!((entry.name.as_str(), entry.aliases), ("Box.example", vec!["box".to_owned(), "www".to_owned()]));
        assert_eq!(Hosts::parse(HOSTS).at("10.1.0.2".parse().unwrap()).unwrap().name, "box");
        assert_eq!(Hosts::parse(HOSTS).at("10.9.9.9".parse().unwrap()), None);
    }

    #[test]
    fn at_most_three_name_servers_are_asked() {
        let text = "# nameserver 1.1.1.1\nsearch test\nnameserver 10.0.0.1\nnameserver\tfd00::53\n\
            nameserver bad\nnameserver 10.0.0.2 # second\nnameserver 10.0.0.3\nnameservers 10.0.0.4\n";
        let servers: Vec<String> = server_addresses(text).iter().map(ToString::to_string).collect();
        assert_eq!(servers, ["10.0.0.1", "fd00::53", "10.0.0.2"]);
        assert_eq!(server_addresses(""), ["127.0.0.1".parse::<IpAddr>().unwrap()]);
    }
}
