//! Fewer rows for what repeats itself.

use std::collections::HashMap;

use super::layout::{Bulk, Draft, PROGRAM, at_one};
use super::{ROWS_MAX, Row, RowKind};
use crate::style::Tone;

/// How many rows that say the same become one.
const SAME_MIN: usize = 2;
/// How many packets that follow each other become one row, and after which pause they no longer follow each other.
const BURST_MIN: usize = 3;
const BURST_PAUSE_US: i64 = 1_000;
/// How many rows in a row may become fewer when there are too many.
const BULK_MIN: usize = 4;
/// How many of the last rows are kept when the middle is left out.
const LAST_ROWS: usize = ROWS_MAX / 4;

/// The rows, at most [`ROWS_MAX`] of them.
pub(super) fn condense(drafts: Vec<Draft>) -> Vec<Row> {
    let mut drafts = bursts(same_calls(drafts));
    if drafts.len() > ROWS_MAX {
        drafts = bulk(drafts);
    }
    let mut rows: Vec<Row> = drafts.into_iter().map(|draft| draft.row).collect();
    if rows.len() > ROWS_MAX {
        // One row is for saying that others were left out.
        let left_out = rows.len() - ROWS_MAX + 1;
        let first = ROWS_MAX - LAST_ROWS - 1;
        let at_us = rows[first].at_us;
        let words = format!("{left_out} rows left out");
        let gap = at_one(at_us, 0, RowKind::Gap, PROGRAM, words, Tone::Quiet).row;
        rows.splice(first..first + left_out, [gap]);
    }
    rows
}

/// Counts calls in a row that say the same.
fn same_calls(drafts: Vec<Draft>) -> Vec<Draft> {
    let same = |a: &Draft, b: &Draft| {
        let calls = a.row.kind == RowKind::Call && b.row.kind == RowKind::Call;
        calls && a.bulk.is_some() && a.row.words == b.row.words && a.row.note == b.row.note
    };
    runs(drafts, same, |run, out| {
        if run.len() < SAME_MIN {
            return out.extend(run);
        }
        let (count, until_us) = (run.len(), run.iter().map(|draft| draft.row.until_us).max());
        out.extend(run.into_iter().next().map(|mut first| {
            first.row.words = format!("{} ×{count}", first.row.words);
            first.row.count = count;
            first.row.until_us = until_us.unwrap_or(first.row.until_us);
            first
        }));
    })
}

/// Adds up packets that follow each other at once and go the same way.
fn bursts(drafts: Vec<Draft>) -> Vec<Draft> {
    let together = |a: &Draft, b: &Draft| {
        let same_way = (a.row.from, a.row.to, a.row.lost, a.row.kind) == (b.row.from, b.row.to, b.row.lost, b.row.kind);
        let alike = a.row.kind == RowKind::Packet && a.bulk.is_some() && a.row.via.is_some() == b.row.via.is_some();
        let what = |draft: &Draft| draft.bulk.as_ref().map(|bulk| bulk.what.clone());
        same_way && alike && what(a) == what(b) && b.row.at_us.saturating_sub(a.row.at_us) <= BURST_PAUSE_US
    };
    runs(drafts, together, |run, out| {
        if run.len() < BURST_MIN {
            return out.extend(run);
        }
        let (count, until_us) = (run.len(), run.iter().map(|draft| draft.row.until_us).max());
        let octets =
            run.iter().filter_map(|draft| draft.bulk.as_ref()).fold(0usize, |sum, one| sum.saturating_add(one.octets));
        out.extend(run.into_iter().next().map(|mut first| {
            let via = first.row.via;
            first.row.until_us = until_us.unwrap_or(first.row.until_us);
            first.bulk = first.bulk.map(|bulk| Bulk { octets, ..bulk });
            let mut sum = summed(first, count);
            sum.row.via = via;
            sum
        }));
    })
}

/// Adds up data, acknowledgments and the calls around them.
fn bulk(drafts: Vec<Draft>) -> Vec<Draft> {
    runs(
        drafts,
        |a, b| a.bulk.is_some() && b.bulk.is_some(),
        |run, out| {
            if run.len() < BULK_MIN {
                return out.extend(run);
            }
            let mut sums: Vec<(Draft, usize)> = Vec::new();
            let mut places: HashMap<(usize, usize, Option<&str>, String), usize> = HashMap::new();
            for draft in run {
                let what = draft.bulk.as_ref().map(|bulk| bulk.what.clone()).unwrap_or_default();
                let place = *places.entry((draft.row.from, draft.row.to, draft.row.lost, what)).or_insert(sums.len());
                match sums.get_mut(place) {
                    Some((sum, count)) => {
                        *count += draft.row.count;
                        sum.row.until_us = sum.row.until_us.max(draft.row.until_us);
                        if let (Some(sum), Some(one)) = (&mut sum.bulk, &draft.bulk) {
                            sum.octets = sum.octets.saturating_add(one.octets);
                        }
                    }
                    None => {
                        let count = draft.row.count;
                        sums.push((draft, count));
                    }
                }
            }
            out.extend(sums.into_iter().map(|(draft, count)| if count > 1 { summed(draft, count) } else { draft }));
        },
    )
}

fn summed(mut draft: Draft, count: usize) -> Draft {
    if let Some(bulk) = &draft.bulk {
        let size = if bulk.octets > 0 { format!(", {}", size(bulk.octets)) } else { String::new() };
        draft.row.words = format!("{} ×{count}{size}", bulk.what);
        draft.row.note = String::new();
        draft.row.count = count;
        // Many that crossed the router one after the other are not one arrow through it at a certain time.
        draft.row.via = None;
    }
    draft
}

/// `512 octets`, `53 kB`, `1.2 MB`.
fn size(octets: usize) -> String {
    match octets {
        0..1_000 => crate::words::octets(octets),
        1_000..10_000 => format!("{}.{} kB", octets / 1_000, octets / 100 % 10),
        10_000..1_000_000 => format!("{} kB", octets / 1_000),
        _ => format!("{}.{} MB", octets / 1_000_000, octets / 100_000 % 10),
    }
}

/// Cuts a sequence into runs of neighbours that belong together, and puts out what becomes of each.
fn runs(
    drafts: Vec<Draft>,
    together: impl Fn(&Draft, &Draft) -> bool,
    mut put: impl FnMut(Vec<Draft>, &mut Vec<Draft>),
) -> Vec<Draft> {
    let mut out = Vec::with_capacity(drafts.len());
    let mut run: Vec<Draft> = Vec::new();
    for draft in drafts {
        if run.last().is_some_and(|last| !together(last, &draft)) {
            put(std::mem::take(&mut run), &mut out);
        }
        run.push(draft);
    }
    put(run, &mut out);
    out
}
