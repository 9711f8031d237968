//! The closed form of the gate: an oracle for tests and a shortcut for sweeps, never what a session is judged by.
//!
//! Its r̄ is the population's mean MLI1 rate over +2…+22 ms, 6-ms filtered, relative to base.

use crate::olive::{SYNCHRONY_MS, U_MAX};
use crate::parameters::Parameters;
use crate::rng::{normal_cdf, normal_quantile};
use crate::window;

/// r̄ at synchrony `s`, 0…1 (cerebellum.md §3.5, fit to the pilot's spiking gate).
#[must_use]
pub fn inhibition(s: f64) -> f64 {
    1.0 - 0.56 * (1.0 - libm::exp(-s / 0.23))
}

/// W at synchrony `s`.
#[must_use]
pub fn window_at(parameters: &Parameters, s: f64) -> f64 {
    parameters.window.lambda(parameters.window.calcium(inhibition(s)))
}

/// W at error size `u` if exactly the expected share of fibres fired, all together.
#[must_use]
pub fn window(parameters: &Parameters, u: f64) -> f64 {
    window_at(parameters, parameters.olive.recruitment(u))
}

/// Steps of the tables by error size, a goal SD.
const STEPS_A_GOAL: usize = 64;
const STEPS: usize = U_MAX as usize * STEPS_A_GOAL;

/// The closed form with the volley drawn: what a sweep takes for the network of the game.
///
/// [`window()`] is a switch at u = 1.37; the network, whose volleys are drawn fibre by fibre on a shared olive input, opens at
/// u = 1 once in twenty times and at u = 2 in 72 of 100. Here the shared input, the number of fibres and the gate's own
/// spread are drawn, three Gaussians an event. The gate's two constants and its spread are fit to the network's curve in
/// docs/science/cerebellum.md; docs/science/learners.md tells how well.
#[derive(Clone, Debug)]
pub struct Drawn {
    window: window::Settings,
    /// By error size: the share of fibres that join, as a Gaussian quantile, and how many of those fall within ±10 ms.
    by_size: Vec<(f64, f64)>,
    shared: f64,
    own: f64,
    fibres: f64,
}

/// Depth of the release of inhibition in `small`, and the synchrony over which it comes ◇: as in [`inhibition`], which was
/// fit to the pilot's gate.
const DEPTH: f64 = 0.517;
const REACH: f64 = 0.250;
/// Spread of the network's answers at one synchrony, in logits of W ◇: least where the window stands half open.
const SPREAD: f64 = 0.85;
const SPREAD_GROWS: f64 = 0.107;

impl Drawn {
    #[must_use]
    pub fn new(parameters: &Parameters) -> Self {
        let olive = &parameters.olive;
        let by_size = (0..=STEPS)
            .map(|k| {
                let u = k as f64 / STEPS_A_GOAL as f64;
                let (sd, cut) = (olive.jitter_sd_ms(u), olive.jitter_cut_ms(u));
                let within = |ms: f64| if sd > 0.0 { 2.0 * normal_cdf(ms / sd) - 1.0 } else { 1.0 };
                let share = (within(SYNCHRONY_MS as f64) / within(cut).max(f64::MIN_POSITIVE)).min(1.0);
                (normal_quantile(olive.recruitment(u)), share)
            })
            .collect();
        // fibres with a threshold of their own stand near the floor or the top and hardly feel the shared input
        let correlation = olive.coupled * (1.0 - olive.threshold_share);
        Self {
            window: parameters.window.clone(),
            by_size,
            shared: libm::sqrt(correlation),
            own: libm::sqrt(1.0 - correlation),
            fibres: parameters.cells.fibres as f64,
        }
    }

    /// W and synchrony of an error of size `u`; the draws are standard Gaussians: the olive's shared input, the fibres' own,
    /// and the gate's.
    #[must_use]
    pub fn answer(&self, u: f64, [shared, own, gate]: [f64; 3]) -> (f64, f64) {
        let at = u.clamp(0.0, U_MAX) * STEPS_A_GOAL as f64;
        let below = (at as usize).min(STEPS - 1);
        let part = at - below as f64;
        let ((q0, s0), (q1, s1)) = (self.by_size[below], self.by_size[below + 1]);
        let joins = normal_cdf((q0 + part * (q1 - q0) + self.shared * shared) / self.own);
        let expected = joins * (s0 + part * (s1 - s0));
        let s = (expected + own * libm::sqrt(expected * (1.0 - expected) / self.fibres)).clamp(0.0, 1.0);
        let released = 1.0 - DEPTH * (1.0 - libm::exp(-s / REACH));
        let logit = (self.window.calcium(released) - self.window.threshold) / self.window.steepness;
        let spread = SPREAD + SPREAD_GROWS * libm::fabs(logit);
        (1.0 / (1.0 + libm::exp(-(logit + spread * gate))), s)
    }
}

