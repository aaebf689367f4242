//! Why a program cannot run in a room, in words that say what is missing and what to do.
//!
//! The kernel answers most of it with "operation not permitted". Which setting of the machine stands behind that is read here
//! from /proc, once the kernel has refused.

use std::ffi::OsString;
use std::fmt;
use std::fs;
use std::io;
use std::path::PathBuf;

use thiserror::Error;

use super::standing::Standing;

/// Why a program cannot run in a room.
#[derive(Debug, Error)]
pub enum Refusal {
    /// The process has more than one thread, and the kernel moves none of them.
    #[error(
        "a room is entered by a process with one thread, this one has {0}: enter it before the first thread starts"
    )]
    Threads(usize),
    /// No user namespace can be made.
    #[error("a network of one's own needs a user namespace, and {setting} ({source}): {}, or run this as root", .setting.remedy())]
    UserNamespace {
        /// What forbids it.
        setting: Setting,
        /// What the kernel said.
        source: io::Error,
    },
    /// Another namespace cannot be made.
    #[error(
        "the kernel refuses a new {namespace} namespace ({source}): /proc/sys/user/max_{}_namespaces must not be 0, and a \
         container must be started with `--security-opt seccomp=unconfined`", .namespace.file()
    )]
    Namespace {
        /// Which.
        namespace: Namespace,
        /// What the kernel said.
        source: io::Error,
    },
    /// Neither kind of device can be made.
    #[error(
        "no network device can be made here. TUN: {tun}. A veth pair with a packet socket: {veth}. One of them is needed"
    )]
    NoDevice {
        /// Why there is no TUN device.
        tun: String,
        /// Why there is no pair.
        veth: String,
    },
    /// The device does not take what it must have.
    #[error("the program's network could not be set up: {what}: {source}")]
    Configure {
        /// What was tried.
        what: String,
        /// What the kernel said.
        source: io::Error,
    },
    /// There is no such program.
    #[error("there is no program {}: {}", .name.display(), Searched(.searched))]
    NotFound {
        /// As it was called.
        name: OsString,
        /// Where it was looked for; empty when the name has a slash.
        searched: Vec<PathBuf>,
    },
    /// The name is that of a folder.
    #[error("{} is a folder, not a program", .0.display())]
    Folder(PathBuf),
    /// The file may not be executed.
    #[error("{} may not be executed: {why}", .path.display())]
    NotExecutable {
        /// The file.
        path: PathBuf,
        /// What its permissions lack, and what to do.
        why: &'static str,
    },
    /// The file is there, and what executes it is not.
    #[error(
        "{} cannot start: its interpreter {} does not exist; install it, or correct the program's {place}", .path.display(),
        .interpreter.display()
    )]
    NoInterpreter {
        /// The program.
        path: PathBuf,
        /// What is missing.
        interpreter: PathBuf,
        /// Where it is named.
        place: &'static str,
    },
    /// The kernel cannot execute such a file.
    #[error("{} is no program for this machine: it is neither a script nor built for this processor", .0.display())]
    WrongFormat(PathBuf),
    /// The program would get rights by being executed, and cannot get them in the room.
    #[error(
        "{} {rights}, which it cannot get in a user namespace: run this as root, or try a program that needs no such right",
        .path.display()
    )]
    Rights {
        /// The program.
        path: PathBuf,
        /// What it would get.
        rights: String,
    },
    /// The kernel does not execute the program.
    #[error("{} cannot be started: {source}", .path.display())]
    Exec {
        /// The program.
        path: PathBuf,
        /// What the kernel said.
        source: io::Error,
    },
    /// The processes around the program cannot be made.
    #[error("the program's surroundings could not be made: {what}: {source}")]
    Launch {
        /// What was tried.
        what: &'static str,
        /// What the kernel said.
        source: io::Error,
    },
}

/// A namespace that a room has besides that of its user.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Namespace {
    /// Interfaces, addresses, routes.
    Network,
    /// Which files stand where.
    Mount,
    /// Processes and their numbers.
    Process,
}

