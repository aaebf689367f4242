//! Calls with idle work where nothing is left to happen: their turns let virtual time go on, and end all the same.

use std::cell::Cell;
use std::rc::Rc;
use std::sync::{Arc, mpsc};
use std::thread;

use synsent_lab::{Lab, LabNetwork, SharedLab};
use synsent_sockets::{
    Cancel, Domain, Idled, Kind, Name, Network, Ready, ReceiveHow, Settings, Socket, Woken, cancel_blocking, select,
    set_idle,
};
use synsent_stack::{Config, Duration, Instant};

/// A process alone in the world.
fn alone() -> Arc<LabNetwork> {
    let mut lab = Lab::new(1);
    let host = lab.add_host("alone", Config::default());
    LabNetwork::new(&SharedLab::new(lab), host)
}

/// A socket to which nobody sends anything.
fn quiet(network: &Arc<LabNetwork>) -> Socket {
    let network = Arc::clone(network) as Arc<dyn Network>;
    let socket = Socket::new(network, Domain::Inet4, Kind::Datagram, Settings::default()).unwrap();
    socket.bind(&Name::Inet("127.0.0.1:0".parse().unwrap())).unwrap();
    socket
}

fn idle_with(work: impl Fn() -> Idled + 'static) {
    set_idle(Some(Rc::new(work)));
}

/// What a receive comes to that nothing will end.
fn receive(network: &Arc<LabNetwork>) -> String {
    quiet(network).receive(&mut [0; 8], ReceiveHow::default()).unwrap_err().to_string()
}

fn is_over(said: &str) -> bool {
    said.contains("nothing is left to happen")
}

#[test]
fn a_call_whose_idle_work_does_nothing_is_told_that_nothing_is_left() {
    let network = alone();
    idle_with(|| Idled::Nothing);
    let said = receive(&network);
    assert!(is_over(&said), "{said}");
}

#[test]
fn idle_work_that_takes_its_call_back_after_a_minute_is_waited_for() {
    let network = alone();
    let clock = Arc::clone(&network);
    idle_with(move || {
        if clock.now() >= Instant::ZERO + Duration::from_secs(60) {
            cancel_blocking();
        }
        Idled::Nothing
    });
    let said = receive(&network);
    assert!(!is_over(&said), "{said}");
    assert_eq!(network.now(), Instant::ZERO + Duration::from_secs(60));
}

#[test]
fn a_limit_of_years_is_not_gone_through_turn_by_turn() {
    const LIMIT: Duration = Duration::from_secs(68 * 365 * 24 * 3_600);
    let network = alone();
    let turns = Rc::new(Cell::new(0_u32));
    let counted = Rc::clone(&turns);
    idle_with(move || {
        counted.set(counted.get() + 1);
        Idled::Nothing
    });
    let socket = quiet(&network);
    let found = select(&*network, &[(&socket, Ready::READABLE)], Some(LIMIT), &Cancel::new()).unwrap();
    assert!(found.iter().all(|ready| *ready == Ready::NONE));
    assert_eq!(network.now(), Instant::ZERO + LIMIT);
    // Those of the first two minutes, and some around the end.
    assert!((12_000..=12_010).contains(&turns.get()), "{}", turns.get());
}

#[test]
fn several_threads_that_idle_or_do_not_are_all_told() {
    let network = alone();
    let waits = |idles: bool| {
        let network = Arc::clone(&network);
        move || {
            if idles {
                idle_with(|| Idled::Nothing);
            }
            receive(&network)
        }
    };
    let threads = [false, true, true, true].map(|idles| thread::spawn(waits(idles)));
    // Who waits for the ends of threads does nothing in the lab.
    let said = network.lab().away(|| threads.map(|thread| thread.join().unwrap()));
    assert!(said.iter().all(|said| is_over(said)), "{said:?}");
}

#[test]
fn idle_work_has_its_turns_while_another_thread_may_act_yet() {
    let network = alone();
    // The calling thread has used the lab, and waits for nothing in it.
    network.now();
    let (turned, turns) = mpsc::channel();
    let waits = Arc::clone(&network);
    let waiting = thread::spawn(move || {
        let count = Cell::new(0_u32);
        idle_with(move || {
            count.set(count.get() + 1);
            if count.get() == 12_010 {
                // Who was to act may end now.
                turned.send(()).unwrap();
            }
            Idled::Nothing
        });
        receive(&waits)
    });
    turns.recv().unwrap();
    assert!(matches!(network.wait(network.ticket(), &[], None, &Cancel::new()), Woken::Over(_)));
    let said = waiting.join().unwrap();
    assert!(is_over(&said), "{said}");
}
