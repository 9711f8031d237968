//! The signal: a lantern says go, and a press shoots the puck through the gate. The fuse below burns for as long as the
//! player usually takes; when it has burnt out the gate comes down. Where the lantern says stop, the puck has to stay.

use bevy::{
    color::{LinearRgba, Mix},
    math::{Affine2, Vec2},
    sprite::Anchor,
};
use doozy_training::{
    event::{EventKind, Judged, Stage, Tier, TrialPlan},
    time::Nanos,
};

use super::{
    lane::{Lane, Room},
    layers::depth,
    machine::{Breaks, Machine},
    marks,
    paint::{Painter, Tint},
    parts::{self, FLOOR_BELOW, Scene},
    props,
    timeline::Run,
};
use crate::{
    game::{
        feedback::captions::{Caption, Captions},
        theme::{Size, Weight, motion::ease_out},
    },
    text::Text,
};

const PUCK: f32 = 19.0;
/// The lantern's two faces, and how high they hang above the lane.
const FACE: f32 = 58.0;
const HANGS: f32 = 216.0;
/// How long the puck takes to the gate, ms. ◇
const SHOT_MS: f64 = 170.0;
/// How fast the gate comes down, ms. ◇
const SHUTS_MS: f64 = 110.0;
/// A stop that was kept is told for so long, ms. ◇
const KEPT_MS: f64 = 900.0;

/// A lantern, a puck and a gate.
#[derive(Clone, Copy, Debug)]
pub struct Signal;

impl Machine for Signal {
    /// The fuse burns from the left end, at the signal's onset, to the strike point, when the response is due.
    fn lane(&self, plan: &TrialPlan, room: &Room) -> Lane {
        let onset = if let Stage::Signal { onset, .. } = plan.stage { onset } else { Nanos::ZERO };
        let due = plan.targets.first().map_or(plan.interval, |target| target.at - onset);
        let anchor = Vec2::new(room.half.x * 0.34, room.rail());
        Lane::new(plan, anchor, anchor.x + room.half.x * 0.66, due.max(Nanos::ms(50)))
    }

    fn back(&self, p: &mut Painter, scene: &Scene<'_>, lane: &Lane, run: &Run) {
        let look = scene.look;
        gallows(p, scene, lane);
        let (go, stop) = lit(scene, run);
        face(p, scene, lantern(lane) + Vec2::new(-FACE * 1.15, 0.0), go, look.tiers[0], true);
        face(p, scene, lantern(lane) + Vec2::new(FACE * 1.15, 0.0), stop, look.tiers[2], false);
        gate(p, scene, lane, run);
    }

    fn front(&self, p: &mut Painter, scene: &Scene<'_>, lane: &Lane, run: &Run) {
        parts::rail(p, scene, lane, PUCK, run.plan.window_was_open);
        fuse(p, scene, lane, run);
        launcher(p, scene, lane);
        puck(p, scene, lane, run);
        parts::wreck(p, scene, lane);
        parts::plate(p, scene, lane, &run.plan);
        if let Some(ms) = kept(scene, run) {
            // a success that no press tells of has a form of its own
            let (left, travel) = ((1.0 - ms / KEPT_MS) as f32, props::eased(scene, ms, 400.0));
            let at = self.heart(lane);
            p.ring(at, 40.0 + 26.0 * travel, 4.0, scene.look.tiers[0].with_alpha_of(left));
            p.ring(at, 30.0, 3.0, scene.look.tiers[0].with_alpha_of(left));
        }
    }

    fn heart(&self, lane: &Lane) -> Vec2 {
        lane.anchor + Vec2::new(0.0, 60.0)
    }

    fn words(&self, captions: &mut Captions, text: &Text, scene: &Scene<'_>, lane: &Lane, run: &Run) {
        let Some(ms) = kept(scene, run) else { return };
        let fall = (1.0 - (ms / KEPT_MS - 0.6) / 0.4).clamp(0.0, 1.0) as f32;
        captions.say(Caption {
            text: text.get("signal-kept", &[]),
            at: lane.anchor + Vec2::new(0.0, 132.0),
            depth: depth::STAGE_TEXT,
            size: Size::Body,
            weight: Weight::Bold,
            color: scene.look.tiers[0].with_alpha_of(fall * ease_out(ms / 120.0) as f32),
            anchor: Anchor::CENTER,
            scale: 1.0,
        });
    }

