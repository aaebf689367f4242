//! The cases of a system as a program in C, written from the records of their runs.
//!
//! Each case becomes a function without a branch: the calls that the case made, with the names of the header, and what each of them must
//! come to; between them what is arranged outside. What a run gave out, such as a socket or a name, is a variable. What must hold beside the
//! calls' results stands where the case checked it. Helpers that all programs share stand in `c/program.h`.
//!
//! A case whose record is not whole has no function: [`written`] says why.

mod lines;
mod names;
mod steps;
mod system;

use std::fmt::Write as _;

use synsent_conformance::record::Record;
use synsent_conformance::{Api, Case, contract};

use steps::Steps;
use system::System;

/// The functions of a case.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Written {
    /// The one for the lab; `None` where the case cannot be brought about there.
    pub lab: Option<Function>,
    /// The one for the kernel.
    pub kernel: Option<Function>,
}

/// A function without its name.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Function {
    /// What stands before it: what its threads do.
    before: String,
    body: String,
}

/// The function of a case with this number, from a record of its run.
///
/// # Errors
/// What the case did that is no step of a program in C.
pub fn written(api: &'static Api, number: usize, record: &Record) -> Result<Function, String> {
    // Where the places have functions of their own, so have their threads.
    let mut steps = Steps::new(api, System::of(api.name()), format!("{number}_{}", record.row.network));
    record.events.iter().try_for_each(|event| steps.add(event))?;
    let (before, body) = steps.finish();
    Ok(Function { before, body })
}

/// The whole program: each case with its bodies, or `None` where it has none.
pub fn program(api: &'static Api, cases: &[(&Case, Option<Written>)]) -> String {
    let system = System::of(api.name());
    let mut text = format!(
        "/* The clauses of {}, written from the cases of synsent-conformance as they ran. Run with a place, lab or kernel, and the\n \
         * number of a case. */\n\n",
        api.name()
    );
    text.push_str(system.includes);
    let mut table = String::new();
    for (number, (case, written)) in cases.iter().enumerate() {
        let Some(written) = written else {
            let _ = writeln!(table, "    {{{}, NULL, NULL}},", lines::literal(title(case).as_bytes()));
            continue;
        };
        text.push_str(&comment(case));
        let names = functions(&mut text, number, written);
        let _ = writeln!(table, "    {{{}, {}, {}}},", lines::literal(title(case).as_bytes()), names[0], names[1]);
    }
    let _ = write!(
        text,
        "static const struct program_case cases[] = {{\n{table}}};\n\nint main(int argc, char **argv) {{\n    return program_main(cases, \
         sizeof cases / sizeof cases[0], argc, argv);\n}}\n"
    );
    text
}

/// Writes the functions of a case, one for both places where they are the same, and answers with their names.
fn functions(text: &mut String, number: usize, written: &Written) -> [String; 2] {
    let mut one = |name: String, function: &Option<Function>| match function {
        Some(Function { before, body }) => {
            let _ = write!(text, "{before}static void {name}(void) {{\n{body}}}\n\n");
            name
        }
        None => "NULL".to_owned(),
    };
    if written.lab == written.kernel {
        let name = one(format!("case_{number}"), &written.lab);
        return [name.clone(), name];
    }
    [one(format!("case_{number}_lab"), &written.lab), one(format!("case_{number}_kernel"), &written.kernel)]
}

fn title(case: &Case) -> String {
    format!("{}: {}", case.clause, case.title)
}

/// The clause and what it promises.
fn comment(case: &Case) -> String {
    let says = contract::clause(case.clause).map_or("", |clause| &clause.says);
    let words = says.replace("*/", "* /");
    let mut text = format!("/* {}\n *", title(case));
    let mut column = 2;
    for word in words.split_whitespace() {
        if column + word.len() > 120 {
            text.push_str("\n *");
            column = 2;
        }
        text.push(' ');
        text.push_str(word);
        column += word.len() + 1;
    }
    text.push_str(" */\n");
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use synsent_conformance::{Place, cases, record};

    /// What a person would write who knows the page.
    #[test]
    fn a_refusal_is_written_as_a_person_would() {
        let (api, cases) = cases::of("winsock2").unwrap();
        let number = cases.iter().position(|case| case.clause == "winsock2.error.connrefused").unwrap();
        let record = record::record("winsock2", &cases[number], Place::Lab).unwrap();
        let function = written(api, number, &record).unwrap();
        assert_eq!(function.before, "");
        assert_eq!(
            function.body,
            "    works(WSAStartup(MAKEWORD(2, 2), &data));\n    \
             struct sockaddr_in peer1 = arranged(\"Refuses\");\n    \
             SOCKET s1 = opened(socket(AF_INET, SOCK_STREAM, 0));\n    \
             fails(connect(s1, NAME(peer1)), WSAECONNREFUSED);\n"
        );
    }

    #[test]
    fn what_is_no_step_is_told() {
        let (api, cases) = cases::of("winsock1").unwrap();
        let twin = cases.iter().position(|case| case.title == "the typed twin").unwrap();
        let record = record::record("winsock1", &cases[twin], Place::Lab).unwrap();
        assert_eq!(written(api, twin, &record), Err("the typed twin of connect".to_owned()));
    }
}
