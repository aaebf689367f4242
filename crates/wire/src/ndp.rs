//! Neighbour discovery (RFC 4861): the messages behind the ICMPv6 checksum, and their options.
//!
//! A message is refused when one of its options has a length of zero or ends past the message, when its code is not
//! zero, or when an address in it is of the wrong kind. Known options of a wrong length and unknown ones are skipped.

use crate::Malformed;
use crate::ethernet::Address;
use core::fmt;
use core::net::Ipv6Addr;

const ROUTER_SOLICITATION: u8 = 133;
const ROUTER_ADVERTISEMENT: u8 = 134;
const NEIGHBOR_SOLICITATION: u8 = 135;
const NEIGHBOR_ADVERTISEMENT: u8 = 136;
const REDIRECT: u8 = 137;

const FLAG_MANAGED: u8 = 0x80;
const FLAG_OTHER: u8 = 0x40;
const FLAG_ROUTER: u8 = 0x80;
const FLAG_SOLICITED: u8 = 0x40;
const FLAG_OVERRIDE: u8 = 0x20;

const OPTION_SOURCE_LINK: u8 = 1;
const OPTION_TARGET_LINK: u8 = 2;
const OPTION_PREFIX: u8 = 3;
const OPTION_MTU: u8 = 5;

const LINK_OPTION_LEN: usize = 8;
const PREFIX_OPTION_LEN: usize = 32;
const MTU_OPTION_LEN: usize = 8;
const FLAG_ON_LINK: u8 = 0x80;
const FLAG_AUTONOMOUS: u8 = 0x40;

/// The hop limit of every message; one that arrives with another has crossed a router and is not believed.
pub const HOP_LIMIT: u8 = 255;

/// A message of neighbour discovery.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Repr<'a> {
    /// Is there a router?
    RouterSolicitation {
        /// The link address of the sender.
        source_link: Option<Address>,
    },
    /// Here is one.
    RouterAdvertisement {
        /// The hop limit to use; zero says nothing.
        hop_limit: u8,
        /// Addresses come from DHCPv6.
        managed: bool,
        /// Other configuration comes from DHCPv6.
        other: bool,
        /// How long the sender is a default router; zero when it is none.
        router_lifetime_secs: u16,
        /// How long a neighbour counts as reachable; zero says nothing.
        reachable_millis: u32,
        /// The time between solicitations; zero says nothing.
        retrans_millis: u32,
        /// Prefixes, MTU and the sender's link address.
        options: Options<'a>,
    },
    /// Who has the target?
    NeighborSolicitation {
        /// The address that is looked for.
        target: Ipv6Addr,
        /// The link address of the sender; none while it checks for duplicates.
        source_link: Option<Address>,
    },
    /// The sender has it.
    NeighborAdvertisement {
        /// The sender is a router.
        router: bool,
        /// It answers a solicitation.
        solicited: bool,
        /// It replaces a cached link address.
        r#override: bool,
        /// The address that the sender has.
        target: Ipv6Addr,
        /// Its link address.
        target_link: Option<Address>,
    },
    /// There is a shorter way.
    Redirect {
        /// The next hop to use.
        target: Ipv6Addr,
        /// The address that it is used for.
        destination: Ipv6Addr,
        /// The target's link address and the head of the packet.
        options: Options<'a>,
    },
}

