//! Charts with a recording: heard on its frames, or told and stood in for.

use std::fs;

use super::*;

/// Eight notes half a second apart that only the recording sounds; note `n` lies at 0.1 s + n/2 of it.
fn level(folder: &std::path::Path) -> ladders::Loaded {
    let targets: String = (0..8).map(|n| format!("({}, 0, 0), ", n * 500_000)).collect();
    let text = format!(
        "(version: 1, title: \"Song\", aim: \"Play.\", trials: 1, seconds: 10, drill: Chart(lanes: 1, heard: false, count_in: 0,
          audio: (file: \"song.wav\", zero_us: 100000), targets: [{targets}]))"
    );
    let path = folder.join("song.level.ron");
    fs::write(&path, text).unwrap();
    ladders::read(&path, "song").unwrap()
}

/// A click of 5 ms at each note, silence between.
fn recording(folder: &std::path::Path) {
    let spec = hound::WavSpec {
        channels: 1,
        sample_rate: 48_000,
        bits_per_sample: 16,
        sample_format: hound::SampleFormat::Int,
    };
    let mut writer = hound::WavWriter::create(folder.join("song.wav"), spec).unwrap();
    for n in 0..5 * 48_000_i64 {
        let since = (n - 4_800).rem_euclid(24_000);
        writer
            .write_sample(if (4_800..4_800 + 8 * 24_000).contains(&n) && since < 240 { 12_000_i16 } else { 0 })
            .unwrap();
    }
    writer.finalize().unwrap();
}

/// Plays a level for ten seconds: frames at which something began to sound, those at which notes were due, and what was said.
fn played(folder: &std::path::Path) -> (Bench, Vec<i64>, Vec<i64>, Vec<Note>) {
    let bench = Bench::new(48_000, 512, 0.0);
    let mut play = Play::of(level(folder), &bench, Nanos::ZERO);
    play.follows = false;
    play.performance.use_recording(Some(folder), true);
    while play.performance.parts.audio.recording().is_some_and(|recording| !recording.is_whole()) {
        std::thread::yield_now();
    }
    play.performance.start(START, Vec::new());
    let (mut onsets, mut notes, mut due) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..10_000 {
        play.clock.pass(Nanos::ms(1), Nanos::ZERO);
        let waiting = play.performance.waiting.clone();
        play.performance.step();
        if let (Some(plan), true) = (waiting, play.performance.in_trial) {
            let clock = play.performance.parts.audio.clock();
            let anchored = play.performance.take_notes().collect::<Vec<_>>();
            let zero = anchored.iter().find_map(|note| match note {
                Note::Anchored { clock: on, .. } => Some(clock.frame_at(on.origin).0),
                _ => None,
            });
            notes.extend(anchored);
            due.extend(plan.targets.iter().map(|target| zero.unwrap() + crate::audio::frame_of(target.at, 48_000).0));
        }
        while let Some(frame) = bench.onset() {
            onsets.push(frame);
        }
        notes.extend(play.performance.take_notes());
    }
    (bench, onsets, due, notes)
}

fn notices(notes: &[Note]) -> Vec<&'static str> {
    let id = |note: &Note| if let Note::Notice { id, .. } = note { Some(*id) } else { None };
    notes.iter().filter_map(id).filter(|id| id.starts_with("notice-recording")).collect()
}

#[test]
fn each_note_of_the_recording_is_heard_on_its_target() {
    let folder = tempfile::tempdir().unwrap();
    recording(folder.path());
    let (_, onsets, due, notes) = played(folder.path());
    assert_eq!(notices(&notes), [] as [&str; 0]);
    assert_eq!(due.len(), 8);
    // to the frame: the host's clock and the card's were put together by a fit, which is good to a frame or two here
    let off: Vec<i64> = onsets.iter().zip(&due).map(|(onset, due)| onset - due).collect();
    assert_eq!(onsets.len(), 8, "{onsets:?}");
    assert!(off.iter().all(|off| off.abs() <= 2), "{off:?}");
    assert!(off.windows(2).all(|pair| pair[0] == pair[1]), "the same for all: {off:?}");
}

#[test]
fn without_the_recording_its_notes_are_sounded_and_that_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let sounded = |bench: &Bench, due: &[i64]| {
        assert_eq!(due.len(), 8);
        due.iter().all(|at| bench.loudest(*at, at + 2_400) > 0.003)
    };
    let (bench, onsets, due, notes) = played(folder.path());
    assert_eq!(notices(&notes), ["notice-recording-missing"]);
    assert!((onsets[0] - due[0]).abs() <= 2 && sounded(&bench, &due), "{onsets:?} {due:?}");
    let broken = tempfile::tempdir().unwrap();
    fs::write(broken.path().join("song.wav"), b"this is no sound at all").unwrap();
    let (bench, _, due, notes) = played(broken.path());
    assert_eq!(notices(&notes), ["notice-recording-unknown"]);
    assert!(sounded(&bench, &due));
}
