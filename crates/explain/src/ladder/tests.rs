//! Ladders of runs made by hand.

use super::*;
use crate::made::*;
use crate::record::{Fate, Said};
use crate::style::Style;

fn refused() -> crate::Run {
    Made::new("refused")
        .named()
        .syn(12_000)
        .verdict(12_400, "rule 1 of shop: refuse")
        .hears(12_900, RST, 0, 0, 0)
        .asks(11_900, 13_100, ECONNREFUSED, "ECONNREFUSED")
        .done()
}

fn rows_of(run: &crate::Run) -> Vec<(RowKind, String, String, String)> {
    let ladder = lay_out(run);
    let name = |column: usize| ladder.columns[column].name.clone();
    ladder.rows.iter().map(|row| (row.kind, name(row.from), name(row.to), row.words.clone())).collect()
}

fn has(rows: &[(RowKind, String, String, String)], kind: RowKind, from: &str, to: &str, words: &str) -> usize {
    let looked_for = (kind, from.to_owned(), to.to_owned(), words.to_owned());
    rows.iter().position(|row| *row == looked_for).unwrap_or_else(|| panic!("no {looked_for:?} in {rows:#?}"))
}

#[test]
fn a_refusal_goes_down_the_ladder_and_comes_back() {
    let rows = rows_of(&refused());
    let order = [
        has(&rows, RowKind::Packet, "kernel", "router", "DNS? A shop.test"),
        has(&rows, RowKind::Packet, "router", "kernel", "DNS 10.2.0.2"),
        has(&rows, RowKind::Call, "curl", "kernel", "connect()"),
        has(&rows, RowKind::Packet, "kernel", "shop", "SYN"),
        has(&rows, RowKind::Verdict, "shop", "shop", "rule 1 of shop: refuse"),
        has(&rows, RowKind::Packet, "shop", "kernel", "RST"),
        has(&rows, RowKind::Answer, "kernel", "curl", "POLLOUT|POLLERR|POLLHUP"),
        has(&rows, RowKind::Call, "curl", "kernel", "getsockopt()"),
        has(&rows, RowKind::End, "curl", "curl", "exits with 7"),
    ];
    assert!(order.is_sorted(), "{order:?}");
    let ladder = lay_out(&refused());
    let names: Vec<&str> = ladder.columns.iter().map(|column| column.name.as_str()).collect();
    assert_eq!(names, ["curl", "kernel", "router", "names", "shop"]);
    let asked = ladder.rows.iter().find(|row| row.words == "getsockopt()").unwrap();
    assert_eq!((asked.note.as_str(), asked.tone), ("= SO_ERROR ECONNREFUSED", Tone::Bad));
    let syn = ladder.rows.iter().find(|row| row.words == "SYN").unwrap();
    assert_eq!(
        (syn.at_us, syn.via, syn.until_us),
        (12_000, Some((2, 12_300)), 12_400),
        "it had come when the rule decided"
    );
}

#[test]
fn a_lost_packet_says_why_and_silence_how_long() {
    let syn = |made: Made, at_us| made.on("us", at_us, true, Fate::Lost, &segment(us(), target(), SYN, OURS, 0, 0));
    let made = syn(syn(Made::new("lossy"), 1_000), 1_001_000);
    let run = made.fails(900, 3_070_000, ETIMEDOUT, "ETIMEDOUT").ended(crate::End::Exited(28), 3_080_000, "").done();
    let ladder = lay_out(&run);
    let rows: Vec<(&str, Option<&str>)> = ladder.rows.iter().map(|row| (row.words.as_str(), row.lost)).collect();
    let expected = [
        ("connect()", None),
        ("SYN", Some("lost")),
        ("1.00 s", None),
        ("SYN, second", Some("lost")),
        ("2.06 s", None),
        ("ETIMEDOUT", None),
        ("exits with 28", None),
    ];
    assert_eq!(rows, expected);
    let drawn = text(&ladder, 100, Style::default());
    assert!(drawn.contains("✗ lost"), "{drawn}");
    assert!(drawn.contains("⋮ 2.06 s"), "{drawn}");
    assert!(drawn.contains("◀"), "{drawn}");
    assert_eq!(ladder.rows[5].note, "connect(), 3.07 s");
}

