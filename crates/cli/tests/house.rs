//! The invariants of ARCHITECTURE.md that a machine can check, checked on the sources themselves.

mod sources;

use sources::{Source, root, sources};

/// Crates that know no clock, thread, descriptor, random source or print.
const SANS_IO: [&str; 2] = ["wire", "stack"];

/// Crates that may lock and remember things for a thread, and else know as little as those above.
const WITHOUT_WORLD: [&str; 3] = ["sockets", "dialects", "explain"];

/// What each crate may depend on inside the house.
const MAY_DEPEND: [(&str, &[&str]); 12] = [
    ("wire", &[]),
    ("stack", &["wire"]),
    ("lab", &["sockets", "stack", "wire"]),
    ("host", &["sockets", "stack", "wire"]),
    ("sockets", &["stack"]),
    ("dialects", &["sockets", "stack"]),
    ("conformance", &["dialects", "host", "lab", "sockets", "stack", "wire"]),
    ("explain", &["dialects", "lab", "sockets", "stack", "wire"]),
    ("world", &["dialects", "explain", "host", "lab", "sockets", "stack", "wire"]),
    ("capi", &["dialects", "host", "lab", "sockets", "stack"]),
    ("conformance-c", &["capi", "conformance", "dialects", "host", "sockets", "stack"]),
    ("cli", &["conformance", "dialects", "explain", "host", "lab", "sockets", "stack", "wire", "world"]),
];

#[test]
fn the_core_knows_no_clock_thread_descriptor_or_print() {
    let forbidden = ["std::", "println!", "eprintln!", "SystemTime", "Instant::now", "extern crate std", "getrandom"];
    for source in core_sources() {
        for (number, line) in source.code_lines() {
            for word in forbidden {
                assert!(!line.contains(word), "{}:{number}: {word} in the core: {line}", source.path.display());
            }
        }
    }
}

#[test]
fn sockets_dialects_and_explain_know_no_clock_thread_descriptor_or_print() {
    let forbidden = [
        "std::time",
        "Instant::now",
        "SystemTime",
        "thread::spawn",
        "thread::sleep",
        "Builder::new().spawn",
        "std::fs",
        "std::os",
        "std::process",
        "std::env",
        "std::io",
        "TcpStream",
        "UdpSocket",
        "println!",
        "getrandom",
        "libc",
        "rustix",
    ];
    for source in sources_of(&WITHOUT_WORLD) {
        for (number, line) in untested_lines(&source) {
            for word in forbidden {
                assert!(!line.contains(word), "{}:{number}: {word}: {line}", source.path.display());
            }
        }
    }
}

#[test]
fn nobody_asks_which_dialect_it_is() {
    for source in sources_of(&["dialects", "sockets", "host", "lab"]) {
        for (number, line) in untested_lines(&source) {
            let asks = ["dialect", "dialect.name", "name"].iter().any(|what| {
                ["winsock1", "winsock2", "targettcp", "bs2000"]
                    .iter()
                    .any(|name| [" == ", " != "].iter().any(|is| line.contains(&format!("{what}{is}\"{name}"))))
            });
            assert!(!asks, "{}:{number}: a branch on the dialect: {line}", source.path.display());
        }
    }
}

#[test]
fn the_core_is_built_without_std_and_without_unsafe() {
    for name in SANS_IO {
        let text = std::fs::read_to_string(root().join(format!("crates/{name}/src/lib.rs"))).unwrap();
        assert!(text.contains("#![no_std]"), "{name} is not no_std");
        assert!(text.contains("#![forbid(unsafe_code)]"), "{name} may use unsafe code");
    }
}

#[test]
fn unsafe_code_stands_only_in_host_and_at_the_c_face_and_says_why_it_is_sound() {
    for source in sources() {
        let lines: Vec<&str> = source.text.lines().collect();
        for (number, line) in source.code_lines() {
            let opens = ["{", "fn", "impl"].iter().any(|what| line.contains(&["unsafe", what].join(" ")));
            if !opens {
                continue;
            }
            let may = ["crates/host", "crates/capi", "crates/conformance-c"].iter().any(|folder| source.is_in(folder));
            assert!(may, "{}:{number}: unsafe outside host and the C face", source.path.display());
            let before = &lines[number.saturating_sub(12)..number];
            let says = before.iter().any(|line| line.contains("SAFETY"));
            assert!(says, "{}:{number}: an unsafe block without SAFETY", source.path.display());
        }
    }
}

