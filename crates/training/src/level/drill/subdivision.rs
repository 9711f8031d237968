//! Subdivision: the beat is heard, and the player taps several times to a beat.
//!
//! Knobs: more taps to a beat, a faster beat. Below a sub-interval of 250 ms subdividing costs more than it gains
//! (skill.md §1, Repp 2003), so no rung goes there.

use serde::{Deserialize, Serialize};

use super::{
    Course, Drill, Kind,
    knob::{self, Dial, Harder, knobs},
    lay::{CountIn, cue, presses, times},
};
use crate::{
    event::{CueKind, Stage, Terms},
    level::{TrialBody, check::Complaints},
    time::Nanos,
};

/// The goal SD as a share of the sub-interval (drills.md).
const GOAL_SHARE: f64 = 0.045;
const BEAT_MS: (f64, f64) = (500.0, 3000.0);
const DIVISIONS: (u32, u32) = (2, 4);
/// The shortest sub-interval, ms (drills.md).
const SUB_MS: f64 = 250.0;

/// Several taps to each of a phrase's beats.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Subdivision {
    /// From one beat to the next, ms.
    pub beat_ms: f64,
    /// Taps to a beat.
    pub divisions: u32,
    /// Beats in a phrase.
    pub beats: u32,
    /// Whether the steps between the beats are heard too.
    #[serde(default)]
    pub steps_heard: bool,
    /// Turned in this order when the tolerance has reached the goal SD.
    #[serde(default)]
    pub knobs: Vec<Knob>,
}

knobs! { Subdivision {
    /// More taps to a beat.
    Divisions(drill) => Dial::count(&mut drill.divisions, DIVISIONS, "taps", Harder::More),
    /// The beat moves, ms.
    Beat(drill) => Dial::new(&mut drill.beat_ms, BEAT_MS, "ms", Harder::Either),
} }

impl Kind for Subdivision {
    fn name(&self) -> &'static str {
        "subdivision"
    }

    fn check(&self, complaints: &mut Complaints) {
        complaints.within("drill.beat_ms", self.beat_ms, BEAT_MS, "ms");
        complaints.count("drill.divisions", self.divisions, DIVISIONS, "taps");
        complaints.count("drill.beats", self.beats, (1, 128), "beats");
        knob::check_rungs(self, &self.knobs, complaints, |drill| {
            let sub_ms = drill.beat_ms / f64::from(drill.divisions.max(1));
            (sub_ms < SUB_MS).then(|| {
                let (beat, n) = (drill.beat_ms, drill.divisions);
                (
                    "drill.beat_ms",
                    format!("{n} taps to a beat of {beat} ms are {sub_ms} ms apart; give at least {SUB_MS} ms"),
                )
            })
        });
    }

    fn interval(&self) -> Nanos {
        Nanos::from_ms(self.beat_ms / f64::from(self.divisions.max(1)))
    }

    fn goal(&self) -> f64 {
        GOAL_SHARE * self.interval().as_ms()
    }

    fn steps(&self) -> u32 {
        knob::steps(&self.knobs)
    }

    fn turned(&self, steps: u32) -> Drill {
        knob::turned(self, &self.knobs, steps).into()
    }

    fn targets(&self) -> u32 {
        self.beats * self.divisions
    }

    fn plan(&self, _course: &mut Course<'_>) -> TrialBody {
        let (beat, step) = (Nanos::from_ms(self.beat_ms), self.interval());
        let CountIn { mut cues, first, ends } = CountIn::at(beat);
        let mut due = Vec::new();
        for n in 0..self.targets() {
            // from its own beat, so that rounding never adds up
            let (of_beat, within) = (n / self.divisions.max(1), n % self.divisions.max(1));
            let at = first + times(beat, of_beat) + times(step, within);
            let (kind, heard) = if within == 0 {
                (CueKind::Beat { accent: of_beat.is_multiple_of(4) }, true)
            } else {
                (CueKind::Subdivision, self.steps_heard)
            };
            cues.push(cue(at, kind, heard));
            due.push(at);
        }
        TrialBody {
            cues,
            targets: presses(&due),
            length: first + times(beat, self.beats),
            count_in_ends: ends,
            interval: step,
            running: true,
            stage: Stage::Grid { beat, divisions: self.divisions as u8 },
            goal: None,
            terms: Terms::default(),
        }
    }
}
