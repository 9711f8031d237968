//! Responses that hang on the response before: going on in silence, giving back a rhythm or an interval, holding,
//! letting go.
//!
//! Targets are answered in their order. Where the trial's targets begin with one that the player answers at leisure
//! ([`Role::Begin`]) and go on with presses, the order alone pairs them, whatever the distance; otherwise each target is
//! given up a reach after it was due, as in a matching. Each response is judged at its own moment, for what follows is
//! due by it.

use super::trial::{Due, Mark, Outcome, Trial, Verdict, queue, settled};
use crate::{
    event::{ErrorUnit, EventKind, Ignored, Press, Release, ReleaseCause, Role, Side},
    time::{HostTime, Nanos},
};

/// A trial whose responses hang on each other.
#[derive(Clone, Debug)]
pub(super) struct Chain {
    waiting: Vec<Press>,
    /// When controls came up, in order of time, not before the watermark.
    releases: Vec<Release>,
    /// The target that is to be answered next.
    next: usize,
    /// The response before it, or when that was due.
    base: HostTime,
    /// The target before it, as it was due.
    last_due: Option<HostTime>,
    /// What is held down.
    held: Option<Press>,
    /// Presses are paired by their order alone.
    by_order: bool,
    false_started: bool,
    last_press: Option<Press>,
}

/// The player did something.
#[derive(Clone, Copy, Debug)]
enum Response {
    Down(Press),
    Up(Release),
}

impl Response {
    fn t(&self) -> HostTime {
        match self {
            Self::Down(press) => press.t,
            Self::Up(release) => release.t,
        }
    }
}

impl Chain {
    pub fn new(trial: &Trial) -> Self {
        let begins = |due: &Due| due.role == Role::Begin;
        Self {
            waiting: Vec::new(),
            releases: Vec::new(),
            next: 0,
            base: trial.count_in_ends,
            last_due: None,
            held: None,
            by_order: trial.targets.first().is_some_and(begins),
            false_started: false,
            last_press: None,
        }
    }

    pub fn press(&mut self, press: Press) {
        queue(&mut self.waiting, press);
    }

    pub fn release(&mut self, release: Release) {
        let place = self.releases.partition_point(|earlier| (earlier.t, earlier.seq) <= (release.t, release.seq));
        self.releases.insert(place, release);
    }

    /// The target that is next, if a press may answer it.
    pub fn mark(&self, trial: &Trial, press: Press) -> Mark {
        let due = trial.targets.get(self.next).filter(|due| match due.role {
            Role::Press | Role::PressAfter { .. } => press.t > trial.count_in_ends,
            _ => false,
        });
        let e = due.map(|due| press.t - self.due(due));
        let near = e.is_some_and(|e| self.by_order || e.abs() <= trial.window);
        Mark { press, target: due.map(|due| due.id).filter(|_| near), e: e.filter(|_| near) }
    }

    /// When a target is due, by what has been done so far.
    fn due(&self, target: &Due) -> HostTime {
        match target.role {
            Role::PressAfter { after } | Role::ReleaseAfter { after } => self.base + after,
            _ => target.at,
        }
    }

    /// The last moment at which a target is answered; none while only the trial's end gives it up.
    fn given_up(&self, trial: &Trial, target: &Due) -> Option<HostTime> {
        match target.role {
            // too late to take hold of what should have been let go
            Role::Begin => match trial.targets.get(self.next + 1) {
                Some(end) if end.role == Role::Release => Some(end.at + trial.reach()),
                _ => None,
            },
            Role::Release | Role::Press => Some(self.due(target) + trial.reach()),
            Role::PressAfter { .. } if !self.by_order => Some(self.due(target) + trial.reach()),
            _ => None,
        }
    }

    pub fn advance(&mut self, trial: &Trial, watermark: HostTime) -> Vec<Outcome> {
        let mut responses: Vec<Response> =
            settled(&mut self.waiting, watermark).into_iter().map(Response::Down).collect();
        let up = self.releases.partition_point(|release| release.t < watermark);
        responses.extend(self.releases.drain(..up).map(Response::Up));
        // of a press and a release at one moment the release comes first: it can only end what was held before
        responses.sort_by_key(|response| (response.t(), matches!(response, Response::Down(_))));
        let mut outcomes = Vec::new();
        for response in responses {
            self.give_up(trial, response.t(), &mut outcomes);
            match response {
                Response::Down(press) => self.down(trial, press, &mut outcomes),
                Response::Up(release) => self.up(trial, release, &mut outcomes),
            }
        }
        self.give_up(trial, watermark, &mut outcomes);
        outcomes
    }

    /// Gives up every target that nothing at `t` or later can answer.
    fn give_up(&mut self, trial: &Trial, t: HostTime, outcomes: &mut Vec<Outcome>) {
        while let Some(target) = trial.targets.get(self.next) {
            let last = self.given_up(trial, target).map_or(trial.ends, |last| last.min(trial.ends));
            if last >= t {
                return;
            }
            let due = self.due(target);
            // what was never begun cannot be late, and its end is told of what follows
            if target.role != Role::Begin {
                let mut verdict = trial.verdict(EventKind::Omission, Some(target), None, last);
                verdict.due = Some(due);
                verdict.error = (trial.unit == ErrorUnit::Percent).then_some(0.0);
                outcomes.push(Outcome::Verdict(verdict));
            }
            self.step(due, due);
        }
    }

