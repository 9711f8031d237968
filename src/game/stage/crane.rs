//! The crane: a key that is held carries a weight to the right. How long it is to be held is shown by the crane itself;
//! the player carries the weight behind an iron screen and lets it fall into the pan.

use bevy::math::{Affine2, Vec2};
use doozy_training::{
    event::{CueKind, EventKind, Judged, Stage, Tier, TrialPlan},
    time::Nanos,
};

use super::{
    lane::{Lane, Room},
    machine::{Breaks, Machine},
    marks,
    paint::{Painter, Tint},
    parts::{self, FLOOR_BELOW, Scene},
    props,
    timeline::{Run, place},
};
use crate::game::theme::motion::ease_out;

/// Underside of the crane's beam, and middle of a hanging weight, above the lane.
const BEAM: f32 = 252.0;
const HANGS: f32 = 142.0;
/// Middle of a weight that lies in the pan.
const LIES: f32 = 24.0;
const WEIGHT: f32 = 27.0;
/// How long a weight falls, and how long the screen takes to rise, ms. ◇
const FALLS_MS: f64 = 230.0;
const LIFTS_MS: f64 = 200.0;

/// A crane, a screen and a pan.
#[derive(Clone, Copy, Debug)]
pub struct Crane;

impl Machine for Crane {
    /// Held for as long as asked, the weight hangs over the pan.
    fn lane(&self, plan: &TrialPlan, room: &Room) -> Lane {
        let due = if let Stage::Hold { due } = plan.stage { due } else { plan.interval };
        let anchor = Vec2::new(room.half.x * 0.30, room.rail());
        Lane::new(plan, anchor, anchor.x + room.half.x * 0.76, due)
    }

    fn back(&self, p: &mut Painter, scene: &Scene<'_>, lane: &Lane, run: &Run) {
        let (left, right) = ends(lane, scene.room);
        let lean = props::lean(scene, 0.05);
        let about = Vec2::new(f32::midpoint(left, right), lane.anchor.y - FLOOR_BELOW);
        let placed = Affine2::from_translation(about) * Affine2::from_angle(lean) * Affine2::from_translation(-about);
        p.within(placed, |p| {
            props::frame(p, scene, left - 40.0, right + 24.0, lane.anchor.y, BEAM);
            let rim = scene.look.steel.light.with_alpha_of(0.6);
            let y = lane.anchor.y + BEAM - 3.0;
            p.stroke(Vec2::new(left - 20.0, y), Vec2::new(right, y), 3.0, rim, rim);
        });
        props::distractors(p, scene, run, lane.anchor + Vec2::new(-120.0, 300.0));
    }

    fn front(&self, p: &mut Painter, scene: &Scene<'_>, lane: &Lane, run: &Run) {
        let look = scene.look;
        let (left, right) = ends(lane, scene.room);
        pan(p, scene, lane, run);
        let answer = answer(scene, run);
        let turn = props::cue(run, CueKind::YourTurn).unwrap_or(Nanos::ZERO);
        let is_turn = props::since(scene, run, turn).is_some_and(|ms| ms >= -300.0);
        if is_turn {
            carried(p, scene, lane, run, answer);
        } else {
            shown(p, scene, lane, run);
        }
        screen(p, scene, lane, run, answer, is_turn);
        // the lamp at the crane's foot: the player's turn, then held
        let waits = is_turn && answer.is_none() && !run.ended;
        let at = Vec2::new(left - 40.0, lane.anchor.y + 24.0);
        props::lamp(p, scene, at, 13.0, look.lamp, f32::from(u8::from(waits)));
        if waits {
            match run.begun {
                None => marks::wedge(p, at, 7.0, 1.0, look.ground),
                Some(_) => p.ring(at, 28.0, 3.0, look.lamp.with_alpha_of(0.9)),
            }
        }
        if let Some(judged) = answer.filter(|judged| judged.kind != EventKind::Omission) {
            let x = lane.of_error(place(judged)).clamp(left, right);
            let color = look.tier(judged.tier);
            let y = lane.anchor.y + BEAM - 26.0;
            if (x - lane.anchor.x).abs() > 16.0 {
                let sign = (x - lane.anchor.x).signum();
                p.stroke(
                    Vec2::new(lane.anchor.x, y),
                    Vec2::new(x - sign * 8.0, y),
                    4.0,
                    color.with_alpha_of(0.5),
                    color,
                );
                marks::wedge(p, Vec2::new(x - sign * 8.0, y), 8.0, sign, color);
            }
        }
        parts::wreck(p, scene, lane);
        parts::plate(p, scene, lane, &run.plan);
    }

