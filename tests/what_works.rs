//! A player's own trial as it is lived: sessions of several days at chosen times, marked, drawn, measured, and told.

use std::path::Path;

use doozy::{
    audio::Levels,
    calibration::Calibrations,
    conductor::{self, Pace, Setup, Terms, Who, note::Note},
    input::Bindings,
    ladders::Loaded,
    paths::DataDir,
    record::Reader,
    what_works::{self, Standing},
};
use doozy_training::{
    learner::Profile,
    session::Options,
    time::{HostTime, Nanos},
    yours::{Personal, Trial},
};
use serde_json::Value;

use crate::{rates::level, room::Room};

/// A morning in 2026, s since 1970-01-01 UTC.
const MORNING: i64 = 1_780_000_000;
const HOUR: i64 = 3_600;

impl Room {
    fn folder(&self) -> DataDir {
        DataDir::at(self.at("data"))
    }

    /// Plays a level for so many seconds of virtual time; the session's number.
    fn session(&self, level: &Loaded, who: Profile, seed: u64, options: Options, seconds: i64) -> i64 {
        let mut handle = conductor::start(Setup {
            level: level.clone(),
            seed,
            terms: Terms { session: options, ..Terms::default() },
            who: Who::Learner(who.into()),
            pace: Pace::Virtual { from: HostTime(5_000_000_000) },
            levels: Levels::default(),
            calibrations: Calibrations::default(),
            bindings: Bindings::default(),
            data: self.folder(),
            length: Some(Nanos::ms(seconds * 1000)),
        })
        .expect("a session starts anywhere");
        let (origin, mut said) = (handle.now(), Vec::new());
        for step in 1.. {
            handle.drive(origin + Nanos::ms(20 * step));
            handle.notes(&mut said);
            if said.drain(..).any(|note| matches!(note, Note::Ended { .. })) {
                break;
            }
        }
        drop(handle);
        self.reader().find("last").expect("a session").number
    }

    fn reader(&self) -> Reader {
        Reader::open(&self.folder()).expect("a record")
    }

    /// Says of a session that it began then and took ten minutes. Its checksum no longer holds after that.
    fn date(&self, session: i64, from_s: i64) {
        let record = rusqlite::Connection::open(self.folder().database()).expect("it opens");
        let moment = "strftime('%Y-%m-%dT%H:%M:%fZ', ?2, 'unixepoch')";
        for (column, s) in [("started_utc", from_s), ("ended_utc", from_s + 600)] {
            let sql = format!("UPDATE sessions SET {column} = {moment} WHERE session = ?1");
            assert_eq!(record.execute(&sql, (session, s)).expect("written"), 1);
        }
    }

    /// A session of the player's trial that begins `hours` after the first morning, as the program would mark it.
    fn marked(&self, level: &Loaded, who: Profile, hours: i64) -> (i64, Personal) {
        let from_s = MORNING + hours * HOUR;
        let name = Who::Learner(who.into()).name();
        let part = what_works::next(&self.folder(), level, &name, from_s).expect("a level with early and late");
        let seconds = if part == Personal::Probe { 20 } else { 8 };
        let number = self.session(level, who, 70 + hours.unsigned_abs(), part.options(), seconds);
        self.date(number, from_s);
        (number, part)
    }

    fn standing(&self) -> Standing {
        what_works::standings(&self.folder()).expect("a record").remove(0)
    }

    fn json(&self, args: &[&str]) -> Value {
        let output = self.doozy(args);
        assert_eq!(output.status.code(), Some(0), "{args:?}: {}", String::from_utf8_lossy(&output.stderr));
        serde_json::from_slice(&output.stdout).expect("one JSON document")
    }
}

