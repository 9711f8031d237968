//! How loud the game may be: the player's levels, the measure of loudness they act on, and the limiter that sits last in
//! the chain. Nothing reaches a device except through the limiter.

use serde::{Deserialize, Serialize};

use super::synth::Category;

/// No true peak above this, dBFS (skill.md §7).
pub const CEILING_DB: f64 = -6.0;
/// Sounds of failure at most this much above the session's own loudness (the beat's), dB (skill.md §7).
pub const MISS_ABOVE_SESSION_DB: f64 = 6.0;
/// Sounds of failure swell for at least this long, ms: quicker edges startle (skill.md §7).
pub const MISS_ATTACK_MS: f64 = 25.0;
/// Kept below the ceiling for what a four-fold oversampled estimate of the true peak can miss, dB. ◇ The estimate
/// under-reads by at most 0.2 dB up to 0.4 of the rate.
const MARGIN_DB: f64 = 0.3;
/// How far the limiter looks ahead, s. ◇ Long enough that its gain turns down without a click.
const LOOK_AHEAD: f64 = 0.0015;
/// Time constant of the limiter's release, s. ◇ Slower than a period of the lowest thump, or it would distort it.
const RELEASE: f64 = 0.080;
/// Time in which a changed level arrives, s. ◇ Without it a slider would click.
const GLIDE: f64 = 0.020;

/// A volume in per cent as a slider shows it: 0 is silence, 100 is unchanged, 50 is −12 dB.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Level(pub u8);

impl Level {
    pub const FULL: Self = Self(100);
    pub const SILENT: Self = Self(0);

    /// Linear gain, 0…1; values above 100 count as 100.
    #[must_use]
    pub fn gain(self) -> f32 {
        let part = f32::from(self.0.min(100)) / 100.0;
        part * part
    }
}

/// The player's volumes and the cap. Each can be set to nothing.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Levels {
    pub master: Level,
    /// Count-in, beat, launch: what a drill cannot be done by ear without.
    pub cues: Level,
    /// The bell of a hit, the damped one of a slip, the strike of a miss.
    pub feedback: Level,
    /// The scene of a doozy.
    pub scene: Level,
    /// The bed under a session.
    pub bed: Level,
    /// A recording that a chart is played to.
    pub music: Level,
    /// Cap on peaks, dBFS; above [`CEILING_DB`] it has no effect, None is silence.
    pub cap_db: Option<f32>,
}

impl Default for Levels {
    fn default() -> Self {
        Self {
            master: Level(80),
            cues: Level::FULL,
            feedback: Level::FULL,
            scene: Level::FULL,
            bed: Level(60),
            music: Level::FULL,
            cap_db: Some(CEILING_DB as f32),
        }
    }
}

impl Levels {
    /// Linear gain of a category, master included.
    #[must_use]
    pub fn gain(&self, category: Category) -> f32 {
        let own = match category {
            Category::Cue => self.cues,
            Category::Feedback => self.feedback,
            Category::Scene => self.scene,
            Category::Bed => self.bed,
            Category::Music => self.music,
        };
        self.master.gain() * own.gain()
    }

    /// Linear peak that the limiter lets through: never above the ceiling, 0 for a cap of None or not a number.
    #[must_use]
    pub fn ceiling(&self) -> f32 {
        let Some(cap) = self.cap_db.filter(|db| !db.is_nan()) else {
            return 0.0;
        };
        from_db(f64::from(cap).min(CEILING_DB) - MARGIN_DB) as f32
    }
}

/// Linear factor of so many decibels.
#[must_use]
pub fn from_db(db: f64) -> f64 {
    libm::pow(10.0, db / 20.0)
}

/// A value that moves to its target, a whole unit in `GLIDE`.
#[derive(Clone, Copy, Debug)]
pub struct Glide {
    now: f32,
    target: f32,
    down: f32,
    up: f32,
}

impl Glide {
    #[must_use]
    pub fn new(at: f32, rate: u32) -> Self {
        let step = 1.0 / (GLIDE as f32 * rate as f32);
        Self { now: at, target: at, down: step, up: step }
    }

    /// The same, but a whole unit down takes `down` s and up `up` s.
    #[must_use]
    pub fn within(self, down: f32, up: f32) -> Self {
        let per_frame = self.up * GLIDE as f32;
        Self { down: per_frame / down, up: per_frame / up, ..self }
    }

