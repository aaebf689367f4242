//! The grid: for each dialect, each call and each type of socket, which row decides when a fact or a pair of facts holds; and
//! what has to hold of every table.
//!
//! The rows decide in their order, so a list of them in this order says it of all pairs. It stands in `grid.txt` for people to
//! read; `SYNSENT_UPDATE_SNAPSHOTS=1` writes it anew. The pairs are asked of the pages and compared with what is in that file.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::PathBuf;

use synsent_dialects::{
    DIALECTS, Dialect, Fact, Facts, FlagMeaning, Form, Meaning, On, Page, Rule, Source, Verdict, Word, dialect_named,
};
use synsent_sockets::Kind;

const TYPES: [(On, &str); 5] = [
    (On::Stream, "stream"),
    (On::Datagram, "datagram"),
    (On::LocalStream, "local stream"),
    (On::LocalDatagram, "local datagram"),
    (On::Nowhere, "no socket"),
];

/// Clauses that say the same as another one, whose row is the one that gives the error.
const SAID_TWICE: [(&str, &str); 6] = [
    ("winsock1.nonblocking", "winsock1.error.wouldblock"),
    ("winsock2.nonblocking", "winsock2.error.wouldblock"),
    ("winsock2.already-compat", "winsock1.in-progress-again"),
    ("targettcp.nonblocking-first", "targettcp.error.inprogress"),
    ("targettcp.nonblocking-during", "targettcp.error.already"),
    ("targettcp.nonblocking-after", "targettcp.error.isconn"),
];

fn folder(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(name)
}

/// All pages of a dialect, those of calls that only it has too.
fn pages(dialect: &Dialect) -> impl Iterator<Item = &Page> {
    dialect.pages.all().into_iter().chain(dialect.pages.more.iter().copied())
}

/// The types of sockets that a dialect can have.
fn types(dialect: &Dialect) -> impl Iterator<Item = (On, &'static str)> {
    let has_local = dialect.names.local.is_some();
    TYPES.into_iter().filter(move |(on, _)| has_local || !On::Local.covers(*on))
}

/// The facts that decide something for a type of socket, in order, with what each comes to.
fn order(dialect: &Dialect, page: &Page, on: On) -> Vec<(Fact, String)> {
    let mut order: Vec<(Fact, String)> = Vec::new();
    for rule in page.rules.iter().filter(|rule| rule.on.covers(on)) {
        if order.iter().all(|(fact, _)| *fact != rule.when) {
            order.push((rule.when, verdict(dialect, rule)));
        }
        if rule.when == Fact::Always {
            break;
        }
    }
    order
}

fn verdict(dialect: &Dialect, rule: &Rule) -> String {
    match rule.then {
        Verdict::Fail(word) => name(dialect, word).to_owned(),
        Verdict::Nothing => "succeeds, nothing happens".to_owned(),
        Verdict::Dissolve => "the peer is given up".to_owned(),
        Verdict::Proceed => "goes on".to_owned(),
    }
}

fn name(dialect: &Dialect, word: Word) -> &'static str {
    dialect.spelling(word).map_or("(no spelling)", |spelling| spelling.name)
}

/// A block of the file: a call on one type of socket or on several that are alike.
fn block(dialect: &Dialect, page: &Page, types: &str, order: &[(Fact, String)]) -> String {
    let mut block = format!("{} {}, {types}\n", dialect.name, page.call);
    for (number, (fact, verdict)) in order.iter().enumerate() {
        let fact = format!("{fact:?}");
        writeln!(block, "{:3} {fact:20} {verdict}", number + 1).expect("a string takes everything");
    }
    block
}

fn render() -> String {
    let mut text = String::new();
    for dialect in DIALECTS {
        for page in pages(dialect) {
            let mut alike: Vec<(Vec<(Fact, String)>, String)> = Vec::new();
            for (on, name) in types(dialect) {
                let order = order(dialect, page, on);
                match alike.iter_mut().find(|(known, _)| *known == order) {
                    Some((_, names)) => *names = format!("{names}, {name}"),
                    None => alike.push((order, name.to_owned())),
                }
            }
            for (order, names) in alike {
                text.push_str(&block(dialect, page, &names, &order));
                text.push('\n');
            }
        }
    }
    text
}

/// What the file says: for each dialect, call and type, the names of facts in their order and what they come to.
type Written = BTreeMap<(String, String, String), Vec<(String, String)>>;

