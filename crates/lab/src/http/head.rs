//! The head of a request, read with httparse: what the server must know of it.

use super::{HEAD_FIELDS_MAX, HEAD_OCTETS_MAX, Status};

/// The path that asks for a body of a length.
const BYTES_PATH: &str = "/bytes/";

/// A request without its body.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Request {
    pub(super) is_head: bool,
    pub(super) is_connect: bool,
    /// How many octets the path asks for.
    pub(super) wanted_octets: Option<u64>,
    pub(super) keeps_alive: bool,
    pub(super) waits_for_continue: bool,
    pub(super) length: Length,
}

/// How long the body of a request is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Length {
    Counted(u64),
    Chunked,
}

impl Request {
    /// Reads a head from the beginning of what came, and takes it out; `None`: it is not all there.
    pub(super) fn read(input: &mut Vec<u8>) -> Result<Option<Request>, Status> {
        let mut fields = [httparse::EMPTY_HEADER; HEAD_FIELDS_MAX];
        let mut parsed = httparse::Request::new(&mut fields);
        match parsed.parse(&input[..input.len().min(HEAD_OCTETS_MAX)]) {
            Ok(httparse::Status::Complete(octets)) => {
                let request = Request::from_parsed(&parsed)?;
                input.drain(..octets);
                Ok(Some(request))
            }
            Ok(httparse::Status::Partial) if input.len() < HEAD_OCTETS_MAX => Ok(None),
            Ok(httparse::Status::Partial) | Err(httparse::Error::TooManyHeaders) => Err(Status::HeadTooLarge),
            Err(httparse::Error::Version) => Err(Status::Version),
            Err(_) => Err(Status::BadRequest),
        }
    }

    fn from_parsed(parsed: &httparse::Request<'_, '_>) -> Result<Request, Status> {
        let method = parsed.method.unwrap_or_default();
        let is_latest = parsed.version == Some(1);
        let has = |name, token| values(parsed, name).any(|value| has_token(value, token));
        Ok(Request {
            is_head: method == "HEAD",
            is_connect: method == "CONNECT",
            wanted_octets: wanted_octets(parsed.path.unwrap_or_default()),
            keeps_alive: if is_latest { !has("connection", "close") } else { has("connection", "keep-alive") },
            waits_for_continue: is_latest && has("expect", "100-continue"),
            length: length(parsed)?,
        })
    }
}

fn values<'a>(parsed: &'a httparse::Request<'_, '_>, name: &'a str) -> impl Iterator<Item = &'a [u8]> {
    parsed.headers.iter().filter(move |field| field.name.eq_ignore_ascii_case(name)).map(|field| field.value)
}

/// Whether a list with commas has this word.
fn has_token(value: &[u8], token: &str) -> bool {
    value.split(|octet| *octet == b',').any(|one| one.trim_ascii().eq_ignore_ascii_case(token.as_bytes()))
}

/// How long the body is (RFC 9112, section 6.3). Both lengths at once, or two that differ, are an attempt to deceive somebody.
fn length(parsed: &httparse::Request<'_, '_>) -> Result<Length, Status> {
    let mut encodings = values(parsed, "transfer-encoding");
    let mut lengths = values(parsed, "content-length");
    match (encodings.next(), lengths.next()) {
        (None, None) => Ok(Length::Counted(0)),
        (Some(_), Some(_)) => Err(Status::BadRequest),
        (Some(encoding), None) => {
            let is_chunked = encodings.next().is_none() && encoding.trim_ascii().eq_ignore_ascii_case(b"chunked");
            if is_chunked { Ok(Length::Chunked) } else { Err(Status::NotImplemented) }
        }
        (None, Some(first)) if lengths.all(|other| other == first) => {
            let text = str::from_utf8(first.trim_ascii()).map_err(|_| Status::BadRequest)?;
            let is_number = !text.is_empty() && text.bytes().all(|octet| octet.is_ascii_digit());
            let count = text.parse().map_err(|_| Status::BadRequest)?;
            if is_number { Ok(Length::Counted(count)) } else { Err(Status::BadRequest) }
        }
        (None, Some(_)) => Err(Status::BadRequest),
    }
}

/// How many octets a target asks for; one that names its host too is a proxy's.
fn wanted_octets(target: &str) -> Option<u64> {
    let path = match target.split_once("://") {
        Some((_, rest)) => rest.find('/').map_or("", |at| &rest[at..]),
        None => target,
    };
    let path = path.split('?').next().unwrap_or_default();
    let digits = path.strip_prefix(BYTES_PATH)?;
    let is_number = !digits.is_empty() && digits.bytes().all(|octet| octet.is_ascii_digit());
    // A number that is too large for any integer is too large for the server as well.
    is_number.then(|| digits.parse().unwrap_or(u64::MAX))
}
