//! What stands in a scenario's file, as TOML has it, and what must hold for each table alone.

use std::collections::HashSet;
use std::net::IpAddr;

use serde::Deserialize;
use toml::Spanned;

use super::expect::ExpectTable;
use super::port::{Otherwise, PortTable};
use super::usual::{NOWHERE, default_addresses, default_name_server, default_names, default_router, everywhere};
use super::values::{Chance, MTU, MTU_MIN_V4, MTU_MIN_V6, Rate, Span, address, host_name, prefix};
use super::{Expect, Host, Line, Mistake, Named, Names, Placed, Us};
use super::{
    SCENARIO_ADDRESSES_MAX, SCENARIO_CASES_MAX, SCENARIO_HOSTS_MAX, SCENARIO_NAMES_MAX, SCENARIO_RECORDS_MAX,
    SCENARIO_ROUTES_MAX,
};
use super::{mistake, reach};
use crate::faults::Faults;
use crate::names::NamesMode;
use crate::rules::Does;

/// How often a kernel can be told to repeat a SYN.
const SYN_RETRIES: std::ops::RangeInclusive<u8> = 1..=127;
/// How many ports can be free: those from 1024 on.
const FREE_PORTS_MAX: u16 = 64_512;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    seed: Option<u64>,
    us: Option<UsTable>,
    router: Option<RouterTable>,
    names: Option<NamesTable>,
    host: Option<Vec<Spanned<HostTable>>>,
    expect: Option<ExpectTable>,
    case: Option<Vec<Spanned<CaseTable>>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CaseTable {
    name: Spanned<String>,
    #[serde(default)]
    summary: String,
    like: Option<Spanned<String>>,
    seed: Option<u64>,
    us: Option<UsTable>,
    router: Option<RouterTable>,
    names: Option<NamesTable>,
    host: Option<Vec<Spanned<HostTable>>>,
    expect: Option<ExpectTable>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct UsTable {
    addresses: Option<Vec<Spanned<String>>>,
    routes: Option<Vec<Spanned<String>>>,
    #[serde(default)]
    line: LineTable,
    free_ports: Option<Spanned<u16>>,
    syn_retries: Option<Spanned<u8>>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct RouterTable {
    addresses: Option<Vec<Spanned<String>>>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct NamesTable {
    addresses: Option<Vec<Spanned<String>>>,
    does: Option<Spanned<NamesWord>>,
    after: Option<Spanned<Span>>,
    #[serde(default)]
    record: Vec<RecordTable>,
}

#[derive(Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum NamesWord {
    Answers,
    Silent,
    Fails,
    KnowsNothing,
    Late,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RecordTable {
    name: Spanned<String>,
    addresses: Vec<Spanned<String>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct HostTable {
    name: Spanned<String>,
    names: Option<Vec<Spanned<String>>>,
    addresses: Spanned<Vec<Spanned<String>>>,
    #[serde(default)]
    line: LineTable,
    otherwise: Option<Spanned<Otherwise>>,
    #[serde(default)]
    port: Vec<PortTable>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct LineTable {
    #[serde(default)]
    delay: Span,
    #[serde(default)]
    jitter: Span,
    #[serde(default)]
    loss: Chance,
    #[serde(default)]
    duplicate: Chance,
    #[serde(default)]
    reorder: Chance,
    #[serde(default)]
    corrupt: Chance,
    rate: Option<Rate>,
    mtu: Option<Spanned<u16>>,
    black_hole: Option<Spanned<bool>>,
}

/// The tables of a scenario that are said, each checked by itself.
#[derive(Clone, Default)]
pub(super) struct Parts {
    pub(super) seed: Option<u64>,
    pub(super) us: Option<Us>,
    pub(super) router: Option<Vec<Placed<IpAddr>>>,
    pub(super) names: Option<Names>,
    pub(super) hosts: Option<Vec<Host>>,
    pub(super) expect: Option<Expect>,
}

/// A case as the file has it.
pub(super) struct CaseParts {
    pub(super) name: Placed<String>,
    pub(super) summary: String,
    pub(super) like: Option<Placed<String>>,
    pub(super) parts: Parts,
}

/// Reads the file: what stands at its top, and its cases.
pub(super) fn read(text: &str) -> Result<(Parts, Vec<CaseParts>), Mistake> {
    let file: File = toml::from_str(text).map_err(|error| {
        let at = error.span().unwrap_or(0..0);
        (at, mistake::told(error.message()))
    })?;
    let File { seed, us, router, names, host, expect, case } = file;
    let top = parts(seed, (&us, &router, &names), &host, &expect)?;
    let mut cases = Vec::new();
    for case in case.unwrap_or_default() {
        if cases.len() == SCENARIO_CASES_MAX {
            return Err((case.span(), format!("there are more than {SCENARIO_CASES_MAX} cases")));
        }
        cases.push(case.get_ref().check()?);
    }
    Ok((top, cases))
}

impl CaseTable {
    fn check(&self) -> Result<CaseParts, Mistake> {
        let CaseTable { name, summary, like, seed, us, router, names, host, expect } = self;
        let plain =
            |name: &str| !name.is_empty() && !name.contains(|one: char| one.is_whitespace() || one.is_control());
        if !plain(name.get_ref()) {
            let what = format!("`{}` cannot be the name of a case: a word", name.get_ref().escape_debug());
            return Err((name.span(), what));
        }
        if summary.contains(char::is_control) {
            return Err((name.span(), "the summary of this case is not one line".to_owned()));
        }
        let parts = parts(*seed, (us, router, names), host, expect)?;
        let placed = |text: &Spanned<String>| Placed::new(text.get_ref().clone(), text.span());
        Ok(CaseParts { name: placed(name), summary: summary.clone(), like: like.as_ref().map(placed), parts })
    }
}

fn parts(
    seed: Option<u64>,
    (us, router, names): (&Option<UsTable>, &Option<RouterTable>, &Option<NamesTable>),
    host: &Option<Vec<Spanned<HostTable>>>,
    expect: &Option<ExpectTable>,
) -> Result<Parts, Mistake> {
    Ok(Parts {
        seed,
        us: us.as_ref().map(UsTable::check).transpose()?,
        router: router.as_ref().map(RouterTable::check).transpose()?,
        names: names.as_ref().map(NamesTable::check).transpose()?,
        hosts: host.as_ref().map(|all| hosts(all)).transpose()?,
        expect: expect.as_ref().map(ExpectTable::check).transpose()?,
    })
}

fn hosts(all: &[Spanned<HostTable>]) -> Result<Vec<Host>, Mistake> {
    if let Some(one) = all.get(SCENARIO_HOSTS_MAX) {
        return Err((one.span(), format!("there are more than {SCENARIO_HOSTS_MAX} hosts")));
    }
    all.iter().map(|host| host.get_ref().check()).collect()
}

impl UsTable {
    fn check(&self) -> Result<Us, Mistake> {
        let prefixes = |all: &Vec<Spanned<String>>| all.iter().map(|one| placed(one, prefix)).collect();
        let addresses = self.addresses.as_ref().map_or_else(|| Ok(default_addresses()), prefixes)?;
        few(&addresses)?;
        let routes = self.routes.as_ref().map_or_else(|| Ok(everywhere()), prefixes)?;
        if let Some(one) = routes.get(SCENARIO_ROUTES_MAX) {
            return Err((one.at.clone(), format!("there are more than {SCENARIO_ROUTES_MAX} routes")));
        }
        if let Some(retries) = self.syn_retries.as_ref().filter(|retries| !SYN_RETRIES.contains(retries.get_ref())) {
            let what = format!("a SYN cannot be repeated {} times: 1 to 127", retries.get_ref());
            return Err((retries.span(), what));
        }
        if let Some(ports) = self.free_ports.as_ref().filter(|ports| *ports.get_ref() > FREE_PORTS_MAX) {
            return Err((ports.span(), format!("{} ports cannot be free: 0 to {FREE_PORTS_MAX}", ports.get_ref())));
        }
        let line = self.line.check(addresses.iter().any(|one| one.value.addr().is_ipv6()))?;
        let free_ports = self.free_ports.as_ref().map(|ports| *ports.get_ref());
        let syn_retries = self.syn_retries.as_ref().map(|retries| *retries.get_ref());
        Ok(Us { addresses, routes, line, free_ports, syn_retries })
    }
}

impl RouterTable {
    fn check(&self) -> Result<Vec<Placed<IpAddr>>, Mistake> {
        addresses(&self.addresses, default_router)
    }
}

impl NamesTable {
    fn check(&self) -> Result<Names, Mistake> {
        let word = self.does.as_ref().map_or(NamesWord::Answers, |word| *word.get_ref());
        let mode = match (word, &self.after) {
            (NamesWord::Late, Some(after)) => NamesMode::Late(after.get_ref().0),
            (NamesWord::Late, None) => {
                let at = self.does.as_ref().map_or(NOWHERE, Spanned::span);
                return Err((at, "late needs a time: after = \"3s\"".to_owned()));
            }
            (_, Some(after)) => return Err((after.span(), "`after` means something to \"late\" alone".to_owned())),
            (NamesWord::Answers, None) => NamesMode::Answers,
            (NamesWord::Silent, None) => NamesMode::Silent,
            (NamesWord::Fails, None) => NamesMode::ServerFails,
            (NamesWord::KnowsNothing, None) => NamesMode::NoSuchName,
        };
        if let Some(one) = self.record.get(SCENARIO_RECORDS_MAX) {
            return Err((one.name.span(), format!("there are more than {SCENARIO_RECORDS_MAX} records")));
        }
        let records = self.record.iter().map(RecordTable::check).collect::<Result<_, _>>()?;
        Ok(Names { addresses: addresses(&self.addresses, default_name_server)?, mode, records })
    }
}

impl RecordTable {
    fn check(&self) -> Result<Named, Mistake> {
        let addresses = self.addresses.iter().map(|one| placed(one, address)).collect::<Result<Vec<_>, _>>()?;
        few(&addresses)?;
        Ok(Named { name: placed(&self.name, host_name)?, addresses })
    }
}

impl HostTable {
    fn check(&self) -> Result<Host, Mistake> {
        let name = self.name.get_ref();
        if name.is_empty()
            || name.contains(|one: char| one.is_whitespace() || one.is_control())
            || name.parse::<IpAddr>().is_ok()
        {
            let what = format!("`{}` cannot be the name of a host: a word that is no address", name.escape_debug());
            return Err((self.name.span(), what));
        }
        let addresses = self.addresses.get_ref().iter().map(|one| placed(one, address));
        let addresses = addresses.collect::<Result<Vec<_>, _>>()?;
        if addresses.is_empty() {
            return Err((self.addresses.span(), format!("{name} has no address: write one such as \"10.2.0.2\"")));
        }
        few(&addresses)?;
        let rows = self.port.iter().map(|port| Ok(Placed::new(port.check()?, port.place())));
        let rows = rows.collect::<Result<Vec<_>, Mistake>>()?;
        reach::check(name, &rows)?;
        let otherwise = self.otherwise.as_ref().map(|does| does.get_ref().check(does.span())).transpose()?;
        let line = self.line.check(addresses.iter().any(|one| one.value.is_ipv6()))?;
        Ok(Host {
            name: Placed::new(name.clone(), self.name.span()),
            names: self.names()?,
            addresses,
            line,
            rows,
            otherwise: otherwise.unwrap_or(Does::Refuses),
        })
    }

    /// The names that the name server has for it.
    fn names(&self) -> Result<Vec<Placed<String>>, Mistake> {
        let Some(names) = &self.names else {
            return Ok(default_names(&Placed::new(self.name.get_ref().clone(), self.name.span())));
        };
        if let Some(one) = names.get(SCENARIO_NAMES_MAX) {
            return Err((one.span(), format!("a host has at most {SCENARIO_NAMES_MAX} names")));
        }
        let names = names.iter().map(|one| placed(one, host_name)).collect::<Result<Vec<_>, _>>()?;
        let mut seen = HashSet::new();
        match names.iter().find(|one| !seen.insert(one.value.to_ascii_lowercase())) {
            Some(one) => Err((one.at.clone(), format!("{} stands here twice", one.value))),
            None => Ok(names),
        }
    }
}

impl LineTable {
    fn check(&self, inet6: bool) -> Result<Line, Mistake> {
        let least = if inet6 { MTU_MIN_V6 } else { MTU_MIN_V4 };
        let mtu = self.mtu.as_ref().map_or(MTU, |mtu| *mtu.get_ref());
        if let Some(said) = self.mtu.as_ref().filter(|mtu| *mtu.get_ref() < least) {
            let family = if inet6 { "IPv6" } else { "IPv4" };
            return Err((said.span(), format!("{mtu} is less than a line of {family} carries: {least} to 65535")));
        }
        let black_hole = self.black_hole.as_ref().is_some_and(|said| *said.get_ref());
        if let Some(said) = self.black_hole.as_ref().filter(|_| black_hole && self.mtu.is_none()) {
            let what = "a black hole is for packets that are too big: write `mtu` as well, such as mtu = 1280";
            return Err((said.span(), what.to_owned()));
        }
        let faults = Faults {
            loss: self.loss.0,
            duplicate: self.duplicate.0,
            reorder: self.reorder.0,
            corrupt: self.corrupt.0,
            delay: self.delay.0,
            jitter: self.jitter.0,
            rate: self.rate.map(|rate| rate.0),
            mtu: black_hole.then_some(mtu),
            ..Faults::default()
        };
        Ok(Line { mtu, black_hole, faults })
    }
}

fn addresses(
    said: &Option<Vec<Spanned<String>>>,
    default: fn() -> Vec<Placed<IpAddr>>,
) -> Result<Vec<Placed<IpAddr>>, Mistake> {
    let read = |all: &Vec<Spanned<String>>| all.iter().map(|one| placed(one, address)).collect();
    let addresses = said.as_ref().map_or_else(|| Ok(default()), read)?;
    few(&addresses)?;
    Ok(addresses)
}

/// A member of a list, with its own place: a mistake that the list's reader found would be told at the list's.
fn placed<T>(one: &Spanned<String>, read: fn(&str) -> Result<T, String>) -> Result<Placed<T>, Mistake> {
    match read(one.get_ref()) {
        Ok(value) => Ok(Placed::new(value, one.span())),
        Err(what) => Err((one.span(), what)),
    }
}

fn few<T>(addresses: &[Placed<T>]) -> Result<(), Mistake> {
    match addresses.get(SCENARIO_ADDRESSES_MAX) {
        Some(one) => Err((one.at.clone(), format!("a host has at most {SCENARIO_ADDRESSES_MAX} addresses"))),
        None => Ok(()),
    }
}
