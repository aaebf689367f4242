//! Whatever a record says, it is explained without a panic, in bounded time and text: contradictory times, cut packets, huge counts.

mod strange;

use proptest::collection::vec;
use proptest::prelude::*;
use synsent_explain::{
    DialectSaid, End, Fate, Ladder, Observation, Packet, Run, Style, attempts, comments, packet_words, said_line, text,
    why, wire_line,
};
use synsent_wire::ip::Protocol;
use synsent_wire::tcp::Flags;

use strange::{in_packet, packet, run};

fn is_clean(text: &str) -> bool {
    text.chars().all(|one| one == '\n' || !one.is_control())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn any_record_is_explained(run in run(), width in 0usize..200) {
        let why = why(&run);
        prop_assert_eq!(why.because.len(), 2);
        for line in [said_line(&run), wire_line(&run)].iter().chain(&why.because).chain(&why.seen).chain(&why.lab) {
            prop_assert!(is_clean(line) && !line.contains('\n'), "{:?}", line);
        }
        for packet in &run.packets {
            prop_assert!(is_clean(&packet_words(packet)));
        }
        let connects = run.calls.iter().filter(|call| call.name == "connect").count();
        prop_assert!(attempts(&run).len() <= connects);
        let said = DialectSaid {
            dialect: run.case.clone(),
            name: run.summary.clone(),
            number: Some(i64::MIN),
            clause: run.kernel.clone(),
            sentence: run.stderr_tail.clone(),
            took_ms: Some(u64::MAX),
        };
        let files = [(run.case.clone(), run.summary.clone())];
        let page = text(&run, &why, &[said], &files, width, Style::default());
        prop_assert!(is_clean(&page), "{:?}", page);
        prop_assert_eq!(comments(&run).len(), run.packets.len());
    }

    #[test]
    fn a_record_is_explained_the_same_after_it_was_written_and_read(run in run()) {
        let again: Run = serde_json::from_str(&serde_json::to_string(&run).unwrap()).unwrap();
        prop_assert_eq!(why(&again), why(&run));
    }

    #[test]
    fn no_result_of_connect_comes_from_packets(run in run(), packets in vec(packet(), 0..40)) {
        let results = |run: &Run| attempts(run).into_iter().map(|one| (one.said, one.how)).collect::<Vec<_>>();
        let other = Run { packets, ..run.clone() };
        prop_assert_eq!(results(&run), results(&other));
    }
}

#[test]
fn a_record_of_thousands_of_connections_is_explained_in_a_page() {
    let syn = |port: u16| {
        let (from, to) = ("10.1.0.2".parse().unwrap(), "10.2.0.2".parse().unwrap());
        let mut octets = in_packet(from, to, Protocol::TCP, 64, &[0; 20]);
        octets[20..24].copy_from_slice(&[(port >> 8) as u8, port as u8, 0, 80]);
        octets[32..34].copy_from_slice(&[0x50, Flags::SYN.0]);
        octets
    };
    let packets = (0..4_000u16).map(|count| Packet {
        at_us: i64::from(count),
        line: "us".to_owned(),
        outward: true,
        fate: Fate::Carried,
        len: 40,
        octets: syn(count + 1_000),
    });
    let run = Run { packets: packets.collect(), ..empty() };
    assert_eq!(wire_line(&run), "4000 times SYN, no answer");
    let why = why(&run);
    assert_eq!(why.cause, "silence");
    assert!(text(&run, &why, &[], &[], 80, Style::default()).lines().count() < 400);
}

fn empty() -> Run {
    Run {
        version: 1,
        case: String::new(),
        summary: String::new(),
        program: Vec::new(),
        seed: 0,
        scenario: String::new(),
        began_unix_nanos: 0,
        took_us: 5_000_000,
        kernel: String::new(),
        ladder: Ladder { syn_retries: 3, default_syn_retries: 6, linear_timeouts: 4, default_linear_timeouts: 4 },
        own_addresses: vec!["10.1.0.2".parse().unwrap()],
        hosts: Vec::new(),
        packets: Vec::new(),
        packets_left_out: 0,
        packets_left_out_before: None,
        calls: Vec::new(),
        calls_left_out: 0,
        observation: Observation::Full,
        verdicts: Vec::new(),
        lookups: Vec::new(),
        end: End::Exited(1),
        stdout_tail: String::new(),
        stderr_tail: String::new(),
        notes: Vec::new(),
    }
}
