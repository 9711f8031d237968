//! The timeline: what the notes have told so far, by host time, for whoever draws it.
//!
//! It remembers trials, their clocks, the marks of presses and the last verdicts. It decides nothing and judges
//! nothing; what is drawn at a moment is a function of it and of that moment alone.

use std::collections::{BTreeMap, VecDeque};

use bevy::prelude::Resource;
use doozy_training::{
    event::{
        Amplify, CueKind, Drama, Effect, ErrorUnit, EventId, EventKind, Ignored, Judged, Lane, Press, Role, Side,
        Target, TargetId, Tier, TrialId, TrialPlan,
    },
    time::{HostTime, Nanos, TrialClock},
};

use crate::conductor::note::Note;

/// Marks that stay on the plate: enough to see a habit, few enough to read. ◇
const MARKS_KEPT: usize = 10;
/// Marks that stay of a phrase whose marks come at its end: all of a phrase that can be taken in. ◇
const MARKS_OF_PHRASE: usize = 40;
/// Presses remembered, for what answers a press whatever becomes of it. ◇ More than a phrase has that is given back.
const PRESSES_KEPT: usize = 96;
/// Verdicts remembered: the worst of a phrase is asked for at its end, and a phrase may be a whole song. ◇
const VERDICTS_KEPT: usize = 4096;
/// Trials remembered: the one shown, its successor, and one whose last verdict may still come.
const TRIALS_KEPT: usize = 4;

/// Moves of the stick that are remembered: the trail of two seconds, at the 250 a second of keys and most pads. ◇
const STICK_KEPT: usize = 512;

/// A trial and the clock it runs on.
#[derive(Clone, Debug)]
pub struct Run {
    pub plan: TrialPlan,
    pub clock: Option<TrialClock>,
    pub ended: bool,
    pub void: bool,
    /// When what the player begins at leisure was begun: a hold, an answer.
    pub begun: Option<HostTime>,
    /// What became of targets that have a verdict.
    pub met: BTreeMap<TargetId, (Tier, Side)>,
    /// The same of the letting go of targets that are pressed and held.
    pub let_go: BTreeMap<TargetId, (Tier, Side)>,
    /// What answered targets that have a verdict.
    pub answers: BTreeMap<TargetId, Answer>,
    /// The longest hold of its targets.
    pub longest_hold: Nanos,
    /// Whether any of its beats sounds: where none does, none is told apart as silent.
    pub sounds: bool,
}

/// What answered a target.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Answer {
    /// None where nothing came.
    pub pressed: Option<HostTime>,
    /// The true error in the drill's unit.
    pub error: Option<f64>,
}

impl Run {
    /// Host time of a moment of the trial, once it has a clock.
    #[must_use]
    pub fn host(&self, at: Nanos) -> Option<HostTime> {
        self.clock.map(|clock| clock.host(at))
    }

    fn new(plan: &TrialPlan) -> Self {
        Self {
            plan: plan.clone(),
            clock: None,
            ended: false,
            void: false,
            begun: None,
            met: BTreeMap::new(),
            let_go: BTreeMap::new(),
            answers: BTreeMap::new(),
            longest_hold: plan.targets.iter().filter_map(|target| target.hold).max().unwrap_or(Nanos::ZERO),
            sounds: plan.cues.iter().any(|cue| cue.heard && super::travel::is_beat(cue.kind)),
        }
    }

    /// A trial without a clock, for tests.
    #[cfg(test)]
    #[must_use]
    pub fn sample(plan: &TrialPlan) -> Self {
        Self::new(plan)
    }

    /// Whether nothing of an error may be seen or heard yet: the phrase is under way, and what follows hangs on what
    /// came before (drills.md, "amplify": at phrase end).
    #[must_use]
    pub fn withholds(&self) -> bool {
        self.plan.terms.amplify == Amplify::AtPhraseEnd && !self.ended
    }

