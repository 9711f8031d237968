//! The model that is fitted: Wing and Kristofferson's clock and hand with linear phase and period correction
//! (skill.md §4.1), and how likely it makes a row of asynchronies.
//!
//! With `Â = A − μ` known where a tap was seen, the timekeeper's phase `S` and the period's excess `d` follow
//! `S' = S + d − α·Â + ξ`, `d' = d − β·Â`, and `Â = S + M`. That is a linear state with two numbers, so a Kalman filter gives
//! the exact likelihood, whatever taps are missing.

use serde::{Deserialize, Serialize};

/// Timing of one person at one interval.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Timing {
    /// The asynchrony that feels simultaneous, μ, ms; negative is early.
    pub bias: f64,
    /// Phase correction: share of an asynchrony that the next tap corrects.
    pub alpha: f64,
    /// Period correction: share of an asynchrony that the period takes on.
    pub beta: f64,
    /// SD of the clock over the interval, σ_T, ms.
    pub clock: f64,
    /// SD of the hand's delay, σ_M, ms.
    pub motor: f64,
}

/// What the search moves; the rest follows. β as a share of α and σ_M as a share of σ_T keep within their bounds by
/// construction.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Shape {
    pub alpha: f64,
    /// β / α.
    pub period: f64,
    /// σ_M / σ_T.
    pub hand: f64,
}

/// Bounds of a [`Shape`], least and most. α: below 0.02 a trial of thirty taps tells nothing of a return to the beat, and
/// above 1.5 corrections overshoot by half ◇. β below 0.9 α: at α the state is no longer stable (skill.md §4.1). σ_M at most
/// σ_T: without that bound α and σ_M are not told apart (Jacoby 2015).
pub(super) const BOUNDS: [(f64, f64); 3] = [(0.02, 1.5), (0.0, 0.9), (0.0, 1.0)];

impl Shape {
    pub fn from_array([alpha, period, hand]: [f64; 3]) -> Self {
        Self { alpha, period, hand }
    }

    pub fn beta(self) -> f64 {
        self.alpha * self.period
    }
}

/// Sums over the innovations of all trials, from which bias and scale are found in closed form.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Sums {
    /// Innovations counted.
    pub n: f64,
    /// Σ ln F, F the variance of an innovation where σ_T = 1.
    pub logs: f64,
    /// Σ v·v/F of the taps, of a constant 1, and of both.
    pub taps: f64,
    pub ones: f64,
    pub both: f64,
}

impl Sums {
    /// Filters trials through a clock of SD 1 ms.
    pub fn of(trials: &[Vec<Option<f64>>], shape: Shape) -> Self {
        let start = Filter::at_rest(shape);
        let mut sums = Self::default();
        for trial in trials {
            let mut filter = start;
            for tap in trial {
                filter.step(*tap, shape, &mut sums);
            }
        }
        sums
    }

    /// The bias that makes the taps most likely.
    pub fn bias(&self) -> f64 {
        if self.ones > 0.0 { self.both / self.ones } else { 0.0 }
    }

    /// Σ v²/F at a bias.
    pub fn square(&self, bias: f64) -> f64 {
        (self.taps - 2.0 * bias * self.both + bias * bias * self.ones).max(1e-12)
    }

    /// The clock's SD that makes the taps most likely, ms; the bias has been taken from the same taps.
    pub fn clock(&self, bias: f64) -> f64 {
        libm::sqrt(self.square(bias) / (self.n - 1.0).max(1.0))
    }

    /// Log-likelihood of all contrasts among the taps, whatever the bias (restricted likelihood), without its constant. The
    /// plain one takes the estimated bias for the true one, and finds period correction where there is none.
    pub fn restricted(&self, clock: f64) -> f64 {
        let variance = clock * clock;
        let bias = libm::log(self.ones.max(1e-12) / variance);
        self.log_likelihood(self.bias(), clock) - 0.5 * bias
    }

