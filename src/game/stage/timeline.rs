//! The timeline: what the notes have told so far, by host time, for whoever draws it.
//!
//! It remembers trials, their clocks, the marks of presses and the last verdicts. It decides nothing and judges
//! nothing; what is drawn at a moment is a function of it and of that moment alone.

use std::collections::{BTreeMap, VecDeque};

use bevy::prelude::Resource;
use doozy_training::{
    event::{CueKind, Drama, Effect, EventId, EventKind, Judged, Side, TargetId, Tier, TrialId, TrialPlan},
    time::{HostTime, Nanos, TrialClock},
};

use crate::conductor::note::Note;

/// Marks that stay on the plate: enough to see a habit, few enough to read. ◇
const MARKS_KEPT: usize = 10;
/// Trials remembered: the one shown, its successor, and one whose last verdict may still come.
const TRIALS_KEPT: usize = 4;

/// A trial and the clock it runs on.
#[derive(Clone, Debug)]
pub struct Run {
    pub plan: TrialPlan,
    pub clock: Option<TrialClock>,
    pub ended: bool,
    pub void: bool,
    /// What became of targets that have a verdict.
    pub met: BTreeMap<TargetId, (Tier, Side)>,
}

impl Run {
    /// Host time of a moment of the trial, once it has a clock.
    #[must_use]
    pub fn host(&self, at: Nanos) -> Option<HostTime> {
        self.clock.map(|clock| clock.host(at))
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
    /// Where the mark stands, ms from the target: the true error while provisional, the displayed one afterwards.
    pub at_ms: f64,
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
        self.verdict.as_ref().map_or(if self.at_ms < 0.0 { Side::Early } else { Side::Late }, |v| v.side)
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
    last_press: Option<HostTime>,
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
                self.runs.insert(
                    plan.trial,
                    Run { plan: plan.clone(), clock: None, ended: false, void: false, met: BTreeMap::new() },
                );
                while self.runs.len() > TRIALS_KEPT {
                    self.runs.pop_first();
                }
                None
            }
            Effect::Provisional { trial, press, target, e } => {
                self.last_press = self.last_press.max(Some(press.t));
                self.put(Mark {
                    trial: *trial,
                    target: *target,
                    pressed: press.t,
                    at_ms: e.map_or(0.0, Nanos::as_ms),
                    verdict: None,
                    since: now,
                });
                None
            }
            Effect::Judged(judged) => {
                self.judge(judged, now);
                None
            }
            Effect::Amplify { event, drama, .. } => self.amplify(*event, *drama, now),
            Effect::TrialEnded { trial, void, worst, .. } => self.end(*trial, void.is_some(), *worst, now),
            Effect::Ignored { press, .. } => {
                // The machine answers every press, whether or not it counts.
                self.last_press = self.last_press.max(Some(press.t));
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
        self.marks.push_back(mark);
        while self.marks.len() > MARKS_KEPT {
            self.marks.pop_front();
        }
    }

