//! Words for things that a record has: packets, fates, times, counts.

use std::fmt::Write as _;

use synsent_wire::ip::Protocol;
use synsent_wire::tcp::Flags;

use crate::record::{Fate, Packet};
use crate::view::{Datagram, Dns, IcmpError, Quoted, Segment, View, What};

/// What a packet is, in a line: `SYN 10.1.0.2:40000 > 10.2.0.2:80`. What became of it is [`fate_words`].
pub fn packet_words(packet: &Packet) -> String {
    let Some(view) = View::of(packet) else { return format!("{} that are not IP", octets(packet.len)) };
    let View { source, destination, .. } = view;
    match &view.what {
        What::Tcp(segment) => format!("{} {} > {}", segment_words(segment), segment.source, segment.destination),
        What::Udp(datagram) => {
            format!("{} {} > {}", datagram_words(datagram), datagram.source, datagram.destination)
        }
        What::Icmp(error) => format!("{} {source} > {destination}{}", error.cause, quoted_words(error)),
        What::Neighbours => format!("neighbours and routers {source} > {destination}"),
        What::Echo => format!("echo {source} > {destination}"),
        What::Part => format!("a part of a packet {source} > {destination}"),
        What::Other(protocol) => format!("{protocol} {source} > {destination}"),
        What::Unread => format!("{}, not readable, {source} > {destination}", octets(packet.len)),
    }
}

/// What became of a packet, where it did not simply arrive.
pub fn fate_words(fate: Fate) -> Option<&'static str> {
    match fate {
        Fate::Carried => None,
        Fate::Lost => Some("lost"),
        Fate::Damaged => Some("damaged"),
        Fate::Doubled => Some("doubled"),
        Fate::TooBig => Some("too big for the line"),
        Fate::QueueFull => Some("no room in the queue"),
        Fate::Down => Some("the line was cut"),
        Fate::Ruled => Some("dropped by a rule"),
    }
}

/// A segment without its addresses: `SYN`, `74 octets`, `FIN, 12 octets`, `ACK`.
pub(crate) fn segment_words(segment: &Segment) -> String {
    match (segment_name(segment), segment.octets) {
        (name, 0) => name.to_owned(),
        ("ACK", many) => octets(many),
        (name, many) => format!("{name}, {}", octets(many)),
    }
}

/// What a segment is by its control bits alone.
pub(crate) fn segment_name(segment: &Segment) -> &'static str {
    let flags = segment.flags;
    match (flags.rst(), flags.syn(), flags.fin()) {
        (true, ..) => "RST",
        (_, true, _) if flags.ack() => "SYN-ACK",
        (_, true, _) => "SYN",
        (.., true) => "FIN",
        _ if flags.ack() => "ACK",
        _ if flags == Flags::NONE => "no flags",
        _ => "no ACK",
    }
}

fn datagram_words(datagram: &Datagram) -> String {
    match &datagram.dns {
        Some(dns) => dns_words(dns),
        None => format!("datagram of {}", octets(datagram.octets)),
    }
}

fn dns_words(dns: &Dns) -> String {
    let Dns { name, code, answers, .. } = dns;
    let kind = dns.kind_words();
    if !dns.response {
        return format!("DNS: {kind} of {name}?");
    }
    let answer = match (code, answers) {
        (0, 0) => "no such record".to_owned(),
        (0, 1) => "1 record".to_owned(),
        (0, many) => format!("{many} records"),
        (2, _) => "the server failed".to_owned(),
        (3, _) => "no such name".to_owned(),
        (5, _) => "refused".to_owned(),
        (other, _) => format!("error {other}"),
    };
    format!("DNS: {kind} of {name}: {answer}")
}

fn quoted_words(error: &IcmpError) -> String {
    let Some(Quoted { protocol, destination, flags, .. }) = error.quoted else {
        return ", quotes nothing that can be read".to_owned();
    };
    match (protocol, flags) {
        (Protocol::TCP, Some(flags)) if flags.syn() && !flags.ack() => format!(", quotes the SYN to {destination}"),
        (Protocol::TCP, _) => format!(", quotes a segment to {destination}"),
        (Protocol::UDP, _) => format!(", quotes a datagram to {destination}"),
        _ => format!(", quotes a packet to {}", destination.ip()),
    }
}

/// `1 octet`, `12 octets`.
pub(crate) fn octets(count: usize) -> String {
    counted(count, "octet")
}

/// `1 SYN`, `12 SYNs`.
pub(crate) fn counted(count: usize, what: &str) -> String {
    format!("{count} {what}{}", if count == 1 { "" } else { "s" })
}

