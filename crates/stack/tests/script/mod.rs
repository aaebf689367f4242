//! A script against one stack in virtual time: the test is the peer, one line a segment.
//!
//! ```ignore
//! let mut t = Script::v4();
//! let flow = t.connect();
//! t.expect(seg().syn().seq(ISS));
//! t.send(seg().syn_ack().seq(100).ack(1).mss(1460));
//! t.expect(seg().seq(1).ack(101));
//! t.wait_ms(200);
//! t.expect_nothing();
//! ```
//!
//! After every verb the script takes what left the stack, with its time, and what became ready. [`Script::expect`] compares
//! the first segment that was not looked at yet; a script that fails prints the whole exchange as a ladder. What is expected
//! comes from the RFCs, so the script knows nothing of the stack but its public face.

mod segment;

use std::collections::{HashMap, VecDeque};
use std::net::{IpAddr, SocketAddr};

use synsent_stack::trace::Record;
use synsent_stack::*;
use synsent_wire::ip::Protocol;
use synsent_wire::{arp, ethernet, icmpv4, icmpv6, ipv4, ipv6};

pub(crate) use segment::{Seen, Seg, seg};

/// The stack's ISS in the script's numbers.
pub(crate) const ISS: u32 = 0;
/// The peer's ISS in the handshakes that the script makes by itself.
pub(crate) const PEER_ISS: u32 = 100;
/// The port that the script listens on.
pub(crate) const LISTEN_PORT: u16 = 80;
/// The peer's port unless a segment names another.
pub(crate) const PEER_PORT: u16 = 7_000;

/// The stack's station address on Ethernet.
pub(crate) const OUR_STATION: ethernet::Address = ethernet::Address([2, 0, 0, 0, 0, 1]);
/// The station address of everybody else.
pub(crate) const PEER_STATION: ethernet::Address = ethernet::Address([2, 0, 0, 0, 0, 2]);

/// How many timers may run out in one wait before the script takes it for a loop.
const TIMERS_MAX: usize = 100_000;

/// What a script starts with.
pub(crate) struct Setup {
    /// IPv6 instead of IPv4.
    pub(crate) v6: bool,
    /// A link with an Ethernet header, whose other end answers ARP.
    pub(crate) ethernet: bool,
    /// The link's MTU.
    pub(crate) mtu: u16,
    /// The stack's configuration; the trace is switched on in any case.
    pub(crate) config: Config,
    /// The stack's seed.
    pub(crate) seed: u8,
}

impl Default for Setup {
    fn default() -> Setup {
        Setup { v6: false, ethernet: false, mtu: 1_500, config: Config::default(), seed: 7 }
    }
}

/// One stack, one link, and the test at its other end.
pub(crate) struct Script {
    /// The stack.
    pub(crate) stack: Stack,
    /// The link.
    pub(crate) link: LinkId,
    /// The time.
    pub(crate) now: Instant,
    /// The stack's address.
    pub(crate) local: IpAddr,
    /// The peer's address.
    pub(crate) remote: IpAddr,
    /// A router between them.
    pub(crate) router: IpAddr,
    /// The stack's port unless a segment names another: that of the last connect or listen.
    pub(crate) port: u16,
    /// The peer's timestamp clock, once the connection has agreed on timestamps: then each segment gets the option.
    pub(crate) peer_clock: Option<u32>,
    /// Whether the other end of an Ethernet link answers ARP.
    pub(crate) answers_arp: bool,
    /// Whether the link asks for nothing, so that what is to leave waits in the stack.
    pub(crate) hold_link: bool,
    /// Frames that left and were not TCP (and not ARP that the script answered).
    pub(crate) others: Vec<Vec<u8>>,
    origin: Instant,
    ethernet: bool,
    iss: HashMap<(SocketAddr, SocketAddr), u32>,
    stack_clock: u32,
    left: VecDeque<Seen>,
    last: Option<Seen>,
    events: Vec<Event>,
    trace: Vec<Record>,
    ladder: Vec<String>,
    frame: Vec<u8>,
}

impl Script {
    /// A script over IPv4 on a plain IP link.
    pub(crate) fn v4() -> Script {
        Script::new(Setup::default())
    }

