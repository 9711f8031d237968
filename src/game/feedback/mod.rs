//! Feedback: what an error looks like after its verdict.
//!
//! [`scene`] puts a doozy on the clock, [`debris`] flings the machine's parts, [`replay`] shows the press again, [`tiers`] draws the form of every
//! verdict, [`captions`] writes the few words. All of it asks the limits first and reads host time; physics is
//! decoration.

pub mod captions;
pub mod debris;
pub mod replay;
pub mod scene;
pub mod tiers;
pub mod words;

use bevy::prelude::*;

/// Everything that follows a verdict.
pub fn plugin(app: &mut App) {
    app.add_plugins((captions::plugin, debris::plugin, scene::plugin));
}
