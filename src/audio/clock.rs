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
/// Buckets whose spread is published. ◇ Enough for a steady number, few enough to see the scheduler as it is now.
const SIGMA: usize = 16;
/// Least published spread, ns ◇: even a quiet machine's earliest callback of a second comes some microseconds late, and the
/// residuals cannot show what they all share.
const SIGMA_FLOOR: f64 = 5_000.0;
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

    /// Residual SD of the fit, None until there is one (4 s); zero for clocks that are exact by construction. On simulated
    /// cards the true error stays within three of it in 99 of 100 moments.
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

    /// Residual SD of the last buckets about the line, their common lateness included: what a stimulus may be off by now.
    fn sigma(&self) -> Option<Nanos> {
        let place = self.place()?;
        let recent = &self.points[self.points.len().saturating_sub(SIGMA)..];
        if recent.len() < PLACE {
            return None;
        }
        // Four could agree by chance, and a median of deviations with them; the mean square of more does not.
        let square =
            recent.iter().map(|p| (self.above(*p) - place).abs()).map(|d| d * d).sum::<f64>() / recent.len() as f64;
        Some(Nanos(libm::ceil(libm::sqrt(square + SIGMA_FLOOR * SIGMA_FLOOR)) as i64))
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
mod tests;
