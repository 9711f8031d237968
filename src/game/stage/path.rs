//! The path: a tape with a way cut into it runs to the right under a stylus that the stick moves. What is still to come
//! lies left of the stylus, its own trace right of it. Right on the stick is up on the tape, left is down.

use bevy::{
    color::{LinearRgba, Mix},
    math::{Affine2, Vec2},
};
use doozy_training::{
    event::{PathPoint, TrialPlan},
    time::{HostTime, Nanos},
};

use super::{
    lane::{Lane, Room},
    machine::{Breaks, Machine},
    marks,
    paint::{Painter, Tint},
    parts::{self, FLOOR_BELOW, Scene},
    props,
    timeline::Run,
};
use crate::game::{feedback::replay::Retold, theme::motion::ease_out};

/// Middle of the tape above the lane, half of its height, and how far the stick's whole way to one side takes the stylus.
const MIDDLE: f32 = 148.0;
const HALF: f32 = 132.0;
const TRAVEL: f32 = 112.0;
/// How long a piece of the path is in sight before it is reached. ◇ Long enough to see the next gate or two, whatever the
/// window's shape.
const LEAD: Nanos = Nanos::ms(1_800);
const BALL: f32 = 14.0;

/// A tape and a stylus.
#[derive(Clone, Copy, Debug)]
pub struct Path;

impl Machine for Path {
    fn lane(&self, plan: &TrialPlan, room: &Room) -> Lane {
        // in a wide window clear of what stands in the corner above it
        let anchor = Vec2::new(room.half.x.min(640.0) * 0.30, room.rail());
        Lane::new(plan, anchor, anchor.x + room.half.x, LEAD)
    }

    fn back(&self, p: &mut Painter, scene: &Scene<'_>, lane: &Lane, run: &Run) {
        let look = scene.look;
        let half = scene.room.half.x + 30.0;
        let (low, high) = (lane.anchor.y + MIDDLE - HALF, lane.anchor.y + MIDDLE + HALF);
        // the rollers that the tape runs over
        for x in [-half + 70.0, half - 70.0] {
            p.lathe(Vec2::new(x, low - 26.0), &[(30.0, 0.0), (30.0, 2.0 * HALF + 52.0)], |u, v| {
                look.iron.turned(u).lightened(0.6 + 0.3 * v)
            });
            parts::post(
                p,
                Vec2::new(x, lane.anchor.y - FLOOR_BELOW),
                10.0,
                FLOOR_BELOW + MIDDLE - HALF - 20.0,
                look.iron,
            );
        }
        // the tape
        let paper = look.ground.lightened(0.7).mix(&look.wall_lit, 0.35);
        p.wash(Vec2::new(-half, low), Vec2::new(half, high), paper.lightened(0.9), paper);
        for y in [low, high] {
            let edge = look.line;
            p.stroke(Vec2::new(-half, y), Vec2::new(half, y), 2.0, edge, edge);
        }
        holes(p, scene, lane, run, low, high);
    }

    fn front(&self, p: &mut Painter, scene: &Scene<'_>, lane: &Lane, run: &Run) {
        if let Some(clock) = run.clock {
            let t = |at: Nanos| clock.host(at);
            way(p, scene, lane, run, &t);
            gates(p, scene, lane, run, &t);
        }
        trace(p, scene, lane, run);
        stylus(p, scene, lane, run);
        parts::wreck(p, scene, lane);
        parts::plate(p, scene, lane, &run.plan);
    }

    fn heart(&self, lane: &Lane) -> Vec2 {
        lane.anchor + Vec2::new(0.0, MIDDLE)
    }

    fn rings(&self, lane: &Lane, _plan: &TrialPlan, _pressed: doozy_training::event::Lane) -> (Vec2, f32) {
        // small: gates follow each other, and the way has to be seen
        (lane.anchor + Vec2::new(0.0, MIDDLE + HALF + 26.0), 0.28)
    }

    fn strike(&self, lane: &Lane, _plan: &TrialPlan, _pressed: doozy_training::event::Lane) -> Vec2 {
        lane.anchor + Vec2::new(0.0, -14.0)
    }

    fn breaks(&self, lane: &Lane) -> Breaks {
        Breaks { at: lane.anchor + Vec2::new(0.0, MIDDLE + HALF), spread: Vec2::new(50.0, 30.0) }
    }

    fn sheds(&self, lane: &Lane, sign: f32) -> Vec2 {
        lane.anchor + Vec2::new(sign * 60.0, MIDDLE + HALF + 40.0)
    }

