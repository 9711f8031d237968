//! Props that several machines have: lamps that say what is going on, iron screens, a frame, and the trial's own time.

use bevy::{
    color::{LinearRgba, Mix},
    math::Vec2,
};
use doozy_training::{
    event::{CueKind, Judged, TargetId},
    time::Nanos,
};

use super::{
    look::Look,
    paint::{Painter, Tint},
    parts::{self, FLOOR_BELOW, Scene},
    timeline::Run,
};
use crate::game::theme::motion::ease_out;

/// Time since a moment of the trial, ms; negative before it, none while the trial has no clock.
#[must_use]
pub fn since(scene: &Scene<'_>, run: &Run, at: Nanos) -> Option<f64> {
    run.host(at).map(|t| (scene.now - t).as_ms())
}

/// When the first cue of a kind comes, in the trial's time.
#[must_use]
pub fn cue(run: &Run, kind: CueKind) -> Option<Nanos> {
    run.plan.cues.iter().find(|cue| cue.kind == kind).map(|cue| cue.at)
}

/// The verdict on a target of the trial, once there is one.
#[must_use]
pub fn verdict<'a>(scene: &Scene<'a>, run: &Run, target: Option<TargetId>) -> Option<&'a Judged> {
    scene.timeline.verdict(run.plan.trial, |judged| judged.target.is_some() && judged.target == target)
}

/// How long ago a verdict's response was made, or given up, ms.
#[must_use]
pub fn told(scene: &Scene<'_>, judged: &Judged) -> f64 {
    (scene.now - judged.t).as_ms()
}

/// 0…1 over `length` ms from 0 on; with reduced motion at once.
#[must_use]
pub fn eased(scene: &Scene<'_>, ms: f64, length: f64) -> f32 {
    if scene.still { f32::from(u8::from(ms >= 0.0)) } else { ease_out(ms / length) as f32 }
}

/// How far a machine leans away from its error, radians, −1…1 times `most`.
#[must_use]
pub fn lean(scene: &Scene<'_>, most: f32) -> f32 {
    scene
        .broken
        .filter(|_| !scene.still)
        .map_or(0.0, |b| -b.sign * most * (0.4 + 0.6 * b.size) * b.left * ease_out(b.age_ms / 180.0) as f32)
}

/// A lamp in an iron cup; `lit` 0…1.
pub fn lamp(p: &mut Painter, scene: &Scene<'_>, at: Vec2, radius: f32, color: LinearRgba, lit: f32) {
    let look = scene.look;
    p.disc(at, radius + 5.0, look.iron.light, look.iron.dark);
    p.ring(at, radius + 4.0, 1.6, look.iron.rim);
    let off = look.line.mix(&look.ground, 0.3);
    if lit > 0.0 {
        p.glow(at, radius * 4.2, 1.0, color.with_alpha_of(0.42 * lit * scene.glow));
    }
    let core = off.mix(&color.mix(&look.text, 0.45), lit);
    p.disc(at, radius, core, off.mix(&color, lit));
    if lit > 0.5 {
        // a lit lamp has a ring as well, so that it is told from a dark one without its colour
        p.ring(at, radius + 9.0, 2.0, color.with_alpha_of(0.8 * lit));
    }
}

/// A screen of corrugated iron.
pub fn screen(p: &mut Painter, look: &Look, low: Vec2, high: Vec2) {
    if high.x - low.x < 2.0 || high.y - low.y < 2.0 {
        return;
    }
    let folds = (((high.x - low.x) / 18.0) as usize).clamp(1, 160);
    let step = (high.x - low.x) / folds as f32;
    let (dark, light) = (look.iron.dark.mix(&look.iron.mid, 0.4), look.iron.light.lightened(0.85));
    for k in 0..folds {
        let x = low.x + step * k as f32;
        let middle = x + step * 0.45;
        p.quad(
            [Vec2::new(x, low.y), Vec2::new(middle, low.y), Vec2::new(middle, high.y), Vec2::new(x, high.y)],
            [dark.lightened(0.7), light.lightened(0.7), light, dark],
        );
        p.quad(
            [
                Vec2::new(middle, low.y),
                Vec2::new(x + step, low.y),
                Vec2::new(x + step, high.y),
                Vec2::new(middle, high.y),
            ],
            [light.lightened(0.7), dark.lightened(0.7), dark, light],
        );
    }
    for y in [low.y, high.y - 7.0] {
        p.panel(
            Vec2::new(low.x - 3.0, y),
            Vec2::new(high.x + 3.0, y + 7.0),
            3.0,
            look.iron.dark,
            look.iron.light.lightened(1.1),
        );
    }
}

/// Two posts and a beam between them: from `left` to `right`, its beam at `top` above the lane at `y`.
pub fn frame(p: &mut Painter, scene: &Scene<'_>, left: f32, right: f32, y: f32, top: f32) {
    let look = scene.look;
    let floor = y - FLOOR_BELOW;
    for x in [left, right] {
        parts::post(p, Vec2::new(x, floor), 13.0, top + FLOOR_BELOW + 6.0, look.iron);
    }
    let bolts = (((right - left) / 70.0) as usize).clamp(3, 24);
    parts::beam(p, Vec2::new(left - 28.0, y + top), Vec2::new(right + 28.0, y + top + 24.0), look.iron, bolts);
}

/// A light that means nothing, where a distractor is shown: at a place that its number gives.
pub fn distractors(p: &mut Painter, scene: &Scene<'_>, run: &Run, around: Vec2) {
    /// How long each is lit, ms. ◇
    const LIT_MS: f64 = 160.0;
    let look = scene.look;
    for (k, cue) in run.plan.cues.iter().filter(|cue| cue.kind == CueKind::Distractor && cue.seen).enumerate() {
        let Some(ms) = since(scene, run, cue.at) else { continue };
        if (0.0..LIT_MS).contains(&ms) {
            let spread = (k as f32 * 0.618).fract();
            let side = if k % 2 == 0 { -1.0 } else { 1.0 };
            let at = around + Vec2::new(side * (60.0 + 110.0 * spread), 40.0 * spread);
            let left = (1.0 - ms / LIT_MS) as f32;
            p.ring(at, 16.0, 3.0, look.quiet.with_alpha_of(left));
            p.glow(at, 60.0, 1.0, look.quiet.with_alpha_of(0.35 * left * scene.glow));
        }
    }
}
