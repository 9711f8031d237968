//! The integration tests: one binary, a module a theme.

use std::sync::{Mutex, MutexGuard, PoisonError};

mod arrows;
#[cfg(all(feature = "game", feature = "devices"))]
mod bindings;
#[cfg(all(feature = "game", feature = "devices"))]
mod calibrate;
mod commands;
#[cfg(feature = "game")]
mod demo;
#[cfg(all(feature = "game", feature = "devices"))]
mod display;
#[cfg(all(feature = "game", feature = "devices"))]
mod focus;
mod fuzz;
mod hours;
mod import;
mod invariance;
#[cfg(all(feature = "game", feature = "devices"))]
mod keys;
#[cfg(all(feature = "game", feature = "devices"))]
mod newcomer;
mod offsets;
mod people;
#[cfg(all(feature = "game", feature = "devices"))]
mod player;
mod practice;
mod rates;
mod room;
mod simulate;
mod sound;
mod stick;
mod what_works;

/// Held by tests that keep both cores busy or that real time matters to: they run one after the other.
fn alone() -> MutexGuard<'static, ()> {
    static ALONE: Mutex<()> = Mutex::new(());
    // a test that failed while it held the lock has nothing to do with the next
    ALONE.lock().unwrap_or_else(PoisonError::into_inner)
}
