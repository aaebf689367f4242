//! The words of a mistake: one sentence, and for a word that nobody knows the one that was meant.

/// How far a word may be from another one that was meant, for each so many of its letters.
const LETTERS_FOR_A_SLIP: usize = 3;
/// How long a word may be to be compared with others; unit: letters.
const LETTERS_MAX: usize = 64;

/// A message of the reader as one line, with what was meant where that can be told.
pub(super) fn told(message: &str) -> String {
    let line = message.lines().map(str::trim).filter(|line| !line.is_empty()).collect::<Vec<_>>().join("; ");
    // What the reader calls a number is a type of our language.
    let number =
        [("expected u16", "expected a number from 1 to 65535"), ("expected u8", "expected a number from 0 to 255")];
    let named = number.iter().find_map(|(end, words)| Some(format!("{}{words}", line.strip_suffix(end)?)));
    let line = named.unwrap_or(line);
    match meant(&line) {
        Some(word) => format!("{line}; did you mean `{word}`?"),
        None => line,
    }
}

/// The one of the allowed words that is most like the given one; `None`: none is like it.
pub(super) fn nearest<'a>(given: &str, allowed: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    if given.len() > LETTERS_MAX {
        return None;
    }
    let slips_max = given.chars().count().div_ceil(LETTERS_FOR_A_SLIP);
    let slips = allowed.map(|word| (slips(given, word), word));
    slips.filter(|(slips, _)| *slips <= slips_max).min_by_key(|(slips, _)| *slips).map(|(_, word)| word)
}

/// The reader says "unknown … `given`, expected … `one`, `other`": the nearest of what was expected.
fn meant(line: &str) -> Option<&str> {
    let rest = line.strip_prefix("unknown field ").or(line.strip_prefix("unknown variant "))?;
    let mut words = rest.split('`').skip(1).step_by(2);
    let given = words.next()?;
    nearest(given, words)
}

/// How many letters must be put in, taken out, changed or swapped with the next to make one word of the other.
fn slips(one: &str, other: &str) -> usize {
    let (one, other): (Vec<char>, Vec<char>) = (one.chars().collect(), other.chars().collect());
    // A word that is far longer is far away, and the table stays small whatever stands in the file.
    if one.len().abs_diff(other.len()) > one.len().min(other.len()) {
        return usize::MAX;
    }
    let mut rows = vec![(0..=other.len()).collect::<Vec<usize>>()];
    for (i, letter) in one.iter().enumerate() {
        let above = &rows[i];
        let mut row = vec![i + 1];
        for (j, wanted) in other.iter().enumerate() {
            let mut best = (above[j] + usize::from(letter != wanted)).min(above[j + 1] + 1).min(row[j] + 1);
            if i > 0 && j > 0 && one[i - 1] == *wanted && other[j - 1] == *letter {
                best = best.min(rows[i - 1][j - 1] + 1);
            }
            row.push(best);
        }
        rows.push(row);
    }
    rows[one.len()][other.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_is_understood_and_another_word_is_not() {
        let allowed = ["answers", "refuses", "silent", "withholds"];
        for (given, meant) in
            [("answer", "answers"), ("slient", "silent"), ("refuse", "refuses"), ("with-holds", "withholds")]
        {
            assert_eq!(nearest(given, allowed.into_iter()), Some(meant));
        }
        assert_eq!(nearest("xyzzy", allowed.into_iter()), None);
        assert_eq!(nearest("", allowed.into_iter()), None);
        let long = "x".repeat(200_000);
        assert_eq!(nearest(&long, [long.as_str()].into_iter()), None);
        assert_eq!(nearest("silent", [long.as_str(), "silent"].into_iter()), Some("silent"));
        let line = "unknown variant `slient`, expected one of `answers`, `silent`";
        assert_eq!(told(line), format!("{line}; did you mean `silent`?"));
        assert_eq!(told("expected a\n  string\n"), "expected a; string");
        let number = "invalid value: integer `70000`, expected u16";
        assert_eq!(told(number), "invalid value: integer `70000`, expected a number from 1 to 65535");
        assert_eq!(
            told("invalid type: string \"a\", expected u8"),
            "invalid type: string \"a\", expected a number from 0 to 255"
        );
    }
}
