//! What `make install` puts where: the tree that packagers and build systems rely on.

mod support;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use support::{has, output_of, prefix, root, scratch};

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
