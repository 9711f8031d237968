//! The bell: steel beads roll along a rail, each due under a bell exactly when it fills the socket; a press drives the
//! plunger that throws the bead at the bell. A bead whose beat is silent is a hollow shell.

use std::f32::consts::TAU;

use bevy::{
    color::Mix,
    math::{Affine2, Vec2},
    sprite::Anchor,
};
use doozy_training::{
    event::{CueKind, Role, Stage, Tier, TrialPlan},
    time::{HostTime, Nanos, TrialClock},
};

use super::{
    lane::{Lane, Room},
    layers::depth,
    machine::Machine,
    marks,
    paint::{Metal, Painter, Tint},
    parts::{self, Breakage, FLOOR_BELOW, Scene},
    timeline::{Mark, Run},
    travel::{self, LEAP_MS, Traveller},
};
use crate::{
    game::{
        feedback::captions::{Caption, Captions},
        theme::{Size, Weight, motion::ease_out},
    },
    text::Text,
};

/// Radius of a bead, design units.
pub const BEAD: f32 = 17.0;
/// Height of the bell's mouth above the lane.
const MOUTH: f32 = 92.0;
const BELL_HEIGHT: f32 = 176.0;
const BEAM: f32 = 326.0;
const POST_X: f32 = 236.0;
/// How long a struck bead flies up and back, ms. ◇
const FLIGHT_MS: f64 = 300.0;

/// Width of the rack on the beam.
const RACK: f32 = 460.0;
/// How long a bead is in sight before it is due, in intervals. ◇ Two and a bit: the one to strike and the one after it,
/// which is what the hand plans ahead for; more would crowd the lane.
const BEAD_LEAD: f64 = 2.05;

/// The bell.
#[derive(Clone, Copy, Debug)]
pub struct Bell;

impl Machine for Bell {
    fn lane(&self, plan: &TrialPlan, room: &Room) -> Lane {
        let ioi = if let Stage::Bell { ioi } = plan.stage { ioi } else { plan.interval };
        let anchor = Vec2::new(0.0, room.rail());
        Lane::new(plan, anchor, room.half.x + anchor.x, Nanos::from_ms(ioi.as_ms() * BEAD_LEAD))
    }

    fn back(&self, p: &mut Painter, scene: &Scene<'_>, lane: &Lane, _run: &Run) {
        paint_back(p, scene, lane);
    }

    fn front(&self, p: &mut Painter, scene: &Scene<'_>, lane: &Lane, run: &Run) {
        paint_front(p, scene, lane, run);
    }

    fn words(&self, captions: &mut Captions, text: &Text, scene: &Scene<'_>, lane: &Lane, run: &Run) {
        let Some(from) = run.clock.and_then(|clock| alone(run, clock)).filter(|_| !run.ended) else { return };
        let since = (scene.now - from).as_ms();
        let alpha = ease_out(since / 200.0) * (1.0 - ease_out((since - 1600.0) / 400.0));
        captions.say(Caption {
            text: text.get("stage-alone", &[]),
            at: self.count_in(lane),
            depth: depth::STAGE_TEXT,
            size: Size::Body,
            weight: Weight::Bold,
            color: scene.look.text.with_alpha_of(alpha as f32),
            anchor: Anchor::CENTER,
            scale: 1.0,
        });
    }

    fn heart(&self, lane: &Lane) -> Vec2 {
        lane.anchor + Vec2::new(0.0, MOUTH + 62.0)
    }
}

