//! The eleven names of RFC 9293 section 3.3.2 and the permitted steps between them, as data.
//!
//! A connection does not store its name: it is one of a few shapes (see `block.rs`), and the name follows from the shape.
//! [`TRANSITIONS`] is the figure of the RFC with the steps that later documents added; the one function that changes a shape
//! checks itself against it in debug builds, and a test draws it as Graphviz.

use core::fmt;

/// The state of a connection.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub enum State {
    /// No connection.
    Closed,
    /// Waiting for a request from any peer.
    Listen,
    /// Our SYN is out, no answer yet.
    SynSent,
    /// Both SYNs are out, ours is not acknowledged yet.
    SynReceived,
    /// Open both ways.
    Established,
    /// Our FIN is out, not acknowledged.
    FinWait1,
    /// Our FIN is acknowledged, the peer may still send.
    FinWait2,
    /// The peer's FIN came first; we may still send.
    CloseWait,
    /// Both FINs are out, ours is not acknowledged, theirs came after ours left.
    Closing,
    /// The peer's FIN came first, ours is out and not acknowledged.
    LastAck,
    /// Both FINs are acknowledged; old duplicates die out.
    TimeWait,
}

impl State {
    /// The name as the RFC prints it.
    pub const fn name(self) -> &'static str {
        match self {
            State::Closed => "CLOSED",
            State::Listen => "LISTEN",
            State::SynSent => "SYN-SENT",
            State::SynReceived => "SYN-RECEIVED",
            State::Established => "ESTABLISHED",
            State::FinWait1 => "FIN-WAIT-1",
            State::FinWait2 => "FIN-WAIT-2",
            State::CloseWait => "CLOSE-WAIT",
            State::Closing => "CLOSING",
            State::LastAck => "LAST-ACK",
            State::TimeWait => "TIME-WAIT",
        }
    }

    /// Whether the step from `self` to `to` is in [`TRANSITIONS`].
    pub fn may_become(self, to: State) -> bool {
        self == to || TRANSITIONS.iter().any(|step| step.from == self && step.to == to)
    }
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// One permitted step, and what brings it about.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Transition {
    /// The state before.
    pub from: State,
    /// The state after.
    pub to: State,
    /// What brings it about.
    pub by: &'static str,
}

const fn step(from: State, to: State, by: &'static str) -> Transition {
    Transition { from, to, by }
}

/// Every permitted step.
pub const TRANSITIONS: &[Transition] = &[
    step(State::Closed, State::Listen, "passive OPEN"),
    step(State::Closed, State::SynSent, "active OPEN, SYN"),
    step(State::Closed, State::SynReceived, "rcv SYN at a listener, SYN,ACK"),
    step(State::Closed, State::Established, "rcv ACK of a SYN cookie, or of our SYN,ACK"),
    step(State::Listen, State::Closed, "CLOSE"),
    step(State::SynSent, State::Established, "rcv SYN,ACK"),
    step(State::SynSent, State::SynReceived, "rcv SYN, SYN,ACK"),
    step(State::SynSent, State::Closed, "CLOSE, RST, ICMP, timeout"),
    step(State::SynReceived, State::Established, "rcv ACK of SYN"),
    step(State::SynReceived, State::FinWait1, "rcv ACK of SYN after CLOSE"),
    step(State::SynReceived, State::Closed, "RST, ABORT, ICMP, timeout"),
    step(State::Established, State::FinWait1, "CLOSE, FIN"),
    step(State::Established, State::CloseWait, "rcv FIN"),
    step(State::Established, State::Closed, "RST, ABORT, timeout"),
    step(State::FinWait1, State::FinWait2, "rcv ACK of FIN"),
    step(State::FinWait1, State::Closing, "rcv FIN"),
    step(State::FinWait1, State::TimeWait, "rcv FIN, ACK of FIN"),
    step(State::FinWait1, State::Closed, "RST, ABORT, timeout"),
    step(State::FinWait2, State::TimeWait, "rcv FIN"),
    step(State::FinWait2, State::Closed, "RST, ABORT, timeout"),
    step(State::CloseWait, State::LastAck, "CLOSE, FIN"),
    step(State::CloseWait, State::Closed, "RST, ABORT, timeout"),
    step(State::Closing, State::TimeWait, "rcv ACK of FIN"),
    step(State::Closing, State::Closed, "RST, ABORT, timeout"),
    step(State::LastAck, State::Closed, "rcv ACK of FIN, RST, timeout"),
    step(State::TimeWait, State::Closed, "2 MSL, or a new SYN that proves itself"),
];

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::collections::{BTreeMap, BTreeSet};
    use alloc::format;
    use alloc::string::String;

    /// The figure of RFC 9293 section 3.3.2, typed from the document, without the steps to CLOSED by reset and timeout.
    const FIGURE_5: &[(State, State)] = &[
        (State::Closed, State::Listen),
        (State::Closed, State::SynSent),
        (State::Listen, State::Closed),
        (State::SynSent, State::Closed),
        (State::SynSent, State::SynReceived),
        (State::SynSent, State::Established),
        (State::SynReceived, State::Established),
        (State::SynReceived, State::FinWait1),
        (State::Established, State::FinWait1),
        (State::Established, State::CloseWait),
        (State::FinWait1, State::FinWait2),
        (State::FinWait1, State::Closing),
        (State::FinWait2, State::TimeWait),
        (State::Closing, State::TimeWait),
        (State::CloseWait, State::LastAck),
        (State::LastAck, State::Closed),
        (State::TimeWait, State::Closed),
    ];

    #[test]
    fn the_table_holds_the_figure_and_is_drawn() {
        let mut graph = String::from("digraph tcp {\n");
        for step in TRANSITIONS {
            graph += &format!("  \"{}\" -> \"{}\" [label=\"{}\"];\n", step.from, step.to, step.by);
        }
        graph.push('}');
        for (from, to) in FIGURE_5 {
            assert!(graph.contains(&format!("\"{from}\" -> \"{to}\"")), "{from} -> {to} is missing in\n{graph}");
        }
    }

    #[test]
    fn every_state_is_left_towards_closed_and_no_step_stands_twice() {
        let mut after: BTreeMap<State, BTreeSet<State>> = BTreeMap::new();
        for step in TRANSITIONS {
            assert!(after.entry(step.from).or_default().insert(step.to), "{step:?} stands twice");
        }
        for (from, to) in &after {
            assert!(*from == State::Closed || to.contains(&State::Closed), "{from} cannot end");
        }
        assert!(!State::Established.may_become(State::SynSent));
        assert!(!State::CloseWait.may_become(State::TimeWait));
    }
}
