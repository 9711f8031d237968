//! What an error teaches: the hypotheses L0–L7 of science/skill.md §4.4, all of which are shipped because nobody knows which
//! of them a person follows.
//!
//! The specification means a drive of 1 at an error of one goal SD. Its constants do not give that: 1.27 for L1, 1.42 for
//! L2, and 0.02 for L3 under the volley curve of training.md §5. Here L1 and L2 are divided by their value at u = 1, L3 and
//! L3′ by theirs at u = 2, where their window stands open.

use std::{fmt, str::FromStr, sync::LazyLock};

use doozy_cerebellum::{Parameters, Preset, closed_form::Doses, olive::Mapping};
use serde::{Deserialize, Serialize};

/// What a learner's noise and bias learn from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Hypothesis {
    /// The size of the error: the textbook's state space.
    #[serde(rename = "L0")]
    Linear,
    /// The size, up to a limit (Kim 2018).
    #[serde(rename = "L1")]
    Saturating,
    /// Errors that are likely one's own; large ones teach little (Wei and Körding 2009; Marko 2012).
    #[serde(rename = "L2")]
    Relevance,
    /// The dose of the cerebellar learning window (cerebellum.md §5).
    #[serde(rename = "L3")]
    Window,
    /// As L3, with climbing fibres that fire less above u = 1.5 (Marko's complex spikes).
    #[serde(rename = "L3p")]
    WindowDeclining,
    /// Success that surprises; blind to the size of the error.
    #[serde(rename = "L4")]
    Success,
    /// Every repetition the same: the negative control, on which every policy must tie.
    #[serde(rename = "L5")]
    Repetition,
    /// As L1, but amplified errors teach the unskilled half (Milot 2010).
    #[serde(rename = "L6")]
    SkillGated,
    /// As L1, faster for dramatic events, whose learning is lost overnight (Galea 2015, Hill 2020).
    #[serde(rename = "L7")]
    Punishment,
}

/// One event as a learner meets it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Lesson {
    /// The true error as it is felt, ms.
    pub felt_ms: f64,
    /// The displayed error as it is seen, ms.
    pub seen_ms: f64,
    /// Size of the displayed error, goal SDs, 0…4.
    pub u: f64,
    /// The goal SD `T`, ms.
    pub goal_ms: f64,
    pub success: bool,
    /// The gain that was felt.
    pub gain: f64,
}

impl Lesson {
    fn is_amplified(&self) -> bool {
        self.gain > AMPLIFIED
    }

    /// Whether the event was a punishment (science/skill.md §4.4).
    #[must_use]
    pub fn is_dramatic(&self) -> bool {
        self.is_amplified() && self.u > DRAMATIC
    }
}

/// A gain above this is felt as amplification (skill.md §4.4, L7).
const AMPLIFIED: f64 = 1.05;
/// An amplified error above this is a dramatic event, goal SDs (same source).
const DRAMATIC: f64 = 2.0;
/// L6: the noise above its floor under which a player is skilled (same source).
const SKILLED: f64 = 0.4;
/// L7: how much more a dramatic event teaches (same source).
const PUNISHED: f64 = 1.3;
/// L1: errors beyond so many goal SDs teach the bias no more than these (same source).
const LIMIT: f64 = 1.2;
/// L3: correction of the bias at a drive of 1, goal SDs (same source): less than the error of u = 2 at which that is.
const WINDOW_STEP: f64 = 1.6;
/// L3′: error size from which on climbing fibres fire less (same source).
const DECLINES_FROM: f64 = 1.5;
/// L4: drive of a success that was not expected at all (same source).
const SURPRISE: f64 = 2.4;

/// Mean dose by error size, relative to that of u = 2, for L3 and L3′.
static DOSES: LazyLock<[Doses; 2]> = LazyLock::new(|| {
    let rising = Parameters::of(Preset::Small);
    let mut declining = rising.clone();
    (declining.olive.mapping, declining.olive.peak) = (Mapping::Declining, DECLINES_FROM);
    [rising, declining].map(|parameters| Doses::relative_to(&parameters, 2.0))
});

impl Hypothesis {
    pub const ALL: [Self; 9] = [
        Self::Linear,
        Self::Saturating,
        Self::Relevance,
        Self::Window,
        Self::WindowDeclining,
        Self::Success,
        Self::Repetition,
        Self::SkillGated,
        Self::Punishment,
    ];

