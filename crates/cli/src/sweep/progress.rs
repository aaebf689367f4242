//! The line on a terminal that shows which outcomes are being brought about. It is on standard error, and gone at the end.

use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::words;

/// How often the time in it moves.
const TICK: Duration = Duration::from_millis(100);
/// How many outcomes it names.
const NAMES: usize = 4;

/// The line; where standard error is no terminal there is none.
pub(super) struct Progress {
    bar: ProgressBar,
    running: Vec<String>,
}

impl Progress {
    /// The line of a sweep with so many outcomes.
    pub(super) fn new(outcomes: usize) -> Progress {
        let bar = ProgressBar::with_draw_target(Some(outcomes as u64), ProgressDrawTarget::stderr());
        // The template is a constant of this file, and right.
        if let Ok(style) = ProgressStyle::with_template("{spinner} {pos} of {len} outcomes, {elapsed}; {wide_msg}") {
            bar.set_style(style);
        }
        if !bar.is_hidden() {
            bar.enable_steady_tick(TICK);
        }
        Progress { bar, running: Vec::new() }
    }

    /// An outcome is under way.
    pub(super) fn began(&mut self, case: &str) {
        self.running.push(case.to_owned());
        self.show();
    }

    /// An outcome is there.
    pub(super) fn ended(&mut self, case: &str) {
        self.running.retain(|running| running != case);
        self.bar.inc(1);
        self.show();
    }

    /// Writes something else while the line is away.
    pub(super) fn aside<T>(&self, write: impl FnOnce() -> T) -> T {
        self.bar.suspend(write)
    }

    /// What takes the line away from another thread.
    pub(super) fn eraser(&self) -> impl FnOnce() + Send + 'static {
        let bar = self.bar.clone();
        move || bar.finish_and_clear()
    }

    fn show(&self) {
        let running: Vec<&str> = self.running.iter().map(String::as_str).collect();
        self.bar.set_message(if running.is_empty() {
            String::new()
        } else {
            format!("running {}", words::some(&running, NAMES))
        });
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}
