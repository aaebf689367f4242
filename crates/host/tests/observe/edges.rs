//! The edges: what is not looked at, what is not right, what is too much, and who may not trace.

use synsent_host::observe::{AttachError, CallResult, Detail, Ended, Event, Limits, Observer, SocketKind, Unobserved};

use crate::launch::{Output, failed, observe, observe_with, run_alone, start};
use crate::peers::{Refusing, client, listening};
use crate::skip::skip;

#[test]
fn sockets_that_are_not_of_the_internet_are_not_told() {
    let Some(client) = client() else { return };
    let seen = observe(&client, &["local", "0"]);
    assert_eq!(seen.said(), "");
    assert_eq!(seen.output, format!("connect {}\nsend 0\nrecv 0\n", libc::ENOENT));
}

#[test]
fn a_connected_datagram_socket_is_told_what_came_back() {
    let (Some(client), refusing) = (client(), Refusing::datagram()) else { return };
    let seen = observe(&client, &["datagram", &refusing.port()]);
    assert_eq!(seen.call("connect").kind, Some(SocketKind::Datagram));
    assert_eq!(seen.call("connect").result, CallResult::Ok(0));
    assert_eq!(seen.call("sendto").detail, Detail::Octets(1));
    let receive = seen.call("recvfrom");
    assert_eq!((receive.result, receive.peer), (failed(libc::ECONNREFUSED), Some(refusing.address)));
}

#[test]
fn a_connection_that_another_program_inherits_is_watched_there() {
    let (Some(client), (listener, port)) = (client(), listening()) else { return };
    let seen = observe(&client, &["inherited", &port]);
    assert_eq!(seen.output, "write 0\n");
    let write = seen.call("write");
    assert_eq!((write.result, write.detail), (CallResult::Ok(1), Detail::Octets(1)));
    assert_eq!(write.socket, seen.call("connect").socket);
    assert_eq!(write.peer, listener.local_addr().ok());
}

#[test]
fn arguments_of_all_kinds_are_survived() {
    let (Some(client), refusing) = (client(), Refusing::new()) else { return };
    let (_, alone) = run_alone(&client, &["hostile", &refusing.port()]);
    assert!(alone.ends_with("end 0\n"), "{alone}");
    let seen = observe(&client, &["hostile", &refusing.port()]);
    assert_eq!(seen.output, alone);
    let results: Vec<_> = seen.calls("connect").iter().map(|call| call.result).collect();
    let expected = [libc::EFAULT, libc::EINVAL, libc::EINVAL, libc::EBADF, libc::EINPROGRESS].map(CallResult::Err);
    assert_eq!(results, expected);
    assert_eq!(seen.unobserved(), []);
    assert_eq!(seen.status(), Some(Ended::Code(0)));
}

/// Few calls of each sort, so that the limits are reached.
const LOW: Limits =
    Limits { watched_calls_max: 100, watched_calls_again: 10, data_calls_max: 50, opening_calls_max: 40 };

#[test]
fn a_process_that_makes_very_many_calls_with_a_connection_open_is_watched_no_longer() {
    let (Some(client), (_listener, port)) = (client(), listening()) else { return };
    let many = observe_with(&client, &["many", &port, "101"], LOW, &mut |_, _| {});
    assert_eq!(many.unobserved(), [Unobserved::WatchedCallsMax]);
    assert!(many.calls("write").is_empty());
    assert_eq!(many.call("getsockopt").detail, Detail::SoError(0), "socket calls are still seen");
    let few = observe_with(&client, &["many", &port, "50"], LOW, &mut |_, _| {});
    assert_eq!((few.unobserved(), few.call("write").result), (vec![], CallResult::Ok(1)));
}

#[test]
fn a_late_connect_is_watched_for_some_calls_again() {
    let (Some(client), (_listener, port)) = (client(), listening()) else { return };
    let seen = observe_with(&client, &["many-twice", &port, "101"], LOW, &mut |_, _| {});
    assert_eq!(seen.calls("connect").len(), 2);
    assert_eq!(seen.unobserved(), [Unobserved::WatchedCallsMax]);
    assert_eq!(seen.call("write").socket, seen.calls("connect")[1].socket);
}

#[test]
fn very_many_calls_that_send_are_not_told_beyond_the_limit() {
    let (Some(client), refusing) = (client(), Refusing::datagram()) else { return };
    let limits = Limits { watched_calls_max: 1_000, ..LOW };
    let seen = observe_with(&client, &["many-sends", &refusing.port(), "60"], limits, &mut |_, _| {});
    assert_eq!(seen.unobserved(), [Unobserved::DataCallsMax]);
    assert_eq!(seen.calls("sendto").len(), 50);
    assert_eq!(seen.calls("getsockopt").len(), 1, "what connect() said is told on");
}

#[test]
fn a_process_that_opens_very_many_sockets_is_observed_no_longer() {
    let (Some(client), refusing) = (client(), Refusing::new()) else { return };
    let seen = observe_with(&client, &["many-sockets", &refusing.port(), "60"], LOW, &mut |_, _| {});
    assert_eq!(seen.unobserved(), [Unobserved::OpeningCallsMax]);
    assert_eq!(seen.calls("socket").len(), 40);
    assert!(seen.calls("connect").is_empty());
    assert_eq!(seen.output, format!("connect {}\n", libc::ECONNREFUSED));
}

