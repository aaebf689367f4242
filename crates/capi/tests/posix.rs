//! TargetTCP and SOCKETS(POSIX) from C: their headers, their calls on the kernel and in a lab, and files beside sockets.

mod support;

use std::fs;
use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread;

use support::{Program, System, compilers, has, new_path, output_of, prefix};

/// A server that sends back what comes, one that refuses, and our own host.
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

fn lab() -> String {
    let file = new_path("scenario").with_extension("toml");
    fs::write(&file, LAB).unwrap();
    format!("lab:{}", file.display())
}

/// An echo server on the loopback, for as many connections: its port.
fn echo_server(connections: usize) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    thread::spawn(move || {
        for stream in listener.incoming().take(connections) {
            let mut stream = stream.unwrap();
            let mut octets = [0; 4_096];
            while let Ok(count @ 1..) = stream.read(&mut octets) {
                stream.write_all(&octets[..count]).unwrap();
            }
        }
    });
    port
}

#[test]
fn the_example_of_targettcps_document_runs_against_an_echo_server() {
    const EXAMPLE: &str = "targettcp_example.c";
    let told = "Echo client connected\n".repeat(3) + "3 echoes\n";
    for compiler in compilers() {
        // What the document leaves to the board is done before main.
        let program = |port: u16, more: &[&str]| {
            let port = format!("-DECHO_PORT={port}");
            Program::new(compiler, System::Targettcp).file(EXAMPLE).flags(&[&port]).flags(more).build()
        };
        let in_lab = program(7, &["-DSYNSENT_TARGETTCP_AT_START"]);
        assert_eq!(in_lab.run(&lab(), &["10.2.0.2"]).expect_success().stdout, told);
        let on_kernel = program(echo_server(3), &["-DSYNSENT_TARGETTCP_AT_START"]);
        assert_eq!(on_kernel.run("kernel", &["127.0.0.1"]).expect_success().stdout, told);

        let refused = program(9, &["-DSYNSENT_TARGETTCP_AT_START"]).run(&lab(), &["10.2.0.2"]);
        assert_eq!((refused.status, refused.stdout.as_str()), (Some(1), "0 echoes\n"));
        let words = "Echo client connection failed: the remote host refused the connection\n";
        assert_eq!(refused.stderr, words.repeat(3));
        let without_start = program(7, &[]).run(&lab(), &["10.2.0.2"]);
        assert_eq!(without_start.status, Some(2));
        assert_eq!(without_start.stderr, "Echo client has no socket: TargetTCP has not been initialized\n");
    }
}

#[test]
fn a_server_and_its_client_talk_on_the_kernel_and_in_a_lab() {
    let folder = new_path("sockets");
    fs::create_dir(&folder).unwrap();
    for (system, source) in [(System::Targettcp, "targettcp_echo.c"), (System::Bs2000, "bs2000_echo.c")] {
        for compiler in compilers() {
            for flags in [&["-std=gnu99"][..], &["-std=gnu17", "-O2", "-D_FORTIFY_SOURCE=2"], &["-O2", "-flto"]] {
                let program = Program::new(compiler, system).file(source).flags(flags).build();
                let path = folder.join(new_path("local").file_name().unwrap());
                let ran = program.run("kernel", &["127.0.0.1", &path.to_string_lossy()]);
                assert_eq!(ran.expect_success().stdout, "echoed\n");
                assert_eq!(program.run(&lab(), &["10.1.0.2", "/echo"]).expect_success().stdout, "echoed\n");
            }
            let program = Program::new(compiler, system).file(source).with_archive().build();
            let path = folder.join(new_path("local").file_name().unwrap());
            program.run("kernel", &["127.0.0.1", &path.to_string_lossy()]).expect_success();
        }
    }
    // What is left is in the target folder.
    let _ = fs::remove_dir_all(folder);
}

#[test]
fn pipes_and_sockets_are_waited_for_together() {
    for compiler in compilers() {
        let program = Program::new(compiler, System::Bs2000).file("bs2000_mixed.c").build();
        let port = echo_server(1).to_string();
        for (network, address, port) in [("kernel".to_owned(), "127.0.0.1", port.as_str()), (lab(), "10.2.0.2", "7")] {
            let mut command = program.command(&network);
            command.args([address, port]).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
            let mut child = command.spawn().unwrap();
            let mut stdout = child.stdout.take().unwrap();
            let mut told = [0; 6];
            let is_ready = stdout.read_exact(&mut told).is_ok() && &told == b"ready\n";
            if is_ready {
                child.stdin.as_mut().unwrap().write_all(b"go\n").unwrap();
            }
            let ended = child.wait_with_output().unwrap();
            assert!(ended.status.success() && is_ready, "{network}: {}", String::from_utf8_lossy(&ended.stderr));
            let mut rest = String::new();
            stdout.read_to_string(&mut rest).unwrap();
            assert_eq!(rest, "mixed\n");
        }
    }
}

