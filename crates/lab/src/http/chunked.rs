//! A body in chunks (RFC 9112, section 7.1), read to be thrown away.

use super::HEAD_OCTETS_MAX;

/// Where one is in a body.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(super) enum Chunked {
    /// Before the line with a chunk's length.
    #[default]
    Size,
    /// In a chunk of which so much is left, the end of its line included.
    Data(u64),
    /// After the last chunk: lines until an empty one, and so many octets of them have been.
    Trailer(usize),
}

/// What came is no chunk.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Broken;

impl Chunked {
    /// Takes out of the input what belongs to the body; whether it has ended.
    pub(super) fn skip(&mut self, input: &mut Vec<u8>) -> Result<bool, Broken> {
        loop {
            match *self {
                Chunked::Size => match httparse::parse_chunk_size(input) {
                    Ok(httparse::Status::Complete((octets, size))) => {
                        input.drain(..octets);
                        *self = if size == 0 { Chunked::Trailer(0) } else { Chunked::Data(size.saturating_add(2)) };
                    }
                    Ok(httparse::Status::Partial) if input.len() < HEAD_OCTETS_MAX => return Ok(false),
                    _ => return Err(Broken),
                },
                Chunked::Data(left) => {
                    let here = usize::try_from(left).unwrap_or(usize::MAX).min(input.len());
                    input.drain(..here);
                    *self = if left == here as u64 { Chunked::Size } else { Chunked::Data(left - here as u64) };
                    if *self != Chunked::Size {
                        return Ok(false);
                    }
                }
                Chunked::Trailer(octets) => {
                    let Some(end) = input.iter().position(|octet| *octet == b'\n') else {
                        return if octets + input.len() < HEAD_OCTETS_MAX { Ok(false) } else { Err(Broken) };
                    };
                    let is_last = input[..end].trim_ascii().is_empty();
                    input.drain(..=end);
                    if is_last {
                        return Ok(true);
                    }
                    *self = Chunked::Trailer(octets + end);
                    if octets + end >= HEAD_OCTETS_MAX {
                        return Err(Broken);
                    }
                }
            }
        }
    }
}
