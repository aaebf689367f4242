//! Making sockets and connections with more to say about them than socket and connect can: a catalogue's entry, a group, data and
//! promises that go along.

#![allow(non_snake_case)]

use synsent_sockets::{Name, Pointer, PointerMut, as_idle_work};

use super::constants::*;
use super::{WINSOCK2, pages};
use crate::engine::accept::{self, Decision};
use crate::engine::{connect, socket};
use crate::page::Fact;
use crate::process::{Process, Said};
use crate::windows::last_error;
use crate::windows::types::handle;

/// The flags of [`WSASocket`] that mean something here: nothing is inherited, and nothing is overlapped unless a call asks for it.
const SOCKET_FLAGS: u32 = WSA_FLAG_OVERLAPPED | WSA_FLAG_NO_HANDLE_INHERIT;

/// A new socket, or [`INVALID_SOCKET`]. Who has an entry of the catalogue gives its family, type and protocol. The group is zero for
/// none, a number of a group that there is, or one of the two that make a new one.
pub fn WSASocket(af: i32, type_: i32, protocol: i32, g: u32, dwFlags: u32) -> SOCKET {
    last_error::socket(grouped([af, type_, protocol], g, dwFlags))
}

fn grouped([family, kind, protocol]: [i32; 3], group: u32, flags: u32) -> Result<crate::Handle, Said> {
    let process = Process::current(&WINSOCK2);
    let of_kind = WINSOCK2.kind_for(kind, protocol);
    let can_join = |process: &std::sync::Arc<Process>| process.groups().can_join(group, of_kind);
    let facts = Fact::BadFlags.when(flags & !SOCKET_FLAGS != 0)
        | Fact::BadArgument.when(!process.as_ref().is_some_and(can_join));
    let made = socket::by_page(&WINSOCK2, &pages::WSASOCKET, family, kind, protocol, facts)?;
    if let Some(process) = process {
        process.groups().join(made, group);
    }
    Ok(made)
}

/// A function that decides on a connection by the names of both ends, as octets: the peer's and the own one.
pub type Condition<'c> = &'c mut dyn FnMut(&[u8], &[u8]) -> i32;

/// The next connection, or [`INVALID_SOCKET`]; both pointers may be null. The condition is asked with the names of both ends, as octets,
/// the peer's first: [`CF_ACCEPT`], [`CF_REJECT`], [`CF_DEFER`]; an answer that is none of them rejects. While it runs, other calls of this
/// thread are inside of this one.
pub fn WSAAccept<'a>(
    s: SOCKET,
    addr: impl Into<PointerMut<'a>>,
    addrlen: impl Into<PointerMut<'a>>,
    condition: Option<Condition<'_>>,
) -> SOCKET {
    let decide = |peer: &Name, own: &Name| {
        let Some(condition) = condition else { return Decision::Accept };
        let (peer, own) = (WINSOCK2.names.encode(peer), WINSOCK2.names.encode(own));
        match as_idle_work(|| condition(&peer, &own)) {
            CF_ACCEPT => Decision::Accept,
            CF_DEFER => Decision::Defer,
            _ => Decision::Reject,
        }
    };
    let accepted = accept::by_page(&WINSOCK2, &pages::WSAACCEPT, handle(s), addr.into(), addrlen.into(), decide);
    last_error::socket(accepted)
}

/// What may go along with a connection; `None` everywhere asks for nothing.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct Along {
    /// How much data of the caller's there is; unit: octets.
    pub caller_data: u32,
    /// Whether one of the structures cannot be read.
    pub is_bad: bool,
    /// What is asked for this socket's flow.
    pub flow: Flow,
    /// What is asked for the flow of its group.
    pub group_flow: Flow,
}

/// What a structure of flow specifications asks for.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub enum Flow {
    /// Nothing that would have to be promised.
    #[default]
    BestEffort,
    /// A promise.
    Promised,
}

/// [`connect`](super::connect) with what goes along. On a datagram socket data does not go along, and nothing is said; what is asked
/// for a group counts for the socket that made it.
pub fn WSAConnect<'a>(s: SOCKET, name: impl Into<Pointer<'a>>, namelen: i32, along: Along) -> i32 {
    let process = Process::current(&WINSOCK2);
    let made_group = process.is_some_and(|process| process.groups().has_made(handle(s)));
    let promised = along.flow == Flow::Promised || made_group && along.group_flow == Flow::Promised;
    let facts = Fact::BadBuffer.when(along.is_bad)
        | Fact::CallerData.when(along.caller_data > 0)
        | Fact::FlowUnsupported.when(promised);
    last_error::zero(connect::by_page(&WINSOCK2, &pages::WSACONNECT, handle(s), name.into(), namelen, facts))
}
