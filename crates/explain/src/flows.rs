//! The packets of a record, sorted: connections with what their two ends sent, datagrams, questions to name servers.
//!
//! The program's own line tells what its kernel sent and saw. The lines behind the router tell what became of a packet on its
//! way, and who made one: what the target sent stands on the target's line first.

use std::collections::HashMap;
use std::net::{IpAddr, SocketAddr};

use synsent_stack::IcmpCause;
use synsent_wire::ip::Protocol;

use crate::record::{Fate, Packet, RECORD_PACKETS_MAX, Run};
use crate::view::{DNS_PORT, Datagram, Dns, Segment, View, What, plain};
use crate::words::octets;

/// The name of the line between the program's machine and the router.
pub(crate) const OWN_LINE: &str = "us";

/// All packets of a record, sorted.
#[derive(Debug, Default)]
pub(crate) struct Traffic {
    /// The connections, in the order of their first packets.
    pub(crate) flows: Vec<Flow>,
    /// What datagrams went to whom, but for questions to name servers.
    pub(crate) datagrams: Vec<Exchange>,
    /// The questions to name servers, each with its repetitions and its answer.
    pub(crate) questions: Vec<Question>,
}

/// One connection, or one attempt to open one.
#[derive(Debug)]
pub(crate) struct Flow {
    /// Our end.
    pub(crate) own: SocketAddr,
    /// The other end.
    pub(crate) peer: SocketAddr,
    /// The number of our SYN.
    pub(crate) isn: Option<u32>,
    /// The segments on our line.
    pub(crate) near: Vec<Sent>,
    /// The segments on lines behind the router.
    pub(crate) far: Vec<Sent>,
    /// The ICMP errors on our line that quote one of our segments.
    pub(crate) icmp: Vec<IcmpSeen>,
    /// The ICMP errors on the peer's line that quote one of its segments.
    pub(crate) told_peer: Vec<IcmpSeen>,
    /// Whether the record has all of its packets.
    pub(crate) whole: bool,
    /// Whether the record has its last packets.
    pub(crate) end_kept: bool,
}

/// A segment on a line.
#[derive(Clone, Debug)]
pub(crate) struct Sent {
    pub(crate) at_us: i64,
    pub(crate) outward: bool,
    pub(crate) fate: Fate,
    pub(crate) hop_limit: u8,
    /// How long its packet was; unit: octets.
    pub(crate) packet_octets: usize,
    pub(crate) segment: Segment,
}

/// An ICMP error that came to us.
#[derive(Clone, Debug)]
pub(crate) struct IcmpSeen {
    pub(crate) at_us: i64,
    pub(crate) from: IpAddr,
    pub(crate) cause: IcmpCause,
    pub(crate) arrived: bool,
}

/// Datagrams between two ends.
#[derive(Debug)]
pub(crate) struct Exchange {
    pub(crate) peer: SocketAddr,
    pub(crate) sent: usize,
    pub(crate) came: usize,
    pub(crate) icmp: Vec<IcmpSeen>,
}

/// A question to a name server.
#[derive(Debug)]
pub(crate) struct Question {
    pub(crate) server: SocketAddr,
    /// When it was asked, and asked again.
    pub(crate) asked_us: Vec<i64>,
    pub(crate) dns: Dns,
    /// When the answer came, and what it was.
    pub(crate) answer: Option<(i64, Dns)>,
}

/// Whether a packet with this fate came to the other end of its line as it was.
pub(crate) fn arrives(fate: Fate) -> bool {
    matches!(fate, Fate::Carried | Fate::Doubled)
}

/// Whether the line itself lost it. What a rule of the lab drops is a firewall to who looks from outside, and no loss.
pub(crate) fn is_lost(fate: Fate) -> bool {
    !arrives(fate) && fate != Fate::Ruled
}

impl Traffic {
    pub(crate) fn of(run: &Run) -> Traffic {
        let mut sorting = Sorting { whole: run.packets_left_out == 0, ..Sorting::default() };
        let behind = run.first_after_left_out();
        for (place, packet) in run.packets.iter().take(RECORD_PACKETS_MAX).enumerate() {
            sorting.is_behind = behind.is_some_and(|behind| place >= behind);
            let Some(view) = View::of(packet) else { continue };
            match view.what {
                What::Tcp(segment) => sorting.segment(packet, view.hop_limit, segment),
                What::Udp(datagram) if packet.line == OWN_LINE => sorting.datagram(packet, datagram),
                What::Icmp(error) => {
                    let Some(quoted) = error.quoted else { continue };
                    let (at_us, arrived) = (packet.at_us, arrives(packet.fate));
                    let seen = IcmpSeen { at_us, from: view.source, cause: error.cause, arrived };
                    let near = packet.line == OWN_LINE;
                    match (near, packet.outward) {
                        (true, false) => sorting.icmp(quoted.protocol, quoted.source, quoted.destination, seen),
                        (false, true) if quoted.protocol == Protocol::TCP => {
                            let flow = sorting.flow(quoted.destination, quoted.source);
                            flow.into_iter().for_each(|flow| flow.told_peer.push(seen.clone()));
                        }
                        _ => {}
                    }
                }
                _ => {}
            }
        }
        sorting.traffic
    }

