//! The cortex strip: what the simulated circuit did with the last error, slowed twentyfold.
//!
//! Left is the microzone of early errors, right that of late ones. A dot is a climbing fibre that fired; the bar is the
//! brake (MLI1) that lets go; the line is calcium; the iris in the middle is the learning window. The real gate is open
//! for about one video frame (cerebellum.md §5.3), so the strip is slowed and says so, and keeps its last state.

use std::f32::consts::TAU;

use std::collections::VecDeque;

use bevy::{
    color::{LinearRgba, Mix},
    math::Vec2,
    prelude::*,
    sprite::Anchor,
};
use doozy_training::{
    event::{Amplify, Effect, EventId, Side, TrialId},
    time::HostTime,
};

use super::{
    bridge::{NoteMessage, PlayState},
    feedback::{
        captions::{Caption, Captions},
        scene::{SceneSet, Show},
    },
    stage::{
        lane::Room,
        layers::depth,
        look::Look,
        paint::{Painter, Tint},
    },
    theme::{Size, Weight, motion::ease_out},
};
use crate::{
    conductor::note::{CortexView, Note},
    text::Text,
};

/// How much slower than the circuit the strip runs (cerebellum.md §5.3).
pub const SLOWED: f64 = 20.0;
/// What is shown of the traces, ms of the circuit from the volley's onset: before, and after. ◇ The window opens at 5
/// and is closed by 30 ms; calcium has a longer tail, of which the beginning tells enough.
const SHOWN: (f64, f64) = (-4.0, 56.0);
/// The word for the window comes when its peak has passed, ms of the circuit (cerebellum.md §5.3). ◇
const WORD_AFTER_MS: f64 = 20.0;
/// A window wider open than this counts as open (cerebellum.md §5.2).
const OPEN: f32 = 0.5;

/// Answers kept, so that a phrase's scene can be shown with its own. ◇ A phrase of the shipped levels has 16 targets.
const KEPT: usize = 64;

/// The volley that is shown and when its picture began.
#[derive(Resource, Clone, Debug, Default)]
pub struct Strip {
    view: Option<(CortexView, HostTime)>,
    recent: VecDeque<CortexView>,
    /// The event whose scene plays or played last.
    staged: Option<EventId>,
}

impl Strip {
    /// Milliseconds of the circuit that the picture has reached at `now`; stands still at its end.
    fn reached(&self, now: HostTime) -> f64 {
        self.view.as_ref().map_or(0.0, |(_, from)| (SHOWN.0 + (now - *from).as_ms() / SLOWED).min(SHOWN.1))
    }
}

/// A trace at a moment, by straight lines between its samples; its ends hold.
fn at(trace: &[f32], from_ms: f32, ms: f64, rest: f32) -> f32 {
    let place = ms - f64::from(from_ms);
    let (Some(first), Some(last)) = (trace.first(), trace.last()) else { return rest };
    if place <= 0.0 {
        return *first;
    }
    let k = place as usize;
    match trace.get(k..k + 2) {
        Some(pair) => pair[0] + (pair[1] - pair[0]) * (place - k as f64) as f32,
        None => *last,
    }
}

/// The widest that the window has been up to a moment.
fn widest(view: &CortexView, ms: f64) -> f32 {
    let reached = (ms - f64::from(view.from_ms)).max(0.0) as usize;
    view.window.iter().take(reached + 1).copied().fold(0.0, f32::max)
}

fn hear(mut notes: MessageReader<NoteMessage>, play: Res<PlayState>, show: Res<Show>, mut strip: ResMut<Strip>) {
    for note in notes.read() {
        match &note.0 {
            Note::Cortex(view) => {
                if !withheld(&play, view.event) {
                    strip.view = Some((view.clone(), play.now));
                }
                strip.recent.push_back(view.clone());
                if strip.recent.len() > KEPT {
                    strip.recent.pop_front();
                }
            }
            // a new session counts its events from 0 again
            Note::Effect(Effect::Planned(plan)) if plan.trial == TrialId(0) => *strip = Strip::default(),
            // what a phrase has withheld is told with its worst error
            Note::Effect(Effect::TrialEnded { trial, void: None, worst: Some(worst), .. })
                if play.trial(*trial).is_some_and(|held| held.plan.terms.amplify == Amplify::AtPhraseEnd) =>
            {
                if let Some(view) = strip.recent.iter().find(|view| view.event == *worst).cloned() {
                    strip.view = Some((view, play.now));
                }
            }
            _ => {}
        }
    }
    // the scene at a phrase's end tells of an earlier error: the circuit is shown as it answered that one
    let staged = show.full_event();
    if staged.is_some() && staged != strip.staged {
        strip.staged = staged;
        if let Some(view) = strip.recent.iter().find(|view| Some(view.event) == staged).cloned() {
            strip.view = Some((view, play.now));
        }
    }
}

