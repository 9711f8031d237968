//! A doozy, on the clock: the picture holds for 60 ms, parts fly to 600 ms while the edges darken, and to 1600 ms the
//! press is seen again in slow motion against the target, with one number.
//!
//! Which verdict gets how much scene is the session's decision; this file only keeps its clock, in host time. No clock
//! that judges stops while the picture does.

use bevy::{
    color::{LinearRgba, Mix},
    prelude::*,
    sprite::Anchor,
};
use doozy_training::{
    event::{Drama, EventKind, Judged, Tier},
    time::{HostTime, Nanos},
};

use super::{
    captions::{Caption, Captions},
    debris::{Burst, LIFE_MS},
    words,
};
use crate::{
    conductor::note::Command,
    game::{
        bridge::{Bridge, NoteMessage, PlayState},
        limits::{EffectLimits, Light, Rumble},
        stage::{
            bell, gate,
            lane::{Lane, Room},
            layers::{Board, depth},
            look::Look,
            marks,
            paint::{Painter, Tint},
            parts::{Breakage, FLOOR_BELOW},
            timeline::{Staged, Timeline},
        },
        theme::{
            Size, Weight,
            motion::{ARRIVE, DEBRIS_ENDS, HIT_STOP, LEAVE, SCENE_ENDS, SHORT_ENDS, ease_out},
        },
    },
    text::Text,
};

/// Push of the camera towards the wreck. ◇ 7 % is felt and moves no target out of its place.
const PUSH: f32 = 0.07;
/// Shake that is asked for at the largest error, design units; the limits have the last word.
const SHAKE: f64 = 8.0;
/// Parts at the smallest and the largest doozy. ◇ Their count, like their speed, grows with the error.
const PARTS: (f32, f32) = (90.0, 400.0);
/// Share of the replay's time in which the bead is on its way; the rest is for looking.
const REPLAY_MOVES: f64 = 0.58;

/// The order in which a frame is made.
#[derive(SystemSet, Debug, Hash, PartialEq, Eq, Clone)]
pub enum SceneSet {
    /// Notes become a timeline and scenes.
    Hear,
    /// Parts are let loose.
    Scatter,
    /// Everything is painted.
    Paint,
}

/// The scene that plays, and the last short one.
#[derive(Resource, Clone, Debug, Default)]
pub struct Show {
    full: Option<Staged>,
    short: Option<Staged>,
    burst_done: bool,
    /// What the limits have left of the newest verdict's glow.
    pub light: f32,
    rumbles: Vec<(HostTime, Rumble)>,
}

impl Show {
    /// Begins a scene at `from`.
    fn begin(&mut self, staged: Staged) {
        if staged.drama == Drama::Full {
            self.full = Some(staged);
            self.burst_done = false;
        } else {
            self.short = Some(staged);
        }
    }

    /// The full scene and how long it has run, ms, while it runs.
    #[must_use]
    pub fn playing(&self, now: HostTime) -> Option<(&Staged, f64)> {
        let staged = self.full.as_ref()?;
        let age = (now - staged.from).as_ms();
        (0.0..SCENE_ENDS + LEAVE).contains(&age).then_some((staged, age))
    }

    /// The moment to draw for: the picture holds during the hit-stop.
    #[must_use]
    pub fn picture_time(&self, now: HostTime) -> HostTime {
        match self.playing(now) {
            Some((staged, age)) if age < HIT_STOP => staged.from,
            _ => now,
        }
    }

    /// How broken the machine is.
    #[must_use]
    pub fn breakage(&self, now: HostTime) -> Option<Breakage> {
        let (staged, age) = self.playing(now)?;
        if age < HIT_STOP {
            return None;
        }
        // It is whole again as the retry's count-in begins.
        let left = 1.0 - ease_out((age - (SCENE_ENDS - ARRIVE)) / ARRIVE) as f32;
        Some(Breakage {
            sign: staged.judged.side.sign() as f32,
            size: energy(&staged.judged),
            age_ms: age - HIT_STOP,
            left,
        })
    }

    /// The camera's push, 0…1: in with the debris, out before the replay.
    #[must_use]
    pub fn push(&self, now: HostTime) -> f32 {
        let Some((_, age)) = self.playing(now) else { return 0.0 };
        let inward = ease_out((age - HIT_STOP) / 220.0);
        let outward = ease_out((age - DEBRIS_ENDS) / 200.0);
        (inward * (1.0 - outward)) as f32 * PUSH
    }

