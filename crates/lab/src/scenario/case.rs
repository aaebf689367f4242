//! The cases of a file: each is a scenario with a name, put together from its own tables, those of the outcome that it is like, and
//! those at the top of the file.

use std::collections::HashSet;
use std::net::IpAddr;
use std::ops::Range;

use super::file::{CaseParts, Parts, read};
use super::usual::default_router;
use super::{Mistake, Names, Placed, Scenario, ScenarioError, Us, mistake};
use super::{SCENARIO_FILE_HOSTS_MAX, SCENARIO_FILE_PORTS_MAX, SCENARIO_OCTETS_MAX, SCENARIO_PORTS_MAX};

/// A scenario with a name.
#[derive(Clone, PartialEq, Debug)]
pub struct Case {
    /// Its name; empty for the one scenario of a file without cases.
    pub name: String,
    /// What happens in it, in one line.
    pub summary: String,
    /// The case that it starts from.
    pub like: Option<String>,
    /// The scenario, with what it takes from there.
    pub scenario: Scenario,
}

/// What a file has: one nameless scenario, or cases.
#[derive(Clone, PartialEq, Debug)]
pub struct Scenarios {
    cases: Vec<Case>,
}

impl Scenarios {
    /// Reads a file.
    ///
    /// # Errors
    /// The first mistake, with its place.
    pub fn parse(text: &str) -> Result<Scenarios, ScenarioError> {
        Scenarios::parse_knowing(text, crate::cases::cases())
    }

    /// Reads a file whose cases may be like these.
    pub(crate) fn parse_knowing(text: &str, known: &[Case]) -> Result<Scenarios, ScenarioError> {
        let at = |(at, what): Mistake| ScenarioError::at(text, at.start, what);
        if text.len() > SCENARIO_OCTETS_MAX {
            let what = format!("the file is longer than {SCENARIO_OCTETS_MAX} octets");
            return Err(at((SCENARIO_OCTETS_MAX..SCENARIO_OCTETS_MAX, what)));
        }
        let (top, parts) = read(text).map_err(at)?;
        if parts.is_empty() {
            let scenario = top.whole().map_err(at)?;
            return Ok(Scenarios {
                cases: vec![Case { name: String::new(), summary: String::new(), like: None, scenario }],
            });
        }
        let mut cases: Vec<Case> = Vec::new();
        let (mut hosts, mut rows) = (0, 0);
        for one in parts {
            let (name_at, case) = (one.name.at.clone(), build(one, &top, &cases, known).map_err(at)?);
            hosts += case.scenario.hosts.len();
            if hosts > SCENARIO_FILE_HOSTS_MAX {
                let what = format!("all cases together have more than {SCENARIO_FILE_HOSTS_MAX} hosts");
                return Err(at((name_at, what)));
            }
            rows += case.scenario.hosts.iter().map(|host| host.rows.len()).sum::<usize>();
            if rows > SCENARIO_FILE_PORTS_MAX {
                let what = format!("all cases together have more than {SCENARIO_FILE_PORTS_MAX} rows for ports");
                return Err(at((name_at, what)));
            }
            cases.push(case);
        }
        Ok(Scenarios { cases })
    }

    /// A file with these cases; `None`: two have the same name, or one of several has none.
    pub fn of(cases: Vec<Case>) -> Option<Scenarios> {
        let mut names = HashSet::new();
        let is_named = |case: &Case| cases.len() == 1 || !case.name.is_empty();
        let fits = !cases.is_empty() && cases.iter().all(|case| is_named(case) && names.insert(&case.name));
        fits.then_some(Scenarios { cases })
    }

    /// The cases, or the one nameless scenario.
    pub fn cases(&self) -> &[Case] {
        &self.cases
    }

    /// The case with this name.
    pub fn case(&self, name: &str) -> Option<&Case> {
        self.cases.iter().find(|case| case.name == name)
    }

    /// Whether the file is one scenario without a name.
    pub fn is_nameless(&self) -> bool {
        self.cases.iter().all(|case| case.name.is_empty())
    }

    /// The one scenario of a file without cases.
    pub fn into_nameless(self) -> Option<Scenario> {
        let is_nameless = self.is_nameless();
        self.cases.into_iter().next().filter(|_| is_nameless).map(|case| case.scenario)
    }
}

/// Puts a case together.
fn build(case: CaseParts, top: &Parts, before: &[Case], known: &[Case]) -> Result<Case, Mistake> {
    let CaseParts { name, summary, like, parts } = case;
    if before.iter().any(|other| other.name == name.value) {
        return Err((name.at, format!("there is a case {} already", name.value)));
    }
    let base = match &like {
        Some(like) => find(like, before, known)?.scenario.parts(&like.at),
        None => Parts::default(),
    };
    let summary = match (&like, summary.is_empty()) {
        (Some(like), true) => find(like, before, known)?.summary.clone(),
        _ => summary,
    };
    let scenario = parts.or(base).or(top.clone()).whole()?;
    Ok(Case { name: name.value, summary, like: like.map(|like| like.value), scenario })
}

