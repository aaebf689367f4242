//! Waits for sockets of a lab and, beside them, for files that the lab knows nothing of.

use std::sync::{Arc, Condvar, Mutex};
use std::thread;

use synsent_lab::{LabNetwork, Neighbourhood, SharedLab};
use synsent_sockets::{
    Cancel, Domain, Failure, FileState, Kind, Name, Network, Numbers, Progress, Ready, SendHow, Settings, Socket,
    WatchedFile, select_beside_files,
};
use synsent_stack::Duration;

const PORT: u16 = 80;
/// The one file that there is.
const FILE: i32 = 7;

/// A file that somebody makes readable, and who sleeps for it.
#[derive(Default)]
struct OneFile {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    is_readable: bool,
    rings: u64,
    sleepers: u32,
}

impl OneFile {
    fn becomes_readable(&self) {
        self.state.lock().unwrap().is_readable = true;
        self.changed.notify_all();
    }

    /// Returns when somebody sleeps for it.
    fn wait_for_sleeper(&self) {
        let asleep = self.changed.wait_while(self.state.lock().unwrap(), |state| state.sleepers == 0);
        drop(asleep.unwrap());
    }
}

impl Numbers for OneFile {
    fn take(&self) -> Result<i32, Failure> {
        Ok(FILE + 1)
    }

    fn give_back(&self, _number: i32) {}

    fn is_file(&self, number: i32) -> bool {
        number == FILE
    }

    fn look_at_files(&self, files: &mut [WatchedFile]) {
        let is_readable = self.state.lock().unwrap().is_readable;
        for file in files {
            file.state = FileState::Ready(Ready::READABLE.when(is_readable));
        }
    }

    fn sleep_for_files(&self, _files: &[WatchedFile], may_sleep: &dyn Fn() -> bool) -> bool {
        let mut state = self.state.lock().unwrap();
        let rings = state.rings;
        if may_sleep() {
            state.sleepers += 1;
            self.changed.notify_all();
            let awake = self.changed.wait_while(state, |state| !state.is_readable && state.rings == rings);
            awake.unwrap().sleepers -= 1;
        }
        true
    }

    fn ring(&self) {
        self.state.lock().unwrap().rings += 1;
        self.changed.notify_all();
    }
}

/// A process with that file, and a socket that is connected to an echo server.
fn connected() -> (Arc<LabNetwork>, Arc<OneFile>, Arc<Socket>) {
    let mut net = Neighbourhood::new(1);
    net.lab.behave(net.server.host, PORT, synsent_lab::Behaviour::Answer).unwrap();
    let (us, server) = (net.us, Name::from(net.server.at(PORT)));
    let file = Arc::new(OneFile::default());
    let network = LabNetwork::with_numbers(&SharedLab::new(net.lab), us.host, file.clone());
    let socket = Socket::new(network.clone(), Domain::Inet4, Kind::Stream, Settings::default()).unwrap();
    assert_eq!(socket.connect(&server).unwrap(), Progress::Done(()));
    (network, file, Arc::new(socket))
}

/// What the socket and the file are ready for, of reading.
fn wait(network: &LabNetwork, socket: &Socket, at_most: Option<Duration>) -> (Ready, bool) {
    let mut files = [WatchedFile::new(FILE, Ready::READABLE)];
    let asked = [(socket, Ready::READABLE)];
    let found = select_beside_files(network, asked.into_iter(), &mut files, at_most, &Cancel::new());
    (found.unwrap()[0], files[0].is_ready())
}

#[test]
fn what_comes_to_the_socket_ends_a_wait_for_both_and_time_goes_on_meanwhile() {
    let (network, _file, socket) = connected();
    let began = network.now();
    let limit = Duration::from_secs(3_600);
    assert_eq!(wait(&network, &socket, Some(limit)), (Ready::NONE, false));
    assert_eq!(network.now(), began + limit, "an hour of the lab");
    socket.send(b"ping", SendHow::default()).unwrap();
    assert_eq!(wait(&network, &socket, None), (Ready::READABLE, false));
}

#[test]
fn a_file_ends_a_wait_for_both_where_nothing_is_left_to_happen() {
    let (network, file, socket) = connected();
    thread::scope(|scope| {
        let waiter = scope.spawn(|| wait(&network, &socket, None));
        file.wait_for_sleeper();
        file.becomes_readable();
        assert_eq!(waiter.join().unwrap(), (Ready::NONE, true));
    });
    assert_eq!(wait(&network, &socket, None), (Ready::NONE, true), "it is ready at once");
}

#[test]
fn what_another_thread_does_in_the_lab_wakes_who_sleeps_for_a_file() {
    let (network, file, socket) = connected();
    thread::scope(|scope| {
        let waiter = scope.spawn(|| wait(&network, &socket, None));
        file.wait_for_sleeper();
        socket.send(b"ping", SendHow::default()).unwrap();
        assert_eq!(waiter.join().unwrap(), (Ready::READABLE, false));
    });
}
