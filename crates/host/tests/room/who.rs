//! Who a program is in a room, what it brings along, and rights that it cannot get.

use std::fs::{self, File};
use std::io::Read;
use std::path::{Path, PathBuf};

use libtest_mimic::Failed;
use synsent_host::room::{self, Ending, Program, Stream};

use crate::skip::skip;
use crate::stage::{enter, env, folder, inside, is_root, script_at, sh, succeed};

pub(crate) fn the_program_is_who_it_was() {
    let (user, group) = (rustix::process::getuid().as_raw(), rustix::process::getgid().as_raw());
    let folder = std::env::current_dir().expect("a folder");
    let room = enter();
    assert_eq!(sh(&room, "id -u; id -g"), format!("{user}\n{group}\n"));
    assert_eq!(sh(&room, "pwd"), format!("{}\n", folder.display()));
    assert_eq!(sh(&room, "echo \"$PATH\""), format!("{}\n", env("PATH")));
    // It is not the first process, and finds itself in /proc.
    assert_eq!(sh(&room, "test $$ != 1 && cat /proc/$$/comm"), "sh\n");
    let status = sh(&room, "cat /proc/self/status");
    let value = |key: &str| {
        let line = status.lines().find(|line| line.starts_with(key)).expect("a line of that name");
        line[key.len()..].trim().to_owned()
    };
    // What was ignored when this test began stays so, as under nohup, but for what Rust ignores by itself.
    let ours = fs::read_to_string("/proc/self/status").expect("a status");
    let ignored = ours.lines().find_map(|line| line.strip_prefix("SigIgn:")).expect("a line of that name");
    let ignored = u64::from_str_radix(ignored.trim(), 16).expect("a number") & !(1 << (libc::SIGPIPE - 1));
    assert_eq!((value("SigBlk:"), value("SigIgn:")), ("0".repeat(16), format!("{ignored:016x}")));
    assert_eq!(value("NoNewPrivs:"), "0");
    if user != 0 {
        assert_eq!(value("CapEff:"), "0".repeat(16));
    }
}

/// Root with what containers leave of its rights, which is not enough to make namespaces without a user namespace.
pub(crate) fn root_of_a_container_brings_everybody() {
    use rustix::thread::CapabilitySet;
    let left = if is_root() {
        CapabilitySet::SETUID | CapabilitySet::SETGID | CapabilitySet::SETFCAP
    } else {
        CapabilitySet::empty()
    };
    let sets = rustix::thread::CapabilitySets { effective: left, permitted: left, inheritable: CapabilitySet::empty() };
    rustix::thread::set_capabilities(None, sets).expect("fewer capabilities");
    let known = |map: &str| map.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
    let outside = known(&fs::read_to_string("/proc/self/uid_map").expect("a map"));
    let room = enter();
    let inside = known(&sh(&room, "cat /proc/self/uid_map"));
    let own = rustix::process::geteuid().as_raw().to_string();
    let expected = if is_root() { outside } else { vec![own.clone(), own, "1".to_owned()] };
    // The middle column is who that is outside.
    assert_eq!(expected.iter().step_by(3).collect::<Vec<_>>(), inside.iter().step_by(3).collect::<Vec<_>>());
    assert_eq!(expected.last(), inside.last());
}

pub(crate) fn no_descriptor_leaks() {
    let given = File::open("/dev/null").expect("a file");
    let forgotten =
        rustix::fs::open("/dev/null", rustix::fs::OFlags::RDONLY, rustix::fs::Mode::empty()).expect("a file");
    let room = enter();
    // The last one is the folder that is listed.
    assert_eq!(sh(&room, "exec ls /proc/self/fd"), "0\n1\n2\n3\n");
    rustix::io::fcntl_setfd(&given, rustix::io::FdFlags::empty()).expect("flags");
    let number = std::os::fd::AsRawFd::as_raw_fd(&given);
    assert!(room::inheritable_descriptors().contains(&number));
    let program =
        Program { inherit: vec![number], stdout: Stream::Pipe, ..Program::new(["sh", "-c", "ls /proc/$$/fd"]) };
    let mut started = room.start(program).expect("a program");
    started.release().expect("a program that waits");
    let mut written = String::new();
    File::from(started.stdout.take().expect("a pipe")).read_to_string(&mut written).expect("text");
    assert_eq!(written, format!("0\n1\n2\n{number}\n"));
    drop(forgotten);
}

