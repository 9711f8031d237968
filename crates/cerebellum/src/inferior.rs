//! The inferior olive as a network of cells, one microzone's part of it: leaky cells with a subthreshold rhythm, coupled by
//! gap junctions, held down by the nucleus. It is the alternative to the olive's copula, which draws volleys by their
//! statistics; here synchrony comes from the coupling.
//!
//! It knows neither errors nor Purkinje cells: what excites it is a pulse of a given strength.

use serde::{Deserialize, Serialize};

use crate::parameters::{Parameters, choice, settings};
use crate::rng::{Stream, normal_quantile};
use crate::shape::{self, Misfit};

/// Where climbing-fibre spikes come from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Cells {
    /// Drawn: independent spontaneous events, and volleys by a Gaussian copula.
    #[default]
    Copula,
    /// Simulated: the cells of this module.
    Network,
}

choice!(Cells { Copula => "copula", Network => "network" });

settings! {
    /// The olive's cells, where they are simulated, and their coupling.
    pub struct Settings {
        /// Where climbing-fibre spikes come from.
        cells: Cells [] "",
        /// Membrane capacitance (dbbs docs, as the next three).
        capacitance: f32 [1, 10_000] "pF",
        /// Membrane time constant.
        membrane: f32 [1, 200] "ms",
        /// Resting potential.
        rest: f32 [-90, -30] "mV",
        /// Threshold.
        threshold: f32 [-70, -20] "mV",
        /// Reset ◇: after its calcium spike a cell is deeply hyperpolarised.
        reset: f32 [-120, -30] "mV",
        /// Absolute refractory time ◇.
        refractory: u32 [0, 500] "ms",
        /// Return from the afterhyperpolarisation ◇: at 1 Hz a cell hardly ever fires twice within 100 ms.
        afterhyperpolarisation: f64 [1, 1_000] "ms",
        /// Tonic drive, calibrated: 0.7–1.3 Hz at rest.
        bias: f32 [-2_000, 2_000] "pA",
        /// Frequency of the subthreshold rhythm, slowest and fastest cell (Long 2002: 5–10 Hz).
        rhythm_slow: f64 [0.1, 50] "Hz",
        /// Fastest.
        rhythm_fast: f64 [0.1, 50] "Hz",
        /// Amplitude of the rhythm ◇.
        rhythm: f32 [0, 2_000] "pA",
        /// How firmly the rhythms of two coupled cells draw each other along at the standard conductance ◇.
        rhythm_pull: f32 [0, 1_000] "1/s",
        /// Noise of a cell's own (SD a ms) ◇.
        noise: f32 [0, 5_000] "pA",
        /// Noise that all share (SD a ms) ◇: common input, which stays when gap junctions are blocked.
        shared_noise: f32 [0, 5_000] "pA",
        /// Gap junctions of a cell, fewest and most (3–8).
        partners_least: usize [0, 31] "",
        /// Most.
        partners_most: usize [0, 31] "",
        /// Coupling ratio of one pair: what of a slow potential passes (CbmSim 0.05).
        coupling: f32 [0, 0.5] "",
        /// What a spike passes through a junction at that ratio ◇: a spikelet.
        spikelet: f32 [0, 50] "mV",
        /// Pulse for one step that makes half of the cells fire, calibrated.
        pulse: f32 [0, 10_000] "pA",
        /// Change of it for each SD of the share of cells that fire, calibrated.
        pulse_spread: f32 [1, 10_000] "pA",
        /// Decay of the nucleus's inhibition (dbbs docs).
        gaba_decay: f64 [1, 500] "ms",
        /// Reversal of it ◇.
        gaba_reversal: f32 [-100, -40] "mV",
        /// Conductance at full hold ◇.
        gaba: f32 [0, 1_000] "nS",
        /// Whether the nucleus's inhibition also uncouples the olive (Schweighofer 2013's proposal; Bazzigaluppi 2012 for
        /// single cells; Wagner 2021 saw the opposite): a hypothesis.
        uncoupling: bool [] "",
        /// Share of coupling that is lost when the mean hold is full.
        uncoupling_share: f64 [0, 1] "",
        /// Time over which the hold is averaged for that ◇.
        uncoupling_filter: f64 [0.01, 10_000] "s",
    }
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            cells: Cells::Copula,
            capacitance: 189.0,
            membrane: 11.0,
            rest: -45.0,
            threshold: -35.0,
            reset: -55.0,
            refractory: 5,
            afterhyperpolarisation: 40.0,
            bias: 26.0,
            rhythm_slow: 5.0,
            rhythm_fast: 10.0,
            rhythm: 15.0,
            rhythm_pull: 12.0,
            noise: 135.0,
            shared_noise: 190.0,
            partners_least: 3,
            partners_most: 8,
            coupling: 0.05,
            spikelet: 1.6,
            pulse: 1_340.0,
            pulse_spread: 560.0,
            gaba_decay: 60.0,
            gaba_reversal: -75.0,
            gaba: 0.9,
            uncoupling: false,
            uncoupling_share: 0.8,
            uncoupling_filter: 30.0,
        }
    }
}

