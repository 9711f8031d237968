//! Presets: how many cells of each kind a microzone has.

use serde::{Deserialize, Serialize};

/// Size of the model.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Preset {
    /// What plays in the game.
    Small,
    /// Twice the interneurons a microzone.
    Standard,
}

/// Cells of one microzone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Counts {
    /// Climbing fibres = Purkinje cells = olive cells. At least 32: with 8, chance alone opens the window 34 times a
    /// minute (training.md §5). At most 64, the width of a step's set of firing fibres.
    pub fibres: usize,
    pub mli1: usize,
    pub mli2: usize,
}

impl Preset {
    /// Cells of one microzone; MLI1 : MLI2 is 3.7 : 1 (Park 2026 has 208 : 59).
    #[must_use]
    pub fn counts(self) -> Counts {
        match self {
            Self::Small => Counts { fibres: 32, mli1: 176, mli2: 48 },
            Self::Standard => Counts { fibres: 32, mli1: 352, mli2: 96 },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_preset_has_at_least_32_climbing_fibres_and_fits_a_set_of_64() {
        for preset in [Preset::Small, Preset::Standard] {
            assert!((32..=64).contains(&preset.counts().fibres));
        }
        assert_eq!(Preset::Small.counts(), Counts { fibres: 32, mli1: 176, mli2: 48 });
    }
}
