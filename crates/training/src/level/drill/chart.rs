//! A chart: explicit targets, each in its lane, as music and other games' charts have them.
//!
//! ```ron
//! (
//!     version: 1,
//!     title: "A song",
//!     aim: "Play the drum part.",
//!     drill: Chart(
//!         source: (title: "A song", artist: "Somebody", file: "song.mid"),
//!         audio: (file: "song.ogg", zero_us: 120000),
//!         lanes: 4,
//!         beat_us: 500000,
//!         targets: [
//!             (0, 0, 0),
//!             (500000, 2, 250000),
//!             (500000, 3, 0),
//!         ],
//!         sections: [0, 500000],
//!         knobs: [LeastGap(to: 0, steps: 3), Rate(to: 1.25, steps: 5)],
//!     ),
//!     trials: 1,
//!     seconds: 4,
//! )
//! ```
//!
//! Times are whole microseconds of the song at its own speed and count from wherever the song's maker counts from: the
//! first target may lie before 0. Only the distances between them reach the player.
//!
//! Knobs: the part grows denser, and the song faster.

use serde::{Deserialize, Serialize};

use super::{
    Course, Drill, Kind,
    knob::{self, Dial, Harder, knobs},
};
use crate::{
    event::{Cue, CueKind, Lane, Music, Stage, Target, Terms},
    level::{JND_FLOOR_MS, JND_SHARE, TrialBody, check::Complaints, window},
    time::Nanos,
};

/// Most targets of a chart ◇: marathon charts have some 70,000 (cases A08).
pub const TARGETS_MOST: usize = 100_000;
/// Most lanes.
pub const LANES_MOST: u8 = 8;
/// Where a target may lie, µs: a day about the song's zero.
pub const TIMES_US: (i64, i64) = (-86_400_000_000, 86_400_000_000);
/// The goal SD as a share of the interval (training.md §1).
const GOAL_SHARE: f64 = 0.04;
/// The chart's interval `I` is no longer than this, ms: the gap between trial targets (training.md §1).
const INTERVAL_MOST: Nanos = Nanos::ms(625);
/// … and no shorter ◇: below it a window of 0.4 I is less than an untrained hand's spread.
const INTERVAL_LEAST: Nanos = Nanos::ms(40);
/// The share of gaps that may be shorter than the interval ◇: windows are as wide as most targets allow, and one grace
/// note does not narrow those of the whole song.
const SHORTER: usize = 10;
/// From a trial's zero to its first target at least, ms: a step of difficulty acts 1 s ahead (training.md §7).
const LEAD_IN: Nanos = Nanos::ms(1_000);
/// Room after the last target, ms ◇: see the interception's.
const ROOM_AFTER: Nanos = Nanos::ms(800);
/// For how long a note is seen before it is due, at rate 1, ms ◇: two beats at 80 a minute.
const APPROACH: Nanos = Nanos::ms(1_500);
/// Rates of playing (peers.md §B: from half speed).
const RATES: (f64, f64) = (0.5, 2.0);
/// Least gaps, ms: 0 leaves out nothing.
const GAPS_MS: (f64, f64) = (0.0, 5000.0);
/// Beats between which the count-in falls, µs: 20 to 400 a minute.
const BEATS_US: (u32, u32) = (150_000, 3_000_000);
/// So many wrong targets are told one by one.
const TOLD: usize = 20;

/// Explicit targets in lanes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Chart {
    /// Where the chart comes from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<Source>,
    /// A recording that is played with it, if the player has it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub audio: Option<Audio>,
    /// Lanes that targets may lie in, 1 to 8.
    pub lanes: u8,
    /// The song's beat, µs: the pace of the count-in.
    #[serde(default = "half_a_second")]
    pub beat_us: u32,
    /// Beats heard before the first target of a section.
    #[serde(default = "four")]
    pub count_in: u32,
    /// Whether each note is heard as a tone of its lane: where no recording carries it, or besides.
    #[serde(default = "yes")]
    pub heard: bool,
    /// In order of time, then of lane; no two the same in both.
    pub targets: Vec<Note>,
    /// Where sections begin, in the targets' time, µs, in order: a trial is one section, the next trial the next, and
    /// after the last the first again. Empty: a trial is the whole chart. Targets before the first section are not
    /// played.
    #[serde(default)]
    pub sections: Vec<i64>,
    /// Where bars begin, in the targets' time, µs, in order: what practice loops and silences. Empty: every four beats
    /// from the first target on.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub bars: Vec<i64>,
    /// How fast it is played, 0.5 to 2.
    #[serde(default = "one")]
    pub rate: f64,
    /// Targets that follow the one before, in any lane, by less than this are left out, ms at the song's own speed;
    /// those due together stay together. 0 leaves out nothing.
    #[serde(default)]
    pub least_gap_ms: f64,
    /// Turned in this order when the tolerance has reached the goal SD.
    #[serde(default)]
    pub knobs: Vec<Knob>,
}

