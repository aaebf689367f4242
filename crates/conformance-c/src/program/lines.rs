//! The lines of a function: what repeats becomes a loop, and a variable that nobody uses is none.

use std::collections::HashSet;

/// Where the length of a call stands in a line that may become part of a loop.
pub(super) const LENGTH: &str = "\u{1}";
/// The longest piece of a function that is looked at as the body of a loop; unit: lines.
const BODY_LINES_MAX: usize = 4;
/// From how often on a repetition is a loop.
const TIMES_MIN: usize = 3;

/// A line.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Line {
    /// The statement without its semicolon, with [`LENGTH`] in the place of the length.
    text: String,
    length: Option<i64>,
    /// The type and the name of the variable that it defines, if one is.
    defines: Option<(String, String)>,
}

impl Line {
    pub(super) fn new(text: impl Into<String>) -> Line {
        Line { text: text.into(), length: None, defines: None }
    }

    /// A call with a length.
    pub(super) fn with_length(text: String, length: i32) -> Line {
        Line { text, length: Some(length.into()), defines: None }
    }

    /// A variable with a value, or the value alone where nobody uses the variable.
    pub(super) fn defining(kind: &str, name: &str, value: String) -> Line {
        Line { text: value, length: None, defines: Some((kind.to_owned(), name.to_owned())) }
    }

    /// The line in a function that finds these variables elsewhere.
    pub(super) fn with_prefix(mut self, variables: &[(String, String)], prefix: &str) -> Line {
        let pieces = self.text.split_inclusive(|letter| !is_of_word(letter)).map(|piece| {
            let word = piece.trim_end_matches(|letter| !is_of_word(letter));
            let is_shared = variables.iter().any(|(_, name)| name == word);
            if is_shared { format!("{prefix}{piece}") } else { piece.to_owned() }
        });
        self.text = pieces.collect();
        self
    }

    fn words(&self) -> impl Iterator<Item = &str> {
        self.text.split(|letter| !is_of_word(letter))
    }

    fn is_like(&self, other: &Line) -> bool {
        self.text == other.text && self.defines.is_none() && other.defines.is_none()
    }

    fn statement(&self, length: &str) -> String {
        let text = self.text.replace(LENGTH, length);
        match &self.defines {
            Some((kind, name)) => format!("{kind} {name} = {text};\n"),
            None => format!("{text};\n"),
        }
    }

    fn plain(&self) -> String {
        self.statement(&self.length.unwrap_or_default().to_string())
    }
}

/// The body of a function.
pub(super) fn body(lines: Vec<Line>) -> String {
    let lines = without_unused(lines);
    let mut text = String::new();
    let mut at = 0;
    while at < lines.len() {
        let repeated = (1..=BODY_LINES_MAX).filter_map(|body| Some((body, times(&lines[at..], body)?)));
        let best = repeated.filter(|(_, (times, _))| *times >= TIMES_MIN).max_by_key(|(body, (times, _))| body * times);
        match best {
            Some((body, (times, step))) => {
                loop_of(&mut text, &lines[at..at + body], times, step);
                at += body * times;
            }
            None => {
                text.push_str("    ");
                text.push_str(&lines[at].plain());
                at += 1;
            }
        }
    }
    text
}

/// How often the first so many lines stand there one after another, and by how much their lengths grow each time.
fn times(lines: &[Line], body: usize) -> Option<(usize, i64)> {
    let first = lines.get(..body)?;
    let begin = first.iter().find_map(|line| line.length);
    if first.iter().any(|line| line.defines.is_some() || line.length.is_some_and(|length| Some(length) != begin)) {
        return None;
    }
    let step = match (begin, lines.get(body..2 * body)?.iter().find_map(|line| line.length)) {
        (Some(begin), Some(next)) if next == begin + 1 => 1,
        _ => 0,
    };
    let mut count = 1;
    for (round, piece) in lines.chunks_exact(body).enumerate().skip(1) {
        let grown = step * round as i64;
        let is_same = first
            .iter()
            .zip(piece)
            .all(|(one, other)| one.is_like(other) && one.length.map(|length| length + grown) == other.length);
        if !is_same {
            break;
        }
        count += 1;
    }
    Some((count, step))
}

fn loop_of(text: &mut String, body: &[Line], times: usize, step: i64) {
    let begin = body.iter().find_map(|line| line.length).unwrap_or_default();
    let (head, length) = match step {
        0 => (format!("    for (int again = 0; again < {times}; again++) {{\n"), begin.to_string()),
        _ => {
            let end = begin + times as i64 - 1;
            (format!("    for (int len = {begin}; len <= {end}; len++) {{\n"), "len".to_owned())
        }
    };
    text.push_str(&head);
    for line in body {
        text.push_str("        ");
        text.push_str(&line.statement(&length));
    }
    text.push_str("    }\n");
}

/// The variables that these lines define and those use, with their types.
pub(super) fn shared(these: &[Line], those: &[Line]) -> Vec<(String, String)> {
    let used: HashSet<&str> = those.iter().flat_map(Line::words).collect();
    these.iter().filter_map(|line| line.defines.clone()).filter(|(_, name)| used.contains(name.as_str())).collect()
}

fn is_of_word(letter: char) -> bool {
    letter.is_alphanumeric() || letter == '_'
}

fn without_unused(mut lines: Vec<Line>) -> Vec<Line> {
    let used: HashSet<String> = lines.iter().flat_map(Line::words).map(str::to_owned).collect();
    for line in &mut lines {
        line.defines.take_if(|(_, name)| !used.contains(name.split('[').next().unwrap_or_default()));
    }
    lines
}

/// Octets as a text in C.
pub(super) fn literal(octets: &[u8]) -> String {
    let mut text = String::from("\"");
    for octet in octets {
        match octet {
            b'"' | b'\\' => {
                text.push('\\');
                text.push(char::from(*octet));
            }
            b'?' => text.push_str("\\?"),
            b' '..=b'~' => text.push(char::from(*octet)),
            // Three digits of eight end an escape, whatever comes behind it.
            _ => text.push_str(&format!("\\{octet:03o}")),
        }
    }
    text.push('"');
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_repeats_is_a_loop() {
        let calls =
            (-1..16).map(|length| Line::with_length(format!("fails(connect(s1, name, {LENGTH}), EINVAL)"), length));
        let text = body(calls.collect());
        assert_eq!(
            text,
            "    for (int len = -1; len <= 15; len++) {\n        fails(connect(s1, name, len), EINVAL);\n    }\n"
        );
        let twice: Vec<Line> = ["a()", "b()", "a()", "b()", "a()", "b()", "c()"].map(Line::new).to_vec();
        assert_eq!(
            body(twice),
            "    for (int again = 0; again < 3; again++) {\n        a();\n        b();\n    }\n    c();\n"
        );
    }

    #[test]
    fn a_variable_that_nobody_uses_is_none() {
        let lines = vec![
            Line::defining("int", "s1", "opened(socket())".to_owned()),
            Line::defining("int", "s2", "opened(socket())".to_owned()),
            Line::new("works(close(s2))"),
        ];
        assert_eq!(body(lines), "    opened(socket());\n    int s2 = opened(socket());\n    works(close(s2));\n");
    }

    #[test]
    fn octets_are_a_text() {
        assert_eq!(literal(b"a\"b\\\x001?"), r#""a\"b\\\0001\?""#);
    }
}
