//! The deep nucleus of one microzone: cells that the Purkinje cells hold down and mossy fibres drive. The release of their
//! rate is the learned response; it also holds the olive down, some 25 ms later.
//!
//! It knows no cue, no error and no trial.

use serde::{Deserialize, Serialize};

use crate::export::tracts::Edge;
use crate::parameters::{Parameters, settings};
use crate::plasticity::MossySynapses;
use crate::presets::Preset;
use crate::rng::Stream;
use crate::shape::{self, Misfit};

settings! {
    /// Cells of the deep nucleus.
    pub struct Settings {
        /// Membrane capacitance (dbbs docs, as the next three).
        capacitance: f32 [1, 10_000] "pF",
        /// Membrane time constant.
        membrane: f32 [1, 200] "ms",
        /// Resting potential.
        rest: f32 [-90, -30] "mV",
        /// Threshold.
        threshold: f32 [-70, -20] "mV",
        /// Reset after a spike ◇: the afterhyperpolarisation of nuclear cells is deep.
        reset: f32 [-90, -30] "mV",
        /// Absolute refractory time.
        refractory: u32 [0, 20] "ms",
        /// Tonic drive, calibrated: 20–60 Hz under Purkinje cells of 45–60 Hz.
        bias: f32 [-2_000, 2_000] "pA",
        /// Spread of the tonic drive over cells (SD) ◇.
        bias_sd: f32 [0, 500] "pA",
        /// Reversal of GABA; of excitation it is 0.
        gaba_reversal: f32 [-100, -40] "mV",
        /// Decay of the Purkinje cells' inhibition (CbmSim 4.15 ms, dbbs 4–5).
        gaba_decay: f64 [0.2, 200] "ms",
        /// Conductance of one Purkinje cell's contact, where `purkinje_partners` are there; calibrated to the speed of learning.
        purkinje_conductance: f32 [0, 100] "nS",
        /// Purkinje cells that hold a nuclear cell down (cerebellum.md §3.3).
        purkinje_partners: usize [1, 64] "",
        /// Decay of the mossy fibres' excitation ◇ (AMPA and NMDA together).
        mossy_decay: f64 [0.2, 200] "ms",
        /// Conductance of one mossy fibre's synapse at weight 1 and 64 mossy fibres, calibrated; with more of them it is less.
        /// With 0.06 a cue alone releases the nucleus before anything is learned.
        mossy_conductance: f32 [0, 100] "nS",
        /// Time constant in which the population's rate is read as release, calibrated: with 20 ms responses after 150 ms
        /// come late.
        release_filter: f64 [1, 500] "ms",
        /// Time constant in which a cell's Purkinje input counts as a pause or a burst (CbmSim: 40 ms).
        pause_filter: f64 [1, 1_000] "ms",
        /// From the nucleus to the olive (dbbs docs 25 ms).
        olive_delay: u64 [1, 200] "ms",
        /// Release above rest at which the olive is fully held down (pilot).
        olive_full: f64 [1, 1_000] "Hz",
        /// Share of a volley's probability and of spontaneous firing that is then taken away ◇.
        olive_share: f64 [0, 1] "",
    }
}

impl Settings {
    /// The settings of a preset.
    #[must_use]
    pub fn of(_preset: Preset) -> Self {
        Self {
            capacitance: 142.0,
            membrane: 33.0,
            rest: -45.0,
            threshold: -36.0,
            reset: -50.0,
            refractory: 2,
            bias: 440.0,
            bias_sd: 8.0,
            gaba_reversal: -75.0,
            gaba_decay: 4.5,
            purkinje_conductance: 3.2,
            purkinje_partners: 12,
            mossy_decay: 10.0,
            mossy_conductance: 0.02,
            release_filter: 10.0,
            pause_filter: 40.0,
            olive_delay: 25,
            olive_full: 45.0,
            olive_share: 1.0,
        }
    }
}

/// A conductance below this (nS) is nothing; without it, a silent synapse decays into denormals.
const NEGLIGIBLE: f32 = 1e-9;
/// Steps from a Purkinje cell's spike to its effect on the nucleus ◇ (1–2 ms of axon and synapse).
pub(crate) const DELAY: usize = 2;

