//! Notices that the machine slept, from two clocks: one that stands still meanwhile and one that does not.
//!
//! Neither behaviour is promised by any system, so both are watched (cases A34): on Linux the monotonic clock stands still and
//! the time since boot runs on; where the monotonic clock counts the sleep too, it leaps between two looks.

use doozy_training::time::{HostTime, Nanos};

/// Time that the clocks may drift apart by before the machine counts as having slept.
const SLEPT: Nanos = Nanos::ms(1_000);
/// A leap this long between two looks, which come every millisecond, is a sleep too, or as bad: cues are handed over 2 s ahead,
/// so a conductor that stood still for longer has left some out.
const LEAPT: Nanos = Nanos::ms(2_000);

/// A stretch that the machine slept through.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Gap {
    /// The last moment known to be before it.
    pub from: HostTime,
    pub length: Nanos,
}

/// The detector.
#[derive(Clone, Copy, Debug)]
pub struct Sleep {
    last: HostTime,
    asleep: Nanos,
}

impl Sleep {
    /// Starts at `now`, with `asleep` the time since boot less the monotonic time.
    #[must_use]
    pub fn new(now: HostTime, asleep: Nanos) -> Self {
        Self { last: now, asleep }
    }

    /// To be called often; a gap is told once.
    pub fn look(&mut self, now: HostTime, asleep: Nanos) -> Option<Gap> {
        let (from, step, apart) = (self.last, now - self.last, asleep - self.asleep);
        (self.last, self.asleep) = (now, asleep);
        let leapt = if step >= LEAPT { step } else { Nanos::ZERO };
        let slept = if apart >= SLEPT { apart } else { Nanos::ZERO };
        let length = leapt + slept;
        (length > Nanos::ZERO).then_some(Gap { from, length })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn s(seconds: i64) -> Nanos {
        Nanos::ms(1_000 * seconds)
    }

    #[test]
    fn both_kinds_of_sleep_are_noticed_with_their_length() {
        for (monotonic, boot) in [(0, 600), (600, 0), (300, 300)] {
            let mut sleep = Sleep::new(HostTime(5), s(40));
            let before = HostTime(5) + Nanos::ms(1);
            assert_eq!(sleep.look(before, s(40)), None);
            let after = before + s(monotonic) + Nanos::ms(1);
            let gap = sleep.look(after, s(40 + boot)).unwrap();
            assert_eq!(gap.from, before);
            assert!((gap.length - s(600)).abs() <= Nanos::ms(1));
            assert_eq!(sleep.look(after + Nanos::ms(1), s(40 + boot)), None);
        }
    }

    #[test]
    fn a_busy_machine_is_not_asleep() {
        let mut sleep = Sleep::new(HostTime(0), s(0));
        // A stall of 1.9 s, and clocks that drift apart a little with each look.
        assert_eq!(sleep.look(HostTime(0) + Nanos::ms(1_900), Nanos::ms(1)), None);
        for n in 1..10_000 {
            assert_eq!(sleep.look(HostTime(0) + Nanos::ms(1_900 + n), Nanos(1_000_000 + 200 * n)), None);
        }
    }
}
