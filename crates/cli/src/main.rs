//! The synsent command.

fn main() {}
