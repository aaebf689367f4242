//! Where the calls are made: a world for one piece of work, in a thread of its own.

use std::thread;

use synsent_conformance::{NotHere, Place, World};

/// Does some work in a new world. A world of the kernel takes its thread with it into a network namespace.
pub(crate) fn within<T: Send + 'static>(
    place: Place,
    work: impl FnOnce(&mut dyn World) -> Result<T, NotHere> + Send + 'static,
) -> T {
    let worked = thread::spawn(move || work(place.world()?.as_mut())).join();
    match worked {
        Ok(Ok(done)) => done,
        Ok(Err(why)) => panic!("no world at the {place}: {why}"),
        Err(panic) => std::panic::resume_unwind(panic),
    }
}

/// Where trials run on this machine.
pub(crate) fn places(has_kernel: bool) -> impl Iterator<Item = Place> {
    [Place::Lab, Place::Kernel].into_iter().filter(move |place| *place == Place::Lab || has_kernel)
}
