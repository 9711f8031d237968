//! Presses and targets that each have their own moment: the cheapest assignment, lane by lane (training.md §1).
//!
//! What nothing can change any more is judged once and left behind, so a trial of 70,000 targets takes time in
//! proportion to its length.

use std::collections::BTreeMap;

use super::{
    match_presses::{match_presses, runs, shift_ambiguity},
    trial::{BOUNCE, Due, Mark, Outcome, Trial, order, queue, settled},
};
use crate::{
    event::{EventKind, Ignored, Lane, Press, Release, ReleaseCause},
    time::{HostTime, Nanos},
};

/// The presses of a trial after the rows that a press decides by itself, against what came before it.
#[derive(Clone, Debug)]
pub(super) struct Matching {
    /// Delivered, and not before the watermark.
    waiting: Vec<Press>,
    /// By place in the trial's targets: taken by a response in the wrong lane, or to be withheld.
    consumed: Vec<bool>,
    lanes: BTreeMap<Lane, LanePresses>,
    /// All targets are to be withheld.
    stop_trial: bool,
    /// The last press of each control that was no bounce.
    counted: BTreeMap<(u16, u16), Press>,
    false_started: bool,
    /// Matched presses that are still to be let go.
    held: Vec<Held>,
    /// When controls came up, in order of time.
    releases: Vec<Release>,
}

/// One lane's targets and the presses that may answer them, in order of time.
#[derive(Clone, Debug, Default)]
struct LanePresses {
    /// Places in the trial's targets; none is a stop target.
    targets: Vec<usize>,
    due: Vec<HostTime>,
    presses: Vec<Press>,
    at: Vec<HostTime>,
    /// Targets and presses before these are judged for good.
    done: (usize, usize),
    /// What they were matched or paired to.
    pairs: Vec<(usize, usize)>,
}

/// A matched press that is to be let go.
#[derive(Clone, Copy, Debug)]
struct Held {
    /// Its place in the trial's targets.
    target: usize,
    press: Press,
    until: HostTime,
    /// The verdict on the press.
    told: HostTime,
}

impl Matching {
    pub fn new(trial: &Trial) -> Self {
        let mut lanes: BTreeMap<Lane, LanePresses> = BTreeMap::new();
        for (i, due) in trial.targets.iter().enumerate().filter(|(_, due)| !due.stop) {
            let lane = lanes.entry(due.lane).or_default();
            lane.targets.push(i);
            lane.due.push(due.at);
        }
        Self {
            waiting: Vec::new(),
            consumed: vec![false; trial.targets.len()],
            lanes,
            stop_trial: trial.targets.iter().all(|due| due.stop),
            counted: BTreeMap::new(),
            false_started: false,
            held: Vec::new(),
            releases: Vec::new(),
        }
    }

    pub fn press(&mut self, press: Press) {
        queue(&mut self.waiting, press);
    }

    pub fn release(&mut self, release: Release) {
        let place = self.releases.partition_point(|earlier| (earlier.t, earlier.seq) <= (release.t, release.seq));
        self.releases.insert(place, release);
    }

    /// To the nearest target of its lane whose window it lies in.
    pub fn mark(&self, trial: &Trial, press: Press) -> Mark {
        let target = self.own(trial, &press).map(|i| trial.targets[i]);
        let target = target.filter(|due| press.t > trial.count_in_ends && (press.t - due.at).abs() <= trial.window);
        Mark { press, target: target.map(|due| due.id), e: target.map(|due| press.t - due.at) }
    }

