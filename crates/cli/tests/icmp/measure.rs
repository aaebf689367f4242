//! Runs the probe in worlds whose hosts answer with each message, and keeps what was observed and what the probe itself printed.
//!
//! Every message has a host of its own, so that no path or route that one of them leaves behind touches another, and the address of a call
//! says which message it met.

use std::collections::HashMap;
use std::fs;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use synsent_explain::{Call, ConnectSaid, Observation, Run, Said, SocketKind, attempts};

use crate::expected::{EVENTS, MESSAGES, Message, World};

/// The port of the hosts that answer with a message.
const PORT: u16 = 80;

/// The hosts of the other ends.
const HOSTS: &str = r#"
[[host]]
name = "refuses"
addresses = ["10.2.0.2", "fd00:2::2"]
line = { delay = "5ms" }
otherwise = "refuses"

[[host]]
name = "silent"
addresses = ["10.2.0.3", "fd00:2::3"]
otherwise = "silent"

[[host]]
name = "full"
addresses = ["10.2.0.4"]
otherwise = "backlog-full"

[[host]]
name = "far"
addresses = ["10.2.0.5"]
line = { delay = "400ms" }
otherwise = "refuses"
"#;

/// What was measured.
pub(crate) struct Measured {
    observed: HashMap<(World, String), Vec<Step>>,
    printed: HashMap<(World, String), Vec<Step>>,
    told: HashMap<(World, String), String>,
    messages: Vec<Sent>,
    /// How long an opening that nobody answers lasts there.
    pub(crate) ladder: Duration,
}

/// What a call said.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Step {
    pub(crate) call: String,
    pub(crate) word: String,
    pub(crate) took: Duration,
}

/// A message that came to the program's machine.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Sent {
    kind: u8,
    code: u8,
    quoted_to: IpAddr,
    quoted_protocol: u8,
}

impl Measured {
    /// What was observed of the calls of a probe.
    pub(crate) fn observed(&self, world: World, probe: &str) -> &[Step] {
        self.observed.get(&(world, probe.to_owned())).map_or(&[], Vec::as_slice)
    }

    /// What the probe printed of them.
    pub(crate) fn printed(&self, world: World, probe: &str) -> &[Step] {
        self.printed.get(&(world, probe.to_owned())).map_or(&[], Vec::as_slice)
    }

    /// What connect() said to a probe, as the command would tell it.
    pub(crate) fn told(&self, world: World, probe: &str) -> &str {
        self.told.get(&(world, probe.to_owned())).map_or("", String::as_str)
    }

    /// Whether a message came that quotes what was sent to its host by this protocol.
    pub(crate) fn came(&self, number: usize, protocol: u8) -> bool {
        let Message { kind, code, .. } = MESSAGES[number];
        self.messages.contains(&Sent { kind, code, quoted_to: address(number), quoted_protocol: protocol })
    }
}

/// The address of the host that answers with a message.
fn address(number: usize) -> IpAddr {
    let last = u8::try_from(number).expect("fewer messages than addresses");
    match MESSAGES[number].v6 {
        true => Ipv6Addr::new(0xfd00, 2, 0, 0, 0, 0, 1, u16::from(last)).into(),
        false => Ipv4Addr::new(10, 2, 1, last).into(),
    }
}

/// The probe that meets a message.
pub(crate) fn probe_of(number: usize, kind: &str) -> String {
    format!("{kind}/{}/{PORT}", address(number))
}

