//! getsockopt, setsockopt and ioctl through memory.

use synsent_sockets::{Pointer, PointerMut};

use super::dialect::TESTISH;
use super::{Unmapped, World, inet, word};
use crate::engine::connect;
use crate::engine::options::{getsockopt, ioctl, setsockopt};
use crate::process::{Handle, Said};

fn get(handle: Handle, number: i32) -> Result<i32, Said> {
    let (mut value, mut len) = (0_i32, 4);
    getsockopt(&TESTISH, handle, 1, number, (&mut value).into(), (&mut len).into())?;
    assert_eq!(len, 4);
    Ok(value)
}

fn set(handle: Handle, number: i32, value: i32) -> Result<(), Said> {
    setsockopt(&TESTISH, handle, 1, number, Pointer::from(&value), 4)
}

#[test]
fn what_is_set_is_told() {
    let world = World::new();
    let handle = world.stream();
    assert_eq!(get(handle, 1).unwrap(), 0);
    set(handle, 1, 5).unwrap();
    assert_eq!(get(handle, 1).unwrap(), 1);
    set(handle, 4, 1_500).unwrap();
    assert_eq!(get(handle, 4).unwrap(), 1_500);
    set(handle, 4, 0).unwrap();
    assert_eq!(world.process.find(handle).unwrap().time_limits().0, None);
    assert_eq!(get(handle, 7).unwrap(), 1);
    assert_eq!(get(handle, 8).unwrap(), 0);
    let mut linger = [1_u16.to_ne_bytes(), 30_u16.to_ne_bytes()].concat();
    setsockopt(&TESTISH, handle, 1, 2, Pointer::from(&linger[..]), 4).unwrap();
    linger.fill(0);
    getsockopt(&TESTISH, handle, 1, 2, (&mut linger[..]).into(), (&mut 4).into()).unwrap();
    assert_eq!(linger, [1_u16.to_ne_bytes(), 30_u16.to_ne_bytes()].concat());
    let time = [3_i64.to_ne_bytes(), 250_000_i64.to_ne_bytes()].concat();
    setsockopt(&TESTISH, handle, 1, 5, Pointer::from(&time[..]), 16).unwrap();
    let mut told = [0; 16];
    getsockopt(&TESTISH, handle, 1, 5, (&mut told).into(), (&mut 16).into()).unwrap();
    assert_eq!(told[..], time[..]);
}

#[test]
fn an_option_that_is_not_there_or_not_for_this_says_so() {
    let world = World::new();
    let (stream, datagram) = (world.stream(), world.datagram());
    let nodelay = |handle| setsockopt(&TESTISH, handle, 6, 1, Pointer::from(&1), 4);
    nodelay(stream).unwrap();
    assert_eq!(word(nodelay(datagram)), "NOPROTOOPT");
    assert_eq!(word(get(stream, 99)), "NOPROTOOPT");
    assert_eq!(word(getsockopt(&TESTISH, stream, 77, 1, (&mut 0_i32).into(), (&mut 4).into())), "INVAL");
    assert_eq!(word(set(stream, 3, 1)), "NOPROTOOPT");
    for hops in [0, 256, -1] {
        assert_eq!(word(set(stream, 9, hops)), "INVAL", "{hops}");
    }
    assert_eq!(word(set(stream, 10, -1)), "INVAL");
}

#[test]
fn an_option_with_two_sizes_is_set_and_told_in_one_octet() {
    let world = World::new();
    let handle = world.stream();
    let sets = |value: &[u8], len| setsockopt(&TESTISH, handle, 6, 1, Pointer::from(value), len);
    for on in [1_u8, 0] {
        sets(&[on], 1).unwrap();
        let (mut told, mut len) = ([7_u8; 4], 1);
        getsockopt(&TESTISH, handle, 6, 1, (&mut told[..]).into(), (&mut len).into()).unwrap();
        assert_eq!((told, len), ([on, 7, 7, 7], 1));
    }
    assert_eq!(word(sets(&[1], 0)), "FAULT");
}

#[test]
fn memory_and_lengths_of_options_are_looked_at_first() {
    let world = World::new();
    let handle = world.stream();
    let sets = |value: Pointer<'_>, len| word(setsockopt(&TESTISH, handle, 1, 1, value, len));
    assert_eq!(sets(Pointer::Null, 4), "FAULT");
    assert_eq!(sets(Pointer::from(&1), 3), "FAULT");
    assert_eq!(sets(Pointer::from(&1), -1), "INVAL");
    assert_eq!(sets(Pointer::Foreign(&Unmapped), 4), "FAULT");
    let gets = |value: PointerMut<'_>, len: PointerMut<'_>| word(getsockopt(&TESTISH, handle, 1, 1, value, len));
    assert_eq!(gets(PointerMut::Null, (&mut 4).into()), "FAULT");
    assert_eq!(gets((&mut 0_i32).into(), PointerMut::Null), "FAULT");
    assert_eq!(gets((&mut 0_i32).into(), (&mut 3).into()), "FAULT");
    assert_eq!(gets((&mut 0_i32).into(), (&mut -1).into()), "INVAL");
    assert_eq!(gets(PointerMut::Foreign(&Unmapped), (&mut 4).into()), "FAULT");
}

#[test]
fn the_error_of_an_opening_in_the_background_stays_until_one_succeeds() {
    let world = World::new();
    let handle = world.stream();
    let open = |last: u8| connect::connect(&TESTISH, handle, Pointer::from(&inet(last, 80)), 16);
    assert_eq!(word(open(2)), "CONNREFUSED");
    assert_eq!(get(handle, 3).unwrap(), 0, "who waited for it was told");
    let mut on = 1;
    ioctl(&TESTISH, handle, 1, (&mut on).into()).unwrap();
    assert_eq!(word(open(4)), "INPROGRESS");
    world.network.open_all();
    for _ in 0..2 {
        assert_eq!(get(handle, 3).unwrap(), 8);
    }
    assert_eq!(word(open(1)), "INPROGRESS");
    assert_eq!(get(handle, 3).unwrap(), 0);
}

#[test]
fn the_time_of_a_connection_is_told_in_seconds() {
    let world = World::new();
    let (stream, datagram) = (world.stream(), world.datagram());
    assert_eq!(get(stream, 6).unwrap(), -1);
    for handle in [stream, datagram] {
        connect::connect(&TESTISH, handle, Pointer::from(&inet(1, 80)), 16).unwrap();
    }
    world.network.pass_secs(7);
    assert_eq!(get(stream, 6).unwrap(), 7);
    assert_eq!(get(datagram, 6).unwrap(), -1);
}

#[test]
fn requests_of_ioctl_read_and_write_their_argument() {
    let world = World::new();
    let handle = world.stream();
    let mut argument = 1_u32;
    ioctl(&TESTISH, handle, 1, (&mut argument).into()).unwrap();
    assert!(world.process.find(handle).unwrap().is_nonblocking());
    ioctl(&TESTISH, handle, 2, (&mut argument).into()).unwrap();
    assert_eq!(argument, 0);
    assert_eq!(word(ioctl(&TESTISH, handle, 99, (&mut argument).into())), "NOPROTOOPT");
    assert_eq!(word(ioctl(&TESTISH, handle, 1, PointerMut::Null)), "FAULT");
    assert_eq!(word(ioctl(&TESTISH, handle, 2, PointerMut::Foreign(&Unmapped))), "FAULT");
}
