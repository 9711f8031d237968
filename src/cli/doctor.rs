//! `doozy doctor`: what this machine can and cannot promise, in numbers, and what no program can know.

use std::path::PathBuf;

use clap::Args;
use serde::Serialize;

use super::{Common, Failure, complain, line};
use crate::doctor::{
    self, Effort, TimingPolicy,
    loopback::{
        self, Detection, LoopbackError, Wanted,
        pattern::{Pattern, PatternError},
    },
};

/// Presses and releases where `--keys` names no number.
const KEYS: &str = "500";
/// Length of an echo that names none, s.
const ECHO: &str = "60";
/// The bound of `--check` where it names none, ms.
const BOUND: &str = "1";

#[derive(Args, Debug)]
pub struct Doctor {
    /// Measure the error of key times: so many presses and releases through XTEST on this display; 0 for none
    #[arg(long, value_name = "N", num_args = 0..=1, default_missing_value = KEYS)]
    keys: Option<u32>,
    /// Take a minute: the sound's rate to a few ppm, percentiles that are no accident
    #[arg(long)]
    thorough: bool,
    /// End with 1 unless 95 of 100 key times err by MS at most (and the sound's clock, where there is a device)
    #[arg(long, value_name = "MS", num_args = 0..=1, default_missing_value = BOUND, value_parser = positive)]
    check: Option<f64>,
    /// With --check: go on where times are coarse, and say so in the evidence
    #[arg(long, requires = "check")]
    allow_coarse_timing: bool,
    /// Measure a recording: channel 1 the loudspeaker or screen, channel 2 the reference
    #[arg(long, value_name = "FILE.wav", conflicts_with_all = ["check", "loopback_play", "thorough", "keys"])]
    loopback: Option<PathBuf>,
    /// With --loopback: the regularity of one channel against this interval instead
    #[arg(long, value_name = "MS", requires = "loopback", value_parser = positive)]
    train: Option<f64>,
    /// With --train: which channel
    #[arg(long, value_name = "N", requires = "train", default_value_t = 1)]
    channel: usize,
    /// With --loopback: nothing counts so long after an onset (a key's way up, a flash's end)
    #[arg(long, value_name = "MS", requires = "loopback", value_parser = positive)]
    refractory: Option<f64>,
    /// With --loopback: corner of the high-pass against hum; 0 for slow light
    #[arg(long, value_name = "HZ", requires = "loopback", value_parser = not_negative)]
    high_pass: Option<f64>,
    /// Play clicks to be recorded, and tell when
    #[arg(long, conflicts_with_all = ["check", "thorough", "keys"])]
    loopback_play: bool,
    /// Answer every key with a click for so long, to be recorded with a microphone at the key; tells when each was pressed
    #[arg(long, value_name = "SECONDS", num_args = 0..=1, default_missing_value = ECHO, value_parser = positive,
        conflicts_with_all = ["check", "thorough", "keys", "loopback", "loopback_play"])]
    loopback_echo: Option<f64>,
    /// With --loopback-play: how many
    #[arg(long, value_name = "N", requires = "loopback_play", default_value_t = 120, value_parser = clap::value_parser!(u32).range(2..=10_000))]
    clicks: u32,
    /// With --loopback-play: how far apart
    #[arg(long, value_name = "MS", requires = "loopback_play", default_value_t = 500.0, value_parser = interval)]
    interval: f64,
    /// With --loopback-play: write them to a file instead of playing them
    #[arg(long, value_name = "FILE.wav", requires = "loopback_play")]
    out: Option<PathBuf>,
    /// With --out: its rate
    #[arg(long, value_name = "HZ", requires = "out", default_value_t = 48_000, value_parser = clap::value_parser!(u32).range(22_050..=192_000))]
    rate: u32,
}

fn number(text: &str) -> Result<f64, String> {
    text.parse().ok().filter(|n: &f64| n.is_finite()).ok_or_else(|| "it is no number".to_owned())
}

fn positive(text: &str) -> Result<f64, String> {
    number(text).and_then(|n| if n > 0.0 { Ok(n) } else { Err("it must be above 0".into()) })
}

fn not_negative(text: &str) -> Result<f64, String> {
    number(text).and_then(|n| if n >= 0.0 { Ok(n) } else { Err("it must be 0 or above".into()) })
}

fn interval(text: &str) -> Result<f64, String> {
    number(text)
        .and_then(|n| if (200.0..=10_000.0).contains(&n) { Ok(n) } else { Err("it must be 200 … 10000 ms".into()) })
}

