//! The contracts as manual pages, generated from the tables that are carried out.
//!
//! [`page`] prints one dialect: the rules of connect in their order, its errors and what brings each about, the calls around it
//! in short, the options and the ways. [`difference`] compares two, row by row. Nothing is written by hand that a table knows,
//! so what is printed is what happens. [`sheet`] has the same for man(1), call by call.

mod difference;
mod fact_words;
mod order;
mod paper;
pub mod sheet;
mod way_words;

pub use difference::difference;

use crate::dialect::{Dialect, Way};
use crate::page::{Page, Rule, Source, Verdict};
use crate::words::{Spelling, Word};
use paper::Paper;
use synsent_sockets::Outcome;
use way_words::WayWords;

/// A contract as a manual page of 80 columns.
pub fn page(dialect: &Dialect) -> String {
    let mut paper = Paper::default();
    paper.heading("NAME");
    let connect = dialect.pages.connect;
    paper.text(5, &format!("{} - set up a connection, or name the peer of a datagram socket", connect.call));
    synopsis(&mut paper, dialect);
    paper.heading(&format!("RULES OF {}", connect.call));
    paper.text(
        5,
        "The first row that applies decides, and a call that a row fails has done nothing. On the left stands the type of \
         socket; \"both\" are streams and datagrams over IP, \"any\" is also a handle of no socket.",
    );
    for rule in connect.rules.iter() {
        paper.gap();
        row(&mut paper, dialect, rule);
        source(&mut paper, rule.source);
    }
    errors(&mut paper, dialect);
    paper.heading("OTHER CALLS");
    let others = dialect.pages.all().into_iter().chain(dialect.pages.more.iter().copied());
    for page in others.filter(|page| page.call != connect.call && page.rules.len() > 1) {
        paper.gap();
        paper.text(5, page.call);
        for rule in page.rules.iter() {
            row(&mut paper, dialect, rule);
        }
    }
    options(&mut paper, dialect);
    ways(&mut paper, dialect);
    paper.finish()
}

/// Whether only a path can come to this.
fn is_of_paths(outcome: Outcome) -> bool {
    use Outcome::{NotDirectory, NotListening, PathLoop, PathMissing, PathTooLong, WrongKind};
    matches!(outcome, PathMissing | NotDirectory | PathTooLong | PathLoop | NotListening | WrongKind)
}

/// What a verdict is called in a dialect.
fn result(dialect: &Dialect, verdict: Verdict) -> String {
    match verdict {
        Verdict::Fail(word) => spelled(dialect, word),
        Verdict::Nothing => "success, without a deed".to_owned(),
        Verdict::Dissolve => "the peer is given up".to_owned(),
        Verdict::Proceed => "carried out".to_owned(),
    }
}

fn spelled(dialect: &Dialect, word: Word) -> String {
    dialect.spelling(word).map_or_else(|| format!("{word:?}"), |spelling| spelling.name.to_owned())
}

fn synopsis(paper: &mut Paper, dialect: &Dialect) {
    paper.heading("SYNOPSIS");
    paper.hanging(5, dialect.prototype);
    paper.gap();
    paper.text(5, &format!("The contract of {}.", dialect.title));
    let names = dialect.names;
    let families = [("IPv4", Some(names.inet4)), ("IPv6", names.inet6), ("local paths", names.local)];
    let families = families.iter().filter_map(|(family, number)| Some(format!("{family} ({})", (*number)?)));
    paper.text(5, &format!("Families: {}.", families.collect::<Vec<_>>().join(", ")));
    let kinds = dialect.kinds.iter().map(|kind| format!("{} ({})", kind.name, kind.number));
    paper.text(5, &format!("Types: {}.", kinds.collect::<Vec<_>>().join(", ")));
}

fn row(paper: &mut Paper, dialect: &Dialect, rule: &Rule) {
    paper.columns(rule.on.words(), rule.when.words(), &result(dialect, rule.then));
}

fn source(paper: &mut Paper, source: Source) {
    if !source.clause.is_empty() {
        paper.text(20, &format!("[{}]", source.clause));
    }
    paper.text(20, source.because);
}

fn errors(paper: &mut Paper, dialect: &Dialect) {
    paper.heading("ERRORS");
    for spelling in dialect.spellings {
        let causes = causes(dialect, spelling.word);
        if causes.is_empty() {
            continue;
        }
        paper.gap();
        let Spelling { name, number, meaning, .. } = spelling;
        paper.hanging(5, &format!("{name} ({number}): {meaning}"));
        for cause in causes {
            paper.item(10, &cause);
        }
    }
}

/// What brings a word about: first what connect finds, then what the network answers, then what other calls find.
fn causes(dialect: &Dialect, word: Word) -> Vec<String> {
    let connect = &dialect.pages.connect;
    let found = |page: &Page| -> Vec<String> {
        let says = page.rules.iter().filter(|rule| rule.then == Verdict::Fail(word));
        says.map(|rule| format!("{}, {}", rule.when.words(), rule.on.words())).collect()
    };
    let mut causes: Vec<String> = found(connect).iter().map(|cause| format!("{}: {cause}", connect.call)).collect();
    let local = dialect.names.local.is_some();
    let answered = dialect.words.iter().filter(|row| row.word == word && (local || !is_of_paths(row.outcome)));
    causes.extend(answered.map(|row| format!("the network: {}", row.outcome.words())));
    for page in dialect.pages.all() {
        let answered = page.answers.iter().filter(|row| row.word == word);
        causes.extend(answered.map(|row| format!("{}, the network: {}", page.call, row.outcome.words())));
    }
    let calls: Vec<&str> = dialect
        .pages
        .all()
        .into_iter()
        .filter(|page| page.call != connect.call && !found(page).is_empty())
        .map(|page| page.call)
        .collect();
    if !calls.is_empty() {
        causes.push(format!("also: {}", calls.join(", ")));
    }
    causes
}

fn options(paper: &mut Paper, dialect: &Dialect) {
    paper.heading("OPTIONS");
    for option in dialect.options {
        let access = if option.settable { "read and set" } else { "read" };
        let place = format!("level {}, number {:#x}", option.level, option.number);
        paper.columns(option.name, &place, &format!("{access}, {}", option.on.words()));
    }
    for request in dialect.ioctls {
        let place = format!("request {:#x}", request.number);
        paper.columns(request.name, &place, dialect.pages.ioctl.call);
    }
}

fn ways(paper: &mut Paper, dialect: &Dialect) {
    fn way<T: WayWords>(paper: &mut Paper, name: &str, way: &Way<T>) {
        paper.gap();
        paper.hanging(5, &format!("{name}: {}", way.value.words()));
        source(paper, way.source);
    }
    paper.heading("WAYS");
    let ways = &dialect.ways;
    way(paper, "start", &ways.starting);
    way(paper, "handles", &ways.handles);
    way(paper, "opening", &ways.connect);
    way(paper, "queue", &ways.queue);
    way(paper, "select", &ways.failure_shows);
    way(paper, "SO_ERROR", &ways.error_reading);
    way(paper, "long datagrams", &ways.truncation);
}

#[cfg(test)]
mod tests;
