//! The table of a program's sweep, for people. Where the terminal is not wide, what was on the wire and what the program said
//! stand below their row.

use std::io::{self, Write};

use anstyle::{AnsiColor, Style};
use synsent_explain::End;

use super::seen::Seen;
use super::totals::{self, Totals};
use super::{Closing, Paper};
use crate::table::{self, Cell, Table, span};
use crate::words;

/// From this width on a row has all columns.
const WIDE: usize = 150;
const WIRE_WIDTH: usize = 40;
const SAID_WIDTH: usize = 28;
const TOOK_WIDTH: usize = 7;
/// The room for how the program ended, where that stands alone: `ended by synsent after 10 s`.
const DID_WIDTH: usize = 27;
/// The room for the names of outcomes on a narrow terminal, at most.
const CASE_WIDTH_MAX: usize = 24;

/// The table.
pub(super) struct Rows<W> {
    table: Table<W>,
    width: usize,
    is_wide: bool,
    has_begun: bool,
}

impl<W: Write> Rows<W> {
    /// A table of this width for these cases.
    pub(super) fn new<'a>(out: W, width: usize, cases: impl Iterator<Item = &'a str>) -> Rows<W> {
        let longest = cases.map(str::len).max().unwrap_or_default().max("outcome".len());
        let is_wide = width >= WIDE;
        let case = if is_wide { longest } else { longest.min(CASE_WIDTH_MAX).min(width / 3) };
        let columns = match is_wide {
            true => vec![Some(case), Some(WIRE_WIDTH), Some(SAID_WIDTH), Some(TOOK_WIDTH), None],
            false => {
                let left = width.saturating_sub(case + TOOK_WIDTH + 3 * table::GAP);
                vec![Some(case), None, Some(TOOK_WIDTH), Some(DID_WIDTH.min(left / 2))]
            }
        };
        Rows { table: Table::new(out, width, &columns), width, is_wide, has_begun: false }
    }

    /// Outcome, on the wire, connect() said, took, the end, the line.
    fn cells(&mut self, cells: [Cell; 6]) -> io::Result<()> {
        let [case, wire, said, took, did, line] = cells;
        if self.is_wide {
            let did = match line.text.is_empty() {
                true => did,
                false => Cell { text: format!("{}: {}", did.text, line.text), style: did.style },
            };
            return self.table.row(&[case, wire, said, took, did]);
        }
        self.table.row(&[case, said, took, did])?;
        [Cell { style: Style::new().dimmed(), ..wire }, line]
            .into_iter()
            .filter(|cell| !cell.text.is_empty())
            .try_for_each(|cell| self.table.below(cell))
    }

    /// The heads of the columns, before the first row: where no run can be made there are none.
    fn begin(&mut self) -> io::Result<()> {
        if std::mem::replace(&mut self.has_begun, true) {
            return Ok(());
        }
        let heads = ["outcome", "on the wire", "connect() said", "took", "the program did", ""];
        let heads = heads.map(|head| Cell::styled(Style::new().bold(), head));
        match self.is_wide {
            true => self.cells(heads),
            false => {
                let [case, _, said, took, did, _] = heads;
                self.table.row(&[case, said, took, did])
            }
        }
    }
}

impl<W: Write> Paper for Rows<W> {
    fn row(&mut self, seen: &Seen) -> io::Result<()> {
        self.begin()?;
        let style = match &seen.end {
            End::Exited(0) => AnsiColor::Green.on_default(),
            End::Exited(_) => Style::new(),
            End::Signal { .. } => AnsiColor::Red.on_default().bold(),
            End::TimeLimit(_) | End::Interrupted => AnsiColor::Yellow.on_default(),
        };
        self.cells([
            Cell::plain(&seen.case),
            Cell::plain(seen.on_the_wire()),
            Cell::plain(&seen.said),
            Cell::plain(span(seen.took)),
            Cell::styled(style, words::ending(&seen.end)),
            Cell::plain(&seen.line),
        ])?;
        seen.unmet.iter().try_for_each(|unmet| {
            self.table.below(Cell::styled(AnsiColor::Red.on_default(), format!("changed: {unmet}")))
        })
    }

    fn failed(&mut self, case: &str, why: &str) -> io::Result<()> {
        self.begin()?;
        let style = AnsiColor::Red.on_default().bold();
        self.table.row(&[Cell::plain(case), Cell::styled(style, "not run")])?;
        self.table.below(Cell::styled(AnsiColor::Red.on_default(), words::visible(why)))
    }

    fn end(&mut self, totals: &Totals, closing: &Closing<'_>) -> io::Result<()> {
        let width = self.width;
        let out = self.table.out();
        totals::write(out, width, totals, closing.took, closing.limit)?;
        writeln!(out)?;
        let mut hints =
            vec![format!("seed {}: `--seed {0}` makes the lab lose and delay the same packets again", closing.seed)];
        if let Some(case) = closing.telling {
            hints.insert(0, format!("`synsent why {case}` shows that outcome packet by packet, and why"));
        }
        hints.extend(closing.saved.map(|file| format!("{file} expects all this; `--expect {file}` compares")));
        for line in hints.iter().flat_map(|hint| table::wrap(hint, width)) {
            let style = Style::new().dimmed();
            writeln!(out, "{}{line}{}", style.render(), style.render_reset())?;
        }
        out.flush()
    }
}

/// What a case is, for the list of them.
pub(super) fn list<'a>(
    out: &mut dyn Write,
    width: usize,
    cases: impl Iterator<Item = (&'a str, &'a str)> + Clone,
) -> io::Result<()> {
    let longest = cases.clone().map(|(name, _)| name.len()).max().unwrap_or_default();
    let mut table = Table::new(out, width, &[Some(longest), None]);
    for (name, summary) in cases {
        table.row(&[Cell::styled(Style::new().bold(), name), Cell::plain(summary)])?;
    }
    Ok(())
}
