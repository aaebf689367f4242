//! The short lines of a record: what connect() said, and what was on the wire.

use crate::made::*;
use crate::record::{Fate, Observation, Packet, Said};
use crate::{ConnectSaid, attempts, packet_words, said_line, wire_line};

#[test]
fn a_blocking_refusal_is_said_by_connect_itself() {
    let run = Made::new("refused").syn(1_000).fails(900, 11_200, ECONNREFUSED, "ECONNREFUSED").done();
    assert_eq!(said_line(&run), "ECONNREFUSED");
    let attempt = &attempts(&run)[0];
    assert_eq!(attempt.how, "connect");
    assert_eq!((attempt.began_us, attempt.settled_us), (900, Some(12_100)));
}

#[test]
fn a_program_that_does_not_block_is_told_by_so_error() {
    let run = Made::new("refused").asks(1_000, 11_000, ECONNREFUSED, "ECONNREFUSED").done();
    assert_eq!(said_line(&run), "EINPROGRESS, SO_ERROR ECONNREFUSED");
    assert_eq!(attempts(&run)[0].how, "EINPROGRESS, then SO_ERROR");
    let run = Made::new("connected").asks(1_000, 11_000, 0, "").done();
    assert_eq!(said_line(&run), "connected");
}

#[test]
fn a_program_that_simply_sends_is_told_by_send() {
    let begun = || Made::new("x").call(1_000, 100, "connect", error(EINPROGRESS, "EINPROGRESS"), "");
    let run = begun().call(20_000, 10, "sendto", error(ECONNREFUSED, "ECONNREFUSED"), "").done();
    assert_eq!(said_line(&run), "EINPROGRESS, send ECONNREFUSED");
    let run = begun().call(2_000, 10, "recvfrom", error(11, "EAGAIN"), "").done();
    assert_eq!(attempts(&run)[0].said, ConnectSaid::InProgressNeverAsked);
    assert_eq!(said_line(&run), "EINPROGRESS, never asked for the result");
}

#[test]
fn a_second_connect_is_a_question_and_not_an_attempt() {
    let begun = || Made::new("x").call(1_000, 100, "connect", error(EINPROGRESS, "EINPROGRESS"), "");
    let run = begun()
        .call(2_000, 10, "connect", error(114, "EALREADY"), "")
        .call(12_000, 10, "connect", error(ECONNREFUSED, "ECONNREFUSED"), "")
        .done();
    assert_eq!(said_line(&run), "EINPROGRESS, a second connect ECONNREFUSED");
    let run = begun()
        .call(2_000, 10, "poll", Said::Value(1), "POLLOUT")
        .call(3_000, 10, "connect", Said::Value(0), "")
        .call(4_000, 10, "connect", error(106, "EISCONN"), "")
        .done();
    assert_eq!(said_line(&run), "connected");
    assert_eq!(attempts(&run).len(), 1);
}

#[test]
fn an_error_after_the_opening_is_said_with_its_call() {
    let run = Made::new("reset")
        .asks(1_000, 11_000, 0, "")
        .call(12_000, 10, "sendto", Said::Value(74), "")
        .call(13_000, 10, "recvfrom", error(11, "EAGAIN"), "")
        .call(30_000, 10, "recvfrom", error(ECONNRESET, "ECONNRESET"), "")
        .done();
    assert_eq!(said_line(&run), "connected, then recv ECONNRESET");
}

#[test]
fn equal_attempts_are_counted_and_closed_ones_said() {
    let run = Made::new("refused")
        .fails(1_000, 10_000, ECONNREFUSED, "ECONNREFUSED")
        .call(12_000, 10, "close", Said::Value(0), "")
        .fails(20_000, 10_000, ECONNREFUSED, "ECONNREFUSED")
        .done();
    assert_eq!(said_line(&run), "ECONNREFUSED ×2");
    let run = Made::new("silent")
        .call(1_000, 100, "connect", error(EINPROGRESS, "EINPROGRESS"), "")
        .call(2_000, 1_000_000, "poll", Said::Value(0), "")
        .call(2_000_000, 10, "close", Said::Value(0), "")
        .done();
    assert_eq!(said_line(&run), "EINPROGRESS, closed before a result");
    assert_eq!(attempts(&run)[0].settled_us, Some(2_000_010));
}

