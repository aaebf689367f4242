//! What a process has to do with its descriptors: runs out of them, is copied by `fork`, starts programs.

use std::env;
use std::fs;
use std::io::Write as _;
use std::process::Command;

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use synsent_sockets::{
    Cancel, Domain, Kind, Linger, Outcome, Progress, Ready, ReceiveHow, SendHow, Settings, Socket, select,
};

use crate::{done, listener, network, outcome, socket, stream};

/// Set in the process that a test starts to run alone in it.
const ALONE: &str = "SYNSENT_TEST_ALONE";
/// More descriptors than the process that runs out of them may have.
const MANY: usize = 200;

/// Whether this process was started to run this test alone; where it was not, it is started and must succeed.
pub(crate) fn is_alone(test: &str) -> bool {
    if env::var_os(ALONE).is_some() {
        return true;
    }
    let program = env::current_exe().expect("this program");
    let output = Command::new(program).args(["--exact", test, "--nocapture"]).env(ALONE, "1").output();
    let output = output.expect("a process");
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success() && said.contains("1 passed"), "{said}{}", String::from_utf8_lossy(&output.stderr));
    false
}

#[test]
fn a_process_without_descriptors_is_told_so_and_goes_on_when_it_has_some() {
    if !is_alone("process::a_process_without_descriptors_is_told_so_and_goes_on_when_it_has_some") {
        return;
    }
    let network = network();
    let (listener, name) = listener(&network);
    let limit = getrlimit(Resource::Nofile);
    setrlimit(Resource::Nofile, Rlimit { current: Some(MANY as u64 / 2), ..limit }).expect("less than before");
    let waiting = stream(&network);
    done(waiting.connect(&name));
    let all: Vec<fs::File> = (0..MANY).map_while(|_| fs::File::open("/dev/null").ok()).collect();
    assert!(all.len() < MANY);

    // A socket is opened in the kernel by the first verb that needs it.
    let late = Socket::new(network.clone(), Domain::Inet4, Kind::Stream, Settings::default());
    let late = late.expect("nothing of the kernel's is needed yet");
    assert_eq!(outcome(late.connect(&name)), Outcome::NoDescriptors);
    assert_eq!(outcome(listener.accept()), Outcome::NoDescriptors);
    assert_eq!(network.numbers().take().unwrap_err().outcome, Outcome::NoDescriptors);

    drop(all);
    let (first, _) = done(listener.accept());
    done(late.connect(&name));
    let (second, _) = done(listener.accept());
    for (client, server) in [(&waiting, &first), (&late, &second)] {
        done(client.send(b"x", SendHow::default()));
        assert_eq!(done(server.receive(&mut [0; 4], ReceiveHow::default())).octets, 1);
    }
    let number = network.numbers().take().expect("a number");
    network.numbers().give_back(number);
}

#[test]
fn both_processes_use_a_connection_after_a_fork() {
    if !is_alone("process::both_processes_use_a_connection_after_a_fork") {
        return;
    }
    let network = network();
    let (listener, name) = listener(&network);
    let client = stream(&network);
    done(client.connect(&name));
    let (server, _) = done(listener.accept());
    // This thread has slept once, so that what it keeps for its sleeps is copied too.
    server.set_time_limits(Some(synsent_stack::Duration::from_millis(1)), None);
    assert_eq!(outcome(server.receive(&mut [0; 1], ReceiveHow::default())), Outcome::TimeLimit);
    server.set_time_limits(None, None);
    // SAFETY: no other thread of this process holds a lock that the child takes: the one that runs tests waits for this one.
    let child = unsafe { libc::fork() };
    if child == 0 {
        let sent = client.send(b"child", SendHow::default()).is_ok();
        let answered = client.receive(&mut [0; 2], ReceiveHow::default()).is_ok();
        // SAFETY: it ends this process and touches nothing of it.
        unsafe { libc::_exit(i32::from(!(sent && answered))) };
    }
    assert!(child > 0, "a process");
    let mut into = [0; 16];
    let octets = done(server.receive(&mut into, ReceiveHow::default())).octets;
    assert_eq!(&into[..octets], b"child");
    done(server.send(b"ok", SendHow::default()));
    let mut status = 0;
    // SAFETY: the kernel writes one number, which lives longer than the call.
    assert_eq!(unsafe { libc::waitpid(child, &mut status, 0) }, child);
    assert_eq!(status, 0);
    // The child is gone with its copies, and the connection is as it was.
    done(client.send(b"parent", SendHow::default()));
    let octets = done(server.receive(&mut into, ReceiveHow::default())).octets;
    assert_eq!(&into[..octets], b"parent");
}

