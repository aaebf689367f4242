//! The manual pages of four socket systems as data, and the functions that behave as the pages say.
//!
//! A [`Dialect`] is a folder here: pages of rules for each call, a word for each outcome of the layer below, the words' numbers,
//! and tables of options, constants and ways. The functions of a dialect (`winsock2::connect`, `bs2000::connect`, …) have the
//! names, the order of arguments and the results of its document; they find the [`Process`] of their thread, gather
//! [facts](Fact), let the page judge, and call the neutral [`Socket`](synsent_sockets::Socket). What was said last, with clause
//! and reason, is kept for each thread: [`last_said`].
//!
//! No code here asks which dialect it serves: what differs is a row. No row knows TCP: a dialect sends nothing.
//!
//! A refusal in a simulated network, seen by a program of Windows Sockets 2; on the kernel's sockets or on a device it is the
//! same text with another network:
//!
//! ```
//! use synsent_dialects::winsock2::{self, *};
//! use synsent_dialects::{Process, last_said};
//! use synsent_lab::{LabNetwork, Neighbourhood, SharedLab};
//!
//! // A machine, a router, and a server on which nothing listens.
//! let Neighbourhood { lab, us, server, .. } = Neighbourhood::new(1);
//! let process = Process::new(&WINSOCK2, LabNetwork::new(&SharedLab::new(lab), us.host));
//! let _entered = process.enter();
//!
//! assert_eq!(WSAStartup(0x0202, Some(&mut WSADATA::default())), 0);
//! let s = socket(AF_INET, SOCK_STREAM, 0);
//! let name = sockaddr(&server.at(80));
//! assert_eq!(winsock2::connect(s, &name[..], name.len() as i32), SOCKET_ERROR);
//! assert_eq!(WSAGetLastError(), WSAECONNREFUSED);
//! let said = last_said().unwrap();
//! assert_eq!(said.source.clause, "winsock2.error.connrefused");
//! assert!(said.failure.unwrap().to_string().starts_with("refused: RST from 10.2.0.2"));
//! ```

#![forbid(unsafe_code)]

pub mod bs2000;
mod dialect;
mod engine;
mod groups;
pub mod inet;
mod lookup;
pub mod manual;
mod names;
mod numbers;
mod page;
mod posix;
mod process;
mod registry;
pub mod targettcp;
mod windows;
pub mod winsock1;
pub mod winsock2;
mod words;

pub use dialect::{
    Dialect, ErrorReading, FailureShows, HandleScheme, Pages, QueueRule, Starting, Truncation, Way, Ways,
};
pub use engine::options::{Form, IoctlRow, Meaning, OptionRow, Request};
pub use lookup::{AddressInfo, HOST_TEXT_MAX, Hints, Text, Unit};
pub use names::NameFormat;
pub use numbers::{FlagMeaning, FlagRow, HowRow, KindRow, ProtocolRow};
pub use page::{Answered, Fact, Facts, On, Page, Rule, Rules, Source, Verdict};
pub use posix::errno;
pub use process::{Entered, Handle, Process, Said, last_said, leave_networks};
pub use registry::{DIALECTS, dialect_named};
pub use windows::desk;
pub use windows::system;
pub use windows::texts::text_of_error;
pub use words::{OutcomeWord, Spelling, Word};