/// Runs the probe in all worlds at once; the command and the probe are these.
pub(crate) fn measure(command: &Path, probe: &Path, place: &Path) -> Measured {
    let mut measured = Measured {
        observed: HashMap::new(),
        printed: HashMap::new(),
        told: HashMap::new(),
        messages: Vec::new(),
        ladder: Duration::ZERO,
    };
    let worlds = [World::Main, World::NoRoute, World::NoPorts];
    let runs = std::thread::scope(|scope| {
        let started = worlds.map(|world| scope.spawn(move || run(command, probe, place, world)));
        started.map(|run| run.join().expect("a run that is recorded"))
    });
    for (world, (run, lines)) in worlds.into_iter().zip(runs) {
        for probe in probes(world) {
            measured.told.insert((world, probe.clone()), told(&run, &probe));
            measured.observed.insert((world, probe.clone()), observed(&run, &probe));
        }
        for line in lines.lines() {
            let (probe, steps) = printed(line);
            measured.printed.insert((world, probe), steps);
        }
        measured.messages.extend(run.packets.iter().filter_map(message));
        measured.ladder = measured.ladder.max(ladder(&run));
    }
    measured
}

/// How long the kernel waits all in all for an answer to a SYN, by what it was told: the pauses of a second, and those that grow.
fn ladder(run: &Run) -> Duration {
    let growing = (0..=run.ladder.syn_retries).map(|number| 1 << number).sum();
    Duration::from_secs(growing)
}

/// What is tried in a world.
fn probes(world: World) -> Vec<String> {
    let of_messages = (0..MESSAGES.len()).flat_map(|number| ["tcp", "udp"].map(|kind| probe_of(number, kind)));
    let of_events = EVENTS.iter().filter(|event| event.world == world).map(|event| event.probe.to_owned());
    of_messages.filter(|_| world == World::Main).chain(of_events).collect()
}

fn scenario(world: World) -> String {
    let us = match world {
        World::Main => "",
        World::NoRoute => "[us]\nroutes = []\n",
        World::NoPorts => "[us]\nfree-ports = 0\n",
    };
    let mut text = format!("{us}{HOSTS}");
    for (number, message) in MESSAGES.iter().enumerate().filter(|_| world == World::Main) {
        let Message { kind, code, v6, field, .. } = message;
        let family = if *v6 { "v6" } else { "v4" };
        text += &format!(
            "\n[[host]]\nname = \"message-{number}\"\naddresses = [\"{}\"]\notherwise = \"silent\"\n\
             [[host.port]]\ndoes = \"icmp\"\n{family} = [{kind}, {code}]\n{field}\n",
            address(number)
        );
    }
    text
}

/// Runs the probe in a world: the record, and what it printed.
fn run(command: &Path, probe: &Path, place: &Path, world: World) -> (Run, String) {
    let file: PathBuf = place.join(format!("{world:?}.toml"));
    fs::write(&file, scenario(world)).expect("a scenario");
    let state = place.join(format!("{world:?}"));
    let mut command = Command::new(command);
    command.args(["run", "--limit", "60s", "--scenario"]).arg(&file).arg("--").arg(probe).args(probes(world));
    command.env("XDG_STATE_HOME", &state).stdin(Stdio::null());
    let output = command.output().expect("the command starts");
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(0), "{world:?}: {said}");
    let id = said.lines().find_map(|line| line.strip_prefix("synsent: recorded as ")?.split(' ').next());
    let id = id.unwrap_or_else(|| panic!("no record: {said}"));
    let record = fs::read(state.join("synsent/runs").join(id).join("record.json")).expect("the record");
    let run: Run = serde_json::from_slice(&record).expect("a record");
    assert_eq!((&run.observation, run.calls_left_out, run.packets_left_out), (&Observation::Full, 0, 0));
    (run, String::from_utf8_lossy(&output.stdout).into_owned())
}

/// What was observed of the calls of a probe: those on sockets of its kind for its peer.
fn observed(run: &Run, probe: &str) -> Vec<Step> {
    let (kind, peer) = meant(probe);
    let is_its = |call: &&Call| call.kind == kind && call.peer == Some(peer);
    run.calls.iter().filter(is_its).filter_map(step).collect()
}

