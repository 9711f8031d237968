//! The sound output: a silent stream for some seconds, and what its clock does meanwhile.

use std::{thread, time::Duration};

use serde::Serialize;

use crate::{
    audio::{Audio, Choice, Kind, Levels, State},
    clock,
};

/// The output and its clock.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Sound {
    /// "device", or "paced": no sound, frames pass by the host's clock.
    pub backend: String,
    pub device: Option<String>,
    pub rate_hz: Option<u32>,
    pub buffer_frames: Option<u32>,
    /// Length of that buffer.
    pub buffer_ms: Option<f64>,
    /// From the callback to the ear, as the device says; what is behind it (amplifier, radio) it cannot know.
    pub latency_reported_ms: Option<f64>,
    /// Until stamps had agreed for half a second.
    pub ready_after_ms: Option<f64>,
    /// Length of the silent stream.
    pub stream_seconds: Option<f64>,
    /// By how much the device's clock is slower than the host's, parts per million.
    pub drift_ppm: Option<f64>,
    /// SD of the fit's residuals.
    pub residual_sd_ms: Option<f64>,
    /// How often the line had to be placed anew: the stream ran dry, or the host's clock jumped.
    pub underruns: Option<u32>,
    pub stamps_rejected: Option<u32>,
    pub late_cues: Option<u32>,
    pub crowded: Option<u32>,
    /// Why nothing is heard, or nothing was measured.
    pub problem: Option<String>,
}

impl Sound {
    pub(super) fn failed(why: &str) -> Self {
        Self {
            backend: "none".into(),
            device: None,
            rate_hz: None,
            buffer_frames: None,
            buffer_ms: None,
            latency_reported_ms: None,
            ready_after_ms: None,
            stream_seconds: None,
            drift_ppm: None,
            residual_sd_ms: None,
            underruns: None,
            stamps_rejected: None,
            late_cues: None,
            crowded: None,
            problem: Some(why.to_owned()),
        }
    }
}

/// Opens the output and listens to its clock for `length`; comes back at once where there is no device.
pub(super) fn listen(length: Duration) -> Sound {
    let mut audio = Audio::open(Choice::Device, Levels::default());
    let report = audio.report().clone();
    let mut sound = Sound {
        backend: format!("{:?}", report.backend).to_lowercase(),
        device: report.device.clone(),
        rate_hz: Some(report.rate),
        buffer_frames: report.buffer,
        buffer_ms: report.buffer.map(|frames| f64::from(frames) * 1e3 / f64::from(report.rate)),
        problem: report.fallback.as_ref().map(ToString::to_string),
        ..Sound::failed("")
    };
    if report.backend != Kind::Device {
        return sound;
    }
    let opened = clock::now();
    let mut ready = None;
    while (clock::now() - opened).as_secs() < length.as_secs_f64() && matches!(audio.state(), State::Playing) {
        thread::sleep(Duration::from_millis(1));
        let now = clock::now();
        audio.pump(now);
        if ready.is_none() && audio.ready() {
            ready = Some((now - opened).as_ms());
        }
    }
    sound.stream_seconds = Some((clock::now() - opened).as_secs());
    sound.ready_after_ms = ready;
    if let State::Lost { device, detail, .. } = audio.state() {
        sound.problem = Some(format!("the sound output {device} was lost: {detail}"));
        return sound;
    }
    if ready.is_none() {
        sound.problem = Some("the device never said steadily where its stream lies".into());
        return sound;
    }
    let (line, faults, shortfall) = (audio.clock(), audio.clock_faults(), audio.shortfall());
    sound.latency_reported_ms = Some(line.latency().as_ms());
    sound.residual_sd_ms = line.sigma().map(|sd| sd.as_ms());
    // until there is a residual there is no tilt either
    sound.drift_ppm = line.sigma().map(|_| line.rate_ppb() as f64 / 1e3);
    sound.underruns = Some(faults.restarts);
    sound.stamps_rejected = Some(faults.rejected);
    sound.late_cues = Some(shortfall.late_cues);
    sound.crowded = Some(shortfall.crowded);
    sound
}
