//! The road: a car comes from the left, and brakes so that it stops at the line. A press so many milliseconds late stops it
//! so many metres too far. Where there is a bend, the car then turns in at its mark.

use bevy::{
    color::Mix,
    math::{Affine2, Vec2},
    sprite::Anchor,
};
use doozy_training::{
    event::{CueKind, EventKind, Judged, Lane as Response, Side, Stage, TrialPlan},
    time::Nanos,
};

use super::{
    lane::{Lane, Room},
    layers::depth,
    machine::{Breaks, Machine},
    marks,
    paint::{Painter, Tint},
    parts::{self, Scene},
    props,
    timeline::{Run, place},
};
use crate::{
    game::{
        feedback::captions::{Caption, Captions},
        theme::{Size, Weight, motion::ease_out},
    },
    text::Text,
};

/// Half of the car's length, and the height of its sill above the asphalt.
const CAR: f32 = 46.0 * SIZE;
/// How much larger the car is than its drawing.
const SIZE: f32 = 1.45;
/// The picture's braking lasts at most this long, ms ◇: the verdict's scene begins 0.6 s after it, and the car has to have
/// stopped by then. Metres too far or too short are true; a long braking way is drawn shorter than it is.
const BRAKES_MS: f64 = 640.0;
/// After braking for a bend the car goes on at this share of its speed. ◇
const BEND_SPEED: f64 = 0.45;
/// From the sign's post to the words about the stop. ◇
const BESIDE_POST: f32 = 18.0;
/// Top of the asphalt below the lane's height.
const ASPHALT: f32 = 20.0;

/// A road, a car and a line.
#[derive(Clone, Copy, Debug)]
pub struct Road;

impl Machine for Road {
    /// What stands at the strike point is the car's nose, if it braked when it should: at the line; with a bend, when it
    /// should turn in: at the mark.
    fn lane(&self, plan: &TrialPlan, room: &Room) -> Lane {
        let anchor = Vec2::new(room.half.x * 0.34, room.rail());
        let reach = anchor.x + room.half.x;
        let drive = Drive::of(plan);
        // the time for the whole way at full speed
        let lead = drive.sight + drive.before_anchor();
        Lane::new(plan, anchor, reach, Nanos::from_ms(lead))
    }

    fn back(&self, p: &mut Painter, scene: &Scene<'_>, lane: &Lane, run: &Run) {
        bank(p, scene, lane, run);
    }

    fn front(&self, p: &mut Painter, scene: &Scene<'_>, lane: &Lane, run: &Run) {
        asphalt(p, scene, lane, run);
        let drive = Drive::of(&run.plan);
        line(p, scene, lane, run, &drive);
        ghost(p, scene, lane, run, &drive);
        car(p, scene, lane, run, &drive);
        barrier(p, scene, lane);
        parts::wreck(p, scene, lane);
        parts::plate(p, scene, lane, &run.plan);
    }

    fn heart(&self, lane: &Lane) -> Vec2 {
        lane.anchor + Vec2::new(-CAR, 40.0)
    }

    fn rings(&self, lane: &Lane, plan: &TrialPlan, pressed: Response) -> (Vec2, f32) {
        (self.strike(lane, plan, pressed) + Vec2::new(-CAR, 24.0), 0.7)
    }

    fn words(&self, captions: &mut Captions, text: &Text, scene: &Scene<'_>, lane: &Lane, run: &Run) {
        /// As long as the error's size stands, ms.
        const STANDS_MS: f64 = 1_300.0;
        let Some(judged) = brake(scene, run) else { return };
        let Some(said) = metres(text, judged, &run.plan) else { return };
        let age = props::told(scene, judged);
        let fall = (1.0 - (age - STANDS_MS * 0.7) / (STANDS_MS * 0.3)).clamp(0.0, 1.0) as f32;
        // beside the sign's post, on the side of the error
        let late = judged.side == Side::Late;
        let aside = if late { BESIDE_POST } else { -BESIDE_POST };
        captions.say(Caption {
            text: said,
            at: Vec2::new(Drive::of(&run.plan).line(lane) + aside, lane.anchor.y + 130.0),
            depth: depth::STAGE_TEXT,
            size: Size::Body,
            weight: Weight::Bold,
            color: scene.look.tier(judged.tier).with_alpha_of(fall * ease_out(age / 120.0) as f32),
            anchor: if late { Anchor::CENTER_LEFT } else { Anchor::CENTER_RIGHT },
            scale: 1.0,
        });
    }

