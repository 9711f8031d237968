//! Two streams: two rails and two bells. The upper rail is the fast hand's and carries small beads to a small bell, the
//! lower one is the slow hand's and carries large ones to a large bell.

use bevy::{
    color::Mix,
    math::{Affine2, Vec2},
};
use doozy_training::{
    event::{CueKind, Lane as Key, Stage, Tier, TrialPlan},
    time::Nanos,
};

use super::{
    bell,
    lane::{Lane, Room},
    look::Look,
    machine::{Breaks, Machine},
    marks,
    paint::{Metal, Painter, Tint},
    parts::{self, FLOOR_BELOW, Scene},
    timeline::Run,
    travel,
};
use crate::game::{
    feedback::{
        captions::Captions,
        replay::{self, Retold},
    },
    theme::motion::ease_out,
};

/// From the lower rail to the upper.
const BETWEEN: f32 = 172.0;
/// Radius of the beads: slow, fast.
const SLOW: f32 = 20.0;
const FAST: f32 = 13.0;
/// Height of a bell's mouth above its rail, and its size as a share of the great bell's: slow, fast.
const MOUTH: [f32; 2] = [46.0, 34.0];
const SCALE: [f32; 2] = [0.54, 0.40];
const BEAM: f32 = 318.0;
const POST_X: f32 = 196.0;
/// So much of a cycle is in sight ◇: enough to see the figure that the two streams make.
const LEAD_CYCLES: f64 = 0.75;
const LEAD_MS: (f64, f64) = (1200.0, 2600.0);
/// The stream in lane 0 is the fast one.
const FAST_KEY: Key = Key(0);
const SLOW_KEY: Key = Key(1);

/// The pair of bells.
#[derive(Clone, Copy, Debug)]
pub struct Streams;

/// Height of a stream's rail (its beads' middle).
fn height(lane: &Lane, key: Key) -> f32 {
    lane.anchor.y + if key == FAST_KEY { BETWEEN } else { 0.0 }
}

fn radius(key: Key) -> f32 {
    if key == FAST_KEY { FAST } else { SLOW }
}

/// The slow stream is the first of a pair, the fast the second.
fn nth(key: Key) -> usize {
    usize::from(key == FAST_KEY)
}

impl Machine for Streams {
    fn lane(&self, plan: &TrialPlan, room: &Room) -> Lane {
        let cycle = if let Stage::Streams { cycle, .. } = plan.stage { cycle } else { plan.interval };
        let lead = (cycle.as_ms() * LEAD_CYCLES).clamp(LEAD_MS.0, LEAD_MS.1);
        Lane::new(plan, Vec2::new(0.0, room.rail()), room.half.x, Nanos::from_ms(lead))
    }

    fn back(&self, p: &mut Painter, scene: &Scene<'_>, lane: &Lane, _run: &Run) {
        let look = scene.look;
        let (at, floor) = (lane.anchor, lane.anchor.y - FLOOR_BELOW);
        for (side, wheel) in [(-1.0, 74.0), (1.0, 58.0)] {
            let turn = if scene.still { 0.0 } else { scene.plunge_in(if side < 0.0 { SLOW_KEY } else { FAST_KEY }) };
            p.gear(
                at + Vec2::new(side * 132.0, BETWEEN * 0.5 + 40.0),
                wheel,
                20,
                side * 0.16 * turn,
                look.iron.far(look.ground, 0.5),
            );
            parts::post(p, Vec2::new(at.x + side * POST_X, floor), 12.0, BEAM + FLOOR_BELOW + 6.0, look.iron);
        }
        parts::beam(
            p,
            Vec2::new(at.x - POST_X - 28.0, at.y + BEAM),
            Vec2::new(at.x + POST_X + 28.0, at.y + BEAM + 24.0),
            look.iron,
            6,
        );
        for key in [FAST_KEY, SLOW_KEY] {
            hung(p, scene, lane, key);
        }
    }

    fn front(&self, p: &mut Painter, scene: &Scene<'_>, lane: &Lane, run: &Run) {
        let look = scene.look;
        let lit = run.plan.window_was_open;
        p.glow(Vec2::new(lane.anchor.x, lane.anchor.y - FLOOR_BELOW), 300.0, 0.12, look.shadow);
        cycles(p, scene, lane, run);
        for key in [FAST_KEY, SLOW_KEY] {
            let own = Lane { anchor: Vec2::new(lane.anchor.x, height(lane, key)), ..*lane };
            if key == FAST_KEY {
                hammer(p, scene, &own);
            } else {
                parts::plunger(p, scene, own.anchor, 34.0 * pressed(scene, key), 0.0);
            }
            parts::rail(p, scene, &own, radius(key), lit && key == SLOW_KEY);
            let mouth = own.anchor.y + MOUTH[nth(key)] - 4.0;
            parts::socket(p, scene, &own, radius(key), mouth, lit);
        }
        parts::wreck(p, scene, lane);
        parts::plate(p, scene, lane, &run.plan);
        beads(p, scene, lane);
    }

