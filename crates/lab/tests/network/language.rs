//! The language of scenarios: what is written comes back as the same, what a case takes from where, what is expected of a program, and
//! mistakes with their places.

use synsent_lab::{
    Case, Exit, Rng, SCENARIO_CASES_MAX, SCENARIO_EXPECTED_MAX, SCENARIO_FILE_HOSTS_MAX, SCENARIO_FILE_PORTS_MAX,
    SCENARIO_NAMES_MAX, SCENARIO_PATTERN_OCTETS_MAX, SCENARIO_RECORDS_MAX, SCENARIO_TEXT_OCTETS_MAX, Scenario,
    Scenarios, cases,
};
use synsent_stack::Duration;

const EXAMPLES: [&str; 6] = [
    include_str!("../../../../scenarios/web.toml"),
    include_str!("../../../../scenarios/unreachable.toml"),
    include_str!("../../../../scenarios/no-route.toml"),
    include_str!("../../../../scenarios/retry.toml"),
    include_str!("../../../../scenarios/flaky.toml"),
    include_str!("../../../../scenarios/database.toml"),
];

/// How many random files are written, read and written again.
const WRITTEN: u64 = 400;
/// How many damaged files are read.
const DAMAGED: usize = 400;

fn parsed(text: &str) -> Scenarios {
    Scenarios::parse(text).unwrap_or_else(|error| panic!("{error}\n{text}"))
}

fn mistake(text: &str) -> String {
    Scenarios::parse(text).expect_err(text).to_string()
}

#[test]
fn what_is_written_is_read_as_the_same() {
    for text in EXAMPLES {
        let read = parsed(text);
        assert_eq!(parsed(&read.emit()), read, "{}", read.emit());
    }
    let table = Scenarios::of(cases().to_vec()).unwrap();
    // Without their table, cases that are like nothing stand for themselves.
    let alone: Vec<Case> = cases().iter().map(|case| Case { like: None, ..case.clone() }).collect();
    assert_eq!(parsed(&table.emit()).cases(), alone);
}

/// What the reader says it knows, at each of these places.
fn known_at(text: &str) -> Vec<String> {
    let error = mistake(text);
    let (_, allowed) = error.split_once("expected one of ").expect(&error);
    let allowed = allowed.split_once("; did you mean").map_or(allowed, |(allowed, _)| allowed);
    allowed.split('`').skip(1).step_by(2).map(str::to_owned).collect()
}

#[test]
fn the_manual_of_the_language_is_right_and_names_every_word() {
    let manual = include_str!("../../../../scenarios/README.md");
    let example = manual.split("```toml\n").nth(1).and_then(|rest| rest.split("```").next()).expect("an example");
    parsed(example);
    let host = "[[host]]\nname = \"h\"\naddresses = [\"10.2.0.2\"]\n";
    for place in [
        "x = 1".to_owned(),
        "[us]\nx = 1".to_owned(),
        "[us.line]\nx = 1".to_owned(),
        "[names]\nx = 1".to_owned(),
        "[names]\ndoes = \"x\"".to_owned(),
        "[expect]\nx = 1".to_owned(),
        "[[case]]\nx = 1".to_owned(),
        format!("{host}x = 1"),
        format!("{host}port = [{{ x = 1 }}]"),
        format!("{host}otherwise = \"x\""),
    ] {
        for word in known_at(&place) {
            let is_named = manual.split(|one: char| !one.is_ascii_alphanumeric() && one != '-').any(|one| one == word);
            assert!(is_named, "{word}");
        }
    }
}

#[test]
fn whatever_is_written_is_read_as_the_same() {
    for seed in 0..WRITTEN {
        let text = Writer { rng: Rng::new(seed), text: String::new() }.file();
        let read = parsed(&text);
        let again = parsed(&read.emit());
        assert_eq!(again, read, "seed {seed}\n{text}\n----\n{}", read.emit());
        assert_eq!(again.emit(), read.emit());
    }
}

/// Writes files of everything that the language has, by chance.
struct Writer {
    rng: Rng,
    text: String,
}

impl Writer {
    fn file(mut self) -> String {
        if self.rng.chance(0.5) {
            self.scenario("");
            return self.text;
        }
        if self.rng.chance(0.3) {
            self.scenario("");
        }
        for number in 0..=self.rng.below(3) {
            self.line(&format!("[[case]]\nname = \"c{number}\"\nsummary = \"What \\\"happens\\\": ü\""));
            if self.rng.chance(0.6) {
                let like = self.rng.pick(cases()).name.clone();
                self.line(&format!("like = \"{like}\""));
            }
            self.scenario("case.");
        }
        self.text
    }