    /// The connections that are not to name servers.
    pub(crate) fn attempts(&self) -> impl Iterator<Item = &Flow> {
        // Of a connection without a SYN, where packets were left out, the record does not tell the opening.
        let has_opening = |flow: &&Flow| flow.whole || flow.syns().next().is_some();
        self.flows.iter().filter(|flow| !self.is_name_server(flow.peer)).filter(has_opening)
    }

    /// Whether somebody was asked for names there.
    pub(crate) fn is_name_server(&self, peer: SocketAddr) -> bool {
        let peer = plain(peer);
        peer.port() == DNS_PORT && self.questions.iter().any(|question| plain(question.server).ip() == peer.ip())
    }
}

/// The sorting, with what finds a flow again.
#[derive(Default)]
struct Sorting {
    traffic: Traffic,
    /// Whether no packet of the run was left out.
    whole: bool,
    /// Whether this packet came after those that were left out.
    is_behind: bool,
    flows: HashMap<(SocketAddr, SocketAddr), usize>,
    exchanges: HashMap<(SocketAddr, SocketAddr), usize>,
    questions: HashMap<(SocketAddr, SocketAddr, u16, String, u16), usize>,
}

impl Sorting {
    fn segment(&mut self, packet: &Packet, hop_limit: u8, segment: Segment) {
        let (own, peer) = ends(packet, segment.source, segment.destination);
        let opening = (packet.outward && segment.opens()).then_some(segment.seq);
        let near = packet.line == OWN_LINE;
        let known = self.flows.get(&(own, peer)).copied();
        let again = known.and_then(|index| self.traffic.flows.get(index)).is_some_and(|flow| {
            // A SYN with another number on our line is another attempt from the same port.
            near && opening.is_some() && flow.isn.is_some() && flow.isn != opening
        });
        let index = match known.filter(|_| !again) {
            Some(index) => index,
            None => {
                self.traffic.flows.push(Flow {
                    own,
                    peer,
                    isn: None,
                    near: Vec::new(),
                    far: Vec::new(),
                    icmp: Vec::new(),
                    told_peer: Vec::new(),
                    whole: self.whole,
                    end_kept: self.whole,
                });
                let index = self.traffic.flows.len() - 1;
                self.flows.insert((own, peer), index);
                index
            }
        };
        let Some(flow) = self.traffic.flows.get_mut(index) else { return };
        flow.isn = flow.isn.or(opening);
        flow.end_kept |= self.is_behind;
        let sent = Sent {
            at_us: packet.at_us,
            outward: packet.outward,
            fate: packet.fate,
            hop_limit,
            packet_octets: packet.len,
            segment,
        };
        if near { flow.near.push(sent) } else { flow.far.push(sent) }
    }

    fn datagram(&mut self, packet: &Packet, datagram: Datagram) {
        let (own, peer) = ends(packet, datagram.source, datagram.destination);
        if let Some(dns) = datagram.dns.filter(|_| peer.port() == DNS_PORT) {
            return self.dns(packet, own, peer, dns);
        }
        let exchange = self.exchange(own, peer);
        if packet.outward {
            exchange.sent += 1;
        } else if arrives(packet.fate) {
            exchange.came += 1;
        }
    }

    fn exchange(&mut self, own: SocketAddr, peer: SocketAddr) -> &mut Exchange {
        let all = &mut self.traffic.datagrams;
        let index = *self.exchanges.entry((own, peer)).or_insert_with(|| {
            all.push(Exchange { peer, sent: 0, came: 0, icmp: Vec::new() });
            all.len() - 1
        });
        // The index is that of an element which was put there and is never taken away.
        &mut all[index]
    }

    fn dns(&mut self, packet: &Packet, own: SocketAddr, server: SocketAddr, dns: Dns) {
        let key = (own, server, dns.id, dns.name.clone(), dns.kind);
        match (self.questions.get(&key).and_then(|index| self.traffic.questions.get_mut(*index)), packet.outward) {
            (Some(question), true) => question.asked_us.push(packet.at_us),
            (Some(question), false) if dns.response && arrives(packet.fate) => {
                question.answer.get_or_insert((packet.at_us, dns));
            }
            (None, true) if !dns.response => {
                self.questions.insert(key, self.traffic.questions.len());
                let asked_us = vec![packet.at_us];
                self.traffic.questions.push(Question { server, asked_us, dns, answer: None });
            }
            _ => {}
        }
    }

    fn flow(&mut self, own: SocketAddr, peer: SocketAddr) -> Option<&mut Flow> {
        self.flows.get(&(own, peer)).and_then(|index| self.traffic.flows.get_mut(*index))
    }

    fn icmp(&mut self, protocol: Protocol, own: SocketAddr, peer: SocketAddr, seen: IcmpSeen) {
        if protocol == Protocol::TCP {
            if let Some(flow) = self.flow(own, peer) {
                flow.icmp.push(seen);
            }
        } else if protocol == Protocol::UDP && peer.port() != DNS_PORT {
            self.exchange(own, peer).icmp.push(seen);
        }
    }
}

