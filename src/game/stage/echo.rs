//! The echo: a music box with two cylinders. What is heard sets its pins on the upper one, from left to right in time;
//! what the player gives back is set on the lower one, in the same scale and from the same left end.
//!
//! While the player answers nothing tells how it goes: pins only gather in a row, one for each press. When the phrase is
//! over they move to their places, with the length of each interval in per cent beside it.

use bevy::{
    color::Mix,
    math::{Affine2, Vec2},
    sprite::Anchor,
};
use doozy_training::{
    event::{CueKind, Role, Stage, Target, Tier, TrialPlan},
    time::{HostTime, Nanos},
};

use super::{
    lane::{Lane, Room},
    layers::depth,
    look::Look,
    machine::{Breaks, Machine},
    marks,
    paint::{Metal, Painter, Tint},
    parts::{self, FLOOR_BELOW, Scene},
    timeline::Run,
};
use crate::{
    game::{
        feedback::captions::{Caption, Captions},
        theme::{Size, Weight, motion::ease_out},
    },
    text::Text,
};

/// Heights of the cylinders' middles above the rail.
const HEARD: f32 = 232.0;
const GIVEN: f32 = 84.0;
/// Half of a cylinder's height, and half of its length at most.
const HALF: f32 = 30.0;
const LONGEST: f32 = 440.0;
/// Room beyond the phrase's end for one that is given back too slowly, as a share of it. ◇
const SLOWER: f64 = 0.18;
/// Pins move to their places in this time, and stay as long as the next phrase lets them, ms. ◇
const SETTLES_MS: f64 = 420.0;
const LEAVES_MS: f64 = 300.0;
const PIN: f32 = 10.0;

/// The music box.
#[derive(Clone, Copy, Debug)]
pub struct Echo;

impl Machine for Echo {
    fn lane(&self, plan: &TrialPlan, room: &Room) -> Lane {
        Lane::new(plan, Vec2::new(0.0, room.rail()), room.half.x, Nanos(plan.interval.0 * 4))
    }

    fn back(&self, p: &mut Painter, scene: &Scene<'_>, lane: &Lane, _run: &Run) {
        let look = scene.look;
        let (at, floor) = (lane.anchor, lane.anchor.y - FLOOR_BELOW);
        let half = half(scene.room);
        for side in [-1.0, 1.0] {
            parts::post(
                p,
                Vec2::new(at.x + side * (half + 26.0), floor),
                12.0,
                HEARD + HALF + FLOOR_BELOW + 26.0,
                look.iron,
            );
        }
        parts::beam(
            p,
            Vec2::new(at.x - half - 52.0, at.y + HEARD + HALF + 24.0),
            Vec2::new(at.x + half + 52.0, at.y + HEARD + HALF + 46.0),
            look.iron,
            9,
        );
        let turn = if scene.still { 0.0 } else { scene.plunge() * 0.2 };
        p.gear(at + Vec2::new(-half - 26.0, (HEARD + GIVEN) * 0.5), 58.0, 20, turn, look.brass.shaded(0.62));
    }

    fn front(&self, p: &mut Painter, scene: &Scene<'_>, lane: &Lane, run: &Run) {
        let look = scene.look;
        if run.plan.window_was_open {
            let middle = lane.anchor + Vec2::Y * GIVEN;
            p.glow(middle, half(scene.room) * 1.5, 0.3, look.cortex.with_alpha_of(0.34));
        }
        let lean = scene.broken.filter(|_| !scene.still).map_or((0.0, Vec2::ZERO), |b| {
            let k = ease_out(b.age_ms / 220.0) as f32 * b.left;
            (-b.sign * (0.03 + 0.07 * b.size) * k, Vec2::new(b.sign * (10.0 + 30.0 * b.size), -16.0) * k)
        });
        // A cylinder for what is heard, and one, which errors tear off its bearings, for what is given back.
        let upper = lane.anchor + Vec2::Y * HEARD;
        cylinder(p, scene, upper, look.brass, (0.0, Vec2::ZERO));
        let lower = lane.anchor + Vec2::Y * GIVEN;
        cylinder(p, scene, lower, look.steel.shaded(0.75), lean);
        parts::wreck(p, scene, lane);
        parts::plate(p, scene, lane, &run.plan);
        let Some(phrase) = shown(scene, run) else { return };
        heard(p, scene, lane, &phrase);
        given(p, scene, lane, &phrase);
    }

