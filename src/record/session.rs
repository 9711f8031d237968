//! A recorded session, read back: lists, one session whole, and where its chain of checksums breaks.

use std::path::{Path, PathBuf};

use doozy_training::{
    event::{Effect, Input},
    time::{HostTime, Nanos},
};
use rusqlite::{Connection, Row as SqlRow};
use serde::Serialize;

use super::{
    Device, Entry, RawInput, RecordError, SessionId, SessionMeta, StimulusClock,
    row::{self, Chain, Table},
    store::{self, WriteLock, failure},
};
use crate::paths::DataDir;

pub use super::row::EventRow;

/// Characters of an id that have to be given, so that a mistyped number finds no session by chance. ◇
const SHORTEST_PREFIX: usize = 6;

/// How a session ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// Its level was played to the end.
    Finished,
    /// The player, or a signal, ended it before.
    Stopped,
    /// The program died; everything committed until then is here.
    Cut,
    /// It is being recorded at this moment.
    Running,
}

/// A session in a list.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct SessionInfo {
    /// Counted from 1 over the record.
    pub number: i64,
    pub id: SessionId,
    /// Start in UTC, ISO 8601 with milliseconds.
    pub started_utc: String,
    /// What the wall clock showed beyond UTC, minutes.
    pub utc_offset_min: i64,
    pub ended_utc: Option<String>,
    pub state: State,
    pub player: String,
    pub level: String,
    pub level_sha256: String,
    /// Rows of inputs, effects, raw inputs and devices together.
    pub entries: i64,
    /// Judged events by tier: clean, slip, miss, doozy.
    pub tiers: [i64; 4],
    pub summary: Option<serde_json::Value>,
    /// It was practice: nothing of it counts as a result.
    pub practice: bool,
}

impl SessionInfo {
    /// Whether it was played on a level of this text.
    #[must_use]
    pub fn is_of(&self, level_text: &str) -> bool {
        self.level_sha256 == row::sha256_hex(level_text.as_bytes())
    }
}

/// Where a session's rows stop being what was written.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Damage {
    /// The last row that the checksums vouch for; None if not even the session's own row is sound.
    pub last_good: Option<i64>,
    /// What is wrong behind it.
    pub what: String,
}

impl std::fmt::Display for Damage {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.last_good {
            Some(-1) => write!(f, "{}; only the session's own row is sound", self.what),
            Some(seq) => write!(f, "{}; the last good row is {seq}", self.what),
            None => write!(f, "{}", self.what),
        }
    }
}

/// A session with everything recorded of it, up to the first damage if there is any.
#[derive(Clone, Debug, PartialEq)]
pub struct LoadedSession {
    pub info: SessionInfo,
    pub meta: SessionMeta,
    /// In the order of the record.
    pub inputs: Vec<Input>,
    pub effects: Vec<Effect>,
    pub raw_inputs: Vec<RawInput>,
    pub devices: Vec<Device>,
    /// How each trial was put on the clocks; empty in records of before version 2.
    pub clocks: Vec<StimulusClock>,
    pub damage: Option<Damage>,
    /// All of the above as they stand in the record: sequence number, table, JSON, chain.
    pub(super) rows: Vec<StoredRow>,
}

/// A row as it stands in the record.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct StoredRow {
    pub seq: i64,
    pub table: Table,
    pub kind: String,
    pub t: Option<HostTime>,
    pub json: String,
    pub chain: Chain,
}

