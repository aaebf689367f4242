//! The manual pages of four socket systems as data, and the functions that behave as the pages say.
//!
//! A [`Dialect`] is a folder here: pages of rules for each call, a word for each outcome of the layer below, the words' numbers,
//! and tables of options, constants and ways. The functions of a dialect (`winsock2::connect`, `bs2000::connect`, …) have the
//! names, the order of arguments and the results of its document; they find the [`Process`] of their thread, gather
//! [facts](Fact), let the page judge, and call the neutral [`Socket`](synsent_sockets::Socket). What was said last, with clause
//! and reason, is kept for each thread: [`last_said`].
//!
//! No code here asks which dialect it serves: what differs is a row. No row knows TCP: a dialect sends nothing.

#![forbid(unsafe_code)]

pub mod bs2000;
mod dialect;
mod engine;
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
pub use names::NameFormat;
pub use numbers::{FlagMeaning, FlagRow, HowRow, KindRow, ProtocolRow};
pub use page::{Answered, Fact, Facts, On, Page, Rule, Source, Verdict};
pub use process::{Entered, Handle, Process, Said, last_said};
pub use registry::{DIALECTS, dialect_named};
pub use words::{OutcomeWord, Spelling, Word};
