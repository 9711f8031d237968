//! A microzone: the climbing fibres, interneurons and Purkinje cells that one sign of error drives.

use serde::{Deserialize, Serialize};

use crate::export::{Between, Receptor};
use crate::interneurons::{Interneurons, Kernel};
use crate::olive::{Fibres, Spontaneous};
use crate::parameters::{Parameters, settings};
use crate::presets::{Cells, Preset};
use crate::purkinje::{HISTORY, Purkinje};
use crate::rng::{FNV_OFFSET, FNV_PRIME, Stream};
use crate::shape::{self, Misfit};
use crate::wiring::{Junctions, ParallelContacts, Projection, Reach, Rule, gap_junctions};

/// Slots to keep the spikes of the steps that are still on their way: one more than the longest delay.
pub(crate) const SLOTS: usize = 9;
/// Steps at rest before a microzone is used: first those that forget the initial state, then those in which its
/// rates at rest are measured. Shorter than 12 s, one Purkinje cell's base is off by over 1 %, which moves Λ visibly.
const FORGET_STEPS: u64 = 1_000;
const REST_STEPS: u64 = 12_000;
/// Steps that a microzone has lived when its network's step 0 begins.
pub(crate) const SETTLED: u64 = FORGET_STEPS + REST_STEPS;

settings! {
    /// Who contacts whom in a microzone, and how strongly (cerebellum.md §3.3). `…_partners` is the mean number of
    /// presynaptic partners of a cell (Poisson), `…_synapses` the mean number of synapses of a connected pair.
    pub struct Settings {
        /// Climbing fibre → interneuron: 1.577 nS (Park 2026) × 0.35, a point cell's correction for the dendrite.
        cf_conductance: f32 [0, 100] "nS",
        /// Climbing fibre → MLI2.
        cf_mli2_partners: f64 [0, 64] "",
        /// Climbing fibre → MLI2.
        cf_mli2_synapses: f64 [1, 100] "",
        /// Climbing fibre → MLI1.
        cf_mli1_partners: f64 [0, 64] "",
        /// Climbing fibre → MLI1.
        cf_mli1_synapses: f64 [1, 100] "",
        /// MLI2 → MLI1: Park 2026's 70 pS × 0.6, calibrated: with the pilot's × 0.4 MLI1 fall too little at s ≈ 0.36
        /// (0.62 ± 0.05 of rest over six seeds: the interval leaves the band of E3).
        mli2_mli1_conductance: f32 [0, 100] "nS",
        /// MLI2 → MLI1.
        mli2_mli1_partners: f64 [0, 1_000] "",
        /// MLI2 → MLI1.
        mli2_mli1_synapses: f64 [1, 100] "",
        /// Other synapses between interneurons: Park 2026's 25 pS × 0.5.
        mli_conductance: f32 [0, 100] "nS",
        /// MLI2 → MLI2.
        mli2_mli2_partners: f64 [0, 1_000] "",
        /// MLI2 → MLI2.
        mli2_mli2_synapses: f64 [1, 100] "",
        /// MLI1 → MLI1.
        mli1_mli1_partners: f64 [0, 1_000] "",
        /// MLI1 → MLI1.
        mli1_mli1_synapses: f64 [1, 100] "",
        /// MLI1 → MLI2.
        mli1_mli2_partners: f64 [0, 1_000] "",
        /// MLI1 → MLI2.
        mli1_mli2_synapses: f64 [1, 100] "",
        /// Gap junction between MLI1 (Park 2026).
        gap_conductance: f32 [0, 10] "nS",
        /// Mean number of gap-junction partners of an MLI1 (Park 2026: 956 entries over 208 cells).
        gap_partners: f64 [0, 24] "",
        /// MLI1 → Purkinje: share of the pairs that are connected, calibrated: 44 partners a cell in the small preset. With
        /// the 15–20 of cerebellum.md §3.3 a lone Purkinje cell's 20 ms of inhibition are so noisy that chance opens a
        /// window some 12 times a minute; Park 2026 counts 66 % of pairs in a sample of neighbours.
        mli1_purkinje_share: f64 [0, 1] "",
        /// MLI1 → Purkinje (7.5–10).
        mli1_purkinje_synapses: f64 [1, 100] "",
        /// From a climbing fibre's spike to its effect on interneurons (Park 2026: 1.75 ms).
        cf_delay: u32 [1, 8] "ms",
        /// From an MLI2's spike to its effect on interneurons (Park 2026: 1–1.5 ms; with steps of 1 ms, 2).
        mli2_delay: u32 [1, 8] "ms",
        /// From an MLI1's spike to its effect on interneurons (as MLI2's).
        mli1_delay: u32 [1, 8] "ms",
        /// Depolarisation of an MLI1 by the spike of one that gap junctions couple to it: a spikelet (71 % of MLI1 show some,
        /// no MLI2: Kozareva 2021; size ◇). 0 in the game's network.
        spikelet: f32 [0, 10] "mV",
        /// MLI2 → Purkinje: 2 % of MLI2's output (Park 2026).
        mli2_purkinje_partners: f64 [0, 1_000] "",
        /// Granule cells that contact an MLI1, and an MLI2 (Park 2026 counts about as many synapses on both); their
        /// conductance is scaled so that the mean drive is that of `interneurons.pf_inputs` at `interneurons.pf_rate`.
        pf_partners: usize [1, 10_000] "",
    }
}

