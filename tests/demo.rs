//! The demo as its users run it: without a window, and with pictures that show something.

use std::{path::Path, process::Command};

use doozy::{paths::DataDir, record::Reader};
use doozy_training::event::{Drama, Effect, Tier};

/// Share of the pixels that differ from the most frequent colour, and how many colours there are.
fn busy(path: &Path) -> (f64, usize) {
    let picture = image::open(path).unwrap_or_else(|e| panic!("{}: {e}", path.display())).to_rgb8();
    let mut colours = std::collections::BTreeMap::new();
    for pixel in picture.pixels() {
        *colours.entry(pixel.0).or_insert(0_usize) += 1;
    }
    let most = colours.values().max().copied().unwrap_or(0);
    let all = (picture.width() * picture.height()) as usize;
    (1.0 - most as f64 / all as f64, colours.len())
}

#[test]
fn the_headless_demo_shows_a_doozy_and_replays() {
    let _alone = crate::alone();
    let home = tempfile::tempdir().expect("a folder");
    let data = home.path().join("data");
    let run = |args: &[&str]| {
        Command::new(env!("CARGO_BIN_EXE_doozy"))
            .args(args)
            .arg("--data")
            .arg(&data)
            .env("DOOZY_CONFIG", home.path().join("config"))
            .env_remove("DISPLAY")
            .output()
            .expect("the program runs")
    };
    let output = run(&["demo", "--headless", "--seconds", "20", "--json"]);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let summary: serde_json::Value = serde_json::from_slice(&output.stdout).expect("one JSON document");
    let frames: Vec<_> = summary["frames"].as_array().expect("frames are listed").iter().collect();
    assert!(frames.len() >= 3, "drill, doozy and end at least: {frames:?}");
    for frame in frames {
        let path = Path::new(frame.as_str().expect("a path"));
        let (share, colours) = busy(path);
        assert!(share > 0.05 && colours > 50, "{} is not blank: {share}, {colours} colours", path.display());
    }
    let session = Reader::open(&DataDir::at(&data)).expect("a record").load("last").expect("a session");
    let doozies = session.effects.iter().filter(|e| matches!(e, Effect::Judged(j) if j.tier == Tier::Doozy)).count();
    let scenes = session.effects.iter().filter(|e| matches!(e, Effect::Amplify { drama: Drama::Full, .. })).count();
    assert!(doozies >= 1 && scenes >= 1, "a doozy with its scene: {doozies}, {scenes}");
    let verified = run(&["replay", "last", "--verify"]);
    assert!(verified.status.success(), "{}", String::from_utf8_lossy(&verified.stderr));
}
