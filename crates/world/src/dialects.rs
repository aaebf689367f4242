//! What connect() of each dialect would have reported where the program was: its own function, executed in virtual time
//! on the recorded scenario.
//!
//! Each dialect gets a lab of its own, built with the seed of the run, and a machine with our stack in the place of the
//! program's. It makes the program's first connect() there that it can make: to the same peer, with the same kind of
//! socket, and blocking. What the program's kernel was told to do otherwise (fewer repetitions of a SYN) is not so
//! there: a dialect waits as long as it waits. Each names the peer that it was asked about, for one that has no IPv6
//! is asked about another than the rest; one that knows none of the program's peers by their family says so.

use std::net::SocketAddr;

use synsent_dialects::{Dialect, Process, Said, bs2000, last_said, targettcp, winsock1, winsock2};
use synsent_explain::{Attempt, DialectSaid, Run, SocketKind, own_attempts};
use synsent_lab::{LabNetwork, Scenario, SharedLab, Staged, Staging};
use synsent_sockets::{Name, Network as _};

use crate::stage;

/// A dialect and the calls of it that lead to connect() and its answer.
struct Calls {
    dialect: &'static Dialect,
    inet6: Option<i32>,
    /// `Err(None)` is a call that failed without a word, which none does.
    connect: fn(family: i32, kind: i32, peer: SocketAddr) -> Result<(), Option<Said>>,
}

/// The number of IPv4 in all four headers.
const INET4: i32 = 2;
/// The number of a stream socket in all four headers.
const STREAM: i32 = 1;
/// The number of a datagram socket in all four headers.
const DATAGRAM: i32 = 2;

/// The calls of a dialect of Windows, started with this version.
macro_rules! windows {
    ($module:ident, $dialect:ident, $version:literal, $inet6:expr) => {
        Calls {
            dialect: &$module::$dialect,
            inet6: $inet6,
            connect: |family, kind, peer| {
                if $module::WSAStartup($version, Some(&mut $module::WSADATA::default())) != 0 {
                    return Err(last_said());
                }
                let s = $module::socket(family, kind, 0);
                if s == $module::INVALID_SOCKET {
                    return Err(last_said());
                }
                $module::connect_to(s, peer).map_err(Some)
            },
        }
    };
}

static CALLS: [Calls; 4] = [
    windows!(winsock1, WINSOCK1, 0x0101, None),
    windows!(winsock2, WINSOCK2, 0x0202, Some(winsock2::AF_INET6)),
    Calls {
        dialect: &targettcp::TARGETTCP,
        inet6: Some(targettcp::AF_INET6),
        connect: |family, kind, peer| {
            if targettcp::target_tcp_init() != 0 {
                return Err(last_said());
            }
            let socket = targettcp::socket(family, kind, 0);
            if socket < 0 {
                return Err(last_said());
            }
            targettcp::connect_to(socket, peer).map_err(Some)
        },
    },
    Calls {
        dialect: &bs2000::BS2000,
        inet6: Some(bs2000::AF_INET6),
        connect: |family, kind, peer| {
            let s = bs2000::socket(family, kind, 0);
            if s < 0 {
                return Err(last_said());
            }
            bs2000::connect_to(s, &Name::Inet(peer)).map_err(Some)
        },
    },
];

/// What each dialect would have said, in the order of their documents. Nothing where the program called no connect(),
/// or the scenario of the record cannot be read.
pub fn ask(run: &Run) -> Vec<DialectSaid> {
    let Ok(scenario) = stage::scenario(&run.scenario, &run.case) else { return Vec::new() };
    let attempts = own_attempts(run);
    CALLS.iter().filter_map(|calls| calls.ask(run, &scenario, &attempts)).collect()
}

impl Calls {
    fn ask(&self, run: &Run, scenario: &Scenario, attempts: &[Attempt]) -> Option<DialectSaid> {
        attempts.first()?;
        let Some((family, kind, peer)) = attempts.iter().find_map(|attempt| self.can_make(attempt)) else {
            return Some(self.not_asked());
        };
        let staging = Staging { seed: Some(run.seed), ..Staging::default() };
        let Staged { lab, us, .. } = scenario.stage_with(&staging);
        let network = LabNetwork::new(&SharedLab::new(lab), us);
        let process = Process::new(self.dialect, network.clone());
        let began = network.now();
        let entered = process.enter();
        let result = (self.connect)(family, kind, peer);
        drop(entered);
        let took_ms = u64::try_from(network.now().since(began).as_millis()).unwrap_or(u64::MAX);
        let said = DialectSaid {
            dialect: self.dialect.name.to_owned(),
            name: "connected".to_owned(),
            number: None,
            clause: String::new(),
            sentence: format!("{peer} is connected; what comes after connect() is not tried"),
            took_ms: Some(took_ms),
        };
        match result {
            Ok(()) => Some(said),
            Err(error) => {
                let error = error?;
                Some(DialectSaid {
                    name: error.name.to_owned(),
                    number: Some(i64::from(error.number)),
                    clause: error.source.clause.to_owned(),
                    sentence: format!("{peer}: {}", self.sentence(&error)),
                    ..said
                })
            }
        }
    }

    /// No peer of the program is one that the dialect can name.
    fn not_asked(&self) -> DialectSaid {
        DialectSaid {
            dialect: self.dialect.name.to_owned(),
            name: "not asked".to_owned(),
            number: None,
            clause: String::new(),
            sentence: "it has no sockets of the kind or family that the program connected".to_owned(),
            took_ms: None,
        }
    }

    /// Family, kind and peer of an attempt, where the dialect can make it too.
    fn can_make(&self, attempt: &Attempt) -> Option<(i32, i32, SocketAddr)> {
        let peer = attempt.peer?;
        let family = if peer.is_ipv4() { INET4 } else { self.inet6? };
        let kind = match attempt.kind {
            SocketKind::Stream => STREAM,
            SocketKind::Datagram => DATAGRAM,
            SocketKind::Other => return None,
        };
        Some((family, kind, peer))
    }

    /// What the page means by the word, and why it is the word here where the clause does not say it.
    fn sentence(&self, said: &Said) -> String {
        let meaning = self.dialect.spelling(said.word).map_or("", |spelling| spelling.meaning);
        match said.source.because {
            "" => meaning.to_owned(),
            because => format!("{}; {because}", meaning.trim_end_matches('.')),
        }
    }
}