    fn strike(&self, lane: &Lane, plan: &TrialPlan, pressed: Response) -> Vec2 {
        let x = if pressed == Response(0) { Drive::of(plan).line(lane) } else { lane.anchor.x };
        Vec2::new(x, lane.anchor.y + 14.0)
    }

    fn count_in(&self, lane: &Lane) -> Vec2 {
        lane.anchor + Vec2::new(-60.0, 190.0)
    }

    fn breaks(&self, lane: &Lane) -> Breaks {
        Breaks { at: lane.anchor + Vec2::new(0.0, 24.0), spread: Vec2::new(60.0, 40.0) }
    }

    fn tells(&self, text: &Text, judged: &Judged, plan: &TrialPlan) -> Option<String> {
        metres(text, judged, plan)
    }
}

/// Metres too far or too short, where that is what the error came to.
fn metres(text: &Text, judged: &Judged, plan: &TrialPlan) -> Option<String> {
    let Stage::Road { speed_mps, .. } = plan.stage else { return None };
    let brakes = judged.target.is_some() && judged.target == plan.targets.first().map(|target| target.id);
    if !brakes || judged.kind == EventKind::Omission {
        return None;
    }
    let metres = judged.e?.as_secs() * speed_mps;
    let size = format!("{:.1}", metres.abs());
    Some(if metres.abs() < 0.05 {
        text.get("road-at-the-line", &[])
    } else if metres < 0.0 {
        text.get("road-short", &[("metres", size.into())])
    } else {
        text.get("road-far", &[("metres", size.into())])
    })
}

/// How the car goes, in ms of full speed: a car that brakes when it should has come so far so long after the braking point.
#[derive(Clone, Copy, Debug)]
struct Drive {
    /// From coming into sight to the braking point, ms.
    sight: f64,
    /// How long braking takes in the picture, ms.
    brakes: f64,
    /// From the braking point to turning in, ms.
    turn: Option<f64>,
}

impl Drive {
    fn of(plan: &TrialPlan) -> Self {
        let first = plan.targets.first().map_or(Nanos::ZERO, |target| target.at);
        let seen = plan.cues.iter().find(|cue| cue.kind == CueKind::Sign).map_or(Nanos::ZERO, |cue| cue.at);
        let whole = match plan.stage {
            Stage::Road { speed_mps, grip_mps2, .. } => speed_mps / grip_mps2.max(0.1),
            _ => 1.0,
        };
        let turn = plan.targets.get(1).map(|target| (target.at - first).as_ms());
        // never longer than the way to the bend
        let brakes = (BRAKES_MS * (1.0 - (-whole / 2.5).exp())).min(turn.map_or(f64::MAX, |turn| turn * 0.8));
        Self { sight: (first - seen).as_ms().max(1.0), brakes, turn }
    }

    /// Speed after braking, of the full one.
    fn slow(&self) -> f64 {
        if self.turn.is_some() { BEND_SPEED } else { 0.0 }
    }

    /// The way `ms` after braking began.
    fn way(&self, ms: f64) -> f64 {
        let braking = ms.clamp(0.0, self.brakes);
        let slow = self.slow();
        braking - (1.0 - slow) * braking * braking / (2.0 * self.brakes) + slow * (ms - braking).max(0.0)
    }

    /// From the braking point to the strike point.
    fn before_anchor(&self) -> f64 {
        self.turn.map_or_else(|| self.way(self.brakes), |turn| self.way(turn))
    }

    /// Where the line lies at which braking is over.
    fn line(&self, lane: &Lane) -> f32 {
        lane.offset_ms(self.way(self.brakes) - self.before_anchor())
    }

