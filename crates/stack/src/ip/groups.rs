//! The groups that this host listens to, and telling routers of them (IGMPv2, RFC 2236; MLDv2, RFC 3810).
//!
//! A group is joined as often as it is left. A join is reported twice, a query is answered within the time that it allows,
//! and the last leave is told. Groups that every node is in are never reported.

use core::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use synsent_wire::ip::Protocol;
use synsent_wire::mld::{self, Record, RecordKind, Records};
use synsent_wire::{icmpv6, igmp, ipv4, ipv6, ipv6_extension};

use super::addresses::solicited_node;
use super::ndp::ALL_NODES;
use super::packet::Urge;
use super::{Datagram, Ip, source};
use crate::context::{Context, DropReason};
use crate::link::LinkId;
use crate::time::{Duration, Instant};

/// How many groups one link may be in.
pub(crate) const GROUPS_MAX: usize = 1024;
/// How long after a join it is reported again.
const REPORT_AGAIN: Duration = Duration::from_secs(1);
/// How many reports follow a join.
const REPORTS: u8 = 2;
/// All hosts of the link.
const ALL_HOSTS: Ipv4Addr = Ipv4Addr::new(224, 0, 0, 1);
const ALL_V4_ROUTERS: Ipv4Addr = Ipv4Addr::new(224, 0, 0, 2);
/// Where reports of version 2 go.
const ALL_MLD_ROUTERS: Ipv6Addr = Ipv6Addr::new(0xff02, 0, 0, 0, 0, 0, 0, 0x16);
/// The router alert option with value 0 (RFC 2113).
const ROUTER_ALERT: [u8; 4] = [ipv4::OPTION_ROUTER_ALERT, 4, 0, 0];

/// A group of a link.
#[derive(Debug)]
pub(super) struct Membership {
    group: IpAddr,
    /// How often it was joined and not left.
    joined: u32,
    reports_left: u8,
    report_at: Option<Instant>,
}

/// Why a group was not joined or left.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum GroupError {
    /// There is no such link.
    NoSuchLink,
    /// It is no multicast address.
    NotAGroup,
    /// The link is in too many groups.
    TooMany,
    /// It was not joined.
    NotJoined,
}

impl core::fmt::Display for GroupError {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(match self {
            GroupError::NoSuchLink => "the link does not exist",
            GroupError::NotAGroup => "not a multicast address",
            GroupError::TooMany => "the link is in too many groups",
            GroupError::NotJoined => "the group was not joined",
        })
    }
}

impl core::error::Error for GroupError {}

impl Ip {
    /// Whether packets to a group are for this host.
    pub(super) fn is_joined(&self, link: LinkId, group: IpAddr) -> bool {
        is_everybodys(group) || self.links[link.index()].groups.iter().any(|membership| membership.group == group)
    }

    /// Listens to a group on a link.
    pub(crate) fn join_group(
        &mut self,
        now: Instant,
        link: LinkId,
        group: IpAddr,
        ctx: &mut Context,
    ) -> Result<(), GroupError> {
        let of_link = self.links.get_mut(link.index()).ok_or(GroupError::NoSuchLink)?;
        if !group.is_multicast() {
            return Err(GroupError::NotAGroup);
        }
        if let Some(membership) = of_link.groups.iter_mut().find(|membership| membership.group == group) {
            membership.joined += 1;
            return Ok(());
        }
        if of_link.groups.len() >= GROUPS_MAX {
            return Err(GroupError::TooMany);
        }
        let reports_left = if is_reported(link, group) { REPORTS - 1 } else { 0 };
        let report_at = (reports_left > 0).then_some(now + REPORT_AGAIN);
        of_link.groups.push(Membership { group, joined: 1, reports_left, report_at });
        if let Some(at) = report_at {
            self.arm(at);
            self.report(now, link, group, RecordKind::ToExclude, ctx);
        }
        Ok(())
    }

    /// Ends one join of a group.
    pub(crate) fn leave_group(
        &mut self,
        now: Instant,
        link: LinkId,
        group: IpAddr,
        ctx: &mut Context,
    ) -> Result<(), GroupError> {
        if self.drop_membership(link, group)? && is_reported(link, group) {
            self.report(now, link, group, RecordKind::ToInclude, ctx);
        }
        Ok(())
    }

