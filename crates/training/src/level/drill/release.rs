//! Release timing (a serve, a swing, a throw): the player takes hold and lets go at the right phase of a motion.
//!
//! Knobs: a faster swing, one that starts with more uncertainty. How small a target the throw has to hit is the
//! tolerance.

use serde::{Deserialize, Serialize};

use super::{
    Course, Drill, Kind,
    knob::{self, Dial, Harder, knobs},
    lay::{DISCRETE, ROOM_AFTER, cue, get_ready},
};
use crate::{
    event::{CueKind, Lane, Role, Stage, Target, Terms},
    level::{TrialBody, check::Complaints},
    time::Nanos,
};

/// The goal SD, ms (drills.md).
const GOAL_MS: f64 = 25.0;
const WAY_MS: (f64, f64) = (250.0, 3000.0);
const READY_MS: (f64, f64) = (1000.0, 5000.0);
const JITTER_MS: (f64, f64) = (0.0, 3000.0);

/// A motion with an ideal phase.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReleaseTiming {
    /// From the swing's beginning to its ideal phase, ms: the faster, the less.
    pub way_ms: f64,
    /// From the get-ready, at which to take hold, to the earliest beginning, ms.
    #[serde(default = "ready")]
    pub ready_ms: f64,
    /// The beginning is put off by a uniform draw between 0 and this, ms.
    #[serde(default = "jitter")]
    pub jitter_ms: f64,
    /// Turned in this order when the tolerance has reached the goal SD.
    #[serde(default)]
    pub knobs: Vec<Knob>,
}

knobs! { ReleaseTiming {
    /// A faster swing, ms.
    Way(drill) => Dial::new(&mut drill.way_ms, WAY_MS, "ms", Harder::Less),
    /// A beginning less certain, ms.
    Jitter(drill) => Dial::new(&mut drill.jitter_ms, JITTER_MS, "ms", Harder::More),
} }

fn ready() -> f64 {
    1500.0
}

fn jitter() -> f64 {
    500.0
}

impl Kind for ReleaseTiming {
    fn name(&self) -> &'static str {
        "release timing"
    }

    fn check(&self, complaints: &mut Complaints) {
        complaints.within("drill.way_ms", self.way_ms, WAY_MS, "ms");
        complaints.within("drill.ready_ms", self.ready_ms, READY_MS, "ms");
        complaints.within("drill.jitter_ms", self.jitter_ms, JITTER_MS, "ms");
        knob::check(self, &self.knobs, complaints);
    }

    fn interval(&self) -> Nanos {
        DISCRETE
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
        2
    }

    fn plan(&self, course: &mut Course<'_>) -> TrialBody {
        let from = Nanos::from_ms(self.ready_ms + self.jitter_ms * course.draw());
        let way = Nanos::from_ms(self.way_ms);
        let ideal = from + way;
        let hold = Nanos::from_ms(self.ready_ms / 2.0);
        TrialBody {
            cues: vec![get_ready(), cue(from, CueKind::Swing, true)],
            targets: vec![
                Target { role: Role::Begin, ..Target::press(0, hold, Lane(0)) },
                Target { role: Role::Release, ..Target::press(1, ideal, Lane(0)) },
            ],
            length: ideal + ROOM_AFTER,
            // whoever takes hold at the get-ready has taken hold
            count_in_ends: Nanos(-1),
            interval: DISCRETE,
            running: false,
            stage: Stage::Swing { from, way },
            goal: None,
            terms: Terms::default(),
        }
    }
}
