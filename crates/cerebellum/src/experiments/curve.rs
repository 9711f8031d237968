//! The curve W(u): what the network of the game answers to errors of a given size; and what is left of it under the other
//! published mappings from error to volley.

use super::{Experiment, Figure, Measure, Sample, Setup, Standing, synchrony::combined};
use crate::network::{LATENCY_MAX_MS, RESPONSE_HORIZON_MS};
use crate::network::{Lesion, Network, Recruitment, Response, Zone};
use crate::olive::Mapping;
use crate::sum::tree_sum_f64;

/// Steps between errors of one microzone; far apart, so that each finds the circuit at rest.
const APART: u64 = 200;

/// Sends errors of `sizes` through `network`, named from `first_id` on, one after another, alternating between the zones.
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

/// Simulated seconds of `errors` errors.
pub(super) fn seconds(errors: u32) -> f64 {
    f64::from(errors) * (APART / 2) as f64 * 1e-3
}

/// Mean of `f` over answers.
pub(super) fn mean(answers: &[Response], f: impl Fn(&Response) -> f64) -> f64 {
    tree_sum_f64(&answers.iter().map(f).collect::<Vec<f64>>()) / answers.len() as f64
}

/// The dose that 90 % of the answers do not pass.
pub(super) fn dose_90(answers: &[Response]) -> f64 {
    let mut doses: Vec<f64> = answers.iter().map(|r| r.dose).collect();
    doses.sort_by(f64::total_cmp);
    doses[doses.len() * 9 / 10]
}

pub(super) fn open(response: &Response) -> f64 {
    f64::from(u8::from(response.w > 0.5))
}

/// W: the curve.
pub struct Curve;

/// Errors of each size.
fn volleys(setup: &Setup) -> u32 {
    setup.effort.pick(400, 40)
}

fn sizes(setup: &Setup) -> Vec<f64> {
    let every = setup.effort.pick(4.0, 1.0);
    (0..=(4.0 * every) as u32).map(|k| f64::from(k) / every).collect()
}

/// A measure without a band: what the game's curves and thresholds were read from.
pub(super) fn reading(key: &'static str, what: &'static str, unit: &'static str, note: &'static str) -> Measure {
    Measure { key, what, unit, band: None, standing: Standing::Predicted, note }
}

impl Experiment for Curve {
    fn id(&self) -> &'static str {
        "W"
    }

    fn title(&self) -> &'static str {
        "The window of an error"
    }

    fn protocol(&self) -> &'static str {
        "400 errors of each size, 0 to 4 goal SDs, both zones in turn, jitter and shared olive input as in the game. W is the \
         mean of Λ over the Purkinje cells whose fibre fired in the volley, synchrony the share of fibres within ±10 ms of its \
         centre, dose W × synchrony"
    }

    fn source(&self) -> &'static str {
        "None: the game's own curve"
    }

    fn measures(&self) -> Vec<Measure> {
        let note = "p(u) and jitter are ours";
        vec![
            reading("w1", "Mean W of an error of 1 goal SD", "", note),
            reading("w2", "Mean W of an error of 2 goal SDs", "", note),
            reading("open1", "Share of windows open at 1 goal SD", "", note),
            reading("open2", "Share of windows open at 2 goal SDs", "", note),
        ]
    }

    fn figures(&self) -> Vec<Figure> {
        let x = "error, goal SDs";
        vec![
            Figure { key: "w", title: "Window", x, y: "mean W" },
            Figure { key: "sd", title: "Spread of single windows", x, y: "SD of W" },
            Figure { key: "open", title: "Windows open", x, y: "share with W > 0.5" },
            Figure { key: "dose", title: "Dose", x, y: "W × synchrony" },
            Figure { key: "synchrony", title: "Synchrony", x, y: "share of fibres" },
        ]
    }

    fn seconds(&self, setup: &Setup) -> f64 {
        sizes(setup).len() as f64 * seconds(volleys(setup))
    }

    fn run(&self, setup: &Setup, seed: u64) -> Sample {
        let (sizes, volleys) = (sizes(setup), volleys(setup));
        let mut network = Network::of(&setup.parameters, seed, Lesion::None);
        let rows: Vec<Vec<Response>> = sizes
            .iter()
            .enumerate()
            .map(|(k, u)| answer_all(&mut network, k as u32 * volleys, (0..volleys).map(|_| *u)))
            .collect();
        let mut sample = Sample { spikes: network.spike_hash(), ..Sample::default() };
        for (u, [w, share]) in [(1.0, ["w1", "open1"]), (2.0, ["w2", "open2"])] {
            if let Some(k) = sizes.iter().position(|size| *size == u) {
                sample.value(w, mean(&rows[k], |r| r.w));
                sample.value(share, mean(&rows[k], open));
            }
        }
        let mut line = |figure: &str, name: &str, f: &dyn Fn(&[Response]) -> f64| {
            sample.line(figure, name, sizes.clone(), rows.iter().map(|answers| f(answers)).collect());
        };
        line("w", "network", &|answers| mean(answers, |r| r.w));
        line("sd", "network", &|answers| {
            let centre = mean(answers, |r| r.w);
            libm::sqrt(mean(answers, |r| (r.w - centre) * (r.w - centre)))
        });
        line("open", "network", &|answers| mean(answers, open));
        line("dose", "mean", &|answers| mean(answers, |r| r.dose));
        line("dose", "90th percentile", &dose_90);
        line("synchrony", "network", &|answers| mean(answers, |r| r.synchrony));
        let closed = sizes.iter().map(|u| crate::closed_form::window(&setup.parameters, *u)).collect();
        sample.line("w", "closed form", sizes, closed);
        sample
    }
}

