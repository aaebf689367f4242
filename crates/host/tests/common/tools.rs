//! Programs that a test runs.

use crate::skip::skip;

/// Whether a program is installed; where it is not, says what is skipped, or fails under CI.
pub(crate) fn has_tool(tool: &str) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let found = std::env::split_paths(&path).any(|folder| folder.join(tool).is_file());
    assert!(found || skip(tool), "{tool} is missing");
    found
}
