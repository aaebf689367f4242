//! A DNS message as who asks sees it: a question written, and an answer read (RFC 1035, section 4; RFC 6891 for EDNS). What both sides
//! need, names and the numbers of records, is here for the side that answers too.
//!
//! Answers are hostile input: a name is read with pointers that lead backwards only, so that it ends; records beyond
//! [`ANSWER_RECORDS_MAX`] are not looked at.

use core::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// The longest name on the wire; unit: octets.
pub const NAME_OCTETS_MAX: usize = 255;
/// The longest label; unit: octets.
pub const LABEL_OCTETS_MAX: usize = 63;
/// How many records of an answer are read.
pub const ANSWER_RECORDS_MAX: usize = 256;
/// How large a datagram we say that we take; unit: octets. This is what passes any path unfragmented.
pub const UDP_OCTETS: u16 = 1_232;

/// The octets before the question.
pub const HEADER_LEN: usize = 12;
/// The Internet, among the classes.
pub const CLASS_IN: u16 = 1;

/// The flag of an answer.
pub const RESPONSE: u16 = 0x8000;
/// The flag of an answer that had no room for everything.
pub const TRUNCATED: u16 = 0x0200;
/// The flag of a question for which the server asks others.
pub const RECURSION_DESIRED: u16 = 0x0100;

/// What a record is about.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct RecordKind(pub u16);

impl RecordKind {
    /// An IPv4 address.
    pub const A: RecordKind = RecordKind(1);
    /// The canonical name behind another one.
    pub const CNAME: RecordKind = RecordKind(5);
    /// The start of a zone.
    pub const SOA: RecordKind = RecordKind(6);
    /// The name of an address.
    pub const PTR: RecordKind = RecordKind(12);
    /// An IPv6 address.
    pub const AAAA: RecordKind = RecordKind(28);
    /// What the asker or the server says of itself.
    pub const OPT: RecordKind = RecordKind(41);
    /// All that there is.
    pub const ANY: RecordKind = RecordKind(255);
}

impl core::fmt::Display for RecordKind {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        let name = match self.0 {
            1 => "A",
            2 => "NS",
            5 => "CNAME",
            6 => "SOA",
            12 => "PTR",
            15 => "MX",
            16 => "TXT",
            28 => "AAAA",
            33 => "SRV",
            35 => "NAPTR",
            64 => "SVCB",
            65 => "HTTPS",
            255 => "ANY",
            other => return write!(f, "TYPE{other}"),
        };
        f.write_str(name)
    }
}

/// Whether a name may end in a pointer to what stands before it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Pointers {
    /// It may, as in answers.
    Followed,
    /// It is written out, as in questions.
    Refused,
}

/// How a question ended, by the code in the answer.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Code {
    /// It was answered; there may be nothing of the kind.
    Ok,
    /// The name does not exist.
    NoSuchName,
    /// The server has failed.
    ServerFailure,
    /// The server does not do such things.
    Unwilling,
}

/// An answer.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Answer {
    /// How the question ended.
    pub code: Code,
    /// Whether there is more than the datagram held.
    pub is_truncated: bool,
    /// The records of the answer, each with the name that it is about.
    pub records: Vec<(String, Data)>,
}

/// What a record says.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Data {
    /// The name has this address.
    Address(IpAddr),
    /// The name is another one for this.
    Canonical(String),
    /// The address whose name was asked for has this name.
    Pointer(String),
}

/// Whether a text is a name that can be asked for: labels of letters, digits, hyphens and low lines.
pub fn is_name(text: &str) -> bool {
    let is_label = |label: &str| {
        (1..=LABEL_OCTETS_MAX).contains(&label.len())
            && label.bytes().all(|octet| octet.is_ascii_alphanumeric() || octet == b'-' || octet == b'_')
    };
    // On the wire there is an octet before each label and one at the end.
    text.len() <= NAME_OCTETS_MAX - 2 && text.split('.').all(is_label)
}

/// The name under which the name of an address is asked for (RFC 1035, section 3.5; RFC 3596, section 2.5).
pub fn reverse_name(address: IpAddr) -> String {
    match address {
        IpAddr::V4(address) => {
            let [a, b, c, d] = address.octets();
            format!("{d}.{c}.{b}.{a}.in-addr.arpa")
        }
        IpAddr::V6(address) => {
            let nibbles = address.octets().into_iter().rev().flat_map(|octet| [octet & 0xf, octet >> 4]);
            nibbles.map(|nibble| format!("{nibble:x}.")).collect::<String>() + "ip6.arpa"
        }
    }
}