/// Cells of one microzone's nucleus, one element a cell.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Nuclei {
    settings: Settings,
    v: Vec<f32>,
    g_gaba: Vec<f32>,
    g_mossy: Vec<f32>,
    bias: Vec<f32>,
    refractory: Vec<f32>,
    /// Purkinje partners of each cell, in a row.
    partners: Vec<u16>,
    partners_each: usize,
    /// Conductance of a contact, and of a mossy synapse of weight 1.
    contact: f32,
    mossy: f32,
    /// Purkinje spikes on their way, one count a Purkinje cell.
    underway: Vec<Vec<u16>>,
    arrived: Vec<f32>,
    /// Each cell's Purkinje input, filtered, spikes a ms; at rest; and the one over the other.
    input: Vec<f32>,
    input_at_rest: Vec<f32>,
    inhibition: Vec<f32>,
    decay: [f32; 3],
    release_decay: f64,
    /// Filtered rate of the population, Hz, now and in the past.
    rate: f64,
    rates: Vec<f64>,
    rest: f64,
    spikes: Vec<u16>,
    step: u64,
}

impl Nuclei {
    /// The nucleus of microzone number `index` of `seed`.
    #[must_use]
    pub fn new(parameters: &Parameters, seed: u64, index: u64) -> Self {
        let settings = parameters.nuclei.clone();
        let (n, purkinje) = (parameters.cells.nuclei, parameters.cells.fibres);
        let mut stream = Stream::named(seed, "nuclei", index);
        let partners_each = settings.purkinje_partners.min(purkinje);
        let mut partners = Vec::with_capacity(n * partners_each);
        let mut order: Vec<u16> = (0..purkinje as u16).collect();
        for _ in 0..n {
            stream.shuffle(&mut order);
            partners.extend_from_slice(&order[..partners_each]);
        }
        let span = f64::from(settings.threshold - settings.reset);
        Self {
            v: (0..n).map(|_| settings.reset + (span * stream.uniform()) as f32).collect(),
            g_gaba: vec![0.0; n],
            g_mossy: vec![0.0; n],
            bias: (0..n).map(|_| settings.bias + settings.bias_sd * stream.gaussian() as f32).collect(),
            refractory: vec![0.0; n],
            partners,
            partners_each,
            contact: settings.purkinje_conductance * settings.purkinje_partners as f32 / partners_each as f32,
            mossy: settings.mossy_conductance * 64.0 / parameters.cells.mossy as f32,
            underway: (0..=DELAY).map(|_| Vec::with_capacity(purkinje)).collect(),
            arrived: vec![0.0; purkinje],
            input: vec![0.0; n],
            input_at_rest: vec![1.0; n],
            inhibition: vec![1.0; n],
            decay: [settings.gaba_decay, settings.mossy_decay, settings.pause_filter]
                .map(|tau| libm::exp(-1.0 / tau) as f32),
            release_decay: libm::exp(-1.0 / settings.release_filter),
            rate: 0.0,
            rates: vec![0.0; settings.olive_delay as usize],
            rest: 0.0,
            spikes: Vec::with_capacity(n),
            step: 0,
            settings,
        }
    }

    /// One step of 1 ms: takes the Purkinje cells and mossy fibres that fired.
    pub fn step(&mut self, purkinje: &[u16], mossy: &[u16], synapses: &MossySynapses) {
        let slots = self.underway.len();
        let now = (self.step % slots as u64) as usize;
        self.underway[now].clear();
        self.underway[now].extend_from_slice(purkinje);
        self.arrived.fill(0.0);
        for cell in &self.underway[(now + 1) % slots] {
            self.arrived[usize::from(*cell)] = 1.0;
        }
        for (k, partners) in self.partners.chunks_exact(self.partners_each).enumerate() {
            let count: f32 = partners.iter().map(|cell| self.arrived[usize::from(*cell)]).sum();
            self.g_gaba[k] += self.contact * count;
            let input = self.input[k] * self.decay[2] + count * (1.0 - self.decay[2]);
            self.input[k] = if input < NEGLIGIBLE { 0.0 } else { input };
            self.inhibition[k] = self.input[k] / self.input_at_rest[k];
        }
        synapses.deliver(mossy, self.mossy, &mut self.g_mossy);

        let Settings { capacitance, membrane, rest, threshold, reset, gaba_reversal, .. } = self.settings;
        let leak = capacitance / membrane;
        let inverse_c = 1.0 / capacitance;
        self.spikes.clear();
        for k in 0..self.v.len() {
            let total = leak + self.g_gaba[k] + self.g_mossy[k];
            let drive = leak * rest + self.g_gaba[k] * gaba_reversal + self.bias[k];
            // Exponential Euler, as in the interneurons.
            let x = total * inverse_c;
            let moved = self.v[k] + (drive - self.v[k] * total) * inverse_c / (1.0 + x * (0.5 + x * (1.0 / 12.0)));
            let resting = self.refractory[k] > 0.0;
            self.v[k] = if resting { reset } else { moved };
            self.refractory[k] = if resting { self.refractory[k] - 1.0 } else { 0.0 };
            for (g, decay) in [&mut self.g_gaba[k], &mut self.g_mossy[k]].into_iter().zip(self.decay) {
                *g *= decay;
                *g = if *g < NEGLIGIBLE { 0.0 } else { *g };
            }
            if self.v[k] >= threshold {
                self.v[k] = reset;
                self.refractory[k] = self.settings.refractory as f32;
                self.spikes.push(k as u16);
            }
        }
        let momentary = 1e3 * self.spikes.len() as f64 / self.v.len() as f64;
        self.rate = self.rate * self.release_decay + momentary * (1.0 - self.release_decay);
        let slots = self.rates.len() as u64;
        self.rates[(self.step % slots) as usize] = self.rate;
        self.step += 1;
    }

