//! The gate: whether times are fine enough for a study, asked at its start, with the evidence to keep.

use std::{fmt, thread, time::Duration};

use serde::{Deserialize, Serialize};

use super::{
    Lateness, display,
    keys::{self, KeyFigures},
    machine, sound,
};
use crate::clock;

/// What a study demands.
#[derive(Clone, Debug, PartialEq)]
pub struct TimingPolicy {
    /// The 95th percentile of a response's time error may be this, ms (engineering.md §3.3: 1 ms).
    pub bound_ms: f64,
    /// Go on where the bound is missed or unknown; the evidence says that this was allowed.
    pub allow_coarse: bool,
    pub responses: Responses,
    /// Whether sound must come from a device with a known clock. Where there is a device, its clock must be good anyway.
    pub needs_sound: bool,
    /// Presses and releases.
    pub keys: u32,
    /// Length of the silent stream.
    pub sound: Duration,
}

/// What people respond with.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "with", rename_all = "snake_case")]
pub enum Responses {
    /// Keys of the X display: measured.
    Keys,
    /// A device whose own stamps are taken (a pad, MIDI): no program can press it, so its tap's word stands.
    Stamped { tap: String, promised_ms: f64 },
}

impl Default for TimingPolicy {
    fn default() -> Self {
        Self {
            bound_ms: 1.0,
            allow_coarse: false,
            responses: Responses::Keys,
            needs_sound: false,
            keys: 400,
            sound: Duration::from_secs(6),
        }
    }
}

/// What was measured when a study began; belongs into its record.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TimingEvidence {
    /// Of these fields.
    pub version: u32,
    pub doozy: String,
    /// Wall time, for people, ns since 1970.
    pub measured_unix_ns: i64,
    pub bound_p95_ms: f64,
    pub responses: Responses,
    pub keys: Option<KeyFigures>,
    /// Why keys were not measured.
    pub keys_problem: Option<String>,
    pub clock: ClockEvidence,
    /// How late a thread wakes that asked for 1 ms.
    pub wake: Lateness,
    pub sound: SoundEvidence,
    pub load_1min: Option<f64>,
    pub standing: Standing,
}

#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct ClockEvidence {
    pub least_step_ns: i64,
    pub backward_steps: u32,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SoundEvidence {
    pub backend: String,
    pub device: Option<String>,
    pub drift_ppm: Option<f64>,
    pub residual_sd_ms: Option<f64>,
    pub underruns: Option<u32>,
    pub problem: Option<String>,
}

/// Whether the bound is met.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "standing", rename_all = "snake_case")]
pub enum Standing {
    Met,
    /// It is not, and that was allowed.
    CoarseAllowed {
        reasons: Vec<String>,
    },
    /// It is not.
    TooCoarse {
        reasons: Vec<String>,
    },
}

/// Times are too coarse, or nobody knows.
#[derive(Clone, Debug, PartialEq)]
pub struct TooCoarse {
    pub reasons: Vec<String>,
    /// The machine lacks what would be measured.
    pub is_lack: bool,
    pub evidence: Box<TimingEvidence>,
}

impl fmt::Display for TooCoarse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "times are too coarse: {}. Mend that, or go on with --allow-coarse-timing, which is recorded",
            self.reasons.join("; ")
        )
    }
}

impl std::error::Error for TooCoarse {}

/// Measures key times, clock, scheduler and sound, about six seconds in all, and holds them against the policy.
///
/// # Errors
/// [`TooCoarse`] where the bound is missed or cannot be shown to be met, unless the policy allows it.
pub fn timing_gate(policy: &TimingPolicy) -> Result<TimingEvidence, TooCoarse> {
    let length = policy.sound;
    let listening = thread::spawn(move || sound::listen(length));
    let clock = machine::host_clock();
    let keys = match policy.responses {
        Responses::Keys => keys::measure(&display::look(), Some(policy.keys), policy.keys),
        Responses::Stamped { .. } => keys::Keys { timing: None, problem: None },
    };
    let scheduler = machine::scheduler(Duration::from_secs(1));
    let sound =
        listening.join().unwrap_or_else(|_| super::Sound::failed("the thread that listened to the sound ended early"));
    judge_timing(
        policy,
        TimingEvidence {
            version: 1,
            doozy: env!("CARGO_PKG_VERSION").to_owned(),
            measured_unix_ns: clock::wall(),
            bound_p95_ms: policy.bound_ms,
            responses: policy.responses.clone(),
            keys: keys.timing,
            keys_problem: keys.problem,
            clock: ClockEvidence { least_step_ns: clock.least_step_ns, backward_steps: clock.backward_steps },
            wake: scheduler.late,
            sound: SoundEvidence {
                backend: sound.backend,
                device: sound.device,
                drift_ppm: sound.drift_ppm,
                residual_sd_ms: sound.residual_sd_ms,
                underruns: sound.underruns,
                problem: sound.problem,
            },
            load_1min: scheduler.load_1min,
            standing: Standing::Met,
        },
    )
}