    fn words(&self, captions: &mut Captions, text: &Text, scene: &Scene<'_>, lane: &Lane, run: &Run) {
        let Some(phrase) = shown(scene, run) else { return };
        let look = scene.look;
        let mut say = |said: String, at: Vec2, size, color, anchor| {
            let weight = Weight::Bold;
            captions.say(Caption { text: said, at, depth: depth::STAGE_TEXT, size, weight, color, anchor, scale: 1.0 });
        };
        if !phrase.run.ended {
            let mine = phrase.reply.is_some_and(|reply| scene.now >= reply);
            let (said, y) = if mine {
                (text.get("stage-your-turn", &[]), GIVEN - HALF - 22.0)
            } else {
                (text.get("stage-listen", &[]), HEARD - HALF - 22.0)
            };
            let color = if mine { look.text } else { look.quiet };
            say(said, lane.anchor + Vec2::Y * y, Size::Body, color, Anchor::CENTER);
            return;
        }
        // Each interval's length against what it was to be.
        let settled = phrase.settled(scene);
        let places = phrase.places();
        for (n, target) in phrase.run.plan.targets.iter().enumerate().skip(1) {
            let (Some(answer), Some((tier, _))) = (phrase.run.answers.get(&target.id), phrase.run.met.get(&target.id))
            else {
                continue;
            };
            let (Some(error), Some(to)) = (answer.error, answer.pressed) else { continue };
            let from = places.get(n - 1).copied().flatten().unwrap_or(to);
            let middle =
                (phrase.x(scene.room, from - phrase.begun(from)) + phrase.x(scene.room, to - phrase.begun(to))) * 0.5;
            let percent = error.round() as i64;
            let signed = match percent {
                0 => "0".to_owned(),
                1.. => format!("+{percent}"),
                ..0 => format!("−{}", -percent),
            };
            let said = text.get("stage-interval", &[("percent", signed.into())]);
            let color = look.tier(*tier).with_alpha_of(settled * phrase.alpha);
            // Neighbours stand at two heights, so that short intervals do not write over each other.
            let y = GIVEN - HALF - 16.0 - 20.0 * (n % 2) as f32;
            say(said, lane.anchor + Vec2::new(middle, y), Size::Small, color, Anchor::CENTER);
        }
    }

    fn heart(&self, lane: &Lane) -> Vec2 {
        lane.anchor + Vec2::new(0.0, GIVEN)
    }

    fn count_in(&self, lane: &Lane) -> Vec2 {
        lane.anchor + Vec2::new(0.0, (HEARD + GIVEN) * 0.5)
    }

    fn breaks(&self, lane: &Lane) -> Breaks {
        Breaks { at: self.heart(lane), spread: Vec2::new(240.0, 26.0) }
    }
}

/// Half of a cylinder's length in this room.
fn half(room: &Room) -> f32 {
    (room.half.x - 74.0).min(LONGEST)
}

/// The phrase that is on the cylinders.
struct Phrase<'a> {
    run: &'a Run,

    /// Moments of the model's onsets.
    model: Vec<HostTime>,
    /// From here on the player answers.
    reply: Option<HostTime>,
    /// The presses of the answer.
    presses: Vec<HostTime>,
    /// Length of the model.
    length: Nanos,
    alpha: f32,
}

