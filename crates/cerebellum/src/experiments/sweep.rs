//! The share of open windows at a given spread of errors: what the thresholds of the difficulty rule rest on
//! (training.md §6).

use super::{Estimate, curve};
use crate::network::{Lesion, Network, Response};
use crate::presets::Preset;
use crate::rng::Stream;

/// A player's spread and gain, and what the network makes of it.
#[derive(Clone, Copy, Debug)]
pub struct Row {
    /// SD of the errors over goal SD.
    pub spread: f64,
    pub gain: f64,
    /// Share of events with W > 0.5.
    pub open: Estimate,
    /// 90th percentile of the dose.
    pub dose_90: Estimate,
    /// Share open under the closed form.
    pub closed_form: f64,
}

/// Displayed size of an error of `x` goal SDs under `gain` (training.md §4): amplified from the tolerance on.
#[must_use]
pub fn displayed(x: f64, gain: f64, tolerance: f64) -> f64 {
    let size = x.abs();
    let more = if size > tolerance { (gain - 1.0) * 4.0 * libm::tanh(size / 4.0) } else { 0.0 };
    (size + more).min(crate::olive::U_MAX)
}

/// Gaussian errors of every spread and gain, `events` a seed. `tolerance` in goal SDs says from where errors are
/// amplified.
#[must_use]
pub fn run(
    preset: Preset,
    seeds: core::ops::Range<u64>,
    conditions: &[(f64, f64, f64)],
    events: u32,
) -> Vec<Row> {
    let mut networks: Vec<(u64, Network)> =
        seeds.map(|seed| (seed, Network::new(preset, seed, Lesion::None))).collect();
    conditions
        .iter()
        .enumerate()
        .map(|(k, &(spread, gain, tolerance))| {
            let mut closed = Vec::new();
            let answers: Vec<Vec<Response>> = networks
                .iter_mut()
                .map(|(seed, network)| {
                    let mut stream = Stream::named(*seed, "experiment errors", k as u64);
                    let sizes: Vec<f64> =
                        (0..events).map(|_| displayed(spread * stream.gaussian(), gain, tolerance)).collect();
                    closed.extend(sizes.iter().map(|u| f64::from(u8::from(crate::closed_form::window(*u) > 0.5))));
                    curve::answer_all(network, k as u32 * events, sizes.into_iter())
                })
                .collect();
            let over = |f: &dyn Fn(&[Response]) -> f64| {
                Estimate::of(&answers.iter().map(|a| f(a)).collect::<Vec<f64>>())
            };
            Row {
                spread,
                gain,
                open: over(&|a| a.iter().filter(|r| r.w > 0.5).count() as f64 / a.len() as f64),
                dose_90: over(&|a| {
                    let mut doses: Vec<f64> = a.iter().map(|r| r.dose).collect();
                    doses.sort_by(f64::total_cmp);
                    doses[doses.len() * 9 / 10]
                }),
                closed_form: Estimate::of(&closed).mean,
            }
        })
        .collect()
}
