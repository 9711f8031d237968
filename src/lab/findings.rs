//! Findings: what the units of a run come to over seeds, each measure against its band.
//!
//! They are the lab's JSON, and whatever is shown is laid out from them alone.

use std::collections::BTreeMap;

use doozy_cerebellum::experiments::{Band, Estimate, Experiment, Measure, Standing};
use serde::{Deserialize, Serialize};

use super::{Plan, Registered, effort_name, fingerprint, store::Unit};

/// All that a run found.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Findings {
    /// Version of this layout.
    pub lab: u32,
    /// The model's version.
    pub model: u32,
    /// What they are filed under: the preset, and the parameter file where there is one.
    pub name: String,
    pub preset: String,
    /// Fingerprint of the parameters.
    pub parameters: String,
    pub effort: String,
    pub first_seed: u64,
    pub seeds: u64,
    pub experiments: Vec<Found>,
    pub summary: Summary,
}

/// One experiment's findings.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Found {
    pub id: String,
    pub title: String,
    pub protocol: String,
    pub source: String,
    pub version: u32,
    /// Seeds that there are results of.
    pub seeds: u64,
    /// Seconds of one core, all seeds together.
    pub seconds: f64,
    pub measures: Vec<Measured>,
    pub figures: Vec<Drawn>,
    /// Hash of every spike, a seed each, in hexadecimal digits: equal on every machine.
    pub spikes: Vec<String>,
}

/// One measure over seeds.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Measured {
    pub key: String,
    pub what: String,
    pub unit: String,
    /// Seeds that gave it.
    pub seeds: u64,
    /// Missing where no seed gave it.
    pub mean: Option<f64>,
    /// Half-width of the 95 % interval; missing below two seeds.
    pub half: Option<f64>,
    /// Lowest and highest, missing where the band is open; missing as a whole where there is no band.
    pub band: Option<(Option<f64>, Option<f64>)>,
    pub standing: Standing,
    pub verdict: Verdict,
    pub note: String,
}

/// Whether a measure lies in its band.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// The whole interval does, and every seed gave the measure.
    Holds,
    FallsShort,
    /// One seed says nothing about others.
    Undecided,
    /// There is no band: a number to know.
    NoBand,
}

/// A figure's lines over seeds.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Drawn {
    pub key: String,
    pub title: String,
    pub x: String,
    pub y: String,
    pub lines: Vec<Line>,
}

/// One line over seeds; what is not known at a point is null.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Line {
    pub name: String,
    pub x: Vec<f64>,
    pub mean: Vec<Option<f64>>,
    pub half: Vec<Option<f64>>,
}

/// How many bands hold.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Summary {
    pub bands: usize,
    pub hold: usize,
    pub predicted: usize,
    pub predicted_hold: usize,
}

/// The layout that this version writes and reads.
pub const LAYOUT: u32 = 1;

impl Findings {
    /// Sums up `units` (by experiment and seed) of these experiments; an experiment without a unit is left out.
    #[must_use]
    pub fn of(experiments: &[Registered], plan: &Plan, units: &BTreeMap<(String, u64), Unit>) -> Self {
        let found: Vec<Found> = experiments
            .iter()
            .filter_map(|experiment| {
                let of_it: Vec<&Unit> =
                    plan.seeds().filter_map(|seed| units.get(&(experiment.id().to_owned(), seed))).collect();
                (!of_it.is_empty()).then(|| Found::of(*experiment, &of_it, plan.seeds))
            })
            .collect();
        Self {
            lab: LAYOUT,
            model: doozy_cerebellum::MODEL_VERSION,
            name: plan.name.clone(),
            preset: plan.setup.parameters.preset.name().to_owned(),
            parameters: fingerprint(&plan.setup.parameters),
            effort: effort_name(plan.setup.effort).to_owned(),
            first_seed: plan.first_seed,
            seeds: plan.seeds,
            summary: Summary::of(&found),
            experiments: found,
        }
    }

    /// The findings of some experiments only.
    #[must_use]
    pub fn only(&self, ids: &[&str]) -> Self {
        let experiments: Vec<Found> =
            self.experiments.iter().filter(|found| ids.contains(&found.id.as_str())).cloned().collect();
        Self { summary: Summary::of(&experiments), experiments, ..self.clone() }
    }
}

