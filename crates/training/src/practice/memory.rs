//! What a recorded session says about places of its level: which bars were failed, and how a run went press by press.

use std::collections::BTreeMap;

use super::{Bars, Course, LOOPS_MOST, Loops, Practice, bars};
use crate::{
    event::{Effect, Tier, TrialId, TrialPlan},
    level::{Level, drill::Drill},
    time::Nanos,
};

/// A bar counts as failed if at least so many in a hundred of its events were ◇: one in five, which is where the session's
/// own guard makes things easier.
const FAILED_IN_HUNDRED: u32 = 20;

/// A place in a level that is the same in every session of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Place {
    /// A note of a chart: µs of the song, and its lane.
    Note { at_us: i64, lane: u8 },
    /// The target `index` of trial `nth`.
    Nth { nth: u32, index: u32 },
}

/// What became of a place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Answered {
    pub place: Place,
    /// The asynchrony; none where nothing was pressed.
    pub e: Option<Nanos>,
    pub tier: Tier,
}

/// Follows a session's effects and knows which place each of its targets is.
#[derive(Clone, Debug)]
pub struct Places {
    level: Level,
    completed: u32,
    /// The trial in progress, which attempt it is, and whether it repeats one.
    trial: Option<(TrialId, bool)>,
    /// Of the trial in progress: number of its first target, and the places in order.
    first: u32,
    places: Vec<Place>,
}

impl Places {
    #[must_use]
    pub fn of(level: Level, practice: Option<Practice>) -> Self {
        let level = match practice {
            Some(practice) => Course::of(practice, level).1,
            None => level,
        };
        Self { level, completed: 0, trial: None, first: 0, places: Vec::new() }
    }

    /// Takes in an effect; what became of a place, if it says that.
    pub fn hear(&mut self, effect: &Effect) -> Option<Answered> {
        match effect {
            Effect::Planned(plan) => {
                self.begin(plan);
                None
            }
            Effect::TrialEnded { void: None, .. } => {
                self.completed += u32::from(self.trial.is_some_and(|(_, again)| !again));
                None
            }
            Effect::Judged(judged) => {
                let index = judged.target?.0.checked_sub(self.first)?;
                let place = *self.places.get(index as usize)?;
                Some(Answered { place, e: judged.e, tier: judged.tier })
            }
            _ => None,
        }
    }

    /// The places of a trial's targets, in their order.
    #[must_use]
    pub fn places(&self) -> &[Place] {
        &self.places
    }

    fn begin(&mut self, plan: &TrialPlan) {
        self.trial = Some((plan.trial, plan.retry_of.is_some()));
        self.first = plan.targets.first().map_or(0, |target| target.id.0);
        self.places = match self.level.setting(plan.rung).drill {
            Drill::Chart(chart) => {
                let place =
                    |note: &crate::level::drill::chart::Note| Place::Note { at_us: note.at_us, lane: note.lane };
                chart.section(self.completed).iter().map(place).collect()
            }
            _ => {
                let count = u32::try_from(plan.targets.len()).unwrap_or(u32::MAX);
                (0..count).map(|index| Place::Nth { nth: self.completed, index }).collect()
            }
        };
    }
}

/// Everything that a session says about places, in order.
#[must_use]
pub fn answered(level: &Level, practice: Option<Practice>, effects: &[Effect]) -> Vec<Answered> {
    let mut places = Places::of(level.clone(), practice);
    effects.iter().filter_map(|effect| places.hear(effect)).collect()
}

/// The bars of a chart that a session failed, as loops: neighbours together, the worst eight where there are more. Empty
/// where none was, or the level is no chart.
#[must_use]
pub fn failed_bars(level: &Level, practice: Option<Practice>, effects: &[Effect]) -> Loops {
    let Drill::Chart(chart) = level.drill() else { return Loops::default() };
    let lines = bars::bars(chart);
    // by bar: events, and those that failed
    let mut tally = BTreeMap::<u32, (u32, u32)>::new();
    for Answered { place, tier, .. } in answered(level, practice, effects) {
        if let Place::Note { at_us, .. } = place {
            let (events, failed) = tally.entry(bars::bar_at(&lines, at_us)).or_default();
            *events += 1;
            *failed += u32::from(!tier.is_success());
        }
    }
    let mut runs: Vec<(Bars, u32)> = Vec::new();
    for (bar, (events, failed)) in tally {
        if failed == 0 || failed * 100 < events * FAILED_IN_HUNDRED {
            continue;
        }
        match runs.last_mut() {
            Some((bars, worst)) if bars.to + 1 == bar => (bars.to, *worst) = (bar, *worst + failed),
            _ => runs.push((Bars { from: bar, to: bar }, failed)),
        }
    }
    runs.sort_by_key(|(bars, failed)| (std::cmp::Reverse(*failed), *bars));
    runs.truncate(LOOPS_MOST);
    let mut loops: Vec<Bars> = runs.into_iter().map(|(bars, _)| bars).collect();
    loops.sort();
    // no more than fit: they were cut to that
    Loops::try_from(loops).unwrap_or_default()
}

/// How well a run went: the share of its places that were within the tolerance, then how near the presses were. Of two runs the greater
/// is the better; `None` is worse than any.
#[must_use]
pub fn standing(answered: &[Answered]) -> Option<(u32, i64)> {
    let events = u32::try_from(answered.len()).ok().filter(|events| *events > 0)?;
    let good = answered.iter().filter(|answer| answer.tier.is_success()).count();
    let share = u64::try_from(good).unwrap_or(0) * 10_000 / u64::from(events);
    let mut sizes: Vec<i64> = answered.iter().filter_map(|answer| answer.e.map(|e| e.0.abs())).collect();
    sizes.sort_unstable();
    let middle = sizes.get(sizes.len() / 2).copied().unwrap_or(i64::MAX);
    Some((u32::try_from(share).unwrap_or(0), -middle))
}