/// The present phrase, or the last one until the present one begins to sound.
fn shown<'a>(scene: &Scene<'a>, run: &Run) -> Option<Phrase<'a>> {
    let present = phrase(scene, run.plan.trial)?;
    let begins = present.model.first().copied()?;
    if scene.now >= begins {
        return Some(present);
    }
    let before = scene.timeline.anchored().map(|(run, _)| run).filter(|held| held.plan.trial < run.plan.trial).last();
    let left = ((begins - scene.now).as_ms() / LEAVES_MS).clamp(0.0, 1.0) as f32;
    match before.filter(|before| before.ended).and_then(|before| phrase(scene, before.plan.trial)) {
        Some(last) => Some(Phrase { alpha: left, ..last }),
        None => Some(present),
    }
}

fn phrase<'a>(scene: &Scene<'a>, trial: doozy_training::event::TrialId) -> Option<Phrase<'a>> {
    let run = scene.timeline.run(trial)?;
    let clock = run.clock?;
    let onsets = run.plan.cues.iter().filter(|cue| matches!(cue.kind, CueKind::Model { .. }));
    let model: Vec<HostTime> = onsets.map(|cue| clock.host(cue.at)).collect();
    let (first, last) = (*model.first()?, *model.last()?);
    let reply = if let Stage::Echo { reply } = run.plan.stage { Some(clock.host(reply)) } else { None };
    let from = reply.unwrap_or(last);
    let over = clock.host(run.plan.length);
    let presses = scene.timeline.presses().map(|(t, _)| t).filter(|t| *t >= from && *t <= over && *t <= scene.now);
    Some(Phrase { run, reply, presses: presses.collect(), length: (last - first).max(Nanos::ms(1)), model, alpha: 1.0 })
}

impl Phrase<'_> {
    /// Place of a moment `since` after the line's left end.
    fn x(&self, room: &Room, since: Nanos) -> f32 {
        let half = half(room) - 24.0;
        let share = since.as_ms() / (self.length.as_ms() * (1.0 + SLOWER));
        -half + 2.0 * half * (share as f32).clamp(0.0, 1.0)
    }

    /// When the answer began.
    fn begun(&self, otherwise: HostTime) -> HostTime {
        self.presses.first().copied().unwrap_or(otherwise)
    }

    /// How far the pins have moved to their places, 0…1.
    fn settled(&self, scene: &Scene<'_>) -> f32 {
        if !self.run.ended {
            return 0.0;
        }
        let told = scene.timeline.marks().rev().find(|mark| mark.trial == self.run.plan.trial).map(|mark| mark.since);
        let since = told.map_or(SETTLES_MS, |told| (scene.now - told).as_ms());
        ease_out(since / SETTLES_MS) as f32
    }

    /// The moment of the response to each target, the first (which begins) included.
    fn places(&self) -> Vec<Option<HostTime>> {
        let of = |target: &Target| match target.role {
            Role::Begin => self.presses.first().copied(),
            _ => self.run.answers.get(&target.id).and_then(|answer| answer.pressed),
        };
        self.run.plan.targets.iter().map(of).collect()
    }
}

/// A cylinder on its bearings, with the comb under it.
fn cylinder(p: &mut Painter, scene: &Scene<'_>, middle: Vec2, metal: Metal, (lean, off): (f32, Vec2)) {
    let look = scene.look;
    let half = half(scene.room);
    p.within(Affine2::from_angle_translation(lean, middle + off), |p| {
        p.panel(Vec2::new(-half - 2.0, -HALF - 9.0), Vec2::new(half + 4.0, -HALF + 6.0), 8.0, look.shadow, look.shadow);
        let shades = [0.10, 0.16, 0.26, 0.42, 0.62, 0.80, 0.58, 0.34, 0.22];
        for k in 0..8 {
            let (y0, y1) = (-HALF + 2.0 * HALF * k as f32 / 8.0, -HALF + 2.0 * HALF * (k + 1) as f32 / 8.0);
            p.wash(
                Vec2::new(-half, y0),
                Vec2::new(half, y1),
                metal.light.lightened(shades[k] * 0.62),
                metal.light.lightened(shades[k + 1] * 0.62),
            );
        }
        // Rings turned into the metal.
        let count = (half / 44.0) as i32;
        for k in -count..=count {
            let x = k as f32 * 44.0;
            let line = metal.dark.with_alpha_of(0.30);
            p.stroke(Vec2::new(x, -HALF), Vec2::new(x, HALF), 1.0, line, line);
        }
        for side in [-1.0, 1.0] {
            let x = side * half;
            p.panel(
                Vec2::new(x - 8.0, -HALF - 5.0),
                Vec2::new(x + 8.0, HALF + 5.0),
                3.0,
                look.brass.dark,
                look.brass.mid,
            );
            p.wash(
                Vec2::new(x - 6.0, HALF * 0.25),
                Vec2::new(x + 6.0, HALF * 0.7),
                look.brass.light.lightened(0.5),
                look.brass.light.lightened(0.9),
            );
        }
    });
}