impl Doctor {
    pub fn run(&self, common: &Common) -> Result<(), Failure> {
        if let Some(file) = &self.loopback {
            return self.measure(file, common);
        }
        if self.loopback_play {
            return self.play(common);
        }
        if let Some(seconds) = self.loopback_echo {
            return echo(seconds, common);
        }
        if let Some(bound_ms) = self.check {
            return self.gate(bound_ms, common);
        }
        let effort = if self.thorough { Effort::thorough() } else { Effort::quick() };
        let keys = self.keys.or(self.thorough.then_some(2_000));
        let data = common.data_dir();
        let data = data.as_ref().map_err(ToString::to_string);
        let report = doctor::examine(data, &Effort { keys, ..effort });
        if common.json { document(&report) } else { line(report.shown()) }
    }

    fn gate(&self, bound_ms: f64, common: &Common) -> Result<(), Failure> {
        let mut policy = TimingPolicy { bound_ms, allow_coarse: self.allow_coarse_timing, ..TimingPolicy::default() };
        if let Some(keys) = self.keys {
            policy.keys = keys;
        }
        let (evidence, failure) = match doctor::timing_gate(&policy) {
            Ok(evidence) => (evidence, None),
            Err(coarse) => {
                let failure = if coarse.is_lack {
                    Failure::lacking(coarse.to_string())
                } else {
                    Failure::wrong(coarse.to_string())
                };
                (*coarse.evidence, Some(failure))
            }
        };
        if common.json {
            document(&evidence)?;
        } else {
            if let Some(k) = &evidence.keys {
                line(format!(
                    "key times: p95 {:.3} ms of {} presses and releases, {bound_ms} ms at most",
                    k.p95_ms, k.n
                ))?;
            }
            match &evidence.standing {
                doctor::Standing::Met => line("fine enough")?,
                doctor::Standing::CoarseAllowed { reasons } => {
                    line(format!("coarse, and allowed: {}", reasons.join("; ")))?
                }
                doctor::Standing::TooCoarse { .. } => {}
            }
        }
        failure.map_or(Ok(()), Err)
    }

    fn measure(&self, file: &std::path::Path, common: &Common) -> Result<(), Failure> {
        let usual = Detection::default();
        let detection = Detection {
            high_pass_hz: self.high_pass.unwrap_or(usual.high_pass_hz),
            refractory_ms: self.refractory.unwrap_or(usual.refractory_ms),
        };
        let wanted = match self.train {
            Some(nominal_ms) => Wanted::Train { channel: self.channel, nominal_ms },
            None => Wanted::Latency,
        };
        let analysis = loopback::analyse_file(file, wanted, detection).map_err(|error| {
            let message = format!("{}: {error}", file.display());
            match error {
                LoopbackError::Open(_) => Failure::lacking(message),
                LoopbackError::NoChannel { .. } => Failure::usage(message),
                _ => Failure::wrong(message),
            }
        })?;
        if common.json { document(&analysis) } else { line(analysis.shown()) }
    }

    fn play(&self, common: &Common) -> Result<(), Failure> {
        let pattern = Pattern { clicks: self.clicks, interval_ms: self.interval };
        let schedule = match &self.out {
            Some(path) => pattern.write(path, self.rate),
            None => {
                if !common.quiet {
                    let seconds = f64::from(self.clicks) * self.interval / 1e3;
                    complain(format!("{} clicks, {seconds:.0} s: let the recorder run", self.clicks));
                }
                pattern.play()
            }
        }
        .map_err(lacking)?;
        document(&schedule)?;
        if schedule.late_clicks > 0 || schedule.restarts > 0 {
            return Err(Failure::wrong(format!(
                "{} clicks came too late and the stream ran dry {} times: do not use this recording",
                schedule.late_clicks, schedule.restarts
            )));
        }
        Ok(())
    }
}

/// Whatever keeps clicks from being played is something that the machine lacks: a device, a display, room on the disk.
fn lacking(error: PatternError) -> Failure {
    Failure::lacking(error.to_string())
}

#[cfg(feature = "devices")]
fn echo(seconds: f64, common: &Common) -> Result<(), Failure> {
    if !common.quiet {
        complain(format!("{seconds:.0} s: press a key that types nothing, such as Shift, and let the recorder run"));
    }
    let length = std::time::Duration::try_from_secs_f64(seconds).map_err(|e| Failure::usage(e.to_string()))?;
    let echo = loopback::echo::echo(length).map_err(lacking)?;
    document(&echo)?;
    if echo.restarts > 0 {
        return Err(Failure::wrong(format!("the stream ran dry {} times: do not use this recording", echo.restarts)));
    }
    Ok(())
}

#[cfg(not(feature = "devices"))]
fn echo(_seconds: f64, _common: &Common) -> Result<(), Failure> {
    Err(Failure::lacking("this build has neither sound nor the X11 tap (feature `devices` is off)"))
}

/// One JSON document on standard output.
fn document(what: &impl Serialize) -> Result<(), Failure> {
    line(serde_json::to_string_pretty(what).map_err(|e| Failure::wrong(e.to_string()))?)
}