    /// Where the car's nose is, `ms` after the moment at which braking is due, if it brakes `late` after that (never: none).
    fn nose(&self, lane: &Lane, ms: f64, late: Option<f64>, shown: f64) -> f32 {
        let gone = match late {
            Some(late) if ms > late => {
                let since = ms - late;
                // what the press was off grows into what is shown of it while the car brakes
                let off = late + (shown - late) * (since / self.brakes).clamp(0.0, 1.0);
                // a bend is reached when it is reached: the car makes up for what it lost or won
                let left = self.turn.map_or(1.0, |turn| {
                    let from = self.brakes.max(0.0);
                    1.0 - ((since - from) / (turn - late - from).max(60.0)).clamp(0.0, 1.0)
                });
                let ideal = if self.turn.is_some() { self.way(since + late * (1.0 - left)) } else { self.way(since) };
                ideal + off * left
            }
            _ => ms,
        };
        lane.offset_ms(gone - self.before_anchor())
    }
}

fn brake<'a>(scene: &Scene<'a>, run: &Run) -> Option<&'a Judged> {
    props::verdict(scene, run, run.plan.targets.first().map(|target| target.id))
}

fn turn<'a>(scene: &Scene<'a>, run: &Run) -> Option<&'a Judged> {
    run.plan.targets.get(1).and_then(|target| props::verdict(scene, run, Some(target.id)))
}

/// The land beyond: posts along the road that stand still, so that what moves is the car.
fn bank(p: &mut Painter, scene: &Scene<'_>, lane: &Lane, run: &Run) {
    let look = scene.look;
    let y = lane.anchor.y + 6.0;
    let half = scene.room.half.x + 90.0;
    p.wash(
        Vec2::new(-half, y - ASPHALT),
        Vec2::new(half, y + 26.0),
        look.iron.dark.with_alpha_of(0.9),
        look.iron.mid.with_alpha_of(0.0),
    );
    let step = 96.0;
    let count = (half / step).ceil() as i32;
    for k in -count..=count {
        let x = lane.anchor.x + k as f32 * step;
        let post = look.steel.shaded(0.55);
        p.panel(Vec2::new(x - 4.0, y - 8.0), Vec2::new(x + 4.0, y + 30.0), 2.0, post.dark, post.light);
        p.panel(Vec2::new(x - 4.0, y + 15.0), Vec2::new(x + 4.0, y + 22.0), 1.0, look.lamp, look.lamp);
    }
    let rail = look.steel.shaded(0.4);
    p.wash(Vec2::new(-half, y + 4.0), Vec2::new(half, y + 12.0), rail.dark, rail.light);
    // the sign over the line, with what is asked for on it
    let drive = Drive::of(&run.plan);
    let x = drive.line(lane);
    let seen = props::cue(run, CueKind::Sign).and_then(|at| props::since(scene, run, at)).is_some_and(|ms| ms >= 0.0);
    gantry(p, scene, Vec2::new(x, y), seen);
    if drive.turn.is_some() {
        bend(p, scene, lane, run);
    }
}

fn gantry(p: &mut Painter, scene: &Scene<'_>, at: Vec2, lit: bool) {
    let look = scene.look;
    parts::post(p, at - Vec2::Y * 6.0, 7.0, 176.0, look.iron);
    let board = at + Vec2::new(0.0, 196.0);
    p.panel(board - Vec2::new(40.0, 40.0), board + Vec2::new(40.0, 40.0), 12.0, look.iron.dark, look.iron.light);
    let color = if lit { look.lamp } else { look.line };
    if lit {
        p.glow(board, 110.0, 1.0, look.lamp.with_alpha_of(0.22 * scene.glow));
    }
    // a bar across: stop here
    p.ring(board, 27.0, 5.0, color);
    p.panel(board - Vec2::new(18.0, 5.0), board + Vec2::new(18.0, 5.0), 2.0, color, color);
}

