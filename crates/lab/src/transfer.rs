//! Bulk data over connections, checked octet by octet, with the end of each stream.
//!
//! A [`Transfer`] is any number of [`Stream`]s at once; two over the same pair of flows are data both ways. Each end writes as
//! fast as its stack takes it, shuts its direction down at the end, and the other end must see every octet of the pattern,
//! the length, and the FIN after the last octet, and nothing beyond.

use std::fmt;

use synsent_stack::{Duration, Failure, FlowId, Instant, ReceiveError, SendError};

use crate::lab::{HostId, Lab};
use crate::pattern::Pattern;

/// How much an end writes or reads in one call.
const CHUNK_OCTETS: usize = 16 << 10;

/// One direction of a connection.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Stream {
    /// Who writes.
    pub from: (HostId, FlowId),
    /// Who reads.
    pub to: (HostId, FlowId),
    /// How many octets.
    pub octets: u64,
    /// Which octets.
    pub pattern: Pattern,
}

/// Streams that are being moved.
#[derive(Debug)]
pub struct Transfer {
    streams: Vec<Moving>,
    buffer: Vec<u8>,
}

#[derive(Debug)]
struct Moving {
    stream: Stream,
    sent: u64,
    shut: bool,
    received: u64,
    ended_at: Option<Instant>,
    /// How many events the hosts had had when there was last nothing to do: an end is only tried again after an event, so a
    /// stack that forgets to tell that something became ready is found out.
    seen: Option<(u64, u64)>,
}

/// How it went.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Report {
    /// How long each stream took from the start of the transfer to its FIN.
    pub took: Vec<Duration>,
    /// How many octets all streams had.
    pub octets: u64,
}

/// What went wrong with a stream.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Failed {
    /// The deadline came first: of each stream the octets that were taken by the sender and read by the receiver.
    Deadline(Vec<(u64, u64)>),
    /// An octet is not what was sent.
    Wrong {
        /// Its number.
        offset: u64,
    },
    /// More arrived than was sent.
    TooLong,
    /// The stream ended before its length.
    Short {
        /// The octets that arrived.
        received: u64,
    },
    /// Octets came after the end of the stream.
    AfterEnd,
    /// The sender's connection failed.
    Send(SendError, Option<Box<Failure>>),
    /// The receiver's connection failed.
    Receive(ReceiveError, Option<Box<Failure>>),
}

impl fmt::Display for Failed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Failed::Deadline(progress) => write!(f, "not done in time: sent and received {progress:?}"),
            Failed::Wrong { offset } => write!(f, "octet {offset} is not what was sent"),
            Failed::TooLong => write!(f, "more arrived than was sent"),
            Failed::Short { received } => write!(f, "the stream ended after {received} octets"),
            Failed::AfterEnd => write!(f, "octets arrived after the end of the stream"),
            Failed::Send(error, None) => write!(f, "the sender's connection: {error:?}"),
            Failed::Receive(error, None) => write!(f, "the receiver's connection: {error:?}"),
            Failed::Send(_, Some(why)) | Failed::Receive(_, Some(why)) => why.fmt(f),
        }
    }
}

impl std::error::Error for Failed {}

impl Report {
    /// How long the longest stream took.
    pub fn longest(&self) -> Duration {
        self.took.iter().copied().max().unwrap_or_default()
    }

    /// What all streams together moved, unit: bits per second.
    pub fn bits_per_second(&self) -> u64 {
        let nanos = self.longest().as_nanos().max(1);
        u64::try_from(u128::from(self.octets) * 8 * 1_000_000_000 / nanos).unwrap_or(u64::MAX)
    }
}

impl Transfer {
    /// Streams that begin now.
    pub fn new(streams: &[Stream]) -> Transfer {
        let moving =
            |stream: &Stream| Moving { stream: *stream, sent: 0, shut: false, received: 0, ended_at: None, seen: None };
        Transfer { streams: streams.iter().map(moving).collect(), buffer: vec![0; CHUNK_OCTETS] }
    }

    /// The same number of octets both ways over one connection.
    pub fn both_ways(a: (HostId, FlowId), b: (HostId, FlowId), octets: u64, seed: u64) -> Transfer {
        let there = Stream { from: a, to: b, octets, pattern: Pattern::new(seed) };
        let back = Stream { from: b, to: a, octets, pattern: Pattern::new(!seed) };
        Transfer::new(&[there, back])
    }

