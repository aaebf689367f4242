//! The clauses of bs2000.

use super::Shown;

/// The functions and the cases.
pub(super) fn shown() -> Option<Shown> {
    None
}
