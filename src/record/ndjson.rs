//! NDJSON: one session as lines of JSON, for fixtures and for whoever has no SQLite.
//!
//! The first line is the session, then one line a row in the order of the record, then one that says how many there
//! were. Every line carries its link of the chain, so a cut or changed file is told from a whole one.

use std::io::Write;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{
    Entry, LoadedSession, RecordError, SessionId, SessionInfo, SessionMeta, State,
    row::{self, Row, Table},
    session::StoredRow,
};

/// Version of the lines.
const FORMAT: u32 = 1;

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct First {
    doozy_session: u32,
    id: SessionId,
    number: i64,
    started_utc: String,
    utc_offset_min: i64,
    head: String,
    meta: SessionMeta,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Line {
    seq: i64,
    table: String,
    chain: String,
    entry: Value,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Last {
    entries: i64,
    chain: String,
    ended_utc: Option<String>,
    finished: bool,
    summary: Option<Value>,
}

/// Writes a session as lines. A damaged one is written up to the damage and then lacks its last line.
///
/// # Errors
/// Those of `to`.
pub fn export_ndjson(session: &LoadedSession, to: &mut impl Write) -> std::io::Result<()> {
    let info = &session.info;
    let head = row::head(&info.id.0, &info.started_utc, info.utc_offset_min, &session.meta);
    let first = First {
        doozy_session: FORMAT,
        id: info.id.clone(),
        number: info.number,
        started_utc: info.started_utc.clone(),
        utc_offset_min: info.utc_offset_min,
        head: row::hex(&head),
        meta: session.meta.clone(),
    };
    writeln!(to, "{}", serde_json::to_string(&first)?)?;
    for row in &session.rows {
        writeln!(
            to,
            r#"{{"seq":{},"table":"{}","chain":"{}","entry":{}}}"#,
            row.seq,
            row.table.name(),
            row::hex(&row.chain),
            row.json
        )?;
    }
    if session.damage.is_some() {
        return Ok(());
    }
    let last = Last {
        entries: session.rows.len() as i64,
        chain: row::hex(&session.rows.last().map_or(head, |row| row.chain)),
        ended_utc: info.ended_utc.clone(),
        finished: info.state == State::Finished,
        summary: info.summary.clone(),
    };
    writeln!(to, "{}", serde_json::to_string(&last)?)
}

/// Reads a session back from its lines; `name` is the file's, for messages.
///
/// # Errors
/// [`RecordError::Damaged`] with `name:line`, what is wrong there, and the last good row.
pub fn import_ndjson(text: &str, name: &str) -> Result<LoadedSession, RecordError> {
    let mut lines = text.lines().enumerate();
    let wrong = |line: usize, what: String| RecordError::Damaged { at: format!("{name}:{}", line + 1), what };
    let (_, line) = lines.next().ok_or_else(|| wrong(0, "the file is empty".into()))?;
    let first: First =
        serde_json::from_str(line).map_err(|error| wrong(0, format!("no session's first line: {error}")))?;
    if first.doozy_session != FORMAT {
        return Err(wrong(0, format!("lines of version {}, and this doozy knows {FORMAT}", first.doozy_session)));
    }
    let head = row::head(&first.id.0, &first.started_utc, first.utc_offset_min, &first.meta);
    if row::hex(&head) != first.head {
        return Err(wrong(0, "the session's own line is not what was recorded (its checksum differs)".into()));
    }
    let mut rows: Vec<StoredRow> = Vec::new();
    let mut chain = head;
    let mut last = None;
    for (n, line) in lines {
        let good = match rows.len() {
            0 => "there is no good row".to_owned(),
            count => format!("the last good row is {}", count - 1),
        };
        if last.is_some() {
            return Err(wrong(n, "a line behind the last".into()));
        }
        if let Ok(end) = serde_json::from_str::<Last>(line) {
            if end.entries != rows.len() as i64 || end.chain != row::hex(&chain) {
                return Err(wrong(n, format!("{} rows were recorded and {} are here", end.entries, rows.len())));
            }
            last = Some(end);
            continue;
        }
        let seq = rows.len() as i64;
        let row = serde_json::from_str::<Line>(line)
            .map_err(|error| error.to_string())
            .and_then(|line| if line.seq == seq { Ok(line) } else { Err(format!("row {seq} is missing")) })
            .and_then(|line| {
                let entry = entry(&line.table, line.entry)?;
                let row = Row::spell(entry, line.seq, &chain).map_err(|it| format!("{} has no spelling", it.what))?;
                let is_true = row::hex(&row.chain) == line.chain && row.table.name() == line.table;
                if is_true { Ok(row) } else { Err("it is not what was recorded (its checksum differs)".into()) }
            })
            .map_err(|what| wrong(n, format!("{what}; {good}")))?;
        chain = row.chain;
        rows.push(StoredRow {
            seq,
            table: row.table,
            kind: row.kind.to_owned(),
            t: row.t,
            json: row.json,
            chain: row.chain,
        });
    }
    let Some(last) = last else {
        let what = match rows.len() {
            0 => "the file ends before its last line, without any row".to_owned(),
            count => format!("the file ends before its last line; the last good row is {}", count - 1),
        };
        return Err(wrong(rows.len() + 1, what));
    };
    let state = match (&last.ended_utc, last.finished) {
        (Some(_), true) => State::Finished,
        (Some(_), false) => State::Stopped,
        (None, _) => State::Cut,
    };
    let info = SessionInfo {
        number: first.number,
        id: first.id,
        started_utc: first.started_utc,
        utc_offset_min: first.utc_offset_min,
        ended_utc: last.ended_utc,
        state,
        player: first.meta.player.clone(),
        level: first.meta.level.clone(),
        level_sha256: row::sha256_hex(first.meta.level_text.as_bytes()),
        entries: last.entries,
        tiers: [0; 4],
        summary: last.summary,
        practice: !first.meta.options["session"]["practice"].is_null(),
    };
    let mut loaded = LoadedSession {
        info,
        meta: first.meta,
        inputs: Vec::new(),
        effects: Vec::new(),
        raw_inputs: Vec::new(),
        devices: Vec::new(),
        clocks: Vec::new(),
        damage: None,
        rows: Vec::new(),
    };
    loaded.take(rows, head);
    for event in loaded.events() {
        let tier = ["clean", "slip", "miss", "doozy"].iter().position(|tier| *tier == event.tier);
        if let Some(tier) = tier {
            loaded.info.tiers[tier] += 1;
        }
    }
    Ok(loaded)
}

/// The entry of a line, by its table.
fn entry(table: &str, value: Value) -> Result<Entry, String> {
    let table = Table::ALL.into_iter().find(|known| known.name() == table).ok_or(format!("no table '{table}'"))?;
    row::read(table, &value.to_string()).map_err(|error| error.to_string())
}
