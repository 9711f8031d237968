//! The audio clock: at which host time a sample frame is heard, learned from what the sound card reports.
//!
//! The card counts frames by its own crystal. Each callback yields a [`Stamp`]: a frame and the host time at which that
//! frame will leave the card. Stamps come late by what the scheduler took, hardly ever early, so the truth lies on their
//! lower envelope. This file knows neither card nor host clock: stamps go in, a [`TrialClockSource`] comes out.

use doozy_training::time::{HostTime, Nanos, SampleFrame, TrialClock};

/// Bounds of a believable rate, parts per 10⁹. Sound cards lie within ±100 ppm; ±300 ppm is engineering.md §2.2.
const MAX_PPB: f64 = 300_000.0;
/// Length of a bucket of stamps of which only the earliest counts, ns. ◇ At 1024-frame callbacks 47 stamps share one, so that
/// its minimum is within a fiftieth of the mean lateness; much longer, and a step would take seconds to be seen.
const BUCKET: i64 = 1_000_000_000;
/// Buckets that place the line: the last ~4 s (engineering.md §2.2).
const PLACE: usize = 4;
/// Buckets that tilt the line. ◇ Over 4 s alone 0.1 ms of noise would be 20 ppm; over a minute it is below 1.
const TILT: usize = 60;
/// Fewest buckets from which a tilt is drawn; until then the nominal rate holds (at most 1.2 ms off after 4 s).
const TILT_FROM: usize = 4;
/// A stamp further than this from the line is refused. ◇ Above any lateness a playable machine shows, below any jump of
/// clock base.
const REFUSE: i64 = 100_000_000;
/// So many refused stamps in a row mean that the world has changed, and the fit starts anew.
const REFUSED_IN_A_ROW: u32 = 8;
/// A whole bucket this far from the line is a step (frames lost in an underrun), not noise. ◇
const STEP: f64 = 3_000_000.0;
/// Stream time over which stamps must agree before a trial may rest on them, ns. ◇ Streams fill their buffers in a burst
/// before they run, and the burst agrees with itself.
const SETTLED: i64 = 500_000_000;
/// Longest believable delay from callback to ear, ns: Bluetooth has 0.2–0.3 s. ◇
const MAX_DELAY: i64 = 2_000_000_000;

/// What one callback of the card reports.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stamp {
    /// First frame of the block.
    pub frame: SampleFrame,
    /// When the callback ran.
    pub callback: HostTime,
    /// When that frame will be heard, as far as the card knows.
    pub playback: HostTime,
}

/// Where the audio stream lies on the host's clock: a snapshot that stays exact when the fit moves on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TrialClockSource {
    rate: u32,
    anchor: SampleFrame,
    line: TrialClock,
    latency: Nanos,
    sigma: Option<Nanos>,
}

impl TrialClockSource {
    /// A clock that runs exactly at `rate` Hz, with frame 0 heard at `origin`.
    #[must_use]
    pub fn exact(origin: HostTime, rate: u32) -> Self {
        Self {
            rate,
            anchor: SampleFrame(0),
            line: TrialClock { origin, rate_ppb: 0 },
            latency: Nanos::ZERO,
            sigma: Some(Nanos::ZERO),
        }
    }

    /// The clock that goes on from this one at `now` by the host's own rate, so that frames neither jump nor run backwards.
    #[must_use]
    pub fn on_the_host_clock(&self, now: HostTime) -> Self {
        Self {
            anchor: self.frame_at(now),
            line: TrialClock { origin: now, rate_ppb: 0 },
            latency: Nanos::ZERO,
            sigma: Some(Nanos::ZERO),
            ..*self
        }
    }

    /// When this frame is heard: latency of the device included.
    #[must_use]
    pub fn host_time(&self, frame: SampleFrame) -> HostTime {
        self.line.host(nanos_of(SampleFrame(frame.0 - self.anchor.0), self.rate))
    }

