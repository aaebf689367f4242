//! A connection joined to standard input and output, each direction by itself.
//!
//! The end of standard input closes the connection for sending; the peer's end closes standard output. The command ends when
//! both have come and the peer has acknowledged everything.

use std::io::{self, ErrorKind, Read as _, Write as _};
use std::thread;

use synsent_host::{Handle, WaitError};
use synsent_stack::{Failure, FlowId, ReceiveError, SendError, State};

use crate::ending::Ending;

const CHUNK_OCTETS: usize = 64 << 10;

/// What one attempt to receive came to.
enum Received {
    Octets(usize),
    End,
    Over,
}

/// Carries both directions until both have ended.
pub(crate) fn join(handle: &Handle, flow: FlowId) -> Result<(), Ending> {
    let sender = handle.clone();
    let sending = thread::Builder::new().name("input".into()).spawn(move || send_input(&sender, flow));
    let sending = sending.map_err(Ending::file("the thread for standard input"))?;
    if !receive_to_output(handle, flow)? {
        return Ok(());
    }
    if let Some(failure) = wait_for_end(handle, flow)? {
        return Err(Ending::Failed(Box::new(failure)));
    }
    match sending.join() {
        Ok(result) => result,
        Err(panic) => std::panic::resume_unwind(panic),
    }
}

/// Sends standard input up to its end, or until the connection takes no more, which the other direction tells.
fn send_input(handle: &Handle, flow: FlowId) -> Result<(), Ending> {
    let mut input = io::stdin().lock();
    let mut chunk = vec![0; CHUNK_OCTETS];
    let mut failed = Ok(());
    loop {
        match input.read(&mut chunk) {
            Ok(0) => break,
            Ok(len) => {
                if !send_all(handle, flow, &chunk[..len])? {
                    return Ok(());
                }
            }
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => {
                failed = Err(Ending::file("standard input")(error));
                break;
            }
        }
    }
    // A connection that is over already needs no closing.
    let _ = handle.with(|stack, now| stack.tcp_shutdown_send(now, flow));
    failed
}

/// False when the connection takes no more.
fn send_all(handle: &Handle, flow: FlowId, mut data: &[u8]) -> Result<bool, WaitError> {
    while !data.is_empty() {
        let sent = handle.wait(None, |stack, now| match stack.tcp_send(now, flow, data) {
            Err(SendError::WouldBlock) => None,
            result => Some(result),
        })?;
        match sent {
            Ok(len) => data = &data[len..],
            Err(_) => return Ok(false),
        }
    }
    Ok(true)
}

/// Writes what arrives; false when standard output was closed, which ends everything quietly.
fn receive_to_output(handle: &Handle, flow: FlowId) -> Result<bool, Ending> {
    let mut output = io::stdout().lock();
    let mut chunk = vec![0; CHUNK_OCTETS];
    loop {
        let received = handle.wait(None, |stack, now| match stack.tcp_receive(now, flow, &mut chunk) {
            Ok(0) => Some(Received::End),
            Ok(len) => Some(Received::Octets(len)),
            Err(ReceiveError::WouldBlock) => None,
            Err(ReceiveError::Failed | ReceiveError::NoSuchSocket) => Some(Received::Over),
        })?;
        let Received::Octets(len) = received else { return Ok(true) };
        match output.write_all(&chunk[..len]).and_then(|()| output.flush()) {
            Ok(()) => {}
            Err(error) => {
                handle.with(|stack, now| stack.tcp_abort(now, flow));
                let closed = error.kind() == ErrorKind::BrokenPipe;
                return if closed { Ok(false) } else { Err(Ending::file("standard output")(error)) };
            }
        }
    }
}

/// Waits until both directions are closed and acknowledged, or the connection failed.
fn wait_for_end(handle: &Handle, flow: FlowId) -> Result<Option<Failure>, WaitError> {
    handle.wait(None, |stack, _| match stack.tcp_status(flow) {
        None => Some(None),
        Some(status) if status.failure.is_some() => Some(status.failure),
        Some(status) => matches!(status.state, State::Closed | State::TimeWait).then_some(None),
    })
}
