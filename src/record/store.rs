//! The store: the database file, its tables, who may open it, and how.
//!
//! One program writes at a time: it holds a lock on `doozy.lock`, which the system lets go of when the program dies.
//! Readers need no lock; SQLite's write-ahead log gives each a consistent view while a session runs.

use std::{
    fs,
    io::{Read as _, Seek as _, SeekFrom, Write as _},
    path::{Path, PathBuf},
    time::Duration,
};

use rusqlite::{Connection, ErrorCode, OpenFlags, OptionalExtension as _};

use super::{RecordError, SCHEMA_VERSION};
use crate::paths::{DataDir, sibling};

/// Marks the file as ours in its header: "DOZY".
const APPLICATION_ID: i32 = 0x444F_5A59;

/// How long to wait for another program that holds the database (a browser of tables, a copy being made) before saying
/// so. Nobody waits for the recorder's thread, and entries are kept meanwhile. ◇
const BUSY: Duration = Duration::from_secs(2);

/// A reader that asks whether somebody records holds the lock for less than this. ◇
const GLANCE: Duration = Duration::from_millis(20);

/// Pages (of 4 KiB) in the write-ahead log after which it is folded into the file: 1 MiB. The log is at most this plus
/// one commit, unless a reader keeps an old view open, and then at most what was recorded meanwhile. ◇
const CHECKPOINT_PAGES: i32 = 256;

const SCHEMA: &str = "
CREATE TABLE sessions (
  session INTEGER PRIMARY KEY,
  id TEXT NOT NULL UNIQUE,
  started_utc TEXT NOT NULL,
  utc_offset_min INTEGER NOT NULL,
  origin_ns INTEGER NOT NULL,
  player TEXT NOT NULL,
  level TEXT NOT NULL,
  level_path TEXT NOT NULL,
  level_text TEXT NOT NULL,
  level_sha256 TEXT NOT NULL,
  seed TEXT NOT NULL,
  options TEXT NOT NULL,
  build TEXT NOT NULL,
  rule_version INTEGER NOT NULL,
  timing TEXT NOT NULL,
  timing_err_ns INTEGER NOT NULL,
  audio TEXT NOT NULL,
  ended_utc TEXT,
  finished INTEGER NOT NULL DEFAULT 0,
  cut INTEGER NOT NULL DEFAULT 0,
  summary TEXT,
  entries INTEGER NOT NULL DEFAULT 0,
  head BLOB NOT NULL,
  chain BLOB NOT NULL
) STRICT;
CREATE TABLE inputs (
  session INTEGER NOT NULL REFERENCES sessions(session), seq INTEGER NOT NULL,
  kind TEXT NOT NULL, t_ns INTEGER, json TEXT NOT NULL, chain BLOB NOT NULL,
  PRIMARY KEY (session, seq)
) STRICT, WITHOUT ROWID;
CREATE TABLE effects (
  session INTEGER NOT NULL REFERENCES sessions(session), seq INTEGER NOT NULL,
  kind TEXT NOT NULL, t_ns INTEGER, json TEXT NOT NULL, chain BLOB NOT NULL,
  PRIMARY KEY (session, seq)
) STRICT, WITHOUT ROWID;
CREATE TABLE raw_inputs (
  session INTEGER NOT NULL REFERENCES sessions(session), seq INTEGER NOT NULL,
  kind TEXT NOT NULL, t_ns INTEGER, json TEXT NOT NULL, chain BLOB NOT NULL,
  err_ns INTEGER, source TEXT, device INTEGER, control INTEGER, name TEXT, lane INTEGER, during TEXT,
  PRIMARY KEY (session, seq)
) STRICT, WITHOUT ROWID;
CREATE TABLE devices (
  session INTEGER NOT NULL REFERENCES sessions(session), seq INTEGER NOT NULL,
  kind TEXT NOT NULL, t_ns INTEGER, json TEXT NOT NULL, chain BLOB NOT NULL,
  device INTEGER, sort TEXT, name TEXT, identity TEXT, source TEXT, err_ns INTEGER,
  PRIMARY KEY (session, seq)
) STRICT, WITHOUT ROWID;
CREATE TABLE events (
  session INTEGER NOT NULL REFERENCES sessions(session), event INTEGER NOT NULL,
  seq INTEGER NOT NULL, trial INTEGER NOT NULL, target INTEGER, kind TEXT NOT NULL, side TEXT NOT NULL, tier TEXT NOT NULL,
  verdict_ns INTEGER NOT NULL, due_ns INTEGER, press_ns INTEGER, asynchrony_ns INTEGER, err_ns INTEGER,
  lane INTEGER, control INTEGER, device INTEGER, source TEXT,
  gain REAL NOT NULL, shown_ms REAL NOT NULL, u REAL NOT NULL, tol_ms REAL NOT NULL, goal_ms REAL NOT NULL,
  w REAL, dose REAL,
  PRIMARY KEY (session, event)
) STRICT, WITHOUT ROWID;
";

