//! Rooms, with programs that every machine has.
//!
//! A room is for good and for the whole process, so every test is a process of its own: this program again, with the name of what
//! it is to do. As root every test runs twice, the second time as a user who has no rights, as most people are.

#[path = "common/skip.rs"]
mod skip;

use std::ffi::OsString;
use std::fs::{self, File};
use std::io::{Read, Write};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::os::fd::{FromRawFd, OwnedFd};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Output, Stdio};
use std::sync::Arc;
use std::time::Duration;

use libtest_mimic::{Arguments, Failed, Trial};
use synsent_host::interface::RouteKind;
use synsent_host::observe::{CallResult, Event, Observer};
use synsent_host::room::{
    self, Ending, Group, LineChoice, LineKind, Namespace, Program, Refusal, Room, Route, Setting, Setup, Stream,
};

use synsent_host::{Device, DeviceNetwork, Driver, Engine};
use synsent_sockets::{Domain, Kind, Name, Network, Progress, ReceiveHow, SendHow, Settings, Socket};
use synsent_stack::{Cidr, Config, DropReason, LinkConfig, Offload, Stack};

use skip::skip;

/// A user whom no machine knows.
const STRANGER: u32 = 54_321;
const US: Ipv4Addr = Ipv4Addr::new(10, 1, 0, 2);
const ROUTER: Ipv4Addr = Ipv4Addr::new(10, 1, 0, 1);
const US_6: Ipv6Addr = Ipv6Addr::new(0xfd00, 1, 0, 0, 0, 0, 0, 2);
const ROUTER_6: Ipv6Addr = Ipv6Addr::new(0xfd00, 1, 0, 0, 0, 0, 0, 1);

/// What a process of its own does, and what it is called.
type Scene = (&'static str, fn());

const SCENES: &[Scene] = &[
    ("the_program_is_who_it_was", the_program_is_who_it_was),
    ("the_program_sees_its_own_network", the_program_sees_its_own_network),
    ("a_pair_looks_like_a_device", a_pair_looks_like_a_device),
    ("data_pass_over_the_line", || data_pass(LineChoice::Auto)),
    ("data_pass_over_a_pair", || data_pass(LineChoice::Veth)),
    ("it_ends_as_it_ends", it_ends_as_it_ends),
    ("what_is_written_arrives", what_is_written_arrives),
    ("nothing_is_left_behind", nothing_is_left_behind),
    ("what_is_observed_ends_too", what_is_observed_ends_too),
    ("the_room_can_be_ended", the_room_can_be_ended),
    ("a_signal_reaches_the_program", a_signal_reaches_the_program),
    ("no_descriptor_leaks", no_descriptor_leaks),
    ("settings_are_the_rooms", settings_are_the_rooms),
    ("a_script_without_a_first_line_is_run_by_the_shell", a_script_without_a_first_line_is_run_by_the_shell),
    ("programs_that_cannot_run_are_refused", programs_that_cannot_run_are_refused),
    ("a_second_thread_is_refused", a_second_thread_is_refused),
    ("root_of_a_container_brings_everybody", root_of_a_container_brings_everybody),
    ("a_setting_that_forbids_rooms_is_named", a_setting_that_forbids_rooms_is_named),
    ("a_filter_that_forbids_rooms_is_suspected", a_filter_that_forbids_rooms_is_suspected),
    ("without_any_device_both_reasons_are_told", without_any_device_both_reasons_are_told),
];

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().collect();
    if let [_, "inside", scene, who] = words.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        if who == "stranger" {
            become_stranger();
        }
        let scene = SCENES.iter().chain(HELPERS).find(|(name, _)| *name == scene).expect("a scene of that name");
        (scene.1)();
        return ExitCode::SUCCESS;
    }
    let arguments = Arguments::from_args();
    if !arguments.list {
        let probe = inside("probe", "me").output().expect("a process");
        if !probe.status.success() {
            let missing = format!("rooms ({})", String::from_utf8_lossy(&probe.stderr).trim());
            return if skip(&missing) { ExitCode::SUCCESS } else { ExitCode::FAILURE };
        }
    }
    let users: &[&str] = if is_root() { &["me", "stranger"] } else { &["me"] };
    let mut trials = Vec::new();
    for who in users {
        for (name, _) in SCENES {
            trials.push(Trial::test(format!("{name}_as_{who}"), move || succeed(&inside(name, who).output()?)));
        }
        trials.push(Trial::test(format!("outside_no_file_changes_as_{who}"), move || outside_no_file_changes(who)));
        trials
            .push(Trial::test(format!("a_program_that_gains_rights_is_refused_as_{who}"), move || gaining_rights(who)));
        trials.push(Trial::test(format!("the_terminal_is_the_programs_as_{who}"), move || terminal(who)));
        trials.push(Trial::test(format!("all_ends_with_who_started_it_as_{who}"), move || {
            all_ends_with("holder", who);
            Ok(())
        }));
        trials.push(Trial::test(format!("all_ends_with_who_started_that_as_{who}"), move || {
            all_ends_with("front", who);
            Ok(())
        }));
    }
    libtest_mimic::run(&arguments, trials).exit_code()
}