/// The machine behind the lane.
pub fn paint_back(p: &mut Painter, scene: &Scene<'_>, lane: &Lane) {
    let look = scene.look;
    let at = lane.anchor;
    let floor = at.y - FLOOR_BELOW;
    escapement(p, scene, at);
    for side in [-1.0, 1.0] {
        parts::post(p, Vec2::new(at.x + side * POST_X, floor), 15.0, BEAM + FLOOR_BELOW + 8.0, look.iron);
        // Braces.
        let corner = Vec2::new(at.x + side * (POST_X - 10.0), at.y + BEAM - 58.0);
        let inner = Vec2::new(at.x + side * (POST_X - 70.0), at.y + BEAM + 4.0);
        p.stroke(corner, inner, 9.0, look.iron.dark, look.iron.light.lightened(0.7));
        p.stroke(corner + Vec2::Y * 3.0, inner + Vec2::Y * 3.0, 1.2, look.iron.rim, look.iron.rim);
    }
    parts::beam(
        p,
        Vec2::new(at.x - POST_X - 34.0, at.y + BEAM),
        Vec2::new(at.x + POST_X + 34.0, at.y + BEAM + 30.0),
        look.iron,
        9,
    );
    bell(p, scene, lane);
}

/// A wheel behind the bell that moves one tooth a beat: it tells time and nothing else.
fn escapement(p: &mut Painter, scene: &Scene<'_>, at: Vec2) {
    let beats = scene
        .timeline
        .current(scene.now)
        .and_then(|run| Some((run, run.clock?)))
        .map_or(0, |(run, clock)| run.plan.cues.partition_point(|cue| clock.host(cue.at) <= scene.now));
    let step = scene.timeline.last_cue(scene.now).map_or(1.0, |(_, since, _)| ease_out(since.as_ms() / 90.0));
    let teeth = 30;
    let turn = if scene.still { 0.0 } else { -(beats as f32 - 1.0 + step as f32) * TAU / teeth as f32 };
    p.gear(at + Vec2::new(0.0, BEAM - 150.0), 142.0, teeth, turn, scene.look.iron.far(scene.look.ground, 0.55));
}

/// How the bell hangs: swings when struck, hangs by one bolt when broken.
fn sway(scene: &Scene<'_>) -> (f32, Vec2) {
    let mut angle = 0.0;
    let mut off = Vec2::ZERO;
    if scene.still {
        return (angle, off);
    }
    if let Some(Breakage { sign, size, age_ms, left }) = scene.broken {
        let swing = 1.0 - (-age_ms / 220.0).exp() * (age_ms / 90.0).cos();
        angle += sign * (0.30 + 0.45 * size) * swing as f32 * left;
        off += Vec2::new(sign * (26.0 + 70.0 * size), -18.0 - 30.0 * size) * left * ease_out(age_ms / 160.0) as f32;
    } else if let Some(mark) = scene.timeline.latest() {
        let since = (scene.now - mark.since).as_ms();
        let struck = mark.tier().is_some_and(Tier::is_success);
        if struck && (0.0..900.0).contains(&since) {
            let force = if mark.tier() == Some(Tier::Clean) { 0.035 } else { 0.055 };
            let lean = (mark.at.signum() as f32) * force;
            angle += lean * ((-since / 260.0).exp() * (since / 70.0).sin()) as f32;
        }
    }
    (angle, off)
}

fn bell(p: &mut Painter, scene: &Scene<'_>, lane: &Lane) {
    let look = scene.look;
    let (angle, off) = sway(scene);
    let pivot = lane.anchor + Vec2::new(0.0, BEAM) + off;
    let ring = parts::ringing(scene, None);
    if scene.broken.is_none() || scene.still {
        p.lathe(lane.anchor + Vec2::new(0.0, BEAM - 20.0), &[(16.0, 0.0), (16.0, 22.0)], |u, _| look.iron.turned(u));
    } else {
        // The torn bracket.
        let torn = lane.anchor + Vec2::new(0.0, BEAM);
        p.stroke(torn + Vec2::new(-14.0, 0.0), torn + Vec2::new(-8.0, -16.0), 5.0, look.iron.light, look.iron.dark);
        p.stroke(torn + Vec2::new(12.0, 0.0), torn + Vec2::new(17.0, -9.0), 5.0, look.iron.light, look.iron.dark);
        p.stroke(torn, pivot + Vec2::new(0.0, -34.0), 2.2, look.steel.mid, look.steel.mid);
    }
    if ring > 0.0 {
        let warm = look.lamp.with_alpha_of(0.20 * ring * scene.glow);
        p.glow(Bell.heart(lane) + off, 250.0, 0.95, warm);
    }
    p.within(Affine2::from_angle_translation(angle, pivot), |p| {
        let base = Vec2::new(0.0, MOUTH - BEAM);
        // Clapper.
        let hang = if scene.still { 0.0 } else { angle * 14.0 + ring * 3.0 };
        p.stroke(base + Vec2::new(0.0, 60.0), base + Vec2::new(hang, -4.0), 4.0, look.iron.dark, look.iron.light);
        p.ball(base + Vec2::new(hang, -7.0), 11.0, 0.4, look.iron);
        p.within(Affine2::from_translation(base), |p| cast(p, look.brass, ring));
        if let Some(Breakage { sign, left, size, .. }) = scene.broken {
            wound(p, base, sign, left * (0.5 + 0.5 * size), look.brass, scene);
        }
    });
}

