//! Policies: who asks for the next gain and the next step of difficulty. Guard, brake, novice rule and bounds stand
//! around every policy alike, so a policy only proposes.

use serde::{Deserialize, Serialize};

use super::{
    constants::{DOSE_AIM, GAIN_RATE, OPEN_TOO_FEW, OPEN_TOO_MANY},
    history::History,
};
use crate::event::{Decider, Step};

/// How gain and difficulty follow the player.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Policy {
    /// By the share of events that opened the learning window, and by their dose (training.md §6).
    #[default]
    Window,
    /// Difficulty as the level starts, and one gain (1…2).
    Fixed { gain: f64 },
}

impl Policy {
    /// The step asked for, by what the history shows; asked once every few events.
    #[must_use]
    pub fn step(self, history: &History) -> Option<Step> {
        match self {
            Self::Window => {
                let open = history.open_share()?;
                if open < OPEN_TOO_FEW {
                    Some(Step::Harder)
                } else if open > OPEN_TOO_MANY {
                    Some(Step::Easier)
                } else {
                    None
                }
            }
            Self::Fixed { .. } => None,
        }
    }

    /// The gain asked for after one more event, before bounds; `gain` is the one last asked for.
    #[must_use]
    pub fn gain(self, history: &History, gain: f64) -> f64 {
        match self {
            Self::Window => history.high_dose().map_or(gain, |dose| gain + GAIN_RATE * (DOSE_AIM - dose)),
            Self::Fixed { gain } => gain,
        }
    }

    /// Who is named as the decider of what this policy asks for.
    #[must_use]
    pub fn decider(self) -> Decider {
        match self {
            Self::Window => Decider::Window,
            Self::Fixed { .. } => Decider::Fixed,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{super::history::Counted, *};

    fn history(open: usize, dose: f64) -> History {
        let mut history = History::default();
        for event in 0..24 {
            history.count(Counted { success: true, w: if event < open { 0.9 } else { 0.1 }, dose });
        }
        history
    }

    #[test]
    fn few_open_windows_ask_for_harder_and_many_for_easier() {
        // 4 of 24 is 0.167, 5 is 0.208; 8 is 0.333, 9 is 0.375
        assert_eq!(Policy::Window.step(&history(4, 0.0)), Some(Step::Harder));
        assert_eq!(Policy::Window.step(&history(5, 0.0)), None);
        assert_eq!(Policy::Window.step(&history(8, 0.0)), None);
        assert_eq!(Policy::Window.step(&history(9, 0.0)), Some(Step::Easier));
    }

    #[test]
    fn gain_moves_by_a_tenth_of_the_doses_distance_from_its_aim() {
        assert!((Policy::Window.gain(&history(4, 0.15), 1.2) - 1.24).abs() < 1e-12);
        assert!((Policy::Window.gain(&history(4, 0.75), 1.2) - 1.18).abs() < 1e-12);
    }

    #[test]
    fn before_twenty_four_events_everything_holds() {
        assert_eq!(Policy::Window.step(&History::default()), None);
        assert_eq!(Policy::Window.gain(&History::default(), 1.3), 1.3);
    }

    #[test]
    fn a_fixed_policy_asks_for_nothing() {
        let fixed = Policy::Fixed { gain: 1.5 };
        assert_eq!(fixed.step(&history(0, 0.0)), None);
        assert_eq!(fixed.gain(&history(0, 0.0), 1.0), 1.5);
    }
}
