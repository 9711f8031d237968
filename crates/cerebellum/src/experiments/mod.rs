//! Experiments in the model, as pure functions that return tables: protocol in, figures with 95 % intervals over seeds
//! out (cerebellum.md §2).
//!
//! Each says of itself whether it is calibrated (weights were scaled until its band held) or predicted (nothing was
//! tuned to it). Only the second kind is evidence about the circuit.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::parameters::Parameters;
use crate::rng::normal_quantile;
use crate::sum::tree_sum_f64;

pub mod chance;
pub mod competition;
pub mod conditioning;
pub mod curve;
pub mod pairing;
pub mod passage;
pub mod rest;
pub mod sweep;
pub mod synchrony;
pub mod timing;
pub mod transient;
pub mod volleys;

/// How much of a protocol is run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Effort {
    /// All of it: what bands are judged on.
    Full,
    /// As little as still shows directions, for tests.
    Brief,
}

impl Effort {
    /// `full`, or `brief` where little will do.
    pub fn pick<T>(self, full: T, brief: T) -> T {
        match self {
            Self::Full => full,
            Self::Brief => brief,
        }
    }
}

/// What an experiment runs on.
#[derive(Clone, Debug)]
pub struct Setup {
    pub parameters: Parameters,
    pub effort: Effort,
}

/// Simulated seconds in which a setup's circuit settles, about.
pub(crate) fn settling_seconds(setup: &Setup) -> f64 {
    f64::from(setup.parameters.circuit.forget + setup.parameters.circuit.settle) * 1e-3
}

/// Whether a band can speak for the circuit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    /// Weights were scaled until it held: no evidence.
    Calibrated,
    /// Nothing was tuned to it.
    Predicted,
}

/// Where a measure should lie; the whole 95 % interval must.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Band {
    /// −∞ and +∞ where it is open.
    pub low: f64,
    pub high: f64,
}

impl Band {
    #[must_use]
    pub const fn within(low: f64, high: f64) -> Self {
        Self { low, high }
    }

    #[must_use]
    pub const fn at_least(low: f64) -> Self {
        Self { low, high: f64::INFINITY }
    }

    #[must_use]
    pub const fn at_most(high: f64) -> Self {
        Self { low: f64::NEG_INFINITY, high }
    }

    #[must_use]
    pub fn holds(self, estimate: Estimate) -> bool {
        estimate.within(self.low, self.high)
    }
}

/// One number that an experiment measures, a value a seed.
#[derive(Clone, Debug, PartialEq)]
pub struct Measure {
    /// Its key in [`Sample::values`].
    pub key: &'static str,
    /// What people read: `MLI2 peak at s ≈ 0.36`.
    pub what: &'static str,
    pub unit: &'static str,
    pub band: Option<Band>,
    pub standing: Standing,
    /// Where the band comes from, and, where it is not reached, what was tried.
    pub note: &'static str,
}

/// A figure that an experiment draws from its series.
#[derive(Clone, Debug, PartialEq)]
pub struct Figure {
    /// Its key in [`Series::figure`].
    pub key: &'static str,
    pub title: &'static str,
    /// Axes with their units.
    pub x: &'static str,
    pub y: &'static str,
}

/// One line of a figure from one seed; the same name has the same `x` in every seed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Series {
    pub figure: String,
    pub name: String,
    pub x: Vec<f64>,
    pub y: Vec<f64>,
}

/// What one seed gave.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Sample {
    /// By the measures' keys; a measure that this seed could not give is missing.
    pub values: BTreeMap<String, f64>,
    pub series: Vec<Series>,
    /// Hash of every spike, so that two machines can be compared.
    pub spikes: u64,
}

impl Sample {
    pub fn value(&mut self, key: &str, value: f64) {
        self.values.insert(key.to_owned(), value);
    }

    pub fn line(&mut self, figure: &str, name: impl Into<String>, x: Vec<f64>, y: Vec<f64>) {
        self.series.push(Series { figure: figure.to_owned(), name: name.into(), x, y });
    }
}

/// An experiment in the model: a pure function of setup and seed.
pub trait Experiment: Sync {
    /// `E2`; lesions and therapies are `L1` ….
    fn id(&self) -> &'static str;
    fn title(&self) -> &'static str;
    /// What is done, in words.
    fn protocol(&self) -> &'static str;
    /// Who measured it in animals, or that nobody has.
    fn source(&self) -> &'static str;
    fn measures(&self) -> Vec<Measure>;
    fn figures(&self) -> Vec<Figure>;
    /// Simulated seconds that one seed takes, about: progress bars divide by it.
    fn seconds(&self, setup: &Setup) -> f64;
    /// Raised when protocol or measures change, so that results kept on disk are not mixed.
    fn version(&self) -> u32 {
        1
    }
    fn run(&self, setup: &Setup, seed: u64) -> Sample;
}

