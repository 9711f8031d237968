//! Your own music, played: an imported song is judged against its own onsets, and practice recomputes and counts for nothing.

use std::{collections::BTreeSet, fs, path::Path};

use doozy::{
    audio::Levels,
    calibration::Calibrations,
    conductor::{self, Pace, Setup, Terms, Who, note::Note},
    input::Bindings,
    ladders,
    paths::DataDir,
    record::{LoadedSession, Reader},
};
use doozy_training::{
    event::{Effect, TargetId, TrialId, TrialPlan},
    learner::Profile,
    level::drill::Drill,
    practice::Practice,
    session::Options,
    time::{HostTime, Nanos},
};

use crate::room::Room;

impl Room {
    fn last(&self) -> LoadedSession {
        Reader::open(&DataDir::at(self.at("data"))).expect("a record").load("last").expect("a session")
    }

    /// Imports a song of `count` notes with a change of tempo, one lane; the level's file.
    fn song(&self, count: u32) -> String {
        fs::write(self.at("song.mid"), midi(count)).expect("written");
        self.says(&["import", "song.mid", "--out", "mine"], 0);
        let names: Vec<_> = fs::read_dir(self.at("mine")).expect("made").collect();
        assert_eq!(names.len(), 1);
        names[0].as_ref().expect("an entry").path().display().to_string()
    }

    /// Plays a level in virtual time, as `practice` has it; what was recorded.
    fn play(&self, level: &str, practice: Option<Practice>, profile: Profile, seconds: i64) -> LoadedSession {
        let path = Path::new(level);
        let mut handle = conductor::start(Setup {
            level: ladders::read(path, level).expect("a level"),
            seed: 11,
            terms: Terms { session: Options { practice, ..Options::default() }, ..Terms::default() },
            who: Who::Learner(profile.into()),
            pace: Pace::Virtual { from: HostTime(5_000_000_000) },
            levels: Levels::default(),
            calibrations: Calibrations::default(),
            bindings: Bindings::default(),
            data: DataDir::at(self.at("data")),
            length: Some(Nanos::ms(seconds * 1000)),
        })
        .expect("a session starts anywhere");
        let (origin, mut said) = (handle.now(), Vec::new());
        for step in 1.. {
            handle.drive(origin + Nanos::ms(20 * step));
            handle.notes(&mut said);
            for note in said.drain(..) {
                match note {
                    Note::Effect(Effect::Paused { .. }) => handle.command(conductor::note::Command::Resume),
                    Note::Ended { .. } => {
                        drop(handle);
                        return self.last();
                    }
                    _ => {}
                }
            }
        }
        unreachable!("it ends by its length")
    }
}

fn quantity(mut value: u32) -> Vec<u8> {
    let mut bytes = vec![(value & 0x7f) as u8];
    while value > 0x7f {
        value >>= 7;
        bytes.insert(0, (value & 0x7f) as u8 | 0x80);
    }
    bytes
}

/// Notes a beat apart, at 120 a minute for 7 beats and at 97 from then on.
fn midi(count: u32) -> Vec<u8> {
    let mut track = b"\x00\xff\x51\x03\x07\xa1\x20".to_vec();
    for n in 0..count {
        if n == 7 {
            // 618,557 µs a beat
            track.extend(b"\x00\xff\x51\x03\x09\x70\x3d");
        }
        track.extend(b"\x00\x90\x3c\x64");
        track.extend(quantity(480));
        track.extend(b"\x80\x3c\x00");
    }
    track.extend(b"\x00\xff\x2f\x00");
    let mut file = b"MThd\0\0\0\x06\0\0\0\x01\x01\xe0MTrk".to_vec();
    file.extend((track.len() as u32).to_be_bytes());
    file.extend(track);
    file
}

fn plans(session: &LoadedSession) -> Vec<&TrialPlan> {
    session
        .effects
        .iter()
        .filter_map(|effect| if let Effect::Planned(plan) = effect { Some(plan) } else { None })
        .collect()
}

