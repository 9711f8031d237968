//! What is practised next: chosen on the panel, in force until the player leaves the level.

use std::path::Path;

use bevy::prelude::*;
use doozy_training::practice::{Bars, Loops, Mute, PRE_ROLL_MOST, Practice, RATES, Ramp};

/// What can be practised of a level.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Facts {
    /// Bars that it has; 0 where loops are not for it.
    pub bars: u32,
    /// Loops of the bars that were failed when it was last played; empty where none were.
    pub failed: Loops,
    /// Whether it can be slowed down.
    pub slows: bool,
    /// Whether its beat can be silent for bars.
    pub silences: bool,
}

/// Whoever knows levels, records and presets.
pub trait Desk: Send + Sync {
    fn facts(&mut self, level: &Path) -> Facts;
    /// What was saved, by name.
    fn presets(&mut self) -> Vec<(String, Practice)>;
    /// Saves a practice; the name that it got.
    ///
    /// # Errors
    /// Why it could not be saved.
    fn save(&mut self, practice: &Practice) -> anyhow::Result<String>;
}

/// One row of the panel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dial {
    Rate,
    From,
    To,
    Failed,
    PreRoll,
    Ramp,
    Mute,
    Ghost,
    Preset,
}

/// See the module.
#[derive(Resource, Default)]
pub struct Practising {
    pub practice: Practice,
    pub facts: Facts,
    /// The presets, and which of them is in force.
    pub presets: Vec<(String, Practice)>,
    pub preset: Option<usize>,
    /// What came of saving one.
    pub saved: Option<Result<String, String>>,
    desk: Option<Box<dyn Desk>>,
}

/// A step of the rate, per cent ◇: it can be felt.
const RATE_STEP: i32 = 5;
/// Silent bars that the panel offers ◇; the command line has all others.
const MUTES: [Option<(u8, u8)>; 5] = [None, Some((3, 1)), Some((2, 2)), Some((1, 1)), Some((1, 3))];
/// Steps of the ramp that the panel offers, per cent, and whether it falls, too ◇.
const RAMPS: [Option<(u16, bool)>; 7] =
    [None, Some((2, false)), Some((5, false)), Some((10, false)), Some((2, true)), Some((5, true)), Some((10, true))];

impl Practising {
    #[must_use]
    pub fn new(practice: Practice, desk: Box<dyn Desk>) -> Self {
        Self { practice, desk: Some(desk), ..Self::default() }
    }

    /// The practice of the session that begins now, if it is one.
    #[must_use]
    pub fn asked(&self) -> Option<Practice> {
        (!self.practice.is_plain()).then_some(self.practice)
    }

    /// Looks at a level before the panel is shown.
    pub fn open(&mut self, level: &Path) {
        if let Some(desk) = &mut self.desk {
            (self.facts, self.presets) = (desk.facts(level), desk.presets());
        }
        (self.preset, self.saved) = (None, None);
    }

    /// Forgets what was chosen: nothing of it may reach another level, or a session that counts.
    pub fn forget(&mut self) {
        (self.practice, self.preset, self.saved) = (Practice::default(), None, None);
    }

    pub fn save(&mut self) {
        let practice = self.practice;
        let Some(desk) = &mut self.desk else { return };
        let saved = desk.save(&practice).map_err(|fault| format!("{fault:#}"));
        self.presets = desk.presets();
        if let Ok(name) = &saved {
            self.preset = self.presets.iter().position(|(known, _)| known == name);
        }
        self.saved = Some(saved);
    }

    /// Whether a row can be turned on this level.
    #[must_use]
    pub fn applies(&self, dial: Dial) -> bool {
        match dial {
            Dial::Rate | Dial::Ramp => self.facts.slows,
            Dial::From | Dial::To => self.facts.bars > 0,
            Dial::Failed => !self.facts.failed.is_empty(),
            Dial::PreRoll => !self.practice.loops.is_empty(),
            Dial::Mute => self.facts.silences,
            Dial::Ghost => true,
            Dial::Preset => !self.presets.is_empty(),
        }
    }

