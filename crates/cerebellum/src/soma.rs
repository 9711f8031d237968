//! Purkinje somata: simple spikes out of parallel-fibre excitation and interneuron inhibition, complex spikes when the
//! climbing fibre fires. They do not know the dendrite's calcium (`purkinje`, `window`).
//!
//! Conductance-based leaky integrate-and-fire cells at a step of 1 ms with an after-hyperpolarisation.

use serde::{Deserialize, Serialize};

use crate::parameters::settings;
use crate::presets::Preset;
use crate::rng::Stream;
use crate::shape::{self, Misfit};

settings! {
    /// Purkinje somata (cerebellum.md §3.4, after Yamazaki's program, where nothing else is said).
    pub struct Settings {
        /// Membrane capacitance.
        capacitance: f32 [1, 10_000] "pF",
        /// Leak conductance (1/0.431).
        leak: f32 [0.01, 1_000] "nS",
        /// Resting potential.
        rest: f32 [-90, -40] "mV",
        /// Threshold.
        threshold: f32 [-70, -20] "mV",
        /// Conductance of the after-hyperpolarisation.
        ahp: f32 [0, 10_000] "nS",
        /// … its decay.
        ahp_decay: f64 [0.2, 1_000] "ms",
        /// … its reversal.
        ahp_reversal: f32 [-100, -40] "mV",
        /// Tonic drive, calibrated with `pf_rest`: some 50 Hz at rest.
        bias: f32 [-10_000, 10_000] "pA",
        /// Spread of the tonic drive over cells (SD) ◇.
        bias_sd: f32 [0, 1_000] "pA",
        /// Decay of excitation by parallel fibres.
        pf_decay: f64 [0.2, 100] "ms",
        /// Mean conductance of all parallel fibres at rest, calibrated: sets that of one synapse, whatever the preset. With 0.5
        /// depressed fibres let the cells pause too little to release the nucleus.
        pf_rest: f32 [0, 1_000] "nS",
        /// Conductance of one MLI1 → Purkinje synapse (Park 2026: 25 pS; half of it where twice as many MLI1 converge).
        mli_conductance: f32 [0, 100] "nS",
        /// Rise of inhibition (Park 2026).
        gaba_rise: f64 [0.1, 100] "ms",
        /// Decay of inhibition (Park 2026).
        gaba_decay: f64 [0.2, 200] "ms",
        /// Reversal of inhibition (Park 2026).
        gaba_reversal: f32 [-100, -40] "mV",
        /// Spikelets of a complex spike come this far apart (Park 2026's trial: 5 in 12 ms).
        spikelet_interval: u32 [1, 20] "ms",
        /// Length of a complex spike at inhibition as at rest (Park 2026's trial).
        complex_ms: f32 [1, 100] "ms",
        /// How much longer it would be without inhibition, as a multiple ◇ (12 → 20 ms in Park 2026's trial, where MLI1 fall
        /// to about half for most of it).
        complex_release: f32 [1, 20] "",
        /// Pause after a complex spike ◇ (tens of ms in the animal).
        pause: u32 [0, 500] "ms",
    }
}

impl Settings {
    /// The settings of a preset.
    #[must_use]
    pub fn of(preset: Preset) -> Self {
        // A quarter of 352 MLI1 are twice the partners that a quarter of 176 are: half the conductance keeps the total.
        let mli_conductance = if preset.cells().mli1 > 176 { 0.0125 } else { 0.025 };
        Self {
            capacitance: 106.0,
            leak: 2.32,
            rest: -68.0,
            threshold: -55.0,
            ahp: 100.0,
            ahp_decay: 2.5,
            ahp_reversal: -70.0,
            // Of `yamazaki` calibrated to the textbook program's rate over its trials.
            bias: if preset == Preset::Yamazaki { 45.0 } else { 38.0 },
            bias_sd: 5.0,
            pf_decay: 8.3,
            pf_rest: 2.0,
            mli_conductance,
            gaba_rise: 0.8,
            gaba_decay: 6.0,
            gaba_reversal: -80.0,
            spikelet_interval: 3,
            complex_ms: 12.0,
            complex_release: 5.0,
            pause: 20,
        }
    }
}

