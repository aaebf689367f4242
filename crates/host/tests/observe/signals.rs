//! Signals, stops and sudden ends: the programs get them as without an observer, and the calls that they cut are told as cut.

use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
use synsent_host::observe::{CallResult, Ended, Event, Limits};

use crate::launch::{Observed, failed, observe, observe_with, run_alone};
use crate::peers::{Full, Refusing, client};

#[cfg(target_arch = "x86_64")]
const CALL_OF_POLL: i64 = libc::SYS_poll;
#[cfg(not(target_arch = "x86_64"))]
const CALL_OF_POLL: i64 = libc::SYS_ppoll;

/// Looks again after this time whether a process does what is waited for.
const AGAIN: Duration = Duration::from_millis(2);

/// Waits until a process's first thread is in this state, for instance `S` for waiting and `t` for stopped by its tracer, and, where
/// a call is named, in that call. False when the process has ended.
fn wait_for(process: i32, state: char, call: Option<i64>) -> bool {
    loop {
        let read = |name: &str| std::fs::read_to_string(format!("/proc/{process}/{name}"));
        let Ok(stat) = read("stat") else { return false };
        let now = stat.rsplit(") ").next().and_then(|rest| rest.chars().next());
        if matches!(now, Some('Z' | 'X') | None) {
            return false;
        }
        let in_call = read("syscall").unwrap_or_default();
        let is_in_call = call.is_none_or(|call| in_call.starts_with(&format!("{call} ")));
        if now == Some(state) && is_in_call {
            return true;
        }
        std::thread::sleep(AGAIN);
    }
}

fn send(process: i32, signal: Signal) {
    // The process may have ended.
    let _ = kill_process(Pid::from_raw(process).expect("a process"), signal);
}

/// Observes a client that connects to who never answers; a second thread does something to it once it waits in this call.
fn observe_waiting(kind: &str, call: i64, meanwhile: fn(i32)) -> Option<Observed> {
    let (client, full) = (client()?, Full::new());
    let mut thread = None;
    let seen = observe_with(&client, &[kind, &full.port()], Limits::default(), &mut |process, _| {
        thread.get_or_insert_with(|| {
            std::thread::spawn(move || {
                if wait_for(process, 'S', Some(call)) {
                    meanwhile(process);
                }
            })
        });
    });
    thread.expect("something was told").join().unwrap();
    Some(seen)
}

#[test]
fn a_connect_that_waits_when_the_program_is_killed_is_told_as_waiting() {
    let Some(seen) = observe_waiting("blocking", libc::SYS_connect, |process| send(process, Signal::KILL)) else {
        return;
    };
    let connect = seen.call("connect");
    assert_eq!(connect.result, CallResult::NotSeen);
    assert!(connect.peer.is_some() && connect.socket.is_some());
    assert_eq!(seen.status(), Some(Ended::Signal(libc::SIGKILL)));
}

#[test]
fn a_connect_that_a_handler_interrupts_is_told_as_the_program_is() {
    let Some(seen) = observe_waiting("interrupted", libc::SYS_connect, |process| send(process, Signal::ALARM)) else {
        return;
    };
    assert_eq!(seen.output, format!("connect {}\n", libc::EINTR));
    assert_eq!(seen.call("connect").result, failed(libc::EINTR));
    assert_eq!(seen.status(), Some(Ended::Code(0)));
}

#[test]
fn a_connect_that_is_begun_again_after_a_handler_is_told_so() {
    let seen = observe_waiting("begun-again", libc::SYS_connect, |process| {
        send(process, Signal::ALARM);
        // The handler's stop may be over before it is looked at; a signal that waits is delivered one by one.
        if wait_for(process, 'S', Some(libc::SYS_connect)) {
            send(process, Signal::TERM);
        }
    });
    let Some(seen) = seen else { return };
    let results: Vec<_> = seen.calls("connect").iter().map(|call| call.result).collect();
    assert_eq!(results, [CallResult::Restarted, CallResult::NotSeen]);
    assert_eq!(seen.status(), Some(Ended::Signal(libc::SIGTERM)));
}

#[test]
fn a_stop_and_its_end_leave_the_connect_waiting() {
    let seen = observe_waiting("blocking", libc::SYS_connect, |process| {
        send(process, Signal::STOP);
        assert!(wait_for(process, 't', None), "the program stops");
        send(process, Signal::CONT);
        assert!(wait_for(process, 'S', Some(libc::SYS_connect)), "the program waits again");
        send(process, Signal::KILL);
    });
    let Some(seen) = seen else { return };
    let results: Vec<_> = seen.calls("connect").iter().map(|call| call.result).collect();
    assert_eq!(results.last(), Some(&CallResult::NotSeen));
    assert!(results[..results.len() - 1].iter().all(|result| *result == CallResult::Restarted), "{results:?}");
}