    fn scenario(&mut self, within: &str) {
        if self.rng.chance(0.3) {
            let seed = self.rng.below(1 << 40);
            self.line(&format!("seed = {seed}"));
        }
        if self.rng.chance(0.4) {
            self.line(&format!("[{within}us]"));
            self.maybe(&["free-ports = 0", "free-ports = 7"]);
            self.maybe(&["syn-retries = 2"]);
            self.maybe(&["routes = []", "routes = [\"10.0.0.0/8\", \"fd00::/16\"]"]);
            self.maybe(&["addresses = [\"10.9.0.2/16\"]"]);
            self.maybe_line();
        }
        if self.rng.chance(0.2) {
            self.line(&format!("[{within}router]\naddresses = [\"10.1.0.77\"]"));
        }
        if self.rng.chance(0.4) {
            self.line(&format!("[{within}names]"));
            self.maybe(&[
                "does = \"silent\"",
                "does = \"fails\"",
                "does = \"knows-nothing\"",
                "does = \"late\"\nafter = \"1.5s\"",
            ]);
            self.maybe(&["addresses = [\"10.1.0.99\"]", "addresses = []"]);
            self.maybe(&[
                "record = [{ name = \"a.b\", addresses = [] }, { name = \"*.c\", addresses = [\"10.3.3.3\"] }]",
            ]);
        }
        if self.rng.chance(0.4) {
            self.line(&format!("[{within}expect]"));
            self.maybe(&["exit = 0", "exit = [0, 7, \"SIGSEGV\"]", "exit = \"SIGABRT\"", "exit = [\"time-limit\", 3]"]);
            self.maybe(&["stdout = \"^ok\\\\d+$\"", "stdout = 'a\"b'"]);
            self.maybe(&["stderr = \"(?i)refused\""]);
            self.maybe(&["within = \"5s\"", "within = \"1234567us\"", "within = \"0.0000005s\""]);
            self.maybe(&["connect = \"connected\"", "connect = [\"ECONNREFUSED\", \"ETIMEDOUT\"]"]);
        }
        for number in 0..self.rng.below(4) {
            self.line(&format!(
                "[[{within}host]]\nname = \"h{number}\"\naddresses = [\"10.2.0.{}\", \"fd00:2::{}\"]",
                number + 2,
                number + 2
            ));
            self.maybe(&["names = []", "names = [\"shop.test\", \"*.test\", \"*\"]"]);
            self.maybe(&[
                "otherwise = \"silent\"",
                "otherwise = { does = \"stalls\", octets = 3 }",
                "otherwise = \"refuses\"",
            ]);
            self.maybe_line();
            self.ports();
        }
    }

    fn maybe_line(&mut self) {
        self.maybe(&[
            "line = { delay = \"5ms\", jitter = \"1.25ms\", loss = 0.1, duplicate = 1, reorder = 1e-7, corrupt = 0.25 }",
            "line = { rate = \"64kbit/s\", mtu = 1300 }",
            "line = { rate = \"1.5Mbit/s\", mtu = 9000, black-hole = false }",
            "line = { mtu = 1280, black-hole = true, delay = \"90min\" }",
        ]);
    }

