//! Debris: parts of the machine, flung to the side of the error with its energy.
//!
//! Four hundred bodies wait in a pool and are let loose by a [`Burst`]; old ones go back. Rapier moves them at 60 Hz in
//! the fixed schedule; nothing that is judged, shown as a fact or recorded reads where they are.

use bevy::{
    color::Mix,
    math::{Affine2, Vec2},
    prelude::*,
};
use bevy_rapier2d::prelude::*;
use doozy_training::time::{HostTime, Nanos};

use crate::game::{
    bridge::PlayState,
    limits::{DEBRIS, EffectLimits},
    stage::{
        look::Look,
        paint::{Metal, Painter, Tint},
    },
};

/// Physics steps a second.
const STEP_HZ: f64 = 60.0;
/// Design units that Rapier takes for a metre: a part of 10 units is a hand's breadth, and falls like one. ◇
const UNITS_A_METRE: f32 = 100.0;
/// A body's life, ms. ◇ Longer than a scene; gone before the next can come.
pub const LIFE_MS: f64 = 2400.0;
/// Share of its life, at its end, in which a body fades. ◇
const FADES: f64 = 0.22;
/// Where bodies of the pool wait.
const AWAY: Vec2 = Vec2::new(0.0, -90_000.0);

/// A request to break something: `count` parts from around `at`.
#[derive(Message, Clone, Copy, Debug, PartialEq)]
pub struct Burst {
    pub at: Vec2,
    /// Half-extents of the part of the machine that bursts.
    pub spread: Vec2,
    /// −1 flings left (early), +1 right (late).
    pub sign: f32,
    /// Size of the shown error, 0…1 of the largest.
    pub energy: f32,
    pub count: usize,
    /// Makes the pattern; equal seeds burst alike.
    pub seed: u32,
    /// Height of the floor.
    pub floor: f32,
    /// How long its parts are to be seen, ms.
    pub life_ms: f64,
}

/// What a part was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Shard,
    Tooth,
    Bolt,
    Rod,
    Bead,
}

impl Kind {
    fn of(k: usize) -> Self {
        [Self::Shard, Self::Shard, Self::Tooth, Self::Bolt, Self::Rod, Self::Shard, Self::Bead, Self::Bolt][k % 8]
    }

    /// Half-extents, design units.
    fn half(self, k: usize) -> Vec2 {
        // A few large pieces among many small ones: that is how things break.
        let draw = scatter(7, k as u32, 3);
        let grow = 0.5 + 0.55 * draw + 1.5 * draw.powi(8);
        grow * match self {
            Self::Shard => Vec2::new(10.0, 7.0),
            Self::Tooth => Vec2::new(6.5, 6.0),
            Self::Bolt => Vec2::new(4.6, 4.6),
            Self::Rod => Vec2::new(14.0, 2.4),
            Self::Bead => Vec2::new(5.5, 5.5),
        }
    }

    fn collider(self, half: Vec2) -> Collider {
        match self {
            Self::Bolt | Self::Bead => Collider::ball(half.x),
            Self::Shard | Self::Tooth | Self::Rod => Collider::cuboid(half.x, half.y),
        }
    }
}

/// One body of the pool.
#[derive(Component, Debug)]
pub struct Debris {
    kind: Kind,
    half: Vec2,
    /// When it was let loose; `None` while it waits.
    since: Option<HostTime>,
    life_ms: f64,
    /// Brass (0) or iron (1).
    iron: bool,
    before: (Vec2, f32),
    present: (Vec2, f32),
}

impl Debris {
    #[must_use]
    pub fn is_live(&self) -> bool {
        self.since.is_some()
    }
}

/// The floor that debris falls on.
#[derive(Component, Debug)]
struct Floor;

/// How many bodies are loose.
#[derive(Resource, Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Live(pub usize);

/// A number in 0…1 that is the same for the same three.
fn scatter(seed: u32, index: u32, draw: u32) -> f32 {
    let mut x = seed.wrapping_mul(0x9E37_79B9) ^ index.wrapping_mul(0x85EB_CA6B) ^ draw.wrapping_mul(0xC2B2_AE35);
    x ^= x >> 16;
    x = x.wrapping_mul(0x7FEB_352D);
    x ^= x >> 15;
    x = x.wrapping_mul(0x846C_A68B);
    x ^= x >> 16;
    (x >> 8) as f32 / 16_777_216.0
}

