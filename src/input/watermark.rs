//! A watermark: "everything before t has been delivered", and the least of them over all taps that still move.

use std::sync::{
    Arc,
    atomic::{AtomicI64, Ordering},
};

use doozy_training::time::{HostTime, Nanos};

/// A tap whose watermark has stood still this long is left out (training.md §3).
pub const STALL: Nanos = Nanos::ms(500);

/// How much of the time between two looks counts towards [`STALL`].
///
/// ◇ Ours: when the whole process stood still, every watermark looks old at the first look after it, and no tap is to
/// blame. With 100 ms a tap is left out only after it was seen unmoved five times or more.
pub const MOST_PER_LOOK: Nanos = Nanos::ms(100);

/// A tap's promise, shared between its thread and the merge. It only rises.
#[derive(Clone, Debug)]
pub struct Watermark(Arc<AtomicI64>);

impl Watermark {
    #[must_use]
    pub fn starting_at(t: HostTime) -> Self {
        Self(Arc::new(AtomicI64::new(t.0)))
    }

    /// Promises that everything before `t` has been delivered. Deliver first, then raise.
    pub fn raise(&self, t: HostTime) {
        self.0.fetch_max(t.0, Ordering::AcqRel);
    }

    #[must_use]
    pub fn get(&self) -> HostTime {
        HostTime(self.0.load(Ordering::Acquire))
    }
}

/// Whether a tap takes part in the least watermark.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    Active,
    /// Its watermark stood still for [`STALL`].
    Stalled,
    /// It has ended and delivers nothing more.
    Ended,
}

/// How one tap's watermark was seen to move.
#[derive(Clone, Copy, Debug)]
pub struct Watch {
    seen: HostTime,
    unmoved: Nanos,
    looked: HostTime,
    standing: Standing,
}

impl Watch {
    #[must_use]
    pub fn from(now: HostTime, watermark: HostTime) -> Self {
        Self { seen: watermark, unmoved: Nanos::ZERO, looked: now, standing: Standing::Active }
    }

    /// Notes the watermark as it is at `now`; gives the new standing if it changed.
    ///
    /// A stalled tap comes back once its watermark has passed `least`, what has been promised without it.
    pub fn look(&mut self, now: HostTime, watermark: HostTime, least: HostTime) -> Option<Standing> {
        let since = Nanos((now - self.looked).0.clamp(0, MOST_PER_LOOK.0));
        self.looked = now;
        if watermark > self.seen {
            self.seen = watermark;
            self.unmoved = Nanos::ZERO;
        } else {
            self.unmoved += since;
        }
        let standing = match self.standing {
            Standing::Active if self.unmoved >= STALL => Standing::Stalled,
            Standing::Stalled if self.unmoved == Nanos::ZERO && self.seen >= least => Standing::Active,
            same => same,
        };
        let changed = standing != self.standing;
        self.standing = standing;
        changed.then_some(standing)
    }

    /// The tap delivers nothing more.
    pub fn end(&mut self) {
        self.standing = Standing::Ended;
    }

    #[must_use]
    pub fn standing(&self) -> Standing {
        self.standing
    }

    /// What the tap has promised, as last seen.
    #[must_use]
    pub fn promised(&self) -> HostTime {
        self.seen
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ms(t: i64) -> HostTime {
        HostTime(t * 1_000_000)
    }

    #[test]
    fn a_watermark_only_rises() {
        let mark = Watermark::starting_at(ms(3));
        mark.raise(ms(7));
        mark.raise(ms(5));
        assert_eq!(mark.get(), ms(7));
    }

    #[test]
    fn half_a_second_without_moving_is_a_stall() {
        let mut watch = Watch::from(ms(0), ms(0));
        for t in (4..500).step_by(4) {
            assert_eq!(watch.look(ms(t), ms(0), ms(0)), None);
        }
        assert_eq!(watch.look(ms(500), ms(0), ms(0)), Some(Standing::Stalled));
        assert_eq!(watch.look(ms(504), ms(0), ms(0)), None);
    }

    #[test]
    fn a_tap_comes_back_when_it_has_caught_up() {
        let mut watch = Watch::from(ms(0), ms(0));
        for t in (0..=600).step_by(50) {
            watch.look(ms(t), ms(0), ms(0));
        }
        assert_eq!(watch.look(ms(700), ms(400), ms(690)), None);
        assert_eq!(watch.look(ms(704), ms(700), ms(690)), Some(Standing::Active));
    }

    #[test]
    fn a_process_that_stood_still_blames_no_tap() {
        let mut watch = Watch::from(ms(0), ms(0));
        assert_eq!(watch.look(ms(10_000), ms(0), ms(0)), None);
        assert_eq!(watch.look(ms(10_004), ms(10_003), ms(0)), None);
        assert_eq!(watch.standing(), Standing::Active);
    }
}
