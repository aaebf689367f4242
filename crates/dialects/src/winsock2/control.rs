//! WSAIoctl: requests with a structure going in and one coming out.
//!
//! Which requests there are, how long their structures have to be and what they ask stands in one table. Those that the header
//! names and nobody here can carry out are in it too, so that a program learns that it is not its own mistake.

#![allow(non_snake_case)]

use std::net::{Ipv4Addr, SocketAddr};

use synsent_sockets::{Kind, Name, Outcome, Pointer, PointerMut, Setting, Socket};
use synsent_stack::Duration;

use super::constants::*;
use super::transfer::{Overlap, bad_result};
use super::{WINSOCK2, pages};
use crate::engine::{Call, options};
use crate::names::{INET4_OCTETS, INET6_OCTETS};
use crate::page::{Fact, Facts, On};
use crate::process::Said;
use crate::windows::last_error;
use crate::windows::types::handle;

/// A request.
struct Row {
    number: u32,
    asks: Asks,
    /// How long the structure that goes in has to be; unit: octets.
    in_octets: usize,
    /// The same for the one that comes out.
    out_octets: usize,
    on: On,
}

/// What a request asks.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Asks {
    /// What ioctlsocket does with a number that goes in.
    Sets,
    /// What ioctlsocket tells as a number.
    Tells,
    /// To probe an idle connection, or not: on or off, and two times in milliseconds.
    Probes,
    /// To be told of refusals, or not.
    Refusals,
    /// What is accepted and changes nothing.
    Nothing,
    /// A function by its GUID.
    Extension,
    /// The address for everybody.
    Everybody,
    /// The own address on the way to a name.
    OwnAddress,
    /// What nobody here can do.
    Unrealizable,
}

const ROWS: &[Row] = &[
    row(FIONBIO, Asks::Sets, 4, 0, On::Both),
    row(FIONREAD, Asks::Tells, 0, 4, On::Both),
    row(SIOCATMARK, Asks::Tells, 0, 4, On::Both),
    row(SIO_KEEPALIVE_VALS, Asks::Probes, 12, 0, On::Stream),
    row(SIO_UDP_CONNRESET, Asks::Refusals, 4, 0, On::Datagram),
    row(SIO_UDP_NETRESET, Asks::Nothing, 4, 0, On::Datagram),
    row(SIO_LOOPBACK_FAST_PATH, Asks::Nothing, 4, 0, On::Stream),
    row(SIO_GET_EXTENSION_FUNCTION_POINTER, Asks::Extension, 16, 8, On::Both),
    row(SIO_GET_BROADCAST_ADDRESS, Asks::Everybody, 0, INET4_OCTETS, On::Datagram),
    row(SIO_ROUTING_INTERFACE_QUERY, Asks::OwnAddress, INET4_OCTETS, INET4_OCTETS, On::Both),
    unrealizable(SIO_ASSOCIATE_HANDLE),
    unrealizable(SIO_ENABLE_CIRCULAR_QUEUEING),
    unrealizable(SIO_FIND_ROUTE),
    unrealizable(SIO_FLUSH),
    unrealizable(SIO_GET_QOS),
    unrealizable(SIO_GET_GROUP_QOS),
    unrealizable(SIO_MULTIPOINT_LOOPBACK),
    unrealizable(SIO_MULTICAST_SCOPE),
    unrealizable(SIO_SET_QOS),
    unrealizable(SIO_SET_GROUP_QOS),
    unrealizable(SIO_TRANSLATE_HANDLE),
    unrealizable(SIO_ROUTING_INTERFACE_CHANGE),
    unrealizable(SIO_ADDRESS_LIST_QUERY),
    unrealizable(SIO_ADDRESS_LIST_CHANGE),
    unrealizable(SIO_QUERY_TARGET_PNP_HANDLE),
    unrealizable(SIO_ADDRESS_LIST_SORT),
    unrealizable(SIO_RCVALL),
    unrealizable(SIO_GET_INTERFACE_LIST),
];

const fn row(number: u32, asks: Asks, in_octets: usize, out_octets: usize, on: On) -> Row {
    Row { number, asks, in_octets, out_octets, on }
}

