//! Golgi cells: the inhibitory cells of the granular layer, driven by granule cells and mossy fibres. They know clusters
//! of granule cells, and nothing of what inhibition does there.

use serde::{Deserialize, Serialize};

use crate::export::tracts::Edge;
use crate::parameters::{Parameters, settings};
use crate::presets::Preset;
use crate::rng::Stream;
use crate::shape::{self, Misfit};

/// A conductance below this (nS) is nothing; without it, a silent synapse decays into denormals.
const NEGLIGIBLE: f32 = 1e-9;

settings! {
    /// Golgi cells, after Yamazaki's textbook program (`ec/go.h`) unless marked ◇.
    pub struct Settings {
        /// Membrane capacitance.
        capacitance: f32 [1, 1_000] "pF",
        /// Leak conductance.
        leak: f32 [0.01, 100] "nS",
        /// Resting potential (textbook: −55 mV; in the passage-of-time layer closer to threshold ◇, calibrated to the rate
        /// at rest of E1, for Golgi cells fire without input).
        rest: f32 [-90, -40] "mV",
        /// Threshold.
        threshold: f32 [-70, -20] "mV",
        /// Conductance after a spike.
        ahp: f32 [0, 1_000] "nS",
        /// Its reversal.
        ahp_reversal: f32 [-100, -40] "mV",
        /// Its decay.
        ahp_decay: f64 [0.5, 100] "ms",
        /// Decay of AMPA.
        ampa_decay: f64 [0.2, 100] "ms",
        /// Share of AMPA in excitation.
        ampa_share: f32 [0, 1] "",
        /// Decay of the faster NMDA.
        nmda_fast_decay: f64 [1, 1_000] "ms",
        /// Its share (textbook: 0.066; in the passage-of-time layer 0.33 ◇, calibrated with the next).
        nmda_fast_share: f32 [0, 1] "",
        /// Decay of the slower NMDA.
        nmda_slow_decay: f64 [1, 2_000] "ms",
        /// Its share (textbook: 0.134; in the passage-of-time layer 0.03 ◇: with more, what fires at one time since the
        /// cue is less alike from trial to trial).
        nmda_slow_share: f32 [0, 1] "",
        /// Conductance of the whole input from one cluster of granule cells, were all of them to fire at once.
        granule_conductance: f32 [0, 100] "nS",
        /// Clusters of granule cells that drive a cell: mean number.
        granule_clusters: f64 [0, 1_000] "",
        /// Synapses of a cell's own cluster, besides those drawn ◇: see `passage.golgi_own`.
        granule_own: usize [0, 64] "",
        /// Conductance of one mossy fibre's synapse ◇ (with spectral layers calibrated to the rate at rest of E1; none in
        /// the passage-of-time layer, as in the textbook program: a cue would drive all Golgi cells alike).
        mossy_conductance: f32 [0, 100] "nS",
        /// Mossy fibres that drive a cell: mean number ◇.
        mossy_partners: f64 [0, 1_000] "",
    }
}

impl Settings {
    /// The settings of a preset.
    #[must_use]
    pub fn of(preset: Preset) -> Self {
        let spectral = Self {
            capacitance: 28.0,
            leak: 2.336,
            rest: -55.0,
            threshold: -52.0,
            ahp: 20.0,
            ahp_reversal: -72.7,
            ahp_decay: 5.0,
            ampa_decay: 1.5,
            ampa_share: 0.8,
            nmda_fast_decay: 31.0,
            nmda_fast_share: 0.066,
            nmda_slow_decay: 170.0,
            nmda_slow_share: 0.134,
            granule_conductance: 0.2275,
            granule_clusters: 2.45,
            granule_own: 0,
            mossy_conductance: 0.038,
            mossy_partners: 16.0,
        };
        // In spectral layers Golgi cells inhibit nobody: they need no more than a rate. Here they shape what fires.
        let passage = Self {
            rest: -52.9,
            nmda_fast_share: 0.33,
            nmda_slow_share: 0.03,
            granule_own: 1,
            mossy_conductance: 0.0,
            ..spectral.clone()
        };
        match preset {
            Preset::Small | Preset::Standard => spectral,
            Preset::Large | Preset::Xl => passage,
            // Held to the textbook program's rates over its trials, and to E1's at rest, which ask for more at rest and a
            // smaller rise with a cue than the program has: what follows a spike lasts.
            Preset::Yamazaki => {
                Self { rest: -54.3, ahp_decay: 35.0, nmda_fast_share: 0.05, granule_conductance: 0.8, ..passage }
            }
        }
    }
}

