//! Texts of addresses: every documented notation, and what is none.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use synsent_dialects::inet::*;

/// The pages of inet_addr: all parts, all radices.
#[test]
fn numbers_with_dots_are_read_as_bsd_wrote_them() {
    for (text, octets) in [
        ("4.3.2.16", [4, 3, 2, 16]),
        ("004.003.002.020", [4, 3, 2, 16]),
        ("0x4.0x3.0x2.0x10", [4, 3, 2, 16]),
        ("4.003.002.0x10", [4, 3, 2, 16]),
        ("0X4.0x3.2.0xA", [4, 3, 2, 10]),
        ("127.0.0.1", [127, 0, 0, 1]),
        ("127.1", [127, 0, 0, 1]),
        ("128.1.256", [128, 1, 1, 0]),
        ("10.1.65535", [10, 1, 255, 255]),
        ("10.16777215", [10, 255, 255, 255]),
        ("4294967295", [255; 4]),
        ("0xffffffff", [255; 4]),
        ("0x7f000001", [127, 0, 0, 1]),
        ("0177.1", [127, 0, 0, 1]),
        ("0", [0; 4]),
        ("255.255.255.255", [255; 4]),
        ("1.2.3.4 and more", [1, 2, 3, 4]),
        ("1.2.3.4\n", [1, 2, 3, 4]),
    ] {
        assert_eq!(inet_aton(text), Some(octets), "{text:?}");
    }
    for text in [
        "",
        ".",
        "1.",
        ".1",
        "1..2",
        "1.2.3.4.5",
        "256.1.1.1",
        "1.256.1.1",
        "1.2.65536",
        "1.16777216",
        "4294967296",
        "0x100000000",
        "08.1.1.1",
        "0x",
        "0x.1",
        "1.2.3.a",
        "a.b.c.d",
        "-1",
        "+1",
        "1.2.3.4x",
        "1,2",
        "localhost",
        "99999999999999999999",
        " 1.2.3.4",
    ] {
        assert_eq!(inet_aton(text), None, "{text:?}");
    }
}

#[test]
fn networks_and_hosts_are_told_apart_by_class() {
    for (text, network) in
        [("10", Some(10)), ("128.32", Some(0x8020)), ("192.0.2", Some(0xc0_0002)), ("1.2.3.4", Some(0x0102_0304))]
    {
        assert_eq!(inet_network(text), network, "{text}");
    }
    for text in ["", "256", "1.2.3.4.5", "x"] {
        assert_eq!(inet_network(text), None, "{text:?}");
    }
    for (address, network, host) in
        [([10, 1, 2, 3], 10, 0x01_0203), ([128, 32, 2, 3], 0x8020, 0x0203), ([192, 0, 2, 3], 0xc0_0002, 3)]
    {
        assert_eq!((inet_netof(address), inet_lnaof(address)), (network, host), "{address:?}");
        assert_eq!(inet_makeaddr(network, host), address);
    }
}

#[test]
fn presentations_are_read_strictly() {
    for text in ["1.2.3", "01.2.3.4", "1.2.3.256", "1.2.3.4 ", "0x1.2.3.4", "1.2.3.4.5", "", "::1"] {
        assert_eq!(inet_pton4(text), None, "{text:?}");
    }
    assert_eq!(inet_pton4("10.2.0.255"), Some([10, 2, 0, 255]));
    for text in [
        "",
        ":",
        ":::",
        "1:2:3:4:5:6:7",
        "1:2:3:4:5:6:7:8:9",
        "1::2::3",
        "12345::",
        "::g",
        "::1.2.3",
        "::1.2.3.256",
        "1.2.3.4",
        "fe80::1%1",
        "[::1]",
        "::1 ",
        "1:2:3:4:5:6:7:1.2.3.4",
    ] {
        assert_eq!(inet_pton6(text), None, "{text:?}");
    }
    for (text, address) in [
        ("::", "::"),
        ("::1", "::1"),
        ("2001:DB8::8:800:200C:417A", "2001:db8::8:800:200c:417a"),
        ("2001:db8:0:0:8:800:200c:417a", "2001:db8::8:800:200c:417a"),
        ("::ffff:129.144.52.38", "::ffff:129.144.52.38"),
        ("1::", "1::"),
        ("::FFFF:8190:3426", "::ffff:129.144.52.38"),
    ] {
        assert_eq!(inet_ntop6(inet_pton6(text).unwrap()), address, "{text}");
    }
}

/// RFC 5952, sections 4 and 5.
#[test]
fn addresses_are_written_in_their_one_recommended_way() {
    for (text, written) in [
        ("2001:0db8::0001", "2001:db8::1"),
        ("2001:db8:0:0:0:0:2:1", "2001:db8::2:1"),
        ("2001:db8:0:1:1:1:1:1", "2001:db8:0:1:1:1:1:1"),
        ("2001:0:0:1:0:0:0:1", "2001:0:0:1::1"),
        ("2001:db8:0:0:1:0:0:1", "2001:db8::1:0:0:1"),
        ("2001:DB8:AAAA:BBBB:CCCC:DDDD:EEEE:AAAA", "2001:db8:aaaa:bbbb:cccc:dddd:eeee:aaaa"),
        ("0:0:0:0:0:FFFF:C000:0201", "::ffff:192.0.2.1"),
    ] {
        assert_eq!(inet_ntop6(inet_pton6(text).unwrap()), written);
    }
    assert_eq!(inet_ntoa([192, 0, 2, 33]), "192.0.2.33");
    assert!(inet_ntop6([0xff; 16]).len() < INET6_ADDRSTRLEN && inet_ntoa([255; 4]).len() < INET_ADDRSTRLEN);
}

#[test]
fn names_of_sockets_are_texts_with_ports_and_scopes() {
    let four = |text| socket_address4(text).map(|address| (address.ip(), address.port()));
    assert_eq!(four("10.2.0.2"), Some((Ipv4Addr::new(10, 2, 0, 2).into(), 0)));
    assert_eq!(four("10.2.0.2:8080"), Some((Ipv4Addr::new(10, 2, 0, 2).into(), 8080)));
    for bad in ["", "10.2.0.2:", "10.2.0.2:65536", "10.2.0.2:x", "10.2.0.2 ", "::1", "host:80"] {
        assert_eq!(four(bad), None, "{bad:?}");
    }
    let six = |text: &str| socket_address6(text).map(|address| socket_address_text(&address));
    for (text, written) in [
        ("::1", "::1"),
        ("[::1]", "::1"),
        ("[::1]:80", "[::1]:80"),
        ("fe80::1%7", "fe80::1%7"),
        ("[fe80::1%7]:443", "[fe80::1%7]:443"),
    ] {
        assert_eq!(six(text).as_deref(), Some(written));
    }
    for bad in ["", "[::1", "[::1]80", "[::1]:", "[::1]:99999", "::1%", "::1%x", "::1%-1", "1.2.3.4", "[::1]:80x"] {
        assert_eq!(six(bad), None, "{bad:?}");
    }
    assert_eq!(socket_address_text(&"10.2.0.2:80".parse().unwrap()), "10.2.0.2:80");
    assert_eq!(socket_address_text(&"10.2.0.2:0".parse().unwrap()), "10.2.0.2");
    assert_eq!(host_text(IpAddr::V6(Ipv6Addr::LOCALHOST), 3), "::1%3");
}
