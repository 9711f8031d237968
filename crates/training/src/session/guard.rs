//! The safety guard: nobody is held where they fail, whatever a policy asks for.
//!
//! The success guard trims single steps; the brake ends a run of failures.

use std::collections::VecDeque;

use super::constants::{
    BRAKE_EVENTS, BRAKE_FAILURES, BRAKE_ROW_EVENTS, BRAKE_STREAK, BRAKES_TO_REST, CALM_EVENTS, SUCCESS_EASIER,
    SUCCESS_NO_EASIER, SUCCESS_NO_HARDER,
};
use crate::event::{Decider, Step};

/// What remains of a policy's wish at this running success, and who decided it.
#[must_use]
pub fn review(asked: Option<Step>, by: Decider, success: f64) -> Option<(Step, Decider)> {
    match asked {
        Some(Step::Easier) if success > SUCCESS_NO_EASIER => None,
        Some(Step::Easier) => Some((Step::Easier, by)),
        _ if success < SUCCESS_EASIER => Some((Step::Easier, Decider::Guard)),
        Some(Step::Harder) if success < SUCCESS_NO_HARDER => None,
        Some(Step::Harder) => Some((Step::Harder, by)),
        None => None,
    }
}

/// What a verdict meant to the brake.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    Go,
    /// Tripped, for the so-many-th time in a row.
    Braked {
        in_a_row: u8,
    },
}

/// Counts failures as verdicts fall, so that an event that trips it is already calmer.
#[derive(Clone, Debug, Default)]
pub struct Brake {
    failed: VecDeque<bool>,
    streak: u32,
    calm_left: u32,
    in_a_row: u8,
    /// Events counted since the calm ones after the last brake.
    since: u32,
}

impl Brake {
    /// Takes in one verdict.
    pub fn count(&mut self, success: bool) -> Verdict {
        if self.calm_left > 0 {
            self.calm_left -= 1;
            return Verdict::Go;
        }
        self.since = self.since.saturating_add(1);
        if self.failed.len() == BRAKE_EVENTS {
            self.failed.pop_front();
        }
        self.failed.push_back(!success);
        self.streak = if success { 0 } else { self.streak + 1 };
        if self.since >= BRAKE_ROW_EVENTS {
            self.in_a_row = 0;
        }
        let failures = self.failed.iter().filter(|failed| **failed).count();
        if success || (self.streak < BRAKE_STREAK && failures < BRAKE_FAILURES) {
            return Verdict::Go;
        }
        self.in_a_row += 1;
        let verdict = Verdict::Braked { in_a_row: self.in_a_row };
        self.failed.clear();
        self.streak = 0;
        self.since = 0;
        self.calm_left = CALM_EVENTS;
        verdict
    }

    /// Whether the events after a brake are still to be calm.
    #[must_use]
    pub fn is_calm(&self) -> bool {
        self.calm_left > 0
    }

    /// Whether so many brakes came in a row that the player should rest.
    #[must_use]
    pub fn asks_for_rest(&self) -> bool {
        self.in_a_row >= BRAKES_TO_REST
    }

    /// A rested player starts afresh; the events that the last brake made calm stay so.
    pub fn rested(&mut self) {
        *self = Self { calm_left: self.calm_left, ..Self::default() };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const S: bool = true;
    const F: bool = false;

    fn first_brake(verdicts: &[bool]) -> Option<usize> {
        let mut brake = Brake::default();
        verdicts.iter().position(|success| brake.count(*success) != Verdict::Go)
    }

    #[test]
    fn the_guard_holds_eases_and_keeps() {
        let by = Decider::Window;
        assert_eq!(review(Some(Step::Harder), by, 0.76), Some((Step::Harder, by)));
        assert_eq!(review(Some(Step::Harder), by, 0.74), None);
        assert_eq!(review(Some(Step::Harder), by, 0.69), Some((Step::Easier, Decider::Guard)));
        assert_eq!(review(None, by, 0.71), None);
        assert_eq!(review(None, by, 0.69), Some((Step::Easier, Decider::Guard)));
        assert_eq!(review(Some(Step::Easier), by, 0.69), Some((Step::Easier, by)));
        assert_eq!(review(Some(Step::Easier), by, 0.87), Some((Step::Easier, by)));
        assert_eq!(review(Some(Step::Easier), by, 0.89), None);
        assert_eq!(review(None, by, 0.89), None);
    }

    #[test]
    fn four_failures_in_a_row_brake() {
        assert_eq!(first_brake(&[F, S, F, F, F, F]), Some(5));
        assert_eq!(first_brake(&[F, F, F, S, F, F]), None);
    }

    #[test]
    fn six_failures_in_ten_brake() {
        assert_eq!(first_brake(&[F, S, F, F, S, F, F, S, S, F]), Some(9));
        assert_eq!(first_brake(&[F, S, F, F, S, F, F, S, S, S, F]), None, "the first failure is eleven events old");
    }

    #[test]
    fn eight_calm_events_then_counts_start_afresh() {
        let mut brake = Brake::default();
        let tripped: Vec<usize> = (0..30).filter(|_| brake.count(F) != Verdict::Go).collect();
        assert_eq!(tripped, [3, 15, 27]);
        assert!(brake.asks_for_rest());
        brake.rested();
        assert!(!brake.asks_for_rest());
        // two of the eight calm events are past: six more, then the fourth failure
        let tripped: Vec<_> =
            (0..12).map(|n| (n, brake.count(F))).filter(|(_, verdict)| *verdict != Verdict::Go).collect();
        assert_eq!(tripped, [(9, Verdict::Braked { in_a_row: 1 })]);
    }

    #[test]
    fn a_rest_at_once_leaves_all_eight_events_calm() {
        let mut brake = Brake::default();
        while !brake.asks_for_rest() {
            brake.count(F);
        }
        brake.rested();
        let calm = (0..20).take_while(|_| brake.is_calm() && brake.count(F) == Verdict::Go).count();
        assert_eq!(calm, CALM_EVENTS as usize);
    }

    #[test]
    fn a_filled_history_between_brakes_ends_their_row() {
        let mut brake = Brake::default();
        for _ in 0..4 {
            brake.count(F);
        }
        for _ in 0..8 + 24 {
            assert_eq!(brake.count(S), Verdict::Go);
        }
        let last = (0..4).map(|_| brake.count(F)).last();
        assert_eq!(last, Some(Verdict::Braked { in_a_row: 1 }));
    }
}
