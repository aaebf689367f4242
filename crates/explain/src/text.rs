//! The whole explanation of a run as text for a terminal.
//!
//! Sections stand in a fixed order, and one that has nothing to say is left out. No line is wider than was asked for, but those with the
//! path of a file, which stays in one piece so that it can be copied; and no control
//! character of a program or a record reaches the terminal. What the text looks like in a terminal of few columns is the caller's
//! choice: below [`WIDTH_MIN`] it does not go.

mod date;
mod wrap;

use crate::flows::OWN_LINE;
use crate::ladder;
use crate::record::{End, Run};
use crate::style::{Style, Tone};
use crate::why::Why;
use crate::words::{span, visible};

use wrap::{Block, pair, wrapped};

/// The narrowest text; unit: cells of a terminal.
pub const WIDTH_MIN: usize = 40;
/// How far the text of a section stands from the margin; unit: cells.
const INDENT: usize = 2;
/// How many arguments of the program are shown.
const ARGUMENTS_SHOWN: usize = 64;

/// What one of our dialects would have reported in the place of the program's own.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct DialectSaid {
    /// The dialect: `winsock2`.
    pub dialect: String,
    /// The word that its connect would have reported: `WSAECONNREFUSED`.
    pub name: String,
    /// Its number; `None`: it is no error.
    pub number: Option<i64>,
    /// The clause of its document that says so.
    pub clause: String,
    /// What the document says there, or what else is to be said.
    pub sentence: String,
    /// How long its connect would have taken; milliseconds.
    pub took_ms: Option<u64>,
}

/// The explanation of a run: title, LADDER, WHY, NOT, UNKNOWN, THE LAB'S RULE, IN, SEEN BY THE PROGRAM, FILES.
pub fn text(
    run: &Run,
    why: &Why,
    dialects: &[DialectSaid],
    files: &[(String, String)],
    width: usize,
    style: Style,
) -> String {
    let width = width.max(WIDTH_MIN);
    let mut page = Page { out: String::new(), width, style };
    page.title(run);
    page.head("LADDER");
    page.out.push_str(&ladder::text(&ladder::lay_out(run), width, style));
    page.section("WHY", why.because.iter().map(|sentence| Block::plain(sentence)));
    page.section("NOT", why.not.iter().map(|not| Block::led(&not.cause, &not.evidence)));
    page.section("UNKNOWN", why.unknown.iter().map(|open| Block::plain(open)));
    page.section("THE LAB'S RULE (its own word, not the wire's)", why.lab.iter().map(|words| Block::plain(words)));
    page.section("IN", dialects.iter().map(dialect));
    page.section("SEEN BY THE PROGRAM", why.seen.iter().map(|line| Block::plain(line)));
    page.section("NOTES", run.notes.iter().map(|note| Block::plain(note)));
    page.files(run, files);
    page.out
}

/// `winsock2: WSAECONNREFUSED (10061) after 11 ms, winsock2/connect/error/…: sentence`.
fn dialect(said: &DialectSaid) -> Block {
    let mut words = said.name.clone();
    if let Some(number) = said.number {
        words += &format!(" ({number})");
    }
    if let Some(took) = said.took_ms {
        words += &format!(" after {}", span(i64::try_from(took).unwrap_or(i64::MAX).saturating_mul(1_000)));
    }
    if !said.clause.is_empty() {
        words += &format!(" [{}]", said.clause);
    }
    if !said.sentence.is_empty() {
        words += &format!(": {}", said.sentence);
    }
    Block::led(&said.dialect, &words)
}

/// The text while it is written.
struct Page {
    out: String,
    width: usize,
    style: Style,
}

impl Page {
    fn title(&mut self, run: &Run) {
        let case = match (run.case.as_str(), run.summary.as_str()) {
            ("", "") => "a run".to_owned(),
            ("", summary) => summary.to_owned(),
            (case, "") => case.to_owned(),
            (case, summary) => format!("{case}: {summary}"),
        };
        self.lines(&visible(&case), 0, INDENT, Tone::Head);
        self.lines(&program(run), 0, INDENT, Tone::Plain);
        let took = span(i64::try_from(run.took_us).unwrap_or(i64::MAX));
        let began = date::utc(run.began_unix_nanos);
        self.lines(&format!("{began}, took {took}, {}", ending(&run.end)), 0, INDENT, tone(&run.end));
    }

    fn head(&mut self, name: &str) {
        self.out.push('\n');
        self.lines(name, 0, INDENT, Tone::Head);
    }

    /// A section of blocks; their first words stand in a column of their own where there is room for that.
    fn section(&mut self, name: &str, blocks: impl Iterator<Item = Block>) {
        let mut blocks = blocks.peekable();
        if blocks.peek().is_none() {
            return;
        }
        self.head(name);
        for block in blocks {
            self.lines(&block.words(), INDENT, 2 * INDENT, Tone::Plain);
        }
    }

    /// The files of the run; a path is never broken.
    fn files(&mut self, run: &Run, files: &[(String, String)]) {
        if files.is_empty() {
            return;
        }
        self.head("FILES");
        for (name, path) in files {
            for line in pair(&visible(name), &visible(path), self.width, INDENT) {
                self.put(&line, Tone::Plain);
            }
        }
        if let Some(words) = lines_of_capture(run, files) {
            self.lines(&words, INDENT, 2 * INDENT, Tone::Quiet);
        }
    }

    fn lines(&mut self, text: &str, first: usize, rest: usize, tone: Tone) {
        for line in wrapped(text, self.width, first, rest) {
            self.put(&line, tone);
        }
    }

    fn put(&mut self, line: &str, tone: Tone) {
        let painted = self.style.paint(tone, &self.style.spell(line));
        self.out.push_str(painted.trim_end());
        self.out.push('\n');
    }
}

/// How a capture of several lines is read: in it a packet that crossed the router stands twice, which looks like a repetition.
pub(crate) fn lines_of_capture(run: &Run, files: &[(String, String)]) -> Option<String> {
    let has_capture = files.iter().any(|(_, path)| path.ends_with(".pcapng"));
    let is_behind = run.packets.iter().any(|packet| packet.line != OWN_LINE);
    (has_capture && is_behind).then(|| {
        format!(
            "In the capture a packet stands once for each line that it was on; those on the program's own line are shown by \
             frame.interface_name == \"{OWN_LINE}\"."
        )
    })
}

fn tone(end: &End) -> Tone {
    if *end == End::Exited(0) { Tone::Good } else { Tone::Bad }
}

fn ending(end: &End) -> String {
    match end {
        End::Exited(code) => format!("exit code {code}"),
        End::Signal { number, name } if name.is_empty() => format!("ended by signal {number}"),
        End::Signal { name, .. } => format!("ended by {}", visible(name)),
        End::TimeLimit(_) => "ended at its limit".to_owned(),
        End::Interrupted => "ended by the user".to_owned(),
    }
}

/// The program as a shell would take it.
fn program(run: &Run) -> String {
    let words = run.program.iter().take(ARGUMENTS_SHOWN).map(|word| {
        let is_plain = !word.is_empty() && word.chars().all(|one| one.is_alphanumeric() || "-_./:=@%+,".contains(one));
        let word = visible(word);
        if is_plain { word } else { format!("'{}'", word.replace('\'', "'\\''")) }
    });
    let mut line = words.collect::<Vec<_>>().join(" ");
    if run.program.len() > ARGUMENTS_SHOWN {
        line += " …";
    }
    format!("$ {line}")
}

#[cfg(test)]
mod tests;
