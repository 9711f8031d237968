//! The screen of bindings: for a device and a number of lanes, what answers each lane; press a key to bind it, take one
//! away, choose a ready-made set, or go back.
//!
//! [`edit`] holds what is being looked at and does what is chosen; [`draw`] puts it up.

mod draw;
mod edit;

use bevy::prelude::*;

use super::theme_changed;
use crate::game::Screen;

pub fn plugin(app: &mut App) {
    app.init_resource::<edit::Editing>()
        .add_systems(OnEnter(Screen::Bindings), (edit::enter, draw::spawn).chain())
        .add_systems(OnExit(Screen::Bindings), edit::leave)
        .add_systems(
            Update,
            (
                (edit::meet, edit::capture, edit::act).chain(),
                (draw::take_down, draw::spawn)
                    .chain()
                    .run_if(resource_changed::<edit::Editing>.or_else(theme_changed))
                    .after(edit::act),
                draw::tell_focus.after(edit::act),
            )
                .run_if(in_state(Screen::Bindings)),
        );
}
