//! Parts that every machine shares: the rail, the plate that is engraved with the tolerance, the socket at the strike
//! point, posts, and the plunger that a press drives.

use std::f32::consts::TAU;

use bevy::{
    color::{LinearRgba, Mix},
    math::{Affine2, Vec2},
};
use doozy_training::{
    event::{ErrorUnit, Lane as Key, Tier, TrialPlan},
    time::{HostTime, Nanos},
};

use super::{
    lane::{Lane, Room},
    look::Look,
    paint::{Metal, Painter, Tint},
    timeline::{Mark, Timeline},
};
use crate::game::theme::motion::ease_out;

/// Height of the floor below the rail, design units.
pub const FLOOR_BELOW: f32 = 112.0;
/// Middle of the plate below the lane.
pub const PLATE_BELOW: f32 = 62.0;
/// Half of the plate's height.
pub const PLATE_HALF: f32 = 17.0;
/// A press is seen to act for this long, ms. ◇
const PLUNGE_MS: f64 = 260.0;

/// What a machine is drawn from.
#[derive(Clone, Copy, Debug)]
pub struct Scene<'a> {
    /// The moment that the player will see.
    pub now: HostTime,
    pub look: &'a Look,
    pub room: &'a Room,
    pub timeline: &'a Timeline,
    pub broken: Option<Breakage>,
    /// Travel is replaced by fades.
    pub still: bool,
    /// Share of glow that the limits leave, 0…1.
    pub glow: f32,
    /// How much of what travels is to be seen, 0…1: a replay has the lane to itself.
    pub travellers: f32,
}

/// A machine that an error has broken.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Breakage {
    /// −1 early, +1 late.
    pub sign: f32,
    /// 0…1 of the largest error.
    pub size: f32,
    /// Since it broke, ms.
    pub age_ms: f64,
    /// 1 broken … 0 whole again.
    pub left: f32,
}

impl Scene<'_> {
    /// How far the plunger is up, 0…1: out in 40 ms, back in the rest.
    #[must_use]
    pub fn plunge(&self) -> f32 {
        self.timeline.last_press().map_or(0.0, |pressed| self.acted(pressed))
    }

    /// The same for the part that answers one lane.
    #[must_use]
    pub fn plunge_in(&self, key: Key) -> f32 {
        self.timeline.last_press_in(key).map_or(0.0, |pressed| self.acted(pressed))
    }

    /// How far what was pressed at a moment is driven in, 0…1.
    fn acted(&self, pressed: HostTime) -> f32 {
        let since = (self.now - pressed).as_ms();
        if !(0.0..PLUNGE_MS).contains(&since) {
            return 0.0;
        }
        let up = ease_out(since / 40.0);
        let down = ease_out((since - 60.0) / (PLUNGE_MS - 60.0));
        (up * (1.0 - down)) as f32
    }
}

/// Two steel rails on sleepers from edge to edge; `low` is where a thing of radius `ball` rolls.
pub fn rail(p: &mut Painter, scene: &Scene<'_>, lane: &Lane, ball: f32, lit: bool) {
    let look = scene.look;
    let y = lane.anchor.y - ball;
    let (left, right) = (-scene.room.half.x - 20.0, scene.room.half.x + 20.0);
    if lit {
        // The promise: the window of the last doozy stood open.
        let violet = look.cortex;
        let half = scene.room.half.x;
        p.glow(Vec2::new(0.0, y - 6.0), half * 1.25, 0.16, violet.with_alpha_of(0.30));
        p.glow(Vec2::new(lane.anchor.x, y), half * 0.5, 0.5, violet.with_alpha_of(0.16));
    }
    let step = 64.0;
    let first = (left / step).floor() as i32;
    let last = (right / step).ceil() as i32;
    for k in first..=last {
        let x = k as f32 * step;
        p.panel(
            Vec2::new(x - 7.0, y - 17.0),
            Vec2::new(x + 7.0, y - 5.0),
            2.0,
            look.iron.dark,
            look.iron.light.lightened(0.8),
        );
    }
    let rail = look.steel.shaded(0.55);
    p.wash(Vec2::new(left, y - 13.0), Vec2::new(right, y - 9.0), look.iron.dark, look.iron.mid);
    p.wash(Vec2::new(left, y - 6.0), Vec2::new(right, y - 1.6), rail.dark, rail.mid);
    let edge = if lit { look.cortex } else { rail.light };
    p.stroke(Vec2::new(left, y - 0.9), Vec2::new(right, y - 0.9), 1.6, edge, edge);
    if lit {
        let tube = look.cortex.mix(&LinearRgba::WHITE, 0.25);
        p.stroke(Vec2::new(left, y - 7.6), Vec2::new(right, y - 7.6), 2.6, tube, tube);
    }
}

