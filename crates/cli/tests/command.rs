//! The command as its users see it: what it prints, where, and the exit code, in network namespaces that the tests make.
//!
//! Every trial runs the built command against a socket of the kernel in a namespace of its own.

#[path = "../../host/tests/common/skip.rs"]
mod skip;
#[path = "../../host/tests/common/world.rs"]
mod world;

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::process::{Child, Command, ExitCode, Output, Stdio};

use rustix::thread::{CapabilitySet, CapabilitySets, remove_capability_from_bounding_set, set_capabilities};
use synsent_host::interface;
use world::trial;

const NET: &str = "tun:t0:10.9.0.2/24:10.9.0.1";
const NET_V6: &str = "tap:t0:[fd00::2]/64:[fd00::1]";

fn main() -> ExitCode {
    let trials = vec![
        trial("refused", refused),
        trial("timed_out", timed_out),
        trial("no_route", no_route),
        trial("reset", reset),
        trial("usage", usage),
        trial("no_device", no_device),
        trial("no_privileges", no_privileges),
        trial("connect_joins_both_directions", connect_joins_both_directions),
        trial("listen_joins_both_directions", listen_joins_both_directions),
        trial("a_closed_output_is_no_panic", a_closed_output_is_no_panic),
        trial("an_interrupt_resets_and_ends", an_interrupt_resets_and_ends),
        trial("a_capture_is_complete", a_capture_is_complete),
        trial("dialects_fail_in_their_own_words", dialects_fail_in_their_own_words),
        trial("a_dialect_on_the_kernel_joins_both_directions", || joins_as(None)),
        trial("a_dialect_on_a_device_joins_both_directions", || joins_as(Some(NET))),
        trial("bs2000_reaches_a_path", bs2000_reaches_a_path),
        trial("an_interrupt_ends_a_dialect_on_a_device_too", an_interrupt_ends_a_dialect_too),
        trial("a_sweep_on_the_kernel_holds", || sweep_holds("kernel")),
        trial("a_sweep_on_a_device_holds", || sweep_holds("tun")),
    ];
    world::run(trials, true)
}

fn synsent(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_synsent"));
    command.args(arguments).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

fn output(arguments: &[&str]) -> Output {
    synsent(arguments).output().expect("the command starts")
}

/// One sentence on standard error, nothing on standard output, and the code.
fn fails(arguments: &[&str], code: i32, begins: &str) {
    let output = output(arguments);
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(code), "{said}");
    assert!(said.starts_with(&format!("synsent: {begins}")), "{said}");
    assert_eq!(said.lines().count(), 1, "{said}");
    assert!(output.stdout.is_empty());
}

fn refused() {
    fails(&["connect", "--net", NET, "10.9.0.1", "81"], 3, "refused: RST from 10.9.0.1 after ");
    fails(&["connect", "--net", NET_V6, "fd00::1", "81"], 3, "refused: RST from fd00::1 after ");
}

/// The other addresses of the network are nobody's, and the kernel forwards nothing.
fn timed_out() {
    fails(&["connect", "--net", NET, "--timeout", "0.2", "10.9.0.77", "80"], 4, "timed out: 1 SYN to 10.9.0.77:80 ");
}

fn no_route() {
    fails(&["connect", "--net", "tun:t0:10.9.0.2/24", "10.1.0.1", "80"], 5, "no route to ");
    fails(&["connect", "--net", NET, "fd00::1", "80"], 1, "fd00::1 has no IPv4 address");
}

fn reset() {
    let (listener, port) = kernel_listener();
    let peer = synsent(&["connect", "--net", NET, "10.9.0.1", &port]).stdin(Stdio::piped()).spawn().expect("a start");
    let (stream, _) = listener.accept().expect("our connection");
    rustix::net::sockopt::set_socket_linger(&stream, Some(std::time::Duration::ZERO)).expect("no lingering");
    drop(stream);
    let output = wait(peer);
    assert_eq!(output.status.code(), Some(6));
    assert!(output.stderr.starts_with(b"synsent: reset: RST from 10.9.0.1 after "));
}

