//! E12: how often independent spontaneous fibres open the window by chance, and whether they teach anything.

use std::collections::VecDeque;

use super::volleys::at_rest;
use super::{Band, Experiment, Figure, Measure, Sample, Setup, Standing, settling_seconds, synchrony::combined};
use crate::circuit::Circuit;
use crate::network::Zone;
use crate::olive::SYNCHRONY_MS;
use crate::purkinje::WINDOW_TO_MS;
use crate::sum::tree_sum_f64;

/// Finds the openings of one microzone's window that no error has called for: every climbing-fibre event is taken as the
/// centre of a volley of all fibres that fire within ±10 ms of it, W is read as of any volley, and W > 0.5 within 20 ms of
/// the last opening is still the same one.
#[derive(Clone, Debug, Default)]
pub struct Openings {
    /// (step, Λ) of the events of the last moments, oldest first.
    recent: VecDeque<(u64, f64)>,
    last_open: Option<u64>,
    last_shared: Option<u64>,
    /// Events that have been centres.
    pub events: u64,
    pub openings: u64,
    /// Openings of two fibres or more.
    pub shared: u64,
    /// Sum of W over events.
    pub total_w: f64,
}

impl Openings {
    /// An event that fired at `step` let `lambda` through. Events come in order.
    pub fn event(&mut self, step: u64, lambda: f64) {
        self.recent.push_back((step, lambda));
    }

    /// Every event up to `step` has been told.
    pub fn close(&mut self, step: u64) {
        let Some(centre) = step.checked_sub(SYNCHRONY_MS) else { return };
        while self.recent.front().is_some_and(|(at, _)| at + SYNCHRONY_MS < centre) {
            self.recent.pop_front();
        }
        let centred = self.recent.iter().filter(|(at, _)| *at == centre).count() as u64;
        if centred == 0 {
            return;
        }
        let lambda: Vec<f64> = self.recent.iter().map(|(_, lambda)| *lambda).collect();
        let w = tree_sum_f64(&lambda) / lambda.len() as f64;
        self.events += centred;
        self.total_w += w * centred as f64;
        if w > 0.5 {
            let new = |last: Option<u64>| u64::from(last.is_none_or(|last| centre > last + 2 * SYNCHRONY_MS));
            self.openings += new(self.last_open);
            self.last_open = Some(centre);
            if lambda.len() > 1 {
                self.shared += new(self.last_shared);
                self.last_shared = Some(centre);
            }
        }
    }
}

/// E12.
pub struct Chance;

/// Weights are looked at this often, min.
const LOOK_MIN: f64 = 10.0;
/// A probe's cue and the pause after it, ms ◇.
const CUE_MS: u64 = 1_000;
const PAUSE_MS: u64 = 1_000;
/// The nucleus's rate is read in bins of this length, ms ◇.
const BIN_MS: u64 = 50;
/// A conditioned response is a nuclear rate above the naive circuit's by this ◇: a third of what holds the olive down fully.
const RESPONSE_HZ: f64 = 15.0;

fn minutes(setup: &Setup) -> f64 {
    setup.effort.pick(30.0, 0.25)
}

fn probes(setup: &Setup) -> u64 {
    setup.effort.pick(20, 2)
}

/// Rate of both nuclei after a cue, Hz, in bins, as a mean over probes of a copy of `circuit` that does not learn; with the
/// hash of its spikes.
fn probe(circuit: &Circuit, probes: u64) -> (Vec<f64>, u64) {
    let mut circuit = circuit.clone();
    circuit.set_learning(false);
    let mut rates = vec![0.0; (CUE_MS / BIN_MS) as usize];
    let each = 1e3 / (BIN_MS * probes) as f64 / (2 * circuit.parameters().cells.nuclei) as f64;
    for _ in 0..probes {
        circuit.set_cue(Some(0));
        for step in 0..CUE_MS + PAUSE_MS {
            if step == CUE_MS {
                circuit.set_cue(None);
            }
            circuit.step();
            if let Some(rate) = rates.get_mut((step / BIN_MS) as usize) {
                for zone in Zone::ALL {
                    *rate += each * circuit.zone(zone).nuclear_spikes().len() as f64;
                }
            }
        }
    }
    (rates, circuit.spike_hash())
}

