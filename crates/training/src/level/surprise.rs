//! Surprises: what a level may place in any kind's trials, so seldom that nobody waits for it.
//!
//! One belongs to a target that it comes shortly before; the event of that target is marked and told apart. An obstacle
//! displaces the target with its cue; a sound and a movement at the edge only startle.

use serde::{Deserialize, Serialize};

use super::{Level, TrialBody, check::Complaints};
use crate::{
    event::{Cue, CueKind, Role, SurpriseKind},
    time::Nanos,
};

/// Surprises are at least so far apart (drills.md).
pub const APART: Nanos = Nanos::ms(20_000);
/// How long before its target a surprise comes, ms ◇: too late to plan for it, early enough to see or hear it.
const BEFORE_MS: (f64, f64) = (250.0, 450.0);
/// The largest displacement of a target as a share of the interval: the phase shift's (drills.md).
const LARGEST_SHARE: f64 = 0.15;
const SHIFT_MS: (f64, f64) = (10.0, 80.0);

/// Where surprises are placed, and which.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Surprises {
    /// One in so many trials.
    pub every: u32,
    /// One of these, each as likely.
    pub kinds: Vec<Surprise>,
}

/// One kind of surprise.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub enum Surprise {
    /// The next target and its cue come so much earlier or later, by chance.
    Obstacle { shift_ms: f64 },
    /// A sudden sound, within the loudness rule.
    Sound,
    /// A movement at the edge of sight.
    Edge,
}

impl Surprise {
    fn kind(self) -> SurpriseKind {
        match self {
            Self::Obstacle { .. } => SurpriseKind::Obstacle,
            Self::Sound => SurpriseKind::Sound,
            Self::Edge => SurpriseKind::Edge,
        }
    }
}

impl Surprises {
    /// Places one in the trial after `nth` others, if it is that one's turn.
    pub(super) fn place(&self, body: &mut TrialBody, nth: u32, draw: &mut dyn FnMut() -> f64) {
        if !nth.wrapping_add(1).is_multiple_of(self.every.max(1)) || self.kinds.is_empty() {
            return;
        }
        let pick = |draw: f64, n: usize| ((draw * n as f64) as usize).min(n - 1);
        let surprise = self.kinds[pick(draw(), self.kinds.len())];
        let earliest = body.count_in_ends;
        let before = Nanos::from_ms(BEFORE_MS.0 + (BEFORE_MS.1 - BEFORE_MS.0) * draw());
        let can = |i: &usize| {
            let target = body.targets[*i];
            target.role != Role::Begin && !target.stop && target.at - before > earliest
        };
        let places: Vec<usize> = (0..body.targets.len()).filter(can).collect();
        if places.is_empty() {
            return;
        }
        let place = places[pick(draw(), places.len())];
        let due = body.targets[place].at;
        let kind = surprise.kind();
        body.targets[place].surprise = Some(kind);
        if let Surprise::Obstacle { shift_ms } = surprise {
            let shift = Nanos::from_ms(if draw() < 0.5 { -shift_ms } else { shift_ms });
            body.targets[place].at = due + shift;
            body.targets[place].moved = shift;
            for cue in body.cues.iter_mut().filter(|cue| cue.at == due) {
                cue.at = due + shift;
            }
        }
        body.cues.push(Cue {
            at: due - before,
            kind: CueKind::Surprise(kind),
            heard: kind == SurpriseKind::Sound,
            seen: kind != SurpriseKind::Sound,
        });
        body.cues.sort_by_key(|cue| cue.at);
        body.targets.sort_by_key(|target| target.at);
    }

