//! The passage-of-time layer (Yamazaki and Tanaka 2007): granule cells with potentials, driven by mossy fibres and held
//! down by the Golgi cells that they drive, so that ever other sets of them fire as time passes after a cue. It knows
//! glomeruli, the clusters of granule cells that share their Golgi inhibition, and nothing of what makes mossy fibres fire.
//!
//! State lies in arrays, a cluster after the other; what a cluster shares (inhibition and its decay) is held once. Chunks
//! of clusters are stepped on their own, in any order or at once, and their spikes joined in the order of the cells.

use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::golgi::Listeners;
use super::lanes::{self, LANES, Membrane, Processor, Shared};
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

/// Cells that lie side by side.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
struct Block {
    /// Number of its first cell in the layer.
    first: u32,
    /// Its cluster in the chunk.
    cluster: u16,
    /// Which of its places hold a cell, one bit each.
    held: u16,
}

/// The blocks of clusters of these sizes, of which `first` is the first cell.
fn blocks(mut first: u32, sizes: &[u16]) -> Vec<Block> {
    let mut blocks = Vec::new();
    for (cluster, size) in (0u16..).zip(sizes) {
        for from in (0..*size).step_by(LANES) {
            let held = if size - from >= LANES as u16 { u16::MAX } else { (1 << (size - from)) - 1 };
            blocks.push(Block { first: first + u32::from(from), cluster, held });
        }
        first += u32::from(*size);
    }
    blocks
}

/// Some clusters with all that their step needs.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Chunk {
    /// Numbers of its first cell and cluster in the layer.
    first: u32,
    cluster: u32,
    /// Cells of each cluster, in their order; each cluster begins a block anew.
    sizes: Vec<u16>,
    blocks: Vec<Block>,
    v: Vec<f32>,
    ampa: Vec<i16>,
    nmda: Vec<i16>,
    ahp: Vec<i16>,
    /// Mossy spikes that reach each cell in this step.
    arriving: Vec<u8>,
    /// Places of the cells that mossy fibre `i` drives: `targets[starts[i]..starts[i + 1]]`.
    starts: Vec<u32>,
    targets: Vec<u16>,
    /// Inhibition of each cluster, 1/ms (relative to the capacitance).
    fast: Vec<f32>,
    slow: Vec<f32>,
    /// Places of each block above threshold in this step, one bit each.
    fired: Vec<u16>,
    /// Cells that fired in this step, by their number in the layer, ascending.
    spikes: Vec<u32>,
    /// How many of each cluster.
    counts: Vec<u16>,
}

/// What every cell has in common.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
struct Common {
    membrane: Membrane,
    /// Decays, and what one Golgi spike gives, of the fast and the slow part.
    decay: [f32; 2],
    golgi: [f32; 2],
    leak: f32,
    rest: f32,
    reversal: f32,
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
            let step = Step { chunk, common, mossy, golgi };
            match arch {
                #[cfg(target_arch = "x86_64")]
                pulp::Arch::V4(on) => on.vectorize(On(on, step)),
                #[cfg(target_arch = "x86_64")]
                pulp::Arch::V3(on) => on.vectorize(On(on, step)),
                _ => step.run(pulp::Scalar::new()),
            }
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

/// A chunk's step.
struct Step<'a> {
    chunk: &'a mut Chunk,
    common: &'a Common,
    mossy: &'a [u16],
    golgi: &'a [u16],
}

impl Step<'_> {
    #[inline(always)]
    fn run(self, on: impl Processor) {
        self.chunk.step(on, self.common, self.mossy, self.golgi);
    }
}

/// It, to be compiled for a kind of processor.
struct On<'a, P>(P, Step<'a>);

impl<P: Processor> pulp::NullaryFnOnce for On<'_, P> {
    type Output = ();

    #[inline(always)]
    fn call(self) {
        self.1.run(self.0);
    }
}

