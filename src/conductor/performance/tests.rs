//! Sessions on a simulated machine: a host clock that the test moves, and a sound card on a bench that fails as it is told.

use doozy_cerebellum::{Lesion, Preset};
use doozy_training::{
    cortex::Circuit,
    event::{Lane, ReleaseCause},
};

use super::*;
use crate::{
    audio::{
        Level, Levels,
        simulated::{Bench, Fate},
    },
    input::{Captured, Edge, merge::TapKind},
    ladders,
    paths::{DataDir, Root},
    record::{Reader, SessionMeta},
};

#[cfg(feature = "devices")]
mod recordings;

const START: HostTime = HostTime(1_000_000_000_000);
/// How long the player holds a key.
const HELD: Nanos = Nanos::ms(60);

/// A session, its machine, and a player who presses whenever a stimulus reaches the ear.
struct Play {
    performance: Performance,
    clock: Clock,
    bench: Bench,
    notes: Vec<Note>,
    follows: bool,
    audio_offset: Nanos,
    folder: tempfile::TempDir,
}

impl Play {
    fn begin(bench: &Bench, audio_offset: Nanos) -> Self {
        let level = ladders::find(Ok(&Root::at(env!("CARGO_MANIFEST_DIR"))), "pulse/1").unwrap();
        let mut play = Self::of(level, bench, audio_offset);
        play.performance.start(START, Vec::new());
        play
    }

    /// One that has yet to start.
    fn of(level: ladders::Loaded, bench: &Bench, audio_offset: Nanos) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let data = DataDir::at(folder.path());
        let clock = Clock::simulated(START);
        let mut taps = Taps::new(clock.clone());
        let tap = ScriptedTap::new(taps.port(TapKind::Scripted), clock.clone());
        // Only stimuli are heard, so that every onset is one.
        let (feedback, scene, bed) = (Level::SILENT, Level::SILENT, Level::SILENT);
        let audio = bench.open(Levels { feedback, scene, bed, ..Levels::default() }, START);
        let recorder = Recorder::open_or_memory(&data).unwrap();
        recorder
            .begin(SessionMeta {
                origin: START,
                player: "script".to_owned(),
                level: level.id.clone(),
                level_path: level.path.display().to_string(),
                level_text: level.text.clone(),
                seed: 7,
                options: serde_json::Value::Null,
                build: "test".to_owned(),
                rule_version: doozy_training::RULE_VERSION,
                timing: "scripted".to_owned(),
                timing_err: Nanos::ZERO,
                audio: serde_json::Value::Null,
            })
            .unwrap();
        let performance = Performance::new(Parts {
            session: Session::new(level.level, 7, doozy_training::session::Options::default()),
            cortex: Box::new(Circuit::new(Preset::Small, 7, Lesion::None, START)),
            audio,
            taps,
            seat: Seat::Simulated { player: None, tap },
            bindings: Bindings::default(),
            windowed: false,
            recorder,
            session_id: None,
            calibrations: Calibrations { audio_by_hand: audio_offset, ..Calibrations::default() },
            fibres: 8,
            until: None,
            clock: clock.clone(),
        });
        Self { performance, clock, bench: bench.clone(), notes: Vec::new(), follows: true, audio_offset, folder }
    }

    /// Lets `ms` go by, a step each; gives back what was said meanwhile.
    fn run(&mut self, ms: i64) -> Vec<Note> {
        let from = self.notes.len();
        for _ in 0..ms {
            self.clock.pass(Nanos::ms(1), Nanos::ZERO);
            self.performance.step();
            while let Some(frame) = self.bench.onset() {
                if self.follows {
                    let (heard, offset) = (self.bench.heard(frame), self.audio_offset);
                    let control = self.performance.parts.bindings.some_control(Lane(0), 1).unwrap();
                    let Seat::Simulated { tap, .. } = &mut self.performance.parts.seat else { panic!() };
                    tap.extend([
                        Captured::scripted(heard + offset, control, Edge::Down),
                        Captured::scripted(heard + offset + HELD, control, Edge::Up(ReleaseCause::Released)),
                    ]);
                }
            }
            self.notes.extend(self.performance.take_notes());
        }
        self.notes[from..].to_vec()
    }

    fn command(&mut self, command: Command) {
        self.performance.obey(command);
    }

    /// Ends the session; every entry of its record about a device, as (kind, name, present).
    fn devices(mut self) -> Vec<(String, String, bool)> {
        self.command(Command::Stop);
        for _ in 0..20_000 {
            self.run(1);
            if self.performance.has_ended() {
                break;
            }
        }
        assert!(self.performance.has_ended());
        let session = Reader::open(&DataDir::at(self.folder.path())).unwrap().load("last").unwrap();
        session.devices.into_iter().map(|d| (d.kind, d.name, d.present)).collect()
    }
}

fn effects(notes: &[Note]) -> impl Iterator<Item = &Effect> {
    notes.iter().filter_map(|note| if let Note::Effect(effect) = note { Some(effect) } else { None })
}

