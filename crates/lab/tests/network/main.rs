//! The stack in simulated networks: bulk data under faults, routers, peers that do what they do, and random everything.

mod asking;
mod cases;
mod determinism;
mod files;
mod grid;
mod idle;
mod language;
mod names;
mod nets;
mod outcomes;
mod paths;
mod peers;
mod processes;
mod rules;
mod scenarios;
mod service;
mod swarm;
mod taps;
mod threads;
mod waits;