    /// How far the edges have darkened, 0…1: slowly in, and out with the scene.
    #[must_use]
    pub fn dusk(&self, now: HostTime) -> f32 {
        let Some((_, age)) = self.playing(now) else { return 0.0 };
        let rise = ((age - HIT_STOP) / (DEBRIS_ENDS - HIT_STOP)).clamp(0.0, 1.0);
        let fall = ((age - (SCENE_ENDS - ARRIVE)) / (ARRIVE + LEAVE)).clamp(0.0, 1.0);
        (rise * (1.0 - fall)) as f32
    }

    /// How much of what travels on the lane is to be seen: the replay has it to itself, the retry gets it back in time.
    #[must_use]
    pub fn travellers(&self, now: HostTime) -> f32 {
        let Some((_, age)) = self.playing(now) else { return 1.0 };
        let away = ease_out((age - DEBRIS_ENDS) / ARRIVE);
        let back = ease_out((age - (SCENE_ENDS - 2.0 * ARRIVE)) / ARRIVE);
        (1.0 - away + away * back) as f32
    }

    /// How far into the replay the scene is, 0…1; `None` outside of it.
    #[must_use]
    pub fn replay(&self, now: HostTime) -> Option<f64> {
        let (_, age) = self.playing(now)?;
        (age >= DEBRIS_ENDS).then(|| ((age - DEBRIS_ENDS) / (SCENE_ENDS - DEBRIS_ENDS)).min(1.0))
    }
}

/// Size of the shown error, 0…1 of the largest that is told apart (u = 4).
#[must_use]
pub fn energy(judged: &Judged) -> f32 {
    (judged.u / 4.0).clamp(0.0, 1.0) as f32
}

/// How the picture is moved: shift and scale about the strike point.
#[must_use]
pub fn camera(show: &Show, limits: &EffectLimits, now: HostTime) -> (Vec2, f32) {
    let Some((staged, age)) = show.playing(now) else { return (Vec2::ZERO, 1.0) };
    let size = SHAKE * f64::from(0.5 + 0.5 * energy(&staged.judged));
    let reach = limits.shake(size, Nanos::from_ms(age - HIT_STOP)) as f32;
    // Two incommensurate swings, mostly along the side of the error: a blow, not noise.
    let t = (age - HIT_STOP) as f32;
    let sign = staged.judged.side.sign() as f32;
    let shift = Vec2::new(sign * (t * 0.085).cos(), 0.55 * (t * 0.121).sin()) * reach;
    let push = if limits.reduced_motion() { 0.0 } else { show.push(now) * limits.scales().shake };
    (shift, 1.0 + push)
}

fn hear(
    mut notes: MessageReader<NoteMessage>,
    play: Res<PlayState>,
    mut timeline: ResMut<Timeline>,
    mut show: ResMut<Show>,
    mut limits: ResMut<EffectLimits>,
) {
    for note in notes.read() {
        let before = timeline.latest().map(|m| m.since);
        if let Some(staged) = timeline.apply(note, play.now) {
            ask_rumble(&mut show, &staged, play.now);
            show.begin(staged);
        }
        // A new verdict asks for its glow once.
        let newest = timeline.latest().filter(|m| Some(m.since) != before).and_then(|m| m.tier());
        if let Some(tier) = newest {
            let ask = glow_of(tier);
            show.light = limits.light(play.now, ask).map_or(0.0, |granted| (granted.change / ask.change) as f32);
        }
    }
}

/// The glow that a tier would like.
fn glow_of(tier: Tier) -> Light {
    let (area, change) = match tier {
        Tier::Clean => (0.09, 0.10),
        Tier::Slip => (0.017, 0.08),
        Tier::Miss => (0.024, 0.10),
        Tier::Doozy => (0.041, 0.14),
    };
    Light { area, change, rise_ms: 0.0, fall_ms: 500.0 }
}

fn ask_rumble(show: &mut Show, staged: &Staged, now: HostTime) {
    let judged = &staged.judged;
    // Early is the heavy motor, late the light one: left and right of a pad.
    let by_side = |strength: f32, ms| {
        if judged.side.sign() < 0.0 {
            Rumble { strong: strength, weak: 0.0, ms }
        } else {
            Rumble { strong: 0.0, weak: strength, ms }
        }
    };
    match (judged.tier, staged.drama) {
        (_, Drama::Calm) | (Tier::Clean | Tier::Slip, _) => {}
        (Tier::Miss, _) => show.rumbles.push((now, by_side(0.4, 90))),
        (Tier::Doozy, _) => {
            let from = now + Nanos::from_ms(HIT_STOP);
            let strength = 0.35 + 0.65 * energy(judged);
            for (k, rise) in [0.4, 0.7, 1.0].into_iter().enumerate() {
                show.rumbles.push((from + Nanos::ms(80 * k as i64), by_side(strength * rise, 80)));
            }
        }
    }
}

