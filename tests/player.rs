//! A player with real keys: starts the game on a display, reads from its record when targets are due, and presses.

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
    event::{Effect, Input, TargetId},
    time::HostTime,
};
use rustix::{
    process::Pid,
    thread::{CpuSet, sched_setaffinity},
};

use crate::display::Keyboard;

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

/// The program, beside the folder that tests and examples are built into.
fn program() -> std::path::PathBuf {
    let own = std::env::current_exe().expect("this program has a path");
    own.ancestors().nth(2).expect("it lies in a folder of the target folder").join("doozy")
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
        let child = Command::new(program())
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

    /// Confines everything that draws to the first core: all threads but those that stamp, conduct, answer and record.
    /// (`LP_NUM_THREADS` alone leaves Bevy's own threads on every core.)
    pub fn confine_rendering(&self) {
        const FREE: [&str; 4] = ["tap-", "conductor", "cerebellum", "record"];
        let mut first = CpuSet::new();
        first.set(0);
        for task in fs::read_dir(format!("/proc/{}/task", self.0.id())).into_iter().flatten().flatten() {
            let name = fs::read_to_string(task.path().join("comm")).unwrap_or_default();
            let id = task.file_name().to_string_lossy().parse().ok().and_then(Pid::from_raw);
            if !FREE.iter().any(|free| name.starts_with(free)) {
                // a thread that has ended since need not be confined
                let _ = sched_setaffinity(id, &first);
            }
        }
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
        } else if pressed.is_empty() {
            game.confine_rendering();
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
