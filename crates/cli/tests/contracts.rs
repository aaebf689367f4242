//! The contracts as users of the command see them: sweeps, pages, and connections in labs. Nothing here needs a network.

#[path = "../../host/tests/common/skip.rs"]
mod skip;

use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use serde_json::Value;

const DIALECTS: [&str; 4] = ["winsock1", "winsock2", "targettcp", "bs2000"];
const WEB: &str = "lab:scenarios/web.toml";
const UNREACHABLE: &str = "lab:scenarios/unreachable.toml";
const NO_ROUTE: &str = "lab:scenarios/no-route.toml";

fn root() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../.."))
}

/// The command, in the folder of the scenarios.
fn synsent(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_synsent"));
    command.args(arguments).current_dir(root());
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

fn output(arguments: &[&str]) -> Output {
    synsent(arguments).output().expect("the command starts")
}

fn out(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).expect("text")
}

/// One sentence on standard error, nothing on standard output, and the code.
fn fails(arguments: &[&str], code: i32, says: &str) {
    let output = output(arguments);
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(code), "{arguments:?}: {said}");
    assert!(said.starts_with("synsent: ") && said.contains(says), "{arguments:?}: {said}");
    assert_eq!((said.lines().count(), output.stdout.len()), (1, 0), "{said}");
}

#[test]
fn a_sweep_of_all_dialects_holds_and_ends_with_totals() {
    let output = output(&["sweep"]);
    let rows = out(&output);
    assert_eq!(output.status.code(), Some(0), "{rows}");
    for dialect in DIALECTS {
        assert!(rows.contains(&format!("{dialect}.error.connrefused")), "{dialect} in {rows}");
    }
    for shown in ["WSAECONNREFUSED (10061)", "ECONNREFUSED (111)", "SYN, RST from 10.2.0.2"] {
        assert!(rows.contains(shown), "{shown} in {rows}");
    }
    let last = rows.lines().last().expect("a last line");
    assert!(
        last.contains(" outcomes: ") && last.contains(" held, 0 not held, ") && last.contains(" not here, "),
        "{last}"
    );
    for shown in ["winsock1.error.intr", "virtual"] {
        assert!(rows.contains(shown), "{shown} in {rows}");
    }
    let too_long = rows.lines().find(|line| line.chars().count() > 80);
    assert_eq!(too_long, None);
    assert!(!rows.contains('\u{1b}'), "colours are for terminals");
}

#[test]
fn a_sweep_for_programs_is_an_object_a_line() {
    for dialect in DIALECTS {
        let output = output(&["sweep", "--as", dialect, "--json", "--net", "lab"]);
        assert_eq!(output.status.code(), Some(0));
        let mut rows: Vec<Value> =
            out(&output).lines().map(|line| serde_json::from_str(line).expect("an object")).collect();
        let last = rows.pop().expect("the totals");
        let with = |field: &str| rows.iter().filter(|row| !row[field].is_null()).count();
        assert!(last["totals"]["held"].as_u64().is_some_and(|held| held > 0), "{last}");
        for (field, total) in [("held", "held"), ("not_here", "not_here"), ("later", "later")] {
            assert_eq!(last["totals"][total], with(field), "{field} in {last}");
        }
        assert_eq!((&last["totals"]["not_held"], &last["totals"]["not_tried"]), (&Value::from(0), &Value::from(0)));
        for row in &rows {
            assert_eq!((&row["dialect"], &row["network"]), (&Value::from(dialect), &Value::from("lab")));
            assert_eq!(row["clock"], "virtual");
            let ends = row["held"] == Value::Bool(true) && row["said"] == row["expected"];
            assert!(
                ends || (row["held"].is_null() && (row["not_here"].is_string() || row["later"].is_string())),
                "{row}"
            );
        }
        let clause = format!("{dialect}.error.connrefused");
        let refused = rows.iter().find(|row| row["clause"] == clause.as_str()).expect("a refusal");
        assert!(refused["number"].as_i64().is_some_and(|number| number > 0), "{refused}");
        assert!(refused["took_seconds"].as_f64().is_some_and(|took| took > 0.0), "{refused}");
    }
}

