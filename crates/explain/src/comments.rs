//! What a capture says beside each packet: what it is, what became of it, which rule is behind it, and which call it decided.

use std::collections::HashMap;
use std::net::SocketAddr;

use crate::flows::OWN_LINE;
use crate::record::{Packet, Run};
use crate::story::{Story, Told, arrives, ends};
use crate::view::{What, plain};
use crate::words::{fate_words, ordinal, packet_words, span, visible};

/// How long a comment is at most; unit: characters.
pub const COMMENT_MAX: usize = 500;

/// A comment for each packet of a record, in the order of the record. The one of a packet that made a call return says so
/// after the words `causes:`.
pub fn comments(run: &Run) -> Vec<String> {
    let story = Story::of(run);
    let answered = last_answers(run, &story);
    let comment = |(packet, told): (&Packet, &Told)| {
        let mut said = vec![packet_words(packet)];
        if told.sending > 1 {
            said.push(format!(
                "sent for the {} time, {} later",
                ordinal(told.sending as usize),
                span(told.since_last_us)
            ));
        }
        said.extend(became(run, packet, told));
        if let Some(verdict) = told.judged_by.and_then(|index| run.verdicts.get(index)) {
            said.push(format!("decided by {}", verdict.words));
        }
        if let Some(verdict) = told.made_by.and_then(|index| run.verdicts.get(index)) {
            said.push(format!("because of {}", verdict.words));
        }
        if is_unanswered(packet, told, &answered) {
            said.push("nothing came back".to_owned());
        }
        if !told.causes.is_empty() {
            said.push(format!("causes: {}", told.causes.join(", ")));
        }
        visible(&said.join("; ")).chars().take(COMMENT_MAX).collect()
    };
    run.packets.iter().zip(&story.packets).map(comment).collect()
}

/// What became of a packet on its line and behind it.
fn became(run: &Run, packet: &Packet, told: &Told) -> Option<String> {
    if !arrives(packet.fate) {
        return fate_words(packet.fate).map(str::to_owned);
    }
    let changed = fate_words(packet.fate).map(|words| format!("{words} on the way, ")).unwrap_or_default();
    let words = match told.next.and_then(|next| run.packets.get(next)) {
        Some(next) if packet.outward => format!("goes on to {} after {}", next.line, later(packet, next)),
        Some(next) => format!("goes on to the program's machine after {}", later(packet, next)),
        None if packet.line != OWN_LINE && packet.outward => format!("arrives at {}", packet.line),
        None if packet.line == OWN_LINE && !packet.outward => "arrives at the program's machine".to_owned(),
        None => "ends at the router".to_owned(),
    };
    Some(changed + &words)
}

fn later(packet: &Packet, next: &Packet) -> String {
    span(next.at_us.saturating_sub(packet.at_us))
}

/// When the last packet came to each of our ends from each of its peers, or an error about what was sent to it.
fn last_answers(run: &Run, story: &Story) -> HashMap<(SocketAddr, SocketAddr), i64> {
    let mut last = HashMap::new();
    for (packet, told) in run.packets.iter().zip(&story.packets).filter(|(packet, _)| !packet.outward) {
        let Some(view) = &told.view else { continue };
        let (peer, own) = match &view.what {
            What::Icmp(error) => match error.quoted {
                Some(quoted) => (plain(quoted.destination), plain(quoted.source)),
                None => continue,
            },
            _ => ends(view),
        };
        let at_us = last.entry((own, peer)).or_insert(packet.at_us);
        *at_us = packet.at_us.max(*at_us);
    }
    last
}

