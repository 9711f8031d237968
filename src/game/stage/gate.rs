//! The gate: a ball rolls to a photo-gate and is due when it stands in the beam; a press lifts the shutter. Where the
//! drill hides the last of the way, a tube does it.

use bevy::{
    color::Mix,
    math::{Affine2, Vec2},
};
use doozy_training::{
    event::{CueKind, Stage, Tier, TrialPlan},
    time::{HostTime, Nanos},
};

use super::{
    lane::{Lane, Room, launch_lead},
    machine::{Breaks, Machine},
    marks,
    paint::{Painter, Tint},
    parts::{self, FLOOR_BELOW, Scene},
    timeline::Run,
};
use crate::game::theme::motion::ease_out;

/// Radius of the ball, design units.
pub const BALL: f32 = 25.0;
const TOWER: f32 = 262.0;
const HALF_SPAN: f32 = 84.0;
/// How long the shutter stays up after a press, ms. ◇
const OPEN_MS: f64 = 420.0;

/// The gate.
#[derive(Clone, Copy, Debug)]
pub struct Gate;

impl Machine for Gate {
    fn lane(&self, plan: &TrialPlan, room: &Room) -> Lane {
        let (visible, occluded) = match plan.stage {
            Stage::Gate { visible, occluded } => (visible, occluded),
            _ => (plan.interval, Nanos::ZERO),
        };
        let anchor = Vec2::new(room.half.x * 0.22, room.rail());
        // The ball is in sight from its launch on: the launcher stands at the lane's left end.
        let lead = launch_lead(plan).unwrap_or(visible + occluded);
        Lane { hidden: occluded, ..Lane::new(plan, anchor, (room.half.x + anchor.x) * 0.86, lead) }
    }

    fn back(&self, p: &mut Painter, scene: &Scene<'_>, lane: &Lane, _run: &Run) {
        paint_back(p, scene, lane);
    }

    fn front(&self, p: &mut Painter, scene: &Scene<'_>, lane: &Lane, run: &Run) {
        paint_front(p, scene, lane, run);
    }

    /// Middle of the gate's light.
    fn heart(&self, lane: &Lane) -> Vec2 {
        lane.anchor + Vec2::new(0.0, 8.0)
    }

    fn count_in(&self, lane: &Lane) -> Vec2 {
        lane.anchor + Vec2::new(0.0, 178.0)
    }

    fn breaks(&self, lane: &Lane) -> Breaks {
        Breaks { at: self.heart(lane) + Vec2::Y * 60.0, spread: Vec2::new(60.0, 120.0) }
    }
}

/// How far the shutter is up, 0…1.
fn open(scene: &Scene<'_>) -> f32 {
    let Some(pressed) = scene.timeline.last_press() else { return 0.0 };
    let since = (scene.now - pressed).as_ms();
    if !(0.0..OPEN_MS).contains(&since) {
        return 0.0;
    }
    (ease_out(since / 60.0) * (1.0 - ease_out((since - OPEN_MS * 0.6) / (OPEN_MS * 0.4)))) as f32
}

/// The tower behind the lane.
fn paint_back(p: &mut Painter, scene: &Scene<'_>, lane: &Lane) {
    let look = scene.look;
    let at = lane.anchor;
    let floor = at.y - FLOOR_BELOW;
    let lift = open(scene);
    let lean = scene
        .broken
        .filter(|_| !scene.still)
        .map_or(0.0, |b| -b.sign * (0.10 + 0.16 * b.size) * b.left * ease_out(b.age_ms / 180.0) as f32);
    p.within(
        Affine2::from_translation(Vec2::new(at.x, floor))
            * Affine2::from_angle(lean)
            * Affine2::from_translation(-Vec2::new(at.x, floor)),
        |p| {
            for side in [-1.0, 1.0] {
                parts::post(p, Vec2::new(at.x + side * HALF_SPAN, floor), 15.0, TOWER + FLOOR_BELOW + 6.0, look.iron);
            }
            // The winch, its wheel, and the counterweight that sinks as the shutter rises.
            let turn = if scene.still { 0.0 } else { lift * 1.6 };
            p.gear(at + Vec2::new(0.0, TOWER + 56.0), 54.0, 18, turn, look.brass.shaded(0.8));
            parts::beam(
                p,
                at + Vec2::new(-HALF_SPAN - 36.0, TOWER - 2.0),
                at + Vec2::new(HALF_SPAN + 36.0, TOWER + 24.0),
                look.iron,
                5,
            );
            let weight = at + Vec2::new(HALF_SPAN + 46.0, TOWER - 70.0 - lift * 66.0);
            p.stroke(
                weight + Vec2::Y * 20.0,
                at + Vec2::new(HALF_SPAN + 46.0, TOWER),
                1.6,
                look.steel.mid,
                look.steel.mid,
            );
            p.lathe(weight - Vec2::Y * 30.0, &[(12.0, 0.0), (15.0, 4.0), (15.0, 44.0), (11.0, 50.0)], |u, v| {
                look.iron.turned(u).lightened(0.8 + 0.5 * v)
            });
            // Lamp above and lens below: the beam that the ball must stand in.
            p.lathe(at + Vec2::new(0.0, 118.0), &[(15.0, 0.0), (19.0, 5.0), (19.0, 24.0), (9.0, 30.0)], |u, _| {
                look.brass.turned(u)
            });
            p.stroke(at + Vec2::new(0.0, 146.0), at + Vec2::new(0.0, TOWER), 3.0, look.steel.mid, look.steel.dark);
            p.disc(at + Vec2::new(0.0, 117.0), 8.0, look.text, look.lamp);
            shutter(p, scene, at, lift);
        },
    );
}

