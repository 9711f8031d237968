//! What the engine asks of a sound card, and the watchdog that notices when one is no longer there.
//!
//! The watchdog is arithmetic on times that are handed to it, so that its rules are tested without a card.

use doozy_training::time::{HostTime, SampleFrame};

use super::{
    Fallback, Levels,
    bank::Library,
    clock::{ClockFit, Stamp, TrialClockSource, nanos_of},
    mixer::{Command, Shortfall},
};

/// A stream that plays on a card.
pub(super) trait Card {
    /// Sends what waits and reads what came; an error says why the card is gone.
    fn pump(&mut self, now: HostTime) -> Result<(), String>;
    fn send(&mut self, command: Command);
    fn library(&mut self) -> &mut Library;
    fn shortfall(&self) -> Shortfall;
    fn watchdog(&self) -> &Watchdog;
    /// What people call the device that plays now: a system may move a stream from one to another.
    fn name(&self) -> &str;
    fn rate(&self) -> u32;
    /// Frames per callback.
    fn buffer(&self) -> u32;
    /// Whether a lost card has let go of its thread, so that it can be dropped without waiting. Asks it to.
    fn ended(&mut self) -> bool;
}

/// The way to a card.
pub(super) trait Driver {
    /// Opens the system's default output.
    fn open(&mut self, levels: &Levels, now: HostTime) -> Result<Box<dyn Card>, Fallback>;
    /// The name of an output that could be opened now, where there is one. Does not wait: a look may be under way.
    fn find(&mut self, now: HostTime) -> Option<String>;
}

/// A build without cards.
#[cfg(not(feature = "devices"))]
pub(super) struct NoDriver;

#[cfg(not(feature = "devices"))]
impl Driver for NoDriver {
    fn open(&mut self, _: &Levels, _: HostTime) -> Result<Box<dyn Card>, Fallback> {
        Err(Fallback::NotBuilt)
    }

    fn find(&mut self, _: HostTime) -> Option<String> {
        None
    }
}

/// A running card that is silent for this long is gone, ns. ◇ Two callbacks of the largest buffers seen (9,600 frames at
/// 48 kHz over Bluetooth); cases A28 allows 500 ms.
const GONE: i64 = 420_000_000;
/// The same while a stream starts, ns. ◇ ALSA's bridge to PulseAudio was measured to fill two blocks and then wait for 0.25 to
/// 1.9 s, when it opens and after an underrun.
const NEVER_CAME: i64 = 4_000_000_000;
/// How long a stream counts as starting, ns.
const STARTING: i64 = 5_000_000_000;
/// From this long on a card's speed is believed, ns.
const SPEED_FROM: i64 = 500_000_000;

/// The watchdog on the frame counter, and the clock that its stamps feed.
#[derive(Clone, Debug)]
pub(super) struct Watchdog {
    fit: ClockFit,
    rate: u32,
    /// Frames per callback.
    buffer: u32,
    /// When the stream was opened, or last ran dry.
    started: HostTime,
    first: Option<Stamp>,
    last: Option<Stamp>,
    last_seen: Option<HostTime>,
}

impl Watchdog {
    /// For a stream of `rate` Hz that was opened at `started`.
    pub(super) fn new(rate: u32, buffer: u32, started: HostTime) -> Self {
        Self { fit: ClockFit::new(rate), rate, buffer, started, first: None, last: None, last_seen: None }
    }

    /// A callback has run.
    pub(super) fn stamp(&mut self, stamp: Stamp, now: HostTime) {
        self.first.get_or_insert(stamp);
        self.last = Some(stamp);
        self.last_seen = Some(now);
        self.fit.add(stamp);
    }

    /// The stream ran dry: it may take its time to start again, and its frames are heard later from here on.
    pub(super) fn ran_dry(&mut self, now: HostTime) {
        self.fit.restart();
        self.started = now;
    }

    /// Whether the stream lives; the error says why not.
    pub(super) fn check(&self, now: HostTime) -> Result<(), String> {
        let silent = now - self.last_seen.unwrap_or(self.started);
        let limit = if (now - self.started).0 < STARTING { NEVER_CAME } else { GONE };
        if silent.0 > limit {
            return Err(format!("no block was played for {:.0} ms", silent.as_ms()));
        }
        match (self.first, self.last) {
            (Some(first), Some(last)) => keeps_time(first, last, self.rate),
            _ => Ok(()),
        }
    }