/// The bend: a road that leaves upwards behind the mark.
fn bend(p: &mut Painter, scene: &Scene<'_>, lane: &Lane, run: &Run) {
    let look = scene.look;
    let points: Vec<Vec2> = (0..=12).map(|k| curve(lane, k as f32 / 12.0)).collect();
    for pair in points.windows(2) {
        let paved = look.ground.mix(&look.iron.light, 0.75);
        p.stroke(pair[0], pair[1], 46.0, paved, paved);
    }
    let edge = look.steel.shaded(0.6).light;
    for side in [-23.0, 23.0] {
        let beside: Vec<Vec2> =
            points.windows(2).map(|pair| pair[0] + (pair[1] - pair[0]).normalize_or_zero().perp() * side).collect();
        p.strokes(&beside, 2.0, edge);
    }
    for pair in points.windows(2).step_by(2) {
        p.stroke(pair[0], pair[1], 3.0, look.quiet.with_alpha_of(0.6), look.quiet.with_alpha_of(0.6));
    }
    let signs = || run.plan.cues.iter().filter(|cue| cue.kind == CueKind::Sign);
    let lit = signs().next_back().and_then(|cue| props::since(scene, run, cue.at)).is_some_and(|ms| ms >= 0.0);
    let at = Vec2::new(lane.anchor.x, lane.anchor.y + 6.0);
    let color = if lit { look.lamp } else { look.line };
    parts::post(p, at + Vec2::new(0.0, -6.0), 6.0, 86.0, look.iron);
    // a chevron that points the way
    let board = at + Vec2::new(0.0, 96.0);
    p.panel(board - Vec2::splat(24.0), board + Vec2::splat(24.0), 6.0, look.iron.dark, look.iron.light);
    if lit {
        p.glow(board, 80.0, 1.0, look.lamp.with_alpha_of(0.22 * scene.glow));
    }
    p.strokes(
        &[board + Vec2::new(-8.0, 13.0), board + Vec2::new(8.0, 0.0), board + Vec2::new(-8.0, -13.0)],
        6.0,
        color,
    );
}

/// The way round the bend from the mark, 0…1.
fn curve(lane: &Lane, share: f32) -> Vec2 {
    let (across, up) = (180.0, 120.0);
    let start = Vec2::new(lane.anchor.x, lane.anchor.y - 4.0);
    start + Vec2::new(across * (1.0 - (1.0 - share) * (1.0 - share)), up * share * share)
}

fn asphalt(p: &mut Painter, scene: &Scene<'_>, lane: &Lane, run: &Run) {
    let look = scene.look;
    let half = scene.room.half.x + 90.0;
    let top = lane.anchor.y - ASPHALT;
    p.wash(Vec2::new(-half, top - 22.0), Vec2::new(half, top), look.iron.dark, look.iron.mid.lightened(0.8));
    let edge = if run.plan.window_was_open { look.cortex } else { look.steel.shaded(0.5).light };
    if run.plan.window_was_open {
        p.glow(Vec2::new(0.0, top), half, 0.12, look.cortex.with_alpha_of(0.3));
    }
    p.stroke(Vec2::new(-half, top), Vec2::new(half, top), 2.0, edge, edge);
    let step = 70.0;
    let count = (half / step).ceil() as i32;
    for k in -count..=count {
        let x = k as f32 * step;
        let dash = look.quiet.with_alpha_of(0.45);
        p.panel(Vec2::new(x - 18.0, top - 13.0), Vec2::new(x + 18.0, top - 9.0), 2.0, dash, dash);
    }
}

/// The line to stop at.
fn line(p: &mut Painter, scene: &Scene<'_>, lane: &Lane, run: &Run, drive: &Drive) {
    let look = scene.look;
    let lit = if run.plan.window_was_open { look.cortex } else { look.text };
    let x = drive.line(lane);
    let top = lane.anchor.y - ASPHALT;
    p.quad(
        [
            Vec2::new(x - 1.0, top - 22.0),
            Vec2::new(x + 9.0, top - 22.0),
            Vec2::new(x + 5.0, top),
            Vec2::new(x - 1.0, top),
        ],
        [lit; 4],
    );
    p.stroke(Vec2::new(x, top), Vec2::new(x, top + 150.0), 1.4, lit.with_alpha_of(0.55), lit.with_alpha_of(0.08));
}

/// Once the press is judged: where braking should have begun.
fn ghost(p: &mut Painter, scene: &Scene<'_>, lane: &Lane, run: &Run, drive: &Drive) {
    if brake(scene, run).is_none() {
        return;
    }
    let x = lane.offset_ms(-drive.before_anchor());
    let y = lane.anchor.y - ASPHALT;
    let c = scene.look.text.with_alpha_of(0.75);
    p.polygon(&[Vec2::new(x - 8.0, y + 12.0), Vec2::new(x, y + 1.0), Vec2::new(x + 8.0, y + 12.0)], |_| c);
}

