//! The C programs of the benchmark build and do what they measure, a few times each. Nothing here looks at a time.

use std::path::{Path, PathBuf};
use std::process::Command;

fn workspace() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

#[test]
fn every_case_runs_on_the_library_and_beside_it() {
    for tool in ["make", "cc"] {
        if Command::new(tool).arg("--version").output().is_err() {
            assert!(std::env::var_os("CI").is_none_or(|ci| ci != "true"), "{tool} is missing");
            println!("skipped: {tool} is missing on this machine");
            return;
        }
    }
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let prefix = folder.join("bench-prefix");
    let target = folder.parent().expect("the folder of tests is in the target folder");
    let mut make = Command::new("make");
    make.args(["-s", "install", "PROFILE=test"]).arg(format!("PREFIX={}", prefix.display()));
    let made = make.current_dir(workspace()).env("CARGO_TARGET_DIR", target).env_remove("MAKEFLAGS").output().unwrap();
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    let mut bench = Command::new(env!("CARGO_BIN_EXE_synsent-bench"));
    bench.args(["c", "--rounds", "1", "--slices", "2", "--count", "3", "--prefix"]).arg(&prefix);
    let ran = bench.output().unwrap();
    let (told, said) = (String::from_utf8_lossy(&ran.stdout), String::from_utf8_lossy(&ran.stderr));
    assert!(ran.status.success(), "{said}");
    assert!(!said.contains("warning"), "{said}");
    for case in ["cycle", "round-trip", "round-trip-heap", "bulk", "select"] {
        assert!(told.lines().any(|line| line.split_whitespace().next() == Some(case)), "{case} is missing: {told}");
    }
}
