//! A scenario as a file: what [`Scenarios::parse`] reads back as the same. What is usual, and what a case has from the one that it is like, is
//! left out.

use std::fmt::Display;
use std::net::IpAddr;

use synsent_stack::{Cidr, Duration};

use super::usual::{default_names, default_router};
use super::{Case, Expect, Host, Line, Names, OutputPattern, Placed, Scenario, Scenarios, Us};
use crate::names::NamesMode;
use crate::obstruct::{IcmpError, IcmpMessage};
use crate::rules::{By, Does, Late, Row, When};

/// A text that grows by tables and keys.
#[derive(Default)]
struct Text {
    text: String,
    /// What stands before the names of tables.
    within: &'static str,
}

impl Scenarios {
    /// The file.
    pub fn emit(&self) -> String {
        let mut text = Text::default();
        let usual = Scenario::plain();
        if self.is_nameless() {
            self.cases().iter().for_each(|case| text.scenario(&case.scenario, &usual));
            return text.text;
        }
        for (number, case) in self.cases().iter().enumerate() {
            let mut known = self.cases()[..number].iter().chain(crate::cases::cases());
            let base = case.like.as_ref().and_then(|like| known.find(|other| other.name == *like));
            text.case(case, base, &usual);
        }
        text.text
    }
}

impl Scenario {
    /// The file of this scenario alone.
    pub fn emit(&self) -> String {
        let mut text = Text::default();
        text.scenario(self, &Scenario::plain());
        text.text
    }
}

impl Text {
    fn case(&mut self, case: &Case, base: Option<&Case>, usual: &Scenario) {
        self.within = "case.";
        self.table("[[case]]");
        self.key("name", quoted(&case.name));
        if !case.summary.is_empty() && base.is_none_or(|base| base.summary != case.summary) {
            self.key("summary", quoted(&case.summary));
        }
        if let Some(base) = base {
            self.key("like", quoted(&base.name));
        }
        self.scenario(&case.scenario, base.map_or(usual, |base| &base.scenario));
    }

    fn scenario(&mut self, scenario: &Scenario, base: &Scenario) {
        let Scenario { seed, us, router, names, hosts, expect } = scenario;
        if *seed != base.seed {
            self.key("seed", seed);
        }
        if *hosts != base.hosts && hosts.is_empty() {
            self.key("host", "[]");
        }
        if *us != base.us {
            self.us(us);
        }
        if *router != base.router {
            self.inner("router");
            self.key("addresses", list(router.iter().map(|one| quoted(&one.value.to_string()))));
        }
        if *names != base.names {
            self.names(names);
        }
        if *hosts != base.hosts {
            hosts.iter().for_each(|host| self.host(host));
        }
        if *expect != base.expect {
            self.expect(expect);
        }
    }

    fn us(&mut self, us: &Us) {
        let usual = Us::plain();
        self.inner("us");
        let cidrs = |all: &[Placed<Cidr>]| list(all.iter().map(|one| quoted(&one.value.to_string())));
        if us.addresses != usual.addresses {
            self.key("addresses", cidrs(&us.addresses));
        }
        if us.routes != usual.routes {
            self.key("routes", cidrs(&us.routes));
        }
        self.line(&us.line);
        if let Some(free) = us.free_ports {
            self.key("free-ports", free);
        }
        if let Some(retries) = us.syn_retries {
            self.key("syn-retries", retries);
        }
    }

    fn names(&mut self, names: &Names) {
        self.inner("names");
        if names.addresses != Names::plain().addresses {
            self.key("addresses", addresses(&names.addresses));
        }
        let word = match names.mode {
            NamesMode::Answers => None,
            NamesMode::Silent => Some("silent"),
            NamesMode::ServerFails => Some("fails"),
            NamesMode::NoSuchName => Some("knows-nothing"),
            NamesMode::Late(_) => Some("late"),
        };
        if let Some(word) = word {
            self.key("does", quoted(word));
        }
        if let NamesMode::Late(after) = names.mode {
            self.key("after", span(after));
        }
        if !names.records.is_empty() {
            let record = |one: &super::Named| {
                format!("{{ name = {}, addresses = {} }}", quoted(&one.name.value), addresses(&one.addresses))
            };
            self.rows("record", names.records.iter().map(record));
        }
    }

    fn host(&mut self, host: &Host) {
        let within = self.within;
        self.table(&format!("[[{within}host]]"));
        self.key("name", quoted(&host.name.value));
        if host.names != default_names(&host.name) {
            self.key("names", list(host.names.iter().map(|name| quoted(&name.value))));
        }
        self.key("addresses", addresses(&host.addresses));
        self.line(&host.line);
        match does(&host.otherwise) {
            _ if host.otherwise == Does::Refuses => {}
            keys if keys.len() == 1 => self.key("otherwise", &keys[0].1),
            keys => self.key("otherwise", inline(&keys)),
        }
        if !host.rows.is_empty() {
            self.rows("port", host.rows.iter().map(|one| row(&one.value)));
        }
    }

