//! E1: the whole circuit at rest, and how far its Purkinje cells can be driven from there.

use super::{Band, Experiment, Figure, Measure, Sample, Setup, Standing, settling_seconds};
use crate::circuit::{Circuit, Manipulation, Rates};
use crate::rng::FNV_PRIME;

/// Factors on what parallel fibres do to interneurons and Purkinje cells alike: up to 32 times rest ◇.
const EXCITATION: [f32; 6] = [1.0, 2.0, 4.0, 8.0, 16.0, 32.0];
/// Factors on the tonic drive of MLI1 ◇.
const BRAKE: [f32; 5] = [1.0, 1.25, 1.5, 2.0, 3.0];
/// Steps that a drive is on before rates are counted ◇.
const ONSET: u32 = 300;

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
        "20 s without cue or error, learning on; mean rates of both microzones. Then, from that state and without learning, \
         1 s under each of a row of factors on parallel fibres, 1 to 32, and on the tonic drive of MLI1, 1 to 3: the highest \
         and the lowest mean rate of the Purkinje cells"
    }

    fn source(&self) -> &'static str {
        "Najafi 2014 (climbing fibres); Jelitai 2016 (Purkinje cells, 5–250 Hz); Park 2026 (MLI1 33.9, MLI2 20.7 Hz)"
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
            Measure {
                key: "lowest",
                what: "Purkinje cells, driven down",
                unit: "Hz",
                band: Some(Band::at_most(5.0)),
                standing: Standing::Calibrated,
                note: "Read of \"5–250 Hz\": the population can be driven at least as low as 5. Cells were not tuned to it, \
                       but how far MLI1 are driven was chosen",
            },
            Measure {
                key: "highest",
                what: "Purkinje cells, driven up",
                unit: "Hz",
                band: Some(Band::at_least(250.0)),
                standing: Standing::Calibrated,
                note: "Read of \"5–250 Hz\": the population can be driven at least as high as 250. Cells were not tuned to it, \
                       but how far parallel fibres are driven was chosen: 8 times rest gives about 300 Hz. Somata have no \
                       refractory time: 32 times takes them to a rate that no cell has",
            },
        ]
    }

    fn figures(&self) -> Vec<Figure> {
        vec![
            Figure { key: "rates", title: "Rates at rest, by second", x: "time, s", y: "rate, Hz" },
            Figure {
                key: "range",
                title: "Purkinje cells under parallel fibres and under MLI1",
                x: "drive relative to rest",
                y: "rate, Hz",
            },
        ]
    }

    fn seconds(&self, setup: &Setup) -> f64 {
        let driven = (EXCITATION.len() + BRAKE.len()) as u32 * (ONSET + window(setup));
        f64::from(counted(setup)) + f64::from(driven) * 1e-3 + settling_seconds(setup)
    }

    fn version(&self) -> u32 {
        2
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
            for (line, (_, rate)) in course.iter_mut().zip(populations(&circuit.rates())) {
                line.push(rate);
            }
        }
        let names = populations(&circuit.rates()).map(|(key, _)| key);
        let labels =
            ["granule cells", "Golgi cells", "MLI1", "MLI2", "Purkinje cells", "climbing fibres", "deep nucleus"];
        let x: Vec<f64> = (1..=seconds).map(f64::from).collect();
        for ((name, label), line) in names.into_iter().zip(labels).zip(course) {
            sample.value(name, crate::sum::tree_sum_f64(&line) / f64::from(seconds));
            sample.line("rates", label, x.clone(), line);
        }
        sample.spikes = circuit.spike_hash();
        circuit.set_learning(false);
        let brake = drive(&circuit, setup, &BRAKE, Manipulation::Mli1Drive, &mut sample);
        let excitation = drive(&circuit, setup, &EXCITATION, Manipulation::Excitation, &mut sample);
        sample.value("lowest", brake.iter().copied().fold(f64::INFINITY, f64::min));
        sample.value("highest", excitation.iter().copied().fold(0.0, f64::max));
        let factors = |factors: &[f32]| factors.iter().copied().map(f64::from).collect();
        sample.line("range", "parallel fibres", factors(&EXCITATION), excitation);
        sample.line("range", "MLI1", factors(&BRAKE), brake);
        sample
    }
}

/// Steps in which a driven circuit's rates are counted.
fn window(setup: &Setup) -> u32 {
    setup.effort.pick(1_000, 300)
}

/// Mean rate of the Purkinje cells under each factor, from the state of `rest` each time.
fn drive(
    rest: &Circuit,
    setup: &Setup,
    factors: &[f32],
    manipulation: fn(f32) -> Manipulation,
    sample: &mut Sample,
) -> Vec<f64> {
    let run = |factor: &f32| {
        let mut circuit = rest.clone();
        circuit.manipulate(manipulation(*factor));
        for _ in 0..ONSET {
            circuit.step();
        }
        circuit.reset_rates();
        for _ in 0..window(setup) {
            circuit.step();
        }
        sample.spikes = (sample.spikes ^ circuit.spike_hash()).wrapping_mul(FNV_PRIME);
        let [early, late] = circuit.rates().purkinje;
        (early + late) / 2.0
    };
    factors.iter().map(run).collect()
}

/// Rates by the key of their measure, mean over both microzones, Hz.
#[must_use]
pub fn populations(rates: &Rates) -> [(&'static str, f64); 7] {
    let both = |zones: [f64; 2]| (zones[0] + zones[1]) / 2.0;
    [
        ("granule", rates.granule),
        ("golgi", rates.golgi),
        ("mli1", both(rates.mli1)),
        ("mli2", both(rates.mli2)),
        ("purkinje", both(rates.purkinje)),
        ("fibres", both(rates.fibres)),
        ("nuclei", both(rates.nuclei)),
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
        let range = |name: &str| {
            let line = sample.series.iter().find(|line| line.figure == "range" && line.name == name);
            &line.expect("both lines are drawn").y
        };
        assert!(range("parallel fibres").windows(2).all(|pair| pair[0] < pair[1]), "{:?}", range("parallel fibres"));
        // Beyond twice the drive only complex spikes are left.
        assert!(range("MLI1")[..4].windows(2).all(|pair| pair[0] > pair[1]), "{:?}", range("MLI1"));
    }
}
