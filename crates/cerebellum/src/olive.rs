//! The olive: which climbing fibres an error recruits, and when each fires (training.md §5, cerebellum.md §5.1).
//!
//! That a fibre's share rises with the size of a sensory event is evidence (Najafi 2014); that a game's error drives
//! the olive like an air puff, and every constant marked ◇, is our invention.

use serde::{Deserialize, Serialize};

use crate::parameters::{choice, settings};
use crate::rng::{Stream, normal_quantile};
use crate::shape::{self, Misfit};

/// Largest error size, in goal SDs.
pub const U_MAX: f64 = 4.0;
/// Fibres within this of the volley's centre are synchronous, ms (cerebellum.md §2).
pub const SYNCHRONY_MS: u64 = 10;
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
    /// As rising up to `peak`; errors beyond it are trusted less and recruit fewer (Marko 2012: sensitivity to an error
    /// falls with its size; the course ◇).
    Declining,
    /// Any error recruits `share`; its size moves the fibres' timing alone (Herzfeld 2018).
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
        /// What a large error adds ◇. With `floor` at most 1.
        rise: f64 [0, 1] "",
        /// Error size at half rise ◇: with 1.5 an error of one goal SD already opened the window.
        half: f64 [0.1, 10] "goal SD",
        /// Declining: error size that recruits most fibres ◇.
        peak: f64 [0.1, 10] "goal SD",
        /// Declining: error size, from `peak` on, over which what an error adds falls to 1/e ◇.
        decline: f64 [0.01, 100] "goal SD",
        /// Timing only: share of fibres that any error recruits ◇ (the rising curve's at `half`).
        share: f64 [0, 1] "",
        /// Jitter (SD) of the fibres about the volley's centre, however large the error ◇.
        jitter: f64 [0, 100] "ms",
        /// What is added to it for a vanishing error ◇; falls to 1/e with each goal SD (that it falls: Najafi 2014).
        jitter_small: f64 [0, 100] "ms",
        /// Shared olive input at full coupling (copula correlation) ◇.
        coupled: f64 [0, 0.99] "",
        /// Share of threshold-like fibres (Najafi 2014: 42 %).
        threshold_share: f64 [0, 0.95] "",
        /// Spontaneous rate of a fibre (Najafi 2014: median 0.7, 0.4–1.4).
        spontaneous: f64 [0.001, 10] "Hz",
    }
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            mapping: Mapping::Rising,
            floor: 0.02,
            rise: 0.78,
            half: 2.2,
            peak: 2.2,
            decline: 1.0,
            share: 0.41,
            jitter: 4.0,
            jitter_small: 14.0,
            coupled: 0.3,
            threshold_share: 0.4,
            spontaneous: 1.0,
        }
    }
}

impl Settings {
    /// The cooperative part of the curve, 0…1.
    fn growth(&self, u: f64) -> f64 {
        let u3 = u * u * u;
        u3 / (u3 + self.half * self.half * self.half)
    }

    /// What an error of size `u` adds for a fibre that it drives fully.
    fn ceiling(&self, u: f64) -> f64 {
        match self.mapping {
            Mapping::Declining if u > self.peak => self.rise * libm::exp(-(u - self.peak) / self.decline),
            Mapping::Rising | Mapping::Declining => self.rise,
            Mapping::TimingOnly if u > 0.0 => self.share - self.floor,
            Mapping::TimingOnly => 0.0,
        }
    }

    /// p(u): probability that a fibre joins the volley of an error of size `u` (0…4, capped).
    #[must_use]
    pub fn recruitment(&self, u: f64) -> f64 {
        let u = u.clamp(0.0, U_MAX);
        match self.mapping {
            Mapping::Rising => self.floor + self.rise * self.growth(u),
            Mapping::Declining => self.floor + self.ceiling(u) * self.growth(u.min(self.peak)),
            Mapping::TimingOnly => self.floor + self.ceiling(u),
        }
    }

    /// SD of the fibres' times about the volley's centre, ms.
    #[must_use]
    pub fn jitter_sd_ms(&self, u: f64) -> f64 {
        self.jitter + self.jitter_small * libm::exp(-u.clamp(0.0, U_MAX))
    }

    /// How far from its centre a volley of size `u` can reach, ms.
    #[must_use]
    pub fn jitter_cut_ms(&self, u: f64) -> f64 {
        (JITTER_CUT_SD * self.jitter_sd_ms(u)).min(JITTER_CUT_MS)
    }
}