    pub fn advance(&mut self, trial: &Trial, since: HostTime, watermark: HostTime) -> Vec<Outcome> {
        let mut outcomes = Vec::new();
        for press in settled(&mut self.waiting, watermark) {
            self.sort(trial, press, &mut outcomes);
        }
        let Self { lanes, consumed, held, .. } = self;
        for lane in lanes.values_mut() {
            lane.judge(trial, consumed, since, watermark, held, &mut outcomes);
        }
        self.let_go(trial, watermark, &mut outcomes);
        outcomes.sort_by_key(|outcome| {
            let (lane, due, press) = match outcome {
                Outcome::Verdict(v) => (v.press.map(|press| press.lane), v.due, v.press),
                Outcome::Ignored { press, .. } => (Some(press.lane), None, Some(*press)),
            };
            (outcome.t(), due, lane, press.as_ref().map(order))
        });
        outcomes
    }

    /// As if nothing more came.
    pub fn shift_ambiguity(&self, trial: &Trial) -> Option<i8> {
        let mut all = self.clone();
        all.advance(trial, HostTime::DISTANT_FUTURE, HostTime::DISTANT_FUTURE);
        all.lanes.values_mut().find_map(|lane| {
            lane.pairs.sort_unstable();
            shift_ambiguity(&lane.due, &lane.at, &lane.pairs)
        })
    }

    /// The target of a press's own lane that it is nearest to.
    fn own(&self, trial: &Trial, press: &Press) -> Option<usize> {
        let lane = self.lanes.get(&press.lane)?;
        nearest(&lane.due, press.t).map(|i| lane.targets[i]).filter(|&i| i < trial.targets.len())
    }

    /// The places of the targets, of whatever lane, whose window holds `t`.
    fn within(trial: &Trial, t: HostTime) -> std::ops::Range<usize> {
        let from = trial.targets.partition_point(|due| due.at < t - trial.window);
        let to = trial.targets.partition_point(|due| due.at <= t + trial.window);
        from..to
    }

    fn nearest_of(
        trial: &Trial,
        t: HostTime,
        places: std::ops::Range<usize>,
        holds: impl Fn(usize, &Due) -> bool,
    ) -> Option<usize> {
        places.filter(|&i| holds(i, &trial.targets[i])).min_by_key(|&i| (t - trial.targets[i].at).abs())
    }

    /// Whether a press is the same contact as the one counted before it on that control. Two targets that close
    /// together are two presses.
    fn is_bounce(&self, trial: &Trial, before: &Press, press: &Press) -> bool {
        let nearest =
            |press: &Press| self.own(trial, press).filter(|&i| (press.t - trial.targets[i].at).abs() <= trial.window);
        press.source.is_real_device()
            && press.t - before.t <= BOUNCE
            && nearest(press).is_none_or(|own| nearest(before) == Some(own))
    }

    /// Puts the next press in order of time where it belongs.
    fn sort(&mut self, trial: &Trial, press: Press, outcomes: &mut Vec<Outcome>) {
        let key = (press.device.0, press.control);
        if self.counted.get(&key).is_some_and(|before| self.is_bounce(trial, before, &press)) {
            outcomes.push(Outcome::Ignored { press, why: Ignored::Bounce });
            return;
        }
        self.counted.insert(key, press);
        if let Some(why) = trial.outside(&press) {
            outcomes.push(Outcome::Ignored { press, why });
            return;
        }
        let mut say = |kind, target: Option<usize>| {
            let target = target.map(|i| &trial.targets[i]);
            outcomes.push(Outcome::Verdict(trial.verdict(kind, target, Some(press), press.t)));
        };
        let within = Self::within(trial, press.t);
        let own = self.own(trial, &press).is_some_and(|i| (press.t - trial.targets[i].at).abs() <= trial.window);
        if !own {
            let open = |i: usize| !self.consumed[i];
            let stops = if self.stop_trial { 0..trial.targets.len() } else { within.clone() };
            if let Some(i) = Self::nearest_of(trial, press.t, stops, |i, due| due.stop && open(i)) {
                self.consumed[i] = true;
                say(EventKind::StopResponse, Some(i));
                return;
            }
            // A target that its own lane has answered is no longer there to be taken.
            let answered = |due: &Due| {
                self.lanes.get(&due.lane).is_some_and(|lane| {
                    let first = lane.at.partition_point(|&at| at < due.at - trial.window);
                    lane.at.get(first).is_some_and(|&at| at <= due.at + trial.window)
                })
            };
            let mistaken = Self::nearest_of(trial, press.t, within, |i, due| {
                due.lane != press.lane && !due.stop && open(i) && !answered(due)
            });
            if let Some(i) = mistaken {
                self.consumed[i] = true;
                say(EventKind::WrongLane, Some(i));
                return;
            }
        }
        if trial.targets.first().is_some_and(|first| press.t < first.at - trial.window) {
            if std::mem::replace(&mut self.false_started, true) {
                outcomes.push(Outcome::Ignored { press, why: Ignored::FalseStartAgain });
            } else {
                say(EventKind::FalseStart, Some(0));
            }
            return;
        }
        let lane = self.lanes.entry(press.lane).or_default();
        lane.presses.push(press);
        lane.at.push(press.t);
    }

