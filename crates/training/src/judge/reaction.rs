//! Signals that are to be answered as fast as can be, or not at all.
//!
//! Each signal has its own span, from its onset to a reach after its target; spans do not overlap. The first press in a
//! span is the answer. Only what is later than the player's usual reaction time is an error.

use super::trial::{Due, Mark, Outcome, Trial, queue, settled};
use crate::{
    event::{EventKind, Ignored, Press, Role, Side},
    time::{HostTime, Nanos, TrialClock},
};

#[derive(Clone, Debug)]
pub(super) struct Reaction {
    waiting: Vec<Press>,
    /// By place in the trial's targets, in order of time.
    signals: Vec<Signal>,
    /// The first signal that is neither answered nor given up.
    next: usize,
    false_started: bool,
    last_press: Option<Press>,
}

#[derive(Clone, Copy, Debug)]
struct Signal {
    onset: HostTime,
    /// A response sooner than this after the onset is none.
    least: Nanos,
    answered: bool,
}

impl Reaction {
    pub fn new(trial: &Trial, clock: TrialClock) -> Self {
        let signal = |due: &Due| match due.role {
            Role::React { onset, least } => Signal { onset: clock.host(onset), least, answered: false },
            _ => Signal { onset: due.at, least: Nanos::ZERO, answered: false },
        };
        Self {
            waiting: Vec::new(),
            signals: trial.targets.iter().map(signal).collect(),
            next: 0,
            false_started: false,
            last_press: None,
        }
    }

    pub fn press(&mut self, press: Press) {
        queue(&mut self.waiting, press);
    }

    /// The signal in whose span a moment lies.
    fn at(&self, trial: &Trial, t: HostTime) -> Option<usize> {
        let place = self.signals.partition_point(|signal| signal.onset <= t).checked_sub(1)?;
        (t <= trial.targets[place].at + trial.reach()).then_some(place)
    }

    pub fn mark(&self, trial: &Trial, press: Press) -> Mark {
        let place = self.at(trial, press.t).filter(|&i| press.t > trial.count_in_ends && !trial.targets[i].stop);
        let due = place.map(|i| trial.targets[i]);
        Mark { press, target: due.map(|due| due.id), e: due.map(|due| (press.t - due.at).max(Nanos::ZERO)) }
    }

    pub fn advance(&mut self, trial: &Trial, watermark: HostTime) -> Vec<Outcome> {
        let mut outcomes = Vec::new();
        for press in settled(&mut self.waiting, watermark) {
            self.give_up(trial, press.t, &mut outcomes);
            self.judge(trial, press, &mut outcomes);
        }
        self.give_up(trial, watermark, &mut outcomes);
        outcomes
    }

    /// Gives up every signal whose span ended before `t`.
    fn give_up(&mut self, trial: &Trial, t: HostTime, outcomes: &mut Vec<Outcome>) {
        while let (Some(due), Some(signal)) = (trial.targets.get(self.next), self.signals.get(self.next)) {
            let last = due.at + trial.reach();
            if last >= t {
                return;
            }
            if !signal.answered && !due.stop {
                outcomes.push(Outcome::Verdict(trial.verdict(EventKind::Omission, Some(due), None, last)));
            }
            self.next += 1;
        }
    }

    fn judge(&mut self, trial: &Trial, press: Press, outcomes: &mut Vec<Outcome>) {
        if let Some(why) = trial.ignores(&mut self.last_press, press) {
            outcomes.push(Outcome::Ignored { press, why });
            return;
        }
        let place = self.at(trial, press.t);
        let false_start = match place {
            None => self.signals.first().is_some_and(|first| press.t < first.onset),
            Some(i) => {
                let signal = self.signals[i];
                !signal.answered && !trial.targets[i].stop && press.t - signal.onset < signal.least
            }
        };
        let onset = place.map(|i| self.signals[i].onset);
        let mut say = |kind, due: Option<&Due>| {
            let mut verdict = trial.verdict(kind, due, Some(press), press.t);
            if kind == EventKind::Press {
                // sooner than usual is no error
                verdict.reaction = onset.map(|onset| press.t - onset);
                verdict.e = verdict.e.map(|e| e.max(Nanos::ZERO));
                (verdict.distance, verdict.side) = (verdict.e.unwrap_or_default(), Side::Late);
            }
            outcomes.push(Outcome::Verdict(verdict));
        };
        if false_start {
            let near = place.unwrap_or(0);
            if let Some(signal) = place.and_then(|i| self.signals.get_mut(i)) {
                // who was too soon has answered
                signal.answered = true;
            }
            if std::mem::replace(&mut self.false_started, true) {
                outcomes.push(Outcome::Ignored { press, why: Ignored::FalseStartAgain });
            } else {
                say(EventKind::FalseStart, trial.targets.get(near));
            }
            return;
        }
        match place.map(|i| (i, trial.targets[i])) {
            Some((i, due)) if !self.signals[i].answered => {
                self.signals[i].answered = true;
                let kind = if due.stop {
                    EventKind::StopResponse
                } else if due.lane != press.lane {
                    EventKind::WrongLane
                } else {
                    EventKind::Press
                };
                say(kind, Some(&due));
            }
            _ => {
                let nearest = trial.targets.iter().min_by_key(|due| (press.t - due.at).abs());
                say(EventKind::Extra, nearest);
            }
        }
    }
}