impl<'a> Repr<'a> {
    /// Reads what follows the checksum of a message of this type and code.
    pub fn parse(kind: u8, code: u8, body: &'a [u8]) -> Result<Repr<'a>, Malformed> {
        if code != 0 {
            return Err(Malformed::BadValue);
        }
        let (fields, rest) = body.split_first_chunk::<4>().ok_or(Malformed::Truncated)?;
        match kind {
            ROUTER_SOLICITATION => Ok(Repr::RouterSolicitation { source_link: Options::parse(rest)?.source_link() }),
            ROUTER_ADVERTISEMENT => Repr::parse_router_advertisement(*fields, rest),
            NEIGHBOR_SOLICITATION => {
                let (target, options) = parse_address(rest)?;
                let source_link = Options::parse(options)?.source_link();
                Ok(Repr::NeighborSolicitation { target: not_multicast(target)?, source_link })
            }
            NEIGHBOR_ADVERTISEMENT => {
                let (target, options) = parse_address(rest)?;
                Ok(Repr::NeighborAdvertisement {
                    router: fields[0] & FLAG_ROUTER != 0,
                    solicited: fields[0] & FLAG_SOLICITED != 0,
                    r#override: fields[0] & FLAG_OVERRIDE != 0,
                    target: not_multicast(target)?,
                    target_link: Options::parse(options)?.target_link(),
                })
            }
            REDIRECT => {
                let (target, rest) = parse_address(rest)?;
                let (destination, options) = parse_address(rest)?;
                let (target, destination) = (not_multicast(target)?, not_multicast(destination)?);
                Ok(Repr::Redirect { target, destination, options: Options::parse(options)? })
            }
            _ => Err(Malformed::BadValue),
        }
    }

    fn parse_router_advertisement(fields: [u8; 4], rest: &'a [u8]) -> Result<Repr<'a>, Malformed> {
        let (timers, options) = rest.split_first_chunk::<8>().ok_or(Malformed::Truncated)?;
        let [a, b, c, d, e, f, g, h] = *timers;
        let [hop_limit, flags, lifetime @ ..] = fields;
        Ok(Repr::RouterAdvertisement {
            hop_limit,
            managed: flags & FLAG_MANAGED != 0,
            other: flags & FLAG_OTHER != 0,
            router_lifetime_secs: u16::from_be_bytes(lifetime),
            reachable_millis: u32::from_be_bytes([a, b, c, d]),
            retrans_millis: u32::from_be_bytes([e, f, g, h]),
            options: Options::parse(options)?,
        })
    }

    /// The octets behind the checksum.
    pub(crate) fn body_len(&self) -> usize {
        let link_len = |link: &Option<Address>| if link.is_some() { LINK_OPTION_LEN } else { 0 };
        match self {
            Repr::RouterSolicitation { source_link } => 4 + link_len(source_link),
            Repr::RouterAdvertisement { options, .. } => 12 + options.bytes.len(),
            Repr::NeighborSolicitation { source_link, .. } => 20 + link_len(source_link),
            Repr::NeighborAdvertisement { target_link, .. } => 20 + link_len(target_link),
            Repr::Redirect { options, .. } => 36 + options.bytes.len(),
        }
    }

    /// Writes what follows the checksum into exactly the octets that it needs, and returns the type.
    pub(crate) fn emit_body(&self, body: &mut [u8]) -> u8 {
        body[..4].fill(0);
        match *self {
            Repr::RouterSolicitation { source_link } => {
                emit_link(source_link.map(NdpOption::SourceLink), &mut body[4..]);
                ROUTER_SOLICITATION
            }
            Repr::RouterAdvertisement {
                hop_limit,
                managed,
                other,
                router_lifetime_secs,
                reachable_millis,
                retrans_millis,
                options,
            } => {
                let [a, b] = router_lifetime_secs.to_be_bytes();
                let flags = flag(managed, FLAG_MANAGED) | flag(other, FLAG_OTHER);
                body[..4].copy_from_slice(&[hop_limit, flags, a, b]);
                body[4..8].copy_from_slice(&reachable_millis.to_be_bytes());
                body[8..12].copy_from_slice(&retrans_millis.to_be_bytes());
                body[12..].copy_from_slice(options.bytes);
                ROUTER_ADVERTISEMENT
            }
            Repr::NeighborSolicitation { target, source_link } => {
                body[4..20].copy_from_slice(&target.octets());
                emit_link(source_link.map(NdpOption::SourceLink), &mut body[20..]);
                NEIGHBOR_SOLICITATION
            }
            Repr::NeighborAdvertisement { router, solicited, r#override, target, target_link } => {
                body[0] = flag(router, FLAG_ROUTER) | flag(solicited, FLAG_SOLICITED) | flag(r#override, FLAG_OVERRIDE);
                body[4..20].copy_from_slice(&target.octets());
                emit_link(target_link.map(NdpOption::TargetLink), &mut body[20..]);
                NEIGHBOR_ADVERTISEMENT
            }
            Repr::Redirect { target, destination, options } => {
                body[4..20].copy_from_slice(&target.octets());
                body[20..36].copy_from_slice(&destination.octets());
                body[36..].copy_from_slice(options.bytes);
                REDIRECT
            }
        }
    }
}

/// The ICMPv6 type is one of neighbour discovery.
pub(crate) const fn is_ndp(kind: u8) -> bool {
    matches!(kind, ROUTER_SOLICITATION..=REDIRECT)
}

/// What a router says about a prefix.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Prefix {
    /// How many bits of the prefix count, at most 128.
    pub len: u8,
    /// Addresses of the prefix are neighbours.
    pub on_link: bool,
    /// Addresses may be formed from the prefix.
    pub autonomous: bool,
    /// How long addresses of the prefix are valid; all ones is for ever.
    pub valid_secs: u32,
    /// How long they are preferred.
    pub preferred_secs: u32,
    /// The prefix, in its upper bits.
    pub prefix: Ipv6Addr,
}

/// An option that is understood.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum NdpOption {
    /// The link address of the sender.
    SourceLink(Address),
    /// The link address of the target.
    TargetLink(Address),
    /// A prefix of the link.
    Prefix(Prefix),
    /// The MTU of the link.
    Mtu(u32),
}

impl NdpOption {
    /// The octets that `emit` writes.
    #[expect(clippy::len_without_is_empty, reason = "an option always has its type and length")]
    pub const fn len(&self) -> usize {
        match self {
            NdpOption::SourceLink(_) | NdpOption::TargetLink(_) => LINK_OPTION_LEN,
            NdpOption::Prefix(_) => PREFIX_OPTION_LEN,
            NdpOption::Mtu(_) => MTU_OPTION_LEN,
        }
    }

