//! Onsets: when each click, knock or flash of one channel began, to a fraction of a sample.
//!
//! A high-pass takes hum and steady light away and moves no onset, for it is causal. Whatever then stands well above the
//! noise and is as loud as its fellows is an event; its onset is where it has reached [`REACHED`] of its own peak. Polarity
//! plays no part.

use serde::Serialize;

use super::LoopbackError;

/// Share of an event's peak at which it counts as begun. ◇ Noise 16 dB below the peak cannot reach it; a rise of r ms is then
/// dated r/7 late, alike in both channels if their rises are alike ([`Channel::rise_ms`] tells).
pub const REACHED: f32 = 0.15;

/// An event must stand this far above the middle block's peak. ◇ 12 dB: the middle peak of 1 ms of Gaussian noise is 2.4 SD at
/// 48 kHz, and four times that is not met in an hour.
const ABOVE_NOISE: f32 = 4.0;

/// An event must be this loud against its fellows ◇: a touch or a key's way up is softer, a click that is off its usual level is
/// not by so much.
const OF_LEVEL: f32 = 0.25;

/// Which place in the sorted peaks is "as loud as its fellows" ◇: most of what crosses the noise may be handling.
const LEVEL_AT: f64 = 0.8;

/// Everything below this is silence: −80 dB of full scale.
const SILENT: f32 = 1e-4;

/// Over this the peak of an event is looked for, ms. ◇ A click peaks at once, a phone's loudspeaker within 5 ms.
const PEAK_WITHIN_MS: f64 = 10.0;
/// How far before the crossing an onset may lie, ms. ◇
const BACK_MS: f64 = 5.0;
/// How long it must be quieter before the next event can begin, ms. ◇ A ringing click dips between its waves.
const QUIET_MS: f64 = 10.0;

/// How onsets are looked for.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Detection {
    /// Corner of the high-pass, Hz; 0 takes the resting level away and nothing else.
    pub high_pass_hz: f64,
    /// From one onset on nothing counts for this long, ms: a key's way up, a flash's end.
    pub refractory_ms: f64,
}

impl Default for Detection {
    /// ◇ 200 Hz leaves a sixteenth of 50 Hz hum and all of a click; nobody taps seven times a second for long, and most keys are up again after 0.15 s.
    fn default() -> Self {
        Self { high_pass_hz: 200.0, refractory_ms: 150.0 }
    }
}

/// What one channel holds.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Channel {
    /// Onsets, seconds from the beginning of the file.
    #[serde(skip)]
    pub onsets: Vec<f64>,
    pub events: usize,
    /// Level of the events above the noise, dB.
    pub signal_to_noise_db: f64,
    /// Middle time from the onset to nine tenths of the peak, ms: by so much, at most, the onset is a matter of definition.
    pub rise_ms: f64,
}

/// The onsets of a channel (`n`, counted from 1, for what is said).
///
/// # Errors
/// If it is silent, or nothing in it stands above its noise.
pub fn find(samples: &[f32], rate: u32, detection: &Detection, n: usize) -> Result<Channel, LoopbackError> {
    let signal = high_pass(samples, rate, detection.high_pass_hz);
    if signal.iter().all(|s| s.abs() < SILENT) {
        return Err(LoopbackError::Silent { channel: n });
    }
    let noise = noise(&signal, rate);
    let frames = |ms: f64| (ms * f64::from(rate) / 1e3).round() as usize;
    let least = (ABOVE_NOISE * noise).max(SILENT);
    let scan = |threshold| scan(&signal, threshold, frames(detection.refractory_ms), frames(QUIET_MS));
    let peak = |from: usize| signal[from..].iter().take(frames(PEAK_WITHIN_MS)).fold(0.0_f32, |m, s| m.max(s.abs()));
    let mut peaks: Vec<f32> = scan(least).into_iter().map(peak).collect();
    peaks.sort_by(f32::total_cmp);
    let Some(level) = peaks.get((LEVEL_AT * peaks.len() as f64) as usize).copied() else {
        return Err(LoopbackError::TooNoisy { channel: n });
    };
    let (mut onsets, mut rises) = (Vec::new(), Vec::new());
    for crossing in scan(least.max(OF_LEVEL * level)) {
        let peak = peak(crossing);
        let start = crossing.saturating_sub(frames(BACK_MS));
        let Some(begun) = reach(&signal, start, (REACHED * peak).max(2.0 * noise)) else { continue };
        onsets.push(begun / f64::from(rate));
        rises.extend(reach(&signal, begun as usize, 0.9 * peak).map(|top| (top - begun) * 1e3 / f64::from(rate)));
    }
    rises.sort_by(f64::total_cmp);
    let floor = noise.max(SILENT / ABOVE_NOISE);
    Ok(Channel {
        events: onsets.len(),
        onsets,
        signal_to_noise_db: 20.0 * f64::from(level / floor).log10(),
        rise_ms: rises.get(rises.len() / 2).copied().unwrap_or(0.0),
    })
}

