//! Pure tones, noise bursts and the alarm: what a drill of pitch, duration or surprise is made of.

use super::parts::{D4, Filter, noise, rise, silence};

/// Shortest and longest tone or noise, ms: below, the ramps leave nothing; above, it is no longer an event. ◇
pub const LENGTH_MS: std::ops::RangeInclusive<u16> = 10..=4_000;
/// Pitches that a tone can have, millihertz: what small speakers give and every ear hears.
pub const PITCH_MILLI_HZ: std::ops::RangeInclusive<u32> = 60_000..=12_000_000;
/// Ramps at both ends, ms. ◇ Longer than a click's spectrum, shorter than a tenth of the shortest interval; at most a third
/// of the sound.
const RAMP_MS: f64 = 5.0;
/// Length of the alarm, s.
const ALARM_S: f64 = 0.6;
/// Attack of the alarm, ms: it may surprise and must not startle (skill.md §7).
const ALARM_ATTACK_MS: f64 = 40.0;

/// A pure tone with raised-cosine ramps.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Tone {
    milli_hz: u32,
    ms: u16,
}

impl Tone {
    /// A tone of `hz` for `ms`, ramps included; values outside [`PITCH_MILLI_HZ`] and [`LENGTH_MS`] count as the nearest
    /// inside, and a pitch that is no number as D4.
    #[must_use]
    pub fn new(hz: f64, ms: u16) -> Self {
        let hz = if hz.is_finite() { hz } else { D4 };
        let milli = libm::round(hz * 1e3).clamp(f64::from(*PITCH_MILLI_HZ.start()), f64::from(*PITCH_MILLI_HZ.end()));
        Self { milli_hz: milli as u32, ms: ms.clamp(*LENGTH_MS.start(), *LENGTH_MS.end()) }
    }

    /// A tone of the scale of D major: degree 0 is D5, 7 is D6, −7 is D4.
    #[must_use]
    pub fn of_scale(degree: i8, ms: u16) -> Self {
        const STEPS: [i32; 7] = [0, 2, 4, 5, 7, 9, 11];
        let degree = i32::from(degree);
        let semitones = 12 * degree.div_euclid(7) + STEPS[degree.rem_euclid(7) as usize];
        Self::new(2.0 * D4 * libm::exp2(f64::from(semitones) / 12.0), ms)
    }

    #[must_use]
    pub fn hz(self) -> f64 {
        f64::from(self.milli_hz) * 1e-3
    }

    #[must_use]
    pub fn ms(self) -> u16 {
        self.ms
    }
}

/// The colour of a noise burst.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Band {
    /// All frequencies up to 16 kHz alike.
    White,
    /// Around 700 Hz.
    Low,
    /// Around 4 kHz.
    High,
}

impl Band {
    pub const ALL: [Self; 3] = [Self::White, Self::Low, Self::High];
}

/// A burst of noise with raised-cosine ramps, the same samples each time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Noise {
    band: Band,
    ms: u16,
}

impl Noise {
    /// Noise for `ms`, ramps included, brought into [`LENGTH_MS`].
    #[must_use]
    pub fn new(band: Band, ms: u16) -> Self {
        Self { band, ms: ms.clamp(*LENGTH_MS.start(), *LENGTH_MS.end()) }
    }

    #[must_use]
    pub fn ms(self) -> u16 {
        self.ms
    }
}

/// Ramps both ends; the first sample is not zero, the last is.
fn ramped(out: &mut [f64], rate: u32) {
    let n = out.len();
    let ramp = (RAMP_MS * 1e-3 * f64::from(rate)).min(n as f64 / 3.0);
    for (i, y) in out.iter_mut().enumerate() {
        *y *= rise((i + 1) as f64, ramp) * rise((n - 1 - i) as f64, ramp);
    }
}

pub fn tone(tone: Tone, rate: u32) -> Vec<f64> {
    let mut out = silence(f64::from(tone.ms) * 1e-3, rate);
    let turn = std::f64::consts::TAU * tone.hz() / f64::from(rate);
    for (i, y) in out.iter_mut().enumerate() {
        *y = libm::cos(turn * i as f64);
    }
    ramped(&mut out, rate);
    out
}

pub fn burst(burst: Noise, rate: u32) -> Vec<f64> {
    let length = silence(f64::from(burst.ms) * 1e-3, rate).len();
    let (name, filter) = match burst.band {
        Band::White => ("noise white", Filter::low_pass(rate, 16_000.0, 0.7)),
        Band::Low => ("noise low", Filter::band_pass(rate, 700.0, 1.2)),
        Band::High => ("noise high", Filter::band_pass(rate, 4_000.0, 1.2)),
    };
    let mut out = filter.run(&noise(name, length));
    ramped(&mut out, rate);
    out
}

/// A whistle that rises by a fifth and back, twice.
pub fn alarm(rate: u32) -> Vec<f64> {
    let fs = f64::from(rate);
    let mut out = silence(ALARM_S, rate);
    let n = out.len();
    let mut phase = 0.0;
    for (i, y) in out.iter_mut().enumerate() {
        let part = i as f64 / n as f64;
        let bend = 0.5 - 0.5 * libm::cos(std::f64::consts::TAU * 2.0 * part);
        let body = libm::cos(phase) + 0.15 * libm::cos(2.0 * phase);
        let fall = (n - 1 - i) as f64;
        *y = body * rise((i + 1) as f64, ALARM_ATTACK_MS * 1e-3 * fs) * rise(fall, 0.12 * fs);
        phase += std::f64::consts::TAU * 4.0 * D4 * libm::exp2(bend * 7.0 / 12.0) / fs;
    }
    out
}
