//! Calls with arguments that nobody should pass, in any order: none panics, and one that a row fails has done nothing.

use proptest::prelude::*;
use synsent_sockets::{Pointer, PointerMut};
use synsent_stack::Duration;

use super::dialect::TESTISH;
use super::{Mapped, Unmapped, World, inet};
use crate::engine::select::{Patience, select};
use crate::engine::{accept, bind, close, connect, listen, options, own_names, receive, send, shutdown, socket};
use crate::process::{Handle, Said};
use crate::{DIALECTS, Dialect};

/// What memory a call is given.
#[derive(Clone, Copy, Debug)]
enum Given {
    Null,
    Unmapped,
    Foreign,
    Octets,
}

/// A call with numbers that mean what the verb takes them for.
#[derive(Clone, Debug)]
struct Call {
    verb: u8,
    handle: usize,
    memory: Given,
    other: Given,
    octets: Vec<u8>,
    len: i32,
    numbers: (i32, i32),
}

fn given() -> impl Strategy<Value = Given> {
    prop_oneof![Just(Given::Null), Just(Given::Unmapped), Just(Given::Foreign), Just(Given::Octets)]
}

fn call() -> impl Strategy<Value = Call> {
    let octets = prop_oneof![
        (0..6_u8, 0..3_u16).prop_map(|(last, port)| inet(last, port).to_vec()),
        proptest::collection::vec(any::<u8>(), 0..40),
        Just(vec![0; 70_000]),
    ];
    let len = prop_oneof![Just(16), 0..40_i32, -1..=65_536_i32, any::<i32>()];
    let number = prop_oneof![0..20_i32, Just(0xffff), Just(0x1004), any::<i32>()];
    (0..17_u8, 0..8_usize, given(), given(), octets, len, (number.clone(), number)).prop_map(
        |(verb, handle, memory, other, octets, len, numbers)| Call {
            verb,
            handle,
            memory,
            other,
            octets,
            len,
            numbers,
        },
    )
}

impl Call {
    fn make(&mut self, dialect: &'static Dialect, handles: &mut Vec<Handle>) -> Option<Said> {
        let handle = handles.get(self.handle).copied().unwrap_or(self.numbers.0.into());
        let foreign = Mapped::new(self.octets.clone());
        let mut len_value = self.len;
        let len_pointer: PointerMut<'_> = match self.other {
            Given::Null => PointerMut::Null,
            Given::Unmapped => PointerMut::Foreign(&Unmapped),
            Given::Foreign | Given::Octets => (&mut len_value).into(),
        };
        let name: Pointer<'_> = match self.memory {
            Given::Null => Pointer::Null,
            Given::Unmapped => Pointer::Foreign(&Unmapped),
            Given::Foreign => Pointer::Foreign(&foreign),
            Given::Octets => Pointer::Octets(&self.octets),
        };
        let mut room_octets = self.octets.clone();
        let room: PointerMut<'_> = match self.memory {
            Given::Null => PointerMut::Null,
            Given::Unmapped => PointerMut::Foreign(&Unmapped),
            Given::Foreign => PointerMut::Foreign(&foreign),
            Given::Octets => (&mut room_octets[..]).into(),
        };
        let (one, two) = self.numbers;
        let done = match self.verb {
            0 => socket::socket(dialect, one, two, 0).map(|handle| handles.push(handle)),
            1 => bind::bind(dialect, handle, name, self.len),
            2 | 3 => connect::connect(dialect, handle, name, self.len),
            4 => listen::listen(dialect, handle, one),
            5 => accept::accept(dialect, handle, room, len_pointer).map(|handle| handles.push(handle)),
            6 => send::send(dialect, handle, name, self.len, one).map(drop),
            7 => send::sendto(dialect, handle, Pointer::from(b"hi"), 2, one, name, self.len).map(drop),
            8 => receive::recv(dialect, handle, room, self.len, one).map(drop),
            9 => receive::recvfrom(dialect, handle, (&mut [0; 9]).into(), 9, 0, room, len_pointer).map(drop),
            10 => shutdown::shutdown(dialect, handle, one),
            11 => close::close(dialect, handle),
            12 => own_names::getsockname(dialect, handle, room, len_pointer),
            13 => own_names::getpeername(dialect, handle, room, len_pointer),
            14 => options::getsockopt(dialect, handle, one, two, room, len_pointer),
            15 => options::setsockopt(dialect, handle, one, two, name, self.len),
            _ => {
                let mut set = vec![handle];
                let patience = Patience::AtMost(Duration::from_secs(1));
                select(dialect, Some(&mut set), Some(&mut vec![handle]), None, patience).map(drop)
            }
        };
        done.err()
    }
}

proptest! {
    #[test]
    fn a_call_that_a_row_fails_has_done_nothing(
        mut calls in proptest::collection::vec(call(), 1..40),
        which in 0..=DIALECTS.len(),
    ) {
        let dialect = DIALECTS.get(which).copied().unwrap_or(&TESTISH);
        let world = World::of(dialect);
        let mut handles = Vec::new();
        for call in &mut calls {
            let before: Vec<_> = standings(&world, &handles);
            world.network.deeds();
            if let Some(said) = call.make(dialect, &mut handles)
                && said.failure.is_none()
            {
                prop_assert_eq!(before, standings(&world, &handles), "{:?}", said);
                let deeds = world.network.deeds();
                prop_assert!(deeds.is_empty(), "{:?}: {:?}", said, deeds);
                prop_assert!(!said.name.is_empty(), "{:?} has no spelling", said);
            }
        }
    }
}

fn standings(world: &World, handles: &[Handle]) -> Vec<Option<synsent_sockets::Standing>> {
    handles.iter().map(|handle| world.process.find(*handle).map(|socket| socket.standing())).collect()
}
