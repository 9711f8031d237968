//! A level: one drill with its numbers, and the ladder of difficulty that leads up and down from them.
//!
//! A level is read from text ([`Level::parse`]), says what applies at a rung ([`Level::setting`]) and lays out a trial
//! there ([`Level::plan`]). It knows nothing of clocks, players or what was pressed.

pub mod check;
pub mod drill;
mod parse;
pub mod surprise;

use crate::{
    event::{Cue, ErrorUnit, Stage, Target, Terms},
    time::Nanos,
};

pub use self::{
    check::Warning,
    drill::{Course, Drill},
    parse::{Fault, LevelError, MAX_BYTES},
};

use self::parse::{MOST_SECONDS, MOST_TRIALS, Sheet};

/// Tolerance at a level's start, in goal SDs (training.md §1 ◇): with the player's SD at the goal, 99 % succeed; at
/// twice the goal, 79 %. At 1.5 a newcomer would start inside the brake.
pub const START_TOLERANCE: f64 = 2.5;
/// What one harder rung does to the tolerance (training.md §1).
pub const TOLERANCE_STEP: f64 = 0.9;
/// No rung is easier than this many goal SDs ◇: an error's size is capped at 4 T, so under a wider tolerance no miss
/// could look bigger than another.
pub const WIDEST_TOLERANCE: f64 = 4.0;
/// The least just-noticeable displacement, ms (skill.md §1, Friberg & Sundberg 1995: 6 ms below an interval of 240 ms).
pub const JND_FLOOR_MS: f64 = 6.0;
/// The just-noticeable displacement above that, as a share of the interval (same source: 2.5 %).
pub const JND_SHARE: f64 = 0.025;
/// The just-noticeable difference of errors in per cent (training.md §1).
pub const JND_PERCENT: f64 = 2.5;
/// The widest matching half-window (training.md §1).
pub const WIDEST_WINDOW: Nanos = Nanos::ms(250);

/// A checked level.
#[derive(Clone, Debug, PartialEq)]
pub struct Level {
    sheet: Sheet,
}

/// What applies at one rung.
#[derive(Clone, Debug, PartialEq)]
pub struct Setting {
    /// Rungs above the level's start; negative is easier.
    pub rung: i32,
    /// Tolerance: success is `|e| ≤ tol_ms`; in the drill's unit, as are goal and JND, which is ms for most.
    pub tol_ms: f64,
    /// The goal SD `T`.
    pub goal_ms: f64,
    pub jnd_ms: f64,
    /// The drill's interval `I`.
    pub interval: Nanos,
    /// The matching half-window `w`, `min(0.4 I, 250 ms)`.
    pub window: Nanos,
    /// The drill with its knobs turned to this rung.
    pub drill: Drill,
}

/// One trial, before the session gives it its place: target ids count from 0.
#[derive(Clone, Debug, PartialEq)]
pub struct TrialBody {
    /// In order of time.
    pub cues: Vec<Cue>,
    /// In order of time.
    pub targets: Vec<Target>,
    /// Count-in and the room after the last target included: no less than it takes to give that target up.
    pub length: Nanos,
    /// Presses at or before this belong to the count-in.
    pub count_in_ends: Nanos,
    /// The drill's interval `I`.
    pub interval: Nanos,
    pub running: bool,
    pub stage: Stage,
    /// The goal SD of this trial, where that follows what the trial shows; none: the setting's.
    pub goal: Option<f64>,
    pub terms: Terms,
}

/// The just-noticeable displacement at an interval, ms.
#[must_use]
pub fn jnd_ms(interval: Nanos) -> f64 {
    on_grid((JND_SHARE * interval.as_ms()).max(JND_FLOOR_MS))
}

/// A length in ms on the grid of nanoseconds that errors lie on, so that a bound meant as 48.6 ms is met by an error of
/// 48.6 ms.
pub(crate) fn on_grid(ms: f64) -> f64 {
    Nanos::from_ms(ms).as_ms()
}

/// The matching half-window `w` at an interval, `min(0.4 I, 250 ms)`.
#[must_use]
pub fn window(interval: Nanos) -> Nanos {
    Nanos(interval.0 * 2 / 5).min(WIDEST_WINDOW)
}

/// The tolerance in goal SDs, `rung` steps of tolerance above the start, and never below 1.
fn tolerance(rung: i32) -> f64 {
    let mut goals = START_TOLERANCE;
    for _ in 0..rung.unsigned_abs() {
        if rung > 0 {
            goals *= TOLERANCE_STEP;
        } else {
            goals /= TOLERANCE_STEP;
        }
    }
    goals.max(1.0)
}

/// How many harder steps the tolerance has before it stands at the goal SD.
fn tolerance_steps() -> i32 {
    (0..).find(|&rung| tolerance(rung) <= 1.0).unwrap_or(0)
}

impl Level {
    /// What the player reads first.
    #[must_use]
    pub fn title(&self) -> &str {
        &self.sheet.title
    }

