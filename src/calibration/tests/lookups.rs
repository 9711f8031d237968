//! Which offset applies where: cases A28 and A32 b, c, d.

use doozy_training::{
    event::DeviceId,
    time::{SampleFrame, TrialClock},
};

use super::*;
use crate::{
    audio::{Kind, Report, TrialClockSource, frame_of},
    calibration::{lookup::DISPLAY, store::Change},
    input::{KEYBOARD, Notice},
};

fn entry(method: Method, on: &str, input: InputId, offset_ms: f64) -> Entry {
    let found = Estimate {
        median_ms: Some(offset_ms),
        se_ms: Some(2.0),
        spread_ms: Some(15.0),
        n: 30,
        verdict: Verdict::Ready,
        history: vec![offset_ms],
    };
    Entry::of(method, on, &output(on), input, &found, 0).unwrap()
}

fn output(name: &str) -> Output {
    Output { name: name.into(), rate: 48_000, buffer: Some(1024) }
}

fn report(device: Option<&str>, rate: u32) -> Report {
    let backend = if device.is_some() { Kind::Device } else { Kind::Paced };
    let buffer = device.map(|_| 1024);
    Report { backend, device: device.map(Into::into), rate, buffer, fallback: None, epoch: 0 }
}

#[test]
fn another_devices_offset_never_applies() {
    // cases A28: headphones with 180 ms go, the system turns to its speakers
    let calibrations = Calibrations {
        entries: vec![entry(Method::Adjust, "Headphones", InputId::keyboard(), 180.0)],
        ..Calibrations::default()
    };
    let applied = |report: &Report| calibrations.audio(&Output::from(report), &InputId::keyboard());
    let before = applied(&report(Some("Headphones"), 48_000));
    assert_eq!(before.offset, Nanos::ms(180));
    assert_eq!(before.origin, Origin::Measured { method: Method::Adjust, stale: Vec::new() });
    for after in [report(Some("Speakers"), 48_000), report(None, 48_000)] {
        let applied = applied(&after);
        assert_eq!((applied.offset, applied.origin), (Nanos::ZERO, Origin::ByHand), "{after:?}");
    }
    assert_eq!(applied(&report(Some("Headphones"), 48_000)), before, "plugged in again, it is itself again");
}

#[test]
fn an_offset_belongs_to_its_input_too() {
    let pad = InputId::named("pad", "Pad", "0300");
    let calibrations = Calibrations {
        entries: vec![
            entry(Method::Adjust, "Speakers", InputId::keyboard(), 40.0),
            entry(Method::Adjust, "Speakers", pad.clone(), 25.0),
        ],
        audio_by_hand: Nanos::ms(7),
        video_by_hand: Nanos::ms(9),
        display: "Speakers".into(),
    };
    let on = |input: &InputId| calibrations.audio(&output("Speakers"), input).offset;
    assert_eq!((on(&InputId::keyboard()), on(&pad)), (Nanos::ms(40), Nanos::ms(25)));
    // another pad, though of the same name
    assert_eq!(on(&InputId::named("pad", "Pad", "0301")), Nanos::ms(7));
    // an audio entry is no video entry, whatever the names
    assert_eq!(calibrations.video(&pad).offset, Nanos::ms(9));
}

#[test]
fn inputs_are_known_by_what_they_announced() {
    let mut inputs = Inputs::default();
    let found = |device, uuid: &str| Notice::DeviceFound {
        device: DeviceId(device),
        name: "Pad".into(),
        uuid: uuid.into(),
        chosen: true,
        t: ORIGIN,
    };
    inputs.notice(&found(1, "a"));
    inputs.notice(&found(2, "b"));
    assert_eq!(inputs.of(KEYBOARD), InputId::keyboard());
    assert_eq!(inputs.of(DeviceId(2)), InputId::named("pad", "Pad", "b"));
    assert_ne!(inputs.of(DeviceId(1)), inputs.of(DeviceId(2)));
    assert!(!inputs.of(DeviceId(9)).is(&InputId::keyboard()));
}

#[test]
fn a_change_of_rate_or_buffer_is_told_and_the_number_stays() {
    let calibrations = Calibrations {
        entries: vec![entry(Method::TapToSound, "Speakers", InputId::keyboard(), 40.0)],
        ..Calibrations::default()
    };
    let on = |rate, buffer| calibrations.audio(&Output { rate, buffer, ..output("Speakers") }, &InputId::keyboard());
    assert!(!on(48_000, Some(1024)).is_stale());
    let Applied { offset, origin: Origin::Measured { stale, .. }, .. } = on(44_100, Some(256)) else { panic!() };
    assert_eq!(offset, Nanos::ms(40));
    assert_eq!(stale, [Change::Rate { was: 48_000, is: 44_100 }, Change::Buffer { was: 1024, is: Some(256) }]);
}