    pub(crate) fn bytes(&self) -> usize {
        let floats = [&self.v, &self.g_gaba, &self.g_mossy, &self.bias, &self.refractory, &self.arrived, &self.input];
        shape::held(&floats)
            + shape::held(&[&self.input_at_rest, &self.inhibition])
            + shape::held(&[&self.partners, &self.spikes])
            + shape::held(&self.underway.iter().collect::<Vec<_>>())
            + shape::held(&[&self.rates])
    }

    /// That a state fits its parameters and stands at `step`.
    pub(crate) fn fits(&self, parameters: &Parameters, step: u64) -> Result<(), Misfit> {
        let (n, purkinje) = (parameters.cells.nuclei, parameters.cells.fibres);
        let each = parameters.nuclei.purkinje_partners.min(purkinje);
        let floats = [&self.v, &self.g_gaba, &self.g_mossy, &self.bias, &self.refractory];
        shape::settings("nucleus", &self.settings, &parameters.nuclei)?;
        shape::lengths("nucleus", &floats, n)?;
        shape::lengths("nucleus: Purkinje input", &[&self.input, &self.input_at_rest, &self.inhibition], n)?;
        shape::same("nucleus: partners of a cell", self.partners_each as u64, each as u64)?;
        shape::length("nucleus: partners", &self.partners, n * each)?;
        shape::below("nucleus: partners", &self.partners, purkinje as u64)?;
        shape::length("nucleus: Purkinje cells", &self.arrived, purkinje)?;
        shape::length("nucleus: spikes on their way", &self.underway, DELAY + 1)?;
        self.underway.iter().try_for_each(|set| shape::below("nucleus: spikes on their way", set, purkinje as u64))?;
        shape::length("nucleus: rates", &self.rates, parameters.nuclei.olive_delay as usize)?;
        shape::below("nucleus: spikes", &self.spikes, n as u64)?;
        shape::same("nucleus: step", self.step, step)
    }

    /// Cells that fired in the step just done, ascending.
    #[must_use]
    pub fn spikes(&self) -> &[u16] {
        &self.spikes
    }

    /// Tonic drive of each cell, pA.
    #[must_use]
    pub fn bias(&self) -> &[f32] {
        &self.bias
    }

    /// Conductance of a mossy fibre's synapse of weight 1, nS.
    #[must_use]
    pub fn mossy_conductance(&self) -> f32 {
        self.mossy
    }