impl Settings {
    /// The settings of a preset.
    #[must_use]
    pub fn of(preset: Preset) -> Self {
        Self {
            cf_conductance: 0.55,
            cf_mli2_partners: 5.0,
            cf_mli2_synapses: 2.3,
            cf_mli1_partners: 0.25,
            cf_mli1_synapses: 1.7,
            mli2_mli1_conductance: 0.042,
            mli2_mli1_partners: 9.0,
            mli2_mli1_synapses: 4.7,
            mli_conductance: 0.0125,
            mli2_mli2_partners: 2.0,
            mli2_mli2_synapses: 2.2,
            mli1_mli1_partners: 6.0,
            mli1_mli1_synapses: 1.6,
            mli1_mli2_partners: 6.0,
            mli1_mli2_synapses: 1.45,
            gap_conductance: 0.3,
            gap_partners: 4.5,
            mli1_purkinje_share: 0.25,
            mli1_purkinje_synapses: 8.75,
            cf_delay: 2,
            mli2_delay: 2,
            mli1_delay: 2,
            spikelet: 0.0,
            mli2_purkinje_partners: 1.0,
            pf_partners: match preset {
                Preset::Small => 64,
                Preset::Standard => 128,
                Preset::Large | Preset::Xl | Preset::Yamazaki => 400,
            },
        }
    }
}

/// Mean rates at rest, spikes a cell and ms.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Rest {
    pub mli1: f64,
    pub mli2: f64,
}

/// Where the interneurons' parallel-fibre input comes from.
#[derive(Clone, Copy, Debug)]
pub enum Parallel<'a> {
    /// Poisson spikes, drawn for each cell: there is no granular layer.
    Background,
    /// The granule cells that fired, ascending; only for a microzone made by [`Microzone::wired`].
    Spikes(&'a [u32]),
}

/// Cells, wiring and recent past of one microzone.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Microzone {
    pub(crate) fibres: Fibres,
    pub(crate) mli1: Interneurons,
    pub(crate) mli2: Interneurons,
    pub(crate) purkinje: Purkinje,
    spontaneous: Spontaneous,
    /// Fibres that may fire spontaneously in the coming step, and those that the olive's cells make fire; one bit each.
    pub(crate) allowed: u64,
    pub(crate) olive: u64,
    background: Stream,
    cf_mli1: Projection,
    cf_mli2: Projection,
    mli2_mli1: Projection,
    mli2_mli2: Projection,
    mli1_mli1: Projection,
    mli1_mli2: Projection,
    mli1_purkinje: Projection,
    /// Synapses that each Purkinje cell receives from MLI1.
    purkinje_synapses: Vec<f32>,
    /// Parallel fibres → MLI1, then MLI2; none without a granular layer.
    parallel: Option<ParallelContacts>,
    /// Parallel-fibre spikes that reach each MLI1, then each MLI2, in this step.
    arriving: Vec<f32>,
    junctions: Junctions,
    gap_conductance: f32,
    spikelet: f32,
    /// Steps from a spike to its effect on interneurons: of climbing fibres, MLI2, MLI1.
    delays: [usize; 3],
    cf_spikes: [Vec<u16>; SLOTS],
    mli1_spikes: [Vec<u16>; SLOTS],
    mli2_spikes: [Vec<u16>; SLOTS],
    /// Fibres that a volley has made to fire, by step; one bit a fibre.
    recruited: Vec<u64>,
    /// Fibres that fired, by step.
    fired: Vec<u64>,
    /// … and those of them that a volley had recruited.
    called: Vec<u64>,
    mli1_counts: Vec<u16>,
    mli2_counts: Vec<u16>,
    rest: Rest,
    /// Steps lived.
    clock: u64,
    hash: u64,
}

