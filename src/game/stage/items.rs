//! Items: a signal box. A lamp lights, and the lever under it is to be thrown; a bead runs along the rail meanwhile and
//! reaches the strike point when the player's usual reaction is over, so that whoever is slow sees by how much.

use std::f32::consts::TAU;

use bevy::math::{Affine2, Vec2};
use doozy_training::{
    event::{Lane as Key, Role, Stage, TrialPlan},
    time::{HostTime, Nanos},
};

use super::{
    lane::{Lane, Room},
    machine::{Breaks, Machine},
    marks,
    paint::{Painter, Tint},
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

/// From lamp to lamp at most, design units.
const APART: f32 = 148.0;
/// Middles of lamps and pivots of levers above the rail.
const LAMP: f32 = 216.0;
const LEVER: f32 = 62.0;
/// Radius of a lamp's glass at most.
const GLASS: f32 = 42.0;
/// Radius of the bead that runs while a lamp waits.
const BEAD: f32 = 9.0;
/// Time from the lane's left end to the strike point ◇: longer than reactions are, so that a bead begins in sight.
const LEAD: Nanos = Nanos::ms(900);
/// A lamp comes up in this time, ms. ◇ At once for the eye.
const LIGHTS_MS: f64 = 30.0;

/// The signal box.
#[derive(Clone, Copy, Debug)]
pub struct Items;

fn count(plan: &TrialPlan) -> u8 {
    if let Stage::Items { lanes } = plan.stage { lanes.max(1) } else { 1 }
}

/// From lamp to lamp: as many as there are find room between the lane's ends.
fn apart(lane: &Lane, lanes: u8) -> f32 {
    APART.min((2.0 * lane.reach - 60.0) / f32::from(lanes))
}

fn x(lane: &Lane, lanes: u8, key: Key) -> f32 {
    lane.anchor.x + apart(lane, lanes) * (f32::from(key.0) - (f32::from(lanes) - 1.0) * 0.5)
}

fn glass(lane: &Lane, lanes: u8) -> f32 {
    (apart(lane, lanes) * 0.30).min(GLASS)
}

impl Machine for Items {
    fn lane(&self, plan: &TrialPlan, room: &Room) -> Lane {
        Lane::new(plan, Vec2::new(0.0, room.rail()), room.half.x, LEAD)
    }

    fn back(&self, p: &mut Painter, scene: &Scene<'_>, lane: &Lane, run: &Run) {
        let look = scene.look;
        let lanes = count(&run.plan);
        let (at, floor) = (lane.anchor, lane.anchor.y - FLOOR_BELOW);
        let half = apart(lane, lanes) * f32::from(lanes) * 0.5 + 16.0;
        for side in [-1.0, 1.0] {
            parts::post(p, Vec2::new(at.x + side * (half - 6.0), floor), 12.0, LAMP + 96.0 + FLOOR_BELOW, look.iron);
        }
        // The cabinet.
        let (low, high) = (at + Vec2::new(-half, 40.0), at + Vec2::new(half, LAMP + 74.0));
        p.panel(low - Vec2::new(4.0, 9.0), high + Vec2::new(6.0, -2.0), 14.0, look.shadow, look.shadow);
        p.panel(low, high, 12.0, look.iron.dark, look.iron.light.lightened(0.9));
        p.panel(low + Vec2::splat(7.0), high - Vec2::splat(7.0), 9.0, look.ground.lightened(0.9), look.iron.mid);
        for corner in [low, high, Vec2::new(low.x, high.y), Vec2::new(high.x, low.y)] {
            let inward = (at + Vec2::Y * (LAMP * 0.5 + 57.0) - corner).signum() * 15.0;
            p.bolt(corner + inward, 4.2, look.brass.shaded(0.8));
        }
        let waits = waiting(scene);
        for k in 0..lanes {
            lamp(p, scene, lane, lanes, Key(k), waits);
            lever(p, scene, lane, lanes, Key(k));
        }
    }

    fn front(&self, p: &mut Painter, scene: &Scene<'_>, lane: &Lane, run: &Run) {
        let look = scene.look;
        let lit = run.plan.window_was_open;
        parts::rail(p, scene, lane, BEAD + 4.0, lit);
        parts::wreck(p, scene, lane);
        parts::plate(p, scene, lane, &run.plan);
        parts::socket(p, scene, lane, BEAD + 2.0, lane.anchor.y + 34.0, lit);
        if let Some(Waiting { key, due, .. }) = waiting(scene)
            && let Some((x, alpha)) = travel::place(scene, lane, due, BEAD)
        {
            let at = Vec2::new(x, lane.anchor.y);
            p.faded(alpha, |p| {
                let trail = at - Vec2::X * 60.0;
                let hue = look.lane(key).light;
                p.stroke(trail, at, 5.0, hue.with_alpha_of(0.0), hue.with_alpha_of(0.5));
                p.ball(at, BEAD, 0.0, look.lane(key));
            });
        }
    }

    fn heart(&self, lane: &Lane) -> Vec2 {
        lane.anchor + Vec2::new(0.0, LAMP)
    }

    fn replay(&self, p: &mut Painter, _captions: &mut Captions, told: &Retold<'_>) {
        let key = told.target().map_or(Key(0), |target| target.lane);
        replay::on_a_line(p, told, |p, at, _| travel::note(p, at, replay::TRAVELLER, key, told.look.lane(key)));
        replay::other_lane(p, told);
    }

    fn strike(&self, lane: &Lane, plan: &TrialPlan, pressed: Key) -> Vec2 {
        Vec2::new(x(lane, count(plan), pressed), lane.anchor.y + LAMP)
    }

    fn rings(&self, lane: &Lane, plan: &TrialPlan, pressed: Key) -> (Vec2, f32) {
        (self.strike(lane, plan, pressed), 0.5)
    }

    fn count_in(&self, lane: &Lane) -> Vec2 {
        lane.anchor + Vec2::new(0.0, LAMP + 108.0)
    }

    fn breaks(&self, lane: &Lane) -> Breaks {
        Breaks { at: self.heart(lane), spread: Vec2::new(220.0, 46.0) }
    }
}

/// An item that waits for its response.
#[derive(Clone, Copy)]
struct Waiting {
    key: Key,
    onset: HostTime,
    due: HostTime,
    /// No response counts after this.
    until: HostTime,
}

/// The lamp that is lit now.
fn waiting(scene: &Scene<'_>) -> Option<Waiting> {
    let run = scene.timeline.current(scene.now).filter(|run| !run.ended)?;
    let clock = run.clock?;
    let lit = |target: &&doozy_training::event::Target| {
        let Role::React { onset, .. } = target.role else { return false };
        clock.host(onset) <= scene.now
    };
    let target = run.plan.targets.iter().rev().find(lit)?;
    let Role::React { onset, .. } = target.role else { return None };
    let until = clock.host(target.at + run.plan.window);
    let answered = run.met.contains_key(&target.id) || scene.now > until;
    (!answered).then(|| Waiting { key: target.lane, onset: clock.host(onset), due: clock.host(target.at), until })
}

fn lamp(p: &mut Painter, scene: &Scene<'_>, lane: &Lane, lanes: u8, key: Key, waits: Option<Waiting>) {
    let look = scene.look;
    let radius = glass(lane, lanes);
    let enamel = look.lane(key);
    let mut at = Vec2::new(x(lane, lanes, key), lane.anchor.y + LAMP);
    let mut lean = 0.0;
    if let Some(b) = scene.broken.filter(|_| !scene.still) {
        // The box is hit from the error's side: lamps hang askew, the farther ones less.
        let own = 0.35 + 0.65 * f32::from((key.0 * 3 + 1) % 4) / 3.0;
        let k = ease_out(b.age_ms / 200.0) as f32 * b.left * own;
        at += Vec2::new(b.sign * (8.0 + 34.0 * b.size), -8.0 - 20.0 * b.size) * k;
        lean = -b.sign * (0.2 + 0.5 * b.size) * k;
    }
    let lit = waits.filter(|w| w.key == key);
    let bright = lit.map_or(0.0, |w| ease_out((scene.now - w.onset).as_ms() / LIGHTS_MS) as f32);
    if bright > 0.0 {
        p.glow(at, radius * 3.2, 1.0, enamel.light.with_alpha_of(0.34 * bright * scene.glow.max(0.25)));
    }
    p.within(Affine2::from_angle_translation(lean, at), |p| {
        p.disc(Vec2::new(2.0, -4.0), radius + 13.0, look.shadow, look.shadow.with_alpha_of(0.2));
        p.disc(Vec2::ZERO, radius + 11.0, look.brass.mid.lightened(0.7), look.brass.dark.lightened(1.3));
        p.arc(Vec2::ZERO, radius + 8.0, 3.4, TAU * 0.14, TAU * 0.30, look.brass.light.with_alpha_of(0.8));
        p.disc(Vec2::ZERO, radius + 3.0, look.ground.lightened(0.5), look.ground.lightened(0.35));
        let dim = (enamel.mid.lightened(0.20), enamel.dark.lightened(0.5));
        let core = bevy::color::Mix::mix(&dim.0, &enamel.light, bright);
        let rim = bevy::color::Mix::mix(&dim.1, &enamel.mid, bright);
        p.disc(Vec2::ZERO, radius, core, rim);
        // The glass has its lane's form, bright when lit, an outline at rest.
        let form = if bright > 0.5 { look.ground.with_alpha_of(0.9) } else { enamel.light.with_alpha_of(0.75) };
        travel::outline(p, Vec2::ZERO, radius * 0.42, key, 3.4, form);
        p.speck(Vec2::new(-0.34, 0.42) * radius, radius * 0.4, 0.7, enamel.glint.with_alpha_of(0.45));
    });
    if let Some(w) = lit {
        // The time that is left runs out around it, clockwise from the top, until no response counts.
        let whole = (w.until - w.onset).as_ms().max(1.0);
        let left = (1.0 - (scene.now - w.onset).as_ms() / whole).clamp(0.0, 1.0) as f32;
        p.arc(at, radius + 18.0, 4.0, TAU * 0.25, TAU * left, look.text.with_alpha_of(0.75));
    }
}

/// The lever under a lamp: a press throws it.
fn lever(p: &mut Painter, scene: &Scene<'_>, lane: &Lane, lanes: u8, key: Key) {
    let look = scene.look;
    let pivot = Vec2::new(x(lane, lanes, key), lane.anchor.y + LEVER);
    let thrown = scene.plunge_in(key);
    let swing = if scene.still { 0.0 } else { thrown };
    let slot = Vec2::new(7.0, 38.0);
    p.panel(
        pivot + Vec2::new(-slot.x, -6.0),
        pivot + Vec2::new(slot.x, slot.y + 30.0),
        6.0,
        look.ground.lightened(0.4),
        look.ground.lightened(0.4),
    );
    let knob = pivot + Vec2::new(0.0, 58.0 - 52.0 * swing);
    p.stroke(pivot + Vec2::new(0.0, -2.0), knob, 6.0, look.steel.dark, look.steel.light);
    p.ball(knob, 12.0, 0.0, look.lane(key));
    if scene.still && thrown > 0.0 {
        p.ring(knob, 17.0, 3.0, look.text.with_alpha_of(thrown));
    }
    p.bolt(pivot + Vec2::new(0.0, -12.0), 3.6, look.iron);
    let wrong = scene.timeline.latest().filter(|mark| {
        let age = (scene.now - mark.since).as_ms();
        let missed = mark.verdict.as_ref().is_some_and(|v| {
            v.kind == doozy_training::event::EventKind::WrongLane && v.press.is_some_and(|press| press.lane == key)
        });
        missed && (0.0..900.0).contains(&age)
    });
    if let Some((mark, tier)) = wrong.and_then(|mark| Some((mark, mark.tier()?))) {
        // The lever that was not asked for.
        let left = 1.0 - ((scene.now - mark.since).as_ms() / 900.0) as f32;
        marks::form(p, knob + Vec2::Y * 26.0, 9.0, tier, 1.0, look.tier(tier).with_alpha_of(left));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::game::stage::sample::plan;

    #[test]
    fn lamps_stand_in_the_order_of_their_lanes_and_inside_every_window() {
        for half in [202.0, 480.0, 640.0, 1280.0] {
            for lanes in 2..=8 {
                let plan = plan(0, Stage::Items { lanes }, true);
                let lane = Lane::of(&plan, &Room { half: Vec2::new(half, 360.0), strip: 144.0 });
                let places: Vec<f32> = (0..lanes).map(|k| Items.strike(&lane, &plan, Key(k)).x).collect();
                let width = 2.0 * (glass(&lane, lanes) + 4.0);
                assert!(places.windows(2).all(|w| w[1] - w[0] >= width), "{lanes} in {half}: {places:?}");
                assert!(places.iter().all(|x| x.abs() + width * 0.5 <= half), "{lanes} in {half}: {places:?}");
            }
        }
    }
}
