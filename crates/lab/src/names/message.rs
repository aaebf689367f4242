//! A DNS message in octets (RFC 1035, section 4; RFC 6891 for EDNS): a query is read, and an answer to it written.
//!
//! The question of an answer is the question of the query, octet by octet: who varies the case of letters to know its answers again
//! finds them. Names in answers point to it. How names are written is told where questions are, in the sockets. Only what a server of
//! addresses needs is here: one question, and records of five types.

use std::net::IpAddr;

use synsent_sockets::dns::{
    CLASS_IN, HEADER_LEN, LABEL_OCTETS_MAX, Pointers, RECURSION_DESIRED, RESPONSE, RecordKind, TRUNCATED, UDP_OCTETS,
    read_name, write_name,
};

const CLASS_ANY: u16 = 255;
/// What a datagram may have without EDNS; unit: octets.
const PLAIN_UDP_OCTETS: u16 = 512;

const AUTHORITATIVE: u16 = 0x0400;
const RECURSION_AVAILABLE: u16 = 0x0080;
const CHECKING_DISABLED: u16 = 0x0010;
const OPCODE_MASK: u16 = 0x7800;
/// The flag "DNSSEC OK" in the TTL of an OPT record.
const DNSSEC_OK: u32 = 0x8000;

/// How a query ends.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Code {
    Ok = 0,
    FormatError = 1,
    ServerFailure = 2,
    NoSuchName = 3,
    NotImplemented = 4,
    Refused = 5,
    BadVersion = 16,
}

/// A query that can be answered.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Query<'a> {
    id: u16,
    flags: u16,
    /// The question as it stands on the wire.
    question: &'a [u8],
    /// Its name as text, in the case in which it was asked.
    pub(super) name: String,
    pub(super) kind: RecordKind,
    pub(super) is_internet: bool,
    pub(super) edns: Option<Edns>,
}

/// What the asker says about itself.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Edns {
    pub(super) version: u8,
    udp_octets: u16,
    is_dnssec_ok: bool,
}

/// Why a query is not read further.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Unread {
    /// It is no query: nobody is to be answered.
    NoQuery,
    /// It is told so, in a message without a question.
    Told { code: Code, octets: Vec<u8> },
}

/// A record of an answer.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Record {
    Address(IpAddr),
    /// The name of an address, as text.
    Name(String),
    /// The start of the zone with this name: says how long it may be remembered that there is nothing.
    Start(&'static str),
}