/// What version 2 has beyond version 1.
const SCHEMA_2: &str = "
CREATE TABLE clocks (
  session INTEGER NOT NULL REFERENCES sessions(session), seq INTEGER NOT NULL,
  kind TEXT NOT NULL, t_ns INTEGER, json TEXT NOT NULL, chain BLOB NOT NULL,
  trial INTEGER, reported_ns INTEGER, frame INTEGER, rate INTEGER, latency_ns INTEGER, sigma_ns INTEGER,
  offset_ns INTEGER, offset_from TEXT, stale INTEGER, se_ms REAL, video_offset_ns INTEGER, video_offset_from TEXT,
  output TEXT, device INTEGER, input TEXT,
  PRIMARY KEY (session, seq)
) STRICT, WITHOUT ROWID;
";

/// The right to write, held as long as this lives.
#[derive(Debug)]
pub(super) struct WriteLock {
    _file: fs::File,
}

impl WriteLock {
    /// Takes the lock, making the folder where it is missing.
    pub(super) fn take(data: &DataDir) -> Result<Self, RecordError> {
        let folder = |source| RecordError::Folder { path: data.path().to_path_buf(), source };
        fs::create_dir_all(data.path()).map_err(folder)?;
        let path = data.lock_file();
        let mut file =
            fs::File::options().read(true).write(true).create(true).truncate(false).open(&path).map_err(folder)?;
        let mut locked = file.try_lock();
        // A reader may be looking at the lock at this very moment; a second writer holds it for good.
        for _ in 0..2 {
            if matches!(locked, Err(fs::TryLockError::WouldBlock)) {
                std::thread::sleep(GLANCE);
                locked = file.try_lock();
            }
        }
        match locked {
            Ok(()) => {
                // Who holds it is a courtesy of the message; on a full disk the lock is as good without.
                drop(file.set_len(0).and_then(|()| write!(file, "{}", std::process::id())));
                Ok(Self { _file: file })
            }
            Err(fs::TryLockError::WouldBlock) => {
                Err(RecordError::InUse { path: data.database(), who: holder(&mut file) })
            }
            Err(fs::TryLockError::Error(source)) => Err(folder(source)),
        }
    }

    /// Whether some program is recording now.
    pub(super) fn is_held(data: &DataDir) -> bool {
        fs::File::open(data.lock_file())
            .is_ok_and(|file| matches!(file.try_lock_shared(), Err(fs::TryLockError::WouldBlock)))
    }
}

fn holder(file: &mut fs::File) -> String {
    let mut pid = String::new();
    match file.seek(SeekFrom::Start(0)).and_then(|_| file.read_to_string(&mut pid)) {
        Ok(_) if !pid.is_empty() => format!("Another doozy (process {pid})"),
        _ => "Another doozy".to_owned(),
    }
}

