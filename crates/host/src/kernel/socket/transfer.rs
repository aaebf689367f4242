//! What sending and receiving share, whatever memory it is: flags, urgent data, and what the kernel's errors come to.

use std::os::fd::OwnedFd;
use std::sync::atomic::Ordering;

use rustix::io::Errno;
use rustix::net::{RecvFlags, SendFlags};
use synsent_sockets::{Answer, Domain, Kind, Outcome, Progress, ReceiveHow, Received, SendHow, Transport as _};

use super::{Call, KernelSocket};

/// How many receives wait first after one that found nothing.
const WAITS_FIRST_COUNT: u8 = 16;

impl KernelSocket {
    /// Whether the last octet of all has to be marked by itself.
    pub(super) fn marks_urgent(&self, how: SendHow) -> bool {
        how.urgent && self.kind == Kind::Stream && self.domain != Domain::Local
    }

    pub(super) fn send_by(&self, send: impl FnOnce(&OwnedFd) -> rustix::io::Result<usize>) -> Answer<usize> {
        match self.call(|descriptor| Ok(send(descriptor)))? {
            Ok(octets) => Ok(Progress::Done(octets)),
            Err(number) => self.send_failed(number, None),
        }
    }

    /// Receives from a stream.
    pub(super) fn receive_by(
        &self,
        how: ReceiveHow,
        receive: impl FnOnce(&OwnedFd) -> rustix::io::Result<usize>,
    ) -> Answer<Received> {
        match self.call(|descriptor| Ok(receive(descriptor)))? {
            Ok(octets) => Ok(Progress::Done(Received { octets, whole: octets, source: None })),
            Err(number) => self.receive_failed(number, how),
        }
    }

    pub(super) fn receive_failed(&self, number: Errno, how: ReceiveHow) -> Answer<Received> {
        match number {
            Errno::AGAIN | Errno::INTR => {
                self.waits_first.store(WAITS_FIRST_COUNT, Ordering::Relaxed);
                Ok(Progress::Pending)
            }
            // Urgent data that was announced, and a connection that broke: what broke it is told apart from that.
            Errno::NOTCONN if how.urgent => Err(self.take_error().unwrap_or_else(|| Outcome::NotConnected.into())),
            Errno::INVAL if !how.urgent => Err(Call::Receive.failure_as(Outcome::BadArgument, number)),
            _ => Err(Call::Receive.failure(number)),
        }
    }
}

/// No signal ever, whatever is gone.
pub(super) fn send_flags(how: SendHow) -> SendFlags {
    let mut flags = SendFlags::NOSIGNAL;
    flags.set(SendFlags::OOB, how.urgent);
    flags.set(SendFlags::DONTROUTE, how.dont_route);
    flags
}

pub(super) fn receive_flags(how: ReceiveHow) -> RecvFlags {
    let mut flags = RecvFlags::empty();
    flags.set(RecvFlags::PEEK, how.peek);
    flags.set(RecvFlags::OOB, how.urgent);
    flags
}

/// Sends urgent data whose last octet alone is marked: the kernel marks the end of what it takes, also when that is not all.
pub(super) fn send_urgent(descriptor: &OwnedFd, octets: &[u8], how: SendHow) -> rustix::io::Result<usize> {
    let Some((last, before)) = octets.split_last().filter(|(_, before)| !before.is_empty()) else {
        return rustix::net::send(descriptor, octets, send_flags(how));
    };
    let plain = send_flags(SendHow { urgent: false, ..how });
    // What comes next belongs into the same segment.
    let taken = rustix::net::send(descriptor, before, plain | SendFlags::MORE)?;
    if taken < before.len() {
        return Ok(taken);
    }
    // That what stands before was taken is what counts, whatever becomes of the last one: its turn comes again.
    Ok(taken + rustix::net::send(descriptor, core::slice::from_ref(last), send_flags(how)).unwrap_or(0))
}
