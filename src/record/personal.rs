//! Sessions that are part of their player's own trial, as far as the trial looks at them; and a moment as people read it.

use doozy_training::yours::{Personal, Played};
use rusqlite::Row as SqlRow;

use super::{Reader, RecordError, store::failure};

/// A session that was marked, in which something was judged.
#[derive(Clone, Debug, PartialEq)]
pub struct PersonalSession {
    /// Counted from 1 over the record.
    pub number: i64,
    /// "person", or "learner:NAME".
    pub player: String,
    /// The level's id, and its text's SHA-256.
    pub level: String,
    pub level_sha256: String,
    /// Its times are whole seconds since 1970-01-01 UTC.
    pub played: Played,
}

/// A moment in UTC and by the wall clock of this machine, to the minute; `seconds` since 1970-01-01 UTC.
///
/// # Errors
/// Where SQLite has no memory for a question.
pub fn clock_face(seconds: i64) -> Result<(String, String), RecordError> {
    let face =
        "SELECT strftime('%Y-%m-%dT%H:%MZ', ?1, 'unixepoch'), strftime('%Y-%m-%d %H:%M', ?1, 'unixepoch', 'localtime')";
    let face = |it: rusqlite::Connection| it.query_row(face, [seconds], |row| Ok((row.get(0)?, row.get(1)?)));
    rusqlite::Connection::open_in_memory().and_then(face).map_err(failure(std::path::Path::new(":memory:")))
}

impl Reader {
    /// The sessions that are marked as part of a personal trial, oldest first; without those in which nothing was judged. One
    /// that a kill cut ended with its last verdict.
    ///
    /// # Errors
    /// Where the database cannot be read, or a mark is none that this version knows.
    pub fn personal(&self) -> Result<Vec<PersonalSession>, RecordError> {
        let wrong = failure(&self.path);
        let mut query = self
            .connection
            .prepare(
                "SELECT session, player, level, level_sha256, seed, json_extract(options, '$.session.personal') AS part,
                   CAST(strftime('%s', started_utc) AS INTEGER) AS from_s,
                   COALESCE(CAST(strftime('%s', ended_utc) AS INTEGER), CAST(strftime('%s', started_utc) AS INTEGER)
                     + (SELECT max(verdict_ns) - origin_ns FROM events e WHERE e.session = s.session) / 1000000000) AS until_s
                 FROM sessions s
                 WHERE json_extract(options, '$.session.personal') IS NOT NULL
                   AND EXISTS (SELECT 1 FROM events e WHERE e.session = s.session)
                 ORDER BY session",
            )
            .map_err(&wrong)?;
        let raw = |row: &SqlRow<'_>| {
            Ok(Raw {
                number: row.get("session")?,
                player: row.get("player")?,
                level: row.get("level")?,
                level_sha256: row.get("level_sha256")?,
                seed: row.get("seed")?,
                part: row.get("part")?,
                from_s: row.get("from_s")?,
                until_s: row.get("until_s")?,
            })
        };
        let sessions: Vec<Raw> = query.query_map([], raw).and_then(Iterator::collect).map_err(&wrong)?;
        // the errors of responses that were matched to a target, as the contest of policies takes them
        let mut errors = self
            .connection
            .prepare(
                "SELECT COALESCE(json_extract(f.json, '$.measured.error'), e.asynchrony_ns / 1e6)
                 FROM events e JOIN effects f ON f.session = e.session AND f.seq = e.seq
                 WHERE e.session = ?1 AND e.kind IN ('press', 'release') AND e.asynchrony_ns IS NOT NULL ORDER BY e.event",
            )
            .map_err(&wrong)?;
        let mut personal = Vec::with_capacity(sessions.len());
        for session in sessions {
            let errors: Vec<f64> =
                errors.query_map([session.number], |row| row.get(0)).and_then(Iterator::collect).map_err(&wrong)?;
            personal.push(session.with(&errors).map_err(|(number, what)| RecordError::Damaged {
                at: format!("{}: session {number}", self.path.display()),
                what,
            })?);
        }
        Ok(personal)
    }
}

/// A marked session's own row, before it is understood.
struct Raw {
    number: i64,
    player: String,
    level: String,
    level_sha256: String,
    seed: String,
    part: String,
    from_s: i64,
    until_s: i64,
}

impl Raw {
    /// The session with its responses' errors, ms; or its number and what cannot be understood.
    fn with(self, errors: &[f64]) -> Result<PersonalSession, (i64, String)> {
        let part = serde_json::from_value::<Personal>(self.part.clone().into()).map_err(|_| {
            (self.number, format!("its mark is '{}', and this doozy knows probe, on and off", self.part))
        })?;
        let seed =
            self.seed.parse().map_err(|_| (self.number, format!("its seed is '{}', not a whole number", self.seed)))?;
        let squares: f64 = errors.iter().map(|e| e * e).sum();
        let played = Played {
            part,
            from_s: self.from_s,
            until_s: self.until_s,
            seed,
            presses: u32::try_from(errors.len()).unwrap_or(u32::MAX),
            rms_ms: (!errors.is_empty()).then(|| libm::sqrt(squares / errors.len() as f64)),
        };
        let Self { number, player, level, level_sha256, .. } = self;
        Ok(PersonalSession { number, player, level, level_sha256, played })
    }
}