/// How coupled the olive is, 0…1. Where `uncoupling` is on, it falls as the nucleus holds the olive down over trials:
/// strongly coupled while errors are large, and loose once they are small.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Coupling {
    share: f64,
    decay: f64,
    hold: f64,
}

impl Coupling {
    #[must_use]
    pub fn new(settings: &Settings) -> Self {
        Self {
            share: if settings.uncoupling { settings.uncoupling_share } else { 0.0 },
            decay: libm::exp(-1e-3 / settings.uncoupling_filter),
            hold: 0.0,
        }
    }

    /// One step under `hold` (0…1).
    pub fn step(&mut self, hold: f64) {
        if self.share > 0.0 {
            let next = self.hold * self.decay + hold * (1.0 - self.decay);
            self.hold = if next < 1e-12 { 0.0 } else { next };
        }
    }

    /// The coupling state c, 0…1.
    #[must_use]
    pub fn state(&self) -> f64 {
        1.0 - self.share * self.hold
    }
}

/// The olive cells of one microzone, one element a cell.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Inferior {
    settings: Settings,
    v: Vec<f32>,
    /// Afterhyperpolarisation, pA.
    after: Vec<f32>,
    refractory: Vec<f32>,
    gaba: f32,
    /// Each cell's rhythm as a point on a circle.
    cosine: Vec<f32>,
    sine: Vec<f32>,
    /// Turn a step.
    turn: Vec<f32>,
    junctions: Vec<(u16, u16)>,
    /// Excitation on its way: (step, cell, pA).
    pulses: Vec<(u64, u16, f32)>,
    current: Vec<f32>,
    pull: Vec<f32>,
    noise: Stream,
    after_decay: f32,
    gaba_decay: f32,
    spikes: Vec<u16>,
    step: u64,
}

/// What a spike adds to the afterhyperpolarisation, pA ◇.
const AFTER_PA: f32 = 150.0;

impl Inferior {
    /// Olive cells of microzone number `index` of `seed`, as many as it has climbing fibres.
    #[must_use]
    pub fn new(parameters: &Parameters, seed: u64, index: u64) -> Self {
        let settings = parameters.inferior.clone();
        let n = parameters.cells.fibres;
        let mut stream = Stream::named(seed, "olive cells", index);
        let phases: Vec<f64> = (0..n).map(|_| 2.0 * core::f64::consts::PI * stream.uniform()).collect();
        let turn = (0..n)
            .map(|_| {
                let hz = stream.between(settings.rhythm_slow, settings.rhythm_fast.max(settings.rhythm_slow));
                (2.0e-3 * core::f64::consts::PI * hz) as f32
            })
            .collect();
        Self {
            v: vec![settings.rest; n],
            after: vec![0.0; n],
            refractory: vec![0.0; n],
            gaba: 0.9,
            cosine: phases.iter().map(|phase| libm::cos(*phase) as f32).collect(),
            sine: phases.iter().map(|phase| libm::sin(*phase) as f32).collect(),
            turn,
            junctions: junctions(n, settings.partners_least, settings.partners_most, &mut stream),
            pulses: Vec::new(),
            current: vec![0.0; n],
            pull: vec![0.0; n],
            noise: Stream::named(seed, "olive noise", index),
            after_decay: libm::exp(-1.0 / settings.afterhyperpolarisation) as f32,
            gaba_decay: libm::exp(-1.0 / settings.gaba_decay) as f32,
            spikes: Vec::with_capacity(n),
            step: 0,
            settings,
        }
    }

    /// Excites `cell` at `step` with `charge` (pA for one step); steps of the past are lost.
    pub fn excite(&mut self, cell: usize, step: u64, charge: f32) {
        self.pulses.push((step, cell as u16, charge));
    }

    /// Charge (pA for one step) that makes about `share` of the cells fire that are coupled and not held down.
    #[must_use]
    pub fn charge(&self, share: f64) -> f32 {
        let deviation = normal_quantile(share.clamp(1e-6, 1.0 - 1e-6)) as f32;
        (self.settings.pulse + self.settings.pulse_spread * deviation).max(0.0)
    }