#[test]
fn a_program_without_our_headers_keeps_the_c_librarys_calls() {
    for compiler in compilers() {
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/c/bare.c");
        let path = new_path("bare");
        let folder = prefix().join("lib");
        let mut command = Command::new(compiler);
        command.args(["-Wall", "-Wextra", "-Werror"]).arg(source).arg("-o").arg(&path);
        command.arg(format!("-L{}", folder.display())).arg("-lsynsent").arg(format!("-Wl,-rpath,{}", folder.display()));
        output_of(&mut command);
        output_of(Command::new(&path).env("SYNSENT_NET", lab()));
        fs::remove_file(path).unwrap();
    }
}

/// Headers of the C library that sources include beside their system's.
const BESIDE: [&str; 14] = [
    "arpa/inet.h",
    "errno.h",
    "fcntl.h",
    "netdb.h",
    "netinet/in.h",
    "poll.h",
    "signal.h",
    "stdio.h",
    "stdlib.h",
    "string.h",
    "sys/select.h",
    "sys/socket.h",
    "sys/time.h",
    "unistd.h",
];

const USES_TARGETTCP: &str = r#"
int use(int socket_handle);
int use(int socket_handle)
{
  struct sockaddr_in addr;
  struct sockaddr_in6 long_addr;
  struct timeval limit;
  socklen_t size = sizeof(addr);
  fd_set set;
  char buffer[8];
  int on = 1;
  int s = socket(AF_INET, SOCK_STREAM, 0);
  bzero(&addr, sizeof(addr));
  bzero(&long_addr, sizeof(long_addr));
  addr.sin_port = htons(7);
  addr.sin_addr.s_addr = INADDR_ANY;
  limit.tv_sec = 1;
  limit.tv_usec = 0;
  FD_ZERO(&set);
  FD_SET(s, &set);
  if (connect(s, &addr, sizeof(addr)) || bind(s, &long_addr, sizeof(long_addr)) || listen(s, FD_SETSIZE > 4))
    perror("this");
  if (accept(s, 0, 0) < 0 || accept(s, &addr, &size) < 0 || errno == EINPROGRESS)
    on = select(s + 1, &set, 0, NULL, &limit) && FD_ISSET(s, &set);
  setsockopt(s, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
  ioctlsocket(s, FIONBIO, &on);
  return send(s, buffer, sizeof(buffer), 0) + recv(s, buffer, sizeof(buffer), MSG_PEEK) + closesocket(socket_handle);
}
"#;

const USES_BS2000: &str = r#"
int use(int descriptor);
int use(int descriptor)
{
  struct sockaddr_in addr;
  struct sockaddr_un path;
  struct timeval limit;
  struct pollfd watched;
  socklen_t size = sizeof(addr);
  int older_size = sizeof(addr);
  fd_set set;
  char buffer[8];
  int on = 1;
  int s = socket(AF_INET, SOCK_STREAM, 0);
  memset(&addr, 0, sizeof(addr));
  memset(&path, 0, sizeof(path));
  addr.sin_port = htons(7);
  limit.tv_sec = 1;
  limit.tv_usec = 0;
  FD_ZERO(&set);
  FD_SET(s, &set);
  watched.fd = s;
  watched.events = POLLIN;
  if (connect(s, (struct sockaddr *)&addr, sizeof(addr)) || bind(s, (struct sockaddr *)&path, sizeof(path)))
    perror("this");
  if (accept(s, 0, 0) < 0 || accept(s, NULL, NULL) < 0 || errno == EINPROGRESS)
    on = select(s + 1, &set, 0, NULL, &limit) && FD_ISSET(s, &set) && poll(&watched, 1, -1);
  if (getsockname(s, (struct sockaddr *)&addr, &older_size) || getsockname(s, (struct sockaddr *)&addr, &size))
    return -1;
  if (getsockopt(s, SOL_SOCKET, SO_ERROR, &on, &older_size) || getsockopt(s, SOL_SOCKET, SO_ERROR, &on, &size))
    return -1;
  if (read(s, buffer, sizeof(buffer)) < 0 || write(s, buffer, sizeof(buffer)) < 0 || ioctl(s, FIONBIO, &on))
    return fcntl(s, F_SETFL, fcntl(s, F_GETFL) | O_NONBLOCK);
  if (recvfrom(s, buffer, sizeof(buffer), 0, (struct sockaddr *)&addr, &size) < 0)
    return shutdown(s, SHUT_RDWR);
  return close(descriptor);
}
"#;

/// What a source of each system includes.
fn own_headers(system: System) -> String {
    match system {
        System::Targettcp => "#include <sockets.h>\n".to_owned(),
        _ => include_all(&[
            "sys/types.h",
            "sys/socket.h",
            "netinet/in.h",
            "sys/un.h",
            "sys/ioctl.h",
            "sys/select.h",
            "sys/uio.h",
            "poll.h",
            "fcntl.h",
            "unistd.h",
            "errno.h",
            "stdio.h",
            "string.h",
        ]),
    }
}

fn include_all(headers: &[&str]) -> String {
    headers.iter().map(|header| format!("#include <{header}>\n")).collect()
}

fn uses(system: System) -> &'static str {
    if system == System::Targettcp { USES_TARGETTCP } else { USES_BS2000 }
}

