//! The clauses of Windows Sockets 1.1.

use super::Shown;
use super::common;
use crate::api::Api;
use crate::api::windows::windows_api;
use crate::case::Case;

/// Version 1.1; AF_INET alone, as winsock.h of that time has it.
static API: Api = windows_api!(winsock1, WINSOCK1, 0x0101, [2, 23, 1]);

static CASES: &[Case] = &[
    Case::outcome("winsock1.establish", "the peer answers", common::establishes),
    Case::outcome("winsock1.error.connrefused", "a reset answers the SYN", common::refused),
];

/// The functions and the cases.
pub(super) fn shown() -> Option<Shown> {
    Some((&API, CASES))
}
