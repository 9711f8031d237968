//! Stamps that a device puts on its events: mapped from the wall clock to the monotonic one, and believed only if they can
//! be true. The rules of cases A25 and A33.

use doozy_training::{
    event::TimeSource,
    time::{HostTime, Nanos},
};

/// Older than this against its arrival, a stamp is not believed (cases A25).
pub const OLDEST: Nanos = Nanos::ms(-250);

/// Further ahead of its arrival than this, a stamp is not believed (cases A25). One that is ahead by less is taken as its
/// arrival, since nothing is stamped after it was delivered.
pub const NEWEST: Nanos = Nanos::ms(2);

/// A change of the offset between the clocks that counts as a step of the wall clock.
///
/// ◇ Ours: slewing (500 ppm at most, adjtime(3)) moves it by 2 µs in the 4 ms between two samples, preemption between two
/// readings by some hundred µs at worst; 1 ms is beyond both and below what would matter in a judgement.
pub const STEP: Nanos = Nanos::ms(1);

/// What a pad's stamp promises: the kernel stamps in its interrupt, in µs, and the two clocks are read one after the other.
///
/// ◇ Ours: 0.1 ms covers both; the poll interval of the USB bus lies before the stamp and is not part of it.
pub const KERNEL_ERR: Nanos = Nanos(100_000);

/// What an arrival in a tap thread promises when no stamp bounds it.
///
/// ◇ Ours: worst arrivals measured behind a free core are 1.6 ms, their p99 0.4 ms (docs/input.md).
pub const ARRIVAL_ERR: Nanos = Nanos::ms(1);

/// One moment by both clocks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ClockPair {
    pub monotonic: HostTime,
    /// Nanoseconds since the Unix epoch.
    pub wall: i64,
}

impl ClockPair {
    /// Reads the wall clock between two readings of the monotonic one, until both lie within 20 µs (ten tries at most: a
    /// thread may be preempted in between), and keeps the tightest.
    #[must_use]
    pub fn read() -> Self {
        const TIGHT: Nanos = Nanos(20_000);
        let mut best = (Nanos(i64::MAX), Self { monotonic: HostTime(0), wall: 0 });
        for _ in 0..10 {
            let before = crate::clock::now();
            let wall = crate::clock::wall();
            let width = crate::clock::now() - before;
            if width < best.0 {
                best = (width, Self { monotonic: before + Nanos(width.0 / 2), wall });
            }
            if width <= TIGHT {
                break;
            }
        }
        best.1
    }
}

/// The mapping from wall to monotonic time, sampled anew at each wake of a tap.
#[derive(Clone, Copy, Debug)]
pub struct WallMap {
    offset: i64,
    stepped: bool,
}

impl WallMap {
    #[must_use]
    pub fn from(pair: ClockPair) -> Self {
        Self { offset: pair.wall - pair.monotonic.0, stepped: false }
    }

    /// Takes a new sample; gives the size of a step if the wall clock was set since the last one.
    ///
    /// Stamps of this interval may then belong to either side of the step, and none of them is believed.
    pub fn resample(&mut self, pair: ClockPair) -> Option<Nanos> {
        let offset = pair.wall - pair.monotonic.0;
        let by = Nanos(offset - self.offset);
        self.offset = offset;
        self.stepped = by.abs() >= STEP;
        self.stepped.then_some(by)
    }

    /// The monotonic moment of a wall time in ns since the epoch; none while a step makes it doubtful.
    #[must_use]
    pub fn monotonic(&self, wall: i64) -> Option<HostTime> {
        (!self.stepped).then(|| HostTime(wall.saturating_sub(self.offset)))
    }
}

/// A time that a judge may use, and who stands behind it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Believed {
    pub t: HostTime,
    pub err: Nanos,
    pub source: TimeSource,
}

/// Decides for one device which stamps to believe.
#[derive(Clone, Debug)]
pub struct Stamps {
    last: HostTime,
    distrusted: u64,
}