/// The bell itself, its mouth's middle at the origin; `ring` 0…1 is how strongly it sounds.
pub fn cast(p: &mut Painter, bronze: Metal, ring: f32) {
    let profile: [(f32, f32); 13] = [
        (106.0, 0.0),
        (108.0, 4.0),
        (104.0, 11.0),
        (93.0, 24.0),
        (81.0, 44.0),
        (73.0, 66.0),
        (68.0, 92.0),
        (64.0, 118.0),
        (60.0, 136.0),
        (53.0, 150.0),
        (41.0, 161.0),
        (24.0, 169.0),
        (15.0, BELL_HEIGHT),
    ];
    // The mouth's inside.
    p.panel(Vec2::new(-103.0, -5.0), Vec2::new(103.0, 6.0), 6.0, bronze.dark, bronze.dark);
    p.lathe(Vec2::ZERO, &profile, |u, v| {
        let lip = (1.0 - ((v - 0.03) / 0.05).abs()).max(0.0) * 0.35;
        let falloff = 0.60 + 0.30 * v + lip;
        bronze.turned(u).lightened(falloff * (1.0 + 0.35 * ring))
    });
    for (y, half, thick) in
        [(22.0, 95.5, 2.4), (30.0, 90.5, 1.4), (112.0, 65.5, 1.6), (130.0, 62.5, 2.6), (137.0, 60.5, 1.4)]
    {
        p.lathe(Vec2::Y * y, &[(half, 0.0), (half, thick)], |u, _| bronze.turned(u).lightened(1.35));
        p.lathe(Vec2::Y * (y - 2.0), &[(half + 0.5, 0.0), (half, 2.0)], |u, _| bronze.turned(u).lightened(0.4));
    }
    // Crown.
    for x in [-9.0, 9.0] {
        p.arc(Vec2::new(x, BELL_HEIGHT + 4.0), 10.0, 5.0, 0.0, TAU, bronze.mid);
        p.arc(Vec2::new(x - 0.8, BELL_HEIGHT + 5.0), 10.0, 1.4, TAU * 0.2, TAU * 0.3, bronze.light);
    }
}

/// Where the bell's skin is torn open, on the side of the error.
fn wound(p: &mut Painter, base: Vec2, sign: f32, left: f32, bronze: Metal, scene: &Scene<'_>) {
    let inside = scene.look.ground.lightened(0.4);
    let mut points = [
        Vec2::new(102.0, -5.0),
        Vec2::new(98.0, 14.0),
        Vec2::new(84.0, 38.0),
        Vec2::new(73.0, 66.0),
        Vec2::new(60.0, 58.0),
        Vec2::new(63.0, 38.0),
        Vec2::new(47.0, 30.0),
        Vec2::new(52.0, 12.0),
        Vec2::new(38.0, -5.0),
    ]
    .map(|v| base + Vec2::new(v.x * sign, v.y));
    if sign < 0.0 {
        points.reverse();
    }
    p.faded((left * 2.0).min(1.0), |p| {
        let hub = base + Vec2::new(73.0 * sign, 22.0);
        for k in 0..points.len() {
            let next = (k + 1) % points.len();
            p.triangle([hub, points[k], points[next]], [inside; 3]);
            p.stroke(points[k], points[next], 2.0, bronze.light, bronze.light);
        }
        // Cracks that run on from it.
        for (from, to) in [((60.0, 58.0), (24.0, 104.0)), ((47.0, 30.0), (-4.0, 44.0)), ((73.0, 66.0), (54.0, 128.0))] {
            let at = |(x, y): (f32, f32)| base + Vec2::new(x * sign, y);
            let middle = at(from).lerp(at(to), 0.5) + Vec2::new(5.0 * sign, -6.0);
            p.strokes(&[at(from), middle, at(to)], 1.8, inside);
        }
    });
}

