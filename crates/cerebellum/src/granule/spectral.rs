//! The spectral layer: each granule cell prefers a delay after the cue's onset, and fires around it (Bullock, Fiala and
//! Grossberg 1994). A generator of spikes, not cells with potentials: it knows the cue and nothing of Golgi cells.

use serde::{Deserialize, Serialize};

use crate::mossy::Cue;
use crate::parameters::{Parameters, settings};
use crate::rng::{Rare, Stream};
use crate::shape::{self, Misfit};

/// A cell's rate is drawn out to this many widths from its delay.
const WIDTHS: i32 = 3;

settings! {
    /// The spectral layer (cerebellum.md §3.6).
    pub struct Settings {
        /// Shortest preferred delay.
        shortest: f64 [1, 10_000] "ms",
        /// Longest preferred delay; between them they are spaced evenly in their logarithm.
        longest: f64 [1, 60_000] "ms",
        /// Width of a cell's tuning (SD) that grows with its delay, as a share of it.
        width_share: f64 [0.01, 0.33] "",
        /// Width of a cell's tuning (SD) that all have.
        width: f64 [0.5, 200] "ms",
        /// Lowest rate at the preferred delay.
        peak_low: f64 [0, 500] "Hz",
        /// Highest rate at the preferred delay.
        peak_high: f64 [1, 500] "Hz",
        /// Rate of a cell at any time.
        background: f64 [0.001, 50] "Hz",
        /// Share of the cells that a cue engages, drawn for each cue ◇: with 0.4, all cells together fire at most three
        /// times as much during a cue as at rest.
        cue_share: f64 [0, 1] "",
    }
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            shortest: 25.0,
            longest: 1_800.0,
            width_share: 0.22,
            width: 12.0,
            peak_low: 20.0,
            peak_high: 60.0,
            background: 2.0,
            cue_share: 0.4,
        }
    }
}

/// The cells, in the order of their delays.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Spectral {
    settings: Settings,
    seed: u64,
    /// Preferred delay, ms, ascending.
    delays: Vec<f32>,
    /// Rate at the preferred delay, as a share of the highest.
    peaks: Vec<f32>,
    /// The cue whose cells are engaged.
    cue: Option<u32>,
    /// The cells that the cue engages, and their delays; both ascending.
    engaged: Vec<u32>,
    engaged_delays: Vec<f32>,
    rest: Rare,
    /// Cells to pass over until the next background spike.
    ahead: u64,
    background: Stream,
    tuned: Stream,
    /// Tuned spikes of this step.
    found: Vec<u32>,
}

impl Spectral {
    pub(super) fn new(parameters: &Parameters, seed: u64) -> Self {
        let (n, settings) = (parameters.cells.granule, parameters.spectral.clone());
        let mut stream = Stream::named(seed, "spectral cells", 0);
        let span = libm::log(settings.longest / settings.shortest);
        let delay = |i: usize| settings.shortest * libm::exp(span * (i as f64 + 0.5) / n as f64);
        let rest = Rare::new(settings.background * 1e-3);
        let mut background = Stream::named(seed, "spectral background", 0);
        Self {
            seed,
            delays: (0..n).map(|i| delay(i) as f32).collect(),
            peaks: (0..n)
                .map(|_| (stream.between(settings.peak_low, settings.peak_high) / settings.peak_high) as f32)
                .collect(),
            cue: None,
            engaged: Vec::with_capacity(n),
            engaged_delays: Vec::with_capacity(n),
            ahead: rest.gap(&mut background),
            rest,
            background,
            tuned: Stream::named(seed, "spectral tuning", 0),
            found: Vec::with_capacity(n),
            settings,
        }
    }

    /// One step of 1 ms; the cells that fire are written to `spikes` in ascending order.
    pub(super) fn step(&mut self, cue: Option<Cue>, spikes: &mut Vec<u32>) {
        self.found.clear();
        if let Some(cue) = cue {
            self.engage(cue.number);
            self.tune(f64::from(cue.since));
        }
        spikes.clear();
        let n = self.delays.len() as u64;
        let mut tuned = self.found.iter().copied().peekable();
        while self.ahead < n {
            let cell = self.ahead as u32;
            while let Some(other) = tuned.next_if(|other| *other <= cell) {
                if other < cell {
                    spikes.push(other);
                }
            }
            spikes.push(cell);
            self.ahead += 1 + self.rest.gap(&mut self.background);
        }
        self.ahead -= n;
        spikes.extend(tuned);
    }

    /// Calls up the cells of a cue.
    fn engage(&mut self, cue: u32) {
        if self.cue == Some(cue) {
            return;
        }
        self.cue = Some(cue);
        self.engaged.clear();
        self.engaged_delays.clear();
        let mut stream = Stream::named(self.seed, "cue cells", u64::from(cue));
        for (cell, delay) in self.delays.iter().enumerate() {
            if stream.bernoulli(self.settings.cue_share) {
                self.engaged.push(cell as u32);
                self.engaged_delays.push(*delay);
            }
        }
    }

