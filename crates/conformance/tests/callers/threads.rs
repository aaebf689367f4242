//! Eight threads of a program make any calls on a few sockets that they share: nobody panics or hangs, every error is one that
//! the dialect has for that call, and in the end each socket was closed exactly once.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use libtest_mimic::{Failed, Trial};
use synsent_conformance::{Calls, Place, Situation, World, contract};
use synsent_dialects::{Handle, Process};
use synsent_sockets::{Domain, Kind, Name, Pointer, PointerMut};
use synsent_stack::Duration;

use crate::places::{places, within};

const THREADS: u64 = 8;
/// How many calls a thread makes.
const CALLS: usize = 300;
/// How many sockets there are at a time, at most.
const SOCKETS_MAX: usize = 6;

/// What the threads share.
struct Shared {
    calls: Calls,
    process: Arc<Process>,
    /// Names to bind and to connect to.
    names: Vec<Vec<u8>>,
    open: Mutex<Vec<Handle>>,
    opened: Mutex<Vec<Handle>>,
}

/// A sequence of numbers that look like chance (xorshift).
struct Chance(u64);

pub(crate) fn trials(has_kernel: bool) -> Vec<Trial> {
    let mut trials = Vec::new();
    for dialect in contract::DIALECTS {
        for place in places(has_kernel) {
            let title = format!("{dialect} {place}: any calls from many threads");
            trials.push(Trial::test(title, move || storm(dialect, place)));
        }
    }
    trials
}

fn storm(dialect: &str, place: Place) -> Result<(), Failed> {
    let calls = Calls::of(dialect).ok_or("no such dialect")?;
    let work = move |world: &mut dyn World| {
        let mut names = vec![world.arrange(Situation::Answers)?, world.arrange(Situation::Refuses)?];
        names.extend(
            ["10.1.0.2:20001", "0.0.0.0:20002", "0.0.0.0:0"].map(|name| name.parse::<SocketAddr>().expect("a name")),
        );
        let names = names.into_iter().map(|name| calls.api.sockaddr(&Name::Inet(name))).collect();
        let process = calls.api.process(world.network());
        let shared = Shared { calls, process, names, open: Mutex::default(), opened: Mutex::default() };
        Ok(shared.run())
    };
    within(place, work).map_err(Failed::from)
}

impl Shared {
    fn run(self) -> Result<(), String> {
        let _entered = self.process.enter();
        if !(self.calls.api.start)() {
            return Err("the system starts".to_owned());
        }
        let shared = Arc::new(self);
        let threads: Vec<_> = (0..THREADS)
            .map(|number| {
                let shared = Arc::clone(&shared);
                thread::spawn(move || shared.call_away(Chance(0x9e37_79b9_7f4a_7c15_u64.wrapping_mul(number + 1))))
            })
            .collect();
        for thread in threads {
            thread.join().map_err(|_| "a thread panicked")??;
        }
        shared.end()
    }

    /// The part of one thread.
    fn call_away(&self, mut chance: Chance) -> Result<(), String> {
        let _entered = self.process.enter();
        for _ in 0..CALLS {
            let (call, said) = self.call(&mut chance);
            if let Err(name) = self.calls.answer(said)
                && !self.calls.documents(call, name)
            {
                return Err(format!("{call} said {name}, which is none of its errors"));
            }
        }
        Ok(())
    }

