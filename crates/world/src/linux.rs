//! Our own stack in the place of the program's kernel, under Linux's policy and in virtual time.
//!
//! The policy is data: [`settings`] are those of the stack, and a table each says which error Linux tells for what our stack
//! says ([`error_of_cause`], [`error_of_opening`]). Only names stand here; what a program was really told is read from a record. [`visit`] is a blocking
//! client: it connects, sends a request and reads to the end, as a program would that is run in the same scenario, so that the two can be
//! compared ([`differences`]).
//!
//! The client has no library and no threads, and what a program would do after its last read is not a part of it but that it ends.

mod compare;

use std::net::SocketAddr;
use std::time::Duration;

use synsent_explain::record::PACKET_OCTETS_MAX;
use synsent_explain::{Fate, Ladder, Packet, linux_error_of};
use synsent_lab::{HostId, Lab, Scenario, Staged, Staging};
use synsent_stack::{
    Cause, Config, FlowId, Instant, NoPath, OpenError, OpenOptions, ReceiveError, SoftError, SoftErrors, State,
    TcpOptions,
};

pub use compare::{Behaviour, Difference, What, differences};

/// What the client sends when it is connected.
pub const REQUEST: &[u8] = b"GET / HTTP/1.0\r\n\r\n";
/// How many octets the client reads in one call.
const READ_OCTETS: usize = 4_096;
/// How long data may stay unacknowledged: fifteen retransmissions, as ip-sysctl counts them for tcp_retries2.
const DATA_PATIENCE: Duration = Duration::from_millis(924_600);
/// Longer than any ladder of SYNs: how often one is repeated decides.
const SYN_PATIENCE: Duration = Duration::from_secs(24 * 60 * 60);
/// How long packets are still looked at when the client has ended.
const AFTERWARDS: Duration = Duration::from_millis(100);

/// The settings of our stack that answer as Linux does with this ladder.
pub fn settings(ladder: &Ladder) -> Config {
    let octet = |count: u32| u8::try_from(count).unwrap_or(u8::MAX);
    let mut config = Config::default();
    config.tcp.options = TcpOptions {
        soft_errors: SoftErrors::AbortOnAny,
        syn_timeout: SYN_PATIENCE,
        syn_retries: Some(octet(ladder.retries())),
        syn_linear_timeouts: octet(ladder.linear_timeouts),
        user_timeout: Some(DATA_PATIENCE),
        ..TcpOptions::default()
    };
    config
}

/// The name of the error that Linux tells for an opening that did not begin.
pub fn error_of_opening(error: OpenError) -> &'static str {
    match error {
        // No address is our own machine to Linux, where nobody listens.
        OpenError::RemoteUnspecified => "ECONNREFUSED",
        OpenError::RemoteNotUnicast => "ENETUNREACH",
        OpenError::FamiliesDiffer => "EAFNOSUPPORT",
        OpenError::NoPath(why) => error_of_path(why),
        OpenError::AlreadyExists | OpenError::NoPorts { .. } => "EADDRNOTAVAIL",
        OpenError::NoRoom => "ENOBUFS",
    }
}

/// The name of the error that Linux tells for what ended a connection; `None`: it tells none, or ignores such a message.
pub fn error_of_cause(cause: Cause) -> Option<&'static str> {
    Some(match cause {
        Cause::Refused { .. } => "ECONNREFUSED",
        Cause::Reset { .. } => "ECONNRESET",
        Cause::Icmp { from, cause } => return linux_error_of(cause, from.is_ipv6()),
        Cause::TimedOut { soft } | Cause::UserTimeout { soft, .. } => error_of_silence(soft),
        Cause::KeepAliveTimeout { .. } => "ETIMEDOUT",
        Cause::NeighbourUnreachable { .. } => "EHOSTUNREACH",
        Cause::NoRoute { why, .. } => error_of_path(why),
        Cause::Aborted => "ECONNABORTED",
        Cause::LingerTimeout => return None,
    })
}

/// What a router said meanwhile is told at the end.
fn error_of_silence(soft: Option<SoftError>) -> &'static str {
    soft.and_then(|soft| linux_error_of(soft.cause, soft.from.is_ipv6())).unwrap_or("ETIMEDOUT")
}

fn error_of_path(why: NoPath) -> &'static str {
    match why {
        NoPath::NoRoute | NoPath::LinkDown => "ENETUNREACH",
        NoPath::Unreachable => "EHOSTUNREACH",
        NoPath::Prohibited => "EACCES",
        NoPath::Blackhole => "EINVAL",
        NoPath::NoSource | NoPath::ForeignSource => "EADDRNOTAVAIL",
        NoPath::NoLink => "ENODEV",
    }
}

/// Visits a peer in a scenario, and ends at the limit at the latest: what the calls said, and what was on our line.
pub fn visit(scenario: &Scenario, seed: u64, ladder: &Ladder, peer: SocketAddr, limit: Duration) -> Behaviour {
    let staging = Staging { seed: Some(seed), config: settings(ladder), ..Staging::default() };
    let Staged { lab, us, .. } = scenario.stage_with(&staging);
    let began = lab.now();
    let mut client = Client { lab, us, deadline: began + limit, said: Vec::new(), gave_up_after: None };
    client.run(peer);
    let ended = client.lab.now();
    let packets: Vec<Packet> = packets(&client.lab, us, began).collect();
    let until_us = micros(ended.since(began) + AFTERWARDS);
    Behaviour::new(client.said, client.gave_up_after, packets.iter().filter(|one| one.at_us <= until_us), peer)
}

