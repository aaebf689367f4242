//! Sockets over the host's kernel, on its loopback interface and in a folder of their own: what needs no rights.

mod datagrams;
mod device;
mod foreign;
mod ipv6;
mod local;
mod many;
mod process;
#[path = "../common/skip.rs"]
mod skip;
mod streams;
mod threads;

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::thread::JoinHandle;

use synsent_host::KernelNetwork;
use synsent_sockets::{Answer, Domain, Kind, Name, Network, Outcome, Progress, Settings, Socket};

/// The host's network.
pub(crate) fn network() -> Arc<dyn Network> {
    KernelNetwork::new().expect("a descriptor")
}

/// A socket that waits.
pub(crate) fn socket(network: &Arc<dyn Network>, domain: Domain, kind: Kind) -> Socket {
    Socket::new(Arc::clone(network), domain, kind, Settings::default()).expect("a socket")
}

/// A stream over IPv4.
pub(crate) fn stream(network: &Arc<dyn Network>) -> Socket {
    socket(network, Domain::Inet4, Kind::Stream)
}

/// The loopback address with this port.
pub(crate) fn loopback(port: u16) -> Name {
    Name::Inet(SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), port))
}

/// A listener on a port that the kernel chose, and its name.
pub(crate) fn listener(network: &Arc<dyn Network>) -> (Socket, Name) {
    let listener = stream(network);
    listener.bind(&loopback(0)).expect("a port");
    listener.listen(8).expect("a listener");
    let name = listener.local_name().expect("its name");
    (listener, name)
}

/// What a call that is done gave.
pub(crate) fn done<T>(answer: Answer<T>) -> T {
    match answer {
        Ok(Progress::Done(value)) => value,
        Ok(Progress::Pending) => panic!("it is pending"),
        Err(failure) => panic!("{:?}: {failure}", failure.outcome),
    }
}

/// What a call that failed came to.
pub(crate) fn outcome<T>(answer: Answer<T>) -> Outcome {
    match answer {
        Ok(Progress::Done(_)) => panic!("it is done"),
        Ok(Progress::Pending) => panic!("it is pending"),
        Err(failure) => failure.outcome,
    }
}

/// A thread that makes its call, once it sleeps in it (or is done with it).
pub(crate) fn asleep<T: Send + 'static>(call: impl FnOnce() -> T + Send + 'static) -> JoinHandle<T> {
    let (tell, told) = std::sync::mpsc::channel();
    let thread = std::thread::spawn(move || {
        // SAFETY: the call only tells this thread's number.
        tell.send(unsafe { libc::gettid() }).expect("somebody waits for it");
        call()
    });
    let status = format!("/proc/self/task/{}/stat", told.recv().expect("its number"));
    let sleeps = || std::fs::read_to_string(&status).is_ok_and(|stat| stat.contains(") S "));
    while !thread.is_finished() && !sleeps() {
        std::thread::yield_now();
    }
    thread
}