impl Microzone {
    /// Draws microzone number `index` of `seed` and lets it settle, on Poisson parallel fibres.
    #[must_use]
    pub fn new(parameters: &Parameters, seed: u64, index: u64) -> Self {
        let mut zone = Self::unsettled(parameters, seed, index);
        zone.settle();
        zone
    }

    /// Draws microzone number `index` of `seed` and wires it to the granule cells, which fire at `granule_rate` Hz at
    /// rest. It has not settled, which takes the layer: see [`Self::set_rest`].
    #[must_use]
    pub fn wired(parameters: &Parameters, seed: u64, index: u64, granule_rate: f64) -> Self {
        let mut zone = Self::unsettled(parameters, seed, index);
        let (granule, partners) =
            (parameters.cells.granule, parameters.wiring.pf_partners.min(parameters.cells.granule));
        let interneurons = zone.mli1.count() + zone.mli2.count();
        let mut stream = Stream::named(seed, "parallel contacts", index);
        zone.parallel = Some(ParallelContacts::draw(granule, interneurons, partners, &mut stream));
        zone.mli1.scale_fibres(partners as f64, granule_rate);
        zone.mli2.scale_fibres(partners as f64, granule_rate);
        zone
    }

    fn unsettled(parameters: &Parameters, seed: u64, index: u64) -> Self {
        let (counts, wires) = (&parameters.cells, &parameters.wiring);
        let spill = parameters.interneurons.cf_kernel == Kernel::Spillover;
        let g_cf = if spill { parameters.interneurons.spill_conductance } else { wires.cf_conductance };
        let g_mli = wires.mli_conductance;
        let mut wiring = Stream::named(seed, "wiring", index);
        let stream = &mut wiring;
        let rule =
            |partners, synapses, weight| Rule { partners, synapses, weight, reach: Reach::Zone, recurrent: false };
        let (cf, m1, m2) = (counts.fibres, counts.mli1, counts.mli2);
        let mut mli1_purkinje = Projection::draw(
            m1,
            cf,
            rule(wires.mli1_purkinje_share * m1 as f64, wires.mli1_purkinje_synapses, 1.0),
            stream,
        );
        let purkinje_synapses = mli1_purkinje.normalise_inputs(cf);
        let mut cells = Stream::named(seed, "cells", index);
        let mut zone = Self {
            fibres: Fibres::new(&parameters.olive, cf, &mut Stream::named(seed, "threshold fibres", index)),
            mli1: Interneurons::new(&parameters.mli1, &parameters.interneurons, m1, &mut cells),
            mli2: Interneurons::new(&parameters.mli2, &parameters.interneurons, m2, &mut cells),
            purkinje: Purkinje::new(&parameters.purkinje, cf),
            spontaneous: Spontaneous::new(
                parameters.olive.spontaneous,
                cf,
                Stream::named(seed, "spontaneous fibres", index),
            ),
            allowed: u64::MAX,
            olive: 0,
            background: Stream::named(seed, "parallel fibres", index),
            cf_mli1: Projection::draw(cf, m1, rule(wires.cf_mli1_partners, wires.cf_mli1_synapses, g_cf), stream),
            cf_mli2: Projection::draw(
                cf,
                m2,
                Rule { reach: Reach::Nearest, ..rule(wires.cf_mli2_partners, wires.cf_mli2_synapses, g_cf) },
                stream,
            ),
            mli2_mli1: Projection::draw(
                m2,
                m1,
                rule(wires.mli2_mli1_partners, wires.mli2_mli1_synapses, wires.mli2_mli1_conductance),
                stream,
            ),
            mli2_mli2: Projection::draw(
                m2,
                m2,
                Rule { recurrent: true, ..rule(wires.mli2_mli2_partners, wires.mli2_mli2_synapses, g_mli) },
                stream,
            ),
            mli1_mli1: Projection::draw(
                m1,
                m1,
                Rule { recurrent: true, ..rule(wires.mli1_mli1_partners, wires.mli1_mli1_synapses, g_mli) },
                stream,
            ),
            mli1_mli2: Projection::draw(
                m1,
                m2,
                rule(wires.mli1_mli2_partners, wires.mli1_mli2_synapses, g_mli),
                stream,
            ),
            mli1_purkinje,
            purkinje_synapses,
            parallel: None,
            arriving: vec![0.0; m1 + m2],
            junctions: Junctions::new(m1, gap_junctions(m1, wires.gap_partners, stream)),
            gap_conductance: wires.gap_conductance,
            spikelet: wires.spikelet,
            delays: [wires.cf_delay, wires.mli2_delay, wires.mli1_delay].map(|delay| delay as usize),
            cf_spikes: core::array::from_fn(|_| Vec::with_capacity(cf)),
            mli1_spikes: core::array::from_fn(|_| Vec::with_capacity(m1)),
            mli2_spikes: core::array::from_fn(|_| Vec::with_capacity(m2)),
            recruited: vec![0; HISTORY],
            fired: vec![0; HISTORY],
            called: vec![0; HISTORY],
            mli1_counts: vec![0; HISTORY],
            mli2_counts: vec![0; HISTORY],
            rest: Rest::default(),
            clock: 0,
            hash: FNV_OFFSET,
        };
        if spill {
            zone.cf_mli2 = zone.cf_mli2.with_neighbours(parameters.interneurons.spill_neighbour);
        }
        zone
    }

