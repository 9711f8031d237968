//! Interval reproduction: an interval is shown, and the player gives it back with two presses.
//!
//! The first press begins it whenever the player likes; the second is due the shown interval later. Knobs: a longer
//! mean, a wider range.

use serde::{Deserialize, Serialize};

use super::{
    Course, Drill, Kind,
    knob::{self, Dial, Harder, knobs},
    lay::{self, ROOM_AFTER, cue, get_ready, share},
};
use crate::{
    event::{CueKind, Lane, Role, Stage, Target, Terms},
    level::{TrialBody, check::Complaints},
    time::Nanos,
};

/// The goal SD as a share of the shown interval (drills.md).
const GOAL_SHARE: f64 = 0.08;
const MEAN_MS: (f64, f64) = (300.0, 3000.0);
const RANGE: (f64, f64) = (0.0, 0.5);
/// From the trial's zero to the interval's beginning, ms.
const READY: Nanos = Nanos::ms(1_000);
/// From its end to the player's turn ◇: long enough for the shown interval not to be one more beat.
const PAUSE: Nanos = Nanos::ms(700);
/// So many shown intervals are left for giving one back ◇, and [`LEISURE`] besides.
const TURN: f64 = 2.0;
const LEISURE: Nanos = Nanos::ms(1_500);

/// An interval to give back.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct IntervalReproduction {
    /// The middle of the range of intervals, ms.
    pub mean_ms: f64,
    /// How far the range reaches to either side, as a share of the middle.
    #[serde(default = "third")]
    pub range: f64,
    /// Turned in this order when the tolerance has reached the goal SD.
    #[serde(default)]
    pub knobs: Vec<Knob>,
}

knobs! { IntervalReproduction {
    /// Longer intervals, ms.
    Mean(drill) => Dial::new(&mut drill.mean_ms, MEAN_MS, "ms", Harder::Either),
    /// A wider range.
    Range(drill) => Dial::new(&mut drill.range, RANGE, "of the middle", Harder::More),
} }

fn third() -> f64 {
    0.25
}

impl Kind for IntervalReproduction {
    fn name(&self) -> &'static str {
        "interval reproduction"
    }

    fn check(&self, complaints: &mut Complaints) {
        complaints.within("drill.mean_ms", self.mean_ms, MEAN_MS, "ms");
        complaints.within("drill.range", self.range, RANGE, "of the middle");
        knob::check(self, &self.knobs, complaints);
    }

    fn interval(&self) -> Nanos {
        Nanos::from_ms(self.mean_ms)
    }

    fn goal(&self) -> f64 {
        GOAL_SHARE * self.mean_ms
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
        let shown = share(self.interval(), 1.0 + lay::between(course.draw(), (-self.range, self.range)));
        let reply = READY + shown + PAUSE;
        let begin = reply + LEISURE.min(shown);
        TrialBody {
            cues: vec![
                get_ready(),
                cue(READY, CueKind::IntervalBegins, true),
                cue(READY + shown, CueKind::IntervalEnds, true),
                cue(reply, CueKind::YourTurn, true),
            ],
            targets: vec![
                Target { role: Role::Begin, ..Target::press(0, begin, Lane(0)) },
                Target { role: Role::PressAfter { after: shown }, ..Target::press(1, begin + shown, Lane(0)) },
            ],
            length: reply + LEISURE + share(shown, TURN) + ROOM_AFTER,
            count_in_ends: reply - Nanos(1),
            interval: shown,
            running: false,
            stage: Stage::Interval { shown, reply },
            goal: Some(GOAL_SHARE * shown.as_ms()),
            terms: Terms::default(),
        }
    }
}
