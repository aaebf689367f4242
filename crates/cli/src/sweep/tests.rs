//! The table, the totals, the objects and the report, from rows made by hand.

use std::time::Duration;

use serde_json::Value;
use synsent_explain::End;
use unicode_width::UnicodeWidthStr as _;

use super::junit::{self, Reported};
use super::lines::Lines;
use super::rows::Rows;
use super::seen::Seen;
use super::totals::{Totals, steady};
use super::{Closing, Paper};

const MILLIS: Duration = Duration::from_millis(1);

fn seen(case: &str, wire: &str, said: &str, took: Duration, end: End, line: &str) -> Seen {
    Seen {
        case: case.to_owned(),
        summary: format!("what {case} is"),
        wire: wire.to_owned(),
        said: said.to_owned(),
        has_tried: !said.is_empty(),
        is_connected: Some(said == "connected"),
        not_observed: None,
        ladder: None,
        took,
        end,
        line: line.to_owned(),
        stdout_tail: String::new(),
        stderr_tail: format!("{line}\n"),
        notes: Vec::new(),
        unmet: Vec::new(),
        record: format!("20260102-030405-{case}"),
    }
}

fn curl(millis: u32) -> String {
    format!("curl: (7) Failed to connect to shop.test port 80 after {millis} ms: Could not connect to server")
}

/// What a program such as curl does.
fn rows() -> Vec<Seen> {
    let icmp = "SYN, ICMP host unreachable from 10.1.0.1";
    let silent = Seen {
        ladder: Some("131 s ladder, 2 retries here".to_owned()),
        ..seen(
            "silent",
            "SYN ×3, no answer",
            "ETIMEDOUT",
            7_070 * MILLIS,
            End::Exited(28),
            "curl: (28) Connection timed out",
        )
    };
    vec![
        seen("connected", "SYN, SYN-ACK", "connected", 12 * MILLIS, End::Exited(0), ""),
        seen("refused", "SYN, RST from 10.2.0.2", "ECONNREFUSED", 9 * MILLIS, End::Exited(7), &curl(3)),
        seen("host-unreachable", icmp, "EHOSTUNREACH", 10 * MILLIS, End::Exited(7), &curl(12)),
        silent,
        seen(
            "closed-after-accept",
            "SYN, SYN-ACK, FIN from 10.2.0.2",
            "connected",
            11 * MILLIS,
            End::Signal { number: 11, name: "SIGSEGV".to_owned() },
            "",
        ),
        seen("accepted-then-silent", "SYN, SYN-ACK", "connected", 10_000 * MILLIS, End::TimeLimit(10_000_000), ""),
    ]
}

fn closing<'a>(program: &'a [String], telling: Option<&'a str>) -> Closing<'a> {
    let limit = Some(Duration::from_secs(10));
    Closing { took: Duration::from_millis(10_250), limit, seed: 271_828, program, telling, saved: None }
}

fn table(width: usize) -> String {
    let rows = rows();
    let mut out = Vec::new();
    {
        let stripped = anstream::StripStream::new(&mut out);
        let mut paper = Rows::new(stripped, width, rows.iter().map(|row| row.case.as_str()));
        rows.iter().try_for_each(|row| paper.row(row)).unwrap();
        let totals = Totals::of(&rows);
        let program = ["curl".to_owned()];
        paper.end(&totals, &closing(&program, totals.most_telling(&rows))).unwrap();
    }
    String::from_utf8(out).unwrap()
}

#[test]
fn every_line_of_the_table_fits_its_terminal() {
    for width in [60, 80, 120, 200] {
        let table = table(width);
        for line in table.lines() {
            assert!(line.width() <= width, "{width}: {} columns: {line}", line.width());
            assert_eq!(line.trim_end(), line, "nothing is written behind a line");
        }
    }
}

#[test]
fn nothing_of_a_row_is_lost_on_any_terminal() {
    for width in [60, 80, 120, 200] {
        let words: Vec<String> = table(width).split_whitespace().map(str::to_owned).collect();
        let all = words.join(" ");
        for row in rows() {
            for part in [&row.case, &row.said] {
                assert!(all.contains(part.as_str()), "{width}: {part}: {all}");
            }
        }
        for part in ["7.1 s", "SIGSEGV", "exit 28"] {
            assert!(all.contains(part), "{width}: {part}: {all}");
        }
    }
    let narrow = table(80);
    assert!(narrow.contains("\n    SYN ×3, no answer (131 s ladder, 2 retries here)\n"), "{narrow}");
    assert!(
        narrow.contains("\n    SYN, ICMP host unreachable from 10.1.0.1\n    curl: (7) Failed to connect"),
        "{narrow}"
    );
}

