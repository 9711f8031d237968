//! The server: an arm swings over the top with a ball in its hand; let go at the top, the ball drops into the dish. Where
//! it lands is what physics makes of the moment at which it was let go.

use std::f32::consts::FRAC_PI_2;

use bevy::{
    color::Mix,
    math::{Affine2, Vec2},
};
use doozy_training::{
    event::{EventKind, Judged, Stage, Tier, TrialPlan},
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

/// Length of the arm, design units, in a window that has room for it.
const ARM: f32 = 196.0;
const BALL: f32 = 17.0;
/// From where the arm waits to its top, radians ◇: it gathers speed on the way up, is at its fastest and steady at the top, and loses it on the way down.
const SWING: f32 = 1.95;
/// The arm's top lies so many arms above the dish, and a ball let go there flies so many arms to the right while it
/// falls. ◇ With a slower arm (or less weight) a ball that is let go far too late would fall short again; with these
/// numbers later is further right as long as the arm points upwards.
const HIGH: f32 = 1.5;
const FAR: f32 = 0.8;

/// An arm, and a dish.
#[derive(Clone, Copy, Debug)]
pub struct Server;

impl Machine for Server {
    /// The dish is the strike point; the plate's scale is that of where the ball lands, near the dish.
    fn lane(&self, plan: &TrialPlan, room: &Room) -> Lane {
        let way = if let Stage::Swing { way, .. } = plan.stage { way } else { plan.interval };
        let anchor = Vec2::new((room.half.x * 0.18).min(150.0), room.rail());
        let arm = arm(room);
        // half of the way's time at the top's speed, so that the plate's scale is that of landings
        Lane::new(plan, anchor, landing_slope() * arm * SWING * FRAC_PI_2 * 0.5, Nanos(way.0 / 2))
    }

    fn back(&self, p: &mut Painter, scene: &Scene<'_>, lane: &Lane, run: &Run) {
        let look = scene.look;
        let hub = hub(lane, scene.room);
        let floor = lane.anchor.y - FLOOR_BELOW;
        p.glow(Vec2::new(hub.x, floor), 240.0, 0.14, look.shadow);
        for side in [-1.0, 1.0] {
            p.stroke(
                Vec2::new(hub.x + side * 62.0, floor),
                hub + Vec2::new(side * 8.0, 0.0),
                13.0,
                look.iron.dark,
                look.iron.light.lightened(0.9),
            );
        }
        p.stroke(
            Vec2::new(hub.x - 40.0, floor + 58.0),
            Vec2::new(hub.x + 40.0, floor + 58.0),
            9.0,
            look.iron.light,
            look.iron.mid,
        );
        let spin = if scene.still { 0.0 } else { -angle(scene, run) * 0.5 };
        p.gear(hub + Vec2::new(-46.0, -30.0), 36.0, 14, spin, look.iron);
        // the ideal phase: the ring at the arm's top
        let top = hub + Vec2::Y * arm(scene.room);
        let lit = if run.plan.window_was_open { look.cortex } else { look.text };
        let near = (1.0 - angle(scene, run).abs() / 0.7).clamp(0.0, 1.0);
        p.ring(top, BALL + 7.0, 2.6, lit.with_alpha_of(0.45 + 0.5 * near));
        p.stroke(top + Vec2::Y * 24.0, top + Vec2::Y * 62.0, 1.6, lit.with_alpha_of(0.7), lit.with_alpha_of(0.05));
        for side in [-1.0, 1.0] {
            // a bracket a tolerance to each side, along the arm's way
            let by = swung(phase(lane, side * run.plan.tol_ms));
            let out = Vec2::from_angle(FRAC_PI_2 - by);
            let a = hub + out * (arm(scene.room) + 20.0);
            p.stroke(a, a + out * 16.0, 2.0, look.tiers[0].with_alpha_of(0.75), look.tiers[0].with_alpha_of(0.3));
        }
    }

    fn front(&self, p: &mut Painter, scene: &Scene<'_>, lane: &Lane, run: &Run) {
        let look = scene.look;
        bench(p, scene, lane, run);
        let hub = hub(lane, scene.room);
        swinging_arm(p, scene, run, hub);
        ball(p, scene, lane, run, hub);
        p.disc(hub, 24.0, look.brass.light, look.brass.dark);
        // the lamp in the hub: take hold, then held
        let at = hub;
        let answered = answer(scene, run).is_some() || run.ended;
        props::lamp(p, scene, at, 11.0, look.lamp, f32::from(u8::from(!answered)));
        if !answered {
            match run.begun {
                None => marks::wedge(p, at, 6.0, 1.0, look.ground),
                Some(_) => p.ring(at, 28.0, 3.0, look.lamp.with_alpha_of(0.9)),
            }
        }
        parts::wreck(p, scene, lane);
        parts::plate(p, scene, lane, &run.plan);
    }

    fn heart(&self, lane: &Lane) -> Vec2 {
        lane.anchor + Vec2::new(0.0, 24.0)
    }

    fn strike(&self, lane: &Lane, _plan: &TrialPlan, _pressed: doozy_training::event::Lane) -> Vec2 {
        lane.anchor + Vec2::new(0.0, 14.0)
    }

    fn count_in(&self, lane: &Lane) -> Vec2 {
        lane.anchor + Vec2::new(0.0, 120.0)
    }

    fn breaks(&self, lane: &Lane) -> Breaks {
        Breaks { at: lane.anchor + Vec2::new(0.0, 12.0), spread: Vec2::new(90.0, 26.0) }
    }
}

/// The arm's length in a room: a narrow window has a shorter one.
fn arm(room: &Room) -> f32 {
    ARM * (room.half.x / 330.0).min(1.0)
}

/// What the arm turns about.
fn hub(lane: &Lane, room: &Room) -> Vec2 {
    let arm = arm(room);
    lane.anchor + Vec2::new(-FAR * arm, (HIGH - 1.0) * arm)
}

/// Gravity, in arms and the arm's radians: what makes a ball that is let go at the top land in the dish.
const GRAVITY: f32 = 2.0 * HIGH / (FAR * FAR);

/// Where in its swing the arm is `ms` after it is at its top: 0 at rest, 1 at the top, 2 at rest on the other side.
fn phase(lane: &Lane, ms: f64) -> f32 {
    ((1.0 + ms / (2.0 * lane.lead.as_ms().max(1.0))) as f32).clamp(0.0, 2.0)
}

/// The arm's angle at a phase, radians past its top.
fn swung(phase: f32) -> f32 {
    -SWING * (FRAC_PI_2 * phase).cos()
}

/// Its speed, of that at the top.
fn speed(phase: f32) -> f32 {
    (FRAC_PI_2 * phase).sin().max(0.0)
}

/// How long a ball flies that is let go at a phase, in the time that the arm would need for a radian at its top's speed.
fn flight(phase: f32) -> f32 {
    let ((sin, cos), speed) = (swung(phase).sin_cos(), speed(phase));
    let (up, height) = (-speed * sin, (HIGH - 1.0 + cos).max(0.0));
    (up + (up * up + 2.0 * GRAVITY * height).sqrt()) / GRAVITY
}

/// Where it lands, in arms right of the hub.
fn landing(phase: f32) -> f32 {
    let (sin, cos) = swung(phase).sin_cos();
    sin + speed(phase) * cos * flight(phase)
}

/// Arms of landing place a radian, at the top.
fn landing_slope() -> f32 {
    // how far the hand moves, less what the fall is cut short by its pointing down
    1.0 - 1.0 / GRAVITY
}

/// Where a ball lands that is let go `ms` from the ideal moment.
fn lands(lane: &Lane, room: &Room, ms: f64) -> f32 {
    hub(lane, room).x + landing(phase(lane, ms)) * arm(room)
}

/// The arm's angle now, radians past its top.
fn angle(scene: &Scene<'_>, run: &Run) -> f32 {
    let Stage::Swing { from, way } = run.plan.stage else { return -SWING };
    let Some(ms) = props::since(scene, run, from) else { return -SWING };
    let share = ((ms / way.as_ms().max(1.0)) as f32).clamp(0.0, 2.0);
    if scene.still {
        // without travel the arm is seen in an eighth of its way at a time
        return swung((share * 8.0).floor() / 8.0);
    }
    swung(share)
}

fn ideal(run: &Run) -> Nanos {
    run.plan.targets.last().map_or(Nanos::ZERO, |target| target.at)
}

fn answer<'a>(scene: &Scene<'a>, run: &Run) -> Option<&'a Judged> {
    props::verdict(scene, run, run.plan.targets.last().map(|target| target.id))
}

