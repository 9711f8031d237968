//! E5: what synchrony does to the calcium and the complex spike of the Purkinje cells whose fibres fire.

use super::volleys::{FOLLOWED, SYNCHRONIES, THIRD, Volleys, at_rest};
use super::{Band, Experiment, Figure, Measure, Sample, Setup, Standing, settling_seconds, synchrony::combined};
use crate::sum::tree_sum_f64;

/// E5.
pub struct Transient;

fn repeats(setup: &Setup) -> usize {
    setup.effort.pick(200, 20)
}

/// A lone fibre's events are fewer a volley, so there are more volleys of it.
const LONE_MORE: usize = 3;

impl Experiment for Transient {
    fn id(&self) -> &'static str {
        "E5"
    }

    fn title(&self) -> &'static str {
        "Synchrony prolongs calcium and complex spike"
    }

    fn protocol(&self) -> &'static str {
        "600 times one fibre alone, 200 volleys of 12 of 32 fibres (jitter SD 3 ms), half to each microzone; fast calcium of the \
         cells whose fibre fired, from its own spike on, and the length of their somata's complex spikes"
    }

    fn source(&self) -> &'static str {
        "Park 2026, one deposited trial, 8 of 22 fibres against 0: +15 %, late +47 %, peak −1 %, complex spike 12 → 20 ms"
    }

    fn measures(&self) -> Vec<Measure> {
        let note = "The weight of inhibition on calcium is fit to this trial's +15 %; the course (rise 8, decay 12 ms) is given. \
                    That the influx is the longer of the two is ours";
        let measure = |key, what, unit, band| Measure { key, what, unit, band, standing: Standing::Calibrated, note };
        vec![
            measure("mean", "Calcium over 0…30 ms, more than alone", "%", Some(Band::within(8.0, 30.0))),
            measure("late", "Calcium over 20…40 ms, more than alone", "%", Some(Band::within(20.0, 80.0))),
            measure("peak", "Peak calcium, more than alone", "%", Some(Band::within(-10.0, 10.0))),
            measure("longer", "Complex spike longer than alone", "ms", Some(Band::within(3.0, 12.0))),
            measure("alone", "Complex spike alone", "ms", None),
        ]
    }

    fn figures(&self) -> Vec<Figure> {
        let x = "time from the cell's own climbing fibre, ms";
        let y = "peak of a solitary event at rest = 1";
        vec![
            Figure { key: "fast", title: "Fast calcium", x, y },
            Figure { key: "slow", title: "Slow calcium, as imaging shows it", x, y },
        ]
    }

    fn seconds(&self, setup: &Setup) -> f64 {
        Volleys::seconds((1 + LONE_MORE) * repeats(setup)) + settling_seconds(setup)
    }

    fn version(&self) -> u32 {
        2
    }

    fn run(&self, setup: &Setup, seed: u64) -> Sample {
        let circuit = at_rest(setup, seed);
        let third = Volleys::of(&setup.parameters, SYNCHRONIES[THIRD], repeats(setup));
        let together = third.run(&circuit, seed);
        let alone = Volleys { fibres: 1, repeats: LONE_MORE * third.repeats, ..third }.run(&circuit, seed);
        let mut sample = Sample { spikes: combined(together.spikes, alone.spikes), ..Sample::default() };
        let more = |of: &dyn Fn(&[f64]) -> f64| 100.0 * (of(&together.fast) / of(&alone.fast) - 1.0);
        sample.value("mean", more(&|course| tree_sum_f64(&course[..30])));
        sample.value("late", more(&|course| tree_sum_f64(&course[20..40])));
        sample.value("peak", more(&|course| course.iter().copied().fold(0.0, f64::max)));
        sample.value("longer", together.complex_spike_ms - alone.complex_spike_ms);
        sample.value("alone", alone.complex_spike_ms);
        let times: Vec<f64> = (0..FOLLOWED).map(|at| at as f64).collect();
        for (name, answer) in [("one fibre", alone), ("s ≈ 0.36", together)] {
            sample.line("fast", name, times.clone(), answer.fast);
            sample.line("slow", name, times.clone(), answer.slow);
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

    #[test]
    fn synchrony_adds_late_calcium_rather_than_peak_and_lengthens_the_complex_spike() {
        let setup = Setup { parameters: Parameters::of(Preset::Small), effort: Effort::Brief };
        let values = Transient.run(&setup, 1).values;
        assert!(values["late"] > values["mean"] && values["mean"] > values["peak"], "{values:?}");
        assert!(values["longer"] > 0.0, "{values:?}");
    }
}