/// Compiles without a warning, or tells what was said.
fn compiles(compiler: &str, system: System, flags: &[&str], text: &str) {
    let source = new_path("matrix").with_extension(if compiler.ends_with("++") { "cc" } else { "c" });
    fs::write(&source, text).unwrap();
    let mut command = Command::new(compiler);
    command.args(["-Wall", "-Wextra", "-Wpedantic", "-Werror", "-c", "-o", "/dev/null"]).args(flags);
    command.arg(format!("-I{}", system.headers().display())).arg(&source);
    let output = command.output().unwrap();
    assert!(output.status.success(), "{command:?}\n{text}\n{}", String::from_utf8_lossy(&output.stderr));
    fs::remove_file(source).unwrap();
}

#[test]
fn the_headers_go_with_the_c_librarys_in_any_order() {
    for system in [System::Targettcp, System::Bs2000] {
        for compiler in compilers() {
            for flags in [&["-std=c99"][..], &["-O1", "-D_FORTIFY_SOURCE=2", "-D_GNU_SOURCE"]] {
                for header in BESIDE {
                    let beside = include_all(&[header]);
                    compiles(compiler, system, flags, &(beside.clone() + &own_headers(system) + uses(system)));
                    compiles(compiler, system, flags, &(own_headers(system) + &beside + uses(system)));
                }
            }
        }
    }
}

#[test]
fn the_headers_go_with_every_standard_of_c_and_cpp() {
    let in_c = ["-std=c99", "-std=gnu99", "-std=c11", "-std=c17", "-std=c2x"];
    let in_cpp = ["-std=c++11", "-std=c++14", "-std=c++17", "-std=gnu++17", "-std=c++20", "-std=c++2b"];
    let more = [&[][..], &["-O2", "-D_FORTIFY_SOURCE=2"]];
    for system in [System::Targettcp, System::Bs2000] {
        let orders = [
            include_all(&BESIDE) + &own_headers(system) + uses(system),
            own_headers(system) + &include_all(&BESIDE) + uses(system),
        ];
        let names_stay_clean = "#include <functional>\nstruct Socket { int connect(int); int select(); int read(); };\n\
                                int Socket::connect(int s) { return std::bind([](int n) { return n; }, s)(); }\n";
        for compiler in compilers() {
            for (standard, flags) in in_c.iter().flat_map(|standard| more.iter().map(move |flags| (standard, flags))) {
                for order in &orders {
                    compiles(compiler, system, &[&[*standard], *flags].concat(), order);
                }
            }
            for flags in [&["-O2", "-flto"][..], &["-D_FILE_OFFSET_BITS=64"]] {
                compiles(compiler, system, flags, &orders[0]);
            }
        }
        for compiler in ["g++", "clang++"].into_iter().filter(|compiler| has(compiler)) {
            for (standard, flags) in in_cpp.iter().flat_map(|standard| more.iter().map(move |flags| (standard, flags)))
            {
                for order in &orders {
                    compiles(compiler, system, &[&[*standard], *flags].concat(), &(order.clone() + names_stay_clean));
                }
            }
        }
    }
}

