//! Presets: how many cells of each kind there are.

use serde::{Deserialize, Serialize};

use crate::parameters::settings;

/// Size of the model.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Preset {
    /// What plays in the game.
    Small,
    /// What experiments are reported on: ten times the granule cells, twice the interneurons.
    Standard,
    /// The granular layer of Yamazaki's textbook model.
    Large,
    /// A million granule cells, the size of CbmSim.
    Xl,
    /// Sizes and firing rates of Yamazaki's textbook program, to be timed beside it; for nothing else.
    Yamazaki,
}

settings! {
    /// How many cells there are. One granular layer (granule, Golgi and mossy fibres) serves both microzones, whose
    /// parallel fibres run through; the other counts are those of one microzone.
    #[derive(Copy, Eq)]
    pub struct Cells {
        /// Granule cells.
        granule: usize [64, 4_194_304] "",
        /// Golgi cells; as many clusters (glomeruli) of granule cells.
        golgi: usize [4, 65_536] "",
        /// Mossy fibres.
        mossy: usize [16, 65_536] "",
        /// Climbing fibres = Purkinje cells = olive cells. At least 32 in every preset but `yamazaki`: with 8, chance alone
        /// opens the window 34 times a minute (training.md §5). At most 64, the width of a step's set of firing fibres.
        fibres: usize [8, 64] "",
        /// MLI1; MLI1 : MLI2 is 3.7 : 1 (Park 2026 has 208 : 59).
        mli1: usize [8, 8_192] "",
        /// MLI2.
        mli2: usize [2, 8_192] "",
        /// Cells of the deep nucleus.
        nuclei: usize [1, 256] "",
    }
}

impl Preset {
    pub const ALL: [Self; 5] = [Self::Small, Self::Standard, Self::Large, Self::Xl, Self::Yamazaki];

    /// Its name in commands and files.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Small => "small",
            Self::Standard => "standard",
            Self::Large => "large",
            Self::Xl => "xl",
            Self::Yamazaki => "yamazaki",
        }
    }

    /// The preset of that name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|preset| preset.name() == name)
    }

    /// Its cells.
    #[must_use]
    pub fn cells(self) -> Cells {
        let small = Cells { granule: 2_048, golgi: 32, mossy: 64, fibres: 32, mli1: 176, mli2: 48, nuclei: 4 };
        let standard = Cells { granule: 20_480, golgi: 256, mossy: 256, mli1: 352, mli2: 96, nuclei: 8, ..small };
        match self {
            Self::Small => small,
            Self::Standard => standard,
            Self::Large => Cells { granule: 102_400, golgi: 1_024, mossy: 1_024, ..standard },
            Self::Xl => Cells { granule: 1_048_576, golgi: 4_096, mossy: 4_096, ..standard },
            // Two microzones of 8 make its 16 Purkinje cells.
            Self::Yamazaki => Cells { granule: 102_400, golgi: 1_024, mossy: 1_024, fibres: 8, ..small },
        }
    }
}

crate::parameters::choice!(Preset {
    Small => "small", Standard => "standard", Large => "large", Xl => "xl", Yamazaki => "yamazaki",
});

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_preset_for_experiments_has_at_least_32_climbing_fibres_and_fits_a_set_of_64() {
        for preset in Preset::ALL.into_iter().filter(|preset| *preset != Preset::Yamazaki) {
            assert!((32..=64).contains(&preset.cells().fibres));
        }
        assert_eq!(2 * Preset::Yamazaki.cells().fibres, 16);
        let small = Preset::Small.cells();
        assert_eq!((small.fibres, small.mli1, small.mli2), (32, 176, 48));
        assert_eq!(Preset::Large.cells().granule, 102_400);
        assert_eq!(Preset::Xl.cells().granule, 1_048_576);
    }

    #[test]
    fn a_preset_is_found_by_its_name() {
        for preset in Preset::ALL {
            assert_eq!(Preset::named(preset.name()), Some(preset));
        }
        assert_eq!(Preset::named("huge"), None);
    }
}
