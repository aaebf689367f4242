//! Records as nobody would make them, for properties that hold of every record that can be read.

use std::net::{IpAddr, SocketAddr};

use proptest::prelude::*;

use crate::made::*;
use crate::record::{Asked, Call, End, Fate, HostSeen, Lookup, Observation, Packet, Run, Said, SocketKind, Verdict};

/// Any record: real packets and damaged ones, times in and out of order, names of all kinds.
pub(crate) fn run() -> impl Strategy<Value = Run> {
    let parts = (
        prop::collection::vec(packet(), 0..60),
        prop::collection::vec(call(), 0..60),
        prop::collection::vec((time(), name(), address(), address(), text()), 0..10),
        prop::collection::vec((time(), name(), text(), asked()), 0..10),
        prop::collection::vec((name(), prop::collection::vec(address(), 0..4)), 0..10),
        (prop::collection::vec(text(), 0..4), text(), text(), end(), any::<u64>(), observation()),
    );
    parts.prop_map(|(packets, calls, verdicts, lookups, hosts, (program, words, output, end, took_us, observation))| {
        let mut run = Made::new(&words).run;
        (run.packets, run.calls, run.program, run.end, run.took_us) = (packets, calls, program, end, took_us);
        (run.summary, run.stderr_tail, run.stdout_tail) = (words.clone(), output.clone(), output);
        run.observation = observation;
        run.packets_left_out = took_us % 3;
        run.calls_left_out = took_us % 5;
        run.notes = vec![words];
        run.verdicts.extend(verdicts.into_iter().map(|(at_us, host, from, to, words)| Verdict {
            at_us,
            host,
            from,
            to,
            words,
        }));
        run.lookups.extend(lookups.into_iter().map(|(at_us, name, kind, answer)| Lookup { at_us, name, kind, answer }));
        run.hosts.extend(
            hosts
                .into_iter()
                .map(|(name, addresses)| HostSeen { name, addresses: addresses.iter().map(SocketAddr::ip).collect() }),
        );
        run
    })
}

fn time() -> impl Strategy<Value = i64> {
    prop_oneof![8 => 0..5_000_000i64, 1 => any::<i64>(), 1 => Just(i64::MIN), 1 => Just(i64::MAX)]
}

fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => "[a-z.]{0,12}",
        2 => any::<String>(),
        1 => Just("\u{1b}[2J\n<script>&\u{202e}日本語\u{ffff}\u{0}".to_owned()),
        1 => Just("long ".repeat(400)),
    ]
}

fn name() -> impl Strategy<Value = String> {
    prop_oneof![3 => Just("us".to_owned()), 3 => Just("shop".to_owned()), 1 => Just("router".to_owned()), 1 => text()]
}

fn address() -> impl Strategy<Value = SocketAddr> {
    let any_address = (any::<IpAddr>(), any::<u16>()).prop_map(|(ip, port)| SocketAddr::new(ip, port));
    prop_oneof![3 => Just(us()), 3 => Just(target()), 1 => Just(names()), 1 => any_address]
}

fn packet() -> impl Strategy<Value = Packet> {
    let real = (0u8..7, any::<u8>(), any::<u32>(), 0usize..200).prop_map(|(kind, flags, seq, octets)| {
        let syn = segment(us(), target(), SYN, OURS, 0, 0);
        match kind {
            0 => syn,
            1 => segment(target(), us(), synsent_wire::tcp::Flags(flags), seq, OURS.wrapping_add(1), octets),
            2 => segment(us(), target(), synsent_wire::tcp::Flags(flags), seq, 0, octets),
            3 => icmp(ROUTER, if flags < 128 { 3 } else { 11 }, flags % 16, 1_280, &syn),
            4 => dns(at("10.1.0.2:5000"), names(), 1, None, "shop.test", u16::from(flags)),
            5 => dns(names(), at("10.1.0.2:5000"), 1, Some((flags % 7, u16::from(flags % 3))), "shop.test", 1),
            _ => datagram(us(), target(), &vec![flags; octets]),
        }
    });
    let octets = prop_oneof![
        6 => real.clone(),
        2 => (real, any::<prop::sample::Index>(), any::<u8>()).prop_map(|(mut octets, at, octet)| {
            let at = at.index(octets.len());
            octets[at] = octet;
            octets.truncate(at.max(20) + usize::from(octet));
            octets
        }),
        1 => prop::collection::vec(any::<u8>(), 0..100),
    ];
    let fate = prop_oneof![
        8 => Just(Fate::Carried), 1 => Just(Fate::Lost), 1 => Just(Fate::Damaged), 1 => Just(Fate::Doubled),
        1 => Just(Fate::TooBig), 1 => Just(Fate::QueueFull), 1 => Just(Fate::Down), 1 => Just(Fate::Ruled)
    ];
    (time(), name(), any::<bool>(), fate, octets, prop_oneof![4 => Just(None), 1 => any::<usize>().prop_map(Some)])
        .prop_map(|(at_us, line, outward, fate, octets, len)| {
            let len = len.unwrap_or(octets.len());
            Packet { at_us, line, outward, fate, len, octets }
        })
}

