//! Syllables: a gramophone, and the words of a phrase as slugs of type that ride along the rail to it. A stressed one is
//! taller and larger, and belongs to the other key.

use bevy::{
    color::Mix,
    math::{Affine2, Vec2},
    sprite::Anchor,
};
use doozy_training::{
    event::{CueKind, Lane as Key, Stage, Tier, TrialPlan},
    time::Nanos,
};

use super::{
    lane::{Lane, Room},
    layers::depth,
    machine::{Breaks, Machine},
    marks,
    paint::{Painter, Tint},
    parts::{self, FLOOR_BELOW, Scene},
    timeline::Run,
    travel::{self, Traveller},
};
use crate::{
    game::{
        feedback::{
            captions::{Caption, Captions},
            replay::{self, Retold},
        },
        theme::{Size, Weight, motion::ease_out},
    },
    text::Text,
};

/// Half of a slug's height: unstressed, stressed.
const HALF: [f32; 2] = [19.0, 31.0];
/// Height of a slug's middle above the rail's strike point: unstressed, stressed.
const RAISED: [f32; 2] = [0.0, 40.0];
/// What the rail is laid for: the lower slug stands on it.
const FOOT: f32 = 19.0;
/// Syllables in sight ◇: a word and a half.
const SEEN: f64 = 4.5;
/// The stressed key.
const STRESSED: Key = Key(1);
/// Width of a letter and of a slug's margins, in sizes of its type. ◇ Noto Sans' small letters, bold ones wider.
const LETTER: [f32; 2] = [0.56, 0.61];
const MARGIN: f32 = 22.0;
/// The stressed type as a share of the title's.
const LARGE: f32 = 0.74;

/// The gramophone.
#[derive(Clone, Copy, Debug)]
pub struct Syllables;

fn nth(key: Key) -> usize {
    usize::from(key == STRESSED)
}

/// Size of the type of a slug, px, before it is made to fit.
fn type_px(key: Key) -> f32 {
    if key == STRESSED { Size::Title.px() * LARGE } else { Size::Body.px() }
}

/// The word of a target, its slug's half-width, and by how much its type is set smaller to fit.
fn slug<'a>(at: &Traveller<'a>, lane: &Lane) -> (&'a str, f32, f32) {
    let first = at.run.plan.targets.first().map_or(0, |target| target.id.0);
    let n = at.target.id.0.wrapping_sub(first) as usize;
    let word = at.run.plan.terms.words.get(n).map_or("", String::as_str);
    let key = at.target.lane;
    let width = word.chars().count() as f32 * type_px(key) * LETTER[nth(key)] + MARGIN;
    // No wider than the room to its neighbours.
    let room = at.run.plan.interval.as_ms() as f32 * lane.per_ms() * 0.97;
    let fit = (room / width).min(1.0);
    (word, width * fit * 0.5, fit)
}

impl Machine for Syllables {
    fn lane(&self, plan: &TrialPlan, room: &Room) -> Lane {
        let interval = if let Stage::Syllables { interval } = plan.stage { interval } else { plan.interval };
        let lead = Nanos::from_ms(interval.as_ms() * SEEN);
        Lane::new(plan, Vec2::new(0.0, room.rail()), room.half.x, lead)
    }

    fn back(&self, p: &mut Painter, scene: &Scene<'_>, lane: &Lane, _run: &Run) {
        let look = scene.look;
        let at = lane.anchor;
        let floor = at.y - FLOOR_BELOW;
        // A lectern with the works in it.
        for side in [-1.0, 1.0] {
            parts::post(p, Vec2::new(at.x + side * 118.0, floor), 10.0, FLOOR_BELOW + 92.0, look.iron);
        }
        let (low, high) = (at + Vec2::new(-150.0, 74.0), at + Vec2::new(150.0, 122.0));
        p.panel(low - Vec2::new(2.0, 9.0), high + Vec2::new(5.0, 0.0), 6.0, look.shadow, look.shadow);
        p.panel(low, high, 5.0, look.iron.dark, look.iron.light.lightened(0.9));
        p.panel(low + Vec2::splat(5.0), high - Vec2::splat(5.0), 3.0, look.iron.mid, look.iron.dark);
        for x in [-132.0, -66.0, 66.0, 132.0] {
            p.bolt(at + Vec2::new(x, 98.0), 4.0, look.brass.shaded(0.8));
        }
        let turn = if scene.still { 0.0 } else { spoken(scene) * 0.35 };
        p.gear(at + Vec2::new(0.0, 98.0), 26.0, 14, turn, look.brass.shaded(0.75));
        horn(p, scene, lane);
    }

