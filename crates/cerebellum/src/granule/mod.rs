//! The granular layer: mossy fibres in, parallel-fibre spikes out. It tells the time since a cue by which cells fire, and
//! knows nothing of the cells that its parallel fibres reach.

pub mod golgi;
mod grid;
pub mod spectral;

use serde::{Deserialize, Serialize};

use crate::mossy::Mossy;
use crate::parameters::{Parameters, choice, settings};
use crate::presets::Preset;
use crate::shape::{self, Misfit};
use golgi::Golgi;
use spectral::Spectral;

/// How the layer represents time (cerebellum.md §3.6).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Layer {
    /// Each cell prefers a delay after the cue (Bullock, Fiala and Grossberg 1994).
    Spectral,
}

choice!(Layer { Spectral => "spectral" });

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
    pub fn of(_preset: Preset) -> Self {
        Self { layer: Layer::Spectral }
    }
}

/// About the bytes that a layer of these parameters holds, as [`GranularLayer::bytes`] counts them.
pub(crate) fn estimate(parameters: &Parameters) -> u64 {
    let cells = &parameters.cells;
    // A granule cell: two constants, two entries where a cue engages it, two lists of spikes. A Golgi cell: six floats and
    // its listeners.
    let golgi = 24.0 + 8.0 + 2.0 * (1.0 + parameters.golgi.granule_clusters + parameters.golgi.mossy_partners);
    24 * cells.granule as u64 + (golgi * cells.golgi as f64) as u64
}

/// The granular layer: granule cells and Golgi cells.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct GranularLayer {
    cells: usize,
    kind: Spectral,
    golgi: Golgi,
    spikes: Vec<u32>,
    /// Granule spikes of each cluster in the step just done.
    clusters: Vec<u16>,
}

impl GranularLayer {
    /// Draws the layer of `seed`.
    #[must_use]
    pub fn new(parameters: &Parameters, seed: u64) -> Self {
        let cells = parameters.cells.granule;
        Self {
            cells,
            kind: Spectral::new(parameters, seed),
            golgi: Golgi::new(parameters, seed),
            spikes: Vec::with_capacity(cells),
            clusters: vec![0; parameters.cells.golgi],
        }
    }

    /// One step of 1 ms, after that of the mossy fibres. `pool` may take part of it; the spikes do not depend on it.
    pub fn step(&mut self, mossy: &Mossy, _pool: Option<&rayon::ThreadPool>) {
        self.golgi.step(&self.clusters, mossy.spikes());
        self.kind.step(mossy.cue(), &mut self.spikes);
        self.clusters.fill(0);
        for cell in &self.spikes {
            // Neighbours prefer like delays, so a cluster takes every n-th cell.
            self.clusters[*cell as usize % self.golgi.count()] += 1;
        }
    }

    /// Granule cells.
    #[must_use]
    pub fn count(&self) -> usize {
        self.cells
    }

    /// Golgi cells.
    #[must_use]
    pub fn golgi_count(&self) -> usize {
        self.golgi.count()
    }

    /// Granule cells that fired in the step just done, ascending.
    #[must_use]
    pub fn spikes(&self) -> &[u32] {
        &self.spikes
    }

    /// Golgi cells that fired in the step just done, ascending.
    #[must_use]
    pub fn golgi_spikes(&self) -> &[u16] {
        self.golgi.spikes()
    }

    /// That a state fits its parameters.
    pub(crate) fn fits(&self, parameters: &Parameters) -> Result<(), Misfit> {
        let cells = &parameters.cells;
        shape::same("granule cells", self.cells as u64, cells.granule as u64)?;
        shape::below("granule cells: spikes", &self.spikes, cells.granule as u64)?;
        shape::length("clusters of granule cells", &self.clusters, cells.golgi)?;
        self.golgi.fits(parameters)?;
        self.kind.fits(parameters)
    }

    /// Bytes that it holds.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.kind.bytes()
            + self.golgi.bytes()
            + self.spikes.capacity() * size_of::<u32>()
            + self.clusters.capacity() * size_of::<u16>()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rates_at_rest_lie_in_the_bands_of_e1() {
        for preset in [Preset::Small, Preset::Standard] {
            let parameters = Parameters::of(preset);
            let mut mossy = Mossy::new(&parameters, 1);
            let mut layer = GranularLayer::new(&parameters, 1);
            let (mut granule, mut golgi) = (0, 0);
            for step in 0..6_000 {
                mossy.step();
                layer.step(&mossy, None);
                if step >= 1_000 {
                    granule += layer.spikes().len();
                    golgi += layer.golgi_spikes().len();
                }
            }
            let granule = granule as f64 / 5.0 / layer.count() as f64;
            let golgi = golgi as f64 / 5.0 / layer.golgi_count() as f64;
            assert!((0.5..5.0).contains(&granule), "{preset:?}: granule cells {granule} Hz");
            assert!((3.0..15.0).contains(&golgi), "{preset:?}: Golgi cells {golgi} Hz");
        }
    }
}
