//! The clauses of targettcp.

use super::Shown;

/// The functions and the cases.
pub(super) fn shown() -> Option<Shown> {
    None
}
