//! The replay: the press again, slowly, against a ghost of the target; the distance between them; and one number.
//!
//! It shows the displayed error as a distance and the true one as the number.

use bevy::{
    color::{LinearRgba, Mix},
    math::Vec2,
    sprite::Anchor,
};
use doozy_training::{
    event::{EventKind, Judged, Target, TrialPlan},
    time::HostTime,
};

use super::{
    captions::{Caption, Captions},
    scene::Show,
    words,
};
use crate::{
    game::{
        stage::{
            lane::{Lane, Room},
            layers::depth,
            look::Look,
            machine, marks,
            paint::{Painter, Tint},
            timeline::place,
            travel,
        },
        theme::{
            Size, Weight,
            motion::{ARRIVE, LEAVE, SCENE_ENDS, ease_out},
        },
    },
    text::Text,
};

/// Share of the replay's time in which the bead is on its way; the rest is for looking. ◇
const MOVES: f64 = 0.58;

/// What the replay is drawn with.
#[derive(Debug)]
pub struct Replay<'a> {
    pub show: &'a Show,
    pub text: &'a Text,
    pub look: &'a Look,
    pub room: &'a Room,
    pub lane: &'a Lane,
    pub plan: &'a TrialPlan,
    pub now: HostTime,
    pub still: bool,
    /// The same attempt comes again at once.
    pub again: bool,
}

/// Radius of what travels in the replay, design units.
pub const TRAVELLER: f32 = 17.0;

/// What a machine shows again.
#[derive(Clone, Copy, Debug)]
pub struct Retold<'a> {
    pub judged: &'a Judged,
    pub plan: &'a TrialPlan,
    pub look: &'a Look,
    pub room: &'a Room,
    pub lane: &'a Lane,
    /// How far into the replay it is, 0…1; with reduced motion its end from the start on.
    pub share: f64,
    /// Travel is replaced by fades.
    pub still: bool,
    /// How much of it is to be seen, 0…1.
    pub alpha: f32,
    /// Of the verdict's tier.
    pub color: LinearRgba,
}

/// The press again, slowly, against a ghost of the target; and the number.
pub fn paint(p: &mut Painter, captions: &mut Captions, replay: &Replay<'_>) {
    let Replay { show, text, look, room, lane, plan, now, still, again } = *replay;
    let Some(share) = show.replay(now) else { return };
    let Some((staged, age)) = show.playing(now) else { return };
    let judged = &staged.judged;
    let leave = 1.0 - ((age - (SCENE_ENDS - LEAVE * 0.5)) / LEAVE).clamp(0.0, 1.0) as f32;
    let arrive = ease_out(share * (SCENE_ENDS - show.replay_from()) / ARRIVE) as f32;
    let alpha = arrive * leave;
    let machine = machine::of(&plan.stage);
    headline(captions, text, judged, look, room, lane, alpha, if still { 1.0 } else { arrive }, again, share);
    if let Some(more) = machine.tells(text, judged, plan) {
        captions.say(Caption {
            text: more,
            at: Vec2::new(0.0, lane.anchor.y + 150.0),
            depth: depth::SCENE_TEXT,
            size: Size::Body,
            weight: Weight::Regular,
            color: look.quiet.with_alpha_of(alpha),
            anchor: Anchor::CENTER,
            scale: 1.0,
        });
    }
    let color = look.tier(judged.tier);
    let told = Retold { judged, plan, look, room, lane, share: if still { 1.0 } else { share }, still, alpha, color };
    p.faded(alpha, |p| machine.replay(p, captions, &told));
}

impl Retold<'_> {
    /// The target that the press belongs to, where there is one.
    #[must_use]
    pub fn target(&self) -> Option<&Target> {
        self.plan.targets.iter().find(|target| Some(target.id) == self.judged.target)
    }
}

/// Which lane was asked for, and which was pressed: the one in outline, the other whole, above the line.
pub fn other_lane(p: &mut Painter, told: &Retold<'_>) {
    let (Some(asked), Some(press)) = (told.target(), told.judged.press) else { return };
    if told.judged.kind != EventKind::WrongLane {
        return;
    }
    let middle = Vec2::new(0.0, told.lane.anchor.y + 130.0);
    let look = told.look;
    let (from, to) = (middle - Vec2::X * 74.0, middle + Vec2::X * 74.0);
    travel::note(p, from, 24.0, asked.lane, look.lane(asked.lane));
    p.ring(from, 40.0, 2.6, look.text);
    travel::note(p, to, 24.0, press.lane, look.lane(press.lane));
    p.stroke(to - Vec2::splat(34.0), to + Vec2::splat(34.0), 5.0, told.color, told.color);
    let arrow = look.quiet;
    p.stroke(middle - Vec2::X * 22.0, middle + Vec2::X * 16.0, 3.0, arrow, arrow);
    marks::wedge(p, middle + Vec2::X * 18.0, 8.0, 1.0, arrow);
}

