//! The drills of the contest, and who plays them: what a learner needs of a level, without its sounds and pictures.
//!
//! Difficulty in the contest is the tolerance, which is what the first rungs of every ladder turn. So policies differ in
//! what they show and when they let go, and never in what is practised; on mere repetition (L5) they must tie.

use doozy_cerebellum::rng::Stream;
use serde::{Deserialize, Serialize};

use crate::{
    learner::{
        Profile,
        production::{Modality, phase_variance},
    },
    level::{START_TOLERANCE, TOLERANCE_STEP, WIDEST_TOLERANCE, jnd_ms, window},
    time::Nanos,
};

/// A drill of the contest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Drill {
    /// A steady beat of 500 ms, tone.
    Beat,
    /// A ball that arrives, 625 ms a flight.
    Gate,
    /// An interval of 800 ms, given back from memory.
    Interval,
}

impl Drill {
    pub const ALL: [Self; 3] = [Self::Beat, Self::Gate, Self::Interval];

    #[must_use]
    pub fn id(self) -> &'static str {
        match self {
            Self::Beat => "beat",
            Self::Gate => "gate",
            Self::Interval => "interval",
        }
    }

    /// The drill's interval `I`.
    #[must_use]
    pub fn interval(self) -> Nanos {
        match self {
            Self::Beat => Nanos::ms(500),
            Self::Gate => Nanos::ms(625),
            Self::Interval => Nanos::ms(800),
        }
    }

    /// The goal SD `T`, ms: as the kinds' rows of drills.md have it.
    #[must_use]
    pub fn goal_ms(self) -> f64 {
        match self {
            Self::Beat => 0.04 * 500.0,
            Self::Gate => 30.0,
            Self::Interval => 0.08 * 800.0,
        }
    }

    /// The just-noticeable displacement, ms.
    #[must_use]
    pub fn jnd_ms(self) -> f64 {
        jnd_ms(self.interval())
    }

    /// The matching half-window, ms.
    #[must_use]
    pub fn window_ms(self) -> f64 {
        window(self.interval()).as_ms()
    }

    /// Whether targets follow one another, so that difficulty and scenes wait for the end of the phrase.
    #[must_use]
    pub fn is_running(self) -> bool {
        self == Self::Beat
    }

    /// From target to target, ms ◇: a beat's interval, or a discrete trial with its answer and its pause.
    #[must_use]
    pub fn every_ms(self) -> i64 {
        match self {
            Self::Beat => 500,
            Self::Gate => 1_600,
            Self::Interval => 2_600,
        }
    }
}

/// The easiest rung, the hardest of the tolerance, and those between: as a level's.
pub const FLOOR: i32 = -4;
pub const TOP: i32 = 9;

/// The tolerance at a rung, in goal SDs.
#[must_use]
pub fn tolerance(rung: i32) -> f64 {
    let mut goals = START_TOLERANCE;
    for _ in 0..rung.unsigned_abs() {
        goals = if rung > 0 { goals * TOLERANCE_STEP } else { goals / TOLERANCE_STEP };
    }
    goals.clamp(1.0, WIDEST_TOLERANCE)
}

/// How somebody plays a drill before they practise.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Person {
    /// Own bias, ms.
    pub bias_ms: f64,
    /// SD of the clock that no practice takes away, ms.
    pub floor_ms: f64,
    /// Noise above that, of the floor.
    pub x: f64,
    pub motor_ms: f64,
    /// Phase correction; none where every target is aimed at afresh.
    pub alpha: Option<f64>,
    pub lapse: f64,
}

/// Of how much practice a profile's noise tells: x of science/skill.md §4.3 for newcomers; the trained have most of it
/// behind them ◇.
fn unpractised(profile: Profile) -> f64 {
    match profile {
        Profile::Trained => 0.2,
        Profile::Novice | Profile::Ataxic | Profile::Showcase => 0.9,
    }
}

/// Spread over people of the constant error in giving an interval back, of the interval ◇.
const CONSTANT_ERROR: f64 = 0.04;

impl Person {
    /// The person of a seed: the same whatever they learn by and whatever policy they meet.
    #[must_use]
    pub fn new(profile: Profile, drill: Drill, seed: u64) -> Self {
        let mut stream = Stream::named(seed, "person", 0);
        let (z_tone, z_ball, z_interval) = (stream.gaussian(), stream.gaussian(), stream.gaussian());
        let precision = profile.precision();
        let (mean, spread) = profile.bias();
        let interval = drill.interval();
        let x = unpractised(profile);
        let noise = |modality: Modality| modality.noise(interval).unwrap_or(1.0) * precision.sd_clock(interval);
        let (bias_ms, sd, alpha) = match drill {
            Drill::Beat => (mean + spread * z_tone, noise(Modality::Tone), Some(precision.alpha(interval))),
            Drill::Gate => (spread * z_ball, noise(Modality::Ball), None),
            Drill::Interval => {
                let own = CONSTANT_ERROR * interval.as_ms();
                (own * z_interval, profile.skill().memory * interval.as_ms(), None)
            }
        };
        Self { bias_ms, floor_ms: sd / (1.0 + x), x, motor_ms: precision.motor, alpha, lapse: profile.lapse() }
    }

    /// SD of the asynchrony, ms, with the clock's noise `x` above its floor, at `stretched` times the interval; without
    /// lapses and fatigue.
    #[must_use]
    pub fn sd_ms(&self, x: f64, stretched: f64) -> f64 {
        let clock = self.floor_ms * (1.0 + x) * stretched;
        let intended = self.alpha.map_or(clock * clock, |alpha| phase_variance(alpha, clock, self.motor_ms));
        libm::sqrt(intended + self.motor_ms * self.motor_ms)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::level::Level;

    #[test]
    fn tolerances_goals_and_windows_are_those_of_the_levels() {
        let levels = [
            (Drill::Beat, "SteadyBeat(ioi_ms: 500, beats: 16)"),
            (Drill::Gate, "Interception(visible_ms: 800)"),
            (Drill::Interval, "IntervalReproduction(mean_ms: 800, range: 0)"),
        ];
        for (drill, text) in levels {
            let text = format!("(version: 1, title: \"t\", aim: \"a\", trials: 8, seconds: 60, drill: {text})");
            let level = Level::parse("contest", &text).unwrap();
            assert_eq!((level.floor_rung(), level.top_rung()), (FLOOR, TOP), "{drill:?}");
            for rung in FLOOR..=TOP {
                let setting = level.setting(rung);
                assert!((setting.tol_ms - tolerance(rung) * drill.goal_ms()).abs() < 1e-5, "{drill:?} {rung}");
                assert_eq!(setting.goal_ms, drill.goal_ms());
                assert_eq!(setting.jnd_ms, drill.jnd_ms());
                assert_eq!(setting.interval, drill.interval());
                assert_eq!(setting.window.as_ms(), drill.window_ms());
            }
        }
    }

    #[test]
    fn newcomers_start_at_the_defaults() {
        let person = Person::new(Profile::Novice, Drill::Beat, 3);
        assert!((person.sd_ms(person.x, 1.0) - 25.5).abs() < 0.06);
        let mean = (0..2_000).map(|seed| Person::new(Profile::Novice, Drill::Beat, seed).bias_ms).sum::<f64>() / 2e3;
        assert!((mean + 40.0).abs() < 1.5, "{mean}");
    }
}
