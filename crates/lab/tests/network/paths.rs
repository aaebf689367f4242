//! Routers: they forward, count hops down, know narrow links, and say so when they cannot go on.

use std::net::IpAddr;

use crate::nets::{Family, LATE, Pair, Way, address, cidr, via};
use synsent_lab::{Fate, Faults, HostId, Lab, Transfer};
use synsent_stack::{
    Cause, Cidr, Config, Duration, Failure, FlowId, IcmpCause, Instant, OpenOptions, Route, RouteKind, SoftErrors,
    State, TcpOptions,
};
use synsent_wire::ip::Protocol;

const FAMILIES: [Family; 2] = [Family::V4, Family::V6];

fn state(lab: &Lab, host: HostId, flow: FlowId) -> Option<State> {
    lab.stack(host).tcp_status(flow).map(|status| status.state)
}

fn failure(lab: &Lab, host: HostId, flow: FlowId) -> Option<Failure> {
    lab.stack(host).tcp_status(flow).and_then(|status| status.failure)
}

/// Opens a connection with these settings, and runs until it failed or is there.
fn open(lab: &mut Lab, host: HostId, to: IpAddr, soft_errors: SoftErrors, hop_limit: Option<u8>) -> Option<Failure> {
    let mut options = OpenOptions::to((to, 80).into());
    options.tcp = Some(TcpOptions { soft_errors, hop_limit, ..TcpOptions::default() });
    let flow = lab.call(host, |stack, now| stack.tcp_connect(now, options)).unwrap();
    let deadline = lab.now() + Duration::from_secs(300);
    lab.run_until(deadline, |lab| {
        failure(lab, host, flow).is_some() || state(lab, host, flow) == Some(State::Established)
    });
    let failed = failure(lab, host, flow);
    assert!(failed.is_some() || state(lab, host, flow) == Some(State::Established), "neither failed nor connected");
    lab.call(host, |stack, now| stack.tcp_abort(now, flow));
    failed
}

/// Client, `routers` routers in a row, server; network n lies before router n. All lines but number `narrow` have 1,500.
fn chain(family: Family, routers: u8, narrow: Option<(u8, u16)>) -> (Lab, HostId, HostId, IpAddr) {
    let mut lab = Lab::new(5);
    let (client, server) = (lab.add_host("client", Config::default()), lab.add_host("server", Config::default()));
    let routers: Vec<HostId> = (1..=routers).map(|number| lab.add_router(&format!("router {number}"))).collect();
    let last = routers.len() as u8;
    let everything = if family == Family::V4 { "0.0.0.0/0" } else { "::/0" }.parse::<Cidr>().unwrap();
    let add_default = |lab: &mut Lab, host, gateway, link| {
        let (gateway, link) = (Some(gateway), Some(link));
        lab.route(host, Route { destination: everything, gateway, link, metric: 0, kind: RouteKind::Unicast }).unwrap();
    };
    for net in 0..=last {
        let mtu = narrow.filter(|(number, _)| *number == net).map_or(1_500, |(_, mtu)| mtu);
        let cable = lab.add_segment(&format!("net {net}"), mtu);
        let left = if net == 0 { client } else { routers[usize::from(net) - 1] };
        let right = if net == last { server } else { routers[usize::from(net)] };
        let left_link = lab.attach(left, cable, &[cidr(family, net, 1)]).unwrap();
        let right_link = lab.attach(right, cable, &[cidr(family, net, 2)]).unwrap();
        // What is further right goes right by default; what is further left has routes of its own.
        if net != last {
            add_default(&mut lab, left, address(family, net, 2), left_link);
        }
        if net == last && net > 0 {
            add_default(&mut lab, right, address(family, net, 1), right_link);
        }
        for far in 0..net {
            if right != server {
                lab.route(right, via(family, far, address(family, net, 1), right_link)).unwrap();
            }
        }
    }
    (lab, client, server, address(family, last, 2))
}

#[test]
fn a_narrow_link_between_routers_is_found_by_icmp() {
    for (family, mtu) in [(Family::V4, 576), (Family::V4, 1_400), (Family::V6, 1_280)] {
        let (mut lab, client, server, to) = chain(family, 2, Some((1, mtu)));
        let (a, b) = lab.establish(client, server, (to, 80).into(), LATE).expect("a connection");
        Transfer::both_ways((client, a), (server, b), 200_000, 1).run(&mut lab, LATE).expect("an intact transfer");
        let told = lab.capture().records().filter(|record| is_too_big(record.sight().packet())).count();
        assert!((1..=40).contains(&told), "{family:?} {mtu}: told {told} times");
        let fragments =
            lab.capture().records().filter(|record| record.sight().packet().is_some_and(|one| one.fragment));
        assert_eq!(fragments.count(), 0, "TCP is not fragmented on the way");
    }
}