fn car(p: &mut Painter, scene: &Scene<'_>, lane: &Lane, run: &Run, drive: &Drive) {
    let Some(first) = run.plan.targets.first() else { return };
    let Some(ms) = props::since(scene, run, first.at) else { return };
    if ms < -drive.sight {
        return;
    }
    let braked = brake(scene, run).filter(|judged| judged.kind != EventKind::Omission);
    // until the verdict is there the mark of the press says that the car brakes
    let early_word = scene.timeline.marks().rev().find(|m| m.target == Some(first.id)).map(|m| m.at);
    let late = braked.and_then(|judged| judged.e).map(Nanos::as_ms).or(early_word);
    let shown = braked.map(place).or(late).unwrap_or(0.0);
    let nose = drive.nose(lane, ms, late, shown);
    let seconds = late.map_or(0.0, |late| ms - late);
    let brakes = late.is_some() && seconds > 0.0 && seconds < drive.brakes + 200.0;
    let turned = drive.turn.zip(turn(scene, run)).filter(|(_, judged)| judged.kind != EventKind::Omission);
    let mut at = Vec2::new(nose - CAR, lane.anchor.y - ASPHALT);
    let (mut pitch, mut size) = (if brakes { -0.035 } else { 0.0 }, SIZE);
    if let Some((turn_ms, judged)) = turned {
        let off = place(judged);
        let since = (ms - turn_ms - judged.e.map_or(0.0, Nanos::as_ms)).max(0.0);
        let share = (since / 700.0).clamp(0.0, 1.0) as f32;
        // too early cuts inside, too late runs wide: the whole way is moved by the error
        let by = (off * f64::from(lane.per_ms())) as f32;
        let ahead = curve(lane, share) - curve(lane, 0.0);
        at = Vec2::new(lane.anchor.x - CAR + by, lane.anchor.y - ASPHALT) + ahead;
        pitch += 0.5 * share;
        size = SIZE * (1.0 - 0.35 * share);
    }
    let Some(alpha) = visible(scene, at.x) else { return };
    if scene.still && late.is_none() {
        // without travel: the car is seen where it is, in steps of an eighth of its way
        let step = lane.reach / 8.0;
        at.x = lane.anchor.x - lane.reach + ((at.x - lane.anchor.x + lane.reach) / step).floor() * step;
    }
    let b = scene.broken.filter(|_| !scene.still);
    let jolt = b.map_or(0.0, |b| b.sign * 0.10 * b.left * ease_out(b.age_ms / 160.0) as f32);
    p.faded(alpha, |p| body(p, scene, at, pitch - jolt, size, nose, brakes));
    if let Some(judged) = braked {
        marks::met(
            p,
            at + Vec2::new(0.0, 62.0),
            12.0,
            judged.tier,
            judged.side.sign() as f32,
            scene.look.tier(judged.tier),
        );
    }
}

/// Beyond the window's edge there is no car.
fn visible(scene: &Scene<'_>, x: f32) -> Option<f32> {
    (x < scene.room.half.x + CAR * 2.0).then_some(scene.travellers.max(0.0))
}