/// The gate's decision about what was measured: sets [`TimingEvidence::standing`].
///
/// # Errors
/// As [`timing_gate`].
pub fn judge_timing(policy: &TimingPolicy, mut evidence: TimingEvidence) -> Result<TimingEvidence, TooCoarse> {
    let bound = policy.bound_ms;
    let mut reasons = Vec::new();
    let mut is_lack = false;
    // what is no number does not pass
    let beyond = |figure: f64| figure > bound || figure.is_nan();
    match (&policy.responses, &evidence.keys) {
        (Responses::Keys, Some(keys)) => {
            if beyond(keys.p95_ms) {
                reasons.push(format!(
                    "the 95th percentile of key time errors is {:.3} ms, {bound} ms at most",
                    keys.p95_ms
                ));
            }
            if keys.missed > 0 {
                reasons.push(format!("{} of {} keys never arrived", keys.missed, keys.n));
            }
        }
        (Responses::Keys, None) => {
            is_lack = true;
            let why = evidence.keys_problem.as_deref().unwrap_or("nobody pressed any");
            reasons.push(format!("key times cannot be measured here ({why})"));
        }
        (Responses::Stamped { tap, promised_ms }, _) if beyond(*promised_ms) => {
            reasons.push(format!("the {tap} promises {promised_ms} ms, {bound} ms at most"));
        }
        (Responses::Stamped { .. }, _) => {}
    }
    if evidence.clock.backward_steps > 0 {
        reasons.push(format!("the host's clock ran backwards {} times", evidence.clock.backward_steps));
    }
    if beyond(evidence.clock.least_step_ns as f64 / 1e6) {
        reasons.push(format!("the host's clock moves in steps of {} ns", evidence.clock.least_step_ns));
    }
    let sound = &evidence.sound;
    let on_device = sound.backend == "device";
    match sound.residual_sd_ms {
        Some(sd) if beyond(sd) => {
            reasons.push(format!("the sound lies {sd:.3} ms (SD) about its clock, {bound} ms at most"));
        }
        Some(_) => {}
        None if on_device || policy.needs_sound => {
            is_lack |= !on_device;
            let why = sound.problem.as_deref().unwrap_or("it was heard too briefly");
            reasons.push(format!("the sound's clock is not known ({why})"));
        }
        None => {}
    }
    if let Some(dry @ 1..) = sound.underruns {
        reasons.push(format!("the sound ran dry {dry} times"));
    }
    if reasons.is_empty() {
        evidence.standing = Standing::Met;
        Ok(evidence)
    } else if policy.allow_coarse {
        evidence.standing = Standing::CoarseAllowed { reasons };
        Ok(evidence)
    } else {
        evidence.standing = Standing::TooCoarse { reasons: reasons.clone() };
        Err(TooCoarse { reasons, is_lack, evidence: Box::new(evidence) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys(p95_ms: f64) -> KeyFigures {
        KeyFigures {
            n: 400,
            missed: 0,
            p50_ms: 0.07,
            p95_ms,
            p99_ms: 1.4,
            max_ms: 3.0,
            early_ms: 0.0,
            worst_wake_ms: 1.0,
            server_clock_known: true,
        }
    }

    /// What a good machine without a sound card gives.
    fn good() -> TimingEvidence {
        TimingEvidence {
            version: 1,
            doozy: "0".into(),
            measured_unix_ns: 0,
            bound_p95_ms: 1.0,
            responses: Responses::Keys,
            keys: Some(keys(0.16)),
            keys_problem: None,
            clock: ClockEvidence { least_step_ns: 20, backward_steps: 0 },
            wake: Lateness { n: 900, p50_ms: 0.06, p99_ms: 0.1, max_ms: 1.0 },
            sound: SoundEvidence {
                backend: "paced".into(),
                device: None,
                drift_ppm: None,
                residual_sd_ms: None,
                underruns: None,
                problem: Some("no sound output found".into()),
            },
            load_1min: Some(0.1),
            standing: Standing::Met,
        }
    }

    fn refused(policy: &TimingPolicy, evidence: TimingEvidence) -> (Vec<String>, bool) {
        let coarse = judge_timing(policy, evidence).unwrap_err();
        assert_eq!(coarse.evidence.standing, Standing::TooCoarse { reasons: coarse.reasons.clone() });
        (coarse.reasons, coarse.is_lack)
    }

    #[test]
    fn the_bound_is_closed_at_one_millisecond() {
        let policy = TimingPolicy::default();
        for (p95, met) in [(0.16, true), (1.0, true), (1.000_001, false), (24.0, false), (f64::NAN, false)] {
            let judged = judge_timing(&policy, TimingEvidence { keys: Some(keys(p95)), ..good() });
            assert_eq!(judged.is_ok(), met, "{p95}");
        }
        let (reasons, is_lack) = refused(&policy, TimingEvidence { keys: Some(keys(8.94)), ..good() });
        assert_eq!(reasons, ["the 95th percentile of key time errors is 8.940 ms, 1 ms at most"]);
        assert!(!is_lack);
    }

    #[test]
    fn what_is_allowed_is_recorded_with_its_reasons() {
        let policy = TimingPolicy { allow_coarse: true, ..TimingPolicy::default() };
        let evidence = judge_timing(&policy, TimingEvidence { keys: Some(keys(8.94)), ..good() }).unwrap();
        let Standing::CoarseAllowed { reasons } = &evidence.standing else { panic!("{:?}", evidence.standing) };
        assert_eq!(reasons.len(), 1);
        // as it lies in a record
        let kept = serde_json::to_string(&evidence).unwrap();
        assert!(kept.contains(r#""standing":{"standing":"coarse_allowed","reasons":["the 95th"#), "{kept}");
        assert_eq!(serde_json::from_str::<TimingEvidence>(&kept).unwrap(), evidence);
        // nothing is allowed that need not be
        assert_eq!(judge_timing(&policy, good()).unwrap().standing, Standing::Met);
    }

    #[test]
    fn what_cannot_be_measured_is_no_pass() {
        let policy = TimingPolicy::default();
        let none = TimingEvidence { keys: None, keys_problem: Some("DISPLAY is not set".into()), ..good() };
        let (reasons, is_lack) = refused(&policy, none.clone());
        assert_eq!(reasons, ["key times cannot be measured here (DISPLAY is not set)"]);
        assert!(is_lack);
        // a pad has no use for a display
        let pad = |promised_ms| Responses::Stamped { tap: "gamepad tap".into(), promised_ms };
        let with_pad = |promised_ms| TimingPolicy { responses: pad(promised_ms), ..TimingPolicy::default() };
        assert!(judge_timing(&with_pad(0.1), none.clone()).is_ok());
        assert_eq!(refused(&with_pad(10.0), none).0, ["the gamepad tap promises 10 ms, 1 ms at most"]);
    }

    #[test]
    fn keys_that_never_arrive_and_clocks_that_err_are_refused() {
        let policy = TimingPolicy::default();
        let lost = KeyFigures { missed: 3, ..keys(0.1) };
        assert_eq!(refused(&policy, TimingEvidence { keys: Some(lost), ..good() }).0, ["3 of 400 keys never arrived"]);
        let back = ClockEvidence { least_step_ns: 20, backward_steps: 2 };
        let (reasons, _) = refused(&policy, TimingEvidence { clock: back, ..good() });
        assert_eq!(reasons, ["the host's clock ran backwards 2 times"]);
        let coarse = ClockEvidence { least_step_ns: 15_600_000, backward_steps: 0 };
        let (reasons, _) = refused(&policy, TimingEvidence { clock: coarse, ..good() });
        assert_eq!(reasons, ["the host's clock moves in steps of 15600000 ns"]);
    }

    #[test]
    fn sound_counts_where_there_is_a_device_or_a_need() {
        let device = |residual_sd_ms, underruns| SoundEvidence {
            backend: "device".into(),
            device: Some("card".into()),
            drift_ppm: Some(12.0),
            residual_sd_ms,
            underruns,
            problem: None,
        };
        let with = |sound| TimingEvidence { sound, ..good() };
        let policy = TimingPolicy::default();
        assert!(judge_timing(&policy, with(device(Some(0.03), Some(0)))).is_ok());
        let (reasons, _) = refused(&policy, with(device(Some(1.2), Some(2))));
        assert_eq!(
            reasons,
            ["the sound lies 1.200 ms (SD) about its clock, 1 ms at most", "the sound ran dry 2 times"]
        );
        let (reasons, is_lack) = refused(&policy, with(device(None, Some(0))));
        assert_eq!((reasons.len(), is_lack), (1, false));
        let needs = TimingPolicy { needs_sound: true, ..policy };
        let (reasons, is_lack) = refused(&needs, good());
        assert_eq!(reasons, ["the sound's clock is not known (no sound output found)"]);
        assert!(is_lack);
    }

    #[test]
    fn the_gate_measures_and_decides_on_any_machine() {
        // nobody's keys are pressed by a test that runs on somebody's desktop
        let responses = Responses::Stamped { tap: "scripted tap".into(), promised_ms: 0.0 };
        let sound = Duration::from_millis(50);
        let policy = TimingPolicy { allow_coarse: true, responses, sound, ..TimingPolicy::default() };
        let evidence = timing_gate(&policy).unwrap();
        assert_eq!((evidence.version, evidence.bound_p95_ms, evidence.clock.backward_steps), (1, 1.0, 0));
        assert!(evidence.wake.n > 0);
    }
}