/// Who drives whom, by receiver: cell `i` listens to `sources[starts[i]..starts[i + 1]]`.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Listeners {
    starts: Vec<u32>,
    sources: Vec<u16>,
}

impl Listeners {
    /// Each of `cells` listens to a Poisson number of distinct sources among `from`.
    pub(crate) fn anywhere(cells: usize, from: usize, partners: f64, stream: &mut Stream) -> Self {
        Self::draw(cells, |_, found| {
            let wanted = (stream.poisson(partners) as usize).clamp(1, from);
            while found.len() < wanted {
                let source = stream.below(from) as u16;
                if !found.contains(&source) {
                    found.push(source);
                }
            }
        })
    }

    pub(crate) fn draw(cells: usize, mut partners: impl FnMut(usize, &mut Vec<u16>)) -> Self {
        let (mut starts, mut sources) = (vec![0], Vec::new());
        let mut found = Vec::new();
        for cell in 0..cells {
            found.clear();
            partners(cell, &mut found);
            found.sort_unstable();
            sources.extend_from_slice(&found);
            starts.push(sources.len() as u32);
        }
        Self { starts, sources }
    }

    /// The sources of one cell.
    pub(crate) fn of(&self, cell: usize) -> &[u16] {
        &self.sources[self.starts[cell] as usize..self.starts[cell + 1] as usize]
    }

    /// The same, by sender.
    pub(crate) fn turned(&self, from: usize) -> Self {
        let mut rows = vec![Vec::new(); from];
        for cell in 0..self.starts.len() - 1 {
            for source in self.of(cell) {
                rows[usize::from(*source)].push(cell as u16);
            }
        }
        Self::draw(from, |source, found| found.append(&mut rows[source]))
    }

    /// Every pair, source first, by receiver; where a source is heard twice, twice.
    pub(crate) fn pairs(&self) -> impl Iterator<Item = (u32, u32)> + '_ {
        (0..self.starts.len() - 1)
            .flat_map(|cell| self.of(cell).iter().map(move |source| (u32::from(*source), cell as u32)))
    }

    /// That each of `cells` listens to cells of `from` alone.
    pub(crate) fn fits(&self, cells: usize, from: usize) -> Result<(), Misfit> {
        shape::rows("a projection in the granular layer", &self.starts, cells, self.sources.len())?;
        shape::below("a projection in the granular layer", &self.sources, from as u64)
    }

    pub(crate) fn bytes(&self) -> usize {
        self.starts.capacity() * size_of::<u32>() + self.sources.capacity() * size_of::<u16>()
    }
}

/// The Golgi cells: state in arrays, one element a cell.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Golgi {
    settings: Settings,
    v: Vec<f32>,
    ampa: Vec<f32>,
    nmda_fast: Vec<f32>,
    nmda_slow: Vec<f32>,
    ahp: Vec<f32>,
    /// Excitation of this step, nS.
    arriving: Vec<f32>,
    /// AMPA, fast NMDA, slow NMDA, after-hyperpolarisation.
    decay: [f32; 4],
    clusters: Listeners,
    /// By mossy fibre: whom it drives.
    mossy: Listeners,
    /// Conductance of one granule cell's synapse, nS.
    granule_conductance: f32,
    spikes: Vec<u16>,
}