    fn settle(&mut self) {
        for _ in 0..FORGET_STEPS {
            self.step(false, Parallel::Background);
        }
        let mut base = vec![0.0f64; self.fibres.count()];
        let (mut mli1, mut mli2) = (0u64, 0u64);
        for _ in 0..REST_STEPS {
            self.step(false, Parallel::Background);
            mli1 += u64::from(self.mli1_count(self.clock - 1));
            mli2 += u64::from(self.mli2_count(self.clock - 1));
            for (sum, now) in base.iter_mut().zip(self.purkinje.filtered()) {
                *sum += f64::from(*now);
            }
        }
        for sum in &mut base {
            *sum /= REST_STEPS as f64;
        }
        let rest = Rest {
            mli1: mli1 as f64 / (REST_STEPS as f64 * self.mli1.count() as f64),
            mli2: mli2 as f64 / (REST_STEPS as f64 * self.mli2.count() as f64),
        };
        self.set_rest(rest, &base);
    }

    /// Says what rest is: the interneurons' rates and each Purkinje cell's inhibition ([`Purkinje::filtered`]). Spikes are
    /// hashed from here on.
    pub fn set_rest(&mut self, rest: Rest, inhibition: &[f64]) {
        self.purkinje.set_base(inhibition);
        self.rest = rest;
        self.hash = FNV_OFFSET;
    }

    /// Sets the conductance of the gap junctions between MLI1, nS.
    pub(crate) fn set_gap_conductance(&mut self, conductance: f32) {
        self.gap_conductance = conductance;
    }

    /// Makes `fibre` fire at `step`, which must lie ahead, by less than [`HISTORY`].
    pub(crate) fn recruit(&mut self, fibre: usize, step: u64) {
        debug_assert!(step >= self.clock && step < self.clock + HISTORY as u64);
        self.recruited[step as usize % HISTORY] |= 1 << fibre;
    }

