//! What the session knows of its player: the last windows and doses, the running success, the spread of presses.

use super::constants::{
    DOSE_PERCENTILE, MAD_TO_SD, OPEN, SD_PRESSES, SD_PRESSES_LEAST, SUCCESS_START, SUCCESS_WEIGHT, WINDOW_EVENTS,
};

/// One event whose window has taken effect.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Counted {
    pub success: bool,
    /// The network's window, 0…1.
    pub w: f64,
    /// The learning dose W · s, 0…1.
    pub dose: f64,
}

/// The last `N` values, in order of size too.
#[derive(Clone, Debug)]
struct Last<const N: usize> {
    /// By age, from `oldest` on once they are full.
    values: [f64; N],
    sorted: [f64; N],
    held: usize,
    oldest: usize,
}

impl<const N: usize> Last<N> {
    const EMPTY: Self = Self { values: [0.0; N], sorted: [0.0; N], held: 0, oldest: 0 };

    /// Takes in a value; returns the one that it displaces.
    fn push(&mut self, value: f64) -> Option<f64> {
        let place = |sorted: &[f64], value: f64| sorted.partition_point(|other| other.total_cmp(&value).is_lt());
        let mut displaced = None;
        if self.held == N {
            let old = std::mem::replace(&mut self.values[self.oldest], value);
            self.oldest = (self.oldest + 1) % N;
            let at = place(&self.sorted, old);
            self.sorted.copy_within(at + 1.., at);
            displaced = Some(old);
        } else {
            self.values[self.held] = value;
            self.held += 1;
        }
        let among = self.held - 1;
        let at = place(&self.sorted[..among], value);
        self.sorted.copy_within(at..among, at + 1);
        self.sorted[at] = value;
        displaced
    }

    fn sorted(&self) -> &[f64] {
        &self.sorted[..self.held]
    }
}

/// Counts over the events since the start or the last brake, and the player's last matched presses.
#[derive(Clone, Debug)]
pub struct History {
    windows: Last<WINDOW_EVENTS>,
    doses: Last<WINDOW_EVENTS>,
    /// Windows among them that opened.
    open: usize,
    success: f64,
    counted: u32,
    asynchronies_ms: Last<SD_PRESSES>,
    /// Of those, once there are enough.
    robust_sd_ms: Option<f64>,
}

impl Default for History {
    fn default() -> Self {
        Self {
            windows: Last::EMPTY,
            doses: Last::EMPTY,
            open: 0,
            success: SUCCESS_START,
            counted: 0,
            asynchronies_ms: Last::EMPTY,
            robust_sd_ms: None,
        }
    }
}

impl History {
    /// Takes in one event.
    pub fn count(&mut self, event: Counted) {
        if self.windows.push(event.w).is_some_and(|w| w > OPEN) {
            self.open -= 1;
        }
        self.open += usize::from(event.w > OPEN);
        self.doses.push(event.dose);
        self.counted += 1;
        self.success += SUCCESS_WEIGHT * (f64::from(u8::from(event.success)) - self.success);
    }

    /// Takes in the true asynchrony of a matched press, ms.
    pub fn matched(&mut self, e_ms: f64) {
        self.asynchronies_ms.push(e_ms);
        let sorted = self.asynchronies_ms.sorted();
        self.robust_sd_ms = (sorted.len() >= SD_PRESSES_LEAST).then(|| MAD_TO_SD * median_distance(sorted));
    }

    /// Starts every count afresh, as after a brake. The spread of the player's presses is no count and stays.
    pub fn restart(&mut self) {
        (self.windows, self.doses) = (Last::EMPTY, Last::EMPTY);
        self.open = 0;
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
        self.windows.held == WINDOW_EVENTS
    }

    /// Running success, 0…1.
    #[must_use]
    pub fn success(&self) -> f64 {
        self.success
    }

    /// Share of the last 24 events whose window opened; none before there are so many.
    #[must_use]
    pub fn open_share(&self) -> Option<f64> {
        self.is_full().then(|| self.open as f64 / WINDOW_EVENTS as f64)
    }

