//! Progress: what a person's record says of each level, and what is due today.
//!
//! A result belongs to a level's text: after a change of the file it counts for another level. Nothing here decides a
//! verdict; it describes what was played.

use std::collections::HashMap;

use doozy_training::{
    level::Level,
    schedule::{self, Candidate, Mix, Practised, WENT_WELL},
};

use crate::{
    ladders::{Ladder, Loaded},
    paths::DataDir,
    record::{PractisedSession, Reader, RecordError, text_sha256},
};

/// From MAD to SD of a normal distribution (skill.md §6.1).
const MAD_TO_SD: f64 = 1.4826;
/// Fewer errors than this give no spread ◇: its standard error would be a quarter of it.
const SPREAD_LEAST: usize = 12;
/// Where errors have no two sides (reactions, a path), a level is reached from this share within the limit on ◇: what a
/// spread at the goal gives at the tolerance that a level starts with, less what difficulty takes.
const REACHED_SHARE: f64 = 0.8;
/// The kind that asks for an analogue stick.
const STICK: &str = "steady hand";

/// The best that was made of a level.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Best {
    /// Robust SD of the errors in the drill's unit, where they have two sides.
    pub spread: Option<f64>,
    /// Whether the unit is per cent; else it is ms.
    pub percent: bool,
    /// Share of events within the tolerance, 0…1.
    pub in_time: f64,
    /// The level was played to its end, steady to its goal and mostly in time.
    pub reached: bool,
}

impl Best {
    /// Of one session; none where it has too little to say.
    #[must_use]
    pub fn of(session: &PractisedSession) -> Option<Self> {
        let n = session.events.len();
        if n < SPREAD_LEAST {
            return None;
        }
        let in_time = session.events.iter().filter(|event| event.success).count() as f64 / n as f64;
        let errors: Vec<f64> = session.events.iter().filter_map(|event| event.error).collect();
        let spread = spread(&errors);
        let goal = median(&session.events.iter().map(|event| event.goal).collect::<Vec<_>>())?;
        let steady = match spread {
            Some(spread) => spread <= goal && in_time >= WENT_WELL,
            None => in_time >= REACHED_SHARE,
        };
        let percent = session.events.iter().any(|event| event.percent);
        Some(Self { spread, percent, in_time, reached: session.finished && steady })
    }

    /// Whether this is better than another of the same level: reached first, then the steadier, then the more in time.
    fn beats(&self, other: &Self) -> bool {
        let spread = |best: &Self| best.spread.unwrap_or(f64::INFINITY);
        let by_spread = spread(other).total_cmp(&spread(self));
        self.reached.cmp(&other.reached).then(by_spread).then(self.in_time.total_cmp(&other.in_time)).is_gt()
    }
}

/// Robust SD of errors; none of too few, nor where most are exactly 0, which an error with two sides never is.
fn spread(errors: &[f64]) -> Option<f64> {
    if errors.len() < SPREAD_LEAST || errors.iter().filter(|e| **e == 0.0).count() * 4 > errors.len() {
        return None;
    }
    let middle = median(errors)?;
    median(&errors.iter().map(|e| (e - middle).abs()).collect::<Vec<_>>()).map(|mad| MAD_TO_SD * mad)
}

/// The middle value, or the mean of the two in the middle.
fn median(values: &[f64]) -> Option<f64> {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let half = sorted.len() / 2;
    let upper = *sorted.get(half)?;
    Some(if sorted.len().is_multiple_of(2) { f64::midpoint(sorted[half - 1], upper) } else { upper })
}

/// What the record says, kept while the program runs: each session is read once.
#[derive(Clone, Debug, Default)]
pub struct Progress {
    /// By the SHA-256 of the level's text.
    best: HashMap<String, Best>,
    /// The kind of each text that was played; none of one that this version cannot read.
    kinds: HashMap<String, Option<&'static str>>,
    practised: Vec<Practised>,
    last: i64,
}

impl Progress {
    /// Takes in what was recorded since the last time. Without a record there is nothing yet.
    ///
    /// # Errors
    /// Where the record cannot be read; what was taken in before stands.
    pub fn update(&mut self, data: &DataDir) -> Result<(), RecordError> {
        let reader = match Reader::open(data) {
            Ok(reader) => reader,
            Err(RecordError::NoRecord { .. }) => return Ok(()),
            Err(error) => return Err(error),
        };
        for session in reader.practised(self.last)? {
            let kind = match self.kinds.get(&session.level_sha256) {
                Some(kind) => *kind,
                None => {
                    let text = reader.level_text(session.number)?.unwrap_or_default();
                    let kind = Level::parse(&session.level, &text).ok().map(|level| level.drill().kind().name());
                    *self.kinds.entry(session.level_sha256.clone()).or_insert(kind)
                }
            };
            self.take(&session, kind);
        }
        Ok(())
    }

