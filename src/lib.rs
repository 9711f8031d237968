//! Doozy: timing drills that make big errors spectacular and clear, with a spiking cerebellum that sets difficulty.
//!
//! | to find | look in |
//! | --- | --- |
//! | what a press becomes | the crate `doozy_training` |
//! | what the circuit does with an error | the crate `doozy_cerebellum` |
//! | one session, from taps to effects | [`conductor`] |
#![deny(unsafe_code)]

pub mod conductor;
#[cfg(feature = "game")]
pub mod game;