    /// One step by `by`; chosen outright (`None`), to the next value and round again.
    pub fn turn(&mut self, dial: Dial, by: Option<i32>) {
        if !self.applies(dial) {
            return;
        }
        self.saved = None;
        let round = by.is_none();
        let step = by.unwrap_or(1);
        let practice = &mut self.practice;
        let walk = |now: i32, least: i32, most: i32, step: i32| {
            let next = now + step;
            if round && next > most { least } else { next.clamp(least, most) }
        };
        match dial {
            Dial::Rate => {
                let (least, most) = (i32::from(RATES.0), i32::from(RATES.1));
                practice.rate = walk(i32::from(practice.rate), least, most, step * RATE_STEP) as u16;
            }
            Dial::From | Dial::To => {
                let count = self.facts.bars as i32;
                let last = |bars: &[Bars]| bars.last().map_or(0, |bars| bars.to);
                let first = practice.loops.as_slice().first().map_or(0, |bars| bars.from);
                let (mut from, mut to) = (first as i32, last(practice.loops.as_slice()) as i32);
                if dial == Dial::From {
                    from = walk(from, 0, count, step);
                    to = to.max(from);
                } else {
                    to = walk(to, 0, count, step);
                    from = from.min(to).max(1);
                }
                practice.loops = if from <= 0 || to <= 0 {
                    Loops::default()
                } else {
                    Bars { from: from as u32, to: to as u32 }.into()
                };
            }
            Dial::Failed => {
                practice.loops = if practice.loops == self.facts.failed { Loops::default() } else { self.facts.failed };
            }
            Dial::PreRoll => {
                practice.pre_roll = walk(i32::from(practice.pre_roll), 0, i32::from(PRE_ROLL_MOST), step) as u8;
            }
            Dial::Ramp => {
                let now = practice.ramp.map(|ramp| (ramp.step, ramp.both));
                let at = RAMPS.iter().position(|known| *known == now).unwrap_or(0) as i32;
                let at = walk(at, 0, RAMPS.len() as i32 - 1, step) as usize;
                practice.ramp = RAMPS[at].map(|(step, both)| Ramp { step, both, ..Ramp::default() });
            }
            Dial::Mute => {
                let now = practice.mute.map(|mute| (mute.heard, mute.silent));
                let at = MUTES.iter().position(|known| *known == now).unwrap_or(0) as i32;
                let at = walk(at, 0, MUTES.len() as i32 - 1, step) as usize;
                practice.mute = MUTES[at].map(|(heard, silent)| Mute { heard, silent });
            }
            Dial::Ghost => practice.ghost = !practice.ghost,
            Dial::Preset => {
                let at = self.preset.map_or(-1, |at| at as i32) + step;
                let at = at.rem_euclid(self.presets.len() as i32) as usize;
                let loops = practice.loops;
                *practice = Practice { loops, ..self.presets[at].1 };
                self.preset = Some(at);
            }
        }
        if dial != Dial::Preset {
            self.preset = None;
        }
        // what hangs on another row goes with it
        if self.practice.loops.is_empty() {
            self.practice.pre_roll = 0;
        }
        if let Some(ramp) = &mut self.practice.ramp {
            ramp.to = ramp.to.max(100);
            if self.practice.rate >= ramp.to {
                if dial == Dial::Ramp {
                    // a ramp has to rise from somewhere
                    self.practice.rate = ramp.to - 20;
                } else {
                    self.practice.ramp = None;
                }
            }
        }
        if !self.facts.slows {
            (self.practice.rate, self.practice.ramp) = (100, None);
        }
        if !self.facts.silences {
            self.practice.mute = None;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Shelf(Vec<(String, Practice)>);

    impl Desk for Shelf {
        fn facts(&mut self, _: &Path) -> Facts {
            Facts { bars: 8, failed: Bars { from: 3, to: 4 }.into(), slows: true, silences: true }
        }

        fn presets(&mut self) -> Vec<(String, Practice)> {
            self.0.clone()
        }

        fn save(&mut self, practice: &Practice) -> anyhow::Result<String> {
            let name = (self.0.len() + 1).to_string();
            self.0.push((name.clone(), Practice { loops: Loops::default(), ..*practice }));
            Ok(name)
        }
    }

    fn open() -> Practising {
        let mut practising = Practising::new(Practice::default(), Box::new(Shelf(Vec::new())));
        practising.open(Path::new("x"));
        practising
    }

    #[test]
    fn whatever_is_turned_can_be_practised() {
        let level = "(version: 1, title: \"S\", aim: \"P.\", trials: 2, seconds: 20, drill: Chart(lanes: 1, targets: [";
        let notes: String = (0..32).map(|n| format!("({}, 0, 0), ", n * 500_000)).collect();
        let level = doozy_training::level::Level::parse("s", &format!("{level}{notes}]))")).unwrap();
        let mut practising = open();
        let all = [Dial::Rate, Dial::From, Dial::To, Dial::Failed, Dial::PreRoll, Dial::Ramp, Dial::Mute, Dial::Ghost];
        // a long walk over all rows, each step a valid practice
        let mut place: u32 = 7;
        for _ in 0..3_000 {
            place = place.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            let dial = all[(place >> 16) as usize % all.len()];
            let by = [Some(1), Some(-1), None][(place >> 24) as usize % 3];
            practising.turn(dial, by);
            practising.practice.fit(&level).unwrap_or_else(|unfit| panic!("{:?}: {unfit}", practising.practice));
        }
    }

    #[test]
    fn what_does_not_apply_stays_as_it_is() {
        let mut practising = Practising::default();
        for dial in
            [Dial::Rate, Dial::From, Dial::To, Dial::Failed, Dial::PreRoll, Dial::Ramp, Dial::Mute, Dial::Preset]
        {
            practising.turn(dial, Some(1));
            practising.turn(dial, None);
        }
        assert_eq!(practising.asked(), None);
    }

    #[test]
    fn leaving_forgets_and_a_preset_brings_no_bars() {
        let mut practising = open();
        practising.turn(Dial::Rate, Some(-4));
        practising.turn(Dial::From, Some(2));
        assert_eq!(practising.asked().map(|practice| practice.rate), Some(80));
        practising.save();
        assert_eq!(practising.saved, Some(Ok("1".to_owned())));
        practising.forget();
        assert_eq!(practising.asked(), None);
        practising.open(Path::new("y"));
        practising.turn(Dial::Preset, None);
        let back = practising.asked().unwrap();
        assert_eq!((back.rate, back.loops), (80, Loops::default()));
    }

    #[test]
    fn the_failed_bars_are_put_in_and_taken_out() {
        let mut practising = open();
        practising.turn(Dial::Failed, None);
        assert_eq!(practising.practice.loops.as_slice(), [Bars { from: 3, to: 4 }]);
        practising.turn(Dial::PreRoll, Some(1));
        practising.turn(Dial::Failed, Some(1));
        assert_eq!(practising.asked(), None, "the pre-roll goes with its loop");
    }
}
