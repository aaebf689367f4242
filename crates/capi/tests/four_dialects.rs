//! One program of four files, each of which includes the headers of its own system alone: all dialects live side by side.

mod support;

use std::fs;
use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread;
use std::time::Duration;

use support::{System, compilers, new_path, output_of, prefix, run};

const LAB: &str = r#"
[us]
addresses = ["10.1.0.2/24"]
routes = ["0.0.0.0/0"]

[[host]]
name = "echo"
addresses = ["10.2.0.2"]
port = [{ number = 7, does = "answers" }]
otherwise = "refuses"
"#;

/// What each step comes to in the four systems; Windows has numbers of its own.
const TOLD: &str = "opened: 0 0 0 0\ntalked: 0 0 0 0\nrefused: 10061 10061 111 111\ntalked: 0 0 0 0\nclosed: 0 0 0 0\n";

const LIMIT: Duration = Duration::from_secs(60);

#[test]
fn one_program_of_four_files_talks_in_four_dialects() {
    let scenario = new_path("scenario").with_extension("toml");
    fs::write(&scenario, LAB).unwrap();
    for compiler in compilers() {
        let objects = System::ALL.map(|system| object(compiler, system));
        let shared = linked(compiler, &objects, &["-lsynsent"]);
        // The names that the systems' own build lines have are those of the one library.
        let by_its_names = linked(compiler, &objects, &["-lws2_32", "-lwsock32", "-ltargettcp"]);
        for program in [&shared, &by_its_names] {
            let in_lab = run(
                Command::new(program)
                    .env("SYNSENT_NET", format!("lab:{}", scenario.display()))
                    .args(["10.2.0.2", "7", "9"]),
                LIMIT,
            );
            assert_eq!(in_lab.expect_success().stdout, TOLD, "{compiler}, in a lab");
            let (port, deaf) = (echo_server(4), deaf_port());
            let on_kernel = run(
                Command::new(program).env("SYNSENT_NET", "kernel").args([
                    "127.0.0.1",
                    &port.to_string(),
                    &deaf.to_string(),
                ]),
                LIMIT,
            );
            assert_eq!(on_kernel.expect_success().stdout, TOLD, "{compiler}, on the kernel");
        }
        for built in objects.iter().chain([&shared, &by_its_names]) {
            fs::remove_file(built).unwrap();
        }
    }
    fs::remove_file(scenario).unwrap();
}

fn object(compiler: &str, system: System) -> PathBuf {
    let file = match system {
        System::Winsock1 => "four_winsock1.c",
        System::Winsock2 => "four_winsock2.c",
        System::Targettcp => "four_targettcp.c",
        System::Bs2000 => "four_bs2000.c",
    };
    let path = new_path("object").with_extension("o");
    let mut command = Command::new(compiler);
    command.args(["-Wall", "-Wextra", "-Wpedantic", "-Werror", "-O1", "-c", "-o"]).arg(&path);
    command.arg(format!("-I{}", system.headers().display()));
    command.arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/c").join(file));
    output_of(&mut command);
    path
}

fn linked(compiler: &str, objects: &[PathBuf], libraries: &[&str]) -> PathBuf {
    let path = new_path("four");
    let folder = prefix().join("lib");
    let mut command = Command::new(compiler);
    command.args(objects).arg("-o").arg(&path).arg(format!("-L{}", folder.display())).args(libraries);
    command.arg(format!("-Wl,-rpath,{}", folder.display()));
    output_of(&mut command);
    path
}

/// An echo server on the loopback, for as many connections: its port.
fn echo_server(connections: usize) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    thread::spawn(move || {
        for stream in listener.incoming().take(connections) {
            let mut stream = stream.unwrap();
            thread::spawn(move || {
                let mut octets = [0; 4_096];
                while let Ok(count @ 1..) = stream.read(&mut octets) {
                    stream.write_all(&octets[..count]).unwrap();
                }
            });
        }
    });
    port
}

/// A port of the loopback on which nobody listens: that of a socket that has just gone.
fn deaf_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}
