//! The lab's HTTP/1.1 server (RFC 9112), as far as a client can tell that somebody is there: every request is answered with 200.
//!
//! A [`Conversation`] takes what came on one connection and says step by step what is to be answered. Bodies of requests, counted
//! or in chunks, are read and thrown away, after `100 Continue` where the client waits for it. A path `/bytes/N` is answered with so
//! many octets of a pattern. What is no request is answered with what is wrong, and the connection closed. Nothing here knows a date,
//! a file or a name.

mod chunked;
mod head;

use crate::outgoing::Body;
use chunked::Chunked;
use head::{Length, Request};

/// How long the head of a request may be; unit: octets.
pub const HEAD_OCTETS_MAX: usize = 16 << 10;
/// How many header fields a request may have.
pub const HEAD_FIELDS_MAX: usize = 64;
/// How many octets `/bytes/N` gives at most.
pub const BODY_OCTETS_MAX: u64 = 1 << 30;

/// What a client waits for that asks before it sends a body.
const CONTINUE: &[u8] = b"HTTP/1.1 100 Continue\r\n\r\n";

/// Requests and answers on one connection, between which nothing is left over.
#[derive(Clone, Debug, Default)]
pub(crate) struct Conversation {
    /// The body that is being read, and what is answered after it.
    reading: Option<(Left, Response)>,
}

/// What is left of the body of a request.
#[derive(Clone, Debug)]
enum Left {
    Counted(u64),
    Chunked(Chunked),
}

/// What comes next.
#[derive(Clone, Debug)]
pub(crate) enum Step {
    /// Nothing, before more has come.
    NeedsMore,
    /// These octets, and the request goes on.
    Interim(&'static [u8]),
    /// The answer.
    Answer(Response),
}

/// An answer.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Response {
    status: Status,
    pub(crate) body: Body,
    /// Whether the server may choose the body.
    is_plain: bool,
    /// Whether only the head is sent.
    pub(crate) without_body: bool,
    /// Whether the connection is closed after it.
    pub(crate) closes: bool,
}

/// What is told of a request.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Status {
    Ok,
    BadRequest,
    HeadTooLarge,
    NotImplemented,
    Version,
}

impl Conversation {
    /// Goes one step on with what came; what is used of it is taken out.
    pub(crate) fn step(&mut self, input: &mut Vec<u8>) -> Step {
        let Some((left, _)) = &mut self.reading else { return self.begin(input) };
        let is_over = match left {
            Left::Counted(count) => {
                let here = usize::try_from(*count).unwrap_or(usize::MAX).min(input.len());
                input.drain(..here);
                *count -= here as u64;
                *count == 0
            }
            Left::Chunked(chunked) => match chunked.skip(input) {
                Ok(is_over) => is_over,
                Err(chunked::Broken) => {
                    self.reading = None;
                    return Step::Answer(Response::refusal(Status::BadRequest));
                }
            },
        };
        match self.reading.take_if(|_| is_over) {
            Some((_, response)) => Step::Answer(response),
            None => Step::NeedsMore,
        }
    }

    /// Reads the head of a request.
    fn begin(&mut self, input: &mut Vec<u8>) -> Step {
        let request = match Request::read(input) {
            Ok(Some(request)) => request,
            Ok(None) => return Step::NeedsMore,
            Err(status) => {
                input.clear();
                return Step::Answer(Response::refusal(status));
            }
        };
        let response = Response::to(&request);
        let left = match request.length {
            Length::Counted(0) => return Step::Answer(response),
            Length::Counted(count) => Left::Counted(count),
            Length::Chunked => Left::Chunked(Chunked::default()),
        };
        self.reading = Some((left, response));
        // Who has begun to send does not wait any more (RFC 9110, section 10.1.1).
        if request.waits_for_continue && input.is_empty() { Step::Interim(CONTINUE) } else { self.step(input) }
    }
}

impl Response {
    fn to(request: &Request) -> Response {
        if request.is_connect {
            return Response::refusal(Status::NotImplemented);
        }
        let (status, body, is_plain) = match request.wanted_octets {
            None => (Status::Ok, Status::Ok.body(), true),
            Some(octets) if octets <= BODY_OCTETS_MAX => (Status::Ok, Body::pattern(octets), false),
            Some(_) => (Status::BadRequest, Status::BadRequest.body(), false),
        };
        Response { status, body, is_plain, without_body: request.is_head, closes: !request.keeps_alive }
    }

    /// Something is wrong, and what follows would not be understood.
    fn refusal(status: Status) -> Response {
        Response { status, body: status.body(), is_plain: false, without_body: false, closes: true }
    }

    pub(crate) fn is_plain(&self) -> bool {
        self.is_plain
    }

    pub(crate) fn head(&self) -> Vec<u8> {
        let (status, media_type, length) = (self.status.line(), self.body.media_type(), self.body.octets());
        let connection = if self.closes { "close" } else { "keep-alive" };
        format!(
            "HTTP/1.1 {status}\r\nServer: synsent-lab\r\nContent-Type: {media_type}\r\nContent-Length: {length}\r\n\
             Connection: {connection}\r\n\r\n"
        )
        .into_bytes()
    }
}

impl Status {
    fn line(self) -> &'static str {
        match self {
            Status::Ok => "200 OK",
            Status::BadRequest => "400 Bad Request",
            Status::HeadTooLarge => "431 Request Header Fields Too Large",
            Status::NotImplemented => "501 Not Implemented",
            Status::Version => "505 HTTP Version Not Supported",
        }
    }

    fn body(self) -> Body {
        Body::text(match self {
            Status::Ok => "Connected: this is the lab of synsent.\n",
            Status::BadRequest => "The lab does not understand this request.\n",
            Status::HeadTooLarge => "The head of this request is too long for the lab.\n",
            Status::NotImplemented => "The lab's server does not do this.\n",
            Status::Version => "The lab speaks HTTP/1.1.\n",
        })
    }
}