fn usage() {
    let output = output(&["connect", "--net", "tun:t0:10.9.0.2", "10.9.0.1", "80"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&output.stderr).contains("the prefix length of 10.9.0.2 is missing"));
}

fn no_device() {
    interface::add_veth("v0", "v1").expect("a pair");
    let net = "tun:v0:10.9.0.2/24";
    fails(&["connect", "--net", net, "10.9.0.1", "80"], 7, "an interface v0 exists already and is not a tun device");
    let net = "packet:nowhere0:10.9.0.2/24";
    fails(&["connect", "--net", net, "10.9.0.1", "80"], 7, "there is no interface nowhere0");
}

/// The command inherits what its thread may do, which is nothing. Nobody is root then, whatever the user's number.
fn no_privileges() {
    interface::add_veth("v0", "v1").expect("a pair");
    if let Err(error) = give_up_privileges() {
        assert!(skip::skip(&format!("way to give up privileges ({error})")));
        return;
    }
    let device = "the device t0 may not be made: this needs the capability CAP_NET_ADMIN. Run as root, ";
    fails(&["connect", "--net", NET, "10.9.0.1", "80"], 7, device);
    fails(&["listen", "--net", NET_V6, "80"], 7, device);
    let socket = "a packet socket on v0 needs the capability CAP_NET_RAW: run as root, ";
    fails(&["connect", "--net", "packet:v0:10.9.0.2/24", "10.9.0.1", "80"], 7, socket);
}

/// For this thread and the processes that it starts.
fn give_up_privileges() -> rustix::io::Result<()> {
    let last: u32 = std::fs::read_to_string("/proc/sys/kernel/cap_last_cap")
        .ok()
        .and_then(|text| text.trim().parse().ok())
        .unwrap_or(CapabilitySet::CHECKPOINT_RESTORE.bits().trailing_zeros());
    for number in 0..=last {
        // A program of root gets what this set still holds when it starts.
        remove_capability_from_bounding_set(CapabilitySet::from_bits_retain(1 << number))?;
    }
    let none = CapabilitySet::empty();
    set_capabilities(None, CapabilitySets { effective: none, permitted: none, inheritable: none })
}

fn connect_joins_both_directions() {
    let (listener, port) = kernel_listener();
    let arguments = ["connect", "--net", NET, "-v", "10.9.0.1", &port];
    let mut peer = synsent(&arguments).stdin(Stdio::piped()).spawn().expect("a start");
    let (mut stream, _) = listener.accept().expect("our connection");
    let mut input = peer.stdin.take().expect("its input");
    input.write_all(b"a question").expect("room");
    drop(input);
    let mut question = Vec::new();
    stream.read_to_end(&mut question).expect("the question and its end");
    assert_eq!(question, b"a question");
    stream.write_all(&[42; 300_000]).expect("the other direction is still open");
    drop(stream);
    let output = wait(peer);
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(0), "{said}");
    assert!(output.stdout == [42; 300_000]);
    for change in ["CLOSED -> SYN-SENT", "SYN-SENT -> ESTABLISHED", "ESTABLISHED -> FIN-WAIT-1", "-> TIME-WAIT"] {
        assert!(said.contains(change), "{change} is missing in: {said}");
    }
    let last = said.lines().last().expect("a last line");
    assert!(last.starts_with("synsent: t0: received ") && last.ends_with(", lost 0"), "{last}");
}

fn listen_joins_both_directions() {
    let mut peer = synsent(&["listen", "--net", NET, "0"]).stdin(Stdio::piped()).spawn().expect("a start");
    let mut errors = BufReader::new(peer.stderr.take().expect("its errors"));
    let mut line = String::new();
    errors.read_line(&mut line).expect("where it listens");
    let local = line.trim_end().strip_prefix("synsent: listening on ").expect("where it listens");
    let mut stream = TcpStream::connect(local).expect("our listener");
    stream.write_all(b"a question").expect("room");
    stream.shutdown(Shutdown::Write).expect("an open connection");
    peer.stdin.take().expect("its input").write_all(b"an answer").expect("room");
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).expect("the answer and its end");
    assert_eq!(answer, b"an answer");
    let output = wait(peer);
    assert_eq!((output.status.code(), output.stdout.as_slice()), (Some(0), &b"a question"[..]));
}

