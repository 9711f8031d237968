//! P: whether the granular layer alone tells the time since a cue.
//!
//! The similarity index of Yamazaki and Tanaka (2007): activity is counted by group of granule cells, smoothed as a
//! Purkinje cell smooths it, and compared between two times by the cosine of the angle between its vectors.

use super::{Band, Effort, Experiment, Figure, Measure, Sample, Setup, Standing};
use crate::granule::GranularLayer;
use crate::mossy::Mossy;
use crate::rng::{FNV_OFFSET, FNV_PRIME};
use crate::sum::{tree_sum, tree_sum_f64};

/// P.
pub struct Passage;

/// Steps before the first trial.
const FORGET: u32 = 1_000;
/// Steps with the cue on, and from its end to the next trial.
const CUE: u32 = 1_250;
const PAUSE: u32 = 750;
/// Steps between the times that are compared.
const GRAIN: u32 = 25;
/// Time constant of the smoothing, ms: that of the AMPA receptors of Purkinje cells in Yamazaki and Tanaka (2007).
const SMOOTHING: f64 = 8.3;
/// Times whose similarity is a measure, ms since the onset.
const TIMES: [u32; 4] = [100, 200, 500, 1_000];
/// A time is to be told from those later by this share of it.
const SHARE: f64 = 0.25;

fn trials(effort: Effort) -> u32 {
    effort.pick(10, 4)
}

fn place(time: u32) -> usize {
    (time / GRAIN - 1) as usize
}

