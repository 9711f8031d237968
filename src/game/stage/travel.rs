//! What travels: the targets and cues that are in sight at a moment, with their places on the lane.
//!
//! Cues and targets are in order of time, so that what is in sight is found by bisection: a chart of seventy thousand
//! targets costs no more than the dozen that are seen.

use std::f32::consts::TAU;

use bevy::{color::LinearRgba, math::Vec2};
use doozy_training::{
    event::{Cue, CueKind, Lane as Key, Side, SurpriseKind, Target, Tier},
    time::{HostTime, Nanos, TrialClock},
};

use super::{
    lane::Lane,
    paint::{Metal, Painter, Tint},
    parts::Scene,
    timeline::Run,
};
use crate::game::theme::motion::ease_out;

/// What is shown of the way before it comes in by a fade, ms. ◇ The lane's end is a moment, not a place in a window.
const ARRIVES_MS: f32 = 80.0;
/// What was displaced leaps to its new place in this time, ms. ◇
pub const LEAP_MS: f64 = 90.0;
/// How far a thing past its moment has faded at the window's edge. ◇
const PAST: f32 = 0.75;

/// A target in sight.
#[derive(Clone, Copy, Debug)]
pub struct Traveller<'a> {
    pub run: &'a Run,
    pub clock: TrialClock,
    pub target: &'a Target,
    pub due: HostTime,
    /// When it seems to be due: what an obstacle displaces is seen where it was expected until the obstacle falls.
    pub seems: HostTime,
    /// Where it stands.
    pub x: f32,
    /// How much of it is to be seen, 0…1.
    pub alpha: f32,
    /// What became of it.
    pub met: Option<(Tier, Side)>,
}

impl Traveller<'_> {
    /// Whether its own moment makes no sound in a trial whose others do: a beat left out, a silent bar.
    #[must_use]
    pub fn silent(&self) -> bool {
        silent(self.run, self.target.at)
    }
}

/// Whether a beat of the trial belongs to this moment and is not heard, while others of the trial are.
fn silent(run: &Run, at: Nanos) -> bool {
    if let Some(music) = &run.plan.terms.music {
        // the recording carries the notes
        return music.silent.iter().any(|(from, to)| (*from..*to).contains(&at));
    }
    let mut beats = between(&run.plan.cues, |cue| cue.at, (at, at)).iter().filter(|cue| is_beat(cue.kind)).peekable();
    run.sounds && beats.peek().is_some() && beats.all(|cue| !cue.heard)
}

/// Whether a cue is one of those that a running drill goes by.
#[must_use]
pub fn is_beat(kind: CueKind) -> bool {
    matches!(kind, CueKind::Beat { .. } | CueKind::Note { .. } | CueKind::Subdivision | CueKind::Syllable { .. })
}

/// When a moment of the trial seems to come. What an obstacle displaces cannot be foreseen: it stands where it was
/// expected until the obstacle falls over it, and then leaps under it to its new place.
fn seems(run: &Run, clock: TrialClock, at: Nanos, now: HostTime) -> HostTime {
    let due = clock.host(at);
    let here = between(&run.plan.targets, |target| target.at, (at, at));
    let Some(moved) = here.iter().find(|target| target.moved != Nanos::ZERO) else { return due };
    let falls = run.plan.cues.iter().find(|cue| cue.kind == CueKind::Surprise(SurpriseKind::Obstacle));
    let Some(falls) = falls.map(|cue| clock.host(cue.at)) else { return due };
    let left = 1.0 - ease_out((now - falls).as_ms() / LEAP_MS);
    due - Nanos((moved.moved.0 as f64 * left) as i64)
}

/// Place and visibility of what is due at `due`; `None` out of sight. `radius` is its own half-width.
#[must_use]
pub fn place(scene: &Scene<'_>, lane: &Lane, due: HostTime, radius: f32) -> Option<(f32, f32)> {
    at(scene, lane, lane.x(due, scene.now), radius)
}

/// Visibility of what stands at `x`; `None` out of sight.
#[must_use]
pub fn at(scene: &Scene<'_>, lane: &Lane, x: f32, radius: f32) -> Option<(f32, f32)> {
    let (left, right) = (lane.anchor.x - lane.reach, scene.room.half.x + radius);
    if x < left || x > right {
        return None;
    }
    let arrive = ((x - left) / (lane.per_ms() * ARRIVES_MS)).clamp(0.0, 1.0);
    let past = ((x - lane.anchor.x) / (scene.room.half.x - lane.anchor.x)).clamp(0.0, 1.0);
    Some((x, arrive * (1.0 - PAST * past) * scene.travellers))
}

