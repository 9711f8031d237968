//! The room behind the menus: the dark room of the stage with a machine at rest on its right, words on its left.

use bevy::{camera::visibility::NoFrustumCulling, color::LinearRgba, math::Vec2, prelude::*};
use doozy_training::time::{HostTime, Nanos};

use crate::game::{
    limits::EffectLimits,
    stage::{
        backdrop, bell,
        lane::{Lane, Room},
        look::Look,
        paint::{Painter, Tint},
        parts::Scene,
        timeline::Timeline,
    },
    theme::{DESIGN, Palette},
};

/// Where the machine stands, design units right of the middle: clear of two ladders of levels. ◇
const STANDS: f32 = 398.0;
/// How much of the room is veiled by the ground, at the left edge and at the right one: text first. ◇
const VEIL: [f32; 2] = [0.97, 0.18];

/// What a screen needs to put the room behind itself.
#[derive(bevy::ecs::system::SystemParam)]
pub struct Behind<'w> {
    meshes: ResMut<'w, Assets<Mesh>>,
    materials: ResMut<'w, Assets<ColorMaterial>>,
    limits: Res<'w, EffectLimits>,
}

impl Behind<'_> {
    /// Paints the room; it leaves with whatever `scope` leaves with.
    pub fn spawn(&mut self, commands: &mut Commands, palette: &Palette, scope: impl Bundle) {
        let look = Look::of(palette);
        // Twice as wide as the design, so that no wide window sees its end.
        let room = Room { half: Vec2::new(DESIGN.x, DESIGN.y / 2.0), strip: 0.0 };
        let lane = Lane {
            anchor: Vec2::new(STANDS, room.rail()),
            reach: DESIGN.x,
            lead: Nanos::ms(1000),
            hidden: Nanos::ZERO,
            per_unit: 0.0,
        };
        let timeline = Timeline::default();
        let scene = Scene {
            now: HostTime(0),
            look: &look,
            room: &room,
            timeline: &timeline,
            broken: None,
            still: true,
            glow: self.limits.glow(),
            travellers: 0.0,
        };
        let mut painter = Painter::default();
        backdrop::paint(&mut painter, &look, &room, &lane);
        bell::paint_back(&mut painter, &scene, &lane);
        let veil = |share: f32| -> LinearRgba { look.ground.with_alpha_of(share) };
        let (high, middle, half) = (DESIGN.y, STANDS * 0.55, DESIGN.x * 2.0);
        let [left, right] = VEIL;
        painter.wash(Vec2::new(-half, -high), Vec2::new(-DESIGN.x / 2.0, high), veil(left), veil(left));
        painter.quad(
            [
                Vec2::new(-DESIGN.x / 2.0, -high),
                Vec2::new(middle, -high),
                Vec2::new(middle, high),
                Vec2::new(-DESIGN.x / 2.0, high),
            ],
            [veil(left), veil(right), veil(right), veil(left)],
        );
        painter.wash(Vec2::new(middle, -high), Vec2::new(half, high), veil(right), veil(right));
        let mut mesh = Painter::empty_mesh();
        painter.pour_into(&mut mesh);
        commands.spawn((
            scope,
            Mesh2d(self.meshes.add(mesh)),
            MeshMaterial2d(self.materials.add(ColorMaterial { color: Color::WHITE, ..default() })),
            // Behind everything that a screen paints itself.
            Transform::from_xyz(0.0, 0.0, -60.0),
            NoFrustumCulling,
        ));
    }
}