    fn heart(&self, lane: &Lane) -> Vec2 {
        lane.anchor + Vec2::new(0.0, LIES + 24.0)
    }

    fn count_in(&self, lane: &Lane) -> Vec2 {
        lane.anchor + Vec2::new(0.0, HANGS + 20.0)
    }

    fn breaks(&self, lane: &Lane) -> Breaks {
        Breaks { at: lane.anchor + Vec2::new(0.0, 20.0), spread: Vec2::new(80.0, 36.0) }
    }
}

/// Where the crane's way begins and ends.
fn ends(lane: &Lane, room: &Room) -> (f32, f32) {
    (lane.anchor.x - lane.reach, lane.anchor.x + (room.half.x - lane.anchor.x) * 0.80)
}

/// The verdict on letting go.
fn answer<'a>(scene: &Scene<'a>, run: &Run) -> Option<&'a Judged> {
    props::verdict(scene, run, run.plan.targets.last().map(|target| target.id))
}

/// The crane shows how long: it carries a weight to the pan and lets it fall.
fn shown(p: &mut Painter, scene: &Scene<'_>, lane: &Lane, run: &Run) {
    let Some(ms) = props::cue(run, CueKind::IntervalBegins).and_then(|at| props::since(scene, run, at)) else { return };
    let due = lane.lead.as_ms();
    let left = lane.anchor.x - lane.reach;
    if ms < 0.0 {
        return hung(p, scene, left, lane.anchor.y, false);
    }
    if ms < due {
        let x = if scene.still { left } else { left + lane.reach * (ms / due) as f32 };
        p.glow(Vec2::new(x, lane.anchor.y + HANGS), 90.0, 1.0, scene.look.lamp.with_alpha_of(0.35 * scene.glow));
        if scene.still {
            // without travel a light stands as long as the weight is carried
            p.ring(Vec2::new(x, lane.anchor.y + HANGS), WEIGHT + 12.0, 4.0, scene.look.lamp);
        }
        return hung(p, scene, x, lane.anchor.y, true);
    }
    let x = lane.anchor.x;
    trolley(p, scene, x, lane.anchor.y, lane.anchor.y + HANGS + 60.0);
    let away = (1.0 - (ms - due - 420.0) / 180.0).clamp(0.0, 1.0) as f32;
    p.faded(away, |p| weight(p, scene, Vec2::new(x, fallen(scene, lane, ms - due, LIES)), 0.0));
}