    /// `L0` … `L7`; `L3p` is L3′.
    #[must_use]
    pub fn id(self) -> &'static str {
        match self {
            Self::Linear => "L0",
            Self::Saturating => "L1",
            Self::Relevance => "L2",
            Self::Window => "L3",
            Self::WindowDeclining => "L3p",
            Self::Success => "L4",
            Self::Repetition => "L5",
            Self::SkillGated => "L6",
            Self::Punishment => "L7",
        }
    }

    /// In a word.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Linear => "linear",
            Self::Saturating => "saturating",
            Self::Relevance => "relevance",
            Self::Window => "window",
            Self::WindowDeclining => "window, declining",
            Self::Success => "success-driven",
            Self::Repetition => "repetition",
            Self::SkillGated => "skill-gated",
            Self::Punishment => "punishment",
        }
    }

    /// The drive D on noise, 1 for an ordinary error, of a learner whose noise stands `x` above its floor and who expects
    /// success with probability `expected`.
    #[must_use]
    pub fn drive(self, lesson: &Lesson, x: f64, expected: f64) -> f64 {
        let u = lesson.u;
        match self {
            Self::Linear => u,
            Self::Saturating => saturating(u),
            Self::Relevance => u * libm::exp((1.0 - u * u) / (1.5 * 1.5)),
            Self::Window => DOSES[0].at(u),
            Self::WindowDeclining => DOSES[1].at(u),
            Self::Success => SURPRISE * libm::fabs(f64::from(u8::from(lesson.success)) - expected),
            Self::Repetition => 1.0,
            Self::SkillGated => saturating(gated(lesson, x)),
            Self::Punishment => saturating(u) * if lesson.is_dramatic() { PUNISHED } else { 1.0 },
        }
    }

    /// What the bias learns from, G, ms, signed as the error.
    #[must_use]
    pub fn correction(self, lesson: &Lesson, x: f64) -> f64 {
        let e = lesson.seen_ms;
        let goal = lesson.goal_ms;
        let limited = |e: f64| LIMIT * goal * libm::tanh(e / (LIMIT * goal));
        let windowed = |dose: f64| libm::copysign((WINDOW_STEP * goal * dose).min(libm::fabs(e)), e);
        match self {
            Self::Linear => e,
            Self::Saturating => limited(e),
            Self::Relevance => {
                let u = e / goal;
                e * libm::exp((1.0 - u * u) / 4.0)
            }
            Self::Window => windowed(DOSES[0].at(lesson.u)),
            Self::WindowDeclining => windowed(DOSES[1].at(lesson.u)),
            Self::Success => lesson.felt_ms * if lesson.success { 0.2 } else { 0.5 },
            Self::Repetition => 0.5 * lesson.felt_ms,
            Self::SkillGated => limited(if lesson.is_amplified() && x >= SKILLED { 0.5 * e } else { e }),
            Self::Punishment => limited(e) * if lesson.is_dramatic() { PUNISHED } else { 1.0 },
        }
    }

    /// Whether practice without feedback teaches as much as with it.
    #[must_use]
    pub fn needs_no_feedback(self) -> bool {
        self == Self::Repetition
    }
}

/// 1 at u = 1.
fn saturating(u: f64) -> f64 {
    /// tanh 1.
    const AT_ONE: f64 = 0.761_594_155_955_764_9;
    libm::tanh(u) / AT_ONE
}

fn gated(lesson: &Lesson, x: f64) -> f64 {
    if lesson.is_amplified() && x >= SKILLED { 0.5 * lesson.u } else { lesson.u }
}

impl fmt::Display for Hypothesis {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.id())
    }
}

/// A hypothesis that nobody has.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no learner is called {name:?}; there are L0, L1, L2, L3, L3p, L4, L5, L6 and L7")]
pub struct UnknownHypothesis {
    name: String,
}

impl FromStr for Hypothesis {
    type Err = UnknownHypothesis;

