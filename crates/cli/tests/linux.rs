//! The kernel and our own stack in the same scenarios, over IPv4 and over IPv6: every case of the table of outcomes, every ICMP error
//! that may answer a SYN, and a refusal that comes when the SYN has almost been given up.
//!
//! The kernel's side is a small program that `synsent sweep` runs, whose calls and packets are read from the records. Our stack's side is the
//! client of `synsent_world::linux` in virtual time, with Linux's policy and the seed of the record. Where the two differ, the
//! difference stands in `contract/kernel-differences.toml` with its reason; one that does not, and one that stands there and is not
//! so, fail. A real program shares its processors with others and may be late: a difference counts when a second run has it too.

#[path = "../../host/tests/common/skip.rs"]
mod skip;
#[path = "../../host/tests/common/tools.rs"]
mod tools;

use std::collections::BTreeMap;
use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};
use std::time::Duration;

use libtest_mimic::{Arguments, Failed, Trial};
use serde::Deserialize;
use synsent_explain::{Observation, Run};
use synsent_lab::{Case, Scenarios, cases};
use synsent_world::linux::{self, Behaviour, Difference};

const TABLE: &str = include_str!("../../../contract/kernel-differences.toml");
/// The address of every name of the cases.
const PEERS: [(&str, &str); 2] = [("10.2.0.2", "10.2.0.2:80"), ("fd00:2::2", "[fd00:2::2]:80")];
/// The ICMP errors of each family by type and code: RFC 792, 1122 and 1812, RFC 4443 and 7112.
const ICMP_V4: &str = "3/0 3/1 3/2 3/3 3/4 3/5 3/6 3/7 3/8 3/9 3/10 3/11 3/12 3/13 3/14 3/15 4/0 11/0 11/1 12/0";
const ICMP_V6: &str = "1/0 1/1 1/2 1/3 1/4 1/5 1/6 2/0 3/0 3/1 4/0 4/1 4/2";
/// How long each program runs, the one that never ends too.
const LIMIT: Duration = Duration::from_secs(12);
/// What chance comes from, on both sides.
const SEED: u64 = 9;
/// What the command ends with where it cannot make a world.
const NO_WORLD: i32 = 7;

/// The table of differences.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Table {
    #[serde(default)]
    difference: Vec<Listed>,
    #[serde(default)]
    chance: Vec<Chance>,
}

/// A case in which chance meets the times of the two systems, so that only what connect() said is compared.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Chance {
    case: String,
    because: String,
}

/// A difference that is known.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Listed {
    case: String,
    address: String,
    differs: String,
    kernel: String,
    stack: String,
    because: String,
}

/// A row of `synsent sweep --json`, as far as it is read.
#[derive(Deserialize)]
struct Row {
    outcome: String,
    run: Option<String>,
    not_run: Option<String>,
}

/// What is compared for one address.
struct Side<'a> {
    table: &'a Table,
    /// The scenarios of the cases; `None`: they are those of the table of outcomes.
    file: Option<PathBuf>,
    address: &'a str,
    peer: SocketAddr,
    /// Where the client and the records are.
    folder: PathBuf,
    client: PathBuf,
}

fn main() -> ExitCode {
    let arguments = Arguments::from_args();
    let outcomes = PEERS.iter().map(|(address, peer)| {
        Trial::test(format!("outcomes of {address}"), move || compare(address, peer, "outcomes", None))
    });
    let answers = PEERS.iter().map(|(address, peer)| {
        let file = answers(address);
        Trial::test(format!("answers of {address}"), move || compare(address, peer, "answers", Some(&file)))
    });
    let table = Trial::test("the table names cases and reasons", || {
        table().check();
        Ok(())
    });
    libtest_mimic::run(&arguments, outcomes.chain(answers).chain([table]).collect()).exit_code()
}

fn table() -> Table {
    toml::from_str(TABLE).expect("the table of differences can be read")
}

