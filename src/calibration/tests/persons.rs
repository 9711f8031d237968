//! A person at the procedure: flashes that a shell draws late or not at all, a focus that goes, two devices, fingers
//! that slip.

use doozy_training::event::{DeviceId, ReleaseCause};

use super::*;
use crate::{
    audio::{Audio, Choice},
    calibration::procedure::{Parts, Procedure, Seat},
    clock::VirtualClock,
    input::{Captured, Control, Edge, KEYBOARD, Taps, merge::TapKind, taps::scripted::ScriptedTap},
};

const SPACE: Control = Control::Key(57);

/// A person whose taps the test makes.
struct Bench {
    driver: VirtualClock,
    tap: ScriptedTap,
    procedure: Procedure,
    notes: Vec<Note>,
}

impl Bench {
    fn new(method: Method, windowed: bool) -> Self {
        let driver = VirtualClock::starting_at(ORIGIN);
        let clock = driver.clock();
        let mut taps = Taps::new(clock.clone());
        let tap = ScriptedTap::new(taps.port(TapKind::Scripted), clock.clone());
        let audio = Audio::open(Choice::Virtual { origin: ORIGIN, rate: 48_000 }, Levels::default());
        let parts = Parts {
            method,
            seed: 1,
            clock,
            audio,
            taps,
            seat: Seat::Person,
            bindings: Bindings::default(),
            windowed,
            display: lookup::DISPLAY.into(),
            store: None,
            anyway: true,
            announce: None,
        };
        Self { driver, tap, procedure: Procedure::new(parts, Vec::new()), notes: Vec::new() }
    }

    fn press(&mut self, t: HostTime, device: DeviceId) {
        let of = |t, edge| Captured { device, ..Captured::scripted(t, SPACE, edge) };
        self.tap.extend([of(t, Edge::Down), of(t + Nanos::ms(20), Edge::Up(ReleaseCause::Released))]);
    }

    /// One millisecond; what was said in it.
    fn step(&mut self) -> Vec<Note> {
        self.driver.advance(Nanos::ms(1));
        self.tap.step();
        self.procedure.step();
        let new: Vec<Note> = self.procedure.take_notes().collect();
        self.notes.extend(new.iter().cloned());
        new
    }

    fn phase(&self) -> Option<Phase> {
        self.notes.iter().rev().find_map(|note| if let Note::Phase(phase) = note { Some(*phase) } else { None })
    }

    fn estimate(&self) -> Option<&Estimate> {
        self.notes.iter().rev().find_map(|note| if let Note::Estimate(found) = note { Some(found) } else { None })
    }

    fn uncounted(&self, why: Uncounted) -> usize {
        self.notes.iter().filter(|note| matches!(note, Note::Tap { why: Some(w), .. } if *w == why)).count()
    }
}

/// Runs to the review; `beat` is called with each stimulus.
fn play(bench: &mut Bench, mut beat: impl FnMut(&mut Bench, u32, HostTime)) {
    for _ in 0..300_000 {
        for note in bench.step() {
            if let Note::Beat { n, at } = note {
                beat(bench, n, at);
            }
        }
        if bench.phase() == Some(Phase::Review) {
            return;
        }
    }
    panic!("the calibration comes to its review: {:?}", bench.notes.iter().rev().take(5).collect::<Vec<_>>());
}

#[test]
fn a_flash_counts_from_when_it_was_drawn_and_not_at_all_if_it_was_not() {
    let mut bench = Bench::new(Method::TapToFlash, false);
    let mut shown: Vec<(HostTime, Command)> = Vec::new();
    while bench.phase() != Some(Phase::Review) {
        for note in bench.step() {
            let Note::Beat { n, at } = note else { continue };
            // frames of 16 ms; the word of one comes two frames later, and every fifth frame is lost
            let drawn = at + Nanos::ms(i64::from(n * 5 % 16));
            bench.press(drawn + Nanos::ms(90), KEYBOARD);
            if n % 5 != 4 {
                shown.push((drawn + Nanos::ms(33), Command::Flashed { n, at: drawn }));
            }
        }
        let now = bench.driver.now();
        assert!(now - ORIGIN < Nanos::ms(300_000));
        for (_, command) in shown.extract_if(.., |(t, _)| *t <= now) {
            bench.procedure.obey(command);
        }
    }
    let found = bench.estimate().unwrap();
    assert_eq!((found.median_ms, found.spread_ms, found.verdict), (Some(90.0), Some(0.0), Verdict::Ready));
    assert!(bench.uncounted(Uncounted::NoStimulus) >= 5, "taps to flashes that nobody saw");
}

