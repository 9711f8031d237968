//! The glass: an interval is shown as light that fills a tube from left to right, and given back in a second tube that is
//! covered until the answer is there, so that it has to be timed and cannot be watched.

use bevy::{
    color::{LinearRgba, Mix},
    math::{Affine2, Vec2},
};
use doozy_training::{
    event::{CueKind, EventKind, Judged, Stage, TrialPlan},
    time::Nanos,
};

use super::{
    lane::{Lane, Room},
    machine::{Breaks, Machine},
    marks,
    paint::{Painter, Tint},
    parts::{self, Scene},
    props,
    timeline::{Run, place},
};
use crate::game::theme::motion::ease_out;

/// Middle of the upper and of the lower tube above the lane, and their radius.
const SHOWN: f32 = 172.0;
const GIVEN: f32 = 62.0;
const RADIUS: f32 = 25.0;
const BEAM: f32 = 240.0;
/// How long the cover takes to rise, ms. ◇
const LIFTS_MS: f64 = 240.0;

/// Two tubes of glass in a frame.
#[derive(Clone, Copy, Debug)]
pub struct Glass;

impl Machine for Glass {
    /// The shown interval ends at the strike point, however long it is.
    fn lane(&self, plan: &TrialPlan, room: &Room) -> Lane {
        let shown = if let Stage::Interval { shown, .. } = plan.stage { shown } else { plan.interval };
        let anchor = Vec2::new(room.half.x * 0.30, room.rail());
        Lane::new(plan, anchor, anchor.x + room.half.x * 0.80, shown)
    }

    fn back(&self, p: &mut Painter, scene: &Scene<'_>, lane: &Lane, _run: &Run) {
        let (left, right) = ends(lane, scene.room);
        props::frame(p, scene, left - 24.0, right + 24.0, lane.anchor.y, BEAM);
    }

    fn front(&self, p: &mut Painter, scene: &Scene<'_>, lane: &Lane, run: &Run) {
        let look = scene.look;
        let at = lane.anchor;
        let (left, right) = ends(lane, scene.room);
        let lit = if run.plan.window_was_open { look.cortex } else { look.lamp };
        // what was shown, with the needle that says where it ended
        let upper = at.y + SHOWN;
        tube(p, scene, left, right, upper);
        if let Some(ms) = shown_for(scene, run) {
            let whole = lane.lead.as_ms();
            let fill = if scene.still { 1.0 } else { (ms / whole).clamp(0.0, 1.0) as f32 };
            let during = ms < whole;
            let alpha = if during { 1.0 } else { 0.72 };
            p.faded(alpha, |p| liquid(p, scene, left, left + lane.reach * fill, upper, lit, during));
        }
        needle(p, scene, Vec2::new(at.x, upper + RADIUS + 34.0), upper + RADIUS - 4.0);
        // what was given back
        let lower = at.y + GIVEN;
        let tilt = props::lean(scene, 0.06);
        let about = Vec2::new(left, lower);
        let placed = Affine2::from_translation(about) * Affine2::from_angle(tilt) * Affine2::from_translation(-about);
        p.within(placed, |p| {
            tube(p, scene, left, right, lower);
            let answer = answer(scene, run);
            if let Some(judged) = answer.filter(|j| j.kind != EventKind::Omission) {
                let color = look.tier(judged.tier);
                let x = lane.of_error(place(judged)).clamp(left + 8.0, right - 6.0);
                liquid(p, scene, left, x, lower, color, false);
                if scene.broken.is_some() {
                    crack(p, scene, Vec2::new(x, lower));
                }
            }
            cover(p, scene, left, right, lower, answer.map(|judged| props::told(scene, judged)));
        });
        if let Some(judged) = answer(scene, run).filter(|j| j.kind != EventKind::Omission) {
            difference(p, scene, lane, judged);
        }
        valves(p, scene, lane, run, left);
        parts::wreck(p, scene, lane);
        parts::plate(p, scene, lane, &run.plan);
    }

    fn heart(&self, lane: &Lane) -> Vec2 {
        lane.anchor + Vec2::new(0.0, GIVEN + 55.0)
    }

    fn strike(&self, lane: &Lane, _plan: &TrialPlan, _pressed: doozy_training::event::Lane) -> Vec2 {
        lane.anchor + Vec2::new(0.0, GIVEN)
    }

    fn count_in(&self, lane: &Lane) -> Vec2 {
        lane.anchor + Vec2::new(0.0, GIVEN + 55.0)
    }