    /// Writes the option and returns its length, so that several may be put one behind the other.
    ///
    /// # Panics
    /// When `buf` is shorter than [`NdpOption::len`].
    pub fn emit(&self, buf: &mut [u8]) -> usize {
        let len = self.len();
        let (head, data) = buf[..len].split_at_mut(2);
        let kind = match self {
            NdpOption::SourceLink(address) => {
                data.copy_from_slice(&address.0);
                OPTION_SOURCE_LINK
            }
            NdpOption::TargetLink(address) => {
                data.copy_from_slice(&address.0);
                OPTION_TARGET_LINK
            }
            NdpOption::Prefix(prefix) => {
                data.fill(0);
                data[0] = prefix.len.min(128);
                data[1] = flag(prefix.on_link, FLAG_ON_LINK) | flag(prefix.autonomous, FLAG_AUTONOMOUS);
                data[2..6].copy_from_slice(&prefix.valid_secs.to_be_bytes());
                data[6..10].copy_from_slice(&prefix.preferred_secs.to_be_bytes());
                data[14..].copy_from_slice(&prefix.prefix.octets());
                OPTION_PREFIX
            }
            NdpOption::Mtu(mtu) => {
                data[..2].fill(0);
                data[2..].copy_from_slice(&mtu.to_be_bytes());
                OPTION_MTU
            }
        };
        head.copy_from_slice(&[kind, (len / 8) as u8]);
        len
    }

