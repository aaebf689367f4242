//! Benchmarks beside peers.

fn main() {}