/// A blocking client.
struct Client {
    lab: Lab,
    us: HostId,
    deadline: Instant,
    /// What each call said.
    said: Vec<String>,
    /// How long an opening took that nobody answered.
    gave_up_after: Option<Duration>,
}

impl Client {
    fn run(&mut self, peer: SocketAddr) {
        let began = self.lab.now();
        let opened = self.lab.call(self.us, |stack, now| stack.tcp_connect(now, OpenOptions::to(peer)));
        let flow = match opened {
            Ok(flow) => flow,
            Err(error) => return self.says("connect", error_of_opening(error)),
        };
        self.connect(flow, began);
        self.lab.call(self.us, |stack, now| stack.tcp_close(now, flow));
        self.lab.run_for(AFTERWARDS);
    }

    fn connect(&mut self, flow: FlowId, began: Instant) {
        let us = self.us;
        let is_open = |lab: &mut Lab| {
            let state = lab.stack(us).tcp_status(flow).map(|status| status.state);
            !matches!(state, Some(State::SynSent | State::SynReceived))
        };
        if !self.lab.run_until(self.deadline, is_open) {
            return self.says("connect", "still waiting");
        }
        if let Some(error) = self.failure(flow) {
            self.gave_up_after = (error == "ETIMEDOUT").then(|| self.lab.now().since(began));
            return self.says("connect", error);
        }
        self.says("connect", "connected");
        match self.lab.call(us, |stack, now| stack.tcp_send(now, flow, REQUEST)) {
            Ok(count) => self.says("write", &format!("{count} octets")),
            Err(_) => {
                let error = self.failure(flow).unwrap_or("EPIPE");
                return self.says("write", error);
            }
        }
        self.read(flow);
    }

    /// Reads to the end, or until it fails.
    fn read(&mut self, flow: FlowId) {
        let us = self.us;
        let (mut octets, mut end, mut chunk) = (0, "still waiting", [0; READ_OCTETS]);
        self.lab.run_until(self.deadline, |lab| {
            loop {
                match lab.call(us, |stack, now| stack.tcp_receive(now, flow, &mut chunk)) {
                    Ok(0) => end = "the end",
                    Ok(count) => {
                        octets += count;
                        continue;
                    }
                    Err(ReceiveError::WouldBlock) => return false,
                    Err(ReceiveError::Failed | ReceiveError::NoSuchSocket) => end = "",
                }
                return true;
            }
        });
        let end = if end.is_empty() { self.failure(flow).unwrap_or("no error of Linux") } else { end };
        self.says("read", &format!("{octets} octets, then {end}"));
    }

    /// The error that Linux would tell; `None`: the connection has not failed.
    fn failure(&self, flow: FlowId) -> Option<&'static str> {
        let failure = self.lab.stack(self.us).tcp_status(flow)?.failure?;
        Some(error_of_cause(failure.cause).unwrap_or("no error of Linux"))
    }

    fn says(&mut self, call: &str, what: &str) {
        self.said.push(format!("{call}: {what}"));
    }
}

/// What was on our line, as a record has it.
fn packets(lab: &Lab, us: HostId, began: Instant) -> impl Iterator<Item = Packet> {
    let ours = lab.cables_of(us);
    lab.capture().records().filter_map(move |record| {
        let (_, own_end) = ours.iter().find(|(cable, _)| *cable == record.cable)?;
        Some(Packet {
            at_us: micros(record.at.since(began)),
            line: "us".to_owned(),
            outward: record.from == *own_end,
            fate: Fate::Carried,
            len: record.bytes.len(),
            octets: record.bytes[..record.bytes.len().min(PACKET_OCTETS_MAX)].to_vec(),
        })
    })
}

fn micros(span: Duration) -> i64 {
    i64::try_from(span.as_micros()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn silent(syn_retries: u32, linear_timeouts: u32) -> Behaviour {
        let ladder = Ladder { syn_retries, default_syn_retries: 6, linear_timeouts, default_linear_timeouts: 4 };
        let case = synsent_lab::cases().iter().find(|case| case.name == "silent").expect("a case of the table");
        visit(&case.scenario, 1, &ladder, "10.2.0.2:80".parse().unwrap(), Duration::from_secs(300))
    }

    /// As Linux 6.18 was measured: the SYNs, and the second in which it gives up, of which its clock makes some percent more.
    #[test]
    fn the_ladders_are_those_of_linux() {
        for (growing, linear, syns, gives_up) in
            [(1, 4, 3, 3), (2, 4, 6, 7), (3, 4, 8, 19), (6, 4, 11, 131), (6, 0, 7, 127)]
        {
            let seen = silent(growing, linear);
            assert_eq!(seen.said(), "connect: ETIMEDOUT");
            assert_eq!(seen.syns().len(), syns, "{growing} and {linear}");
            assert_eq!(seen.gave_up_after(), Some(Duration::from_secs(gives_up)), "{growing} and {linear}");
        }
        let seconds: Vec<u64> = silent(2, 4).syns().iter().map(Duration::as_secs).collect();
        assert_eq!(seconds, [0, 1, 2, 3, 4, 5]);
    }
}