    fn take(&mut self, session: &PractisedSession, kind: Option<&'static str>) {
        self.last = self.last.max(session.number);
        let best = Best::of(session);
        if let Some(best) = best {
            let before = self.best.get(&session.level_sha256);
            if before.is_none_or(|before| best.beats(before)) {
                self.best.insert(session.level_sha256.clone(), best);
            }
        }
        if let Some(kind) = kind {
            let count = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
            self.practised.push(Practised {
                level: crate::ladders::present_id(&session.level).to_owned(),
                kind: kind.to_owned(),
                day: session.day,
                events: count(session.events.len()),
                successes: count(session.events.iter().filter(|event| event.success).count()),
                reached: best.is_some_and(|best| best.reached),
            });
        }
    }

    /// The best that was made of a level as its file is now.
    #[must_use]
    pub fn best(&self, level: &Loaded) -> Option<Best> {
        self.best.get(&text_sha256(&level.text)).copied()
    }

    /// The mix of a day (whole days since 1970-01-01).
    #[must_use]
    pub fn daily(&self, ladders: &[Ladder], today: i64) -> Mix {
        let candidates: Vec<Candidate> = ladders
            .iter()
            .flat_map(|ladder| ladder.levels.iter().map(move |level| (ladder, level)))
            .map(|(ladder, level)| {
                let kind = level.level.drill().kind().name();
                Candidate {
                    level: level.id.clone(),
                    kind: kind.to_owned(),
                    ladder: ladder.name.clone(),
                    plain: kind != STICK,
                }
            })
            .collect();
        schedule::daily(&self.practised, &candidates, today)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::PractisedEvent;

    fn session(errors: &[f64], success: usize, finished: bool) -> PractisedSession {
        let event = |(i, &error): (usize, &f64)| PractisedEvent {
            success: i < success,
            error: Some(error),
            percent: false,
            goal: 20.0,
        };
        let events = errors.iter().enumerate().map(event).collect();
        let (level, level_sha256) = ("pulse/1".to_owned(), "a".to_owned());
        PractisedSession { number: 1, day: 0, level, level_sha256, finished, events }
    }

    /// Errors whose median is −11 and whose MAD is `mad`.
    fn around(mad: f64) -> Vec<f64> {
        (0..20).map(|i| -11.0 + if i % 2 == 0 { mad } else { -mad }).collect()
    }

    #[test]
    fn the_spread_is_robust_and_a_level_is_reached_at_its_goal() {
        let best = Best::of(&session(&around(10.0), 18, true)).expect("enough");
        assert!((best.spread.expect("two sides") - 14.826).abs() < 1e-9);
        assert!((best.in_time - 0.9).abs() < 1e-12 && best.reached);
        // 13.5 · 1.4826 is above 20; too few in time; stopped before the end
        assert!(!Best::of(&session(&around(13.5), 18, true)).expect("enough").reached);
        assert!(!Best::of(&session(&around(10.0), 13, true)).expect("enough").reached);
        assert!(!Best::of(&session(&around(10.0), 18, false)).expect("enough").reached);
        assert_eq!(Best::of(&session(&around(10.0)[..11], 11, true)), None);
    }

    #[test]
    fn errors_with_one_side_have_a_share_and_no_spread() {
        let mut errors = vec![0.0; 14];
        errors.extend([30.0; 6]);
        let best = Best::of(&session(&errors, 16, true)).expect("enough");
        assert_eq!((best.spread, best.reached), (None, true));
        assert!(!Best::of(&session(&errors, 15, true)).expect("enough").reached);
    }

    #[test]
    fn the_best_is_kept_whatever_comes_after_it() {
        let mut progress = Progress::default();
        for (mad, finished) in [(13.0, true), (8.0, false), (12.0, true), (13.4, true)] {
            progress.take(&session(&around(mad), 18, finished), Some("steady beat"));
        }
        let best = progress.best["a"];
        assert!(best.reached && (best.spread.expect("two sides") - 12.0 * MAD_TO_SD).abs() < 1e-9);
        assert_eq!(progress.practised.len(), 4);
    }
}