impl LoadedSession {
    /// Whether it was closed in order: false for one that a kill cut, or that is still running.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        matches!(self.info.state, State::Finished | State::Stopped) && self.damage.is_none()
    }

    /// Whether a level's present text is the one that was played.
    #[must_use]
    pub fn was_played_on(&self, level_text: &str) -> bool {
        self.info.level_sha256 == row::sha256_hex(level_text.as_bytes())
    }

    /// Takes rows in the order of their numbers as long as their chain holds, from `chain` on.
    pub(super) fn take(&mut self, rows: Vec<StoredRow>, mut chain: Chain) {
        for (seq, row) in (0..).zip(rows) {
            let fault = if row.seq == seq {
                let link = row::link(&chain, row.table, row.seq, &row.kind, row.t, &row.json);
                if link != row.chain {
                    Some(format!("row {seq} of {} is not what was recorded (its checksum differs)", row.table.name()))
                } else {
                    match row::read(row.table, &row.json) {
                        Ok(entry) => {
                            chain = link;
                            self.keep(entry);
                            None
                        }
                        Err(error) => Some(format!("row {seq} of {} cannot be read: {error}", row.table.name())),
                    }
                }
            } else {
                Some(format!("row {seq} is missing"))
            };
            if let Some(what) = fault {
                self.damage = Some(Damage { last_good: Some(seq - 1), what });
                return;
            }
            self.rows.push(row);
        }
    }

    fn keep(&mut self, entry: Entry) {
        match entry {
            Entry::Input(input) => self.inputs.push(input),
            Entry::Effect(effect) => self.effects.push(effect),
            Entry::Raw(raw) => self.raw_inputs.push(raw),
            Entry::Device(device) => self.devices.push(device),
            Entry::Clock(clock) => self.clocks.push(clock),
        }
    }

    /// The flat rows that the effects give.
    #[must_use]
    pub fn events(&self) -> Vec<EventRow> {
        let mut events: Vec<EventRow> = Vec::new();
        let effects = self.rows.iter().filter(|row| row.table == Table::Effects);
        for (effect, row) in self.effects.iter().zip(effects) {
            match effect {
                Effect::Judged(judged) => events.push(EventRow::of(judged, row.seq)),
                Effect::WindowOpened { event, w, dose, .. } => {
                    if let Some(row) = events.iter_mut().rev().find(|row| row.event == event.0) {
                        (row.w, row.dose) = (Some(*w), Some(*dose));
                    }
                }
                _ => {}
            }
        }
        events.sort_by_key(|row| row.event);
        events
    }
}

/// A record opened to read; a running session is seen up to its last commit.
#[derive(Debug)]
pub struct Reader {
    pub(super) connection: Connection,
    pub(super) path: PathBuf,
    is_written: bool,
}

impl Reader {
    /// Opens the record of a data folder.
    ///
    /// # Errors
    /// Where there is none, or it is no record that this version can read.
    pub fn open(data: &DataDir) -> Result<Self, RecordError> {
        let mut reader = Self::open_file(&data.database())?;
        reader.is_written = WriteLock::is_held(data);
        Ok(reader)
    }

    /// Opens one file, such as a backup.
    ///
    /// # Errors
    /// As [`Reader::open`].
    pub fn open_file(path: &Path) -> Result<Self, RecordError> {
        Ok(Self { connection: store::open_to_read(path)?, path: path.to_path_buf(), is_written: false })
    }

    /// All sessions, oldest first.
    ///
    /// # Errors
    /// Where the database cannot be read.
    pub fn sessions(&self) -> Result<Vec<SessionInfo>, RecordError> {
        self.infos("1 = 1", [])
    }

    /// The session that a person means by its number, its id, the beginning of its id (six characters at least), or
    /// "last".
    ///
    /// # Errors
    /// [`RecordError::NoSession`] where none or several are meant.
    pub fn find(&self, asked: &str) -> Result<SessionInfo, RecordError> {
        let none = |why: String| RecordError::NoSession { asked: asked.to_owned(), why };
        let mut found = if asked == "last" {
            self.infos("session = (SELECT max(session) FROM sessions)", [])?
        } else if let (Ok(number), true) = (asked.parse::<i64>(), asked.len() < SHORTEST_PREFIX) {
            self.infos("session = ?1", [number])?
        } else if asked.len() < SHORTEST_PREFIX {
            return Err(none(format!("give its number, at least {SHORTEST_PREFIX} characters of its id, or 'last'")));
        } else {
            self.infos("substr(id, 1, length(?1)) = ?1", [asked])?
        };
        match (found.pop(), found.len()) {
            (Some(info), 0) => Ok(info),
            (Some(_), others) => Err(none(format!("{} sessions begin so", others + 1))),
            (None, _) => Err(none(format!("{} has none such", self.path.display()))),
        }
    }

