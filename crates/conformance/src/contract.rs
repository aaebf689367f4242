//! The clauses as data: what stands in `contract/*.toml`, read once.
//!
//! Beside the clauses there are two lists: [`later`] names those that no case shows yet or not in full, and [`not_here`] those that cannot be
//! brought about on one of the networks; both say why. [`error_name`] names a number as the documents number it. A list that names an unknown clause does not pass [`problems`].

use std::sync::OnceLock;

use toml::{Table, Value};

use crate::world::Place;

/// The dialects whose clauses are shown here, in the order in which they are reported.
pub const DIALECTS: [&str; 4] = ["winsock1", "winsock2", "targettcp", "bs2000"];

const CLAUSES: [&str; 4] = [
    include_str!("../../../contract/winsock1.toml"),
    include_str!("../../../contract/winsock2.toml"),
    include_str!("../../../contract/targettcp.toml"),
    include_str!("../../../contract/bs2000.toml"),
];
const LATER: &str = include_str!("../../../contract/later.toml");
const NOT_HERE: &str = include_str!("../../../contract/not_here.toml");
const NUMBERS: &str = include_str!("../../../contract/numbers.toml");

/// A promise of a document.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Clause {
    /// Its id: dialect and words.
    pub id: String,
    /// The promise.
    pub says: String,
    /// The types of sockets that it speaks of.
    pub on: Vec<String>,
    /// The one error of a failing outcome.
    pub error: Option<String>,
}

/// A clause that no case shows yet, or not all of it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Later {
    /// The clause.
    pub clause: String,
    /// The part of it that no case shows, where cases show the rest; empty: all of it.
    pub part: String,
    /// What it needs that is not there.
    pub because: String,
}

/// A clause that cannot be brought about on one network.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Exception {
    /// The clause.
    pub clause: String,
    /// The title of the case; empty: all cases of the clause.
    pub case: String,
    /// The network.
    pub place: Place,
    /// Why.
    pub because: String,
}

/// The numbers of errors that some dialects have in common.
struct Numbers {
    dialects: Vec<String>,
    errors: Vec<(String, i64)>,
}

struct Contract {
    clauses: Vec<Clause>,
    numbers: Vec<Numbers>,
    later: Vec<Later>,
    not_here: Vec<Exception>,
    problems: Vec<String>,
}

impl Clause {
    /// The dialect that it belongs to.
    pub fn dialect(&self) -> &str {
        self.id.split('.').next().unwrap_or_default()
    }
}

/// All clauses, in the order of their files.
pub fn clauses() -> &'static [Clause] {
    &contract().clauses
}

/// The clause with this id.
pub fn clause(id: &str) -> Option<&'static Clause> {
    clauses().iter().find(|clause| clause.id == id)
}

/// The clauses that no case shows yet, and those of which a part is not shown.
pub fn later() -> &'static [Later] {
    &contract().later
}

/// What cannot be brought about on a network.
pub fn not_here() -> &'static [Exception] {
    &contract().not_here
}

/// Whether the lists say that a case cannot be run on a network.
pub fn is_not_here(clause: &str, case: &str, place: Place) -> bool {
    let names =
        |one: &&Exception| one.clause == clause && one.place == place && (one.case.is_empty() || one.case == case);
    not_here().iter().find(names).is_some()
}

/// The documented name of an error's number in a dialect; a question mark for a number that it does not have.
pub fn error_name(dialect: &str, number: i32) -> &'static str {
    let of_dialect = contract().numbers.iter().filter(|numbers| numbers.dialects.iter().any(|one| one == dialect));
    let mut errors = of_dialect.flat_map(|numbers| &numbers.errors);
    errors.find(|(_, documented)| *documented == i64::from(number)).map_or("?", |(name, _)| name)
}

/// What is wrong with the files: what could not be read, ids that are not unique, entries for clauses that are not there.
pub fn problems() -> &'static [String] {
    &contract().problems
}

fn contract() -> &'static Contract {
    static CONTRACT: OnceLock<Contract> = OnceLock::new();
    CONTRACT.get_or_init(Contract::read)
}

