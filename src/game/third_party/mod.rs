//! Third parties: one file for each library's quirks, with what goes wrong without the work-around.

mod rapier;
mod render;

use bevy::prelude::*;

pub fn plugin(app: &mut App) {
    app.add_plugins((rapier::plugin, render::plugin));
}
