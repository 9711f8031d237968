//! Lanes: notes run along strings to a glockenspiel, each lane's to a bar of its own. A note has the form and the enamel
//! of its lane; one that is to be held has a bar behind it, one whose bar is silent is hollow.

use bevy::{
    color::Mix,
    math::{Affine2, Vec2},
};
use doozy_training::{
    event::{CueKind, Lane as Key, Stage, TrialPlan},
    time::Nanos,
};

use super::{
    lane::{Lane, Room},
    machine::{Breaks, Machine},
    marks,
    paint::{Painter, Tint},
    parts::{self, FLOOR_BELOW, Scene},
    timeline::Run,
    travel::{self, Traveller},
};
use crate::game::{
    feedback::{
        captions::Captions,
        replay::{self, Retold},
    },
    theme::motion::ease_out,
};

/// From string to string, design units: where there are many lanes they draw together.
const APART: f32 = 64.0;
/// Height of all strings together at most.
const HARP: f32 = 272.0;
/// From the strike line to the bars' near end.
const BARS: f32 = 40.0;
/// Length of the lowest lane's bar; higher ones are shorter, as their tones are.
const LONGEST: f32 = 218.0;

/// The glockenspiel.
#[derive(Clone, Copy, Debug)]
pub struct Lanes;

/// How many lanes a trial has.
fn count(plan: &TrialPlan) -> u8 {
    if let Stage::Lanes { lanes, .. } = plan.stage { lanes.max(1) } else { 1 }
}

/// Distance between strings.
fn apart(lanes: u8) -> f32 {
    APART.min(HARP / f32::from(lanes.saturating_sub(1).max(1)))
}

/// Radius of notes.
fn radius(lanes: u8) -> f32 {
    (apart(lanes) * 0.30).clamp(10.0, 19.0)
}

/// Height of a lane's string.
fn string(lane: &Lane, lanes: u8, key: Key) -> f32 {
    lane.anchor.y + apart(lanes) * f32::from(key.0.min(lanes - 1))
}

/// Height of the uppermost string.
fn top(lane: &Lane, lanes: u8) -> f32 {
    string(lane, lanes, Key(lanes - 1))
}

impl Machine for Lanes {
    fn lane(&self, plan: &TrialPlan, room: &Room) -> Lane {
        let approach = if let Stage::Lanes { approach, .. } = plan.stage { approach } else { plan.interval };
        let anchor = Vec2::new(room.half.x * 0.18, room.rail());
        Lane::new(plan, anchor, room.half.x + anchor.x, approach)
    }

    fn back(&self, p: &mut Painter, scene: &Scene<'_>, lane: &Lane, run: &Run) {
        let lanes = count(&run.plan);
        frame(p, scene, lane, lanes);
        for k in 0..lanes {
            bar(p, scene, lane, lanes, Key(k));
        }
    }

    fn front(&self, p: &mut Painter, scene: &Scene<'_>, lane: &Lane, run: &Run) {
        let lanes = count(&run.plan);
        strings(p, scene, lane, lanes, run.plan.window_was_open);
        parts::wreck(p, scene, lane);
        parts::plate(p, scene, lane, &run.plan);
        line(p, scene, lane, lanes, run.plan.window_was_open);
        notes(p, scene, lane, lanes);
    }

    fn heart(&self, lane: &Lane) -> Vec2 {
        lane.anchor + Vec2::new(BARS + 96.0, 96.0)
    }

    fn replay(&self, p: &mut Painter, _captions: &mut Captions, told: &Retold<'_>) {
        let key = told.target().map_or(Key(0), |target| target.lane);
        replay::on_a_line(p, told, |p, at, _| travel::note(p, at, replay::TRAVELLER, key, told.look.lane(key)));
        replay::other_lane(p, told);
    }

    fn strike(&self, lane: &Lane, plan: &TrialPlan, pressed: Key) -> Vec2 {
        Vec2::new(lane.anchor.x, string(lane, count(plan), pressed))
    }

    fn rings(&self, lane: &Lane, plan: &TrialPlan, pressed: Key) -> (Vec2, f32) {
        (Vec2::new(lane.anchor.x, string(lane, count(plan), pressed)), 0.34)
    }

    fn count_in(&self, lane: &Lane) -> Vec2 {
        lane.anchor + Vec2::new(-64.0, 314.0)
    }

