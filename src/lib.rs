//! Doozy: timing drills that make big errors spectacular and clear, with a spiking cerebellum that sets difficulty.
//!
//! | to find | look in |
//! | --- | --- |
//! | what a press becomes | the crate `doozy_training` |
//! | what the circuit does with an error | the crate `doozy_cerebellum` |
//! | one session, from taps to effects | [`conductor`] |
//! | what is kept of it, and replay | [`record`] |
//! | where files lie | [`paths`] |
//! | what the player set | [`settings`] |
//! | the words on the screen | [`text`] |
#![deny(unsafe_code)]

pub mod conductor;
pub mod paths;
pub mod record;
pub mod settings;
pub mod text;
