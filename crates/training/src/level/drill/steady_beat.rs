//! The steady beat: a bell strikes at an even interval and the player taps with it.
//!
//! Knobs: the interval grows shorter or longer, and the sound thins out. The picture of every beat stays, so that a
//! press always has a beat to be compared with; keeping time with neither is another kind (synchronise–continue).

use serde::{Deserialize, Serialize};

use super::{
    Course, Drill, Kind,
    knob::{self, STEPS, between},
};
use crate::{
    event::{Cue, CueKind, Lane, Stage, Target, Terms},
    level::{TrialBody, check::Complaints},
    time::Nanos,
};

/// The goal SD as a share of the interval (drills.md).
const GOAL_SHARE: f64 = 0.04;
/// Intervals that people can follow by ear with one finger, ms (skill.md §5.1).
const IOI_MS: (f64, f64) = (250.0, 1800.0);
/// What the count-in lasts at least, ms ◇: sound is scheduled ahead and a step of difficulty acts 1 s ahead
/// (training.md §7); a shorter count-in would have to be cut.
const COUNT_IN_MS: f64 = 1000.0;

/// A phrase of even beats.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SteadyBeat {
    /// From one beat to the next, ms.
    pub ioi_ms: f64,
    /// Targets in a phrase.
    pub beats: u32,
    /// Beats heard before the first target.
    #[serde(default = "four")]
    pub count_in: u32,
    /// Every how many beats one is accented, from the first.
    #[serde(default = "four")]
    pub accent_every: u32,
    /// Which beats are heard.
    #[serde(default)]
    pub sound: Sound,
    /// Turned in this order when the tolerance has reached the goal SD.
    #[serde(default)]
    pub knobs: Vec<Knob>,
}

/// Which beats of a phrase are heard. Each is harder than the one before.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Sound {
    /// Every beat.
    #[default]
    Full,
    /// The accents only.
    Sparse,
    /// None after the count-in.
    Silent,
}

/// One knob of the steady beat.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub enum Knob {
    /// The interval moves to `to_ms` in equal steps; shorter and longer are both harder, away from about 600 ms.
    Ioi { to_ms: f64, steps: u32 },
    /// The sound thins out, in one step.
    Sound(Sound),
}

fn four() -> u32 {
    4
}

impl knob::Knob<SteadyBeat> for Knob {
    fn steps(&self) -> u32 {
        match self {
            Self::Ioi { steps, .. } => *steps,
            Self::Sound(_) => 1,
        }
    }

    fn turn(&self, drill: &mut SteadyBeat, taken: u32) {
        match *self {
            Self::Ioi { to_ms, steps } => drill.ioi_ms = between(drill.ioi_ms, to_ms, taken, steps),
            Self::Sound(to) => drill.sound = to,
        }
    }

    fn check(&self, drill: &mut SteadyBeat, path: &str, complaints: &mut Complaints) {
        let SteadyBeat { ioi_ms, sound, .. } = *drill;
        match *self {
            Self::Ioi { to_ms, steps } => {
                complaints.within(&format!("{path}.to_ms"), to_ms, IOI_MS, "ms");
                complaints.count(&format!("{path}.steps"), steps, STEPS, "steps");
                if to_ms == ioi_ms {
                    complaints.say(
                        &format!("{path}.to_ms"),
                        format!("the interval is {ioi_ms} ms already; a knob leads to another one"),
                    );
                }
            }
            Self::Sound(to) if to <= sound => complaints.say(
                path,
                format!(
                    "the sound goes from {sound:?} to {to:?}, which is not harder; the order is Full, Sparse, Silent"
                ),
            ),
            Self::Sound(_) => {}
        }
    }
}

impl Kind for SteadyBeat {
    fn name(&self) -> &'static str {
        "steady beat"
    }

    fn check(&self, complaints: &mut Complaints) {
        complaints.within("drill.ioi_ms", self.ioi_ms, IOI_MS, "ms");
        complaints.count("drill.beats", self.beats, (1, 512), "beats");
        complaints.count("drill.count_in", self.count_in, (1, 16), "beats");
        complaints.count("drill.accent_every", self.accent_every, (1, 16), "beats");
        knob::check(self, &self.knobs, complaints);
        let interval = |knob: &Knob| match knob {
            Knob::Ioi { to_ms, .. } => *to_ms,
            Knob::Sound(_) => self.ioi_ms,
        };
        let shortest = self.knobs.iter().map(interval).fold(self.ioi_ms, f64::min);
        let lasts = f64::from(self.count_in) * shortest;
        if shortest >= IOI_MS.0 && lasts < COUNT_IN_MS {
            let least = libm::ceil(COUNT_IN_MS / shortest);
            complaints.say(
                "drill.count_in",
                format!(
                    "{} beats of {shortest} ms last {lasts} ms; a count-in lasts at least {COUNT_IN_MS} ms, here {least} beats",
                    self.count_in
                ),
            );
        }
    }

    fn interval(&self) -> Nanos {
        Nanos::from_ms(self.ioi_ms)
    }

    fn goal(&self) -> f64 {
        GOAL_SHARE * self.ioi_ms
    }

    fn steps(&self) -> u32 {
        knob::steps(&self.knobs)
    }

    fn turned(&self, steps: u32) -> Drill {
        knob::turned(self, &self.knobs, steps).into()
    }

    fn targets(&self) -> u32 {
        self.beats
    }

    fn plan(&self, _course: &mut Course<'_>) -> TrialBody {
        let ioi = self.interval();
        let first = self.count_in;
        let beat = |n: u32| Nanos(ioi.0 * i64::from(n));
        let count_in = (0..first).map(|n| {
            let left = u8::try_from(first - n).unwrap_or(u8::MAX);
            Cue { at: beat(n), kind: CueKind::CountIn { left }, heard: true, seen: true }
        });
        let beats = (0..self.beats).map(|n| {
            let accent = n % self.accent_every == 0;
            let heard = match self.sound {
                Sound::Full => true,
                Sound::Sparse => accent,
                Sound::Silent => false,
            };
            Cue { at: beat(first + n), kind: CueKind::Beat { accent }, heard, seen: true }
        });
        TrialBody {
            cues: count_in.chain(beats).collect(),
            targets: (0..self.beats).map(|n| Target::press(n, beat(first + n), Lane(0))).collect(),
            length: beat(first + self.beats),
            // ◇ Many people tap along with the count-in: a tap a little late with its last beat belongs to that beat. More
            // room than a tenth of the interval would swallow false starts.
            count_in_ends: beat(first - 1) + Nanos(ioi.0 / 10),
            interval: ioi,
            running: true,
            goal: None,
            terms: Terms::default(),
            stage: Stage::Bell { ioi },
        }
    }
}
