//! The local domain: what a path leads to, what connects, and what comes through.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use proptest::prelude::*;
use synsent_sockets::local::{
    BACKLOG_MAX, BUFFER_OCTETS_MAX, COMPONENT_OCTETS_MAX, FILES_MAX, FileKind, FileTree, Identity, LINKS_MAX,
    LocalProvider, QUEUED_DATAGRAMS_MAX, SOCKETS_MAX,
};
use synsent_sockets::{
    Domain, Kind, LOCAL_PATH_MAX, LocalName, Name, Outcome, Progress, Provider, Ready, ReceiveHow, SendHow, Setting,
    Settings, Shutdown, Transport,
};

const PLAIN: SendHow = SendHow { urgent: false, dont_route: false };
const READ: ReceiveHow = ReceiveHow { peek: false, urgent: false };
const SOMEBODY: Identity = Identity { user: 1_000, group: 1_000 };

type Opened = Arc<dyn Transport>;

fn machine() -> (FileTree, LocalProvider) {
    let files = FileTree::new();
    let provider = LocalProvider::new(files.clone(), Arc::new(|| {}));
    (files, provider)
}

fn name(path: impl AsRef<[u8]>) -> Name {
    Name::Local(LocalName::new(path.as_ref()))
}

fn open(provider: &LocalProvider, kind: Kind) -> Opened {
    provider.open(Domain::Local, kind, &Settings::default()).unwrap()
}

fn bound(provider: &LocalProvider, kind: Kind, path: &str) -> Opened {
    let socket = open(provider, kind);
    socket.bind(&name(path)).unwrap();
    socket
}

fn listening(provider: &LocalProvider, path: &str, backlog: u32) -> Opened {
    let socket = bound(provider, Kind::Stream, path);
    socket.listen(backlog).unwrap();
    socket
}

fn outcome(provider: &LocalProvider, kind: Kind, path: impl AsRef<[u8]>) -> Outcome {
    open(provider, kind).connect(&name(path)).unwrap_err().outcome
}

fn accept(listener: &Opened) -> Opened {
    match listener.accept() {
        Ok(Progress::Done(accepted)) => accepted.transport,
        _ => panic!("nobody has connected"),
    }
}

fn pair() -> (LocalProvider, Opened, Opened) {
    let (_, provider) = machine();
    let listener = listening(&provider, "/s", 5);
    let client = open(&provider, Kind::Stream);
    assert_eq!(client.connect(&name("/s")), Ok(Progress::Done(())));
    let server = accept(&listener);
    (provider, client, server)
}

fn read(socket: &Opened) -> Result<Option<Vec<u8>>, Outcome> {
    let mut octets = vec![0; 8 << 20];
    match socket.receive(&mut octets, READ) {
        Ok(Progress::Done(received)) => Ok(Some(octets[..received.octets].to_vec())),
        Ok(Progress::Pending) => Ok(None),
        Err(failure) => Err(failure.outcome),
    }
}

#[test]
fn a_path_that_cannot_be_followed_gives_its_reason() {
    let (files, provider) = machine();
    files.make_directory("/dir").unwrap();
    files.make_file("/dir/file").unwrap();
    files.make_link("/dangling", "/nowhere").unwrap();
    files.make_link("/round", "about").unwrap();
    files.make_link("/about", "round").unwrap();
    for kind in [Kind::Stream, Kind::Datagram] {
        assert_eq!(outcome(&provider, kind, ""), Outcome::PathMissing);
        assert_eq!(outcome(&provider, kind, "/none"), Outcome::PathMissing);
        assert_eq!(outcome(&provider, kind, "/none/s"), Outcome::PathMissing);
        assert_eq!(outcome(&provider, kind, "/dangling"), Outcome::PathMissing);
        assert_eq!(outcome(&provider, kind, "/dir/file/s"), Outcome::NotDirectory);
        assert_eq!(outcome(&provider, kind, "/dir/file/"), Outcome::NotDirectory);
        assert_eq!(outcome(&provider, kind, "/round"), Outcome::PathLoop);
        assert_eq!(outcome(&provider, kind, "/round/s"), Outcome::PathLoop);
        assert_eq!(outcome(&provider, kind, "/dir"), Outcome::NotListening);
        assert_eq!(outcome(&provider, kind, "/dir/file"), Outcome::NotListening);
    }
}

