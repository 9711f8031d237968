//! What the sounds are put together from: decaying partials, sweeps, noise, filters, ramps. All in double precision, all
//! through libm, so that a rate gives the same samples on every machine.

use doozy_cerebellum::rng::Stream;

use super::super::limits;

/// D, the key of the bed: D4, Hz (A4 = 440).
pub const D4: f64 = 293.664_767_917_407_6;
/// Attack of a stimulus, ms. ◇ Short against the ear's few ms of temporal resolution, long enough not to crackle.
pub const ATTACK_MS: f64 = 0.5;

/// A partial that dies away: frequency in Hz, amplitude, time constant in s.
#[derive(Clone, Copy)]
pub struct Partial {
    pub hz: f64,
    pub amp: f64,
    pub tau: f64,
}

/// Partials at multiples of `hz`: (ratio, amplitude, part of `tau`).
pub fn partials<const N: usize>(hz: f64, tau: f64, of: [(f64, f64, f64); N]) -> [Partial; N] {
    of.map(|(ratio, amp, part)| Partial { hz: hz * ratio, amp, tau: tau * part })
}

/// A raised cosine from 0 (at `t` = 0) to 1 (from `t` = `length` on); both in samples.
pub fn rise(t: f64, length: f64) -> f64 {
    if t < length { 0.5 - 0.5 * libm::cos(std::f64::consts::PI * t / length) } else { 1.0 }
}

/// Samples in `seconds`.
pub fn samples(seconds: f64, rate: u32) -> usize {
    libm::round(seconds * f64::from(rate)) as usize
}

/// Silence of so many seconds.
pub fn silence(seconds: f64, rate: u32) -> Vec<f64> {
    vec![0.0; samples(seconds, rate)]
}

/// Adds partials that start together at `at` s and swell for `attack_ms`.
pub fn ring(out: &mut [f64], rate: u32, at: f64, attack_ms: f64, gain: f64, partials: &[Partial]) {
    let fs = f64::from(rate);
    let attack = (attack_ms * 1e-3 * fs).max(1.0);
    for (n, p) in partials.iter().enumerate().filter(|(_, p)| p.hz < 0.45 * fs) {
        let turn = std::f64::consts::TAU * p.hz / fs;
        let fall = libm::exp(-1.0 / (p.tau * fs));
        let (sin, cos) = (libm::sin(turn) * fall, libm::cos(turn) * fall);
        // Begins on the crest, so that the first sample is already heard, and on either side in turn, so that the partials
        // do not all add up there.
        let side = if n % 2 == 0 { 1.0 } else { -1.0 };
        let (mut re, mut im) = (side * p.amp * gain, 0.0);
        for (i, y) in out.iter_mut().skip(samples(at, rate)).enumerate() {
            *y += re * rise((i + 1) as f64, attack);
            (re, im) = (re * cos - im * sin, re * sin + im * cos);
        }
    }
}

/// A tone that falls from one pitch to another as it dies away.
#[derive(Clone, Copy)]
pub struct Sweep {
    pub from_hz: f64,
    pub to_hz: f64,
    /// Time constant of the fall in pitch, s.
    pub bend: f64,
    pub amp: f64,
    /// Time constant of the decay, s.
    pub tau: f64,
    pub attack_ms: f64,
}

/// Adds a falling tone.
pub fn sweep(out: &mut [f64], rate: u32, s: Sweep) {
    let fs = f64::from(rate);
    let attack = (s.attack_ms * 1e-3 * fs).max(1.0);
    let mut phase = std::f64::consts::FRAC_PI_2;
    for (i, y) in out.iter_mut().enumerate() {
        let t = (i + 1) as f64;
        *y += s.amp * rise(t, attack) * libm::sin(phase) * libm::exp(-t / (s.tau * fs));
        phase += std::f64::consts::TAU * (s.to_hz + (s.from_hz - s.to_hz) * libm::exp(-t / (s.bend * fs))) / fs;
    }
}