#[test]
fn an_imported_song_is_judged_against_its_own_onsets() {
    let room = Room::new();
    let level = room.song(32);
    let session = room.play(&level, None, Profile::Novice, 40);
    // by hand: seven beats of half a second, then beats of 618,557 µs
    let onset_us = |n: i64| if n <= 7 { n * 500_000 } else { 3_500_000 + (n - 7) * 618_557 };
    let onsets: Vec<i64> = (0..32).map(onset_us).collect();
    let first = plans(&session)[0];
    let zero = first.targets[0].at;
    let played: Vec<i64> = first.targets.iter().map(|target| (target.at - zero).0).collect();
    let right: Vec<i64> = onsets.iter().take(played.len()).map(|us| us * 1000).collect();
    assert_eq!(played, right);
    let judged = session.effects.iter().filter(|effect| matches!(effect, Effect::Judged(_))).count();
    assert!(judged >= played.len(), "{judged}");
    assert!(room.says(&["replay", "last", "--verify"], 0).contains("bit for bit"));
    // where bars begin is the tempo map's affair: the change falls inside the second
    let loaded = ladders::read(Path::new(&level), "song").expect("a level");
    let Drill::Chart(chart) = loaded.level.drill() else { panic!("a chart") };
    assert_eq!(chart.bars[..4], [0, 2_000_000, 3_500_000 + 618_557, 3_500_000 + 5 * 618_557]);
}

#[test]
fn practice_is_recorded_as_such_recomputes_and_leaks_nowhere() {
    let room = Room::new();
    let level = room.song(32);
    let practice = "(rate: 80, loops: [(2, 3)], pre_roll: 1, ramp: Some((step: 10, to: 100)), mute: Some((heard: 1, silent: 1)), ghost: true)";
    let practice: Practice = ron::from_str(practice).expect("a practice");
    let session = room.play(&level, Some(practice), Profile::Trained, 90);
    assert!(session.info.practice);
    let rates: Vec<u16> = plans(&session).iter().filter_map(|plan| plan.terms.practice).map(|p| p.rate).collect();
    assert_eq!(rates.first(), Some(&80));
    assert!(rates.is_sorted() && rates.contains(&100), "{rates:?}");
    assert!(room.says(&["replay", "last", "--verify"], 0).contains("bit for bit"));
    assert!(room.says(&["history"], 0).contains("practice"));

    let plain = room.play(&level, None, Profile::Trained, 30);
    assert!(!plain.info.practice);
    assert!(plans(&plain).iter().all(|plan| plan.terms.practice.is_none()));
    let listed: serde_json::Value =
        serde_json::from_str(&room.says(&["history", "--json"], 0)).expect("a JSON document");
    let marks: Vec<_> = listed.as_array().expect("a list").iter().map(|one| one["practice"].clone()).collect();
    assert_eq!(marks, [true, false]);
}

#[test]
fn the_ghost_is_the_best_run_and_no_practice() {
    let room = Room::new();
    let level = room.song(24);
    let practice: Practice = ron::from_str("(rate: 90, ghost: true)").expect("a practice");
    let marks = |room: &Room| {
        let mut handle = conductor::start(Setup {
            level: ladders::read(Path::new(&level), &level).expect("a level"),
            seed: 3,
            terms: Terms { session: Options { practice: Some(practice), ..Options::default() }, ..Terms::default() },
            who: Who::Learner(Profile::Trained.into()),
            pace: Pace::Virtual { from: HostTime(5_000_000_000) },
            levels: Levels::default(),
            calibrations: Calibrations::default(),
            bindings: Bindings::default(),
            data: DataDir::at(room.at("data")),
            length: Some(Nanos::ms(3_000)),
        })
        .expect("a session starts anywhere");
        let (origin, mut said) = (handle.now(), Vec::new());
        for step in 1..150 {
            handle.drive(origin + Nanos::ms(20 * step));
            handle.notes(&mut said);
        }
        let ghost =
            said.into_iter().find_map(|note| if let Note::Ghost { marks, .. } = note { Some(marks) } else { None });
        ghost.unwrap_or_default()
    };
    assert!(marks(&room).is_empty(), "there is no run yet");
    let best = room.play(&level, None, Profile::Trained, 600);
    assert!(!marks(&room).is_empty());
    // the marks are that run's own presses, to the nanosecond
    let first = plans(&best)[0].clone();
    let shown = marks(&room);
    for (at, target) in first.targets.iter().enumerate() {
        let own = best.effects.iter().find_map(|effect| match effect {
            Effect::Judged(judged) if judged.target == Some(target.id) => judged.e,
            _ => None,
        });
        let mark = shown.iter().find(|(id, _)| id.0 as usize == at).map(|(_, e)| *e);
        // of a place that a second chance repeated, the last press is shown
        if plans(&best).iter().all(|plan| plan.retry_of != Some(first.trial)) {
            assert_eq!(mark, own, "target {at}");
        }
    }
}

