//! The verdicts of one trial, each final at a moment that the presses alone decide (training.md §2–3).
//!
//! Presses arrive in any order; a watermark says up to when none is missing. Every verdict has an event time `t` such
//! that no press after `t` could change it, and is given out once the watermark has passed `t`, in order of `t`. So a
//! stall, a frame rate or the order of devices moves only the moment at which somebody hears of it.

use std::collections::BTreeMap;

use super::match_presses::{match_presses, runs, shift_ambiguity};
use crate::{
    event::{EventKind, Ignored, Lane, Press, Side, TargetId, TrialId, TrialPlan},
    time::{HostTime, Nanos, TrialClock},
};

/// Contact bounce of one key (training.md §1): nobody presses a key twice within it.
pub const BOUNCE: Nanos = Nanos::ms(5);

/// One judged event before its size and tier: the first row of training.md §2 that fitted.
#[derive(Clone, Debug, PartialEq)]
pub struct Verdict {
    pub trial: TrialId,
    pub kind: EventKind,
    /// The target that it is about; none for a false start or an extra press.
    pub target: Option<TargetId>,
    /// When that target was due.
    pub due: Option<HostTime>,
    pub press: Option<Press>,
    /// press − target, where the press belongs to the target: a match, a pair, a wrong lane.
    pub e: Option<Nanos>,
    /// press − the target that it is about or nearest to; zero for an omission.
    pub distance: Nanos,
    pub side: Side,
    /// The verdict's time: an event time, never an arrival.
    pub t: HostTime,
}

/// What becomes of a press or a target.
#[derive(Clone, Debug, PartialEq)]
pub enum Outcome {
    Verdict(Verdict),
    /// A press that no row counts, at its own time.
    Ignored {
        press: Press,
        why: Ignored,
    },
}

impl Outcome {
    /// The moment at which it is final.
    #[must_use]
    pub fn t(&self) -> HostTime {
        match self {
            Self::Verdict(verdict) => verdict.t,
            Self::Ignored { press, .. } => press.t,
        }
    }
}

/// The mark that a press may move at once, before its verdict can be final.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mark {
    pub press: Press,
    /// The nearest target of its lane whose window it lies in.
    pub target: Option<TargetId>,
    pub e: Option<Nanos>,
}

#[derive(Clone, Copy, Debug)]
struct Due {
    id: TargetId,
    at: HostTime,
    lane: Lane,
    stop: bool,
}

/// Judges one trial as its presses come in.
#[derive(Clone, Debug)]
pub struct TrialJudge {
    trial: TrialId,
    /// In order of time, then of lanes.
    targets: Vec<Due>,
    window: Nanos,
    half_interval: Nanos,
    count_in_ends: HostTime,
    ends: HostTime,
    /// In order of time, then lane, device, control, arrival.
    presses: Vec<Press>,
    /// What follows from `presses`, in order of time; none while it has to be worked out anew.
    outcomes: Option<Vec<Outcome>>,
    settled: HostTime,
}

impl TrialJudge {
    /// A judge for a planned trial that the shell has put on a clock.
    #[must_use]
    pub fn new(plan: &TrialPlan, clock: TrialClock) -> Self {
        let due = |target: &crate::event::Target| Due {
            id: target.id,
            at: clock.host(target.at),
            lane: target.lane,
            stop: target.stop,
        };
        let mut targets: Vec<_> = plan.targets.iter().map(due).collect();
        targets.sort_by_key(|due| (due.at, due.lane, due.id));
        Self {
            trial: plan.trial,
            targets,
            window: plan.window,
            half_interval: Nanos(plan.interval.0 / 2),
            count_in_ends: clock.host(plan.count_in_ends),
            ends: clock.host(plan.length),
            presses: Vec::new(),
            outcomes: None,
            settled: HostTime::DISTANT_PAST,
        }
    }

    /// Takes a press and says where its mark goes for now ([`Self::mark`]). None if everything at its time has been settled: then the
    /// tap broke its promise and nothing is changed by it.
    pub fn press(&mut self, press: Press) -> Option<Mark> {
        if press.t < self.settled {
            return None;
        }
        let place = self.presses.partition_point(|earlier| order(earlier) <= order(&press));
        self.presses.insert(place, press);
        self.outcomes = None;
        Some(self.mark(press))
    }