    /// The frame that is heard at `t`, to the nearest.
    #[must_use]
    pub fn frame_at(&self, t: HostTime) -> SampleFrame {
        SampleFrame(self.anchor.0 + frame_of(self.line.trial(t), self.rate).0)
    }

    /// The clock of a trial whose own zero falls on frame `zero`. A cue of the trial belongs on `zero` plus
    /// [`frame_of`] of its time.
    #[must_use]
    pub fn trial_clock(&self, zero: SampleFrame) -> TrialClock {
        TrialClock { origin: self.host_time(zero), rate_ppb: self.line.rate_ppb }
    }

    /// How much slower the card's clock runs than the host's, in parts per 10⁹ (0 until it is known).
    #[must_use]
    pub fn rate_ppb(&self) -> i64 {
        self.line.rate_ppb
    }

    /// Nominal sample rate, Hz.
    #[must_use]
    pub fn rate(&self) -> u32 {
        self.rate
    }

    /// From the callback that fills a frame to that frame being heard; already inside [`Self::host_time`].
    #[must_use]
    pub fn latency(&self) -> Nanos {
        self.latency
    }

    /// Residual SD of the fit, None until there is one; zero for clocks that are exact by construction.
    #[must_use]
    pub fn sigma(&self) -> Option<Nanos> {
        self.sigma
    }
}

/// Length of so many frames at `rate` Hz, rounded to the nanosecond. Exact at any distance (128-bit).
#[must_use]
pub fn nanos_of(frames: SampleFrame, rate: u32) -> Nanos {
    Nanos(div_round(i128::from(frames.0) * 1_000_000_000, i128::from(rate)))
}

/// The frame nearest to a moment of the trial, at `rate` Hz, counted from the trial's zero. Never summed up beat by beat.
#[must_use]
pub fn frame_of(at: Nanos, rate: u32) -> SampleFrame {
    SampleFrame(div_round(i128::from(at.0) * i128::from(rate), 1_000_000_000))
}

/// Nearest integer, ties away from zero.
fn div_round(n: i128, d: i128) -> i64 {
    let half = if n < 0 { -d / 2 } else { d / 2 };
    ((n + half) / d) as i64
}

/// A stamp, or the earliest of a bucket, as its distance from the nominal line.
#[derive(Clone, Copy, Debug)]
struct Point {
    /// Nominal time since the anchor, ns.
    t: i64,
    /// How much later than the nominal line the frame is heard, ns.
    late: i64,
}

/// What a device's clock did wrong, counted since its stream began.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ClockFaults {
    /// Stamps that were not believed.
    pub rejected: u32,
    /// How often the line had to be placed anew: underruns, jumps of the host's clock.
    pub restarts: u32,
}

/// The running fit of one stream.
#[derive(Clone, Debug)]
pub struct ClockFit {
    rate: u32,
    anchor: Option<(SampleFrame, HostTime)>,
    last: Option<Stamp>,
    agreed: bool,
    refused_in_a_row: u32,
    faults: ClockFaults,
    bucket: Option<Point>,
    /// Earliest points of finished buckets, oldest first.
    points: Vec<Point>,
    /// ns of lateness per ns.
    tilt: f64,
    delay: Option<i64>,
}

impl ClockFit {
    /// An empty fit for a stream of `rate` Hz.
    #[must_use]
    pub fn new(rate: u32) -> Self {
        Self {
            rate,
            anchor: None,
            last: None,
            agreed: false,
            refused_in_a_row: 0,
            faults: ClockFaults::default(),
            bucket: None,
            points: Vec::with_capacity(TILT + 1),
            tilt: 0.0,
            delay: None,
        }
    }

    /// What went wrong since the stream began.
    #[must_use]
    pub fn faults(&self) -> ClockFaults {
        self.faults
    }

    /// Frames went missing (an underrun, a new device): the line is placed anew, its tilt kept until a better one is known.
    pub fn restart(&mut self) {
        *self = Self { tilt: self.tilt, faults: self.faults, ..Self::new(self.rate) };
        self.faults.restarts += 1;
    }

