//! A level as text: RON in, a checked [`Level`] or faults with their places out, and canonical RON back.
//!
//! Reads no file: whoever does, refuses one above [`MAX_BYTES`] before reading it whole.

use std::fmt;

use ron::{Options, extensions::Extensions, ser::PrettyConfig};
use serde::{Deserialize, Serialize};

use crate::event::ErrorUnit;

use super::{Drill, Level, check::Complaints, surprise::Surprises};

/// The largest level that is read, bytes ◇: a chart of 100,000 targets has some 3 MiB.
pub const MAX_BYTES: usize = 4 * 1024 * 1024;
/// The version of the schema that this program reads and writes.
const VERSION: u32 = 1;
/// The most trials of a level, and the longest one ◇: a day.
pub(super) const MOST_TRIALS: u32 = 500;
pub(super) const MOST_SECONDS: u32 = 86_400;
/// How deep brackets may nest ◇: a level needs 5.
const DEPTH: usize = 32;

/// A level as its author wrote it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename = "Level")]
pub(super) struct Sheet {
    /// Of this schema: 1.
    version: u32,
    /// What the level is called, 1 to 80 characters.
    pub title: String,
    /// What the player is to do, in a sentence of 1 to 300 characters.
    pub aim: String,
    /// The kind, with its numbers.
    pub drill: Drill,
    /// Trials that make the level complete.
    pub trials: u32,
    /// The goal SD `T`, ms, on every rung; absent: the kind's own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub goal_ms: Option<f64>,
    /// The same, of a drill whose errors are in per cent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub goal_percent: Option<f64>,
    /// What startles.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub surprises: Option<Surprises>,
    /// About how long the level takes.
    pub seconds: u32,
    /// It goes on until the player stops; trials and seconds then tell what a sitting is.
    #[serde(default, skip_serializing_if = "is_false")]
    pub endless: bool,
}

fn is_false(value: &bool) -> bool {
    !value
}

/// One thing that is wrong with a level.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// Counted from 1; none where the fault has no line of its own.
    pub line: Option<usize>,
    /// Counted from 1 in characters; only for faults of syntax and type.
    pub column: Option<usize>,
    /// The path of the field, for faults of value.
    pub field: Option<String>,
    /// What is wrong, and what would be right.
    pub message: String,
}

/// Why a level was refused. Displays one line a fault, each beginning with the level's name.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub struct LevelError {
    /// The path or other name that the text was given under.
    pub name: String,
    /// At least one.
    pub faults: Vec<Fault>,
}

impl fmt::Display for LevelError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, fault) in self.faults.iter().enumerate() {
            if i > 0 {
                writeln!(f)?;
            }
            match (&fault.field, fault.line, fault.column) {
                (None, Some(line), Some(column)) => write!(f, "{}:{line}:{column}: ", self.name)?,
                (None, ..) => write!(f, "{}: ", self.name)?,
                (Some(field), Some(line), _) => write!(f, "{}: {field} (line {line}): ", self.name)?,
                (Some(field), None, _) => write!(f, "{}: {field}: ", self.name)?,
            }
            f.write_str(&fault.message)?;
        }
        Ok(())
    }
}

impl LevelError {
    fn whole(name: &str, message: String) -> Self {
        Self { name: name.to_owned(), faults: vec![Fault { line: None, column: None, field: None, message }] }
    }
}

fn options() -> Options {
    Options::default()
        .with_default_extension(Extensions::IMPLICIT_SOME | Extensions::UNWRAP_VARIANT_NEWTYPES)
        .with_recursion_limit(DEPTH)
}

impl Level {
    /// Reads a level as bytes, as they lie in a file.
    ///
    /// # Errors
    /// As [`Self::parse`]; also text that is not UTF-8.
    pub fn from_bytes(name: &str, bytes: &[u8]) -> Result<Self, LevelError> {
        if bytes.len() > MAX_BYTES {
            return Err(too_large(name, bytes.len()));
        }
        match std::str::from_utf8(bytes) {
            Ok(text) => Self::parse(name, text),
            Err(_) if bytes.starts_with(&[0xFF, 0xFE]) || bytes.starts_with(&[0xFE, 0xFF]) => {
                Err(LevelError::whole(name, "the file is UTF-16; save it as UTF-8".to_owned()))
            }
            Err(error) => {
                let at = error.valid_up_to();
                let line = 1 + bytes[..at].iter().filter(|&&byte| byte == b'\n').count();
                let message = format!("byte {at} (line {line}) is not UTF-8; save the file as UTF-8");
                Err(LevelError::whole(name, message))
            }
        }
    }

