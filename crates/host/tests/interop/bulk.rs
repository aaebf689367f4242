//! A hundred megabytes each way at once, byte-exact, on every kind of link, opened from either side; also with losses.

use std::io::{Read as _, Write as _};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::thread::{self, JoinHandle};

use libtest_mimic::Trial;
use synsent_host::VirtioHeader;
use synsent_stack::{Config, FlowId, Instant, ReceiveError, SendError, Stack, State};

use crate::faults::Lossy;
use crate::net::{Link, Net, PATIENCE, Plan};
use crate::world::trial;

const BULK_OCTETS: u64 = 100_000_000;
/// With losses the round trips count and not the machine, so less shows as much.
const CHUNK_OCTETS: usize = 64 << 10;
/// What each side sends begins elsewhere in the pattern, so that an echo of one's own data is no success.
const OURS_BEGIN: u64 = 0;
const THEIRS_BEGIN: u64 = 1 << 40;

pub(crate) fn trials() -> Vec<Trial> {
    let mut trials = Vec::new();
    for link in [Link::Tun, Link::Tap, Link::Packet] {
        for virtio in [VirtioHeader::With, VirtioHeader::Without] {
            // Without its header a packet socket cannot tell what the neighbour in the same kernel left undone.
            if matches!((link, virtio), (Link::Packet, VirtioHeader::Without)) {
                continue;
            }
            for v6 in [false, true] {
                let plan = Plan { link, virtio, v6 };
                trials.push(trial(format!("bulk_active_{plan}"), move || active(&mut Net::open(plan))));
                trials.push(trial(format!("bulk_passive_{plan}"), move || passive(&mut Net::open(plan))));
            }
        }
    }
    for (plan, lost_per_mille) in [
        (Plan { virtio: VirtioHeader::Without, ..Plan::TUN }, 10),
        (Plan { link: Link::Tap, virtio: VirtioHeader::Without, v6: true }, 10),
        (Plan { v6: true, ..Plan::TUN }, 5),
    ] {
        let name = format!("bulk_{plan}_losing_{lost_per_mille}_of_1000");
        trials.push(trial(name, move || {
            let device = Lossy::new(plan.device(), lost_per_mille, 42);
            active(&mut Net::open_on(plan, Config::default(), device));
        }));
    }
    trials
}

fn active(net: &mut Net) {
    let listener = TcpListener::bind((net.plan.kernel(), 0)).expect("a listener of the kernel");
    let remote = listener.local_addr().expect("its address");
    let kernel = thread::spawn(move || kernel_end(listener.accept().expect("our connection").0));
    let flow = net.connected(remote);
    our_end(net, flow, kernel);
}

fn passive(net: &mut Net) {
    let listener = net.listen(7_000);
    let remote = SocketAddr::new(net.plan.ours(), 7_000);
    let kernel = thread::spawn(move || kernel_end(TcpStream::connect(remote).expect("our listener")));
    let flow = net.accept(listener);
    our_end(net, flow, kernel);
}

/// Sends and receives at once until both directions are closed and acknowledged.
fn our_end(net: &mut Net, flow: FlowId, kernel: JoinHandle<()>) {
    let mut end = OurEnd { flow, sent: 0, received: 0, done: false, chunk: vec![0; CHUNK_OCTETS] };
    net.run("the transfer", |stack, now| end.step(stack, now));
    kernel.join().expect("the kernel's end");
    let retransmitted_nothing_wrong = (end.sent, end.received);
    assert_eq!(retransmitted_nothing_wrong, (BULK_OCTETS, BULK_OCTETS));
}

struct OurEnd {
    flow: FlowId,
    sent: u64,
    received: u64,
    done: bool,
    chunk: Vec<u8>,
}

impl OurEnd {
    fn step(&mut self, stack: &mut Stack, now: Instant) -> Option<()> {
        self.send(stack, now);
        self.receive(stack, now);
        let status = stack.tcp_status(self.flow).expect("a connection");
        assert!(status.failure.is_none(), "{}", status.failure.expect("a failure"));
        (self.done && matches!(status.state, State::Closed | State::TimeWait)).then_some(())
    }

    fn send(&mut self, stack: &mut Stack, now: Instant) {
        while self.sent < BULK_OCTETS {
            let len = (BULK_OCTETS - self.sent).min(CHUNK_OCTETS as u64) as usize;
            fill(OURS_BEGIN + self.sent, &mut self.chunk[..len]);
            match stack.tcp_send(now, self.flow, &self.chunk[..len]) {
                Ok(taken) => self.sent += taken as u64,
                Err(SendError::WouldBlock) => return,
                Err(error) => panic!("after {} octets: {error}", self.sent),
            }
            if self.sent == BULK_OCTETS {
                stack.tcp_shutdown_send(now, self.flow).expect("an open connection");
            }
        }
    }

    fn receive(&mut self, stack: &mut Stack, now: Instant) {
        while !self.done {
            match stack.tcp_receive(now, self.flow, &mut self.chunk) {
                Ok(0) => self.done = true,
                Ok(len) => {
                    check(THEIRS_BEGIN + self.received, &self.chunk[..len]);
                    self.received += len as u64;
                }
                Err(ReceiveError::WouldBlock) => return,
                Err(error) => panic!("after {} octets: {error}", self.received),
            }
        }
    }
}

fn kernel_end(mut stream: TcpStream) {
    stream.set_read_timeout(Some(PATIENCE)).expect("a timeout");
    stream.set_write_timeout(Some(PATIENCE)).expect("a timeout");
    let mut writer = stream.try_clone().expect("a second handle");
    let writing = thread::spawn(move || {
        let mut chunk = vec![0; CHUNK_OCTETS];
        let mut sent = 0;
        while sent < BULK_OCTETS {
            let len = (BULK_OCTETS - sent).min(CHUNK_OCTETS as u64) as usize;
            fill(THEIRS_BEGIN + sent, &mut chunk[..len]);
            writer.write_all(&chunk[..len]).expect("room");
            sent += len as u64;
        }
        writer.shutdown(Shutdown::Write).expect("an open connection");
    });
    let mut chunk = vec![0; CHUNK_OCTETS];
    let mut received = 0;
    loop {
        let len = stream.read(&mut chunk).expect("data");
        if len == 0 {
            break;
        }
        check(OURS_BEGIN + received, &chunk[..len]);
        received += len as u64;
    }
    assert_eq!(received, BULK_OCTETS);
    writing.join().expect("the writer");
}

/// The pattern: no two neighbourhoods of it are alike, so a shifted or repeated piece shows.
fn fill(at: u64, chunk: &mut [u8]) {
    for_each_word(at, chunk.len(), |range, word, skip| {
        let len = range.len();
        chunk[range].copy_from_slice(&word[skip..skip + len]);
    });
}

fn check(at: u64, chunk: &[u8]) {
    for_each_word(at, chunk.len(), |range, word, skip| {
        let len = range.len();
        let offset = at + range.start as u64;
        assert!(chunk[range] == word[skip..skip + len], "wrong octets near {offset}");
    });
}

/// The pieces of `len` octets at `at` that lie in one word of the pattern each: where, the word, how much of it is before.
fn for_each_word(at: u64, len: usize, mut piece: impl FnMut(std::ops::Range<usize>, [u8; 8], usize)) {
    let mut done = 0;
    while done < len {
        let position = at + done as u64;
        let skip = (position % 8) as usize;
        let end = len.min(done + 8 - skip);
        let word = (position / 8).wrapping_mul(0x9E37_79B9_7F4A_7C15).rotate_left(29).to_le_bytes();
        piece(done..end, word, skip);
        done = end;
    }
}
