//! Measures the error of key times in the real game: `doozy play` in a window under Xvfb with its rendering confined to
//! one core, a whole level played with key presses through XTEST, and what the record has of them.
//!
//! `cargo run --example real_keys` prints |recorded − injected| and ends with 1 where its 95th percentile is above 1 ms.

#[path = "../tests/display.rs"]
mod display;
#[path = "../tests/player.rs"]
mod player;

use std::{path::Path, process::ExitCode, time::Duration};

/// The bound of the issue, ms.
const P95_MS: f64 = 1.0;

fn main() -> ExitCode {
    let xvfb = display::Xvfb::start();
    let keyboard = xvfb.keyboard();
    let home = tempfile::tempdir().expect("a folder");
    let level = Path::new(env!("CARGO_MANIFEST_DIR")).join("levels/pulse/1.level.ron");
    let mut game = player::Game::start(&xvfb.display, &level, home.path());
    let pressed = player::play_through(&keyboard, &mut game, home.path(), Duration::from_secs(400));
    let session = player::record(home.path()).expect("the session is recorded");
    let mut errors: Vec<f64> = player::stamp_errors(&session, &pressed).iter().map(|e| e.abs()).collect();
    errors.sort_by(f64::total_cmp);
    let at = |share: f64| errors[((errors.len() - 1) as f64 * share).round() as usize];
    println!(
        "|recorded − injected| of {} presses, ms: p50 {:.3}, p95 {:.3}, p99 {:.3}, max {:.3}",
        errors.len(),
        at(0.5),
        at(0.95),
        at(0.99),
        at(1.0)
    );
    if at(0.95) <= P95_MS { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