/// The kernel begins a `poll` with a time again by a call of its own; it is the same `poll` for who reads of it.
#[test]
fn a_poll_that_a_stop_interrupts_is_told_as_begun_again() {
    let seen = observe_waiting("poll-with-time", CALL_OF_POLL, |process| {
        send(process, Signal::STOP);
        assert!(wait_for(process, 't', None), "the program stops");
        send(process, Signal::CONT);
        assert!(wait_for(process, 'S', None), "the program waits again");
        send(process, Signal::KILL);
    });
    let Some(seen) = seen else { return };
    let polls: Vec<_> = ["poll", "ppoll"].iter().flat_map(|name| seen.calls(name)).collect();
    assert_eq!(polls.last().map(|call| call.result), Some(CallResult::NotSeen), "{}", seen.said());
    assert!(polls.len() >= 2 && polls[0].result == CallResult::Restarted, "{}", seen.said());
    assert!(polls.iter().all(|call| call.socket == seen.call("connect").socket));
}

#[test]
fn a_parent_sees_its_child_stop_go_on_and_end() {
    let Some(client) = client() else { return };
    let expected = format!("stopped {}\nexited 5\n", libc::SIGSTOP);
    assert_eq!(run_alone(&client, &["job", "0"]), (Ended::Code(0), expected.clone()));
    let seen = observe(&client, &["job", "0"]);
    assert_eq!((seen.status(), seen.output.as_str()), (Some(Ended::Code(0)), expected.as_str()));
}

#[test]
fn a_fatal_signal_is_the_same_with_and_without_an_observer() {
    let (Some(client), refusing) = (client(), Refusing::new()) else { return };
    let (alone, _) = run_alone(&client, &["signalled", &refusing.port()]);
    let seen = observe(&client, &["signalled", &refusing.port()]);
    assert_eq!(alone, Ended::Signal(libc::SIGTERM));
    assert_eq!(seen.status(), Some(alone));
}

/// A thread that is asked to stop because another one connects must not see its `epoll_wait` end with EINTR; nor must one whose
/// process gets a signal that it ignores.
#[cfg(target_arch = "x86_64")]
#[test]
fn observing_interrupts_no_epoll_wait() {
    let (Some(client), refusing) = (client(), Refusing::new()) else { return };
    for kind in ["beside-epoll", "child-beside-epoll"] {
        let (_, alone) = run_alone(&client, &[kind, &refusing.port()]);
        assert!(alone.contains("epoll_wait 0\n"), "{kind}: {alone}");
        let seen = observe(&client, &[kind, &refusing.port()]);
        assert!(seen.output.contains("epoll_wait 0\n"), "{kind}: {}", seen.output);
        assert_eq!(seen.status(), Some(Ended::Code(0)), "{kind}");
    }
}

/// Four threads wait in all ways again and again while their process begins and ends to be watched: none is told of a signal.
#[cfg(target_arch = "x86_64")]
#[test]
fn observing_interrupts_no_call_at_any_moment() {
    let (Some(client), refusing) = (client(), Refusing::new()) else { return };
    let seen = observe(&client, &["busy", &refusing.port(), "1000"]);
    assert_eq!(seen.output, "signals 0\n");
    assert_eq!(seen.status(), Some(Ended::Code(0)));
}

/// What the thread that waited in `epoll_wait` does next is seen, though nothing of it stopped before.
#[test]
fn a_thread_that_ran_before_the_connect_is_seen_from_then_on() {
    let (Some(client), refusing) = (client(), Refusing::new()) else { return };
    let seen = observe(&client, &["beside-epoll", &refusing.port()]);
    let threads: std::collections::HashSet<_> = seen.calls("connect").iter().map(|call| call.thread).collect();
    assert_eq!((seen.calls("connect").len(), threads.len()), (3, 2), "{}", seen.said());
    let started = seen.events.iter().filter(|event| matches!(event, Event::Started { .. })).count();
    assert_eq!(started, 1, "threads are no processes");
}

/// Whatever dies at whatever moment, the observer comes to its end, and every process that was told to have started is told to
/// have ended. A process that is killed before its first instruction is not told at all.
#[test]
fn processes_that_are_killed_at_any_moment_are_all_seen_to_end() {
    let (Some(client), refusing) = (client(), Refusing::new()) else { return };
    let seen = observe(&client, &["storm", &refusing.port(), "60"]);
    assert_eq!(seen.status(), Some(Ended::Code(0)));
    let (mut alive, mut ended) = (std::collections::HashSet::new(), 0);
    for event in &seen.events {
        match event {
            Event::Started { process, .. } => assert!(alive.insert(*process), "{process} starts once"),
            Event::Exited { process, .. } => {
                assert!(alive.remove(process), "{process} has started");
                ended += 1;
            }
            _ => {}
        }
    }
    assert!(alive.is_empty(), "{alive:?}");
    assert!(ended > 1, "{ended}");
    assert!(!seen.events.iter().any(|event| matches!(event, Event::OtherChild { .. })));
}