    fn line(&mut self, line: &Line) {
        let faults = &line.faults;
        let mut keys = Vec::new();
        let spans = [("delay", faults.delay), ("jitter", faults.jitter)];
        keys.extend(spans.into_iter().filter(|(_, one)| !one.is_zero()).map(|(key, one)| (key, span(one))));
        let chances = [
            ("loss", faults.loss),
            ("duplicate", faults.duplicate),
            ("reorder", faults.reorder),
            ("corrupt", faults.corrupt),
        ];
        keys.extend(chances.into_iter().filter(|(_, one)| *one != 0.0).map(|(key, one)| (key, format!("{one:?}"))));
        keys.extend(faults.rate.map(|bits| ("rate", rate(bits))));
        if line.mtu != super::values::MTU || line.black_hole {
            keys.push(("mtu", line.mtu.to_string()));
        }
        if line.black_hole {
            keys.push(("black-hole", "true".to_owned()));
        }
        if !keys.is_empty() {
            self.key("line", inline(&keys));
        }
    }

    fn expect(&mut self, expect: &Expect) {
        self.inner("expect");
        let exits: Vec<String> = expect.exit.iter().map(exit).collect();
        self.one_or_list("exit", &exits);
        let pattern = |pattern: &OutputPattern| quoted(pattern.as_str());
        let words: Vec<String> = expect.connect.iter().map(|word| quoted(word)).collect();
        self.one_or_list("connect", &words);
        let words: Vec<String> = expect.connect_all.iter().map(|word| quoted(word)).collect();
        self.one_or_list("connect-all", &words);
        if let Some(stdout) = &expect.stdout {
            self.key("stdout", pattern(stdout));
        }
        if let Some(stderr) = &expect.stderr {
            self.key("stderr", pattern(stderr));
        }
        if let Some(within) = expect.within {
            self.key("within", span(within));
        }
    }

    fn one_or_list(&mut self, key: &str, values: &[String]) {
        match values {
            [] => {}
            [one] => self.key(key, one),
            all => self.key(key, list(all.iter().cloned())),
        }
    }

    fn inner(&mut self, name: &str) {
        let within = self.within;
        self.table(&format!("[{within}{name}]"));
    }

    fn table(&mut self, head: &str) {
        if !self.text.is_empty() {
            self.text.push('\n');
        }
        self.text.push_str(head);
        self.text.push('\n');
    }

    fn key(&mut self, key: &str, value: impl Display) {
        self.text.push_str(&format!("{key} = {value}\n"));
    }

    /// A list with a line for each member.
    fn rows(&mut self, key: &str, rows: impl Iterator<Item = String>) {
        self.text.push_str(&format!("{key} = [\n"));
        rows.for_each(|row| self.text.push_str(&format!("    {row},\n")));
        self.text.push_str("]\n");
    }
}