    /// A target by its number: they count on within a trial.
    #[must_use]
    pub fn asked(&self, target: TargetId) -> Option<&Target> {
        let targets = &self.plan.targets;
        let guess = targets.first().and_then(|first| targets.get(target.0.checked_sub(first.id.0)? as usize));
        guess.filter(|asked| asked.id == target).or_else(|| targets.iter().find(|asked| asked.id == target))
    }

    /// When the trial's own time is over.
    #[must_use]
    pub fn over(&self) -> Option<HostTime> {
        self.host(self.plan.length)
    }
}

/// The mark of one press, or of a press that did not come.
#[derive(Clone, Debug, PartialEq)]
pub struct Mark {
    pub trial: TrialId,
    pub target: Option<TargetId>,
    /// When the press was; for an omission when it was due.
    pub pressed: HostTime,
    /// Where the mark stands, from the target, in the drill's unit: the true error while provisional, the displayed one
    /// afterwards.
    pub at: f64,
    /// What was judged, once it is final.
    pub verdict: Option<Judged>,
    /// When it took its present form.
    pub since: HostTime,
}

impl Mark {
    #[must_use]
    pub fn tier(&self) -> Option<Tier> {
        self.verdict.as_ref().map(|v| v.tier)
    }

    /// Left or right.
    #[must_use]
    pub fn side(&self) -> Side {
        self.verdict.as_ref().map_or(if self.at < 0.0 { Side::Early } else { Side::Late }, |v| v.side)
    }
}

/// A scene that the amplifier has allowed: of which verdict, how much, and since when.
#[derive(Clone, Debug, PartialEq)]
pub struct Staged {
    pub judged: Judged,
    pub drama: Drama,
    pub from: HostTime,
}

/// Everything the stage knows.
#[derive(Resource, Clone, Debug, Default)]
pub struct Timeline {
    runs: BTreeMap<TrialId, Run>,
    marks: VecDeque<Mark>,
    /// Recent final verdicts, and those whose full scene waits for the end of their phrase.
    verdicts: BTreeMap<EventId, Judged>,
    waiting: Vec<EventId>,
    /// The stick's latest moves.
    stick: VecDeque<(HostTime, f64)>,
    /// Verdicts of a phrase under way that are told at its end.
    withheld: Vec<Judged>,
    pressed: VecDeque<(HostTime, Lane)>,
    /// The player's best run: where its presses fell, by trial.
    ghosts: BTreeMap<TrialId, Vec<(TargetId, Nanos)>>,
    paused: bool,
}

impl Timeline {
    /// Takes in a note that arrived by `now`; answers with a scene that begins, if one does.
    pub fn apply(&mut self, note: &Note, now: HostTime) -> Option<Staged> {
        match note {
            Note::Anchored { trial, clock } => {
                if let Some(run) = self.runs.get_mut(trial) {
                    run.clock = Some(*clock);
                }
                None
            }
            Note::Effect(effect) => self.effect(effect, now),
            Note::Stick { t, x } => {
                self.stick.push_back((*t, *x));
                while self.stick.len() > STICK_KEPT {
                    self.stick.pop_front();
                }
                None
            }
            Note::Ghost { trial, marks } => {
                self.ghosts.retain(|trial, _| self.runs.contains_key(trial));
                self.ghosts.insert(*trial, marks.clone());
                None
            }
            Note::Offsets { .. }
            | Note::Cortex(_)
            | Note::Notice { .. }
            | Note::Stranger { .. }
            | Note::Ended { .. } => None,
        }
    }

