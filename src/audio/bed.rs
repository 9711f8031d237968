//! The bed: a quiet ground under a session, on a bus of its own.
//!
//! It has two forms. The drone has no pulse, so it cannot mislead anybody's timing: it is what plays unless a drill says its
//! beat. The pattern, chords and a bass in D by whole bars, belongs to a phrase of known tempo. Each of its notes lies on the
//! frame of its own beat number, so it neither drifts nor has to be cut to whole frames.

use doozy_cerebellum::rng::Stream;
use doozy_training::time::{Nanos, SampleFrame};

use super::{
    clock::frame_of,
    synth::{DRONE_HOP_S, LONGEST_MS, Pad, Sound},
};

/// Progressions of four bars in D major, by degree (0 is D): each begins at home and leads back there.
const PROGRESSIONS: [[u8; 4]; 4] = [[0, 5, 3, 4], [0, 3, 5, 4], [0, 4, 5, 3], [0, 2, 3, 4]];
/// Rounds of a progression before another is drawn.
const ROUNDS: i64 = 4;

/// What plays.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bed {
    /// D and its fifth, of one height: no pulse.
    Drone,
    /// Chords and bass at a tempo; the seed decides which.
    Pattern {
        /// Time from beat to beat, positive.
        beat: Nanos,
        /// Beats of a bar, at least 1.
        per_bar: u8,
        seed: u64,
    },
}

/// A note of the bed, on its frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BedNote {
    pub sound: Sound,
    pub at: SampleFrame,
}

/// A bed that plays from a frame on.
#[derive(Clone, Debug)]
pub struct Playing {
    bed: Bed,
    zero: SampleFrame,
    rate: u32,
    /// The next step: a stretch of the drone, or a beat.
    next: i64,
}

impl Playing {
    /// Starts `bed` with its first step on frame `zero` of a stream of `rate` Hz.
    #[must_use]
    pub fn new(bed: Bed, zero: SampleFrame, rate: u32) -> Self {
        Self { bed, zero, rate, next: 0 }
    }

    /// When step `n` begins.
    fn at(&self, n: i64) -> SampleFrame {
        let step = match self.bed {
            Bed::Drone => Nanos::from_ms(DRONE_HOP_S * 1e3),
            Bed::Pattern { beat, .. } => beat.max(Nanos::ms(100)),
        };
        SampleFrame(self.zero.0 + frame_of(Nanos(step.0.saturating_mul(n)), self.rate).0)
    }

    /// Appends every note that starts on `until` or earlier and has not been given out.
    pub fn notes(&mut self, until: SampleFrame, out: &mut Vec<BedNote>) {
        while self.at(self.next) <= until {
            let at = self.at(self.next);
            match self.bed {
                Bed::Drone => out.push(BedNote { sound: Sound::Pad(Pad::Drone), at }),
                Bed::Pattern { beat, per_bar, seed } => {
                    let per_bar = i64::from(per_bar.max(1));
                    let ms =
                        |beats: i64| (beat.max(Nanos::ms(100)).0 * beats / 1_000_000).min(i64::from(LONGEST_MS)) as u16;
                    let (bar, in_bar) = (self.next.div_euclid(per_bar), self.next.rem_euclid(per_bar));
                    let degree = degree(seed, bar);
                    if in_bar == 0 {
                        let chord = Pad::Chord { degree, ms: ms(per_bar) };
                        out.push(BedNote { sound: Sound::Pad(chord), at });
                    }
                    if in_bar % 2 == 0 {
                        // The fifth answers the root.
                        let degree = if in_bar == 0 { degree } else { (degree + 4) % 7 };
                        let bass = Pad::Bass { degree, ms: ms(1).max(60) };
                        out.push(BedNote { sound: Sound::Pad(bass), at });
                    }
                }
            }
            self.next += 1;
        }
    }
}

/// The chord of a bar.
fn degree(seed: u64, bar: i64) -> u8 {
    let round = u64::try_from(bar.div_euclid(4 * ROUNDS)).unwrap_or(0);
    let which = Stream::named(seed, "bed", round).below(PROGRESSIONS.len());
    PROGRESSIONS[which][bar.rem_euclid(4) as usize]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn notes(bed: Bed, rate: u32, seconds: i64) -> Vec<BedNote> {
        let mut out = Vec::new();
        Playing::new(bed, SampleFrame(1_000), rate).notes(SampleFrame(1_000 + seconds * i64::from(rate)), &mut out);
        out
    }

    #[test]
    fn a_pattern_keeps_its_tempo_for_hours() {
        // 130 to the minute: a third of a beat's nanoseconds is lost at each if they are summed; here beat 7,800 is at 3,600 s.
        let beat = Nanos(461_538_462);
        let all = notes(Bed::Pattern { beat, per_bar: 4, seed: 1 }, 48_000, 3_601);
        let chords: Vec<_> = all.iter().filter(|n| matches!(n.sound, Sound::Pad(Pad::Chord { .. }))).collect();
        for (bar, note) in chords.iter().enumerate() {
            assert_eq!(note.at.0, 1_000 + frame_of(Nanos(beat.0 * 4 * bar as i64), 48_000).0);
        }
        assert_eq!(chords.len(), 1 + 3_601_000_000_000 / (4 * beat.0 as usize));
    }

    #[test]
    fn asking_more_often_gives_the_same_notes() {
        for bed in [Bed::Drone, Bed::Pattern { beat: Nanos::ms(600), per_bar: 3, seed: 9 }] {
            let whole = notes(bed, 44_100, 60);
            let mut playing = Playing::new(bed, SampleFrame(1_000), 44_100);
            let mut piecewise = Vec::new();
            for frame in (0..=60 * 44_100).step_by(441) {
                playing.notes(SampleFrame(1_000 + frame), &mut piecewise);
            }
            assert_eq!(whole, piecewise);
        }
    }

    #[test]
    fn a_seed_says_which_bed_and_every_bed_begins_at_home() {
        let bed = |seed| notes(Bed::Pattern { beat: Nanos::ms(500), per_bar: 4, seed }, 48_000, 120);
        assert_eq!(bed(4), bed(4));
        assert!((0..8).any(|seed| bed(seed) != bed(4)));
        for seed in 0..8 {
            assert!(matches!(bed(seed)[0].sound, Sound::Pad(Pad::Chord { degree: 0, .. })));
        }
    }
}
