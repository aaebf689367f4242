//! Structures have the sizes and offsets of Windows: the table `layout/windows.txt`, beside ours and beside mingw-w64's.

use std::process::Command;

use crate::compiler::{self, Language, feed};
use crate::support;

const TABLE: &str = include_str!("../layout/windows.txt");
const HEADERS: &str = "#include <stddef.h>\n#include <winsock2.h>\n#include <ws2tcpip.h>\n#include <mswsock.h>\n#include <mstcpip.h>\n#include <windows.h>\n";

#[test]
fn structures_have_the_documented_layout() {
    let first = format!("#ifdef __cplusplus\n#define _Static_assert static_assert\n#endif\n{HEADERS}");
    let source = first + &assertions(|line| line.here.unwrap_or(line.size));
    for compiler in compiler::all() {
        // A member of a C++ structure lies at a known place only if it is as plain as one of C; these are, and it says so.
        let flags = match compiler.language {
            Language::C => vec!["-std=gnu11"],
            Language::Cxx => vec!["-std=gnu++17"],
        };
        compiler.check(&flags, &source).unwrap_or_else(|why| panic!("{}", &why[..why.len().min(3000)]));
    }
}

#[test]
fn winsock_of_1_1_has_the_same_structures() {
    let of_1_1 = [
        "WSADATA",
        "fd_set",
        "struct timeval",
        "struct in_addr",
        "struct sockaddr",
        "struct sockaddr_in",
        "struct hostent",
        "struct netent",
        "struct servent",
        "struct protoent",
        "struct linger",
        "struct ip_mreq",
    ];
    let source: String = assertions(|line| line.here.unwrap_or(line.size))
        .lines()
        .filter(|line| {
            of_1_1.iter().any(|name| line.contains(&format!("({name})")) || line.contains(&format!("({name},")))
        })
        .map(|line| format!("{line}\n"))
        .collect();
    for compiler in compiler::all().into_iter().filter(|compiler| compiler.language == Language::C) {
        compiler.check(&["-std=gnu11"], &format!("#include <stddef.h>\n#include <winsock.h>\n{source}")).unwrap();
    }
}

#[test]
fn the_table_is_that_of_mingw() {
    let Some(mingw) = compiler::mingw() else { return };
    let source = format!("#define _WIN32_WINNT 0x0A00\n{HEADERS}{}", assertions(|line| line.size));
    let output = feed(Command::new(mingw).args(["-std=gnu11", "-fsyntax-only", "-xc", "-"]), &source);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

/// A type of the table.
struct Line<'a> {
    name: &'a str,
    size: u32,
    here: Option<u32>,
}

/// An assertion for each line of the table, with the size that is meant.
fn assertions(size: impl Fn(&Line<'_>) -> u32) -> String {
    let mut text = String::new();
    let mut within = "";
    for line in TABLE.lines().filter(|line| !line.starts_with('#') && !line.is_empty()) {
        if let Some((name, sizes)) = line.split_once(" = ") {
            let mut words = sizes.split(' ');
            let read = |word: Option<&str>| word.map(|word| word.parse().unwrap());
            let line = Line { name, size: read(words.next()).unwrap(), here: read(words.nth(1)) };
            text += &format!("_Static_assert(sizeof({name}) == {}, \"{name}\");\n", size(&line));
            within = line.name;
        } else {
            let (member, offset) = line.trim().split_once(' ').unwrap();
            text += &format!("_Static_assert(offsetof({within}, {member}) == {offset}, \"{member} of {within}\");\n");
        }
    }
    assert!(text.lines().count() > 300, "the table is short");
    // Something is declared, so that a source is never empty.
    text + "extern int something;\n"
}

/// The library fills WSADATA by the same layout.
#[test]
fn the_table_is_read() {
    let text = assertions(|line| line.size);
    assert!(text.contains("sizeof(WSADATA) == 408"));
    assert!(text.contains("sizeof(WSAPROTOCOL_INFOW) == 628"));
    assert!(support::root().join("crates/capi/include/windows/winsock2.h").exists());
}
