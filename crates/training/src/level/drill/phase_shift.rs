//! Phase-shift recovery: now and then a beat comes early or late, all later ones with it, and the player finds back.
//!
//! The displaced beat itself cannot be foreseen: it is judged, and never amplified. Knob: a larger displacement.

use serde::{Deserialize, Serialize};

use super::{
    Course, Drill, Kind,
    knob::{self, Dial, Harder, knobs},
    lay::{CountIn, ROOM_AFTER, cue, one_of, presses},
};
use crate::{
    event::{CueKind, Stage, Terms},
    level::{TrialBody, check::Complaints},
    time::Nanos,
};

/// The goal SD as a share of the interval (drills.md).
const GOAL_SHARE: f64 = 0.05;
const IOI_MS: (f64, f64) = (300.0, 1500.0);
const SHIFT_MS: (f64, f64) = (5.0, 80.0);
/// The largest displacement as a share of the interval (drills.md).
const LARGEST_SHARE: f64 = 0.15;

/// A phrase with displaced beats.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PhaseShift {
    /// From one beat to the next, ms.
    pub ioi_ms: f64,
    /// Targets in a phrase.
    pub beats: u32,
    /// By how much a beat is displaced, ms; early or late by chance.
    pub shift_ms: f64,
    /// A displacement comes so many beats after the one before, at the least and at the most.
    #[serde(default = "every")]
    pub every: (u32, u32),
    /// Turned in this order when the tolerance has reached the goal SD.
    #[serde(default)]
    pub knobs: Vec<Knob>,
}

knobs! { PhaseShift {
    /// A larger displacement, ms.
    Shift(drill) => Dial::new(&mut drill.shift_ms, SHIFT_MS, "ms", Harder::More),
    /// The tempo moves, ms.
    Ioi(drill) => Dial::new(&mut drill.ioi_ms, IOI_MS, "ms", Harder::Either),
} }

fn every() -> (u32, u32) {
    (6, 10)
}

impl Kind for PhaseShift {
    fn name(&self) -> &'static str {
        "phase-shift recovery"
    }

    fn check(&self, complaints: &mut Complaints) {
        complaints.within("drill.ioi_ms", self.ioi_ms, IOI_MS, "ms");
        complaints.within("drill.shift_ms", self.shift_ms, SHIFT_MS, "ms");
        complaints.count("drill.beats", self.beats, (8, 256), "beats");
        let (least, most) = self.every;
        if !(4..=32).contains(&least) || !(least..=32).contains(&most) {
            complaints.say("drill.every", format!("({least}, {most}): give (from, to) with 4 ≤ from ≤ to ≤ 32"));
        } else if most >= self.beats {
            let beats = self.beats;
            complaints.say("drill.every", format!("no displacement is sure to come within {beats} beats; give less"));
        }
        knob::check_rungs(self, &self.knobs, complaints, |drill| {
            let most = LARGEST_SHARE * drill.ioi_ms;
            (drill.shift_ms > most).then(|| {
                let (shift, ioi) = (drill.shift_ms, drill.ioi_ms);
                ("drill.shift_ms", format!("{shift} ms are more than 0.15 of {ioi} ms; give at most {most} ms"))
            })
        });
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
        let (ioi, shift) = (self.interval(), Nanos::from_ms(self.shift_ms));
        let CountIn { mut cues, first, ends } = CountIn::at(ioi);
        let (least, most) = self.every;
        let wait = |course: &mut Course<'_>| least + one_of(course.draw(), (most - least + 1) as usize) as u32;
        let mut left = wait(course);
        let mut due = vec![first];
        let mut shifted = Vec::new();
        for n in 1..self.beats {
            let mut at = due[due.len() - 1] + ioi;
            left -= 1;
            if left == 0 {
                at = if course.draw() < 0.5 { at - shift } else { at + shift };
                shifted.push(n as usize);
                left = wait(course);
            }
            due.push(at);
        }
        for (n, at) in due.iter().enumerate() {
            cues.push(cue(*at, CueKind::Beat { accent: n.is_multiple_of(4) }, true));
        }
        let mut targets = presses(&due);
        for n in shifted {
            targets[n].plain = true;
        }
        TrialBody {
            cues,
            targets,
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
