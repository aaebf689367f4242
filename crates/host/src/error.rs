//! Why a network could not be opened, in words that say what is missing and what to do.

use std::io;

use thiserror::Error;

use crate::tun::Layer;

/// Why a device could not be opened.
#[derive(Debug, Error)]
pub enum OpenError {
    /// The kernel has no TUN driver, or the sandbox hides it.
    #[error("/dev/net/tun does not exist: load the tun module (modprobe tun), or give this container the device")]
    NoDriver,
    /// The clone device may not be opened.
    #[error("/dev/net/tun may not be opened: run as root, or make it readable and writable for this user")]
    CloneDeviceForbidden,
    /// The interface may not be made or joined.
    #[error(
        "the device {name} may not be made: this needs the capability CAP_NET_ADMIN. Run as root, or have root make a \
         device for you once (ip tuntap add dev {name} mode {mode} user $USER), or run inside `unshare -rn`"
    )]
    NotPermitted {
        /// The interface.
        name: String,
        /// `tun` or `tap`.
        mode: &'static str,
    },
    /// A packet socket may not be opened.
    #[error(
        "a packet socket on {name} needs the capability CAP_NET_RAW: run as root, or grant it with setcap \
         cap_net_raw+ep on this program"
    )]
    PacketNotPermitted {
        /// The interface.
        name: String,
    },
    /// Another process holds the device.
    #[error("the device {name} is in use by another process: stop that one, or choose another name")]
    Busy {
        /// The interface.
        name: String,
    },
    /// An interface of that name exists and is something else.
    #[error("an interface {name} exists already and is not a {mode} device: choose another name")]
    WrongKind {
        /// The interface.
        name: String,
        /// `tun` or `tap`.
        mode: &'static str,
    },
    /// There is no such interface.
    #[error("there is no interface {name}")]
    NoSuchInterface {
        /// The interface.
        name: String,
    },
    /// The kernel's end could not be given its address or be brought up.
    #[error("the kernel's end of {name} could not be set up ({action}): {source}")]
    Configure {
        /// The interface.
        name: String,
        /// What was tried.
        action: &'static str,
        /// What the kernel said.
        source: io::Error,
    },
    /// The stack refused our own address or route.
    #[error("the stack refused {what}: {reason}")]
    Stack {
        /// The address or route.
        what: String,
        /// Why.
        reason: String,
    },
    /// Anything else, in the words of the kernel.
    #[error("the device could not be opened: {0}")]
    Other(#[source] io::Error),
}

impl OpenError {
    /// Whether the reason is a missing privilege.
    pub fn is_privilege(&self) -> bool {
        match self {
            OpenError::CloneDeviceForbidden | OpenError::NotPermitted { .. } | OpenError::PacketNotPermitted { .. } => {
                true
            }
            OpenError::Configure { source, .. } => source.kind() == io::ErrorKind::PermissionDenied,
            _ => false,
        }
    }

    pub(crate) fn clone_device(error: io::Error) -> OpenError {
        match error.raw_os_error() {
            Some(libc::ENOENT | libc::ENODEV | libc::ENXIO) => OpenError::NoDriver,
            Some(libc::EACCES | libc::EPERM) => OpenError::CloneDeviceForbidden,
            _ => OpenError::Other(error),
        }
    }

    pub(crate) fn tun(name: &str, layer: Layer, error: io::Error) -> OpenError {
        let name = name.to_owned();
        let mode = match layer {
            Layer::Ip => "tun",
            Layer::Ethernet => "tap",
        };
        match error.raw_os_error() {
            Some(libc::EPERM | libc::EACCES) => OpenError::NotPermitted { name, mode },
            Some(libc::EBUSY) => OpenError::Busy { name },
            Some(libc::EINVAL | libc::EEXIST) => OpenError::WrongKind { name, mode },
            _ => OpenError::Other(error),
        }
    }

    pub(crate) fn packet(name: &str, error: io::Error) -> OpenError {
        let name = name.to_owned();
        match error.raw_os_error() {
            Some(libc::EPERM | libc::EACCES) => OpenError::PacketNotPermitted { name },
            Some(libc::ENODEV | libc::ENXIO) => OpenError::NoSuchInterface { name },
            _ => OpenError::Other(error),
        }
    }
}