#[test]
fn the_adjustment_goes_first_unless_the_player_chose() {
    let keyboard = InputId::keyboard();
    let mut file = StoreFile::open_at(std::path::Path::new("/nonexistent/calibration.toml")).0;
    file.put(entry(Method::Adjust, "Speakers", keyboard.clone(), 100.0));
    file.put(entry(Method::TapToSound, "Speakers", keyboard.clone(), 50.0));
    let applies = |file: &StoreFile| {
        let calibrations = Calibrations { entries: file.entries.clone(), ..Calibrations::default() };
        calibrations.audio(&output("Speakers"), &keyboard).origin.name()
    };
    assert_eq!(applies(&file), "adjust");
    assert!(file.choose(Method::TapToSound, "Speakers", &keyboard));
    assert_eq!(applies(&file), "tap_to_sound");
    // measured anew, the choice stays
    file.put(entry(Method::TapToSound, "Speakers", keyboard.clone(), 55.0));
    assert_eq!((applies(&file), file.entries.len()), ("tap_to_sound", 2));
    assert!(file.choose(Method::Adjust, "Speakers", &keyboard));
    assert_eq!(applies(&file), "adjust");
    assert!(!file.choose(Method::TapToSound, "Elsewhere", &keyboard));
    assert_eq!(file.clear(|entry| entry.method == Method::Adjust), 1);
    assert_eq!(applies(&file), "tap_to_sound");
    assert_eq!(file.clear(|_| true), 1);
    assert_eq!(applies(&file), "by_hand");
}

/// A trial on a card whose output is `L` later than it says, with the offset that applies.
fn judged(source: TrialClockSource, applied: &Applied) -> TrialClock {
    let clock = source.trial_clock(SampleFrame(48_000));
    TrialClock { origin: applied.heard(clock.origin), rate_ppb: clock.rate_ppb }
}

fn applied(offset_ms: f64) -> Applied {
    Applied { offset: Nanos::from_ms(offset_ms), origin: Origin::ByHand, se_ms: None }
}

#[test]
fn with_the_offset_a_tap_on_what_is_heard_is_on_time() {
    // cases A32 (b): heard 650 ms after the card says; tapped when heard
    const LATE: Nanos = Nanos::ms(650);
    let source = TrialClockSource::exact(ORIGIN, 48_000);
    let error = |offset_ms: f64, tap: HostTime, target: Nanos| tap - judged(source, &applied(offset_ms)).host(target);
    for target in [100, 1_000, 30_000].map(Nanos::ms) {
        let frame = SampleFrame(48_000 + frame_of(target, 48_000).0);
        let reported = source.host_time(frame);
        let heard = reported + LATE;
        assert!(error(650.0, heard, target).abs() < Nanos::ms(1));
        // without it the tap is late by all of it; the other way round by twice as much
        assert!((error(0.0, heard, target) - LATE).abs() < Nanos::ms(1));
        assert!((error(-650.0, heard, target) - (LATE + LATE)).abs() < Nanos::ms(1));
        // a tap at the moment that the card names lies 650 before what is heard
        assert!((error(650.0, reported, target) + LATE).abs() < Nanos::ms(1));
    }
}

#[test]
fn the_trials_clock_runs_through_its_zero_without_a_step() {
    // cases A32 (c): first target at 100 ms, 2 s of lead-in; the offset is there from the start
    let clock = judged(TrialClockSource::exact(ORIGIN, 44_100), &applied(650.0));
    let mut last = clock.host(Nanos::ms(-2_000));
    for ms in -1_999..=1_000 {
        let t = clock.host(Nanos::ms(ms));
        assert_eq!(t - last, Nanos::ms(1), "at {ms}");
        assert_eq!(clock.trial(t), Nanos::ms(ms));
        last = t;
    }
}

#[test]
fn a_delay_of_hardware_does_not_stretch_with_the_music() {
    // cases A32 (d): rate 0.75, target at song 10.000 s, 155 ms of delay: heard at 10/0.75 + 0.155 s
    let song = 10_000.0;
    let at = Nanos::from_ms(song / 0.75);
    let source = TrialClockSource::exact(ORIGIN, 48_000);
    let heard = applied(155.0).heard(source.host_time(frame_of(at, 48_000)));
    assert!(((heard - ORIGIN).as_ms() - 13_488.333).abs() < 0.1, "{}", heard - ORIGIN);
    // an error of 20 ms is 20 ms at every rate
    for rate in [0.5, 0.75, 1.0, 1.5] {
        let at = Nanos::from_ms(song / rate);
        let clock = TrialClock { origin: applied(155.0).heard(ORIGIN), rate_ppb: 0 };
        let tap = source.host_time(frame_of(at, 48_000)) + Nanos::ms(155) + Nanos::ms(20);
        assert!(((tap - clock.host(at)).as_ms() - 20.0).abs() < 0.02, "rate {rate}");
    }
}

#[test]
fn a_display_has_its_own_offset() {
    let mut calibrations = Calibrations {
        entries: vec![entry(Method::TapToFlash, "HDMI-1", InputId::keyboard(), 70.0)],
        ..Calibrations::default()
    };
    assert_eq!(calibrations.video(&InputId::keyboard()).offset, Nanos::ZERO);
    calibrations.display = "HDMI-1".into();
    let found = calibrations.video(&InputId::keyboard());
    assert_eq!((found.offset, found.origin.name()), (Nanos::ms(70), "tap_to_flash"));
    // what was measured before displays had names holds where there is nothing else
    calibrations.entries.push(entry(Method::TapToFlash, DISPLAY, InputId::keyboard(), 33.0));
    assert_eq!(calibrations.video(&InputId::keyboard()).offset, Nanos::ms(70));
    calibrations.display = "DP-2".into();
    assert_eq!(calibrations.video(&InputId::keyboard()).offset, Nanos::ms(33));
}

#[test]
fn a_picture_is_drawn_ahead_by_the_delay_of_the_display() {
    // D + I = 70: the picture of the judged moment is drawn 70 before it
    let judged = ORIGIN + Nanos::ms(1_000);
    let now = judged - Nanos::ms(70);
    assert_eq!(applied(70.0).drawn(now), judged);
}