impl Experiment for Chance {
    fn id(&self) -> &'static str {
        "E12"
    }

    fn title(&self) -> &'static str {
        "Chance seldom opens the window and teaches nothing"
    }

    fn protocol(&self) -> &'static str {
        "30 minutes without cue or error, learning on, fibres independent at 1 Hz. Every event is the centre of a volley of all \
         fibres of its microzone within ±10 ms and is answered as any volley is; W > 0.5 is an opening, within 20 ms of the last one \
         the same. Mean weight of all parallel fibres' synapses of a microzone every 10 minutes. Before and after, without learning, \
         20 cues of 1 s: rate of the nuclei in bins of 50 ms"
    }

    fn source(&self) -> &'static str {
        "Najafi 2014 for the rate; that the gate ignores it is design"
    }

    fn measures(&self) -> Vec<Measure> {
        let share = "MLI1→Purkinje is scaled to 25 % of pairs for it: with 15–20 partners chance opens a window 12 times a minute";
        let balance =
            "Potentiation by parallel fibres alone is set to balance a mean Λ of 0.026, which this experiment measured";
        let naive =
            "Nothing was tuned to it. A response is a rise of 15 Hz, a third of what holds the olive down fully";
        let measure = |key, what, unit, band, standing, note| Measure { key, what, unit, band, standing, note };
        let (calibrated, predicted) = (Standing::Calibrated, Standing::Predicted);
        vec![
            measure("rate", "Spontaneous rate of a fibre", "Hz", Some(Band::within(0.7, 1.3)), calibrated, share),
            measure("openings", "Openings (W > 0.5) a minute", "", Some(Band::at_most(1.0)), calibrated, share),
            measure("shared", "… of two fibres or more", "", None, calibrated, share),
            measure("w", "Mean W of an event", "", Some(Band::at_most(0.1)), predicted, share),
            measure(
                "drift",
                "Greatest change of the mean weight in 10 min",
                "%",
                Some(Band::at_most(5.0)),
                calibrated,
                balance,
            ),
            measure("lambda", "Mean Λ of an event", "", None, calibrated, balance),
            measure(
                "response",
                "Greatest rise of the nuclei's answer to a cue",
                "Hz",
                Some(Band::at_most(RESPONSE_HZ)),
                predicted,
                naive,
            ),
        ]
    }

    fn figures(&self) -> Vec<Figure> {
        vec![
            Figure { key: "openings", title: "Openings so far", x: "time, min", y: "openings a microzone" },
            Figure { key: "weight", title: "Mean weight of parallel fibres' synapses", x: "time, min", y: "weight" },
            Figure { key: "probe", title: "The nuclei's answer to a cue", x: "time from the cue, ms", y: "rate, Hz" },
        ]
    }

    fn seconds(&self, setup: &Setup) -> f64 {
        let probes = 2 * probes(setup) * (CUE_MS + PAUSE_MS);
        60.0 * minutes(setup) + probes as f64 * 1e-3 + settling_seconds(setup)
    }

    fn version(&self) -> u32 {
        2
    }

    fn run(&self, setup: &Setup, seed: u64) -> Sample {
        let mut circuit = at_rest(setup, seed);
        let (naive, before) = probe(&circuit, probes(setup));
        circuit.set_learning(true);
        let steps = (minutes(setup) * 60_000.0) as u64;
        let looks = libm::ceil(minutes(setup) / LOOK_MIN) as u64;
        let mut openings = [Openings::default(), Openings::default()];
        let weight = |circuit: &Circuit| Zone::ALL.map(|zone| circuit.zone(zone).synapses().mean_weight());
        let (mut times, mut counts, mut weights) = (vec![0.0], vec![0.0], vec![weight(&circuit)]);
        let mut lambda = 0.0;
        while circuit.clock() < steps {
            circuit.step();
            for event in circuit.events() {
                openings[event.zone.index()].event(event.step, event.lambda);
                lambda += event.lambda;
            }
            if let Some(fired) = circuit.clock().checked_sub(1 + WINDOW_TO_MS) {
                openings.iter_mut().for_each(|openings| openings.close(fired));
            }
            if circuit.clock().is_multiple_of(steps / 30) {
                times.push(circuit.clock() as f64 / 60_000.0);
                counts.push(openings.iter().map(|openings| openings.openings as f64).sum::<f64>() / 2.0);
            }
            if circuit.clock().is_multiple_of(steps / looks) {
                weights.push(weight(&circuit));
            }
        }
        let (taught, after) = probe(&circuit, probes(setup));
        let mut sample =
            Sample { spikes: combined(combined(circuit.spike_hash(), before), after), ..Sample::default() };
        let sum = |of: &dyn Fn(&Openings) -> f64| openings.iter().map(of).sum::<f64>();
        let events = sum(&|openings| openings.events as f64);
        let zone_minutes = 2.0 * minutes(setup);
        sample.value("rate", events / (zone_minutes * 60.0 * setup.parameters.cells.fibres as f64));
        sample.value("openings", sum(&|openings| openings.openings as f64) / zone_minutes);
        sample.value("shared", sum(&|openings| openings.shared as f64) / zone_minutes);
        sample.value("w", sum(&|openings| openings.total_w) / events.max(1.0));
        sample.value("lambda", lambda / events.max(1.0));
        let changes =
            weights.windows(2).flat_map(|pair| [0, 1].map(|zone| (pair[1][zone] / pair[0][zone] - 1.0).abs()));
        sample.value("drift", 100.0 * changes.fold(0.0, f64::max));
        let rises = taught.iter().zip(&naive).map(|(taught, naive)| taught - naive);
        sample.value("response", rises.fold(f64::NEG_INFINITY, f64::max));
        sample.line("openings", "mean of both", times, counts);
        let looked: Vec<f64> = (0..weights.len()).map(|k| k as f64 * minutes(setup) / looks as f64).collect();
        for zone in Zone::ALL {
            let name = format!("{zone:?}").to_lowercase();
            sample.line("weight", name, looked.clone(), weights.iter().map(|pair| pair[zone.index()]).collect());
        }
        let bins: Vec<f64> = (0..naive.len()).map(|k| (k as f64 + 0.5) * BIN_MS as f64).collect();
        sample.line("probe", "naive", bins.clone(), naive);
        sample.line("probe", "after chance alone", bins, taught);
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
    fn events_within_10_ms_are_one_volley_and_openings_within_20_ms_one_opening() {
        let mut openings = Openings::default();
        for step in 100..400 {
            for (at, lambda) in [(150, 0.9), (155, 0.3), (165, 1.0), (300, 0.8)] {
                if at == step {
                    openings.event(step, lambda);
                }
            }
            openings.close(step);
        }
        // W about 150: (0.9 + 0.3) / 2; about 155: (0.9 + 0.3 + 1) / 3; about 165: (0.3 + 1) / 2; about 300: 0.8, alone.
        assert_eq!((openings.events, openings.openings, openings.shared), (4, 2, 1));
        assert!((openings.total_w - (0.6 + 2.2 / 3.0 + 0.65 + 0.8)).abs() < 1e-12);
    }

    #[test]
    fn chance_seldom_opens_the_window_and_hardly_moves_the_weights() {
        let setup = Setup { parameters: Parameters::of(Preset::Small), effort: Effort::Brief };
        let values = Chance.run(&setup, 1).values;
        assert!((0.7..1.3).contains(&values["rate"]), "{values:?}");
        assert!(values["w"] < 0.1, "{values:?}");
        assert!(values["drift"] < 1.0, "{values:?}");
    }
}
