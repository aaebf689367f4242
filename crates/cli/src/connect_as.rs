//! `synsent connect --as`: the active side by the functions of a dialect.
//!
//! The calls are the public ones of the dialect, in the order in which a program makes them: start, socket, connect, send, recv,
//! shutdown, close. What fails is said in the dialect's words, with the reason behind them.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;

use synsent_conformance::{Api, cases};
use synsent_dialects::{Dialect, Handle, Process, last_said};
use synsent_host::KernelNetwork;
use synsent_lab::{LabNetwork, Scenario, SharedLab};
use synsent_sockets::{Domain, Kind, LocalName, Name, Network, Pointer};

use crate::arguments::ConnectArguments;
use crate::connect::look_up;
use crate::ending::Ending;
use crate::join_as;
use crate::net::{Net, NetError};
use crate::scenario_file;
use crate::session::{Session, Sockets};

/// A network that is open, and what it knows of names.
enum Open {
    Kernel(Arc<KernelNetwork>),
    Lab(Box<Scenario>, Arc<LabNetwork>),
    Device(Sockets),
}

/// Makes the connection and joins it to standard input and output.
pub(crate) fn connect(dialect: &'static Dialect, arguments: &ConnectArguments) -> Result<(), Ending> {
    let (api, _) =
        cases::of(dialect.name).ok_or_else(|| Ending::Usage(format!("{} has no functions", dialect.name)))?;
    let open = Open::new(arguments)?;
    let peers = open.peers(dialect, &arguments.host, arguments.port)?;
    let process = Process::new(dialect, open.network());
    let entered = process.enter();
    let ended = talk(api, &process, &open, &peers);
    drop(entered);
    drop(process);
    match open {
        Open::Device(sockets) => sockets.close().and(ended),
        Open::Kernel(_) | Open::Lab(..) => ended,
    }
}

/// The whole life of a connection; it is with the first of the peers that one can be made with.
fn talk(api: &'static Api, process: &Arc<Process>, open: &Open, peers: &[Name]) -> Result<(), Ending> {
    if !(api.start)() {
        return Err(said());
    }
    let mut opened = Err(Ending::Usage("there is no peer".to_owned()));
    for peer in peers {
        opened = attempt(api, process, open, peer);
        if opened.is_ok() {
            break;
        }
    }
    let s = opened?;
    let joined = join_as::join(api, process, s);
    // An error of the connection has been said by the call that met it.
    (api.close)(s);
    if let Open::Device(sockets) = open {
        sockets.drain(matches!(joined, Ok(true)));
    }
    joined.map(drop)
}

/// A socket that is connected to a peer.
fn attempt(api: &'static Api, process: &Arc<Process>, open: &Open, peer: &Name) -> Result<Handle, Ending> {
    let s = api.open(peer.domain(), Kind::Stream).map_err(|_| said())?;
    if let Open::Device(sockets) = open {
        let process = Arc::clone(process);
        sockets.on_interrupt(move || {
            let _entered = process.enter();
            (api.close)(s);
        });
    }
    let name = api.sockaddr(peer);
    if (api.connect)(s, Pointer::Octets(&name), name.len() as i32) >= 0 {
        return Ok(s);
    }
    let failed = said();
    (api.close)(s);
    Err(failed)
}

/// What the last call of this thread was told.
pub(crate) fn said() -> Ending {
    match last_said() {
        Some(said) => Ending::Said(Box::new(said)),
        None => Ending::Usage("a call failed without a word".to_owned()),
    }
}

impl Open {
    fn new(arguments: &ConnectArguments) -> Result<Open, Ending> {
        let net = arguments.net.as_ref().unwrap_or(&Net::Kernel);
        if let (Net::Kernel | Net::Scenario(_), Some(option)) = (net, arguments.device.given()) {
            return Err(NetError::NotADevice(option, net.clone()).into());
        }
        match net {
            Net::Kernel => KernelNetwork::new().map(Open::Kernel).map_err(Ending::file("the sockets of the kernel")),
            Net::Scenario(file) => {
                let scenario = scenario_file::read(file)?;
                let staged = scenario.stage();
                let network = LabNetwork::new(&SharedLab::new(staged.lab), staged.us);
                Ok(Open::Lab(Box::new(scenario), network))
            }
            Net::Device(name) => Ok(Open::Device(Session::open(name, &arguments.device)?.into_sockets()?)),
            Net::Lab | Net::Tun => Err(net.only_sweep().into()),
        }
    }

    fn network(&self) -> Arc<dyn Network> {
        match self {
            Open::Kernel(network) => network.clone(),
            Open::Lab(_, network) => network.clone(),
            Open::Device(sockets) => sockets.network(),
        }
    }

    /// The names that the host may be reached by in this dialect.
    fn peers(&self, dialect: &Dialect, host: &str, port: Option<u16>) -> Result<Vec<Name>, Ending> {
        let Some(port) = port else { return local_peer(dialect, host) };
        let found: Vec<SocketAddr> = match self {
            Open::Lab(scenario, _) => {
                let known = scenario.addresses_of(host);
                let known = known.ok_or_else(|| unknown_in_lab(scenario, host))?;
                known.into_iter().map(|address| SocketAddr::new(address, port)).collect()
            }
            Open::Kernel(_) | Open::Device(_) => look_up(host, port)?,
        };
        let peers: Vec<Name> = found.into_iter().map(Name::Inet).filter(|name| speaks(dialect, name)).collect();
        match peers.is_empty() {
            true => Err(Ending::Usage(format!("{host} has no IPv4 address, and {} knows no other", dialect.title))),
            false => Ok(peers),
        }
    }
}

fn speaks(dialect: &Dialect, name: &Name) -> bool {
    name.domain() == Domain::Inet4 || dialect.names.inet6.is_some()
}

fn local_peer(dialect: &Dialect, path: &str) -> Result<Vec<Name>, Ending> {
    if !path.contains('/') {
        return Err(Ending::Usage(format!("the port of {path} is missing")));
    }
    if dialect.names.local.is_none() {
        return Err(Ending::Usage(format!("{} has no sockets with paths; bs2000 has", dialect.title)));
    }
    Ok(vec![Name::Local(LocalName::new(Path::new(path).as_os_str().as_encoded_bytes()))])
}

fn unknown_in_lab(scenario: &Scenario, host: &str) -> Ending {
    let names: Vec<&str> = scenario.names().collect();
    Ending::Usage(format!("the lab has no host {host}; it has {}", names.join(", ")))
}
