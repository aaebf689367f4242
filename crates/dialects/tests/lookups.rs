//! Names in all dialects, on a scenario: what is found, and which code is told for what is not.

use std::net::IpAddr;
use std::rc::Rc;
use std::sync::Arc;

use synsent_dialects::{Dialect, Entered, Hints, Process, Text, Unit, bs2000, targettcp, winsock1, winsock2};
use synsent_lab::{LabNetwork, Scenario, SharedLab};
use synsent_sockets::{Pointer, PointerMut};

const HOSTS: &str = "
[[host]]
name = \"shop\"
names = [\"shop.test\"]
addresses = [\"10.2.0.2\", \"fd00:2::2\"]
[[host]]
name = \"six\"
addresses = [\"fd00:2::6\"]
";

/// A process of the dialect on a scenario that does this with names.
fn enter(dialect: &'static Dialect, does: &str) -> Entered {
    let text = format!("[names]\ndoes = \"{does}\"\n{HOSTS}");
    let staged = Scenario::parse(&text).unwrap().stage();
    let network: Arc<LabNetwork> = LabNetwork::new(&SharedLab::new(staged.lab), staged.us);
    Process::new(dialect, network).enter()
}

fn null() -> Pointer<'static> {
    Pointer::Null
}

fn four(octets: [u8; 4]) -> Vec<IpAddr> {
    vec![octets.into()]
}

fn start2() {
    assert_eq!(winsock2::WSAStartup(0x0202, Some(&mut winsock2::WSADATA::default())), 0);
}

#[test]
fn windows_sockets_1_finds_hosts_once_it_is_started() {
    use winsock1::*;
    let _entered = enter(&WINSOCK1, "answers");
    assert_eq!(gethostbyname("shop.test"), None);
    assert_eq!(WSAGetLastError(), WSANOTINITIALISED);
    assert_eq!(WSAStartup(0x0101, Some(&mut WSADATA::default())), 0);
    let shop = gethostbyname(Pointer::from(&b"shop.test\0"[..])).unwrap();
    assert_eq!((shop.name.as_str(), shop.addresses), ("shop.test", four([10, 2, 0, 2])));
    assert_eq!(gethostbyaddr(&[10, 2, 0, 2], 4, AF_INET).unwrap().name, "shop.test");
    for (name, code) in [("nobody.test", WSAHOST_NOT_FOUND), ("six", WSANO_DATA), ("10.2.0.2", WSAHOST_NOT_FOUND)] {
        assert_eq!(gethostbyname(name), None, "{name}");
        assert_eq!(WSAGetLastError(), code, "{name}");
    }
    let mut name = [0xff_u8; 16];
    assert_eq!(gethostname(&mut name, 16), 0);
    assert_eq!(&name[..3], b"us\0");
    assert_eq!(gethostbyname("us").unwrap().addresses, four([10, 1, 0, 2]));
    assert_eq!(gethostbyname(null()).unwrap().name, "us");
    assert_eq!((gethostname(&mut name, 2), WSAGetLastError()), (SOCKET_ERROR, WSAEFAULT));
    assert_eq!((getservbyname("http", "tcp").unwrap().port, getservbyname("domain", null()).unwrap().port), (80, 53));
    assert_eq!(getservbyport(i32::from(25_u16.to_be()), "tcp").unwrap().name, "smtp");
    assert_eq!((getservbyname("nothing", null()), WSAGetLastError()), (None, WSANO_DATA));
    assert_eq!((getprotobyname("udp").unwrap().number, getprotobynumber(6).unwrap().name.as_str()), (17, "tcp"));
    assert_eq!((getprotobynumber(250), WSAGetLastError()), (None, WSANO_DATA));
}

#[test]
fn a_hook_runs_while_a_name_is_asked_for_and_takes_the_call_back() {
    use winsock1::*;
    let _entered = enter(&WINSOCK1, "silent");
    assert_eq!(WSAStartup(0x0101, Some(&mut WSADATA::default())), 0);
    let hook = || {
        assert_eq!((gethostbyname("us"), WSAGetLastError()), (None, WSAEINPROGRESS));
        assert_eq!((getservbyname("http", "tcp"), WSAGetLastError()), (None, WSAEINPROGRESS));
        assert_eq!(WSACancelBlockingCall(), 0);
        false
    };
    assert_eq!(WSASetBlockingHook(Rc::new(hook)), 0);
    assert_eq!((gethostbyname("shop.test"), WSAGetLastError()), (None, WSAEINTR));
    assert_eq!(WSAUnhookBlockingHook(), 0);
    assert_eq!((gethostbyname("shop.test"), WSAGetLastError()), (None, WSATRY_AGAIN));
}

#[test]
fn windows_tells_apart_why_a_name_has_no_address() {
    use winsock2::*;
    for (does, code) in [("fails", WSATRY_AGAIN), ("silent", WSATRY_AGAIN), ("knows-nothing", WSAHOST_NOT_FOUND)] {
        let _entered = enter(&WINSOCK2, does);
        start2();
        assert_eq!((gethostbyname("shop.test"), WSAGetLastError()), (None, code), "{does}");
        assert_eq!(getaddrinfo("shop.test", null(), None), Err(code), "{does}");
    }
    let _entered = enter(&WINSOCK2, "answers");
    start2();
    let short = &[1, 2, 3][..];
    for (address, len, family, code) in [
        (Pointer::from(short), 3, AF_INET, WSAEFAULT),
        (Pointer::from(short), 4, AF_INET, WSAEFAULT),
        (null(), 4, AF_INET, WSAEFAULT),
        (Pointer::from(&[0; 4]), 4, 99, WSAEAFNOSUPPORT),
        (Pointer::from(&[10, 2, 0, 9]), 4, AF_INET, WSAHOST_NOT_FOUND),
    ] {
        assert_eq!((gethostbyaddr(address, len, family), WSAGetLastError()), (None, code));
    }
    let itself = gethostbyname("10.9.9.9").unwrap();
    assert_eq!((itself.name.as_str(), itself.addresses), ("10.9.9.9", four([10, 9, 9, 9])));
    for illegal in ["::1", "300.1.1.1", "1.2.3.4.5"] {
        assert_eq!((gethostbyname(illegal), WSAGetLastError()), (None, WSANO_DATA), "{illegal}");
    }
    assert_eq!((gethostbyname(Pointer::from(&b"no zero"[..])), WSAGetLastError()), (None, WSAEFAULT));
    assert_eq!((getservbyname(null(), null()), WSAGetLastError()), (None, WSAEFAULT));
}

#[test]
fn getaddrinfo_of_windows_answers_once_for_each_address() {
    use winsock2::*;
    let _entered = enter(&WINSOCK2, "answers");
    assert_eq!(getaddrinfo("shop.test", "80", None), Err(WSANOTINITIALISED));
    start2();
    let rows = getaddrinfo("shop.test", "80", None).unwrap();
    let brief: Vec<_> = rows.iter().map(|row| (row.family, row.socktype, row.address.to_string())).collect();
    assert_eq!(brief, [(AF_INET6, 0, "[fd00:2::2]:80".into()), (AF_INET, 0, "10.2.0.2:80".into())]);
    assert_eq!(rows[1].name, [2, 0, 0, 80, 10, 2, 0, 2, 0, 0, 0, 0, 0, 0, 0, 0]);
    assert_eq!((rows[0].name.len(), rows[0].name[0]), (28, 23), "AF_INET6 is 23");
    let hints = Hints { flags: AI_CANONNAME, family: AF_INET, socktype: SOCK_STREAM, ..Hints::default() };
    let rows = getaddrinfo("SHOP.test", "http", Some(&hints)).unwrap();
    assert_eq!((rows.len(), rows[0].socktype, rows[0].address.port()), (1, SOCK_STREAM, 80));
    assert_eq!(rows[0].canonical.as_deref(), Some("SHOP.test"));
    let passive = Hints { flags: AI_PASSIVE, family: AF_INET, socktype: SOCK_STREAM, ..Hints::default() };
    assert_eq!(getaddrinfo(null(), "80", Some(&passive)).unwrap()[0].address.to_string(), "0.0.0.0:80");
    let numeric = Hints { flags: AI_NUMERICHOST, ..Hints::default() };
    assert_eq!(getaddrinfo("fe80::1%3", null(), Some(&numeric)).unwrap()[0].address.to_string(), "[fe80::1%3]:0");
    assert_eq!(getaddrinfo("127.1", null(), None).unwrap()[0].address.to_string(), "127.0.0.1:0");
    let mapped = Hints { flags: AI_V4MAPPED | AI_ALL, family: AF_INET6, ..Hints::default() };
    let rows = getaddrinfo("shop.test", null(), Some(&mapped)).unwrap();
    let both: Vec<String> = rows.iter().map(|row| row.address.ip().to_string()).collect();
    assert_eq!(both, ["fd00:2::2", "::ffff:10.2.0.2"]);
}

#[test]
fn getaddrinfo_of_windows_says_what_is_wrong_with_its_arguments() {
    use winsock2::*;
    let _entered = enter(&WINSOCK2, "answers");
    start2();
    let with = |change: fn(&mut Hints)| {
        let mut hints = Hints::default();
        change(&mut hints);
        hints
    };
    assert_eq!(getaddrinfo(null(), null(), None), Err(WSAHOST_NOT_FOUND));
    for (hints, code) in [
        (with(|hints| hints.flags = 0x4000_0000), WSAEINVAL),
        (with(|hints| hints.family = 10), WSAEAFNOSUPPORT),
        (with(|hints| hints.socktype = 77), WSAESOCKTNOSUPPORT),
        (with(|hints| (hints.socktype, hints.protocol) = (SOCK_STREAM, IPPROTO_UDP)), WSAESOCKTNOSUPPORT),
        (with(|hints| hints.has_more = true), WSANO_RECOVERY),
        (with(|hints| hints.flags = AI_NUMERICHOST), WSAHOST_NOT_FOUND),
    ] {
        assert_eq!(getaddrinfo("shop.test", "80", Some(&hints)), Err(code), "{hints:?}");
        assert_eq!(WSAGetLastError(), code, "the last error tells it too");
    }
    let canonical = with(|hints| hints.flags = AI_CANONNAME);
    assert_eq!(getaddrinfo(null(), "80", Some(&canonical)), Err(WSAEINVAL));
    assert_eq!(getaddrinfo("shop.test", "no-such-service", None), Err(WSATYPE_NOT_FOUND));
    let numeric = with(|hints| hints.flags = AI_NUMERICSERV);
    assert_eq!(getaddrinfo("shop.test", "http", Some(&numeric)), Err(WSATYPE_NOT_FOUND));
    assert_eq!(getaddrinfo("shop.test", "65536", None), Err(WSATYPE_NOT_FOUND));
    assert_eq!(getaddrinfo(Text::TooLong, null(), None), Err(WSAHOST_NOT_FOUND));
    assert_eq!(getaddrinfo(Text::Unreadable, null(), None), Err(WSAEFAULT));
    assert_eq!(gai_strerror(WSATRY_AGAIN), "The host was not found, and no server with authority answered.");
}

#[test]
fn getnameinfo_of_windows_fills_room_that_is_large_enough() {
    use winsock2::*;
    let _entered = enter(&WINSOCK2, "answers");
    start2();
    let name = sockaddr(&"10.2.0.2:80".parse().unwrap());
    let ask = |hostlen: u32, servlen: u32, flags| {
        let (mut host, mut serv) = ([0_u8; 32], [0_u8; 32]);
        let code = getnameinfo(
            &name[..],
            16,
            ((&mut host).into(), hostlen),
            ((&mut serv).into(), servlen),
            flags,
            Unit::Narrow,
        );
        let text = |room: &[u8]| String::from_utf8_lossy(room.split(|one| *one == 0).next().unwrap()).into_owned();
        (code, text(&host), text(&serv))
    };
    assert_eq!(ask(32, 32, 0), (0, "shop.test".into(), "http".into()));
    assert_eq!(ask(32, 32, NI_NUMERICHOST | NI_NUMERICSERV), (0, "10.2.0.2".into(), "80".into()));
    assert_eq!(ask(32, 32, NI_DGRAM).2, "80", "no service of that name is carried by UDP");
    assert_eq!(ask(9, 32, 0).0, WSAEFAULT);
    assert_eq!(ask(10, 32, 0).0, 0, "exactly as much");
    assert_eq!(ask(0, 32, 0).0, WSAEINVAL);
    assert_eq!(ask(32, 32, 0x100).0, WSAEINVAL);
    let none = || (PointerMut::Null, 0);
    assert_eq!(getnameinfo(&name[..], 16, none(), none(), 0, Unit::Narrow), WSAHOST_NOT_FOUND);
    assert_eq!(getnameinfo(&name[..], 15, none(), none(), 0, Unit::Narrow), WSAEFAULT);
    assert_eq!(getnameinfo(null(), 16, none(), none(), 0, Unit::Narrow), WSAEFAULT);
    let mut wide = [0_u8; 64];
    assert_eq!(getnameinfo(&name[..], 16, ((&mut wide).into(), 16), none(), 0, Unit::Wide), 0);
    assert_eq!(Text::wide(wide[..].into()), Text::Is("shop.test".into()));
    let stranger = sockaddr(&"10.2.0.9:80".parse().unwrap());
    let code = getnameinfo(&stranger[..], 16, ((&mut wide).into(), 64), none(), NI_NAMEREQD, Unit::Narrow);
    assert_eq!(code, WSAHOST_NOT_FOUND);
}

#[test]
fn texts_of_addresses_of_windows_have_their_codes() {
    use winsock2::*;
    let _entered = enter(&WINSOCK2, "answers");
    let mut octets = [0_u8; 16];
    assert_eq!(inet_pton(AF_INET, "10.2.0.2", &mut octets), 1);
    assert_eq!(octets[..4], [10, 2, 0, 2]);
    assert_eq!(inet_pton(AF_INET6, "::1", &mut octets), 1);
    assert_eq!(inet_pton(AF_INET, "10.2.0", &mut octets), 0);
    assert_eq!((inet_pton(10, "::1", &mut octets), WSAGetLastError()), (-1, WSAEAFNOSUPPORT));
    assert_eq!((inet_pton(AF_INET, null(), &mut octets), WSAGetLastError()), (-1, WSAEFAULT));
    let mut text = [0_u8; 46];
    assert!(inet_ntop(AF_INET, &[10, 2, 0, 2], &mut text, 9, Unit::Narrow));
    assert_eq!(&text[..9], b"10.2.0.2\0");
    assert!(!inet_ntop(AF_INET, &[10, 2, 0, 2], &mut text, 8, Unit::Narrow));
    assert_eq!(WSAGetLastError(), ERROR_INVALID_PARAMETER);
    assert!(!inet_ntop(10, &[0; 16], &mut text, 46, Unit::Narrow));
    assert_eq!(WSAGetLastError(), WSAEAFNOSUPPORT);

    let (mut name, mut len) = ([0_u8; 28], 28);
    assert_eq!(WSAStringToAddress("10.2.0.2:80", AF_INET, &mut name, &mut len), SOCKET_ERROR);
    assert_eq!(WSAGetLastError(), WSANOTINITIALISED);
    start2();
    assert_eq!(WSAStringToAddress("10.2.0.2:80", AF_INET, &mut name, &mut len), 0);
    assert_eq!((len, &name[..8]), (16, &[2, 0, 0, 80, 10, 2, 0, 2][..]));
    assert_eq!(WSAStringToAddress("[fe80::1%3]:80", AF_INET6, &mut name, &mut len), SOCKET_ERROR);
    assert_eq!((WSAGetLastError(), len), (WSAEFAULT, 28), "the room that is needed");
    assert_eq!(WSAStringToAddress("[fe80::1%3]:80", AF_INET6, &mut name, &mut len), 0);
    assert_eq!(WSAStringToAddress("no address", AF_INET, &mut name, &mut len), SOCKET_ERROR);
    assert_eq!(WSAGetLastError(), WSAEINVAL);
    assert_eq!(WSAStringToAddress("::1", AF_INET, &mut name, &mut len), SOCKET_ERROR);
    assert_eq!(WSAGetLastError(), WSAEINVAL);
    assert_eq!(WSAStringToAddress("1.2.3.4", AF_INET, &mut name, PointerMut::Null), SOCKET_ERROR);
    assert_eq!(WSAGetLastError(), WSAEFAULT);

    let name = sockaddr(&"[fd00:2::2]:80".parse().unwrap());
    let mut room = 14;
    assert_eq!(WSAAddressToString(&name[..], 28, &mut text, &mut room, Unit::Narrow), SOCKET_ERROR);
    assert_eq!((WSAGetLastError(), room), (WSAEFAULT, 15));
    assert_eq!(WSAAddressToString(&name[..], 28, &mut text, &mut room, Unit::Narrow), 0);
    assert_eq!((room, &text[..15]), (15, &b"[fd00:2::2]:80\0"[..]));
    assert_eq!(WSAAddressToString(&[9; 16], 16, &mut text, &mut room, Unit::Narrow), SOCKET_ERROR);
    assert_eq!(WSAGetLastError(), WSAEINVAL);
}

#[test]
fn targettcp_finds_hosts_once_it_is_initialized() {
    use targettcp::*;
    let _entered = enter(&TARGETTCP, "answers");
    assert_eq!(gethostbyname("shop.test"), None);
    assert_eq!(errno(), 100, "ENETDOWN");
    assert_eq!(target_tcp_init(), 0);
    assert_eq!(gethostbyname("shop.test").unwrap().addresses, four([10, 2, 0, 2]));
    assert_eq!(gethostbyname("127.1").unwrap().addresses, four([127, 0, 0, 1]));
    assert_eq!(gethostbyname("nobody.test"), None);
    assert_eq!(h_errno(), 1, "HOST_NOT_FOUND");
    assert_eq!(getservbyname("https", "tcp").unwrap().port, 443);
}

#[test]
fn sockets_posix_finds_hosts_in_all_its_ways() {
    use bs2000::*;
    let _entered = enter(&BS2000, "answers");
    assert_eq!(gethostbyname("shop.test").unwrap().addresses, four([10, 2, 0, 2]));
    for (name, number) in [("nobody.test", HOST_NOT_FOUND), ("six", NO_DATA)] {
        assert_eq!((gethostbyname(name), h_errno()), (None, number));
    }
    assert_eq!((gethostbyname(null()), h_errno(), errno()), (None, NETDB_INTERNAL, 14));
    assert_eq!(gethostbyaddr(&[10, 2, 0, 2], 4, AF_INET).unwrap().name, "shop.test");
    assert_eq!((gethostbyaddr(&[10, 2, 0, 2], 5, AF_INET), errno()), (None, 22));
    let mut name = [0xff_u8; 8];
    assert_eq!((gethostname(&mut name, 8), &name[..3]), (0, &b"us\0"[..]));

    let rows = getaddrinfo("shop.test", "http", Some(&Hints { family: AF_INET, ..Hints::default() })).unwrap();
    let brief: Vec<_> = rows.iter().map(|row| (row.socktype, row.protocol, row.address.port())).collect();
    assert_eq!(brief, [(SOCK_STREAM, IPPROTO_TCP, 80)], "no http over UDP in the well-known services");
    let rows = getaddrinfo("shop.test", "53", Some(&Hints { family: AF_INET, ..Hints::default() })).unwrap();
    let brief: Vec<_> = rows.iter().map(|row| (row.socktype, row.protocol, row.address.port())).collect();
    assert_eq!(brief, [(SOCK_STREAM, IPPROTO_TCP, 53), (SOCK_DGRAM, IPPROTO_UDP, 53)]);
    assert_eq!(getaddrinfo("nobody.test", null(), None), Err(EAI_NONAME));
    assert_eq!(getaddrinfo(null(), null(), None), Err(EAI_NONAME));
    assert_eq!(getaddrinfo("six", null(), Some(&Hints { family: AF_INET, ..Hints::default() })), Err(EAI_NODATA));
    assert_eq!(getaddrinfo("six", null(), Some(&Hints { family: 77, ..Hints::default() })), Err(EAI_FAMILY));
    assert_eq!(getaddrinfo("six", "none", None), Err(EAI_SERVICE));
    assert_eq!(gai_strerror(EAI_FAMILY), "the family is not there");

    assert_eq!(getipnodebyname("six", AF_INET6, 0).unwrap().addresses[0].to_string(), "fd00:2::6");
    assert_eq!(getipnodebyname("six", AF_INET, 0), Err(NO_DATA));
    let both = getipnodebyname("shop.test", AF_INET6, AI_V4MAPPED | AI_ALL).unwrap();
    assert_eq!(both.addresses.len(), 2);
    assert_eq!(getipnodebyaddr(&[10, 2, 0, 2], 4, AF_INET).unwrap().name, "shop.test");

    let mut text = [0_u8; 46];
    assert!(inet_ntop(AF_INET6, &[0; 16], &mut text, 46));
    assert_eq!(&text[..3], b"::\0");
    assert!(!inet_ntop(AF_INET6, &[0; 16], &mut text, 2));
    assert_eq!(errno(), 28, "ENOSPC");
    assert_eq!((inet_pton(23, "::1", &mut text), errno()), (-1, 97));
    let mut host = [0_u8; 8];
    let name = [&2_u16.to_ne_bytes()[..], &[0, 80, 10, 2, 0, 2], &[0; 8]].concat();
    let none = || (PointerMut::Null, 0);
    assert_eq!(getnameinfo(&name[..], 16, ((&mut host).into(), 8), none(), 0), EAI_OVERFLOW);
    assert_eq!(getnameinfo(&name[..], 16, none(), none(), 0), EAI_NONAME);
}

#[test]
fn names_of_any_octets_are_answers() {
    use winsock2::*;
    let _entered = enter(&WINSOCK2, "answers");
    start2();
    for octets in [&b"\xff\xfe\0"[..], b"%s%n\0", b"a b\0", b"..\0", b".\0", b"\\\0", b"x\x01y\0"] {
        assert_eq!((gethostbyname(Pointer::from(octets)), WSAGetLastError()), (None, WSAHOST_NOT_FOUND), "{octets:?}");
    }
    for text in ["a".repeat(64), "a.".repeat(200), "x".repeat(1_024)] {
        assert_eq!(getaddrinfo(text.as_str(), null(), None), Err(WSAHOST_NOT_FOUND));
    }
}
