//! UDP as an application meets it, in virtual time: names, sending, receiving, errors.

mod net;

mod errors;
mod names;
mod receiving;
mod sending;
