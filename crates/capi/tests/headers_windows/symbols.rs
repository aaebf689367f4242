//! Which symbol a name leads to, in each order of headers, and that names stay free for other things.
//!
//! The programs here are linked with functions of their own in place of the library, each of which says which one it is.

use std::collections::BTreeSet;
use std::fs;
use std::process::Command;

use crate::compiler::{self, Language, headers, include};
use crate::support;

/// Stands for the library: each function answers a number of its own.
const LIBRARY: &str = "
long synsent_winsock1_connect(void) { return 11; }
long synsent_winsock2_connect(void) { return 21; }
long synsent_winsock1_select(void) { return 12; }
long synsent_winsock2_select(void) { return 22; }
long synsent_winsock1_gethostname(void) { return 13; }
long synsent_winsock2_gethostname(void) { return 23; }
long synsent_winsock1_WSACleanup(void) { return 14; }
long synsent_winsock2_WSACleanup(void) { return 24; }
void *synsent_winsock1_gethostbyname(void) { return (void *)15; }
void *synsent_winsock2_gethostbyname(void) { return (void *)25; }
unsigned synsent_windows_htonl(unsigned n) { return n + 7; }
";

/// Fails unless each name leads to the functions of one version.
const CALLS: &str = "
int main(void)
{
    struct timeval none = {0, 0};
    char name[8];

    if (connect(0, NULL, 0) != 10 * VERSION + 1 || select(0, NULL, NULL, NULL, &none) != 10 * VERSION + 2)
        return 1;
    if (gethostname(name, (int)sizeof name) != 10 * VERSION + 3 || WSACleanup() != 10 * VERSION + 4)
        return 2;
    if ((size_t)gethostbyname(NULL) != 10 * VERSION + 5 || htonl(1) != 8)
        return 3;
    return 0;
}
";

/// One half of a program in C++ whose class has methods with the names of functions, and that binds a function's arguments.
const CLASS: &str = "
#include <functional>
class Peer {
public:
    int connect(int n);
    int send(int n);
    int select(int n);
    int bind(int n);
    int close(int n);
    struct { int listen, accept, socket; } counts;
};
";

#[test]
fn names_lead_to_the_functions_of_the_version_that_was_included_last() {
    for compiler in compiler::all() {
        for (order, version) in [
            (&["winsock.h"][..], 1),
            (&["winsock2.h"], 2),
            (&["stdlib.h", "winsock.h"], 1),
            (&["stdlib.h", "winsock2.h", "stdio.h"], 2),
            (&["unistd.h", "sys/socket.h", "netdb.h", "arpa/inet.h", "winsock2.h"], 2),
            (&["winsock2.h", "unistd.h", "sys/socket.h", "netdb.h", "arpa/inet.h", "sys/select.h"], 2),
            (&["unistd.h", "sys/socket.h", "netdb.h", "arpa/inet.h", "windows.h"], 1),
            (&["windows.h", "winsock2.h"], 2),
            (&["winsock.h", "stdlib.h", "winsock2.h", "unistd.h"], 2),
            (&["unistd.h", "netdb.h", "winsock.h", "winsock2.h"], 2),
            (&["winsock2.h", "winsock.h", "windows.h"], 2),
        ] {
            let text: String = order.iter().map(|header| format!("#include <{header}>\n")).collect();
            for flags in [&["-O0"][..], &["-O2", "-D_FORTIFY_SOURCE=2", "-flto"]] {
                let version = format!("-DVERSION={version}");
                let units = [(compiler.name, text.clone() + CALLS)];
                let run = link(&units, &[flags, &[&version]].concat());
                assert_eq!(run, Some(0), "{} {order:?} {flags:?}", compiler.name);
            }
        }
    }
}

#[test]
fn methods_of_a_class_keep_their_names_from_one_unit_to_another() {
    for compiler in compiler::all().into_iter().filter(|compiler| compiler.language == Language::Cxx) {
        let one = format!(
            "#include <winsock2.h>\n#include <ws2tcpip.h>\n{CLASS}\
             int Peer::connect(int n) {{ return n + 1; }}\nint Peer::send(int n) {{ return n + 2; }}\n\
             int Peer::select(int n) {{ return n + 3; }}\nint Peer::bind(int n) {{ return n + 4; }}\nint Peer::close(int n) {{ return n; }}\n"
        );
        let other = format!(
            "#include <cstdlib>\n#include <thread>\n{CLASS}#include <winsock2.h>\n\
             int main() {{\n Peer peer;\n peer.counts.listen = 0;\n\
             auto called = std::bind(::connect, std::placeholders::_1, nullptr, 0);\n\
             auto method = std::bind(&Peer::connect, &peer, std::placeholders::_1);\n\
             timeval none = {{0, 0}};\n\
             if (called(5) != 21 || method(5) != 6 || ::select(0, nullptr, nullptr, nullptr, &none) != 22) return 1;\n\
             return peer.send(0) + peer.select(0) + peer.bind(0) == 9 && peer.counts.listen == 0 ? 0 : 2;\n}}\n"
        );
        let run = link(&[(compiler.name, one), (compiler.name, other)], &["-std=gnu++17", "-pthread"]);
        assert_eq!(run, Some(0), "{}", compiler.name);
    }
}

