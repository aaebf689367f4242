//! A program's sweep as a report that systems for continuous integration read: a test case for each outcome.
//!
//! A case fails only where it is not as expected, so without an expectation none does; what the program did stands in each one's
//! output. A case that could not be run is an error.

use quick_junit::{NonSuccessKind, Report, TestCase, TestCaseStatus, TestSuite};

use super::Closing;
use super::seen::Seen;
use crate::words;

/// One outcome of the report.
pub(super) enum Reported {
    /// It was run.
    Seen(Box<Seen>),
    /// It could not be run: its name, and why.
    NotRun(String, String),
}

impl Reported {
    /// What its run came to.
    pub(super) fn seen(&self) -> Option<&Seen> {
        match self {
            Reported::Seen(seen) => Some(seen),
            Reported::NotRun(..) => None,
        }
    }
}

/// The report as text.
pub(super) fn report(outcomes: &[Reported], closing: &Closing<'_>) -> Result<String, quick_junit::SerializeError> {
    let program = closing.program.join(" ");
    let mut suite = TestSuite::new("synsent sweep");
    suite.set_time(closing.took);
    suite.add_property(("program", words::visible(&program).as_str()));
    suite.add_property(("seed", closing.seed.to_string().as_str()));
    suite.add_test_cases(outcomes.iter().map(|outcome| case(outcome, closing)));
    let mut report = Report::new("synsent");
    report.set_time(closing.took);
    report.add_test_suite(suite);
    report.to_string()
}

fn case(outcome: &Reported, closing: &Closing<'_>) -> TestCase {
    let class = closing.program.first().map(|program| words::visible(program)).unwrap_or_default();
    match outcome {
        Reported::NotRun(name, why) => {
            let mut status = TestCaseStatus::non_success(NonSuccessKind::Error);
            status.set_message(words::visible(why));
            let mut case = TestCase::new(name.as_str(), status);
            case.set_classname(class);
            case
        }
        Reported::Seen(seen) => {
            let mut case = TestCase::new(seen.case.as_str(), status(seen));
            case.set_classname(class);
            case.set_time(seen.took);
            case.set_system_out(told(seen));
            if !seen.stderr_tail.is_empty() {
                case.set_system_err(seen.stderr_tail.as_str());
            }
            case
        }
    }
}

fn status(seen: &Seen) -> TestCaseStatus {
    if seen.unmet.is_empty() {
        return TestCaseStatus::success();
    }
    let mut status = TestCaseStatus::non_success(NonSuccessKind::Failure);
    status.set_message(seen.unmet.join("; "));
    status.set_type("changed");
    status
}

/// The row, as text.
fn told(seen: &Seen) -> String {
    let mut text = format!(
        "{}\non the wire: {}\nconnect() said: {}\nthe program did: {}\n",
        seen.summary,
        seen.on_the_wire(),
        seen.said,
        words::ending(&seen.end)
    );
    for (what, lines) in [("changed", &seen.unmet), ("note", &seen.notes)] {
        for line in lines {
            text.push_str(&format!("{what}: {line}\n"));
        }
    }
    if !seen.stdout_tail.is_empty() {
        text.push_str(&format!("standard output:\n{}", seen.stdout_tail));
    }
    text
}
