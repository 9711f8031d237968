//! The integration tests: one binary, a module a theme.

mod arrows;
mod commands;
#[cfg(feature = "game")]
mod demo;
#[cfg(all(feature = "game", feature = "devices"))]
mod display;
#[cfg(all(feature = "game", feature = "devices"))]
mod keys;
#[cfg(all(feature = "game", feature = "devices"))]
mod player;
mod rates;