    fn breaks(&self, lane: &Lane) -> Breaks {
        Breaks { at: lane.anchor + Vec2::new(BARS + 110.0, 110.0), spread: Vec2::new(110.0, 110.0) }
    }
}

/// The frame that the bars are bolted to.
fn frame(p: &mut Painter, scene: &Scene<'_>, lane: &Lane, lanes: u8) {
    let look = scene.look;
    let (at, floor) = (lane.anchor, lane.anchor.y - FLOOR_BELOW);
    let high = top(lane, lanes) - at.y + 62.0;
    let turn = if scene.still { 0.0 } else { scene.plunge() * 0.1 };
    p.gear(at + Vec2::new(150.0, high * 0.45), 132.0, 28, turn, look.iron.far(look.ground, 0.55));
    for x in [BARS + 18.0, BARS + 158.0] {
        parts::post(p, Vec2::new(at.x + x, floor), 11.0, high + FLOOR_BELOW, look.iron);
    }
    parts::beam(
        p,
        Vec2::new(at.x + BARS - 22.0, at.y + high - 4.0),
        Vec2::new(at.x + BARS + 198.0, at.y + high + 20.0),
        look.iron,
        4,
    );
}

/// One bar: it trembles when it sounds and hangs by its far bolt when broken.
fn bar(p: &mut Painter, scene: &Scene<'_>, lane: &Lane, lanes: u8, key: Key) {
    let look = scene.look;
    let ring = parts::ringing(scene, Some(key));
    let y = string(lane, lanes, key);
    let share = f32::from(key.0) / f32::from(lanes.max(2) - 1);
    let length = LONGEST - 62.0 * share;
    let half = (apart(lanes) * 0.24).clamp(7.0, 13.0);
    let tremble = if scene.still || ring < 0.02 {
        0.0
    } else {
        let since = scene.timeline.last_press_in(key).map_or(0.0, |pressed| (scene.now - pressed).as_ms());
        (since * 0.19).sin() as f32 * 2.4 * ring
    };
    let (mut lean, mut off) = (0.0, Vec2::ZERO);
    if let Some(b) = scene.broken.filter(|_| !scene.still) {
        // Every second bar tears off further than its neighbour.
        let own = 0.5 + 0.5 * f32::from((key.0 * 5 + 2) % 4) / 3.0;
        let k = ease_out(b.age_ms / 220.0) as f32 * b.left;
        lean = -b.sign * (0.16 + 0.5 * b.size) * own * k;
        off = Vec2::new(b.sign * (12.0 + 46.0 * b.size) * own, -10.0 * own) * k;
    }
    let near = Vec2::new(lane.anchor.x + BARS, y + tremble) + off;
    let enamel = look.lane(key);
    p.within(Affine2::from_angle_translation(lean, near + Vec2::X * 158.0), |p| {
        let low = Vec2::new(-158.0, -half);
        let high = Vec2::new(length - 158.0, half);
        p.panel(low - Vec2::new(-2.0, 5.0), high + Vec2::new(4.0, -6.0), 4.0, look.shadow, look.shadow);
        let shine = 0.78 + 0.6 * ring;
        p.panel(low, high, 4.0, look.brass.dark.lightened(1.6), look.brass.mid.lightened(shine));
        p.panel(
            Vec2::new(low.x + 2.0, 1.0),
            Vec2::new(high.x - 2.0, high.y - 1.5),
            3.0,
            look.brass.mid.lightened(shine),
            look.brass.light.lightened(shine),
        );
        // The lane's enamel at the struck end.
        p.panel(low + Vec2::new(4.0, 3.0), Vec2::new(low.x + 15.0, high.y - 3.0), 2.0, enamel.mid, enamel.light);
        for x in [18.0 - 158.0, 0.0] {
            p.bolt(Vec2::new(x, 0.0), 4.4, look.iron);
        }
    });
    if ring > 0.02 {
        p.glow(near + Vec2::X * 80.0, 120.0, 0.34, look.lamp.with_alpha_of(0.22 * ring * scene.glow));
    }
    // The mallet at the near end.
    let driven = if scene.still { 0.0 } else { scene.plunge_in(key) * 13.0 };
    let head = Vec2::new(lane.anchor.x + BARS - 17.0 + driven, y);
    p.stroke(head, head + Vec2::new(4.0, -half - 16.0), 3.0, look.steel.mid, look.steel.dark);
    p.ball(head, 7.0, 0.0, look.iron.shaded(1.3));
}

