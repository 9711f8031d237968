//! Loop-back: what a microphone or a photodiode heard, measured. The only figures here that do not end at our own software.
//!
//! Another machine records two channels: 1, what came out (loudspeaker, screen), and 2, the reference (the key's contact, the
//! line out). [`Analysis::latency`] tells how long 1 came after 2, [`Analysis::train`] how regular one channel is. [`pattern`]
//! plays clicks to be recorded, `echo` answers each key with one. The wiring is in docs/timing.md.

#[cfg(feature = "devices")]
pub mod echo;
mod latency;
mod onsets;
pub mod pattern;
#[cfg(test)]
mod tests;
mod wav;

use std::{io, path::Path};

pub use latency::{Histogram, Latency, Spread, Train};
pub use onsets::{Channel, Detection};
use serde::Serialize;
pub use wav::Recording;

/// Why a recording tells nothing.
#[derive(Debug, thiserror::Error)]
pub enum LoopbackError {
    #[error("it cannot be opened: {0}")]
    Open(#[source] io::Error),
    #[error("{0}; record as WAV, 16, 24 or 32 bits at 44.1 to 192 kHz")]
    Format(String),
    #[error(
        "it ends after {seconds:.3} s and its header promises {promised_seconds:.3} s: the recording was cut; record again"
    )]
    Truncated { seconds: f64, promised_seconds: f64 },
    #[error("it is longer than the {most_seconds:.0} s that are read: cut it into parts")]
    TooLong { most_seconds: f64 },
    #[error(
        "channel {channel} is clipped in {places} places, first at {first_s:.3} s: lower the recorder's gain and record again"
    )]
    Clipped { channel: usize, places: u32, first_s: f64 },
    #[error("channel {channel} is silent: is its plug in the right socket, and its gain up?")]
    Silent { channel: usize },
    #[error(
        "channel {channel} has nothing that stands 12 dB above its noise: bring the microphone nearer, or raise what it records"
    )]
    TooNoisy { channel: usize },
    #[error(
        "it has one channel and a latency needs two (1: loudspeaker or screen, 2: the reference): record in stereo, or ask for \
         the regularity of one channel with --train MS"
    )]
    OneChannel,
    #[error("it has no channel {wanted}, only {there}")]
    NoChannel { wanted: usize, there: usize },
    #[error("no event of channel 1 ({results}) lies within half a second of one of channel 2 ({references})")]
    NothingPairs { results: usize, references: usize },
    #[error(
        "channel {channel} has {onsets} onsets and no two of them are {nominal_ms} ms apart: is --train its interval?"
    )]
    NoTrain { channel: usize, onsets: usize, nominal_ms: f64 },
}

/// What is to be measured in a recording.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Wanted {
    /// Channel 1 against channel 2.
    Latency,
    /// One channel (from 1) against a nominal interval.
    Train { channel: usize, nominal_ms: f64 },
}

/// What a recording tells.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Analysis {
    pub rate_hz: u32,
    pub bits: u16,
    pub float: bool,
    pub channels: u16,
    pub seconds: f64,
    /// One sample: no figure is finer than a part of this.
    pub sample_ms: f64,
    pub detection: Detection,
    /// What came out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub result: Option<Channel>,
    /// What it is measured against.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reference: Option<Channel>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub latency: Option<Latency>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub train: Option<Train>,
}

/// Measures what is wanted in a recording.
///
/// # Errors
/// [`LoopbackError`], which says what would be right.
pub fn analyse(recording: &Recording, wanted: Wanted, detection: Detection) -> Result<Analysis, LoopbackError> {
    let channel = |n: usize| {
        let there = recording.channels.len();
        let samples = recording.channels.get(n.wrapping_sub(1)).ok_or(LoopbackError::NoChannel { wanted: n, there })?;
        onsets::find(samples, recording.rate, &detection, n)
    };
    let frames = recording.channels.first().map_or(0, Vec::len);
    let mut analysis = Analysis {
        rate_hz: recording.rate,
        bits: recording.bits,
        float: recording.float,
        channels: recording.in_file,
        seconds: frames as f64 / f64::from(recording.rate),
        sample_ms: 1e3 / f64::from(recording.rate),
        detection,
        result: None,
        reference: None,
        latency: None,
        train: None,
    };
    match wanted {
        Wanted::Latency => {
            if recording.channels.len() < 2 {
                return Err(LoopbackError::OneChannel);
            }
            let (result, reference) = (channel(1)?, channel(2)?);
            let latency = Latency::of(&reference.onsets, &result.onsets)
                .ok_or(LoopbackError::NothingPairs { results: result.events, references: reference.events })?;
            analysis.latency = Some(latency);
            analysis.result = Some(result);
            analysis.reference = Some(reference);
        }
        Wanted::Train { channel: n, nominal_ms } => {
            let result = channel(n)?;
            let train = Train::of(&result.onsets, nominal_ms).ok_or(LoopbackError::NoTrain {
                channel: n,
                onsets: result.events,
                nominal_ms,
            })?;
            analysis.train = Some(train);
            analysis.result = Some(result);
        }
    }
    Ok(analysis)
}

/// [`analyse`] of a file.
///
/// # Errors
/// As [`Recording::open`] and [`analyse`].
pub fn analyse_file(path: &Path, wanted: Wanted, detection: Detection) -> Result<Analysis, LoopbackError> {
    analyse(&Recording::open(path)?, wanted, detection)
}

impl Analysis {
    /// For people: what was found, a figure a line.
    #[must_use]
    pub fn shown(&self) -> String {
        let kind = if self.float { "floating point" } else { "whole" };
        let mut lines = vec![format!(
            "recording     {:.1} s, {} channels, {} Hz, {} bits {kind}; one sample is {:.4} ms",
            self.seconds, self.channels, self.rate_hz, self.bits, self.sample_ms
        )];
        for (name, channel) in [("result", &self.result), ("reference", &self.reference)] {
            if let Some(Channel { events, signal_to_noise_db, rise_ms, .. }) = channel {
                lines.push(format!(
                    "{name:<14}{events} onsets, {signal_to_noise_db:.0} dB above the noise, rising in {rise_ms:.3} ms"
                ));
            }
        }
        let spread = |name: &str, s: &Spread| {
            let sd = s.sd_ms.map_or("–".to_owned(), |sd| format!("{sd:.3}"));
            let Spread { n, mean_ms, median_ms, p95_ms, min_ms, max_ms, .. } = s;
            format!(
                "{name:<14}mean {mean_ms:.3} ms, SD {sd} ms; median {median_ms:.3}, p95 {p95_ms:.3}, least {min_ms:.3}, most {max_ms:.3} ms; n {n}"
            )
        };
        let trend = |drift: Option<f64>, sd: Option<f64>| {
            drift.zip(sd).map(|(ppm, sd)| format!("drift         {ppm:+.1} ppm, SD about it {sd:.3} ms"))
        };
        if let Some(latency) = &self.latency {
            lines.push(spread("latency", &latency.spread));
            lines.push(format!("unpaired      {} references, {} results", latency.missed, latency.extra));
            lines.extend(trend(latency.drift_ppm, latency.residual_sd_ms));
        }
        if let Some(train) = &self.train {
            lines.push(spread("intervals", &train.intervals));
            lines.push(format!("beats         {} missing, {} onsets between them", train.missed, train.extra));
            lines.extend(trend(train.drift_ppm, train.residual_sd_ms));
        }
        lines.join("\n")
    }
}
