//! What the value of an option means to a socket, and how the value lies in memory.

use synsent_sockets::{Domain, Failure, Kind, Linger, Setting, Settings, Socket, Stage};
use synsent_stack::Duration;

use super::{Form, Meaning, OptionRow};
use crate::dialect::{Dialect, ErrorReading};
use crate::page::On;

/// What "no connection" is as the time of a connection.
const NEVER_CONNECTED: i32 = -1;

/// The value of an option, whatever its layout.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Value {
    /// A number, or yes and no as one and zero.
    Number(i32),
    /// A time, or none.
    Time(Option<Duration>),
}

impl Value {
    /// Reads a value of the form's size, or of one octet where the form has that too.
    pub(super) fn decode(octets: &[u8], form: Form) -> Option<Value> {
        let short = |at: usize| octets.get(at..at + 2).map(|octets| u16::from_ne_bytes([octets[0], octets[1]]));
        let int = |at: usize| octets.get(at..at + 4)?.try_into().ok().map(i32::from_ne_bytes);
        let long = |at: usize| octets.get(at..at + 8)?.try_into().ok().map(i64::from_ne_bytes);
        Some(match form {
            Form::Int => Value::Number(int(0)?),
            Form::IntOrOctet => Value::Number(int(0).or_else(|| octets.first().map(|octet| i32::from(*octet)))?),
            Form::LingerShort => lingers(short(0)? != 0, u64::from(short(2)?)),
            Form::LingerInt => lingers(int(0)? != 0, u64::try_from(int(4)?).ok()?),
            Form::Millis => Value::Time(limit(Duration::from_millis(u64::from(int(0)?.cast_unsigned())))),
            Form::TimeValue => {
                let (seconds, micros) = (u64::try_from(long(0)?).ok()?, u64::try_from(long(8)?).ok()?);
                if micros >= 1_000_000 {
                    return None;
                }
                Value::Time(limit(Duration::from_micros(seconds.saturating_mul(1_000_000).saturating_add(micros))))
            }
        })
    }

    /// Lays the value out; answers with its size too.
    pub(super) fn encode(self, form: Form) -> ([u8; 16], usize) {
        let mut octets = [0; 16];
        let time = match self {
            Value::Time(time) => time,
            Value::Number(_) => None,
        };
        let seconds = time.map_or(0, |time| time.as_secs());
        match (form, self) {
            (Form::Int | Form::IntOrOctet, Value::Number(number)) => octets[..4].copy_from_slice(&number.to_ne_bytes()),
            (Form::Int | Form::IntOrOctet, Value::Time(time)) => {
                octets[..4].copy_from_slice(&i32::from(time.is_some()).to_ne_bytes())
            }
            (Form::LingerShort, _) => {
                octets[..2].copy_from_slice(&u16::from(time.is_some()).to_ne_bytes());
                octets[2..4].copy_from_slice(&u16::try_from(seconds).unwrap_or(u16::MAX).to_ne_bytes());
            }
            (Form::LingerInt, _) => {
                octets[..4].copy_from_slice(&i32::from(time.is_some()).to_ne_bytes());
                octets[4..8].copy_from_slice(&i32::try_from(seconds).unwrap_or(i32::MAX).to_ne_bytes());
            }
            (Form::Millis, _) => {
                let millis = time.map_or(0, |time| time.as_millis());
                octets[..4].copy_from_slice(&u32::try_from(millis).unwrap_or(u32::MAX).to_ne_bytes());
            }
            (Form::TimeValue, _) => {
                let micros = time.map_or(0, |time| time.as_micros()) % 1_000_000;
                octets[..8].copy_from_slice(&(seconds as i64).to_ne_bytes());
                octets[8..].copy_from_slice(&(micros as i64).to_ne_bytes());
            }
        }
        (octets, form.octets())
    }
}

fn lingers(on: bool, seconds: u64) -> Value {
    Value::Time(on.then(|| Duration::from_secs(seconds)))
}

