//! TCP.
#![cfg_attr(not(test), expect(dead_code, reason = "the connection block that drives these parts is not linked in yet"))]

pub(crate) mod buffer;
pub(crate) mod cc;
mod challenge;
mod deadlines;
pub(crate) mod four_tuple;
mod isn;
mod out_of_order;
mod ports;
mod rack;
mod rtt;
mod scoreboard;
mod syn_cookie;