/// The shutter: two leaves that part for the ball. Broken, the leaf on the error's side hangs.
fn shutter(p: &mut Painter, scene: &Scene<'_>, at: Vec2, lift: f32) {
    let look = scene.look;
    let travel = if scene.still { 0.0 } else { lift * 74.0 };
    let fade = if scene.still { 1.0 - 0.8 * lift } else { 1.0 };
    let torn = scene.broken;
    p.faded(fade, |p| {
        let base = at + Vec2::new(0.0, -22.0 + travel);
        let tilt = torn.map_or(0.0, |b| {
            b.sign * (0.5 + 0.7 * b.size) * b.left * if scene.still { 1.0 } else { ease_out(b.age_ms / 200.0) as f32 }
        });
        p.within(Affine2::from_angle_translation(tilt, base + Vec2::Y * 60.0), |p| {
            p.panel(
                Vec2::new(-11.0, -58.0),
                Vec2::new(11.0, 26.0),
                3.0,
                look.iron.dark,
                look.iron.light.lightened(1.2),
            );
            p.panel(Vec2::new(-6.5, -52.0), Vec2::new(6.5, 18.0), 2.0, look.iron.mid, look.iron.dark);
            p.bolt(Vec2::new(0.0, 10.0), 3.4, look.brass);
            p.bolt(Vec2::new(0.0, -46.0), 3.4, look.brass);
        });
    });
}

/// The spring tube at the lane's left end, with a lamp that lights at the launch.
fn launcher(p: &mut Painter, scene: &Scene<'_>, lane: &Lane) {
    let look = scene.look;
    let at = Vec2::new(lane.anchor.x - lane.reach, lane.anchor.y);
    let left = -scene.room.half.x - 30.0;
    let (low, high) = (Vec2::new(left, at.y - BALL - 9.0), Vec2::new(at.x + 8.0, at.y + BALL + 9.0));
    tube(p, scene, low, high);
    let launched =
        matches!(scene.timeline.last_cue(scene.now), Some((CueKind::Launch, since, _)) if since < Nanos::ms(500));
    let lamp = Vec2::new(at.x - 16.0, high.y + 13.0);
    p.panel(lamp - Vec2::new(9.0, 14.0), lamp + Vec2::new(9.0, 0.0), 3.0, look.iron.dark, look.iron.light);
    let color = if launched { look.lamp } else { look.line };
    if launched {
        p.glow(lamp, 44.0, 1.0, look.lamp.with_alpha_of(0.4 * scene.glow));
    }
    p.disc(lamp, 8.0, color.mix(&look.text, 0.3), color);
}

/// A riveted tube from corner to corner.
fn tube(p: &mut Painter, scene: &Scene<'_>, low: Vec2, high: Vec2) {
    let look = scene.look;
    let iron = look.iron;
    let height = high.y - low.y;
    // The light stands above: seven bands are a round body.
    let shades = [0.30, 0.16, 0.34, 0.62, 1.05, 1.25, 0.55, 0.35];
    for k in 0..7 {
        let (y0, y1) = (low.y + height * k as f32 / 7.0, low.y + height * (k + 1) as f32 / 7.0);
        p.wash(
            Vec2::new(low.x, y0),
            Vec2::new(high.x, y1),
            iron.light.lightened(shades[k]),
            iron.light.lightened(shades[k + 1]),
        );
    }
    for x in [low.x, high.x - 12.0] {
        let (a, b) = (Vec2::new(x, low.y - 4.0), Vec2::new(x + 12.0, high.y + 4.0));
        p.panel(a, b, 3.0, look.brass.dark, look.brass.mid);
        p.panel(
            Vec2::new(a.x + 1.0, b.y - 15.0),
            Vec2::new(b.x - 1.0, b.y - 8.0),
            3.0,
            look.brass.light,
            look.brass.light,
        );
    }
    let mut x = low.x + 30.0;
    while x < high.x - 24.0 {
        for y in [low.y + 9.0, high.y - 9.0] {
            p.bolt(Vec2::new(x, y), 2.6, iron);
        }
        x += 34.0;
    }
}