/// Whether a SYN arrived at the last of its lines, and nothing was ever sent back.
fn is_unanswered(packet: &Packet, told: &Told, answered: &HashMap<(SocketAddr, SocketAddr), i64>) -> bool {
    let Some(view) = &told.view else { return false };
    let opens = view.segment().is_some_and(|segment| segment.opens());
    let at_the_end = packet.outward && told.next.is_none() && arrives(packet.fate);
    opens && at_the_end && answered.get(&ends(view)).is_none_or(|last_us| *last_us < packet.at_us)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::made::*;
    use crate::record::{Fate, Said};

    #[test]
    fn the_reset_that_made_connect_fail_says_so_and_names_its_rule() {
        let run = Made::new("refused")
            .syn(1_000)
            .verdict(1_400, "rule 1 of shop: refuse")
            .hears(2_900, RST, 0, 0, 0)
            .fails(900, 2_200, ECONNREFUSED, "ECONNREFUSED")
            .done();
        let comments = comments(&run);
        assert_eq!(
            comments,
            [
                "SYN 10.1.0.2:40000 > 10.2.0.2:80; goes on to shop after 0.3 ms",
                "SYN 10.1.0.2:40000 > 10.2.0.2:80; arrives at shop; decided by rule 1 of shop: refuse",
                "RST 10.2.0.2:80 > 10.1.0.2:40000; goes on to the program's machine after 0.3 ms; because of rule 1 of shop: \
                 refuse",
                "RST 10.2.0.2:80 > 10.1.0.2:40000; arrives at the program's machine; because of rule 1 of shop: refuse; \
                 causes: connect() fails with ECONNREFUSED",
            ]
        );
    }

    #[test]
    fn an_icmp_error_causes_what_so_error_tells() {
        let syn = segment(us(), target(), SYN, OURS, 0, 0);
        let run = Made::new("host-unreachable")
            .near(1_000, true, &syn)
            .near(1_500, false, &icmp(ROUTER, 3, 1, 0, &syn))
            .asks(900, 1_600, EHOSTUNREACH, "EHOSTUNREACH")
            .done();
        let comments = comments(&run);
        assert!(comments[0].ends_with("ends at the router"), "{}", comments[0]);
        assert!(comments[1].ends_with("causes: getsockopt(SO_ERROR) tells EHOSTUNREACH"), "{}", comments[1]);
    }

    #[test]
    fn a_silent_host_causes_nothing_and_each_syn_says_which_it_is() {
        let run = Made::new("silent").syn(1_000).syn(1_001_000).fails(900, 3_070_000, ETIMEDOUT, "ETIMEDOUT").done();
        let comments = comments(&run);
        assert!(comments[1].ends_with("arrives at shop; nothing came back"), "{}", comments[1]);
        assert!(comments[2].contains("sent for the second time, 1.00 s later"), "{}", comments[2]);
        assert!(!comments.iter().any(|comment| comment.contains("causes:")), "{comments:?}");
    }

    #[test]
    fn the_syn_ack_connects_once_and_a_later_reset_has_its_own_call() {
        let run = Made::new("reset")
            .opens(1_000)
            .asks(900, 11_400, 0, "")
            .hears(20_000, RST, 0, 0, 0)
            .call(19_000, 1_100, "recvfrom", error(ECONNRESET, "ECONNRESET"), "")
            .done();
        let caused: Vec<String> = comments(&run).into_iter().filter(|comment| comment.contains("causes:")).collect();
        assert_eq!(caused.len(), 2, "{caused:?}");
        assert!(caused[0].starts_with("SYN-ACK") && caused[0].ends_with("tells no error, connected"), "{caused:?}");
        assert!(caused[1].starts_with("RST") && caused[1].ends_with("recvfrom() fails with ECONNRESET"), "{caused:?}");
    }

    #[test]
    fn an_answer_that_came_before_the_packet_was_not_caused_by_it() {
        let run = Made::new("x")
            .syn(1_000)
            .call(900, 100, "connect", error(EINPROGRESS, "EINPROGRESS"), "")
            .call(1_200, 10, "getsockopt", Said::Pending { number: 0, name: String::new() }, "SO_ERROR")
            .hears(9_000, RST, 0, 0, 0)
            .call(9_500, 10, "getsockopt", Said::Pending { number: 111, name: "ECONNREFUSED".to_owned() }, "SO_ERROR")
            .done();
        let caused: Vec<String> = comments(&run).into_iter().filter(|comment| comment.contains("causes:")).collect();
        assert_eq!(caused.len(), 1, "{caused:?}");
        assert!(caused[0].starts_with("RST") && caused[0].ends_with("tells ECONNREFUSED"), "{caused:?}");
    }

    #[test]
    fn a_comment_is_one_line_whatever_a_record_has() {
        let mut run = Made::new("x").syn(1_000).verdict(1_400, "a\nb\u{1b}[31m").done();
        run.verdicts[0].words.push_str(&"x".repeat(10_000));
        run.packets[0].fate = Fate::Damaged;
        for comment in comments(&run) {
            assert!(!comment.chars().any(char::is_control) && comment.chars().count() <= COMMENT_MAX, "{comment}");
        }
    }
}
