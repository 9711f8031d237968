//! Molecular-layer interneurons: MLI1, which brake the Purkinje cells and are electrically coupled, and MLI2, which
//! brake the brake.
//!
//! Conductance-based leaky integrate-and-fire cells at a step of 1 ms, in arrays of `f32`.

use serde::{Deserialize, Serialize};

use crate::parameters::{choice, settings};
use crate::presets::Preset;
use crate::rng::Stream;
use crate::shape::{self, Misfit};
use crate::wiring::{Junctions, Projection};

settings! {
    /// One kind of cell.
    pub struct Kind {
        /// Membrane capacitance.
        capacitance: f32 [1, 1_000] "pF",
        /// Leak conductance.
        leak: f32 [0.01, 100] "nS",
        /// Tonic drive.
        bias: f32 [-1_000, 1_000] "pA",
        /// Spread of the tonic drive over cells (SD).
        bias_sd: f32 [0, 1_000] "pA",
    }
}

impl Kind {
    /// MLI1: size of Park 2026's cell. Bias calibrated to 34 Hz at rest (the pilot had 42.8 pA; ours is more because MLI2
    /// hold MLI1 down more firmly, see `wiring.mli2_mli1_conductance`).
    #[must_use]
    pub fn mli1() -> Self {
        Self { capacitance: 45.0, leak: 2.1, bias: 48.5, bias_sd: 6.0 }
    }

    /// MLI2: as MLI1. Bias calibrated to 21 Hz at rest (the pilot had 18.7 pA).
    #[must_use]
    pub fn mli2() -> Self {
        Self { capacitance: 28.0, leak: 1.3, bias: 19.5, bias_sd: 1.5 }
    }
}

/// How a climbing fibre's glutamate reaches interneurons: the two 2026 papers disagree.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kernel {
    /// Through synapses: at once, gone within a few ms (Park 2026).
    #[default]
    Synaptic,
    /// By spill-over: slow, with NMDA receptors, and into the neighbour's MLI2 too (Santos-Valencia 2026; Szapiro and Barbour
    /// 2007).
    Spillover,
}

choice!(Kernel { Synaptic => "synaptic", Spillover => "spillover" });

settings! {
    /// What both kinds share.
    pub struct Settings {
        /// Resting potential (cerebellum.md §3.4, as the next two).
        rest: f32 [-90, -40] "mV",
        /// Threshold.
        threshold: f32 [-70, -20] "mV",
        /// Reset after a spike.
        reset: f32 [-90, -40] "mV",
        /// Reversal of GABA; of excitation it is 0.
        gaba_reversal: f32 [-100, -40] "mV",
        /// Absolute refractory time.
        refractory: u32 [0, 20] "ms",
        /// Decay of excitation by parallel fibres (Park 2026).
        pf_decay: f64 [0.2, 100] "ms",
        /// Decay of excitation by climbing fibres (Park 2026).
        cf_decay: f64 [0.2, 200] "ms",
        /// Decay of inhibition (Park 2026).
        gaba_decay: f64 [0.2, 200] "ms",
        /// Rise of inhibition; 0 is at once. Park 2026 has 1.8 ms; the game's network was calibrated without it.
        gaba_rise: f64 [0, 50] "ms",
        /// How a climbing fibre's glutamate reaches interneurons.
        cf_kernel: Kernel [] "",
        /// Spill-over: peak conductance of one contact ◇.
        spill_conductance: f32 [0, 100] "nS",
        /// Spill-over: rise ◇.
        spill_rise: f64 [0.1, 100] "ms",
        /// Spill-over: decay of the AMPA receptors' part (12–30 ms) ◇.
        spill_decay: f64 [0.2, 500] "ms",
        /// Spill-over: NMDA receptors' conductance without magnesium, as a share of the AMPA receptors' ◇.
        nmda_share: f32 [0, 10] "",
        /// Spill-over: decay of the NMDA receptors' part ◇.
        nmda_decay: f64 [0.2, 1_000] "ms",
        /// Spill-over: what the next fibre's MLI2 receive of a fibre's contacts (0.92 as many pathways in the EM volume).
        spill_neighbour: f32 [0, 1] "",
        /// Conductance of one parallel fibre's synapse, where all `pf_inputs` are there (Park 2026).
        pf_conductance: f32 [0, 10] "nS",
        /// Parallel fibres onto a cell in the tissue (Park 2026); presets with fewer scale the conductance up.
        pf_inputs: f64 [1, 10_000] "",
        /// Their mean rate, where no granular layer drives them (Park 2026).
        pf_rate: f64 [0, 8] "Hz",
    }
}

