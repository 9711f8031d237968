//! The granular layer: mossy fibres in, parallel-fibre spikes out. It tells the time since a cue by which cells fire, and
//! knows nothing of the cells that its parallel fibres reach.

mod chunk;
mod electrode;
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
use crate::shape::{self, Misfit};
use electrode::Electrode;
use golgi::Golgi;
use passage::Passage;
use spectral::Spectral;

pub use electrode::Stimulus;

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
    Spectral(Box<Spectral>),
    Passage(Passage),
}

/// About the bytes that a layer of these parameters holds, as [`GranularLayer::bytes`] counts them.
pub(crate) fn estimate(parameters: &Parameters) -> u64 {
    let cells = &parameters.cells;
    let granule = match parameters.granule.layer {
        // Two constants, two entries where a cue engages a cell, two lists of spikes.
        Layer::Spectral => 24 * cells.granule as u64,
        Layer::PassageOfTime => passage::estimate(parameters),
    };
    // Six floats and its listeners.
    let golgi = 24.0 + 8.0 + 2.0 * (1.0 + parameters.golgi.granule_clusters + parameters.golgi.mossy_partners);
    granule + (golgi * cells.golgi as f64) as u64
}

/// The granular layer: granule cells and Golgi cells.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct GranularLayer {
    cells: usize,
    granule: Granule,
    golgi: Golgi,
    electrode: Electrode,
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
                Layer::Spectral => Granule::Spectral(Box::new(Spectral::new(parameters, seed))),
                Layer::PassageOfTime => Granule::Passage(Passage::new(parameters, seed)),
            },
            golgi: Golgi::new(parameters, seed),
            electrode: Electrode::new(seed),
            spikes: Vec::with_capacity(cells),
            clusters: vec![0; parameters.cells.golgi],
        }
    }

    /// One step of 1 ms, after that of the mossy fibres. `pool` may take part of it; the spikes do not depend on it.
    pub fn step(&mut self, mossy: &Mossy, pool: Option<&rayon::ThreadPool>) {
        self.golgi.step(&self.clusters, mossy.spikes());
        match &mut self.granule {
            Granule::Spectral(cells) => cells.step(mossy.cue(), &mut self.spikes),
            Granule::Passage(cells) => {
                cells.step(mossy.spikes(), self.golgi.spikes(), &mut self.spikes, &mut self.clusters, pool);
            }
        }
        let stimulated = self.electrode.step(self.cells, &mut self.spikes);
        let (n, clusters) = (self.cells, self.clusters.len());
        let cluster: fn(usize, usize, usize) -> usize = match self.granule {
            // Neighbours prefer like delays, so a cluster takes every n-th cell.
            Granule::Spectral(_) => |cell, _, clusters| cell % clusters,
            Granule::Passage(_) if stimulated => passage::cluster,
            // It counted them itself.
            Granule::Passage(_) => return,
        };
        self.clusters.fill(0);
        for cell in &self.spikes {
            self.clusters[cluster(*cell as usize, n, clusters)] += 1;
        }
    }

    /// Puts an electrode on the parallel fibres, or takes it off, from the next step on.
    pub fn stimulate(&mut self, stimulus: Option<Stimulus>) {
        self.electrode.set(stimulus);
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
            // As in `step`.
            Granule::Spectral(_) => (cell % self.golgi.count()) as u16,
            Granule::Passage(_) => passage::cluster(cell, self.cells, self.golgi.count()) as u16,
        }
    }

    /// The layer's synapses from one population to another; none where the layer has no such cells. Weights are conductances
    /// in nS.
    pub(crate) fn edges(
        &self,
        from: &str,
        to: &str,
        settings: &passage::Settings,
    ) -> Option<Box<dyn Iterator<Item = Edge> + '_>> {
        match (&self.granule, from, to) {
            (_, "mossy", "golgi") => Some(Box::new(self.golgi.mossy_edges())),
            (_, "granule_cluster", "golgi") => Some(Box::new(self.golgi.cluster_edges())),
            (Granule::Passage(cells), "golgi", "granule_cluster") => {
                Some(Box::new(cells.golgi_edges(settings.golgi_conductance)))
            }
            (Granule::Passage(cells), "mossy", "granule") => {
                Some(Box::new(cells.mossy_edges(settings.mossy_conductance)))
            }
            _ => None,
        }
    }

    /// Groups of granule cells that fire alike: those of a glomerulus; in the spectral layer, as many neighbours in delay.
    #[must_use]
    pub fn groups(&self) -> usize {
        self.golgi.count()
    }

    /// The group of a granule cell.
    #[must_use]
    pub fn group(&self, cell: u32) -> usize {
        passage::cluster(cell as usize, self.cells, self.groups())
    }

    /// That a state fits its parameters.
    pub(crate) fn fits(&self, parameters: &Parameters) -> Result<(), Misfit> {
        let cells = &parameters.cells;
        shape::same("granule cells", self.cells as u64, cells.granule as u64)?;
        shape::below("granule cells: spikes", &self.spikes, cells.granule as u64)?;
        shape::length("clusters of granule cells", &self.clusters, cells.golgi)?;
        self.golgi.fits(parameters)?;
        match (&self.granule, parameters.granule.layer) {
            (Granule::Spectral(kind), Layer::Spectral) => kind.fits(parameters),
            (Granule::Passage(kind), Layer::PassageOfTime) => kind.fits(parameters),
            _ => Err(Misfit::Settings { what: "the granular layer" }),
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
    fn a_cell_is_found_in_the_cluster_that_it_was_put_in() {
        for (n, clusters) in [(10, 4), (102_400, 1_024), (1_000, 7)] {
            for cell in 0..n {
                let cluster = passage::cluster(cell, n, clusters);
                assert!((passage::edge(cluster, n, clusters)..passage::edge(cluster + 1, n, clusters)).contains(&cell));
            }
        }
    }

    #[test]
    fn rates_at_rest_lie_in_the_bands_of_e1() {
        for preset in [Preset::Small, Preset::Standard, Preset::Large] {
            let parameters = Parameters::of(preset);
            let mut mossy = Mossy::new(&parameters, 1);
            let mut layer = GranularLayer::new(&parameters, 1);
            let (mut granule, mut golgi) = (0, 0);
            let (forget, counted) = if preset == Preset::Large { (500, 1_000) } else { (1_000, 5_000) };
            for step in 0..forget + counted {
                mossy.step();
                layer.step(&mossy, None);
                if step >= forget {
                    granule += layer.spikes().len();
                    golgi += layer.golgi_spikes().len();
                }
            }
            let seconds = f64::from(counted) * 1e-3;
            let granule = granule as f64 / seconds / layer.count() as f64;
            let golgi = golgi as f64 / seconds / layer.golgi_count() as f64;
            assert!((0.5..5.0).contains(&granule), "{preset:?}: granule cells {granule} Hz");
            assert!((3.0..15.0).contains(&golgi), "{preset:?}: Golgi cells {golgi} Hz");
        }
    }

    #[test]
    fn a_million_granule_cells_take_40_bytes_each() {
        for preset in [Preset::Large, Preset::Xl] {
            let layer = GranularLayer::new(&Parameters::of(preset), 1);
            assert!(layer.bytes() < 40 * layer.count(), "{preset:?}: {} bytes", layer.bytes());
        }
    }

    #[test]
    fn groups_are_as_clusters_are_cut() {
        let mut parameters = Parameters::of(Preset::Large);
        (parameters.cells.granule, parameters.cells.golgi) = (1_000, 7);
        let layer = GranularLayer::new(&parameters, 1);
        for group in 0..7 {
            let first = group * 1_000 / 7;
            assert_eq!(layer.group(first as u32), group);
            assert_eq!(layer.group(((group + 1) * 1_000 / 7 - 1) as u32), group);
        }
    }
}
