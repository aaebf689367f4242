//! The lab's server: what programs get from it, with requests as they send them, and over connections of real stacks.

use std::sync::Arc;

use proptest::prelude::*;
use synsent_lab::{
    BODY_OCTETS_MAX, Behaviour, COMMAND_PARTS_MAX, Cut, CutHow, HEAD_FIELDS_MAX, HEAD_OCTETS_MAX, HostId, Lab, Pattern,
    SESSION_INPUT_OCTETS_MAX, Service, Session, Speaks, TRANSACTION_OCTETS_MAX, Wants,
};
use synsent_stack::{Cause, Config, Duration, FlowId, ReceiveError, State};

use crate::nets::{Family, Pair, Way};

const CURL: &[u8] = b"GET / HTTP/1.1\r\nHost: shop.test\r\nUser-Agent: curl/8.5.0\r\nAccept: */*\r\n\r\n";
const WGET: &[u8] = b"GET / HTTP/1.1\r\nHost: shop.test\r\nUser-Agent: Wget/1.21.4\r\nAccept: */*\r\n\
    Accept-Encoding: identity\r\nConnection: Keep-Alive\r\n\r\n";
const URLLIB: &[u8] = b"GET / HTTP/1.1\r\nAccept-Encoding: identity\r\nHost: shop.test\r\n\
    User-Agent: Python-urllib/3.12\r\nConnection: close\r\n\r\n";
const NODE: &[u8] = b"GET / HTTP/1.1\r\nhost: shop.test\r\nconnection: keep-alive\r\naccept: */*\r\n\
    accept-language: *\r\nsec-fetch-mode: cors\r\nuser-agent: node\r\naccept-encoding: gzip, deflate\r\n\r\n";
const CURL_POST: &[u8] = b"POST / HTTP/1.1\r\nHost: shop.test\r\nUser-Agent: curl/8.5.0\r\nAccept: */*\r\n\
    Content-Length: 5\r\nContent-Type: application/x-www-form-urlencoded\r\n\r\nhello";

fn session(service: Service) -> Session {
    Session::new(&Arc::new(service))
}

/// Takes all that a session has to send.
fn taken(session: &mut Session) -> Vec<u8> {
    let mut all = Vec::new();
    while !session.to_send().is_empty() {
        // In parts, as a full buffer takes them.
        let count = session.to_send().len().min(1_000);
        all.extend_from_slice(&session.to_send()[..count]);
        session.sent(count);
    }
    all
}

/// What a session says to these octets.
fn said(session: &mut Session, octets: &[u8]) -> Vec<u8> {
    session.received(octets);
    taken(session)
}

/// The status line of an answer, and what follows its head.
fn split(answer: &[u8]) -> (String, Vec<u8>) {
    let end = answer.windows(4).position(|four| four == b"\r\n\r\n").expect("a head ends with an empty line");
    let head = String::from_utf8(answer[..end].to_vec()).unwrap();
    (head, answer[end + 4..].to_vec())
}

fn status(octets: &[u8]) -> String {
    let mut session = session(Service::default());
    let (head, _) = split(&said(&mut session, octets));
    head.lines().next().unwrap().to_owned()
}

#[test]
fn a_request_is_answered_with_a_line_of_text_and_the_connection_is_kept() {
    for request in [CURL, WGET, NODE] {
        let mut session = session(Service::default());
        let answer = said(&mut session, request);
        let (head, body) = split(&answer);
        assert!(head.starts_with("HTTP/1.1 200 OK\r\n"), "{head}");
        assert!(head.contains("\r\nContent-Type: text/plain"), "{head}");
        assert!(head.contains(&format!("\r\nContent-Length: {}\r\n", body.len())), "{head}");
        assert!(head.ends_with("\r\nConnection: keep-alive"), "{head}");
        assert!(body.ends_with(b"\n"));
        assert_eq!(session.wants(), Wants::Continue);
        assert_eq!(said(&mut session, request), answer, "and a second time");
    }
}

