//! Who a process is in its room: itself.
//!
//! A process that may make namespaces stays where it is. Every other one enters a user namespace in which it has every right over
//! the room, and in which its user and group have the numbers that they have outside, so that a program sees itself as it is
//! used to. All other users and groups have no number there: who is no root outside becomes nobody else inside, and a program
//! whose file would make it somebody else cannot become so.

use std::fs;
use std::io;

use rustix::process::DumpableBehavior;
use rustix::thread::{CapabilitySet, UnshareFlags};

use super::refusal::{Refusal, Settings};

/// Who a process is in its room.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Standing {
    /// Who it was, with all rights that it had.
    Unchanged,
    /// Its own user and group, and nobody else.
    Own,
}

/// What a room needs.
const NEEDED: CapabilitySet = CapabilitySet::SYS_ADMIN.union(CapabilitySet::NET_ADMIN).union(CapabilitySet::NET_RAW);

/// Takes the rights that a room needs.
pub(super) fn take() -> Result<Standing, Refusal> {
    let threads = fs::read_dir("/proc/self/task").map(Iterator::count).unwrap_or(1);
    if threads > 1 {
        return Err(Refusal::Threads(threads));
    }
    let held = rustix::thread::capabilities(None).map(|sets| sets.effective).unwrap_or(CapabilitySet::empty());
    if held.contains(NEEDED) {
        return Ok(Standing::Unchanged);
    }
    let user = rustix::process::geteuid().as_raw();
    let group = rustix::process::getegid().as_raw();
    enter(user, group).map_err(|error| Settings::read().blame(error))?;
    Ok(Standing::Own)
}

fn enter(user: u32, group: u32) -> io::Result<()> {
    // Who may not be read by its own user may not write its own maps either, and this process has nothing to hide from its user.
    rustix::process::set_dumpable_behavior(DumpableBehavior::Dumpable)?;
    // SAFETY: NEWUSER changes what the process may do, not its memory nor its descriptors; it has one thread.
    unsafe { rustix::thread::unshare_unsafe(UnshareFlags::NEWUSER) }?;
    // Without this the kernel takes no map of groups from somebody who is not root outside.
    fs::write("/proc/self/setgroups", "deny")?;
    fs::write("/proc/self/uid_map", format!("{user} {user} 1"))?;
    fs::write("/proc/self/gid_map", format!("{group} {group} 1"))?;
    // AppArmor lets the namespace be made and takes the rights in it away.
    let held = rustix::thread::capabilities(None)?.effective;
    if held.contains(NEEDED) { Ok(()) } else { Err(io::Error::from_raw_os_error(libc::EPERM)) }
}
