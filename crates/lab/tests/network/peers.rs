//! Scripted peers, and what an opening looks like when they do what they do.

use crate::nets::{Family, Pair, Way};
use synsent_lab::{Behaviour, Faults, HostId, Lab, Pattern, Transfer};
use synsent_stack::{Cause, Config, Duration, Failure, FlowId, Instant, OpenOptions, ReceiveError, State};

const PORT: u16 = 80;

fn network(family: Family, behaviour: Behaviour) -> (Pair, FlowId) {
    let mut pair = crate::nets::pair(11, family, Way::Line, 1_500, Config::default());
    pair.lab.behave(pair.server, PORT, behaviour).unwrap();
    let flow = pair.lab.connect(pair.client, (pair.server_address, PORT).into()).unwrap();
    (pair, flow)
}

fn state(lab: &Lab, host: HostId, flow: FlowId) -> Option<State> {
    lab.stack(host).tcp_status(flow).map(|status| status.state)
}

fn failure(lab: &Lab, host: HostId, flow: FlowId) -> Option<Failure> {
    lab.stack(host).tcp_status(flow).and_then(|status| status.failure)
}

/// When the SYNs of a run went out, in milliseconds.
fn syns_at(lab: &Lab) -> Vec<u64> {
    lab.capture().records().filter(|record| record.sight().is_syn()).map(|record| record.at.millis()).collect()
}

// 9293/MUST-23
#[test]
fn a_silent_peer_sees_the_whole_ladder_before_it_is_given_up() {
    for family in [Family::V4, Family::V6] {
        let (Pair { mut lab, client, .. }, flow) = network(family, Behaviour::Silent);
        let failed = |lab: &mut Lab| failure(lab, client, flow).is_some();
        assert!(!lab.run_until(Instant::from_millis(179_999), failed), "R2 for a SYN is at least three minutes");
        assert!(lab.run_until(Instant::from_secs(200), failed), "it ends all the same");
        assert_eq!(syns_at(&lab), [0, 1_000, 3_000, 7_000, 15_000, 31_000, 63_000, 127_000]);
        let failure = failure(&lab, client, flow).unwrap();
        assert_eq!(failure.cause, Cause::TimedOut { soft: None });
        assert_eq!(failure.syns.count(), 8);
    }
}

#[test]
fn a_withheld_syn_ack_looks_like_silence() {
    let (Pair { mut lab, client, .. }, flow) = network(Family::V4, Behaviour::WithholdSynAck);
    assert!(lab.run_until(Instant::from_secs(200), |lab| failure(lab, client, flow).is_some()));
    assert_eq!(syns_at(&lab), [0, 1_000, 3_000, 7_000, 15_000, 31_000, 63_000, 127_000]);
    assert_eq!(lab.capture().records().filter(|record| record.from == 1).count(), 0, "the peer says nothing");
}

#[test]
fn a_refusal_names_the_peer() {
    for family in [Family::V4, Family::V6] {
        let (Pair { mut lab, client, server_address, .. }, flow) = network(family, Behaviour::Refuse);
        assert!(lab.run_until(Instant::from_secs(1), |lab| failure(lab, client, flow).is_some()));
        assert_eq!(failure(&lab, client, flow).unwrap().cause, Cause::Refused { by: server_address });
    }
}

#[test]
fn a_late_answer_comes_as_late_as_asked() {
    let (Pair { mut lab, client, .. }, flow) = network(Family::V4, Behaviour::AnswerLate(Duration::from_millis(5_500)));
    let connected = |lab: &mut Lab| state(lab, client, flow) == Some(State::Established);
    assert!(lab.run_until(Instant::from_secs(100), connected));
    assert_eq!(lab.now(), Instant::from_millis(5_500));
    assert_eq!(syns_at(&lab), [0, 1_000, 3_000]);
}

#[test]
fn a_reset_after_accept_is_a_reset_and_no_refusal() {
    let (Pair { mut lab, client, server_address, .. }, flow) = network(Family::V4, Behaviour::ResetAfterAccept);
    assert!(lab.run_until(Instant::from_secs(1), |lab| failure(lab, client, flow).is_some()));
    assert_eq!(failure(&lab, client, flow).unwrap().cause, Cause::Reset { by: server_address });
}

