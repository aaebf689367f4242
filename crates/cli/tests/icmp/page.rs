//! The tables of the page for users, written from what was measured, and compared with what stands there.

use std::time::Duration;
use std::{env, fs};

use crate::expected::{EVENTS, MESSAGES, NOTHING, World};
use crate::measure::{Measured, Step, probe_of};

const PAGE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/linux-connect.md");
const BEGIN: &str = "<!-- measured: begin -->\n";
const END: &str = "<!-- measured: end -->\n";

/// Compares the page with what was measured, or writes it anew.
pub(crate) fn compare(measured: &Measured) {
    let page = fs::read_to_string(PAGE).expect("the page");
    let (before, rest) = page.split_once(BEGIN).expect("a line where the tables begin");
    let (tables, after) = rest.split_once(END).expect("a line where the tables end");
    let now = render(measured);
    if env::var_os("SYNSENT_UPDATE_SNAPSHOTS").is_some() {
        fs::write(PAGE, format!("{before}{BEGIN}{now}{END}{after}")).expect("the page is written");
        return;
    }
    for (now, then) in now.lines().zip(tables.lines()) {
        assert_eq!(now, then, "docs/linux-connect.md; SYNSENT_UPDATE_SNAPSHOTS=1 writes it anew");
    }
    assert!(now == tables, "the tables of docs/linux-connect.md are of another length");
}

/// When a call that waits for the network returned: at once, or when the last SYN had had its time.
pub(crate) fn when(measured: &Measured, steps: &[Step]) -> &'static str {
    let waits = |step: &&Step| matches!(step.call.as_str(), "connect" | "poll");
    let longest = steps.iter().filter(waits).map(|step| step.took).max().unwrap_or_default();
    // A clock of the kernel may be a little early.
    if longest >= measured.ladder - Duration::from_millis(200) { "after the last SYN" } else { "at once" }
}

fn render(measured: &Measured) -> String {
    let mut text = String::new();
    for (v6, family) in [(false, "IPv4"), (true, "IPv6")] {
        text += &format!(
            "\n| ICMP, {family} | the message says | TCP: connect() | when | UDP: recv() |\n|---|---|---|---|---|\n"
        );
        for (number, message) in MESSAGES.iter().enumerate().filter(|(_, message)| message.v6 == v6) {
            let said = |kind| measured.observed(World::Main, &probe_of(number, kind));
            let (tcp, udp) = (said("tcp"), said("udp"));
            let last = |steps: &[Step]| steps.last().map(|step| words(&step.word)).unwrap_or_default();
            text += &format!(
                "| {}/{} | {} | {} | {} | {} |\n",
                message.kind,
                message.code,
                message.name,
                last(tcp),
                when(measured, tcp),
                last(udp),
            );
        }
    }
    text += "\n| event | what the calls said, one after the other | when |\n|---|---|---|\n";
    for event in EVENTS {
        let steps = measured.observed(event.world, event.probe);
        let said: Vec<String> = steps.iter().map(|step| format!("{} {}", step.call, words(&step.word))).collect();
        let is_told = steps.last().is_some_and(|step| step.word != NOTHING);
        let when = if is_told { when(measured, steps) } else { "never" };
        text += &format!("| {} | {} | {when} |\n", event.what, said.join(", "));
    }
    text.push('\n');
    text
}

/// A word as a reader of the page expects it.
fn words(word: &str) -> String {
    if word == NOTHING { "nothing".to_owned() } else { word.to_owned() }
}
