//! The grid: a gong behind a ratchet. Pegs stand where the beat and its steps are, large ones and small ones; beads roll
//! where the player is to strike. A peg that is heard is solid, a silent one hollow, so that what to press is never
//! mistaken for what is only there to count by.

use std::f32::consts::TAU;

use bevy::{
    color::Mix,
    math::{Affine2, Vec2},
};
use doozy_training::{
    event::{Cue, CueKind, Stage, Tier, TrialPlan},
    time::Nanos,
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
use crate::game::theme::motion::ease_out;

/// Radius of a bead at most, design units.
const BEAD: f32 = 16.0;
/// Middle of the gong above the rail, and its radius.
const GONG: f32 = 196.0;
const GONG_HALF: f32 = 86.0;
const BEAM: f32 = 326.0;
const POST_X: f32 = 206.0;
/// Heights of the pegs above the rail.
const PEG_BEAT: f32 = 62.0;
const PEG_STEP: f32 = 38.0;
/// A beat and a half are in sight ◇: the figure that is played now and the beginning of the next; never so short that the
/// hand cannot plan, never so long that small steps run together.
const LEAD_BEATS: f64 = 1.6;
const LEAD_MS: (f64, f64) = (1200.0, 2600.0);

/// The gong.
#[derive(Clone, Copy, Debug)]
pub struct Grid;

/// Beat and divisions of a trial.
fn grid(plan: &TrialPlan) -> (Nanos, u8) {
    if let Stage::Grid { beat, divisions } = plan.stage { (beat, divisions.max(1)) } else { (plan.interval, 1) }
}

/// Radius of the beads: where steps lie close, small enough for the gap between them to be seen.
fn radius(plan: &TrialPlan, lane: &Lane) -> f32 {
    let (beat, divisions) = grid(plan);
    (beat.as_ms() as f32 / f32::from(divisions) * lane.per_ms() * 0.36).clamp(7.0, BEAD)
}

impl Machine for Grid {
    fn lane(&self, plan: &TrialPlan, room: &Room) -> Lane {
        let (beat, _) = grid(plan);
        let anchor = Vec2::new(0.0, room.rail());
        let lead = (beat.as_ms() * LEAD_BEATS).clamp(LEAD_MS.0, LEAD_MS.1);
        Lane::new(plan, anchor, room.half.x, Nanos::from_ms(lead))
    }

    fn back(&self, p: &mut Painter, scene: &Scene<'_>, lane: &Lane, run: &Run) {
        let look = scene.look;
        let (at, floor) = (lane.anchor, lane.anchor.y - FLOOR_BELOW);
        ratchet(p, scene, lane, run);
        for side in [-1.0, 1.0] {
            parts::post(p, Vec2::new(at.x + side * POST_X, floor), 13.0, BEAM + FLOOR_BELOW + 8.0, look.iron);
        }
        parts::beam(
            p,
            Vec2::new(at.x - POST_X - 30.0, at.y + BEAM),
            Vec2::new(at.x + POST_X + 30.0, at.y + BEAM + 28.0),
            look.iron,
            7,
        );
        gong(p, scene, lane);
    }

    fn front(&self, p: &mut Painter, scene: &Scene<'_>, lane: &Lane, run: &Run) {
        let look = scene.look;
        let lit = run.plan.window_was_open;
        let bead = radius(&run.plan, lane);
        p.glow(Vec2::new(lane.anchor.x, lane.anchor.y - FLOOR_BELOW), 300.0, 0.12, look.shadow);
        parts::plunger(p, scene, lane.anchor, 46.0, 0.0);
        parts::rail(p, scene, lane, BEAD, lit);
        parts::wreck(p, scene, lane);
        parts::plate(p, scene, lane, &run.plan);
        steps(p, scene, lane, run);
        for (_, cue, x, alpha) in travel::cues(scene, lane, BEAD) {
            p.faded(alpha, |p| peg(p, scene, lane, cue, x));
        }
        parts::socket(p, scene, lane, bead, lane.anchor.y + GONG - GONG_HALF - 4.0, lit);
        beads(p, scene, lane, bead);
    }

    fn heart(&self, lane: &Lane) -> Vec2 {
        lane.anchor + Vec2::new(0.0, GONG)
    }

    fn count_in(&self, lane: &Lane) -> Vec2 {
        lane.anchor + Vec2::new(0.0, GONG)
    }

    fn breaks(&self, lane: &Lane) -> Breaks {
        Breaks { at: self.heart(lane), spread: Vec2::new(80.0, 80.0) }
    }
}

/// The wheel behind the gong: a tooth a step, so that the beat's spokes stand upright on the beat.
fn ratchet(p: &mut Painter, scene: &Scene<'_>, lane: &Lane, run: &Run) {
    let (_, divisions) = grid(&run.plan);
    let teeth = usize::from(divisions) * 8;
    let gone = run.clock.map_or(0, |clock| run.plan.cues.partition_point(|cue| clock.host(cue.at) <= scene.now));
    let step = scene.timeline.last_cue(scene.now).map_or(1.0, |(_, since, _)| ease_out(since.as_ms() / 90.0));
    let turn = if scene.still { 0.0 } else { -(gone as f32 - 1.0 + step as f32) * TAU / teeth as f32 };
    p.gear(lane.anchor + Vec2::new(0.0, GONG), 138.0, teeth, turn, scene.look.iron.far(scene.look.ground, 0.5));
}

fn gong(p: &mut Painter, scene: &Scene<'_>, lane: &Lane) {
    let look = scene.look;
    let brass = look.brass;
    let ring = parts::ringing(scene, None);
    let hook = lane.anchor + Vec2::new(0.0, BEAM);
    let (mut lean, mut off, mut torn) = (0.0, Vec2::ZERO, None);
    if let Some(b) = scene.broken.filter(|_| !scene.still) {
        let k = ease_out(b.age_ms / 200.0) as f32 * b.left;
        let swing = 1.0 - (-b.age_ms / 260.0).exp() * (b.age_ms / 100.0).cos();
        lean = b.sign * (0.35 + 0.5 * b.size) * swing as f32 * b.left;
        off = Vec2::new(b.sign * (16.0 + 60.0 * b.size), -14.0) * k;
        torn = Some(b.sign);
    } else if !scene.still && ring > 0.02 {
        let since = scene.timeline.latest().map_or(0.0, |mark| (scene.now - mark.since).as_ms());
        lean = ((since / 80.0).sin() as f32) * 0.03 * ring;
    }
    if ring > 0.0 {
        p.glow(hook - Vec2::Y * (BEAM - GONG), 210.0, 1.0, look.lamp.with_alpha_of(0.20 * ring * scene.glow));
    }
    p.within(Affine2::from_angle_translation(lean, hook + off), |p| {
        let c = Vec2::new(0.0, GONG - BEAM);
        for side in [-1.0_f32, 1.0] {
            // The cord on the side that tore hangs loose.
            let from = Vec2::new(side * 44.0, if torn == Some(-side) { -30.0 } else { -2.0 });
            p.stroke(from, c + Vec2::new(side * 40.0, 74.0), 2.6, look.steel.mid, look.steel.dark);
        }
        p.disc(c + Vec2::new(5.0, -7.0), GONG_HALF + 3.0, look.shadow, look.shadow.with_alpha_of(0.2));
        let bright = 1.0 + 0.4 * ring;
        p.disc(c, GONG_HALF, brass.dark.lightened(1.5), brass.dark.lightened(1.1));
        p.ring(c, GONG_HALF - 5.0, 9.0, brass.mid.lightened(0.9 * bright));
        p.arc(c, GONG_HALF - 3.0, 2.6, TAU * 0.16, TAU * 0.30, brass.light.lightened(bright));
        p.disc(c, GONG_HALF - 13.0, brass.mid.lightened(0.95 * bright), brass.mid.lightened(0.42 * bright));
        for k in 0..4 {
            let r = 64.0 - 11.0 * k as f32;
            p.ring(c, r, 1.6, brass.dark.with_alpha_of(0.55));
            p.arc(c, r - 1.6, 1.2, TAU * 0.14, TAU * 0.24, brass.light.with_alpha_of(0.55));
        }
        p.disc(c, 20.0, brass.light.lightened(0.8 * bright), brass.mid.lightened(0.55 * bright));
        p.glow(c + Vec2::new(-30.0, 34.0), 56.0, 0.8, brass.glint.with_alpha_of(0.20 + 0.2 * ring));
        p.speck(c + Vec2::new(-6.0, 7.0), 10.0, 0.9, brass.glint.with_alpha_of(0.7));
        if let Some(b) = scene.broken {
            crack(p, scene, c, b.sign, (b.left * (0.5 + 0.5 * b.size)).min(1.0));
        }
    });
}

/// A crack from the gong's edge, on the side of the error.
fn crack(p: &mut Painter, scene: &Scene<'_>, c: Vec2, sign: f32, left: f32) {
    let dark = scene.look.ground.lightened(0.5);
    let at = |x: f32, y: f32| c + Vec2::new(x * sign, y);
    p.faded(left, |p| {
        let mut bite = [at(88.0, 26.0), at(52.0, 17.0), at(38.0, 2.0), at(55.0, -9.0), at(86.0, -22.0)];
        if sign < 0.0 {
            bite.reverse();
        }
        let hub = at(66.0, 2.0);
        for k in 0..bite.len() {
            p.triangle([hub, bite[k], bite[(k + 1) % bite.len()]], [dark; 3]);
        }
        p.strokes(&[at(38.0, 2.0), at(14.0, 9.0), at(-2.0, 3.0), at(-31.0, 16.0)], 2.2, dark);
        p.strokes(&[at(52.0, 17.0), at(34.0, 37.0), at(28.0, 58.0)], 1.8, dark);
    });
}

/// Engraved ticks for steps that neither sound nor ask for anything, so that a rest has its length.
fn steps(p: &mut Painter, scene: &Scene<'_>, lane: &Lane, run: &Run) {
    let (_, divisions) = grid(&run.plan);
    let has_steps = run.plan.cues.iter().any(|cue| cue.kind == CueKind::Subdivision);
    let Some(clock) = run.clock.filter(|_| divisions > 1 && !has_steps && !run.ended) else { return };
    let beats: Vec<&Cue> = run.plan.cues.iter().filter(|cue| matches!(cue.kind, CueKind::Beat { .. })).collect();
    let color = scene.look.quiet;
    for pair in beats.windows(2) {
        let gap = pair[1].at - pair[0].at;
        for k in 1..divisions {
            let at = pair[0].at + Nanos(gap.0 * i64::from(k) / i64::from(divisions));
            let Some((x, alpha)) = travel::place(scene, lane, clock.host(at), 2.0) else { continue };
            let y = lane.anchor.y - BEAD;
            let color = color.with_alpha_of(0.6 * alpha);
            p.stroke(Vec2::new(x, y), Vec2::new(x, y + 13.0), 2.0, color, color);
        }
    }
}

/// A peg of the grid: a beat's is tall and has a knob, a step's is short; a silent one's knob is hollow.
fn peg(p: &mut Painter, scene: &Scene<'_>, lane: &Lane, cue: &Cue, x: f32) {
    let look = scene.look;
    let foot = Vec2::new(x, lane.anchor.y - BEAD);
    let (height, size) = match cue.kind {
        CueKind::CountIn { .. } => {
            p.ring(Vec2::new(x, lane.anchor.y), BEAD * 0.62, 3.0, look.quiet);
            p.disc(Vec2::new(x, lane.anchor.y), 2.5, look.quiet, look.quiet);
            return;
        }
        CueKind::Beat { accent } => (PEG_BEAT, if accent { 9.5 } else { 7.5 }),
        CueKind::Subdivision => (PEG_STEP, 4.8),
        _ => return,
    };
    let struck = scene.timeline.last_cue(scene.now).is_some_and(|(kind, since, _)| {
        kind == cue.kind && since.as_ms() < 120.0 && (x - lane.anchor.x).abs() < lane.per_ms() * 130.0
    });
    let head = foot + Vec2::Y * (height + BEAD);
    let stem = if cue.heard { look.steel.mid } else { look.quiet.with_alpha_of(0.45) };
    p.stroke(foot, head, if size > 6.0 { 3.2 } else { 2.2 }, stem.with_alpha_of(stem.alpha * 0.5), stem);
    if struck && cue.heard {
        p.glow(head, 30.0, 1.0, look.lamp.with_alpha_of(0.5 * scene.glow));
    }
    if cue.heard {
        p.ball(head, size, 0.0, if struck { look.brass } else { look.steel });
        if matches!(cue.kind, CueKind::Beat { accent: true }) {
            p.ring(head, size + 4.0, 1.8, look.brass.light);
        }
    } else {
        p.disc(head, size, look.ground, look.ground);
        p.ring(head, size - 0.5, 2.0, look.quiet);
    }
}

fn beads(p: &mut Painter, scene: &Scene<'_>, lane: &Lane, radius: f32) {
    let look = scene.look;
    let next = scene.timeline.next_due(scene.now);
    // The rail's upper edge lies a full bead below the strike point: small ones stand on it too.
    for bead in travel::targets(scene, lane, radius) {
        let at = Vec2::new(bead.x, lane.anchor.y);
        p.faded(bead.alpha, |p| {
            p.glow(at - Vec2::Y * BEAD, radius * 1.5, 0.35, look.shadow);
            let metal = match bead.met {
                Some((Tier::Clean | Tier::Slip, _)) => look.brass,
                Some(_) => look.iron,
                None => look.steel,
            };
            if Some(bead.due) == next && bead.met.is_none() {
                p.glow(at, radius * 3.0, 1.0, look.lamp.with_alpha_of(0.20 * scene.glow));
            }
            p.ball(at, radius, if scene.still { 0.0 } else { -(bead.x - lane.anchor.x) / radius }, metal);
            if let Some((tier, side)) = bead.met {
                let color = look.tier(tier).mix(&look.ground, 0.2);
                marks::met(p, at, radius, tier, side.sign() as f32, color);
            }
        });
    }
}

#[cfg(test)]
mod tests {
    use doozy_training::time::HostTime;

    use super::*;
    use crate::game::stage::sample::plan;

    #[test]
    fn steps_never_run_together_and_what_is_due_is_at_the_strike_point() {
        for (beat, divisions) in [(500, 2), (1200, 4), (3000, 4)] {
            let stage = Stage::Grid { beat: Nanos::ms(beat), divisions };
            for half in [202.0, 480.0, 640.0, 1280.0] {
                let room = Room { half: Vec2::new(half, 360.0), strip: 144.0 };
                let plan = plan(0, stage, true);
                let lane = Lane::of(&plan, &room);
                let step = beat as f32 / f32::from(divisions) * lane.per_ms();
                assert!(2.0 * radius(&plan, &lane) < step * 0.95, "{beat} / {divisions} in {half}: {step}");
                let due = HostTime(9_000_000_000);
                assert_eq!(lane.x(due, due), lane.anchor.x);
            }
        }
    }
}
