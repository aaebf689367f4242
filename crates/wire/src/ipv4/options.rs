//! The options of an IPv4 header (RFC 791 section 3.1): a walk over them, what each fragment repeats, and source routes.

use core::net::Ipv4Addr;

use super::MAX_OPTIONS_LEN;
use crate::Malformed;

/// The option that ends the list.
pub const OPTION_END: u8 = 0;
/// The option that fills one octet.
pub const OPTION_NOP: u8 = 1;
/// The Record Route option.
pub const OPTION_RECORD_ROUTE: u8 = 7;
/// The Timestamp option.
pub const OPTION_TIMESTAMP: u8 = 68;
/// The Loose Source and Record Route option.
pub const OPTION_LOOSE_SOURCE_ROUTE: u8 = 131;
/// The Strict Source and Record Route option.
pub const OPTION_STRICT_SOURCE_ROUTE: u8 = 137;
/// The Router Alert option (RFC 2113).
pub const OPTION_ROUTER_ALERT: u8 = 148;

/// An option with a length: its kind and the octets behind the length.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct HeaderOption<'a> {
    /// The type octet: copied flag, class and number.
    pub kind: u8,
    /// The octets behind type and length.
    pub data: &'a [u8],
}

impl HeaderOption<'_> {
    /// Every fragment carries the option, not only the first.
    #[inline]
    pub const fn is_copied(&self) -> bool {
        self.kind & 0x80 != 0
    }
}

/// The options of a header, those without a length left out. It ends at end-of-list, and after a malformed option.
#[derive(Clone, Debug)]
pub struct Options<'a> {
    rest: &'a [u8],
}

/// Walks the options of a header.
pub fn options(bytes: &[u8]) -> Options<'_> {
    Options { rest: bytes }
}

impl<'a> Iterator for Options<'a> {
    type Item = Result<HeaderOption<'a>, Malformed>;

    fn next(&mut self) -> Option<Self::Item> {
        while let [OPTION_NOP, rest @ ..] = self.rest {
            self.rest = rest;
        }
        let (kind, len) = match *self.rest {
            [] | [OPTION_END, ..] => return None,
            [_] => (0, 0),
            [kind, len, ..] => (kind, usize::from(len)),
        };
        if len < 2 || len > self.rest.len() {
            self.rest = &[];
            return Some(Err(Malformed::BadOption));
        }
        let (option, rest) = self.rest.split_at(len);
        self.rest = rest;
        Some(Ok(HeaderOption { kind, data: &option[2..] }))
    }
}

/// Writes the options that every fragment carries, padded to whole words, and returns their length.
pub fn copied_options(bytes: &[u8], out: &mut [u8; MAX_OPTIONS_LEN]) -> usize {
    let mut len = 0;
    for option in options(bytes).map_while(Result::ok).filter(HeaderOption::is_copied) {
        let option_len = 2 + option.data.len();
        let Some(place) = out.get_mut(len..len + option_len) else { break };
        place[0] = option.kind;
        place[1] = option_len as u8;
        place[2..].copy_from_slice(option.data);
        len += option_len;
    }
    let padded = len.next_multiple_of(4);
    out[len..padded].fill(OPTION_END);
    padded
}

/// The most addresses that a source route option has room for.
pub const MAX_ROUTE_ADDRESSES: usize = (MAX_OPTIONS_LEN - 3) / 4;

/// A loose or strict source route: the hops done, each replaced by the router's own address, and those to come.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct SourceRoute {
    strict: bool,
    pub(super) done: usize,
    len: usize,
    addresses: [Ipv4Addr; MAX_ROUTE_ADDRESSES],
}

impl SourceRoute {
    /// A route through `addresses`, of which the last is the destination and the first hop is not one.
    ///
    /// `None` when there are more than [`MAX_ROUTE_ADDRESSES`] or none.
    pub fn new(strict: bool, addresses: &[Ipv4Addr]) -> Option<SourceRoute> {
        if addresses.is_empty() || addresses.len() > MAX_ROUTE_ADDRESSES {
            return None;
        }
        let mut all = [Ipv4Addr::UNSPECIFIED; MAX_ROUTE_ADDRESSES];
        all[..addresses.len()].copy_from_slice(addresses);
        Some(SourceRoute { strict, done: 0, len: addresses.len(), addresses: all })
    }

    /// The source route among the options of a header, if there is one.
    ///
    /// The first one counts; a second one is malformed (RFC 1122 section 3.2.1.8).
    pub fn find(bytes: &[u8]) -> Result<Option<SourceRoute>, Malformed> {
        let mut found = None;
        for option in options(bytes) {
            let option = option?;
            let strict = option.kind == OPTION_STRICT_SOURCE_ROUTE;
            if !strict && option.kind != OPTION_LOOSE_SOURCE_ROUTE {
                continue;
            }
            if found.is_some() {
                return Err(Malformed::BadOption);
            }
            found = Some(SourceRoute::parse(strict, option.data)?);
        }
        Ok(found)
    }

    fn parse(strict: bool, data: &[u8]) -> Result<SourceRoute, Malformed> {
        let [pointer, addresses @ ..] = data else { return Err(Malformed::BadOption) };
        let (addresses, rest) = addresses.as_chunks::<4>();
        // The pointer counts from the type octet, from one, so that the first address is at four.
        let done = usize::from(pointer.checked_sub(4).ok_or(Malformed::BadOption)?);
        if !rest.is_empty() || addresses.len() > MAX_ROUTE_ADDRESSES || !done.is_multiple_of(4) {
            return Err(Malformed::BadOption);
        }
        let mut all = [Ipv4Addr::UNSPECIFIED; MAX_ROUTE_ADDRESSES];
        for (place, octets) in all.iter_mut().zip(addresses) {
            *place = (*octets).into();
        }
        Ok(SourceRoute { strict, done: (done / 4).min(addresses.len()), len: addresses.len(), addresses: all })
    }

    /// Every hop must be a neighbour of the one before.
    pub fn is_strict(&self) -> bool {
        self.strict
    }

    /// The addresses that the routers on the way recorded.
    pub fn recorded(&self) -> &[Ipv4Addr] {
        &self.addresses[..self.done]
    }

    /// The addresses still to go to; none when the packet has reached its end.
    pub fn remaining(&self) -> &[Ipv4Addr] {
        &self.addresses[self.done..self.len]
    }

    /// The way back of a packet from `source` that has reached its end: the first address to send to, and the option.
    ///
    /// A route that recorded nothing goes back without an option.
    pub fn reversed(&self, source: Ipv4Addr) -> (Ipv4Addr, Option<SourceRoute>) {
        let [before @ .., last] = self.recorded() else { return (source, None) };
        let mut addresses = [source; MAX_ROUTE_ADDRESSES];
        for (place, address) in addresses.iter_mut().zip(before.iter().rev()) {
            *place = *address;
        }
        (*last, SourceRoute::new(self.strict, &addresses[..self.done]))
    }

    /// Writes the option without padding and returns its length.
    pub fn emit(&self, out: &mut [u8; MAX_OPTIONS_LEN]) -> usize {
        let len = 3 + 4 * self.len;
        out[0] = if self.strict { OPTION_STRICT_SOURCE_ROUTE } else { OPTION_LOOSE_SOURCE_ROUTE };
        out[1] = len as u8;
        out[2] = 4 + 4 * self.done as u8;
        for (place, address) in out[3..].chunks_exact_mut(4).zip(&self.addresses[..self.len]) {
            place.copy_from_slice(&address.octets());
        }
        len
    }
}