    fn effect(&mut self, effect: &Effect, now: HostTime) -> Option<Staged> {
        match effect {
            Effect::Planned(plan) => {
                if plan.trial == TrialId(0) {
                    // A session begins: nothing of an earlier one may linger.
                    *self = Self::default();
                }
                self.runs.insert(plan.trial, Run::new(plan));
                while self.runs.len() > TRIALS_KEPT {
                    self.runs.pop_first();
                }
                None
            }
            Effect::Provisional { trial, press, target, e } => {
                self.press(press);
                let run = self.runs.get(trial);
                if run.is_none_or(|run| !run.withholds() && run.plan.terms.unit == ErrorUnit::Milliseconds) {
                    self.put(Mark {
                        trial: *trial,
                        target: *target,
                        pressed: press.t,
                        at: e.map_or(0.0, Nanos::as_ms),
                        verdict: None,
                        since: now,
                    });
                }
                None
            }
            Effect::Judged(judged) => {
                self.hear(judged, now);
                None
            }
            Effect::Amplify { event, drama, .. } => self.amplify(*event, *drama, now),
            Effect::TrialEnded { trial, void, worst, .. } => self.end(*trial, void.is_some(), *worst, now),
            Effect::Ignored { press, why, .. } => {
                // The machine answers every press, whether or not it counts.
                self.press(press);
                // … but a mark only those that do.
                self.marks.retain(|mark| mark.verdict.is_some() || mark.pressed != press.t);
                if *why == Ignored::Begins
                    && let Some(trial) = self.current(press.t).map(|run| run.plan.trial)
                    && let Some(run) = self.runs.get_mut(&trial)
                {
                    run.begun = Some(press.t);
                }
                None
            }
            Effect::Paused { .. } => {
                self.paused = true;
                None
            }
            Effect::Resumed { .. } => {
                self.paused = false;
                None
            }
            Effect::ClimbingFibreVolley(_)
            | Effect::WindowOpened { .. }
            | Effect::Gain { .. }
            | Effect::Difficulty { .. }
            | Effect::Brake { .. }
            | Effect::Ambiguous { .. }
            | Effect::SessionEnded { .. } => None,
        }
    }

    fn put(&mut self, mark: Mark) {
        let phrase = self.runs.get(&mark.trial).is_some_and(|run| run.plan.terms.amplify == Amplify::AtPhraseEnd);
        self.marks.push_back(mark);
        while self.marks.len() > if phrase { MARKS_OF_PHRASE } else { MARKS_KEPT } {
            self.marks.pop_front();
        }
    }

    /// The machine answers every press once: told as a mark, with a verdict, or as one that does not count.
    fn press(&mut self, press: &Press) {
        let told = (press.t, press.lane);
        if self.pressed.iter().rev().any(|known| *known == told) {
            return;
        }
        let at = self.pressed.partition_point(|known| known.0 <= press.t);
        self.pressed.insert(at, told);
        while self.pressed.len() > PRESSES_KEPT {
            self.pressed.pop_front();
        }
    }

    /// A verdict is final: it is shown at once, or with its phrase.
    fn hear(&mut self, judged: &Judged, now: HostTime) {
        if let Some(press) = &judged.press {
            self.press(press);
        }
        self.verdicts.insert(judged.event, judged.clone());
        while self.verdicts.len() > VERDICTS_KEPT {
            self.verdicts.pop_first();
        }
        if self.runs.get(&judged.trial).is_some_and(Run::withholds) {
            self.withheld.push(judged.clone());
        } else {
            self.judge(judged, now);
        }
    }

    /// Puts a verdict on the stage.
    fn judge(&mut self, judged: &Judged, now: HostTime) {
        if let Some(run) = self.runs.get_mut(&judged.trial).filter(|_| judged.kind == EventKind::FalseStart) {
            // it has to be taken up again
            run.begun = None;
        }
        if let (Some(target), Some(run)) = (judged.target, self.runs.get_mut(&judged.trial)) {
            let holds = run.longest_hold.0 > 0 && run.asked(target).is_some_and(|asked| asked.hold.is_some());
            if judged.kind == EventKind::Release && holds {
                run.let_go.insert(target, (judged.tier, judged.side));
            } else {
                run.met.insert(target, (judged.tier, judged.side));
                let answer = Answer { pressed: judged.press.map(|press| press.t), error: judged.error() };
                run.answers.insert(target, answer);
            }
        }
        let pressed = judged.press.map(|p| p.t).or(judged.due).unwrap_or(judged.t);
        let at = place(judged);
        let known = judged.press.and_then(|press| {
            self.marks.iter_mut().rev().find(|m| m.verdict.is_none() && m.pressed == press.t && m.trial == judged.trial)
        });
        if let Some(mark) = known {
            mark.target = judged.target;
            mark.at = at;
            mark.verdict = Some(judged.clone());
            mark.since = now;
        } else {
            self.put(Mark {
                trial: judged.trial,
                target: judged.target,
                pressed,
                at,
                verdict: Some(judged.clone()),
                since: now,
            });
        }
    }

