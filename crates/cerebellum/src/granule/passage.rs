//! The passage-of-time layer (Yamazaki and Tanaka 2007): granule cells with potentials, driven by mossy fibres and held
//! down by the Golgi cells that they drive, so that ever other sets of them fire as time passes after a cue. It knows
//! glomeruli, the clusters of granule cells that share their Golgi inhibition, and nothing of what makes mossy fibres fire.
//!
//! State lies in arrays, a cluster after the other; what a cluster shares (inhibition and its decay) is held once. Chunks
//! of clusters are stepped on their own, in any order or at once, and their spikes joined in the order of the cells.

use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::chunk::{Chunk, Common, Step};
use super::golgi::Listeners;
use super::lanes;
use crate::export::tracts::Edge;
use crate::parameters::{Parameters, settings};
use crate::presets::{Cells, Preset};
use crate::rng::Stream;
use crate::shape::{self, Misfit};

/// Clusters that lie together in memory are stepped together: as many cells as fit a second-level cache with their state
/// (11 bytes each), and few enough that a cell's place in its chunk fits 16 bits.
const CHUNK_CELLS: usize = 32_768;
/// Cells of a cluster at most, for it lies in one chunk.
pub(crate) const CLUSTER_MOST: usize = CHUNK_CELLS;

settings! {
    /// The passage-of-time layer, after Yamazaki's textbook program (`ec/gr.h`) unless marked ◇.
    pub struct Settings {
        /// Membrane capacitance.
        capacitance: f32 [0.1, 100] "pF",
        /// Leak conductance.
        leak: f32 [0.01, 100] "nS",
        /// Resting potential.
        rest: f32 [-90, -40] "mV",
        /// Threshold.
        threshold: f32 [-70, -10] "mV",
        /// Conductance after a spike.
        ahp: f32 [0, 100] "nS",
        /// Its reversal.
        ahp_reversal: f32 [-100, -40] "mV",
        /// Its decay.
        ahp_decay: f64 [0.5, 100] "ms",
        /// Conductance of one mossy fibre's synapse, AMPA and NMDA together (textbook: 0.54; calibrated to the rate at rest
        /// of E1).
        mossy_conductance: f32 [0, 100] "nS",
        /// Mossy fibres that drive a cell: one for each dendrite.
        mossy_partners: usize [1, 16] "",
        /// Decay of AMPA.
        ampa_decay: f64 [0.2, 100] "ms",
        /// Its share.
        ampa_share: f32 [0, 1] "",
        /// Decay of NMDA.
        nmda_decay: f64 [1, 1_000] "ms",
        /// Its share.
        nmda_share: f32 [0, 1] "",
        /// Conductance of one Golgi cell's spike in each cell of a cluster that it inhibits.
        golgi_conductance: f32 [0, 100] "nS",
        /// Golgi cells that reach one glomerulus, of those within 4 rows and columns: mean number (textbook: 2.025, which is
        /// 0.025 of 81; fewer ◇ besides a cluster's own).
        golgi_partners: f64 [0, 81] "",
        /// Glomeruli, its own and neighbours, through which Golgi cells inhibit a cluster.
        glomeruli: usize [1, 4] "",
        /// Synapses on a cluster of the Golgi cell at its own place, besides those drawn: mean number, Poisson and at least
        /// 1 ◇ (textbook: none). Without them clusters settled, within 300 ms of a cue, into some that fired on and some that
        /// did not, and the time was not told; with them a cluster that fires is soon held down, and others follow.
        golgi_own: f64 [0, 30] "",
        /// Reversal of inhibition.
        gaba_reversal: f32 [-100, -40] "mV",
        /// Decay of its fast part.
        gaba_fast_decay: f64 [0.5, 200] "ms",
        /// Share of the fast part.
        gaba_fast_share: f32 [0, 1] "",
        /// Decay of its slow part.
        gaba_slow_decay: f64 [1, 1_000] "ms",
        /// Share of the slow part (textbook: 0.57; calibrated).
        gaba_slow_share: f32 [0, 1] "",
    }
}