fn a_closed_output_is_no_panic() {
    let (listener, port) = kernel_listener();
    let mut peer =
        synsent(&["connect", "--net", NET, "10.9.0.1", &port]).stdin(Stdio::piped()).spawn().expect("a start");
    drop(peer.stdout.take());
    let (mut stream, _) = listener.accept().expect("our connection");
    stream.write_all(b"nobody reads this").expect("room");
    let output = wait(peer);
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
    assert_eq!(output.status.code(), Some(0));
}

fn an_interrupt_resets_and_ends() {
    let (listener, port) = kernel_listener();
    let peer = synsent(&["connect", "--net", NET, "10.9.0.1", &port]).stdin(Stdio::piped()).spawn().expect("a start");
    let (mut stream, _) = listener.accept().expect("our connection");
    stream.set_read_timeout(Some(std::time::Duration::from_secs(10))).expect("a timeout");
    let pid = rustix::process::Pid::from_child(&peer);
    rustix::process::kill_process(pid, rustix::process::Signal::INT).expect("a signal");
    let output = wait(peer);
    assert_eq!(output.status.code(), Some(130));
    assert!(output.stderr.is_empty());
    let ended = stream.read(&mut [0; 1]);
    assert!(matches!(ended, Ok(0) | Err(_)), "the peer learns that nobody is there");
}

fn a_capture_is_complete() {
    let path = std::env::temp_dir().join(format!("synsent-command-{}.pcapng", std::process::id()));
    let file = path.to_str().expect("a path of text");
    fails(&["connect", "--net", NET, "--capture", file, "10.9.0.1", "81"], 3, "refused");
    let bytes = std::fs::read(&path).expect("a capture");
    std::fs::remove_file(&path).expect("the capture");
    assert_eq!(bytes[..4], [0x0A, 0x0D, 0x0D, 0x0A]);
    let holds = |text: &str| bytes.windows(text.len()).any(|window| window == text.as_bytes());
    assert!(holds("CLOSED -> SYN-SENT"), "the comment of the SYN");
    assert!(holds("SYN-SENT -> CLOSED"), "the comment of the RST");
}

/// The codes and numbers are those of the documents, or of the host's header where a document names none.
fn dialects_fail_in_their_own_words() {
    for net in [&[][..], &["--net", "kernel"], &["--net", NET]] {
        for (dialect, code) in [
            ("winsock1", "WSAECONNREFUSED (10061)"),
            ("winsock2", "WSAECONNREFUSED (10061)"),
            ("targettcp", "ECONNREFUSED (111)"),
            ("bs2000", "ECONNREFUSED (111)"),
        ] {
            let arguments = [&["connect", "--as", dialect], net, &["10.9.0.1", "81"]].concat();
            if net.contains(&NET) {
                fails(&arguments, 3, &format!("{code}: refused: RST from 10.9.0.1 after "));
            } else {
                let local: Vec<&str> =
                    arguments.iter().map(|one| if *one == "10.9.0.1" { "localhost" } else { one }).collect();
                fails(&local, 3, &format!("{code}: refused"));
            }
        }
    }
    let said = output(&["connect", "--as", "winsock2", "127.0.0.1", "81"]).stderr;
    assert!(said.ends_with(b" [winsock2.error.connrefused]\n"), "{}", String::from_utf8_lossy(&said));
    fails(&["connect", "--as", "winsock2", "10.1.0.1", "81"], 5, "WSAENETUNREACH (10051): ");
    fails(&["connect", "--as", "bs2000", "/nowhere/at/all"], 1, "ENOENT (2): no such path");
    fails(&["connect", "--as", "winsock2", "/nowhere/at/all"], 2, "Windows Sockets 2 has no sockets with paths");
    fails(&["connect", "--as", "bs2000", "localhost"], 2, "the port of localhost is missing");
}

