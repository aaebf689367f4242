//! A link that takes nothing for a while: what a datagram socket says then.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use synsent_sockets::stack::{StackAccess, StackProvider};
use synsent_sockets::{Domain, Kind, Progress, Provider, Ready, SendHow, Settings};
use synsent_stack::{Cidr, Config, Instant, LinkConfig, LinkId, Stack};

/// More datagrams than any queue takes.
const MANY: usize = 10_000;

/// A stack whose link asks for a packet only when the test does.
struct Slow(Mutex<Stack>);

impl StackAccess for Slow {
    fn with(&self, call: &mut dyn FnMut(&mut Stack, Instant)) {
        call(&mut self.0.lock().unwrap(), Instant::from_secs(1));
    }
}

fn slow() -> (Arc<Slow>, LinkId) {
    let mut stack = Stack::new(Config::default(), [7; 32]);
    let now = Instant::from_secs(1);
    let link = stack.add_link(now, LinkConfig::ip("slow"));
    stack.add_address(now, link, Cidr::new("10.0.0.1".parse().unwrap(), 24).unwrap()).unwrap();
    (Arc::new(Slow(Mutex::new(stack))), link)
}

#[test]
fn a_full_queue_is_pending_and_not_writable_until_the_link_takes_a_packet() {
    let (slow, link) = slow();
    let provider = StackProvider::new(Arc::clone(&slow) as Arc<dyn StackAccess>);
    let socket = provider.open(Domain::Inet4, Kind::Datagram, &Settings::default()).unwrap();
    let peer = "10.0.0.2:9".parse::<SocketAddr>().unwrap().into();
    let send = || socket.send_to(&[7; 100], &peer, SendHow::default());
    assert!(socket.ready().has(Ready::WRITABLE));
    let taken = (0..MANY).take_while(|_| send() == Ok(Progress::Done(100))).count();
    assert!(taken < MANY, "the queue has a bound");
    assert_eq!(send(), Ok(Progress::Pending));
    assert_eq!(socket.ready(), Ready::NONE);
    assert!(slow.0.lock().unwrap().poll_transmit(Instant::from_secs(1), link, &mut [0; 2_000]).is_some());
    assert_eq!(socket.ready(), Ready::WRITABLE);
    assert_eq!(send(), Ok(Progress::Done(100)));
    assert_eq!(send(), Ok(Progress::Pending));
}
