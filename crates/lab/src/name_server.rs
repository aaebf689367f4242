//! The name server of a host: port 53 by UDP and by TCP, and the list of what it was asked.
//!
//! It answers from the address that it was asked at, as resolvers insist; the addresses are those that the host has when the server
//! begins. A connection carries one query after the other, each with its length before it (RFC 1035, section 4.2.2); the next one is
//! read when the last one is answered.

use std::collections::VecDeque;
use std::fmt;
use std::net::{IpAddr, SocketAddr};

use synsent_stack::{
    BindError, Duration, FlowId, Instant, ListenError, ListenOptions, ListenerId, ReceiveError, SendError, Stack,
    UdpId, UdpOptions,
};

use crate::lab::{HostId, Lab};
use crate::names::{RecordKind, Reply, Said, Via, Zone};

/// How many questions a name server remembers; the oldest leave.
pub const ASKED_MAX: usize = 4_096;
/// How many answers in datagrams may wait until they are late enough; further ones are lost.
pub const LATE_ANSWERS_MAX: usize = 256;
/// How many connections a name server has at once; further ones wait in the listener's backlog.
pub const NAME_FLOWS_MAX: usize = 64;
/// How long a query on a connection may be; unit: octets. A longer one ends the connection.
pub const NAME_QUERY_OCTETS_MAX: usize = 4_096;

/// The port of name servers.
const PORT: u16 = 53;
/// How many connections wait to be accepted.
const BACKLOG: usize = 16;

/// A question that a name server was asked, and its answer.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Asked {
    /// When it came.
    pub at: Instant,
    /// Who asked.
    pub from: SocketAddr,
    /// By what it came.
    pub via: Via,
    /// About which name, in the case in which it was asked; empty when none could be read.
    pub name: String,
    /// What was asked.
    pub kind: RecordKind,
    /// What was answered, or will be when it is late enough.
    pub answer: Said,
}

/// Why a host does not begin to serve names.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ServeNamesError {
    /// Port 53 of UDP is not to be had.
    Udp(BindError),
    /// Port 53 of TCP is not to be had.
    Tcp(ListenError),
}

impl fmt::Display for ServeNamesError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ServeNamesError::Udp(error) => write!(f, "port 53 of UDP: {error:?}"),
            ServeNamesError::Tcp(error) => write!(f, "port 53 of TCP: {error:?}"),
        }
    }
}

impl std::error::Error for ServeNamesError {}

/// Name servers.
impl Lab {
    /// Lets a host answer questions about names at all its addresses. A host that does so already goes on with this zone.
    ///
    /// # Errors
    /// When another behaviour has the port.
    pub fn serve_names(&mut self, host: HostId, zone: Zone) -> Result<(), ServeNamesError> {
        let now = self.now();
        let target = self.host_mut(host);
        match &mut target.names {
            Some(server) => server.zone = zone,
            None => {
                let links: Vec<_> = target.ports.iter().map(|port| port.link).collect();
                let locals = links.iter().flat_map(|link| target.stack.addresses(*link).map(|(cidr, _)| cidr.addr()));
                let locals: Vec<_> = locals.collect();
                target.names = Some(NameServer::start(&mut target.stack, now, &locals, zone)?);
            }
        }
        self.settle(host);
        Ok(())
    }

    /// What the name server of a host was asked, oldest first; nothing on a host without one.
    pub fn asked(&self, host: HostId) -> impl DoubleEndedIterator<Item = &Asked> {
        self.host(host).names.iter().flat_map(|server| &server.asked)
    }

    /// How often the name server of a host was asked, remembered or not.
    pub fn asked_ever(&self, host: HostId) -> u64 {
        self.host(host).names.as_ref().map_or(0, |server| server.asked_ever)
    }
}

/// A name server at work.
#[derive(Debug)]
pub(crate) struct NameServer {
    zone: Zone,
    sockets: Vec<UdpId>,
    listener: ListenerId,
    connections: Vec<Connection>,
    late: VecDeque<Late>,
    asked: VecDeque<Asked>,
    asked_ever: u64,
}

/// An answer in a datagram that waits.
#[derive(Debug)]
struct Late {
    at: Instant,
    socket: UdpId,
    to: SocketAddr,
    octets: Vec<u8>,
}

/// A connection that carries queries.
#[derive(Debug)]
struct Connection {
    flow: FlowId,
    from: SocketAddr,
    input: Vec<u8>,
    /// The answer that is being sent, and from when on.
    answer: Vec<u8>,
    answer_at: Instant,
}

impl NameServer {
    fn start(stack: &mut Stack, now: Instant, locals: &[IpAddr], zone: Zone) -> Result<NameServer, ServeNamesError> {
        let mut sockets = Vec::new();
        let mut bind = |local| {
            let options = UdpOptions { local: Some(local), port: PORT, ..UdpOptions::default() };
            sockets.push(stack.udp_bind(now, options)?);
            Ok(())
        };
        let begun = locals.iter().try_for_each(|local| bind(*local)).map_err(ServeNamesError::Udp).and_then(|()| {
            let options = ListenOptions { backlog: BACKLOG, ..ListenOptions::on_port(PORT) };
            stack.tcp_listen(now, options).map_err(ServeNamesError::Tcp)
        });
        match begun {
            Ok(listener) => Ok(NameServer {
                zone,
                sockets,
                listener,
                connections: Vec::new(),
                late: VecDeque::new(),
                asked: VecDeque::new(),
                asked_ever: 0,
            }),
            Err(error) => {
                sockets.into_iter().for_each(|socket| stack.udp_close(socket));
                Err(error)
            }
        }
    }

