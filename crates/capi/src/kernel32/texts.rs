//! Texts in the program's memory, and from narrow to wide and back. Narrow texts are UTF-8, whatever code page is asked for; a wide
//! character is the compiler's `wchar_t` and holds one code point.

use synsent_dialects::system::{ERROR_INSUFFICIENT_BUFFER, ERROR_INVALID_PARAMETER, ERROR_NO_UNICODE_TRANSLATION};

use super::{entry, fails};
use crate::boundary::Foreign;

/// The longest text that is read to its zero; unit: octets or wide characters.
pub(crate) const TEXT_MAX: usize = 65_536;
/// Memory is there or not there by pages of at least this size; unit: octets.
const PAGE_OCTETS: usize = 4_096;
/// MB_ERR_INVALID_CHARS, and WC_ERR_INVALID_CHARS.
const ERR_INVALID: u32 = 0x88;

/// The octets up to a zero; `None` where they cannot be read or there are too many.
fn octets_to_zero(text: &Foreign, unit: usize) -> Option<Vec<u8>> {
    let mut octets = Vec::new();
    while octets.len() <= TEXT_MAX * unit {
        // A piece never reaches into a page where nothing need be.
        let to_page = PAGE_OCTETS - (text.address() + octets.len()) % PAGE_OCTETS;
        let piece = to_page.min(256).max(unit) / unit * unit;
        let begin = octets.len();
        octets.extend(text.read_many(begin, piece)?);
        let zero = octets[begin..].chunks_exact(unit).position(|one| one.iter().all(|octet| *octet == 0));
        if let Some(place) = zero {
            octets.truncate(begin + place * unit);
            return Some(octets);
        }
    }
    None
}

/// A narrow text with its zero; what is no UTF-8 is replaced.
pub(crate) fn read_text(text: &Foreign) -> Option<String> {
    if text.is_null() {
        return None;
    }
    octets_to_zero(text, 1).map(|octets| String::from_utf8_lossy(&octets).into_owned())
}

/// A wide text with its zero; what is no character is replaced.
pub(crate) fn read_wide(text: &Foreign) -> Option<String> {
    if text.is_null() {
        return None;
    }
    Some(from_wide(&octets_to_zero(text, 4)?))
}

fn from_wide(octets: &[u8]) -> String {
    let units = octets.chunks_exact(4).filter_map(|unit| unit.try_into().ok()).map(u32::from_ne_bytes);
    units.map(|unit| char::from_u32(unit).unwrap_or(char::REPLACEMENT_CHARACTER)).collect()
}

/// The octets of a text that is so long, or reaches to its zero, which counts then.
fn source(text: usize, len: i32, unit: usize) -> Option<Vec<u8>> {
    let text = Foreign::at(text);
    match usize::try_from(len) {
        Ok(0) => None,
        Ok(len) if len > TEXT_MAX * 16 => None,
        Ok(len) => text.read_many(0, len * unit),
        Err(_) if text.is_null() => None,
        Err(_) => octets_to_zero(&text, unit).map(|mut octets| {
            octets.resize(octets.len() + unit, 0);
            octets
        }),
    }
}

/// Writes what was made, or tells how much room it needs where none is given; unit of both: what `unit` octets hold.
fn put(made: &[u8], unit: usize, into: usize, size: i32) -> i32 {
    let needed = made.len() / unit;
    let Ok(room) = usize::try_from(size) else { return fails(ERROR_INVALID_PARAMETER, 0) };
    if room == 0 {
        return i32::try_from(needed).unwrap_or(i32::MAX);
    }
    if needed > room {
        return fails(ERROR_INSUFFICIENT_BUFFER, 0);
    }
    let written = Foreign::at(into).write(0, made);
    if written { i32::try_from(needed).unwrap_or(i32::MAX) } else { fails(ERROR_INVALID_PARAMETER, 0) }
}

entry!(MultiByteToWideChar as multi_byte_to_wide_char(
    _code_page: u32, flags: u32, text: usize, octets: i32, wide: usize, size: i32,
) -> i32, or 0, {
    let Some(narrow) = source(text, octets, 1) else { return fails(ERROR_INVALID_PARAMETER, 0) };
    if flags & ERR_INVALID != 0 && std::str::from_utf8(&narrow).is_err() {
        return fails(ERROR_NO_UNICODE_TRANSLATION, 0);
    }
    let units = String::from_utf8_lossy(&narrow).chars().flat_map(|one| (one as u32).to_ne_bytes()).collect::<Vec<u8>>();
    put(&units, 4, wide, size)
});

entry!(WideCharToMultiByte as wide_char_to_multi_byte(
    _code_page: u32, _flags: u32, wide: usize, len: i32, text: usize, size: i32, _default: usize, used: usize,
) -> i32, or 0, {
    let Some(units) = source(wide, len, 4) else { return fails(ERROR_INVALID_PARAMETER, 0) };
    // Every character has its UTF-8.
    Foreign::at(used).write(0, &0_i32.to_ne_bytes());
    put(from_wide(&units).as_bytes(), 1, text, size)
});