    fn from_str(name: &str) -> Result<Self, UnknownHypothesis> {
        Self::ALL.into_iter().find(|h| h.id() == name).ok_or_else(|| UnknownHypothesis { name: name.to_owned() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lesson(u: f64, gain: f64) -> Lesson {
        Lesson { felt_ms: 20.0 * u, seen_ms: 20.0 * u, u, goal_ms: 20.0, success: u < 2.5, gain }
    }

    #[test]
    fn the_drive_of_an_ordinary_error_is_one() {
        use Hypothesis::*;
        for (learner, u) in [(Linear, 1.0), (Saturating, 1.0), (Relevance, 1.0), (Repetition, 1.0), (SkillGated, 1.0)] {
            assert!((learner.drive(&lesson(u, 1.0), 0.9, 0.8) - 1.0).abs() < 1e-12, "{learner}");
        }
        assert!((Punishment.drive(&lesson(1.0, 1.0), 0.9, 0.8) - 1.0).abs() < 1e-12);
        for learner in [Window, WindowDeclining] {
            assert!((learner.drive(&lesson(2.0, 1.0), 0.9, 0.8) - 1.0).abs() < 1e-12, "{learner}");
        }
        // expected four times in five, a success is met with 0.48 and a failure with 1.92: 0.77 on average
        assert!((Success.drive(&lesson(1.0, 1.0), 0.9, 0.8) - 0.48).abs() < 1e-12);
        assert!((Success.drive(&lesson(3.0, 1.0), 0.9, 0.8) - 1.92).abs() < 1e-12);
    }

    #[test]
    fn each_hypothesis_has_its_shape() {
        use Hypothesis::*;
        let at = |learner: Hypothesis, u: f64| learner.drive(&lesson(u, 1.0), 0.9, 0.8);
        assert_eq!(at(Linear, 4.0), 4.0);
        assert!(at(Saturating, 4.0) < 1.32);
        // relevance peaks at 1.5/√2 and forgets large errors
        assert!(at(Relevance, 1.06) > at(Relevance, 0.9) && at(Relevance, 4.0) < 0.01);
        assert!(at(Window, 0.5) < 0.02 && at(Window, 4.0) > 2.0);
        // beyond its peak the declining olive recruits fewer fibres
        assert!(at(WindowDeclining, 1.5) > 1.0 && at(WindowDeclining, 3.0) < 0.3);
        // amplified, the unskilled learn from half of the size, the skilled from all of it
        let amplified = |x: f64| SkillGated.drive(&lesson(2.0, 1.5), x, 0.8);
        assert!((amplified(0.9) - at(Saturating, 1.0)).abs() < 1e-12);
        assert!((amplified(0.3) - at(Saturating, 2.0)).abs() < 1e-12);
        assert!((Punishment.drive(&lesson(3.0, 1.5), 0.9, 0.8) / at(Saturating, 3.0) - 1.3).abs() < 1e-12);
    }

    #[test]
    fn the_control_and_the_success_driven_are_blind_to_the_gain() {
        for learner in [Hypothesis::Repetition, Hypothesis::Success] {
            let plain = lesson(2.0, 1.0);
            let amplified = Lesson { seen_ms: 80.0, u: 4.0, gain: 2.0, ..plain };
            assert_eq!(learner.drive(&plain, 0.5, 0.8), learner.drive(&amplified, 0.5, 0.8));
            assert_eq!(learner.correction(&plain, 0.5), learner.correction(&amplified, 0.5));
        }
    }

    #[test]
    fn no_window_corrects_beyond_the_error() {
        for learner in [Hypothesis::Window, Hypothesis::WindowDeclining] {
            for tenth in -40..=40 {
                let u = f64::from(tenth) / 10.0;
                let seen = Lesson { seen_ms: 20.0 * u, u: u.abs(), ..lesson(0.0, 1.0) };
                let correction = learner.correction(&seen, 0.9);
                assert!(correction.abs() <= 20.0 * u.abs() && correction * u >= 0.0, "{learner} {u}: {correction}");
            }
        }
    }

    #[test]
    fn names_are_read_back() {
        for learner in Hypothesis::ALL {
            assert_eq!(learner.id().parse(), Ok(learner));
            assert_eq!(ron::from_str::<Hypothesis>(&ron::to_string(&learner).unwrap()).unwrap(), learner);
        }
        assert!("L9".parse::<Hypothesis>().unwrap_err().to_string().contains("L3p"));
    }
}