    /// Lets every group of a link be reported as if it had just been joined.
    pub(super) fn report_groups_again(&mut self, now: Instant, link: LinkId) {
        let Some(of_link) = self.links.get_mut(link.index()) else { return };
        for membership in of_link.groups.iter_mut().filter(|membership| is_reported(link, membership.group)) {
            (membership.reports_left, membership.report_at) = (REPORTS, Some(now));
        }
        self.arm(now);
    }

    /// Whether it was the last join that ended.
    fn drop_membership(&mut self, link: LinkId, group: IpAddr) -> Result<bool, GroupError> {
        let groups = &mut self.links.get_mut(link.index()).ok_or(GroupError::NoSuchLink)?.groups;
        let place = groups.iter().position(|m| m.group == group).ok_or(GroupError::NotJoined)?;
        groups[place].joined -= 1;
        let is_last = groups[place].joined == 0;
        if is_last {
            groups.remove(place);
        }
        Ok(is_last)
    }

    pub(super) fn join_solicited_node_group(&mut self, now: Instant, link: LinkId, addr: Ipv6Addr, ctx: &mut Context) {
        // Beyond the bound of groups the address works, but neighbours cannot ask for it; the drop of their question shows.
        let _ = self.join_group(now, link, solicited_node(addr).into(), ctx);
    }

    pub(super) fn leave_solicited_node_group(&mut self, link: LinkId, addr: IpAddr) {
        if let IpAddr::V6(addr) = addr {
            // The routers find out by their next query: without the address nothing says it from whom.
            let _ = self.drop_membership(link, solicited_node(addr).into());
        }
    }

    pub(super) fn receive_igmp(&mut self, now: Instant, datagram: &Datagram<'_>, ctx: &mut Context) {
        let Ok(message) = igmp::Repr::parse(datagram.payload) else {
            return ctx.dropped(now, datagram.link, DropReason::IcmpMalformed);
        };
        match message {
            igmp::Repr::Query { max_response_code, group, v3 } => {
                // Version 1 has no field and ten seconds.
                let code = if max_response_code == 0 { 100 } else { max_response_code };
                let tenths = igmp::Repr::max_response_tenths(code, v3.is_some());
                self.answer_query(now, datagram.link, group.into(), Duration::from_millis(u64::from(tenths) * 100));
            }
            // Somebody else told the router: one report is enough.
            igmp::Repr::ReportV1 { group } | igmp::Repr::ReportV2 { group } => {
                self.suppress(datagram.link, group.into())
            }
            igmp::Repr::Leave { .. } => {}
        }
    }

    pub(super) fn receive_mld(&mut self, now: Instant, datagram: &Datagram<'_>, message: &mld::Repr<'_>) {
        let from_neighbour = matches!(datagram.source, IpAddr::V6(source) if source.is_unicast_link_local());
        if let mld::Repr::Query { max_response_code, group, v2 } = *message
            && from_neighbour
            && datagram.hop_limit == 1
        {
            let millis = mld::Repr::max_response_millis(max_response_code, v2.is_some());
            self.answer_query(now, datagram.link, group.into(), Duration::from_millis(millis.into()));
        }
    }

    /// Each group that is asked about is reported at a random time within what the query allows.
    fn answer_query(&mut self, now: Instant, link: LinkId, asked: IpAddr, within: Duration) {
        let within_millis = (within.as_millis() as u64).max(1);
        let mut first: Option<Instant> = None;
        for membership in &mut self.links[link.index()].groups {
            let is_asked =
                asked.is_unspecified() && asked.is_ipv4() == membership.group.is_ipv4() || membership.group == asked;
            if !is_asked || !is_reported(link, membership.group) {
                continue;
            }
            let at = now + Duration::from_millis(self.jitter.word() % within_millis);
            let at = membership.report_at.map_or(at, |earlier| earlier.min(at));
            membership.report_at = Some(at);
            membership.reports_left = membership.reports_left.max(1);
            first = Some(first.map_or(at, |first| first.min(at)));
        }
        if let Some(at) = first {
            self.arm(at);
        }
    }

    fn suppress(&mut self, link: LinkId, group: IpAddr) {
        let memberships = &mut self.links[link.index()].groups;
        if let Some(membership) = memberships.iter_mut().find(|membership| membership.group == group) {
            (membership.reports_left, membership.report_at) = (0, None);
        }
    }

