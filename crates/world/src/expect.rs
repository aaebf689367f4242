//! Whether a program did what is expected of it, and what is to be expected of one that does what it did.
//!
//! Compared is behaviour: how the program ended, what its connect() said, what it wrote. Times are compared only where
//! somebody wrote down how long it may take; what is made from a run never has one.

use std::fmt;

use synsent_explain::{ConnectSaid, End, Observation, Run, own_attempts, telling_line};
use synsent_lab::{Exit, Expect, OutputPattern, SCENARIO_EXPECTED_MAX};

/// Something that was expected and is not so.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Unmet {
    /// Of what it is: `exit`, `stdout`, `stderr`, `within`, `connect` or `connect-all`.
    pub of: &'static str,
    /// What was expected.
    pub expected: String,
    /// What is so.
    pub found: String,
}

impl fmt::Display for Unmet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: expected {}, found {}", self.of, self.expected, self.found)
    }
}

/// What of the expectations a run does not meet.
pub fn judge(expect: &Expect, run: &Run) -> Vec<Unmet> {
    let exit = judge_exit(expect, run);
    let stdout = expect.stdout.as_ref().and_then(|pattern| judge_output("stdout", pattern, &run.stdout_tail));
    let stderr = expect.stderr.as_ref().and_then(|pattern| judge_output("stderr", pattern, &run.stderr_tail));
    let all =
        [exit, stdout, stderr, judge_time(expect, run), judge_connect(expect, run), judge_all_connects(expect, run)];
    all.into_iter().flatten().collect()
}

/// What a program that behaves like this one is expected to do: its end, also that it had none until its time was over;
/// all the words of its connect(), so that one that comes no more is missed; and the line
/// of its diagnostics that tells the error, with its numbers left open, because they may be times and ports.
pub fn from_run(run: &Run) -> Expect {
    // A part of the words would be no description of this run.
    let connect = Some(words(run)).filter(|words| words.len() <= SCENARIO_EXPECTED_MAX).unwrap_or_default();
    // One word is all of them in either way.
    let (connect, connect_all) = if connect.len() > 1 { (Vec::new(), connect) } else { (connect, Vec::new()) };
    let exit = match &run.end {
        End::Exited(code) => u8::try_from(*code).ok().map(Exit::Code),
        End::Signal { name, .. } => Some(Exit::Signal(name.clone())),
        End::TimeLimit(_) => Some(Exit::TimeLimit),
        // Nothing that the program did.
        End::Interrupted => None,
    };
    let line = Some(telling_line(&run.stderr_tail)).filter(|line| !line.is_empty());
    // A line that was written over is none to a pattern.
    let stderr = line.and_then(without_numbers).filter(|pattern| pattern.is_in(run.stderr_tail.as_bytes()));
    Expect { exit: exit.into_iter().collect(), stdout: None, stderr, within: None, connect, connect_all }
}

fn judge_exit(expect: &Expect, run: &Run) -> Option<Unmet> {
    let is_met = |exit: &Exit| match (exit, &run.end) {
        (Exit::Code(code), End::Exited(found)) => i32::from(*code) == *found,
        (Exit::Signal(name), End::Signal { name: found, .. }) => name == found,
        (Exit::TimeLimit, End::TimeLimit(_)) => true,
        _ => false,
    };
    if expect.exit.is_empty() || expect.exit.iter().any(is_met) {
        return None;
    }
    let expected: Vec<String> = expect.exit.iter().map(ToString::to_string).collect();
    Some(Unmet { of: "exit", expected: expected.join(" or "), found: end_words(&run.end) })
}

fn end_words(end: &End) -> String {
    match end {
        End::Exited(code) => code.to_string(),
        End::Signal { name, .. } => name.clone(),
        End::TimeLimit(micros) => format!("no end within {}", seconds(*micros)),
        End::Interrupted => "an interruption".to_owned(),
    }
}