/// Moments of a trial that are in sight, with `before` more of the past.
fn sight(scene: &Scene<'_>, lane: &Lane, clock: TrialClock, before: Nanos) -> (Nanos, Nanos) {
    let past = f64::from((scene.room.half.x + 60.0 - lane.anchor.x).max(0.0) / lane.per_ms().max(1e-6));
    let now = clock.trial(scene.now);
    (now - Nanos::from_ms(past) - before, now + lane.lead)
}

/// The part of `items` whose moments lie between two others.
fn between<T>(items: &[T], at: impl Fn(&T) -> Nanos, (from, to): (Nanos, Nanos)) -> &[T] {
    let first = items.partition_point(|item| at(item) < from);
    let last = items.partition_point(|item| at(item) <= to);
    items.get(first..last).unwrap_or_default()
}

/// The targets in sight of all trials; of one that has ended only those that were answered. Holds stay until they are
/// over.
pub fn targets<'a>(scene: &Scene<'a>, lane: &Lane, radius: f32) -> impl Iterator<Item = Traveller<'a>> {
    let (scene, lane) = (*scene, *lane);
    scene.timeline.anchored().flat_map(move |(run, clock)| {
        let seen = sight(&scene, &lane, clock, run.longest_hold);
        between(&run.plan.targets, |target| target.at, seen).iter().filter_map(move |target| {
            let due = clock.host(target.at);
            let met = run.met.get(&target.id).copied();
            if run.ended && met.is_none() {
                return None;
            }
            let tail = target.hold.map_or(due, |hold| due + hold);
            let seems = seems(run, clock, target.at, scene.now);
            let (x, alpha) = place(&scene, &lane, seems, radius).or_else(|| {
                // The head is out of sight, the tail is not.
                let over = target.hold.is_some() && due <= scene.now && place(&scene, &lane, tail, radius).is_some();
                over.then(|| (lane.x(due, scene.now), scene.travellers))
            })?;
            Some(Traveller { run, clock, target, due, seems, x, alpha, met })
        })
    })
}

/// The seen cues in sight of trials that go on, with place and visibility.
pub fn cues<'a>(scene: &Scene<'a>, lane: &Lane, radius: f32) -> impl Iterator<Item = (&'a Run, &'a Cue, f32, f32)> {
    let (scene, lane) = (*scene, *lane);
    scene.timeline.anchored().filter(|(run, _)| !run.ended).flat_map(move |(run, clock)| {
        let seen = sight(&scene, &lane, clock, Nanos::ZERO);
        between(&run.plan.cues, |cue| cue.at, seen).iter().filter(|cue| cue.seen).filter_map(move |cue| {
            let (x, alpha) = place(&scene, &lane, seems(run, clock, cue.at, scene.now), radius)?;
            Some((run, cue, x, alpha))
        })
    })
}

/// Corners of the form of a lane's notes: no two of eight lanes share one. Lane 0 is round.
fn corners(key: Key) -> Vec<Vec2> {
    let regular = |n: usize, turn: f32, reach: f32| -> Vec<Vec2> {
        (0..n).map(|k| Vec2::from_angle(turn + TAU * k as f32 / n as f32) * reach).collect()
    };
    match key.0 % 8 {
        0 => regular(20, 0.0, 1.0),
        1 => regular(4, TAU / 4.0, 1.22),
        2 => regular(3, TAU / 4.0, 1.28),
        3 => regular(4, TAU / 8.0, 1.22),
        4 => regular(6, 0.0, 1.1),
        5 => regular(3, -TAU / 4.0, 1.28),
        6 => vec![Vec2::new(-1.1, -0.55), Vec2::new(1.1, -0.55), Vec2::new(1.1, 0.55), Vec2::new(-1.1, 0.55)],
        _ => vec![Vec2::new(-0.55, -1.1), Vec2::new(0.55, -1.1), Vec2::new(0.55, 1.1), Vec2::new(-0.55, 1.1)],
    }
}

/// A note in the form and enamel of its lane.
pub fn note(p: &mut Painter, at: Vec2, radius: f32, key: Key, metal: Metal) {
    let form = |grow: f32| -> Vec<Vec2> { corners(key).into_iter().map(|v| at + v * radius * grow).collect() };
    p.polygon(&form(1.0), |_| metal.dark);
    p.polygon(&form(0.86), |v| {
        let d = (v - at) / radius;
        let k = (0.62 + 0.5 * (d.y * 0.8 - d.x * 0.4)).clamp(0.0, 1.0);
        bevy::color::Mix::mix(&metal.mid, &metal.light, k)
    });
    p.speck(at + Vec2::new(-0.28, 0.34) * radius, radius * 0.55, 0.8, metal.glint.with_alpha_of(0.45));
}

