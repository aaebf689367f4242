//! Pages for man(1): one for each call of a dialect, and one for the dialect, in the language of man(7).
//!
//! [`sheet`] is the page of a call: its rows in their order, and the errors that they name. [`overview`] is the dialect's: what holds for all
//! calls. How a call is declared the tables know for connect alone, so whoever makes the pages from the headers hands it over.

use std::fmt::Write as _;

use super::way_words::WayWords;
use super::{causes, is_of_paths, result, spelled};
use crate::dialect::{Dialect, Way};
use crate::page::{Page, Rule, Source, Verdict};
use crate::words::Word;

/// How a call is declared, and in which header.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Declaration {
    /// What a program includes, as it writes it: `winsock2.h`.
    pub header: String,
    /// The declaration, to its semicolon.
    pub text: String,
}

/// The calls of a dialect that have a page of their own.
pub fn calls(dialect: &Dialect) -> impl Iterator<Item = Page> {
    let tables = dialect.pages;
    let pages: Vec<Page> = tables.all().into_iter().copied().chain(tables.more.iter().map(|page| **page)).collect();
    pages.into_iter().filter(|page| !page.is_absent())
}

/// The section of a dialect's calls, as `man 3winsock2 connect` has it.
pub fn section(dialect: &Dialect) -> String {
    format!("3{}", dialect.name)
}

/// The page of a call.
pub fn sheet(dialect: &Dialect, page: &Page, declaration: Option<&Declaration>) -> String {
    let mut text = head(page.call, &section(dialect), dialect);
    let _ = writeln!(text, ".SH NAME\n{} \\- {}", escaped(page.call), line_part(deed(dialect, page)));
    synopsis(&mut text, dialect, page, declaration);
    text.push_str(
        ".SH DESCRIPTION\nThe first row that applies decides, and a call that a row fails has done nothing.\n\
         The types of sockets stand first: \"both\" are streams and datagrams over IP, \"any\" is also a handle of no socket.\n",
    );
    for rule in page.rules.iter() {
        row(&mut text, dialect, rule);
    }
    errors(&mut text, dialect, page);
    see_also(&mut text, dialect, Some(page.call));
    text
}

/// What a call is for.
fn deed(dialect: &Dialect, page: &Page) -> &'static str {
    let pages = &dialect.pages;
    let deeds = [
        (&pages.startup, "start the system"),
        (&pages.cleanup, "take one start of the system back"),
        (&pages.socket, "make a socket"),
        (&pages.bind, "give a socket its local name"),
        (&pages.connect, "set up a connection, or name the peer of a datagram socket"),
        (&pages.listen, "wait for connections from now on"),
        (&pages.accept, "take the next connection"),
        (&pages.send, "send to the peer"),
        (&pages.sendto, "send a datagram to a name"),
        (&pages.recv, "receive"),
        (&pages.recvfrom, "receive and learn from whom"),
        (&pages.select, "wait until sockets are ready"),
        (&pages.shutdown, "end one direction of a connection, or both"),
        (&pages.close, "close a socket"),
        (&pages.getsockname, "tell the local name of a socket"),
        (&pages.getpeername, "tell the name of the peer"),
        (&pages.getsockopt, "read an option of a socket"),
        (&pages.setsockopt, "set an option of a socket"),
        (&pages.ioctl, "set the mode of a socket, or ask what it could receive"),
    ];
    let known = deeds.iter().find(|(of, _)| of.call == page.call).map(|(_, deed)| *deed);
    let more = MORE_DEEDS.iter().find(|(call, _)| *call == page.call).map(|(_, deed)| *deed);
    known.or(more).unwrap_or("a call that only this system has")
}

/// What the calls are for that not all systems have.
const MORE_DEEDS: [(&str, &str); 23] = [
    ("WSASend", "send a list of buffers to the peer"),
    ("WSASendTo", "send a list of buffers as a datagram to a name"),
    ("WSARecv", "receive into a list of buffers"),
    ("WSARecvFrom", "receive into a list of buffers and learn from whom"),
    ("WSARecvEx", "receive, and learn whether a message was cut"),
    ("WSASendDisconnect", "end sending"),
    ("WSARecvDisconnect", "end receiving"),
    ("WSASocket", "make a socket by an entry of the catalogue"),
    ("WSAConnect", "set up a connection, with data along"),
    ("WSAAccept", "take the next connection if a condition agrees"),
    ("WSAPoll", "wait until sockets are ready, each with what is asked of it"),
    ("WSAIoctl", "set the mode of a socket, or ask something of it"),
    ("WSAEnumProtocols", "tell the catalogue of protocols"),
    ("WSADuplicateSocket", "share a socket with another process"),
    ("WSAGetOverlappedResult", "tell the result of an overlapped call"),
    ("WSAAsyncSelect", "have network events told as messages to a window"),
    ("WSASetBlockingHook", "set what runs while a call blocks"),
    ("WSAUnhookBlockingHook", "take the blocking hook back"),
    ("WSACancelBlockingCall", "take back the call that blocks"),
    ("WSAEventSelect", "have network events set an event object"),
    ("WSAEnumNetworkEvents", "tell the network events that came"),
    ("WSACreateEvent", "make an event object"),
    ("poll", "wait until descriptors are ready, each with what is asked of it"),
];

