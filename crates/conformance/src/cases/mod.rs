//! The cases: one file a dialect, and one for what they share. How a case is written is told at the crate's head.

mod background;
mod bs2000;
mod bs2000_local;
mod common;
mod datagrams;
mod messages;
mod targettcp;
mod winsock1;
mod winsock2;
mod winsock2_only;
mod wrong;

use crate::api::Api;
use crate::case::Case;

/// The functions of a dialect and its cases.
type Shown = (&'static Api, &'static [Case]);

/// Of all dialects, in the order of the contract.
pub fn all() -> impl Iterator<Item = Shown> {
    crate::contract::DIALECTS.into_iter().filter_map(of)
}

/// Of one dialect.
pub fn of(dialect: &str) -> Option<Shown> {
    match dialect {
        "winsock1" => winsock1::shown(),
        "winsock2" => winsock2::shown(),
        "targettcp" => targettcp::shown(),
        "bs2000" => bs2000::shown(),
        _ => None,
    }
}