/// The lane before the machine: rail, beads, plunger, plate.
fn paint_front(p: &mut Painter, scene: &Scene<'_>, lane: &Lane, run: &Run) {
    let look = scene.look;
    let lit = run.plan.window_was_open;
    // The two feet of the machine's shadow.
    p.glow(Vec2::new(lane.anchor.x, lane.anchor.y - FLOOR_BELOW), 300.0, 0.12, look.shadow);
    let jolt = scene
        .broken
        .filter(|_| !scene.still)
        .map_or(0.0, |b| b.sign * -0.22 * b.left * ease_out(b.age_ms / 120.0) as f32);
    parts::plunger(p, scene, lane.anchor, 46.0, jolt);
    parts::rail(p, scene, lane, BEAD, lit);
    parts::wreck(p, scene, lane);
    parts::plate(p, scene, lane, &run.plan);
    parts::socket(p, scene, lane, BEAD, lane.anchor.y + MOUTH - 6.0, lit);
    beads(p, scene, lane);
    rack(p, scene, lane, run);
}

fn beads(p: &mut Painter, scene: &Scene<'_>, lane: &Lane) {
    let look = scene.look;
    let next = scene.timeline.next_due(scene.now);
    for (_, cue, x, alpha) in travel::cues(scene, lane, BEAD) {
        if matches!(cue.kind, CueKind::CountIn { .. }) {
            // Count-in beads are hollow: they are not to be struck.
            p.faded(alpha * 0.9, |p| {
                p.ring(Vec2::new(x, lane.anchor.y), BEAD * 0.62, 3.0, look.quiet);
                p.disc(Vec2::new(x, lane.anchor.y), 2.5, look.quiet, look.quiet);
            });
        }
    }
    for bead in travel::targets(scene, lane, BEAD) {
        let due = displaced(&bead, scene.now);
        let Some((x, mut alpha)) = travel::place(scene, lane, due, BEAD) else { continue };
        let hollow = matches!(bead.target.role, Role::PressAfter { .. });
        if hollow && bead.met.is_none() {
            // Nothing may beat for the eye where the player goes on alone.
            alpha *= alone(bead.run, bead.clock).map_or(1.0, |from| 1.0 - share_since(from, scene, bead.run));
            p.faded(alpha, |p| p.ring(Vec2::new(x, lane.anchor.y), BEAD - 1.5, 3.0, look.steel.light));
            continue;
        }
        if hollow {
            // Its moment was the player's own: the rack above has its verdict.
            continue;
        }
        let met = bead.met;
        let mark = scene.timeline.marks().rev().find(|m| m.target == Some(bead.target.id));
        let lift = mark.map_or(0.0, |m| flight(scene, m));
        let at = Vec2::new(x, lane.anchor.y + lift);
        p.faded(alpha, |p| {
            p.glow(Vec2::new(x, lane.anchor.y - BEAD), BEAD * 1.5, 0.35, look.shadow);
            let roll = -(x - lane.anchor.x) / BEAD;
            let metal = match met {
                Some((Tier::Clean | Tier::Slip, _)) => look.brass,
                Some(_) => look.iron,
                None => look.steel,
            };
            if Some(bead.due) == next && met.is_none() {
                p.glow(at, BEAD * 3.0, 1.0, look.lamp.with_alpha_of(0.20 * scene.glow));
            }
            if bead.silent() {
                travel::shell(p, at, BEAD, metal, look.ground);
            } else {
                p.ball(at, BEAD, if scene.still { 0.0 } else { roll }, metal);
            }
            if let Some((tier, side)) = met {
                let color = look.tier(tier).mix(&look.ground, 0.2);
                marks::met(p, at, BEAD, tier, side.sign() as f32, color);
            }
        });
    }
}