    /// The way across the path, with its two edges, and how far outside the stick was: left is left.
    fn replay(&self, p: &mut Painter, _captions: &mut crate::game::feedback::captions::Captions, told: &Retold<'_>) {
        let Retold { judged, look, room, lane, share, color, .. } = *told;
        let y = lane.anchor.y + 34.0;
        let reach = room.half.x.min(560.0) * 0.80;
        // the path takes a third of the picture; errors beyond its width stay inside the window
        let half = reach * 0.34;
        let out = judged.shown_ms.clamp(-150.0, 150.0) as f32 / 150.0 * (reach - half);
        let edge = look.text.with_alpha_of(0.8);
        p.wash(
            Vec2::new(-half, y - 40.0),
            Vec2::new(half, y + 40.0),
            look.lamp.with_alpha_of(0.10),
            look.lamp.with_alpha_of(0.22),
        );
        for side in [-1.0, 1.0] {
            p.stroke(Vec2::new(side * half, y - 52.0), Vec2::new(side * half, y + 52.0), 4.0, edge, edge);
        }
        let sign = judged.side.sign() as f32;
        let to = sign * half + out;
        let way = if told.still { 1.0 } else { ease_out(share / 0.5) as f32 };
        let at = Vec2::new(to * way, y);
        let beyond = at.x.abs() > half;
        if beyond {
            p.stroke(Vec2::new(sign * half, y), at, 6.0, color.with_alpha_of(0.5), color);
        }
        p.stroke(Vec2::new(0.0, y), Vec2::new(at.x.clamp(-half, half), y), 2.0, look.quiet, look.quiet);
        p.glow(at, 60.0, 1.0, color.with_alpha_of(0.3));
        p.ball(at, 17.0, 0.0, look.steel);
        if share > 0.5 {
            marks::form(p, at - Vec2::Y * 62.0, 12.0, judged.tier, sign, color.mix(&look.text, 0.1));
        }
    }
}

/// Where a place of the stick lies on the tape.
fn height(lane: &Lane, x: f64) -> f32 {
    lane.anchor.y + MIDDLE + x as f32 * TRAVEL
}

/// Centre and width of the path at a moment of the trial; none where there is no path.
#[must_use]
pub fn across(path: &[PathPoint], at: Nanos) -> Option<(f64, f64)> {
    let after = path.partition_point(|point| point.at <= at);
    let before = path.get(after.checked_sub(1)?)?;
    let Some(next) = path.get(after) else {
        return (before.at == at).then_some((before.centre, before.width));
    };
    let share = (at - before.at).as_ms() / (next.at - before.at).as_ms().max(1e-9);
    let on = |a: f64, b: f64| a + (b - a) * share;
    Some((on(before.centre, next.centre), on(before.width, next.width)))
}

/// Holes along the tape's edges: they tell that it runs.
fn holes(p: &mut Painter, scene: &Scene<'_>, lane: &Lane, run: &Run, low: f32, high: f32) {
    const STEP_MS: f64 = 200.0;
    let now = props::since(scene, run, Nanos::ZERO).unwrap_or(0.0);
    let half = f64::from(scene.room.half.x);
    let (per_ms, anchor) = (f64::from(lane.per_ms()), f64::from(lane.anchor.x));
    let first = ((now - (half - anchor) / per_ms) / STEP_MS).floor() as i64;
    let last = ((now + (half + anchor) / per_ms) / STEP_MS).ceil() as i64;
    let color = scene.look.ground.lightened(0.3);
    for k in first..=last.min(first + 400) {
        let x = if scene.still {
            (anchor + (k as f64) * STEP_MS * per_ms) as f32
        } else {
            lane.offset_ms(now - k as f64 * STEP_MS)
        };
        for y in [low + 9.0, high - 9.0] {
            p.disc(Vec2::new(x, y), 3.4, color, color);
        }
    }
}