const HELPERS: &[Scene] = &[
    ("probe", probe),
    ("talker", talker),
    ("other_files", other_files),
    ("rights", rights),
    ("at_a_terminal", at_a_terminal),
    ("reader", reader),
    ("holder", holder),
    ("front", front),
];

fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}

fn inside(scene: &str, who: &str) -> Command {
    let mut command = Command::new(std::env::current_exe().expect("this program"));
    command.args(["inside", scene, who]).stdin(Stdio::null());
    command
}

fn succeed(output: &Output) -> Result<(), Failed> {
    if output.status.success() {
        return Ok(());
    }
    let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    Err(format!("{}\n{out}{err}", output.status).into())
}

fn become_stranger() {
    // SAFETY: the calls take numbers, and an empty list; the process has one thread.
    unsafe {
        assert_eq!(libc::setgroups(0, std::ptr::null()), 0);
        assert_eq!(libc::setresgid(STRANGER, STRANGER, STRANGER), 0);
        assert_eq!(libc::setresuid(STRANGER, STRANGER, STRANGER), 0);
    }
}

fn setup() -> Setup {
    let route = |gateway: std::net::IpAddr| Route {
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
fn enter_with(setup: &Setup) -> Room {
    let (room, device) = Room::enter(setup).unwrap_or_else(|refusal| panic!("{refusal}"));
    std::mem::forget(device);
    room
}

fn enter() -> Room {
    enter_with(&setup())
}

/// Runs a program to its end; how it ended, and what it wrote.
fn run(room: &Room, argv: &[&str]) -> (Ending, String) {
    let program = Program { stdout: Stream::Pipe, ..Program::new(argv) };
    let mut started = room.start(program).unwrap_or_else(|refusal| panic!("{refusal}"));
    started.release().expect("a program that waits");
    let mut written = String::new();
    File::from(started.stdout.take().expect("a pipe")).read_to_string(&mut written).expect("text");
    (started.wait().unwrap_or_else(|refusal| panic!("{refusal}")), written)
}

fn sh(room: &Room, script: &str) -> String {
    let (ending, written) = run(room, &["sh", "-c", script]);
    assert_eq!(ending, Ending::Code(0), "{script}: {written}");
    written
}

fn probe() {
    if let Err(refusal) = Room::enter(&setup()) {
        eprintln!("{refusal}");
        std::process::exit(1);
    }
}

fn the_program_is_who_it_was() {
    let (user, group) = (rustix::process::getuid().as_raw(), rustix::process::getgid().as_raw());
    let folder = std::env::current_dir().expect("a folder");
    let room = enter();
    assert_eq!(sh(&room, "id -u; id -g"), format!("{user}\n{group}\n"));
    assert_eq!(sh(&room, "pwd"), format!("{}\n", folder.display()));
    assert_eq!(sh(&room, "echo $0 $CARGO_PKG_NAME"), format!("sh {}\n", env("CARGO_PKG_NAME")));
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
fn root_of_a_container_brings_everybody() {
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

fn env(name: &str) -> String {
    std::env::var(name).unwrap_or_default()
}

fn interfaces(room: &Room) -> Vec<String> {
    let table = sh(room, "cat /proc/net/dev");
    let mut names: Vec<String> =
        table.lines().skip(2).filter_map(|line| Some(line.split_once(':')?.0.trim().to_owned())).collect();
    names.sort();
    names
}

fn the_program_sees_its_own_network() {
    let room = enter();
    assert_eq!(interfaces(&room), ["lo", "net0"]);
    if room.line() == LineKind::Veth {
        assert!(room.notes().iter().any(|note| note.contains("TUN")), "{:?}", room.notes());
    }
    assert!(sh(&room, "cat /proc/net/route").contains("net0\t00000000\t0100010A"));
    assert!(sh(&room, "cat /proc/net/if_inet6").contains(" lo\n"));
}

fn a_pair_looks_like_a_device() {
    let setup = Setup { line: LineChoice::Veth, mtu: Some(1_400), ..setup() };
    let (room, device) = Room::enter(&setup).unwrap_or_else(|refusal| panic!("{refusal}"));
    assert_eq!((room.line(), device.mtu()), (LineKind::Veth, 1_400));
    assert!(room.notes().is_empty(), "{:?}", room.notes());
    assert_eq!(interfaces(&room), ["lo", "net0"]);
}

/// A folder that only this test has, and that everybody may write into.
fn folder() -> PathBuf {
    use std::os::unix::fs::PermissionsExt;
    use std::sync::atomic::{AtomicU32, Ordering};
    static MADE: AtomicU32 = AtomicU32::new(0);
    let number = MADE.fetch_add(1, Ordering::Relaxed);
    let path = std::env::temp_dir().join(format!("synsent-room-{}-{number}", std::process::id()));
    fs::create_dir(&path).expect("a folder");
    fs::set_permissions(&path, fs::Permissions::from_mode(0o777)).expect("permissions");
    path
}

/// What stands in a folder and below it: names, and contents or where a link leads.
fn listing(folder: &Path) -> Vec<String> {
    let mut lines = Vec::new();
    for entry in fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        let kind = fs::symlink_metadata(&path).expect("a kind");
        if kind.is_dir() {
            lines.extend(listing(&path));
        } else if kind.is_symlink() {
            lines.push(format!("{} -> {}", path.display(), fs::read_link(&path).expect("a link").display()));
        } else {
            lines.push(format!("{}: {}", path.display(), fs::read_to_string(&path).expect("text")));
        }
    }
    lines.sort();
    lines
}

/// While a room has other files, outside nothing has changed.
fn outside_no_file_changes(who: &str) -> Result<(), Failed> {
    let folder = folder();
    let path = |name: &str| folder.join(name);
    fs::write(path("real"), "as before\n")?;
    fs::write(path("another"), "also as before\n")?;
    fs::create_dir(path("below"))?;
    fs::write(path("below/it"), "below as before\n")?;
    std::os::unix::fs::symlink("real", path("link"))?;
    std::os::unix::fs::symlink("nowhere/at/all", path("dangling"))?;
    fs::write(path("secret"), "to be hidden\n")?;
    let resolver = fs::read("/etc/resolv.conf").ok();
    let before = listing(&folder);
    let mut command = inside("other_files", who);
    let mut process = command
        .env("SYNSENT_TEST_FOLDER", &folder)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()?;
    let mut word = [0; 6];
    let looks = process.stdout.as_mut().expect("a pipe").read_exact(&mut word).is_ok();
    let (during, now) = (listing(&folder), fs::read("/etc/resolv.conf").ok());
    succeed(&process.wait_with_output()?)?;
    assert!(looks, "it ended before it was looked at");
    assert_eq!(before, during);
    assert_eq!(resolver, now);
    assert_eq!(before, listing(&folder));
    fs::remove_dir_all(&folder)?;
    Ok(())
}

fn other_files() {
    let folder = PathBuf::from(env("SYNSENT_TEST_FOLDER"));
    let path = |name: &str| folder.join(name);
    let names = ["link", "missing", "dangling"].map(path);
    let files = names.map(|path| (path, b"of the room\n".to_vec())).into_iter();
    let resolver = (PathBuf::from("/etc/resolv.conf"), b"nameserver 10.1.0.53\n".to_vec());
    let setup = Setup { files: files.chain([resolver]).collect(), hidden: vec![path("secret")], ..setup() };
    let room = enter_with(&setup);
    let notes: Vec<&String> = room.notes().iter().filter(|note| !note.contains("TUN")).collect();
    assert!(notes.is_empty(), "{notes:?}");
    let cat = |name: &str| sh(&room, &format!("cat {}", path(name).display()));
    for name in ["link", "missing", "dangling", "real"] {
        assert_eq!(cat(name), "of the room\n", "{name}");
    }
    assert_eq!((cat("another"), cat("below/it")), ("also as before\n".to_owned(), "below as before\n".to_owned()));
    assert_eq!(cat("secret"), "");
    assert_eq!(sh(&room, "cat /etc/resolv.conf"), "nameserver 10.1.0.53\n");
    println!("ready");
    let mut rest = Vec::new();
    std::io::stdin().read_to_end(&mut rest).expect("the end");
}

/// How long nothing may happen.
const PATIENCE: Duration = Duration::from_secs(30);
/// How much is sent there and back.
const DATA_OCTETS: usize = 3_000_000;
const ECHO_PORT: u16 = 7;

fn data() -> Vec<u8> {
    (0..DATA_OCTETS).map(|at| (at ^ at >> 8) as u8).collect()
}

/// Our stack is at the other end of the line and sends back what it gets. It looks at every checksum.
fn data_pass(line: LineChoice) {
    let (room, device) = Room::enter(&Setup { line, ..setup() }).unwrap_or_else(|refusal| panic!("{refusal}"));
    assert_eq!(device.offload(), Offload::default());
    let seed = synsent_host::seed().expect("a seed");
    let mut driver = Driver::new(Stack::new(Config::default(), seed)).expect("a driver");
    let config = LinkConfig {
        medium: device.medium(),
        mtu: device.mtu(),
        offload: device.offload(),
        duplicate_address_detection: 0,
        ..LinkConfig::ip(device.name())
    };
    let link = driver.attach_with(config, device, None).expect("a link");
    let now = driver.now();
    for (address, prefix_len) in [(ROUTER.into(), 24), (ROUTER_6.into(), 64)] {
        driver.stack().add_address(now, link, Cidr::new(address, prefix_len).expect("a prefix")).expect("an address");
    }
    let network = DeviceNetwork::over(Engine::start(driver).expect("an engine")).expect("a network");
    let handle = network.handle();
    let network: Arc<dyn Network> = network;
    for (domain, address) in [(Domain::Inet4, IpAddr::from(ROUTER)), (Domain::Inet6, ROUTER_6.into())] {
        let listener = Socket::new(Arc::clone(&network), domain, Kind::Stream, Settings::default()).expect("a socket");
        listener.bind(&Name::Inet(SocketAddr::new(address, ECHO_PORT))).expect("a port");
        listener.listen(1).expect("a listener");
        std::thread::spawn(move || echo(&listener));
        let talker = ["/proc/self/exe", "inside", "talker", &address.to_string()].map(OsString::from);
        let mut started = room.start(Program::new(talker)).unwrap_or_else(|refusal| panic!("{refusal}"));
        started.release().expect("a program that waits");
        assert_eq!(started.wait().expect("its end"), Ending::Code(0), "{address}");
    }
    let wrong = handle.with(|stack, _| {
        let counters = stack.counters();
        [DropReason::IpChecksum, DropReason::TcpChecksum].map(|reason| counters.dropped(reason))
    });
    assert_eq!(wrong, [0; 2]);
}

fn echo(listener: &Socket) {
    let Ok(Progress::Done((socket, _))) = listener.accept() else { panic!("nobody comes") };
    let mut chunk = vec![0; 64 << 10];
    while let Ok(Progress::Done(received)) = socket.receive(&mut chunk, ReceiveHow::default()) {
        let mut rest = &chunk[..received.octets];
        if rest.is_empty() {
            break;
        }
        while let Ok(Progress::Done(sent)) = socket.send(rest, SendHow::default()) {
            rest = &rest[sent..];
            if rest.is_empty() {
                break;
            }
        }
    }
    let _ = socket.close();
}

/// The program at the near end.
fn talker() {
    let address: IpAddr = std::env::args().next_back().expect("an address").parse().expect("an address");
    let mut stream =
        std::net::TcpStream::connect_timeout(&(address, ECHO_PORT).into(), PATIENCE).expect("a connection");
    stream.set_read_timeout(Some(PATIENCE)).expect("a timeout");
    stream.set_write_timeout(Some(PATIENCE)).expect("a timeout");
    let mut sending = stream.try_clone().expect("another handle");
    let sender = std::thread::spawn(move || {
        sending.write_all(&data()).expect("sent");
        sending.shutdown(std::net::Shutdown::Write).expect("shut down");
    });
    let mut back = Vec::new();
    stream.read_to_end(&mut back).expect("its end");
    sender.join().expect("sent");
    assert!(back == data(), "{} octets came back", back.len());
}

fn it_ends_as_it_ends() {
    let room = enter();
    assert_eq!(run(&room, &["sh", "-c", "exit 7"]).0, Ending::Code(7));
    assert_eq!(run(&room, &["true"]).0, Ending::Code(0));
    assert_eq!(run(&room, &["sh", "-c", "kill -TERM $$"]).0, Ending::Signal(libc::SIGTERM));
}

fn what_is_written_arrives() {
    let room = enter();
    let streams =
        |program: Program| Program { stdin: Stream::Pipe, stdout: Stream::Pipe, stderr: Stream::Pipe, ..program };
    let mut started = room.start(streams(Program::new(["sh", "-c", "cat; echo done >&2"]))).expect("a program");
    started.release().expect("a program that waits");
    File::from(started.stdin.take().expect("a pipe")).write_all(b"there and back").expect("written");
    let (mut out, mut err) = (String::new(), String::new());
    File::from(started.stdout.take().expect("a pipe")).read_to_string(&mut out).expect("text");
    File::from(started.stderr.take().expect("a pipe")).read_to_string(&mut err).expect("text");
    assert_eq!((out.as_str(), err.as_str()), ("there and back", "done\n"));
    assert_eq!(started.wait().expect("its end"), Ending::Code(0));
    // Nothing to read, and no input from here.
    let nothing = Program { stdin: Stream::Null, ..Program::new(["sh", "-c", "! read x"]) };
    let mut started = room.start(nothing).expect("a program");
    started.release().expect("a program that waits");
    assert_eq!(started.wait().expect("its end"), Ending::Code(0));
}

fn nothing_is_left_behind() {
    let room = enter();
    // The end of what it writes comes when nobody has the pipe any more.
    let (ending, written) = run(&room, &["sh", "-c", "sleep 1000 & (setsid sleep 1000 &) ; echo started"]);
    assert_eq!((ending, written.as_str()), (Ending::Code(0), "started\n"));
}

fn what_is_observed_ends_too() {
    let room = enter();
    // A connection to the machine's own loopback is refused by it, and a child is left behind.
    let script = "(sleep 1000 &); exec 3<>/dev/tcp/127.0.0.1/9";
    let program = Program { observe: true, stderr: Stream::Null, ..Program::new(["bash", "-c", script]) };
    let mut started = room.start(program).unwrap_or_else(|refusal| panic!("{refusal}"));
    let mut observer = Observer::attach(started.pid().cast_signed()).expect("an observer");
    started.release().expect("a program that waits");
    let (mut said, mut processes) = (Vec::new(), 0);
    let mut tell = |event| match event {
        Event::Call(call) if call.name == "connect" => said.push(call.result),
        Event::Started { .. } => processes += 1,
        _ => {}
    };
    observer.run(&mut tell).expect("its end");
    assert_eq!(said, [CallResult::Err(libc::ECONNREFUSED)]);
    assert!(processes >= 2, "{processes}");
    assert_eq!(started.wait().expect("its end"), Ending::Code(1));
    let notes = started.notes();
    assert!(notes.is_empty(), "{notes:?}");
    // What cannot be executed is told as without an observer.
    let folder = folder();
    let path = folder.join("binary");
    script_at(&path, "\x01\0\0\0");
    let program = Program { observe: true, ..Program::new([path.clone()]) };
    let mut started = room.start(program).unwrap_or_else(|refusal| panic!("{refusal}"));
    let mut observer = Observer::attach(started.pid().cast_signed()).expect("an observer");
    started.release().expect("a program that waits");
    observer.run(&mut |_| {}).expect("its end");
    assert!(matches!(started.wait(), Err(Refusal::WrongFormat(at)) if at == path));
    fs::remove_dir_all(&folder).expect("removed");
}

fn the_room_can_be_ended() {
    let room = enter();
    let mut started = room.start(Program::new(["sleep", "1000"])).expect("a program");
    assert_eq!(started.try_wait().expect("no refusal"), None);
    started.release().expect("a program that waits");
    started.end();
    assert_eq!(started.wait().expect("its end"), Ending::RoomEnded);
    // Before it is released, too; and by being forgotten.
    let mut held = room.start(Program { stdout: Stream::Pipe, ..Program::new(["echo", "x"]) }).expect("a program");
    let mut written = File::from(held.stdout.take().expect("a pipe"));
    drop(held);
    assert_eq!(written.read(&mut [0; 8]).expect("the end"), 0);
}

fn a_signal_reaches_the_program() {
    let room = enter();
    for group in [Group::Caller, Group::Session] {
        let program =
            Program { stdout: Stream::Pipe, group, ..Program::new(["sh", "-c", "echo up; sleep 1000; true"]) };
        let mut started = room.start(program).expect("a program");
        started.release().expect("a program that waits");
        started.stdout.as_ref().map(|out| rustix::io::read(out, &mut [0; 8])).expect("a pipe").expect("its word");
        started.signal(libc::SIGTERM).expect("sent");
        assert_eq!(started.wait().expect("its end"), Ending::Signal(libc::SIGTERM), "{group:?}");
    }
}

fn no_descriptor_leaks() {
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

fn settings_are_the_rooms() {
    let sysctls = vec![
        ("net.ipv4.tcp_syn_retries".to_owned(), "2".to_owned()),
        ("net.ipv4.no_such_setting".to_owned(), "1".to_owned()),
    ];
    let room = enter_with(&Setup { sysctls, ..setup() });
    assert_eq!(room.sysctl("net.ipv4.tcp_syn_retries").expect("a value"), "2");
    assert_eq!(sh(&room, "cat /proc/sys/net/ipv4/tcp_syn_retries"), "2\n");
    let told = room.notes().iter().any(|note| note.starts_with("net.ipv4.no_such_setting could not be set to 1"));
    assert!(told, "{:?}", room.notes());
}

fn script_at(path: &Path, text: &str) {
    use std::os::unix::fs::PermissionsExt;
    fs::write(path, text).expect("a file");
    fs::set_permissions(path, fs::Permissions::from_mode(0o755)).expect("permissions");
}

fn a_script_without_a_first_line_is_run_by_the_shell() {
    let folder = folder();
    let path = folder.join("plain");
    script_at(&path, "echo $1 and $0\n");
    let room = enter();
    let path = path.to_str().expect("text");
    assert_eq!(run(&room, &[path, "one"]), (Ending::Code(0), format!("one and {path}\n")));
    fs::remove_dir_all(&folder).expect("removed");
}

fn programs_that_cannot_run_are_refused() {
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

fn a_second_thread_is_refused() {
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

fn a_setting_that_forbids_rooms_is_named() {
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

fn a_filter_that_forbids_rooms_is_suspected() {
    forbid(libc::SYS_unshare, None);
    match refused(&setup()) {
        Refusal::UserNamespace { setting: Setting::Sandbox, .. } => assert!(!is_root()),
        Refusal::Namespace { namespace: Namespace::Network, .. } => assert!(is_root()),
        refusal => panic!("{refusal}"),
    }
}

fn without_any_device_both_reasons_are_told() {
    forbid(libc::SYS_socket, Some(libc::AF_PACKET));
    let veth = "A veth pair with a packet socket: a packet socket on lab0 needs the capability CAP_NET_RAW";
    let told = refused(&Setup { line: LineChoice::Veth, ..setup() }).to_string();
    assert!(told.starts_with("no network device can be made here. TUN: not asked for."), "{told}");
    assert!(told.contains(veth), "{told}");
}

/// A copy of a program that gains rights in the way that is asked for.
fn gaining(folder: &Path, name: &str, change: impl FnOnce(&Path)) -> PathBuf {
    let path = folder.join(name);
    fs::copy("/bin/true", &path).expect("a copy");
    change(&path);
    path
}

fn gaining_rights(who: &str) -> Result<(), Failed> {
    use std::os::unix::fs::PermissionsExt;
    if !is_root() && !skip("right to make a set-user-ID program (run the tests as root)") {
        return Err("it was not tested".into());
    }
    if !is_root() {
        return Ok(());
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

fn rights() {
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

/// A program that reads the terminal, and hears its Ctrl-C.
fn terminal(who: &str) -> Result<(), Failed> {
    let (mut ours, mut theirs) = (-1, -1);
    let (no_name, no_modes) = (std::ptr::null_mut(), std::ptr::null());
    // SAFETY: two numbers are written where they live; nothing else is asked for.
    assert_eq!(unsafe { libc::openpty(&mut ours, &mut theirs, no_name, no_modes, std::ptr::null()) }, 0);
    // SAFETY: both were just opened and belong to nobody else.
    let (mut ours, theirs) = unsafe { (File::from_raw_fd(ours), OwnedFd::from_raw_fd(theirs)) };
    let mut command = inside("at_a_terminal", who);
    command.stdin(theirs.try_clone()?).stdout(theirs.try_clone()?).stderr(theirs);
    // SAFETY: both calls are allowed after a fork and touch no memory.
    unsafe {
        command.pre_exec(|| {
            if libc::setsid() < 0 || libc::ioctl(0, libc::TIOCSCTTY, 0) < 0 {
                return Err(std::io::Error::last_os_error());
            }
            Ok(())
        });
    }
    let mut process = command.spawn()?;
    drop(command);
    let mut seen = String::new();
    read_until(&mut ours, &mut seen, "ready");
    ours.write_all(b"hello\n")?;
    read_until(&mut ours, &mut seen, "got hello");
    ours.write_all(b"\x03")?;
    read_until(&mut ours, &mut seen, "ended by Signal(2)");
    assert!(process.wait()?.success(), "{seen}");
    Ok(())
}

fn read_until(terminal: &mut File, seen: &mut String, words: &str) {
    while !seen.contains(words) {
        let mut chunk = [0; 256];
        let len = terminal.read(&mut chunk).unwrap_or(0);
        assert!(len > 0, "instead of {words}: {seen}");
        seen.push_str(&String::from_utf8_lossy(&chunk[..len]));
    }
}

/// The program at the terminal. A shell would do, but may forget a signal that comes between two commands.
fn reader() {
    println!("ready");
    let mut line = String::new();
    std::io::stdin().read_line(&mut line).expect("a line");
    println!("got {line}");
    loop {
        std::thread::park();
    }
}

fn at_a_terminal() {
    let room = enter();
    // SAFETY: no code of ours runs when the signal comes.
    unsafe { libc::signal(libc::SIGINT, libc::SIG_IGN) };
    let mut started = room.start(Program::new(["/proc/self/exe", "inside", "reader", "me"])).expect("a program");
    started.release().expect("a program that waits");
    println!("ended by {:?}", started.wait().expect("its end"));
}

/// Starts a program that does nothing for long, with its own stream, and waits for it.
fn holder() {
    if let Ok(parent) = std::env::var("SYNSENT_TEST_PARENT") {
        room::die_with(parent.parse().expect("a number")).expect("a parent");
    }
    let room = enter();
    let mut started = room.start(Program::new(["sh", "-c", "echo ready; sleep 1000 & sleep 1000"])).expect("a program");
    started.release().expect("a program that waits");
    let _ = started.wait();
}

/// Starts a holder that dies with this process.
fn front() {
    let me = std::process::id().to_string();
    let mut holder = inside("holder", "me").env("SYNSENT_TEST_PARENT", me).spawn().expect("a process");
    let _ = holder.wait();
}

/// Kills a process, and waits until nobody is left who could write to what it wrote to.
fn all_ends_with(scene: &str, who: &str) {
    let mut process = inside(scene, who).stdout(Stdio::piped()).spawn().expect("a process");
    let mut out = process.stdout.take().expect("a pipe");
    let mut word = [0; 6];
    out.read_exact(&mut word).expect("its word");
    assert_eq!(&word, b"ready\n");
    process.kill().expect("a process that runs");
    let mut rest = Vec::new();
    out.read_to_end(&mut rest).expect("the end");
    process.wait().expect("its end");
}