    fn step(&mut self, base: HostTime, due: HostTime) {
        (self.base, self.last_due) = (base, Some(due));
        self.next += 1;
    }

    fn down(&mut self, trial: &Trial, press: Press, outcomes: &mut Vec<Outcome>) {
        if let Some(why) = trial.ignores(&mut self.last_press, press) {
            outcomes.push(Outcome::Ignored { press, why });
            return;
        }
        let Some(target) = trial.targets.get(self.next).copied() else {
            self.extra(trial, press, None, outcomes);
            return;
        };
        let due = self.due(&target);
        let e = press.t - due;
        let waits_for_press = matches!(target.role, Role::Begin | Role::Press | Role::PressAfter { .. });
        if !waits_for_press || (!self.by_order && e < Nanos::ZERO - trial.reach()) {
            let first = self.last_due.is_none() && e < Nanos::ZERO - trial.window;
            if waits_for_press && first && std::mem::replace(&mut self.false_started, true) {
                outcomes.push(Outcome::Ignored { press, why: Ignored::FalseStartAgain });
            } else if waits_for_press && first {
                outcomes.push(Outcome::Verdict(trial.verdict(
                    EventKind::FalseStart,
                    Some(&target),
                    Some(press),
                    press.t,
                )));
            } else {
                self.extra(trial, press, Some(&target), outcomes);
            }
        } else if target.role == Role::Begin {
            self.held = Some(press);
            outcomes.push(Outcome::Ignored { press, why: Ignored::Begins });
            self.step(press.t, press.t);
        } else {
            let kind = if press.lane != target.lane {
                EventKind::WrongLane
            } else if self.by_order || e.abs() <= trial.window {
                EventKind::Press
            } else {
                EventKind::Pair
            };
            let verdict = self.told(trial, kind, &target, due, Some(press), press.t);
            outcomes.push(Outcome::Verdict(verdict));
            self.step(press.t, due);
        }
    }

    fn up(&mut self, trial: &Trial, release: Release, outcomes: &mut Vec<Outcome>) {
        let of_it = |press: &Press| (press.device, press.control) == (release.device, release.control);
        let Some(press) = self.held.filter(of_it) else { return };
        if release.cause != ReleaseCause::Released || release.t > trial.ends {
            return;
        }
        let Some(target) = trial.targets.get(self.next).copied() else { return };
        let due = self.due(&target);
        match target.role {
            Role::Release if release.t < due - trial.reach() => {
                // a false start; it has to be taken up again
                self.held = None;
                self.next = self.next.saturating_sub(1);
                if !std::mem::replace(&mut self.false_started, true) {
                    let verdict = trial.verdict(EventKind::FalseStart, Some(&target), Some(press), release.t);
                    outcomes.push(Outcome::Verdict(verdict));
                }
            }
            Role::Release | Role::ReleaseAfter { .. } => {
                self.held = None;
                let verdict = self.told(trial, EventKind::Release, &target, due, Some(press), release.t);
                outcomes.push(Outcome::Verdict(verdict));
                self.step(release.t, due);
            }
            _ => {}
        }
    }

    /// A verdict on the response at `t` to a target that was due by what came before.
    fn told(
        &self,
        trial: &Trial,
        kind: EventKind,
        target: &Due,
        due: HostTime,
        press: Option<Press>,
        t: HostTime,
    ) -> Verdict {
        let e = t - due;
        let mut verdict = trial.verdict(kind, Some(target), press, t);
        verdict.due = Some(due);
        (verdict.e, verdict.distance, verdict.side) = (Some(e), e, Side::of(e));
        verdict.error = percent(trial, e, target);
        verdict
    }

    /// A press that answers nothing, told by the nearer of the target before and the one that is next.
    fn extra(&self, trial: &Trial, press: Press, next: Option<&Due>, outcomes: &mut Vec<Outcome>) {
        let due = next.map(|target| self.due(target));
        let Some(nearest) = [self.last_due, due].into_iter().flatten().min_by_key(|due| (press.t - *due).abs()) else {
            return;
        };
        let distance = press.t - nearest;
        let target = next.or(trial.targets.last());
        let mut verdict = trial.verdict(EventKind::Extra, None, Some(press), press.t);
        (verdict.distance, verdict.side) = (distance, Side::of(distance));
        verdict.error = target.and_then(|target| percent(trial, distance, target));
        outcomes.push(Outcome::Verdict(verdict));
    }
}

/// A time as per cent of the interval that a target asks for, where that is the unit.
fn percent(trial: &Trial, e: Nanos, target: &Due) -> Option<f64> {
    let after = match target.role {
        Role::PressAfter { after } | Role::ReleaseAfter { after } => after,
        _ => trial.half_interval + trial.half_interval,
    };
    (trial.unit == ErrorUnit::Percent).then(|| 100.0 * e.as_ms() / after.as_ms().max(1.0))
}