    fn parse(kind: u8, data: &[u8]) -> Option<NdpOption> {
        match (kind, data) {
            (OPTION_SOURCE_LINK, _) => Some(NdpOption::SourceLink(Address(data.try_into().ok()?))),
            (OPTION_TARGET_LINK, _) => Some(NdpOption::TargetLink(Address(data.try_into().ok()?))),
            (OPTION_MTU, &[_, _, a, b, c, d]) => Some(NdpOption::Mtu(u32::from_be_bytes([a, b, c, d]))),
            (OPTION_PREFIX, &[len, flags, a, b, c, d, e, f, g, h, _, _, _, _, ref prefix @ ..]) if len <= 128 => {
                let prefix: [u8; 16] = prefix.try_into().ok()?;
                Some(NdpOption::Prefix(Prefix {
                    len,
                    on_link: flags & FLAG_ON_LINK != 0,
                    autonomous: flags & FLAG_AUTONOMOUS != 0,
                    valid_secs: u32::from_be_bytes([a, b, c, d]),
                    preferred_secs: u32::from_be_bytes([e, f, g, h]),
                    prefix: prefix.into(),
                }))
            }
            _ => None,
        }
    }
}

/// The options of a message, of which every length has been checked.
#[derive(Clone, Copy, PartialEq, Eq, Default)]
pub struct Options<'a> {
    bytes: &'a [u8],
}

impl<'a> Options<'a> {
    /// No options.
    pub const EMPTY: Options<'static> = Options { bytes: &[] };

    /// Checks the lengths of options that are one behind the other.
    pub fn parse(bytes: &'a [u8]) -> Result<Options<'a>, Malformed> {
        let mut rest = bytes;
        while !rest.is_empty() {
            (_, _, rest) = split_option(rest).ok_or(Malformed::BadOption)?;
        }
        Ok(Options { bytes })
    }

    /// The options that are understood.
    pub fn iter(&self) -> OptionsIter<'a> {
        OptionsIter { rest: self.bytes }
    }

    /// The last source link address.
    pub fn source_link(&self) -> Option<Address> {
        let address = |option| if let NdpOption::SourceLink(address) = option { Some(address) } else { None };
        self.iter().filter_map(address).last()
    }

    /// The last target link address.
    pub fn target_link(&self) -> Option<Address> {
        let address = |option| if let NdpOption::TargetLink(address) = option { Some(address) } else { None };
        self.iter().filter_map(address).last()
    }
}

impl fmt::Debug for Options<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.iter()).finish()
    }
}

/// Walks the options that are understood.
#[derive(Clone, Debug)]
pub struct OptionsIter<'a> {
    rest: &'a [u8],
}

impl Iterator for OptionsIter<'_> {
    type Item = NdpOption;

    fn next(&mut self) -> Option<NdpOption> {
        loop {
            let (kind, data, rest) = split_option(self.rest)?;
            self.rest = rest;
            if let Some(option) = NdpOption::parse(kind, data) {
                return Some(option);
            }
        }
    }
}

/// The type and data of the first option, and what follows it.
fn split_option(bytes: &[u8]) -> Option<(u8, &[u8], &[u8])> {
    let &[kind, units, ..] = bytes else { return None };
    let (option, rest) = bytes.split_at_checked(usize::from(units) * 8)?;
    Some((kind, option.get(2..)?, rest))
}

fn parse_address(bytes: &[u8]) -> Result<(Ipv6Addr, &[u8]), Malformed> {
    let (address, rest) = bytes.split_first_chunk::<16>().ok_or(Malformed::Truncated)?;
    Ok((Ipv6Addr::from(*address), rest))
}

fn not_multicast(address: Ipv6Addr) -> Result<Ipv6Addr, Malformed> {
    if address.is_multicast() { Err(Malformed::BadAddress) } else { Ok(address) }
}

fn emit_link(option: Option<NdpOption>, buf: &mut [u8]) {
    if let Some(option) = option {
        option.emit(buf);
    }
}

const fn flag(set: bool, bit: u8) -> u8 {
    if set { bit } else { 0 }
}

#[cfg(test)]
mod tests {
    extern crate std;
    use super::*;
    use proptest::prelude::*;
    use std::vec;
    use std::vec::Vec;

