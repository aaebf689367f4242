//! Paths of the local domain, in a folder that the test makes.

use std::fs;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;

use synsent_sockets::{
    Cancel, Domain, Kind, LocalName, Name, Network, Outcome, Phase, Progress, Ready, ReceiveHow, SendHow, Socket,
    select,
};

use crate::{done, network, outcome, socket};

/// A folder of this test's own.
struct Folder(PathBuf);

impl Folder {
    fn new() -> Folder {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let path = std::env::temp_dir().join(format!("synsent-{}-{number}", std::process::id()));
        fs::create_dir(&path).expect("a folder");
        Folder(path)
    }

    fn name(&self, path: impl AsRef<Path>) -> Name {
        name(&self.0.join(path))
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn name(path: &Path) -> Name {
    Name::Local(LocalName::new(path.as_os_str().as_bytes()))
}

fn listener(network: &Arc<dyn Network>, name: &Name) -> Socket {
    let listener = socket(network, Domain::Local, Kind::Stream);
    listener.bind(name).expect("a name");
    listener.listen(4).expect("a listener");
    listener
}

fn connect(network: &Arc<dyn Network>, kind: Kind, name: &Name) -> Outcome {
    outcome(socket(network, Domain::Local, kind).connect(name))
}

#[test]
fn a_stream_is_opened_by_its_path() {
    let (network, folder) = (network(), Folder::new());
    let name = folder.name("s");
    let listener = listener(&network, &name);
    let client = socket(&network, Domain::Local, Kind::Stream);
    done(client.connect(&name));
    let (server, peer) = done(listener.accept());
    assert_eq!(peer, Name::unspecified(Domain::Local));
    assert_eq!(listener.local_name().unwrap(), name);
    done(client.send(b"hello", SendHow::default()));
    let mut into = [0; 8];
    assert_eq!(done(server.receive(&mut into, ReceiveHow::default())).octets, 5);
    done(listener.close());
    // The path stays, and nobody is behind it.
    assert_eq!(connect(&network, Kind::Stream, &name), Outcome::NotListening);
}

#[test]
fn a_datagram_tells_the_name_of_its_sender() {
    let (network, folder) = (network(), Folder::new());
    let (to, from) = (folder.name("to"), folder.name("from"));
    let receiver = socket(&network, Domain::Local, Kind::Datagram);
    receiver.bind(&to).unwrap();
    let sender = socket(&network, Domain::Local, Kind::Datagram);
    done(sender.send_to(b"1", &to, SendHow::default()));
    assert_eq!(done(receiver.receive(&mut [0; 4], ReceiveHow::default())).source, None);
    sender.bind(&from).unwrap();
    done(sender.connect(&to));
    done(sender.send(b"2", SendHow::default()));
    assert_eq!(done(receiver.receive(&mut [0; 4], ReceiveHow::default())).source, Some(from));
}

#[test]
fn a_path_that_leads_nowhere_says_why() {
    let (network, folder) = (network(), Folder::new());
    fs::write(folder.0.join("file"), "").unwrap();
    fs::create_dir(folder.0.join("folder")).unwrap();
    symlink(folder.0.join("loop"), folder.0.join("loop")).unwrap();
    let _listener = listener(&network, &folder.name("stream"));
    let long_component = "x".repeat(256);
    let rows = [
        (folder.name("missing"), Outcome::PathMissing),
        (folder.name("file/below"), Outcome::NotDirectory),
        (folder.name("loop"), Outcome::PathLoop),
        (folder.name("file"), Outcome::NotListening),
        (folder.name("folder"), Outcome::NotListening),
        (folder.name(&long_component), Outcome::PathTooLong),
        (folder.name("d/".repeat(2_100)), Outcome::PathTooLong),
        (name(Path::new("")), Outcome::PathMissing),
    ];
    for (name, expected) in rows {
        assert_eq!(connect(&network, Kind::Stream, &name), expected, "{name}");
    }
    assert_eq!(connect(&network, Kind::Datagram, &folder.name("stream")), Outcome::WrongKind);
    let second = socket(&network, Domain::Local, Kind::Stream);
    assert_eq!(second.bind(&folder.name("stream")).unwrap_err().outcome, Outcome::AddressInUse);
    assert_eq!(second.bind(&name(Path::new(""))).unwrap_err().outcome, Outcome::PathMissing);
    assert_eq!(second.bind(&folder.name("no/s")).unwrap_err().outcome, Outcome::PathMissing);
}

/// The kernel's address holds 107 octets; file systems take more.
#[test]
fn a_path_longer_than_the_kernels_address_is_reached_all_the_same() {
    let (network, folder) = (network(), Folder::new());
    let mut deep = folder.0.clone();
    for _ in 0..20 {
        deep.push("a-folder-with-a-name");
    }
    fs::create_dir_all(&deep).unwrap();
    let long = name(&deep.join("socket"));
    let listener = listener(&network, &long);
    let client = socket(&network, Domain::Local, Kind::Stream);
    done(client.connect(&long));
    done(listener.accept());
    assert_eq!(listener.local_name().unwrap(), long);
    assert_eq!(connect(&network, Kind::Stream, &name(&deep.join("missing"))), Outcome::PathMissing);
    assert_eq!(connect(&network, Kind::Stream, &name(&deep.join("no/socket"))), Outcome::PathMissing);
    fs::write(deep.join("file"), "").unwrap();
    assert_eq!(connect(&network, Kind::Stream, &name(&deep.join("file"))), Outcome::NotListening);
    // A name that only a path as long as this could hold.
    let renamed = deep.join("n".repeat(200));
    fs::rename(deep.join("socket"), &renamed).unwrap();
    done(socket(&network, Domain::Local, Kind::Stream).connect(&name(&renamed)));
}

/// One component of a path may be longer than all that the kernel's address holds.
#[test]
fn a_socket_stands_behind_a_name_of_any_length() {
    let (network, folder) = (network(), Folder::new());
    let long = folder.name("n".repeat(255));
    let server = listener(&network, &long);
    assert_eq!(server.local_name().unwrap(), long);
    let client = socket(&network, Domain::Local, Kind::Stream);
    done(client.connect(&long));
    done(server.accept());
    assert_eq!(fs::read_dir(&folder.0).unwrap().count(), 1, "nothing stands beside it");
    let second = socket(&network, Domain::Local, Kind::Stream);
    assert_eq!(second.bind(&long).unwrap_err().outcome, Outcome::AddressInUse);
    second.bind(&folder.name("m".repeat(200))).expect("it has no name yet");
    assert_eq!(second.bind(&folder.name("s")).unwrap_err().outcome, Outcome::BadArgument);
    let third = socket(&network, Domain::Local, Kind::Stream);
    assert_eq!(third.bind(&folder.name("n".repeat(256))).unwrap_err().outcome, Outcome::PathTooLong);

    // What the kernel could tell of the sender leads nowhere, so it has no name.
    let (here, there) =
        (socket(&network, Domain::Local, Kind::Datagram), socket(&network, Domain::Local, Kind::Datagram));
    here.bind(&folder.name("h".repeat(255))).unwrap();
    there.bind(&folder.name("t".repeat(255))).unwrap();
    done(here.send_to(b"x", &folder.name("t".repeat(255)), SendHow::default()));
    assert_eq!(done(there.receive(&mut [0; 4], ReceiveHow::default())).source, None);
}

#[test]
fn a_folder_that_may_not_be_searched_is_denied() {
    let (network, folder) = (network(), Folder::new());
    let closed = folder.0.join("closed");
    fs::create_dir(&closed).unwrap();
    let name = folder.name("closed/s");
    let _listener = listener(&network, &name);
    fs::set_permissions(&closed, fs::Permissions::from_mode(0o000)).unwrap();
    let said = thread::spawn(move || {
        // SAFETY: the call changes whose rights this thread has on files, and nothing else; the thread ends soon.
        unsafe { libc::setfsuid(65_534) };
        connect(&network, Kind::Stream, &name)
    });
    assert_eq!(said.join().unwrap(), Outcome::PermissionDenied);
    fs::set_permissions(&closed, fs::Permissions::from_mode(0o700)).unwrap();
}

/// The kernel has no event for room in a local listener's queue.
#[test]
fn a_full_queue_of_a_local_listener_is_waited_out() {
    let (network, folder) = (network(), Folder::new());
    let name = folder.name("s");
    let listener = socket(&network, Domain::Local, Kind::Stream);
    listener.bind(&name).unwrap();
    listener.listen(0).unwrap();
    let first = socket(&network, Domain::Local, Kind::Stream);
    done(first.connect(&name));
    let second = socket(&network, Domain::Local, Kind::Stream);
    second.set_nonblocking(true);
    assert_eq!(second.connect(&name), Ok(Progress::Pending));
    let waits = thread::spawn(move || {
        let asked = [(&second, Ready::WRITABLE)];
        select(network.as_ref(), &asked, None, &Cancel::new()).expect("room");
        second.phase()
    });
    done(listener.accept());
    done(listener.accept());
    assert_eq!(waits.join().unwrap(), Phase::Connected);
}

/// The kernel tells a sender without a peer that it may send, whatever becomes of it.
#[test]
fn a_send_to_a_receiver_that_is_full_ends_with_its_time_or_with_room() {
    let (network, folder) = (network(), Folder::new());
    let name = folder.name("d");
    let receiver = socket(&network, Domain::Local, Kind::Datagram);
    receiver.bind(&name).unwrap();
    let sender = socket(&network, Domain::Local, Kind::Datagram);
    sender.set_nonblocking(true);
    while let Ok(Progress::Done(_)) = sender.send_to(b"x", &name, SendHow::default()) {}
    sender.set_nonblocking(false);
    sender.set_time_limits(None, Some(synsent_stack::Duration::from_millis(100)));
    let before = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
    assert_eq!(outcome(sender.send_to(b"x", &name, SendHow::default())), Outcome::TimeLimit);
    let used = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
    assert!(used.tv_sec == before.tv_sec && used.tv_nsec - before.tv_nsec < 50_000_000, "it sleeps meanwhile");
    sender.set_time_limits(None, None);
    let thread = crate::asleep(move || done(sender.send_to(b"last", &name, SendHow::default())));
    done(receiver.receive(&mut [0; 4], ReceiveHow::default()));
    assert_eq!(thread.join().unwrap(), 4);
}

#[test]
fn an_accepted_stream_has_the_name_of_its_listener() {
    let (network, folder) = (network(), Folder::new());
    let name = folder.name("s");
    let listener = listener(&network, &name);
    let client = socket(&network, Domain::Local, Kind::Stream);
    done(client.connect(&name));
    let (server, _) = done(listener.accept());
    assert_eq!(server.local_name().unwrap(), name);
}