    /// Reads a level. `name` (a path) opens every message. A byte-order mark and any line ends are accepted and make
    /// no difference to what is read.
    ///
    /// # Errors
    /// Every fault of value at once, or the first of syntax or type.
    pub fn parse(name: &str, text: &str) -> Result<Self, LevelError> {
        if text.len() > MAX_BYTES {
            return Err(too_large(name, text.len()));
        }
        let text = text.strip_prefix('\u{feff}').unwrap_or(text).replace("\r\n", "\n").replace('\r', "\n");
        if text.trim().is_empty() {
            return Err(LevelError::whole(name, "the file is empty; docs/levels.md has a level to copy".to_owned()));
        }
        let sheet: Sheet = options().from_str(&text).map_err(|error| {
            let (line, column) = past_space(&text, error.span.start.line, error.span.start.col);
            let fault = Fault { line: Some(line), column: Some(column), field: None, message: error.code.to_string() };
            LevelError { name: name.to_owned(), faults: vec![fault] }
        })?;
        let level = Self { sheet };
        let complaints = level.complaints();
        if complaints.0.is_empty() {
            return Ok(level);
        }
        let faults = complaints
            .0
            .into_iter()
            .map(|(field, message)| Fault { line: line_of(&text, &field), column: None, field: Some(field), message })
            .collect();
        Err(LevelError { name: name.to_owned(), faults })
    }

    /// The level as canonical RON. Reading it gives the same level, and writing that the same bytes.
    #[must_use]
    pub fn to_ron(&self) -> String {
        let mut text = options()
            .to_string_pretty(&self.sheet, PrettyConfig::new().new_line("\n"))
            .unwrap_or_else(|error| unreachable!("plain structs of numbers and strings have RON forms: {error}"));
        text.push('\n');
        text
    }

    fn complaints(&self) -> Complaints {
        let sheet = &self.sheet;
        let mut complaints = Complaints::default();
        if sheet.version != VERSION {
            complaints
                .say("version", format!("{} is not known here; this program reads version {VERSION}", sheet.version));
        }
        for (field, text, most) in [("title", &sheet.title, 80), ("aim", &sheet.aim, 300)] {
            let length = text.chars().count();
            if text.trim().is_empty() || length > most {
                complaints.say(field, format!("has {length} characters; give 1 to {most}, not only spaces"));
            }
        }
        complaints.count("trials", sheet.trials, (1, MOST_TRIALS), "trials");
        complaints.count("seconds", sheet.seconds, (1, MOST_SECONDS), "seconds");
        sheet.drill.kind().check(&mut complaints);
        if let Some(goal_ms) = sheet.goal_ms {
            complaints.within("goal_ms", goal_ms, (super::JND_FLOOR_MS, 1000.0), "ms");
        }
        if let Some(goal) = sheet.goal_percent {
            complaints.within("goal_percent", goal, (super::JND_PERCENT, 100.0), "per cent");
        }
        match sheet.drill.kind().unit() {
            ErrorUnit::Milliseconds if sheet.goal_percent.is_some() => {
                complaints.say("goal_percent", "the errors of this drill are in ms; give goal_ms".to_owned());
            }
            ErrorUnit::Percent if sheet.goal_ms.is_some() => {
                complaints.say("goal_ms", "the errors of this drill are in per cent; give goal_percent".to_owned());
            }
            _ => {}
        }
        // The rungs exist only where the numbers that they are made of are sound.
        if complaints.0.is_empty() {
            self.check_goal(&mut complaints);
            if let Some(surprises) = &self.sheet.surprises {
                surprises.check(self, &mut complaints);
            }
        }
        complaints
    }

    fn check_goal(&self, complaints: &mut Complaints) {
        for rung in 0..=self.top_rung() {
            let setting = self.setting(rung);
            if setting.goal_ms < setting.jnd_ms {
                complaints.say(
                    "goal_ms",
                    format!(
                        "a goal of {} ms lies below what can be noticed at an interval of {} ms (rung {rung}); give at least {} ms",
                        setting.goal_ms,
                        setting.interval.as_ms(),
                        setting.jnd_ms
                    ),
                );
                return;
            }
        }
    }
}

fn too_large(name: &str, bytes: usize) -> LevelError {
    LevelError::whole(name, format!("{bytes} bytes are more than the {MAX_BYTES} that a level may have"))
}

