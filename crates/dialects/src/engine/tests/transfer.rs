//! Sending and receiving: buffers, lengths, flags and names.

use synsent_sockets::{COPY_OCTETS_MAX, Pointer, PointerMut};

use super::dialect::TESTISH;
use super::{Mapped, Unmapped, World, inet, word};
use crate::engine::{connect, receive, send};
use crate::process::Handle;

fn connected(world: &World, handle: Handle) -> Handle {
    connect::connect(&TESTISH, handle, Pointer::from(&inet(1, 80)), 16).unwrap();
    world.process.find(handle).unwrap().set_nonblocking(true);
    world.network.deeds();
    handle
}

#[test]
fn what_is_sent_is_received() {
    let world = World::new();
    let handle = connected(&world, world.stream());
    assert_eq!(send::send(&TESTISH, handle, Pointer::from(b"hello"), 5, 0).unwrap(), 5);
    let mut buffer = [0; 8];
    assert_eq!(receive::recv(&TESTISH, handle, (&mut buffer).into(), 8, 2).unwrap(), 5);
    assert_eq!(receive::recv(&TESTISH, handle, (&mut buffer).into(), 2, 0).unwrap(), 2);
    assert_eq!(&buffer[..5], b"hello");
    assert_eq!(world.network.deeds(), ["send 5", "peek", "receive"]);
    assert_eq!(receive::recv(&TESTISH, handle, (&mut buffer).into(), 8, 0).unwrap(), 3);
    assert_eq!(word(receive::recv(&TESTISH, handle, (&mut buffer).into(), 8, 0)), "WOULDBLOCK");
}

#[test]
fn wrong_buffers_lengths_and_flags_send_and_receive_nothing() {
    let world = World::new();
    let stream = connected(&world, world.stream());
    let datagram = connected(&world, world.datagram());
    let sends = |pointer: Pointer<'_>, len, flags| word(send::send(&TESTISH, stream, pointer, len, flags));
    assert_eq!(sends(Pointer::Null, 1, 0), "FAULT");
    assert_eq!(sends(Pointer::from(b"hello"), 6, 0), "FAULT");
    assert_eq!(sends(Pointer::from(b"hello"), -1, 0), "INVAL");
    assert_eq!(sends(Pointer::Foreign(&Unmapped), 1, 0), "FAULT");
    assert_eq!(sends(Pointer::from(b"hello"), 5, 2), "OPNOTSUPP");
    assert_eq!(sends(Pointer::from(b"hello"), 5, i32::MIN), "OPNOTSUPP");
    assert_eq!(word(send::send(&TESTISH, datagram, Pointer::from(b"hello"), 5, 1)), "OPNOTSUPP");
    let mut buffer = [0; 4];
    let mut receives = |len, flags| word(receive::recv(&TESTISH, stream, (&mut buffer).into(), len, flags));
    assert_eq!(receives(5, 0), "FAULT");
    assert_eq!(receives(-1, 0), "INVAL");
    assert_eq!(receives(4, 4), "OPNOTSUPP");
    assert_eq!(word(receive::recv(&TESTISH, stream, PointerMut::Null, 4, 0)), "FAULT");
    assert_eq!(word(receive::recv(&TESTISH, stream, PointerMut::Foreign(&Unmapped), 4, 0)), "FAULT");
    assert!(world.network.deeds().is_empty());
    assert_eq!(send::send(&TESTISH, stream, Pointer::Null, 0, 8).unwrap(), 0);
}