    fn ports(&mut self) {
        let does = [
            "\"answers\"",
            "\"answers\", body = 70000",
            "\"answers-late\", after = \"3s\"",
            "\"answers-late\", unheard = 2, body = 1",
            "\"refuses\"",
            "\"silent\"",
            "\"withholds\"",
            "\"withholds-then-refuses\", after = \"3.5s\"",
            "\"backlog-full\"",
            "\"backlog-full\", backlog = 5",
            "\"resets\"",
            "\"closes\"",
            "\"says-nothing\"",
            "\"resets-in-body\", octets = 0",
            "\"closes-in-body\", octets = 10",
            "\"stalls\", octets = 5",
            "\"says\", text = \"+OK\\r\\n\"",
            "\"says\", greeting = \"\\u0001\\u007f\"",
            "\"says\", text = [\"a\", \"b\"], greeting = \"g\"",
            "\"network-unreachable\"",
            "\"host-unreachable\", by = \"host\"",
            "\"protocol-unreachable\"",
            "\"port-unreachable\", by = \"router\"",
            "\"prohibited\"",
            "\"time-exceeded\", by = \"router\"",
            "\"icmp\", v4 = [3, 4], v6 = [2, 0], mtu = 1280",
            "\"icmp\", v4 = [12, 0], pointer = 9",
            "\"icmp\", v6 = [4, 1]",
            "\"icmp\", v6 = [2, 0], mtu = 1280",
            "\"icmp\", v6 = [4, 1], mtu = 0, by = \"host\"",
            "\"icmp\", v4 = [3, 9], v6 = [4, 0], pointer = 0",
        ];
        let conditions = [
            "first = 1, ",
            "first = 3, ",
            "attempts = \"2\", ",
            "attempts = \"2..4\", ",
            "attempts = \"3..\", ",
            "from = \"2s\", ",
            "until = \"1.5s\", ",
            "from = \"1ms\", until = \"2ms\", first = 9, ",
        ];
        // Each port once, so that no row hides another one.
        for port in 0..self.rng.below(4) {
            let when = if self.rng.chance(0.5) { *self.rng.pick(&conditions) } else { "" };
            let does = *self.rng.pick(&does);
            let number = if port == 3 { String::new() } else { format!("number = {}, ", 80 + port) };
            let separator = if port == 0 { "port = [" } else { "" };
            self.line(&format!("{separator}    {{ {number}{when}does = {does} }},"));
            if port == 0 {
                continue;
            }
        }
        if self.text.trim_end().ends_with("},") {
            self.line("]");
        }
    }

    fn maybe(&mut self, lines: &[&str]) {
        if self.rng.chance(0.6) {
            let line = *self.rng.pick(lines);
            self.line(line);
        }
    }

    fn line(&mut self, line: &str) {
        self.text.push_str(line);
        self.text.push('\n');
    }
}

#[test]
fn a_case_has_its_own_tables_before_those_it_is_like_and_those_before_the_top_of_the_file() {
    let file = parsed(
        "seed = 5\n[expect]\nexit = 7\nwithin = \"9s\"\n[us]\nsyn-retries = 4\n\
         [[host]]\nname = \"top\"\naddresses = [\"10.4.0.2\"]\n\
         [[case]]\nname = \"a\"\n\
         [[case]]\nname = \"b\"\nlike = \"refused\"\n[case.expect]\nexit = 1\n\
         [[case]]\nname = \"c\"\nlike = \"b\"\nsummary = \"Mine.\"\n[[case.host]]\nname = \"own\"\naddresses = [\"10.5.0.2\"]\n",
    );
    let names = |case: &str| file.case(case).unwrap().scenario.names().map(str::to_owned).collect::<Vec<_>>();
    assert_eq!((names("a"), names("b"), names("c")), (vec!["top".into()], vec!["target".into()], vec!["own".into()]));
    let case = |name| file.case(name).unwrap();
    assert_eq!(case("a").scenario.expect().exit, [Exit::Code(7)]);
    assert_eq!(case("a").scenario.expect().within, Some(Duration::from_secs(9)));
    assert_eq!((case("a").scenario.seed(), case("a").scenario.syn_retries()), (5, Some(4)));
    // An outcome that says nothing unusual of us leaves that to the top of the file.
    assert_eq!(case("b").scenario.syn_retries(), Some(4));
    // A table replaces a table: no key of the one at the top is left in the case's own.
    assert_eq!((&case("b").scenario.expect().exit, case("b").scenario.expect().within), (&vec![Exit::Code(1)], None));
    assert_eq!(case("c").scenario.expect(), case("b").scenario.expect());
    assert!(case("b").summary.contains("RST") && case("c").summary == "Mine.");
    assert!(!file.is_nameless() && file.case("refused").is_none());
}

#[test]
fn a_saved_case_says_only_what_is_its_own() {
    let refused = cases().iter().find(|case| case.name == "refused").unwrap();
    let file = parsed("[expect]\nexit = 7\nconnect = \"ECONNREFUSED\"");
    let expect = file.cases()[0].scenario.expect().clone();
    let scenario = refused.scenario.clone().expecting(expect);
    let saved = Scenarios::of(vec![Case { like: Some("refused".to_owned()), scenario, ..refused.clone() }]).unwrap();
    assert_eq!(
        saved.emit(),
        "[[case]]\nname = \"refused\"\nlike = \"refused\"\n\n[case.expect]\nexit = 7\nconnect = \"ECONNREFUSED\"\n"
    );
    assert_eq!(parsed(&saved.emit()), saved);
}

