//! `calibration.toml`: what is written comes back, what is broken is put aside, what is foreign is kept.

use std::fs;

use super::*;
use crate::calibration::store::Finding;

const TEXT: &str = r#"version = 1
colour = "red"

[[entry]]
method = "adjust"
output = "Speakers"
input = { kind = "keyboard" }
offset_ms = -12.25
se_ms = 1.5
spread_ms = 6.0
n = 6
rate = 48000
buffer = 1024
date = "2026-11-28T14:20:00Z"
program = "0.1.0"
mood = "good"
"#;

fn opened(text: &str) -> (StoreFile, Vec<Finding>, tempfile::TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("calibration.toml");
    fs::write(&path, text).unwrap();
    let (file, findings) = StoreFile::open_at(&path);
    (file, findings, folder)
}

#[test]
fn what_is_saved_comes_back_with_what_this_version_does_not_know() {
    let (file, findings, _folder) = opened(TEXT);
    assert_eq!((findings.len(), file.entries.len()), (0, 1));
    assert_eq!((file.entries[0].offset_ms, file.entries[0].rate), (-12.25, Some(48_000)));
    file.save().unwrap();
    let (again, findings) = StoreFile::open_at(&file.path);
    assert_eq!((&again, findings.len()), (&file, 0));
    let text = fs::read_to_string(&file.path).unwrap();
    assert!(text.contains("colour = \"red\"") && text.contains("mood = \"good\""), "{text}");
    // measured anew on the same devices: one entry, and the unknown field stays
    let mut file = again;
    let mut entry = file.entries[0].clone();
    entry.offset_ms = 3.0;
    file.put(entry);
    file.save().unwrap();
    let text = fs::read_to_string(&file.path).unwrap();
    assert!(text.contains("offset_ms = 3.0") && text.contains("mood") && !text.contains("-12.25"), "{text}");
}

#[test]
fn without_a_file_nothing_is_stored_and_nothing_written() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("new/calibration.toml");
    let (file, findings) = StoreFile::open_at(&path);
    assert_eq!((file.entries.len(), findings.len()), (0, 0));
    assert!(!path.exists());
}

#[test]
fn a_broken_file_is_kept_aside() {
    for text in ["[[entry]\n", "entry = 5\n", "version = \n"] {
        let (file, findings, folder) = opened(text);
        assert_eq!(file.entries, []);
        let [Finding::Broken { kept, .. }] = &findings[..] else { panic!("{findings:?}") };
        assert_eq!(fs::read_to_string(kept).unwrap(), text);
        file.save().unwrap();
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 2);
    }
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("calibration.toml");
    fs::write(&path, [0xff, 0xfe, 0x00]).unwrap();
    let (_, findings) = StoreFile::open_at(&path);
    let [Finding::Broken { kept, .. }] = &findings[..] else { panic!("{findings:?}") };
    assert_eq!(fs::read(kept).unwrap(), [0xff, 0xfe, 0x00]);
}

#[test]
fn an_entry_that_cannot_be_is_used_for_nothing_and_kept() {
    let wrong = [
        ("offset_ms = -12.25", "offset_ms = 1000.5"),
        ("offset_ms = -12.25", "offset_ms = -1001"),
        ("offset_ms = -12.25", "offset_ms = nan"),
        ("offset_ms = -12.25", "offset_ms = \"late\""),
        ("method = \"adjust\"", "method = \"telepathy\""),
        ("se_ms = 1.5", "se_ms = -1.5"),
        ("output = \"Speakers\"", "display = \"HDMI\""),
    ];
    for (was, is) in wrong {
        let (file, findings, _folder) = opened(&TEXT.replace(was, is));
        assert_eq!(file.entries, [], "{is}");
        let [Finding::Unusable { entry: 1, why, .. }] = &findings[..] else { panic!("{is}: {findings:?}") };
        assert!(!why.is_empty());
        file.save().unwrap();
        let text = fs::read_to_string(&file.path).unwrap();
        assert!(text.contains(is.split(" = ").nth(1).unwrap()), "{is} stays: {text}");
    }
    for edge in ["-1000", "1000.0"] {
        let (file, findings, _folder) = opened(&TEXT.replace("offset_ms = -12.25", &format!("offset_ms = {edge}")));
        assert_eq!((file.entries.len(), findings.len()), (1, 0), "{edge}");
    }
}

#[test]
fn a_file_of_a_later_version_keeps_its_number() {
    let (file, _, _folder) = opened(&TEXT.replace("version = 1", "version = 7"));
    assert_eq!(file.entries.len(), 1);
    file.save().unwrap();
    assert!(fs::read_to_string(&file.path).unwrap().contains("version = 7"));
}

#[test]
fn only_an_estimate_that_is_ready_becomes_an_entry() {
    let output = Output { name: "Speakers".into(), rate: 48_000, buffer: None };
    for verdict in [Verdict::TooFew, Verdict::TooWide, Verdict::OutOfRange] {
        let found = Estimate { median_ms: Some(5.0), se_ms: None, spread_ms: None, n: 3, verdict, history: vec![5.0] };
        let made = Entry::of(Method::Adjust, "Speakers", &output, InputId::keyboard(), &found, 0);
        assert_eq!(made.unwrap_err(), verdict);
    }
}
