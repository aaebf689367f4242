//! What is expected of the program in a scenario: its exit, its output, its time, and what connect() says to it.

use std::fmt;
use std::ops::RangeInclusive;

use regex::bytes::{Regex, RegexBuilder};
use serde::Deserialize;
use serde::de::{Error as _, SeqAccess, Visitor};
use synsent_stack::Duration;
use toml::Spanned;

use super::Mistake;
use super::values::Span;

/// How many exits, or words of connect(), may be expected.
pub const SCENARIO_EXPECTED_MAX: usize = 16;
/// How long a regular expression may be, and how much memory it may take once it is compiled is a multiple of this; unit: octets.
pub const SCENARIO_PATTERN_OCTETS_MAX: usize = 4_096;

/// How much memory a compiled expression may take for each octet that its text may have.
const COMPILED_OCTETS_EACH: usize = 64;
/// How deep groups may stand in each other.
const NESTED_MAX: u32 = 64;

/// What is expected of the program. What is not said is not looked at.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Expect {
    /// How it ends: one of these; empty: in any way.
    pub exit: Vec<Exit>,
    /// What is found in its output.
    pub stdout: Option<OutputPattern>,
    /// What is found in its diagnostics.
    pub stderr: Option<OutputPattern>,
    /// How long it takes at most.
    pub within: Option<Duration>,
    /// What its connect() says: one of these words, an error's name or `connected`; empty: anything.
    pub connect: Vec<String>,
    /// What its connect() says, all of it: each of these words at least once, and no other; empty: anything.
    pub connect_all: Vec<String>,
}

/// How a program ends.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Exit {
    /// By itself, with this exit code.
    Code(u8),
    /// By a signal with this name: `SIGSEGV`.
    Signal(String),
    /// Not by itself: it still runs when its time is over.
    TimeLimit,
}

/// How a program that does not end by itself is written.
const TIME_LIMIT: &str = "time-limit";

/// A regular expression for output. It is compiled where it is used, so that a file with many of them takes no more room than its text.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct OutputPattern {
    text: String,
}

/// The table as it stands in the file.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct ExpectTable {
    exit: Option<Spanned<Exits>>,
    stdout: Option<Spanned<String>>,
    stderr: Option<Spanned<String>>,
    within: Option<Span>,
    connect: Option<Spanned<Words>>,
    connect_all: Option<Spanned<Words>>,
}

/// One exit or a list of them.
struct Exits(Vec<Exit>);

/// One word or a list of them.
pub(super) struct Words(pub(super) Vec<String>);

impl Expect {
    /// Whether nothing is expected.
    pub fn is_empty(&self) -> bool {
        *self == Expect::default()
    }
}

impl fmt::Display for Exit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Exit::Code(code) => write!(f, "{code}"),
            Exit::Signal(name) => f.write_str(name),
            Exit::TimeLimit => f.write_str(TIME_LIMIT),
        }
    }
}

impl OutputPattern {
    /// Compiles an expression.
    ///
    /// # Errors
    /// What is wrong with it, in one line.
    pub fn new(text: &str) -> Result<OutputPattern, String> {
        if text.len() > SCENARIO_PATTERN_OCTETS_MAX {
            return Err(format!("the expression is longer than {SCENARIO_PATTERN_OCTETS_MAX} octets"));
        }
        match compiled(text) {
            Ok(_) => Ok(OutputPattern { text: text.to_owned() }),
            Err(regex::Error::CompiledTooBig(_)) => Err("the expression takes too much memory".to_owned()),
            // The first lines of the message show the expression again, and the last one says what is wrong.
            Err(error) => Err(format!(
                "this is no regular expression: {}",
                error.to_string().lines().last().unwrap_or_default().trim_start_matches("error: ")
            )),
        }
    }

    /// An expression that finds exactly this text.
    ///
    /// # Errors
    /// When the text is too long for one.
    pub fn exactly(text: &str) -> Result<OutputPattern, String> {
        OutputPattern::new(&regex::escape(text))
    }

    /// The expression.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Whether it is found in an output; `^` and `$` are the ends of a line.
    pub fn is_in(&self, output: &[u8]) -> bool {
        // It was compiled once already.
        compiled(&self.text).is_ok_and(|regex| regex.is_match(output))
    }
}

fn compiled(text: &str) -> Result<Regex, regex::Error> {
    RegexBuilder::new(text)
        .size_limit(SCENARIO_PATTERN_OCTETS_MAX * COMPILED_OCTETS_EACH)
        .dfa_size_limit(SCENARIO_PATTERN_OCTETS_MAX * COMPILED_OCTETS_EACH)
        .nest_limit(NESTED_MAX)
        .multi_line(true)
        .build()
}