const LOOSE: CollisionGroups = CollisionGroups::new(Group::GROUP_1, Group::GROUP_2);
const FIXED: CollisionGroups = CollisionGroups::new(Group::GROUP_2, Group::GROUP_1);

fn fill_pool(mut commands: Commands) {
    commands.spawn((
        Floor,
        RigidBody::Fixed,
        Collider::cuboid(6000.0, 60.0),
        FIXED,
        Friction::coefficient(0.8),
        Transform::from_xyz(0.0, -400.0, 0.0),
    ));
    for k in 0..DEBRIS {
        let kind = Kind::of(k);
        let half = kind.half(k);
        commands.spawn((
            Debris {
                kind,
                half,
                since: None,
                life_ms: LIFE_MS,
                iron: k % 3 == 1,
                before: (AWAY, 0.0),
                present: (AWAY, 0.0),
            },
            RigidBody::Dynamic,
            RigidBodyDisabled,
            kind.collider(half),
            LOOSE,
            Restitution::coefficient(0.38),
            Friction::coefficient(0.6),
            Damping { linear_damping: 0.9, angular_damping: 0.6 },
            Velocity::default(),
            Transform::from_translation(AWAY.extend(0.0)),
        ));
    }
}

/// The velocity of part `k` of a burst, design units a second: every part goes to the error's side.
#[must_use]
pub fn fling(burst: &Burst, k: u32) -> Vec2 {
    let draw = |n| scatter(burst.seed, k, n);
    // Speed grows with the error; slow parts stay with the wreck, fast ones carry the direction.
    let speed = (320.0 + 2300.0 * burst.energy) * (0.10 + 0.95 * draw(1) * draw(1));
    let angle = -0.25 + 1.30 * draw(2);
    Vec2::new(burst.sign * angle.cos(), angle.sin()) * speed
}

type Pooled = (Entity, &'static mut Debris, &'static mut Transform, &'static mut Velocity);

fn let_loose(
    mut commands: Commands,
    mut bursts: MessageReader<Burst>,
    play: Res<PlayState>,
    limits: Res<EffectLimits>,
    mut live: ResMut<Live>,
    mut pool: Query<Pooled, Without<Floor>>,
    mut floor: Query<&mut Transform, With<Floor>>,
) {
    for burst in bursts.read() {
        let count = limits.debris(burst.count, live.0);
        for mut place in &mut floor {
            place.translation.y = burst.floor - 60.0;
        }
        let waiting = pool.iter_mut().filter(|(_, debris, ..)| !debris.is_live());
        let mut loosed = 0;
        for (k, (entity, mut debris, mut transform, mut velocity)) in waiting.take(count).enumerate() {
            let k = k as u32;
            let draw = |n| scatter(burst.seed, k, n);
            let at = burst.at + Vec2::new(draw(3) * 2.0 - 1.0, draw(4) * 2.0 - 1.0) * burst.spread;
            let turn = draw(5) * std::f32::consts::TAU;
            *transform = Transform::from_translation(at.extend(0.0)).with_rotation(Quat::from_rotation_z(turn));
            velocity.linear = fling(burst, k);
            velocity.angular = (draw(6) * 2.0 - 1.0) * 22.0;
            debris.since = Some(play.now);
            debris.life_ms = burst.life_ms;
            debris.before = (at, turn);
            debris.present = (at, turn);
            commands.entity(entity).remove::<RigidBodyDisabled>();
            loosed += 1;
        }
        live.0 += loosed;
    }
}

fn age(mut commands: Commands, play: Res<PlayState>, mut live: ResMut<Live>, mut pool: Query<Pooled>) {
    for (entity, mut debris, mut transform, mut velocity) in &mut pool {
        let old = debris.since.is_some_and(|since| {
            let age = play.now - since;
            age >= Nanos::from_ms(debris.life_ms) || age.0 < 0
        });
        if old {
            debris.since = None;
            transform.translation = AWAY.extend(0.0);
            *velocity = Velocity::default();
            commands.entity(entity).insert(RigidBodyDisabled);
            live.0 = live.0.saturating_sub(1);
        }
    }
}

fn remember_pose(mut pool: Query<(&mut Debris, &Transform)>) {
    for (mut debris, transform) in &mut pool {
        if debris.is_live() {
            let (_, _, turn) = transform.rotation.to_euler(EulerRot::XYZ);
            debris.before = debris.present;
            debris.present = (transform.translation.truncate(), turn);
        }
    }
}

/// Paints the loose bodies, `blend` of the way from the last step to the present one.
pub fn paint<'a>(
    p: &mut Painter,
    pool: impl Iterator<Item = &'a Debris>,
    look: &Look,
    now: HostTime,
    blend: f32,
    floor: f32,
) {
    for debris in pool {
        let Some(since) = debris.since else { continue };
        let left = (debris.life_ms - (now - since).as_ms()) / (debris.life_ms * FADES);
        let at = debris.before.0.lerp(debris.present.0, blend);
        let whole = std::f32::consts::TAU;
        let mut by = (debris.present.1 - debris.before.1) % whole;
        if by > whole / 2.0 {
            by -= whole;
        } else if by < -whole / 2.0 {
            by += whole;
        }
        let turn = debris.before.1 + by * blend;
        let metal = if debris.iron { look.iron } else { look.brass };
        let above = (at.y - floor).max(0.0);
        p.faded(left.clamp(0.0, 1.0) as f32, |p| {
            if above < 120.0 {
                let shade = look.shadow.with_alpha_of(look.shadow.alpha * 0.5 * (1.0 - above / 120.0));
                p.speck(Vec2::new(at.x, floor), debris.half.x * 1.7, 0.25, shade);
            }
            streak(p, debris, at, metal);
            part(p, debris, at, turn, metal);
        });
    }
}

