//! The stack in simulated networks: bulk data under faults, routers, peers that do what they do, and random everything.

mod cases;
mod determinism;
mod grid;
mod names;
mod nets;
mod outcomes;
mod paths;
mod peers;
mod processes;
mod scenarios;
mod service;
mod swarm;
mod taps;
mod threads;
mod waits;
