//! The real game, in a window under Xvfb, played with real key presses through XTEST (not with injected events).

use std::{
    path::Path,
    process::Command,
    time::{Duration, Instant},
};

use doozy::record::{LoadedSession, State};
use doozy_training::event::{Effect, Input, TimeSource};

use crate::{
    display::Xvfb,
    player::{Game, J, Manner, play_through, record, stamp_errors},
};

/// A fair player.
pub const FAIR: Manner =
    Manner { offsets_ms: &[-30.0, -12.0, 0.0, 9.0, 25.0, -20.0, 15.0, 4.0], key: J, chatter: false };

#[test]
fn real_keys_reach_the_record_with_their_asynchronies() {
    let _alone = crate::alone();
    let xvfb = Xvfb::start();
    let keyboard = xvfb.keyboard();
    let home = tempfile::tempdir().expect("a folder");
    let level = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/short.level.ron");
    let mut game = Game::start(&xvfb.display, &level, home.path());
    let pressed = play_through(keyboard, &mut game, home.path(), FAIR, Duration::from_secs(120)).targets;
    let session = record(home.path()).expect("the session is recorded");
    assert!(pressed.len() >= 16, "two phrases of eight, retries besides: {}", pressed.len());
    // Stamps bound to frames, which last 50–120 ms under software rendering, would fail this by far; a machine that is
    // busy elsewhere for a moment does not. The figure itself is `./doozy.sh check played`.
    let errors = stamp_errors(&session, &pressed);
    let near = errors.iter().filter(|error| error.abs() < 10.0).count();
    assert!(near * 4 >= errors.len() * 3, "presses are recorded where they were made: {errors:?} ms");
    assert!(
        session.inputs.iter().all(|input| !matches!(input, Input::Press(p) if p.source != TimeSource::X11)),
        "every press was stamped by the X11 tap"
    );
    assert_eq!(session.info.state, State::Finished);
}

#[test]
fn a_killed_game_keeps_every_trial_that_was_finished() {
    let _alone = crate::alone();
    let xvfb = Xvfb::start();
    let keyboard = xvfb.keyboard();
    let home = tempfile::tempdir().expect("a folder");
    let level = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/short.level.ron");
    let game = Game::start(&xvfb.display, &level, home.path());
    let started = Instant::now();
    // nobody presses: every target becomes an omission, and the first trial ends by itself
    let ended = |session: &LoadedSession| {
        session.effects.iter().filter(|e| matches!(e, Effect::TrialEnded { void: None, .. })).count()
    };
    let before = loop {
        assert!(started.elapsed() < Duration::from_secs(120), "the first trial ends");
        if let Some(session) = record(home.path()).filter(|session| ended(session) >= 1) {
            break session;
        }
        std::thread::sleep(Duration::from_millis(50));
    };
    drop(keyboard);
    drop(game);
    let after = record(home.path()).expect("the record opens");
    assert!(after.damage.is_none(), "{:?}", after.damage);
    assert!(after.effects.len() >= before.effects.len(), "nothing that was there is gone");
    assert!(ended(&after) >= 1);
    assert_eq!(after.info.state, State::Cut);
    let data = home.path().join("data").display().to_string();
    let verified = Command::new(env!("CARGO_BIN_EXE_doozy"))
        .args(["replay", "last", "--verify", "--data", &data])
        .output()
        .expect("the program runs");
    assert!(verified.status.success(), "{}", String::from_utf8_lossy(&verified.stderr));
}
