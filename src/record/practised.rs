//! What was practised: every finished or stopped session of a person with its events, as far as results and schedules look
//! at them.

use rusqlite::{OptionalExtension as _, Row as SqlRow};

use super::{Reader, RecordError, store::failure};

/// A session that a person has played.
#[derive(Clone, Debug, PartialEq)]
pub struct PractisedSession {
    /// Counted from 1 over the record.
    pub number: i64,
    /// The player's own day: whole days since 1970-01-01, by the wall clock of then.
    pub day: i64,
    /// The level's id, and its text's SHA-256.
    pub level: String,
    pub level_sha256: String,
    /// Whether the level was played to its end.
    pub finished: bool,
    /// In the order of verdicts.
    pub events: Vec<PractisedEvent>,
}

/// One judged event of it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PractisedEvent {
    /// Clean or close.
    pub success: bool,
    /// The true error in the drill's unit, negative early; none of an event without one.
    pub error: Option<f64>,
    /// Whether the unit is per cent; else it is ms.
    pub percent: bool,
    /// The goal SD that was in force.
    pub goal: f64,
}

/// The player's own day now: whole days since 1970-01-01, as a session that began now would have it.
///
/// # Errors
/// Where SQLite has no memory for a question.
pub fn today() -> Result<i64, RecordError> {
    let path = std::path::Path::new(":memory:");
    rusqlite::Connection::open_in_memory()
        .and_then(|it| it.query_row("SELECT strftime('%s', 'now', 'localtime') / 86400", [], |row| row.get(0)))
        .map_err(failure(path))
}

impl Reader {
    /// The sessions of people that have ended, after the session of number `after`, oldest first. Not those that were
    /// marked as practice (their rate or parts were chosen), nor those of simulated players.
    ///
    /// # Errors
    /// Where the database cannot be read.
    pub fn practised(&self, after: i64) -> Result<Vec<PractisedSession>, RecordError> {
        let wrong = failure(&self.path);
        let mut query = self
            .connection
            .prepare(
                "SELECT session, (strftime('%s', started_utc) + 60 * utc_offset_min) / 86400 AS day, level, level_sha256,
                   finished
                 FROM sessions
                 WHERE session > ?1 AND player = 'person' AND (ended_utc IS NOT NULL OR cut = 1)
                   AND json_extract(options, '$.session.practice') IS NULL
                 ORDER BY session",
            )
            .map_err(&wrong)?;
        let session = |row: &SqlRow<'_>| {
            Ok(PractisedSession {
                number: row.get("session")?,
                day: row.get("day")?,
                level: row.get("level")?,
                level_sha256: row.get("level_sha256")?,
                finished: row.get("finished")?,
                events: Vec::new(),
            })
        };
        let mut sessions: Vec<PractisedSession> =
            query.query_map([after], session).and_then(Iterator::collect).map_err(&wrong)?;
        let mut events = self
            .connection
            .prepare(
                "SELECT e.tier IN ('clean', 'slip') AS success, e.asynchrony_ns, e.goal_ms,
                   json_extract(f.json, '$.measured.error') AS error, json_extract(f.json, '$.measured.unit') AS unit
                 FROM events e JOIN effects f ON f.session = e.session AND f.seq = e.seq
                 WHERE e.session = ?1 ORDER BY e.event",
            )
            .map_err(&wrong)?;
        for session in &mut sessions {
            session.events = events.query_map([session.number], event).and_then(Iterator::collect).map_err(&wrong)?;
        }
        Ok(sessions)
    }

    /// The text of the level that a session was played on; none where there is no such session.
    ///
    /// # Errors
    /// Where the database cannot be read.
    pub fn level_text(&self, number: i64) -> Result<Option<String>, RecordError> {
        self.connection
            .query_row("SELECT level_text FROM sessions WHERE session = ?1", [number], |row| row.get(0))
            .optional()
            .map_err(failure(&self.path))
    }
}

fn event(row: &SqlRow<'_>) -> Result<PractisedEvent, rusqlite::Error> {
    let asynchrony: Option<i64> = row.get("asynchrony_ns")?;
    let measured: Option<f64> = row.get("error")?;
    let unit: Option<String> = row.get("unit")?;
    Ok(PractisedEvent {
        success: row.get("success")?,
        error: measured.or_else(|| asynchrony.map(|ns| ns as f64 / 1e6)),
        percent: unit.as_deref() == Some("percent"),
        goal: row.get("goal_ms")?,
    })
}
