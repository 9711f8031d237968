//! Surprises, as far as they are seen: something that falls in the way of a target, and a movement at the edge of sight.
//! They look alike on every machine. A sudden sound is heard and not seen.

use bevy::math::Vec2;
use doozy_training::event::{CueKind, SurpriseKind};

use super::{
    lane::Lane,
    machine,
    paint::{Painter, Tint},
    parts::Scene,
    timeline::Run,
    travel,
};
use crate::game::theme::motion::{ARRIVE, LEAVE, ease_out};

/// A movement at the edge takes so long, ms. ◇ About as long as a glance is drawn.
const DARTS_MS: f64 = 520.0;
/// How long an obstacle stays once its target is past, ms. ◇
const STANDS_MS: f64 = 500.0;

/// Paints what surprises in the trial that is shown.
pub fn paint(p: &mut Painter, scene: &Scene<'_>, lane: &Lane, run: &Run) {
    let Some(clock) = run.clock.filter(|_| !run.void) else { return };
    let cues = run.plan.cues.iter().filter_map(|cue| match cue.kind {
        CueKind::Surprise(kind) if cue.seen => Some((kind, (scene.now - clock.host(cue.at)).as_ms())),
        _ => None,
    });
    for (kind, since) in cues.filter(|(_, since)| *since >= 0.0) {
        match kind {
            SurpriseKind::Edge => edge(p, scene, lane, run.plan.trial.0, since),
            SurpriseKind::Obstacle => obstacle(p, scene, lane, run, since),
            SurpriseKind::Sound => {}
        }
    }
}

/// Something pale darts up along one side of the window.
fn edge(p: &mut Painter, scene: &Scene<'_>, lane: &Lane, trial: u32, since: f64) {
    let share = since / DARTS_MS;
    if share >= 1.0 {
        return;
    }
    let look = scene.look;
    let side = if trial.is_multiple_of(2) { -1.0 } else { 1.0 };
    let travel = if scene.still { 0.45 } else { share as f32 };
    let alpha = (ease_out(share * 6.0) * (1.0 - ease_out((share - 0.75) / 0.25))) as f32;
    let wave = (travel * 9.0).sin();
    let at = Vec2::new(side * (scene.room.half.x - 46.0 - 14.0 * wave), lane.anchor.y - 60.0 + 380.0 * travel);
    let color = look.text;
    p.faded(alpha * 0.9, |p| {
        if !scene.still {
            p.stroke(at - Vec2::new(side * 6.0, 96.0), at, 12.0, color.with_alpha_of(0.0), color.with_alpha_of(0.22));
        }
        // Two wings and a body: it is alive, and no part of the machine.
        let beat = if scene.still { 0.7 } else { 0.45 + 0.55 * (travel * 44.0).sin().abs() };
        for wing in [-1.0, 1.0] {
            let tip = at + Vec2::new(wing * 30.0 * beat, 13.0);
            let tail = at + Vec2::new(wing * 19.0 * beat, -13.0);
            let mut points = [at + Vec2::new(0.0, 6.0), tip, tail, at - Vec2::Y * 5.0];
            if wing > 0.0 {
                points.reverse();
            }
            p.polygon(&points, |_| color.with_alpha_of(0.85));
        }
        p.stroke(at - Vec2::Y * 9.0, at + Vec2::Y * 10.0, 4.0, look.ground, look.ground);
    });
}

/// A striped trestle drops over the target that it has displaced, and rides on with it.
fn obstacle(p: &mut Painter, scene: &Scene<'_>, lane: &Lane, run: &Run, since: f64) {
    let Some(clock) = run.clock else { return };
    let look = scene.look;
    let struck = run.plan.targets.iter().filter(|target| target.surprise == Some(SurpriseKind::Obstacle));
    for target in struck {
        let due = clock.host(target.at);
        let past = (scene.now - due).as_ms();
        let Some((x, alpha)) = travel::place(scene, lane, due, 40.0).filter(|_| past < STANDS_MS) else { continue };
        let row = machine::of(&run.plan.stage).strike(lane, &run.plan, target.lane).y;
        let arrive = ease_out(since / ARRIVE) as f32;
        let leave = 1.0 - ease_out((past - STANDS_MS + LEAVE) / LEAVE) as f32;
        let fall = if scene.still { 0.0 } else { 90.0 * (1.0 - arrive) };
        let board = Vec2::new(x, row + 46.0 + fall);
        p.faded(arrive * leave * alpha.max(0.5), |p| {
            for side in [-1.0, 1.0] {
                let foot = Vec2::new(x + side * 34.0, row - 16.0 + fall);
                p.stroke(foot, board + Vec2::X * side * 25.0, 5.0, look.iron.light, look.steel.mid);
            }
            let (low, high) = (board + Vec2::new(-38.0, -8.0), board + Vec2::new(38.0, 10.0));
            p.panel(low - Vec2::splat(2.0), high + Vec2::splat(2.0), 4.0, look.ground, look.ground);
            p.panel(low, high, 3.0, look.text, look.text);
            for k in 0..4 {
                let at = low.x + 8.0 + 19.0 * k as f32;
                let stripe = [
                    Vec2::new(at, low.y),
                    Vec2::new(at + 9.0, low.y),
                    Vec2::new((at + 17.0).min(high.x), high.y),
                    Vec2::new((at + 8.0).min(high.x), high.y),
                ];
                p.quad(stripe, [look.ground.with_alpha_of(1.0); 4]);
            }
        });
    }
}
