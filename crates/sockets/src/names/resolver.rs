//! A stub resolver: asks name servers over the sockets of a network, and waits for what they say.
//!
//! A question goes to one server after the other, in a datagram, and after [`RESOLVER_TRIES`] rounds of that nobody is asked any more. All that is
//! wanted to know of a name, its addresses of both families, is asked at once. An answer that no datagram holds is fetched on a
//! connection. Nothing is remembered. Numbers of questions cannot be guessed by who does not know the seed; the port is the
//! stack's choice, and a connected socket hears nobody but the server.

use core::hash::Hasher;
use core::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use siphasher::sip::SipHasher24;
use synsent_stack::{Duration, Instant};

use super::{Families, HostEntry, NameFailure};
use crate::blocking::Blocking;
use crate::cancel::Cancel;
use crate::dns::{self, Answer, Code, Data, RecordKind};
use crate::name::{Domain, Kind, Name};
use crate::network::{Network, Watched, Woken};
use crate::provider::{Answer as Progressed, Progress, ReceiveHow, SendHow, Transport};
use crate::ready::Ready;
use crate::settings::Settings;

/// How often each server is asked.
pub const RESOLVER_TRIES: usize = 2;
/// How many names may stand between the one that was asked for and its addresses.
pub const CANONICAL_STEPS_MAX: usize = 8;
/// How many addresses of a host are told.
pub const HOST_ADDRESSES_MAX: usize = 64;
/// The largest answer on a connection; unit: octets. Its length stands before it in sixteen bits.
pub const NAME_ANSWER_OCTETS_MAX: usize = 65_535;

/// How long a server is waited for.
const PATIENCE: Duration = Duration::from_secs(5);
/// The port of name servers.
const PORT: u16 = 53;
/// A port that nobody is sent anything at: to see whether there is a way to an address.
const ANY_PORT: u16 = 9;

/// Asks name servers.
pub struct Resolver {
    keys: (u64, u64),
    asked: AtomicU64,
}

/// Where a question is asked.
#[derive(Clone, Copy)]
pub struct Asking<'a> {
    /// By whose sockets.
    pub network: &'a dyn Network,
    /// Whom, in this order.
    pub servers: &'a [IpAddr],
    /// What takes it back.
    pub cancel: &'a Cancel,
}

/// One question of several about a name.
struct Question<'a> {
    id: u16,
    name: &'a str,
    kind: RecordKind,
    answer: Option<Answer>,
}

/// Why a server is not waited for any longer.
enum Stop {
    /// It says nothing of use; another one may.
    NextServer,
    /// The question was taken back.
    Cancelled,
}

impl Resolver {
    /// A resolver whose questions have numbers from this seed.
    pub fn new(seed: [u8; 16]) -> Resolver {
        let [low, high] = [0, 8].map(|at| u64::from_le_bytes(core::array::from_fn(|place| seed[at + place])));
        Resolver { keys: (low, high), asked: AtomicU64::new(0) }
    }

    /// The addresses of a host.
    ///
    /// # Errors
    /// When it has none, or nobody says.
    pub fn host(&self, asking: Asking<'_>, name: &str, families: Families) -> Result<HostEntry, NameFailure> {
        let name = name.strip_suffix('.').unwrap_or(name);
        let kinds: &[RecordKind] = match families {
            Families::V4 => &[RecordKind::A],
            Families::V6 => &[RecordKind::AAAA],
            Families::Both => &[RecordKind::AAAA, RecordKind::A],
        };
        let mut entry = join(name, &self.ask(asking, name, kinds)?).ok_or(NameFailure::NoAddress)?;
        if families == Families::Both {
            entry.addresses.sort_by_key(|address| !is_reached(asking.network, *address));
        }
        Ok(entry)
    }

    /// The host with an address.
    ///
    /// # Errors
    /// When nobody knows its name.
    pub fn host_of(&self, asking: Asking<'_>, address: IpAddr) -> Result<HostEntry, NameFailure> {
        let answers = self.ask(asking, &dns::reverse_name(address), &[RecordKind::PTR])?;
        let mut names = answers.into_iter().flat_map(|answer| answer.records).filter_map(|(_, data)| match data {
            Data::Pointer(name) => Some(name),
            Data::Address(_) | Data::Canonical(_) => None,
        });
        let name = names.next().ok_or(NameFailure::NotFound)?;
        Ok(HostEntry { name, aliases: names.collect(), addresses: vec![address] })
    }