    fn front(&self, p: &mut Painter, scene: &Scene<'_>, lane: &Lane, run: &Run) {
        let look = scene.look;
        let lit = run.plan.window_was_open;
        let at = lane.anchor;
        parts::plunger(p, scene, at, 26.0, 0.0);
        parts::rail(p, scene, lane, FOOT, lit);
        parts::wreck(p, scene, lane);
        parts::plate(p, scene, lane, &run.plan);
        gate(p, scene, lane, lit);
        for (_, cue, x, alpha) in travel::cues(scene, lane, 20.0) {
            if matches!(cue.kind, CueKind::CountIn { .. }) {
                p.faded(alpha * 0.9, |p| {
                    p.ring(Vec2::new(x, at.y), 10.0, 3.0, look.quiet);
                    p.disc(Vec2::new(x, at.y), 2.5, look.quiet, look.quiet);
                });
            }
        }
        let next = scene.timeline.next_due(scene.now);
        for syllable in travel::targets(scene, lane, 60.0) {
            let (_, half, _) = slug(&syllable, lane);
            let n = nth(syllable.target.lane);
            let low = Vec2::new(syllable.x - half, at.y - FOOT);
            let high = Vec2::new(syllable.x + half, at.y + RAISED[n] + HALF[n]);
            p.faded(syllable.alpha, |p| {
                let metal = match syllable.met {
                    Some((Tier::Clean | Tier::Slip, _)) => look.brass.shaded(0.55),
                    Some(_) => look.iron.shaded(0.8),
                    None => look.iron,
                };
                if Some(syllable.due) == next && syllable.met.is_none() {
                    p.glow((low + high) * 0.5, half + 34.0, 0.8, look.lamp.with_alpha_of(0.22 * scene.glow));
                }
                p.panel(low + Vec2::new(2.0, -4.0), high + Vec2::new(3.0, -3.0), 5.0, look.shadow, look.shadow);
                p.panel(low, high, 5.0, metal.dark, metal.light.lightened(1.1));
                let inset = Vec2::splat(3.0);
                let face = look.ground.mix(&look.iron.light, 0.22);
                if syllable.silent() {
                    // An empty frame: the word is to be said, and is not heard.
                    p.panel(low + inset, high - inset, 3.0, look.ground, look.ground);
                } else {
                    p.panel(low + inset, high - inset, 3.0, face, face.lightened(1.25));
                }
                if syllable.target.lane == STRESSED {
                    // The stress mark stands on top, so that no colour is needed to see it.
                    let bar = look.lane(STRESSED).light;
                    p.panel(Vec2::new(low.x + 6.0, high.y - 6.0), Vec2::new(high.x - 6.0, high.y - 2.0), 2.0, bar, bar);
                }
                if let Some((tier, side)) = syllable.met {
                    let above = Vec2::new(syllable.x, high.y - 10.0);
                    let color = look.tier(tier);
                    let form = above + Vec2::Y * 26.0;
                    marks::form(p, form, 9.0, tier, side.sign() as f32, color);
                }
            });
        }
    }