impl Settings {
    /// The settings of a preset.
    #[must_use]
    pub fn of(_preset: Preset) -> Self {
        Self {
            rest: -65.0,
            threshold: -50.0,
            reset: -62.0,
            gaba_reversal: -70.0,
            refractory: 2,
            pf_decay: 1.5,
            cf_decay: 3.0,
            gaba_decay: 8.5,
            gaba_rise: 0.0,
            cf_kernel: Kernel::Synaptic,
            spill_conductance: 0.2,
            spill_rise: 2.0,
            spill_decay: 12.0,
            nmda_share: 0.5,
            nmda_decay: 30.0,
            spill_neighbour: 0.9,
            pf_conductance: 0.015,
            pf_inputs: 406.0,
            pf_rate: 4.0,
        }
    }
}

/// A conductance below this (nS) is nothing; without it, a silent synapse decays into denormals.
const NEGLIGIBLE: f32 = 1e-9;

/// A conductance that rises and falls: the difference of two exponentials, scaled so that a contact's own conductance is its
/// peak. One element a cell.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Slow {
    rising: Vec<f32>,
    falling: Vec<f32>,
    decays: [f32; 2],
    norm: f32,
}

impl Slow {
    fn new(rise: f64, decay: f64, n: usize) -> Self {
        // Equal constants have no difference; a hundredth apart, they are the alpha function to within a percent.
        let rise = rise.min(0.99 * decay);
        let peak = rise * decay / (decay - rise) * libm::log(decay / rise);
        Self {
            rising: vec![0.0; n],
            falling: vec![0.0; n],
            decays: [rise, decay].map(|tau| libm::exp(-1.0 / tau) as f32),
            norm: (1.0 / (libm::exp(-peak / decay) - libm::exp(-peak / rise))) as f32,
        }
    }

    fn deliver(&mut self, projection: &Projection, spikes: &[u16]) {
        projection.deliver(spikes, &mut self.rising);
        projection.deliver(spikes, &mut self.falling);
    }

    /// One step of 1 ms: `into` takes the conductance times `share(cell)`, on top of what it holds.
    fn step(&mut self, into: &mut [f32], share: impl Fn(usize) -> f32) {
        let Self { rising, falling, decays, norm } = self;
        for (cell, ((rising, falling), into)) in rising.iter_mut().zip(falling).zip(into).enumerate() {
            *into += *norm * (*falling - *rising) * share(cell);
            let flushed = |g: f32| if g < NEGLIGIBLE { 0.0 } else { g };
            *rising = flushed(*rising * decays[0]);
            *falling = flushed(*falling * decays[1]);
        }
    }
}

/// Share of NMDA receptors that magnesium leaves open at `v` mV (Jahr and Stevens 1990, 1 mM).
fn unblocked(v: f32) -> f32 {
    1.0 / (1.0 + libm::expf(-0.062 * v) / 3.57)
}

/// Thresholds on 16 random bits that turn them into a Poisson count: the count is the number of thresholds passed.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct PoissonInput([u16; 12]);

impl PoissonInput {
    /// Background of parallel fibres.
    #[must_use]
    pub fn parallel_fibres(settings: &Settings) -> Self {
        let per_step = settings.pf_inputs * settings.pf_rate * 1e-3;
        let mut term = libm::exp(-per_step);
        let mut cumulative = 0.0;
        let mut thresholds = [u16::MAX; 12];
        for (k, threshold) in thresholds.iter_mut().enumerate() {
            cumulative += term;
            term *= per_step / (k + 1) as f64;
            *threshold = libm::round(cumulative * 65536.0).min(65535.0) as u16;
        }
        Self(thresholds)
    }