impl Settings {
    /// The settings of a preset.
    #[must_use]
    pub fn of(preset: Preset) -> Self {
        let calibrated = Self {
            capacitance: 3.1,
            leak: 0.43,
            rest: -58.0,
            threshold: -35.0,
            ahp: 1.0,
            ahp_reversal: -82.0,
            ahp_decay: 5.0,
            mossy_conductance: 0.8,
            mossy_partners: 4,
            ampa_decay: 1.2,
            ampa_share: 0.88,
            nmda_decay: 52.0,
            nmda_share: 0.12,
            golgi_conductance: 0.56,
            golgi_partners: 0.3,
            glomeruli: 4,
            golgi_own: 12.0,
            gaba_reversal: -82.0,
            gaba_fast_decay: 7.0,
            gaba_fast_share: 0.43,
            gaba_slow_decay: 59.0,
            gaba_slow_share: 0.26,
        };
        match preset {
            // Held to the textbook program's rates over its trials: see [`crate::workload`].
            Preset::Yamazaki => Self { mossy_conductance: 1.1, golgi_conductance: 1.45, golgi_own: 14.0, ..calibrated },
            Preset::Small | Preset::Standard | Preset::Large | Preset::Xl => calibrated,
        }
    }
}

/// First cell of a cluster, of `n` cells in `clusters`.
pub(super) fn edge(cluster: usize, n: usize, clusters: usize) -> usize {
    cluster * n / clusters
}

/// The cluster of a cell: the inverse of [`edge`].
pub(super) fn cluster(cell: usize, n: usize, clusters: usize) -> usize {
    ((cell + 1) * clusters - 1) / n
}

/// About the bytes that the cells hold.
pub(super) fn estimate(parameters: &Parameters) -> u64 {
    let (cells, settings) = (&parameters.cells, &parameters.passage);
    let (n, clusters) = (cells.granule as u64, cells.golgi as u64);
    let filled = clusters * lanes::padded(cells.granule.div_ceil(cells.golgi)) as u64;
    let chunks = filled.div_ceil(CHUNK_CELLS as u64);
    let golgi = settings.golgi_partners * settings.glomeruli as f64 + settings.golgi_own;
    // State, and the blocks that it lies in; places that mossy fibres drive; spikes.
    let granule = 12 * filled + n * (2 * settings.mossy_partners as u64 + 4 + 4);
    granule + 4 * chunks * cells.mossy as u64 + clusters * 18 + (2.0 * golgi * clusters as f64) as u64
}

/// How the layer is cut into chunks: the number of the first cell and cluster of each, and its clusters' sizes.
fn cuts(cells: &Cells) -> impl Iterator<Item = ([u32; 2], Vec<u16>)> + use<> {
    let (n, clusters) = (cells.granule, cells.golgi);
    let edge = move |cluster| edge(cluster, n, clusters);
    let per_chunk = (CHUNK_CELLS / lanes::padded(n.div_ceil(clusters))).max(1);
    (0..clusters).step_by(per_chunk).map(move |from| {
        let here = from..(from + per_chunk).min(clusters);
        ([edge(from), from].map(|number| number as u32), here.map(|c| (edge(c + 1) - edge(c)) as u16).collect())
    })
}

/// The cells.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Passage {
    common: Common,
    chunks: Vec<Chunk>,
    /// By Golgi cell: the clusters that it inhibits.
    golgi: Listeners,
    /// Golgi spikes that reach each cluster in this step.
    arriving: Vec<u16>,
}

impl Passage {
    pub(super) fn new(parameters: &Parameters, seed: u64) -> Self {
        let (clusters, settings) = (parameters.cells.golgi, &parameters.passage);
        let mut stream = Stream::named(seed, "passage mossy", 0);
        let chunks =
            cuts(&parameters.cells).map(|(first, sizes)| Chunk::new(first, sizes, parameters, &mut stream)).collect();
        let mut stream = Stream::named(seed, "passage golgi", 0);
        Self {
            common: Common::new(settings),
            chunks,
            golgi: super::grid::glomeruli(
                clusters,
                settings.golgi_partners,
                settings.glomeruli,
                settings.golgi_own,
                &mut stream,
            )
            .turned(clusters),
            arriving: vec![0; clusters],
        }
    }

    /// One step of 1 ms; the cells that fire are written to `spikes` in ascending order, and each cluster's number of them
    /// to `clusters`.
    pub(super) fn step(
        &mut self,
        mossy: &[u16],
        golgi: &[u16],
        spikes: &mut Vec<u32>,
        clusters: &mut [u16],
        pool: Option<&rayon::ThreadPool>,
    ) {
        self.step_on(pulp::Arch::new(), mossy, golgi, spikes, clusters, pool);
    }