#[test]
fn a_sweep_whose_reader_goes_away_is_no_panic() {
    for arguments in
        [&["sweep"][..], &["sweep", "--json"], &["page", "bs2000"], &["page", "--diff", "winsock1", "bs2000"]]
    {
        let mut child = synsent(arguments).spawn().expect("the command starts");
        drop(child.stdout.take());
        let output = child.wait_with_output().expect("its end");
        assert_eq!((output.status.code(), output.stderr.as_slice()), (Some(0), &b""[..]), "{arguments:?}");
    }
}

#[test]
fn a_sweep_makes_its_own_world() {
    fails(&["sweep", "--net", "tun:t0:10.9.0.2/24"], 2, "write --net tun in place of tun:t0:10.9.0.2/24");
    fails(&["sweep", "--net", WEB], 2, "write --net lab in place of lab:scenarios/web.toml");
}

/// The limits are those of a namespace which the shell has for itself.
#[test]
fn a_machine_without_namespaces_is_told_apart() {
    let script = "for kind in user net; do echo 0 > /proc/sys/user/max_${kind}_namespaces || exit; done
        exec \"$0\" sweep --net kernel";
    let mut shell = Command::new("unshare");
    shell.args(["-Ur", "sh", "-c", script, env!("CARGO_BIN_EXE_synsent")]);
    match shell.output() {
        Ok(output) if output.stderr.starts_with(b"synsent: ") => {
            let said = String::from_utf8_lossy(&output.stderr);
            assert_eq!(output.status.code(), Some(7), "{said}");
            assert!(said.starts_with("synsent: this machine does not allow user namespaces ("), "{said}");
        }
        other => assert!(skip::skip(&format!("limit for user namespaces ({other:?})"))),
    }
}

#[test]
fn a_page_has_the_codes_of_its_document() {
    for (dialect, codes) in [
        ("winsock1", ["WSAECONNREFUSED", "WSAEDESTADDRREQ"]),
        ("winsock2", ["WSAECONNREFUSED", "WSAEALREADY"]),
        ("targettcp", ["ECONNREFUSED", "EHOSTUNREACH"]),
        ("bs2000", ["ECONNREFUSED", "ENOTDIR"]),
    ] {
        let output = output(&["page", dialect]);
        let page = out(&output);
        assert_eq!(output.status.code(), Some(0));
        assert!(codes.iter().all(|code| page.contains(code)), "{page}");
    }
    let difference = out(&output(&["page", "--diff", "winsock1", "winsock2"]));
    assert!(difference.contains("WSAEALREADY") && difference.contains("winsock1"), "{difference}");
}

/// What the documents call each way to fail, through files, and the exit code of each.
#[test]
fn connections_in_a_lab_fail_as_the_documents_say() {
    for (dialect, net, host, port, code, says) in [
        ("winsock1", WEB, "www", "81", 3, "WSAECONNREFUSED (10061): refused: RST from "),
        ("winsock2", WEB, "10.2.0.2", "81", 3, "WSAECONNREFUSED (10061): refused: RST from 10.2.0.2 after 10"),
        ("targettcp", WEB, "www", "81", 3, "ECONNREFUSED (111): refused: RST from "),
        ("bs2000", WEB, "www", "81", 3, "ECONNREFUSED (111): refused: RST from "),
        ("winsock2", WEB, "secret", "80", 4, "WSAETIMEDOUT (10060): timed out: "),
        ("targettcp", WEB, "busy", "81", 4, "ETIMEDOUT (110): timed out: "),
        ("winsock2", WEB, "www", "83", 6, "WSAECONNRESET (10054): reset: RST from "),
        ("bs2000", UNREACHABLE, "target", "1", 5, "ENETUNREACH (101): unreachable: "),
        ("winsock2", UNREACHABLE, "10.2.0.2", "1", 5, "ICMP network unreachable from 10.1.0.1"),
        ("winsock2", UNREACHABLE, "10.2.0.2", "3", 3, "ICMP port unreachable from 10.2.0.2"),
        ("winsock1", WEB, "0.0.0.0", "80", 1, "WSAEADDRNOTAVAIL (10049): connect: the address is zero"),
        ("winsock2", WEB, "www", "0", 1, "WSAEADDRNOTAVAIL (10049): connect: the port is zero"),
        ("winsock1", NO_ROUTE, "hidden", "80", 5, "WSAENETUNREACH (10051): no route"),
        ("bs2000", NO_ROUTE, "hidden", "80", 5, "ENETUNREACH (101): no route"),
    ] {
        fails(&["connect", "--as", dialect, "--net", net, host, port], code, says);
    }
}