    fn judge(&mut self, judged: &Judged, now: HostTime) {
        if let (Some(target), Some(run)) = (judged.target, self.runs.get_mut(&judged.trial)) {
            run.met.insert(target, (judged.tier, judged.side));
        }
        let pressed = judged.press.map(|p| p.t).or(judged.due).unwrap_or(judged.t);
        if let Some(press) = judged.press {
            self.last_press = self.last_press.max(Some(press.t));
        }
        let at_ms = place_ms(judged);
        let known = judged.press.and_then(|press| {
            self.marks.iter_mut().rev().find(|m| m.verdict.is_none() && m.pressed == press.t && m.trial == judged.trial)
        });
        if let Some(mark) = known {
            mark.target = judged.target;
            mark.at_ms = at_ms;
            mark.verdict = Some(judged.clone());
            mark.since = now;
        } else {
            self.put(Mark {
                trial: judged.trial,
                target: judged.target,
                pressed,
                at_ms,
                verdict: Some(judged.clone()),
                since: now,
            });
        }
        self.verdicts.insert(judged.event, judged.clone());
        // A phrase's worth and more: the worst of it is asked for at its end.
        while self.verdicts.len() > 64 {
            self.verdicts.pop_first();
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
        if void {
            return None;
        }
        // One scene a phrase, for its worst error; only where the budget allowed a full one.
        let size = |event: &EventId| self.verdicts.get(event).map_or(0.0, |j| j.shown_ms.abs().max(j.u));
        let chosen = waiting
            .iter()
            .find(|event| Some(**event) == worst)
            .or_else(|| waiting.iter().max_by(|a, b| size(a).total_cmp(&size(b))))?;
        let judged = self.verdicts.get(chosen)?.clone();
        Some(Staged { judged, drama: Drama::Full, from: now })
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

    /// The latest final verdict's mark.
    #[must_use]
    pub fn latest(&self) -> Option<&Mark> {
        self.marks.iter().rev().find(|m| m.verdict.is_some())
    }

    /// The latest press of any kind.
    #[must_use]
    pub fn last_press(&self) -> Option<HostTime> {
        self.last_press
    }

    #[must_use]
    pub fn is_paused(&self) -> bool {
        self.paused
    }

    /// The next target due after `now`, over all trials.
    #[must_use]
    pub fn next_due(&self, now: HostTime) -> Option<HostTime> {
        self.anchored()
            .filter(|(run, _)| !run.ended)
            .flat_map(|(run, clock)| run.plan.targets.iter().map(move |t| clock.host(t.at)))
            .filter(|due| *due > now)
            .min()
    }

    /// The last cue seen at or before `now` and the time since it; `None` before the first.
    #[must_use]
    pub fn last_cue(&self, now: HostTime) -> Option<(CueKind, Nanos, Nanos)> {
        let run = self.current(now)?;
        let clock = run.clock?;
        run.plan
            .cues
            .iter()
            .filter(|cue| cue.seen)
            .map(|cue| (cue.kind, now - clock.host(cue.at), run.plan.interval))
            .rfind(|(_, since, _)| since.0 >= 0)
    }
}

/// Where a verdict's mark stands, ms from the target: the displayed error; where there is none, at the side's edge.
#[must_use]
pub fn place_ms(judged: &Judged) -> f64 {
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
mod tests {
    use doozy_training::event::{Side, Tier};

    use super::*;
    use crate::game::stage::sample::{BELL, judged, plan, press};

    const ORIGIN: HostTime = HostTime(50_000_000_000);

    fn at(ms: i64) -> HostTime {
        ORIGIN + Nanos::ms(ms)
    }

    fn timeline(running: bool) -> Timeline {
        let mut timeline = Timeline::default();
        timeline.apply(&Note::Effect(Effect::Planned(plan(0, BELL, running))), ORIGIN);
        let clock = TrialClock { origin: ORIGIN, rate_ppb: 0 };
        timeline.apply(&Note::Anchored { trial: TrialId(0), clock }, ORIGIN);
        timeline
    }

    fn tell(timeline: &mut Timeline, effect: Effect, ms: i64) -> Option<Staged> {
        timeline.apply(&Note::Effect(effect), at(ms))
    }

    fn amplify(event: u32, drama: Drama, ms: i64) -> Effect {
        Effect::Amplify { event: EventId(event), drama, t: at(ms) }
    }

    fn ended(worst: Option<u32>, ms: i64) -> Effect {
        Effect::TrialEnded { trial: TrialId(0), void: None, worst: worst.map(EventId), t: at(ms) }
    }

    #[test]
    fn a_provisional_mark_becomes_the_final_one_and_moves_to_the_displayed_error() {
        let mut told = timeline(false);
        let e = Some(Nanos::ms(143));
        let provisional =
            Effect::Provisional { trial: TrialId(0), press: press(at(2343)), target: Some(TargetId(0)), e };
        tell(&mut told, provisional, 2345);
        let mark = told.marks().next_back().unwrap();
        assert_eq!((mark.at_ms, mark.tier(), mark.side()), (143.0, None, Side::Late));
        tell(&mut told, Effect::Judged(judged(0, at(2200), 143.0, 178.0, Tier::Doozy)), 2346);
        assert_eq!(told.marks().count(), 1);
        let mark = told.latest().unwrap();
        assert_eq!((mark.at_ms, mark.tier(), mark.since), (178.0, Some(Tier::Doozy), at(2346)));
    }

    #[test]
    fn a_discrete_trial_has_its_scene_at_once() {
        let mut told = timeline(false);
        let verdict = judged(0, at(2200), -150.0, -180.0, Tier::Doozy);
        tell(&mut told, Effect::Judged(verdict.clone()), 2350);
        let staged = tell(&mut told, amplify(0, Drama::Full, 2350), 2350);
        assert_eq!(staged, Some(Staged { judged: verdict, drama: Drama::Full, from: at(2350) }));
    }

    #[test]
    fn a_running_rhythm_has_its_scene_at_the_phrase_s_end_and_for_the_worst_error() {
        let mut told = timeline(true);
        for (event, e) in [(0, 150.0), (1, -220.0)] {
            let due = at(2200 + 600 * i64::from(event));
            tell(&mut told, Effect::Judged(judged(event, due, e, e, Tier::Doozy)), 2400);
            let short = tell(&mut told, amplify(event, Drama::Short, 2400), 2400);
            assert_eq!(short.map(|s| s.drama), Some(Drama::Short));
        }
        // The session grants the whole scene to the worst, just before the phrase ends.
        assert_eq!(tell(&mut told, amplify(1, Drama::Full, 4000), 4000), None);
        let staged = tell(&mut told, ended(Some(1), 4000), 4001).unwrap();
        assert_eq!((staged.judged.event, staged.drama, staged.from), (EventId(1), Drama::Full, at(4001)));
    }

    #[test]
    fn a_phrase_without_a_granted_scene_has_none() {
        let mut told = timeline(true);
        tell(&mut told, Effect::Judged(judged(0, at(2200), 150.0, 150.0, Tier::Doozy)), 2350);
        tell(&mut told, amplify(0, Drama::Short, 2350), 2350);
        assert_eq!(tell(&mut told, ended(Some(0), 4000), 4000), None);
    }

    #[test]
    fn calm_means_the_mark_alone() {
        let mut told = timeline(false);
        tell(&mut told, Effect::Judged(judged(0, at(2200), 150.0, 150.0, Tier::Doozy)), 2350);
        assert_eq!(tell(&mut told, amplify(0, Drama::Calm, 2350), 2350), None);
        assert_eq!(told.marks().count(), 1);
    }

    #[test]
    fn an_omission_is_marked_where_the_press_was_due() {
        let mut told = timeline(false);
        let missed = Judged {
            kind: EventKind::Omission,
            press: None,
            e: None,
            side: Side::Late,
            ..judged(0, at(2200), 0.0, 0.0, Tier::Doozy)
        };
        tell(&mut told, Effect::Judged(missed), 2500);
        let mark = told.latest().unwrap();
        assert_eq!((mark.at_ms, mark.pressed), (0.0, at(2200)));
    }

    #[test]
    fn what_is_next_is_the_next_target_of_a_trial_that_still_runs() {
        let mut told = timeline(false);
        assert_eq!(told.next_due(at(2200)), Some(at(2800)));
        tell(&mut told, ended(None, 2500), 2500);
        assert_eq!(told.next_due(at(2500)), None);
    }

    #[test]
    fn a_new_session_starts_from_nothing() {
        let mut told = timeline(false);
        tell(&mut told, Effect::Judged(judged(0, at(2200), 3.0, 3.0, Tier::Clean)), 2210);
        tell(&mut told, Effect::Planned(plan(0, BELL, false)), 9000);
        assert_eq!(told.marks().count(), 0);
    }
}
