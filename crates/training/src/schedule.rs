//! The daily mix: which three kinds are due today, of which levels, and in which order they are practised.
//!
//! Practice is spaced over days and the kinds alternate, which costs a little today and tells on a later day: for timing
//! the gain of spacing by days is the better established, that of mixing is moderate in the laboratory and small in the
//! field (`skill.md` §3.2). A function of what was practised and of the date alone: on one day it always says the same.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

/// Kinds in a mix.
pub const KINDS: usize = 3;
/// How often each kind comes in it ◇: three blocks of each are enough for the kinds to alternate and keep it near seven
/// minutes.
pub const ROUNDS: usize = 3;
/// About how long a block lasts, s ◇.
pub const BLOCK_SECONDS: u32 = 45;
/// Days from one practice of a kind to the next, by how many days in a row went well ◇: they grow as what is practised
/// lasts.
pub const SPACING_DAYS: [i64; 6] = [1, 2, 4, 7, 14, 30];
/// A day's practice of a kind went well from this share of successes on: the success guard's lower bound (training.md §6).
pub const WENT_WELL: f64 = 0.70;
/// Below this it counts as a day that has to be won back ◇.
pub const WENT_BADLY: f64 = 0.50;
/// Fewer events than this say nothing of a day ◇.
pub const EVENTS_LEAST: u32 = 8;

/// A practised session, as far as the schedule looks at it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Practised {
    /// The level's id, as `sport/4`.
    pub level: String,
    /// The kind's name ([`crate::level::drill::Kind::name`]).
    pub kind: String,
    /// The player's own day: whole days since 1970-01-01, by the wall clock of then.
    pub day: i64,
    /// Judged events, and how many of them were successes.
    pub events: u32,
    pub successes: u32,
    /// Whether the level was played to its end within its goal: its next one is open.
    pub reached: bool,
}

/// A level that could be practised.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Candidate {
    pub level: String,
    pub kind: String,
    pub ladder: String,
    /// Whether a keyboard or a plain pad will do.
    pub plain: bool,
}

/// Why a kind is in today's mix.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Why {
    /// It was last practised so many days ago, and its next day was so many days ago (0: today).
    Due { days: i64, overdue: i64 },
    /// It has never been practised.
    New,
    /// Nothing else was due: the one that comes due soonest, in so many days.
    Early { days: i64, left: i64 },
}

/// One kind of a mix.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pick {
    pub level: String,
    pub kind: String,
    pub why: Why,
}

/// A day's mix.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mix {
    /// At most [`KINDS`], all of different kinds; fewer where there are fewer.
    pub picks: Vec<Pick>,
    /// The blocks in their order, as places in `picks`; no two in a row alike where there is more than one.
    pub blocks: Vec<usize>,
}

/// What was practised of one kind.
#[derive(Clone, Debug, Default)]
struct Past {
    /// Events and successes by day.
    days: BTreeMap<i64, (u32, u32)>,
}

impl Past {
    fn last(&self) -> i64 {
        self.days.keys().next_back().copied().unwrap_or(0)
    }

    /// How many days have gone well since the last one that went badly; a day in between keeps the spacing.
    fn well(&self) -> usize {
        self.days.values().fold(0, |well, &(events, successes)| {
            if events < EVENTS_LEAST {
                return well;
            }
            let share = f64::from(successes) / f64::from(events);
            if share >= WENT_WELL {
                well + 1
            } else if share < WENT_BADLY {
                0
            } else {
                well
            }
        })
    }

    /// The day on which it is due again.
    fn due(&self) -> i64 {
        let spacing = SPACING_DAYS[self.well().saturating_sub(1).min(SPACING_DAYS.len() - 1)];
        self.last().saturating_add(spacing)
    }
}

