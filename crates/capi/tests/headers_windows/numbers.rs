//! Constants have the numbers of Windows: those of mingw-w64 where it has the name too, and those of the dialects' tables for errors.
//!
//! A constant is what a compiler can put into data. All names that our headers define are tried, and those that are something else, a
//! type or a function, fall away by the compiler's own words.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::Command;

use synsent_dialects::winsock1::WINSOCK1;
use synsent_dialects::winsock2::WINSOCK2;

use crate::compiler::{self, feed, include};

const HEADERS: &str = "#include <winsock2.h>\n#include <ws2tcpip.h>\n#include <mswsock.h>\n#include <mstcpip.h>\n#include <windows.h>\n#include <qos.h>\n";
/// How often names may be taken out before the rest must compile.
const TRIES: usize = 20;

#[test]
fn constants_have_the_numbers_of_windows() {
    let Some(mingw) = compiler::mingw() else { return };
    let Some(ours) = own_values(HEADERS) else { return };
    let names: Vec<String> = ours.keys().cloned().collect();
    let theirs = values(Command::new(mingw).arg("-D_WIN32_WINNT=0x0A00"), HEADERS, &names);
    assert!(theirs.len() > 600, "only {} numbers were compared", theirs.len());
    compare(&ours, &theirs);
}

#[test]
fn constants_of_1_1_have_the_numbers_of_windows() {
    let Some(mingw) = compiler::mingw() else { return };
    let header = "#include <winsock.h>\n";
    let Some(ours) = own_values(header) else { return };
    let names: Vec<String> = ours.keys().cloned().collect();
    // mingw-w64 takes Winsock 2 for that of 1.1 unless it is told that the program means it.
    let theirs = values(&mut Command::new(mingw), header, &names);
    assert!(theirs.len() > 400, "only {} numbers were compared", theirs.len());
    compare(&ours, &theirs);
}

#[test]
fn errors_have_the_numbers_of_the_dialects() {
    for (dialect, header) in [(&WINSOCK1, "#include <winsock.h>\n"), (&WINSOCK2, "#include <winsock2.h>\n")] {
        let Some(ours) = own_values(header) else { return };
        for spelling in dialect.spellings {
            assert_eq!(
                ours.get(spelling.name),
                Some(&i64::from(spelling.number)),
                "{}: {}",
                dialect.name,
                spelling.name
            );
        }
    }
}

#[test]
fn linux_flags_do_not_seem_to_be_there() {
    for compiler in compiler::all() {
        for first in ["", "#include <sys/socket.h>\n#include <netinet/tcp.h>\n#include <netdb.h>\n#include <poll.h>\n"]
        {
            let mut source =
                format!("{first}{HEADERS}#include <sys/socket.h>\n#include <sys/ioctl.h>\nextern int something;\n");
            for name in [
                "MSG_NOSIGNAL",
                "MSG_DONTWAIT",
                "SO_REUSEPORT",
                "SOCK_NONBLOCK",
                "SOCK_CLOEXEC",
                "TCP_CORK",
                "AF_PACKET",
                "EAI_SYSTEM",
                "POLLRDHUP",
            ] {
                source += &format!("#ifdef {name}\n#error {name}\n#endif\n");
            }
            compiler.check(&[], &source).unwrap_or_else(|why| panic!("{why}"));
        }
    }
}

/// Numbers are equal, also where one compiler takes a word of 32 bits for negative and the other does not.
fn compare(ours: &BTreeMap<String, i64>, theirs: &BTreeMap<String, i64>) {
    let word = |value: i64| i32::try_from(value).is_ok() || u32::try_from(value).is_ok();
    let differ: Vec<String> = theirs
        .iter()
        .filter(|(name, theirs)| {
            let ours = ours[*name];
            let same_word = word(ours) && word(**theirs) && (ours ^ **theirs) & 0xffff_ffff == 0;
            ours != **theirs && !same_word
        })
        .map(|(name, theirs)| format!("{name}: ours {}, theirs {theirs}", ours[name]))
        .collect();
    assert!(differ.is_empty(), "{}", differ.join("\n"));
}

/// All numbers that our headers define.
fn own_values(headers: &str) -> Option<BTreeMap<String, i64>> {
    let compiler = compiler::all().first()?.name;
    let mut names = Vec::new();
    collect(&compiler::headers(), &mut names);
    names.sort();
    names.dedup();
    Some(values(Command::new(compiler).arg(include()), headers, &names))
}

/// Names of macros without arguments below a folder.
fn collect(folder: &Path, names: &mut Vec<String>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect(&path, names);
            continue;
        }
        for line in fs::read_to_string(&path).unwrap().lines() {
            let Some((name, value)) = line.strip_prefix("#define ").and_then(|rest| rest.split_once(' ')) else {
                continue;
            };
            if !name.contains('(') && !value.is_empty() && !name.starts_with("SYNSENT") && !name.starts_with("__") {
                names.push(name.to_owned());
            }
        }
    }
}

/// The numbers of those names that a compiler finds to be numbers.
fn values(command: &mut Command, headers: &str, names: &[String]) -> BTreeMap<String, i64> {
    command.args(["-std=gnu11", "-w", "-fmax-errors=0", "-S", "-o", "-", "-xc", "-"]);
    let mut names: Vec<&String> = names.iter().collect();
    for _ in 0..TRIES {
        // Each name has a line of its own, so that a complaint tells which one is none.
        let first = headers.lines().count() + 1;
        let lines = names.iter().enumerate().map(|(at, name)| {
            format!("\n#ifdef {name}\n__attribute__((section(\".data\"))) long long value_{at} = (long long)({name});\n#endif")
        });
        let source = headers.trim_end().to_owned() + &lines.collect::<String>() + "\n";
        let output = feed(command, &source);
        if output.status.success() {
            return read_data(&String::from_utf8_lossy(&output.stdout), &names);
        }
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        let wrong: Vec<usize> = said
            .lines()
            .filter_map(|line| line.strip_prefix("<stdin>:")?.split(':').next()?.parse::<usize>().ok())
            .filter_map(|line| line.checked_sub(first).map(|line| line / 3))
            .collect();
        let mut at = 0;
        names.retain(|_| {
            at += 1;
            !wrong.contains(&(at - 1))
        });
    }
    let output = feed(command, headers);
    panic!("the compiler does not take the numbers of {headers}: {}", String::from_utf8_lossy(&output.stderr));
}

/// Reads the data that the compiler wrote.
fn read_data(assembly: &str, names: &[&String]) -> BTreeMap<String, i64> {
    let mut values = BTreeMap::new();
    let mut label = None;
    for line in assembly.lines() {
        if let Some(at) = line.strip_prefix("value_").and_then(|line| line.strip_suffix(':')) {
            label = Some(at.parse::<usize>().unwrap());
        } else if let (Some(at), Some((kind, value))) = (label, line.trim().split_once([' ', '\t'])) {
            let value = match kind {
                ".quad" => value.parse().ok(),
                ".zero" | ".space" => Some(0),
                _ => continue,
            };
            if let Some(value) = value {
                values.insert(names[at].clone(), value);
            }
            label = None;
        }
    }
    values
}