/// When a bead seems to be due: a displaced beat cannot be foreseen, so the train of beads runs on as it was until the
/// displaced one sounds. It then waits under the bell for a late one, or leaps to an early one.
fn displaced(bead: &Traveller<'_>, now: HostTime) -> HostTime {
    let targets = &bead.run.plan.targets;
    let mut due = bead.seems;
    for (before, target) in targets.iter().zip(targets.iter().skip(1)) {
        if !target.plain || target.at > bead.target.at {
            continue;
        }
        let moved = bead.clock.host(target.at);
        let by = target.at - before.at - bead.run.plan.interval;
        let expected = HostTime(moved.0 - by.0);
        if now < moved {
            due = if by.0 > 0 && now > expected { due - (moved - now) } else { due - by };
        } else if by.0 < 0 {
            let left = 1.0 - ease_out((now - moved).as_ms() / LEAP_MS);
            due = due + Nanos((-by.0 as f64 * left) as i64);
        }
    }
    due
}

/// When the player goes on alone: just after the last target that has a beat.
fn alone(run: &Run, clock: TrialClock) -> Option<HostTime> {
    let first = run.plan.targets.iter().position(|target| matches!(target.role, Role::PressAfter { .. }))?;
    let paced = run.plan.targets.get(first.checked_sub(1)?)?;
    Some(clock.host(paced.at + Nanos(run.plan.interval.0 / 5)))
}

/// How far an interval has gone by since `from`, 0…1.
fn share_since(from: HostTime, scene: &Scene<'_>, run: &Run) -> f32 {
    ((scene.now - from).as_ms() / (run.plan.interval.as_ms() * 0.8).max(1.0)).clamp(0.0, 1.0) as f32
}

/// The rack on the beam: a hollow pip for each press that is made in silence, filled as they come. It counts and tells
/// no time; at the phrase's end each pip shows how its press was.
fn rack(p: &mut Painter, scene: &Scene<'_>, lane: &Lane, run: &Run) {
    let Some(clock) = run.clock else { return };
    let Some(from) = alone(run, clock) else { return };
    let silent: Vec<_> =
        run.plan.targets.iter().filter(|target| matches!(target.role, Role::PressAfter { .. })).collect();
    let step = (RACK / silent.len().max(1) as f32).min(30.0);
    let radius = (step * 0.36).min(8.0);
    let look = scene.look;
    let over = HostTime(clock.host(run.plan.length).0);
    let came: Vec<HostTime> =
        scene.timeline.presses().map(|(t, _)| t).filter(|t| *t > from && *t <= over && *t <= scene.now).collect();
    let left = lane.anchor.x - step * (silent.len() as f32 - 1.0) * 0.5;
    let wakes = share_since(from, scene, run).max(0.35);
    for (k, target) in silent.iter().enumerate() {
        let at = Vec2::new(left + step * k as f32, lane.anchor.y + BEAM + 15.0);
        p.disc(at, radius + 2.5, look.ground, look.iron.dark);
        if let Some((tier, side)) = run.met.get(&target.id) {
            marks::form(p, at, radius, *tier, side.sign() as f32, look.tier(*tier));
        } else if let Some(pressed) = came.get(k).filter(|_| !run.ended) {
            let fresh = 1.0 - ((scene.now - *pressed).as_ms() / 300.0).clamp(0.0, 1.0) as f32;
            p.glow(at, radius * 3.0, 1.0, look.lamp.with_alpha_of(0.5 * fresh * scene.glow));
            p.disc(at, radius, look.steel.light, look.steel.mid);
        } else {
            p.ring(at, radius - 1.0, 2.0, look.quiet.with_alpha_of(wakes));
        }
    }
}