#[test]
fn a_long_transfer_is_added_up() {
    let mut made = Made::new("connected").asks(900, 11_400, 0, "").opens(1_000);
    for index in 0..300 {
        made = made.hears(20_000 + i64::from(index) * 1_000, DATA, index * 1_000, 1_000, 0);
        let ack = segment(us(), target(), ACK, OURS.wrapping_add(1), THEIRS + 1 + index * 1_000, 0);
        made = made.across(20_100 + i64::from(index) * 1_000, true, &ack);
    }
    let run = made.hears(400_000, FIN, 300_000, 0, 0).ended(crate::End::Exited(0), 500_000, "").done();
    let ladder = lay_out(&run);
    assert!(ladder.rows.len() <= ROWS_MAX, "{}", ladder.rows.len());
    let words: Vec<&str> = ladder.rows.iter().map(|row| row.words.as_str()).collect();
    assert!(words.contains(&"data ×300, 300 kB"), "{words:?}");
    assert!(words.contains(&"FIN"), "{words:?}");
    let calls = (0..1_000).fold(Made::new("x"), |made, at| made.fails(at * 10, 5, ECONNREFUSED, "ECONNREFUSED")).done();
    let rows = lay_out(&calls).rows;
    assert_eq!(rows.len(), ROWS_MAX, "a limit of rows");
    assert!(rows.iter().any(|row| row.words == "802 rows left out"), "{rows:?}");
}

#[test]
fn calls_in_a_row_that_say_the_same_are_counted() {
    let made = (0..14).fold(Made::new("x"), |made, at| made.call(at * 100, 5, "poll", Said::Value(0), ""));
    assert_eq!(rows_of(&made.done())[0].3, "poll() ×14");
}

#[test]
fn no_line_is_wider_than_it_may_be() {
    let mut run = refused();
    run.program = vec!["/usr/bin/日本語-a-very-long-name-of-a-program".to_owned()];
    run.verdicts[0].words = "rule 1 of 日本語: ".to_owned() + &"refuse ".repeat(30);
    let ladder = lay_out(&run);
    for (width, ascii) in (1..=220).flat_map(|width| [(width, false), (width, true)]) {
        let drawn = text(&ladder, width, Style { ascii, colours: false });
        for line in drawn.lines() {
            assert!(unicode_width::UnicodeWidthStr::width(line) <= width, "{width}: {line}");
            assert!(!ascii || line.is_ascii(), "{line}");
        }
    }
}

#[test]
fn colours_only_where_they_are_asked_for() {
    let ladder = lay_out(&refused());
    assert!(!text(&ladder, 80, Style::default()).contains('\u{1b}'));
    let coloured = text(&ladder, 80, Style { ascii: false, colours: true });
    assert!(coloured.contains("\u{1b}[31m◀"), "a reset is red: {coloured}");
}

#[test]
fn the_other_end_of_a_line_that_nobody_knows_is_a_column_too() {
    let mut run = refused();
    run.hosts.clear();
    let names: Vec<String> = lay_out(&run).columns.into_iter().map(|column| column.name).collect();
    assert_eq!(names, ["curl", "kernel", "router", "shop"]);
    let many = |made: Made, host: u8| {
        let line = format!("host{host}");
        made.on(&line, i64::from(host), true, Fate::Carried, &segment(us(), target(), SYN, OURS, 0, 0))
    };
    let columns = lay_out(&(0..20).fold(Made::new("x"), many).done()).columns;
    assert_eq!(columns.len(), 3 + HOST_COLUMNS_MAX + 1, "a limit of columns");
    assert_eq!(columns.last().unwrap().name, "other hosts");
}

