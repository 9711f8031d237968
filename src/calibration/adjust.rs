//! The adjustment: a beat that follows the player, moved by the player until it falls together with the finger.
//!
//! The player taps at their own pace; the sound of tap n is scheduled at (predicted stamp of tap n) − x. The finger
//! itself is heard and felt at stamp − I, the beat at prediction − x + O: together when x = O + I. The player follows
//! nothing, so nothing is anticipated. The beat must be heard through the loudspeaker and the finger through the air: a
//! tap's sound made by this program would be late by O as well, and O would cancel out.
//!
//! Pure: taps and the present moment go in, moments for the beat come out.
//!
//! A beat that follows every tap sounds right at x and at x plus any whole interval. Which of them is meant is told by
//! the reactions to single stimuli that come first: a setting is read as the one nearest to where they point.

use std::collections::VecDeque;

use doozy_cerebellum::rng::Stream;
use doozy_training::time::{HostTime, Nanos};

use super::{
    OFFSET_LIMIT_MS,
    estimate::{Estimate, SETTINGS, Values, median},
};

/// Settings that are asked for ◇: four give an estimate, six a standard error that means something.
pub const SETTINGS_ASKED: u32 = 6;
/// Beats to be heard at a setting before it can be confirmed ◇.
pub const BEATS_TO_HEAR: u32 = 4;
/// How far each setting starts from where the last ones point, ms: far enough to be heard as apart, near enough to get
/// there. ◇
const START_MS: (f64, f64) = (60.0, 180.0);
/// Intervals that count as a pace ◇: below, a whole beat could be mistaken; above, nobody keeps a beat (skill.md §1).
pub const PACE: (Nanos, Nanos) = (Nanos::ms(450), Nanos::ms(1_800));
/// Taps whose intervals give the prediction: enough to smooth the hand's scatter, few enough to follow its drift. ◇
const REMEMBERED: usize = 12;
/// Taps in a row before the beat sets in.
const FIND_PACE: usize = 4;

/// Why a setting cannot be taken yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotYet {
    /// Too few beats were heard since it was last moved.
    Listen,
    /// All that were asked for are taken.
    Done,
}

/// One player's adjustment.
#[derive(Clone, Debug)]
pub struct Adjuster {
    starts: Stream,
    first_side: f64,
    /// Roughly where the offset lies, ms.
    coarse_ms: f64,
    x: Nanos,
    settings: Values,
    taken: Vec<f64>,
    /// Stamps of the taps in a row that make the pace.
    taps: VecDeque<HostTime>,
    /// Number of the latest tap in its row, and of the latest tap that has its sound.
    latest: i64,
    sounded: i64,
    heard: u32,
}

impl Adjuster {
    /// Around `coarse_ms`, with starting points from the seed's own stream.
    #[must_use]
    pub fn new(seed: u64, coarse_ms: f64) -> Self {
        let mut starts = Stream::named(seed, "calibration-start", 0);
        let first_side = if starts.bernoulli(0.5) { 1.0 } else { -1.0 };
        let mut adjuster = Self {
            starts,
            first_side,
            coarse_ms: coarse_ms.clamp(-OFFSET_LIMIT_MS, OFFSET_LIMIT_MS),
            x: Nanos::ZERO,
            settings: Values::new(SETTINGS),
            taken: Vec::new(),
            taps: VecDeque::new(),
            latest: 0,
            sounded: 0,
            heard: 0,
        };
        adjuster.begin_setting();
        adjuster
    }

    /// A new starting point, on the other side than the last one.
    fn begin_setting(&mut self) {
        let around = median(&self.taken).unwrap_or(self.coarse_ms);
        let side = if self.taken.len().is_multiple_of(2) { self.first_side } else { -self.first_side };
        let start = around + side * self.starts.between(START_MS.0, START_MS.1);
        self.x = Nanos::ms(start.clamp(-OFFSET_LIMIT_MS, OFFSET_LIMIT_MS).round() as i64);
        self.heard = 0;
    }

    /// The setting in force: by how much the beat's sound is scheduled before the predicted tap.
    #[must_use]
    pub fn x(&self) -> Nanos {
        self.x
    }

    /// Settings taken so far.
    #[must_use]
    pub fn taken(&self) -> u32 {
        u32::try_from(self.taken.len()).unwrap_or(u32::MAX)
    }