#[test]
fn components_and_paths_have_their_longest() {
    let (_, provider) = machine();
    let longest = "x".repeat(COMPONENT_OCTETS_MAX);
    assert_eq!(outcome(&provider, Kind::Stream, &longest), Outcome::PathMissing);
    bound(&provider, Kind::Stream, &longest);
    let beyond = format!("{longest}x");
    assert_eq!(outcome(&provider, Kind::Stream, &beyond), Outcome::PathTooLong);
    assert_eq!(outcome(&provider, Kind::Stream, format!("{beyond}/s")), Outcome::PathTooLong);
    let socket = open(&provider, Kind::Stream);
    assert_eq!(socket.bind(&name(&beyond)).unwrap_err().outcome, Outcome::PathTooLong);
    let path = format!("{}none", "/".repeat(LOCAL_PATH_MAX - 4));
    assert_eq!(outcome(&provider, Kind::Stream, &path), Outcome::PathMissing);
    assert_eq!(outcome(&provider, Kind::Stream, format!("/{path}")), Outcome::PathTooLong);
}

#[test]
fn a_path_leads_through_forty_links_and_no_more() {
    let (files, provider) = machine();
    let _listener = listening(&provider, "/l0", 5);
    for number in 1..=LINKS_MAX + 1 {
        files.make_link(format!("/l{number}"), format!("l{}", number - 1)).unwrap();
    }
    let last = format!("/l{LINKS_MAX}");
    assert_eq!(open(&provider, Kind::Stream).connect(&name(&last)), Ok(Progress::Done(())));
    assert_eq!(outcome(&provider, Kind::Stream, format!("/l{}", LINKS_MAX + 1)), Outcome::PathLoop);
}

#[test]
fn directories_must_be_searchable_and_socket_files_writable() {
    let (files, provider) = machine();
    files.make_directory("/closed").unwrap();
    files.make_directory("/open").unwrap();
    let _hidden = listening(&provider, "/closed/s", 5);
    let _shown = listening(&provider, "/open/s", 5);
    files.set_access("/closed", Identity::ROOT, 0o700).unwrap();
    let process = LocalProvider::new(files.clone(), Arc::new(|| {}));
    process.set_identity(SOMEBODY);
    assert_eq!(outcome(&process, Kind::Stream, "/closed/s"), Outcome::PermissionDenied);
    assert_eq!(outcome(&process, Kind::Stream, "/open/s"), Outcome::PermissionDenied);
    let socket = open(&process, Kind::Stream);
    assert_eq!(socket.bind(&name("/open/mine")).unwrap_err().outcome, Outcome::PermissionDenied);
    files.set_access("/open/s", Identity::ROOT, 0o722).unwrap();
    assert_eq!(open(&process, Kind::Stream).connect(&name("/open/s")), Ok(Progress::Done(())));
    files.set_access("/open/s", Identity { user: 0, group: SOMEBODY.group }, 0o702).unwrap();
    assert_eq!(outcome(&process, Kind::Stream, "/open/s"), Outcome::PermissionDenied);
    files.set_access("/closed", SOMEBODY, 0o100).unwrap();
    files.set_access("/closed/s", SOMEBODY, 0o200).unwrap();
    assert_eq!(open(&process, Kind::Stream).connect(&name("/closed/s")), Ok(Progress::Done(())));
}