/// The fibres of one microzone.
///
/// 40 % of them are threshold cells: silent (but for the floor) below their own error size, near the top above it.
/// Their thresholds follow the rising curve itself, evenly spaced in its quantiles, and the graded cells take up what is
/// left, so that the population's mean is p(u) exactly at every u. Where size moves the timing alone, all are alike.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Fibres {
    settings: Settings,
    /// Own threshold of a threshold cell; infinite where graded.
    thresholds: Vec<f64>,
    threshold_cells: usize,
}

impl Fibres {
    /// `n` fibres; `stream` decides which of them are threshold cells.
    pub fn new(settings: &Settings, n: usize, stream: &mut Stream) -> Self {
        let threshold_cells = libm::round(settings.threshold_share * n as f64) as usize;
        let mut order: Vec<usize> = (0..n).collect();
        stream.shuffle(&mut order);
        let mut thresholds = vec![f64::INFINITY; n];
        for (k, &fibre) in order.iter().take(threshold_cells).enumerate() {
            let q = (k as f64 + 0.5) / threshold_cells as f64;
            thresholds[fibre] = settings.half * libm::cbrt(q / (1.0 - q));
        }
        Self { settings: settings.clone(), thresholds, threshold_cells }
    }

    #[must_use]
    pub fn count(&self) -> usize {
        self.thresholds.len()
    }

    /// Probability of each fibre to join a volley of size `u`, written to `out`.
    pub fn probabilities(&self, u: f64, out: &mut Vec<f64>) {
        let u = u.clamp(0.0, U_MAX);
        let p = self.settings.recruitment(u);
        out.clear();
        if self.settings.mapping == Mapping::TimingOnly {
            out.resize(self.count(), p);
            return;
        }
        let (floor, ceiling) = (self.settings.floor, self.settings.ceiling(u));
        // Beyond the peak of a declining curve nobody joins who did not at the peak.
        let reached = if self.settings.mapping == Mapping::Declining { u.min(self.settings.peak) } else { u };
        let above = self.thresholds.iter().filter(|t| **t < reached).count();
        let n = self.count() as f64;
        let graded = (self.count() - self.threshold_cells) as f64;
        let by_threshold = floor * self.threshold_cells as f64 + ceiling * above as f64;
        let rest = (n * p - by_threshold) / graded;
        out.extend(self.thresholds.iter().map(|t| match () {
            () if t.is_infinite() => rest,
            () if *t < reached => floor + ceiling,
            () => floor,
        }));
    }

    /// That there are `n` fibres.
    pub(crate) fn fits(&self, settings: &Settings, n: usize) -> Result<(), Misfit> {
        shape::settings("climbing fibres", &self.settings, settings)?;
        shape::length("climbing fibres: thresholds", &self.thresholds, n)?;
        shape::below("climbing fibres: threshold cells", &[self.threshold_cells as u64], n as u64 + 1)
    }

    /// Draws a volley: calls `fire(fibre, offset_ms)` in the order of fibres, offsets relative to the centre.
    ///
    /// `coupling` 0…1 is the olive's state; 0 makes the fibres independent.
    pub fn volley(&self, u: f64, coupling: f64, stream: &mut Stream, mut fire: impl FnMut(usize, f64)) {
        let mut p = Vec::with_capacity(self.count());
        self.probabilities(u, &mut p);
        let rho = self.settings.coupled * coupling.clamp(0.0, 1.0);
        draw(p, rho, self.settings.jitter_sd_ms(u), self.settings.jitter_cut_ms(u), stream, &mut fire);
    }
}

/// Draws a volley of fibres that join with probabilities `p`, their shared input correlated by `rho`, at times with an SD of
/// `sd` ms about the centre, no further from it than `cut` ms: calls `fire(fibre, offset_ms)` in the order of fibres.
pub(crate) fn draw(
    p: impl IntoIterator<Item = f64>,
    rho: f64,
    sd: f64,
    cut: f64,
    stream: &mut Stream,
    mut fire: impl FnMut(usize, f64),
) {
    let shared = libm::sqrt(rho) * stream.gaussian();
    let own = libm::sqrt(1.0 - rho);
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

/// Spontaneous firing of a zone's fibres: independent, found by skipping from one event to the next.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Spontaneous {
    stream: Stream,
    fibres: u64,
    /// Probability of a fibre to fire in a step.
    probability: f64,
    /// Next event as step × fibres + fibre.
    next: u64,
}

impl Spontaneous {
    /// `fibres` that fire at `rate` (Hz) each.
    #[must_use]
    pub fn new(rate: f64, fibres: usize, mut stream: Stream) -> Self {
        let probability = rate * 1e-3;
        let next = stream.gap(probability);
        Self { stream, fibres: fibres as u64, probability, next }
    }