    fn words(&self, captions: &mut Captions, _text: &Text, scene: &Scene<'_>, lane: &Lane, _run: &Run) {
        for syllable in travel::targets(scene, lane, 60.0) {
            let (word, half, fit) = slug(&syllable, lane);
            let key = syllable.target.lane;
            let stressed = key == STRESSED;
            // What would stand half outside of the window is not worth reading.
            if syllable.x + half > scene.room.half.x + 30.0 {
                continue;
            }
            captions.say(Caption {
                text: word.to_owned(),
                at: Vec2::new(syllable.x, lane.anchor.y + RAISED[nth(key)] - if stressed { 3.0 } else { 0.0 }),
                depth: depth::STAGE_TEXT,
                size: if stressed { Size::Title } else { Size::Body },
                weight: if stressed { Weight::Bold } else { Weight::Regular },
                color: scene.look.text.with_alpha_of(syllable.alpha),
                anchor: Anchor::CENTER,
                scale: fit * if stressed { LARGE } else { 1.0 },
            });
        }
    }

    fn heart(&self, lane: &Lane) -> Vec2 {
        lane.anchor + Vec2::new(74.0, 236.0)
    }

    fn replay(&self, p: &mut Painter, captions: &mut Captions, told: &Retold<'_>) {
        let first = told.plan.targets.first().map_or(0, |target| target.id.0);
        let asked = told.target();
        let n = asked.map_or(usize::MAX, |target| target.id.0.wrapping_sub(first) as usize);
        let Some(word) = told.plan.terms.words.get(n) else {
            replay::on_a_line(p, told, |p, at, roll| self.traveller(p, told.look, at, roll));
            return;
        };
        let look = told.look;
        let key = asked.map_or(Key(0), |target| target.lane);
        let half = word.chars().count() as f32 * Size::Body.px() * 0.31 + 10.0;
        let place = std::cell::Cell::new(Vec2::ZERO);
        replay::on_a_line(p, told, |p, at, _| {
            place.set(at);
            p.panel(at - Vec2::new(half, 17.0), at + Vec2::new(half, 17.0), 5.0, look.iron.dark, look.iron.light);
            let face = look.ground.mix(&look.iron.light, 0.22);
            p.panel(
                at - Vec2::new(half - 3.0, 14.0),
                at + Vec2::new(half - 3.0, 14.0),
                3.0,
                face,
                face.lightened(1.25),
            );
        });
        captions.say(Caption {
            text: word.clone(),
            at: place.get(),
            depth: depth::SCENE_TEXT,
            size: Size::Body,
            weight: if key == STRESSED { Weight::Bold } else { Weight::Regular },
            color: look.text.with_alpha_of(told.alpha),
            anchor: Anchor::CENTER,
            scale: 1.0,
        });
        replay::other_lane(p, told);
    }

    fn strike(&self, lane: &Lane, _plan: &TrialPlan, pressed: Key) -> Vec2 {
        lane.anchor + Vec2::Y * RAISED[nth(pressed)]
    }

    fn rings(&self, lane: &Lane, _plan: &TrialPlan, _pressed: Key) -> (Vec2, f32) {
        (self.heart(lane), 0.8)
    }

    fn count_in(&self, lane: &Lane) -> Vec2 {
        lane.anchor + Vec2::new(-86.0, 236.0)
    }

    fn breaks(&self, lane: &Lane) -> Breaks {
        Breaks { at: self.heart(lane), spread: Vec2::new(80.0, 80.0) }
    }
}

/// How many syllables have sounded, and how far into the next turn of the works it is.
fn spoken(scene: &Scene<'_>) -> f32 {
    let run = scene.timeline.current(scene.now).and_then(|run| Some((run, run.clock?)));
    let gone = run.map_or(0, |(run, clock)| run.plan.cues.partition_point(|cue| clock.host(cue.at) <= scene.now));
    let step = scene.timeline.last_cue(scene.now).map_or(1.0, |(_, since, _)| ease_out(since.as_ms() / 110.0));
    gone as f32 - 1.0 + step as f32
}

