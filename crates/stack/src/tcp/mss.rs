//! The sizes of segments (RFC 9293 section 3.7.1): what a peer takes, what we announce, what is sent.

use synsent_wire::tcp::HEADER_LEN;

use super::four_tuple::FourTuple;
use super::transmit;
use crate::ip::Path;

/// What a host takes when it does not say (9293/MUST-15).
pub(crate) const DEFAULT_MSS_V4: u16 = 536;
pub(crate) const DEFAULT_MSS_V6: u16 = 1_220;

/// Octets of the timestamps option with its padding.
const TIMESTAMPS_OCTETS: u32 = 12;

/// Eff.snd.MSS (9293/MUST-16): the least of what the peer takes and what the path takes, without the options of each segment.
pub(crate) fn effective_mss(
    peer_mss: u16,
    path_mtu: u32,
    tuple: &FourTuple,
    timestamps: bool,
    most: Option<u16>,
) -> u32 {
    let headers = transmit::ip_header_len(tuple) as u32 + HEADER_LEN as u32;
    let mut mss = u32::from(peer_mss).min(path_mtu.saturating_sub(headers));
    if let Some(most) = most {
        mss = mss.min(u32::from(most));
    }
    let options = if timestamps { TIMESTAMPS_OCTETS } else { 0 };
    // A peer that asks for less than a header's worth gets segments that still make progress.
    mss.saturating_sub(options).max(8)
}

/// The MSS that we announce: what arrives in one packet of the link, less the fixed headers (9293/MUST-67, 9293/SHLD-6).
pub(crate) fn announced_mss(path: &Path, tuple: &FourTuple, most: Option<u16>) -> u16 {
    let headers = transmit::ip_header_len(tuple) as u32 + HEADER_LEN as u32;
    let mss = path.link_mtu.saturating_sub(headers).min(u32::from(u16::MAX)) as u16;
    most.map_or(mss, |most| mss.min(most))
}