    /// A session whole, up to its first damage. One that a kill cut loads to the cut.
    ///
    /// # Errors
    /// [`RecordError::NoSession`], or where the session's own row cannot be understood.
    pub fn load(&self, asked: &str) -> Result<LoadedSession, RecordError> {
        let wrong = failure(&self.path);
        // One view of all tables, so that a session still running is not read half before and half after a commit.
        let view = self.connection.unchecked_transaction().map_err(&wrong)?;
        let info = self.find(asked)?;
        let (meta, seed, head, chain) = self
            .connection
            .query_row("SELECT * FROM sessions WHERE session = ?1", [info.number], |row| {
                let meta = SessionMeta {
                    origin: HostTime(row.get("origin_ns")?),
                    player: row.get("player")?,
                    level: row.get("level")?,
                    level_path: row.get("level_path")?,
                    level_text: row.get("level_text")?,
                    seed: 0,
                    options: json(row, "options")?,
                    build: row.get("build")?,
                    rule_version: row.get("rule_version")?,
                    timing: row.get("timing")?,
                    timing_err: Nanos(row.get("timing_err_ns")?),
                    audio: json(row, "audio")?,
                };
                Ok((meta, row.get::<_, String>("seed")?, row.get::<_, Chain>("head")?, row.get::<_, Chain>("chain")?))
            })
            .map_err(|error| self.damaged(&info, &error))?;
        let seed = seed.parse().map_err(|_| RecordError::Damaged {
            at: format!("{}: session {}", self.path.display(), info.number),
            what: format!("its seed is '{seed}', not a whole number"),
        })?;
        let meta = SessionMeta { seed, ..meta };
        let mut rows = Vec::new();
        let version: i32 =
            self.connection.pragma_query_value(None, "user_version", |row| row.get(0)).map_err(&wrong)?;
        for table in Table::ALL.into_iter().filter(|table| table.since() <= version) {
            let sql = format!("SELECT seq, kind, t_ns, json, chain FROM {} WHERE session = ?1", table.name());
            let mut query = self.connection.prepare(&sql).map_err(&wrong)?;
            let stored = query.query_map([info.number], |row| {
                Ok(StoredRow {
                    seq: row.get(0)?,
                    table,
                    kind: row.get(1)?,
                    t: row.get::<_, Option<i64>>(2)?.map(HostTime),
                    json: row.get(3)?,
                    chain: row.get(4)?,
                })
            });
            for row in stored.map_err(&wrong)? {
                rows.push(row.map_err(|error| self.damaged(&info, &error))?);
            }
        }
        rows.sort_by_key(|row| row.seq);
        let stored_events = self.events(info.number)?;
        drop(view);

        let true_head = row::head(&info.id.0, &info.started_utc, info.utc_offset_min, &meta);
        let entries = info.entries;
        let mut loaded = LoadedSession {
            info,
            meta,
            inputs: Vec::new(),
            effects: Vec::new(),
            raw_inputs: Vec::new(),
            devices: Vec::new(),
            clocks: Vec::new(),
            damage: None,
            rows: Vec::new(),
        };
        if true_head != head || loaded.info.level_sha256 != row::sha256_hex(loaded.meta.level_text.as_bytes()) {
            loaded.damage = Some(Damage {
                last_good: None,
                what: "the session's own row (level, seed, options…) is not what was recorded".into(),
            });
            return Ok(loaded);
        }
        loaded.take(rows, head);
        if loaded.damage.is_none() {
            let count = loaded.rows.len() as i64;
            let last = loaded.rows.last().map_or(head, |row| row.chain);
            if count != entries || last != chain {
                loaded.damage = Some(Damage {
                    last_good: Some(count - 1),
                    what: format!("{entries} rows were recorded and {count} are here"),
                });
            } else if let Some(event) = first_unlike(&loaded.events(), &stored_events) {
                loaded.damage = Some(Damage {
                    last_good: Some(count - 1),
                    what: format!("event {event} of the table 'events' is not what the effects say"),
                });
            }
        }
        Ok(loaded)
    }

