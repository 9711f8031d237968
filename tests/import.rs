//! `doozy import` as it is typed: what it prints, what it writes, and what it leaves alone.

use std::{
    fs,
    io::Write as _,
    path::{Path, PathBuf},
};

use zip::{ZipWriter, write::SimpleFileOptions};

use crate::room::Room;

impl Room {
    /// The targets that `--list` prints: ms, lane, length, kind.
    fn targets(&self, args: &[&str]) -> Vec<String> {
        let said = self.says(&[&["import", "--list"], args].concat(), 0);
        said.lines().filter(|line| !line.starts_with('#')).map(str::to_owned).collect()
    }

    fn names(&self, folder: &str) -> Vec<String> {
        let Ok(entries) = fs::read_dir(self.at(folder)) else { return Vec::new() };
        let mut names: Vec<String> =
            entries.map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned()).collect();
        names.sort();
        names
    }
}

fn midi() -> Vec<u8> {
    let tempo: &[u8] =
        b"\x00\xff\x51\x03\x0f\x42\x40\x81\x40\xff\x51\x03\x07\xa1\x20\x81\x40\xff\x51\x03\x05\x16\x15\x00\xff\x2f\x00";
    let note: &[u8] = b"\x90\x3c\x64\x01\x80\x3c\x00";
    let mut notes = vec![0];
    for n in 0..6 {
        if n > 0 {
            notes.push(0x5F);
        }
        notes.extend(note);
    }
    notes.extend(b"\x00\xff\x2f\x00");
    let chunk = |bytes: &[u8]| [b"MTrk", &u32::try_from(bytes.len()).expect("small").to_be_bytes()[..], bytes].concat();
    [b"MThd\0\0\0\x06\0\x01\0\x02\0\x60".to_vec(), chunk(tempo), chunk(&notes)].concat()
}

const SM: &str =
    "#TITLE:A song;#MUSIC:song.ogg;#OFFSET:0.1;#BPMS:0=100;#NOTES:dance-single::Easy:1::\n1000\n0100\n0010\n0001\n;";
const OSU: &str = "osu file format v14\n[General]\nAudioFilename: a.mp3\nMode: 3\n[Metadata]\nTitle:x\nVersion:Hard\n[Difficulty]\nCircleSize:4\n[TimingPoints]\n0,500,4,1,0,100,1,0\n[HitObjects]\n64,192,500,1,0\n448,192,900,128,0,1400:0\n";

fn osz(entries: &[(&str, &[u8])]) -> Vec<u8> {
    let mut zip = ZipWriter::new(std::io::Cursor::new(Vec::new()));
    for (name, bytes) in entries {
        zip.start_file(*name, SimpleFileOptions::default()).expect("an entry");
        zip.write_all(bytes).expect("written");
    }
    zip.finish().expect("an archive").into_inner()
}

#[test]
fn the_list_is_exact_to_the_microsecond() {
    let room = Room::new();
    room.put("song.mid", midi());
    let onsets: Vec<String> =
        room.targets(&["song.mid"]).iter().map(|t| t.split('\t').next().unwrap_or("").to_owned()).collect();
    assert_eq!(onsets, ["0.000", "1000.000", "2000.000", "2500.000", "3000.000", "3333.333"]);
    room.put("a.sm", SM);
    assert_eq!(
        room.targets(&["a.sm"]),
        ["-100.000\t0\t-\ttap", "500.000\t1\t-\ttap", "1100.000\t2\t-\ttap", "1700.000\t3\t-\ttap"]
    );
    room.put("a.osu", OSU);
    assert_eq!(room.targets(&["a.osu"]), ["500.000\t0\t-\ttap", "900.000\t3\t500.000\thold"]);
    assert_eq!(room.names("data"), [""; 0], "nothing is recorded");
    let said = room.says(&["import", "--list", "--json", "a.osu"], 0);
    let json: serde_json::Value = serde_json::from_str(&said).expect("JSON");
    assert_eq!(json["files"][0]["charts"][0]["targets"][1]["length_us"], 500_000);
}

#[test]
fn what_is_written_is_valid_and_holds_the_targets() {
    let room = Room::new();
    room.put("song.mid", midi());
    room.put("a.sm", SM);
    room.put("song.ogg", b"sound");
    room.put("b.osz", osz(&[("x/hard.osu", OSU.as_bytes()), ("x/A.mp3", b"mp3")]));
    let said = room.says(&["import", "song.mid", "a.sm", "b.osz", "--out", "mine/new"], 0);
    assert!(said.contains("6 targets in 1 lane") && said.contains("60 to 180"), "{said}");
    assert_eq!(room.names("mine/new"), ["a-easy.level.ron", "a.ogg", "b-hard.level.ron", "b.mp3", "song.level.ron"]);
    assert_eq!(fs::read(room.at("mine/new/b.mp3")).expect("there"), b"mp3");
    let valid = room.says(&["validate", "mine/new"], 0);
    assert_eq!(valid.lines().filter(|line| line.ends_with(": valid")).count(), 3, "{valid}");
    let level = fs::read_to_string(room.at("mine/new/song.level.ron")).expect("there");
    assert!(level.contains("3333333"), "{level}");
    // once more: refused, and nothing is touched; with --force it is written
    let before = fs::metadata(room.at("mine/new/song.level.ron")).and_then(|m| m.modified()).expect("there");
    assert!(room.says(&["import", "song.mid", "--out", "mine/new"], 2).contains("--force"));
    assert_eq!(fs::metadata(room.at("mine/new/song.level.ron")).and_then(|m| m.modified()).expect("there"), before);
    room.says(&["import", "song.mid", "--out", "mine/new", "--force"], 0);
    assert_eq!(fs::read_to_string(room.at("mine/new/song.level.ron")).expect("there"), level, "byte for byte");
}

