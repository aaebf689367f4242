//! Bounds of TCP that a peer, or the number of connections, can reach: each is reached here, and holds.

mod script;

use script::*;
use synsent_stack::*;

// A peer that answers every SYN from a connection of long ago prompts three more of them and no storm.
#[test]
fn stale_answers_prompt_no_more_than_three_syns() {
    let mut t = Script::v4();
    t.connect();
    t.expect(seg().syn().seq(ISS));
    for number in 0..3 {
        t.send(seg().seq(5_000).ack(77 + number));
        t.expect(seg().rst().seq(77 + number));
        t.expect(seg().syn().seq(ISS));
    }
    for number in 0..5 {
        t.send(seg().seq(5_000).ack(177 + number));
        t.expect(seg().rst().seq(177 + number));
        t.expect_nothing();
    }
    // What the ladder has in store is untouched.
    t.wait_secs(1);
    t.expect(seg().syn().seq(ISS));
}

#[test]
fn timers_that_run_out_together_are_looked_at_a_turn_at_a_time() {
    let mut stack = Stack::new(Config::default(), [7; 32]);
    let now = Instant::from_secs(1);
    let link = stack.add_link(now, LinkConfig::ip("net0"));
    stack.add_address(now, link, "10.0.0.1/24".parse().unwrap()).unwrap();
    let mut frame = vec![0; 1_500];
    let mut syns = |stack: &mut Stack, now| std::iter::from_fn(|| stack.poll_transmit(now, link, &mut frame)).count();
    for _ in 0..5_000 {
        stack.tcp_connect(now, OpenOptions::to("10.0.0.2:80".parse().unwrap())).unwrap();
    }
    assert_eq!(syns(&mut stack, now), 5_000);
    let later = now + Duration::from_secs(1);
    stack.on_deadline(later);
    assert_eq!(syns(&mut stack, later), 4_096);
    assert!(stack.next_deadline().is_some_and(|at| at <= later), "the rest is due at once");
    stack.on_deadline(later);
    assert_eq!(syns(&mut stack, later), 5_000 - 4_096);
}