    pub(super) fn run_group_timers(&mut self, now: Instant, ctx: &mut Context) -> Option<Instant> {
        for index in 0..self.links.len() {
            let link = LinkId::from_index(index as u32);
            for place in 0..self.links[index].groups.len() {
                let membership = &mut self.links[index].groups[place];
                if membership.report_at.is_none_or(|at| at > now) {
                    continue;
                }
                membership.reports_left = membership.reports_left.saturating_sub(1);
                membership.report_at = (membership.reports_left > 0).then_some(now + REPORT_AGAIN);
                let group = membership.group;
                self.report(now, link, group, RecordKind::IsExclude, ctx);
            }
        }
        self.links.iter().flat_map(|link| &link.groups).filter_map(|membership| membership.report_at).min()
    }

    fn report(&mut self, now: Instant, link: LinkId, group: IpAddr, kind: RecordKind, ctx: &mut Context) {
        match group {
            IpAddr::V4(group) => self.report_v4(now, link, group, kind, ctx),
            IpAddr::V6(group) => self.report_v6(now, link, group, kind, ctx),
        }
    }

    fn report_v4(&mut self, now: Instant, link: LinkId, group: Ipv4Addr, kind: RecordKind, ctx: &mut Context) {
        let leaves = kind == RecordKind::ToInclude;
        let destination = if leaves { ALL_V4_ROUTERS } else { group };
        let to = IpAddr::V4(destination);
        let Some(IpAddr::V4(source)) = source::select(&self.addresses, now, link, to, to) else { return };
        let message = if leaves { igmp::Repr::Leave { group } } else { igmp::Repr::ReportV2 { group } };
        let payload_len = message.len();
        let header = ipv4::Repr {
            source,
            destination,
            protocol: Protocol::IGMP,
            ttl: 1,
            traffic_class: 0,
            identification: 0,
            dont_fragment: true,
            more_fragments: false,
            fragment_offset_octets: 0,
            payload_len,
        };
        let build = |packet: &mut [u8]| {
            let at = header.emit_with_options(&ROUTER_ALERT, packet);
            message.emit(&mut packet[at..]);
        };
        let len = ipv4::HEADER_LEN + ROUTER_ALERT.len() + payload_len;
        // A report that finds the queue full is missed like one that a link loses; queries ask again.
        let _ = self.enqueue_as(now, link, to, Urge::Own, len, build, ctx);
    }

    fn report_v6(&mut self, now: Instant, link: LinkId, group: Ipv6Addr, kind: RecordKind, ctx: &mut Context) {
        let to = IpAddr::V6(ALL_MLD_ROUTERS);
        // RFC 3590: before there is a link-local address, the unspecified one stands for it.
        let source = match source::select(&self.addresses, now, link, to, to) {
            Some(IpAddr::V6(source)) if source.is_unicast_link_local() => source,
            _ => Ipv6Addr::UNSPECIFIED,
        };
        let mut octets = [0; 20];
        Record { kind, group, sources: &[] }.emit(&mut octets);
        let Ok(records) = Records::parse(1, &octets) else { return };
        let message = icmpv6::Repr::Mld(mld::Repr::ReportV2 { records });
        let payload_len = ipv6_extension::ROUTER_ALERT_LEN + message.len();
        let header = ipv6::Repr {
            source,
            destination: ALL_MLD_ROUTERS,
            next_header: Protocol::HOP_BY_HOP,
            hop_limit: 1,
            traffic_class: 0,
            flow_label: 0,
            payload_len,
        };
        let build = |packet: &mut [u8]| {
            let mut at = header.emit(packet);
            at += ipv6_extension::emit_router_alert(Protocol::ICMPV6, &mut packet[at..]);
            message.emit(source, ALL_MLD_ROUTERS, &mut packet[at..]);
        };
        let _ = self.enqueue_as(now, link, to, Urge::Own, ipv6::HEADER_LEN + payload_len, build, ctx);
    }
}

/// Groups that every node is in without a word.
fn is_everybodys(group: IpAddr) -> bool {
    group == IpAddr::V4(ALL_HOSTS) || group == IpAddr::V6(ALL_NODES)
}

/// Whether routers are told about a group (RFC 3810 section 5.2.14: not about those that never leave the node or the link's
/// all-nodes group).
fn is_reported(link: LinkId, group: IpAddr) -> bool {
    let of_this_node = matches!(group, IpAddr::V6(group) if group.octets()[1] & 0xf < 2);
    link != LinkId::LOOPBACK && !is_everybodys(group) && !of_this_node
}
