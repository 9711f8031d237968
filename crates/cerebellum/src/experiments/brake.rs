//! E7 and E9: what the brake, MLI1, and what releases it, MLI2, mean for learning.

use super::conditioning::{Conditioning, Kind, LEARNED, Protocol, Trial, ZONE};
use super::{Band, Experiment, Figure, Measure, Sample, Setup, Standing, settling_seconds};
use crate::circuit::{Circuit, Manipulation};
use crate::rng::Stream;
use crate::sum::tree_sum_f64;

const ISI: u64 = 500;
/// Most pairings of the intact circuit.
const MOST: usize = 100;

/// E7.
pub struct Ablation;

/// Fibres of a volley, of 32.
const VOLLEYS: [usize; 7] = [1, 4, 8, 12, 16, 24, 32];
/// From one volley to the next, ms.
const APART: u64 = 200;

/// Volleys of each size; how many times the normal trials the ablated circuit is trained; last trials that count.
fn lengths(setup: &Setup) -> (usize, usize, usize) {
    setup.effort.pick((40, 10, 50), (4, 1, 10))
}

impl Experiment for Ablation {
    fn id(&self) -> &'static str {
        "E7"
    }

    fn title(&self) -> &'static str {
        "Without MLI2, synchrony neither opens the window nor teaches"
    }

    fn protocol(&self) -> &'static str {
        "MLI2 silenced. Volleys of 1–32 of 32 fibres at rest (jitter SD 3 ms, 40 of each, no learning): mean calcium of their events over \
         the share of fibres, and the slope of a straight line. Conditioning at an ISI of 500 ms as in E14: the intact circuit to 80 %, \
         the ablated one for ten times as many pairings; the last 50 count"
    }

    fn source(&self) -> &'static str {
        "Park 2026, from a press report (learning fails without the pathway); Zhang 2023 (blocked by ablation, rescued by suppression \
         of MLI)"
    }

    fn measures(&self) -> Vec<Measure> {
        let measure =
            |key, what, unit, band, note| Measure { key, what, unit, band, standing: Standing::Predicted, note };
        vec![
            measure(
                "slope",
                "Slope of calcium over synchrony, change",
                "%",
                Some(Band::at_most(-80.0)),
                "Ablated against intact",
            ),
            measure(
                "base",
                "MLI1 at rest, change",
                "%",
                Some(Band::within(5.0, 30.0)),
                "Pilot +12 %; here MLI2→MLI1 is half as strong again as there, which E3 was calibrated with, so that more is lost",
            ),
            measure(
                "responses",
                "Responses after ten times the normal pairings",
                "%",
                Some(Band::at_most(20.0)),
                "Baseline measured after the ablation",
            ),
            measure("normal", "Pairings to 80 %, intact", "", None, "At most 100"),
            measure("weight", "Mean weight of parallel fibres after them, ablated", "", None, ""),
        ]
    }

    fn figures(&self) -> Vec<Figure> {
        vec![
            Figure {
                key: "calcium",
                title: "Calcium of a climbing fibre's event",
                x: "share of fibres that fire together",
                y: "calcium, solitary event = 1",
            },
            Figure {
                key: "curves",
                title: "Learning with and without MLI2",
                x: "trial",
                y: "responses in ten trials, %",
            },
        ]
    }

    fn seconds(&self, setup: &Setup) -> f64 {
        let (volleys, times, _) = lengths(setup);
        let swept = 2.0 * (volleys * VOLLEYS.len()) as f64 * APART as f64 * 1e-3;
        settling_seconds(setup) + swept + 8.0 + 45.0 * (1 + times) as f64 * (ISI + 400) as f64 * 1e-3
    }

    /// # Panics
    /// If the parameters are out of their ranges: who made the setup has checked them.
    fn run(&self, setup: &Setup, seed: u64) -> Sample {
        let (volleys, times, last) = lengths(setup);
        let intact = Circuit::new(&setup.parameters, seed).expect("a setup's parameters have been checked");
        let mut ablated = intact.clone();
        ablated.manipulate(Manipulation::Mli2Silenced(true));
        let mut sample = Sample::default();

        let (before, after) = (mli1_rate(&intact), mli1_rate(&ablated));
        sample.value("base", 100.0 * (after / before - 1.0));
        let x: Vec<f64> = VOLLEYS.iter().map(|fibres| *fibres as f64 / 32.0).collect();
        let slopes = [("intact", &intact), ("MLI2 silenced", &ablated)].map(|(name, circuit)| {
            let calcium = calcium(circuit, seed, volleys);
            let slope = slope(&x, &calcium);
            sample.line("calcium", name, x.clone(), calcium);
            slope
        });
        sample.value("slope", 100.0 * (slopes[1] / slopes[0] - 1.0));

        let mut conditioning = Conditioning::new(intact, Protocol::of(ISI));
        let phase = conditioning.acquire(MOST);
        let normal = phase.trials_to(|share| share >= LEARNED).unwrap_or(MOST);
        sample.value("normal", normal as f64);
        super::eyelid::curve(&mut sample, "curves", "intact", &phase, times * MOST);
        sample.spikes = conditioning.circuit.spike_hash();

        let mut conditioning = Conditioning::new(ablated, Protocol::of(ISI));
        let phase = conditioning.trials(Kind::Paired, times * normal);
        sample.value("responses", 100.0 * phase.mean_of_last(last, |trial| f64::from(u8::from(trial.responded()))));
        sample.value("weight", conditioning.circuit.zone(ZONE).synapses().mean_weight());
        super::eyelid::curve(&mut sample, "curves", "MLI2 silenced", &phase, times * MOST);
        sample.spikes = super::synchrony::combined(sample.spikes, conditioning.circuit.spike_hash());
        sample
    }
}

