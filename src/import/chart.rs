//! A chart: the targets that a file of music or of another game asks for, before they become a level.
//!
//! Neutral between formats. Times are whole microseconds from the music's zero, negative before it.

use std::{collections::BTreeMap, fmt, sync::Arc};

use super::out_of_time;

/// Lanes that a level has at most.
pub const MOST_LANES: u8 = 8;
/// Warnings that are kept with their place; further ones are counted. ◇
const MOST_WARNINGS: usize = 200;

/// Bars that a chart keeps ◇: a day of them at 120 a minute. One with more has none.
pub const MOST_BARS: usize = 45_000;

/// The longest hold, µs: what a level's field can say.
const LONGEST_HOLD_US: i64 = u32::MAX as i64;

/// Where in a file something is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Place {
    /// The file as a whole.
    Whole,
    /// Counted from 1.
    Line(usize),
    /// Counted from 0, in bytes from the start of the file.
    Byte(usize),
}

/// One target.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Target {
    /// When it is due, µs.
    pub at_us: i64,
    /// Counted from 0.
    pub lane: u8,
    /// How long it sounds or is held, µs; none where the file does not say, never 0.
    pub length_us: Option<i64>,
    /// Whether the length is asked of the player, not only sounded.
    pub hold: bool,
}

/// From a moment on, beats follow each other at this distance.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tempo {
    /// µs.
    pub at_us: i64,
    /// From beat to beat, ns.
    pub beat_ns: i64,
}

impl Tempo {
    /// Beats a minute, for people.
    #[must_use]
    pub fn bpm(self) -> f64 {
        60e9 / self.beat_ns as f64
    }
}

/// Something that the file's reader was not told to expect, with its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Warning {
    pub place: Place,
    pub message: String,
}

/// Warnings, the first few hundred of them in full.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Warnings {
    pub listed: Vec<Warning>,
    /// How many more there were.
    pub more: u64,
}

impl Warnings {
    pub fn say(&mut self, place: Place, message: impl Into<String>) {
        if self.listed.len() < MOST_WARNINGS {
            self.listed.push(Warning { place, message: message.into() });
        } else {
            self.more += 1;
        }
    }

    pub fn take(&mut self, others: &Self) {
        for warning in &others.listed {
            self.say(warning.place, warning.message.clone());
        }
        self.more += others.more;
    }

    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.listed.is_empty()
    }
}

/// What a file's reader made of one part or difficulty.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Chart {
    /// The music's name as the file has it, or empty.
    pub title: String,
    /// Which part or difficulty of the music this is, or empty.
    pub part: String,
    /// Lanes there are, 1–8.
    pub lanes: u8,
    /// In order of time, then of lane; no two of a lane at one time.
    pub targets: Vec<Target>,
    /// In order of time; the parts of a file share it.
    pub tempo: Arc<[Tempo]>,
    /// Where bars begin, µs, in order; the parts of a file may share it. Empty where the file has no beats.
    pub bars: Arc<[i64]>,
    /// The sound file that the chart names.
    pub audio: Option<String>,
    /// What was in the file and is no target, by what it is, with its count.
    pub dropped: BTreeMap<&'static str, u64>,
    pub warnings: Warnings,
}

impl Chart {
    /// Notes that something is left out.
    pub fn drop(&mut self, what: &'static str, count: u64) {
        if count > 0 {
            *self.dropped.entry(what).or_default() += count;
        }
    }

    /// Bars from where they begin: in order of time, each once, and none where there are too many.
    #[must_use]
    pub fn lines(mut begin: Vec<i64>) -> Arc<[i64]> {
        begin.retain(|&at_us| out_of_time(at_us).is_none());
        begin.sort_unstable();
        begin.dedup();
        if begin.len() > MOST_BARS { Arc::default() } else { begin.into() }
    }

    /// Brings the targets into order, makes those of one lane at one time one (the longest stays), and cuts a hold
    /// that would still last when its lane's next target is due.
    pub fn settle(&mut self) {
        self.targets.sort_unstable();
        let before = self.targets.len();
        self.targets.dedup_by(|later, earlier| {
            let same = (later.at_us, later.lane) == (earlier.at_us, earlier.lane);
            if same {
                earlier.length_us = earlier.length_us.max(later.length_us);
                earlier.hold |= later.hold;
            }
            same
        });
        self.drop("at the same moment in the same lane", (before - self.targets.len()) as u64);
        let mut next: [Option<i64>; 256] = [None; 256];
        let mut cut = 0;
        for target in self.targets.iter_mut().rev() {
            let following = next[usize::from(target.lane)].replace(target.at_us);
            target.hold &= target.length_us.is_some();
            let Some(length) = target.length_us.filter(|_| target.hold) else { continue };
            let into_next = following.is_some_and(|following| target.at_us.saturating_add(length) >= following);
            if into_next || length > LONGEST_HOLD_US {
                // a hold that leaves no time to let go is none
                target.hold = false;
                cut += 1;
            }
        }
        if cut > 0 {
            self.warnings.say(
                Place::Whole,
                format!(
                    "{cut} holds last into their lane's next target, or over an hour, and are taken as plain targets"
                ),
            );
        }
    }
}

/// Text from a file, made fit for one line of a message: control characters out, and not too long.
#[must_use]
pub fn shown(text: &str) -> String {
    const MOST: usize = 60;
    let clean: String = text.trim().chars().filter(|c| !c.is_control()).take(MOST + 1).collect();
    match clean.char_indices().nth(MOST) {
        Some((at, _)) => format!("{}…", &clean[..at]),
        None => clean,
    }
}

/// Microseconds as milliseconds with all their digits.
#[must_use]
pub fn ms(us: i64) -> String {
    let sign = if us < 0 { "-" } else { "" };
    let us = us.unsigned_abs();
    format!("{sign}{}.{:03}", us / 1000, us % 1000)
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Whole => Ok(()),
            Self::Line(line) => write!(f, ":{line}"),
            Self::Byte(byte) => write!(f, ": byte {byte}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settling_makes_one_target_of_a_chord_in_a_lane() {
        let target = |at_us, lane, length_us, hold| Target { at_us, lane, length_us, hold };
        let mut chart = Chart {
            targets: vec![
                target(500, 0, Some(10), true),
                target(0, 1, None, false),
                target(0, 0, Some(500), true),
                target(0, 0, Some(7), false),
            ],
            ..Chart::default()
        };
        chart.settle();
        // the hold of 500 µs would end as the next target is due
        assert_eq!(
            chart.targets,
            [target(0, 0, Some(500), false), target(0, 1, None, false), target(500, 0, Some(10), true)]
        );
        assert_eq!(chart.dropped.values().sum::<u64>(), 1);
        assert_eq!(chart.warnings.listed.len(), 1);
    }

    #[test]
    fn milliseconds_keep_every_microsecond() {
        assert_eq!([ms(-100_000), ms(-1), ms(0), ms(3_333_333)], ["-100.000", "-0.001", "0.000", "3333.333"]);
    }

    #[test]
    fn warnings_beyond_the_first_are_counted() {
        let mut warnings = Warnings::default();
        for line in 0..1000 {
            warnings.say(Place::Line(line), "x");
        }
        assert_eq!((warnings.listed.len(), warnings.more), (200, 800));
    }
}