#[test]
fn expectations_are_held() {
    let file = parsed(
        "[expect]\nexit = [0, \"SIGSEGV\", \"time-limit\"]\nstdout = \"^HTTP/1\\\\.1 200$\"\nstderr = \"refused\"\nwithin = \"1500ms\"\nconnect = \"connected\"\nconnect-all = [\"EINTR\", \"connected\"]",
    );
    let expect = file.cases()[0].scenario.expect();
    assert_eq!(expect.exit, [Exit::Code(0), Exit::Signal("SIGSEGV".to_owned()), Exit::TimeLimit]);
    assert_eq!(expect.within, Some(Duration::from_millis(1_500)));
    assert_eq!(expect.connect, ["connected"]);
    assert_eq!(expect.connect_all, ["EINTR", "connected"]);
    let case = Case { name: "a".to_owned(), ..file.cases()[0].clone() };
    let saved = Scenarios::of(vec![case]).unwrap();
    assert_eq!(parsed(&saved.emit()).cases()[0].scenario.expect(), expect);
    let stdout = expect.stdout.as_ref().unwrap();
    assert!(stdout.is_in(b"first\nHTTP/1.1 200\nlast") && !stdout.is_in(b"HTTP/1.1 2000") && !stdout.is_in(b"\xff"));
    assert!(!expect.is_empty() && parsed("").cases()[0].scenario.expect().is_empty());
}

