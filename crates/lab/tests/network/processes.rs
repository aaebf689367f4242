//! Processes with blocking sockets on hosts of a lab: connections across the neighbourhood and over local paths.

use std::sync::Arc;
use std::thread;

use synsent_lab::{Behaviour, LabNetwork, Neighbourhood, Participation, SharedLab};
use synsent_sockets::{
    Answer, Domain, Kind, LocalName, Name, Network, Outcome, Progress, ReceiveHow, SendHow, Settings, Socket,
};
use synsent_stack::{Duration, Instant};

const PORT: u16 = 80;

fn socket(network: &Arc<LabNetwork>, domain: Domain) -> Socket {
    Socket::new(network.clone(), domain, Kind::Stream, Settings::default()).unwrap()
}

fn path(path: &str) -> Name {
    Name::Local(LocalName::new(path.as_bytes()))
}

fn done<T>(answer: Answer<T>) -> Result<T, Outcome> {
    match answer {
        Ok(Progress::Done(value)) => Ok(value),
        Ok(Progress::Pending) => panic!("a blocking call does not answer that it goes on"),
        Err(failure) => Err(failure.outcome),
    }
}

fn receive(socket: &Socket) -> Result<Vec<u8>, Outcome> {
    let mut octets = [0; 1_000];
    let received = done(socket.receive(&mut octets, ReceiveHow::default()))?;
    Ok(octets[..received.octets].to_vec())
}

#[test]
fn a_process_of_one_thread_talks_to_a_scripted_peer() {
    let mut net = Neighbourhood::new(1);
    net.lab.behave(net.server.host, PORT, Behaviour::Answer).unwrap();
    let (us, server) = (net.us, net.server);
    let network = LabNetwork::new(&SharedLab::new(net.lab), us.host);
    for (domain, remote) in [(Domain::Inet4, server.at(PORT)), (Domain::Inet6, server.at_v6(PORT))] {
        let socket = socket(&network, domain);
        done(socket.connect(&remote.into())).unwrap();
        assert_eq!(done(socket.send(b"hello", SendHow::default())), Ok(5));
        assert_eq!(receive(&socket), Ok(b"hello".to_vec()));
    }
}

#[test]
fn an_opening_to_a_silent_peer_takes_minutes_of_the_lab_unless_a_signal_comes() {
    let mut net = Neighbourhood::new(2);
    net.lab.behave(net.server.host, PORT, Behaviour::Silent).unwrap();
    let (us, remote) = (net.us, Name::from(net.server.at(PORT)));
    let network = LabNetwork::new(&SharedLab::new(net.lab), us.host);
    assert_eq!(done(socket(&network, Domain::Inet4).connect(&remote)), Err(Outcome::TimedOut));
    let began = network.now();
    assert!(began >= Instant::from_secs(60), "{began}");
    network.interrupt_at(began + Duration::from_secs(5));
    assert_eq!(done(socket(&network, Domain::Inet4).connect(&remote)), Err(Outcome::Interrupted));
    assert_eq!(network.now(), began + Duration::from_secs(5));
}

#[test]
fn two_processes_of_two_hosts_talk() {
    let net = Neighbourhood::new(3);
    let lab = SharedLab::new(net.lab);
    let (client, server) = (LabNetwork::new(&lab, net.us.host), LabNetwork::new(&lab, net.server.host));
    let remote = Name::from(net.server.at(PORT));
    let listener = socket(&server, Domain::Inet4);
    listener.bind(&remote).unwrap();
    listener.listen(5).unwrap();
    let (mine, yours) = (lab.seat(), lab.seat());
    thread::scope(|scope| {
        scope.spawn(|| {
            let _hold = yours.take();
            let (accepted, _) = done(listener.accept()).unwrap();
            let heard = receive(&accepted).unwrap();
            done(accepted.send(&heard, SendHow::default())).unwrap();
        });
        let _hold = mine.take();
        let socket = socket(&client, Domain::Inet4);
        done(socket.connect(&remote)).unwrap();
        done(socket.send(b"both block", SendHow::default())).unwrap();
        assert_eq!(receive(&socket), Ok(b"both block".to_vec()));
        assert_eq!(receive(&socket), Ok(Vec::new()));
    });
}

#[test]
fn an_accept_that_nobody_will_ever_answer_ends_with_a_reason() {
    let net = Neighbourhood::new(4);
    let network = LabNetwork::new(&SharedLab::new(net.lab), net.us.host);
    let listener = socket(&network, Domain::Local);
    listener.bind(&path("/s")).unwrap();
    listener.listen(1).unwrap();
    let failure = listener.accept().err().unwrap();
    assert!(failure.to_string().contains("nothing is left to happen"), "{failure}");
}

#[test]
fn an_opening_over_a_path_waits_for_its_turn_in_a_full_backlog() {
    let net = Neighbourhood::new(5);
    let lab = SharedLab::new(net.lab);
    let (one, other) = (LabNetwork::new(&lab, net.us.host), LabNetwork::new(&lab, net.us.host));
    one.files().make_directory("/run").unwrap();
    let listener = socket(&one, Domain::Local);
    listener.bind(&path("/run/s")).unwrap();
    listener.listen(1).unwrap();
    let first = socket(&other, Domain::Local);
    done(first.connect(&path("/run/s"))).unwrap();
    let (mine, yours) = (lab.seat(), lab.seat());
    thread::scope(|scope| {
        scope.spawn(|| {
            let _hold: Participation = yours.take();
            let second = socket(&other, Domain::Local);
            done(second.connect(&path("/run/s"))).unwrap();
            done(second.send(b"second", SendHow::default())).unwrap();
        });
        let _hold = mine.take();
        let (_first, _) = done(listener.accept()).unwrap();
        let (second, _) = done(listener.accept()).unwrap();
        assert_eq!(receive(&second), Ok(b"second".to_vec()));
        assert_eq!(receive(&second), Ok(Vec::new()));
    });
}

#[test]
fn processes_of_different_hosts_share_no_files() {
    let net = Neighbourhood::new(6);
    let lab = SharedLab::new(net.lab);
    let (us, neighbour) = (LabNetwork::new(&lab, net.us.host), LabNetwork::new(&lab, net.neighbour.host));
    us.files().make_file("/here").unwrap();
    assert_eq!(done(socket(&us, Domain::Local).connect(&path("/here"))), Err(Outcome::NotListening));
    assert_eq!(done(socket(&neighbour, Domain::Local).connect(&path("/here"))), Err(Outcome::PathMissing));
}
