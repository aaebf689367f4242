//! getsockopt, setsockopt and ioctl: tables of options, and what each stands for.
//!
//! How a value lies in memory is a [`Form`]; what it means to the socket stands in `options/meaning.rs`.

pub(crate) mod meaning;

use synsent_sockets::{Outcome, Pointer, PointerMut};

use super::Call;
use crate::dialect::Dialect;
use crate::page::{Fact, Facts, On, Page, Verdict};
use crate::process::{Handle, Said};
use meaning::Value;

/// What an option stands for, in words of no system.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Meaning {
    /// Whether the socket waits for connections; read only.
    Listening,
    /// See [`Setting::Broadcast`](synsent_sockets::Setting::Broadcast).
    Broadcast,
    /// See [`Setting::ReuseAddress`](synsent_sockets::Setting::ReuseAddress).
    ReuseAddress,
    /// See [`Setting::ExclusiveAddress`](synsent_sockets::Setting::ExclusiveAddress).
    ExclusiveAddress,
    /// See [`Setting::KeepAlive`](synsent_sockets::Setting::KeepAlive).
    KeepAlive,
    /// See [`Setting::DontRoute`](synsent_sockets::Setting::DontRoute).
    DontRoute,
    /// See [`Setting::UrgentInline`](synsent_sockets::Setting::UrgentInline).
    UrgentInline,
    /// See [`Setting::NoDelay`](synsent_sockets::Setting::NoDelay).
    NoDelay,
    /// See [`Setting::V6Only`](synsent_sockets::Setting::V6Only).
    V6Only,
    /// Room for sending; unit: octets.
    SendBuffer,
    /// Room for receiving; unit: octets.
    ReceiveBuffer,
    /// How the socket is closed.
    Linger,
    /// The inverse of lingering.
    DontLinger,
    /// The limit of time for sending.
    SendTimeLimit,
    /// The limit of time for receiving.
    ReceiveTimeLimit,
    /// The error that waits to be told; read only.
    Error,
    /// The type of the socket; read only.
    Type,
    /// Since when there has been a connection; unit: seconds; read only.
    ConnectTime,
    /// TTL or hop limit of unicast.
    HopLimit,
    /// TTL or hop limit of multicast.
    MulticastHopLimit,
    /// The traffic class octet.
    TrafficClass,
    /// How long a connection is idle before the first probe; unit: seconds.
    KeepAliveIdle,
    /// How long after one probe the next is sent; unit: seconds.
    KeepAliveInterval,
    /// The largest datagram; unit: octets; read only.
    MessageOctetsMax,
    /// The number of the socket's group; read only.
    Group,
}

/// How the value of an option lies in memory.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Form {
    /// A whole number of 32 bits.
    Int,
    /// The same; where there is room for fewer octets than it has, the first one alone is the value.
    IntOrOctet,
    /// Two numbers of 16 bits: on or off, and seconds.
    LingerShort,
    /// Two numbers of 32 bits: on or off, and seconds.
    LingerInt,
    /// Milliseconds in a number of 32 bits without a sign; zero: no limit.
    Millis,
    /// Seconds and microseconds, each in a number of 64 bits; zero: no limit.
    TimeValue,
}

/// An option of a dialect.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct OptionRow {
    /// Its level.
    pub level: i32,
    /// Its number.
    pub number: i32,
    /// Its name in the document.
    pub name: &'static str,
    /// What it stands for.
    pub meaning: Meaning,
    /// How its value lies in memory.
    pub form: Form,
    /// Whether it can be set.
    pub settable: bool,
    /// The types of sockets that have it.
    pub on: On,
}

/// What a request of ioctl asks.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Request {
    /// To block or not to block.
    NonBlocking,
    /// How many octets one call could receive.
    Receivable,
    /// Whether everything before the urgent data has been read.
    AtMark,
}

/// A request of ioctl.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct IoctlRow {
    /// Its number.
    pub number: u32,
    /// Its name in the document.
    pub name: &'static str,
    /// What it asks.
    pub request: Request,
}

impl Form {
    /// The size of a value; unit: octets.
    pub const fn octets(self) -> usize {
        match self {
            Form::Int | Form::IntOrOctet | Form::LingerShort | Form::Millis => 4,
            Form::LingerInt => 8,
            Form::TimeValue => 16,
        }
    }

    /// How many octets of this many are the value; `None`: they are too few.
    fn octets_of(self, given: usize) -> Option<usize> {
        match self {
            _ if given >= self.octets() => Some(self.octets()),
            Form::IntOrOctet if given > 0 => Some(1),
            _ => None,
        }
    }
}

/// getsockopt.
pub(crate) fn getsockopt(
    dialect: &'static Dialect,
    handle: Handle,
    level: i32,
    number: i32,
    mut value: PointerMut<'_>,
    mut len: PointerMut<'_>,
) -> Result<(), Said> {
    let mut call = Call::of_socket(dialect, &dialect.pages.getsockopt, handle);
    let row = call.find_option(level, number);
    let room = len.read_i32().ok();
    let room_octets = usize::try_from(room.unwrap_or(0)).ok();
    call.facts |= Fact::BadLengthPointer.when(room.is_none())
        | Fact::NegativeLength.when(room_octets.is_none())
        | Fact::NullBuffer.when(value.is_null());
    if let (Some(row), Some(room), Some(room_octets)) = (row, room, room_octets) {
        let octets = row.form.octets_of(room_octets).unwrap_or(room_octets);
        let is_there = len.write_i32(room).is_ok() && (value.is_null() || value.probe(octets).is_ok());
        call.facts |=
            Fact::ShortOption.when(row.form.octets_of(room_octets).is_none()) | Fact::BadBuffer.when(!is_there);
    }
    if call.judge()? != Verdict::Proceed {
        return Ok(());
    }
    let row = row.ok_or_else(|| call.say(Outcome::OptionUnsupported))?;
    let group = call.process()?.groups().of(handle);
    let told = meaning::read(call.socket()?, dialect, row, group).map_err(|failure| call.say(failure))?;
    let (octets, size) = told.encode(row.form);
    let room_octets = room_octets.unwrap_or(0);
    let fits = row.form.octets_of(room_octets).unwrap_or(room_octets).min(size);
    let written = value.write(0, &octets[..fits]).and_then(|()| len.write_i32(fits as i32));
    written.map_err(|_| call.say(Outcome::BadMemory))
}

