//! The recorder: a thread that writes what a session hands it, so that neither a frame nor a judgement waits for a disk.
//!
//! It commits at the end of every trial and at least every 250 ms. What it cannot write (no space, someone holds the
//! file) it keeps in memory, says so, and tries again; nothing is given up while the program lives.

use std::{
    path::{Path, PathBuf},
    sync::mpsc::{self, Receiver, RecvTimeoutError, Sender},
    thread::JoinHandle,
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use doozy_training::{
    event::{Effect, Input},
    time::HostTime,
};
use rusqlite::{Connection, params};
use sha2::{Digest as _, Sha256};

use super::{
    Entry, Notice, RecordError, SessionId, SessionMeta,
    row::{self, Chain, EventRow, Row},
    store::{self, WriteLock, failure},
};
use crate::paths::DataDir;

/// A moment as the record keeps it: UTC, and what the wall clock showed beyond it, in minutes. So the hour that is repeated
/// in autumn is no trouble (cases A33).
pub(super) const STARTED: &str = "SELECT strftime('%Y-%m-%dT%H:%M:%fZ', ?1),
    (strftime('%s', ?1, 'localtime') - strftime('%s', ?1)) / 60";

/// Longest time from an entry to its commit while the disk lets us. ◇ At most this much of a trial is lost to a kill.
const COMMIT_WITHIN: Duration = Duration::from_millis(250);

/// How long to wait after a failed commit before the next attempt. ◇ Often enough that a freed disk is noticed at once.
const RETRY_AFTER: Duration = Duration::from_secs(1);

enum Message {
    Begin(Box<SessionMeta>, Sender<Result<SessionId, RecordError>>),
    Log(Box<Entry>),
    Flush(Sender<Result<(), RecordError>>),
    Finish { finished: bool, summary: serde_json::Value, reply: Sender<Result<(), RecordError>> },
    Backup(PathBuf, Sender<Result<(), RecordError>>),
    Close,
}

/// The handle of the recorder's thread. Logging never waits; dropping it commits what is pending.
#[derive(Debug)]
pub struct Recorder {
    to: Sender<Message>,
    notices: Receiver<Notice>,
    thread: Option<JoinHandle<()>>,
    path: Option<PathBuf>,
}

impl Recorder {
    /// Opens the record of a data folder to write, making both where they are missing, and marks sessions that a kill
    /// cut short.
    ///
    /// # Errors
    /// Every [`RecordError`] that says why this folder cannot be recorded to; [`Recorder::memory`] is the fallback.
    pub fn open(data: &DataDir) -> Result<Self, RecordError> {
        Self::open_within(data, None)
    }

    /// [`Recorder::open`] for a file that may have so many pages (of 4 KiB).
    pub(super) fn open_within(data: &DataDir, pages: Option<u32>) -> Result<Self, RecordError> {
        let lock = WriteLock::take(data)?;
        let path = data.database();
        let connection = store::open_to_write(&path)?;
        if let Some(pages) = pages {
            connection.pragma_update(None, "max_page_count", pages).map_err(failure(&path))?;
        }
        Self::start(connection, Some(path), Some(lock), None)
    }

    /// A recorder that keeps its sessions in memory only and says so, with the reason, as its first notice. They can
    /// still be saved by [`Recorder::backup`] before the program ends.
    ///
    /// # Errors
    /// Where the system gives no thread.
    pub fn memory(reason: &RecordError) -> Result<Self, RecordError> {
        Self::start(store::open_in_memory()?, None, None, Some(reason.notice()))
    }

    /// [`Recorder::open`], or [`Recorder::memory`] with the reason why not.
    ///
    /// # Errors
    /// Where the system gives no thread.
    pub fn open_or_memory(data: &DataDir) -> Result<Self, RecordError> {
        Self::open(data).or_else(|reason| Self::memory(&reason))
    }

    fn start(
        connection: Connection,
        path: Option<PathBuf>,
        lock: Option<WriteLock>,
        first: Option<Notice>,
    ) -> Result<Self, RecordError> {
        let (to, from) = mpsc::channel();
        let (say, notices) = mpsc::channel();
        if let Some(notice) = first {
            // The receiver is in our hands.
            drop(say.send(notice));
        }
        let at = path.clone().unwrap_or_else(|| PathBuf::from(":memory:"));
        let writer = Writer { connection, path: at, say, session: None, failing: false, has_said_none: false };
        let thread = std::thread::Builder::new()
            .name("recorder".into())
            .spawn(move || {
                writer.run(&from);
                drop(lock);
            })
            .map_err(|error| RecordError::Stopped { why: error.to_string() })?;
        Ok(Self { to, notices, thread: Some(thread), path })
    }

    /// The database, or None where nothing is kept.
    #[must_use]
    pub fn path(&self) -> Option<&Path> {
        self.path.as_deref()
    }

    /// Begins a session and waits until its row is on the disk. A session still open is left as cut short.
    ///
    /// # Errors
    /// Where the row cannot be written.
    pub fn begin(&self, meta: SessionMeta) -> Result<SessionId, RecordError> {
        self.ask(|reply| Message::Begin(Box::new(meta), reply))
    }

    /// Records an entry of the session that was begun last. Never waits; troubles come as [`Recorder::notices`].
    pub fn log(&self, entry: Entry) {
        // A thread that is gone is told by the next flush.
        drop(self.to.send(Message::Log(Box::new(entry))));
    }

    /// Waits until everything logged so far is committed.
    ///
    /// # Errors
    /// Why it could not be; the entries are kept and tried again.
    pub fn flush(&self) -> Result<(), RecordError> {
        self.ask(Message::Flush)
    }

    /// Ends the session, with whether its level was played to the end and a summary for lists, and waits for the disk.
    ///
    /// # Errors
    /// Why it could not be committed; the session then stays open, and may be finished again.
    pub fn finish(&self, finished: bool, summary: serde_json::Value) -> Result<(), RecordError> {
        self.ask(|reply| Message::Finish { finished, summary, reply })
    }

    /// A copy of everything recorded, pending entries included, as one file; also of what is only in memory.
    ///
    /// # Errors
    /// Where something stands at `to`, or it cannot be written.
    pub fn backup(&self, to: &Path) -> Result<(), RecordError> {
        self.ask(|reply| Message::Backup(to.to_path_buf(), reply))
    }

    /// What has happened since the last call that the player should know.
    #[must_use]
    pub fn notices(&self) -> Vec<Notice> {
        self.notices.try_iter().collect()
    }

    fn ask<T>(&self, message: impl FnOnce(Sender<Result<T, RecordError>>) -> Message) -> Result<T, RecordError> {
        let gone = || RecordError::Stopped { why: "its thread is gone".into() };
        let (reply, answer) = mpsc::channel();
        self.to.send(message(reply)).map_err(|_| gone())?;
        answer.recv().map_err(|_| gone())?
    }
}

impl Drop for Recorder {
    fn drop(&mut self) {
        drop(self.to.send(Message::Close));
        if let Some(thread) = self.thread.take() {
            // A panic in the thread has been reported where it happened.
            drop(thread.join());
        }
    }
}

/// The session being written.
struct Open {
    session: i64,
    next: i64,
    chain: Chain,
    /// The first watermark, at which a session starts, has been taken.
    has_started: bool,
    /// The furthest watermark since the last input.
    watermark: Option<HostTime>,
    pending: Vec<Row>,
}

/// What the thread holds.
struct Writer {
    connection: Connection,
    path: PathBuf,
    say: Sender<Notice>,
    session: Option<Open>,
    failing: bool,
    /// Entries came while no session was open, and it has been said.
    has_said_none: bool,
}

impl Writer {
    fn run(mut self, from: &Receiver<Message>) {
        let mut due: Option<Instant> = None;
        loop {
            let wait = due.map_or(Duration::MAX, |due| due.saturating_duration_since(Instant::now()));
            let message = if wait == Duration::MAX {
                from.recv().map_err(|_| RecvTimeoutError::Disconnected)
            } else if wait.is_zero() {
                Err(RecvTimeoutError::Timeout)
            } else {
                from.recv_timeout(wait)
            };
            match message {
                Ok(Message::Log(entry)) => {
                    let is_end =
                        matches!(*entry, Entry::Effect(Effect::TrialEnded { .. } | Effect::SessionEnded { .. }));
                    self.take(*entry);
                    if self.has_pending() {
                        let wait = match (self.failing, is_end) {
                            (true, _) => RETRY_AFTER,
                            (false, true) => Duration::ZERO,
                            (false, false) => COMMIT_WITHIN,
                        };
                        let at = Instant::now() + wait;
                        due = Some(due.map_or(at, |due| due.min(at)));
                    }
                    continue;
                }
                Ok(Message::Begin(meta, reply)) => {
                    let begun = self.commit().and_then(|()| self.begin(&meta));
                    // Whoever asked may be gone; the session is begun all the same. So below.
                    drop(reply.send(begun));
                }
                Ok(Message::Flush(reply)) => drop(reply.send(self.commit())),
                Ok(Message::Finish { finished, summary, reply }) => {
                    let ended = self.commit().and_then(|()| self.finish(finished, &summary));
                    drop(reply.send(ended));
                }
                Ok(Message::Backup(to, reply)) => {
                    drop(reply.send(self.commit().and_then(|()| store::copy(&self.connection, &to))));
                }
                Err(RecvTimeoutError::Timeout) => drop(self.commit()),
                Ok(Message::Close) | Err(RecvTimeoutError::Disconnected) => {
                    // Its failure has been said by `commit` itself.
                    drop(self.commit());
                    return;
                }
            }
            due = self.has_pending().then(|| Instant::now() + RETRY_AFTER);
        }
    }

    fn has_pending(&self) -> bool {
        self.session.as_ref().is_some_and(|open| !open.pending.is_empty())
    }

    fn take(&mut self, entry: Entry) {
        let Some(open) = &mut self.session else {
            if !std::mem::replace(&mut self.has_said_none, true) {
                let why = "no session has begun".to_owned();
                drop(self.say.send(Notice { id: "record-off", args: vec![("why", why)], grave: true }));
            }
            return;
        };
        let unspellable = match entry {
            Entry::Effect(Effect::Provisional { .. }) => None,
            Entry::Input(Input::Watermark { t }) if open.has_started => {
                open.watermark = Some(open.watermark.map_or(t, |held| held.max(t)));
                None
            }
            Entry::Input(input @ Input::Watermark { .. }) => {
                open.has_started = true;
                open.push(Entry::Input(input))
            }
            Entry::Input(_) => open.push_watermark().or_else(|| open.push(entry)),
            _ => open.push(entry),
        };
        if let Some(what) = unspellable {
            drop(self.say.send(Notice { id: "record-entry-lost", args: vec![("what", what)], grave: true }));
        }
    }

    /// Writes what is pending, in one transaction. On failure everything stays pending.
    fn commit(&mut self) -> Result<(), RecordError> {
        let Some(open) = &mut self.session else { return Ok(()) };
        if open.pending.is_empty() {
            return Ok(());
        }
        // A watermark is a finite time: it always has a spelling.
        let _always_none = open.push_watermark();
        let result = write(&mut self.connection, open).map_err(failure(&self.path));
        match &result {
            Ok(()) => {
                open.pending.clear();
                if std::mem::take(&mut self.failing) {
                    drop(self.say.send(Notice { id: "record-again", args: Vec::new(), grave: false }));
                }
            }
            Err(error) => {
                if !std::mem::replace(&mut self.failing, true) {
                    drop(self.say.send(error.notice_of_waiting()));
                }
            }
        }
        result
    }

    fn begin(&mut self, meta: &SessionMeta) -> Result<SessionId, RecordError> {
        let wrong = failure(&self.path);
        let id = fresh_id();
        let (started_utc, utc_offset_min): (String, i64) =
            self.connection.query_row(STARTED, ["now"], |row| Ok((row.get(0)?, row.get(1)?))).map_err(&wrong)?;
        let head = row::head(&id.0, &started_utc, utc_offset_min, meta);
        self.connection
            .execute("UPDATE sessions SET cut = 1 WHERE ended_utc IS NULL AND cut = 0", [])
            .and_then(|_| {
                self.connection.execute(
                    "INSERT INTO sessions (id, started_utc, utc_offset_min, origin_ns, player, level, level_path, level_text,
                       level_sha256, seed, options, build, rule_version, timing, timing_err_ns, audio, head, chain)
                     VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?17)",
                    params![
                        id.0,
                        started_utc,
                        utc_offset_min,
                        meta.origin.0,
                        meta.player,
                        meta.level,
                        meta.level_path,
                        meta.level_text,
                        row::sha256_hex(meta.level_text.as_bytes()),
                        meta.seed.to_string(),
                        meta.options.to_string(),
                        meta.build,
                        meta.rule_version,
                        meta.timing,
                        meta.timing_err.0,
                        meta.audio.to_string(),
                        head,
                    ],
                )
            })
            .map_err(&wrong)?;
        let session = self.connection.last_insert_rowid();
        self.session =
            Some(Open { session, next: 0, chain: head, has_started: false, watermark: None, pending: Vec::new() });
        Ok(id)
    }

    fn finish(&mut self, finished: bool, summary: &serde_json::Value) -> Result<(), RecordError> {
        let Some(open) = &self.session else { return Ok(()) };
        self.connection
            .execute(
                "UPDATE sessions SET ended_utc = strftime('%Y-%m-%dT%H:%M:%fZ', 'now'), finished = ?2, summary = ?3
                 WHERE session = ?1",
                params![open.session, finished, summary.to_string()],
            )
            .map_err(failure(&self.path))?;
        self.session = None;
        Ok(())
    }
}

