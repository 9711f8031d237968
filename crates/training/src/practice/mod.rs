//! Practice: one level played slower or faster, in loops of a few bars, with the beat left out of some of them.
//!
//! [`Practice`] says what is asked for; it is part of a session's options, so a record recomputes. [`Practice::fit`]
//! refuses what cannot be done on a level. What is changed is a pure function of the trial that the level plans:
//!
//! | file | holds |
//! | --- | --- |
//! | `bars` | bars of a chart, and the loops cut out of it |
//! | `pace` | a trial at another rate, to the nanosecond |
//! | `course` | which loop, which rate, which bars are silent: trial by trial |
//! | `memory` | where in a level a recorded press belongs: bars that were failed, and the best run |

mod bars;
mod course;
pub mod memory;
mod pace;
#[cfg(test)]
mod tests;

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::{
    event::Role,
    level::{Level, drill::Drill},
};

pub use self::{bars::bars, course::PASSES_MOST};
pub(crate) use self::{course::Course, pace::Pace};

/// Rates of playing, per cent (peers.md §B: from half speed).
pub const RATES: (u16, u16) = (50, 200);
/// Loops that one practice has at most.
pub const LOOPS_MOST: usize = 8;
/// Bars before a loop, at most.
pub const PRE_ROLL_MOST: u8 = 8;
/// Bars that are played, or silent, in a row, at most.
pub const MUTED_MOST: u8 = 32;
/// Steps of the ramp, per cent of full speed.
pub const RAMP_STEPS: (u16, u16) = (1, 25);

/// What is practised, and how.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Practice {
    /// Per cent of the level's own speed.
    pub rate: u16,
    /// Bars that are played round and round, one loop a trial; none: the level as it is.
    #[serde(skip_serializing_if = "Loops::is_empty")]
    pub loops: Loops,
    /// Bars that are heard before a loop and not judged.
    #[serde(skip_serializing_if = "is_zero")]
    pub pre_roll: u8,
    /// The rate rises after each trial that went well.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ramp: Option<Ramp>,
    /// Bars with the beat, and bars without.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mute: Option<Mute>,
    /// The presses of the player's best run are shown. Decides nothing.
    #[serde(skip_serializing_if = "is_no")]
    pub ghost: bool,
}

impl Default for Practice {
    fn default() -> Self {
        Self { rate: 100, loops: Loops::default(), pre_roll: 0, ramp: None, mute: None, ghost: false }
    }
}

/// How the rate rises, and whether it falls.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Ramp {
    /// Per cent of the level's own speed.
    pub step: u16,
    /// Where it stays.
    pub to: u16,
    /// It falls by the same step after a trial that went badly, never below the rate that practice began with.
    #[serde(default, skip_serializing_if = "is_no")]
    pub both: bool,
}

impl Default for Ramp {
    /// By 5 % up to full speed ◇: a step that is barely heard, twelve of them from 40 % below.
    fn default() -> Self {
        Self { step: 5, to: 100, both: false }
    }
}

/// So many bars with the beat, then so many without, round and round.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Mute {
    pub heard: u8,
    pub silent: u8,
}

/// Bars from the first to the last of them, counted from 1.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(from = "(u32, u32)", into = "(u32, u32)")]
pub struct Bars {
    pub from: u32,
    pub to: u32,
}

impl From<(u32, u32)> for Bars {
    fn from((from, to): (u32, u32)) -> Self {
        Self { from, to }
    }
}

impl From<Bars> for (u32, u32) {
    fn from(bars: Bars) -> Self {
        (bars.from, bars.to)
    }
}

impl fmt::Display for Bars {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.from == self.to { write!(f, "{}", self.from) } else { write!(f, "{}-{}", self.from, self.to) }
    }
}

/// A few loops, in the order of their bars.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Vec<Bars>", into = "Vec<Bars>")]
pub struct Loops {
    bars: [Bars; LOOPS_MOST],
    count: u8,
}

impl Loops {
    #[must_use]
    pub fn as_slice(&self) -> &[Bars] {
        self.bars.get(..usize::from(self.count)).unwrap_or_default()
    }

    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.count == 0
    }
}

impl From<Bars> for Loops {
    fn from(bars: Bars) -> Self {
        let mut loops = Self { count: 1, ..Self::default() };
        loops.bars[0] = bars;
        loops
    }
}

impl TryFrom<Vec<Bars>> for Loops {
    type Error = Unfit;

