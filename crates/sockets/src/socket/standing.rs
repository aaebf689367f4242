//! Where a socket stands, in a few octets: what a caller that has to judge before each call asks, once and under one lock.
//!
//! It says no reason; [`Socket::phase`](super::Socket::phase) does.

use synsent_stack::Duration;

use super::{Phase, Socket};
use crate::failure::Outcome;

/// Where a socket stands in its life, without the reasons.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Stage {
    /// See [`Phase::Idle`].
    Idle,
    /// See [`Phase::Connecting`].
    Connecting,
    /// See [`Phase::Failed`].
    Failed(Outcome),
    /// See [`Phase::Connected`].
    Connected,
    /// See [`Phase::Broken`].
    Broken(Outcome),
    /// See [`Phase::Listening`].
    Listening,
    /// See [`Phase::Closed`].
    Closed,
}

/// What a socket says of itself at one moment.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Standing {
    /// Where it stands in its life.
    pub stage: Stage,
    /// See [`Socket::is_disconnected`].
    pub disconnected: bool,
    /// Whether its calls do not wait.
    pub nonblocking: bool,
    /// Whether receiving was ended by `shutdown`.
    pub receiving_shut: bool,
    /// Whether sending was ended by `shutdown`.
    pub sending_shut: bool,
}

impl Socket {
    /// Where it stands, after a look at an opening that was under way.
    pub fn standing(&self) -> Standing {
        let mut state = self.state();
        self.look(&mut state);
        let stage = match &state.phase {
            Phase::Idle => Stage::Idle,
            Phase::Connecting => Stage::Connecting,
            Phase::Failed(failure) => Stage::Failed(failure.outcome),
            Phase::Connected => Stage::Connected,
            Phase::Broken(failure) => Stage::Broken(failure.outcome),
            Phase::Listening => Stage::Listening,
            Phase::Closed => Stage::Closed,
        };
        Standing {
            stage,
            disconnected: state.disconnected,
            nonblocking: state.nonblocking,
            receiving_shut: state.shut_receive,
            sending_shut: state.shut_send,
        }
    }

    /// How long there has been a connection; `None` where there is none.
    pub fn connected_for(&self) -> Option<Duration> {
        self.connected_at().map(|since| self.network.now().since(since))
    }
}