#[cfg(feature = "game")]
#[test]
fn nonsense_is_refused_with_what_would_be_right() {
    let room = Room::new();
    let level = room.song(32);
    let level = level.as_str();
    for (args, words) in [
        (&["--rate", "0.3"][..], "0.5 to 2"),
        (&["--loop", "0-4"], "count from 1"),
        (&["--loop", "4-99"], "bars"),
        (&["--loop", "3-4", "--loop", "4-5"], "share no bar"),
        (&["--pre-roll", "1"], "leads into a loop"),
        (&["--mute-bars", "2"], "with and without"),
        (&["--ramp"], "does not rise"),
        (&["--ramp=0.5", "--rate", "0.6"], "0.01 to 0.25"),
        (&["--loop-failed"], "was not played yet"),
        (&["--preset", "none"], "no preset is called"),
        (&["--rate", "0.8", "--save-preset", " "], "a preset's name"),
    ] {
        let said = room.says(&[&["demo", level, "--headless"], args].concat(), 2);
        assert!(said.contains(words), "{args:?}: {said}");
    }
    assert!(!room.at("data").exists() || fs::read_dir(room.at("data")).is_ok_and(|mut all| all.next().is_none()));
    let beat = format!("{}/levels/pulse/1.level.ron", env!("CARGO_MANIFEST_DIR"));
    assert!(room.says(&["demo", &beat, "--headless", "--loop", "1-2"], 2).contains("bars of a chart"));
}

#[cfg(feature = "game")]
#[test]
fn what_cannot_be_slowed_down_is_played_all_the_same() {
    let room = Room::new();
    for level in ["reflex/1", "reflex/3"] {
        for args in [&[][..], &["--ghost"]] {
            room.says(&[&["demo", level, "--headless", "--seconds", "4"], args].concat(), 0);
        }
        assert!(room.says(&["demo", level, "--headless", "--rate", "0.8"], 2).contains("as fast as you are"));
    }
}

/// Case A08: 70,000 targets are played through and every one is judged.
#[test]
#[ignore = "an hour of virtual time: ./doozy.sh check marathon"]
fn seventy_thousand_targets_are_played_and_judged() {
    let _alone = crate::alone();
    let room = Room::new();
    let head =
        "osu file format v14\n[General]\nMode: 3\n[Difficulty]\nCircleSize:4\n[TimingPoints]\n0,500\n[HitObjects]\n";
    let objects: String = (0..70_000).map(|n| format!("{},192,{},1,0\n", 64 + 128 * (n % 4), n * 50)).collect();
    fs::write(room.at("many.osu"), format!("{head}{objects}")).expect("written");
    room.says(&["import", "many.osu", "--out", "mine"], 0);
    let level = room.at("mine/many.level.ron").display().to_string();
    let began = std::time::Instant::now();
    let session = room.play(&level, None, Profile::Trained, 20_000);
    // a try that a rest cut short is planned anew, and a second chance is no further one
    let counted: BTreeSet<TrialId> = session
        .effects
        .iter()
        .filter_map(|effect| match effect {
            Effect::TrialEnded { trial, void: None, .. } => Some(*trial),
            _ => None,
        })
        .collect();
    let asked: Vec<TargetId> = plans(&session)
        .iter()
        .filter(|plan| plan.retry_of.is_none() && counted.contains(&plan.trial))
        .flat_map(|plan| plan.targets.iter().map(|target| target.id))
        .collect();
    let judged: BTreeSet<TargetId> = session
        .effects
        .iter()
        .filter_map(|effect| if let Effect::Judged(judged) = effect { judged.target } else { None })
        .collect();
    let verdicts = asked.iter().filter(|id| judged.contains(id)).count();
    println!(
        "{} targets played, {verdicts} of them judged; {} trials, {} of them void; {:.0} s in all",
        asked.len(),
        plans(&session).len(),
        plans(&session).len() - counted.len(),
        began.elapsed().as_secs_f64()
    );
    assert_eq!((asked.len(), verdicts), (70_000, 70_000));
    room.says(&["replay", "last", "--verify"], 0);
}