    /// The flat rows of a session's judged events.
    ///
    /// # Errors
    /// Where the database cannot be read.
    pub fn events(&self, session: i64) -> Result<Vec<EventRow>, RecordError> {
        let wrong = failure(&self.path);
        let mut query =
            self.connection.prepare("SELECT * FROM events WHERE session = ?1 ORDER BY event").map_err(&wrong)?;
        let rows = query.query_map([session], EventRow::read).map_err(&wrong)?;
        rows.collect::<Result<_, _>>().map_err(&wrong)
    }

    /// SQLite's own check of the whole file.
    ///
    /// # Errors
    /// [`RecordError::Damaged`] with its first finding.
    pub fn check_integrity(&self) -> Result<(), RecordError> {
        let found: String = self
            .connection
            .query_row("PRAGMA integrity_check(1)", [], |row| row.get(0))
            .map_err(failure(&self.path))?;
        if found == "ok" {
            return Ok(());
        }
        Err(RecordError::Damaged { at: self.path.display().to_string(), what: found })
    }

    fn damaged(&self, info: &SessionInfo, error: &rusqlite::Error) -> RecordError {
        RecordError::Damaged {
            at: format!("{}: session {}", self.path.display(), info.number),
            what: format!("a row cannot be understood: {error}"),
        }
    }

    fn infos(&self, only: &str, params: impl rusqlite::Params) -> Result<Vec<SessionInfo>, RecordError> {
        let wrong = failure(&self.path);
        let sql = format!(
            "SELECT *,
               (SELECT count(*) FROM events e WHERE e.session = s.session AND tier = 'clean') AS clean,
               (SELECT count(*) FROM events e WHERE e.session = s.session AND tier = 'slip') AS slip,
               (SELECT count(*) FROM events e WHERE e.session = s.session AND tier = 'miss') AS miss,
               (SELECT count(*) FROM events e WHERE e.session = s.session AND tier = 'doozy') AS doozy
             FROM sessions s WHERE {only} ORDER BY session"
        );
        let mut query = self.connection.prepare(&sql).map_err(&wrong)?;
        let rows = query
            .query_map(params, |row| {
                let ended_utc: Option<String> = row.get("ended_utc")?;
                let state = match (&ended_utc, row.get("finished")?, row.get("cut")?) {
                    (Some(_), true, _) => State::Finished,
                    (Some(_), false, _) => State::Stopped,
                    (None, _, false) if self.is_written => State::Running,
                    (None, ..) => State::Cut,
                };
                Ok(SessionInfo {
                    number: row.get("session")?,
                    id: SessionId(row.get("id")?),
                    started_utc: row.get("started_utc")?,
                    utc_offset_min: row.get("utc_offset_min")?,
                    ended_utc,
                    state,
                    player: row.get("player")?,
                    level: row.get("level")?,
                    level_sha256: row.get("level_sha256")?,
                    entries: row.get("entries")?,
                    tiers: [row.get("clean")?, row.get("slip")?, row.get("miss")?, row.get("doozy")?],
                    summary: row.get::<_, Option<String>>("summary")?.and_then(|text| serde_json::from_str(&text).ok()),
                    practice: json(row, "options").is_ok_and(|options| !options["session"]["practice"].is_null()),
                })
            })
            .map_err(&wrong)?;
        rows.collect::<Result<_, _>>().map_err(&wrong)
    }
}

/// A JSON column.
fn json(row: &SqlRow, column: &str) -> Result<serde_json::Value, rusqlite::Error> {
    let text: String = row.get(column)?;
    serde_json::from_str(&text)
        .map_err(|error| rusqlite::Error::FromSqlConversionFailure(0, rusqlite::types::Type::Text, Box::new(error)))
}

/// The first event that two lists of flat rows tell differently, numbers bit for bit.
fn first_unlike(ours: &[EventRow], stored: &[EventRow]) -> Option<u32> {
    let unlike = |(a, b): &(&EventRow, &EventRow)| a != b;
    ours.iter().zip(stored).find(unlike).map(|(a, _)| a.event).or_else(|| {
        let (short, long) = if ours.len() < stored.len() { (ours, stored) } else { (stored, ours) };
        long.get(short.len()).map(|row| row.event)
    })
}
