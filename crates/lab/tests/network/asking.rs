//! A process of the lab asks for names: what the scenario's name server does is what the process is told, and when.

use std::net::IpAddr;
use std::sync::Arc;

use synsent_lab::{LabNetwork, Neighbourhood, Scenario, SharedLab, Via, ZONE_ADDRESSES_MAX, Zone};
use synsent_sockets::names::{Asking, Families, HostEntry, NameFailure, Resolver};
use synsent_sockets::{Cancel, Domain, Kind, Name, Network, Progress, ReceiveHow, SendHow, Settings, Socket, Waits};
use synsent_stack::{Duration, Instant};

const HOSTS: &str = "
[[host]]
name = \"shop\"
names = [\"shop.test\", \"*.shop.test\"]
addresses = [\"10.2.0.2\", \"fd00:2::2\"]
[[host]]
name = \"four\"
addresses = [\"10.2.0.4\"]
";

fn network(names: &str) -> Arc<LabNetwork> {
    let staged = Scenario::parse(&format!("{names}\n{HOSTS}")).unwrap().stage();
    LabNetwork::new(&SharedLab::new(staged.lab), staged.us)
}

fn ask(network: &LabNetwork, name: &str, families: Families) -> Result<HostEntry, NameFailure> {
    network.names().host(name, families, &Cancel::new())
}

fn addresses(network: &LabNetwork, name: &str, families: Families) -> Vec<String> {
    let entry = ask(network, name, families).unwrap();
    entry.addresses.iter().map(IpAddr::to_string).collect()
}

#[test]
fn the_names_of_a_scenario_have_their_addresses() {
    let network = network("");
    assert_eq!(addresses(&network, "shop.test", Families::V4), ["10.2.0.2"]);
    assert_eq!(addresses(&network, "Any.Shop.test.", Families::V6), ["fd00:2::2"]);
    assert_eq!(addresses(&network, "shop.test", Families::Both), ["fd00:2::2", "10.2.0.2"]);
    assert_eq!(addresses(&network, "four", Families::Both), ["10.2.0.4"]);
    assert_eq!(ask(&network, "four", Families::V6), Err(NameFailure::NoAddress));
    assert_eq!(ask(&network, "nobody.test", Families::Both), Err(NameFailure::NotFound));
    assert_eq!(ask(&network, "no name", Families::Both), Err(NameFailure::NotFound));
    assert_eq!(network.names().host_of("10.2.0.4".parse().unwrap(), &Cancel::new()).unwrap().name, "four");
    let nobody = network.names().host_of("10.2.0.5".parse().unwrap(), &Cancel::new());
    assert_eq!(nobody, Err(NameFailure::NotFound));
}

#[test]
fn without_a_way_to_the_other_family_its_addresses_come_last() {
    let network = network("[us]\nroutes = [\"0.0.0.0/0\"]");
    assert_eq!(addresses(&network, "shop.test", Families::Both), ["10.2.0.2", "fd00:2::2"]);
}

#[test]
fn numbers_the_loopback_and_the_host_itself_are_known_without_asking() {
    let network = network("[names]\ndoes = \"silent\"");
    assert_eq!(addresses(&network, "10.9.9.9", Families::Both), ["10.9.9.9"]);
    assert_eq!(addresses(&network, "fd00:9::9", Families::V6), ["fd00:9::9"]);
    assert_eq!(ask(&network, "10.9.9.9", Families::V6), Err(NameFailure::NoAddress));
    assert_eq!(addresses(&network, "localhost", Families::V4), ["127.0.0.1"]);
    assert_eq!(addresses(&network, "localhost", Families::Both), ["::1", "127.0.0.1"]);
    let own = network.names().own_name();
    assert_eq!(own, "us");
    assert_eq!(addresses(&network, &own, Families::V4), ["10.1.0.2"]);
    assert_eq!(network.names().host_of("127.0.0.1".parse().unwrap(), &Cancel::new()).unwrap().name, "localhost");
    assert_eq!(network.now(), Instant::ZERO, "nobody was asked");
}

#[test]
fn what_the_name_server_does_is_what_is_told_and_when() {
    for (does, told) in [("fails", NameFailure::TryAgain), ("knows-nothing", NameFailure::NotFound)] {
        let network = network(&format!("[names]\ndoes = \"{does}\""));
        assert_eq!(ask(&network, "shop.test", Families::V4), Err(told), "{does}");
        assert!(network.now() < Instant::from_secs(1), "{does}");
    }
    // Each of two addresses is waited for five seconds, twice.
    let silent = network("[names]\ndoes = \"silent\"");
    assert_eq!(ask(&silent, "shop.test", Families::V4), Err(NameFailure::TryAgain));
    assert_eq!(silent.now(), Instant::from_secs(20));
    let late = network("[names]\ndoes = \"late\"\nafter = \"3s\"");
    assert_eq!(addresses(&late, "shop.test", Families::V4), ["10.2.0.2"]);
    assert!(late.now() >= Instant::from_secs(3) && late.now() < Instant::from_secs(4));
}

#[test]
fn an_answer_that_comes_too_late_for_one_server_is_asked_again() {
    let late = network("[names]\ndoes = \"late\"\nafter = \"6s\"");
    assert_eq!(ask(&late, "shop.test", Families::V4), Err(NameFailure::TryAgain));
}

#[test]
fn an_answer_that_no_datagram_holds_comes_on_a_connection() {
    let Neighbourhood { lab, us, server, .. } = Neighbourhood::new(1);
    let lab = SharedLab::new(lab);
    let [ours, theirs] = [us.host, server.host].map(|host| LabNetwork::new(&lab, host));
    let seats = [lab.seat(), lab.seat()];
    let [our_seat, their_seat] = seats;
    let serves = std::thread::spawn(move || {
        let _seat = their_seat.take();
        serve_by_stream(&theirs);
    });
    let servers = [server.at(53).ip()];
    {
        let _seat = our_seat.take();
        let asking = Asking { network: &*ours, servers: &servers, cancel: &Cancel::new() };
        let entry = Resolver::new([7; 16]).host(asking, "many.test", Families::V6).unwrap();
        assert_eq!(entry.addresses.len(), ZONE_ADDRESSES_MAX);
    }
    serves.join().unwrap();
}

/// A name server that answers one datagram with a beginning alone, and one question on a connection whole.
fn serve_by_stream(network: &Arc<LabNetwork>) {
    let open = |kind| Socket::new(Arc::clone(network) as Arc<dyn Network>, Domain::Inet4, kind, Settings::default());
    let mut zone = Zone::new();
    let addresses = (0..ZONE_ADDRESSES_MAX).map(|one| format!("fd00:2::{one:x}").parse().unwrap());
    zone.add("many.test", addresses.collect()).unwrap();
    let local = Name::Inet("0.0.0.0:53".parse().unwrap());
    let (datagrams, listener) = (open(Kind::Datagram).unwrap(), open(Kind::Stream).unwrap());
    datagrams.bind(&local).unwrap();
    listener.bind(&local).unwrap();
    listener.listen(1).unwrap();
    let mut into = [0; 512];
    let Ok(Progress::Done(asked)) = datagrams.receive(&mut into, ReceiveHow::default()) else { panic!("a question") };
    let begun = [&into[..2], b"\x83\x80\x00\x01\x00\x00\x00\x00\x00\x00", &into[12..asked.octets - 11]].concat();
    datagrams.send_to(&begun, &asked.source.unwrap(), SendHow::default()).unwrap();
    let Ok(Progress::Done((connection, _))) = listener.accept() else { panic!("a connection") };
    let received = connection.receive_waiting(&mut into[..2], ReceiveHow::default(), Waits::ForAll);
    assert!(received.is_ok());
    let len = usize::from(u16::from_be_bytes([into[0], into[1]]));
    assert!(connection.receive_waiting(&mut into[..len], ReceiveHow::default(), Waits::ForAll).is_ok());
    let whole = zone.answer(&into[..len], Via::Tcp).unwrap().octets.unwrap();
    let framed = [&(whole.len() as u16).to_be_bytes()[..], &whole].concat();
    assert!(connection.send(&framed, SendHow::default()).is_ok());
}

#[test]
fn a_lab_without_a_name_server_knows_no_names() {
    let Neighbourhood { lab, us, .. } = Neighbourhood::new(1);
    let network = LabNetwork::new(&SharedLab::new(lab), us.host);
    assert_eq!(ask(&network, "shop.test", Families::V4), Err(NameFailure::TryAgain));
    assert_eq!(network.now(), Instant::ZERO);
}

#[test]
fn a_question_that_is_taken_back_ends() {
    let network = network("[names]\ndoes = \"silent\"");
    let cancel = Cancel::new();
    cancel.cancel();
    assert_eq!(network.names().host("shop.test", Families::V4, &cancel), Err(NameFailure::Cancelled));
    assert!(network.now() < Instant::ZERO + Duration::from_secs(1));
}
