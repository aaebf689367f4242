//! The provider of our own TCP/IP stack: a transport is a handle of a stack that somebody else drives.
//!
//! Who owns the stack lends it with [`StackAccess`]: a lab with its lock, a device's engine with its own. Each verb borrows it
//! once, for as short as the verb takes, and never waits; who waits is the network, and what wakes it is what the stack tells
//! its owner. The provider serves both internet domains.

use core::net::IpAddr;
use std::sync::Arc;

use synsent_stack::{Instant, Stack};

use crate::failure::Failure;
use crate::name::{Domain, Kind};
use crate::provider::{Cast, Provider, Transport};
use crate::settings::Settings;

/// A stack that can be called from any thread.
pub trait StackAccess: Send + Sync {
    /// Calls the stack with the time, once. What it then wants to send goes out.
    fn with(&self, call: &mut dyn FnMut(&mut Stack, Instant));
}

/// The sockets of a stack, for IPv4 and IPv6.
pub struct StackProvider {
    access: Arc<dyn StackAccess>,
}

impl StackProvider {
    /// The sockets of the stack that is lent here.
    pub fn new(access: Arc<dyn StackAccess>) -> StackProvider {
        StackProvider { access }
    }
}

impl Provider for StackProvider {
    fn open(&self, _domain: Domain, _kind: Kind, _settings: &Settings) -> Result<Arc<dyn Transport>, Failure> {
        let _ = &self.access;
        todo!()
    }

    fn cast(&self, _address: IpAddr) -> Cast {
        todo!()
    }
}
