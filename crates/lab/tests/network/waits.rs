//! Blocking calls in virtual time: how far a wait moves the time, what ends it, and how threads share it.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;

use std::net::SocketAddr;

use synsent_lab::{Faults, HostId, LabNetwork, SharedLab};
use synsent_sockets::{Cancel, Network, Outcome, Woken};
use synsent_stack::{Config, Duration, FlowId, Instant, KeepAlive, ListenOptions, ListenerId, OpenOptions, State};

use crate::nets::{Family, Pair, Way, pair};

struct Two {
    lab: SharedLab,
    client: HostId,
    server: HostId,
    remote: SocketAddr,
}

/// Two hosts with a line of two milliseconds between them.
fn two_hosts() -> Two {
    let Pair { mut lab, client, server, cables, server_address } =
        pair(1, Family::V4, Way::Line, 1_500, Config::default());
    lab.set_faults(cables[0], None, Faults::delay(Duration::from_millis(2)));
    Two { lab: SharedLab::new(lab), client, server, remote: SocketAddr::new(server_address, 80) }
}

fn at(secs: u64) -> Option<Instant> {
    Some(Instant::ZERO + Duration::from_secs(secs))
}

fn wait(network: &LabNetwork, deadline: Option<Instant>) -> Woken {
    network.wait(network.ticket(), &[], deadline, &Cancel::new())
}

#[test]
fn where_nothing_happens_the_time_is_the_deadline() {
    let net = two_hosts();
    let network = LabNetwork::new(&net.lab, net.client);
    assert_eq!(wait(&network, at(90)), Woken::DeadlinePassed);
    assert_eq!(Some(network.now()), at(90));
    assert_eq!(wait(&network, at(90)), Woken::DeadlinePassed);
}

#[test]
fn a_call_that_nothing_will_ever_end_is_told_so() {
    let net = two_hosts();
    let network = LabNetwork::new(&net.lab, net.client);
    let Woken::Over(failure) = wait(&network, None) else { panic!("the wait ended otherwise") };
    assert_eq!(failure.outcome, Outcome::Cancelled);
    assert!(failure.to_string().contains("nothing is left to happen"), "{failure}");
}

#[test]
fn a_change_between_the_look_and_the_wait_is_not_slept_through() {
    let net = two_hosts();
    let network = LabNetwork::new(&net.lab, net.client);
    let ticket = network.ticket();
    network.wake_all();
    assert_eq!(network.wait(ticket, &[], at(1), &Cancel::new()), Woken::Changed);
    assert_eq!(Some(network.now()), at(0));
}

#[test]
fn a_connection_comes_about_while_the_process_waits() {
    let net = two_hosts();
    let network = LabNetwork::new(&net.lab, net.client);
    listen(&net.lab, net.server);
    let flow = network.stack(|stack, now| stack.tcp_connect(now, OpenOptions::to(net.remote))).unwrap();
    while !is_open(&network, flow) {
        assert_eq!(wait(&network, at(10)), Woken::Changed);
    }
    // Once there and once back over a path of two milliseconds each way.
    assert_eq!(network.now(), Instant::ZERO + Duration::from_millis(4));
}

#[test]
fn a_signal_interrupts_the_call_that_waits_and_nothing_else() {
    let net = two_hosts();
    let network = LabNetwork::new(&net.lab, net.client);
    let other = LabNetwork::new(&net.lab, net.client);
    network.interrupt_at(Instant::ZERO + Duration::from_secs(3));
    network.interrupt_at(Instant::ZERO + Duration::from_secs(7));
    assert_eq!(wait(&network, at(5)), Woken::Interrupted);
    assert_eq!(Some(network.now()), at(3));
    assert_eq!(wait(&network, at(5)), Woken::DeadlinePassed);
    // The other process is not meant, and the signal of the seventh second finds nobody waiting.
    assert_eq!(wait(&other, at(9)), Woken::DeadlinePassed);
    assert_eq!(wait(&network, at(11)), Woken::DeadlinePassed);
}

#[test]
fn a_call_is_taken_back_from_another_thread() {
    let net = two_hosts();
    let network = LabNetwork::new(&net.lab, net.client);
    let cancel = Arc::new(Cancel::new());
    // This thread keeps its seat and computes, so that the other one cannot run to its end alone.
    let hold = network.participate();
    let waiting = {
        let (network, cancel) = (network.clone(), cancel.clone());
        thread::spawn(move || network.wait(network.ticket(), &[], None, &cancel))
    };
    cancel.cancel();
    network.wake_all();
    drop(hold);
    assert_eq!(waiting.join().unwrap(), Woken::Cancelled);
}

#[test]
fn two_processes_of_two_threads_reach_each_other_on_the_same_clock() {
    let net = two_hosts();
    let ended = Arc::new(AtomicU32::new(0));
    let (client, server) = (LabNetwork::new(&net.lab, net.client), LabNetwork::new(&net.lab, net.server));
    let listener = listen(&net.lab, net.server);
    let seats = [net.lab.seat(), net.lab.seat()];
    let remote = net.remote;
    thread::scope(|scope| {
        let [mine, yours] = seats;
        let counted = ended.clone();
        scope.spawn(move || {
            let _hold = mine.take();
            let flow = client.stack(|stack, now| stack.tcp_connect(now, OpenOptions::to(remote))).unwrap();
            while !is_open(&client, flow) {
                assert_eq!(wait(&client, at(10)), Woken::Changed);
            }
            counted.fetch_add(1, Ordering::SeqCst);
        });
        let counted = ended.clone();
        scope.spawn(move || {
            let _hold = yours.take();
            while server.stack(|stack, now| stack.tcp_accept(now, listener)).is_none() {
                assert_eq!(wait(&server, at(10)), Woken::Changed);
            }
            counted.fetch_add(1, Ordering::SeqCst);
        });
    });
    assert_eq!(ended.load(Ordering::SeqCst), 2);
    assert!(net.lab.with(|lab| lab.now()) < Instant::ZERO + Duration::from_secs(1));
}