/// Whether an event belongs to a phrase under way that withholds how it goes: the circuit's answer would tell it.
fn withheld(play: &PlayState, event: EventId) -> bool {
    let trial = play.judged.iter().rev().find(|judged| judged.event == event).and_then(|j| play.trial(j.trial));
    trial.is_some_and(|trial| trial.plan.terms.amplify == Amplify::AtPhraseEnd && trial.ended.is_none())
}

/// Paints the strip along the room's bottom.
pub fn paint(
    p: &mut Painter,
    captions: &mut Captions,
    strip: &Strip,
    look: &Look,
    room: &Room,
    text: &Text,
    now: HostTime,
) {
    let (w, low, high) = (room.half.x, -room.half.y, -room.half.y + room.strip);
    let middle = (low + high) * 0.5 - 2.0;
    let violet = look.cortex;
    let face = look.ground.mix(&violet, 0.012);
    p.wash(Vec2::new(-w - 2.0, low - 2.0), Vec2::new(w + 2.0, high), face.lightened(0.7), face.lightened(1.15));
    p.wash(
        Vec2::new(-w - 2.0, high),
        Vec2::new(w + 2.0, high + 14.0),
        look.shadow.with_alpha_of(0.45),
        look.shadow.with_alpha_of(0.0),
    );
    p.stroke(Vec2::new(-w, high), Vec2::new(0.0, high), 1.4, violet.with_alpha_of(0.06), violet.with_alpha_of(0.5));
    p.stroke(Vec2::new(0.0, high), Vec2::new(w, high), 1.4, violet.with_alpha_of(0.5), violet.with_alpha_of(0.06));
    let reached = strip.reached(now);
    // Everything is laid out for one side and mirrored, so that early and late are as left and right.
    let scale = (w / 640.0).min(1.0);
    for side in [Side::Early, Side::Late] {
        let active = strip.view.as_ref().map(|(view, _)| view).filter(|view| view.side == side);
        zone(p, look, Vec2::new(0.0, middle), side, scale, active, reached);
    }
    iris(p, look, Vec2::new(0.0, middle), strip.view.as_ref().map(|(view, _)| view), reached);
    labels(captions, strip, look, room, text, middle, scale, reached);
}

/// Distances of a side's parts from the middle, design units.
const BRAKE_X: f32 = 92.0;
const CELLS_X: f32 = 140.0;
const CELL: f32 = 21.0;
const COLUMNS: usize = 16;
const CELLS_WIDE: f32 = CELL * COLUMNS as f32;

fn zone(p: &mut Painter, look: &Look, middle: Vec2, side: Side, scale: f32, view: Option<&CortexView>, reached: f64) {
    let sign = side.sign() as f32;
    let violet = look.cortex;
    let rest = look.line.mix(&violet, 0.12);
    let place = |x: f32, y: f32| middle + Vec2::new(sign * x * scale, y);
    // Fibres: two rows of sixteen.
    let count = view.map_or(32, |view| usize::from(view.fibre_count)).max(1);
    let rows = count.div_ceil(COLUMNS);
    for k in 0..count {
        let (column, row) = (k % COLUMNS, k / COLUMNS);
        let at =
            place(CELLS_X + CELL * (column as f32 + 0.5), 34.0 - 19.0 * row as f32 - if rows > 2 { 0.0 } else { 2.0 });
        let fired = view.and_then(|v| v.fibres.iter().find(|(fibre, _)| usize::from(*fibre) == k).map(|f| f.1));
        match fired.filter(|ms| f64::from(*ms) <= reached) {
            Some(ms) => {
                let age = (reached - f64::from(ms)) * SLOWED;
                let flare = (1.0 - ease_out(age / 360.0)) as f32;
                p.glow(at, 17.0 * scale, 1.0, violet.with_alpha_of(0.30 + 0.5 * flare));
                let core = violet.mix(&look.text, 0.35 + 0.5 * flare);
                p.disc(at, (5.2 + 2.4 * flare) * scale, core, violet);
            }
            None => p.disc(at, 3.4 * scale, rest, rest.with_alpha_of(0.8)),
        }
    }
    brake(p, look, place(BRAKE_X, 4.0), view, reached);
    // Calcium: a line that the moment draws, outwards from the middle on both sides would run time backwards on the
    // left, so it runs left to right on both.
    let left = if sign < 0.0 { place(CELLS_X + CELLS_WIDE, 0.0).x } else { place(CELLS_X, 0.0).x };
    let wide = CELLS_WIDE * scale;
    let base = middle.y - 50.0;
    p.stroke(Vec2::new(left, base), Vec2::new(left + wide, base), 1.2, rest, rest);
    if let Some(view) = view {
        let top = view.calcium.iter().copied().fold(1.2_f32, f32::max);
        let steps = 90;
        let mut before: Option<Vec2> = None;
        for k in 0..=steps {
            let ms = SHOWN.0 + (SHOWN.1 - SHOWN.0) * f64::from(k) / f64::from(steps);
            if ms > reached {
                break;
            }
            let value = at(&view.calcium, view.from_ms, ms, 0.0) / top;
            let point = Vec2::new(left + wide * k as f32 / steps as f32, base + 46.0 * value);
            if let Some(before) = before {
                let fill = violet.with_alpha_of(0.22);
                p.quad(
                    [Vec2::new(before.x, base), Vec2::new(point.x, base), point, before],
                    [fill.with_alpha_of(0.02), fill.with_alpha_of(0.02), fill, fill],
                );
                p.stroke(before, point, 2.2, violet.mix(&look.text, 0.25), violet.mix(&look.text, 0.25));
            }
            before = Some(point);
        }
        if let (Some(head), true) = (before, reached < SHOWN.1) {
            p.glow(head, 16.0, 1.0, violet.with_alpha_of(0.8));
            p.disc(head, 3.6, look.text, violet);
        }
    }
}

