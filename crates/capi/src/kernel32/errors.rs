//! The last error and its text.

use synsent_dialects::system::{
    ERROR_INSUFFICIENT_BUFFER, ERROR_INVALID_PARAMETER, ERROR_MR_MID_NOT_FOUND, ERROR_NOT_ENOUGH_MEMORY,
    ERROR_NOT_SUPPORTED,
};
use synsent_dialects::text_of_error;
use synsent_dialects::winsock2::{WSAGetLastError, WSASetLastError};

use super::memory::{keep_octets, pointer_octets};
use super::{entry, fails};
use crate::boundary::Foreign;

const ALLOCATE_BUFFER: u32 = 0x100;
const FROM_STRING: u32 = 0x400;
const FROM_HMODULE: u32 = 0x800;
const FROM_SYSTEM: u32 = 0x1000;
const MAX_WIDTH_MASK: u32 = 0xff;

entry!(GetLastError as get_last_error() -> u32, or 0, { WSAGetLastError() as u32 });

entry!(SetLastError as set_last_error(error: u32) -> (), or (), { WSASetLastError(error as i32) });

entry!(FormatMessageA as format_message_a(
    flags: u32, _source: usize, message: u32, _language: u32, buffer: usize, size: u32, _arguments: usize,
) -> u32, or 0, {
    format(flags, message, buffer, size, |text| text.bytes().map(|octet| [octet]).collect::<Vec<_>>())
});

entry!(FormatMessageW as format_message_w(
    flags: u32, _source: usize, message: u32, _language: u32, buffer: usize, size: u32, _arguments: usize,
) -> u32, or 0, {
    format(flags, message, buffer, size, |text| text.chars().map(|one| (one as u32).to_ne_bytes()).collect::<Vec<_>>())
});

/// Writes the text of a number in units of so many octets; answers with how many there are, without the zero at the end.
fn format<const OCTETS: usize>(
    flags: u32,
    message: u32,
    buffer: usize,
    size: u32,
    units: impl Fn(&str) -> Vec<[u8; OCTETS]>,
) -> u32 {
    if flags & FROM_STRING != 0 || flags & FROM_HMODULE != 0 && flags & FROM_SYSTEM == 0 {
        return fails(ERROR_NOT_SUPPORTED, 0);
    }
    if flags & FROM_SYSTEM == 0 || buffer == 0 {
        return fails(ERROR_INVALID_PARAMETER, 0);
    }
    let Some(text) = text_of_error(message as i32) else { return fails(ERROR_MR_MID_NOT_FOUND, 0) };
    // Without line breaks the text ends with a blank, with them as a line does.
    let text = if flags & MAX_WIDTH_MASK == MAX_WIDTH_MASK { format!("{text} ") } else { format!("{text}\r\n") };
    let units = units(&text);
    let mut octets: Vec<u8> = units.iter().flatten().copied().collect();
    octets.extend([0; OCTETS]);
    let place = Foreign::at(buffer);
    if flags & ALLOCATE_BUFFER != 0 {
        // `size` is how many units there should be at least.
        octets.resize(octets.len().max((size.min(0x1_0000) as usize) * OCTETS), 0);
        let Some(kept) = keep_octets(&octets) else { return fails(ERROR_NOT_ENOUGH_MEMORY, 0) };
        if !place.write(0, &pointer_octets(kept)) {
            super::memory::free(kept);
            return fails(ERROR_INVALID_PARAMETER, 0);
        }
        return units.len() as u32;
    }
    if units.len() >= size as usize {
        return fails(ERROR_INSUFFICIENT_BUFFER, 0);
    }
    if place.write(0, &octets) { units.len() as u32 } else { fails(ERROR_INVALID_PARAMETER, 0) }
}