    fn count_in(&self, lane: &Lane) -> Vec2 {
        lane.anchor + Vec2::new(-lane.reach * 0.5, 40.0)
    }

    fn breaks(&self, lane: &Lane) -> Breaks {
        Breaks { at: lane.anchor + Vec2::new(0.0, 70.0), spread: Vec2::new(46.0, 90.0) }
    }

    fn traveller(&self, p: &mut Painter, look: &super::look::Look, at: Vec2, _roll: f32) {
        disc(p, look, at);
    }
}

/// Middle of the lantern.
fn lantern(lane: &Lane) -> Vec2 {
    Vec2::new(lane.anchor.x - lane.reach * 0.5, lane.anchor.y + HANGS)
}

/// What the lantern says: go, stop.
fn lit(scene: &Scene<'_>, run: &Run) -> (bool, bool) {
    let Stage::Signal { onset, stop } = run.plan.stage else { return (false, false) };
    let Some(ms) = props::since(scene, run, onset) else { return (false, false) };
    let stopped = stop.is_some_and(|delay| ms >= delay.as_ms());
    // it stays as it is to the end of the trial
    (ms >= 0.0 && !stopped, stopped)
}

fn target(run: &Run) -> Nanos {
    run.plan.targets.first().map_or(Nanos::ZERO, |target| target.at)
}

/// What the press came to, or its absence.
fn answer<'a>(scene: &Scene<'a>, run: &Run) -> Option<&'a Judged> {
    scene.timeline.verdict(run.plan.trial, |judged| judged.kind != EventKind::Extra)
}

/// For how long it has been sure that a response was withheld as asked, ms.
fn kept(scene: &Scene<'_>, run: &Run) -> Option<f64> {
    let asked = run.plan.targets.first().is_some_and(|target| target.stop);
    let over = props::since(scene, run, target(run) + run.plan.window)?;
    (asked && answer(scene, run).is_none() && (0.0..KEPT_MS).contains(&over)).then_some(over)
}

/// How far the gate is down, 0…1: until go, from stop on, and once nobody has gone in time.
fn shut(scene: &Scene<'_>, run: &Run) -> f32 {
    let Stage::Signal { onset, stop } = run.plan.stage else { return 1.0 };
    let (Some(ms), Some(due)) = (props::since(scene, run, onset), props::since(scene, run, target(run))) else {
        return 1.0;
    };
    let opens = 1.0 - props::eased(scene, ms, SHUTS_MS);
    let closes = match stop {
        Some(delay) => props::eased(scene, ms - delay.as_ms(), SHUTS_MS),
        None => props::eased(scene, due - run.plan.tol_ms, SHUTS_MS),
    };
    if ms < 0.0 { 1.0 } else { opens.max(closes) }
}

fn gallows(p: &mut Painter, scene: &Scene<'_>, lane: &Lane) {
    let look = scene.look;
    let at = lantern(lane);
    let floor = lane.anchor.y - FLOOR_BELOW;
    let foot = at.x - FACE * 2.9;
    let lean = props::lean(scene, 0.04);
    let about = Vec2::new(foot, floor);
    let placed = Affine2::from_translation(about) * Affine2::from_angle(lean) * Affine2::from_translation(-about);
    p.within(placed, |p| {
        parts::post(
            p,
            Vec2::new(foot.max(-scene.room.half.x + 22.0), floor),
            13.0,
            HANGS + FLOOR_BELOW + 96.0,
            look.iron,
        );
        let top = at.y + FACE + 22.0;
        parts::beam(
            p,
            Vec2::new(foot.max(-scene.room.half.x + 8.0), top),
            Vec2::new(at.x + FACE * 2.4, top + 20.0),
            look.iron,
            7,
        );
        p.panel(
            at - Vec2::new(FACE * 2.35, FACE + 12.0),
            at + Vec2::new(FACE * 2.35, FACE + 12.0),
            20.0,
            look.iron.dark,
            look.iron.light,
        );
        for x in [-FACE * 1.2, FACE * 1.2] {
            p.stroke(
                Vec2::new(at.x + x, top),
                Vec2::new(at.x + x, at.y + FACE + 8.0),
                7.0,
                look.steel.mid,
                look.steel.dark,
            );
        }
    });
}

