//! The clauses of BS2000 SOCKETS(POSIX) that speak of AF_UNIX, whose names are paths of a file system.
//!
//! Who answers at a path is another socket of the same process, so that both ends are the dialect's; what speaks against a path
//! is arranged from outside.

use synsent_dialects::Handle;
use synsent_sockets::{Domain, Kind, LocalName, Name, Pointer};

use super::common::{SILENCE, Shows, awaits};
use crate::case::Trouble;
use crate::situation::LocalSituation;
use crate::trial::Trial;

/// The size of sun_path in the host's header.
const SUN_PATH_OCTETS: usize = 108;
/// The host's PATH_MAX, as `limits.h` has it.
const PATH_MAX: usize = 4_096;
const BOTH: [Kind; 2] = [Kind::Stream, Kind::Datagram];

/// A connection to a socket of this process, and one to another's.
pub(super) fn establishes(t: &mut Trial<'_>) -> Shows {
    let (path, listener) = listener(t, "a")?;
    let s = local(t, Kind::Stream)?;
    let said = t.connect(s, path);
    t.works(said, "connect to a path")?;
    let other = accepted(t, listener)?;
    reaches(t, s, other)?;
    reaches(t, other, s)?;
    let elsewhere = t.arrange_local(LocalSituation::Listens)?;
    let s = local(t, Kind::Stream)?;
    let said = t.connect(s, elsewhere);
    t.works(said, "connect to another process").map(drop)
}

pub(super) fn connected_already(t: &mut Trial<'_>) -> Shows {
    let (path, listener) = listener(t, "a")?;
    let elsewhere = t.arrange_local(LocalSituation::Listens)?;
    let s = local(t, Kind::Stream)?;
    let said = t.connect(s, path.clone());
    t.works(said, "connect to a path")?;
    for name in [path, elsewhere] {
        let said = t.connect(s, name);
        t.fails(said)?;
    }
    let other = accepted(t, listener)?;
    reaches(t, s, other)
}

/// Both types, for the clause of the three domains.
pub(super) fn connects(t: &mut Trial<'_>) -> Shows {
    establishes(t)?;
    let (path, partner) = bound(t, "partner")?;
    let s = local(t, Kind::Datagram)?;
    let said = t.connect(s, path);
    t.works(said, "connect of a datagram socket to a path")?;
    reaches(t, s, partner)
}

pub(super) fn datagram_partner(t: &mut Trial<'_>) -> Shows {
    let ((partner_path, partner), (_, other)) = (bound(t, "partner")?, bound(t, "other")?);
    let (path, s) = bound(t, "own")?;
    let said = t.sendto(other, b"before", path.clone());
    t.works(said, "sendto a socket without a partner")?;
    awaits(t, s)?;
    let said = t.connect(s, partner_path);
    t.works(said, "connect to a path")?;
    reaches(t, s, partner)?;
    // Whether the sender hears that nobody takes it, the document does not say.
    let _ = t.sendto(other, b"from elsewhere", path.clone());
    let said = t.sendto(partner, b"from the partner", path);
    t.works(said, "sendto of the partner")?;
    awaits(t, s)?;
    let heard = t.recv(s);
    t.check(heard == Ok(b"from the partner".to_vec()), format!("only the partner is heard, not {heard:?}"))?;
    nothing_comes(t, s)?;
    nothing_comes(t, other)
}

pub(super) fn datagram_change(t: &mut Trial<'_>) -> Shows {
    let ((a_path, a), (b_path, b)) = (bound(t, "a")?, bound(t, "b")?);
    let (path, s) = bound(t, "own")?;
    for (partner_path, partner, other) in [(a_path.clone(), a, b), (b_path, b, a), (a_path, a, b)] {
        let said = t.connect(s, partner_path);
        t.works(said, "connect to a path")?;
        reaches(t, s, partner)?;
        nothing_comes(t, other)?;
        let said = t.sendto(partner, b"back", path.clone());
        t.works(said, "sendto of the partner")?;
        awaits(t, s)?;
        let heard = t.recv(s);
        t.check(heard == Ok(b"back".to_vec()), format!("the partner is heard, not {heard:?}"))?;
    }
    Ok(())
}

