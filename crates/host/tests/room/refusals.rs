//! Programs that cannot run, and machines on which none can.

use std::ffi::OsString;
use std::fs;
use std::path::Path;

use synsent_host::room::{Ending, LineChoice, Namespace, Program, Refusal, Room, Setting, Setup, Stream};

use crate::stage::{enter, folder, is_root, run, script_at, setup};

pub(crate) fn a_script_without_a_first_line_is_run_by_the_shell() {
    let folder = folder();
    let path = folder.join("plain");
    script_at(&path, "echo $1 and $0\n");
    let room = enter();
    let path = path.to_str().expect("text");
    assert_eq!(run(&room, &[path, "one"]), (Ending::Code(0), format!("one and {path}\n")));
    fs::remove_dir_all(&folder).expect("removed");
}

pub(crate) fn programs_that_cannot_run_are_refused() {
    let folder = folder();
    let path = |name: &str| folder.join(name).to_str().expect("text").to_owned();
    fs::write(path("data"), "x").expect("a file");
    script_at(Path::new(&path("orphan")), "#!/nowhere/interpreter -x\n");
    script_at(Path::new(&path("binary")), "\x01\0\0\0");
    let room = enter();
    let refused = |name: &str| {
        let mut started = match room.start(Program { stdout: Stream::Null, ..Program::new([name]) }) {
            Ok(started) => started,
            Err(refusal) => return refusal,
        };
        started.release().expect("a program that waits");
        started.wait().expect_err("what cannot run")
    };
    let said = |name: &str| refused(name).to_string();
    assert!(said("no-such-program").starts_with("there is no program no-such-program: PATH has no such file in /"));
    assert!(said("").starts_with("there is no program : PATH has no such file in /"));
    assert_eq!(said("/no/such/program"), "there is no program /no/such/program: no such file");
    assert_eq!(said("/etc"), "/etc is a folder, not a program");
    assert_eq!(said("/dev/null"), "/dev/null may not be executed: it is a device, a pipe or a socket");
    let data = path("data");
    assert_eq!(said(&data), format!("{data} may not be executed: it has no execute permission; chmod +x gives it one"));
    let orphan = path("orphan");
    let words = "its interpreter /nowhere/interpreter does not exist; install it, or correct the program's first line";
    assert_eq!(said(&orphan), format!("{orphan} cannot start: {words}"));
    let binary = path("binary");
    let words = "is no program for this machine: it is neither a script nor built for this processor";
    assert_eq!(said(&binary), format!("{binary} {words}"));
    let below = format!("{data}/below");
    assert!(matches!(refused(&below), Refusal::Exec { source, .. } if source.raw_os_error() == Some(libc::ENOTDIR)));
    fs::remove_dir_all(&folder).expect("removed");
    // The kernel looks at what is there when it executes.
    script_at(Path::new(&path_of_late()), "#!/bin/sh\n");
    let late = path_of_late();
    let mut started = room.start(Program::new([OsString::from(&late)])).expect("a program");
    fs::remove_file(&late).expect("removed");
    started.release().expect("a program that waits");
    let told = started.wait().expect_err("a program that is gone").to_string();
    assert_eq!(told, format!("{late} cannot be started: No such file or directory (os error 2)"));
}

fn path_of_late() -> String {
    format!("{}/synsent-late-{}", std::env::temp_dir().display(), std::process::id())
}

pub(crate) fn a_second_thread_is_refused() {
    let (send, receive) = std::sync::mpsc::channel::<()>();
    let thread = std::thread::spawn(move || receive.recv());
    let refusal = Room::enter(&setup()).map(drop).expect_err("a process with two threads");
    assert!(matches!(refusal, Refusal::Threads(2)), "{refusal}");
    drop(send);
    thread.join().expect("its end").expect_err("nothing was sent");
}

/// Makes a system call fail from now on, whatever its arguments or with this first one.
fn forbid(call: libc::c_long, first_argument: Option<i32>) {
    let step = |code: u32, jt: u8, jf: u8, k: u32| libc::sock_filter { code: code as u16, jt, jf, k };
    let load = |offset: u32| step(libc::BPF_LD | libc::BPF_W | libc::BPF_ABS, 0, 0, offset);
    let unless = |value: u32, skip: u8| step(libc::BPF_JMP | libc::BPF_JEQ | libc::BPF_K, 0, skip, value);
    let answer = |value: u32| step(libc::BPF_RET | libc::BPF_K, 0, 0, value);
    let mut program = vec![load(0), unless(call as u32, if first_argument.is_some() { 3 } else { 1 })];
    if let Some(value) = first_argument {
        program.extend([load(16), unless(value as u32, 1)]);
    }
    program.extend([answer(libc::SECCOMP_RET_ERRNO | libc::EPERM as u32), answer(libc::SECCOMP_RET_ALLOW)]);
    let program_of = libc::sock_fprog { len: program.len() as u16, filter: program.as_mut_ptr() };
    // SAFETY: the kernel copies as many instructions as the vector has, which lives longer than both calls.
    unsafe {
        assert_eq!(libc::prctl(libc::PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), 0);
        assert_eq!(libc::prctl(libc::PR_SET_SECCOMP, libc::SECCOMP_MODE_FILTER, &raw const program_of), 0);
    }
}

fn refused(setup: &Setup) -> Refusal {
    Room::enter(setup).map(drop).expect_err("what cannot be entered")
}

pub(crate) fn a_setting_that_forbids_rooms_is_named() {
    // The setting of a namespace of one's own is one's own. Who changed its user says that it may be read by that one.
    rustix::process::set_dumpable_behavior(rustix::process::DumpableBehavior::Dumpable).expect("readable");
    synsent_host::namespace::enter_user().expect("a user namespace");
    fs::write("/proc/sys/user/max_user_namespaces", "0").expect("a setting");
    let nothing = rustix::thread::CapabilitySets {
        effective: rustix::thread::CapabilitySet::empty(),
        permitted: rustix::thread::CapabilitySet::empty(),
        inheritable: rustix::thread::CapabilitySet::empty(),
    };
    rustix::thread::set_capabilities(None, nothing).expect("no capabilities");
    let told = refused(&setup()).to_string();
    let words = "a network of one's own needs a user namespace, and /proc/sys/user/max_user_namespaces is 0";
    assert!(told.starts_with(words), "{told}");
    assert!(told.contains("`sudo sysctl user.max_user_namespaces=15000`, or run this as root"), "{told}");
}

pub(crate) fn a_filter_that_forbids_rooms_is_suspected() {
    forbid(libc::SYS_unshare, None);
    match refused(&setup()) {
        Refusal::UserNamespace { setting: Setting::Sandbox, .. } => assert!(!is_root()),
        Refusal::Namespace { namespace: Namespace::Network, .. } => assert!(is_root()),
        refusal => panic!("{refusal}"),
    }
}

pub(crate) fn without_any_device_both_reasons_are_told() {
    forbid(libc::SYS_socket, Some(libc::AF_PACKET));
    let veth = "A veth pair with a packet socket: a packet socket on lab0 needs the capability CAP_NET_RAW";
    let told = refused(&Setup { line: LineChoice::Veth, ..setup() }).to_string();
    assert!(told.starts_with("no network device can be made here. TUN: not asked for."), "{told}");
    assert!(told.contains(veth), "{told}");
}
