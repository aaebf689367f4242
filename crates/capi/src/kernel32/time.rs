//! Time: the network's for counters and sleep, the machine's for the calendar.

use std::time::{SystemTime, UNIX_EPOCH};

use synsent_dialects::system::INFINITE;
use synsent_stack::Duration;

use super::{desk, entry};
use crate::boundary::Foreign;

/// QueryPerformanceCounter counts these in a second.
const COUNTS_PER_SECOND: i64 = 10_000_000;
/// Between the first day of 1601 and that of 1970; unit: 100 nanoseconds.
const EPOCH_DIFFERENCE: u64 = 116_444_736_000_000_000;

fn sleep_for(millis: u32) {
    let Some(desk) = desk() else { return };
    match millis {
        INFINITE => desk.sleep(Duration::from_secs(u64::from(u32::MAX))),
        0 => {
            // Who does nothing else polls, and polling lets the time of a lab pass.
            let _ = desk.network().now();
            std::thread::yield_now();
        }
        millis => desk.sleep(Duration::from_millis(millis.into())),
    }
}

fn millis() -> u64 {
    desk().map_or(0, |desk| desk.network().now().millis())
}

entry!(Sleep as sleep(millis: u32) -> (), or (), { sleep_for(millis) });

entry!(SleepEx as sleep_ex(millis: u32, _alertable: i32) -> u32, or 0, {
    sleep_for(millis);
    0
});

entry!(GetTickCount as get_tick_count() -> u32, or 0, { millis() as u32 });

entry!(GetTickCount64 as get_tick_count_64() -> u64, or 0, { millis() });

entry!(QueryPerformanceCounter as query_performance_counter(count: usize) -> i32, or 0, {
    let now = desk().map_or(0, |desk| desk.network().now().nanos() / 100);
    i32::from(Foreign::at(count).write(0, &(now as i64).to_ne_bytes()))
});

entry!(QueryPerformanceFrequency as query_performance_frequency(frequency: usize) -> i32, or 0, {
    i32::from(Foreign::at(frequency).write(0, &COUNTS_PER_SECOND.to_ne_bytes()))
});

entry!(GetSystemTimeAsFileTime as get_system_time_as_file_time(now: usize) -> (), or (), {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let hundreds = (since.as_nanos() / 100) as u64 + EPOCH_DIFFERENCE;
    Foreign::at(now).write(0, &hundreds.to_ne_bytes());
});

entry!(GetSystemTime as get_system_time(now: usize) -> (), or (), { write_calendar(now, false) });

entry!(GetLocalTime as get_local_time(now: usize) -> (), or (), { write_calendar(now, true) });

fn write_calendar(into: usize, is_local: bool) {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let seconds = since.as_secs() as libc::time_t;
    // SAFETY: all-zero is a value of this structure of numbers.
    let mut parts: libc::tm = unsafe { std::mem::zeroed() };
    // SAFETY: both read the number and write the structure, which live longer than the call.
    let done = unsafe {
        match is_local {
            true => libc::localtime_r(&raw const seconds, &raw mut parts),
            false => libc::gmtime_r(&raw const seconds, &raw mut parts),
        }
    };
    if done.is_null() {
        return;
    }
    let numbers = [
        parts.tm_year + 1900,
        parts.tm_mon + 1,
        parts.tm_wday,
        parts.tm_mday,
        parts.tm_hour,
        parts.tm_min,
        parts.tm_sec,
        since.subsec_millis() as i32,
    ];
    let octets: Vec<u8> = numbers.iter().flat_map(|number| (*number as u16).to_ne_bytes()).collect();
    Foreign::at(into).write(0, &octets);
}
