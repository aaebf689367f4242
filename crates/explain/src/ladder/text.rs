//! A ladder as text: a line for each row, a lifeline for each column, never wider than it may be.
//!
//! The words of a row stand on its arrow; where they do not fit, and for what else there is to say, the free part of the line is
//! used, then a further line. Where the line is too narrow for all columns, hosts share one; where it is too narrow
//! for a diagram at all, the rows are a list.

mod canvas;

use canvas::{Line, fitted, width, wrapped};

use super::{Column, ColumnKind, Ladder, Row, RowKind, clock};
use crate::style::{Style, Tone};

/// Below this a diagram shows nothing, and the rows are a list.
const DIAGRAM_MIN_WIDTH: usize = 50;
/// The room for the time.
const TIME_WIDTH: usize = 10;
/// Where the first lifeline stands.
const FIRST_LINE: usize = TIME_WIDTH + 4;
/// The distance of two lifelines on average, at least and at most.
const DISTANCE_MIN: usize = 9;
const DISTANCE_MAX: usize = 32;
/// The distance that is enough, where there is more room than the words need.
const DISTANCE_ROOMY: usize = 20;
/// The least distance of any two.
const DISTANCE_LEAST: usize = 7;
/// What an arrow needs besides its words.
const ARROW_EXTRA: usize = 5;
/// How far the further lines of a row in a list stand in.
const INDENT: usize = 2;
/// How many further lines a row may have.
const FURTHER_LINES_MAX: usize = 3;

/// Draws a ladder for a terminal of this width.
pub fn text(ladder: &Ladder, width: usize, style: Style) -> String {
    let drawing = Drawing::of(ladder, width.max(1));
    let mut lines = match &drawing {
        Some(drawing) => drawing.lines(),
        None => list(ladder, width.max(1)),
    };
    for note in &ladder.notes {
        lines.extend(wrapped(note, width.max(1)).iter().map(|one| {
            let mut line = Line::new(width.max(1));
            line.put(0, width, one, Tone::Quiet);
            line
        }));
    }
    lines.iter().map(|line| line.text(style) + "\n").collect()
}

/// The rows without a diagram.
fn list(ladder: &Ladder, width: usize) -> Vec<Line> {
    let name = |column: usize| ladder.columns.get(column).map_or("?", |column| column.name.as_str());
    let row_line = |row: &Row| {
        let ends = if row.from == row.to {
            name(row.from).to_owned()
        } else {
            format!("{} → {}", name(row.from), name(row.to))
        };
        let lost = row.lost.map(|reason| format!(" ✗ {reason}")).unwrap_or_default();
        let said = [row.words.as_str(), row.note.as_str()].join(" ");
        let text = format!("{} {ends}: {}{lost}", clock(row.at_us), said.trim());
        let pieces = wrapped(&text, width.saturating_sub(INDENT).max(1)).into_iter().take(1 + FURTHER_LINES_MAX);
        let tone = row.tone;
        pieces.enumerate().map(move |(number, piece)| {
            let mut line = Line::new(width);
            line.put(if number == 0 { 0 } else { INDENT }, width, &piece, tone);
            line
        })
    };
    ladder.rows.iter().flat_map(row_line).collect()
}

/// A ladder with places for its columns.
struct Drawing<'a> {
    ladder: &'a Ladder,
    columns: Vec<Column>,
    /// Where each lifeline stands.
    places: Vec<usize>,
    width: usize,
}