/// Butterworth, second order, at rest on the first sample.
fn high_pass(samples: &[f32], rate: u32, corner_hz: f64) -> Vec<f32> {
    let first = samples.first().copied().map_or(0.0, f64::from);
    if corner_hz <= 0.0 {
        // the middle and not the mean, which a long flash would move: what is usual is rest
        let mut sorted = samples.to_vec();
        let middle = sorted.len() / 2;
        let rest = if sorted.is_empty() { 0.0 } else { *sorted.select_nth_unstable_by(middle, f32::total_cmp).1 };
        return samples.iter().map(|s| s - rest).collect();
    }
    let w = std::f64::consts::TAU * (corner_hz / f64::from(rate)).min(0.45);
    let alpha = w.sin() * std::f64::consts::FRAC_1_SQRT_2;
    let (a0, a1, a2) = (1.0 + alpha, -2.0 * w.cos(), 1.0 - alpha);
    let b0 = (1.0 + w.cos()) / 2.0;
    let (mut x1, mut x2, mut y1, mut y2) = (first, first, 0.0, 0.0);
    samples
        .iter()
        .map(|s| {
            let x = f64::from(*s);
            let y = (b0 * (x - 2.0 * x1 + x2) - a1 * y1 - a2 * y2) / a0;
            (x2, x1, y2, y1) = (x1, x, y1, y);
            y as f32
        })
        .collect()
}

/// The middle of the peaks of all milliseconds: what is there when nothing happens.
fn noise(signal: &[f32], rate: u32) -> f32 {
    let block = (rate as usize / 1000).max(1);
    let mut peaks: Vec<f32> = signal.chunks(block).map(|b| b.iter().fold(0.0_f32, |m, s| m.max(s.abs()))).collect();
    let middle = peaks.len() / 2;
    peaks.select_nth_unstable_by(middle, f32::total_cmp);
    peaks[middle]
}

/// Where the signal crosses the threshold anew.
fn scan(signal: &[f32], threshold: f32, refractory: usize, quiet: usize) -> Vec<usize> {
    let mut found: Vec<usize> = Vec::new();
    let mut last_above: Option<usize> = None;
    for (at, _) in signal.iter().enumerate().filter(|(_, s)| s.abs() >= threshold) {
        let rested = last_above.is_none_or(|above| at - above > quiet);
        if rested && found.last().is_none_or(|onset| at - onset >= refractory) {
            found.push(at);
        }
        last_above = Some(at);
    }
    found
}

/// The first place from `start` on at which the signal reaches `size`, between samples by a straight line.
fn reach(signal: &[f32], start: usize, size: f32) -> Option<f64> {
    let at = start + signal[start..].iter().position(|s| s.abs() >= size)?;
    let above = signal[at].abs();
    let below = if at == 0 { above } else { signal[at - 1].abs().min(size) };
    let share = if above > below { f64::from((above - size) / (above - below)) } else { 0.0 };
    Some(at as f64 - share.clamp(0.0, 1.0))
}