impl Golgi {
    /// Draws the cells of `seed`; granule cells come in as many clusters as there are Golgi cells.
    #[must_use]
    pub fn new(parameters: &Parameters, seed: u64) -> Self {
        let (cells, settings) = (parameters.cells, parameters.golgi.clone());
        let n = cells.golgi;
        let mut stream = Stream::named(seed, "golgi cells", 0);
        let span = f64::from(settings.threshold - settings.rest);
        let v = (0..n).map(|_| settings.rest + (span * stream.uniform()) as f32).collect();
        let clusters = super::grid::around(n, 3, settings.granule_clusters, &mut stream);
        let clusters = Listeners::draw(n, |cell, found| {
            found.extend_from_slice(clusters.of(cell));
            found.extend(core::iter::repeat_n(cell as u16, settings.granule_own));
        });
        let mossy = Listeners::anywhere(n, cells.mossy, settings.mossy_partners, &mut stream).turned(cells.mossy);
        let decays = [settings.ampa_decay, settings.nmda_fast_decay, settings.nmda_slow_decay, settings.ahp_decay];
        Self {
            v,
            ampa: vec![0.0; n],
            nmda_fast: vec![0.0; n],
            nmda_slow: vec![0.0; n],
            ahp: vec![0.0; n],
            arriving: vec![0.0; n],
            decay: decays.map(|tau| libm::exp(-1.0 / tau) as f32),
            clusters,
            mossy,
            granule_conductance: settings.granule_conductance * n as f32 / cells.granule as f32,
            settings,
            spikes: Vec::with_capacity(n),
        }
    }

    /// Number of cells.
    #[must_use]
    pub fn count(&self) -> usize {
        self.v.len()
    }

    /// Cells that fired in the step just done, ascending.
    #[must_use]
    pub fn spikes(&self) -> &[u16] {
        &self.spikes
    }