/// What the player carries: in sight until the screen hides it, and again from the moment it is let go.
fn carried(p: &mut Painter, scene: &Scene<'_>, lane: &Lane, run: &Run, answer: Option<&Judged>) {
    let (left, right) = ends(lane, scene.room);
    let y = lane.anchor.y;
    if let Some(judged) = answer {
        if judged.kind == EventKind::Omission {
            // never let go (or never taken up)
            let x = if run.begun.is_some() { right } else { left };
            return hung(p, scene, x, y, run.begun.is_some());
        }
        let x = lane.of_error(place(judged)).clamp(left, right);
        trolley(p, scene, x, y, y + HANGS + 60.0);
        let ms = props::told(scene, judged);
        let in_pan = matches!(judged.tier, Tier::Clean | Tier::Slip);
        let rests = if in_pan { LIES } else { WEIGHT - FLOOR_BELOW };
        let lies = if in_pan { x.clamp(lane.anchor.x - 40.0, lane.anchor.x + 40.0) } else { x };
        let slid = props::eased(scene, ms - FALLS_MS * 0.7, 120.0);
        let down = Vec2::new(x + (lies - x) * slid, fallen(scene, lane, ms, rests));
        let turned =
            if in_pan || scene.still { 0.0 } else { judged.side.sign() as f32 * -0.5 * ease_out(ms / 320.0) as f32 };
        return weight(p, scene, down, turned);
    }
    let Some(begun) = run.begun else { return hung(p, scene, left, y, false) };
    let gone = (scene.now - begun).as_ms();
    let x = if scene.still { left } else { left + (gone * f64::from(lane.per_ms())) as f32 };
    // behind the screen nothing tells how far it has come, the trolley on the beam least of all
    if x < left + 40.0 {
        hung(p, scene, x, y, true);
    }
}

/// Height of a weight that was let go `ms` ago and comes to rest at `rests` above the lane.
fn fallen(scene: &Scene<'_>, lane: &Lane, ms: f64, rests: f32) -> f32 {
    let way = if scene.still { 1.0 } else { (ms / FALLS_MS).clamp(0.0, 1.0) as f32 };
    lane.anchor.y + HANGS + (rests - HANGS) * way * way
}

fn trolley(p: &mut Painter, scene: &Scene<'_>, x: f32, y: f32, hook: f32) {
    let look = scene.look;
    let beam = y + BEAM;
    p.panel(
        Vec2::new(x - 26.0, beam - 14.0),
        Vec2::new(x + 26.0, beam + 8.0),
        5.0,
        look.brass.dark,
        look.brass.light.lightened(0.7),
    );
    for side in [-15.0, 15.0] {
        p.disc(Vec2::new(x + side, beam + 2.0), 8.0, look.steel.light, look.steel.dark);
        p.disc(Vec2::new(x + side, beam + 2.0), 2.5, look.iron.dark, look.iron.dark);
    }
    p.stroke(Vec2::new(x, beam - 12.0), Vec2::new(x, hook), 2.6, look.steel.mid, look.steel.light);
    p.arc(Vec2::new(x, hook - 8.0), 8.0, 3.2, std::f32::consts::PI, std::f32::consts::PI * 1.4, look.steel.light);
}

fn hung(p: &mut Painter, scene: &Scene<'_>, x: f32, y: f32, taken: bool) {
    let hook = y + HANGS + WEIGHT + 16.0;
    trolley(p, scene, x, y, if taken { hook } else { hook + 22.0 });
    weight(p, scene, Vec2::new(x, y + HANGS), 0.0);
    if !taken {
        // it stands on a trestle until it is taken up
        let look = scene.look;
        let top = y + HANGS - WEIGHT;
        p.panel(Vec2::new(x - 34.0, top - 9.0), Vec2::new(x + 34.0, top), 3.0, look.iron.dark, look.iron.light);
        for side in [-1.0, 1.0] {
            p.stroke(
                Vec2::new(x + side * 22.0, top - 6.0),
                Vec2::new(x + side * 34.0, y - FLOOR_BELOW),
                6.0,
                look.iron.light.lightened(0.8),
                look.iron.dark,
            );
        }
    }
}

fn weight(p: &mut Painter, scene: &Scene<'_>, at: Vec2, turned: f32) {
    let brass = scene.look.brass;
    p.within(Affine2::from_angle_translation(turned, at), |p| {
        p.lathe(
            Vec2::new(0.0, -WEIGHT),
            &[
                (WEIGHT * 0.92, 0.0),
                (WEIGHT, 4.0),
                (WEIGHT * 0.86, WEIGHT * 1.25),
                (WEIGHT * 0.42, WEIGHT * 1.5),
                (WEIGHT * 0.30, WEIGHT * 1.62),
            ],
            |u, v| brass.turned(u).lightened(0.75 + 0.4 * v),
        );
        p.ring(Vec2::new(0.0, WEIGHT * 0.9), 9.0, 4.5, brass.light);
    });
}