fn tip(room: &Room, hub: Vec2, angle: f32) -> Vec2 {
    hub + Vec2::new(angle.sin(), angle.cos()) * arm(room)
}

fn swinging_arm(p: &mut Painter, scene: &Scene<'_>, run: &Run, hub: Vec2) {
    let look = scene.look;
    let turn = -angle(scene, run) + props::lean(scene, 0.25);
    let length = arm(scene.room);
    if !scene.still {
        // its way so far, as the eye keeps it
        let now = angle(scene, run);
        for k in 1..6 {
            let before = now - k as f32 * 0.05;
            if before > -SWING && now < SWING {
                let at = tip(scene.room, hub, before);
                p.disc(at, 5.0, look.steel.light.with_alpha_of(0.16 / k as f32), look.steel.light.with_alpha_of(0.0));
            }
        }
    }
    p.within(Affine2::from_angle_translation(turn, hub), |p| {
        let shape = [
            Vec2::new(-11.0, -46.0),
            Vec2::new(11.0, -46.0),
            Vec2::new(5.5, length - 18.0),
            Vec2::new(-5.5, length - 18.0),
        ];
        p.polygon(&shape, |v| look.brass.dark.mix(&look.brass.light, ((v.x + 11.0) / 22.0).clamp(0.0, 1.0)));
        p.stroke(Vec2::new(-2.0, -30.0), Vec2::new(-1.0, length - 26.0), 1.6, look.brass.light, look.brass.light);
        // the counterweight and the hand
        p.disc(Vec2::new(0.0, -54.0), 24.0, look.iron.light, look.iron.dark);
        p.ring(Vec2::new(0.0, -54.0), 23.0, 1.6, look.iron.rim);
        let held = run.begun.is_some() && answer(scene, run).is_none();
        let grip: f32 = if held { 0.35 } else { 1.0 };
        let middle = Vec2::new(0.0, length);
        p.arc(
            middle,
            BALL + 4.0,
            5.0,
            -std::f32::consts::PI + grip,
            std::f32::consts::PI - 2.0 * grip,
            look.steel.light,
        );
        if held {
            p.arc(middle, BALL + 4.0, 3.0, 0.3, 0.7, look.steel.light);
            p.arc(middle, BALL + 4.0, 3.0, std::f32::consts::PI - 1.0, 0.7, look.steel.light);
        }
    });
}

