//! A row for a port as it stands in the file: which attempts it is for, what the host does, and what that depends on.

use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use serde::Deserialize;
use serde::de::value::MapAccessDeserializer;
use serde::de::{MapAccess, Visitor};
use toml::Spanned;

use super::expect::Words;
use super::values::{Attempts, Span};
use super::word::Word;
use super::{Mistake, SCENARIO_BACKLOG_MAX, SCENARIO_TEXT_OCTETS_MAX};
use crate::obstruct::{IcmpError, IcmpMessage};
use crate::rules::{By, Does, Late, Row, Speech, When};
use crate::service::{Cut, CutHow};

/// How long a body may be said to be; unit: octets.
const BODY_OCTETS_MAX: u64 = crate::http::BODY_OCTETS_MAX;

/// A row, or with fewer keys what a host does otherwise.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct PortTable {
    number: Option<Spanned<u16>>,
    first: Option<Spanned<u32>>,
    attempts: Option<Spanned<Attempts>>,
    from: Option<Spanned<Span>>,
    until: Option<Spanned<Span>>,
    does: Spanned<Word>,
    after: Option<Spanned<Span>>,
    unheard: Option<Spanned<u32>>,
    backlog: Option<Spanned<usize>>,
    octets: Option<Spanned<u64>>,
    body: Option<Spanned<u64>>,
    text: Option<Spanned<Words>>,
    greeting: Option<Spanned<String>>,
    by: Option<Spanned<ByWord>>,
    v4: Option<Spanned<[u8; 2]>>,
    v6: Option<Spanned<[u8; 2]>>,
    mtu: Option<Spanned<u16>>,
    pointer: Option<Spanned<u8>>,
}

/// What a host does otherwise: a word, or a table without a port and conditions.
pub(super) enum Otherwise {
    Word(Word),
    Table(Box<PortTable>),
}

#[derive(Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum ByWord {
    Router,
    Host,
}

impl PortTable {
    /// The row.
    pub(super) fn check(&self) -> Result<Row, Mistake> {
        let port = self.number.as_ref().map(|number| *number.get_ref());
        if let Some(number) = self.number.as_ref().filter(|_| port == Some(0)) {
            return Err((number.span(), "0 is no port: 1 to 65535".to_owned()));
        }
        Ok(Row { port, when: self.when()?, does: self.does()? })
    }

    /// Where the row begins to say something.
    pub(super) fn place(&self) -> Range<usize> {
        self.number.as_ref().map_or_else(|| self.does.span(), Spanned::span)
    }

    fn when(&self) -> Result<When, Mistake> {
        let attempts = match (&self.first, &self.attempts) {
            (Some(_), Some(attempts)) => {
                return Err((attempts.span(), "`first` and `attempts` say the same: write one of them".to_owned()));
            }
            (Some(first), None) if *first.get_ref() == 0 => {
                return Err((first.span(), "the first 0 attempts are none: 1 or more".to_owned()));
            }
            (Some(first), None) => (1, *first.get_ref()),
            (None, Some(attempts)) => (attempts.get_ref().first, attempts.get_ref().last),
            (None, None) => When::ALWAYS.attempts,
        };
        let span = |span: &Option<Spanned<Span>>| span.as_ref().map(|span| span.get_ref().0);
        let from = span(&self.from).unwrap_or(When::ALWAYS.from);
        let until = span(&self.until).unwrap_or(When::ALWAYS.until);
        if let Some(said) = self.until.as_ref().filter(|_| from >= until) {
            return Err((said.span(), format!("no time is from {from:?} until {until:?}")));
        }
        Ok(When { attempts, from, until })
    }

    fn does(&self) -> Result<Does, Mistake> {
        let word = *self.does.get_ref();
        for (key, at) in self.keys() {
            if !word.takes().contains(&key) {
                return Err((at, format!("`{key}` means nothing to {}{}", word.name(), instead(word.takes()))));
            }
        }
        let body = self.body()?;
        Ok(match word {
            Word::Answers => Does::Answers(body),
            Word::AnswersLate => Does::AnswersLate(self.late()?, body),
            Word::Refuses => Does::Refuses,
            Word::Silent => Does::Silent,
            Word::Withholds => Does::Withholds,
            Word::WithholdsThenRefuses => match &self.after {
                Some(after) => Does::WithholdsThenRefuses(after.get_ref().0),
                None => return Err(self.lacks("a time: after = \"3s\"")),
            },
            Word::BacklogFull => Does::Backlog { places: self.backlog()?, free: 0 },
            Word::Resets => Does::Resets,
            Word::Closes => Does::Closes,
            Word::SaysNothing => Does::SaysNothing,
            Word::ResetsInBody => self.breaks(CutHow::Reset)?,
            Word::ClosesInBody => self.breaks(CutHow::Close)?,
            Word::Stalls => self.breaks(CutHow::Stall)?,
            Word::Says => Does::Says(Arc::new(self.speech()?)),
            Word::NetworkUnreachable => self.icmp(IcmpError::NetworkUnreachable, By::Router),
            Word::HostUnreachable => self.icmp(IcmpError::HostUnreachable, By::Router),
            Word::Prohibited => self.icmp(IcmpError::Prohibited, By::Router),
            Word::TimeExceeded => self.icmp(IcmpError::TimeExceeded, By::Router),
            Word::ProtocolUnreachable => self.icmp(IcmpError::ProtocolUnreachable, By::Host),
            Word::PortUnreachable => self.icmp(IcmpError::PortUnreachable, By::Host),
            Word::Icmp => self.icmp(self.message()?, By::Router),
        })
    }

