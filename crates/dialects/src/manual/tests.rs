//! The printed pages say what the documents say, in their order.

use super::{difference, page};
use crate::bs2000::BS2000;
use crate::registry::DIALECTS;
use crate::targettcp::TARGETTCP;
use crate::winsock1::WINSOCK1;
use crate::winsock2::WINSOCK2;

/// The text from one line to the next one that begins like the other.
fn between<'a>(text: &'a str, from: &str, to: &str) -> &'a str {
    let begin = text.find(from).unwrap_or_else(|| panic!("{from:?} is missing in\n{text}"));
    let end = text[begin + from.len()..].find(to).map_or(text.len(), |end| begin + from.len() + end);
    &text[begin..end]
}

#[test]
fn no_line_is_wider_than_80_columns_and_none_ends_in_a_blank() {
    let mut texts: Vec<String> = DIALECTS.iter().map(|dialect| page(dialect)).collect();
    for first in DIALECTS {
        texts.extend(DIALECTS.iter().map(|second| difference(first, second)));
    }
    for line in texts.iter().flat_map(|text| text.lines()) {
        assert!(line.chars().count() <= 80, "{line}");
        assert_eq!(line.trim_end(), line);
    }
}

#[test]
fn every_fact_fits_beside_the_longest_result() {
    for fact in crate::Fact::ALL {
        assert!(fact.words().len() <= 40, "{}", fact.words());
    }
}

#[test]
fn targettcp_tells_its_rules_of_connect_in_their_order() {
    let text = page(&TARGETTCP);
    let rules = between(&text, "RULES OF connect", "ERRORS");
    let order = [
        "the system was not started",
        "ENETDOWN",
        "the handle belongs to nothing",
        "ENOTSOCK",
        "the name is the null pointer",
        "EFAULT",
        "the socket listens",
        "EOPNOTSUPP",
        "an opening is under way",
        "EALREADY",
        "the socket has a peer",
        "EISCONN",
        "the name is too short",
        "EINVAL",
        "the family is not",
        "EAFNOSUPPORT",
        "the address is zero",
        "EDESTADDRREQ",
        "the address is multicast",
        "EADDRNOTAVAIL",
        "in all other cases",
        "carried out",
    ];
    let mut at = 0;
    for words in order {
        let found = rules[at..].find(words).unwrap_or_else(|| panic!("{words:?} comes too late in\n{rules}"));
        at += found;
    }
    assert!(rules.contains("[targettcp.error.netdown]"));
}

#[test]
fn an_error_tells_its_number_and_what_brings_it_about() {
    let text = page(&TARGETTCP);
    let entry = between(&text, "EHOSTUNREACH (113)", "\n\n");
    assert!(entry.contains("timed out after a router had said unreachable"), "{entry}");
    let text = page(&BS2000);
    let entry = between(&text, "EINVAL (22)", "\n\n");
    assert!(entry.contains("connect: the last opening was refused, streams"), "{entry}");
    let entry = between(&text, "ENOENT (2)", "\n\n");
    assert!(entry.contains("connect: the path is empty, local"), "{entry}");
    assert!(entry.contains("the network: no such path"), "{entry}");
}

#[test]
fn surrounding_calls_options_and_ways_are_on_the_page() {
    let text = page(&BS2000);
    let others = between(&text, "OTHER CALLS", "OPTIONS");
    for call in
        ["bind", "listen", "accept", "sendto", "recvfrom", "select", "shutdown", "close", "getpeername", "ioctl"]
    {
        assert!(others.contains(&format!("\n     {call}\n")), "{call} is missing in\n{others}");
    }
    assert!(between(&text, "OPTIONS", "WAYS").contains("SO_BROADCAST"));
    let ways = between(&text, "WAYS", "\u{0}");
    assert!(ways.contains("given up after 75"), "{ways}");
}

