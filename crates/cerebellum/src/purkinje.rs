//! Purkinje cells as far as the gate needs them: the interneuron spikes that reach each dendrite, and from them the
//! calcium that a climbing-fibre event can raise there.

use serde::{Deserialize, Serialize};

use crate::parameters::settings;
use crate::presets::Preset;
use crate::shape::{self, Misfit};
use crate::sum::tree_sum_f64;
use crate::wiring::Projection;

/// Inhibition counts over these ms after the climbing fibre's spike: from +2 up to, not including, +22.
pub const WINDOW_FROM_MS: u64 = 2;
pub const WINDOW_TO_MS: u64 = 22;
/// Steps of the past that are kept.
pub const HISTORY: usize = 128;

settings! {
    /// Purkinje cells.
    pub struct Settings {
        /// The dendrite's view of inhibition: time constant (cerebellum.md §3.4: 6-ms filtered).
        inhibition_filter: f64 [0.5, 100] "ms",
    }
}

impl Settings {
    /// The settings of a preset.
    #[must_use]
    pub fn of(_preset: Preset) -> Self {
        Self { inhibition_filter: 6.0 }
    }

    /// What is left of filtered inhibition after a step.
    fn decay(&self) -> f32 {
        libm::exp(-1.0 / self.inhibition_filter) as f32
    }
}

/// Inhibition on each Purkinje cell of a microzone, with its recent past.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Purkinje {
    n: usize,
    /// Filtered, weighted MLI1 spikes a ms.
    filtered: Vec<f32>,
    arriving: Vec<f32>,
    /// `HISTORY` rows of `n`.
    history: Vec<f32>,
    /// Inhibition at rest.
    base: Vec<f32>,
    decay: f32,
}

impl Purkinje {
    /// `n` cells without inhibition.
    #[must_use]
    pub fn new(settings: &Settings, n: usize) -> Self {
        Self {
            n,
            filtered: vec![0.0; n],
            arriving: vec![0.0; n],
            history: vec![0.0; n * HISTORY],
            base: vec![1.0; n],
            decay: settings.decay(),
        }
    }

    /// One step: takes the MLI1 spikes of this step.
    pub fn step(&mut self, step: u64, projection: &Projection, spikes: &[u16]) {
        self.arriving.fill(0.0);
        projection.deliver(spikes, &mut self.arriving);
        let row = (step as usize % HISTORY) * self.n;
        for ((filtered, arriving), kept) in
            self.filtered.iter_mut().zip(&self.arriving).zip(&mut self.history[row..row + self.n])
        {
            *filtered = *filtered * self.decay + arriving * (1.0 - self.decay);
            *filtered = if *filtered < 1e-9 { 0.0 } else { *filtered };
            *kept = *filtered;
        }
    }

    pub(crate) fn bytes(&self) -> usize {
        shape::held(&[&self.filtered, &self.arriving, &self.history, &self.base])
    }

    /// That a state fits its settings and has `n` cells.
    pub(crate) fn fits(&self, settings: &Settings, n: usize) -> Result<(), Misfit> {
        shape::settings("Purkinje cells", &self.decay, &settings.decay())?;
        shape::same("Purkinje cells", self.n as u64, n as u64)?;
        shape::lengths("Purkinje cells", &[&self.filtered, &self.arriving, &self.base], n)?;
        shape::length("Purkinje cells: history", &self.history, n * HISTORY)
    }

    /// Weighted spikes that this step brought to every cell: 1 where all of its interneurons fired.
    #[must_use]
    pub fn arriving(&self) -> &[f32] {
        &self.arriving
    }

    /// Sets what counts as inhibition at rest, one value a cell.
    pub fn set_base(&mut self, base: &[f64]) {
        for (kept, value) in self.base.iter_mut().zip(base) {
            *kept = *value as f32;
        }
    }

    /// Filtered inhibition of every cell now, in its own units.
    #[must_use]
    pub fn filtered(&self) -> &[f32] {
        &self.filtered
    }

    /// Inhibition of `cell` at `step`, relative to rest. `step` must be one of the last [`HISTORY`].
    #[must_use]
    pub fn inhibition_at(&self, cell: usize, step: u64) -> f64 {
        f64::from(self.history[(step as usize % HISTORY) * self.n + cell]) / f64::from(self.base[cell])
    }

    /// r̄ of a climbing-fibre spike at `fired`: mean inhibition of `cell` over +2…+22 ms, relative to rest.
    #[must_use]
    pub fn inhibition_after(&self, cell: usize, fired: u64) -> f64 {
        const STEPS: usize = (WINDOW_TO_MS - WINDOW_FROM_MS) as usize;
        let samples: [f64; STEPS] =
            core::array::from_fn(|k| self.inhibition_at(cell, fired + WINDOW_FROM_MS + k as u64));
        tree_sum_f64(&samples) / STEPS as f64
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rng::Stream;
    use crate::wiring::{Reach, Rule};

    #[test]
    fn steady_inhibition_is_1_and_its_absence_0() {
        let rule = Rule { partners: 50.0, synapses: 1.0, weight: 1.0, reach: Reach::Zone, recurrent: false };
        let mut projection = Projection::draw(8, 4, rule, &mut Stream::named(1, "test", 0));
        projection.normalise_inputs(4);
        let mut cells = Purkinje::new(&Settings::of(Preset::Small), 4);
        let all: Vec<u16> = (0..8).collect();
        for step in 0..200 {
            cells.step(step, &projection, &all);
        }
        for cell in 0..4 {
            assert!((cells.inhibition_after(cell, 170) - 1.0).abs() < 1e-5);
        }
        cells.set_base(&[2.0; 4]);
        assert!((cells.inhibition_at(3, 199) - 0.5).abs() < 1e-5);
        for step in 200..500 {
            cells.step(step, &projection, &[]);
        }
        assert_eq!(cells.inhibition_after(0, 478), 0.0);
    }

    #[test]
    fn inhibition_that_ends_is_forgotten_by_the_filters_time_constant() {
        for filter in [6.0, 20.0] {
            let settings = Settings { inhibition_filter: filter };
            let rule = Rule { partners: 50.0, synapses: 1.0, weight: 1.0, reach: Reach::Zone, recurrent: false };
            let mut projection = Projection::draw(8, 1, rule, &mut Stream::named(1, "test", 0));
            projection.normalise_inputs(1);
            let mut cells = Purkinje::new(&settings, 1);
            let all: Vec<u16> = (0..8).collect();
            for step in 0..300 {
                cells.step(step, &projection, if step < 280 { &all } else { &[] });
            }
            let left = cells.inhibition_at(0, 299) / cells.inhibition_at(0, 279);
            assert!((left - libm::exp(-20.0 / filter)).abs() < 1e-5, "{filter} ms: {left}");
        }
    }
}