/// The mix of a day (whole days since 1970-01-01). `levels` stand in the order in which they are climbed; what was
/// practised today counts too, so that a second mix of a day takes other kinds.
#[must_use]
pub fn daily(practised: &[Practised], levels: &[Candidate], today: i64) -> Mix {
    let mut kinds: Vec<&str> = Vec::new();
    for level in levels {
        if !kinds.contains(&level.kind.as_str()) {
            kinds.push(&level.kind);
        }
    }
    let mut past: BTreeMap<&str, Past> = BTreeMap::new();
    for session in practised.iter().filter(|session| session.day <= today && session.events > 0) {
        let day = past.entry(&session.kind).or_default().days.entry(session.day).or_default();
        day.0 = day.0.saturating_add(session.events);
        day.1 = day.1.saturating_add(session.successes);
    }
    // a kind that nobody has tried and that asks for a stick is no newcomer's
    let plain: BTreeSet<&str> = levels.iter().filter(|level| level.plain).map(|level| level.kind.as_str()).collect();
    // the order turns by a kind a day, so that newcomers and ties are not always the same
    let turn = today.rem_euclid(kinds.len().max(1) as i64) as usize;
    let place = |kind: &str| kinds.iter().position(|known| *known == kind).unwrap_or(0);
    let turned = |kind: &str| (place(kind) + kinds.len() - turn) % kinds.len().max(1);
    let known = |kind: &&&str| past.contains_key(**kind);

    let mut due: Vec<&str> = kinds.iter().filter(known).copied().collect();
    let late = |kind: &str| past.get(kind).map_or(0, |past| today.saturating_sub(past.due()));
    // by how late it is as a share of its spacing, so that a week's kind does not wait for a day's: exact in integers
    due.sort_by_key(|kind| {
        let past = &past[kind];
        let spacing = past.due().saturating_sub(past.last()).max(1);
        (-(late(kind).saturating_mul(1000) / spacing), turned(kind))
    });
    let mut new: Vec<&str> = kinds.iter().filter(|kind| !known(kind) && plain.contains(**kind)).copied().collect();
    // somebody who has practised nothing begins at the beginning
    if !past.is_empty() {
        new.sort_by_key(|kind| turned(kind));
    }

    let mut chosen: Vec<(&str, Why)> = Vec::new();
    let is_late = |kind: &&str| late(kind) >= 0;
    let why = |kind: &str| {
        let days = today.saturating_sub(past[kind].last());
        match late(kind) {
            overdue @ 0.. => Why::Due { days, overdue },
            left => Why::Early { days, left: -left },
        }
    };
    chosen.extend(due.iter().copied().filter(is_late).take(KINDS).map(|kind| (kind, why(kind))));
    // one newcomer a day, unless there is nothing else; then from ladders that the mix does not have yet, if there are
    let early = due.iter().filter(|kind| !is_late(kind)).count();
    let most_new = if past.is_empty() { KINDS } else { KINDS.saturating_sub(chosen.len() + early).max(1) };
    let room = KINDS.saturating_sub(chosen.len()).min(most_new);
    let mut newcomers: Vec<&str> = Vec::new();
    for elsewhere in [true, false] {
        for kind in &new {
            let ladder = ladder_of(levels, kind);
            let has = |other: &str| ladder_of(levels, other) == ladder;
            let same = chosen.iter().any(|(other, _)| has(other)) || newcomers.iter().any(|other| has(other));
            if newcomers.len() < room && !newcomers.contains(kind) && !(elsewhere && same) {
                newcomers.push(kind);
            }
        }
    }
    chosen.extend(newcomers.into_iter().map(|kind| (kind, Why::New)));
    let early = due.iter().copied().filter(|kind| !is_late(kind));
    chosen.extend(early.map(|kind| (kind, why(kind))).take(KINDS.saturating_sub(chosen.len())));

    let picks: Vec<Pick> = chosen
        .into_iter()
        .filter_map(|(kind, why)| {
            let level = level_of(practised, levels, kind)?;
            Some(Pick { level: level.to_owned(), kind: kind.to_owned(), why })
        })
        .collect();
    let blocks = interleaved(picks.len(), today);
    Mix { picks, blocks }
}

/// How many trials make a block, of a level that says that so many take so long.
#[must_use]
pub fn block_trials(trials: u32, seconds: u32) -> u32 {
    let each = f64::from(seconds.max(1)) / f64::from(trials.max(1));
    (libm::round(f64::from(BLOCK_SECONDS) / each) as u32).clamp(1, trials.max(1))
}

/// The ladder on which a kind is met first.
fn ladder_of<'a>(levels: &'a [Candidate], kind: &str) -> &'a str {
    levels.iter().find(|level| level.kind == kind).map_or("", |level| &level.ladder)
}

/// Which level of a kind is practised: the first, in the order of the ladders, whose goal has not been reached; once all
/// have been, the one that was practised the longest ago.
fn level_of<'a>(practised: &[Practised], levels: &'a [Candidate], kind: &str) -> Option<&'a str> {
    let of_kind = || levels.iter().filter(|level| level.kind == kind);
    let reached: BTreeSet<&str> =
        practised.iter().filter(|session| session.reached).map(|session| session.level.as_str()).collect();
    let last = |level: &&Candidate| {
        practised.iter().filter(|session| session.level == level.level).map(|session| session.day).max()
    };
    of_kind()
        .find(|level| !reached.contains(level.level.as_str()))
        .or_else(|| of_kind().min_by_key(last))
        .map(|level| level.level.as_str())
}

/// Rounds of all kinds, each in another order than the one before, and never one kind twice in a row.
fn interleaved(kinds: usize, today: i64) -> Vec<usize> {
    let mut blocks: Vec<usize> = Vec::new();
    for round in 0..ROUNDS {
        // even rounds forwards, odd ones with the last two exchanged: ABC ACB… from a start that turns with the days
        let start = today.rem_euclid(kinds.max(1) as i64) as usize;
        let mut order: Vec<usize> = (0..kinds).map(|place| (place + start + round) % kinds.max(1)).collect();
        if round % 2 == 1 && kinds > 2 {
            order.swap(kinds - 2, kinds - 1);
        }
        while kinds > 1 && order.first() == blocks.last() {
            order.rotate_left(1);
        }
        blocks.extend(order);
    }
    blocks
}

#[cfg(test)]
mod tests;