/// The engraved plate below the lane: zero, the tolerance, and a tick each 10 units of error (each 50 longer).
pub fn plate(p: &mut Painter, scene: &Scene<'_>, lane: &Lane, plan: &TrialPlan) {
    let look = scene.look;
    let (x0, y) = (lane.anchor.x, lane.anchor.y - PLATE_BELOW);
    let per_unit = lane.per_unit;
    let reach = match plan.terms.unit {
        ErrorUnit::Milliseconds => plan.window.as_ms().max(plan.tol_ms * 2.2),
        ErrorUnit::Percent => plan.tol_ms * 3.0,
    } as f32;
    let half = (reach * per_unit + 16.0).min(scene.room.half.x - x0.abs() - 8.0);
    let (low, high) = (Vec2::new(x0 - half, y - PLATE_HALF), Vec2::new(x0 + half, y + PLATE_HALF));
    p.panel(low - Vec2::new(3.0, 6.0), high + Vec2::new(3.0, -1.0), 9.0, look.shadow, look.shadow);
    p.panel(low - Vec2::splat(2.0), high + Vec2::splat(2.0), 8.0, look.iron.dark, look.iron.light);
    p.panel(low, high, 7.0, look.ground.lightened(0.75), look.ground.lightened(1.35));
    // The tolerance: wide is easy. The clean middle is a little brighter.
    let clean = look.tiers[0];
    let tol = (plan.tol_ms as f32 * per_unit).min(half - 4.0);
    for (reach, alpha) in [(tol, 0.13), (tol * 0.5, 0.15)] {
        let c = clean.with_alpha_of(alpha);
        p.panel(
            Vec2::new(x0 - reach, low.y + 3.0),
            Vec2::new(x0 + reach, high.y - 3.0),
            3.0,
            c,
            c.with_alpha_of(alpha * 0.5),
        );
    }
    for sign in [-1.0, 1.0] {
        let x = x0 + sign * tol;
        let c = clean.with_alpha_of(0.7);
        p.stroke(Vec2::new(x, low.y + 3.0), Vec2::new(x, high.y - 3.0), 1.6, c, c);
    }
    // Ticks: finer ones only where they do not run together.
    let step = if per_unit * 10.0 >= 5.0 { 10 } else { 50 };
    let engraved = look.quiet.with_alpha_of(0.5);
    let mut at = step;
    while (at as f32) * per_unit < half - 8.0 {
        let long = at % 50 == 0;
        let length = if long { 8.0 } else { 4.0 };
        for sign in [-1.0, 1.0] {
            let x = x0 + sign * at as f32 * per_unit;
            p.stroke(Vec2::new(x, high.y - 2.0), Vec2::new(x, high.y - 2.0 - length), 0.8, engraved, engraved);
        }
        at += step;
    }
    let zero = look.text;
    p.stroke(Vec2::new(x0, low.y + 2.0), Vec2::new(x0, high.y + 5.0), 2.0, zero.with_alpha_of(0.8), zero);
    for x in [low.x + 8.0, high.x - 8.0] {
        p.bolt(Vec2::new(x, y), 3.6, look.brass.shaded(0.7));
    }
}