    /// Draws the spikes of the engaged cells `t` ms after the onset, ring by ring: the cells between k and k + 1 widths
    /// from their delays are skipped over at the highest rate that any of them has, and what was met is thinned.
    fn tune(&mut self, t: f64) {
        let Settings { width, width_share, peak_high, .. } = self.settings;
        let place = |k: i32| {
            let bound = (t - width * f64::from(k)) / (1.0 + width_share * f64::from(k));
            self.engaged_delays.partition_point(|delay| f64::from(*delay) < bound)
        };
        let mut low = place(WIDTHS);
        for k in (-WIDTHS..WIDTHS).rev() {
            let high = place(k);
            let inner = f64::from(k.abs().min((k + 1).abs()));
            let envelope = libm::exp(-0.5 * inner * inner);
            let met = Rare::new(peak_high * 1e-3 * envelope);
            let mut at = low as u64 + met.gap(&mut self.tuned);
            while at < high as u64 {
                let cell = self.engaged[at as usize];
                let delay = f64::from(self.engaged_delays[at as usize]);
                let x = (t - delay) / (width_share * delay + width);
                let share = f64::from(self.peaks[cell as usize]) * libm::exp(-0.5 * x * x);
                if self.tuned.uniform() * envelope < share {
                    self.found.push(cell);
                }
                at += 1 + met.gap(&mut self.tuned);
            }
            low = high;
        }
    }

    pub(super) fn fits(&self, parameters: &Parameters) -> Result<(), Misfit> {
        let n = parameters.cells.granule;
        shape::settings("granule cells", &self.settings, &parameters.spectral)?;
        shape::lengths("granule cells", &[&self.delays, &self.peaks], n)?;
        shape::length("granule cells: those engaged", &self.engaged_delays, self.engaged.len())?;
        shape::below("granule cells: those engaged", &self.engaged, n as u64)?;
        shape::below("granule cells: background", &[self.ahead], shape::LATEST)
    }

    pub(super) fn bytes(&self) -> usize {
        let floats = [&self.delays, &self.peaks, &self.engaged_delays];
        floats.iter().map(|floats| floats.capacity() * size_of::<f32>()).sum::<usize>()
            + (self.engaged.capacity() + self.found.capacity()) * size_of::<u32>()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::presets::Preset;

    fn layer() -> Spectral {
        Spectral::new(&Parameters::of(Preset::Standard), 1)
    }

    /// Spikes a cell and step, in each of the steps since the onset.
    fn course(layer: &mut Spectral, number: u32, steps: u32, wanted: impl Fn(u32) -> bool) -> Vec<u32> {
        let mut spikes = Vec::new();
        (0..steps)
            .map(|since| {
                layer.step(Some(Cue { number, since }), &mut spikes);
                assert!(spikes.windows(2).all(|pair| pair[0] < pair[1]));
                spikes.iter().filter(|cell| wanted(**cell)).count() as u32
            })
            .collect()
    }

    #[test]
    fn without_a_cue_cells_fire_at_their_background() {
        let mut layer = layer();
        let mut spikes = Vec::new();
        let mut total = 0;
        for _ in 0..1_000 {
            layer.step(None, &mut spikes);
            total += spikes.len();
        }
        assert!((total as f64 / 20_480.0 - 2.0).abs() < 0.05);
    }

    #[test]
    fn cells_fire_around_the_delay_that_they_prefer() {
        let mut layer = layer();
        // Delays about 300 ms, of standard deviation 78 ms.
        let cells: Vec<u32> = (0..20_480).filter(|i| (290.0..310.0).contains(&layer.delays[*i as usize])).collect();
        let course = course(&mut layer, 1, 1_000, |cell| cells.contains(&cell));
        let total: u32 = course.iter().sum();
        let background = 2.0 * cells.len() as f64;
        let mean = course.iter().enumerate().map(|(t, n)| t as f64 * f64::from(*n)).sum::<f64>();
        let mean = (mean - background * 500.0) / (f64::from(total) - background);
        assert!((mean - 300.0).abs() < 15.0, "{mean}");
    }

    #[test]
    fn all_cells_together_fire_at_most_three_times_as_much_during_a_cue() {
        let course = course(&mut layer(), 1, 1_500, |_| true);
        for (at, window) in course.chunks(100).enumerate() {
            let rate = f64::from(window.iter().sum::<u32>()) / 20_480.0 / 0.1;
            assert!((3.0..6.2).contains(&rate), "{rate} Hz at {at}");
        }
    }

    #[test]
    fn two_cues_engage_different_cells() {
        let mut layer = layer();
        layer.engage(1);
        let one = layer.engaged.clone();
        layer.engage(2);
        let shared = one.iter().filter(|cell| layer.engaged.binary_search(cell).is_ok()).count();
        assert!((one.len() as f64 / 20_480.0 - 0.4).abs() < 0.02);
        assert!((shared as f64 / 20_480.0 - 0.16).abs() < 0.02);
    }
}