/// A program that is started gets none of what this house has open.
#[test]
fn no_program_inherits_a_descriptor() {
    if !is_alone("process::no_program_inherits_a_descriptor") {
        return;
    }
    let network = network();
    let (listener, name) = listener(&network);
    let client = stream(&network);
    done(client.connect(&name));
    let (server, _) = done(listener.accept());
    let datagram = socket(&network, Domain::Local, Kind::Datagram);
    datagram.set_nonblocking(true);
    assert!(datagram.receive(&mut [0; 1], ReceiveHow::default()).is_ok());
    let number = network.numbers().take().expect("a number");
    let own = |program: &str| {
        let listed = fs::read_dir(format!("/proc/{program}/fd")).expect("the descriptors");
        listed.filter_map(|entry| fs::read_link(entry.ok()?.path()).ok()).filter(|to| is_of_this_house(to)).count()
    };
    for number in (0..100).filter(|number| is_socket(*number)) {
        assert!(!network.numbers().is_file(number), "{number}: its user knows it by another number");
    }
    assert!(own("self") >= 5, "listener, two ends, a datagram socket, a number");
    let mut program = Command::new("cat").stdin(std::process::Stdio::piped()).spawn().expect("a program");
    // The new program runs once its own descriptors are there to be read; until then it is a copy of this one.
    let mut input = program.stdin.take().expect("its input");
    input.write_all(b"x").expect("it reads");
    let inherited = own(&program.id().to_string());
    drop(input);
    assert!(program.wait().expect("its end").success());
    assert_eq!(inherited, 0);
    drop((server, number));
}

fn is_of_this_house(to: &std::path::Path) -> bool {
    let to = to.to_string_lossy();
    to.starts_with("socket:") || to.contains("eventfd")
}

fn is_socket(number: i32) -> bool {
    fs::read_link(format!("/proc/self/fd/{number}")).is_ok_and(|to| to.to_string_lossy().starts_with("socket:"))
}

/// A thread that can have nothing to be woken by looks again and again, and its time is over all the same.
#[test]
fn a_time_limit_holds_without_a_descriptor_to_sleep_with() {
    if !is_alone("process::a_time_limit_holds_without_a_descriptor_to_sleep_with") {
        return;
    }
    let network = network();
    let (listener, name) = listener(&network);
    let client = stream(&network);
    done(client.connect(&name));
    let (server, _) = done(listener.accept());
    let limit = getrlimit(Resource::Nofile);
    setrlimit(Resource::Nofile, Rlimit { current: Some(MANY as u64 / 2), ..limit }).expect("less than before");
    let all: Vec<fs::File> = (0..MANY).map_while(|_| fs::File::open("/dev/null").ok()).collect();
    client.set_time_limits(Some(synsent_stack::Duration::from_millis(20)), None);
    let outcomes = std::thread::scope(|scope| {
        let waits = scope.spawn(|| {
            let received = outcome(client.receive(&mut [0; 1], ReceiveHow::default()));
            let patience = Some(synsent_stack::Duration::from_millis(20));
            let selected = select(network.as_ref(), &[(&client, Ready::READABLE)], patience, &Cancel::new());
            let before = std::time::Instant::now();
            client.set_nonblocking(true);
            while let Ok(Progress::Done(_)) = client.send(&[7; 65_536], SendHow::default()) {}
            client.set_nonblocking(false);
            client.set_linger(Linger::For(synsent_stack::Duration::from_millis(100)));
            done(client.close());
            (received, selected, before.elapsed() < std::time::Duration::from_secs(10))
        });
        waits.join().expect("no panic")
    });
    assert_eq!(outcomes, (Outcome::TimeLimit, Ok(vec![Ready::NONE]), true));
    drop((all, server));
}