/// Mean rate of the MLI1 of both zones over 4 s without learning, Hz.
fn mli1_rate(circuit: &Circuit) -> f64 {
    let mut circuit = circuit.clone();
    circuit.set_learning(false);
    for _ in 0..500 {
        circuit.step();
    }
    circuit.reset_rates();
    for _ in 0..3_500 {
        circuit.step();
    }
    let [early, late] = circuit.rates().mli1;
    (early + late) / 2.0
}

/// Mean calcium of the events of volleys of each of [`VOLLEYS`].
fn calcium(circuit: &Circuit, seed: u64, repeats: usize) -> Vec<f64> {
    let mut circuit = circuit.clone();
    circuit.set_learning(false);
    let mut stream = Stream::named(seed, "ablation volleys", 0);
    let mut order: Vec<usize> = (0..circuit.parameters().cells.fibres).collect();
    let mut of = |fibres: &usize| {
        let mut found = Vec::new();
        // A lone fibre makes one event a volley.
        let repeats = repeats * if *fibres == 1 { 4 } else { 1 };
        for _ in 0..repeats {
            let centre = circuit.clock() + APART / 2;
            stream.shuffle(&mut order);
            for &fibre in order.iter().take(*fibres) {
                let offset = libm::floor(3.0 * stream.gaussian() + 0.5).clamp(-20.0, 20.0);
                let at = (centre as f64 + offset) as u64;
                circuit.recruit(ZONE, fibre, at).expect("the step lies ahead");
            }
            for _ in 0..APART {
                circuit.step();
                let events = circuit.events().iter();
                found
                    .extend(events.filter(|event| event.zone == ZONE && !event.spontaneous).map(|event| event.calcium));
            }
        }
        super::conditioning::mean_of(&found)
    };
    VOLLEYS.iter().map(&mut of).collect()
}

/// Slope of the straight line through the points with the least squares.
fn slope(x: &[f64], y: &[f64]) -> f64 {
    let (mx, my) = (super::conditioning::mean_of(x), super::conditioning::mean_of(y));
    let product: Vec<f64> = x.iter().zip(y).map(|(x, y)| (x - mx) * (y - my)).collect();
    let square: Vec<f64> = x.iter().map(|x| (x - mx) * (x - mx)).collect();
    tree_sum_f64(&product) / tree_sum_f64(&square)
}

/// E9.
pub struct Suppression;

/// What is left of the MLI1's rate while they are suppressed.
const LEFT: f64 = 0.2;

fn trials(setup: &Setup) -> usize {
    setup.effort.pick(60, 15)
}

