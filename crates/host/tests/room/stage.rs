//! What every test of a room needs: the process of its own, the user, the room, and programs that are run in it.

use std::fs::{self, File};
use std::io::Read;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use libtest_mimic::Failed;
use synsent_host::interface::RouteKind;
use synsent_host::room::{Ending, Program, Room, Route, Setup, Stream};

/// A user whom no machine knows.
pub(crate) const STRANGER: u32 = 54_321;
/// Who has the number that files of unknown users show in a user namespace.
pub(crate) const NOBODY: u32 = 65_534;
pub(crate) const US: Ipv4Addr = Ipv4Addr::new(10, 1, 0, 2);
pub(crate) const ROUTER: Ipv4Addr = Ipv4Addr::new(10, 1, 0, 1);
pub(crate) const US_6: Ipv6Addr = Ipv6Addr::new(0xfd00, 1, 0, 0, 0, 0, 0, 2);
pub(crate) const ROUTER_6: Ipv6Addr = Ipv6Addr::new(0xfd00, 1, 0, 0, 0, 0, 0, 1);

pub(crate) fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}

pub(crate) fn inside(scene: &str, who: &str) -> Command {
    let mut command = Command::new(std::env::current_exe().expect("this program"));
    command.args(["inside", scene, who]).stdin(Stdio::null());
    command
}

pub(crate) fn succeed(output: &Output) -> Result<(), Failed> {
    if output.status.success() {
        return Ok(());
    }
    let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    Err(format!("{}\n{out}{err}", output.status).into())
}

pub(crate) fn become_user(number: u32) {
    // SAFETY: the calls take numbers, and an empty list; the process has one thread.
    unsafe {
        assert_eq!(libc::setgroups(0, std::ptr::null()), 0);
        assert_eq!(libc::setresgid(number, number, number), 0);
        assert_eq!(libc::setresuid(number, number, number), 0);
    }
}

pub(crate) fn setup() -> Setup {
    let route = |gateway: IpAddr| Route {
        network: if gateway.is_ipv4() { Ipv4Addr::UNSPECIFIED.into() } else { Ipv6Addr::UNSPECIFIED.into() },
        prefix_len: 0,
        gateway: Some(gateway),
        kind: RouteKind::Unicast,
    };
    Setup {
        addresses: vec![(US.into(), 24), (US_6.into(), 64)],
        routes: vec![route(ROUTER.into()), route(ROUTER_6.into())],
        ..Setup::default()
    }
}

/// Enters a room. The other end of its line stays open, or it would have none.
pub(crate) fn enter_with(setup: &Setup) -> Room {
    let (room, device) = Room::enter(setup).unwrap_or_else(|refusal| panic!("{refusal}"));
    std::mem::forget(device);
    room
}

pub(crate) fn enter() -> Room {
    enter_with(&setup())
}

/// Runs a program to its end; how it ended, and what it wrote.
pub(crate) fn run(room: &Room, argv: &[&str]) -> (Ending, String) {
    let program = Program { stdout: Stream::Pipe, ..Program::new(argv) };
    let mut started = room.start(program).unwrap_or_else(|refusal| panic!("{refusal}"));
    started.release().expect("a program that waits");
    let mut written = String::new();
    File::from(started.stdout.take().expect("a pipe")).read_to_string(&mut written).expect("text");
    (started.wait().unwrap_or_else(|refusal| panic!("{refusal}")), written)
}

pub(crate) fn sh(room: &Room, script: &str) -> String {
    let (ending, written) = run(room, &["sh", "-c", script]);
    assert_eq!(ending, Ending::Code(0), "{script}: {written}");
    written
}

pub(crate) fn env(name: &str) -> String {
    std::env::var(name).unwrap_or_default()
}

/// A folder that only this test has, and that everybody may write into.
pub(crate) fn folder() -> PathBuf {
    use std::os::unix::fs::PermissionsExt;
    use std::sync::atomic::{AtomicU32, Ordering};
    static MADE: AtomicU32 = AtomicU32::new(0);
    let number = MADE.fetch_add(1, Ordering::Relaxed);
    let path = std::env::temp_dir().join(format!("synsent-room-{}-{number}", std::process::id()));
    fs::create_dir(&path).expect("a folder");
    fs::set_permissions(&path, fs::Permissions::from_mode(0o777)).expect("permissions");
    path
}

pub(crate) fn script_at(path: &Path, text: &str) {
    use std::os::unix::fs::PermissionsExt;
    fs::write(path, text).expect("a file");
    fs::set_permissions(path, fs::Permissions::from_mode(0o755)).expect("permissions");
}
