//! The ladder of a run as a picture in SVG.
//!
//! It is one file that needs nothing else: no script, no font to load, no reference to another file. It brings its own background, so that
//! it is readable wherever it is shown, and has colours for a light and for a dark surrounding. Its title and its
//! description say in words what it shows.

mod places;
mod rows;
pub(crate) mod xml;

use std::fmt::Write as _;

use places::{ABOUT_HEIGHT, HEADS_TOP, NAME_HEIGHT, NAME_LETTERS_MAX, Places, head_width};
use xml::escaped;

use crate::ladder::{ColumnKind, Ladder, RowKind, lay_out};
use crate::record::Run;
use crate::{said_line, visible, wire_line};

/// How many letters of the title are shown.
const TITLE_LETTERS_MAX: usize = 90;
/// The width of a letter of what the run was; unit: pixels.
const SUMMARY_LETTER: i64 = 8;
/// Where the title and what the run was end.
const TITLE_BOTTOM: i64 = 62;
/// The narrowest picture, so that its title has room.
const WIDTH_MIN: i64 = 720;

/// The colours; every class is the picture's own, because it may stand in a page with others.
const STYLE: &str = "
.l-bg{fill:#ffffff}.l-own{fill:#f4f3fb}.l-name{fill:#1f2933;font-weight:600}.l-text{fill:#1f2933}.l-dim{fill:#66727f}
.l-head{fill:#ffffff;stroke:#b8c0ca}.l-life{stroke:#c3cad3;fill:none}.l-band{fill:#8a96a3;fill-opacity:.13}
.l-call{stroke:#5b4bc4;fill:#5b4bc4}.l-packet{stroke:#1769aa;fill:#1769aa}.l-bad{stroke:#c62828;fill:#c62828}
.l-good{stroke:#2e7d32;fill:#2e7d32}.l-quiet{stroke:#7b8794;fill:#7b8794}.l-note{fill:#fff7dc;stroke:#d9b44a}.l-note-dot{fill:#d9b44a}
.l-halo{stroke:#ffffff;fill:#ffffff}.l-halo-own{stroke:#f4f3fb;fill:#f4f3fb}
@media (prefers-color-scheme:dark){
.l-bg{fill:#14181d}.l-own{fill:#1b1b2a}.l-name{fill:#e8ebee}.l-text{fill:#e8ebee}.l-dim{fill:#9aa5b1}
.l-head{fill:#1d232a;stroke:#4a5663}.l-life{stroke:#46525f}.l-band{fill:#9aa5b1;fill-opacity:.12}
.l-call{stroke:#a99cf5;fill:#a99cf5}.l-packet{stroke:#6cb8f0;fill:#6cb8f0}.l-bad{stroke:#ff7b72;fill:#ff7b72}
.l-good{stroke:#7ee787;fill:#7ee787}.l-quiet{stroke:#8b98a5;fill:#8b98a5}.l-note{fill:#2c2612;stroke:#8d6f1f}.l-note-dot{fill:#b8922f}
.l-halo{stroke:#14181d;fill:#14181d}.l-halo-own{stroke:#1b1b2a;fill:#1b1b2a}
}
";

const SANS: &str = "system-ui, -apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', 'DejaVu Sans', Arial, sans-serif";
const MONO: &str = "ui-monospace, 'SFMono-Regular', Menlo, Consolas, 'DejaVu Sans Mono', 'Liberation Mono', monospace";

/// Draws the ladder of a run.
pub fn svg(run: &Run) -> String {
    draw(&fitting(lay_out(run)), &title(run), &run.summary, &description(run), 0)
}

/// The same without a title in the picture, for a page that has one.
pub(crate) fn svg_below_title(run: &Run) -> String {
    draw(&fitting(lay_out(run)), &title(run), "", &description(run), TITLE_BOTTOM)
}

/// The program with its arguments, and the case.
pub(crate) fn title(run: &Run) -> String {
    let program = cut(&visible(&run.program.join(" ")), TITLE_LETTERS_MAX);
    if run.case.is_empty() { program } else { format!("{program} · {}", cut(&visible(&run.case), TITLE_LETTERS_MAX)) }
}

fn description(run: &Run) -> String {
    let said = format!("connect() said: {}. On the wire: {}.", said_line(run), wire_line(run));
    cut(&visible(&said), 600)
}

/// The names short enough for their heads.
fn fitting(mut ladder: Ladder) -> Ladder {
    for column in &mut ladder.columns {
        column.name = cut(&column.name, NAME_LETTERS_MAX);
    }
    ladder
}

/// The beginning of a text, with an ellipsis where it is cut.
fn cut(text: &str, letters: usize) -> String {
    match text.char_indices().nth(letters) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

/// The picture from this height on.
fn draw(ladder: &Ladder, title: &str, summary: &str, description: &str, from: i64) -> String {
    let places = Places::of(ladder);
    let width = places.width.max(WIDTH_MIN);
    let height = places.bottom + 16 + 18 * ladder.notes.len() as i64 - from;
    let mut out = String::new();
    // Writing to a String cannot fail.
    let _ = write!(
        out,
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 {from} {width} {height}\" width=\"{width}\" height=\"{height}\" \
         role=\"img\" aria-labelledby=\"l-title l-desc\" font-family=\"{MONO}\" font-size=\"12\">\n\
         <title id=\"l-title\">{}</title>\n<desc id=\"l-desc\">{}</desc>\n<style>{STYLE}</style>\n\
         <rect class=\"l-bg\" y=\"{from}\" width=\"{width}\" height=\"{height}\" rx=\"10\"/>\n",
        escaped(title),
        escaped(description),
    );
    if from == 0 {
        heading(&mut out, title, summary, width);
    }
    own_machine(&mut out, ladder, &places);
    lifelines(&mut out, ladder, &places);
    heads(&mut out, ladder, &places);
    rows::draw(&mut out, ladder, &places);
    for (number, note) in ladder.notes.iter().enumerate() {
        let y = places.bottom + 14 + 18 * number as i64;
        let note = escaped(&cut(note, 140));
        let _ = writeln!(out, "<text class=\"l-dim\" x=\"24\" y=\"{y}\" font-family=\"{SANS}\">{note}</text>");
    }
    out.push_str("</svg>\n");
    out
}

fn heading(out: &mut String, title: &str, summary: &str, width: i64) {
    let letters = usize::try_from((width - 48) / SUMMARY_LETTER).unwrap_or(TITLE_LETTERS_MAX);
    let _ = write!(
        out,
        "<text class=\"l-name\" x=\"24\" y=\"34\" font-family=\"{SANS}\" font-size=\"17\">{}</text>\n\
         <text class=\"l-dim\" x=\"24\" y=\"56\" font-family=\"{SANS}\" font-size=\"13\">{}</text>\n",
        escaped(title),
        escaped(&cut(&visible(summary), letters)),
    );
}

/// The ground on which the program and its kernel stand: one machine, and the lab beside it.
fn own_machine(out: &mut String, ladder: &Ladder, places: &Places) {
    let [Some(first), Some(last)] = [ladder.columns.first(), ladder.columns.get(1)] else { return };
    let left = places.column(0) - head_width(&first.name, &first.about) / 2 - 10;
    let right = places.column(1) + head_width(&last.name, &last.about) / 2 + 10;
    let (top, height) = (HEADS_TOP - 24, places.bottom - HEADS_TOP + 24);
    let label = |x: i64, text: &str| {
        let y = HEADS_TOP - 9;
        format!("<text class=\"l-dim\" x=\"{x}\" y=\"{y}\" font-family=\"{SANS}\" font-size=\"11\">{text}</text>\n")
    };
    let _ = writeln!(
        out,
        "<rect class=\"l-own\" x=\"{left}\" y=\"{top}\" width=\"{}\" height=\"{height}\" rx=\"8\"/>",
        right - left
    );
    out.push_str(&label(left + 10, "this machine"));
    out.push_str(&label(right + 14, "the lab"));
}

fn heads(out: &mut String, ladder: &Ladder, places: &Places) {
    for (index, column) in ladder.columns.iter().enumerate() {
        let (x, width) = (places.column(index), head_width(&column.name, &column.about));
        let abouts: Vec<&str> = column.about.split_whitespace().collect();
        let height = NAME_HEIGHT + ABOUT_HEIGHT * abouts.len() as i64;
        let _ = writeln!(
            out,
            "<rect class=\"l-head\" x=\"{}\" y=\"{HEADS_TOP}\" width=\"{width}\" height=\"{height}\" rx=\"6\"/>\n\
             <text class=\"l-name\" x=\"{x}\" y=\"{}\" text-anchor=\"middle\">{}</text>",
            x - width / 2,
            HEADS_TOP + 16,
            escaped(&column.name)
        );
        for (number, about) in abouts.iter().enumerate() {
            let y = HEADS_TOP + 31 + ABOUT_HEIGHT * number as i64;
            let _ = writeln!(
                out,
                "<text class=\"l-dim\" x=\"{x}\" y=\"{y}\" font-size=\"11\" text-anchor=\"middle\">{}</text>",
                escaped(about)
            );
        }
    }
}

/// The lifelines; that of the program only until its end.
fn lifelines(out: &mut String, ladder: &Ladder, places: &Places) {
    let ends = |(row, _): &(&crate::ladder::Row, _)| row.kind == RowKind::End && row.from == 0;
    let program_end = ladder.rows.iter().zip(&places.rows).find(ends).map_or(places.bottom, |(_, place)| place.begin);
    for (index, column) in ladder.columns.iter().enumerate() {
        let x = places.column(index);
        let bottom = if column.kind == ColumnKind::Program { program_end } else { places.bottom - 6 };
        let _ = writeln!(out, "<path class=\"l-life\" d=\"M{x} {}V{bottom}\" stroke-width=\"1.4\"/>", places.top - 8);
    }
}

#[cfg(test)]
mod tests;
