//! PLACEHOLDER until the internet layer lands: the ip/link/udp author replaces this whole file.
#![allow(missing_docs, unreachable_pub)]
use crate::{config::Config, context::*, link::*, reason::*, seed::Seed, tcp::four_tuple::FourTuple, time::*};
use alloc::{collections::VecDeque, vec, vec::Vec};
use core::net::IpAddr;
use synsent_wire::{ip::Protocol, ipv4};
pub(crate) struct Ip {
    pub addrs: Vec<IpAddr>,
    pub mtu: u32,
    q: VecDeque<Vec<u8>>,
    lo: VecDeque<Vec<u8>>,
    pool: Vec<Vec<u8>>,
}
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Cast {
    Unicast,
    Broadcast,
    Multicast,
}
#[derive(Clone, Copy, Debug)]
pub(crate) struct Datagram<'a> {
    pub link: LinkId,
    pub source: IpAddr,
    pub destination: IpAddr,
    pub protocol: Protocol,
    pub hop_limit: u8,
    pub traffic_class: u8,
    pub payload: &'a [u8],
    pub packet: &'a [u8],
    pub cast: Cast,
    pub link_cast: Cast,
    pub checksum_valid: bool,
    pub segment_size: Option<u16>,
    pub next_header_offset: u32,
}
pub(crate) struct ReassembledPacket;
impl ReassembledPacket {
    pub(crate) fn datagram(&self) -> Option<Datagram<'_>> {
        None
    }
}
pub(crate) enum Arrived<'a> {
    Consumed,
    Local(Datagram<'a>),
    Reassembled(ReassembledPacket),
    Error(IcmpError<'a>),
}
pub(crate) struct IcmpError<'a> {
    pub from: IpAddr,
    pub cause: IcmpCause,
    pub link: LinkId,
    pub quoted_source: IpAddr,
    pub quoted_destination: IpAddr,
    pub protocol: Protocol,
    pub transport: &'a [u8],
}
#[derive(Clone, Copy, Debug)]
pub(crate) struct Path {
    pub link: LinkId,
    pub next_hop: IpAddr,
    pub source: IpAddr,
    pub destination: IpAddr,
    pub mtu: u32,
    pub link_mtu: u32,
    pub generation: u32,
    pub segmentation: Option<u16>,
}
pub(crate) enum Finished {
    Frame(usize),
    Queued,
    Dropped(DropReason),
}
pub(crate) struct QueueFull;
pub(crate) struct Pb(Vec<u8>);
impl Pb {
    pub(crate) fn octets(&self) -> &[u8] {
        &self.0
    }
}
impl Ip {
    pub(crate) fn new(_c: &Config, _s: &mut Seed) -> Ip {
        Ip { addrs: vec![], mtu: 1500, q: VecDeque::new(), lo: VecDeque::new(), pool: vec![] }
    }
    pub(crate) fn receive<'a>(
        &mut self,
        n: Instant,
        l: LinkId,
        f: &'a [u8],
        _r: Received,
        c: &mut Context,
    ) -> Arrived<'a> {
        self.receive_packet(n, l, f, c)
    }
    pub(crate) fn receive_packet<'a>(
        &mut self,
        _n: Instant,
        link: LinkId,
        f: &'a [u8],
        _c: &mut Context,
    ) -> Arrived<'a> {
        let Ok(v) = ipv4::View::parse(f) else { return Arrived::Consumed };
        Arrived::Local(Datagram {
            link,
            source: v.source().into(),
            destination: v.destination().into(),
            protocol: v.protocol(),
            hop_limit: 64,
            traffic_class: 0,
            payload: v.payload(),
            packet: f,
            cast: Cast::Unicast,
            link_cast: Cast::Unicast,
            checksum_valid: false,
            segment_size: None,
            next_header_offset: 9,
        })
    }
    pub(crate) fn route(
        &mut self,
        _n: Instant,
        s: Option<IpAddr>,
        d: IpAddr,
        _l: Option<LinkId>,
    ) -> Result<Path, NoPath> {
        let link = if self.addrs.contains(&d) { LinkId::LOOPBACK } else { LinkId::from_index(1) };
        Ok(Path {
            link,
            next_hop: d,
            source: s.unwrap_or(self.addrs[0]),
            destination: d,
            mtu: self.mtu,
            link_mtu: self.mtu,
            generation: 0,
            segmentation: None,
        })
    }
    pub(crate) fn generation(&self) -> u32 {
        0
    }
    pub(crate) fn path_mtu_update(&mut self, _n: Instant, _d: IpAddr, _m: u32, _c: &mut Context) {}
    pub(crate) fn is_local(&self, a: IpAddr) -> bool {
        self.addrs.contains(&a)
    }
    pub(crate) fn is_broadcast(&self, _a: IpAddr) -> bool {
        false
    }
    pub(crate) fn header_room(&self, _l: LinkId) -> usize {
        0
    }
    pub(crate) fn offload(&self, _l: LinkId) -> Offload {
        Offload::default()
    }
    pub(crate) fn finish(&mut self, _n: Instant, _p: &Path, _f: &mut [u8], len: usize, _c: &mut Context) -> Finished {
        Finished::Frame(len)
    }
    pub(crate) fn enqueue(
        &mut self,
        _n: Instant,
        p: &Path,
        l: usize,
        b: impl FnOnce(&mut [u8]),
        _c: &mut Context,
    ) -> Result<(), QueueFull> {
        let mut v = self.pool.pop().unwrap_or_default();
        v.resize(l, 0);
        b(&mut v);
        if p.link == LinkId::LOOPBACK {
            self.lo.push_back(v)
        } else {
            self.q.push_back(v)
        };
        Ok(())
    }
    pub(crate) fn poll_queue(&mut self, _n: Instant, l: LinkId, f: &mut [u8], _c: &mut Context) -> Option<Transmit> {
        if l == LinkId::LOOPBACK {
            return None;
        }
        let v = self.q.pop_front()?;
        let len = v.len();
        f[..len].copy_from_slice(&v);
        self.pool.push(v);
        Some(Transmit { len, offload: None })
    }
    pub(crate) fn pop_loopback(&mut self) -> Option<Pb> {
        self.lo.pop_front().map(Pb)
    }
    pub(crate) fn recycle(&mut self, p: Pb) {
        self.pool.push(p.0)
    }
    pub(crate) fn has_loopback(&self) -> bool {
        !self.lo.is_empty()
    }
    pub(crate) fn pop_failure(&mut self) -> Option<FourTuple> {
        None
    }
    pub(crate) fn send_error(&mut self, _n: Instant, _d: &Datagram<'_>, _c: IcmpCause, _x: &mut Context) {}
    pub(crate) fn on_deadline(&mut self, _n: Instant, _c: &mut Context) {}
    pub(crate) fn next_deadline(&self) -> Option<Instant> {
        None
    }
    pub(crate) fn advise_dead_path(&mut self, _n: Instant, _d: IpAddr) {}
}
impl crate::Stack {
    pub fn quick(&mut self, a: IpAddr) {
        self.ip.addrs.push(a)
    }
    pub fn link1(&self) -> LinkId {
        LinkId::from_index(1)
    }
}
#[derive(Clone, Copy)]
pub(crate) struct DatagramMeta {
    pub hop_limit: u8,
    pub traffic_class: u8,
    pub dont_fragment: bool,
}
pub(crate) enum SendRefused {
    QueueFull,
    TooBig { mtu: u32 },
}
impl Ip {
    pub(crate) fn send_datagram(
        &mut self,
        _n: Instant,
        _p: &Path,
        _pr: Protocol,
        _m: DatagramMeta,
        _l: usize,
        _b: impl FnOnce(&mut [u8]),
        _c: &mut Context,
    ) -> Result<(), SendRefused> {
        let _ = SendRefused::TooBig { mtu: 0 };
        Err(SendRefused::QueueFull)
    }
}