    /// The keys that depend on the word, as far as they are there.
    fn keys(&self) -> impl Iterator<Item = (&'static str, Range<usize>)> {
        let at = [
            ("after", self.after.as_ref().map(Spanned::span)),
            ("unheard", self.unheard.as_ref().map(Spanned::span)),
            ("backlog", self.backlog.as_ref().map(Spanned::span)),
            ("octets", self.octets.as_ref().map(Spanned::span)),
            ("body", self.body.as_ref().map(Spanned::span)),
            ("text", self.text.as_ref().map(Spanned::span)),
            ("greeting", self.greeting.as_ref().map(Spanned::span)),
            ("by", self.by.as_ref().map(Spanned::span)),
            ("v4", self.v4.as_ref().map(Spanned::span)),
            ("v6", self.v6.as_ref().map(Spanned::span)),
            ("mtu", self.mtu.as_ref().map(Spanned::span)),
            ("pointer", self.pointer.as_ref().map(Spanned::span)),
        ];
        at.into_iter().filter_map(|(key, at)| Some((key, at?)))
    }

    fn lacks(&self, what: &str) -> Mistake {
        (self.does.span(), format!("{} needs {what}", self.does.get_ref().name()))
    }

    fn late(&self) -> Result<Late, Mistake> {
        match (&self.after, &self.unheard) {
            (Some(after), None) => Ok(Late::After(after.get_ref().0)),
            (None, Some(unheard)) => Ok(Late::Unheard(*unheard.get_ref())),
            (None, None) => Err(self.lacks("a time: after = \"3s\", or a number of SYNs: unheard = 2")),
            (Some(_), Some(unheard)) => {
                Err((unheard.span(), "answers-late takes `after` or `unheard`, not both".to_owned()))
            }
        }
    }

    fn body(&self) -> Result<Option<u64>, Mistake> {
        match self.body.as_ref().or(self.octets.as_ref()).filter(|octets| *octets.get_ref() > BODY_OCTETS_MAX) {
            Some(octets) => {
                Err((octets.span(), format!("{} octets are too many: 0 to {BODY_OCTETS_MAX}", octets.get_ref())))
            }
            None => Ok(self.body.as_ref().map(|body| *body.get_ref())),
        }
    }

    fn breaks(&self, how: CutHow) -> Result<Does, Mistake> {
        match &self.octets {
            Some(octets) => Ok(Does::Breaks(Cut { after_octets: *octets.get_ref(), how })),
            None => Err(self.lacks("a number of octets of the body: octets = 1000")),
        }
    }

    fn backlog(&self) -> Result<usize, Mistake> {
        match &self.backlog {
            None => Ok(1),
            Some(backlog) if (1..=SCENARIO_BACKLOG_MAX).contains(backlog.get_ref()) => Ok(*backlog.get_ref()),
            Some(backlog) => {
                let what = format!("{} is no backlog: 1 to {SCENARIO_BACKLOG_MAX}", backlog.get_ref());
                Err((backlog.span(), what))
            }
        }
    }

    fn speech(&self) -> Result<Speech, Mistake> {
        let texts = self.text.as_ref().map(|text| text.get_ref().0.clone()).unwrap_or_default();
        let greeting = self.greeting.as_ref().map(|greeting| greeting.get_ref().clone()).unwrap_or_default();
        let octets = greeting.len() + texts.iter().map(|text| text.len() + 1).sum::<usize>();
        match (&self.text, &self.greeting) {
            (None, None) => Err(self.lacks("something to say: text = \"+OK\\r\\n\", or greeting = \"hello\"")),
            (Some(Spanned { .. }), _) | (_, Some(_)) if octets > SCENARIO_TEXT_OCTETS_MAX => {
                let at = self.text.as_ref().map_or_else(|| self.does.span(), Spanned::span);
                Err((at, format!("a port says at most {SCENARIO_TEXT_OCTETS_MAX} octets")))
            }
            _ => Ok(Speech { greeting, texts }),
        }
    }

    fn icmp(&self, error: IcmpError, by: By) -> Does {
        let by = self.by.as_ref().map_or(by, |by| match by.get_ref() {
            ByWord::Router => By::Router,
            ByWord::Host => By::Host,
        });
        Does::Icmp { error, by }
    }