#[test]
fn nine_days_are_drawn_measured_and_told() {
    let room = Room::new();
    let pulse = level("pulse/1");
    let mut probes = Vec::new();
    for day in 0..9 {
        let (probe, part) = room.marked(&pulse, Profile::Novice, 24 * day);
        assert_eq!(part, Personal::Probe, "day {day}");
        probes.push(probe);
        let (_, part) = room.marked(&pulse, Profile::Novice, 24 * day + 1);
        assert_ne!(part, Personal::Probe, "day {day}");
        if day == 3 {
            // the second session of practice is as the first, in the evening too
            assert_eq!(room.marked(&pulse, Profile::Novice, 24 * day + 3).1, part);
            let told = room.says(&["what-works"], 0);
            assert!(told.contains("cannot tell yet (4 of 8 days at least)") && !told.contains('%'), "{told}");
            let json = room.json(&["what-works", "--json"]);
            assert_eq!((&json[0]["days"], &json[0]["amplified_days"]), (&Value::from(4), &Value::from(3)), "{json}");
            assert_eq!((&json[0]["says"], &json[0]["percent_a_day"]), (&Value::from("cannot_tell_yet"), &Value::Null));
        }
    }
    let standing = room.standing();
    let (reader, days) = (room.reader(), standing.diary.days());
    // measured as anybody would by hand from the table of events
    let mut trial = Trial::new(70, 20);
    for (day, probe) in days.iter().zip(&probes) {
        let rows = reader.events(*probe).expect("rows");
        assert!(rows.iter().all(|row| row.gain == 1.0));
        let errors: Vec<f64> = rows
            .iter()
            .filter(|row| row.kind == "press")
            .filter_map(|row| row.asynchrony_ns.map(|ns| ns as f64 / 1e6))
            .collect();
        let rms = (errors.iter().map(|e| e * e).sum::<f64>() / errors.len() as f64).sqrt();
        assert_eq!((day.presses as usize, day.rms_ms.is_some()), (errors.len(), errors.len() >= 12));
        assert!((day.rms_ms.expect("a novice presses that often in 20 s") - rms).abs() < 1e-9);
        // the first eight days are drawn as in a trial that was never put down
        let drawn = trial.day(day.rms_ms);
        assert!(trial.days().len() > 8 || day.on == Some(drawn), "day {}", trial.days().len());
    }
    // the interval is told from the eighth day on, whatever it holds
    let json = room.json(&["what-works", "pulse/1", "--json"]);
    let [mean, low, high] = ["mean", "low", "high"].map(|key| json[0]["percent_a_day"][key].as_f64().expect("told"));
    assert!(low < mean && mean < high && json[0]["days"] == 9, "{json}");
    let told = room.says(&["what-works", "pulse/1"], 0);
    assert!(told.contains("learner:novice") && told.contains(&format!("{low:+.1}, {high:+.1}")), "{told}");
}

