//! Calcium in the Purkinje cells' dendrites as a course in time.
//!
//! A climbing fibre's spike opens an influx that the interneurons' momentary inhibition cuts short; what enters is read as a
//! fast and a slow transient. The amplitude by which plasticity judges an event is [`crate::window`]'s, which knows the mean
//! inhibition over +2…+22 ms alone; under steady inhibition the calcium that enters in all is that amplitude. This room knows
//! nothing of plasticity.

use serde::{Deserialize, Serialize};

use crate::parameters::settings;
use crate::window;

settings! {
    /// Time courses of dendritic calcium.
    pub struct Settings {
        /// Decay of fast calcium by removal (cerebellum.md §3.4).
        removal: f64 [0.5, 1_000] "ms",
        /// For how long calcium enters after a climbing fibre's spike, at rest: ever less, in a straight line, as the soma's
        /// complex spike runs down. With `removal` it makes the peak come after 11 ms (a rise of 8 and a decay of 12 ms peak
        /// after 10). The straight line is calibrated: an exponential influx of 6–20 ms leaves the late calcium of E5 below its
        /// band at every constant that lets the peak come so late.
        influx: f64 [1, 1_000] "ms",
        /// Decay of slow calcium (Najafi 2014: half gone in 74 ms).
        slow: f64 [1, 10_000] "ms",
    }
}

impl Default for Settings {
    fn default() -> Self {
        Self { removal: 12.0, influx: 18.0, slow: 107.0 }
    }
}

impl Settings {
    /// Fast calcium `t` ms after a solitary climbing fibre's spike under steady inhibition, with a peak of 1.
    #[must_use]
    pub fn solitary(&self, t: f64) -> f64 {
        let (tau, length) = (self.removal, self.influx);
        let while_entering = |t: f64| tau * ((1.0 + tau / length) * (1.0 - libm::exp(-t / tau)) - t / length);
        let peak = tau * libm::log(1.0 + length / tau);
        let level =
            if t < length { while_entering(t) } else { while_entering(length) * libm::exp(-(t - length) / tau) };
        level / while_entering(peak)
    }
}

/// What decays below this is nothing, so that no state becomes denormal.
const NEGLIGIBLE: f32 = 1e-9;

/// Fast and slow calcium of a microzone's dendrites, one element a Purkinje cell. The peak of a solitary event under the
/// inhibition of rest is 1 in both.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Dendrites {
    /// What is left of each cell's influx, 1 at its beginning; 0 without one.
    influx: Vec<f32>,
    fast: Vec<f32>,
    slow: Vec<f32>,
    /// How much of the influx a step at rest takes.
    spent: f32,
    /// Decays a step of fast and slow calcium.
    decays: [f32; 2],
    /// Influx a step that makes the peaks 1, of fast and slow calcium.
    gains: [f32; 2],
    window: window::Settings,
}

impl Dendrites {
    /// `n` dendrites without calcium.
    #[must_use]
    pub fn new(settings: &Settings, window: &window::Settings, n: usize) -> Self {
        let decays = [settings.removal, settings.slow].map(|tau| libm::exp(-1.0 / tau));
        let spent = 1.0 / settings.influx;
        let peak = |removal: f64| {
            let (mut influx, mut level, mut highest) = (1.0f64, 0.0f64, 0.0f64);
            for _ in 0..1_000 {
                let left = (influx - spent).max(0.0);
                level = level * removal + 0.5 * (influx + left);
                influx = left;
                highest = highest.max(level);
            }
            highest
        };
        Self {
            influx: vec![0.0; n],
            fast: vec![0.0; n],
            slow: vec![0.0; n],
            spent: (spent * window.calcium(1.0)) as f32,
            gains: decays.map(|decay| (1.0 / peak(decay)) as f32),
            decays: decays.map(|decay| decay as f32),
            window: window.clone(),
        }
    }

    /// One step of 1 ms. `fired`: climbing fibres that fired, one bit each; `inhibition`: momentary, 1 at rest, one value a
    /// cell.
    pub fn step(&mut self, fired: u64, inhibition: &[f32]) {
        let Self { influx, fast, slow, spent, decays, gains, window } = self;
        for (cell, r) in inhibition.iter().enumerate() {
            if fired >> cell & 1 == 1 {
                influx[cell] = 1.0;
            }
            // A steady brake makes the influx as much shorter or longer as the window's amplitude is less or more than 1.
            let left = flushed(influx[cell] - *spent / window.calcium(f64::from(*r)) as f32);
            let entering = 0.5 * (influx[cell] + left);
            influx[cell] = left;
            fast[cell] = flushed(fast[cell] * decays[0] + entering * gains[0]);
            slow[cell] = flushed(slow[cell] * decays[1] + entering * gains[1]);
        }
    }

    /// Fast calcium of every cell: what a fast indicator would show.
    #[must_use]
    pub fn fast(&self) -> &[f32] {
        &self.fast
    }

    /// Slow calcium of every cell: what imaging shows (Najafi 2014).
    #[must_use]
    pub fn slow(&self) -> &[f32] {
        &self.slow
    }
}

fn flushed(value: f32) -> f32 {
    if value < NEGLIGIBLE { 0.0 } else { value }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Fast and slow calcium each ms after one event under steady inhibition `r`.
    fn courses(r: f32) -> (Vec<f32>, Vec<f32>) {
        let mut cell = Dendrites::new(&Settings::default(), &window::Settings::default(), 1);
        (0..300)
            .map(|step| {
                cell.step(u64::from(step == 0), &[r]);
                (cell.fast()[0], cell.slow()[0])
            })
            .unzip()
    }

    fn highest(course: &[f32]) -> (usize, f32) {
        course.iter().copied().enumerate().fold((0, 0.0), |best, now| if now.1 > best.1 { now } else { best })
    }

    #[test]
    fn a_solitary_event_at_rest_peaks_at_1_after_about_10_ms() {
        let (fast, slow) = courses(1.0);
        let (at, peak) = highest(&fast);
        assert!((peak - 1.0).abs() < 1e-5 && (8..=11).contains(&at), "{peak} at {at} ms");
        assert!((highest(&slow).1 - 1.0).abs() < 1e-5);
        let settings = Settings::default();
        for (t, level) in fast.iter().enumerate().take(60) {
            assert!((settings.solitary(t as f64 + 1.0) - f64::from(*level)).abs() < 0.02, "{t} ms");
        }
        // Najafi 2014: half of the slow transient is gone after 74 ms.
        let (at, _) = highest(&slow);
        assert!((slow[at + 20 + 74] / slow[at + 20] - 0.5).abs() < 0.03);
    }

    #[test]
    fn under_steady_inhibition_the_calcium_that_enters_is_the_windows_amplitude_and_the_peak_changes_less() {
        let total = |r: f32| crate::sum::tree_sum(&courses(r).0) / crate::sum::tree_sum(&courses(1.0).0);
        for r in [0.0f32, 0.5, 2.0] {
            let amplitude = window::Settings::default().calcium(f64::from(r)) as f32;
            assert!((total(r) - amplitude).abs() < 2e-3, "r = {r}: {}", total(r));
            assert!((highest(&courses(r).0).1 - 1.0).abs() < (amplitude - 1.0).abs());
        }
    }

    #[test]
    fn calcium_falls_to_nothing_before_it_is_denormal() {
        let mut cell = Dendrites::new(&Settings::default(), &window::Settings::default(), 1);
        cell.step(1, &[1.0]);
        for _ in 0..5_000 {
            cell.step(0, &[1.0]);
        }
        assert_eq!((cell.fast()[0], cell.slow()[0]), (0.0, 0.0));
    }
}