    /// Asks all of these about a name; the answers that name something.
    fn ask(&self, asking: Asking<'_>, name: &str, kinds: &[RecordKind]) -> Result<Vec<Answer>, NameFailure> {
        if !dns::is_name(name) {
            return Err(NameFailure::NotFound);
        }
        let question = |kind: &RecordKind| Question { id: self.next_id(), name, kind: *kind, answer: None };
        let mut questions: Vec<Question<'_>> = kinds.iter().map(question).collect();
        let mut failure = NameFailure::TryAgain;
        for _ in 0..RESOLVER_TRIES {
            for server in asking.servers {
                match ask_server(asking, SocketAddr::new(*server, PORT), &mut questions) {
                    Ok(()) => return settled(questions),
                    Err(Stop::Cancelled) => return Err(NameFailure::Cancelled),
                    Err(Stop::NextServer) => {}
                }
                // What was not answered to the end is asked anew elsewhere.
                for question in &mut questions {
                    let code = question.answer.as_ref().map(|answer| answer.code);
                    if matches!(code, Some(Code::Unwilling | Code::ServerFailure)) {
                        let is_unwilling = code == Some(Code::Unwilling);
                        failure = if is_unwilling { NameFailure::NoRecovery } else { NameFailure::TryAgain };
                        question.answer = None;
                    }
                    if question.answer.is_none() {
                        question.id = self.next_id();
                    }
                }
            }
        }
        Err(failure)
    }

    fn next_id(&self) -> u16 {
        let mut hasher = SipHasher24::new_with_keys(self.keys.0, self.keys.1);
        hasher.write_u64(self.asked.fetch_add(1, Ordering::Relaxed));
        hasher.finish() as u16
    }
}

/// What answers come to that were given to the end.
fn settled(questions: Vec<Question<'_>>) -> Result<Vec<Answer>, NameFailure> {
    let answers: Vec<Answer> = questions.into_iter().filter_map(|question| question.answer).collect();
    if !answers.is_empty() && answers.iter().all(|answer| answer.code == Code::NoSuchName) {
        return Err(NameFailure::NotFound);
    }
    Ok(answers)
}

/// The host that answers tell of; `None`: they have no address.
fn join(name: &str, answers: &[Answer]) -> Option<HostEntry> {
    let mut entry = HostEntry { name: name.to_owned(), aliases: Vec::new(), addresses: Vec::new() };
    for answer in answers {
        let (canonical, aliases, addresses) = follow(name, answer);
        if !addresses.is_empty() && entry.addresses.is_empty() {
            (entry.name, entry.aliases) = (canonical, aliases);
        }
        entry.addresses.extend(addresses);
    }
    entry.addresses.truncate(HOST_ADDRESSES_MAX);
    Some(entry).filter(|entry| !entry.addresses.is_empty())
}

/// The canonical name behind a name, the names on the way there, and the addresses.
fn follow(name: &str, answer: &Answer) -> (String, Vec<String>, Vec<IpAddr>) {
    let (mut current, mut passed) = (name.to_owned(), Vec::new());
    let about = |name: &str, record: &(String, Data)| record.0.eq_ignore_ascii_case(name);
    for _ in 0..CANONICAL_STEPS_MAX {
        let next = answer.records.iter().find_map(|record| match &record.1 {
            Data::Canonical(to) if about(&current, record) => Some(to.clone()),
            _ => None,
        });
        let Some(next) = next else { break };
        passed.push(std::mem::replace(&mut current, next));
    }
    let addresses = answer.records.iter().filter_map(|record| match record.1 {
        Data::Address(address) if about(&current, record) => Some(address),
        _ => None,
    });
    let addresses = addresses.collect();
    (current, passed, addresses)
}

