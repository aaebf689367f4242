//! Two contracts side by side: the rows in which they differ.
//!
//! Pages are compared by what they decide when one fact alone is so, with what it implies, for each type of socket; then by the
//! order in which they look at two facts. Rows that merely fall through to the last row of a page are not told again for each
//! fact, and what connect's page says of a system that was not started and of handles is not told again for each call.

use super::order::{Turned, can_be, turned, whole};
use super::paper::Paper;
use super::way_words::WayWords;
use super::{is_of_paths, result, spelled};
use crate::dialect::{Dialect, Way};
use crate::page::{Fact, On, Page, Rule, Verdict};
use synsent_sockets::Outcome;

/// The types that a difference is looked for in.
const TYPES: [On; 4] = [On::Stream, On::Datagram, On::LocalStream, On::LocalDatagram];
/// The facts about calls that found no socket.
const NOWHERE: [Fact; 3] = [Fact::NotStarted, Fact::BadHandle, Fact::NotASocket];

/// Two contracts under comparison.
struct Pair<'a> {
    first: &'a Dialect,
    second: &'a Dialect,
    paper: Paper,
}

/// Where two contracts differ, row by row.
pub fn difference(first: &Dialect, second: &Dialect) -> String {
    let mut pair = Pair { first, second, paper: Paper::default() };
    pair.paper.title(&format!("{} AND {}", first.name, second.name));
    pair.domains();
    let connects = [&first.pages.connect, &second.pages.connect];
    pair.page(connects[0], connects[1]);
    for (one, other) in first.pages.all().into_iter().zip(second.pages.all()) {
        if one.call != connects[0].call && !one.is_absent() && !other.is_absent() {
            pair.page(one, other);
        }
    }
    pair.own_calls();
    pair.errors();
    pair.options();
    pair.ways();
    pair.paper.finish()
}

