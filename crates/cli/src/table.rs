//! Rows of text in columns that fit the width of the terminal, written as they come.
//!
//! Cells are wrapped at spaces. Colours are for terminals only; who writes elsewhere gets the bare text, 80 columns wide.

use std::io::{self, Write};

use anstyle::Style;

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
                gap += width.saturating_sub(text.chars().count()) + GAP;
            }
            writeln!(out)?;
        }
        out.flush()
    }
}

/// The width of the terminal, where standard output is one.
pub(crate) fn terminal_width() -> usize {
    let size = rustix::termios::tcgetwinsize(io::stdout()).ok();
    let columns = size.map(|size| usize::from(size.ws_col)).filter(|columns| *columns > 0);
    columns.map_or(WIDTH, |columns| columns.max(WIDTH_MIN))
}

/// The lines of a text; a word that is longer than a line is broken.
fn wrap(text: &str, width: usize) -> Vec<String> {
    let mut lines = Vec::new();
    let (mut line, mut used) = (String::new(), 0);
    for word in text.split_whitespace() {
        let mut rest: Vec<char> = word.chars().collect();
        if used > 0 && used + 1 + rest.len() > width {
            lines.push(std::mem::take(&mut line));
            used = 0;
        } else if used > 0 {
            line.push(' ');
            used += 1;
        }
        while rest.len() > width {
            lines.push(rest.drain(..width).collect());
        }
        used += rest.len();
        line.extend(rest);
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
}
