//! Where everything stands in a picture: columns side by side, rows below each other, and slopes that show time.
//!
//! The time scale is not even: each row needs its room, however soon it follows, and a second of silence needs little. But order
//! is kept, also between the arrival of one packet and the sending of another, and what takes longer is drawn longer.

use unicode_width::UnicodeWidthStr as _;

use super::cut;
use crate::ladder::{Ladder, Row, RowKind};

/// The width of a letter of the labels' font; unit: tenths of a pixel.
const LETTER_TENTHS: i64 = 73;
/// How many letters of a label are shown.
pub(super) const LABEL_LETTERS_MAX: usize = 40;
/// How many letters are shown of what is said about one column.
pub(super) const BESIDE_LETTERS_MAX: usize = 64;
/// How many letters of a name are shown.
pub(super) const NAME_LETTERS_MAX: usize = 22;

/// Where the times end.
pub(super) const TIMES_END: i64 = 92;
const MARGIN: i64 = 28;
const COLUMN_DISTANCE_MIN: i64 = 132;
const COLUMN_DISTANCE_MAX: i64 = 330;
/// Where the heads begin: below the title and what the run was.
pub(super) const HEADS_TOP: i64 = 96;
pub(super) const NAME_HEIGHT: i64 = 24;
pub(super) const ABOUT_HEIGHT: i64 = 15;
/// The room of a row above and below its line.
const ABOVE: i64 = 21;
const BELOW: i64 = 8;
const NOTE_BELOW: i64 = 20;
/// The least slope of an arrow between two lifelines.
const SLOPE_MIN: i64 = 9;

/// The places of a ladder.
pub(super) struct Places {
    /// The lifelines.
    pub(super) columns: Vec<i64>,
    /// The rows.
    pub(super) rows: Vec<RowPlace>,
    /// Where the lifelines begin.
    pub(super) top: i64,
    /// Where they end.
    pub(super) bottom: i64,
    pub(super) width: i64,
}

/// The heights at which a row begins, passes the router, and ends.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct RowPlace {
    pub(super) begin: i64,
    pub(super) via: i64,
    pub(super) end: i64,
}

/// How wide a text is about; unit: pixels.
pub(super) fn text_width(text: &str) -> i64 {
    text.width() as i64 * LETTER_TENTHS / 10
}

/// How many letters fit into a width.
pub(super) fn letters_in(width: i64) -> usize {
    usize::try_from(width * 10 / LETTER_TENTHS).unwrap_or(0).clamp(3, LABEL_LETTERS_MAX)
}

/// How wide a head is, with its name and addresses.
pub(super) fn head_width(name: &str, about: &str) -> i64 {
    let widest = about.split(' ').chain([name]).map(text_width).max().unwrap_or(0);
    widest + 24
}

impl Places {
    pub(super) fn of(ladder: &Ladder) -> Places {
        let (columns, width) = columns(ladder);
        let abouts = ladder.columns.iter().map(|column| column.about.split_whitespace().count()).max().unwrap_or(0);
        let top = HEADS_TOP + NAME_HEIGHT + ABOUT_HEIGHT * abouts as i64 + 8;
        let (rows, end) = heights(ladder, top);
        Places { columns, rows, top, bottom: end + 22, width }
    }

    /// The place of a lifeline.
    pub(super) fn column(&self, index: usize) -> i64 {
        self.columns.get(index).copied().unwrap_or(TIMES_END)
    }
}

