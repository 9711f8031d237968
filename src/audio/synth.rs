//! The sounds: what each is made of, computed at the device's own rate, so that nothing is ever resampled.
//!
//! All are sums of decaying partials in D, the key of the bed, without any random draw: the same rate gives the same
//! samples on every machine. A stimulus starts within half a millisecond; a sound of failure swells for 25 ms or more.

use super::limits::{self, MISS_ABOVE_SESSION_DB, MISS_ATTACK_MS};

/// What is heard, by what it means.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Sound {
    /// A beat of the count-in: wood.
    CountIn,
    /// The stimulus of a target: a small bell.
    Beat,
    /// The same with its octave, for the first of a bar.
    BeatAccent,
    /// The ball of an interception sets off: a soft tick.
    Launch,
    /// The ball meets the gate, where the level lets it be heard.
    Gate,
    /// Clean: the bell with all its partials.
    Bell,
    /// Slip: the same bell with a hand on it.
    DampedBell,
    /// Miss: a dull strike, and something came loose.
    DullStrike,
    /// Doozy: a low thump, and metal scatters.
    Doozy,
}

/// What a player can turn down by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Category {
    Cue,
    Feedback,
    Scene,
    Bed,
}

impl Category {
    pub const ALL: [Self; 4] = [Self::Cue, Self::Feedback, Self::Scene, Self::Bed];
}

impl Sound {
    pub const ALL: [Self; 9] = [
        Self::CountIn,
        Self::Beat,
        Self::BeatAccent,
        Self::Launch,
        Self::Gate,
        Self::Bell,
        Self::DampedBell,
        Self::DullStrike,
        Self::Doozy,
    ];

    #[must_use]
    pub fn category(self) -> Category {
        match self {
            Self::CountIn | Self::Beat | Self::BeatAccent | Self::Launch | Self::Gate => Category::Cue,
            Self::Bell | Self::DampedBell | Self::DullStrike => Category::Feedback,
            Self::Doozy => Category::Scene,
        }
    }

    /// Place in [`Self::ALL`].
    #[must_use]
    pub fn index(self) -> usize {
        self as usize
    }

    /// Loudness aimed at, dB as [`limits::loudness`] measures it. ◇ The beat is the session's own loudness; praise lies a
    /// little below it, so that a run of hits does not cover the next stimulus, and a doozy 5 dB above: within the 6 dB
    /// that a failure may have, with room for the strongest error.
    fn target_db(self) -> f64 {
        match self {
            Self::Beat | Self::BeatAccent => -23.0,
            Self::CountIn => -24.0,
            Self::Gate => -25.0,
            Self::Bell => -25.0,
            Self::DampedBell => -26.0,
            Self::Launch => -29.0,
            Self::DullStrike => -23.0,
            Self::Doozy => -18.0,
        }
    }

    /// The most that a caller can add, dB: no sound gets further above the session's loudness than a failure may.
    #[must_use]
    pub fn most_gain_db(self) -> f64 {
        Self::Beat.target_db() + MISS_ABOVE_SESSION_DB - self.target_db()
    }
}

/// Highest sample of any one sound at 0 dB, dBFS. ◇ Leaves the limiter idle in all but a pile-up of sounds.
const PEAK_DB: f64 = -8.0;
/// D, the key of the bed: D4, Hz (A4 = 440).
const D4: f64 = 293.664_767_917_407_6;
/// Attack of a stimulus, ms. ◇ Short against the ear's few ms of temporal resolution, long enough not to crackle.
const ATTACK_MS: f64 = 0.5;
/// Attack of a failure, ms. ◇ The limit and more: the decay that runs under it brings the crest forward.
const SWELL_MS: f64 = MISS_ATTACK_MS + 15.0;

/// A partial that dies away: frequency, amplitude, time constant.
#[derive(Clone, Copy)]
struct Partial {
    hz: f64,
    amp: f64,
    tau: f64,
}