/// White noise of unit variance from the stream that the sound's name gives, the same on every machine.
pub fn noise(name: &str, length: usize) -> Vec<f64> {
    // A sound is no part of a session's chance: the seed is fixed, and the name sets sounds apart.
    let mut stream = Stream::named(0, name, 0);
    (0..length).map(|_| stream.gaussian()).collect()
}

/// Adds `source` from `at` s on, swelling for `attack_ms` and dying away with `tau` s.
pub fn burst(out: &mut [f64], rate: u32, at: f64, attack_ms: f64, tau: f64, gain: f64, source: &[f64]) {
    let fs = f64::from(rate);
    let attack = (attack_ms * 1e-3 * fs).max(1.0);
    for (i, (y, x)) in out.iter_mut().skip(samples(at, rate)).zip(source).enumerate() {
        let t = (i + 1) as f64;
        *y += gain * x * rise(t, attack) * libm::exp(-t / (tau * fs));
    }
}

/// A filter of second order (R. Bristow-Johnson's cookbook).
#[derive(Clone, Copy)]
pub struct Filter {
    b: [f64; 3],
    a: [f64; 2],
    s: [f64; 2],
}

impl Filter {
    fn new(rate: u32, hz: f64, q: f64, numerator: impl Fn(f64, f64) -> [f64; 3]) -> Self {
        let w = std::f64::consts::TAU * hz.min(0.45 * f64::from(rate)) / f64::from(rate);
        let (cos, alpha) = (libm::cos(w), libm::sin(w) / (2.0 * q));
        let a0 = 1.0 + alpha;
        Self { b: numerator(cos, alpha).map(|b| b / a0), a: [-2.0 * cos / a0, (1.0 - alpha) / a0], s: [0.0; 2] }
    }

    pub fn low_pass(rate: u32, hz: f64, q: f64) -> Self {
        Self::new(rate, hz, q, |cos, _| [(1.0 - cos) / 2.0, 1.0 - cos, (1.0 - cos) / 2.0])
    }

    pub fn high_pass(rate: u32, hz: f64, q: f64) -> Self {
        Self::new(rate, hz, q, |cos, _| [f64::midpoint(1.0, cos), -1.0 - cos, f64::midpoint(1.0, cos)])
    }

    /// Unit gain at `hz`.
    pub fn band_pass(rate: u32, hz: f64, q: f64) -> Self {
        Self::new(rate, hz, q, |_, alpha| [alpha, 0.0, -alpha])
    }

    pub fn push(&mut self, x: f64) -> f64 {
        let y = self.b[0] * x + self.s[0];
        self.s = [self.b[1] * x - self.a[0] * y + self.s[1], self.b[2] * x - self.a[1] * y];
        y
    }

    pub fn run(mut self, source: &[f64]) -> Vec<f64> {
        source.iter().map(|x| self.push(*x)).collect()
    }
}

/// Fraction of `i` times the golden ratio: spread evenly without a pattern, and without a random draw.
pub fn spread(i: usize, salt: f64) -> f64 {
    let x = (i as f64 + salt) * 0.618_033_988_749_894_9;
    x - libm::floor(x)
}

/// Fades the last eighth, so that nothing is cut, and ends on zero.
pub fn fade_out(out: &mut [f64]) {
    let fade = out.len() / 8;
    for (i, y) in out.iter_mut().rev().take(fade).enumerate() {
        *y *= rise(i as f64, fade as f64);
    }
}

/// Brings a sound to its loudness, or as near as its peak allows.
pub fn levelled(out: &[f64], rate: u32, target_db: f64, peak_db: f64) -> Vec<f32> {
    let raw: Vec<f32> = out.iter().map(|y| *y as f32).collect();
    let peak = raw.iter().fold(0.0f32, |m, y| m.max(y.abs()));
    let level = limits::from_db(target_db - limits::loudness(&raw, rate));
    let gain = level.min(limits::from_db(peak_db) / f64::from(peak));
    raw.iter().map(|y| (f64::from(*y) * gain) as f32).collect()
}