/// The horn: it swells a little with what it says, throws rings when it is met, and tears off its neck.
fn horn(p: &mut Painter, scene: &Scene<'_>, lane: &Lane) {
    let look = scene.look;
    let ring = parts::ringing(scene, None);
    let neck = lane.anchor + Vec2::new(-34.0, 122.0);
    let (mut lean, mut off) = (0.0, Vec2::ZERO);
    if let Some(b) = scene.broken.filter(|_| !scene.still) {
        let k = ease_out(b.age_ms / 220.0) as f32 * b.left;
        lean = -b.sign * (0.25 + 0.55 * b.size) * k;
        off = Vec2::new(b.sign * (18.0 + 70.0 * b.size), -12.0 - 18.0 * b.size) * k;
    }
    let says = match scene.timeline.last_cue(scene.now) {
        Some((CueKind::Syllable { stressed }, since, _)) if !scene.still => {
            let size = if stressed { 1.0 } else { 0.5 };
            size * (1.0 - ease_out(since.as_ms() / 180.0)) as f32
        }
        _ => 0.0,
    };
    // The elbow that carries it stays behind.
    p.lathe(neck - Vec2::Y * 4.0, &[(16.0, 0.0), (16.0, 10.0), (10.0, 16.0), (9.0, 30.0)], |u, _| look.iron.turned(u));
    if ring > 0.0 {
        p.glow(neck + Vec2::new(108.0, 114.0) + off, 190.0, 1.0, look.lamp.with_alpha_of(0.20 * ring * scene.glow));
    }
    p.within(Affine2::from_angle_translation(lean, neck + off), |p| {
        const ROWS: usize = 18;
        const COLUMNS: usize = 12;
        let way = |t: f32| {
            let (a, b, c) = (Vec2::new(0.0, 22.0), Vec2::new(-34.0, 128.0), Vec2::new(98.0, 116.0));
            let s = 1.0 - t;
            (a * s * s + b * 2.0 * s * t + c * t * t, ((b - a) * s + (c - b) * t).normalize_or_zero())
        };
        let mouth = 86.0 * (1.0 + 0.035 * says);
        let girth = |t: f32| 8.0 + (mouth - 8.0) * t.powf(3.2) * 0.86 + 12.0 * t;
        let point = |row: usize, column: usize| {
            let t = row as f32 / ROWS as f32;
            let (at, along) = way(t);
            let u = -(std::f32::consts::PI * column as f32 / COLUMNS as f32).cos();
            // Across, and bulging forward near the mouth as a round opening does.
            at - along.perp() * girth(t) * u + along * girth(t) * 0.30 * t * (1.0 - u * u).sqrt()
        };
        for row in 0..ROWS {
            for column in 0..COLUMNS {
                let shade = |r: usize, c: usize| {
                    let u = -(std::f32::consts::PI * c as f32 / COLUMNS as f32).cos();
                    let t = r as f32 / ROWS as f32;
                    let flute = if c.is_multiple_of(2) { 1.08 } else { 0.88 };
                    look.brass.turned(u).lightened((0.55 + 0.5 * t) * flute * (1.0 + 0.35 * ring))
                };
                p.quad(
                    [point(row, column), point(row + 1, column), point(row + 1, column + 1), point(row, column + 1)],
                    [shade(row, column), shade(row + 1, column), shade(row + 1, column + 1), shade(row, column + 1)],
                );
            }
        }
        let (at, along) = way(1.0);
        let reach = girth(1.0);
        let turned = Affine2::from_angle_translation(along.to_angle(), at) * Affine2::from_scale(Vec2::new(0.36, 1.0));
        p.within(turned, |p| {
            let deep = look.brass.dark.lightened(0.7);
            p.disc(Vec2::ZERO, reach, deep.lightened(0.35), deep.lightened(1.5));
            p.disc(Vec2::new(-14.0, 0.0), reach * 0.62, look.ground.lightened(0.4), deep.lightened(0.6));
            p.ring(Vec2::ZERO, reach - 1.0, 5.0, look.brass.light.lightened(0.85 + 0.3 * ring));
        });
        if let Some(b) = scene.broken {
            let dark = look.ground.lightened(0.4);
            let side = at + along.perp() * reach * 0.5 * -b.sign;
            p.faded(b.left, |p| {
                p.strokes(
                    &[side, side + Vec2::new(-16.0, 9.0), side + Vec2::new(-34.0, 2.0), side + Vec2::new(-58.0, 14.0)],
                    3.0,
                    dark,
                );
            });
        }
        if ring > 0.05 {
            for k in 0..3 {
                let out = if scene.still { 0.4 + 0.25 * k as f32 } else { (1.0 - ring) * 0.8 + 0.22 * k as f32 };
                let color = look.tiers[0].with_alpha_of(0.55 * ring * (1.0 - 0.25 * k as f32));
                p.arc(at, reach + 16.0 + 76.0 * out, 3.0, along.to_angle() - 0.55, 1.1, color);
            }
        }
    });
}

