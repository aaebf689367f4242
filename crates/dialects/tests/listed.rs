//! The errors that the documents list for connect, written down from them: each can be told, and what is told beyond the list is
//! known and has its reason.

use std::collections::BTreeSet;

use synsent_dialects::{Dialect, Verdict, bs2000, targettcp, winsock1, winsock2};
use synsent_sockets::Outcome;

/// What can come of an opening, whoever provides it.
const OF_OPENINGS: &[Outcome] = &[
    Outcome::ConnectStarted,
    Outcome::Refused,
    Outcome::TimedOut,
    Outcome::TimedOutUnreachable,
    Outcome::NetworkUnreachable,
    Outcome::HostUnreachable,
    Outcome::Prohibited,
    Outcome::NetworkDown,
    Outcome::AddressInUse,
    Outcome::NoPorts,
    Outcome::BadPeer,
    Outcome::NoBuffers,
    Outcome::NoDescriptors,
    Outcome::PermissionDenied,
    Outcome::Interrupted,
    Outcome::Cancelled,
    Outcome::AlreadyConnected,
    Outcome::AlreadyConnecting,
    Outcome::DomainUnsupported,
];
/// What else can come of one that a path leads to.
const OF_PATHS: &[Outcome] = &[
    Outcome::PathMissing,
    Outcome::NotDirectory,
    Outcome::PathTooLong,
    Outcome::PathLoop,
    Outcome::NotListening,
    Outcome::WrongKind,
];

/// The names of all errors that connect can tell.
fn told(dialect: &Dialect) -> BTreeSet<&'static str> {
    let page = &dialect.pages.connect;
    let of_rules = page.rules.iter().filter_map(|rule| match rule.then {
        Verdict::Fail(word) => Some(word),
        _ => None,
    });
    let paths = if dialect.names.local.is_some() { OF_PATHS } else { &[] };
    let of_answers = OF_OPENINGS.iter().chain(paths).map(|outcome| {
        let row = page.answers.iter().find(|row| row.outcome == *outcome);
        row.map_or(dialect.words[*outcome as usize].word, |row| row.word)
    });
    of_rules.chain(of_answers).map(|word| dialect.spelling(word).expect("every word is spelled").name).collect()
}

fn set(names: &str) -> BTreeSet<&str> {
    names.split_whitespace().collect()
}

/// `beyond`: what is told without being listed.
fn check(dialect: &Dialect, listed: &str, beyond: &str) {
    let expected: BTreeSet<&str> = &set(listed) | &set(beyond);
    assert_eq!(told(dialect), expected, "{}", dialect.name);
    assert!(set(listed).is_disjoint(&set(beyond)), "the lists contradict");
}

/// Beyond its list: a broadcast without SO_BROADCAST, for which send's page has the word.
#[test]
fn windows_sockets_1_tells_what_its_document_lists() {
    let listed = "WSANOTINITIALISED WSAENETDOWN WSAEADDRINUSE WSAEINTR WSAEINPROGRESS WSAEADDRNOTAVAIL WSAEAFNOSUPPORT
        WSAECONNREFUSED WSAEDESTADDRREQ WSAEFAULT WSAEINVAL WSAEISCONN WSAEMFILE WSAENETUNREACH WSAENOBUFS WSAENOTSOCK
        WSAETIMEDOUT WSAEWOULDBLOCK";
    check(&winsock1::WINSOCK1, listed, "WSAEACCES");
}

/// Beyond its list: Windows and today's page of connect tell WSAEHOSTUNREACH.
#[test]
fn windows_sockets_2_tells_what_its_document_lists() {
    let listed = "WSANOTINITIALISED WSAENETDOWN WSAEADDRINUSE WSAEINTR WSAEINPROGRESS WSAEALREADY WSAEADDRNOTAVAIL
        WSAEAFNOSUPPORT WSAECONNREFUSED WSAEFAULT WSAEINVAL WSAEISCONN WSAENETUNREACH WSAENOBUFS WSAENOTSOCK WSAETIMEDOUT
        WSAEWOULDBLOCK WSAEACCES";
    check(&winsock2::WINSOCK2, listed, "WSAEHOSTUNREACH");
}

/// Beyond its list: a broadcast without SO_BROADCAST, a signal, and a call that another thread took back.
#[test]
fn targettcp_tells_what_its_document_lists() {
    let listed =
        "EADDRINUSE EADDRNOTAVAIL EAFNOSUPPORT EALREADY ECONNREFUSED EDESTADDRREQ EFAULT EHOSTUNREACH EINPROGRESS
        EINVAL EISCONN ENETDOWN ENETUNREACH ENOBUFS ENOTSOCK EOPNOTSUPP ETIMEDOUT";
    check(&targettcp::TARGETTCP, listed, "EACCES EINTR ECONNABORTED");
}

/// Beyond its list: the first non-blocking call, a socket that listens, links in a circle, and a socket of the other type.
#[test]
fn bs2000_tells_what_its_document_lists() {
    let listed =
        "EADDRINUSE EADDRNOTAVAIL EAFNOSUPPORT EALREADY EBADF ECONNREFUSED EFAULT EINTR EINVAL EISCONN ENETUNREACH
        ENETDOWN ENOBUFS ENOTSOCK ETIMEDOUT EACCES EDESTADDRREQ ENAMETOOLONG ENOENT ENOTDIR";
    check(&bs2000::BS2000, listed, "EINPROGRESS EOPNOTSUPP ELOOP EPROTOTYPE");
}