/// A hollow shell in place of a solid bead of this radius: its beat makes no sound.
pub fn shell(p: &mut Painter, at: Vec2, radius: f32, metal: Metal, inside: LinearRgba) {
    let wall = (radius * 0.28).max(3.0);
    p.disc(at, radius, metal.dark, metal.dark);
    p.ring(at, radius - wall * 0.5, wall - 1.0, metal.light);
    p.disc(at, radius - wall, inside, inside);
}

/// A hollow note of a lane: it is to be struck, and makes no sound.
pub fn hollow_note(p: &mut Painter, at: Vec2, radius: f32, key: Key, metal: Metal, inside: LinearRgba) {
    let wall = (radius * 0.28).max(3.0);
    let form: Vec<Vec2> = corners(key).into_iter().map(|v| at + v * radius).collect();
    p.polygon(&form, |_| inside);
    outline(p, at, radius - wall * 0.5, key, wall, metal.light);
}

/// The outline of a lane's form.
pub fn outline(p: &mut Painter, at: Vec2, radius: f32, key: Key, width: f32, color: LinearRgba) {
    if key.0.is_multiple_of(8) {
        p.ring(at, radius, width, color);
        return;
    }
    let mut points: Vec<Vec2> = corners(key).into_iter().map(|v| at + v * radius).collect();
    if let Some(first) = points.first().copied() {
        points.push(first);
    }
    p.strokes(&points, width, color);
}

#[cfg(test)]
mod tests {
    use doozy_training::event::Music;

    use super::*;
    use crate::game::stage::sample::{BELL, plan};

    const CLOCK: TrialClock = TrialClock { origin: HostTime(0), rate_ppb: 0 };

    fn beat(ms: i64, heard: bool) -> Cue {
        Cue { at: Nanos::ms(ms), kind: CueKind::Beat { accent: false }, heard, seen: true }
    }

    #[test]
    fn what_an_obstacle_displaces_stands_where_it_was_expected_until_it_falls() {
        for by in [-60, 60] {
            let mut plan = plan(0, BELL, true);
            plan.targets[1].at += Nanos::ms(by);
            (plan.targets[1].moved, plan.targets[1].surprise) = (Nanos::ms(by), Some(SurpriseKind::Obstacle));
            let falls = CueKind::Surprise(SurpriseKind::Obstacle);
            plan.cues = vec![Cue { at: Nanos::ms(2450), kind: falls, heard: false, seen: true }, beat(2800 + by, true)];
            let run = Run::sample(&plan);
            let at = |target: usize, now: i64| {
                (seems(&run, CLOCK, run.plan.targets[target].at, HostTime(0) + Nanos::ms(now)) - HostTime(0)).as_ms()
            };
            for now in [0, 2000, 2449] {
                assert_eq!([at(0, now), at(1, now), at(2, now)], [2200.0, 2800.0, 3400.0], "{by} at {now}");
            }
            for now in [2450 + LEAP_MS as i64, 2800, 4000] {
                assert_eq!([at(0, now), at(1, now), at(2, now)], [2200.0, 2800.0 + by as f64, 3400.0], "{by} at {now}");
            }
        }
    }

    #[test]
    fn a_beat_is_silent_where_others_sound_and_in_the_recording_s_silent_bars() {
        let mut plan = plan(0, BELL, true);
        let told = |plan: &_| {
            let run = Run::sample(plan);
            run.plan.targets.iter().map(|target| super::silent(&run, target.at)).collect::<Vec<_>>()
        };
        assert_eq!(told(&plan), [false; 3], "what has no beat of its own is not a silent one");
        plan.cues.extend([beat(2200, true), beat(2800, false), beat(3400, true)]);
        assert_eq!(told(&plan), [false, true, false]);
        plan.cues.iter_mut().for_each(|cue| cue.heard = false);
        assert_eq!(told(&plan), [false; 3], "where nothing ever sounds nothing is told apart");
        let silent = vec![(Nanos::ms(2700), Nanos::ms(3300))];
        plan.terms.music = Some(Music { file: "a".into(), from: Nanos::ZERO, rate_ppb: 1_000_000_000, silent });
        assert_eq!(told(&plan), [false, true, false]);
    }
}