/// The different ones of these, each counted; after so many of them only how many more there are.
pub(crate) fn counted_words(all: impl Iterator<Item = String>, told: usize) -> String {
    let mut counted: Vec<(String, usize)> = Vec::new();
    let mut more = 0;
    for words in all {
        let has_room = counted.len() < told;
        match counted.iter_mut().find(|(known, _)| *known == words) {
            Some((_, count)) => *count += 1,
            None if has_room => counted.push((words, 1)),
            None => more += 1,
        }
    }
    let mut words: Vec<String> = counted.into_iter().map(|(words, count)| times(&words, count)).collect();
    if more > 0 {
        words.push(format!("{more} more"));
    }
    words.join(", ")
}

/// `once`, `twice`, `3 times`.
pub(crate) fn often(count: usize) -> String {
    match count {
        1 => "once".to_owned(),
        2 => "twice".to_owned(),
        many => format!("{many} times"),
    }
}

/// `SYN`, `SYN ×3`.
pub(crate) fn times(what: &str, count: usize) -> String {
    if count == 1 { what.to_owned() } else { format!("{what} ×{count}") }
}

/// `first`, `second`, … `11th`.
pub(crate) fn ordinal(number: usize) -> String {
    const WORDS: [&str; 10] =
        ["first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth"];
    if let Some(word) = number.checked_sub(1).and_then(|index| WORDS.get(index)) {
        return (*word).to_owned();
    }
    let ending = match (number % 10, number % 100) {
        (_, 11..=13) => "th",
        (1, _) => "st",
        (2, _) => "nd",
        (3, _) => "rd",
        _ => "th",
    };
    format!("{number}{ending}")
}

/// A span as people read it: `0.3 ms`, `1.2 s`, `127 s`.
pub(crate) fn span(micros: i64) -> String {
    let sign = if micros < 0 { "-" } else { "" };
    let micros = micros.unsigned_abs();
    match micros {
        1..100 => format!("{sign}0.{:02} ms", (micros / 10).max(1)),
        0..100_000 => format!("{sign}{}.{} ms", micros / 1_000, micros / 100 % 10),
        100_000..1_000_000 => format!("{sign}{} ms", micros / 1_000),
        1_000_000..100_000_000 => format!("{sign}{}.{:02} s", micros / 1_000_000, micros / 10_000 % 100),
        _ => format!("{sign}{} s", micros / 1_000_000),
    }
}

/// `a`, `a and b`, `a, b and c`.
pub(crate) fn listed<T: AsRef<str>>(items: &[T]) -> String {
    match items {
        [] => String::new(),
        [one] => one.as_ref().to_owned(),
        [many @ .., last] => {
            let many: Vec<&str> = many.iter().map(AsRef::as_ref).collect();
            format!("{} and {}", many.join(", "), last.as_ref())
        }
    }
}

/// A text of strangers, for one line of a terminal: control characters, and those that turn the direction of writing or take no room,
/// become visible.
pub fn visible(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for one in text.chars() {
        match one {
            '\t' => out.push(' '),
            _ if one.is_control() || hides(one) => {
                // Writing to a String cannot fail.
                let _ = match u32::from(one) {
                    code @ 0..0x20 => write!(out, "^{}", char::from(code as u8 + b'@')),
                    0x7f => write!(out, "^?"),
                    code => write!(out, "<{code:x}>"),
                };
            }
            _ => out.push(one),
        }
    }
    out
}

/// Whether a character changes how others are shown without being seen itself.
fn hides(one: char) -> bool {
    matches!(
        u32::from(one),
        0xad | 0x61c | 0x115f | 0x1160 | 0x180e | 0x200b..=0x200f | 0x2028..=0x202e | 0x2060..=0x206f | 0x3164 | 0xfeff
            | 0xfff9..=0xfffb | 0xe0000..=0xe0fff
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_and_ordinals_read_as_people_say_them() {
        assert_eq!([0, 4, 42, 300].map(span), ["0.0 ms", "0.01 ms", "0.04 ms", "0.3 ms"]);
        assert_eq!(span(11_249), "11.2 ms");
        assert_eq!(span(250_000), "250 ms");
        assert_eq!(span(3_070_000), "3.07 s");
        assert_eq!(span(134_100_000), "134 s");
        assert_eq!(span(-1_500), "-1.5 ms");
        assert_eq!(span(i64::MIN), "-9223372036854 s");
        assert_eq!(
            [1, 3, 10, 11, 12, 21, 22, 23, 111].map(ordinal),
            ["first", "third", "tenth", "11th", "12th", "21st", "22nd", "23rd", "111th"]
        );
    }

    #[test]
    fn terminal_escapes_become_visible() {
        let hostile = "\u{1b}[2Jok\r\u{7}\u{7f}\u{9b}31m\u{202e}";
        let shown = visible(hostile);
        assert_eq!(shown, "^[[2Jok^M^G^?<9b>31m<202e>");
    }
}
