//! Calcium in the Purkinje cells' dendrites as a course in time.
//!
//! A climbing fibre's spike opens an influx that the interneurons' momentary inhibition throttles; what enters is read as a
//! fast and a slow transient. The amplitude by which plasticity judges an event is [`crate::window`]'s, which knows the mean
//! inhibition over +2…+22 ms alone; this room must agree with it for steady inhibition and knows nothing of plasticity.

use serde::{Deserialize, Serialize};

use crate::parameters::settings;
use crate::window;

settings! {
    /// Time courses of dendritic calcium.
    pub struct Settings {
        /// Removal of fast calcium: with `influx` it makes the rise of 8 and decay of 12 ms (cerebellum.md §3.4).
        removal: f64 [0.5, 1_000] "ms",
        /// Decay of the influx after a climbing fibre's spike. That the longer of the two constants is the influx is ours ◇:
        /// the other way round nothing could be left to throttle when MLI1 fall silent, at 12–20 ms.
        influx: f64 [0.5, 1_000] "ms",
        /// Decay of slow calcium (Najafi 2014: half gone in 74 ms).
        slow: f64 [1, 10_000] "ms",
        /// Calcium that parallel fibres add to a climbing fibre's event, for each multiple of their input at rest ◇ (after
        /// Gaffield 2018 and Najafi 2014).
        parallel: f64 [0, 10] "",
        /// … times this once a burst has lasted for `burst` ◇.
        supralinear: f64 [1, 10] "",
        /// How long a burst must last for it ◇.
        burst: f64 [1, 1_000] "ms",
    }
}

impl Default for Settings {
    fn default() -> Self {
        Self { removal: 8.0, influx: 12.0, slow: 107.0, parallel: 0.02, supralinear: 1.3, burst: 30.0 }
    }
}

impl Settings {
    /// Fast calcium `t` ms after a solitary climbing fibre's spike under steady inhibition, with a peak of 1.
    #[must_use]
    pub fn solitary(&self, t: f64) -> f64 {
        let (long, short) = (self.influx, self.removal);
        let shape = |t: f64| libm::exp(-t / long) - libm::exp(-t / short);
        let peak = long * short / (long - short) * libm::log(long / short);
        shape(t) / shape(peak)
    }

    /// What parallel fibres add to an event's calcium: `input` is theirs in multiples of that at rest, `lasted` the time for
    /// which it has been at least doubled, ms.
    #[must_use]
    pub fn parallel_share(&self, input: f64, lasted: f64) -> f64 {
        let more = self.parallel * (input - 1.0).max(0.0);
        if lasted > self.burst { more * self.supralinear } else { more }
    }
}

/// What decays below this is nothing, so that no state becomes denormal.
const NEGLIGIBLE: f32 = 1e-9;

/// Fast and slow calcium of a microzone's dendrites, one element a Purkinje cell. The peak of a solitary event under the
/// inhibition of rest is 1 in both.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Dendrites {
    influx: Vec<f32>,
    fast: Vec<f32>,
    slow: Vec<f32>,
    /// Decays a step of influx, fast and slow calcium.
    decays: [f32; 3],
    /// Influx a step that makes the peaks 1, of fast and slow calcium.
    gains: [f32; 2],
    window: window::Settings,
}

impl Dendrites {
    /// `n` dendrites without calcium.
    #[must_use]
    pub fn new(settings: &Settings, window: &window::Settings, n: usize) -> Self {
        let taus = [settings.influx, settings.removal, settings.slow];
        let decays = taus.map(|tau| libm::exp(-1.0 / tau));
        let peak = |removal: f64| {
            let (mut influx, mut level, mut highest) = (1.0f64, 0.0f64, 0.0f64);
            for _ in 0..1_000 {
                level = level * removal + influx;
                influx *= decays[0];
                highest = highest.max(level);
            }
            highest * window.calcium(1.0)
        };
        Self {
            influx: vec![0.0; n],
            fast: vec![0.0; n],
            slow: vec![0.0; n],
            gains: [(1.0 / peak(decays[1])) as f32, (1.0 / peak(decays[2])) as f32],
            decays: decays.map(|decay| decay as f32),
            window: window.clone(),
        }
    }

    /// One step of 1 ms. `fired`: climbing fibres that fired, one bit each; `inhibition`: momentary, 1 at rest, one value a
    /// cell.
    pub fn step(&mut self, fired: u64, inhibition: &[f32]) {
        let Self { influx, fast, slow, decays, gains, window } = self;
        for (cell, r) in inhibition.iter().enumerate() {
            influx[cell] += (fired >> cell & 1) as f32;
            let entering = influx[cell] * window.calcium(f64::from(*r)) as f32;
            fast[cell] = flushed(fast[cell] * decays[1] + entering * gains[0]);
            slow[cell] = flushed(slow[cell] * decays[2] + entering * gains[1]);
            influx[cell] = flushed(influx[cell] * decays[0]);
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
        // Najafi 2014: half of the slow transient is gone after 74 ms.
        let (at, _) = highest(&slow);
        assert!((slow[at + 20 + 74] / slow[at + 20] - 0.5).abs() < 0.03);
    }

    #[test]
    fn steady_inhibition_scales_the_transient_as_the_window_has_it() {
        for r in [0.0f32, 0.5, 2.0] {
            let amplitude = window::Settings::default().calcium(f64::from(r)) as f32;
            assert!((highest(&courses(r).0).1 - amplitude).abs() < 1e-4, "r = {r}");
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

    #[test]
    fn parallel_fibres_add_calcium_only_above_rest_and_more_in_a_long_burst() {
        let settings = Settings::default();
        assert_eq!(settings.parallel_share(0.3, 0.0), 0.0);
        assert!((settings.parallel_share(7.0, 10.0) - 0.12).abs() < 1e-12);
        assert!((settings.parallel_share(7.0, 31.0) - 0.156).abs() < 1e-12);
    }
}