fn written(text: &str) -> Written {
    let mut written = Written::new();
    for block in text.split("\n\n").filter(|block| !block.trim().is_empty()) {
        let mut lines = block.trim_start_matches('\n').lines();
        let mut head = lines.next().unwrap_or_default().split(", ");
        let (dialect, call) = head.next().and_then(|words| words.split_once(' ')).expect("a dialect and a call");
        let rows: Vec<_> = lines
            .map(|line| {
                let mut words = line.split_whitespace().skip(1);
                let fact = words.next().unwrap_or_default().to_owned();
                (fact, words.collect::<Vec<_>>().join(" "))
            })
            .collect();
        for of_type in head {
            written.insert((dialect.to_owned(), call.to_owned(), of_type.to_owned()), rows.clone());
        }
    }
    written
}

fn snapshot() -> String {
    std::fs::read_to_string(folder("tests/grid.txt")).unwrap_or_default()
}

#[test]
fn the_grid_is_as_it_is_written() {
    let now = render();
    if std::env::var_os("SYNSENT_UPDATE_SNAPSHOTS").is_some() {
        std::fs::write(folder("tests/grid.txt"), now).unwrap();
        return;
    }
    let then = snapshot();
    for (number, (now, then)) in now.lines().zip(then.lines()).enumerate() {
        assert_eq!(now, then, "line {} of grid.txt", number + 1);
    }
    assert_eq!(now.lines().count(), then.lines().count(), "grid.txt is of another length");
}

#[test]
fn one_fact_and_two_facts_are_decided_as_it_is_written() {
    if std::env::var_os("SYNSENT_UPDATE_SNAPSHOTS").is_some() {
        return;
    }
    let written = written(&snapshot());
    for dialect in DIALECTS {
        for page in pages(dialect) {
            for (on, name) in types(dialect) {
                let key = (dialect.name.to_owned(), page.call.to_owned(), name.to_owned());
                let rows = written.get(&key).unwrap_or_else(|| panic!("{key:?} is not in grid.txt"));
                for (number, one) in Fact::ALL.into_iter().enumerate() {
                    for two in &Fact::ALL[number..] {
                        let facts = one.alone() | two.alone();
                        let decided = verdict(dialect, page.judge(on, facts));
                        assert_eq!(decided, expected(rows, facts), "{key:?} with {one:?} and {two:?}");
                    }
                }
            }
        }
    }
}

/// What the file says comes of these facts.
fn expected(rows: &[(String, String)], facts: Facts) -> &str {
    let holds = |name: &str| Fact::ALL.into_iter().any(|fact| facts.has(fact) && format!("{fact:?}") == name);
    rows.iter().find(|(fact, _)| holds(fact)).map_or("", |(_, verdict)| verdict)
}

#[test]
fn every_page_ends_with_a_row_for_any_socket_that_matches_always() {
    for dialect in DIALECTS {
        for page in pages(dialect) {
            let last = page.rules.last().unwrap_or_else(|| panic!("{} {} has no row", dialect.name, page.call));
            assert_eq!((last.on, last.when), (On::Any, Fact::Always), "{} {}", dialect.name, page.call);
        }
    }
}

#[test]
fn no_row_stands_where_it_can_never_decide() {
    for dialect in DIALECTS {
        for page in pages(dialect) {
            for (number, rule) in page.rules.iter().enumerate() {
                let is_before = |earlier: &Rule, on| {
                    earlier.on.covers(on) && (earlier.when == rule.when || earlier.when == Fact::Always)
                };
                let decides = TYPES.iter().any(|(on, _)| {
                    rule.on.covers(*on) && !page.rules[..number].iter().any(|earlier| is_before(earlier, *on))
                });
                assert!(decides, "{} {}: row {} ({:?})", dialect.name, page.call, number + 1, rule.when);
            }
        }
    }
}

/// The place of a fact in the order in which the documents check: start, handle, pointers, state, lengths and other arguments,
/// family, address, permission.
fn rank(fact: Fact) -> Option<u8> {
    use Fact::*;
    Some(match fact {
        NotStarted | NoNetwork => 0,
        BadHandle | NotASocket => 1,
        NullName | UnreadableName | BadLengthPointer | UnreadableLengthPointer | NullBuffer | BadBuffer => 2,
        Listening | NotListening | Connecting | Connected | Unconnected | Disconnected | RefusedBefore | Broken => 3,
        Bound | Unbound | ReceivingShut | SendingShut => 3,
        ShortName | LongName | NegativeLength | BadFlags | BadArgument => 4,
        WrongFamily | UnspecifiedFamily => 5,
        ZeroAddress | ZeroPort | MulticastAddress | BroadcastAddress | BlankPath | LongPath => 6,
        BroadcastForbidden => 7,
        _ => return None,
    })
}