pub(super) fn needs_new_descriptor(t: &mut Trial<'_>) -> Shows {
    let (dead, elsewhere) = (t.arrange_local(LocalSituation::Dead)?, t.arrange_local(LocalSituation::Listens)?);
    let s = local(t, Kind::Stream)?;
    let said = t.connect(s, dead.clone());
    t.fails_with(said, "ECONNREFUSED")?;
    for name in [dead, elsewhere.clone()] {
        let said = t.connect(s, name);
        t.fails_with(said, "EINVAL")?;
    }
    let said = t.close(s);
    t.works(said, "close")?;
    let s = local(t, Kind::Stream)?;
    let said = t.connect(s, elsewhere);
    t.works(said, "connect with a new descriptor").map(drop)
}

/// Behind the path is a socket's file whose socket is gone, a plain file, or a socket that does not listen.
pub(super) fn refused(t: &mut Trial<'_>) -> Shows {
    for situation in [LocalSituation::Dead, LocalSituation::PlainFile] {
        fails(t, Kind::Stream, situation)?;
    }
    let path = free(t, "quiet")?;
    let quiet = local(t, Kind::Stream)?;
    let said = t.bind(quiet, path.clone());
    t.works(said, "bind")?;
    let s = local(t, Kind::Stream)?;
    let said = t.connect(s, path);
    t.fails(said)
}

pub(super) fn no_search_permission(t: &mut Trial<'_>) -> Shows {
    both_fail(t, LocalSituation::NoSearchPermission)
}

pub(super) fn no_write_permission(t: &mut Trial<'_>) -> Shows {
    both_fail(t, LocalSituation::NoWritePermission)
}

/// Whatever length stands beside it; a datagram socket keeps its partner.
pub(super) fn null_name(t: &mut Trial<'_>) -> Shows {
    for kind in BOTH {
        let s = local(t, kind)?;
        for len in [0, 2, 16, 110, -1, 65_536] {
            let said = t.connect_with(s, Pointer::Null, len);
            t.fails(said)?;
        }
    }
    let (path, partner) = bound(t, "partner")?;
    let s = local(t, Kind::Datagram)?;
    let said = t.connect(s, path);
    t.works(said, "connect to a path")?;
    let said = t.connect_with(s, Pointer::Null, 0);
    t.fails(said)?;
    reaches(t, s, partner)
}

pub(super) fn long_path(t: &mut Trial<'_>) -> Shows {
    both_fail(t, LocalSituation::TooLong)
}

pub(super) fn long_component(t: &mut Trial<'_>) -> Shows {
    both_fail(t, LocalSituation::ComponentTooLong)
}

/// PATH_MAX counts, not the room of sockaddr_un: a path that is shorter is looked for.
pub(super) fn one_octet_too_many(t: &mut Trial<'_>) -> Shows {
    let start = octets(&free(t, "")?);
    for kind in BOTH {
        let s = local(t, kind)?;
        let said = t.connect(s, Name::Local(LocalName::new(&long(&start, PATH_MAX + 1))));
        t.fails(said)?;
        for octets in [SUN_PATH_OCTETS - 1, SUN_PATH_OCTETS, PATH_MAX - 1] {
            let said = t.connect(s, Name::Local(LocalName::new(&long(&start, octets))));
            t.fails_with(said, "ENOENT")?;
        }
    }
    Ok(())
}

/// A path of this size that leads nowhere, whose components are short.
fn long(start: &[u8], octets: usize) -> Vec<u8> {
    let mut path = start.to_vec();
    while path.len() < octets {
        path.extend(b"/xxxxxxxx");
    }
    path.resize(octets - 1, b'x');
    path.push(b'x');
    path
}

/// A path that is longer than sockaddr_un has room for is a path like any other.
pub(super) fn establishes_far_away(t: &mut Trial<'_>) -> Shows {
    let start = octets(&free(t, "")?);
    let last = start.iter().rposition(|octet| *octet == b'/').unwrap_or(0);
    // Each of these leads to where it stands.
    let path = [&start[..last], &b"/.".repeat(SUN_PATH_OCTETS), &start[last..]].concat();
    let path = Name::Local(LocalName::new(&path));
    let listener = local(t, Kind::Stream)?;
    let said = t.bind(listener, path.clone());
    t.works(said, "bind to a long path")?;
    let said = t.api.said((t.api.listen)(listener, 5));
    t.works(said, "listen")?;
    let s = local(t, Kind::Stream)?;
    let said = t.connect(s, path);
    t.works(said, "connect to a long path")?;
    let other = accepted(t, listener)?;
    reaches(t, s, other)
}

