//! Our stack against the kernel's TCP, over real devices in network namespaces that the tests make.
//!
//! `net` sets up a device, the kernel's end and a driver; `faults` are devices around devices that lose frames. The other
//! files hold the tests by what they are about. The kernel's side are ordinary sockets of the standard library, in threads of
//! the same namespace. Every wait has a limit, after which the test fails and says what it waited for.

#[path = "../common/skip.rs"]
mod skip;
#[path = "../common/tools.rs"]
mod tools;
#[path = "../common/world.rs"]
mod world;

mod bulk;
mod ending;
mod faults;
mod forwarding;
mod icmp;
mod net;
mod programs;
mod short;

use std::process::ExitCode;

fn main() -> ExitCode {
    let mut trials = Vec::new();
    trials.extend(bulk::trials());
    trials.extend(short::trials());
    trials.extend(ending::trials());
    trials.extend(icmp::trials());
    trials.extend(forwarding::trials());
    trials.extend(programs::trials());
    world::run(trials, true)
}
