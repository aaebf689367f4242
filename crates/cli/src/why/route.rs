//! By which way this machine reaches an address, read from the routing tables that the kernel shows in /proc.
//!
//! These are the main tables. Where rules choose among several the kernel may go another way, and who prints this says so.

use std::fs;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// The flag of a route that is in use.
const UP: u32 = 0x1;
/// The flag of a route with a router.
const GATEWAY: u32 = 0x2;
/// The flag of a route that rejects.
const REJECT: u32 = 0x200;

/// A way.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Route {
    /// By an interface; without a router the address is on its link.
    By { interface: String, gateway: Option<IpAddr> },
    /// A route says that there is none.
    Rejected,
    /// There is no route.
    None,
}

/// The way to an address; `None` when the tables cannot be read.
pub(super) fn to(address: IpAddr) -> Option<Route> {
    match address {
        IpAddr::V4(address) if address.is_loopback() => Some(loopback()),
        IpAddr::V4(address) => Some(v4(&fs::read_to_string("/proc/net/route").ok()?, address)),
        IpAddr::V6(address) => Some(v6(&fs::read_to_string("/proc/net/ipv6_route").ok()?, address)),
    }
}

/// The table that the kernel shows has no local addresses of IPv4.
fn loopback() -> Route {
    Route::By { interface: "lo".to_owned(), gateway: None }
}

/// A row of a table: the length of its prefix, its metric, and where it leads.
type Row = (u32, u32, Route);

fn v4(table: &str, to: Ipv4Addr) -> Route {
    let row = |line: &str| -> Option<Row> {
        let fields: Vec<&str> = line.split_whitespace().collect();
        // Addresses stand there as the machine's own memory has them.
        let address = |index: usize| {
            let number = u32::from_str_radix(fields.get(index)?, 16).ok()?;
            Some(Ipv4Addr::from(number.to_ne_bytes()))
        };
        let (network, gateway, mask) = (address(1)?, address(2)?, address(7)?);
        let flags = u32::from_str_radix(fields.get(3)?, 16).ok()?;
        let metric = fields.get(6)?.parse().ok()?;
        let leads = to & mask == network && flags & UP != 0;
        let route = way(fields.first()?, flags, gateway.into());
        leads.then_some((u32::from(mask).count_ones(), metric, route))
    };
    best(table.lines().skip(1).filter_map(row))
}

fn v6(table: &str, to: Ipv6Addr) -> Route {
    let row = |line: &str| -> Option<Row> {
        let fields: Vec<&str> = line.split_whitespace().collect();
        let address = |index: usize| u128::from_str_radix(fields.get(index)?, 16).ok().map(Ipv6Addr::from);
        let hex = |index: usize| u32::from_str_radix(fields.get(index)?, 16).ok();
        let (network, len, gateway) = (address(0)?, hex(1)?, address(4)?);
        let (metric, flags) = (hex(5)?, hex(8)?);
        let mask = u128::MAX.checked_shl(128_u32.checked_sub(len)?).unwrap_or(0);
        let leads = u128::from(to) & mask == u128::from(network) && flags & UP != 0;
        leads.then_some((len, metric, way(fields.get(9)?, flags, gateway.into())))
    };
    best(table.lines().filter_map(row))
}

fn way(interface: &str, flags: u32, gateway: IpAddr) -> Route {
    match flags & REJECT != 0 {
        true => Route::Rejected,
        false => Route::By { interface: interface.to_owned(), gateway: (flags & GATEWAY != 0).then_some(gateway) },
    }
}

/// The longest prefix, and of several the smallest metric.
fn best(rows: impl Iterator<Item = Row>) -> Route {
    let best = rows.min_by_key(|(len, metric, _)| (u32::MAX - len, *metric));
    best.map_or(Route::None, |(_, _, route)| route)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_prefix_leads_to_an_address_of_ipv4() {
        // The octets of the addresses stand in the order of this machine, as in the kernel's table.
        let hex = |address: [u8; 4]| format!("{:08X}", u32::from_ne_bytes(address));
        let row = |interface, network, gateway, flags, metric, mask| {
            format!(
                "{interface}\t{}\t{}\t{flags:04X}\t0\t0\t{metric}\t{}\t0\t0\t0\n",
                hex(network),
                hex(gateway),
                hex(mask)
            )
        };
        let table = ["Iface Destination ...\n".to_owned()]
            .into_iter()
            .chain([
                row("eth0", [0; 4], [192, 0, 2, 1], 3, 0, [0; 4]),
                row("eth0", [192, 0, 2, 0], [0; 4], 1, 0, [255, 255, 255, 0]),
                row("vpn0", [198, 51, 100, 0], [0; 4], 1, 50, [255, 255, 255, 0]),
                row("vpn1", [198, 51, 100, 0], [0; 4], 1, 20, [255, 255, 255, 0]),
                row("*", [203, 0, 113, 0], [0; 4], 0x201, 0, [255, 255, 255, 0]),
            ])
            .collect::<String>();
        let by = |interface: &str, gateway: Option<&str>| Route::By {
            interface: interface.to_owned(),
            gateway: gateway.map(|gateway| gateway.parse().unwrap()),
        };
        let to = |address: &str| v4(&table, address.parse().unwrap());
        assert_eq!(to("8.8.8.8"), by("eth0", Some("192.0.2.1")));
        assert_eq!(to("192.0.2.77"), by("eth0", None));
        assert_eq!(to("198.51.100.1"), by("vpn1", None), "the smaller metric");
        assert_eq!(to("203.0.113.5"), Route::Rejected);
        assert_eq!(v4("Iface\n", "8.8.8.8".parse().unwrap()), Route::None);
        assert_eq!(v4("Iface\neth0 0 zz\n\u{0}\n", "8.8.8.8".parse().unwrap()), Route::None);
    }

    #[test]
    fn the_longest_prefix_leads_to_an_address_of_ipv6() {
        let zero = "00000000000000000000000000000000";
        let table = format!(
            "fd000000000000000000000000000000 40 {zero} 00 {zero} 00000100 00000001 00000000 00000001     eth0\n\
             {zero} 00 {zero} 00 fd000000000000000000000000000001 00000400 00000003 00000000 00000003     eth0\n\
             {zero} 00 {zero} 00 {zero} ffffffff 00000001 00000000 00200200       lo\n"
        );
        let gateway = "fd00::1".parse().unwrap();
        let by = |gateway| Route::By { interface: "eth0".to_owned(), gateway };
        assert_eq!(v6(&table, "fd00::2".parse().unwrap()), by(None));
        assert_eq!(v6(&table, "2001:db8::1".parse().unwrap()), by(Some(gateway)));
        let only_reject = table.lines().last().unwrap();
        assert_eq!(v6(only_reject, "2001:db8::1".parse().unwrap()), Route::None, "it is not in use");
        assert_eq!(v6("", "::1".parse().unwrap()), Route::None);
    }
}
