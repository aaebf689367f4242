//! The simulated network of synsent: hosts, cables with faults and routers, all in virtual time.
//!
//! A [`Lab`] is made from one seed. Hosts are [`Stack`](synsent_stack::Stack)s; a router is a host that forwards; cables join
//! them and do wrong what their [`Faults`] say. Time moves only from one event to the next, so a ladder of three minutes
//! takes a millisecond, and the same seed gives the same octets at the same times: [`Capture::digest`] shows it.
//!
//! A test makes a lab, calls the stacks with [`Lab::call`], and runs until a condition holds ([`Lab::run_until`]). The
//! helpers do the common parts: [`Lab::establish`] for a connection, [`Transfer`] for bulk data that is checked octet by
//! octet, [`Behaviour`] for peers that refuse, stay silent or reset. A program with blocking calls gets a [`LabNetwork`], the
//! network of a process on one host of a [`SharedLab`]. Nothing here opens a descriptor or reads a clock.

#![forbid(unsafe_code)]

mod cable;
mod capture;
mod cases;
mod clock;
mod datagrams;
mod descriptors;
mod faults;
mod gate;
mod host;
mod http;
mod known;
mod lab;
mod name_server;
mod names;
mod neighbourhood;
mod network;
mod obstruct;
mod outgoing;
mod pattern;
mod peer;
mod resp;
mod rng;
mod rules;
mod scenario;
mod service;
mod serving;
mod shared;
mod sight;
mod tap;
mod transfer;
mod wire_words;

pub use cable::{CableId, Rule, RuleId};
pub use capture::{Capture, Record};
pub use cases::cases;
pub use datagrams::{SUNK_MAX, Sunk, UdpBehaviour};
pub use descriptors::{DESCRIPTORS_MAX, Descriptors};
pub use faults::{Fate, Faults};
pub use gate::{ATTEMPTS_MAX, Deed, VERDICTS_MAX, Verdict};
pub use http::{BODY_OCTETS_MAX, HEAD_FIELDS_MAX, HEAD_OCTETS_MAX};
pub use lab::{HostId, Lab, Limits};
pub use name_server::{ASKED_MAX, Asked, LATE_ANSWERS_MAX, NAME_FLOWS_MAX, NAME_QUERY_OCTETS_MAX, ServeNamesError};
pub use names::{NamesMode, RecordKind, Reply, Said, Via, ZONE_ADDRESSES_MAX, ZONE_NAMES_MAX, Zone, ZoneError};
pub use neighbourhood::{Neighbourhood, Place};
pub use network::LabNetwork;
pub use obstruct::{IcmpError, IcmpMessage, Obstruction};
pub use pattern::Pattern;
pub use peer::{Behaviour, DESKS_MAX};
pub use resp::{COMMAND_PARTS_MAX, TRANSACTION_OCTETS_MAX};
pub use rng::Rng;
pub use rules::{BodyOctets, By, Does, Late, Row, Speech, When};
pub use scenario::{
    Case, Exit, Expect, OutputPattern, SCENARIO_ADDRESSES_MAX, SCENARIO_BACKLOG_MAX, SCENARIO_CASES_MAX,
    SCENARIO_EXPECTED_MAX, SCENARIO_FILE_HOSTS_MAX, SCENARIO_FILE_PORTS_MAX, SCENARIO_HOSTS_MAX, SCENARIO_NAMES_MAX,
    SCENARIO_OCTETS_MAX, SCENARIO_PATTERN_OCTETS_MAX, SCENARIO_PORTS_MAX, SCENARIO_RECORDS_MAX, SCENARIO_ROUTES_MAX,
    SCENARIO_TEXT_OCTETS_MAX, Scenario, ScenarioError, Scenarios, Staged, StagedTap, Staging,
};
pub use service::{Cut, CutHow, SESSION_INPUT_OCTETS_MAX, Service, Session, Speaks, Wants};
pub use shared::{Participation, Seat, SharedLab};
pub use sight::{Packet, Segment, Sight};
pub use tap::{TAP_FRAMES_MAX, TapId};
pub use transfer::{Failed, Report, Stream, Transfer};