impl fmt::Display for Namespace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Namespace::Network => "network",
            Namespace::Mount => "mount",
            Namespace::Process => "process",
        })
    }
}

impl Namespace {
    /// As the kernel's setting has it.
    fn file(self) -> &'static str {
        match self {
            Namespace::Network => "net",
            Namespace::Mount => "mnt",
            Namespace::Process => "pid",
        }
    }
}

/// What keeps this user from making a user namespace.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Setting {
    /// The kernel was built without them.
    Kernel,
    /// `user.max_user_namespaces` is 0.
    Maximum,
    /// As many exist as `user.max_user_namespaces` allows.
    TooMany,
    /// `kernel.unprivileged_userns_clone` is 0.
    UnprivilegedClone,
    /// `kernel.apparmor_restrict_unprivileged_userns` is 1.
    AppArmor,
    /// No setting: a filter of system calls, or a changed root directory.
    Sandbox,
}

impl fmt::Display for Setting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Setting::Kernel => "this kernel was built without them (CONFIG_USER_NS)",
            Setting::Maximum => "/proc/sys/user/max_user_namespaces is 0",
            Setting::TooMany => "there are as many as /proc/sys/user/max_user_namespaces allows",
            Setting::UnprivilegedClone => "/proc/sys/kernel/unprivileged_userns_clone is 0",
            Setting::AppArmor => "/proc/sys/kernel/apparmor_restrict_unprivileged_userns is 1",
            Setting::Sandbox => {
                "the kernel refuses it though no setting does: a container's seccomp filter or a chroot"
            }
        })
    }
}

impl Setting {
    /// What allows it.
    fn remedy(self) -> &'static str {
        match self {
            Setting::Kernel => "use a kernel that has them",
            Setting::Maximum | Setting::TooMany => "allow them with `sudo sysctl user.max_user_namespaces=15000`",
            Setting::UnprivilegedClone => "allow them with `sudo sysctl kernel.unprivileged_userns_clone=1`",
            Setting::AppArmor => {
                "allow them with `sudo sysctl kernel.apparmor_restrict_unprivileged_userns=0`, or with an AppArmor profile \
                 for this program that has the rule `userns,`"
            }
            Setting::Sandbox => {
                "start the container with `--security-opt seccomp=unconfined --security-opt apparmor=unconfined`, and with \
                 `--cap-add SYS_ADMIN --cap-add NET_ADMIN` where this runs as its root"
            }
        }
    }
}

/// The settings that can forbid user namespaces, as /proc has them; a kernel without a setting has `None`.
#[derive(Clone, Copy, Default, Debug)]
pub(super) struct Settings {
    max_user_namespaces: Option<u64>,
    unprivileged_userns_clone: Option<u64>,
    apparmor_restrict_unprivileged_userns: Option<u64>,
}

impl Settings {
    pub(super) fn read() -> Settings {
        let number = |path: &str| fs::read_to_string(path).ok()?.trim().parse().ok();
        Settings {
            max_user_namespaces: number("/proc/sys/user/max_user_namespaces"),
            unprivileged_userns_clone: number("/proc/sys/kernel/unprivileged_userns_clone"),
            apparmor_restrict_unprivileged_userns: number("/proc/sys/kernel/apparmor_restrict_unprivileged_userns"),
        }
    }

    /// Which of them is behind the kernel's refusal of a user namespace.
    pub(super) fn blame(&self, source: io::Error) -> Refusal {
        let setting = match source.raw_os_error() {
            _ if self.max_user_namespaces == Some(0) => Setting::Maximum,
            Some(libc::ENOSPC | libc::EUSERS) => Setting::TooMany,
            Some(libc::EINVAL | libc::ENOSYS) => Setting::Kernel,
            _ if self.unprivileged_userns_clone == Some(0) => Setting::UnprivilegedClone,
            _ if self.restricts_by_apparmor() => Setting::AppArmor,
            _ => Setting::Sandbox,
        };
        Refusal::UserNamespace { setting, source }
    }

    fn restricts_by_apparmor(&self) -> bool {
        self.apparmor_restrict_unprivileged_userns.is_some_and(|value| value != 0)
    }

