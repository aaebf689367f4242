//! Text for SVG and HTML: everything that comes from a record goes through [`escaped`].

/// The text without what has a meaning in XML and HTML, and without what must not stand there.
pub(crate) fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            '\n' | '\t' => out.push(letter),
            '\u{fffe}' | '\u{ffff}' => out.push('\u{fffd}'),
            other if other.is_control() => out.push('\u{fffd}'),
            other => out.push(other),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_from_a_record_is_a_tag_or_an_attribute() {
        let hostile = "<script>alert('x')</script> & \"y\" \u{0}\u{ffff}";
        let text = escaped(hostile);
        assert!(!text.contains(['<', '>', '"', '\'', '\u{0}', '\u{ffff}']), "{text}");
        let document = format!("<a b=\"{text}\">{text}</a>");
        let read = roxmltree::Document::parse(&document).unwrap();
        assert_eq!(read.root_element().text(), Some("<script>alert('x')</script> & \"y\" \u{fffd}\u{fffd}"));
    }
}
