//! The share of open windows at a given spread of errors: what the thresholds of the difficulty rule rest on
//! (training.md §6).

use std::collections::VecDeque;

use super::curve::{self, reading};
use super::{Experiment, Figure, Measure, Sample, Setup};
use crate::network::{Lesion, Network};
use crate::rng::Stream;

/// Spreads of a player's errors, SD in goal SDs, and fixed gains.
const SPREADS: [f64; 8] = [0.5, 0.75, 1.0, 1.25, 1.5, 1.75, 2.0, 2.25];
const GAINS: [f64; 3] = [1.0, 1.5, 2.0];

/// Events that the gain rule looks back on, and its target and rate (training.md §6.2).
const LOOK_BACK: usize = 24;
const DOSE_TARGET: f64 = 0.55;
const GAIN_RATE: f64 = 0.1;

/// Displayed size of an error of `x` goal SDs under `gain` (training.md §4): amplified from the tolerance on.
#[must_use]
pub fn displayed(x: f64, gain: f64, tolerance: f64) -> f64 {
    let size = x.abs();
    let more = if size > tolerance { (gain - 1.0) * 4.0 * libm::tanh(size / 4.0) } else { 0.0 };
    (size + more).min(crate::olive::U_MAX)
}

/// The tolerance at which 80 % of Gaussian errors of `spread` succeed, never below the goal.
fn tolerance(spread: f64) -> f64 {
    (1.2816 * spread).max(1.0)
}

/// A player whose gain follows the rule.
#[derive(Clone, Copy, Debug, Default)]
struct Rested {
    gain: f64,
    open: f64,
    /// Share of moments at which 4 or fewer, and 9 or more, of the last 24 windows were open.
    at_most_4: f64,
    at_least_9: f64,
}

/// Plays Gaussian errors with the gain rule in force; the first quarter of the events is left out.
fn rest(network: &mut Network, seed: u64, k: usize, spread: f64, events: u32) -> Rested {
    let mut stream = Stream::named(seed, "experiment player", k as u64);
    let mut gain: f64 = 1.0;
    let mut recent: VecDeque<(f64, bool)> = VecDeque::new();
    let mut sums = Rested::default();
    let mut counted = 0.0;
    for event in 0..events {
        let u = displayed(spread * stream.gaussian(), gain, tolerance(spread));
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
        sums.gain += gain;
        sums.open += f64::from(u8::from(recent[LOOK_BACK - 1].1));
        sums.at_most_4 += f64::from(u8::from(open <= 4));
        sums.at_least_9 += f64::from(u8::from(open >= 9));
        counted += 1.0;
    }
    let Rested { gain, open, at_most_4, at_least_9 } = sums;
    let n = f64::max(counted, 1.0);
    Rested { gain: gain / n, open: open / n, at_most_4: at_most_4 / n, at_least_9: at_least_9 / n }
}

/// D: the difficulty rule's thresholds.
pub struct Difficulty;

fn events(setup: &Setup) -> u32 {
    setup.effort.pick(400, 120)
}

fn spreads(setup: &Setup) -> Vec<f64> {
    setup.effort.pick(SPREADS.to_vec(), vec![0.75, 2.0])
}

fn gains(setup: &Setup) -> Vec<f64> {
    setup.effort.pick(GAINS.to_vec(), vec![1.0])
}