    /// Does what is to be done now; says when to come back.
    pub(crate) fn serve(&mut self, stack: &mut Stack, now: Instant) -> Option<Instant> {
        self.send_late(stack, now);
        for number in 0..self.sockets.len() {
            self.hear(stack, now, self.sockets[number]);
        }
        while self.connections.len() < NAME_FLOWS_MAX
            && let Some(flow) = stack.tcp_accept(now, self.listener)
        {
            if let Some((_, from)) = stack.tcp_names(flow) {
                let (input, answer) = (Vec::new(), Vec::new());
                self.connections.push(Connection { flow, from, input, answer, answer_at: now });
            }
        }
        let mut connections = std::mem::take(&mut self.connections);
        connections.retain_mut(|connection| self.attend(connection, stack, now));
        self.connections = connections;
        let waiting = self.connections.iter().filter(|one| !one.answer.is_empty()).map(|one| one.answer_at);
        self.late.iter().map(|late| late.at).chain(waiting).filter(|at| *at > now).min()
    }

    /// Answers the datagrams of a socket.
    fn hear(&mut self, stack: &mut Stack, now: Instant, socket: UdpId) {
        if stack.udp_status(socket).is_none_or(|status| status.datagrams == 0) {
            return;
        }
        let mut octets = vec![0; NAME_QUERY_OCTETS_MAX];
        while let Ok(received) = stack.udp_receive(socket, &mut octets) {
            let (from, query) = (received.source, &octets[..received.len]);
            let Some(reply) = self.ask(now, from, Via::Udp, query) else { continue };
            let Some(octets) = reply.octets else { continue };
            if reply.after > Duration::ZERO {
                if self.late.len() < LATE_ANSWERS_MAX {
                    self.late.push_back(Late { at: now + reply.after, socket, to: from, octets });
                }
                continue;
            }
            // What cannot be sent is lost, as datagrams are.
            let _ = stack.udp_send_to(now, socket, Some(from), &octets);
        }
    }

    fn send_late(&mut self, stack: &mut Stack, now: Instant) {
        self.late.retain(|late| {
            let is_due = late.at <= now;
            if is_due {
                let _ = stack.udp_send_to(now, late.socket, Some(late.to), &late.octets);
            }
            !is_due
        });
    }

    /// Finds an answer and remembers it.
    fn ask(&mut self, at: Instant, from: SocketAddr, via: Via, query: &[u8]) -> Option<Reply> {
        let reply = self.zone.answer(query, via)?;
        if self.asked.len() == ASKED_MAX {
            self.asked.pop_front();
        }
        self.asked_ever += 1;
        let (name, kind, answer) = (reply.name.clone(), reply.kind, reply.said.clone());
        self.asked.push_back(Asked { at, from, via, name, kind, answer });
        Some(reply)
    }

    /// Moves what can move on a connection; false when it is over.
    fn attend(&mut self, one: &mut Connection, stack: &mut Stack, now: Instant) -> bool {
        loop {
            if !one.answer.is_empty() {
                if one.answer_at > now {
                    return stack.tcp_state(one.flow).is_some_and(|(_, failure)| failure.is_none());
                }
                match stack.tcp_send(now, one.flow, &one.answer) {
                    Ok(count) => drop(one.answer.drain(..count)),
                    Err(SendError::WouldBlock) => return true,
                    Err(_) => break,
                }
                continue;
            }
            if let Some(query) = one.next_query() {
                let Some(query) = query else { break };
                if let Some(reply) = self.ask(now, one.from, Via::Tcp, &query)
                    && let Some(octets) = reply.octets
                {
                    one.answer = (octets.len() as u16).to_be_bytes().into_iter().chain(octets).collect();
                    one.answer_at = now + reply.after;
                }
                continue;
            }
            let mut piece = [0; 1_024];
            match stack.tcp_receive(now, one.flow, &mut piece) {
                Ok(count) if count > 0 => one.input.extend_from_slice(&piece[..count]),
                Err(ReceiveError::WouldBlock) => return true,
                _ => break,
            }
        }
        stack.tcp_close(now, one.flow);
        false
    }
}

impl Connection {
    /// Takes the next query out of what came; `None`: it is not all there; `Some(None)`: it is too long.
    fn next_query(&mut self) -> Option<Option<Vec<u8>>> {
        let len = usize::from(u16::from_be_bytes(*self.input.first_chunk()?));
        if len > NAME_QUERY_OCTETS_MAX {
            return Some(None);
        }
        let query = self.input.get(2..2 + len)?.to_vec();
        self.input.drain(..2 + len);
        Some(Some(query))
    }
}
