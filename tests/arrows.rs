//! The arrows between the rooms of `src`, as docs/architecture.md draws them: who may know whom.

use std::{fs, path::Path};

/// Room → the rooms of `src` it may name. Rooms missing here may name everything but `cli`.
const MAY_KNOW: &[(&str, &[&str])] = &[
    ("clock", &[]),
    ("paths", &[]),
    ("settings", &["paths"]),
    ("text", &[]),
    ("audio", &["clock"]),
    ("import", &["paths"]),
    ("input", &["clock"]),
    ("record", &["clock", "paths"]),
    ("ladders", &["paths"]),
    ("practice", &["paths"]),
    ("progress", &["ladders", "paths", "record"]),
    ("what_works", &["ladders", "paths", "record"]),
    ("report", &[]),
    ("doctor", &["audio", "calibration", "clock", "input", "paths", "record"]),
    ("lab", &["clock", "paths", "report"]),
    ("sweep", &["clock", "lab", "paths", "report"]),
    ("calibration", &["audio", "clock", "input", "paths"]),
    ("conductor", &["audio", "calibration", "clock", "input", "ladders", "paths", "record"]),
    (
        "game",
        &["audio", "calibration", "clock", "conductor", "input", "paths", "progress", "record", "settings", "text"],
    ),
];

fn rust_files(dir: &Path, found: &mut Vec<std::path::PathBuf>) {
    for entry in fs::read_dir(dir).expect("the source folder can be read") {
        let path = entry.expect("its entries too").path();
        if path.is_dir() {
            rust_files(&path, found);
        } else if path.extension().is_some_and(|e| e == "rs") {
            found.push(path);
        }
    }
}

/// The rooms that a source text names, by `crate::room` or `crate::{room, …}` in code (a link in a comment is no dependency).
fn named(text: &str) -> Vec<String> {
    let code: String = text.lines().map(|line| line.split("//").next().unwrap_or("")).collect::<Vec<_>>().join("\n");
    let word = |text: &str| -> String { text.chars().take_while(|c| c.is_ascii_lowercase() || *c == '_').collect() };
    let mut rooms = Vec::new();
    for after in code.split("crate::").skip(1) {
        let Some(group) = after.strip_prefix('{') else {
            rooms.push(word(after));
            continue;
        };
        // the names right inside the braces, not those of deeper ones
        let (mut depth, mut start) = (1, true);
        for (at, c) in group.char_indices() {
            match c {
                '{' => depth += 1,
                '}' => depth -= 1,
                ',' if depth == 1 => start = true,
                c if depth == 1 && start && !c.is_whitespace() => {
                    rooms.push(word(&group[at..]));
                    start = false;
                }
                _ => {}
            }
            if depth == 0 {
                break;
            }
        }
    }
    rooms
}

#[test]
fn no_room_knows_more_than_it_may() {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = Vec::new();
    rust_files(&src, &mut files);
    assert!(files.len() > 20, "the whole of src is read");
    let mut wrong = Vec::new();
    for file in files {
        let inside = file.strip_prefix(&src).expect("it lies in src").to_path_buf();
        let first = inside.components().next().expect("it has a name").as_os_str().to_string_lossy().into_owned();
        let room = first.trim_end_matches(".rs").to_string();
        if ["main", "lib", "cli"].contains(&room.as_str()) {
            continue;
        }
        let text = fs::read_to_string(&file).expect("it can be read");
        for other in named(&text) {
            let allowed = match MAY_KNOW.iter().find(|(r, _)| *r == room) {
                Some((_, may)) => other == room || may.contains(&other.as_str()),
                None => other != "cli",
            };
            // a name that is no room (a macro, an item of lib.rs) is none of this test's business
            let is_room = src.join(&other).is_dir() || src.join(format!("{other}.rs")).is_file();
            if is_room && !allowed {
                wrong.push(format!("{}: {room} may not know {other}", inside.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn names_are_found_in_code_and_not_in_comments() {
    let text = "use crate::audio::Sound;\n// crate::game\nuse crate::{\n    clock::{a, b},\n    paths,\n};";
    assert_eq!(named(text), ["audio", "clock", "paths"]);
}