/// Asynchronies of what was judged against a target; an omission fails.
fn errors(notes: &[Note]) -> Vec<Nanos> {
    let judged = effects(notes).filter_map(|e| if let Effect::Judged(j) = e { Some(j) } else { None });
    judged.filter(|j| j.target.is_some()).map(|j| j.e.expect("every target was met")).collect()
}

fn told(notes: &[Note], wanted: &str) -> usize {
    notes.iter().filter(|note| matches!(note, Note::Notice { id, .. } if *id == wanted)).count()
}

fn voids(notes: &[Note]) -> Vec<(Cause, HostTime)> {
    effects(notes)
        .filter_map(|e| if let Effect::TrialEnded { void: Some(cause), t, .. } = e { Some((*cause, *t)) } else { None })
        .collect()
}

/// All within a millisecond of none at all.
fn on_time(errors: &[Nanos], at_least: usize) {
    assert!(errors.len() >= at_least, "{} targets", errors.len());
    for e in errors {
        assert!(e.abs() <= Nanos::ms(1), "{errors:?}");
    }
}

#[test]
fn a_tap_on_the_click_is_on_time_on_cards_that_are_fast_or_slow() {
    // cases A29: song time follows the card.
    for (rate, block, ppm) in [(44_100, 512, -100.0), (48_000, 1_024, 100.0), (192_000, 4_096, -100.0)] {
        let mut play = Play::begin(&Bench::new(rate, block, ppm), Nanos::ZERO);
        // Before 4 s of stream nobody knows the card's rate: the first trial is laid out by the nominal one.
        let first = errors(&play.run(14_000));
        assert!(first.iter().all(|e| e.abs() <= Nanos::from_ms(0.2 + 100e-6 * 14_000.0)), "{first:?}");
        on_time(&errors(&play.run(28_000)), 24);
    }
}

#[test]
fn an_offset_is_part_of_when_a_stimulus_is_heard() {
    let mut play = Play::begin(&Bench::new(48_000, 1_024, 0.0), Nanos::ms(155));
    on_time(&errors(&play.run(20_000)), 10);
}

#[test]
fn twenty_pauses_shift_nothing() {
    // cases A31
    for block in [64, 1_024, 9_600] {
        for gap in [1_000, 30] {
            let mut play = Play::begin(&Bench::new(48_000, block, 40.0), Nanos::ZERO);
            play.run(3_000);
            for _ in 0..20 {
                play.command(Command::Pause(Cause::Player));
                play.run(gap);
                play.command(Command::Resume);
                play.run(gap);
            }
            // Two trials and more: the later targets lie beyond 30 s of the stream.
            let said = play.run(34_000);
            assert_eq!(told(&said, "notice-sound-slipped"), 0);
            on_time(&errors(&said), 24);
            assert_eq!(play.bench.opened(), 1, "a pause leaves the stream alone");
        }
    }
}

#[test]
fn a_device_pulled_out_pauses_voids_and_comes_back() {
    // cases A28 (a) and (b): pulled out 5 s into the drill, back after 12 s.
    for (fate, block) in [(Fate::Fails, 1_024), (Fate::Stops, 64), (Fate::Stops, 9_600)] {
        let bench = Bench::new(48_000, block, -30.0);
        let mut play = Play::begin(&bench, Nanos::ms(20));
        play.run(7_000);
        bench.set(|i| (i.fate, i.present) = (fate, false));
        let said = play.run(500);
        assert_eq!(voids(&said).iter().map(|v| v.0).collect::<Vec<_>>(), [Cause::AudioLost], "{fate:?}, {block}");
        assert!(effects(&said).any(|e| matches!(e, Effect::Paused { cause: Cause::AudioLost, .. })));
        assert_eq!(told(&said, "notice-sound-lost"), 1);
        // The chart stands still while the stream is dead.
        let dead = play.run(4_500);
        assert!(errors(&dead).is_empty() && !dead.iter().any(|n| matches!(n, Note::Anchored { .. })));
        assert_eq!(told(&dead, "notice-sound-back"), 0);
        bench.set(|i| i.present = true);
        assert_eq!(told(&play.run(3_000), "notice-sound-back"), 1);
        play.command(Command::Resume);
        on_time(&errors(&play.run(20_000)), 10);
        assert_eq!(bench.opened(), 2);
        let all = play.devices();
        let audio: Vec<_> = all.iter().filter(|d| d.0 == "audio").map(|d| (d.1.as_str(), d.2)).collect();
        assert_eq!(audio, [("Speakers", false), ("Speakers", true)]);
    }
}

#[test]
fn without_the_device_a_session_goes_on_unheard_only_when_asked() {
    let bench = Bench::new(48_000, 1_024, 0.0);
    let mut play = Play::begin(&bench, Nanos::ZERO);
    play.run(7_000);
    bench.set(|i| (i.fate, i.present) = (Fate::Fails, false));
    play.run(1_000);
    play.command(Command::Resume);
    let said = play.run(5_000);
    assert_eq!(told(&said, "notice-no-sound"), 1);
    assert!(said.iter().any(|n| matches!(n, Note::Anchored { .. })));
}

