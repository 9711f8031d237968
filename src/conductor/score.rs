//! The score: which sounds a trial's cues and a verdict ask for, and on which sample frames.
//!
//! Pure: it knows plans, frames and rates, and no device.

use doozy_training::{
    event::{Cue, CueKind, Drama, Judged, Lane, Stage, SurpriseKind, Tier, TrialPlan},
    time::SampleFrame,
};

use crate::audio::{
    Sound, frame_of,
    synth::{Band, Drum, Noise, Onset, Syllable, Tone, Vowel},
};

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
    plan.cues.iter().filter(|cue| cue.heard).map(move |cue| sounded(cue, plan, zero, rate))
}

/// The notes that a recording would carry, for a trial whose recording is not there.
pub fn stand_ins(plan: &TrialPlan, zero: SampleFrame, rate: u32) -> impl Iterator<Item = Note> {
    let silent = plan.terms.music.as_ref().map(|music| &music.silent[..]);
    let carried = move |cue: &&Cue| {
        let noted = matches!(cue.kind, CueKind::Note { .. }) && !cue.heard;
        noted && silent.is_some_and(|spans| !spans.iter().any(|(from, to)| (*from..*to).contains(&cue.at)))
    };
    plan.cues.iter().filter(carried).map(move |cue| sounded(cue, plan, zero, rate))
}

fn sounded(cue: &Cue, plan: &TrialPlan, zero: SampleFrame, rate: u32) -> Note {
    let (sound, gain_db) = voice(cue, plan);
    Note { sound, at: SampleFrame(zero.0 + frame_of(cue.at, rate).0), gain_db, pan: 0.0 }
}

/// What a cue sounds like, and by how many dB it differs from the sound's own level. Within a drill no two kinds of cue
/// share a sound; what strikes on a target's moment strikes within half a millisecond, or swells to it as a syllable does.
fn voice(cue: &Cue, plan: &TrialPlan) -> (Sound, f32) {
    let tone = |degree, ms| Sound::Tone(Tone::of_scale(degree, ms));
    match cue.kind {
        // the last count is a little stronger: the next one is the player's
        CueKind::CountIn { left } => (Sound::CountIn, if left == 1 { 0.0 } else { -3.0 }),
        CueKind::Beat { accent: true } => (Sound::BeatAccent, 0.0),
        CueKind::Beat { accent: false } => (Sound::Beat, -3.0),
        CueKind::Launch => (Sound::Launch, -6.0),
        CueKind::Note { lane } => (Sound::Drum(drum(lane, &plan.stage)), -2.0),
        CueKind::Subdivision => (Sound::Noise(Noise::new(Band::High, 12)), -6.0),
        CueKind::Model { accent: true } => (Sound::Drum(Drum::LowTom), 0.0),
        CueKind::Model { accent: false } => (Sound::Drum(Drum::HighTom), -3.0),
        CueKind::YourTurn => (tone(-2, 180), -5.0),
        // a pair that falls: the second closes what the first has opened
        CueKind::IntervalBegins => (tone(4, 60), -2.0),
        CueKind::IntervalEnds => (tone(0, 60), -2.0),
        CueKind::Distractor => (Sound::Noise(Noise::new(Band::White, 40)), -4.0),
        // two octaves and more apart, and of different length
        CueKind::Go { lane } => (tone(7 + pitch(lane), 120), 0.0),
        CueKind::Stop => (Sound::Tone(Tone::new(STOP_HZ, 240)), 2.0),
        CueKind::Item { lane } => (tone(pitch(lane), 110), -2.0),
        CueKind::Syllable { stressed } => (Sound::Syllable(spoken(cue, plan, stressed)), 0.0),
        // the arm's whoosh, which swells and tells no more than that it has begun
        CueKind::Swing => (Sound::Noise(Noise::new(Band::Low, 260)), -3.0),
        CueKind::Sign => (tone(-7, 90), -5.0),
        CueKind::PathGate => (Sound::Gate, -5.0),
        CueKind::Surprise(SurpriseKind::Sound) => (Sound::Alarm, 0.0),
        CueKind::Surprise(SurpriseKind::Obstacle) => (Sound::Noise(Noise::new(Band::Low, 90)), -3.0),
        CueKind::Surprise(SurpriseKind::Edge) => (Sound::Noise(Noise::new(Band::High, 90)), -9.0),
    }
}

