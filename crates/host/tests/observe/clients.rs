//! What is told of clients of many kinds.

use std::collections::HashSet;

use synsent_host::observe::{CallResult, Detail, Ended, Event, Readiness, SocketKind};

use crate::launch::{failed, observe, run_alone};
use crate::peers::{Refusing, client, listening, resetting, static_client};

#[test]
fn a_blocking_connect_is_told_with_its_error() {
    let (Some(client), refusing) = (client(), Refusing::new()) else { return };
    let seen = observe(&client, &["blocking", &refusing.port()]);
    assert_eq!(seen.output, format!("connect {}\n", libc::ECONNREFUSED));
    let socket = seen.call("socket");
    assert_eq!(socket.kind, Some(SocketKind::Stream));
    let connect = seen.call("connect");
    assert_eq!(connect.result, failed(libc::ECONNREFUSED));
    assert_eq!(connect.peer, Some(refusing.address));
    assert_eq!(connect.detail, Detail::Opening { blocking: Some(true) });
    assert_eq!(connect.socket, socket.socket);
    assert_eq!((connect.process, connect.thread), (seen.process, seen.process));
    assert!(connect.began <= connect.ended);
    assert_eq!(seen.call("close").socket, socket.socket);
    assert_eq!(seen.status(), Some(Ended::Code(0)));
}

#[test]
fn a_static_program_is_observed_as_well() {
    let (Some(client), refusing) = (static_client(), Refusing::new()) else { return };
    let seen = observe(&client, &["blocking", &refusing.port()]);
    assert_eq!(seen.call("connect").result, failed(libc::ECONNREFUSED));
}

#[test]
fn what_a_non_blocking_connect_became_is_seen_in_poll_select_epoll_and_so_error() {
    let (Some(client), refusing) = (client(), Refusing::new()) else { return };
    for (kind, name, said) in [
        ("poll", "poll", Readiness::OUT | Readiness::ERR | Readiness::HUP),
        ("select", "select", Readiness::OUT),
        ("epoll", "epoll_wait", Readiness::OUT | Readiness::ERR | Readiness::HUP),
    ] {
        let seen = observe(&client, &[kind, &refusing.port()]);
        let connect = seen.call("connect");
        assert_eq!(connect.result, failed(libc::EINPROGRESS));
        assert_eq!(connect.detail, Detail::Opening { blocking: Some(false) });
        let calls: Vec<_> = ["poll", "ppoll", "select", "pselect6", "epoll_wait", "epoll_pwait"]
            .iter()
            .flat_map(|name| seen.calls(name))
            .collect();
        assert_eq!(calls.len(), 1, "{name}: {}", seen.said());
        assert_eq!(calls[0].detail, Detail::Ready(Readiness(said)), "{name}");
        assert_eq!(calls[0].socket, connect.socket);
        assert_eq!(calls[0].peer, Some(refusing.address));
        let option = seen.call("getsockopt");
        assert_eq!(option.detail, Detail::SoError(libc::ECONNREFUSED), "{name}");
        assert_eq!(option.socket, connect.socket);
    }
}

#[test]
fn what_epoll_says_of_one_of_two_is_not_said_of_either() {
    let (Some(client), refusing) = (client(), Refusing::new()) else { return };
    let seen = observe(&client, &["same-word", &refusing.port()]);
    assert!(seen.calls("epoll_wait").is_empty(), "{}", seen.said());
    assert_eq!(seen.call("getsockopt").detail, Detail::SoError(libc::ECONNREFUSED));
}

#[test]
fn threads_that_connect_at_once_are_told_each() {
    let (Some(client), refusing) = (client(), Refusing::new()) else { return };
    for _ in 0..10 {
        let seen = observe(&client, &["threads", &refusing.port()]);
        let calls = seen.calls("connect");
        let ended: Vec<_> = calls.iter().filter(|call| call.result != CallResult::Restarted).collect();
        assert_eq!(ended.len(), 8, "{}", seen.said());
        assert!(ended.iter().all(|call| call.result == failed(libc::ECONNREFUSED)), "{}", seen.said());
        assert_eq!(ended.iter().map(|call| call.thread).collect::<HashSet<_>>().len(), 8);
        assert!(ended.iter().all(|call| call.process == seen.process));
        assert_eq!(seen.status(), Some(Ended::Code(0)));
    }
}

#[test]
fn children_are_followed_and_their_exit_codes_are_theirs() {
    let (Some(client), refusing) = (client(), Refusing::new()) else { return };
    let seen = observe(&client, &["fork", &refusing.port()]);
    let calls = seen.calls("connect");
    assert_eq!(calls.len(), 2, "{}", seen.said());
    assert_ne!(calls[0].process, calls[1].process);
    assert_eq!(seen.status_of(calls[0].process), Some(Ended::Code(3)));
    assert_eq!(seen.status(), Some(Ended::Code(3)), "the parent passes it on");
    let parents: Vec<_> = seen.events.iter().filter_map(parent_of_started).collect();
    assert_eq!(parents, [(seen.process, None), (calls[0].process, Some(seen.process))]);
}

