//! The window: how far plasticity stands open, from the calcium of a climbing-fibre event (cerebellum.md §3.4, §5.2).

use crate::parameters::settings;

/// Calcium of a climbing-fibre event without any interneuron inhibition; a solitary event at base inhibition has 1.
/// Fit to Park 2026's deposited +15 % at r̄ ≈ 0.64.
pub const CALCIUM_UNINHIBITED: f64 = 1.57;
/// Weight of inhibition on calcium; same fit.
pub const CALCIUM_INHIBITION: f64 = 0.57;
/// Calcium at which plasticity turns over ◇ (pilot).
pub const THRESHOLD: f64 = 1.12;
/// Steepness of the turn ◇ (pilot; an ultrasensitive switch after Gallimore 2018).
pub const STEEPNESS: f64 = 0.02;

settings! {
    /// Calcium of a climbing fibre's event and the window that it opens.
    pub struct Settings {
        /// Calcium of an event without any interneuron inhibition; a solitary one at base inhibition has 1.
        uninhibited: f64 [1, 10] "",
        /// Weight of inhibition on calcium.
        inhibition: f64 [0, 10] "",
        /// Calcium at which plasticity turns over.
        threshold: f64 [0.1, 10] "",
        /// Steepness of the turn.
        steepness: f64 [0.001, 1] "",
    }
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            uninhibited: CALCIUM_UNINHIBITED,
            inhibition: CALCIUM_INHIBITION,
            threshold: THRESHOLD,
            steepness: STEEPNESS,
        }
    }
}

/// Amplitude A of a climbing fibre's calcium event, from `r`, the MLI1 rate relative to base over +2…+22 ms.
#[must_use]
pub fn calcium(r: f64) -> f64 {
    CALCIUM_UNINHIBITED / (1.0 + CALCIUM_INHIBITION * r)
}

/// Λ(A), 0…1: share of full plasticity that calcium `a` lets through.
#[must_use]
pub fn lambda(a: f64) -> f64 {
    1.0 / (1.0 + libm::exp(-(a - THRESHOLD) / STEEPNESS))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_solitary_event_at_base_inhibition_has_calcium_1_and_a_closed_window() {
        assert!((calcium(1.0) - 1.0).abs() < 1e-15);
        assert!((lambda(1.0) - 0.002_472_6).abs() < 1e-6);
    }

    #[test]
    fn the_window_stands_half_open_at_its_threshold() {
        assert_eq!(lambda(THRESHOLD), 0.5);
        assert!(lambda(calcium(0.0)) > 0.999_999);
    }
}