/// What the chart was made from, for people to read; nothing depends on it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Source {
    /// At most 200 characters, as are the others.
    pub title: String,
    /// Who made the song.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub artist: String,
    /// The name of the file that was read.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub file: String,
    /// The part of it: a track, a channel, a difficulty.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub part: String,
}

/// A recording beside the level.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Audio {
    /// A plain file name inside the level's folder: no separators, no `..`.
    pub file: String,
    /// Where in the recording the targets' time 0 lies, µs; negative if that is before the recording begins.
    #[serde(default)]
    pub zero_us: i64,
}

/// One target. Written as `(time, lane, hold)`: µs, 0 to 7, and for how long it is to be held in µs, 0 for a tap.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(from = "(i64, u8, u32)", into = "(i64, u8, u32)")]
pub struct Note {
    /// Whole microseconds at the song's own speed.
    pub at_us: i64,
    /// 0 to one less than the chart has.
    pub lane: u8,
    /// Whole microseconds at the song's own speed; 0 for a tap.
    pub hold_us: u32,
}

impl From<(i64, u8, u32)> for Note {
    fn from((at_us, lane, hold_us): (i64, u8, u32)) -> Self {
        Self { at_us, lane, hold_us }
    }
}

impl From<Note> for (i64, u8, u32) {
    fn from(note: Note) -> Self {
        (note.at_us, note.lane, note.hold_us)
    }
}

knobs! { Chart {
    /// Fewer targets are left out: the least gap comes down, ms.
    LeastGap(drill) => Dial::new(&mut drill.least_gap_ms, GAPS_MS, "ms", Harder::Less),
    /// The song grows faster.
    Rate(drill) => Dial::new(&mut drill.rate, RATES, "of its speed", Harder::More),
} }

fn half_a_second() -> u32 {
    500_000
}

fn four() -> u32 {
    4
}

fn yes() -> bool {
    true
}

fn one() -> f64 {
    1.0
}

/// Why a file name is not a plain one inside the level's folder, if it is not.
#[must_use]
pub fn outside(file: &str) -> Option<&'static str> {
    if file.is_empty() || file.len() > 200 {
        Some("a file name has 1 to 200 bytes")
    } else if file.contains(['/', '\\', ':']) || file == "." || file == ".." {
        Some("give the plain name of a file in the level's own folder, without a path")
    } else if file.chars().any(char::is_control) {
        Some("a file name has no control characters")
    } else {
        None
    }
}

impl Chart {
    /// The targets of section `nth`, counted round and round, that are not left out.
    #[must_use]
    pub fn section(&self, nth: u32) -> Vec<Note> {
        let sections = self.sections.len();
        let place = if sections == 0 { 0 } else { nth as usize % sections };
        let from = self.sections.get(place).copied().unwrap_or(i64::MIN);
        let to = self.sections.get(place + 1).copied().unwrap_or(i64::MAX);
        let begins = self.targets.partition_point(|note| note.at_us < from);
        let ends = self.targets.partition_point(|note| note.at_us < to);
        self.thinned(self.targets.get(begins..ends).unwrap_or_default())
    }

    fn thinned(&self, notes: &[Note]) -> Vec<Note> {
        let least_us = libm::round(self.least_gap_ms * 1e3) as i64;
        let mut kept: Vec<Note> = Vec::with_capacity(notes.len());
        for note in notes {
            if kept.last().is_none_or(|last| note.at_us == last.at_us || note.at_us - last.at_us >= least_us) {
                kept.push(*note);
            }
        }
        kept
    }

