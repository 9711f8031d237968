//! The verdicts of one trial, each final at a moment that the responses alone decide (training.md §2–3).
//!
//! Responses arrive in any order; a watermark says up to when none is missing. Every verdict has an event time `t` such
//! that no response after `t` could change it, and is given out once the watermark has passed `t`, in order of `t`. So a
//! stall, a frame rate or the order of devices moves only the moment at which somebody hears of it.
//!
//! How responses and targets belong together is the rule of the trial's targets: `matching` where
//! every target has its moment, `chain` where one response hangs on another,
//! `reaction` where being fast is all, `excursion` where a stick is kept in a
//! path.

use super::{chain::Chain, excursion::Excursion, matching::Matching, reaction::Reaction};
use crate::{
    event::{
        ErrorUnit, EventKind, Ignored, Lane, Press, Release, Role, Side, SurpriseKind, Target, TargetId, Tilt, TrialId,
        TrialPlan,
    },
    time::{HostTime, Nanos, TrialClock},
};

/// Contact bounce of one key (training.md §1): nobody presses a key twice within it.
pub const BOUNCE: Nanos = Nanos::ms(5);

/// Whether a press is the same key's contact, bouncing after a press before.
pub fn is_bounce(before: &Press, press: &Press) -> bool {
    press.source.is_real_device()
        && (before.device, before.control) == (press.device, press.control)
        && press.t - before.t <= BOUNCE
}

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
    /// response − target, where the response belongs to the target: a match, a pair, a wrong lane, a release. Of a
    /// reaction, only what is late.
    pub e: Option<Nanos>,
    /// response − the target that it is about or nearest to; zero for an omission.
    pub distance: Nanos,
    /// The error, or else the distance, in the drill's unit; none where that is ms.
    pub error: Option<f64>,
    /// From the signal to the response, of a reaction.
    pub reaction: Option<Nanos>,
    pub side: Side,
    /// The target's event is never amplified.
    pub plain: bool,
    pub surprise: Option<SurpriseKind>,
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
    /// The target that it seems to answer.
    pub target: Option<TargetId>,
    pub e: Option<Nanos>,
}

/// A target on the host's clock.
#[derive(Clone, Copy, Debug)]
pub(super) struct Due {
    pub id: TargetId,
    pub at: HostTime,
    pub lane: Lane,
    pub stop: bool,
    pub role: Role,
    /// When it is to be let go.
    pub held_until: Option<HostTime>,
    pub plain: bool,
    pub surprise: Option<SurpriseKind>,
}

/// What every rule knows of its trial.
#[derive(Clone, Debug)]
pub(super) struct Trial {
    pub id: TrialId,
    /// In order of time, then of lanes.
    pub targets: Vec<Due>,
    pub window: Nanos,
    pub half_interval: Nanos,
    pub count_in_ends: HostTime,
    pub ends: HostTime,
    pub unit: ErrorUnit,
}

impl Trial {
    fn new(plan: &TrialPlan, clock: TrialClock) -> Self {
        let due = |target: &Target| Due {
            id: target.id,
            at: clock.host(target.at),
            lane: target.lane,
            stop: target.stop,
            role: target.role,
            held_until: target.hold.map(|hold| clock.host(target.at + hold)),
            plain: target.plain,
            surprise: target.surprise,
        };
        let mut targets: Vec<_> = plan.targets.iter().map(due).collect();
        targets.sort_by_key(|due| (due.at, due.lane, due.id));
        Self {
            id: plan.trial,
            targets,
            window: plan.window,
            half_interval: Nanos(plan.interval.0 / 2),
            count_in_ends: clock.host(plan.count_in_ends),
            ends: clock.host(plan.length),
            unit: plan.terms.unit,
        }
    }

    /// How far from a target a response may lie and still have to do with it.
    pub fn reach(&self) -> Nanos {
        self.window.max(self.half_interval)
    }

    /// A press that no target has anything to do with, before anybody has looked at it: in the count-in, or when the
    /// trial was over.
    pub fn outside(&self, press: &Press) -> Option<Ignored> {
        if press.t <= self.count_in_ends {
            Some(Ignored::CountIn)
        } else if press.t > self.ends {
            Some(Ignored::Paused)
        } else {
            None
        }
    }

    /// Why a press answers nothing, as far as that is told by the presses before it and the trial's bounds; notes it as
    /// the latest one unless it is a bounce of that.
    pub fn ignores(&self, last_press: &mut Option<Press>, press: Press) -> Option<Ignored> {
        if last_press.is_some_and(|before| is_bounce(&before, &press)) {
            return Some(Ignored::Bounce);
        }
        *last_press = Some(press);
        self.outside(&press)
    }

    pub fn verdict(&self, kind: EventKind, target: Option<&Due>, press: Option<Press>, t: HostTime) -> Verdict {
        let e = match (target, press) {
            (Some(due), Some(press)) => Some(press.t - due.at),
            _ => None,
        };
        let side = match (kind, e) {
            (EventKind::FalseStart | EventKind::StopResponse, _) => Side::Early,
            (_, Some(e)) => Side::of(e),
            (_, None) => Side::Late,
        };
        let belongs = matches!(kind, EventKind::Press | EventKind::Pair | EventKind::WrongLane | EventKind::Release);
        let about = target.filter(|_| {
            belongs || matches!(kind, EventKind::StopResponse | EventKind::Omission | EventKind::Excursion)
        });
        Verdict {
            trial: self.id,
            kind,
            target: about.map(|due| due.id),
            due: about.map(|due| due.at),
            press,
            e: e.filter(|_| belongs),
            distance: e.unwrap_or_default(),
            error: None,
            reaction: None,
            side,
            plain: about.is_some_and(|due| due.plain),
            surprise: about.and_then(|due| due.surprise),
            t,
        }
    }
}