#[test]
fn a_silent_reroute_pauses_and_drops_the_old_calibration() {
    // cases A28 (c): the system moves the stream to a headset, whose latency nobody has measured.
    let bench = Bench::new(48_000, 1_024, 0.0);
    let mut play = Play::begin(&bench, Nanos::ms(50));
    play.run(7_000);
    bench.set(|i| (i.name, i.latency) = ("Headset".to_owned(), Nanos::ms(240)));
    let said = play.run(500);
    assert_eq!(voids(&said).iter().map(|v| v.0).collect::<Vec<_>>(), [Cause::AudioLost]);
    assert_eq!(told(&said, "notice-sound-moved"), 1);
    play.command(Command::Resume);
    // The player still presses 50 ms after the click, as the old calibration had it: now that counts as late.
    let late = errors(&play.run(20_000));
    assert!(late.len() > 10);
    for e in &late {
        assert!((*e - Nanos::ms(50)).abs() <= Nanos::ms(1), "{late:?}");
    }
    let all = play.devices();
    let audio: Vec<_> = all.iter().filter(|d| d.0 == "audio").map(|d| (d.1.as_str(), d.2)).collect();
    assert_eq!(audio, [("Speakers", false), ("Headset", true)]);
}

#[test]
fn a_lid_closed_in_a_trial_voids_it_and_judges_nothing_inside() {
    // cases A34: (a) the monotonic clock stands still, (b) it leaps too, (b2) half and half.
    for (monotonic, boot) in [(0, 600), (600, 0), (300, 300)] {
        let bench = Bench::new(48_000, 1_024, 0.0);
        let mut play = Play::begin(&bench, Nanos::ZERO);
        play.run(7_000);
        let before = play.clock.now();
        assert!(play.performance.in_trial);
        bench.set(|i| i.fate = Fate::Stops);
        play.clock.pass(Nanos::ms(1_000 * monotonic), Nanos::ms(1_000 * boot));
        let said = play.run(2_000);
        let void = voids(&said);
        assert_eq!(void.len(), 1, "{void:?}");
        assert_eq!(void[0].0, Cause::Suspended);
        assert!(void[0].1 <= before + Nanos::ms(1), "nothing after {before:?} counts: {void:?}");
        assert!(!effects(&said).any(|e| matches!(e, Effect::Judged(j) if j.due.is_some_and(|due| due > before))));
        assert_eq!((told(&said, "notice-slept"), told(&said, "notice-sound-lost")), (1, 0));
        play.command(Command::Resume);
        assert_eq!(bench.opened(), 2, "the sound is opened again");
        let next = play.run(20_000);
        on_time(&errors(&next), 10);
        assert_eq!(voids(&next), []);
        let machine: Vec<_> = play.devices().into_iter().filter(|d| d.0 == "machine").collect();
        assert_eq!(machine.len(), 1);
        let length: f64 = machine[0].1.trim_start_matches("suspended for ").trim_end_matches(" s").parse().unwrap();
        assert!((length - 600.0).abs() <= 1.0, "{length}");
    }
}

#[test]
fn new_levels_are_in_force_at_once() {
    let bench = Bench::new(48_000, 1_024, 0.0);
    let mut play = Play::begin(&bench, Nanos::ZERO);
    play.run(6_500);
    play.command(Command::Levels(Levels { master: Level::SILENT, ..Levels::default() }));
    play.run(50);
    play.follows = false;
    let frame = |play: &Play| play.performance.parts.audio.clock().frame_at(play.clock.now()).0;
    let from = frame(&play);
    play.run(3_000);
    assert_eq!(bench.loudest(from + 9_600, frame(&play)), 0.0);
    play.command(Command::Levels(Levels::default()));
    play.run(50);
    let from = frame(&play);
    play.run(3_000);
    assert!(bench.loudest(from, frame(&play)) > 0.01);
}

#[test]
fn the_bed_is_there_between_pauses_and_moves_no_stimulus() {
    let bench = Bench::new(48_000, 1_024, 0.0);
    let mut play = Play::begin(&bench, Nanos::ZERO);
    play.follows = false;
    play.run(2_500);
    play.command(Command::Levels(Levels { cues: Level::SILENT, bed: Level::FULL, ..Levels::default() }));
    play.run(9_000);
    let frame = |play: &Play| play.performance.parts.audio.clock().frame_at(play.clock.now()).0;
    let at = frame(&play);
    assert!(bench.loudest(at - 4_800, at) > 1e-4);
    play.command(Command::Pause(Cause::Player));
    play.run(1_000);
    let at = frame(&play);
    assert_eq!(bench.loudest(at - 4_800, at), 0.0);
    play.command(Command::Resume);
    play.run(6_000);
    let at = frame(&play);
    assert!(bench.loudest(at - 4_800, at) > 1e-4);
}