#[test]
fn a_connect_that_has_not_returned_is_not_given_a_result() {
    let run = Made::new("silent")
        .call_on(1, target(), 1_000, None, "connect", Said::StillWaiting, "")
        .syn(1_000)
        .near(11_000, false, &segment(target(), us(), RST, 0, OURS.wrapping_add(1), 0))
        .done();
    assert_eq!(said_line(&run), "still waiting at the end");
}

#[test]
fn a_signal_that_makes_the_kernel_begin_again_is_no_result() {
    let begun = || Made::new("silent").call(1_000, 500_000, "connect", Said::Restarted, "");
    let run = begun().call_on(1, target(), 501_100, None, "connect", Said::StillWaiting, "").done();
    assert_eq!(said_line(&run), "still waiting at the end");
    let run = begun().fails(501_100, 10_000, ECONNREFUSED, "ECONNREFUSED").done();
    assert_eq!(said_line(&run), "ECONNREFUSED");
    assert_eq!(attempts(&run)[0].began_us, 1_000);
}

#[test]
fn what_was_not_observed_is_not_said() {
    let mut run = Made::new("refused").syn(1_000).done();
    run.observation = Observation::Not("the program is a 32-bit one".to_owned());
    assert_eq!(said_line(&run), "not observed: the program is a 32-bit one");
    run.observation = Observation::Full;
    assert_eq!(said_line(&run), "no connect() was called");
}

#[test]
fn questions_to_name_servers_are_no_attempts_of_the_program() {
    let run = Made::new("x").named().call_on(9, names(), 400, Some(410), "connect", Said::Value(0), "").done();
    assert_eq!(said_line(&run), "no connect() was called");
}

#[test]
fn silence_and_refusal_are_lines_of_the_wire() {
    let silent = Made::new("silent").syn(1_000).syn(1_001_000).syn(3_001_000).syn(7_001_000).done();
    assert_eq!(wire_line(&silent), "SYN ×4, no answer");
    let rst = segment(target(), us(), RST, 0, OURS.wrapping_add(1), 0);
    let refused = Made::new("refused").named().syn(11_000).across(22_000, false, &rst).done();
    assert_eq!(wire_line(&refused), "SYN, RST from 10.2.0.2");
    let syn = segment(us(), target(), SYN, OURS, 0, 0);
    let icmp = icmp(ROUTER, 3, 1, 0, &syn);
    let unreachable = Made::new("host").near(1_000, true, &syn).near(2_000, false, &icmp).done();
    assert_eq!(wire_line(&unreachable), "SYN, ICMP host unreachable from 10.1.0.1");
    let late = Made::new("late").syn(1_000).syn(1_001_000).opens(3_001_000).done();
    assert_eq!(wire_line(&late), "SYN ×3, SYN-ACK at the third");
}

#[test]
fn a_connection_is_told_with_its_octets_and_its_end() {
    let said = || Made::new("x").opens(1_000).says(12_000, 0, 74);
    let run = said().hears(23_000, FIN, 0, 233, 74).done();
    assert_eq!(wire_line(&run), "SYN, SYN-ACK, 74 octets out, 233 in, FIN from 10.2.0.2");
    let run = said().hears(23_000, RST, 0, 0, 74).done();
    assert_eq!(wire_line(&run), "SYN, SYN-ACK, 74 octets out, RST from 10.2.0.2");
    let run = said().hears(23_000, FIN, 0, 0, 0).hears(23_500, RST, 1, 0, 74).done();
    assert_eq!(wire_line(&run), "SYN, SYN-ACK, 74 octets out, FIN from 10.2.0.2, RST from 10.2.0.2");
    let long = segment(target(), us(), DATA, THEIRS + 1, OURS.wrapping_add(75), 1_460);
    let lost = said().hears(23_000, ACK, 0, 0, 74).on("shop", 24_000, false, Fate::TooBig, &long);
    let run = lost.on("shop", 324_000, false, Fate::TooBig, &long).done();
    assert_eq!(
        wire_line(&run),
        "SYN, SYN-ACK, 74 octets out, 2 packets from 10.2.0.2 lost, then nothing from 10.2.0.2"
    );
    let run = said().says(300_000, 0, 74).done();
    assert_eq!(wire_line(&run), "SYN, SYN-ACK, 74 octets out (1 repeated), then nothing from 10.2.0.2");
}

