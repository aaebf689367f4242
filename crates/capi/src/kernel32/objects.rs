//! Events, mutexes, semaphores, and waiting for them.

use synsent_dialects::desk::{Made, Owned, WAIT_OBJECTS_MAX, Waited, Wrong};
use synsent_dialects::system::{
    ERROR_ALREADY_EXISTS, ERROR_INVALID_PARAMETER, ERROR_TIMEOUT, INFINITE, WAIT_ABANDONED, WAIT_FAILED, WAIT_TIMEOUT,
};
use synsent_stack::Duration;

use super::{desk, entry, fails, read_text, read_wide, told};
use crate::boundary::Foreign;

/// The thread and the process that call, as they are named without a handle.
const PSEUDO_HANDLES: [usize; 2] = [!0, !1];

/// The name of an object, or none; a pointer that cannot be read is an error.
type Name = Result<Option<String>, Wrong>;

fn narrow(name: usize) -> Name {
    if name == 0 { Ok(None) } else { read_text(&Foreign::at(name)).map(Some).ok_or(Wrong::Argument) }
}

fn wide(name: usize) -> Name {
    if name == 0 { Ok(None) } else { read_wide(&Foreign::at(name)).map(Some).ok_or(Wrong::Argument) }
}

fn make(owned: Owned, name: Name) -> usize {
    let Some(desk) = desk() else { return 0 };
    match name.and_then(|name| desk.make_object(owned, name.as_deref())) {
        Ok(Made { handle, was_there }) => fails(if was_there { ERROR_ALREADY_EXISTS } else { 0 }, handle),
        Err(wrong) => fails(wrong.number(), 0),
    }
}

/// Waits; the number that Windows has for what ended it.
pub(crate) fn wait(handles: &[usize], all: bool, millis: u32, with_messages: bool) -> u32 {
    let Some(desk) = desk() else { return WAIT_FAILED };
    let at_most = (millis != INFINITE).then(|| Duration::from_millis(millis.into()));
    match desk.wait_for(handles, all, at_most, with_messages) {
        Ok(Waited::Object(place)) => place as u32,
        Ok(Waited::Abandoned(place)) => WAIT_ABANDONED + place as u32,
        Ok(Waited::Message) => handles.len() as u32,
        Ok(Waited::TimeOver) => WAIT_TIMEOUT,
        Ok(Waited::Over(_)) => fails(ERROR_TIMEOUT, WAIT_FAILED),
        Err(wrong) => fails(wrong.number(), WAIT_FAILED),
    }
}

/// The handles in a list of the program.
pub(crate) fn list(count: u32, objects: usize) -> Option<Vec<usize>> {
    let count = usize::try_from(count).ok().filter(|count| *count <= WAIT_OBJECTS_MAX)?;
    Foreign::at(objects).read_handles(count)
}

fn wait_for_list(count: u32, objects: usize, all: i32, millis: u32) -> u32 {
    match list(count, objects) {
        Some(handles) => wait(&handles, all != 0, millis, false),
        None => fails(ERROR_INVALID_PARAMETER, WAIT_FAILED),
    }
}

entry!(CreateEventA as create_event_a(_attributes: usize, by_hand: i32, is_set: i32, name: usize) -> usize, or 0, {
    make(Owned::Event { by_hand: by_hand != 0, is_set: is_set != 0 }, narrow(name))
});

entry!(CreateEventW as create_event_w(_attributes: usize, by_hand: i32, is_set: i32, name: usize) -> usize, or 0, {
    make(Owned::Event { by_hand: by_hand != 0, is_set: is_set != 0 }, wide(name))
});

entry!(CreateMutexA as create_mutex_a(_attributes: usize, is_owned: i32, name: usize) -> usize, or 0, {
    make(Owned::Mutex { is_owned: is_owned != 0 }, narrow(name))
});

entry!(CreateMutexW as create_mutex_w(_attributes: usize, is_owned: i32, name: usize) -> usize, or 0, {
    make(Owned::Mutex { is_owned: is_owned != 0 }, wide(name))
});

entry!(CreateSemaphoreA as create_semaphore_a(_attributes: usize, count: i32, limit: i32, name: usize) -> usize, or 0, {
    make(Owned::Semaphore { count, limit }, narrow(name))
});

entry!(CreateSemaphoreW as create_semaphore_w(_attributes: usize, count: i32, limit: i32, name: usize) -> usize, or 0, {
    make(Owned::Semaphore { count, limit }, wide(name))
});

entry!(SetEvent as set_event(event: usize) -> i32, or 0, {
    desk().map_or(0, |desk| told(desk.set_event(event, true).map(|()| 1), 0))
});

entry!(ResetEvent as reset_event(event: usize) -> i32, or 0, {
    desk().map_or(0, |desk| told(desk.set_event(event, false).map(|()| 1), 0))
});

entry!(ReleaseMutex as release_mutex(mutex: usize) -> i32, or 0, {
    desk().map_or(0, |desk| told(desk.release_mutex(mutex).map(|()| 1), 0))
});

entry!(ReleaseSemaphore as release_semaphore(semaphore: usize, by: i32, before: usize) -> i32, or 0, {
    let Some(desk) = desk() else { return 0 };
    let room = Foreign::at(before);
    if !room.is_null() && !room.write(0, &[0; 4]) {
        return fails(ERROR_INVALID_PARAMETER, 0);
    }
    let released = desk.release_semaphore(semaphore, by).map(|count| {
        room.write(0, &count.to_ne_bytes());
        1
    });
    told(released, 0)
});

entry!(CloseHandle as close_handle(object: usize) -> i32, or 0, {
    if PSEUDO_HANDLES.contains(&object) {
        return 1;
    }
    desk().map_or(0, |desk| told(desk.close_handle(object).map(|()| 1), 0))
});

entry!(WaitForSingleObject as wait_for_single_object(object: usize, millis: u32) -> u32, or WAIT_FAILED, {
    wait(&[object], false, millis, false)
});

entry!(WaitForSingleObjectEx as wait_for_single_object_ex(object: usize, millis: u32, _alertable: i32) -> u32,
or WAIT_FAILED, {
    wait(&[object], false, millis, false)
});

entry!(WaitForMultipleObjects as wait_for_multiple_objects(count: u32, objects: usize, all: i32, millis: u32) -> u32,
or WAIT_FAILED, {
    wait_for_list(count, objects, all, millis)
});

entry!(WaitForMultipleObjectsEx as wait_for_multiple_objects_ex(
    count: u32, objects: usize, all: i32, millis: u32, _alertable: i32,
) -> u32, or WAIT_FAILED, {
    wait_for_list(count, objects, all, millis)
});