    /// Takes a stamp, or refuses it and counts that.
    pub fn add(&mut self, stamp: Stamp) {
        let delay = stamp.playback - stamp.callback;
        if !(0..=MAX_DELAY).contains(&delay.0) {
            self.faults.rejected += 1;
            return;
        }
        let Some(last) = self.last else {
            return self.begin(stamp);
        };
        let expected = last.callback + nanos_of(SampleFrame(stamp.frame.0 - last.frame.0), self.rate);
        let off = (stamp.callback - expected).abs().0.max((delay - (last.playback - last.callback)).abs().0);
        if off > REFUSE || stamp.frame <= last.frame {
            self.faults.rejected += 1;
            if !self.agreed {
                // One stamp alone proves nothing, so of two that disagree the newer is kept: cards start with rubbish.
                return self.begin(stamp);
            }
            self.refused_in_a_row += 1;
            if self.refused_in_a_row >= REFUSED_IN_A_ROW {
                self.restart();
                self.begin(stamp);
            }
            return;
        }
        self.agreed = true;
        self.refused_in_a_row = 0;
        self.last = Some(stamp);
        self.delay = Some(self.delay.map_or(delay.0, |d| d + (delay.0 - d) / 16));
        self.take(stamp);
    }

    fn begin(&mut self, stamp: Stamp) {
        self.anchor = Some((stamp.frame, stamp.playback));
        self.last = Some(stamp);
        self.agreed = false;
        self.delay = Some((stamp.playback - stamp.callback).0);
        self.points.clear();
        self.bucket = Some(Point { t: 0, late: 0 });
    }

    fn take(&mut self, stamp: Stamp) {
        let Some((frame, host)) = self.anchor else { return };
        let t = nanos_of(SampleFrame(stamp.frame.0 - frame.0), self.rate).0;
        let new = Point { t, late: (stamp.playback - host).0 - t };
        let Some(bucket) = self.bucket else {
            self.bucket = Some(new);
            return;
        };
        if new.t.div_euclid(BUCKET) == bucket.t.div_euclid(BUCKET) {
            if self.above(new) < self.above(bucket) {
                self.bucket = Some(new);
            }
            return;
        }
        self.finish(bucket);
        self.bucket = Some(new);
    }

    fn finish(&mut self, bucket: Point) {
        if let Some(place) = self.place()
            && self.points.len() >= 2
            && (self.above(bucket) - place).abs() > STEP
        {
            self.points.clear();
            self.faults.restarts += 1;
        }
        self.points.push(bucket);
        if self.points.len() > TILT {
            self.points.remove(0);
        }
        if self.points.len() >= TILT_FROM {
            let mut slopes = Vec::with_capacity(TILT * TILT / 2);
            for (i, a) in self.points.iter().enumerate() {
                for b in &self.points[i + 1..] {
                    slopes.push((b.late - a.late) as f64 / (b.t - a.t) as f64);
                }
            }
            if let Some(tilt) = median(&mut slopes) {
                self.tilt = tilt.clamp(-MAX_PPB * 1e-9, MAX_PPB * 1e-9);
            }
        }
    }

    /// Lateness of a point above a line of the present tilt through the anchor, ns.
    fn above(&self, p: Point) -> f64 {
        p.late as f64 - self.tilt * p.t as f64
    }

    /// Height of the line: the middle of the last buckets' earliest stamps.
    fn place(&self) -> Option<f64> {
        let recent = &self.points[self.points.len().saturating_sub(PLACE)..];
        let mut heights: Vec<f64> = recent.iter().map(|p| self.above(*p)).collect();
        if heights.len() < PLACE {
            heights.extend(self.bucket.map(|p| self.above(p)));
        }
        median(&mut heights)
    }