/// Every experiment, in the order of the table.
#[must_use]
pub fn all() -> &'static [&'static dyn Experiment] {
    &[
        &rest::Rest,
        &synchrony::Burst,
        &synchrony::Silence,
        &timing::Chain,
        &transient::Transient,
        &synchrony::Duration,
        &pairing::Excited,
        &competition::Competition,
        &synchrony::Jitter,
        &chance::Chance,
        &pairing::Polarity,
        &passage::Passage,
        &curve::Curve,
        &curve::Mappings,
        &sweep::Difficulty,
    ]
}

/// Mean over seeds with its 95 % interval.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Estimate {
    pub mean: f64,
    /// Half-width of the interval (Student); infinite for one seed.
    pub half: f64,
}

impl Estimate {
    /// From one value a seed.
    ///
    /// # Panics
    /// If there is no value.
    #[must_use]
    pub fn of(values: &[f64]) -> Self {
        assert!(!values.is_empty(), "an estimate needs a value");
        let n = values.len() as f64;
        let mean = tree_sum_f64(values) / n;
        let squares: Vec<f64> = values.iter().map(|x| (x - mean) * (x - mean)).collect();
        let variance = tree_sum_f64(&squares) / (n - 1.0);
        let half = if values.len() == 1 { f64::INFINITY } else { student_975(n - 1.0) * libm::sqrt(variance / n) };
        Self { mean, half }
    }

    #[must_use]
    pub fn low(self) -> f64 {
        self.mean - self.half
    }

    #[must_use]
    pub fn high(self) -> f64 {
        self.mean + self.half
    }

    /// Whether the whole interval lies in the band.
    #[must_use]
    pub fn within(self, low: f64, high: f64) -> bool {
        self.low() >= low && self.high() <= high
    }
}

/// 97.5 % quantile of Student's t (Cornish and Fisher's expansion; within 1 % from 4 degrees of freedom up).
fn student_975(df: f64) -> f64 {
    let z = normal_quantile(0.975);
    let z2 = z * z;
    z + z * (z2 + 1.0) / (4.0 * df)
        + z * (5.0 * z2 * z2 + 16.0 * z2 + 3.0) / (96.0 * df * df)
        + z * (3.0 * z2 * z2 * z2 + 19.0 * z2 * z2 + 17.0 * z2 - 15.0) / (384.0 * df * df * df)
}

/// Spearman's rank correlation, ties given their mean rank.
#[must_use]
pub fn spearman(x: &[f64], y: &[f64]) -> f64 {
    let (x, y) = (ranks(x), ranks(y));
    let n = x.len() as f64;
    let mean = (n + 1.0) / 2.0;
    let product = |a: &[f64], b: &[f64]| {
        let terms: Vec<f64> = a.iter().zip(b).map(|(a, b)| (a - mean) * (b - mean)).collect();
        tree_sum_f64(&terms)
    };
    product(&x, &y) / libm::sqrt(product(&x, &x) * product(&y, &y))
}

fn ranks(values: &[f64]) -> Vec<f64> {
    values
        .iter()
        .map(|v| {
            let below = values.iter().filter(|w| *w < v).count() as f64;
            let equal = values.iter().filter(|w| *w == v).count() as f64;
            below + (equal + 1.0) / 2.0
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_interval_is_students() {
        // t(0.975, 3) = 3.182; mean 2.5, SD 1.290994
        let estimate = Estimate::of(&[1.0, 2.0, 3.0, 4.0]);
        assert_eq!(estimate.mean, 2.5);
        assert!((estimate.half - 2.054).abs() < 0.02, "{}", estimate.half);
        // t(0.975, 19) = 2.0930
        assert!((student_975(19.0) - 2.0930).abs() < 1e-4);
        assert!(Estimate::of(&[1.0]).half.is_infinite());
    }

    #[test]
    fn the_whole_interval_must_lie_in_the_band() {
        let estimate = Estimate { mean: 0.5, half: 0.1 };
        assert!(estimate.within(0.4, 0.6));
        assert!(!estimate.within(0.45, 0.6));
    }

    #[test]
    fn rank_correlation_sees_order_alone() {
        assert_eq!(spearman(&[1.0, 2.0, 3.0, 4.0], &[9.0, 4.0, 1.0, 0.5]), -1.0);
        assert_eq!(spearman(&[1.0, 2.0, 3.0, 4.0], &[1.0, 8.0, 27.0, 64.0]), 1.0);
        // Ties share their mean rank: ranks 1, 2.5, 2.5, 4 against 1, 2, 3, 4.
        assert!((spearman(&[1.0, 2.0, 2.0, 3.0], &[1.0, 2.0, 3.0, 4.0]) - 0.948_683_298).abs() < 1e-9);
    }
}
