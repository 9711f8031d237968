//! A row: one entry as the record keeps it, and the chain of checksums that ties it to all rows before.

use doozy_training::{
    event::{Effect, Input, Judged},
    time::HostTime,
};
use rusqlite::{Connection, params};
use serde::Serialize;
use sha2::{Digest, Sha256};

use super::{Device, Entry, RawInput, SessionMeta, StimulusClock};

/// SHA-256 of a row and of every row before it in its session.
pub(super) type Chain = [u8; 32];

/// The tables whose rows are chained.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Table {
    Inputs,
    Effects,
    RawInputs,
    Devices,
    Clocks,
}

impl Table {
    pub(super) const ALL: [Self; 5] = [Self::Inputs, Self::Effects, Self::RawInputs, Self::Devices, Self::Clocks];

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Inputs => "inputs",
            Self::Effects => "effects",
            Self::RawInputs => "raw_inputs",
            Self::Devices => "devices",
            Self::Clocks => "clocks",
        }
    }

    /// The first version of the record that has it.
    pub(super) fn since(self) -> i32 {
        match self {
            Self::Inputs | Self::Effects | Self::RawInputs | Self::Devices => 1,
            Self::Clocks => 2,
        }
    }
}

/// One entry, spelled as it is kept.
#[derive(Clone, Debug)]
pub(super) struct Row {
    pub table: Table,
    pub seq: i64,
    pub kind: &'static str,
    pub t: Option<HostTime>,
    pub json: String,
    pub entry: Entry,
    pub chain: Chain,
}

/// The entry could not be spelled so that it reads back as itself (a number that is not finite).
#[derive(Debug)]
pub(super) struct Unspellable {
    pub what: String,
}

impl Row {
    /// Spells an entry and chains it to the row before.
    pub(super) fn spell(entry: Entry, seq: i64, before: &Chain) -> Result<Self, Unspellable> {
        let (table, kind, t) = about(&entry);
        let json = match &entry {
            Entry::Input(input) => faithful(input),
            Entry::Effect(effect) => faithful(effect),
            Entry::Raw(raw) => faithful(raw),
            Entry::Device(device) => faithful(device),
            Entry::Clock(clock) => faithful(clock),
        }
        .ok_or_else(|| Unspellable { what: format!("{entry:?}") })?;
        let chain = link(before, table, seq, kind, t, &json);
        Ok(Self { table, seq, kind, t, json, entry, chain })
    }

    /// The verdict that this row holds.
    pub(super) fn judged(&self) -> Option<&Judged> {
        match &self.entry {
            Entry::Effect(Effect::Judged(judged)) => Some(judged),
            _ => None,
        }
    }
}

/// The JSON of a value, if the value can be had back from it exactly.
fn faithful<T: Serialize + serde::de::DeserializeOwned + PartialEq>(value: &T) -> Option<String> {
    let json = serde_json::to_string(value).ok()?;
    (serde_json::from_str::<T>(&json).ok()? == *value).then_some(json)
}

/// Reads back what [`Row::spell`] wrote.
pub(super) fn read(table: Table, json: &str) -> Result<Entry, serde_json::Error> {
    Ok(match table {
        Table::Inputs => Entry::Input(serde_json::from_str(json)?),
        Table::Effects => Entry::Effect(serde_json::from_str(json)?),
        Table::RawInputs => Entry::Raw(serde_json::from_str::<RawInput>(json)?),
        Table::Devices => Entry::Device(serde_json::from_str::<Device>(json)?),
        Table::Clocks => Entry::Clock(serde_json::from_str::<StimulusClock>(json)?),
    })
}

/// The chain's next link: SHA-256 of the link before (32 bytes), then table, seq, kind, t and JSON, a NUL after each of
/// the first four; numbers in decimal, an absent t empty.
pub(super) fn link(before: &Chain, table: Table, seq: i64, kind: &str, t: Option<HostTime>, json: &str) -> Chain {
    let t = t.map_or_else(String::new, |t| t.0.to_string());
    let mut hash = Sha256::new();
    hash.update(before);
    hash.update(format!("{}\0{seq}\0{kind}\0{t}\0{json}", table.name()));
    hash.finalize().into()
}

/// The chain's first link: SHA-256 of the session's id, start and [`SessionMeta`], a NUL after each of the first three.
pub(super) fn head(id: &str, started_utc: &str, utc_offset_min: i64, meta: &SessionMeta) -> Chain {
    let json = serde_json::to_string(meta).unwrap_or_default();
    Sha256::digest(format!("{id}\0{started_utc}\0{utc_offset_min}\0{json}")).into()
}