impl Pair<'_> {
    fn domains(&mut self) {
        for (family, of) in [
            ("IPv6", (|dialect: &Dialect| dialect.names.inet6.is_some()) as fn(&Dialect) -> bool),
            ("local paths", |dialect: &Dialect| dialect.names.local.is_some()),
        ] {
            if of(self.first) != of(self.second) {
                let owner = if of(self.first) { self.first } else { self.second };
                self.paper.text(5, &format!("Only {} has {family}.", owner.name));
            }
        }
    }

    /// The types that both have.
    fn types(&self) -> impl Iterator<Item = On> + use<> {
        let local = self.first.names.local.is_some() && self.second.names.local.is_some();
        TYPES.into_iter().filter(move |on| local || !On::Local.covers(*on))
    }

    fn page(&mut self, one: &Page, other: &Page) {
        let connects = [&self.first.pages.connect, &self.second.pages.connect];
        let is_connect = one.call == connects[0].call;
        let as_in_connect = |fact: Fact, verdicts: [Verdict; 2]| {
            let of_connect = connects.map(|page| page.judge(On::Nowhere, whole(fact)).then);
            !is_connect && NOWHERE.contains(&fact) && verdicts == of_connect
        };
        let mut rows: Vec<(Fact, On, [&'static Rule; 2])> = Vec::new();
        for fact in Fact::ALL {
            let nowhere = NOWHERE.contains(&fact).then_some(On::Nowhere);
            let everywhere = nowhere.is_none().then(|| self.types()).into_iter().flatten();
            for on in nowhere.into_iter().chain(everywhere) {
                let decided = [one, other].map(|page| page.judge(on, whole(fact)));
                // What neither page asks for is told where something else is that decides.
                let is_asked = decided.iter().any(|rule| rule.when == fact);
                if !is_asked || !can_be(fact, on) || decided[0].then == decided[1].then {
                    continue;
                }
                let verdicts = decided.map(|rule| rule.then);
                if as_in_connect(fact, verdicts) {
                    continue;
                }
                let same = |row: &&mut (Fact, On, [&Rule; 2])| row.0 == fact && row.2.map(|rule| rule.then) == verdicts;
                match rows.iter_mut().find(same) {
                    Some(row) => row.1 = row.1.and(on),
                    None => rows.push((fact, on, decided)),
                }
            }
        }
        let answers = self.answers(one, other);
        let types: Vec<On> = self.types().collect();
        let names = [self.first.name, self.second.name];
        let ways_round = [(turned(one, other, &types), names), (turned(other, one, &types), [names[1], names[0]])];
        // Both say the same; the shorter one is told.
        let [one_way, other_way] = ways_round;
        let (turned, names) = if other_way.0.len() < one_way.0.len() { other_way } else { one_way };
        if rows.is_empty() && answers.is_empty() && turned.is_empty() {
            return;
        }
        let title = if one.call == other.call { one.call.to_owned() } else { format!("{} / {}", one.call, other.call) };
        self.paper.heading(&title);
        if is_connect && rows.iter().any(|(fact, ..)| NOWHERE.contains(fact)) {
            let rest = "What stands here of a start and of handles is so for the other calls too.";
            self.paper.text(5, rest);
        }
        for (fact, on, [mine, theirs]) in rows {
            self.paper.gap();
            self.paper.text(5, &format!("{} ({})", fact.words(), on.words()));
            self.paper.columns("", self.first.name, &result(self.first, mine.then));
            self.paper.text(25, &told(mine));
            self.paper.columns("", self.second.name, &result(self.second, theirs.then));
            self.paper.text(25, &told(theirs));
        }
        for (outcome, [mine, theirs]) in answers {
            self.paper.gap();
            self.paper.text(5, &format!("the network answers: {}", outcome.words()));
            self.paper.columns("", self.first.name, &mine);
            self.paper.columns("", self.second.name, &theirs);
        }
        for Turned { first, others } in turned {
            self.paper.gap();
            let order = format!("Two at once: {} goes by \"{}\", {} by", names[0], first.words(), names[1]);
            self.paper.hanging(5, &order);
            for (other, on) in others {
                self.paper.item(10, &format!("{} ({})", other.words(), on.words()));
            }
        }
    }

    /// The calls that only one of them has.
    fn own_calls(&mut self) {
        self.paper.heading("CALLS");
        for (mine, theirs) in [(self.first, self.second), (self.second, self.first)] {
            let common = mine.pages.all().into_iter().zip(theirs.pages.all());
            let lacking = common.filter(|(mine, theirs)| !mine.is_absent() && theirs.is_absent()).map(|(mine, _)| mine);
            let lacks = |page: &&Page| theirs.pages.more.iter().all(|other| other.call != page.call);
            let more = mine.pages.more.iter().copied().filter(lacks);
            let only: Vec<&str> = lacking.chain(more).map(|page| page.call).collect();
            if !only.is_empty() {
                self.paper.text(5, &format!("Only {}: {}.", mine.name, only.join(", ")));
            }
        }
    }

    /// Outcomes for which one of the pages has a word of its own, or, for connect, all those with different words.
    fn answers(&self, one: &Page, other: &Page) -> Vec<(Outcome, [String; 2])> {
        let is_connect = core::ptr::eq(one, &self.first.pages.connect);
        let mut differing = Vec::new();
        let local = self.types().any(|on| On::Local.covers(on));
        for outcome in Outcome::ALL.into_iter().filter(|outcome| local || !is_of_paths(*outcome)) {
            let own = [one, other].iter().any(|page| page.answers.iter().any(|row| row.outcome == outcome));
            if !own && !is_connect {
                continue;
            }
            for on in self.types() {
                let words = [self.first.word(one, on, outcome).0, self.second.word(other, on, outcome).0];
                if words[0] != words[1] {
                    differing.push((outcome, [spelled(self.first, words[0]), spelled(self.second, words[1])]));
                    break;
                }
            }
        }
        differing
    }

    fn errors(&mut self) {
        self.paper.heading("ERRORS");
        let (first, second) = (self.first, self.second);
        for (mine, theirs) in [(first, second), (second, first)] {
            let lacks = |word| theirs.spelling(word).is_none();
            let only = mine.spellings.iter().filter(|spelling| lacks(spelling.word)).map(|spelling| spelling.name);
            let only = only.collect::<Vec<_>>().join(", ");
            if !only.is_empty() {
                self.paper.text(5, &format!("Only {}: {only}.", mine.name));
            }
        }
        for spelling in self.first.spellings {
            let Some(theirs) = self.second.spelling(spelling.word) else { continue };
            if (spelling.name, spelling.number) != (theirs.name, theirs.number) {
                let theirs = format!("{} ({})", theirs.name, theirs.number);
                self.paper.columns("", &format!("{} ({})", spelling.name, spelling.number), &theirs);
            }
        }
    }

    fn options(&mut self) {
        self.paper.heading("OPTIONS");
        let place = |dialect: &Dialect, name: &str| {
            let row = dialect.options.iter().find(|row| row.name == name)?;
            let access = if row.settable { "" } else { ", read only" };
            Some(format!("level {}, number {:#x}, {} octets{access}", row.level, row.number, row.form.octets()))
        };
        let mut names: Vec<&str> = self.first.options.iter().map(|row| row.name).collect();
        names.extend(self.second.options.iter().map(|row| row.name).filter(|name| place(self.first, name).is_none()));
        for name in names {
            let places = [self.first, self.second].map(|dialect| place(dialect, name));
            if places[0] == places[1] {
                continue;
            }
            self.paper.gap();
            self.paper.text(5, name);
            for (dialect, place) in [self.first, self.second].into_iter().zip(places) {
                self.paper.columns("", dialect.name, &place.unwrap_or_else(|| "none".to_owned()));
            }
        }
    }

    fn ways(&mut self) {
        self.paper.heading("WAYS");
        let (first, second) = (&self.first.ways, &self.second.ways);
        self.way("start", &first.starting, &second.starting);
        self.way("handles", &first.handles, &second.handles);
        self.way("opening", &first.connect, &second.connect);
        self.way("queue", &first.queue, &second.queue);
        self.way("select", &first.failure_shows, &second.failure_shows);
        self.way("SO_ERROR", &first.error_reading, &second.error_reading);
        self.way("long datagrams", &first.truncation, &second.truncation);
    }

    fn way<T: WayWords>(&mut self, name: &str, mine: &Way<T>, theirs: &Way<T>) {
        if mine.value == theirs.value {
            return;
        }
        self.paper.gap();
        self.paper.text(5, name);
        for (dialect, way) in [(self.first, mine), (self.second, theirs)] {
            self.paper.hanging(10, &format!("{}: {}", dialect.name, way.value.words()));
            self.paper.text(25, &origin(way.source.clause, way.source.because));
        }
    }
}

/// Where a row comes from; nothing for a row that only falls through.
fn told(rule: &Rule) -> String {
    match rule.when {
        Fact::Always => String::new(),
        _ => origin(rule.source.clause, rule.source.because),
    }
}

fn origin(clause: &str, because: &str) -> String {
    match clause {
        "" => because.to_owned(),
        _ => format!("[{clause}] {because}"),
    }
}
