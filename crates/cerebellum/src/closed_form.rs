//! The closed form of the gate: an oracle for tests and a shortcut for sweeps, never what a session is judged by.
//!
//! Its r̄ is the population's mean MLI1 rate over +2…+22 ms, 6-ms filtered, relative to base.

use crate::{olive, window};

/// r̄ at synchrony `s`, 0…1 (cerebellum.md §3.5, fit to the pilot's spiking gate).
#[must_use]
pub fn inhibition(s: f64) -> f64 {
    1.0 - 0.56 * (1.0 - libm::exp(-s / 0.23))
}

/// W at synchrony `s`.
#[must_use]
pub fn window_at(s: f64) -> f64 {
    window::lambda(window::calcium(inhibition(s)))
}

/// W at error size `u` if exactly the expected share of fibres fired, all together.
#[must_use]
pub fn window(u: f64) -> f64 {
    window_at(olive::recruitment(u))
}