/// The way cut into the tape.
fn way(p: &mut Painter, scene: &Scene<'_>, lane: &Lane, run: &Run, t: &impl Fn(Nanos) -> HostTime) {
    let look = scene.look;
    let path = &run.plan.terms.path;
    let lit = if run.plan.window_was_open { look.cortex } else { look.lamp };
    let floor = look.ground.mix(&lit, 0.16);
    let edge = look.brass.light;
    let edges = |point: &PathPoint| {
        let x = lane.x(t(point.at), scene.now);
        let (centre, half) = (point.centre, point.width / 2.0);
        (Vec2::new(x, height(lane, centre - half)), Vec2::new(x, height(lane, centre + half)))
    };
    let room = scene.room.half.x + 60.0;
    for pair in path.windows(2) {
        // later moments lie further left
        let ((near_low, near_high), (far_low, far_high)) = (edges(&pair[0]), edges(&pair[1]));
        if far_low.x > room || near_low.x < -room {
            continue;
        }
        p.quad([far_low, near_low, near_high, far_high], [floor; 4]);
        let past = if near_low.x > lane.anchor.x { 0.45 } else { 1.0 };
        for (a, b) in [(far_low, near_low), (far_high, near_high)] {
            p.stroke(a, b, 3.4, edge.with_alpha_of(past), edge.with_alpha_of(past));
        }
    }
}

/// The gates: a post on each edge, and the form of the verdict once it is passed.
fn gates(p: &mut Painter, scene: &Scene<'_>, lane: &Lane, run: &Run, t: &impl Fn(Nanos) -> HostTime) {
    let look = scene.look;
    for target in &run.plan.targets {
        let x = lane.x(t(target.at), scene.now);
        let Some((centre, width)) = across(&run.plan.terms.path, target.at) else { continue };
        if x.abs() > scene.room.half.x + 30.0 {
            continue;
        }
        let (low, high) = (height(lane, centre - width / 2.0), height(lane, centre + width / 2.0));
        let met = run.met.get(&target.id).copied();
        let color = met.map_or(look.text, |(tier, _)| look.tier(tier));
        let past = if met.is_some() { 0.9 } else { 0.75 };
        for (y, away) in [(low, -1.0), (high, 1.0)] {
            p.stroke(
                Vec2::new(x, y),
                Vec2::new(x, y + away * 16.0),
                4.4,
                color.with_alpha_of(past),
                color.with_alpha_of(past),
            );
            p.disc(Vec2::new(x, y + away * 17.0), 4.6, color, color.with_alpha_of(past));
        }
        match met {
            Some((tier, side)) => {
                let y = if side.sign() < 0.0 { low - 36.0 } else { high + 36.0 };
                let y = y.clamp(lane.anchor.y + MIDDLE - HALF + 12.0, lane.anchor.y + MIDDLE + HALF - 12.0);
                marks::form(p, Vec2::new(x, y), 8.0, tier, side.sign() as f32, look.tier(tier));
            }
            None => p.stroke(
                Vec2::new(x, low),
                Vec2::new(x, high),
                1.2,
                look.text.with_alpha_of(0.3),
                look.text.with_alpha_of(0.3),
            ),
        }
    }
}

/// Where the stick stands now.
fn stands(scene: &Scene<'_>) -> f64 {
    scene
        .timeline
        .stick()
        .rev()
        .find(|(t, _)| *t <= scene.now)
        .or_else(|| scene.timeline.stick().next())
        .map_or(0.0, |(_, x)| x)
}

/// Whether the stick is outside, and on which side.
fn outside(run: &Run, at: Nanos, x: f64) -> f64 {
    across(&run.plan.terms.path, at).map_or(0.0, |(centre, width)| {
        let aside = x - centre;
        if aside.abs() > width / 2.0 { aside.signum() } else { 0.0 }
    })
}

/// The way that the stylus has drawn.
fn trace(p: &mut Painter, scene: &Scene<'_>, lane: &Lane, run: &Run) {
    let look = scene.look;
    let Some(clock) = run.clock else { return };
    let mut before: Option<Vec2> = None;
    let ink =
        |outside: f64| -> LinearRgba { if outside == 0.0 { look.cortex.mix(&look.text, 0.35) } else { look.tiers[2] } };
    let now = stands(scene);
    let moves = scene.timeline.stick().filter(|(t, _)| *t <= scene.now && *t >= clock.origin);
    for (t, x) in moves.chain([(scene.now, now)]) {
        let at = Vec2::new(lane.x(t, scene.now), height(lane, x));
        if let Some(last) = before.filter(|last| last.x < scene.room.half.x + 40.0 && *last != at) {
            let color = ink(outside(run, clock.trial(t), x));
            p.stroke(last, at, 2.6, color, color);
        }
        before = Some(at);
    }
}