    fn count(&self, bits: u16) -> u16 {
        self.0.iter().map(|threshold| u16::from(bits >= *threshold)).sum()
    }
}

/// A population of one kind: state in arrays, one element a cell.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Interneurons {
    kind: Kind,
    settings: Settings,
    v: Vec<f32>,
    g_pf: Vec<f32>,
    g_cf: Vec<f32>,
    g_gaba: Vec<f32>,
    bias: Vec<f32>,
    refractory: Vec<f32>,
    coupling: Vec<f32>,
    /// Room for work.
    #[serde(skip)]
    around: Vec<f32>,
    bits: Vec<u16>,
    /// Parallel-fibre spikes that arrive in this step, where they are drawn.
    drawn: Vec<f32>,
    /// Conductance of a granule cell's synapse, nS.
    fibre_conductance: f32,
    input: PoissonInput,
    decay: [f32; 3],
    /// Inhibition that takes time to rise; `g_gaba` then holds its value of the step.
    gaba: Option<Slow>,
    /// Spill-over, AMPA and NMDA receptors; `g_cf` then holds its value of the step.
    spill: Option<[Slow; 2]>,
    /// Silenced cells never fire.
    pub silenced: bool,
    /// What an experiment turns up or down.
    pub(crate) factors: Factors,
}

/// Factors on a population's inputs; all 1 in the intact circuit.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Factors {
    /// On the tonic drive.
    pub(crate) drive: f32,
    /// On what parallel fibres do.
    pub(crate) excitation: f32,
    /// On what interneurons do.
    pub(crate) inhibition: f32,
}

impl Factors {
    pub(crate) const NONE: Self = Self { drive: 1.0, excitation: 1.0, inhibition: 1.0 };
}

impl Interneurons {
    /// `n` cells at random potentials.
    pub fn new(kind: &Kind, settings: &Settings, n: usize, stream: &mut Stream) -> Self {
        let reset = settings.reset;
        let span = f64::from(settings.threshold - reset);
        Self {
            kind: kind.clone(),
            settings: settings.clone(),
            v: (0..n).map(|_| reset + (span * stream.uniform()) as f32).collect(),
            g_pf: vec![0.0; n],
            g_cf: vec![0.0; n],
            g_gaba: vec![0.0; n],
            bias: (0..n).map(|_| kind.bias + kind.bias_sd * stream.gaussian() as f32).collect(),
            refractory: vec![0.0; n],
            coupling: vec![0.0; n],
            around: Vec::new(),
            // Four cells share one draw.
            bits: vec![0; n.next_multiple_of(4)],
            drawn: vec![0.0; n],
            fibre_conductance: settings.pf_conductance,
            input: PoissonInput::parallel_fibres(settings),
            decay: [settings.pf_decay, settings.cf_decay, settings.gaba_decay].map(|tau| libm::exp(-1.0 / tau) as f32),
            gaba: (settings.gaba_rise > 0.0).then(|| Slow::new(settings.gaba_rise, settings.gaba_decay, n)),
            spill: (settings.cf_kernel == Kernel::Spillover).then(|| {
                [settings.spill_decay, settings.nmda_decay].map(|decay| Slow::new(settings.spill_rise, decay, n))
            }),
            silenced: false,
            factors: Factors::NONE,
        }
    }

    #[must_use]
    pub fn count(&self) -> usize {
        self.v.len()
    }

    /// Tonic drive of each cell, pA.
    #[must_use]
    pub fn bias(&self) -> &[f32] {
        &self.bias
    }

    /// Climbing-fibre excitation arrives.
    pub fn excite(&mut self, projection: &Projection, spikes: &[u16]) {
        match &mut self.spill {
            None => projection.deliver(spikes, &mut self.g_cf),
            Some(receptors) => receptors.iter_mut().for_each(|receptor| receptor.deliver(projection, spikes)),
        }
    }

    /// Inhibition by other interneurons arrives.
    pub fn inhibit(&mut self, projection: &Projection, spikes: &[u16]) {
        match &mut self.gaba {
            None => projection.deliver(spikes, &mut self.g_gaba),
            Some(gaba) => gaba.deliver(projection, spikes),
        }
    }

