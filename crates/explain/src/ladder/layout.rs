//! From a record to columns and rows.

use std::collections::HashMap;
use std::net::IpAddr;

use super::{Column, ColumnKind, HOST_COLUMNS_MAX, Ladder, Row, RowKind, WORDS_MAX, calls, fold, packets};
use crate::flows::OWN_LINE;
use crate::record::{Asked, End, HostSeen, Observation, Run};
use crate::story::Story;
use crate::style::Tone;
use crate::view::What;
use crate::words::{counted, listed, span, visible};

/// The place of the program's column.
pub(super) const PROGRAM: usize = 0;
/// The place of the kernel's column.
pub(super) const KERNEL: usize = 1;
/// The place of the router's column.
pub(super) const ROUTER: usize = 2;
/// Where the hosts begin.
const HOSTS: usize = 3;

/// After how long without anything the time that passed gets a row.
const GAP_MIN_US: i64 = 200_000;
/// How many addresses stand under a name.
const ADDRESSES_MAX: usize = 2;

/// A row while it is still to be sorted and condensed.
pub(super) struct Draft {
    pub(super) row: Row,
    /// What comes first of what happens in the same microsecond.
    pub(super) order: u8,
    /// What many rows of this kind may become one of.
    pub(super) bulk: Option<Bulk>,
}

/// Something of which there may be a lot.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Bulk {
    /// What it is, in a word.
    pub(super) what: String,
    /// How much it carries.
    pub(super) octets: usize,
}

/// The columns of a run, and which one a name has.
pub(super) struct Columns {
    all: Vec<Column>,
    by_name: HashMap<String, usize>,
}

/// Lays out a run.
pub fn lay_out(run: &Run) -> Ladder {
    let story = Story::of(run);
    let columns = columns(run, &story);
    let mut drafts = Vec::new();
    let calls_aside = calls::draft(run, &mut drafts);
    packets::draft(run, &story, &columns, &mut drafts);
    verdicts(run, &columns, &mut drafts);
    lookups(run, &story, &columns, &mut drafts);
    left_out(run, &mut drafts);
    end(run, &mut drafts);
    drafts.sort_by_key(|draft| (draft.row.at_us, draft.order));
    for draft in &mut drafts {
        draft.row.words = short(&draft.row.words);
        draft.row.note = short(&draft.row.note);
    }
    let rows = with_gaps(fold::condense(drafts));
    Ladder { columns: columns.all, rows, notes: notes(run, &story, calls_aside) }
}

/// A text from a record on one line, and not too long.
pub(super) fn short(text: &str) -> String {
    let text = visible(text);
    match text.char_indices().nth(WORDS_MAX) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    }
}

impl Columns {
    /// The column of a line or a host.
    pub(super) fn named(&self, name: &str) -> usize {
        match name {
            OWN_LINE => KERNEL,
            "router" => ROUTER,
            _ => self.by_name.get(name).copied().unwrap_or(ROUTER),
        }
    }
}

fn columns(run: &Run, story: &Story) -> Columns {
    let program = run.program.first().map_or("program", |path| path.rsplit('/').next().unwrap_or(path));
    let router = run.hosts.iter().find(|host| host.name == "router");
    let all = vec![
        column(ColumnKind::Program, program, &[]),
        column(ColumnKind::Kernel, "kernel", &run.own_addresses),
        column(ColumnKind::Router, "router", router.map_or(&[], |host| &host.addresses)),
    ];
    let mut columns = Columns { all, by_name: HashMap::new() };
    for name in took_part(run, story) {
        if columns.by_name.contains_key(name) {
            continue;
        }
        let place = columns.all.len().min(HOSTS + HOST_COLUMNS_MAX);
        let host = run.hosts.iter().find(|host| host.name == name);
        match columns.all.get_mut(place) {
            Some(shared) => *shared = column(ColumnKind::Host, "other hosts", &[]),
            None => columns.all.push(column(ColumnKind::Host, name, host.map_or(&[], |host| &host.addresses))),
        }
        columns.by_name.insert(name.to_owned(), place);
    }
    columns
}

fn column(kind: ColumnKind, name: &str, addresses: &[IpAddr]) -> Column {
    let name = if name.is_empty() { "?" } else { name };
    let about: Vec<String> = addresses.iter().take(ADDRESSES_MAX).map(IpAddr::to_string).collect();
    Column { kind, name: short(name), about: about.join(" ") }
}

/// The hosts that something was sent to or came from, or that decided something, in the order in which they appear.
fn took_part<'a>(run: &'a Run, story: &'a Story) -> impl Iterator<Item = &'a str> {
    let owner = |address: IpAddr| -> Option<&'a HostSeen> {
        run.hosts.iter().find(|host| host.addresses.contains(&address.to_canonical()))
    };
    let seen = run.packets.iter().zip(&story.packets).filter_map(move |(packet, told)| {
        if packet.line != OWN_LINE {
            return Some(packet.line.as_str());
        }
        let view = told.view.as_ref().filter(|view| packet.outward && view.what != What::Neighbours)?;
        owner(view.destination).map(|host| host.name.as_str())
    });
    let decided = run.verdicts.iter().map(|verdict| verdict.host.as_str());
    seen.chain(decided).filter(|name| !matches!(*name, OWN_LINE | "router"))
}

fn verdicts(run: &Run, columns: &Columns, drafts: &mut Vec<Draft>) {
    for verdict in &run.verdicts {
        let place = columns.named(&verdict.host);
        drafts.push(at_one(verdict.at_us, 2, RowKind::Verdict, place, verdict.words.clone(), Tone::Plain));
    }
}