    fn heart(&self, lane: &Lane) -> Vec2 {
        lane.anchor + Vec2::new(0.0, BETWEEN * 0.5 + 20.0)
    }

    fn replay(&self, p: &mut Painter, _captions: &mut Captions, told: &Retold<'_>) {
        let key = told.target().map_or(SLOW_KEY, |target| target.lane);
        replay::on_a_line(p, told, |p, at, roll| {
            bead(p, told.look, at, radius(key), (roll, false), key, told.look.steel)
        });
        replay::other_lane(p, told);
    }

    fn strike(&self, lane: &Lane, _plan: &TrialPlan, key: Key) -> Vec2 {
        Vec2::new(lane.anchor.x, height(lane, key))
    }

    fn rings(&self, lane: &Lane, _plan: &TrialPlan, pressed: Key) -> (Vec2, f32) {
        let scale = SCALE[nth(pressed)];
        (Vec2::new(lane.anchor.x, height(lane, pressed) + MOUTH[nth(pressed)] + 70.0 * scale), scale)
    }

    fn count_in(&self, lane: &Lane) -> Vec2 {
        lane.anchor + Vec2::new(-96.0, BETWEEN * 0.5 + 40.0)
    }

    fn breaks(&self, lane: &Lane) -> Breaks {
        Breaks { at: self.heart(lane), spread: Vec2::new(70.0, 110.0) }
    }
}

/// 1 if the latest press was this stream's: one plunger does not answer the other's key.
fn pressed(scene: &Scene<'_>, key: Key) -> f32 {
    let newest = scene.timeline.presses().next_back();
    f32::from(u8::from(newest.is_some_and(|(_, pressed)| pressed == key)))
}

/// The small hammer under the upper rail.
fn hammer(p: &mut Painter, scene: &Scene<'_>, own: &Lane) {
    let look = scene.look;
    let up = if scene.still { 0.0 } else { scene.plunge_in(FAST_KEY) * 24.0 };
    let at = own.anchor - Vec2::Y * (FAST + 20.0 - up);
    let pivot = own.anchor + Vec2::new(62.0, -FAST - 34.0);
    p.stroke(pivot, at, 4.0, look.steel.dark, look.steel.mid);
    p.ball(pivot, 6.0, 0.0, look.iron);
    p.ball(at, 8.0, 0.0, look.brass);
    if scene.still && scene.plunge_in(FAST_KEY) > 0.0 {
        p.ring(at, 12.0, 2.4, look.text.with_alpha_of(scene.plunge_in(FAST_KEY)));
    }
}

/// A stream's bell over its rail.
fn hung(p: &mut Painter, scene: &Scene<'_>, lane: &Lane, key: Key) {
    let look = scene.look;
    let n = nth(key);
    let ring = parts::ringing(scene, Some(key));
    let scale = SCALE[n];
    let mouth = Vec2::new(lane.anchor.x, height(lane, key) + MOUTH[n]);
    let crown = mouth + Vec2::Y * (186.0 * scale);
    // The upper hangs from the beam, the lower from a yoke under the upper rail.
    let hook = if key == FAST_KEY { lane.anchor.y + BEAM + 2.0 } else { height(lane, FAST_KEY) - FAST - 12.0 };
    if key == SLOW_KEY {
        p.stroke(
            Vec2::new(mouth.x - 82.0, hook),
            Vec2::new(mouth.x + 82.0, hook),
            6.0,
            look.iron.dark,
            look.iron.light,
        );
    }
    let (mut lean, mut off) = (0.0, Vec2::ZERO);
    if let Some(b) = scene.broken.filter(|_| !scene.still) {
        let k = ease_out(b.age_ms / 180.0) as f32 * b.left;
        let own = if n == 0 { 1.0 } else { 0.7 };
        lean = b.sign * (0.3 + 0.5 * b.size) * own * k;
        off = Vec2::new(b.sign * (14.0 + 52.0 * b.size), -12.0 * own) * own * k;
    } else if !scene.still && ring > 0.02 {
        let since = scene.timeline.last_press_in(key).map_or(0.0, |t| (scene.now - t).as_ms());
        lean = ((since / 64.0).sin() as f32) * 0.06 * ring;
    }
    p.stroke(Vec2::new(mouth.x, hook), crown + off, 4.0, look.iron.dark, look.steel.mid);
    if ring > 0.0 {
        p.glow(mouth + Vec2::Y * 40.0, 150.0 * (scale + 0.3), 0.9, look.lamp.with_alpha_of(0.22 * ring * scene.glow));
    }
    let placed = Affine2::from_angle_translation(lean, crown + off)
        * Affine2::from_translation(mouth - crown)
        * Affine2::from_scale(Vec2::splat(scale));
    p.within(placed, |p| {
        let hang = if scene.still { 0.0 } else { ring * 4.0 };
        p.stroke(Vec2::new(0.0, 60.0), Vec2::new(hang, -6.0), 6.0, look.iron.dark, look.iron.light);
        p.ball(Vec2::new(hang, -9.0), 14.0, 0.4, look.iron);
        bell::cast(p, look.brass, ring);
    });
}