/// The case that another one is like: one before it in the file, or a known one.
fn find<'a>(like: &Placed<String>, before: &'a [Case], known: &'a [Case]) -> Result<&'a Case, Mistake> {
    let mut all = before.iter().chain(known);
    all.find(|case| case.name == like.value).ok_or_else(|| {
        let names: Vec<&str> = before.iter().chain(known).map(|case| case.name.as_str()).collect();
        let meant = mistake::nearest(&like.value, names.iter().copied());
        let meant = meant.map_or_else(String::new, |word| format!("; did you mean `{word}`?"));
        let what = format!("there is no case `{}` to be like; there are {}{meant}", like.value, names.join(", "));
        (like.at.clone(), what)
    })
}

impl Parts {
    /// What is said here, and else what is said there.
    fn or(self, other: Parts) -> Parts {
        Parts {
            seed: self.seed.or(other.seed),
            us: self.us.or(other.us),
            router: self.router.or(other.router),
            names: self.names.or(other.names),
            hosts: self.hosts.or(other.hosts),
            expect: self.expect.or(other.expect),
        }
    }

    /// The scenario, with what is usual where nothing is said.
    fn whole(self) -> Result<Scenario, Mistake> {
        let mut scenario = Scenario {
            seed: self.seed.unwrap_or(0),
            us: self.us.unwrap_or_else(Us::plain),
            router: self.router.unwrap_or_else(default_router),
            names: self.names.unwrap_or_else(Names::plain),
            hosts: self.hosts.unwrap_or_default(),
            expect: self.expect.unwrap_or_default(),
        };
        scenario.yield_name_server();
        scenario.unique()?;
        // What only the stacks know to be wrong, they say here.
        scenario.try_stage(&super::Staging::default())?;
        Ok(scenario)
    }
}

impl Scenario {
    /// The tables of a scenario that another one takes: those in which something unusual is said, and the hosts. A mistake in what comes of
    /// them is one of the word that names it.
    fn parts(&self, at: &Range<usize>) -> Parts {
        let mut scenario = self.clone();
        scenario.each_place(&mut |place| *place = at.clone());
        let Scenario { seed, us, router, names, hosts, expect } = scenario;
        Parts {
            seed: Some(seed).filter(|seed| *seed != 0),
            us: Some(us).filter(|us| *us != Us::plain()),
            router: Some(router).filter(|router| *router != default_router()),
            names: Some(names).filter(|names| *names != Names::plain()),
            hosts: Some(hosts),
            expect: Some(expect).filter(|expect| !expect.is_empty()),
        }
    }

    fn each_place(&mut self, change: &mut dyn FnMut(&mut Range<usize>)) {
        let Scenario { us, router, names, hosts, .. } = self;
        us.addresses.iter_mut().chain(&mut us.routes).for_each(|one| change(&mut one.at));
        router.iter_mut().chain(&mut names.addresses).for_each(|one| change(&mut one.at));
        for record in &mut names.records {
            change(&mut record.name.at);
            record.addresses.iter_mut().for_each(|one| change(&mut one.at));
        }
        for host in hosts {
            change(&mut host.name.at);
            host.names.iter_mut().for_each(|one| change(&mut one.at));
            host.addresses.iter_mut().for_each(|one| change(&mut one.at));
            host.rows.iter_mut().for_each(|one| change(&mut one.at));
        }
    }

    /// A usual address of the name server that somebody else has is not its own.
    fn yield_name_server(&mut self) {
        let ours = self.us.addresses.iter().map(|one| one.value.addr());
        let others = self.router.iter().chain(self.hosts.iter().flat_map(|host| &host.addresses));
        let taken: HashSet<IpAddr> = ours.chain(others.map(|one| one.value)).collect();
        let usual = Names::plain().addresses;
        let is_usual = self.names.addresses == usual;
        self.names.addresses.retain(|one| !(is_usual && taken.contains(&one.value)));
    }

    /// What may be there only once, and how much of it.
    fn unique(&self) -> Result<(), Mistake> {
        let ours = self.us.addresses.iter().map(|one| (one.value.addr(), &one.at));
        let others = self.router.iter().chain(&self.names.addresses);
        let others = others.chain(self.hosts.iter().flat_map(|host| &host.addresses));
        let mut seen = HashSet::new();
        for (address, at) in ours.chain(others.map(|one| (one.value, &one.at))) {
            if !seen.insert(address) {
                let what = format!("{address} is taken already: every address is that of one host");
                return Err((at.clone(), what));
            }
        }
        let mut names = HashSet::new();
        for name in self.hosts.iter().map(|host| &host.name) {
            if !names.insert(&name.value) {
                return Err((name.at.clone(), format!("there is a host {} already", name.value)));
            }
        }
        match self.hosts.iter().flat_map(|host| &host.rows).nth(SCENARIO_PORTS_MAX) {
            Some(row) => Err((row.at.clone(), format!("there are more than {SCENARIO_PORTS_MAX} rows for ports"))),
            None => Ok(()),
        }
    }
}
