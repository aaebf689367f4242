//! Threads that wait while others close, signals, the end of threads and of the program: each call comes back with what is documented.

mod support;

use support::{Built, Program, System, compilers, root};

/// The cases of `robust_threads.c`, and whether a lab has them: signals are the kernel's, and there a connect is over at once.
const CASES: [(usize, bool, &str); 9] = [
    (0, true, "a thread that waits is told that another has closed"),
    (1, false, "so is one that connects"),
    (2, true, "who waited on a handle takes nothing from the next one"),
    (3, true, "the program ends while threads wait"),
    (4, true, "calls at the end of a thread and after main"),
    (5, false, "signals end calls, unless their handlers ask for more"),
    (6, false, "signals that come all the time lose no octet"),
    (7, true, "the library is let go of while a thread waits"),
    (8, true, "a thread that comes late is waited for"),
];

fn shows(program: &Built, network: &str, case: usize, what: &str) {
    println!("{network}: {what}");
    let ran = program.run(network, &[&case.to_string()]).expect_success();
    assert_eq!(ran.stderr, "", "{network}: {what}");
}

#[test]
fn calls_come_back_whatever_other_threads_and_signals_do() {
    let lab = format!("lab:{}", root().join("scenarios/web.toml").display());
    for compiler in compilers() {
        let flags = ["-pthread", "-ldl", "-D_GNU_SOURCE"];
        let program = Program::new(compiler, System::Winsock2).file("robust_threads.c").flags(&flags).build();
        for (case, on_a_lab, what) in CASES {
            shows(&program, "kernel", case, what);
            if on_a_lab {
                shows(&program, &lab, case, what);
            }
        }
    }
}
