//! Names over our own stack: `/etc/hosts` first, then the name servers of `/etc/resolv.conf`, which are asked over the stack's sockets.
//!
//! Domains to search in are not tried: a name is asked for as it is.

use std::fs::File;
use std::io::Read as _;
use std::net::IpAddr;
use std::path::Path;

use synsent_sockets::names::{Asking, Families, HostEntry, Hosts, NameFailure, Resolver, server_addresses};
use synsent_sockets::{Cancel, Network};

/// How much of one of the two files is read; unit: octets.
pub const NAME_FILE_OCTETS_MAX: usize = 1 << 20;

const HOSTS: &str = "/etc/hosts";
const SERVERS: &str = "/etc/resolv.conf";

/// Asks the machine's name servers over a network of ours.
pub(crate) struct FileNames {
    resolver: Resolver,
}

impl FileNames {
    pub(crate) fn new(seed: [u8; 16]) -> FileNames {
        FileNames { resolver: Resolver::new(seed) }
    }

    /// The addresses of a host.
    pub(crate) fn host(
        &self,
        network: &dyn Network,
        name: &str,
        families: Families,
        cancel: &Cancel,
    ) -> Result<HostEntry, NameFailure> {
        if let Some(known) = HostEntry::known_everywhere(name, families) {
            return known;
        }
        if let Some(entry) = Hosts::parse(&text(Path::new(HOSTS))).named(name, families) {
            return Ok(entry);
        }
        let servers = server_addresses(&text(Path::new(SERVERS)));
        self.resolver.host(Asking { network, servers: &servers, cancel }, name, families)
    }

    /// The host with an address.
    pub(crate) fn host_of(
        &self,
        network: &dyn Network,
        address: IpAddr,
        cancel: &Cancel,
    ) -> Result<HostEntry, NameFailure> {
        if let Some(entry) = Hosts::parse(&text(Path::new(HOSTS))).at(address) {
            return Ok(entry);
        }
        let servers = server_addresses(&text(Path::new(SERVERS)));
        self.resolver.host_of(Asking { network, servers: &servers, cancel }, address)
    }
}

/// The beginning of a file; nothing where it cannot be read.
fn text(path: &Path) -> String {
    let mut octets = Vec::new();
    if let Ok(file) = File::open(path) {
        // What was read before an error counts.
        let _ = file.take(NAME_FILE_OCTETS_MAX as u64).read_to_end(&mut octets);
    }
    String::from_utf8_lossy(&octets).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_of_names_is_read_to_its_limit_and_one_that_is_not_there_is_empty() {
        assert_eq!(text(Path::new("/dev/zero")).len(), NAME_FILE_OCTETS_MAX);
        assert_eq!(text(Path::new("/nowhere/at/all")), "");
    }
}
