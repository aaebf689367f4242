//! The names of networks on the command line, the same in every verb.
//!
//! `kernel`, `lab` and `lab:FILE`, `tun` and `tun:…`, `tap:…`, `packet:…`. Not every verb can use every network: a connection
//! needs a lab's file or a device's name, and a sweep makes both itself. What is wrong is said with what to write instead.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

use synsent_conformance::Place;
use synsent_host::{NameError, NetworkName};
use thiserror::Error;

/// A network as the command line names it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Net {
    /// The sockets of the host's kernel.
    Kernel,
    /// A lab that the verb makes itself.
    Lab,
    /// A lab with the hosts of a scenario's file.
    Scenario(PathBuf),
    /// Our stack on a device that the verb makes itself.
    Tun,
    /// Our stack on this device.
    Device(NetworkName),
}

/// Why a network cannot be used.
#[derive(Clone, PartialEq, Eq, Debug, Error)]
pub(crate) enum NetError {
    /// The first word is none of ours.
    #[error("`{0}` is no network: write kernel, lab:FILE, tun:NAME:OUR-ADDRESS/PREFIX, tap:… or packet:…")]
    Unknown(String),
    /// The name of a device is wrong.
    #[error(transparent)]
    Device(#[from] NameError),
    /// The file of a lab is missing.
    #[error("the file of the lab is missing: write lab:FILE")]
    NoFile,
    /// A connection needs more than this.
    #[error("{0} is a network for a sweep: a connection needs {1}")]
    OnlySweep(Net, &'static str),
    /// A sweep brings about every situation itself.
    #[error(
        "a sweep brings about every outcome by itself, in {what} of its own: write --net {instead} in place of {net}"
    )]
    OwnWorld {
        /// The network.
        net: Net,
        /// Where the sweep does that.
        what: &'static str,
        /// What to write.
        instead: &'static str,
    },
    /// There is no such thing without a dialect.
    #[error("{0} needs a dialect: add --as winsock1, winsock2, targettcp or bs2000")]
    NeedsDialect(Net),
    /// Only a device has what the option is about.
    #[error("{0} is about a device, and {1} has none")]
    NotADevice(&'static str, Net),
}

impl FromStr for Net {
    type Err = NetError;

    fn from_str(text: &str) -> Result<Net, NetError> {
        match text.split_once(':') {
            None if text == "kernel" => Ok(Net::Kernel),
            None if text == "lab" => Ok(Net::Lab),
            None if text == "tun" => Ok(Net::Tun),
            Some(("lab", "")) => Err(NetError::NoFile),
            Some(("lab", file)) => Ok(Net::Scenario(file.into())),
            _ => match text.parse() {
                Ok(name) => Ok(Net::Device(name)),
                Err(NameError::UnknownKind(text)) => Err(NetError::Unknown(text)),
                Err(error) => Err(error.into()),
            },
        }
    }
}

impl fmt::Display for Net {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Net::Kernel => f.write_str("kernel"),
            Net::Lab => f.write_str("lab"),
            Net::Scenario(file) => write!(f, "lab:{}", file.display()),
            Net::Tun => f.write_str("tun"),
            Net::Device(name) => write!(f, "{name}"),
        }
    }
}

impl Net {
    /// The place of a sweep.
    pub(crate) fn place(&self) -> Result<Place, NetError> {
        let own = |what, instead| Err(NetError::OwnWorld { net: self.clone(), what, instead });
        match self {
            Net::Kernel => Ok(Place::Kernel),
            Net::Lab => Ok(Place::Lab),
            Net::Tun => Ok(Place::Device),
            Net::Scenario(_) => own("a lab", "lab"),
            Net::Device(_) => own("a device and a namespace", "tun"),
        }
    }

    /// The device of a connection without a dialect.
    pub(crate) fn device(&self) -> Result<&NetworkName, NetError> {
        match self {
            Net::Device(name) => Ok(name),
            Net::Kernel | Net::Scenario(_) => Err(NetError::NeedsDialect(self.clone())),
            Net::Lab | Net::Tun => Err(self.only_sweep()),
        }
    }

    /// Why a connection cannot be made on what only a sweep knows.
    pub(crate) fn only_sweep(&self) -> NetError {
        let needs = if *self == Net::Lab { "a file: lab:FILE" } else { "a device: tun:NAME:OUR-ADDRESS/PREFIX" };
        NetError::OnlySweep(self.clone(), needs)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_network_is_read_and_shown_again() {
        for text in ["kernel", "lab", "tun", "lab:scenarios/a.toml", "tun:t0:10.9.0.2/24", "packet:e0:[fd00::2]/64"] {
            assert_eq!(text.parse::<Net>().unwrap().to_string(), text);
        }
    }

    #[test]
    fn a_mistake_says_what_to_write() {
        for (text, words) in [
            (
                "kernal",
                "`kernal` is no network: write kernel, lab:FILE, tun:NAME:OUR-ADDRESS/PREFIX, tap:… or packet:…",
            ),
            ("kernel:eth0", "is no network"),
            ("lab:", "write lab:FILE"),
            ("tap", "the name of the device is missing: tap:NAME:OUR-ADDRESS/PREFIX"),
            ("tun:t0:10.9.0.2", "the prefix length of 10.9.0.2 is missing"),
        ] {
            let said = text.parse::<Net>().unwrap_err().to_string();
            assert!(said.contains(words), "{said}");
        }
    }

    #[test]
    fn a_sweep_makes_its_own_world() {
        let place = |text: &str| text.parse::<Net>().unwrap().place();
        assert_eq!(place("lab"), Ok(Place::Lab));
        assert_eq!(place("kernel"), Ok(Place::Kernel));
        assert_eq!(place("tun"), Ok(Place::Device));
        assert!(place("tun:t0:10.9.0.2/24").unwrap_err().to_string().contains("write --net tun in place of tun:t0"));
        assert!(place("lab:a.toml").unwrap_err().to_string().contains("write --net lab in place of lab:a.toml"));
    }
}
