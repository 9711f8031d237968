//! Go and stop: a press as fast as can be after a signal, unless another signal says no.
//!
//! Only what is slower than the player's usual reaction is an error. The stop signal's delay follows a staircase of its
//! own. Knob: more stop trials.

use serde::{Deserialize, Serialize};

use super::{
    Course, Drill, Kind,
    knob::{self, Dial, Harder, knobs},
    lay::{self, DISCRETE, ROOM_AFTER, cue, get_ready},
};
use crate::{
    event::{Amplify, CueKind, Lane, Role, Stage, Target, Terms},
    level::{TrialBody, check::Complaints},
    time::Nanos,
};

/// The goal SD of reactions, ms (drills.md).
const GOAL_MS: f64 = 60.0;
/// A response sooner than this after the signal was no response to it (drills.md).
pub(super) const FASTEST: Nanos = Nanos::ms(100);
/// No signal waits longer than this for a response ◇, however slow its player usually is.
pub(super) const SLOWEST: Nanos = Nanos::ms(800);
const STOPS: (f64, f64) = (0.0, 0.5);
const WAIT_MS: (f64, f64) = (1000.0, 6000.0);

/// A signal to go, and now and then one to stop.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GoStop {
    /// From the get-ready to the signal, ms: a uniform draw between the two.
    #[serde(default = "wait")]
    pub wait_ms: (f64, f64),
    /// The share of trials with a signal to stop.
    #[serde(default = "quarter")]
    pub stops: f64,
    /// Turned in this order when the tolerance has reached the goal SD.
    #[serde(default)]
    pub knobs: Vec<Knob>,
}

knobs! { GoStop {
    /// A larger share of stop trials.
    Stops(drill) => Dial::new(&mut drill.stops, STOPS, "of trials", Harder::More),
} }

fn wait() -> (f64, f64) {
    (1200.0, 2400.0)
}

fn quarter() -> f64 {
    0.25
}

impl Kind for GoStop {
    fn name(&self) -> &'static str {
        "go / stop"
    }

    fn check(&self, complaints: &mut Complaints) {
        let (least, most) = self.wait_ms;
        complaints.within("drill.wait_ms", least, WAIT_MS, "ms");
        complaints.within("drill.wait_ms", most, WAIT_MS, "ms");
        if least > most {
            complaints.say("drill.wait_ms", format!("({least}, {most}): give (from, to) with from ≤ to"));
        }
        complaints.within("drill.stops", self.stops, STOPS, "of trials");
        knob::check(self, &self.knobs, complaints);
    }

    fn interval(&self) -> Nanos {
        DISCRETE
    }

    fn goal(&self) -> f64 {
        GOAL_MS
    }

    fn amplify(&self) -> Amplify {
        Amplify::Late
    }

    fn steps(&self) -> u32 {
        knob::steps(&self.knobs)
    }

    fn turned(&self, steps: u32) -> Drill {
        knob::turned(self, &self.knobs, steps).into()
    }

    fn targets(&self) -> u32 {
        1
    }

    fn plan(&self, course: &mut Course<'_>) -> TrialBody {
        let onset = Nanos::from_ms(lay::between(course.draw(), self.wait_ms));
        let stop = course.draw() < self.stops;
        let due = onset + course.reaction.max(FASTEST).min(SLOWEST);
        let mut cues = vec![get_ready(), cue(onset, CueKind::Go { lane: Lane(0) }, true)];
        let delay = course.stop_delay;
        if stop {
            cues.push(cue(onset + delay, CueKind::Stop, true));
        }
        TrialBody {
            cues,
            targets: vec![Target {
                stop,
                role: Role::React { onset, least: FASTEST },
                ..Target::press(0, due, Lane(0))
            }],
            length: due + ROOM_AFTER,
            // a press after the get-ready and before the signal is a false start
            count_in_ends: Nanos::ms(300),
            interval: DISCRETE,
            running: false,
            stage: Stage::Signal { onset, stop: stop.then_some(delay) },
            goal: None,
            terms: Terms::default(),
        }
    }
}