/// The page of a dialect: how it is started, how its sockets behave, all errors and options.
pub fn overview(dialect: &Dialect) -> String {
    let mut text = head(&overview_name(dialect), "7", dialect);
    let _ = writeln!(text, ".SH NAME\n{} \\- {} on Linux", escaped(&overview_name(dialect)), escaped(dialect.title));
    text.push_str(".SH DESCRIPTION\nWhat the tables of the system say that holds for all of its calls.\n");
    ways(&mut text, dialect);
    text.push_str(".SH ERRORS\n");
    for spelling in dialect.spellings {
        let causes = causes(dialect, spelling.word);
        if causes.is_empty() {
            continue;
        }
        let _ = writeln!(text, ".TP\n.B {} ({})\n{}", spelling.name, spelling.number, line(spelling.meaning));
        for cause in causes {
            let _ = writeln!(text, ".RS\n.IP \\(bu 2\n{}\n.RE", line(&cause));
        }
    }
    options(&mut text, dialect);
    see_also(&mut text, dialect, None);
    text
}

/// What the page of a dialect is called.
pub fn overview_name(dialect: &Dialect) -> String {
    format!("synsent-{}", dialect.name)
}

fn head(name: &str, section: &str, dialect: &Dialect) -> String {
    let mut text = String::from(".\\\" Generated from the tables that the calls carry out.\n");
    let name = name.to_uppercase();
    let _ = writeln!(text, ".TH \"{}\" \"{section}\" \"\" \"synsent\" \"{}\"", escaped(&name), escaped(dialect.title));
    text
}

fn synopsis(text: &mut String, dialect: &Dialect, page: &Page, declaration: Option<&Declaration>) {
    let known = (page.call == dialect.pages.connect.call).then_some(dialect.prototype);
    let prototype = declaration.map(|declaration| declaration.text.as_str()).or(known);
    let Some(prototype) = prototype else { return };
    text.push_str(".SH SYNOPSIS\n.nf\n");
    if let Some(declaration) = declaration {
        let _ = writeln!(text, ".B #include <{}>\n.PP", escaped(&declaration.header));
    }
    for line_of in prototype.lines() {
        let _ = writeln!(text, "\\fB{}\\fR", escaped(line_of));
    }
    text.push_str(".fi\n");
}

fn row(text: &mut String, dialect: &Dialect, rule: &Rule) {
    let result = result(dialect, rule.then);
    let _ = writeln!(text, ".TP\n.B {}\n{}: {}", escaped(&result), rule.on.words(), line_part(rule.when.words()));
    source(text, rule.source);
}

fn source(text: &mut String, source: Source) {
    if !source.clause.is_empty() {
        let _ = writeln!(text, "[{}]", escaped(source.clause));
    }
    if !source.because.is_empty() {
        let _ = writeln!(text, ".br\n{}", line(source.because));
    }
}

/// The errors that a row of the page names, and for connect those that the network brings about.
fn errors(text: &mut String, dialect: &Dialect, page: &Page) {
    let is_connect = page.call == dialect.pages.connect.call;
    let named = |word: Word| page.rules.iter().any(|rule| rule.then == Verdict::Fail(word));
    let own = |word: Word| page.answers.iter().any(|row| row.word == word);
    let local = dialect.names.local.is_some();
    let answered = |word: Word| -> Vec<&'static str> {
        let rows = dialect.words.iter().filter(|row| row.word == word && (local || !is_of_paths(row.outcome)));
        let own = page.answers.iter().filter(|row| row.word == word).map(|row| row.outcome.words());
        own.chain(rows.map(|row| row.outcome.words())).collect()
    };
    let mut is_first = true;
    for spelling in dialect.spellings {
        let from_network = if is_connect { answered(spelling.word) } else { vec![] };
        if !named(spelling.word) && !own(spelling.word) && from_network.is_empty() {
            continue;
        }
        if core::mem::take(&mut is_first) {
            text.push_str(".SH ERRORS\n");
        }
        let _ = writeln!(
            text,
            ".TP\n.B {} ({})\n{}",
            spelled(dialect, spelling.word),
            spelling.number,
            line(spelling.meaning)
        );
        if !from_network.is_empty() {
            let _ = writeln!(text, ".br\nThe network: {}.", line_part(&from_network.join("; ")));
        }
    }
    let name = overview_name(dialect);
    if !is_connect {
        let _ = writeln!(text, ".PP\nWhat the network brings about beyond that stands in\n.BR {} (7).", escaped(&name));
    }
}

