//! One event: sized and told when its verdict falls, weighed when its window takes effect.

use super::{
    Easing, Phase, Session,
    amplify::displayed_ms,
    constants::{EFFECT_DELAY, GAIN_MIN, OPEN},
    drama::{length, wish},
    guard::Verdict as BrakeVerdict,
    history::Counted,
    steering::Weighed,
    trial::Worst,
};
use crate::{
    event::{
        Amplify, Cause, Decider, Drama, Effect, EventId, EventKind, Judged, Measured, Step, Tier, TrialId, Volley,
    },
    judge::{Outcome, Verdict, size, tier_in},
    time::HostTime,
};

/// An event between its verdict and the moment at which its window takes effect.
#[derive(Clone, Copy, Debug)]
pub(super) struct Waiting {
    pub takes_effect: HostTime,
    event: EventId,
    trial: TrialId,
    tier: Tier,
    /// True asynchrony of a matched press, ms.
    matched_ms: Option<f64>,
    goal_ms: f64,
    rung: i32,
    braked: bool,
}

impl Session {
    /// The gain in force at a moment.
    pub(super) fn gain_at(&self, t: HostTime) -> f64 {
        self.gains.iter().rev().find(|(from, _)| *from <= t).map_or(GAIN_MIN, |(_, gain)| *gain)
    }

    /// Tells the next verdict or ignored press of the trial in play.
    pub(super) fn take_verdict(&mut self, effects: &mut Vec<Effect>) {
        let Phase::Playing(in_play) = &mut self.phase else { return };
        match in_play.pop_outcome() {
            Some(Outcome::Verdict(verdict)) => self.tell(verdict, effects),
            Some(Outcome::Ignored { press, why }) => effects.push(Effect::Ignored { press, why }),
            None => {}
        }
    }

    fn tell(&mut self, verdict: Verdict, effects: &mut Vec<Effect>) {
        let gain = self.gain_at(verdict.due.unwrap_or(verdict.t));
        let Phase::Playing(in_play) = &mut self.phase else { return };
        let event = EventId(self.next_event);
        self.next_event += 1;
        let (goal_ms, tol_ms, rung) = (in_play.plan.goal_ms, in_play.plan.tol_ms, in_play.plan.rung);
        let (unit, amplify) = (in_play.plan.terms.unit, in_play.plan.terms.amplify);
        let distance_ms = verdict.error.unwrap_or(verdict.distance.as_ms());
        let e_ms = verdict.error.unwrap_or(verdict.e.unwrap_or(verdict.distance).as_ms());
        let tier = tier_in(unit, verdict.kind, e_ms, tol_ms, in_play.jnd_ms);
        let amplified = !verdict.plain && amplify.reaches(verdict.kind);
        let amplification = self.options.amplification;
        let felt = if amplified { amplification.felt(gain, amplify, verdict.kind, tier) } else { 1.0 };
        let felt = amplification.limited(felt, e_ms, goal_ms);
        let shown_ms = displayed_ms(e_ms, felt, goal_ms);
        let u = size(verdict.kind, shown_ms, distance_ms, goal_ms);
        let t = verdict.t;

        let was_calm = self.steering.is_calm();
        let brake = self.steering.verdict(tier.is_success());
        let braked = brake != BrakeVerdict::Go;
        in_play.events += 1;
        in_play.failed += u32::from(!tier.is_success());
        in_play.note(Worst { event, tier, u, e_ms }, was_calm || braked || !amplified);
        in_play.braked |= braked;
        in_play.unstopped |= verdict.kind == EventKind::StopResponse;
        let mut drama = if amplified && amplify != Amplify::AtPhraseEnd { wish(tier) } else { Drama::Calm };
        // within a phrase the next target must stay readable: its scene comes at the end, for the worst error
        if drama == Drama::Full && (was_calm || braked || in_play.plan.running || !self.budget.grant(event, t)) {
            drama = Drama::Short;
        }
        let takes_effect = t + EFFECT_DELAY;
        in_play.last_window = takes_effect;
        in_play.scene_ends = in_play.scene_ends.max(t + length(drama));

        // how widely a player's reactions spread is seen in all of them, not only in what is late
        let of_reaction = verdict.reaction.map(|time| time.as_ms());
        if let Some(time) = verdict.reaction {
            self.reactions.count(time);
        }
        let is_matched = matches!(verdict.kind, EventKind::Press | EventKind::Release | EventKind::Excursion);
        let matched_ms = is_matched.then(|| of_reaction.unwrap_or(e_ms));
        let trial = verdict.trial;
        effects.push(Effect::Judged(Judged {
            event,
            trial,
            kind: verdict.kind,
            target: verdict.target,
            due: verdict.due,
            press: verdict.press,
            e: verdict.e,
            side: verdict.side,
            gain,
            shown_ms,
            u,
            tier,
            tol_ms,
            goal_ms,
            measured: Measured { unit, error: verdict.error, amplify, surprise: verdict.surprise },
            t,
        }));
        effects.push(Effect::Amplify { event, drama, t });
        effects.push(Effect::ClimbingFibreVolley(Volley { event, side: verdict.side, u, t }));
        if let BrakeVerdict::Braked { in_a_row } = brake {
            effects.push(Effect::Brake { in_a_row, t });
        }
        self.waiting.push_back(Waiting { takes_effect, event, trial, tier, matched_ms, goal_ms, rung, braked });
    }

    /// Lets the window of the next event take effect; false if the network has not answered yet.
    pub(super) fn take_window(&mut self, effects: &mut Vec<Effect>) -> bool {
        let Some(waiting) = self.waiting.front().copied() else { return true };
        let Some((w, dose)) = self.windows.remove(&waiting.event) else { return false };
        self.waiting.pop_front();
        let t = waiting.takes_effect;
        effects.push(Effect::WindowOpened { event: waiting.event, w, dose, t });

        if waiting.tier == Tier::Doozy
            && w > OPEN
            && let Phase::Playing(in_play) = &mut self.phase
            && in_play.plan.trial == waiting.trial
        {
            in_play.taught = true;
        }
        let decision = self.steering.weigh(&Weighed {
            counted: Counted { success: waiting.tier.is_success(), w, dose },
            matched_ms: waiting.matched_ms,
            goal_ms: waiting.goal_ms,
            braked: waiting.braked,
            rung: waiting.rung,
            next_rung: self.rung,
        });
        if let Some((gain, by)) = decision.gain {
            self.gains.push((t, gain));
            effects.push(Effect::Gain { gain, by, t });
        }
        if let Some((step, by)) = decision.step {
            self.step(step, by, t, effects);
        }
        if waiting.braked && self.options.easing == Easing::BelowPlayed {
            while self.rung >= waiting.rung && self.rung > self.level.floor_rung() {
                self.step(Step::Easier, Decider::Brake, t, effects);
            }
        }
        if decision.rest {
            self.pause(Cause::Rest, t, effects);
        }
        true
    }

    /// One rung up or down the level's ladder; nothing where it ends.
    fn step(&mut self, step: Step, by: Decider, t: HostTime, effects: &mut Vec<Effect>) {
        let rung = match step {
            Step::Easier => self.rung - 1,
            Step::Harder => self.rung + 1,
        };
        let setting = self.setting(rung);
        if setting.rung != self.rung {
            self.rung = setting.rung;
            self.stepped = Some(t);
            effects.push(Effect::Difficulty { step, rung: setting.rung, tol_ms: setting.tol_ms, by, t });
        }
    }
}
