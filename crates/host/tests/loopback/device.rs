//! Our stack on a device as a network of sockets: two of them, joined by a cable.

use std::sync::Arc;
use std::thread;

use synsent_host::{CableEnd, DeviceNetwork, Driver, Engine, cable};
use synsent_sockets::{Cancel, Domain, Kind, LocalName, Name, Network, Outcome, Ready, ReceiveHow, SendHow, select};
use synsent_stack::{Cidr, Config, Stack};

use crate::{done, outcome, socket, stream};

fn side(end: CableEnd, address: &str) -> Arc<dyn Network> {
    let seed = synsent_host::seed().unwrap();
    let mut driver = Driver::new(Stack::new(Config::default(), seed)).unwrap();
    let link = driver.attach(end, None).unwrap();
    let now = driver.now();
    driver.stack().add_address(now, link, Cidr::new(address.parse().unwrap(), 24).unwrap()).unwrap();
    DeviceNetwork::over(Engine::start(driver).unwrap()).unwrap()
}

/// Two of them.
pub(crate) fn pair() -> (Arc<dyn Network>, Arc<dyn Network>) {
    let (a, b) = cable("c", 1_500).unwrap();
    (side(a, "10.7.0.1"), side(b, "10.7.0.2"))
}

fn name(address: &str) -> Name {
    Name::Inet(address.parse().unwrap())
}

#[test]
fn two_stacks_talk_through_blocking_sockets() {
    let (here, there) = pair();
    let listener = stream(&there);
    listener.bind(&name("10.7.0.2:80")).unwrap();
    listener.listen(4).unwrap();
    let server = thread::spawn(move || {
        let (socket, _) = done(listener.accept());
        let mut into = [0; 5];
        assert_eq!(done(socket.receive(&mut into, ReceiveHow::default())).octets, 5);
        done(socket.send(&into, SendHow::default()));
        socket
    });
    let client = stream(&here);
    done(client.connect(&name("10.7.0.2:80")));
    done(client.send(b"hello", SendHow::default()));
    let mut back = [0; 5];
    assert_eq!(done(client.receive(&mut back, ReceiveHow::default())).octets, 5);
    assert_eq!(back, *b"hello");
    done(server.join().unwrap().close());
    assert_eq!(outcome(stream(&here).connect(&name("10.7.0.2:81"))), Outcome::Refused);
}

#[test]
fn one_wait_covers_the_stack_and_the_kernel() {
    let (here, there) = pair();
    let path = std::env::temp_dir().join(format!("synsent-mixed-{}", std::process::id()));
    let local_name = Name::Local(LocalName::new(path.as_os_str().as_encoded_bytes()));
    let local = socket(&here, Domain::Local, Kind::Datagram);
    local.bind(&local_name).unwrap();
    let internet = socket(&here, Domain::Inet4, Kind::Datagram);
    internet.bind(&name("10.7.0.1:9000")).unwrap();
    let asked = [(&local, Ready::READABLE), (&internet, Ready::READABLE)];

    let to = local_name.clone();
    let sender = thread::spawn(move || {
        let sender = socket(&there, Domain::Local, Kind::Datagram);
        done(sender.send_to(b"l", &to, SendHow::default()));
        there
    });
    let ready = select(here.as_ref(), &asked, None, &Cancel::new()).unwrap();
    assert_eq!(ready, [Ready::READABLE, Ready::NONE]);
    done(local.receive(&mut [0; 1], ReceiveHow::default()));
    let there = sender.join().unwrap();

    let sender = thread::spawn(move || {
        let sender = socket(&there, Domain::Inet4, Kind::Datagram);
        done(sender.send_to(b"i", &name("10.7.0.1:9000"), SendHow::default()));
        there
    });
    let ready = select(here.as_ref(), &asked, None, &Cancel::new()).unwrap();
    assert_eq!(ready, [Ready::NONE, Ready::READABLE]);
    drop(sender.join().unwrap());
    std::fs::remove_file(path).unwrap();
}

#[test]
fn a_wait_on_the_stack_is_taken_back() {
    let (here, _there) = pair();
    let listener = stream(&here);
    listener.bind(&name("10.7.0.1:80")).unwrap();
    listener.listen(4).unwrap();
    let listener = Arc::new(listener);
    let waits = Arc::clone(&listener);
    let thread = thread::spawn(move || outcome(waits.accept()));
    while !thread.is_finished() {
        listener.cancel();
        thread::yield_now();
    }
    assert_eq!(thread.join().unwrap(), Outcome::Cancelled);
}
