//! The Bevy shell: it shows what the conductor reports, and asks for what the player chooses.
//!
//! | to find | look in |
//! | --- | --- |
//! | what the session said this frame | [`bridge`] |
//! | colours, type, spacing, lengths of motions | [`theme`] |
//! | what an effect may do | [`limits`] |
//! | the machines, the lane, the marks | [`stage`] |
//! | doozies, debris, the forms of verdicts | [`feedback`] |
//! | the simulated circuit in pictures | [`strip`] |

use bevy::prelude::*;

pub mod bridge;
pub mod feedback;
pub mod limits;
pub mod stage;
pub mod strip;
pub mod theme;

/// The camera that shows the stage and every screen; shake moves it, and the screens' nodes stay put.
#[derive(Component, Debug)]
pub struct StageCamera;

/// What fills the window.
#[derive(States, Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Screen {
    /// Limits offered before any effect has been seen.
    FirstRun,
    #[default]
    Menu,
    Settings,
    /// What the level asks for, before it starts.
    Intro,
    /// The drill itself; pause and rest lie over it.
    Play,
    /// How it went.
    End,
}
