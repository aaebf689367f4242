//! Writes the manual pages of all dialects into a folder, as man(1) reads them: `man FOLDER HEADERS`.
//!
//! What a call does comes from the tables, how it is declared from the C headers: those of its
//! own system. A call that no header declares has a page without a synopsis.

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

/// Which headers belong to a dialect: those in this folder whose name begins so.
const HEADERS: [(&str, &str, &[&str]); 4] = [
    ("winsock1", "windows", &["winsock.h"]),
    ("winsock2", "windows", &["winsock2.h", "ws2tcpip.h", "mswsock.h"]),
    ("targettcp", "targettcp", &["sockets.h"]),
    ("bs2000", "bs2000", &["sys/", "netinet/", "arpa/", "netdb.h", "unistd.h", "fcntl.h", "poll.h"]),
];

/// A header: its system's folder, how a program includes it, and the declarations in it.
struct Header {
    folder: String,
    name: String,
    statements: Vec<String>,
}

impl Header {
    fn new(folder: String, name: String, text: &str) -> Header {
        let mut code = String::new();
        let mut rest = text;
        while let Some((before, comment)) = rest.split_once("/*") {
            code.push_str(before);
            rest = comment.split_once("*/").map_or("", |(_, after)| after);
        }
        code.push_str(rest);
        let code = code.replace("\\\n", " ");
        let lines: Vec<&str> = code.lines().filter(|line| !line.trim_start().starts_with('#')).collect();
        let statements = lines.join("\n");
        let statements = statements.split([';', '{', '}']);
        Header {
            folder,
            name,
            statements: statements.map(|one| one.split_whitespace().collect::<Vec<_>>().join(" ")).collect(),
        }
    }

    fn is_of(&self, dialect: &Dialect) -> bool {
        HEADERS.iter().any(|(name, folder, begins)| {
            *name == dialect.name && *folder == self.folder && begins.iter().any(|begin| self.name.starts_with(begin))
        })
    }

    /// How it declares a call of a dialect; the labels of the library are no part of that.
    fn declaration(&self, dialect: &Dialect, call: &str) -> Option<Declaration> {
        let named = format!(" {call}(");
        let declares = |statement: &&String| {
            self.is_of(dialect)
                && statement.contains(&named)
                && !statement.contains("typedef")
                && !statement.contains("return")
        };
        let statement = self.statements.iter().find(declares)?;
        let begin = statement.find(&named)?;
        let end = statement[begin..].find(')')? + begin + 1;
        let words =
            statement[..end].split_whitespace().filter(|word| !word.starts_with("SYNSENT_") && *word != "extern");
        let text = words.collect::<Vec<_>>().join(" ").replace("__CONST_SOCKADDR_ARG", "const struct sockaddr *");
        let text = text.replace("__SOCKADDR_ARG", "struct sockaddr *").replace("synsent_bs2000_length", "socklen_t *");
        let text = text.replace("synsent_targettcp_", "").replace("synsent_windows_", "").replace("* ", "*");
        Some(Declaration { header: self.name.clone(), text: format!("{text};") })
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
                let mut parts = path.strip_prefix(folder)?.components();
                let system = parts.next().map(|part| part.as_os_str().to_string_lossy().into_owned());
                let name = parts.as_path().display().to_string();
                headers.push(Header::new(system.unwrap_or_default(), name, &fs::read_to_string(&path)?));
            }
        }
    }
    headers.sort_by(|one, other| one.name.cmp(&other.name));
    Ok(headers)
}
