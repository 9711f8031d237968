//! Drift: whether a session's asynchronies wander off from where they began. It offers a new calibration and applies
//! nothing.
//!
//! It cannot tell whose drift it is: a device that falls behind and a player who tires look the same. Pure.

use std::collections::VecDeque;

use super::estimate::summarize;

/// Presses that say where the session began, and where it is now ◇: about a minute of play each; the standard error of
/// their median is then 4–8 ms for a spread of 20–40.
const WINDOW: usize = 40;
/// Least difference worth telling, ms ◇: half the tolerance of the tightest shipped level, above what
/// a player's mean asynchrony wanders by within a session.
const LEAST_MS: f64 = 15.0;
/// …and in standard errors of the difference ◇.
const ERRORS: f64 = 3.5;
/// Presses between two looks ◇: half a window. Looking after every press would find as much by chance in a tenth
/// of all steady sessions of 400 presses; so it is a twentieth at most (a test counts them).
const EVERY: usize = 20;

/// What is offered.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Offer {
    /// By how much the median has moved since the session began, ms; positive: later.
    pub by_ms: f64,
    /// Standard error of that.
    pub se_ms: f64,
}

/// Watches one session.
#[derive(Clone, Debug, Default)]
pub struct Drift {
    first: Vec<f64>,
    latest: VecDeque<f64>,
    since: usize,
    offered: bool,
}

impl Drift {
    /// The asynchrony of a press that was matched to a target, ms. Some once a session, when the latest presses differ
    /// from the first.
    pub fn hit(&mut self, asynchrony_ms: f64) -> Option<Offer> {
        if self.offered || !asynchrony_ms.is_finite() {
            return None;
        }
        if self.first.len() < WINDOW {
            self.first.push(asynchrony_ms);
            return None;
        }
        self.latest.push_back(asynchrony_ms);
        if self.latest.len() > WINDOW {
            self.latest.pop_front();
        }
        self.since += 1;
        if self.latest.len() < WINDOW || !self.since.is_multiple_of(EVERY) {
            return None;
        }
        let (first, latest) = (summarize(&self.first)?, summarize(self.latest.make_contiguous())?);
        let by_ms = latest.median - first.median;
        let se_ms = libm::hypot(first.se?, latest.se?);
        self.offered = by_ms.abs() > LEAST_MS && by_ms.abs() > ERRORS * se_ms;
        self.offered.then_some(Offer { by_ms, se_ms })
    }

    /// Another offset applies from now on, so that what comes cannot be compared with what was.
    pub fn rebase(&mut self) {
        self.first.clear();
        self.latest.clear();
        self.since = 0;
    }
}
