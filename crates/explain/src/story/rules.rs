//! The rules of the scenario, joined to the packets that they judged and to those that they caused.

use std::collections::HashMap;
use std::net::SocketAddr;

use super::{Told, ends, on_first_line};
use crate::record::Run;
use crate::view::{View, What, plain};

type Ends = (SocketAddr, SocketAddr);

pub(super) fn join(run: &Run, packets: &mut [Told]) {
    judged(run, packets);
    let mut verdicts: HashMap<Ends, Vec<usize>> = HashMap::new();
    for (index, verdict) in run.verdicts.iter().enumerate() {
        verdicts.entry((plain(verdict.from), plain(verdict.to))).or_default().push(index);
    }
    for (index, packet) in run.packets.iter().enumerate().filter(|(_, packet)| !packet.outward) {
        let asked = packets[index].view.as_ref().and_then(answers);
        let before = asked.and_then(|asked| verdicts.get(&asked)).and_then(|verdicts| {
            let behind = verdicts.partition_point(|verdict| run.verdicts[*verdict].at_us <= packet.at_us);
            behind.checked_sub(1).map(|last| verdicts[last])
        });
        packets[index].made_by = before;
    }
}

/// Joins each verdict to the last packet before it from the one who asked, on the line of the one who decided.
fn judged(run: &Run, packets: &mut [Told]) {
    let mut asked: HashMap<Ends, Vec<usize>> = HashMap::new();
    for (index, packet) in run.packets.iter().enumerate().filter(|(_, packet)| packet.outward) {
        let Some(view) = &packets[index].view else { continue };
        let last_line = !on_first_line(packet) || packets[index].next.is_none();
        if last_line {
            asked.entry(ends(view)).or_default().push(index);
        }
    }
    for (index, verdict) in run.verdicts.iter().enumerate() {
        let Some(candidates) = asked.get(&(plain(verdict.from), plain(verdict.to))) else { continue };
        let behind = candidates.partition_point(|packet| run.packets[*packet].at_us <= verdict.at_us);
        if let Some(last) = behind.checked_sub(1) {
            packets[candidates[last]].judged_by = Some(index);
        }
    }
}

/// Whose asking a packet answers that a rule may have caused: what opens, refuses or ends.
fn answers(view: &View) -> Option<Ends> {
    match &view.what {
        What::Tcp(segment) if segment.flags.syn() || segment.flags.rst() || segment.flags.fin() => {
            Some((plain(segment.destination), plain(segment.source)))
        }
        What::Icmp(error) => error.quoted.map(|quoted| (plain(quoted.source), plain(quoted.destination))),
        _ => None,
    }
}