impl<'a> Query<'a> {
    pub(super) fn read(octets: &'a [u8]) -> Result<Query<'a>, Unread> {
        let field = |at: usize| Some(u16::from_be_bytes([*octets.get(at)?, *octets.get(at + 1)?]));
        let header = || Some([field(0)?, field(2)?, field(4)?, field(6)?, field(8)?, field(10)?]);
        let Some([id, flags, questions, answers, authorities, additional]) = header() else {
            return Err(Unread::NoQuery);
        };
        if flags & RESPONSE != 0 {
            return Err(Unread::NoQuery);
        }
        let flags = flags & (OPCODE_MASK | RECURSION_DESIRED | CHECKING_DISABLED);
        let told = |code| Unread::Told { code, octets: header_of(id, flags, code, [0; 4]) };
        if flags & OPCODE_MASK != 0 {
            return Err(told(Code::NotImplemented));
        }
        let malformed = || told(Code::FormatError);
        if questions != 1 {
            return Err(malformed());
        }
        let (name, end) = read_name(octets, HEADER_LEN, Pointers::Refused).ok_or_else(malformed)?;
        let (kind, class) = field(end).zip(field(end + 2)).ok_or_else(malformed)?;
        let records = usize::from(answers) + usize::from(authorities) + usize::from(additional);
        let edns = read_edns(octets, end + 4, records).ok_or_else(malformed)?;
        let is_internet = [CLASS_IN, CLASS_ANY].contains(&class);
        let question = &octets[HEADER_LEN..end + 4];
        Ok(Query { id, flags, question, name, kind: RecordKind(kind), is_internet, edns })
    }

    /// How many octets an answer in a datagram may have.
    fn datagram_octets(&self) -> usize {
        self.edns.map_or(PLAIN_UDP_OCTETS, |edns| edns.udp_octets.clamp(PLAIN_UDP_OCTETS, UDP_OCTETS)).into()
    }

    /// Writes an answer, and says whether its records had to be left out because a datagram has no room for them.
    pub(super) fn answer(&self, code: Code, records: &[Record], ttl: u32, in_datagram: bool) -> (Vec<u8>, bool) {
        let whole = self.write(code, records, ttl, false);
        if !in_datagram || whole.len() <= self.datagram_octets() {
            return (whole, false);
        }
        (self.write(code, &[], ttl, true), true)
    }

    fn write(&self, code: Code, records: &[Record], ttl: u32, is_truncated: bool) -> Vec<u8> {
        let is_start = |record: &&Record| matches!(record, Record::Start(_));
        let authorities = records.iter().filter(is_start).count();
        let counts = [1, records.len() - authorities, authorities, usize::from(self.edns.is_some())];
        let flags = self.flags | if is_truncated { TRUNCATED } else { 0 };
        let mut out = header_of(self.id, flags, code, counts.map(|count| count as u16));
        out.extend_from_slice(self.question);
        for record in records.iter().filter(|record| !is_start(record)).chain(records.iter().filter(is_start)) {
            record.write(ttl, &mut out);
        }
        if let Some(edns) = self.edns {
            let extended = (code as u32 >> 4) << 24 | if edns.is_dnssec_ok { DNSSEC_OK } else { 0 };
            out.push(0);
            out.extend_from_slice(&RecordKind::OPT.0.to_be_bytes());
            out.extend_from_slice(&UDP_OCTETS.to_be_bytes());
            out.extend_from_slice(&extended.to_be_bytes());
            out.extend_from_slice(&[0, 0]);
        }
        out
    }
}

impl Record {
    fn write(&self, ttl: u32, out: &mut Vec<u8>) {
        // The name in the question, which stands behind the header.
        const QUESTION: [u8; 2] = [0xc0, HEADER_LEN as u8];
        let mut data = Vec::new();
        let kind = match self {
            Record::Address(IpAddr::V4(address)) => {
                data.extend_from_slice(&address.octets());
                RecordKind::A
            }
            Record::Address(IpAddr::V6(address)) => {
                data.extend_from_slice(&address.octets());
                RecordKind::AAAA
            }
            Record::Name(name) => {
                write_name(name, &mut data);
                RecordKind::PTR
            }
            Record::Start(zone) => {
                write_name(&format!("ns.{zone}"), &mut data);
                write_name(&format!("hostmaster.{zone}"), &mut data);
                // Serial number, refresh, retry, expire, and how long nothing may be remembered.
                [1, 3_600, 600, 86_400, ttl].iter().for_each(|one: &u32| data.extend_from_slice(&one.to_be_bytes()));
                RecordKind::SOA
            }
        };
        match self {
            Record::Start(zone) => write_name(zone, out),
            _ => out.extend_from_slice(&QUESTION),
        }
        out.extend_from_slice(&kind.0.to_be_bytes());
        out.extend_from_slice(&CLASS_IN.to_be_bytes());
        out.extend_from_slice(&ttl.to_be_bytes());
        out.extend_from_slice(&(data.len() as u16).to_be_bytes());
        out.extend_from_slice(&data);
    }
}

fn header_of(id: u16, kept: u16, code: Code, counts: [u16; 4]) -> Vec<u8> {
    let flags = RESPONSE | AUTHORITATIVE | RECURSION_AVAILABLE | kept | (code as u16 & 0xf);
    let words = [id, flags, counts[0], counts[1], counts[2], counts[3]];
    words.iter().flat_map(|word| word.to_be_bytes()).collect()
}

/// Goes over so many records and finds the one of EDNS; `None`: they are not what they should be.
fn read_edns(octets: &[u8], mut at: usize, records: usize) -> Option<Option<Edns>> {
    let mut edns = None;
    for _ in 0..records {
        let is_root = *octets.get(at)? == 0;
        at = skip_name(octets, at)?;
        let [kind_high, kind_low, class_high, class_low, _, version, flags, _, len_high, len_low] =
            *octets.get(at..at + 10)?.first_chunk()?;
        at += 10 + usize::from(u16::from_be_bytes([len_high, len_low]));
        if at > octets.len() {
            return None;
        }
        if u16::from_be_bytes([kind_high, kind_low]) == RecordKind::OPT.0 {
            // There is one at most, and its name is the root (RFC 6891, section 6.1.1).
            if edns.is_some() || !is_root {
                return None;
            }
            let udp_octets = u16::from_be_bytes([class_high, class_low]);
            edns = Some(Edns { version, udp_octets, is_dnssec_ok: flags & 0x80 != 0 });
        }
    }
    Some(edns)
}

/// Where a name ends that may end in a pointer.
fn skip_name(octets: &[u8], mut at: usize) -> Option<usize> {
    loop {
        match *octets.get(at)? {
            0 => return Some(at + 1),
            len if usize::from(len) <= LABEL_OCTETS_MAX => at += 1 + usize::from(len),
            pointer if pointer >= 0xc0 => return octets.get(at + 1).map(|_| at + 2),
            _ => return None,
        }
    }
}
