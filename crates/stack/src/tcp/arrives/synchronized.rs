//! SEGMENT ARRIVES in ESTABLISHED and every state after it (RFC 9293 section 3.10.7.4), in the order of the RFC's checks.

use core::ops::ControlFlow;

use super::{Outcome, steps};
use crate::tcp::block::Flow;
use crate::tcp::segment::Segment;
use crate::tcp::turn::Turn;

/// Takes a segment through the eight checks.
pub(crate) fn arrives(flow: &mut Flow, segment: &Segment<'_>, turn: &mut Turn<'_>) -> Outcome {
    match checks(flow, segment, turn) {
        ControlFlow::Break(outcome) => outcome,
        ControlFlow::Continue(()) => Outcome::Stay,
    }
}

fn checks(flow: &mut Flow, segment: &Segment<'_>, turn: &mut Turn<'_>) -> ControlFlow<Outcome> {
    steps::timestamp(flow, segment, turn)?;
    let accepted = steps::first_sequence_number(flow, segment, turn)?;
    steps::second_reset(flow, segment, turn)?;
    // The third check, of security and precedence, has no counterpart: no system uses it.
    steps::fourth_syn(flow, segment, turn)?;
    steps::fifth_acknowledgment(flow, segment, turn)?;
    steps::sixth_urgent(flow, segment, turn);
    let reached = steps::seventh_text(flow, segment, &accepted, turn)?;
    steps::eighth_fin(flow, reached, turn)
}
