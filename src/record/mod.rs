//! The record: everything that reached a session and everything it said, in one SQLite database that outlives a kill.
//!
//! [`Recorder`] writes, in a thread of its own; [`Reader`] lists and loads; [`verify()`] recomputes. The tables and
//! their checksums are described for people with R, pandas or DuckDB in `docs/record.md`. This room knows the crates
//! and no other room: what it has to say to people is a [`Notice`].

pub mod beats;
mod ndjson;
mod personal;
mod practised;
mod row;
mod session;
mod store;
#[cfg(test)]
mod tests;
mod verify;
mod writer;

use std::{io, path::PathBuf};

use doozy_training::{
    event::{DeviceId, Effect, Input, Lane, TimeSource, TrialId},
    time::{HostTime, Nanos, SampleFrame},
};
use serde::{Deserialize, Serialize};

pub use ndjson::{export_ndjson, import_ndjson};
pub use personal::{PersonalSession, clock_face};
pub use practised::{PractisedEvent, PractisedSession, today};
pub use session::{Damage, EventRow, LoadedSession, Reader, SessionInfo, State};
pub use store::backup;
pub use verify::{Difference, Verification, VerifyError, verify};
pub use writer::Recorder;

/// SHA-256 of a level's text, as the record names it, in lower-case hexadecimal.
#[must_use]
pub fn text_sha256(text: &str) -> String {
    row::sha256_hex(text.as_bytes())
}

/// Version of the tables, kept in `PRAGMA user_version`. A record of a newer one is refused untouched.
pub const SCHEMA_VERSION: i32 = 2;

/// A session's id: a UUID (version 7, so ids sort by their start) in its usual 36 characters.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct SessionId(pub String);

impl std::fmt::Display for SessionId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

/// What is known of a session when it begins. With the inputs it determines every effect.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SessionMeta {
    /// Host time at which the session's own time is zero.
    pub origin: HostTime,
    /// Who plays: "person", or "learner:NAME" for a simulated player.
    pub player: String,
    /// The level's id.
    pub level: String,
    /// Where its file lay.
    pub level_path: String,
    /// The file as it was played, whole.
    pub level_text: String,
    pub seed: u64,
    /// Everything else that decides: assist, lesions, preset of the network…
    pub options: serde_json::Value,
    /// Version, commit and features of the program.
    pub build: String,
    /// Version of the judging rules.
    pub rule_version: u32,
    /// Where times come from at the start ("x11", "winit (coarse)"…), for people.
    pub timing: String,
    /// Half-width of what the taps can promise about a press.
    pub timing_err: Nanos,
    /// The sound backend and what it reports of itself.
    pub audio: serde_json::Value,
}

/// Something to record. Order of logging is the order of the record.
#[derive(Clone, Debug, PartialEq)]
pub enum Entry {
    /// The first watermark, which starts a session, is kept; of later ones with no other input between them only the
    /// furthest, which says all that they said.
    Input(Input),
    /// [`Effect::Provisional`] is dropped here: it moves a mark and is gone.
    Effect(Effect),
    Raw(RawInput),
    Device(Device),
    Clock(StimulusClock),
}

/// A press or release of any control at any moment of a session, menus and pauses included.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RawInput {
    pub t: HostTime,
    /// Half-width of what the tap can promise about `t`.
    pub err: Nanos,
    pub source: TimeSource,
    pub device: DeviceId,
    /// The physical control (evdev code of a key, or a pad's button).
    pub control: u16,
    /// Its name, as the bindings spell it.
    pub name: String,
    pub down: bool,
    /// The response that it is bound to, if any.
    pub lane: Option<Lane>,
    /// What the session was doing: "trial", "between", "paused", "menu"…
    pub during: String,
}

/// A device comes, goes, or changes what it promises.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Device {
    pub t: HostTime,
    pub device: DeviceId,
    /// "keyboard", "pad", "audio", "display"…
    pub kind: String,
    /// As the system calls it.
    pub name: String,
    /// What stays the same when it is plugged in again, where the system has such a thing.
    pub identity: String,
    pub present: bool,
    pub source: TimeSource,
    pub err: Nanos,
}