    fn option() -> impl Strategy<Value = NdpOption> {
        let prefix = (0u8..=128, any::<(bool, bool, u32, u32, u128)>());
        prop_oneof![
            any::<[u8; 6]>().prop_map(|octets| NdpOption::SourceLink(Address(octets))),
            any::<[u8; 6]>().prop_map(|octets| NdpOption::TargetLink(Address(octets))),
            any::<u32>().prop_map(NdpOption::Mtu),
            prefix.prop_map(|(len, (on_link, autonomous, valid_secs, preferred_secs, prefix))| {
                let prefix = prefix.into();
                NdpOption::Prefix(Prefix { len, on_link, autonomous, valid_secs, preferred_secs, prefix })
            }),
        ]
    }

    proptest! {
        #[test]
        fn what_is_emitted_parses_to_itself(
            which in 0u8..5, a: bool, b: bool, c: bool, hop_limit: u8, secs: u16, timers: (u32, u32),
            addresses: (u128, u128), link: Option<[u8; 6]>, all in proptest::collection::vec(option(), 0..5),
        ) {
            let mut bytes = [0; 200];
            let mut len = 0;
            for option in &all {
                len += option.emit(&mut bytes[len..]);
            }
            let options = Options::parse(&bytes[..len]).unwrap();
            prop_assert_eq!(options.iter().collect::<Vec<_>>(), all);
            let link = link.map(Address);
            // The upper bit of the address is taken away, which leaves no multicast address.
            let (target, destination) = (Ipv6Addr::from(addresses.0 >> 1), Ipv6Addr::from(addresses.1 >> 1));
            let repr = match which {
                0 => Repr::RouterSolicitation { source_link: link },
                1 => Repr::RouterAdvertisement {
                    hop_limit, managed: a, other: b, router_lifetime_secs: secs, reachable_millis: timers.0,
                    retrans_millis: timers.1, options,
                },
                2 => Repr::NeighborSolicitation { target, source_link: link },
                3 => Repr::NeighborAdvertisement { router: a, solicited: b, r#override: c, target, target_link: link },
                _ => Repr::Redirect { target, destination, options },
            };
            let mut body = vec![0xee; repr.body_len()];
            let kind = repr.emit_body(&mut body);
            prop_assert!(is_ndp(kind));
            prop_assert_eq!(Repr::parse(kind, 0, &body), Ok(repr));
            prop_assert_eq!(Repr::parse(kind, 1, &body), Err(Malformed::BadValue));
        }
    }

    #[test]
    fn an_option_of_no_length_spoils_the_message() {
        assert_eq!(Repr::parse(133, 0, &[0, 0, 0, 0, 1, 0, 1, 2, 3, 4, 5, 6]), Err(Malformed::BadOption));
        assert_eq!(Repr::parse(133, 0, &[0, 0, 0, 0, 1, 2, 1, 2, 3, 4, 5, 6]), Err(Malformed::BadOption));
        assert_eq!(Repr::parse(133, 0, &[0, 0, 0, 0, 1]), Err(Malformed::BadOption));
    }

    #[test]
    fn options_of_other_links_and_unknown_ones_are_skipped() {
        let mut bytes = vec![1, 2];
        bytes.extend([0; 14]);
        bytes.extend([200, 1, 0, 0, 0, 0, 0, 0]);
        bytes.extend([5, 1, 0, 0, 0, 0, 5, 220]);
        let options = Options::parse(&bytes).unwrap();
        assert_eq!(options.iter().collect::<Vec<_>>(), [NdpOption::Mtu(1500)]);
    }

    #[test]
    fn a_group_is_nobodys_neighbour() {
        let mut body = [0; 20];
        body[4] = 0xff;
        assert_eq!(Repr::parse(135, 0, &body), Err(Malformed::BadAddress));
        assert_eq!(Repr::parse(136, 0, &body), Err(Malformed::BadAddress));
        assert_eq!(Repr::parse(135, 0, &body[..19]), Err(Malformed::Truncated));
    }
}
