//! Layers: the few meshes that the stage is painted into, from the room's wall to the strip, and the system that paints
//! them for the moment at which they will be seen.

use bevy::{
    asset::RenderAssetUsages,
    camera::visibility::NoFrustumCulling,
    color::LinearRgba,
    mesh::{Mesh, PrimitiveTopology},
    prelude::*,
    sprite::Anchor,
};
use doozy_training::event::{CueKind, Tier};

use super::{
    backdrop,
    lane::{Lane, Room},
    look::Look,
    machine::{self, Machine},
    marks,
    paint::{Painter, Tint},
    parts::{self, PLATE_BELOW, PLATE_HALF, Scene},
    surprise,
    timeline::Timeline,
};
use crate::game::{
    Screen, StageCamera, Words,
    bridge::PlayState,
    feedback::{
        captions::{Caption, Captions},
        debris::{self, Debris},
        replay::{self, Replay},
        scene::{self, SceneSet, Show},
        tiers, words,
    },
    limits::EffectLimits,
    strip,
    theme::{Size, Theme, Weight, motion::ease_out},
};

/// Depths: what is in front of what.
pub mod depth {
    pub const BACKDROP: f32 = -60.0;
    pub const MACHINE: f32 = -40.0;
    pub const FRONT: f32 = -20.0;
    pub const STAGE_TEXT: f32 = -10.0;
    pub const VEIL: f32 = 0.0;
    pub const REPLAY: f32 = 10.0;
    pub const SCENE_TEXT: f32 = 20.0;
    pub const STRIP: f32 = 30.0;
    pub const STRIP_TEXT: f32 = 40.0;
}

/// How much of the picture's movement the wall takes part in: it is far away. ◇
const PARALLAX: f32 = 0.35;
/// How long the size of an error stays in small words, ms. ◇
const WORDS_MS: f64 = 1300.0;

/// The space and the choices that the stage is laid out by.
#[derive(Resource, Clone, Copy, Debug, PartialEq)]
pub struct Board {
    pub room: Room,
    /// Screen pixels a design unit.
    pub zoom: f32,
    /// Whether the cortex strip is shown.
    pub strip: bool,
}

impl Default for Board {
    fn default() -> Self {
        Self { room: Room::default(), zoom: 1.0, strip: true }
    }
}

/// One layer.
#[derive(Component, Clone, Copy, Debug, PartialEq, Eq)]
pub enum Layer {
    Backdrop,
    Machine,
    Front,
    Veil,
    Replay,
    Strip,
}

impl Layer {
    const ALL: [Self; 6] = [Self::Backdrop, Self::Machine, Self::Front, Self::Veil, Self::Replay, Self::Strip];

    fn depth(self) -> f32 {
        match self {
            Self::Backdrop => depth::BACKDROP,
            Self::Machine => depth::MACHINE,
            Self::Front => depth::FRONT,
            Self::Veil => depth::VEIL,
            Self::Replay => depth::REPLAY,
            Self::Strip => depth::STRIP,
        }
    }
}

/// What the backdrop was last painted for.
#[derive(Resource, Default)]
struct Painted {
    backdrop: Option<(Look, Room, Vec2)>,
    painter: Painter,
}

fn set_up(mut commands: Commands, mut meshes: ResMut<Assets<Mesh>>, mut materials: ResMut<Assets<ColorMaterial>>) {
    // Corners carry all colour; the material blends and no more.
    let material = materials.add(ColorMaterial { color: Color::WHITE, ..default() });
    for layer in Layer::ALL {
        let mut mesh = Mesh::new(PrimitiveTopology::TriangleList, RenderAssetUsages::default());
        Painter::default().pour_into(&mut mesh);
        commands.spawn((
            layer,
            Mesh2d(meshes.add(mesh)),
            MeshMaterial2d(material.clone()),
            Transform::from_xyz(0.0, 0.0, layer.depth()),
            NoFrustumCulling,
            Visibility::Hidden,
        ));
    }
}

