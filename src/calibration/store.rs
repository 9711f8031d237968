//! The store: `calibration.toml` in the config folder, one entry a pair of devices and method. People may read and edit
//! it.
//!
//! A file that cannot be read is put aside, never overwritten. An entry or a field that this version does not
//! understand is kept as it is and used for nothing. Written whole or not at all.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use serde::{Deserialize, Serialize};
use toml::{Table, Value};

use super::{
    Method, OFFSET_LIMIT_MS, Sense,
    estimate::{Estimate, Verdict},
    lookup::{InputId, Output},
};
use crate::paths::{self, PathError};

/// Name of the file in the config folder.
const FILE: &str = "calibration.toml";
/// Version of the format. One that is higher is read as far as it is understood, and keeps its number.
const VERSION: i64 = 1;

/// One measured offset.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Entry {
    pub method: Method,
    /// The sound output, for methods that are heard.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub output: Option<String>,
    /// The display, for methods that are seen.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub display: Option<String>,
    pub input: InputId,
    /// ms, −1000…1000; positive: the devices are later than they say.
    pub offset_ms: f64,
    /// Standard error of the offset, ms.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub se_ms: Option<f64>,
    /// Robust SD of what it is the median of, ms.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub spread_ms: Option<f64>,
    /// Taps or settings.
    pub n: u32,
    /// Hz, of the output.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rate: Option<u32>,
    /// Frames a callback, of the output.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub buffer: Option<u32>,
    /// When it was measured: UTC, RFC 3339.
    pub date: String,
    /// Version of the program.
    pub program: String,
    /// The player wants this method's number where both are there; without a choice the adjustment's goes first.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub chosen: bool,
    #[serde(flatten)]
    unknown: Table,
}

impl Entry {
    /// An estimate that may be kept, on the devices that it was measured on. `wall` is wall time in ns since 1970.
    ///
    /// # Errors
    /// The verdict that forbids it.
    pub fn of(
        method: Method,
        on: &str,
        output: &Output,
        input: InputId,
        found: &Estimate,
        wall: i64,
    ) -> Result<Self, Verdict> {
        let offset_ms = match (found.verdict, found.median_ms) {
            (Verdict::Ready, Some(median)) => median,
            (Verdict::Ready, None) => return Err(Verdict::TooFew),
            (verdict, _) => return Err(verdict),
        };
        let is_audio = method.sense() == Sense::Audio;
        Ok(Self {
            method,
            output: is_audio.then(|| on.to_owned()),
            display: (!is_audio).then(|| on.to_owned()),
            input,
            offset_ms,
            se_ms: found.se_ms,
            spread_ms: found.spread_ms,
            n: found.n,
            rate: is_audio.then_some(output.rate),
            buffer: if is_audio { output.buffer } else { None },
            date: rfc3339(wall),
            program: env!("CARGO_PKG_VERSION").to_owned(),
            chosen: false,
            unknown: Table::new(),
        })
    }

    /// The output or display that it belongs to.
    #[must_use]
    pub fn on(&self) -> &str {
        match self.method.sense() {
            Sense::Audio => self.output.as_deref().unwrap_or_default(),
            Sense::Video => self.display.as_deref().unwrap_or_default(),
        }
    }

    fn is_for(&self, sense: Sense, on: &str, input: &InputId) -> bool {
        self.method.sense() == sense && self.on() == on && self.input.is(input)
    }

    /// What the entry's numbers cannot be.
    fn fault(&self) -> Option<String> {
        let bad = |x: Option<f64>| x.is_some_and(|x| !x.is_finite() || x < 0.0);
        if !(-OFFSET_LIMIT_MS..=OFFSET_LIMIT_MS).contains(&self.offset_ms) {
            return Some(format!("offset_ms is {}, outside −{OFFSET_LIMIT_MS}…{OFFSET_LIMIT_MS}", self.offset_ms));
        }
        if bad(self.se_ms) || bad(self.spread_ms) {
            return Some("se_ms and spread_ms are lengths of 0 or more".into());
        }
        if self.on().is_empty() {
            let wanted = if self.method.sense() == Sense::Audio { "output" } else { "display" };
            return Some(format!("{wanted} is missing"));
        }
        None
    }
}

/// What has changed since an offset was measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Change {
    Rate { was: u32, is: u32 },
    Buffer { was: u32, is: Option<u32> },
}

