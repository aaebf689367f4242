//! The names of the lab: which addresses they have, and what the lab's name server says when it is asked.
//!
//! A [`Zone`] is a list of names and of patterns with their addresses. [`Zone::answer`] is the whole server: a query in octets and an answer in
//! octets. It answers at once whatever it is asked: a name that it does not have does not exist, whoever else might know it, because
//! resolvers take other answers as a reason to ask again; a name with addresses of the other family only exists and has
//! nothing of this kind. [`NamesMode`] makes it fail instead. Who asks, and by what, is the business of the
//! [server](crate::Lab::serve_names).
//!
//! A pattern is `*.` and a name, for all that ends in it, or `*` for every name. A name that stands there wins over patterns, and the longest
//! pattern over shorter ones. Other than in RFC 4592, a name that exists does not keep a pattern from those below it.

mod message;

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use synsent_stack::Duration;

use message::{Code, Query, Record, Unread};
pub use synsent_sockets::dns::RecordKind;
use synsent_sockets::dns::is_name;

/// How many names and patterns a zone may have.
pub const ZONE_NAMES_MAX: usize = 256;
/// How many addresses a name may have.
pub const ZONE_ADDRESSES_MAX: usize = 32;

/// The domain for which names are invented (RFC 6761, section 6.2).
const TEST: &str = "test";

/// Names and their addresses.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Zone {
    entries: Vec<Entry>,
    /// What the server does with questions.
    pub mode: NamesMode,
    /// How long an answer may be remembered.
    pub ttl_seconds: u32,
}

/// What a name server does with questions.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum NamesMode {
    /// Answers them.
    #[default]
    Answers,
    /// Hears them and says nothing.
    Silent,
    /// Answers that it failed.
    ServerFails,
    /// Answers after this time.
    Late(Duration),
    /// Answers that the name does not exist, whatever it is.
    NoSuchName,
}

/// Why a zone does not take a name.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ZoneError {
    /// It is no name of letters, digits, hyphens and low lines, and no pattern.
    BadName,
    /// The zone has it.
    Twice,
    /// The zone has as many as it may.
    TooManyNames,
    /// It has more addresses than it may.
    TooManyAddresses,
}

/// By what a question came.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Via {
    /// In a datagram.
    Udp,
    /// On a connection, where its length stands before it.
    Tcp,
}

/// What a name server was asked and says.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Reply {
    /// The name, in the case in which it was asked; empty when none could be read.
    pub name: String,
    /// What was asked about it.
    pub kind: RecordKind,
    /// What is said.
    pub said: Said,
    /// The same in octets; `None`: nothing is.
    pub octets: Option<Vec<u8>>,
    /// How long the server takes.
    pub after: Duration,
}

/// What a name server says.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Said {
    /// Addresses, in this order.
    Addresses(Vec<IpAddr>),
    /// The name of an address.
    Name(String),
    /// The name exists and has nothing of this kind.
    NoData,
    /// The name does not exist.
    NoSuchName,
    /// There is more than fits into a datagram.
    Truncated,
    /// The server failed.
    ServerFailure,
    /// The query is malformed.
    FormatError,
    /// It is no question, but something else to do.
    NotImplemented,
    /// The question is not about the Internet.
    Refused,
    /// It has a version of EDNS that the server does not know.
    BadVersion,
    /// Nothing.
    Silence,
}

/// A name or pattern and its addresses.
#[derive(Clone, PartialEq, Eq, Debug)]
struct Entry {
    /// In small letters; of a pattern what stands behind the star, with the dot.
    name: String,
    is_pattern: bool,
    addresses: Vec<IpAddr>,
}

impl Zone {
    /// A zone without names.
    pub fn new() -> Zone {
        Zone::default()
    }

