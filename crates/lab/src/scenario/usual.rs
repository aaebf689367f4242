//! What is usual where the file says nothing: our machine, the router, the name server, and the names of a host.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::ops::Range;

use synsent_stack::Cidr;

use super::values::{MTU, host_name};
use super::{Line, Names, Placed, Us};
use crate::faults::Faults;
use crate::names::NamesMode;

impl Us {
    /// Us where the file says nothing of us.
    pub(super) fn plain() -> Us {
        let line = Line { mtu: MTU, black_hole: false, faults: Faults::default() };
        Us { addresses: default_addresses(), routes: everywhere(), line, free_ports: None, syn_retries: None }
    }
}

impl Names {
    /// The name server where the file says nothing of it.
    pub(super) fn plain() -> Names {
        Names { addresses: default_name_server(), mode: NamesMode::Answers, records: Vec::new() }
    }
}

/// The names of a host of which no names are said: its own and that in `test`, where they are names that can be asked for.
pub(super) fn default_names(name: &Placed<String>) -> Vec<Placed<String>> {
    let both = [name.value.clone(), format!("{}.test", name.value)];
    let fit = both.into_iter().filter_map(|one| host_name(&one).ok());
    fit.map(|one| Placed::new(one, name.at.clone())).collect()
}

/// Where nothing stands in the file.
pub(super) const NOWHERE: Range<usize> = 0..0;

pub(super) fn default_addresses() -> Vec<Placed<Cidr>> {
    let v4 = (Ipv4Addr::new(10, 1, 0, 2).into(), 24);
    let v6 = (Ipv6Addr::new(0xfd00, 1, 0, 0, 0, 0, 0, 2).into(), 64);
    cidrs([v4, v6])
}

pub(super) fn everywhere() -> Vec<Placed<Cidr>> {
    cidrs([(Ipv4Addr::UNSPECIFIED.into(), 0), (Ipv6Addr::UNSPECIFIED.into(), 0)])
}

fn cidrs(all: [(IpAddr, u8); 2]) -> Vec<Placed<Cidr>> {
    let fits = all.into_iter().filter_map(|(address, prefix_len)| Cidr::new(address, prefix_len));
    fits.map(|value| Placed::new(value, NOWHERE)).collect()
}

pub(super) fn default_router() -> Vec<Placed<IpAddr>> {
    nearby(1)
}

pub(super) fn default_name_server() -> Vec<Placed<IpAddr>> {
    nearby(0x53)
}

/// The addresses in our networks with this last number, which is read as it is written: fd00:1::53 ends as 10.1.0.53 does.
fn nearby(number: u8) -> Vec<Placed<IpAddr>> {
    let decimal = number / 16 * 10 + number % 16;
    let all: [IpAddr; 2] =
        [Ipv4Addr::new(10, 1, 0, decimal).into(), Ipv6Addr::new(0xfd00, 1, 0, 0, 0, 0, 0, number.into()).into()];
    all.into_iter().map(|value| Placed::new(value, NOWHERE)).collect()
}