    fn step_on(
        &mut self,
        arch: pulp::Arch,
        mossy: &[u16],
        golgi: &[u16],
        spikes: &mut Vec<u32>,
        clusters: &mut [u16],
        pool: Option<&rayon::ThreadPool>,
    ) {
        self.arriving.fill(0);
        for cell in golgi {
            for cluster in self.golgi.of(usize::from(*cell)) {
                self.arriving[usize::from(*cluster)] += 1;
            }
        }
        let Self { common, chunks, arriving, .. } = self;
        let (common, arriving) = (&*common, &arriving[..]);
        let live = |chunk: &mut Chunk| {
            let golgi = &arriving[chunk.cluster as usize..][..chunk.sizes.len()];
            Step { chunk, common, mossy, golgi }.take(arch);
        };
        match pool {
            None => chunks.iter_mut().for_each(live),
            Some(pool) => pool.install(|| chunks.par_iter_mut().for_each(live)),
        }
        spikes.clear();
        let mut clusters = clusters;
        for chunk in &self.chunks {
            spikes.extend_from_slice(&chunk.spikes);
            let (here, rest) = clusters.split_at_mut(chunk.counts.len());
            here.copy_from_slice(&chunk.counts);
            clusters = rest;
        }
    }

    /// Golgi cells that inhibit a cluster, by Golgi cell; all synapses of the pair together, of `conductance` each.
    pub(super) fn golgi_edges(&self, conductance: f32) -> impl Iterator<Item = Edge> + '_ {
        (0..self.arriving.len()).flat_map(move |pre| {
            self.golgi.of(pre).chunk_by(|a, b| a == b).map(move |same| Edge {
                pre: pre as u32,
                post: u32::from(same[0]),
                weight: conductance * same.len() as f32,
            })
        })
    }

    /// Mossy fibres that drive a cell, by stretch of the layer, then by fibre.
    pub(super) fn mossy_edges(&self, conductance: f32) -> impl Iterator<Item = Edge> + '_ {
        self.chunks.iter().flat_map(move |chunk| {
            // The cell at each place; where a cluster has been filled up, no place is a target.
            let mut cells = Vec::with_capacity(chunk.v.len());
            let mut next = chunk.first;
            for size in &chunk.sizes {
                let size = usize::from(*size);
                cells.extend((0..lanes::padded(size) as u32).map(|k| next + k));
                next += size as u32;
            }
            let pairs = chunk.starts.windows(2).zip(0..).flat_map(move |(row, pre)| {
                chunk.targets[row[0] as usize..row[1] as usize].iter().map(move |place| (pre, *place))
            });
            pairs.map(move |(pre, place)| Edge { pre, post: cells[usize::from(place)], weight: conductance })
        })
    }

    pub(super) fn fits(&self, parameters: &Parameters) -> Result<(), Misfit> {
        let cells = &parameters.cells;
        let cuts: Vec<_> = cuts(cells).collect();
        shape::settings("granule cells", &self.common, &Common::new(&parameters.passage))?;
        shape::length("granule cells: chunks", &self.chunks, cuts.len())?;
        self.chunks.iter().zip(cuts).try_for_each(|(chunk, (first, sizes))| chunk.fits(first, &sizes, cells))?;
        shape::length("granule cells: Golgi spikes", &self.arriving, cells.golgi)?;
        self.golgi.fits(cells.golgi, cells.golgi)
    }

    pub(super) fn bytes(&self) -> usize {
        self.chunks.iter().map(Chunk::bytes).sum::<usize>()
            + self.golgi.bytes()
            + self.arriving.capacity() * size_of::<u16>()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::granule::golgi::Golgi;
    use crate::mossy::Mossy;

    /// Cells, their Golgi cells and their mossy fibres.
    struct Layer {
        mossy: Mossy,
        golgi: Golgi,
        cells: Passage,
        spikes: Vec<u32>,
        clusters: Vec<u16>,
    }

    impl Layer {
        fn new(parameters: &Parameters) -> Self {
            Self {
                mossy: Mossy::new(parameters, 1),
                golgi: Golgi::new(parameters, 1),
                cells: Passage::new(parameters, 1),
                spikes: Vec::new(),
                clusters: vec![0; parameters.cells.golgi],
            }
        }

        /// Some steps at rest and as many with a cue; every spike, with the step's number before each step's.
        fn run(mut self, steps: u32, arch: pulp::Arch, pool: Option<&rayon::ThreadPool>) -> Vec<u32> {
            let mut seen = Vec::new();
            for step in 0..2 * steps {
                self.mossy.set_cue((step >= steps).then_some(0));
                self.mossy.step();
                self.golgi.step(&self.clusters, self.mossy.spikes());
                let Self { mossy, golgi, cells, spikes, clusters } = &mut self;
                cells.step_on(arch, mossy.spikes(), golgi.spikes(), spikes, clusters, pool);
                seen.push(step);
                seen.extend_from_slice(spikes);
            }
            let state = self.cells.chunks.iter().flat_map(|chunk| &chunk.v);
            seen.extend(state.map(|value| value.to_bits()));
            seen
        }
    }

    fn of(granule: usize, golgi: usize, mossy: usize) -> Parameters {
        let mut parameters = Parameters::of(Preset::Large);
        (parameters.cells.granule, parameters.cells.golgi, parameters.cells.mossy) = (granule, golgi, mossy);
        parameters
    }

    /// Every kind of vector instructions that this processor has.
    fn kinds() -> Vec<pulp::Arch> {
        let mut kinds = vec![pulp::Arch::new()];
        #[cfg(target_arch = "x86_64")]
        kinds.extend(pulp::x86::V3::try_new().map(pulp::Arch::V3));
        kinds
    }

    #[test]
    fn vectors_give_the_bits_of_single_cells() {
        // Clusters of whole blocks, and of 100 cells and 41 or 42.
        for (granule, golgi) in [(6_144, 64), (6_400, 64), (1_003, 24)] {
            let parameters = of(granule, golgi, 256);
            let scalar = Layer::new(&parameters).run(300, pulp::Arch::Scalar, None);
            assert!(scalar.len() > granule + 600 + granule, "{} spikes and more", scalar.len());
            for arch in kinds() {
                assert_eq!(scalar, Layer::new(&parameters).run(300, arch, None), "{granule} cells, {arch:?}");
            }
        }
    }

    #[test]
    fn conductances_that_reach_their_most_stay_there_on_every_processor() {
        // Every mossy fibre in every step, on cells that never fire.
        let mut parameters = of(800, 8, 64);
        parameters.passage.mossy_conductance = 100.0;
        parameters.passage.threshold = 100.0;
        let lines: Vec<u16> = (0..64).collect();
        let mut states = Vec::new();
        for arch in kinds().into_iter().chain([pulp::Arch::Scalar]) {
            let mut cells = Passage::new(&parameters, 1);
            let (mut spikes, mut clusters) = (Vec::new(), vec![0; 8]);
            for _ in 0..200 {
                cells.step_on(arch, &lines, &[], &mut spikes, &mut clusters, None);
            }
            assert!(spikes.is_empty() && cells.chunks[0].nmda.iter().filter(|g| **g == i16::MAX).count() == 800);
            states.push((cells.chunks[0].ampa.clone(), cells.chunks[0].v.clone()));
        }
        assert!(states.iter().all(|state| *state == states[0]));
    }

    #[test]
    fn any_number_of_threads_gives_the_same_spikes() {
        let parameters = Parameters::of(Preset::Large);
        let layer = || Layer::new(&parameters);
        assert!(layer().cells.chunks.len() >= 4);
        let alone = layer().run(60, pulp::Arch::new(), None);
        for threads in [2, 4] {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("a few threads");
            assert_eq!(alone, layer().run(60, pulp::Arch::new(), Some(&pool)), "{threads} threads");
        }
    }

    #[test]
    fn clusters_need_not_be_of_one_size() {
        let layer = Layer::new(&of(1_000, 7, 64));
        let sizes = &layer.cells.chunks[0].sizes;
        assert_eq!(sizes.iter().map(|size| usize::from(*size)).sum::<usize>(), 1_000);
        assert!(sizes.iter().all(|size| (142..=143).contains(size)));
        let seen = layer.run(300, pulp::Arch::new(), None);
        assert!(seen.len() > 2_000);
    }

    #[test]
    fn golgi_spikes_silence_their_clusters_and_no_conductance_becomes_denormal() {
        let parameters = of(800, 8, 64);
        let mut cells = Passage::new(&parameters, 1);
        let (mut spikes, mut clusters) = (Vec::new(), vec![0; 8]);
        let lines: Vec<u16> = (0..64).collect();
        cells.step(&lines, &[], &mut spikes, &mut clusters, None);
        let free = spikes.len();
        let mut held = Passage::new(&parameters, 1);
        held.step(&lines, &[0, 1, 2, 3, 4, 5, 6, 7], &mut spikes, &mut clusters, None);
        assert!(spikes.len() < free / 2, "{} against {free}", spikes.len());
        for _ in 0..20_000 {
            held.step(&[], &[], &mut spikes, &mut clusters, None);
        }
        let chunk = &held.chunks[0];
        for g in chunk.fast.iter().chain(&chunk.slow) {
            assert!(g.is_normal() && *g < 1e-15, "{g}");
        }
        assert!(chunk.nmda.iter().all(|g| *g <= 26) && chunk.ampa.iter().chain(&chunk.ahp).all(|g| *g <= 2));
        assert!(chunk.v.iter().all(|v| (*v - parameters.passage.rest).abs() < 0.35));
    }
}
