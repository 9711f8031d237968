//! The X server's clock: 32 bits of milliseconds on a base that the protocol leaves open.
//!
//! Where that base is found to be CLOCK_MONOTONIC, the server's stamp bounds an event from both sides; where it is not, the
//! arrival alone stands.

use doozy_training::{
    event::TimeSource,
    time::{HostTime, Nanos},
};
use rustix::time::{ClockId, clock_getres};

use crate::input::stamps::{ARRIVAL_ERR, Believed, NEWEST, OLDEST};

const MS: i64 = 1_000_000;

/// What is known about the server's clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ServerClock {
    /// It is CLOCK_MONOTONIC: an event stamped `s` happened within `s … s + span`.
    Monotonic { span: Nanos },
    /// Its base is unknown, or another machine's.
    Unknown,
}

/// A moment that the server gave between two of ours.
#[derive(Clone, Copy, Debug)]
pub struct Sample {
    pub before: HostTime,
    pub server_ms: u32,
    pub after: HostTime,
}

impl ServerClock {
    #[must_use]
    pub fn is_known(self) -> bool {
        matches!(self, Self::Monotonic { .. })
    }

    /// From several samples: monotonic only if every one of them fits.
    #[must_use]
    pub fn from_samples(samples: &[Sample]) -> Self {
        let span = span();
        let fits = |sample: &Sample| {
            let server = nearest(sample.server_ms, sample.after);
            server + span >= sample.before && server <= sample.after
        };
        if !samples.is_empty() && samples.iter().all(fits) { Self::Monotonic { span } } else { Self::Unknown }
    }

    /// The time of an event that arrived at `arrival` with the server's stamp, where `floor` is already promised.
    ///
    /// Arrival, but no later than the server's stamp allows; never before the floor. The source is
    /// [`TimeSource::Arrival`] where the server's stamp could not be true (cases A25).
    #[must_use]
    pub fn believe(self, server_ms: u32, arrival: HostTime, floor: HostTime) -> Believed {
        let plain = Believed { t: arrival.max(floor), err: ARRIVAL_ERR, source: TimeSource::X11 };
        let Self::Monotonic { span } = self else { return plain };
        let server = nearest(server_ms, arrival);
        let age = server - arrival;
        if age < OLDEST || age > NEWEST {
            return Believed { source: TimeSource::Arrival, ..plain };
        }
        let t = arrival.min(server + span).max(floor);
        Believed { t, err: Nanos((t - server).0.max(0)), source: TimeSource::X11 }
    }
}

/// How long an event may lie behind its stamp, which is cut to whole milliseconds: 1 ms, plus the tick of the coarse clock
/// where that is fine enough for the X server to prefer it (1 ms or better: GetTimeInMillis in the server's os/utils.c).
fn span() -> Nanos {
    let coarse = clock_getres(ClockId::MonotonicCoarse);
    let tick = Nanos(coarse.tv_sec * 1_000 * MS + coarse.tv_nsec);
    if tick <= Nanos::ms(1) { Nanos::ms(1) + tick } else { Nanos::ms(1) }
}

/// The moment with these low 32 bits of milliseconds that is nearest to `reference`.
fn nearest(server_ms: u32, reference: HostTime) -> HostTime {
    let reference_ms = reference.0.div_euclid(MS);
    let behind = (reference_ms as u32).wrapping_sub(server_ms) as i32;
    HostTime((reference_ms - i64::from(behind)) * MS)
}

#[cfg(test)]
mod tests {
    use super::*;

    const CLOCK: ServerClock = ServerClock::Monotonic { span: Nanos::ms(1) };
    const FLOOR: HostTime = HostTime::DISTANT_PAST;

    fn us(t: i64) -> HostTime {
        HostTime(t * 1000)
    }

    #[test]
    fn a_prompt_arrival_is_the_time_and_a_late_one_is_bounded() {
        // Pressed at 10,000.300 ms: the server says 10,000.
        let prompt = CLOCK.believe(10_000, us(10_000_430), FLOOR);
        assert_eq!((prompt.t, prompt.err, prompt.source), (us(10_000_430), Nanos(430_000), TimeSource::X11));
        let late = CLOCK.believe(10_000, us(10_007_400), FLOOR);
        assert_eq!((late.t, late.err, late.source), (us(10_001_000), Nanos::ms(1), TimeSource::X11));
    }

    #[test]
    fn nothing_lies_before_the_promise() {
        let promised = us(10_020_000);
        let believed = CLOCK.believe(10_000, us(10_030_000), promised);
        assert_eq!((believed.t, believed.err), (promised, Nanos::ms(20)));
    }

    #[test]
    fn a_server_stamp_that_cannot_be_true_is_an_arrival() {
        for server_ms in [9_749, 10_003, 22_666] {
            let believed = CLOCK.believe(server_ms, us(10_000_000), FLOOR);
            assert_eq!((believed.t, believed.source), (us(10_000_000), TimeSource::Arrival), "{server_ms}");
        }
        assert_eq!(CLOCK.believe(9_750, us(10_000_000), FLOOR).t, us(9_751_000));
    }

    #[test]
    fn milliseconds_wrap_after_49_days() {
        let wrap_us = (1_i64 << 32) * 1000;
        assert_eq!(CLOCK.believe(u32::MAX, us(wrap_us + 200), FLOOR).t, us(wrap_us));
        assert_eq!(CLOCK.believe(0, us(wrap_us + 200), FLOOR).t, us(wrap_us + 200));
    }

    #[test]
    fn a_server_on_another_base_is_not_believed() {
        let sample = |server_ms| Sample { before: us(10_000_100), server_ms, after: us(10_000_900) };
        assert!(matches!(ServerClock::from_samples(&[sample(10_000)]), ServerClock::Monotonic { .. }));
        assert_eq!(ServerClock::from_samples(&[sample(10_000), sample(10_001)]), ServerClock::Unknown);
        assert_eq!(ServerClock::from_samples(&[sample(77_000)]), ServerClock::Unknown);
        assert_eq!(ServerClock::from_samples(&[]), ServerClock::Unknown);
        let believed = ServerClock::Unknown.believe(77_000, us(10_000_900), FLOOR);
        assert_eq!((believed.t, believed.err, believed.source), (us(10_000_900), ARRIVAL_ERR, TimeSource::X11));
    }
}
