//! A connection of a dialect joined to standard input and output, each direction in a thread of its own.
//!
//! The end of standard input shuts the sending direction down; the peer's end closes standard output. The command ends when
//! both have come.

use std::io::{self, ErrorKind, Read as _, Write as _};
use std::sync::{Arc, mpsc};
use std::thread;

use synsent_conformance::Api;
use synsent_dialects::{Handle, Process};

use crate::connect_as::said;
use crate::ending::Ending;

const CHUNK_OCTETS: usize = 64 << 10;
/// The direction of sending, as all four headers number it.
const SHUT_SENDING: i32 = 1;

/// Carries both directions until both have ended; false when nobody reads standard output any more.
pub(crate) fn join(api: &'static Api, process: &Arc<Process>, s: Handle) -> Result<bool, Ending> {
    let (begun, has_begun) = mpsc::channel();
    let sender = Arc::clone(process);
    let sending = thread::Builder::new().name("input".into()).spawn(move || {
        let _entered = sender.enter();
        // A lab waits for those who have looked at it: without this it would take the other direction's wait for the last one.
        sender.network().now();
        let _ = begun.send(());
        send_input(api, s)
    });
    let sending = sending.map_err(Ending::file("the thread for standard input"))?;
    let _ = has_begun.recv();
    if !receive_to_output(api, s)? {
        return Ok(false);
    }
    match sending.join() {
        Ok(result) => result.map(|()| true),
        Err(panic) => std::panic::resume_unwind(panic),
    }
}

/// Sends standard input up to its end, or until the connection takes no more.
fn send_input(api: &'static Api, s: Handle) -> Result<(), Ending> {
    let mut input = io::stdin().lock();
    let mut chunk = vec![0; CHUNK_OCTETS];
    let mut failed = Ok(());
    loop {
        match input.read(&mut chunk) {
            Ok(0) => break,
            Ok(len) => send_all(api, s, &chunk[..len])?,
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => {
                failed = Err(Ending::file("standard input")(error));
                break;
            }
        }
    }
    // A connection that is over already needs no ending.
    (api.shutdown)(s, SHUT_SENDING);
    failed
}

fn send_all(api: &'static Api, s: Handle, mut data: &[u8]) -> Result<(), Ending> {
    while !data.is_empty() {
        let sent = usize::try_from((api.send)(s, data)).map_err(|_| said())?;
        data = &data[sent..];
    }
    Ok(())
}

/// Writes what arrives; false when standard output was closed, which ends everything quietly.
fn receive_to_output(api: &'static Api, s: Handle) -> Result<bool, Ending> {
    let mut output = io::stdout().lock();
    let mut chunk = vec![0; CHUNK_OCTETS];
    loop {
        let len = usize::try_from((api.recv)(s, &mut chunk)).map_err(|_| said())?;
        if len == 0 {
            return Ok(true);
        }
        match output.write_all(&chunk[..len]).and_then(|()| output.flush()) {
            Ok(()) => {}
            Err(error) if error.kind() == ErrorKind::BrokenPipe => return Ok(false),
            Err(error) => return Err(Ending::file("standard output")(error)),
        }
    }
}
