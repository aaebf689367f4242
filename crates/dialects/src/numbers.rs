//! The numbers that a dialect gives to types, protocols, flags and directions: rows, and how they are looked up.

use synsent_sockets::{Domain, Kind, ReceiveHow, SendHow, Shutdown, Waits};

use crate::dialect::Dialect;
use crate::page::{Fact, Facts, On};

/// A type of socket.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct KindRow {
    /// Its number.
    pub number: i32,
    /// Its name in the document; empty for zero.
    pub name: &'static str,
    /// What it carries.
    pub kind: Kind,
}

/// A protocol.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ProtocolRow {
    /// Its number.
    pub number: i32,
    /// Its name in the document; empty for zero.
    pub name: &'static str,
    /// The types of sockets that have it.
    pub on: On,
}

/// What a flag of a sending or receiving call asks for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum FlagMeaning {
    /// Urgent data.
    Urgent,
    /// To leave what was read; receiving only.
    Peek,
    /// To reach only directly joined networks; sending only.
    DontRoute,
    /// Not to wait in this call.
    DontWait,
    /// To wait until the whole buffer is full; receiving only.
    WaitAll,
    /// Nothing, in both directions: it is accepted.
    Nothing,
    /// A part of a message: to be content with one when receiving, to send one.
    Partial,
    /// To be told at once what is there; receiving only. It always is.
    AtOnce,
}

/// A flag.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct FlagRow {
    /// Its bit.
    pub number: i32,
    /// Its name in the document.
    pub name: &'static str,
    /// What it asks for.
    pub meaning: FlagMeaning,
}

/// A direction of shutdown.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct HowRow {
    /// Its number.
    pub number: i32,
    /// Its name in the document.
    pub name: &'static str,
    /// What ends.
    pub how: Shutdown,
}

impl Dialect {
    /// The kind of a type's number.
    pub(crate) fn kind(&self, number: i32) -> Option<Kind> {
        self.kinds.iter().find(|row| row.number == number).map(|row| row.kind)
    }

    /// The kind of a type's number for a protocol: of several that the number may mean the first that the protocol goes with.
    pub(crate) fn kind_for(&self, number: i32, protocol: i32) -> Option<Kind> {
        let carries = |kind| {
            let on = On::of(Domain::Inet4, kind);
            self.protocols.iter().any(|row| row.number == protocol && row.on.covers(on))
        };
        let mut meant = self.kinds.iter().filter(|row| row.number == number).map(|row| row.kind);
        meant.find(|kind| carries(*kind)).or_else(|| self.kind(number))
    }

    /// The number of a kind's type.
    pub(crate) fn kind_number(&self, kind: Kind) -> i32 {
        // Every dialect has both kinds; a test looks.
        self.kinds.iter().find(|row| row.kind == kind).map_or(0, |row| row.number)
    }

    /// What is wrong with a protocol's number for a type of socket; where that is not known either, only whether it exists.
    pub(crate) fn protocol_facts(&self, number: i32, on: Option<On>) -> Facts {
        let mut rows = self.protocols.iter().filter(|row| row.number == number).peekable();
        if rows.peek().is_none() {
            return Fact::BadProtocol.alone();
        }
        Fact::WrongProtocol.when(on.is_some_and(|on| !rows.any(|row| row.on.covers(on))))
    }

    /// How to send with these flags, and what is wrong with them on this type of socket.
    pub(crate) fn send_how(&self, flags: i32, on: On) -> (SendHow, Waits, Facts) {
        let (mut how, mut dont_wait, mut partial) = (SendHow::default(), false, false);
        let unknown = self.unknown_flags(flags, |meaning| match meaning {
            FlagMeaning::Urgent => set(&mut how.urgent),
            FlagMeaning::DontRoute => set(&mut how.dont_route),
            FlagMeaning::DontWait => set(&mut dont_wait),
            FlagMeaning::Nothing => true,
            FlagMeaning::Partial => {
                partial = true;
                false
            }
            FlagMeaning::Peek | FlagMeaning::WaitAll | FlagMeaning::AtOnce => false,
        });
        let waits = if dont_wait { Waits::Never } else { Waits::AsSocket };
        (how, waits, flag_facts(unknown, how.urgent, on) | Fact::PartialUnsupported.when(partial))
    }

    /// How to receive with these flags, and what is wrong with them on this type of socket.
    pub(crate) fn receive_how(&self, flags: i32, on: On) -> (ReceiveHow, Waits, Facts) {
        let (mut how, mut dont_wait, mut wait_all) = (ReceiveHow::default(), false, false);
        let unknown = self.unknown_flags(flags, |meaning| match meaning {
            FlagMeaning::Urgent => set(&mut how.urgent),
            FlagMeaning::Peek => set(&mut how.peek),
            FlagMeaning::DontWait => set(&mut dont_wait),
            FlagMeaning::WaitAll => set(&mut wait_all),
            FlagMeaning::Nothing | FlagMeaning::Partial | FlagMeaning::AtOnce => true,
            FlagMeaning::DontRoute => false,
        });
        let waits = match (dont_wait, wait_all) {
            (true, _) => Waits::Never,
            (false, true) => Waits::ForAll,
            (false, false) => Waits::AsSocket,
        };
        let has_all = On::Streams.covers(on) && !how.urgent && !how.peek;
        let facts = flag_facts(unknown, how.urgent, on) | Fact::WaitAllUnsupported.when(wait_all && !has_all);
        (how, waits, facts)
    }

    /// Tells the meaning of each flag to `take`; answers with the flags that have none, or that it did not take.
    fn unknown_flags(&self, flags: i32, mut take: impl FnMut(FlagMeaning) -> bool) -> i32 {
        if flags == 0 {
            return 0;
        }
        let given = self.flags.iter().filter(|row| flags & row.number != 0);
        given.fold(flags, |rest, row| if take(row.meaning) { rest & !row.number } else { rest })
    }
}

fn set(place: &mut bool) -> bool {
    *place = true;
    true
}

fn flag_facts(unknown: i32, urgent: bool, on: On) -> Facts {
    let has_urgent = On::Stream.covers(on) || On::Nowhere.covers(on);
    Fact::BadFlags.when(unknown != 0) | Fact::UrgentUnsupported.when(urgent && !has_urgent)
}
