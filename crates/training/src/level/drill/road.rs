//! Braking point and turn-in: a car comes up to a line, and the player brakes at the point from which it stops there;
//! where there is a bend, the player then turns in at its mark.
//!
//! Lane 0 brakes, lane 1 turns in. Knobs: more speed, less grip, the line in sight for less long.

use serde::{Deserialize, Serialize};

use super::{
    Course, Drill, Kind,
    knob::{self, Dial, Harder, knobs},
    lay::{self, DISCRETE, ROOM_AFTER, cue, get_ready},
};
use crate::{
    event::{CueKind, Lane, Stage, Target, Terms},
    level::{TrialBody, check::Complaints, window},
    time::Nanos,
};

/// The goal SD, ms (drills.md).
const GOAL_MS: f64 = 40.0;
const SPEED_KMH: (f64, f64) = (30.0, 300.0);
const GRIP: (f64, f64) = (0.2, 2.0);
const SIGHT_MS: (f64, f64) = (400.0, 5000.0);
const TURN_MS: (f64, f64) = (800.0, 5000.0);
/// Metres a second squared.
const GRAVITY: f64 = 9.81;
/// From the trial's zero to the earliest sight of the line, ms.
const READY_MS: f64 = 1000.0;
/// … and put off by a uniform draw up to this, ms ◇.
const JITTER_MS: f64 = 600.0;
/// The sight differs by this share from trial to trial ◇, so that counting from it does not help.
const VARY: f64 = 0.15;

/// A car, a line, and perhaps a bend.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Road {
    /// How fast the car comes, km/h.
    pub speed_kmh: f64,
    /// How hard the car brakes, in g.
    #[serde(default = "dry")]
    pub grip: f64,
    /// For how long the line is in sight before the braking point, ms.
    pub sight_ms: f64,
    /// From the braking point to the mark at which to turn in, ms; absent: there is no bend.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub turn_ms: Option<f64>,
    /// Turned in this order when the tolerance has reached the goal SD.
    #[serde(default)]
    pub knobs: Vec<Knob>,
}

knobs! { Road {
    /// More speed, km/h.
    Speed(drill) => Dial::new(&mut drill.speed_kmh, SPEED_KMH, "km/h", Harder::More),
    /// Less grip, g.
    Grip(drill) => Dial::new(&mut drill.grip, GRIP, "g", Harder::Less),
    /// The line in sight for less long, ms.
    Sight(drill) => Dial::new(&mut drill.sight_ms, SIGHT_MS, "ms", Harder::Less),
} }

fn dry() -> f64 {
    0.9
}

impl Kind for Road {
    fn name(&self) -> &'static str {
        "braking, turn-in"
    }

    fn check(&self, complaints: &mut Complaints) {
        complaints.within("drill.speed_kmh", self.speed_kmh, SPEED_KMH, "km/h");
        complaints.within("drill.grip", self.grip, GRIP, "g");
        complaints.within("drill.sight_ms", self.sight_ms, SIGHT_MS, "ms");
        if let Some(turn_ms) = self.turn_ms {
            complaints.within("drill.turn_ms", turn_ms, TURN_MS, "ms");
        }
        knob::check(self, &self.knobs, complaints);
    }

    fn lanes(&self) -> u8 {
        if self.turn_ms.is_some() { 2 } else { 1 }
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
        u32::from(self.lanes())
    }

    fn plan(&self, course: &mut Course<'_>) -> TrialBody {
        let seen = Nanos::from_ms(READY_MS + JITTER_MS * course.draw());
        let sight = Nanos::from_ms(self.sight_ms * (1.0 + lay::between(course.draw(), (-VARY, VARY))));
        let brake = seen + sight;
        let mut cues = vec![get_ready(), cue(seen, CueKind::Sign, true)];
        let mut targets = vec![Target::press(0, brake, Lane(0))];
        if let Some(turn_ms) = self.turn_ms {
            let turn = brake + Nanos::from_ms(turn_ms);
            // the bend is in sight for as long as the line was, or since the line was
            cues.push(cue((turn - sight).max(seen), CueKind::Sign, false));
            targets.push(Target::press(1, turn, Lane(1)));
        }
        cues.sort_by_key(|cue| cue.at);
        let last = targets[targets.len() - 1].at;
        TrialBody {
            cues,
            targets,
            length: last + ROOM_AFTER,
            // no press that could belong to the line is the get-ready's
            count_in_ends: seen.min(brake - window(DISCRETE) - Nanos(1)),
            interval: DISCRETE,
            running: self.turn_ms.is_some(),
            stage: Stage::Road {
                speed_mps: self.speed_kmh / 3.6,
                grip_mps2: self.grip * GRAVITY,
                sight,
                turn: self.turn_ms.is_some(),
            },
            goal: None,
            terms: Terms::default(),
        }
    }
}
