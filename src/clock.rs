//! The host's monotonic clock, the one clock that judges, and a virtual one in its place for demo and tests.
//!
//! This is where [`HostTime`] comes from. Wall time is read only for people, for file names and for the mapping of pad
//! events (`input::stamps`); no judgement may use it.

use std::sync::{
    Arc,
    atomic::{AtomicI64, Ordering},
};

use doozy_training::time::{HostTime, Nanos};
use rustix::time::{ClockId, Timespec, clock_gettime};

/// The moment by CLOCK_MONOTONIC, which no change of the wall clock moves and which stands still in suspend.
#[must_use]
pub fn now() -> HostTime {
    HostTime(nanos(clock_gettime(ClockId::Monotonic)))
}

/// Wall time in nanoseconds since 1970-01-01T00:00:00Z. It may step at any time, in either direction.
#[must_use]
pub fn wall() -> i64 {
    nanos(clock_gettime(ClockId::Realtime))
}

/// Time since boot with suspend counted: its distance to [`now`] grows by the length of each suspend.
#[must_use]
pub fn since_boot() -> Nanos {
    Nanos(nanos(clock_gettime(ClockId::Boottime)))
}

/// Seconds of a core that the calling thread has had: what it waited for others is not in it.
#[must_use]
pub fn thread_seconds() -> f64 {
    nanos(clock_gettime(ClockId::ThreadCPUTime)) as f64 / 1e9
}

fn nanos(t: Timespec) -> i64 {
    t.tv_sec * 1_000_000_000 + t.tv_nsec
}

/// A clock to run a session on: the host's own, or a shared virtual one that a driver advances.
#[derive(Clone, Debug)]
pub struct Clock(Kind);

#[derive(Clone, Debug)]
enum Kind {
    Host,
    Virtual(Arc<AtomicI64>),
    /// A host's clock that a test moves: its time, and how long the machine has slept.
    #[cfg(test)]
    Simulated(Arc<[AtomicI64; 2]>),
}

impl Clock {
    #[must_use]
    pub fn host() -> Self {
        Self(Kind::Host)
    }

    #[must_use]
    pub fn now(&self) -> HostTime {
        match &self.0 {
            Kind::Host => now(),
            Kind::Virtual(t) => HostTime(t.load(Ordering::Acquire)),
            #[cfg(test)]
            Kind::Simulated(t) => HostTime(t[0].load(Ordering::Acquire)),
        }
    }

    /// How far the clock that counts suspends is ahead of this one: it grows by the length of each suspend. Its zero has no
    /// meaning.
    #[must_use]
    pub fn asleep(&self) -> Nanos {
        match &self.0 {
            Kind::Host => since_boot() - (now() - HostTime(0)),
            Kind::Virtual(_) => Nanos::ZERO,
            #[cfg(test)]
            Kind::Simulated(t) => Nanos(t[1].load(Ordering::Acquire)),
        }
    }

    /// A clock that passes for the host's, at `now`; [`Clock::pass`] moves it and all its clones.
    #[cfg(test)]
    pub fn simulated(now: HostTime) -> Self {
        Self(Kind::Simulated(Arc::new([AtomicI64::new(now.0), AtomicI64::new(0)])))
    }

    /// Lets `monotonic` go by on a simulated clock, and `asleep` more on the one that counts suspends.
    #[cfg(test)]
    pub fn pass(&self, monotonic: Nanos, asleep: Nanos) {
        if let Kind::Simulated(t) = &self.0 {
            t[0].fetch_add(monotonic.0, Ordering::AcqRel);
            t[1].fetch_add(asleep.0, Ordering::AcqRel);
        }
    }

    #[must_use]
    pub fn is_virtual(&self) -> bool {
        matches!(self.0, Kind::Virtual(_))
    }
}

/// The driver's end of virtual time; every [`Clock`] taken from it shows the same moment.
#[derive(Debug)]
pub struct VirtualClock(Arc<AtomicI64>);

impl VirtualClock {
    #[must_use]
    pub fn starting_at(t: HostTime) -> Self {
        Self(Arc::new(AtomicI64::new(t.0)))
    }

    #[must_use]
    pub fn clock(&self) -> Clock {
        Clock(Kind::Virtual(Arc::clone(&self.0)))
    }

    #[must_use]
    pub fn now(&self) -> HostTime {
        HostTime(self.0.load(Ordering::Acquire))
    }

    /// Moves time to `t`; a `t` that lies behind changes nothing, for virtual time is monotonic too.
    pub fn advance_to(&self, t: HostTime) {
        self.0.fetch_max(t.0, Ordering::AcqRel);
    }

    /// Moves time on by `by`; negative lengths change nothing.
    pub fn advance(&self, by: Nanos) {
        self.0.fetch_add(by.0.max(0), Ordering::AcqRel);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hosts_clock_never_runs_backwards() {
        let mut last = now();
        for _ in 0..10_000 {
            let t = now();
            assert!(t >= last);
            last = t;
        }
    }

    #[test]
    fn virtual_time_moves_only_when_driven_and_only_forwards() {
        let driver = VirtualClock::starting_at(HostTime(5));
        let clock = driver.clock();
        assert!(clock.is_virtual());
        assert_eq!(clock.now(), HostTime(5));
        driver.advance(Nanos(3));
        driver.advance(Nanos(-100));
        driver.advance_to(HostTime(2));
        assert_eq!(clock.now(), HostTime(8));
        driver.advance_to(HostTime(20));
        assert_eq!((clock.now(), driver.now()), (HostTime(20), HostTime(20)));
    }
}
