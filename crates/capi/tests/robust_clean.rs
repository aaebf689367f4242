//! Programs under tools that watch each access to memory: the sanitizers of both compilers, and valgrind.

mod support;

use std::path::Path;
use std::time::Duration;

use support::{Built, Program, System, compilers, has, root, run};

/// Valgrind takes some thirty times as long.
const WATCHED_LIMIT: Duration = Duration::from_secs(240);

/// The programs, and whose headers they include.
const PROGRAMS: [(System, &str); 2] = [(System::Winsock2, "clean_windows.c"), (System::Bs2000, "clean_bs2000.c")];

/// What valgrind says with when it has found something.
const FOUND: &str = "--error-exitcode=9";

fn networks() -> [String; 2] {
    ["kernel".to_owned(), format!("lab:{}", root().join("scenarios/web.toml").display())]
}

fn program(compiler: &str, system: System, file: &str, flags: &[&str]) -> Built {
    Program::new(compiler, system).file(file).flags(&["-pthread", "-O1"]).flags(flags).build()
}

#[test]
fn the_sanitizers_find_nothing() {
    let flags = ["-fsanitize=address,undefined", "-fno-sanitize-recover=all", "-fno-omit-frame-pointer"];
    for compiler in compilers() {
        for (system, file) in PROGRAMS {
            let program = program(compiler, system, file, &flags);
            for network in networks() {
                let mut command = program.command(&network);
                // Variables of a function lie elsewhere than on its stack then, so both kinds of memory are met.
                for after_return in ["0", "1"] {
                    command.env("ASAN_OPTIONS", format!("detect_stack_use_after_return={after_return}:detect_leaks=1"));
                    let ran = run(&mut command, WATCHED_LIMIT).expect_success();
                    assert_eq!(ran.stderr, "", "{compiler} {file} {network}");
                }
            }
        }
    }
}

#[test]
fn valgrind_finds_nothing() {
    if !has("valgrind") {
        return;
    }
    let Some(compiler) = compilers().first().copied() else { return };
    for (system, file) in PROGRAMS {
        let program = program(compiler, system, file, &[]);
        for network in networks() {
            watched(program.path(), &network);
        }
    }
}

/// Tables that live as long as the process are no leaks.
fn watched(program: &Path, network: &str) {
    let mut command = std::process::Command::new("valgrind");
    command.args(["-q", FOUND, "--leak-check=full", "--show-leak-kinds=definite", "--errors-for-leak-kinds=definite"]);
    let ran = run(command.arg(program).env("SYNSENT_NET", network), WATCHED_LIMIT).expect_success();
    assert_eq!(ran.stderr, "", "{network}");
}