#[test]
fn who_asks_for_an_end_gets_one() {
    let old: &[u8] = b"GET / HTTP/1.0\r\n\r\n";
    for (request, ends) in [
        (URLLIB, true),
        (old, true),
        (b"GET / HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n", false),
        (b"GET / HTTP/1.1\r\nHost: a\r\nConnection: TE, Close\r\n\r\n", true),
    ] {
        let mut session = session(Service::default());
        let (head, _) = split(&said(&mut session, request));
        assert_eq!(head.ends_with("Connection: close"), ends, "{head}");
        assert_eq!(session.wants() == Wants::Close, ends);
    }
}

#[test]
fn the_answer_does_not_depend_on_how_a_request_is_cut() {
    let whole = said(&mut session(Service::default()), CURL_POST);
    let mut session = session(Service::default());
    let mut answer = Vec::new();
    for octet in CURL_POST {
        assert!(answer.is_empty());
        answer = said(&mut session, &[*octet]);
    }
    assert_eq!(answer, whole);
    assert_eq!(split(&whole).0.lines().next().unwrap(), "HTTP/1.1 200 OK");
}

#[test]
fn requests_that_come_together_are_answered_one_after_the_other() {
    let one = said(&mut session(Service::default()), CURL);
    let both = said(&mut session(Service::default()), &[CURL, CURL_POST, b"\r\n", CURL].concat());
    assert_eq!(both, [&one[..], &one, &one].concat());
}

#[test]
fn a_client_that_asks_before_it_sends_is_told_to_go_on() {
    let mut session = session(Service::default());
    let head = b"PUT /file HTTP/1.1\r\nHost: shop.test\r\nContent-Length: 3\r\nExpect: 100-continue\r\n\r\n";
    assert_eq!(said(&mut session, head), b"HTTP/1.1 100 Continue\r\n\r\n");
    assert!(said(&mut session, b"abc").starts_with(b"HTTP/1.1 200 OK\r\n"));
}

#[test]
fn chunks_are_read_to_their_end_with_extensions_and_trailers() {
    let head = b"POST / HTTP/1.1\r\nHost: shop.test\r\nTransfer-Encoding: chunked\r\n\r\n";
    let body = b"5\r\nhello\r\n1a;name=value\r\nGET / HTTP/1.1\r\n\r\nHost: a\r\n0\r\nTrailer: x\r\n\r\n";
    let mut session = session(Service::default());
    let mut answers = Vec::new();
    for octet in head.iter().chain(body).chain(CURL) {
        answers.extend(said(&mut session, &[*octet]));
    }
    let one = said(&mut self::session(Service::default()), CURL);
    assert_eq!(answers, [&one[..], &one].concat(), "what is inside a chunk is no request");
    let broken = [&head[..], b"zz\r\n"].concat();
    assert_eq!(status(&broken), "HTTP/1.1 400 Bad Request");
}

#[test]
fn a_head_asks_for_the_head_alone() {
    let mut session = session(Service::default());
    let (head, body) = split(&said(&mut session, b"HEAD /bytes/7 HTTP/1.1\r\nHost: a\r\n\r\n"));
    assert!(head.contains("\r\nContent-Length: 7\r\n"));
    assert_eq!(body, b"");
}

#[test]
fn a_path_asks_for_so_many_octets_of_the_pattern_and_no_more_than_there_may_be() {
    for (target, octets) in [("/bytes/0", 0), ("/bytes/100000?x", 100_000), ("http://shop.test/bytes/17", 17)] {
        let mut session = session(Service::default());
        let request = format!("GET {target} HTTP/1.1\r\nHost: shop.test\r\n\r\n");
        let (head, body) = split(&said(&mut session, request.as_bytes()));
        assert!(head.contains(&format!("\r\nContent-Length: {octets}\r\n")), "{head}");
        assert_eq!(body.len(), octets);
        assert_eq!(Pattern::new(0).mismatch(0, &body), None);
    }
    let too_many = format!("GET /bytes/{} HTTP/1.1\r\n\r\n", BODY_OCTETS_MAX + 1);
    assert_eq!(status(too_many.as_bytes()), "HTTP/1.1 400 Bad Request");
    assert_eq!(status(b"GET /bytes/99999999999999999999999 HTTP/1.1\r\n\r\n"), "HTTP/1.1 400 Bad Request");
    assert_eq!(status(b"GET /bytes/-1 HTTP/1.1\r\n\r\n"), "HTTP/1.1 200 OK", "a path like any other");
}