fn rumble(
    mut show: ResMut<Show>,
    play: Res<PlayState>,
    mut limits: ResMut<EffectLimits>,
    mut bridge: NonSendMut<Bridge>,
) {
    if show.rumbles.is_empty() {
        return;
    }
    let now = play.now;
    let mut waiting = std::mem::take(&mut show.rumbles);
    waiting.retain(|&(at, ask)| {
        if at > now {
            return true;
        }
        // One that comes late has lost its meaning.
        if now - at < Nanos::ms(120) {
            if let Some(Rumble { strong, weak, ms }) = limits.rumble(now, ask, play.targets()) {
                bridge.command(Command::Rumble { strong, weak, ms });
            }
        }
        false
    });
    show.rumbles = waiting;
}

fn scatter(
    mut show: ResMut<Show>,
    play: Res<PlayState>,
    board: Res<Board>,
    limits: Res<EffectLimits>,
    mut bursts: MessageWriter<Burst>,
) {
    if limits.reduced_motion() {
        // Nothing flies: the wreck is drawn where it would have come to rest.
        show.short = None;
        return;
    }
    let (room, now) = (board.room, play.shown_at);
    let lane_of =
        |judged: &Judged| play.trial(judged.trial).map(|trial| (Lane::of(&trial.plan, &room), trial.plan.stage));
    if let Some((staged, age)) = show.playing(now) {
        if age >= HIT_STOP && !show.burst_done {
            let judged = staged.judged.clone();
            show.burst_done = true;
            if let Some((lane, stage)) = lane_of(&judged) {
                let size = energy(&judged);
                let (heart, spread) = match stage {
                    doozy_training::event::Stage::Bell { .. } => (bell::heart(&lane), Vec2::new(90.0, 80.0)),
                    doozy_training::event::Stage::Gate { .. } => {
                        (gate::heart(&lane) + Vec2::Y * 60.0, Vec2::new(60.0, 120.0))
                    }
                };
                let small = if judged.tier == Tier::Doozy { 1.0 } else { 0.3 };
                bursts.write(Burst {
                    at: heart,
                    spread,
                    sign: judged.side.sign() as f32,
                    energy: size,
                    count: (small * (PARTS.0 + (PARTS.1 - PARTS.0) * size)) as usize,
                    seed: judged.event.0,
                    floor: lane.anchor.y - FLOOR_BELOW,
                    life_ms: LIFE_MS,
                });
            }
        }
    }
    if let Some(staged) = show.short.take() {
        let judged = staged.judged;
        if let Some((lane, _)) = lane_of(&judged) {
            // Within a phrase: a few parts from the machine's top, well away from the lane.
            let sign = judged.side.sign() as f32;
            let doozy = judged.tier == Tier::Doozy;
            bursts.write(Burst {
                at: lane.anchor + Vec2::new(sign * 200.0, 330.0),
                spread: Vec2::new(40.0, 16.0),
                sign,
                energy: energy(&judged) * 0.6,
                count: if doozy { 26 } else { 9 },
                seed: judged.event.0,
                floor: lane.anchor.y - FLOOR_BELOW,
                life_ms: SHORT_ENDS,
            });
        }
    }
}

