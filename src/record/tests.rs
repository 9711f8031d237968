//! The record held to its promises: what was committed survives, what was changed is found, what is newer is left alone.

use std::{
    fs,
    io::{BufRead as _, BufReader},
    path::Path,
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use doozy_training::{
    event::{
        Cause, DeviceId, Effect, EventId, EventKind, Input, Judged, Lane, Press, Side, TargetId, Tier, TimeSource,
        TrialId, Volley,
    },
    time::{HostTime, Nanos, TrialClock},
};
use rusqlite::Connection;

use super::{
    Damage, Device, Entry, LoadedSession, RawInput, Reader, Recomputed, RecordError, Recorder, SCHEMA_VERSION,
    SessionMeta, State, VerifyError, backup, export_ndjson, import_ndjson, row, verify,
};
use crate::paths::DataDir;

/// Judging rules of these tests' sessions.
const RULES: u32 = 3;

/// Where the killed child finds its data folder.
const CHILD_ENV: &str = "DOOZY_TEST_RECORD";

fn meta() -> SessionMeta {
    SessionMeta {
        origin: HostTime(1_000_000_000),
        player: "person".into(),
        level: "beat/01-steady".into(),
        level_path: "levels/beat/01-steady.level.ron".into(),
        level_text: "(version: 1)".into(),
        seed: u64::MAX,
        options: serde_json::json!({ "assist": false, "gain": 1.0 / 3.0 }),
        build: "0.1.0".into(),
        rule_version: RULES,
        timing: "x11".into(),
        timing_err: Nanos(430_000),
        audio: serde_json::json!({ "backend": "paced" }),
    }
}

fn press(n: u32) -> Press {
    Press {
        t: HostTime(2_000_000_000 + i64::from(n) * 500_000_000 + 12_345_678),
        err: Nanos(130_000),
        source: TimeSource::X11,
        device: DeviceId(0),
        lane: Lane(0),
        control: 57,
        seq: u64::from(n),
    }
}

fn judged(n: u32) -> Judged {
    let press = press(n);
    let e = Nanos(12_345_678);
    Judged {
        event: EventId(n),
        trial: TrialId(n / 2),
        kind: EventKind::Press,
        target: Some(TargetId(n)),
        due: Some(press.t - e),
        press: Some(press),
        e: Some(e),
        side: Side::Late,
        gain: 1.0 + f64::from(n) / 3.0,
        shown_ms: 12.345_678,
        u: 12.345_678 / 20.0,
        tier: if n.is_multiple_of(2) { Tier::Clean } else { Tier::Doozy },
        tol_ms: 50.0,
        goal_ms: 20.0,
        t: press.t,
    }
}

fn window(n: u32) -> (EventId, f64, f64) {
    (EventId(n), 1.0 / f64::from(n + 3), 0.1 * f64::from(n))
}

/// What a trial of two presses says and hears, in the order in which a session would.
fn trial(k: u32) -> Vec<Entry> {
    let mut entries = vec![Entry::Input(Input::Anchor {
        trial: TrialId(k),
        clock: TrialClock { origin: HostTime(2_000_000_000), rate_ppb: 17 },
    })];
    for n in [2 * k, 2 * k + 1] {
        let judged = judged(n);
        let (event, w, dose) = window(n);
        let t = judged.t;
        entries.extend([
            Entry::Raw(RawInput {
                t,
                err: Nanos(130_000),
                source: TimeSource::X11,
                device: DeviceId(0),
                control: 57,
                name: "Space".into(),
                down: true,
                lane: Some(Lane(0)),
                during: "trial".into(),
            }),
            Entry::Input(Input::Press(press(n))),
            Entry::Effect(Effect::Provisional { trial: TrialId(k), press: press(n), target: None, e: None }),
            Entry::Input(Input::Watermark { t: t + Nanos::ms(1) }),
            Entry::Input(Input::Watermark { t: t + Nanos::ms(2) }),
            Entry::Effect(Effect::Judged(judged)),
            Entry::Effect(Effect::ClimbingFibreVolley(Volley { event, side: Side::Late, u: 0.617, t })),
            Entry::Input(Input::Window { event, w, dose }),
            Entry::Effect(Effect::WindowOpened { event, w, dose, t: t + Nanos::ms(250) }),
        ]);
    }
    entries.push(Entry::Effect(Effect::TrialEnded {
        trial: TrialId(k),
        void: None,
        worst: Some(EventId(2 * k)),
        t: HostTime(4_000_000_000),
    }));
    entries
}

fn keyboard() -> Device {
    Device {
        t: HostTime(0),
        device: DeviceId(0),
        kind: "keyboard".into(),
        name: "Täst \"1\"".into(),
        identity: String::new(),
        present: true,
        source: TimeSource::X11,
        err: Nanos(430_000),
    }
}

/// A record with one session of `trials` trials.
fn recorded(data: &DataDir, trials: u32) -> LoadedSession {
    let recorder = Recorder::open(data).unwrap();
    let id = recorder.begin(meta()).unwrap();
    recorder.log(Entry::Device(keyboard()));
    (0..trials).flat_map(trial).for_each(|entry| recorder.log(entry));
    recorder.finish(true, serde_json::json!({ "robust_sd_ms": 12.5 })).unwrap();
    assert_eq!(recorder.notices(), []);
    drop(recorder);
    Reader::open(data).unwrap().load(&id.0).unwrap()
}

fn folder() -> (tempfile::TempDir, DataDir) {
    let folder = tempfile::tempdir().unwrap();
    let data = DataDir::at(folder.path().join("not/yet"));
    (folder, data)
}

fn sha256(path: &Path) -> String {
    row::sha256_hex(&fs::read(path).unwrap())
}

/// Changes a record behind our back.
fn tamper(data: &DataDir, sql: &str) {
    let connection = Connection::open(data.database()).unwrap();
    assert_eq!(connection.execute(sql, []).unwrap(), 1, "{sql}");
}

fn damage(data: &DataDir) -> Damage {
    Reader::open(data).unwrap().load("1").unwrap().damage.unwrap()
}

/// Recomputes by saying again what was said.
fn same(session: &LoadedSession) -> Result<Recomputed, String> {
    let windows = session.inputs.iter().filter_map(|input| match *input {
        Input::Window { event, w, dose } => Some((event, w, dose)),
        _ => None,
    });
    Ok(Recomputed { effects: session.effects.clone(), windows: windows.collect() })
}

#[test]
fn a_missing_folder_is_made_and_a_session_comes_back_whole() {
    let (_folder, data) = folder();
    let session = recorded(&data, 2);
    assert_eq!(session.meta, meta());
    assert_eq!((session.info.state, session.info.number, session.is_complete()), (State::Finished, 1, true));
    assert_eq!(session.info.tiers, [2, 0, 0, 2]);
    assert_eq!(session.info.summary, Some(serde_json::json!({ "robust_sd_ms": 12.5 })));
    assert_eq!(session.devices, [keyboard()]);
    assert_eq!(session.raw_inputs.len(), 4);
    let logged: Vec<Entry> = (0..2).flat_map(trial).collect();
    let effects: Vec<&Effect> = logged
        .iter()
        .filter_map(|entry| match entry {
            Entry::Effect(Effect::Provisional { .. }) => None,
            Entry::Effect(effect) => Some(effect),
            _ => None,
        })
        .collect();
    assert_eq!(session.effects.iter().collect::<Vec<_>>(), effects);
    assert!(session.was_played_on("(version: 1)") && !session.was_played_on("(version: 1) "));
    let leftovers: Vec<_> = fs::read_dir(data.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(leftovers.len(), 2, "{leftovers:?}: the database, the lock, and no -wal");
}

#[test]
fn of_watermarks_in_a_row_the_furthest_is_kept_in_its_place() {
    let (_folder, data) = folder();
    let session = recorded(&data, 1);
    let kinds: Vec<_> =
        session.inputs.iter().map(|input| row::tag(&serde_json::to_value(input).unwrap()["input"])).collect();
    // The first one, too: the session starts at it.
    let expected = ["anchor", "press", "watermark", "watermark", "window", "press", "watermark", "window"];
    assert_eq!(kinds, expected);
    let t = press(0).t;
    assert_eq!(session.inputs[2..4], [1, 2].map(|ms| Input::Watermark { t: t + Nanos::ms(ms) }));
}

#[test]
fn flat_events_hold_what_statisticians_need() {
    let (_folder, data) = folder();
    recorded(&data, 1);
    let events = Reader::open(&data).unwrap().events(1).unwrap();
    assert_eq!(events.len(), 2);
    let event = &events[1];
    assert_eq!((event.event, event.trial, event.target), (1, 0, Some(1)));
    assert_eq!((event.asynchrony_ns, event.err_ns), (Some(12_345_678), Some(130_000)));
    assert_eq!((event.tier.as_str(), event.kind.as_str(), event.source.as_deref()), ("doozy", "press", Some("x11")));
    assert_eq!(event.gain.to_bits(), (1.0_f64 + 1.0 / 3.0).to_bits());
    assert_eq!((event.w, event.dose), (Some(0.25), Some(0.1)));
}

#[test]
fn two_sessions_of_one_folder_stay_apart_and_are_found() {
    let (_folder, data) = folder();
    let (one, two) = (recorded(&data, 1), recorded(&data, 2));
    let reader = Reader::open(&data).unwrap();
    assert_eq!(reader.sessions().unwrap().len(), 2);
    assert_eq!(reader.find("last").unwrap().id, two.info.id);
    assert_eq!(reader.find("1").unwrap().id, one.info.id);
    assert_eq!(reader.find(&one.info.id.0).unwrap().number, 1);
    for asked in ["3", "", "0", "-1", "zzzzzzz", "%", "'; DROP TABLE sessions; --"] {
        assert!(matches!(reader.find(asked), Err(RecordError::NoSession { .. })), "{asked}");
    }
    assert_ne!(one.info.id, two.info.id);
    let id = &one.info.id.0;
    assert_eq!((id.len(), &id[14..15]), (36, "7"));
}

#[test]
fn verification_compares_every_effect_and_window() {
    let (_folder, data) = folder();
    let session = recorded(&data, 2);
    let found = verify(&session, RULES, same).unwrap();
    assert!(found.holds());
    assert_eq!((found.effects, found.windows), (session.effects.len(), 4));
}

#[test]
fn verification_names_the_first_field_that_differs_by_one_bit() {
    let (_folder, data) = folder();
    let session = recorded(&data, 2);
    let found = verify(&session, RULES, |session| {
        let mut again = same(session)?;
        for effect in &mut again.effects {
            if let Effect::Judged(judged) = effect
                && judged.event == EventId(1)
            {
                judged.u = f64::from_bits(judged.u.to_bits() + 1);
            }
        }
        Ok(again)
    });
    let difference = found.unwrap().difference.unwrap();
    assert_eq!(difference.place, "effect 3 (judged): u");
    assert_eq!((difference.recorded.as_str(), difference.recomputed.as_str()), ("0.6172839", "0.6172839000000001"));
}

#[test]
fn verification_compares_the_windows_by_their_bits_and_the_ends() {
    let (_folder, data) = folder();
    let session = recorded(&data, 1);
    let off = verify(&session, RULES, |session| {
        let mut again = same(session)?;
        again.windows[1].1 = f64::from_bits(again.windows[1].1.to_bits() - 1);
        Ok(again)
    });
    assert_eq!(off.unwrap().difference.unwrap().place, "window of event 1: W, dose");
    let short = verify(&session, RULES, |session| {
        let mut again = same(session)?;
        again.effects.pop();
        Ok(again)
    });
    let difference = short.unwrap().difference.unwrap();
    assert_eq!((difference.place.as_str(), difference.recomputed.as_str()), ("effect 6 (trial_ended)", "nothing"));
    let long = verify(&session, RULES, |session| {
        let mut again = same(session)?;
        again.effects.push(Effect::Resumed { t: HostTime(1) });
        Ok(again)
    });
    assert_eq!(long.unwrap().difference.unwrap().seq, None);
}

#[test]
fn a_session_judged_by_other_rules_is_not_judged_again() {
    // cases A40
    let (_folder, data) = folder();
    let session = recorded(&data, 1);
    let refused = verify(&session, RULES + 1, |_| panic!("must not be recomputed"));
    assert!(matches!(refused, Err(VerifyError::OtherRules { recorded: RULES, .. })));
}

#[test]
fn a_changed_row_is_found_and_the_last_good_one_named() {
    // cases A42
    let (_folder, data) = folder();
    let whole = recorded(&data, 2);
    let nth = whole.rows.iter().filter(|row| row.kind == "judged").nth(1).unwrap().seq;
    // One bit of one digit: 0x38 → 0x39.
    tamper(&data, &format!("UPDATE effects SET json = replace(json, '12345678', '12345679') WHERE seq = {nth}"));
    let damage = damage(&data);
    assert_eq!(damage.last_good, Some(nth - 1));
    assert_eq!(
        damage.to_string(),
        format!(
            "row {nth} of effects is not what was recorded (its checksum differs); the last good row is {}",
            nth - 1
        )
    );
    let session = Reader::open(&data).unwrap().load("1").unwrap();
    assert!(!session.is_complete());
    assert!(matches!(verify(&session, RULES, same), Err(VerifyError::Damaged(_))));
}

#[test]
fn a_missing_row_in_the_middle_or_at_the_end_is_found() {
    let (_folder, data) = folder();
    let whole = recorded(&data, 2);
    let last = whole.rows.last().unwrap().seq;
    tamper(&data, &format!("DELETE FROM effects WHERE seq = {last}"));
    assert_eq!(
        damage(&data),
        Damage { last_good: Some(last - 1), what: format!("{} rows were recorded and {last} are here", last + 1) }
    );
    tamper(&data, "DELETE FROM devices WHERE seq = 0");
    assert_eq!(damage(&data), Damage { last_good: Some(-1), what: "row 0 is missing".into() });
}

#[test]
fn a_changed_level_seed_or_flat_event_is_found() {
    let (_folder, data) = folder();
    recorded(&data, 1);
    tamper(&data, "UPDATE events SET asynchrony_ns = asynchrony_ns + 1 WHERE event = 1");
    assert_eq!(damage(&data).what, "event 1 of the table 'events' is not what the effects say");
    tamper(&data, "UPDATE sessions SET seed = '7'");
    assert_eq!(damage(&data).last_good, None);
    tamper(&data, "UPDATE sessions SET seed = 'seven'");
    assert!(matches!(Reader::open(&data).unwrap().load("1"), Err(RecordError::Damaged { .. })));
}

#[test]
fn times_that_run_backwards_are_kept_in_their_order() {
    // cases A42: nine entries, the fourth 4 s before the third.
    let (_folder, data) = folder();
    let recorder = Recorder::open(&data).unwrap();
    recorder.begin(meta()).unwrap();
    let mut t = HostTime(0);
    let times: Vec<HostTime> = [5, 1500, 1500, -4000, 400, 400, 400, 1800, 5000]
        .into_iter()
        .map(|delta| {
            t = t + Nanos::ms(delta);
            t
        })
        .collect();
    for &t in &times {
        recorder.log(Entry::Input(Input::Resume { t }));
    }
    recorder.finish(true, serde_json::Value::Null).unwrap();
    let session = Reader::open(&data).unwrap().load("last").unwrap();
    assert_eq!(session.inputs, times.into_iter().map(|t| Input::Resume { t }).collect::<Vec<_>>());
    assert_eq!(session.damage, None);
}

#[test]
fn a_newer_record_is_refused_untouched() {
    // cases A40
    let (_folder, data) = folder();
    recorded(&data, 1);
    let connection = Connection::open(data.database()).unwrap();
    connection.execute_batch("PRAGMA user_version = 9999").unwrap();
    connection.close().unwrap();
    let before = sha256(&data.database());
    let refused = Recorder::open(&data).unwrap_err();
    assert!(matches!(refused, RecordError::Newer { found: 9999, known: SCHEMA_VERSION, .. }));
    assert!(refused.to_string().contains("9999") && refused.to_string().contains(&SCHEMA_VERSION.to_string()));
    assert!(matches!(Reader::open(&data), Err(RecordError::Newer { .. })));
    assert_eq!(sha256(&data.database()), before);
    assert!(!data.path().join("doozy.sqlite-wal").exists());
}

#[test]
fn what_is_no_record_is_refused_untouched() {
    let (_folder, data) = folder();
    fs::create_dir_all(data.path()).unwrap();
    fs::write(data.database(), "dear diary").unwrap();
    assert!(matches!(Recorder::open(&data), Err(RecordError::NotARecord { .. })));
    assert_eq!(fs::read(data.database()).unwrap(), b"dear diary");
    fs::remove_file(data.database()).unwrap();
    let other = Connection::open(data.database()).unwrap();
    other.execute_batch("CREATE TABLE diary (day TEXT)").unwrap();
    other.close().unwrap();
    assert!(matches!(Recorder::open(&data), Err(RecordError::NotARecord { .. })));
}

#[test]
fn there_is_nothing_to_read_before_the_first_session() {
    let (_folder, data) = folder();
    assert!(matches!(Reader::open(&data), Err(RecordError::NoRecord { .. })));
    assert!(!data.path().exists());
}

#[test]
fn a_second_recorder_is_refused_and_the_first_loses_nothing() {
    // cases A39
    let (_folder, data) = folder();
    let first = Recorder::open(&data).unwrap();
    first.begin(meta()).unwrap();
    trial(0).into_iter().for_each(|entry| first.log(entry));
    let refused = Recorder::open(&data).unwrap_err();
    assert_eq!(refused.notice().id, "record-in-use");
    assert!(refused.to_string().contains(&std::process::id().to_string()), "{refused}");
    first.flush().unwrap();
    assert_eq!(Reader::open(&data).unwrap().sessions().unwrap()[0].state, State::Running);
    trial(1).into_iter().for_each(|entry| first.log(entry));
    first.finish(true, serde_json::Value::Null).unwrap();
    assert_eq!(Reader::open(&data).unwrap().load("1").unwrap().info.tiers, [2, 0, 0, 2]);
    drop(first);
    Recorder::open(&data).unwrap();
}

#[test]
fn a_session_that_cannot_be_kept_is_still_whole_in_memory_and_says_so() {
    let (_folder, data) = folder();
    let _first = Recorder::open(&data).unwrap();
    let second = Recorder::open_or_memory(&data).unwrap();
    assert_eq!(second.path(), None);
    let notices = second.notices();
    assert_eq!((notices.len(), notices[0].id, notices[0].grave), (1, "record-in-use", true));
    second.begin(meta()).unwrap();
    trial(0).into_iter().for_each(|entry| second.log(entry));
    second.finish(true, serde_json::Value::Null).unwrap();
    let rescued = data.path().join("rescued.sqlite");
    second.backup(&rescued).unwrap();
    assert!(Reader::open_file(&rescued).unwrap().load("last").unwrap().is_complete());
}

#[test]
fn a_backup_during_a_session_is_one_whole_file() {
    let (_folder, data) = folder();
    let recorder = Recorder::open(&data).unwrap();
    recorder.begin(meta()).unwrap();
    trial(0).into_iter().for_each(|entry| recorder.log(entry));
    recorder.flush().unwrap();
    let copy = data.path().join("copies.sqlite");
    backup(&data, &copy).unwrap();
    let session = Reader::open_file(&copy).unwrap().load("last").unwrap();
    assert_eq!((session.info.state, session.info.tiers, session.damage), (State::Cut, [1, 0, 0, 1], None));
    let before = sha256(&copy);
    assert!(matches!(backup(&data, &copy), Err(RecordError::Exists { .. })));
    assert_eq!(sha256(&copy), before);
    assert!(matches!(backup(&data, Path::new("/proc/nowhere/x")), Err(RecordError::Database { .. })));
    recorder.finish(false, serde_json::Value::Null).unwrap();
    assert_eq!(Reader::open(&data).unwrap().load("last").unwrap().info.state, State::Stopped);
}

#[test]
fn a_full_disk_is_said_and_made_up_for() {
    // cases A38: the file may have 80 pages; tables and indices take some 25.
    let (_folder, data) = folder();
    let recorder = Recorder::open_within(&data, Some(80)).unwrap();
    recorder.begin(meta()).unwrap();
    let mut fits = 0;
    let error = loop {
        trial(fits).into_iter().for_each(|entry| recorder.log(entry));
        match recorder.flush() {
            Ok(()) => fits += 1,
            Err(error) => break error,
        }
    };
    assert!(matches!(error, RecordError::Full { .. }), "{error}");
    assert!(fits > 3, "{fits} trials fitted");
    assert_eq!(recorder.notices().iter().map(|notice| notice.id).collect::<Vec<_>>(), ["record-full"]);
    let reader = Reader::open(&data).unwrap();
    reader.check_integrity().unwrap();
    let session = reader.load("last").unwrap();
    assert_eq!((session.info.tiers[0], session.damage), (i64::from(fits), None));
    assert!(matches!(recorder.finish(true, serde_json::Value::Null), Err(RecordError::Full { .. })));
    drop(reader);
    drop(recorder);

    let recorder = Recorder::open_within(&data, None).unwrap();
    assert_eq!(Reader::open(&data).unwrap().sessions().unwrap()[0].state, State::Cut);
    recorder.begin(meta()).unwrap();
}

#[test]
fn what_did_not_fit_is_written_once_there_is_room() {
    let (_folder, data) = folder();
    let recorder = Recorder::open(&data).unwrap();
    recorder.begin(meta()).unwrap();
    let other = Connection::open(data.database()).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    trial(0).into_iter().for_each(|entry| recorder.log(entry));
    assert!(matches!(recorder.flush(), Err(RecordError::InUse { .. })));
    other.execute_batch("ROLLBACK").unwrap();
    trial(1).into_iter().for_each(|entry| recorder.log(entry));
    recorder.finish(true, serde_json::Value::Null).unwrap();
    let ids: Vec<_> = recorder.notices().iter().map(|notice| notice.id).collect();
    assert_eq!(ids, ["record-waiting", "record-again"]);
    let session = Reader::open(&data).unwrap().load("last").unwrap();
    assert_eq!((session.info.tiers, session.damage), ([2, 0, 0, 2], None));
}

#[cfg(target_os = "linux")]
#[test]
fn a_read_only_folder_is_said_and_can_still_be_read() {
    use std::os::unix::fs::PermissionsExt as _;
    let (folder, data) = folder();
    recorded(&data, 1);
    let chmod = |path: &Path, mode| fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    chmod(folder.path(), 0o755);
    chmod(&folder.path().join("not"), 0o755);
    for file in fs::read_dir(data.path()).unwrap() {
        chmod(&file.unwrap().path(), 0o444);
    }
    chmod(data.path(), 0o555);
    let database = data.database();
    let before = sha256(&database);
    let empty = DataDir::at(data.path().join("below"));
    // Root may write anywhere, so the thread stops being root; on Linux that binds this thread alone.
    std::thread::spawn(move || {
        if rustix::process::geteuid().is_root() {
            rustix::thread::set_thread_uid(rustix::process::Uid::from_raw(65534)).unwrap();
        }
        for data in [&data, &empty] {
            let recorder = Recorder::open_or_memory(data).unwrap();
            let notices = recorder.notices();
            assert_eq!((notices[0].id, notices[0].grave), ("record-no-folder", true));
            recorder.begin(meta()).unwrap();
            trial(0).into_iter().for_each(|entry| recorder.log(entry));
            recorder.finish(true, serde_json::Value::Null).unwrap();
        }
        assert!(Reader::open(&data).unwrap().load("last").unwrap().is_complete());
        // The lock may be there to take while the database is not there to write.
        chmod_all_locks(&data);
    })
    .join()
    .unwrap();
    assert_eq!(sha256(&database), before);
    chmod(database.parent().unwrap(), 0o755);
}

/// A read-only database under a writable lock is refused as such. The caller owns neither.
#[cfg(target_os = "linux")]
fn chmod_all_locks(data: &DataDir) {
    let refused = super::store::open_to_write(&data.database()).unwrap_err();
    assert_eq!(refused.notice().id, "record-read-only", "{refused}");
}

#[test]
fn lines_of_json_bring_a_session_back() {
    let (_folder, data) = folder();
    let session = recorded(&data, 2);
    let mut lines = Vec::new();
    export_ndjson(&session, &mut lines).unwrap();
    let text = String::from_utf8(lines).unwrap();
    assert_eq!(import_ndjson(&text, "fixture.ndjson").unwrap(), session);
}

#[test]
fn lines_that_were_cut_or_changed_are_refused_with_the_last_good_row() {
    // cases A42
    let (_folder, data) = folder();
    let mut lines = Vec::new();
    export_ndjson(&recorded(&data, 1), &mut lines).unwrap();
    let text = String::from_utf8(lines).unwrap();
    let refusal = |text: &str| import_ndjson(text, "cut.ndjson").unwrap_err().to_string();
    let third = text.match_indices('\n').nth(3).unwrap().0;
    assert_eq!(refusal(&text[..=third]), "cut.ndjson:5: the file ends before its last line; the last good row is 2");
    assert!(refusal(&text[..third - 10]).ends_with("; the last good row is 1"));
    assert!(refusal(&text[..third - 10]).starts_with("cut.ndjson:4: "));
    let flipped = text.replacen("\"control\":57", "\"control\":56", 1);
    assert_eq!(
        refusal(&flipped),
        "cut.ndjson:4: it is not what was recorded (its checksum differs); the last good row is 1"
    );
    let seedless = text.replacen("18446744073709551615", "18446744073709551614", 1);
    assert!(refusal(&seedless).starts_with("cut.ndjson:1: the session's own line"));
    assert!(refusal("").starts_with("cut.ndjson:1: "));
    // Every single flipped bit of the whole file is noticed, or changes nothing that is read.
    let whole = import_ndjson(&text, "").unwrap();
    for at in (0..text.len()).step_by(7) {
        let mut bytes = text.clone().into_bytes();
        bytes[at] ^= 1;
        if let Ok(text) = String::from_utf8(bytes)
            && let Ok(mut read) = import_ndjson(&text, "")
        {
            // The number, the end and the summary are no part of what decides, nor of the chain.
            read.info = whole.info.clone();
            assert_eq!(read, whole, "bit 0 of byte {at}");
        }
    }
}

#[test]
fn a_kill_leaves_every_finished_trial() {
    // cases A39: ten kills at ten moments, each in a record that earlier kills have cut.
    let (_folder, data) = folder();
    for kill in 1..=10_u32 {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "record::tests::child_records_until_it_is_killed", "--ignored", "--nocapture"])
            .env(CHILD_ENV, data.path())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines().map_while(Result::ok);
        let mut finished = 0;
        for line in lines {
            if let Some(k) = line.strip_prefix("finished ") {
                finished = k.parse().unwrap();
                if finished == kill {
                    std::thread::sleep(Duration::from_micros(u64::from(kill) * 1_700));
                    child.kill().unwrap();
                }
            }
        }
        child.wait().unwrap();
        assert!(finished >= kill);

        let reader = Reader::open(&data).unwrap();
        reader.check_integrity().unwrap();
        let session = reader.load("last").unwrap();
        assert_eq!((session.info.number, session.info.state, &session.damage), (i64::from(kill), State::Cut, &None));
        let ended = session.effects.iter().filter(|effect| matches!(effect, Effect::TrialEnded { .. })).count();
        assert!(ended >= finished as usize, "{ended} of {finished} trials after kill {kill}");
        assert!(verify(&session, RULES, same).unwrap().holds());
    }
}