impl Default for Stamps {
    fn default() -> Self {
        Self { last: HostTime::DISTANT_PAST, distrusted: 0 }
    }
}

impl Stamps {
    /// The time of a pad's event that arrived at `arrival` with the kernel's `stamp`, where `floor` is what the tap has
    /// already promised; see [`Stamps::judge_as`].
    pub fn judge(&mut self, stamp: Option<HostTime>, arrival: HostTime, floor: HostTime) -> Believed {
        self.judge_as(stamp, arrival, floor, KERNEL_ERR, TimeSource::Gilrs)
    }

    /// The time of an event that arrived at `arrival` with `stamp`, where `floor` is what the tap has already promised and a
    /// stamp that is believed promises `err` in the name of `source`.
    ///
    /// A stamp is used as it is unless it is missing, older than [`OLDEST`] or newer than [`NEWEST`] against arrival, older
    /// than what this device said last, or before the floor: then the arrival stands in and is counted.
    pub fn judge_as(
        &mut self,
        stamp: Option<HostTime>,
        arrival: HostTime,
        floor: HostTime,
        err: Nanos,
        source: TimeSource,
    ) -> Believed {
        let plausible = stamp.filter(|&stamp| {
            let age = stamp - arrival;
            age >= OLDEST && age <= NEWEST && stamp >= self.last && stamp >= floor
        });
        let believed = match plausible {
            Some(stamp) => Believed { t: stamp.min(arrival), err, source },
            None => {
                self.distrusted += 1;
                Believed { t: arrival, err: ARRIVAL_ERR, source: TimeSource::Arrival }
            }
        };
        self.last = self.last.max(believed.t);
        believed
    }

