//! Sockets on our own stack, in a lab: what a caller of the neutral layer notices, in virtual time.

mod closing;
mod datagrams;
mod families;
mod full;
mod names;
mod opening;
mod select;
mod streams;
mod world;
