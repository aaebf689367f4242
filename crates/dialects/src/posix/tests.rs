//! The tables of TargetTCP and BS2000 against their documents' lists of errors.

use std::collections::BTreeSet;

use crate::bs2000::BS2000;
use crate::dialect::Dialect;
use crate::page::Verdict;
use crate::targettcp::TARGETTCP;

/// The names of all errors that connect can say: what its page finds and what the network may answer.
fn said_by_connect(dialect: &Dialect) -> BTreeSet<&'static str> {
    let found = dialect.pages.connect.rules.iter().filter_map(|rule| match rule.then {
        Verdict::Fail(word) => Some(word),
        _ => None,
    });
    let words = found.chain(dialect.words.iter().map(|row| row.word));
    words.map(|word| dialect.spelling(word).unwrap().name).collect()
}

/// The errors of a document, with the numbers that Linux's `<errno.h>` gives them.
fn lists(dialect: &Dialect, documented: &[(&str, i32)]) {
    let said = said_by_connect(dialect);
    for (name, number) in documented {
        assert!(said.contains(name), "{} never says {name}", dialect.name);
        let spelling = dialect.spellings.iter().find(|spelling| spelling.name == *name).unwrap();
        assert_eq!(spelling.number, *number, "{name}");
    }
}

#[test]
fn targettcp_can_say_every_error_of_its_document() {
    lists(
        &TARGETTCP,
        &[
            ("EADDRINUSE", 98),
            ("EADDRNOTAVAIL", 99),
            ("EAFNOSUPPORT", 97),
            ("EALREADY", 114),
            ("ECONNREFUSED", 111),
            ("EDESTADDRREQ", 89),
            ("EFAULT", 14),
            ("EHOSTUNREACH", 113),
            ("EINPROGRESS", 115),
            ("EINVAL", 22),
            ("EISCONN", 106),
            ("ENETDOWN", 100),
            ("ENETUNREACH", 101),
            ("ENOBUFS", 105),
            ("ENOTSOCK", 88),
            ("EOPNOTSUPP", 95),
            ("ETIMEDOUT", 110),
        ],
    );
}

#[test]
fn bs2000_can_say_every_error_of_its_document() {
    lists(
        &BS2000,
        &[
            ("EADDRINUSE", 98),
            ("EADDRNOTAVAIL", 99),
            ("EAFNOSUPPORT", 97),
            ("EALREADY", 114),
            ("EBADF", 9),
            ("ECONNREFUSED", 111),
            ("EFAULT", 14),
            ("EINTR", 4),
            ("EINVAL", 22),
            ("EISCONN", 106),
            ("ENETUNREACH", 101),
            ("ENETDOWN", 100),
            ("ENOBUFS", 105),
            ("ENOTSOCK", 88),
            ("ETIMEDOUT", 110),
            ("EACCES", 13),
            ("EDESTADDRREQ", 89),
            ("ENAMETOOLONG", 36),
            ("ENOENT", 2),
            ("ENOTDIR", 20),
        ],
    );
}