/// The lifelines, and the width of the whole.
fn columns(ladder: &Ladder) -> (Vec<i64>, i64) {
    let heads: Vec<i64> = ladder.columns.iter().map(|column| head_width(&column.name, &column.about)).collect();
    let mut gaps: Vec<i64> =
        heads.windows(2).map(|pair| ((pair[0] + pair[1]) / 2 + 20).max(COLUMN_DISTANCE_MIN)).collect();
    for row in ladder.rows.iter().filter(|row| row.from != row.to) {
        // The words stand in the gap beside the sender, the reason of a loss in the one beside the receiver.
        let (first, last) =
            if row.from < row.to { (row.from, row.to.saturating_sub(1)) } else { (row.from.saturating_sub(1), row.to) };
        let words = (text_width(&row.words) + 36).max(text_width(&row.note) + 24);
        let reason = row.lost.map_or(0, |reason| 2 * (text_width(reason) + 24));
        for (gap, needed) in [(first, words), (last, reason)] {
            if let Some(gap) = gaps.get_mut(gap) {
                *gap = needed.min(COLUMN_DISTANCE_MAX).max(*gap);
            }
        }
    }
    // What is said about one column stands in the gap on its right, and crosses no other lifeline.
    for row in ladder.rows.iter().filter(|row| row.from == row.to && row.kind != RowKind::Gap) {
        if let Some(gap) = gaps.get_mut(row.from) {
            *gap = (beside_width(row) + 12).max(*gap);
        }
    }
    let mut at = TIMES_END + 20 + heads.first().map_or(0, |head| head / 2);
    let mut columns = vec![at];
    for gap in gaps {
        at += gap;
        columns.push(at);
    }
    let beside = |row: &Row| columns.get(row.from).copied().unwrap_or(at) + beside_width(row);
    let notes = ladder.rows.iter().filter(|row| row.from == row.to).map(beside).max().unwrap_or(0);
    let width = notes.max(at + heads.last().map_or(0, |head| head / 2)) + MARGIN;
    (columns, width)
}

/// What is said about one column.
pub(super) fn beside_words(row: &Row) -> String {
    cut([row.words.as_str(), row.note.as_str()].join(" ").trim(), BESIDE_LETTERS_MAX)
}

/// How far it reaches to the right of the lifeline.
fn beside_width(row: &Row) -> i64 {
    34 + text_width(&beside_words(row))
}

/// What is placed: the beginning of a row, its passing of the router, or its end.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum Part {
    Begin,
    Via,
    End,
}

/// All that is placed, in the order of time.
fn events(ladder: &Ladder) -> Vec<(i64, usize, Part)> {
    let mut events: Vec<(i64, usize, Part)> = Vec::new();
    let mut earliest_us = i64::MIN;
    for (index, row) in ladder.rows.iter().enumerate() {
        // The rows of a record that anybody wrote need not be in the order of time; in the picture they are.
        let begin_us = row.at_us.max(earliest_us);
        earliest_us = begin_us;
        events.push((begin_us, index, Part::Begin));
        if slopes(row) {
            let via_us = row.via.map_or(begin_us, |via| via.1).max(begin_us);
            events.extend(row.via.map(|_| (via_us, index, Part::Via)));
            events.push((row.until_us.max(via_us), index, Part::End));
        }
    }
    events.sort();
    events
}

/// The heights of all rows, and the lowest one.
fn heights(ladder: &Ladder, top: i64) -> (Vec<RowPlace>, i64) {
    let events = events(ladder);
    let mut places = vec![RowPlace::default(); ladder.rows.len()];
    let (mut height, mut free) = (top, top);
    let mut last_us = events.first().map_or(0, |event| event.0);
    let mut behind_end = false;
    for (at_us, index, part) in events {
        let longer = stretch(at_us.saturating_sub(last_us));
        let (row, place) = (&ladder.rows[index], &mut places[index]);
        match part {
            Part::Begin => {
                let apart = if behind_end { 18 } else { 4 };
                let begin = (height + apart + longer).max(free + ABOVE);
                free = begin + below(row);
                *place = RowPlace { begin, via: begin, end: begin };
            }
            Part::Via => {
                place.via = (height + 2 + longer).max(place.begin + SLOPE_MIN);
                place.end = place.via;
            }
            Part::End => place.end = (height + 2 + longer).max(place.via + SLOPE_MIN),
        }
        height = height.max(place.end);
        behind_end = part == Part::End;
        last_us = at_us;
    }
    (places, height.max(free))
}

/// Whether the line of a row shows how long it took.
fn slopes(row: &Row) -> bool {
    row.kind == RowKind::Packet && (row.count == 1 || row.via.is_some())
}

fn below(row: &Row) -> i64 {
    match row.kind {
        RowKind::Gap => 14,
        RowKind::Call | RowKind::Answer if !row.note.is_empty() => NOTE_BELOW,
        _ => BELOW,
    }
}

/// The room that a time gets besides what the words need: more for longer, but a second is no thousand times a millisecond.
fn stretch(span_us: i64) -> i64 {
    let doublings = i64::from(63 - (span_us.max(0) / 50 + 1).leading_zeros());
    (doublings * 3 / 2).min(18)
}
