//! wgpu through Bevy: on a lost device Bevy quits at once, before a session could be stored; its other offer, to recover,
//! may flicker again and again, which harms some people.
//!
//! Here drawing stops for good, and the run ends as if its window had been closed: the session is stopped and stored.

use bevy::{
    prelude::*,
    render::error_handler::{RenderErrorHandler, RenderErrorPolicy},
};

use crate::game::app::Quit;

pub fn plugin(app: &mut App) {
    app.insert_resource(RenderErrorHandler(|error, main_world, _| {
        tracing::error!("the graphics device failed ({:?}): {}", error.ty, error.description);
        main_world.write_message(Quit);
        RenderErrorPolicy::StopRendering
    }));
}