/// Plays trials until somebody kills it, saying each as soon as the recorder has it on the disk.
#[test]
#[ignore = "the child of a_kill_leaves_every_finished_trial"]
fn child_records_until_it_is_killed() {
    let Some(data) = std::env::var_os(CHILD_ENV) else { return };
    let recorder = Recorder::open(&DataDir::at(data)).unwrap();
    recorder.begin(meta()).unwrap();
    for k in 0..5_000 {
        trial(k).into_iter().for_each(|entry| recorder.log(entry));
        recorder.flush().unwrap();
        println!("finished {}", k + 1);
    }
}

#[test]
fn a_cut_session_verifies_to_its_cut() {
    let (_folder, data) = folder();
    let recorder = Recorder::open(&data).unwrap();
    recorder.begin(meta()).unwrap();
    trial(0).into_iter().for_each(|entry| recorder.log(entry));
    drop(recorder);
    drop(Recorder::open(&data).unwrap());
    let session = Reader::open(&data).unwrap().load("last").unwrap();
    assert_eq!(session.info.state, State::Cut);
    let found = verify(&session, RULES, |session| {
        let mut again = same(session)?;
        again.effects.push(Effect::Paused { cause: Cause::Player, t: HostTime(9) });
        Ok(again)
    });
    assert!(found.unwrap().holds());
}