/// A place in a text, moved past the white space that it lies in: ron's faults begin where the token before ended.
fn past_space(text: &str, line: usize, column: usize) -> (usize, usize) {
    let lines = text.split('\n').enumerate().skip(line.saturating_sub(1));
    let places = lines.flat_map(|(n, content)| content.chars().enumerate().map(move |(at, c)| (n + 1, at + 1, c)));
    let mut ahead = places.skip(column.saturating_sub(1)).filter(|&(_, _, c)| !c.is_whitespace());
    ahead.next().map_or((line, column), |(line, column, _)| (line, column))
}

/// The line on which a field stands (`drill.knobs[1].to_ms`), or else its nearest ancestor that the text names.
///
/// The text has parsed: brackets match and strings end.
fn line_of(text: &str, field: &str) -> Option<usize> {
    let places = places(text);
    let mut path = field;
    loop {
        if let Some((_, line)) = places.iter().find(|(place, _)| place == path) {
            return Some(*line);
        }
        path = &path[..path.rfind(['.', '['])?];
    }
}

/// Every field and list element with the line that it begins on.
fn places(text: &str) -> Vec<(String, usize)> {
    struct Frame {
        path: String,
        list: bool,
        slot: String,
        index: usize,
        begun: bool,
    }
    let mut places = Vec::new();
    let mut frames: Vec<Frame> = Vec::new();
    let mut line = 1;
    let mut rest = text;
    let mut word = "";
    while let Some(first) = rest.chars().next() {
        let taken = token(rest);
        if let Some(frame) = frames.last_mut()
            && frame.list
            && !frame.begun
            && !first.is_whitespace()
            && !taken.starts_with("//")
            && !taken.starts_with("/*")
            && first != ']'
        {
            frame.begun = true;
            frame.slot = format!("{}[{}]", frame.path, frame.index);
            places.push((frame.slot.clone(), line));
        }
        match first {
            '(' | '[' | '{' => {
                let path = frames.last().map_or(String::new(), |frame| frame.slot.clone());
                frames.push(Frame { slot: path.clone(), path, list: first == '[', index: 0, begun: false });
            }
            ')' | ']' | '}' => {
                frames.pop();
            }
            ',' => {
                if let Some(frame) = frames.last_mut() {
                    frame.index += 1;
                    frame.begun = false;
                }
            }
            ':' => {
                if let Some(frame) = frames.last_mut() {
                    frame.slot = if frame.path.is_empty() { word.to_owned() } else { format!("{}.{word}", frame.path) };
                    places.push((frame.slot.clone(), line));
                }
            }
            _ if first.is_alphabetic() || first == '_' => word = taken,
            _ => {}
        }
        line += taken.matches('\n').count();
        rest = &rest[taken.len()..];
    }
    places
}

/// The token that a text begins with: a comment, a string, a word, or one character.
fn token(text: &str) -> &str {
    let upto = |end: Option<usize>| &text[..end.unwrap_or(text.len())];
    if text.starts_with("//") {
        return upto(text.find('\n'));
    }
    if text.starts_with("/*") {
        let mut depth = 0_usize;
        let mut at = 0;
        while at < text.len() {
            if text[at..].starts_with("/*") {
                depth += 1;
                at += 2;
            } else if text[at..].starts_with("*/") {
                depth -= 1;
                at += 2;
                if depth == 0 {
                    return &text[..at];
                }
            } else {
                at += text[at..].chars().next().map_or(1, char::len_utf8);
            }
        }
        return text;
    }
    let hashes = text.strip_prefix('r').map_or(0, |raw| raw.len() - raw.trim_start_matches('#').len());
    if text.starts_with('r') && text[1 + hashes..].starts_with('"') {
        let close = format!("\"{}", "#".repeat(hashes));
        let body = 2 + hashes;
        return upto(text[body..].find(&close).map(|end| body + end + close.len()));
    }
    if let Some(body) = text.strip_prefix('"') {
        let mut escaped = false;
        let end = body.char_indices().find(|&(_, c)| {
            let closes = c == '"' && !escaped;
            escaped = c == '\\' && !escaped;
            closes
        });
        return upto(end.map(|(at, _)| at + 2));
    }
    let word = text.find(|c: char| !(c.is_alphanumeric() || c == '_')).unwrap_or(text.len());
    let one = text.chars().next().map_or(0, char::len_utf8);
    &text[..word.max(one)]
}