/// The bell of D5, its octave below, fifth and upper partials: ratio, amplitude, time constant in s. ◇ A major bell; the
/// minor third of a church bell makes praise sound like mourning.
const BELL: [(f64, f64, f64); 8] = [
    (0.5, 0.22, 0.70),
    (1.0, 1.00, 0.50),
    (1.0023, 0.30, 0.50),
    (1.5, 0.16, 0.30),
    (2.0, 0.55, 0.32),
    (2.52, 0.14, 0.16),
    (4.02, 0.20, 0.12),
    (5.43, 0.08, 0.07),
];

/// The bell at `hz`, its decays scaled by `ring` and its partials weakened by `dark` for each octave above the first.
fn bell(hz: f64, ring: f64, dark: f64) -> Vec<Partial> {
    BELL.iter()
        .map(|&(ratio, amp, tau)| Partial {
            hz: hz * ratio,
            amp: amp * limits::from_db(-dark * libm::log2(ratio.max(1.0))),
            tau: tau * ring,
        })
        .collect()
}

/// Adds partials that start together at `at` s and swell for `attack_ms`.
fn ring(out: &mut [f64], rate: u32, at: f64, attack_ms: f64, gain: f64, partials: &[Partial]) {
    let fs = f64::from(rate);
    let start = libm::round(at * fs) as usize;
    let attack = (attack_ms * 1e-3 * fs).max(1.0);
    for (n, p) in partials.iter().enumerate().filter(|(_, p)| p.hz < 0.45 * fs) {
        let turn = std::f64::consts::TAU * p.hz / fs;
        let fall = libm::exp(-1.0 / (p.tau * fs));
        let (sin, cos) = (libm::sin(turn) * fall, libm::cos(turn) * fall);
        // Begins on the crest, so that the first sample is already heard, and on either side in turn, so that the partials
        // do not all add up there.
        let side = if n % 2 == 0 { 1.0 } else { -1.0 };
        let (mut re, mut im) = (side * p.amp * gain, 0.0);
        for (i, y) in out.iter_mut().skip(start).enumerate() {
            let t = (i + 1) as f64;
            let rise = if t < attack { 0.5 - 0.5 * libm::cos(std::f64::consts::PI * t / attack) } else { 1.0 };
            *y += re * rise;
            (re, im) = (re * cos - im * sin, re * sin + im * cos);
        }
    }
}

/// A falling thump from `from` to `to` Hz.
fn thump(out: &mut [f64], rate: u32, from: f64, to: f64, amp: f64, tau: f64) {
    let fs = f64::from(rate);
    let attack = SWELL_MS * 1e-3 * fs;
    let mut phase = std::f64::consts::FRAC_PI_2;
    for (i, y) in out.iter_mut().enumerate() {
        let t = (i + 1) as f64;
        let rise = if t < attack { 0.5 - 0.5 * libm::cos(std::f64::consts::PI * t / attack) } else { 1.0 };
        *y += amp * rise * libm::sin(phase) * libm::exp(-t / (tau * fs));
        phase += std::f64::consts::TAU * (to + (from - to) * libm::exp(-t / (0.06 * fs))) / fs;
    }
}

/// Fraction of `i` times the golden ratio: spread evenly without a pattern, and without a random draw.
fn spread(i: usize, salt: f64) -> f64 {
    let x = (i as f64 + salt) * 0.618_033_988_749_894_9;
    x - libm::floor(x)
}

/// Loose metal: `count` pieces from `from` s on, further apart and softer with time.
fn scatter(out: &mut [f64], rate: u32, count: usize, from: f64, over: f64, gain: f64) {
    for i in 0..count {
        let part = (i as f64 + 0.6 * spread(i, 0.3)) / count as f64;
        let hz = 1_300.0 * libm::pow(2.8, spread(i, 1.7));
        let soft = gain * limits::from_db(-16.0 * part) * (0.5 + 0.5 * spread(i, 4.1));
        let tau = 0.035 + 0.09 * spread(i, 2.9);
        // A struck plate: inharmonic, the upper parts gone first.
        let plate = [(1.0, 1.0, 1.0), (1.58, 0.6, 0.7), (2.24, 0.35, 0.5), (2.92, 0.2, 0.4)];
        let partials = plate.map(|(r, a, d)| Partial { hz: hz * r, amp: a, tau: tau * d });
        ring(out, rate, from + over * libm::pow(part, 1.4), 4.0, soft, &partials);
    }
}

