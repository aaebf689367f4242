//! What an error number means, as FormatMessage tells it: those of Windows Sockets, and those of the system that calls here say.

use super::errors::SPELLINGS;
use super::system::{MEANINGS, WAIT_TIMEOUT};

/// Numbers that are no errors of the system, or of Windows Sockets and no call of sockets says them.
const OTHERS: &[(i32, &str)] = &[
    (WAIT_TIMEOUT as i32, "The time of waiting was over."),
    (10046, "The protocol family does not exist here."),
    (10059, "Too many references."),
    (10066, "A directory is not empty."),
    (10067, "As many programs use Windows Sockets as may."),
    (10068, "Too many users."),
    (10069, "A quota is exhausted."),
    (10070, "A reference to a file is stale."),
    (10071, "It is remote."),
    (10101, "The peer has begun to end the connection."),
    (10109, "No service of the name has the type of socket."),
    (11001, "No such host is known."),
    (11002, "The name could not be looked up now."),
    (11003, "Name service has failed for good."),
    (11004, "The name is valid and has no record of the type that was asked for."),
];

/// The meaning of a number; `None` where there is none.
pub fn text_of_error(number: i32) -> Option<&'static str> {
    let of_sockets = SPELLINGS.iter().find(|spelling| spelling.number == number).map(|spelling| spelling.meaning);
    of_sockets.or_else(|| MEANINGS.iter().chain(OTHERS).find(|(known, _)| *known == number).map(|(_, text)| *text))
}
