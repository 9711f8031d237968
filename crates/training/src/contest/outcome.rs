//! What a run is measured by.

use super::Seen;
use crate::{event::Drama, time::HostTime};

/// Points of a learning curve, evenly spaced over the events of a run, the first before any practice.
pub const CURVE: usize = 21;
/// Practice has succeeded when the expected error is within so many goal SDs ◇.
const CRITERION: f64 = 1.5;
/// Where the running success should be (science/skill.md §5.2).
const BAND: (f64, f64) = (0.70, 0.88);
/// Hazard of quitting an event for each failure beyond five in the last ten (§4.3: invented, for testing guards only).
const QUITS: f64 = 0.002;

/// What came of a run. Times in ms; expected root mean squares are over tap and trial, without lapses, fatigue or feedback.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Outcome {
    /// Expected RMS asynchrony 24 h after the last event: the primary measure.
    pub retention_rms: f64,
    /// The same at once.
    pub end_rms: f64,
    /// The same 24 h later at an interval 20 % longer.
    pub transfer_rms: f64,
    /// Bias 24 h later.
    pub retention_bias: f64,
    /// First event at which the expected RMS is within 1.5 goal SDs, to a twentieth of the run; none if never.
    pub criterion: Option<u32>,
    /// Practised events with a verdict, extra presses among them.
    pub events: u32,
    pub failures: u32,
    pub longest_streak: u32,
    pub brakes: u32,
    pub rests: u32,
    /// Full scenes.
    pub scenes: u32,
    /// Share of events at which the running success lies in 0.70…0.88.
    pub in_band: f64,
    /// Mean gain in force.
    pub gain: f64,
    /// Mean rung.
    pub rung: f64,
    /// Probability that somebody had quit by the end, under an invented hazard.
    pub quit: f64,
    pub minutes: f64,
    /// Expected RMS asynchrony along the run.
    pub curve: [f64; CURVE],
}

impl Outcome {
    #[must_use]
    pub fn failures_a_minute(&self) -> f64 {
        if self.minutes > 0.0 { f64::from(self.failures) / self.minutes } else { 0.0 }
    }
}

/// Counts of a run in progress.
#[derive(Clone, Debug)]
pub(super) struct Tally {
    total: usize,
    done: usize,
    points: usize,
    recent: u16,
    streak: u32,
    stays: f64,
    out: Outcome,
}

impl Tally {
    pub fn new(total: usize) -> Self {
        let out = Outcome {
            retention_rms: 0.0,
            end_rms: 0.0,
            transfer_rms: 0.0,
            retention_bias: 0.0,
            criterion: None,
            events: 0,
            failures: 0,
            longest_streak: 0,
            brakes: 0,
            rests: 0,
            scenes: 0,
            in_band: 0.0,
            gain: 0.0,
            rung: 0.0,
            quit: 0.0,
            minutes: 0.0,
            curve: [0.0; CURVE],
        };
        Self { total, done: 0, points: 0, recent: 0, streak: 0, stays: 1.0, out }
    }

    /// Whether the next call of [`Self::practised`] needs a point of the curve.
    pub fn wants_point(&self) -> bool {
        self.points < CURVE && (self.done + 1) * (CURVE - 1) >= self.points * self.total
    }

    /// One event more of the schedule is over.
    pub fn practised(&mut self, rms: f64, goal_ms: f64) {
        let wanted = self.wants_point();
        self.done += 1;
        if wanted {
            while self.points < CURVE && self.done * (CURVE - 1) >= self.points * self.total {
                self.out.curve[self.points] = rms;
                self.points += 1;
            }
            if self.out.criterion.is_none() && rms <= CRITERION * goal_ms {
                self.out.criterion = u32::try_from(self.done).ok();
            }
        }
    }

    pub fn event(&mut self, seen: &Seen, success: f64) {
        let failed = !seen.tier.is_success();
        let out = &mut self.out;
        out.events += 1;
        out.failures += u32::from(failed);
        self.streak = if failed { self.streak + 1 } else { 0 };
        out.longest_streak = out.longest_streak.max(self.streak);
        self.recent = ((self.recent << 1) | u16::from(failed)) & 0x3ff;
        self.stays *= 1.0 - QUITS * (f64::from(self.recent.count_ones()) - 5.0).max(0.0);
        out.brakes += u32::from(seen.braked);
        out.rests += u32::from(seen.decision.rest);
        out.scenes += u32::from(seen.drama == Drama::Full);
        out.in_band += f64::from(u8::from((BAND.0..=BAND.1).contains(&success)));
        out.gain += seen.gain;
        out.rung += f64::from(seen.rung);
    }

    /// A full scene at the end of a phrase.
    pub fn scene(&mut self) {
        self.out.scenes += 1;
    }

    pub fn minutes(&mut self, t: HostTime) {
        self.out.minutes = (t - HostTime(0)).as_secs() / 60.0;
    }

    pub fn finish(mut self, end: f64, retained: f64, transferred: f64, bias: f64) -> Outcome {
        let events = f64::from(self.out.events.max(1));
        let out = &mut self.out;
        (out.end_rms, out.retention_rms, out.transfer_rms, out.retention_bias) = (end, retained, transferred, bias);
        (out.in_band, out.gain, out.rung) = (out.in_band / events, out.gain / events, out.rung / events);
        out.quit = 1.0 - self.stays;
        self.out
    }
}