    /// The same for another namespace. Who has the rights for it from a user namespace can lack them because AppArmor gives none.
    pub(super) fn blame_for(&self, namespace: Namespace, standing: Standing, source: io::Error) -> Refusal {
        let refused = matches!(source.raw_os_error(), Some(libc::EPERM | libc::EACCES));
        if standing != Standing::Unchanged && refused && self.restricts_by_apparmor() {
            return Refusal::UserNamespace { setting: Setting::AppArmor, source };
        }
        Refusal::Namespace { namespace, source }
    }
}

/// Where a program was looked for.
struct Searched<'a>(&'a [PathBuf]);

impl fmt::Display for Searched<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_empty() {
            return f.write_str("no such file");
        }
        f.write_str("PATH has no such file in ")?;
        for (position, folder) in self.0.iter().enumerate() {
            let between = if position == 0 { "" } else { ", " };
            write!(f, "{between}{}", folder.display())?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn apparmor_is_blamed_for_rights_that_a_user_namespace_should_have_given() {
        let ubuntu = Settings { apparmor_restrict_unprivileged_userns: Some(1), ..Settings::default() };
        let blamed = |settings: Settings, standing, errno| {
            let error = io::Error::from_raw_os_error(errno);
            settings.blame_for(Namespace::Network, standing, error).to_string()
        };
        assert!(blamed(ubuntu, Standing::Own, libc::EPERM).contains("apparmor_restrict_unprivileged_userns is 1"));
        for (settings, standing, errno) in [
            (ubuntu, Standing::Unchanged, libc::EPERM),
            (ubuntu, Standing::Own, libc::ENOSPC),
            (Settings::default(), Standing::Own, libc::EPERM),
        ] {
            let said = blamed(settings, standing, errno);
            assert!(
                said.contains("a new network namespace") && said.contains("max_net_namespaces must not be 0"),
                "{said}"
            );
        }
    }

    fn said(settings: Settings, errno: i32) -> String {
        settings.blame(io::Error::from_raw_os_error(errno)).to_string()
    }

    #[test]
    fn the_setting_that_forbids_user_namespaces_is_named_with_its_remedy() {
        let open = Settings { max_user_namespaces: Some(9_000), ..Settings::default() };
        let none = Settings { max_user_namespaces: Some(0), ..Settings::default() };
        let debian = Settings { unprivileged_userns_clone: Some(0), ..open };
        let ubuntu = Settings { apparmor_restrict_unprivileged_userns: Some(1), ..open };
        for (settings, errno, words) in [
            (none, libc::ENOSPC, ["/proc/sys/user/max_user_namespaces is 0", "sysctl user.max_user_namespaces="]),
            (open, libc::ENOSPC, ["as many as /proc/sys/user/max_user_namespaces", "user.max_user_namespaces="]),
            (debian, libc::EPERM, ["unprivileged_userns_clone is 0", "sysctl kernel.unprivileged_userns_clone=1"]),
            (ubuntu, libc::EPERM, ["apparmor_restrict_unprivileged_userns is 1", "unprivileged_userns=0"]),
            (ubuntu, libc::EACCES, ["apparmor_restrict_unprivileged_userns is 1", "`userns,`"]),
            (open, libc::EPERM, ["seccomp filter", "--security-opt seccomp=unconfined"]),
            (open, libc::EINVAL, ["CONFIG_USER_NS", "use a kernel"]),
        ] {
            let said = said(settings, errno);
            for words in words.into_iter().chain(["run this as root"]) {
                assert!(said.contains(words), "{words}: {said}");
            }
        }
    }

    #[test]
    fn a_program_that_is_not_there_is_told_with_the_folders() {
        let name = OsString::from("curll");
        let searched = vec![PathBuf::from("/usr/bin"), PathBuf::from("/bin")];
        let told = Refusal::NotFound { name: name.clone(), searched }.to_string();
        assert_eq!(told, "there is no program curll: PATH has no such file in /usr/bin, /bin");
        let told = Refusal::NotFound { name, searched: Vec::new() }.to_string();
        assert_eq!(told, "there is no program curll: no such file");
    }
}
