//! The interception: a ball rolls towards a gate and the player presses as it gets there.
//!
//! The launch is put off by a random time and every ball has its own speed, so that neither the get-ready nor the
//! launch alone tells the moment of contact: it has to be seen. Knobs: the ball is seen for a shorter time, and is
//! hidden for longer before the gate.

use serde::{Deserialize, Serialize};

use super::{
    Course, Drill, Kind,
    knob::{self, STEPS, between},
};
use crate::{
    event::{Cue, CueKind, Lane, Stage, Target, Terms},
    level::{TrialBody, check::Complaints, window},
    time::Nanos,
};

/// The goal SD, ms (drills.md).
const GOAL_MS: f64 = 30.0;
/// The interval of a discrete trial at most, ms (training.md §1): the one at which the matching window is its widest.
const DISCRETE_INTERVAL_MS: f64 = 625.0;
/// Room after the last contact, ms ◇: a target is given up at most 312.5 ms after it, and the short form of the
/// feedback lasts 250 ms.
const ROOM_AFTER_MS: f64 = 800.0;

/// For how long a ball is seen, and for how long it is hidden, ms.
const VISIBLE_MS: (f64, f64) = (200.0, 4000.0);
const OCCLUDED_MS: (f64, f64) = (0.0, 1500.0);

/// A ball, or a series of them, towards the gate.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Interception {
    /// From the get-ready to the earliest launch, ms.
    #[serde(default = "get_ready")]
    pub get_ready_ms: f64,
    /// The launch is put off by a uniform draw between 0 and this, ms.
    #[serde(default = "launch_jitter")]
    pub launch_jitter_ms: f64,
    /// For how long the ball is seen, ms.
    pub visible_ms: f64,
    /// For how long it is hidden before it reaches the gate, ms.
    #[serde(default)]
    pub occluded_ms: f64,
    /// How much the time that the ball is seen differs from trial to trial: a uniform draw of ± this share.
    #[serde(default = "vary")]
    pub vary: f64,
    /// Several balls in one trial; absent: one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub series: Option<Series>,
    /// Turned in this order when the tolerance has reached the goal SD.
    #[serde(default)]
    pub knobs: Vec<Knob>,
}

/// Balls that follow each other within one trial.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Series {
    /// How many.
    pub balls: u32,
    /// From one contact to the next, ms.
    pub gap_ms: f64,
}

/// One knob of the interception.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub enum Knob {
    /// The ball is seen for less time, down to `to_ms` in equal steps.
    Visible { to_ms: f64, steps: u32 },
    /// It is hidden for longer, up to `to_ms` in equal steps.
    Occluded { to_ms: f64, steps: u32 },
}

fn get_ready() -> f64 {
    1000.0
}

fn launch_jitter() -> f64 {
    600.0
}

fn vary() -> f64 {
    0.15
}

impl Interception {
    fn balls(&self) -> u32 {
        self.series.map_or(1, |series| series.balls)
    }
}

impl knob::Knob<Interception> for Knob {
    fn steps(&self) -> u32 {
        match self {
            Self::Visible { steps, .. } | Self::Occluded { steps, .. } => *steps,
        }
    }

    fn turn(&self, drill: &mut Interception, taken: u32) {
        match *self {
            Self::Visible { to_ms, steps } => drill.visible_ms = between(drill.visible_ms, to_ms, taken, steps),
            Self::Occluded { to_ms, steps } => drill.occluded_ms = between(drill.occluded_ms, to_ms, taken, steps),
        }
    }

    fn check(&self, drill: &mut Interception, path: &str, complaints: &mut Complaints) {
        let Interception { visible_ms, occluded_ms, .. } = *drill;
        let field = format!("{path}.to_ms");
        match *self {
            Self::Visible { to_ms, .. } => {
                complaints.within(&field, to_ms, VISIBLE_MS, "ms");
                if to_ms >= visible_ms {
                    complaints
                        .say(&field, format!("{to_ms} ms is not harder than the {visible_ms} ms before it; give less"));
                }
            }
            Self::Occluded { to_ms, .. } => {
                complaints.within(&field, to_ms, OCCLUDED_MS, "ms");
                if to_ms <= occluded_ms {
                    complaints.say(
                        &field,
                        format!("{to_ms} ms is not harder than the {occluded_ms} ms before it; give more"),
                    );
                }
            }
        }
        complaints.count(&format!("{path}.steps"), knob::Knob::steps(self), STEPS, "steps");
    }
}

impl Kind for Interception {
    fn name(&self) -> &'static str {
        "interception"
    }

    fn check(&self, complaints: &mut Complaints) {
        complaints.within("drill.get_ready_ms", self.get_ready_ms, (800.0, 5000.0), "ms");
        complaints.within("drill.launch_jitter_ms", self.launch_jitter_ms, (0.0, 3000.0), "ms");
        complaints.within("drill.visible_ms", self.visible_ms, VISIBLE_MS, "ms");
        complaints.within("drill.occluded_ms", self.occluded_ms, OCCLUDED_MS, "ms");
        complaints.within("drill.vary", self.vary, (0.0, 0.5), "of the time seen");
        if let Some(series) = self.series {
            complaints.count("drill.series.balls", series.balls, (2, 64), "balls");
            complaints.within("drill.series.gap_ms", series.gap_ms, (400.0, 5000.0), "ms");
        }
        knob::check(self, &self.knobs, complaints);
    }

    fn interval(&self) -> Nanos {
        Nanos::from_ms(self.series.map_or(DISCRETE_INTERVAL_MS, |series| series.gap_ms.min(DISCRETE_INTERVAL_MS)))
    }

    fn goal(&self) -> f64 {
        GOAL_MS
    }

    fn steps(&self) -> u32 {
        knob::steps(&self.knobs)
    }

    fn turned(&self, steps: u32) -> Drill {
        knob::turned(self, &self.knobs, steps).into()
    }

    fn targets(&self) -> u32 {
        self.balls()
    }

    fn plan(&self, course: &mut Course<'_>) -> TrialBody {
        let launch = Nanos::from_ms(self.get_ready_ms + self.launch_jitter_ms * course.draw());
        let visible = Nanos::from_ms(self.visible_ms * (1.0 + self.vary * (2.0 * course.draw() - 1.0)));
        let occluded = Nanos::from_ms(self.occluded_ms);
        let gap = self.series.map_or(Nanos::ZERO, |series| Nanos::from_ms(series.gap_ms));
        let after = |n: u32| Nanos(gap.0 * i64::from(n));
        let contact = launch + visible + occluded;
        let ready = Cue { at: Nanos::ZERO, kind: CueKind::CountIn { left: 1 }, heard: true, seen: true };
        let launches =
            (0..self.balls()).map(|n| Cue { at: launch + after(n), kind: CueKind::Launch, heard: false, seen: true });
        TrialBody {
            cues: std::iter::once(ready).chain(launches).collect(),
            targets: (0..self.balls()).map(|n| Target::press(n, contact + after(n), Lane(0))).collect(),
            length: contact + after(self.balls() - 1) + Nanos::from_ms(ROOM_AFTER_MS),
            // no press that could belong to the first ball is the get-ready's, and both bounds are closed
            count_in_ends: launch.min(contact - window(self.interval()) - Nanos(1)),
            interval: self.interval(),
            running: self.balls() > 1,
            goal: None,
            terms: Terms::default(),
            stage: Stage::Gate { visible, occluded },
        }
    }
}
