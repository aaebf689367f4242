//! A line of cells that text is put into: each cell has a character and what it means.

use unicode_width::UnicodeWidthChar as _;

use crate::style::{Style, Tone};

/// A line of a terminal, as wide as it may be.
#[derive(Clone)]
pub(super) struct Line {
    /// `None`: the second half of a wide character.
    cells: Vec<(Option<char>, Tone)>,
}

impl Line {
    pub(super) fn new(width: usize) -> Line {
        Line { cells: vec![(Some(' '), Tone::Plain); width] }
    }

    /// Puts a character of width one somewhere; outside of the line it is lost.
    pub(super) fn set(&mut self, at: usize, glyph: char, tone: Tone) {
        self.clear(at);
        if let Some(cell) = self.cells.get_mut(at) {
            *cell = (Some(glyph), tone);
        }
    }

    /// Fills from the first place to before the last one.
    pub(super) fn fill(&mut self, places: std::ops::Range<usize>, glyph: char, tone: Tone) {
        for at in places {
            self.set(at, glyph, tone);
        }
    }

    /// Puts text from a place on, which ends with an ellipsis where there is no room for more than `room` cells.
    pub(super) fn put(&mut self, at: usize, room: usize, text: &str, tone: Tone) {
        let room = room.min(self.cells.len().saturating_sub(at));
        let mut place = at;
        for glyph in fitted(text, room).chars() {
            let wide = width_of(glyph);
            self.set(place, glyph, tone);
            for half in 1..wide {
                self.clear(place + half);
                if let Some(cell) = self.cells.get_mut(place + half) {
                    *cell = (None, tone);
                }
            }
            place += wide;
        }
    }

    /// Takes the other half of a wide character away with the one that is overwritten.
    fn clear(&mut self, at: usize) {
        if self.cells.get(at).is_some_and(|cell| cell.0.is_none()) && at > 0 {
            self.cells[at - 1] = (Some(' '), Tone::Plain);
        }
        if let Some(half) = self.cells.get_mut(at + 1).filter(|half| half.0.is_none()) {
            *half = (Some(' '), Tone::Plain);
        }
    }

    /// The line as text, without spaces at its end.
    pub(super) fn text(&self, style: Style) -> String {
        let end = self.cells.iter().rposition(|cell| cell.0 != Some(' ')).map_or(0, |last| last + 1);
        let mut out = String::new();
        for run in self.cells[..end].chunk_by(|a, b| a.1 == b.1) {
            let run_text: String = run.iter().filter_map(|cell| cell.0).collect();
            out.push_str(&style.paint(run[0].1, &style.spell(&run_text)));
        }
        out
    }
}

/// How many cells a character takes.
fn width_of(glyph: char) -> usize {
    glyph.width().unwrap_or(0)
}

/// How many cells a text takes, without the characters that take none.
pub(super) fn width(text: &str) -> usize {
    text.chars().map(width_of).sum()
}

/// The text, without characters that take no cell, ending with an ellipsis where it takes more than `room` cells.
pub(super) fn fitted(text: &str, room: usize) -> String {
    let visible = text.chars().filter(|glyph| width_of(*glyph) > 0);
    if width(text) <= room {
        return visible.collect();
    }
    let mut out = String::new();
    let mut used = 0;
    for glyph in visible {
        if used + width_of(glyph) + 1 > room {
            break;
        }
        used += width_of(glyph);
        out.push(glyph);
    }
    if room > 0 {
        out.push('…');
    }
    out
}

/// A text in lines of at most this many cells, cut between words where that is possible.
pub(super) fn wrapped(text: &str, room: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split_whitespace() {
        match lines.last_mut() {
            Some(line) if width(line) + 1 + width(word) <= room => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(fitted(word, room)),
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wide_characters_take_two_cells_and_go_as_a_whole() {
        let mut line = Line::new(6);
        line.put(0, 6, "日本語", Tone::Plain);
        assert_eq!(line.text(Style::default()), "日本語");
        line.set(3, '|', Tone::Plain);
        assert_eq!(line.text(Style::default()), "日 |語");
        assert_eq!(fitted("日本語", 5), "日本…");
        assert_eq!(fitted("a\u{301}b", 5), "ab");
    }

    #[test]
    fn a_long_text_is_cut_between_words() {
        assert_eq!(wrapped("one two three", 7), ["one two", "three"]);
        assert_eq!(wrapped("abcdefghij k", 5), ["abcd…", "k"]);
    }
}