    fn amplify(&mut self, event: EventId, drama: Drama, now: HostTime) -> Option<Staged> {
        let judged = self.verdicts.get(&event)?.clone();
        let in_phrase = self.runs.get(&judged.trial).is_some_and(|run| run.plan.running && !run.ended && !run.void);
        match drama {
            Drama::Calm => None,
            // The next target must stay readable: the whole scene waits for the phrase's end.
            Drama::Full if in_phrase => {
                self.waiting.push(event);
                None
            }
            drama => Some(Staged { judged, drama, from: now }),
        }
    }

    fn end(&mut self, trial: TrialId, void: bool, worst: Option<EventId>, now: HostTime) -> Option<Staged> {
        let run = self.runs.get_mut(&trial)?;
        run.ended = true;
        run.void = void;
        let waiting: Vec<EventId> = std::mem::take(&mut self.waiting);
        let mut withheld: Vec<Judged> = std::mem::take(&mut self.withheld);
        if void {
            return None;
        }
        self.tell_phrase(&mut withheld, worst, now);
        // One scene a phrase, for its worst error; only where the budget allowed a full one.
        let size = |event: &EventId| self.verdicts.get(event).map_or(0.0, |j| j.shown_ms.abs().max(j.u));
        let chosen = waiting
            .iter()
            .find(|event| Some(**event) == worst)
            .or_else(|| waiting.iter().max_by(|a, b| size(a).total_cmp(&size(b))))?;
        let judged = self.verdicts.get(chosen)?.clone();
        Some(Staged { judged, drama: Drama::Full, from: now })
    }

    /// The marks of a phrase come together, the worst error's last: it is the one that is told in words.
    fn tell_phrase(&mut self, withheld: &mut [Judged], worst: Option<EventId>, now: HostTime) {
        withheld.sort_by_key(|judged| Some(judged.event) == worst);
        for judged in withheld.iter() {
            self.judge(judged, now);
        }
    }

    /// Trials that have a clock, oldest first.
    pub fn anchored(&self) -> impl Iterator<Item = (&Run, TrialClock)> {
        self.runs.values().filter(|run| !run.void).filter_map(|run| run.clock.map(|clock| (run, clock)))
    }

    /// The trial that the stage shows at `now`: the latest that has begun, else the first to come.
    #[must_use]
    pub fn current(&self, now: HostTime) -> Option<&Run> {
        let begun = self.anchored().filter(|(_, clock)| clock.origin <= now).last();
        begun.or_else(|| self.anchored().next()).map(|(run, _)| run).or_else(|| self.runs.values().next_back())
    }

    /// A trial by its number, while it is remembered.
    #[must_use]
    pub fn run(&self, trial: TrialId) -> Option<&Run> {
        self.runs.get(&trial)
    }

    /// Whether the same attempt comes again.
    #[must_use]
    pub fn retried(&self, trial: TrialId) -> bool {
        self.runs.values().any(|run| run.plan.retry_of == Some(trial))
    }

    /// Marks, oldest first.
    pub fn marks(&self) -> impl DoubleEndedIterator<Item = &Mark> {
        self.marks.iter()
    }

    /// The latest verdict of a trial that answers `wanted`.
    pub fn verdict(&self, trial: TrialId, wanted: impl Fn(&Judged) -> bool) -> Option<&Judged> {
        self.verdicts.values().rev().find(|judged| judged.trial == trial && wanted(judged))
    }

