//! Programs of other makes, as their users write them: Python, Node, curl, Java. Each connects to a port that refuses, in its own
//! way, and connect()'s answer is found in its calls.

use std::ffi::OsStr;

use synsent_host::observe::{Call, CallResult, Detail, Ended};

use crate::launch::{Observed, failed, observe};
use crate::peers::{Refusing, listening};
use crate::skip::skip;
use crate::tools::has_tool;

const HTTP_CLIENT: &str = "
import http.client, sys
try:
    http.client.HTTPConnection('127.0.0.1', int(sys.argv[1])).request('GET', '/')
except OSError as error:
    print(error.errno)
";

const ASYNCIO: &str = "
import asyncio, sys
async def main():
    try:
        await asyncio.open_connection('127.0.0.1', int(sys.argv[1]))
    except OSError as error:
        print(error.errno)
asyncio.run(main())
";

const NODE: &str = "
require('net').connect(Number(process.argv[1]), '127.0.0.1').on('error', (error) => console.log(-error.errno));
";

const JAVA: &str = "
public class Client {
    public static void main(String[] words) throws Exception {
        try (java.net.Socket socket = new java.net.Socket(\"127.0.0.1\", Integer.parseInt(words[0]))) {
        } catch (java.net.ConnectException error) {
            System.out.println(error.getMessage());
        }
    }
}
";

/// What connect() said of the socket of a call, be it by itself or by SO_ERROR afterwards.
fn said(seen: &Observed, connect: &Call) -> Option<i32> {
    match connect.result {
        CallResult::Err(libc::EINPROGRESS) => {
            let later = seen.calls("getsockopt").into_iter().find(|call| call.socket == connect.socket)?;
            if let Detail::SoError(number) = later.detail { Some(number) } else { None }
        }
        CallResult::Ok(_) => Some(0),
        CallResult::Err(number) => Some(number),
        _ => None,
    }
}

/// What connect() said on the connections to this port.
fn said_of(seen: &Observed, port: u16) -> Vec<Option<i32>> {
    let calls = seen.calls("connect");
    calls.iter().filter(|call| call.peer.is_some_and(|peer| peer.port() == port)).map(|call| said(seen, call)).collect()
}

#[test]
fn python_sees_what_is_told() {
    if !has_tool("python3") {
        return;
    }
    for program in [HTTP_CLIENT, ASYNCIO] {
        let refusing = Refusing::new();
        let seen = observe(OsStr::new("python3"), &["-c", program, &refusing.port()]);
        assert_eq!(seen.output, format!("{}\n", libc::ECONNREFUSED));
        assert_eq!(said_of(&seen, refusing.address.port()), [Some(libc::ECONNREFUSED)], "{}", seen.said());
        assert_eq!(seen.status(), Some(Ended::Code(0)));
    }
}

#[test]
fn node_sees_what_is_told() {
    if !has_tool("node") {
        return;
    }
    let refusing = Refusing::new();
    let seen = observe(OsStr::new("node"), &["-e", NODE, &refusing.port()]);
    assert_eq!(seen.output, format!("{}\n", libc::ECONNREFUSED));
    assert_eq!(said_of(&seen, refusing.address.port()), [Some(libc::ECONNREFUSED)], "{}", seen.said());
}

#[test]
fn java_sees_what_is_told() {
    // No other test needs it, so a machine without it is in order.
    let path = std::env::var_os("PATH").unwrap_or_default();
    if !std::env::split_paths(&path).any(|folder| folder.join("java").is_file()) {
        skip("java");
        return;
    }
    let path = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("Client-{}.java", std::process::id()));
    std::fs::write(&path, JAVA).unwrap();
    let refusing = Refusing::new();
    let seen = observe(OsStr::new("java"), &[path.to_str().unwrap(), &refusing.port()]);
    std::fs::remove_file(&path).unwrap();
    assert!(seen.output.starts_with("Connection refused"), "{}", seen.output);
    assert_eq!(said_of(&seen, refusing.address.port()), [Some(libc::ECONNREFUSED)], "{}", seen.said());
}

#[test]
fn curl_is_seen_to_get_its_answer() {
    if !has_tool("curl") {
        return;
    }
    let refusing = Refusing::new();
    let url = format!("http://{}/", refusing.address);
    let seen = observe(OsStr::new("curl"), &["-s", &url]);
    assert_eq!(said_of(&seen, refusing.address.port()), [Some(libc::ECONNREFUSED)], "{}", seen.said());
    assert_eq!(seen.status(), Some(Ended::Code(7)), "curl's own code for a connection that failed");

    let (listener, port) = listening();
    let server = std::thread::spawn(move || {
        use std::io::{BufRead as _, BufReader, Write as _};
        let (mut stream, _) = listener.accept().unwrap();
        let lines = BufReader::new(stream.try_clone().unwrap()).lines();
        assert!(lines.map_while(Result::ok).any(|line| line.is_empty()), "a request");
        stream.write_all(b"HTTP/1.0 200 OK\r\n\r\nhere").unwrap();
    });
    let seen = observe(OsStr::new("curl"), &["-s", &format!("http://127.0.0.1:{port}/")]);
    server.join().unwrap();
    assert_eq!(seen.output, "here");
    assert_eq!(said_of(&seen, port.parse().unwrap()), [Some(0)], "{}", seen.said());
    let received: u64 = ["recvfrom", "read"].iter().flat_map(|name| seen.calls(name)).map(octets).sum();
    assert_eq!(received, 23, "{}", seen.said());
    assert_ne!(seen.calls("connect")[0].result, failed(libc::ECONNREFUSED));
}

fn octets(call: &Call) -> u64 {
    if let Detail::Octets(octets) = call.detail { octets } else { 0 }
}
