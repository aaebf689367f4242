//! The cases that a program is led into: the built-in table of outcomes, or those of a scenario's file, and which of them were chosen.

use std::path::Path;

use synsent_lab::Case;

use crate::ending::Ending;
use crate::scenario_file;
use crate::words;

/// How large a seed may be that nobody gave: it is to be typed again.
const SEED_BITS: u32 = 24;

/// Every case there is: those of the file, or else the table of outcomes. A file without cases is one with the file's name.
pub(crate) fn all(file: Option<&Path>) -> Result<Vec<Case>, Ending> {
    let Some(file) = file else { return Ok(synsent_lab::cases().to_vec()) };
    let mut cases = scenario_file::cases(file)?.cases().to_vec();
    for nameless in cases.iter_mut().filter(|case| case.name.is_empty()) {
        nameless.name = file.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default();
    }
    Ok(cases)
}

/// Those with the names in `only`, or all without any, and none of those in `except`.
pub(crate) fn choose(mut all: Vec<Case>, only: &[String], except: &[String]) -> Result<Vec<Case>, Ending> {
    for name in only.iter().chain(except) {
        check(&all, name)?;
    }
    all.retain(|case| (only.is_empty() || only.contains(&case.name)) && !except.contains(&case.name));
    if all.is_empty() {
        return Err(Ending::Usage("no outcome is left: --except takes all that --only has".to_owned()));
    }
    Ok(all)
}

/// The one with this name. Without a name it is the only one of a file, and of the table that in which all goes well.
pub(crate) fn one(file: Option<&Path>, name: Option<&str>) -> Result<Case, Ending> {
    let all = all(file)?;
    match name {
        Some(name) => check(&all, name)?,
        None if file.is_some() && all.len() > 1 => {
            let names: Vec<&str> = all.iter().map(|case| case.name.as_str()).collect();
            return Err(Ending::Usage(format!("the file has several cases, choose one: --case {}", names.join(", "))));
        }
        None => {}
    }
    let found = all.into_iter().find(|case| name.is_none_or(|name| case.name == name));
    found.ok_or_else(|| Ending::Usage("there is no case".to_owned()))
}

/// The seed of the command line; else the one that the file has; else a new one.
pub(crate) fn seed(given: Option<u64>, cases: &[Case]) -> Result<u64, Ending> {
    let own = || cases.first().map(|case| case.scenario.seed()).filter(|seed| *seed != 0);
    match given.or_else(own) {
        Some(seed) => Ok(seed),
        None => {
            let seed = synsent_host::seed().map_err(Ending::file("the random source"))?;
            let octets: [u8; 4] = std::array::from_fn(|index| seed[index]);
            Ok(u64::from(u32::from_le_bytes(octets) >> (u32::BITS - SEED_BITS)).max(1))
        }
    }
}

/// Says which names there are when one is wrong.
fn check(all: &[Case], name: &str) -> Result<(), Ending> {
    if all.iter().any(|case| case.name == name) {
        return Ok(());
    }
    let names: Vec<&str> = all.iter().map(|case| case.name.as_str()).collect();
    if name.trim().is_empty() {
        return Err(Ending::Usage(format!("the name of an outcome is missing. There are: {}", names.join(", "))));
    }
    let name = words::visible(name);
    let meant = words::nearest(&name, names.iter().copied());
    let meant = meant.map_or_else(|| ".".to_owned(), |meant| format!("; did you mean `{meant}`?"));
    Err(Ending::Usage(format!("there is no outcome `{name}`{meant} There are: {}", names.join(", "))))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(cases: &[Case]) -> Vec<&str> {
        cases.iter().map(|case| case.name.as_str()).collect()
    }

    fn said<T>(result: Result<T, Ending>) -> String {
        result.err().map(|ending| ending.to_string()).unwrap_or_default()
    }

    #[test]
    fn cases_are_chosen_by_name_and_stay_in_the_order_of_the_table() {
        let list = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<String>>();
        let table = || all(None).unwrap();
        let chosen = choose(table(), &list(&["silent", "refused"]), &[]).unwrap();
        assert_eq!(names(&chosen), ["refused", "silent"]);
        let rest = choose(table(), &[], &list(&["silent"])).unwrap();
        assert_eq!(rest.len() + 1, table().len());
        assert!(said(choose(table(), &list(&["silent"]), &list(&["silent"]))).contains("no outcome is left"));
        assert_eq!(one(None, None).unwrap().name, "connected");
        assert_eq!(one(None, Some("refused")).unwrap().name, "refused");
    }

    #[test]
    fn a_wrong_name_is_told_with_the_nearest_and_all_others() {
        let far = said(one(None, Some("nosuch")));
        assert!(far.starts_with("there is no outcome `nosuch`. There are: connected,"), "{far}");
        let empty = said(choose(all(None).unwrap(), &[String::new()], &[]));
        assert!(empty.starts_with("the name of an outcome is missing. There are: connected,"), "{empty}");
        let said = said(one(None, Some("refusd")));
        assert!(
            said.starts_with("there is no outcome `refusd`; did you mean `refused`? There are: connected, refused,"),
            "{said}"
        );
    }

    #[test]
    fn of_a_file_with_several_cases_one_is_to_be_chosen() {
        let scenarios = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../scenarios");
        assert_eq!(one(Some(&scenarios.join("web.toml")), None).unwrap().name, "web");
        let file = std::env::temp_dir().join(format!("synsent-cases-{}.toml", std::process::id()));
        std::fs::write(&file, "[[case]]\nname = \"a\"\n[[case]]\nname = \"b\"\n").unwrap();
        let chosen = one(Some(&file), None);
        let named = one(Some(&file), Some("b"));
        std::fs::remove_file(&file).unwrap();
        assert!(said(chosen).contains("choose one: --case a, b"));
        assert_eq!(named.unwrap().name, "b");
    }

    #[test]
    fn a_seed_comes_from_the_command_line_or_the_file_or_is_new() {
        let table = all(None).unwrap();
        assert_eq!(seed(Some(7), &table).unwrap(), 7);
        let new = seed(None, &table).unwrap();
        assert!((1..1 << SEED_BITS).contains(&new), "{new}");
        let mut case = table[0].clone();
        case.scenario = synsent_lab::Scenario::parse("seed = 9\n").unwrap();
        assert_eq!(seed(None, &[case]).unwrap(), 9);
    }
}