    /// That there are `fibres`.
    pub(crate) fn fits(&self, fibres: usize) -> Result<(), Misfit> {
        shape::same("climbing fibres", self.fibres, fibres as u64)?;
        shape::below("climbing fibres: next spike", &[self.next], shape::LATEST)
    }

    /// The set of fibres that fire at `step`, one bit each. Steps must be asked in order.
    pub fn at(&mut self, step: u64) -> u64 {
        let mut set = 0;
        while self.next / self.fibres == step {
            set |= 1 << (self.next % self.fibres);
            self.next += 1 + self.stream.gap(self.probability);
        }
        set
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fibres() -> Fibres {
        of(Mapping::Rising)
    }

    fn settings(mapping: Mapping) -> Settings {
        Settings { mapping, ..Settings::default() }
    }

    fn of(mapping: Mapping) -> Fibres {
        Fibres::new(&settings(mapping), 32, &mut Stream::named(1, "test fibres", 0))
    }

    #[test]
    fn the_share_of_fibres_follows_the_curve_of_the_contract() {
        let settings = settings(Mapping::Rising);
        assert_eq!(settings.recruitment(0.0), 0.02);
        assert_eq!(settings.recruitment(2.2), 0.02 + 0.39);
        assert_eq!(settings.recruitment(9.0), settings.recruitment(4.0));
    }

    #[test]
    fn a_declining_curve_is_the_rising_one_up_to_its_peak_and_falls_beyond() {
        let (rising, declining) = (settings(Mapping::Rising), settings(Mapping::Declining));
        for u in [0.0, 0.7, 1.5, 2.2] {
            assert_eq!(declining.recruitment(u), rising.recruitment(u));
        }
        let beyond: Vec<f64> = [2.2, 2.6, 3.0, 3.5, 4.0].map(|u| declining.recruitment(u)).into();
        assert!(beyond.windows(2).all(|pair| pair[0] > pair[1]), "{beyond:?}");
        assert!((declining.recruitment(3.2) - (0.02 + 0.39 * libm::exp(-1.0))).abs() < 1e-15);
    }

    #[test]
    fn where_size_moves_the_timing_alone_every_error_recruits_the_same_share() {
        let settings = settings(Mapping::TimingOnly);
        assert_eq!(settings.recruitment(0.0), 0.02);
        assert!([0.1, 1.0, 4.0].iter().all(|u| (settings.recruitment(*u) - 0.41).abs() < 1e-15));
        assert!(settings.jitter_sd_ms(0.1) > 3.0 * settings.jitter_sd_ms(4.0));
    }

    #[test]
    fn the_population_mean_is_the_curve_although_cells_differ() {
        for mapping in [Mapping::Rising, Mapping::Declining, Mapping::TimingOnly] {
            let fibres = of(mapping);
            let mut p = Vec::new();
            for step in 0..=160 {
                let u = f64::from(step) / 40.0;
                fibres.probabilities(u, &mut p);
                assert!(p.iter().all(|p| (0.0..=1.0).contains(p)), "{mapping:?}, u = {u}: {p:?}");
                assert!((tree_mean(&p) - settings(mapping).recruitment(u)).abs() < 1e-14, "{mapping:?}, u = {u}");
            }
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
        let floor = p.iter().filter(|p| **p == 0.02).count();
        let top = p.iter().filter(|p| **p == 0.02 + 0.78).count();
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
        assert!((alone - 32.0 * settings(Mapping::Rising).recruitment(2.0)).abs() < 0.2, "{alone}");
        assert!((coupled - 32.0 * settings(Mapping::Rising).recruitment(2.0)).abs() < 0.4, "{coupled}");
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
            assert!(offsets.iter().all(|offset| offset.abs() <= settings(Mapping::Rising).jitter_cut_ms(u)));
            let squares: Vec<f64> = offsets.iter().map(|offset| offset * offset).collect();
            libm::sqrt(tree_mean(&squares))
        };
        let settings = settings(Mapping::Rising);
        assert!((settings.jitter_sd_ms(0.0) - 18.0).abs() < 1e-12);
        // A cut at 2.5 SD takes 5 % off the SD.
        assert!((spread(4.0) / settings.jitter_sd_ms(4.0) - 0.95).abs() < 0.02);
        assert!(spread(1.0) > 1.8 * spread(4.0));
    }

    #[test]
    fn spontaneous_fibres_fire_once_a_second_each() {
        let mut spontaneous = Spontaneous::new(1.0, 32, Stream::named(4, "test spontaneous", 0));
        let spikes: u32 = (0..1_000_000).map(|step| spontaneous.at(step).count_ones()).sum();
        assert!((f64::from(spikes) / 32_000.0 - 1.0).abs() < 0.02, "{spikes}");
    }
}