    /// Tells how long was held what was matched.
    fn let_go(&mut self, trial: &Trial, watermark: HostTime, outcomes: &mut Vec<Outcome>) {
        let reach = trial.reach();
        let releases = &self.releases;
        self.held.retain(|held| {
            let due = Due { at: held.until, ..trial.targets[held.target] };
            let from = releases.partition_point(|release| release.t < held.press.t);
            let of_it = |release: &&Release| {
                (release.device, release.control) == (held.press.device, held.press.control)
                    && release.cause == ReleaseCause::Released
            };
            let limit = watermark.min(due.at + reach + Nanos(1));
            let release = releases[from..].iter().take_while(|release| release.t < limit).find(of_it);
            let (kind, e, t) = match release {
                Some(release) => (EventKind::Release, Some(release.t - due.at), release.t.max(held.told)),
                None if due.at + reach < watermark => (EventKind::Omission, None, (due.at + reach).max(held.told)),
                None => return true,
            };
            if t >= watermark {
                return true;
            }
            let mut verdict = trial.verdict(kind, Some(&due), Some(held.press), t);
            verdict.e = e;
            verdict.distance = e.unwrap_or_default();
            verdict.side = e.map_or(crate::event::Side::Late, crate::event::Side::of);
            outcomes.push(Outcome::Verdict(verdict));
            false
        });
        let oldest = self.held.iter().map(|held| held.press.t).chain(self.waiting.first().map(|press| press.t)).min();
        let oldest = oldest.unwrap_or(watermark).min(watermark - reach - reach);
        let gone = self.releases.partition_point(|release| release.t < oldest);
        self.releases.drain(..gone);
    }
}

/// The place of the nearest of increasing times; of two as near, and of equal ones, the first.
fn nearest(times: &[HostTime], t: HostTime) -> Option<usize> {
    let after = times.partition_point(|&time| time < t);
    let before = after.checked_sub(1).map(|i| times.partition_point(|&time| time < times[i]));
    match (before, times.get(after)) {
        (Some(i), Some(&next)) if next - t < t - times[i] => Some(after),
        (Some(i), _) => Some(i),
        (None, Some(_)) => Some(after),
        (None, None) => None,
    }
}

/// A lane's presses by what they answer: places in its own lists of targets and presses.
struct Answers {
    matched: Vec<(usize, usize)>,
    paired: Vec<(usize, usize)>,
    omitted: Vec<usize>,
    extra: Vec<usize>,
}