fn limit(time: Duration) -> Option<Duration> {
    (!time.is_zero()).then_some(time)
}

impl Meaning {
    /// Whether the option can have this value.
    pub(super) fn takes(self, value: Value) -> bool {
        match (self, value) {
            (Meaning::SendBuffer | Meaning::ReceiveBuffer, Value::Number(octets)) => octets >= 0,
            (Meaning::KeepAliveIdle | Meaning::KeepAliveInterval, Value::Number(seconds)) => seconds > 0,
            (Meaning::HopLimit, Value::Number(hops)) => (1..=255).contains(&hops),
            (Meaning::MulticastHopLimit | Meaning::TrafficClass, Value::Number(octet)) => (0..=255).contains(&octet),
            _ => true,
        }
    }
}

/// What an option says of a socket, which is in this group.
pub(super) fn read(socket: &Socket, dialect: &Dialect, row: &OptionRow, group: u32) -> Result<Value, Failure> {
    let settings = socket.settings();
    Ok(match row.meaning {
        Meaning::Linger => match socket.linger() {
            Linger::Off => Value::Time(None),
            Linger::For(time) => Value::Time(Some(time)),
        },
        Meaning::ReceiveTimeLimit => Value::Time(socket.time_limits().0),
        Meaning::SendTimeLimit => Value::Time(socket.time_limits().1),
        Meaning::DontLinger => yes(socket.linger() == Linger::Off),
        Meaning::Listening => yes(socket.standing().stage == Stage::Listening),
        Meaning::SendBuffer => octets(socket.buffers().0),
        Meaning::ReceiveBuffer => octets(socket.buffers().1),
        Meaning::Type => Value::Number(dialect.kind_number(socket.kind())),
        Meaning::Error => Value::Number(error_number(socket, dialect)),
        Meaning::ConnectTime => Value::Number(connected_for(socket)),
        Meaning::MessageOctetsMax => octets(datagram_octets_max(socket.domain())),
        Meaning::Group => Value::Number(group.cast_signed()),
        of_settings => read_setting(&settings, of_settings),
    })
}

fn read_setting(settings: &Settings, meaning: Meaning) -> Value {
    match meaning {
        Meaning::Broadcast => yes(settings.broadcast),
        Meaning::ReuseAddress => yes(settings.reuse_address),
        Meaning::ExclusiveAddress => yes(settings.exclusive_address),
        Meaning::KeepAlive => yes(settings.keep_alive),
        Meaning::DontRoute => yes(settings.dont_route),
        Meaning::UrgentInline => yes(settings.urgent_inline),
        Meaning::NoDelay => yes(settings.no_delay),
        Meaning::V6Only => yes(settings.v6_only),
        Meaning::HopLimit => Value::Number(i32::from(settings.hop_limit.unwrap_or(DEFAULT_HOP_LIMIT))),
        Meaning::MulticastHopLimit => Value::Number(i32::from(settings.multicast_hop_limit.unwrap_or(1))),
        Meaning::TrafficClass => Value::Number(i32::from(settings.traffic_class)),
        Meaning::KeepAliveIdle => seconds(settings.keep_alive_idle.unwrap_or(DEFAULT_PROBE_IDLE)),
        Meaning::KeepAliveInterval => seconds(settings.keep_alive_interval.unwrap_or(DEFAULT_PROBE_INTERVAL)),
        // The rest are no settings and were answered before.
        _ => Value::Number(0),
    }
}

/// What a provider sends with where nobody asked for something else.
const DEFAULT_HOP_LIMIT: u8 = 64;
/// When a provider probes an idle connection where nobody asked for something else.
const DEFAULT_PROBE_IDLE: Duration = Duration::from_secs(7_200);
/// How long it waits then until it probes again.
const DEFAULT_PROBE_INTERVAL: Duration = Duration::from_secs(75);

/// What an IPv4 packet holds besides its header and that of UDP; unit: octets.
const DATAGRAM4_OCTETS_MAX: u32 = 65_535 - 20 - 8;
/// The same for IPv6, whose length does not count its header; unit: octets.
const DATAGRAM6_OCTETS_MAX: u32 = 65_535 - 8;