impl Found {
    fn of(experiment: &dyn Experiment, units: &[&Unit], seeds: u64) -> Self {
        let measures = experiment
            .measures()
            .iter()
            .map(|measure| {
                let values: Vec<f64> =
                    units.iter().filter_map(|unit| unit.sample.values.get(measure.key).copied()).collect();
                Measured::of(measure, &values, seeds)
            })
            .collect();
        let figures = experiment
            .figures()
            .iter()
            .map(|figure| Drawn {
                key: figure.key.to_owned(),
                title: figure.title.to_owned(),
                x: figure.x.to_owned(),
                y: figure.y.to_owned(),
                lines: lines(figure.key, units),
            })
            .collect();
        Self {
            id: experiment.id().to_owned(),
            title: experiment.title().to_owned(),
            protocol: experiment.protocol().to_owned(),
            source: experiment.source().to_owned(),
            version: experiment.version(),
            seeds: units.len() as u64,
            seconds: units.iter().map(|unit| unit.seconds).sum(),
            measures,
            figures,
            spikes: units.iter().map(|unit| format!("{:016x}", unit.sample.spikes)).collect(),
        }
    }
}

impl Measured {
    fn of(measure: &Measure, values: &[f64], seeds: u64) -> Self {
        let estimate = (!values.is_empty()).then(|| Estimate::of(values));
        let verdict = match (measure.band, estimate) {
            (None, _) => Verdict::NoBand,
            (Some(_), None) => Verdict::FallsShort,
            (Some(_), Some(_)) if seeds == 1 => Verdict::Undecided,
            // A seed that could not give the measure is no seed in which it held.
            (Some(band), Some(estimate)) if values.len() as u64 == seeds && band.holds(estimate) => Verdict::Holds,
            (Some(_), Some(_)) => Verdict::FallsShort,
        };
        Self {
            key: measure.key.to_owned(),
            what: measure.what.to_owned(),
            unit: measure.unit.to_owned(),
            seeds: values.len() as u64,
            mean: estimate.map(|estimate| estimate.mean),
            half: estimate.and_then(|estimate| finite(estimate.half)),
            band: measure.band.map(|Band { low, high }| (finite(low), finite(high))),
            standing: measure.standing,
            verdict,
            note: measure.note.to_owned(),
        }
    }
}

impl Summary {
    fn of(found: &[Found]) -> Self {
        let mut summary = Self::default();
        for measured in found.iter().flat_map(|found| &found.measures).filter(|m| m.band.is_some()) {
            let (holds, predicted) = (measured.verdict == Verdict::Holds, measured.standing == Standing::Predicted);
            summary.bands += 1;
            summary.hold += usize::from(holds);
            summary.predicted += usize::from(predicted);
            summary.predicted_hold += usize::from(holds && predicted);
        }
        summary
    }
}

/// The lines of a figure in the order in which seeds first name them.
fn lines(figure: &str, units: &[&Unit]) -> Vec<Line> {
    let mut out: Vec<(Line, Vec<Vec<f64>>)> = Vec::new();
    for series in units.iter().flat_map(|unit| &unit.sample.series).filter(|series| series.figure == figure) {
        let at = out.iter().position(|(line, _)| line.name == series.name).unwrap_or_else(|| {
            let line = Line { name: series.name.clone(), x: series.x.clone(), mean: Vec::new(), half: Vec::new() };
            out.push((line, vec![Vec::new(); series.x.len()]));
            out.len() - 1
        });
        let (line, points) = &mut out[at];
        for (x, y) in series.x.iter().zip(&series.y).filter(|(_, y)| y.is_finite()) {
            if let Some(k) = line.x.iter().position(|known| known == x) {
                points[k].push(*y);
            }
        }
    }
    out.into_iter()
        .map(|(mut line, points)| {
            for values in points {
                let estimate = (!values.is_empty()).then(|| Estimate::of(&values));
                line.mean.push(estimate.map(|estimate| estimate.mean));
                line.half.push(estimate.and_then(|estimate| finite(estimate.half)));
            }
            line
        })
        .collect()
}

fn finite(value: f64) -> Option<f64> {
    value.is_finite().then_some(value)
}
