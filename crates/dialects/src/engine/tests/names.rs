//! Names in memory: what is read back is what was written, and every length and family has its facts.

use proptest::prelude::*;
use synsent_sockets::{Domain, LocalName, Name, Pointer};

use super::dialect::TESTISH;
use crate::page::{Fact, Facts};

fn facts(octets: &[u8], len: i32, socket: Domain) -> Facts {
    TESTISH.names.decode(Pointer::from(octets), len, socket).facts
}

#[test]
fn names_of_all_domains_are_read_back_as_they_were_written() {
    let names = [
        (Name::Inet("10.1.2.3:80".parse().unwrap()), 16),
        (Name::Inet("[fe80::1%7]:443".parse().unwrap()), 28),
        (Name::Local(LocalName::new(b"/tmp/socket")), 14),
    ];
    for (name, size) in names {
        let octets = TESTISH.names.encode(&name);
        assert_eq!(octets.len(), size);
        let decoded = TESTISH.names.decode(Pointer::from(&octets[..]), octets.len() as i32, name.domain());
        assert_eq!((decoded.name, decoded.facts), (Some(name), Facts::NONE));
    }
}

#[test]
fn a_path_is_cut_at_its_zero_and_may_be_too_long_by_an_octet() {
    let path = |octets: usize| {
        let mut name = 1_u16.to_ne_bytes().to_vec();
        name.extend(vec![b'x'; octets]);
        name
    };
    assert!(facts(&path(0), 2, Domain::Local).has(Fact::BlankPath));
    assert_eq!(facts(&path(1_023), 1_025, Domain::Local), Facts::NONE);
    let long = path(1_024);
    assert_eq!(facts(&long, 1_026, Domain::Local), Fact::LongPath.alone());
    assert!(facts(&path(2_000), 2_002, Domain::Local).has(Fact::LongName));
    let mut ended = long.clone();
    ended[1_025] = 0;
    assert_eq!(facts(&ended, 1_026, Domain::Local), Facts::NONE);
}

#[test]
fn a_name_of_another_family_is_of_the_wrong_family_and_not_short() {
    let inet4 = TESTISH.names.encode(&Name::Inet("10.1.2.3:80".parse().unwrap()));
    let inet6 = TESTISH.names.encode(&Name::Inet("[::1]:80".parse().unwrap()));
    assert_eq!(facts(&inet4, 16, Domain::Inet6), Fact::WrongFamily.alone());
    assert_eq!(facts(&inet6, 16, Domain::Inet4), Fact::WrongFamily.alone());
    assert_eq!(facts(&inet6, 27, Domain::Inet6), Fact::ShortName.alone());
    assert_eq!(facts(&inet6, 29, Domain::Inet6), Fact::LongName.alone());
    assert_eq!(facts(&inet4, 15, Domain::Inet6), Fact::WrongFamily.alone() | Fact::ShortName.alone());
}

proptest! {
    #[test]
    fn no_octets_and_no_length_make_decoding_fail_or_read_too_far(
        octets in proptest::collection::vec(any::<u8>(), 0..64),
        family in prop_oneof![Just(2_u16), Just(10), Just(1), Just(0), any::<u16>()],
        len in -1..=65_536_i32,
        domain in prop_oneof![Just(Domain::Inet4), Just(Domain::Inet6), Just(Domain::Local)],
    ) {
        let mut octets = octets;
        if octets.len() >= 2 {
            octets[..2].copy_from_slice(&family.to_ne_bytes());
        }
        let decoded = TESTISH.names.decode(Pointer::from(&octets[..]), len, domain);
        if let Some(name) = decoded.name {
            prop_assert_eq!(name.domain(), domain);
        } else {
            prop_assert!(decoded.facts != Facts::NONE);
        }
    }
}
