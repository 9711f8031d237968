//! What the session knows of its player: the last windows and doses, the running success, the spread of presses.

use std::collections::VecDeque;

use super::constants::{
    DOSE_PERCENTILE, MAD_TO_SD, OPEN, SD_PRESSES, SD_PRESSES_LEAST, SUCCESS_START, SUCCESS_WEIGHT, WINDOW_EVENTS,
};

/// One event whose window has taken effect.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Counted {
    pub success: bool,
    /// The network's window, 0…1.
    pub w: f64,
    /// The learning dose W · s, 0…1.
    pub dose: f64,
}

/// Counts over the events since the start or the last brake, and the player's last matched presses.
#[derive(Clone, Debug)]
pub struct History {
    recent: VecDeque<Counted>,
    success: f64,
    counted: u32,
    asynchronies_ms: VecDeque<f64>,
}

impl Default for History {
    fn default() -> Self {
        Self {
            recent: VecDeque::with_capacity(WINDOW_EVENTS),
            success: SUCCESS_START,
            counted: 0,
            asynchronies_ms: VecDeque::with_capacity(SD_PRESSES),
        }
    }
}

impl History {
    /// Takes in one event.
    pub fn count(&mut self, event: Counted) {
        if self.recent.len() == WINDOW_EVENTS {
            self.recent.pop_front();
        }
        self.recent.push_back(event);
        self.counted += 1;
        self.success += SUCCESS_WEIGHT * (f64::from(u8::from(event.success)) - self.success);
    }

    /// Takes in the true asynchrony of a matched press, ms.
    pub fn matched(&mut self, e_ms: f64) {
        if self.asynchronies_ms.len() == SD_PRESSES {
            self.asynchronies_ms.pop_front();
        }
        self.asynchronies_ms.push_back(e_ms);
    }

    /// Starts every count afresh, as after a brake. The spread of the player's presses is no count and stays.
    pub fn restart(&mut self) {
        self.recent.clear();
        self.counted = 0;
        self.success = SUCCESS_START;
    }

    /// Events since the last restart.
    #[must_use]
    pub fn counted(&self) -> u32 {
        self.counted
    }

    /// Whether enough events exist to read windows and doses from.
    #[must_use]
    pub fn is_full(&self) -> bool {
        self.recent.len() == WINDOW_EVENTS
    }

    /// Running success, 0…1.
    #[must_use]
    pub fn success(&self) -> f64 {
        self.success
    }

    /// Share of the last 24 events whose window opened; none before there are so many.
    #[must_use]
    pub fn open_share(&self) -> Option<f64> {
        self.is_full().then(|| self.recent.iter().filter(|event| event.w > OPEN).count() as f64 / WINDOW_EVENTS as f64)
    }

    /// 90th percentile of the dose over the last 24 events, linear between ranks; none before there are so many.
    #[must_use]
    pub fn high_dose(&self) -> Option<f64> {
        self.is_full().then(|| {
            let mut doses: Vec<f64> = self.recent.iter().map(|event| event.dose).collect();
            percentile(&mut doses, DOSE_PERCENTILE)
        })
    }

    /// Robust SD of the last 40 matched presses, ms (1.4826 · MAD); none below 20 of them.
    #[must_use]
    pub fn robust_sd_ms(&self) -> Option<f64> {
        (self.asynchronies_ms.len() >= SD_PRESSES_LEAST).then(|| {
            let mut values: Vec<f64> = self.asynchronies_ms.iter().copied().collect();
            let median = percentile(&mut values, 0.5);
            let mut distances: Vec<f64> = values.iter().map(|value| (value - median).abs()).collect();
            MAD_TO_SD * percentile(&mut distances, 0.5)
        })
    }
}

/// A quantile of non-empty values, linear between ranks; sorts them.
fn percentile(values: &mut [f64], q: f64) -> f64 {
    values.sort_by(f64::total_cmp);
    let rank = q * (values.len() - 1) as f64;
    let below = rank as usize;
    let above = (below + 1).min(values.len() - 1);
    values[below] + (rank - below as f64) * (values[above] - values[below])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(w: f64, dose: f64) -> Counted {
        Counted { success: true, w, dose }
    }

    #[test]
    fn windows_are_read_from_the_twenty_fourth_event_on() {
        let mut history = History::default();
        for _ in 0..23 {
            history.count(event(0.9, 0.3));
        }
        assert_eq!(history.open_share(), None);
        assert_eq!(history.high_dose(), None);
        history.count(event(0.5, 0.3));
        // 23 of 24: a window of exactly 0.5 has not opened
        assert_eq!(history.open_share(), Some(23.0 / 24.0));
        history.count(event(0.1, 0.3));
        assert_eq!(history.open_share(), Some(22.0 / 24.0));
    }

    #[test]
    fn the_ninetieth_percentile_of_a_ramp() {
        let mut history = History::default();
        for rank in 0..24 {
            history.count(event(0.0, f64::from(rank)));
        }
        // rank 0.9 · 23 = 20.7
        assert!((history.high_dose().unwrap() - 20.7).abs() < 1e-12);
    }

    #[test]
    fn success_starts_at_its_aim_and_moves_by_a_tenth() {
        let mut history = History::default();
        history.count(Counted { success: false, w: 0.0, dose: 0.0 });
        assert!((history.success() - 0.72).abs() < 1e-12);
        history.count(Counted { success: true, w: 0.0, dose: 0.0 });
        assert!((history.success() - 0.748).abs() < 1e-12);
    }

    #[test]
    fn a_robust_sd_needs_twenty_presses_and_forgets_after_forty() {
        let mut history = History::default();
        for press in 0..19 {
            history.matched(f64::from(press));
        }
        assert_eq!(history.robust_sd_ms(), None);
        history.matched(19.0);
        // 0…19: median 9.5, distances 0.5, 0.5, 1.5, …: median of them 5
        assert!((history.robust_sd_ms().unwrap() - 1.4826 * 5.0).abs() < 1e-12);
        for _ in 0..40 {
            history.matched(3.0);
        }
        assert_eq!(history.robust_sd_ms(), Some(0.0));
    }

    #[test]
    fn one_wild_press_hardly_moves_the_robust_sd() {
        // science/skill.md §6.5: median −22, MAD 7, robust SD 10.3782 with a press at +180 among nine
        let mut values = [-42.0, -31.0, -28.0, -25.0, -22.0, -18.0, -15.0, -10.0, 180.0];
        let median = percentile(&mut values, 0.5);
        let mut distances = values.map(|value| (value - median).abs());
        assert_eq!(median, -22.0);
        assert!((MAD_TO_SD * percentile(&mut distances, 0.5) - 10.3782).abs() < 1e-12);
    }

    #[test]
    fn a_brake_clears_the_counts_but_not_the_spread() {
        let mut history = History::default();
        for press in 0..24 {
            history.count(Counted { success: false, w: 1.0, dose: 0.5 });
            history.matched(f64::from(press % 2));
        }
        history.restart();
        assert_eq!(history.counted(), 0);
        assert_eq!(history.open_share(), None);
        assert_eq!(history.success(), 0.80);
        assert!(history.robust_sd_ms().is_some());
    }
}