    /// Where a press's mark goes before anything is known of its neighbours: to the nearest target of its lane whose
    /// window it lies in. Changes nothing.
    #[must_use]
    pub fn mark(&self, press: Press) -> Mark {
        let target = self.nearest(press.t, |due| due.lane == press.lane && !due.stop).map(|i| self.targets[i]);
        let target = target.filter(|due| press.t > self.count_in_ends && (press.t - due.at).abs() <= self.window);
        Mark { press, target: target.map(|due| due.id), e: target.map(|due| press.t - due.at) }
    }

    /// Takes the news that everything before `watermark` has been delivered, and gives out what is final by that and
    /// has not been given out before, in order of [`Outcome::t`].
    pub fn advance(&mut self, watermark: HostTime) -> Vec<Outcome> {
        if watermark <= self.settled {
            return Vec::new();
        }
        let since = std::mem::replace(&mut self.settled, watermark);
        let outcomes = self.outcomes.take().unwrap_or_else(|| self.judge());
        let new = outcomes.iter().filter(|outcome| (since..watermark).contains(&outcome.t())).cloned().collect();
        self.outcomes = Some(outcomes);
        new
    }

    /// The time before which every outcome has been given out: the greatest watermark so far.
    #[must_use]
    pub fn settled(&self) -> HostTime {
        self.settled
    }

    /// The trial's last moment; presses after it belong to no trial of this judge.
    #[must_use]
    pub fn ends(&self) -> HostTime {
        self.ends
    }

    /// Whether everything up to the trial's last moment has been given out.
    #[must_use]
    pub fn finished(&self) -> bool {
        self.settled > self.ends
    }

    /// Whether the trial, as pressed so far, fits about as well one target earlier (−1) or later (+1) in any lane:
    /// then its asynchronies are not to be trusted (skill.md M5).
    #[must_use]
    pub fn shift_ambiguity(&self) -> Option<i8> {
        let sorted = Sorted::of(self);
        sorted.lanes.values().find_map(|lane| {
            let answers = lane.answers(self);
            let mut pairs: Vec<_> = answers.matched.iter().chain(&answers.paired).copied().collect();
            pairs.sort_unstable();
            shift_ambiguity(&lane.due, &lane.at, &pairs)
        })
    }

    fn reach(&self) -> Nanos {
        self.window.max(self.half_interval)
    }

    /// The nearest target that a condition holds for; of two, the earlier.
    fn nearest(&self, t: HostTime, holds: impl Fn(&Due) -> bool) -> Option<usize> {
        let off = |&i: &usize| (t - self.targets[i].at).abs();
        (0..self.targets.len()).filter(|&i| holds(&self.targets[i])).min_by_key(off)
    }

    /// Every outcome that the presses so far have, as if no other came; those that [`Self::advance`] gives out are
    /// the ones that no other could change.
    fn judge(&self) -> Vec<Outcome> {
        let Sorted { mut outcomes, lanes, .. } = Sorted::of(self);
        for lane in lanes.values() {
            lane.judge(self, &mut outcomes);
        }
        outcomes.sort_by_key(|outcome| {
            let (lane, due, press) = match outcome {
                Outcome::Verdict(v) => (v.press.map(|press| press.lane), v.due, v.press),
                Outcome::Ignored { press, .. } => (Some(press.lane), None, Some(*press)),
            };
            (outcome.t(), due, lane, press.as_ref().map(order))
        });
        outcomes
    }

    fn verdict(&self, kind: EventKind, target: Option<&Due>, press: Option<Press>, t: HostTime) -> Verdict {
        let e = match (target, press) {
            (Some(due), Some(press)) => Some(press.t - due.at),
            _ => None,
        };
        let side = match (kind, e) {
            (EventKind::FalseStart | EventKind::StopResponse, _) => Side::Early,
            (_, Some(e)) => Side::of(e),
            (_, None) => Side::Late,
        };
        let belongs = matches!(kind, EventKind::Press | EventKind::Pair | EventKind::WrongLane);
        let about = target.filter(|_| belongs || matches!(kind, EventKind::StopResponse | EventKind::Omission));
        Verdict {
            trial: self.trial,
            kind,
            target: about.map(|due| due.id),
            due: about.map(|due| due.at),
            press,
            e: e.filter(|_| belongs),
            distance: e.unwrap_or_default(),
            side,
            t,
        }
    }
}

