//! How a finger keeps time: a noisy clock that corrects its phase and its period, and a motor delay on top
//! (Wing and Kristofferson's two levels with linear correction, science/skill.md §4.1).

use crate::time::Nanos;

/// A timekeeper following targets; times in ms.
///
/// `t' = t + τ + ξ − α·Â + M' − M`, `τ' = τ − β·Â`, with `Â = A − μ` and `A = t − s` the asynchrony to target `s`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Timekeeper {
    /// Share of an asynchrony that the next tap corrects.
    pub alpha: f64,
    /// Share of an asynchrony that the period takes on.
    pub beta: f64,
    /// The asynchrony that feels simultaneous.
    pub mu: f64,
    /// The present period.
    pub tau: f64,
    /// The last tap, its motor delay taken off.
    intended: f64,
    /// The last tap's motor delay.
    delay: f64,
}

impl Timekeeper {
    /// A timekeeper whose first tap falls at `t`, of which `delay` is motor.
    #[must_use]
    pub fn starting(alpha: f64, beta: f64, mu: f64, tau: f64, t: f64, delay: f64) -> Self {
        Self { alpha, beta, mu, tau, intended: t - delay, delay }
    }

    /// The last tap's time.
    #[must_use]
    pub fn t(&self) -> f64 {
        self.intended + self.delay
    }

    /// Makes the next tap, after the last one met the target at `s`; `clock` is the timekeeper's noise of this interval
    /// and `delay` the motor delay of the new tap.
    pub fn tap(&mut self, s: f64, clock: f64, delay: f64) -> f64 {
        let felt = self.t() - s - self.mu;
        self.intended += self.tau + clock - self.alpha * felt;
        self.delay = delay;
        self.tau -= self.beta * felt;
        self.t()
    }
}

/// Variance of the asynchrony without its motor part, for a steady beat without period correction, ms²:
/// `(σ_T² + α²σ_M²) / (α(2 − α))`.
#[must_use]
pub fn phase_variance(alpha: f64, sd_clock: f64, sd_motor: f64) -> f64 {
    (sd_clock * sd_clock + alpha * alpha * sd_motor * sd_motor) / (alpha * (2.0 - alpha))
}

/// How precise a player's clock and hand are; the defaults are those of science/skill.md §4.2.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Precision {
    /// Clock noise that no interval falls below, ms.
    pub clock_floor: f64,
    /// Clock noise as a share of the interval.
    pub clock_share: f64,
    /// Motor noise, ms.
    pub motor: f64,
    /// Phase correction: intercept, slope per second of interval, and upper end.
    pub alpha: (f64, f64, f64),
    /// Period correction while the tempo changes; a steady beat is not corrected.
    pub beta: f64,
}

impl Precision {
    /// SD of the clock over an interval, ms.
    #[must_use]
    pub fn sd_clock(&self, interval: Nanos) -> f64 {
        let grown = self.clock_share * interval.as_ms();
        libm::sqrt(self.clock_floor * self.clock_floor + grown * grown)
    }

    /// Phase correction at an interval.
    #[must_use]
    pub fn alpha(&self, interval: Nanos) -> f64 {
        let (least, slope, most) = self.alpha;
        (least + slope * interval.as_secs()).min(most)
    }

    /// SD of the asynchrony to a steady beat, ms.
    #[must_use]
    pub fn sd_asynchrony(&self, interval: Nanos) -> f64 {
        let phase = phase_variance(self.alpha(interval), self.sd_clock(interval), self.motor);
        libm::sqrt(phase + self.motor * self.motor)
    }
}

/// By what a beat is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Modality {
    Tone,
    /// A ball that bounces or arrives.
    Ball,
    Flash,
}

/// Below these intervals nobody follows a beat, ms (skill.md §4.2; its fast limit for flashes is §1's).
const FASTEST_TONE: Nanos = Nanos::ms(120);
const FASTEST_FLASH: Nanos = Nanos::ms(400);
/// The shortest part of a beat that it still helps to count, ms (skill.md §4.2, sound).
const SHORTEST_PART: Nanos = Nanos::ms(250);
/// What counting shorter parts costs (same source).
const HASTE: f64 = 1.6;

impl Modality {
    /// The clock's noise relative to a tone's; none at intervals that cannot be followed.
    #[must_use]
    pub fn noise(self, interval: Nanos) -> Option<f64> {
        let (noise, fastest) = match self {
            Self::Tone => (1.0, FASTEST_TONE),
            Self::Ball => (1.1, FASTEST_TONE),
            Self::Flash => (2.0, FASTEST_FLASH),
        };
        (interval >= fastest).then_some(noise)
    }
}