fn joins_as(net: Option<&str>) {
    let (listener, port) = kernel_listener();
    for dialect in ["winsock1", "winsock2", "targettcp", "bs2000"] {
        let mut arguments = vec!["connect", "--as", dialect];
        let host = if net.is_some() { "10.9.0.1" } else { "127.0.0.1" };
        arguments.extend(net.into_iter().flat_map(|net| ["--net", net]));
        arguments.extend([host, &port]);
        let mut peer = synsent(&arguments).stdin(Stdio::piped()).spawn().expect("a start");
        let (mut stream, _) = listener.accept().expect("our connection");
        talk(&mut peer, &mut stream);
        let _ = stream.shutdown(Shutdown::Write);
        let output = wait(peer);
        assert_eq!(String::from_utf8_lossy(&output.stderr), "", "{dialect}");
        assert_eq!(output.status.code(), Some(0), "{dialect}");
        assert!(output.stdout == [42; 100_000], "{dialect}");
    }
}

/// The command asks and ends its input; what it is answered afterwards still arrives.
fn talk(peer: &mut Child, stream: &mut (impl std::io::Read + std::io::Write)) {
    let mut input = peer.stdin.take().expect("its input");
    input.write_all(&[7; 200_000]).expect("room");
    drop(input);
    let mut question = Vec::new();
    stream.read_to_end(&mut question).expect("the question and its end");
    assert!(question == [7; 200_000]);
    stream.write_all(&[42; 100_000]).expect("the other direction is still open");
}

fn bs2000_reaches_a_path() {
    let path = std::env::temp_dir().join(format!("synsent-command-{}.socket", std::process::id()));
    let listener = std::os::unix::net::UnixListener::bind(&path).expect("a listener");
    let arguments = ["connect", "--as", "bs2000", path.to_str().expect("a path of text")];
    let mut peer = synsent(&arguments).stdin(Stdio::piped()).spawn().expect("a start");
    let (mut stream, _) = listener.accept().expect("our connection");
    talk(&mut peer, &mut stream);
    drop(stream);
    let output = wait(peer);
    std::fs::remove_file(&path).expect("the socket's file");
    assert_eq!((output.status.code(), output.stdout.len()), (Some(0), 100_000));
}

fn an_interrupt_ends_a_dialect_too() {
    let (listener, port) = kernel_listener();
    let arguments = ["connect", "--as", "winsock2", "--net", NET, "10.9.0.1", &port];
    let peer = synsent(&arguments).stdin(Stdio::piped()).spawn().expect("a start");
    let (mut stream, _) = listener.accept().expect("our connection");
    stream.set_read_timeout(Some(std::time::Duration::from_secs(10))).expect("a timeout");
    let pid = rustix::process::Pid::from_child(&peer);
    rustix::process::kill_process(pid, rustix::process::Signal::INT).expect("a signal");
    let output = wait(peer);
    assert_eq!((output.status.code(), output.stderr.as_slice()), (Some(130), &b""[..]));
    assert_eq!(stream.read(&mut [0; 1]).expect("the end is told"), 0);
}

fn sweep_holds(net: &str) {
    let output = output(&["sweep", "--as", "targettcp", "--net", net]);
    let rows = String::from_utf8_lossy(&output.stdout);
    assert_eq!(output.status.code(), Some(0), "{rows}{}", String::from_utf8_lossy(&output.stderr));
    let last = rows.lines().last().expect("a last line");
    assert!(last.contains(" held, 0 not held, ") && !last.starts_with("0 "), "{last}");
    assert!(rows.contains("ECONNREFUSED (111)") && rows.contains("RST from 10.2.0.2"), "{rows}");
}

/// A listener of the kernel on any address, because the device's address comes only with the command.
fn kernel_listener() -> (TcpListener, String) {
    let listener = TcpListener::bind("0.0.0.0:0").expect("a listener");
    let port = listener.local_addr().expect("its address").port().to_string();
    (listener, port)
}

/// The end of a command; its input, where it has one, is open until then.
fn wait(mut child: Child) -> Output {
    let input = child.stdin.take();
    let output = child.wait_with_output().expect("its end");
    drop(input);
    output
}
