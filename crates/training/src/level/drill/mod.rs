//! A drill kind: what is asked of the player, in numbers that a level gives and knobs turn.
//!
//! One file a kind. A new kind is that file, one variant of [`Drill`] and one arm of [`Drill::kind`].

pub mod interception;
pub mod steady_beat;

use serde::{Deserialize, Serialize};

pub use self::{interception::Interception, steady_beat::SteadyBeat};
use super::{TrialBody, check::Complaints};
use crate::time::Nanos;

/// What every kind answers.
pub trait Kind {
    /// The kind's name, as `drills.md` has it.
    fn name(&self) -> &'static str;
    /// Refuses numbers that no trial can be laid out with; the fields' paths begin with `drill`.
    fn check(&self, complaints: &mut Complaints);
    /// The interval `I` (training.md §1).
    fn interval(&self) -> Nanos;
    /// The goal SD `T` that the kind has where the level gives none (its row in `drills.md`), ms.
    fn goal_ms(&self) -> f64;
    /// How many harder steps the listed knobs have between them.
    fn steps(&self) -> u32;
    /// The drill after so many harder steps, taken in the order in which the knobs are listed.
    fn turned(&self, steps: u32) -> Drill;
    /// How many targets a trial has.
    fn targets(&self) -> u32;
    /// Lays out a trial; `draw` gives uniform numbers in 0…1.
    fn plan(&self, draw: &mut dyn FnMut() -> f64) -> TrialBody;
}

/// The drill of a level, with its parameters.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Drill {
    SteadyBeat(SteadyBeat),
    Interception(Interception),
}

impl Drill {
    /// The kind behind the name.
    #[must_use]
    pub fn kind(&self) -> &dyn Kind {
        match self {
            Self::SteadyBeat(drill) => drill,
            Self::Interception(drill) => drill,
        }
    }
}

/// A number on its way between two values: after `step` of `steps` equal steps from `from`, exactly `to` at the end.
pub(super) fn between(from: f64, to: f64, step: u32, steps: u32) -> f64 {
    if step >= steps { to } else { from + (to - from) * f64::from(step) / f64::from(steps) }
}