    /// What the level is for, in a sentence.
    #[must_use]
    pub fn aim(&self) -> &str {
        &self.sheet.aim
    }

    /// Phrases or balls that make the level complete; a retry does not count.
    #[must_use]
    pub fn trials(&self) -> u32 {
        self.sheet.trials
    }

    /// Whether it goes on until the player stops, whatever [`Self::trials`] says.
    #[must_use]
    pub fn is_endless(&self) -> bool {
        self.sheet.endless
    }

    /// Trials that complete the level: of one that is endless, more than anybody plays.
    #[must_use]
    pub fn complete_after(&self) -> u32 {
        if self.sheet.endless { u32::MAX } else { self.sheet.trials }
    }

    /// So many trials of the level, 1…500, as a level of its own: a block of a mix. What it takes is cut in proportion.
    #[must_use]
    pub fn in_part(&self, trials: u32) -> Self {
        let mut sheet = self.sheet.clone();
        let trials = trials.clamp(1, MOST_TRIALS);
        let share = f64::from(trials) / f64::from(sheet.trials.max(1));
        sheet.seconds = (libm::round(f64::from(sheet.seconds) * share) as u32).clamp(1, MOST_SECONDS);
        (sheet.trials, sheet.endless) = (trials, false);
        Self { sheet }
    }

    /// About how long the level takes, as its author says.
    #[must_use]
    pub fn seconds(&self) -> u32 {
        self.sheet.seconds
    }

    /// The drill at rung 0.
    #[must_use]
    pub fn drill(&self) -> &Drill {
        &self.sheet.drill
    }

    /// The easiest rung.
    #[must_use]
    pub fn floor_rung(&self) -> i32 {
        let harder_than_widest = |rung: i32| tolerance(rung) < WIDEST_TOLERANCE;
        (1..).take_while(|&n| harder_than_widest(-n)).last().map_or(0, |n: i32| -n)
    }

    /// The hardest rung: tolerance at the goal SD and every knob at its end.
    #[must_use]
    pub fn top_rung(&self) -> i32 {
        tolerance_steps() + self.sheet.drill.kind().steps() as i32
    }

    /// What applies at a rung; beyond [`Self::floor_rung`] and [`Self::top_rung`] the nearest of them.
    #[must_use]
    pub fn setting(&self, rung: i32) -> Setting {
        let rung = rung.clamp(self.floor_rung(), self.top_rung());
        let turned = (rung - tolerance_steps()).max(0) as u32;
        let drill = self.sheet.drill.kind().turned(turned);
        let (interval, unit) = (drill.kind().interval(), drill.kind().unit());
        let goal_ms = on_grid(self.sheet.goal_ms.or(self.sheet.goal_percent).unwrap_or_else(|| drill.kind().goal()));
        Setting {
            rung,
            tol_ms: on_grid(tolerance(rung) * goal_ms),
            goal_ms,
            jnd_ms: if unit == ErrorUnit::Percent { JND_PERCENT } else { jnd_ms(interval) },
            interval,
            window: window(interval),
            drill,
        }
    }

    /// Whether the author gave the goal SD, which then holds whatever the drill's interval is.
    pub(crate) fn fixes_goal(&self) -> bool {
        self.sheet.goal_ms.is_some() || self.sheet.goal_percent.is_some()
    }

    /// The same level of another drill. It is not checked: a drill that was cut out of a checked one is sound.
    pub(crate) fn with_drill(mut self, drill: Drill) -> Self {
        self.sheet.drill = drill;
        self
    }

    /// How many lanes the drill asks for; its targets lie in lanes 0 to one less.
    #[must_use]
    pub fn lanes(&self) -> u8 {
        self.sheet.drill.kind().lanes()
    }

    /// What the drill's errors are measured in.
    #[must_use]
    pub fn unit(&self) -> ErrorUnit {
        self.sheet.drill.kind().unit()
    }

    /// Lays out the first trial at a setting, for a player of whom nothing is known; `draw` gives uniform numbers in 0…1.
    #[must_use]
    pub fn plan(&self, setting: &Setting, draw: &mut dyn FnMut() -> f64) -> TrialBody {
        self.plan_in(setting, &mut Course::new(draw))
    }

    /// Lays out one trial at a setting: a function of the setting and the course alone.
    #[must_use]
    pub fn plan_in(&self, setting: &Setting, course: &mut Course<'_>) -> TrialBody {
        let kind = setting.drill.kind();
        let mut body = kind.plan(course);
        (body.terms.unit, body.terms.amplify) = (kind.unit(), kind.amplify());
        if let Some(surprises) = &self.sheet.surprises {
            surprises.place(&mut body, course.nth, course.draw);
        }
        // what the author fixed holds on every trial
        if self.fixes_goal() {
            body.goal = None;
        }
        body
    }
}

#[cfg(test)]
mod tests;
