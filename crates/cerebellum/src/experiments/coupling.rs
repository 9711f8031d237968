//! E16: the olive's cells without gap junctions.

use super::conditioning::{Conditioning, LEARNED, Protocol, ZONE};
use super::{Band, Experiment, Figure, Measure, Sample, Setup, Standing, settling_seconds};
use crate::circuit::{Circuit, Manipulation};
use crate::inferior::{Cells, synchrony};

/// E16.
pub struct Uncoupled;

const ISI: u64 = 500;
/// Counts of two fibres are compared in bins of so many ms.
const BIN_MS: u64 = 20;

/// Seconds at rest, shares of fibres that the US aims at, most pairings.
fn lengths(setup: &Setup) -> (u64, &'static [f64], usize) {
    setup.effort.pick((120, &[0.2, 0.4, 0.6], 200), (20, &[0.6], 60))
}

impl Experiment for Uncoupled {
    fn id(&self) -> &'static str {
        "E16"
    }

    fn title(&self) -> &'static str {
        "Without gap junctions the olive is less synchronous and teaches more slowly"
    }

    fn protocol(&self) -> &'static str {
        "The olive's cells are simulated. With gap junctions and without: 120 s at rest without learning, correlation of two fibres' \
         counts in 20 ms and mean rate; then conditioning as in E15 with pulses that make 0.2, 0.4 and 0.6 of coupled cells fire, at \
         most 200 pairings"
    }

    fn source(&self) -> &'static str {
        "Blenkinsop and Lang 2006: synchrony −50 % (up to −80 %), rate −50 %; Long 2002. That learning slows is the model's"
    }

    fn measures(&self) -> Vec<Measure> {
        let measure = |key, what, unit, band, standing, note| Measure { key, what, unit, band, standing, note };
        let (calibrated, predicted) = (Standing::Calibrated, Standing::Predicted);
        vec![
            measure(
                "synchrony",
                "Synchrony at rest, change",
                "%",
                Some(Band::within(-80.0, -40.0)),
                calibrated,
                "Shared and own noise of the cells were set for it",
            ),
            measure("rate", "Rate at rest, change", "%", Some(Band::within(-50.0, 0.0)), calibrated, "As synchrony"),
            measure(
                "slower",
                "Trials to 80 %, uncoupled against coupled",
                "",
                Some(Band::at_least(1.0)),
                predicted,
                "Sum over the shares of the US; 200 where not reached",
            ),
            measure("coupled", "Trials to 80 % at 0.6, coupled", "", None, predicted, "At most 200"),
            measure("uncoupled", "Trials to 80 % at 0.6, uncoupled", "", None, predicted, "At most 200"),
        ]
    }

    fn figures(&self) -> Vec<Figure> {
        vec![
            Figure { key: "curves", title: "Learning, US at 0.6", x: "trial", y: "responses in ten trials, %" },
            Figure {
                key: "trials",
                title: "Trials to 80 % (200: not reached)",
                x: "share of coupled cells that the US makes fire",
                y: "trials",
            },
        ]
    }

    fn seconds(&self, setup: &Setup) -> f64 {
        let (rest, shares, most) = lengths(setup);
        let usual = setup.effort.pick(0.5, 0.7) * (2 * shares.len() * most) as f64;
        settling_seconds(setup) + 2.0 * rest as f64 + usual * (ISI + 400) as f64 * 1e-3
    }

    /// # Panics
    /// If the parameters are out of their ranges: who made the setup has checked them.
    fn run(&self, setup: &Setup, seed: u64) -> Sample {
        let (rest, shares, most) = lengths(setup);
        let mut parameters = setup.parameters.clone();
        parameters.inferior.cells = Cells::Network;
        let circuit = Circuit::new(&parameters, seed).expect("a setup's parameters have been checked");
        let mut sample = Sample::default();
        let mut at_rest = Vec::new();
        let mut sums = Vec::new();
        for (name, factor, key) in [("coupled", 1.0, "coupled"), ("uncoupled", 0.0, "uncoupled")] {
            let mut circuit = circuit.clone();
            circuit.manipulate(Manipulation::OliveCoupling(factor));
            at_rest.push(resting(&circuit, rest));
            let mut trials = Vec::new();
            for &share in shares {
                let mut conditioning = Conditioning::new(circuit.clone(), Protocol { share, ..Protocol::of(ISI) });
                let phase = conditioning.acquire(most);
                trials.push(phase.trials_to(|share| share >= LEARNED).unwrap_or(most) as f64);
                if share == 0.6 {
                    super::eyelid::curve(&mut sample, "curves", name, &phase, most);
                }
                sample.spikes = super::synchrony::combined(sample.spikes, conditioning.circuit.spike_hash());
            }
            sample.value(key, trials[trials.len() - 1]);
            sums.push(crate::sum::tree_sum_f64(&trials));
            sample.line("trials", name, shares.to_vec(), trials);
        }
        let change = |of: fn(&(f64, f64)) -> f64| 100.0 * (of(&at_rest[1]) / of(&at_rest[0]) - 1.0);
        sample.value("synchrony", change(|rest| rest.0));
        sample.value("rate", change(|rest| rest.1));
        sample.value("slower", sums[1] / sums[0]);
        sample
    }
}

/// Synchrony of a zone's fibres, and spikes a fibre, over `seconds` at rest.
fn resting(circuit: &Circuit, seconds: u64) -> (f64, f64) {
    let mut circuit = circuit.clone();
    circuit.set_learning(false);
    let mut spikes = Vec::new();
    let steps = 1_000 * seconds;
    for step in 0..steps {
        circuit.step();
        let mut set = circuit.zone(ZONE).fired();
        while set != 0 {
            spikes.push((step, set.trailing_zeros() as u16));
            set &= set - 1;
        }
    }
    let fibres = circuit.parameters().cells.fibres;
    (synchrony(&spikes, fibres, steps, BIN_MS), spikes.len() as f64 / fibres as f64)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::experiments::Effort;
    use crate::parameters::Parameters;
    use crate::presets::Preset;

    #[test]
    fn uncoupled_cells_fire_less_together() {
        let setup = Setup { parameters: Parameters::of(Preset::Small), effort: Effort::Brief };
        let values = Uncoupled.run(&setup, 1).values;
        assert!(values["synchrony"] < -20.0, "{values:?}");
        assert!(values["coupled"] < 60.0, "{values:?}");
    }
}
