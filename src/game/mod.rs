//! The Bevy shell: it shows what the conductor reports, and asks for what the player chooses.
//!
//! | to find | look in |
//! | --- | --- |
//! | how it is started, in a window or without | [`app`] |
//! | what the session said this frame | [`bridge`] |
//! | what a calibration said this frame | [`measuring`] |
//! | colours, type, spacing, lengths of motions | [`theme`] |
//! | what an effect may do | [`limits`] |
//! | the machines, the lane, the marks | [`stage`] |
//! | doozies, debris, the forms of verdicts | [`feedback`] |
//! | the simulated circuit in pictures | [`strip`] |
//! | what is practised | [`practising`] |
//! | the best of each level, the mix of the day | [`standing`] |
//! | menus, head-up display, end screen | [`screens`], [`plots`] |
//! | keys, pads and instruments as screens meet them, and what is bound | [`controls`] |
//! | what has the keyboard's and the pad's attention | [`focus`] |
//! | PNG frames | [`capture`] |
//! | quirks of the libraries | [`third_party`] |

use bevy::prelude::*;

pub mod app;
pub mod bridge;
pub mod capture;
pub mod controls;
pub mod feedback;
pub mod focus;
pub mod limits;
pub mod measuring;
pub mod plots;
pub mod practising;
pub mod screens;
pub mod stage;
pub mod standing;
pub mod strip;
pub mod theme;
pub mod third_party;

/// The strings shown, by Fluent id, in the player's language.
#[derive(Resource, Debug, Default, Deref)]
pub struct Words(pub crate::text::Text);

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
    /// Which key, button or pad answers which lane.
    Bindings,
    /// Which delay to measure, and how.
    Calibrate,
    /// A calibration runs.
    Measure,
    /// What the level asks for, before it starts.
    Intro,
    /// How the level is to be practised.
    Practice,
    /// The drill itself; pause and rest lie over it.
    Play,
    /// How it went.
    End,
}