/// The replay of most machines: one thing travels along a line past the ghost of its target and is stamped where the
/// press was. `traveller` paints it at a place, rolled.
pub fn on_a_line(p: &mut Painter, told: &Retold<'_>, traveller: impl Fn(&mut Painter, Vec2, f32)) {
    let Retold { judged, look, room, lane, share, color, .. } = *told;
    let middle = Vec2::new(0.0, lane.anchor.y + 18.0);
    let reach = room.half.x * 0.86;
    let line = look.quiet.with_alpha_of(0.55);
    p.stroke(middle - Vec2::X * reach, middle + Vec2::X * reach, 1.6, line.with_alpha_of(0.0), line);
    p.stroke(middle, middle + Vec2::X * reach, 1.6, line, line.with_alpha_of(0.0));
    let shown = match judged.kind {
        EventKind::Omission => None,
        _ => Some(place(judged)),
    };
    // The way grows with the error and stays on the screen.
    let size = shown.map_or(100.0, |error: f64| error.abs().max(1.0));
    let way = (size * 1.45).clamp(76.0, f64::from(room.half.x) * 0.66) as f32;
    let per_unit = way / size as f32;
    let target = middle;
    // Time of the replay, from the target on, in the error's unit: from before both moments to just after both.
    let e = shown.unwrap_or(0.0);
    let lead = size * 0.6 + 70.0;
    let (from, to) = (e.min(0.0) - lead, e.max(0.0) + if shown.is_none() { lead } else { 0.0 });
    let run = (share / MOVES).clamp(0.0, 1.0);
    let tau = from + (to - from) * run;
    let bead = Vec2::new(target.x + per_unit * tau as f32, middle.y);
    ghost(p, look, target, tau >= 0.0);
    if let Some(e) = shown {
        let at = Vec2::new(target.x + per_unit * e as f32, middle.y);
        // Rounding must not hold back what the replay's end shows.
        let reached = |moment: f64| tau >= moment - 1e-6;
        if reached(e) {
            stamp(p, judged, look, at, color);
        }
        if reached(e.max(0.0)) {
            span(p, target, at, color);
        }
    }
    trail(p, bead, TRAVELLER, look, per_unit);
    traveller(p, bead, -(bead.x - target.x) / TRAVELLER);
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
pub fn ghost(p: &mut Painter, look: &Look, at: Vec2, due: bool) {
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
pub fn stamp(p: &mut Painter, judged: &Judged, look: &Look, at: Vec2, color: LinearRgba) {
    let sign = judged.side.sign() as f32;
    p.glow(at, 74.0, 1.0, color.with_alpha_of(0.30));
    p.stroke(at + Vec2::Y * 30.0, at + Vec2::Y * 92.0, 3.4, color, color);
    p.stroke(at - Vec2::Y * 30.0, at - Vec2::Y * 44.0, 3.4, color, color);
    p.disc(at, 17.0, color.with_alpha_of(0.35), color.with_alpha_of(0.20));
    p.ring(at, 24.0, 3.4, color);
    marks::form(p, at - Vec2::Y * 58.0, 12.0, judged.tier, sign, color.mix(&look.text, 0.1));
}

/// The distance between them, with its direction.
pub fn span(p: &mut Painter, target: Vec2, press: Vec2, color: LinearRgba) {
    let y = Vec2::Y * 74.0;
    let sign = (press.x - target.x).signum();
    let (a, b) = (target + y, press + y);
    p.stroke(a, b - Vec2::X * sign * 12.0, 5.0, color.with_alpha_of(0.55), color);
    marks::wedge(p, b - Vec2::X * sign * 12.0, 10.0, sign, color);
}

/// Where the bead has come from.
pub fn trail(p: &mut Painter, at: Vec2, radius: f32, look: &Look, per_unit: f32) {
    let length = (90.0 * per_unit).clamp(40.0, 160.0);
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
