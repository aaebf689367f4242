//! The calls whose buffers are many: readv and writev, sendmsg and recvmsg. Their buffers are one memory, whose parts follow one
//! another. Control data, by which other systems pass descriptors, does not exist: who sends some is told so, and none is received.

use std::ffi::{c_int, c_void};

use synsent_dialects::bs2000 as it;
use synsent_dialects::errno::{EBADF, EFAULT, EINVAL, EMSGSIZE, EOPNOTSUPP};
use synsent_sockets::{Fault, Memory, Pointer, PointerMut};

use super::files::{Owner, owner};
use crate::boundary::Foreign;
use crate::posix::{fail, length, reporting};

/// How many buffers a call takes.
pub(super) const BUFFERS_MAX: usize = 1_024;

/// A `struct iovec`: where, and how many octets.
const BUFFER_OCTETS: usize = 16;

/// Where the members of a `struct msghdr` stand, on machines with 64 bits.
mod message {
    pub(super) const NAME: usize = 0;
    pub(super) const NAME_OCTETS: usize = 8;
    pub(super) const BUFFERS: usize = 16;
    pub(super) const BUFFER_COUNT: usize = 24;
    pub(super) const CONTROL: usize = 32;
    pub(super) const CONTROL_OCTETS: usize = 40;
    pub(super) const FLAGS: usize = 48;
}

/// Many buffers as one memory.
struct Scattered {
    parts: Vec<(Foreign, usize)>,
}

impl Scattered {
    /// The buffers of a list.
    fn read(list: Foreign, count: usize) -> Result<Scattered, i32> {
        if count > BUFFERS_MAX {
            return Err(EMSGSIZE);
        }
        let octets = match count {
            0 => Vec::new(),
            _ => list.read_many(0, count * BUFFER_OCTETS).ok_or(EFAULT)?,
        };
        let (numbers, _) = octets.as_chunks();
        let numbers: Vec<usize> = numbers.iter().map(|octets| usize::from_ne_bytes(*octets)).collect();
        let (buffers, _) = numbers.as_chunks();
        let parts = buffers.iter().map(|[at, len]| (Foreign::new(std::ptr::with_exposed_provenance::<u8>(*at)), *len));
        let all = Scattered { parts: parts.collect() };
        match all.parts.iter().try_fold(0_usize, |sum, (_, len)| sum.checked_add(*len)) {
            Some(sum) if isize::try_from(sum).is_ok() => Ok(all),
            _ => Err(EINVAL),
        }
    }

    fn octets(&self) -> usize {
        self.parts.iter().map(|(_, len)| *len).sum()
    }

    /// Visits the pieces of the parts in which these octets lie: the part, where in it, and which of the octets.
    fn pieces(
        &self,
        mut at: usize,
        octets: usize,
        mut visit: impl FnMut(Foreign, usize, std::ops::Range<usize>) -> Result<(), Fault>,
    ) -> Result<(), Fault> {
        let mut done = 0;
        for (part, len) in &self.parts {
            if done == octets {
                break;
            }
            if at >= *len {
                at -= len;
                continue;
            }
            let here = (len - at).min(octets - done);
            visit(*part, at, done..done + here)?;
            done += here;
            at = 0;
        }
        if done == octets { Ok(()) } else { Err(Fault) }
    }
}

impl Memory for Scattered {
    fn read(&self, at: usize, into: &mut [u8]) -> Result<(), Fault> {
        let octets = into.len();
        self.pieces(at, octets, |part, at, range| part.pointer().read(at, &mut into[range]))
    }

    fn write(&self, at: usize, from: &[u8]) -> Result<(), Fault> {
        self.pieces(at, from.len(), |part, at, range| part.pointer_mut().write(at, &from[range]))
    }

    // Each part begins a page of its own, so each is looked at by itself; from the beginning on, each from its own.
    fn probe_readable(&self, octets: usize) -> Result<(), Fault> {
        self.pieces(0, octets, |part, _, range| part.probe_readable(range.len()))
    }