    /// Log-likelihood without its constant.
    pub fn log_likelihood(&self, bias: f64, clock: f64) -> f64 {
        let variance = clock * clock;
        -0.5 * (self.n * libm::log(variance) + self.logs + self.square(bias) / variance)
    }
}

/// Mean and covariance of (S, d); the mean once for the taps and once for a constant 1, which is how the bias enters.
#[derive(Clone, Copy)]
struct Filter {
    taps: [f64; 2],
    ones: [f64; 2],
    /// Of S, of both, of d.
    p: [f64; 3],
}

/// F·P·Fᵀ for a symmetric P.
fn carried(p: [f64; 3], [[a, b], [c, d]]: [[f64; 2]; 2]) -> [f64; 3] {
    let [s, m, e] = p;
    [
        a * a * s + 2.0 * a * b * m + b * b * e,
        a * c * s + (a * d + b * c) * m + b * d * e,
        c * c * s + 2.0 * c * d * m + d * d * e,
    ]
}

fn product(x: [[f64; 2]; 2], y: [[f64; 2]; 2]) -> [[f64; 2]; 2] {
    core::array::from_fn(|i| core::array::from_fn(|j| x[i][0] * y[0][j] + x[i][1] * y[1][j]))
}

impl Filter {
    /// As a player stands who has long followed the beat: the sum Σ Aᵏ Q (Aᵏ)ᵀ, by doubling.
    fn at_rest(shape: Shape) -> Self {
        let mut a = [[1.0 - shape.alpha, 1.0], [-shape.beta(), 1.0]];
        let m = shape.hand * shape.hand;
        let (alpha, beta) = (shape.alpha, shape.beta());
        let mut p = [1.0 + alpha * alpha * m, alpha * beta * m, beta * beta * m];
        // without period correction the period is what it is: the right one
        if shape.period == 0.0 {
            a[0][1] = 0.0;
        }
        for _ in 0..8 {
            let more = carried(p, a);
            p = [p[0] + more[0], p[1] + more[1], p[2] + more[2]];
            a = product(a, a);
        }
        Self { taps: [0.0; 2], ones: [0.0; 2], p }
    }

    fn step(&mut self, tap: Option<f64>, shape: Shape, sums: &mut Sums) {
        let (alpha, beta, m) = (shape.alpha, shape.beta(), shape.hand * shape.hand);
        let Some(tap) = tap else {
            let a = [[1.0 - alpha, 1.0], [-beta, 1.0]];
            for mean in [&mut self.taps, &mut self.ones] {
                *mean = [a[0][0] * mean[0] + mean[1], a[1][0] * mean[0] + mean[1]];
            }
            let moved = carried(self.p, a);
            self.p = [moved[0] + 1.0 + alpha * alpha * m, moved[1] + alpha * beta * m, moved[2] + beta * beta * m];
            return;
        };
        let [s, c, d] = self.p;
        let f = s + m;
        let (gain_s, gain_d) = (s / f, c / f);
        let (v, one) = (tap - self.taps[0], 1.0 - self.ones[0]);
        sums.n += 1.0;
        sums.logs += libm::log(f);
        sums.taps += v * v / f;
        sums.ones += one * one / f;
        sums.both += v * one / f;
        for (mean, seen, v) in [(&mut self.taps, tap, v), (&mut self.ones, 1.0, one)] {
            let (phase, excess) = (mean[0] + gain_s * v, mean[1] + gain_d * v);
            *mean = [phase + excess - alpha * seen, excess - beta * seen];
        }
        let (s, c, d) = (s - gain_s * s, c - gain_s * c, d - gain_d * c);
        self.p = [s + 2.0 * c + d + 1.0, c + d, d];
    }
}

#[cfg(test)]
mod tests {
    use doozy_cerebellum::rng::Stream;

    use super::*;

