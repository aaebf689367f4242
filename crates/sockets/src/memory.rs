//! The memory of a caller, read and written only by ways that can fail.
//!
//! A C program hands over pointers that may be null, unmapped or too short for the length beside them. Here a [`Pointer`] is
//! what memory can be reached through it: nothing, a slice, or a [`Memory`] whose reads may fail. What lies beyond a slice
//! counts as unmapped, so a length that promises too much is found out the same way in Rust and in C.

use core::any::Any;

use zerocopy::IntoBytes as _;

/// The memory cannot be read or written.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Fault;

/// No page of memory is smaller on any machine that this runs on.
const PAGE_OCTETS_MIN: usize = 4_096;

/// Memory that may not be there.
pub trait Memory {
    /// Copies what lies `at` octets behind the pointer, all of it or nothing.
    ///
    /// # Errors
    /// When an octet of it cannot be read.
    fn read(&self, at: usize, into: &mut [u8]) -> Result<(), Fault>;

    /// Writes behind the pointer, all of it or nothing that counts.
    ///
    /// # Errors
    /// When an octet of it cannot be written.
    fn write(&self, at: usize, from: &[u8]) -> Result<(), Fault>;

    /// Tries whether so many octets can be read, by one octet of each page.
    ///
    /// # Errors
    /// When one of those cannot be read.
    fn probe_readable(&self, octets: usize) -> Result<(), Fault> {
        places(octets).try_for_each(|at| self.read(at, &mut [0]))
    }

    /// Tries whether so many octets can be written, by writing back what stands in one octet of each page.
    ///
    /// # Errors
    /// When one of those cannot be read or written.
    fn probe_writable(&self, octets: usize) -> Result<(), Fault> {
        places(octets).try_for_each(|at| {
            let mut octet = [0];
            self.read(at, &mut octet)?;
            self.write(at, &octet)
        })
    }

    /// The memory itself, for a provider that can do without copies of some kinds of memory; `None`: nobody can.
    fn as_any(&self) -> Option<&dyn Any> {
        None
    }
}

/// One place in each page that such memory can have, and the last one.
fn places(octets: usize) -> impl Iterator<Item = usize> {
    (0..octets).step_by(PAGE_OCTETS_MIN).chain(octets.checked_sub(1))
}

/// A pointer that is read through.
#[derive(Clone, Copy)]
pub enum Pointer<'a> {
    /// The null pointer.
    Null,
    /// Memory of this program.
    Octets(&'a [u8]),
    /// Memory that may not be there.
    Foreign(&'a dyn Memory),
}

/// A pointer that is written through, and read where it is both.
pub enum PointerMut<'a> {
    /// The null pointer.
    Null,
    /// Memory of this program.
    Octets(&'a mut [u8]),
    /// Memory that may not be there.
    Foreign(&'a dyn Memory),
}

impl Pointer<'_> {
    /// Whether it is null.
    pub fn is_null(&self) -> bool {
        matches!(self, Pointer::Null)
    }

    /// Copies what lies `at` octets behind the pointer.
    ///
    /// # Errors
    /// When it is null, or an octet of it cannot be read.
    pub fn read(&self, at: usize, into: &mut [u8]) -> Result<(), Fault> {
        match self {
            Pointer::Null => Err(Fault),
            Pointer::Octets(octets) => read_slice(octets, at, into),
            Pointer::Foreign(memory) => memory.read(at, into),
        }
    }
}

impl PointerMut<'_> {
    /// Whether it is null.
    pub fn is_null(&self) -> bool {
        matches!(self, PointerMut::Null)
    }

    /// Copies what lies `at` octets behind the pointer.
    ///
    /// # Errors
    /// When it is null, or an octet of it cannot be read.
    pub fn read(&self, at: usize, into: &mut [u8]) -> Result<(), Fault> {
        match self {
            PointerMut::Null => Err(Fault),
            PointerMut::Octets(octets) => read_slice(octets, at, into),
            PointerMut::Foreign(memory) => memory.read(at, into),
        }
    }

    /// Writes behind the pointer.
    ///
    /// # Errors
    /// When it is null, or an octet of it cannot be written.
    pub fn write(&mut self, at: usize, from: &[u8]) -> Result<(), Fault> {
        match self {
            PointerMut::Null => Err(Fault),
            PointerMut::Octets(octets) => {
                let end = at.checked_add(from.len()).ok_or(Fault)?;
                octets.get_mut(at..end).ok_or(Fault)?.copy_from_slice(from);
                Ok(())
            }
            PointerMut::Foreign(memory) => memory.write(at, from),
        }
    }

    /// Tries whether so many octets can be written.
    ///
    /// # Errors
    /// When it is null, or one of them cannot be written.
    pub fn probe(&self, octets: usize) -> Result<(), Fault> {
        match self {
            PointerMut::Null => Err(Fault),
            PointerMut::Octets(slice) if slice.len() >= octets => Ok(()),
            PointerMut::Octets(_) => Err(Fault),
            PointerMut::Foreign(memory) => memory.probe_writable(octets),
        }
    }

    /// Reads a whole number in the machine's order of octets.
    ///
    /// # Errors
    /// When it is null or cannot be read.
    pub fn read_i32(&self) -> Result<i32, Fault> {
        let mut octets = [0; 4];
        self.read(0, &mut octets)?;
        Ok(i32::from_ne_bytes(octets))
    }

    /// Writes a whole number in the machine's order of octets.
    ///
    /// # Errors
    /// When it is null or cannot be written.
    pub fn write_i32(&mut self, value: i32) -> Result<(), Fault> {
        self.write(0, &value.to_ne_bytes())
    }
}

