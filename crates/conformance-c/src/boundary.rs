//! Pointers as C wants them, made of pointers as the dialects take them.
//!
//! A slice has an address. Memory that may not be there ([`Pointer::Foreign`]) does not tell its own, so an equal one is made: as many
//! octets as can be read, and behind them a page that nobody can touch.

use std::ffi::{c_int, c_void};

use synsent_host::PageWithHole;
use synsent_sockets::{Memory as _, Pointer};

/// How much of a memory is looked at; unit: octets.
const LOOK_MAX: usize = 256;

/// Calls with the address of what a pointer leads to.
pub(crate) fn with_address<T>(pointer: Pointer<'_>, call: impl FnOnce(*const c_void) -> T) -> T {
    match pointer {
        Pointer::Null => call(std::ptr::null()),
        Pointer::Octets(octets) => call(octets.as_ptr().cast()),
        Pointer::Foreign(memory) => {
            let octet = |at| {
                let mut octet = [0];
                memory.read(at, &mut octet).ok().map(|()| octet[0])
            };
            let octets: Vec<u8> = (0..LOOK_MAX).map_while(octet).collect();
            // A case that cannot even have two pages ends here, as a test may; and no case has more octets than a page.
            let pages = PageWithHole::new().expect("there is memory for two pages");
            let equal = pages.memory_before_hole(octets.len());
            equal.write(0, &octets).expect("the first page can be written");
            call(std::ptr::with_exposed_provenance(pages.before_hole(octets.len())))
        }
    }
}

/// A length as C has it; no slice here is longer.
pub(crate) fn len(octets: &[u8]) -> c_int {
    c_int::try_from(octets.len()).expect("no case sends two gigabytes")
}