    fn sections(&self) -> u32 {
        u32::try_from(self.sections.len().max(1)).unwrap_or(u32::MAX)
    }

    /// A length of the song as it is played.
    pub(crate) fn played(&self, us: i64) -> Nanos {
        Nanos(libm::round(us as f64 * 1e3 / self.rate) as i64)
    }

    fn check_targets(&self, complaints: &mut Complaints) {
        if self.targets.is_empty() || self.targets.len() > TARGETS_MOST {
            complaints.say(
                "drill.targets",
                format!("{} targets; a chart has 1 to {TARGETS_MOST} targets", self.targets.len()),
            );
            return;
        }
        let mut wrong = Vec::new();
        let mut ends = [i64::MIN; LANES_MOST as usize];
        let mut before: Option<Note> = None;
        for (i, note) in self.targets.iter().enumerate() {
            let mut say = |message: String| wrong.push((i, message));
            if !(TIMES_US.0..=TIMES_US.1).contains(&note.at_us) {
                say(format!("{} lies outside {} to {} µs", note.at_us, TIMES_US.0, TIMES_US.1));
            } else if note.lane >= self.lanes {
                say(format!("lane {} is not one of the {}; they count from 0", note.lane, self.lanes));
            } else if before.is_some_and(|before| (before.at_us, before.lane) >= (note.at_us, note.lane)) {
                say("targets stand in order of time, then of lane, and no two are the same".to_owned());
            } else if let Some(end) = ends.get_mut(usize::from(note.lane)) {
                if *end > note.at_us {
                    say(format!("the target before it in lane {} is held beyond it, until {end} µs", note.lane));
                }
                *end = note.at_us + i64::from(note.hold_us);
            }
            before = Some(*note);
        }
        let more = wrong.len().saturating_sub(TOLD);
        for (i, message) in wrong.into_iter().take(TOLD) {
            complaints.say(&format!("drill.targets[{i}]"), message);
        }
        if more > 0 {
            complaints.say("drill.targets", format!("{more} more targets are wrong"));
        }
    }
}