/// A copy of a program that gains rights in the way that is asked for.
fn gaining(folder: &Path, name: &str, change: impl FnOnce(&Path)) -> PathBuf {
    let path = folder.join(name);
    fs::copy("/bin/true", &path).expect("a copy");
    change(&path);
    path
}

pub(crate) fn gaining_rights(who: &str) -> Result<(), Failed> {
    use std::os::unix::fs::PermissionsExt;
    if !is_root() {
        return others_gaining_rights(who);
    }
    let folder = folder();
    let mode =
        |mode: u32| move |path: &Path| fs::set_permissions(path, fs::Permissions::from_mode(mode)).expect("a mode");
    gaining(&folder, "set-uid", mode(0o4755));
    gaining(&folder, "set-gid", mode(0o2755));
    // Version 2 of the kernel's format: effective, and permitted what CAP_NET_RAW is.
    let mut capability = [0_u8; 20];
    (capability[0], capability[3], capability[5]) = (1, 2, 0x20);
    gaining(&folder, "capable", |path| {
        mode(0o755)(path);
        let flags = rustix::fs::XattrFlags::empty();
        rustix::fs::setxattr(path, "security.capability", &capability, flags).expect("a capability");
    });
    gaining(&folder, "usual", mode(0o755));
    script_at(&folder.join("script"), "#!/bin/sh\n");
    mode(0o4755)(&folder.join("script"));
    let output = inside("rights", who).env("SYNSENT_TEST_FOLDER", &folder).output()?;
    fs::remove_dir_all(&folder)?;
    succeed(&output)
}

/// Who may make no such programs tries one that the machine has.
fn others_gaining_rights(who: &str) -> Result<(), Failed> {
    use std::os::unix::fs::{MetadataExt, PermissionsExt};
    let path = std::env::var_os("PATH").unwrap_or_default();
    let programs = ["su", "sudo", "mount", "passwd", "chsh"];
    let all = std::env::split_paths(&path).flat_map(|folder| programs.map(|program| folder.join(program)));
    let gains = |path: &PathBuf| {
        fs::metadata(path).is_ok_and(|file| file.permissions().mode() & libc::S_ISUID != 0 && file.uid() == 0)
    };
    match all.filter(gains).find(|path| room::find(path.as_os_str()).is_ok()) {
        Some(program) => succeed(&inside("foreign_rights", who).env("SYNSENT_TEST_PROGRAM", program).output()?),
        None if skip("set-user-ID program") => Ok(()),
        None => Err("there is no set-user-ID program".into()),
    }
}

pub(crate) fn foreign_rights() {
    let program = env("SYNSENT_TEST_PROGRAM");
    let told = enter().start(Program::new([&program])).expect_err("a program that gains rights").to_string();
    assert!(told.starts_with(&format!("{program} is a set-user-ID program")), "{told}");
}

pub(crate) fn rights() {
    let folder = PathBuf::from(env("SYNSENT_TEST_FOLDER"));
    let room = enter();
    for (name, words) in [
        ("set-uid", Some("is a set-user-ID program")),
        ("set-gid", Some("is a set-group-ID program")),
        ("capable", Some("has file capabilities")),
        ("usual", None),
        ("script", None),
    ] {
        let path = folder.join(name);
        match room.start(Program::new([path.clone()])) {
            Ok(mut started) => {
                assert!(is_root() || words.is_none(), "{name} was started");
                started.release().expect("a program that waits");
                assert_eq!(started.wait().expect("its end"), Ending::Code(0));
            }
            Err(refusal) => {
                let told = refusal.to_string();
                assert!(!is_root(), "{told}");
                assert!(told.starts_with(&format!("{} {}", path.display(), words.expect("a reason"))), "{told}");
                assert!(told.contains("cannot get in a user namespace: run this as root"), "{told}");
            }
        }
    }
}