/// The way of a fast part since the last step, as the eye keeps it.
fn streak(p: &mut Painter, debris: &Debris, at: Vec2, metal: Metal) {
    let step = debris.present.0 - debris.before.0;
    if step.length_squared() < 49.0 {
        return;
    }
    let across = step.normalize().perp() * debris.half.min_element() * 0.8;
    let (bright, none) = (metal.light.with_alpha_of(0.32), metal.light.with_alpha_of(0.0));
    p.triangle([at + across, at - across, at - step * 2.6], [bright, bright, none]);
}

fn part(p: &mut Painter, debris: &Debris, at: Vec2, turn: f32, metal: Metal) {
    let half = debris.half;
    // Light comes from above left, however the part has turned.
    let spin = Vec2::from_angle(turn);
    let lit = move |v: Vec2| {
        let world = spin.rotate(v / half.max_element());
        metal.dark.mix(&metal.light, (0.42 + 0.5 * (world.y * 0.8 - world.x * 0.4)).clamp(0.0, 1.0))
    };
    p.within(Affine2::from_angle_translation(turn, at), |p| match debris.kind {
        Kind::Bead => {
            p.disc(Vec2::ZERO, half.x, metal.mid, metal.dark);
            // Undo the turn: the highlight stays above left.
            p.speck(Vec2::from_angle(-turn).rotate(Vec2::new(-0.3, 0.35)) * half.x, half.x * 0.7, 1.0, metal.glint);
        }
        Kind::Bolt => {
            p.stroke(Vec2::ZERO, Vec2::new(half.x * 2.6, 0.0), half.x * 0.8, metal.mid, metal.dark);
            let head: [Vec2; 6] =
                std::array::from_fn(|k| Vec2::from_angle(std::f32::consts::TAU * k as f32 / 6.0) * half.x);
            p.polygon(&head, lit);
        }
        Kind::Rod => {
            let points = [
                Vec2::new(-half.x, -half.y),
                Vec2::new(half.x, -half.y),
                Vec2::new(half.x, half.y),
                Vec2::new(-half.x, half.y),
            ];
            p.polygon(&points, lit);
        }
        Kind::Shard => {
            let points = [
                Vec2::new(-half.x, -half.y * 0.4),
                Vec2::new(half.x * 0.1, -half.y),
                Vec2::new(half.x, -half.y * 0.1),
                Vec2::new(half.x * 0.3, half.y),
                Vec2::new(-half.x * 0.5, half.y * 0.7),
            ];
            p.polygon(&points, lit);
            p.stroke(points[3], points[4], 1.0, metal.light, metal.light);
        }
        Kind::Tooth => {
            let points = [
                Vec2::new(-half.x, -half.y),
                Vec2::new(half.x, -half.y),
                Vec2::new(half.x * 0.55, half.y),
                Vec2::new(-half.x * 0.55, half.y),
            ];
            p.polygon(&points, lit);
        }
    });
}