impl ExpectTable {
    pub(super) fn check(&self) -> Result<Expect, Mistake> {
        let exit = self.exit.as_ref().map_or(Ok(Vec::new()), |exit| few("exits", exit, |exits| &exits.0))?;
        let (connect, connect_all) = (words_of_connect(&self.connect)?, words_of_connect(&self.connect_all)?);
        let within = self.within.map(|span| span.0);
        Ok(Expect {
            exit,
            stdout: pattern(&self.stdout)?,
            stderr: pattern(&self.stderr)?,
            within,
            connect,
            connect_all,
        })
    }
}

fn words_of_connect(words: &Option<Spanned<Words>>) -> Result<Vec<String>, Mistake> {
    let Some(table) = words else { return Ok(Vec::new()) };
    let words = few("words", table, |words| &words.0)?;
    match words.iter().find(|word| !is_word_of_connect(word)) {
        None => Ok(words),
        Some(word) => Err((
            table.span(),
            format!(
                "`{word}` is nothing that connect() says: write \"connected\", or the name of an error in capital letters, from its E on"
            ),
        )),
    }
}

fn pattern(text: &Option<Spanned<String>>) -> Result<Option<OutputPattern>, Mistake> {
    let Some(text) = text else { return Ok(None) };
    OutputPattern::new(text.get_ref()).map(Some).map_err(|what| (text.span(), what))
}

fn few<T, U: Clone>(what: &str, table: &Spanned<T>, all: impl Fn(&T) -> &Vec<U>) -> Result<Vec<U>, Mistake> {
    let all = all(table.get_ref());
    if (1..=SCENARIO_EXPECTED_MAX).contains(&all.len()) {
        return Ok(all.clone());
    }
    Err((table.span(), format!("{} {what} cannot be expected: 1 to {SCENARIO_EXPECTED_MAX}", all.len())))
}

fn is_word_of_connect(word: &str) -> bool {
    let is_error = |word: &str| {
        word.starts_with('E')
            && (2..=20).contains(&word.len())
            && word.bytes().all(|one| one.is_ascii_uppercase() || one.is_ascii_digit())
    };
    word == "connected" || is_error(word)
}

impl<'de> Deserialize<'de> for Exits {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Exits, D::Error> {
        deserializer.deserialize_any(ExitsVisitor)
    }
}

struct ExitsVisitor;

impl ExitsVisitor {
    const CODES: RangeInclusive<i64> = 0..=255;

    fn code<E: serde::de::Error>(code: i64) -> Result<Exit, E> {
        let fits = ExitsVisitor::CODES.contains(&code);
        fits.then_some(Exit::Code(code as u8)).ok_or_else(|| E::custom(format!("{code} is no exit code: 0 to 255")))
    }

    fn word<E: serde::de::Error>(name: &str) -> Result<Exit, E> {
        if name == TIME_LIMIT {
            return Ok(Exit::TimeLimit);
        }
        let rest = name.strip_prefix("SIG").unwrap_or_default();
        let plain = rest.bytes().all(|one| one.is_ascii_uppercase() || one.is_ascii_digit() || b"+-".contains(&one));
        if !plain || !(2..=10).contains(&rest.len()) {
            return Err(E::custom(format!(
                "`{name}` is no signal: write its name, such as \"SIGSEGV\", or \"{TIME_LIMIT}\""
            )));
        }
        Ok(Exit::Signal(name.to_owned()))
    }
}

impl<'de> Visitor<'de> for ExitsVisitor {
    type Value = Exits;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an exit code such as 0, a signal such as \"SIGSEGV\", \"time-limit\", or a list of them")
    }

    fn visit_i64<E: serde::de::Error>(self, code: i64) -> Result<Exits, E> {
        Ok(Exits(vec![ExitsVisitor::code(code)?]))
    }

    fn visit_str<E: serde::de::Error>(self, name: &str) -> Result<Exits, E> {
        Ok(Exits(vec![ExitsVisitor::word(name)?]))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Exits, A::Error> {
        let mut all = Vec::new();
        while let Some(one) = list.next_element::<toml::Value>()? {
            all.push(match one {
                toml::Value::Integer(code) => ExitsVisitor::code(code)?,
                toml::Value::String(name) => ExitsVisitor::word(&name)?,
                other => return Err(A::Error::custom(format!("{other} is neither an exit code nor a signal"))),
            });
        }
        Ok(Exits(all))
    }
}

impl<'de> Deserialize<'de> for Words {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Words, D::Error> {
        deserializer.deserialize_any(WordsVisitor)
    }
}

struct WordsVisitor;

impl<'de> Visitor<'de> for WordsVisitor {
    type Value = Words;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a string or a list of strings")
    }

    fn visit_str<E: serde::de::Error>(self, word: &str) -> Result<Words, E> {
        Ok(Words(vec![word.to_owned()]))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Words, A::Error> {
        let mut all = Vec::new();
        while let Some(word) = list.next_element()? {
            all.push(word);
        }
        Ok(Words(all))
    }
}