    fn call(&self, chance: &mut Chance) -> (&'static str, i64) {
        let calls = &self.calls;
        let handle = self.some_socket(chance);
        let name = &self.names[chance.below(self.names.len())];
        let (name, len) = (Pointer::from(&name[..]), name.len() as i32);
        let (mut room, mut room_len, mut number) = ([0; 64], 64, 0_u32);
        let row = &calls.dialect().options[chance.below(calls.dialect().options.len())];
        let (call, said) = match chance.below(16) {
            0 | 1 => return self.open(chance),
            2 => ("bind", (calls.bind)(handle, name, len)),
            3 | 4 => ("connect", (calls.connect)(handle, name, len)),
            5 => ("listen", (calls.listen)(handle, 2)),
            6 => return self.accept(handle),
            7 => ("send", (calls.send)(handle, Pointer::Octets(&[7; 100]), 100, 0)),
            8 => ("sendto", (calls.sendto)(handle, Pointer::Octets(&[7; 100]), 100, 0, name, len)),
            9 => ("recv", (calls.recv)(handle, (&mut room).into(), 64, 0)),
            10 => {
                let (buffer, from) = ([0; 64], (&mut room).into());
                ("recvfrom", (calls.recvfrom)(handle, (&mut { buffer }).into(), 64, 0, from, (&mut room_len).into()))
            }
            11 => ("shutdown", (calls.shutdown)(handle, chance.below(3) as i32)),
            12 => ("getsockname", (calls.getsockname)(handle, (&mut room).into(), (&mut room_len).into())),
            13 => ("getpeername", (calls.getpeername)(handle, (&mut room).into(), (&mut room_len).into())),
            14 => {
                let (value, len) = ((&mut room).into(), (&mut room_len).into());
                ("getsockopt", (calls.getsockopt)(handle, row.level, row.number, value, len))
            }
            _ => match chance.below(3) {
                0 => ("ioctl", (calls.ioctl)(handle, calls.fionread, (&mut number).into())),
                1 => ("select", (calls.api.select)(&mut [vec![handle], vec![handle], vec![]], Some(Duration::ZERO))),
                _ => return self.close(chance),
            },
        };
        (call, said.into())
    }

    /// A new socket is shared when it blocks no more.
    fn open(&self, chance: &mut Chance) -> (&'static str, i64) {
        if self.shared().len() >= SOCKETS_MAX {
            return self.close(chance);
        }
        let kind = if chance.below(3) == 0 { Kind::Datagram } else { Kind::Stream };
        let opened = self.calls.api.open(Domain::Inet4, kind).unwrap_or(-1);
        self.share(opened);
        ("socket", opened)
    }

    fn accept(&self, handle: Handle) -> (&'static str, i64) {
        let accepted = (self.calls.accept)(handle, PointerMut::Null, PointerMut::Null);
        self.share(accepted);
        ("accept", accepted)
    }

    fn share(&self, handle: Handle) {
        if handle >= 0 {
            (self.calls.ioctl)(handle, self.calls.fionbio, (&mut 1_u32).into());
            self.shared().push(handle);
            self.opened.lock().unwrap_or_else(PoisonError::into_inner).push(handle);
        }
    }

    /// Who takes a handle from the list closes it, and nobody else does.
    fn close(&self, chance: &mut Chance) -> (&'static str, i64) {
        let taken = {
            let mut open = self.shared();
            match open.len() {
                0 => None,
                count => Some(open.swap_remove(chance.below(count))),
            }
        };
        match taken {
            Some(handle) => match (self.calls.close)(handle) {
                0 => ("close", 0),
                said => panic!("a socket of our own is closed, and close said {:?}", self.calls.answer(said.into())),
            },
            None => ("close", 0),
        }
    }

    fn some_socket(&self, chance: &mut Chance) -> Handle {
        let open = self.shared();
        if open.is_empty() { -1 } else { open[chance.below(open.len())] }
    }

    fn shared(&self) -> std::sync::MutexGuard<'_, Vec<Handle>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What is left is closed; then no handle that ever was is one.
    fn end(&self) -> Result<(), String> {
        let left = std::mem::take(&mut *self.shared());
        for handle in left {
            self.calls
                .answer((self.calls.close)(handle).into())
                .map_err(|name| format!("the last close said {name}"))?;
        }
        for handle in self.opened.lock().unwrap_or_else(PoisonError::into_inner).iter() {
            if (self.calls.listen)(*handle, 1) >= 0 {
                return Err(format!("the handle {handle} is still one"));
            }
        }
        Ok(())
    }
}

impl Chance {
    fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % bound as u64) as usize
    }
}