    /// One step of 1 ms under the nucleus's `hold` (0…1), with gap junctions at `coupling` (0…1) of their conductance.
    pub fn step(&mut self, hold: f64, coupling: f64) {
        let n = self.v.len();
        let leak = self.settings.capacitance / self.settings.membrane;
        let inverse_c = 1.0 / self.settings.capacitance;
        let ratio = self.settings.coupling * coupling as f32;
        let junction = leak * ratio / (1.0 - ratio);
        let pull = 1e-3 * self.settings.rhythm_pull * coupling as f32;

        self.current.fill(0.0);
        self.pull.fill(0.0);
        for &(a, b) in &self.junctions {
            let (a, b) = (usize::from(a), usize::from(b));
            let current = junction * (self.v[b] - self.v[a]);
            self.current[a] += current;
            self.current[b] -= current;
            // sin(φb − φa)
            let lead = self.sine[b] * self.cosine[a] - self.cosine[b] * self.sine[a];
            self.pull[a] += pull * lead;
            self.pull[b] -= pull * lead;
        }
        let now = self.step;
        let current = &mut self.current;
        self.pulses.retain(|&(at, cell, charge)| {
            if at == now {
                current[usize::from(cell)] += charge;
            }
            at > now
        });

        // The slow decay of the nucleus's inhibition, and its immediate rise.
        self.gaba = (self.gaba * self.gaba_decay).max(self.settings.gaba * hold as f32);
        self.gaba = if self.gaba < 1e-9 { 0.0 } else { self.gaba };
        let shared = self.settings.shared_noise * noise(&mut self.noise);
        let total = leak + self.gaba;
        let x = total * inverse_c;
        let gain = inverse_c / (1.0 + x * (0.5 + x * (1.0 / 12.0)));
        self.spikes.clear();
        for k in 0..n {
            let turn = self.turn[k] + self.pull[k];
            let (c, s) = (self.cosine[k], self.sine[k]);
            // A small turn, then back onto the circle.
            let (c, s) = (c - turn * s - 0.5 * turn * turn * c, s + turn * c - 0.5 * turn * turn * s);
            let back = 1.5 - 0.5 * (c * c + s * s);
            (self.cosine[k], self.sine[k]) = (c * back, s * back);
            let drive = leak * self.settings.rest
                + self.gaba * self.settings.gaba_reversal
                + self.settings.bias
                + self.settings.rhythm * self.cosine[k]
                + self.current[k]
                + shared
                + self.settings.noise * noise(&mut self.noise)
                - self.after[k];
            let moved = self.v[k] + (drive - self.v[k] * total) * gain;
            let resting = self.refractory[k] > 0.0;
            self.v[k] = if resting { self.settings.reset } else { moved };
            self.refractory[k] = if resting { self.refractory[k] - 1.0 } else { 0.0 };
            let after = self.after[k] * self.after_decay;
            self.after[k] = if after < 1e-6 { 0.0 } else { after };
            if self.v[k] >= self.settings.threshold {
                self.v[k] = self.settings.reset;
                self.refractory[k] = self.settings.refractory as f32;
                self.after[k] += AFTER_PA;
                self.spikes.push(k as u16);
            }
        }
        if ratio > 0.0 && !self.spikes.is_empty() {
            let spikelet = self.settings.spikelet * ratio / 0.05;
            for &(a, b) in &self.junctions {
                for (from, to) in [(a, b), (b, a)] {
                    if self.spikes.binary_search(&from).is_ok() && self.refractory[usize::from(to)] == 0.0 {
                        // It fires in the next step, if this takes it there.
                        self.v[usize::from(to)] += spikelet;
                    }
                }
            }
        }
        self.step += 1;
    }

    pub(crate) fn bytes(&self) -> usize {
        let floats =
            [&self.v, &self.after, &self.refractory, &self.cosine, &self.sine, &self.turn, &self.current, &self.pull];
        shape::held(&floats)
            + shape::held(&[&self.junctions])
            + shape::held(&[&self.pulses])
            + shape::held(&[&self.spikes])
    }

    /// That a state fits its parameters and stands at `step`.
    pub(crate) fn fits(&self, parameters: &Parameters, step: u64) -> Result<(), Misfit> {
        let n = parameters.cells.fibres;
        shape::settings("olive cells", &self.settings, &parameters.inferior)?;
        let floats =
            [&self.v, &self.after, &self.refractory, &self.cosine, &self.sine, &self.turn, &self.current, &self.pull];
        shape::lengths("olive cells", &floats, n)?;
        let pairs = self.junctions.iter().flat_map(|&(a, b)| [a, b]).chain(self.pulses.iter().map(|pulse| pulse.1));
        shape::below("olive cells: junctions and pulses", &pairs.collect::<Vec<_>>(), n as u64)?;
        shape::below("olive cells: spikes", &self.spikes, n as u64)?;
        shape::same("olive cells: step", self.step, step)
    }

