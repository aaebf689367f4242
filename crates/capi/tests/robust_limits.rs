//! The documented limits, from C: what reaches one goes on, and what goes beyond is told by the documented code.

mod support;

use support::{Program, System, compilers, root};

#[test]
fn limits_are_told_by_the_documented_codes() {
    let lab = format!("lab:{}", root().join("scenarios/web.toml").display());
    for (system, file) in [(System::Winsock2, "limits_windows.c"), (System::Bs2000, "limits_bs2000.c")] {
        for compiler in compilers() {
            let program = Program::new(compiler, system).file(file).flags(&["-pthread"]).build();
            for network in ["kernel", &lab] {
                program.run(network, &[]).expect_success();
            }
        }
    }
}
