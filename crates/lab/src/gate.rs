//! The gate of a host: it looks at each SYN and datagram before the stack does, knows which attempt it belongs to, and finds the row
//! that decides about it.
//!
//! What a row wants before a connection stands is done here as far as the stack has no part in it: silence is a packet that is
//! dropped, and an ICMP error is sent in the stack's place. All else the stack does, with a listener that is made when the first SYN
//! needs it. A router may decide for the hosts behind it, where a row says that the answer comes from the router; the attempt is counted once.
//! The gate remembers a bounded number of attempts, the oldest are forgotten, and their repetitions are new attempts then.

use std::collections::{HashMap, VecDeque};
use std::net::SocketAddr;
use std::sync::Arc;

use synsent_stack::{Duration, Instant};
use synsent_wire::ip::Protocol;
use synsent_wire::udp;

use crate::lab::HostId;
use crate::obstruct::IcmpError;
use crate::rules::{By, Does, Late, Place, Row};
use crate::sight::Sight;

/// How many attempts a host remembers; the oldest leave.
pub const ATTEMPTS_MAX: usize = 16_384;
/// How many verdicts a lab keeps; the oldest leave.
pub const VERDICTS_MAX: usize = 16_384;

/// What a rule decided about a packet.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Verdict {
    /// When.
    pub at: Instant,
    /// The host whose rule it is.
    pub host: HostId,
    /// Who carried it out: the host, or the router before it.
    pub by: HostId,
    /// Whether it was a SYN; else a datagram.
    pub tcp: bool,
    /// Who sent the packet.
    pub from: SocketAddr,
    /// For whom it was.
    pub to: SocketAddr,
    /// Which attempt at this host and port it is, from one.
    pub attempt: u32,
    /// Which packet of the attempt it is, from one.
    pub packet: u32,
    /// Which row of the host decided, from one; `None`: what it does otherwise, or what follows from its rows.
    pub rule: Option<usize>,
    /// What became of the packet.
    pub deed: Deed,
    /// The decision in words: `rule 2 of shop: silent`.
    pub words: String,
}

/// What became of a packet that a rule decided about.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Deed {
    /// It was dropped without a word.
    Dropped,
    /// It was answered with an ICMP error.
    Answered(IcmpError),
    /// The host's stack got it, and does with it what the rule says.
    Passed,
}

/// The rules of a host, and the attempts that it knows.
#[derive(Debug, Default)]
pub(crate) struct Gate {
    rows: Vec<(Row, Arc<Does>)>,
    /// How many of the rows somebody wrote; the others follow from them.
    written: usize,
    /// What is done where no row fits; `None`: what the stack does by itself.
    otherwise: Option<Arc<Does>>,
    /// Whether datagrams are looked at as well.
    datagrams: bool,
    /// From when the rows count their time.
    start: Instant,
    /// How many attempts there were, by protocol and port.
    counts: HashMap<(bool, u16), u32>,
    attempts: HashMap<Key, Attempt>,
    /// The attempts by age; one that was replaced by a later one of the same key is passed over.
    order: VecDeque<(Key, u64)>,
    serial: u64,
}

/// What tells attempts apart, but for the sequence number.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(crate) struct Key {
    pub(crate) tcp: bool,
    pub(crate) from: Place,
    pub(crate) to: Place,
}

/// An attempt that is known.
#[derive(Clone, Debug)]
pub(crate) struct Attempt {
    /// The sequence number of the SYN; zero for datagrams.
    seq: u32,
    number: u32,
    /// How many of its packets the decision was carried out on.
    packets: u32,
    /// When the first of them came.
    pub(crate) began: Instant,
    row: Option<usize>,
    pub(crate) does: Arc<Does>,
    serial: u64,
}

/// A packet that a gate may have to decide about.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Knock {
    pub(crate) key: Key,
    kind: Kind,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Kind {
    Syn(u32),
    Datagram,
    /// Any other segment.
    Later,
}

/// What a gate decided about a packet.
#[derive(Debug)]
pub(crate) struct Ruling {
    pub(crate) deed: Deed,
    pub(crate) does: Arc<Does>,
    attempt: u32,
    packet: u32,
    rule: Rule,
}