impl Experiment for Difficulty {
    fn id(&self) -> &'static str {
        "D"
    }

    fn title(&self) -> &'static str {
        "Windows open at a spread of errors"
    }

    fn protocol(&self) -> &'static str {
        "Gaussian errors of a given spread, amplified by a gain from the tolerance on (tolerance where 80 % succeed, never below \
         the goal), 400 a condition; and with the gain rule in force (gain +0.1 × (0.55 − D₉₀) an event over the last 24), from \
         gain 1, first quarter left out"
    }

    fn source(&self) -> &'static str {
        "None: the game's own rule (training.md §6)"
    }

    fn measures(&self) -> Vec<Measure> {
        let note = "The rule's thresholds, 0.20 and 0.36, were read from it";
        vec![
            reading("narrow", "Share open at a spread of 0.75 goal SDs, gain at rest", "", note),
            reading("wide", "Share open at a spread of 2 goal SDs, gain at rest", "", note),
            reading("harder", "Moments of 4 or fewer of 24 open at 0.75 goal SDs", "", note),
            reading("easier", "Moments of 9 or more of 24 open at 2 goal SDs", "", note),
        ]
    }

    fn figures(&self) -> Vec<Figure> {
        let x = "spread, goal SDs";
        vec![
            Figure { key: "open", title: "Windows open", x, y: "share with W > 0.5" },
            Figure { key: "dose", title: "Dose that 90 % do not pass", x, y: "W × synchrony" },
            Figure { key: "gain", title: "Gain at rest", x, y: "gain" },
            Figure { key: "moments", title: "What the rule would say", x, y: "share of moments" },
        ]
    }

    fn seconds(&self, setup: &Setup) -> f64 {
        let each = spreads(setup).len() as f64;
        let rule = f64::from(events(setup)) * 0.22;
        each * (gains(setup).len() as f64 * curve::seconds(events(setup)) + rule)
    }

    fn run(&self, setup: &Setup, seed: u64) -> Sample {
        let (spreads, events) = (spreads(setup), events(setup));
        let mut sample = Sample::default();
        let mut network = Network::of(&setup.parameters, seed, Lesion::None);
        let mut condition = 0;
        for gain in gains(setup) {
            let (mut open, mut dose, mut closed) = (Vec::new(), Vec::new(), Vec::new());
            for spread in &spreads {
                let mut stream = Stream::named(seed, "experiment errors", u64::from(condition));
                let sizes: Vec<f64> =
                    (0..events).map(|_| displayed(spread * stream.gaussian(), gain, tolerance(*spread))).collect();
                let of_closed =
                    sizes.iter().filter(|u| crate::closed_form::window(&setup.parameters, **u) > 0.5).count();
                closed.push(of_closed as f64 / f64::from(events));
                let answers = curve::answer_all(&mut network, condition * events, sizes.into_iter());
                open.push(curve::mean(&answers, curve::open));
                dose.push(curve::dose_90(&answers));
                condition += 1;
            }
            sample.line("open", format!("gain {gain}"), spreads.clone(), open);
            sample.line("open", format!("gain {gain}, closed form"), spreads.clone(), closed);
            sample.line("dose", format!("gain {gain}"), spreads.clone(), dose);
        }
        let mut network = Network::of(&setup.parameters, seed, Lesion::None);
        let rests: Vec<Rested> =
            spreads.iter().enumerate().map(|(k, spread)| rest(&mut network, seed, k, *spread, events)).collect();
        for (spread, [open, moments]) in [(0.75, ["narrow", "harder"]), (2.0, ["wide", "easier"])] {
            if let Some(rest) = spreads.iter().position(|s| *s == spread).map(|k| rests[k]) {
                sample.value(open, rest.open);
                sample.value(moments, if moments == "harder" { rest.at_most_4 } else { rest.at_least_9 });
            }
        }
        let mut line = |figure: &str, name: &str, f: &dyn Fn(&Rested) -> f64| {
            sample.line(figure, name, spreads.clone(), rests.iter().map(f).collect());
        };
        line("open", "gain at rest", &|r| r.open);
        line("gain", "gain", &|r| r.gain);
        line("moments", "4 or fewer of 24 open: harder", &|r| r.at_most_4);
        line("moments", "9 or more of 24 open: easier", &|r| r.at_least_9);
        sample.spikes = network.spike_hash();
        sample
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::experiments::Effort;
    use crate::parameters::Parameters;
    use crate::presets::Preset;

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
        let setup = Setup { parameters: Parameters::of(Preset::Small), effort: Effort::Brief };
        let sample = Difficulty.run(&setup, 1);
        let line = |figure: &str| &sample.series.iter().find(|s| s.figure == figure).expect("the figure is drawn").y;
        assert!(line("open")[0] < line("open")[1], "{:?}", line("open"));
        assert!(line("gain")[0] > line("gain")[1], "{:?}", line("gain"));
    }
}