/// How a trial's stimuli were put on the host's clock: what the card said, and the player's own offset on top of it.
///
/// A press is judged against `reported` + the target's time + `offset`; the sum is the input `anchor`. Here are its
/// parts, so that errors can be reckoned anew with another offset. Since version 2 of the tables.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StimulusClock {
    /// The trial's zero as it is judged: the origin of its `anchor`.
    pub t: HostTime,
    pub trial: TrialId,
    /// The trial's zero as the card reports that it is heard, its latency included: host_time(`frame`).
    pub reported: HostTime,
    /// The trial's zero in the audio stream.
    pub frame: SampleFrame,
    /// Hz.
    pub rate: u32,
    /// From handing a frame over to its being heard, as the card reports it; inside `reported` already.
    pub latency: Nanos,
    /// Residual SD of the clock's fit.
    pub sigma: Option<Nanos>,
    /// The player's offset that applied: `t` − `reported`.
    pub offset: Nanos,
    /// Where it comes from: "by_hand", or the method that measured it ("adjust", "tap_to_sound").
    pub offset_from: String,
    /// It was measured at another rate or buffer.
    pub stale: bool,
    /// Its standard error, ms, where it was measured.
    pub se_ms: Option<f64>,
    /// How far ahead pictures were drawn, and where that number comes from ("by_hand", "tap_to_flash").
    pub video_offset: Nanos,
    pub video_offset_from: String,
    /// The sound output, "silent" where there was none.
    pub output: String,
    /// The device that was pressed last, whose offset this is.
    pub device: DeviceId,
    pub input: String,
}

/// Something to tell the player: a Fluent id (see `src/text.rs`) and its arguments.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notice {
    pub id: &'static str,
    pub args: Vec<(&'static str, String)>,
    /// Data are not being kept.
    pub grave: bool,
}

/// Why something could not be recorded or read.
#[derive(Debug, thiserror::Error)]
pub enum RecordError {
    #[error("{path}: the data folder cannot be made or used: {source}", path = .path.display())]
    Folder { path: PathBuf, source: io::Error },
    #[error("{path}: this record can be read but not written to", path = .path.display())]
    ReadOnly { path: PathBuf },
    #[error("{path} is being written to. {who} has it; close that one, or name another folder with --data DIR", path = .path.display())]
    InUse { path: PathBuf, who: String },
    #[error(
        "{path}: this record has version {found}, and this doozy knows versions up to {known}; it is left as it is: use a newer doozy",
        path = .path.display()
    )]
    Newer { path: PathBuf, found: i32, known: i32 },
    #[error("{path}: this file is no record of doozy's: {why}", path = .path.display())]
    NotARecord { path: PathBuf, why: String },
    #[error("{path}: no record yet; it begins with the first session", path = .path.display())]
    NoRecord { path: PathBuf },
    #[error("{path}: no space left; what was recorded before is safe", path = .path.display())]
    Full { path: PathBuf },
    #[error("{path}: {source}", path = .path.display())]
    Database { path: PathBuf, source: rusqlite::Error },
    #[error("no session {asked}: {why}")]
    NoSession { asked: String, why: String },
    #[error("{path}: something is there already; name a file that does not exist", path = .path.display())]
    Exists { path: PathBuf },
    #[error("the recorder has stopped: {why}")]
    Stopped { why: String },
    #[error("{at}: {what}")]
    Damaged { at: String, what: String },
    #[error(transparent)]
    Path(#[from] crate::paths::PathError),
}

impl RecordError {
    /// The message for the player: nothing is being recorded, and why.
    #[must_use]
    pub fn notice(&self) -> Notice {
        let path = |path: &PathBuf| vec![("path", path.display().to_string())];
        let (id, args) = match self {
            Self::Full { path: at } => ("record-no-room", path(at)),
            Self::ReadOnly { path: at } => ("record-read-only", path(at)),
            Self::Folder { path: at, .. } => ("record-no-folder", path(at)),
            Self::InUse { path: at, who } => ("record-in-use", [path(at), vec![("who", who.clone())]].concat()),
            Self::Newer { path: at, found, known } => {
                ("record-newer", [path(at), vec![("found", found.to_string()), ("known", known.to_string())]].concat())
            }
            other => ("record-off", vec![("why", other.to_string())]),
        };
        Notice { id, args, grave: true }
    }

    /// The message for the player while a session runs and entries wait in memory for the disk.
    fn notice_of_waiting(&self) -> Notice {
        match self {
            Self::Full { path } => {
                Notice { id: "record-full", args: vec![("path", path.display().to_string())], grave: true }
            }
            other => Notice { id: "record-waiting", args: vec![("why", other.to_string())], grave: true },
        }
    }

    /// Whether this machine lacks something (exit code 3) rather than the record being wrong (1).
    #[must_use]
    pub fn is_lack(&self) -> bool {
        use rusqlite::ErrorCode::{CannotOpen, PermissionDenied, SystemIoFailure};
        match self {
            Self::Folder { .. } | Self::ReadOnly { .. } | Self::InUse { .. } | Self::Full { .. } | Self::Path(_) => {
                true
            }
            Self::Database { source, .. } => {
                matches!(source.sqlite_error_code(), Some(CannotOpen | PermissionDenied | SystemIoFailure))
            }
            _ => false,
        }
    }
}