/// The place where a thing must be when it is due: a ring that it fills exactly, and a thread of light through it.
pub fn socket(p: &mut Painter, scene: &Scene<'_>, lane: &Lane, radius: f32, top: f32, lit: bool) {
    let look = scene.look;
    let at = lane.anchor;
    let color = if lit { look.cortex } else { look.text };
    let near = nearness(scene);
    p.stroke(
        Vec2::new(at.x, at.y - radius * 1.1),
        Vec2::new(at.x, top),
        1.4,
        color.with_alpha_of(0.55),
        color.with_alpha_of(0.08),
    );
    // The ring wakes as its moment comes, so that the eye knows which thing counts.
    p.ring(at, radius + 5.0, 2.4, color.with_alpha_of(0.45 + 0.5 * near));
    for k in 0..4 {
        let angle = TAU * (k as f32 + 0.5) / 4.0;
        p.arc(at, radius + 10.0, 2.0, angle - 0.16, 0.32, color.with_alpha_of(0.35 + 0.4 * near));
    }
}

/// How strongly the machine (or its part for one lane) still rings after a success, 0…1.
#[must_use]
pub fn ringing(scene: &Scene<'_>, key: Option<Key>) -> f32 {
    let of = |mark: &&Mark| match (key, &mark.verdict) {
        (None, verdict) => verdict.is_some(),
        (Some(key), Some(verdict)) => verdict.press.is_some_and(|press| press.lane == key),
        (Some(_), None) => false,
    };
    let Some(mark) = scene.timeline.marks().rev().find(of) else { return 0.0 };
    let since = (scene.now - mark.since).as_ms();
    let force = match mark.tier() {
        Some(Tier::Clean) => 1.0,
        Some(Tier::Slip) => 0.4,
        _ => return 0.0,
    };
    if since < 0.0 { 0.0 } else { force * (-since / 240.0).exp() as f32 }
}

/// How near the next target is, 0…1: 0 half an interval away or more, 1 when it is due. It tells time and nothing else.
pub fn nearness(scene: &Scene<'_>) -> f32 {
    let Some(due) = scene.timeline.next_due(scene.now) else { return 0.0 };
    let interval = scene.timeline.current(scene.now).map_or(Nanos::ms(600), |run| run.plan.interval);
    let share = 1.0 - (due - scene.now).as_ms() / (interval.as_ms() * 0.5);
    share.clamp(0.0, 1.0) as f32
}

/// Without travel: what has fallen lies on the error's side, and fades in and out with the damage.
pub fn wreck(p: &mut Painter, scene: &Scene<'_>, lane: &Lane) {
    let Some(broken) = scene.broken.filter(|_| scene.still) else { return };
    let look = scene.look;
    let shown = broken.left.min(ease_out(broken.age_ms / 120.0) as f32);
    let count = 8 + (26.0 * broken.size) as usize;
    let floor = lane.anchor.y - FLOOR_BELOW;
    p.faded(shown, |p| {
        for k in 0..count {
            // A golden-ratio sequence: even, and without a pattern that the eye would read.
            let spread = (k as f32 * 0.618).fract();
            let size = 5.0 + 9.0 * (k as f32 * 0.377).fract();
            let away = 70.0 + (120.0 + 330.0 * broken.size) * spread;
            let at = Vec2::new(lane.anchor.x + broken.sign * away, floor + size * 0.5);
            let metal = if k % 3 == 1 { look.iron } else { look.brass };
            p.speck(Vec2::new(at.x, floor), size * 1.8, 0.25, look.shadow);
            let turn = k as f32 * 1.3;
            let points: [Vec2; 5] = std::array::from_fn(|i| {
                let reach = size * [1.1, 0.7, 1.0, 0.6, 0.9][i];
                at + Vec2::from_angle(turn + TAU * i as f32 / 5.0) * reach
            });
            p.polygon(&points, |v| metal.lit((v - at) / size));
        }
    });
}

