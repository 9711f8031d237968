//! The dark room behind the machine: wall, lamp light, clockwork at rest, floor. It changes only with the window's
//! shape and the palette, so it is painted once.

use std::f32::consts::TAU;

use bevy::{
    color::{LinearRgba, Mix},
    math::Vec2,
};

use super::{
    lane::{Lane, Room},
    look::Look,
    paint::{Painter, Tint},
    parts::FLOOR_BELOW,
};

/// Paints the room for a lane. Everything overhangs the window by a margin, for the push and the shake.
pub fn paint(p: &mut Painter, look: &Look, room: &Room, lane: &Lane) {
    let margin = 90.0;
    let (w, h) = (room.half.x + margin, room.half.y + margin);
    let floor = lane.anchor.y - FLOOR_BELOW;
    let x0 = lane.anchor.x;
    p.wash(Vec2::new(-w, -h), Vec2::new(w, h), look.ground, look.ground.lightened(0.55));
    // The lamp's light on the wall, warm in the middle and cool around.
    let cool = look.wall_lit.mix(&look.cortex, 0.03);
    p.glow(Vec2::new(x0, lane.anchor.y + 130.0), h * 1.55, 0.86, cool.with_alpha_of(0.95));
    p.glow(Vec2::new(x0, lane.anchor.y + 190.0), h * 0.75, 0.9, look.wall_lit.mix(&look.lamp, 0.10).with_alpha_of(0.7));
    panels(p, look, w, floor, x0, h);
    clockwork(p, look, Vec2::new(x0, lane.anchor.y), room);
    // Haze between the wheels and the stage: what moves is to stand out from what does not.
    let haze = look.ground.mix(&look.wall_lit, 0.5);
    p.wash(
        Vec2::new(-w, floor),
        Vec2::new(w, lane.anchor.y + 120.0),
        haze.with_alpha_of(0.72),
        haze.with_alpha_of(0.0),
    );
    cone(p, look, Vec2::new(x0, room.half.y + 40.0), lane.anchor.y);
    ground(p, look, w, h, floor, x0);
    // Pillars near the edges frame the stage.
    for side in [-1.0, 1.0] {
        let x = side * (room.half.x - 26.0);
        p.lathe(Vec2::new(x, floor - 26.0), &[(40.0, 0.0), (40.0, 14.0), (27.0, 24.0), (25.0, h * 2.0)], |u, v| {
            let toward = u * -side;
            let lit = look.iron.turned(toward * 0.9 + 0.25).lightened(0.55);
            lit.mix(&look.ground, 0.35 + 0.4 * v)
        });
    }
}

/// Great wheels in the dark: they belong to a bigger machine and stand still.
fn clockwork(p: &mut Painter, look: &Look, around: Vec2, room: &Room) {
    let far = look.iron.far(look.ground.lightened(0.7), 0.80);
    let further = look.iron.far(look.ground.lightened(0.7), 0.88);
    let spread = room.half.x.min(760.0);
    p.gear(around + Vec2::new(-spread * 0.56, 176.0), 150.0, 26, 0.1, further);
    p.gear(around + Vec2::new(-spread * 0.79, 30.0), 92.0, 18, 0.22, far);
    p.gear(around + Vec2::new(spread * 0.60, 205.0), 120.0, 22, 0.0, further);
    p.gear(around + Vec2::new(spread * 0.82, 82.0), 142.0, 26, 0.15, far);
    p.gear(around + Vec2::new(spread * 0.40, 318.0), 58.0, 14, 0.3, far);
    p.gear(around + Vec2::new(-spread * 0.34, 330.0), 66.0, 16, 0.0, far);
}

/// Riveted panels of the wall, barely seen.
fn panels(p: &mut Painter, look: &Look, w: f32, floor: f32, x0: f32, h: f32) {
    let seam = look.line.with_alpha_of(0.20);
    let step = 208.0;
    let count = (w / step).ceil() as i32;
    for k in -count..=count {
        let x = x0 + (k as f32 + 0.5) * step;
        p.stroke(Vec2::new(x, floor), Vec2::new(x, h), 1.4, seam, seam.with_alpha_of(0.06));
        let mut y = floor + 34.0;
        while y < h {
            p.disc(Vec2::new(x + 8.0, y), 1.8, look.line.with_alpha_of(0.4), look.ground.with_alpha_of(0.3));
            y += 68.0;
        }
    }
    for y in [floor + 150.0, floor + 330.0] {
        p.stroke(Vec2::new(-w, y), Vec2::new(w, y), 1.2, seam.with_alpha_of(0.12), seam.with_alpha_of(0.12));
    }
}

/// The lamp's cone.
fn cone(p: &mut Painter, look: &Look, lamp: Vec2, to: f32) {
    let light = look.lamp;
    for k in 0..9 {
        let (spread, alpha) = (150.0 + 36.0 * k as f32, 0.0095);
        let top = light.with_alpha_of(alpha * 1.5);
        let low = light.with_alpha_of(0.0);
        let (l, r) = (Vec2::new(lamp.x - spread, to), Vec2::new(lamp.x + spread, to));
        let middle = Vec2::new(lamp.x, to);
        p.triangle([lamp, l, middle], [top, low, light.with_alpha_of(alpha * 0.6)]);
        p.triangle([lamp, middle, r], [top, light.with_alpha_of(alpha * 0.6), low]);
    }
}

/// The floor: a polished one, that holds a little of the light.
fn ground(p: &mut Painter, look: &Look, w: f32, h: f32, floor: f32, x0: f32) {
    let deep = look.ground.lightened(0.5);
    p.wash(Vec2::new(-w, -h), Vec2::new(w, floor), deep, look.floor.lightened(0.9));
    let edge = look.iron.rim;
    p.stroke(Vec2::new(-w, floor), Vec2::new(x0, floor), 1.4, edge.with_alpha_of(0.05), edge.with_alpha_of(0.55));
    p.stroke(Vec2::new(x0, floor), Vec2::new(w, floor), 1.4, edge.with_alpha_of(0.55), edge.with_alpha_of(0.05));
    p.glow(Vec2::new(x0, floor - 26.0), 420.0, 0.16, look.lamp.with_alpha_of(0.10));
    for k in 0..9 {
        let angle = TAU * (0.5 + (k as f32 + 0.5) / 18.0);
        let out = Vec2::new(angle.cos() * 2.8, angle.sin());
        let seam = look.line.with_alpha_of(0.22);
        let from = Vec2::new(x0 + out.x * 60.0, floor);
        p.stroke(from, from + out * 420.0, 1.0, seam, seam.with_alpha_of(0.0));
    }
    let fall = LinearRgba { alpha: 0.0, ..look.ground };
    p.wash(Vec2::new(-w, floor - 8.0), Vec2::new(w, floor), fall, look.shadow.with_alpha_of(0.35));
}
