//! The engine with a small dialect of its own, on a network in memory: from facts to verdict to deed, and back into memory.

mod dialect;
mod fake;
mod names;
mod options;
mod properties;
mod transfer;
mod verbs;

use std::sync::Arc;

use synsent_sockets::{Memory, Outcome};

use crate::page::Facts;
use crate::process::{Entered, Handle, Process, Said};
use dialect::TESTISH;
use fake::FakeNetwork;

/// A started process on a network in memory.
struct World {
    network: Arc<FakeNetwork>,
    process: Arc<Process>,
    _entered: Entered,
}

impl World {
    fn new() -> World {
        World::of(&TESTISH)
    }

    fn of(dialect: &'static crate::Dialect) -> World {
        let network = FakeNetwork::new();
        let process = Process::new(dialect, network.clone());
        let entered = process.enter();
        process.start((1, 1)).unwrap();
        World { network, process, _entered: entered }
    }

    fn stream(&self) -> Handle {
        super::socket::socket(&TESTISH, INET, STREAM, 0).unwrap()
    }

    fn datagram(&self) -> Handle {
        super::socket::socket(&TESTISH, INET, DATAGRAM, 0).unwrap()
    }
}

const INET: i32 = 2;
const STREAM: i32 = 1;
const DATAGRAM: i32 = 2;

/// A name of IPv4 as it lies in memory.
fn inet(last: u8, port: u16) -> [u8; 16] {
    let mut name = [0; 16];
    name[..2].copy_from_slice(&(INET as u16).to_ne_bytes());
    name[2..4].copy_from_slice(&port.to_be_bytes());
    name[4..8].copy_from_slice(&[10, 0, 0, last]);
    name
}

/// The name of the word that a call failed with.
fn word<T: core::fmt::Debug>(result: Result<T, Said>) -> &'static str {
    result.expect_err("it should fail").name
}

/// Memory of which nothing is there.
struct Unmapped;

impl Memory for Unmapped {
    fn read(&self, _: usize, _: &mut [u8]) -> Result<(), synsent_sockets::Fault> {
        Err(synsent_sockets::Fault)
    }

    fn write(&self, _: usize, _: &[u8]) -> Result<(), synsent_sockets::Fault> {
        Err(synsent_sockets::Fault)
    }
}

/// Memory that is there as far as it goes, reached as if it were a stranger's.
struct Mapped(std::cell::RefCell<Vec<u8>>);

impl Mapped {
    fn new(octets: Vec<u8>) -> Mapped {
        Mapped(std::cell::RefCell::new(octets))
    }

    fn octets(&self) -> Vec<u8> {
        self.0.borrow().clone()
    }
}

impl Memory for Mapped {
    fn read(&self, at: usize, into: &mut [u8]) -> Result<(), synsent_sockets::Fault> {
        let octets = self.0.borrow();
        let end = at.checked_add(into.len()).ok_or(synsent_sockets::Fault)?;
        into.copy_from_slice(octets.get(at..end).ok_or(synsent_sockets::Fault)?);
        Ok(())
    }

    fn write(&self, at: usize, from: &[u8]) -> Result<(), synsent_sockets::Fault> {
        let mut octets = self.0.borrow_mut();
        let end = at.checked_add(from.len()).ok_or(synsent_sockets::Fault)?;
        octets.get_mut(at..end).ok_or(synsent_sockets::Fault)?.copy_from_slice(from);
        Ok(())
    }
}

#[test]
fn a_set_of_facts_holds_what_was_put_in_and_always_the_first() {
    use crate::page::Fact;
    for fact in Fact::ALL {
        assert!(fact.alone().has(fact));
        assert_eq!(Facts::NONE.has(fact), fact == Fact::Always);
    }
    assert_eq!(Outcome::COUNT, Outcome::ALL.len());
}