    fn try_from(given: Vec<Bars>) -> Result<Self, Unfit> {
        let mut loops = Self::default();
        if given.len() > LOOPS_MOST {
            return Err(Unfit(format!("{} loops; at most {LOOPS_MOST}", given.len())));
        }
        for (to, from) in loops.bars.iter_mut().zip(&given) {
            *to = *from;
        }
        loops.count = given.len() as u8;
        Ok(loops)
    }
}

impl From<Loops> for Vec<Bars> {
    fn from(loops: Loops) -> Self {
        loops.as_slice().to_vec()
    }
}

fn is_no(said: &bool) -> bool {
    !*said
}

fn is_zero(count: &u8) -> bool {
    *count == 0
}

/// Why a practice cannot be had: what is wrong, and what would be right.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Unfit(String);

impl Practice {
    /// Whether anything differs from the level as it is.
    #[must_use]
    pub fn is_plain(&self) -> bool {
        *self == Self::default()
    }

    /// Whether this can be done on a level.
    ///
    /// # Errors
    /// What cannot, and what would be right.
    pub fn fit(&self, level: &Level) -> Result<(), Unfit> {
        self.check()?;
        if let Drill::Chart(chart) = level.drill() {
            let count = bars(chart).len();
            let mut before = 0;
            for bars in self.loops.as_slice() {
                let Bars { from, to } = *bars;
                if from == 0 || to < from {
                    return Err(Unfit(format!("bars {from}-{to}: bars count from 1, and a loop ends after it begins")));
                }
                if to as usize > count {
                    return Err(Unfit(format!("bars {bars}: {} has {count} bars", level.title())));
                }
                if from <= before {
                    return Err(Unfit(format!("bars {bars}: loops stand in order and share no bar")));
                }
                before = to;
                if bars::cut(chart, *bars).is_empty() {
                    return Err(Unfit(format!("bars {bars}: no note lies in them")));
                }
            }
            return Ok(());
        }
        let kind = level.drill().kind().name();
        if !self.loops.is_empty() {
            return Err(Unfit(format!("loops are bars of a chart, and this level is a {kind}; try --rate or --ramp")));
        }
        let body = level.plan(&level.setting(0), &mut || 0.5);
        // a ghost, or nothing at all, can be had on every level
        let paced = self.rate != Self::default().rate || self.ramp.is_some() || self.mute.is_some();
        if paced && body.targets.iter().any(|target| matches!(target.role, Role::React { .. })) {
            return Err(Unfit(format!("a {kind} is as fast as you are; there is nothing to slow down or to silence")));
        }
        if self.mute.is_some() && !body.running {
            return Err(Unfit(format!("a {kind} has no bars to silence")));
        }
        Ok(())
    }

    /// Numbers that no level could be practised with.
    fn check(&self) -> Result<(), Unfit> {
        let (slowest, fastest) = RATES;
        let a_rate = |rate: u16, what: &str| {
            if (slowest..=fastest).contains(&rate) {
                return Ok(());
            }
            let shown = f64::from(rate) / 100.0;
            Err(Unfit(format!("{what} {shown} lies outside 0.5 to 2 of the level's speed")))
        };
        a_rate(self.rate, "rate")?;
        if let Some(Ramp { step, to, .. }) = self.ramp {
            a_rate(to, "the ramp's end")?;
            if !(RAMP_STEPS.0..=RAMP_STEPS.1).contains(&step) {
                return Err(Unfit(format!("a ramp's step of {step} % lies outside 1 to 25 %")));
            }
            if to <= self.rate {
                let (to, rate) = (f64::from(to) / 100.0, f64::from(self.rate) / 100.0);
                return Err(Unfit(format!("a ramp to {to} does not rise from a rate of {rate}; give a lower --rate")));
            }
        }
        if let Some(Mute { heard, silent }) = self.mute
            && !((1..=MUTED_MOST).contains(&heard) && (1..=MUTED_MOST).contains(&silent))
        {
            return Err(Unfit(format!("muted bars {heard}:{silent}: give 1 to {MUTED_MOST} bars with and without")));
        }
        if self.pre_roll > PRE_ROLL_MOST {
            return Err(Unfit(format!("a pre-roll of {} bars; at most {PRE_ROLL_MOST}", self.pre_roll)));
        }
        if self.pre_roll > 0 && self.loops.is_empty() {
            return Err(Unfit("a pre-roll leads into a loop; give one".to_owned()));
        }
        Ok(())
    }
}
