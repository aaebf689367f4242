//! The dialects of Windows through their public functions, on our own stack in the lab; expected values are the documents'.

mod data;
mod events;
mod facts;
mod hooks;
mod messages;
mod numbers;
mod options;
mod selecting;
mod starting;
mod winsock1_connect;
mod winsock2_connect;
mod winsock2_only;
mod world;