/// What decided.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Rule {
    /// The row with this number, from one.
    Row(usize),
    /// A row that follows from those that are written.
    Implied,
    /// What is done where no row fits.
    Otherwise,
}

impl Knock {
    /// What a frame asks for, if it is a segment or a datagram.
    pub(crate) fn of(sight: &Sight<'_>) -> Option<Knock> {
        if let Some(segment) = sight.segment() {
            let flags = segment.view.flags();
            let opens = flags.syn() && !flags.ack() && !flags.rst();
            let kind = if opens { Kind::Syn(segment.view.seq().0) } else { Kind::Later };
            let (from, to) = (segment.source, segment.destination);
            return Some(Knock {
                key: Key { tcp: true, from: (from.ip(), from.port()), to: (to.ip(), to.port()) },
                kind,
            });
        }
        let packet = sight.packet().filter(|packet| packet.protocol == Protocol::UDP && !packet.fragment)?;
        let view = udp::View::parse(packet.payload).ok()?;
        let (from, to) = ((packet.source, view.source_port()), (packet.destination, view.destination_port()));
        Some(Knock { key: Key { tcp: false, from, to }, kind: Kind::Datagram })
    }
}

impl Gate {
    /// Whether it has nothing to decide.
    pub(crate) fn is_open(&self) -> bool {
        self.rows.is_empty() && self.otherwise.is_none()
    }

    /// Gives it all its rules.
    pub(crate) fn set(&mut self, rows: Vec<Row>, written: usize, otherwise: Does) {
        self.rows = rows.into_iter().map(with_deed).collect();
        self.written = written;
        self.otherwise = Some(Arc::new(otherwise));
        self.datagrams = true;
    }

    /// Adds a rule for a port before all others, in place of those that it had.
    pub(crate) fn put(&mut self, row: Row) {
        self.rows.retain(|(old, _)| old.port != row.port);
        self.rows.insert(0, with_deed(row));
        self.written = self.rows.len();
    }

    /// What is done at a port by a rule for it alone.
    pub(crate) fn at_port(&self, port: u16) -> Option<&Does> {
        self.rows.iter().find(|(row, _)| row.port == Some(port)).map(|(row, _)| &row.does)
    }

    /// Lets the time of the rows begin.
    pub(crate) fn start(&mut self, now: Instant) {
        self.start = now;
    }

    /// The attempt that a four-tuple belongs to.
    pub(crate) fn attempt(&self, key: &Key) -> Option<&Attempt> {
        self.attempts.get(key)
    }

    /// What is to be done with a packet by the router, or by the host itself; `None`: it goes its way, and nobody said a word about it.
    pub(crate) fn rule(&mut self, now: Instant, knock: &Knock, by: By) -> Option<Ruling> {
        if !knock.key.tcp && !self.datagrams {
            return None;
        }
        if knock.kind == Kind::Later {
            return (by == By::Host && self.keeps_out(now, &knock.key)).then(|| self.dropped_later());
        }
        let attempt = self.find_or_begin(now, knock)?;
        if by == By::Router && !matches!(*attempt.does, Does::Icmp { by: By::Router, .. }) {
            return None;
        }
        attempt.packets = attempt.packets.saturating_add(1);
        if attempt.packets == 1 {
            attempt.began = now;
        }
        let deed = if knock.key.tcp { attempt.on_syn() } else { attempt.on_datagram(now) };
        let Attempt { number, packets, row, .. } = *attempt;
        let does = self.attempts.get(&knock.key)?.does.clone();
        let rule = match row {
            Some(row) if row < self.written => Rule::Row(row + 1),
            Some(_) => Rule::Implied,
            None => Rule::Otherwise,
        };
        Some(Ruling { deed, does, attempt: number, packet: packets, rule })
    }

    /// Whether a segment that opens nothing is for somebody who hears nothing of its connection.
    fn keeps_out(&self, now: Instant, key: &Key) -> bool {
        let does = match self.attempts.get(key) {
            Some(attempt) => Some(&attempt.does),
            None => self.find(now, key, self.count(key).saturating_add(1)).map(|(_, does)| does),
        };
        does.is_some_and(|does| **does == Does::Silent)
    }