    /// 90th percentile of the dose over the last 24 events, linear between ranks; none before there are so many.
    #[must_use]
    pub fn high_dose(&self) -> Option<f64> {
        self.is_full().then(|| percentile(self.doses.sorted(), DOSE_PERCENTILE))
    }

    /// Robust SD of the last 40 matched presses, ms (1.4826 · MAD); none below 20 of them.
    #[must_use]
    pub fn robust_sd_ms(&self) -> Option<f64> {
        self.robust_sd_ms
    }
}

/// A quantile of values in order, of which there is one at least; linear between ranks.
fn percentile(sorted: &[f64], q: f64) -> f64 {
    let rank = q * (sorted.len() - 1) as f64;
    let below = rank as usize;
    let above = (below + 1).min(sorted.len() - 1);
    sorted[below] + (rank - below as f64) * (sorted[above] - sorted[below])
}

/// The median distance from the median, of values in order, two of them at least.
fn median_distance(sorted: &[f64]) -> f64 {
    let median = percentile(sorted, 0.5);
    let rank = 0.5 * (sorted.len() - 1) as f64;
    // outwards from the median: the nearest of both sides, again and again
    let mut above = sorted.partition_point(|value| *value < median);
    let mut below = above;
    let (mut at_rank, mut after) = (0.0, 0.0);
    for _ in 0..(rank as usize + 2).min(sorted.len()) {
        at_rank = after;
        let left = if below > 0 { (sorted[below - 1] - median).abs() } else { f64::INFINITY };
        let right = sorted.get(above).map_or(f64::INFINITY, |value| (value - median).abs());
        if left < right {
            after = left;
            below -= 1;
        } else {
            after = right;
            above += 1;
        }
    }
    at_rank + (rank - libm::floor(rank)) * (after - at_rank)
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
        let values = [-42.0, -31.0, -28.0, -25.0, -22.0, -18.0, -15.0, -10.0, 180.0];
        assert_eq!(percentile(&values, 0.5), -22.0);
        assert!((MAD_TO_SD * median_distance(&values) - 10.3782).abs() < 1e-12);
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

    #[test]
    fn what_is_kept_in_order_is_what_sorting_finds() {
        let mut stream = doozy_cerebellum::rng::Stream::named(1, "history", 0);
        let mut history = History::default();
        let (mut presses, mut events): (Vec<f64>, Vec<Counted>) = (Vec::new(), Vec::new());
        let sort = |values: &[f64]| {
            let mut sorted = values.to_vec();
            sorted.sort_by(f64::total_cmp);
            sorted
        };
        for n in 0..300 {
            // coarse, so that equal values meet
            let e = libm::round(4.0 * stream.gaussian()) / 4.0;
            presses.push(e);
            history.matched(e);
            let w = libm::round(8.0 * stream.uniform()) / 8.0;
            events.push(event(w, w * stream.uniform()));
            history.count(events[n]);
            let last = |count: usize| n + 1 - count.min(n + 1);
            let recent = sort(&presses[last(SD_PRESSES)..]);
            if recent.len() >= SD_PRESSES_LEAST {
                let median = percentile(&recent, 0.5);
                let distances = sort(&recent.iter().map(|value| (value - median).abs()).collect::<Vec<_>>());
                assert_eq!(history.robust_sd_ms(), Some(MAD_TO_SD * percentile(&distances, 0.5)), "{n}");
            }
            let recent = &events[last(WINDOW_EVENTS)..];
            if recent.len() == WINDOW_EVENTS {
                let doses = sort(&recent.iter().map(|event| event.dose).collect::<Vec<_>>());
                assert_eq!(history.high_dose(), Some(percentile(&doses, DOSE_PERCENTILE)));
                let open = recent.iter().filter(|event| event.w > OPEN).count();
                assert_eq!(history.open_share(), Some(open as f64 / WINDOW_EVENTS as f64));
            }
        }
    }
}
