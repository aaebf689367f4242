//! Breaking of text into lines that are no wider than a terminal.

use unicode_width::UnicodeWidthChar as _;

use crate::words::visible;

/// A paragraph of a section, without control characters.
pub(super) struct Block {
    lead: Option<String>,
    text: String,
}

impl Block {
    pub(super) fn plain(text: &str) -> Block {
        Block { lead: None, text: visible(text) }
    }

    /// A paragraph that begins with what it is about.
    pub(super) fn led(lead: &str, text: &str) -> Block {
        Block { lead: Some(visible(lead)), text: visible(text) }
    }

    pub(super) fn words(&self) -> String {
        match &self.lead {
            Some(lead) => format!("{lead}: {}", self.text),
            None => self.text.clone(),
        }
    }
}

/// The lines of a text, the first one and the others with their indents; a word that does not fit a line is broken.
pub(super) fn wrapped(text: &str, width: usize, first: usize, rest: usize) -> Vec<String> {
    let mut lines = Vec::new();
    let (mut line, mut used) = (" ".repeat(first), first);
    let mut is_begun = false;
    for word in &words(text) {
        let needed = cells(word);
        if is_begun && used + 1 + needed > width {
            lines.push(std::mem::replace(&mut line, " ".repeat(rest)));
            (used, is_begun) = (rest, false);
        }
        if is_begun {
            line.push(' ');
            used += 1;
        }
        for one in word.chars() {
            let cell = one.width().unwrap_or(0);
            if used + cell > width {
                lines.push(std::mem::replace(&mut line, " ".repeat(rest)));
                used = rest;
            }
            line.push(one);
            used += cell;
        }
        is_begun = true;
    }
    if is_begun {
        lines.push(line);
    }
    lines
}

/// A name and what it stands for, which stays in one piece: behind the name where there is room for it, else below it, however long.
pub(super) fn pair(name: &str, value: &str, width: usize, indent: usize) -> Vec<String> {
    let together = format!("{}{name}: {value}", " ".repeat(indent));
    if cells(&together) <= width {
        return vec![together];
    }
    let mut lines = wrapped(&format!("{name}:"), width, indent, 2 * indent);
    lines.push(format!("{}{value}", " ".repeat(2 * indent)));
    lines
}

/// The words of a text; a number and its unit are one.
fn words(text: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    for word in text.split(' ').filter(|word| !word.is_empty()) {
        let is_unit = matches!(word.trim_end_matches(|one: char| one.is_ascii_punctuation()), "s" | "ms");
        match words.last_mut() {
            Some(last) if is_unit && last.ends_with(|one: char| one.is_ascii_digit()) => {
                last.push(' ');
                last.push_str(word);
            }
            _ => words.push(word.to_owned()),
        }
    }
    words
}

/// How many cells of a terminal a text takes.
fn cells(text: &str) -> usize {
    text.chars().map(|one| one.width().unwrap_or(0)).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_stays_in_one_piece() {
        assert_eq!(pair("capture", "/a b/c", 20, 2), ["  capture: /a b/c"]);
        assert_eq!(
            pair("capture", "/a long path/of/a-file.pcapng", 20, 2),
            ["  capture:", "    /a long path/of/a-file.pcapng"]
        );
    }

    #[test]
    fn words_go_to_the_next_line_and_long_ones_are_broken() {
        assert_eq!(wrapped("one two three", 9, 2, 4), ["  one two", "    three"]);
        assert_eq!(wrapped("abcdefghij", 6, 2, 2), ["  abcd", "  efgh", "  ij"]);
        assert_eq!(wrapped("漢字漢字", 5, 0, 0), ["漢字", "漢字"]);
        assert_eq!(wrapped("  ", 9, 2, 4), Vec::<String>::new());
        assert_eq!(wrapped("for 9.95 s; x", 9, 0, 0), ["for", "9.95 s; x"]);
    }
}