impl Experiment for Passage {
    fn id(&self) -> &'static str {
        "P"
    }

    fn title(&self) -> &'static str {
        "The granular layer tells the time"
    }

    fn protocol(&self) -> &'static str {
        "mossy fibres and granular layer alone, 10 trials of a cue of 1.25 s and 0.75 s without; granule spikes counted by \
         group (the cluster of a glomerulus; in the spectral layer, as many neighbours in delay), smoothed with 8.3 ms; \
         similarity S(t1, t2) is the cosine between two times' vectors, within a trial or between successive trials"
    }

    fn source(&self) -> &'static str {
        "Index: Yamazaki and Tanaka 2007; what it should be: this project's design (cerebellum.md §3.6); nobody has measured \
         it in animals"
    }

    fn measures(&self) -> Vec<Measure> {
        let measure = |key, what, band, note| Measure {
            key,
            what,
            unit: "",
            band: Some(band),
            standing: Standing::Calibrated,
            note,
        };
        let rate = |key, what| Measure {
            key,
            what,
            unit: "Hz",
            band: None,
            standing: Standing::Calibrated,
            note: "No band; Yamazaki's textbook program has 4.3 Hz in its granule cells during the cue",
        };
        let (again, apart) = (Band::at_least(0.7), Band::at_most(0.3));
        let known = "Passage-of-time layer: strengths were set for it. Clusters come to differ in their phase from trial to \
                     trial, later where they have more cells (256 in `xl`, 100 in `large`); mossy fibres more regular than \
                     Poisson helped a little, stronger onsets hardly; less slow inhibition helps and harms telling apart";
        let told = "Passage-of-time layer: strengths were set for it. By 125 ms inhibition that decays with 59 ms has not \
                    changed enough; with other decays than the published (NMDA 46, GABA 22 ms) it came to 0.3. Spectral \
                    layer: cells tuned with an SD of 0.22 of their delay are too wide for it";
        vec![
            measure("again_100", "S(t, t) of successive trials at 100 ms", again, known),
            measure("again_200", "S(t, t) of successive trials at 200 ms", again, known),
            measure("again_500", "S(t, t) of successive trials at 500 ms", again, known),
            measure("again_1000", "S(t, t) of successive trials at 1,000 ms", again, known),
            measure("apart_100", "Least S(t, t + Δ), Δ ≤ t/4, at 100 ms", apart, told),
            measure("apart_200", "Least S(t, t + Δ), Δ ≤ t/4, at 200 ms", apart, told),
            measure("apart_500", "Least S(t, t + Δ), Δ ≤ t/4, at 500 ms", apart, told),
            measure("apart_1000", "Least S(t, t + Δ), Δ ≤ t/4, at 1,000 ms", apart, told),
            Measure {
                key: "recurring",
                what: "Greatest S(t, t + Δ), Δ > t/4, up to 1,250 ms: mean over t of 100–1,000 ms",
                unit: "",
                band: None,
                standing: Standing::Calibrated,
                note: "No band: how like a time is to the later one that it is most easily mistaken for",
            },
            rate("granule", "Granule cells during the cue"),
            rate("golgi", "Golgi cells during the cue"),
        ]
    }

    fn figures(&self) -> Vec<Figure> {
        vec![
            Figure {
                key: "again",
                title: "Similarity of successive trials",
                x: "time since the cue, ms",
                y: "S(t, t)",
            },
            Figure { key: "apart", title: "Similarity within a trial", x: "time since the cue, ms", y: "S(t, time)" },
        ]
    }

    fn seconds(&self, setup: &Setup) -> f64 {
        f64::from(FORGET + trials(setup.effort) * (CUE + PAUSE)) * 1e-3
    }

    fn run(&self, setup: &Setup, seed: u64) -> Sample {
        let mut course = Course::new(setup, seed);
        let trials: Vec<Vec<Vec<f32>>> = (0..trials(setup.effort)).map(|_| course.trial()).collect();
        let mut sample = Sample { spikes: course.hash, ..Sample::default() };
        let mean = |values: Vec<f64>| tree_sum_f64(&values) / values.len() as f64;
        let again = |t: usize| mean(trials.windows(2).map(|pair| similarity(&pair[0][t], &pair[1][t])).collect());
        let within = |t: usize, u: usize| mean(trials.iter().map(|trial| similarity(&trial[t], &trial[u])).collect());
        let last = place(CUE);
        let mut recurring = Vec::new();
        for time in (100..=1_000).step_by(100) {
            let near = (f64::from(time) * SHARE) as u32;
            recurring.push((place(time + near) + 1..=last).map(|u| within(place(time), u)).fold(0.0, f64::max));
        }
        sample.value("recurring", mean(recurring));
        let at = |t: usize| f64::from((t as u32 + 1) * GRAIN);
        for time in TIMES {
            let near = (f64::from(time) * SHARE) as u32;
            let least = (place(time) + 1..=place(time + near)).map(|u| within(place(time), u)).fold(1.0, f64::min);
            sample.value(&format!("again_{time}"), again(place(time)));
            sample.value(&format!("apart_{time}"), least);
            let x: Vec<f64> = (0..=last).map(at).collect();
            sample.line("apart", format!("t = {time} ms"), x, (0..=last).map(|u| within(place(time), u)).collect());
        }
        sample.line("again", "successive trials", (0..=last).map(at).collect(), (0..=last).map(again).collect());
        let steps = f64::from(CUE) * trials.len() as f64 * 1e-3;
        sample.value("granule", course.granule as f64 / (steps * course.layer.count() as f64));
        sample.value("golgi", course.golgi as f64 / (steps * course.layer.golgi_count() as f64));
        sample
    }
}

/// The layer, trial after trial.
struct Course {
    mossy: Mossy,
    layer: GranularLayer,
    /// Spikes during cues.
    granule: u64,
    golgi: u64,
    hash: u64,
}

impl Course {
    fn new(setup: &Setup, seed: u64) -> Self {
        let (mut mossy, mut layer) = (Mossy::new(&setup.parameters, seed), GranularLayer::new(&setup.parameters, seed));
        for _ in 0..FORGET {
            mossy.step();
            layer.step(&mossy, None);
        }
        Self { mossy, layer, granule: 0, golgi: 0, hash: FNV_OFFSET }
    }

