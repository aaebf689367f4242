//! What a program learns in each outcome. The errors are those that were measured on Linux
//! with the same packets, and those of its manual.

use std::fs;
use std::process::Command;

use libtest_mimic::Failed;
use synsent_explain::{ConnectSaid, Run, own_attempts, said_line};
use synsent_world::{Medium, Refusal};

use crate::skip::skip;
use crate::support::{Asked, Directory, one, program, python, runs, runs_of_stranger};

/// Connects to the IPv4 address of the lab and prints the name of the error, or what came then.
const CLIENT: &str = "
import socket, errno
s = socket.socket()
try:
    s.connect(('10.2.0.2', 80))
except OSError as e:
    print('connect', errno.errorcode[e.errno]); raise SystemExit(3)
try:
    s.sendall(b'GET / HTTP/1.0\\r\\nHost: shop.test\\r\\n\\r\\n')
    got = b''
    while more := s.recv(65536):
        got += more
    print('http', got.split(b'\\r\\n')[0].decode() if got else 'nothing')
except OSError as e:
    print('then', errno.errorcode[e.errno]); raise SystemExit(4)
";

/// What the program prints in a case, and what its connect() says.
const TABLE: &[(&str, &str, &str)] = &[
    ("connected", "http HTTP/1.1 200 OK", "connected"),
    ("refused", "connect ECONNREFUSED", "ECONNREFUSED"),
    ("net-unreachable", "connect ENETUNREACH", "ENETUNREACH"),
    ("host-unreachable", "connect EHOSTUNREACH", "EHOSTUNREACH"),
    ("port-unreachable", "connect ECONNREFUSED", "ECONNREFUSED"),
    ("filtered", "connect EHOSTUNREACH", "EHOSTUNREACH"),
    ("ttl-exceeded", "connect EHOSTUNREACH", "EHOSTUNREACH"),
    ("silent", "connect ETIMEDOUT", "ETIMEDOUT"),
    ("answers-late", "http HTTP/1.1 200 OK", "connected"),
    ("withheld-refused", "connect ECONNREFUSED", "ECONNREFUSED"),
    ("backlog-full", "connect ETIMEDOUT", "ETIMEDOUT"),
    ("out-of-ports", "connect EADDRNOTAVAIL", "EADDRNOTAVAIL"),
    ("no-route", "connect ENETUNREACH", "ENETUNREACH"),
    ("reset-after-accept", "then ECONNRESET", "connected"),
    ("closed-after-accept", "", "connected"),
    ("lossy", "http HTTP/1.1 200 OK", "connected"),
    ("small-mtu", "http HTTP/1.1 200 OK", "connected"),
];

/// Every outcome, with one program.
pub(crate) fn table(medium: Medium) -> Result<(), Failed> {
    let asked: Vec<Asked> = TABLE.iter().map(|(case, ..)| Asked { medium, ..Asked::case(case) }).collect();
    let (rows, _directories) = runs(&asked, &["python3", "-c", CLIENT]);
    compare(rows)
}

/// Every outcome, for a user without rights.
pub(crate) fn stranger() -> Result<(), Failed> {
    if !rustix::process::geteuid().is_root() {
        // Then the whole table is that of a user without rights.
        return Ok(());
    }
    let asked: Vec<Asked> = TABLE.iter().map(|(case, ..)| Asked::case(case)).collect();
    // The interpreter of root's own may be where nobody else may look.
    compare(runs_of_stranger(&asked, &["/usr/bin/python3", "-c", CLIENT]))
}

fn compare(rows: Vec<Result<Box<Run>, Refusal>>) -> Result<(), Failed> {
    for ((case, printed, said), row) in TABLE.iter().zip(rows) {
        let run = row.map_err(|refusal| format!("{case}: {refusal}"))?;
        let found = (run.stdout_tail.trim(), words(&run));
        // A connection that ends before the request is written can be told by either call.
        let printed = if printed.is_empty() { found.0 } else { printed };
        if found != (printed, vec![said.to_string()]) {
            return Err(format!("{case}: {found:?}, {}", run.stderr_tail).into());
        }
    }
    Ok(())
}

fn words(run: &Run) -> Vec<String> {
    let word = |said| match said {
        ConnectSaid::Connected => "connected".to_owned(),
        ConnectSaid::Failed { name, .. } => name,
        other => format!("{other:?}"),
    };
    own_attempts(run).into_iter().map(|attempt| word(attempt.said)).collect()
}