#[test]
fn one_file_that_is_refused_leaves_nothing_of_the_others() {
    let room = Room::new();
    room.put("song.mid", midi());
    let bad = room.put("bad.sm", "#BPMS:0=0;\n#NOTES:dance-single::::::\n1000\n;");
    let said = room.says(&["import", "song.mid", "bad.sm", "--out", "mine"], 1);
    assert!(said.contains("bad.sm:1: BPMS"), "{said}");
    assert!(!room.at("mine").exists());
    assert!(fs::read_to_string(bad).expect("there").starts_with("#BPMS:0=0;"), "the source is as it was");
    assert!(room.says(&["import", "none.mid", "--out", "mine"], 3).contains("none.mid"));
    assert!(room.says(&["import", "song.mid"], 2).contains("--out"));
    room.put("song.txt", "hello");
    assert!(room.says(&["import", "song.txt", "--list"], 1).contains("kind of file"));
    room.put("cut.mid", &midi()[..10]);
    assert!(room.says(&["import", "cut.mid", "--list"], 1).contains("cut.mid: byte 10: "));
    room.says(&["import", ".", "--list"], 3);
}

#[test]
fn a_folder_that_cannot_be_written_is_told() {
    let room = Room::new();
    room.put("song.mid", midi());
    room.put("plain", "a file");
    assert!(room.says(&["import", "song.mid", "--out", "plain/under"], 3).contains("plain"));
}

/// Every file below a folder.
fn tree(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() { found.extend(tree(&path)) } else { found.push(path) }
    }
    found.sort();
    found
}

#[test]
fn nothing_is_read_or_written_outside() {
    // case A41
    let room = Room::new();
    room.put("secret.ogg", b"secret");
    let before = || tree(&room.at(""));
    for music in ["../secret.ogg", "../../../../etc/passwd", "/etc/passwd", "..\\secret.ogg", "C:\\x.ogg"] {
        // a backslash is an escape in .sm
        room.put("charts/a.sm", SM.replace("song.ogg", &music.replace('\\', "\\\\").replace(':', "\\:")));
        room.put("charts/a.osu", OSU.replace("a.mp3", music));
        room.put("charts/a.osz", osz(&[("x/a.osu", OSU.replace("a.mp3", music).as_bytes())]));
        for file in ["charts/a.sm", "charts/a.osu", "charts/a.osz"] {
            let files = before();
            let said = room.says(&["import", file, "--out", "mine"], 1);
            assert!(said.contains(file) && said.contains("--no-audio"), "{said}");
            assert_eq!(before(), files);
            room.says(&["import", file, "--list", "--no-audio"], 0);
        }
    }
    for name in ["../../x.osu", "C:\\x.osu", "ok/..\\y.osu"] {
        room.put("charts/b.osz", osz(&[("good.osu", OSU.as_bytes()), (name, OSU.as_bytes())]));
        let files = before();
        assert!(room.says(&["import", "charts/b.osz", "--out", "mine"], 1).contains("leads out"));
        assert_eq!(before(), files);
    }
}

#[cfg(unix)]
#[test]
fn a_link_leads_to_no_sound_outside() {
    let room = Room::new();
    room.put("secret.ogg", b"secret");
    room.put("charts/a.sm", SM);
    std::os::unix::fs::symlink("../secret.ogg", room.at("charts/song.ogg")).expect("a link");
    assert!(room.says(&["import", "charts/a.sm", "--out", "mine"], 1).contains("a link leads out"));
    assert!(!room.at("mine").exists());
}

#[test]
fn a_sound_that_is_not_there_is_no_hindrance() {
    let room = Room::new();
    room.put("a.sm", SM);
    let said = room.says(&["import", "a.sm", "--out", "mine"], 0);
    assert!(said.contains("'song.ogg' is not there"), "{said}");
    assert_eq!(room.names("mine"), ["a-easy.level.ron"]);
    room.says(&["validate", "mine"], 0);
    room.put("b.osu", OSU.replace("a.mp3", "virtual"));
    assert!(!room.says(&["import", "b.osu", "--list"], 0).contains("warning: the sound"));
}

#[test]
fn a_grid_denser_than_the_windows_is_warned_about() {
    // case A06
    let room = Room::new();
    room.put("a.osu", OSU.replace("0,500,4", "0,0.06,4"));
    let said = room.says(&["import", "a.osu", "--list", "--grid", "1"], 0);
    assert!(said.contains("# tempo from 0.000 ms: a beat of 0.06 ms, 1000000 a minute"), "{said}");
    assert!(said.contains("closer than the window"), "{said}");
    room.put("slow.osu", OSU.replace("0,500,4", "0,120000,4").replace("448,192,900,128,0,1400:0", "0,0,240000,1,0"));
    let onsets = room.targets(&["slow.osu", "--grid", "1"]);
    assert_eq!(onsets, ["120000.000\t0\t-\ttap", "240000.000\t0\t-\ttap"]);
}

#[test]
fn seventy_thousand_targets_become_a_level() {
    // case A08 (a)
    let room = Room::new();
    let objects: String = (0..70_000).map(|n| format!("{},192,{},1,0\n", 64 + 128 * (n % 4), n * 50)).collect();
    let head = OSU.split("64,192,500").next().expect("its head");
    room.put("many.osu", format!("{head}{objects}"));
    let said = room.says(&["import", "many.osu", "--out", "mine"], 0);
    assert!(said.contains("70000 targets in 4 lanes"), "{said}");
    assert!(room.says(&["validate", "mine"], 0).contains("valid"));
}