/// A pin, and how it stands out when it sounds.
fn pin(p: &mut Painter, look: &Look, at: Vec2, metal: Metal, wakes: f32, glow: f32) {
    if wakes > 0.0 {
        p.glow(at, 46.0, 1.0, look.lamp.with_alpha_of(0.55 * wakes * glow));
    }
    p.speck(at + Vec2::new(1.5, -3.0), PIN * 1.5, 0.9, look.shadow);
    p.ball(at, PIN * (1.0 + 0.25 * wakes), 0.0, metal);
}

/// What was heard: a pin set at each onset as it sounds; hollow from the player's turn on.
fn heard(p: &mut Painter, scene: &Scene<'_>, lane: &Lane, phrase: &Phrase<'_>) {
    let look = scene.look;
    let y = lane.anchor.y + HEARD;
    let Some(first) = phrase.model.first().copied() else { return };
    let turn = phrase.reply.map_or(0.0, |reply| ((scene.now - reply).as_ms() / 200.0).clamp(0.0, 1.0)) as f32;
    p.faded(phrase.alpha * scene.travellers.max(0.4), |p| {
        for (n, onset) in phrase.model.iter().enumerate() {
            let since = (scene.now - *onset).as_ms();
            if since < 0.0 {
                continue;
            }
            let at = Vec2::new(lane.anchor.x + phrase.x(scene.room, *onset - first), y);
            let wakes = (1.0 - since / 260.0).clamp(0.0, 1.0) as f32;
            p.faded(1.0 - 0.8 * turn, |p| pin(p, look, at, look.steel, wakes, scene.glow));
            p.faded(turn, |p| p.ring(at, PIN - 1.0, 2.4, look.text.with_alpha_of(0.8)));
            if let Some(before) = n.checked_sub(1).and_then(|n| phrase.model.get(n)) {
                let from = Vec2::new(lane.anchor.x + phrase.x(scene.room, *before - first), y);
                let color = look.text.with_alpha_of(0.35);
                p.stroke(from + Vec2::X * PIN, at - Vec2::X * PIN, 1.6, color, color);
            }
        }
        // The reading lamp runs along while it sounds.
        let last = phrase.model.last().copied().unwrap_or(first);
        if scene.now >= first && scene.now <= last + Nanos::ms(150) {
            let x = lane.anchor.x + phrase.x(scene.room, (scene.now - first).min(phrase.length));
            let top = Vec2::new(x, y + HALF + 8.0);
            p.glow(top, 26.0, 1.0, look.lamp.with_alpha_of(0.4 * scene.glow));
            marks::wedge_down(p, top, 8.0, look.lamp);
        }
    });
}

