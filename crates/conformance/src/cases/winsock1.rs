//! The clauses of winsock1.

use super::Shown;

/// The functions and the cases.
pub(super) fn shown() -> Option<Shown> {
    None
}