#[test]
fn a_row_that_comes_before_its_place_in_the_order_says_why() {
    let mut silent = Vec::new();
    for dialect in DIALECTS {
        for page in pages(dialect) {
            for (number, early) in page.rules.iter().enumerate() {
                let turned = page.rules[number + 1..].iter().find(|late| {
                    // The documents give flags no place; they come with the arguments or after all that a name can be.
                    if late.when == Fact::BadFlags {
                        return false;
                    }
                    let both = TYPES.iter().any(|(on, _)| early.on.covers(*on) && late.on.covers(*on));
                    both && rank(early.when).zip(rank(late.when)).is_some_and(|(early, late)| early > late)
                });
                if let Some(late) = turned.filter(|_| !early.source.because.contains("before")) {
                    silent.push(format!("{} {}: {:?} before {:?}", dialect.name, page.call, early.when, late.when));
                }
            }
        }
    }
    assert!(silent.is_empty(), "no reason for {silent:#?}");
}

/// Every place of a dialect's tables that says a word or cites a clause: where it stands, the word, the source.
fn places(dialect: &'static Dialect) -> Vec<(String, Option<Word>, Source)> {
    let mut places = Vec::new();
    for page in pages(dialect) {
        for rule in page.rules.iter() {
            let word = match rule.then {
                Verdict::Fail(word) => Some(word),
                _ => None,
            };
            places.push((format!("{} {} {:?}", dialect.name, page.call, rule.when), word, rule.source));
        }
        for row in page.answers {
            places.push((format!("{} {} {:?}", dialect.name, page.call, row.outcome), Some(row.word), row.source));
        }
    }
    for row in dialect.words {
        places.push((format!("{} {:?}", dialect.name, row.outcome), Some(row.word), row.source));
    }
    let ways = &dialect.ways;
    for (name, source) in [
        ("starting", ways.starting.source),
        ("handles", ways.handles.source),
        ("connect", ways.connect.source),
        ("queue", ways.queue.source),
        ("failure_shows", ways.failure_shows.source),
        ("error_reading", ways.error_reading.source),
        ("truncation", ways.truncation.source),
    ] {
        places.push((format!("{} way {name}", dialect.name), None, source));
    }
    places
}

#[test]
fn every_word_has_a_spelling_and_no_word_has_two() {
    for dialect in DIALECTS {
        for (place, word, _) in places(dialect) {
            let is_spelt = word.is_none_or(|word| dialect.spelling(word).is_some());
            assert!(is_spelt, "{place}: {word:?} has no spelling");
        }
        for spelling in dialect.spellings {
            let same = dialect.spellings.iter().filter(|other| other.word == spelling.word);
            assert_eq!(same.count(), 1, "{} spells {:?} twice", dialect.name, spelling.word);
            assert!(spelling.number > 0, "{} {}", dialect.name, spelling.name);
        }
    }
}

struct Clause {
    id: String,
    error: Option<String>,
}

/// The clauses of a document.
fn clauses(document: &str) -> Vec<Clause> {
    let path = folder("../../contract").join(format!("{document}.toml"));
    let table: toml::Table = std::fs::read_to_string(&path).unwrap().parse().unwrap();
    let text = |clause: &toml::Value, field: &str| clause.get(field)?.as_str().map(str::to_owned);
    let read = |clause| Clause { id: text(clause, "id").expect("a clause has an id"), error: text(clause, "error") };
    table["clause"].as_array().unwrap().iter().map(read).collect()
}

#[test]
fn a_row_cites_a_clause_that_exists_or_says_why_it_is_there() {
    let documents = ["winsock1", "winsock2", "wsaconnect", "targettcp", "bs2000"];
    let known: Vec<String> = documents.into_iter().flat_map(clauses).map(|clause| clause.id).collect();
    for dialect in DIALECTS {
        for (place, _, source) in places(dialect) {
            if source.clause.is_empty() {
                assert!(!source.because.is_empty(), "{place} cites no clause and says no reason");
                continue;
            }
            assert!(known.iter().any(|id| id == source.clause), "{place}: there is no clause {}", source.clause);
            let of_others = !source.clause.starts_with(&format!("{}.", dialect.name));
            assert!(
                !of_others || !source.because.is_empty(),
                "{place} cites {} of another document and does not say why",
                source.clause
            );
        }
    }
}