#[test]
fn an_answering_peer_sends_everything_back_and_ends_when_we_do() {
    let (Pair { mut lab, client, .. }, flow) = network(Family::V6, Behaviour::Answer);
    assert!(lab.run_until(Instant::from_secs(1), |lab| state(lab, client, flow) == Some(State::Established)));
    let mut said = vec![0; 5_000];
    Pattern::new(1).fill(0, &mut said);
    let taken = lab.call(client, |stack, now| stack.tcp_send(now, flow, &said)).unwrap();
    assert_eq!(taken, said.len());
    lab.call(client, |stack, now| stack.tcp_shutdown_send(now, flow)).unwrap();
    let (mut heard, mut chunk) = (Vec::new(), [0; 1_000]);
    let ended = lab.run_until(Instant::from_secs(10), |lab| {
        loop {
            match lab.call(client, |stack, now| stack.tcp_receive(now, flow, &mut chunk)) {
                Ok(0) => return true,
                Ok(count) => heard.extend_from_slice(&chunk[..count]),
                Err(ReceiveError::WouldBlock) => return false,
                Err(error) => panic!("{error:?}"),
            }
        }
    });
    assert!(ended);
    assert_eq!(heard, said);
}

#[test]
fn what_was_sent_and_ended_before_the_connection_stood_arrives() {
    let (Pair { mut lab, client, .. }, flow) = network(Family::V4, Behaviour::AnswerLate(Duration::from_secs(2)));
    assert_eq!(lab.call(client, |stack, now| stack.tcp_send(now, flow, b"early")), Ok(5));
    lab.call(client, |stack, now| stack.tcp_shutdown_send(now, flow)).unwrap();
    assert_eq!(state(&lab, client, flow), Some(State::SynSent));
    let mut heard = [0; 10];
    let back = lab.run_until(Instant::from_secs(5), |lab| {
        lab.call(client, |stack, now| stack.tcp_receive(now, flow, &mut heard)) == Ok(5)
    });
    assert!(back && heard.starts_with(b"early"));
    let ended = |lab: &mut Lab| lab.call(client, |stack, now| stack.tcp_receive(now, flow, &mut heard)) == Ok(0);
    assert!(lab.run_until(Instant::from_secs(5), ended));
}

// 9293/MUST-10
#[test]
fn two_hosts_that_open_towards_each_other_share_one_connection() {
    for family in [Family::V4, Family::V6] {
        let Pair { mut lab, client, server, cables, server_address } =
            crate::nets::pair(11, family, Way::Line, 1_500, Config::default());
        lab.set_faults(cables[0], None, Faults::delay(Duration::from_millis(10)));
        let open = |lab: &mut Lab, host, remote| {
            let options = OpenOptions { local_port: Some(PORT), ..OpenOptions::to((remote, PORT).into()) };
            lab.call(host, |stack, now| stack.tcp_connect(now, options)).unwrap()
        };
        let ours = open(&mut lab, client, server_address);
        let theirs = open(&mut lab, server, crate::nets::address(family, 1, 1));
        let stands = |lab: &mut Lab| {
            state(lab, client, ours) == Some(State::Established)
                && state(lab, server, theirs) == Some(State::Established)
        };
        assert!(lab.run_until(Instant::from_millis(100), stands));
        let transfer = Transfer::both_ways((client, ours), (server, theirs), 50_000, 1);
        transfer.run(&mut lab, Instant::from_secs(10)).unwrap();
    }
}

#[test]
fn a_full_backlog_leaves_later_openings_without_an_answer() {
    let (Pair { mut lab, client, server_address, .. }, first) = network(Family::V4, Behaviour::FillBacklog(2));
    let mut flows = vec![first];
    for _ in 0..5 {
        lab.run_for(Duration::from_millis(10));
        flows.push(lab.connect(client, (server_address, PORT).into()).unwrap());
    }
    lab.run_for(Duration::from_secs(170));
    let connected = flows.iter().filter(|flow| state(&lab, client, **flow) == Some(State::Established)).count();
    assert_eq!(connected, 2, "of {}", flows.len());
    assert!(flows.iter().all(|flow| failure(&lab, client, *flow).is_none()), "nobody is refused");
}