#[test]
fn what_is_wrong_is_told_and_the_connection_closed() {
    let long = [b"GET / HTTP/1.1\r\nX: ".to_vec(), vec![b'x'; HEAD_OCTETS_MAX]].concat();
    let endless = [b"GET /".to_vec(), vec![b'x'; HEAD_OCTETS_MAX]].concat();
    let many = [b"GET / HTTP/1.1\r\n".to_vec(), b"X: x\r\n".repeat(HEAD_FIELDS_MAX + 1), b"\r\n".to_vec()].concat();
    let cases: [(&[u8], &str); 11] = [
        (&long, "431 Request Header Fields Too Large"),
        (&endless, "431 Request Header Fields Too Large"),
        (&many, "431 Request Header Fields Too Large"),
        (b"GET / HTTP/1.1\r\nno colon here\r\n\r\n", "400 Bad Request"),
        (b"POST / HTTP/1.1\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n", "400 Bad Request"),
        (b"POST / HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n", "400 Bad Request"),
        (b"POST / HTTP/1.1\r\nContent-Length: +1\r\n\r\n", "400 Bad Request"),
        (b"POST / HTTP/1.1\r\nTransfer-Encoding: gzip, chunked\r\n\r\n", "501 Not Implemented"),
        (b"CONNECT shop.test:443 HTTP/1.1\r\nHost: shop.test:443\r\n\r\n", "501 Not Implemented"),
        (b"GET / HTTP/3.0\r\n\r\n", "505 HTTP Version Not Supported"),
        (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "505 HTTP Version Not Supported"),
    ];
    for (request, wanted) in cases {
        let mut session = session(Service::default());
        let (head, body) = split(&said(&mut session, request));
        assert_eq!(head.lines().next().unwrap(), format!("HTTP/1.1 {wanted}"));
        assert!(head.contains(&format!("\r\nContent-Length: {}\r\n", body.len())));
        assert_eq!(session.wants(), Wants::Close);
        assert_eq!(said(&mut session, CURL), b"", "nothing follows");
    }
}

#[test]
fn what_is_no_request_comes_back() {
    // Words of HTTP in other languages, an inline command of Redis, a list with stars, a ClientHello that is none.
    for octets in [&b"hello"[..], b"* one\n", b"**", b"GET key\r\n", b"POSTCARD", b"\r\n", b"\x16\x03\x01\x02\x00\x02"]
    {
        let mut session = session(Service::default());
        assert_eq!(said(&mut session, octets), octets, "{octets:?}");
        assert_eq!(said(&mut session, CURL), CURL, "it stays with what it is");
        session.ended();
        assert_eq!(session.wants(), Wants::Close);
    }
    let mut session = session(Service::default());
    assert_eq!(said(&mut session, b"P"), b"", "it may become POST");
    session.ended();
    assert_eq!(taken(&mut session), b"P");
}

#[test]
fn a_client_of_tls_is_told_in_its_language() {
    let mut session = session(Service::default());
    // The record header and the first octets of a ClientHello, as OpenSSL sends them.
    assert_eq!(said(&mut session, b"\x16\x03\x01\x02"), b"");
    // An alert record of two octets: fatal, handshake_failure (RFC 8446, section 6).
    assert_eq!(said(&mut session, b"\x00\x01\x00\x01\xfc\x03\x03"), b"\x15\x03\x01\x00\x02\x02\x28");
    assert_eq!(session.wants(), Wants::Close);
}