/// One face of the lantern: go is a wedge that points the way, stop is a bar across; each is told by its form and its
/// place as well as by its colour.
fn face(p: &mut Painter, scene: &Scene<'_>, at: Vec2, lit: bool, color: LinearRgba, go: bool) {
    let look = scene.look;
    let off = look.line.mix(&look.ground, 0.35);
    p.disc(at, FACE, look.ground.lightened(0.8), look.ground.lightened(0.5));
    p.ring(at, FACE, 3.0, look.iron.rim);
    let sign = if lit { color.mix(&look.text, 0.25) } else { off };
    if lit {
        p.glow(at, FACE * 2.3, 1.0, color.with_alpha_of(0.34 * scene.glow));
        p.ring(at, FACE - 7.0, 5.0, sign);
    }
    if go {
        marks::wedge(p, at, FACE * 0.44, 1.0, sign);
    } else {
        p.panel(at - Vec2::new(FACE * 0.62, 12.0), at + Vec2::new(FACE * 0.62, 12.0), 3.0, sign, sign);
    }
}

/// The gate: a portcullis between two posts.
fn gate(p: &mut Painter, scene: &Scene<'_>, lane: &Lane, run: &Run) {
    let look = scene.look;
    let at = lane.anchor;
    let floor = at.y - FLOOR_BELOW;
    for side in [-1.0, 1.0] {
        parts::post(p, Vec2::new(at.x + side * 44.0, floor), 11.0, FLOOR_BELOW + 172.0, look.iron);
    }
    parts::beam(p, at + Vec2::new(-70.0, 164.0), at + Vec2::new(70.0, 184.0), look.iron, 3);
    let down = shut(scene, run);
    let torn = scene.broken.map_or(0.0, |b| {
        b.sign * (0.4 + 0.6 * b.size) * b.left * if scene.still { 1.0 } else { ease_out(b.age_ms / 200.0) as f32 }
    });
    let hangs = if scene.still { 0.0 } else { (1.0 - down) * 92.0 };
    p.faded(if scene.still { 0.25 + 0.75 * down } else { 1.0 }, |p| {
        p.within(Affine2::from_angle_translation(torn, at + Vec2::new(0.0, 110.0 + hangs)), |p| {
            let (low, high) = (-110.0 - PUCK + 6.0, 46.0);
            for k in 0..5 {
                let x = -28.0 + 14.0 * k as f32;
                p.stroke(Vec2::new(x, low + 10.0), Vec2::new(x, high), 4.6, look.steel.mid, look.steel.light);
                let tip = [Vec2::new(x - 4.0, low + 12.0), Vec2::new(x, low), Vec2::new(x + 4.0, low + 12.0)];
                p.polygon(&tip, |_| look.steel.light);
            }
            for y in [-78.0, -34.0, 10.0] {
                p.panel(
                    Vec2::new(-33.0, y),
                    Vec2::new(33.0, y + 7.0),
                    2.0,
                    look.iron.dark,
                    look.iron.light.lightened(1.1),
                );
            }
        });
    });
}

/// The fuse along the rail: from the signal on it burns towards the gate.
fn fuse(p: &mut Painter, scene: &Scene<'_>, lane: &Lane, run: &Run) {
    let look = scene.look;
    let y = lane.anchor.y - PUCK - 24.0;
    let left = lane.anchor.x - lane.reach;
    let rope = look.quiet.with_alpha_of(0.55);
    p.stroke(Vec2::new(left, y), Vec2::new(lane.anchor.x, y), 3.0, rope, rope);
    let (go, stopped) = lit(scene, run);
    if !go || stopped || answer(scene, run).is_some() {
        return;
    }
    let burnt = lane.x(run.host(target(run)).unwrap_or(scene.now), scene.now);
    let end = if scene.still { left } else { burnt.min(scene.room.half.x - 20.0) };
    let ash = look.ground.lightened(0.6);
    p.stroke(Vec2::new(left, y), Vec2::new(end.min(lane.anchor.x), y), 3.6, ash, ash);
    p.glow(Vec2::new(end, y), 42.0, 1.0, look.lamp.with_alpha_of(0.6 * scene.glow));
    p.disc(Vec2::new(end, y), 5.0, look.text, look.lamp);
}