/// The stylus on its arm; broken, its tip flies.
fn stylus(p: &mut Painter, scene: &Scene<'_>, lane: &Lane, run: &Run) {
    let look = scene.look;
    let x = stands(scene);
    let at = Vec2::new(lane.anchor.x, height(lane, x));
    let top = lane.anchor.y + MIDDLE + HALF + 26.0;
    let off = run.clock.map_or(0.0, |clock| outside(run, clock.trial(scene.now), x));
    // the rail that its carriage runs on stands across the tape: the line of now
    let thread = if run.plan.window_was_open { look.cortex } else { look.text };
    p.stroke(
        Vec2::new(at.x, lane.anchor.y + MIDDLE - HALF),
        Vec2::new(at.x, lane.anchor.y + MIDDLE + HALF),
        1.6,
        thread.with_alpha_of(0.45),
        thread.with_alpha_of(0.45),
    );
    for side in [-1.0, 1.0] {
        p.stroke(
            Vec2::new(at.x + side * 27.0, lane.anchor.y + MIDDLE - HALF - 14.0),
            Vec2::new(at.x + side * 27.0, top),
            2.6,
            look.steel.mid.with_alpha_of(0.7),
            look.steel.mid.with_alpha_of(0.7),
        );
    }
    parts::beam(p, Vec2::new(at.x - 46.0, top), Vec2::new(at.x + 46.0, top + 20.0), look.iron, 3);
    let tilt = props::lean(scene, 0.9);
    p.within(Affine2::from_angle_translation(tilt, at), |p| {
        p.panel(Vec2::new(-32.0, -6.0), Vec2::new(32.0, 6.0), 4.0, look.brass.dark, look.brass.light);
        if off != 0.0 {
            p.glow(Vec2::ZERO, 58.0, 1.0, look.tiers[2].with_alpha_of(0.45 * scene.glow));
            p.ring(Vec2::ZERO, BALL + 8.0, 3.0, look.tiers[2]);
        } else {
            p.glow(Vec2::ZERO, 46.0, 1.0, look.lamp.with_alpha_of(0.25 * scene.glow));
        }
        p.ball(Vec2::ZERO, BALL, 0.0, look.steel);
    });
    if off != 0.0 {
        // which way back: a wedge that points to the path
        let back = -off as f32;
        let tip = at + Vec2::new(0.0, back * 26.0);
        let mut points =
            [tip + Vec2::new(0.0, back * 9.0), tip + Vec2::new(-8.0, -back * 4.0), tip + Vec2::new(8.0, -back * 4.0)];
        if back < 0.0 {
            points.reverse();
        }
        p.polygon(&points, |_| look.tiers[2]);
    }
}

#[cfg(test)]
mod tests {
    use doozy_training::event::Stage;

    use super::*;
    use crate::game::stage::sample::plan;

    fn point(ms: i64, centre: f64, width: f64) -> PathPoint {
        PathPoint { at: Nanos::ms(ms), centre, width }
    }

    #[test]
    fn the_path_runs_straight_between_its_points_and_nowhere_else() {
        let path = [point(0, 0.0, 1.0), point(1_000, 0.0, 0.5), point(2_000, 0.4, 0.3)];
        assert_eq!(across(&path, Nanos::ms(500)), Some((0.0, 0.75)));
        let (centre, width) = across(&path, Nanos::ms(1_500)).unwrap();
        assert!((centre - 0.2).abs() < 1e-12 && (width - 0.4).abs() < 1e-12);
        assert_eq!(across(&path, Nanos::ms(2_000)), Some((0.4, 0.3)));
        assert_eq!(across(&path, Nanos::ms(2_001)), None);
        assert_eq!(across(&[], Nanos::ZERO), None);
    }

    #[test]
    fn what_is_due_lies_under_the_stylus_and_the_way_to_come_left_of_it() {
        for half in [480.0, 640.0, 1280.0, 202.5] {
            let room = Room { half: Vec2::new(half, 360.0), strip: 144.0 };
            let lane = Lane::of(&plan(0, Stage::Path, true), &room);
            let now = HostTime(9_000_000_000);
            assert_eq!(lane.x(now, now), lane.anchor.x);
            assert!((lane.x(now + LEAD, now) + half).abs() < 0.01, "in sight for as long in every window");
            // the stick's whole way lies on the tape
            for x in [-1.0, 1.0] {
                assert!((height(&lane, x) - lane.anchor.y - MIDDLE).abs() + BALL < HALF);
            }
            assert!(height(&lane, 0.5) > height(&lane, -0.5));
        }
    }
}