    /// A script over IPv6 on a plain IP link.
    pub(crate) fn v6() -> Script {
        Script::new(Setup { v6: true, ..Setup::default() })
    }

    /// A script over IPv4 with these settings of TCP.
    pub(crate) fn with(tcp: TcpConfig) -> Script {
        Script::new(Setup { config: Config { tcp, ..Config::default() }, ..Setup::default() })
    }

    /// Any script.
    pub(crate) fn new(setup: Setup) -> Script {
        let addr = |last: u8| -> IpAddr {
            match setup.v6 {
                false => format!("10.0.0.{last}").parse().unwrap(),
                true => format!("fd00::{last}").parse().unwrap(),
            }
        };
        let now = Instant::from_secs(1_000);
        let config = Config { trace_capacity: 1 << 16, ..setup.config };
        let mut stack = Stack::new(config, [setup.seed; 32]);
        let mut link = match setup.ethernet {
            true => LinkConfig::ethernet("net0", OUR_STATION),
            false => LinkConfig::ip("net0"),
        };
        link.mtu = setup.mtu;
        link.duplicate_address_detection = 0;
        let link = stack.add_link(now, link);
        let (local, remote, router) = (addr(1), addr(2), addr(254));
        let prefix = Cidr::new(local, if setup.v6 { 64 } else { 24 }).unwrap();
        stack.add_address(now, link, prefix).unwrap();
        stack.add_route(now, Route::default_via(router)).unwrap();
        let mut script = Script {
            stack,
            link,
            now,
            local,
            remote,
            router,
            port: LISTEN_PORT,
            peer_clock: None,
            answers_arp: true,
            hold_link: false,
            others: Vec::new(),
            origin: now,
            ethernet: setup.ethernet,
            iss: HashMap::new(),
            stack_clock: 0,
            left: VecDeque::new(),
            last: None,
            events: Vec::new(),
            trace: Vec::new(),
            ladder: Vec::new(),
            frame: vec![0; 70_000],
        };
        script.settle();
        script.others.clear();
        script
    }

    /// The peer as a socket address.
    pub(crate) fn peer(&self) -> SocketAddr {
        SocketAddr::new(self.remote, PEER_PORT)
    }

    /// Calls a verb of the stack and takes what comes of it.
    pub(crate) fn call<R>(&mut self, verb: impl FnOnce(&mut Stack, Instant) -> R) -> R {
        let answer = verb(&mut self.stack, self.now);
        self.settle();
        answer
    }

    /// An active open to the peer; its SYN waits to be looked at.
    #[track_caller]
    pub(crate) fn connect(&mut self) -> FlowId {
        self.connect_with(|_| {})
    }

    /// An active open to the peer with other options.
    #[track_caller]
    pub(crate) fn connect_with(&mut self, edit: impl FnOnce(&mut OpenOptions)) -> FlowId {
        let mut options = OpenOptions::to(self.peer());
        edit(&mut options);
        self.note("   connect".into());
        let flow = match self.stack.tcp_connect(self.now, options) {
            Ok(flow) => flow,
            Err(error) => self.fail(&format!("connect: {error}")),
        };
        self.port = self.stack.tcp_status(flow).unwrap().tuple.local.port;
        self.settle();
        flow
    }

    /// A passive open on [`LISTEN_PORT`].
    #[track_caller]
    pub(crate) fn listen(&mut self) -> ListenerId {
        self.listen_with(|_| {})
    }

    /// A passive open with other options.
    #[track_caller]
    pub(crate) fn listen_with(&mut self, edit: impl FnOnce(&mut ListenOptions)) -> ListenerId {
        let mut options = ListenOptions::on_port(LISTEN_PORT);
        edit(&mut options);
        let listener = match self.call(|stack, now| stack.tcp_listen(now, options)) {
            Ok(listener) => listener,
            Err(error) => self.fail(&format!("listen: {error}")),
        };
        self.port = self.stack.tcp_listener_name(listener).unwrap().1;
        listener
    }

    /// An active open that the peer answered at once, without options but the MSS: the stack's next number is 1, the peer's 101.
    #[track_caller]
    pub(crate) fn established(&mut self) -> FlowId {
        self.established_with(seg().mss(1_460), |_| {})
    }

