//! The screen of bindings in a window under Xvfb, worked with real keys; and a level played with what was bound there.

use std::{
    fs,
    path::Path,
    process::Command,
    time::{Duration, Instant},
};

use doozy::{
    input::{
        Bindings, Control,
        bindings::{DeviceRef, Table},
    },
    record::State,
    settings::SettingsFile,
};
use doozy_training::event::{Input, Lane};

use crate::{
    display::{Keyboard, Xvfb},
    focus::focus_window,
    keys::FAIR,
    player::{Game, J, Manner, play_through, record, stamp_errors},
};

/// evdev's KEY_G, KEY_ENTER, KEY_UP, KEY_RIGHT.
const G: u8 = 34;
const ENTER: u8 = 28;
const UP: u8 = 103;
const RIGHT: u8 = 106;
/// A frame of software rendering takes up to 0.12 s; a screen that is drawn anew has its focus in the next.
const FRAMES: Duration = Duration::from_millis(700);

fn tap(keyboard: &Keyboard, key: u8) {
    keyboard.press(key);
    std::thread::sleep(Duration::from_millis(60));
    keyboard.release(key);
    std::thread::sleep(FRAMES);
}

/// The player's table as it lies in the file.
fn table(config: &Path) -> Table {
    let (file, _) = SettingsFile::open_at(&config.join("settings.toml"));
    Table::parse(&file.settings.bindings_text()).expect("the file holds a table of bindings")
}

/// Presses keys until the table is as it should be.
fn until(config: &Path, what: &str, press: impl Fn(), done: impl Fn(&Table) -> bool) -> Table {
    let begun = Instant::now();
    loop {
        press();
        let table = table(config);
        if done(&table) {
            return table;
        }
        assert!(begun.elapsed() < Duration::from_secs(90), "{what}: {table:?}");
    }
}

#[test]
fn a_key_that_is_bound_on_the_screen_plays() {
    let _alone = crate::alone();
    let xvfb = Xvfb::start();
    let keyboard = xvfb.keyboard();
    let home = tempfile::tempdir().expect("a folder");
    let config = home.path().join("config");
    fs::create_dir_all(&config).expect("a folder");
    let before = "first_run_done = true\nsparkle = 3\n[glitter]\nhue = \"teal\"\n";
    fs::write(config.join("settings.toml"), before).expect("a file");

    let game = Game::run(&xvfb.display, &["bindings"], home.path());
    let begun = Instant::now();
    while !focus_window(&xvfb.display) {
        assert!(begun.elapsed() < Duration::from_secs(60), "the game opens a window");
        std::thread::sleep(Duration::from_millis(100));
    }
    // the focus stands on the one lane: Enter asks for a press, and G is the press
    let bound = |table: &Table, lanes: &str, lane: &str| {
        table.device.get("keyboard").and_then(|own| own.layouts.get(lanes)?.get(lane).cloned())
    };
    let press = || {
        assert!(focus_window(&xvfb.display));
        tap(&keyboard, ENTER);
        tap(&keyboard, G);
    };
    until(&config, "G answers the lane", press, |table| bound(table, "1", "0") == Some(vec!["KeyG".into()]));
    // levels with two lanes: up to their number, one to the right, down again; J is the other lane's
    let press = || {
        tap(&keyboard, UP);
        tap(&keyboard, RIGHT);
        tap(&keyboard, 108);
        tap(&keyboard, ENTER);
        tap(&keyboard, J);
    };
    press();
    let made = until(
        &config,
        "J moves to the first lane",
        || std::thread::sleep(FRAMES),
        |table| bound(table, "2", "0") == Some(vec!["KeyJ".into()]),
    );
    assert_eq!(bound(&made, "2", "1"), Some(Vec::new()), "and is taken from the second");
    drop(game);
    let text = fs::read_to_string(config.join("settings.toml")).expect("the file is there");
    assert!(text.contains("sparkle = 3") && text.contains("hue = \"teal\""), "nothing is lost: {text}");

    // what the list says is what the file holds
    let listed = Command::new(env!("CARGO_BIN_EXE_doozy"))
        .args(["bindings", "--list", "--json"])
        .env("DOOZY_CONFIG", &config)
        .output()
        .expect("the program runs");
    let listed: serde_json::Value = serde_json::from_slice(&listed.stdout).expect("JSON");
    assert_eq!(listed["bindings"][0]["controls"], serde_json::json!([["KeyG"]]));
    assert_eq!(listed["bindings"][1]["controls"], serde_json::json!([["KeyJ"], []]));

    // and it plays, on a display where no earlier window had the focus
    let xvfb = Xvfb::start();
    let keyboard = xvfb.keyboard();
    let level = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/short.level.ron");
    let mut game = Game::run(&xvfb.display, &["play", &level.display().to_string()], home.path());
    let manner = Manner { key: G, ..FAIR };
    let pressed = play_through(keyboard, &mut game, home.path(), manner, Duration::from_secs(120)).targets;
    let session = record(home.path()).expect("the session is recorded");
    assert_eq!(session.info.state, State::Finished);
    let presses = session.inputs.iter().filter_map(|input| if let Input::Press(p) = input { Some(p) } else { None });
    let codes: Vec<u16> = presses.map(|press| press.control).collect();
    assert!(codes.len() >= 16 && codes.iter().all(|code| *code == u16::from(G)), "{codes:?}");
    // every target that was pressed for has its verdict; panics otherwise
    assert_eq!(stamp_errors(&session, &pressed).len(), pressed.len());
    let (bindings, _) = Bindings::in_force(&made).expect("the table is valid");
    assert_eq!(bindings.lane(Control::Key(u16::from(G)), DeviceRef::KEYBOARD, 1), Some(Lane(0)));
    assert_eq!(bindings.lane(Control::Key(u16::from(J)), DeviceRef::KEYBOARD, 1), None);
}