    pub(super) fn fit(&self) -> &ClockFit {
        &self.fit
    }

    /// The line, or the best guess before the card has spoken.
    pub(super) fn clock(&self) -> TrialClockSource {
        self.fit.line().unwrap_or_else(|| {
            let heard =
                self.first.map_or(self.started + nanos_of(SampleFrame(i64::from(2 * self.buffer)), self.rate), |s| {
                    s.playback - nanos_of(s.frame, self.rate)
                });
            TrialClockSource::exact(heard, self.rate)
        })
    }
}

/// Refuses a device that takes frames faster than time goes by: ALSA's `null` does, twentyfold.
fn keeps_time(first: Stamp, last: Stamp, rate: u32) -> Result<(), String> {
    let real = last.callback - first.callback;
    let played = nanos_of(SampleFrame(last.frame.0 - first.frame.0), rate);
    if real.0 > SPEED_FROM && played.0 > 2 * real.0 + SPEED_FROM {
        return Err(format!("it plays {:.0} times as fast as time", played.as_ms() / real.as_ms()));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use doozy_training::time::Nanos;

    use super::*;

    const SECOND: i64 = 1_000_000_000;

    fn at(frame: i64, ms: i64) -> Stamp {
        let t = HostTime(ms * 1_000_000);
        Stamp { frame: SampleFrame(frame), callback: t, playback: t + Nanos::ms(20) }
    }

    /// A card that played in blocks of `block` frames at 48 kHz until it stopped at `until` s.
    fn played(block: i64, until: i64) -> Watchdog {
        let mut dog = Watchdog::new(48_000, block as u32, HostTime(0));
        for n in 0..until * 48_000 / block {
            let stamp = at(n * block, n * block * 1_000 / 48_000);
            dog.stamp(stamp, stamp.callback);
            assert_eq!(dog.check(stamp.callback), Ok(()));
        }
        dog
    }

    #[test]
    fn a_card_that_falls_silent_is_noticed_within_half_a_second() {
        // cases A28 (b): no error, the frames just stop. A pump comes every millisecond.
        for block in [64, 1_024, 9_600] {
            let dog = played(block, 6);
            let seen = dog.last_seen.unwrap();
            let noticed = (0..1_000).find(|ms| dog.check(seen + Nanos::ms(*ms)).is_err());
            assert!(noticed.unwrap() > 400 && noticed.unwrap() < 500, "{noticed:?} in blocks of {block}");
            let why = dog.check(seen + Nanos::ms(noticed.unwrap())).unwrap_err();
            assert_eq!(why, format!("no block was played for {} ms", noticed.unwrap()));
        }
    }

    #[test]
    fn while_a_stream_starts_it_may_take_its_time() {
        let dog = Watchdog::new(48_000, 1_024, HostTime(0));
        assert_eq!(dog.check(HostTime(4 * SECOND)), Ok(()));
        assert!(dog.check(HostTime(4 * SECOND + 1)).is_err());
        // After an underrun as well.
        let mut dog = played(1_024, 10);
        dog.ran_dry(HostTime(10 * SECOND));
        assert_eq!(dog.check(HostTime(12 * SECOND)), Ok(()));
        assert!(dog.check(HostTime(15 * SECOND)).is_err());
    }

    #[test]
    fn a_device_that_outruns_time_is_refused() {
        assert_eq!(keeps_time(at(0, 0), at(48_000, 1_000), 48_000), Ok(()));
        let why = keeps_time(at(0, 0), at(48_000 * 20, 1_000), 48_000).unwrap_err();
        assert_eq!(why, "it plays 20 times as fast as time");
    }

    #[test]
    fn before_the_card_speaks_a_frame_is_guessed_two_buffers_ahead() {
        let mut dog = Watchdog::new(48_000, 480, HostTime(SECOND));
        assert_eq!(dog.clock().host_time(SampleFrame(0)), HostTime(SECOND) + Nanos::ms(20));
        dog.stamp(at(480, 2_000), HostTime(2 * SECOND));
        assert_eq!(dog.clock().host_time(SampleFrame(480)), HostTime(2 * SECOND) + Nanos::ms(20));
    }
}