impl Common {
    fn new(settings: &Settings) -> Self {
        let per_c = |g: f32| g / settings.capacitance;
        let decay = |tau: f64| libm::exp(-1.0 / tau) as f32;
        let golgi = per_c(settings.golgi_conductance);
        // However many of a cell's mossy fibres fire at once.
        let most = i16::MAX / settings.mossy_partners as i16;
        Self {
            membrane: Membrane {
                threshold: settings.threshold,
                ampa: lanes::coarse_units(per_c(settings.mossy_conductance * settings.ampa_share)).min(most),
                nmda: lanes::units(per_c(settings.mossy_conductance * settings.nmda_share)).min(most),
                ahp: lanes::units(per_c(settings.ahp)),
                ahp_reversal: settings.ahp_reversal,
                decay: [settings.ampa_decay, settings.nmda_decay, settings.ahp_decay].map(lanes::kept),
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
            ampa: vec![0; place],
            nmda: vec![0; place],
            ahp: vec![0; place],
            arriving: vec![0; place],
            starts: starts.collect(),
            targets: edges.iter().map(|(_, cell)| *cell).collect(),
            fast: vec![0.0; sizes.len()],
            slow: vec![0.0; sizes.len()],
            spikes: Vec::with_capacity(cells),
            counts: vec![0; sizes.len()],
            fired: vec![0; place / LANES],
            blocks: blocks(first, &sizes),
            sizes,
        }
    }

    #[inline(always)]
    fn step(&mut self, on: impl Processor, common: &Common, mossy: &[u16], golgi: &[u16]) {
        self.deliver(mossy);
        let mut place = 0;
        for (cluster, spikes) in golgi.iter().enumerate() {
            let spikes = f32::from(*spikes);
            let fast = self.fast[cluster] * common.decay[0] + lanes::FLOOR + common.golgi[0] * spikes;
            let slow = self.slow[cluster] * common.decay[1] + lanes::FLOOR + common.golgi[1] * spikes;
            (self.fast[cluster], self.slow[cluster]) = (fast, slow);
            let inhibition = fast + slow;
            let shared = Shared {
                total: common.leak + inhibition,
                drive: common.leak * common.rest + inhibition * common.reversal,
            };
            let at = place..place + lanes::padded(usize::from(self.sizes[cluster]));
            place = at.end;
            let cells = lanes::Cells {
                v: &mut self.v[at.clone()],
                ampa: &mut self.ampa[at.clone()],
                nmda: &mut self.nmda[at.clone()],
                ahp: &mut self.ahp[at.clone()],
                arriving: &mut self.arriving[at.clone()],
            };
            let fired = &mut self.fired[at.start / LANES..at.end / LANES];
            lanes::advance(on, cells, shared, &common.membrane, fired);
        }
        self.reset(common.membrane.ahp);
    }

    /// Counts the mossy spikes that reach each cell.
    #[inline(always)]
    fn deliver(&mut self, mossy: &[u16]) {
        // Held here, for a write of a byte could change what lies behind `self`.
        let (starts, targets, arriving) = (&self.starts[..], &self.targets[..], &mut self.arriving[..]);
        // Rows lie far apart. Asked for beforehand they come from memory together; each by itself would be waited for.
        let row = |line: &u16| starts[usize::from(*line)] as usize;
        let asked = mossy.iter().fold(0, |asked, line| asked ^ targets.get(row(line)).copied().unwrap_or_default());
        core::hint::black_box(asked);
        for line in mossy {
            let line = usize::from(*line);
            for cell in &targets[starts[line] as usize..starts[line + 1] as usize] {
                arriving[usize::from(*cell)] += 1;
            }
        }
    }

    /// Notes the cells that fired, and what follows a spike.
    #[inline(always)]
    fn reset(&mut self, after: i16) {
        // Several blocks at a time, for most are silent.
        const TOGETHER: usize = 4;
        let Self { blocks, ahp, fired, spikes, counts, .. } = self;
        spikes.clear();
        counts.fill(0);
        let ahp = ahp.as_chunks_mut::<LANES>().0;
        for (some, from) in fired.chunks(TOGETHER).zip((0..).step_by(TOGETHER)) {
            if some.iter().fold(0, |any, set| any | set) == 0 {
                continue;
            }
            for (set, at) in some.iter().zip(from..) {
                // What fills a cluster up to whole blocks has no input, but a threshold can lie below rest.
                let mut set = set & blocks[at].held;
                while set != 0 {
                    let k = set.trailing_zeros();
                    set &= set - 1;
                    ahp[at][k as usize] = after;
                    spikes.push(blocks[at].first + k);
                    counts[usize::from(blocks[at].cluster)] += 1;
                }
            }
        }
    }

    fn fits(&self, [first, cluster]: [u32; 2], sizes: &[u16], cells: &Cells) -> Result<(), Misfit> {
        const WHAT: &str = "granule cells";
        let (places, clusters) = (self.v.len(), sizes.len());
        shape::same(WHAT, self.first.into(), first.into())?;
        shape::same(WHAT, self.cluster.into(), cluster.into())?;
        shape::settings(WHAT, &self.sizes[..], sizes)?;
        shape::settings(WHAT, &self.blocks[..], &blocks(first, sizes)[..])?;
        shape::same(WHAT, places as u64, sizes.iter().map(|size| lanes::padded(usize::from(*size)) as u64).sum())?;
        shape::lengths(WHAT, &[&self.ampa, &self.nmda, &self.ahp], places)?;
        shape::length(WHAT, &self.arriving, places)?;
        shape::length(WHAT, &self.fired, places / LANES)?;
        shape::rows("granule cells: mossy fibres", &self.starts, cells.mossy, self.targets.len())?;
        shape::below("granule cells: mossy fibres", &self.targets, places as u64)?;
        shape::lengths("granule cells: inhibition", &[&self.fast, &self.slow], clusters)?;
        shape::below("granule cells: spikes", &self.spikes, cells.granule as u64)?;
        shape::length("granule cells: spikes", &self.counts, clusters)
    }

    fn bytes(&self) -> usize {
        let floats = [&self.v, &self.fast, &self.slow];
        let wide = [&self.starts, &self.spikes];
        let narrow = [&self.sizes, &self.targets, &self.counts, &self.fired];
        let conductances = [&self.ampa, &self.nmda, &self.ahp];
        floats.iter().map(|values| values.capacity() * size_of::<f32>()).sum::<usize>()
            + wide.iter().map(|values| values.capacity() * size_of::<u32>()).sum::<usize>()
            + narrow.iter().map(|values| values.capacity() * size_of::<u16>()).sum::<usize>()
            + conductances.iter().map(|values| values.capacity() * size_of::<i16>()).sum::<usize>()
            + self.blocks.capacity() * size_of::<Block>()
            + self.arriving.capacity()
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