/// Asks a server what has no answer yet, until all has one.
fn ask_server(asking: Asking<'_>, server: SocketAddr, questions: &mut [Question<'_>]) -> Result<(), Stop> {
    let mut call = Call::open(asking, server, Kind::Datagram)?;
    for question in questions.iter().filter(|question| question.answer.is_none()) {
        let octets = dns::question(question.id, question.name, question.kind);
        call.until(Ready::WRITABLE, |transport| transport.send(&octets, SendHow::default()))?;
    }
    let mut octets = vec![0; dns::UDP_OCTETS.into()];
    while questions.iter().any(|question| question.answer.is_none()) {
        let received =
            call.until(Ready::READABLE, |transport| transport.receive(&mut octets, ReceiveHow::default()))?;
        let heard = &octets[..received.octets];
        let answered = questions.iter_mut().filter(|question| question.answer.is_none()).find_map(|question| {
            let answer = dns::answer(heard, question.id, question.name, question.kind)?;
            Some((question, answer))
        });
        // What answers no question of ours is nobody's business.
        let Some((question, answer)) = answered else { continue };
        let answer = if answer.is_truncated { ask_by_stream(asking, server, question)? } else { answer };
        question.answer = Some(answer);
    }
    let is_of_use = |question: &Question<'_>| {
        let code = question.answer.as_ref().map(|answer| answer.code);
        matches!(code, Some(Code::Ok | Code::NoSuchName))
    };
    if questions.iter().all(is_of_use) { Ok(()) } else { Err(Stop::NextServer) }
}

/// Asks on a connection, where an answer may be as long as it likes.
fn ask_by_stream(asking: Asking<'_>, server: SocketAddr, question: &Question<'_>) -> Result<Answer, Stop> {
    let mut call = Call::open(asking, server, Kind::Stream)?;
    let query = dns::question(question.id, question.name, question.kind);
    let framed = [&(query.len() as u16).to_be_bytes()[..], &query].concat();
    let mut sent = 0;
    while sent < framed.len() {
        sent += call.until(Ready::WRITABLE, |transport| transport.send(&framed[sent..], SendHow::default()))?;
    }
    let len = call.receive_exactly(2)?;
    let len = usize::from(u16::from_be_bytes([len[0], len[1]]));
    let octets = call.receive_exactly(len.min(NAME_ANSWER_OCTETS_MAX))?;
    dns::answer(&octets, question.id, question.name, question.kind).ok_or(Stop::NextServer)
}

/// Whether there is a way to an address: a datagram socket would take it for its peer.
fn is_reached(network: &dyn Network, address: IpAddr) -> bool {
    let peer = SocketAddr::new(address, ANY_PORT);
    let Ok(transport) = open(network, peer, Kind::Datagram) else { return false };
    let reached = transport.connect(&Name::Inet(peer)).is_ok();
    let _ = transport.close(None);
    reached
}

fn open(network: &dyn Network, peer: SocketAddr, kind: Kind) -> Result<Arc<dyn Transport>, Stop> {
    let domain = if peer.is_ipv4() { Domain::Inet4 } else { Domain::Inet6 };
    let provider = network.provider(domain).ok_or(Stop::NextServer)?;
    provider.open(domain, kind, &Settings::default()).map_err(|_| Stop::NextServer)
}

/// A conversation with a server, which has an end in time.
struct Call<'a> {
    asking: Asking<'a>,
    transport: Arc<dyn Transport>,
    deadline: Instant,
}

