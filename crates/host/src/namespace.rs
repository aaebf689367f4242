//! Namespaces: a network of one's own, without being root.
//!
//! A process that enters a new user namespace is root in it, and may then make network namespaces, devices, addresses and
//! routes there that nobody outside sees. The user namespace is for the whole process and must be entered before it has a
//! second thread; a network namespace is for the calling thread and the threads and processes that it starts from then on.

use std::fs;
use std::io;

use rustix::thread::UnshareFlags;

use crate::interface;

/// Enters a new user namespace in which the caller is root. The process must have one thread only.
pub fn enter_user() -> io::Result<()> {
    let user = rustix::process::getuid().as_raw();
    let group = rustix::process::getgid().as_raw();
    // SAFETY: NEWUSER changes who the process is, not what its memory or its descriptors are; no other thread exists, or the
    // kernel refuses the call.
    unsafe { rustix::thread::unshare_unsafe(UnshareFlags::NEWUSER) }?;
    fs::write("/proc/self/setgroups", "deny")?;
    fs::write("/proc/self/uid_map", format!("0 {user} 1"))?;
    fs::write("/proc/self/gid_map", format!("0 {group} 1"))
}

/// Moves the calling thread into a new network namespace whose loopback interface is up.
pub fn enter_network() -> io::Result<()> {
    // SAFETY: NEWNET decides which interfaces new sockets see; memory and open descriptors stay as they are.
    unsafe { rustix::thread::unshare_unsafe(UnshareFlags::NEWNET) }?;
    interface::set_up("lo")
}

/// Gives the calling thread a table of descriptors of its own, a copy of the process's. The threads that it starts from then
/// on share it; the others see no descriptor that is opened here.
pub fn enter_descriptors() -> io::Result<()> {
    // SAFETY: every descriptor that somebody holds stays open in both tables under the same number, and each table closes its
    // own. What is opened here must not be given to threads that were there before.
    Ok(unsafe { rustix::thread::unshare_unsafe(UnshareFlags::FILES) }?)
}
