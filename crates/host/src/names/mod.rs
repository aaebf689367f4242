//! Names of hosts, services and protocols on this machine: two ways to know them.
//!
//! Who uses the kernel's sockets asks the C library, which does as the machine is set up ([`SystemNames`]). Who has our stack on a device
//! asks the name servers of `/etc/resolv.conf` over that stack, after `/etc/hosts` ([`FileNames`]); both files are read at each question,
//! because others change them. What the C library does cannot be taken back once it has begun.

mod files;
mod system;

pub(crate) use files::FileNames;
pub use files::NAME_FILE_OCTETS_MAX;
pub(crate) use system::SystemNames;
