//! The deep nucleus: cells that the Purkinje cells hold down, that mossy fibres drive, and whose release is the learned
//! response; they in turn hold the olive down.

use crate::parameters::settings;
use crate::presets::Preset;

settings! {
    /// Cells of the deep nucleus.
    pub struct Settings {
        /// Membrane capacitance (dbbs docs).
        capacitance: f32 [1, 10_000] "pF",
    }
}

impl Settings {
    /// The settings of a preset.
    #[must_use]
    pub fn of(_preset: Preset) -> Self {
        Self { capacitance: 142.0 }
    }
}
