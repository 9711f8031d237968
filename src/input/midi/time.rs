//! When a MIDI message happened: the driver's stamp, mapped to the monotonic clock.
//!
//! A driver counts microseconds on a base of its own. Arrival less stamp is the base's offset plus the delay of delivery,
//! and a delay is never negative: so the least of these differences is the best offset there is (the lower envelope), and a
//! message that came late is dated back by it.

use doozy_training::{
    event::TimeSource,
    time::{HostTime, Nanos},
};

use crate::input::stamps::{ARRIVAL_ERR, Believed, OLDEST, Stamps};

/// How fast the driver's clock may run apart from ours, in parts per million: the envelope may rise by as much.
///
/// ◇ Ours: the crystals of computers and instruments lie within 100 ppm (cases A29 as well).
const DRIFT_PPM: i64 = 100;

/// Two messages with one stamp arrive at most this far apart: three bytes take 1 ms on a MIDI cable. A stamp that stays
/// while more time than this goes by does not count time.
const SAME_STAMP: Nanos = Nanos::ms(2);

/// The rise of the envelope at which it promises no more than an arrival does and starts anew.
///
/// ◇ Ours: 10 ms is what a tap's watermark stays behind the present; after a rest of 100 s the next message starts it.
const MOST_RISE: Nanos = Nanos::ms(10);

/// One instrument's mapping, and how far its stamps are believed.
#[derive(Clone, Debug, Default)]
pub struct MidiClock {
    stamps: Stamps,
    envelope: Option<Envelope>,
    /// Where the base seems to lie since it jumped, as the last message had it.
    jumped: Option<Nanos>,
    last: Option<(i64, HostTime)>,
}

#[derive(Clone, Copy, Debug)]
struct Envelope {
    offset: Nanos,
    /// How much of the offset is allowance for drift.
    risen: Nanos,
    at: HostTime,
}

impl MidiClock {
    /// The time of a message that arrived at `arrival` with the driver's `stamp_us`, where `floor` is what the tap has
    /// already promised.
    ///
    /// A mapped stamp is named [`TimeSource::Midi`] and promises [`ARRIVAL_ERR`] for the shortest delay, which no envelope
    /// can see, and what the envelope was let rise. The first message has only its arrival, which is no fault. What is zero, stands
    /// still, goes back, or maps to more than 250 ms before or after what is plausible is an arrival and counted (the rules of cases A25).
    /// If two messages in a row agree that the base has jumped, they start it anew.
    pub fn judge(&mut self, stamp_us: u64, arrival: HostTime, floor: HostTime) -> Believed {
        let stamp = i64::try_from(stamp_us).ok().and_then(|us| us.checked_mul(1000)).filter(|ns| *ns > 0);
        let Some(stamp) = stamp else { return self.distrust(arrival, floor) };
        let last = self.last.replace((stamp, arrival));
        if last.is_some_and(|(before, heard)| before == stamp && arrival - heard > SAME_STAMP) {
            return self.distrust(arrival, floor);
        }
        let seen = Nanos(arrival.0.saturating_sub(stamp));
        let Some(mut envelope) = self.envelope else {
            self.envelope = Some(Envelope { offset: seen, risen: Nanos::ZERO, at: arrival });
            return self.stamps.judge_as(Some(arrival), arrival, floor, ARRIVAL_ERR, TimeSource::Arrival);
        };
        let rise = Nanos(((arrival - envelope.at).0.max(0) as i128 * i128::from(DRIFT_PPM) / 1_000_000) as i64);
        envelope.offset = Nanos(envelope.offset.0.saturating_add(rise.0));
        envelope.risen += rise;
        envelope.at = arrival;
        if differs(seen, envelope.offset) {
            let agreed = self.jumped.is_some_and(|offset| !differs(seen, offset));
            if !agreed {
                self.jumped = Some(seen);
                return self.distrust(arrival, floor);
            }
            let offset = self.jumped.map_or(seen, |offset| offset.min(seen));
            envelope = Envelope { offset, risen: Nanos::ZERO, at: arrival };
        }
        self.jumped = None;
        if seen <= envelope.offset || envelope.risen >= MOST_RISE {
            envelope = Envelope { offset: seen, risen: Nanos::ZERO, at: arrival };
        }
        self.envelope = Some(envelope);
        let mapped = HostTime(stamp.saturating_add(envelope.offset.0));
        self.stamps.judge_as(Some(mapped), arrival, floor, ARRIVAL_ERR + envelope.risen, TimeSource::Midi)
    }