impl<'a> Call<'a> {
    fn open(asking: Asking<'a>, server: SocketAddr, kind: Kind) -> Result<Call<'a>, Stop> {
        let transport = open(asking.network, server, kind)?;
        let mut call = Call { asking, transport, deadline: asking.network.now() + PATIENCE };
        let mut has_begun = false;
        call.until(Ready::WRITABLE | Ready::FAILED, |transport| {
            if std::mem::replace(&mut has_begun, true) {
                transport.connecting()
            } else {
                transport.connect(&Name::Inet(server))
            }
        })?;
        Ok(call)
    }

    /// Asks the transport again and again until it is done, and waits between.
    fn until<T>(&mut self, interest: Ready, mut verb: impl FnMut(&dyn Transport) -> Progressed<T>) -> Result<T, Stop> {
        let Asking { network, cancel, .. } = self.asking;
        let (mut too_late, mut blocking) = (false, None);
        loop {
            let ticket = network.ticket();
            match verb(&*self.transport) {
                Ok(Progress::Done(value)) => return Ok(value),
                Ok(Progress::Pending) => {}
                Err(_) => return Err(Stop::NextServer),
            }
            if too_late {
                return Err(Stop::NextServer);
            }
            let blocking = blocking.get_or_insert_with(Blocking::begin);
            if blocking.is_taken_back() {
                return Err(Stop::Cancelled);
            }
            let watched = [Watched { transport: &*self.transport, interest }];
            let deadline = Some(self.deadline);
            match blocking.wait(network, deadline, |until| network.wait(ticket, &watched, until, cancel)) {
                // A signal is no reason to know a name any less.
                Woken::Changed | Woken::Interrupted => too_late = network.now() > self.deadline,
                Woken::DeadlinePassed => too_late = network.now() >= self.deadline,
                Woken::Cancelled => return Err(Stop::Cancelled),
                Woken::Over(_) => return Err(Stop::NextServer),
            }
        }
    }

    /// So many octets of a stream.
    fn receive_exactly(&mut self, len: usize) -> Result<Vec<u8>, Stop> {
        let mut octets = vec![0; len];
        let mut there = 0;
        while there < len {
            let rest = &mut octets[there..];
            let received = self.until(Ready::READABLE, |transport| transport.receive(rest, ReceiveHow::default()))?;
            if received.octets == 0 {
                return Err(Stop::NextServer);
            }
            there += received.octets;
        }
        Ok(octets)
    }
}

impl Drop for Call<'_> {
    fn drop(&mut self) {
        // Nobody is left who could be told.
        let _ = self.transport.close(None);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(records: Vec<(String, Data)>) -> Answer {
        Answer { code: Code::Ok, is_truncated: false, records }
    }

    fn address(number: u8) -> IpAddr {
        IpAddr::from([10, 2, 0, number])
    }

    #[test]
    fn canonical_names_are_followed_so_far_and_no_further() {
        let chain = |steps: usize| {
            let step = |at: usize| (format!("n{at}"), Data::Canonical(format!("N{}", at + 1)));
            let end = (format!("n{steps}"), Data::Address(address(1)));
            answer((0..steps).map(step).chain([end]).collect())
        };
        let entry = join("n0", &[chain(CANONICAL_STEPS_MAX)]).unwrap();
        assert_eq!((entry.name.as_str(), entry.aliases.len()), ("N8", CANONICAL_STEPS_MAX));
        assert_eq!(entry.addresses, [address(1)]);
        assert_eq!(join("n0", &[chain(CANONICAL_STEPS_MAX + 1)]), None);
        let circle = [("a".to_owned(), Data::Canonical("b".into())), ("b".to_owned(), Data::Canonical("a".into()))];
        assert_eq!(join("a", &[answer(circle.to_vec())]), None);
    }

    #[test]
    fn no_more_addresses_of_a_host_are_told_than_there_is_room_for() {
        let many = (0..=HOST_ADDRESSES_MAX).map(|number| ("n".to_owned(), Data::Address(address(number as u8))));
        assert_eq!(join("n", &[answer(many.collect())]).unwrap().addresses.len(), HOST_ADDRESSES_MAX);
        let others = vec![("other".to_owned(), Data::Address(address(1)))];
        assert_eq!(join("n", &[answer(others)]), None, "what is about another name is nothing");
    }

    #[test]
    fn numbers_of_questions_depend_on_the_seed_and_differ() {
        let numbers = |seed: u8| {
            let resolver = Resolver::new([seed; 16]);
            (0..8).map(|_| resolver.next_id()).collect::<Vec<u16>>()
        };
        assert_eq!(numbers(1), numbers(1));
        assert_ne!(numbers(1), numbers(2));
        assert!(numbers(1).windows(2).all(|pair| pair[1] != pair[0].wrapping_add(1)));
    }
}
