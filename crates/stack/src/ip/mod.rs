//! PLACEHOLDER until the internet layer lands: the ip author replaces this whole file (take yours on conflict).
#![allow(missing_docs, unreachable_pub, dead_code)]
use crate::{config::Config, context::*, link::*, reason::*, seed::Seed, tcp::four_tuple::FourTuple, time::*};
use alloc::{collections::VecDeque, vec, vec::Vec};
use core::net::IpAddr;
use synsent_wire::{ip::Protocol, ipv4, ipv6};
pub(crate) struct Ip {
    pub links: Vec<LinkConfig>,
    pub addrs: Vec<(LinkId, Cidr)>,
    pub routes: Vec<Route>,
    q: Vec<VecDeque<Vec<u8>>>,
    lo: VecDeque<Vec<u8>>,
    pool: Vec<Vec<u8>>,
    generation: u32,
    mtus: Vec<(IpAddr, u32)>,
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
    pub(crate) fn new(_c: &Config, _s: &mut Seed) -> Ip {
        let mut lo = LinkConfig::ip("lo");
        lo.mtu = 65535;
        Ip {
            links: vec![lo],
            addrs: vec![(LinkId::LOOPBACK, Cidr::host(IpAddr::V4(core::net::Ipv4Addr::LOCALHOST)))],
            routes: vec![],
            q: vec![VecDeque::new()],
            lo: VecDeque::new(),
            pool: vec![],
            generation: 0,
            mtus: vec![],
        }
    }
    pub(crate) fn add_link(&mut self, _n: Instant, c: LinkConfig, _x: &mut Context) -> LinkId {
        self.links.push(c);
        self.q.push(VecDeque::new());
        LinkId::from_index(self.links.len() as u32 - 1)
    }
    pub(crate) fn add_address(
        &mut self,
        _n: Instant,
        l: LinkId,
        c: Cidr,
        _x: &mut Context,
    ) -> Result<(), AddressError> {
        self.addrs.push((l, c));
        self.routes.push(Route::on_link(c.network(), l));
        self.generation += 1;
        Ok(())
    }
    pub(crate) fn add_route(&mut self, r: Route) -> Result<(), RouteError> {
        self.routes.push(r);
        self.generation += 1;
        Ok(())
    }
    pub(crate) fn receive<'a>(
        &mut self,
        n: Instant,
        l: LinkId,
        f: &'a [u8],
        r: Received,
        c: &mut Context,
    ) -> Arrived<'a> {
        match self.receive_packet(n, l, f, c) {
            Arrived::Local(mut d) => {
                d.checksum_valid = r.checksum_valid;
                Arrived::Local(d)
            }
            o => o,
        }
    }
    pub(crate) fn receive_packet<'a>(
        &mut self,
        _n: Instant,
        link: LinkId,
        f: &'a [u8],
        _c: &mut Context,
    ) -> Arrived<'a> {
        let d = if f.first().is_some_and(|b| b >> 4 == 6) {
            let Ok(v) = ipv6::View::parse(f) else { return Arrived::Consumed };
            Datagram {
                link,
                source: v.source().into(),
                destination: v.destination().into(),
                protocol: v.next_header(),
                hop_limit: 64,
                traffic_class: 0,
                payload: v.payload(),
                packet: f,
                cast: Cast::Unicast,
                link_cast: Cast::Unicast,
                checksum_valid: false,
                segment_size: None,
                next_header_offset: 6,
            }
        } else {
            let Ok(v) = ipv4::View::parse(f) else { return Arrived::Consumed };
            Datagram {
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
            }
        };
        if !self.is_local(d.destination) {
            return Arrived::Consumed;
        }
        if d.protocol == Protocol::ICMPV4 {
            use synsent_wire::icmpv4::Repr;
            let (cause, q) = match Repr::parse(d.payload) {
                Ok(Repr::DestinationUnreachable { code: 4, next_hop_mtu, quoted }) => {
                    (IcmpCause::TooBig { mtu: u32::from(next_hop_mtu) }, quoted)
                }
                Ok(Repr::DestinationUnreachable { code, quoted, .. }) => (IcmpCause::V4Unreachable(code), quoted),
                Ok(Repr::TimeExceeded { code, quoted, .. }) => (IcmpCause::TimeExceeded { code }, quoted),
                Ok(Repr::SourceQuench { quoted, .. }) => (IcmpCause::SourceQuench, quoted),
                _ => return Arrived::Consumed,
            };
            let Ok(v) = ipv4::View::parse_quoted(q) else { return Arrived::Consumed };
            return Arrived::Error(IcmpError {
                from: d.source,
                cause,
                link,
                quoted_source: v.source().into(),
                quoted_destination: v.destination().into(),
                protocol: v.protocol(),
                transport: v.payload(),
            });
        }
        Arrived::Local(d)
    }
    pub(crate) fn route(
        &mut self,
        _n: Instant,
        s: Option<IpAddr>,
        d: IpAddr,
        _l: Option<LinkId>,
    ) -> Result<Path, NoPath> {
        let (link, next_hop) = if self.is_local(d) {
            (LinkId::LOOPBACK, d)
        } else {
            let r = self
                .routes
                .iter()
                .filter(|r| r.destination.contains(d))
                .max_by_key(|r| r.destination.prefix_len())
                .ok_or(NoPath::NoRoute)?;
            let nh = r.gateway.unwrap_or(d);
            let link = r
                .link
                .or_else(|| {
                    self.routes.iter().find(|x| x.link.is_some() && x.destination.contains(nh)).and_then(|x| x.link)
                })
                .ok_or(NoPath::NoLink)?;
            (link, nh)
        };
        let source = match s {
            Some(s) => s,
            None if link == LinkId::LOOPBACK => d,
            None => self
                .addrs
                .iter()
                .find(|(l, c)| *l == link && c.addr().is_ipv4() == d.is_ipv4())
                .map(|(_, c)| c.addr())
                .ok_or(NoPath::NoSource)?,
        };
        let cfg = &self.links[link.index()];
        let lm = u32::from(cfg.mtu);
        let mtu = self.mtus.iter().find(|(a, _)| *a == d).map_or(lm, |(_, m)| *m);
        Ok(Path {
            link,
            next_hop,
            source,
            destination: d,
            mtu,
            link_mtu: lm,
            generation: self.generation,
            segmentation: cfg.offload.segmentation,
        })
    }
    pub(crate) fn generation(&self) -> u32 {
        self.generation
    }
    pub(crate) fn path_mtu_update(&mut self, _n: Instant, d: IpAddr, m: u32, _c: &mut Context) {
        self.mtus.retain(|(a, _)| *a != d);
        self.mtus.push((d, m));
        self.generation += 1
    }
    pub(crate) fn is_local(&self, a: IpAddr) -> bool {
        self.addrs.iter().any(|(_, c)| c.addr() == a)
    }
    pub(crate) fn is_broadcast(&self, _a: IpAddr) -> bool {
        false
    }
    pub(crate) fn header_room(&self, _l: LinkId) -> usize {
        0
    }
    pub(crate) fn offload(&self, l: LinkId) -> Offload {
        self.links[l.index()].offload
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
            self.q[p.link.index()].push_back(v)
        };
        Ok(())
    }
    pub(crate) fn poll_queue(&mut self, _n: Instant, l: LinkId, f: &mut [u8], _c: &mut Context) -> Option<Transmit> {
        let v = self.q.get_mut(l.index())?.pop_front()?;
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
    pub(crate) fn send_datagram(
        &mut self,
        n: Instant,
        p: &Path,
        pr: Protocol,
        m: DatagramMeta,
        l: usize,
        b: impl FnOnce(&mut [u8]),
        c: &mut Context,
    ) -> Result<(), SendRefused> {
        if l + 20 > p.mtu as usize {
            return Err(SendRefused::TooBig { mtu: p.mtu });
        }
        let (IpAddr::V4(source), IpAddr::V4(destination)) = (p.source, p.destination) else {
            return Err(SendRefused::QueueFull);
        };
        self.enqueue(
            n,
            p,
            l + 20,
            |buf| {
                let at = ipv4::Repr {
                    source,
                    destination,
                    protocol: pr,
                    ttl: m.hop_limit,
                    traffic_class: m.traffic_class,
                    identification: 1,
                    dont_fragment: false,
                    more_fragments: false,
                    fragment_offset_octets: 0,
                    payload_len: l,
                }
                .emit(buf);
                b(&mut buf[at..])
            },
            c,
        )
        .map_err(|_| SendRefused::QueueFull)
    }
}
