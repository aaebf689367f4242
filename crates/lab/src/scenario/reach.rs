//! Rows that can never decide: those before them have taken every attempt that they are for.

use std::ops::Range;

use super::{Mistake, Placed};
use crate::rules::{Does, Row};

/// Finds the first row that no attempt reaches.
pub(super) fn check(host: &str, rows: &[Placed<Row>]) -> Result<(), Mistake> {
    for (number, row) in rows.iter().enumerate() {
        if is_covered(&row.value, &rows[..number]) {
            return Err(never(host, &row.value, row.at.clone()));
        }
    }
    Ok(())
}

/// The rows that follow from those that are written: a port that a row names is answered where none of them fits.
pub(super) fn implied(rows: &[Placed<Row>]) -> Vec<Row> {
    let mut more: Vec<Row> = Vec::new();
    for row in rows {
        let answers = Row { port: row.value.port, when: crate::rules::When::ALWAYS, does: Does::Answers(None) };
        if answers.port.is_some() && !more.contains(&answers) && !is_covered(&answers, rows) {
            more.push(answers);
        }
    }
    more
}

fn never(host: &str, row: &Row, at: Range<usize>) -> Mistake {
    let port = row.port.map_or_else(|| "any port".to_owned(), |port| format!("port {port}"));
    let what = format!(
        "no attempt reaches this row: the rows before it decide about all that it is for at {port} of {host}; all but \
         the last need `first`, `attempts`, `from` or `until`"
    );
    (at, what)
}

/// Whether rows that stand before take all attempts that this one is for.
fn is_covered(row: &Row, before: &[Placed<Row>]) -> bool {
    let covers = |one: &&Row| {
        let port = one.port.is_none() || one.port == row.port;
        let time = one.when.from <= row.when.from && one.when.until >= row.when.until;
        let family = [false, true].into_iter().all(|v6| one.does.speaks(v6) || !row.does.speaks(v6));
        port && time && family
    };
    let mut taken: Vec<(u32, u32)> =
        before.iter().map(|one| &one.value).filter(covers).map(|one| one.when.attempts).collect();
    taken.sort_unstable();
    let (mut next, last) = row.when.attempts;
    for (from, to) in taken {
        if from > next {
            return false;
        }
        if to >= last {
            return true;
        }
        next = next.max(to.saturating_add(1));
    }
    false
}
