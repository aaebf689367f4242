//! Where a stream stands, and how an opening takes it from one stage to the next.

use std::os::fd::OwnedFd;
use std::sync::atomic::Ordering;

use synsent_sockets::{Answer, Name, Outcome, Progress};
use synsent_stack::Instant;

use super::names::kernel_name;
use super::{Inner, KernelSocket};
use crate::kernel::opening::Opening;

/// No time to look at.
pub(super) const NEVER: u64 = u64::MAX;

/// Where a stream stands.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u8)]
pub(super) enum Stage {
    Idle,
    Opening,
    Paused,
    Failed,
    Open,
    Listening,
}

impl KernelSocket {
    pub(super) fn stage(&self) -> Stage {
        match self.stage.load(Ordering::Acquire) {
            stage if stage == Stage::Idle as u8 => Stage::Idle,
            stage if stage == Stage::Opening as u8 => Stage::Opening,
            stage if stage == Stage::Paused as u8 => Stage::Paused,
            stage if stage == Stage::Failed as u8 => Stage::Failed,
            stage if stage == Stage::Open as u8 => Stage::Open,
            _ => Stage::Listening,
        }
    }

    pub(super) fn set_stage(&self, stage: Stage) {
        self.stage.store(stage as u8, Ordering::Release);
    }

    pub(super) fn set_look_at(&self, at: Option<Instant>) {
        self.look_at.store(at.map_or(NEVER, Instant::nanos), Ordering::Relaxed);
    }

    /// Notes how an opening stands, and tells it.
    pub(super) fn note(&self, inner: &mut Inner, descriptor: &OwnedFd, answer: Answer<()>) -> Answer<()> {
        match &answer {
            Ok(Progress::Done(())) => {
                inner.opening = None;
                self.set_look_at(None);
                self.set_stage(Stage::Open);
            }
            Ok(Progress::Pending) => {
                let is_paused = inner.opening.as_ref().is_some_and(|opening| opening.next_attempt.is_some());
                self.set_look_at(inner.opening.as_ref().and_then(Opening::look_at));
                let has_new_name = match self.stage() {
                    Stage::Opening => false,
                    Stage::Paused => !is_paused,
                    _ => true,
                };
                if has_new_name {
                    inner.had = kernel_name(descriptor).ok();
                }
                if is_paused {
                    self.keep_port(inner, descriptor);
                }
                self.set_stage(if is_paused { Stage::Paused } else { Stage::Opening });
            }
            Err(failure) => {
                if self.stage() == Stage::Idle {
                    inner.had = kernel_name(descriptor).ok();
                }
                inner.opening = None;
                inner.failure = Some(failure.clone());
                self.set_look_at(None);
                self.set_stage(Stage::Failed);
            }
        }
        answer
    }

    pub(super) fn begin_opening(&self, peer: &Name) -> Answer<()> {
        let mut inner = self.inner();
        match self.stage() {
            Stage::Opening | Stage::Paused => return Err(Outcome::AlreadyConnecting.into()),
            Stage::Open => return Err(Outcome::AlreadyConnected.into()),
            Stage::Listening => return Err(Outcome::OperationUnsupported.into()),
            Stage::Idle | Stage::Failed => {}
        }
        let inner = &mut *inner;
        self.call(|descriptor| {
            match (self.stage(), &inner.bound) {
                (Stage::Failed, Some(name)) => self.bind_again(descriptor, name)?,
                (Stage::Failed, None) => self.keep_port(inner, descriptor),
                _ => {}
            }
            self.set_stage(Stage::Idle);
            let had = inner.had.clone();
            let now = self.clock.now();
            let mut opening = Opening::new(peer, inner.settings.connect, now);
            let answer = opening.attempt(descriptor, inner.bound.as_ref(), now);
            let has_begun = opening.has_begun;
            inner.opening = Some(opening);
            match self.note(inner, descriptor, answer) {
                // What the wire answered, however fast, is told to who asks how far it is.
                Err(_) if has_begun => {
                    self.complete_name(inner, peer);
                    Ok(Progress::Pending)
                }
                Err(failure) => {
                    Self::keep_name(inner, had);
                    Err(failure)
                }
                // The first attempt is over already, and the kernel has forgotten where it began.
                Ok(Progress::Pending) if self.stage() == Stage::Paused => {
                    self.complete_name(inner, peer);
                    Ok(Progress::Pending)
                }
                answer => answer,
            }
        })
    }
}