    /// How many stamps were not believed.
    #[must_use]
    pub fn distrusted(&self) -> u64 {
        self.stamps.distrusted()
    }

    fn distrust(&mut self, arrival: HostTime, floor: HostTime) -> Believed {
        self.stamps.judge_as(None, arrival, floor, ARRIVAL_ERR, TimeSource::Midi)
    }
}

/// Whether two offsets cannot belong to one base: no delivery that is believed takes longer than [`OLDEST`].
fn differs(a: Nanos, b: Nanos) -> bool {
    a.0.abs_diff(b.0) > OLDEST.0.unsigned_abs()
}

#[cfg(test)]
mod tests {
    use super::*;

    const FLOOR: HostTime = HostTime::DISTANT_PAST;

    fn us(t: i64) -> HostTime {
        HostTime(t * 1000)
    }

    /// (t in µs, source) of messages given as (stamp µs, arrival µs).
    fn mapped(messages: &[(u64, i64)]) -> Vec<(i64, TimeSource)> {
        let mut clock = MidiClock::default();
        let judge = |(stamp, arrival): &(u64, i64)| clock.judge(*stamp, us(*arrival), FLOOR);
        messages.iter().map(judge).map(|b| (b.t.0 / 1000, b.source)).collect()
    }

    #[test]
    fn late_arrivals_are_dated_back_by_the_lower_envelope() {
        // base 5 s, delays of 0.2 to 8 ms; a message that came late lies where its stamp says.
        let mut clock = MidiClock::default();
        let delays = [200, 5_000, 300, 8_000, 200, 7_000];
        for (i, delay) in delays.into_iter().enumerate() {
            let struck = 5_000_000 + i as i64 * 500_000;
            let believed = clock.judge((struck - 4_000_000) as u64, us(struck + delay), FLOOR);
            let off = (believed.t - us(struck)).0.abs();
            assert!(off <= believed.err.0, "{i}: off by {off} ns, promised {:?}", believed.err);
            assert!(believed.err <= Nanos(1_300_000), "{:?}", believed.err);
            let source = if i == 0 { TimeSource::Arrival } else { TimeSource::Midi };
            assert_eq!(believed.source, source);
        }
        assert_eq!(clock.distrusted(), 0);
    }

    #[test]
    fn jitter_never_turns_the_order_round() {
        let mut clock = MidiClock::default();
        let mut last = HostTime::DISTANT_PAST;
        let mut arrival = 0;
        for i in 0..2_000_i64 {
            let struck = 1_000_000 + i * 3_000;
            arrival = arrival.max(struck + (i * 7_919 % 9_000));
            let believed = clock.judge(struck as u64 + 17, us(arrival), FLOOR);
            assert!(believed.t >= last && believed.t <= us(arrival));
            last = believed.t;
        }
        assert_eq!(clock.distrusted(), 0);
    }

    #[test]
    fn a_base_that_jumps_costs_one_stamp() {
        use TimeSource::{Arrival, Midi};
        for jump in [3_600_000_000_i64, -900_000] {
            let message = |struck: i64, delay: i64, jump: i64| ((struck + jump) as u64, struck + delay);
            let messages = [
                message(1_000_000, 100, 0),
                message(2_000_000, 4_000, 0),
                message(3_000_000, 100, jump),
                message(4_000_000, 5_000, jump),
                message(5_000_000, 300, jump),
            ];
            let right =
                [(1_000_100, Arrival), (2_000_200, Midi), (3_000_100, Arrival), (4_000_100, Midi), (5_000_200, Midi)];
            let near = |(a, b): (&(i64, TimeSource), &(i64, TimeSource))| a.1 == b.1 && (a.0 - b.0).abs() <= 100;
            let got = mapped(&messages);
            assert!(got.iter().zip(&right).all(near), "{jump}: {got:?}");
        }
    }

