//! Parameters: every number of the model that a modeller may want to change, in sections, each with its unit and the
//! range in which the model means something.
//!
//! A section belongs to the room that reads it (`interneurons::Settings` beside the interneurons) and is declared with
//! `settings!`, which gives it its check and its row in the reference. [`Parameters::of`] is what a preset stands for.

use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::presets::{Cells, Preset};
use crate::{
    calcium, circuit, granule, inferior, interneurons, microzone, mossy, nuclei, olive, plasticity, purkinje, soma,
    window,
};

/// A value that is out of its range.
#[derive(Clone, Debug, PartialEq, Error)]
#[error("{field} is {value}: it must be {low} … {high}{unit}")]
pub struct Fault {
    /// Path from the root, as in a parameter file: `mli1.capacitance`.
    pub field: String,
    pub value: f64,
    pub low: f64,
    pub high: f64,
    /// With a space before it where there is one.
    pub unit: String,
}

/// A value of a section, for references and checks.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    /// Path from the root, as in a parameter file.
    pub field: String,
    /// What it is: its documentation.
    pub meaning: &'static str,
    /// As a number; `None` for a choice between words.
    pub value: Option<f64>,
    /// As people read it.
    pub shown: String,
    pub range: Option<(f64, f64)>,
    pub unit: &'static str,
}

/// What can be a parameter.
pub trait Value {
    /// Its number, where it is one.
    fn number(&self) -> Option<f64>;
    fn shown(&self) -> String;
}

macro_rules! numbers {
    ($($type:ty),*) => {$(
        impl Value for $type {
            fn number(&self) -> Option<f64> {
                Some(*self as f64)
            }
            fn shown(&self) -> String {
                self.to_string()
            }
        }
    )*};
}
numbers!(f32, f64, u16, u32, u64, usize);

impl Value for bool {
    fn number(&self) -> Option<f64> {
        None
    }
    fn shown(&self) -> String {
        self.to_string()
    }
}

/// Makes an enum of words a parameter: `choice!(Layer { Spectral => "spectral", … })`.
macro_rules! choice {
    ($type:ty { $($variant:ident => $word:literal),* $(,)? }) => {
        impl $crate::parameters::Value for $type {
            fn number(&self) -> Option<f64> {
                None
            }
            fn shown(&self) -> String {
                match self { $(Self::$variant => $word),* }.to_owned()
            }
        }
    };
}
pub(crate) use choice;

