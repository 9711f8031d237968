//! The closed form of the gate: an oracle for tests and a shortcut for sweeps, never what a session is judged by.
//!
//! Its r̄ is the population's mean MLI1 rate over +2…+22 ms, 6-ms filtered, relative to base.

use crate::parameters::Parameters;

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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::presets::Preset;

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
}