/// A thread from rail to rail wherever a cycle begins: there both hands fall together.
fn cycles(p: &mut Painter, scene: &Scene<'_>, lane: &Lane, run: &Run) {
    let Stage::Streams { cycle, .. } = run.plan.stage else { return };
    let (Some(clock), Some(first)) = (run.clock.filter(|_| !run.ended), run.plan.targets.first()) else { return };
    let last = run.plan.targets.last().map_or(first.at, |target| target.at);
    let mut at = first.at;
    while at <= last && cycle.0 > 0 {
        if let Some((x, alpha)) = travel::place(scene, lane, clock.host(at), 4.0) {
            let color = scene.look.quiet.with_alpha_of(0.5 * alpha);
            p.stroke(
                Vec2::new(x, lane.anchor.y + SLOW),
                Vec2::new(x, height(lane, FAST_KEY) - FAST),
                1.8,
                color,
                color,
            );
        }
        at += cycle;
    }
}

/// A bead of one stream. The slow hand's has a collar, the fast hand's a dot: told apart by more than their size.
fn bead(p: &mut Painter, look: &Look, at: Vec2, radius: f32, (roll, silent): (f32, bool), key: Key, metal: Metal) {
    if silent {
        travel::shell(p, at, radius, metal, look.ground);
    } else {
        p.ball(at, radius, roll, metal);
    }
    let hue = look.lane(key).light;
    if key == SLOW_KEY {
        p.ring(at, radius * 0.56, 2.4, hue);
    } else {
        p.disc(at, 3.4, hue, hue);
    }
}

fn beads(p: &mut Painter, scene: &Scene<'_>, lane: &Lane) {
    let look = scene.look;
    for (_, cue, x, alpha) in travel::cues(scene, lane, SLOW) {
        if matches!(cue.kind, CueKind::CountIn { .. }) {
            // Counted at the slow stream's pace, on its rail.
            p.faded(alpha * 0.9, |p| {
                p.ring(Vec2::new(x, lane.anchor.y), SLOW * 0.6, 3.0, look.quiet);
                p.disc(Vec2::new(x, lane.anchor.y), 2.5, look.quiet, look.quiet);
            });
        }
    }
    let next = scene.timeline.next_due(scene.now);
    for one in travel::targets(scene, lane, SLOW) {
        let key = one.target.lane;
        let radius = radius(key);
        let at = Vec2::new(one.x, height(lane, key));
        p.faded(one.alpha, |p| {
            p.glow(at - Vec2::Y * radius, radius * 1.5, 0.35, look.shadow);
            let metal = match one.met {
                Some((Tier::Clean | Tier::Slip, _)) => look.brass,
                Some(_) => look.iron,
                None => look.steel,
            };
            if Some(one.due) == next && one.met.is_none() {
                p.glow(at, radius * 3.0, 1.0, look.lamp.with_alpha_of(0.22 * scene.glow));
            }
            let roll = if scene.still { 0.0 } else { -(one.x - lane.anchor.x) / radius };
            if let Some((tier, side)) = one.met {
                if one.silent() {
                    travel::shell(p, at, radius, metal, look.ground);
                } else {
                    p.ball(at, radius, roll, metal);
                }
                let color = look.tier(tier).mix(&look.ground, 0.2);
                marks::met(p, at, radius, tier, side.sign() as f32, color);
            } else {
                bead(p, look, at, radius, (roll, one.silent()), key, metal);
            }
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::game::stage::sample::plan;

    #[test]
    fn the_fast_hand_is_above_and_nothing_overlaps() {
        let plan = plan(0, Stage::Streams { fast: 3, slow: 2, cycle: Nanos::ms(1800) }, true);
        let lane = Lane::of(&plan, &Room::default());
        let (fast, slow) = (Streams.strike(&lane, &plan, FAST_KEY), Streams.strike(&lane, &plan, SLOW_KEY));
        assert!(fast.y > slow.y && fast.x == slow.x);
        let crown_of_slow = slow.y + MOUTH[0] + 186.0 * SCALE[0];
        assert!(crown_of_slow < fast.y - FAST, "the large bell ends at {crown_of_slow}, the rail is at {}", fast.y);
        let crown_of_fast = fast.y + MOUTH[1] + 186.0 * SCALE[1];
        assert!(crown_of_fast <= lane.anchor.y + BEAM + 24.0);
    }
}
