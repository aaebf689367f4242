//! The one octet of urgent data that is read out of its place in the stream.
//!
//! The stack leaves urgent data where it was sent and says how far away its end is (RFC 6093 recommends no more). A socket that
//! does not want it in line reads up to the octet before the end, steps over it, and gets it when it asks for it. When a
//! later urgent octet is announced, one that was not stepped over yet becomes ordinary data, as everywhere.

use synsent_stack::{FlowId, Instant, ReceiveError, Stack};

use crate::failure::{Failure, Outcome};
use crate::provider::{Answer, Progress};

/// Where a stream stands towards its urgent data.
#[derive(Default)]
pub(super) struct Urgent {
    /// The octet that was stepped over and is not asked for yet.
    kept: Option<u8>,
    /// How many octets were read of the stream.
    read: u64,
    /// Where the end of the urgent data was whose octet has been handed out in its place already.
    handed_out: Option<u64>,
}

impl Urgent {
    /// How many octets an ordinary read may take now; steps over the urgent octet when that is next.
    pub(super) fn room(&mut self, stack: &mut Stack, now: Instant, flow: FlowId) -> usize {
        while let Some(left) = stack.tcp_urgent_octets(flow) {
            if left > 1 {
                return left as usize - 1;
            }
            let mut octet = [0];
            if stack.tcp_receive(now, flow, &mut octet) != Ok(1) {
                break;
            }
            self.read += 1;
            if self.handed_out.take() != Some(self.read) {
                self.kept = Some(octet[0]);
            }
        }
        usize::MAX
    }

    /// Counts what an ordinary read took.
    pub(super) fn note_read(&mut self, octets: usize) {
        self.read += octets as u64;
    }

    /// Whether an urgent octet could be handed out.
    pub(super) fn is_there(&self, stack: &Stack, flow: FlowId) -> bool {
        self.kept.is_some() || self.ahead(stack, flow).is_some()
    }

    /// Hands the urgent octet out.
    pub(super) fn take(&mut self, stack: &Stack, flow: FlowId, peek: bool) -> Answer<u8> {
        if let Some(left) = self.ahead(stack, flow) {
            let mut upto = vec![0; left as usize];
            return match stack.tcp_peek(flow, &mut upto) {
                Ok(octets) if octets == upto.len() => {
                    if !peek {
                        self.handed_out = Some(self.read + u64::from(left));
                        self.kept = None;
                    }
                    Ok(Progress::Done(upto[octets - 1]))
                }
                // It was announced and is on its way.
                Ok(_) | Err(ReceiveError::WouldBlock) => Ok(Progress::Pending),
                Err(_) => Err(Failure::plain(Outcome::NoUrgentData)),
            };
        }
        let kept = if peek { self.kept } else { self.kept.take() };
        kept.map(Progress::Done).ok_or_else(|| Outcome::NoUrgentData.into())
    }

    /// How far the end of urgent data is whose octet was not handed out yet.
    fn ahead(&self, stack: &Stack, flow: FlowId) -> Option<u32> {
        let left = stack.tcp_urgent_octets(flow)?;
        (self.handed_out != Some(self.read + u64::from(left))).then_some(left)
    }
}
