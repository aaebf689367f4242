//! Programs under an observer: what connect() and its neighbours said in them is told, and the programs notice nothing.
//!
//! The programs are compiled by the tests. Their peers are on the loopback interface: a port that refuses, a listener, and a
//! listener whose queue is full, whom nobody can reach any more.

#[path = "../common/skip.rs"]
mod skip;
#[path = "../common/tools.rs"]
mod tools;

mod clients;
mod edges;
mod languages;
mod launch;
mod peers;
mod signals;