fn parent_of_started(event: &Event) -> Option<(i32, Option<i32>)> {
    if let Event::Started { process, parent, .. } = event { Some((*process, *parent)) } else { None }
}

#[test]
fn spawned_programs_and_programs_executed_by_a_thread_are_followed() {
    let (Some(client), refusing) = (client(), Refusing::new()) else { return };
    for (kind, executions) in [("spawn", 2), ("exec-in-thread", 2)] {
        let seen = observe(&client, &[kind, &refusing.port()]);
        assert_eq!(seen.call("connect").result, failed(libc::ECONNREFUSED), "{kind}");
        let programs = seen.events.iter().filter(|event| matches!(event, Event::Exec { .. })).count();
        assert_eq!(programs, executions, "{kind}");
        assert_eq!(seen.status(), Some(Ended::Code(0)), "{kind}");
        assert!(!seen.events.iter().any(|event| matches!(event, Event::OtherChild { .. })), "{kind}");
    }
}

#[test]
fn a_reset_is_seen_in_read_and_write() {
    let Some(client) = client() else { return };
    let (address, peer) = resetting();
    let seen = observe(&client, &["reset", &address.port().to_string()]);
    peer.join().unwrap();
    let connect = seen.call("connect");
    assert_eq!(connect.result, CallResult::Ok(0));
    assert!(connect.local.is_some_and(|local| local.ip() == address.ip() && local.port() != 0));
    let read = seen.call("read");
    assert_eq!((read.result, read.socket), (failed(libc::ECONNRESET), connect.socket));
    let write = seen.call("write");
    assert_eq!((write.result, write.socket), (failed(libc::EPIPE), connect.socket));
    assert_eq!(write.peer, Some(address));
}

#[test]
fn addresses_in_datagram_calls_are_told() {
    let Some(client) = client() else { return };
    let seen = observe(&client, &["names", "0"]);
    assert_eq!(seen.status(), Some(Ended::Code(0)));
    let own = seen.call("sendto").peer.expect("an address");
    assert!(own.ip().is_loopback() && own.port() != 0);
    assert_eq!(seen.call("bind").local.map(|local| local.port()), Some(0), "as it is in the call");
    for (name, detail) in [
        ("sendto", Detail::Octets(2)),
        ("recvfrom", Detail::Octets(2)),
        ("sendmsg", Detail::Octets(3)),
        ("recvmsg", Detail::Octets(3)),
        ("sendmmsg", Detail::None),
        ("recvmmsg", Detail::None),
    ] {
        let call = seen.call(name);
        assert_eq!((call.peer, call.detail), (Some(own), detail), "{name}");
        assert_eq!(call.socket, seen.call("socket").socket, "{name}");
    }
    assert_eq!(seen.call("recvmmsg").result, CallResult::Ok(2));
}

#[test]
fn a_server_is_told_who_it_accepted() {
    let Some(client) = client() else { return };
    let seen = observe(&client, &["server", "0"]);
    let (connect, accept) = (seen.call("connect"), seen.call("accept"));
    assert_eq!((accept.peer, accept.kind), (connect.local, Some(SocketKind::Stream)));
    assert_eq!(seen.call("shutdown").socket, connect.socket);
    let read = seen.call("read");
    assert_eq!((read.result, read.detail, read.peer), (CallResult::Ok(0), Detail::Octets(0), connect.local));
}

#[test]
fn a_socket_is_the_same_under_each_of_its_descriptors() {
    let (Some(client), (_listener, port)) = (client(), listening()) else { return };
    let seen = observe(&client, &["copied", &port]);
    let (connect, write) = (seen.call("connect"), seen.call("write"));
    assert_eq!((write.socket, write.descriptor, write.peer), (connect.socket, Some(100), connect.peer));
    assert_eq!(seen.calls("close").len(), 2);
}

#[test]
fn a_connection_that_begins_with_its_first_octets_is_told() {
    let (Some(client), refusing) = (client(), Refusing::new()) else { return };
    let (_, alone) = run_alone(&client, &["fast-open", &refusing.port()]);
    if !alone.starts_with(&format!("sendto {}\n", libc::ECONNREFUSED)) {
        eprintln!("SKIPPED: this kernel does not open so; what needs it was not tested");
        return;
    }
    let seen = observe(&client, &["fast-open", &refusing.port()]);
    let send = seen.call("sendto");
    assert_eq!((send.result, send.peer), (failed(libc::ECONNREFUSED), Some(refusing.address)));
    assert_eq!(seen.call("write").socket, send.socket);
}

#[test]
fn a_connection_that_a_process_gets_by_a_message_is_watched_there() {
    let (Some(client), (_listener, port)) = (client(), listening()) else { return };
    let seen = observe(&client, &["passed", &port]);
    let (connect, write) = (seen.call("connect"), seen.call("write"));
    assert_ne!(connect.process, write.process);
    assert_eq!((write.socket, write.peer), (connect.socket, connect.peer));
    assert!(seen.calls("sendmsg").is_empty(), "the pair is none of the internet");
}