/// Physics at 60 Hz and the pool.
pub fn plugin(app: &mut App) {
    app.add_plugins(RapierPhysicsPlugin::<NoUserData>::pixels_per_meter(UNITS_A_METRE).in_fixed_schedule())
        .insert_resource(TimestepMode::Fixed { dt: (1.0 / STEP_HZ) as f32, substeps: 1 })
        .insert_resource(Time::<Fixed>::from_hz(STEP_HZ))
        .init_resource::<Live>()
        .add_message::<Burst>()
        .add_systems(Startup, fill_pool)
        .add_systems(FixedPostUpdate, remember_pose)
        .add_systems(Update, (age, let_loose).chain().in_set(super::scene::SceneSet::Scatter));
}

#[cfg(test)]
mod tests {
    use bevy::time::TimeUpdateStrategy;

    use super::*;
    use crate::game::{Screen, feedback::scene::SceneSet};

    const BIG: Burst = Burst {
        at: Vec2::new(0.0, 150.0),
        spread: Vec2::new(90.0, 80.0),
        sign: 1.0,
        energy: 1.0,
        count: 1000,
        seed: 5,
        floor: -150.0,
        life_ms: LIFE_MS,
    };

    /// Physics and the pool alone, one step an update.
    fn app() -> App {
        let mut app = App::new();
        app.add_plugins((MinimalPlugins, TransformPlugin, bevy::state::app::StatesPlugin))
            .insert_resource(TimeUpdateStrategy::FixedTimesteps(1))
            .init_resource::<PlayState>()
            .init_resource::<EffectLimits>()
            .insert_state(Screen::Play)
            .configure_sets(Update, (SceneSet::Hear, SceneSet::Scatter, SceneSet::Paint).chain())
            .add_plugins(plugin);
        app.finish();
        app.cleanup();
        step(&mut app, 3);
        app
    }

    fn step(app: &mut App, frames: i64) {
        for _ in 0..frames {
            let mut play = app.world_mut().resource_mut::<PlayState>();
            play.now = play.now + Nanos(16_666_667);
            app.update();
        }
    }

    fn loose(app: &mut App) -> Vec<(Vec2, Vec2)> {
        let mut query = app.world_mut().query::<(&Debris, &Transform, &Velocity)>();
        query
            .iter(app.world())
            .filter(|(debris, ..)| debris.is_live())
            .map(|(_, transform, velocity)| (transform.translation.truncate(), velocity.linear))
            .collect()
    }

    #[test]
    fn never_more_than_four_hundred_are_loose() {
        let mut app = app();
        for _ in 0..3 {
            app.world_mut().write_message(BIG);
            step(&mut app, 5);
            assert_eq!(loose(&mut app).len(), 400);
            assert_eq!(*app.world().resource::<Live>(), Live(400));
        }
        // All of them age out, and the pool serves again.
        step(&mut app, 150);
        assert_eq!(loose(&mut app).len(), 0);
        assert_eq!(*app.world().resource::<Live>(), Live(0));
        app.world_mut().write_message(Burst { count: 30, ..BIG });
        step(&mut app, 2);
        assert_eq!(loose(&mut app).len(), 30);
    }

    #[test]
    fn every_part_flies_to_the_side_of_the_error() {
        for sign in [-1.0, 1.0] {
            for energy in [0.1, 1.0] {
                let burst = Burst { sign, energy, ..BIG };
                assert!((0..400).all(|k| fling(&burst, k).x * sign > 0.0), "{sign} {energy}");
            }
            let mut app = app();
            app.world_mut().write_message(Burst { sign, ..BIG });
            step(&mut app, 30);
            let parts = loose(&mut app);
            let mean = parts.iter().map(|(at, _)| at.x).sum::<f32>() / parts.len() as f32;
            assert!(mean * sign > 150.0, "after half a second the wreck lies at {mean}");
        }
    }

    #[test]
    fn a_larger_error_flings_harder() {
        let mean = |energy| {
            let burst = Burst { energy, ..BIG };
            (0..400).map(|k| fling(&burst, k).length()).sum::<f32>() / 400.0
        };
        assert!(mean(1.0) > 2.5 * mean(0.25));
        assert!(mean(0.25) > mean(0.1));
    }

    #[test]
    fn equal_bursts_fall_alike() {
        let run = || {
            let mut app = app();
            app.world_mut().write_message(BIG);
            step(&mut app, 60);
            loose(&mut app).iter().flat_map(|(at, v)| [at.x, at.y, v.x, v.y]).map(f32::to_bits).collect::<Vec<u32>>()
        };
        assert_eq!(run(), run());
    }
}