/// The brake: a clamp that stands closed while MLI1 fires, and lets go as it falls silent.
fn brake(p: &mut Painter, look: &Look, at_: Vec2, view: Option<&CortexView>, reached: f64) {
    let height = 80.0;
    let half = 9.0;
    let (low, high) = (at_ + Vec2::new(-half, -height * 0.5), at_ + Vec2::new(half, height * 0.5));
    let rate = view.map_or(1.0, |view| at(&view.mli1, view.from_ms, reached, 1.0)).clamp(0.0, 1.25);
    p.panel(low - Vec2::splat(2.0), high + Vec2::splat(2.0), 5.0, look.ground.lightened(0.6), look.line);
    p.panel(low, high, 4.0, look.ground.lightened(0.8), look.ground.lightened(0.8));
    let baseline = low.y + height / 1.25;
    let top = Vec2::new(high.x - 2.0, low.y + 2.0 + (height - 4.0) * rate / 1.25);
    let held = look.quiet.mix(&look.line, 0.25);
    let color = look.cortex.mix(&held, (rate / 1.0).clamp(0.0, 1.0));
    p.panel(low + Vec2::splat(2.0), top, 3.0, color.lightened(0.55), color);
    p.stroke(Vec2::new(low.x - 5.0, baseline), Vec2::new(high.x + 5.0, baseline), 1.4, look.quiet, look.quiet);
}

/// The window: an iris of eight leaves that opens by W; its ring keeps the widest it has been.
fn iris(p: &mut Painter, look: &Look, at_: Vec2, view: Option<&CortexView>, reached: f64) {
    let violet = look.cortex;
    let radius = 46.0;
    let live = view.map_or(0.0, |view| at(&view.window, view.from_ms, reached, 0.0)).clamp(0.0, 1.0);
    let kept = view.map_or(0.0, |view| {
        let so_far = widest(view, reached);
        if reached >= SHOWN.1 - 1e-6 { view.w.max(0.0) } else { so_far }
    });
    let kept = kept.clamp(0.0, 1.0);
    // It stays as far open as it has been, and shines while it is.
    let open = kept.max(live);
    p.disc(at_, radius + 8.0, look.iron.mid, look.iron.dark);
    p.ring(at_, radius + 7.0, 2.0, look.iron.light.lightened(1.4));
    let shine = 0.30 + 0.70 * live.max(if kept > OPEN { 0.45 } else { 0.0 });
    let hole = radius * (0.05 + 0.80 * open);
    if open > 0.02 {
        p.glow(at_, radius * (1.0 + open), 1.0, violet.with_alpha_of(0.5 * shine * open));
    }
    p.disc(at_, radius, look.ground.lightened(0.5), look.ground.lightened(0.3));
    p.disc(
        at_,
        hole,
        violet.mix(&look.text, 0.45 * shine).lightened(0.4 + 0.6 * shine),
        violet.lightened(0.25 + 0.55 * shine),
    );
    // Leaves: each is a slab outside a chord that turns with the opening.
    let leaves = 8;
    for k in 0..leaves {
        let angle = TAU * (k as f32 + 0.35 * (1.0 - open)) / leaves as f32;
        let next = angle + TAU / leaves as f32;
        let dir = |a: f32| Vec2::new(a.cos(), a.sin());
        let twist = 0.55 * (1.0 - open);
        let points = [
            at_ + dir(angle + twist) * hole,
            at_ + dir(angle) * radius,
            at_ + dir((angle + next) * 0.5) * radius,
            at_ + dir(next) * radius,
            at_ + dir(next + twist) * hole,
        ];
        let metal = look.iron;
        p.polygon(&points, |v| {
            metal.dark.mix(&metal.light, 0.10 + 0.40 * ((v - at_).normalize_or_zero().y * 0.5 + 0.5))
        });
        p.stroke(points[0], points[1], 1.3, look.ground.lightened(0.3), look.iron.rim.lightened(0.8));
    }
    // A dial around it: how far W has come, half marked.
    let start = TAU * 0.25;
    p.ring(at_, radius + 13.0, 3.0, look.line);
    let sweep = TAU * open;
    if sweep > 0.01 {
        p.arc(at_, radius + 13.0, 3.6, start - sweep, sweep, violet.mix(&look.text, 0.2));
    }
    let half = at_ - Vec2::Y * (radius + 13.0);
    p.stroke(half + Vec2::Y * 5.0, half - Vec2::Y * 5.0, 1.6, look.quiet, look.quiet);
}

