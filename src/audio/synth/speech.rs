//! Syllables by formant synthesis (a source, three resonances, a consonant before the vowel), for drills of spoken rhythm.
//!
//! A syllable is heard "at" its perceptual centre, near the onset of its vowel, and not where its consonant begins (Morton,
//! Marcus & Frankish 1976). So each starts early by its consonant, [`Syllable::lead`], and its vowel reaches half its height
//! on the frame that was asked for. ◇ Half the height stands for the P-centre, as thresholds 6–15 dB below the crest did for
//! tones (Vos & Rasch 1981); listeners differ by about 10 ms, and nobody has measured ours.

use super::parts::{Filter, noise, rise, samples, silence};

/// The consonant before the vowel.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Onset {
    /// The vowel alone.
    None,
    B,
    D,
    G,
    M,
    N,
    L,
    S,
}

impl Onset {
    pub const ALL: [Self; 8] = [Self::None, Self::B, Self::D, Self::G, Self::M, Self::N, Self::L, Self::S];

    /// From the consonant's beginning to the vowel's, s.
    fn seconds(self) -> f64 {
        match self {
            Self::None => 0.0,
            Self::B | Self::D => 0.012,
            Self::G => 0.018,
            Self::L => 0.050,
            Self::M | Self::N => 0.060,
            Self::S => 0.085,
        }
    }

    /// Where the formants come from, Hz: the consonant's locus (Delattre, Liberman & Cooper 1955, rounded).
    fn locus(self, vowel: [f64; 3]) -> [f64; 3] {
        match self {
            Self::None => vowel,
            Self::B | Self::M => [250.0, 0.8 * vowel[1], 2_200.0],
            Self::D | Self::N | Self::S => [250.0, 1_800.0, 2_700.0],
            Self::G => [250.0, f64::midpoint(vowel[1], 2_300.0), f64::midpoint(vowel[1], 2_300.0) + 250.0],
            Self::L => [360.0, 1_100.0, 2_600.0],
        }
    }
}

/// The vowel.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Vowel {
    A,
    E,
    I,
    O,
    U,
}

impl Vowel {
    pub const ALL: [Self; 5] = [Self::A, Self::E, Self::I, Self::O, Self::U];

    /// First three formants, Hz (Peterson & Barney 1952, men, rounded).
    fn formants(self) -> [f64; 3] {
        match self {
            Self::A => [730.0, 1_090.0, 2_440.0],
            Self::E => [530.0, 1_840.0, 2_480.0],
            Self::I => [270.0, 2_290.0, 3_010.0],
            Self::O => [450.0, 800.0, 2_410.0],
            Self::U => [300.0, 870.0, 2_240.0],
        }
    }
}

/// A syllable of one consonant and one vowel.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Syllable {
    pub onset: Onset,
    pub vowel: Vowel,
    /// Longer, higher and louder than one without stress.
    pub stressed: bool,
}

/// Time in which the vowel swells, s.
const VOWEL_ATTACK: f64 = 0.016;
/// Time in which the formants reach the vowel, s.
const TRANSITION: f64 = 0.040;

impl Syllable {
    /// From the first sample to the frame on which the syllable is heard, s.
    #[must_use]
    pub fn lead(self) -> f64 {
        // The attack is a raised cosine, so its middle is half the height.
        self.onset.seconds() + VOWEL_ATTACK / 2.0
    }

    fn seconds(self) -> f64 {
        self.onset.seconds() + if self.stressed { 0.24 } else { 0.15 }
    }

    pub(super) fn target_db(self) -> f64 {
        if self.stressed { -23.0 } else { -28.0 }
    }
}

/// A resonance of unit gain at 0 Hz (Klatt 1980), whose frequency may move.
#[derive(Clone, Copy, Default)]
struct Resonance([f64; 2]);

impl Resonance {
    fn push(&mut self, x: f64, hz: f64, width: f64, fs: f64) -> f64 {
        let r = libm::exp(-std::f64::consts::PI * width / fs);
        let b = 2.0 * r * libm::cos(std::f64::consts::TAU * hz / fs);
        let c = -r * r;
        let y = (1.0 - b - c) * x + b * self.0[0] + c * self.0[1];
        self.0 = [y, self.0[0]];
        y
    }
}

/// The waveform before it is levelled.
pub fn render(syllable: Syllable, rate: u32) -> Vec<f64> {
    let fs = f64::from(rate);
    let Syllable { onset, vowel, stressed } = syllable;
    let mut out = silence(syllable.seconds(), rate);
    let n = out.len();
    let start = samples(onset.seconds(), rate);
    let formants = vowel.formants();
    let locus = onset.locus(formants);
    // The voice: a rounded saw of the pitch, D3 and a fourth below it, that falls a little. Integrated, it falls by 12 dB an
    // octave as a glottis does.
    let pitch = if stressed { 146.83 } else { 110.0 };
    let voiced_from = match onset {
        Onset::M | Onset::N | Onset::L => 0,
        _ => start,
    };
    let murmur = if voiced_from == 0 && onset != Onset::None { 0.16 } else { 0.0 };
    let mut chain = [Resonance::default(); 4];
    let mut glottis = Filter::low_pass(rate, 900.0, 0.6);
    let mut phase = 0.25;
    let mut voice = Vec::with_capacity(n);
    for i in 0..n {
        let t = i as f64 / fs;
        let into = (i as f64 - start as f64) / fs;
        let way = rise(into.max(0.0) + 1.0 / fs, TRANSITION);
        let swell = if i < start { 0.0 } else { rise((i - start + 1) as f64, VOWEL_ATTACK * fs) };
        let height = murmur * rise((i + 1) as f64, 0.008 * fs) * (1.0 - swell) + swell;
        let height = if i < voiced_from { 0.0 } else { height };
        let saw = 1.0 - 2.0 * phase;
        phase += pitch * (1.0 - 0.08 * t / syllable.seconds()) / fs;
        phase -= libm::floor(phase);
        let mut y = glottis.push(saw) * height;
        for (k, resonance) in chain.iter_mut().enumerate() {
            let (hz, width) = match k {
                3 => (3_500.0, 200.0),
                k => (locus[k] + (formants[k] - locus[k]) * way, [70.0, 100.0, 140.0][k]),
            };
            y = resonance.push(y, hz, width, fs);
        }
        voice.push(y);
    }
    let crest = voice.iter().fold(1e-9, |m: f64, y| m.max(y.abs()));
    for (y, v) in out.iter_mut().zip(voice) {
        *y = v / crest;
    }
    // What the mouth does before the voice comes: a burst or a hiss.
    let (hz, q, gain, attack_ms) = match onset {
        Onset::B => (700.0, 0.8, 0.16, 1.0),
        Onset::D => (3_600.0, 1.0, 0.16, 1.0),
        Onset::G => (2_000.0, 2.0, 0.16, 1.0),
        Onset::S => (6_500.0, 1.5, 0.14, 25.0),
        // A trace of breath, so that the first sample is heard.
        _ => (1_500.0, 1.0, 0.002, 1.0),
    };
    let hiss = Filter::band_pass(rate, hz, q).run(&noise("speech", n));
    let until = if start == 0 { n } else { start };
    for (i, y) in out.iter_mut().enumerate().take(until) {
        *y += gain * hiss[i] * rise((i + 1) as f64, attack_ms * 1e-3 * fs) * rise((until - i) as f64, 0.004 * fs);
    }
    // The vowel's own end.
    for (i, y) in out.iter_mut().rev().enumerate() {
        *y *= rise(i as f64, 0.07 * fs);
    }
    out
}