#[test]
fn what_does_not_listen_refuses_and_the_other_type_is_told() {
    let (files, provider) = machine();
    let bound_only = bound(&provider, Kind::Stream, "/bound");
    assert_eq!(outcome(&provider, Kind::Stream, "/bound"), Outcome::Refused);
    assert_eq!(outcome(&provider, Kind::Datagram, "/bound"), Outcome::WrongKind);
    bound_only.close(None).unwrap();
    assert_eq!(files.kind("/bound"), Some(FileKind::Socket));
    assert_eq!(outcome(&provider, Kind::Stream, "/bound"), Outcome::Refused);
    let again = open(&provider, Kind::Stream);
    assert_eq!(again.bind(&name("/bound")).unwrap_err().outcome, Outcome::AddressInUse);
    files.remove("/bound").unwrap();
    assert_eq!(outcome(&provider, Kind::Stream, "/bound"), Outcome::PathMissing);
    again.bind(&name("/bound")).unwrap();
    let _datagrams = bound(&provider, Kind::Datagram, "/d");
    assert_eq!(outcome(&provider, Kind::Stream, "/d"), Outcome::WrongKind);
}

#[test]
fn an_opening_may_be_repeated_after_a_failure_and_not_after_success() {
    let (_, provider) = machine();
    let client = open(&provider, Kind::Stream);
    assert_eq!(client.connect(&name("/s")).unwrap_err().outcome, Outcome::PathMissing);
    assert_eq!(client.connecting().unwrap_err().outcome, Outcome::PathMissing);
    let _listener = listening(&provider, "/s", 5);
    assert_eq!(client.connect(&name("/s")), Ok(Progress::Done(())));
    assert_eq!(client.connecting(), Ok(Progress::Done(())));
    assert_eq!(client.connect(&name("/s")).unwrap_err().outcome, Outcome::AlreadyConnected);
}

#[test]
fn relative_paths_begin_at_the_directory_of_the_process() {
    let (files, provider) = machine();
    files.make_directory("/a").unwrap();
    files.make_directory("/a/b").unwrap();
    let _listener = listening(&provider, "/a/s", 5);
    assert_eq!(outcome(&provider, Kind::Stream, "s"), Outcome::PathMissing);
    provider.set_directory("/a/b").unwrap();
    assert_eq!(open(&provider, Kind::Stream).connect(&name("../s")), Ok(Progress::Done(())));
    assert_eq!(open(&provider, Kind::Stream).connect(&name(".././b//../s")), Ok(Progress::Done(())));
    assert!(provider.set_directory("/a/s").is_err());
}

#[test]
fn names_are_told_on_both_sides() {
    let (_, provider) = machine();
    let listener = listening(&provider, "/s", 5);
    let client = bound(&provider, Kind::Stream, "/c");
    client.connect(&name("/s")).unwrap();
    let Ok(Progress::Done(accepted)) = listener.accept() else { panic!("nobody has connected") };
    assert_eq!(accepted.peer, name("/c"));
    assert_eq!(accepted.transport.local_name(), Ok(name("/s")));
    assert_eq!(client.local_name(), Ok(name("/c")));
    assert_eq!(client.bind(&name("/d")).unwrap_err().outcome, Outcome::BadArgument);
}

#[test]
fn a_full_backlog_makes_an_opening_wait_until_somebody_is_accepted() {
    let (_, provider) = machine();
    let listener = listening(&provider, "/s", 2);
    let clients: Vec<Opened> = (0..4).map(|_| open(&provider, Kind::Stream)).collect();
    let begun: Vec<_> = clients.iter().map(|client| client.connect(&name("/s")).unwrap()).collect();
    assert_eq!(begun, [Progress::Done(()), Progress::Done(()), Progress::Pending, Progress::Pending]);
    assert_eq!(clients[2].connect(&name("/s")).unwrap_err().outcome, Outcome::AlreadyConnecting);
    assert_eq!(clients[2].ready(), Ready::NONE);
    clients[2].abandon();
    let _first = accept(&listener);
    assert_eq!(clients[3].connecting(), Ok(Progress::Done(())));
    assert!(clients[3].ready().has(Ready::WRITABLE));
    let (_second, _third) = (accept(&listener), accept(&listener));
    assert_eq!(listener.accept().map(|answer| matches!(answer, Progress::Pending)), Ok(true));
}

