//! Speech rhythm: the syllables of a phrase are tapped as they are spoken, stressed ones with the other key.
//!
//! Lane 0 taps what is unstressed, lane 1 what is stressed. Knobs: the next phrase of the list, which the author gives
//! from plain to intricate, a faster rate, no sound.

use serde::{Deserialize, Serialize};

use super::{
    Course, Drill, Kind,
    knob::{self, Dial, Harder, To},
    lay::{CountIn, ROOM_AFTER, cue, share},
};
use crate::{
    event::{CueKind, Lane, Stage, Target, Terms},
    level::{TrialBody, check::Complaints},
    time::Nanos,
};

/// The goal SD as a share of the syllable interval (drills.md).
const GOAL_SHARE: f64 = 0.06;
const SYLLABLE_MS: (f64, f64) = (250.0, 1000.0);
const STRETCH: (f64, f64) = (0.0, 1.0);
/// A rest of one unstressed syllable.
const REST: &str = "-";

/// A phrase, over and over.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Speech {
    /// Phrases as their syllables, stressed ones with an apostrophe before them: `["ba", "'na", "na"]`; `"-"` is a rest.
    /// From plain to intricate.
    pub phrases: Vec<Vec<String>>,
    /// Which of them is spoken, from 0.
    #[serde(default)]
    pub phrase: u32,
    /// How often it is spoken in a trial.
    pub rounds: u32,
    /// From an unstressed syllable to the next, ms.
    pub syllable_ms: f64,
    /// How much longer a stressed syllable is than the others, as a share.
    #[serde(default = "longer")]
    pub stretch: f64,
    /// Whether the syllables are heard after the first round.
    #[serde(default = "yes")]
    pub heard: bool,
    /// Turned in this order when the tolerance has reached the goal SD.
    #[serde(default)]
    pub knobs: Vec<Knob>,
}

/// One knob of the drill.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub enum Knob {
    /// A later phrase of the list.
    Phrase(To),
    /// A faster rate: a shorter syllable, ms.
    Syllable(To),
    /// Only the first round is heard, in one step.
    Unheard,
}

impl Knob {
    fn dial(self, drill: &mut Speech) -> Option<(Dial<'_>, To)> {
        let most = u32::try_from(drill.phrases.len().saturating_sub(1)).unwrap_or(u32::MAX);
        match self {
            Self::Phrase(to) => Some((Dial::count(&mut drill.phrase, (0, most), "of the list", Harder::More), to)),
            Self::Syllable(to) => Some((Dial::new(&mut drill.syllable_ms, SYLLABLE_MS, "ms", Harder::Less), to)),
            Self::Unheard => None,
        }
    }
}

impl knob::Knob<Speech> for Knob {
    fn steps(&self) -> u32 {
        match self {
            Self::Phrase(to) | Self::Syllable(to) => to.steps,
            Self::Unheard => 1,
        }
    }

    fn turn(&self, drill: &mut Speech, taken: u32) {
        match self.dial(drill) {
            Some((dial, to)) => dial.turn(to, taken),
            None => drill.heard = false,
        }
    }

    fn check(&self, drill: &mut Speech, path: &str, complaints: &mut Complaints) {
        if !drill.heard && *self == Self::Unheard {
            complaints.say(path, "nothing is heard already".to_owned());
        }
        if let Some((dial, to)) = self.dial(drill) {
            dial.check(to, path, complaints);
        }
    }
}

fn longer() -> f64 {
    0.25
}

fn yes() -> bool {
    true
}

impl Speech {
    fn syllables(&self) -> &[String] {
        self.phrases.get(self.phrase as usize).map_or(&[], Vec::as_slice)
    }
}

impl Kind for Speech {
    fn name(&self) -> &'static str {
        "speech rhythm"
    }

    fn check(&self, complaints: &mut Complaints) {
        complaints.within("drill.syllable_ms", self.syllable_ms, SYLLABLE_MS, "ms");
        complaints.within("drill.stretch", self.stretch, STRETCH, "of a syllable");
        complaints.count("drill.rounds", self.rounds, (1, 32), "rounds");
        let phrases = u32::try_from(self.phrases.len()).unwrap_or(u32::MAX);
        complaints.count("drill.phrases", phrases, (1, 32), "phrases");
        if self.phrase >= phrases {
            complaints
                .say("drill.phrase", format!("there is no phrase {} among {phrases}; they count from 0", self.phrase));
        }
        for (i, phrase) in self.phrases.iter().enumerate() {
            let path = format!("drill.phrases[{i}]");
            let syllables = u32::try_from(phrase.len()).unwrap_or(u32::MAX);
            complaints.count(&path, syllables, (1, 32), "syllables");
            if phrase.iter().all(|syllable| syllable == REST) {
                complaints.say(&path, "has no syllable to tap".to_owned());
            }
            for (k, syllable) in phrase.iter().enumerate() {
                let length = syllable.trim_start_matches('\'').chars().count();
                if !(1..=12).contains(&length) {
                    complaints.say(&format!("{path}[{k}]"), format!("{syllable:?} has {length} letters; give 1 to 12"));
                }
            }
        }
        knob::check(self, &self.knobs, complaints);
    }

    fn lanes(&self) -> u8 {
        2
    }

    fn interval(&self) -> Nanos {
        Nanos::from_ms(self.syllable_ms)
    }

    fn goal(&self) -> f64 {
        GOAL_SHARE * self.syllable_ms
    }

    fn steps(&self) -> u32 {
        knob::steps(&self.knobs)
    }

    fn turned(&self, steps: u32) -> Drill {
        knob::turned(self, &self.knobs, steps).into()
    }

    fn targets(&self) -> u32 {
        let taps = self.syllables().iter().filter(|syllable| *syllable != REST).count();
        u32::try_from(taps).unwrap_or(u32::MAX).saturating_mul(self.rounds)
    }

    fn plan(&self, _course: &mut Course<'_>) -> TrialBody {
        let unit = self.interval();
        let CountIn { mut cues, first, ends } = CountIn::at(share(unit, 2.0));
        let (mut targets, mut words) = (Vec::new(), Vec::new());
        let mut at = first;
        for round in 0..self.rounds {
            for syllable in self.syllables() {
                let stressed = syllable.starts_with('\'');
                if syllable != REST {
                    cues.push(cue(at, CueKind::Syllable { stressed }, self.heard || round == 0));
                    targets.push(Target::press(targets.len() as u32, at, Lane(u8::from(stressed))));
                    words.push(syllable.trim_start_matches('\'').to_owned());
                }
                at = at + share(unit, if stressed { 1.0 + self.stretch } else { 1.0 });
            }
        }
        TrialBody {
            cues,
            targets,
            length: at + ROOM_AFTER,
            count_in_ends: ends,
            interval: unit,
            running: true,
            stage: Stage::Syllables { interval: unit },
            goal: None,
            terms: Terms { words, ..Terms::default() },
        }
    }
}