/// Writes a question for a name that [is one](is_name), with what we say of ourselves.
pub fn question(id: u16, name: &str, kind: RecordKind) -> Vec<u8> {
    let mut out: Vec<u8> = [id, RECURSION_DESIRED, 1, 0, 0, 1].iter().flat_map(|word| word.to_be_bytes()).collect();
    write_name(name, &mut out);
    [kind.0, CLASS_IN].iter().for_each(|word| out.extend_from_slice(&word.to_be_bytes()));
    out.push(0);
    [RecordKind::OPT.0, UDP_OCTETS, 0, 0, 0].iter().for_each(|word| out.extend_from_slice(&word.to_be_bytes()));
    out
}

/// Reads the answer to a question; `None`: it is none, or one to another question.
pub fn answer(octets: &[u8], id: u16, name: &str, kind: RecordKind) -> Option<Answer> {
    let [answer_id, flags, questions, answers] =
        [field(octets, 0)?, field(octets, 2)?, field(octets, 4)?, field(octets, 6)?];
    if answer_id != id || flags & RESPONSE == 0 || questions != 1 {
        return None;
    }
    let (asked, end) = read_name(octets, HEADER_LEN, Pointers::Refused)?;
    if !asked.eq_ignore_ascii_case(name) || field(octets, end)? != kind.0 || field(octets, end + 2)? != CLASS_IN {
        return None;
    }
    let code = match flags & 0xf {
        0 => Code::Ok,
        2 => Code::ServerFailure,
        3 => Code::NoSuchName,
        _ => Code::Unwilling,
    };
    let mut records = Vec::new();
    let mut at = end + 4;
    for _ in 0..usize::from(answers).min(ANSWER_RECORDS_MAX) {
        let Some((record, next)) = read_record(octets, at) else { break };
        records.extend(record);
        at = next;
    }
    Some(Answer { code, is_truncated: flags & TRUNCATED != 0, records })
}

/// A record, where it is one of those that tell something, and where the next one begins.
fn read_record(octets: &[u8], at: usize) -> Option<(Option<(String, Data)>, usize)> {
    let (name, at) = read_name(octets, at, Pointers::Followed)?;
    let (kind, class, len) = (field(octets, at)?, field(octets, at + 2)?, usize::from(field(octets, at + 8)?));
    let start = at + 10;
    let content = octets.get(start..start + len)?;
    let host = || read_name(octets, start, Pointers::Followed).map(|(name, _)| name).filter(|name| is_name(name));
    let data = match RecordKind(kind) {
        _ if class != CLASS_IN => None,
        RecordKind::A => content.try_into().ok().map(|octets: [u8; 4]| Data::Address(Ipv4Addr::from(octets).into())),
        RecordKind::AAAA => {
            content.try_into().ok().map(|octets: [u8; 16]| Data::Address(Ipv6Addr::from(octets).into()))
        }
        RecordKind::CNAME => host().map(Data::Canonical),
        RecordKind::PTR => host().map(Data::Pointer),
        _ => None,
    };
    Some((data.map(|data| (name, data)), start + len))
}

/// Reads a name, and where what comes behind it begins. An octet that is no letter, digit, hyphen or low line stands as `\DDD`.
pub fn read_name(octets: &[u8], start: usize, pointers: Pointers) -> Option<(String, usize)> {
    let mut text = String::new();
    let (mut at, mut on_wire, mut end) = (start, 1, None);
    // Each pointer leads before everything that was read until then, so there is no circle.
    let mut limit = start;
    loop {
        let len = usize::from(*octets.get(at)?);
        match len {
            0 => return Some((text, end.unwrap_or(at + 1))),
            1..=LABEL_OCTETS_MAX => {
                on_wire += 1 + len;
                if on_wire > NAME_OCTETS_MAX {
                    return None;
                }
                if !text.is_empty() {
                    text.push('.');
                }
                for octet in octets.get(at + 1..at + 1 + len)? {
                    match octet {
                        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' => text.push(char::from(*octet)),
                        other => text.push_str(&format!("\\{other:03}")),
                    }
                }
                at += 1 + len;
            }
            0xc0.. if pointers == Pointers::Followed => {
                let to = usize::from(field(octets, at)? & 0x3fff);
                end.get_or_insert(at + 2);
                if to >= limit {
                    return None;
                }
                (at, limit) = (to, to);
            }
            _ => return None,
        }
    }
}

/// Writes a name of letters, digits, hyphens and low lines; the empty one is the root.
pub fn write_name(text: &str, out: &mut Vec<u8>) {
    for label in text.split('.').filter(|label| !label.is_empty()) {
        out.push(label.len() as u8);
        out.extend_from_slice(label.as_bytes());
    }
    out.push(0);
}

