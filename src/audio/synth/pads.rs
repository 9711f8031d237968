//! What the bed is made of: a drone, chords and bass notes, all soft, all in D.

use super::parts::{D4, rise, silence};

/// A note of the bed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Pad {
    /// One stretch of the drone, 8 s long. Stretches that start 4 s apart add up to a sound of one
    /// height: there is no pulse in it.
    Drone,
    /// A chord on a degree of D major (0 is D), for so many ms and a tail.
    Chord { degree: u8, ms: u16 },
    /// A bass note on a degree of D major, for so many ms.
    Bass { degree: u8, ms: u16 },
}

/// Length of a stretch of the drone, s.
pub const DRONE_S: f64 = 8.0;
/// Between the starts of two stretches, s.
pub const DRONE_HOP_S: f64 = 4.0;
/// Longest note, ms: a bar of four at 30 to the minute.
pub const LONGEST_MS: u16 = 8_000;
/// Attack of a chord, ms: too slow to be taken for a beat. ◇
const CHORD_ATTACK_MS: f64 = 120.0;
/// Attack of a bass note, ms.
const BASS_ATTACK_MS: f64 = 12.0;

impl Pad {
    pub(super) fn target_db(self) -> f64 {
        match self {
            Self::Drone => -40.0,
            Self::Chord { .. } => -38.0,
            Self::Bass { .. } => -36.0,
        }
    }
}

/// Pitch of a degree of D major, counted in octaves of seven from D3, Hz.
fn pitch(degree: i32) -> f64 {
    const STEPS: [i32; 7] = [0, 2, 4, 5, 7, 9, 11];
    let semitones = 12 * degree.div_euclid(7) + STEPS[degree.rem_euclid(7) as usize];
    0.5 * D4 * libm::exp2(f64::from(semitones) / 12.0)
}

/// Adds a tone of `hz`.
fn tone(out: &mut [f64], rate: u32, hz: f64, amp: f64, mut height: impl FnMut(usize) -> f64) {
    let turn = std::f64::consts::TAU * hz / f64::from(rate);
    for (i, y) in out.iter_mut().enumerate() {
        *y += amp * libm::cos(turn * i as f64) * height(i);
    }
}

/// The waveform before it is levelled.
pub fn render(pad: Pad, rate: u32) -> Vec<f64> {
    let fs = f64::from(rate);
    match pad {
        Pad::Drone => {
            let mut out = silence(DRONE_S, rate);
            let hop = DRONE_HOP_S * fs;
            // Whole numbers of turns in a hop, so that stretches meet in phase: D2, A2, D3, A3, F#4 to 5 cents.
            for (hz, amp) in [(73.5, 0.6), (110.0, 0.4), (146.75, 0.5), (220.0, 0.25), (370.0, 0.06)] {
                tone(&mut out, rate, hz, amp, |i| rise((i + 1) as f64, hop) * rise(out_end(i, DRONE_S, rate), hop));
            }
            out
        }
        Pad::Chord { degree, ms } => {
            let seconds = f64::from(ms.min(LONGEST_MS)) * 1e-3 + 0.25;
            let mut out = silence(seconds, rate);
            let degree = i32::from(degree % 7);
            let attack = CHORD_ATTACK_MS * 1e-3 * fs;
            for (third, amp) in [(0, 0.5), (2, 0.35), (4, 0.4), (7, 0.3)] {
                for (part, soft) in [(1.0, 1.0), (2.0, 0.2)] {
                    tone(&mut out, rate, pitch(degree + third) * part, amp * soft, |i| {
                        rise((i + 1) as f64, attack) * rise(out_end(i, seconds, rate), 0.5 * fs)
                    });
                }
            }
            out
        }
        Pad::Bass { degree, ms } => {
            let seconds = f64::from(ms.min(LONGEST_MS)) * 1e-3;
            let mut out = silence(seconds, rate);
            let degree = i32::from(degree % 7) - 7;
            for (part, amp, tau) in [(1.0, 1.0, 0.5), (2.0, 0.35, 0.3), (3.0, 0.1, 0.15)] {
                tone(&mut out, rate, pitch(degree) * part, amp, |i| {
                    let end = rise(out_end(i, seconds, rate), 0.03 * fs);
                    rise((i + 1) as f64, BASS_ATTACK_MS * 1e-3 * fs) * end * libm::exp(-(i as f64) / (tau * fs))
                });
            }
            out
        }
    }
}

/// Samples from `i` to the last of a sound.
fn out_end(i: usize, seconds: f64, rate: u32) -> f64 {
    (super::parts::samples(seconds, rate) - 1 - i) as f64
}
