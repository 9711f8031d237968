//! Simulated players, who can take the player's seat: they see a trial as it is planned, hear what was judged, and press.
//!
//! A player never sees the session's state, only what a person would. [`Tapper`] follows a model of timing; [`Idle`] and
//! [`Restless`] are the two that no rule may be broken by. What practice does to a player is [`Learning`]'s, by one of the
//! hypotheses L0–L7.

#[cfg(test)]
mod bands;
pub mod hypothesis;
pub mod interval;
pub mod learning;
pub mod production;
mod score;
mod tapper;
pub mod two_rate;

use doozy_cerebellum::rng::Stream;

pub use self::hypothesis::{Hypothesis, Lesson};
pub use self::learning::Learning;
pub use self::score::{HELD, Skill};
pub use self::tapper::{Profile, Tapper};
use crate::{
    event::{Judged, Lane, TrialPlan},
    time::{HostTime, Nanos, TrialClock},
};

/// A press that a player makes: when, with which response, and for how long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tap {
    pub t: HostTime,
    pub lane: Lane,
    /// For how long it is held down.
    pub held: Nanos,
}

/// A stick that a player moves: where it stands from `t` on, −1 (left) … 1 (right).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Stick {
    pub t: HostTime,
    pub x: f64,
}

/// Whoever presses.
pub trait Player {
    /// A trial is on its clock. What was left of the one before is forgotten.
    fn begin(&mut self, plan: &TrialPlan, clock: TrialClock);

    /// The next press of this trial, asked for once the one before has been made; times never fall. None when the trial
    /// has no more of them.
    fn next(&mut self) -> Option<Tap>;

    /// The next move of the stick in this trial, as [`Self::next`]; none for those who have none.
    fn next_stick(&mut self) -> Option<Stick> {
        None
    }

    /// A verdict, as the game shows it.
    fn hear(&mut self, _judged: &Judged) {}
}

/// Never presses.
#[derive(Clone, Copy, Debug, Default)]
pub struct Idle;

impl Player for Idle {
    fn begin(&mut self, _plan: &TrialPlan, _clock: TrialClock) {}

    fn next(&mut self) -> Option<Tap> {
        None
    }
}

/// Presses at random moments, whatever is asked.
#[derive(Clone, Debug)]
pub struct Restless {
    stream: Stream,
    at: HostTime,
    until: HostTime,
    gap: Nanos,
    lane: Lane,
}

impl Restless {
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self {
            stream: Stream::named(seed, "restless", 0),
            at: HostTime::DISTANT_PAST,
            until: HostTime::DISTANT_PAST,
            gap: Nanos::ZERO,
            lane: Lane(0),
        }
    }
}

impl Player for Restless {
    fn begin(&mut self, plan: &TrialPlan, clock: TrialClock) {
        self.at = self.at.max(clock.origin);
        self.until = clock.host(plan.length);
        self.gap = plan.interval;
        self.lane = plan.targets.first().map_or(Lane(0), |target| target.lane);
    }

    fn next(&mut self) -> Option<Tap> {
        // gaps between a tenth and twice the interval: about as many presses as targets
        let gap = self.gap.as_ms() * self.stream.between(0.1, 1.9);
        self.at = self.at + Nanos::from_ms(gap);
        (self.at < self.until).then_some(Tap { t: self.at, lane: self.lane, held: HELD })
    }
}