/// The screen: down over the way from the player's turn on, up once the weight is let go.
fn screen(p: &mut Painter, scene: &Scene<'_>, lane: &Lane, run: &Run, answer: Option<&Judged>, is_turn: bool) {
    let (left, right) = ends(lane, scene.room);
    let top = lane.anchor.y + BEAM - 16.0;
    let whole = BEAM - 16.0 - 84.0;
    let turn = props::cue(run, CueKind::YourTurn).unwrap_or(Nanos::ZERO);
    let comes = props::since(scene, run, turn).map_or(0.0, |ms| props::eased(scene, ms + 300.0, 240.0));
    let goes = answer.map_or(0.0, |judged| props::eased(scene, props::told(scene, judged), LIFTS_MS));
    let down = if is_turn { comes * (1.0 - goes) } else { 0.0 };
    // its roll stays under the beam
    p.panel(
        Vec2::new(left + 52.0, top - 12.0),
        Vec2::new(right - 6.0, top + 4.0),
        7.0,
        scene.look.iron.dark,
        scene.look.iron.light,
    );
    p.faded(if scene.still { down } else { 1.0 }, |p| {
        let height = whole * if scene.still { 1.0 } else { down };
        props::screen(p, scene.look, Vec2::new(left + 56.0, top - 6.0 - height), Vec2::new(right - 10.0, top - 6.0));
    });
}

/// The pan that the weight is to fall into.
fn pan(p: &mut Painter, scene: &Scene<'_>, lane: &Lane, run: &Run) {
    let look = scene.look;
    let at = lane.anchor;
    let floor = at.y - FLOOR_BELOW;
    let tilt = scene.broken.map_or(0.0, |b| {
        -b.sign * (0.35 + 0.4 * b.size) * b.left * if scene.still { 1.0 } else { ease_out(b.age_ms / 200.0) as f32 }
    });
    p.glow(Vec2::new(at.x, floor), 170.0, 0.14, look.shadow);
    parts::post(p, Vec2::new(at.x, floor), 11.0, FLOOR_BELOW - 16.0, look.iron);
    p.within(Affine2::from_angle_translation(tilt, at - Vec2::Y * 14.0), |p| {
        p.lathe(Vec2::new(0.0, -6.0), &[(16.0, 0.0), (40.0, 5.0), (66.0, 14.0), (76.0, 24.0), (78.0, 27.0)], |u, v| {
            look.brass.turned(u).lightened(0.7 + 0.45 * v)
        });
        let edge = if run.plan.window_was_open { look.cortex } else { look.brass.light };
        p.stroke(Vec2::new(-77.0, 21.0), Vec2::new(77.0, 21.0), 2.6, edge, edge);
    });
    // a thread of light over its middle
    let thread = if run.plan.window_was_open { look.cortex } else { look.text };
    p.stroke(
        Vec2::new(at.x, at.y + 26.0),
        Vec2::new(at.x, at.y + 78.0),
        1.4,
        thread.with_alpha_of(0.5),
        thread.with_alpha_of(0.06),
    );
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::game::stage::sample::plan;

    #[test]
    fn held_for_as_long_as_asked_the_weight_hangs_over_the_pan() {
        for half in [480.0, 640.0, 1280.0, 202.5] {
            let room = Room { half: Vec2::new(half, 360.0), strip: 144.0 };
            let lane = Lane::of(&plan(0, Stage::Hold { due: Nanos::ms(800) }, false), &room);
            let (left, right) = ends(&lane, &room);
            assert!((left + 800.0 * lane.per_ms() - lane.anchor.x).abs() < 0.01);
            assert!(lane.of_error(-100.0) < lane.anchor.x && lane.of_error(100.0) > lane.anchor.x);
            assert!(left > -half && right < half);
        }
    }
}