type Keys = Vec<(&'static str, String)>;

fn row(row: &Row) -> String {
    let mut keys: Keys = Vec::new();
    keys.extend(row.port.map(|port| ("number", port.to_string())));
    match row.when.attempts {
        attempts if attempts == When::ALWAYS.attempts => {}
        (1, last) => keys.push(("first", last.to_string())),
        (first, u32::MAX) => keys.push(("attempts", quoted(&format!("{first}..")))),
        (first, last) if first == last => keys.push(("attempts", quoted(&first.to_string()))),
        (first, last) => keys.push(("attempts", quoted(&format!("{first}..{last}")))),
    }
    if row.when.from != When::ALWAYS.from {
        keys.push(("from", span(row.when.from)));
    }
    if row.when.until != When::ALWAYS.until {
        keys.push(("until", span(row.when.until)));
    }
    keys.extend(does(&row.does));
    inline(&keys)
}

/// What is done, and what it depends on.
fn does(does: &Does) -> Keys {
    let mut keys = vec![("does", quoted(does.word()))];
    match does {
        Does::Answers(body) => keys.extend(body.map(|octets| ("body", octets.to_string()))),
        Does::AnswersLate(late, body) => {
            keys.push(match late {
                Late::After(after) => ("after", span(*after)),
                Late::Unheard(count) => ("unheard", count.to_string()),
            });
            keys.extend(body.map(|octets| ("body", octets.to_string())));
        }
        Does::WithholdsThenRefuses(after) => keys.push(("after", span(*after))),
        Does::Backlog { places, .. } if *places != 1 => keys.push(("backlog", places.to_string())),
        Does::Breaks(cut) => keys.push(("octets", cut.after_octets.to_string())),
        Does::Says(speech) => {
            let texts: Vec<String> = speech.texts.iter().map(|text| quoted(text)).collect();
            match &texts[..] {
                [] => {}
                [one] => keys.push(("text", one.clone())),
                all => keys.push(("text", list(all.iter().cloned()))),
            }
            if !speech.greeting.is_empty() || texts.is_empty() {
                keys.push(("greeting", quoted(&speech.greeting)));
            }
        }
        Does::Icmp { error, by } => {
            keys.extend(message(*error));
            let from_host = matches!(error, IcmpError::ProtocolUnreachable | IcmpError::PortUnreachable);
            let usual = if from_host { By::Host } else { By::Router };
            if *by != usual {
                keys.push(("by", quoted(if *by == By::Host { "host" } else { "router" })));
            }
        }
        _ => {}
    }
    keys
}

/// The numbers of a message that has no word.
fn message(error: IcmpError) -> Keys {
    let IcmpError::Exactly { v4, v6 } = error else { return Keys::new() };
    let mut keys = Keys::new();
    let numbers = |one: IcmpMessage| format!("[{}, {}]", one.kind, one.code);
    keys.extend(v4.map(|one| ("v4", numbers(one))));
    keys.extend(v6.map(|one| ("v6", numbers(one))));
    let (low, high) = (v4.map_or(0, |one| one.field & 0xffff), v4.map_or(0, |one| one.field >> 24));
    let v6_field = v6.map(|one| one.field);
    let is_usual = v6.is_none_or(|one| one.field == super::port::usual_field(one.kind, true));
    if low == 0 && high == 0 && is_usual {
        return keys;
    }
    match v4 {
        Some(_) if low != 0 => keys.push(("mtu", low.to_string())),
        Some(_) => keys.push(("pointer", high.to_string())),
        None => {
            let field = v6_field.unwrap_or(0);
            // A pointer is an octet; what is more was an MTU, and up to there both are written alike.
            keys.push((if u8::try_from(field).is_ok() { "pointer" } else { "mtu" }, field.to_string()));
        }
    }
    keys
}

fn exit(exit: &super::Exit) -> String {
    match exit {
        super::Exit::Code(code) => code.to_string(),
        super::Exit::Signal(_) | super::Exit::TimeLimit => quoted(&exit.to_string()),
    }
}

fn addresses(all: &[Placed<IpAddr>]) -> String {
    list(all.iter().map(|one| quoted(&one.value.to_string())))
}

fn list(all: impl Iterator<Item = String>) -> String {
    format!("[{}]", all.collect::<Vec<_>>().join(", "))
}

fn inline(keys: &[(&str, String)]) -> String {
    let keys: Vec<String> = keys.iter().map(|(key, value)| format!("{key} = {value}")).collect();
    format!("{{ {} }}", keys.join(", "))
}

/// A span in the largest unit of which it is a whole number.
fn span(span: Duration) -> String {
    let nanos = span.as_nanos();
    for (unit, name) in [(1_000_000_000, "s"), (1_000_000, "ms")] {
        if nanos.is_multiple_of(unit) {
            return quoted(&format!("{}{name}", nanos / unit));
        }
    }
    match nanos % 1_000 {
        0 => quoted(&format!("{}us", nanos / 1_000)),
        rest => quoted(&format!("{}.{rest:03}us", nanos / 1_000)),
    }
}

fn rate(bits: u64) -> String {
    for (unit, name) in [(1_000_000, "Mbit/s"), (1_000, "kbit/s")] {
        if bits.is_multiple_of(unit) {
            return quoted(&format!("{}{name}", bits / unit));
        }
    }
    quoted(&format!("{bits}bit/s"))
}

/// A string as TOML writes it.
fn quoted(text: &str) -> String {
    let mut quoted = String::from("\"");
    for one in text.chars() {
        match one {
            '"' => quoted.push_str("\\\""),
            '\\' => quoted.push_str("\\\\"),
            '\n' => quoted.push_str("\\n"),
            '\r' => quoted.push_str("\\r"),
            '\t' => quoted.push_str("\\t"),
            one if one.is_control() => quoted.push_str(&format!("\\u{:04x}", one as u32)),
            one => quoted.push(one),
        }
    }
    quoted.push('"');
    quoted
}

impl Scenario {
    /// The scenario of an empty file.
    fn plain() -> Scenario {
        Scenario {
            seed: 0,
            us: Us::plain(),
            router: default_router(),
            names: Names::plain(),
            hosts: Vec::new(),
            expect: Expect::default(),
        }
    }
}
