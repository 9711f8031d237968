//! Third parties: one file for each library's quirks, with what goes wrong without the work-around.
//!
//! (bevy_rapier2d's own, the fixed schedule, stands with the debris that needs it: `feedback/debris.rs`.)

mod render;
mod winit;

use bevy::prelude::*;

pub fn plugin(app: &mut App) {
    app.add_plugins((render::plugin, winit::plugin));
}
