//! Polyrhythm: two hands, two streams: one stroke more in lane 0 than in lane 1 in the same time (3:2, 4:3, 5:4).
//!
//! Knobs: the next ratio, a faster tempo.

use serde::{Deserialize, Serialize};

use super::{
    Course, Drill, Kind,
    knob::{self, Dial, Harder, knobs},
    lay::{CountIn, ROOM_AFTER, cue, times},
};
use crate::{
    event::{CueKind, Lane, Stage, Target, Terms},
    level::{TrialBody, check::Complaints},
    time::Nanos,
};

/// The goal SD as a share of the faster interval (drills.md).
const GOAL_SHARE: f64 = 0.06;
const IOI_MS: (f64, f64) = (300.0, 1500.0);
const SLOW: (u32, u32) = (2, 4);

/// Two streams of even strokes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Polyrhythm {
    /// Strokes of the slower stream in a cycle; the faster has one more.
    pub slow: u32,
    /// From stroke to stroke in the faster stream, ms.
    pub ioi_ms: f64,
    /// Cycles in a phrase.
    pub cycles: u32,
    /// Turned in this order when the tolerance has reached the goal SD.
    #[serde(default)]
    pub knobs: Vec<Knob>,
}

knobs! { Polyrhythm {
    /// The next ratio: more strokes of the slower stream, and of the faster.
    Ratio(drill) => Dial::count(&mut drill.slow, SLOW, "strokes", Harder::More),
    /// The tempo moves, ms of the faster stream.
    Ioi(drill) => Dial::new(&mut drill.ioi_ms, IOI_MS, "ms", Harder::Either),
} }

impl Kind for Polyrhythm {
    fn name(&self) -> &'static str {
        "polyrhythm"
    }

    fn check(&self, complaints: &mut Complaints) {
        complaints.count("drill.slow", self.slow, SLOW, "strokes");
        complaints.within("drill.ioi_ms", self.ioi_ms, IOI_MS, "ms");
        complaints.count("drill.cycles", self.cycles, (1, 64), "cycles");
        knob::check(self, &self.knobs, complaints);
    }

    fn lanes(&self) -> u8 {
        2
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
        self.cycles * (2 * self.slow + 1)
    }

    fn plan(&self, _course: &mut Course<'_>) -> TrialBody {
        let (fast, slow) = (self.slow + 1, self.slow.max(1));
        let ioi = self.interval();
        let cycle = times(ioi, fast);
        let slow_ioi = Nanos::from_ms(self.ioi_ms * f64::from(fast) / f64::from(slow));
        // counted in at the slower stream's pace
        let CountIn { mut cues, first, ends } = CountIn::at(slow_ioi);
        let mut strokes = Vec::new();
        for n in 0..self.cycles {
            let begins = first + times(cycle, n);
            strokes.extend((0..fast).map(|k| (begins + times(ioi, k), Lane(0))));
            strokes.extend((0..slow).map(|k| (begins + times(slow_ioi, k), Lane(1))));
        }
        strokes.sort_unstable();
        cues.extend(strokes.iter().map(|(at, lane)| cue(*at, CueKind::Note { lane: *lane }, true)));
        let target = |(n, (at, lane)): (usize, &(Nanos, Lane))| Target::press(n as u32, *at, *lane);
        let length = first + times(cycle, self.cycles) + ROOM_AFTER;
        TrialBody {
            cues,
            targets: strokes.iter().enumerate().map(target).collect(),
            length,
            count_in_ends: ends,
            interval: ioi,
            running: true,
            stage: Stage::Streams { fast: fast as u8, slow: slow as u8, cycle },
            goal: None,
            terms: Terms::default(),
        }
    }
}