    /// Residual SD of the buckets that place the line (1.48 median absolute deviations).
    fn sigma(&self) -> Option<Nanos> {
        let place = self.place()?;
        let recent = &self.points[self.points.len().saturating_sub(TILT_FROM.max(PLACE))..];
        if recent.len() < PLACE {
            return None;
        }
        let mut off: Vec<f64> = recent.iter().map(|p| (self.above(*p) - place).abs()).collect();
        median(&mut off).map(|mad| Nanos(libm::round(1.4826 * mad) as i64))
    }

    /// Whether stamps have agreed for half a second of the stream.
    #[must_use]
    pub fn settled(&self) -> bool {
        match (self.anchor, self.last) {
            (Some((first, _)), Some(last)) => {
                self.agreed && nanos_of(SampleFrame(last.frame.0 - first.0), self.rate).0 >= SETTLED
            }
            _ => false,
        }
    }

    /// The line as it stands, or None before two stamps agree.
    #[must_use]
    pub fn line(&self) -> Option<TrialClockSource> {
        let (frame, host) = self.anchor?;
        let place = self.place()?;
        if !self.agreed {
            return None;
        }
        // Anchored where the stream is now: a later change of tilt then turns the line here and not where it began.
        let now = self.last?.frame;
        let t = nanos_of(SampleFrame(now.0 - frame.0), self.rate);
        let late = libm::round(place + self.tilt * t.0 as f64) as i64;
        Some(TrialClockSource {
            rate: self.rate,
            anchor: now,
            line: TrialClock { origin: host + t + Nanos(late), rate_ppb: libm::round(self.tilt * 1e9) as i64 },
            latency: Nanos(self.delay.unwrap_or(0)),
            sigma: self.sigma(),
        })
    }
}