    pub fn aim(&mut self, target: f32) {
        self.target = target;
    }

    pub fn advance(&mut self) -> f32 {
        self.now += (self.target - self.now).clamp(-self.down, self.up);
        self.now
    }
}

/// Taps of one phase of the oversampling filter.
const TAPS: usize = 12;

/// Peak between samples, by four-fold interpolation of the last [`TAPS`] samples.
#[derive(Clone, Debug)]
struct TruePeak {
    history: [f32; TAPS],
    phases: [[f32; TAPS]; 3],
}

impl TruePeak {
    fn new() -> Self {
        let mut phases = [[0.0; TAPS]; 3];
        for (k, phase) in phases.iter_mut().enumerate() {
            let mut sum = 0.0;
            let mut taps = [0.0; TAPS];
            for (i, tap) in taps.iter_mut().enumerate() {
                // The point lies (k + 1) / 4 after the tap in the middle.
                let x = i as f64 - (TAPS / 2 - 1) as f64 - (k + 1) as f64 / 4.0;
                let window = 0.5 + 0.5 * libm::cos(std::f64::consts::PI * x / (TAPS / 2) as f64);
                *tap = sinc(x) * window.max(0.0);
                sum += *tap;
            }
            for (to, tap) in phase.iter_mut().zip(taps) {
                *to = (tap / sum) as f32;
            }
        }
        Self { history: [0.0; TAPS], phases }
    }

    /// Greatest magnitude around the sample that came [`TAPS`]/2 samples ago.
    fn push(&mut self, x: f32) -> f32 {
        self.history.copy_within(1.., 0);
        self.history[TAPS - 1] = x;
        let mut peak = self.history[TAPS / 2 - 1].abs().max(self.history[TAPS / 2].abs());
        for phase in &self.phases {
            let y: f32 = phase.iter().zip(&self.history).map(|(a, b)| a * b).sum();
            peak = peak.max(y.abs());
        }
        peak
    }
}

fn sinc(x: f64) -> f64 {
    let px = std::f64::consts::PI * x;
    if px.abs() < 1e-9 { 1.0 } else { libm::sin(px) / px }
}

/// A look-ahead limiter on true peaks. What goes in comes out [`Limiter::delay`] frames later, never above the ceiling;
/// below it the signal passes untouched, bit for bit.
#[derive(Clone, Debug)]
pub struct Limiter {
    ceiling: Glide,
    peaks: [TruePeak; 2],
    /// Delayed samples, a ring.
    line: Vec<[f32; 2]>,
    at: usize,
    /// The gains that the coming frames need: a ring with their falling minima at the front (position, gain).
    needs: std::collections::VecDeque<(u64, f32)>,
    window: usize,
    frame: u64,
    envelope: f32,
    release: f32,
    /// The last `window` envelopes, a ring, and how many of them are below 1.
    smooth: Vec<f32>,
    smooth_at: usize,
    reduced: usize,
}

impl Limiter {
    #[must_use]
    pub fn new(levels: &Levels, rate: u32) -> Self {
        let window = libm::ceil(LOOK_AHEAD * f64::from(rate)) as usize;
        let delay = Self::delay_at(rate);
        Self {
            ceiling: Glide::new(levels.ceiling(), rate),
            peaks: [TruePeak::new(), TruePeak::new()],
            line: vec![[0.0; 2]; delay],
            at: 0,
            needs: std::collections::VecDeque::with_capacity(2 * window + 2),
            window,
            frame: 0,
            envelope: 1.0,
            release: (1.0 - libm::exp(-1.0 / (RELEASE * f64::from(rate)))) as f32,
            smooth: vec![1.0; window],
            smooth_at: 0,
            reduced: 0,
        }
    }

    fn delay_at(rate: u32) -> usize {
        libm::ceil(LOOK_AHEAD * f64::from(rate)) as usize - 1 + TAPS / 2
    }

    /// Frames between a sample going in and coming out.
    #[must_use]
    pub fn delay(&self) -> usize {
        self.line.len()
    }

    pub fn set(&mut self, levels: &Levels) {
        self.ceiling.aim(levels.ceiling());
    }

