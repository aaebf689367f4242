//! The clauses of BS2000 SOCKETS(POSIX).

use super::Shown;
use super::common;
use crate::api::Api;
use crate::api::posix::posix_api;
use crate::case::Case;

/// There is no initialization; AF_INET, AF_INET6 and AF_UNIX are the host's.
static API: Api = posix_api!(bs2000, BS2000, start: || true, close: close, ioctl: ioctl, [2, 10, 1]);

static CASES: &[Case] = &[
    Case::outcome("bs2000.establish", "the peer answers", common::establishes),
    Case::outcome("bs2000.error.connrefused", "a reset answers the SYN", common::refused),
];

/// The functions and the cases.
pub(super) fn shown() -> Option<Shown> {
    Some((&API, CASES))
}
