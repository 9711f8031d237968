//! The drama budget: how much scene an event may have, so that arousal does not become noise.

use std::collections::VecDeque;

use super::constants::{SCENE_EVENTS, SCENE_EVERY, SCENE_FULL, SCENE_SHORT, SCENES_MOST};
use crate::{
    event::{Drama, EventId, Tier},
    time::{HostTime, Nanos},
};

/// The most that a tier asks for.
#[must_use]
pub fn wish(tier: Tier) -> Drama {
    match tier {
        Tier::Clean | Tier::Slip => Drama::Calm,
        Tier::Miss => Drama::Short,
        Tier::Doozy => Drama::Full,
    }
}

/// How long a scene keeps the stage.
#[must_use]
pub fn length(drama: Drama) -> Nanos {
    match drama {
        Drama::Calm => Nanos::ZERO,
        Drama::Short => SCENE_SHORT,
        Drama::Full => SCENE_FULL,
    }
}

/// Full scenes granted so far, as far back as they count.
#[derive(Clone, Debug, Default)]
pub struct Budget {
    granted: VecDeque<(EventId, HostTime)>,
}

impl Budget {
    /// Grants `event` a full scene that begins at `t`, if neither the last five seconds nor the last 40 events forbid it.
    pub fn grant(&mut self, event: EventId, t: HostTime) -> bool {
        while self.granted.front().is_some_and(|(old, _)| old.0 + SCENE_EVENTS <= event.0) {
            self.granted.pop_front();
        }
        let rested = self.granted.back().is_none_or(|(_, last)| t - *last >= SCENE_EVERY);
        if !rested || self.granted.len() >= SCENES_MOST {
            return false;
        }
        self.granted.push_back((event, t));
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(ms: i64) -> HostTime {
        HostTime(0) + Nanos::ms(ms)
    }

    #[test]
    fn one_full_scene_in_five_seconds() {
        let mut budget = Budget::default();
        assert!(budget.grant(EventId(0), at(0)));
        assert!(!budget.grant(EventId(3), at(4_999)));
        assert!(budget.grant(EventId(4), at(5_000)));
    }

    #[test]
    fn six_full_scenes_in_forty_events() {
        let mut budget = Budget::default();
        let granted: Vec<u32> =
            (0..50).filter(|event| budget.grant(EventId(*event), at(i64::from(*event) * 6_000))).collect();
        assert_eq!(granted, [0, 1, 2, 3, 4, 5, 40, 41, 42, 43, 44, 45]);
    }

    #[test]
    fn only_a_doozy_wishes_for_a_full_scene() {
        assert_eq!(
            [Tier::Clean, Tier::Slip, Tier::Miss, Tier::Doozy].map(wish),
            [Drama::Calm, Drama::Calm, Drama::Short, Drama::Full]
        );
    }
}
