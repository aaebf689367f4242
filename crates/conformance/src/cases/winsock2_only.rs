//! Scenarios of calls that only Winsock 2 has: sending and receiving with lists of buffers, and sockets of groups. They call the
//! dialect's own functions, with the process of the trial.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use synsent_dialects::Handle;
use synsent_dialects::winsock2::{self as it, Overlap, SOCKET, WSABUF};
use synsent_sockets::{Kind, Pointer, PointerMut};

use super::common::{self, Shows};
use crate::api::{Code, Said};
use crate::case::Trouble;
use crate::situation::Situation;
use crate::trial::Trial;

/// Why none of these is a program that is written from its run.
const APART: &str = "calls that only Winsock 2 has";

const ZERO: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::UNSPECIFIED), 0);

/// The two halves of some octets as buffers.
fn halves(octets: &mut [u8]) -> Option<Vec<WSABUF<'_>>> {
    let (first, second) = octets.split_at_mut(octets.len() / 2);
    Some([first, second].map(|half| WSABUF { len: half.len() as u32, buf: PointerMut::Octets(half) }).into())
}

/// WSASend, or WSASendTo where there is a name.
fn send(t: &Trial<'_>, s: Handle, octets: &[u8], to: Option<SocketAddr>) -> Said {
    let (mut octets, mut sent) = (octets.to_vec(), 0_u32);
    let buffers = halves(&mut octets);
    let result = match to {
        None => it::WSASend(s as SOCKET, buffers, 2, &mut sent, 0, Overlap::None),
        Some(to) => {
            let name = t.api.sockaddr(&to.into());
            let (name, len) = (Pointer::Octets(&name), name.len() as i32);
            it::WSASendTo(s as SOCKET, buffers, 2, &mut sent, 0, name, len, Overlap::None)
        }
    };
    t.api.said(result).map(|_| sent as i32)
}

/// WSARecv, or WSARecvFrom without the sender's name.
fn receive(t: &Trial<'_>, s: Handle, tells_sender: bool) -> Result<Vec<u8>, Code> {
    let (mut octets, mut came, mut flags) = (vec![0; 64], 0_u32, 0_u32);
    let buffers = halves(&mut octets);
    let result = if tells_sender {
        let (from, fromlen) = (PointerMut::Null, PointerMut::Null);
        it::WSARecvFrom(s as SOCKET, buffers, 2, &mut came, &mut flags, from, fromlen, Overlap::None)
    } else {
        it::WSARecv(s as SOCKET, buffers, 2, &mut came, &mut flags, Overlap::None)
    };
    t.api.said(result)?;
    octets.truncate(came as usize);
    Ok(octets)
}

/// "A default destination address which will be used on subsequent send/WSASend and recv/WSARecv calls."
pub(super) fn lists_use_the_peer(t: &mut Trial<'_>) -> Shows {
    t.apart(APART);
    let peer = t.arrange(Situation::Answers)?;
    let s = t.connected(Kind::Datagram, peer)?;
    let said = send(t, s, b"one datagram", None);
    let count = t.works(said, "WSASend")?;
    t.check(count == 12, format!("WSASend takes all 12 octets, not {count}"))?;
    common::awaits(t, s)?;
    let said = receive(t, s, false);
    let heard = t.works(said, "WSARecv")?;
    t.check(heard == b"one datagram", format!("the echo comes in one, not {heard:?}"))
}

/// "send/WSASend and recv/WSARecv calls will return the error code WSAENOTCONN."
pub(super) fn lists_without_a_peer(t: &mut Trial<'_>) -> Shows {
    t.apart(APART);
    let peer = t.arrange(Situation::Answers)?;
    let s = t.connected(Kind::Datagram, peer)?;
    let said = t.connect(s, ZERO);
    t.works(said, "connect to 0.0.0.0 takes the peer away")?;
    let said = send(t, s, b"nobody", None);
    t.fails_with(said, "WSAENOTCONN")?;
    let said = receive(t, s, false);
    t.fails_with(said, "WSAENOTCONN")?;
    t.nothing_left()
}

/// "However, sendto/WSASendTo and recvfrom/WSARecvFrom can still be used."
pub(super) fn lists_with_names(t: &mut Trial<'_>) -> Shows {
    t.apart(APART);
    let peer = t.arrange(Situation::Answers)?;
    let s = t.connected(Kind::Datagram, peer)?;
    let said = t.connect(s, ZERO);
    t.works(said, "connect to 0.0.0.0 takes the peer away")?;
    let said = send(t, s, b"still here", Some(peer));
    t.works(said, "WSASendTo")?;
    common::awaits(t, s)?;
    let said = receive(t, s, true);
    let heard = t.works(said, "WSARecvFrom")?;
    t.check(heard == b"still here", format!("the echo comes, not {heard:?}"))
}

/// "The destination address specified is not consistent with that of the constrained group the socket belongs to."
pub(super) fn another_host_than_the_group(t: &mut Trial<'_>) -> Shows {
    t.apart(APART);
    let peer = t.arrange(Situation::Answers)?;
    let (first, group) = in_group(t, it::SG_CONSTRAINED_GROUP)?;
    let (second, _) = in_group(t, group)?;
    let said = t.connect(first, peer);
    t.works(said, "connect of the group's first socket")?;
    let IpAddr::V4(host) = peer.ip() else { return t.check(false, "the peer has an address of IPv4") };
    let elsewhere = SocketAddr::new(Ipv4Addr::from(u32::from(host) ^ 1).into(), peer.port());
    let said = t.connect(second, elsewhere);
    t.fails(said)?;
    let said = t.connect(second, peer);
    t.works(said, "connect to the group's host")?;
    Ok(())
}

/// A stream in a group, and the group's number.
fn in_group(t: &mut Trial<'_>, group: u32) -> Result<(Handle, u32), Trouble> {
    let made = it::WSASocket(it::AF_INET, it::SOCK_STREAM, 0, group, 0);
    t.check(made != it::INVALID_SOCKET, "WSASocket makes a socket of the group")?;
    let (mut number, mut len) = (0_i32, 4);
    let told = it::getsockopt(made, it::SOL_SOCKET, it::SO_GROUP_ID, &mut number, &mut len);
    let said = t.api.said(told);
    t.works(said, "SO_GROUP_ID")?;
    Ok((made as Handle, number.cast_unsigned()))
}