fn launcher(p: &mut Painter, scene: &Scene<'_>, lane: &Lane) {
    let look = scene.look;
    let at = Vec2::new(lane.anchor.x - lane.reach, lane.anchor.y);
    let back = if scene.still { 0.0 } else { scene.plunge() * 22.0 };
    p.panel(
        at + Vec2::new(-62.0, -PUCK - 6.0),
        at + Vec2::new(-26.0, PUCK + 10.0),
        5.0,
        look.brass.dark,
        look.brass.light.lightened(0.8),
    );
    p.panel(
        at + Vec2::new(-30.0 + back, -9.0),
        at + Vec2::new(-20.0 + back, 9.0),
        3.0,
        look.steel.mid,
        look.steel.light,
    );
    p.stroke(at + Vec2::new(-40.0, 0.0), at + Vec2::new(-22.0 + back, 0.0), 5.0, look.steel.mid, look.steel.light);
}

fn disc(p: &mut Painter, look: &super::look::Look, at: Vec2) {
    p.disc(at, PUCK, look.brass.light, look.brass.dark);
    p.ring(at, PUCK * 0.66, 3.0, look.brass.dark);
    p.disc(at, PUCK * 0.3, look.brass.light, look.brass.mid);
}

/// The puck: it waits, flies when it is shot, and gets through if the gate is open.
fn puck(p: &mut Painter, scene: &Scene<'_>, lane: &Lane, run: &Run) {
    let look = scene.look;
    let home = Vec2::new(lane.anchor.x - lane.reach, lane.anchor.y);
    let judged = answer(scene, run).filter(|judged| judged.press.is_some());
    let Some((judged, press)) = judged.and_then(|judged| judged.press.map(|press| (judged, press))) else {
        p.glow(home - Vec2::Y * PUCK, PUCK * 1.5, 0.3, look.shadow);
        return disc(p, look, home);
    };
    let ms = (scene.now - press.t).as_ms();
    let share = if scene.still { 1.0 } else { (ms / SHOT_MS).clamp(0.0, 1.0) as f32 };
    let through = matches!(judged.tier, Tier::Clean | Tier::Slip);
    let stop = lane.anchor.x - 40.0 - PUCK;
    let beyond = ((ms - SHOT_MS) / SHOT_MS).max(0.0) as f32;
    let at = if through {
        // on through the gate and to the right
        let x = home.x + lane.reach * if scene.still { 1.0 } else { share + 0.5 * beyond.min(1.2) };
        Vec2::new(x.min(scene.room.half.x - 60.0), home.y)
    } else {
        let x = home.x + (stop - home.x) * share;
        let back = if scene.still { 0.0 } else { ease_out(f64::from(beyond) * 0.5) as f32 * 46.0 };
        Vec2::new(x - back, home.y)
    };
    p.glow(at - Vec2::Y * PUCK, PUCK * 1.5, 0.3, look.shadow);
    disc(p, look, at);
    marks::met(p, at, PUCK, judged.tier, judged.side.sign() as f32, look.tier(judged.tier));
}

#[cfg(test)]
mod tests {
    use doozy_training::event::{Role, Target};

    use super::*;
    use crate::game::stage::sample::plan;

    #[test]
    fn the_fuse_burns_from_the_signal_to_when_the_response_is_due() {
        for half in [480.0, 640.0, 1280.0, 202.5] {
            let room = Room { half: Vec2::new(half, 360.0), strip: 144.0 };
            let (onset, due) = (Nanos::ms(1_800), Nanos::ms(2_200));
            let mut plan = plan(0, Stage::Signal { onset, stop: None }, false);
            let role = Role::React { onset, least: Nanos::ms(100) };
            plan.targets = vec![Target { role, ..Target::press(0, due, doozy_training::event::Lane(0)) }];
            let lane = Lane::of(&plan, &room);
            assert_eq!(lane.lead, Nanos::ms(400));
            let left = lane.offset_ms(-400.0);
            assert!((left - (lane.anchor.x - lane.reach)).abs() < 0.01 && left > -half);
            // who is slower than usual is right of the gate, by the fuse's own scale
            assert!((lane.of_error(100.0) - lane.offset_ms(100.0)).abs() < 0.01);
        }
    }
}
