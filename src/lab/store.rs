//! The store: one file for each finished unit of work, an experiment run with one seed.
//!
//! A unit's name says all that its result depends on, so a run that was broken off, or is widened by seeds or experiments,
//! computes only what is missing. A file is written whole or not at all; one that cannot be read counts as missing.

use std::{
    fs,
    path::{Path, PathBuf},
};

use doozy_cerebellum::experiments::{Effort, Sample, Series};
use serde::{Deserialize, Serialize};

use crate::paths::{self, PathError};

/// All that a unit's result depends on.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Key {
    pub experiment: String,
    /// The experiment's version.
    pub version: u32,
    /// The model's version.
    pub model: u32,
    /// Fingerprint of the parameters.
    pub parameters: String,
    /// `full` or `brief`.
    pub effort: String,
    pub seed: u64,
}

/// A unit's result.
#[derive(Clone, Debug, PartialEq)]
pub struct Unit {
    pub key: Key,
    pub sample: Sample,
    /// Seconds of one core.
    pub seconds: f64,
}

/// [`Unit`] as it is written: JSON has no word for what is not a number, so that is left out or null.
#[derive(Serialize, Deserialize)]
struct Written {
    key: Key,
    seconds: f64,
    /// As hexadecimal digits: readers of JSON take a number for a float.
    spikes: String,
    values: std::collections::BTreeMap<String, f64>,
    series: Vec<WrittenSeries>,
}

#[derive(Serialize, Deserialize)]
struct WrittenSeries {
    figure: String,
    name: String,
    x: Vec<f64>,
    y: Vec<Option<f64>>,
}

impl Key {
    #[must_use]
    pub fn new(experiment: super::Registered, parameters: String, effort: Effort, seed: u64) -> Self {
        Self {
            experiment: experiment.id().to_owned(),
            version: experiment.version(),
            model: doozy_cerebellum::MODEL_VERSION,
            parameters,
            effort: super::effort_name(effort).to_owned(),
            seed,
        }
    }

    fn file(&self) -> String {
        let Self { experiment, version, model, parameters, effort, seed } = self;
        format!("{experiment}-v{version}-m{model}-{parameters}-{effort}-{seed}.json")
    }
}

/// The folder of the units.
#[derive(Clone, Debug)]
pub struct Store(PathBuf);

impl Store {
    /// The store in a lab's folder. Nothing is made until the first unit is kept.
    #[must_use]
    pub fn of(lab: &Path) -> Self {
        Self(lab.join("units"))
    }

    /// A unit that was kept whole.
    #[must_use]
    pub fn get(&self, key: &Key) -> Option<Unit> {
        let text = fs::read_to_string(self.0.join(key.file())).ok()?;
        let written: Written = serde_json::from_str(&text).ok()?;
        let spikes = u64::from_str_radix(&written.spikes, 16).ok()?;
        let series = written.series.into_iter().map(|s| Series {
            figure: s.figure,
            name: s.name,
            x: s.x,
            y: s.y.into_iter().map(|y| y.unwrap_or(f64::NAN)).collect(),
        });
        let sample = Sample { values: written.values, series: series.collect(), spikes };
        (written.key == *key).then_some(Unit { key: written.key, sample, seconds: written.seconds })
    }

    /// Keeps a unit.
    ///
    /// # Errors
    /// Where the folder cannot be written.
    pub fn keep(&self, unit: &Unit) -> Result<(), PathError> {
        let path = self.0.join(unit.key.file());
        let written = Written {
            key: unit.key.clone(),
            seconds: unit.seconds,
            spikes: format!("{:016x}", unit.sample.spikes),
            values: unit.sample.values.clone(),
            series: unit
                .sample
                .series
                .iter()
                .map(|s| WrittenSeries {
                    figure: s.figure.clone(),
                    name: s.name.clone(),
                    x: s.x.clone(),
                    y: s.y.iter().map(|y| y.is_finite().then_some(*y)).collect(),
                })
                .collect(),
        };
        let text = serde_json::to_string(&written)
            .map_err(|error| PathError::Io { path: path.clone(), source: std::io::Error::other(error) })?;
        paths::write_whole(&path, text.as_bytes())
    }
}