/// Middle value (mean of the two middle ones), None where there is none.
fn median(values: &mut [f64]) -> Option<f64> {
    if values.is_empty() {
        return None;
    }
    values.sort_by(f64::total_cmp);
    let mid = values.len() / 2;
    Some(if values.len() % 2 == 1 { values[mid] } else { (values[mid - 1] + values[mid]) / 2.0 })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A card that runs `ppm` faster than nominal, whose callbacks run late by an exponential time of mean `late` ms.
    struct Card {
        rate: u32,
        ppm: f64,
        block: i64,
        late: f64,
        delay: Nanos,
        from: HostTime,
        state: u64,
    }

    impl Card {
        fn new(rate: u32, ppm: f64, block: i64) -> Self {
            Self { rate, ppm, block, late: 0.4, delay: Nanos::ms(20), from: HostTime(5_000_000_000), state: 1 }
        }

        /// When a frame is truly heard.
        fn heard(&self, frame: i64) -> HostTime {
            let ns = frame as f64 * 1e9 / (f64::from(self.rate) * (1.0 + self.ppm * 1e-6));
            self.from + Nanos(libm::round(ns) as i64) + self.delay
        }

        fn uniform(&mut self) -> f64 {
            self.state = self.state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            ((self.state >> 11) as f64 + 0.5) / (1u64 << 53) as f64
        }

        fn stamp(&mut self, n: i64) -> Stamp {
            let late = -self.late * libm::log(self.uniform());
            // One callback in two hundred is held up by a busy machine.
            let held = if self.uniform() < 0.005 { 15.0 } else { 0.0 };
            let callback = self.heard(n * self.block) - self.delay + Nanos::from_ms(late + held);
            Stamp { frame: SampleFrame(n * self.block), callback, playback: callback + self.delay }
        }

        /// Blocks in so many seconds.
        fn blocks(&self, seconds: i64) -> i64 {
            seconds * i64::from(self.rate) / self.block
        }
    }

    /// |error| of the fit's present frame in ns, over the callbacks from `from` s to `to` s: the 99th percentile.
    fn p99(card: &mut Card, fit: &mut ClockFit, from: i64, to: i64) -> i64 {
        let mut errors = Vec::new();
        for n in card.blocks(from)..card.blocks(to) {
            fit.add(card.stamp(n));
            let frame = SampleFrame(n * card.block);
            errors.push((fit.line().unwrap().host_time(frame) - card.heard(frame.0)).abs().0);
        }
        errors.sort_unstable();
        errors[errors.len() * 99 / 100]
    }

    #[test]
    fn a_card_off_by_100_ppm_is_known_within_5_ppm_and_a_fifth_of_a_millisecond_after_30_s() {
        for (rate, ppm, block) in
            [(48_000, 100.0, 1024), (48_000, -100.0, 512), (44_100, -100.0, 64), (192_000, 100.0, 480)]
        {
            let mut card = Card::new(rate, ppm, block);
            let mut fit = ClockFit::new(rate);
            for n in 0..card.blocks(30) {
                fit.add(card.stamp(n));
            }
            let slope = -(fit.line().unwrap().rate_ppb() as f64) / 1e3;
            assert!((slope - ppm).abs() < 5.0, "{rate} Hz, {block}: {slope} ppm, not {ppm}");
            let worst = p99(&mut card, &mut fit, 30, 60);
            assert!(worst <= 200_000, "{rate} Hz, {block}: {worst} ns");
            assert_eq!(fit.faults(), ClockFaults::default());
            assert!(fit.line().unwrap().sigma().unwrap() < Nanos(100_000));
        }
    }

    #[test]
    fn a_tap_on_click_3600_of_a_slow_card_is_on_time() {
        // cases A29: 48,000 × (1 − 100 ppm) Hz for an hour; the click is heard 3,600.36 s after the first.
        let mut card = Card::new(48_000, -100.0, 1024);
        let mut fit = ClockFit::new(48_000);
        for n in 0..card.blocks(3600) {
            fit.add(card.stamp(n));
        }
        let line = fit.line().unwrap();
        let click = SampleFrame(3600 * 48_000);
        let tap = card.from + card.delay + Nanos::ms(3_600_360);
        assert!((tap - line.host_time(click)).abs() < Nanos(200_000));
        assert!((line.rate_ppb() - 100_010).abs() < 5_000);
        // A trial that is anchored here judges against the card, not against the nominal rate.
        let trial = line.trial_clock(click);
        assert_eq!(trial.host(Nanos::ZERO), line.host_time(click));
        assert!((trial.host(Nanos::ms(10_000)) - line.host_time(SampleFrame(3610 * 48_000))).abs() < Nanos(2));
    }

    #[test]
    fn rubbish_in_the_first_stamps_is_counted_and_forgotten() {
        // cases A30: two pairs are wrong; latency is 0.1 s.
        let mut fit = ClockFit::new(48_000);
        let pairs = [
            (912_345_678_000, 912_345_678_000),
            (40, 100_040),
            (21_373, 121_373),
            (42_707, 142_707),
            (64_040, 44_040),
            (85_373, 185_373),
            (106_707, 206_707),
        ];
        let mut heard = Vec::new();
        for (n, (callback, playback)) in pairs.into_iter().enumerate() {
            fit.add(Stamp {
                frame: SampleFrame(n as i64 * 1024),
                callback: HostTime(callback * 1000),
                playback: HostTime(playback * 1000),
            });
            heard.extend(fit.line().map(|l| l.host_time(SampleFrame(0))));
        }
        assert_eq!(fit.faults(), ClockFaults { rejected: 2, restarts: 0 });
        assert_eq!(fit.line().unwrap().latency(), Nanos::ms(100));
        let true_origin = 100_040_000 - 21_333_333;
        for origin in heard {
            assert!((origin.0 - true_origin).abs() <= 1_000_000, "{} is not {true_origin}", origin.0);
        }
    }

    #[test]
    fn a_burst_that_fills_the_buffers_settles_nothing() {
        // As measured on ALSA's bridge to PulseAudio: two blocks at once, then 0.25 s of nothing, then the pace of the card.
        let mut card = Card::new(48_000, 0.0, 512);
        let mut fit = ClockFit::new(48_000);
        for n in 0..2 {
            fit.add(card.stamp(n));
        }
        assert!(fit.line().is_some() && !fit.settled());
        card.from = card.from + Nanos::ms(250);
        let settled = (2..200).find(|n| {
            fit.add(card.stamp(*n));
            fit.settled()
        });
        // Eight refused, one to begin anew, and half a second.
        assert_eq!(settled, Some(2 + 8 - 1 + 47));
        let frame = SampleFrame(settled.unwrap() * 512);
        assert!((fit.line().unwrap().host_time(frame) - card.heard(frame.0)).abs() < Nanos::ms(1));
    }

    #[test]
    fn an_underrun_moves_the_line_by_what_was_lost_and_keeps_the_rate() {
        let mut card = Card::new(48_000, 80.0, 512);
        let mut fit = ClockFit::new(48_000);
        for n in 0..card.blocks(40) {
            fit.add(card.stamp(n));
        }
        card.from = card.from + Nanos::ms(30);
        for n in card.blocks(40)..card.blocks(46) {
            fit.add(card.stamp(n));
        }
        let frame = SampleFrame(card.blocks(46) * 512);
        assert_eq!(fit.faults(), ClockFaults { rejected: 0, restarts: 1 });
        assert!((fit.line().unwrap().host_time(frame) - card.heard(frame.0)).abs() < Nanos(200_000));
        assert!((fit.line().unwrap().rate_ppb() + 80_000).abs() < 10_000);
    }

    #[test]
    fn a_jump_of_the_clock_starts_the_fit_anew() {
        let mut card = Card::new(48_000, 0.0, 512);
        let mut fit = ClockFit::new(48_000);
        for n in 0..card.blocks(10) {
            fit.add(card.stamp(n));
        }
        card.from = card.from + Nanos::ms(600_000);
        for n in card.blocks(10)..card.blocks(12) {
            fit.add(card.stamp(n));
        }
        let frame = SampleFrame(card.blocks(12) * 512);
        assert_eq!(fit.faults(), ClockFaults { rejected: REFUSED_IN_A_ROW, restarts: 1 });
        assert!((fit.line().unwrap().host_time(frame) - card.heard(frame.0)).abs() < Nanos(300_000));
    }

    #[test]
    fn beat_7800_at_130_bpm_is_frame_172_800_000() {
        // cases A15 (b): an hour of beats, each from its own exact time.
        let beat = |n: i64| Nanos(div_round(i128::from(n) * 60_000_000_000, 130));
        assert_eq!(frame_of(beat(7_800), 48_000), SampleFrame(172_800_000));
        for n in 0..7_800 {
            assert_eq!(frame_of(beat(n), 48_000).0, div_round(i128::from(n) * 60 * 48_000, 130));
        }
        // Eight hours at 192 kHz, there and back.
        let frame = SampleFrame(28_800 * 192_000);
        assert_eq!(nanos_of(frame, 192_000), Nanos::ms(28_800_000));
        assert_eq!(frame_of(Nanos::ms(28_800_000), 192_000), frame);
    }

    #[test]
    fn an_exact_clock_maps_frames_without_error() {
        let clock = TrialClockSource::exact(HostTime(7), 44_100);
        assert_eq!(clock.host_time(SampleFrame(441)), HostTime(10_000_007));
        assert_eq!(clock.frame_at(HostTime(10_000_007)), SampleFrame(441));
        assert_eq!(clock.host_time(SampleFrame(-441)), HostTime(-9_999_993));
        for n in (0..44_100 * 3_600).step_by(99_991) {
            assert_eq!(clock.frame_at(clock.host_time(SampleFrame(n))), SampleFrame(n));
        }
    }

    #[test]
    fn frames_go_on_when_the_host_takes_over() {
        let clock = TrialClockSource::exact(HostTime(0), 48_000);
        let now = HostTime(10_000_000_000);
        let after = clock.on_the_host_clock(now);
        assert_eq!(after.frame_at(now), SampleFrame(480_000));
        assert_eq!(after.host_time(SampleFrame(528_000)), HostTime(11_000_000_000));
    }
}
