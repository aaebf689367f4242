//! Any octets at the lab's name server, in every mode.
//!
//! Nothing may panic. An answer has the ID and, where it has one, the question of its query; it says that it is an answer, and what goes
//! in a datagram fits into one that is never fragmented. What is answered is understood: the same again gives the same.
#![no_main]

use std::net::IpAddr;

use arbitrary::Arbitrary;
use libfuzzer_sys::fuzz_target;
use synsent_lab::{NamesMode, Said, Via, Zone};

#[derive(Arbitrary, Debug)]
struct Input {
    names: Vec<(String, Vec<IpAddr>)>,
    mode: u8,
    tcp: bool,
    /// Whether the octets follow the header of a query with one question.
    with_header: bool,
    octets: Vec<u8>,
}

fuzz_target!(|input: Input| {
    let mut zone = Zone::new();
    for (name, addresses) in input.names {
        // What is no name is refused.
        let _ = zone.add(&name, addresses);
    }
    zone.mode = match input.mode % 4 {
        0 => NamesMode::Silent,
        1 => NamesMode::ServerFails,
        2 => NamesMode::NoSuchName,
        _ => NamesMode::Answers,
    };
    let mut query = if input.with_header { vec![0, 7, 1, 0, 0, 1, 0, 0, 0, 0, 0, 1] } else { Vec::new() };
    query.extend_from_slice(&input.octets);
    let via = if input.tcp { Via::Tcp } else { Via::Udp };
    let Some(reply) = zone.answer(&query, via) else { return };
    assert_eq!(zone.answer(&query, via), Some(reply.clone()));
    assert_eq!(reply.octets.is_none(), reply.said == Said::Silence);
    let Some(octets) = reply.octets else { return };
    assert_eq!(octets[..2], query[..2]);
    assert_eq!(octets[2] & 0x80, 0x80);
    assert!(octets.len() <= if input.tcp { 65_535 } else { 1_232 });
    if octets[5] == 1 {
        let question = query[12..].iter().position(|octet| *octet == 0).unwrap_or(0);
        assert_eq!(octets[12..12 + question], query[12..12 + question]);
    }
    assert_eq!(zone.answer(&octets, via), None, "an answer is not answered");
});