/// The strings that notes run along.
fn strings(p: &mut Painter, scene: &Scene<'_>, lane: &Lane, lanes: u8, lit: bool) {
    let look = scene.look;
    let half = scene.room.half.x + 20.0;
    let middle = (lane.anchor.y + top(lane, lanes)) * 0.5;
    // Behind the notes it is darker, so that they stand out.
    let (low, high) = (lane.anchor.y - 30.0, top(lane, lanes) + 30.0);
    let (shade, none) = (look.ground.with_alpha_of(0.62), look.ground.with_alpha_of(0.0));
    p.wash(Vec2::new(-half, low), Vec2::new(lane.anchor.x, high), shade, shade);
    p.wash(Vec2::new(-half, low - 24.0), Vec2::new(lane.anchor.x, low), none, shade);
    p.wash(Vec2::new(-half, high), Vec2::new(lane.anchor.x, high + 24.0), shade, none);
    if lit {
        p.glow(Vec2::new(0.0, middle), half * 1.2, 0.3, look.cortex.with_alpha_of(0.26));
    }
    for k in 0..lanes {
        let y = string(lane, lanes, Key(k));
        let hue = if lit { look.cortex } else { look.lane(Key(k)).light.mix(&look.quiet, 0.4) };
        let sounding = parts::ringing(scene, Some(Key(k)));
        let color = hue.with_alpha_of((0.34 + 0.4 * sounding).min(1.0));
        p.stroke(Vec2::new(-half, y), Vec2::new(lane.anchor.x, y), 1.8 + sounding, color.with_alpha_of(0.12), color);
        let rest = color.with_alpha_of(color.alpha * 0.5);
        p.stroke(Vec2::new(lane.anchor.x, y), Vec2::new(half, y), 1.2, rest, rest.with_alpha_of(0.0));
    }
}

/// The strike line with a socket in the form of each lane.
fn line(p: &mut Painter, scene: &Scene<'_>, lane: &Lane, lanes: u8, lit: bool) {
    let look = scene.look;
    let x = lane.anchor.x;
    let near = parts::nearness(scene);
    let color = if lit { look.cortex } else { look.text };
    let (low, high) = (lane.anchor.y - 34.0, top(lane, lanes) + 34.0);
    let bright = color.with_alpha_of(0.40 + 0.35 * near);
    p.glow(Vec2::new(x, (low + high) * 0.5), (high - low) * 0.62, 1.0, look.lamp.with_alpha_of(0.05 * scene.glow));
    p.stroke(Vec2::new(x, low), Vec2::new(x, high), 2.2, bright, bright);
    for y in [low, high] {
        p.disc(Vec2::new(x, y), 4.5, color, color.with_alpha_of(0.7));
    }
    let radius = radius(lanes);
    for k in 0..lanes {
        let key = Key(k);
        let at = Vec2::new(x, string(lane, lanes, key));
        let pressed = scene.plunge_in(key);
        let enamel = look.lane(key);
        p.disc(at, radius + 5.0, look.ground.with_alpha_of(0.8), look.ground.with_alpha_of(0.5));
        if pressed > 0.0 {
            p.disc(at, radius, enamel.light.with_alpha_of(0.45 * pressed), enamel.light.with_alpha_of(0.2 * pressed));
        }
        travel::outline(p, at, radius + 3.0, key, 2.6, enamel.light.with_alpha_of(0.75 + 0.25 * pressed));
    }
}

fn notes(p: &mut Painter, scene: &Scene<'_>, lane: &Lane, lanes: u8) {
    let look = scene.look;
    let radius = radius(lanes);
    let (low, high) = (lane.anchor.y - 30.0, top(lane, lanes) + 30.0);
    for (_, cue, x, alpha) in travel::cues(scene, lane, radius) {
        if matches!(cue.kind, CueKind::CountIn { .. }) {
            // A bar line: it counts and is not to be struck.
            let color = look.quiet.with_alpha_of(0.7 * alpha);
            p.stroke(Vec2::new(x, low), Vec2::new(x, high), 1.6, color, color);
            p.ring(Vec2::new(x, high + 9.0), 5.5, 2.2, color);
        }
    }
    let next = scene.timeline.next_due(scene.now);
    for note in travel::targets(scene, lane, radius) {
        let at = Vec2::new(note.x, string(lane, lanes, note.target.lane));
        hold(p, scene, lane, &note, at, radius);
        if note.x > scene.room.half.x + radius {
            continue;
        }
        let struck = note.met.is_some_and(|(tier, _)| tier.is_success());
        let kept = note.target.hold.is_some() && struck;
        if kept {
            // The head of a hold stays where it is held.
            continue;
        }
        p.faded(note.alpha, |p| {
            if Some(note.due) == next && note.met.is_none() {
                p.glow(at, radius * 2.8, 1.0, look.lane(note.target.lane).light.with_alpha_of(0.22 * scene.glow));
            }
            let metal = match note.met {
                None => look.lane(note.target.lane),
                Some(_) if struck => look.brass,
                Some(_) => look.iron,
            };
            let size = if struck { radius * 0.8 } else { radius };
            if note.silent() {
                travel::hollow_note(p, at, size, note.target.lane, metal, look.ground);
            } else {
                travel::note(p, at, size, note.target.lane, metal);
            }
            if let Some((tier, side)) = note.met {
                marks::met(p, at, size, tier, side.sign() as f32, look.tier(tier));
            }
        });
    }
}

