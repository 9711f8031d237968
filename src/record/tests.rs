//! The record held to its promises: what goes in comes back, and what was changed is found.

mod clocks;
mod hardship;
mod verification;

use doozy_training::{
    event::{EventId, EventKind, Judged, Press, Side, TargetId, Tier, TrialId, Volley},
    rehearse::{Recomputed, Told},
    time::TrialClock,
};
use rusqlite::Connection;

use super::*;
use crate::paths::DataDir;

/// Judging rules of these tests' sessions.
const RULES: u32 = 3;

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
        measured: doozy_training::event::Measured::default(),
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
    entries.push(Entry::Clock(clock(k)));
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

fn clock(k: u32) -> StimulusClock {
    StimulusClock {
        t: HostTime(2_000_000_000),
        trial: TrialId(k),
        reported: HostTime(1_987_750_000),
        frame: SampleFrame(48_000),
        rate: 48_000,
        latency: Nanos::ms(31),
        sigma: Some(Nanos(20_000)),
        offset: Nanos(12_250_000),
        offset_from: "adjust".into(),
        stale: true,
        se_ms: Some(0.1 + 0.2),
        video_offset: Nanos(-5),
        video_offset_from: "by_hand".into(),
        output: "Lautsprecher".into(),
        device: DeviceId(3),
        input: "keyboard".into(),
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

/// Changes a record behind our back.
fn tamper(data: &DataDir, sql: &str) {
    let connection = Connection::open(data.database()).unwrap();
    assert_eq!(connection.execute(sql, []).unwrap(), 1, "{sql}");
}

fn damage(data: &DataDir) -> Damage {
    Reader::open(data).unwrap().load("1").unwrap().damage.unwrap()
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
    assert_eq!(session.clocks, [clock(0), clock(1)]);
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
    let leftovers: Vec<_> = std::fs::read_dir(data.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
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
    assert!(matches!(verify(&session, RULES, all(same)), Err(VerifyError::Damaged(_))));
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

/// Recomputes by saying again what was said.
fn same(session: &LoadedSession) -> Result<Recomputed, String> {
    let windows = session.inputs.iter().filter_map(|input| match *input {
        Input::Window { event, w, dose } => Some((event, w, dose)),
        _ => None,
    });
    Ok(Recomputed { effects: session.effects.clone(), windows: windows.collect() })
}

/// Makes a record what version 1 would have left: without `clocks`, and with a chain that never knew them.
fn of_version_1(data: &DataDir) -> LoadedSession {
    let session = recorded(data, 0);
    let connection = Connection::open(data.database()).unwrap();
    connection.execute_batch("DROP TABLE clocks; PRAGMA user_version = 1;").unwrap();
    session
}

#[test]
fn a_record_of_version_1_is_read_as_it_is_and_grows_when_it_is_written_to() {
    let (_folder, data) = folder();
    let before = of_version_1(&data);
    let version = || -> i32 {
        let connection = Connection::open(data.database()).unwrap();
        connection.pragma_query_value(None, "user_version", |row| row.get(0)).unwrap()
    };
    let read = Reader::open(&data).unwrap().load("1").unwrap();
    assert_eq!((&read, version()), (&before, 1), "reading changes nothing");
    assert!(read.is_complete() && read.clocks.is_empty());
    // a second session, with clocks, beside the old one
    let recorder = Recorder::open(&data).unwrap();
    recorder.begin(meta()).unwrap();
    trial(0).into_iter().for_each(|entry| recorder.log(entry));
    recorder.finish(true, serde_json::Value::Null).unwrap();
    drop(recorder);
    assert_eq!(version(), SCHEMA_VERSION);
    let reader = Reader::open(&data).unwrap();
    assert_eq!(reader.load("1").unwrap(), before);
    let new = reader.load("2").unwrap();
    assert_eq!((new.damage, new.clocks), (None, vec![clock(0)]));
    let connection = Connection::open(data.database()).unwrap();
    let flat: (i64, i64, String, i64, f64) = connection
        .query_row("SELECT reported_ns + offset_ns, t_ns, offset_from, latency_ns, se_ms FROM clocks", [], |row| {
            Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?, row.get(4)?))
        })
        .unwrap();
    assert_eq!(flat, (2_000_000_000, 2_000_000_000, "adjust".to_owned(), 31_000_000, 0.1 + 0.2));
}

/// Tells a recomputation piece by piece.
fn all(
    recompute: impl FnOnce(&LoadedSession) -> Result<Recomputed, String>,
) -> impl FnOnce(&LoadedSession, &mut dyn FnMut(Told)) -> Result<(), String> {
    move |session, tell| {
        let Recomputed { effects, windows } = recompute(session)?;
        windows.into_iter().for_each(|(event, w, dose)| tell(Told::Window { event, w, dose }));
        effects.into_iter().for_each(|effect| tell(Told::Effect(effect)));
        Ok(())
    }
}
