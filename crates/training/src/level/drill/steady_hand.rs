//! Steady hand: a stick is kept inside a path that winds and moves in time.
//!
//! At each gate the error is the largest excursion past the nearer edge since the gate before, in per cent of the width.
//! Knobs: a narrower path, a faster one, one that winds more.

use serde::{Deserialize, Serialize};

use super::{
    Course, Drill, Kind,
    knob::{self, Dial, Harder, knobs},
    lay::{self, COUNT_IN, ROOM_AFTER, cue, get_ready, times},
};
use crate::{
    event::{CueKind, ErrorUnit, Lane, PathPoint, Role, Stage, Target, Terms},
    level::{TrialBody, check::Complaints},
    time::Nanos,
};

/// The goal SD, per cent of the width (drills.md).
const GOAL_PERCENT: f64 = 10.0;
const WIDTH: (f64, f64) = (0.1, 1.0);
const GATE_MS: (f64, f64) = (250.0, 2000.0);
const WIND: (f64, f64) = (0.0, 1.0);
/// The path is straight, in the middle and wide for so long at first.
const STRAIGHT: Nanos = Nanos::ms(1_500);

/// A path between two edges.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SteadyHand {
    /// From edge to edge; the stick's whole travel is 2.
    pub width: f64,
    /// From gate to gate, ms.
    pub gate_ms: f64,
    /// Gates in a trial.
    pub gates: u32,
    /// How far the path winds from gate to gate at most, of the stick's travel to one side.
    #[serde(default = "half")]
    pub wind: f64,
    /// Turned in this order when the tolerance has reached the goal SD.
    #[serde(default)]
    pub knobs: Vec<Knob>,
}

knobs! { SteadyHand {
    /// A narrower path.
    Width(drill) => Dial::new(&mut drill.width, WIDTH, "of the travel", Harder::Less),
    /// A faster path: gates closer together, ms.
    Gate(drill) => Dial::new(&mut drill.gate_ms, GATE_MS, "ms", Harder::Less),
    /// A path that winds more.
    Wind(drill) => Dial::new(&mut drill.wind, WIND, "of the travel", Harder::More),
} }

fn half() -> f64 {
    0.5
}

impl Kind for SteadyHand {
    fn name(&self) -> &'static str {
        "steady hand"
    }

    fn check(&self, complaints: &mut Complaints) {
        complaints.within("drill.width", self.width, WIDTH, "of the travel");
        complaints.within("drill.gate_ms", self.gate_ms, GATE_MS, "ms");
        complaints.within("drill.wind", self.wind, WIND, "of the travel");
        complaints.count("drill.gates", self.gates, (2, 128), "gates");
        knob::check(self, &self.knobs, complaints);
    }

    /// It asks for a stick, not for keys.
    fn lanes(&self) -> u8 {
        0
    }

    fn interval(&self) -> Nanos {
        Nanos::from_ms(self.gate_ms)
    }

    fn goal(&self) -> f64 {
        GOAL_PERCENT
    }

    fn unit(&self) -> ErrorUnit {
        ErrorUnit::Percent
    }

    fn steps(&self) -> u32 {
        knob::steps(&self.knobs)
    }

    fn turned(&self, steps: u32) -> Drill {
        knob::turned(self, &self.knobs, steps).into()
    }

    fn targets(&self) -> u32 {
        self.gates
    }

    fn plan(&self, course: &mut Course<'_>) -> TrialBody {
        let gap = self.interval();
        let at = |n: u32| STRAIGHT + times(gap, n + 1);
        let point = |at: Nanos, centre: f64, width: f64| PathPoint { at, centre, width };
        let mut path = vec![point(Nanos::ZERO, 0.0, 1.0), point(STRAIGHT, 0.0, self.width.max(0.5))];
        // the whole path stays within the stick's travel
        let furthest = 1.0 - self.width / 2.0;
        let (mut centre, mut side) = (0.0, if course.draw() < 0.5 { -1.0 } else { 1.0 });
        let (mut cues, mut targets) = (vec![get_ready()], Vec::new());
        for n in 0..self.gates {
            // it winds by at least half of what it may, so that no gate comes for nothing
            let by = self.wind * lay::between(course.draw(), (0.5, 1.0));
            let there: f64 = centre + side * by;
            centre = if there.abs() > furthest { centre - side * by } else { there };
            centre = centre.clamp(-furthest, furthest);
            side = if course.draw() < 0.5 { -1.0 } else { 1.0 };
            path.push(point(at(n), centre, self.width));
            cues.push(cue(at(n), CueKind::PathGate, true));
            targets.push(Target { role: Role::Gate, ..Target::press(n, at(n), Lane(0)) });
        }
        let last = at(self.gates - 1);
        TrialBody {
            cues,
            targets,
            length: last + ROOM_AFTER,
            count_in_ends: COUNT_IN,
            interval: gap,
            running: true,
            stage: Stage::Path,
            goal: None,
            terms: Terms { path, ..Terms::default() },
        }
    }
}