/// Darkens the edges; the middle stays as it is until the replay.
pub fn paint_veil(p: &mut Painter, show: &Show, look: &Look, room: &Room, lane: &Lane, now: HostTime, glow: f32) {
    let dusk = show.dusk(now);
    if dusk <= 0.0 {
        return;
    }
    // A dark room falls darker; a light one, where darkness would hide the number, a little duller.
    let fall = if look.is_light() { 0.80 } else { 0.25 };
    let dark = LinearRgba { alpha: 1.0, ..look.ground.lightened(fall) };
    let (w, h) = (room.half.x + 90.0, room.half.y + 90.0);
    let edge = dark.with_alpha_of(0.88 * dusk * glow);
    let none = dark.with_alpha_of(0.0);
    let (inner_x, inner_y) = (room.half.x * 0.42, room.half.y * 0.5);
    let middle = Vec2::new(lane.anchor.x * 0.5, lane.anchor.y + 90.0);
    for sign in [-1.0, 1.0] {
        p.quad(
            [
                Vec2::new(sign * w, -h),
                Vec2::new(middle.x + sign * inner_x, -h),
                Vec2::new(middle.x + sign * inner_x, h),
                Vec2::new(sign * w, h),
            ],
            [edge, none, none, edge],
        );
        p.quad(
            [
                Vec2::new(-w, sign * h),
                Vec2::new(-w, middle.y + sign * inner_y),
                Vec2::new(w, middle.y + sign * inner_y),
                Vec2::new(w, sign * h),
            ],
            [edge, none, none, edge],
        );
    }
    if let Some(share) = show.replay(now) {
        // Behind the number and the replay everything steps back: they are facts, and must be read.
        let arrive = (share * 8.0).clamp(0.0, 1.0) as f32 * dusk.min(1.0);
        let band = dark.with_alpha_of(0.93 * arrive);
        let (y0, y1) = (lane.anchor.y - 118.0, lane.anchor.y + 352.0);
        p.wash(Vec2::new(-w, y0), Vec2::new(w, y1), band, band);
        p.wash(Vec2::new(-w, y0 - 70.0), Vec2::new(w, y0), none, band);
        p.wash(Vec2::new(-w, y1), Vec2::new(w, y1 + 70.0), band, none);
    }
}

/// What the replay is drawn with.
#[derive(Debug)]
pub struct Replay<'a> {
    pub show: &'a Show,
    pub text: &'a Text,
    pub look: &'a Look,
    pub room: &'a Room,
    pub lane: &'a Lane,
    pub now: HostTime,
    pub still: bool,
    /// The same attempt comes again at once.
    pub again: bool,
}

/// The press again, slowly, against a ghost of the target; and the number.
pub fn paint_replay(p: &mut Painter, captions: &mut Captions, replay: &Replay<'_>) {
    let Replay { show, text, look, room, lane, now, still, again } = *replay;
    let Some(share) = show.replay(now) else { return };
    let Some((staged, age)) = show.playing(now) else { return };
    let judged = &staged.judged;
    let leave = 1.0 - ((age - (SCENE_ENDS - LEAVE * 0.5)) / LEAVE).clamp(0.0, 1.0) as f32;
    let arrive = ease_out(share * (SCENE_ENDS - DEBRIS_ENDS) / ARRIVE) as f32;
    let alpha = arrive * leave;
    let color = look.tier(judged.tier);
    let middle = Vec2::new(0.0, lane.anchor.y + 18.0);
    headline(captions, text, judged, look, room, lane, alpha, if still { 1.0 } else { arrive }, again, share);
    p.faded(alpha, |p| {
        let reach = room.half.x * 0.86;
        let line = look.quiet.with_alpha_of(0.55);
        p.stroke(middle - Vec2::X * reach, middle + Vec2::X * reach, 1.6, line.with_alpha_of(0.0), line);
        p.stroke(middle, middle + Vec2::X * reach, 1.6, line, line.with_alpha_of(0.0));
        let shown = match judged.kind {
            EventKind::Omission => None,
            _ => Some(marks_ms(judged)),
        };
        // The way grows with the error and stays on the screen.
        let size = shown.map_or(100.0, |ms: f64| ms.abs().max(1.0));
        let way = (size * 1.45).clamp(76.0, f64::from(room.half.x) * 0.66) as f32;
        let per_ms = way / size as f32;
        let target = middle;
        // Time of the replay, ms from the target: from before both moments to just after both.
        let e = shown.unwrap_or(0.0);
        let lead = size * 0.6 + 70.0;
        let (from, to) = (e.min(0.0) - lead, e.max(0.0) + if shown.is_none() { lead } else { 0.0 });
        let run = if still { 1.0 } else { (share / REPLAY_MOVES).clamp(0.0, 1.0) };
        let tau = from + (to - from) * run;
        let bead = Vec2::new(target.x + per_ms * tau as f32, middle.y);
        ghost(p, look, target, tau >= 0.0);
        if let Some(e) = shown {
            let at = Vec2::new(target.x + per_ms * e as f32, middle.y);
            // Rounding must not hold back what the replay's end shows.
            let reached = |moment: f64| tau >= moment - 1e-6;
            if reached(e) {
                stamp(p, judged, look, at, color);
            }
            if reached(e.max(0.0)) {
                span(p, target, at, color);
            }
        }
        trail(p, bead, 17.0, look, per_ms);
        p.ball(bead, 17.0, -(bead.x - target.x) / 17.0, look.steel);
    });
}

