//! The doctor: what this machine can and cannot promise about time, in numbers.
//!
//! [`examine`] measures and gives a [`Report`]; [`promises`] holds each figure against its bound; [`timing_gate`] is the same
//! for a study, which must not begin where times are too coarse; [`loopback`] measures from outside, with a microphone or a
//! photodiode. Nothing here plays a drill or decides anything about a player.
//!
//! | file | holds |
//! | --- | --- |
//! | `machine` | build, host clock, scheduler |
//! | `display` | window system, screens, graphics |
//! | `keys` | the error of key times, through XTEST |
//! | `sound` | the output's clock, from a silent stream |
//! | `devices` | pads, MIDI, calibrations |
//! | `storage` | what keeping a trial costs |
//! | `promises` | verdicts, and what no program can know |
//! | `gate` | the question that a study asks at its start |
//! | `print` | the report for people |
//! | `loopback/` | recordings measured |

mod devices;
mod display;
mod gate;
mod keys;
pub mod loopback;
mod machine;
mod print;
mod promises;
mod sound;
mod storage;

use std::{thread, time::Duration};

pub use devices::{Calibrations, Midi, Pads};
pub use display::{Display, Graphics, Screen};
pub use gate::{
    ClockEvidence, Responses, SoundEvidence, Standing, TimingEvidence, TimingPolicy, TooCoarse, judge_timing,
    timing_gate,
};
pub use keys::{KeyFigures, Keys};
pub use machine::{Build, HostClock, Scheduler};
pub use promises::{Promise, Unknowable, Verdict, promises, unknowables};
use serde::{Deserialize, Serialize};
pub use sound::Sound;
pub use storage::Storage;

use crate::paths::DataDir;

/// How much is measured.
#[derive(Clone, Debug, PartialEq)]
pub struct Effort {
    /// Key presses and releases through XTEST; 0 presses none. None: as many as are quick, and none under XWayland, where a
    /// press may raise a question on the player's screen.
    pub keys: Option<u32>,
    /// Length of the silent stream, where there is a device.
    pub sound: Duration,
    /// Over which the sleeper's wake-ups are watched.
    pub scheduler: Duration,
    /// Writes to the disk.
    pub writes: u32,
}

impl Effort {
    /// About six seconds. ◇ The sound's fit needs five.
    #[must_use]
    pub fn quick() -> Self {
        Self { keys: None, sound: Duration::from_secs(6), scheduler: Duration::from_secs(2), writes: 50 }
    }

    /// About a minute: enough for a rate to a few parts per million and a 99th percentile that is no accident.
    #[must_use]
    pub fn thorough() -> Self {
        Self { keys: None, sound: Duration::from_secs(45), scheduler: Duration::from_secs(20), writes: 500 }
    }
}

/// Everything that was found. Field names are a promise to scripts; units are in the names; what was not measured is null and
/// its `problem` says why.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Report {
    pub build: Build,
    pub clock: HostClock,
    pub scheduler: Scheduler,
    pub display: Display,
    pub graphics: Graphics,
    pub keys: Keys,
    pub sound: Sound,
    pub pads: Pads,
    pub midi: Midi,
    pub calibrations: Calibrations,
    pub storage: Storage,
    pub promises: Vec<Promise>,
    pub unknowable: Vec<Unknowable>,
}

impl Report {
    /// For people: a screen of aligned lines.
    #[must_use]
    pub fn shown(&self) -> String {
        print::report(self)
    }
}

/// Percentiles of lengths of time, ms.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Lateness {
    pub n: usize,
    pub p50_ms: f64,
    pub p99_ms: f64,
    pub max_ms: f64,
}

impl Lateness {
    /// Nearest ranks. None of none.
    #[must_use]
    pub fn of(mut ms: Vec<f64>) -> Option<Self> {
        ms.sort_by(f64::total_cmp);
        let at = |share: f64| ms.get(((share * ms.len() as f64).ceil() as usize).max(1) - 1).copied();
        Some(Self { n: ms.len(), p50_ms: at(0.5)?, p99_ms: at(0.99)?, max_ms: at(1.0)? })
    }
}

/// Measures this machine. Never fails: what is not there is said in its section.
///
/// The silent stream runs while keys and scheduler are measured, as it would in a session; the disk has its turn afterwards.
#[must_use]
pub fn examine(data: Result<&DataDir, String>, effort: &Effort) -> Report {
    let length = effort.sound;
    let listening = thread::spawn(move || sound::listen(length));
    let build = machine::build();
    let clock = machine::host_clock();
    let display = display::look();
    let keys = keys::measure(&display, effort.keys, keys::QUICK);
    let scheduler = machine::scheduler(effort.scheduler);
    let sound = listening.join().unwrap_or_else(|_| Sound::failed("the thread that listened to the sound ended early"));
    let mut report = Report {
        build,
        clock,
        scheduler,
        display,
        graphics: display::graphics(),
        keys,
        sound,
        pads: devices::pads(),
        midi: devices::midi(),
        calibrations: devices::calibrations(),
        storage: storage::measure(data, effort.writes),
        promises: Vec::new(),
        unknowable: unknowables(),
    };
    report.promises = promises(&report);
    report
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lateness_is_told_by_nearest_ranks() {
        let late = Lateness::of((1..=200).rev().map(f64::from).collect()).unwrap();
        assert_eq!((late.n, late.p50_ms, late.p99_ms, late.max_ms), (200, 100.0, 198.0, 200.0));
        assert_eq!(Lateness::of(vec![3.0]).unwrap().p99_ms, 3.0);
        assert_eq!(Lateness::of(Vec::new()), None);
    }
}
