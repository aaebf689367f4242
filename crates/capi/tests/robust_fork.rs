//! A program that forks: on the kernel's network parent and child go on with the sockets, on a lab the child is told that it has no network.

mod support;

use support::{Program, System, compilers, root};

/// The cases of `robust_fork.c` for the kernel's network.
const ON_THE_KERNEL: [(usize, &str); 7] = [
    (0, "both go on with what they have"),
    (1, "a close that lingers in the child leaves the parent alone"),
    (2, "the parent's listener stays when the child closes it"),
    (3, "servers that were forked beforehand share a listener"),
    (4, "a fork while other threads call and wait hangs nobody"),
    (5, "a child of a child goes on"),
    (6, "other programs inherit no descriptor"),
];

/// The one for a lab.
const ON_A_LAB: usize = 7;

#[test]
fn parent_and_child_share_the_kernels_sockets_and_a_lab_stays_with_the_parent() {
    for compiler in compilers() {
        let program = Program::new(compiler, System::Winsock2).file("robust_fork.c").flags(&["-pthread"]).build();
        for (case, what) in ON_THE_KERNEL {
            println!("{compiler}: {what}");
            program.run("kernel", &[&case.to_string()]).expect_success();
        }
        let lab = format!("lab:{}", root().join("scenarios/web.toml").display());
        program.run(&lab, &[&ON_A_LAB.to_string()]).expect_success();
    }
}