impl LanePresses {
    /// What the targets up to `end` and the presses are to each other, of those that are not done.
    fn answers(&self, trial: &Trial, consumed: &[bool], end: usize) -> Answers {
        let (first, begin) = self.done;
        let open: Vec<usize> = (first..end).filter(|&i| !consumed[self.targets[i]]).collect();
        let due = |places: &[usize]| -> Vec<HostTime> { places.iter().map(|&i| self.due[i]).collect() };
        let at = |places: &[usize]| -> Vec<HostTime> { places.iter().map(|&i| self.at[i]).collect() };
        let matching = match_presses(&due(&open), &self.at[begin..], trial.window);
        let matched = matching.pairs.iter().map(|&(t, p)| (open[t], begin + p)).collect();
        let left: Vec<usize> = matching.omitted.iter().map(|&t| open[t]).collect();
        let extra: Vec<usize> = matching.extra.iter().map(|&p| begin + p).collect();
        let pairing = match_presses(&due(&left), &at(&extra), trial.half_interval);
        Answers {
            matched,
            paired: pairing.pairs.iter().map(|&(t, p)| (left[t], extra[p])).collect(),
            omitted: pairing.omitted.iter().map(|&t| left[t]).collect(),
            extra: pairing.extra.iter().map(|&p| extra[p]).collect(),
        }
    }

    /// Appends the verdicts of the lane that became final from `since` to the watermark, and leaves behind what is done.
    fn judge(
        &mut self,
        trial: &Trial,
        consumed: &[bool],
        since: HostTime,
        watermark: HostTime,
        held: &mut Vec<Held>,
        outcomes: &mut Vec<Outcome>,
    ) {
        let reach = trial.reach();
        let (first, begin) = self.done;
        // No press before the watermark reaches a target beyond.
        let end = self.due.partition_point(|&due| due <= watermark + reach).max(first);
        let mut target_closes = vec![HostTime::DISTANT_FUTURE; end - first];
        let mut press_closes = self.at[begin..].to_vec();
        let mut done = self.done;
        for run in runs(&self.due[first..end], &self.at[begin..], reach) {
            let closes = self.due[first + run.targets.end - 1] + reach;
            target_closes[run.targets.clone()].fill(closes);
            press_closes[run.presses.clone()].fill(closes);
            if closes < watermark {
                done = (first + run.targets.end, begin + run.presses.end);
            }
        }
        // No press can lie within the window of an isolated target and of another.
        let far = trial.window + trial.window;
        let isolated = |t: usize| {
            (t == 0 || self.due[t] - self.due[t - 1] > far)
                && self.due.get(t + 1).is_none_or(|&next| next - self.due[t] > far)
        };
        let answers = self.answers(trial, consumed, end);
        let mut say = |kind, target: Option<&Due>, press: Option<usize>, t: HostTime| {
            let new = (since..watermark).contains(&t);
            if new {
                let press = press.map(|p| self.presses[p]);
                outcomes.push(Outcome::Verdict(trial.verdict(kind, target, press, t)));
            }
            new
        };
        let due = |t: usize| Some(&trial.targets[self.targets[t]]);
        for &(t, p) in &answers.matched {
            // At the press when late; when early, once no nearer press could still come.
            let at =
                if isolated(t) { self.due[t] + (self.at[p] - self.due[t]).abs() } else { target_closes[t - first] };
            if say(EventKind::Press, due(t), Some(p), at)
                && let Some(until) = trial.targets[self.targets[t]].held_until
            {
                held.push(Held { target: self.targets[t], press: self.presses[p], until, told: at });
            }
        }
        for &(t, p) in &answers.paired {
            say(EventKind::Pair, due(t), Some(p), target_closes[t - first]);
        }
        for &t in &answers.omitted {
            say(EventKind::Omission, due(t), None, target_closes[t - first]);
        }
        for &p in &answers.extra {
            let t = self.at[p];
            let own = nearest(&self.due, t).map(|i| self.targets[i]);
            let nearest = own.or_else(|| nearest_of_all(trial, t)).map(|i| &trial.targets[i]);
            say(EventKind::Extra, nearest, Some(p), press_closes[p - begin]);
        }
        let is_done = |&&(t, _): &&(usize, usize)| t < done.0;
        self.pairs.extend(answers.matched.iter().chain(&answers.paired).filter(is_done));
        self.done = done;
    }
}

fn nearest_of_all(trial: &Trial, t: HostTime) -> Option<usize> {
    let times: Vec<HostTime> = trial.targets.iter().map(|due| due.at).collect();
    nearest(&times, t)
}
