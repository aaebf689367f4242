//! Words about a program that ran: how it ended, and the last thing that it said.
//!
//! What a program wrote is shown as it is except for what would not be seen, or would do something to a terminal: control
//! characters, and letters that turn the direction of writing, stand there by their names.

use std::fmt::Write as _;
use std::time::Duration;

use synsent_explain::End;

use crate::table::span;

/// How a program ended: `exit 7`, `SIGSEGV`, `ended by synsent after 10 s`.
pub(crate) fn ending(end: &End) -> String {
    match end {
        End::Exited(code) => format!("exit {code}"),
        End::Signal { name, .. } => name.clone(),
        End::TimeLimit(micros) => format!("ended by synsent after {}", round(Duration::from_micros(*micros))),
        End::Interrupted => "interrupted".to_owned(),
    }
}

/// A text in which everything can be seen.
pub(crate) fn visible(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '\t' => out.push(' '),
            '\0'..='\x1f' => out.extend(['^', char::from(letter as u8 + b'@')]),
            '\x7f' => out.push_str("^?"),
            // Writing to a string does not fail.
            _ if is_unseen(letter) => _ = write!(out, "\\u{{{:x}}}", u32::from(letter)),
            _ => out.push(letter),
        }
    }
    out
}

/// Names after one another, as many as fit a line of prose; the others are counted.
pub(crate) fn some(names: &[&str], at_most: usize) -> String {
    match names.len() {
        len if len <= at_most => names.join(", "),
        len => format!("{} and {} more", names[..at_most].join(", "), len - at_most),
    }
}

/// Which of these names is the nearest to a wrong one, if any is near.
pub(crate) fn nearest<'a>(wrong: &str, names: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let near = |name: &&str| distance(wrong, name) <= wrong.chars().count().max(3) / 3 || contains(name, wrong);
    names.into_iter().filter(near).min_by_key(|name| distance(wrong, name))
}

/// A span that people chose, without a digit too many: `10 s`, `1.5 s`, `250 ms`.
pub(crate) fn round(time: Duration) -> String {
    let text = span(time);
    text.strip_suffix(".0 s").map_or(text.clone(), |seconds| format!("{seconds} s"))
}

fn contains(name: &str, part: &str) -> bool {
    part.len() >= 3 && name.contains(part)
}

/// How many letters have to be put in, taken out or changed.
fn distance(one: &str, other: &str) -> usize {
    let other: Vec<char> = other.chars().collect();
    let mut above: Vec<usize> = (0..=other.len()).collect();
    for (row, letter) in one.chars().enumerate() {
        let mut line = vec![row + 1];
        for (column, against) in other.iter().enumerate() {
            let changed = above[column] + usize::from(letter != *against);
            line.push(changed.min(above[column + 1] + 1).min(line[column] + 1));
        }
        above = line;
    }
    above.last().copied().unwrap_or_default()
}

/// Letters that take no place, or turn the direction of writing.
fn is_unseen(letter: char) -> bool {
    letter.is_control()
        || matches!(letter, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_end_is_said_in_a_few_words() {
        assert_eq!(ending(&End::Exited(7)), "exit 7");
        assert_eq!(ending(&End::Signal { number: 11, name: "SIGSEGV".to_owned() }), "SIGSEGV");
        assert_eq!(ending(&End::TimeLimit(10_003_000)), "ended by synsent after 10 s");
        assert_eq!(ending(&End::TimeLimit(1_500_000)), "ended by synsent after 1.5 s");
        assert_eq!(ending(&End::TimeLimit(250_000)), "ended by synsent after 250 ms");
    }

    #[test]
    fn what_a_program_wrote_does_nothing_to_a_terminal() {
        assert_eq!(visible("\x1b[31mred\x1b[0m\tand\x07"), "^[[31mred^[[0m and^G");
        assert_eq!(visible("a\u{202e}b\u{9b}"), "a\\u{202e}b\\u{9b}");
    }

    #[test]
    fn a_wrong_name_has_a_nearest_one_or_none() {
        let names = ["refused", "reset-after-accept", "silent", "name-server-silent"];
        assert_eq!(nearest("refusd", names), Some("refused"));
        assert_eq!(nearest("reset", names), Some("reset-after-accept"));
        assert_eq!(nearest("name-silent", names), None);
        assert_eq!(nearest("server", names), Some("name-server-silent"));
        assert_eq!(nearest("xyz", names), None);
    }

    #[test]
    fn names_beyond_a_number_are_counted() {
        assert_eq!(some(&["a", "b", "c"], 3), "a, b, c");
        assert_eq!(some(&["a", "b", "c"], 2), "a, b and 1 more");
    }
}