    #[must_use]
    pub fn is_done(&self) -> bool {
        self.taken() >= SETTINGS_ASKED
    }

    /// Whether enough was heard at this setting.
    #[must_use]
    pub fn confirmable(&self) -> bool {
        self.heard >= BEATS_TO_HEAR && !self.is_done()
    }

    #[must_use]
    pub fn estimate(&self) -> Estimate {
        self.settings.estimate()
    }

    /// The player's interval, once there is a pace.
    #[must_use]
    pub fn tempo(&self) -> Option<Nanos> {
        (self.taps.len() >= FIND_PACE).then(|| self.interval()).flatten()
    }

    fn interval(&self) -> Option<Nanos> {
        let lengths: Vec<f64> =
            self.taps.iter().zip(self.taps.iter().skip(1)).map(|(a, b)| (*b - *a).0 as f64).collect();
        median(&lengths).map(|ns| Nanos(ns as i64))
    }

    /// A tap's stamp. False if it is none of the pace: a bounce, or a double tap.
    pub fn tap(&mut self, t: HostTime) -> bool {
        let Some(last) = self.taps.back().copied() else {
            self.taps.push_back(t);
            return true;
        };
        let gap = t - last;
        let usual = self.interval();
        if gap < usual.map_or(Nanos(PACE.0.0 / 2), |usual| Nanos(usual.0 / 2)) {
            return false;
        }
        let too_long = usual.map_or(PACE.1, |usual| Nanos((usual.0 + usual.0 / 2).min(PACE.1.0)));
        if gap > too_long {
            self.lose_pace();
        }
        self.taps.push_back(t);
        self.latest += 1;
        if self.taps.len() > REMEMBERED {
            self.taps.pop_front();
        }
        true
    }

    /// The player stopped: the beat waits for a new pace.
    pub fn lose_pace(&mut self) {
        self.taps.clear();
    }

    /// When the tap `ahead` taps after the latest will be stamped: counted from the latest, for a hand that keeps no
    /// outer beat wanders, and its older taps say less about where it is.
    fn predicted(&self, ahead: i64) -> Option<HostTime> {
        Some(*self.taps.back()? + Nanos(ahead * self.tempo()?.0))
    }

    /// The next moment at which the beat should be heard as the card reports it, if it has to be scheduled by `now`:
    /// `lead` before that moment. To be called until it gives None.
    ///
    /// A beat that would come too late to be scheduled is left out, as one a little late would lead the player astray.
    pub fn due(&mut self, now: HostTime, lead: Nanos) -> Option<HostTime> {
        let interval = self.tempo().filter(|interval| (PACE.0..=PACE.1).contains(interval))?;
        // nobody taps any more
        if self.taps.back().is_some_and(|last| now - *last > Nanos(2 * interval.0)) {
            self.lose_pace();
            return None;
        }
        loop {
            let next = self.sounded.max(self.latest - 2) + 1;
            let at = self.predicted(next - self.latest)? - self.x;
            if at - now > lead + SLACK {
                return None;
            }
            self.sounded = next;
            if at - now >= lead {
                self.heard += 1;
                return Some(at);
            }
        }
    }

    /// Moves the beat by so many ms: positive is later.
    pub fn nudge(&mut self, ms: i32) {
        let limit = Nanos::from_ms(OFFSET_LIMIT_MS).0;
        self.x = Nanos((self.x - Nanos::ms(i64::from(ms))).0.clamp(-limit, limit));
        self.heard = 0;
    }

    /// Takes the setting and begins the next.
    ///
    /// # Errors
    /// [`NotYet`]; nothing is taken then.
    pub fn confirm(&mut self) -> Result<(), NotYet> {
        if self.is_done() {
            return Err(NotYet::Done);
        }
        let Some(interval) = self.tempo().filter(|_| self.confirmable()) else { return Err(NotYet::Listen) };
        let (x, interval) = (self.x.as_ms(), interval.as_ms());
        let read = x - interval * ((x - self.coarse_ms) / interval).round();
        self.settings.push(read);
        self.taken.push(read);
        self.begin_setting();
        Ok(())
    }
}

/// A beat is scheduled at most this much before it must be: late enough to know the latest tap, early enough for a step
/// of a few ms.
const SLACK: Nanos = Nanos::ms(20);