/// What was given back: a row of pins that counts, then the pins in their places.
fn given(p: &mut Painter, scene: &Scene<'_>, lane: &Lane, phrase: &Phrase<'_>) {
    let look = scene.look;
    let y = lane.anchor.y + GIVEN;
    let Some(reply) = phrase.reply else { return };
    if scene.now < reply && !phrase.run.ended {
        return;
    }
    let targets = &phrase.run.plan.targets;
    let settled = phrase.settled(scene);
    let step = (2.0 * half(scene.room) / (targets.len() + 1) as f32).min(42.0);
    let waits = |n: usize| lane.anchor.x + step * (n as f32 - (targets.len() as f32 - 1.0) * 0.5);
    let places = phrase.places();
    p.faded(phrase.alpha * scene.travellers.max(0.4), |p| {
        if phrase.run.ended {
            // Where the pins were to be, counted from the player's own beginning.
            let mut at = Nanos::ZERO;
            for target in targets {
                if let Role::PressAfter { after } = target.role {
                    at += after;
                }
                let x = lane.anchor.x + phrase.x(scene.room, at);
                let color = look.text.with_alpha_of(0.55 * settled);
                p.ring(Vec2::new(x, y), PIN + 4.0, 1.6, color);
                p.stroke(Vec2::new(x, y + HALF), Vec2::new(x, y + HALF + 14.0), 1.6, color, color);
            }
        }
        for (n, target) in targets.iter().enumerate() {
            let row = Vec2::new(waits(n), y);
            if !phrase.run.ended {
                match phrase.presses.get(n) {
                    Some(pressed) => {
                        let wakes = (1.0 - (scene.now - *pressed).as_ms() / 260.0).clamp(0.0, 1.0) as f32;
                        pin(p, look, row, look.steel, wakes, scene.glow);
                    }
                    None => p.ring(row, PIN - 2.0, 2.2, look.ground.with_alpha_of(0.85)),
                }
                continue;
            }
            let Some(pressed) = places.get(n).copied().flatten() else {
                continue;
            };
            let place = Vec2::new(lane.anchor.x + phrase.x(scene.room, pressed - phrase.begun(pressed)), y);
            let met = phrase.run.met.get(&target.id).copied();
            let at = if scene.still { place } else { row.lerp(place, settled) };
            let metal = match met {
                Some((Tier::Miss | Tier::Doozy, _)) => look.iron,
                _ => look.brass,
            };
            p.faded(if scene.still { settled } else { 1.0 }, |p| {
                pin(p, look, at, metal, 0.0, scene.glow);
                if let Some((tier, side)) = met {
                    let color = look.tier(tier).mix(&look.text, 0.15).with_alpha_of(settled);
                    marks::met(p, at, PIN + 1.0, tier, side.sign() as f32, color);
                }
            });
        }
    });
}

#[cfg(test)]
mod tests {
    use doozy_training::event::ErrorUnit;

    use super::*;
    use crate::game::stage::sample::plan;

    #[test]
    fn the_plate_is_in_per_cent_in_every_window() {
        for half in [202.0, 480.0, 640.0, 1280.0] {
            let room = Room { half: Vec2::new(half, 360.0), strip: 144.0 };
            let mut plan = plan(0, Stage::Echo { reply: Nanos::ms(3000) }, true);
            plan.terms.unit = ErrorUnit::Percent;
            plan.tol_ms = 15.0;
            let lane = Lane::of(&plan, &room);
            assert!(lane.of_error(-15.0) < lane.anchor.x && lane.of_error(15.0) > lane.anchor.x);
            assert!(lane.of_error(45.0) - lane.anchor.x <= 240.5);
        }
    }

    #[test]
    fn earlier_is_left_and_a_phrase_given_back_a_sixth_too_slowly_still_fits() {
        let room = Room::default();
        let run = Run::sample(&plan(0, Stage::Echo { reply: Nanos::ms(3000) }, true));

        let phrase = Phrase {
            run: &run,

            model: vec![HostTime(0), HostTime(2_000_000_000)],
            reply: None,
            presses: Vec::new(),
            length: Nanos::ms(2000),
            alpha: 1.0,
        };
        let x = |ms| phrase.x(&room, Nanos::ms(ms));
        assert!(x(0) < x(500) && x(500) < x(2000) && x(2000) < x(2330));
        assert!(x(0) >= -half(&room) && x(9000) <= half(&room));
    }
}
