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
