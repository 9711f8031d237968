//! Import: MIDI files, osu! beatmaps and StepMania charts become levels.
//!
//! One reader a format turns bytes into [`Chart`]s: targets in whole microseconds, what was left out, and warnings with
//! their places. [`level`] makes a level of a chart, [`store`] writes levels and sound files, all or none. Where a file
//! is damaged, a reader says so or refuses; it never returns less than the file holds without a word.
//! docs/import.md is the contract. Nothing here knows of sessions, clocks or the command line.

pub mod chart;
pub mod exact;
pub mod level;
pub mod midi;
pub mod osu;
pub mod osz;
mod read;
pub mod sm;
pub mod store;
mod text;

use std::{fmt, path::PathBuf};

pub use self::{
    chart::{Chart, Place},
    midi::DrumMap,
    read::{Audio, Imported, import},
};

pub use doozy_training::level::drill::chart::TARGETS_MOST as MOST_TARGETS;
use doozy_training::level::drill::chart::TIMES_US;

/// The largest MIDI, `.osu`, `.sm` or `.ssc` file that is read, bytes. ◇ The longest known charts have a tenth of it.
pub const MOST_BYTES: usize = 16 * 1024 * 1024;

/// What the user asked for.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// MIDI: only these tracks, counted from 1; empty: all.
    pub tracks: Vec<usize>,
    /// MIDI: only these channels, counted from 1; empty: all.
    pub channels: Vec<u8>,
    /// MIDI: one chart of all parts instead of one a part.
    pub merge: bool,
    /// MIDI: which keys go to which lane.
    pub drum_map: DrumMap,
    /// MIDI: notes at least so long, µs, are held; none: no note is.
    pub holds_us: Option<i64>,
    /// How many lanes to fold the chart into; none: as many as it has.
    pub lanes: Option<u8>,
    /// Instead of the notes, so many even targets a beat, from the first note to the last.
    pub grid: Option<u8>,
}

/// Why a file was not imported.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub struct ImportError {
    pub file: PathBuf,
    /// The file within an archive.
    pub entry: Option<String>,
    pub place: Place,
    /// What is wrong, and what would be right.
    pub message: String,
    /// Whether the machine is at fault rather than the file: it is not there, or cannot be read or written.
    pub lack: bool,
    /// Whether the call is at fault: something would be overwritten.
    pub usage: bool,
}

/// Why a reader refused its bytes; the caller adds the file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refused {
    pub entry: Option<String>,
    pub place: Place,
    pub message: String,
}

impl Refused {
    fn whole(message: impl Into<String>) -> Self {
        Self { entry: None, place: Place::Whole, message: message.into() }
    }

    fn line(line: usize, message: impl Into<String>) -> Self {
        Self { entry: None, place: Place::Line(line), message: message.into() }
    }

    fn byte(byte: usize, message: impl Into<String>) -> Self {
        Self { entry: None, place: Place::Byte(byte), message: message.into() }
    }
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(entry) = &self.entry {
            write!(f, "{entry}")?;
        }
        write!(f, "{}: {}", self.place, self.message)
    }
}

impl fmt::Display for ImportError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.file.display())?;
        if let Some(entry) = &self.entry {
            write!(f, "/{entry}")?;
        }
        write!(f, "{}: {}", self.place, self.message)
    }
}

/// The lane of `lane` among `from` lanes when they are folded into `into`, neighbours together.
fn folded(lane: usize, from: usize, into: u8) -> u8 {
    u8::try_from(lane * usize::from(into) / from.max(1)).unwrap_or(u8::MAX).min(into.saturating_sub(1))
}

/// That there are too many targets: `what` says of what.
fn too_many(what: &str, count: u64) -> String {
    format!("{what} {count} targets; a level has at most {MOST_TARGETS}")
}

/// Why a target at this time is refused, if it is.
fn out_of_time(at_us: i64) -> Option<String> {
    let (least, most) = TIMES_US;
    (!(least..=most).contains(&at_us)).then(|| {
        format!("a target at {} ms; targets lie within {} to {} ms", chart::ms(at_us), least / 1000, most / 1000)
    })
}
