//! Calibration: which delay to measure and how, and the measuring itself.
//!
//! The screen of choice names the ways apart and says of each what it contains; while one runs, nothing can be chosen, so
//! that no tap is taken for an answer.

mod choice;
mod measure;
mod picture;

use bevy::prelude::*;

pub fn plugin(app: &mut App) {
    app.add_plugins((choice::plugin, measure::plugin));
}