/// The lane before the machine: rail, ball, tube, beam, plate.
fn paint_front(p: &mut Painter, scene: &Scene<'_>, lane: &Lane, run: &Run) {
    let look = scene.look;
    let lit = run.plan.window_was_open;
    let at = lane.anchor;
    parts::rail(p, scene, lane, BALL, lit);
    let beam = if lit { look.cortex } else { look.lamp };
    p.quad(
        [
            at + Vec2::new(-2.0, -BALL),
            at + Vec2::new(2.0, -BALL),
            at + Vec2::new(6.0, 116.0),
            at + Vec2::new(-6.0, 116.0),
        ],
        [beam.with_alpha_of(0.30), beam.with_alpha_of(0.30), beam.with_alpha_of(0.12), beam.with_alpha_of(0.12)],
    );
    p.glow(at, 70.0, 1.0, beam.with_alpha_of(0.10 * scene.glow));
    balls(p, scene, lane);
    launcher(p, scene, lane);
    if lane.hidden.0 > 0 {
        // All of the way that the drill hides, and no more: its right mouth is the gate itself.
        let from = lane.offset_ms(-lane.hidden.as_ms());
        tube(p, scene, Vec2::new(from - BALL, at.y - BALL - 10.0), Vec2::new(at.x - BALL - 12.0, at.y + BALL + 10.0));
    }
    // The lens stands in front of the rail.
    p.lathe(at + Vec2::new(0.0, -BALL - 30.0), &[(20.0, 0.0), (20.0, 14.0), (14.0, 20.0), (13.0, 25.0)], |u, _| {
        look.brass.turned(u).lightened(0.8)
    });
    parts::wreck(p, scene, lane);
    parts::plate(p, scene, lane, &run.plan);
    parts::socket(p, scene, lane, BALL, at.y + 112.0, lit);
}

fn balls(p: &mut Painter, scene: &Scene<'_>, lane: &Lane) {
    let look = scene.look;
    for (run, clock) in scene.timeline.anchored() {
        for target in &run.plan.targets {
            let due = clock.host(target.at);
            let Some((x, alpha)) = place(scene, lane, due) else { continue };
            // Out of sight until its tube lets it go: occlusion is part of the task, so nothing shines through.
            let until = due - scene.now;
            if until.0 > 0 && until < lane.hidden {
                continue;
            }
            let met = run.met.get(&target.id).copied();
            let mut at = Vec2::new(x, lane.anchor.y);
            if let (Some((Tier::Doozy, _)), Some(b)) = (met, scene.broken.filter(|_| !scene.still)) {
                // A broken gate throws the ball off its rail.
                let k = (b.age_ms / 1000.0) as f32;
                at += Vec2::new(b.sign * 340.0 * k, 300.0 * k - 420.0 * k * k) * b.left;
            }
            p.faded(alpha, |p| {
                p.glow(at - Vec2::Y * BALL, BALL * 1.5, 0.3, look.shadow);
                let roll = if scene.still { 0.0 } else { -(x - lane.anchor.x) / BALL };
                p.glow(at, BALL * 2.4, 1.0, look.lamp.with_alpha_of(0.12 * scene.glow));
                p.ball(at, BALL, roll, look.steel);
                if let Some((tier, side)) = met {
                    marks::met(p, at, BALL, tier, side.sign() as f32, look.tier(tier));
                }
            });
        }
    }
}

fn place(scene: &Scene<'_>, lane: &Lane, due: HostTime) -> Option<(f32, f32)> {
    let x = lane.x(due, scene.now);
    let (left, right) = (lane.anchor.x - lane.reach, scene.room.half.x + BALL);
    // Before its launch a ball is nowhere to be seen, whatever the window's shape.
    if x < left || x > right {
        return None;
    }
    let past = ((x - lane.anchor.x) / (scene.room.half.x - lane.anchor.x)).clamp(0.0, 1.0);
    Some((x, (1.0 - 0.6 * past * past) * scene.travellers))
}
