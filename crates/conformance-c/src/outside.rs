//! What `c/outside.h` declares: the world of a case, for a program in C.
//!
//! A program has one world. It belongs to the thread that began it, which the real worlds take with them into a network of its own.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::ffi::{CStr, c_char, c_int, c_longlong, c_uint, c_void};
use std::net::{IpAddr, SocketAddr};

use synsent_conformance::{LocalSituation, NotHere, Peer, Place, Situation, World, enter_real_worlds};
use synsent_host::PageWithHole;
use synsent_sockets::Memory as _;
use synsent_stack::Instant;

use crate::{NOT_HERE, WRONG_USAGE};

/// A world at work.
struct Running {
    world: Box<dyn World>,
    /// When it was last marked.
    marked: Instant,
    /// What peers have heard and nobody has asked for.
    heard: [VecDeque<Vec<u8>>; 3],
}

/// An address, as `struct case_address` has it.
#[repr(C)]
pub(crate) struct Address {
    version: c_int,
    octets: [u8; 16],
    port: c_uint,
}

thread_local! {
    static RUNNING: RefCell<Option<Running>> = const { RefCell::new(None) };
}

#[unsafe(no_mangle)]
extern "C" fn case_begin(place: *const c_char) {
    let place = Place::named(&text(place)).unwrap_or_else(|| end(WRONG_USAGE, "there is no such place"));
    if place != Place::Lab
        && let Err(missing) = enter_real_worlds()
    {
        end(WRONG_USAGE, &format!("this machine has no {missing}"));
    }
    let world = here(place.world_among_files());
    if !synsent_capi::install(world.network()) {
        end(WRONG_USAGE, "the program's sockets were on a network before the case began");
    }
    let marked = world.network().now();
    RUNNING.set(Some(Running { world, marked, heard: Default::default() }));
}

#[unsafe(no_mangle)]
extern "C" fn case_end() {
    RUNNING.set(None);
}

#[unsafe(no_mangle)]
extern "C" fn case_arrange(situation: *const c_char, peer: *mut Address) {
    let situation = text(situation);
    let situation = Situation::named(&situation).unwrap_or_else(|| end(WRONG_USAGE, "there is no such situation"));
    tell(peer, with(|running| here(running.world.arrange(situation))));
}

#[unsafe(no_mangle)]
extern "C" fn case_arrange_local(situation: *const c_char, path: *mut c_char, room: c_int) {
    let situation = text(situation);
    let situation = LocalSituation::named(&situation).unwrap_or_else(|| end(WRONG_USAGE, "there is no such situation"));
    let mut octets = with(|running| here(running.world.arrange_local(situation)));
    octets.push(0);
    if copy(&octets, path.cast(), room) < octets.len() {
        end(WRONG_USAGE, "there is no room for the path");
    }
}

#[unsafe(no_mangle)]
extern "C" fn case_relent(peer: *const Address) {
    let peer = told(peer);
    with(|running| here(running.world.relent(peer)));
}

#[unsafe(no_mangle)]
extern "C" fn case_open_file() -> c_int {
    with(|running| here(running.world.open_file()))
}

#[unsafe(no_mangle)]
extern "C" fn case_break_off() {
    with(|running| running.world.break_off());
}

#[unsafe(no_mangle)]
extern "C" fn case_peer(which: *const c_char, peer: *mut Address) {
    let which = peer_named(which);
    tell(peer, with(|running| running.world.peer(which)));
}

#[unsafe(no_mangle)]
extern "C" fn case_peer_sends(which: *const c_char, to: *const Address, octets: *const c_void, len: c_int) {
    let (which, to) = (peer_named(which), told(to));
    // SAFETY: the header asks for as many octets as the length says.
    let octets = unsafe { std::slice::from_raw_parts(octets.cast::<u8>(), len.max(0) as usize) };
    with(|running| running.world.peer_sends(which, to, octets));
}

#[unsafe(no_mangle)]
extern "C" fn case_peer_heard(which: *const c_char, octets: *mut c_void, room: c_int) -> c_int {
    let which = peer_named(which);
    let heard = with(|running| {
        if running.heard[which as usize].is_empty() {
            let new = running.world.peer_received(which);
            running.heard[which as usize].extend(new);
        }
        running.heard[which as usize].pop_front()
    });
    heard.map_or(-1, |heard| copy(&heard, octets.cast(), room) as c_int)
}