    /// The message whose numbers are written.
    fn message(&self) -> Result<IcmpError, Mistake> {
        if self.v4.is_none() && self.v6.is_none() {
            return Err(self.lacks("type and code: v4 = [3, 13], v6 = [1, 1], or one of them"));
        }
        let head = |numbers: &Option<Spanned<[u8; 2]>>, v6: bool| -> Result<Option<IcmpMessage>, Mistake> {
            let Some(numbers) = numbers else { return Ok(None) };
            let [kind, code] = *numbers.get_ref();
            if v6 && kind >= 128 || !v6 && !V4_ERRORS.contains(&kind) {
                let allowed = if v6 { "0 to 127" } else { "3, 4, 5, 11 or 12" };
                return Err((numbers.span(), format!("type {kind} is no error: {allowed}")));
            }
            Ok(Some(IcmpMessage { kind, code, field: self.field(kind, v6) }))
        };
        if let (Some(mtu), true) = (&self.mtu, self.pointer.is_some()) {
            return Err((mtu.span(), "a message has an `mtu` or a `pointer`, not both".to_owned()));
        }
        Ok(IcmpError::Exactly { v4: head(&self.v4, false)?, v6: head(&self.v6, true)? })
    }

    /// The four octets behind the checksum: an MTU is in the lower half of them, a pointer in IPv4 in the first one.
    fn field(&self, kind: u8, v6: bool) -> u32 {
        match (&self.mtu, &self.pointer) {
            (Some(mtu), _) => u32::from(*mtu.get_ref()),
            (None, Some(pointer)) if v6 => u32::from(*pointer.get_ref()),
            (None, Some(pointer)) => u32::from(*pointer.get_ref()) << 24,
            (None, None) => usual_field(kind, v6),
        }
    }

    /// The first key that has no business in what is done otherwise.
    fn condition(&self) -> Option<(&'static str, Range<usize>)> {
        let at = [
            ("number", self.number.as_ref().map(Spanned::span)),
            ("first", self.first.as_ref().map(Spanned::span)),
            ("attempts", self.attempts.as_ref().map(Spanned::span)),
            ("from", self.from.as_ref().map(Spanned::span)),
            ("until", self.until.as_ref().map(Spanned::span)),
        ];
        at.into_iter().find_map(|(key, at)| Some((key, at?)))
    }
}

/// The types of IPv4 that quote a packet (RFC 1122 section 3.2.2).
const V4_ERRORS: [u8; 5] = [3, 4, 5, 11, 12];

/// The four octets behind the checksum where nothing is said of them; what was not known in IPv6 is the Next Header field.
pub(super) fn usual_field(kind: u8, v6: bool) -> u32 {
    const PARAMETER_PROBLEM: u8 = 4;
    const NEXT_HEADER_OFFSET: u32 = 6;
    if v6 && kind == PARAMETER_PROBLEM { NEXT_HEADER_OFFSET } else { 0 }
}

impl Otherwise {
    /// What the host does.
    pub(super) fn check(&self, at: Range<usize>) -> Result<Does, Mistake> {
        match self {
            Otherwise::Word(word) => {
                let does = Spanned::new(at, *word);
                PortTable::of_word(does).does()
            }
            Otherwise::Table(table) => {
                if let Some((key, at)) = table.condition() {
                    let what = format!("`{key}` means nothing to `otherwise`, which is for what no row fits");
                    return Err((at, what));
                }
                let does = table.does()?;
                match does {
                    Does::Icmp { error: IcmpError::Exactly { v4, v6 }, .. } if v4.is_none() || v6.is_none() => {
                        Err((table.does.span(), "`otherwise` is for both families: write `v4` and `v6`".to_owned()))
                    }
                    does => Ok(does),
                }
            }
        }
    }
}

impl PortTable {
    fn of_word(does: Spanned<Word>) -> PortTable {
        PortTable {
            number: None,
            first: None,
            attempts: None,
            from: None,
            until: None,
            does,
            after: None,
            unheard: None,
            backlog: None,
            octets: None,
            body: None,
            text: None,
            greeting: None,
            by: None,
            v4: None,
            v6: None,
            mtu: None,
            pointer: None,
        }
    }
}

fn instead(takes: &[&str]) -> String {
    if takes.is_empty() {
        return String::new();
    }
    let keys: Vec<String> = takes.iter().map(|key| format!("`{key}`")).collect();
    format!("; it takes {}", keys.join(", "))
}

impl<'de> Deserialize<'de> for Otherwise {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Otherwise, D::Error> {
        deserializer.deserialize_any(OtherwiseVisitor)
    }
}

struct OtherwiseVisitor;

impl<'de> Visitor<'de> for OtherwiseVisitor {
    type Value = Otherwise;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a word such as \"silent\", or a table such as { does = \"prohibited\" }")
    }

    fn visit_str<E: serde::de::Error>(self, word: &str) -> Result<Otherwise, E> {
        let word = serde::de::value::StrDeserializer::<E>::new(word);
        Word::deserialize(word).map(Otherwise::Word)
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Otherwise, A::Error> {
        let table = PortTable::deserialize(MapAccessDeserializer::new(map))?;
        Ok(Otherwise::Table(Box::new(table)))
    }
}
