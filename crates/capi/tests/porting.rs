//! The porting guides: the program of each is built by the build line of the guide, with gcc and clang, and says what the guide shows.

mod support;

use std::fs;
use std::process::Command;
use std::time::Duration;

use support::{compilers, has, new_path, output_of, prefix, root, run};

const GUIDES: [&str; 4] = ["winsock1", "winsock2", "targettcp", "bs2000"];
const LIMIT: Duration = Duration::from_secs(30);

/// The first block of a guide in this language.
fn block<'a>(guide: &'a str, language: &str) -> &'a str {
    let (_, rest) = guide.split_once(&format!("```{language}\n")).unwrap();
    rest.split_once("```").unwrap().0
}

#[test]
fn the_program_of_each_guide_does_what_the_guide_shows() {
    if !has("pkg-config") {
        return;
    }
    for name in GUIDES {
        let guide = fs::read_to_string(root().join(format!("docs/porting/{name}.md"))).unwrap();
        let folder = new_path("guide");
        fs::create_dir_all(&folder).unwrap();
        fs::write(folder.join("client.c"), block(&guide, "c")).unwrap();
        for compiler in compilers() {
            let line = block(&guide, "sh").trim().replacen("cc ", &format!("{compiler} -Wall -Wextra -Werror "), 1);
            let mut build = Command::new("sh");
            build.current_dir(&folder).args(["-c", &line]).env("PKG_CONFIG_PATH", prefix().join("lib/pkgconfig"));
            output_of(&mut build);
            let shown = block(&guide, "console");
            let (command, output) = shown.split_once('\n').unwrap();
            let command =
                command.strip_prefix("$ ").unwrap().replace("./client", &folder.join("client").display().to_string());
            let mut shell = Command::new("sh");
            shell.current_dir(root()).args(["-c", &command]).env("LD_LIBRARY_PATH", prefix().join("lib"));
            let ran = run(&mut shell, LIMIT).expect_success();
            assert_eq!(ran.stdout, output, "{name}, {compiler}: {}", ran.stderr);
        }
        fs::remove_dir_all(&folder).unwrap();
    }
}
