//! The passage-of-time layer (Yamazaki and Tanaka 2007): granule cells with potentials, driven by mossy fibres and held
//! down by the Golgi cells that they drive, so that ever other sets of them fire as time passes after a cue. It knows
//! glomeruli, the clusters of granule cells that share their Golgi inhibition, and nothing of what makes mossy fibres fire.
//!
//! State lies in arrays, a cluster after the other; what a cluster shares (inhibition and its decay) is held once. Chunks
//! of clusters are stepped on their own, in any order or at once, and their spikes joined in the order of the cells.

use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::golgi::Listeners;
use super::lanes::{self, Membrane, Shared};
use crate::export::tracts::Edge;
use crate::parameters::{Parameters, settings};
use crate::rng::Stream;

/// Clusters that lie together in memory are stepped together: as many cells as fit a second-level cache with their state
/// (16 bytes each), and few enough that a cell's place in its chunk fits 16 bits.
const CHUNK_CELLS: usize = 32_768;

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
        /// Conductance of one mossy fibre's synapse, AMPA and NMDA together.
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
        /// Golgi cells that reach one glomerulus, of those within 4 rows and columns: mean number (0.025 of 81).
        golgi_partners: f64 [0, 81] "",
        /// Glomeruli, its own and neighbours, through which Golgi cells inhibit a cluster.
        glomeruli: usize [1, 4] "",
        /// Synapses on a cluster of the Golgi cell at its own place, besides those drawn.
        golgi_own: usize [0, 64] "",
        /// Reversal of inhibition.
        gaba_reversal: f32 [-100, -40] "mV",
        /// Decay of its fast part.
        gaba_fast_decay: f64 [0.5, 200] "ms",
        /// Share of the fast part.
        gaba_fast_share: f32 [0, 1] "",
        /// Decay of its slow part.
        gaba_slow_decay: f64 [1, 1_000] "ms",
        /// Share of the slow part.
        gaba_slow_share: f32 [0, 1] "",
    }
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            capacitance: 3.1,
            leak: 0.43,
            rest: -58.0,
            threshold: -35.0,
            ahp: 1.0,
            ahp_reversal: -82.0,
            ahp_decay: 5.0,
            mossy_conductance: 0.666,
            mossy_partners: 4,
            ampa_decay: 1.2,
            ampa_share: 0.88,
            nmda_decay: 52.0,
            nmda_share: 0.12,
            golgi_conductance: 1.13,
            golgi_partners: 0.643,
            glomeruli: 4,
            golgi_own: 6,
            gaba_reversal: -82.0,
            gaba_fast_decay: 7.0,
            gaba_fast_share: 0.43,
            gaba_slow_decay: 24.5,
            gaba_slow_share: 0.473,
        }
    }
}

/// Some clusters with all that their step needs. Conductances are in 1/ms, relative to the capacitance.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Chunk {
    /// Numbers of its first cell and cluster in the layer.
    first: u32,
    cluster: u32,
    /// Cells of each cluster, in their order; each cluster begins a vector anew.
    sizes: Vec<u16>,
    v: Vec<f32>,
    ampa: Vec<f32>,
    nmda: Vec<f32>,
    ahp: Vec<f32>,
    /// Mossy spikes that reach each cell in this step.
    arriving: Vec<u8>,
    /// Places of the cells that mossy fibre `i` drives: `targets[starts[i]..starts[i + 1]]`.
    starts: Vec<u32>,
    targets: Vec<u16>,
    /// Inhibition of each cluster.
    fast: Vec<f32>,
    slow: Vec<f32>,
    /// Cells that fired in this step, by their number in the layer, ascending.
    spikes: Vec<u32>,
    /// How many of each cluster.
    counts: Vec<u16>,
}

/// What every cell has in common.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
struct Common {
    membrane: Membrane,
    /// Decays, and what one Golgi spike gives, of the fast and the slow part.
    decay: [f32; 2],
    golgi: [f32; 2],
    leak: f32,
    rest: f32,
    reversal: f32,
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
    /// Conductance of one mossy and of one Golgi synapse, nS.
    mossy_conductance: f32,
    golgi_conductance: f32,
}

