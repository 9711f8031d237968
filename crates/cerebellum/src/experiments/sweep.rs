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
pub fn run(preset: Preset, seeds: core::ops::Range<u64>, conditions: &[(f64, f64, f64)], events: u32) -> Vec<Row> {
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
            let over =
                |f: &dyn Fn(&[Response]) -> f64| Estimate::of(&answers.iter().map(|a| f(a)).collect::<Vec<f64>>());
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

/// Where the gain comes to rest at a spread, and how the share of open windows scatters there.
#[derive(Clone, Copy, Debug)]
pub struct Rest {
    pub spread: f64,
    pub gain: Estimate,
    /// Share of events with W > 0.5.
    pub open: Estimate,
    /// Share of moments at which 3, and 4, or fewer of the last 24 windows were open.
    pub at_most_3: Estimate,
    pub at_most_4: Estimate,
    /// Share of moments at which 9, and 10, or more were.
    pub at_least_9: Estimate,
    pub at_least_10: Estimate,
}

/// Events that the gain rule looks back on, and its target and rate (training.md §6.2).
const LOOK_BACK: usize = 24;
const DOSE_TARGET: f64 = 0.55;
const GAIN_RATE: f64 = 0.1;

/// Plays Gaussian errors with the gain rule in force and the tolerance at 80 % success, never below the goal; the
/// first quarter of the events is left out.
#[must_use]
pub fn rest(preset: Preset, seeds: core::ops::Range<u64>, spreads: &[f64], events: u32) -> Vec<Rest> {
    let mut networks: Vec<(u64, Network)> =
        seeds.map(|seed| (seed, Network::new(preset, seed, Lesion::None))).collect();
    spreads
        .iter()
        .enumerate()
        .map(|(k, &spread)| {
            let tolerance = (1.2816 * spread).max(1.0);
            let runs: Vec<[f64; 6]> = networks
                .iter_mut()
                .map(|(seed, network)| {
                    let mut stream = Stream::named(*seed, "experiment player", k as u64);
                    let mut gain: f64 = 1.0;
                    let mut recent: std::collections::VecDeque<(f64, bool)> = std::collections::VecDeque::new();
                    let mut sums = [0.0; 6];
                    let mut counted = 0.0;
                    for event in 0..events {
                        let u = displayed(spread * stream.gaussian(), gain, tolerance);
                        let answers = curve::answer_all(network, k as u32 * events + event, core::iter::once(u));
                        recent.extend(answers.iter().map(|r| (r.dose, r.w > 0.5)));
                        if recent.len() > LOOK_BACK {
                            recent.pop_front();
                        }
                        if recent.len() < LOOK_BACK {
                            continue;
                        }
                        let mut doses: Vec<f64> = recent.iter().map(|(dose, _)| *dose).collect();
                        doses.sort_by(f64::total_cmp);
                        gain = (gain + GAIN_RATE * (DOSE_TARGET - doses[LOOK_BACK * 9 / 10])).clamp(1.0, 2.0);
                        if event * 4 < events {
                            continue;
                        }
                        let open = recent.iter().filter(|(_, open)| *open).count();
                        let now = f64::from(u8::from(recent[LOOK_BACK - 1].1));
                        let flags = [open <= 3, open <= 4, open >= 9, open >= 10].map(|x| f64::from(u8::from(x)));
                        for (sum, value) in sums.iter_mut().zip([gain, now].into_iter().chain(flags)) {
                            *sum += value;
                        }
                        counted += 1.0;
                    }
                    sums.map(|sum| sum / counted)
                })
                .collect();
            let over = |i: usize| Estimate::of(&runs.iter().map(|run| run[i]).collect::<Vec<f64>>());
            Rest {
                spread,
                gain: over(0),
                open: over(1),
                at_most_3: over(2),
                at_most_4: over(3),
                at_least_9: over(4),
                at_least_10: over(5),
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amplification_starts_at_the_tolerance_and_never_shrinks_an_error() {
        assert_eq!(displayed(-1.2, 2.0, 1.3), 1.2);
        assert_eq!(displayed(1.5, 1.0, 1.3), 1.5);
        // training.md §4: e + (g − 1) · 4T · tanh(e / 4T)
        assert!((displayed(1.5, 2.0, 1.3) - (1.5 + 4.0 * libm::tanh(0.375))).abs() < 1e-15);
        assert_eq!(displayed(3.0, 2.0, 1.3), 4.0);
    }

    #[test]
    fn wider_errors_open_more_windows_and_need_less_gain() {
        let rows = run(Preset::Small, 0..2, &[(0.75, 1.0, 1.0), (1.25, 1.0, 1.6), (2.0, 1.0, 2.56)], 150);
        assert!(rows.windows(2).all(|pair| pair[0].open.mean < pair[1].open.mean));
        let rests = rest(Preset::Small, 0..1, &[0.75, 2.0], 300);
        assert!(rests[0].gain.mean > rests[1].gain.mean, "{rests:?}");
    }
}
