//! The peers of the programs, and the programs themselves.

use std::ffi::OsString;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::Command;
use std::sync::OnceLock;

use rustix::net::{AddressFamily, SocketType, sockopt};

/// The client of `programs/client.c`, linked dynamically; `None` where it cannot be compiled.
pub(crate) fn client() -> Option<OsString> {
    static PATH: OnceLock<Option<PathBuf>> = OnceLock::new();
    PATH.get_or_init(|| compiled("dynamic", &[])).clone().map(OsString::from)
}

/// The same, linked statically.
pub(crate) fn static_client() -> Option<OsString> {
    static PATH: OnceLock<Option<PathBuf>> = OnceLock::new();
    PATH.get_or_init(|| compiled("static", &["-static"])).clone().map(OsString::from)
}

fn compiled(name: &str, options: &[&str]) -> Option<PathBuf> {
    if !crate::tools::has_tool("cc") {
        return None;
    }
    let source = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/observe/programs/client.c");
    let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("observed-client-{name}"));
    // Whoever runs the tests at the same time finds a whole program, before and after.
    let new = path.with_extension(std::process::id().to_string());
    let status =
        Command::new("cc").args(["-O1", "-pthread", "-o"]).arg(&new).args(options).arg(source).status().unwrap();
    assert!(status.success(), "the client is compiled");
    std::fs::rename(&new, &path).unwrap();
    Some(path)
}

/// A port on which nobody listens. It is bound as long as this lives, so that nobody else gets it.
pub(crate) struct Refusing {
    socket: rustix::fd::OwnedFd,
    pub(crate) address: SocketAddr,
}

impl Refusing {
    pub(crate) fn new() -> Refusing {
        Refusing::of(SocketType::STREAM)
    }

    /// The same for datagrams.
    pub(crate) fn datagram() -> Refusing {
        // Whoever is bound to a port of UDP takes what comes; connected to somebody else it does not.
        let refusing = Refusing::of(SocketType::DGRAM);
        rustix::net::connect(&refusing.socket, &"127.0.0.1:9".parse::<SocketAddr>().unwrap()).unwrap();
        refusing
    }

    fn of(kind: SocketType) -> Refusing {
        let socket =
            rustix::net::socket_with(AddressFamily::INET, kind, rustix::net::SocketFlags::CLOEXEC, None).unwrap();
        rustix::net::bind(&socket, &"127.0.0.1:0".parse::<SocketAddr>().unwrap()).unwrap();
        let address = rustix::net::getsockname(&socket).unwrap().try_into().unwrap();
        Refusing { socket, address }
    }

    pub(crate) fn port(&self) -> String {
        self.address.port().to_string()
    }
}

/// A listener whose queue is full: who connects waits.
pub(crate) struct Full {
    _listener: rustix::fd::OwnedFd,
    _waiting: Vec<TcpStream>,
    pub(crate) address: SocketAddr,
}

impl Full {
    pub(crate) fn new() -> Full {
        let flags = rustix::net::SocketFlags::CLOEXEC;
        let listener = rustix::net::socket_with(AddressFamily::INET, SocketType::STREAM, flags, None).unwrap();
        rustix::net::bind(&listener, &"127.0.0.1:0".parse::<SocketAddr>().unwrap()).unwrap();
        rustix::net::listen(&listener, 0).unwrap();
        let address: SocketAddr = rustix::net::getsockname(&listener).unwrap().try_into().unwrap();
        // A queue of length zero takes one connection.
        let waiting = vec![TcpStream::connect(address).unwrap()];
        Full { _listener: listener, _waiting: waiting, address }
    }

    pub(crate) fn port(&self) -> String {
        self.address.port().to_string()
    }
}

/// A listener that accepts one connection, resets it, and ends.
pub(crate) fn resetting() -> (SocketAddr, std::thread::JoinHandle<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let thread = std::thread::spawn(move || {
        let (stream, _) = listener.accept().unwrap();
        sockopt::set_socket_linger(&stream, Some(std::time::Duration::ZERO)).unwrap();
    });
    (address, thread)
}

/// A listener that takes connections into its queue.
pub(crate) fn listening() -> (TcpListener, String) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port().to_string();
    (listener, port)
}
