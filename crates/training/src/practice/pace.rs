//! A trial at another rate: every moment and length divided by it, rounded once to the nearest nanosecond.
//!
//! What hangs on a person stays as it is: the room after the last target, the time to get ready, the matching window's
//! bounds. A goal that the kind derives from its interval follows the interval; one that an author fixed stays.

use crate::{
    event::{Cue, ErrorUnit, PathPoint, Role, Stage},
    level::{JND_PERCENT, Setting, TrialBody, jnd_ms, on_grid, window},
    time::Nanos,
};

/// From a trial's zero to its first target at least: a step of difficulty acts 1 s ahead (training.md §7).
const LEAD_IN: Nanos = Nanos::ms(1_000);

/// A rate, per cent of the level's speed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Pace(pub u16);

impl Pace {
    /// A length or a moment as it is played: rounded to the nearest nanosecond, ties away from zero.
    pub(crate) fn played(self, t: Nanos) -> Nanos {
        let (t, rate) = (i128::from(t.0) * 100, i128::from(self.0.max(1)));
        let rounded = (2 * t.abs() + rate) / (2 * rate);
        Nanos(i64::try_from(rounded * t.signum()).unwrap_or(i64::MAX))
    }

    /// A goal that follows the interval, in ms, never below what can be told apart.
    fn goal(self, goal_ms: f64, interval: Nanos) -> f64 {
        on_grid((goal_ms * 100.0 / f64::from(self.0.max(1))).max(jnd_ms(interval)))
    }

    /// What applies at this rate. `fixed`: the level's author gave the goal.
    pub(crate) fn setting(self, setting: &mut Setting, unit: ErrorUnit, fixed: bool) {
        if self.0 == 100 {
            return;
        }
        setting.interval = self.played(setting.interval);
        setting.window = window(setting.interval);
        setting.jnd_ms = if unit == ErrorUnit::Percent { JND_PERCENT } else { jnd_ms(setting.interval) };
        if unit == ErrorUnit::Milliseconds && !fixed {
            let goal_ms = self.goal(setting.goal_ms, setting.interval);
            setting.tol_ms = on_grid(setting.tol_ms / setting.goal_ms * goal_ms);
            setting.goal_ms = goal_ms;
        }
    }

    /// The trial at this rate.
    pub(crate) fn body(self, body: &mut TrialBody) {
        if self.0 == 100 {
            return;
        }
        let end = |body: &TrialBody| {
            let over = |target: &crate::event::Target| target.at + target.hold.unwrap_or_default();
            body.targets.iter().map(over).max().unwrap_or_default()
        };
        let room = body.length - end(body);
        for Cue { at, .. } in &mut body.cues {
            *at = self.played(*at);
        }
        for target in &mut body.targets {
            target.at = self.played(target.at);
            target.moved = self.played(target.moved);
            target.hold = target.hold.map(|hold| self.played(hold));
            target.role = match target.role {
                Role::PressAfter { after } => Role::PressAfter { after: self.played(after) },
                Role::ReleaseAfter { after } => Role::ReleaseAfter { after: self.played(after) },
                // a reaction is the player's own; such levels are refused
                role @ (Role::Press | Role::Begin | Role::Release | Role::React { .. } | Role::Gate) => role,
            };
        }
        for PathPoint { at, .. } in &mut body.terms.path {
            *at = self.played(*at);
        }
        if let Some(music) = &mut body.terms.music {
            // the same place is heard at the trial's zero
            music.rate_ppb = u32::try_from(u64::from(music.rate_ppb) * u64::from(self.0) / 100).unwrap_or(u32::MAX);
            for (from, to) in &mut music.silent {
                (*from, *to) = (self.played(*from), self.played(*to));
            }
        }
        body.interval = self.played(body.interval);
        body.stage = self.stage(body.stage);
        body.count_in_ends = self.played(body.count_in_ends);
        if body.terms.unit == ErrorUnit::Milliseconds {
            body.goal = body.goal.map(|goal| self.goal(goal, body.interval));
        }
        body.length = end(body) + room;
        let first = body.targets.first().map_or(LEAD_IN, |target| target.at);
        if first < LEAD_IN {
            later(body, LEAD_IN - first);
        }
        if let Some(first) = body.targets.first() {
            body.count_in_ends = body.count_in_ends.min(first.at - window(body.interval) - Nanos(1));
        }
    }

    fn stage(self, stage: Stage) -> Stage {
        let p = |t: Nanos| self.played(t);
        let rate = f64::from(self.0) / 100.0;
        match stage {
            Stage::Bell { ioi } => Stage::Bell { ioi: p(ioi) },
            Stage::Gate { visible, occluded } => Stage::Gate { visible: p(visible), occluded: p(occluded) },
            Stage::Lanes { lanes, approach } => Stage::Lanes { lanes, approach: p(approach) },
            Stage::Grid { beat, divisions } => Stage::Grid { beat: p(beat), divisions },
            Stage::Streams { fast, slow, cycle } => Stage::Streams { fast, slow, cycle: p(cycle) },
            Stage::Echo { reply } => Stage::Echo { reply: p(reply) },
            Stage::Interval { shown, reply } => Stage::Interval { shown: p(shown), reply: p(reply) },
            Stage::Hold { due } => Stage::Hold { due: p(due) },
            Stage::Swing { from, way } => Stage::Swing { from: p(from), way: p(way) },
            // the same road, seen as long before
            Stage::Road { speed_mps, grip_mps2, sight, turn } => {
                Stage::Road { speed_mps: speed_mps * rate, grip_mps2: grip_mps2 * rate * rate, sight: p(sight), turn }
            }
            Stage::Syllables { interval } => Stage::Syllables { interval: p(interval) },
            Stage::Signal { .. } | Stage::Items { .. } | Stage::Path => stage,
        }
    }
}

/// Moves a whole trial later, within its own time.
pub(super) fn later(body: &mut TrialBody, by: Nanos) {
    body.cues.iter_mut().for_each(|cue| cue.at += by);
    body.targets.iter_mut().for_each(|target| target.at += by);
    body.terms.path.iter_mut().for_each(|point| point.at += by);
    body.length += by;
    if body.count_in_ends.0 >= 0 {
        body.count_in_ends += by;
    }
    match &mut body.stage {
        Stage::Echo { reply } | Stage::Interval { reply, .. } => *reply += by,
        Stage::Swing { from, .. } => *from += by,
        Stage::Signal { onset, .. } => *onset += by,
        _ => {}
    }
    if let Some(music) = &mut body.terms.music {
        music.from = music.from - music.of_recording(by);
        music.silent.iter_mut().for_each(|(from, to)| (*from, *to) = (*from + by, *to + by));
    }
}