const fn unrealizable(number: u32) -> Row {
    row(number, Asks::Unrealizable, 0, 0, On::Both)
}

/// The functions that Windows gives by their GUIDs, and that are not here yet; as the octets of a GUID lie in memory.
const EXTENSIONS: [[u8; 16]; 7] = [
    // AcceptEx, GetAcceptExSockaddrs, TransmitFile.
    guid(0xb536_7df1, 0xcbac, 0x11cf, [0x95, 0xca, 0x00, 0x80, 0x5f, 0x48, 0xa1, 0x92]),
    guid(0xb536_7df2, 0xcbac, 0x11cf, [0x95, 0xca, 0x00, 0x80, 0x5f, 0x48, 0xa1, 0x92]),
    guid(0xb536_7df0, 0xcbac, 0x11cf, [0x95, 0xca, 0x00, 0x80, 0x5f, 0x48, 0xa1, 0x92]),
    // ConnectEx, DisconnectEx.
    guid(0x25a2_07b9, 0xddf3, 0x4660, [0x8e, 0xe9, 0x76, 0xe5, 0x8c, 0x74, 0x06, 0x3e]),
    guid(0x7fda_2e11, 0x8630, 0x436f, [0xa0, 0x31, 0xf5, 0x36, 0xa6, 0xee, 0xc1, 0x57]),
    // WSARecvMsg, WSASendMsg.
    guid(0xf689_d7c8, 0x6f1f, 0x436b, [0x8a, 0x53, 0xe5, 0x4f, 0xe3, 0x51, 0xc3, 0x22]),
    guid(0xa441_e712, 0x754f, 0x43ca, [0x84, 0xa7, 0x0d, 0xee, 0x44, 0xcf, 0x60, 0x6d]),
];

const fn guid(first: u32, second: u16, third: u16, rest: [u8; 8]) -> [u8; 16] {
    let ([a, b, c, d], [e, f], [g, h]) = (first.to_ne_bytes(), second.to_ne_bytes(), third.to_ne_bytes());
    let [i, j, k, l, m, n, o, p] = rest;
    [a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p]
}

/// Asks or sets something of a socket, and tells how many octets came out.
#[allow(clippy::too_many_arguments, reason = "the document has as many")]
pub fn WSAIoctl<'a>(
    s: SOCKET,
    dwIoControlCode: u32,
    lpvInBuffer: impl Into<Pointer<'a>>,
    cbInBuffer: u32,
    lpvOutBuffer: impl Into<PointerMut<'a>>,
    cbOutBuffer: u32,
    lpcbBytesReturned: impl Into<PointerMut<'a>>,
    overlap: Overlap,
) -> i32 {
    let given = Given { pointer: lpvInBuffer.into(), octets: cbInBuffer as usize };
    let room = Room { pointer: lpvOutBuffer.into(), octets: cbOutBuffer as usize };
    last_error::zero(control(s, dwIoControlCode, &given, room, lpcbBytesReturned.into(), overlap))
}

/// What goes in.
struct Given<'a> {
    pointer: Pointer<'a>,
    octets: usize,
}

/// Room for what comes out.
struct Room<'a> {
    pointer: PointerMut<'a>,
    octets: usize,
}

/// What went in, as far as any request reads it.
type In = [u8; INET6_OCTETS];

fn control(
    s: SOCKET,
    number: u32,
    given: &Given<'_>,
    mut room: Room<'_>,
    mut returned: PointerMut<'_>,
    overlap: Overlap,
) -> Result<(), Said> {
    let mut call = Call::of_socket(&WINSOCK2, &pages::WSAIOCTL, handle(s));
    let row = ROWS.iter().find(|row| row.number == number && row.on.covers(call.on));
    call.facts |= overlap.facts() | bad_result(&mut [&mut returned]) | Fact::BadOption.when(row.is_none());
    let mut input: In = [0; INET6_OCTETS];
    if let Some(row) = row {
        call.facts |= look(row, given, &room, &mut input);
    }
    call.judge()?;
    let row = row.ok_or_else(|| call.say(Outcome::BadArgument))?;
    let out = carry_out(&call, s, row, input)?;
    let fits = out.len().min(room.octets);
    if fits < out.len() || room.pointer.write(0, &out).is_err() && !out.is_empty() {
        return Err(call.say(Outcome::BadMemory));
    }
    returned.write_i32(fits as i32).map_err(|_| call.say(Outcome::BadMemory))
}

