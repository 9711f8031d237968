//! A chunk of the passage-of-time layer: clusters of granule cells that lie together in memory and are stepped together. It is
//! given the mossy and Golgi spikes of a step, and knows nothing of where they come from.

use serde::{Deserialize, Serialize};

use super::lanes::{self, LANES, Membrane, Processor, Shared};
use super::passage::Settings;
use crate::parameters::Parameters;
use crate::presets::Cells;
use crate::rng::Stream;
use crate::shape::{self, Misfit};

/// Cells that lie side by side.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Block {
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
pub(super) struct Chunk {
    /// Numbers of its first cell and cluster in the layer.
    pub(super) first: u32,
    pub(super) cluster: u32,
    /// Cells of each cluster, in their order; each cluster begins a block anew.
    pub(super) sizes: Vec<u16>,
    pub(super) blocks: Vec<Block>,
    pub(super) v: Vec<f32>,
    pub(super) ampa: Vec<i16>,
    pub(super) nmda: Vec<i16>,
    pub(super) ahp: Vec<i16>,
    /// Mossy spikes that reach each cell in this step.
    pub(super) arriving: Vec<u8>,
    /// Places of the cells that mossy fibre `i` drives: `targets[starts[i]..starts[i + 1]]`.
    pub(super) starts: Vec<u32>,
    pub(super) targets: Vec<u16>,
    /// Inhibition of each cluster, 1/ms (relative to the capacitance).
    pub(super) fast: Vec<f32>,
    pub(super) slow: Vec<f32>,
    /// Places of each block above threshold in this step, one bit each.
    pub(super) fired: Vec<u16>,
    /// Cells that fired in this step, by their number in the layer, ascending.
    pub(super) spikes: Vec<u32>,
    /// How many of each cluster.
    pub(super) counts: Vec<u16>,
}

/// What every cell has in common.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Common {
    pub(super) membrane: Membrane,
    /// Decays, and what one Golgi spike gives, of the fast and the slow part.
    pub(super) decay: [f32; 2],
    pub(super) golgi: [f32; 2],
    pub(super) leak: f32,
    pub(super) rest: f32,
    pub(super) reversal: f32,
}

/// A chunk's step.
pub(super) struct Step<'a> {
    pub(super) chunk: &'a mut Chunk,
    pub(super) common: &'a Common,
    pub(super) mossy: &'a [u16],
    pub(super) golgi: &'a [u16],
}

impl Step<'_> {
    /// Takes it with the vector instructions of `arch`.
    pub(super) fn take(self, arch: pulp::Arch) {
        match arch {
            #[cfg(target_arch = "x86_64")]
            pulp::Arch::V4(on) => on.vectorize(On(on, self)),
            #[cfg(target_arch = "x86_64")]
            pulp::Arch::V3(on) => on.vectorize(On(on, self)),
            _ => self.run(pulp::Scalar::new()),
        }
    }

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
    pub(super) fn new(settings: &Settings) -> Self {
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
    pub(super) fn new(
        [first, cluster]: [u32; 2],
        sizes: Vec<u16>,
        parameters: &Parameters,
        stream: &mut Stream,
    ) -> Self {
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

    pub(super) fn fits(&self, [first, cluster]: [u32; 2], sizes: &[u16], cells: &Cells) -> Result<(), Misfit> {
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

    pub(super) fn bytes(&self) -> usize {
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
