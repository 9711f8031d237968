//! The curve W(u): what the whole network answers to errors of a given size.

use super::Estimate;
use crate::network::{LATENCY_MAX_MS, RESPONSE_HORIZON_MS};
use crate::network::{Lesion, Network, Recruitment, Response, Zone};
use crate::presets::Preset;
use crate::sum::tree_sum_f64;

/// Steps between errors of one microzone; far apart, so that each finds the circuit at rest.
const APART: u64 = 200;

/// Answers to errors of one size.
#[derive(Clone, Copy, Debug)]
pub struct Row {
    pub u: f64,
    /// Mean over seeds of each seed's mean.
    pub w: Estimate,
    /// Of single answers, all seeds and both zones together.
    pub w_sd: f64,
    /// Share of answers with W > 0.5.
    pub open: Estimate,
    pub dose: Estimate,
    /// Of single answers: the dose that 90 % do not pass.
    pub dose_90: f64,
    pub synchrony: Estimate,
    pub closed_form: f64,
}

/// Answers to `sizes`, one error after another, alternating between the zones.
#[must_use]
pub fn responses(preset: Preset, seed: u64, lesion: Lesion, sizes: impl Iterator<Item = f64>) -> Vec<Response> {
    let mut network = Network::new(preset, seed, lesion);
    answer_all(&mut network, 0, sizes)
}

/// Sends errors of `sizes` through `network`, named from `first_id` on.
pub fn answer_all(network: &mut Network, first_id: u32, sizes: impl Iterator<Item = f64>) -> Vec<Response> {
    let mut out = Vec::new();
    for (id, u) in (first_id..).zip(sizes) {
        let zone = Zone::ALL[id as usize % 2];
        let at_step = network.step();
        network
            .schedule(Recruitment { id, zone, u, at_step })
            .expect("a verdict at the network's own step is not in its past, and sweeps send numbers");
        network.advance(at_step + APART / 2, &mut out);
    }
    let end = network.step() + LATENCY_MAX_MS + RESPONSE_HORIZON_MS;
    network.advance(end, &mut out);
    out
}

/// Measures the curve: `volleys` errors of each size and seed.
#[must_use]
pub fn run(preset: Preset, seeds: core::ops::Range<u64>, sizes: &[f64], volleys: u32) -> Vec<Row> {
    let mut networks: Vec<Network> = seeds.map(|seed| Network::new(preset, seed, Lesion::None)).collect();
    sizes
        .iter()
        .enumerate()
        .map(|(k, u)| {
            let by_seed: Vec<Vec<Response>> = networks
                .iter_mut()
                .map(|network| answer_all(network, k as u32 * volleys, (0..volleys).map(|_| *u)))
                .collect();
            let over = |f: &dyn Fn(&Response) -> f64| {
                let means: Vec<f64> = by_seed
                    .iter()
                    .map(|answers| tree_sum_f64(&answers.iter().map(f).collect::<Vec<f64>>()) / answers.len() as f64)
                    .collect();
                Estimate::of(&means)
            };
            let w = over(&|r| r.w);
            let all = || by_seed.iter().flatten();
            let squares: Vec<f64> = all().map(|r| (r.w - w.mean) * (r.w - w.mean)).collect();
            let mut doses: Vec<f64> = all().map(|r| r.dose).collect();
            doses.sort_by(f64::total_cmp);
            Row {
                u: *u,
                w,
                w_sd: libm::sqrt(tree_sum_f64(&squares) / (squares.len() - 1) as f64),
                open: over(&|r| f64::from(u8::from(r.w > 0.5))),
                dose: over(&|r| r.dose),
                dose_90: doses[doses.len() * 9 / 10],
                synchrony: over(&|r| r.synchrony),
                closed_form: crate::closed_form::window(*u),
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_window_opens_with_the_size_of_the_error() {
        let rows = run(Preset::Small, 0..2, &[0.0, 1.0, 1.5, 2.0, 3.0, 4.0], 80);
        for pair in rows.windows(2) {
            assert!(pair[0].w.mean < pair[1].w.mean && pair[0].dose.mean < pair[1].dose.mean, "{pair:?}");
        }
        assert!(rows[0].open.mean < 0.03 && rows[1].open.mean < 0.2);
        assert!(rows[3].open.mean > 0.5 && rows[5].open.mean > 0.9);
    }
}