/// Our end and the other one.
fn ends(packet: &Packet, source: SocketAddr, destination: SocketAddr) -> (SocketAddr, SocketAddr) {
    if packet.outward { (source, destination) } else { (destination, source) }
}

impl Flow {
    /// Our SYNs.
    pub(crate) fn syns(&self) -> impl Iterator<Item = &Sent> {
        self.near.iter().filter(|sent| sent.outward && sent.segment.opens())
    }

    /// The SYN-ACKs that came.
    pub(crate) fn syn_acks(&self) -> impl Iterator<Item = &Sent> {
        self.came().filter(|sent| sent.segment.answers_opening())
    }

    /// What came to us.
    pub(crate) fn came(&self) -> impl Iterator<Item = &Sent> {
        self.near.iter().filter(|sent| !sent.outward && arrives(sent.fate))
    }

    /// What we sent.
    pub(crate) fn sent(&self) -> impl Iterator<Item = &Sent> {
        self.near.iter().filter(|sent| sent.outward)
    }

    /// The first reset that came.
    pub(crate) fn reset(&self) -> Option<&Sent> {
        self.came().find(|sent| sent.segment.flags.rst())
    }

    /// Our first reset.
    pub(crate) fn own_reset(&self) -> Option<&Sent> {
        self.sent().find(|sent| sent.segment.flags.rst())
    }

    /// The peer's FIN.
    pub(crate) fn fin(&self) -> Option<&Sent> {
        self.came().find(|sent| sent.segment.flags.fin())
    }

    /// When the SYN-ACK came.
    pub(crate) fn opened_us(&self) -> Option<i64> {
        self.syn_acks().next().map(|sent| sent.at_us)
    }

    /// How many octets of data we sent; repetitions do not count.
    pub(crate) fn octets_out(&self) -> usize {
        distance(self.isn, self.sent().filter(|sent| sent.segment.octets > 0).map(|sent| sent.segment.end()))
    }

    /// How many octets of data came; repetitions do not count.
    pub(crate) fn octets_in(&self) -> usize {
        let isn = self.syn_acks().next().map(|sent| sent.segment.seq);
        distance(isn, self.came().filter(|sent| sent.segment.octets > 0).map(|sent| sent.segment.end()))
    }

    /// How many octets went out, in words; where packets were left out, only how many at least.
    pub(crate) fn octets_out_words(&self) -> String {
        let count = self.octets_out();
        let fin = self.sent().find(|sent| sent.segment.flags.fin());
        format!("{}{}", self.at_least(self.isn, fin, count), octets(count))
    }

    /// How many octets came, in words; where packets were left out, only how many at least.
    pub(crate) fn octets_in_words(&self) -> String {
        let count = self.octets_in();
        format!("{}{}", self.at_least_in(), octets(count))
    }

    /// What stands before the number of octets that came.
    pub(crate) fn at_least_in(&self) -> &'static str {
        let isn = self.syn_acks().next().map(|sent| sent.segment.seq);
        self.at_least(isn, self.fin(), self.octets_in())
    }

    /// What stands before a number of octets. A FIN behind them shows that there were no more.
    fn at_least(&self, isn: Option<u32>, fin: Option<&Sent>, count: usize) -> &'static str {
        let end = fin.map(|fin| fin.segment.seq.wrapping_add(fin.segment.octets as u32));
        let told = isn.map(|isn| isn.wrapping_add(1).wrapping_add(count as u32));
        if self.whole || (end.is_some() && end == told) { "" } else { "at least " }
    }

    /// How many octets of ours the peer acknowledged.
    pub(crate) fn octets_acknowledged(&self) -> usize {
        let acks = self.came().filter(|sent| sent.segment.flags.ack() && !sent.segment.flags.rst());
        distance(self.isn, acks.map(|sent| sent.segment.ack)).min(self.octets_out())
    }
}

/// How far behind a SYN's number the furthest of these is; the SYN itself takes one.
fn distance(isn: Option<u32>, ends: impl Iterator<Item = u32>) -> usize {
    let Some(isn) = isn else { return 0 };
    let first = isn.wrapping_add(1);
    // What is half the space away is behind, not ahead.
    let ahead = ends.map(|end| end.wrapping_sub(first)).filter(|ahead| *ahead < 1 << 31);
    ahead.max().unwrap_or(0) as usize
}

/// What is sent more than once among these segments with data, in the order of their sending.
pub(crate) fn repeated<'a>(segments: impl Iterator<Item = &'a Sent>) -> Vec<&'a Sent> {
    let mut furthest: Option<u32> = None;
    let mut again = Vec::new();
    for sent in segments.filter(|sent| sent.segment.octets > 0) {
        let end = sent.segment.end();
        let is_new = furthest.is_none_or(|furthest| {
            let ahead = end.wrapping_sub(furthest);
            ahead != 0 && ahead < 1 << 31
        });
        if is_new { furthest = Some(end) } else { again.push(sent) }
    }
    again
}
