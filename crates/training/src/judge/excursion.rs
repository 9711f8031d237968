//! A stick kept in a path: at each gate, how far it went past the nearer edge since the gate before.

use super::trial::{Outcome, Trial, queue, settled};
use crate::{
    event::{EventKind, Ignored, PathPoint, Press, Side, Tilt, TrialPlan},
    time::{HostTime, Nanos, TrialClock},
};

#[derive(Clone, Debug)]
pub(super) struct Excursion {
    /// Presses mean nothing here.
    waiting: Vec<Press>,
    /// In order of time; those before the watermark are used up.
    tilts: Vec<Tilt>,
    /// In order of time.
    path: Vec<(HostTime, PathPoint)>,
    /// The gate that is reached next.
    next: usize,
    /// Up to when the way has been looked at, and where the stick stood.
    seen: HostTime,
    x: f64,
    /// The largest excursion since the gate before, as a share of the width.
    largest: f64,
}

impl Excursion {
    pub fn new(plan: &TrialPlan, clock: TrialClock) -> Self {
        Self {
            waiting: Vec::new(),
            tilts: Vec::new(),
            path: plan.terms.path.iter().map(|point| (clock.host(point.at), *point)).collect(),
            next: 0,
            seen: clock.host(plan.count_in_ends),
            x: 0.0,
            largest: 0.0,
        }
    }

    pub fn press(&mut self, press: Press) {
        queue(&mut self.waiting, press);
    }

    pub fn tilt(&mut self, tilt: Tilt) {
        if tilt.x.is_finite() {
            let place = self.tilts.partition_point(|earlier| (earlier.t, earlier.seq) <= (tilt.t, tilt.seq));
            self.tilts.insert(place, tilt);
        }
    }

    pub fn advance(&mut self, trial: &Trial, watermark: HostTime) -> Vec<Outcome> {
        let mut outcomes = Vec::new();
        for press in settled(&mut self.waiting, watermark) {
            outcomes.push(Outcome::Ignored { press, why: trial.outside(&press).unwrap_or(Ignored::Unasked) });
        }
        let moved = self.tilts.partition_point(|tilt| tilt.t < watermark);
        let tilts: Vec<Tilt> = self.tilts.drain(..moved).collect();
        for tilt in tilts {
            self.go_on(trial, tilt.t, &mut outcomes);
            self.x = tilt.x.clamp(-1.0, 1.0);
        }
        self.go_on(trial, watermark, &mut outcomes);
        outcomes.sort_by_key(Outcome::t);
        outcomes
    }

    /// Looks at the way up to `t`, the stick standing where it stands, and tells of the gates before it.
    fn go_on(&mut self, trial: &Trial, t: HostTime, outcomes: &mut Vec<Outcome>) {
        while let Some(gate) = trial.targets.get(self.next).filter(|gate| gate.at < t) {
            self.look(gate.at);
            let error = 100.0 * std::mem::take(&mut self.largest);
            let mut verdict = trial.verdict(EventKind::Excursion, Some(gate), None, gate.at);
            verdict.error = Some(error);
            verdict.side = if error < 0.0 { Side::Early } else { Side::Late };
            outcomes.push(Outcome::Verdict(verdict));
            self.next += 1;
        }
        self.look(t);
    }

    /// The stick stands still from where the way was last seen up to `t`. Between two points of the path its place
    /// across the path is a ratio of two straight lines, so it is at its largest at one of the ends.
    fn look(&mut self, t: HostTime) {
        if t <= self.seen {
            return;
        }
        let from = self.path.partition_point(|(at, _)| *at <= self.seen);
        let to = self.path.partition_point(|(at, _)| *at < t);
        let between: Vec<HostTime> = self.path[from..to.max(from)].iter().map(|(at, _)| *at).collect();
        for at in [self.seen].into_iter().chain(between).chain([t]) {
            let past = self.past(at);
            if past.abs() > self.largest.abs() {
                self.largest = past;
            }
        }
        self.seen = t;
    }

    /// How far past the nearer edge the stick stands at a moment, as a share of the width; 0 inside, and where there is no
    /// path.
    fn past(&self, t: HostTime) -> f64 {
        let after = self.path.partition_point(|(at, _)| *at < t);
        let Some((centre, width)) = (match (after.checked_sub(1).map(|i| self.path[i]), self.path.get(after)) {
            (_, Some((at, point))) if *at == t => Some((point.centre, point.width)),
            (Some((from, start)), Some((to, end))) => {
                let share = Nanos::as_ms(t - from) / Nanos::as_ms(*to - from);
                let on = |a: f64, b: f64| a + (b - a) * share;
                Some((on(start.centre, end.centre), on(start.width, end.width)))
            }
            _ => None,
        }) else {
            return 0.0;
        };
        let aside = (self.x - centre) / width;
        if aside > 0.5 {
            aside - 0.5
        } else if aside < -0.5 {
            aside + 0.5
        } else {
            0.0
        }
    }
}