    /// How many stamps were not believed.
    #[must_use]
    pub fn distrusted(&self) -> u64 {
        self.distrusted
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FLOOR: HostTime = HostTime::DISTANT_PAST;

    fn us(t: i64) -> HostTime {
        HostTime(t * 1000)
    }

    #[test]
    fn one_absurd_stamp_is_an_arrival_and_is_counted() {
        // cases A25, in its order; arrival 10,000.0 ms each.
        let arrival = us(10_000_000);
        let epoch_1970 = HostTime(-1_700_000_000_000_000_000);
        let mut stamps = Stamps::default();
        let mut judge = |stamp| stamps.judge(Some(stamp), arrival, FLOOR);
        let first = judge(us(9_994_600));
        assert_eq!((first.t, first.source), (us(9_994_600), TimeSource::Gilrs));
        for stamp in [us(-12_666_000), epoch_1970, us(10_050_000), us(9_990_000)] {
            let believed = judge(stamp);
            assert_eq!((believed.t, believed.source, believed.err), (arrival, TimeSource::Arrival, ARRIVAL_ERR));
        }
        assert_eq!(stamps.distrusted(), 4);
    }

    #[test]
    fn the_bounds_of_belief_are_closed() {
        let arrival = us(10_000_000);
        let judge = |age_us: i64| Stamps::default().judge(Some(us(10_000_000 + age_us)), arrival, FLOOR);
        assert_eq!((judge(-250_000).t, judge(-250_000).source), (us(9_750_000), TimeSource::Gilrs));
        assert_eq!((judge(-250_001).t, judge(-250_001).source), (arrival, TimeSource::Arrival));
        assert_eq!((judge(2_000).t, judge(2_000).source), (arrival, TimeSource::Gilrs));
        assert_eq!((judge(2_001).t, judge(2_001).source), (arrival, TimeSource::Arrival));
    }

    #[test]
    fn no_hold_is_negative() {
        // A press that fell back to its arrival, then a release with a true stamp that lies before that.
        let mut stamps = Stamps::default();
        let press = stamps.judge(None, us(10_000_000), FLOOR);
        let release = stamps.judge(Some(us(9_999_000)), us(10_001_000), FLOOR);
        assert_eq!((press.t, release.t), (us(10_000_000), us(10_001_000)));
        assert_eq!(stamps.distrusted(), 2);
    }

    #[test]
    fn a_stamp_before_the_promise_is_an_arrival() {
        let mut stamps = Stamps::default();
        let believed = stamps.judge(Some(us(9_980_000)), us(10_000_000), us(9_990_000));
        assert_eq!((believed.t, believed.source), (us(10_000_000), TimeSource::Arrival));
    }

    #[test]
    fn a_set_wall_clock_leads_no_stamp_astray() {
        // cases A33(a): the wall clock set back 2 s between 2500 and 3500; presses on time at 1000, 2000, … 5000.
        let wall = |mono_ms: i64| {
            1_800_000_000_000_000_000 + mono_ms * 1_000_000 - if mono_ms > 3000 { 2_000_000_000 } else { 0 }
        };
        let pair = |mono_ms: i64| ClockPair { monotonic: us(mono_ms * 1000), wall: wall(mono_ms) };
        let mut map = WallMap::from(pair(0));
        let mut stamps = Stamps::default();
        let mut steps = Vec::new();
        let mut times = Vec::new();
        for mono_ms in (4..=5000).step_by(4) {
            steps.extend(map.resample(pair(mono_ms)));
            if mono_ms % 1000 == 0 {
                times.push(stamps.judge(map.monotonic(wall(mono_ms)), us(mono_ms * 1000), FLOOR).t);
            }
        }
        assert_eq!(times, [1000, 2000, 3000, 4000, 5000].map(|ms| us(ms * 1000)));
        assert_eq!(steps, [Nanos::ms(-2000)]);
        assert_eq!(stamps.distrusted(), 0);
    }

    #[test]
    fn no_wall_clock_is_too_early_too_late_or_too_slow() {
        // cases A33(b) and (c): the repeated hour is none in UTC; a clock at 1970, at 2040, and one that a smeared leap second
        // makes 11.6 ppm slow. Presses on time at 1000, 2000, … 5000, sampled every 4 ms.
        let at_2026_10_25_00_59_58 = 1_792_889_998_000_000_000;
        for (from, ppb) in
            [(at_2026_10_25_00_59_58, 0), (1, 0), (2_208_988_800_000_000_000, 0), (1_800_000_000_000_000_000, 11_600)]
        {
            let wall = |mono_ms: i64| from + mono_ms * 1_000_000 - mono_ms * ppb / 1000;
            let pair = |mono_ms: i64| ClockPair { monotonic: us(mono_ms * 1000), wall: wall(mono_ms) };
            let mut map = WallMap::from(pair(0));
            let mut stamps = Stamps::default();
            for mono_ms in (4..=5000).step_by(4) {
                // a press is stamped 3 ms before the sample that follows it
                let stamp = map.monotonic(wall(mono_ms - 3));
                assert_eq!(map.resample(pair(mono_ms)), None, "{from}");
                if mono_ms % 1000 == 0 {
                    let believed = stamps.judge(stamp, us(mono_ms * 1000), FLOOR);
                    let off = (believed.t - us((mono_ms - 3) * 1000)).0.abs();
                    assert!(off <= 1_000 && believed.source == TimeSource::Gilrs, "{from}: {off} ns");
                }
            }
        }
    }

    #[test]
    fn within_the_step_itself_arrivals_stand_in() {
        let mut map = WallMap::from(ClockPair { monotonic: us(0), wall: 0 });
        // 10 ms are small enough to pass for a true stamp.
        assert_eq!(map.resample(ClockPair { monotonic: us(4_000), wall: 14_000_000 }), Some(Nanos::ms(10)));
        assert_eq!(map.monotonic(3_000_000), None);
        assert_eq!(map.resample(ClockPair { monotonic: us(8_000), wall: 18_000_000 }), None);
        assert_eq!(map.monotonic(17_000_000), Some(us(7_000)));
    }

    #[test]
    fn both_clocks_are_read_within_a_millisecond() {
        let pair = ClockPair::read();
        let later = ClockPair::read();
        assert!(later.monotonic >= pair.monotonic);
        assert_eq!(WallMap::from(pair).resample(later), None);
    }
}