/// What is wrong with the structures of a request; reads the one that goes in.
fn look(row: &Row, given: &Given<'_>, room: &Room<'_>, input: &mut In) -> Facts {
    let is_short = given.octets < row.in_octets || room.octets < row.out_octets;
    let is_null = row.in_octets > 0 && given.pointer.is_null() || row.out_octets > 0 && room.pointer.is_null();
    let mut facts = Fact::ShortOption.when(is_short)
        | Fact::NullBuffer.when(is_null)
        | Fact::Unrealizable.when(row.asks == Asks::Unrealizable);
    if is_short || is_null {
        return facts;
    }
    let takes = if row.in_octets == 0 { 0 } else { given.octets.min(input.len()) };
    let is_there = given.pointer.read(0, &mut input[..takes]).is_ok() || takes == 0;
    let has_room = row.out_octets == 0 || room.pointer.probe(row.out_octets).is_ok();
    facts |= Fact::BadBuffer.when(!is_there || !has_room);
    if row.asks == Asks::Extension {
        let is_known = EXTENSIONS.iter().any(|known| input.starts_with(known));
        facts |= Fact::Unrealizable.when(is_known) | Fact::BadArgument.when(!is_known);
    }
    facts
}

/// Does what a request asks; answers with what comes out.
fn carry_out(call: &Call, s: SOCKET, row: &Row, input: In) -> Result<Vec<u8>, Said> {
    let socket = call.socket()?;
    let number = |at: usize| u32::from_ne_bytes([input[at], input[at + 1], input[at + 2], input[at + 3]]);
    let set = |setting| socket.set(setting).map_err(|failure| call.say(failure));
    match row.asks {
        Asks::Sets | Asks::Tells => {
            let mut value = [input[0], input[1], input[2], input[3]];
            options::ioctl(&WINSOCK2, handle(s), row.number, PointerMut::Octets(&mut value))?;
            return Ok(if row.asks == Asks::Tells { value.to_vec() } else { Vec::new() });
        }
        Asks::Probes => {
            let span = |at| Some(Duration::from_millis(number(at).into())).filter(|span| !span.is_zero());
            let times = [span(4).map(Setting::KeepAliveIdle), span(8).map(Setting::KeepAliveInterval)];
            times.into_iter().flatten().filter(|_| number(0) != 0).try_for_each(set)?;
            set(Setting::KeepAlive(number(0) != 0))?;
        }
        Asks::Refusals => set(Setting::IgnoreRefusals(number(0) == 0))?,
        Asks::Everybody => return Ok(WINSOCK2.names.encode(&Name::Inet(SocketAddr::from((Ipv4Addr::BROADCAST, 0))))),
        Asks::OwnAddress => return own_address(call, socket, &input),
        Asks::Nothing | Asks::Extension | Asks::Unrealizable => {}
    }
    Ok(Vec::new())
}

/// Which address of this host would be that of a datagram to a name.
fn own_address(call: &Call, socket: &Socket, input: &In) -> Result<Vec<u8>, Said> {
    let name = WINSOCK2.names.decode(Pointer::Octets(input), input.len() as i32, socket.domain()).name;
    let name = name.ok_or_else(|| call.say(Outcome::DomainUnsupported))?;
    let probe = call.process()?.make(socket.domain(), Kind::Datagram).map_err(|failure| call.say(failure))?;
    probe.connect(&name).map_err(|failure| call.say(failure))?;
    let own = probe.local_name().map_err(|failure| call.say(failure));
    // It was never anybody's.
    let _ = probe.close();
    let Some(own) = own?.inet() else { return Err(call.say(Outcome::DomainUnsupported)) };
    Ok(WINSOCK2.names.encode(&Name::Inet(SocketAddr::new(own.ip(), 0))))
}