/// How far a struck bead is thrown up.
fn flight(scene: &Scene<'_>, mark: &Mark) -> f32 {
    if scene.still || mark.tier() == Some(Tier::Doozy) {
        return 0.0;
    }
    let since = (scene.now - mark.pressed).as_ms();
    if !(0.0..FLIGHT_MS).contains(&since) {
        return 0.0;
    }
    let k = since / FLIGHT_MS;
    let height = match mark.tier() {
        Some(Tier::Clean) => 72.0,
        Some(Tier::Slip) => 46.0,
        _ => 18.0,
    };
    (height * 4.0 * k * (1.0 - k)) as f32
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::game::stage::sample::{BELL, plan};

    /// Beats at 2200, 2800 and 3400 ms and four more an interval apart, the third displaced by `by` ms with all that follow.
    fn train(by: i64) -> Run {
        let mut plan = plan(0, BELL, true);
        plan.targets = (0..7)
            .map(|n: u32| {
                let at = 2200 + 600 * i64::from(n) + if n >= 2 { by } else { 0 };
                doozy_training::event::Target::press(n, Nanos::ms(at), doozy_training::event::Lane(0))
            })
            .collect();
        plan.targets[2].plain = true;
        Run::sample(&plan)
    }

    /// When bead `n` seems to be due at `now`, ms.
    fn seems(run: &Run, n: usize, now: i64) -> f64 {
        let clock = TrialClock { origin: HostTime(0), rate_ppb: 0 };
        let target = &run.plan.targets[n];
        let due = clock.host(target.at);
        let bead = Traveller { run, clock, target, due, seems: due, x: 0.0, alpha: 1.0, met: None };
        (displaced(&bead, HostTime(0) + Nanos::ms(now)) - HostTime(0)).as_ms()
    }

    #[test]
    fn a_displaced_beat_cannot_be_seen_coming() {
        for by in [-60, 60] {
            let run = train(by);
            // Until the displaced beat sounds (or should have sounded) the train is even.
            for now in [0, 1500, 2200, 2900, 3400 + by.min(0) - 1] {
                let dues: Vec<f64> = (0..7).map(|n| seems(&run, n, now)).collect();
                assert!(dues.windows(2).all(|w| (w[1] - w[0] - 600.0).abs() < 1e-6), "{by} at {now}: {dues:?}");
            }
        }
    }

    #[test]
    fn a_late_beat_waits_under_the_bell_until_it_sounds() {
        let run = train(60);
        for now in [3400, 3430, 3460] {
            assert!((seems(&run, 2, now) - now as f64).abs() < 1e-6, "at {now} the bead is at the strike point");
            assert!((seems(&run, 3, now) - seems(&run, 2, now) - 600.0).abs() < 1e-6, "its followers wait with it");
        }
        assert_eq!(seems(&run, 2, 3461), 3460.0);
    }

    #[test]
    fn an_early_beat_s_train_has_leapt_well_before_the_next_one_is_due() {
        let run = train(-60);
        assert_eq!(seems(&run, 3, 3339), 4000.0);
        assert!(seems(&run, 3, 3380) < 4000.0 && seems(&run, 3, 3380) >= 3940.0);
        assert_eq!(seems(&run, 3, 3340 + 100), 3940.0);
        assert_eq!(seems(&run, 6, 5000), 2200.0 + 6.0 * 600.0 - 60.0);
    }

    #[test]
    fn the_player_is_alone_from_the_last_paced_beat_on() {
        let mut plan = plan(0, BELL, true);
        let clock = TrialClock { origin: HostTime(0), rate_ppb: 0 };
        assert_eq!(alone(&Run::sample(&plan), clock), None);
        plan.targets[2].role = Role::PressAfter { after: Nanos::ms(600) };
        assert_eq!(alone(&Run::sample(&plan), clock), Some(HostTime(0) + Nanos::ms(2800 + 120)));
    }
}