/// The ball: in the hand, in the air, or where it came to rest.
fn ball(p: &mut Painter, scene: &Scene<'_>, lane: &Lane, run: &Run, hub: Vec2) {
    let look = scene.look;
    let room = scene.room;
    let metal = look.steel;
    let begun = run.begun.is_some();
    let hand = |angle: f32| tip(room, hub, angle);
    let Some(judged) = answer(scene, run) else {
        let swings = angle(scene, run) > -SWING;
        if begun || !swings {
            let at = hand(angle(scene, run));
            p.glow(at, 40.0, 1.0, look.lamp.with_alpha_of(0.14 * scene.glow));
            return p.ball(at, BALL, -angle(scene, run), metal);
        }
        // nobody held it: it has fallen out of the hand
        let Some(ms) = props::since(scene, run, ideal(run) - lane.lead - lane.lead) else { return };
        let floor = lane.anchor.y - FLOOR_BELOW + BALL;
        let start = hand(-SWING);
        let drop = if scene.still { 1.0 } else { (ms / 320.0).clamp(0.0, 1.0) as f32 };
        return p.ball(Vec2::new(start.x, start.y + (floor - start.y) * drop * drop), BALL, 0.0, metal);
    };
    if judged.kind == EventKind::Omission {
        let Some(_) = run.begun else { return };
        return p.ball(hand(angle(scene, run)), BALL, 0.0, metal);
    }
    let error = place(judged);
    let (at, roll) = flown(scene, lane, run, hub, judged, error);
    p.glow(Vec2::new(at.x, lane.anchor.y), BALL * 1.6, 0.3, look.shadow);
    p.ball(at, BALL, roll, metal);
    marks::met(p, at, BALL, judged.tier, judged.side.sign() as f32, look.tier(judged.tier));
}

/// Where the ball is after it was let go, and how far it has rolled.
fn flown(scene: &Scene<'_>, lane: &Lane, run: &Run, hub: Vec2, judged: &Judged, error: f64) -> (Vec2, f32) {
    let room = scene.room;
    let length = arm(room);
    // at its top the arm needs so long for a radian
    let radian = 2.0 * lane.lead.as_ms().max(1.0) / f64::from(SWING * FRAC_PI_2);
    let true_ms = judged.e.map_or(error, Nanos::as_ms);
    let let_go = phase(lane, true_ms);
    let lands_at = lands(lane, room, error);
    let Some(ms) = props::since(scene, run, ideal(run)) else { return (lane.anchor, 0.0) };
    let gone = ((ms - true_ms) / radian) as f32;
    let whole = flight(let_go).max(0.05);
    let rest_y = lane.anchor.y;
    if scene.still {
        return (Vec2::new(lands_at, rest_y), 0.0);
    }
    let ((sin, cos), speed) = (swung(let_go).sin_cos(), speed(let_go));
    if gone < whole {
        // the parabola of the moment it was let go, drawn out to where the shown error lands
        let t = gone.max(0.0);
        let by = lands_at - (hub.x + landing(let_go) * length);
        let x = hub.x + (sin + speed * cos * t) * length + by * t / whole;
        let y = hub.y + (cos - speed * sin * t - 0.5 * GRAVITY * t * t) * length;
        return (Vec2::new(x, y), -t * 3.0);
    }
    if matches!(judged.tier, Tier::Clean | Tier::Slip) {
        return (Vec2::new(lane.anchor.x + (lands_at - lane.anchor.x) * 0.6, rest_y), 0.0);
    }
    // off the bench on the error's side
    let after = gone - whole;
    let sign = judged.side.sign() as f32;
    let hop = (after * 2.2 - 0.5 * GRAVITY * after * after) * length * 0.5;
    let floor = lane.anchor.y - FLOOR_BELOW + BALL;
    let y = (rest_y + hop).max(floor);
    let x = lands_at + sign * (after * 0.5).min(0.9) * length;
    (Vec2::new(x, y), -sign * after * 4.0)
}

