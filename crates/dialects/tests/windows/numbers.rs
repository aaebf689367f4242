//! The tables against the headers of 1993 and 1996, and against each other.

use synsent_dialects::winsock1::{self, WINSOCK1};
use synsent_dialects::winsock2::{self, WINSOCK2};
use synsent_dialects::{Dialect, Fact, Verdict, Word};

/// The error codes of the 1.1 specification, appendix A.
const CODES: &[(&str, i32)] = &[
    ("WSAEINTR", 10004),
    ("WSAEBADF", 10009),
    ("WSAEACCES", 10013),
    ("WSAEFAULT", 10014),
    ("WSAEINVAL", 10022),
    ("WSAEMFILE", 10024),
    ("WSAEWOULDBLOCK", 10035),
    ("WSAEINPROGRESS", 10036),
    ("WSAEALREADY", 10037),
    ("WSAENOTSOCK", 10038),
    ("WSAEDESTADDRREQ", 10039),
    ("WSAEMSGSIZE", 10040),
    ("WSAEPROTOTYPE", 10041),
    ("WSAENOPROTOOPT", 10042),
    ("WSAEPROTONOSUPPORT", 10043),
    ("WSAESOCKTNOSUPPORT", 10044),
    ("WSAEOPNOTSUPP", 10045),
    ("WSAEAFNOSUPPORT", 10047),
    ("WSAEADDRINUSE", 10048),
    ("WSAEADDRNOTAVAIL", 10049),
    ("WSAENETDOWN", 10050),
    ("WSAENETUNREACH", 10051),
    ("WSAENETRESET", 10052),
    ("WSAECONNABORTED", 10053),
    ("WSAECONNRESET", 10054),
    ("WSAENOBUFS", 10055),
    ("WSAEISCONN", 10056),
    ("WSAENOTCONN", 10057),
    ("WSAESHUTDOWN", 10058),
    ("WSAETIMEDOUT", 10060),
    ("WSAECONNREFUSED", 10061),
    ("WSAELOOP", 10062),
    ("WSAENAMETOOLONG", 10063),
    ("WSAEHOSTDOWN", 10064),
    ("WSAEHOSTUNREACH", 10065),
    ("WSASYSNOTREADY", 10091),
    ("WSAVERNOTSUPPORTED", 10092),
    ("WSANOTINITIALISED", 10093),
    ("WSAHOST_NOT_FOUND", 11001),
    ("WSATRY_AGAIN", 11002),
    ("WSANO_RECOVERY", 11003),
    ("WSANO_DATA", 11004),
];

#[test]
fn codes_have_the_numbers_of_the_header() {
    for dialect in [&WINSOCK1, &WINSOCK2] {
        let spelled: Vec<_> = dialect.spellings.iter().map(|spelling| (spelling.name, spelling.number)).collect();
        assert_eq!(spelled, CODES);
    }
    let of_names =
        [winsock1::WSAHOST_NOT_FOUND, winsock1::WSATRY_AGAIN, winsock1::WSANO_RECOVERY, winsock1::WSANO_DATA];
    assert_eq!(of_names, [11001, 11002, 11003, 11004]);
    assert_eq!((winsock1::WSAEPFNOSUPPORT, winsock1::WSAETOOMANYREFS), (10046, 10059));
    assert_eq!((winsock1::WSAEDESTADDREQ, winsock1::WSAEDESTADDRREQ), (10039, 10039));
}

#[test]
fn options_and_requests_have_the_numbers_of_the_headers() {
    let of_socket = [
        ("SO_ACCEPTCONN", 0x0002),
        ("SO_REUSEADDR", 0x0004),
        ("SO_KEEPALIVE", 0x0008),
        ("SO_DONTROUTE", 0x0010),
        ("SO_BROADCAST", 0x0020),
        ("SO_LINGER", 0x0080),
        ("SO_OOBINLINE", 0x0100),
        ("SO_DONTLINGER", -129),
        ("SO_SNDBUF", 0x1001),
        ("SO_RCVBUF", 0x1002),
        ("SO_ERROR", 0x1007),
        ("SO_TYPE", 0x1008),
    ];
    let of_two = [
        ("SO_EXCLUSIVEADDRUSE", -5),
        ("SO_SNDTIMEO", 0x1005),
        ("SO_RCVTIMEO", 0x1006),
        ("SO_CONNECT_TIME", 0x700c),
        ("SO_GROUP_ID", 0x2001),
        ("SO_MAX_MSG_SIZE", 0x2003),
    ];
    let told = |dialect: &Dialect| -> Vec<_> {
        dialect.options.iter().filter(|row| row.level == 0xffff).map(|row| (row.name, row.number)).collect()
    };
    assert_eq!(told(&WINSOCK1), of_socket);
    assert_eq!(told(&WINSOCK2), [&of_socket[..], &of_two[..]].concat());
    let requests: Vec<_> = WINSOCK1.ioctls.iter().map(|row| (row.name, row.number)).collect();
    assert_eq!(requests, [("FIONBIO", 0x8004_667e), ("FIONREAD", 0x4004_667f), ("SIOCATMARK", 0x4004_7307)]);
    assert_eq!((winsock2::AF_INET, winsock2::AF_INET6, winsock2::SOL_SOCKET), (2, 23, 0xffff));
}

#[test]
fn each_page_says_nothing_that_the_dialect_cannot_spell_and_ends_for_everybody() {
    for dialect in [&WINSOCK1, &WINSOCK2] {
        for page in dialect.pages.all() {
            let said = page.rules.iter().filter_map(|rule| match rule.then {
                Verdict::Fail(word) => Some(word),
                _ => None,
            });
            let words: Vec<Word> = said.chain(page.answers.iter().map(|row| row.word)).collect();
            for word in words {
                assert!(dialect.spelling(word).is_some(), "{} {word:?}", page.call);
            }
            let last = page.rules.last().unwrap();
            assert_eq!((last.when, last.then), (Fact::Always, Verdict::Proceed), "{}", page.call);
            assert_eq!(page.rules[0].when == Fact::NotStarted, page.call != "WSAStartup", "{}", page.call);
        }
        for row in dialect.words {
            assert!(dialect.spelling(row.word).is_some(), "{:?}", row.outcome);
        }
    }
}

#[test]
fn names_are_laid_out_as_in_the_headers() {
    let octets = winsock1::sockaddr(&"10.2.0.3:80".parse().unwrap());
    assert_eq!(octets[..2], 2_u16.to_ne_bytes());
    assert_eq!(octets[2..], [0, 80, 10, 2, 0, 3, 0, 0, 0, 0, 0, 0, 0, 0]);
    for address in ["10.2.0.3:80", "[fd00:1::7]:443"] {
        let address = address.parse().unwrap();
        assert_eq!(winsock2::from_sockaddr(&winsock2::sockaddr(&address)), Some(address));
    }
    assert_eq!(winsock2::sockaddr(&"[::1]:1".parse().unwrap()).len(), 28);
    assert_eq!(winsock1::from_sockaddr(&winsock2::sockaddr(&"[::1]:1".parse().unwrap())), None);
}