#[test]
fn a_backlog_is_cut_to_the_greatest() {
    let (_, provider) = machine();
    let _listener = listening(&provider, "/s", u32::MAX);
    let clients: Vec<Opened> = (0..=BACKLOG_MAX).map(|_| open(&provider, Kind::Stream)).collect();
    let begun: Vec<_> = clients.iter().map(|client| client.connect(&name("/s")).unwrap()).collect();
    assert_eq!(begun.iter().filter(|one| **one == Progress::Pending).count(), 1);
}

#[test]
fn a_listener_that_closes_refuses_who_waits_and_resets_who_was_not_accepted() {
    let (_, provider) = machine();
    let listener = listening(&provider, "/s", 1);
    let (queued, waiting) = (open(&provider, Kind::Stream), open(&provider, Kind::Stream));
    queued.connect(&name("/s")).unwrap();
    waiting.connect(&name("/s")).unwrap();
    listener.close(None).unwrap();
    assert_eq!(waiting.connecting().unwrap_err().outcome, Outcome::Refused);
    assert!(waiting.ready().has(Ready::FAILED));
    assert_eq!(read(&queued), Err(Outcome::Reset));
    assert_eq!(queued.send(b"x", PLAIN).unwrap_err().outcome, Outcome::Reset);
}

#[test]
fn a_stream_ends_after_its_last_octet_and_then_breaks_for_the_writer() {
    let (_, client, server) = pair();
    client.send(b"last", PLAIN).unwrap();
    client.shutdown(Shutdown::Send).unwrap();
    assert_eq!(client.send(b"x", PLAIN).unwrap_err().outcome, Outcome::SendingOver);
    assert!(server.ready().has(Ready::PEER_CLOSED));
    assert_eq!(read(&server), Ok(Some(b"last".to_vec())));
    assert_eq!(read(&server), Ok(Some(Vec::new())));
    server.send(b"back", PLAIN).unwrap();
    server.close(None).unwrap();
    assert_eq!(read(&client), Ok(Some(b"back".to_vec())));
    assert_eq!(read(&client), Ok(Some(Vec::new())));
}

#[test]
fn who_closes_without_reading_resets_and_who_writes_then_is_told() {
    let (_, client, server) = pair();
    client.send(b"unread", PLAIN).unwrap();
    server.close(None).unwrap();
    assert!(client.ready().has(Ready::FAILED));
    assert_eq!(client.take_error().map(|failure| failure.outcome), Some(Outcome::Reset));
    assert_eq!(read(&client), Ok(Some(Vec::new())));
    assert_eq!(client.send(b"x", PLAIN).unwrap_err().outcome, Outcome::Reset);
}

#[test]
fn a_shutdown_of_receiving_breaks_the_writer() {
    let (_, client, server) = pair();
    server.shutdown(Shutdown::Receive).unwrap();
    assert_eq!(read(&server), Ok(Some(Vec::new())));
    assert_eq!(client.send(b"x", PLAIN).unwrap_err().outcome, Outcome::Reset);
}

#[test]
fn a_full_buffer_makes_the_writer_wait_and_no_setting_makes_it_larger_than_the_greatest() {
    let (_, client, server) = pair();
    server.set(Setting::ReceiveBuffer(u32::MAX)).unwrap();
    assert_eq!(server.buffers().1, BUFFER_OCTETS_MAX);
    let octets = vec![7; BUFFER_OCTETS_MAX as usize + 1];
    assert_eq!(client.send(&octets, PLAIN), Ok(Progress::Done(BUFFER_OCTETS_MAX as usize)));
    assert_eq!(client.send(&octets, PLAIN), Ok(Progress::Pending));
    assert!(!client.ready().has(Ready::WRITABLE));
    assert_eq!(read(&server).unwrap().unwrap().len(), BUFFER_OCTETS_MAX as usize);
    assert!(client.ready().has(Ready::WRITABLE));
}