/// The bench with the dish in it: broken, it tips away from the error.
fn bench(p: &mut Painter, scene: &Scene<'_>, lane: &Lane, run: &Run) {
    let look = scene.look;
    let at = lane.anchor;
    let lit = run.plan.window_was_open;
    let tilt = scene.broken.map_or(0.0, |b| {
        -b.sign * (0.16 + 0.3 * b.size) * b.left * if scene.still { 1.0 } else { ease_out(b.age_ms / 200.0) as f32 }
    });
    let top = at.y - BALL - 4.0;
    let half = (scene.room.half.x - at.x - 24.0).min(250.0);
    let left = half.min(arm(scene.room) * FAR - 40.0);
    p.panel(
        Vec2::new(at.x - left, top - 15.0),
        Vec2::new(at.x + half, top - 3.0),
        4.0,
        look.iron.dark,
        look.iron.light.lightened(0.9),
    );
    p.stroke(
        Vec2::new(at.x - left + 4.0, top - 3.5),
        Vec2::new(at.x + half - 4.0, top - 3.5),
        1.6,
        look.iron.rim,
        look.iron.rim,
    );
    parts::post(p, Vec2::new(at.x + half - 22.0, at.y - FLOOR_BELOW), 9.0, FLOOR_BELOW - BALL - 18.0, look.iron);
    p.within(Affine2::from_angle_translation(tilt, Vec2::new(at.x, top)), |p| {
        p.lathe(Vec2::new(0.0, -12.0), &[(12.0, 0.0), (24.0, 4.0), (34.0, 12.0), (37.0, 18.0)], |u, v| {
            look.brass.turned(u).lightened(0.7 + 0.5 * v)
        });
    });
    let thread = if lit { look.cortex } else { look.text };
    p.stroke(
        Vec2::new(at.x, at.y + 22.0),
        Vec2::new(at.x, at.y + 84.0),
        1.4,
        thread.with_alpha_of(0.5),
        thread.with_alpha_of(0.05),
    );
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::game::stage::sample::plan;

    fn lane(way: i64, half: f32) -> (Lane, Room) {
        let room = Room { half: Vec2::new(half, 360.0), strip: 144.0 };
        let stage = Stage::Swing { from: Nanos::ms(1_500), way: Nanos::ms(way) };
        (Lane::of(&plan(0, stage, false), &room), room)
    }

    #[test]
    fn let_go_at_the_top_it_lands_in_the_dish() {
        for half in [480.0, 640.0, 1280.0, 202.5] {
            let (lane, room) = lane(700, half);
            assert!((lands(&lane, &room, 0.0) - lane.anchor.x).abs() < 0.01);
            // near the dish the plate's scale is that of the landing
            let near = lands(&lane, &room, 5.0) - lane.anchor.x;
            assert!((near / (5.0 * lane.per_unit) - 1.0).abs() < 0.06, "{near}");
        }
    }

    #[test]
    fn early_lands_left_and_late_lands_right_at_every_speed() {
        for way in [250, 500, 1_200, 3_000] {
            let (lane, room) = lane(way, 640.0);
            for ms in 1..300 {
                let ms = f64::from(ms);
                assert!(lands(&lane, &room, -ms) < lane.anchor.x, "{way} {ms}");
                assert!(lands(&lane, &room, ms) > lane.anchor.x, "{way} {ms}");
            }
        }
    }

    #[test]
    fn the_ball_flies_as_long_as_its_fall_takes() {
        // cos − v sin t − g t²/2 at the end of the flight is the dish's height below the hub
        for phase in [0.4_f32, 0.8, 1.0, 1.1, 1.4] {
            let (t, angle) = (flight(phase), swung(phase));
            let y = angle.cos() - speed(phase) * angle.sin() * t - 0.5 * GRAVITY * t * t;
            assert!((y - (1.0 - HIGH)).abs() < 1e-4, "{phase}: {y}");
        }
    }
}
