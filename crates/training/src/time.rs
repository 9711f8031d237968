//! Times as the judge knows them: integer nanoseconds of the host's monotonic clock, and nothing else.
//!
//! Floating-point seconds and milliseconds appear only where people read a number. This module reads no clock.

use std::{
    fmt,
    ops::{Add, AddAssign, Neg, Sub},
};

use serde::{Deserialize, Serialize};

/// A moment on the host's monotonic clock, in nanoseconds since an origin that only this machine's boot knows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct HostTime(pub i64);

/// A signed length of time in nanoseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Nanos(pub i64);

/// A position in the audio stream, in sample frames at the device's rate.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct SampleFrame(pub i64);

impl HostTime {
    /// Before every moment that a clock gives.
    pub const DISTANT_PAST: Self = Self(i64::MIN / 4);
    /// After every moment that a clock gives.
    pub const DISTANT_FUTURE: Self = Self(i64::MAX / 4);
}

impl Nanos {
    pub const ZERO: Self = Self(0);

    /// From milliseconds, rounded to the nearest nanosecond (ties away from zero).
    #[must_use]
    pub fn from_ms(ms: f64) -> Self {
        Self(libm::round(ms * 1e6) as i64)
    }

    /// From whole milliseconds.
    #[must_use]
    pub const fn ms(ms: i64) -> Self {
        Self(ms * 1_000_000)
    }

    /// In milliseconds, for people and for the unit-free ratios of the training rules.
    #[must_use]
    pub fn as_ms(self) -> f64 {
        self.0 as f64 / 1e6
    }

    /// In seconds, for people and for pictures.
    #[must_use]
    pub fn as_secs(self) -> f64 {
        self.0 as f64 / 1e9
    }

    #[must_use]
    pub const fn abs(self) -> Self {
        Self(self.0.abs())
    }
}

impl Add<Nanos> for HostTime {
    type Output = Self;
    fn add(self, by: Nanos) -> Self {
        Self(self.0 + by.0)
    }
}

impl Sub<Nanos> for HostTime {
    type Output = Self;
    fn sub(self, by: Nanos) -> Self {
        Self(self.0 - by.0)
    }
}

impl Sub for HostTime {
    type Output = Nanos;
    fn sub(self, since: Self) -> Nanos {
        Nanos(self.0 - since.0)
    }
}

impl Add for Nanos {
    type Output = Self;
    fn add(self, by: Self) -> Self {
        Self(self.0 + by.0)
    }
}

impl AddAssign for Nanos {
    fn add_assign(&mut self, by: Self) {
        self.0 += by.0;
    }
}

impl Sub for Nanos {
    type Output = Self;
    fn sub(self, by: Self) -> Self {
        Self(self.0 - by.0)
    }
}

impl Neg for Nanos {
    type Output = Self;
    fn neg(self) -> Self {
        Self(-self.0)
    }
}

impl fmt::Display for Nanos {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:.3} ms", self.as_ms())
    }
}

/// How a trial's own time maps to host time: `host = origin + at · (1 + rate_ppb / 10⁹)`.
///
/// Fixed when the trial starts (from the audio clock's fit where there is one) and written into the record, so that a
/// replay judges against the very same moments.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TrialClock {
    /// Host time at which the trial's own time is zero, as the player hears or sees it.
    pub origin: HostTime,
    /// How much slower the device's clock runs than the host's, in parts per 10⁹.
    pub rate_ppb: i64,
}

impl TrialClock {
    /// Host time of a moment of the trial. Integer arithmetic throughout: exact to the nanosecond.
    #[must_use]
    pub fn host(&self, at: Nanos) -> HostTime {
        let stretch = i128::from(at.0) * i128::from(self.rate_ppb) / 1_000_000_000;
        HostTime(self.origin.0 + at.0 + stretch as i64)
    }

    /// The moment of the trial that a host time falls on (to a nanosecond).
    #[must_use]
    pub fn trial(&self, t: HostTime) -> Nanos {
        let since = i128::from(t.0 - self.origin.0);
        Nanos((since * 1_000_000_000 / (1_000_000_000 + i128::from(self.rate_ppb))) as i64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn milliseconds_round_to_the_nanosecond() {
        assert_eq!(Nanos::from_ms(4.3), Nanos(4_300_000));
        assert_eq!(Nanos::from_ms(-12.35), Nanos(-12_350_000));
        assert_eq!(Nanos::from_ms(439.9996).as_ms(), 439.9996);
    }

    #[test]
    fn a_slow_card_moves_a_late_target_by_its_rate() {
        // cases A29: a card 100 ppm slow puts its 3,600th second at 3,600.36 s of the host (1/(1 - 1e-4) - 1 is 100,010 ppb).
        let clock = TrialClock { origin: HostTime(7), rate_ppb: 100_000 };
        assert_eq!(clock.host(Nanos::ms(3_600_000)), HostTime(7 + 3_600_360_000_000));
        assert_eq!(clock.trial(HostTime(7 + 3_600_360_000_000)), Nanos::ms(3_600_000));
    }

    #[test]
    fn eight_hours_keep_every_nanosecond() {
        let clock = TrialClock { origin: HostTime(0), rate_ppb: 0 };
        let target = clock.host(Nanos::ms(28_800_000));
        assert_eq!((target + Nanos::ms(3)) - target, Nanos::ms(3));
    }
}
