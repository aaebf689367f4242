//! `synsent connect`: the active side.

use std::net::{IpAddr, SocketAddr, ToSocketAddrs as _};
use std::time::Duration;

use synsent_host::{Handle, NetworkName, WaitError};
use synsent_stack::{FlowId, NoPath, OpenError, OpenOptions, SoftErrors, Stack, State, TcpOptions};

use crate::arguments::ConnectArguments;
use crate::ending::Ending;
use crate::join;
use crate::session::Session;

/// How long our own address may be looked for on the network before a connection is given up for want of one.
const ADDRESS_CHECK: Duration = Duration::from_secs(3);
const ADDRESS_CHECK_STEP: Duration = Duration::from_millis(100);

/// Makes the connection and joins it to standard input and output.
pub(crate) fn connect(arguments: &ConnectArguments) -> Result<(), Ending> {
    let net = required(arguments.net.as_ref(), "--net")?.device()?;
    let port = *required(arguments.port.as_ref(), "PORT")?;
    if port == 0 {
        return Err(Ending::Usage("0 is no port: 1 to 65535".to_owned()));
    }
    let remotes = resolve(&arguments.host, port, net)?;
    let session = Session::open(net, &arguments.device)?;
    let handle = session.handle();
    let mut result = Err(Ending::NotOpened(OpenError::RemoteUnspecified));
    for remote in remotes {
        result = open(&session, &handle, remote, options(arguments));
        if result.is_ok() {
            break;
        }
    }
    match result {
        Ok(flow) => {
            let ended = join::join(&handle, flow);
            session.close().and(ended)
        }
        Err(ending) => {
            session.close()?;
            Err(ending)
        }
    }
}

/// What the command line makes sure of without a dialect.
fn required<'a, T>(argument: Option<&'a T>, name: &str) -> Result<&'a T, Ending> {
    argument.ok_or_else(|| Ending::Usage(format!("{name} is missing")))
}

/// An error that a router reports ends the attempt at once: a person waits for it.
fn options(arguments: &ConnectArguments) -> TcpOptions {
    let defaults = TcpOptions::default();
    TcpOptions {
        soft_errors: SoftErrors::AbortOnAny,
        syn_timeout: arguments.timeout.unwrap_or(defaults.syn_timeout),
        ..defaults
    }
}

/// The addresses of a host, by the resolver of this machine.
pub(crate) fn look_up(host: &str, port: u16) -> Result<Vec<SocketAddr>, Ending> {
    match host.trim_matches(['[', ']']).parse::<IpAddr>() {
        Ok(address) => Ok(vec![SocketAddr::new(address, port)]),
        Err(_) => match (host, port).to_socket_addrs() {
            Ok(found) => Ok(found.collect()),
            Err(source) => Err(Ending::UnknownHost { host: host.into(), source }),
        },
    }
}

/// The addresses of the host that the network can reach.
fn resolve(host: &str, port: u16, net: &NetworkName) -> Result<Vec<SocketAddr>, Ending> {
    let ours = net.address.addr();
    let found = look_up(host, port)?;
    let usable: Vec<SocketAddr> = found.into_iter().filter(|remote| remote.is_ipv4() == ours.is_ipv4()).collect();
    if usable.is_empty() {
        let wanted = if ours.is_ipv4() { "IPv4" } else { "IPv6" };
        return Err(Ending::OtherFamily { host: host.into(), wanted, ours });
    }
    Ok(usable)
}

/// Opens a connection and waits until it stands, or until it is known why not.
fn open(session: &Session, handle: &Handle, remote: SocketAddr, tcp: TcpOptions) -> Result<FlowId, Ending> {
    let options = OpenOptions { tcp: Some(tcp), ..OpenOptions::to(remote) };
    let flow = start(session, handle, options)?;
    let failure = handle.wait(None, |stack, _| {
        let status = stack.tcp_status(flow)?;
        match (status.failure, status.state) {
            (Some(failure), _) => Some(Some(failure)),
            (None, State::SynSent | State::SynReceived) => None,
            (None, _) => Some(None),
        }
    })?;
    match failure {
        Some(failure) => Err(Ending::Failed(Box::new(failure))),
        None => Ok(flow),
    }
}

/// Our address on a shared network is not usable before it is known to be ours alone, which takes a moment.
fn start(session: &Session, handle: &Handle, options: OpenOptions) -> Result<FlowId, Ending> {
    let mut waited = Duration::ZERO;
    loop {
        let open = |stack: &mut Stack, now| stack.tcp_connect(now, options).inspect(|flow| session.set_flow(*flow));
        match handle.with(open) {
            Ok(flow) => return Ok(flow),
            Err(OpenError::NoPath(NoPath::NoSource)) if waited < ADDRESS_CHECK => {
                match handle.wait(Some(ADDRESS_CHECK_STEP), |_, _| None::<()>) {
                    Ok(()) | Err(WaitError::TimedOut) => waited += ADDRESS_CHECK_STEP,
                    Err(error) => return Err(error.into()),
                }
            }
            Err(error) => return Err(Ending::NotOpened(error)),
        }
    }
}