/// Scenarios in which an address answers a SYN with each ICMP error of its family, and with a RST after three seconds.
fn answers(address: &str) -> String {
    let (family, messages) = if address.contains(':') { ("v6", ICMP_V6) } else { ("v4", ICMP_V4) };
    let host = |name: &str, does: &str| {
        let summary = "The SYN is answered with one message.";
        format!(
            "[[case]]\nname = \"{name}\"\nsummary = \"{summary}\"\n[[case.host]]\nname = \"target\"\naddresses = \
             [\"{address}\"]\nline = {{ delay = \"5ms\" }}\notherwise = {{ does = {does} }}\n\n"
        )
    };
    let late = host("rst-after-three-seconds", "\"withholds-then-refuses\", after = \"3s\"");
    let icmp = messages.split(' ').filter_map(|message| message.split_once('/')).map(|(kind, code)| {
        // What the other family would be answered has to be there, and is asked by nobody.
        let (v4, v6) = if family == "v4" {
            (format!("{kind}, {code}"), "1, 0".to_owned())
        } else {
            ("3, 0".to_owned(), format!("{kind}, {code}"))
        };
        host(&format!("icmp-{family}-{kind}-{code}"), &format!("\"icmp\", v4 = [{v4}], v6 = [{v6}]"))
    });
    icmp.chain([late]).collect()
}

/// Compares the cases of a file for one address, or those of the table of outcomes.
fn compare(address: &str, peer: &str, what: &str, file: Option<&str>) -> Result<(), Failed> {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("linux-{what}-{}", address.replace(':', "-")));
    fs::create_dir_all(&folder)?;
    let Some(client) = compiled(&folder) else { return Ok(()) };
    let scenarios = file.map(Scenarios::parse).transpose()?;
    let path = folder.join("scenarios.toml");
    fs::write(&path, file.unwrap_or_default())?;
    let file = file.map(|_| path);
    let side = Side { table: &table(), file, address, peer: peer.parse()?, folder, client };
    let all: Vec<&Case> = scenarios.as_ref().map_or(cases(), |scenarios| scenarios.cases()).iter().collect();
    let mut wrong = side.wrong(&all)?;
    if !wrong.is_empty() {
        let again: Vec<&Case> = all.into_iter().filter(|case| wrong.contains_key(&case.name)).collect();
        wrong = side.wrong(&again)?;
    }
    let sentences: Vec<String> = wrong.into_values().flatten().collect();
    if sentences.is_empty() { Ok(()) } else { Err(sentences.join("\n").into()) }
}

