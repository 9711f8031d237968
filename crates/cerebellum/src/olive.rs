//! The olive: which climbing fibres an error recruits, and when each fires (training.md §5, cerebellum.md §5.1).
//!
//! That a fibre's share rises with the size of a sensory event is evidence (Najafi 2014); that a game's error drives
//! the olive like an air puff, and every constant marked ◇, is our invention.

use serde::{Deserialize, Serialize};

use crate::parameters::{choice, settings};
use crate::rng::{Stream, normal_quantile};

/// Largest error size, in goal SDs.
pub const U_MAX: f64 = 4.0;
/// Share of fibres that fire without any error: 1 Hz in 20 ms.
pub const P_FLOOR: f64 = 0.02;
/// What a large error adds ◇.
pub const P_RISE: f64 = 0.78;
/// Error size at half rise ◇: with 1.5 an error of one goal SD already opened the window.
pub const U_HALF: f64 = 2.2;
/// Shared olive input at full coupling (copula correlation) ◇.
pub const RHO_COUPLED: f64 = 0.3;
/// Threshold-like fibres; Najafi 2014 counts 42 %.
pub const THRESHOLD_SHARE: f64 = 0.4;
/// Fibres within this of the volley's centre are synchronous, ms (cerebellum.md §2).
pub const SYNCHRONY_MS: u64 = 10;
/// Spontaneous rate of a fibre, Hz (Najafi 2014: median 0.7, 0.4–1.4).
pub const SPONTANEOUS_HZ: f64 = 1.0;
/// Jitter is cut at this many SDs, so that a volley keeps within the pathway's latency.
const JITTER_CUT_SD: f64 = 2.5;
/// … and at this many ms: half of the span between the shortest and the longest latency.
const JITTER_CUT_MS: f64 = 25.0;

/// What the size of an error does to the volley: three published alternatives.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mapping {
    /// Larger errors recruit more fibres, closer together (Najafi 2014).
    #[default]
    Rising,
    /// Larger errors are trusted less (Marko 2012).
    Declining,
    /// Size moves the timing of the fibres, not their number (Herzfeld 2018).
    TimingOnly,
}

choice!(Mapping { Rising => "rising", Declining => "declining", TimingOnly => "timing_only" });

settings! {
    /// How errors recruit climbing fibres.
    pub struct Settings {
        /// What the size of an error does to the volley.
        mapping: Mapping [] "",
        /// Share of fibres that fire without any error (1 Hz in 20 ms).
        floor: f64 [0, 1] "",
        /// What a large error adds.
        rise: f64 [0, 1] "",
        /// Error size at half rise.
        half: f64 [0.1, 10] "goal SD",
        /// Shared olive input at full coupling (copula correlation).
        coupled: f64 [0, 0.99] "",
        /// Share of threshold-like fibres (Najafi 2014: 42 %).
        threshold_share: f64 [0, 1] "",
        /// Spontaneous rate of a fibre (Najafi 2014: median 0.7, 0.4–1.4).
        spontaneous: f64 [0, 10] "Hz",
    }
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            mapping: Mapping::Rising,
            floor: P_FLOOR,
            rise: P_RISE,
            half: U_HALF,
            coupled: RHO_COUPLED,
            threshold_share: THRESHOLD_SHARE,
            spontaneous: SPONTANEOUS_HZ,
        }
    }
}

/// The cooperative part of the curve, 0…1.
fn rise(u: f64) -> f64 {
    let u3 = u * u * u;
    u3 / (u3 + U_HALF * U_HALF * U_HALF)
}

/// p(u): probability that a fibre joins the volley of an error of size `u` (0…4, capped).
#[must_use]
pub fn recruitment(u: f64) -> f64 {
    P_FLOOR + P_RISE * rise(u.clamp(0.0, U_MAX))
}

/// SD of the fibres' times about the volley's centre, ms (falls with strength: Najafi 2014; numbers ◇).
#[must_use]
pub fn jitter_sd_ms(u: f64) -> f64 {
    4.0 + 14.0 * libm::exp(-u.clamp(0.0, U_MAX))
}