#[test]
fn nothing_on_the_wire_has_its_reason_where_names_tell_one() {
    assert_eq!(wire_line(&Made::new("x").done()), "nothing");
    let asked = |answer: Option<(u8, u16)>| {
        let own = at("10.1.0.2:50000");
        let made = Made::new("x").near(500, true, &dns(own, names(), 7, None, "shop.test", 1));
        match answer {
            Some(answer) => made.near(900, false, &dns(names(), own, 7, Some(answer), "shop.test", 1)).done(),
            None => made.near(5_000_500, true, &dns(own, names(), 7, None, "shop.test", 1)).done(),
        }
    };
    assert_eq!(wire_line(&asked(Some((3, 0)))), "nothing (no name)");
    assert_eq!(wire_line(&asked(Some((0, 0)))), "nothing (no address)");
    assert_eq!(wire_line(&asked(Some((2, 0)))), "nothing (the name server failed)");
    assert_eq!(wire_line(&asked(None)), "nothing (the name server was silent)");
    assert_eq!(wire_line(&asked(Some((0, 1)))), "nothing");
}

#[test]
fn several_peers_are_told_apart_and_equal_attempts_counted() {
    let second = at("10.2.0.3:80");
    let from = |port: u16| at(&format!("10.1.0.2:{port}"));
    let run = Made::new("first dead")
        .near(1_000, true, &segment(from(40_001), target(), SYN, 1, 0, 0))
        .near(2_000, true, &segment(from(40_002), target(), SYN, 2, 0, 0))
        .near(3_000, true, &segment(from(40_003), second, SYN, 3, 0, 0))
        .near(4_000, false, &segment(second, from(40_003), RST, 0, 4, 0))
        .done();
    assert_eq!(wire_line(&run), "10.2.0.2: 2 times SYN, no answer; 10.2.0.3: SYN, RST from 10.2.0.3");
}

#[test]
fn packets_are_told_in_words_and_cut_ones_with_their_whole_length() {
    let words = |bytes: &[u8], len: usize| {
        let run = Made::new("x").near(0, true, bytes).done();
        packet_words(&Packet { len, ..run.packets[0].clone() })
    };
    let syn = segment(us(), target(), SYN, OURS, 0, 0);
    assert_eq!(words(&syn, syn.len()), "SYN 10.1.0.2:40000 > 10.2.0.2:80");
    let data = segment(us(), target(), DATA, OURS, 1, 1_400);
    assert_eq!(words(&data, data.len()), "1400 octets 10.1.0.2:40000 > 10.2.0.2:80");
    let v6 = segment(at("[fd00:1::2]:40000"), at("[fd00:2::2]:80"), DATA, OURS, 1, 1_400);
    assert_eq!(words(&v6, v6.len()), "1400 octets [fd00:1::2]:40000 > [fd00:2::2]:80");
    let error = icmp(ROUTER, 3, 1, 0, &syn);
    assert_eq!(words(&error, error.len()), "ICMP host unreachable 10.1.0.1 > 10.1.0.2, quotes the SYN to 10.2.0.2:80");
    let router: std::net::IpAddr = "fd00:1::1".parse().unwrap();
    let syn_v6 = segment(at("[fd00:1::2]:40000"), at("[fd00:2::2]:80"), SYN, OURS, 0, 0);
    let error = icmp(router, 1, 0, 0, &syn_v6);
    assert_eq!(
        words(&error, error.len()),
        "ICMP no route to destination fd00:1::1 > fd00:1::2, quotes the SYN to [fd00:2::2]:80"
    );
    let question = dns(us(), names(), 7, None, "shop.test", 28);
    assert_eq!(words(&question, question.len()), "DNS: AAAA of shop.test? 10.1.0.2:40000 > 10.1.0.53:53");
    assert_eq!(words(&[0x45, 0, 0], 3), "3 octets that are not IP");
    assert_eq!(words(&[], 0), "0 octets that are not IP");
}

#[test]
fn a_lost_answer_is_told_as_lost() {
    let answer = segment(target(), us(), SYN_ACK, THEIRS, OURS.wrapping_add(1), 0);
    let run = Made::new("lossy").syn(1_000).on("shop", 2_000, false, Fate::Lost, &answer).done();
    assert_eq!(wire_line(&run), "SYN, SYN-ACK (lost), no answer");
}
