//! The session: one reducer from inputs to effects, over events, trials and the whole.
//!
//! Inputs may come in any order that their watermarks allow; the session takes everything in the order of *logical*
//! time, up to the least watermark, and stands still where it needs an input that is not yet there: the place of a
//! planned trial on the clocks ([`Input::Anchor`]), or the network's answer to an event ([`Input::Window`]) by the
//! moment at which it takes effect. So the effects and their order are a function of the inputs alone, and a stall of
//! any length moves only the moment at which somebody hears of them.
//!
//! Of things at one moment, what stops or resumes the session comes first, then windows, verdicts, stray presses, and
//! the end of the trial.

pub mod amplify;
mod arrived;
pub mod constants;
pub mod drama;
mod events;
pub mod guard;
pub mod history;
pub mod policy;
pub mod quest;
mod reactions;
pub mod steering;
mod trial;

use std::collections::{BTreeMap, VecDeque};

use serde::{Deserialize, Serialize};

pub use self::{amplify::Amplification, policy::Policy};
use self::{
    arrived::Arrived, drama::Budget, events::Waiting, policy::Pilot, reactions::Reactions, steering::Steering,
    trial::InPlay,
};
use crate::{
    event::{Cause, Effect, EventId, Ignored, Input, Press, TrialId},
    level::{Level, Setting},
    practice::{Course, Practice},
    time::HostTime,
    yours::Personal,
};

/// What a study or a player fixes for a session; part of its record.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Options {
    pub policy: Policy,
    pub amplification: Amplification,
    pub easing: Easing,
    /// The level is practised, not played: nothing of it counts as a result.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub practice: Option<Practice>,
    /// The rung that the session begins on, where an earlier one of the same level left off; the nearest that there is.
    #[serde(skip_serializing_if = "is_start")]
    pub from_rung: i32,
    /// The session is part of its player's own trial. A mark for whoever reads the record; nothing is judged by it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub personal: Option<Personal>,
}

fn is_start(rung: &i32) -> bool {
    *rung == 0
}

/// How far a brake eases the drill.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Easing {
    /// One step from what is in force next, as in every record that does not say: where a step harder had been decided
    /// within the phrase that failed, the next phrase is as hard as it.
    #[default]
    OneStep,
    /// One step, and below the rung of the failure in any case.
    BelowPlayed,
}

impl Options {
    /// What new sessions are played by. The default is what old records mean that do not say it.
    #[must_use]
    pub fn current() -> Self {
        Self { easing: Easing::BelowPlayed, ..Self::default() }
    }
}

/// Something asked of the session as a whole.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Control {
    Pause(Cause),
    Resume,
    Stop,
}

/// Where the session stands.
#[derive(Clone, Debug)]
enum Phase {
    /// No watermark has said when it starts.
    Unstarted,
    Playing(Box<InPlay>),
    Paused(Cause),
    Ended,
}

/// What happens next, and when.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Next {
    Control,
    Window,
    Verdict,
    StrayPress,
    TrialEnd,
}

/// One session of one level.
#[derive(Clone, Debug)]
pub struct Session {
    level: Level,
    course: Option<Course>,
    seed: u64,
    options: Options,
    phase: Phase,
    /// Everything before this has been delivered.
    watermark: HostTime,
    /// Everything before this has been taken in.
    now: HostTime,
    /// Delivered and not yet handed to a judge.
    presses: BTreeMap<(HostTime, u8, u64), Press>,
    /// What was delivered besides presses.
    arrived: Arrived,
    /// Delivered after a watermark had promised that they could not come; with that watermark.
    late: VecDeque<(HostTime, Press)>,
    controls: VecDeque<(HostTime, Control)>,
    windows: BTreeMap<EventId, (f64, f64)>,
    /// Events whose window has yet to take effect, in order.
    waiting: VecDeque<Waiting>,

    steering: Steering,
    budget: Budget,
    /// The gain from each of these moments on.
    gains: Vec<(HostTime, f64)>,
    reactions: Reactions,
    rung: i32,
    stepped: Option<HostTime>,

    next_event: u32,
    next_target: u32,
    next_trial: u32,
    /// Trials that count towards the level's number.
    completed: u32,
    retries_in_a_row: u8,
}