/// What came of the attempts of a probe, in the words of a table.
fn told(run: &Run, probe: &str) -> String {
    let (kind, peer) = meant(probe);
    let its = attempts(run).into_iter().filter(|attempt| attempt.kind == kind && attempt.peer == Some(peer));
    let words = its.map(|attempt| match (attempt.said, attempt.later) {
        (ConnectSaid::Connected, None) => "connected".to_owned(),
        (ConnectSaid::Connected, Some((call, name))) => format!("connected, then {call} {name}"),
        (ConnectSaid::Failed { name, .. }, _) => name,
        (other, _) => format!("{other:?}"),
    });
    words.collect::<Vec<_>>().join("; ")
}

/// The kind of socket and the peer of KIND/ADDRESS/PORT.
fn meant(probe: &str) -> (SocketKind, SocketAddr) {
    let mut parts = probe.split('/');
    let mut part = || parts.next().expect("KIND/ADDRESS/PORT");
    let kind = if part() == "udp" { SocketKind::Datagram } else { SocketKind::Stream };
    let address: IpAddr = part().parse().expect("an address");
    (kind, SocketAddr::new(address, part().parse().expect("a port")))
}

/// A call in the words of the probe; `None`: the probe prints no such call.
fn step(call: &Call) -> Option<Step> {
    let name = match call.name.as_str() {
        "connect" => "connect",
        "sendto" | "send" => "send",
        "recvfrom" | "recv" => "recv",
        "poll" | "ppoll" | "ppoll_time64" => "poll",
        "getsockopt" => "SO_ERROR",
        _ => return None,
    };
    let word = match &call.said {
        Said::Value(_) | Said::Pending { number: 0, .. } => "ok".to_owned(),
        Said::Error { name, .. } | Said::Pending { name, .. } => name.clone(),
        Said::Restarted | Said::StillWaiting => "no end".to_owned(),
    };
    let took = call.ended_us.map_or(0, |ended| ended - call.began_us);
    let took = Duration::from_micros(u64::try_from(took).unwrap_or_default());
    Some(Step { call: name.to_owned(), word, took })
}

/// A line of the probe: KIND/ADDRESS/PORT and then call=WORD@MILLISECONDS.
fn printed(line: &str) -> (String, Vec<Step>) {
    let mut words = line.split(' ');
    let probe = words.next().unwrap_or_default().to_owned();
    let steps = words.map(|word| {
        let (call, said) = word.split_once('=').unwrap_or_else(|| panic!("{line}"));
        let (word, took) = said.split_once('@').unwrap_or_else(|| panic!("{line}"));
        let took = Duration::from_millis(took.parse().unwrap_or_else(|_| panic!("{line}")));
        Step { call: call.to_owned(), word: word.to_owned(), took }
    });
    (probe, steps.collect())
}

/// The ICMP error in a packet that came to the program's machine.
fn message(packet: &synsent_explain::Packet) -> Option<Sent> {
    const ICMP_V4: u8 = 1;
    const ICMP_V6: u8 = 58;
    const ICMP_HEADER: usize = 8;
    if packet.outward || packet.line != "us" {
        return None;
    }
    let octets = packet.octets.as_slice();
    let array = |at: usize| octets.get(at..at + 16)?.try_into().ok().map(|all: [u8; 16]| all);
    match octets.first()? >> 4 {
        4 if octets[9] == ICMP_V4 => {
            let (icmp, quoted) = (20, 20 + ICMP_HEADER);
            let to: [u8; 4] = octets.get(quoted + 16..quoted + 20)?.try_into().ok()?;
            let (quoted_to, quoted_protocol) = (IpAddr::from(to), octets[quoted + 9]);
            Some(Sent { kind: octets[icmp], code: octets[icmp + 1], quoted_to, quoted_protocol })
        }
        6 if octets[6] == ICMP_V6 => {
            let (icmp, quoted) = (40, 40 + ICMP_HEADER);
            let (quoted_to, quoted_protocol) = (IpAddr::from(array(quoted + 24)?), octets[quoted + 6]);
            Some(Sent { kind: octets[icmp], code: octets[icmp + 1], quoted_to, quoted_protocol })
        }
        _ => None,
    }
}