    /// The same with these options in the SYN-ACK, and these settings of the connection.
    #[track_caller]
    pub(crate) fn established_with(&mut self, answer: Seg, edit: impl FnOnce(&mut TcpOptions)) -> FlowId {
        let mut options = TcpOptions::default();
        edit(&mut options);
        let flow = self.connect_with(|open| open.tcp = Some(options));
        self.expect(seg().syn().seq(ISS));
        self.shake_hands(answer);
        self.events.clear();
        flow
    }

    /// Answers the SYN that was looked at last, and takes the acknowledgment. With [`Seg::ts`] in `answer` the peer's segments
    /// carry timestamps from now on.
    #[track_caller]
    pub(crate) fn shake_hands(&mut self, answer: Seg) {
        self.peer_clock = answer.value;
        self.send(answer.syn_ack().seq(PEER_ISS).ack(1));
        self.expect(seg().seq(1).ack(PEER_ISS + 1));
    }

    /// A connection that the peer opened and the application accepted: the stack's next number is 1, the peer's 101.
    #[track_caller]
    pub(crate) fn accepted(&mut self, listener: ListenerId) -> FlowId {
        self.send(seg().syn().seq(PEER_ISS).mss(1_460));
        self.expect(seg().syn_ack().seq(ISS).ack(PEER_ISS + 1));
        self.send(seg().seq(PEER_ISS + 1).ack(1));
        self.expect_nothing();
        let Some(flow) = self.call(|stack, now| stack.tcp_accept(now, listener)) else {
            self.fail("nothing to accept")
        };
        self.events.clear();
        flow
    }

    /// The peer sends a segment.
    pub(crate) fn send(&mut self, segment: Seg) {
        self.note(format!("<- {segment}"));
        let packet = self.packet_of(segment);
        self.send_packet(&packet);
    }

    /// The packet in which the peer would send a segment.
    pub(crate) fn packet_of(&self, mut segment: Seg) -> Vec<u8> {
        let stamped = segment.value.is_some() || segment.no_timestamps || segment.raw_options.is_some();
        if let (Some(clock), false) = (self.peer_clock, stamped) {
            segment = segment.ts(clock, self.stack_clock);
        }
        let source = SocketAddr::new(segment.source.unwrap_or(self.remote), segment.peer_port.unwrap_or(PEER_PORT));
        let destination = SocketAddr::new(segment.destination.unwrap_or(self.local), segment.port.unwrap_or(self.port));
        let iss = self.iss.get(&(destination, source)).copied().unwrap_or(0);
        segment.packet(source, destination, iss)
    }

    /// The peer sends segments that arrive before the link asks for anything.
    pub(crate) fn send_together(&mut self, segments: Vec<Seg>) {
        self.hold_link = true;
        for segment in segments {
            self.send(segment);
        }
        self.hold_link = false;
        self.settle();
    }

    /// An IP packet arrives.
    pub(crate) fn send_packet(&mut self, packet: &[u8]) {
        let mut frame = Vec::new();
        if self.ethernet {
            let ethertype = if packet[0] >> 4 == 4 { ethernet::EtherType::IPV4 } else { ethernet::EtherType::IPV6 };
            frame = frame_from_peer(OUR_STATION, ethertype, &[]);
        }
        frame.extend_from_slice(packet);
        self.send_frame(&frame);
    }

    /// A frame arrives.
    pub(crate) fn send_frame(&mut self, frame: &[u8]) {
        self.stack.on_frame(self.now, self.link, frame);
        self.settle();
    }

    /// The router reports an error about the last segment that the stack sent.
    #[track_caller]
    pub(crate) fn icmp(&mut self, cause: IcmpCause) {
        let quoted = self.last_packet();
        self.icmp_about(cause, &quoted);
    }

    /// The router reports an error about a packet.
    pub(crate) fn icmp_about(&mut self, cause: IcmpCause, quoted: &[u8]) {
        self.icmp_from(self.router, cause, quoted);
    }

