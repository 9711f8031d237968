//! "What works for you": a player's own trial on a level, wholly derived from the record.
//!
//! Sessions that ask for it are marked in their options ([`Personal`]); which part the next one plays, and what may be said so
//! far, follow from the marked ones before it. A trial belongs to a player and a level's text. What is drawn, and the posterior,
//! are `doozy_training::yours`'s business. See `docs/what-works.md`.

use doozy_training::yours::{DAYS_LEAST, Diary, PRESSES_LEAST, Personal, Says, Unsuited, suits};
use serde_json::{Value, json};

use crate::{
    ladders::{Loaded, present_id},
    paths::DataDir,
    record::{PersonalSession, Reader, RecordError, clock_face, text_sha256},
};

/// Why a session cannot be part of a trial.
#[derive(Debug, thiserror::Error)]
pub enum WhatWorksError {
    #[error("{level}: {source}")]
    Unsuited { level: String, source: Unsuited },
    #[error(transparent)]
    Record(#[from] RecordError),
}

/// What is said after sessions that belong to a trial: to people and to programs.
#[derive(Clone, Debug, PartialEq)]
pub struct Told {
    pub line: String,
    pub json: Value,
}

/// One player's trial on one level's text.
#[derive(Clone, Debug, PartialEq)]
pub struct Standing {
    /// As the record names them.
    pub player: String,
    /// The level's id as of the last session.
    pub level: String,
    pub level_sha256: String,
    /// Its sessions, oldest first.
    pub sessions: Vec<PersonalSession>,
    pub diary: Diary,
}

/// Whether a level can have a trial.
///
/// # Errors
/// The level and why not.
pub fn check(level: &Loaded) -> Result<(), WhatWorksError> {
    suits(&level.level).map_err(|source| WhatWorksError::Unsuited { level: level.id.clone(), source })
}

/// What a session of `player` (as the record names them) on a level would be if it began at `now_s`, s since 1970-01-01 UTC.
/// Play it by [`Personal::options`].
///
/// # Errors
/// A level that can have no trial, or a record that cannot be read; without a record it is the first probe.
pub fn next(data: &DataDir, level: &Loaded, player: &str, now_s: i64) -> Result<Personal, WhatWorksError> {
    check(level)?;
    let sha256 = text_sha256(&level.text);
    let all = standings(data)?;
    let own = all.iter().find(|standing| standing.player == player && standing.level_sha256 == sha256);
    Ok(own.map_or(Personal::Probe, |standing| standing.diary.next(now_s)))
}

/// The number of the last session that belongs to any trial; 0 where none does.
///
/// # Errors
/// Where the record cannot be read.
pub fn last(data: &DataDir) -> Result<i64, RecordError> {
    let standings = standings(data)?;
    Ok(standings.iter().flat_map(|standing| &standing.sessions).map(|session| session.number).max().unwrap_or(0))
}

/// What the sessions of `player` on a level were that are numbered above `after`, and where that trial stands now.
///
/// # Errors
/// Where the record cannot be read.
pub fn told(data: &DataDir, level: &Loaded, player: &str, after: i64) -> Result<Told, RecordError> {
    let sha256 = text_sha256(&level.text);
    let all = standings(data)?;
    let Some(own) = all.iter().find(|standing| standing.player == player && standing.level_sha256 == sha256) else {
        let line = format!("what works on {}: {NOTHING}", level.id);
        return Ok(Told { line, json: json!({ "sessions": [], "trial": null }) });
    };
    let new = || own.sessions.iter().filter(|session| session.number > after);
    let mut parts: Vec<String> = new().map(part).collect();
    // sessions of practice that are alike are told once
    parts.dedup();
    let was = if parts.is_empty() { NOTHING.to_owned() } else { parts.join("; then ") };
    let (days, verdict, (_, from)) = (own.diary.days().len(), own.verdict(), own.probe_from()?);
    let line = format!(
        "what works on {}, day {days}: {was}. So far: {verdict}. A session from {from} on is the next probe, one before it is practice of this day",
        own.level
    );
    let sessions: Vec<Value> = new()
        .map(|session| {
            let played = &session.played;
            json!({ "number": session.number, "part": played.part, "presses": played.presses, "rms_ms": played.rms_ms })
        })
        .collect();
    Ok(Told { line, json: json!({ "sessions": sessions, "trial": own.json()? }) })
}

/// Of sessions that left nothing.
const NOTHING: &str = "nothing was judged and recorded, so it counts for nothing";

/// All trials of a record, in the order in which they began; none without a record.
///
/// # Errors
/// Where the record cannot be read.
pub fn standings(data: &DataDir) -> Result<Vec<Standing>, RecordError> {
    let sessions = match Reader::open(data) {
        Ok(reader) => reader.personal()?,
        Err(RecordError::NoRecord { .. }) => return Ok(Vec::new()),
        Err(error) => return Err(error),
    };
    let mut trials: Vec<Vec<PersonalSession>> = Vec::new();
    for session in sessions {
        let is_same = |trial: &&mut Vec<PersonalSession>| {
            trial.first().is_some_and(|one| one.player == session.player && one.level_sha256 == session.level_sha256)
        };
        match trials.iter_mut().find(is_same) {
            Some(trial) => trial.push(session),
            None => trials.push(vec![session]),
        }
    }
    Ok(trials.into_iter().filter_map(Standing::of).collect())
}

impl Standing {
    /// Of one trial's sessions; none of none.
    fn of(sessions: Vec<PersonalSession>) -> Option<Self> {
        let played: Vec<_> = sessions.iter().map(|session| session.played).collect();
        let last = sessions.last()?;
        Some(Self {
            player: last.player.clone(),
            level: present_id(&last.level).to_owned(),
            level_sha256: last.level_sha256.clone(),
            diary: Diary::of(&played)?,
            sessions,
        })
    }