/// The first cell of a cluster, where `cells` are cut into `clusters`.
fn edge(cluster: usize, cells: usize, clusters: usize) -> usize {
    cluster * cells / clusters
}

/// The cluster of a cell: the last that does not begin after it.
pub(super) fn cluster(cell: usize, cells: usize, clusters: usize) -> usize {
    ((cell + 1) * clusters).div_ceil(cells) - 1
}

impl Passage {
    pub(super) fn new(parameters: &Parameters, seed: u64) -> Self {
        let (cells, settings) = (parameters.cells, &parameters.passage);
        let (n, clusters) = (cells.granule, cells.golgi);
        let edge = |cluster: usize| edge(cluster, n, clusters);
        let per_chunk = (CHUNK_CELLS / lanes::padded(n.div_ceil(clusters))).max(1);
        let mut stream = Stream::named(seed, "passage mossy", 0);
        let chunks = (0..clusters)
            .step_by(per_chunk)
            .map(|from| {
                let sizes = (from..(from + per_chunk).min(clusters)).map(|c| (edge(c + 1) - edge(c)) as u16).collect();
                Chunk::new([edge(from), from].map(|number| number as u32), sizes, parameters, &mut stream)
            })
            .collect();
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
            mossy_conductance: settings.mossy_conductance,
            golgi_conductance: settings.golgi_conductance,
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
            pulp::Arch::new().dispatch(Step { chunk, common, mossy, golgi });
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

    /// Golgi cells that inhibit a cluster, by Golgi cell; all synapses of the pair together, nS.
    pub(super) fn golgi_edges(&self) -> impl Iterator<Item = Edge> + '_ {
        (0..self.arriving.len()).flat_map(move |pre| {
            self.golgi.of(pre).chunk_by(|a, b| a == b).map(move |same| Edge {
                pre: pre as u32,
                post: u32::from(same[0]),
                weight: self.golgi_conductance * same.len() as f32,
            })
        })
    }

    /// Mossy fibres that drive a cell, by stretch of the layer, then by fibre; nS.
    pub(super) fn mossy_edges(&self) -> impl Iterator<Item = Edge> + '_ {
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
            pairs.map(move |(pre, place)| Edge { pre, post: cells[usize::from(place)], weight: self.mossy_conductance })
        })
    }

    pub(super) fn bytes(&self) -> usize {
        self.chunks.iter().map(Chunk::bytes).sum::<usize>()
            + self.golgi.bytes()
            + self.arriving.capacity() * size_of::<u16>()
    }
}

/// A chunk's step, compiled for each kind of processor.
struct Step<'a> {
    chunk: &'a mut Chunk,
    common: &'a Common,
    mossy: &'a [u16],
    golgi: &'a [u16],
}

impl pulp::NullaryFnOnce for Step<'_> {
    type Output = ();

    #[inline(always)]
    fn call(self) {
        self.chunk.step(self.common, self.mossy, self.golgi);
    }
}

impl Common {
    fn new(settings: &Settings) -> Self {
        let per_c = |g: f32| g / settings.capacitance;
        let decay = |tau: f64| libm::exp(-1.0 / tau) as f32;
        let golgi = per_c(settings.golgi_conductance);
        Self {
            membrane: Membrane {
                threshold: settings.threshold,
                ampa: per_c(settings.mossy_conductance * settings.ampa_share),
                nmda: per_c(settings.mossy_conductance * settings.nmda_share),
                ahp: per_c(settings.ahp),
                ahp_reversal: settings.ahp_reversal,
                decay: [settings.ampa_decay, settings.nmda_decay, settings.ahp_decay].map(decay),
            },
            decay: [settings.gaba_fast_decay, settings.gaba_slow_decay].map(decay),
            golgi: [settings.gaba_fast_share, settings.gaba_slow_share].map(|share| golgi * share),
            leak: per_c(settings.leak),
            rest: settings.rest,
            reversal: settings.gaba_reversal,
        }
    }
}

