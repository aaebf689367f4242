//! The lab of synsent.
