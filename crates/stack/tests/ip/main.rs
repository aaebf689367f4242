//! The internet layer as its neighbours see it: hand-made packets in, frames out, in virtual time.

mod bounds;
mod fragments;
mod groups;
mod hostile;
mod icmp;
mod input;
mod links;
mod neighbours;
mod net;
mod routers;