#[test]
fn a_client_of_redis_is_answered_as_by_a_redis_without_data() {
    let cases: [(&[u8], &[u8]); 8] = [
        (b"*1\r\n$4\r\nPING\r\n", b"+PONG\r\n"),
        (b"*2\r\n$4\r\nping\r\n$2\r\nhi\r\n", b"$2\r\nhi\r\n"),
        (b"*2\r\n$3\r\nGET\r\n$1\r\na\r\n", b"$-1\r\n"),
        (b"*3\r\n$3\r\nSET\r\n$1\r\na\r\n$4\r\n\r\n\r\n\r\n", b"+OK\r\n"),
        (b"*2\r\n$6\r\nEXISTS\r\n$1\r\na\r\n", b":0\r\n"),
        (b"*3\r\n$4\r\nMGET\r\n$1\r\na\r\n$1\r\nb\r\n", b"*2\r\n$-1\r\n$-1\r\n"),
        // A client that tells its name sends two commands at once.
        (b"*2\r\n$6\r\nCLIENT\r\n$7\r\nSETINFO\r\n*1\r\n$4\r\nPING\r\n", b"+OK\r\n+PONG\r\n"),
        (b"*2\r\n$6\r\nSELECT\r\n$1\r\n0\r\n", b"+OK\r\n"),
    ];
    for (command, answer) in cases {
        assert_eq!(said(&mut session(Service::default()), command), answer, "{}", command.escape_ascii());
        let mut session = session(Service::default());
        let cut: Vec<u8> = command.iter().flat_map(|octet| said(&mut session, &[*octet])).collect();
        assert_eq!(cut, answer, "octet by octet");
        assert_eq!(session.wants(), Wants::Continue);
    }
    let mut session = session(Service::default());
    assert!(said(&mut session, b"*2\r\n$5\r\nHELLO\r\n$1\r\n3\r\n").starts_with(b"%6\r\n$6\r\nserver\r\n"));
    assert_eq!(said(&mut session, b"*2\r\n$3\r\nGET\r\n$1\r\na\r\n"), b"_\r\n", "version 3 has a null of its own");
    assert_eq!(said(&mut session, b"*1\r\n$4\r\nQUIT\r\n"), b"+OK\r\n");
    assert_eq!(session.wants(), Wants::Close);
}

#[test]
fn a_transaction_of_redis_is_answered_at_its_end_and_has_its_longest() {
    let (multi, exec) = (b"*1\r\n$5\r\nMULTI\r\n", b"*1\r\n$4\r\nEXEC\r\n");
    let ping = b"*1\r\n$4\r\nPING\r\n";
    let mut session = session(Service::default());
    assert_eq!(said(&mut session, multi), b"+OK\r\n");
    assert_eq!(said(&mut session, &[&ping[..], b"*2\r\n$3\r\nGET\r\n$1\r\na\r\n"].concat()), b"+QUEUED\r\n+QUEUED\r\n");
    assert_eq!(said(&mut session, exec), b"*2\r\n+PONG\r\n$-1\r\n");
    assert_eq!(said(&mut session, ping), b"+PONG\r\n");
    said(&mut session, multi);
    for _ in 0..=TRANSACTION_OCTETS_MAX / b"+PONG\r\n".len() {
        assert_eq!(said(&mut session, ping), b"+QUEUED\r\n");
    }
    assert!(said(&mut session, ping).starts_with(b"-ERR "));
    assert_eq!(session.wants(), Wants::Close);
}

#[test]
fn what_is_no_command_of_redis_ends_the_connection_with_its_error() {
    let many = format!("*{}\r\n", COMMAND_PARTS_MAX + 1).into_bytes();
    for broken in [
        &b"*1\r\nPING\r\n"[..],
        b"*0\r\n",
        b"*1\r\n$4\r\nPINGG\r\n",
        b"*1\r\n$4\r\nPING\r\nx",
        b"*99999999999\r\n",
        &many,
    ] {
        let mut session = session(Service::default());
        assert!(said(&mut session, broken).ends_with(b"-ERR Protocol error\r\n"), "{}", broken.escape_ascii());
        assert_eq!(session.wants(), Wants::Close);
    }
}

#[test]
fn a_script_says_its_lines_whatever_comes() {
    let speaks = Speaks::Script { greeting: b"220 hi\r\n".to_vec(), answers: vec![b"N".to_vec(), b"+OK\r\n".to_vec()] };
    let mut session = session(Service { speaks, ..Service::default() });
    assert_eq!(taken(&mut session), b"220 hi\r\n");
    assert_eq!(said(&mut session, b"a"), b"N");
    assert_eq!(said(&mut session, CURL), b"+OK\r\n");
    assert_eq!(said(&mut session, b"b"), b"+OK\r\n");
    assert_eq!(session.wants(), Wants::Continue);
    let nothing = Speaks::Script { greeting: vec![], answers: vec![] };
    let mut session = self::session(Service { speaks: nothing, ..Service::default() });
    assert_eq!(said(&mut session, b"a"), b"");
}

