//! Who a process is in its room: itself.
//!
//! A process that may make namespaces stays where it is. Every other one enters a user namespace in which it has every right over
//! the room, and in which its user and group have the numbers that they have outside, so that a program sees itself as it is
//! used to. So have all other users and groups where the process may say so, which is so for root in most containers. Else they
//! have no number there: a program whose file would make it somebody else cannot become so, files of others belong to nobody
//! (a few programs, ssh among them, insist on files of root), and further groups of the user keep their rights and lose their names.

use std::fs;
use std::io;

use rustix::io::Errno;
use rustix::pipe::{PipeFlags, pipe_with};
use rustix::process::{DumpableBehavior, Pid, WaitOptions, getpid, waitpid};
use rustix::thread::{CapabilitySet, UnshareFlags};

use super::init;
use super::refusal::{Refusal, Settings};

/// Who a process is in its room.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Standing {
    /// Who it was, with all rights that it had.
    Unchanged,
    /// Who it was, in a namespace that knows all users.
    Whole,
    /// Its own user and group, and nobody else.
    Own,
}

/// What a room needs.
const NEEDED: CapabilitySet = CapabilitySet::SYS_ADMIN.union(CapabilitySet::NET_ADMIN).union(CapabilitySet::NET_RAW);
/// What a process needs to bring users besides its own into a namespace, root among them.
const NEEDED_FOR_ALL: CapabilitySet = CapabilitySet::SETUID.union(CapabilitySet::SETGID).union(CapabilitySet::SETFCAP);

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
    enter(held.contains(NEEDED_FOR_ALL)).map_err(|error| Settings::read().blame(error))
}

fn enter(may_bring_all: bool) -> io::Result<Standing> {
    let user = rustix::process::geteuid().as_raw();
    let group = rustix::process::getegid().as_raw();
    // Who may not be read by its own user may not write its own maps either, and this process has nothing to hide from its user.
    rustix::process::set_dumpable_behavior(DumpableBehavior::Dumpable)?;
    let standing = match may_bring_all && enter_with_all().is_ok() {
        true => Standing::Whole,
        false => {
            if !is_inside()? {
                unshare()?;
            }
            // Without this the kernel takes no map of groups from somebody who is not root outside.
            fs::write("/proc/self/setgroups", "deny")?;
            fs::write("/proc/self/gid_map", format!("{group} {group} 1"))?;
            fs::write("/proc/self/uid_map", format!("{user} {user} 1"))?;
            Standing::Own
        }
    };
    let held = rustix::thread::capabilities(None)?.effective;
    if held.contains(NEEDED) { Ok(standing) } else { Err(io::Error::from_raw_os_error(libc::EPERM)) }
}

fn unshare() -> io::Result<()> {
    // SAFETY: NEWUSER changes what the process may do, not its memory nor its descriptors; it has one thread.
    Ok(unsafe { rustix::thread::unshare_unsafe(UnshareFlags::NEWUSER) }?)
}

/// Whether the process is in a user namespace that knows nobody yet.
fn is_inside() -> io::Result<bool> {
    Ok(fs::read_to_string("/proc/self/uid_map")?.is_empty())
}

/// Enters a user namespace that knows everybody who is known here. Only a process that stays outside may say so.
fn enter_with_all() -> io::Result<()> {
    let maps = ["gid_map", "uid_map"].map(|map| Ok((map, identity(&fs::read_to_string(format!("/proc/self/{map}"))?))));
    let maps: Vec<(&str, String)> = maps.into_iter().collect::<io::Result<_>>()?;
    let inside = getpid().as_raw_pid();
    let (go, gone) = pipe_with(PipeFlags::CLOEXEC)?;
    // SAFETY: this process has one thread, so its copy may do what it may.
    let helper = unsafe { init::fork(0) };
    if helper == 0 {
        drop(gone);
        // The word comes once there is a namespace; without it there is none, and nothing to write.
        let told = rustix::io::read(&go, &mut [0_u8]).is_ok_and(|len| len == 1);
        let mut written = maps.iter().map(|(map, text)| fs::write(format!("/proc/{inside}/{map}"), text));
        let code = libc::c_int::from(!(told && written.all(|result| result.is_ok())));
        // SAFETY: the copy ends here, without anything that its original registered to be done at its end.
        unsafe { libc::_exit(code) }
    }
    let helper = Pid::from_raw(helper).filter(|_| helper > 0).ok_or_else(io::Error::last_os_error)?;
    let entered = unshare().and_then(|()| Ok(rustix::io::write(&gone, &[1])?));
    drop(gone);
    let ended = loop {
        match waitpid(Some(helper), WaitOptions::empty()) {
            Err(Errno::INTR) => {}
            ended => break ended?,
        }
    };
    entered?;
    match ended.is_some_and(|(_, status)| status.exit_status() == Some(0)) {
        true => Ok(()),
        false => Err(io::ErrorKind::PermissionDenied.into()),
    }
}

/// The map in which everybody who is known in a namespace is who they are there.
fn identity(map: &str) -> String {
    let lines = map.lines().filter_map(|line| {
        let mut words = line.split_whitespace();
        let (inside, count) = (words.next()?, words.nth(1)?);
        Some(format!("{inside} {inside} {count}\n"))
    });
    lines.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_is_known_stays_who_it_is() {
        assert_eq!(identity("         0          0 4294967295\n"), "0 0 4294967295\n");
        assert_eq!(identity("0 1000 1\n1 100000 65536\n"), "0 0 1\n1 1 65536\n");
    }
}