/// Breaks every tie between presses; the order of arrival only between two of one control.
fn order(press: &Press) -> (HostTime, Lane, u16, u16, u64) {
    (press.t, press.lane, press.device.0, press.control, press.seq)
}

/// The presses of a trial after the rows that a press decides by itself, against what came before it.
struct Sorted {
    outcomes: Vec<Outcome>,
    /// By place in the judge's targets: taken by a response in the wrong lane, or to be withheld.
    consumed: Vec<bool>,
    lanes: BTreeMap<Lane, LanePresses>,
}

/// One lane's targets and the presses that may answer them, in order of time.
#[derive(Default)]
struct LanePresses {
    /// Places in the judge's targets; none is a stop target.
    targets: Vec<usize>,
    due: Vec<HostTime>,
    presses: Vec<Press>,
    at: Vec<HostTime>,
    /// By place in `targets`.
    consumed: Vec<bool>,
}

impl Sorted {
    fn of(judge: &TrialJudge) -> Self {
        let mut sorted = Self {
            outcomes: Vec::new(),
            consumed: judge.targets.iter().map(|_| false).collect(),
            lanes: BTreeMap::new(),
        };
        for (i, due) in judge.targets.iter().enumerate().filter(|(_, due)| !due.stop) {
            let lane = sorted.lanes.entry(due.lane).or_default();
            lane.targets.push(i);
            lane.due.push(due.at);
        }
        let first = judge.targets.first().map(|due| due.at);
        let stop_trial = judge.targets.iter().all(|due| due.stop);
        let mut counted: BTreeMap<(u16, u16), Press> = BTreeMap::new();
        let mut false_started = false;
        for &press in &judge.presses {
            let key = (press.device.0, press.control);
            if counted.get(&key).is_some_and(|before| is_bounce(judge, before, &press)) {
                sorted.outcomes.push(Outcome::Ignored { press, why: Ignored::Bounce });
                continue;
            }
            counted.insert(key, press);
            if press.t <= judge.count_in_ends {
                sorted.outcomes.push(Outcome::Ignored { press, why: Ignored::CountIn });
                continue;
            }
            if press.t > judge.ends {
                sorted.outcomes.push(Outcome::Ignored { press, why: Ignored::Paused });
                continue;
            }
            let within = |due: &Due| (press.t - due.at).abs() <= judge.window;
            let own = judge.targets.iter().any(|due| due.lane == press.lane && !due.stop && within(due));
            let open = |i: usize| !sorted.consumed[i];
            if !own {
                let withheld = nearest_of(judge, press.t, |i, due| due.stop && open(i) && (stop_trial || within(due)));
                if let Some(i) = withheld {
                    sorted.consumed[i] = true;
                    sorted.say(judge, EventKind::StopResponse, Some(i), press);
                    continue;
                }
                // A target that its own lane has answered is no longer there to be taken.
                let answered = |due: &Due| {
                    sorted.lanes.get(&due.lane).is_some_and(|lane| {
                        lane.presses.iter().any(|earlier| (earlier.t - due.at).abs() <= judge.window)
                    })
                };
                let mistaken = nearest_of(judge, press.t, |i, due| {
                    due.lane != press.lane && !due.stop && within(due) && open(i) && !answered(due)
                });
                if let Some(i) = mistaken {
                    sorted.consumed[i] = true;
                    sorted.say(judge, EventKind::WrongLane, Some(i), press);
                    continue;
                }
            }
            if first.is_some_and(|first| press.t < first - judge.window) {
                if std::mem::replace(&mut false_started, true) {
                    sorted.outcomes.push(Outcome::Ignored { press, why: Ignored::FalseStartAgain });
                } else {
                    let first = judge.targets.first().map(|_| 0);
                    sorted.say(judge, EventKind::FalseStart, first, press);
                }
                continue;
            }
            let lane = sorted.lanes.entry(press.lane).or_default();
            lane.presses.push(press);
            lane.at.push(press.t);
        }
        for lane in sorted.lanes.values_mut() {
            lane.consumed = lane.targets.iter().map(|&i| sorted.consumed[i]).collect();
        }
        sorted
    }

    fn say(&mut self, judge: &TrialJudge, kind: EventKind, target: Option<usize>, press: Press) {
        let target = target.map(|i| &judge.targets[i]);
        self.outcomes.push(Outcome::Verdict(judge.verdict(kind, target, Some(press), press.t)));
    }
}

