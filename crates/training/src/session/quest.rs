//! QUEST+ (Watson 2017) for one question: how widely do this player's errors spread? A grid of spreads, a posterior
//! over it, and the tolerance whose outcome is expected to leave the least entropy.
//!
//! Everything is in goal SDs, so one table serves every drill.

use std::sync::LazyLock;

use doozy_cerebellum::rng::normal_cdf;

use crate::level::{START_TOLERANCE, TOLERANCE_STEP, WIDEST_TOLERANCE};

/// Spreads on the grid, in goal SDs, evenly spaced in their logarithm.
const SPREADS: usize = 24;
const SPREAD: (f64, f64) = (0.4, 6.0);
/// Probability of a lapse, given rather than estimated: a staircase that asked for it would ask easy questions for ever.
const LAPSE: f64 = 0.02;
/// Weight that goes to each neighbour on the grid with every event ◇: without it the posterior ends on one spread, and every
/// question is as good as any other.
const DRIFT: f64 = 0.01;
/// Rungs whose outcomes are known: from the widest tolerance down to the goal SD.
const RUNGS: usize = 14;
const EASIEST: i32 = -4;

/// Probability of success by rung and spread.
struct Table {
    success: [[f64; SPREADS]; RUNGS],
}

static TABLE: LazyLock<Table> = LazyLock::new(|| {
    let mut success = [[0.0; SPREADS]; RUNGS];
    for (k, row) in success.iter_mut().enumerate() {
        let tolerance = tolerance(EASIEST + k as i32);
        for (cell, p) in row.iter_mut().enumerate() {
            let within = 2.0 * normal_cdf(tolerance / spread(cell)) - 1.0;
            *p = ((1.0 - LAPSE) * within).clamp(1e-6, 1.0 - 1e-6);
        }
    }
    Table { success }
});

/// In goal SDs.
fn tolerance(rung: i32) -> f64 {
    (START_TOLERANCE * libm::pow(TOLERANCE_STEP, f64::from(rung))).clamp(1.0, WIDEST_TOLERANCE)
}

fn spread(k: usize) -> f64 {
    let (least, most) = SPREAD;
    least * libm::pow(most / least, k as f64 / (SPREADS - 1) as f64)
}

/// What outcomes so far say of the player.
#[derive(Clone, Debug)]
pub struct Quest {
    posterior: [f64; SPREADS],
}

impl Default for Quest {
    fn default() -> Self {
        Self { posterior: [1.0 / SPREADS as f64; SPREADS] }
    }
}

impl Quest {
    /// Takes in an outcome at a rung; one beyond the tolerance's own rungs counts as the nearest of them.
    pub fn count(&mut self, rung: i32, success: bool) {
        self.learn(rung, success);
        self.drift();
    }

    fn learn(&mut self, rung: i32, success: bool) {
        let row = &TABLE.success[index(rung)];
        let mut sum = 0.0;
        for (weight, p) in self.posterior.iter_mut().zip(row) {
            *weight *= if success { *p } else { 1.0 - p };
            sum += *weight;
        }
        // a sum that is lost to rounding would leave nothing to divide
        if sum > 1e-300 {
            self.posterior.iter_mut().for_each(|weight| *weight /= sum);
        } else {
            *self = Self::default();
        }
    }

    /// The player changes: a little of every weight goes to its neighbours.
    fn drift(&mut self) {
        let before = self.posterior;
        for (k, weight) in self.posterior.iter_mut().enumerate() {
            let below = before[k.saturating_sub(1)];
            let above = before[(k + 1).min(SPREADS - 1)];
            *weight += DRIFT * (below - 2.0 * *weight + above);
        }
    }

    /// The rung whose outcome is expected to leave the least entropy; of equals the easiest.
    #[must_use]
    pub fn ask(&self) -> i32 {
        let mut best = (f64::INFINITY, EASIEST);
        for (k, row) in TABLE.success.iter().enumerate() {
            let entropy = self.expected_entropy(row);
            if entropy < best.0 - 1e-12 {
                best = (entropy, EASIEST + k as i32);
            }
        }
        best.1
    }

    fn expected_entropy(&self, row: &[f64; SPREADS]) -> f64 {
        // H after = Σ over outcomes of −Σ w p log(w p / P): the parts that do not hang on the rung are left out
        let mut success = 0.0;
        let mut inner = 0.0;
        for (weight, p) in self.posterior.iter().zip(row) {
            success += weight * p;
            inner += weight * binary_entropy(*p);
        }
        inner - binary_entropy(success)
    }

    /// Posterior mean of the log spread, as a spread in goal SDs.
    #[must_use]
    pub fn spread(&self) -> f64 {
        let log: f64 = self.posterior.iter().enumerate().map(|(cell, w)| w * libm::log(spread(cell))).sum();
        libm::exp(log)
    }
}

/// Entropy of a coin, nats.
fn binary_entropy(p: f64) -> f64 {
    let p = p.clamp(1e-12, 1.0 - 1e-12);
    -(p * libm::log(p) + (1.0 - p) * libm::log(1.0 - p))
}

fn index(rung: i32) -> usize {
    usize::try_from(rung - EASIEST).unwrap_or(0).min(RUNGS - 1)
}

#[cfg(test)]
mod tests {
    use doozy_cerebellum::rng::Stream;

    use super::*;

    #[test]
    fn it_finds_the_spread_that_there_is() {
        for truth in [0.7, 1.0, 1.6, 2.5] {
            let mut stream = Stream::named(3, "quest", 0);
            let mut quest = Quest::default();
            for _ in 0..400 {
                let rung = quest.ask();
                let hit = libm::fabs(truth * stream.gaussian()) <= tolerance(rung) && !stream.bernoulli(LAPSE);
                quest.count(rung, hit);
            }
            assert!((quest.spread() / truth - 1.0).abs() < 0.2, "{} for {truth}", quest.spread());
        }
    }

    #[test]
    fn what_it_asks_leaves_least_entropy_of_all_rungs() {
        let mut quest = Quest::default();
        (0..10).for_each(|_| quest.count(0, true));
        // by brute force: the posterior after each outcome
        let entropy = |quest: &Quest| -> f64 { quest.posterior.iter().map(|w| -w * libm::log(w.max(1e-300))).sum() };
        let expected: Vec<f64> = (0..RUNGS as i32)
            .map(|k| {
                let rung = EASIEST + k;
                let p: f64 = quest.posterior.iter().zip(&TABLE.success[index(rung)]).map(|(w, p)| w * p).sum();
                [true, false]
                    .map(|success| {
                        let mut after = quest.clone();
                        after.learn(rung, success);
                        (if success { p } else { 1.0 - p }) * entropy(&after)
                    })
                    .iter()
                    .sum()
            })
            .collect();
        let least = expected.iter().copied().fold(f64::INFINITY, f64::min);
        assert!(expected[index(quest.ask())] - least < 1e-9);
    }
}
