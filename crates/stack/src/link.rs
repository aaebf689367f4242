//! PLACEHOLDER until the internet layer lands: the ip/link/udp author replaces this whole file.
#![allow(missing_docs, unreachable_pub)]
use alloc::string::String;
use core::net::IpAddr;
use synsent_wire::ethernet;
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct LinkId(u32);
impl LinkId {
    pub const LOOPBACK: LinkId = LinkId(0);
    pub fn index(self) -> usize {
        self.0 as usize
    }
    pub(crate) fn from_index(i: u32) -> LinkId {
        LinkId(i)
    }
}
#[derive(Clone, Copy, Debug)]
pub enum Medium {
    Ethernet(ethernet::Address),
    Ip,
}
#[derive(Clone, Copy, Debug, Default)]
pub struct Offload {
    pub receive_checksum_valid: bool,
    pub transmit_checksum: bool,
    pub segmentation: Option<u16>,
}
#[derive(Clone, Debug)]
pub struct LinkConfig {
    pub name: String,
    pub medium: Medium,
    pub mtu: u16,
    pub offload: Offload,
}
#[derive(Clone, Copy, Debug)]
pub struct Cidr(pub IpAddr, pub u8);
pub struct ParseCidrError;
pub struct Route;
pub enum RouteKind {
    A,
}
#[derive(Clone, Copy, Debug, Default)]
pub struct Received {
    pub checksum_valid: bool,
    pub segment_size: Option<u16>,
}
#[derive(Clone, Copy, Debug)]
pub struct SegmentOffload {
    pub checksum_start: u16,
    pub checksum_offset: u16,
    pub segment_size: Option<u16>,
    pub header_len: u16,
    pub ipv6: bool,
}
#[derive(Clone, Copy, Debug)]
pub struct Transmit {
    pub len: usize,
    pub offload: Option<SegmentOffload>,
}