fn marks_ms(judged: &Judged) -> f64 {
    crate::game::stage::timeline::place_ms(judged)
}

#[expect(clippy::too_many_arguments, reason = "one sentence with everything that it depends on")]
fn headline(
    captions: &mut Captions,
    text: &Text,
    judged: &Judged,
    look: &Look,
    room: &Room,
    lane: &Lane,
    alpha: f32,
    arrive: f32,
    again: bool,
    share: f64,
) {
    let sentence = words::headline(text, judged);
    // 0.56 of an em is a figure's width; the sentence keeps inside the window.
    let width = sentence.chars().count() as f32 * Size::Number.px() * 0.56;
    let fit = ((room.half.x * 2.0 - 48.0) / width).min(1.0);
    captions.say(Caption {
        text: sentence,
        at: Vec2::new(0.0, lane.anchor.y + 214.0),
        depth: depth::SCENE_TEXT,
        size: Size::Number,
        weight: Weight::Bold,
        color: look.text.with_alpha_of(alpha),
        anchor: Anchor::CENTER,
        scale: fit * (0.92 + 0.08 * arrive),
    });
    if again && share > 0.5 {
        captions.say(Caption {
            text: text.get("doozy-again", &[]),
            at: Vec2::new(0.0, lane.anchor.y - 96.0),
            depth: depth::SCENE_TEXT,
            size: Size::Body,
            weight: Weight::Regular,
            color: look.quiet.with_alpha_of(alpha * ((share - 0.5) * 8.0).clamp(0.0, 1.0) as f32),
            anchor: Anchor::CENTER,
            scale: 1.0,
        });
    }
}

/// Where the bead should have been: an outline that fills when its moment comes.
fn ghost(p: &mut Painter, look: &Look, at: Vec2, due: bool) {
    let c = look.text;
    let dashes = 12;
    for k in 0..dashes {
        let from = std::f32::consts::TAU * k as f32 / dashes as f32;
        p.arc(at, 24.0, 2.6, from, 0.34, c.with_alpha_of(0.9));
    }
    p.stroke(at + Vec2::Y * 36.0, at + Vec2::Y * 92.0, 1.8, c.with_alpha_of(0.8), c.with_alpha_of(0.1));
    p.stroke(at - Vec2::Y * 36.0, at - Vec2::Y * 56.0, 1.8, c.with_alpha_of(0.8), c.with_alpha_of(0.3));
    if due {
        p.disc(at, 17.0, c.with_alpha_of(0.30), c.with_alpha_of(0.14));
    }
}

/// Where the press was.
fn stamp(p: &mut Painter, judged: &Judged, look: &Look, at: Vec2, color: LinearRgba) {
    let sign = judged.side.sign() as f32;
    p.glow(at, 74.0, 1.0, color.with_alpha_of(0.30));
    p.stroke(at + Vec2::Y * 30.0, at + Vec2::Y * 92.0, 3.4, color, color);
    p.stroke(at - Vec2::Y * 30.0, at - Vec2::Y * 44.0, 3.4, color, color);
    p.disc(at, 17.0, color.with_alpha_of(0.35), color.with_alpha_of(0.20));
    p.ring(at, 24.0, 3.4, color);
    marks::form(p, at - Vec2::Y * 58.0, 12.0, judged.tier, sign, color.mix(&look.text, 0.1));
}

/// The distance between them, with its direction.
fn span(p: &mut Painter, target: Vec2, press: Vec2, color: LinearRgba) {
    let y = Vec2::Y * 74.0;
    let sign = (press.x - target.x).signum();
    let (a, b) = (target + y, press + y);
    p.stroke(a, b - Vec2::X * sign * 12.0, 5.0, color.with_alpha_of(0.55), color);
    marks::wedge(p, b - Vec2::X * sign * 12.0, 10.0, sign, color);
}

/// Where the bead has come from.
fn trail(p: &mut Painter, at: Vec2, radius: f32, look: &Look, per_ms: f32) {
    let length = (90.0 * per_ms).clamp(40.0, 160.0);
    let c = look.steel.light;
    for (half, alpha) in [(radius * 0.85, 0.10), (radius * 0.5, 0.12)] {
        p.quad(
            [
                at + Vec2::new(-length, -half * 0.2),
                at + Vec2::new(0.0, -half),
                at + Vec2::new(0.0, half),
                at + Vec2::new(-length, half * 0.2),
            ],
            [c.with_alpha_of(0.0), c.with_alpha_of(alpha), c.with_alpha_of(alpha), c.with_alpha_of(0.0)],
        );
    }
}