    /// Adds a name, or a pattern `*.name` or `*`, with its addresses in the order in which they are told.
    ///
    /// # Errors
    /// When it is no name, or there are too many.
    pub fn add(&mut self, name: &str, addresses: Vec<IpAddr>) -> Result<(), ZoneError> {
        let name = name.strip_suffix('.').unwrap_or(name).to_ascii_lowercase();
        let (name, is_pattern) = match name.strip_prefix('*') {
            Some("") => (String::new(), true),
            Some(rest) if rest.strip_prefix('.').is_some_and(is_name) => (rest.to_owned(), true),
            None if is_name(&name) => (name, false),
            _ => return Err(ZoneError::BadName),
        };
        if self.entries.iter().any(|entry| entry.name == name && entry.is_pattern == is_pattern) {
            return Err(ZoneError::Twice);
        }
        if self.entries.len() >= ZONE_NAMES_MAX {
            return Err(ZoneError::TooManyNames);
        }
        if addresses.len() > ZONE_ADDRESSES_MAX {
            return Err(ZoneError::TooManyAddresses);
        }
        self.entries.push(Entry { name, is_pattern, addresses });
        Ok(())
    }

    /// The addresses of a name, of both families; `None`: it does not exist.
    pub fn addresses(&self, name: &str) -> Option<&[IpAddr]> {
        let name = name.strip_suffix('.').unwrap_or(name).to_ascii_lowercase();
        let exact = self.entries.iter().find(|entry| !entry.is_pattern && entry.name == name);
        let pattern = || {
            let fits = self.entries.iter().filter(|entry| entry.is_pattern && name.ends_with(&entry.name));
            fits.filter(|entry| name.len() > entry.name.len()).max_by_key(|entry| entry.name.len())
        };
        if let Some(entry) = exact.or_else(pattern) {
            return Some(&entry.addresses);
        }
        // Between a name and the root everything exists (RFC 8020).
        let above = |entry: &Entry| {
            let below = entry.name.strip_suffix(&name);
            name.is_empty() || below.is_some_and(|below| below.ends_with('.'))
        };
        (name == TEST || name.is_empty() || self.entries.iter().any(above)).then_some(&[])
    }

    /// Answers a query; `None`: it is none, and nobody is answered.
    pub fn answer(&self, query: &[u8], via: Via) -> Option<Reply> {
        let silent = self.mode == NamesMode::Silent;
        let after = if let NamesMode::Late(after) = self.mode { after } else { Duration::ZERO };
        let query = match Query::read(query) {
            Ok(query) => query,
            Err(Unread::NoQuery) => return None,
            Err(Unread::Told { code, octets }) => {
                let said = if code == Code::FormatError { Said::FormatError } else { Said::NotImplemented };
                let said = if silent { Said::Silence } else { said };
                let octets = Some(octets).filter(|_| !silent);
                return Some(Reply { name: String::new(), kind: RecordKind(0), said, octets, after });
            }
        };
        let mut said = match self.mode {
            _ if query.edns.is_some_and(|edns| edns.version > 0) => Said::BadVersion,
            _ if !query.is_internet => Said::Refused,
            NamesMode::Silent => Said::Silence,
            NamesMode::ServerFails => Said::ServerFailure,
            NamesMode::NoSuchName => Said::NoSuchName,
            NamesMode::Answers | NamesMode::Late(_) => self.look_up(&query.name, query.kind),
        };
        let mut octets = None;
        if silent {
            said = Said::Silence;
        } else {
            let (code, records) = said.message(&query.name);
            let (written, truncated) = query.answer(code, &records, self.ttl_seconds, via == Via::Udp);
            octets = Some(written);
            said = if truncated { Said::Truncated } else { said };
        }
        Some(Reply { name: query.name, kind: query.kind, said, octets, after })
    }

    /// The name of an address.
    fn name_of(&self, address: IpAddr) -> Option<&str> {
        let named = self.entries.iter().filter(|entry| !entry.is_pattern);
        named.into_iter().find(|entry| entry.addresses.contains(&address)).map(|entry| entry.name.as_str())
    }

