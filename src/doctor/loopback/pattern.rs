//! The test pattern: clicks at known intervals, played on the device or written to a file.
//!
//! They go the way of every stimulus (schedule, mixer, limiter), so what a recorder hears is what a drill sounds like.

use std::{path::Path, thread, time::Duration};

use doozy_training::time::{HostTime, Nanos, SampleFrame};
use serde::Serialize;

use crate::{
    audio::{Audio, Choice, Kind, Levels, Sound, frame_of},
    clock,
};

/// The sharpest of the cues: 0.5 ms of attack.
pub(super) const CLICK: Sound = Sound::CountIn;
/// Before the first click, so that recorder and stream have settled.
const LEAD: Nanos = Nanos::ms(1_000);
/// After the last one.
const TAIL: Nanos = Nanos::ms(500);
/// Clicks are handed over this far ahead, as a session hands over its cues.
const AHEAD: Nanos = Nanos::ms(2_000);
/// How long a stream may take to say where it lies (as the conductor waits).
pub(super) const PATIENCE: Nanos = Nanos::ms(5_000);
/// Frames that the file is rendered in at once.
const BLOCK: usize = 512;

/// Which clicks.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Pattern {
    /// 2…10,000.
    pub clicks: u32,
    /// 200…10,000 ms, counted from the first click and never summed up.
    pub interval_ms: f64,
}

/// What was played.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Schedule {
    /// "device" or "offline".
    pub backend: &'static str,
    pub device: Option<String>,
    pub rate_hz: u32,
    pub interval_ms: f64,
    /// From the callback that fills a frame to that frame being heard, as the device says.
    pub latency_reported_ms: Option<f64>,
    /// By how much the device's clock is slower than the host's, as fitted at the end.
    pub drift_ppm: Option<f64>,
    /// Clicks that came too late to be played.
    pub late_clicks: u32,
    /// How often the stream ran dry: the clicks after that lie elsewhere.
    pub restarts: u32,
    pub clicks: Vec<Click>,
}

/// One click.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Click {
    pub frame: i64,
    /// From the first click, ms.
    pub at_ms: f64,
}

/// Why nothing was played.
#[derive(Debug, thiserror::Error)]
pub enum PatternError {
    #[error("no clicks can be played: {0}; --out FILE.wav writes them to a file instead")]
    NoSound(String),
    #[error("no keys can be heard: {0}")]
    NoKeys(String),
    #[error("the sound output {device} was lost: {detail}")]
    Lost { device: String, detail: String },
    #[error("the clicks cannot be written: {0}")]
    Write(#[from] hound::Error),
}

impl Pattern {
    fn frames(&self, zero: SampleFrame, rate: u32) -> Vec<SampleFrame> {
        let at = |n: u32| frame_of(Nanos::from_ms(f64::from(n) * self.interval_ms), rate);
        (0..self.clicks).map(|n| SampleFrame(zero.0 + at(n).0)).collect()
    }

    fn schedule(&self, audio: &Audio, frames: &[SampleFrame]) -> Schedule {
        let (report, clock) = (audio.report(), audio.clock());
        let on_device = report.backend == Kind::Device;
        let first = frames.first().map_or(0, |f| f.0);
        Schedule {
            backend: if on_device { "device" } else { "offline" },
            device: report.device.clone(),
            rate_hz: report.rate,
            interval_ms: self.interval_ms,
            latency_reported_ms: on_device.then(|| clock.latency().as_ms()),
            drift_ppm: on_device.then(|| clock.rate_ppb() as f64 / 1e3),
            late_clicks: audio.shortfall().late_cues,
            restarts: audio.clock_faults().restarts,
            clicks: frames
                .iter()
                .map(|f| Click { frame: f.0, at_ms: (f.0 - first) as f64 * 1e3 / f64::from(report.rate) })
                .collect(),
        }
    }

    /// Writes the clicks as 32-bit floating-point stereo: what the device would get, to the bit.
    ///
    /// # Errors
    /// Where the file cannot be written.
    pub fn write(&self, path: &Path, rate: u32) -> Result<Schedule, PatternError> {
        let mut audio = Audio::open(Choice::Offline { origin: HostTime(0), rate, block: BLOCK }, Levels::default());
        let frames = self.frames(frame_of(LEAD, rate), rate);
        let end = frames.last().map_or(0, |f| f.0) + frame_of(TAIL, rate).0;
        let spec = hound::WavSpec {
            channels: 2,
            sample_rate: rate,
            bits_per_sample: 32,
            sample_format: hound::SampleFormat::Float,
        };
        let mut writer = hound::WavWriter::create(path, spec)?;
        let (mut next, mut at, second) = (0, 0, i64::from(rate));
        while at < end {
            while next < frames.len() && frames[next].0 < at + 2 * second {
                audio.schedule(CLICK, frames[next], 0.0, 0.0);
                next += 1;
            }
            let n = second.min(end - at);
            for sample in audio.render(usize::try_from(n).unwrap_or(0)) {
                writer.write_sample(sample)?;
            }
            at += n;
        }
        writer.finalize()?;
        Ok(self.schedule(&audio, &frames))
    }

    /// Plays the clicks on the system's output; takes as long as they do.
    ///
    /// # Errors
    /// Without a device, or when it goes meanwhile.
    pub fn play(&self) -> Result<Schedule, PatternError> {
        let mut audio = Audio::open(Choice::Device, Levels::default());
        if let Some(fallback) = &audio.report().fallback {
            return Err(PatternError::NoSound(fallback.to_string()));
        }
        let opened = clock::now();
        let pump = |audio: &mut Audio| {
            thread::sleep(Duration::from_millis(1));
            audio.pump(clock::now());
            match audio.state() {
                crate::audio::State::Playing => Ok(()),
                crate::audio::State::Lost { device, detail, .. } => {
                    Err(PatternError::Lost { device: device.clone(), detail: detail.clone() })
                }
            }
        };
        while !audio.ready() && clock::now() - opened < PATIENCE {
            pump(&mut audio)?;
        }
        let source = audio.clock();
        let frames = self.frames(source.frame_at(clock::now() + LEAD + source.latency()), source.rate());
        let mut next = 0;
        loop {
            let now = clock::now();
            let until = audio.clock().frame_at(now + AHEAD);
            while next < frames.len() && frames[next] <= until {
                audio.schedule(CLICK, frames[next], 0.0, 0.0);
                next += 1;
            }
            let end = frames.last().map_or(now, |last| audio.clock().host_time(*last) + TAIL);
            if now >= end {
                return Ok(self.schedule(&audio, &frames));
            }
            pump(&mut audio)?;
        }
    }
}