#[test]
fn memory_of_strangers_is_copied_in_bounded_parts() {
    let world = World::new();
    let stream = connected(&world, world.stream());
    world.process.find(stream).unwrap().set_nonblocking(false);
    let octets = COPY_OCTETS_MAX + 10;
    let memory = Mapped::new(vec![7; octets]);
    let whole = octets as i32;
    assert_eq!(send::send(&TESTISH, stream, Pointer::Foreign(&memory), whole, 1).unwrap(), whole);
    assert_eq!(world.network.deeds(), [format!("send {COPY_OCTETS_MAX}"), "send 10 urgent".to_owned()]);
    let into = Mapped::new(vec![0; octets]);
    let received = receive::recv(&TESTISH, stream, PointerMut::Foreign(&into), whole, 0).unwrap();
    assert_eq!(received as usize, COPY_OCTETS_MAX);
    assert_eq!(into.octets()[..COPY_OCTETS_MAX], memory.octets()[..COPY_OCTETS_MAX]);
    // What ends in the middle counts as far as it went; nothing is consumed for a buffer that ends too early.
    let promised = whole + COPY_OCTETS_MAX as i32;
    assert_eq!(send::send(&TESTISH, stream, Pointer::Foreign(&memory), promised, 0).unwrap() as usize, COPY_OCTETS_MAX);
    world.network.deeds();
    let short = Mapped::new(vec![0; 10]);
    assert_eq!(word(receive::recv(&TESTISH, stream, PointerMut::Foreign(&short), 11, 0)), "FAULT");
    assert!(world.network.deeds().is_empty());
    let datagram = connected(&world, world.datagram());
    assert_eq!(word(send::send(&TESTISH, datagram, Pointer::Foreign(&memory), whole, 0)), "MSGSIZE");
}

#[test]
fn a_datagram_goes_to_a_name_or_to_the_peer() {
    let world = World::new();
    let handle = world.datagram();
    let to = inet(5, 50);
    let sendto = |name: Pointer<'_>, len| send::sendto(&TESTISH, handle, Pointer::from(b"hi"), 2, 0, name, len);
    assert_eq!(word(sendto(Pointer::Null, 0)), "DESTADDRREQ");
    assert_eq!(word(sendto(Pointer::from(&to), 15)), "INVAL");
    assert_eq!(word(sendto(Pointer::from(&inet(255, 50)), 16)), "ACCES");
    assert!(world.network.deeds().is_empty());
    assert_eq!(sendto(Pointer::from(&to), 16).unwrap(), 2);
    connected(&world, handle);
    sendto(Pointer::Null, 0).unwrap();
    sendto(Pointer::from(&to), 16).unwrap();
    assert_eq!(world.network.deeds(), ["send 2", "send 2 to 10.0.0.5:50"]);
}

#[test]
fn a_stream_sends_to_its_peer_whatever_name_is_given() {
    let world = World::new();
    let handle = connected(&world, world.stream());
    send::sendto(&TESTISH, handle, Pointer::from(b"hi"), 2, 0, Pointer::Foreign(&Unmapped), 16).unwrap();
    assert_eq!(world.network.deeds(), ["send 2"]);
}

#[test]
fn the_sender_of_a_datagram_is_told_also_when_the_datagram_is_cut() {
    let world = World::new();
    let handle = connected(&world, world.datagram());
    for _ in 0..2 {
        send::send(&TESTISH, handle, Pointer::from(b"hello"), 5, 0).unwrap();
    }
    let (mut buffer, mut name, mut len) = ([0; 3], [0; 16], 16);
    let cut = receive::recvfrom(&TESTISH, handle, (&mut buffer).into(), 3, 0, (&mut name).into(), (&mut len).into());
    assert_eq!(word(cut), "MSGSIZE");
    assert_eq!((&buffer, name, len), (b"hel", inet(7, 7_777), 16));
    let mut buffer = [0; 9];
    let nobody = receive::recvfrom(&TESTISH, handle, (&mut buffer).into(), 9, 0, PointerMut::Null, PointerMut::Null);
    assert_eq!(nobody.unwrap(), 5);
    world.network.deeds();
    let bad =
        receive::recvfrom(&TESTISH, handle, (&mut buffer).into(), 9, 0, (&mut name[..8]).into(), (&mut len).into());
    assert_eq!(word(bad), "FAULT");
    assert!(world.network.deeds().is_empty());
}