/// How far from its centre a volley of size `u` can reach, ms.
#[must_use]
pub fn jitter_cut_ms(u: f64) -> f64 {
    (JITTER_CUT_SD * jitter_sd_ms(u)).min(JITTER_CUT_MS)
}

/// The fibres of one microzone.
///
/// 40 % of them are threshold cells: silent (but for the floor) below their own error size, near the top above it.
/// Their thresholds follow the curve itself, evenly spaced in its quantiles, and the graded cells take up what is left,
/// so that the population's mean is p(u) exactly at every u.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Fibres {
    /// Own threshold of a threshold cell; infinite where graded.
    thresholds: Vec<f64>,
    threshold_cells: usize,
}

impl Fibres {
    /// `n` fibres; `stream` decides which of them are threshold cells.
    pub fn new(n: usize, stream: &mut Stream) -> Self {
        let threshold_cells = libm::round(THRESHOLD_SHARE * n as f64) as usize;
        let mut order: Vec<usize> = (0..n).collect();
        stream.shuffle(&mut order);
        let mut thresholds = vec![f64::INFINITY; n];
        for (k, &fibre) in order.iter().take(threshold_cells).enumerate() {
            let q = (k as f64 + 0.5) / threshold_cells as f64;
            thresholds[fibre] = U_HALF * libm::cbrt(q / (1.0 - q));
        }
        Self { thresholds, threshold_cells }
    }

    #[must_use]
    pub fn count(&self) -> usize {
        self.thresholds.len()
    }

    /// Probability of each fibre to join a volley of size `u`, written to `out`.
    pub fn probabilities(&self, u: f64, out: &mut Vec<f64>) {
        let u = u.clamp(0.0, U_MAX);
        let p = recruitment(u);
        let above = self.thresholds.iter().filter(|t| **t < u).count();
        let n = self.count() as f64;
        let graded = (self.count() - self.threshold_cells) as f64;
        let by_threshold = P_FLOOR * self.threshold_cells as f64 + P_RISE * above as f64;
        let rest = (n * p - by_threshold) / graded;
        out.clear();
        out.extend(self.thresholds.iter().map(|t| match () {
            () if t.is_infinite() => rest,
            () if *t < u => P_FLOOR + P_RISE,
            () => P_FLOOR,
        }));
    }

    /// Draws a volley: calls `fire(fibre, offset_ms)` in the order of fibres, offsets relative to the centre.
    ///
    /// `coupling` 0…1 is the olive's state; 0 makes the fibres independent.
    pub fn volley(&self, u: f64, coupling: f64, stream: &mut Stream, mut fire: impl FnMut(usize, f64)) {
        let mut p = Vec::with_capacity(self.count());
        self.probabilities(u, &mut p);
        let rho = RHO_COUPLED * coupling.clamp(0.0, 1.0);
        let shared = libm::sqrt(rho) * stream.gaussian();
        let own = libm::sqrt(1.0 - rho);
        let sd = jitter_sd_ms(u);
        let cut = jitter_cut_ms(u);
        for (fibre, p) in p.into_iter().enumerate() {
            let joins = normal_quantile(p) + shared + own * stream.gaussian() > 0.0;
            // Redrawn rather than clamped: clamping would pile fibres on the edge and make synchrony of its own.
            let mut offset = sd * stream.gaussian();
            while offset < -cut || offset > cut {
                offset = sd * stream.gaussian();
            }
            if joins {
                fire(fibre, offset);
            }
        }
    }
}

/// Spontaneous firing of a zone's fibres: independent, found by skipping from one event to the next.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Spontaneous {
    stream: Stream,
    fibres: u64,
    /// Next event as step × fibres + fibre.
    next: u64,
}

impl Spontaneous {
    #[must_use]
    pub fn new(fibres: usize, mut stream: Stream) -> Self {
        let next = stream.gap(SPONTANEOUS_HZ * 1e-3);
        Self { stream, fibres: fibres as u64, next }
    }

