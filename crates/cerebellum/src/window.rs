//! The window: how far plasticity stands open, from the calcium of a climbing-fibre event (cerebellum.md §3.4, §5.2).

use crate::parameters::settings;

settings! {
    /// Calcium of a climbing fibre's event and the window that it opens.
    pub struct Settings {
        /// Calcium of an event without any interneuron inhibition; a solitary one at base inhibition has 1. Fit to Park 2026's
        /// deposited +15 % at r̄ ≈ 0.64.
        uninhibited: f64 [1, 10] "",
        /// Weight of inhibition on calcium; same fit.
        inhibition: f64 [0, 10] "",
        /// Calcium at which plasticity turns over ◇ (pilot).
        threshold: f64 [0.1, 10] "",
        /// Steepness of the turn ◇ (pilot; an ultrasensitive switch after Gallimore 2018).
        steepness: f64 [0.001, 1] "",
    }
}

impl Default for Settings {
    fn default() -> Self {
        Self { uninhibited: 1.57, inhibition: 0.57, threshold: 1.12, steepness: 0.02 }
    }
}

impl Settings {
    /// Amplitude A of a climbing fibre's calcium event, from `r`, the MLI1 rate relative to base over +2…+22 ms.
    #[must_use]
    pub fn calcium(&self, r: f64) -> f64 {
        self.uninhibited / (1.0 + self.inhibition * r)
    }

    /// Λ(A), 0…1: share of full plasticity that calcium `a` lets through.
    #[must_use]
    pub fn lambda(&self, a: f64) -> f64 {
        1.0 / (1.0 + libm::exp(-(a - self.threshold) / self.steepness))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_solitary_event_at_base_inhibition_has_calcium_1_and_a_closed_window() {
        let window = Settings::default();
        assert!((window.calcium(1.0) - 1.0).abs() < 1e-15);
        assert!((window.lambda(1.0) - 0.002_472_6).abs() < 1e-6);
    }

    #[test]
    fn the_window_stands_half_open_at_its_threshold() {
        let window = Settings::default();
        assert_eq!(window.lambda(window.threshold), 0.5);
        assert!(window.lambda(window.calcium(0.0)) > 0.999_999);
    }
}
