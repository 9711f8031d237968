//! What a press and its verdict sound like, and when.
//!
//! Most drills sound each verdict as it falls. Where each response hangs on the one before it (drills.md, "amplify": at
//! phrase end), nothing may disturb what is still to come: every press sounds alike, and the phrase's worst verdict is
//! heard once, when the phrase is over.

use doozy_training::event::{Amplify, Drama, EventId, Judged, TrialPlan};

use super::score;
use crate::audio::Sound;

/// A sound now: which, how loud in dB, and how far left (−1) or right (+1).
pub type Voice = (Sound, f32, f32);

/// What every press of a phrase that withholds its verdicts sounds like ◇: a soft tick, that the hand is heard.
const PRESS: Voice = (Sound::Beat, -12.0, 0.0);

/// The trial in progress, as far as its sounds go.
#[derive(Clone, Copy, Debug, Default)]
pub struct Phrase {
    withholds: bool,
    /// Its scene has sounded.
    told: bool,
}

impl Phrase {
    #[must_use]
    pub fn of(plan: &TrialPlan) -> Self {
        Self { withholds: plan.terms.amplify == Amplify::AtPhraseEnd, told: false }
    }

    /// The sound of a press, before anything is known of it.
    #[must_use]
    pub fn pressed(&self) -> Option<Voice> {
        self.withholds.then_some(PRESS)
    }

    /// The sound of a verdict that may have `drama`.
    pub fn judged(&mut self, judged: &Judged, drama: Drama) -> Option<Voice> {
        if self.withholds {
            // What is granted a whole scene is granted it at the phrase's end.
            if drama != Drama::Full {
                return None;
            }
            self.told = true;
        }
        Some(score::verdict(judged, drama))
    }

    /// The sound of the phrase's end: its worst verdict's, where that has not been heard.
    #[must_use]
    pub fn ended(&self, judged: &[Judged], worst: Option<EventId>) -> Option<Voice> {
        if !self.withholds || self.told {
            return None;
        }
        let worst = judged.iter().find(|judged| Some(judged.event) == worst)?;
        Some(score::verdict(worst, Drama::Calm))
    }
}

#[cfg(test)]
mod tests {
    use doozy_training::{
        event::{EventKind, Measured, Side, Tier, TrialId},
        time::{HostTime, Nanos},
    };

    use super::*;

    fn phrase(amplify: Amplify) -> Phrase {
        Phrase { withholds: amplify == Amplify::AtPhraseEnd, told: false }
    }

    fn judged(event: u32, tier: Tier) -> Judged {
        Judged {
            event: EventId(event),
            trial: TrialId(0),
            kind: EventKind::Press,
            target: None,
            due: None,
            press: None,
            e: Some(Nanos::ms(90)),
            side: Side::Late,
            gain: 1.0,
            shown_ms: 90.0,
            u: 4.0,
            tier,
            tol_ms: 40.0,
            goal_ms: 20.0,
            measured: Measured::default(),
            t: HostTime(0),
        }
    }

    #[test]
    fn most_drills_sound_each_verdict_as_it_falls() {
        let mut phrase = phrase(Amplify::AtOnce);
        assert_eq!(phrase.pressed(), None);
        let miss = judged(0, Tier::Miss);
        assert_eq!(phrase.judged(&miss, Drama::Short), Some(score::verdict(&miss, Drama::Short)));
        assert_eq!(phrase.ended(&[miss], Some(EventId(0))), None);
    }

    #[test]
    fn a_phrase_that_withholds_tells_its_worst_once_and_at_its_end() {
        let mut phrase = phrase(Amplify::AtPhraseEnd);
        let all = [judged(0, Tier::Clean), judged(1, Tier::Miss), judged(2, Tier::Slip)];
        assert!(phrase.pressed().is_some());
        for one in &all {
            assert_eq!(phrase.judged(one, Drama::Calm), None, "an error was heard within the phrase");
        }
        assert_eq!(phrase.ended(&all, Some(EventId(1))), Some(score::verdict(&all[1], Drama::Calm)));
    }

    #[test]
    fn a_doozy_is_heard_with_its_scene_and_not_twice() {
        let mut phrase = phrase(Amplify::AtPhraseEnd);
        let all = [judged(0, Tier::Doozy)];
        assert_eq!(phrase.judged(&all[0], Drama::Calm), None);
        assert_eq!(phrase.judged(&all[0], Drama::Full), Some(score::verdict(&all[0], Drama::Full)));
        assert_eq!(phrase.ended(&all, Some(EventId(0))), None);
    }

    #[test]
    fn a_clean_phrase_rings_when_it_is_over() {
        let all = [judged(0, Tier::Clean)];
        let (sound, ..) = phrase(Amplify::AtPhraseEnd).ended(&all, Some(EventId(0))).unwrap();
        assert_eq!(sound, Sound::Bell);
    }
}