impl<'a> From<&'a [u8]> for Pointer<'a> {
    fn from(octets: &'a [u8]) -> Pointer<'a> {
        Pointer::Octets(octets)
    }
}

impl<'a, const N: usize> From<&'a [u8; N]> for Pointer<'a> {
    fn from(octets: &'a [u8; N]) -> Pointer<'a> {
        Pointer::Octets(octets)
    }
}

impl<'a> From<&'a i32> for Pointer<'a> {
    fn from(value: &'a i32) -> Pointer<'a> {
        Pointer::Octets(value.as_bytes())
    }
}

impl<'a> From<&'a mut [u8]> for PointerMut<'a> {
    fn from(octets: &'a mut [u8]) -> PointerMut<'a> {
        PointerMut::Octets(octets)
    }
}

impl<'a, const N: usize> From<&'a mut [u8; N]> for PointerMut<'a> {
    fn from(octets: &'a mut [u8; N]) -> PointerMut<'a> {
        PointerMut::Octets(octets)
    }
}

impl<'a> From<&'a mut i32> for PointerMut<'a> {
    fn from(value: &'a mut i32) -> PointerMut<'a> {
        PointerMut::Octets(value.as_mut_bytes())
    }
}

impl<'a> From<&'a mut u32> for PointerMut<'a> {
    fn from(value: &'a mut u32) -> PointerMut<'a> {
        PointerMut::Octets(value.as_mut_bytes())
    }
}

fn read_slice(octets: &[u8], at: usize, into: &mut [u8]) -> Result<(), Fault> {
    let end = at.checked_add(into.len()).ok_or(Fault)?;
    into.copy_from_slice(octets.get(at..end).ok_or(Fault)?);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_lies_beyond_a_slice_is_not_there() {
        let octets = [1, 2, 3, 4];
        let mut into = [0; 4];
        assert_eq!(Pointer::from(&octets).read(1, &mut into), Err(Fault));
        assert_eq!(Pointer::from(&octets).read(usize::MAX, &mut into), Err(Fault));
        assert_eq!(Pointer::from(&octets).read(0, &mut into), Ok(()));
        assert_eq!(into, octets);
    }

    /// Memory that ends in a page that cannot be written.
    struct Edge(core::cell::RefCell<Vec<usize>>);

    const THERE: usize = 2 * PAGE_OCTETS_MIN;

    impl Memory for Edge {
        fn read(&self, at: usize, into: &mut [u8]) -> Result<(), Fault> {
            into.fill(7);
            if at + into.len() <= THERE + 1 { Ok(()) } else { Err(Fault) }
        }

        fn write(&self, at: usize, from: &[u8]) -> Result<(), Fault> {
            assert_eq!(from, [7], "what stood there is written back");
            self.0.borrow_mut().push(at);
            if at < THERE { Ok(()) } else { Err(Fault) }
        }
    }

    #[test]
    fn a_probe_touches_each_page_and_the_last_octet() {
        let edge = Edge(core::cell::RefCell::default());
        assert_eq!(PointerMut::Foreign(&edge).probe(THERE), Ok(()));
        assert_eq!(edge.0.take(), [0, PAGE_OCTETS_MIN, THERE - 1]);
        assert_eq!(edge.probe_writable(THERE + 1), Err(Fault));
        assert_eq!((edge.probe_readable(THERE + 1), edge.probe_readable(THERE + 2)), (Ok(()), Err(Fault)));
        assert_eq!(edge.probe_writable(0), Ok(()));
        let mut slice = [0; 3];
        assert_eq!(
            (PointerMut::from(&mut slice).probe(3), PointerMut::from(&mut slice).probe(4)),
            (Ok(()), Err(Fault))
        );
        assert_eq!(PointerMut::Null.probe(0), Err(Fault));
    }

    #[test]
    fn a_number_is_written_whole_or_not_at_all() {
        let mut value = 7;
        PointerMut::from(&mut value).write_i32(-9).unwrap();
        assert_eq!(value, -9);
        let mut short = [0; 3];
        assert_eq!(PointerMut::from(&mut short).write_i32(1), Err(Fault));
        assert_eq!(short, [0; 3]);
    }
}