#[test]
fn a_wide_terminal_has_a_line_for_a_row() {
    let table = table(200);
    let row = "refused               SYN, RST from 10.2.0.2                    ECONNREFUSED                  9.0 ms   exit 7: curl: (7)";
    assert!(table.lines().any(|line| line.starts_with(row)), "{table}");
    assert_eq!(table.lines().next().unwrap().split("  ").filter(|head| !head.is_empty()).count(), 5, "{table}");
}

#[test]
fn the_last_lines_tell_what_no_row_does() {
    let table = table(200);
    let last: Vec<&str> = table.lines().skip_while(|line| !line.is_empty()).collect();
    assert_eq!(last[1], "6 outcomes in 10.2 s: 1 exit 0, 3 exit otherwise, 1 crashed, 1 ended by synsent");
    let same = "- 2 outcomes print the same line: \"curl: (7) Failed to connect to shop.test port 80 after … ms: Could not connect \
                to server\": refused, host-unreachable";
    assert_eq!(last[2], same);
    assert_eq!(last[3], "- 1 outcome fails without a word on standard error: closed-after-accept");
    assert_eq!(last[4], "- no timeout of its own within 10 s in 1 outcome, synsent ended it: accepted-then-silent");
    assert_eq!(last[5], "- took far longer than the others: silent 7.1 s");
    assert_eq!(last[6], "- crashes: closed-after-accept (SIGSEGV)");
    assert_eq!(last[8], "`synsent why closed-after-accept` shows that outcome packet by packet, and why");
    assert_eq!(last[9], "seed 271828: `--seed 271828` makes the lab lose and delay the same packets again");
}

#[test]
fn a_success_without_a_connection_is_found() {
    let refused = seen("refused", "SYN, RST", "ECONNREFUSED", 9 * MILLIS, End::Exited(0), "");
    let unknown = Seen { is_connected: None, not_observed: Some("ptrace is forbidden".to_owned()), ..refused.clone() };
    let totals = Totals::of(&[refused, Seen { case: "silent".to_owned(), ..unknown }]);
    assert_eq!(totals.success_without_connection, ["refused"]);
    assert_eq!(
        totals.findings(None),
        [
            "exit 0 though no connection held: refused",
            "connect() could not be observed, or not all of it: ptrace is forbidden: silent"
        ]
    );
}

#[test]
fn different_exit_codes_behind_the_same_line_are_told() {
    let with = |case: &str, code| seen(case, "", "ENOENT", MILLIS, End::Exited(code), "failed after 3ms");
    let totals = Totals::of(&[with("a", 1), with("b", 2), with("c", 2)]);
    assert_eq!(
        totals.findings(None),
        ["3 outcomes print the same line: \"failed after …\" (exit codes 1, 2): a, b, c"]
    );
}

#[test]
fn a_program_that_never_comes_to_the_lab_is_told_how() {
    let totals = Totals::of(&[seen("refused", "nothing", "", MILLIS, End::Exited(0), "")]);
    assert!(totals.findings(None)[0].contains("names that end in .test lead into the lab"), "{totals:?}");
}

#[test]
fn of_two_outcomes_the_slow_one_is_told_and_of_equals_none() {
    let after = |case: &str, took| seen(case, "", "ENOENT", took, End::Exited(7), "");
    let totals = Totals::of(&[after("refused", 9 * MILLIS), after("silent", 7_000 * MILLIS)]);
    assert_eq!(totals.took_long.iter().map(|long| long.outcome.as_str()).collect::<Vec<_>>(), ["silent"]);
    assert!(Totals::of(&[after("a", 7_000 * MILLIS), after("b", 7_000 * MILLIS)]).took_long.is_empty());
    assert_eq!(Totals::of(&[]), Totals::default());
}

#[test]
fn a_note_that_all_rows_have_is_told_once() {
    let mut rows = rows();
    rows.iter_mut().for_each(|row| row.notes.push("the line is a veth pair".to_owned()));
    rows[0].notes.push("no fresh /proc".to_owned());
    let findings = Totals::of(&rows).findings(None);
    assert!(findings.contains(&"the line is a veth pair: all".to_owned()), "{findings:?}");
    assert!(findings.contains(&"no fresh /proc: connected".to_owned()), "{findings:?}");
}

#[test]
fn what_is_not_as_expected_comes_first() {
    let mut rows = rows();
    rows[3].unmet.push("exit: expected 7, found 28".to_owned());
    let totals = Totals::of(&rows);
    assert_eq!(totals.findings(None)[0], "1 outcome not as expected: silent");
    assert_eq!(totals.most_telling(&rows), Some("silent"));
}