    fn probe_writable(&self, octets: usize) -> Result<(), Fault> {
        self.pieces(0, octets, |part, _, range| part.pointer_mut().probe(range.len()))
    }
}

#[unsafe(export_name = "synsent_bs2000_readv")]
extern "C" fn readv(descriptor: c_int, list: *const c_void, count: c_int) -> isize {
    match owner(descriptor) {
        Owner::Socket => {}
        Owner::Library => return fail(EBADF) as isize,
        // SAFETY: the caller promises what its document asks of the buffers, and the kernel refuses what is not mapped.
        Owner::File => return unsafe { libc::readv(descriptor, list.cast(), count) },
    }
    reporting(it::errno, || {
        let buffers = Scattered::read(Foreign::new(list), count_of(count)?)?;
        Ok(it::read(descriptor, PointerMut::Foreign(&buffers), length(buffers.octets())))
    }) as isize
}

#[unsafe(export_name = "synsent_bs2000_writev")]
extern "C" fn writev(descriptor: c_int, list: *const c_void, count: c_int) -> isize {
    match owner(descriptor) {
        Owner::Socket => {}
        Owner::Library => return fail(EBADF) as isize,
        // SAFETY: the caller promises what its document asks of the buffers, and the kernel refuses what is not mapped.
        Owner::File => return unsafe { libc::writev(descriptor, list.cast(), count) },
    }
    reporting(it::errno, || {
        let buffers = Scattered::read(Foreign::new(list), count_of(count)?)?;
        Ok(it::write(descriptor, Pointer::Foreign(&buffers), length(buffers.octets())))
    }) as isize
}

/// readv and writev have at least one buffer, and no more than there may be.
fn count_of(count: c_int) -> Result<usize, i32> {
    usize::try_from(count).ok().filter(|count| (1..=BUFFERS_MAX).contains(count)).ok_or(EINVAL)
}

#[unsafe(export_name = "synsent_bs2000_sendmsg")]
extern "C" fn sendmsg(s: c_int, header: *const c_void, flags: c_int) -> isize {
    reporting(it::errno, || {
        let header = Foreign::new(header);
        let buffers = buffers_of(header)?;
        if number_at(header, message::CONTROL_OCTETS)? != 0 && number_at(header, message::CONTROL)? != 0 {
            return Err(EOPNOTSUPP);
        }
        let name = place_at(header, message::NAME)?;
        let octets = length(buffers.octets());
        let buffers = Pointer::Foreign(&buffers);
        if name.is_null() {
            return Ok(it::send(s, buffers, octets, flags));
        }
        let namelen = header.read(message::NAME_OCTETS).map(i32::from_ne_bytes).ok_or(EFAULT)?;
        Ok(it::sendto(s, buffers, octets, flags, name.pointer(), namelen))
    }) as isize
}

#[unsafe(export_name = "synsent_bs2000_recvmsg")]
extern "C" fn recvmsg(s: c_int, header: *mut c_void, flags: c_int) -> isize {
    reporting(it::errno, || {
        let header = Foreign::new(header);
        let buffers = buffers_of(header)?;
        let octets = length(buffers.octets());
        // That the rest can be told is found out before anything is received.
        if !header.write(message::CONTROL_OCTETS, &0_usize.to_ne_bytes())
            || !header.write(message::FLAGS, &0_i32.to_ne_bytes())
        {
            return Err(EFAULT);
        }
        let name = place_at(header, message::NAME)?;
        let buffers = PointerMut::Foreign(&buffers);
        let namelen = Part { whole: header, at: message::NAME_OCTETS };
        let (received, flags) =
            it::recvmsg(s, buffers, octets, flags, name.pointer_mut(), PointerMut::Foreign(&namelen));
        // The place was there when the call began.
        header.write(message::FLAGS, &flags.to_ne_bytes());
        Ok(received)
    }) as isize
}

