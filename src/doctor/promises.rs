//! Promises: each figure held against its bound, and what no program can know.

use serde::Serialize;

use super::Report;

/// One promise and whether this machine keeps it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Promise {
    /// Stable name.
    pub id: &'static str,
    pub says: &'static str,
    pub verdict: Verdict,
    /// In `unit`; null where it was not measured.
    pub measured: Option<f64>,
    pub bound: f64,
    /// Whether the bound is the least that must be there; else the most that may be.
    pub at_least: bool,
    pub unit: &'static str,
    /// Why it was not measured.
    pub why: Option<String>,
}

/// What came of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    Holds,
    DoesNotHold,
    Unknown,
}

/// Something between finger and ear that no program sees.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Unknowable {
    pub what: &'static str,
    /// Least and most that others found, ms; null where we know of no figure.
    pub usual_ms: Option<[f64; 2]>,
    /// Who found it.
    pub source: Option<&'static str>,
    pub how: &'static str,
}

/// What bounds a promise.
#[derive(Clone, Copy)]
enum Bound {
    AtMost(f64),
    AtLeast(f64),
}

/// Every promise of this build, with its verdict on this machine.
#[must_use]
pub fn promises(report: &Report) -> Vec<Promise> {
    use Bound::{AtLeast, AtMost};
    let keys = report.keys.timing;
    let no_keys = || report.keys.problem.clone();
    let sound = &report.sound;
    let no_sound = || {
        sound.problem.clone().or_else(|| {
            let seconds = sound.stream_seconds.unwrap_or(0.0);
            Some(format!("{seconds:.0} s of sound were too short to tell: use --thorough"))
        })
    };
    let storage = &report.storage;
    let slowest = report.display.screens.iter().filter_map(|screen| screen.refresh_hz).min_by(f64::total_cmp);
    let no_screen = || Some("no screen with a known refresh rate".to_owned());
    // (id, what it says, measured, bound, unit, why not)
    let one = |id, says, measured: Option<f64>, bound, unit, why: Option<String>| {
        let (holds, (bound, at_least)) = match bound {
            AtMost(most) => (measured.map(|m| m <= most), (most, false)),
            AtLeast(least) => (measured.map(|m| m >= least), (least, true)),
        };
        let verdict = match holds {
            Some(true) => Verdict::Holds,
            Some(false) => Verdict::DoesNotHold,
            None => Verdict::Unknown,
        };
        Promise { id, says, verdict, measured, bound, at_least, unit, why: why.filter(|_| measured.is_none()) }
    };
    vec![
        one("key_p95", "error of key times, 95 of 100", keys.map(|k| k.p95_ms), AtMost(1.0), "ms", no_keys()),
        one("key_p99", "error of key times at rest, 99 of 100", keys.map(|k| k.p99_ms), AtMost(0.5), "ms", no_keys()),
        one("key_missed", "keys that never arrived", keys.map(|k| k.missed as f64), AtMost(0.0), "", no_keys()),
        one("key_early", "key times before the press", keys.map(|k| k.early_ms), AtMost(0.0), "ms", no_keys()),
        one(
            "clock_backward",
            "readings of the clock that run backwards",
            Some(f64::from(report.clock.backward_steps)),
            AtMost(0.0),
            "",
            None,
        ),
        one(
            "clock_step",
            "least step of the clock",
            Some(report.clock.least_step_ns as f64),
            AtMost(1_000.0),
            "ns",
            None,
        ),
        one(
            "wake_p99",
            "a sleeping thread wakes late, 99 of 100",
            Some(report.scheduler.late.p99_ms),
            AtMost(1.0),
            "ms",
            None,
        ),
        one("sound_residual", "sound is where its clock says, SD", sound.residual_sd_ms, AtMost(0.2), "ms", no_sound()),
        one(
            "sound_rate",
            "sound's clock against the host's",
            sound.drift_ppm.map(f64::abs),
            AtMost(300.0),
            "ppm",
            no_sound(),
        ),
        one(
            "sound_underruns",
            "times that the sound ran dry",
            sound.underruns.map(f64::from),
            AtMost(0.0),
            "",
            no_sound(),
        ),
        one("refresh", "pictures a second", slowest, AtLeast(50.0), "Hz", no_screen()),
        one(
            "commit_p99",
            "a trial is safe on the disk, 99 of 100",
            storage.commit.map(|c| c.p99_ms),
            AtMost(250.0),
            "ms",
            storage.problem.clone(),
        ),
        one(
            "free_space",
            "room for the record",
            storage.free_mib.map(|mib| mib as f64),
            AtLeast(100.0),
            "MiB",
            storage.problem.clone(),
        ),
    ]
}

/// What lies before and behind every figure here.
#[must_use]
pub fn unknowables() -> Vec<Unknowable> {
    const MICROPHONE: &str = "microphone at the key: doozy doctor --loopback";
    const PHOTODIODE: &str = "photodiode on the screen: doozy doctor --loopback";
    let one = |what, usual: Option<([f64; 2], &'static str)>, how| Unknowable {
        what,
        usual_ms: usual.map(|usual| usual.0),
        source: usual.map(|usual| usual.1),
        how,
    };
    vec![
        one("switch of a key: travel and debouncing", Some(([0.0, 20.0], "makers' firmware")), MICROPHONE),
        one("USB polling of keyboard or pad", Some(([0.125, 8.0], "USB: 8 kHz to 125 Hz")), MICROPHONE),
        one("radio of a wireless keyboard or pad", None, MICROPHONE),
        one("screen, with the software before it", Some(([2.4, 29.0], "Bridges et al. 2020")), PHOTODIODE),
        one("sound behind the device's own word", None, MICROPHONE),
        one("Bluetooth sound", Some(([100.0, 300.0], "users' reports")), MICROPHONE),
    ]
}