/// The strike point: a place for either slug, the stressed one's larger and higher.
fn gate(p: &mut Painter, scene: &Scene<'_>, lane: &Lane, lit: bool) {
    let look = scene.look;
    let at = lane.anchor;
    let near = parts::nearness(scene);
    let color = if lit { look.cortex } else { look.text };
    let top = at.y + RAISED[1] + HALF[1] + 10.0;
    let bright = color.with_alpha_of(0.45 + 0.5 * near);
    p.stroke(Vec2::new(at.x, at.y - FOOT), Vec2::new(at.x, top), 1.8, bright, bright.with_alpha_of(0.5));
    for (key, y) in [(Key(0), at.y), (STRESSED, at.y + RAISED[1])] {
        let pressed = scene.plunge_in(key);
        let hue = look.lane(key).light.with_alpha_of(0.75 + 0.25 * pressed);
        let reach = if key == STRESSED { 15.0 } else { 10.0 };
        for side in [-1.0, 1.0] {
            marks::wedge(p, Vec2::new(at.x + side * (52.0 + 6.0 * pressed), y), reach * 0.55, -side, hue);
        }
    }
    marks::wedge_down(p, Vec2::new(at.x, top + 8.0), 7.0, color);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::game::stage::sample::plan;

    #[test]
    fn a_stressed_syllable_is_met_higher_than_a_plain_one() {
        let plan = plan(0, Stage::Syllables { interval: Nanos::ms(400) }, true);
        let lane = Lane::of(&plan, &Room::default());
        let (plain, stressed) = (Syllables.strike(&lane, &plan, Key(0)), Syllables.strike(&lane, &plan, STRESSED));
        assert!(stressed.y > plain.y && stressed.x == plain.x);
        assert_eq!(lane.lead, Nanos::ms(1800));
    }

    #[test]
    fn slugs_leave_room_for_their_neighbours_in_every_window() {
        let mut plan = plan(0, Stage::Syllables { interval: Nanos::ms(600) }, true);
        plan.terms.words = ["straw", "ber", "strengths"].map(str::to_owned).to_vec();
        plan.targets[2].lane = STRESSED;
        let run = Run::sample(&plan);
        for half in [202.0, 480.0, 640.0, 1280.0] {
            let lane = Lane::of(&plan, &Room { half: Vec2::new(half, 360.0), strip: 144.0 });
            let gap = lane.per_ms() * 600.0;
            for target in &run.plan.targets {
                let at = Traveller {
                    run: &run,
                    clock: doozy_training::time::TrialClock { origin: doozy_training::time::HostTime(0), rate_ppb: 0 },
                    target,
                    due: doozy_training::time::HostTime(0),
                    seems: doozy_training::time::HostTime(0),
                    x: 0.0,
                    alpha: 1.0,
                    met: None,
                };
                let (word, reach, fit) = slug(&at, &lane);
                assert!(!word.is_empty() && 2.0 * reach <= gap, "{word} in {half}");
                assert!(fit > 0.2, "{word} in {half} is set at {fit}");
            }
        }
    }
}