/// setsockopt.
pub(crate) fn setsockopt(
    dialect: &'static Dialect,
    handle: Handle,
    level: i32,
    number: i32,
    value: Pointer<'_>,
    len: i32,
) -> Result<(), Said> {
    let mut call = Call::of_socket(dialect, &dialect.pages.setsockopt, handle);
    let row = call.find_option(level, number);
    call.facts |= Fact::NullBuffer.when(value.is_null()) | Fact::NegativeLength.when(len < 0);
    let mut given = None;
    if let Some(row) = row {
        call.facts |= Fact::OptionFixed.when(!row.settable);
        let octets = usize::try_from(len).ok().and_then(|len| row.form.octets_of(len));
        call.facts |= Fact::ShortOption.when(len >= 0 && octets.is_none());
        if let Some(octets) = octets.filter(|_| !value.is_null()) {
            let (facts, decoded) = decode(value, octets, row);
            call.facts |= facts;
            given = decoded;
        }
    }
    if call.judge()? != Verdict::Proceed {
        return Ok(());
    }
    let row = row.ok_or_else(|| call.say(Outcome::OptionUnsupported))?;
    let given = given.ok_or_else(|| call.say(Outcome::BadArgument))?;
    meaning::write(call.socket()?, row.meaning, given).map_err(|failure| call.say(failure))
}

/// ioctl, as each dialect calls it.
pub(crate) fn ioctl(
    dialect: &'static Dialect,
    handle: Handle,
    request: u32,
    mut argument: PointerMut<'_>,
) -> Result<(), Said> {
    let mut call = Call::of_socket(dialect, &dialect.pages.ioctl, handle);
    let row = dialect.ioctls.iter().find(|row| row.number == request);
    let given = match row.map(|row| row.request) {
        Some(Request::NonBlocking) => argument.read_i32().ok(),
        Some(Request::Receivable | Request::AtMark) => argument.probe(4).ok().map(|()| 0),
        None => Some(0),
    };
    call.facts |= Fact::BadOption.when(row.is_none())
        | Fact::NullBuffer.when(argument.is_null())
        | Fact::BadBuffer.when(!argument.is_null() && given.is_none());
    if let (Some(Request::NonBlocking), Some(0), Some(socket)) = (row.map(|row| row.request), given, &call.socket) {
        call.facts |= Fact::StaysNonblocking.when(socket.has_onlooker());
    }
    if call.judge()? != Verdict::Proceed {
        return Ok(());
    }
    let (Some(row), Some(given)) = (row, given) else { return Err(call.say(Outcome::BadArgument)) };
    let socket = call.socket()?;
    let told = match row.request {
        Request::NonBlocking => {
            socket.set_nonblocking(given != 0);
            return Ok(());
        }
        Request::Receivable => i32::try_from(socket.receivable_octets()).unwrap_or(i32::MAX),
        Request::AtMark => i32::from(socket.is_at_mark()),
    };
    argument.write_i32(told).map_err(|_| call.say(Outcome::BadMemory))
}

/// What a command about the flags of a descriptor asks for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum OfFlags {
    /// Whether it does not block.
    Tell,
    /// Not to block, or to block.
    SetNonblocking(bool),
}

/// fcntl, for systems that have it, judged by its own page; `None` is a command that there is not. Answers whether the socket does
/// not block.
pub(crate) fn descriptor_flags(
    dialect: &'static Dialect,
    page: &'static Page,
    handle: Handle,
    asks: Option<OfFlags>,
) -> Result<bool, Said> {
    let mut call = Call::of_socket(dialect, page, handle);
    call.facts |= Fact::BadOption.when(asks.is_none());
    call.judge()?;
    let socket = call.socket()?;
    if let Some(OfFlags::SetNonblocking(on)) = asks {
        socket.set_nonblocking(on);
    }
    Ok(socket.is_nonblocking())
}

impl Call {
    fn find_option(&mut self, level: i32, number: i32) -> Option<&'static OptionRow> {
        let options = self.dialect.options;
        let row = options.iter().find(|row| row.level == level && row.number == number && row.on.covers(self.on));
        let has_level = row.is_some() || options.iter().any(|row| row.level == level);
        self.facts |= Fact::BadLevel.when(!has_level) | Fact::BadOption.when(has_level && row.is_none());
        row
    }
}

/// Reads a value; it must be one that the option can have.
fn decode(pointer: Pointer<'_>, octets: usize, row: &OptionRow) -> (Facts, Option<Value>) {
    let mut value = [0; 16];
    let octets = &mut value[..octets];
    if pointer.read(0, octets).is_err() {
        return (Fact::BadBuffer.alone(), None);
    }
    let value = Value::decode(octets, row.form).filter(|value| row.meaning.takes(*value));
    (Fact::BadArgument.when(value.is_none()), value)
}