    /// The router reports an error about the last segment, as if it had had this number (counted from the stack's ISS).
    #[track_caller]
    pub(crate) fn icmp_with_seq(&mut self, cause: IcmpCause, seq: u32) {
        let mut quoted = self.last_packet();
        let iss = self.last.as_ref().map_or(0, |last| last.raw_seq.wrapping_sub(last.seq));
        let header = if self.local.is_ipv4() { ipv4::HEADER_LEN } else { ipv6::HEADER_LEN };
        quoted[header + 4..header + 8].copy_from_slice(&seq.wrapping_add(iss).to_be_bytes());
        self.icmp_about(cause, &quoted);
    }

    /// The last segment that the stack sent, as an IP packet.
    #[track_caller]
    pub(crate) fn last_packet(&self) -> Vec<u8> {
        match &self.last {
            Some(last) => last.packet.clone(),
            None => self.fail("the stack has sent nothing"),
        }
    }

    /// The sequence number of the last segment that the stack sent, as it stands in the header.
    pub(crate) fn last_raw_seq(&self) -> u32 {
        self.last.as_ref().map_or(0, |last| last.raw_seq)
    }

    /// Somebody reports an error about a packet.
    pub(crate) fn icmp_from(&mut self, from: IpAddr, cause: IcmpCause, quoted: &[u8]) {
        self.note(format!("<- {cause} from {from}"));
        let mut message = vec![0; 8 + quoted.len()];
        let protocol = match (from, self.local) {
            (IpAddr::V4(_), _) => {
                message_v4(cause, quoted).emit(&mut message);
                Protocol::ICMPV4
            }
            (IpAddr::V6(from), IpAddr::V6(to)) => {
                message_v6(cause, quoted).emit(from, to, &mut message);
                Protocol::ICMPV6
            }
            _ => panic!("an IPv6 error for an IPv4 host"),
        };
        self.send_packet(&segment::in_packet(&message, protocol, from, self.local, &[], 0));
    }

    /// The next segment that left must be this one.
    #[track_caller]
    pub(crate) fn expect(&mut self, wanted: Seg) -> Seen {
        let Some(seen) = self.left.pop_front() else { self.fail(&format!("expected {wanted}, and nothing left")) };
        let differences = wanted.differences(&seen);
        if !differences.is_empty() {
            self.fail(&format!("expected {wanted}\n       saw {seen}\n  {}", differences.join("\n  ")));
        }
        seen
    }

    /// The next segment that left must be this one, and it must have left so long after the last [`Script::mark`].
    #[track_caller]
    pub(crate) fn expect_at(&mut self, millis: u64, wanted: Seg) -> Seen {
        let seen = self.expect(wanted);
        let after = seen.at.since(self.origin);
        if after != Duration::from_millis(millis) {
            self.fail(&format!("expected {seen} after {millis} ms, and it left after {after:?}"));
        }
        seen
    }

    /// Nothing may have left that was not looked at.
    #[track_caller]
    pub(crate) fn expect_nothing(&mut self) {
        if let Some(seen) = self.left.front() {
            let seen = seen.to_string();
            self.fail(&format!("expected nothing, saw {seen}"));
        }
    }

    /// Takes everything that left and was not looked at.
    pub(crate) fn take_all(&mut self) -> Vec<Seen> {
        self.left.drain(..).collect()
    }

    /// Lets time pass, and each timer run out when it is due.
    #[track_caller]
    pub(crate) fn wait(&mut self, span: Duration) {
        let end = self.now + span;
        for _ in 0..TIMERS_MAX {
            match self.stack.next_deadline() {
                Some(at) if at <= end => {
                    self.now = self.now.max(at);
                    self.stack.on_deadline(self.now);
                    self.settle();
                }
                _ => {
                    self.now = end;
                    return;
                }
            }
        }
        self.fail("the timers never come to rest");
    }

    /// Lets milliseconds pass.
    #[track_caller]
    pub(crate) fn wait_ms(&mut self, millis: u64) {
        self.wait(Duration::from_millis(millis));
    }

    /// Lets seconds pass.
    #[track_caller]
    pub(crate) fn wait_secs(&mut self, secs: u64) {
        self.wait(Duration::from_secs(secs));
    }

    /// Times of [`Script::expect_at`] count from now.
    pub(crate) fn mark(&mut self) {
        self.origin = self.now;
    }