#[test]
fn several_peers_are_told_apart() {
    let other = at("10.2.0.3:80");
    let syn = segment(us(), other, SYN, 1, 0, 0);
    let run = Made::new("x").syn(1_000).across(2_000, true, &syn).hears(9_000, RST, 0, 0, 0).done();
    let rows = rows_of(&run);
    has(&rows, RowKind::Packet, "kernel", "shop", "SYN to 10.2.0.2");
    has(&rows, RowKind::Packet, "kernel", "shop", "SYN to 10.2.0.3");
    has(&rows, RowKind::Packet, "shop", "kernel", "RST from 10.2.0.2");
    let syn = segment(us(), at("10.2.0.2:443"), SYN, 1, 0, 0);
    let run = Made::new("x").syn(1_000).across(2_000, true, &syn).done();
    has(&rows_of(&run), RowKind::Packet, "kernel", "shop", "SYN to :443");
}

#[test]
fn times_are_read_at_a_glance() {
    let shown = [500, 12_400, -3_000, 200_900, 3_010_000, 134_100_000].map(clock);
    assert_eq!(shown, ["+0.5 ms", "+12.4 ms", "-3.0 ms", "+200.9 ms", "+3.010 s", "+134.1 s"]);
}

#[test]
fn calls_that_prepare_or_resolve_are_counted_and_not_shown() {
    let mut run = Made::new("x")
        .call(100, 10, "socket", Said::Value(3), "")
        .call_on(7, names(), 200, Some(300), "connect", Said::Value(0), "non-blocking")
        .call_on(7, names(), 400, Some(500), "sendmmsg", Said::Value(2), "")
        .call_on(8, target(), 600, Some(700), "connect", Said::Value(0), "blocking")
        .call_on(9, at("10.1.0.53:5353"), 800, Some(810), "sendto", Said::Value(10), "10 octets")
        .call(900, 10, "getpeername", Said::Value(0), "")
        .call_on(7, names(), 1_000, Some(5_001_000), "poll", Said::Value(0), "")
        .fails(5_002_000, 10, ENETUNREACH, "ENETUNREACH")
        .done();
    for call in run.calls.iter_mut().filter(|call| call.socket >= Some(7)) {
        call.kind = crate::SocketKind::Datagram;
    }
    let ladder = lay_out(&run);
    let calls = ladder.rows.iter().filter(|row| matches!(row.kind, RowKind::Call | RowKind::Answer));
    let words: Vec<&str> = calls.map(|row| row.words.as_str()).collect();
    assert_eq!(words, ["sendto()", "poll()", "0, time is up", "connect()"]);
    assert!(ladder.notes.iter().any(|note| note.starts_with("5 calls that prepared")), "{:?}", ladder.notes);
}

#[test]
fn events_of_poll_that_say_the_same_are_left_out() {
    let events = "POLLOUT|POLLERR|POLLHUP|POLLWRNORM";
    let run = Made::new("x").call(100, 10, "poll", Said::Value(1), events).done();
    assert_eq!(lay_out(&run).rows[0].note, "= POLLOUT|POLLERR|POLLHUP");
}

#[test]
fn packets_that_follow_each_other_at_once_are_one_row() {
    let data = |made: Made, index: u32| made.hears(20_000 + i64::from(index) * 10, DATA, index * 1_000, 1_000, 0);
    let run = (0..10).fold(Made::new("x").opens(1_000), data).hears(25_000, DATA, 10_000, 500, 0).done();
    let ladder = lay_out(&run);
    let row = ladder.rows.iter().find(|row| row.words == "data ×10, 10 kB").unwrap();
    assert_eq!((row.count, row.via, row.until_us), (10, Some((2, 20_000)), 20_190));
    assert!(ladder.rows.iter().any(|row| row.words == "data 500"), "{ladder:?}");
}

#[test]
fn a_list_in_a_narrow_terminal_has_all_the_words() {
    let made = Made::new("refused").syn(12_000).hears(22_000, RST, 0, 0, 0);
    let ladder = lay_out(&made.asks(11_900, 22_400, ECONNREFUSED, "ECONNREFUSED").done());
    let drawn = text(&ladder, 40, Style::default());
    let drawn = drawn.split_whitespace().collect::<Vec<_>>().join(" ");
    for row in &ladder.rows {
        assert!(drawn.contains(&row.words) && drawn.contains(&row.note), "{row:?} is not whole in {drawn}");
    }
    assert!(!drawn.contains('…'), "{drawn}");
}