    /// A segment that was kept out is no attempt, so nothing is counted and no rule is named.
    fn dropped_later(&self) -> Ruling {
        Ruling { deed: Deed::Dropped, does: Arc::new(Does::Silent), attempt: 0, packet: 0, rule: Rule::Otherwise }
    }

    fn find_or_begin(&mut self, now: Instant, knock: &Knock) -> Option<&mut Attempt> {
        let seq = match knock.kind {
            Kind::Syn(seq) => seq,
            Kind::Datagram | Kind::Later => 0,
        };
        let key = knock.key;
        if self.attempts.get(&key).is_none_or(|known| known.seq != seq) {
            let number = self.count(&key).saturating_add(1);
            let (row, does) = self.find(now, &key, number)?;
            let does = does.clone();
            self.counts.insert((key.tcp, key.to.1), number);
            self.serial += 1;
            let serial = self.serial;
            self.attempts.insert(key, Attempt { seq, number, packets: 0, began: now, row, does, serial });
            self.order.push_back((key, serial));
            self.forget();
        }
        self.attempts.get_mut(&key)
    }

    /// Keeps the number of attempts that are remembered within its bound.
    fn forget(&mut self) {
        while self.order.len() > ATTEMPTS_MAX
            && let Some((key, serial)) = self.order.pop_front()
        {
            if self.attempts.get(&key).is_some_and(|attempt| attempt.serial == serial) {
                self.attempts.remove(&key);
            }
        }
    }

    fn count(&self, key: &Key) -> u32 {
        self.counts.get(&(key.tcp, key.to.1)).copied().unwrap_or(0)
    }

    fn find(&self, now: Instant, key: &Key, number: u32) -> Option<(Option<usize>, &Arc<Does>)> {
        let (since_start, port, v6) = (now.since(self.start), key.to.1, key.to.0.is_ipv6());
        let fits = |(row, _): &&(Row, Arc<Does>)| row.fits(port, v6, number, since_start);
        match self.rows.iter().enumerate().find(|(_, one)| fits(one)) {
            Some((place, (_, does))) => Some((Some(place), does)),
            None => self.otherwise.as_ref().map(|does| (None, does)),
        }
    }
}

impl Attempt {
    fn on_syn(&self) -> Deed {
        match *self.does {
            Does::Silent => Deed::Dropped,
            Does::AnswersLate(Late::Unheard(count), _) if self.packets <= count => Deed::Dropped,
            Does::Icmp { error, .. } => Deed::Answered(error),
            _ => Deed::Passed,
        }
    }

    fn on_datagram(&self, now: Instant) -> Deed {
        match *self.does {
            Does::Answers(_) | Does::Refuses => Deed::Passed,
            Does::AnswersLate(Late::Unheard(count), _) if self.packets > count => Deed::Passed,
            Does::AnswersLate(Late::After(span), _) if now.since(self.began) >= span => Deed::Passed,
            Does::Icmp { error, .. } => Deed::Answered(error),
            // What is done with connections leaves datagrams without an answer.
            _ => Deed::Dropped,
        }
    }

    /// How long it still is until this span after its beginning has passed.
    pub(crate) fn due(&self, span: Duration) -> Instant {
        self.began + span
    }
}

impl Ruling {
    /// The decision for the record; `None`: it says nothing that another one does not say.
    pub(crate) fn verdict(
        &self,
        at: Instant,
        (host, name): (HostId, &str),
        by: HostId,
        knock: &Knock,
    ) -> Option<Verdict> {
        if self.attempt == 0 {
            return None;
        }
        let Key { tcp, from, to } = knock.key;
        let (rule, whose) = match self.rule {
            Rule::Row(number) => (Some(number), format!("rule {number} of {name}")),
            Rule::Implied => (None, format!("after the rules of {name}")),
            Rule::Otherwise => (None, format!("otherwise of {name}")),
        };
        Some(Verdict {
            at,
            host,
            by,
            tcp,
            from: from.into(),
            to: to.into(),
            attempt: self.attempt,
            packet: self.packet,
            rule,
            deed: self.deed,
            words: format!("{whose}: {}", self.does),
        })
    }
}

fn with_deed(row: Row) -> (Row, Arc<Does>) {
    let does = Arc::new(row.does.clone());
    (row, does)
}
