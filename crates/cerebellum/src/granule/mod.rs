//! The granular layer: mossy fibres in, parallel-fibre spikes out. It tells the time since a cue by which cells fire, and
//! knows nothing of the cells that its parallel fibres reach.

pub mod golgi;
mod grid;
mod lanes;
pub mod passage;
pub mod spectral;

use serde::{Deserialize, Serialize};

use crate::export::tracts::Edge;
use crate::mossy::Mossy;
use crate::parameters::{Parameters, choice, settings};
use crate::presets::Preset;
use golgi::Golgi;
use passage::Passage;
use spectral::Spectral;

/// How the layer represents time (cerebellum.md §3.6).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Layer {
    /// Each cell prefers a delay after the cue (Bullock, Fiala and Grossberg 1994).
    Spectral,
    /// Granule and Golgi cells that inhibit one another leave ever other cells active (Yamazaki and Tanaka 2007).
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

#[derive(Clone, Debug, Serialize, Deserialize)]
enum Granule {
    Spectral(Spectral),
    Passage(Passage),
}

/// The granular layer: granule cells and Golgi cells.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct GranularLayer {
    cells: usize,
    granule: Granule,
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
            granule: match parameters.granule.layer {
                Layer::Spectral => Granule::Spectral(Spectral::new(parameters, seed)),
                Layer::PassageOfTime => Granule::Passage(Passage::new(parameters, seed)),
            },
            golgi: Golgi::new(parameters, seed),
            spikes: Vec::with_capacity(cells),
            clusters: vec![0; parameters.cells.golgi],
        }
    }

    /// One step of 1 ms, after that of the mossy fibres. `pool` may take part of it; the spikes do not depend on it.
    pub fn step(&mut self, mossy: &Mossy, pool: Option<&rayon::ThreadPool>) {
        self.golgi.step(&self.clusters, mossy.spikes());
        match &mut self.granule {
            Granule::Spectral(cells) => {
                cells.step(mossy.cue(), &mut self.spikes);
                self.clusters.fill(0);
                for cell in &self.spikes {
                    // As in `cluster`.
                    self.clusters[*cell as usize % self.golgi.count()] += 1;
                }
            }
            Granule::Passage(cells) => {
                cells.step(mossy.spikes(), self.golgi.spikes(), &mut self.spikes, &mut self.clusters, pool);
            }
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

    /// The cluster of a granule cell.
    #[must_use]
    pub fn cluster(&self, cell: usize) -> u16 {
        match &self.granule {
            // Neighbours prefer like delays, so a cluster takes every n-th cell.
            Granule::Spectral(_) => (cell % self.golgi.count()) as u16,
            Granule::Passage(_) => passage::cluster(cell, self.cells, self.golgi.count()) as u16,
        }
    }

    /// The layer's synapses from one population to another; none where the layer has no such cells. Weights are conductances
    /// in nS.
    pub(crate) fn edges(&self, from: &str, to: &str) -> Option<Box<dyn Iterator<Item = Edge> + '_>> {
        match (&self.granule, from, to) {
            (_, "mossy", "golgi") => Some(Box::new(self.golgi.mossy_edges())),
            (_, "granule_cluster", "golgi") => Some(Box::new(self.golgi.cluster_edges())),
            (Granule::Passage(cells), "golgi", "granule_cluster") => Some(Box::new(cells.golgi_edges())),
            (Granule::Passage(cells), "mossy", "granule") => Some(Box::new(cells.mossy_edges())),
            _ => None,
        }
    }

    /// Bytes that it holds.
    #[must_use]
    pub fn bytes(&self) -> usize {
        let granule = match &self.granule {
            Granule::Spectral(cells) => cells.bytes(),
            Granule::Passage(cells) => cells.bytes(),
        };
        granule
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
