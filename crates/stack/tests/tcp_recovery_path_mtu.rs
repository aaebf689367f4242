//! A path whose MTU shrinks under a connection (RFC 1191, RFC 8201, RFC 5927 section 7).

mod script;

use script::*;
use synsent_stack::*;

const MSS: usize = 1_460;

/// Plays a receiver behind a path of this MTU until all `octets` are there.
fn deliver_through(t: &mut Script, flow: FlowId, mtu: usize, octets: u32) {
    let mut next = 1;
    for _ in 0..200 {
        for seen in t.take_all() {
            if seen.packet.len() > mtu {
                t.icmp_about(IcmpCause::TooBig { mtu: mtu as u32 }, &seen.packet);
            } else if seen.seq <= next {
                next = next.max(seen.seq + seen.text.len() as u32);
                t.send(seg().seq(101).ack(next));
            }
        }
        if next == 1 + octets {
            assert_eq!(t.status(flow).unacknowledged, 0);
            return;
        }
        t.wait_ms(500);
    }
    t.fail("the data never arrives");
}

// Trap: DF set on everything while "fragmentation needed" is ignored is a black hole. The same for Packet Too Big.
// 5927/4
#[test]
fn data_in_flight_goes_again_in_smaller_segments_when_the_path_shrinks() {
    for (v6, mtu) in [(false, 576), (false, 1_000), (true, 1_280)] {
        let mut t = Script::new(Setup { v6, ..Setup::default() });
        let flow = t.established();
        t.write(flow, &[5; 10 * MSS]);
        let first = t.take_all();
        assert!(first.iter().all(|seen| seen.packet.len() > mtu));
        t.icmp_about(IcmpCause::TooBig { mtu: mtu as u32 }, &first[0].packet);
        let again = t.take_all();
        assert!(!again.is_empty() && again.iter().all(|seen| seen.packet.len() <= mtu), "it goes again at once");
        assert_eq!(again[0].seq, 1);
        t.send(seg().seq(101).ack(again[0].seq + again[0].text.len() as u32));
        deliver_rest(&mut t, flow, 10 * MSS as u32);
    }
}

/// Plays a receiver until all `octets` are there.
fn deliver_rest(t: &mut Script, flow: FlowId, octets: u32) {
    let mut next = 1 + octets - t.status(flow).unacknowledged as u32;
    for _ in 0..200 {
        for seen in t.take_all() {
            if seen.seq <= next {
                next = next.max(seen.seq + seen.text.len() as u32);
            }
        }
        t.send(seg().seq(101).ack(next));
        if next == 1 + octets {
            return;
        }
        t.wait_ms(500);
    }
    t.fail("the data never arrives");
}

// 5927/4
#[test]
fn a_path_that_shrinks_after_large_segments_had_passed_is_believed_once_one_is_lost() {
    let mut t = Script::v4();
    let flow = t.established();
    t.write(flow, &[5; 2 * MSS]);
    assert_eq!(t.take_all().len(), 2);
    t.send(seg().seq(101).ack(1 + 2 * MSS as u32));
    t.write(flow, &[6; 2 * MSS]);
    let left = t.take_all();
    t.icmp_about(IcmpCause::TooBig { mtu: 576 }, &left[0].packet);
    t.expect_nothing();
    assert_eq!(t.status(flow).segment_octets as usize, MSS, "an attacker could say so");
    t.wait_secs(2);
    let again = t.take_all();
    assert!(again.iter().any(|seen| seen.packet.len() <= 576));
    deliver_rest(&mut t, flow, 4 * MSS as u32);
}

// 5927/4
// 5927/1
#[test]
fn messages_that_cannot_be_true_change_nothing() {
    let mut t = Script::v4();
    let flow = t.established();
    t.write(flow, &[5; MSS]);
    let seen = t.expect(seg().seq(1).ack(101).len(MSS));
    t.icmp_about(IcmpCause::TooBig { mtu: 67 }, &seen.packet);
    t.icmp_about(IcmpCause::TooBig { mtu: 1_500 }, &seen.packet);
    t.icmp_about(IcmpCause::TooBig { mtu: 9_000 }, &seen.packet);
    t.expect_nothing();
    assert_eq!(t.status(flow).segment_octets as usize, MSS);
    // What it quotes must be in flight.
    t.send(seg().seq(101).ack(1 + MSS as u32));
    t.icmp_about(IcmpCause::TooBig { mtu: 576 }, &seen.packet);
    assert_eq!(t.status(flow).segment_octets as usize, MSS);
}

#[test]
fn a_small_path_is_found_step_by_step_and_all_arrives() {
    for mtu in [68, 300, 576, 1_400] {
        let mut t = Script::v4();
        let flow = t.established();
        t.write(flow, &[5; 5_000]);
        deliver_through(&mut t, flow, mtu, 5_000);
    }
}