/// The car, `at` the middle of its wheels on the asphalt.
fn body(p: &mut Painter, scene: &Scene<'_>, at: Vec2, pitch: f32, size: f32, nose: f32, brakes: bool) {
    let look = scene.look;
    p.glow(at + Vec2::Y * 1.0, CAR * 1.3, 0.12, look.shadow);
    let placed = Affine2::from_scale_angle_translation(Vec2::splat(size), pitch, at + Vec2::Y * 13.0 * size);
    p.within(placed, |p| {
        // beam of the headlamp
        let (near, far) = (look.lamp.with_alpha_of(0.32 * scene.glow), look.lamp.with_alpha_of(0.0));
        p.quad(
            [Vec2::new(CAR, 8.0), Vec2::new(CAR + 150.0, -16.0), Vec2::new(CAR + 150.0, 18.0), Vec2::new(CAR, 12.0)],
            [near, far, far, near],
        );
        let shell = [(-46.0, 2.0), (46.0, 2.0), (46.0, 12.0), (40.0, 16.0), (20.0, 18.0), (-45.0, 18.0), (-47.0, 10.0)]
            .map(|(x, y)| Vec2::new(x, y));
        p.polygon(&shell, |v| look.brass.dark.mix(&look.brass.light, ((v.y + 2.0) / 18.0).clamp(0.0, 1.0)));
        let cabin = [(-30.0, 17.0), (18.0, 17.0), (4.0, 33.0), (-22.0, 33.0)].map(|(x, y)| Vec2::new(x, y));
        p.polygon(&cabin, |v| look.steel.dark.mix(&look.steel.light, ((v.y - 14.0) / 22.0).clamp(0.0, 1.0)));
        let glass = [(-24.0, 19.0), (12.0, 19.0), (2.0, 30.0), (-19.0, 30.0)].map(|(x, y)| Vec2::new(x, y));
        p.polygon(&glass, |_| look.ground.mix(&look.steel.mid, 0.4));
        p.stroke(Vec2::new(-4.0, 18.0), Vec2::new(-5.0, 31.0), 2.4, look.brass.light, look.brass.light);
        p.stroke(Vec2::new(-44.0, 17.0), Vec2::new(38.0, 15.5), 1.4, look.brass.light, look.brass.light);
        p.disc(Vec2::new(44.0, 10.0), 3.6, look.text, look.lamp);
        let rear = if brakes { look.tiers[2] } else { look.tiers[2].mix(&look.ground, 0.6) };
        p.panel(Vec2::new(-48.0, 9.0), Vec2::new(-43.0, 15.0), 1.5, rear, rear);
        if brakes {
            p.glow(Vec2::new(-46.0, 12.0), 34.0, 1.0, rear.with_alpha_of(0.5 * scene.glow));
        }
        let roll = if scene.still || brakes { 0.0 } else { -nose / (13.0 * SIZE) };
        for x in [-27.0, 27.0] {
            p.disc(Vec2::new(x, 0.0), 13.0, look.iron.dark, look.iron.dark);
            p.disc(Vec2::new(x, 0.0), 7.5, look.steel.light, look.steel.mid);
            let spoke = Vec2::from_angle(roll) * 7.0;
            p.stroke(Vec2::new(x, 0.0) - spoke, Vec2::new(x, 0.0) + spoke, 2.0, look.iron.dark, look.iron.dark);
            if brakes {
                // dust at a locked wheel
                p.glow(Vec2::new(x - 16.0, -9.0), 24.0, 0.5, look.quiet.with_alpha_of(0.35));
            }
        }
    });
}

/// The barrier behind the line: what a car that comes too far breaks.
fn barrier(p: &mut Painter, scene: &Scene<'_>, lane: &Lane) {
    let look = scene.look;
    let late = scene.broken.filter(|b| b.sign > 0.0);
    let tilt = late.map_or(0.0, |b| {
        -(0.5 + 0.8 * b.size) * b.left * if scene.still { 1.0 } else { ease_out(b.age_ms / 220.0) as f32 }
    });
    let base = Vec2::new(lane.anchor.x + (scene.room.half.x - lane.anchor.x) * 0.62, lane.anchor.y - ASPHALT);
    p.within(Affine2::from_angle_translation(tilt, base), |p| {
        for side in [-1.0, 1.0] {
            p.stroke(Vec2::new(side * 18.0, 0.0), Vec2::new(side * 6.0, 52.0), 5.0, look.iron.dark, look.iron.light);
        }
        p.panel(Vec2::new(-30.0, 28.0), Vec2::new(30.0, 48.0), 3.0, look.iron.dark, look.iron.light);
        for k in 0..3 {
            let x = -22.0 + 20.0 * k as f32;
            p.quad(
                [Vec2::new(x, 30.0), Vec2::new(x + 9.0, 30.0), Vec2::new(x + 15.0, 46.0), Vec2::new(x + 6.0, 46.0)],
                [look.tiers[1]; 4],
            );
        }
    });
}

#[cfg(test)]
mod tests;
