//! The score: which sounds a trial's cues and a verdict ask for, and on which sample frames.
//!
//! Pure: it knows plans, frames and rates, and no device.

use doozy_training::{
    event::{Cue, CueKind, Drama, Judged, Stage, Tier, TrialPlan},
    time::SampleFrame,
};

use crate::audio::{Sound, frame_of};

/// A sound at a frame.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Note {
    pub sound: Sound,
    pub at: SampleFrame,
    pub gain_db: f32,
    /// −1 left (early) … +1 right (late).
    pub pan: f32,
}

/// Every sound that a trial's cues ask for.
pub fn cues(plan: &TrialPlan, zero: SampleFrame, rate: u32) -> impl Iterator<Item = Note> {
    plan.cues.iter().filter(|cue| cue.heard).map(move |cue| sounded(*cue, plan.stage, zero, rate))
}

/// The notes that a recording would carry, for a trial whose recording is not there.
pub fn stand_ins(plan: &TrialPlan, zero: SampleFrame, rate: u32) -> impl Iterator<Item = Note> {
    let silent = plan.terms.music.as_ref().map(|music| &music.silent[..]);
    let carried = move |cue: &&Cue| {
        let noted = matches!(cue.kind, CueKind::Note { .. }) && !cue.heard;
        noted && silent.is_some_and(|spans| !spans.iter().any(|(from, to)| (*from..*to).contains(&cue.at)))
    };
    plan.cues.iter().filter(carried).map(move |cue| sounded(*cue, plan.stage, zero, rate))
}

fn sounded(cue: Cue, stage: Stage, zero: SampleFrame, rate: u32) -> Note {
    let (sound, gain_db) = voice(cue, stage);
    Note { sound, at: SampleFrame(zero.0 + frame_of(cue.at, rate).0), gain_db, pan: 0.0 }
}

fn voice(cue: Cue, stage: Stage) -> (Sound, f32) {
    match (cue.kind, stage) {
        // the last count is a little stronger: the next one is the player's
        (CueKind::CountIn { left }, _) => (Sound::CountIn, if left == 1 { 0.0 } else { -3.0 }),
        (CueKind::Beat { accent: true }, _) => (Sound::BeatAccent, 0.0),
        (CueKind::Beat { accent: false }, _) => (Sound::Beat, -3.0),
        (CueKind::Launch, _) => (Sound::Launch, -6.0),
        (CueKind::Subdivision, _) => (Sound::Beat, -9.0),
        (CueKind::Model { accent: true }, _) => (Sound::BeatAccent, 0.0),
        (CueKind::Syllable { stressed: true }, _) => (Sound::BeatAccent, 0.0),
        (
            CueKind::Note { .. }
            | CueKind::Model { accent: false }
            | CueKind::Syllable { stressed: false }
            | CueKind::Item { .. }
            | CueKind::PathGate,
            _,
        ) => (Sound::Beat, -3.0),
        (CueKind::YourTurn | CueKind::IntervalBegins | CueKind::IntervalEnds, _) => (Sound::CountIn, 0.0),
        (CueKind::Go { .. } | CueKind::Swing | CueKind::Sign, _) => (Sound::Launch, -6.0),
        (CueKind::Stop, _) => (Sound::DullStrike, -3.0),
        (CueKind::Distractor, _) => (Sound::Beat, -6.0),
        (CueKind::Surprise(_), _) => (Sound::DullStrike, 0.0),
    }
}

/// The sound of a verdict, panned to the side of the error by its size.
#[must_use]
pub fn verdict(judged: &Judged, drama: Drama) -> (Sound, f32, f32) {
    let pan = (judged.side.sign() * (judged.u / 4.0).clamp(0.0, 1.0)) as f32;
    let (sound, gain_db) = match (judged.tier, drama) {
        (Tier::Clean, _) => (Sound::Bell, 0.0),
        (Tier::Slip, _) => (Sound::DampedBell, 0.0),
        (Tier::Miss, _) | (Tier::Doozy, Drama::Calm) => (Sound::DullStrike, -3.0),
        (Tier::Doozy, Drama::Short) => (Sound::DullStrike, 0.0),
        (Tier::Doozy, Drama::Full) => (Sound::Doozy, 0.0),
    };
    (sound, gain_db, if judged.tier == Tier::Clean { 0.0 } else { pan })
}