/// D3, Hz: what says stop.
const STOP_HZ: f64 = 146.83;

/// A lane's place in the scale of D major: its chord, D, F sharp, A, and the C sharp above.
fn pitch(lane: Lane) -> i8 {
    [0, 2, 4, 6][usize::from(lane.0) % 4]
}

/// A chart's lanes are a kit from its lowest to its highest; of two streams the fast one is wood, the slow one the drum.
fn drum(lane: Lane, stage: &Stage) -> Drum {
    let kit = match stage {
        Stage::Streams { .. } => [Drum::Rim, Drum::Kick, Drum::Rim, Drum::Kick],
        _ => [Drum::Kick, Drum::Snare, Drum::ClosedHat, Drum::OpenHat],
    };
    kit[usize::from(lane.0) % 4]
}

/// A syllable's sound: the word that belongs to the target on the cue's moment, by its first consonant and vowel.
fn spoken(cue: &Cue, plan: &TrialPlan, stressed: bool) -> Syllable {
    let place = plan.targets.iter().position(|target| target.at == cue.at);
    let word = place.and_then(|n| plan.terms.words.get(n)).map_or("", String::as_str);
    let (onset, vowel) = letters(word);
    Syllable { onset, vowel, stressed }
}

/// The nearest consonant that there is to how a word begins, and the nearest to its first vowel; letters of other scripts
/// are "ah".
fn letters(word: &str) -> (Onset, Vowel) {
    let mut onset = Onset::None;
    for (n, letter) in word.chars().flat_map(char::to_lowercase).enumerate() {
        let vowel = match letter {
            'a' | 'ä' | 'á' | 'à' | 'å' => Some(Vowel::A),
            'e' | 'é' | 'è' | 'ê' => Some(Vowel::E),
            'i' | 'í' => Some(Vowel::I),
            // a consonant where a word begins with it
            'y' if n > 0 => Some(Vowel::I),
            'o' | 'ö' | 'ó' => Some(Vowel::O),
            'u' | 'ü' | 'ú' => Some(Vowel::U),
            _ => None,
        };
        if let Some(vowel) = vowel {
            return (onset, vowel);
        }
        if n == 0 {
            onset = match letter {
                'b' | 'p' | 'v' => Onset::B,
                'd' | 't' => Onset::D,
                'g' | 'k' | 'c' | 'q' => Onset::G,
                'm' => Onset::M,
                'n' => Onset::N,
                'l' | 'r' | 'w' | 'j' | 'y' => Onset::L,
                's' | 'z' | 'x' | 'f' | 'h' => Onset::S,
                _ => Onset::None,
            };
        }
    }
    (onset, Vowel::A)
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

#[cfg(test)]
mod tests {
    use doozy_training::{event::Target, time::Nanos};

    use super::*;
    use crate::audio::{
        limits::{self, MISS_ABOVE_SESSION_DB},
        synth::render,
    };

    const RATE: u32 = 48_000;

    fn plan(stage: Stage) -> TrialPlan {
        let json = serde_json::json!({
            "trial": 0, "retry_of": null, "window_was_open": false, "not_before": 0, "cues": [], "targets": [],
            "length": 4_000_000_000i64, "interval": 600_000_000, "window": 240_000_000, "goal_ms": 24.0, "tol_ms": 60.0,
            "rung": 0, "count_in_ends": 0, "running": true, "stage": stage, "t": 0
        });
        serde_json::from_value(json).unwrap()
    }

    fn sound(kind: CueKind, stage: Stage) -> (Sound, f32) {
        voice(&Cue { at: Nanos::ZERO, kind, heard: true, seen: true }, &plan(stage))
    }

    const LANES: Stage = Stage::Lanes { lanes: 4, approach: Nanos::ms(1_500) };

    /// Every kind of cue, each lane and stress of its own.
    fn kinds() -> Vec<CueKind> {
        let mut all = vec![
            CueKind::CountIn { left: 1 },
            CueKind::Beat { accent: true },
            CueKind::Beat { accent: false },
            CueKind::Launch,
            CueKind::Subdivision,
            CueKind::Model { accent: true },
            CueKind::Model { accent: false },
            CueKind::YourTurn,
            CueKind::IntervalBegins,
            CueKind::IntervalEnds,
            CueKind::Distractor,
            CueKind::Go { lane: Lane(0) },
            CueKind::Stop,
            CueKind::Syllable { stressed: true },
            CueKind::Syllable { stressed: false },
            CueKind::Swing,
            CueKind::Sign,
            CueKind::PathGate,
            CueKind::Surprise(SurpriseKind::Sound),
            CueKind::Surprise(SurpriseKind::Obstacle),
            CueKind::Surprise(SurpriseKind::Edge),
        ];
        all.extend((0..4).map(|lane| CueKind::Note { lane: Lane(lane) }));
        all
    }

    #[test]
    fn every_kind_of_cue_has_a_sound_of_its_own() {
        let all = kinds();
        for (n, kind) in all.iter().enumerate() {
            let own = sound(*kind, LANES).0;
            for other in &all[n + 1..] {
                assert_ne!(own, sound(*other, LANES).0, "{kind:?} and {other:?}");
            }
        }
        // lanes are told apart by ear, and items from all that is heard beside them
        let items: Vec<Sound> = (0..4).map(|lane| sound(CueKind::Item { lane: Lane(lane) }, LANES).0).collect();
        assert!(items.iter().enumerate().all(|(n, item)| !items[n + 1..].contains(item)));
        assert!(!items.contains(&sound(CueKind::CountIn { left: 1 }, LANES).0));
        let streams = Stage::Streams { fast: 3, slow: 2, cycle: Nanos::ms(1_800) };
        let [fast, slow] = [0, 1].map(|lane| sound(CueKind::Note { lane: Lane(lane) }, streams).0);
        assert_ne!(fast, slow);
    }

    #[test]
    fn cues_are_heard_and_none_is_louder_than_a_failure_may_be() {
        let beat = limits::loudness(&render(Sound::Beat, RATE), RATE);
        let items = (0..4).map(|lane| CueKind::Item { lane: Lane(lane) });
        let gos = (0..4).map(|lane| CueKind::Go { lane: Lane(lane) });
        for kind in kinds().into_iter().chain(items).chain(gos) {
            let (sound, gain_db) = sound(kind, LANES);
            let above = limits::loudness(&render(sound, RATE), RATE) + f64::from(gain_db) - beat;
            assert!(above <= MISS_ABOVE_SESSION_DB, "{kind:?}: {above:.1} dB above the beat");
            assert!(f64::from(gain_db) <= sound.most_gain_db(), "{kind:?}");
            assert!(above >= -16.0, "{kind:?}: {above:.1} dB, not to be heard");
            // what is no surprise and no signal stays near the beat
            if !matches!(kind, CueKind::Surprise(_) | CueKind::Stop | CueKind::Go { .. }) {
                assert!(above <= 3.0, "{kind:?}: {above:.1} dB above the beat");
            }
        }
    }

    #[test]
    fn go_and_stop_are_far_apart() {
        let hz = |kind| if let (Sound::Tone(tone), _) = sound(kind, LANES) { tone.hz() } else { f64::NAN };
        assert!(hz(CueKind::Go { lane: Lane(0) }) / hz(CueKind::Stop) > 4.0);
    }

    #[test]
    fn a_phrase_is_spoken_by_its_own_syllables() {
        let mut plan = plan(Stage::Syllables { interval: Nanos::ms(300) });
        let words = ["straw", "ber", "ry", "tea", "Öl", "ψ"];
        plan.targets = (0..6).map(|n| Target::press(n, Nanos::ms(300 * i64::from(n)), Lane(0))).collect();
        plan.terms.words = words.map(str::to_owned).to_vec();
        let said: Vec<(Onset, Vowel)> = (0..6)
            .map(|n| {
                let at = Nanos::ms(300 * n);
                let cue = Cue { at, kind: CueKind::Syllable { stressed: n == 0 }, heard: true, seen: true };
                match voice(&cue, &plan).0 {
                    Sound::Syllable(Syllable { onset, vowel, stressed }) => {
                        assert_eq!(stressed, n == 0);
                        (onset, vowel)
                    }
                    other => panic!("{other:?}"),
                }
            })
            .collect();
        let expected = [
            (Onset::S, Vowel::A),
            (Onset::B, Vowel::E),
            (Onset::L, Vowel::I),
            (Onset::D, Vowel::E),
            (Onset::None, Vowel::O),
            (Onset::None, Vowel::A),
        ];
        assert_eq!(said, expected);
    }
}
