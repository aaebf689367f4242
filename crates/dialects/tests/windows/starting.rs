//! WSAStartup, WSACleanup and the last error.

use std::thread;

use synsent_dialects::winsock1::{self, WINSOCK1};
use synsent_dialects::winsock2::{self, WINSOCK2};

use crate::world::{World, fails, returns};

fn asks1(version: u16) -> (i32, u16, u16) {
    let mut data = winsock1::WSADATA::default();
    (winsock1::WSAStartup(version, Some(&mut data)), data.wVersion, data.wHighVersion)
}

fn asks2(version: u16) -> (i32, u16, u16) {
    let mut data = winsock2::WSADATA::default();
    (winsock2::WSAStartup(version, Some(&mut data)), data.wVersion, data.wHighVersion)
}

#[test]
fn the_newest_version_that_is_not_newer_than_the_one_asked_for_is_agreed_on() {
    let _world = World::new(&WINSOCK1);
    assert_eq!(asks1(0x0001), (0, 0x0001, 0x0101));
    assert_eq!(asks1(0x0101), (0, 0x0101, 0x0101));
    assert_eq!(asks1(0x0202), (0, 0x0101, 0x0101));
    assert_eq!(asks1(0x0900), (winsock1::WSAVERNOTSUPPORTED, 0, 0));
    let _world = World::new(&WINSOCK2);
    let asked_and_agreed =
        [(0x0001, 0x0001), (0x0101, 0x0101), (0x0002, 0x0002), (0x0102, 0x0102), (0x0202, 0x0202), (0x0302, 0x0202)];
    for (asked, agreed) in asked_and_agreed {
        assert_eq!(asks2(asked), (0, agreed, 0x0202), "{asked:#06x}");
    }
    assert_eq!(asks2(0x0109), (0, 0x0202, 0x0202));
    assert_eq!(asks2(0x0000), (winsock2::WSAVERNOTSUPPORTED, 0, 0));
    returns!(winsock2::WSAStartup(0x0202, None), winsock2::WSAEFAULT);
}

#[test]
fn a_library_without_a_network_is_not_ready() {
    assert_eq!(asks2(0x0202).0, winsock2::WSASYSNOTREADY);
}

#[test]
fn what_the_library_tells_of_itself_is_usable() {
    let _world = World::new(&WINSOCK1);
    let mut data = winsock1::WSADATA::default();
    assert_eq!(winsock1::WSAStartup(0x0101, Some(&mut data)), 0);
    assert!(data.iMaxSockets >= 32);
    assert!(data.iMaxUdpDg >= 512);
    for text in [&data.szDescription[..], &data.szSystemStatus[..]] {
        assert!(text[0] != 0 && text.contains(&0));
    }
}

#[test]
fn starts_are_counted_and_the_last_end_takes_the_sockets_along() {
    let _world = World::new(&WINSOCK2);
    assert_eq!(winsock2::socket(2, 1, 0), winsock2::INVALID_SOCKET);
    assert_eq!(winsock2::WSAGetLastError(), 10093);
    fails!(winsock2, winsock2::WSACleanup(), WSANOTINITIALISED);
    assert_eq!((asks2(0x0202).0, asks2(0x0202).0), (0, 0));
    let s = winsock2::socket(2, 1, 0);
    returns!(winsock2::WSACleanup(), 0);
    returns!(winsock2::shutdown(s, 9), winsock2::SOCKET_ERROR);
    assert_eq!(winsock2::WSAGetLastError(), winsock2::WSAENOTCONN);
    returns!(winsock2::WSACleanup(), 0);
    let name = winsock2::sockaddr(&"10.2.0.2:80".parse().unwrap());
    fails!(winsock2, winsock2::connect(s, name.as_slice(), 16), WSANOTINITIALISED);
    assert_eq!(asks2(0x0202).0, 0);
    fails!(winsock2, winsock2::connect(s, name.as_slice(), 16), WSAENOTSOCK);
}

#[test]
fn the_announced_number_of_sockets_is_the_number_that_there_may_be() {
    let _world = World::new(&WINSOCK1);
    let mut data = winsock1::WSADATA::default();
    assert_eq!(winsock1::WSAStartup(0x0101, Some(&mut data)), 0);
    let sockets: Vec<_> = (0..data.iMaxSockets).map(|_| winsock1::socket(2, 1, 0)).collect();
    assert!(!sockets.contains(&winsock1::INVALID_SOCKET));
    assert_eq!(winsock1::socket(2, 1, 0), winsock1::INVALID_SOCKET);
    assert_eq!(winsock1::WSAGetLastError(), winsock1::WSAEMFILE);
    returns!(winsock1::closesocket(sockets[0]), 0);
    assert_ne!(winsock1::socket(2, 1, 0), winsock1::INVALID_SOCKET);
}

#[test]
fn each_thread_has_its_last_error_and_both_libraries_share_it() {
    winsock1::WSASetLastError(10061);
    assert_eq!(winsock2::WSAGetLastError(), 10061);
    let other = thread::spawn(winsock2::WSAGetLastError).join().unwrap();
    assert_eq!(other, 0);
    let _world = World::new(&WINSOCK2);
    assert_eq!(asks2(0x0202).0, 0);
    assert_ne!(winsock2::socket(2, 2, 0), winsock2::INVALID_SOCKET);
    assert_eq!(winsock2::WSAGetLastError(), 10061, "a call that succeeds leaves it alone");
}