#[test]
fn an_entry_without_end_commits_within_its_time() {
    let (_folder, data) = folder();
    let recorder = Recorder::open(&data).unwrap();
    recorder.begin(meta()).unwrap();
    recorder.log(Entry::Input(Input::Press(press(0))));
    let since = Instant::now();
    // Ten times what is promised: the bound is for a machine that does other things too.
    while Reader::open(&data).unwrap().load("last").unwrap().inputs.is_empty() {
        assert!(since.elapsed() < Duration::from_millis(2_500));
        std::thread::sleep(Duration::from_millis(10));
    }
}

/// Prints what `docs/record.md` cites: `cargo test … record_speed -- --ignored --nocapture`.
#[test]
#[ignore = "a measurement, not a check"]
fn record_speed() {
    let (_folder, data) = folder();
    let recorder = Recorder::open(&data).unwrap();
    recorder.begin(meta()).unwrap();
    let mut waits: Vec<f64> = (0..500)
        .map(|k| {
            trial(k).into_iter().for_each(|entry| recorder.log(entry));
            let since = Instant::now();
            recorder.flush().unwrap();
            since.elapsed().as_secs_f64() * 1e3
        })
        .collect();
    waits.sort_by(f64::total_cmp);
    println!("commit of a trial: p50 {:.2} ms, p99 {:.2} ms, max {:.2} ms", waits[250], waits[495], waits[499]);
    let rows_before = 500 * trial(0).len();
    let since = Instant::now();
    (500..3_000).flat_map(trial).for_each(|entry| recorder.log(entry));
    let handed = since.elapsed();
    recorder.flush().unwrap();
    let entries = (2_500 * trial(0).len()) as f64;
    println!(
        "entries: {:.0} a second through to the disk; handing one over {:.2} µs",
        entries / since.elapsed().as_secs_f64(),
        handed.as_secs_f64() * 1e6 / entries
    );
    recorder.finish(true, serde_json::Value::Null).unwrap();
    let log = fs::metadata(super::store::log_of(&data.database())).map_or(0, |log| log.len());
    let size = fs::metadata(data.database()).unwrap().len();
    println!("log {log} B, file {size} B, {:.0} B an entry", size as f64 / (entries + rows_before as f64));
    let since = Instant::now();
    let session = Reader::open(&data).unwrap().load("last").unwrap();
    println!("loading {} rows with their checksums: {:.0} ms", session.rows.len(), since.elapsed().as_secs_f64() * 1e3);
}
