//! The services and protocols that every host knows: a few rows of the registry of numbers, for networks without a file of them.

use super::{Protocol, Service};

/// Name, port, other names, and the protocols that carry it.
const SERVICES: &[(&str, u16, &[&str], &[&str])] = &[
    ("echo", 7, &[], &["tcp", "udp"]),
    ("discard", 9, &["sink", "null"], &["tcp", "udp"]),
    ("systat", 11, &["users"], &["tcp"]),
    ("daytime", 13, &[], &["tcp", "udp"]),
    ("qotd", 17, &["quote"], &["tcp", "udp"]),
    ("chargen", 19, &["ttytst", "source"], &["tcp", "udp"]),
    ("ftp-data", 20, &[], &["tcp"]),
    ("ftp", 21, &[], &["tcp"]),
    ("ssh", 22, &[], &["tcp"]),
    ("telnet", 23, &[], &["tcp"]),
    ("smtp", 25, &["mail"], &["tcp"]),
    ("time", 37, &["timserver"], &["tcp", "udp"]),
    ("whois", 43, &["nicname"], &["tcp"]),
    ("domain", 53, &[], &["tcp", "udp"]),
    ("bootps", 67, &[], &["udp"]),
    ("bootpc", 68, &[], &["udp"]),
    ("tftp", 69, &[], &["udp"]),
    ("gopher", 70, &[], &["tcp"]),
    ("finger", 79, &[], &["tcp"]),
    ("http", 80, &["www"], &["tcp"]),
    ("kerberos", 88, &["kerberos5", "krb5"], &["tcp", "udp"]),
    ("pop3", 110, &["pop-3"], &["tcp"]),
    ("sunrpc", 111, &["portmapper"], &["tcp", "udp"]),
    ("nntp", 119, &["readnews", "untp"], &["tcp"]),
    ("ntp", 123, &[], &["udp"]),
    ("imap2", 143, &["imap"], &["tcp"]),
    ("snmp", 161, &[], &["udp"]),
    ("irc", 194, &[], &["tcp"]),
    ("ldap", 389, &[], &["tcp", "udp"]),
    ("https", 443, &[], &["tcp", "udp"]),
    ("submission", 587, &[], &["tcp"]),
    ("ldaps", 636, &[], &["tcp"]),
    ("imaps", 993, &[], &["tcp"]),
    ("pop3s", 995, &[], &["tcp"]),
];

/// Name, number, and other names.
const PROTOCOLS: &[(&str, i32, &[&str])] = &[
    ("ip", 0, &["IP"]),
    ("icmp", 1, &["ICMP"]),
    ("igmp", 2, &["IGMP"]),
    ("tcp", 6, &["TCP"]),
    ("udp", 17, &["UDP"]),
    ("ipv6", 41, &["IPv6"]),
    ("ipv6-icmp", 58, &["IPv6-ICMP"]),
];

pub(super) fn services() -> impl Iterator<Item = Service> {
    SERVICES.iter().flat_map(|(name, port, aliases, protocols)| {
        protocols.iter().map(|protocol| Service {
            name: (*name).to_owned(),
            aliases: owned(aliases),
            port: *port,
            protocol: (*protocol).to_owned(),
        })
    })
}

pub(super) fn protocols() -> impl Iterator<Item = Protocol> {
    PROTOCOLS.iter().map(|(name, number, aliases)| Protocol {
        name: (*name).to_owned(),
        aliases: owned(aliases),
        number: *number,
    })
}

fn owned(texts: &[&str]) -> Vec<String> {
    texts.iter().map(|text| (*text).to_owned()).collect()
}

#[cfg(test)]
mod tests {
    use crate::names::{Names, NoNames};

    #[test]
    fn services_are_found_by_name_alias_port_and_protocol() {
        let port = |name, protocol| NoNames.service_named(name, protocol).map(|one| (one.port, one.protocol));
        assert_eq!(port("http", Some("tcp")), Some((80, "tcp".into())));
        assert_eq!(port("domain", Some("udp")), Some((53, "udp".into())));
        assert_eq!(port("domain", None), Some((53, "tcp".into())));
        assert_eq!(port("sink", None), Some((9, "tcp".into())));
        assert_eq!(port("http", Some("udp")), None);
        assert_eq!(port("no-such-service", None), None);
        assert_eq!(NoNames.service_at(25, None).unwrap().name, "smtp");
        assert_eq!(NoNames.service_at(25, Some("udp")), None);
    }

    #[test]
    fn protocols_are_found_by_name_and_number() {
        for (name, number) in [("ip", 0), ("icmp", 1), ("tcp", 6), ("udp", 17), ("ipv6", 41)] {
            assert_eq!(NoNames.protocol_named(name).unwrap().number, number);
            assert_eq!(NoNames.protocol_numbered(number).unwrap().name, name);
        }
        assert_eq!(NoNames.protocol_named("UDP").unwrap().number, 17);
        assert_eq!(NoNames.protocol_numbered(250), None);
    }
}
