//! getnameinfo: from an address and a port to the names of a host and a service.

use core::net::SocketAddr;

use synsent_sockets::names::NameFailure;
use synsent_sockets::{Domain, Pointer};

use super::Asked;
use super::addrinfo::Wrong;
use crate::dialect::Dialect;
use crate::inet;
use crate::page::{Fact, Facts, Page};

/// The numbers of a system's getnameinfo.
#[derive(Debug)]
pub(crate) struct Manner {
    pub(crate) dialect: &'static Dialect,
    pub(crate) page: &'static Page,
    pub(crate) nofqdn: i32,
    pub(crate) numerichost: i32,
    pub(crate) namereqd: i32,
    pub(crate) numericserv: i32,
    pub(crate) dgram: i32,
}

/// What is wanted of an address, and how.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Wanted {
    pub(crate) host: bool,
    pub(crate) service: bool,
    pub(crate) flags: i32,
}

impl Manner {
    /// The names of a host and a service, as far as they are wanted.
    pub(crate) fn ask(
        &self,
        name: Pointer<'_>,
        len: i32,
        wanted: Wanted,
    ) -> Result<(Option<String>, Option<String>), Wrong> {
        let Wanted { host, service, flags } = wanted;
        let facts = self.dialect.names.decode(name, len, Domain::Inet4).facts;
        let seen = [Fact::NullName, Fact::UnreadableName, Fact::ShortName].map(|fact| fact.when(facts.has(fact)));
        let facts = seen.into_iter().fold(Facts::NONE, |all, one| all | one);
        let asked = Asked::new(self.dialect, self.page, facts).map_err(|said| Wrong::Page(Box::new(said)))?;
        if !host && !service {
            return Err(Wrong::Nothing);
        }
        let known = self.nofqdn | self.numerichost | self.namereqd | self.numericserv | self.dgram;
        if flags & !known != 0 {
            return Err(Wrong::Flags);
        }
        let address = self.address(name, len).ok_or(Wrong::Family)?;
        let host = host.then(|| self.host(&asked, &address, flags)).transpose().map_err(Wrong::Host)?;
        let service = service.then(|| {
            let protocol = if flags & self.dgram != 0 { "udp" } else { "tcp" };
            let named = || asked.names().service_at(address.port(), Some(protocol)).map(|service| service.name);
            let named = if flags & self.numericserv == 0 { named() } else { None };
            named.unwrap_or_else(|| address.port().to_string())
        });
        Ok((host, service))
    }

    fn host(&self, asked: &Asked, address: &SocketAddr, flags: i32) -> Result<String, NameFailure> {
        let numeric = || {
            let scope = if let SocketAddr::V6(address) = address { address.scope_id() } else { 0 };
            inet::host_text(address.ip(), scope)
        };
        if flags & self.numerichost != 0 {
            return if flags & self.namereqd != 0 { Err(NameFailure::NotFound) } else { Ok(numeric()) };
        }
        match asked.host_of(address.ip()) {
            Ok(entry) => {
                let name = if flags & self.nofqdn != 0 {
                    without_domain(&entry.name, &asked.names().own_name())
                } else {
                    &entry.name
                };
                Ok(name.to_owned())
            }
            Err(failure) if flags & self.namereqd != 0 => Err(failure),
            Err(_) => Ok(numeric()),
        }
    }

    fn address(&self, name: Pointer<'_>, len: i32) -> Option<SocketAddr> {
        let read = |domain| self.dialect.names.decode(name, len, domain).name;
        read(Domain::Inet4).or_else(|| read(Domain::Inet6))?.inet()
    }
}

/// The name without its domain, where that is our own one.
fn without_domain<'a>(name: &'a str, own: &str) -> &'a str {
    match (name.split_once('.'), own.split_once('.')) {
        (Some((host, domain)), Some((_, ours))) if domain.eq_ignore_ascii_case(ours) => host,
        _ => name,
    }
}
