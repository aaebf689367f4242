//! The names of a program: each is a variable, and one that is made of another is written so.

use std::net::{IpAddr, SocketAddr};

use synsent_conformance::record::Given;
use synsent_conformance::{Api, LocalSituation};
use synsent_sockets::{LocalName, Name};

use super::lines::{LENGTH, Line, literal};

/// What lies before a path in a name.
const FAMILY_OCTETS: usize = 2;

/// The names that a program has so far.
pub(super) struct Names {
    api: &'static Api,
    /// Whether the header has names of IPv6.
    has_inet6: bool,
    known: Vec<Known>,
    /// Paths, and the variables that hold them.
    paths: Vec<(Vec<u8>, String)>,
    counts: [usize; 4],
}

/// A name in a variable.
struct Known {
    variable: String,
    octets: Vec<u8>,
    address: Option<SocketAddr>,
    is_local: bool,
}

impl Names {
    pub(super) fn new(api: &'static Api, has_inet6: bool) -> Names {
        Names { api, has_inet6, known: Vec::new(), paths: Vec::new(), counts: [0; 4] }
    }

    /// A peer that was arranged by this call.
    pub(super) fn peer(&mut self, lines: &mut Vec<Line>, peer: SocketAddr, inet: &str, inet6: &str, what: &str) {
        let variable = self.variable(0, "peer");
        let call = if peer.is_ipv4() { inet } else { inet6 };
        lines.push(Line::defining(kind(peer), &variable, format!("{call}(\"{what}\")")));
        self.keep(variable, peer);
    }

    /// A path that was arranged.
    pub(super) fn path(&mut self, lines: &mut Vec<Line>, situation: LocalSituation, path: &[u8]) {
        let variable = self.variable(1, "path");
        lines.push(Line::defining("struct path", &variable, format!("arranged_path(\"{situation:?}\")")));
        self.paths.push((path.to_vec(), variable));
    }

    /// A name that a call has told, which is in a variable from now on.
    pub(super) fn told(&mut self, lines: &mut Vec<Line>, call: &str, s: &str, address: SocketAddr) {
        let variable = self.variable(2, "told");
        lines.push(Line::new(format!("{} {variable}", kind(address))));
        lines.push(Line::new(format!("{call}({s}, {variable})")));
        let same = self.known.iter().find(|known| known.address == Some(address)).map(|known| known.variable.clone());
        match same {
            Some(other) => lines.push(Line::new(format!("same({variable}, {other})"))),
            None => {
                lines.push(Line::new(format!("at({variable}, \"{}\")", address.ip())));
                let is_given = address.port() < FIRST_CHOSEN_PORT;
                lines.push(Line::new(match is_given {
                    true => format!("has_port({variable}, {})", address.port()),
                    false => format!("has_new_port({variable})"),
                }));
            }
        }
        self.keep(variable, address);
    }

    /// The variable that holds an address.
    pub(super) fn address(&mut self, lines: &mut Vec<Line>, address: SocketAddr) -> String {
        if let Some(known) = self.known.iter().find(|known| known.address == Some(address)) {
            return known.variable.clone();
        }
        let (six, text, port) = (if address.is_ipv4() { "" } else { "6" }, address.ip(), address.port());
        let of_family = || {
            self.known.iter().rev().filter(|known| known.address.is_some_and(|one| one.is_ipv4() == address.is_ipv4()))
        };
        let with = |is: fn(&SocketAddr, &SocketAddr) -> bool| {
            of_family().find(|known| known.address.is_some_and(|one| is(&one, &address)))
        };
        let value = if let Some(known) = with(|one, this| one.ip() == this.ip() && !is_ours(this.ip())) {
            format!("with_port{six}({}, {port})", known.variable)
        } else if let Some(known) = with(|one, this| one.port() == this.port()) {
            format!("with_address{six}({}, \"{text}\")", known.variable)
        } else {
            format!("inet{six}(\"{text}\", {port})")
        };
        let variable = self.variable(3, "name");
        lines.push(Line::defining(kind(address), &variable, value));
        self.keep(variable.clone(), address);
        variable
    }

    /// A name and its length as two arguments of a call. Where the length is not that of the name, it stands apart, as [`LENGTH`].
    pub(super) fn arguments(&mut self, lines: &mut Vec<Line>, given: &Given, len: i32) -> (String, Option<i32>) {
        match given {
            Given::Null => (format!("NULL, {LENGTH}"), Some(len)),
            Given::BeforeHole(octets) => {
                let place = self.place_of(lines, octets, |known, octets| {
                    known.starts_with(octets) || octets.starts_with(known) && octets.len() < known.len() + 4
                });
                let known = &self.known[place];
                let there = octets.len();
                (format!("before_hole(&{0}, sizeof {0}, {there}), {LENGTH}", known.variable), Some(len))
            }
            Given::Octets { octets, room } => {
                let place = self.place_of(lines, octets, |known, octets| {
                    known == octets || *room > known.len() && is_known_with_room(known, octets)
                });
                let known = &self.known[place];
                let variable = &known.variable;
                if *room > known.octets.len() {
                    return (format!("in_room(&{variable}, sizeof {variable}), {LENGTH}"), Some(len));
                }
                match (len as usize == known.octets.len(), known.is_local) {
                    (true, true) => (format!("LOCAL({variable})"), None),
                    (true, false) => (format!("NAME({variable})"), None),
                    (false, _) => (format!("ADDRESS({variable}), {LENGTH}"), Some(len)),
                }
            }
        }
    }

