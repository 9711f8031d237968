//! Hold and release: a duration is shown, and the player holds a key for as long.
//!
//! The press begins it whenever the player likes; letting go is due the duration later. Knobs: a longer duration,
//! distractors.

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

/// The goal SD as a share of the duration, and at least, ms (drills.md).
const GOAL_SHARE: f64 = 0.08;
const GOAL_LEAST_MS: f64 = 25.0;
const DURATION_MS: (f64, f64) = (200.0, 5000.0);
const VARY: (f64, f64) = (0.0, 0.5);
const DISTRACTORS: (u32, u32) = (0, 6);
/// From the trial's zero to the shown duration's beginning, ms.
const READY: Nanos = Nanos::ms(1_000);
/// From its end to the player's turn ◇.
const PAUSE: Nanos = Nanos::ms(600);
/// So many durations are left for holding ◇, and [`LEISURE`] besides.
const TURN: f64 = 2.0;
const LEISURE: Nanos = Nanos::ms(1_500);

/// A duration to hold.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Hold {
    /// The duration in the mean, ms.
    pub duration_ms: f64,
    /// How much it differs from trial to trial: a uniform draw of ± this share.
    #[serde(default = "fifth")]
    pub vary: f64,
    /// Sounds and lights that mean nothing, while it is held.
    #[serde(default)]
    pub distractors: u32,
    /// Turned in this order when the tolerance has reached the goal SD.
    #[serde(default)]
    pub knobs: Vec<Knob>,
}

knobs! { Hold {
    /// Another duration, ms.
    Duration(drill) => Dial::new(&mut drill.duration_ms, DURATION_MS, "ms", Harder::Either),
    /// More distractors.
    Distractors(drill) => Dial::count(&mut drill.distractors, DISTRACTORS, "distractors", Harder::More),
    /// The duration differs more from trial to trial.
    Vary(drill) => Dial::new(&mut drill.vary, VARY, "of the duration", Harder::More),
} }

fn fifth() -> f64 {
    0.2
}

fn goal_ms(duration_ms: f64) -> f64 {
    (GOAL_SHARE * duration_ms).max(GOAL_LEAST_MS)
}

impl Kind for Hold {
    fn name(&self) -> &'static str {
        "hold and release"
    }

    fn check(&self, complaints: &mut Complaints) {
        complaints.within("drill.duration_ms", self.duration_ms, DURATION_MS, "ms");
        complaints.within("drill.vary", self.vary, VARY, "of the duration");
        complaints.count("drill.distractors", self.distractors, DISTRACTORS, "distractors");
        knob::check(self, &self.knobs, complaints);
    }

    fn interval(&self) -> Nanos {
        Nanos::from_ms(self.duration_ms)
    }

    fn goal(&self) -> f64 {
        goal_ms(self.duration_ms)
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
        let due = share(self.interval(), 1.0 + lay::between(course.draw(), (-self.vary, self.vary)));
        let turn = READY + due + PAUSE;
        let begin = turn + Nanos::ms(500);
        let mut cues = vec![
            get_ready(),
            cue(READY, CueKind::IntervalBegins, true),
            cue(READY + due, CueKind::IntervalEnds, true),
            cue(turn, CueKind::YourTurn, true),
        ];
        for _ in 0..self.distractors {
            cues.push(cue(begin + share(due, course.draw()), CueKind::Distractor, true));
        }
        cues.sort_by_key(|cue| cue.at);
        TrialBody {
            cues,
            targets: vec![
                Target { role: Role::Begin, ..Target::press(0, begin, Lane(0)) },
                Target { role: Role::ReleaseAfter { after: due }, ..Target::press(1, begin + due, Lane(0)) },
            ],
            length: turn + LEISURE + share(due, TURN) + ROOM_AFTER,
            count_in_ends: turn - Nanos(1),
            interval: due,
            running: false,
            stage: Stage::Hold { due },
            goal: Some(goal_ms(due.as_ms())),
            terms: Terms::default(),
        }
    }
}