impl Contract {
    fn read() -> Contract {
        let mut problems = Vec::new();
        let mut clauses: Vec<Clause> = Vec::new();
        for (dialect, text) in DIALECTS.into_iter().zip(CLAUSES) {
            for entry in entries(dialect, text, "clause", &mut problems) {
                let clause = clause_of(&entry);
                if clause.dialect() != dialect
                    || clause.says.is_empty()
                    || clauses.iter().any(|one| one.id == clause.id)
                {
                    problems
                        .push(format!("{dialect}: the clause {:?} is no clause of it, or not the only one", clause.id));
                }
                clauses.push(clause);
            }
        }
        let numbers = entries("numbers", NUMBERS, "numbers", &mut problems).iter().map(Numbers::of).collect();
        let known = |id: &String| clauses.iter().any(|clause| clause.id == *id);
        let later: Vec<Later> = entries("later", LATER, "later", &mut problems)
            .iter()
            .map(|entry| Later {
                clause: text(entry, "clause"),
                part: text(entry, "part"),
                because: text(entry, "because"),
            })
            .collect();
        let mut not_here = Vec::new();
        for entry in entries("not_here", NOT_HERE, "not_here", &mut problems) {
            let Some(place) = Place::named(&text(&entry, "network")) else {
                problems.push(format!("not_here.toml: {entry} names no network"));
                continue;
            };
            let (clause, case) = (text(&entry, "clause"), text(&entry, "case"));
            not_here.push(Exception { clause, case, place, because: text(&entry, "because") });
        }
        let named = later.iter().map(|one| (&one.clause, &one.because));
        for (clause, because) in named.chain(not_here.iter().map(|one| (&one.clause, &one.because))) {
            if !known(clause) || because.is_empty() {
                problems.push(format!("an entry for {clause:?} names no clause or gives no reason"));
            }
        }
        Contract { clauses, numbers, later, not_here, problems }
    }
}

impl Numbers {
    fn of(entry: &Table) -> Numbers {
        let dialects = entry.get("dialects").and_then(Value::as_array).into_iter().flatten();
        let errors = entry.get("errors").and_then(Value::as_table).into_iter().flatten();
        Numbers {
            dialects: dialects.filter_map(Value::as_str).map(str::to_owned).collect(),
            errors: errors.filter_map(|(name, number)| Some((name.clone(), number.as_integer()?))).collect(),
        }
    }
}

fn clause_of(entry: &Table) -> Clause {
    let on = entry.get("on").and_then(Value::as_array).into_iter().flatten();
    Clause {
        id: text(entry, "id"),
        says: text(entry, "says"),
        on: on.filter_map(Value::as_str).map(str::to_owned).collect(),
        error: entry.get("error").and_then(Value::as_str).map(str::to_owned),
    }
}

fn entries(file: &str, text: &str, key: &str, problems: &mut Vec<String>) -> Vec<Table> {
    match text.parse::<Table>() {
        Ok(table) => {
            let entries = table.get(key).and_then(Value::as_array).cloned().unwrap_or_default();
            entries.into_iter().filter_map(|entry| entry.try_into().ok()).collect()
        }
        Err(error) => {
            problems.push(format!("{file}.toml: {error}"));
            Vec::new()
        }
    }
}

fn text(entry: &Table, key: &str) -> String {
    entry.get(key).and_then(Value::as_str).unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_files_can_be_read_and_agree_with_one_another() {
        assert_eq!(problems(), &[] as &[String]);
        for dialect in DIALECTS {
            assert!(clauses().iter().any(|clause| clause.dialect() == dialect), "{dialect} has no clause");
        }
    }

    #[test]
    fn errors_have_their_documented_numbers() {
        for dialect in synsent_dialects::DIALECTS {
            for spelling in dialect.spellings {
                assert_eq!(error_name(dialect.name, spelling.number), spelling.name, "{}", dialect.name);
            }
        }
        assert_eq!((error_name("winsock1", 10061), error_name("bs2000", 111)), ("WSAECONNREFUSED", "ECONNREFUSED"));
        assert_eq!((error_name("winsock2", 111), error_name("bs2000", 10061)), ("?", "?"));
    }

    /// Where a program of the host would look them up.
    #[test]
    #[cfg(any(target_arch = "x86_64", target_arch = "aarch64", target_arch = "riscv64"))]
    fn the_numbers_of_the_host_are_those_of_its_header() {
        use rustix::io::Errno;

        let header = [
            ("EWOULDBLOCK", Errno::WOULDBLOCK),
            ("EACCES", Errno::ACCESS),
            ("EFAULT", Errno::FAULT),
            ("EINVAL", Errno::INVAL),
            ("ENOTSOCK", Errno::NOTSOCK),
            ("EAFNOSUPPORT", Errno::AFNOSUPPORT),
            ("EADDRINUSE", Errno::ADDRINUSE),
            ("EADDRNOTAVAIL", Errno::ADDRNOTAVAIL),
            ("ENETDOWN", Errno::NETDOWN),
            ("ENETUNREACH", Errno::NETUNREACH),
            ("ECONNRESET", Errno::CONNRESET),
            ("EISCONN", Errno::ISCONN),
            ("ENOTCONN", Errno::NOTCONN),
            ("ETIMEDOUT", Errno::TIMEDOUT),
            ("ECONNREFUSED", Errno::CONNREFUSED),
            ("EHOSTUNREACH", Errno::HOSTUNREACH),
            ("EALREADY", Errno::ALREADY),
            ("EINPROGRESS", Errno::INPROGRESS),
        ];
        for (name, number) in header {
            assert_eq!(error_name("bs2000", number.raw_os_error()), name);
        }
    }
}
