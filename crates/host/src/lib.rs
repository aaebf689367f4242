//! The host of synsent.