/// SHA-256 in hexadecimal, as sessions name their level.
pub(super) fn sha256_hex(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes))
}

/// Lower-case hexadecimal.
pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Table, kind (the tag of its JSON) and time of an entry.
fn about(entry: &Entry) -> (Table, &'static str, Option<HostTime>) {
    match entry {
        Entry::Input(input) => {
            let (kind, t) = match input {
                Input::Anchor { clock, .. } => ("anchor", Some(clock.origin)),
                Input::Press(press) => ("press", Some(press.t)),
                Input::Release(release) => ("release", Some(release.t)),
                Input::Tilt(tilt) => ("tilt", Some(tilt.t)),
                Input::Watermark { t } => ("watermark", Some(*t)),
                Input::Window { .. } => ("window", None),
                Input::Pause { t, .. } => ("pause", Some(*t)),
                Input::Resume { t } => ("resume", Some(*t)),
                Input::Stop { t } => ("stop", Some(*t)),
            };
            (Table::Inputs, kind, t)
        }
        Entry::Effect(effect) => {
            let (kind, t) = match effect {
                Effect::Planned(plan) => ("planned", plan.t),
                Effect::Provisional { press, .. } => ("provisional", press.t),
                Effect::Judged(judged) => ("judged", judged.t),
                Effect::Amplify { t, .. } => ("amplify", *t),
                Effect::ClimbingFibreVolley(volley) => ("climbing_fibre_volley", volley.t),
                Effect::WindowOpened { t, .. } => ("window_opened", *t),
                Effect::Gain { t, .. } => ("gain", *t),
                Effect::Difficulty { t, .. } => ("difficulty", *t),
                Effect::Brake { t, .. } => ("brake", *t),
                Effect::Ignored { press, .. } => ("ignored", press.t),
                Effect::TrialEnded { t, .. } => ("trial_ended", *t),
                Effect::Ambiguous { t, .. } => ("ambiguous", *t),
                Effect::Paused { t, .. } => ("paused", *t),
                Effect::Resumed { t } => ("resumed", *t),
                Effect::SessionEnded { t, .. } => ("session_ended", *t),
            };
            (Table::Effects, kind, Some(t))
        }
        Entry::Raw(raw) => (Table::RawInputs, if raw.down { "down" } else { "up" }, Some(raw.t)),
        Entry::Device(device) => (Table::Devices, if device.present { "came" } else { "went" }, Some(device.t)),
        Entry::Clock(clock) => (Table::Clocks, "trial", Some(clock.t)),
    }
}

/// The tag of a value's JSON: how the record spells an enum of the vocabulary.
pub(super) fn tag<T: Serialize>(value: &T) -> String {
    match serde_json::to_value(value) {
        Ok(serde_json::Value::String(tag)) => tag,
        other => format!("{other:?}"),
    }
}

/// A judged event in one flat row, as the table `events` has it: derived from the effects, which are what counts.
///
/// Times are host nanoseconds, `asynchrony_ns` is press − target (negative is early), absent cells are None.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct EventRow {
    pub event: u32,
    /// The row of `effects` that it comes from.
    pub seq: i64,
    pub trial: u32,
    pub target: Option<u32>,
    pub kind: String,
    pub side: String,
    pub tier: String,
    pub verdict_ns: i64,
    pub due_ns: Option<i64>,
    pub press_ns: Option<i64>,
    pub asynchrony_ns: Option<i64>,
    /// Half-width of what the tap promised about the press.
    pub err_ns: Option<i64>,
    pub lane: Option<u8>,
    pub control: Option<u16>,
    pub device: Option<u16>,
    pub source: Option<String>,
    pub gain: f64,
    pub shown_ms: f64,
    pub u: f64,
    pub tol_ms: f64,
    pub goal_ms: f64,
    /// The network's window and dose, once they took effect.
    pub w: Option<f64>,
    pub dose: Option<f64>,
}