/// The waveform of a sound at `rate` Hz, mono, at its own loudness. Its first sample is not zero, its last is.
#[must_use]
pub fn render(sound: Sound, rate: u32) -> Vec<f32> {
    let seconds = match sound {
        Sound::CountIn | Sound::Launch => 0.16,
        Sound::Beat => 0.5,
        Sound::BeatAccent => 0.6,
        Sound::Gate => 0.8,
        Sound::Bell => 2.0,
        Sound::DampedBell => 0.35,
        Sound::DullStrike => 0.7,
        Sound::Doozy => 1.7,
    };
    let mut out = vec![0.0; libm::round(seconds * f64::from(rate)) as usize];
    let wood = |hz: f64, tau: f64| {
        [(1.0, 1.0, 1.0), (1.74, 0.5, 0.6), (2.61, 0.22, 0.4)].map(|(r, a, d)| Partial {
            hz: hz * r,
            amp: a,
            tau: tau * d,
        })
    };
    match sound {
        Sound::CountIn => ring(&mut out, rate, 0.0, ATTACK_MS, 1.0, &wood(4.0 * D4, 0.022)),
        Sound::Launch => ring(&mut out, rate, 0.0, ATTACK_MS, 1.0, &wood(3.0 * D4, 0.014)),
        Sound::Beat => ring(&mut out, rate, 0.0, ATTACK_MS, 1.0, &bell(2.0 * D4, 0.22, 0.0)),
        Sound::BeatAccent => {
            ring(&mut out, rate, 0.0, ATTACK_MS, 0.7, &bell(2.0 * D4, 0.25, 0.0));
            ring(&mut out, rate, 0.0, ATTACK_MS, 0.5, &bell(4.0 * D4, 0.25, 0.0));
        }
        Sound::Gate => ring(&mut out, rate, 0.0, ATTACK_MS, 1.0, &bell(3.0 * D4, 0.35, 3.0)),
        Sound::Bell => ring(&mut out, rate, 0.0, ATTACK_MS, 1.0, &bell(4.0 * D4, 0.8, 2.0)),
        Sound::DampedBell => ring(&mut out, rate, 0.0, 2.0, 1.0, &bell(4.0 * D4, 0.10, 9.0)),
        Sound::DullStrike => {
            let body = [(0.5, 1.0, 0.11), (0.79, 0.7, 0.08), (1.19, 0.4, 0.06), (1.9, 0.15, 0.04)]
                .map(|(r, amp, tau)| Partial { hz: D4 * r, amp, tau });
            ring(&mut out, rate, 0.0, SWELL_MS, 1.0, &body);
            scatter(&mut out, rate, 6, 0.10, 0.35, 0.07);
        }
        Sound::Doozy => {
            thump(&mut out, rate, 110.0, 46.0, 1.0, 0.20);
            // A knock that small speakers can give, where the thump itself is lost.
            let knock = [(0.5, 0.35, 0.09), (0.75, 0.2, 0.07)].map(|(r, amp, tau)| Partial { hz: D4 * r, amp, tau });
            ring(&mut out, rate, 0.0, SWELL_MS, 1.0, &knock);
            scatter(&mut out, rate, 18, 0.07, 1.15, 0.2);
        }
    }
    // The end is faded, so that nothing is cut.
    let fade = out.len() / 8;
    for (i, y) in out.iter_mut().rev().take(fade).enumerate() {
        *y *= 0.5 - 0.5 * libm::cos(std::f64::consts::PI * i as f64 / fade as f64);
    }
    let raw: Vec<f32> = out.iter().map(|y| *y as f32).collect();
    let peak = raw.iter().fold(0.0f32, |m, y| m.max(y.abs()));
    let level = limits::from_db(sound.target_db() - limits::loudness(&raw, rate));
    let gain = level.min(limits::from_db(PEAK_DB) / f64::from(peak));
    raw.iter().map(|y| (f64::from(*y) * gain) as f32).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const RATES: [u32; 4] = [44_100, 48_000, 96_000, 192_000];

    /// Time from the first sample to the first that reaches `part` of the greatest magnitude, ms.
    fn rise_ms(wave: &[f32], rate: u32, part: f32) -> f64 {
        let most = wave.iter().fold(0.0, |m, y| f32::max(m, y.abs()));
        let at = wave.iter().position(|y| y.abs() >= part * most).unwrap();
        at as f64 * 1e3 / f64::from(rate)
    }

    #[test]
    fn failures_swell_and_stimuli_strike() {
        for rate in RATES {
            for sound in [Sound::DullStrike, Sound::Doozy] {
                let ms = rise_ms(&render(sound, rate), rate, 0.9);
                assert!(ms >= MISS_ATTACK_MS, "{sound:?} at {rate}: {ms:.1} ms");
            }
            for sound in [Sound::CountIn, Sound::Beat, Sound::BeatAccent, Sound::Launch, Sound::Gate] {
                let ms = rise_ms(&render(sound, rate), rate, 0.5);
                // One period of the lowest of them, D5.
                assert!(ms <= 1.71, "{sound:?} at {rate}: {ms:.1} ms");
            }
        }
    }

    #[test]
    fn every_sound_starts_at_once_and_ends_in_silence() {
        for rate in RATES {
            for sound in Sound::ALL {
                let wave = render(sound, rate);
                assert!(wave[0] != 0.0, "{sound:?} at {rate}");
                assert_eq!(wave.last(), Some(&0.0), "{sound:?} at {rate}");
                assert!(wave.iter().all(|y| y.is_finite()));
            }
        }
    }

    #[test]
    fn a_failure_is_at_most_six_decibels_above_the_beat() {
        for rate in RATES {
            let beat = limits::loudness(&render(Sound::Beat, rate), rate);
            for sound in Sound::ALL {
                let most = limits::loudness(&render(sound, rate), rate) + sound.most_gain_db();
                assert!(most <= beat + MISS_ABOVE_SESSION_DB + 0.01, "{sound:?} at {rate}: {:.2} dB", most - beat);
            }
        }
    }

    #[test]
    fn levels_hold_at_every_rate() {
        for sound in Sound::ALL {
            let at = RATES.map(|rate| limits::loudness(&render(sound, rate), rate));
            let peak = render(sound, 48_000).iter().fold(0.0f32, |m, y| m.max(y.abs()));
            assert!(f64::from(peak) <= limits::from_db(PEAK_DB) + 1e-6, "{sound:?}");
            for db in at {
                assert!((db - at[1]).abs() < 0.3, "{sound:?}: {at:?}");
            }
        }
    }

    #[test]
    fn the_doozy_is_low_and_the_bell_is_in_d() {
        // Energy at a frequency by Goertzel, relative to the whole.
        let share = |wave: &[f32], lo: f64, hi: f64| {
            let n = 9_600.min(wave.len());
            let band: f64 = (libm::floor(lo / 5.0) as usize..=libm::floor(hi / 5.0) as usize)
                .map(|k| {
                    let w = std::f64::consts::TAU * k as f64 / 9_600.0;
                    let (mut a, mut b) = (0.0, 0.0);
                    for x in &wave[..n] {
                        (a, b) = (f64::from(*x) + 2.0 * libm::cos(w) * a - b, a);
                    }
                    a * a + b * b - 2.0 * libm::cos(w) * a * b
                })
                .sum();
            let whole: f64 = wave[..n].iter().map(|x| f64::from(*x).powi(2)).sum();
            2.0 * band / (whole * 9_600.0)
        };
        assert!(share(&render(Sound::Doozy, 48_000), 30.0, 160.0) > 0.5);
        assert!(share(&render(Sound::Bell, 48_000), 4.0 * D4 - 15.0, 4.0 * D4 + 15.0) > 0.4);
        assert!(share(&render(Sound::DullStrike, 48_000), 100.0, 600.0) > 0.8);
    }
}
