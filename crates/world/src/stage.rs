//! The lab of a run: a scenario with the outside in the place of our own stack, and whose each of its lines is.

use synsent_explain::HostSeen;
use synsent_lab::{CableId, Lab, Scenario, ScenarioError, Scenarios, StagedTap, Staging, TapId};

use crate::plan::Plan;

/// A lab that was built and has not yet begun.
pub(crate) struct Stage {
    pub(crate) lab: Lab,
    pub(crate) tap: TapId,
    /// The lines, the program's first.
    pub(crate) lines: Vec<Line>,
    /// The router and the hosts behind it.
    pub(crate) hosts: Vec<HostSeen>,
}

/// Whose a line is, and at which of its ends what goes away from the program is sent.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Line {
    pub(crate) name: String,
    cable: CableId,
    pub(crate) near_end: usize,
}

/// The scenario in a text: the only one, or the one of this case.
pub(crate) fn scenario(text: &str, case: &str) -> Result<Scenario, ScenarioError> {
    let scenarios = Scenarios::parse(text)?;
    let of_case = scenarios.case(case).map(|case| case.scenario.clone());
    let missing = || ScenarioError { line: 1, column: 1, what: format!("this file has no case `{case}`") };
    of_case.or_else(|| scenarios.into_nameless()).ok_or_else(missing)
}

impl Stage {
    pub(crate) fn of(scenario: &Scenario, plan: &Plan) -> Stage {
        let staging = Staging { seed: Some(plan.seed), all_names: plan.all_names, ..Staging::default() };
        let StagedTap { lab, tap, router, hosts, name_server } = scenario.stage_tapped(&staging);
        let (cable, near_end) = lab.tap_end(tap);
        let mut lines = vec![Line { name: "us".to_owned(), cable, near_end }];
        for host in hosts.iter().chain([&name_server]) {
            let near = |cable| lab.cables_of(router).into_iter().find(|(of_router, _)| *of_router == cable);
            for (cable, near_end) in lab.cables_of(*host).into_iter().filter_map(|(cable, _)| near(cable)) {
                lines.push(Line { name: lab.name(*host).to_owned(), cable, near_end });
            }
        }
        let router = HostSeen { name: lab.name(router).to_owned(), addresses: scenario.router_addresses().collect() };
        let named = scenario.hosts().map(|(name, addresses)| HostSeen { name: name.to_owned(), addresses });
        let addresses = scenario.name_server_addresses().collect();
        let name_server = HostSeen { name: lab.name(name_server).to_owned(), addresses };
        let hosts = [router].into_iter().chain(named).chain([name_server]).collect();
        Stage { lab, tap, lines, hosts }
    }
}

impl Line {
    /// The line of a cable.
    pub(crate) fn of(lines: &[Line], cable: CableId) -> Option<&Line> {
        lines.iter().find(|line| line.cable == cable)
    }
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use synsent_stack::Duration;
    use synsent_wire::ip::Protocol;
    use synsent_wire::{icmpv4, ipv4};

    use super::*;
    use crate::plan::{Medium, Streams};

    fn plan(seed: u64) -> Plan {
        Plan {
            case: "lossy".to_owned(),
            summary: String::new(),
            scenario: String::new(),
            seed,
            real_time: false,
            limit_ms: None,
            all_names: false,
            medium: Medium::Auto,
            streams: Streams::Kept,
            observe: true,
            directory: PathBuf::new(),
        }
    }

    fn known(name: &str) -> Scenario {
        let case = synsent_lab::cases().iter().find(|case| case.name == name);
        scenario(&case.expect("a case of the table").scenario.emit(), name).expect("it was emitted")
    }

    fn echo_request(seq: u16) -> Vec<u8> {
        let message = icmpv4::Repr::EchoRequest { ident: 1, seq, data: b"is anybody there" };
        let header = ipv4::Repr {
            source: [10, 1, 0, 2].into(),
            destination: [10, 2, 0, 2].into(),
            protocol: Protocol::ICMPV4,
            ttl: 64,
            traffic_class: 0,
            identification: seq,
            dont_fragment: true,
            more_fragments: false,
            fragment_offset_octets: 0,
            payload_len: message.len(),
        };
        let mut packet = vec![0; 20 + message.len()];
        header.emit(&mut packet);
        message.emit(&mut packet[20..]);
        packet
    }

    /// What comes back for a hundred requests.
    fn answers(seed: u64) -> Vec<Vec<u8>> {
        let mut stage = Stage::of(&known("lossy"), &plan(seed));
        for seq in 0..100 {
            stage.lab.tap_in(stage.tap, &echo_request(seq));
            stage.lab.run_for(Duration::from_millis(20));
        }
        std::iter::from_fn(|| stage.lab.tap_out(stage.tap)).collect()
    }

    #[test]
    fn the_same_seed_answers_what_comes_in_with_the_same_packets() {
        let first = answers(1);
        assert!((10..100).contains(&first.len()), "some are lost: {}", first.len());
        assert_eq!(answers(1), first);
        assert_ne!(answers(2), first);
    }

    #[test]
    fn every_line_of_the_lab_is_somebodys() {
        let mut stage = Stage::of(&known("refused"), &plan(1));
        let names: Vec<&str> = stage.lines.iter().map(|line| line.name.as_str()).collect();
        assert_eq!(names, ["us", "target", "name server"]);
        assert_eq!(
            stage.hosts.iter().map(|host| host.name.as_str()).collect::<Vec<_>>(),
            ["router", "target", "name server"]
        );
        stage.lab.tap_in(stage.tap, &echo_request(1));
        stage.lab.run_for(Duration::from_millis(1));
        let near = |record: &synsent_lab::Record| {
            let line = Line::of(&stage.lines, record.cable).expect("a line of somebody's");
            line.near_end == record.from
        };
        let mut seen: Vec<bool> = stage.lab.capture().records().rev().take(2).map(near).collect();
        assert_eq!(seen, [true, true], "a request goes away from the program on both lines");
        stage.lab.run_for(Duration::from_millis(100));
        seen = stage.lab.capture().records().rev().take(1).map(near).collect();
        assert_eq!(seen, [false], "an answer comes back");
    }

    #[test]
    fn a_text_of_cases_has_the_one_that_is_named() {
        let text = "[[case]]\nname = \"one\"\n[[case.host]]\nname = \"a\"\naddresses = [\"10.9.0.1\"]\n";
        assert_eq!(scenario(text, "one").unwrap().names().collect::<Vec<_>>(), ["a"]);
        assert!(scenario(text, "two").unwrap_err().to_string().contains("no case `two`"));
    }
}