#[test]
fn a_number_of_64_bits_serves_ioctlsocket_in_cxx() {
    for compiler in compiler::all().into_iter().filter(|compiler| compiler.language == Language::Cxx) {
        let source = "#include <winsock2.h>\n\
            extern \"C\" int synsent_winsock2_ioctlsocket(SOCKET, int, u_long *yes) { int was = int(*yes); *yes = 5; return was; }\n\
            int main() { unsigned long yes = 1; int was = ioctlsocket(0, FIONBIO, &yes); return was == 1 && yes == 5 ? 0 : 1; }\n";
        assert_eq!(link(&[(compiler.name, source.to_owned())], &["-std=gnu++11"]), Some(0), "{}", compiler.name);
    }
}

#[test]
fn the_time_of_day_fits_the_time_value() {
    for compiler in compiler::all() {
        for order in
            ["#include <winsock2.h>\n#include <sys/time.h>\n", "#include <sys/time.h>\n#include <winsock2.h>\n"]
        {
            let source = format!(
                "{order}#include <time.h>\nint main(void)\n{{\n    struct {{ struct timeval now; int after[2]; }} both = {{{{0, 0}}, {{7, 7}}}};\n\
                 if (gettimeofday(&both.now, NULL) != 0 || both.after[0] != 7 || both.after[1] != 7)\n        return 1;\n\
                 return both.now.tv_sec - (int)time(NULL) > 1 || both.now.tv_usec >= 1000000;\n}}\n"
            );
            assert_eq!(link(&[(compiler.name, source)], &[]), Some(0), "{}", compiler.name);
        }
    }
}

/// Links units with what stands for the library, and runs the program.
fn link(units: &[(&str, String)], flags: &[&str]) -> Option<i32> {
    let program = support::new_path("headers");
    let stub = program.with_extension("library.c");
    fs::write(&stub, LIBRARY).unwrap();
    let object = program.with_extension("o");
    let c = if units[0].0.starts_with("clang") { "clang" } else { "gcc" };
    support::output_of(Command::new(c).args(["-w", "-c", "-o"]).arg(&object).arg(&stub));
    let mut command = Command::new(units[0].0);
    command.args(["-Wall", "-Wextra", "-Werror"]).arg(include()).args(flags);
    let mut files = vec![stub, object.clone(), program.clone()];
    for (at, (compiler, text)) in units.iter().enumerate() {
        let path = program.with_extension(format!("{at}.{}", if compiler.ends_with("++") { "cc" } else { "c" }));
        fs::write(&path, text).unwrap();
        command.arg(&path);
        files.push(path);
    }
    support::output_of(command.arg(&object).arg("-o").arg(&program));
    let status = Command::new(&program).status().unwrap().code();
    for file in files {
        // What stays behind is in the target folder.
        let _ = fs::remove_file(file);
    }
    status
}

#[test]
fn every_declared_function_is_in_the_library() {
    let mut declared = BTreeSet::new();
    collect(&headers(), &mut declared);
    assert!(declared.len() > 200, "only {} functions are declared", declared.len());
    let library = support::prefix().join("lib/libsynsent.so");
    let output = support::output_of(Command::new("nm").args(["-D", "--defined-only"]).arg(library));
    let listing = String::from_utf8_lossy(&output.stdout).into_owned();
    let exported: BTreeSet<&str> = listing.lines().filter_map(|line| line.split(' ').nth(2)).collect();
    let missing: Vec<&String> = declared.iter().filter(|name| !exported.contains(name.as_str())).collect();
    assert!(missing.is_empty(), "{} functions are declared and not there: {missing:?}", missing.len());
}

/// The symbols that declarations below a folder name.
fn collect(folder: &std::path::Path, symbols: &mut BTreeSet<String>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect(&path, symbols);
            continue;
        }
        let text = fs::read_to_string(&path).unwrap();
        for rest in text.split("SYNSENT_LABEL(").skip(1) {
            let Some((owner, rest)) = rest.split_once(", ") else { continue };
            let Some((name, after)) = rest.split_once(')') else { continue };
            // The definition of the macro has no semicolon after it.
            if after.starts_with(';') {
                symbols.insert(format!("synsent_{owner}_{name}"));
            }
        }
    }
}
