//! Synchronise, then continue: the beat is heard for a while, then the player goes on alone.
//!
//! In silence a press is due the paced interval after the press before, so that each error is one interval's. Their mean
//! over the phrase is drift: reported, not judged. Knobs: more taps in silence, another tempo.

use serde::{Deserialize, Serialize};

use super::{
    Course, Drill, Kind,
    knob::{self, Dial, Harder, knobs},
    lay::{CountIn, ROOM_AFTER, cue, share, times},
};
use crate::{
    event::{Amplify, CueKind, Lane, Role, Stage, Target, Terms},
    level::{TrialBody, check::Complaints},
    time::Nanos,
};

/// The goal SD as a share of the interval (drills.md).
const GOAL_SHARE: f64 = 0.045;
const IOI_MS: (f64, f64) = (300.0, 1800.0);
const SILENT: (u32, u32) = (4, 64);
/// Room for a tempo that has grown this much slower ◇: three times what people drift (skill.md §1).
const DRIFT_ROOM: f64 = 0.15;

/// A paced phrase that goes on in silence.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Continuation {
    /// From one beat to the next, ms.
    pub ioi_ms: f64,
    /// Taps with the beat.
    #[serde(default = "eight")]
    pub paced: u32,
    /// Taps in silence.
    pub silent: u32,
    /// Turned in this order when the tolerance has reached the goal SD.
    #[serde(default)]
    pub knobs: Vec<Knob>,
}

knobs! { Continuation {
    /// More taps in silence.
    Silent(drill) => Dial::count(&mut drill.silent, SILENT, "taps", Harder::More),
    /// The tempo moves, ms.
    Ioi(drill) => Dial::new(&mut drill.ioi_ms, IOI_MS, "ms", Harder::Either),
} }

fn eight() -> u32 {
    8
}

impl Kind for Continuation {
    fn name(&self) -> &'static str {
        "synchronise–continue"
    }

    fn check(&self, complaints: &mut Complaints) {
        complaints.within("drill.ioi_ms", self.ioi_ms, IOI_MS, "ms");
        complaints.count("drill.paced", self.paced, (2, 64), "taps");
        complaints.count("drill.silent", self.silent, SILENT, "taps");
        knob::check(self, &self.knobs, complaints);
    }

    fn interval(&self) -> Nanos {
        Nanos::from_ms(self.ioi_ms)
    }

    fn goal(&self) -> f64 {
        GOAL_SHARE * self.ioi_ms
    }

    fn amplify(&self) -> Amplify {
        Amplify::AtPhraseEnd
    }

    fn steps(&self) -> u32 {
        knob::steps(&self.knobs)
    }

    fn turned(&self, steps: u32) -> Drill {
        knob::turned(self, &self.knobs, steps).into()
    }

    fn targets(&self) -> u32 {
        self.paced + self.silent
    }

    fn plan(&self, _course: &mut Course<'_>) -> TrialBody {
        let ioi = self.interval();
        let CountIn { mut cues, first, ends } = CountIn::at(ioi);
        let at = |n: u32| first + times(ioi, n);
        cues.extend((0..self.paced).map(|n| cue(at(n), CueKind::Beat { accent: n.is_multiple_of(4) }, true)));
        let target = |n: u32| {
            let role = if n < self.paced { Role::Press } else { Role::PressAfter { after: ioi } };
            Target { role, ..Target::press(n, at(n), Lane(0)) }
        };
        TrialBody {
            cues,
            targets: (0..self.targets()).map(target).collect(),
            length: at(self.targets() - 1) + ROOM_AFTER.max(ioi) + share(times(ioi, self.silent), DRIFT_ROOM),
            count_in_ends: ends,
            interval: ioi,
            running: true,
            stage: Stage::Bell { ioi },
            goal: None,
            terms: Terms::default(),
        }
    }
}
