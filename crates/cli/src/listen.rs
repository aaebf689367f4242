//! `synsent listen`: the passive side.

use std::net::SocketAddr;

use synsent_stack::{ListenOptions, Stack};

use crate::arguments::ListenArguments;
use crate::ending::{self, Ending};
use crate::join;
use crate::session::Session;

/// Waits for one connection and joins it to standard input and output.
pub(crate) fn listen(arguments: &ListenArguments) -> Result<(), Ending> {
    let session = Session::open(&arguments.net, &arguments.device)?;
    let handle = session.handle();
    let options = ListenOptions::on_port(arguments.port);
    let listener = handle.with(|stack, now| stack.tcp_listen(now, options)).map_err(Ending::NotListening)?;
    let name = handle.with(|stack, _| stack.tcp_listener_name(listener));
    let port = name.map_or(arguments.port, |(_, port)| port);
    let local = SocketAddr::new(arguments.net.address.addr(), port);
    ending::say(format_args!("listening on {local}"));
    let accept = |stack: &mut Stack, now| stack.tcp_accept(now, listener).inspect(|flow| session.set_flow(*flow));
    let flow = handle.wait(None, accept)?;
    // One connection is all there is: whoever comes next is refused.
    handle.with(|stack, now| stack.tcp_unlisten(now, listener));
    let ended = join::join(&handle, flow);
    session.close().and(ended)
}
