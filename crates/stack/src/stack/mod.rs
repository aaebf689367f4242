//! The stack as its user sees it: links and addresses, the four verbs that drive it, and the socket verbs.
//!
//! This file holds the driving verbs; the socket verbs stand beside it, one file a protocol. Nothing is decided here: a
//! packet is handed from the internet layer to the transport that it names, and a verb to the layer that it is about.

mod network;
mod tcp_verbs;
mod udp_verbs;

use alloc::vec;
use alloc::vec::Vec;

use synsent_wire::ip::Protocol;

use crate::config::Config;
use crate::context::{Context, Counters, DropReason};
use crate::event::{Event, SocketId};
use crate::ip::{Arrived, Datagram, IcmpError, Ip};
use crate::link::{LinkId, Received, Transmit};
use crate::reason::IcmpCause;
use crate::seed::Seed;
use crate::tcp::Tcp;
use crate::time::{Instant, earliest};
use crate::trace::Record;
use crate::udp::Udp;

/// How many packets to ourselves are taken in one turn; what is left is taken in the next one.
const LOOPBACK_PACKETS_PER_TURN: usize = 256;

/// The MTU of the loopback link.
const LOOPBACK_MTU: usize = 65_535;

/// A TCP/IP stack: a host, or a router.
pub struct Stack {
    pub(crate) ip: Ip,
    pub(crate) tcp: Tcp,
    pub(crate) udp: Udp,
    pub(crate) context: Context,
    /// The latest time that the stack was told; it never runs backwards.
    now: Instant,
    /// Where segments to ourselves are built; made when the first one is.
    loopback_frame: Vec<u8>,
}

impl Stack {
    /// A host without links but loopback. `seed` must be random where others can reach the stack, and may be anything in a
    /// simulation.
    pub fn new(config: Config, seed: [u8; 32]) -> Stack {
        let mut seed = Seed::new(seed);
        Stack {
            ip: Ip::new(&config, &mut seed),
            tcp: Tcp::new(&config, &mut seed),
            udp: Udp::new(&config, &mut seed),
            context: Context::new(config.trace_capacity),
            now: Instant::ZERO,
            loopback_frame: Vec::new(),
        }
    }

    /// Takes a frame that arrived on a link. Any octets may be given; what is not right is dropped and counted.
    pub fn on_frame(&mut self, now: Instant, link: LinkId, frame: &[u8]) {
        self.on_frame_with(now, link, frame, Received::default());
    }

    /// Takes a frame together with what the link vouches for.
    pub fn on_frame_with(&mut self, now: Instant, link: LinkId, frame: &[u8], received: Received) {
        let now = self.advance(now);
        self.context.counters.frames_received += 1;
        let Stack { ip, tcp, udp, context, .. } = self;
        let arrived = ip.receive(now, link, frame, received, context);
        deliver(now, arrived, ip, tcp, udp, context);
    }

    /// Does what is due at `now`. Packets to ourselves are always due, so that a stack without links is driven by this alone.
    pub fn on_deadline(&mut self, now: Instant) {
        let now = self.advance(now);
        self.ip.on_deadline(now, &mut self.context);
        self.hand_on_neighbour_failures(now);
        self.tcp.on_deadline(now, &mut self.ip, &mut self.context);
        self.run_loopback(now);
    }

    /// Writes the next frame that a link should carry into `frame`, which must hold the link's MTU and its header, and the
    /// largest packet that the link splits where it does so. `None`: there is nothing to send now.
    pub fn poll_transmit(&mut self, now: Instant, link: LinkId, frame: &mut [u8]) -> Option<Transmit> {
        let now = self.advance(now);
        self.run_loopback(now);
        // The link's queue and the flows take turns, so that answers to a flood do not keep data from leaving.
        let first = match self.ip.queue_yields(link) {
            true => self.poll_flows(now, link, frame),
            false => None,
        };
        // Building the last segment may have left a packet in a queue: a question for a neighbour's address.
        let transmit = first
            .or_else(|| self.poll_queue(now, link, frame))
            .or_else(|| self.poll_flows(now, link, frame))
            .or_else(|| self.poll_queue(now, link, frame));
        self.context.counters.frames_sent += u64::from(transmit.is_some());
        transmit
    }

    fn poll_queue(&mut self, now: Instant, link: LinkId, frame: &mut [u8]) -> Option<Transmit> {
        let transmit = self.ip.poll_queue(now, link, frame, &mut self.context)?;
        self.udp.on_room(&mut self.context);
        Some(transmit)
    }

    fn poll_flows(&mut self, now: Instant, link: LinkId, frame: &mut [u8]) -> Option<Transmit> {
        self.tcp.poll_transmit(now, link, frame, &mut self.ip, &mut self.context)
    }

    /// When `on_deadline` should be called at the latest; `None`: nothing is due unless something else happens first.
    pub fn next_deadline(&self) -> Option<Instant> {
        if self.ip.has_loopback() || self.tcp.has_ready(LinkId::LOOPBACK) {
            return Some(self.now);
        }
        earliest(self.ip.next_deadline(), self.tcp.next_deadline())
    }

