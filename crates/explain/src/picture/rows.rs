//! The rows of a picture: bands for time that passed, arrows, and over all of them the words.

use std::fmt::Write as _;

use super::places::{Places, RowPlace, TIMES_END, beside_words, letters_in, text_width};
use super::xml::escaped;
use super::{SANS, cut};
use crate::ladder::{Ladder, Row, RowKind, clock};
use crate::style::Tone;

/// The length and half the width of an arrow's head; unit: pixels.
const HEAD_LENGTH: f64 = 9.0;
const HEAD_HALF_WIDTH: f64 = 4.2;
/// A rim in the colour of the ground, so that words can be read where they cross a line.
const HALO: &str = " stroke-width=\"4\" stroke-linejoin=\"round\"";

/// How far the words of a packet stand from the lifeline of its sender; unit: pixels.
const BESIDE_LIFELINE: i64 = 14;

/// How many rows before and behind a row may have a line that crosses its words.
const ROWS_AROUND: usize = 12;

type Point = (i64, i64);

/// Draws all rows.
pub(super) fn draw(out: &mut String, ladder: &Ladder, places: &Places) {
    let rows = || ladder.rows.iter().zip(&places.rows);
    for (row, place) in rows() {
        match row.kind {
            RowKind::Gap => gap(out, ladder, places, row, place),
            _ if row.from == row.to => {}
            _ => arrow(out, places, row, place),
        }
    }
    let lines: Vec<Vec<Point>> = rows().map(|(row, place)| points(places, row, place)).collect();
    for (index, (row, place)) in rows().enumerate().filter(|(_, (row, _))| row.kind != RowKind::Gap) {
        let time = cut(&clock(row.at_us), 12);
        put(out, "l-dim", (TIMES_END, place.begin + 4), "end", " font-size=\"11\"", &time);
        if row.from == row.to { beside(out, places, row, place) } else { words(out, &lines, index, row) }
    }
}

fn class(row: &Row) -> &'static str {
    match (row.tone, row.kind) {
        (Tone::Bad, _) => "l-bad",
        (Tone::Good, _) => "l-good",
        (Tone::Quiet, _) => "l-quiet",
        (_, RowKind::Call | RowKind::Answer) => "l-call",
        _ => "l-packet",
    }
}

fn put(out: &mut String, class: &str, (x, y): Point, anchor: &str, more: &str, text: &str) {
    let text = escaped(text);
    // Writing to a String cannot fail.
    let _ = writeln!(out, "<text class=\"{class}\" x=\"{x}\" y=\"{y}\" text-anchor=\"{anchor}\"{more}>{text}</text>");
}

/// Text with a rim around it: the rim first, so that it covers lines and not letters.
fn put_over(out: &mut String, (class, halo): (&str, &str), at: Point, anchor: &str, more: &str, text: &str) {
    put(out, halo, at, anchor, &format!("{HALO}{more}"), text);
    put(out, class, at, anchor, &format!(" style=\"stroke:none\"{more}"), text);
}

/// A band over all lifelines, with how long nothing happened.
fn gap(out: &mut String, ladder: &Ladder, places: &Places, row: &Row, place: &RowPlace) {
    let (left, right) = (places.column(0), places.column(ladder.columns.len().saturating_sub(1)));
    let (top, width) = (place.begin - 9, right - left + 32);
    let _ = writeln!(
        out,
        "<rect class=\"l-band\" x=\"{}\" y=\"{top}\" width=\"{width}\" height=\"18\" rx=\"9\"/>",
        left - 16
    );
    let middle = (left + places.column(1)) / 2;
    let more = format!(" font-family=\"{SANS}\" font-style=\"italic\"");
    put(out, "l-dim", (middle, place.begin + 4), "middle", &more, &format!("⋮ {}", row.words));
}

/// The points that a row's line goes through. What was lost ends in the middle of its last gap.
fn points(places: &Places, row: &Row, place: &RowPlace) -> Vec<Point> {
    let mut points = vec![(places.column(row.from), place.begin)];
    points.extend(row.via.map(|(column, _)| (places.column(column), place.via)));
    points.push((places.column(row.to), place.end));
    if let (Some(_), [.., before, last]) = (row.lost, &mut points[..]) {
        *last = ((before.0 + last.0) / 2, (before.1 + last.1) / 2);
    }
    points
}

fn arrow(out: &mut String, places: &Places, row: &Row, place: &RowPlace) {
    let points = points(places, row, place);
    let class = class(row);
    let path: Vec<String> = points.iter().map(|(x, y)| format!("{x} {y}")).collect();
    let dashes = match (row.lost, row.kind) {
        (Some(_), _) => " stroke-dasharray=\"2 4\"",
        (None, RowKind::Answer) => " stroke-dasharray=\"7 4\"",
        _ => "",
    };
    let thickness = if row.count > 1 { "3.2" } else { "1.7" };
    let path = path.join("L");
    let _ = writeln!(
        out,
        "<path class=\"{class}\" d=\"M{path}\" stroke-width=\"{thickness}\"{dashes} style=\"fill:none\"/>"
    );
    let [.., before, last] = points[..] else { return };
    match row.lost {
        Some(reason) => cross(out, last, row.from < row.to, reason),
        None => head(out, class, before, last),
    }
    if let [_, (x, y), _] = points[..] {
        let _ = writeln!(out, "<circle class=\"{class}\" cx=\"{x}\" cy=\"{y}\" r=\"2.4\"/>");
    }
}