#[test]
fn a_mistake_is_told_with_its_line_its_column_and_what_is_allowed() {
    let host = "[[host]]\nname = \"h\"\naddresses = [\"10.2.0.2\"]\n";
    let row = |row: &str| format!("{host}port = [\n    {{ {row} }},\n]");
    let rows = |one: &str, two: &str| format!("{host}port = [\n    {{ {one} }},\n    {{ {two} }},\n]");
    for (text, place, words) in [
        (row("number = 80, does = \"refused\""), "5:27", "did you mean `refuses`?"),
        (row("number = 80, does = \"refuses\", firts = 2"), "5:38", "did you mean `first`?"),
        (
            row("does = \"answers-late\""),
            "5:14",
            "answers-late needs a time: after = \"3s\", or a number of SYNs: unheard = 2",
        ),
        (row("does = \"answers-late\", after = \"1s\", unheard = 2"), "5:54", "takes `after` or `unheard`, not both"),
        (row("does = \"withholds-then-refuses\""), "5:14", "needs a time"),
        (row("does = \"stalls\""), "5:14", "stalls needs a number of octets of the body: octets = 1000"),
        (row("does = \"says\""), "5:14", "says needs something to say"),
        (row("does = \"icmp\""), "5:14", "icmp needs type and code: v4 = [3, 13], v6 = [1, 1]"),
        (row("does = \"icmp\", v4 = [8, 0]"), "5:27", "type 8 is no error: 3, 4, 5, 11 or 12"),
        (row("does = \"icmp\", v6 = [128, 0]"), "5:27", "type 128 is no error: 0 to 127"),
        (row("does = \"icmp\", v4 = [3, 4], mtu = 9, pointer = 1"), "5:41", "an `mtu` or a `pointer`, not both"),
        (row("does = \"closes\", octets = 3"), "5:33", "`octets` means nothing to closes"),
        (row("does = \"silent\", by = \"host\""), "5:29", "`by` means nothing to silent"),
        (row("does = \"prohibited\", by = \"me\""), "5:33", "expected `router` or `host`"),
        (row("does = \"answers\", body = 9000000000"), "5:32", "9000000000 octets are too many"),
        (row("does = \"refuses\", first = 0"), "5:33", "the first 0 attempts are none: 1 or more"),
        (row("does = \"refuses\", first = 1, attempts = \"2\""), "5:47", "write one of them"),
        (row("does = \"refuses\", attempts = \"3..2\""), "5:36", "write \"2\", \"2..3\" or \"4..\", counted from 1"),
        (row("does = \"refuses\", attempts = \"0\""), "5:36", "`0` are no attempts"),
        (row("does = \"refuses\", from = \"5s\", until = \"2s\""), "5:46", "no time is from 5s until 2s"),
        (
            rows("number = 80, does = \"silent\"", "number = 80, does = \"answers\""),
            "6:16",
            "no attempt reaches this row",
        ),
        (rows("does = \"silent\"", "number = 80, does = \"answers\""), "6:16", "no attempt reaches this row"),
        (
            rows("first = 3, does = \"silent\"", "attempts = \"2..3\", number = 1, does = \"answers\""),
            "6:35",
            "at port 1 of h",
        ),
        (format!("{host}otherwise = \"slient\""), "4:13", "did you mean `silent`?"),
        (
            format!("{host}otherwise = {{ does = \"silent\", first = 2 }}"),
            "4:40",
            "`first` means nothing to `otherwise`",
        ),
        (format!("{host}otherwise = {{ does = \"icmp\", v4 = [3, 1] }}"), "4:22", "write `v4` and `v6`"),
        (format!("{host}otherwise = 3"), "4:13", "a word such as \"silent\""),
        (
            format!("{host}names = [\"a..b\"]"),
            "4:10",
            "`a..b` is no name: write one such as \"shop.test\", \"*.test\" or \"*\"",
        ),
        (format!("{host}names = [\"a\", \"A\"]"), "4:15", "A stands here twice"),
        (format!("{host}line = {{ black-hole = true }}"), "4:23", "write `mtu` as well"),
        ("[us]\nsyn-retries = 0".to_owned(), "2:15", "a SYN cannot be repeated 0 times: 1 to 127"),
        ("[us]\nfree-ports = 65000".to_owned(), "2:14", "65000 ports cannot be free: 0 to 64512"),
        ("[names]\ndoes = \"late\"".to_owned(), "2:8", "late needs a time: after = \"3s\""),
        ("[names]\nafter = \"3s\"".to_owned(), "2:9", "`after` means something to \"late\" alone"),
        ("[names]\ndoes = \"nothing\"".to_owned(), "2:8", "`answers`, `silent`, `fails`, `knows-nothing`, `late`"),
        ("[names]\nrecord = [{ name = \"a b\", addresses = [] }]".to_owned(), "2:20", "`a b` is no name"),
        ("[expect]\nexit = 256".to_owned(), "2:8", "256 is no exit code: 0 to 255"),
        (
            "[expect]\nexit = \"SEGV\"".to_owned(),
            "2:8",
            "`SEGV` is no signal: write its name, such as \"SIGSEGV\", or \"time-limit\"",
        ),
        ("[expect]\nexit = []".to_owned(), "2:8", "0 exits cannot be expected: 1 to 16"),
        ("[expect]\nstdout = \"(\"".to_owned(), "2:10", "this is no regular expression: unclosed group"),
        (
            "[expect]\nconnect = \"refused\"".to_owned(),
            "2:11",
            "write \"connected\", or the name of an error in capital letters",
        ),
        ("[expect]\nwithin = 5".to_owned(), "2:10", "expected a string"),
        ("[[case]]\nsummary = \"x\"".to_owned(), "1:1", "missing field `name`"),
        ("[[case]]\nname = \"a b\"".to_owned(), "2:8", "cannot be the name of a case"),
        ("[[case]]\nname = \"a\"\n[[case]]\nname = \"a\"".to_owned(), "4:8", "there is a case a already"),
        ("[[case]]\nname = \"a\"\nlike = \"refuse\"".to_owned(), "3:8", "did you mean `refused`?"),
        (
            "[[case]]\nname = \"a\"\nlike = \"silent\"\nus.addresses = [\"10.2.0.2/8\"]".to_owned(),
            "3:8",
            "10.2.0.2 is taken already",
        ),
    ] {
        let error = mistake(&text);
        assert!(error.starts_with(&format!("{place}: ")) && error.contains(words), "{error}\nfor {text}");
        assert_eq!(error.lines().count(), 1, "{error}");
    }
    let error = Scenario::parse("[[case]]\nname = \"a\"").unwrap_err().to_string();
    assert_eq!(error, "1:1: this file has cases: choose one of them");
}

#[test]
fn rows_that_together_leave_nothing_over_hide_what_follows() {
    let host = |rows: &str| format!("[[host]]\nname = \"h\"\naddresses = [\"10.2.0.2\"]\nport = [{rows}]");
    let tail = "{ number = 80, does = \"silent\" }";
    let hidden = "{ first = 2, does = \"refuses\" }, { number = 80, attempts = \"3..\", does = \"closes\" }, ";
    assert!(mistake(&host(&format!("{hidden}{tail}"))).contains("no attempt reaches this row"));
    for reached in [
        "{ first = 2, does = \"refuses\" }, { number = 80, attempts = \"4..\", does = \"closes\" }, ",
        "{ first = 2, until = \"9s\", does = \"refuses\" }, { number = 80, attempts = \"3..\", does = \"closes\" }, ",
        "{ number = 80, does = \"icmp\", v4 = [3, 1] }, ",
        "{ number = 81, does = \"resets\" }, ",
    ] {
        parsed(&host(&format!("{reached}{tail}")));
    }
}