    /// One step of 1 ms. `withhold` drops what would fire spontaneously: a volley's floor stands for it.
    ///
    /// # Panics
    /// On granule cells' spikes without contacts to them.
    pub(crate) fn step(&mut self, withhold: bool, parallel: Parallel) {
        let step = self.clock;
        let row = step as usize % HISTORY;
        let spontaneous = self.spontaneous.at(step) & self.allowed | core::mem::take(&mut self.olive);
        let mut set = core::mem::take(&mut self.recruited[row]);
        self.called[row] = set;
        if !withhold {
            set |= spontaneous;
        }
        self.fired[row] = set;

        let now = step as usize % SLOTS;
        let [from_cf, from_mli2, from_mli1] = self.delays.map(|delay| (now + SLOTS - delay) % SLOTS);
        let firing = &mut self.cf_spikes[now];
        firing.clear();
        while set != 0 {
            firing.push(set.trailing_zeros() as u16);
            set &= set - 1;
        }

        self.mli2.excite(&self.cf_mli2, &self.cf_spikes[from_cf]);
        self.mli1.excite(&self.cf_mli1, &self.cf_spikes[from_cf]);
        self.mli1.inhibit(&self.mli2_mli1, &self.mli2_spikes[from_mli2]);
        self.mli2.inhibit(&self.mli2_mli2, &self.mli2_spikes[from_mli2]);
        self.mli1.inhibit(&self.mli1_mli1, &self.mli1_spikes[from_mli1]);
        self.mli2.inhibit(&self.mli1_mli2, &self.mli1_spikes[from_mli1]);
        self.mli1.couple(&self.junctions, self.gap_conductance);
        if self.spikelet > 0.0 {
            self.mli1.spikelets(self.junctions.pairs(), &self.mli1_spikes[(now + SLOTS - 1) % SLOTS], self.spikelet);
        }
        let (mli1_spikes, mli2_spikes) = (&mut self.mli1_spikes[now], &mut self.mli2_spikes[now]);
        match parallel {
            Parallel::Background => {
                self.mli1.step(&mut self.background, mli1_spikes);
                self.mli2.step(&mut self.background, mli2_spikes);
            }
            Parallel::Spikes(granule) => {
                let contacts = self.parallel.as_ref().expect("a wired microzone has contacts with its granular layer");
                self.arriving.fill(0.0);
                contacts.deliver(granule, &mut self.arriving);
                let (to_mli1, to_mli2) = self.arriving.split_at(self.mli1.count());
                self.mli1.step_driven(to_mli1, mli1_spikes);
                self.mli2.step_driven(to_mli2, mli2_spikes);
            }
        }
        self.purkinje.step(step, &self.mli1_purkinje, &self.mli1_spikes[now]);

        self.mli1_counts[row] = self.mli1_spikes[now].len() as u16;
        self.mli2_counts[row] = self.mli2_spikes[now].len() as u16;
        let mut hash = (self.hash ^ step).wrapping_mul(FNV_PRIME);
        for (population, spikes) in
            [&self.cf_spikes[now], &self.mli1_spikes[now], &self.mli2_spikes[now]].iter().enumerate()
        {
            for cell in *spikes {
                hash = (hash ^ ((population as u64) << 32 | u64::from(*cell))).wrapping_mul(FNV_PRIME);
            }
        }
        self.hash = hash;
        self.clock += 1;
    }

    pub(crate) fn bytes(&self) -> usize {
        let projections: usize = self.projections().iter().map(|between| between.projection.bytes()).sum();
        let slots = [&self.cf_spikes, &self.mli1_spikes, &self.mli2_spikes];
        projections
            + self.mli1.bytes()
            + self.mli2.bytes()
            + self.purkinje.bytes()
            + self.junctions.bytes()
            + self.parallel.as_ref().map_or(0, ParallelContacts::bytes)
            + shape::held(&[&self.purkinje_synapses, &self.arriving])
            + slots.map(|slots| shape::held(&slots.each_ref())).iter().sum::<usize>()
            + shape::held(&[&self.recruited, &self.fired, &self.called])
            + shape::held(&[&self.mli1_counts, &self.mli2_counts])
    }

    /// That a state fits its parameters and has contacts with a granular layer.
    pub(crate) fn fits(&self, parameters: &Parameters) -> Result<(), Misfit> {
        let Cells { granule, fibres, mli1, mli2, .. } = parameters.cells;
        self.fibres.fits(&parameters.olive, fibres)?;
        self.spontaneous.fits(fibres)?;
        self.mli1.fits(&parameters.mli1, &parameters.interneurons, mli1)?;
        self.mli2.fits(&parameters.mli2, &parameters.interneurons, mli2)?;
        self.purkinje.fits(&parameters.purkinje, fibres)?;
        self.cf_mli1.fits(fibres, mli1)?;
        self.cf_mli2.fits(fibres, mli2)?;
        self.mli2_mli1.fits(mli2, mli1)?;
        self.mli2_mli2.fits(mli2, mli2)?;
        self.mli1_mli1.fits(mli1, mli1)?;
        self.mli1_mli2.fits(mli1, mli2)?;
        self.mli1_purkinje.fits(mli1, fibres)?;
        shape::same("gap junctions: cells", self.junctions.cells() as u64, mli1 as u64)?;
        shape::length("microzone: synapses of Purkinje cells", &self.purkinje_synapses, fibres)?;
        shape::length("microzone: parallel fibres", &self.arriving, mli1 + mli2)?;
        shape::same("microzone: contacts with the granular layer", self.parallel.is_some().into(), 1)?;
        self.parallel.iter().try_for_each(|contacts| contacts.fits(granule, mli1 + mli2))?;
        shape::below("microzone: delays", &self.delays.map(|delay| delay as u64), SLOTS as u64)?;
        let spikes = [(&self.cf_spikes, fibres), (&self.mli1_spikes, mli1), (&self.mli2_spikes, mli2)];
        for (slots, cells) in spikes {
            slots.iter().try_for_each(|spikes| shape::below("microzone: spikes", spikes, cells as u64))?;
        }
        shape::lengths("microzone: climbing fibres", &[&self.recruited, &self.fired, &self.called], HISTORY)?;
        for sets in [&self.recruited[..], &self.fired, &self.called, &[self.olive]] {
            shape::sets("microzone: climbing fibres", sets, fibres)?;
        }
        shape::lengths("microzone: counts", &[&self.mli1_counts, &self.mli2_counts], HISTORY)
    }

