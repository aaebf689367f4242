//! The explanation as text: its sections, its width, and what may not reach a terminal.

use unicode_width::UnicodeWidthStr as _;

use super::*;
use crate::made::*;
use crate::record::Said;
use crate::why::why;

fn refused() -> Run {
    let rst = segment(target(), us(), RST, 0, OURS.wrapping_add(1), 0);
    Made::new("refused")
        .named()
        .syn(11_000)
        .across(22_200, false, &rst)
        .asks(10_900, 22_300, ECONNREFUSED, "ECONNREFUSED")
        .verdict(11_300, "rule 1 of shop: refuses")
        .done()
}

fn shown(run: &Run, width: usize, style: Style) -> String {
    let dialects = [DialectSaid {
        dialect: "winsock2".to_owned(),
        name: "WSAECONNREFUSED".to_owned(),
        number: Some(10_061),
        clause: "winsock2.connect.refused".to_owned(),
        sentence: "The attempt to connect was forcefully rejected.".to_owned(),
        took_ms: Some(11),
    }];
    let files = [("capture".to_owned(), "/tmp/runs/20251121-refused/capture.pcapng".to_owned())];
    text(run, &why(run), &dialects, &files, width, style)
}

#[test]
fn the_sections_stand_in_their_order() {
    let page = shown(&refused(), 100, Style::default());
    let heads: Vec<&str> = page.lines().filter(|line| line.starts_with(|one: char| one.is_ascii_uppercase())).collect();
    assert_eq!(
        heads,
        [
            "LADDER",
            "WHY",
            "NOT",
            "UNKNOWN",
            "THE LAB'S RULE (its own word, not the wire's)",
            "IN",
            "SEEN BY THE PROGRAM",
            "FILES",
        ]
    );
    let title: Vec<&str> = page.lines().take(3).collect();
    assert_eq!(
        title,
        [
            "refused: the case refused",
            "$ curl -sS http://shop.test/",
            "2025-11-21 10:55:12 UTC, took 50.0 ms, exit code 7",
        ]
    );
    for line in [
        "  10.2.0.2 itself answered the SYN to port 80 with a RST 11.2 ms after it was sent.",
        "  DNS: shop.test was answered with 10.2.0.2 in 10.0 ms",
        "  rule 1 of shop: refuses",
        "  connect(3, 10.2.0.2:80) = EINPROGRESS after 0.1 ms",
        "  on standard error: curl: (7) Failed to connect to shop.test port 80",
        "  capture: /tmp/runs/20251121-refused/capture.pcapng",
    ] {
        assert!(page.lines().any(|known| known == line), "{line:?} is not in\n{page}");
    }
    assert!(page.contains("winsock2: WSAECONNREFUSED (10061) after 11.0 ms [winsock2.connect.refused]"), "{page}");
}

#[test]
fn no_line_is_wider_than_asked_for() {
    let mut run = refused();
    run.program.push("x".repeat(500));
    run.stderr_tail = format!("{} {}\n", "漢".repeat(200), "y".repeat(300));
    for width in [0, 40, 41, 57, 80, 132, 300] {
        for line in shown(&run, width, Style::default()).lines() {
            let is_path = line.ends_with("/capture.pcapng");
            assert!(is_path || line.width() <= width.max(WIDTH_MIN), "{width}: {line}");
        }
    }
}

#[test]
fn what_a_program_or_a_record_says_cannot_drive_the_terminal() {
    let mut run = refused();
    let hostile = "\u{1b}]0;owned\u{7}\r\u{9b}2J\u{202e}";
    run.case = hostile.to_owned();
    run.summary = hostile.to_owned();
    run.program = vec![hostile.to_owned()];
    run.stderr_tail = hostile.to_owned();
    run.notes = vec![hostile.to_owned()];
    run.kernel = hostile.to_owned();
    run.verdicts[0].words = hostile.to_owned();
    run.lookups[0].name = hostile.to_owned();
    run.hosts[0].name = hostile.to_owned();
    for call in &mut run.calls {
        (call.name, call.detail) = (format!("connect{hostile}"), hostile.to_owned());
        call.said = Said::Error { number: 1, name: hostile.to_owned() };
    }
    let page = text(&run, &why(&run), &[], &[(hostile.to_owned(), hostile.to_owned())], 100, Style::default());
    let driving: Vec<char> =
        page.chars().filter(|one| (one.is_control() && *one != '\n') || *one == '\u{202e}').collect();
    assert!(driving.is_empty(), "{driving:?} in\n{page}");
}

#[test]
fn colours_come_only_when_asked_for_and_change_no_letter() {
    let plain = shown(&refused(), 100, Style::default());
    let coloured = shown(&refused(), 100, Style { colours: true, ..Style::default() });
    assert!(!plain.contains('\u{1b}'));
    assert!(coloured.contains("\u{1b}[1mWHY\u{1b}[0m"), "{coloured}");
    assert!(shown(&refused(), 100, Style { ascii: true, colours: false }).is_ascii());
}

#[test]
fn a_path_is_never_broken_and_a_capture_of_several_lines_is_explained() {
    let path = "    /tmp/runs/20251121-refused/capture.pcapng";
    let page = shown(&refused(), 40, Style::default());
    assert!(page.lines().any(|line| line == path), "{page}");
    let page = shown(&refused(), 100, Style::default());
    assert!(page.contains("once for each line") && page.contains("frame.interface_name == \"us\""), "{page}");
    let mut near = refused();
    near.packets.retain(|packet| packet.line == "us");
    assert!(!shown(&near, 100, Style::default()).contains("frame.interface_name"));
}
