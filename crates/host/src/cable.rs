//! A cable between two stacks of this machine: two devices joined by a pair of datagram sockets.
//!
//! It carries IP packets, keeps their order, loses none, and is full when the kernel's socket buffer is: the simplest device
//! there is, for two threads or for two processes that inherit one end each.

use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use rustix::io::Errno;
use rustix::net::{AddressFamily, SocketFlags, SocketType};
use synsent_stack::{Medium, Offload, Received, SegmentOffload};

use crate::device::{Device, Sent};
use crate::virtio;

/// One end of a cable.
#[derive(Debug)]
pub struct CableEnd {
    descriptor: OwnedFd,
    name: String,
    mtu: u16,
}

/// Makes a cable; its ends are called `name` with `-a` and `-b` behind it.
pub fn cable(name: &str, mtu: u16) -> io::Result<(CableEnd, CableEnd)> {
    let flags = SocketFlags::NONBLOCK | SocketFlags::CLOEXEC;
    let (a, b) = rustix::net::socketpair(AddressFamily::UNIX, SocketType::SEQPACKET, flags, None)?;
    let end = |descriptor, letter| CableEnd { descriptor, name: format!("{name}-{letter}"), mtu };
    Ok((end(a, 'a'), end(b, 'b')))
}

impl Device for CableEnd {
    fn name(&self) -> &str {
        &self.name
    }

    fn medium(&self) -> Medium {
        Medium::Ip
    }

    fn mtu(&self) -> u16 {
        self.mtu
    }

    fn offload(&self) -> Offload {
        Offload::default()
    }

    fn descriptor(&self) -> BorrowedFd<'_> {
        self.descriptor.as_fd()
    }

    fn receive(&mut self, frame: &mut [u8]) -> io::Result<Option<(usize, Received)>> {
        match rustix::io::read(&self.descriptor, frame) {
            Ok(0) => Err(io::ErrorKind::BrokenPipe.into()),
            Ok(len) => Ok(Some((len, Received::default()))),
            Err(Errno::AGAIN | Errno::INTR) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    fn transmit(&mut self, frame: &[u8], _offload: Option<SegmentOffload>) -> io::Result<Sent> {
        // SIGPIPE is ignored in every Rust program, so a lost other end is an error here and no signal.
        virtio::sent(rustix::io::write(&self.descriptor, frame))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_cross_whole_and_in_order() {
        let (mut a, mut b) = cable("c", 1_500).unwrap();
        let mut frame = [0; 2_048];
        assert!(b.receive(&mut frame).unwrap().is_none());
        assert_eq!(a.transmit(&[1; 1_500], None).unwrap(), Sent::Done);
        assert_eq!(a.transmit(&[2; 20], None).unwrap(), Sent::Done);
        assert_eq!(b.receive(&mut frame).unwrap().map(|(len, _)| len), Some(1_500));
        assert_eq!(b.receive(&mut frame).unwrap().map(|(len, _)| len), Some(20));
        assert_eq!(frame[..20], [2; 20]);
    }

    #[test]
    fn a_full_cable_is_busy_and_not_broken() {
        let (mut a, mut b) = cable("c", 1_500).unwrap();
        let mut taken = 0;
        while a.transmit(&[0; 1_500], None).unwrap() == Sent::Done {
            taken += 1;
        }
        let mut frame = [0; 2_048];
        let mut given = 0;
        while b.receive(&mut frame).unwrap().is_some() {
            given += 1;
        }
        assert!(taken > 0);
        assert_eq!(taken, given);
        assert_eq!(a.transmit(&[0; 1_500], None).unwrap(), Sent::Done);
    }

    #[test]
    fn a_cable_whose_other_end_is_gone_is_an_error() {
        let (mut a, b) = cable("c", 1_500).unwrap();
        drop(b);
        assert!(a.transmit(&[0; 20], None).is_err());
        assert!(a.receive(&mut [0; 64]).is_err());
    }
}