    fn breaks(&self, lane: &Lane) -> Breaks {
        Breaks { at: lane.anchor + Vec2::new(0.0, GIVEN), spread: Vec2::new(110.0, 26.0) }
    }
}

/// Where the tubes begin and end.
fn ends(lane: &Lane, room: &Room) -> (f32, f32) {
    (lane.anchor.x - lane.reach, lane.anchor.x + (room.half.x - lane.anchor.x) * 0.74)
}

/// Since the interval to be given back began to be shown, ms; none before it.
fn shown_for(scene: &Scene<'_>, run: &Run) -> Option<f64> {
    let begins = props::cue(run, CueKind::IntervalBegins)?;
    props::since(scene, run, begins).filter(|ms| *ms >= 0.0)
}

/// The verdict on the press that ends the answer.
fn answer<'a>(scene: &Scene<'a>, run: &Run) -> Option<&'a Judged> {
    props::verdict(scene, run, run.plan.targets.last().map(|target| target.id))
}

fn tube(p: &mut Painter, scene: &Scene<'_>, left: f32, right: f32, y: f32) {
    let look = scene.look;
    let (low, high) = (Vec2::new(left, y - RADIUS), Vec2::new(right, y + RADIUS));
    let glass = look.steel.mid.with_alpha_of(0.16);
    p.panel(low, high, RADIUS, glass, look.steel.light.with_alpha_of(0.10));
    p.stroke(
        Vec2::new(left + 14.0, high.y - 7.0),
        Vec2::new(right - 14.0, high.y - 7.0),
        3.0,
        look.steel.light.with_alpha_of(0.35),
        look.steel.light.with_alpha_of(0.12),
    );
    for edge in [low.y, high.y] {
        let rim = look.steel.light.with_alpha_of(0.5);
        p.stroke(Vec2::new(left + 10.0, edge), Vec2::new(right - 10.0, edge), 1.4, rim, rim);
    }
    for x in [left - 10.0, right - 10.0] {
        p.panel(
            Vec2::new(x, low.y - 7.0),
            Vec2::new(x + 20.0, high.y + 7.0),
            5.0,
            look.brass.dark,
            look.brass.light.lightened(0.8),
        );
        p.bolt(Vec2::new(x + 10.0, y), 4.0, look.brass);
    }
}

/// Light up to `to`; its front glows while it moves.
fn liquid(p: &mut Painter, scene: &Scene<'_>, left: f32, to: f32, y: f32, color: LinearRgba, moves: bool) {
    let look = scene.look;
    let r = RADIUS - 7.0;
    if to > left + 12.0 {
        p.panel(
            Vec2::new(left + 10.0, y - r),
            Vec2::new(to, y + r),
            6.0,
            color.mix(&look.ground, 0.55),
            color.mix(&look.text, 0.12),
        );
    }
    if moves {
        p.glow(Vec2::new(to, y), 74.0, 1.0, color.with_alpha_of(0.5 * scene.glow));
    }
    let edge = color.mix(&look.text, 0.5);
    p.stroke(Vec2::new(to, y - r), Vec2::new(to, y + r), 4.0, edge, edge);
}

/// The brass needle at the place where the shown interval ended.
fn needle(p: &mut Painter, scene: &Scene<'_>, from: Vec2, to: f32) {
    let brass = scene.look.brass;
    p.stroke(from, Vec2::new(from.x, to + 10.0), 5.0, brass.light, brass.mid);
    p.polygon(&[Vec2::new(from.x - 8.0, to + 16.0), Vec2::new(from.x, to), Vec2::new(from.x + 8.0, to + 16.0)], |_| {
        brass.light
    });
}

/// The iron cover over the answer: down until there is one, `told` ms ago.
fn cover(p: &mut Painter, scene: &Scene<'_>, left: f32, right: f32, y: f32, told: Option<f64>) {
    let up = told.map_or(0.0, |ms| if scene.still { ease_out(ms / 120.0) } else { ease_out(ms / LIFTS_MS) } as f32);
    let height = (RADIUS + 9.0) * 2.0 * if scene.still { 1.0 } else { 1.0 - up };
    let top = y + RADIUS + 9.0;
    let alpha = if scene.still { 1.0 - up } else { 1.0 };
    p.faded(alpha, |p| {
        props::screen(p, scene.look, Vec2::new(left + 12.0, top - height), Vec2::new(right - 12.0, top));
    });
}

