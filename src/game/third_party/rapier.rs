//! bevy_rapier2d: by default it steps with the frame, in `PostUpdate`, so that no two runs scatter alike.
//!
//! Here it steps in Bevy's fixed schedule at a fixed length. Two runs on one machine then scatter alike; on another
//! machine they may not, which is why nothing but decoration reads it (engineering.md §4).

use bevy::prelude::*;
use bevy_rapier2d::prelude::*;

/// Design pixels to a metre of physics: debris of some 20 px then weighs and tumbles like hand-sized metal. ◇
pub const PIXELS_PER_METRE: f32 = 50.0;

pub fn plugin(app: &mut App) {
    let dt = app.world().resource::<Time<Fixed>>().timestep().as_secs_f32();
    app.insert_resource(TimestepMode::Fixed { dt, substeps: 1 })
        .add_plugins(RapierPhysicsPlugin::<NoUserData>::pixels_per_meter(PIXELS_PER_METRE).in_fixed_schedule());
}