#[test]
fn deadlines_of_many_threads_come_in_their_order() {
    let net = two_hosts();
    let network = LabNetwork::new(&net.lab, net.client);
    let seats: Vec<_> = (0..20).map(|_| net.lab.seat()).collect();
    thread::scope(|scope| {
        for (number, seat) in seats.into_iter().enumerate() {
            let network = network.clone();
            scope.spawn(move || {
                let _hold = seat.take();
                for round in 1..50 {
                    let deadline = at(round * 20 + number as u64);
                    assert_eq!(wait(&network, deadline), Woken::DeadlinePassed);
                    assert_eq!(Some(network.now()), deadline);
                }
            });
        }
    });
}

#[test]
fn when_all_who_take_part_wait_for_ever_all_are_told() {
    let net = two_hosts();
    let network = LabNetwork::new(&net.lab, net.client);
    let seats = [net.lab.seat(), net.lab.seat(), net.lab.seat()];
    thread::scope(|scope| {
        for seat in seats {
            let network = network.clone();
            scope.spawn(move || {
                let _hold = seat.take();
                assert!(matches!(wait(&network, None), Woken::Over(_)));
            });
        }
    });
}

#[test]
fn a_thread_that_ends_is_not_waited_for() {
    let net = two_hosts();
    let network = LabNetwork::new(&net.lab, net.client);
    let used = network.clone();
    thread::spawn(move || used.now()).join().unwrap();
    assert!(matches!(wait(&network, None), Woken::Over(_)));
}

fn listen(lab: &SharedLab, server: HostId) -> ListenerId {
    lab.with(|lab| lab.call(server, |stack, now| stack.tcp_listen(now, ListenOptions::on_port(80)))).unwrap()
}

fn is_open(network: &LabNetwork, flow: FlowId) -> bool {
    network.stack(|stack, _| stack.tcp_status(flow)).is_some_and(|status| status.state == State::Established)
}

#[test]
fn a_wait_beside_probes_that_never_end_is_over_after_a_year() {
    let mut config = Config::default();
    config.tcp.options.keep_alive = Some(KeepAlive::default());
    let pair = pair(1, Family::V4, Way::Line, 1_500, config);
    let (client, server, remote) = (pair.client, pair.server, SocketAddr::new(pair.server_address, 80));
    let mut lab = pair.lab;
    lab.establish(client, server, remote, Instant::from_secs(10)).unwrap();
    let began = lab.now();
    let network = LabNetwork::new(&SharedLab::new(lab), client);
    assert!(matches!(wait(&network, None), Woken::Over(_)));
    assert!(network.now().since(began) > Duration::from_secs(364 * 24 * 3_600));
}

#[test]
fn threads_without_a_seat_neither_hang_nor_come_back_too_early() {
    let net = two_hosts();
    let network = LabNetwork::new(&net.lab, net.client);
    thread::scope(|scope| {
        for number in 0..8 {
            let network = network.clone();
            scope.spawn(move || {
                for round in 0..100 {
                    let deadline = network.now() + Duration::from_millis(number * 7 + round % 5);
                    while wait(&network, Some(deadline)) != Woken::DeadlinePassed {}
                    assert!(network.now() >= deadline);
                    network.wake_all();
                }
            });
        }
    });
}

/// A thread that waits for the end of another one has used the lab, and will do nothing in it before that end.
#[test]
fn who_is_away_keeps_nobody_waiting_for_ever() {
    let net = two_hosts();
    let network = LabNetwork::new(&net.lab, net.client);
    assert_eq!(wait(&network, at(1)), Woken::DeadlinePassed);
    let other = Arc::clone(&network);
    let waits = thread::spawn(move || wait(&other, None));
    let woken = net.lab.away(|| waits.join().unwrap());
    assert!(matches!(woken, Woken::Over(_)), "{woken:?}");
    // Who is back counts again, and waits as before.
    assert_eq!(wait(&network, at(2)), Woken::DeadlinePassed);
    assert!(matches!(wait(&network, None), Woken::Over(_)));
}

#[test]
fn a_program_that_looks_again_and_again_lets_the_time_pass() {
    let net = two_hosts();
    let network = LabNetwork::new(&net.lab, net.client);
    let looks = |until: u64| (1_u32..).find(|_| Some(network.now()) >= at(until)).unwrap();
    assert!((1..=100_000).contains(&looks(1)), "a thousand looks for each tick of a clock");
    assert!(Some(network.now()) < at(2));
    // A seat holds the time for the others, not for who has it; one that nobody has taken holds it for all.
    let seat = network.participate();
    looks(2);
    let reserved = net.lab.seat();
    let before = network.now();
    for _ in 0..10_000 {
        assert_eq!(network.now(), before);
    }
    drop((reserved, seat));
    looks(3);
}
