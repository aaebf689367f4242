//! The neighbourhood of a lab, with a process of ours in it and one at the server.

use std::net::SocketAddr;
use std::sync::Arc;

use synsent_lab::{LabNetwork, Neighbourhood, Place, SharedLab};
use synsent_sockets::{
    Answer, Domain, Failure, Kind, Name, Network, Outcome, Progress, ReceiveHow, Received, SendHow, Settings, Socket,
};
use synsent_stack::{Config, Duration, Instant};

pub(crate) struct World {
    pub(crate) lab: SharedLab,
    pub(crate) net: Places,
    pub(crate) ours: Arc<LabNetwork>,
    pub(crate) theirs: Arc<LabNetwork>,
}

/// Where everybody lives.
pub(crate) struct Places {
    pub(crate) us: Place,
    pub(crate) neighbour: Place,
    pub(crate) router: Place,
    pub(crate) server: Place,
    pub(crate) vacant: Place,
}

pub(crate) fn world() -> World {
    world_with(Config::default(), |_| {})
}

pub(crate) fn world_with(config: Config, prepare: impl FnOnce(&mut Neighbourhood)) -> World {
    let mut net = Neighbourhood::with_config(1, config);
    prepare(&mut net);
    let vacant = net.vacant();
    let Neighbourhood { lab, us, neighbour, router, server, .. } = net;
    let lab = SharedLab::new(lab);
    let (ours, theirs) = (LabNetwork::new(&lab, us.host), LabNetwork::new(&lab, server.host));
    World { lab, net: Places { us, neighbour, router, server, vacant }, ours, theirs }
}

impl World {
    pub(crate) fn stream(&self) -> Socket {
        self.stream_with(Settings::default())
    }

    pub(crate) fn stream_with(&self, settings: Settings) -> Socket {
        socket(&self.ours, Domain::Inet4, Kind::Stream, settings)
    }

    pub(crate) fn datagram(&self) -> Socket {
        socket(&self.ours, Domain::Inet4, Kind::Datagram, Settings::default())
    }

    /// A stream of the server's process that listens at a port.
    pub(crate) fn listener(&self, port: u16) -> Socket {
        let listener = socket(&self.theirs, Domain::Inet4, Kind::Stream, Settings::default());
        listener.bind(&any(port)).unwrap();
        listener.listen(8).unwrap();
        listener
    }

    /// Both ends of a connection between us and the server: ours, theirs.
    pub(crate) fn connection(&self) -> (Socket, Socket) {
        let listener = self.listener(7_000);
        let client = self.stream();
        done(client.connect(&self.net.server.at(7_000).into()));
        let (server, _) = done(listener.accept());
        (client, server)
    }

    pub(crate) fn seconds(&self) -> f64 {
        (self.ours.now().since(Instant::ZERO)).as_secs_f64()
    }
}

pub(crate) fn socket(network: &Arc<LabNetwork>, domain: Domain, kind: Kind, settings: Settings) -> Socket {
    let network: Arc<dyn Network> = Arc::clone(network) as Arc<dyn Network>;
    Socket::new(network, domain, kind, settings).unwrap()
}

/// The name of any address with a port.
pub(crate) fn any(port: u16) -> Name {
    SocketAddr::from(([0, 0, 0, 0], port)).into()
}

#[track_caller]
pub(crate) fn done<T>(answer: Answer<T>) -> T {
    match answer {
        Ok(Progress::Done(value)) => value,
        Ok(Progress::Pending) => panic!("it is pending"),
        Err(failure) => panic!("it failed: {failure:?}"),
    }
}

#[track_caller]
pub(crate) fn failed<T>(answer: Answer<T>) -> Failure {
    match answer {
        Ok(Progress::Done(_)) => panic!("it is done"),
        Ok(Progress::Pending) => panic!("it is pending"),
        Err(failure) => failure,
    }
}

#[track_caller]
pub(crate) fn outcome<T>(answer: Answer<T>) -> Outcome {
    failed(answer).outcome
}

#[track_caller]
pub(crate) fn is_pending<T>(answer: Answer<T>) {
    match answer {
        Ok(Progress::Pending) => {}
        Ok(Progress::Done(_)) => panic!("it is done"),
        Err(failure) => panic!("it failed: {failure:?}"),
    }
}

pub(crate) fn port_of(socket: &Socket) -> u16 {
    socket.local_name().unwrap().inet().unwrap().port()
}

pub(crate) fn send(socket: &Socket, octets: &[u8]) -> usize {
    done(socket.send(octets, SendHow::default()))
}

/// What one blocking receive brings.
pub(crate) fn receive(socket: &Socket) -> Vec<u8> {
    receive_from(socket).0
}

pub(crate) fn receive_from(socket: &Socket) -> (Vec<u8>, Received) {
    let mut into = vec![0; 4_096];
    let received = done(socket.receive(&mut into, ReceiveHow::default()));
    into.truncate(received.octets);
    (into, received)
}

pub(crate) fn try_receive(socket: &Socket) -> Answer<Received> {
    socket.receive(&mut [0; 64], ReceiveHow::default())
}

pub(crate) const SECOND: Duration = Duration::from_secs(1);
