//! The functions of a dialect, each of which writes down what it was called with and what came of it.
//!
//! The functions of an [`Api`] carry nothing with them, so there is a set of them for each dialect, told apart by its place in the list of
//! dialects. On a thread that keeps no record they are the dialect's own.

use std::sync::OnceLock;

use synsent_dialects::Handle;
use synsent_sockets::{Pointer, PointerMut};
use synsent_stack::Duration;

use super::{Came, Event, Given, is_kept, note};
use crate::api::Api;
use crate::cases;
use crate::contract::DIALECTS;

/// The functions of a dialect with a record.
pub(super) fn recording(dialect: &str) -> Option<&'static Api> {
    static APIS: OnceLock<[Api; 4]> = OnceLock::new();
    let apis = APIS.get_or_init(|| [api_of::<0>(), api_of::<1>(), api_of::<2>(), api_of::<3>()]);
    apis.iter().find(|api| api.name() == dialect)
}

/// The functions without a record.
fn own<const DIALECT: usize>() -> &'static Api {
    let (api, _) = cases::of(DIALECTS[DIALECT]).expect("every dialect of the list has cases");
    api
}

/// What a call came to that returned this value.
fn came<const DIALECT: usize>(value: i32) -> Came {
    if value >= 0 { Ok(value) } else { Err((own::<DIALECT>().last_error)()) }
}

fn handle<const DIALECT: usize>(handle: Handle) -> Result<Handle, i32> {
    if handle >= 0 { Ok(handle) } else { Err((own::<DIALECT>().last_error)()) }
}

/// The octets of a buffer that a call has filled.
fn filled<const DIALECT: usize>(value: i32, octets: &[u8]) -> Result<Vec<u8>, i32> {
    came::<DIALECT>(value).map(|count| octets[..count as usize].to_vec())
}

fn last_error<const DIALECT: usize>() -> i32 {
    let number = (own::<DIALECT>().last_error)();
    note(|| Event::LastError { number });
    number
}

fn socket<const DIALECT: usize>(family: i32, kind: i32, protocol: i32) -> Handle {
    let value = (own::<DIALECT>().socket)(family, kind, protocol);
    note(|| Event::Socket { family, kind, protocol, came: handle::<DIALECT>(value) });
    value
}

fn connect<const DIALECT: usize>(s: Handle, name: Pointer<'_>, len: i32) -> i32 {
    let value = (own::<DIALECT>().connect)(s, name, len);
    note(|| Event::Connect { s, name: Given::of(name), len, came: came::<DIALECT>(value) });
    value
}

fn sendto<const DIALECT: usize>(s: Handle, octets: &[u8], name: Pointer<'_>, len: i32) -> i32 {
    let value = (own::<DIALECT>().sendto)(s, octets, name, len);
    note(|| Event::SendTo { s, octets: octets.to_vec(), name: Given::of(name), len, came: came::<DIALECT>(value) });
    value
}

fn select<const DIALECT: usize>(sets: &mut [Vec<Handle>; 3], at_most: Option<Duration>) -> i32 {
    let before = is_kept().then(|| sets.clone());
    let value = (own::<DIALECT>().select)(sets, at_most);
    if let Some(before) = before {
        let came = came::<DIALECT>(value).map(|_| sets.clone());
        note(|| Event::Select { sets: before, at_most, came });
    }
    value
}

/// The name in memory of our own, which is all that a case hands over for one.
fn name_by<const DIALECT: usize>(
    call: for<'a> fn(Handle, PointerMut<'a>, &'a mut i32) -> i32,
    s: Handle,
    name: PointerMut<'_>,
    len: &mut i32,
) -> (i32, Result<Option<std::net::SocketAddr>, i32>) {
    let PointerMut::Octets(octets) = name else {
        let value = call(s, name, len);
        return (value, came::<DIALECT>(value).map(|_| None));
    };
    let value = call(s, PointerMut::Octets(&mut *octets), len);
    (value, came::<DIALECT>(value).map(|_| own::<DIALECT>().address(octets)))
}

fn own_name<const DIALECT: usize>(s: Handle, name: PointerMut<'_>, len: &mut i32) -> i32 {
    let (value, came) = name_by::<DIALECT>(own::<DIALECT>().getsockname, s, name, len);
    note(|| Event::OwnName { s, came });
    value
}

fn peer_name<const DIALECT: usize>(s: Handle, name: PointerMut<'_>, len: &mut i32) -> i32 {
    let (value, came) = name_by::<DIALECT>(own::<DIALECT>().getpeername, s, name, len);
    note(|| Event::PeerName { s, came });
    value
}

/// A call whose event is made of its value.
fn told<const DIALECT: usize>(value: i32, event: impl FnOnce(Came) -> Event) -> i32 {
    note(|| event(came::<DIALECT>(value)));
    value
}

fn api_of<const D: usize>() -> Api {
    Api {
        start: || {
            let started = (own::<D>().start)();
            note(|| Event::Start { version: None, came: if started { Ok(0) } else { Err((own::<D>().last_error)()) } });
            started
        },
        start_as: |version| {
            let started = (own::<D>().start_as)(version);
            note(|| Event::Start { version: Some(version), came: started.map(i32::from) });
            started
        },
        end: || told::<D>((own::<D>().end)(), |came| Event::End { came }),
        last_error: last_error::<D>,
        socket: socket::<D>,
        bind: |s, name, len| {
            told::<D>((own::<D>().bind)(s, name, len), |came| Event::Bind { s, name: Given::of(name), len, came })
        },
        connect: connect::<D>,
        listen: |s, backlog| told::<D>((own::<D>().listen)(s, backlog), |came| Event::Listen { s, backlog, came }),
        accept: |s| {
            let value = (own::<D>().accept)(s);
            note(|| Event::Accept { s, came: handle::<D>(value) });
            value
        },
        send: |s, octets| {
            told::<D>((own::<D>().send)(s, octets), |came| Event::Send { s, octets: octets.to_vec(), came })
        },
        sendto: sendto::<D>,
        recv: |s, octets| {
            let value = (own::<D>().recv)(s, octets);
            note(|| Event::Recv { s, came: filled::<D>(value, octets) });
            value
        },
        recvfrom: |s, octets| {
            let value = (own::<D>().recvfrom)(s, octets);
            note(|| Event::RecvFrom { s, came: filled::<D>(value, octets) });
            value
        },
        select: select::<D>,
        shutdown: |s, how| told::<D>((own::<D>().shutdown)(s, how), |came| Event::Shutdown { s, how, came }),
        close: |s| told::<D>((own::<D>().close)(s), |came| Event::Close { s, came }),
        getsockname: own_name::<D>,
        getpeername: peer_name::<D>,
        set_nonblocking: |s, on| {
            told::<D>((own::<D>().set_nonblocking)(s, on), |came| Event::SetNonblocking { s, on, came })
        },
        set_broadcast: |s, on| told::<D>((own::<D>().set_broadcast)(s, on), |came| Event::SetBroadcast { s, on, came }),
        set_reuse: |s, on| told::<D>((own::<D>().set_reuse)(s, on), |came| Event::SetReuse { s, on, came }),
        socket_error: |s| told::<D>((own::<D>().socket_error)(s), |came| Event::SocketError { s, came }),
        ..*own::<D>()
    }
}