    /// STATUS of a connection.
    #[track_caller]
    pub(crate) fn status(&self, flow: FlowId) -> Status {
        match self.stack.tcp_status(flow) {
            Some(status) => status,
            None => self.fail("the flow does not exist"),
        }
    }

    /// The connection's state must be this one.
    #[track_caller]
    pub(crate) fn expect_state(&self, flow: FlowId, wanted: State) {
        let state = self.status(flow).state;
        if state != wanted {
            self.fail(&format!("expected {wanted}, and the flow is in {state}"));
        }
    }

    /// The connection must have failed; answers with why.
    #[track_caller]
    pub(crate) fn failure(&self, flow: FlowId) -> Failure {
        match self.status(flow).failure {
            Some(failure) => failure,
            None => self.fail("the flow has not failed"),
        }
    }

    /// What became ready since this was asked last.
    pub(crate) fn take_events(&mut self) -> Vec<EventKind> {
        self.events.drain(..).map(|event| event.kind).collect()
    }

    /// This must have become ready since events were taken last; it and what came before it are taken.
    #[track_caller]
    pub(crate) fn expect_event(&mut self, kind: EventKind) -> SocketId {
        match self.events.iter().position(|event| event.kind == kind) {
            Some(at) => self.events.drain(..=at).next_back().unwrap().socket,
            None => self.fail(&format!("expected {kind:?}, and {:?} became ready", self.events)),
        }
    }

    /// The facts of the trace since this was asked last.
    pub(crate) fn take_trace(&mut self) -> Vec<Record> {
        std::mem::take(&mut self.trace)
    }

    /// Everything that can be received now.
    pub(crate) fn receive(&mut self, flow: FlowId) -> Vec<u8> {
        let mut all = Vec::new();
        let mut piece = [0; 4_096];
        while let Ok(octets @ 1..) = self.call(|stack, now| stack.tcp_receive(now, flow, &mut piece)) {
            all.extend_from_slice(&piece[..octets]);
        }
        all
    }

    /// Hands data to the stack, all of which it must take.
    #[track_caller]
    pub(crate) fn write(&mut self, flow: FlowId, data: &[u8]) {
        let taken = self.call(|stack, now| stack.tcp_send(now, flow, data));
        if taken != Ok(data.len()) {
            self.fail(&format!("write of {} octets: {taken:?}", data.len()));
        }
    }

    /// Closes for sending.
    #[track_caller]
    pub(crate) fn shutdown(&mut self, flow: FlowId) {
        if let Err(error) = self.call(|stack, now| stack.tcp_shutdown_send(now, flow)) {
            self.fail(&format!("shutdown: {error}"));
        }
    }

    /// Gives the handle back.
    pub(crate) fn close(&mut self, flow: FlowId) {
        self.note("   close".into());
        self.call(|stack, now| stack.tcp_close(now, flow));
    }

    /// Resets the connection.
    pub(crate) fn abort(&mut self, flow: FlowId) {
        self.note("   abort".into());
        self.call(|stack, now| stack.tcp_abort(now, flow));
    }

    /// Fails with the exchange so far.
    #[track_caller]
    pub(crate) fn fail(&self, why: &str) -> ! {
        panic!("\n{}\n{why}\n", self.ladder.join("\n"));
    }

    fn note(&mut self, line: String) {
        let at = self.now.since(self.origin);
        self.ladder.push(format!("{:>10.3} {line}", at.as_secs_f64()));
    }

    /// Takes what left the stack, answers ARP, and takes events and the trace.
    fn settle(&mut self) {
        let mut frame = std::mem::take(&mut self.frame);
        while !self.hold_link
            && let Some(transmit) = self.stack.poll_transmit(self.now, self.link, &mut frame)
        {
            self.on_frame_from_stack(&frame[..transmit.len]);
        }
        self.frame = frame;
        while let Some(event) = self.stack.poll_event() {
            self.note(format!("   {:?}", event.kind));
            self.events.push(event);
        }
        while let Some(record) = self.stack.poll_trace() {
            self.trace.push(record);
        }
    }

