//! Rows of text in columns that fit the width of the terminal, written as they come.
//!
//! Cells are wrapped at spaces. Colours are for terminals only; who writes elsewhere gets the bare text, 80 columns wide.

use std::io::{self, Write};
use std::time::Duration;

use anstyle::Style;
use unicode_width::{UnicodeWidthChar as _, UnicodeWidthStr as _};

/// The width where there is no terminal.
const WIDTH: usize = 80;
/// The least that a table is made for.
const WIDTH_MIN: usize = 48;
/// What stands between two columns.
pub(crate) const GAP: usize = 2;

/// A cell: its style and its text.
#[derive(Clone, Debug)]
pub(crate) struct Cell {
    pub(crate) style: Style,
    pub(crate) text: String,
}

/// The columns of a table.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Columns {
    pub(crate) widths: Vec<usize>,
}

/// A table that is written row by row. What has no room in a row stands in lines of their own below it.
pub(crate) struct Table<W> {
    out: W,
    columns: Columns,
    below: Columns,
}

/// How far the lines below a row stand in.
const INDENT: usize = 4;

impl<W: Write> Table<W> {
    /// A table of this width on `out`.
    pub(crate) fn new(out: W, width: usize, widths: &[Option<usize>]) -> Table<W> {
        let below = Columns::fit(width, &[Some(INDENT - GAP), None]);
        Table { out, columns: Columns::fit(width, widths), below }
    }

    /// Writes a row.
    pub(crate) fn row(&mut self, cells: &[Cell]) -> io::Result<()> {
        self.columns.write(&mut self.out, cells)
    }

    /// Writes a line, or as many as it takes, below the last row.
    pub(crate) fn below(&mut self, cell: Cell) -> io::Result<()> {
        self.below.write(&mut self.out, &[Cell::plain(""), cell])
    }

    /// Where the table is written, for what is no row.
    pub(crate) fn out(&mut self) -> &mut W {
        &mut self.out
    }
}

impl Cell {
    /// A cell without a colour.
    pub(crate) fn plain(text: impl Into<String>) -> Cell {
        Cell { style: Style::new(), text: text.into() }
    }

    /// A cell in this style.
    pub(crate) fn styled(style: impl Into<Style>, text: impl Into<String>) -> Cell {
        Cell { style: style.into(), text: text.into() }
    }
}

impl Columns {
    /// Columns of these widths; `None` takes what the others leave of the whole width.
    pub(crate) fn fit(whole: usize, widths: &[Option<usize>]) -> Columns {
        let fixed: usize = widths.iter().flatten().sum::<usize>() + GAP * widths.len().saturating_sub(1);
        let open = widths.iter().filter(|width| width.is_none()).count().max(1);
        let left = whole.saturating_sub(fixed) / open;
        Columns { widths: widths.iter().map(|width| width.unwrap_or(left).max(1)).collect() }
    }

    /// Writes a row, of as many lines as its longest cell needs.
    pub(crate) fn write(&self, out: &mut dyn Write, cells: &[Cell]) -> io::Result<()> {
        let wrapped: Vec<Vec<String>> =
            cells.iter().zip(&self.widths).map(|(cell, width)| wrap(&cell.text, *width)).collect();
        let lines = wrapped.iter().map(Vec::len).max().unwrap_or_default();
        for number in 0..lines {
            let mut gap = 0;
            for ((cell, lines), width) in cells.iter().zip(&wrapped).zip(&self.widths) {
                let text = lines.get(number).map_or("", String::as_str);
                if !text.is_empty() {
                    write!(out, "{:gap$}{}{text}{}", "", cell.style.render(), cell.style.render_reset())?;
                    gap = 0;
                }
                gap += width.saturating_sub(text.width()) + GAP;
            }
            writeln!(out)?;
        }
        out.flush()
    }
}

/// The width of the terminal, where standard output is one.
pub(crate) fn terminal_width() -> usize {
    terminal_columns().max(WIDTH_MIN)
}

/// The same however narrow the terminal is, for text that has no columns.
pub(crate) fn terminal_columns() -> usize {
    let size = rustix::termios::tcgetwinsize(io::stdout()).ok();
    let columns = size.map(|size| usize::from(size.ws_col)).filter(|columns| *columns > 0);
    columns.unwrap_or(WIDTH)
}

/// A span of time in the unit that fits it.
pub(crate) fn span(span: Duration) -> String {
    match span.as_secs_f64() {
        seconds if seconds >= 1.0 => format!("{seconds:.1} s"),
        seconds if seconds >= 0.1 => format!("{:.0} ms", seconds * 1e3),
        seconds => format!("{:.1} ms", seconds * 1e3),
    }
}

/// The lines of a text; a word that is longer than a line is broken.
pub(crate) fn wrap(text: &str, width: usize) -> Vec<String> {
    let mut lines = Vec::new();
    let (mut line, mut used) = (String::new(), 0);
    for word in text.split_whitespace() {
        if used > 0 && used + 1 + word.width() > width {
            lines.push(std::mem::take(&mut line));
            used = 0;
        } else if used > 0 {
            line.push(' ');
            used += 1;
        }
        let is_long = word.width() > width;
        for letter in word.chars() {
            let wide = letter.width().unwrap_or_default();
            if is_long && used > 0 && used + wide > width {
                lines.push(std::mem::take(&mut line));
                used = 0;
            }
            line.push(letter);
            used += wide;
        }
    }
    lines.push(line);
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(columns: &Columns, cells: &[&str]) -> String {
        let cells: Vec<Cell> = cells.iter().map(|text| Cell::plain(*text)).collect();
        let mut out = Vec::new();
        columns.write(&mut out, &cells).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn cells_stand_below_one_another_and_are_wrapped_at_spaces() {
        let columns = Columns::fit(24, &[Some(5), None, Some(4)]);
        assert_eq!(columns.widths, [5, 11, 4]);
        assert_eq!(written(&columns, &["a", "SYN ×3, RST from", "held"]), "a      SYN ×3, RST  held\n       from\n");
    }

    #[test]
    fn a_word_that_is_too_long_is_broken_and_nothing_is_lost() {
        let columns = Columns::fit(0, &[Some(4)]);
        assert_eq!(written(&columns, &["ab abcdefghij k"]), "ab\nabcd\nefgh\nij k\n");
    }

    #[test]
    fn letters_that_take_two_columns_are_counted_as_two() {
        let columns = Columns::fit(9, &[Some(4), Some(3)]);
        assert_eq!(written(&columns, &["接続拒否", "x"]), "接続  x\n拒否\n");
    }
}