    /// Clusters that drive it, by Golgi cell; weights are those of one granule cell's synapse, nS.
    pub(crate) fn cluster_edges(&self) -> impl Iterator<Item = Edge> + '_ {
        self.clusters.pairs().map(|(pre, post)| Edge { pre, post, weight: self.granule_conductance })
    }

    /// Mossy fibres that drive it, by mossy fibre; weights in nS.
    pub(crate) fn mossy_edges(&self) -> impl Iterator<Item = Edge> + '_ {
        self.mossy.pairs().map(|(post, pre)| Edge { pre, post, weight: self.settings.mossy_conductance })
    }

    /// One step of 1 ms: `granule` counts each cluster's spikes of the last step, `mossy` names the lines that fired.
    pub fn step(&mut self, granule: &[u16], mossy: &[u16]) {
        for (cell, arriving) in self.arriving.iter_mut().enumerate() {
            let count: u32 = self.clusters.of(cell).iter().map(|c| u32::from(granule[usize::from(*c)])).sum();
            *arriving = self.granule_conductance * count as f32;
        }
        for line in mossy {
            for cell in self.mossy.of(usize::from(*line)) {
                self.arriving[usize::from(*cell)] += self.settings.mossy_conductance;
            }
        }
        self.integrate();
        self.spikes.clear();
        for (cell, (v, ahp)) in self.v.iter().zip(&mut self.ahp).enumerate() {
            if *v > self.settings.threshold {
                *ahp = self.settings.ahp;
                self.spikes.push(cell as u16);
            }
        }
    }

    fn integrate(&mut self) {
        let n = self.v.len();
        let Self { v, ampa, nmda_fast, nmda_slow, ahp, arriving, decay, settings, .. } = self;
        let (ampa, nmda_fast, nmda_slow) = (&mut ampa[..n], &mut nmda_fast[..n], &mut nmda_slow[..n]);
        let (ahp, arriving) = (&mut ahp[..n], &arriving[..n]);
        let Settings { leak, rest, ahp_reversal, ampa_share, nmda_fast_share, nmda_slow_share, .. } = *settings;
        let inverse_c = 1.0 / settings.capacitance;
        let flush = |g: f32| if g < NEGLIGIBLE { 0.0 } else { g };
        for i in 0..n {
            let fast = flush(ampa[i] * decay[0]) + ampa_share * arriving[i];
            let middle = flush(nmda_fast[i] * decay[1]) + nmda_fast_share * arriving[i];
            let slow = flush(nmda_slow[i] * decay[2]) + nmda_slow_share * arriving[i];
            let total = leak + ((fast + middle) + (slow + ahp[i]));
            let drive = leak * rest + ahp[i] * ahp_reversal;
            // Exponential Euler, 1 − exp(−x) ≈ x / (1 + x/2 + x²/12): within 4e-4 for x < 1.
            let x = total * inverse_c;
            v[i] += (drive - v[i] * total) * inverse_c / (1.0 + x * (0.5 + x * (1.0 / 12.0)));
            ampa[i] = fast;
            nmda_fast[i] = middle;
            nmda_slow[i] = slow;
            ahp[i] = flush(ahp[i] * decay[3]);
        }
    }

    /// That a state fits its parameters.
    pub(crate) fn fits(&self, parameters: &Parameters) -> Result<(), Misfit> {
        let n = parameters.cells.golgi;
        let floats = [&self.v, &self.ampa, &self.nmda_fast, &self.nmda_slow, &self.ahp, &self.arriving];
        shape::settings("Golgi cells", &self.settings, &parameters.golgi)?;
        shape::lengths("Golgi cells", &floats, n)?;
        shape::below("Golgi cells: spikes", &self.spikes, n as u64)?;
        self.clusters.fits(n, n)?;
        self.mossy.fits(parameters.cells.mossy, n)
    }

    /// Bytes that it holds.
    #[must_use]
    pub fn bytes(&self) -> usize {
        let floats = [&self.v, &self.ampa, &self.nmda_fast, &self.nmda_slow, &self.ahp, &self.arriving];
        floats.iter().map(|floats| floats.capacity() * size_of::<f32>()).sum::<usize>()
            + self.spikes.capacity() * size_of::<u16>()
            + self.clusters.bytes()
            + self.mossy.bytes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn golgi() -> Golgi {
        Golgi::new(&Parameters::of(Preset::Standard), 1)
    }

    #[test]
    fn without_input_no_cell_fires_and_all_come_to_rest() {
        let mut golgi = golgi();
        let silent = vec![0; 256];
        for _ in 0..500 {
            golgi.step(&silent, &[]);
        }
        assert!(golgi.spikes().is_empty());
        assert!(golgi.v.iter().all(|v| (v + 55.0).abs() < 1e-3));
        assert!(golgi.ampa.iter().all(|g| *g == 0.0));
    }

    #[test]
    fn granule_cells_drive_and_the_drive_outlasts_them() {
        let mut golgi = golgi();
        let busy = vec![4; 256];
        let mut fired = 0;
        for _ in 0..300 {
            golgi.step(&busy, &[]);
            fired += golgi.spikes().len();
        }
        assert!(fired > 256, "{fired}");
        let silent = vec![0; 256];
        let after: usize = (0..100)
            .map(|_| {
                golgi.step(&silent, &[]);
                golgi.spikes().len()
            })
            .sum();
        assert!(after > 0);
    }

    #[test]
    fn listeners_turned_twice_are_themselves() {
        let listeners = Listeners::anywhere(50, 30, 4.0, &mut Stream::named(1, "test", 0));
        let back = listeners.turned(30).turned(50);
        assert!((0..50).all(|cell| listeners.of(cell) == back.of(cell)));
        assert!((0..50).any(|cell| listeners.of(cell).len() != listeners.of(0).len()));
    }
}