    fn on_frame_from_stack(&mut self, frame: &[u8]) {
        let mut packet = frame;
        if self.ethernet {
            let view = ethernet::View::parse(frame).expect("the stack sends well-formed frames");
            if view.ethertype() == ethernet::EtherType::ARP && self.answers_arp {
                return self.answer_arp(view.payload());
            }
            if !matches!(view.ethertype(), ethernet::EtherType::IPV4 | ethernet::EtherType::IPV6) {
                return self.others.push(frame.to_vec());
            }
            packet = &frame[ethernet::HEADER_LEN..];
        }
        match Seen::read(self.now, packet) {
            Some(seen) => self.on_segment_from_stack(seen),
            None => self.others.push(packet.to_vec()),
        }
    }

    fn on_segment_from_stack(&mut self, mut seen: Seen) {
        let ends = (seen.source, seen.destination);
        if seen.flags.syn() {
            self.iss.insert(ends, seen.seq);
        }
        let iss = self.iss.get(&ends).copied().unwrap_or(0);
        // The reset that answers a segment without an acknowledgment has the number 0, whatever connections there were.
        if !(seen.flags.rst() && seen.raw_seq == 0) {
            seen.seq = seen.seq.wrapping_sub(iss);
        }
        if let Some(stamps) = seen.options.timestamps {
            self.stack_clock = stamps.value;
        }
        self.note(format!("-> {seen}"));
        self.last = Some(seen.clone());
        self.left.push_back(seen);
    }

    fn answer_arp(&mut self, packet: &[u8]) {
        let question = arp::Repr::parse(packet).expect("the stack sends well-formed ARP");
        if question.operation != arp::Operation::Request || question.target_protocol == question.sender_protocol {
            return;
        }
        let answer = arp::Repr {
            operation: arp::Operation::Reply,
            sender_hardware: PEER_STATION,
            sender_protocol: question.target_protocol,
            target_hardware: question.sender_hardware,
            target_protocol: question.sender_protocol,
        };
        let mut octets = [0; arp::LEN];
        answer.emit(&mut octets);
        let frame = frame_from_peer(OUR_STATION, ethernet::EtherType::ARP, &octets);
        self.stack.on_frame(self.now, self.link, &frame);
    }
}

/// A frame from the other end of an Ethernet link.
pub(crate) fn frame_from_peer(
    destination: ethernet::Address,
    ethertype: ethernet::EtherType,
    payload: &[u8],
) -> Vec<u8> {
    let mut frame = vec![0; ethernet::HEADER_LEN];
    ethernet::Repr { destination, source: PEER_STATION, vlan: None, ethertype }.emit(&mut frame);
    frame.extend_from_slice(payload);
    frame
}

fn message_v4(cause: IcmpCause, quoted: &[u8]) -> icmpv4::Repr<'_> {
    match cause {
        IcmpCause::V4Unreachable(code) => icmpv4::Repr::DestinationUnreachable { code, next_hop_mtu: 0, quoted },
        IcmpCause::TimeExceeded { code } => icmpv4::Repr::TimeExceeded { code, quoted },
        IcmpCause::ParameterProblem { code, pointer } => {
            icmpv4::Repr::ParameterProblem { code, pointer: pointer as u8, quoted }
        }
        IcmpCause::TooBig { mtu } => icmpv4::Repr::DestinationUnreachable {
            code: icmpv4::unreachable::FRAGMENTATION_NEEDED,
            next_hop_mtu: mtu as u16,
            quoted,
        },
        IcmpCause::SourceQuench => icmpv4::Repr::SourceQuench { quoted },
        IcmpCause::V6Unreachable(_) => panic!("an IPv6 error on IPv4"),
    }
}

fn message_v6(cause: IcmpCause, quoted: &[u8]) -> icmpv6::Repr<'_> {
    match cause {
        IcmpCause::V6Unreachable(code) => icmpv6::Repr::DestinationUnreachable { code, quoted },
        IcmpCause::TimeExceeded { code } => icmpv6::Repr::TimeExceeded { code, quoted },
        IcmpCause::ParameterProblem { code, pointer } => icmpv6::Repr::ParameterProblem { code, pointer, quoted },
        IcmpCause::TooBig { mtu } => icmpv6::Repr::PacketTooBig { mtu, quoted },
        IcmpCause::SourceQuench | IcmpCause::V4Unreachable(_) => panic!("an IPv4 error on IPv6"),
    }
}

#[cfg(test)]
mod tests;
