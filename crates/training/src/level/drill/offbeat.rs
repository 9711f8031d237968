//! Off-beat and syncopation: a figure of taps against a beat that is heard.
//!
//! Knobs: the next figure of the list, which the author gives from sparse to dense, a faster beat, fewer cues.

use serde::{Deserialize, Serialize};

use super::{
    Course, Drill, Kind,
    knob::{self, Dial, Harder, To},
    lay::{CountIn, ROOM_AFTER, check_figure, cue, presses, times},
    steady_beat::Sound,
};
use crate::{
    event::{CueKind, Stage, Terms},
    level::{TrialBody, check::Complaints, window},
    time::Nanos,
};

/// The goal SD as a share of the beat (drills.md).
const GOAL_SHARE: f64 = 0.05;
const IOI_MS: (f64, f64) = (300.0, 2000.0);
/// Two taps of a figure are at least so far apart, ms: as on the steady beat.
const LEAST_GAP_MS: f64 = 250.0;

/// A figure, over and over, against a beat.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OffBeat {
    /// From one beat to the next, ms.
    pub ioi_ms: f64,
    /// Steps to a beat: 2 for eighths, 3 for triplets, 4 for sixteenths.
    #[serde(default = "two")]
    pub divisions: u32,
    /// Figures of x (tap) and . (rest), a sign a step, whole beats each; from sparse to dense.
    pub figures: Vec<String>,
    /// Which of them is played, from 0.
    #[serde(default)]
    pub figure: u32,
    /// Beats in a phrase.
    pub beats: u32,
    /// Which beats are heard.
    #[serde(default)]
    pub sound: Sound,
    /// Turned in this order when the tolerance has reached the goal SD.
    #[serde(default)]
    pub knobs: Vec<Knob>,
}

/// One knob of the drill.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub enum Knob {
    /// A later figure of the list.
    Figure(To),
    /// The beat moves, ms.
    Ioi(To),
    /// Fewer beats are heard, in one step.
    Sound(Sound),
}

impl Knob {
    fn dial(self, drill: &mut OffBeat) -> Option<(Dial<'_>, To)> {
        let most = u32::try_from(drill.figures.len().saturating_sub(1)).unwrap_or(u32::MAX);
        match self {
            Self::Figure(to) => Some((Dial::count(&mut drill.figure, (0, most), "of the list", Harder::More), to)),
            Self::Ioi(to) => Some((Dial::new(&mut drill.ioi_ms, IOI_MS, "ms", Harder::Either), to)),
            Self::Sound(_) => None,
        }
    }
}

impl knob::Knob<OffBeat> for Knob {
    fn steps(&self) -> u32 {
        match self {
            Self::Figure(to) | Self::Ioi(to) => to.steps,
            Self::Sound(_) => 1,
        }
    }

    fn turn(&self, drill: &mut OffBeat, taken: u32) {
        if let Self::Sound(to) = *self {
            drill.sound = to;
        } else if let Some((dial, to)) = self.dial(drill) {
            dial.turn(to, taken);
        }
    }

    fn check(&self, drill: &mut OffBeat, path: &str, complaints: &mut Complaints) {
        let sound = drill.sound;
        match *self {
            Self::Sound(to) if to <= sound => complaints.say(
                path,
                format!(
                    "the sound goes from {sound:?} to {to:?}, which is not harder; the order is Full, Sparse, Silent"
                ),
            ),
            _ => {
                if let Some((dial, to)) = self.dial(drill) {
                    dial.check(to, path, complaints);
                }
            }
        }
    }
}

fn two() -> u32 {
    2
}

impl OffBeat {
    fn taps(&self) -> Vec<u32> {
        let figure: Vec<char> =
            self.figures.get(self.figure as usize).map(|figure| figure.chars().collect()).unwrap_or_default();
        let steps = self.beats.saturating_mul(self.divisions);
        let taps = |step: &u32| !figure.is_empty() && figure[*step as usize % figure.len()] == 'x';
        (0..steps).filter(taps).collect()
    }

    fn step_ms(&self) -> f64 {
        self.ioi_ms / f64::from(self.divisions.max(1))
    }

    /// The shortest way from tap to tap, ms.
    fn least_gap_ms(&self) -> f64 {
        let gap = self.taps().windows(2).map(|pair| pair[1] - pair[0]).min().unwrap_or(self.divisions);
        self.step_ms() * f64::from(gap)
    }
}

impl Kind for OffBeat {
    fn name(&self) -> &'static str {
        "off-beat, syncopation"
    }

    fn check(&self, complaints: &mut Complaints) {
        complaints.within("drill.ioi_ms", self.ioi_ms, IOI_MS, "ms");
        complaints.count("drill.divisions", self.divisions, (1, 6), "steps to a beat");
        complaints.count("drill.beats", self.beats, (1, 128), "beats");
        let figures = u32::try_from(self.figures.len()).unwrap_or(u32::MAX);
        complaints.count("drill.figures", figures, (1, 16), "figures");
        for (i, figure) in self.figures.iter().enumerate() {
            check_figure(complaints, &format!("drill.figures[{i}]"), figure, (self.divisions, "beats"));
        }
        if self.figure >= figures {
            complaints
                .say("drill.figure", format!("there is no figure {} among {figures}; they count from 0", self.figure));
        }
        knob::check_rungs(self, &self.knobs, complaints, |drill| {
            let gap_ms = drill.least_gap_ms();
            if drill.taps().is_empty() {
                Some(("drill.beats", format!("figure {} has no tap within {} beats", drill.figure, drill.beats)))
            } else if gap_ms < LEAST_GAP_MS {
                let message =
                    format!("taps of figure {} are {gap_ms} ms apart; give at least {LEAST_GAP_MS} ms", drill.figure);
                Some(("drill.ioi_ms", message))
            } else {
                None
            }
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
        u32::try_from(self.taps().len()).unwrap_or(u32::MAX)
    }

    fn plan(&self, _course: &mut Course<'_>) -> TrialBody {
        let (beat, interval) = (Nanos::from_ms(self.ioi_ms), self.interval());
        let step = Nanos::from_ms(self.step_ms());
        let CountIn { mut cues, first, ends } = CountIn::at(beat);
        let at = |n: u32| {
            let divisions = self.divisions.max(1);
            first + times(beat, n / divisions) + times(step, n % divisions)
        };
        let due: Vec<Nanos> = self.taps().into_iter().map(at).collect();
        for n in 0..self.beats {
            let accent = n.is_multiple_of(4);
            let heard = match self.sound {
                Sound::Full => true,
                Sound::Sparse => accent,
                Sound::Silent => false,
            };
            cues.push(cue(first + times(beat, n), CueKind::Beat { accent }, heard));
        }
        let begins = due.first().copied().unwrap_or(first);
        TrialBody {
            cues,
            targets: presses(&due),
            length: (first + times(beat, self.beats)).max(due.last().copied().unwrap_or(first) + ROOM_AFTER),
            count_in_ends: ends.min(begins - window(interval) - Nanos(1)),
            interval,
            running: true,
            stage: Stage::Grid { beat, divisions: self.divisions as u8 },
            goal: None,
            terms: Terms::default(),
        }
    }
}
