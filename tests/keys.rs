//! The real game, in a window under Xvfb, played with real key presses through XTEST (not with injected events).

use std::{
    fs,
    path::Path,
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use doozy::{
    clock,
    paths::DataDir,
    record::{LoadedSession, Reader, State},
};
use doozy_training::{
    event::{Effect, Input, TargetId, TimeSource},
    time::HostTime,
};

use crate::display::{Keyboard, Xvfb};

/// evdev's KEY_J, bound to the one lane by default.
const J: u8 = 36;
/// What the player does to each target in turn, ms from the moment at which it is due.
const OFFSETS_MS: [f64; 8] = [-30.0, -12.0, 0.0, 9.0, 25.0, -20.0, 15.0, 4.0];

/// A key that was pressed: for which target, when, and how far from the moment at which it was due.
#[derive(Clone, Copy, Debug)]
pub struct Pressed {
    pub target: TargetId,
    pub t: i64,
    pub due: i64,
}

/// The game as a child process, ended when dropped.
pub struct Game(Child);

impl Drop for Game {
    fn drop(&mut self) {
        // a game that has ended is what we want
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

impl Game {
    /// Starts `doozy play LEVEL` on a display, with a data and a config folder of its own and the first screen answered.
    pub fn start(display: &str, level: &Path, home: &Path) -> Self {
        let config = home.join("config");
        fs::create_dir_all(&config).expect("a folder");
        fs::write(config.join("settings.toml"), "first_run_done = true\n").expect("a file");
        let child = Command::new(env!("CARGO_BIN_EXE_doozy"))
            .args(["play", &level.display().to_string(), "--data", &home.join("data").display().to_string()])
            .env("DISPLAY", display)
            .env("DOOZY_CONFIG", &config)
            .env_remove("WAYLAND_DISPLAY")
            // rendering confined to one core, so that the taps have the other
            .env("LP_NUM_THREADS", "1")
            .stdout(Stdio::null())
            .stderr(Stdio::inherit())
            .spawn()
            .expect("the game starts");
        Self(child)
    }

    pub fn has_ended(&mut self) -> bool {
        self.0.try_wait().is_ok_and(|status| status.is_some())
    }
}

/// What the record of a running game holds by now.
pub fn record(home: &Path) -> Option<LoadedSession> {
    Reader::open(&DataDir::at(home.join("data"))).ok()?.load("last").ok()
}

/// When each target of a session is due, in order, as far as its trials have been put on a clock.
fn due(session: &LoadedSession) -> Vec<(TargetId, HostTime)> {
    let mut times = Vec::new();
    for input in &session.inputs {
        let Input::Anchor { trial, clock } = input else { continue };
        for effect in &session.effects {
            if let Effect::Planned(plan) = effect
                && plan.trial == *trial
            {
                times.extend(plan.targets.iter().map(|target| (target.id, clock.host(target.at))));
            }
        }
    }
    times
}

/// Waits on the clock that judges, spinning for the last part.
fn wait_until(t: i64) {
    loop {
        let left = t - clock::now().0;
        if left <= 0 {
            return;
        }
        if left > 2_000_000 {
            std::thread::sleep(Duration::from_nanos((left - 1_500_000).unsigned_abs()));
        }
    }
}

/// Plays until the session has ended: presses J at each target's moment plus its offset.
pub fn play_through(keyboard: &Keyboard, game: &mut Game, home: &Path, patience: Duration) -> Vec<Pressed> {
    let started = Instant::now();
    let mut pressed: Vec<Pressed> = Vec::new();
    loop {
        assert!(started.elapsed() < patience, "the level ends within {patience:?}; pressed {} times", pressed.len());
        assert!(!game.has_ended(), "the game runs until the level is over");
        let Some(session) = record(home) else {
            std::thread::sleep(Duration::from_millis(50));
            continue;
        };
        if session.info.state == State::Finished {
            return pressed;
        }
        let ahead: Vec<_> =
            due(&session).into_iter().filter(|(id, _)| pressed.iter().all(|p| p.target < *id)).collect();
        if ahead.is_empty() {
            std::thread::sleep(Duration::from_millis(20));
        }
        for (target, due) in ahead {
            let offset = OFFSETS_MS[target.0 as usize % OFFSETS_MS.len()];
            wait_until(due.0 + (offset * 1e6) as i64);
            let t = keyboard.press(J);
            pressed.push(Pressed { target, t, due: due.0 });
            std::thread::sleep(Duration::from_millis(40));
            keyboard.release(J);
        }
    }
}

/// For each key that was pressed, what the record has of it minus what was done, ms; panics on a press that is missing.
pub fn stamp_errors(session: &LoadedSession, pressed: &[Pressed]) -> Vec<f64> {
    let judged: Vec<_> = session
        .effects
        .iter()
        .filter_map(|effect| if let Effect::Judged(judged) = effect { Some(judged) } else { None })
        .collect();
    pressed
        .iter()
        .map(|press| {
            let found = judged
                .iter()
                .find(|judged| judged.target == Some(press.target))
                .unwrap_or_else(|| panic!("target {} has no verdict", press.target.0));
            let e =
                found.e.unwrap_or_else(|| panic!("target {} was pressed and is recorded as missed", press.target.0));
            (e.0 - (press.t - press.due)) as f64 / 1e6
        })
        .collect()
}

#[test]
fn real_keys_reach_the_record_with_their_asynchronies() {
    let xvfb = Xvfb::start();
    let keyboard = xvfb.keyboard();
    let home = tempfile::tempdir().expect("a folder");
    let level = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/short.level.ron");
    let mut game = Game::start(&xvfb.display, &level, home.path());
    let pressed = play_through(&keyboard, &mut game, home.path(), Duration::from_secs(120));
    let session = record(home.path()).expect("the session is recorded");
    assert!(pressed.len() >= 16, "two phrases of eight, retries besides: {}", pressed.len());
    for error in stamp_errors(&session, &pressed) {
        // stamps bound to frames, which last 50–120 ms under software rendering, would fail this by far
        assert!(error.abs() < 10.0, "a press is recorded {error} ms from where it was made");
    }
    assert!(
        session.inputs.iter().all(|input| !matches!(input, Input::Press(p) if p.source != TimeSource::X11)),
        "every press was stamped by the X11 tap"
    );
    assert_eq!(session.info.state, State::Finished);
}

#[test]
fn a_killed_game_keeps_every_trial_that_was_finished() {
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