    #[test]
    fn one_absurd_stamp_leads_no_other_astray() {
        // cases A25 for a driver: 22 s off, of 1970, the future, older than the last, beyond every range.
        for absurd in [22_000_000_u64, 1, 10_500_000, 9_000_000, 1_700_000_000_000_000, u64::MAX, 0] {
            let messages =
                [(9_994_600, 19_994_700), (absurd, 20_000_000), (10_500_000, 20_500_100), (11_000_000, 21_003_000)];
            let got = mapped(&messages);
            if absurd != 10_500_000 {
                assert_eq!(got[1], (20_000_000, TimeSource::Arrival), "{absurd}");
                assert_eq!(got[2].1, TimeSource::Midi, "{absurd}");
                assert!((got[2].0 - 20_500_100).abs() <= 200 && (got[3].0 - 21_000_100).abs() <= 200, "{got:?}");
            } else {
                assert_eq!(got[1], (20_000_000, TimeSource::Arrival), "500 ms ahead of its arrival");
            }
        }
    }

    #[test]
    fn stamps_that_count_nothing_are_arrivals() {
        for constant in [0, 77] {
            let messages = [1_000_000, 1_400_000, 1_450_000, 2_000_000].map(|arrival| (constant, arrival));
            let got = mapped(&messages);
            assert_eq!(got, messages.map(|(_, arrival)| (arrival, TimeSource::Arrival)), "{constant}");
        }
        // the notes of a chord may well share theirs
        let got = mapped(&[(1_000, 5_000), (9_000, 13_000), (9_000, 13_900)]);
        assert_eq!(got[1..], [(13_000, TimeSource::Midi), (13_000, TimeSource::Midi)]);
    }

    #[test]
    fn a_counter_that_wraps_costs_one_stamp() {
        let wrap = 1_i64 << 32;
        let messages = [-2_000_000, -1_000_000, 1_000_000, 2_000_000, 3_000_000]
            .map(|t: i64| ((t + wrap) as u64 % wrap as u64, t + 10_000_000));
        let sources = mapped(&messages).into_iter().map(|(_, source)| source).collect::<Vec<_>>();
        use TimeSource::{Arrival, Midi};
        assert_eq!(sources, [Arrival, Midi, Arrival, Midi, Midi]);
    }

    #[test]
    fn a_clock_that_runs_apart_is_followed_and_its_promise_says_so() {
        for ppm in [-90_i64, 90] {
            let mut clock = MidiClock::default();
            for i in 0..200_i64 {
                let struck = 1_000_000 + i * 1_000_000;
                let delay = if i % 10 == 0 { 100 } else { 2_000 };
                let stamp = struck + struck * ppm / 1_000_000;
                let believed = clock.judge(stamp as u64, us(struck + delay), FLOOR);
                let off = (believed.t - us(struck)).0.abs();
                assert!(off <= believed.err.0 + 100_000, "{ppm} ppm, {i}: {off} ns, promised {:?}", believed.err);
            }
            assert_eq!(clock.distrusted(), 0);
        }
    }

    #[test]
    fn what_was_promised_already_is_not_gone_back_on() {
        let mut clock = MidiClock::default();
        clock.judge(1_000_000, us(2_000_000), FLOOR);
        let late = clock.judge(1_500_000, us(2_530_000), us(2_520_000));
        assert_eq!((late.t, late.source, clock.distrusted()), (us(2_530_000), TimeSource::Arrival, 1));
    }
}
