//! What `make install` puts where: the tree that packagers and build systems rely on.

mod support;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use support::{compilers, has, new_path, output_of, prefix, root, scratch};

#[test]
fn the_names_of_the_systems_lead_to_the_one_library() {
    let folder = prefix().join("lib");
    for name in ["synsent", "ws2_32", "wsock32", "targettcp"] {
        let shared = fs::canonicalize(folder.join(format!("lib{name}.so"))).unwrap();
        assert_eq!(shared.file_name().unwrap(), "libsynsent.so.0.1.0");
        let archive = fs::canonicalize(folder.join(format!("lib{name}.a"))).unwrap();
        assert_eq!(archive.file_name().unwrap(), "libsynsent.a");
    }
}

#[test]
fn pkg_config_tells_headers_and_library_of_each_system() {
    if !has("pkg-config") {
        return;
    }
    for (package, headers, library) in [
        ("synsent-winsock1", "windows", "-lwsock32"),
        ("synsent-winsock2", "windows", "-lws2_32"),
        ("synsent-targettcp", "targettcp", "-ltargettcp"),
        ("synsent-bs2000", "bs2000", "-lsynsent"),
    ] {
        let told = output_of(
            Command::new("pkg-config")
                .env("PKG_CONFIG_PATH", prefix().join("lib/pkgconfig"))
                .args(["--cflags", "--libs", package]),
        );
        let told = String::from_utf8(told.stdout).unwrap();
        let words: Vec<&str> = told.split_whitespace().collect();
        let include = format!("-I{}", prefix().join("include/synsent").join(headers).display());
        let folder = format!("-L{}", prefix().join("lib").display());
        assert_eq!(words, [include.as_str(), folder.as_str(), library]);
    }
}

/// Starts, opens to an echo server of a lab, and says whether it came through.
const OPENING: &str = r#"
#include <winsock2.h>
#include <stdio.h>

int main(void)
{
    WSADATA data;
    struct sockaddr_in name = {0};
    SOCKET s;

    if (WSAStartup(MAKEWORD(2, 2), &data) != 0)
        return 2;
    s = socket(AF_INET, SOCK_STREAM, 0);
    name.sin_family = AF_INET;
    name.sin_port = htons(7);
    name.sin_addr.s_addr = inet_addr("10.2.0.2");
    puts(connect(s, (struct sockaddr *)&name, (int)sizeof name) == 0 ? "connected" : "not connected");
    closesocket(s);
    return WSACleanup();
}
"#;

const LAB: &str = r#"
[us]
addresses = ["10.1.0.2/24"]
routes = ["0.0.0.0/0"]

[[host]]
name = "echo"
addresses = ["10.2.0.2"]
port = [{ number = 7, does = "answers" }]
"#;

#[test]
fn the_archive_is_linked_by_its_name_and_into_static_programs_as_pkg_config_tells() {
    if !has("pkg-config") {
        return;
    }
    let asks = |wanted: &[&str]| -> Vec<String> {
        let told = output_of(
            Command::new("pkg-config")
                .env("PKG_CONFIG_PATH", prefix().join("lib/pkgconfig"))
                .args(wanted)
                .arg("synsent-winsock2"),
        );
        String::from_utf8(told.stdout).unwrap().split_whitespace().map(str::to_owned).collect()
    };
    let lab = new_path("scenario").with_extension("toml");
    fs::write(&lab, LAB).unwrap();
    let source = new_path("source").with_extension("c");
    fs::write(&source, OPENING).unwrap();
    let headers = asks(&["--cflags"]);
    let libraries = asks(&["--static", "--libs"]);
    let archive = format!("{}/libws2_32.a", asks(&["--variable=libdir"])[0]);
    let by_name = [&archive, "-lutil", "-lrt", "-lpthread", "-lm", "-ldl"].map(str::to_owned).to_vec();
    for compiler in compilers() {
        for (how, libraries) in [(&[][..], &by_name), (&["-static"][..], &libraries)] {
            let program = new_path("program");
            let mut command = Command::new(compiler);
            output_of(command.args(&headers).arg(&source).arg("-o").arg(&program).args(how).args(libraries));
            let ran = output_of(Command::new(&program).env("SYNSENT_NET", format!("lab:{}", lab.display())));
            assert_eq!(String::from_utf8_lossy(&ran.stdout), "connected\n", "{compiler} {how:?}");
            fs::remove_file(&program).unwrap();
        }
    }
}

#[test]
fn headers_are_found_by_the_spellings_of_sources_from_where_names_have_no_case() {
    let folder = prefix().join("include/synsent/windows");
    for spelling in ["WinSock2.h", "Windows.h", "Mstcpip.h", "WinDef.h", "WinBase.h", "WinUser.h", "WinError.h"] {
        assert!(folder.join(spelling).exists(), "{spelling}");
    }
}

#[test]
fn a_staged_tree_is_put_below_destdir_and_uninstalled_without_a_rest() {
    let stage = scratch().join("stage");
    let _ = fs::remove_dir_all(&stage);
    // The library is there already; what is tried is where it goes.
    prefix();
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).parent().unwrap();
    let make = |goal: &str| {
        let mut command = Command::new("make");
        command.current_dir(root()).args(["-s", goal, "PROFILE=test", "PREFIX=/opt/sockets"]);
        command.arg(format!("DESTDIR={}", stage.display())).env("CARGO_TARGET_DIR", target).env_remove("MAKEFLAGS");
        output_of(&mut command)
    };
    make("install");
    let text = fs::read_to_string(stage.join("opt/sockets/lib/pkgconfig/synsent-winsock2.pc")).unwrap();
    assert!(text.contains("prefix=/opt/sockets\n"), "{text}");
    assert!(stage.join("opt/sockets/lib/libsynsent.so.0").exists());
    assert!(stage.join("opt/sockets/share/man/man3/connect.3winsock2").exists());
    make("uninstall");
    assert_eq!(files_below(&stage), Vec::<PathBuf>::new());
}

#[test]
fn the_manual_pages_are_typeset_without_a_warning() {
    let folder = prefix().join("share/man");
    let pages = files_below(&folder);
    assert!(pages.iter().filter(|page| page.ends_with("connect.3bs2000")).count() == 1, "{pages:?}");
    if !has("groff") {
        return;
    }
    for page in pages {
        let told = output_of(Command::new("groff").args(["-man", "-Tutf8", "-ww", "-z"]).arg(&page));
        assert_eq!(String::from_utf8_lossy(&told.stderr), "", "{}", page.display());
    }
}

fn files_below(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        match path.is_dir() {
            true => files.extend(files_below(&path)),
            false => files.push(path),
        }
    }
    files
}