#[expect(clippy::too_many_arguments, reason = "labels stand where the parts are")]
fn labels(
    captions: &mut Captions,
    strip: &Strip,
    look: &Look,
    room: &Room,
    text: &Text,
    middle: f32,
    scale: f32,
    reached: f64,
) {
    let mut say = |text: String, at: Vec2, anchor: Anchor, color: LinearRgba| {
        captions.say(Caption {
            text,
            at,
            depth: depth::STRIP_TEXT,
            size: Size::Small,
            weight: Weight::Regular,
            color,
            anchor,
            scale: 0.82,
        });
    };
    let quiet = look.quiet;
    let (top, edge) = (middle + 58.0, room.half.x - 14.0);
    say(text.get("stage-strip-early", &[]), Vec2::new(-edge, top), Anchor::CENTER_LEFT, quiet);
    say(text.get("stage-strip-late", &[]), Vec2::new(edge, top), Anchor::CENTER_RIGHT, quiet);
    let outer = (CELLS_X + CELLS_WIDE) * scale + 10.0;
    if room.half.x > 600.0 {
        for sign in [-1.0, 1.0] {
            let anchor = if sign < 0.0 { Anchor::CENTER_RIGHT } else { Anchor::CENTER_LEFT };
            say(text.get("stage-strip-fibres", &[]), Vec2::new(sign * outer, middle + 24.0), anchor, quiet);
            say(text.get("stage-strip-calcium", &[]), Vec2::new(sign * outer, middle - 42.0), anchor, quiet);
            say(
                text.get("stage-strip-brake", &[]),
                Vec2::new(sign * BRAKE_X * scale, middle - 54.0),
                Anchor::CENTER,
                quiet,
            );
        }
    }
    // What it is, always: simulated, and slowed.
    say(
        text.get("stage-strip-slowed", &[("times", (SLOWED as i64).into())]),
        Vec2::new(-150.0 * scale, top),
        Anchor::CENTER_RIGHT,
        look.cortex.mix(&look.text, 0.35),
    );
    if let Some((view, _)) = &strip.view
        && reached > WORD_AFTER_MS
    {
        let word = if view.w > OPEN {
            text.get("stage-window-open", &[])
        } else if view.w >= 0.1 {
            text.get("stage-window-ajar", &[])
        } else {
            text.get("stage-window-closed", &[])
        };
        let color = if view.w > OPEN { look.cortex.mix(&look.text, 0.45) } else { quiet };
        say(word, Vec2::new(150.0 * scale, top), Anchor::CENTER_LEFT, color);
    }
}

fn forget(mut strip: ResMut<Strip>) {
    *strip = Strip::default();
}

/// The strip; [`Board`](super::stage::layers::Board) says whether it is shown.
pub fn plugin(app: &mut App) {
    app.init_resource::<Strip>()
        .add_systems(Update, hear.in_set(SceneSet::Hear))
        .add_systems(OnExit(super::Screen::Play), forget);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_trace_is_read_between_its_samples_and_holds_at_its_ends() {
        let trace = [0.0, 1.0, 0.5];
        assert_eq!(at(&trace, -1.0, -5.0, 9.0), 0.0);
        assert_eq!(at(&trace, -1.0, -0.5, 9.0), 0.5);
        assert_eq!(at(&trace, -1.0, 0.5, 9.0), 0.75);
        assert_eq!(at(&trace, -1.0, 30.0, 9.0), 0.5);
        assert_eq!(at(&[], -1.0, 0.0, 9.0), 9.0);
    }
}
