//! The granular layer: mossy fibres in, parallel-fibre spikes out. It tells the time since a cue by which cells fire.

use serde::{Deserialize, Serialize};

use crate::parameters::{choice, settings};
use crate::presets::Preset;

/// How the layer represents time (cerebellum.md §3.6).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Layer {
    /// Each cell prefers a delay after the cue (Bullock, Fiala and Grossberg 1994).
    Spectral,
    /// Passage of time: recurrent inhibition by Golgi cells moves activity through the cells (Yamazaki and Tanaka 2007).
    PassageOfTime,
}

choice!(Layer { Spectral => "spectral", PassageOfTime => "passage_of_time" });

settings! {
    /// The granular layer.
    pub struct Settings {
        /// How the layer represents time.
        layer: Layer [] "",
    }
}

impl Settings {
    /// The settings of a preset.
    #[must_use]
    pub fn of(preset: Preset) -> Self {
        let layer = match preset {
            Preset::Small | Preset::Standard => Layer::Spectral,
            Preset::Large | Preset::Xl | Preset::Yamazaki => Layer::PassageOfTime,
        };
        Self { layer }
    }
}