fn nearest_of(judge: &TrialJudge, t: HostTime, holds: impl Fn(usize, &Due) -> bool) -> Option<usize> {
    let places = judge.targets.iter().enumerate().filter(|&(i, due)| holds(i, due));
    places.min_by_key(|(_, due)| (t - due.at).abs()).map(|(i, _)| i)
}

/// Whether a press is the same contact as the one counted before it on that control. Two targets that close together
/// are two presses.
fn is_bounce(judge: &TrialJudge, before: &Press, press: &Press) -> bool {
    let nearest = |press: &Press| {
        let own = judge.nearest(press.t, |due| due.lane == press.lane && !due.stop);
        own.filter(|&i| (press.t - judge.targets[i].at).abs() <= judge.window)
    };
    press.source.is_real_device()
        && press.t - before.t <= BOUNCE
        && nearest(press).is_none_or(|own| nearest(before) == Some(own))
}

/// A lane's presses by what they answer: places in its own lists of targets and presses.
struct Answers {
    matched: Vec<(usize, usize)>,
    paired: Vec<(usize, usize)>,
    omitted: Vec<usize>,
    extra: Vec<usize>,
}

impl LanePresses {
    fn answers(&self, judge: &TrialJudge) -> Answers {
        let open: Vec<usize> = (0..self.targets.len()).filter(|&i| !self.consumed[i]).collect();
        let due = |places: &[usize]| -> Vec<HostTime> { places.iter().map(|&i| self.due[i]).collect() };
        let at = |places: &[usize]| -> Vec<HostTime> { places.iter().map(|&i| self.at[i]).collect() };
        let matching = match_presses(&due(&open), &self.at, judge.window);
        let matched = matching.pairs.iter().map(|&(t, p)| (open[t], p)).collect();
        let left: Vec<usize> = matching.omitted.iter().map(|&t| open[t]).collect();
        let pairing = match_presses(&due(&left), &at(&matching.extra), judge.half_interval);
        Answers {
            matched,
            paired: pairing.pairs.iter().map(|&(t, p)| (left[t], matching.extra[p])).collect(),
            omitted: pairing.omitted.iter().map(|&t| left[t]).collect(),
            extra: pairing.extra.iter().map(|&p| matching.extra[p]).collect(),
        }
    }

    /// Appends the verdicts of the lane.
    fn judge(&self, judge: &TrialJudge, outcomes: &mut Vec<Outcome>) {
        let reach = judge.reach();
        let mut target_closes = vec![HostTime::DISTANT_FUTURE; self.targets.len()];
        let mut press_closes = self.at.clone();
        for run in runs(&self.due, &self.at, reach) {
            let closes = self.due[run.targets.end - 1] + reach;
            target_closes[run.targets].fill(closes);
            press_closes[run.presses].fill(closes);
        }
        // No press can lie within the window of an isolated target and of another.
        let far = judge.window + judge.window;
        let isolated = |t: usize| {
            (t == 0 || self.due[t] - self.due[t - 1] > far)
                && self.due.get(t + 1).is_none_or(|&next| next - self.due[t] > far)
        };
        let answers = self.answers(judge);
        let mut say = |kind, target: Option<&Due>, press: Option<usize>, t| {
            outcomes.push(Outcome::Verdict(judge.verdict(kind, target, press.map(|p| self.presses[p]), t)));
        };
        let due = |t: usize| Some(&judge.targets[self.targets[t]]);
        for &(t, p) in &answers.matched {
            // At the press when late; when early, once no nearer press could still come.
            let at = if isolated(t) { self.due[t] + (self.at[p] - self.due[t]).abs() } else { target_closes[t] };
            say(EventKind::Press, due(t), Some(p), at);
        }
        for &(t, p) in &answers.paired {
            say(EventKind::Pair, due(t), Some(p), target_closes[t]);
        }
        for &t in &answers.omitted {
            say(EventKind::Omission, due(t), None, target_closes[t]);
        }
        for &p in &answers.extra {
            let t = self.at[p];
            let own = judge.nearest(t, |due| due.lane == self.presses[p].lane && !due.stop);
            let nearest = own.or_else(|| judge.nearest(t, |_| true)).map(|i| &judge.targets[i]);
            say(EventKind::Extra, nearest, Some(p), press_closes[p]);
        }
    }
}

#[cfg(test)]
mod tests;