    /// Cells that fired in the step just done, ascending.
    #[must_use]
    pub fn spikes(&self) -> &[u16] {
        &self.spikes
    }

    /// Pairs of coupled cells, and the conductance of each junction at a coupling of 1, nS.
    pub(crate) fn junctions(&self) -> (&[(u16, u16)], f32) {
        let leak = self.settings.capacitance / self.settings.membrane;
        let ratio = self.settings.coupling;
        (&self.junctions, leak * ratio / (1.0 - ratio))
    }

    /// Steps done; the next to come has this number.
    #[must_use]
    pub fn clock(&self) -> u64 {
        self.step
    }
}

/// A number of mean 0 and variance 1, bell-shaped: four uniform ones from one draw. Cheaper than a Gaussian, and its
/// tails end at 3.5, which 1 ms of noise through an 11-ms membrane does not show.
fn noise(stream: &mut Stream) -> f32 {
    let bits = stream.bits();
    let sum: u32 = (0..4).map(|k| u32::from((bits >> (16 * k)) as u16)).sum();
    // Four uniform 16-bit numbers: mean 131,070, SD 37,837.
    (sum as f32 - 131_070.0) * (1.0 / 37_837.0)
}

/// Pairs of coupled cells: each cell wants between `least` and `most` partners, nearest along the microzone first.
fn junctions(n: usize, least: usize, most: usize, stream: &mut Stream) -> Vec<(u16, u16)> {
    let most = most.min(n - 1).max(least.min(n - 1));
    let mut wants: Vec<usize> = (0..n).map(|_| least.min(most) + stream.below(most - least.min(most) + 1)).collect();
    let mut pairs = Vec::new();
    for distance in 1..=n / 2 {
        for a in 0..n {
            let b = (a + distance) % n;
            if wants[a] > 0 && wants[b] > 0 && !(distance * 2 == n && a > b) {
                wants[a] -= 1;
                wants[b] -= 1;
                pairs.push((a.min(b) as u16, a.max(b) as u16));
            }
        }
    }
    pairs
}

