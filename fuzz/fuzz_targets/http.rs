//! Any octets in any pieces at the lab's server, with any service.
//!
//! Nothing may panic or spin, what waits is bounded, and a session whose other side has ended comes to its end. What is sent back by
//! a server that only echoes is what came.
#![no_main]

use std::sync::Arc;

use arbitrary::Arbitrary;
use libfuzzer_sys::fuzz_target;
use synsent_lab::{Cut, CutHow, Service, Session, Speaks, Wants};

/// How much is taken of a long answer before the next piece comes.
const TAKEN_MAX: usize = 256 << 10;

#[derive(Arbitrary, Debug)]
struct Input {
    speaks: u8,
    body_octets: Option<u16>,
    cut: Option<(u16, u8)>,
    pieces: Vec<Piece>,
}

#[derive(Arbitrary, Debug)]
enum Piece {
    Octets(Vec<u8>),
    Word(u8),
}

const WORDS: [&[u8]; 10] = [
    b"GET / HTTP/1.1\r\n",
    b"POST /bytes/70000 HTTP/1.1\r\n",
    b"Transfer-Encoding: chunked\r\n",
    b"Content-Length: 5\r\n",
    b"Expect: 100-continue\r\n",
    b"Connection: close\r\n",
    b"\r\n",
    b"5\r\nhello\r\n0\r\n\r\n",
    b"*2\r\n$4\r\nECHO\r\n$2\r\nab\r\n",
    b"\x16\x03\x01\x00\x10\x01",
];

fuzz_target!(|input: Input| {
    let speaks = match input.speaks % 3 {
        0 => Speaks::AsSpokenTo,
        1 => Speaks::Echo,
        _ => Speaks::Script { greeting: b"hi".to_vec(), answers: vec![b"yes".to_vec(), b"no".to_vec()] },
    };
    let cut = input.cut.map(|(after, how)| Cut {
        after_octets: after.into(),
        how: [CutHow::Reset, CutHow::Stall, CutHow::Close][usize::from(how % 3)],
    });
    let echoes = speaks == Speaks::Echo && cut.is_none();
    let service = Arc::new(Service { speaks, body_octets: input.body_octets.map(u64::from), cut });
    let mut session = Session::new(&service);
    take(&mut session);
    for piece in &input.pieces {
        let octets = match piece {
            Piece::Octets(octets) => octets,
            Piece::Word(word) => WORDS[usize::from(*word) % WORDS.len()],
        };
        session.received(octets);
        let said = take(&mut session);
        if echoes && octets.len() < 60_000 {
            assert_eq!(said, octets);
        }
    }
    session.ended();
    while !session.to_send().is_empty() {
        session.sent(session.to_send().len());
    }
    assert_ne!(session.wants(), Wants::Continue);
});

fn take(session: &mut Session) -> Vec<u8> {
    let mut all = Vec::new();
    while !session.to_send().is_empty() && all.len() < TAKEN_MAX {
        let count = session.to_send().len().div_ceil(2);
        all.extend_from_slice(&session.to_send()[..count]);
        session.sent(count);
    }
    all
}