    /// The set of fibres that fire at `step`, one bit each. Steps must be asked in order.
    pub fn at(&mut self, step: u64) -> u64 {
        let mut set = 0;
        while self.next / self.fibres == step {
            set |= 1 << (self.next % self.fibres);
            self.next += 1 + self.stream.gap(SPONTANEOUS_HZ * 1e-3);
        }
        set
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fibres() -> Fibres {
        Fibres::new(32, &mut Stream::named(1, "test fibres", 0))
    }

    #[test]
    fn the_share_of_fibres_follows_the_curve_of_the_contract() {
        assert_eq!(recruitment(0.0), 0.02);
        assert_eq!(recruitment(U_HALF), 0.02 + 0.39);
        assert_eq!(recruitment(9.0), recruitment(4.0));
    }

    #[test]
    fn the_population_mean_is_the_curve_although_cells_differ() {
        let fibres = fibres();
        let mut p = Vec::new();
        for step in 0..=160 {
            let u = f64::from(step) / 40.0;
            fibres.probabilities(u, &mut p);
            assert!(p.iter().all(|p| (0.0..=1.0).contains(p)), "u = {u}: {p:?}");
            assert!((tree_mean(&p) - recruitment(u)).abs() < 1e-14, "u = {u}");
        }
    }

    fn tree_mean(values: &[f64]) -> f64 {
        crate::sum::tree_sum_f64(values) / values.len() as f64
    }

    #[test]
    fn two_fifths_of_the_fibres_have_a_threshold_of_their_own() {
        let fibres = fibres();
        let mut p = Vec::new();
        fibres.probabilities(2.0, &mut p);
        let floor = p.iter().filter(|p| **p == P_FLOOR).count();
        let top = p.iter().filter(|p| **p == P_FLOOR + P_RISE).count();
        assert_eq!(floor + top, 13);
        assert_eq!(top, fibres.thresholds.iter().filter(|t| **t < 2.0).count());
    }

    /// Mean and variance of the number of fibres that join a volley of size `u`.
    fn joined(u: f64, coupling: f64) -> (f64, f64) {
        let fibres = fibres();
        let mut stream = Stream::named(2, "test volleys", 0);
        let counts: Vec<f64> = (0..4_000)
            .map(|_| {
                let mut joined = 0.0;
                fibres.volley(u, coupling, &mut stream, |_, _| joined += 1.0);
                joined
            })
            .collect();
        let mean = tree_mean(&counts);
        let squares: Vec<f64> = counts.iter().map(|c| (c - mean) * (c - mean)).collect();
        (mean, tree_mean(&squares))
    }

    #[test]
    fn shared_olive_input_spreads_the_volleys_but_keeps_their_mean() {
        let (alone, alone_variance) = joined(2.0, 0.0);
        let (coupled, coupled_variance) = joined(2.0, 1.0);
        assert!((alone - 32.0 * recruitment(2.0)).abs() < 0.2, "{alone}");
        assert!((coupled - 32.0 * recruitment(2.0)).abs() < 0.4, "{coupled}");
        assert!(coupled_variance > 5.0 * alone_variance, "{coupled_variance} against {alone_variance}");
    }

    #[test]
    fn fibres_of_a_large_error_fire_closer_together() {
        let spread = |u: f64| {
            let fibres = fibres();
            let mut stream = Stream::named(3, "test volleys", 0);
            let mut offsets = Vec::new();
            for _ in 0..500 {
                fibres.volley(u, 1.0, &mut stream, |_, offset| offsets.push(offset));
            }
            assert!(offsets.iter().all(|offset| offset.abs() <= jitter_cut_ms(u)));
            let squares: Vec<f64> = offsets.iter().map(|offset| offset * offset).collect();
            libm::sqrt(tree_mean(&squares))
        };
        assert!((jitter_sd_ms(0.0) - 18.0).abs() < 1e-12);
        // A cut at 2.5 SD takes 5 % off the SD.
        assert!((spread(4.0) / jitter_sd_ms(4.0) - 0.95).abs() < 0.02);
        assert!(spread(1.0) > 1.8 * spread(4.0));
    }

    #[test]
    fn spontaneous_fibres_fire_once_a_second_each() {
        let mut spontaneous = Spontaneous::new(32, Stream::named(4, "test spontaneous", 0));
        let spikes: u32 = (0..1_000_000).map(|step| spontaneous.at(step).count_ones()).sum();
        assert!((f64::from(spikes) / 32_000.0 - 1.0).abs() < 0.02, "{spikes}");
    }
}