#[test]
fn a_trial_is_one_players_on_one_text_and_nothing_else_changes() {
    let room = Room::new();
    let pulse = level("pulse/1");
    assert!(room.says(&["what-works"], 0).contains("no trial yet"));
    assert_eq!(room.json(&["what-works", "--json"]), Value::Array(Vec::new()));
    // sessions without a mark are no part of it, and their options are what they were
    let plain = room.session(&pulse, Profile::Trained, 1, Options::current(), 8);
    assert!(what_works::standings(&room.folder()).expect("a record").is_empty());
    let options = room.reader().load(&plain.to_string()).expect("a session").meta.options;
    assert!(options["session"].get("personal").is_none(), "{options}");

    let part = what_works::next(&room.folder(), &pulse, "learner:trained", MORNING).expect("it suits");
    assert_eq!(part, Personal::Probe);
    let probe = room.session(&pulse, Profile::Trained, 1, part.options(), 20);
    assert!(room.says(&["replay", "last", "--verify"], 0).contains("bit for bit"));
    let marked = room.reader().load(&probe.to_string()).expect("a session").meta.options;
    assert_eq!(marked["session"]["personal"], "probe");
    room.date(probe, MORNING);
    let before = room.standing();
    room.session(&pulse, Profile::Trained, 2, Options::current(), 8);
    assert_eq!(room.standing(), before);
    // another player's trial, and another level's, begin with probes of their own
    let next = |level: &Loaded, who: &str, hours: i64| {
        what_works::next(&room.folder(), level, who, MORNING + hours * HOUR).expect("it suits")
    };
    assert_eq!(next(&pulse, "learner:novice", 1), Personal::Probe);
    assert_eq!(next(&level("pulse/2"), "learner:trained", 1), Personal::Probe);
    assert_ne!(next(&pulse, "learner:trained", 20), Personal::Probe, "the probe took ten minutes");
    assert_eq!(next(&pulse, "learner:trained", 21), Personal::Probe);
    let told = what_works::told(&room.folder(), &pulse, "learner:trained", probe - 1).expect("a record");
    assert!(told.line.contains("day 1: the probe, RMS") && told.line.contains("1 of 8 days at least"), "{}", told.line);
    assert_eq!(told.json["trial"]["unpractised_days"], 1);
    let told = what_works::told(&room.folder(), &pulse, "learner:trained", probe).expect("a record");
    assert!(told.line.contains("counts for nothing"), "{}", told.line);

    let other = room.says(&["what-works", "pulse/2"], 0);
    assert!(other.contains("doozy play pulse/2 --what-works"), "{other}");
    assert!(room.says(&["what-works", "pulse/99"], 2).contains("pulse/99"));
}

#[test]
fn kinds_without_early_and_late_are_refused() {
    let room = Room::new();
    for (id, why) in
        [("reflex/1", "fast reactions"), ("endless/rhythm", "per cent"), ("endless/steady-hand", "per cent")]
    {
        let said = room.says(&["what-works", id], 2);
        assert!(said.contains(why) && said.contains("as pulse/1"), "{said}");
        assert!(what_works::next(&room.folder(), &level(id), "person", MORNING).is_err());
    }
    assert!(!Path::new(&room.at("data")).exists());
}

#[cfg(feature = "game")]
#[test]
fn what_cannot_go_together_is_refused_before_anything_is_played() {
    let room = Room::new();
    for (args, code, words) in [
        (&["demo", "pulse/1", "--headless", "--what-works", "--rate", "0.8"][..], 2, "leave out --what-works"),
        (&["demo", "reflex/1", "--headless", "--what-works"], 2, "fast reactions"),
        (&["play", "--what-works"], 2, "LEVEL"),
        (&["play", "--daily", "--what-works"], 2, "cannot be used with"),
        (&["play", "--endless", "steady-beat", "--what-works"], 2, "cannot be used with"),
        // usage comes before what the machine lacks
        (&["play", "reflex/1", "--what-works"], 2, "fast reactions"),
        (&["play", "pulse/1", "--what-works", "--ghost"], 2, "leave out --what-works"),
        (&["play", "pulse/1", "--what-works"], 3, "display"),
    ] {
        let said = room.says(args, code);
        assert!(said.contains(words), "{args:?}: {said}");
    }
}

#[cfg(feature = "game")]
#[test]
fn the_demo_plays_a_probe_and_then_practice_and_says_so_after_each() {
    let _alone = crate::alone();
    let room = Room::new();
    let demo = ["demo", "pulse/1", "--headless", "--what-works", "--learner", "trained", "--seconds", "16"];
    let json = room.json(&[&demo[..], &["--json"]].concat());
    assert_eq!(json["what_works"]["sessions"][0]["part"], "probe", "{json}");
    assert_eq!(json["what_works"]["trial"]["days"], 1);
    let said = room.says(&demo, 0);
    let lines: Vec<&str> =
        said.lines().filter(|line| line.starts_with("what works on pulse/1, day 1: practice, ")).collect();
    assert_eq!(lines.len(), 1, "{said}");
    assert!(lines[0].contains("cannot tell yet (1 of 8 days at least)"), "{said}");
    assert!(!room.says(&[&demo[..], &["--quiet"]].concat(), 0).contains("what works"));
}
