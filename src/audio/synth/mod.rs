//! The sounds: what each is made of, computed at the device's own rate, so that nothing is ever resampled.
//!
//! All are in D, the key of the bed, and without any chance: the same rate gives the same samples on every machine. A stimulus
//! starts within half a millisecond; a sound of failure swells for 25 ms or more.
//!
//! | file | holds |
//! | --- | --- |
//! | `bells` | count-in, beats, verdicts |
//! | `drums` | a kit |
//! | `tones` | pure tones, noise bursts, the alarm |
//! | `speech` | syllables |
//! | `pads` | notes of the bed |
//! | `parts` | what these are put together from |

mod bells;
mod drums;
mod pads;
mod parts;
mod speech;
mod tones;

pub use drums::Drum;
pub use pads::{DRONE_HOP_S, LONGEST_MS, Pad};
pub use speech::{Onset, Syllable, Vowel};
pub use tones::{Band, LENGTH_MS, Noise, PITCH_MILLI_HZ, Tone};

use super::limits::MISS_ABOVE_SESSION_DB;

/// What is heard: a sound of the engine by what it means, or one of a family by its parameters.
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
    /// A whistle that surprises, and by its slow rise does not startle.
    Alarm,
    Drum(Drum),
    Tone(Tone),
    Noise(Noise),
    Syllable(Syllable),
    /// A note of the bed.
    Pad(Pad),
}

/// What a player can turn down by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Category {
    Cue,
    Feedback,
    Scene,
    Bed,
    /// A recording that a chart is played to.
    Music,
}

impl Category {
    pub const ALL: [Self; 5] = [Self::Cue, Self::Feedback, Self::Scene, Self::Bed, Self::Music];
}

/// Highest sample of any one sound at 0 dB, dBFS. ◇ Leaves the limiter idle in all but a pile-up of sounds.
const PEAK_DB: f64 = -8.0;

impl Sound {
    /// The sounds that every level may need at any moment: rendered when a stream opens. All others are rendered when they
    /// are first asked for.
    pub const ALWAYS: [Self; 9] = [
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
            Self::CountIn | Self::Beat | Self::BeatAccent | Self::Launch | Self::Gate | Self::Alarm => Category::Cue,
            Self::Drum(_) | Self::Tone(_) | Self::Noise(_) | Self::Syllable(_) => Category::Cue,
            Self::Bell | Self::DampedBell | Self::DullStrike => Category::Feedback,
            Self::Doozy => Category::Scene,
            Self::Pad(_) => Category::Bed,
        }
    }

    /// Frames from the sound's first sample to the one on which it is heard as an event: 0 but for syllables, whose consonant
    /// comes before their beat.
    #[must_use]
    pub fn lead(self, rate: u32) -> usize {
        match self {
            Self::Syllable(syllable) => parts::samples(syllable.lead(), rate),
            _ => 0,
        }
    }

    /// Loudness aimed at, dB as [`super::limits::loudness`] measures it. ◇ The beat is the session's own loudness; praise lies
    /// a little below it, so that a run of hits does not cover the next stimulus, and a doozy 5 dB above: within the 6 dB
    /// that a failure may have, with room for the strongest error.
    fn target_db(self) -> f64 {
        match self {
            Self::Beat | Self::BeatAccent | Self::Tone(_) | Self::DullStrike => -23.0,
            Self::CountIn => -24.0,
            Self::Gate | Self::Bell | Self::Noise(_) => -25.0,
            Self::DampedBell => -26.0,
            Self::Launch => -29.0,
            Self::Doozy => -18.0,
            Self::Alarm => -20.0,
            Self::Drum(drum) => drum.target_db(),
            Self::Syllable(syllable) => syllable.target_db(),
            Self::Pad(pad) => pad.target_db(),
        }
    }

    /// The most that a caller can add, dB: no sound gets further above the session's loudness than a failure may.
    #[must_use]
    pub fn most_gain_db(self) -> f64 {
        Self::Beat.target_db() + MISS_ABOVE_SESSION_DB - self.target_db()
    }
}

/// The waveform of a sound at `rate` Hz, mono, at its own loudness. Its first sample is not zero, its last is.
#[must_use]
pub fn render(sound: Sound, rate: u32) -> Vec<f32> {
    let mut out = match sound {
        Sound::Drum(drum) => drums::render(drum, rate),
        Sound::Tone(tone) => return parts::levelled(&tones::tone(tone, rate), rate, sound.target_db(), PEAK_DB),
        Sound::Noise(noise) => return parts::levelled(&tones::burst(noise, rate), rate, sound.target_db(), PEAK_DB),
        Sound::Alarm => return parts::levelled(&tones::alarm(rate), rate, sound.target_db(), PEAK_DB),
        Sound::Syllable(s) => return parts::levelled(&speech::render(s, rate), rate, sound.target_db(), PEAK_DB),
        Sound::Pad(pad) => return parts::levelled(&pads::render(pad, rate), rate, sound.target_db(), PEAK_DB),
        own => bells::render(own, rate).unwrap_or_default(),
    };
    parts::fade_out(&mut out);
    parts::levelled(&out, rate, sound.target_db(), PEAK_DB)
}

/// One of every sound there is, families at several of their values: for tests and for the doctor.
#[must_use]
pub fn palette() -> Vec<Sound> {
    let mut all = Sound::ALWAYS.to_vec();
    all.push(Sound::Alarm);
    all.extend(Drum::ALL.map(Sound::Drum));
    for (hz, ms) in [(60.0, 300), (293.665, 80), (1_000.0, 10), (1_000.0, 50), (3_520.0, 200), (12_000.0, 40)] {
        all.push(Sound::Tone(Tone::new(hz, ms)));
    }
    for band in Band::ALL {
        all.extend([10, 100].map(|ms| Sound::Noise(Noise::new(band, ms))));
    }
    for onset in Onset::ALL {
        for vowel in Vowel::ALL {
            let stressed = (onset as usize + vowel as usize).is_multiple_of(2);
            all.push(Sound::Syllable(Syllable { onset, vowel, stressed }));
        }
    }
    all.push(Sound::Pad(Pad::Drone));
    for degree in [0, 3, 4, 5] {
        all.extend([Pad::Chord { degree, ms: 1_800 }, Pad::Bass { degree, ms: 400 }].map(Sound::Pad));
    }
    all
}

#[cfg(test)]
mod tests;
