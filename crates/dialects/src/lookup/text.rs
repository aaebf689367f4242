//! A text that a caller hands over: a pointer behind which a zero comes sooner or later, or does not.

use synsent_sockets::Pointer;

use crate::page::{Fact, Facts};

/// The longest name of a host that is read, without its zero; unit: characters. Headers call one more NI_MAXHOST.
pub const HOST_TEXT_MAX: usize = 1_024;

/// How much is read at once, as long as all of it is there; unit: octets.
const STEP: usize = 64;
/// The size of a wide character here.
const WIDE_OCTETS: usize = 4;

/// A text of a caller, or what is wrong with it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Text {
    /// The null pointer.
    Null,
    /// Memory that cannot be read.
    Unreadable,
    /// No zero comes within as many characters as a text may have.
    TooLong,
    /// A text. Octets that are no characters stand as the character for what cannot be read.
    Is(String),
}

impl Text {
    /// Reads characters of one octet.
    pub fn narrow(pointer: Pointer<'_>) -> Text {
        match units::<1>(pointer, HOST_TEXT_MAX) {
            Ok(units) => {
                let octets: Vec<u8> = units.into_iter().map(|[octet]| octet).collect();
                Text::Is(String::from_utf8_lossy(&octets).into_owned())
            }
            Err(wrong) => wrong,
        }
    }

    /// Reads wide characters, which have 32 bits here.
    pub fn wide(pointer: Pointer<'_>) -> Text {
        match units::<WIDE_OCTETS>(pointer, HOST_TEXT_MAX) {
            Ok(units) => {
                let character = |unit| char::from_u32(u32::from_ne_bytes(unit)).unwrap_or(char::REPLACEMENT_CHARACTER);
                Text::Is(units.into_iter().map(character).collect())
            }
            Err(wrong) => wrong,
        }
    }

    /// What is wrong with it where one is needed.
    pub(crate) fn facts(&self) -> Facts {
        Fact::NullName.when(*self == Text::Null) | self.optional_facts()
    }

    /// What is wrong with it where there may be none.
    pub(crate) fn optional_facts(&self) -> Facts {
        Fact::UnreadableName.when(*self == Text::Unreadable)
    }

    /// The text, where there is one.
    pub fn get(&self) -> Option<&str> {
        match self {
            Text::Is(text) => Some(text),
            Text::Null | Text::Unreadable | Text::TooLong => None,
        }
    }
}

impl From<&str> for Text {
    fn from(text: &str) -> Text {
        Text::Is(text.to_owned())
    }
}

impl From<Pointer<'_>> for Text {
    fn from(pointer: Pointer<'_>) -> Text {
        Text::narrow(pointer)
    }
}

/// Reads units up to the one that is zero.
fn units<const OCTETS: usize>(pointer: Pointer<'_>, max: usize) -> Result<Vec<[u8; OCTETS]>, Text> {
    if pointer.is_null() {
        return Err(Text::Null);
    }
    let mut units = Vec::new();
    while units.len() <= max {
        let at = units.len() * OCTETS;
        let mut step = [[0; OCTETS]; STEP];
        // Memory may end right behind the zero: then it is read unit by unit.
        let is_whole = pointer.read(at, step.as_flattened_mut()).is_ok();
        let read = if is_whole { &step[..] } else { read_one(pointer, at, &mut step)? };
        for unit in read {
            if *unit == [0; OCTETS] {
                return if units.len() > max { Err(Text::TooLong) } else { Ok(units) };
            }
            units.push(*unit);
        }
    }
    Err(Text::TooLong)
}

fn read_one<'a, const OCTETS: usize>(
    pointer: Pointer<'_>,
    at: usize,
    step: &'a mut [[u8; OCTETS]; STEP],
) -> Result<&'a [[u8; OCTETS]], Text> {
    pointer.read(at, &mut step[0]).map_err(|_| Text::Unreadable)?;
    Ok(&step[..1])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_ends_with_its_zero_or_with_its_memory() {
        assert_eq!(Text::narrow(Pointer::Null), Text::Null);
        assert_eq!(Text::narrow(b"shop\0rest"[..].into()), Text::Is("shop".into()));
        assert_eq!(Text::narrow(b"\0"[..].into()), Text::Is(String::new()));
        assert_eq!(Text::narrow(b"no end"[..].into()), Text::Unreadable);
        assert_eq!(Text::narrow(b"\xff\0"[..].into()), Text::Is("\u{fffd}".into()));
    }

    #[test]
    fn a_text_of_a_host_is_read_to_its_limit() {
        let mut octets = vec![b'a'; HOST_TEXT_MAX];
        octets.push(0);
        assert_eq!(Text::narrow(octets[..].into()).get().unwrap().len(), HOST_TEXT_MAX);
        octets.insert(0, b'a');
        assert_eq!(Text::narrow(octets[..].into()), Text::TooLong);
        assert_eq!(Text::narrow(vec![b'a'; 9_000][..].into()), Text::TooLong);
    }

    #[test]
    fn wide_characters_are_read_as_they_are_here() {
        let wide: Vec<u8> = "shöp\0".chars().flat_map(|one| u32::from(one).to_ne_bytes()).collect();
        assert_eq!(Text::wide(wide[..].into()), Text::Is("shöp".into()));
        let bad = [0x0011_0000_u32.to_ne_bytes(), [0; 4]].concat();
        assert_eq!(Text::wide(bad[..].into()), Text::Is("\u{fffd}".into()));
        assert_eq!(Text::wide(wide[..wide.len() - 1].into()), Text::Unreadable);
    }
}
