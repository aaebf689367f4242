//! How text for a terminal is drawn: with which characters, and whether with colours.
//!
//! Nothing here looks at a terminal: who prints knows what it is, and says so.

use anstyle::{AnsiColor, Style as Ansi};

/// How text is drawn.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Style {
    /// Only with characters of ASCII.
    pub ascii: bool,
    /// With colours, as escape sequences.
    pub colours: bool,
}

/// What a piece of text means, and so which colour it has.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Tone {
    /// Nothing special.
    #[default]
    Plain,
    /// It went well.
    Good,
    /// An error.
    Bad,
    /// Less important than the rest, or lost.
    Quiet,
    /// A heading.
    Head,
}

impl Style {
    /// The text in the colour of what it means; without colours the text itself.
    pub fn paint(self, tone: Tone, text: &str) -> String {
        let ansi = match tone {
            Tone::Good => AnsiColor::Green.on_default(),
            Tone::Bad => AnsiColor::Red.on_default(),
            Tone::Quiet => Ansi::new().dimmed(),
            Tone::Head => Ansi::new().bold(),
            Tone::Plain => Ansi::new(),
        };
        if !self.colours || text.is_empty() || ansi.is_plain() {
            return text.to_owned();
        }
        format!("{}{text}{}", ansi.render(), ansi.render_reset())
    }

    /// The text with the characters that this style has: without ASCII's limits the text itself.
    pub fn spell(self, text: &str) -> String {
        let letter = |letter| match letter {
            '─' | '–' | '—' => '-',
            '│' | '┊' => '|',
            '┼' | '●' => '*',
            '▶' | '→' => '>',
            '◀' | '←' => '<',
            '✗' | '×' => 'x',
            '⋮' => ':',
            '…' => '~',
            other if other.is_ascii() => other,
            _ => '?',
        };
        if self.ascii { text.chars().map(letter).collect() } else { text.to_owned() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_colours_a_text_stays_what_it_is() {
        assert_eq!(Style::default().paint(Tone::Bad, "ECONNREFUSED"), "ECONNREFUSED");
        let coloured = Style { colours: true, ..Style::default() }.paint(Tone::Bad, "ECONNREFUSED");
        assert_eq!(coloured, "\u{1b}[31mECONNREFUSED\u{1b}[0m");
    }

    #[test]
    fn ascii_has_only_ascii() {
        let style = Style { ascii: true, colours: false };
        assert_eq!(style.spell("│── SYN ──▶│ ×3 … ü"), "|-- SYN -->| x3 ~ ?");
    }
}