#[test]
fn numbers_that_change_by_themselves_are_no_difference() {
    for (line, kept) in [
        (curl(3).as_str(), "curl: (7) Failed to connect to shop.test port 80 after … ms: Could not connect to server"),
        ("timed out (0.25s)", "timed out (…)"),
        ("timed out after 10.0 seconds.", "timed out after … seconds."),
        ("connect ECONNREFUSED 10.2.0.2:80", "connect ECONNREFUSED 10.2.0.2:80"),
        ("10.1.0.2:40312 -> [fd00:2::2]:443: reset", "10.1.0.2:… -> [fd00:2::2]:443: reset"),
        ("2026-11-21 10:45:12.123 ERROR refused", "… … ERROR refused"),
        ("2026-11-21T10:45:12Z refused", "… refused"),
        ("<Socket at 0x7f3a5c001040>", "<Socket at …>"),
        ("[Errno 111] Connection refused", "[Errno 111] Connection refused"),
        ("3 retries, code 0x10, version 1.2.3", "3 retries, code 0x10, version 1.2.3"),
        ("", ""),
        ("  two  spaces", "  two  spaces"),
    ] {
        assert_eq!(steady(line), kept);
    }
}

#[test]
fn every_line_of_json_is_an_object_with_the_documented_fields() {
    let (rows, program) = (rows(), ["curl".to_owned(), "-sS".to_owned()]);
    let mut lines = Lines { out: Vec::new() };
    rows.iter().try_for_each(|row| lines.row(row)).unwrap();
    lines.failed("lossy", "no namespace").unwrap();
    lines.end(&Totals::of(&rows), &closing(&program, None)).unwrap();
    let text = String::from_utf8(lines.out).unwrap();
    let objects: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(objects.len(), rows.len() + 2);
    for field in [
        "outcome",
        "summary",
        "on_the_wire",
        "connect_said",
        "connected",
        "not_observed",
        "ladder",
        "took_seconds",
        "exit_code",
        "signal",
        "ended_by_synsent",
        "last_line",
        "notes",
        "changed",
        "run",
        "not_run",
    ] {
        assert!(objects[..=rows.len()].iter().all(|object| object.get(field).is_some()), "{field}");
    }
    assert_eq!(objects[1]["connect_said"], "ECONNREFUSED");
    assert_eq!(objects[1]["exit_code"], 7);
    assert_eq!(objects[3]["ladder"], "131 s ladder, 2 retries here");
    assert_eq!((&objects[4]["exit_code"], &objects[4]["signal"]), (&Value::Null, &Value::from("SIGSEGV")));
    assert_eq!(objects[5]["ended_by_synsent"], true);
    assert_eq!(objects[6]["not_run"], "no namespace");
    let last = &objects[7];
    assert_eq!((&last["seed"], &last["program"][1]), (&Value::from(271_828), &Value::from("-sS")));
    assert_eq!(last["totals"]["outcomes"], 6);
    assert_eq!(last["totals"]["same_line"][0]["outcomes"][1], "host-unreachable");
    assert_eq!(last["totals"]["crashed"][0]["signal"], "SIGSEGV");
    assert_eq!(last["totals"]["took_long"][0]["outcome"], "silent");
}

#[test]
fn a_case_of_the_report_fails_only_where_it_is_not_as_expected() {
    let mut rows = rows();
    rows[1].unmet.push("exit code: expected 0, now 7".to_owned());
    rows[2].stderr_tail = "\u{1b}[31mred & <blue>\u{0}".to_owned();
    let reported: Vec<Reported> = rows
        .into_iter()
        .map(|row| Reported::Seen(Box::new(row)))
        .chain([Reported::NotRun("lossy".to_owned(), "no namespace".to_owned())])
        .collect();
    let program = ["./client".to_owned(), "a&b".to_owned()];
    let text = junit::report(&reported, &closing(&program, None)).unwrap();
    let report = quick_junit::Report::deserialize_from_str(&text).unwrap();
    assert_eq!((report.tests, report.failures, report.errors), (7, 1, 1));
    let cases = &report.test_suites[0].test_cases;
    let names: Vec<&str> = cases.iter().map(|case| case.name.as_str()).collect();
    assert_eq!(names[..2], ["connected", "refused"]);
    assert!(cases.iter().all(|case| case.classname.as_ref().is_some_and(|class| class.as_str() == "./client")));
    assert!(text.contains("expected 0, now 7") && text.contains("connect() said: ECONNREFUSED"), "{text}");
    assert!(text.contains("red &amp; &lt;blue&gt;") && !text.contains('\0'), "{text}");
}
