//! The sources of the house, for tests that read them.

use std::path::{Path, PathBuf};

/// One source file.
pub(crate) struct Source {
    /// Where it is.
    pub(crate) path: PathBuf,
    /// What it says.
    pub(crate) text: String,
}

impl Source {
    /// Whether the file stands below a folder of the project.
    #[allow(dead_code, reason = "each test that reads sources is a program of its own and uses its part")]
    pub(crate) fn is_in(&self, folder: &str) -> bool {
        self.path.starts_with(root().join(folder))
    }

    /// Lines of code before the file's own tests, with their numbers; comments are left out.
    #[allow(dead_code, reason = "each test that reads sources is a program of its own and uses its part")]
    pub(crate) fn code_lines(&self) -> impl Iterator<Item = (usize, &str)> {
        let is_test_file = self.path.ends_with("tests.rs");
        let lines = self.text.lines().enumerate().take_while(|(_, line)| !line.starts_with("#[cfg(test)]"));
        lines
            .filter(move |_| !is_test_file)
            .filter(|(_, line)| !line.trim_start().starts_with("//"))
            .map(|(index, line)| (index + 1, line))
    }
}

/// The folder of the workspace.
pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().unwrap()
}

/// Every Rust source of the workspace, in the order of paths.
pub(crate) fn sources() -> impl Iterator<Item = Source> {
    let mut paths = Vec::new();
    for folder in ["crates", "bench", "fuzz"] {
        collect(&root().join(folder), &mut paths);
    }
    paths.sort();
    paths.into_iter().map(|path| {
        let text = std::fs::read_to_string(&path).unwrap();
        Source { path, text }
    })
}

fn collect(folder: &Path, paths: &mut Vec<PathBuf>) {
    let Ok(entries) = std::fs::read_dir(folder) else { return };
    for entry in entries {
        let path = entry.unwrap().path();
        if path.is_dir() && !path.ends_with("target") {
            collect(&path, paths);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            paths.push(path);
        }
    }
}