/// How the devices in use stand.
#[derive(Clone, Debug, PartialEq)]
pub enum Standing {
    /// Nothing was measured on this pair of devices; what was on others does not count.
    Missing,
    Fresh(Entry),
    /// Measured on these devices, which run otherwise now. It still applies, being the best that is known, and is told
    /// so.
    Stale {
        entry: Entry,
        why: Vec<Change>,
    },
}

/// The entry that applies to a pair of devices: the player's choice, else the adjustment's, else what tapping gave.
#[must_use]
pub fn standing(entries: &[Entry], sense: Sense, on: &str, output: Option<&Output>, input: &InputId) -> Standing {
    let rank = |entry: &Entry| (entry.chosen, !entry.method.holds_anticipation());
    let Some(entry) = entries.iter().filter(|entry| entry.is_for(sense, on, input)).max_by_key(|entry| rank(entry))
    else {
        return Standing::Missing;
    };
    let why = output.map_or_else(Vec::new, |output| changes(entry, output));
    if why.is_empty() { Standing::Fresh(entry.clone()) } else { Standing::Stale { entry: entry.clone(), why } }
}

/// What is different on this output than when the entry was measured.
#[must_use]
pub fn changes(entry: &Entry, output: &Output) -> Vec<Change> {
    let mut changes = Vec::new();
    if let Some(was) = entry.rate.filter(|was| *was != output.rate) {
        changes.push(Change::Rate { was, is: output.rate });
    }
    if let Some(was) = entry.buffer.filter(|was| Some(*was) != output.buffer) {
        changes.push(Change::Buffer { was, is: output.buffer });
    }
    changes
}

/// What was found in the file that the player should know.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Finding {
    /// The file could not be read; it now lies at `kept` (or where it was, if it could not be moved).
    Broken { path: PathBuf, kept: PathBuf, why: String },
    /// An entry (counted from 1) that this version cannot use; it is kept.
    Unusable { path: PathBuf, entry: usize, why: String },
}

impl Finding {
    /// The message for the player: a Fluent id and its arguments.
    #[must_use]
    pub fn message(&self) -> (&'static str, Vec<(&'static str, String)>) {
        let shown = |path: &Path| path.display().to_string();
        match self {
            Self::Broken { path, kept, .. } => {
                ("calibration-file-broken", vec![("path", shown(path)), ("kept", shown(kept))])
            }
            Self::Unusable { path, entry, why } => (
                "calibration-entry-unusable",
                vec![("path", shown(path)), ("entry", entry.to_string()), ("why", why.clone())],
            ),
        }
    }
}

/// The file, and what is in force from it.
#[derive(Clone, Debug, PartialEq)]
pub struct StoreFile {
    pub path: PathBuf,
    pub entries: Vec<Entry>,
    /// Entries that this version cannot use, as they stood.
    strangers: Vec<Value>,
    /// Everything else at the top.
    rest: Table,
}

impl StoreFile {
    /// Where the user's file lies.
    ///
    /// # Errors
    /// [`PathError::NoHome`] where no config folder is known.
    pub fn place() -> Result<PathBuf, PathError> {
        Ok(paths::config_dir()?.join(FILE))
    }

    /// Reads the user's file; where there is none, nothing is stored.
    ///
    /// # Errors
    /// [`PathError::NoHome`] where no config folder is known.
    pub fn open() -> Result<(Self, Vec<Finding>), PathError> {
        Ok(Self::open_at(&Self::place()?))
    }

    /// [`StoreFile::open`] for a file named outright. Never fails for what stands in it.
    #[must_use]
    pub fn open_at(path: &Path) -> (Self, Vec<Finding>) {
        let mut file =
            Self { path: path.to_path_buf(), entries: Vec::new(), strangers: Vec::new(), rest: Table::new() };
        let read = match fs::read_to_string(path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return (file, Vec::new()),
            Err(error) => Err(error.to_string()),
            Ok(text) => text.strip_prefix('\u{feff}').unwrap_or(&text).parse::<Table>().map_err(|e| e.to_string()),
        };
        let read = read.and_then(|mut table| match table.remove("entry") {
            None => Ok((table, Vec::new())),
            Some(Value::Array(entries)) => Ok((table, entries)),
            Some(_) => Err("`entry` is no list of tables, as [[entry]] makes one".into()),
        });
        match read {
            Ok((rest, entries)) => {
                file.rest = rest;
                let mut findings = Vec::new();
                for (n, value) in (1..).zip(entries) {
                    let entry = value.clone().try_into::<Entry>().map_err(|error| error.to_string().trim().to_owned());
                    match entry.and_then(|entry| entry.fault().map_or(Ok(entry), Err)) {
                        Ok(entry) => file.entries.push(entry),
                        Err(why) => {
                            file.strangers.push(value);
                            findings.push(Finding::Unusable { path: path.to_path_buf(), entry: n, why });
                        }
                    }
                }
                (file, findings)
            }
            Err(why) => {
                let aside = paths::sibling(path, "broken");
                let kept = if fs::rename(path, &aside).is_ok() { aside } else { path.to_path_buf() };
                (file, vec![Finding::Broken { path: path.to_path_buf(), kept, why }])
            }
        }
    }