/// Declares a section: fields with their type, `[lowest, highest]` (empty where it is a choice) and unit.
macro_rules! settings {
    ($(#[$outer:meta])* pub struct $name:ident {
        $(#[doc = $first:literal] $(#[doc = $more:literal])* $field:ident : $type:ty [$($low:literal, $high:literal)?] $unit:literal,)*
    }) => {
        $(#[$outer])*
        #[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
        #[serde(deny_unknown_fields)]
        pub struct $name {
            $(#[doc = $first] $(#[doc = $more])* pub $field: $type,)*
        }

        impl $crate::parameters::Section for $name {
            fn entries(&self, at: &str) -> Vec<$crate::parameters::Entry> {
                use $crate::parameters::Value as _;
                vec![$($crate::parameters::Entry {
                    field: format!("{at}.{}", stringify!($field)),
                    meaning: concat!($first, $($more),*).trim(),
                    value: self.$field.number(),
                    shown: self.$field.shown(),
                    range: { #[allow(unused_mut, unused_assignments, reason = "a choice has no range")]
                        { let mut range = None; $(range = Some(($low as f64, $high as f64));)? range } },
                    unit: $unit,
                },)*]
            }
        }
    };
}
pub(crate) use settings;

/// A group of parameters.
pub trait Section {
    /// Its values, in order; `at` is its name.
    fn entries(&self, at: &str) -> Vec<Entry>;
}

/// Every parameter of the model.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Parameters {
    pub preset: Preset,
    pub cells: Cells,
    pub mossy: mossy::Settings,
    pub granule: granule::Settings,
    pub spectral: granule::spectral::Settings,
    pub passage: granule::passage::Settings,
    pub golgi: granule::golgi::Settings,
    pub mli1: interneurons::Kind,
    pub mli2: interneurons::Kind,
    pub interneurons: interneurons::Settings,
    pub wiring: microzone::Settings,
    pub purkinje: purkinje::Settings,
    pub soma: soma::Settings,
    pub window: window::Settings,
    pub calcium: calcium::Settings,
    pub nuclei: nuclei::Settings,
    pub olive: olive::Settings,
    pub inferior: inferior::Settings,
    pub plasticity: plasticity::Settings,
    pub circuit: circuit::Settings,
    pub limits: circuit::Limits,
}

impl Parameters {
    /// The parameters of a preset.
    #[must_use]
    pub fn of(preset: Preset) -> Self {
        Self {
            preset,
            cells: preset.cells(),
            mossy: mossy::Settings::of(preset),
            granule: granule::Settings::of(preset),
            spectral: granule::spectral::Settings::default(),
            passage: granule::passage::Settings::of(preset),
            golgi: granule::golgi::Settings::of(preset),
            mli1: interneurons::Kind::mli1(),
            mli2: interneurons::Kind::mli2(),
            interneurons: interneurons::Settings::of(preset),
            wiring: microzone::Settings::of(preset),
            purkinje: purkinje::Settings::of(preset),
            soma: soma::Settings::of(preset),
            window: window::Settings::default(),
            calcium: calcium::Settings::default(),
            nuclei: nuclei::Settings::of(preset),
            olive: olive::Settings::default(),
            inferior: inferior::Settings::default(),
            plasticity: plasticity::Settings::of(preset),
            circuit: circuit::Settings::of(preset),
            limits: circuit::Limits::default(),
        }
    }

    /// Every value with its path, range and unit.
    #[must_use]
    pub fn entries(&self) -> Vec<Entry> {
        let sections: &[(&str, &dyn Section)] = &[
            ("cells", &self.cells),
            ("mossy", &self.mossy),
            ("granule", &self.granule),
            ("spectral", &self.spectral),
            ("passage", &self.passage),
            ("golgi", &self.golgi),
            ("mli1", &self.mli1),
            ("mli2", &self.mli2),
            ("interneurons", &self.interneurons),
            ("wiring", &self.wiring),
            ("purkinje", &self.purkinje),
            ("soma", &self.soma),
            ("window", &self.window),
            ("calcium", &self.calcium),
            ("nuclei", &self.nuclei),
            ("olive", &self.olive),
            ("inferior", &self.inferior),
            ("plasticity", &self.plasticity),
            ("circuit", &self.circuit),
            ("limits", &self.limits),
        ];
        sections.iter().flat_map(|(name, section)| section.entries(name)).collect()
    }

    /// Looks at every value, and whether the whole keeps to `limits.memory`.
    ///
    /// # Errors
    /// Every value that is not a number or lies out of its range, or the memory that is too much.
    pub fn check(&self) -> Result<(), Vec<Fault>> {
        let mut faults: Vec<Fault> = self
            .entries()
            .into_iter()
            .filter_map(|entry| {
                let (value, (low, high)) = (entry.value?, entry.range?);
                let unit = if entry.unit.is_empty() { String::new() } else { format!(" {}", entry.unit) };
                (!(low..=high).contains(&value)).then_some(Fault { field: entry.field, value, low, high, unit })
            })
            .collect();
        let (granule, most) = (self.cells.granule, self.cells.golgi.saturating_mul(granule::passage::CLUSTER_MOST));
        if self.granule.layer == granule::Layer::PassageOfTime && granule > most {
            faults.push(Fault {
                field: "cells.granule".to_owned(),
                value: granule as f64,
                low: 64.0,
                high: most as f64,
                unit: format!(", {} a Golgi cell, in the passage-of-time layer", granule::passage::CLUSTER_MOST),
            });
        }
        // Counts that are out of their ranges say nothing about memory.
        if faults.is_empty() {
            faults.extend(self.check_limit().err());
        }
        if faults.is_empty() { Ok(()) } else { Err(faults) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_preset_passes_its_own_check() {
        for preset in Preset::ALL {
            assert_eq!(Parameters::of(preset).check(), Ok(()), "{preset:?}");
        }
    }

    #[test]
    fn nonsense_is_refused_with_field_value_and_range() {
        let mut parameters = Parameters::of(Preset::Small);
        parameters.mli1.capacitance = f32::NAN;
        parameters.wiring.cf_conductance = -0.5;
        parameters.cells.granule = 0;
        let faults = parameters.check().expect_err("three values are nonsense");
        let fields: Vec<&str> = faults.iter().map(|fault| fault.field.as_str()).collect();
        assert_eq!(fields, ["cells.granule", "mli1.capacitance", "wiring.cf_conductance"]);
        assert_eq!(faults[2].to_string(), "wiring.cf_conductance is -0.5: it must be 0 … 100 nS");
    }

    #[test]
    fn clusters_that_do_not_fit_their_places_are_refused() {
        let mut parameters = Parameters::of(Preset::Xl);
        parameters.cells.golgi = 16;
        let faults = parameters.check().expect_err("65,536 cells a cluster are too many");
        assert_eq!(
            faults[0].to_string(),
            "cells.granule is 1048576: it must be 64 … 524288, 32768 a Golgi cell, in the passage-of-time layer"
        );
        parameters.granule.layer = granule::Layer::Spectral;
        assert_eq!(parameters.check(), Ok(()));
    }
}