#[test]
fn cases_names_records_texts_and_patterns_are_bounded() {
    let many = |count: usize, one: &dyn Fn(usize) -> String| (0..count).map(one).collect::<String>();
    let cases = |count| many(count, &|n| format!("[[case]]\nname = \"c{n}\"\n"));
    let hosts = |cases: usize, hosts: usize| {
        let host = |n| format!("[[host]]\nname = \"h{n}\"\nnames = []\naddresses = [\"10.2.1.{n}\"]\n");
        many(hosts, &host) + &many(cases, &|n| format!("[[case]]\nname = \"c{n}\"\n"))
    };
    let host = "[[host]]\nname = \"h\"\naddresses = [\"10.2.0.2\"]\n";
    let rows = |count| {
        let row = |n| format!("[[host.port]]\nnumber = {}\ndoes = \"silent\"\n", n + 1);
        format!("{host}{}{}", many(1_024, &row), many(count, &|n| format!("[[case]]\nname = \"c{n}\"\n")))
    };
    let names = |count| format!("{host}names = [{}]", many(count, &|n| format!("\"n{n}\",")));
    let records =
        |count| format!("[names]\nrecord = [{}]", many(count, &|n| format!("{{ name = \"n{n}\", addresses = [] }},")));
    let says = |count: usize| format!("{host}port = [{{ does = \"says\", text = \"{}\" }}]", "x".repeat(count));
    let pattern = |count: usize| format!("[expect]\nstdout = \"{}\"", "x".repeat(count));
    let exits = |count| format!("[expect]\nexit = [{}]", many(count, &|_| "1,".to_owned()));
    for text in [
        cases(SCENARIO_CASES_MAX),
        hosts(SCENARIO_FILE_HOSTS_MAX / 64, 64),
        rows(SCENARIO_FILE_PORTS_MAX / 1_024),
        names(SCENARIO_NAMES_MAX),
        records(SCENARIO_RECORDS_MAX),
        says(SCENARIO_TEXT_OCTETS_MAX - 1),
        pattern(SCENARIO_PATTERN_OCTETS_MAX),
        exits(SCENARIO_EXPECTED_MAX),
    ] {
        parsed(&text);
    }
    for (text, words) in [
        (cases(SCENARIO_CASES_MAX + 1), "more than 256 cases"),
        (hosts(SCENARIO_FILE_HOSTS_MAX / 64 + 1, 64), "all cases together have more than 1024 hosts"),
        (rows(SCENARIO_FILE_PORTS_MAX / 1_024 + 1), "all cases together have more than 4096 rows for ports"),
        (names(SCENARIO_NAMES_MAX + 1), "at most 16 names"),
        (records(SCENARIO_RECORDS_MAX + 1), "more than 64 records"),
        (says(SCENARIO_TEXT_OCTETS_MAX), "a port says at most 4096 octets"),
        (pattern(SCENARIO_PATTERN_OCTETS_MAX + 1), "longer than 4096 octets"),
        (exits(SCENARIO_EXPECTED_MAX + 1), "17 exits cannot be expected: 1 to 16"),
        ("[expect]\nstdout = \"(((a{900}){900}){900})\"".to_owned(), "takes too much memory"),
        (format!("[expect]\nstdout = \"{}\"", "(".repeat(1_000)), "no regular expression"),
    ] {
        assert!(mistake(&text).contains(words), "{}", mistake(&text));
    }
}

/// Whatever stands in a file, it is read or refused, and what is read can be written.
#[test]
fn damaged_files_with_cases_are_refused_and_do_no_harm() {
    let mut rng = Rng::new(11);
    for _ in 0..DAMAGED {
        let mut octets = rng.pick(&EXAMPLES).as_bytes().to_vec();
        for _ in 0..=rng.below(4) {
            let at = rng.below(octets.len() as u64) as usize;
            let until = (at + rng.below(12) as usize).min(octets.len());
            let other = rng.below(octets.len() as u64) as usize;
            let part: Vec<u8> = octets[other..(other + rng.below(12) as usize).min(octets.len())].to_vec();
            octets.splice(at..until, part);
        }
        match Scenarios::parse(&String::from_utf8_lossy(&octets)) {
            Ok(read) => assert_eq!(parsed(&read.emit()), read),
            Err(error) => assert!(error.line > 0 && error.column > 0 && !error.what.is_empty()),
        }
    }
}