    /// One frame in, the frame [`Self::delay`] earlier out.
    pub fn push(&mut self, x: [f32; 2]) -> [f32; 2] {
        let ceiling = self.ceiling.advance();
        let peak = self.peaks[0].push(x[0]).max(self.peaks[1].push(x[1]));
        let need = if peak > ceiling { ceiling / peak } else { 1.0 };
        // Least gain needed within the window, by a queue of falling minima: bounded by the window, so it never grows.
        while self.needs.back().is_some_and(|&(_, g)| g >= need) {
            self.needs.pop_back();
        }
        self.needs.push_back((self.frame, need));
        while self.needs.front().is_some_and(|&(f, _)| f + (self.window as u64) < self.frame) {
            self.needs.pop_front();
        }
        let least = self.needs.front().map_or(1.0, |&(_, g)| g);
        self.frame += 1;
        self.envelope =
            if least < self.envelope { least } else { self.envelope + (least - self.envelope) * self.release };
        if self.envelope > 0.999_999 && least == 1.0 {
            self.envelope = 1.0;
        }
        let left = std::mem::replace(&mut self.smooth[self.smooth_at], self.envelope);
        self.smooth_at = (self.smooth_at + 1) % self.smooth.len();
        self.reduced = self.reduced + usize::from(self.envelope < 1.0) - usize::from(left < 1.0);
        let gain = if self.reduced == 0 { 1.0 } else { self.smooth.iter().sum::<f32>() / self.smooth.len() as f32 };
        let out = std::mem::replace(&mut self.line[self.at], x);
        self.at = (self.at + 1) % self.line.len();
        // The oversampled estimate can miss a little; the samples themselves never pass.
        out.map(|y| (y * gain).clamp(-ceiling, ceiling))
    }
}