    /// Refuses what comes too often, or displaces what has no cue.
    pub(super) fn check(&self, level: &Level, complaints: &mut Complaints) {
        complaints.count("surprises.every", self.every, (1, 500), "trials");
        let kinds = u32::try_from(self.kinds.len()).unwrap_or(u32::MAX);
        complaints.count("surprises.kinds", kinds, (1, 8), "kinds");
        if complaints.len() > 0 {
            return;
        }
        let setting = level.setting(0);
        let body = setting.drill.kind().plan(&mut super::Course::new(&mut || 0.5));
        if body.length.0.saturating_mul(i64::from(self.every)) < APART.0 {
            let least = (APART.0 + body.length.0 - 1) / body.length.0.max(1);
            complaints.say(
                "surprises.every",
                format!(
                    "one in {} trials of {} s comes more often than every {} s; give at least {least}",
                    self.every,
                    body.length.as_secs(),
                    APART.as_secs()
                ),
            );
        }
        let most = LARGEST_SHARE * setting.interval.as_ms();
        let is_cued = |at: Nanos| body.cues.iter().any(|cue| cue.at == at);
        let cued = body.targets.iter().all(|target| target.role == Role::Press && is_cued(target.at));
        for (i, surprise) in self.kinds.iter().enumerate() {
            let Surprise::Obstacle { shift_ms } = *surprise else { continue };
            let path = format!("surprises.kinds[{i}]");
            complaints.within(&format!("{path}.shift_ms"), shift_ms, SHIFT_MS, "ms");
            if !cued {
                complaints.say(&path, "the targets of this drill have no cues that could be displaced".to_owned());
            } else if shift_ms > most {
                let interval = setting.interval.as_ms();
                complaints.say(
                    &format!("{path}.shift_ms"),
                    format!("{shift_ms} ms are more than 0.15 of {interval} ms; give at most {most} ms"),
                );
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BEAT: &str = "(version: 1, title: \"T\", aim: \"a\", trials: 6, seconds: 78,
        drill: SteadyBeat(ioi_ms: 600, beats: 16),
        surprises: (every: 2, kinds: [Obstacle(shift_ms: 60), Sound, Edge]))";

    fn trial(nth: u32, draws: &[f64]) -> TrialBody {
        let level = Level::parse("t", BEAT).unwrap();
        let mut next = draws.iter().copied().cycle();
        let mut draw = || next.next().unwrap();
        level.plan_in(&level.setting(0), &mut super::super::Course { nth, ..super::super::Course::new(&mut draw) })
    }

    fn surprised(body: &TrialBody) -> Vec<(Nanos, SurpriseKind)> {
        body.targets.iter().filter_map(|target| Some((target.at, target.surprise?))).collect()
    }

    #[test]
    fn one_trial_in_so_many_has_one() {
        let counts: Vec<usize> = (0..6).map(|nth| surprised(&trial(nth, &[0.4])).len()).collect();
        assert_eq!(counts, [0, 1, 0, 1, 0, 1]);
    }

    #[test]
    fn an_obstacle_displaces_the_target_with_its_cue() {
        // which kind, how long before, which target, which side
        let body = trial(1, &[0.0, 0.5, 0.5, 0.9]);
        assert_eq!(surprised(&body), [(Nanos::ms(2400 + 8 * 600 + 60), SurpriseKind::Obstacle)]);
        let cue = |kind: CueKind| body.cues.iter().filter(|cue| cue.kind == kind).map(|cue| cue.at).collect::<Vec<_>>();
        assert_eq!(cue(CueKind::Surprise(SurpriseKind::Obstacle)), [Nanos::ms(7200 - 350)]);
        assert!(cue(CueKind::Beat { accent: true }).contains(&Nanos::ms(7260)));
    }

    #[test]
    fn a_sound_is_heard_and_an_edge_is_seen() {
        for (draw, kind, heard) in [(0.4, SurpriseKind::Sound, true), (0.9, SurpriseKind::Edge, false)] {
            let body = trial(1, &[draw, 0.5, 0.5]);
            let cue = body.cues.iter().find(|cue| cue.kind == CueKind::Surprise(kind)).unwrap();
            assert_eq!((cue.heard, cue.seen), (heard, !heard));
            assert!(body.targets.windows(2).all(|pair| pair[1].at - pair[0].at == Nanos::ms(600)));
        }
    }

    #[test]
    fn what_comes_too_often_or_displaces_nothing_is_refused() {
        let refusal = |from: &str, to: &str| Level::parse("t", &BEAT.replace(from, to)).unwrap_err().to_string();
        assert_eq!(
            refusal("every: 2", "every: 1"),
            "t: surprises.every (line 3): one in 1 trials of 12 s comes more often than every 20 s; give at least 2"
        );
        assert_eq!(
            refusal("SteadyBeat(ioi_ms: 600, beats: 16)", "Hold(duration_ms: 5000)"),
            "t: surprises.kinds[0] (line 3): the targets of this drill have no cues that could be displaced"
        );
        assert_eq!(
            refusal("ioi_ms: 600, beats: 16", "ioi_ms: 300, beats: 32"),
            "t: surprises.kinds[0].shift_ms (line 3): 60 ms are more than 0.15 of 300 ms; give at most 45 ms"
        );
    }
}
