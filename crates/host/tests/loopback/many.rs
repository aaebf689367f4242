//! Many sockets at once, small numbers, and signals.

use std::fs::File;
use std::os::fd::AsRawFd as _;
use std::os::unix::thread::JoinHandleExt as _;
use std::thread;

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use synsent_sockets::{Cancel, Domain, Kind, Outcome, Ready, SendHow, Socket, select};
use synsent_stack::Duration;

use crate::{done, listener, loopback, network, outcome, socket};

/// More than the 1,024 descriptors that a set of the kernel's own `select` holds.
#[test]
fn one_of_1500_sockets_is_ready() {
    let limit = getrlimit(Resource::Nofile);
    setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, ..limit }).expect("the hard limit");
    let network = network();
    let sockets: Vec<Socket> = (0..1_500).map(|_| socket(&network, Domain::Inet4, Kind::Datagram)).collect();
    for socket in &sockets {
        socket.bind(&loopback(0)).expect("a port and a descriptor");
    }
    let asked: Vec<_> = sockets.iter().map(|socket| (socket, Ready::READABLE)).collect();
    let none = select(network.as_ref(), &asked, Some(Duration::ZERO), &Cancel::new()).unwrap();
    assert!(none.iter().all(|ready| ready.is_empty()));
    done(sockets[0].send_to(b"x", &sockets[1_234].local_name().unwrap(), SendHow::default()));
    let ready = select(network.as_ref(), &asked, None, &Cancel::new()).unwrap();
    let found: Vec<usize> = (0..ready.len()).filter(|place| !ready[*place].is_empty()).collect();
    assert_eq!(found, [1_234]);
}

#[test]
fn a_select_whose_time_is_over_tells_nothing() {
    let network = network();
    let (listener, _) = listener(&network);
    let asked = [(&listener, Ready::READABLE)];
    let ready = select(network.as_ref(), &asked, Some(Duration::from_millis(3)), &Cancel::new()).unwrap();
    assert_eq!(ready, [Ready::NONE]);
}

/// A connection that is over both ways is told as hung up to everybody; who waits for something else waits on.
#[test]
fn who_waits_for_urgent_data_is_not_kept_awake_by_an_end() {
    let network = network();
    let (listener, name) = listener(&network);
    let client = crate::stream(&network);
    done(client.connect(&name));
    let (server, _) = done(listener.accept());
    for end in [&client, &server] {
        end.shutdown(synsent_sockets::Shutdown::Send).unwrap();
    }
    let asked = [(&client, Ready::URGENT)];
    let ready = select(network.as_ref(), &asked, Some(Duration::from_millis(3)), &Cancel::new()).unwrap();
    assert_eq!(ready, [Ready::NONE]);
}

extern "C" fn nothing(_signal: libc::c_int) {}

#[test]
fn a_signal_ends_a_wait() {
    // SAFETY: the handler does nothing, so it may run at any time; the struct is zeroed, which is valid, and lives longer
    // than the call.
    unsafe {
        let mut action: libc::sigaction = std::mem::zeroed();
        action.sa_sigaction = nothing as extern "C" fn(libc::c_int) as usize;
        assert_eq!(libc::sigaction(libc::SIGUSR1, &action, std::ptr::null_mut()), 0);
    }
    let network = network();
    let (listener, _) = listener(&network);
    let thread = thread::spawn(move || outcome(listener.accept()));
    while !thread.is_finished() {
        // SAFETY: the thread has not been joined, so its identity is good also when it has ended.
        unsafe { libc::pthread_kill(thread.as_pthread_t(), libc::SIGUSR1) };
        // A thread to which signals come without a pause handles signals, and nothing else.
        thread::sleep(std::time::Duration::from_millis(1));
    }
    assert_eq!(thread.join().unwrap(), Outcome::Interrupted);
}

#[test]
fn numbers_are_the_lowest_free_ones_and_no_files() {
    let network = network();
    let numbers = network.numbers();
    let taken = numbers.take().unwrap();
    assert!(taken >= 3);
    assert!(!numbers.is_file(taken));
    assert!(!numbers.is_file(-1));
    assert!(!numbers.is_file(1 << 20));
    let file = File::open("/dev/null").unwrap();
    assert!(numbers.is_file(file.as_raw_fd()));
    assert_ne!(file.as_raw_fd(), taken);
    // A socket of this process that is none of this house is a file to it.
    let foreign = std::net::UdpSocket::bind("127.0.0.1:0").unwrap();
    assert!(numbers.is_file(foreign.as_raw_fd()));
    let all: Vec<i32> = (0..10).map(|_| numbers.take().unwrap()).collect();
    assert!(!all.contains(&taken) && !all.contains(&file.as_raw_fd()));
    numbers.give_back(taken);
    all.into_iter().for_each(|number| numbers.give_back(number));
}