/// Loudness of a mono sound, dB: the loudest 100 ms after the K weighting of ITU-R BS.1770-4.
///
/// ◇ BS.1770's own window of 400 ms would call a short click quieter than it is heard; 100 ms is the ear's integration.
#[must_use]
pub fn loudness(samples: &[f32], rate: u32) -> f64 {
    let fs = f64::from(rate);
    // The two filters of BS.1770-4, from their analogue values so that they hold at any rate.
    let shelf = {
        let (f0, gain_db, q) = (1_681.974_450_955_533, 3.999_843_853_973_347, 0.707_175_236_955_419_6);
        let k = libm::tan(std::f64::consts::PI * f0 / fs);
        let vh = from_db(gain_db);
        let vb = libm::pow(vh, 0.499_666_774_154_541_6);
        let a0 = 1.0 + k / q + k * k;
        [
            (vh + vb * k / q + k * k) / a0,
            2.0 * (k * k - vh) / a0,
            (vh - vb * k / q + k * k) / a0,
            2.0 * (k * k - 1.0) / a0,
            (1.0 - k / q + k * k) / a0,
        ]
    };
    let high_pass = {
        let (f0, q) = (38.135_470_876_024_44, 0.500_327_037_323_877_3);
        let k = libm::tan(std::f64::consts::PI * f0 / fs);
        let a0 = 1.0 + k / q + k * k;
        [1.0, -2.0, 1.0, 2.0 * (k * k - 1.0) / a0, (1.0 - k / q + k * k) / a0]
    };
    let mut state = [[0.0f64; 2]; 2];
    let window = rate as usize / 10;
    let mut ring = vec![0.0; window];
    let (mut sum, mut most) = (0.0f64, 0.0f64);
    for (i, &x) in samples.iter().chain(std::iter::repeat_n(&0.0, window)).enumerate() {
        let mut y = f64::from(x);
        for (b, s) in [shelf, high_pass].iter().zip(&mut state) {
            let out = b[0] * y + s[0];
            s[0] = b[1] * y - b[3] * out + s[1];
            s[1] = b[2] * y - b[4] * out;
            y = out;
        }
        let old = std::mem::replace(&mut ring[i % window], y * y);
        sum += y * y - old;
        most = most.max(sum);
    }
    10.0 * libm::log10(most / window as f64 + 1e-20) - 0.691
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    fn sine(hz: f64, amp: f64, phase: f64, rate: u32) -> Vec<f32> {
        (0..rate)
            .map(|i| (amp * libm::sin(std::f64::consts::TAU * hz * f64::from(i) / f64::from(rate) + phase)) as f32)
            .collect()
    }

    fn limited(x: &[f32], levels: &Levels, rate: u32) -> Vec<f32> {
        let mut limiter = Limiter::new(levels, rate);
        x.iter().map(|x| limiter.push([*x, -*x])[0]).collect()
    }

    /// Peak of the band-limited signal through the samples, by a 64-tap interpolation at 8 points a sample.
    pub fn true_peak(x: &[f32]) -> f64 {
        let half = 32i64;
        let mut peak = 0.0f64;
        for k in 1..8 {
            let part = f64::from(k) / 8.0;
            let taps: Vec<f64> = (1 - half..=half)
                .map(|i| {
                    let d = i as f64 - part;
                    sinc(d) * (0.5 + 0.5 * libm::cos(std::f64::consts::PI * d / (half as f64 + 1.0)))
                })
                .collect();
            for window in x.windows(2 * half as usize) {
                let y: f64 = window.iter().zip(&taps).map(|(a, b)| f64::from(*a) * b).sum();
                peak = peak.max(y.abs());
            }
        }
        x.iter().fold(peak, |m, y| m.max(f64::from(y.abs())))
    }

    #[test]
    fn below_the_ceiling_nothing_is_touched() {
        let rate = 48_000;
        let x = sine(997.0, 0.4, 0.0, rate);
        let y = limited(&x, &Levels::default(), rate);
        let delay = Limiter::new(&Levels::default(), rate).delay();
        assert_eq!(y[delay..], x[..x.len() - delay]);
    }

    #[test]
    fn no_true_peak_passes_minus_six_decibels() {
        for rate in [44_100, 48_000, 96_000] {
            // A quarter of the rate at 45° is the classical case: samples at 0.707, peaks between them at 1.
            for (hz, phase) in [(f64::from(rate) / 4.0, std::f64::consts::FRAC_PI_4), (61.0, 0.3), (7_351.0, 0.0)] {
                let y = limited(&sine(hz, 2.0, phase, rate), &Levels::default(), rate);
                // The start of a sine at full level is a splash of all frequencies; the measure takes what follows too.
                let db = 20.0 * libm::log10(true_peak(&y[..rate as usize / 8]));
                assert!(db <= CEILING_DB + 0.02, "{hz} Hz at {rate}: {db:.2} dBFS");
                assert!(db > CEILING_DB - 1.0, "{hz} Hz at {rate}: {db:.2} dBFS is limited too far");
            }
        }
    }

    #[test]
    fn a_cap_of_nothing_is_silence() {
        for cap_db in [None, Some(f32::NAN), Some(f32::NEG_INFINITY)] {
            let y = limited(&sine(440.0, 1.0, 0.0, 48_000), &Levels { cap_db, ..Levels::default() }, 48_000);
            assert!(y.iter().all(|y| *y == 0.0));
        }
    }

    #[test]
    fn a_cap_can_be_lowered_but_not_raised() {
        let at = |db| Levels { cap_db: Some(db), ..Levels::default() }.ceiling();
        assert_eq!(at(0.0), Levels::default().ceiling());
        assert!((f64::from(at(-20.0)) - from_db(-20.0 - MARGIN_DB)).abs() < 1e-6);
    }

    #[test]
    fn loudness_is_that_of_bs_1770() {
        // A full-scale sine of 997 Hz in one channel measures −3.01 LKFS (BS.1770-4, annex 1).
        for rate in [44_100, 48_000, 96_000] {
            let db = loudness(&sine(997.0, 1.0, 0.0, rate), rate);
            assert!((db + 3.01).abs() < 0.05, "{db:.3} at {rate}");
        }
    }

    #[test]
    fn levels_end_at_silence_and_at_unchanged() {
        assert_eq!((Level::SILENT.gain(), Level::FULL.gain(), Level(50).gain()), (0.0, 1.0, 0.25));
        let levels = Levels { scene: Level::SILENT, ..Levels::default() };
        assert_eq!(levels.gain(Category::Scene), 0.0);
        assert_eq!(levels.gain(Category::Cue), Level(80).gain());
    }
}