/// Sixteen bits of a message.
pub fn field(octets: &[u8], at: usize) -> Option<u16> {
    Some(u16::from_be_bytes([*octets.get(at)?, *octets.get(at + 1)?]))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A question of `www.test` for addresses of IPv4, with the number 0x1234.
    const QUESTION: &[u8] = b"\x12\x34\x01\x00\x00\x01\x00\x00\x00\x00\x00\x01\x03www\x04test\x00\x00\x01\x00\x01\
        \x00\x00\x29\x04\xd0\x00\x00\x00\x00\x00\x00";

    fn answered(flags: &[u8; 2], count: u8, records: &[u8]) -> Option<Answer> {
        let head = [b"\x12\x34", &flags[..], &[0, 1, 0, count, 0, 0, 0, 0]].concat();
        let octets = [&head[..], b"\x03wWw\x04test\x00\x00\x01\x00\x01", records].concat();
        answer(&octets, 0x1234, "www.test", RecordKind::A)
    }

    #[test]
    fn a_question_is_written_as_the_documents_lay_it_out() {
        assert_eq!(question(0x1234, "www.test", RecordKind::A), QUESTION);
        assert_eq!(reverse_name("10.2.0.4".parse().unwrap()), "4.0.2.10.in-addr.arpa");
        let six = "2.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.2.0.0.0.0.0.d.f.ip6.arpa";
        assert_eq!(reverse_name("fd00:2::2".parse().unwrap()), six);
    }

    #[test]
    fn an_answer_is_read_through_its_pointers() {
        let records = b"\xc0\x0c\x00\x05\x00\x01\x00\x00\x00\x00\x00\x04\x01a\xc0\x10\
            \xc0\x26\x00\x01\x00\x01\x00\x00\x00\x00\x00\x04\x0a\x02\x00\x04";
        let told = answered(b"\x81\x80", 2, records).unwrap();
        let address = Data::Address("10.2.0.4".parse().unwrap());
        let both = [("wWw.test".to_owned(), Data::Canonical("a.test".to_owned())), ("a.test".to_owned(), address)];
        assert_eq!((told.code, told.is_truncated, &told.records[..]), (Code::Ok, false, &both[..]));
        assert_eq!(answered(b"\x81\x83", 0, b"").unwrap().code, Code::NoSuchName);
        assert_eq!(answered(b"\x81\x82", 0, b"").unwrap().code, Code::ServerFailure);
        assert_eq!(answered(b"\x81\x85", 0, b"").unwrap().code, Code::Unwilling);
        assert!(answered(b"\x83\x80", 0, b"").unwrap().is_truncated);
    }

    #[test]
    fn what_is_no_answer_to_the_question_is_none() {
        let good = b"\x12\x34\x81\x80\x00\x01\x00\x00\x00\x00\x00\x00\x03www\x04test\x00\x00\x01\x00\x01";
        assert!(answer(good, 0x1234, "www.test", RecordKind::A).is_some());
        assert_eq!(answer(good, 0x1235, "www.test", RecordKind::A), None);
        assert_eq!(answer(good, 0x1234, "ww.test", RecordKind::A), None);
        assert_eq!(answer(good, 0x1234, "www.test", RecordKind::AAAA), None);
        assert_eq!(answer(QUESTION, 0x1234, "www.test", RecordKind::A), None);
        for len in 0..good.len() {
            assert_eq!(answer(&good[..len], 0x1234, "www.test", RecordKind::A), None);
        }
    }

    #[test]
    fn pointers_never_lead_in_circles_and_names_have_an_end() {
        assert_eq!(read_name(b"\xc0\x00", 0, Pointers::Followed), None);
        assert_eq!(read_name(b"\x01a\xc0\x00", 0, Pointers::Followed), None);
        assert_eq!(read_name(b"\x01a\x00\x01b\xc0\x00", 3, Pointers::Followed), Some(("b.a".into(), 7)));
        assert_eq!(read_name(b"\x01a\x00\x01b\xc0\x00", 3, Pointers::Refused), None);
        let long = [&b"\x3f"[..], &[b'a'; 63]].concat().repeat(4);
        assert_eq!(read_name(&[&long[..], b"\x00"].concat(), 0, Pointers::Refused), None);
    }

    #[test]
    fn records_beyond_their_number_are_not_looked_at() {
        let one = b"\xc0\x0c\x00\x01\x00\x01\x00\x00\x00\x00\x00\x04\x0a\x02\x00\x04";
        let head = b"\x12\x34\x81\x80\x00\x01\xff\xff\x00\x00\x00\x00\x03www\x04test\x00\x00\x01\x00\x01";
        let octets = [&head[..], &one.repeat(ANSWER_RECORDS_MAX + 1)].concat();
        let told = answer(&octets, 0x1234, "www.test", RecordKind::A).unwrap();
        assert_eq!(told.records.len(), ANSWER_RECORDS_MAX);
    }
}
