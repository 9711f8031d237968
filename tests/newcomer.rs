//! What a newcomer does, with real keys under Xvfb: from `doozy play` over the menu into any ladder; and an author, who
//! changes a level while it is played.

use std::{
    fs,
    path::Path,
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use doozy::{
    ladders,
    paths::{DataDir, Root},
    record::{LoadedSession, Reader, State},
};
use doozy_training::{event::Effect, level::Level, schedule};

use crate::{
    display::{Keyboard, Xvfb},
    focus::focus_window,
    player::{Game, program, record},
};

const ESC: u8 = 1;
const ENTER: u8 = 28;
const UP: u8 = 103;
const RIGHT: u8 = 106;
const DOWN: u8 = 108;

/// The menu in a window, ended when dropped.
struct Menu(Child);

impl Drop for Menu {
    fn drop(&mut self) {
        // a game that has ended is what we want
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn menu(display: &str, home: &Path, args: &[&str]) -> Menu {
    let child = Command::new(program())
        .arg("play")
        .args(args)
        .args(["--data", &home.join("data").display().to_string()])
        .env("DISPLAY", display)
        .env("DOOZY_CONFIG", home.join("config"))
        .env_remove("WAYLAND_DISPLAY")
        .env("LP_NUM_THREADS", "1")
        .stdout(Stdio::null())
        .stderr(Stdio::inherit())
        .spawn()
        .expect("the game starts");
    Menu(child)
}

/// Presses a key and gives the game a few frames, which take 50–120 ms under software rendering.
fn tap(keyboard: &Keyboard, key: u8) {
    keyboard.press(key);
    std::thread::sleep(Duration::from_millis(60));
    keyboard.release(key);
    std::thread::sleep(Duration::from_millis(500));
}

/// How many sessions there are, and the last one.
fn last(home: &Path) -> Option<(usize, LoadedSession)> {
    let reader = Reader::open(&DataDir::at(home.join("data"))).ok()?;
    Some((reader.sessions().ok()?.len(), reader.load("last").ok()?))
}

/// Waits until the record says so.
fn until(home: &Path, what: &str, holds: impl Fn(usize, &LoadedSession) -> bool) {
    let begun = Instant::now();
    loop {
        if last(home).is_some_and(|(n, session)| holds(n, &session)) {
            return;
        }
        assert!(begun.elapsed() < Duration::from_secs(90), "{what}");
        std::thread::sleep(Duration::from_millis(100));
    }
}

/// To the top of the list (the mix of the day), down to a ladder, into it, to the intro of the level to go on with, and into
/// the drill. Stepping back first leads there from the end screen, from an intro, and from a ladder's levels.
fn into(keyboard: &Keyboard, place: usize) {
    tap(keyboard, ESC);
    std::thread::sleep(Duration::from_millis(700));
    tap(keyboard, ESC);
    for _ in 0..12 {
        tap(keyboard, UP);
    }
    for _ in 0..=place {
        tap(keyboard, DOWN);
    }
    for key in [RIGHT, ENTER, ENTER] {
        std::thread::sleep(Duration::from_millis(700));
        tap(keyboard, key);
    }
}

#[test]
fn from_the_first_screen_into_ladders_by_keys_alone() {
    let _alone = crate::alone();
    let xvfb = Xvfb::start();
    let keyboard = xvfb.keyboard();
    let home = tempfile::tempdir().expect("a folder");
    let _game = menu(&xvfb.display, home.path(), &[]);
    // the first screen is answered once the window is there; keys before that are nobody's
    let begun = Instant::now();
    let answered = || {
        fs::read_to_string(home.path().join("config/settings.toml"))
            .is_ok_and(|text| text.contains("first_run_done = true"))
    };
    while !answered() {
        assert!(begun.elapsed() < Duration::from_secs(90), "the first screen is answered");
        focus_window(&xvfb.display);
        tap(&keyboard, ENTER);
    }
    std::thread::sleep(Duration::from_secs(1));
    // a key too many may have gone into a ladder: back to the list, and to its top (the mix of the day), then down
    let all = std::env::var_os("DOOZY_ALL_LADDERS").is_some();
    let ladders = ["pulse", "groove", "music", "sport", "road", "speech", "reflex", "catastrophe"];
    for (place, ladder) in ladders.into_iter().enumerate().filter(|(place, _)| all || [1, 3].contains(place)) {
        let before = last(home.path()).map_or(0, |(n, _)| n);
        let id = format!("{ladder}/1");
        let plays = |n: usize, session: &LoadedSession| n == before + 1 && session.info.level == id;
        let begun = || last(home.path()).is_some_and(|(n, session)| plays(n, &session));
        // on a machine that draws a frame a second, keys that come within one frame may be one too few: all of them again
        for attempt in 0.. {
            assert!(attempt < 6, "{id} is reached by keys");
            into(&keyboard, place);
            let since = Instant::now();
            while !begun() && since.elapsed() < Duration::from_secs(10) {
                std::thread::sleep(Duration::from_millis(100));
            }
            if begun() {
                break;
            }
        }
        until(home.path(), "its first trial is planned", |n, session| {
            plays(n, session) && session.effects.iter().any(|e| matches!(e, Effect::Planned(_)))
        });
        // out again: the pause, its third item (after going on and practice), and the end screen's way to the menu
        tap(&keyboard, ESC);
        std::thread::sleep(Duration::from_secs(1));
        tap(&keyboard, RIGHT);
        tap(&keyboard, RIGHT);
        tap(&keyboard, ENTER);
        until(home.path(), "the session ends", |n, session| n == before + 1 && session.info.state == State::Stopped);
        std::thread::sleep(Duration::from_millis(1500));
    }
}

#[test]
fn the_mix_of_the_day_begins_with_two_keys() {
    let _alone = crate::alone();
    let xvfb = Xvfb::start();
    let keyboard = xvfb.keyboard();
    let home = tempfile::tempdir().expect("a folder");
    fs::create_dir_all(home.path().join("config")).expect("a folder");
    fs::write(home.path().join("config/settings.toml"), "first_run_done = true\n").expect("a file");
    let _game = menu(&xvfb.display, home.path(), &["--daily"]);
    std::thread::sleep(Duration::from_secs(4));
    let begun = Instant::now();
    while last(home.path()).is_none() {
        assert!(begun.elapsed() < Duration::from_secs(90), "the first block begins");
        focus_window(&xvfb.display);
        tap(&keyboard, ENTER);
    }
    let (_, session) = last(home.path()).expect("it is recorded");
    // a block of the first kind of one of the first three ladders, by the day: so many trials of it, and the text says so
    assert!(["pulse/1", "groove/1", "music/1"].contains(&session.info.level.as_str()), "{}", session.info.level);
    let root = Root::at(env!("CARGO_MANIFEST_DIR"));
    let shipped = ladders::find(Ok(&root), &session.info.level).expect("it ships").level;
    let played = Level::parse("record", &session.meta.level_text).expect("a level");
    assert_eq!(played, shipped.in_part(schedule::block_trials(shipped.trials(), shipped.seconds())));
    assert!(played.trials() < shipped.trials());
}

#[test]
fn a_level_that_changes_is_played_anew_and_a_broken_one_is_not() {
    let _alone = crate::alone();
    let xvfb = Xvfb::start();
    let home = tempfile::tempdir().expect("a folder");
    let level = home.path().join("mine.level.ron");
    let text = include_str!("fixtures/short.level.ron").replace("trials: 2", "trials: 40");
    fs::write(&level, &text).expect("a file");
    let mut game = Game::start(&xvfb.display, &level, home.path());
    // nobody presses: every target becomes an omission, and the trials end by themselves
    let ended = |session: &LoadedSession| {
        session.effects.iter().filter(|e| matches!(e, Effect::TrialEnded { void: None, .. })).count()
    };
    until(home.path(), "a session begins", |n, _| n == 1);
    let changed = text.replace("ioi_ms: 500", "ioi_ms: 520");
    fs::write(&level, &changed).expect("a file");
    until(home.path(), "the new text is played", |n, session| n == 2 && session.meta.level_text == changed);
    fs::write(&level, changed.replace("beats: 8", "beats: 0")).expect("a file");
    let before = record(home.path()).map_or(0, |session| ended(&session));
    until(home.path(), "the old text goes on", |n, session| n == 2 && ended(session) > before + 1);
    assert!(!game.has_ended());
    drop(game);
    let data = home.path().join("data").display().to_string();
    for (number, played) in [("1", &text), ("2", &changed)] {
        let session = Reader::open(&DataDir::at(&data)).expect("a record").load(number).expect("a session");
        assert_eq!(&session.meta.level_text, played, "session {number}");
        let verified = Command::new(env!("CARGO_BIN_EXE_doozy"))
            .args(["replay", number, "--verify", "--data", &data])
            .output()
            .expect("the program runs");
        assert!(verified.status.success(), "{}", String::from_utf8_lossy(&verified.stderr));
    }
}