#[unsafe(no_mangle)]
extern "C" fn case_rest() {
    with(|running| running.world.rest());
}

#[unsafe(no_mangle)]
extern "C" fn case_mark() {
    with(|running| {
        running.world.mark();
        running.marked = running.world.network().now();
    });
}

#[unsafe(no_mangle)]
extern "C" fn case_packets() -> c_int {
    with(|running| running.world.wire().1) as c_int
}

#[unsafe(no_mangle)]
extern "C" fn case_wire_shows(words: *const c_char) -> c_int {
    let words = text(words);
    let line = with(|running| running.world.wire().0);
    let shows = line.contains(&words);
    if !shows {
        eprintln!("on the wire was {line}");
    }
    c_int::from(shows)
}

#[unsafe(no_mangle)]
extern "C" fn case_microseconds() -> c_longlong {
    let took = with(|running| running.world.network().now().since(running.marked));
    c_longlong::try_from(took.as_micros()).unwrap_or(c_longlong::MAX)
}

#[unsafe(no_mangle)]
extern "C" fn case_address_of(text_of_it: *const c_char, address: *mut Address) {
    let known: Option<IpAddr> = text(text_of_it).parse().ok();
    let known = known.unwrap_or_else(|| end(WRONG_USAGE, "this is no address"));
    tell(address, SocketAddr::new(known, 0));
}

#[unsafe(no_mangle)]
extern "C" fn case_before_hole(octets: *const c_void, len: c_int) -> *mut c_void {
    // SAFETY: the header asks for as many octets as the length says.
    let octets = unsafe { std::slice::from_raw_parts(octets.cast::<u8>(), len.max(0) as usize) };
    let Ok(pages) = PageWithHole::new() else { end(NOT_HERE, "there is no memory") };
    if pages.memory_before_hole(octets.len()).write(0, octets).is_err() {
        end(WRONG_USAGE, "a page has not so many octets");
    }
    let address = pages.before_hole(octets.len());
    // The program has it to its end.
    std::mem::forget(pages);
    std::ptr::with_exposed_provenance_mut(address)
}

fn with<T>(work: impl FnOnce(&mut Running) -> T) -> T {
    RUNNING.with_borrow_mut(|running| match running {
        Some(running) => work(running),
        None => end(WRONG_USAGE, "no case has begun in this thread"),
    })
}

fn here<T>(answer: Result<T, NotHere>) -> T {
    answer.unwrap_or_else(|NotHere(why)| end(NOT_HERE, &why))
}

fn end(status: c_int, why: &str) -> ! {
    eprintln!("{why}");
    std::process::exit(status)
}

fn peer_named(which: *const c_char) -> Peer {
    Peer::named(&text(which)).unwrap_or_else(|| end(WRONG_USAGE, "there is no such peer"))
}

fn text(text: *const c_char) -> String {
    // SAFETY: the header asks for a text with its final zero.
    unsafe { CStr::from_ptr(text) }.to_string_lossy().into_owned()
}

/// Writes as much as there is room for; how much that is.
fn copy(octets: &[u8], into: *mut u8, room: c_int) -> usize {
    let count = octets.len().min(room.max(0) as usize);
    // SAFETY: the header asks for as much room as it says, which nobody else has at the time.
    unsafe { std::ptr::copy_nonoverlapping(octets.as_ptr(), into, count) };
    count
}

fn tell(into: *mut Address, address: SocketAddr) {
    let mut octets = [0; 16];
    let version = match address.ip() {
        IpAddr::V4(v4) => {
            octets[..4].copy_from_slice(&v4.octets());
            4
        }
        IpAddr::V6(v6) => {
            octets = v6.octets();
            6
        }
    };
    // SAFETY: the header asks for a place where an address can be written.
    unsafe { into.write(Address { version, octets, port: address.port().into() }) };
}

fn told(from: *const Address) -> SocketAddr {
    // SAFETY: the header asks for an address.
    let Address { version, octets, port } = unsafe { from.read() };
    let port = u16::try_from(port).unwrap_or_else(|_| end(WRONG_USAGE, "a port has 16 bits"));
    match version {
        4 => SocketAddr::new([octets[0], octets[1], octets[2], octets[3]].into(), port),
        _ => SocketAddr::new(octets.into(), port),
    }
}