    /// Contacts of Purkinje cells, by nuclear cell; weights in nS.
    pub(crate) fn purkinje_edges(&self) -> impl Iterator<Item = Edge> + '_ {
        self.partners.chunks_exact(self.partners_each).zip(0..).flat_map(move |(partners, post)| {
            partners.iter().map(move |pre| Edge { pre: u32::from(*pre), post, weight: self.contact })
        })
    }

    /// Number of cells.
    #[must_use]
    pub fn count(&self) -> usize {
        self.v.len()
    }

    /// Filtered rate of the population, Hz.
    #[must_use]
    pub fn rate(&self) -> f64 {
        self.rate
    }

    /// Its rate at rest, Hz.
    #[must_use]
    pub fn rest(&self) -> f64 {
        self.rest
    }

    /// Rate above that at rest, Hz: the learned response as it stands.
    #[must_use]
    pub fn release(&self) -> f64 {
        self.rate - self.rest
    }

    /// Purkinje input of each cell relative to rest, for [`MossySynapses::learn`].
    #[must_use]
    pub fn inhibition(&self) -> &[f32] {
        &self.inhibition
    }

    /// Purkinje input of each cell, filtered, spikes a ms.
    #[must_use]
    pub fn input(&self) -> &[f32] {
        &self.input
    }

    /// Sets what counts as rest: the population's rate in Hz, and each cell's Purkinje input.
    pub fn set_rest(&mut self, rate: f64, input: &[f64]) {
        self.rest = rate;
        self.rates.fill(rate);
        for (kept, value) in self.input_at_rest.iter_mut().zip(input) {
            *kept = (*value as f32).max(1e-6);
        }
    }

    /// How far the nucleus holds the olive down now, 0…1: the share of a volley's probability, and of spontaneous firing,
    /// that is taken away.
    #[must_use]
    pub fn hold(&self) -> f64 {
        // The slot that the next step will write is the oldest.
        let slots = self.rates.len() as u64;
        let release = self.rates[(self.step % slots) as usize] - self.rest;
        self.settings.olive_share * (release / self.settings.olive_full).clamp(0.0, 1.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Rate of a nucleus in Hz under Purkinje cells of `purkinje` Hz each, after `settle` ms, over `over` ms.
    fn rate(nuclei: &mut Nuclei, synapses: &MossySynapses, purkinje: f64, over: u64) -> f64 {
        let mut stream = Stream::named(1, "test purkinje", 0);
        let mut mossy_fibres = Stream::named(1, "test mossy", 0);
        let mut fired = 0;
        for _ in 0..over {
            let cells: Vec<u16> = (0..32).filter(|_| stream.bernoulli(purkinje * 1e-3)).collect();
            let mossy: Vec<u16> = (0..64).filter(|_| mossy_fibres.bernoulli(0.008)).collect();
            nuclei.step(&cells, &mossy, synapses);
            fired += nuclei.spikes().len();
        }
        1e3 * fired as f64 / (over as f64 * nuclei.count() as f64)
    }

    fn nuclei() -> (Nuclei, MossySynapses) {
        let parameters = Parameters::of(Preset::Small);
        (Nuclei::new(&parameters, 1, 0), MossySynapses::new(&parameters))
    }

    #[test]
    fn it_fires_at_20_to_60_hz_under_purkinje_cells_of_45_to_60() {
        for purkinje in [45.0, 50.0, 60.0] {
            let (mut nuclei, synapses) = nuclei();
            rate(&mut nuclei, &synapses, purkinje, 200);
            let fired = rate(&mut nuclei, &synapses, purkinje, 4_000);
            assert!((20.0..=60.0).contains(&fired), "{purkinje}: {fired}");
        }
    }

    #[test]
    fn a_pause_of_the_purkinje_cells_releases_it_and_a_burst_silences_it() {
        let (mut nuclei, synapses) = nuclei();
        let rest = rate(&mut nuclei, &synapses, 60.0, 4_000);
        let paused = rate(&mut nuclei, &synapses, 20.0, 400);
        let burst = rate(&mut nuclei, &synapses, 150.0, 400);
        assert!(paused > rest + 20.0, "{paused} after {rest}");
        assert!(burst < 0.5 * rest, "{burst} after {rest}");
    }

    #[test]
    fn stronger_mossy_synapses_drive_it_harder() {
        let mut parameters = Parameters::of(Preset::Small);
        parameters.nuclei.mossy_conductance = 0.1;
        let (mut nuclei, mut synapses) = (Nuclei::new(&parameters, 1, 0), MossySynapses::new(&parameters));
        let before = rate(&mut nuclei, &synapses, 60.0, 4_000);
        let all: Vec<u16> = (0..64).collect();
        for _ in 0..4_000 {
            synapses.learn(&all, &[0.0; 4]);
        }
        assert!(synapses.weights().iter().all(|w| (w - parameters.plasticity.nuclear_most).abs() < 1e-3));
        assert!(rate(&mut nuclei, &synapses, 60.0, 4_000) > before + 2.0);
    }

    #[test]
    fn the_olive_is_held_down_25_ms_after_release_fully_at_45_hz() {
        let (mut nuclei, synapses) = nuclei();
        rate(&mut nuclei, &synapses, 60.0, 2_000);
        nuclei.set_rest(nuclei.rate(), &[0.72; 4]);
        let mut rates = vec![nuclei.rate()];
        for step in 0..100u64 {
            nuclei.step(&[], &[], &synapses);
            rates.push(nuclei.rate());
            let then = rates[(step + 1).saturating_sub(24) as usize] - nuclei.rest();
            let expected = if step < 24 { 0.0 } else { (then / 45.0).clamp(0.0, 1.0) };
            assert!((nuclei.hold() - expected).abs() < 1e-12, "step {step}");
        }
        assert!(nuclei.hold() > 0.5, "{}", nuclei.hold());
        assert!(nuclei.inhibition().iter().all(|i| *i < 0.2));
    }
}