#[test]
fn a_set_of_targettcp_has_the_size_that_the_program_says() {
    for compiler in compilers() {
        for (before, size) in [
            ("", 1_024),
            ("#define FD_SETSIZE 16\n", 16),
            ("#include <stdlib.h>\n", 1_024),
            ("#define FD_SETSIZE 2000\n#include <stdlib.h>\n", 1_024),
            ("#include <stdlib.h>\n#undef FD_SETSIZE\n#define FD_SETSIZE 2000\n", 2_000),
        ] {
            let text = format!(
                "{before}#include <sockets.h>\n\
                 typedef char of_that_size[sizeof(((fd_set *)0)->fd_array) / sizeof(int) == {size} ? 1 : -1];\n\
                 int use(fd_set *set);\nint use(fd_set *set) {{ of_that_size a; (void)a; return FD_ISSET(3, set); }}\n"
            );
            compiles(compiler, System::Targettcp, &[], &text);
        }
    }
}

#[test]
fn what_the_headers_declare_is_in_the_library() {
    let shared = prefix().join("lib/libsynsent.so");
    let names = output_of(Command::new("nm").args(["-D", "--defined-only"]).arg(shared));
    let names = String::from_utf8(names.stdout).unwrap();
    let names: Vec<&str> = names.lines().filter_map(|line| line.split_whitespace().last()).collect();
    for (system, least) in [(System::Targettcp, 17), (System::Bs2000, 25)] {
        let source = new_path("declared").with_extension("c");
        fs::write(&source, headers_below(&system.headers())).unwrap();
        let include = format!("-I{}", system.headers().display());
        let text = output_of(Command::new("gcc").args(["-E", "-P", "-D_GNU_SOURCE"]).arg(include).arg(&source));
        let declared = labels(&String::from_utf8(text.stdout).unwrap());
        assert!(declared.len() >= least, "{declared:?}");
        for name in declared {
            assert!(names.contains(&name.as_str()), "{name} is declared and not exported");
        }
        fs::remove_file(source).unwrap();
    }
}

/// A source that includes every header of a folder.
fn headers_below(folder: &Path) -> String {
    let mut folders: Vec<PathBuf> = vec![folder.to_owned()];
    let mut text = String::new();
    while let Some(below) = folders.pop() {
        for entry in fs::read_dir(below).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                text += &format!("#include <{}>\n", path.strip_prefix(folder).unwrap().display());
            }
        }
    }
    text
}

/// The labels of functions of ours in a preprocessed text: strings that follow one another are one.
fn labels(text: &str) -> Vec<String> {
    let inside = text.split("__asm__").skip(1).filter_map(|rest| rest.trim_start().strip_prefix('('));
    let joined = inside.map(|rest| {
        let strings = rest.split(')').next().unwrap_or("");
        strings.split('"').skip(1).step_by(2).collect::<String>()
    });
    joined.filter(|label| label.starts_with("synsent_")).collect()
}

/// A server that names its socket in one of the usual directories finds them in a lab too.
#[test]
fn the_usual_directories_are_there_in_a_lab() {
    for compiler in compilers() {
        let program = Program::new(compiler, System::Bs2000)
            .text(
                "#include <sys/types.h>\n#include <sys/socket.h>\n#include <sys/un.h>\n#include <stdio.h>\n#include <string.h>\n\
                 #include <unistd.h>\n\
                 int main(int count, char **paths)\n\
                 {\n    int at;\n    char got[5] = \"\";\n    for (at = 1; at < count; at++) {\n\
                 struct sockaddr_un name;\n        int listener = socket(AF_UNIX, SOCK_STREAM, 0), s = socket(AF_UNIX, SOCK_STREAM, 0), peer;\n\
                 memset(&name, 0, sizeof name);\n        name.sun_family = AF_UNIX;\n        strncpy(name.sun_path, paths[at], sizeof name.sun_path - 1);\n\
                 unlink(paths[at]);\n\
                 if (bind(listener, (struct sockaddr *)&name, sizeof name) || listen(listener, 1)) { perror(paths[at]); return 1; }\n\
                 if (connect(s, (struct sockaddr *)&name, sizeof name)) { perror(\"connect\"); return 2; }\n\
                 peer = accept(listener, 0, 0);\n\
                 if (write(s, \"path\", 4) != 4 || read(peer, got, 4) != 4 || strcmp(got, \"path\")) return 3;\n\
                 close(s); close(peer); close(listener);\n    }\n    return 0;\n}\n",
            )
            .flags(&["-Wno-stringop-truncation", "-Wno-unknown-warning-option"])
            .build();
        let network = format!("lab:{}", support::root().join("scenarios/web.toml").display());
        program.run(&network, &["/tmp/s", "/var/run/s", "s"]).expect_success();
    }
}
