//! A drill kind: what is asked of the player, in numbers that a level gives and knobs turn.
//!
//! One file a kind. A new kind is that file, and one line of the list of [`Drill`].

pub mod chart;
pub mod continuation;
pub mod go_stop;
pub mod hold;
pub mod interception;
pub mod interval;
pub mod knob;
mod lay;
pub mod offbeat;
pub mod phase_shift;
pub mod polyrhythm;
pub mod release;
pub mod rhythm;
pub mod road;
pub mod sequence;
pub mod speech;
pub mod steady_beat;
pub mod steady_hand;
pub mod subdivision;
pub mod swing;
pub mod tempo;

use serde::{Deserialize, Serialize};

pub use self::{
    chart::Chart, continuation::Continuation, go_stop::GoStop, hold::Hold, interception::Interception,
    interval::IntervalReproduction, offbeat::OffBeat, phase_shift::PhaseShift, polyrhythm::Polyrhythm,
    release::ReleaseTiming, rhythm::Rhythm, road::Road, sequence::Sequence, speech::Speech, steady_beat::SteadyBeat,
    steady_hand::SteadyHand, subdivision::Subdivision, swing::Swing, tempo::Tempo,
};
use super::{TrialBody, check::Complaints};
use crate::{
    event::{Amplify, ErrorUnit},
    session::constants::{REACTION_START, STOP_DELAY_START},
    time::Nanos,
};

/// What every kind answers.
pub trait Kind {
    /// The kind's name, as `drills.md` has it.
    fn name(&self) -> &'static str;
    /// Refuses numbers that no trial can be laid out with; the fields' paths begin with `drill`.
    fn check(&self, complaints: &mut Complaints);
    /// How many lanes it asks for: its targets lie in lanes 0 to one less.
    fn lanes(&self) -> u8 {
        1
    }
    /// The interval `I` (training.md §1).
    fn interval(&self) -> Nanos;
    /// The goal SD `T` that the kind has where the level gives none (its row in `drills.md`), in [`Self::unit`].
    fn goal(&self) -> f64;
    /// What errors, goal and tolerance are measured in.
    fn unit(&self) -> ErrorUnit {
        ErrorUnit::Milliseconds
    }
    /// What may be amplified, and when.
    fn amplify(&self) -> Amplify {
        Amplify::AtOnce
    }
    /// How many harder steps the listed knobs have between them.
    fn steps(&self) -> u32;
    /// The drill after so many harder steps, taken in the order in which the knobs are listed.
    fn turned(&self, steps: u32) -> Drill;
    /// How many targets a trial has; where trials differ, the longest.
    fn targets(&self) -> u32;
    /// Lays out a trial.
    fn plan(&self, course: &mut Course<'_>) -> TrialBody;
}

/// What a trial may depend on besides the drill's numbers.
pub struct Course<'a> {
    /// Trials of the level completed before this one.
    pub nth: u32,
    /// The player's usual reaction time.
    pub reaction: Nanos,
    /// From a signal to go to a signal to stop, by the player's staircase.
    pub stop_delay: Nanos,
    /// Uniform numbers in 0…1.
    pub draw: &'a mut dyn FnMut() -> f64,
}

impl<'a> Course<'a> {
    /// The first trial of a player of whom nothing is known; `draw` gives uniform numbers in 0…1.
    pub fn new(draw: &'a mut dyn FnMut() -> f64) -> Self {
        Self { nth: 0, reaction: REACTION_START, stop_delay: STOP_DELAY_START, draw }
    }

    /// A uniform number in 0…1.
    pub fn draw(&mut self) -> f64 {
        (self.draw)()
    }
}

/// The kinds by name: the variant of a level's `drill`, and the kind behind it.
macro_rules! kinds {
    ($($name:ident),+ $(,)?) => {
        /// The drill of a level, with its parameters.
        #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
        pub enum Drill {
            $($name($name)),+
        }

        impl Drill {
            /// The kind behind the name.
            #[must_use]
            pub fn kind(&self) -> &dyn Kind {
                match self {
                    $(Self::$name(drill) => drill),+
                }
            }
        }

        $(impl From<$name> for Drill {
            fn from(drill: $name) -> Self {
                Self::$name(drill)
            }
        })+
    };
}

kinds!(
    SteadyBeat,
    Subdivision,
    OffBeat,
    Tempo,
    PhaseShift,
    Continuation,
    Polyrhythm,
    Swing,
    IntervalReproduction,
    Rhythm,
    Hold,
    Interception,
    ReleaseTiming,
    Road,
    GoStop,
    Sequence,
    Speech,
    SteadyHand,
    Chart,
);

#[cfg(test)]
mod tests;