#[test]
fn hop_limits_find_every_router_of_the_way() {
    for family in FAMILIES {
        let (mut lab, client, server, to) = chain(family, 3, None);
        lab.behave(server, 80, synsent_lab::Behaviour::Answer).unwrap();
        for hops in 1..=3 {
            let failed =
                open(&mut lab, client, to, SoftErrors::AbortOnAny, Some(hops)).expect("the hop limit runs out");
            let from = address(family, hops - 1, 2);
            assert_eq!(failed.cause, Cause::Icmp { from, cause: IcmpCause::TimeExceeded { code: 0 } });
        }
        assert_eq!(open(&mut lab, client, to, SoftErrors::AbortOnAny, Some(4)), None, "four hops are enough");
    }
}

#[test]
fn a_router_without_a_route_ends_an_opening_or_is_remembered() {
    for family in FAMILIES {
        let (mut lab, client, _, _) = chain(family, 1, None);
        let nowhere = address(family, 77, 1);
        let router = address(family, 0, 2);
        let no_route = match family {
            Family::V4 => IcmpCause::V4Unreachable(0),
            Family::V6 => IcmpCause::V6Unreachable(0),
        };
        let failed = open(&mut lab, client, nowhere, SoftErrors::AbortOnAny, None).expect("no route");
        assert_eq!(failed.cause, Cause::Icmp { from: router, cause: no_route });
        assert!(failed.at.since(failed.opened_at) < Duration::from_secs(1));
        let failed = open(&mut lab, client, nowhere, SoftErrors::ReportAtTimeout, None).expect("no route");
        let Cause::TimedOut { soft: Some(soft) } = failed.cause else { panic!("{failed}") };
        assert_eq!((soft.from, soft.cause), (router, no_route));
        assert!(failed.at.since(failed.opened_at) >= Duration::from_secs(180));
        let failed = open(&mut lab, client, nowhere, SoftErrors::Ignore, None).expect("no route");
        assert_eq!(failed.cause, Cause::TimedOut { soft: None });
    }
}

#[test]
fn a_host_that_is_not_there_is_reported_by_the_last_router() {
    for family in FAMILIES {
        let (mut lab, client, _, _) = chain(family, 1, None);
        let failed =
            open(&mut lab, client, address(family, 1, 99), SoftErrors::AbortOnAny, None).expect("nobody there");
        let cause = match family {
            Family::V4 => IcmpCause::V4Unreachable(1),
            Family::V6 => IcmpCause::V6Unreachable(3),
        };
        assert_eq!(failed.cause, Cause::Icmp { from: address(family, 0, 2), cause });
    }
}

#[test]
fn a_neighbour_that_is_not_there_is_named() {
    for family in FAMILIES {
        let Pair { mut lab, client, .. } = crate::nets::pair(3, family, Way::Segment, 1_500, Config::default());
        let nobody = address(family, 1, 99);
        let failed = open(&mut lab, client, nobody, SoftErrors::AbortOnAny, None).expect("nobody there");
        assert_eq!(failed.cause, Cause::NeighbourUnreachable { next_hop: nobody });
    }
}

#[test]
fn a_router_that_was_cut_off_and_comes_back_carries_on() {
    for family in FAMILIES {
        let Pair { mut lab, client, server, cables, server_address } =
            crate::nets::pair(3, family, Way::Routed, 1_500, Config::default());
        for cable in &cables {
            let faults = Faults { rate: Some(2_000_000), ..Default::default() };
            lab.set_faults(*cable, None, faults);
        }
        let (a, b) = lab.establish(client, server, (server_address, 80).into(), LATE).expect("a connection");
        lab.set_up_at(Instant::from_millis(200), cables[1], false);
        lab.set_up_at(Instant::from_secs(20), cables[1], true);
        Transfer::both_ways((client, a), (server, b), 200_000, 1).run(&mut lab, LATE).expect("an intact transfer");
        assert!(lab.now() > Instant::from_secs(20));
        assert!(lab.capture().records().any(|record| record.fate == Fate::Down));
    }
}

fn is_too_big(packet: Option<synsent_lab::Packet<'_>>) -> bool {
    packet.is_some_and(|packet| match packet.protocol {
        Protocol::ICMPV4 => packet.payload.starts_with(&[3, 4]),
        Protocol::ICMPV6 => packet.payload.first() == Some(&2),
        _ => false,
    })
}

// 6298/4, 9293/MUST-18
#[test]
fn a_lost_acknowledgment_does_not_spoil_the_measure_of_the_round_trip() {
    let Pair { mut lab, client, server, cables, server_address } =
        crate::nets::pair(3, Family::V4, Way::Line, 1_500, Config::default());
    lab.set_faults(cables[0], None, Faults::delay(Duration::from_millis(10)));
    let (ours, _) = lab.establish(client, server, (server_address, 80).into(), LATE).expect("a connection");
    lab.run_for(Duration::from_secs(1));
    let heard_again = lab.now() + Duration::from_secs(3);
    lab.drop_where(cables[0], move |sight| sight.from == 1 && sight.at < heard_again);
    lab.call(client, |stack, now| stack.tcp_send(now, ours, b"once")).unwrap();
    lab.call(client, |stack, now| stack.tcp_send(now, ours, b"more")).unwrap();
    lab.run_for(Duration::from_secs(20));
    let status = lab.stack(client).tcp_status(ours).unwrap();
    assert_eq!(status.unacknowledged, 0);
    assert!(status.round_trip < Some(Duration::from_millis(100)), "{:?}", status.round_trip);
}