    /// Current through gap junctions of conductance `g` (nS).
    pub fn couple(&mut self, junctions: &Junctions, g: f32) {
        junctions.currents(&self.v, g, &mut self.around, &mut self.coupling);
    }

    /// Each cell in `spikes` gives those that gap junctions couple to it a depolarisation of `size` (mV): the spike itself, which
    /// cells of one step's reset cannot pass on as a current.
    pub fn spikelets(&mut self, junctions: &[(u16, u16)], spikes: &[u16], size: f32) {
        for &(a, b) in junctions {
            for (from, to) in [(a, b), (b, a)] {
                if spikes.binary_search(&from).is_ok() {
                    self.v[usize::from(to)] += size;
                }
            }
        }
    }

    /// Sets the conductance of a granule cell's synapse so that `partners` of them at `rate` Hz drive a cell, on average, as
    /// the parallel fibres of the tissue do.
    pub fn scale_fibres(&mut self, partners: f64, rate: f64) {
        let Settings { pf_conductance, pf_inputs, pf_rate, .. } = self.settings;
        self.fibre_conductance = (f64::from(pf_conductance) * pf_inputs * pf_rate / (partners * rate)) as f32;
    }

    /// Conductance of a granule cell's synapse, nS.
    #[must_use]
    pub fn fibre_conductance(&self) -> f32 {
        self.fibre_conductance
    }

    /// One step of 1 ms with Poisson parallel fibres; the cells that fire are written to `spikes` in ascending order.
    pub fn step(&mut self, stream: &mut Stream, spikes: &mut Vec<u16>) {
        for four in self.bits.chunks_exact_mut(4) {
            let draw = stream.bits();
            for (k, bits) in four.iter_mut().enumerate() {
                *bits = (draw >> (16 * k)) as u16;
            }
        }
        let mut drawn = core::mem::take(&mut self.drawn);
        for (count, bits) in drawn.iter_mut().zip(&self.bits) {
            *count = f32::from(self.input.count(*bits));
        }
        self.advance(&drawn, self.settings.pf_conductance, spikes);
        self.drawn = drawn;
    }

    /// As [`Self::step`], with the granule cells' spikes that arrive at each cell.
    pub fn step_driven(&mut self, arriving: &[f32], spikes: &mut Vec<u16>) {
        self.advance(arriving, self.fibre_conductance, spikes);
    }

    pub(crate) fn bytes(&self) -> usize {
        let floats = [&self.v, &self.g_pf, &self.g_cf, &self.g_gaba, &self.bias, &self.refractory, &self.coupling];
        let slow = self.gaba.iter().chain(self.spill.iter().flatten());
        shape::held(&floats)
            + shape::held(&[&self.drawn, &self.around])
            + shape::held(&[&self.bits])
            + slow.map(|slow| shape::held(&[&slow.rising, &slow.falling])).sum::<usize>()
    }

    /// That a state has `n` cells of a kind, and the receptors of its settings.
    pub(crate) fn fits(&self, kind: &Kind, settings: &Settings, n: usize) -> Result<(), Misfit> {
        shape::settings("interneurons", &self.kind, kind)?;
        shape::settings("interneurons", &self.settings, settings)?;
        shape::same("interneurons: slow inhibition", self.gaba.is_some().into(), (settings.gaba_rise > 0.0).into())?;
        let spill = settings.cf_kernel == Kernel::Spillover;
        shape::same("interneurons: spill-over", self.spill.is_some().into(), spill.into())?;
        let floats = [&self.v, &self.g_pf, &self.g_cf, &self.g_gaba, &self.bias, &self.refractory, &self.coupling];
        shape::lengths("interneurons", &floats, n)?;
        shape::length("interneurons: parallel fibres", &self.drawn, n)?;
        shape::length("interneurons: parallel fibres", &self.bits, n.next_multiple_of(4))?;
        let slow = self.gaba.iter().chain(self.spill.iter().flatten());
        slow.into_iter()
            .try_for_each(|slow| shape::lengths("interneurons: receptors", &[&slow.rising, &slow.falling], n))
    }

