//! Many threads over one network of a lab: connections open and close, calls are taken back, sockets are closed by others.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use synsent_lab::{LabNetwork, Neighbourhood, SharedLab};
use synsent_sockets::{Answer, Domain, Kind, Name, Network, Outcome, Progress, ReceiveHow, SendHow, Settings, Socket};

const PORT: u16 = 80;
const THREADS: usize = 32;
const ROUNDS: usize = 4;

fn socket(network: &Arc<LabNetwork>, kind: Kind) -> Socket {
    Socket::new(Arc::clone(network) as Arc<dyn Network>, Domain::Inet4, kind, Settings::default()).unwrap()
}

#[track_caller]
fn done<T>(answer: Answer<T>) -> T {
    match answer {
        Ok(Progress::Done(value)) => value,
        Ok(Progress::Pending) => panic!("a blocking call does not answer that it goes on"),
        Err(failure) => panic!("{failure}"),
    }
}

/// What a call may come to that somebody else ends.
fn is_expected(outcome: Outcome) -> bool {
    matches!(
        outcome,
        Outcome::Cancelled | Outcome::Reset | Outcome::SendingOver | Outcome::NotConnected | Outcome::BadArgument
    )
}

/// Echoes what comes until the listener is closed.
fn serve(listener: &Socket, served: &AtomicUsize) {
    loop {
        let connection = match listener.accept() {
            Ok(Progress::Done((connection, _))) => connection,
            Ok(Progress::Pending) => panic!("it blocks"),
            Err(failure) => {
                assert!(is_expected(failure.outcome), "{failure}");
                return;
            }
        };
        served.fetch_add(1, Ordering::Relaxed);
        let mut into = [0; 64];
        while let Ok(Progress::Done(received)) = connection.receive(&mut into, ReceiveHow::default()) {
            if received.octets == 0 || connection.send(&into[..received.octets], SendHow::default()).is_err() {
                break;
            }
        }
    }
}

/// Opens connections, talks, and has another thread end the last call of each.
fn call(network: &Arc<LabNetwork>, name: &Name, number: usize) {
    for round in 0..ROUNDS {
        let client = Arc::new(socket(network, Kind::Stream));
        done(client.connect(name));
        done(client.send(b"hello", SendHow::default()));
        assert!(done(client.receive(&mut [0; 5], ReceiveHow::default())).octets > 0);
        let other = Arc::clone(&client);
        let waits = thread::spawn(move || other.receive(&mut [0; 5], ReceiveHow::default()));
        while !waits.is_finished() {
            match (round + number) % 2 {
                0 => client.cancel(),
                _ => drop(client.close()),
            }
            thread::yield_now();
        }
        if let Err(failure) = waits.join().unwrap() {
            assert!(is_expected(failure.outcome), "{failure}");
        }
        done(client.close());
    }
}

#[test]
fn many_threads_talk_and_end_each_others_calls_and_nothing_is_left() {
    let mut net = Neighbourhood::new(6);
    net.lab.set_faults(net.lan, None, synsent_lab::Faults::default());
    let lab = SharedLab::new(net.lab);
    let (ours, theirs) = (LabNetwork::new(&lab, net.us.host), LabNetwork::new(&lab, net.server.host));
    let (listener, name) = (socket(&theirs, Kind::Stream), Name::from(net.server.at(PORT)));
    listener.bind(&name).unwrap();
    listener.listen(1_024).unwrap();
    let served = AtomicUsize::new(0);
    thread::scope(|scope| {
        let servers: Vec<_> = (0..THREADS).map(|_| scope.spawn(|| serve(&listener, &served))).collect();
        let (ours, name) = (&ours, &name);
        let clients: Vec<_> = (0..THREADS).map(|number| scope.spawn(move || call(ours, name, number))).collect();
        clients.into_iter().for_each(|client| client.join().unwrap());
        done(listener.close());
        servers.into_iter().for_each(|server| server.join().unwrap());
    });
    assert_eq!(served.into_inner(), THREADS * ROUNDS);
    // Both stacks forget what was open, once TIME-WAIT is over.
    lab.with(|lab| lab.run_for(synsent_stack::Duration::from_secs(600)));
    for network in [&ours, &theirs] {
        let left = network.stack(|stack, _| stack.tcp_population());
        assert_eq!((left.flows, left.half_open, left.time_wait), (0, 0, 0));
    }
}