/// M: the curve under the three published mappings.
pub struct Mappings;

const MAPPINGS: [(Mapping, &str); 3] = [
    (Mapping::Rising, "rising (Najafi 2014)"),
    (Mapping::Declining, "declining (Marko 2012)"),
    (Mapping::TimingOnly, "timing only (Herzfeld 2018)"),
];

impl Experiment for Mappings {
    fn id(&self) -> &'static str {
        "M"
    }

    fn title(&self) -> &'static str {
        "The window of an error under three mappings"
    }

    fn protocol(&self) -> &'static str {
        "As W, 100 errors of each size, under each mapping from error to volley: larger errors recruit more; more up to 2.2 goal \
         SDs and less beyond; always the same share, closer together"
    }

    fn source(&self) -> &'static str {
        "Najafi 2014; Marko 2012; Herzfeld 2018: they disagree, the constants are ours"
    }

    fn measures(&self) -> Vec<Measure> {
        let note = "No band: which mapping holds for a player's error nobody knows";
        vec![
            reading("rising", "W at 4 over W at 2 goal SDs, rising", "", note),
            reading("declining", "W at 4 over W at 2 goal SDs, declining", "", note),
            reading("timing_only", "W at 4 over W at 2 goal SDs, timing only", "", note),
        ]
    }

    fn figures(&self) -> Vec<Figure> {
        let x = "error, goal SDs";
        vec![
            Figure { key: "w", title: "Window under three mappings", x, y: "mean W" },
            Figure {
                key: "synchrony", title: "Synchrony under three mappings", x, y: "share of fibres within ±10 ms"
            },
        ]
    }

    fn seconds(&self, setup: &Setup) -> f64 {
        3.0 * 9.0 * seconds(volleys(setup) / 4)
    }

    fn run(&self, setup: &Setup, seed: u64) -> Sample {
        let volleys = volleys(setup) / 4;
        let sizes: Vec<f64> = (0..=8).map(|k| f64::from(k) / 2.0).collect();
        let mut sample = Sample::default();
        for ((mapping, name), key) in MAPPINGS.into_iter().zip(["rising", "declining", "timing_only"]) {
            let mut parameters = setup.parameters.clone();
            parameters.olive.mapping = mapping;
            let mut network = Network::of(&parameters, seed, Lesion::None);
            let rows: Vec<Vec<Response>> = sizes
                .iter()
                .enumerate()
                .map(|(k, u)| answer_all(&mut network, k as u32 * volleys, (0..volleys).map(|_| *u)))
                .collect();
            let w: Vec<f64> = rows.iter().map(|answers| mean(answers, |r| r.w)).collect();
            sample.spikes = combined(sample.spikes, network.spike_hash());
            sample.value(key, w[8] / w[4]);
            sample.line("w", name, sizes.clone(), w);
            let synchrony = rows.iter().map(|answers| mean(answers, |r| r.synchrony)).collect();
            sample.line("synchrony", name, sizes.clone(), synchrony);
        }
        sample
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::experiments::Effort;
    use crate::parameters::Parameters;
    use crate::presets::Preset;

    fn brief() -> Setup {
        Setup { parameters: Parameters::of(Preset::Small), effort: Effort::Brief }
    }

    #[test]
    fn the_window_opens_with_the_size_of_the_error() {
        let sample = Curve.run(&brief(), 1);
        for figure in ["w", "dose"] {
            let line = sample.series.iter().find(|series| series.figure == figure).expect("the figure is drawn");
            assert!(line.y.windows(2).all(|pair| pair[0] < pair[1]), "{line:?}");
        }
        assert!(sample.values["open1"] < 0.2 && sample.values["open2"] > 0.5, "{:?}", sample.values);
    }

    #[test]
    fn the_mappings_agree_on_errors_of_2_goal_sds_and_part_beyond() {
        let values = Mappings.run(&brief(), 1).values;
        assert!(values["rising"] > 1.2, "{values:?}");
        assert!(values["declining"] < 0.7, "{values:?}");
        assert!(values["timing_only"] < values["rising"], "{values:?}");
    }
}
