//! The rules that stand around every policy alike: success guard, brake, novice rule, bounds of the gain. A policy only
//! proposes; the session and the contest of policies both steer by this.

use super::{
    amplify::Amplification,
    constants::{CALM_EVENTS, GAIN_MAX, GAIN_MIN, NOVICE_SD, STEP_EVERY},
    guard::{self, Brake, Verdict},
    history::{Counted, History},
    policy::Pilot,
};
use crate::event::{Decider, Step};

/// An event whose window takes effect.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Weighed {
    pub counted: Counted,
    /// True asynchrony of a matched press, ms.
    pub matched_ms: Option<f64>,
    /// The goal SD `T`, ms.
    pub goal_ms: f64,
    /// Its verdict tripped the brake.
    pub braked: bool,
    /// The rung that it was played at, and the one that is next in force.
    pub rung: i32,
    pub next_rung: i32,
}

/// What changes with an event.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Decision {
    /// The new gain, where it is another.
    pub gain: Option<(f64, Decider)>,
    pub step: Option<(Step, Decider)>,
    /// Three brakes came in a row: the drill pauses.
    pub rest: bool,
}

/// The state of the loop from verdicts and windows to gain and difficulty.
#[derive(Clone, Debug)]
pub struct Steering {
    pilot: Pilot,
    amplification: Amplification,
    history: History,
    brake: Brake,
    /// Events for which the brake still holds the gain.
    held: u32,
    gain: f64,
}

impl Steering {
    #[must_use]
    pub fn new(pilot: Pilot, amplification: Amplification) -> Self {
        Self { pilot, amplification, history: History::default(), brake: Brake::default(), held: 0, gain: GAIN_MIN }
    }

    /// The gain decided last, 1…2.
    #[must_use]
    pub fn gain(&self) -> f64 {
        self.gain
    }

    /// From the next event on, another choice of errors is amplified; the gain is kept for when it follows the player again.
    pub fn amplify(&mut self, amplification: Amplification) {
        self.amplification = amplification;
    }

    #[must_use]
    pub fn history(&self) -> &History {
        &self.history
    }

    /// Whether the events after a brake are still to be calm.
    #[must_use]
    pub fn is_calm(&self) -> bool {
        self.brake.is_calm()
    }

    /// Takes in a verdict as it falls, so that an event that trips the brake is already calmer.
    pub fn verdict(&mut self, success: bool) -> Verdict {
        self.brake.count(success)
    }

    /// The player has rested.
    pub fn rested(&mut self) {
        self.brake.rested();
    }

    /// Counts afresh: what was counted at another rate says nothing about this one.
    pub fn restart(&mut self) {
        (self.history, self.brake) = (History::default(), Brake::default());
    }

    /// Takes in an event once its window takes effect.
    pub fn weigh(&mut self, event: &Weighed) -> Decision {
        if let Some(e_ms) = event.matched_ms {
            self.history.matched(e_ms);
        }
        self.pilot.count(event);
        if event.braked {
            self.history.restart();
            self.held = CALM_EVENTS;
            return Decision {
                gain: self.turn(GAIN_MIN, Decider::Brake),
                step: Some((Step::Easier, Decider::Brake)),
                rest: self.brake.asks_for_rest(),
            };
        }
        self.history.count(event.counted);
        let gain = self.follow(event.goal_ms);
        let guarded = self.history.counted().is_multiple_of(STEP_EVERY);
        let asked = if guarded || self.pilot.reviews_every_event() {
            self.pilot.step(&self.history, event.next_rung)
        } else {
            None
        };
        let reviewed = guard::review(asked, self.pilot.decider(), self.history.success());
        // the guard's own steps come as often under every policy
        Decision { gain, step: reviewed.filter(|(_, by)| guarded || *by != Decider::Guard), rest: false }
    }

    /// Moves the gain as the policy asks, within its bounds, the novice rule and the calm after a brake.
    fn follow(&mut self, goal_ms: f64) -> Option<(f64, Decider)> {
        if !self.amplification.is_adaptive() {
            return None;
        }
        let is_novice = self.history.robust_sd_ms().is_none_or(|sd| sd >= NOVICE_SD * goal_ms);
        if self.held > 0 {
            self.held -= 1;
            self.turn(GAIN_MIN, Decider::Brake)
        } else if is_novice {
            self.turn(GAIN_MIN, Decider::Novice)
        } else {
            let asked = self.pilot.gain(&self.history, self.gain);
            self.turn(asked.clamp(GAIN_MIN, GAIN_MAX), self.pilot.decider())
        }
    }

    fn turn(&mut self, gain: f64, by: Decider) -> Option<(f64, Decider)> {
        let moved = gain != self.gain;
        self.gain = gain;
        moved.then_some((gain, by))
    }
}