/// The last component is not there, or one before it.
pub(super) fn missing(t: &mut Trial<'_>) -> Shows {
    both_fail(t, LocalSituation::Missing)?;
    let nowhere = free(t, "/nothing/here")?;
    for kind in BOTH {
        let s = local(t, kind)?;
        let said = t.connect(s, nowhere.clone());
        t.fails(said)?;
    }
    Ok(())
}

/// Nothing behind the family, a zero at once, or nothing but zeroes.
pub(super) fn blank(t: &mut Trial<'_>) -> Shows {
    let mut name = [0; 2 + SUN_PATH_OCTETS];
    name[..2].copy_from_slice(&1_u16.to_ne_bytes());
    for kind in BOTH {
        let s = local(t, kind)?;
        for len in [2, 3, 2 + SUN_PATH_OCTETS] {
            let said = t.connect_with(s, Pointer::Octets(&name), len as i32);
            t.fails(said)?;
        }
    }
    Ok(())
}

pub(super) fn not_a_directory(t: &mut Trial<'_>) -> Shows {
    both_fail(t, LocalSituation::NotADirectory)
}

// What the scenarios have in common.

fn both_fail(t: &mut Trial<'_>, situation: LocalSituation) -> Shows {
    let name = t.arrange_local(situation)?;
    for kind in BOTH {
        let s = local(t, kind)?;
        for _ in 0..2 {
            let said = t.connect(s, name.clone());
            t.fails(said)?;
        }
    }
    Ok(())
}

fn fails(t: &mut Trial<'_>, kind: Kind, situation: LocalSituation) -> Shows {
    let name = t.arrange_local(situation)?;
    let s = local(t, kind)?;
    let said = t.connect(s, name);
    t.fails(said)
}

fn local(t: &mut Trial<'_>, kind: Kind) -> Result<Handle, Trouble> {
    t.socket_of(Domain::Local, kind)
}

/// A path at which nothing is yet.
fn free(t: &mut Trial<'_>, more: &str) -> Result<Name, Trouble> {
    let start = t.arrange_local(LocalSituation::Free)?;
    Ok(Name::Local(LocalName::new(&[&octets(&start)[..], more.as_bytes()].concat())))
}

fn octets(name: &Name) -> Vec<u8> {
    match name {
        Name::Local(local) => local.path().to_vec(),
        Name::Inet(_) => Vec::new(),
    }
}

/// A stream socket that listens at a new path.
fn listener(t: &mut Trial<'_>, what: &str) -> Result<(Name, Handle), Trouble> {
    let path = free(t, what)?;
    let s = local(t, Kind::Stream)?;
    let said = t.bind(s, path.clone());
    t.works(said, "bind to a path")?;
    let said = t.api.said((t.api.listen)(s, 5));
    t.works(said, "listen")?;
    Ok((path, s))
}

/// A datagram socket at a new path.
fn bound(t: &mut Trial<'_>, what: &str) -> Result<(Name, Handle), Trouble> {
    let path = free(t, what)?;
    let s = local(t, Kind::Datagram)?;
    let said = t.bind(s, path.clone());
    t.works(said, "bind to a path")?;
    Ok((path, s))
}

fn accepted(t: &mut Trial<'_>, listener: Handle) -> Result<Handle, Trouble> {
    let s = (t.api.accept)(listener);
    let said = t.api.said(s as i32);
    t.works(said, "accept")?;
    Ok(s)
}

/// What one socket sends, the other receives.
fn reaches(t: &mut Trial<'_>, from: Handle, to: Handle) -> Shows {
    let said = t.send(from, b"are you there");
    t.works(said, "send")?;
    awaits(t, to)?;
    let heard = t.recv(to);
    t.check(heard == Ok(b"are you there".to_vec()), format!("what was sent is received, not {heard:?}"))
}

fn nothing_comes(t: &mut Trial<'_>, s: Handle) -> Shows {
    let readable = t.readable(s, SILENCE)?;
    t.check(!readable, "nothing else is received")
}
