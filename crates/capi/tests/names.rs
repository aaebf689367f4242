//! Names from C, in all dialects: those of a scenario, and those that every machine has.

mod support;

use std::fs;

use support::{Program, System, compilers, new_path};

const SCENARIO: &str = "
[[host]]
name = \"shop\"
names = [\"shop.test\"]
addresses = [\"10.2.0.2\", \"fd00:2::2\"]
port = [{ number = 80, does = \"answers\" }]
[[host]]
name = \"six\"
names = [\"six.test\"]
addresses = [\"fd00:2::6\"]
";

const SOURCES: [(System, &str); 4] = [
    (System::Winsock1, "names_winsock1.c"),
    (System::Winsock2, "names_winsock2.c"),
    (System::Targettcp, "names_targettcp.c"),
    (System::Bs2000, "names_bs2000.c"),
];

#[test]
fn names_are_found_by_programs_of_all_systems() {
    let scenario = new_path("names").with_extension("toml");
    fs::write(&scenario, SCENARIO).unwrap();
    let lab = format!("lab:{}", scenario.display());
    for compiler in compilers() {
        for (system, source) in SOURCES {
            println!("{compiler}: {source}");
            let program = Program::new(compiler, system).file(source).build();
            program.run(&lab, &["scenario"]).expect_success();
            program.run("kernel", &[]).expect_success();
        }
    }
    fs::remove_file(scenario).unwrap();
}