/// The bar behind a note that is to be held; as it is held it runs into the strike line.
fn hold(p: &mut Painter, scene: &Scene<'_>, lane: &Lane, note: &Traveller<'_>, head: Vec2, radius: f32) {
    let Some(length) = note.target.hold else { return };
    let look = scene.look;
    let tail_due = note.due + length;
    let tail = lane.x(tail_due, scene.now).max(lane.anchor.x - lane.reach);
    let let_go = note.run.let_go.get(&note.target.id).copied();
    let held = note.met.is_some_and(|(tier, _)| tier.is_success()) && let_go.is_none() && scene.now < tail_due;
    // What was held has run into the strike line; what was let go of too soon is seen to be left over.
    let kept = let_go.is_some_and(|(tier, _)| tier.is_success());
    let front = if held { lane.anchor.x } else { head.x.min(scene.room.half.x + 30.0) };
    if front <= tail && !kept {
        return;
    }
    let enamel = match note.met {
        Some((tier, _)) if !tier.is_success() => look.iron,
        _ if let_go.is_some() => look.iron,
        _ => look.lane(note.target.lane),
    };
    let half = radius * 0.46;
    let over = Nanos::ms(200);
    let fade = if scene.now > tail_due + over { 0.4 } else { 1.0 };
    p.faded(fade * scene.travellers, |p| {
        let (low, high) = (Vec2::new(tail, head.y - half), Vec2::new(front, head.y + half));
        if !kept {
            p.panel(low, high, half, enamel.dark, enamel.mid.with_alpha_of(0.85));
        }
        if held {
            p.panel(low, high, half, enamel.light.with_alpha_of(0.55), enamel.light.with_alpha_of(0.75));
            p.glow(Vec2::new(front, head.y), radius * 2.4, 1.0, enamel.light.with_alpha_of(0.4 * scene.glow));
        }
        // Its end is as much a moment as its beginning.
        let cap = Vec2::new(tail, head.y);
        p.stroke(cap - Vec2::Y * radius * 0.8, cap + Vec2::Y * radius * 0.8, 3.4, enamel.light, enamel.light);
        if let Some((tier, side)) = let_go {
            marks::form(p, cap, radius * 0.6, tier, side.sign() as f32, look.tier(tier));
        }
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::game::stage::sample::plan;

    fn lanes(n: u8) -> TrialPlan {
        plan(0, Stage::Lanes { lanes: n, approach: Nanos::ms(1500) }, true)
    }

    #[test]
    fn every_lane_has_a_string_of_its_own_inside_the_room() {
        let room = Room::default();
        for n in 1..=8 {
            let plan = lanes(n);
            let lane = Lane::of(&plan, &room);
            let heights: Vec<f32> = (0..n).map(|k| Lanes.strike(&lane, &plan, Key(k)).y).collect();
            assert!(heights.windows(2).all(|w| w[1] - w[0] > 2.0 * radius(n)), "{n} lanes overlap: {heights:?}");
            assert!(heights.iter().all(|y| *y > room.bottom() && *y + 70.0 < room.half.y), "{n}: {heights:?}");
        }
    }

    #[test]
    fn a_note_is_seen_as_long_as_the_level_says() {
        let lane = Lane::of(&lanes(4), &Room::default());
        assert_eq!(lane.lead, Nanos::ms(1500));
        assert!((lane.offset_ms(-1500.0) - (lane.anchor.x - lane.reach)).abs() < 1e-3);
    }
}