/// A turned column from `base` upwards.
pub fn post(p: &mut Painter, base: Vec2, half: f32, height: f32, metal: Metal) {
    p.glow(base, half * 3.4, 0.3, LinearRgba::new(0.0, 0.0, 0.0, 0.7));
    let foot = half * 1.9;
    p.lathe(
        base,
        &[
            (foot, 0.0),
            (foot, half * 0.7),
            (half * 1.2, half * 1.2),
            (half, half * 1.6),
            (half, height - half * 1.8),
            (half * 1.3, height - half * 1.4),
            (half * 1.5, height - half * 0.5),
            (half * 1.5, height),
        ],
        |u, v| metal.turned(u).lightened(0.62 + 0.38 * v),
    );
    for y in [half * 1.6, height - half * 2.0] {
        p.lathe(base + Vec2::Y * y, &[(half * 1.14, 0.0), (half * 1.14, half * 0.34)], |u, _| {
            metal.turned(u).lightened(1.25)
        });
    }
}

/// A beam of iron between two places, with bolts along it.
pub fn beam(p: &mut Painter, low: Vec2, high: Vec2, metal: Metal, bolts: usize) {
    p.panel(low, high, 4.0, metal.dark, metal.light.lightened(0.9));
    let inset = Vec2::new(5.0, 6.0);
    p.panel(low + inset, high - inset, 2.0, metal.mid, metal.dark);
    p.stroke(Vec2::new(low.x + 3.0, high.y - 1.2), Vec2::new(high.x - 3.0, high.y - 1.2), 1.2, metal.rim, metal.rim);
    for k in 0..bolts {
        let x = low.x + (high.x - low.x) * (k as f32 + 0.5) / bolts as f32;
        p.bolt(Vec2::new(x, (low.y + high.y) * 0.5), 4.2, metal);
    }
}

/// The plunger under the strike point: a spring, a rod, and a cap that every press drives up.
pub fn plunger(p: &mut Painter, scene: &Scene<'_>, at: Vec2, throw: f32, jolt: f32) {
    let look = scene.look;
    let up = if scene.still { 0.0 } else { scene.plunge() * throw };
    let floor = at.y - FLOOR_BELOW;
    p.lathe(
        Vec2::new(at.x, floor),
        &[(46.0, 0.0), (46.0, 8.0), (30.0, 13.0), (27.0, 64.0), (31.0, 68.0), (31.0, 74.0)],
        |u, v| look.iron.turned(u).lightened(0.75 + 0.5 * v),
    );
    p.within(Affine2::from_angle_translation(jolt, at), |p| {
        let base = -FLOOR_BELOW + 74.0;
        let top = -27.0 + up;
        let coils = 5;
        for k in 0..coils {
            let y = base + (top - base) * (k as f32 + 0.5) / coils as f32;
            let (a, b) = (Vec2::new(-13.0, y - 1.6), Vec2::new(13.0, y + 1.6));
            p.stroke(a, b, 3.2, look.steel.mid.lightened(0.5), look.steel.light.lightened(0.55));
        }
        p.lathe(Vec2::new(0.0, base), &[(4.0, 0.0), (4.0, top - base)], |u, _| look.steel.turned(u));
        p.lathe(Vec2::new(0.0, top - 2.0), &[(12.0, 0.0), (14.0, 3.0), (14.0, 8.0), (9.0, 11.0)], |u, _| {
            look.brass.turned(u)
        });
        if scene.still && scene.plunge() > 0.0 {
            // Without travel the cap glows instead.
            p.ring(Vec2::new(0.0, top + 4.0), 15.0, 3.0, look.text.with_alpha_of(scene.plunge()));
        }
    });
}