    /// Log-likelihood of one trial by the covariance matrix of all its taps, written out and eliminated.
    fn by_matrix(taps: &[f64], shape: Shape, bias: f64, clock: f64) -> f64 {
        let (n, burn) = (taps.len(), 2_000);
        // responses of A to each unit shock, from long before the first tap
        let steps = burn + n;
        let response = |shock: usize, of_hand: bool| {
            let (mut s, mut d) = (0.0, 0.0);
            let mut out = vec![0.0; n];
            for t in shock..steps {
                let m = if of_hand && t == shock { 1.0 } else { 0.0 };
                let a = s + m;
                if t >= burn {
                    out[t - burn] = a;
                }
                let xi = if !of_hand && t == shock { 1.0 } else { 0.0 };
                (s, d) = (s + d - shape.alpha * a + xi, d - shape.beta() * a);
            }
            out
        };
        let mut k = vec![vec![0.0; n]; n];
        for shock in 0..steps {
            for (of_hand, variance) in [(false, 1.0), (true, shape.hand * shape.hand)] {
                let r = response(shock, of_hand);
                for i in 0..n {
                    for j in 0..n {
                        k[i][j] += variance * clock * clock * r[i] * r[j];
                    }
                }
            }
        }
        let mut y: Vec<f64> = taps.iter().map(|tap| tap - bias).collect();
        let (mut log, mut square) = (0.0, 0.0);
        for i in 0..n {
            log += libm::log(k[i][i]);
            square += y[i] * y[i] / k[i][i];
            for j in i + 1..n {
                let share = k[j][i] / k[i][i];
                y[j] -= share * y[i];
                let pivot = k[i].clone();
                for (value, above) in k[j].iter_mut().zip(&pivot).skip(i) {
                    *value -= share * above;
                }
            }
        }
        -0.5 * (log + square)
    }

    #[test]
    fn the_filter_gives_the_likelihood_of_the_whole_covariance() {
        let mut stream = Stream::named(1, "likelihood", 0);
        let taps: Vec<f64> = (0..8).map(|_| 20.0 * stream.gaussian() - 30.0).collect();
        for shape in [[0.4, 0.0, 0.5], [0.6, 0.3, 0.8], [1.2, 0.1, 0.0]].map(Shape::from_array) {
            let trial: Vec<Option<f64>> = taps.iter().copied().map(Some).collect();
            let sums = Sums::of(&[trial], shape);
            let (bias, clock) = (-25.0, 17.0);
            let (found, expected) = (sums.log_likelihood(bias, clock), by_matrix(&taps, shape, bias, clock));
            assert!((found - expected).abs() < 1e-6, "{shape:?}: {found} for {expected}");
        }
    }

    #[test]
    fn a_missing_tap_is_one_that_is_summed_over() {
        // the likelihood without a tap is the ratio of two with it: density of the rest = ∫ over the missing one
        let shape = Shape::from_array([0.5, 0.2, 0.7]);
        let trial = |middle: Option<f64>| vec![vec![Some(5.0), Some(-3.0), middle, Some(8.0), Some(1.0)]];
        let density = |tap: f64| libm::exp(Sums::of(&trial(Some(tap)), shape).log_likelihood(0.0, 10.0));
        let step = 0.25;
        let integral: f64 = (-800..=800).map(|k| step * density(step * f64::from(k))).sum();
        // both leave out ½ ln 2π an innovation
        let without = Sums::of(&trial(None), shape).log_likelihood(0.0, 10.0);
        let expected = libm::log(integral) - 0.5 * libm::log(core::f64::consts::TAU);
        assert!((without - expected).abs() < 1e-6, "{without} for {expected}");
    }

    #[test]
    fn at_rest_without_period_correction_the_phase_has_the_formulas_variance() {
        let shape = Shape::from_array([0.25, 0.0, 8.0 / 15.0]);
        let rest = Filter::at_rest(shape).p[0] * 225.0;
        let formula = crate::learner::production::phase_variance(0.25, 15.0, 8.0);
        assert!((rest / formula - 1.0).abs() < 1e-9, "{rest} for {formula}");
    }
}