/// The largest datagram of a domain; unit: octets.
pub(crate) const fn datagram_octets_max(domain: Domain) -> u32 {
    match domain {
        Domain::Inet6 => DATAGRAM6_OCTETS_MAX,
        Domain::Inet4 | Domain::Local => DATAGRAM4_OCTETS_MAX,
    }
}

/// Gives an option a value.
pub(super) fn write(socket: &Socket, meaning: Meaning, value: Value) -> Result<(), Failure> {
    let number = match value {
        Value::Number(number) => number,
        Value::Time(time) => {
            match meaning {
                Meaning::Linger => socket.set_linger(time.map_or(Linger::Off, Linger::For)),
                Meaning::ReceiveTimeLimit => socket.set_time_limits(time, socket.time_limits().1),
                Meaning::SendTimeLimit => socket.set_time_limits(socket.time_limits().0, time),
                _ => {}
            }
            return Ok(());
        }
    };
    let on = number != 0;
    let octet = u8::try_from(number).unwrap_or(u8::MAX);
    let octets = u32::try_from(number).unwrap_or(0);
    socket.set(match meaning {
        Meaning::Broadcast => Setting::Broadcast(on),
        Meaning::ReuseAddress => Setting::ReuseAddress(on),
        Meaning::ExclusiveAddress => Setting::ExclusiveAddress(on),
        Meaning::KeepAlive => Setting::KeepAlive(on),
        Meaning::DontRoute => Setting::DontRoute(on),
        Meaning::UrgentInline => Setting::UrgentInline(on),
        Meaning::NoDelay => Setting::NoDelay(on),
        Meaning::V6Only => Setting::V6Only(on),
        Meaning::SendBuffer => Setting::SendBuffer(octets),
        Meaning::ReceiveBuffer => Setting::ReceiveBuffer(octets),
        Meaning::HopLimit => Setting::HopLimit(octet),
        Meaning::MulticastHopLimit => Setting::MulticastHopLimit(octet),
        Meaning::TrafficClass => Setting::TrafficClass(octet),
        Meaning::KeepAliveIdle => Setting::KeepAliveIdle(Duration::from_secs(octets.into())),
        Meaning::KeepAliveInterval => Setting::KeepAliveInterval(Duration::from_secs(octets.into())),
        Meaning::DontLinger => {
            socket.set_linger(if on { Linger::Off } else { Linger::For(Duration::ZERO) });
            return Ok(());
        }
        // Options that only tell something; their rows cannot be set.
        _ => return Ok(()),
    })
}

fn yes(on: bool) -> Value {
    Value::Number(i32::from(on))
}

fn seconds(span: Duration) -> Value {
    Value::Number(i32::try_from(span.as_secs()).unwrap_or(i32::MAX))
}

fn octets(octets: u32) -> Value {
    Value::Number(i32::try_from(octets).unwrap_or(i32::MAX))
}

/// The dialect's number for the error that waits to be told; zero for none. It is what connect would have said of an opening,
/// and recv of anything else.
fn error_number(socket: &Socket, dialect: &Dialect) -> i32 {
    let page = match socket.standing().stage {
        Stage::Failed(_) => &dialect.pages.connect,
        _ => &dialect.pages.recv,
    };
    let failure = match dialect.ways.error_reading.value {
        ErrorReading::Stays => socket.pending_error(),
        ErrorReading::Once => socket.take_error(),
    };
    let on = On::of(socket.domain(), socket.kind());
    failure.map_or(0, |failure| dialect.number(dialect.word(page, on, failure.outcome).0))
}

fn connected_for(socket: &Socket) -> i32 {
    match socket.connected_for() {
        Some(span) if socket.kind() == Kind::Stream => i32::try_from(span.as_secs()).unwrap_or(i32::MAX),
        _ => NEVER_CONNECTED,
    }
}