    fn advance(&mut self, parallel: &[f32], pf_conductance: f32, spikes: &mut Vec<u16>) {
        if let Some(gaba) = &mut self.gaba {
            self.g_gaba.fill(0.0);
            gaba.step(&mut self.g_gaba, |_| 1.0);
        }
        if let Some([ampa, nmda]) = &mut self.spill {
            self.g_cf.fill(0.0);
            ampa.step(&mut self.g_cf, |_| 1.0);
            let (share, v) = (self.settings.nmda_share, &self.v);
            nmda.step(&mut self.g_cf, |cell| share * unblocked(v[cell]));
        }
        let Self { v, g_pf, g_cf, g_gaba, bias, refractory, coupling, kind, settings, decay, factors, .. } = self;
        let membrane = Membrane {
            leak: kind.leak,
            inverse_c: 1.0 / kind.capacitance,
            pf_conductance: pf_conductance * factors.excitation,
            drive: factors.drive,
            inhibition: factors.inhibition,
            decay: *decay,
            rest: settings.rest,
            reset: settings.reset,
            gaba_reversal: settings.gaba_reversal,
        };
        membrane.advance(v, g_pf, g_cf, g_gaba, refractory, bias, coupling, parallel);
        let Settings { threshold, reset, refractory: refractory_steps, .. } = *settings;
        spikes.clear();
        for (block, (v, refractory)) in v.chunks_mut(BLOCK).zip(refractory.chunks_mut(BLOCK)).enumerate() {
            let mut fired = v.iter().rev().fold(0u32, |set, v| set << 1 | u32::from(*v >= threshold));
            while fired != 0 {
                let i = fired.trailing_zeros() as usize;
                fired &= fired - 1;
                v[i] = reset;
                refractory[i] = refractory_steps as f32;
                if !self.silenced {
                    spikes.push((block * BLOCK + i) as u16);
                }
            }
        }
    }
}

/// Cells that are searched for spikes together: in most blocks none fires.
const BLOCK: usize = 8;

/// What all cells of a population share in a step.
struct Membrane {
    leak: f32,
    inverse_c: f32,
    pf_conductance: f32,
    drive: f32,
    inhibition: f32,
    decay: [f32; 3],
    rest: f32,
    reset: f32,
    gaba_reversal: f32,
}

