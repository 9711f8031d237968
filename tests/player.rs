//! A player with real keys: starts the game on a display, reads from its record when targets are due, and presses.

use std::{
    fs,
    path::Path,
    process::{Child, Command, Stdio},
    sync::mpsc::{self, Receiver, TryRecvError},
    thread::JoinHandle,
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
pub const J: u8 = 36;
/// evdev's KEY_X, bound to nothing: pressing it is recorded and changes nothing.
pub const X: u8 = 45;
/// How often the record of the running game is read: often enough to know a trial before its count-in is over.
const LOOK: Duration = Duration::from_millis(200);

/// How to play.
#[derive(Clone, Copy, Debug)]
pub struct Manner {
    /// What the player does to each target in turn, ms from the moment at which it is due.
    pub offsets_ms: &'static [f64],
    /// What is pressed, by evdev code.
    pub key: u8,
    /// Presses a key without a meaning whenever there is time, also while scenes are shown.
    pub chatter: bool,
}

/// A press or release that was made, by evdev code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Made {
    pub key: u8,
    pub down: bool,
    pub t: i64,
}

/// What a player did.
#[derive(Clone, Debug, Default)]
pub struct Played {
    pub targets: Vec<Pressed>,
    /// Every edge, in order.
    pub edges: Vec<Made>,
}

/// A key that was pressed: for which target, when, and how far from the moment at which it was due.
#[derive(Clone, Copy, Debug)]
pub struct Pressed {
    pub target: TargetId,
    pub t: i64,
    pub due: i64,
}

/// The program, beside the folder that tests and examples are built into, or the one that `DOOZY_PROGRAM` names.
pub fn program() -> std::path::PathBuf {
    if let Some(path) = std::env::var_os("DOOZY_PROGRAM") {
        return path.into();
    }
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
        Self::run(display, &["play", &level.display().to_string()], home)
    }

    /// Starts the program on a display with the settings that lie in `home/config`.
    pub fn run(display: &str, args: &[&str], home: &Path) -> Self {
        let config = home.join("config");
        let child = Command::new(program())
            .args(args)
            .args(["--data", &home.join("data").display().to_string()])
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

/// Presses, for whoever knows when: a thread of its own, so that reading the record delays no press.
struct Fingers {
    keyboard: Keyboard,
    manner: Manner,
    played: Played,
    /// Places in a low-discrepancy sequence, so that gaps meet every phase of the game's frames.
    gaps: u64,
}

impl Fingers {
    fn edge(&mut self, key: u8, down: bool) -> i64 {
        let t = if down { self.keyboard.press(key) } else { self.keyboard.release(key) };
        self.played.edges.push(Made { key, down, t });
        t
    }

    /// A gap of 10 to 30 ms.
    fn gap(&mut self) {
        self.gaps += 1;
        let share = (self.gaps as f64 * 0.618_033_988_749_895).fract();
        std::thread::sleep(Duration::from_secs_f64(0.01 + 0.02 * share));
    }

    /// Presses its key for each target that comes, until nobody is left to name any.
    fn play(mut self, targets: &Receiver<(TargetId, HostTime)>) -> Played {
        let mut next: Option<(TargetId, HostTime)> = None;
        loop {
            if next.is_none() {
                next = match targets.try_recv() {
                    Ok(target) => Some(target),
                    Err(TryRecvError::Empty) => None,
                    Err(TryRecvError::Disconnected) => return self.played,
                };
            }
            if let Some((target, due)) = next {
                let offset = self.manner.offsets_ms[target.0 as usize % self.manner.offsets_ms.len()];
                let left = due.0 + (offset * 1e6) as i64 - clock::now().0;
                // time for one more press of the other key, or not
                if !self.manner.chatter || left < 100_000_000 {
                    std::thread::sleep(Duration::from_nanos(left.max(0).unsigned_abs()));
                    let t = self.edge(self.manner.key, true);
                    self.played.targets.push(Pressed { target, t, due: due.0 });
                    std::thread::sleep(Duration::from_millis(40));
                    self.edge(self.manner.key, false);
                    next = None;
                    continue;
                }
            }
            if self.manner.chatter {
                self.edge(X, true);
                self.gap();
                self.edge(X, false);
            }
            self.gap();
        }
    }
}

/// Plays until the session has ended: presses the key at each target's moment plus its offset.
pub fn play_through(keyboard: Keyboard, game: &mut Game, home: &Path, manner: Manner, patience: Duration) -> Played {
    let started = Instant::now();
    let (to, targets) = mpsc::channel();
    let fingers = Fingers { keyboard, manner, played: Played::default(), gaps: 0 };
    let mut playing: Option<JoinHandle<Played>> = None;
    let mut waiting = Some((fingers, targets));
    let mut named: Option<TargetId> = None;
    loop {
        assert!(started.elapsed() < patience, "the level ends within {patience:?}; last target {named:?}");
        assert!(!game.has_ended(), "the game runs until the level is over");
        std::thread::sleep(LOOK);
        let Some(session) = record(home) else { continue };
        if session.info.state == State::Finished {
            drop(to);
            return playing.map_or_else(Played::default, |thread| thread.join().expect("the fingers' thread"));
        }
        for (target, due) in due(&session) {
            if named.is_none_or(|last| last < target) {
                named = Some(target);
                // fingers that are gone are joined above
                let _ = to.send((target, due));
            }
        }
        if named.is_some()
            && let Some((fingers, targets)) = waiting.take()
        {
            game.confine_rendering();
            playing = Some(std::thread::spawn(move || fingers.play(&targets)));
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
