//! The dialects that there are: one line each.

use crate::dialect::Dialect;

/// All dialects, in the order of their documents.
pub static DIALECTS: &[&Dialect] =
    &[&crate::winsock1::WINSOCK1, &crate::winsock2::WINSOCK2, &crate::targettcp::TARGETTCP, &crate::bs2000::BS2000];

/// The dialect of a short name.
pub fn dialect_named(name: &str) -> Option<&'static Dialect> {
    DIALECTS.iter().find(|dialect| dialect.name == name).copied()
}