/// What the file is, told from its first bytes alone, so that a record of a newer version is refused untouched.
pub(super) fn check_header(path: &Path) -> Result<(), RecordError> {
    let mut header = [0; 100];
    let read = match fs::File::open(path) {
        Ok(mut file) => file.read(&mut header),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(()),
        Err(source) => return Err(RecordError::Folder { path: path.to_path_buf(), source }),
    };
    match read {
        Ok(0) => return Ok(()),
        Ok(100) if header.starts_with(b"SQLite format 3\0") => {}
        Ok(_) => {
            return Err(RecordError::NotARecord { path: path.to_path_buf(), why: "it is no SQLite database".into() });
        }
        Err(source) => return Err(RecordError::Folder { path: path.to_path_buf(), source }),
    }
    // Offsets 60 and 68: sqlite.org/fileformat.html §1.3.
    let number = |at: usize| i32::from_be_bytes([header[at], header[at + 1], header[at + 2], header[at + 3]]);
    check_version(path, number(60))?;
    if number(68) != APPLICATION_ID && number(60) != 0 {
        return Err(RecordError::NotARecord { path: path.to_path_buf(), why: "another program's database".into() });
    }
    Ok(())
}

fn check_version(path: &Path, found: i32) -> Result<(), RecordError> {
    if !(0..=SCHEMA_VERSION).contains(&found) {
        return Err(RecordError::Newer { path: path.to_path_buf(), found, known: SCHEMA_VERSION });
    }
    Ok(())
}

/// Opens the record for writing; the caller holds the lock. Tables are made where there are none.
pub(super) fn open_to_write(path: &Path) -> Result<Connection, RecordError> {
    check_header(path)?;
    let wrong = failure(path);
    let connection = Connection::open(path).map_err(&wrong)?;
    set_up(&connection, path)?;
    Ok(connection)
}

/// A record in memory that ends with the program.
pub(super) fn open_in_memory() -> Result<Connection, RecordError> {
    let path = Path::new(":memory:");
    let connection = Connection::open_in_memory().map_err(failure(path))?;
    set_up(&connection, path)?;
    Ok(connection)
}

fn set_up(connection: &Connection, path: &Path) -> Result<(), RecordError> {
    let wrong = failure(path);
    connection.busy_timeout(BUSY).map_err(&wrong)?;
    let found: i32 = connection.pragma_query_value(None, "user_version", |row| row.get(0)).map_err(&wrong)?;
    check_version(path, found)?;
    if connection.is_readonly("main").map_err(&wrong)? {
        return Err(RecordError::ReadOnly { path: path.to_path_buf() });
    }
    // WAL: readers and the writer do not block each other. FULL: each commit is on the disk itself, so it survives a
    // power cut as it does a kill; nobody waits for the thread that pays.
    connection
        .execute_batch(&format!(
            "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = {CHECKPOINT_PAGES};
             PRAGMA journal_size_limit = {}; PRAGMA foreign_keys = ON;",
            CHECKPOINT_PAGES * 4096
        ))
        .map_err(&wrong)?;
    let tables: i64 = connection
        .query_row("SELECT count(*) FROM sqlite_schema WHERE type = 'table'", [], |row| row.get(0))
        .map_err(&wrong)?;
    if found == 0 {
        if tables > 0 {
            return Err(RecordError::NotARecord { path: path.to_path_buf(), why: "another program's tables".into() });
        }
        connection
            .execute_batch(&format!(
                "BEGIN IMMEDIATE; {SCHEMA} {SCHEMA_2} PRAGMA application_id = {APPLICATION_ID}; PRAGMA user_version = {SCHEMA_VERSION}; COMMIT;"
            ))
            .map_err(&wrong)?;
    }
    if found == 1 {
        // nothing of what is there changes; an older doozy refuses the file from now on, and says so
        connection
            .execute_batch(&format!("BEGIN IMMEDIATE; {SCHEMA_2} PRAGMA user_version = {SCHEMA_VERSION}; COMMIT;"))
            .map_err(&wrong)?;
    }
    connection.execute("UPDATE sessions SET cut = 1 WHERE ended_utc IS NULL AND cut = 0", []).map_err(&wrong)?;
    Ok(())
}