impl<'a> Drawing<'a> {
    /// Finds places for the columns; `None` when there is no room for a diagram.
    fn of(ladder: &'a Ladder, width: usize) -> Option<Drawing<'a>> {
        if width < DIAGRAM_MIN_WIDTH || ladder.columns.len() < 2 {
            return None;
        }
        let mut columns = ladder.columns.clone();
        let most = 1 + (width - FIRST_LINE - 2) / DISTANCE_MIN;
        if columns.len() > most {
            columns.truncate(most);
            let shared = Column { kind: ColumnKind::Host, name: "other hosts".to_owned(), about: String::new() };
            columns.splice(most - 1.., [shared]);
        }
        let mut drawing = Drawing { ladder, columns, places: Vec::new(), width };
        drawing.place();
        Some(drawing)
    }

    /// Gives each gap between two lifelines what the words of its arrows need, as far as there is room.
    fn place(&mut self) {
        let gaps = self.columns.len() - 1;
        // A name has half of the gap on each side.
        let names = |gap: usize| width(&self.columns[gap].name).max(width(&self.columns[gap + 1].name)) + 2;
        let mut wanted: Vec<usize> = (0..gaps).map(|gap| names(gap).clamp(DISTANCE_MIN, DISTANCE_MAX)).collect();
        for row in &self.ladder.rows {
            let (low, high) = self.ends(row);
            let needed = width(&row.words) + ARROW_EXTRA + row.lost.map_or(0, |reason| width(reason) + 2);
            let each = needed.div_ceil((high - low).max(1)).min(DISTANCE_MAX);
            wanted[low..high].iter_mut().for_each(|gap| *gap = each.max(*gap));
        }
        let last_name = self.columns.last().map_or(0, |column| width(&column.name) / 2).min(8);
        let room = self.width - FIRST_LINE - 1 - last_name.max(1);
        let all: usize = wanted.iter().sum();
        let spare = room.saturating_sub(gaps * DISTANCE_LEAST);
        let above: usize = wanted.iter().map(|gap| gap.saturating_sub(DISTANCE_LEAST)).sum();
        let wider = room.saturating_sub(all) / gaps;
        let distance = |gap: &usize| {
            if all <= room {
                (*gap).max((gap + wider).min(DISTANCE_ROOMY))
            } else {
                DISTANCE_LEAST + gap.saturating_sub(DISTANCE_LEAST) * spare / above.max(1)
            }
        };
        self.places = vec![FIRST_LINE];
        for gap in &wanted {
            self.places.push(self.places[self.places.len() - 1] + distance(gap));
        }
    }

    /// The columns between which a row lies, the left one first.
    fn ends(&self, row: &Row) -> (usize, usize) {
        let (from, to) = (self.column(row.from), self.column(row.to));
        (from.min(to), from.max(to))
    }

    /// The column as it is drawn: those beyond the last share it.
    fn column(&self, column: usize) -> usize {
        column.min(self.columns.len() - 1)
    }

    fn lines(&self) -> Vec<Line> {
        let mut lines = self.heads();
        for row in &self.ladder.rows {
            lines.extend(self.row(row));
        }
        lines
    }

    /// The names and addresses above the lifelines.
    fn heads(&self) -> Vec<Line> {
        let mut names = Line::new(self.width);
        let mut abouts: Vec<Line> = Vec::new();
        names.put(0, TIME_WIDTH, &format!("{:>TIME_WIDTH$}", "time"), Tone::Quiet);
        for (index, column) in self.columns.iter().enumerate() {
            self.centre(&mut names, index, &column.name, Tone::Head);
            for (number, address) in column.about.split(' ').filter(|one| !one.is_empty()).enumerate() {
                if abouts.len() <= number {
                    abouts.push(Line::new(self.width));
                }
                // Half an address tells nothing.
                if width(address) <= self.room_above(index).len() {
                    self.centre(&mut abouts[number], index, address, Tone::Quiet);
                }
            }
        }
        std::iter::once(names).chain(abouts).collect()
    }

    /// The places above a lifeline, between the middles of the gaps beside it.
    fn room_above(&self, index: usize) -> std::ops::Range<usize> {
        let at = self.places[index];
        let left = index.checked_sub(1).map_or(TIME_WIDTH, |before| (self.places[before] + at) / 2) + 1;
        left..self.places.get(index + 1).map_or(self.width, |behind| (at + behind) / 2)
    }

    fn centre(&self, line: &mut Line, index: usize, text: &str, tone: Tone) {
        let room = self.room_above(index);
        let text = fitted(text, room.len());
        let begin = self.places[index].saturating_sub(width(&text) / 2);
        line.put(begin.clamp(room.start, room.end - width(&text)), room.len(), &text, tone);
    }

    /// A line with nothing but the lifelines.
    fn lifelines(&self, glyph: char) -> Line {
        let mut line = Line::new(self.width);
        for place in &self.places {
            line.set(*place, glyph, Tone::Quiet);
        }
        line
    }

    fn row(&self, row: &Row) -> Vec<Line> {
        if row.kind == RowKind::Gap {
            let mut line = self.lifelines('⋮');
            line.put(self.places[0] + 2, self.width, &format!("{} ", row.words), Tone::Quiet);
            return vec![line];
        }
        let mut line = self.lifelines('│');
        let time = fitted(&clock(row.at_us), TIME_WIDTH);
        line.put(TIME_WIDTH - width(&time), TIME_WIDTH, &time, Tone::Quiet);
        let (low, high) = self.ends(row);
        let aside = if low == high {
            line.set(self.places[low], '●', row.tone);
            [row.words.as_str(), row.note.as_str()].join(" ")
        } else {
            self.arrow(&mut line, row)
        };
        self.beside(line, (low, high), aside.trim(), row.tone)
    }

    /// Draws the arrow of a row, and returns what there was no room for.
    fn arrow(&self, line: &mut Line, row: &Row) -> String {
        let (from, to) = (self.column(row.from), self.column(row.to));
        let (low, high) = (from.min(to), from.max(to));
        let (left, right) = (self.places[low] + 1, self.places[high]);
        line.fill(left..right, '─', row.tone);
        for crossed in &self.places[low + 1..high] {
            line.set(*crossed, '┼', row.tone);
        }
        let rightward = from < to;
        // What was lost got into its last gap, but not through it.
        let body = match (row.lost, rightward) {
            (None, true) => {
                line.set(right - 1, '▶', row.tone);
                left..right - 1
            }
            (None, false) => {
                line.set(left, '◀', row.tone);
                left + 1..right
            }
            (Some(reason), true) => {
                let end = right - (right - self.places[high - 1]) / 2;
                line.fill(end..right, ' ', row.tone);
                line.set(end, '✗', row.tone);
                line.put(end + 2, self.width, &format!("{reason} "), row.tone);
                left..end
            }
            (Some(reason), false) => {
                let end = left + (self.places[low + 1] - left) / 2;
                line.fill(left..end, ' ', row.tone);
                line.set(end, '✗', row.tone);
                let room = end.saturating_sub(FIRST_LINE + 2);
                let reason = fitted(reason, room);
                line.put(end.saturating_sub(1 + width(&reason)), room, &reason, row.tone);
                end + 1..right
            }
        };
        let crossed = if rightward { self.places[low + 1] } else { self.places[high - 1] };
        let first = if rightward { body.start..crossed.min(body.end) } else { crossed.max(body.start)..body.end };
        for room in [first, body] {
            let words = format!(" {} ", row.words);
            if let Some(spare) = room.len().checked_sub(width(&words) + 1) {
                line.put(room.start + spare.div_ceil(2), room.len(), &words, row.tone);
                return row.note.clone();
            }
        }
        [row.words.as_str(), row.note.as_str()].join(" ")
    }

    /// Puts words into the free part of a line on one side of a row, or below it.
    fn beside(&self, mut line: Line, (low, high): (usize, usize), words: &str, tone: Tone) -> Vec<Line> {
        if words.is_empty() {
            return vec![line];
        }
        let needed = width(words);
        let begin = self.places[high] + 2;
        if begin + needed <= self.width {
            line.put(begin - 1, self.width, &format!(" {words} "), tone);
            return vec![line];
        }
        let end = self.places[low].saturating_sub(1);
        // Words on the left of an arrow would seem to belong to who stands there.
        if low == high && end >= FIRST_LINE + 3 + needed {
            line.put(end - needed - 1, needed + 2, &format!(" {words} "), tone);
            return vec![line];
        }
        // Below, from where the row begins, or from further left where there is more room.
        let begin = if self.width - (self.places[low] + 2) > needed { self.places[low] + 2 } else { FIRST_LINE + 2 };
        let mut lines = vec![line];
        for further in wrapped(words, self.width - begin).into_iter().take(FURTHER_LINES_MAX) {
            let mut below = self.lifelines('│');
            below.put(begin - 1, self.width, &format!(" {further} "), tone);
            lines.push(below);
        }
        lines
    }
}
