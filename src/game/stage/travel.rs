//! What travels: the targets and cues that are in sight at a moment, with their places on the lane.
//!
//! Cues and targets are in order of time, so that what is in sight is found by bisection: a chart of seventy thousand
//! targets costs no more than the dozen that are seen.

use std::f32::consts::TAU;

use bevy::{color::LinearRgba, math::Vec2};
use doozy_training::{
    event::{Cue, Lane as Key, Side, Target, Tier},
    time::{HostTime, Nanos, TrialClock},
};

use super::{
    lane::Lane,
    paint::{Metal, Painter, Tint},
    parts::Scene,
    timeline::Run,
};

/// What is shown of the way before it comes in by a fade, ms. ◇ The lane's end is a moment, not a place in a window.
const ARRIVES_MS: f32 = 80.0;
/// How far a thing past its moment has faded at the window's edge. ◇
const PAST: f32 = 0.75;

/// A target in sight.
#[derive(Clone, Copy, Debug)]
pub struct Traveller<'a> {
    pub run: &'a Run,
    pub clock: TrialClock,
    pub target: &'a Target,
    pub due: HostTime,
    /// Where it stands.
    pub x: f32,
    /// How much of it is to be seen, 0…1.
    pub alpha: f32,
    /// What became of it.
    pub met: Option<(Tier, Side)>,
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
            let (x, alpha) = place(&scene, &lane, due, radius).or_else(|| {
                // The head is out of sight, the tail is not.
                let over = target.hold.is_some() && due <= scene.now && place(&scene, &lane, tail, radius).is_some();
                over.then(|| (lane.x(due, scene.now), scene.travellers))
            })?;
            Some(Traveller { run, clock, target, due, x, alpha, met })
        })
    })
}

/// The seen cues in sight of trials that go on, with place and visibility.
pub fn cues<'a>(scene: &Scene<'a>, lane: &Lane, radius: f32) -> impl Iterator<Item = (&'a Run, &'a Cue, f32, f32)> {
    let (scene, lane) = (*scene, *lane);
    scene.timeline.anchored().filter(|(run, _)| !run.ended).flat_map(move |(run, clock)| {
        let seen = sight(&scene, &lane, clock, Nanos::ZERO);
        between(&run.plan.cues, |cue| cue.at, seen).iter().filter(|cue| cue.seen).filter_map(move |cue| {
            let (x, alpha) = place(&scene, &lane, clock.host(cue.at), radius)?;
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