impl Kind for Chart {
    fn name(&self) -> &'static str {
        "chart"
    }

    fn check(&self, complaints: &mut Complaints) {
        complaints.count("drill.lanes", u32::from(self.lanes), (1, u32::from(LANES_MOST)), "lanes");
        complaints.count("drill.beat_us", self.beat_us, BEATS_US, "µs");
        complaints.count("drill.count_in", self.count_in, (0, 16), "beats");
        complaints.within("drill.rate", self.rate, RATES, "of the song's speed");
        complaints.within("drill.least_gap_ms", self.least_gap_ms, GAPS_MS, "ms");
        if let Some(source) = &self.source {
            let fields =
                [("title", &source.title), ("artist", &source.artist), ("file", &source.file), ("part", &source.part)];
            for (field, text) in fields {
                let length = text.chars().count();
                if length > 200 {
                    complaints.say(&format!("drill.source.{field}"), format!("has {length} characters; at most 200"));
                }
            }
        }
        if let Some(audio) = &self.audio {
            if let Some(why) = outside(&audio.file) {
                complaints.say("drill.audio.file", format!("{:?}: {why}", audio.file));
            }
            if !(TIMES_US.0..=TIMES_US.1).contains(&audio.zero_us) {
                let (least, most) = TIMES_US;
                complaints.say("drill.audio.zero_us", format!("{} lies outside {least} to {most} µs", audio.zero_us));
            }
        }
        let told = complaints.len();
        self.check_targets(complaints);
        knob::check(self, &self.knobs, complaints);
        if complaints.len() > told {
            return;
        }
        for (i, pair) in self.sections.windows(2).enumerate() {
            if pair[0] >= pair[1] {
                complaints.say(&format!("drill.sections[{}]", i + 1), "sections stand in order of time".to_owned());
                return;
            }
        }
        if self.bars.len() > TARGETS_MOST {
            complaints.say("drill.bars", format!("{} bars; a chart has at most {TARGETS_MOST}", self.bars.len()));
        }
        if let Some(i) = self.bars.windows(2).position(|pair| pair[0] >= pair[1]) {
            complaints.say(&format!("drill.bars[{}]", i + 1), "bars stand in order of time".to_owned());
        }
        if let Some(i) = self.bars.iter().position(|at| !(TIMES_US.0..=TIMES_US.1).contains(at)) {
            let (least, most) = TIMES_US;
            complaints.say(&format!("drill.bars[{i}]"), format!("{} lies outside {least} to {most} µs", self.bars[i]));
        }
        for i in 0..self.sections.len() {
            if self.section(i as u32).is_empty() {
                let message = "no target lies in this section; leave it out".to_owned();
                complaints.say(&format!("drill.sections[{i}]"), message);
            }
        }
    }

    fn lanes(&self) -> u8 {
        self.lanes
    }

    fn interval(&self) -> Nanos {
        let mut last = [None; LANES_MOST as usize];
        let mut gaps = Vec::new();
        for nth in 0..self.sections() {
            last.fill(None);
            for note in self.section(nth) {
                if let Some(last) = last.get_mut(usize::from(note.lane)) {
                    gaps.extend(last.replace(note.at_us).map(|last| note.at_us - last));
                }
            }
        }
        let place = gaps.len() / SHORTER;
        if gaps.is_empty() {
            return INTERVAL_MOST;
        }
        let (_, gap, _) = gaps.select_nth_unstable(place);
        self.played(*gap).max(INTERVAL_LEAST).min(INTERVAL_MOST)
    }

    fn goal(&self) -> f64 {
        let interval_ms = self.interval().as_ms();
        (GOAL_SHARE * interval_ms).max((JND_SHARE * interval_ms).max(JND_FLOOR_MS))
    }

    fn steps(&self) -> u32 {
        knob::steps(&self.knobs)
    }

    fn turned(&self, steps: u32) -> Drill {
        knob::turned(self, &self.knobs, steps).into()
    }

    fn targets(&self) -> u32 {
        let longest = (0..self.sections()).map(|nth| self.section(nth).len()).max().unwrap_or(0);
        u32::try_from(longest).unwrap_or(u32::MAX)
    }

    fn plan(&self, course: &mut Course<'_>) -> TrialBody {
        let notes = self.section(course.nth);
        let zero_us = notes.first().map_or(0, |note| note.at_us);
        let beat = self.played(i64::from(self.beat_us));
        let counted = Nanos(beat.0 * i64::from(self.count_in));
        let first = counted.max(LEAD_IN);
        let at = |note: &Note| first + self.played(note.at_us - zero_us);
        let hold = |note: &Note| (note.hold_us > 0).then(|| self.played(i64::from(note.hold_us)));
        let counts = (0..self.count_in).map(|n| {
            let left = u8::try_from(self.count_in - n).unwrap_or(u8::MAX);
            let at = first - Nanos(beat.0 * i64::from(self.count_in - n));
            Cue { at, kind: CueKind::CountIn { left }, heard: true, seen: true }
        });
        let heard = self.heard;
        let sounds = notes.iter().map(|note| {
            let kind = CueKind::Note { lane: Lane(note.lane) };
            Cue { at: at(note), kind, heard, seen: true }
        });
        let target = |(n, note): (usize, &Note)| Target {
            hold: hold(note),
            ..Target::press(u32::try_from(n).unwrap_or(u32::MAX), at(note), Lane(note.lane))
        };
        let interval = self.interval();
        let last = notes.iter().map(|note| at(note) + hold(note).unwrap_or_default()).max().unwrap_or(first);
        let early = first - window(interval) - Nanos(1);
        let music = self.audio.as_ref().map(|audio| Music {
            file: audio.file.clone(),
            from: Nanos((zero_us + audio.zero_us) * 1_000 - (first.0 as f64 * self.rate) as i64),
            rate_ppb: (self.rate * 1e9) as u32,
            silent: Vec::new(),
        });
        TrialBody {
            cues: counts.chain(sounds).collect(),
            targets: notes.iter().enumerate().map(target).collect(),
            length: last + ROOM_AFTER,
            // as on a steady beat: a tap a little late with the last count belongs to that
            count_in_ends: if self.count_in == 0 { Nanos(-1) } else { early.min(first - beat + Nanos(beat.0 / 10)) },
            interval,
            running: true,
            stage: Stage::Lanes { lanes: self.lanes, approach: Nanos((APPROACH.0 as f64 / self.rate) as i64) },
            goal: None,
            terms: Terms { music, ..Terms::default() },
        }
    }
}
