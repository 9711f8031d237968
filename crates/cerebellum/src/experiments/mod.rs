//! Experiments in the model, as pure functions that return tables: protocol in, figures with 95 % intervals over seeds
//! out (cerebellum.md §2).
//!
//! Each says of itself whether it is calibrated (weights were scaled until its band held) or predicted (nothing was
//! tuned to it). Only the second kind is evidence about the circuit.

use crate::rng::normal_quantile;
use crate::sum::tree_sum_f64;

pub mod chance;
pub mod curve;
pub mod sweep;
pub mod synchrony;

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
