//! Swing and rubato: a grid whose second half of the beat comes late, or whose beat breathes.
//!
//! Swing: the tap between two beats lies at a share of the beat, 50 % straight, 67 % a triplet. Rubato: the beat grows
//! longer and shorter over a bar of eight, as deep as the knob says. Knobs: more swing, deeper rubato, another tempo.

use serde::{Deserialize, Serialize};

use super::{
    Course, Drill, Kind,
    knob::{self, Dial, Harder, knobs},
    lay::{CountIn, ROOM_AFTER, cue, presses, share},
};
use crate::{
    event::{CueKind, Stage, Terms},
    level::{TrialBody, check::Complaints},
    time::Nanos,
};

/// The goal SD as a share of the beat (drills.md).
const GOAL_SHARE: f64 = 0.05;
const IOI_MS: (f64, f64) = (400.0, 2000.0);
const SWING: (f64, f64) = (50.0, 75.0);
const RUBATO: (f64, f64) = (0.0, 25.0);
/// Beats after which the breath begins anew.
const BREATH: u32 = 8;
/// Two taps are at least so far apart, ms ◇: the short note of a swung pair is one movement with the long one, so it may
/// be shorter than two beats may.
const LEAST_GAP_MS: f64 = 150.0;

/// A swung or breathing grid.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Swing {
    /// From one beat to the next, in the mean, ms.
    pub ioi_ms: f64,
    /// Beats in a phrase.
    pub beats: u32,
    /// Whether the player taps between the beats too.
    #[serde(default = "yes")]
    pub between: bool,
    /// Where the tap between two beats lies, per cent of the beat.
    #[serde(default = "straight")]
    pub swing_percent: f64,
    /// By how much the beat is longer and shorter than its mean, per cent.
    #[serde(default)]
    pub rubato_percent: f64,
    /// Whether the taps between the beats are heard.
    #[serde(default = "yes")]
    pub between_heard: bool,
    /// Turned in this order when the tolerance has reached the goal SD.
    #[serde(default)]
    pub knobs: Vec<Knob>,
}

knobs! { Swing {
    /// More swing, per cent.
    Swing(drill) => Dial::new(&mut drill.swing_percent, SWING, "per cent", Harder::More),
    /// A deeper rubato, per cent.
    Rubato(drill) => Dial::new(&mut drill.rubato_percent, RUBATO, "per cent", Harder::More),
    /// The tempo moves, ms.
    Ioi(drill) => Dial::new(&mut drill.ioi_ms, IOI_MS, "ms", Harder::Either),
} }

fn yes() -> bool {
    true
}

fn straight() -> f64 {
    50.0
}

impl Swing {
    /// The shortest way from tap to tap, ms.
    fn least_gap_ms(&self) -> f64 {
        let beat = self.ioi_ms * (1.0 - self.rubato_percent / 100.0);
        if self.between { beat * (1.0 - self.swing_percent / 100.0) } else { beat }
    }
}

impl Kind for Swing {
    fn name(&self) -> &'static str {
        "swing, rubato"
    }

    fn check(&self, complaints: &mut Complaints) {
        complaints.within("drill.ioi_ms", self.ioi_ms, IOI_MS, "ms");
        complaints.count("drill.beats", self.beats, (1, 128), "beats");
        complaints.within("drill.swing_percent", self.swing_percent, SWING, "per cent");
        complaints.within("drill.rubato_percent", self.rubato_percent, RUBATO, "per cent");
        knob::check_rungs(self, &self.knobs, complaints, |drill| {
            let gap_ms = drill.least_gap_ms();
            (gap_ms < LEAST_GAP_MS)
                .then(|| ("drill.ioi_ms", format!("taps are {gap_ms} ms apart; give at least {LEAST_GAP_MS} ms")))
        });
    }

    fn interval(&self) -> Nanos {
        Nanos::from_ms(self.least_gap_ms())
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
        if self.between { 2 * self.beats } else { self.beats }
    }

    fn plan(&self, _course: &mut Course<'_>) -> TrialBody {
        let (mean, interval) = (Nanos::from_ms(self.ioi_ms), self.interval());
        let CountIn { mut cues, first, ends } = CountIn::at(mean);
        let mut due = Vec::new();
        let mut at = first;
        for n in 0..self.beats {
            let breath = libm::sin(2.0 * std::f64::consts::PI * f64::from(n % BREATH) / f64::from(BREATH));
            let beat = share(mean, 1.0 + self.rubato_percent / 100.0 * breath);
            cues.push(cue(at, CueKind::Beat { accent: n.is_multiple_of(4) }, true));
            due.push(at);
            if self.between {
                let late = at + share(beat, self.swing_percent / 100.0);
                cues.push(cue(late, CueKind::Subdivision, self.between_heard));
                due.push(late);
            }
            at = at + beat;
        }
        TrialBody {
            cues,
            targets: presses(&due),
            length: at + ROOM_AFTER,
            count_in_ends: ends,
            interval,
            running: true,
            stage: Stage::Grid { beat: mean, divisions: if self.between { 2 } else { 1 } },
            goal: None,
            terms: Terms::default(),
        }
    }
}