/// A client that tries all addresses of a name succeeds where one of them answers.
pub(crate) fn again(medium: Medium) -> Result<(), Failed> {
    let client = "import socket; s = socket.create_connection(('shop.test', 80)); print(s.getpeername()[0])";
    for (case, peer) in [("v6-dead", "10.2.0.2"), ("answers-late", "fd00:2::2")] {
        let run = python(&Asked { medium, ..Asked::case(case) }, client)?;
        if run.stdout_tail.trim() != peer {
            return Err(format!("{case}: {} {}", run.stdout_tail, run.stderr_tail).into());
        }
    }
    Ok(())
}

/// Eight million octets arrive whole, and the record of them is bounded.
pub(crate) fn much(medium: Medium) -> Result<(), Failed> {
    let client = "
import urllib.request
got = urllib.request.urlopen('http://shop.test/bytes/8000000').read()
print(len(got))";
    let run = python(&Asked { medium, ..Asked::case("connected") }, client)?;
    assert_eq!(run.stdout_tail.trim(), "8000000", "{}", run.stderr_tail);
    assert_eq!(run.packets.len(), synsent_explain::record::RECORD_PACKETS_MAX);
    // Each line carries at least so many segments as there are full ones.
    assert!(run.packets_left_out > 2 * 8_000_000 / 1_448 - 4_096, "{}", run.packets_left_out);
    Ok(())
}

/// Names are asked for in the lab, both families; others do not exist; the files of the machine are not read.
pub(crate) fn names() -> Result<(), Failed> {
    let client = "
import socket
print(sorted({a[4][0] for a in socket.getaddrinfo('any.shop.test', 80)}))
try:
    socket.getaddrinfo('example.com', 80)
except socket.gaierror as e:
    print(e.errno == socket.EAI_NONAME)
print(socket.gethostbyname('localhost'))";
    let run = python(&Asked::case("connected"), client)?;
    let lines: Vec<&str> = run.stdout_tail.lines().collect();
    assert_eq!(lines, ["['10.2.0.2', 'fd00:2::2']", "True", "127.0.0.1"], "{}", run.stderr_tail);
    assert!(run.lookups.iter().any(|lookup| lookup.name == "any.shop.test" && lookup.kind == "AAAA"));
    assert!(run.lookups.iter().any(|lookup| lookup.answer == synsent_explain::Asked::NoSuchName));
    Ok(())
}

/// Connects without blocking, waits, and asks for the error; in C, without a library at run time.
const STATIC_CLIENT: &str = r#"
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <sys/socket.h>
int main(void) {
    int s = socket(AF_INET, SOCK_STREAM, 0), error = 0;
    socklen_t len = sizeof error;
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(80)};
    inet_pton(AF_INET, "10.2.0.2", &to.sin_addr);
    fcntl(s, F_SETFL, O_NONBLOCK);
    if (connect(s, (struct sockaddr *)&to, sizeof to) == 0 || errno != EINPROGRESS) return 9;
    struct pollfd one = {.fd = s, .events = POLLOUT};
    if (poll(&one, 1, -1) != 1 || getsockopt(s, SOL_SOCKET, SO_ERROR, &error, &len) != 0) return 8;
    printf("%d\n", error);
    return 0;
}
"#;

/// A static program is watched as any other is.
pub(crate) fn static_program() -> Result<(), Failed> {
    if !program("cc") {
        return if skip("a C compiler") { Ok(()) } else { Err("a C compiler is missing".into()) };
    }
    let folder = Directory::new();
    let (source, built) = (folder.0.join("client.c"), folder.0.join("client"));
    fs::write(&source, STATIC_CLIENT)?;
    let made = Command::new("cc").arg("-static").arg("-o").args([&built, &source]).output()?;
    if !made.status.success() {
        return Err(String::from_utf8_lossy(&made.stderr).into_owned().into());
    }
    for (case, number, said) in [
        ("refused", "111", "EINPROGRESS, SO_ERROR ECONNREFUSED"),
        ("silent", "110", "EINPROGRESS, SO_ERROR ETIMEDOUT"),
        ("host-unreachable", "113", "EINPROGRESS, SO_ERROR EHOSTUNREACH"),
    ] {
        let run = one(&Asked::case(case), &[&built.to_string_lossy()]).map_err(|refusal| refusal.to_string())?;
        assert_eq!((run.stdout_tail.trim(), said_line(&run).as_str()), (number, said), "{case}");
    }
    Ok(())
}
