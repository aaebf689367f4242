//! The headers of Windows: they compile everywhere without a warning, in any order with the C library's, and say what Windows says.
//!
//! Nothing here runs the library. What is checked is what a compiler sees: sources that compile (`orders`), sizes, offsets and numbers
//! beside those of mingw-w64 (`layout`, `numbers`), and which symbol a name leads to (`symbols`).

#[path = "../support/mod.rs"]
mod support;

mod compiler;
mod layout;
mod numbers;
mod orders;
mod symbols;