/// Forgets everything when a session begins.
fn forget(mut timeline: ResMut<Timeline>, mut show: ResMut<Show>) {
    *timeline = Timeline::default();
    *show = Show::default();
}

/// The clock of scenes.
pub fn plugin(app: &mut App) {
    app.init_resource::<Timeline>()
        .init_resource::<Show>()
        .configure_sets(Update, (SceneSet::Hear, SceneSet::Scatter, SceneSet::Paint).chain())
        .add_systems(Update, ((hear, rumble, scatter).chain().in_set(SceneSet::Hear),))
        .add_systems(OnExit(crate::game::Screen::Play), forget);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::game::{limits::Scales, stage::sample::judged};

    const FROM: HostTime = HostTime(9_000_000_000);

    fn at(ms: i64) -> HostTime {
        FROM + Nanos::ms(ms)
    }

    fn show(e: f64) -> Show {
        let judged = judged(0, FROM, e, e, Tier::Doozy);
        let mut show = Show::default();
        show.begin(Staged { judged, drama: Drama::Full, from: FROM });
        show
    }

    #[test]
    fn the_picture_holds_for_sixty_milliseconds_and_catches_up() {
        let show = show(143.0);
        assert_eq!(show.picture_time(at(0)), FROM);
        assert_eq!(show.picture_time(at(59)), FROM);
        assert_eq!(show.picture_time(at(60)), at(60));
        assert_eq!(show.breakage(at(59)), None);
    }

    #[test]
    fn the_machine_breaks_to_the_side_of_the_error_and_is_whole_for_the_retry() {
        assert_eq!(show(143.0).breakage(at(200)).map(|b| b.sign), Some(1.0));
        assert_eq!(show(-143.0).breakage(at(200)).map(|b| b.sign), Some(-1.0));
        assert_eq!(show(143.0).breakage(at(1400)).map(|b| b.left), Some(1.0));
        assert_eq!(show(143.0).breakage(at(1600)).map(|b| b.left), Some(0.0));
    }

    #[test]
    fn the_replay_runs_from_six_hundred_to_sixteen_hundred() {
        let show = show(143.0);
        assert_eq!(show.replay(at(599)), None);
        assert_eq!(show.replay(at(600)), Some(0.0));
        assert_eq!(show.replay(at(1100)), Some(0.5));
        assert_eq!(show.replay(at(1600)), Some(1.0));
        assert!(show.playing(at(1700)).is_none());
    }

    #[test]
    fn the_shake_is_over_in_three_hundred_milliseconds_and_asks_the_limits() {
        let (show, limits) = (show(143.0), EffectLimits::default());
        let reach = |show: &Show, limits: &EffectLimits, ms| camera(show, limits, at(ms)).0.length();
        assert!((0..1700).all(|ms| reach(&show, &limits, ms) <= 8.0));
        assert!((60..110).any(|ms| reach(&show, &limits, ms) > 2.0));
        assert!((360..1700).all(|ms| reach(&show, &limits, ms) == 0.0));
        let reduced = EffectLimits::new(Scales::REDUCED);
        assert!((0..1700).all(|ms| camera(&show, &reduced, at(ms)) == (Vec2::ZERO, 1.0)));
    }

    #[test]
    fn edges_darken_slowly() {
        // A tenth of the way in a tenth of a second at most, and no darkness before the debris.
        let show = show(143.0);
        assert_eq!(show.dusk(at(60)), 0.0);
        for ms in 0..1500 {
            assert!((show.dusk(at(ms + 100)) - show.dusk(at(ms))).abs() < 0.51, "{ms}");
        }
        assert_eq!(show.dusk(at(600)), 1.0);
        assert_eq!(show.dusk(at(1680)), 0.0);
    }

    #[test]
    fn a_doozy_rumbles_on_its_own_side_and_rises() {
        let mut show = show(-143.0);
        let staged = show.full.clone().unwrap();
        ask_rumble(&mut show, &staged, FROM);
        let felt: Vec<(f32, f32)> = show.rumbles.iter().map(|(_, r)| (r.strong, r.weak)).collect();
        assert_eq!(felt.len(), 3);
        assert!(felt.windows(2).all(|w| w[0].0 < w[1].0) && felt.iter().all(|(_, weak)| *weak == 0.0));
        let whole: u32 = show.rumbles.iter().map(|(_, r)| r.ms).sum();
        assert!(whole <= 250);
    }
}
