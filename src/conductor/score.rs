//! The score: which sounds a trial's cues and a verdict ask for, and on which sample frames.
//!
//! Pure: it knows plans, frames and rates, and no device.

use doozy_training::{
    event::{Cue, CueKind, Drama, Judged, Stage, Tier, TrialPlan},
    time::{Nanos, SampleFrame},
};

use crate::audio::Sound;

/// A sound at a frame.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Note {
    pub sound: Sound,
    pub at: SampleFrame,
    pub gain_db: f32,
    /// −1 left (early) … +1 right (late).
    pub pan: f32,
}

/// Frame of a moment of the trial whose zero lies on `zero`, at `rate` frames a second. Exact for every length: one
/// rounding, never a sum of rounded steps.
#[must_use]
pub fn frame(zero: SampleFrame, at: Nanos, rate: u32) -> SampleFrame {
    let frames = (i128::from(at.0) * i128::from(rate) + 500_000_000).div_euclid(1_000_000_000);
    SampleFrame(zero.0 + frames as i64)
}

/// Every sound that a trial's cues ask for.
pub fn cues(plan: &TrialPlan, zero: SampleFrame, rate: u32) -> impl Iterator<Item = Note> {
    plan.cues.iter().filter(|cue| cue.heard).map(move |cue| {
        let (sound, gain_db) = voice(*cue, plan.stage);
        Note { sound, at: frame(zero, cue.at, rate), gain_db, pan: 0.0 }
    })
}

fn voice(cue: Cue, stage: Stage) -> (Sound, f32) {
    match (cue.kind, stage) {
        // the last count is a little stronger: the next one is the player's
        (CueKind::CountIn { left }, _) => (Sound::CountIn, if left == 1 { 0.0 } else { -3.0 }),
        (CueKind::Beat { accent: true }, _) => (Sound::Beat, 0.0),
        (CueKind::Beat { accent: false }, _) => (Sound::Beat, -3.0),
        (CueKind::Launch, _) => (Sound::Launch, -6.0),
    }
}

/// The sound of a verdict, panned to the side of the error by its size.
#[must_use]
pub fn verdict(judged: &Judged, drama: Drama) -> Option<(Sound, f32, f32)> {
    let pan = (judged.side.sign() * (judged.u / 4.0).clamp(0.0, 1.0)) as f32;
    let (sound, gain_db) = match (judged.tier, drama) {
        (Tier::Clean, _) => (Sound::Clean, -6.0),
        (Tier::Slip, _) => (Sound::Slip, -6.0),
        (Tier::Miss, _) | (Tier::Doozy, Drama::Calm) => (Sound::Miss, -3.0),
        (Tier::Doozy, Drama::Short) => (Sound::Miss, 0.0),
        (Tier::Doozy, Drama::Full) => (Sound::Doozy, 0.0),
    };
    Some((sound, gain_db, if judged.tier == Tier::Clean { 0.0 } else { pan }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_hour_of_beats_lands_on_its_frames() {
        // cases A15b: beat 7,800 at 130 BPM is exactly an hour in
        let ioi = 60_000_000_000_i128 / 130;
        let at = Nanos((7_800 * 60_000_000_000_i128 / 130) as i64);
        assert_eq!(frame(SampleFrame(0), at, 48_000), SampleFrame(172_800_000));
        assert!(ioi > 0);
    }

    #[test]
    fn a_moment_before_zero_rounds_like_one_after() {
        assert_eq!(frame(SampleFrame(1000), Nanos::ms(-10), 48_000), SampleFrame(520));
        assert_eq!(frame(SampleFrame(0), Nanos(1), 192_000), SampleFrame(0));
    }
}