/// Questions that no packet shows, and those that were not answered, which nothing else says.
fn lookups(run: &Run, story: &Story, columns: &Columns, drafts: &mut Vec<Draft>) {
    let asked = |told: &crate::story::Told| match &told.view.as_ref()?.what {
        What::Udp(datagram) => datagram.dns.as_ref().map(|dns| dns.name.to_ascii_lowercase()),
        _ => None,
    };
    let seen: std::collections::HashSet<String> = story.packets.iter().filter_map(asked).collect();
    let server = run.packets.iter().zip(&story.packets).find(|(_, told)| asked(told).is_some());
    let place = server.and_then(|(_, told)| {
        let destination = told.view.as_ref()?.destination;
        run.hosts.iter().find(|host| host.addresses.contains(&destination)).map(|host| columns.named(&host.name))
    });
    for lookup in &run.lookups {
        let shown = seen.contains(lookup.name.trim_end_matches('.').to_ascii_lowercase().as_str());
        if shown && lookup.answer != Asked::Silence {
            continue;
        }
        let answer = match &lookup.answer {
            Asked::Addresses(addresses) => addresses_words(addresses),
            Asked::NoSuchName => "no such name".to_owned(),
            Asked::Failed => "the server failed".to_owned(),
            Asked::Silence => "no answer".to_owned(),
        };
        let words = format!("{} {}: {answer}", lookup.kind, lookup.name);
        drafts.push(at_one(lookup.at_us, 2, RowKind::Lookup, place.unwrap_or(ROUTER), words, Tone::Plain));
    }
}

/// Addresses as an answer names them.
pub(super) fn addresses_words(addresses: &[IpAddr]) -> String {
    let shown: Vec<String> = addresses.iter().take(ADDRESSES_MAX).map(IpAddr::to_string).collect();
    match addresses.len() {
        0 => "no address".to_owned(),
        many if many > ADDRESSES_MAX => format!("{}, {} more", shown.join(", "), many - ADDRESSES_MAX),
        _ => listed(&shown),
    }
}

/// A row where packets were left out before others that were kept.
fn left_out(run: &Run, drafts: &mut Vec<Draft>) {
    let Some(behind) = run.first_after_left_out().and_then(|place| run.packets.get(place)) else { return };
    let words = format!("{} packets not recorded", run.packets_left_out);
    drafts.push(at_one(behind.at_us, 0, RowKind::Gap, PROGRAM, words, Tone::Quiet));
}

fn end(run: &Run, drafts: &mut Vec<Draft>) {
    let last = drafts.iter().map(|draft| draft.row.at_us).max().unwrap_or(0);
    let took_us = i64::try_from(run.took_us).unwrap_or(i64::MAX);
    let (words, tone) = match &run.end {
        End::Exited(0) => ("exits with 0".to_owned(), Tone::Good),
        End::Exited(code) => (format!("exits with {code}"), Tone::Bad),
        End::Signal { number, name } if name.is_empty() => (format!("ended by signal {number}"), Tone::Bad),
        End::Signal { name, .. } => (format!("ended by {name}"), Tone::Bad),
        End::TimeLimit(limit_us) => {
            let limit = span(i64::try_from(*limit_us).unwrap_or(i64::MAX));
            (format!("ended after its limit of {limit}"), Tone::Bad)
        }
        End::Interrupted => ("ended by the user".to_owned(), Tone::Bad),
    };
    // What still moved on the lines when the program was gone stays behind its end.
    let at_us = if run.took_us == 0 { last } else { took_us };
    drafts.push(at_one(at_us, 5, RowKind::End, PROGRAM, words, tone));
}

/// A row about one column.
pub(super) fn at_one(at_us: i64, order: u8, kind: RowKind, place: usize, words: String, tone: Tone) -> Draft {
    let row = Row {
        at_us,
        until_us: at_us,
        kind,
        from: place,
        to: place,
        via: None,
        count: 1,
        words,
        note: String::new(),
        lost: None,
        tone,
    };
    Draft { row, order, bulk: None }
}

/// Puts a row where nothing happened for long.
fn with_gaps(rows: Vec<Row>) -> Vec<Row> {
    let mut spaced: Vec<Row> = Vec::with_capacity(rows.len());
    let mut busy_until_us = rows.first().map_or(0, |row| row.at_us);
    for row in rows {
        let idle_us = row.at_us.saturating_sub(busy_until_us);
        if idle_us >= GAP_MIN_US && row.kind != RowKind::Gap {
            let gap = at_one(busy_until_us, 0, RowKind::Gap, PROGRAM, span(idle_us), Tone::Quiet);
            spaced.push(gap.row);
        }
        busy_until_us = busy_until_us.max(row.until_us).max(row.at_us);
        spaced.push(row);
    }
    spaced
}

fn notes(run: &Run, story: &Story, calls_aside: usize) -> Vec<String> {
    let mut notes = Vec::new();
    match &run.observation {
        Observation::Full => {}
        Observation::Partly(why) => notes.push(format!("Not all calls of the program could be seen: {}.", short(why))),
        Observation::Not(why) => notes.push(format!("The program's calls could not be seen: {}.", short(why))),
    }
    if calls_aside > 0 {
        let calls = counted(calls_aside, "call");
        notes.push(format!("{calls} that prepared sockets, looked at them or asked for names not shown."));
    }
    let views = story.packets.iter().filter_map(|told| told.view.as_ref());
    let housekeeping = views.filter(|view| view.what == What::Neighbours).count();
    if housekeeping > 0 {
        notes.push(format!("{} between neighbours and routers not shown.", counted(housekeeping, "packet")));
    }
    if run.packets_left_out > 0 {
        notes.push(format!("More packets, {}, were not recorded.", run.packets_left_out));
    }
    if run.calls_left_out > 0 {
        notes.push(format!("More calls, {}, were not recorded.", run.calls_left_out));
    }
    notes
}