impl Settings {
    /// How much of a complex spike one ms under momentary inhibition `brake` takes: at 1 (rest) 1 / `complex_ms` of it, at 0
    /// so much less that it would last `complex_release` as long.
    fn complex_progress(&self, brake: f32) -> f32 {
        (1.0 + (self.complex_release - 1.0) * brake) / self.complex_release / self.complex_ms
    }

    /// Length of a complex spike, ms, under the inhibition of each ms from the climbing fibre's spike on.
    #[must_use]
    pub fn complex_length(&self, brakes: impl IntoIterator<Item = f32>) -> u32 {
        let mut left = 1.0f32;
        let mut length = 0;
        for brake in brakes {
            left -= self.complex_progress(brake);
            length += 1;
            if left <= SPENT {
                break;
            }
        }
        length
    }
}

/// What is left of a complex spike that has ended: rounding must not prolong it by a step.
const SPENT: f32 = 1e-6;

/// A conductance below this (nS) is nothing; without it, a silent synapse decays into denormals.
const NEGLIGIBLE: f32 = 1e-9;

/// The somata of one microzone: state in arrays, one element a cell.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Somata {
    settings: Settings,
    v: Vec<f32>,
    g_pf: Vec<f32>,
    /// Inhibition's two exponentials; their difference is the conductance.
    g_slow: Vec<f32>,
    g_fast: Vec<f32>,
    g_ahp: Vec<f32>,
    bias: Vec<f32>,
    /// What is left of a complex spike, 1 at its beginning; 0 without one.
    plateau: Vec<f32>,
    /// Steps since the complex spike began.
    since: Vec<u32>,
    /// Length of the last complex spike, ms; 0 before the first.
    length: Vec<u32>,
    /// Steps of pause to come.
    pause: Vec<u32>,
    /// Cells that are lost neither fire nor recover.
    lost: Vec<bool>,
    decay: [f32; 4],
    /// Makes a double exponential's peak 1.
    gaba_norm: f32,
}