/// From the needle to where the answer ended: the error as a distance.
fn difference(p: &mut Painter, scene: &Scene<'_>, lane: &Lane, judged: &Judged) {
    let look = scene.look;
    let (left, right) = ends(lane, scene.room);
    let x = lane.of_error(place(judged)).clamp(left, right);
    let (upper, lower) = (lane.anchor.y + SHOWN - RADIUS - 4.0, lane.anchor.y + GIVEN + RADIUS + 4.0);
    let shown = props::eased(scene, props::told(scene, judged) - LIFTS_MS * 0.5, 160.0);
    let y = f32::midpoint(upper, lower);
    let color = look.tier(judged.tier);
    p.faded(shown, |p| {
        let thread = look.text.with_alpha_of(0.7);
        p.stroke(Vec2::new(lane.anchor.x, upper), Vec2::new(lane.anchor.x, lower), 1.8, thread, thread);
        p.stroke(Vec2::new(x, y + 4.0), Vec2::new(x, lower), 2.6, color, color);
        if (x - lane.anchor.x).abs() > 14.0 {
            let sign = (x - lane.anchor.x).signum();
            p.stroke(Vec2::new(lane.anchor.x, y), Vec2::new(x - sign * 8.0, y), 5.0, color.with_alpha_of(0.6), color);
            marks::wedge(p, Vec2::new(x - sign * 8.0, y), 9.0, sign, color);
        }
    });
}

fn crack(p: &mut Painter, scene: &Scene<'_>, at: Vec2) {
    let edge = scene.look.text.with_alpha_of(0.8);
    let points =
        [(0.0, 30.0), (-7.0, 14.0), (6.0, 4.0), (-5.0, -10.0), (4.0, -30.0)].map(|(x, y)| at + Vec2::new(x, y));
    p.strokes(&points, 2.2, edge);
    for sign in [-1.0, 1.0] {
        p.strokes(
            &[at + Vec2::new(6.0 * sign, 4.0), at + Vec2::new(30.0 * sign, 12.0), at + Vec2::new(44.0 * sign, 6.0)],
            1.6,
            edge,
        );
    }
}

/// Lamps at the left ends: above while the interval is shown, below from the player's turn until it is begun; then the
/// valve below stands open.
fn valves(p: &mut Painter, scene: &Scene<'_>, lane: &Lane, run: &Run, left: f32) {
    let look = scene.look;
    let x = left - 24.0;
    let whole = lane.lead.as_ms();
    let shows = shown_for(scene, run).is_some_and(|ms| ms < whole);
    let reply = if let Stage::Interval { reply, .. } = run.plan.stage { reply } else { Nanos::ZERO };
    let turn = props::since(scene, run, reply).is_some_and(|ms| ms >= 0.0);
    let done = answer(scene, run).is_some() || run.ended;
    for (y, lit) in [(SHOWN, shows), (GIVEN, turn && !done)] {
        props::lamp(p, scene, Vec2::new(x, lane.anchor.y + y), 13.0, look.lamp, f32::from(u8::from(lit)));
    }
    if turn && !done {
        let at = Vec2::new(x, lane.anchor.y + GIVEN);
        match run.begun {
            // ready: a triangle that points the way
            None => marks::wedge(p, at, 7.0, 1.0, look.ground),
            // under way: a full lamp in a second ring, that tells no time
            Some(_) => p.ring(at, 28.0, 3.0, look.lamp.with_alpha_of(0.9)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::game::stage::sample::plan;

    #[test]
    fn the_shown_interval_ends_under_the_needle_however_long_it_is() {
        for half in [480.0, 640.0, 1280.0, 202.5] {
            let room = Room { half: Vec2::new(half, 360.0), strip: 144.0 };
            for ms in [300, 1_200] {
                let stage = Stage::Interval { shown: Nanos::ms(ms), reply: Nanos::ms(3_000) };
                let lane = Lane::of(&plan(0, stage, false), &room);
                let (left, right) = ends(&lane, &room);
                assert!((lane.offset_ms(-(ms as f64)) - left).abs() < 0.01);
                assert!(left > -half && lane.anchor.x < right && right < half);
                // an answer a tenth too short ends left of the needle, by a tenth of the way
                let short = lane.of_error(-0.1 * ms as f64);
                assert!((lane.anchor.x - short - 0.1 * lane.reach).abs() < 0.01);
            }
        }
    }
}
