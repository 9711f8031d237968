//! E1: the whole circuit at rest.

use super::{Band, Experiment, Figure, Measure, Sample, Setup, Standing, settling_seconds};
use crate::circuit::{Circuit, Rates};

/// E1.
pub struct Rest;

/// Seconds at rest that are counted, after the circuit has settled.
fn counted(setup: &Setup) -> u32 {
    setup.effort.pick(20, 1)
}

impl Experiment for Rest {
    fn id(&self) -> &'static str {
        "E1"
    }

    fn title(&self) -> &'static str {
        "Rates at rest"
    }

    fn protocol(&self) -> &'static str {
        "20 s without cue or error, learning on; mean rates of both microzones"
    }

    fn source(&self) -> &'static str {
        "Najafi 2014 (climbing fibres); Jelitai 2016 (Purkinje cells); Park 2026 (MLI1 33.9, MLI2 20.7 Hz)"
    }

    fn measures(&self) -> Vec<Measure> {
        let note = "Tonic drives and the weights of parallel fibres and inhibition were set for it";
        let measure = |key, what, low, high| Measure {
            key,
            what,
            unit: "Hz",
            band: Some(Band::within(low, high)),
            standing: Standing::Calibrated,
            note,
        };
        vec![
            measure("granule", "Granule cells", 0.5, 5.0),
            measure("golgi", "Golgi cells", 3.0, 15.0),
            measure("mli1", "MLI1", 15.0, 40.0),
            measure("mli2", "MLI2", 10.0, 30.0),
            measure("purkinje", "Purkinje cells", 40.0, 90.0),
            measure("fibres", "Climbing fibres", 0.7, 1.3),
            measure("nuclei", "Deep nucleus", 20.0, 60.0),
        ]
    }

    fn figures(&self) -> Vec<Figure> {
        vec![Figure { key: "rates", title: "Rates at rest, by second", x: "time, s", y: "rate, Hz" }]
    }

    fn seconds(&self, setup: &Setup) -> f64 {
        f64::from(counted(setup)) + settling_seconds(setup)
    }

    /// # Panics
    /// If the parameters are out of their ranges: who made the setup has checked them.
    fn run(&self, setup: &Setup, seed: u64) -> Sample {
        let mut circuit = Circuit::new(&setup.parameters, seed).expect("a setup's parameters have been checked");
        let mut sample = Sample::default();
        let seconds = counted(setup);
        let mut course: [Vec<f64>; 7] = Default::default();
        for _ in 0..seconds {
            circuit.reset_rates();
            for _ in 0..1_000 {
                circuit.step();
            }
            for (line, rate) in course.iter_mut().zip(populations(&circuit.rates())) {
                line.push(rate);
            }
        }
        let names = ["granule", "golgi", "mli1", "mli2", "purkinje", "fibres", "nuclei"];
        let labels =
            ["granule cells", "Golgi cells", "MLI1", "MLI2", "Purkinje cells", "climbing fibres", "deep nucleus"];
        let x: Vec<f64> = (1..=seconds).map(f64::from).collect();
        for ((name, label), line) in names.into_iter().zip(labels).zip(course) {
            sample.value(name, crate::sum::tree_sum_f64(&line) / f64::from(seconds));
            sample.line("rates", label, x.clone(), line);
        }
        sample.spikes = circuit.spike_hash();
        sample
    }
}

fn populations(rates: &Rates) -> [f64; 7] {
    let both = |zones: [f64; 2]| (zones[0] + zones[1]) / 2.0;
    [
        rates.granule,
        rates.golgi,
        both(rates.mli1),
        both(rates.mli2),
        both(rates.purkinje),
        both(rates.fibres),
        both(rates.nuclei),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::experiments::Effort;
    use crate::{Parameters, Preset};

    #[test]
    fn every_population_of_small_rests_in_its_band() {
        let setup = Setup { parameters: Parameters::of(Preset::Small), effort: Effort::Brief };
        let sample = Rest.run(&setup, 1);
        for measure in Rest.measures() {
            let (value, band) = (sample.values[measure.key], measure.band.expect("each rate has a band"));
            assert!((band.low..=band.high).contains(&value), "{}: {value} Hz", measure.what);
        }
    }
}