#[test]
fn every_error_that_a_clause_names_is_given_by_a_row_that_cites_it() {
    let all_places: Vec<_> = DIALECTS.iter().map(|dialect| (*dialect, places(dialect))).collect();
    let gives = |id: &str, error: &str| {
        all_places.iter().any(|(dialect, places)| {
            let gives = |word: &Option<Word>| word.is_some_and(|word| name(dialect, word) == error);
            places.iter().any(|(_, word, source)| source.clause == id && gives(word))
        })
    };
    let mut missing = Vec::new();
    for Clause { id, error } in DIALECTS.iter().flat_map(|dialect| clauses(dialect.name)) {
        let Some(error) = error else { continue };
        let said_elsewhere = SAID_TWICE.iter().find(|(twice, _)| *twice == id).map(|(_, elsewhere)| *elsewhere);
        if !gives(said_elsewhere.unwrap_or(&id), &error) {
            missing.push(format!("{id}: {error}"));
        }
        assert!(said_elsewhere.is_none() || !gives(&id, &error), "{id} has a row of its own");
    }
    assert!(missing.is_empty(), "no row gives {missing:#?}");
}

#[test]
fn a_row_that_cites_a_clause_about_an_error_gives_it_or_says_why_not() {
    let errors: BTreeMap<String, String> = ["winsock1", "winsock2", "targettcp", "bs2000"]
        .into_iter()
        .flat_map(clauses)
        .filter_map(|clause| Some((clause.id, clause.error?)))
        .collect();
    for dialect in DIALECTS {
        for (place, word, source) in places(dialect) {
            let Some((word, error)) = word.zip(errors.get(source.clause)) else { continue };
            let is_own = source.clause.starts_with(&format!("{}.", dialect.name));
            assert!(
                name(dialect, word) == error || !is_own || !source.because.is_empty(),
                "{place} gives {} and cites {}, which is about {error}",
                name(dialect, word),
                source.clause
            );
        }
    }
}

#[test]
fn the_tables_of_numbers_are_sound() {
    for dialect in DIALECTS {
        let place = dialect.name;
        for kind in [Kind::Stream, Kind::Datagram] {
            assert!(dialect.kinds.iter().any(|row| row.kind == kind), "{place} has no {kind:?}");
        }
        for on in [On::Stream, On::Datagram] {
            assert!(dialect.protocols.iter().any(|row| row.on.covers(on)), "{place} has no protocol for {on:?}");
        }
        for (number, row) in dialect.flags.iter().enumerate() {
            let is_shared = dialect.flags[..number].iter().any(|other| other.number & row.number != 0);
            assert!(row.number != 0 && !is_shared, "{place} {}", row.name);
        }
        let urgent = dialect.flags.iter().filter(|row| row.meaning == FlagMeaning::Urgent);
        assert!(urgent.count() <= 1, "{place}");
        assert!(dialect.versions.is_sorted(), "{place}");
        assert_eq!(dialect_named(place).map(|dialect| dialect.name), Some(place));
        for (number, row) in dialect.options.iter().enumerate() {
            let fits = match row.meaning {
                Meaning::Linger => matches!(row.form, Form::LingerShort | Form::LingerInt),
                Meaning::SendTimeLimit | Meaning::ReceiveTimeLimit => {
                    matches!(row.form, Form::Millis | Form::TimeValue)
                }
                _ => matches!(row.form, Form::Int | Form::IntOrOctet),
            };
            assert!(fits, "{place} {}: its value cannot lie so", row.name);
            let only_told = matches!(
                row.meaning,
                Meaning::Listening
                    | Meaning::Error
                    | Meaning::Type
                    | Meaning::ConnectTime
                    | Meaning::MessageOctetsMax
                    | Meaning::Group
            );
            assert!(!(only_told && row.settable), "{place} {} cannot be set", row.name);
            let same = dialect.options[..number]
                .iter()
                .any(|other| (other.level, other.number) == (row.level, row.number) && other.on == row.on);
            assert!(!same, "{place} {} stands there twice", row.name);
        }
    }
}
