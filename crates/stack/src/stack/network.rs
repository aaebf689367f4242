//! PLACEHOLDER: the link, address and route verbs (the ip author replaces this file).
#![allow(missing_docs)]
use super::Stack;
use crate::link::*;
use crate::time::Instant;
impl Stack {
    pub fn add_link(&mut self, now: Instant, config: LinkConfig) -> LinkId {
        self.advance(now);
        self.ip.add_link(now, config, &mut self.context)
    }
    pub fn add_address(&mut self, now: Instant, link: LinkId, cidr: Cidr) -> Result<(), AddressError> {
        self.advance(now);
        self.ip.add_address(now, link, cidr, &mut self.context)
    }
    pub fn add_route(&mut self, now: Instant, route: Route) -> Result<(), RouteError> {
        self.advance(now);
        self.ip.add_route(route)
    }
}