impl Session {
    /// A session that starts at its first watermark. The same level, seed, options and inputs give the same effects.
    #[must_use]
    pub fn new(level: Level, seed: u64, options: Options) -> Self {
        let (course, level) = match options.practice {
            // whoever asks has been told what does not fit; what comes here all the same is played as it is
            Some(practice) if practice.fit(&level).is_ok() => {
                let (course, level) = Course::of(practice, level);
                (Some(course), level)
            }
            _ => (None, level),
        };
        let rung = options.from_rung.clamp(level.floor_rung(), level.top_rung());
        Self {
            level,
            course,
            seed,
            options,
            phase: Phase::Unstarted,
            watermark: HostTime::DISTANT_PAST,
            now: HostTime::DISTANT_PAST,
            presses: BTreeMap::new(),
            arrived: Arrived::default(),
            late: VecDeque::new(),
            controls: VecDeque::new(),
            windows: BTreeMap::new(),
            waiting: VecDeque::new(),
            steering: Steering::new(Pilot::new(options.policy, seed), options.amplification),
            budget: Budget::default(),
            gains: vec![(HostTime::DISTANT_PAST, constants::GAIN_MIN)],
            reactions: Reactions::default(),
            rung,
            stepped: None,
            next_event: 0,
            next_target: 0,
            next_trial: 0,
            completed: 0,
            retries_in_a_row: 0,
        }
    }

    /// Takes in one input and appends what follows from it.
    ///
    /// The first [`Input::Watermark`] starts the session. Every [`Effect::Planned`] has to be answered by an
    /// [`Input::Anchor`], even if the session is about to stop; until then nothing else happens. An input whose time lies below a watermark already given
    /// counts as of that watermark; a press like that is reported as [`Ignored::Late`] and not judged.
    pub fn feed(&mut self, input: Input, effects: &mut Vec<Effect>) {
        if self.is_ended() {
            return;
        }
        match input {
            Input::Anchor { trial, clock } => {
                if let Phase::Playing(in_play) = &mut self.phase {
                    in_play.anchor(trial, clock);
                }
            }
            Input::Press(press) if press.t < self.watermark => self.late.push_back((self.watermark, press)),
            Input::Press(press) => {
                self.presses.insert((press.t, press.lane.0, press.seq), press);
                if let Phase::Playing(in_play) = &self.phase {
                    effects.extend(in_play.mark(press));
                }
            }
            Input::Release(release) => self.arrived.release(release),
            Input::Tilt(tilt) => self.arrived.tilt(tilt),
            Input::Watermark { t } => {
                self.watermark = self.watermark.max(t);
                if matches!(self.phase, Phase::Unstarted) {
                    self.now = t;
                    self.plan(None, t, t, effects);
                }
            }
            Input::Window { event, w, dose } => {
                self.windows.insert(event, (w, dose));
            }
            Input::Pause { t, cause } => self.control(t, Control::Pause(cause)),
            Input::Resume { t } => self.control(t, Control::Resume),
            Input::Stop { t } => self.control(t, Control::Stop),
        }
        self.run(effects);
    }

    /// Logical time before which every verdict has been given: the network may go on until a later one could reach it.
    #[must_use]
    pub fn settled(&self) -> HostTime {
        if self.is_stalled_for_anchor() || matches!(self.phase, Phase::Unstarted | Phase::Ended) {
            return self.now;
        }
        match self.next() {
            Some((t, _)) => t.min(self.watermark),
            None => self.watermark,
        }
    }

    #[must_use]
    pub fn is_ended(&self) -> bool {
        matches!(self.phase, Phase::Ended)
    }

    /// Why the session stands still, if it does.
    #[must_use]
    pub fn paused(&self) -> Option<Cause> {
        match self.phase {
            Phase::Paused(cause) => Some(cause),
            _ => None,
        }
    }

    /// The trial that is planned or in play.
    #[must_use]
    pub fn trial(&self) -> Option<TrialId> {
        match &self.phase {
            Phase::Playing(in_play) => Some(in_play.plan.trial),
            _ => None,
        }
    }

    #[must_use]
    pub fn level(&self) -> &Level {
        &self.level
    }

    /// What applies at a rung, at the rate that is practised.
    fn setting(&self, rung: i32) -> Setting {
        let setting = self.level.setting(rung);
        match &self.course {
            Some(course) => course.setting(setting),
            None => setting,
        }
    }

    fn control(&mut self, t: HostTime, control: Control) {
        let t = t.max(self.watermark);
        let place = self.controls.partition_point(|(earlier, _)| *earlier <= t);
        self.controls.insert(place, (t, control));
    }

    /// Takes in everything that is due before the watermark.
    fn run(&mut self, effects: &mut Vec<Effect>) {
        loop {
            self.judge();
            if self.is_ended() || self.is_stalled_for_anchor() {
                return;
            }
            let Some((t, next)) = self.next() else { return };
            if t >= self.watermark || !self.take(t, next, effects) {
                return;
            }
            self.now = self.now.max(t);
        }
    }