impl Chunk {
    fn new([first, cluster]: [u32; 2], sizes: Vec<u16>, parameters: &Parameters, stream: &mut Stream) -> Self {
        let (settings, lines) = (&parameters.passage, parameters.cells.mossy);
        let partners = settings.mossy_partners.min(lines);
        let mut edges: Vec<(u16, u16)> = Vec::new();
        let mut place = 0;
        for size in &sizes {
            for cell in place..place + usize::from(*size) {
                let from = edges.len();
                while edges.len() < from + partners {
                    let line = stream.below(lines) as u16;
                    if edges[from..].iter().all(|(other, _)| *other != line) {
                        edges.push((line, cell as u16));
                    }
                }
            }
            place += lanes::padded(usize::from(*size));
        }
        edges.sort_unstable();
        let starts = (0..=lines).map(|line| edges.partition_point(|(other, _)| usize::from(*other) < line) as u32);
        let cells: usize = sizes.iter().map(|size| usize::from(*size)).sum();
        Self {
            first,
            cluster,
            v: vec![settings.rest; place],
            ampa: vec![0.0; place],
            nmda: vec![0.0; place],
            ahp: vec![0.0; place],
            arriving: vec![0; place],
            starts: starts.collect(),
            targets: edges.iter().map(|(_, cell)| *cell).collect(),
            fast: vec![0.0; sizes.len()],
            slow: vec![0.0; sizes.len()],
            spikes: Vec::with_capacity(cells),
            counts: vec![0; sizes.len()],
            sizes,
        }
    }

    #[inline(always)]
    fn step(&mut self, common: &Common, mossy: &[u16], golgi: &[u16]) {
        for line in mossy {
            let line = usize::from(*line);
            for cell in &self.targets[self.starts[line] as usize..self.starts[line + 1] as usize] {
                self.arriving[usize::from(*cell)] += 1;
            }
        }
        self.spikes.clear();
        let (mut place, mut first) = (0, self.first);
        for (cluster, size) in self.sizes.iter().enumerate() {
            let size = usize::from(*size);
            let spikes = f32::from(golgi[cluster]);
            let fast = self.fast[cluster] * common.decay[0] + lanes::FLOOR + common.golgi[0] * spikes;
            let slow = self.slow[cluster] * common.decay[1] + lanes::FLOOR + common.golgi[1] * spikes;
            (self.fast[cluster], self.slow[cluster]) = (fast, slow);
            let inhibition = fast + slow;
            let shared = Shared {
                total: common.leak + inhibition,
                drive: common.leak * common.rest + inhibition * common.reversal,
            };
            let cells = place..place + lanes::padded(size);
            place = cells.end;
            let before = self.spikes.len();
            let highest = lanes::advance(
                &mut self.v[cells.clone()],
                &mut self.ampa[cells.clone()],
                &mut self.nmda[cells.clone()],
                &mut self.ahp[cells.clone()],
                &mut self.arriving[cells.clone()],
                shared,
                &common.membrane,
            );
            if highest > common.membrane.threshold {
                for ((v, ahp), cell) in self.v[cells.clone()][..size].iter().zip(&mut self.ahp[cells]).zip(first..) {
                    if *v > common.membrane.threshold {
                        *ahp = common.membrane.ahp;
                        self.spikes.push(cell);
                    }
                }
            }
            self.counts[cluster] = (self.spikes.len() - before) as u16;
            first += size as u32;
        }
    }

    fn bytes(&self) -> usize {
        let floats = [&self.v, &self.ampa, &self.nmda, &self.ahp, &self.fast, &self.slow];
        let wide = [&self.starts, &self.spikes];
        let narrow = [&self.sizes, &self.targets, &self.counts];
        floats.iter().map(|values| values.capacity() * size_of::<f32>()).sum::<usize>()
            + wide.iter().map(|values| values.capacity() * size_of::<u32>()).sum::<usize>()
            + narrow.iter().map(|values| values.capacity() * size_of::<u16>()).sum::<usize>()
            + self.arriving.capacity()
    }
}
