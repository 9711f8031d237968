//! Tempo step and ramp: the beat grows faster or slower, at a moment drawn by chance, and the player follows.
//!
//! Knobs: a larger change, another tempo.

use serde::{Deserialize, Serialize};

use super::{
    Course, Drill, Kind,
    knob::{self, Dial, Harder, knobs},
    lay::{CountIn, ROOM_AFTER, cue, one_of, presses, share},
};
use crate::{
    event::{CueKind, Stage, Terms},
    level::{TrialBody, check::Complaints},
    time::Nanos,
};

/// The goal SD as a share of the interval (drills.md).
const GOAL_SHARE: f64 = 0.05;
const IOI_MS: (f64, f64) = (300.0, 1500.0);
/// How much the tempo changes (drills.md), per cent of the interval.
const PERCENT: (f64, f64) = (1.0, 15.0);

/// A phrase whose tempo changes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tempo {
    /// From one beat to the next at first, ms.
    pub ioi_ms: f64,
    /// Targets in a phrase.
    pub beats: u32,
    /// By how much the interval changes, per cent; longer or shorter by chance.
    pub percent: f64,
    /// Over how many beats it changes: 1 is a step, more a ramp.
    #[serde(default = "one")]
    pub over: u32,
    /// The change begins after so many beats at the earliest, and so many at the latest.
    #[serde(default = "after")]
    pub after: (u32, u32),
    /// Turned in this order when the tolerance has reached the goal SD.
    #[serde(default)]
    pub knobs: Vec<Knob>,
}

knobs! { Tempo {
    /// A larger change, per cent.
    Percent(drill) => Dial::new(&mut drill.percent, PERCENT, "per cent", Harder::More),
    /// The first tempo moves, ms.
    Ioi(drill) => Dial::new(&mut drill.ioi_ms, IOI_MS, "ms", Harder::Either),
} }

fn one() -> u32 {
    1
}

fn after() -> (u32, u32) {
    (6, 10)
}

impl Kind for Tempo {
    fn name(&self) -> &'static str {
        "tempo step, ramp"
    }

    fn check(&self, complaints: &mut Complaints) {
        complaints.within("drill.ioi_ms", self.ioi_ms, IOI_MS, "ms");
        complaints.within("drill.percent", self.percent, PERCENT, "per cent");
        complaints.count("drill.beats", self.beats, (8, 256), "beats");
        complaints.count("drill.over", self.over, (1, 64), "beats");
        let (least, most) = self.after;
        if least < 2 || least > most {
            complaints.say("drill.after", format!("({least}, {most}): give (from, to) with 2 ≤ from ≤ to"));
        } else if most.saturating_add(self.over) >= self.beats {
            complaints.say(
                "drill.after",
                format!("a change after {most} beats, over {}, does not end within {} beats", self.over, self.beats),
            );
        }
        knob::check(self, &self.knobs, complaints);
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

    fn plan(&self, course: &mut Course<'_>) -> TrialBody {
        let ioi = self.interval();
        let CountIn { mut cues, first, ends } = CountIn::at(ioi);
        let (least, most) = self.after;
        let changes = least + one_of(course.draw(), (most.saturating_sub(least) + 1) as usize) as u32;
        let by = if course.draw() < 0.5 { -self.percent } else { self.percent } / 100.0;
        let mut due = vec![first];
        for n in 1..self.beats {
            let done = f64::from((n + 1).saturating_sub(changes).min(self.over)) / f64::from(self.over.max(1));
            due.push(due[due.len() - 1] + share(ioi, 1.0 + by * done));
        }
        for (n, at) in due.iter().enumerate() {
            cues.push(cue(*at, CueKind::Beat { accent: n.is_multiple_of(4) }, true));
        }
        TrialBody {
            cues,
            targets: presses(&due),
            length: due[due.len() - 1] + ROOM_AFTER.max(ioi),
            count_in_ends: ends,
            interval: ioi,
            running: true,
            stage: Stage::Bell { ioi },
            goal: None,
            terms: Terms::default(),
        }
    }
}
