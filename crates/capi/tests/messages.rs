//! Windows and their messages, blocking hooks, events and the kernel's functions, as C programs use them: in a lab and on the kernel.

mod support;

use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::thread;

use support::{Built, Program, System, compilers, root};

fn lab() -> String {
    format!("lab:{}", root().join("scenarios/web.toml").display())
}

/// A listener on loopback that sends back what it hears, to its end; its port.
fn echo() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    thread::spawn(move || {
        while let Ok((mut stream, _)) = listener.accept() {
            thread::spawn(move || {
                let mut octets = [0; 512];
                while let Ok(count @ 1..) = stream.read(&mut octets) {
                    stream.write_all(&octets[..count]).unwrap();
                }
            });
        }
    });
    port.to_string()
}

/// A port of loopback at which nobody listens.
fn vacant() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap().port().to_string()
}

fn programs(system: System, file: &str) -> Vec<Built> {
    compilers().into_iter().map(|compiler| Program::new(compiler, system).file(file).build()).collect()
}

/// What a program printed, in one line.
fn told(program: &Built, network: &str, arguments: &[&str]) -> String {
    program.run(network, arguments).expect_success().stdout.trim_end().replace('\n', ", ")
}

#[test]
fn a_window_is_told_of_its_connection() {
    let (port, vacant) = (echo(), vacant());
    let whole = "connect 0, write 0, read hello, close 0, end 0 7 1";
    for program in programs(System::Winsock1, "async_client.c") {
        assert_eq!(told(&program, "kernel", &["127.0.0.1", &port]), whole);
        assert_eq!(told(&program, "kernel", &["127.0.0.1", &vacant]), "connect 10061, end 0 7 1");
        assert_eq!(told(&program, &lab(), &["10.2.0.2", "80"]), whole);
        assert_eq!(told(&program, &lab(), &["10.2.0.2", "81"]), "connect 10061, end 0 7 1");
        assert_eq!(told(&program, &lab(), &["10.2.0.2", "82"]), "connect 10060, end 0 7 1");
    }
}

#[test]
fn a_program_begins_at_winmain_and_makes_its_window_as_usual() {
    for compiler in compilers() {
        let built = Program::new(compiler, System::Winsock2)
            .flags(&["-DSYNSENT_WINMAIN", "-Wno-nonportable-include-path"])
            .file("winmain.c")
            .build();
        assert_eq!(told(&built, "kernel", &["two", "words"]), "words: two words");
        assert_eq!(told(&built, &lab(), &[]), "words:");
    }
}

#[test]
fn a_hook_ends_a_blocking_call_and_may_make_no_other() {
    for program in programs(System::Winsock1, "hooks.c") {
        assert_eq!(told(&program, &lab(), &["10.2.0.2", "82"]), "connect 10004, inside 10037 calls 3");
    }
}

#[test]
fn event_objects_threads_and_the_rest_of_the_kernel_work() {
    let (port, vacant) = (echo(), vacant());
    for program in programs(System::Winsock2, "events_client.c") {
        assert_eq!(told(&program, "kernel", &["127.0.0.1", &port]), "events 18 code 0");
        assert_eq!(told(&program, "kernel", &["127.0.0.1", &vacant]), "events 16 code 10061");
        assert_eq!(told(&program, &lab(), &["10.2.0.2", "80"]), "events 18 code 0");
        assert_eq!(told(&program, &lab(), &["10.2.0.2", "82"]), "events 16 code 10060");
    }
}