#[test]
fn a_cut_comes_after_so_many_octets_of_the_body() {
    for (how, wants) in [(CutHow::Reset, Wants::Reset), (CutHow::Stall, Wants::Stall), (CutHow::Close, Wants::Close)] {
        for after_octets in [0, 1, 100_000] {
            let mut session = session(Service { cut: Some(Cut { after_octets, how }), ..Service::default() });
            let (head, body) = split(&said(&mut session, CURL));
            let length = head.split_once("Content-Length: ").unwrap().1.lines().next().unwrap();
            assert!(length.parse::<u64>().unwrap() > after_octets, "the client must miss something");
            assert_eq!((body.len() as u64, session.wants()), (after_octets, wants));
            assert_eq!(said(&mut session, CURL), b"");
        }
    }
    let cut = Some(Cut { after_octets: 3, how: CutHow::Reset });
    let mut session = session(Service { speaks: Speaks::Echo, cut, body_octets: None });
    assert_eq!(said(&mut session, b"he"), b"he");
    assert_eq!((said(&mut session, b"llo"), session.wants()), (b"l".to_vec(), Wants::Reset));
}

#[test]
fn a_body_has_the_length_that_the_service_says() {
    let mut session = session(Service { body_octets: Some(40_000), ..Service::default() });
    let (_, body) = split(&said(&mut session, CURL));
    assert_eq!((body.len(), Pattern::new(0).mismatch(0, &body)), (40_000, None));
}

#[test]
fn who_sends_without_hearing_is_dropped() {
    let mut session = session(Service::default());
    session.received(b"GET /bytes/100000 HTTP/1.1\r\n\r\n");
    for _ in 0..SESSION_INPUT_OCTETS_MAX / 1_024 + 1 {
        session.received(&[b'x'; 1_024]);
    }
    taken(&mut session);
    assert_eq!(session.wants(), Wants::Close);
}

proptest! {
    #[test]
    fn nothing_that_a_client_sends_makes_a_session_spin_or_grow(
        pieces in prop::collection::vec(prop_oneof![
            prop::collection::vec(any::<u8>(), 0..100),
            Just(b"GET / HTTP/1.1\r\n".to_vec()),
            Just(b"POST /bytes/3 HTTP/1.1\r\n".to_vec()),
            Just(b"Transfer-Encoding: chunked\r\n".to_vec()),
            Just(b"Content-Length: 18446744073709551615\r\n".to_vec()),
            Just(b"Content-Length: 2\r\n".to_vec()),
            Just(b"Expect: 100-continue\r\n".to_vec()),
            Just(b"\r\n".to_vec()),
            Just(b"*2\r\n".to_vec()),
            Just(b"$1\r\nx\r\n".to_vec()),
            Just(b"ffffffffffffffff\r\n".to_vec()),
            Just(b"0\r\n".to_vec()),
        ], 0..30),
        after in prop::option::of(0_u64..100),
    ) {
        let cut = after.map(|after_octets| Cut { after_octets, how: CutHow::Stall });
        let mut session = session(Service { cut, ..Service::default() });
        for piece in &pieces {
            prop_assert!(said(&mut session, piece).len() < 30 * 400 + piece.len() * 200);
        }
        session.ended();
        taken(&mut session);
        prop_assert!(session.wants() != Wants::Continue);
    }
}

/// A client, and a server that does this at port 80.
fn network(service: Service) -> (Lab, HostId, FlowId) {
    let pair = crate::nets::pair(5, Family::V4, Way::Routed, 1_500, Config::default());
    let Pair { mut lab, client, server, server_address, .. } = pair;
    lab.behave_serving(server, 80, Behaviour::Answer, service).unwrap();
    let flow = lab.connect(client, (server_address, 80).into()).unwrap();
    let stood = lab.run_until(synsent_stack::Instant::from_secs(1), |lab| {
        lab.stack(client).tcp_status(flow).is_some_and(|status| status.state == State::Established)
    });
    assert!(stood);
    (lab, client, flow)
}

