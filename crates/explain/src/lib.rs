//! What happened in a run of a program, and what it means: the record of a run, and explanations made from nothing else.
//!
//! A [`Run`] is everything that was recorded: the packets on every line of the network around the program, the calls of the
//! program that concern its sockets, the names that it asked for, and how it ended. The functions here read a record and answer
//! in words and pictures; none of them has a clock, a descriptor, or a fact that is not in the record. What the record does not
//! tell is said as unknown.

#![forbid(unsafe_code)]

#[cfg(test)]
mod arbitrary;
pub mod attempts;
mod comments;
mod flows;
pub mod ladder;
#[cfg(test)]
mod made;
mod page;
mod picture;
pub mod record;
mod said;
mod story;
pub mod style;
mod telling;
#[cfg(test)]
mod tests;
pub mod text;
pub mod view;
pub mod why;
mod wire;
mod words;

pub use attempts::{Attempt, ConnectSaid, attempts};
pub use comments::{COMMENT_MAX, comments};
pub use page::{OUTPUT_SHOWN_MAX, SECTION_ROWS_MAX, html};
pub use picture::svg;
pub use record::{
    Asked, Call, End, Fate, HostSeen, Ladder, Lookup, Observation, Packet, Run, Said, SocketKind, Verdict,
};
pub use said::{own_attempts, said_line};
pub use style::{Style, Tone};
pub use telling::telling_line;
pub use text::{DialectSaid, text};
pub use view::View;
pub use why::{Excluded, Why, linux_error_of, why};
pub use wire::wire_line;
pub use words::{fate_words, packet_words, visible};