#[test]
fn windows_sockets_1_and_2_differ_in_the_zero_address_of_datagrams() {
    let text = difference(&WINSOCK1, &WINSOCK2);
    let connect = between(&text, "\nconnect\n", "\nlisten\n");
    let row = between(connect, "the address is zero (datagram)", "\n\n");
    assert!(row.contains("WSAEADDRNOTAVAIL"), "{row}");
    assert!(row.contains("the peer is given up"), "{row}");
}

#[test]
fn targettcp_and_bs2000_differ_where_their_documents_do() {
    let text = difference(&TARGETTCP, &BS2000);
    let connect = between(&text, "\nconnect\n", "\nlisten\n");
    let of = |fact: &str| between(connect, fact, "\n\n").to_owned();
    let zero = of("the address is zero (both)");
    assert!(zero.contains("EDESTADDRREQ") && zero.contains("EADDRNOTAVAIL"), "{zero}");
    let null = of("the name is the null pointer (datagram)");
    assert!(null.contains("EFAULT") && null.contains("the peer is given up"), "{null}");
    let refused = of("the last opening was refused (stream)");
    assert!(refused.contains("carried out") && refused.contains("EINVAL"), "{refused}");
    let long = of("the name is too long for its family (both)");
    assert!(long.contains("carried out") && long.contains("EINVAL"), "{long}");
    let handle = of("the handle belongs to nothing (no socket)");
    assert!(handle.contains("ENOTSOCK") && handle.contains("EBADF"), "{handle}");
    assert!(text.contains("Only bs2000 has local paths."));
    assert!(between(&text, "WAYS", "\u{0}").contains("descriptors"));
}

#[test]
fn a_contract_does_not_differ_from_itself() {
    let text = difference(&BS2000, &BS2000);
    assert_eq!(text, "bs2000 AND bs2000\n");
}

#[test]
fn pages_that_agree_about_two_facts_alone_tell_where_their_order_differs() {
    let text = difference(&WINSOCK2, &TARGETTCP);
    // Of a stream that listens both say "not connected", and of a negative length "invalid": BSD looks at the length first.
    let recv = between(&text, "\nrecv\n", "\nrecvfrom\n");
    let row = between(recv, "Two at once: targettcp goes by \"a length is negative\", winsock2 by", "\n\n");
    assert!(row.contains("- the socket listens (stream)"), "{row}");
    let connect = between(&text, "\nconnect\n", "\nWSAStartup");
    assert!(!connect.contains("Two at once"), "connect asks in one order in all documents");
}

#[test]
fn what_cannot_be_is_not_compared_and_what_connect_says_of_handles_is_said_once() {
    let text = difference(&WINSOCK2, &BS2000);
    assert!(!text.contains("the socket listens (datagram)") && !text.contains("the network answers: no such path"));
    assert_eq!(text.matches("the handle belongs to nothing").count(), 1);
    assert!(text.contains("What stands here of a start and of handles is so for the other calls too."));
    assert!(text.contains("Only bs2000: fcntl, poll."));
    let unspecified = difference(&WINSOCK1, &WINSOCK2);
    let row = between(&unspecified, "the family is \"unspecified\"", "\n\n");
    assert!(row.contains("WSAEAFNOSUPPORT") && row.contains("the peer is given up"), "{row}");
}

#[test]
fn a_call_that_only_one_system_has_is_told_so_and_not_compared() {
    let text = difference(&WINSOCK2, &TARGETTCP);
    assert!(text.contains("Only winsock2: WSACleanup") && !text.contains("/ cleanup"), "{text}");
    assert!(text.contains("\nWSAStartup / target_tcp_init\n"), "both have a start");
    let text = difference(&WINSOCK2, &BS2000);
    assert!(text.contains("Only winsock2: WSAStartup, WSACleanup") && !text.contains("/ startup"), "{text}");
}

#[test]
fn a_page_declares_its_call_and_names_no_path_where_there_is_none() {
    assert!(page(&TARGETTCP).contains("int connect(int socket, const void *addr, socklen_t addrlen);"));
    assert!(!page(&WINSOCK2).contains("such path") && page(&BS2000).contains("such path"));
    assert!(page(&BS2000).contains("\n     poll\n") && page(&BS2000).contains("\n     fcntl\n"));
}