/// Reads until nothing more comes for a while: what came, and how it ended.
fn read(lab: &mut Lab, client: HostId, flow: FlowId) -> (Vec<u8>, Option<Result<(), ReceiveError>>) {
    let (mut all, mut piece) = (Vec::new(), [0; 8_192]);
    loop {
        match lab.call(client, |stack, now| stack.tcp_receive(now, flow, &mut piece)) {
            Ok(0) => return (all, Some(Ok(()))),
            Ok(count) => all.extend_from_slice(&piece[..count]),
            Err(ReceiveError::WouldBlock) => {
                let end = lab.now() + Duration::from_secs(10);
                let comes = lab.run_until(end, |lab| {
                    let status = lab.stack(client).tcp_status(flow);
                    let waits = [State::Established, State::FinWait1, State::FinWait2];
                    status.is_none_or(|status| status.readable > 0 || !waits.contains(&status.state))
                });
                if !comes {
                    return (all, None);
                }
            }
            Err(error) => return (all, Some(Err(error))),
        }
    }
}

#[test]
fn a_client_gets_a_long_body_over_the_network_and_then_the_end() {
    let (mut lab, client, flow) = network(Service::default());
    let request = b"GET /bytes/300000 HTTP/1.0\r\n\r\n";
    lab.call(client, |stack, now| stack.tcp_send(now, flow, request)).unwrap();
    let (answer, end) = read(&mut lab, client, flow);
    let (head, body) = split(&answer);
    assert!(head.starts_with("HTTP/1.1 200 OK"));
    assert_eq!((body.len(), Pattern::new(0).mismatch(0, &body), end), (300_000, None, Some(Ok(()))));
}

#[test]
fn a_reset_in_mid_body_comes_after_every_octet_before_it() {
    let cut = Some(Cut { after_octets: 50_000, how: CutHow::Reset });
    let (mut lab, client, flow) = network(Service { cut, ..Service::default() });
    lab.call(client, |stack, now| stack.tcp_send(now, flow, CURL)).unwrap();
    let (answer, end) = read(&mut lab, client, flow);
    assert_eq!((split(&answer).1.len(), end), (50_000, Some(Err(ReceiveError::Failed))));
    let failure = lab.stack(client).tcp_status(flow).unwrap().failure.unwrap();
    assert!(matches!(failure.cause, Cause::Reset { .. }), "{failure:?}");
}

#[test]
fn a_stall_in_mid_body_says_nothing_more_and_keeps_the_connection() {
    let cut = Some(Cut { after_octets: 1_000, how: CutHow::Stall });
    let (mut lab, client, flow) = network(Service { cut, ..Service::default() });
    lab.call(client, |stack, now| stack.tcp_send(now, flow, CURL)).unwrap();
    let (answer, end) = read(&mut lab, client, flow);
    assert_eq!((split(&answer).1.len(), end), (1_000, None));
    assert_eq!(lab.stack(client).tcp_status(flow).unwrap().state, State::Established);
    lab.call(client, |stack, now| stack.tcp_shutdown_send(now, flow)).unwrap();
    assert_eq!(read(&mut lab, client, flow), (vec![], Some(Ok(()))), "who gives up is let go");
}

#[test]
fn a_greeting_comes_before_the_client_says_anything() {
    let speaks = Speaks::Script { greeting: b"220 hi\r\n".to_vec(), answers: vec![] };
    let (mut lab, client, flow) = network(Service { speaks, ..Service::default() });
    assert_eq!(read(&mut lab, client, flow), (b"220 hi\r\n".to_vec(), None));
}

#[test]
fn an_error_arrives_though_the_client_sends_more_than_anybody_reads() {
    let (mut lab, client, flow) = network(Service::default());
    let request = [b"GET / HTTP/9.9\r\n\r\n".to_vec(), vec![b'x'; 60_000]].concat();
    lab.call(client, |stack, now| stack.tcp_send(now, flow, &request)).unwrap();
    let (answer, end) = read(&mut lab, client, flow);
    assert!(split(&answer).0.starts_with("HTTP/1.1 505"));
    assert_eq!(end, Some(Ok(())), "an orderly end, and no reset");
}
