//! The replay: the press again, slowly, against a ghost of the target; the distance between them; and one number.
//!
//! It shows the displayed error as a distance and the true one as the number.

use bevy::{
    color::{LinearRgba, Mix},
    math::Vec2,
    sprite::Anchor,
};
use doozy_training::{
    event::{EventKind, Judged},
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
            marks,
            paint::{Painter, Tint},
            timeline::place_ms,
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
    pub now: HostTime,
    pub still: bool,
    /// The same attempt comes again at once.
    pub again: bool,
}

/// The press again, slowly, against a ghost of the target; and the number.
pub fn paint(p: &mut Painter, captions: &mut Captions, replay: &Replay<'_>) {
    let Replay { show, text, look, room, lane, now, still, again } = *replay;
    let Some(share) = show.replay(now) else { return };
    let Some((staged, age)) = show.playing(now) else { return };
    let judged = &staged.judged;
    let leave = 1.0 - ((age - (SCENE_ENDS - LEAVE * 0.5)) / LEAVE).clamp(0.0, 1.0) as f32;
    let arrive = ease_out(share * (SCENE_ENDS - show.replay_from()) / ARRIVE) as f32;
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
            _ => Some(place_ms(judged)),
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
        let run = if still { 1.0 } else { (share / MOVES).clamp(0.0, 1.0) };
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