impl Side<'_> {
    /// What is not as the table has it, by the case; nothing where this machine cannot run programs in a world of their own.
    fn wrong(&self, cases: &[&Case]) -> Result<BTreeMap<String, Vec<String>>, Failed> {
        let mut wrong: BTreeMap<String, Vec<String>> = BTreeMap::new();
        let Some(runs) = self.sweep(cases)? else { return Ok(wrong) };
        for case in cases {
            let run = runs.get(&case.name).ok_or_else(|| format!("{}: there is no record", case.name))?;
            let sentences = self.of_case(case, run);
            if !sentences.is_empty() {
                wrong.insert(case.name.clone(), sentences);
            }
        }
        Ok(wrong)
    }

    /// What is not as the table has it in one case.
    fn of_case(&self, case: &Case, run: &Run) -> Vec<String> {
        if run.observation != Observation::Full {
            return vec![format!("{}: not all calls were observed: {:?}", case.name, run.observation)];
        }
        let kernel = Behaviour::of(run, self.peer);
        let stack = linux::visit(&case.scenario, run.seed, &run.ladder, self.peer, LIMIT);
        if self.table.chance.iter().any(|chance| chance.case == case.name) {
            let (kernel, stack) = (kernel.connect_said(), stack.connect_said());
            let is_same = kernel == stack;
            return if is_same { Vec::new() } else { vec![format!("{}: {kernel}, but on ours {stack}", case.name)] };
        }
        let of_this = |one: &&Listed| one.case == case.name && one.address == self.address;
        let mut known: Vec<&Listed> = self.table.difference.iter().filter(of_this).collect();
        let mut wrong = Vec::new();
        for difference in linux::differences(&kernel, &stack) {
            match known.iter().position(|one| one.is(&difference)) {
                Some(at) => drop(known.swap_remove(at)),
                None => wrong.push(entry(case, self.address, &difference)),
            }
        }
        let missing =
            |one: &Listed| format!("{} {}: {} do not differ as the table says", one.case, one.address, one.differs);
        wrong.extend(known.into_iter().map(missing));
        wrong
    }

    /// Runs the client in these cases and reads the records; `None`: this machine has no world for it.
    fn sweep(&self, cases: &[&Case]) -> Result<Option<BTreeMap<String, Run>>, Failed> {
        let only: Vec<&str> = cases.iter().map(|case| case.name.as_str()).collect();
        let scenario = self.file.iter().flat_map(|file| ["--scenario".as_ref(), file.as_os_str()]);
        let swept = Command::new(env!("CARGO_BIN_EXE_synsent"))
            .args(["sweep", "--json", "--jobs", "25", "--seed", &SEED.to_string()])
            .args(scenario)
            .args(["--limit", &format!("{}s", LIMIT.as_secs()), "--only", &only.join(","), "--"])
            .args([self.client.as_os_str(), self.address.as_ref()])
            .env("XDG_STATE_HOME", &self.folder)
            .stdin(Stdio::null())
            .output()?;
        if swept.status.code() == Some(NO_WORLD) {
            assert!(skip::skip("user namespaces for what this machine runs"), "nothing was compared");
            return Ok(None);
        }
        let said = String::from_utf8_lossy(&swept.stdout);
        let mut runs = BTreeMap::new();
        for row in said.lines().filter_map(|line| serde_json::from_str::<Row>(line).ok()) {
            let Some(run) = row.run else { return Err(format!("{}: {:?}", row.outcome, row.not_run).into()) };
            let record = fs::read(self.folder.join("synsent/runs").join(run).join("record.json"))?;
            runs.insert(row.outcome, serde_json::from_slice(&record)?);
        }
        Ok(Some(runs))
    }
}

impl Table {
    /// Whether each row is about something that is compared, and has its reason.
    fn check(&self) {
        let answered: String = PEERS.iter().map(|(address, _)| answers(address)).collect();
        let is_case = |name: &str| {
            cases().iter().any(|case| case.name == name) || answered.contains(&format!("name = \"{name}\"\n"))
        };
        for one in &self.difference {
            assert!(is_case(&one.case), "{}: no such case", one.case);
            assert!(PEERS.iter().any(|(address, _)| *address == one.address), "{}: {}", one.case, one.address);
            assert!(["calls", "packets", "times"].contains(&one.differs.as_str()), "{}: {}", one.case, one.differs);
            assert!(!one.because.is_empty(), "{}: a difference has its reason", one.case);
        }
        for one in &self.chance {
            assert!(is_case(&one.case) && !one.because.is_empty(), "{}", one.case);
        }
    }
}

impl Listed {
    /// Whether it is this difference; of times only that they differ can be said.
    fn is(&self, difference: &Difference) -> bool {
        let is_same = self.kernel == difference.kernel && self.stack == difference.stack;
        self.differs == difference.what.to_string() && (self.differs == "times" || is_same)
    }
}

/// A difference as the table would have it.
fn entry(case: &Case, address: &str, difference: &Difference) -> String {
    let Difference { what, kernel, stack } = difference;
    format!(
        "[[difference]]\ncase = {:?}\naddress = {address:?}\ndiffers = \"{what}\"\nkernel = {kernel:?}\nstack = {stack:?}\nbecause = \
         \"\"\n",
        case.name
    )
}

/// The client, compiled; `None` where there is no compiler.
fn compiled(folder: &Path) -> Option<PathBuf> {
    if !tools::has_tool("cc") {
        return None;
    }
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/linux/visit.c");
    let program = folder.join("visit");
    let built = Command::new("cc")
        .args(["-O1", "-Wall", "-Wextra", "-Werror", "-static"])
        .arg(source)
        .arg("-o")
        .arg(&program)
        .output();
    let built = built.expect("the compiler starts");
    assert!(built.status.success(), "{}", String::from_utf8_lossy(&built.stderr));
    Some(program)
}
