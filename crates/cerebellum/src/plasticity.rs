//! Plasticity: what the window lets through at the synapses of parallel fibres on Purkinje cells, and what follows at those
//! of mossy fibres on the nucleus.

use crate::parameters::settings;
use crate::presets::Preset;

settings! {
    /// Rates and time constants of learning.
    pub struct Settings {
        /// Share of its weight that a synapse loses at full eligibility and open window (cerebellum.md §3.4).
        depression: f64 [0, 1] "",
    }
}

impl Settings {
    /// The settings of a preset.
    #[must_use]
    pub fn of(_preset: Preset) -> Self {
        Self { depression: 0.012 }
    }
}