/// The mean dose W · s by error size, relative to that of one size.
#[derive(Clone, Debug)]
pub struct Doses(Vec<f64>);

impl Doses {
    /// Means over the draws of [`Drawn`], by midpoints of equal probability.
    #[must_use]
    pub fn relative_to(parameters: &Parameters, u: f64) -> Self {
        const POINTS: usize = 24;
        let drawn = Drawn::new(parameters);
        let points: Vec<f64> = (0..POINTS).map(|k| normal_quantile((k as f64 + 0.5) / POINTS as f64)).collect();
        let mean = |u: f64| {
            let mut sum = 0.0;
            for shared in &points {
                for own in &points {
                    let (w, s) = drawn.answer(u, [*shared, *own, 0.0]);
                    sum += w * s;
                }
            }
            sum / (POINTS * POINTS) as f64
        };
        let one = mean(u);
        Self((0..=STEPS).map(|k| mean(k as f64 / STEPS_A_GOAL as f64) / one).collect())
    }

    /// The relative mean dose of an error of size `u` (0…4, capped).
    #[must_use]
    pub fn at(&self, u: f64) -> f64 {
        let at = u.clamp(0.0, U_MAX) * STEPS_A_GOAL as f64;
        let below = (at as usize).min(STEPS - 1);
        self.0[below] + (at - below as f64) * (self.0[below + 1] - self.0[below])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::presets::Preset;
    use crate::rng::Stream;

    #[test]
    fn the_window_at_a_synchrony_is_the_one_of_the_specification() {
        let parameters = Parameters::of(Preset::Small);
        // cerebellum.md §3.5
        for (s, w) in [(1.0 / 16.0, 0.03), (1.0 / 8.0, 0.21), (1.0 / 4.0, 0.86), (1.0 / 2.0, 0.99), (1.0, 1.0)] {
            assert!((window_at(&parameters, s) - w).abs() < 0.006, "s = {s}: {}", window_at(&parameters, s));
        }
    }

    #[test]
    fn the_window_of_an_error_is_the_one_of_the_contract() {
        let parameters = Parameters::of(Preset::Small);
        // training.md §5
        for (u, w) in [(1.0, 0.07), (1.3, 0.38), (1.4, 0.55), (2.0, 0.97), (3.0, 0.996)] {
            assert!((window(&parameters, u) - w).abs() < 0.006, "u = {u}: {}", window(&parameters, u));
        }
    }

    #[test]
    fn drawn_answers_are_as_often_open_and_as_large_as_the_networks() {
        let drawn = Drawn::new(&Parameters::of(Preset::Small));
        let mut stream = Stream::named(1, "drawn", 0);
        // docs/science/cerebellum.md, the curve of `small`: u, mean W, share with W > 0.5, mean dose, its 90th percentile
        let table = [
            (0.5, 0.021, 0.007, 0.002, 0.00),
            (1.0, 0.087, 0.052, 0.016, 0.04),
            (1.5, 0.352, 0.339, 0.101, 0.30),
            (2.0, 0.669, 0.720, 0.265, 0.53),
            (2.5, 0.841, 0.900, 0.426, 0.69),
            (3.0, 0.911, 0.953, 0.543, 0.79),
            (4.0, 0.955, 0.984, 0.668, 0.89),
        ];
        for (u, w, open, dose, high) in table {
            let n = 20_000;
            let answers: Vec<(f64, f64)> =
                (0..n).map(|_| drawn.answer(u, [stream.gaussian(), stream.gaussian(), stream.gaussian()])).collect();
            let mean = |f: &dyn Fn(&(f64, f64)) -> f64| answers.iter().map(f).sum::<f64>() / f64::from(n);
            let mut doses: Vec<f64> = answers.iter().map(|(w, s)| w * s).collect();
            doses.sort_by(f64::total_cmp);
            let found = [
                mean(&|a| a.0),
                mean(&|a| f64::from(u8::from(a.0 > 0.5))),
                mean(&|a| a.0 * a.1),
                doses[doses.len() * 9 / 10],
            ];
            for (found, (expected, within)) in
                found.into_iter().zip([(w, 0.02), (open, 0.025), (dose, 0.01), (high, 0.02)])
            {
                assert!((found - expected).abs() < within, "u = {u}: {found:.3} for {expected}");
            }
        }
    }

    #[test]
    fn relative_doses_are_one_where_they_are_told_to_be() {
        let doses = Doses::relative_to(&Parameters::of(Preset::Small), 2.0);
        assert!((doses.at(2.0) - 1.0).abs() < 1e-12);
        assert!(doses.at(0.5) < 0.02 && doses.at(1.0) < 0.08);
        assert!(doses.at(4.0) > 2.0 && doses.at(9.0) == doses.at(4.0));
    }
}