    /// Steps lived; the next to come has this number.
    #[must_use]
    pub fn clock(&self) -> u64 {
        self.clock
    }

    /// Fibres that fired at `step`, one bit each; `step` is one of the last [`HISTORY`].
    #[must_use]
    pub fn fired(&self, step: u64) -> u64 {
        self.fired[step as usize % HISTORY]
    }

    /// Those of [`Self::fired`] that a volley had recruited; the others fired spontaneously.
    #[must_use]
    pub fn called(&self, step: u64) -> u64 {
        self.called[step as usize % HISTORY]
    }

    /// MLI1 spikes at `step`, one of the last [`HISTORY`].
    #[must_use]
    pub fn mli1_count(&self, step: u64) -> u16 {
        self.mli1_counts[step as usize % HISTORY]
    }

    /// MLI2 spikes at `step`, one of the last [`HISTORY`].
    #[must_use]
    pub fn mli2_count(&self, step: u64) -> u16 {
        self.mli2_counts[step as usize % HISTORY]
    }

    /// MLI1 cells that fired in the step just done.
    #[must_use]
    pub fn mli1_spikes(&self) -> &[u16] {
        &self.mli1_spikes[(self.clock - 1) as usize % SLOTS]
    }

    /// Synapses that each Purkinje cell receives from MLI1.
    #[must_use]
    pub fn purkinje_synapses(&self) -> &[f32] {
        &self.purkinje_synapses
    }

    /// MLI2 cells that fired in the step just done.
    #[must_use]
    pub fn mli2_spikes(&self) -> &[u16] {
        &self.mli2_spikes[(self.clock - 1) as usize % SLOTS]
    }

    /// Every projection between its cells, in the order in which a step delivers them.
    pub(crate) fn projections(&self) -> [Between<'_>; 7] {
        use Receptor::{ClimbingFibre, Gaba, Inhibition};
        let between = |from, to, receptor, delay, projection| Between { from, to, receptor, delay, projection };
        let [from_cf, from_mli2, from_mli1] = self.delays.map(|delay| delay as u64);
        [
            between("climbing_fibre", "mli2", ClimbingFibre, from_cf, &self.cf_mli2),
            between("climbing_fibre", "mli1", ClimbingFibre, from_cf, &self.cf_mli1),
            between("mli2", "mli1", Gaba, from_mli2, &self.mli2_mli1),
            between("mli2", "mli2", Gaba, from_mli2, &self.mli2_mli2),
            between("mli1", "mli1", Gaba, from_mli1, &self.mli1_mli1),
            between("mli1", "mli2", Gaba, from_mli1, &self.mli1_mli2),
            between("mli1", "purkinje_dendrite", Inhibition, 0, &self.mli1_purkinje),
        ]
    }

    /// Parallel fibres → MLI1, then MLI2; none without a granular layer.
    pub(crate) fn parallel_contacts(&self) -> Option<&ParallelContacts> {
        self.parallel.as_ref()
    }

    /// Pairs of MLI1 that gap junctions couple, and the conductance of each, nS.
    pub(crate) fn junctions(&self) -> (&[(u16, u16)], f32) {
        (self.junctions.pairs(), self.gap_conductance)
    }

    /// Rates at rest, before any lesion.
    #[must_use]
    pub fn rest(&self) -> Rest {
        self.rest
    }

    /// Hash of every spike since the microzone settled.
    #[must_use]
    pub fn spike_hash(&self) -> u64 {
        self.hash
    }
}
