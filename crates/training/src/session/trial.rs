//! A trial in play: planned, put on the clocks, judged, ended; and what is planned after it.

use std::collections::{BTreeMap, VecDeque};

use doozy_cerebellum::rng::Stream;

use super::{
    Phase, Session,
    arrived::Arrived,
    constants::{REST_DISCRETE, REST_RUNNING, RETRIES_MOST, SCENE_FULL, STEP_AHEAD},
};
use crate::{
    event::{Cause, CueKind, Drama, Effect, ErrorUnit, EventId, Ignored, Press, TargetId, Tier, TrialId, TrialPlan},
    judge::{Outcome, TrialJudge},
    level::{Course, JND_PERCENT, jnd_ms},
    time::{HostTime, TrialClock},
};

/// An event as far as it can be the worst of its trial.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Worst {
    pub event: EventId,
    pub tier: Tier,
    pub u: f64,
    /// The true error, ms; sizes are capped, so two large ones may share theirs.
    pub e_ms: f64,
}

impl Worst {
    fn badness(self) -> (bool, f64, f64) {
        (self.tier == Tier::Doozy, self.u, self.e_ms.abs())
    }
}

/// The trial that is planned or in progress.
#[derive(Clone, Debug)]
pub(super) struct InPlay {
    pub plan: TrialPlan,
    /// The just-noticeable difference, in the drill's unit.
    pub jnd_ms: f64,
    /// None until the shell has put the trial on its clocks.
    on_clock: Option<(TrialClock, TrialJudge)>,
    outcomes: VecDeque<Outcome>,
    /// Presses that the judge has and of which nothing has been said.
    unsaid: Vec<Press>,
    /// Events so far, and those that failed.
    pub events: u32,
    pub failed: u32,
    /// The worst event so far.
    pub worst: Option<Worst>,
    /// The worst event so far that no brake had made calm: the one that the phrase's scene may show.
    for_scene: Option<Worst>,
    /// A doozy of this trial opened its window.
    pub taught: bool,
    pub braked: bool,
    /// A response came on a signal to stop.
    pub unstopped: bool,
    /// When the last window of its events takes effect.
    pub last_window: HostTime,
    /// No scene of this trial lasts longer than until here.
    pub scene_ends: HostTime,
}

impl InPlay {
    fn new(plan: TrialPlan) -> Self {
        Self {
            jnd_ms: match plan.terms.unit {
                ErrorUnit::Milliseconds => jnd_ms(plan.interval),
                ErrorUnit::Percent => JND_PERCENT,
            },
            plan,
            on_clock: None,
            outcomes: VecDeque::new(),
            unsaid: Vec::new(),
            events: 0,
            failed: 0,
            worst: None,
            for_scene: None,
            taught: false,
            braked: false,
            unstopped: false,
            last_window: HostTime::DISTANT_PAST,
            scene_ends: HostTime::DISTANT_PAST,
        }
    }

    /// Puts the trial on its clock, once; a clock of another trial is out of date and changes nothing.
    pub fn anchor(&mut self, trial: TrialId, clock: TrialClock) {
        if trial == self.plan.trial && self.on_clock.is_none() {
            self.on_clock = Some((clock, TrialJudge::new(&self.plan, clock)));
        }
    }

    pub fn is_anchored(&self) -> bool {
        self.on_clock.is_some()
    }

    /// Whether a press at `t` is this trial's to judge.
    pub fn accepts(&self, t: HostTime) -> bool {
        self.on_clock.as_ref().is_some_and(|(clock, judge)| clock.origin <= t && t <= judge.ends())
    }

    /// Where a press moves its mark for now, told at once.
    pub fn mark(&self, press: Press) -> Option<Effect> {
        let (_, judge) = self.on_clock.as_ref()?;
        self.accepts(press.t).then(|| {
            let mark = judge.mark(press);
            Effect::Provisional { trial: self.plan.trial, press, target: mark.target, e: mark.e }
        })
    }