impl EventRow {
    /// The row of a verdict, before its window.
    pub(super) fn of(judged: &Judged, seq: i64) -> Self {
        let press = judged.press.as_ref();
        Self {
            event: judged.event.0,
            seq,
            trial: judged.trial.0,
            target: judged.target.map(|target| target.0),
            kind: tag(&judged.kind),
            side: tag(&judged.side),
            tier: tag(&judged.tier),
            verdict_ns: judged.t.0,
            due_ns: judged.due.map(|due| due.0),
            press_ns: press.map(|press| press.t.0),
            asynchrony_ns: judged.e.map(|e| e.0),
            err_ns: press.map(|press| press.err.0),
            lane: press.map(|press| press.lane.0),
            control: press.map(|press| press.control),
            device: press.map(|press| press.device.0),
            source: press.map(|press| tag(&press.source)),
            gain: judged.gain,
            shown_ms: judged.shown_ms,
            u: judged.u,
            tol_ms: judged.tol_ms,
            goal_ms: judged.goal_ms,
            w: None,
            dose: None,
        }
    }

    /// Writes the row; an event that is there already stays (the effects say that it came twice).
    pub(super) fn insert(&self, connection: &Connection, session: i64) -> Result<(), rusqlite::Error> {
        connection
            .execute("INSERT OR IGNORE INTO events VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16,
                 ?17, ?18, ?19, ?20, ?21, ?22, ?23, ?24)", params![
                session,
                self.event,
                self.seq,
                self.trial,
                self.target,
                self.kind,
                self.side,
                self.tier,
                self.verdict_ns,
                self.due_ns,
                self.press_ns,
                self.asynchrony_ns,
                self.err_ns,
                self.lane,
                self.control,
                self.device,
                self.source,
                self.gain,
                self.shown_ms,
                self.u,
                self.tol_ms,
                self.goal_ms,
                self.w,
                self.dose,
            ])?;
        Ok(())
    }

    /// Reads a row of `SELECT * FROM events`.
    pub(super) fn read(row: &rusqlite::Row) -> Result<Self, rusqlite::Error> {
        Ok(Self {
            event: row.get("event")?,
            seq: row.get("seq")?,
            trial: row.get("trial")?,
            target: row.get("target")?,
            kind: row.get("kind")?,
            side: row.get("side")?,
            tier: row.get("tier")?,
            verdict_ns: row.get("verdict_ns")?,
            due_ns: row.get("due_ns")?,
            press_ns: row.get("press_ns")?,
            asynchrony_ns: row.get("asynchrony_ns")?,
            err_ns: row.get("err_ns")?,
            lane: row.get("lane")?,
            control: row.get("control")?,
            device: row.get("device")?,
            source: row.get("source")?,
            gain: row.get("gain")?,
            shown_ms: row.get("shown_ms")?,
            u: row.get("u")?,
            tol_ms: row.get("tol_ms")?,
            goal_ms: row.get("goal_ms")?,
            w: row.get("w")?,
            dose: row.get("dose")?,
        })
    }
}

#[cfg(test)]
mod tests {
    use doozy_training::event::{EventId, TrialId};

    use super::*;

    #[test]
    fn a_number_keeps_its_bits() {
        for w in [0.1, 1.0 / 3.0, 924_444_480.0, 0.975_999_999_999_999_9, f64::MIN_POSITIVE, 5e-324, -0.0] {
            let row =
                Row::spell(Entry::Input(Input::Window { event: EventId(1), w, dose: w * 0.7 }), 0, &[0; 32]).unwrap();
            let Entry::Input(Input::Window { w: back, dose, .. }) = read(Table::Inputs, &row.json).unwrap() else {
                panic!("{}", row.json)
            };
            assert_eq!((back.to_bits(), dose.to_bits()), (w.to_bits(), (w * 0.7).to_bits()));
        }
    }

    #[test]
    fn a_number_that_is_none_is_refused_at_the_door() {
        for w in [f64::NAN, f64::INFINITY] {
            assert!(Row::spell(Entry::Input(Input::Window { event: EventId(1), w, dose: 0.0 }), 0, &[0; 32]).is_err());
        }
    }

    #[test]
    fn the_kind_is_the_tag_of_the_json() {
        let t = HostTime(5);
        let entries = [
            Entry::Input(Input::Stop { t }),
            Entry::Input(Input::Window { event: EventId(0), w: 0.5, dose: 0.5 }),
            Entry::Effect(Effect::Brake { in_a_row: 1, t }),
            Entry::Effect(Effect::TrialEnded { trial: TrialId(0), void: None, worst: None, t }),
            Entry::Effect(Effect::SessionEnded { finished: true, t }),
        ];
        for entry in entries {
            let row = Row::spell(entry, 0, &[0; 32]).unwrap();
            let tag = if row.table == Table::Inputs { "input" } else { "effect" };
            assert_eq!(serde_json::from_str::<serde_json::Value>(&row.json).unwrap()[tag], row.kind);
        }
    }
}
