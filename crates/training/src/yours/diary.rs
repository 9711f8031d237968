//! The diary of a personal trial: which sessions belong to it, how they make days, and what comes next.
//!
//! A trial is one player's on one level's text. The first session of a day is its probe, the others are practice; all of it
//! follows from what was recorded of the sessions, so nothing else has to be kept. Times are whole seconds of a wall clock
//! without zones, and decide only when a new day may begin.

use serde::{Deserialize, Serialize};

use super::{Day, Trial};
use crate::{
    event::{Amplify, ErrorUnit},
    level::Level,
    session::{Amplification, Options, Policy, constants::GAIN_MIN},
};

/// From the end of a day's last session to the next probe, at least: what a probe shows has outlasted a night (training.md §8).
pub const APART_S: i64 = 20 * 3_600;
/// Presses without which a probe measures nothing ◇: a root mean square of fewer is wrong by more than a fifth, where a whole
/// day's practice changes it by a twentieth at most.
pub const PRESSES_LEAST: u32 = 12;

/// What a session is in its player's own trial. A mark in its options, which judging never reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Personal {
    /// The day's first: measures what the days before have left.
    Probe,
    /// Practice with big errors amplified.
    On,
    /// Practice without amplification.
    Off,
}

impl Personal {
    /// What such a session is played by. A probe asks for no step of difficulty and has a gain of 1; what the guard eases then
    /// widens the tolerance and changes nothing that is played.
    #[must_use]
    pub fn options(self) -> Options {
        let (policy, amplification) = match self {
            Self::Probe => (Policy::Fixed { gain: GAIN_MIN }, Amplification::Off),
            Self::On => (Policy::Window, Amplification::BigErrors),
            Self::Off => (Policy::Window, Amplification::Off),
        };
        Options { policy, amplification, personal: Some(self), ..Options::current() }
    }
}

/// A level without an error that a trial could measure.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "\"{kind}\" has no early and late in ms that a trial could measure ({why}); choose a level of another kind, as pulse/1"
)]
pub struct Unsuited {
    kind: &'static str,
    why: &'static str,
}

/// Whether a level's errors are signed and in ms.
///
/// # Errors
/// The kind, and what its errors are instead.
pub fn suits(level: &Level) -> Result<(), Unsuited> {
    let kind = level.drill().kind();
    let why = match (kind.unit(), kind.amplify()) {
        (ErrorUnit::Percent, _) => "its errors are in per cent",
        (_, Amplify::Late) => "it asks for fast reactions, not for a moment",
        (_, Amplify::WrongLane) => "it asks for the right choice, not for a moment",
        (ErrorUnit::Milliseconds, Amplify::AtOnce | Amplify::AtPhraseEnd) => return Ok(()),
    };
    Err(Unsuited { kind: kind.name(), why })
}

/// A session of a trial, as recorded.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Played {
    pub part: Personal,
    /// When it began and ended, s since any moment.
    pub from_s: i64,
    pub until_s: i64,
    pub seed: u64,
    /// Responses that were matched to a target, and the root mean square of their errors, ms; none without a response.
    pub presses: u32,
    pub rms_ms: Option<f64>,
}

/// A day of practice.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Practised {
    /// Presses of its probe.
    pub presses: u32,
    /// Their root mean square error, ms; none where they were too few.
    pub rms_ms: Option<f64>,
    /// Whether errors were amplified; none where no practice has followed the probe.
    pub on: Option<bool>,
    /// Sessions of practice.
    pub sessions: u32,
    /// When its last session ended, s.
    pub until_s: i64,
}

impl Practised {
    /// As the posterior takes it: where nobody practised, nothing was amplified.
    fn day(&self) -> Day {
        Day { rms_ms: self.rms_ms, on: self.on == Some(true) }
    }
}

/// A player's trial on a level so far.
#[derive(Clone, Debug, PartialEq)]
pub struct Diary {
    seed: u64,
    days: Vec<Practised>,
}

impl Diary {
    /// Of the sessions in which anything was judged, oldest first; none without sessions. A probe begins a day; the first
    /// session's seed is the trial's.
    #[must_use]
    pub fn of(sessions: &[Played]) -> Option<Self> {
        let mut days: Vec<Practised> = Vec::new();
        for session in sessions {
            let is_probe = session.part == Personal::Probe;
            if is_probe || days.is_empty() {
                let rms_ms = session.rms_ms.filter(|_| is_probe && session.presses >= PRESSES_LEAST);
                let presses = if is_probe { session.presses } else { 0 };
                days.push(Practised { presses, rms_ms, on: None, sessions: 0, until_s: session.until_s });
            }
            if let Some(day) = days.last_mut() {
                day.until_s = day.until_s.max(session.until_s);
                if !is_probe {
                    day.sessions += 1;
                    day.on = day.on.or(Some(session.part == Personal::On));
                }
            }
        }
        Some(Self { seed: sessions.first()?.seed, days })
    }

    #[must_use]
    pub fn days(&self) -> &[Practised] {
        &self.days
    }

    /// What a session that begins at `now_s` is: a new day's probe 20 h after the last day's last session ended or later, else
    /// practice as the day was drawn. A day is drawn from its probe and all days before, so it is drawn alike however often.
    #[must_use]
    pub fn next(&self, now_s: i64) -> Personal {
        let Some((today, before)) = self.days.split_last() else { return Personal::Probe };
        if now_s >= self.probe_from_s() {
            return Personal::Probe;
        }
        let drawn = || {
            let before: Vec<Day> = before.iter().map(Practised::day).collect();
            Trial::resume(self.seed, self.taps(), &before).day(today.rms_ms)
        };
        if today.on.unwrap_or_else(drawn) { Personal::On } else { Personal::Off }
    }

    /// From when on a session is the next day's probe, s, if nothing is played before.
    #[must_use]
    pub fn probe_from_s(&self) -> i64 {
        self.days.last().map_or(i64::MIN, |day| day.until_s.saturating_add(APART_S))
    }

    /// The trial up to now, the last day's practice included as far as it was played.
    #[must_use]
    pub fn trial(&self) -> Trial {
        let days: Vec<Day> = self.days.iter().map(Practised::day).collect();
        Trial::resume(self.seed, self.taps(), &days)
    }

    /// Presses of a probe: the harmonic mean of those that measured something, for noise goes with 1 / n.
    fn taps(&self) -> u32 {
        let measured = self.days.iter().filter(|day| day.rms_ms.is_some()).map(|day| day.presses);
        let (count, sum) = measured.fold((0.0, 0.0), |(count, sum), n| (count + 1.0, sum + 1.0 / f64::from(n.max(1))));
        if count > 0.0 { libm::round(count / sum) as u32 } else { PRESSES_LEAST }
    }
}

#[cfg(test)]
mod tests;