    /// Does what is next; false if it has to wait for an input.
    fn take(&mut self, t: HostTime, next: Next, effects: &mut Vec<Effect>) -> bool {
        match next {
            Next::Control => {
                if let Some((t, control)) = self.controls.pop_front() {
                    self.obey(control, t, effects);
                }
            }
            Next::Window => return self.take_window(effects),
            Next::Verdict => self.take_verdict(effects),
            Next::StrayPress => {
                if let Some((_, press)) = self.late.pop_front_if(|(at, _)| *at == t) {
                    effects.push(Effect::Ignored { press, why: Ignored::Late });
                } else if let Some((_, press)) = self.presses.pop_first() {
                    effects.push(Effect::Ignored { press, why: Ignored::Paused });
                }
            }
            Next::TrialEnd => self.end_trial(t, effects),
        }
        true
    }

    /// Hands the judge what is delivered and takes its verdicts, but never beyond the next stop.
    fn judge(&mut self) {
        let limit = self.controls.front().map_or(self.watermark, |(t, _)| self.watermark.min(*t));
        if let Phase::Playing(in_play) = &mut self.phase {
            in_play.judge(&mut self.presses, &mut self.arrived, limit);
        }
    }

    /// What is next in logical time, whether or not the watermark has reached it.
    fn next(&self) -> Option<(HostTime, Next)> {
        let (verdict, trial_end, accepts) = match &self.phase {
            Phase::Playing(in_play) => (in_play.next_verdict(), in_play.ends(), Some(in_play)),
            _ => (None, None, None),
        };
        let stray = self
            .presses
            .values()
            .next()
            .map(|press| press.t)
            .filter(|t| accepts.is_none_or(|in_play| !in_play.accepts(*t)));
        let late = self.late.front().map(|(at, _)| *at);
        [
            self.controls.front().map(|(t, _)| (*t, Next::Control)),
            self.waiting.front().map(|waiting| (waiting.takes_effect, Next::Window)),
            verdict.map(|t| (t, Next::Verdict)),
            late.map(|t| (t, Next::StrayPress)),
            stray.map(|t| (t, Next::StrayPress)),
            trial_end.map(|t| (t, Next::TrialEnd)),
        ]
        .into_iter()
        .flatten()
        .min()
    }

    /// A planned trial that is not on the clocks holds everything up, a pause or stop too: whether its first presses
    /// count may not hang on which came first.
    fn is_stalled_for_anchor(&self) -> bool {
        matches!(&self.phase, Phase::Playing(in_play) if !in_play.is_anchored())
    }

    fn obey(&mut self, control: Control, t: HostTime, effects: &mut Vec<Effect>) {
        match control {
            Control::Pause(cause) => self.pause(cause, t, effects),
            Control::Resume => {
                if let Phase::Paused(cause) = self.phase {
                    // a word to rest that is still to come is not lost on a player who comes back before it
                    if cause == Cause::Rest {
                        self.steering.rested();
                    }
                    effects.push(Effect::Resumed { t });
                    if self.completed >= self.complete_after() {
                        // what was void was the last trial's second chance
                        self.phase = Phase::Ended;
                        effects.push(Effect::SessionEnded { finished: true, t });
                    } else {
                        self.plan(None, t, t, effects);
                    }
                }
            }
            Control::Stop => {
                self.void(Cause::Player, t, effects);
                self.phase = Phase::Ended;
                effects.push(Effect::SessionEnded { finished: false, t });
            }
        }
    }

    /// How many trials make the session complete.
    fn complete_after(&self) -> u32 {
        let trials = self.level.complete_after();
        self.course.as_ref().map_or(trials, |course| course.trials(trials))
    }

    /// Stands still from `t` on; a trial in progress is void.
    fn pause(&mut self, cause: Cause, t: HostTime, effects: &mut Vec<Effect>) {
        if matches!(self.phase, Phase::Playing(_)) {
            self.void(cause, t, effects);
            self.phase = Phase::Paused(cause);
            effects.push(Effect::Paused { cause, t });
        } else if cause == Cause::Rest && matches!(self.phase, Phase::Paused(other) if other != Cause::Rest) {
            // the word to rest is said even if the session stands still already
            self.phase = Phase::Paused(cause);
            effects.push(Effect::Paused { cause, t });
        }
    }
}

#[cfg(test)]
mod order_tests;
#[cfg(test)]
mod rule_tests;