/// What lies behind another place.
struct Part {
    whole: Foreign,
    at: usize,
}

impl Memory for Part {
    fn read(&self, at: usize, into: &mut [u8]) -> Result<(), Fault> {
        self.whole.pointer().read(self.at.checked_add(at).ok_or(Fault)?, into)
    }

    fn write(&self, at: usize, from: &[u8]) -> Result<(), Fault> {
        self.whole.pointer_mut().write(self.at.checked_add(at).ok_or(Fault)?, from)
    }
}

fn buffers_of(header: Foreign) -> Result<Scattered, i32> {
    let count = number_at(header, message::BUFFER_COUNT)?;
    Scattered::read(place_at(header, message::BUFFERS)?, count)
}

fn place_at(header: Foreign, at: usize) -> Result<Foreign, i32> {
    Ok(Foreign::new(std::ptr::with_exposed_provenance::<u8>(number_at(header, at)?)))
}

fn number_at(header: Foreign, at: usize) -> Result<usize, i32> {
    header.read(at).map(usize::from_ne_bytes).ok_or(EFAULT)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scattered(parts: &mut [&mut [u8]]) -> Scattered {
        let list: Vec<[usize; 2]> =
            parts.iter_mut().map(|part| [part.as_mut_ptr().expose_provenance(), part.len()]).collect();
        Scattered::read(Foreign::new(list.as_ptr()), list.len()).unwrap()
    }

    #[test]
    fn parts_follow_one_another() {
        let (mut first, mut nothing, mut last) = (*b"abc", [], *b"defg");
        let all = scattered(&mut [&mut first, &mut nothing, &mut last]);
        let mut octets = [0; 4];
        assert_eq!((all.octets(), all.read(2, &mut octets)), (7, Ok(())));
        assert_eq!(&octets, b"cdef");
        assert_eq!((all.write(2, b"XY"), all.read(4, &mut octets)), (Ok(()), Err(Fault)));
        assert_eq!((&first, &last), (b"abX", b"Yefg"));
    }

    #[test]
    fn a_part_that_is_not_there_is_found_wherever_it_is() {
        let (mut first, mut last) = ([0_u8; 3], [0_u8; 5]);
        let wild = synsent_host::unmapped_page().unwrap();
        let at = |part: &mut [u8]| [part.as_mut_ptr().expose_provenance(), part.len()];
        let list = [at(&mut first), [wild, 4], at(&mut last)];
        let all = Scattered::read(Foreign::new(list.as_ptr()), list.len()).unwrap();
        assert_eq!((all.probe_writable(12), all.probe_readable(12)), (Err(Fault), Err(Fault)));
        assert_eq!((all.probe_writable(3), all.probe_readable(3)), (Ok(()), Ok(())));
        let list = [at(&mut first), [0, 0], at(&mut last)];
        let all = Scattered::read(Foreign::new(list.as_ptr()), list.len()).unwrap();
        assert_eq!((all.probe_writable(8), all.probe_readable(8)), (Ok(()), Ok(())));
    }

    #[test]
    fn more_buffers_than_there_may_be_are_refused() {
        let list = vec![[0_usize; 2]; BUFFERS_MAX + 1];
        assert!(Scattered::read(Foreign::new(list.as_ptr()), BUFFERS_MAX).is_ok());
        assert_eq!(Scattered::read(Foreign::new(list.as_ptr()), BUFFERS_MAX + 1).err(), Some(EMSGSIZE));
        assert_eq!((count_of(0), count_of(BUFFERS_MAX as i32 + 1)), (Err(EINVAL), Err(EINVAL)));
    }

    #[test]
    fn lengths_that_no_memory_has_are_refused() {
        let list = [[0, usize::MAX], [0, 2]];
        assert_eq!(Scattered::read(Foreign::new(list.as_ptr()), 2).err(), Some(EINVAL));
    }
}
