//! A room: the private world in which one unmodified program runs.
//!
//! [`Room::enter`] moves the calling process, which must have one thread, into namespaces of its own: a network with the loopback
//! interface and one device, whose other end is returned, and a file system in which some files have other contents. Nobody
//! outside sees any of it, and nothing of it remains. [`Room::start`] then starts one [`Program`] there, in a process namespace
//! with an init of ours: the program keeps its user, working directory, environment, terminal, and the streams that it is given. It is
//! held before its first instruction until [`Started::release`], so that an observer can attach; when it ends, or when the process
//! that entered the room ends, everything that it left behind ends too.
//!
//! The process that entered the room should do nothing else. The program is killed when the *thread* that called
//! [`Room::start`] ends, so that must be the main thread. It belongs to the same process group as the caller unless
//! [`Group::Session`] is asked for: a terminal's Ctrl-C reaches the program by itself, and whoever runs it has to ignore or handle
//! SIGINT. This is no sandbox: files that are not replaced are the real ones.

mod files;
mod init;
mod interpreter;
mod launch;
mod line;
mod lookup;
mod page;
mod program;
mod refusal;
mod signals;
mod standing;
mod started;

use std::io;
use std::net::IpAddr;
use std::path::PathBuf;

use rustix::process::{Pid, Signal, getppid, parent_process_death_signal, set_parent_process_death_signal};

use crate::device::Device;
use crate::interface::RouteKind;
use standing::Standing;

pub use lookup::find;
pub use program::{Group, Program, Stream, inheritable_descriptors};
pub use refusal::{Namespace, Refusal, Setting};
pub use started::{Ending, Started};

/// What a room is like.
#[derive(Clone, Debug)]
pub struct Setup {
    /// The name of the program's interface.
    pub interface: String,
    /// Its addresses, with the lengths of their prefixes.
    pub addresses: Vec<(IpAddr, u8)>,
    /// Its routes, all of them by this interface.
    pub routes: Vec<Route>,
    /// The largest IP packet; unit: octets. The device's own without.
    pub mtu: Option<u16>,
    /// Settings of the kernel for this network, as `net.ipv4.tcp_syn_retries`, and their values.
    pub sysctls: Vec<(String, String)>,
    /// Files that have these contents in the room.
    pub files: Vec<(PathBuf, Vec<u8>)>,
    /// Sockets and files that nobody finds in the room, where they exist.
    pub hidden: Vec<PathBuf>,
    /// What the line is made of.
    pub line: LineChoice,
}

impl Default for Setup {
    fn default() -> Setup {
        Setup {
            interface: "net0".to_owned(),
            addresses: Vec::new(),
            routes: Vec::new(),
            mtu: None,
            sysctls: Vec::new(),
            files: Vec::new(),
            hidden: files::NAME_SERVICES.iter().map(PathBuf::from).collect(),
            line: LineChoice::Auto,
        }
    }
}

/// A route of the room.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Route {
    /// Where it leads.
    pub network: IpAddr,
    /// The length of its prefix.
    pub prefix_len: u8,
    /// The router; without one the network is on the line.
    pub gateway: Option<IpAddr>,
    /// What the kernel does with a packet.
    pub kind: RouteKind,
}

/// What a line may be made of.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum LineChoice {
    /// A TUN device, and without one a pair.
    #[default]
    Auto,
    /// A TUN device or none.
    Tun,
    /// A pair of virtual Ethernet interfaces.
    Veth,
}

/// What a line is made of.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum LineKind {
    /// A TUN device: its frames are IP packets.
    Tun,
    /// A pair of virtual Ethernet interfaces: Ethernet frames.
    Veth,
}

/// A room that this process is in.
#[derive(Debug)]
pub struct Room {
    line: LineKind,
    notes: Vec<String>,
    standing: Standing,
    ignored_signals: signals::Set,
    may_mount: bool,
}

impl Room {
    /// Moves this process into a room, for good. The device is the other end of the program's line.
    ///
    /// # Errors
    /// A [`Refusal`]; the process may then be half inside and should end.
    pub fn enter(setup: &Setup) -> Result<(Room, Box<dyn Device>), Refusal> {
        let ignored_signals = signals::ignored();
        signals::expect_children();
        let death_signal = parent_process_death_signal().ok().flatten();
        let mut notes = Vec::new();
        let standing = standing::take()?;
        let (line, device) = line::lay(setup, standing, &mut notes)?;
        let may_mount = files::arrange(setup, standing, &mut notes)?;
        line::tune(setup, may_mount, &mut notes);
        // Whoever gets new rights loses the wish to die with its parent.
        if set_parent_process_death_signal(death_signal).is_err() {
            notes.push("this process may outlive the one that started it".to_owned());
        }
        Ok((Room { line, notes, standing, ignored_signals, may_mount }, device))
    }

    /// What the line is made of.
    pub fn line(&self) -> LineKind {
        self.line
    }

    /// What is otherwise than the setup says, and why: one sentence each.
    pub fn notes(&self) -> &[String] {
        &self.notes
    }

    /// The value that a setting of the room's kernel really has, as `net.ipv4.tcp_syn_retries`.
    ///
    /// # Errors
    /// What the kernel says.
    pub fn sysctl(&self, name: &str) -> io::Result<String> {
        line::sysctl(name)
    }

    /// Makes the program's processes. It waits to be released. To be called by the main thread.
    ///
    /// # Errors
    /// A [`Refusal`], when there is no such program, or it cannot run here.
    pub fn start(&self, program: Program) -> Result<Started, Refusal> {
        launch::start(self, program)
    }
}

/// Makes the kernel kill this process when the thread that started it ends, which is `parent`'s. An error when that has ended
/// already.
///
/// # Errors
/// When the parent is gone.
pub fn die_with(parent: u32) -> io::Result<()> {
    set_parent_process_death_signal(Some(Signal::KILL))?;
    let now = getppid().map_or(0, Pid::as_raw_pid);
    if now.cast_unsigned() == parent { Ok(()) } else { Err(io::ErrorKind::NotFound.into()) }
}
