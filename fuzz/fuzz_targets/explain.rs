//! Octets become the record of a run: whatever it says, it is explained without a panic, and no control character gets into the text.
//!
//! Octets that are JSON are the record itself. Others are packets of a record: each begins with its time, its line and its length.

#![no_main]

use libfuzzer_sys::fuzz_target;
use synsent_explain::{Packet, Run, Style, attempts, comments, ladder::lay_out, record, said_line, svg, text, why, wire_line};

/// A record with nothing in it.
const EMPTY: &str = r#"{"version":1,"case":"fuzz","summary":"","program":["fuzz"],"seed":0,"scenario":"","began-unix-nanos":0,"took-us":9000000,
"kernel":"","ladder":{"syn-retries":3,"default-syn-retries":6,"linear-timeouts":4,"default-linear-timeouts":4},"own-addresses":["10.1.0.2"],"hosts":[],"packets":[],"packets-left-out":0,
"calls":[],"calls-left-out":0,"observation":"full","verdicts":[],"lookups":[],"end":{"exited":1},"stdout-tail":"","stderr-tail":"",
"notes":[]}"#;

const FATES: [record::Fate; 4] =
    [record::Fate::Carried, record::Fate::Carried, record::Fate::Lost, record::Fate::Ruled];

fuzz_target!(|octets: &[u8]| {
    let run: Run = serde_json::from_slice(octets).unwrap_or_else(|_| of_packets(octets));
    let why = why(&run);
    let page = text(&run, &why, &[], &[], 80, Style::default());
    assert!(page.chars().all(|one| one == '\n' || !one.is_control()), "{page:?}");
    assert!(!said_line(&run).contains('\n') && !wire_line(&run).contains('\n'));
    assert!(attempts(&run).len() <= run.calls.len());
    assert_eq!(comments(&run).len(), run.packets.len());
    assert!(lay_out(&run).columns.len() >= 2);
    assert!(svg(&run).starts_with("<"));
});

fn of_packets(mut octets: &[u8]) -> Run {
    let mut run: Run = serde_json::from_str(EMPTY).expect("it is a record");
    while let Some((&[high, low, how, kept], rest)) = octets.split_first_chunk() {
        let (packet, rest) = rest.split_at(rest.len().min(usize::from(kept)));
        run.packets.push(Packet {
            at_us: i64::from(i16::from_be_bytes([high, low])) * 500,
            line: if how & 1 == 0 { "us" } else { "shop" }.to_owned(),
            outward: how & 2 == 0,
            fate: FATES[usize::from(how >> 2 & 3)],
            len: if how & 16 == 0 { packet.len() } else { usize::MAX },
            octets: packet.to_vec(),
        });
        octets = rest;
    }
    run
}
