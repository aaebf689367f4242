//! The library as it is installed: what it exports, what it is called, how it begins.

mod support;

use std::process::Command;

use support::{Program, System, compilers, output_of, prefix};

/// Names of the C library that a program without our headers keeps.
const BARE: [&str; 20] = [
    "accept",
    "bind",
    "close",
    "closesocket",
    "connect",
    "fcntl",
    "getaddrinfo",
    "gethostbyname",
    "ioctl",
    "listen",
    "perror",
    "poll",
    "read",
    "recv",
    "recvfrom",
    "select",
    "send",
    "sendto",
    "socket",
    "write",
];

#[test]
fn nothing_bare_is_exported() {
    let shared = prefix().join("lib/libsynsent.so");
    let names = output_of(Command::new("nm").args(["-D", "--defined-only"]).arg(shared));
    let names = String::from_utf8(names.stdout).unwrap();
    let names: Vec<&str> = names.lines().filter_map(|line| line.split_whitespace().last()).collect();
    assert!(names.contains(&"synsent_winsock2_connect"), "{names:?}");
    for name in &names {
        assert!(name.starts_with("synsent_"), "{name} is exported");
    }
    let archive = prefix().join("lib/libsynsent.a");
    let names = output_of(Command::new("nm").args(["-g", "--defined-only"]).arg(archive));
    let names = String::from_utf8(names.stdout).unwrap();
    for name in names.lines().filter_map(|line| line.split_whitespace().last()) {
        assert!(!BARE.contains(&name), "{name} is defined in the archive");
    }
}

#[test]
fn the_shared_library_has_its_soname() {
    let shared = prefix().join("lib/libsynsent.so");
    let told = output_of(Command::new("readelf").arg("-d").arg(shared));
    assert!(String::from_utf8_lossy(&told.stdout).contains("soname: [libsynsent.so.0]"));
}

#[test]
fn a_wrong_network_ends_the_program_with_one_line() {
    for compiler in compilers() {
        let program = Program::new(compiler, System::Winsock2)
            .text("int main(void) { return 0; }\n")
            .flags(&["-Wl,--no-as-needed"])
            .build();
        for (network, words) in [
            ("kernal", "write kernel, lab:FILE or tun:NAME:OUR-ADDRESS/PREFIX"),
            ("lab:", "write lab:FILE"),
            ("lab:/nowhere/at/all.toml", "No such file"),
            ("tun:t0:10.9.0.2", "the prefix length of 10.9.0.2 is missing"),
        ] {
            let ran = program.run(network, &[]);
            assert_eq!(ran.status, Some(2), "{network}");
            assert_eq!(ran.stdout, "");
            assert_eq!(ran.stderr.lines().count(), 1, "{}", ran.stderr);
            let begins = format!("synsent: SYNSENT_NET={network}: ");
            assert!(ran.stderr.starts_with(&begins) && ran.stderr.contains(words), "{}", ran.stderr);
        }
        for network in ["", "kernel"] {
            program.run(network, &[]).expect_success();
        }
    }
}