/// The rule by which responses and targets belong together.
#[derive(Clone, Debug)]
enum Rule {
    Matching(Matching),
    Chain(Chain),
    Reaction(Reaction),
    Excursion(Excursion),
}

/// Judges one trial as its responses come in.
#[derive(Clone, Debug)]
pub struct TrialJudge {
    trial: Trial,
    rule: Rule,
    settled: HostTime,
}

impl TrialJudge {
    /// A judge for a planned trial that the shell has put on a clock.
    #[must_use]
    pub fn new(plan: &TrialPlan, clock: TrialClock) -> Self {
        let trial = Trial::new(plan, clock);
        let any = |holds: fn(Role) -> bool| trial.targets.iter().any(|due| holds(due.role));
        let rule = if any(|role| role == Role::Gate) {
            Rule::Excursion(Excursion::new(plan, clock))
        } else if any(|role| matches!(role, Role::React { .. })) {
            Rule::Reaction(Reaction::new(&trial, clock))
        } else if any(|role| role != Role::Press) {
            Rule::Chain(Chain::new(&trial))
        } else {
            Rule::Matching(Matching::new(&trial))
        };
        Self { trial, rule, settled: HostTime::DISTANT_PAST }
    }

    /// Takes a press and says where its mark goes for now ([`Self::mark`]). None if everything at its time has been settled: then the
    /// tap broke its promise and nothing is changed by it.
    pub fn press(&mut self, press: Press) -> Option<Mark> {
        if press.t < self.settled {
            return None;
        }
        match &mut self.rule {
            Rule::Matching(rule) => rule.press(press),
            Rule::Chain(rule) => rule.press(press),
            Rule::Reaction(rule) => rule.press(press),
            Rule::Excursion(rule) => rule.press(press),
        }
        Some(self.mark(press))
    }

    /// Takes the news that a response came up; nothing, if everything at its time has been settled.
    pub fn release(&mut self, release: Release) {
        if release.t >= self.settled {
            match &mut self.rule {
                Rule::Matching(rule) => rule.release(release),
                Rule::Chain(rule) => rule.release(release),
                Rule::Reaction(_) | Rule::Excursion(_) => {}
            }
        }
    }

    /// Takes a stick's new place; of what is settled, only where it stands now.
    pub fn tilt(&mut self, tilt: Tilt) {
        if let Rule::Excursion(rule) = &mut self.rule {
            rule.tilt(Tilt { t: tilt.t.max(self.settled), ..tilt });
        }
    }

    /// Where a press's mark goes before anything is known of its neighbours. Changes nothing.
    #[must_use]
    pub fn mark(&self, press: Press) -> Mark {
        match &self.rule {
            Rule::Matching(rule) => rule.mark(&self.trial, press),
            Rule::Chain(rule) => rule.mark(&self.trial, press),
            Rule::Reaction(rule) => rule.mark(&self.trial, press),
            Rule::Excursion(_) => Mark { press, target: None, e: None },
        }
    }

    /// Takes the news that everything before `watermark` has been delivered, and gives out what is final by that and
    /// has not been given out before, in order of [`Outcome::t`].
    pub fn advance(&mut self, watermark: HostTime) -> Vec<Outcome> {
        if watermark <= self.settled {
            return Vec::new();
        }
        let since = std::mem::replace(&mut self.settled, watermark);
        match &mut self.rule {
            Rule::Matching(rule) => rule.advance(&self.trial, since, watermark),
            Rule::Chain(rule) => rule.advance(&self.trial, watermark),
            Rule::Reaction(rule) => rule.advance(&self.trial, watermark),
            Rule::Excursion(rule) => rule.advance(&self.trial, watermark),
        }
    }

    /// The time before which every outcome has been given out: the greatest watermark so far.
    #[must_use]
    pub fn settled(&self) -> HostTime {
        self.settled
    }

    /// The trial's last moment; presses after it belong to no trial of this judge.
    #[must_use]
    pub fn ends(&self) -> HostTime {
        self.trial.ends
    }

    /// Whether everything up to the trial's last moment has been given out.
    #[must_use]
    pub fn finished(&self) -> bool {
        self.settled > self.trial.ends
    }

    /// Whether the trial, as pressed so far, fits about as well one target earlier (−1) or later (+1) in any lane:
    /// then its asynchronies are not to be trusted (skill.md M5).
    #[must_use]
    pub fn shift_ambiguity(&self) -> Option<i8> {
        match &self.rule {
            Rule::Matching(rule) => rule.shift_ambiguity(&self.trial),
            Rule::Chain(_) | Rule::Reaction(_) | Rule::Excursion(_) => None,
        }
    }
}

/// Breaks every tie between presses; the order of arrival only between two of one control.
pub(super) fn order(press: &Press) -> (HostTime, Lane, u16, u16, u64) {
    (press.t, press.lane, press.device.0, press.control, press.seq)
}

/// Takes a press into its place among those that wait for the watermark.
pub(super) fn queue(waiting: &mut Vec<Press>, press: Press) {
    let place = waiting.partition_point(|earlier| order(earlier) <= order(&press));
    waiting.insert(place, press);
}

/// Takes out those that lie before the watermark.
pub(super) fn settled(waiting: &mut Vec<Press>, watermark: HostTime) -> Vec<Press> {
    let place = waiting.partition_point(|press| press.t < watermark);
    waiting.drain(..place).collect()
}

#[cfg(test)]
mod tests;