    /// Hands over every press before `limit` that is this trial's, and takes the verdicts that fell before it.
    pub fn judge(
        &mut self,
        presses: &mut BTreeMap<(HostTime, u8, u64), Press>,
        arrived: &mut Arrived,
        limit: HostTime,
    ) {
        let Some((clock, judge)) = &mut self.on_clock else { return };
        let (begins, ends) = (clock.origin, judge.ends());
        let theirs = (begins, 0, 0)..(limit.min(HostTime(ends.0 + 1)).max(begins), 0, 0);
        let keys: Vec<_> = presses.range(theirs).map(|(key, _)| *key).collect();
        for press in keys.iter().filter_map(|key| presses.remove(key)) {
            judge.press(press);
            self.unsaid.push(press);
        }
        arrived.hand_over(judge, begins, limit);
        self.outcomes.extend(judge.advance(limit));
    }

    pub fn next_verdict(&self) -> Option<HostTime> {
        self.outcomes.front().map(Outcome::t)
    }

    /// The next verdict or ignored press.
    pub fn pop_outcome(&mut self) -> Option<Outcome> {
        let outcome = self.outcomes.pop_front()?;
        let press = match &outcome {
            Outcome::Verdict(verdict) => verdict.press,
            Outcome::Ignored { press, .. } => Some(*press),
        };
        if let Some(press) = press {
            self.unsaid.retain(|other| other.seq != press.seq);
        }
        Some(outcome)
    }

    /// When the trial ends, once nothing more of it can be judged: with its last moment or its last window.
    pub fn ends(&self) -> Option<HostTime> {
        let (_, judge) = self.on_clock.as_ref()?;
        (judge.finished() && self.outcomes.is_empty()).then(|| judge.ends().max(self.last_window))
    }

    /// Notes an event, for the phrase's scene and summary; of equals the first stays the worst.
    pub fn note(&mut self, event: Worst, calm: bool) {
        let outdoes = |held: Option<Worst>| held.is_none_or(|worst| event.badness() > worst.badness());
        if outdoes(self.worst) {
            self.worst = Some(event);
        }
        if !calm && outdoes(self.for_scene) {
            self.for_scene = Some(event);
        }
    }

    /// By how many targets the trial could as well be read shifted, if it could (skill.md M5).
    fn shift(&self) -> Option<i8> {
        self.on_clock.as_ref().and_then(|(_, judge)| judge.shift_ambiguity())
    }
}

impl Session {
    /// Plans the next trial, decided at `t` and beginning at `free` at the earliest: the attempt of `again` once more, or
    /// a new one at the present rung.
    pub(super) fn plan(&mut self, again: Option<Box<InPlay>>, free: HostTime, t: HostTime, effects: &mut Vec<Effect>) {
        let trial = TrialId(self.next_trial);
        self.next_trial += 1;
        let mut not_before = free;
        if let Some(stepped) = self.stepped {
            not_before = not_before.max(stepped + STEP_AHEAD);
        }
        let mut plan = match again {
            Some(before) => {
                let mut plan = TrialPlan { retry_of: Some(before.plan.trial), window_was_open: true, ..before.plan };
                // what has startled once is no surprise; the target that it displaced stays where it is
                plan.cues.retain(|cue| !matches!(cue.kind, CueKind::Surprise(_)));
                plan.targets.iter_mut().for_each(|target| target.surprise = None);
                // the same attempt; but where the guard has since given more room, it has that
                let setting = self.setting(self.rung);
                if setting.interval == plan.interval && setting.goal_ms == plan.goal_ms && setting.tol_ms > plan.tol_ms
                {
                    (plan.tol_ms, plan.rung) = (setting.tol_ms, setting.rung);
                }
                plan
            }
            None => {
                let setting = self.setting(self.rung);
                let mut stream = Stream::named(self.seed, "trial", u64::from(trial.0));
                let mut draw = || stream.uniform();
                let mut course = Course {
                    nth: self.completed,
                    reaction: self.reactions.usual(),
                    stop_delay: self.reactions.stop_delay(),
                    draw: &mut draw,
                };
                let mut body = self.level.plan_in(&setting, &mut course);
                if let Some(course) = &self.course {
                    course.shape(&mut body, &setting.drill, self.completed);
                }
                // a trial's own goal has its own tolerance, at the same rung
                let goal_ms = body.goal.unwrap_or(setting.goal_ms);
                let tol_ms = body.goal.map_or(setting.tol_ms, |goal| goal * setting.tol_ms / setting.goal_ms);
                TrialPlan {
                    trial,
                    retry_of: None,
                    window_was_open: false,
                    not_before,
                    cues: body.cues,
                    targets: body.targets,
                    length: body.length,
                    interval: body.interval,
                    window: setting.window,
                    goal_ms,
                    tol_ms,
                    rung: setting.rung,
                    count_in_ends: body.count_in_ends,
                    running: body.running,
                    stage: body.stage,
                    terms: body.terms,
                    t,
                }
            }
        };
        plan.trial = trial;
        plan.not_before = not_before;
        plan.t = t;
        for target in &mut plan.targets {
            target.id = TargetId(self.next_target);
            self.next_target += 1;
        }
        // no target of a later trial lies before this moment: what came into force earlier can be forgotten
        let in_force = self.gain_at(t);
        self.gains.retain(|(from, _)| *from > t);
        self.gains.insert(0, (HostTime::DISTANT_PAST, in_force));
        effects.push(Effect::Planned(plan.clone()));
        self.phase = Phase::Playing(Box::new(InPlay::new(plan)));
    }

