//! A started process in the lab's neighbourhood, and what its tests say often.

use std::net::SocketAddr;
use std::sync::Arc;

use synsent_dialects::desk::Desk;
use synsent_dialects::{Dialect, Entered, Process};
use synsent_lab::{Behaviour, LabNetwork, Neighbourhood, Place, SharedLab, UdpBehaviour};
use synsent_stack::{Duration, Instant};

/// The lab with us in it; our process is that of this thread as long as this lives.
pub(crate) struct World {
    pub(crate) lab: SharedLab,
    pub(crate) us: Place,
    pub(crate) neighbour: Place,
    pub(crate) server: Place,
    pub(crate) vacant: SocketAddr,
    pub(crate) process: Arc<Process>,
    _entered: Entered,
}

impl World {
    pub(crate) fn new(dialect: &'static Dialect) -> World {
        let hood = Neighbourhood::new(1);
        let vacant = hood.vacant().at(80);
        let Neighbourhood { lab, us, neighbour, server, .. } = hood;
        let lab = SharedLab::new(lab);
        let network = LabNetwork::new(&lab, us.host);
        let process = Process::new(dialect, network);
        let entered = process.enter();
        World { lab, us, neighbour, server, vacant, process, _entered: entered }
    }

    /// The server's port 80 behaves like this.
    pub(crate) fn server_is(&self, behaviour: Behaviour) -> SocketAddr {
        self.lab.with(|lab| lab.behave(self.server.host, 80, behaviour)).unwrap();
        self.server.at(80)
    }

    /// A UDP port of a place behaves like this.
    pub(crate) fn udp(&self, place: Place, port: u16, behaviour: UdpBehaviour) -> SocketAddr {
        self.lab.with(|lab| lab.behave_udp(place.host, port, behaviour)).unwrap();
        place.at(port)
    }

    /// What came to a sink.
    pub(crate) fn sunk(&self, place: Place, port: u16) -> Vec<Vec<u8>> {
        self.lab.with(|lab| lab.sunk(place.host, port).map(|sunk| sunk.octets.clone()).collect())
    }

    /// Our windows, messages and objects.
    pub(crate) fn desk(&self) -> Arc<Desk> {
        Arc::clone(self.process.desk())
    }

    /// Lets time pass.
    pub(crate) fn pass(&self, span: Duration) {
        self.lab.with(|lab| lab.run_for(span));
    }

    pub(crate) fn now(&self) -> Instant {
        self.lab.with(|lab| lab.now())
    }
}

/// The call failed with this code.
macro_rules! fails {
    ($dialect:ident, $call:expr, $code:ident) => {{
        $dialect::WSASetLastError(0);
        assert_eq!($call, $dialect::SOCKET_ERROR, "{}", stringify!($call));
        assert_eq!($dialect::WSAGetLastError(), $dialect::$code, "{}: {:?}", stringify!($call), $crate::world::said());
    }};
}

/// The call returned this.
macro_rules! returns {
    ($call:expr, $value:expr) => {
        assert_eq!($call, $value, "{}: {:?}", stringify!($call), $crate::world::said())
    };
}

pub(crate) use {fails, returns};

/// What the last failed call was told, for the message of a test.
pub(crate) fn said() -> Option<(i32, &'static str, String)> {
    let said = synsent_dialects::last_said()?;
    Some((said.number, said.name, said.failure.map_or_else(String::new, |failure| failure.to_string())))
}

/// A module with what a dialect's tests say often: a started world, sockets, connect with the octets of a name.
macro_rules! helpers {
    ($dialect:ident, $STATIC:ident) => {
        pub(crate) mod $dialect {
            use std::net::SocketAddr;

            use synsent_dialects::$dialect::{self, *};

            use super::World;

            pub(crate) fn started() -> World {
                let world = World::new(&$STATIC);
                assert_eq!(WSAStartup(0x0101, Some(&mut WSADATA::default())), 0);
                world
            }

            pub(crate) fn stream() -> SOCKET {
                socket(AF_INET, SOCK_STREAM, 0)
            }

            pub(crate) fn datagram() -> SOCKET {
                socket(AF_INET, SOCK_DGRAM, 0)
            }

            pub(crate) fn nonblocking(s: SOCKET) -> SOCKET {
                assert_eq!(ioctlsocket(s, FIONBIO, &mut 1), 0);
                s
            }

            pub(crate) fn connects(s: SOCKET, to: SocketAddr) -> i32 {
                let name = sockaddr(&to);
                $dialect::connect(s, name.as_slice(), name.len() as i32)
            }

            pub(crate) fn binds(s: SOCKET, to: SocketAddr) -> i32 {
                let name = sockaddr(&to);
                $dialect::bind(s, name.as_slice(), name.len() as i32)
            }

            pub(crate) fn sends(s: SOCKET, octets: &[u8]) -> i32 {
                $dialect::send(s, octets, octets.len() as i32, 0)
            }

            pub(crate) fn sends_to(s: SOCKET, octets: &[u8], to: SocketAddr) -> i32 {
                let name = sockaddr(&to);
                $dialect::sendto(s, octets, octets.len() as i32, 0, name.as_slice(), name.len() as i32)
            }

            pub(crate) fn receives(s: SOCKET, into: &mut [u8]) -> i32 {
                let len = into.len() as i32;
                $dialect::recv(s, into, len, 0)
            }

            pub(crate) fn receives_from(s: SOCKET, into: &mut [u8]) -> (i32, Option<SocketAddr>) {
                let (mut name, mut namelen, len) = ([0; 16], 16, into.len() as i32);
                let octets = $dialect::recvfrom(s, into, len, 0, &mut name, &mut namelen);
                (octets, from_sockaddr(&name))
            }

            pub(crate) fn own_name(s: SOCKET) -> Option<SocketAddr> {
                let (mut name, mut namelen) = ([0; 16], 16);
                let result = $dialect::getsockname(s, &mut name, &mut namelen);
                (result == 0).then(|| from_sockaddr(&name)).flatten()
            }

            pub(crate) fn peer_name(s: SOCKET) -> Option<SocketAddr> {
                let (mut name, mut namelen) = ([0; 16], 16);
                let result = $dialect::getpeername(s, &mut name, &mut namelen);
                (result == 0).then(|| from_sockaddr(&name)).flatten()
            }

            pub(crate) fn option(s: SOCKET, level: i32, optname: i32) -> i32 {
                let (mut value, mut len) = (-77, 4);
                assert_eq!($dialect::getsockopt(s, level, optname, &mut value, &mut len), 0);
                value
            }

            pub(crate) fn switch(s: SOCKET, optname: i32) {
                assert_eq!($dialect::setsockopt(s, SOL_SOCKET, optname, &1, 4), 0);
            }

            /// Which sets a socket is left in: read, write, except; and what select returned.
            pub(crate) fn selected(s: SOCKET, seconds: i32) -> (bool, bool, bool, i32) {
                let mut sets = [FdSet::default(); 3];
                sets.iter_mut().for_each(|set| FD_SET(s, set));
                let [read, write, except] = &mut sets;
                let timeout = TimeVal { tv_sec: seconds, tv_usec: 0 };
                let count = $dialect::select(0, Some(read), Some(write), Some(except), Some(&timeout));
                (FD_ISSET(s, read), FD_ISSET(s, write), FD_ISSET(s, except), count)
            }
        }
    };
}

helpers!(winsock1, WINSOCK1);
helpers!(winsock2, WINSOCK2);