    /// The latest final verdict's mark.
    #[must_use]
    pub fn latest(&self) -> Option<&Mark> {
        self.marks.iter().rev().find(|m| m.verdict.is_some())
    }

    /// The latest press of any kind.
    #[must_use]
    pub fn last_press(&self) -> Option<HostTime> {
        self.pressed.back().map(|(t, _)| *t)
    }

    /// The latest press of a lane.
    #[must_use]
    pub fn last_press_in(&self, lane: Lane) -> Option<HostTime> {
        self.pressed.iter().rev().find(|(_, pressed)| *pressed == lane).map(|(t, _)| *t)
    }

    /// The latest presses in order of time, whatever became of them.
    pub fn presses(&self) -> impl DoubleEndedIterator<Item = (HostTime, Lane)> {
        self.pressed.iter().copied()
    }

    /// Moves of the stick that are remembered, oldest first: from each moment on it stands there, −1 (left) … 1 (right).
    pub fn stick(&self) -> impl DoubleEndedIterator<Item = (HostTime, f64)> {
        self.stick.iter().copied()
    }

    #[must_use]
    pub fn is_paused(&self) -> bool {
        self.paused
    }

    /// The next target due after `now`, over all trials. Where a response is due so long after the one before, no moment
    /// is told beforehand: it would be a beat for the eye.
    #[must_use]
    pub fn next_due(&self, now: HostTime) -> Option<HostTime> {
        let next = |(run, clock): (&Run, TrialClock)| {
            let targets = &run.plan.targets;
            let ahead = targets.partition_point(|target| clock.host(target.at) <= now);
            let told = |role: Role| !matches!(role, Role::Begin | Role::PressAfter { .. } | Role::ReleaseAfter { .. });
            targets[ahead..].iter().find(|target| told(target.role)).map(|target| clock.host(target.at))
        };
        self.anchored().filter(|(run, _)| !run.ended).filter_map(next).min()
    }

    /// Where the player's best run pressed: ms from the target, and how long ago that was, for presses of the last `span`.
    pub fn ghosts(&self, now: HostTime, span: Nanos) -> impl Iterator<Item = (f64, Nanos)> + '_ {
        let recent = self.runs.iter().rev().take(2);
        recent.flat_map(move |(trial, run)| {
            let marks = self.ghosts.get(trial).map(Vec::as_slice).unwrap_or_default();
            marks.iter().filter_map(move |(id, e)| {
                let target = run.plan.targets.get(id.0.checked_sub(run.plan.targets.first()?.id.0)? as usize)?;
                let since = now - (run.host(target.at)? + *e);
                (since.0 >= 0 && since <= span).then_some((e.as_ms(), since))
            })
        })
    }

    /// The last cue seen at or before `now` and the time since it; `None` before the first.
    #[must_use]
    pub fn last_cue(&self, now: HostTime) -> Option<(CueKind, Nanos, Nanos)> {
        let run = self.current(now)?;
        let clock = run.clock?;
        let past = run.plan.cues.partition_point(|cue| clock.host(cue.at) <= now);
        let cue = run.plan.cues[..past].iter().rfind(|cue| cue.seen && !matches!(cue.kind, CueKind::Surprise(_)))?;
        Some((cue.kind, now - clock.host(cue.at), run.plan.interval))
    }
}

/// Where a verdict's mark stands, from the target, in the drill's unit: the displayed error; where there is none, at the side's edge.
#[must_use]
pub fn place(judged: &Judged) -> f64 {
    match judged.kind {
        EventKind::Press | EventKind::Pair | EventKind::Release | EventKind::Excursion => judged.shown_ms,
        EventKind::Omission => 0.0,
        EventKind::StopResponse | EventKind::WrongLane | EventKind::FalseStart | EventKind::Extra => {
            match (judged.press, judged.due, judged.e) {
                (_, _, Some(e)) => e.as_ms(),
                (Some(press), Some(due), None) => (press.t - due).as_ms(),
                _ => judged.side.sign() * 2.0 * judged.tol_ms,
            }
        }
    }
}

#[cfg(test)]
mod tests;