#[test]
fn the_limits_are_those_of_the_documents() {
    let limits = Limits {
        watched_calls_max: 20_000,
        watched_calls_again: 500,
        data_calls_max: 20_000,
        opening_calls_max: 100_000,
    };
    assert_eq!(Limits::default(), limits);
}

#[test]
fn a_program_with_io_uring_is_said_not_to_be_seen_whole() {
    let Some(client) = client() else { return };
    let seen = observe(&client, &["ring", "0"]);
    let expected: &[Unobserved] = if seen.output == "io_uring_setup 0\n" { &[Unobserved::IoUring] } else { &[] };
    assert_eq!(seen.unobserved(), expected);
}

#[cfg(target_arch = "x86_64")]
#[test]
fn calls_of_other_architectures_are_said_not_to_be_seen() {
    let Some(client) = client() else { return };
    for kind in ["x32", "i386"] {
        if run_alone(&client, &[kind, "0"]).0 != Ended::Code(0) {
            // A kernel without 32-bit programs ends them at their first call.
            eprintln!("SKIPPED: this kernel runs no {kind} programs; what needs them was not tested");
            continue;
        }
        let seen = observe(&client, &[kind, "0"]);
        assert_eq!(seen.unobserved(), [Unobserved::OtherArchitecture], "{kind}");
        assert_eq!((seen.status(), seen.output.as_str()), (Some(Ended::Code(0)), "end 0\n"), "{kind}");
        assert!(seen.calls("socket").is_empty());
    }
}

/// The privileged may look at it; for others it is said that nothing was seen.
#[test]
fn a_program_that_hides_itself_is_seen_or_said_to_be_hidden() {
    let (Some(client), refusing) = (client(), Refusing::new()) else { return };
    let seen = observe(&client, &["hidden", &refusing.port()]);
    assert_eq!(seen.output, format!("connect {}\n", libc::ECONNREFUSED));
    let is_hidden = seen.unobserved() == [Unobserved::MemoryHidden];
    let is_told = seen.calls("connect").iter().any(|call| call.result == failed(libc::ECONNREFUSED));
    assert!(is_hidden != is_told, "{:?} {}", seen.unobserved(), seen.said());
}

#[test]
fn a_program_with_a_filter_of_its_own_keeps_it() {
    let (Some(client), refusing) = (client(), Refusing::new()) else { return };
    let seen = observe(&client, &["own-filter", &refusing.port()]);
    assert_eq!(seen.output, format!("connect {}\nshutdown {}\n", libc::ECONNREFUSED, libc::ENETDOWN));
    assert_eq!(seen.call("connect").result, failed(libc::ECONNREFUSED));
}

#[test]
fn another_child_of_the_observing_thread_is_reaped_and_told() {
    let Some(client) = client() else { return };
    let output = Output::new();
    if std::fs::metadata("/proc/thread-self/children").is_err() {
        assert!(skip("kernel that tells the children of a thread"));
        return;
    }
    let other = start(&client, &["blocking"], &output, false);
    let other = other.release();
    // The one that is observed ends when the other one has been told to have ended.
    let child = start("sleep".as_ref(), &["1000"], &output, true);
    let mut observer = Observer::attach(child.process).unwrap();
    let process = child.release();
    let mut told = None;
    observer
        .run(&mut |event| {
            if let Event::OtherChild { process: number, status } = event {
                told = Some((number, status));
                let _ = rustix::process::kill_process(
                    rustix::process::Pid::from_raw(process).unwrap(),
                    rustix::process::Signal::KILL,
                );
            }
        })
        .unwrap();
    assert_eq!(told, Some((other, Ended::Code(2))), "the client's own code for too few words");
}

#[test]
fn the_program_ends_with_the_thread_that_observes_it() {
    let Some(client) = client() else { return };
    let output = Output::new();
    let child = start(&client, &["job", "0"], &output, true);
    let process = child.process;
    std::thread::spawn(move || Observer::attach(process).map(|_| ())).join().unwrap().unwrap();
    let mut status = 0;
    // SAFETY: the kernel writes one number, which lives longer than the call.
    assert_eq!(unsafe { libc::waitpid(process, &raw mut status, 0) }, process);
    assert!(libc::WIFSIGNALED(status) && libc::WTERMSIG(status) == libc::SIGKILL);
    drop(child);
}

#[test]
fn a_program_that_does_not_exist_ends_as_its_launcher_says() {
    let seen = observe("/nowhere/at/all".as_ref(), &[]);
    assert_eq!(seen.status(), Some(Ended::Code(127)));
}

#[test]
fn whoever_cannot_be_traced_is_named_with_the_reason() {
    assert!(matches!(Observer::attach(1 << 30), Err(AttachError::Gone)));
    let Some(client) = client() else { return };
    let output = Output::new();
    let child = start(&client, &["job", "0"], &output, false);
    let process = child.process;
    let first = Observer::attach(process).unwrap();
    let second = std::thread::spawn(move || Observer::attach(process).map(|_| ())).join().unwrap();
    let us = std::process::id() as i32;
    let Err(AttachError::TracedAlready { tracer }) = second else { panic!("{second:?}") };
    // The tracer is the thread; its process stands in its status.
    let status = std::fs::read_to_string(format!("/proc/{tracer}/status")).unwrap();
    assert!(status.contains(&format!("Tgid:\t{us}\n")));
    child.release();
    let mut first = first;
    first.run(&mut |_| {}).unwrap();
}
