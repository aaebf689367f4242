//! socket: a new socket and its handle.

use synsent_sockets::Outcome;

use super::Call;
use crate::dialect::Dialect;
use crate::page::{Fact, Facts, On, Page};
use crate::process::{Handle, Said};

/// socket with the dialect's numbers for family, type and protocol.
pub(crate) fn socket(dialect: &'static Dialect, family: i32, kind: i32, protocol: i32) -> Result<Handle, Said> {
    by_page(dialect, &dialect.pages.socket, family, kind, protocol, Facts::NONE)
}

/// Making a socket by a page, when this is so besides what is found here.
pub(crate) fn by_page(
    dialect: &'static Dialect,
    page: &'static Page,
    family: i32,
    kind: i32,
    protocol: i32,
    also: Facts,
) -> Result<Handle, Said> {
    let mut call = Call::of_process(dialect, page);
    call.facts |= also;
    let (domain, kind) = (dialect.names.domain(family), dialect.kind_for(kind, protocol));
    let on = domain.zip(kind).map(|(domain, kind)| On::of(domain, kind));
    call.facts |= Fact::BadFamily.when(domain.is_none())
        | Fact::BadType.when(kind.is_none())
        | dialect.protocol_facts(protocol, on);
    call.judge()?;
    let (Some(domain), Some(kind)) = (domain, kind) else { return Err(call.say(Outcome::DomainUnsupported)) };
    let process = call.process()?;
    let socket = process.make(domain, kind).map_err(|failure| call.say(failure))?;
    let reserved = process.reserve().map_err(|failure| call.say(failure))?;
    call.adopt(reserved, socket)
}
