//! Names of hosts, services and protocols, and texts of addresses, for all dialects.
//!
//! What is found stands in structures of the documents' layout ([`layout`]), each with all that it points at in one piece of memory
//! ([`block`]). A thread keeps the last one of each kind, as 1.1 has it; lists of getaddrinfo are the program's until it gives them
//! back ([`storage`]).

mod block;
mod layout;
mod posix;
mod storage;
mod texts;
mod windows;
mod winsock2;