impl Experiment for Suppression {
    fn id(&self) -> &'static str {
        "E9"
    }

    fn title(&self) -> &'static str {
        "Suppressing MLI1 during the cue teaches without an error"
    }

    fn protocol(&self) -> &'static str {
        "ISI 500 ms. 60 cues without US while the tonic drive of MLI1 is lowered so far that they keep 20 % of their rate (fibres fire \
         spontaneously, at 1 Hz); 60 cues alone; 60 normal pairings. Then, without suppression, 20 probe trials. Learning is the mean \
         change of the parallel fibres' weights from before to after"
    }

    fn source(&self) -> &'static str {
        "Zhang 2023: optogenetic suppression of floccular MLI in the VOR, learning without errors"
    }

    fn measures(&self) -> Vec<Measure> {
        let measure =
            |key, what, unit, band, note| Measure { key, what, unit, band, standing: Standing::Predicted, note };
        vec![
            measure(
                "ratio",
                "Depression without US, relative to normal",
                "",
                Some(Band::at_least(0.25)),
                "Over all synapses: it is spread over the whole cue, not gathered before a US",
            ),
            measure("alone", "Cue alone, relative to normal", "", None, "Negative: potentiation"),
            measure(
                "rate",
                "MLI1 in the suppressed cue, relative to rest",
                "",
                None,
                "Drive found by bisection, 0.2 aimed at",
            ),
            measure(
                "responses",
                "Responses in probes after it",
                "%",
                None,
                "Same criterion as E14, before the US would come",
            ),
        ]
    }

    fn figures(&self) -> Vec<Figure> {
        vec![
            Figure {
                key: "weights",
                title: "Mean change of the weights of parallel fibres",
                x: "granule cells by preferred delay, percentile",
                y: "change, %",
            },
            Figure {
                key: "response",
                title: "Release of the nucleus in probe trials",
                x: "time from the cue's onset, ms",
                y: "release above baseline, Hz",
            },
        ]
    }

    fn seconds(&self, setup: &Setup) -> f64 {
        let each = (ISI + 400) as f64 * 1e-3;
        settling_seconds(setup) + 8.0 + (3 * trials(setup) + 60) as f64 * each
    }

    /// # Panics
    /// If the parameters are out of their ranges: who made the setup has checked them.
    fn run(&self, setup: &Setup, seed: u64) -> Sample {
        let circuit = Circuit::new(&setup.parameters, seed).expect("a setup's parameters have been checked");
        let mut sample = Sample::default();
        let factor = suppressing(&circuit);
        let suppressed = Some((Manipulation::Mli1Drive(factor), Manipulation::Mli1Drive(1.0)));
        let mut held = circuit.clone();
        held.manipulate(Manipulation::Mli1Drive(factor));
        sample.value("rate", relative_rate(&held));
        let mut change = |name: &str, kind, during_cue| {
            let mut conditioning = Conditioning::new(circuit.clone(), Protocol { during_cue, ..Protocol::of(ISI) });
            let before = conditioning.weights();
            conditioning.trials(kind, trials(setup));
            let changes: Vec<f64> = conditioning.weights().iter().zip(&before).map(|(w, b)| 100.0 * (w - b)).collect();
            let bands: Vec<f64> = changes.chunks(changes.len() / 50).map(super::conditioning::mean_of).collect();
            sample.line("weights", name, (0..bands.len()).map(|at| 2.0 * at as f64 + 1.0).collect(), bands);
            conditioning.protocol.during_cue = None;
            let probes = conditioning.trials(Kind::Probe, setup.effort.pick(20, 5));
            let course: Vec<f64> = probes.course().chunks(10).map(super::conditioning::mean_of).collect();
            sample.line("response", name, (0..course.len()).map(|at| 10.0 * at as f64 + 5.0).collect(), course);
            sample.spikes = super::synchrony::combined(sample.spikes, conditioning.circuit.spike_hash());
            let responded = |trial: &Trial| f64::from(u8::from(trial.responded()));
            (super::conditioning::mean_of(&changes), 100.0 * probes.mean_of_last(probes.trials.len(), responded))
        };
        let (normal, _) = change("pairings", Kind::Paired, None);
        let (alone, _) = change("cue alone", Kind::Alone, None);
        let (without, responses) = change("cue with MLI1 suppressed", Kind::Alone, suppressed);
        sample.value("ratio", without / normal);
        sample.value("alone", alone / normal);
        sample.value("responses", responses);
        sample
    }
}

/// Rate of the MLI1 after 300 ms, over 700 ms, relative to rest.
fn relative_rate(circuit: &Circuit) -> f64 {
    let mut circuit = circuit.clone();
    circuit.set_learning(false);
    for _ in 0..300 {
        circuit.step();
    }
    circuit.reset_rates();
    for _ in 0..700 {
        circuit.step();
    }
    let (now, rest) = (circuit.rates().mli1, circuit.rest().mli1);
    (now[0] + now[1]) / (rest[0] + rest[1])
}

/// The factor on the tonic drive of MLI1 that leaves [`LEFT`] of their rate.
fn suppressing(circuit: &Circuit) -> f32 {
    let (mut low, mut high) = (0.0f32, 1.0f32);
    for _ in 0..7 {
        let middle = (low + high) / 2.0;
        let mut tried = circuit.clone();
        tried.manipulate(Manipulation::Mli1Drive(middle));
        if relative_rate(&tried) > LEFT {
            high = middle;
        } else {
            low = middle;
        }
    }
    (low + high) / 2.0
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::experiments::Effort;
    use crate::parameters::Parameters;
    use crate::presets::Preset;

    fn setup() -> Setup {
        Setup { parameters: Parameters::of(Preset::Small), effort: Effort::Brief }
    }

    #[test]
    fn without_mli2_synchrony_adds_no_calcium_and_nothing_is_learned() {
        let values = Ablation.run(&setup(), 1).values;
        assert!(values["slope"] < -60.0, "{values:?}");
        assert!(values["base"] > 0.0, "{values:?}");
        assert!(values["responses"] < 50.0, "{values:?}");
    }

    #[test]
    fn suppressed_mli1_let_chance_teach() {
        let values = Suppression.run(&setup(), 1).values;
        assert!((0.1..0.3).contains(&values["rate"]), "{values:?}");
        assert!(values["ratio"] > 0.1 && values["ratio"] > values["alone"], "{values:?}");
    }
}
