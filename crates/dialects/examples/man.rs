//! Writes the manual pages of all dialects into a folder, as man(1) reads them: `man FOLDER HEADERS`.
//!
//! What a call does comes from the tables, how it is declared from the C headers: the declaration whose label names the call. A call
//! that no header declares has a page without a synopsis.

use std::error::Error;
use std::path::{Path, PathBuf};
use std::{env, fs};

use synsent_dialects::manual::sheet::{self, Declaration};
use synsent_dialects::{DIALECTS, Dialect};

fn main() -> Result<(), Box<dyn Error>> {
    let folders: Vec<PathBuf> = env::args_os().skip(1).map(PathBuf::from).collect();
    let [into, headers] = &folders[..] else { return Err("usage: man FOLDER HEADERS".into()) };
    let headers = headers_below(headers)?;
    let (calls, overviews) = (into.join("man3"), into.join("man7"));
    fs::create_dir_all(&calls)?;
    fs::create_dir_all(&overviews)?;
    for dialect in DIALECTS {
        for page in sheet::calls(dialect) {
            let declaration = headers.iter().find_map(|header| header.declaration(dialect, page.call));
            let text = sheet::sheet(dialect, &page, declaration.as_ref());
            fs::write(calls.join(format!("{}.{}", page.call, sheet::section(dialect))), text)?;
        }
        fs::write(overviews.join(format!("{}.7", sheet::overview_name(dialect))), sheet::overview(dialect))?;
    }
    Ok(())
}

/// A header: how a program includes it, and what it says.
struct Header {
    name: String,
    text: String,
}

impl Header {
    /// How it declares a call of a dialect.
    fn declaration(&self, dialect: &Dialect, call: &str) -> Option<Declaration> {
        let label = format!("({}, {call})", dialect.name);
        let end = self.text.find(&label)?;
        let before = &self.text[..end];
        // The label is the last word of the declaration, which begins behind the end of what stands before it.
        let before = &before[..before.rfind(|c: char| !(c.is_alphanumeric() || c == '_')).map_or(0, |at| at + 1)];
        let begin = [";", "{", "}", "*/"].iter().filter_map(|end| before.rfind(end).map(|at| at + end.len())).max();
        let lines = before[begin.unwrap_or(0)..].lines().filter(|line| !line.trim_start().starts_with('#'));
        let words: Vec<&str> = lines.flat_map(str::split_whitespace).collect();
        let text = format!("{};", words.join(" "));
        text.contains(&format!("{call}(")).then(|| Declaration { header: self.name.clone(), text })
    }
}

/// All headers below a folder, in the order of their names. The first folder is that of the system and no part of a name.
fn headers_below(folder: &Path) -> Result<Vec<Header>, Box<dyn Error>> {
    let mut headers = Vec::new();
    let mut folders = vec![folder.to_path_buf()];
    while let Some(next) = folders.pop() {
        for entry in fs::read_dir(&next)? {
            let path = entry?.path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "h") {
                let name: PathBuf = path.strip_prefix(folder)?.components().skip(1).collect();
                headers.push(Header { name: name.display().to_string(), text: fs::read_to_string(&path)? });
            }
        }
    }
    headers.sort_by(|one, other| one.name.cmp(&other.name));
    Ok(headers)
}