fn measure(mut board: ResMut<Board>, camera: Query<(&Camera, &Projection), With<StageCamera>>) {
    let Ok((camera, Projection::Orthographic(projection))) = camera.single() else { return };
    let area = projection.area;
    if area.width() <= 1.0 || area.height() <= 1.0 {
        return;
    }
    let strip = if board.strip { crate::game::theme::STRIP_HEIGHT } else { 0.0 };
    let zoom = camera.physical_viewport_size().map_or(1.0, |size| size.y as f32 / area.height());
    let measured = Board { room: Room { half: area.size() * 0.5, strip }, zoom, strip: board.strip };
    board.set_if_neq(measured);
}

fn hide(mut layers: Query<&mut Visibility, With<Layer>>, mut captions: ResMut<Captions>) {
    for mut visibility in &mut layers {
        visibility.set_if_neq(Visibility::Hidden);
    }
    captions.begin(1.0);
}

#[derive(bevy::ecs::system::SystemParam)]
struct Told<'w> {
    play: Res<'w, PlayState>,
    timeline: Res<'w, Timeline>,
    show: Res<'w, Show>,
    limits: Res<'w, EffectLimits>,
    theme: Res<'w, Theme>,
    board: Res<'w, Board>,
    text: Res<'w, Words>,
    strip: Res<'w, strip::Strip>,
    fixed: Res<'w, Time<Fixed>>,
}

fn paint(
    told: Told,
    mut painted: ResMut<Painted>,
    mut captions: ResMut<Captions>,
    mut meshes: ResMut<Assets<Mesh>>,
    mut layers: Query<(&Layer, &Mesh2d, &mut Transform, &mut Visibility)>,
    loose: Query<&Debris>,
) {
    let Told { play, timeline, show, limits, theme, board, text, strip, fixed } = told;
    captions.begin(board.zoom);
    let now = play.shown_at;
    let drawn = show.picture_time(now);
    let Some(run) = timeline.current(drawn) else {
        for (_, _, _, mut visibility) in &mut layers {
            visibility.set_if_neq(Visibility::Hidden);
        }
        return;
    };
    let look = Look::of(&theme.palette);
    let room = board.room;
    // While a scene plays, the machine that broke stays, whatever comes next.
    let shown = show.playing(now).and_then(|(staged, _)| timeline.run(staged.judged.trial)).unwrap_or(run);
    let lane = Lane::of(&shown.plan, &room);
    let machine = machine::of(&shown.plan.stage);
    let scene = Scene {
        now: drawn,
        look: &look,
        room: &room,
        timeline: &timeline,
        broken: show.breakage(now),
        still: limits.reduced_motion(),
        glow: limits.glow(),
        travellers: show.travellers(now),
    };
    let (shift, scale) = scene::camera(&show, &limits, now);
    for (layer, mesh, mut transform, mut visibility) in &mut layers {
        visibility.set_if_neq(Visibility::Visible);
        let depth = layer.depth();
        let held = match layer {
            Layer::Backdrop => moved(lane.anchor, shift * PARALLAX, 1.0 + (scale - 1.0) * PARALLAX, depth),
            Layer::Machine | Layer::Front => moved(lane.anchor, shift, scale, depth),
            Layer::Veil | Layer::Replay | Layer::Strip => Transform::from_xyz(0.0, 0.0, depth),
        };
        transform.set_if_neq(held);
        if *layer == Layer::Backdrop {
            let key = (look, room, lane.anchor);
            if painted.backdrop == Some(key) {
                continue;
            }
            painted.backdrop = Some(key);
        }
        let p = &mut painted.painter;
        p.clear();
        match layer {
            Layer::Backdrop => backdrop::paint(p, &look, &room, &lane),
            Layer::Machine => {
                machine.back(p, &scene, &lane, shown);
                machine.front(p, &scene, &lane, shown);
            }
            Layer::Front => {
                debris::paint(
                    p,
                    loose.iter(),
                    &look,
                    now,
                    fixed.overstep_fraction(),
                    lane.anchor.y - parts::FLOOR_BELOW,
                );
                marks::paint(p, &scene, &lane);
                surprise::paint(p, &scene, &lane, shown);
                if let Some(mark) = timeline.latest() {
                    tiers::paint(p, &scene, &lane, &shown.plan, mark, show.light);
                }
            }
            Layer::Veil => scene::paint_veil(p, &show, &look, &room, &lane, now, limits.glow()),
            Layer::Replay => {
                let again = show.playing(now).is_some_and(|(staged, _)| timeline.retried(staged.judged.trial));
                let told = Replay {
                    show: &show,
                    text: &text,
                    look: &look,
                    room: &room,
                    lane: &lane,
                    plan: &shown.plan,
                    now,
                    still: scene.still,
                    again,
                };
                replay::paint(p, &mut captions, &told);
            }
            Layer::Strip => {
                if board.strip {
                    strip::paint(p, &mut captions, &strip, &look, &room, &text, now);
                }
            }
        }
        if let Some(mut mesh) = meshes.get_mut(&mesh.0) {
            p.pour_into(&mut mesh);
        }
    }
    if show.replay(now).is_none() {
        machine.words(&mut captions, &text.0, &scene, &lane, shown);
        small_words(&mut captions, &scene, &lane, &text.0, machine);
    }
}

