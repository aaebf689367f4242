//! Many threads over one network: connections open and close, calls are taken back, sockets are closed by others.

use std::fs;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use synsent_sockets::{
    Cancel, Kind, Name, Network, Outcome, Progress, Ready, ReceiveHow, SendHow, Setting, Socket, Woken, select,
};

use crate::{done, listener, stream};

const THREADS: usize = 64;
const SPAN: Duration = Duration::from_millis(1_500);

/// What a call may come to on a socket that another thread closes or takes calls back of.
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

/// Opens connections, talks, and has another thread end every second one while it waits.
fn call(network: &Arc<dyn Network>, name: &Name, until: Instant, number: usize) -> usize {
    let mut rounds = 0;
    while Instant::now() < until {
        let client = Arc::new(stream(network));
        done(client.connect(name));
        done(client.send(b"hello", SendHow::default()));
        let mut into = [0; 5];
        assert!(done(client.receive(&mut into, ReceiveHow::default())).octets > 0);
        let other = Arc::clone(&client);
        // Nothing more comes: the call ends because somebody else ends it.
        let waits = thread::spawn(move || other.receive(&mut [0; 5], ReceiveHow::default()));
        while !waits.is_finished() {
            match (rounds + number) % 2 {
                0 => client.cancel(),
                _ => drop(client.close()),
            }
            thread::yield_now();
        }
        if let Err(failure) = waits.join().expect("no panic") {
            assert!(is_expected(failure.outcome), "{failure}");
        }
        done(client.close());
        rounds += 1;
    }
    rounds
}

/// A process of its own, because descriptors are counted.
#[test]
fn many_threads_talk_and_end_each_others_calls_and_nothing_is_left_open() {
    if !crate::process::is_alone("threads::many_threads_talk_and_end_each_others_calls_and_nothing_is_left_open") {
        return;
    }
    let before = open_descriptors();
    let served = AtomicUsize::new(0);
    let network = crate::network();
    let (listener, name) = listener(&network);
    listener.listen(1_024).expect("a longer queue");
    let until = Instant::now() + SPAN;
    thread::scope(|scope| {
        let servers: Vec<_> = (0..THREADS / 2).map(|_| scope.spawn(|| serve(&listener, &served))).collect();
        let clients: Vec<_> = (0..THREADS / 2)
            .map(|number| {
                let (network, name) = (&network, &name);
                scope.spawn(move || call(network, name, until, number))
            })
            .collect();
        let rounds: Vec<usize> = clients.into_iter().map(|client| client.join().expect("no panic")).collect();
        assert!(rounds.iter().all(|rounds| *rounds > 0), "{rounds:?}");
        done(listener.close());
        servers.into_iter().for_each(|server| server.join().expect("no panic"));
        assert!(served.load(Ordering::Relaxed) >= THREADS / 2);
    });
    drop((listener, network));
    // This thread keeps what it slept with for its next sleep.
    assert!(open_descriptors() <= before + 1, "{} and then {}", before, open_descriptors());
}

#[test]
fn a_datagram_socket_is_closed_while_many_wait_on_it() {
    let network = crate::network();
    let socket = Arc::new(crate::socket(&network, synsent_sockets::Domain::Inet4, Kind::Datagram));
    socket.bind(&crate::loopback(0)).expect("a port");
    let waiting: Vec<_> = (0..THREADS)
        .map(|_| {
            let socket = Arc::clone(&socket);
            thread::spawn(move || socket.receive(&mut [0; 5], ReceiveHow::default()))
        })
        .collect();
    done(socket.close());
    for thread in waiting {
        let failure = thread.join().expect("no panic").expect_err("nothing was sent");
        assert!(is_expected(failure.outcome), "{failure}");
    }
}

fn open_descriptors() -> usize {
    fs::read_dir("/proc/self/fd").expect("the descriptors").count()
}

/// Who looks at its sockets and is about to sleep is told by a ticket what was woken meanwhile.
#[test]
fn a_wake_between_looking_and_sleeping_is_not_slept_through() {
    let (device, _other) = crate::device::pair();
    for network in [crate::network(), device] {
        let ticket = network.ticket();
        network.wake_all();
        let far = network.now() + synsent_stack::Duration::from_secs(20);
        assert_eq!(network.wait(ticket, &[], Some(far), &Cancel::new()), Woken::Changed);
        assert!(network.now() < far);
    }
}

/// What a select waits for on a stream begins when somebody opens it.
#[test]
fn a_select_learns_what_another_thread_begins_on_an_idle_stream() {
    let network = crate::network();
    let (listener, name) = listener(&network);
    let waits = |socket: &Arc<Socket>, interest| {
        let (network, socket) = (Arc::clone(&network), Arc::clone(socket));
        let patience = Some(synsent_stack::Duration::from_secs(20));
        crate::asleep(move || select(network.as_ref(), &[(&socket, interest)], patience, &Cancel::new()).unwrap()[0])
    };
    let client = Arc::new(stream(&network));
    let thread = waits(&client, Ready::WRITABLE);
    done(client.connect(&name));
    assert_eq!(thread.join().unwrap(), Ready::WRITABLE);
    let second = Arc::new(stream(&network));
    second.bind(&crate::loopback(0)).unwrap();
    let thread = waits(&second, Ready::READABLE);
    second.listen(1).unwrap();
    done(stream(&network).connect(&second.local_name().unwrap()));
    assert_eq!(thread.join().unwrap(), Ready::READABLE);
    drop(listener);
}

/// One thread sends where no way leads, one changes settings, one closes: each ends.
#[test]
fn a_send_that_fails_and_a_setting_do_not_keep_a_close_waiting() {
    let network = crate::network();
    let name = Name::Inet("127.0.0.1:0".parse().unwrap());
    for _ in 0..200 {
        let socket = Arc::new(crate::socket(&network, synsent_sockets::Domain::Inet4, Kind::Datagram));
        socket.bind(&name).unwrap();
        let (sends, sets) = (Arc::clone(&socket), Arc::clone(&socket));
        let far = Name::Inet("192.0.2.1:9".parse().unwrap());
        let sends =
            thread::spawn(move || while sends.send_to(b"x", &far, SendHow::default()).is_err_and(is_no_close) {});
        let sets = thread::spawn(move || while sets.set(Setting::Broadcast(true)).is_ok() {});
        done(socket.close());
        sends.join().unwrap();
        sets.join().unwrap();
        assert_eq!(socket.set(Setting::Broadcast(true)).unwrap_err().outcome, Outcome::Cancelled);
    }
}

fn is_no_close(failure: synsent_sockets::Failure) -> bool {
    failure.outcome != Outcome::Cancelled
}
