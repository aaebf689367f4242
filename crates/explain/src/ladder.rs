//! The ladder diagram of a run: who did what, when, and to whom, from the program's calls to the hosts behind the router.
//!
//! [`lay_out`] turns a record into columns and rows and decides what is worth a row; [`text`] draws the rows for a terminal, and
//! [`crate::svg`] as a picture. A packet that crosses the router at once is one row. What repeats itself is counted instead of
//! repeated, and a run of any length gives at most [`ROWS_MAX`] rows besides those that say that time passed.

mod calls;
mod fold;
mod layout;
mod packets;
mod text;

pub use layout::lay_out;
pub use text::text;

use crate::style::Tone;

/// How many rows a ladder has, those for gaps in time not counted.
pub const ROWS_MAX: usize = 200;
/// How many columns of its own the hosts get; those that appear later share one.
pub const HOST_COLUMNS_MAX: usize = 5;
/// How long the words of a row are; unit: characters.
pub const WORDS_MAX: usize = 160;

/// A diagram of columns and rows.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Ladder {
    /// The program, its kernel, the router, and the hosts that took part.
    pub columns: Vec<Column>,
    /// What happened, in the order of time.
    pub rows: Vec<Row>,
    /// What is not in the rows, in sentences.
    pub notes: Vec<String>,
}

/// One who takes part.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Column {
    /// Who.
    pub kind: ColumnKind,
    /// Its name.
    pub name: String,
    /// The first of its addresses, with spaces between them.
    pub about: String,
}

/// Who a column is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ColumnKind {
    /// The program.
    Program,
    /// The kernel that it calls.
    Kernel,
    /// The router next to it.
    Router,
    /// A host behind the router, or several.
    Host,
}

/// Something that happened.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Row {
    /// When it began.
    pub at_us: i64,
    /// When it was over: when the packet arrived.
    pub until_us: i64,
    /// What it is.
    pub kind: RowKind,
    /// The column where it began.
    pub from: usize,
    /// The column where it ended; the same for what is said about one column.
    pub to: usize,
    /// The column that it passed on its way, and when.
    pub via: Option<(usize, i64)>,
    /// How many of the same it stands for.
    pub count: usize,
    /// What it is in short: for the arrow.
    pub words: String,
    /// What else there is to say.
    pub note: String,
    /// Why it did not arrive.
    pub lost: Option<&'static str>,
    /// Whether it is good or bad.
    pub tone: Tone,
}

/// What a row is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum RowKind {
    /// A call of the program; where nothing happened before its answer, with the answer.
    Call,
    /// The answer to a call.
    Answer,
    /// A packet.
    Packet,
    /// What a rule of the scenario decided.
    Verdict,
    /// A question to the name server that has no packet to show.
    Lookup,
    /// Time in which nothing happened, or rows that were left out.
    Gap,
    /// A call that did not return, or the end of the program.
    End,
}

/// A time since the program's start, for the left side of a ladder: `+12.4 ms`, `+3.010 s`.
pub(crate) fn clock(at_us: i64) -> String {
    let sign = if at_us < 0 { '-' } else { '+' };
    let us = at_us.unsigned_abs();
    match us {
        0..1_000_000 => format!("{sign}{}.{} ms", us / 1_000, us / 100 % 10),
        1_000_000..100_000_000 => format!("{sign}{}.{:03} s", us / 1_000_000, us / 1_000 % 1_000),
        _ => format!("{sign}{}.{} s", us / 1_000_000, us / 100_000 % 10),
    }
}

#[cfg(test)]
mod tests;