#[test]
fn a_connection_in_a_lab_joins_both_directions() {
    for dialect in DIALECTS {
        let arguments = ["connect", "--as", dialect, "--net", WEB, "busy", "80"];
        let mut child = synsent(&arguments).stdin(Stdio::piped()).spawn().expect("the command starts");
        let mut input = child.stdin.take().expect("its input");
        input.write_all(&[42; 50_000]).expect("room");
        drop(input);
        let output = child.wait_with_output().expect("its end");
        assert_eq!((output.status.code(), output.stderr.as_slice()), (Some(0), &b""[..]), "{dialect}");
        assert!(output.stdout == [42; 50_000], "{dialect}");
    }
}

/// Each example tells how it is used; that line works, whatever comes of it on the wire.
#[test]
fn the_examples_work_as_they_say() {
    for (name, code) in [("web", 0), ("unreachable", 3), ("no-route", 5)] {
        let text = std::fs::read_to_string(root().join(format!("scenarios/{name}.toml"))).expect("an example");
        let line = text.lines().find_map(|line| line.strip_prefix("#     synsent ")).expect("how it is used");
        let output = output(&line.split(' ').collect::<Vec<_>>());
        assert_eq!(output.status.code(), Some(code), "{line}: {}", String::from_utf8_lossy(&output.stderr));
    }
}

#[test]
fn mistakes_say_what_to_write() {
    let path = std::env::temp_dir().join(format!("synsent-contracts-{}.toml", std::process::id()));
    std::fs::write(&path, "seed = 1\n[[hots]]\n").expect("a file");
    let file = path.to_str().expect("a path of text");
    let net = format!("lab:{file}");
    let says = format!("{file}:2:3: unknown field `hots`, expected one of `seed`, `us`, `router`, `names`, `host`");
    fails(&["connect", "--as", "winsock2", "--net", &net, "www", "80"], 2, &says);
    std::fs::remove_file(&path).expect("the file");
    fails(&["connect", "--as", "winsock2", "--net", &net, "www", "80"], 1, file);
    fails(
        &["connect", "--as", "winsock2", "--net", WEB, "nobody", "80"],
        2,
        "no host nobody; it has www, busy, secret",
    );
    fails(&["connect", "--as", "winsock2", "--net", "lab", "www", "80"], 2, "a connection needs a file: lab:FILE");
    fails(&["connect", "--net", WEB, "www", "80"], 2, "needs a dialect: add --as winsock1");
    fails(&["connect", "--net", "kernel", "www", "80"], 2, "needs a dialect: add --as winsock1");
    fails(
        &["connect", "--as", "winsock2", "--net", WEB, "--capture", "x", "www", "80"],
        2,
        "--capture is about a device",
    );
    fails(
        &["connect", "--as", "winsock1", "--net", WEB, "fd00:2::2", "80"],
        2,
        "no IPv4 address, and Windows Sockets 1.1",
    );
}