impl Somata {
    /// `n` cells at random potentials.
    #[must_use]
    pub fn new(settings: &Settings, n: usize, stream: &mut Stream) -> Self {
        let span = f64::from(settings.threshold - settings.rest);
        let (rise, decay) = (settings.gaba_rise.min(0.99 * settings.gaba_decay), settings.gaba_decay);
        let peak = rise * decay / (decay - rise) * libm::log(decay / rise);
        Self {
            settings: settings.clone(),
            v: (0..n).map(|_| settings.rest + (span * stream.uniform()) as f32).collect(),
            g_pf: vec![0.0; n],
            g_slow: vec![0.0; n],
            g_fast: vec![0.0; n],
            g_ahp: vec![0.0; n],
            bias: (0..n).map(|_| settings.bias + settings.bias_sd * stream.gaussian() as f32).collect(),
            plateau: vec![0.0; n],
            since: vec![0; n],
            length: vec![0; n],
            pause: vec![0; n],
            lost: vec![false; n],
            decay: [settings.pf_decay, decay, rise, settings.ahp_decay].map(|tau| libm::exp(-1.0 / tau) as f32),
            gaba_norm: (1.0 / (libm::exp(-peak / decay) - libm::exp(-peak / rise))) as f32,
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

    /// The climbing fibres in `set`, one bit each, fire: complex spikes begin.
    pub fn climb(&mut self, mut set: u64) {
        while set != 0 {
            let cell = set.trailing_zeros() as usize;
            self.plateau[cell] = 1.0;
            self.since[cell] = 0;
            set &= set - 1;
        }
    }

    /// One step of 1 ms: `excitation` (nS that parallel fibres add), `inhibition` (nS that interneurons add) and each
    /// dendrite's `brake` (inhibition relative to rest), a value a cell. Cells that fire a simple spike or a spikelet are
    /// written to `spikes` in ascending order.
    pub fn step(
        &mut self,
        excitation: &[f32],
        inhibition: &[f32],
        brake: impl Fn(usize) -> f32,
        spikes: &mut Vec<u16>,
    ) {
        let n = self.count();
        let Self { v, g_pf, g_slow, g_fast, g_ahp, bias, .. } = self;
        let membrane = Membrane {
            leak: self.settings.leak,
            inverse_c: 1.0 / self.settings.capacitance,
            decay: self.decay,
            gaba_norm: self.gaba_norm,
            rest: self.settings.rest,
            gaba_reversal: self.settings.gaba_reversal,
            ahp_reversal: self.settings.ahp_reversal,
        };
        membrane.advance(v, g_pf, g_slow, g_fast, g_ahp, bias, excitation, inhibition);
        let Settings { rest, threshold, ahp, .. } = self.settings;
        spikes.clear();
        for i in 0..n {
            let fires = if self.lost[i] {
                false
            } else if self.plateau[i] > 0.0 {
                self.advance_complex(i, brake(i))
            } else if self.pause[i] > 0 {
                self.pause[i] -= 1;
                self.v[i] = rest;
                false
            } else {
                self.v[i] >= threshold
            };
            if fires {
                self.v[i] = rest;
                self.g_ahp[i] = ahp;
                spikes.push(i as u16);
            }
        }
    }

    /// One step of a complex spike; whether a spikelet falls on it. Inhibition shortens it as it goes on.
    fn advance_complex(&mut self, cell: usize, brake: f32) -> bool {
        let Settings { spikelet_interval, pause, .. } = self.settings;
        let spikelet = self.since[cell].is_multiple_of(spikelet_interval);
        self.since[cell] += 1;
        self.plateau[cell] -= self.settings.complex_progress(brake);
        self.v[cell] = self.settings.rest;
        if self.plateau[cell] <= SPENT {
            self.plateau[cell] = 0.0;
            self.length[cell] = self.since[cell];
            self.pause[cell] = pause;
        }
        spikelet
    }

    pub(crate) fn bytes(&self) -> usize {
        let floats = [&self.v, &self.g_pf, &self.g_slow, &self.g_fast, &self.g_ahp, &self.bias, &self.plateau];
        shape::held(&floats) + shape::held(&[&self.since, &self.length, &self.pause]) + shape::held(&[&self.lost])
    }

    /// That a state has `n` cells.
    pub(crate) fn fits(&self, n: usize) -> Result<(), Misfit> {
        let floats = [&self.v, &self.g_pf, &self.g_slow, &self.g_fast, &self.g_ahp, &self.bias, &self.plateau];
        shape::lengths("Purkinje somata", &floats, n)?;
        shape::lengths("Purkinje somata", &[&self.since, &self.length, &self.pause], n)?;
        shape::below("Purkinje somata: complex spikes", &self.since, 1 << 31)?;
        shape::length("Purkinje somata", &self.lost, n)
    }

    /// Length of each cell's last complex spike, ms; 0 before the first.
    #[must_use]
    pub fn complex_ms(&self) -> &[u32] {
        &self.length
    }

    /// Cells in the middle of a complex spike, or in the pause after it.
    #[must_use]
    pub fn busy(&self, cell: usize) -> bool {
        self.plateau[cell] > 0.0 || self.pause[cell] > 0
    }

    /// Takes cells out of the circuit for good.
    pub fn lose(&mut self, cell: usize) {
        self.lost[cell] = true;
    }

    #[must_use]
    pub fn is_lost(&self, cell: usize) -> bool {
        self.lost[cell]
    }

    #[must_use]
    pub fn settings(&self) -> &Settings {
        &self.settings
    }
}

/// What all cells share.
struct Membrane {
    leak: f32,
    inverse_c: f32,
    decay: [f32; 4],
    gaba_norm: f32,
    rest: f32,
    gaba_reversal: f32,
    ahp_reversal: f32,
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
        g_slow: &mut [f32],
        g_fast: &mut [f32],
        g_ahp: &mut [f32],
        bias: &[f32],
        excitation: &[f32],
        inhibition: &[f32],
    ) {
        let n = v.len();
        let (g_pf, g_slow, g_fast, g_ahp) = (&mut g_pf[..n], &mut g_slow[..n], &mut g_fast[..n], &mut g_ahp[..n]);
        let (bias, excitation, inhibition) = (&bias[..n], &excitation[..n], &inhibition[..n]);
        let Self { leak, inverse_c, decay, gaba_norm, rest, gaba_reversal, ahp_reversal } = *self;
        let flush = |g: f32| if g < NEGLIGIBLE { 0.0 } else { g };
        for i in 0..n {
            let excited = flush(g_pf[i] * decay[0] + excitation[i]);
            let slow = flush(g_slow[i] * decay[1] + inhibition[i]);
            let fast = flush(g_fast[i] * decay[2] + inhibition[i]);
            let ahp = flush(g_ahp[i] * decay[3]);
            let gaba = gaba_norm * (slow - fast);
            let total = leak + excited + gaba + ahp;
            let drive = leak * rest + gaba * gaba_reversal + ahp * ahp_reversal + bias[i];
            // As in the interneurons: exponential Euler by a ratio that every machine computes alike (5e-4 off at x = 1,
            // right after a spike).
            let x = total * inverse_c;
            v[i] += (drive - v[i] * total) * inverse_c / (1.0 + x * (0.5 + x * (1.0 / 12.0)));
            g_pf[i] = excited;
            g_slow[i] = slow;
            g_fast[i] = fast;
            g_ahp[i] = ahp;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn somata(n: usize, bias: f32) -> Somata {
        let settings = Settings { bias, bias_sd: 0.0, ..Settings::of(Preset::Small) };
        Somata::new(&settings, n, &mut Stream::named(1, "test somata", 0))
    }

    /// Spikes of one cell in `steps` steps.
    fn fired(cells: &mut Somata, excitation: f32, inhibition: f32, brake: f32, steps: u32) -> Vec<u32> {
        let mut spikes = Vec::new();
        (0..steps)
            .filter(|_| {
                cells.step(&[excitation], &[inhibition], |_| brake, &mut spikes);
                !spikes.is_empty()
            })
            .collect()
    }

    #[test]
    fn a_cell_without_drive_is_silent_and_a_driven_one_fires_at_equal_intervals() {
        assert_eq!(fired(&mut somata(1, 0.0), 0.0, 0.0, 1.0, 1_000), []);
        let mut cell = somata(1, 120.0);
        let times = fired(&mut cell, 0.0, 0.0, 1.0, 1_000);
        let intervals: Vec<u32> = times.windows(2).map(|pair| pair[1] - pair[0]).collect();
        assert!(intervals.iter().all(|interval| *interval == intervals[0]), "{intervals:?}");
    }

    #[test]
    fn parallel_fibres_excite_and_interneurons_inhibit() {
        let rate = |excitation, inhibition| fired(&mut somata(1, 120.0), excitation, inhibition, 1.0, 2_000).len();
        let (rest, excited, inhibited) = (rate(0.0, 0.0), rate(0.1, 0.0), rate(0.0, 0.3));
        assert!(inhibited < rest && rest < excited, "{inhibited} {rest} {excited}");
    }

    #[test]
    fn a_complex_spike_is_a_burst_and_then_a_pause() {
        let mut cell = somata(1, 120.0);
        fired(&mut cell, 0.0, 0.0, 1.0, 100);
        cell.climb(1);
        let times = fired(&mut cell, 0.0, 0.0, 1.0, 34);
        assert_eq!(times[..4], [0, 3, 6, 9]);
        assert!(times[4..].iter().all(|at| *at >= 32), "{times:?}");
        assert_eq!(cell.complex_ms(), [12]);
    }

    #[test]
    fn released_inhibition_lengthens_the_complex_spike() {
        let mut lengths = Vec::new();
        for brake in [1.5, 1.0, 0.5, 0.0] {
            let mut cell = somata(1, 120.0);
            cell.climb(1);
            fired(&mut cell, 0.0, 0.0, brake, 100);
            lengths.push(cell.complex_ms()[0]);
        }
        assert_eq!(lengths, [9, 12, 20, 60]);
    }

    #[test]
    fn a_lost_cell_is_silent() {
        let mut cell = somata(1, 400.0);
        assert!(!fired(&mut cell, 0.0, 0.0, 1.0, 500).is_empty());
        cell.lose(0);
        assert_eq!(fired(&mut cell, 0.0, 0.0, 1.0, 500), []);
    }
}