    /// What is said about a name.
    fn look_up(&self, name: &str, kind: RecordKind) -> Said {
        if let Some(address) = reverse(name) {
            return match self.name_of(address) {
                Some(name) if [RecordKind::PTR, RecordKind::ANY].contains(&kind) => Said::Name(name.to_owned()),
                Some(_) => Said::NoData,
                None => Said::NoSuchName,
            };
        }
        let Some(addresses) = self.addresses(name) else { return Said::NoSuchName };
        let is_asked = |address: &&IpAddr| match kind {
            RecordKind::A => address.is_ipv4(),
            RecordKind::AAAA => address.is_ipv6(),
            _ => kind == RecordKind::ANY,
        };
        let found: Vec<IpAddr> = addresses.iter().filter(is_asked).copied().collect();
        if found.is_empty() { Said::NoData } else { Said::Addresses(found) }
    }
}

impl Said {
    /// The code and the records of an answer about a name.
    fn message(&self, name: &str) -> (Code, Vec<Record>) {
        let start = || {
            let is_test = name.rsplit('.').next().is_some_and(|label| label.eq_ignore_ascii_case(TEST));
            vec![Record::Start(if is_test { TEST } else { "" })]
        };
        match self {
            Said::Addresses(addresses) => (Code::Ok, addresses.iter().copied().map(Record::Address).collect()),
            Said::Name(name) => (Code::Ok, vec![Record::Name(name.clone())]),
            Said::NoData => (Code::Ok, start()),
            Said::NoSuchName => (Code::NoSuchName, start()),
            Said::Truncated | Said::Silence => (Code::Ok, Vec::new()),
            Said::ServerFailure => (Code::ServerFailure, Vec::new()),
            Said::FormatError => (Code::FormatError, Vec::new()),
            Said::NotImplemented => (Code::NotImplemented, Vec::new()),
            Said::Refused => (Code::Refused, Vec::new()),
            Said::BadVersion => (Code::BadVersion, Vec::new()),
        }
    }
}

impl fmt::Display for Said {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Said::Addresses(addresses) => {
                let words: Vec<String> = addresses.iter().map(IpAddr::to_string).collect();
                return f.write_str(&words.join(", "));
            }
            Said::Name(name) => name,
            Said::NoData => "nothing of this kind",
            Said::NoSuchName => "no such name",
            Said::Truncated => "more than a datagram holds",
            Said::ServerFailure => "server failure",
            Said::FormatError => "format error",
            Said::NotImplemented => "not implemented",
            Said::Refused => "refused",
            Said::BadVersion => "unknown version of EDNS",
            Said::Silence => "no answer",
        })
    }
}

impl fmt::Display for ZoneError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ZoneError::BadName => f.write_str("a name has letters, digits and hyphens; a pattern is `*` or `*.name`"),
            ZoneError::Twice => f.write_str("the name is there twice"),
            ZoneError::TooManyNames => write!(f, "at most {ZONE_NAMES_MAX} names"),
            ZoneError::TooManyAddresses => write!(f, "a name has at most {ZONE_ADDRESSES_MAX} addresses"),
        }
    }
}

impl std::error::Error for ZoneError {}

/// The address whose name is asked for (RFC 1035, section 3.5; RFC 3596, section 2.5).
fn reverse(name: &str) -> Option<IpAddr> {
    let name = name.to_ascii_lowercase();
    if let Some(rest) = name.strip_suffix(".in-addr.arpa") {
        let mut octets = rest.split('.').rev().map(|label| label.parse::<u8>().ok());
        let address = [octets.next()??, octets.next()??, octets.next()??, octets.next()??];
        return octets.next().is_none().then(|| Ipv4Addr::from(address).into());
    }
    let nibbles: Vec<&str> = name.strip_suffix(".ip6.arpa")?.split('.').rev().collect();
    if nibbles.len() != 32 || nibbles.iter().any(|nibble| nibble.len() != 1) {
        return None;
    }
    Some(Ipv6Addr::from(u128::from_str_radix(&nibbles.concat(), 16).ok()?).into())
}