    /// Smoothed activity of each group, every [`GRAIN`] steps of the cue.
    fn trial(&mut self) -> Vec<Vec<f32>> {
        let keep = libm::exp(-1.0 / SMOOTHING) as f32;
        let mut activity = vec![0.0f32; self.layer.groups()];
        let mut seen = Vec::with_capacity(place(CUE) + 1);
        self.mossy.set_cue(Some(0));
        for step in 1..=CUE {
            self.step();
            activity.iter_mut().for_each(|group| *group *= keep);
            self.layer.spikes().iter().for_each(|cell| activity[self.layer.group(*cell)] += 1.0);
            self.granule += self.layer.spikes().len() as u64;
            self.golgi += self.layer.golgi_spikes().len() as u64;
            if step.is_multiple_of(GRAIN) {
                seen.push(activity.clone());
            }
        }
        self.mossy.set_cue(None);
        for _ in 0..PAUSE {
            self.step();
        }
        seen
    }

    fn step(&mut self) {
        self.mossy.step();
        self.layer.step(&self.mossy, None);
        for cell in self.layer.spikes() {
            self.hash = (self.hash ^ u64::from(*cell)).wrapping_mul(FNV_PRIME);
        }
    }
}

/// Cosine of the angle between two vectors; 0 where one of them is nothing.
fn similarity(a: &[f32], b: &[f32]) -> f64 {
    let product = |a: &[f32], b: &[f32]| {
        let terms: Vec<f32> = a.iter().zip(b).map(|(a, b)| a * b).collect();
        f64::from(tree_sum(&terms))
    };
    let lengths = product(a, a) * product(b, b);
    if lengths > 0.0 { product(a, b) / libm::sqrt(lengths) } else { 0.0 }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Parameters, Preset};

    fn brief(parameters: Parameters) -> Sample {
        Passage.run(&Setup { parameters, effort: Effort::Brief }, 1)
    }

    #[test]
    fn similarity_is_a_cosine() {
        assert_eq!(similarity(&[3.0, 4.0], &[3.0, 4.0]), 1.0);
        assert_eq!(similarity(&[3.0, 4.0], &[4.0, -3.0]), 0.0);
        assert_eq!(similarity(&[0.0, 0.0], &[1.0, 1.0]), 0.0);
        assert!((similarity(&[1.0, 1.0], &[0.0, 2.0]) - core::f64::consts::FRAC_1_SQRT_2).abs() < 1e-12);
    }

    #[test]
    fn in_the_spectral_layer_a_time_is_like_itself_in_the_next_trial_and_unlike_later_ones() {
        let sample = brief(Parameters::of(Preset::Small));
        for time in TIMES {
            let (again, apart) = (sample.values[&format!("again_{time}")], sample.values[&format!("apart_{time}")]);
            assert!(again > apart, "{time} ms: {again} against {apart}");
        }
        assert!(sample.values["recurring"] < sample.values["again_500"]);
    }

    #[test]
    fn the_passage_of_time_layer_tells_times_apart_that_it_knows_again() {
        let mut parameters = Parameters::of(Preset::Large);
        (parameters.cells.granule, parameters.cells.golgi, parameters.cells.mossy) = (6_400, 64, 256);
        // A layer of a sixteenth differs from seed to seed; the mean tells.
        let setup = Setup { parameters, effort: Effort::Brief };
        let samples: Vec<Sample> = (1..=4).map(|seed| Passage.run(&setup, seed)).collect();
        let mean = |key: &str| samples.iter().map(|sample| sample.values[key]).sum::<f64>() / samples.len() as f64;
        for time in TIMES {
            let (again, apart) = (mean(&format!("again_{time}")), mean(&format!("apart_{time}")));
            assert!(again > apart + 0.05, "{time} ms: {again} against {apart}");
        }
        assert!(mean("recurring") < mean("again_200") && mean("recurring") < mean("again_500"));
    }
}