fn judge_output(of: &'static str, pattern: &OutputPattern, found: &str) -> Option<Unmet> {
    if pattern.is_in(found.as_bytes()) {
        return None;
    }
    let found = match telling_line(found) {
        "" => "nothing".to_owned(),
        line => format!("`{line}`"),
    };
    Some(Unmet { of, expected: format!("`{}`", pattern.as_str()), found })
}

fn judge_time(expect: &Expect, run: &Run) -> Option<Unmet> {
    let within = expect.within?;
    let micros = u64::try_from(within.as_micros()).unwrap_or(u64::MAX);
    let unmet = || Unmet { of: "within", expected: seconds(micros), found: seconds(run.took_us) };
    (run.took_us > micros).then(unmet)
}

fn judge_connect(expect: &Expect, run: &Run) -> Option<Unmet> {
    if expect.connect.is_empty() {
        return None;
    }
    let said = words(run);
    if !said.is_empty() && said.iter().all(|word| expect.connect.contains(word)) {
        return None;
    }
    Some(Unmet { of: "connect", expected: expect.connect.join(" or "), found: found_words(run, &said) })
}

fn judge_all_connects(expect: &Expect, run: &Run) -> Option<Unmet> {
    let mut expected = expect.connect_all.clone();
    expected.sort();
    expected.dedup();
    let said = words(run);
    if expected.is_empty() || said == expected {
        return None;
    }
    Some(Unmet { of: "connect-all", expected: expected.join(" and "), found: found_words(run, &said) })
}

fn found_words(run: &Run, said: &[String]) -> String {
    match &run.observation {
        Observation::Not(why) => format!("that it was not observed: {why}"),
        _ if said.is_empty() => "no connect() with an end".to_owned(),
        _ => said.join(", "),
    }
}

/// What connect() said, each word once, in the order of the alphabet: which of two attempts at once ends first is
/// chance.
fn words(run: &Run) -> Vec<String> {
    let word = |said: ConnectSaid| match said {
        ConnectSaid::Connected => Some("connected".to_owned()),
        ConnectSaid::Failed { name, .. } => Some(name),
        // The program did not learn what came of it, so it said nothing.
        ConnectSaid::InProgressNeverAsked | ConnectSaid::StillWaiting | ConnectSaid::Abandoned => None,
    };
    let mut words: Vec<String> = own_attempts(run).into_iter().filter_map(|attempt| word(attempt.said)).collect();
    words.sort();
    words.dedup();
    words
}

/// An expression for a line in which every number may be another one; `None`: the line is too long for one.
fn without_numbers(line: &str) -> Option<OutputPattern> {
    let mut pattern = String::new();
    let mut in_number = false;
    for piece in line.split_inclusive(|one: char| one.is_ascii_digit()) {
        let text = piece.trim_end_matches(|one: char| one.is_ascii_digit());
        pattern.push_str(OutputPattern::exactly(text).ok()?.as_str());
        let ends_in_number = text.len() < piece.len();
        if ends_in_number && !(in_number && text.is_empty()) {
            pattern.push_str("[0-9]+");
        }
        in_number = ends_in_number;
    }
    OutputPattern::new(&format!("^\\s*{pattern}\\s*$")).ok()
}

fn seconds(micros: u64) -> String {
    format!("{}.{:03} s", micros / 1_000_000, micros / 1_000 % 1_000)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_fits_itself_and_the_same_with_other_numbers() {
        let line = "curl: (7) Failed to connect to shop.test port 80 after 26 ms: Couldn't connect to server";
        let pattern = without_numbers(line).unwrap();
        assert!(pattern.is_in(line.as_bytes()));
        assert!(pattern.is_in(format!("before\n{}\nafter", line.replace("26", "3141")).as_bytes()));
        assert!(!pattern.is_in(line.replace("shop.test", "shopxtest").as_bytes()));
        assert!(!pattern.is_in(line.replace("after", "since").as_bytes()));
        assert_eq!(without_numbers("12 a1b22").unwrap().as_str(), "^\\s*[0-9]+ a[0-9]+b[0-9]+\\s*$");
        assert!(without_numbers(&"(".repeat(100_000)).is_none());
    }
}