    /// How a pair of devices stands. `on` is the name of the output or display.
    #[must_use]
    pub fn standing(&self, sense: Sense, on: &str, output: Option<&Output>, input: &InputId) -> Standing {
        standing(&self.entries, sense, on, output, input)
    }

    /// Takes an entry in the place of what the same method had measured on the same devices. What the player has chosen
    /// there stays chosen.
    pub fn put(&mut self, mut entry: Entry) {
        let same =
            |old: &Entry| old.method == entry.method && old.is_for(entry.method.sense(), entry.on(), &entry.input);
        let at = self.entries.iter().position(same);
        match at {
            Some(at) => {
                entry.chosen = self.entries[at].chosen;
                entry.unknown = std::mem::take(&mut self.entries[at].unknown);
                self.entries[at] = entry;
            }
            None => self.entries.push(entry),
        }
    }

    /// Lets a method's number apply on a pair of devices. False where it has measured none there.
    pub fn choose(&mut self, method: Method, on: &str, input: &InputId) -> bool {
        let of_pair = |entry: &Entry| entry.is_for(method.sense(), on, input);
        if !self.entries.iter().any(|entry| of_pair(entry) && entry.method == method) {
            return false;
        }
        for entry in self.entries.iter_mut().filter(|entry| of_pair(entry)) {
            entry.chosen = entry.method == method;
        }
        true
    }

    /// Forgets the entries that `which` picks; returns how many.
    pub fn clear(&mut self, which: impl Fn(&Entry) -> bool) -> usize {
        let before = self.entries.len();
        self.entries.retain(|entry| !which(entry));
        before - self.entries.len()
    }

    /// Writes the file, whole or not at all.
    ///
    /// # Errors
    /// Where the folder cannot be written; the file is then as it was.
    pub fn save(&self) -> Result<(), PathError> {
        let wrong =
            |error: toml::ser::Error| PathError::Io { path: self.path.clone(), source: io::Error::other(error) };
        let mut table = self.rest.clone();
        let found = table.get("version").and_then(Value::as_integer).unwrap_or(VERSION);
        table.insert("version".into(), Value::Integer(found.max(VERSION)));
        let mut entries = Vec::new();
        for entry in &self.entries {
            entries.push(Value::try_from(entry).map_err(wrong)?);
        }
        entries.extend(self.strangers.iter().cloned());
        table.insert("entry".into(), Value::Array(entries));
        paths::write_whole(&self.path, toml::to_string_pretty(&table).map_err(wrong)?.as_bytes())
    }
}

/// Wall time in ns since 1970 as RFC 3339 in UTC, to the second.
fn rfc3339(wall: i64) -> String {
    let seconds = wall.div_euclid(1_000_000_000);
    let (days, of_day) = (seconds.div_euclid(86_400), seconds.rem_euclid(86_400));
    // days to a date: Hinnant, chrono-compatible low-level date algorithms, civil_from_days
    let z = days + 719_468;
    let era = z.div_euclid(146_097);
    let day_of_era = z.rem_euclid(146_097);
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    let (hour, minute, second) = (of_day / 3600, of_day / 60 % 60, of_day % 60);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_is_written_as_its_date() {
        assert_eq!(rfc3339(0), "1970-01-01T00:00:00Z");
        assert_eq!(rfc3339(951_782_399_000_000_000), "2000-02-28T23:59:59Z");
        assert_eq!(rfc3339(951_827_696_999_999_999), "2000-02-29T12:34:56Z");
        assert_eq!(rfc3339(1_795_875_600_000_000_000), "2026-11-28T14:20:00Z");
        assert_eq!(rfc3339(-1), "1969-12-31T23:59:59Z");
    }
}