fn call() -> impl Strategy<Value = Call> {
    let said = prop_oneof![
        any::<i64>().prop_map(Said::Value),
        Just(Said::Value(0)),
        (any::<i32>(), text()).prop_map(|(number, name)| Said::Error { number, name }),
        Just(error(EINPROGRESS, "EINPROGRESS")),
        Just(error(ECONNREFUSED, "ECONNREFUSED")),
        (any::<i32>(), text()).prop_map(|(number, name)| Said::Pending { number, name }),
        Just(Said::Pending { number: 0, name: String::new() }),
        Just(Said::Restarted),
        Just(Said::StillWaiting),
    ];
    let verb = prop_oneof![
        Just("connect".to_owned()),
        Just("getsockopt".to_owned()),
        Just("poll".to_owned()),
        Just("recvfrom".to_owned()),
        Just("sendto".to_owned()),
        Just("close".to_owned()),
        text()
    ];
    let kind = prop_oneof![Just(SocketKind::Stream), Just(SocketKind::Datagram), Just(SocketKind::Other)];
    let ids = (any::<u8>(), any::<u8>(), prop::option::of(0..4i32), prop::option::of(0..4u64));
    (time(), prop::option::of(time()), ids, verb, kind, prop::option::of(address()), said, text()).prop_map(
        |(began_us, ended_us, (process, thread, descriptor, socket), name, kind, peer, said, detail)| Call {
            began_us,
            ended_us,
            process: process.into(),
            thread: thread.into(),
            name,
            descriptor,
            socket,
            kind,
            peer,
            said,
            detail,
        },
    )
}

fn asked() -> impl Strategy<Value = Asked> {
    prop_oneof![
        prop::collection::vec(any::<IpAddr>(), 0..5).prop_map(Asked::Addresses),
        Just(Asked::NoSuchName),
        Just(Asked::Failed),
        Just(Asked::Silence),
    ]
}

fn end() -> impl Strategy<Value = End> {
    prop_oneof![
        any::<i32>().prop_map(End::Exited),
        (any::<i32>(), text()).prop_map(|(number, name)| End::Signal { number, name }),
        any::<u64>().prop_map(End::TimeLimit),
        Just(End::Interrupted),
    ]
}

fn observation() -> impl Strategy<Value = Observation> {
    prop_oneof![Just(Observation::Full), text().prop_map(Observation::Partly), text().prop_map(Observation::Not)]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn every_record_has_a_ladder_that_fits(run in run(), width in 1usize..220, ascii: bool) {
        let ladder = crate::ladder::lay_out(&run);
        let gaps = ladder.rows.iter().filter(|row| row.kind == crate::ladder::RowKind::Gap).count();
        prop_assert!(ladder.rows.len() - gaps <= crate::ladder::ROWS_MAX);
        prop_assert!(ladder.rows.iter().all(|row| row.from.max(row.to) < ladder.columns.len()));
        let drawn = crate::ladder::text(&ladder, width, crate::Style { ascii, colours: false });
        for line in drawn.lines() {
            prop_assert!(unicode_width::UnicodeWidthStr::width(line) <= width, "{}: {}", width, line);
            prop_assert!(!line.chars().any(char::is_control) && (!ascii || line.is_ascii()), "{}", line);
        }
    }

    #[test]
    fn every_record_has_a_picture_that_can_be_read(run in run()) {
        let picture = crate::svg(&run);
        prop_assert!(roxmltree::Document::parse(&picture).is_ok(), "{}", picture);
        prop_assert!(picture.len() < 1_000_000);
    }

    #[test]
    fn every_record_has_a_page_without_a_script(run in run()) {
        let page = crate::html(&run, &crate::why(&run), &[], &[]);
        prop_assert!(!page.contains("<script"));
        let body = &page[page.find("<body>").unwrap()..page.find("</html>").unwrap()];
        prop_assert!(roxmltree::Document::parse(body).is_ok(), "{}", body);
    }

    #[test]
    fn every_packet_has_one_comment_on_one_line(run in run()) {
        let comments = crate::comments(&run);
        prop_assert_eq!(comments.len(), run.packets.len());
        for comment in comments {
            prop_assert!(!comment.is_empty() && !comment.chars().any(char::is_control));
            prop_assert!(comment.chars().count() <= crate::COMMENT_MAX);
        }
    }
}