impl Membrane {
    /// Moves every cell on by 1 ms; who reaches threshold is left there.
    #[inline(never)]
    #[expect(
        clippy::too_many_arguments,
        reason = "slices that are arguments are known not to overlap: the loop is vectorised"
    )]
    fn advance(
        &self,
        v: &mut [f32],
        g_pf: &mut [f32],
        g_cf: &mut [f32],
        g_gaba: &mut [f32],
        refractory: &mut [f32],
        bias: &[f32],
        coupling: &[f32],
        parallel: &[f32],
    ) {
        let n = v.len();
        let (g_pf, g_cf, g_gaba, refractory) = (&mut g_pf[..n], &mut g_cf[..n], &mut g_gaba[..n], &mut refractory[..n]);
        let (bias, coupling, parallel) = (&bias[..n], &coupling[..n], &parallel[..n]);
        let Self {
            leak,
            inverse_c,
            pf_conductance,
            drive: drive_factor,
            inhibition,
            decay,
            rest,
            reset,
            gaba_reversal,
        } = *self;
        for i in 0..n {
            let e_pf = g_pf[i] * decay[0] + pf_conductance * parallel[i];
            let e_cf = g_cf[i] * decay[1];
            let inh = g_gaba[i] * decay[2];
            let e_cf = if e_cf < NEGLIGIBLE { 0.0 } else { e_cf };
            let inh = if inh < NEGLIGIBLE { 0.0 } else { inh };
            let e_pf = if e_pf < NEGLIGIBLE { 0.0 } else { e_pf };
            let gaba = g_gaba[i] * inhibition;
            let total = leak + e_pf + g_cf[i] + gaba;
            let drive = leak * rest + gaba * gaba_reversal + bias[i] * drive_factor + coupling[i];
            // Exponential Euler with 1 − exp(−x) ≈ x / (1 + x/2 + x²/12), x = dt·g/C: within 2e-6 for x < 0.3, and
            // the same bits everywhere, vectorised.
            let x = total * inverse_c;
            let moved = v[i] + (drive - v[i] * total) * inverse_c / (1.0 + x * (0.5 + x * (1.0 / 12.0)));
            // By bits: as a branch it would spare the division, and keep the loop from being vectorised.
            let resting = 0u32.wrapping_sub(u32::from(refractory[i] > 0.0));
            v[i] = f32::from_bits(reset.to_bits() & resting | moved.to_bits() & !resting);
            refractory[i] = f32::from_bits((refractory[i] - 1.0).to_bits() & resting);
            g_pf[i] = e_pf;
            g_cf[i] = e_cf;
            g_gaba[i] = inh;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings() -> Settings {
        Settings::of(Preset::Small)
    }

    fn population(kind: Kind, n: usize) -> (Interneurons, Stream) {
        let mut stream = Stream::named(1, "test cells", 0);
        (Interneurons::new(&kind, &settings(), n, &mut stream), stream)
    }

    fn spikes(cells: &mut Interneurons, stream: &mut Stream, steps: u32) -> usize {
        let mut fired = Vec::new();
        (0..steps)
            .map(|_| {
                cells.step(stream, &mut fired);
                fired.len()
            })
            .sum()
    }

    #[test]
    fn sixteen_bits_become_a_poisson_count_of_the_right_mean() {
        let input = PoissonInput::parallel_fibres(&settings());
        let total: u64 = (0..=u16::MAX).map(|bits| u64::from(input.count(bits))).sum();
        assert!((total as f64 / 65_536.0 - 1.624).abs() < 1e-3);
        assert_eq!(input.count(0), 0);
    }

    #[test]
    fn a_cell_without_drive_rests_below_threshold() {
        let (mut cells, mut stream) = population(Kind { bias: 0.0, bias_sd: 0.0, ..Kind::mli1() }, 16);
        spikes(&mut cells, &mut stream, 200);
        assert_eq!(spikes(&mut cells, &mut stream, 1_000), 0);
        assert!(cells.v.iter().all(|v| (-66.0..-60.0).contains(v)), "{:?}", cells.v);
    }

    #[test]
    fn a_spike_is_followed_by_two_silent_steps() {
        let (mut cells, mut stream) = population(Kind { bias: 1_000.0, bias_sd: 0.0, ..Kind::mli1() }, 1);
        let mut fired = Vec::new();
        let mut times = Vec::new();
        for step in 0..50 {
            cells.step(&mut stream, &mut fired);
            if !fired.is_empty() {
                times.push(step);
            }
        }
        assert!(times.windows(2).all(|pair| pair[1] - pair[0] == 3), "{times:?}");
    }

    #[test]
    fn excitation_speeds_up_and_inhibition_slows_down() {
        let one = Projection::draw(
            1,
            64,
            crate::wiring::Rule {
                partners: 40.0,
                synapses: 1.0,
                weight: 3.0,
                reach: crate::wiring::Reach::Zone,
                recurrent: false,
            },
            &mut Stream::named(1, "test wiring", 0),
        );
        let after = |change: &dyn Fn(&mut Interneurons)| {
            let (mut cells, mut stream) = population(Kind::mli2(), 64);
            spikes(&mut cells, &mut stream, 500);
            change(&mut cells);
            spikes(&mut cells, &mut stream, 10)
        };
        let untouched = after(&|_| ());
        assert!(after(&|cells| cells.excite(&one, &[0])) > 2 * untouched);
        assert!(2 * after(&|cells| cells.inhibit(&one, &[0])) < untouched);
    }

    #[test]
    fn a_cell_driven_far_above_threshold_fires_at_equal_intervals_after_an_hour_as_at_once() {
        let kind = Kind { bias: 1_000.0, bias_sd: 0.0, ..Kind::mli1() };
        let settings = Settings { refractory: 9, ..settings() };
        let mut cell = Interneurons::new(&kind, &settings, 1, &mut Stream::named(1, "test cells", 0));
        let mut spikes = Vec::new();
        let mut step = |now: u32| {
            cell.step_driven(&[0.0], &mut spikes);
            (!spikes.is_empty()).then_some(now)
        };
        let first: Vec<u32> = (0..10_000).filter_map(&mut step).collect();
        let between = (10_000..3_600_000).filter_map(&mut step).count();
        assert_eq!(between, 359_000);
        let last: Vec<u32> = (3_600_000..3_610_000).filter_map(&mut step).collect();
        for times in [first, last] {
            assert_eq!(times.len(), 1_000);
            assert!(times.windows(2).all(|pair| pair[1] - pair[0] == 10));
        }
    }

    #[test]
    fn gap_junctions_draw_two_cells_together() {
        let (mut cells, mut stream) = population(Kind { bias: 0.0, bias_sd: 0.0, ..Kind::mli1() }, 2);
        cells.v = vec![-65.0, -55.0];
        cells.couple(&Junctions::new(2, vec![(0, 1)]), 0.3);
        assert_eq!(cells.coupling, [3.0, -3.0]);
        spikes(&mut cells, &mut stream, 1);
        assert!(cells.v[0] > -65.0 && cells.v[1] < -55.0);
    }

    #[test]
    fn a_spikelet_reaches_the_coupled_cell_alone() {
        let (mut cells, _) = population(Kind::mli1(), 3);
        cells.v = vec![-60.0; 3];
        cells.spikelets(&[(0, 1)], &[1, 2], 0.5);
        assert_eq!(cells.v, [-59.5, -60.0, -60.0]);
    }

    #[test]
    fn spill_over_excites_later_and_for_longer_than_a_synapse_and_peaks_at_its_own_conductance() {
        let one = Projection::draw(
            1,
            1,
            crate::wiring::Rule {
                partners: 40.0,
                synapses: 1.0,
                weight: 1.0,
                reach: crate::wiring::Reach::Zone,
                recurrent: false,
            },
            &mut Stream::named(1, "test wiring", 0),
        );
        let course = |cf_kernel| {
            let settings = Settings { cf_kernel, nmda_share: 0.0, ..settings() };
            let mut stream = Stream::named(1, "test cells", 0);
            let mut cells = Interneurons::new(&Kind::mli2(), &settings, 1, &mut stream);
            cells.excite(&one, &[0]);
            let mut fired = Vec::new();
            let mut course = Vec::new();
            for _ in 0..60 {
                cells.step(&mut stream, &mut fired);
                course.push(cells.g_cf[0]);
            }
            course
        };
        let highest = |course: &[f32]| {
            course.iter().copied().enumerate().fold((0, 0.0), |best, now| if now.1 > best.1 { now } else { best })
        };
        let (synaptic, spilt) = (course(Kernel::Synaptic), course(Kernel::Spillover));
        // What is kept of a synapse has already decayed by a step, what is kept of spill-over by the loop of the cells.
        let a_step = |tau: f32| libm::expf(-1.0 / tau);
        assert_eq!(highest(&synaptic).0, 0);
        assert!((highest(&synaptic).1 - a_step(3.0)).abs() < 1e-6);
        let (at, peak) = highest(&spilt);
        assert!((3..=8).contains(&at) && (peak / a_step(3.0) - 1.0).abs() < 0.01, "{peak} at {at} ms");
        assert!(spilt[30] > 0.1 && synaptic[30] < 0.001);
    }

    #[test]
    fn magnesium_blocks_most_nmda_receptors_at_rest_and_few_at_0() {
        assert!((unblocked(-65.0) - 0.06).abs() < 0.01);
        assert!(unblocked(0.0) > 0.75);
    }

    #[test]
    fn silenced_cells_do_not_fire() {
        let (mut cells, mut stream) = population(Kind::mli2(), 48);
        assert!(spikes(&mut cells, &mut stream, 1_000) > 500);
        cells.silenced = true;
        assert_eq!(spikes(&mut cells, &mut stream, 1_000), 0);
    }

    #[test]
    fn silent_synapses_fall_to_nothing_before_they_are_denormal() {
        let (mut cells, mut stream) = population(Kind::mli1(), 8);
        cells.g_cf.fill(1.0);
        cells.g_gaba.fill(1.0);
        spikes(&mut cells, &mut stream, 400);
        assert!(cells.g_cf.iter().chain(&cells.g_gaba).all(|g| *g == 0.0));
    }
}