#[test]
fn without_the_focus_nothing_sounds_and_no_tap_counts() {
    let mut bench = Bench::new(Method::TapToSound, true);
    for _ in 0..3_000 {
        bench.step();
    }
    assert_eq!(bench.phase(), Some(Phase::Waiting), "it waits for the window");
    bench.procedure.obey(Command::Focus { has: true, t: bench.driver.now() });
    let mut lost_at = None;
    let mut beats_without = 0;
    for _ in 0..300_000 {
        for note in bench.step() {
            match note {
                Note::Beat { at, .. } => {
                    beats_without += u32::from(lost_at.is_some());
                    bench.press(at + Nanos::ms(40), KEYBOARD);
                }
                Note::Estimate(found) if found.n == 10 && lost_at.is_none() => {
                    lost_at = Some(bench.driver.now());
                    bench.procedure.obey(Command::Focus { has: false, t: bench.driver.now() });
                    bench.press(bench.driver.now() + Nanos::ms(500), KEYBOARD);
                }
                _ => {}
            }
        }
        if lost_at.is_some_and(|t| bench.driver.now() - t > Nanos::ms(6_000)) {
            break;
        }
    }
    assert_eq!(beats_without, 0);
    let warm_ups = bench.uncounted(Uncounted::WarmUp);
    bench.procedure.obey(Command::Focus { has: true, t: bench.driver.now() });
    play(&mut bench, |bench, _, at| bench.press(at + Nanos::ms(40), KEYBOARD));
    let found = bench.estimate().unwrap();
    assert_eq!(bench.uncounted(Uncounted::WarmUp), 2 * warm_ups, "one finds into the beat anew");
    assert!((found.median_ms.unwrap() - 40.0).abs() < 0.1 && found.spread_ms.unwrap() < 0.1, "{found:?}");
}

#[test]
fn one_device_is_calibrated_and_double_taps_count_once() {
    let mut bench = Bench::new(Method::TapToSound, false);
    play(&mut bench, |bench, n, at| {
        bench.press(at + Nanos::ms(25), DeviceId(2));
        if n % 3 == 0 {
            bench.press(at + Nanos::ms(95), DeviceId(2));
        }
        if n % 4 == 1 {
            bench.press(at + Nanos::ms(5), KEYBOARD);
        }
    });
    let found = bench.estimate().unwrap();
    assert!((found.median_ms.unwrap() - 25.0).abs() < 0.1 && found.spread_ms.unwrap() < 0.1, "{found:?}");
    assert!(bench.uncounted(Uncounted::OtherDevice) >= 8 && bench.uncounted(Uncounted::Extra) >= 10);
}

#[test]
fn taps_that_are_left_out_leave_the_rest_where_it_was() {
    let mut bench = Bench::new(Method::TapToSound, false);
    play(&mut bench, |bench, n, at| {
        if n % 4 != 3 {
            bench.press(at + Nanos::ms(300), KEYBOARD);
        }
    });
    let found = bench.estimate().unwrap();
    assert!((found.median_ms.unwrap() - 300.0).abs() < 0.1, "{found:?}");
}

#[test]
fn on_the_hosts_clock_it_runs_in_a_thread_of_its_own() {
    let mut asked = setup(Method::TapToFlash, exact(0.0), 1);
    asked.pace = Pace::Host { keys: crate::input::devices::Keys::Frames };
    let mut handle = start(asked).unwrap();
    let mut notes = Vec::new();
    while !notes.contains(&Note::Phase(Phase::Single)) {
        handle.notes(&mut notes);
        std::thread::sleep(std::time::Duration::from_millis(2));
    }
    handle.command(Command::Stop);
    while !notes.contains(&Note::Ended { kept: false }) {
        handle.notes(&mut notes);
        std::thread::sleep(std::time::Duration::from_millis(2));
    }
}