    /// Ends the trial in play and plans what follows.
    pub(super) fn end_trial(&mut self, t: HostTime, effects: &mut Vec<Effect>) {
        let Phase::Playing(mut ended) = std::mem::replace(&mut self.phase, Phase::Ended) else { return };
        if ended.plan.running
            && let Some(Worst { event, tier: Tier::Doozy, .. }) = ended.for_scene
            && !ended.braked
            && !self.steering.is_calm()
            && self.budget.grant(event, t)
        {
            effects.push(Effect::Amplify { event, drama: Drama::Full, t });
            ended.scene_ends = t + SCENE_FULL;
        }
        if ended.plan.targets.iter().any(|target| target.stop) {
            self.reactions.stopped(!ended.unstopped);
        }
        let trial = ended.plan.trial;
        if let Some(shift) = ended.shift() {
            effects.push(Effect::Ambiguous { trial, shift, t });
        }
        effects.push(Effect::TrialEnded { trial, void: None, worst: ended.worst.map(|worst| worst.event), t });
        if ended.plan.retry_of.is_none() {
            self.completed += 1;
            self.retries_in_a_row = 0;
        }
        let practised = self.course.as_mut();
        if !ended.taught && practised.is_some_and(|course| course.went(ended.events, ended.failed)) {
            self.steering.restart();
        }
        let rest = if ended.plan.running { REST_RUNNING } else { REST_DISCRETE };
        let free = (t + rest).max(ended.scene_ends);
        if ended.taught && !ended.braked && self.retries_in_a_row < RETRIES_MOST {
            self.retries_in_a_row += 1;
            self.plan(Some(ended), free, t, effects);
        } else if self.completed >= self.complete_after() {
            effects.push(Effect::SessionEnded { finished: true, t });
        } else {
            self.plan(None, free, t, effects);
        }
    }

    /// Ends a trial in progress that is not to count. Of presses that were not judged, those before `t` are void with
    /// it; later ones fell while the session stood still.
    pub(super) fn void(&mut self, cause: Cause, t: HostTime, effects: &mut Vec<Effect>) {
        if let Phase::Playing(in_play) = &mut self.phase {
            for press in std::mem::take(&mut in_play.unsaid) {
                if press.t < t {
                    effects.push(Effect::Ignored { press, why: Ignored::Void });
                } else {
                    self.presses.insert((press.t, press.lane.0, press.seq), press);
                }
            }
            let (trial, worst) = (in_play.plan.trial, in_play.worst.map(|worst| worst.event));
            effects.push(Effect::TrialEnded { trial, void: Some(cause), worst, t });
            self.retries_in_a_row = 0;
        }
    }
}
