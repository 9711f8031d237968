//! Who contends, and the controls of ours: yoked to another person's knobs, and with its own knobs scrambled in time.

use doozy_cerebellum::rng::Stream;

use super::{Course, Days, Gate, Outcome, Tape, run};
use crate::{
    session::{
        Amplification, Policy,
        policy::{Pilot, Script},
        steering::Steering,
    },
    yours::Trial,
};

/// A contender.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Rival {
    Policy {
        policy: Policy,
        /// Which errors its gain applies to; as in the game, the big ones.
        amplification: Amplification,
    },
    /// The window policy's knobs on another person, the one of the seed's partner: its marginal distribution without its
    /// eyes.
    Yoked,
    /// The window policy's knobs on this person, in random order.
    Scrambled,
    /// "What works for you": the policy of the window's edge, amplified or not by the day.
    Yours,
}

/// The policy of the window's edge, with [`Amplification::IntoWindow`]: four successes in five, and every error that is
/// short of the window lifted towards it, by a factor of two at most.
pub const EDGE: Policy = Policy::Weighted { success: 0.80, gain: 2.0 };

/// What the controls of a person are made of, kept from run to run so that nothing is allocated an event.
#[derive(Clone, Debug, Default)]
pub struct Knobs {
    /// The window policy's on this person and on the partner.
    pub own: Vec<(f64, i32)>,
    pub partners: Vec<(f64, i32)>,
}

impl Knobs {
    /// Lets the window policy steer this person and the partner.
    pub fn record(&mut self, course: &Course, tape: &Tape, partner: &Tape, gate: &mut impl Gate) {
        let window = || Steering::new(Pilot::Window, Amplification::BigErrors);
        let days = || Days::Alike(Amplification::BigErrors);
        self.own.clear();
        run(course, window(), days(), tape, gate, &mut self.own);
        self.partners.clear();
        run(course, window(), days(), partner, gate, &mut self.partners);
    }
}

impl Rival {
    /// Whether it needs [`Knobs`].
    #[must_use]
    pub fn is_control(self) -> bool {
        matches!(self, Self::Yoked | Self::Scrambled)
    }

    /// Its run on a course.
    pub fn run(self, course: &Course, tape: &Tape, knobs: &Knobs, gate: &mut impl Gate) -> Outcome {
        let script = |knobs: Vec<(f64, i32)>| {
            let steering = Steering::new(Pilot::Script(Script::new(knobs)), Amplification::BigErrors);
            (steering, Days::Alike(Amplification::BigErrors))
        };
        let (steering, days) = match self {
            Self::Policy { policy, amplification } => {
                (Steering::new(Pilot::new(policy, tape.seed), amplification), Days::Alike(amplification))
            }
            Self::Yoked => script(knobs.partners.clone()),
            Self::Scrambled => {
                let mut own = knobs.own.clone();
                Stream::named(tape.seed, "scrambled", 0).shuffle(&mut own);
                script(own)
            }
            Self::Yours => {
                let mut trial = Trial::new(tape.seed, course.schedule.block);
                let steering = Steering::new(Pilot::new(EDGE, tape.seed), Amplification::IntoWindow);
                let days = Days::Trial { trial: &mut trial, on: Amplification::IntoWindow };
                return run(course, steering, days, tape, gate, &mut ());
            }
        };
        run(course, steering, days, tape, gate, &mut ())
    }
}
