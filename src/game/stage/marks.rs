//! Marks: where each press was, at its signed place on the plate, in the form of its tier.
//!
//! Clean is a full circle, a slip a ring with a notch on the error's side, a miss a wedge that points to the side, a
//! doozy a burst: the form says all that the colour does.

use std::f32::consts::{PI, TAU};

use bevy::{color::LinearRgba, math::Vec2};
use doozy_training::{event::Tier, time::Nanos};

use super::{
    lane::Lane,
    paint::{Painter, Tint},
    parts::{PLATE_BELOW, PLATE_HALF, Scene},
    timeline::Mark,
};
use crate::game::theme::motion::{ARRIVE, ease_out};

/// Marks fade to their rest over this long, ms. ◇
const AGE_MS: f64 = 6000.0;

/// A mark of the best run is there for so long, ms. ◇ Until about the next press.
const GHOST_MS: f64 = 700.0;
/// … and this bright at first: beside the player's own marks, never over them. ◇
const GHOST: f32 = 0.42;

/// The best run's presses: hollow, pale, below the plate's middle, gone before long.
fn ghosts(p: &mut Painter, scene: &Scene<'_>, lane: &Lane) {
    let y = lane.anchor.y - PLATE_BELOW;
    let edge = scene.room.half.x - 24.0;
    for (ms, since) in scene.timeline.ghosts(scene.now, Nanos::from_ms(GHOST_MS)) {
        let left = 1.0 - (since.as_ms() / GHOST_MS) as f32;
        let at = Vec2::new(lane.offset_ms(ms).clamp(-edge, edge), y);
        p.faded(GHOST * left.clamp(0.0, 1.0), |p| {
            let color = scene.look.text;
            p.stroke(at - Vec2::Y * PLATE_HALF, at - Vec2::Y * (PLATE_HALF + 12.0), 2.0, color, color);
            p.ring(at - Vec2::Y * (PLATE_HALF + 18.0), 6.0, 1.6, color);
        });
    }
}

/// Where on the lane a mark stands, kept on the screen.
#[must_use]
pub fn x(mark: &Mark, lane: &Lane, scene: &Scene<'_>) -> f32 {
    let edge = scene.room.half.x - 24.0;
    lane.of_error(mark.at).clamp(-edge, edge)
}

/// All marks on the plate, the newest in full light.
pub fn paint(p: &mut Painter, scene: &Scene<'_>, lane: &Lane) {
    let y = lane.anchor.y - PLATE_BELOW;
    let newest = scene.timeline.marks().next_back().map(|m| m.pressed);
    ghosts(p, scene, lane);
    for mark in scene.timeline.marks() {
        let age = (scene.now - mark.since).as_ms();
        let fresh = Some(mark.pressed) == newest;
        let old = (1.0 - (scene.now - mark.since).as_ms() / AGE_MS).clamp(0.0, 1.0) as f32;
        let alpha = if fresh { 1.0 } else { 0.16 + 0.34 * old };
        let at = Vec2::new(x(mark, lane, scene), y);
        let arrive = if scene.still { 1.0 } else { ease_out(age / ARRIVE) as f32 };
        p.faded(alpha * if scene.still { ease_out(age / ARRIVE) as f32 } else { 1.0 }, |p| {
            let color = mark.tier().map_or(scene.look.text, |tier| scene.look.tier(tier));
            if fresh {
                let top = lane.anchor.y - 14.0;
                p.stroke(Vec2::new(at.x, y + PLATE_HALF), Vec2::new(at.x, top), 2.0, color, color.with_alpha_of(0.15));
            }
            p.stroke(Vec2::new(at.x, y - PLATE_HALF), Vec2::new(at.x, y + PLATE_HALF), 1.6, color, color);
            match mark.tier() {
                None => p.ring(at, 6.0, 2.0, color),
                Some(tier) => {
                    let size = (if fresh { 10.0 } else { 7.0 }) * (1.0 + 0.5 * (1.0 - arrive));
                    form(p, at, size, tier, mark.side().sign() as f32, color);
                }
            }
        });
    }
}

/// The form of a tier: `sign` is −1 for early, +1 for late.
pub fn form(p: &mut Painter, at: Vec2, size: f32, tier: Tier, sign: f32, color: LinearRgba) {
    let side = if sign < 0.0 { PI } else { 0.0 };
    match tier {
        Tier::Clean => {
            p.disc(at, size * 0.5, color, color);
            p.ring(at, size, size * 0.22, color);
        }
        Tier::Slip => {
            let notch = 0.62;
            p.arc(at, size, size * 0.34, side + notch, TAU - 2.0 * notch, color);
        }
        Tier::Miss => wedge(p, at, size, sign, color),
        Tier::Doozy => burst(p, at, size * 1.35, 9, 0.0, color),
    }
}

/// The form around a thing of radius `radius` that has had its verdict, as it rolls on.
pub fn met(p: &mut Painter, at: Vec2, radius: f32, tier: Tier, sign: f32, color: LinearRgba) {
    let side = if sign < 0.0 { PI } else { 0.0 };
    match tier {
        Tier::Clean => p.ring(at, radius + 4.0, 2.4, color),
        Tier::Slip => p.arc(at, radius + 4.0, 2.8, side + 0.5, TAU - 1.0, color),
        Tier::Miss => wedge(p, at + Vec2::new(0.0, radius + 13.0), 8.0, sign, color),
        Tier::Doozy => burst(p, at + Vec2::new(0.0, radius + 14.0), 11.0, 9, 0.0, color),
    }
}

/// A wedge pointing to the side of the error.
pub fn wedge(p: &mut Painter, at: Vec2, size: f32, sign: f32, color: LinearRgba) {
    let mut points = [
        at + Vec2::new(-0.75 * sign, 1.0) * size,
        at + Vec2::new(-0.75 * sign, -1.0) * size,
        at + Vec2::new(1.15 * sign, 0.0) * size,
    ];
    if sign < 0.0 {
        points.reverse();
    }
    p.polygon(&points, |_| color);
}

/// A small wedge that points down, at what is read.
pub fn wedge_down(p: &mut Painter, at: Vec2, size: f32, color: LinearRgba) {
    p.polygon(
        &[at + Vec2::new(0.0, -size), at + Vec2::new(size, size * 0.7), at + Vec2::new(-size, size * 0.7)],
        |_| color,
    );
}

/// A star with uneven rays.
pub fn burst(p: &mut Painter, at: Vec2, size: f32, rays: usize, turn: f32, color: LinearRgba) {
    for k in 0..rays {
        let angle = turn + TAU * k as f32 / rays as f32;
        let long = size * if k % 2 == 0 { 1.15 } else { 0.82 };
        let (sin, cos) = angle.sin_cos();
        let out = Vec2::new(cos, sin);
        let across = out.perp() * size * 0.2;
        p.polygon(&[at - across, at + out * long, at + across, at - out * size * 0.1], |_| color);
    }
    p.disc(at, size * 0.4, color, color);
}