#[test]
fn datagrams_keep_their_bounds_and_tell_their_sender() {
    let (_, provider) = machine();
    let receiver = bound(&provider, Kind::Datagram, "/r");
    let (named, nameless) = (bound(&provider, Kind::Datagram, "/n"), open(&provider, Kind::Datagram));
    named.connect(&name("/r")).unwrap();
    named.send(b"one", PLAIN).unwrap();
    nameless.send_to(b"", &name("/r"), PLAIN).unwrap();
    let mut short = [0; 2];
    let Ok(Progress::Done(first)) = receiver.receive(&mut short, READ) else { panic!("nothing came") };
    assert_eq!((first.octets, first.whole, first.source), (2, 3, Some(name("/n"))));
    let Ok(Progress::Done(second)) = receiver.receive(&mut short, READ) else { panic!("nothing came") };
    assert_eq!((second.octets, second.whole, second.source), (0, 0, None));
    assert_eq!(receiver.receive(&mut short, READ), Ok(Progress::Pending));
    let large = vec![0; named.buffers().0 as usize + 1];
    assert_eq!(named.send(&large, PLAIN).unwrap_err().outcome, Outcome::MessageTooLong);
    receiver.close(None).unwrap();
    assert_eq!(named.send(b"x", PLAIN).unwrap_err().outcome, Outcome::Refused);
    assert_eq!(nameless.send(b"x", PLAIN).unwrap_err().outcome, Outcome::NotConnected);
}

#[test]
fn a_datagram_socket_with_a_peer_hears_from_nobody_else() {
    let (_, provider) = machine();
    let (a, b) = (bound(&provider, Kind::Datagram, "/a"), bound(&provider, Kind::Datagram, "/b"));
    let third = open(&provider, Kind::Datagram);
    a.connect(&name("/b")).unwrap();
    assert_eq!(third.send_to(b"x", &name("/a"), PLAIN).unwrap_err().outcome, Outcome::PermissionDenied);
    assert_eq!(third.connect(&name("/a")).unwrap_err().outcome, Outcome::PermissionDenied);
    assert!(b.send_to(b"x", &name("/a"), PLAIN).is_ok());
    a.disconnect().unwrap();
    assert!(third.send_to(b"x", &name("/a"), PLAIN).is_ok());
    a.discard_queued();
    assert_eq!(read(&a), Ok(None));
}

#[test]
fn senders_wait_when_so_many_datagrams_are_queued() {
    let (_, provider) = machine();
    let receiver = bound(&provider, Kind::Datagram, "/r");
    let sender = open(&provider, Kind::Datagram);
    sender.connect(&name("/r")).unwrap();
    for _ in 0..QUEUED_DATAGRAMS_MAX {
        assert_eq!(sender.send(b"x", PLAIN), Ok(Progress::Done(1)));
    }
    assert_eq!(sender.send(b"x", PLAIN), Ok(Progress::Pending));
    assert!(!sender.ready().has(Ready::WRITABLE));
    read(&receiver).unwrap();
    assert_eq!(sender.send(b"x", PLAIN), Ok(Progress::Done(1)));
}

#[test]
fn a_machine_has_only_so_many_sockets() {
    let (_, provider) = machine();
    let sockets: Vec<Opened> = (0..SOCKETS_MAX).map(|_| open(&provider, Kind::Stream)).collect();
    let more = provider.open(Domain::Local, Kind::Stream, &Settings::default());
    assert_eq!(more.err().map(|failure| failure.outcome), Some(Outcome::NoBuffers));
    drop(sockets);
    open(&provider, Kind::Stream);
}

#[test]
fn a_tree_holds_only_so_many_files() {
    let (files, _) = machine();
    for number in 1..FILES_MAX {
        files.make_file(format!("/{number}")).unwrap();
    }
    assert_eq!(files.make_file("/more").unwrap_err().outcome, Outcome::NoBuffers);
    files.remove("/1").unwrap();
    files.make_file("/more").unwrap();
}