/// Shared firing of spike trains, 0…1: the mean correlation, over pairs of cells, of their counts in bins of
/// `bin` steps. `spikes` are (step, cell), steps ascending.
#[must_use]
pub fn synchrony(spikes: &[(u64, u16)], cells: usize, steps: u64, bin: u64) -> f64 {
    let bins = (steps / bin).max(1) as f64;
    let mut counts = vec![0.0f64; cells];
    let (mut sums, mut squares) = (vec![0.0f64; cells], vec![0.0f64; cells]);
    let mut together = 0.0;
    let mut rest = spikes;
    while let Some(&(step, _)) = rest.first() {
        let here = step / bin;
        let end = rest.partition_point(|(at, _)| at / bin <= here);
        for (_, cell) in &rest[..end] {
            counts[usize::from(*cell)] += 1.0;
        }
        let total: f64 = counts.iter().sum();
        let own: f64 = counts.iter().map(|c| c * c).sum();
        together += (total * total - own) / 2.0;
        for (k, count) in counts.iter_mut().enumerate() {
            sums[k] += *count;
            squares[k] += *count * *count;
            *count = 0.0;
        }
        rest = &rest[end..];
    }
    let total: f64 = sums.iter().sum();
    let own: f64 = sums.iter().map(|s| s * s).sum();
    let covariance = together / bins - (total * total - own) / 2.0 / (bins * bins);
    let spread: Vec<f64> =
        sums.iter().zip(&squares).map(|(s, q)| libm::sqrt((q / bins - s * s / (bins * bins)).max(0.0))).collect();
    let all: f64 = spread.iter().sum();
    let own: f64 = spread.iter().map(|s| s * s).sum();
    let pairs = (all * all - own) / 2.0;
    if pairs > 0.0 { covariance / pairs } else { 0.0 }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::presets::Preset;

    fn run(inferior: &mut Inferior, steps: u64, hold: f64, coupling: f64) -> Vec<(u64, u16)> {
        let mut spikes = Vec::new();
        for step in 0..steps {
            inferior.step(hold, coupling);
            spikes.extend(inferior.spikes().iter().map(|cell| (step, *cell)));
        }
        spikes
    }

    fn inferior(seed: u64) -> Inferior {
        Inferior::new(&Parameters::of(Preset::Small), seed, 0)
    }

    #[test]
    fn cells_have_three_to_eight_neighbours_and_never_themselves() {
        let pairs = inferior(1).junctions;
        let mut degree = [0; 32];
        for (a, b) in &pairs {
            assert!(a < b);
            degree[usize::from(*a)] += 1;
            degree[usize::from(*b)] += 1;
        }
        assert!(degree.iter().all(|d| (3..=8).contains(d)), "{degree:?}");
    }

    #[test]
    fn it_fires_about_once_a_second_a_cell_and_coupling_brings_cells_together() {
        let (mut rate, mut lone_rate, mut coupled, mut lone) = (0.0, 0.0, 0.0, 0.0);
        for seed in 0..3 {
            let spikes = run(&mut inferior(seed), 120_000, 0.0, 1.0);
            rate += spikes.len() as f64 / (3.0 * 120.0 * 32.0);
            coupled += synchrony(&spikes, 32, 120_000, 20) / 3.0;
            let spikes = run(&mut inferior(seed), 120_000, 0.0, 0.0);
            lone_rate += spikes.len() as f64 / (3.0 * 120.0 * 32.0);
            lone += synchrony(&spikes, 32, 120_000, 20) / 3.0;
        }
        assert!((0.7..=1.3).contains(&rate), "{rate}");
        assert!(lone_rate <= rate && lone_rate >= 0.5 * rate, "{lone_rate} uncoupled, {rate} coupled");
        assert!(coupled > 0.0 && lone < 0.6 * coupled && lone > 0.2 * coupled, "{lone} uncoupled, {coupled} coupled");
    }

    #[test]
    fn the_nucleus_holds_it_down() {
        let free = run(&mut inferior(2), 60_000, 0.0, 1.0).len();
        let half = run(&mut inferior(2), 60_000, 0.5, 1.0).len();
        let held = run(&mut inferior(2), 60_000, 1.0, 1.0).len();
        assert!(free * 2 > 3 * half && half > 2 * held, "{free} {half} {held}");
        assert!(held * 5 < free, "{held} of {free}");
    }

    #[test]
    fn a_pulse_recruits_the_share_of_cells_that_it_is_meant_for_and_fewer_where_the_nucleus_holds() {
        let recruited = |share: f64, hold: f64| {
            let mut total = 0;
            for seed in 0..3 {
                let mut inferior = inferior(seed);
                let charge = inferior.charge(share);
                for _ in 0..60 {
                    run(&mut inferior, 300, hold, 1.0);
                    let now = inferior.clock();
                    for cell in 0..32 {
                        inferior.excite(cell, now + 5, charge);
                    }
                    total += run(&mut inferior, 20, hold, 1.0).len();
                }
            }
            total as f64 / (180.0 * 32.0)
        };
        for share in [0.2, 0.5, 0.8] {
            let fired = recruited(share, 0.0);
            assert!((fired - share).abs() < 0.1, "{share}: {fired}");
        }
        let (free, half, held) = (recruited(0.6, 0.0), recruited(0.6, 0.5), recruited(0.6, 1.0));
        assert!(free > half && half > held, "{free} {half} {held}");
    }

    #[test]
    fn coupling_falls_with_the_nucleus_hold_only_where_that_hypothesis_is_on() {
        let mut settings = Settings::default();
        let mut fixed = Coupling::new(&settings);
        settings.uncoupling = true;
        let mut falling = Coupling::new(&settings);
        for _ in 0..200_000 {
            fixed.step(1.0);
            falling.step(1.0);
        }
        assert_eq!(fixed.state(), 1.0);
        assert!((falling.state() - 0.2).abs() < 2e-3, "{}", falling.state());
    }

    #[test]
    fn synchrony_is_1_for_equal_trains_and_0_for_independent_ones() {
        let mut stream = Stream::named(5, "test trains", 0);
        let (mut equal, mut independent) = (Vec::new(), Vec::new());
        for step in 0..200_000u64 {
            if stream.bernoulli(0.001) {
                equal.extend((0..4).map(|cell| (step, cell)));
            }
            independent.extend((0..4).filter(|_| stream.bernoulli(0.001)).map(|cell| (step, cell)));
        }
        assert!((synchrony(&equal, 4, 200_000, 20) - 1.0).abs() < 1e-9);
        assert!(synchrony(&independent, 4, 200_000, 20).abs() < 0.02);
    }
}