/// Where a packet was lost, and why.
fn cross(out: &mut String, (x, y): Point, rightward: bool, reason: &str) {
    let _ = writeln!(
        out,
        "<path class=\"l-bad\" d=\"M{} {}l9 9m0 -9l-9 9\" stroke-width=\"2.2\" style=\"fill:none\"/>",
        x - 4,
        y - 4
    );
    let (x, anchor) = if rightward { (x + 12, "start") } else { (x - 12, "end") };
    put_over(out, ("l-bad", "l-halo"), (x, y + 4), anchor, " font-size=\"11\"", reason);
}

/// The head of an arrow that comes from one point and ends at another.
fn head(out: &mut String, class: &str, from: Point, to: Point) {
    let (dx, dy) = ((to.0 - from.0) as f64, (to.1 - from.1) as f64);
    let length = dx.hypot(dy).max(1.0);
    let (ux, uy) = (dx / length, dy / length);
    let (x, y) = (to.0 as f64, to.1 as f64);
    let (bx, by) = (x - ux * HEAD_LENGTH, y - uy * HEAD_LENGTH);
    let (wx, wy) = (-uy * HEAD_HALF_WIDTH, ux * HEAD_HALF_WIDTH);
    let _ = writeln!(
        out,
        "<path class=\"{class}\" d=\"M{x:.1} {y:.1}L{:.1} {:.1}L{:.1} {:.1}Z\" stroke=\"none\"/>",
        bx + wx,
        by + wy,
        bx - wx,
        by - wy
    );
}

/// The words of an arrow, above the first part of its line, and the note below it.
fn words(out: &mut String, lines: &[Vec<Point>], index: usize, row: &Row) {
    let [first, second, ..] = lines[index][..] else { return };
    let run = (second.0 - first.0).abs().max(1);
    let text = cut(&row.words, letters_in(run - 22));
    let own = matches!(row.kind, RowKind::Call | RowKind::Answer);
    let halo = if own { "l-halo-own" } else { "l-halo" };
    let more = if row.kind == RowKind::Answer && row.tone == Tone::Bad { " font-weight=\"600\"" } else { "" };
    let (middle, half) = ((first.0 + second.0) / 2, text_width(&text) / 2);
    let place = if own { (middle, first.1 - 6) } else { free_place(lines, index, half) };
    put_over(out, (class(row), halo), place, "middle", more, &text);
    if !row.note.is_empty() {
        let class = if row.tone == Tone::Bad && row.kind == RowKind::Call { "l-bad" } else { "l-dim" };
        let note = cut(&row.note, letters_in(run - 8));
        put_over(out, (class, halo), (middle, first.1 + 15), "middle", " font-size=\"11\"", &note);
    }
}

/// Where the words of a packet stand: near its sender, or further along its line where fewer other lines cross them.
fn free_place(lines: &[Vec<Point>], index: usize, half: i64) -> Point {
    let [first, second, ..] = lines[index][..] else { return (0, 0) };
    let (toward, run) = ((second.0 - first.0).signum(), (second.0 - first.0).abs().max(1));
    let near = BESIDE_LIFELINE.min(run - 2 * half).max(0);
    let far = (run - 2 * half - BESIDE_LIFELINE).max(near);
    // A line goes down: over the end of the words that is nearer to the sender it is highest.
    let places = [near, (near + far) / 2, far].map(|from_sender| {
        let height = first.1 + (second.1 - first.1) * from_sender / run;
        (first.0 + toward * (from_sender + half), height - 6)
    });
    let around = index.saturating_sub(ROWS_AROUND)..(index + ROWS_AROUND).min(lines.len());
    let crossed = |(x, y): Point| {
        let others = around.clone().filter(|other| *other != index).flat_map(|other| lines[other].windows(2));
        others.filter(|part| crosses(part[0], part[1], (x - half, y - 12), (x + half, y + 2))).count()
    };
    places.into_iter().min_by_key(|place| crossed(*place)).unwrap_or(first)
}

/// Whether a line goes through a box that is given by its left upper and its right lower corner.
fn crosses(a: Point, b: Point, (left, top): Point, (right, bottom): Point) -> bool {
    let (a, b) = if a.0 <= b.0 { (a, b) } else { (b, a) };
    let (from, to) = (a.0.max(left), b.0.min(right));
    if from > to {
        return false;
    }
    let height = |x: i64| a.1 + (b.1 - a.1) * (x - a.0) / (b.0 - a.0).max(1);
    height(from).min(height(to)) <= bottom && height(from).max(height(to)) >= top
}

/// What is said about one column: a note beside its lifeline, or the end of it.
fn beside(out: &mut String, places: &Places, row: &Row, place: &RowPlace) {
    let (x, y) = (places.column(row.from), place.begin);
    let text = beside_words(row);
    let width = text_width(&text) + 16;
    let (ground, fill, dot) = match (row.kind, row.tone) {
        (RowKind::Verdict | RowKind::Lookup, _) => ("l-note", "l-text", "l-note-dot"),
        (_, Tone::Bad) => ("l-head", "l-bad", "l-bad"),
        (_, Tone::Good) => ("l-head", "l-good", "l-good"),
        _ => ("l-head", "l-text", "l-call"),
    };
    let (left, top) = (x + 10, y - 10);
    let _ = writeln!(
        out,
        "<rect class=\"{ground}\" x=\"{left}\" y=\"{top}\" width=\"{width}\" height=\"20\" rx=\"5\"/>\n\
         <circle class=\"{dot}\" cx=\"{x}\" cy=\"{y}\" r=\"3.6\"/>"
    );
    put(out, fill, (x + 18, y + 4), "start", " style=\"stroke:none\"", &text);
}
