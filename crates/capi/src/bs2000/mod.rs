//! SOCKETS(POSIX) of BS2000: what the headers of its folder point at.

mod files;
mod polling;
mod vectors;

use crate::posix::calls::posix_entries;

posix_entries!(bs2000, isize);
