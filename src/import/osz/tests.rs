//! Case A41: archives that try to leave, and ones that only look like it.

use std::io::{Cursor, Write as _};

use super::*;
use zip::{CompressionMethod, ZipWriter, write::SimpleFileOptions};

const MAP: &str = "osu file format v14\n[General]\nMode: 3\nAudioFilename: Song.mp3\n[Difficulty]\nCircleSize:4\n[TimingPoints]\n0,500\n[HitObjects]\n64,0,1000,1,0\n";

fn archive(entries: &[(&str, &[u8])]) -> Cursor<Vec<u8>> {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    let options = SimpleFileOptions::default().compression_method(CompressionMethod::Deflated);
    for (name, bytes) in entries {
        zip.start_file(*name, options).expect("an entry");
        zip.write_all(bytes).expect("written");
    }
    Cursor::new(zip.finish().expect("an archive").into_inner())
}

fn reads(entries: &[(&str, &[u8])]) -> Result<Vec<Beatmap>, Refused> {
    read(archive(entries), &Options::default())
}

#[test]
fn names_that_lead_out_refuse_the_archive() {
    for name in ["../../x.osu", "C:\\x.osu", "c:x.osu", "ok/..\\y.osu", "/x.osu", "\\x.osu", "a/../../b.png"] {
        let refused = reads(&[("good.osu", MAP.as_bytes()), (name, MAP.as_bytes())]).expect_err(name);
        assert!(refused.message.contains("leads out"), "{refused}");
    }
}

#[test]
fn one_folder_around_everything_is_no_harm() {
    for name in ["My Map/hard.osu", "My Map\\hard.osu", "hard.osu", "a..b/hard.OSU"] {
        let maps = reads(&[(name, MAP.as_bytes())]).expect(name);
        assert_eq!(maps[0].chart.targets.len(), 1);
    }
}

#[test]
fn the_sound_is_found_beside_its_map_in_any_case() {
    let zip = archive(&[("My Map/hard.osu", MAP.as_bytes()), ("My Map/song.MP3", b"sound"), ("song.mp3", b"other")]);
    assert_eq!(holds(zip.clone(), "My Map/hard.osu", "Song.mp3"), Ok(true));
    assert_eq!(holds(zip.clone(), "My Map/hard.osu", "none.mp3"), Ok(false));
    assert_eq!(audio(zip, "My Map/hard.osu", "Song.mp3"), Ok(Some(b"sound".to_vec())));
}

#[test]
fn inflation_stops_at_its_limit() {
    let bomb = vec![b'\n'; MOST_BYTES + 1];
    let refused = reads(&[("bomb.osu", &bomb)]).expect_err("too large");
    assert!(refused.message.contains("inflates to more than"), "{refused}");
}

#[test]
fn damage_is_told_and_spares_the_other_maps() {
    let maps = reads(&[("a.osu", b"hello"), ("b.osu", MAP.as_bytes())]).expect("one is whole");
    assert_eq!((maps.len(), maps[0].chart.warnings.listed.len()), (1, 1));
    assert!(maps[0].chart.warnings.listed[0].message.contains("a.osu"));
    for wrong in [&b""[..], b"PK\x03\x04", b"hello"] {
        assert!(read(Cursor::new(wrong), &Options::default()).is_err());
    }
    assert!(reads(&[("a.png", b"")]).expect_err("no map").message.contains("no .osu"));
    let mut bytes = archive(&[("a.osu", MAP.as_bytes())]).into_inner();
    // within the deflated text
    bytes[40] ^= 0xFF;
    assert!(read(Cursor::new(bytes), &Options::default()).is_err());
}