impl Open {
    /// Adds a row; what could not be spelled comes back.
    fn push(&mut self, entry: Entry) -> Option<String> {
        match Row::spell(entry, self.next, &self.chain) {
            Ok(row) => {
                self.next += 1;
                self.chain = row.chain;
                self.pending.push(row);
                None
            }
            Err(unspellable) => Some(unspellable.what),
        }
    }

    fn push_watermark(&mut self) -> Option<String> {
        let t = self.watermark.take()?;
        self.push(Entry::Input(Input::Watermark { t }))
    }
}

/// One commit.
fn write(connection: &mut Connection, open: &Open) -> Result<(), rusqlite::Error> {
    let transaction = connection.transaction()?;
    for row in &open.pending {
        insert(&transaction, open.session, row)?;
    }
    transaction.execute(
        "UPDATE sessions SET entries = ?2, chain = ?3 WHERE session = ?1",
        params![open.session, open.next, open.chain],
    )?;
    transaction.commit()
}

/// Writes a row and what the flat tables hold of it.
pub(super) fn insert(connection: &Connection, session: i64, row: &Row) -> Result<(), rusqlite::Error> {
    let t = row.t.map(|t| t.0);
    let common = (session, row.seq, row.kind, t, &row.json, row.chain);
    match &row.entry {
        Entry::Input(_) | Entry::Effect(_) => {
            let table = row.table.name();
            connection.execute(&format!("INSERT INTO {table} VALUES (?1, ?2, ?3, ?4, ?5, ?6)"), common)?;
        }
        Entry::Raw(raw) => {
            connection.execute(
                "INSERT INTO raw_inputs VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)",
                params![
                    session,
                    row.seq,
                    row.kind,
                    t,
                    row.json,
                    row.chain,
                    raw.err.0,
                    row::tag(&raw.source),
                    raw.device.0,
                    raw.control,
                    raw.name,
                    raw.lane.map(|lane| lane.0),
                    raw.during,
                ],
            )?;
        }
        Entry::Device(device) => {
            connection.execute(
                "INSERT INTO devices VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)",
                params![
                    session,
                    row.seq,
                    row.kind,
                    t,
                    row.json,
                    row.chain,
                    device.device.0,
                    device.kind,
                    device.name,
                    device.identity,
                    row::tag(&device.source),
                    device.err.0,
                ],
            )?;
        }
        Entry::Clock(clock) => {
            connection.execute(
            "INSERT INTO clocks VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18,
               ?19, ?20, ?21)",
            params![
                session,
                row.seq,
                row.kind,
                t,
                row.json,
                row.chain,
                clock.trial.0,
                clock.reported.0,
                clock.frame.0,
                clock.rate,
                clock.latency.0,
                clock.sigma.map(|sigma| sigma.0),
                clock.offset.0,
                clock.offset_from,
                clock.stale,
                clock.se_ms,
                clock.video_offset.0,
                clock.video_offset_from,
                clock.output,
                clock.device.0,
                clock.input,
            ],
        )?;
        }
    }
    if let Some(judged) = row.judged() {
        EventRow::of(judged, row.seq).insert(connection, session)?;
    }
    if let Entry::Effect(Effect::WindowOpened { event, w, dose, .. }) = row.entry {
        connection.execute(
            "UPDATE events SET w = ?3, dose = ?4 WHERE session = ?1 AND event = ?2",
            params![session, event.0, w, dose],
        )?;
    }
    Ok(())
}

/// A UUID of version 7: milliseconds of the wall clock, then random bits from the system by way of the seeds that std
/// draws for its hash maps.
pub(super) fn fresh_id() -> SessionId {
    use std::hash::{BuildHasher as _, RandomState};
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let mut hash = Sha256::new();
    hash.update(now.as_nanos().to_be_bytes());
    hash.update(std::process::id().to_be_bytes());
    for salt in 0..4_u64 {
        hash.update(RandomState::new().hash_one(salt).to_be_bytes());
    }
    let mut bytes: [u8; 16] = [0; 16];
    bytes[..6].copy_from_slice(&(now.as_millis() as u64).to_be_bytes()[2..]);
    bytes[6..].copy_from_slice(&hash.finalize()[..10]);
    bytes[6] = 0x70 | (bytes[6] & 0x0f);
    bytes[8] = 0x80 | (bytes[8] & 0x3f);
    let hex = row::hex(&bytes);
    SessionId(format!("{}-{}-{}-{}-{}", &hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..]))
}
