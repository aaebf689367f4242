//! Pictures of runs made by hand.

use roxmltree::{Document, Node};

use super::*;
use crate::made::*;
use crate::record::{Fate, Said};

fn texts(document: &Document<'_>) -> Vec<String> {
    let texts = document.descendants().filter(|node| node.has_tag_name("text"));
    texts.filter_map(|node| node.text().map(str::to_owned)).collect()
}

fn number(node: Node<'_, '_>, name: &str) -> f64 {
    node.attribute(name).and_then(|text| text.parse().ok()).unwrap_or(f64::NAN)
}

/// A transfer with forty packets and long names.
fn transfer() -> Run {
    let mut made = Made::new("connected")
        .named()
        .asks(11_900, 22_400, 0, "")
        .opens(12_000)
        .call(23_000, 50, "sendto", Said::Value(74), "74 octets")
        .says(23_040, 0, 74);
    for index in 0..12u32 {
        let at_us = 33_100 + i64::from(index) * 900;
        let ack = segment(us(), target(), ACK, OURS.wrapping_add(75), THEIRS + 1 + (index + 1) * 1_000, 0);
        made = made.hears(at_us, DATA, index * 1_000, 1_000, 74).across(at_us + 60, true, &ack).call(
            at_us + 200,
            20,
            "recvfrom",
            Said::Value(1_000),
            "1000 octets",
        );
    }
    let mut run = made.hears(45_000, FIN, 12_000, 0, 74).ended(crate::End::Exited(0), 50_000, "").done();
    run.program = vec!["/usr/bin/a-program-with-a-rather-long-name".to_owned(), "<arguments>".to_owned()];
    run.hosts[2].name = "a-shop-with-a-very-long-name.example.test".to_owned();
    for packet in run.packets.iter_mut().filter(|packet| packet.line == "shop") {
        packet.line.clone_from(&run.hosts[2].name);
    }
    run
}

#[test]
fn a_picture_is_well_formed_and_says_in_words_what_it_shows() {
    let run = Made::new("refused")
        .syn(12_000)
        .verdict(12_400, "rule 1 of shop: refuse")
        .hears(12_900, RST, 0, 0, 0)
        .fails(11_900, 1_300, ECONNREFUSED, "ECONNREFUSED")
        .done();
    let picture = svg(&run);
    let document = Document::parse(&picture).unwrap();
    let root = document.root_element();
    assert_eq!(root.attribute("role"), Some("img"));
    let child = |name| root.children().find(|node| node.has_tag_name(("http://www.w3.org/2000/svg", name)));
    assert_eq!(child("title").unwrap().text(), Some("curl -sS http://shop.test/ · refused"));
    let described = child("desc").unwrap().text().unwrap();
    assert!(described.contains("ECONNREFUSED") && described.contains("SYN, RST from 10.2.0.2"), "{described}");
    let texts = texts(&document);
    for expected in ["curl", "kernel", "router", "shop", "connect()", "SYN", "RST", "ECONNREFUSED", "exits with 7"] {
        assert!(texts.iter().any(|text| text == expected), "no {expected} in {texts:?}");
    }
}

#[test]
fn a_picture_needs_nothing_from_outside_and_runs_nothing() {
    let mut run = transfer();
    run.program[1] = "<script>alert(1)</script>".to_owned();
    run.summary = "\"><image href='http://example.test/x'/>".to_owned();
    let picture = svg(&run);
    let document = Document::parse(&picture).unwrap();
    for node in document.descendants().filter(Node::is_element) {
        let name = node.tag_name().name();
        assert!(!matches!(name, "script" | "image" | "use" | "a" | "foreignObject"), "{name}");
        assert!(node.attributes().all(|attribute| !attribute.name().ends_with("href")), "{name}");
    }
    assert!(!picture.contains("url(") && !picture.contains("@import"));
}

#[test]
fn nothing_stands_outside_of_the_picture() {
    let syn = segment(us(), target(), SYN, OURS, 0, 0);
    let lossy = Made::new("lossy")
        .on("us", 1_000, true, Fate::QueueFull, &syn)
        .syn(1_001_000)
        .verdict(1_001_500, &"a rule with very many words ".repeat(4))
        .fails(900, 7_070_000, ETIMEDOUT, "ETIMEDOUT")
        .ended(crate::End::Exited(28), 7_080_000, "")
        .done();
    for run in [transfer(), lossy] {
        let picture = svg(&run);
        let document = Document::parse(&picture).unwrap();
        let (width, height) = (number(document.root_element(), "width"), number(document.root_element(), "height"));
        for node in document.descendants().filter(|node| node.has_tag_name("text")) {
            let (x, y, text) = (number(node, "x"), number(node, "y"), node.text().unwrap_or_default());
            let size = node.attribute("font-size").and_then(|size| size.parse().ok()).unwrap_or(12.0);
            let len = text.chars().count() as f64 * size * 0.61;
            let left = match node.attribute("text-anchor") {
                Some("middle") => x - len / 2.0,
                Some("end") => x - len,
                _ => x,
            };
            assert!(left >= 0.0 && left + len <= width && y > 0.0 && y < height, "{text} at {left}, {y}");
        }
    }
}

#[test]
fn an_arrow_ends_below_its_beginning_and_later_rows_stand_lower() {
    let ladder = lay_out(&transfer());
    let places = Places::of(&ladder);
    assert!(places.rows.windows(2).all(|pair| pair[0].begin + 20 <= pair[1].begin), "rows have room for their words");
    for (row, place) in ladder.rows.iter().zip(&places.rows).filter(|(row, _)| row.via.is_some()) {
        assert!(place.begin < place.via && place.via < place.end, "{row:?} {place:?}");
    }
}

#[test]
fn a_picture_is_bounded() {
    let made = (0..3_000).fold(Made::new("x"), |made, at| made.syn(at * 500_000));
    let picture = svg(&made.done());
    let document = Document::parse(&picture).unwrap();
    assert!(number(document.root_element(), "height") < 30_000.0);
    assert!(picture.len() < 600_000, "{}", picture.len());
}

#[test]
fn what_is_said_about_a_column_is_whole_and_crosses_no_other_lifeline() {
    let said = "rule 1 of shop (tcp 10.2.0.2, port 80): the SYN is not answered";
    let other = segment(at("10.1.0.2:40001"), at("10.9.0.2:80"), SYN, 7, 0, 0);
    let made =
        Made::new("two hosts").syn(12_000).verdict(12_400, said).on("other", 13_000, true, Fate::Carried, &other);
    let ladder = lay_out(&made.done());
    let places = Places::of(&ladder);
    let row = ladder.rows.iter().find(|row| row.kind == RowKind::Verdict).unwrap();
    assert_eq!(places::beside_words(row), said);
    let (from, next) = (places.column(row.from), places.column(row.from + 1));
    assert!(from + 34 + places::text_width(said) <= next, "{from} {next}");
}

#[test]
fn what_a_run_was_is_whole_where_there_is_room() {
    let mut run = transfer();
    run.summary =
        "SYNs to the first address of each family vanish; at the second ones, 10.2.0.3 and fd00:2::3, it works"
            .to_owned();
    assert!(svg(&run).contains(&format!(">{}<", run.summary)));
}