/// Opens the record to read. Works beside a running session, on a read-only disk, and changes no row.
pub(super) fn open_to_read(path: &Path) -> Result<Connection, RecordError> {
    if !path.exists() {
        return Err(RecordError::NoRecord { path: path.to_path_buf() });
    }
    check_header(path)?;
    let look = |connection: &Connection| -> Result<i32, rusqlite::Error> {
        connection.busy_timeout(BUSY)?;
        connection.pragma_update(None, "query_only", true)?;
        connection.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get::<_, i64>(0))?;
        connection.pragma_query_value(None, "user_version", |row| row.get(0))
    };
    let shared = OpenFlags::SQLITE_OPEN_NO_MUTEX | OpenFlags::SQLITE_OPEN_URI;
    // Write access where we have it, so that the last reader of a killed session tidies its log into the file; then
    // without; then as a file that nobody changes, which is how SQLite reads from a disk where no log can be shared.
    let attempts = [OpenFlags::SQLITE_OPEN_READ_WRITE, OpenFlags::SQLITE_OPEN_READ_ONLY];
    let mut failed = None;
    for flags in attempts {
        match Connection::open_with_flags(path, flags | shared).and_then(|it| look(&it).map(|version| (it, version))) {
            Ok((connection, version)) => {
                check_version(path, version)?;
                return Ok(connection);
            }
            Err(error) => failed = Some(error),
        }
    }
    let log = log_of(path);
    let is_whole = fs::metadata(&log).map_or(true, |log| log.len() == 0);
    if is_whole {
        let uri = format!("file:{}?immutable=1", escaped(path));
        let connection = Connection::open_with_flags(&uri, OpenFlags::SQLITE_OPEN_READ_ONLY | shared)
            .and_then(|it| look(&it).map(|version| (it, version)));
        match connection {
            Ok((connection, version)) => {
                check_version(path, version)?;
                return Ok(connection);
            }
            Err(error) => failed = Some(error),
        }
    }
    let source = failed.unwrap_or(rusqlite::Error::InvalidQuery);
    Err(failure(path)(source))
}

/// The write-ahead log that belongs to a database.
pub(super) fn log_of(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_os_string();
    name.push("-wal");
    name.into()
}

/// A path inside a `file:` URI.
fn escaped(path: &Path) -> String {
    path.display().to_string().replace('%', "%25").replace('?', "%3f").replace('#', "%23")
}

/// Our error for one of SQLite's.
pub(super) fn failure(path: &Path) -> impl Fn(rusqlite::Error) -> RecordError {
    let path = path.to_path_buf();
    move |source| {
        let path = path.clone();
        match source.sqlite_error_code() {
            Some(ErrorCode::DiskFull) => RecordError::Full { path },
            Some(ErrorCode::ReadOnly) => RecordError::ReadOnly { path },
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => {
                RecordError::InUse { path, who: "Another program".into() }
            }
            Some(ErrorCode::NotADatabase) => RecordError::NotARecord { path, why: source.to_string() },
            _ => RecordError::Database { path, source },
        }
    }
}

/// Copies the record into one file that needs no log, whole or not at all, also while a session is being recorded.
///
/// # Errors
/// Where there is no record, something stands at `to`, or it cannot be written.
pub fn backup(data: &DataDir, to: &Path) -> Result<(), RecordError> {
    copy(&open_to_read(&data.database())?, to)
}

/// [`backup`] from an open database.
pub(super) fn copy(from: &Connection, to: &Path) -> Result<(), RecordError> {
    if fs::symlink_metadata(to).is_ok() {
        return Err(RecordError::Exists { path: to.to_path_buf() });
    }
    let beside = sibling(to, "new");
    let made = copy_into(from, &beside).map_err(failure(to)).and_then(|()| {
        fs::rename(&beside, to).map_err(|source| RecordError::Folder { path: to.to_path_buf(), source })
    });
    if made.is_err() {
        // The first error is the one to tell.
        drop(fs::remove_file(&beside));
    }
    made
}

fn copy_into(from: &Connection, to: &Path) -> Result<(), rusqlite::Error> {
    let mut copy = Connection::open(to)?;
    rusqlite::backup::Backup::new(from, &mut copy)?.run_to_completion(i32::MAX, Duration::ZERO, None)?;
    copy.pragma_update(None, "journal_mode", "DELETE")?;
    let sound: Option<String> = copy.query_row("PRAGMA integrity_check(1)", [], |row| row.get(0)).optional()?;
    if sound.as_deref() == Some("ok") {
        copy.close().map_err(|(_, error)| error)
    } else {
        Err(rusqlite::Error::InvalidParameterName(format!("integrity: {sound:?}")))
    }
}