    /// Moves everything.
    ///
    /// # Errors
    /// When a stream is not intact, fails, or is not done until the deadline.
    pub fn run(mut self, lab: &mut Lab, deadline: Instant) -> Result<Report, Failed> {
        let began = lab.now();
        let mut outcome = Ok(());
        let done = lab.run_until(deadline, |lab| match self.pump(lab) {
            Ok(done) => done,
            Err(failed) => {
                outcome = Err(failed);
                true
            }
        });
        outcome?;
        if !done {
            return Err(Failed::Deadline(self.progress()));
        }
        let took = self.streams.iter().filter_map(|one| one.ended_at).map(|at| at.since(began)).collect();
        Ok(Report { took, octets: self.streams.iter().map(|one| one.stream.octets).sum() })
    }

    /// Of each stream the octets that were taken by the sender and read by the receiver.
    pub fn progress(&self) -> Vec<(u64, u64)> {
        self.streams.iter().map(|one| (one.sent, one.received)).collect()
    }

    /// Moves what can move now; true when all is done.
    ///
    /// # Errors
    /// When a stream is not intact or fails.
    pub fn pump(&mut self, lab: &mut Lab) -> Result<bool, Failed> {
        let mut done = true;
        for moving in &mut self.streams {
            done &= moving.pump(lab, &mut self.buffer)?;
        }
        Ok(done)
    }
}

impl Moving {
    fn pump(&mut self, lab: &mut Lab, buffer: &mut [u8]) -> Result<bool, Failed> {
        let hosts = (self.stream.from.0, self.stream.to.0);
        let events = (lab.events_ever(hosts.0), lab.events_ever(hosts.1));
        if self.seen != Some(events) {
            self.seen = Some(events);
            self.write(lab, buffer)?;
            self.read(lab, buffer)?;
        }
        Ok(self.shut && self.ended_at.is_some())
    }

    fn write(&mut self, lab: &mut Lab, buffer: &mut [u8]) -> Result<(), Failed> {
        let (host, flow) = self.stream.from;
        while self.sent < self.stream.octets {
            let left = self.stream.octets - self.sent;
            let chunk = &mut buffer[..left.min(CHUNK_OCTETS as u64) as usize];
            self.stream.pattern.fill(self.sent, chunk);
            match lab.call(host, |stack, now| stack.tcp_send(now, flow, chunk)) {
                Ok(taken) => self.sent += taken as u64,
                Err(SendError::WouldBlock) => return Ok(()),
                Err(error) => return Err(Failed::Send(error, failure(lab, host, flow))),
            }
        }
        if !self.shut {
            self.shut = true;
            lab.call(host, |stack, now| stack.tcp_shutdown_send(now, flow))
                .map_err(|error| Failed::Send(error, failure(lab, host, flow)))?;
        }
        Ok(())
    }

    fn read(&mut self, lab: &mut Lab, buffer: &mut [u8]) -> Result<(), Failed> {
        let (host, flow) = self.stream.to;
        loop {
            match lab.call(host, |stack, now| stack.tcp_receive(now, flow, buffer)) {
                Ok(0) => return self.end(lab.now()),
                Ok(_) if self.ended_at.is_some() => return Err(Failed::AfterEnd),
                Ok(count) => self.check(&buffer[..count])?,
                Err(ReceiveError::WouldBlock) => return Ok(()),
                Err(error) => return Err(Failed::Receive(error, failure(lab, host, flow))),
            }
        }
    }

    fn check(&mut self, bytes: &[u8]) -> Result<(), Failed> {
        if let Some(offset) = self.stream.pattern.mismatch(self.received, bytes) {
            return Err(Failed::Wrong { offset });
        }
        self.received += bytes.len() as u64;
        if self.received > self.stream.octets { Err(Failed::TooLong) } else { Ok(()) }
    }

    fn end(&mut self, now: Instant) -> Result<(), Failed> {
        if self.received < self.stream.octets {
            return Err(Failed::Short { received: self.received });
        }
        self.ended_at = self.ended_at.or(Some(now));
        Ok(())
    }
}

fn failure(lab: &Lab, host: HostId, flow: FlowId) -> Option<Box<Failure>> {
    lab.stack(host).tcp_status(flow).and_then(|status| status.failure).map(Box::new)
}