#[test]
fn a_change_rings_the_bells_of_all_processes_and_asking_in_vain_rings_none() {
    let (files, provider) = machine();
    let rung = Arc::new(AtomicU32::new(0));
    let counter = rung.clone();
    let other = LocalProvider::new(
        files,
        Arc::new(move || {
            counter.fetch_add(1, Ordering::SeqCst);
        }),
    );
    let listener = listening(&other, "/s", 5);
    let before = rung.load(Ordering::SeqCst);
    let client = open(&provider, Kind::Stream);
    client.connect(&name("/s")).unwrap();
    assert!(rung.load(Ordering::SeqCst) > before);
    let server = accept(&listener);
    let before = rung.load(Ordering::SeqCst);
    assert_eq!(read(&server), Ok(None));
    assert!(matches!(listener.accept(), Ok(Progress::Pending)));
    assert!(!server.ready().has(Ready::READABLE));
    assert_eq!(rung.load(Ordering::SeqCst), before);
}

proptest! {
    #[test]
    fn a_stream_carries_its_octets_in_order(
        buffer in 1_u32..300,
        steps in prop::collection::vec((any::<bool>(), 1_usize..200), 1..200),
    ) {
        let (_, client, server) = pair();
        server.set(Setting::ReceiveBuffer(buffer)).unwrap();
        let (mut sent, mut received) = (0_usize, 0_usize);
        for (write, octets) in steps {
            if write {
                let chunk: Vec<u8> = (sent..sent + octets).map(|at| at as u8).collect();
                if let Progress::Done(taken) = client.send(&chunk, PLAIN).unwrap() {
                    sent += taken;
                }
                prop_assert!(sent - received <= buffer as usize);
            } else {
                let mut chunk = vec![0; octets];
                if let Progress::Done(got) = server.receive(&mut chunk, READ).unwrap() {
                    let wanted: Vec<u8> = (received..received + got.octets).map(|at| at as u8).collect();
                    prop_assert_eq!(&chunk[..got.octets], &wanted[..]);
                    received += got.octets;
                }
            }
        }
        client.close(None).unwrap();
        while received < sent {
            let mut chunk = [0; 64];
            let Progress::Done(got) = server.receive(&mut chunk, READ).unwrap() else { panic!("octets are missing") };
            prop_assert!(got.octets > 0);
            received += got.octets;
        }
        prop_assert_eq!(read(&server), Ok(Some(Vec::new())));
    }

    #[test]
    fn datagrams_arrive_whole_and_in_order(
        steps in prop::collection::vec((any::<bool>(), prop::collection::vec(any::<u8>(), 0..50)), 1..200),
    ) {
        let (_, provider) = machine();
        let receiver = bound(&provider, Kind::Datagram, "/r");
        let sender = open(&provider, Kind::Datagram);
        sender.connect(&name("/r")).unwrap();
        let mut model = std::collections::VecDeque::new();
        for (write, octets) in steps {
            if write {
                match sender.send(&octets, PLAIN).unwrap() {
                    Progress::Done(taken) => {
                        prop_assert_eq!(taken, octets.len());
                        model.push_back(octets);
                    }
                    Progress::Pending => prop_assert_eq!(model.len(), QUEUED_DATAGRAMS_MAX),
                }
            } else {
                prop_assert_eq!(read(&receiver).unwrap(), model.pop_front());
            }
        }
    }

    #[test]
    fn no_path_makes_the_walk_panic_or_go_on_for_ever(
        links in prop::collection::vec(("[ab./]{1,6}", "[ab./]{1,12}"), 0..12),
        path in "[ab./]{0,30}",
    ) {
        let (files, provider) = machine();
        for (link, target) in &links {
            // Many of these names are taken or lead nowhere, which is the point.
            let _ = files.make_link(link, target);
        }
        let failed = open(&provider, Kind::Stream).connect(&name(&path)).unwrap_err();
        let path_outcomes = [Outcome::PathMissing, Outcome::PathLoop, Outcome::NotListening, Outcome::NotDirectory];
        prop_assert!(path_outcomes.contains(&failed.outcome), "{}", failed);
    }
}