    /// What became ready next.
    pub fn poll_event(&mut self) -> Option<Event> {
        loop {
            let socket = *self.context.ready_sockets.front()?;
            let taken = match socket {
                SocketId::Flow(id) => self.tcp.take_event(id),
                SocketId::Listener(id) => self.tcp.take_listener_event(id),
                SocketId::Udp(id) => self.udp.take_event(id),
            };
            match taken {
                Some((kind, true)) => return Some(Event { socket, kind }),
                Some((kind, false)) => {
                    self.context.ready_sockets.pop_front();
                    return Some(Event { socket, kind });
                }
                // The socket is gone, and with it what was pending.
                None => {
                    self.context.ready_sockets.pop_front();
                }
            }
        }
    }

    /// The next record of the trace.
    pub fn poll_trace(&mut self) -> Option<Record> {
        self.context.poll_trace()
    }

    /// What was counted so far.
    pub fn counters(&self) -> &Counters {
        &self.context.counters
    }

    /// Notes the time; a time before the latest one counts as the latest one.
    fn advance(&mut self, now: Instant) -> Instant {
        self.now = self.now.max(now);
        self.now
    }

    /// Carries packets to ourselves, at most a turn's worth.
    #[inline]
    fn run_loopback(&mut self, now: Instant) {
        for _ in 0..LOOPBACK_PACKETS_PER_TURN {
            if self.tcp.has_ready(LinkId::LOOPBACK) {
                self.build_loopback_segment(now);
            }
            let Some(packet) = self.ip.pop_loopback() else {
                if self.tcp.has_ready(LinkId::LOOPBACK) {
                    continue;
                }
                return;
            };
            let Stack { ip, tcp, udp, context, .. } = self;
            let arrived = ip.receive_packet(now, LinkId::LOOPBACK, packet.octets(), context);
            deliver(now, arrived, ip, tcp, udp, context);
            ip.recycle(packet);
            udp.on_room(context);
        }
    }

    fn build_loopback_segment(&mut self, now: Instant) {
        if self.loopback_frame.is_empty() {
            self.loopback_frame = vec![0; LOOPBACK_MTU];
        }
        let Stack { ip, tcp, udp, context, loopback_frame, .. } = self;
        let segment = tcp.poll_transmit(now, LinkId::LOOPBACK, loopback_frame, ip, context);
        if let Some(transmit) = segment {
            let mut frame = core::mem::take(loopback_frame);
            let arrived = ip.receive_packet(now, LinkId::LOOPBACK, &frame[..transmit.len], context);
            deliver(now, arrived, ip, tcp, udp, context);
            core::mem::swap(&mut frame, &mut self.loopback_frame);
        }
    }

    /// Tells connections that wait for a next hop that it does not answer.
    fn hand_on_neighbour_failures(&mut self, now: Instant) {
        while let Some(failure) = self.ip.pop_failure() {
            match failure.protocol {
                Protocol::TCP => self.tcp.on_neighbour_failed(now, &failure.tuple, &mut self.ip, &mut self.context),
                _ => self.udp.on_neighbour_failed(now, &failure.tuple, &mut self.context),
            }
        }
    }
}

/// Hands what arrived to the transport that it is for.
fn deliver(now: Instant, arrived: Arrived<'_>, ip: &mut Ip, tcp: &mut Tcp, udp: &mut Udp, context: &mut Context) {
    // What arrived is looked at where it stands: a copy of it would be the longest part of this path.
    match &arrived {
        Arrived::Consumed => {}
        Arrived::Local(datagram) => demultiplex(now, datagram, ip, tcp, udp, context),
        Arrived::Reassembled(packet) => {
            if let Some(datagram) = packet.datagram() {
                demultiplex(now, &datagram, ip, tcp, udp, context);
            }
        }
        Arrived::Error(error) => hand_on_error(now, error, ip, tcp, udp, context),
    }
}

fn demultiplex(
    now: Instant,
    datagram: &Datagram<'_>,
    ip: &mut Ip,
    tcp: &mut Tcp,
    udp: &mut Udp,
    context: &mut Context,
) {
    match datagram.protocol {
        Protocol::TCP => tcp.on_segment(now, datagram, ip, context),
        Protocol::UDP => udp.on_datagram(now, datagram, ip, context),
        _ => {
            context.dropped(now, datagram.link, DropReason::ProtocolUnknown);
            // 1122/ICMP-5
            let cause = match datagram.source.is_ipv4() {
                true => IcmpCause::V4Unreachable(2),
                false => IcmpCause::ParameterProblem { code: 1, pointer: datagram.next_header_offset },
            };
            ip.send_error(now, datagram, cause, context);
        }
    }
}

fn hand_on_error(
    now: Instant,
    error: &IcmpError<'_>,
    ip: &mut Ip,
    tcp: &mut Tcp,
    udp: &mut Udp,
    context: &mut Context,
) {
    // 1122/ICMP-3
    // 1122/ICMP-6
    match error.protocol {
        Protocol::TCP => tcp.on_icmp_error(now, error, ip, context),
        Protocol::UDP => udp.on_icmp_error(now, error, ip, context),
        _ => {}
    }
}