    /// The place of a name with these octets, which is made if there is none.
    fn place_of(&mut self, lines: &mut Vec<Line>, octets: &[u8], is_it: impl Fn(&[u8], &[u8]) -> bool) -> usize {
        if let Some(place) = self.known.iter().rposition(|known| is_it(&known.octets, octets)) {
            return place;
        }
        let own_octets = |address: &SocketAddr| self.api.sockaddr(&Name::Inet(*address));
        let is_whole = |address: &SocketAddr| own_octets(address) == octets && (address.is_ipv4() || self.has_inet6);
        if let Some(address) = self.api.address(octets).filter(is_whole) {
            self.address(lines, address);
        } else if let Some(value) = self.local(octets) {
            let variable = self.variable(3, "name");
            lines.push(Line::defining("struct local_name", &variable, value));
            self.known.push(Known { variable, octets: octets.to_vec(), address: None, is_local: true });
        } else {
            let variable = self.variable(3, "name");
            let end = octets.iter().rposition(|octet| *octet != 0).map_or(1, |last| last + 1);
            let values: Vec<String> = octets[..end].iter().map(u8::to_string).collect();
            let declared = format!("{variable}[{}]", octets.len());
            lines.push(Line::defining("unsigned char", &declared, format!("{{{}}}", values.join(", "))));
            self.known.push(Known { variable, octets: octets.to_vec(), address: None, is_local: false });
        }
        self.known.len() - 1
    }

    /// A name of the local domain whose path begins with one that was arranged.
    fn local(&self, octets: &[u8]) -> Option<String> {
        let (path, zero) =
            octets.get(FAMILY_OCTETS..)?.split_at_checked(octets.len().checked_sub(FAMILY_OCTETS + 1)?)?;
        let name = Name::Local(LocalName::new(path));
        if zero != [0] || self.api.sockaddr(&name) != octets {
            return None;
        }
        self.paths.iter().rev().find_map(|(base, variable)| {
            if let Some(more) = path.strip_prefix(&base[..]) {
                return Some(match more {
                    [] => format!("named({variable})"),
                    _ if more.len() > FILLING.len() && is_filled(more) => {
                        format!("named(filled({variable}, {}, {}))", literal(FILLING), path.len())
                    }
                    _ => format!("named(joined({variable}, {}))", literal(more)),
                });
            }
            let last = base.iter().rposition(|octet| *octet == b'/')?;
            let way = path.strip_prefix(&base[..last])?.strip_suffix(&base[last..])?;
            Some(format!("named(by_way_of({variable}, {}))", literal(way)))
        })
    }

    fn keep(&mut self, variable: String, address: SocketAddr) {
        let octets = self.api.sockaddr(&Name::Inet(address));
        self.known.push(Known { variable, octets, address: Some(address), is_local: false });
    }

    fn variable(&mut self, of: usize, word: &str) -> String {
        self.counts[of] += 1;
        format!("{word}{}", self.counts[of])
    }
}

/// What the cases make a path long with.
const FILLING: &[u8] = b"/xxxxxxxx";

/// Whether nothing but the filling stands there; its last octet is no end of a component.
fn is_filled(more: &[u8]) -> bool {
    let expected = FILLING.iter().cycle().zip(more);
    let last = more.len() - 1;
    expected.enumerate().all(|(place, (filling, octet))| octet == filling || place == last && *octet == b'x')
}

/// From here on a system chooses ports itself, on every network.
const FIRST_CHOSEN_PORT: u16 = 32_768;

/// Addresses of the machine itself are written out.
fn is_ours(address: IpAddr) -> bool {
    address.is_unspecified() || address == IpAddr::from([10, 1, 0, 2])
}

/// Whether octets are a name with nothing but one octet again and again behind it.
fn is_known_with_room(known: &[u8], octets: &[u8]) -> bool {
    octets.strip_prefix(known).is_some_and(|rest| rest.windows(2).all(|two| two[0] == two[1]))
}

fn kind(address: SocketAddr) -> &'static str {
    if address.is_ipv4() { "struct sockaddr_in" } else { "struct sockaddr_in6" }
}