fn ways(text: &mut String, dialect: &Dialect) {
    fn way<T: WayWords>(text: &mut String, name: &str, way: &Way<T>) {
        let _ = writeln!(text, ".TP\n.B {name}\n{}", line(&way.value.words()));
        source(text, way.source);
    }
    let ways = &dialect.ways;
    way(text, "Start", &ways.starting);
    way(text, "Handles", &ways.handles);
    way(text, "Opening", &ways.connect);
    way(text, "Queued datagrams", &ways.queue);
    way(text, "Failures in select", &ways.failure_shows);
    way(text, "SO_ERROR", &ways.error_reading);
    way(text, "Long datagrams", &ways.truncation);
}

fn options(text: &mut String, dialect: &Dialect) {
    text.push_str(".SH OPTIONS\n");
    for option in dialect.options {
        let access = if option.settable { "read and set" } else { "read" };
        let (name, level, number, on) = (escaped(option.name), option.level, option.number, option.on.words());
        let _ = writeln!(text, ".TP\n.B {name}\nlevel {level}, number {number:#x}: {access}, {on}");
    }
    for request in dialect.ioctls {
        let (name, call) = (escaped(request.name), dialect.pages.ioctl.call);
        let _ = writeln!(text, ".TP\n.B {name}\nrequest {:#x} of {call}", request.number);
    }
}

fn see_also(text: &mut String, dialect: &Dialect, except: Option<&str>) {
    let section = section(dialect);
    let mut names: Vec<String> = calls(dialect)
        .filter(|page| Some(page.call) != except)
        .map(|page| format!(".BR {} ({section})", escaped(page.call)))
        .collect();
    if except.is_some() {
        names.push(format!(".BR {} (7)", escaped(&overview_name(dialect))));
    }
    let _ = writeln!(text, ".SH SEE ALSO\n{}", names.join(",\n"));
}

/// Text as the typesetter must have it.
fn escaped(text: &str) -> String {
    text.replace('\\', "\\e").replace('-', "\\-").replace('"', "\\(dq").replace('\'', "\\(aq")
}

/// A part of a line of text, which does not begin it.
fn line_part(text: &str) -> String {
    text.replace('\\', "\\e").replace('"', "\\(dq")
}

/// A line of text that cannot be taken for a request.
fn line(text: &str) -> String {
    let text = line_part(text);
    if text.starts_with(['.', '\'']) { format!("\\&{text}") } else { text }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::registry::DIALECTS;

    /// What stands in the tables stands on a page: each call, and each error with its number.
    #[test]
    fn every_row_is_on_a_page() {
        for dialect in DIALECTS {
            for page in calls(dialect) {
                let text = sheet(dialect, &page, None);
                assert!(text.matches(".TP\n").count() >= page.rules.len(), "{text}");
                for rule in page.rules.iter() {
                    let Verdict::Fail(word) = rule.then else { continue };
                    let spelling = dialect.spelling(word).unwrap();
                    assert!(text.contains(&format!(".B {} ({})", spelling.name, spelling.number)), "{text}");
                    assert!(text.contains(&line_part(rule.when.words())), "{text}");
                }
            }
        }
    }

    #[test]
    fn connect_tells_what_the_network_brings_about() {
        let connect = &crate::targettcp::TARGETTCP.pages.connect;
        let text = sheet(&crate::targettcp::TARGETTCP, connect, None);
        assert!(text.contains("int connect(int socket, const void *addr, socklen_t addrlen);"), "{text}");
        let refused = text.split(".B ECONNREFUSED").nth(1).unwrap();
        assert!(refused.lines().nth(3).unwrap().starts_with("The network: "), "{refused}");
    }

    #[test]
    fn no_line_is_a_request_that_it_should_not_be() {
        assert_eq!(line(".so /etc/passwd"), "\\&.so /etc/passwd");
        assert_eq!(escaped("a\\b-c\"'"), "a\\eb\\-c\\(dq\\(aq");
        let known = [".TH", ".SH", ".TP", ".B ", ".BR", ".IP", ".RS", ".RE", ".PP", ".br", ".nf", ".fi", ".\\\""];
        for dialect in DIALECTS {
            let texts = calls(dialect).map(|page| sheet(dialect, &page, None)).chain([overview(dialect)]);
            for text in texts {
                for line in text.lines().filter(|line| line.starts_with(['.', '\''])) {
                    assert!(known.iter().any(|request| line.starts_with(request)), "{line}");
                }
            }
        }
    }
}
