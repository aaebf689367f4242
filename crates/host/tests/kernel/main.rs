//! Sockets over the host's kernel, in network namespaces whose interfaces, routes and limits the tests set up: what the
//! kernel's error numbers alone do not tell, and what routers say.

#[path = "../common/skip.rs"]
mod skip;
#[path = "../common/world.rs"]
mod world;

mod limits;
mod routers;

use std::fs::File;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::process::ExitCode;
use std::sync::Arc;

use synsent_host::KernelNetwork;
use synsent_sockets::{Answer, Domain, Kind, Name, Network, Progress, Settings, Socket};

fn main() -> ExitCode {
    let mut trials = limits::trials();
    // The routers are programs at the other end of a TUN device; the rest needs none.
    let may_open = File::options().read(true).write(true).open("/dev/net/tun").is_ok();
    if may_open || !skip::skip("TUN device that this user may open") {
        trials.extend(routers::trials());
    }
    world::run(trials, false)
}

/// The network of the calling thread's namespace.
pub(crate) fn network() -> Arc<dyn Network> {
    KernelNetwork::new().expect("a descriptor")
}

/// A stream that waits, with these settings.
pub(crate) fn stream(network: &Arc<dyn Network>, settings: Settings) -> Socket {
    Socket::new(Arc::clone(network), Domain::Inet4, Kind::Stream, settings).expect("a socket")
}

pub(crate) fn name(address: &str) -> Name {
    Name::Inet(address.parse().expect("an address"))
}

/// A listener on the loopback interface.
pub(crate) fn listener(network: &Arc<dyn Network>, port: u16) -> Socket {
    let listener = stream(network, Settings::default());
    listener.bind(&Name::Inet(SocketAddr::new(IpAddr::V4(Ipv4Addr::UNSPECIFIED), port))).expect("a name");
    listener.listen(64).expect("a listener");
    listener
}

/// What a call that is done gave.
pub(crate) fn done<T>(answer: Answer<T>) -> T {
    match answer {
        Ok(Progress::Done(value)) => value,
        Ok(Progress::Pending) => panic!("it is pending"),
        Err(failure) => panic!("{:?}: {failure}", failure.outcome),
    }
}
