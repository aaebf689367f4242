//! Every requirement of `contract/rfc-checklist.md` stands in the code where it is done and above a test that shows it, or in
//! `contract/exceptions.toml` with the reason.

mod sources;

use std::collections::{BTreeMap, BTreeSet};

use sources::{Source, root, sources};

/// Where an id was found.
#[derive(Default, Clone, Copy)]
struct Found {
    code: bool,
    test: bool,
}

#[test]
fn every_requirement_is_done_and_shown_or_excepted_with_a_reason() {
    let checklist = checklist_ids();
    assert!(checklist.len() > 150, "the checklist was not read: {} ids", checklist.len());
    let found = found_ids();
    let exceptions = exceptions();
    let mut missing = Vec::new();
    for id in &checklist {
        let Found { code, test } = found.get(id).copied().unwrap_or_default();
        let excepted = exceptions.get(id).map(String::as_str);
        let lacks = match (code, test) {
            (true, true) => None,
            (true, false) => Some("test"),
            (false, true) => Some("code"),
            (false, false) => Some("code and test"),
        };
        match (lacks, excepted) {
            (Some(lacks), None) => missing.push(format!("{id}: no {lacks}")),
            (Some(lacks), Some(allowed)) => assert_eq!(lacks, allowed, "{id}: the exception says something else"),
            (None, Some(_)) => missing.push(format!("{id}: is done and shown, and still excepted")),
            (None, None) => {}
        }
    }
    assert!(missing.is_empty(), "{} of {} requirements:\n{}", missing.len(), checklist.len(), missing.join("\n"));
    let unknown: Vec<&String> = found.keys().filter(|id| !checklist.contains(*id)).collect();
    assert!(unknown.is_empty(), "ids that no document has: {unknown:?}");
    let strange: Vec<&String> = exceptions.keys().filter(|id| !checklist.contains(*id)).collect();
    assert!(strange.is_empty(), "exceptions from nothing: {strange:?}");
}

/// The ids of the checklist's tables; those of the first table carry the RFC's number.
fn checklist_ids() -> BTreeSet<String> {
    let text = std::fs::read_to_string(root().join("contract/rfc-checklist.md")).unwrap();
    let cells = text.lines().filter_map(|line| line.strip_prefix("| ")?.split(" |").next());
    let ids = cells.filter(|cell| cell.chars().any(|letter| letter.is_ascii_digit()) && !cell.contains(' '));
    ids.map(|id| match ["MUST-", "SHLD-", "MAY-", "REC-"].iter().any(|kind| id.starts_with(kind)) {
        true => format!("9293/{id}"),
        false => id.to_owned(),
    })
    .collect()
}

fn found_ids() -> BTreeMap<String, Found> {
    let mut found: BTreeMap<String, Found> = BTreeMap::new();
    for source in sources() {
        let mut in_tests = is_test_file(&source);
        for line in source.text.lines() {
            in_tests |= line.starts_with("#[cfg(test)]");
            for id in ids_of(line) {
                let entry = found.entry(id).or_default();
                entry.test |= in_tests;
                entry.code |= !in_tests;
            }
        }
    }
    found
}

/// The ids of a comment line: `// 9293/MUST-15`, several with commas between them, and a sentence after a colon.
fn ids_of(line: &str) -> Vec<String> {
    let Some(comment) = line.trim_start().strip_prefix("//") else { return Vec::new() };
    let comment = comment.trim_start_matches(['/', '!']).trim_start();
    let words = comment.split([' ', ',', ';', ':', '(', ')', '.']);
    words.filter(|word| is_id(word)).map(str::to_owned).collect()
}

fn is_id(word: &str) -> bool {
    let Some((document, clause)) = word.split_once('/') else { return false };
    let is_document = document == "conn" || document.len() == 4 && document.bytes().all(|byte| byte.is_ascii_digit());
    let clause_ends = clause.bytes().last().is_some_and(|byte| byte.is_ascii_digit());
    let letters = clause.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'-');
    is_document && clause_ends && letters
}

fn is_test_file(source: &Source) -> bool {
    // Where the house itself stands says nothing.
    let path = source.path.strip_prefix(root()).unwrap_or(&source.path).to_string_lossy();
    path.contains("/tests/") || path.ends_with("tests.rs")
}

/// The exceptions, with what each lets be missing.
fn exceptions() -> BTreeMap<String, String> {
    let text = std::fs::read_to_string(root().join("contract/exceptions.toml")).unwrap();
    let table: toml::Table = text.parse().unwrap();
    let mut exceptions = BTreeMap::new();
    for exception in table["exception"].as_array().unwrap() {
        let text_of = |key: &str| exception[key].as_str().unwrap().to_owned();
        assert!(text_of("reason").len() > 20, "{}: a reason is a sentence", text_of("id"));
        assert!(exceptions.insert(text_of("id"), text_of("missing")).is_none(), "{} stands twice", text_of("id"));
    }
    exceptions
}
