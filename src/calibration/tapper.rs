//! A simulated player of a calibration, with an offset that is known: it taps late by the devices' delay, ahead by its
//! anticipation, and adjusts a beat by ear.

use std::collections::VecDeque;

use doozy_cerebellum::rng::Stream;
use doozy_training::time::{HostTime, Nanos};

use super::{Phase, estimate::REACTION_MS};

/// What a simulated player's devices and hand are like.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Tapper {
    /// Delay of the devices together (O + I, or D + I), ms.
    pub offset_ms: f64,
    /// SD of the hand, and of what the ear notices in the adjustment, ms.
    pub sd_ms: f64,
    /// Asynchrony to a steady beat beyond the delay, ms; negative: ahead of it. Not there in reactions and in the
    /// adjustment.
    pub anticipation_ms: f64,
    /// Share of taps that go astray by 1350 ms, 0…1 (cases A32 e).
    pub outliers: f64,
}

impl Default for Tapper {
    fn default() -> Self {
        Self { offset_ms: 0.0, sd_ms: 20.0, anticipation_ms: -40.0, outliers: 0.0 }
    }
}

/// The pace that it keeps by itself, and its SD as a share of it.
const OWN_PACE: Nanos = Nanos::ms(640);
const OWN_SCATTER: f64 = 0.03;
/// How far a tap goes astray, ms.
const ASTRAY_MS: f64 = 1_350.0;
/// Beats that it listens to before it moves one.
const LISTENS: usize = 8;

/// What a simulated player does in the adjustment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Move {
    Nudge(i32),
    Confirm,
}

/// The player at work.
#[derive(Clone, Debug)]
pub(super) struct Player {
    tapper: Tapper,
    hand: Stream,
    next_own: Option<HostTime>,
    /// Stamps of its latest taps, for its own ear.
    tapped: VecDeque<HostTime>,
    /// Beats that it will hear, and how far from its finger it heard the last ones, ms.
    coming: VecDeque<HostTime>,
    heard: Vec<f64>,
}

impl Player {
    pub(super) fn new(tapper: Tapper, seed: u64) -> Self {
        let hand = Stream::named(seed, "calibration-tapper", 0);
        Self { tapper, hand, next_own: None, tapped: VecDeque::new(), coming: VecDeque::new(), heard: Vec::new() }
    }

    /// The stamp of its answer to a stimulus that the card says is heard (or seen) at `at`.
    pub(super) fn answer(&mut self, phase: Phase, at: HostTime) -> Option<HostTime> {
        let Tapper { offset_ms, sd_ms, anticipation_ms, outliers } = self.tapper;
        let scatter = sd_ms * self.hand.gaussian();
        let astray = if self.hand.bernoulli(outliers) { ASTRAY_MS } else { 0.0 };
        let ms = match phase {
            Phase::Single => offset_ms + REACTION_MS + scatter,
            Phase::Steady => offset_ms + anticipation_ms + scatter + astray,
            Phase::Waiting | Phase::Settling | Phase::Review => return None,
        };
        Some(at + Nanos::from_ms(ms))
    }

    /// In the adjustment: a beat that the card says is heard at `at`.
    pub(super) fn listen(&mut self, at: HostTime) {
        self.coming.push_back(at);
    }

    /// In the adjustment: stamps of the taps that are due by `now`, at its own pace.
    pub(super) fn keep_pace(&mut self, now: HostTime, out: &mut Vec<HostTime>) {
        let mut next = self.next_own.unwrap_or(now + OWN_PACE);
        while next <= now {
            out.push(next);
            self.tapped.push_back(next);
            if self.tapped.len() > 16 {
                self.tapped.pop_front();
            }
            let scatter = OWN_PACE.as_ms() * OWN_SCATTER * self.hand.gaussian();
            next = next + OWN_PACE + Nanos::from_ms(scatter);
        }
        self.next_own = Some(next);
    }

    /// In the adjustment: what it does about the beats that it has heard by `now`. A beat counts for the finger nearest
    /// to it.
    pub(super) fn adjust(&mut self, now: HostTime) -> Option<Move> {
        let delay = Nanos::from_ms(self.tapper.offset_ms);
        // the ear needs the taps on both sides of a beat
        while let Some(at) = self.coming.front().copied().filter(|at| now > *at + delay + OWN_PACE) {
            self.coming.pop_front();
            let heard = at + delay;
            if let Some(finger) = self.tapped.iter().min_by_key(|tap| (heard - **tap).abs()) {
                let noise = self.tapper.sd_ms * self.hand.gaussian();
                self.heard.push((heard - *finger).as_ms() + noise);
            }
        }
        if self.heard.len() < LISTENS {
            return None;
        }
        let apart = self.heard.iter().sum::<f64>() / self.heard.len() as f64;
        self.heard.clear();
        self.coming.clear();
        // late beats are moved earlier, in the steps of the keys
        let steps = if apart.abs() > 15.0 { 5 * (apart / 5.0).round() as i32 } else { apart.round() as i32 };
        Some(if apart.abs() <= 0.5 * self.tapper.sd_ms + 5.0 { Move::Confirm } else { Move::Nudge(-steps) })
    }
}
