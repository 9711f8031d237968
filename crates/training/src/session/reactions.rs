//! How fast the player usually responds, and how late a stop signal may come: the running numbers of drills of reaction.

use std::collections::VecDeque;

use super::constants::{
    REACTION_START, REACTIONS, REACTIONS_LEAST, STOP_DELAY_MOST, STOP_DELAY_START, STOP_DELAY_STEP,
};
use crate::time::Nanos;

#[derive(Clone, Debug)]
pub(super) struct Reactions {
    /// The last correct ones, oldest first.
    times: VecDeque<Nanos>,
    stop_delay: Nanos,
}

impl Default for Reactions {
    fn default() -> Self {
        Self { times: VecDeque::with_capacity(REACTIONS), stop_delay: STOP_DELAY_START }
    }
}

impl Reactions {
    /// Takes in a correct response's time from its signal.
    pub fn count(&mut self, time: Nanos) {
        if self.times.len() == REACTIONS {
            self.times.pop_front();
        }
        self.times.push_back(time);
    }

    /// The usual reaction time: the median of the last correct ones, of an even number the mean of the middle two.
    pub fn usual(&self) -> Nanos {
        if self.times.len() < REACTIONS_LEAST {
            return REACTION_START;
        }
        let mut times: Vec<i64> = self.times.iter().map(|time| time.0).collect();
        times.sort_unstable();
        let middle = times.len() / 2;
        Nanos(if times.len().is_multiple_of(2) { (times[middle - 1] + times[middle]) / 2 } else { times[middle] })
    }

    /// From the signal to go to the signal to stop.
    pub fn stop_delay(&self) -> Nanos {
        self.stop_delay
    }

    /// A stop trial is over: withheld, the next one is harder; responded to, easier (one up, one down).
    pub fn stopped(&mut self, withheld: bool) {
        let moved = if withheld { self.stop_delay + STOP_DELAY_STEP } else { self.stop_delay - STOP_DELAY_STEP };
        self.stop_delay = moved.max(STOP_DELAY_STEP).min(STOP_DELAY_MOST);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn before_ten_reactions_a_player_is_taken_to_need_450_ms() {
        let mut reactions = Reactions::default();
        for n in 0..9 {
            reactions.count(Nanos::ms(300 + n));
        }
        assert_eq!(reactions.usual(), Nanos::ms(450));
        reactions.count(Nanos::ms(309));
        assert_eq!(reactions.usual(), Nanos(304_500_000));
    }

    #[test]
    fn only_the_last_twenty_count() {
        let mut reactions = Reactions::default();
        for n in 0..40 {
            reactions.count(Nanos::ms(if n < 20 { 900 } else { 300 + n }));
        }
        assert_eq!(reactions.usual(), Nanos(329_500_000));
    }

    #[test]
    fn the_stop_delay_goes_one_up_one_down_and_stays_in_bounds() {
        let mut reactions = Reactions::default();
        let mut delays = vec![reactions.stop_delay()];
        for withheld in [true, true, false, false, false, false, false, false] {
            reactions.stopped(withheld);
            delays.push(reactions.stop_delay());
        }
        assert_eq!(delays, [200, 250, 300, 250, 200, 150, 100, 50, 50].map(Nanos::ms));
        for _ in 0..20 {
            reactions.stopped(true);
        }
        assert_eq!(reactions.stop_delay(), Nanos::ms(500));
    }
}