#[test]
fn crates_depend_only_downwards() {
    for (name, may) in MAY_DEPEND {
        let manifest = std::fs::read_to_string(root().join(format!("crates/{name}/Cargo.toml"))).unwrap();
        let normal = manifest.split("[dev-dependencies]").next().unwrap_or_default();
        for line in normal.lines().filter(|line| line.starts_with("synsent-")) {
            let dependency = line.trim_start_matches("synsent-").split(['.', ' ', '=']).next().unwrap_or_default();
            assert!(may.contains(&dependency), "{name} depends on {dependency}");
        }
    }
}

#[test]
fn error_numbers_and_option_numbers_of_systems_stand_nowhere_below_the_dialects() {
    let names = ["ECONN", "ETIMEDOUT", "EHOSTUNREACH", "ENETUNREACH", "EADDR", "WSAE", "SO_ERROR", "errno"];
    for source in sources_of(&["wire", "stack", "sockets", "lab"]) {
        for (number, line) in source.code_lines() {
            for name in names {
                assert!(!line.contains(name), "{}:{number}: {name}: {line}", source.path.display());
            }
        }
    }
}

/// What the C face answers with has its number from the dialects. What it compares with the host's own answer is a number of libc.
#[test]
fn the_c_face_gives_no_error_a_number_of_its_own() {
    for source in sources_of(&["capi"]) {
        for (number, line) in untested_lines(&source) {
            let defines = ["const ERROR_", "const WSA", "const WAIT_", "const WM_"];
            let is_number = |line: &str| line.contains(": i32 = ") || line.contains(": u32 = ");
            let names_errno =
                line.split("const E").skip(1).any(|rest| rest.contains(':') && is_error(rest) && rest.len() > 1);
            let defined = (names_errno || defines.iter().any(|name| line.contains(name))) && is_number(line);
            assert!(!defined, "{}:{number}: a number of a system: {line}", source.path.display());
            let chosen = line.split("libc::E").skip(1).any(is_error) && !line.contains("raw_os_error");
            assert!(!chosen, "{}:{number}: a number of the host: {line}", source.path.display());
        }
    }
}

/// Whether a name of libc that begins with E is that of an error, which has no other capitals behind an underscore.
fn is_error(rest: &str) -> bool {
    let name: String = rest.chars().take_while(|one| one.is_ascii_alphanumeric() || *one == '_').collect();
    !name.contains('_')
}

#[test]
fn one_function_assigns_a_tcp_state() {
    let mut assigns = Vec::new();
    for source in sources().filter(|source| source.is_in("crates/stack/src")) {
        for (number, line) in source.code_lines() {
            let line = line.trim();
            let written = [".shape = ", ".our_fin = ", ".their_fin = ", ".closed_first = "];
            if written.iter().any(|field| line.contains(field)) {
                assigns.push((source.path.clone(), number, enclosing_function(&source, number)));
            }
        }
    }
    assert!(!assigns.is_empty(), "the function that assigns a state was not found");
    for (path, number, function) in assigns {
        assert!(path.ends_with("tcp/block.rs"), "{}:{number}: a state is assigned here", path.display());
        assert_eq!(function, "apply", "{}:{number}: a state is assigned here", path.display());
    }
}

#[test]
fn every_source_file_opens_with_what_it_is() {
    for source in sources() {
        let first = source.text.lines().next().unwrap_or_default();
        assert!(first.starts_with("//!"), "{} does not open with its essay", source.path.display());
    }
}

