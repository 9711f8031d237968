//! The command line's promise: exit codes, messages that say where and what would be right, and no panic.

use std::{
    fs,
    path::Path,
    process::{Command, Output},
};

fn doozy(args: &[&str], home: &Path) -> Output {
    Command::new(env!("CARGO_BIN_EXE_doozy"))
        .args(args)
        .env("DOOZY_CONFIG", home.join("config"))
        .env("DOOZY_DATA", home.join("data"))
        .env_remove("DISPLAY")
        .env_remove("WAYLAND_DISPLAY")
        .output()
        .expect("the program runs")
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
}

fn home() -> tempfile::TempDir {
    tempfile::tempdir().expect("a folder")
}

#[test]
fn every_shipped_level_is_valid() {
    let home = home();
    let output = doozy(&["validate", concat!(env!("CARGO_MANIFEST_DIR"), "/levels")], home.path());
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    assert_eq!(said(&output).lines().filter(|line| line.ends_with(": valid")).count(), 6);
}

#[test]
fn bad_levels_are_refused_with_their_place() {
    // cases A03 and A46
    let home = home();
    let good = include_str!("fixtures/short.level.ron");
    let cases: &[(&str, String, &str)] = &[
        ("empty", String::new(), "the file is empty"),
        ("zero interval", good.replace("ioi_ms: 500", "ioi_ms: 0.0"), "drill.ioi_ms"),
        ("not a number", good.replace("ioi_ms: 500", "ioi_ms: NaN"), "ioi_ms"),
        ("infinite", good.replace("ioi_ms: 500", "ioi_ms: inf"), "ioi_ms"),
        ("negative zero", good.replace("ioi_ms: 500", "ioi_ms: -0.0"), "ioi_ms"),
        ("misspelt", good.replace("beats: 8", "beets: 8"), "beets"),
        ("twice", good.replace("beats: 8,", "beats: 8,\n beats: 9,"), "beats"),
        ("no targets", good.replace("beats: 8", "beats: 0"), "drill.beats"),
        ("no trials", good.replace("trials: 2", "trials: 0"), "trials"),
        ("newer", good.replace("version: 1", "version: 9999"), "9999"),
        ("trailing", format!("{good} garbage"), ":14:2:"),
        ("brackets", "[".repeat(100_000), ":1:"),
        ("parentheses", "(".repeat(100_000), ":1:"),
    ];
    for (name, text, place) in cases {
        let file = home.path().join(format!("{}.level.ron", name.replace(' ', "-")));
        fs::write(&file, text).expect("a file");
        let path = file.display().to_string();
        let output = doozy(&["validate", &path], home.path());
        assert_eq!(output.status.code(), Some(1), "{name}: {}", said(&output));
        assert!(said(&output).contains(&path) && said(&output).contains(place), "{name}: {}", said(&output));
        // a demo of it is refused as well, before anything is recorded
        let output = doozy(&["demo", &path, "--headless", "--seconds", "2"], home.path());
        assert_eq!(output.status.code(), Some(1), "{name}: {}", said(&output));
        assert!(!home.path().join("data").exists(), "{name}: nothing was recorded");
    }
}

#[test]
fn a_name_leads_to_no_file_outside_the_levels() {
    let home = home();
    for name in ["../Cargo", "/etc/passwd.level.ron", "pulse/../../x", "", "nothing/here"] {
        let output = doozy(&["demo", name, "--headless", "--seconds", "2"], home.path());
        assert_eq!(output.status.code(), Some(2), "{name}: {}", said(&output));
    }
}

#[test]
fn without_a_display_play_names_the_demo() {
    let home = home();
    for args in [&["play"][..], &["play", "pulse/1"], &[]] {
        let output = doozy(args, home.path());
        assert_eq!(output.status.code(), Some(3), "{}", said(&output));
        assert!(said(&output).contains("doozy demo --headless"), "{}", said(&output));
    }
}

#[test]
fn usage_and_help_have_their_codes() {
    let home = home();
    assert_eq!(doozy(&["--help"], home.path()).status.code(), Some(0));
    assert_eq!(doozy(&["--version"], home.path()).status.code(), Some(0));
    assert_eq!(doozy(&["nonsense"], home.path()).status.code(), Some(2));
    assert_eq!(doozy(&["demo", "--seconds", "nan"], home.path()).status.code(), Some(2));
    assert_eq!(doozy(&["demo", "--learner", "nobody"], home.path()).status.code(), Some(2));
}

#[test]
fn a_record_that_is_not_there_is_said() {
    let home = home();
    for args in [&["history"][..], &["replay", "last"], &["backup", "copy.sqlite"]] {
        let output = doozy(args, home.path());
        assert_ne!(output.status.code(), Some(0), "{args:?}");
        assert!(said(&output).contains("no record yet"), "{args:?}: {}", said(&output));
    }
}

#[test]
fn the_doctor_reports_without_any_device() {
    let home = home();
    let output = doozy(&["doctor", "--json"], home.path());
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    let report: serde_json::Value = serde_json::from_slice(&output.stdout).expect("one JSON document");
    assert_eq!(report["clock"]["source"], "CLOCK_MONOTONIC");
    assert_eq!(report["display"]["answers"], false);
}