/// A layer shifted and scaled about a place.
fn moved(about: Vec2, shift: Vec2, scale: f32, depth: f32) -> Transform {
    let offset = about * (1.0 - scale) + shift;
    Transform::from_translation(offset.extend(depth)).with_scale(Vec3::new(scale, scale, 1.0))
}

/// The count-in's figure, and the size of the latest error in small words.
fn small_words(
    captions: &mut Captions,
    scene: &Scene<'_>,
    lane: &Lane,
    text: &crate::text::Text,
    machine: &dyn Machine,
) {
    let look = scene.look;
    if let Some((CueKind::CountIn { left }, since, interval)) = scene.timeline.last_cue(scene.now) {
        let share = (since.as_ms() / interval.as_ms().max(1.0)).clamp(0.0, 1.0);
        captions.say(Caption {
            text: left.to_string(),
            at: machine.count_in(lane),
            depth: depth::STAGE_TEXT,
            size: Size::Title,
            weight: Weight::Bold,
            color: look.text.with_alpha_of((1.0 - share * share) as f32),
            anchor: Anchor::CENTER,
            scale: 1.0,
        });
    }
    let Some(mark) = scene.timeline.latest() else { return };
    let Some(verdict) = &mark.verdict else { return };
    let age = (scene.now - mark.since).as_ms();
    if !(0.0..WORDS_MS).contains(&age) {
        return;
    }
    let (size, weight, color): (Size, Weight, LinearRgba) = match verdict.tier {
        Tier::Clean => (Size::Small, Weight::Regular, look.quiet),
        Tier::Slip => (Size::Body, Weight::Regular, look.tier(Tier::Slip)),
        Tier::Miss => (Size::Body, Weight::Bold, look.tier(Tier::Miss)),
        Tier::Doozy => (Size::Body, Weight::Bold, look.tier(Tier::Doozy)),
    };
    let fall = (1.0 - (age - WORDS_MS * 0.6) / (WORDS_MS * 0.4)).clamp(0.0, 1.0);
    let alpha = (ease_out(age / 120.0) * fall) as f32;
    let side = verdict.side.sign() as f32;
    // Beside the mark, on the error's side, so that place and word agree.
    let at = Vec2::new(marks::x(mark, lane, scene), lane.anchor.y - PLATE_BELOW - PLATE_HALF - 47.0);
    let said = words::headline(text, verdict);
    // 0.56 of an em is a figure's width; whatever it says, it is read to its end.
    let width = said.chars().count() as f32 * size.px() * 0.56;
    let inside = (scene.room.half.x - 16.0 - width).max(0.0);
    captions.say(Caption {
        text: said,
        at: Vec2::new(if side < 0.0 { at.x.max(-inside) } else { at.x.min(inside) }, at.y),
        depth: depth::STAGE_TEXT,
        size,
        weight,
        color: color.with_alpha_of(alpha),
        anchor: if side < 0.0 { Anchor::CENTER_RIGHT } else { Anchor::CENTER_LEFT },
        scale: 1.0,
    });
}

/// The stage and everything on it. Needs the theme, the limits and the bridge.
pub fn plugin(app: &mut App) {
    app.init_resource::<Board>()
        .init_resource::<Words>()
        .init_resource::<Painted>()
        .add_plugins((crate::game::feedback::plugin, strip::plugin))
        .add_systems(Startup, set_up)
        .add_systems(Update, (measure, paint).chain().in_set(SceneSet::Paint).run_if(in_state(Screen::Play)))
        .add_systems(OnExit(Screen::Play), hide);
}