#[test]
fn nothing_unfinished_stands_in_the_sources() {
    let words =
        ["to".to_owned() + "do!(", "unimpl".to_owned() + "emented!(", "FIX".to_owned() + "ME", "XX".to_owned() + "X:"];
    for source in sources() {
        for (number, line) in source.text.lines().enumerate() {
            for word in &words {
                assert!(!line.contains(word.as_str()), "{}:{}: {line}", source.path.display(), number + 1);
            }
            let switched_off = line.trim_start().starts_with("#[ignore") && !line.contains('=');
            assert!(!switched_off, "{}:{}: a test is off without its reason", source.path.display(), number + 1);
        }
    }
}

#[test]
fn no_path_of_a_machine_stands_in_the_sources() {
    let homes = ["/ho".to_owned() + "me/", "/ro".to_owned() + "ot/"];
    for source in sources() {
        for (number, line) in source.text.lines().enumerate() {
            for home in &homes {
                assert!(!line.contains(home.as_str()), "{}:{}: {line}", source.path.display(), number + 1);
            }
        }
    }
}

/// Every limit has a name, a place, and a test that reaches it, as `contract/bounds.toml` lists them.
#[test]
fn every_bound_is_named_and_reached_by_a_test() {
    let text = std::fs::read_to_string(root().join("contract/bounds.toml")).unwrap();
    let table: toml::Table = text.parse().unwrap();
    let bounds = table["bound"].as_array().unwrap();
    let all: Vec<Source> = sources().collect();
    for bound in bounds {
        let name = bound["name"].as_str().unwrap();
        let place = root().join(bound["in"].as_str().unwrap());
        let test = bound["test"].as_str().unwrap();
        let there = std::fs::read_to_string(&place).unwrap_or_default();
        assert!(there.contains(name), "{name} is not in {}", place.display());
        let needle = format!("fn {test}(");
        assert!(all.iter().any(|source| source.text.contains(&needle)), "{name}: no test {test}");
    }
    // A constant that bounds something is in the list, so that none comes without its test.
    let listed: Vec<&str> = bounds.iter().filter_map(|bound| bound["name"].as_str()).collect();
    for source in all.iter().filter(|source| source.is_in("crates/stack/src")) {
        for (number, line) in source.code_lines() {
            let Some(name) = bound_constant(line) else { continue };
            assert!(listed.contains(&name), "{}:{number}: {name} is in no row of bounds.toml", source.path.display());
        }
    }
}

/// The name of a constant that bounds a queue or a table, by the house's way to name one.
fn bound_constant(line: &str) -> Option<&str> {
    let after = line.trim().split("const ").nth(1)?;
    let name = after.split(':').next()?;
    let is_count =
        line.contains(": usize") || line.contains(": u32") || line.contains(": u8") || line.contains(": u16");
    let bounds = ["MAX_RANGES", "_QUEUE_PACKETS", "_QUEUE_OCTETS", "_QUEUE_DATAGRAMS"];
    let is_bound =
        (name.ends_with("_MAX") && !name.starts_with("PERSIST")) || bounds.iter().any(|end| name.ends_with(end));
    (is_count && is_bound).then_some(name)
}

fn enclosing_function(source: &Source, number: usize) -> String {
    let lines: Vec<&str> = source.text.lines().take(number).collect();
    let function = lines.iter().rev().find_map(|line| line.split("fn ").nth(1));
    function.and_then(|rest| rest.split(['(', '<']).next()).unwrap_or_default().to_owned()
}

fn core_sources() -> impl Iterator<Item = Source> {
    sources_of(&SANS_IO)
}

fn sources_of(crates: &[&'static str]) -> impl Iterator<Item = Source> + use<> {
    let folders: Vec<String> = crates.iter().map(|name| format!("crates/{name}/src")).collect();
    sources().filter(move |source| folders.iter().any(|folder| source.is_in(folder)))
}

/// The lines of code before the tests of a file; files of tests have none.
fn untested_lines(source: &Source) -> impl Iterator<Item = (usize, &str)> {
    let is_test = source.path.components().any(|part| part.as_os_str() == "tests")
        || source.path.file_name().is_some_and(|name| name == "tests.rs");
    source.code_lines().take_while(move |(_, line)| !is_test && !line.contains("#[cfg(test)]"))
}