/// The clock's noise over an interval that is counted in `parts` (1 or more), relative to one that is not.
#[must_use]
pub fn subdivided(interval: Nanos, parts: u32) -> f64 {
    let helps = 1.0 / libm::sqrt(f64::from(parts.max(1)));
    if parts > 1 && interval.0 / i64::from(parts) < SHORTEST_PART.0 { helps * HASTE } else { helps }
}

#[cfg(test)]
mod tests {
    use doozy_cerebellum::rng::Stream;

    use super::*;

    /// Asynchronies to `targets` of a player without noise.
    fn asynchronies(targets: &[f64], alpha: f64, beta: f64) -> (Vec<f64>, f64) {
        let mut timekeeper = Timekeeper::starting(alpha, beta, 0.0, 500.0, targets[0], 0.0);
        let mut found = vec![0.0];
        for pair in targets.windows(2) {
            found.push(timekeeper.tap(pair[0], 0.0, 0.0) - pair[1]);
        }
        (found, timekeeper.tau)
    }

    #[test]
    fn a_shift_of_fifty_is_halved_with_every_tap() {
        let targets = [0.0, 500.0, 1050.0, 1550.0, 2050.0, 2550.0, 3050.0, 3550.0];
        assert_eq!(asynchronies(&targets, 0.5, 0.0).0, [0.0, 0.0, -50.0, -25.0, -12.5, -6.25, -3.125, -1.5625]);
    }

    fn faster() -> Vec<f64> {
        (0..10).map(|n| if n < 3 { 500.0 * f64::from(n) } else { 1000.0 + 450.0 * f64::from(n - 2) }).collect()
    }

    #[test]
    fn without_period_correction_a_faster_beat_runs_away_to_its_limit() {
        let expected = [0.0, 0.0, 0.0, 50.0, 75.0, 87.5, 93.75, 96.875, 98.4375];
        assert_eq!(asynchronies(&faster()[..9], 0.5, 0.0).0, expected);
    }

    #[test]
    fn period_correction_finds_the_new_tempo() {
        let (found, _) = asynchronies(&faster()[..10], 0.5, 0.1);
        let expected = [0.0, 0.0, 0.0, 50.0, 75.0, 82.5, 78.75, 68.625, 55.6875, 42.35625];
        for (found, expected) in found.iter().zip(expected) {
            assert!((found - expected).abs() < 1e-9, "{found} for {expected}");
        }
        // the period that the last of these taps leaves behind
        let mut timekeeper = Timekeeper::starting(0.5, 0.1, 0.0, 500.0, 0.0, 0.0);
        for target in faster() {
            timekeeper.tap(target, 0.0, 0.0);
        }
        assert!((timekeeper.tau - 454.7081).abs() < 1e-4, "{}", timekeeper.tau);
    }

    #[test]
    fn a_short_period_leaves_a_steady_lead() {
        // τ 5 ms short, α 0.25: −20 ms
        let mut timekeeper = Timekeeper::starting(0.25, 0.0, 0.0, 495.0, 0.0, 0.0);
        for n in 0..200 {
            timekeeper.tap(500.0 * f64::from(n), 0.0, 0.0);
        }
        assert!((timekeeper.t() - 500.0 * 200.0 + 20.0).abs() < 1e-9);
    }

    #[test]
    fn the_spread_of_asynchronies_is_the_formulas() {
        // (α, σ_T, σ_M) → SD (science/skill.md §4.1)
        let table =
            [(0.25, 15.0, 8.0, 24.24), (0.5, 15.0, 8.0, 19.63), (0.75, 15.0, 8.0, 18.50), (1.0, 20.0, 10.0, 24.49)];
        for (row, (alpha, clock, motor, sd)) in table.into_iter().enumerate() {
            let formula = libm::sqrt(phase_variance(alpha, clock, motor) + motor * motor);
            assert!((formula - sd).abs() < 0.005, "{formula} for {sd}");
            let mut stream = Stream::named(4, "spread", row as u64);
            let mut timekeeper = Timekeeper::starting(alpha, 0.0, 0.0, 500.0, 0.0, 0.0);
            let steps = 100_000;
            let mut squares = 0.0;
            for n in 0..steps {
                let target = 500.0 * f64::from(n);
                let t = timekeeper.tap(target, clock * stream.gaussian(), motor * stream.gaussian());
                squares += (t - target - 500.0) * (t - target - 500.0);
            }
            let measured = libm::sqrt(squares / f64::from(steps));
            assert!((measured / formula - 1.0).abs() < 0.01, "{measured} for {formula}");
        }
    }
}