    /// Days with practice that was amplified, and days on which nothing followed the probe.
    #[must_use]
    pub fn counts(&self) -> (usize, usize) {
        let count = |on: Option<bool>| self.diary.days().iter().filter(|day| day.on == on).count();
        (count(Some(true)), count(None))
    }

    /// What may be said, in a sentence: nothing but how many days are missing before the eighth, the 95 % interval always after.
    #[must_use]
    pub fn verdict(&self) -> String {
        let days = self.diary.days().len();
        if days < DAYS_LEAST {
            return format!("cannot tell yet ({days} of {DAYS_LEAST} days at least)");
        }
        let posterior = self.diary.trial().posterior();
        let (mean, low, high) = posterior.percent();
        match posterior.says() {
            Says::CannotTellYet => format!("cannot tell yet: {mean:+.1} % [{low:+.1}, {high:+.1}] a day"),
            Says::Helps => format!("amplification helps you by {mean:.1} % [{low:.1}, {high:.1}] a day"),
            // turned about, so that more is worse
            Says::Hurts => format!("amplification hurts you by {:.1} % [{:.1}, {:.1}] a day", -mean, -high, -low),
        }
    }

    /// When the next day's probe may be played, in UTC and by this machine's wall clock, if nothing of the trial is played before.
    ///
    /// # Errors
    /// Where SQLite has no memory for a question.
    pub fn probe_from(&self) -> Result<(String, String), RecordError> {
        // faces show whole minutes: the first that is not too early
        clock_face(self.diary.probe_from_s().saturating_add(59))
    }

    /// Everything of it for programs. Per cent are of the RMS a day later, positive where amplification lowers it.
    ///
    /// # Errors
    /// As [`Self::probe_from`].
    pub fn json(&self) -> Result<Value, RecordError> {
        let days = self.diary.days();
        let posterior = self.diary.trial().posterior();
        let (amplified, unpractised) = self.counts();
        let (mean, low, high) = posterior.percent();
        let says = match posterior.says() {
            Says::CannotTellYet => "cannot_tell_yet",
            Says::Helps => "helps",
            Says::Hurts => "hurts",
        };
        let per_day = days.iter().map(|day| {
            json!({
                "presses": day.presses,
                "rms_ms": day.rms_ms,
                "practice_sessions": day.sessions,
                "amplified": day.on,
            })
        });
        Ok(json!({
            "player": self.player,
            "level": self.level,
            "level_sha256": self.level_sha256,
            "days": days.len(),
            "days_least": DAYS_LEAST,
            "amplified_days": amplified,
            "unpractised_days": unpractised,
            "says": says,
            "percent_a_day": (days.len() >= DAYS_LEAST).then(|| json!({ "mean": mean, "low": low, "high": high })),
            "probe_from_utc": self.probe_from()?.0,
            "by_day": per_day.collect::<Vec<_>>(),
        }))
    }
}

/// What a session was.
fn part(session: &PersonalSession) -> String {
    let played = &session.played;
    match (played.part, played.rms_ms) {
        (Personal::Probe, Some(rms)) if played.presses >= PRESSES_LEAST => {
            format!("the probe, RMS {rms:.1} ms over {} presses", played.presses)
        }
        (Personal::Probe, _) => {
            format!("the probe, which measured nothing ({} presses of at least {PRESSES_LEAST})", played.presses)
        }
        (Personal::On, _) => "practice, big errors amplified".to_owned(),
        (Personal::Off, _) => "practice, nothing amplified".to_owned(),
    }
}
