//! Every kind, played to its end by a trained player, a novice and one that never presses.

use std::{fs, path::Path};

use super::*;
use crate::{
    event::{EventKind, Tier},
    learner::{Idle, Profile, Tapper},
};

/// One level of every kind.
const KINDS: &[(&str, u32, &str)] = &[
    ("steady beat", 6, "SteadyBeat(ioi_ms: 600, beats: 16)"),
    ("subdivision", 6, "Subdivision(beat_ms: 1000, divisions: 2, beats: 8, knobs: [Divisions(to: 4, steps: 2)])"),
    (
        "off-beat, syncopation",
        6,
        "OffBeat(ioi_ms: 700, figures: [\".x.x\", \".x.xx.\"], beats: 12, knobs: [Figure(to: 1, steps: 1), Sound(Sparse)])",
    ),
    ("tempo step, ramp", 6, "Tempo(ioi_ms: 600, beats: 20, percent: 4, knobs: [Percent(to: 12, steps: 4)])"),
    ("phase-shift recovery", 6, "PhaseShift(ioi_ms: 600, beats: 24, shift_ms: 20, knobs: [Shift(to: 80, steps: 6)])"),
    ("synchronise–continue", 6, "Continuation(ioi_ms: 600, silent: 8, knobs: [Silent(to: 32, steps: 6)])"),
    ("polyrhythm", 6, "Polyrhythm(slow: 2, ioi_ms: 700, cycles: 4, knobs: [Ratio(to: 4, steps: 2)])"),
    (
        "swing, rubato",
        6,
        "Swing(ioi_ms: 900, beats: 8, swing_percent: 60, rubato_percent: 5, knobs: [Swing(to: 67, steps: 3)])",
    ),
    ("interval reproduction", 16, "IntervalReproduction(mean_ms: 700)"),
    (
        "rhythm reproduction",
        10,
        "Rhythm(unit_ms: 350, length: 3, knobs: [Length(to: 8, steps: 5), Uneven(to: 3, steps: 2)])",
    ),
    ("hold and release", 16, "Hold(duration_ms: 800, knobs: [Distractors(to: 3, steps: 3)])"),
    ("interception", 16, "Interception(visible_ms: 900)"),
    ("release timing", 16, "ReleaseTiming(way_ms: 900, knobs: [Way(to: 400, steps: 5)])"),
    ("braking, turn-in", 12, "Road(speed_kmh: 80, sight_ms: 1500, turn_ms: 1400, knobs: [Speed(to: 160, steps: 4)])"),
    ("go / stop", 30, "GoStop()"),
    (
        "sequence",
        4,
        "Sequence(lanes: 4, order: [0, 2, 1, 3, 2, 1, 3, 2], length: 6, rounds: 3, knobs: [Length(to: 8, steps: 2)])",
    ),
    (
        "speech rhythm",
        6,
        "Speech(phrases: [[\"'ta\", \"ka\"], [\"a\", \"'na\", \"na\", \"-\"]], rounds: 4, syllable_ms: 450, knobs: [Phrase(to: 1, steps: 1), Unheard])",
    ),
    ("steady hand", 4, "SteadyHand(width: 0.4, gate_ms: 700, gates: 16, wind: 0.5, knobs: [Width(to: 0.2, steps: 4)])"),
    (
        "chart",
        6,
        "Chart(lanes: 2, targets: [(0, 0, 0), (500000, 1, 0), (1000000, 0, 400000), (1500000, 1, 0), (2000000, 0, 0), (2000000, 1, 0), (2500000, 0, 0), (3000000, 1, 300000)])",
    ),
];

fn setup(level: Level, seed: u64) -> Setup {
    Setup { level, seed, options: Options::default(), preset: Preset::Small, lesion: Lesion::None }
}

/// What a session came to.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Came {
    events: u32,
    successes: u32,
    clean: u32,
    rests: u32,
    finished: bool,
}

fn came(rehearsal: &Rehearsal) -> Came {
    let mut came = Came::default();
    for effect in &rehearsal.effects {
        match effect {
            Effect::Judged(judged) => {
                came.events += 1;
                came.successes += u32::from(judged.tier.is_success());
                came.clean += u32::from(judged.tier == Tier::Clean);
            }
            Effect::Paused { cause: Cause::Rest, .. } => came.rests += 1,
            Effect::SessionEnded { finished, .. } => came.finished = *finished,
            _ => {}
        }
    }
    came
}

/// No level is impossible for the trained player, and none is perfect for the novice; who never presses is sent to rest
/// or comes to the end.
fn assert_fair(name: &str, level: &Level) {
    let play =
        |profile| came(&rehearse_by_closed_form(setup(level.clone(), 11), &mut Tapper::new(profile, 5)).unwrap());
    let (trained, novice) = (play(Profile::Trained), play(Profile::Novice));
    assert!(trained.finished && trained.rests == 0, "{name}: {trained:?}");
    assert!(f64::from(trained.successes) >= 0.7 * f64::from(trained.events), "{name}: {trained:?}");
    assert!(trained.events > 0 && novice.events > 0, "{name}: {trained:?} {novice:?}");
    assert!(novice.clean < novice.events, "{name}: {novice:?}");
    assert!(
        u64::from(novice.clean) * u64::from(trained.events)
            <= u64::from(trained.clean) * u64::from(novice.events) * 11 / 10,
        "{name}: a novice is no cleaner than a trained player: {novice:?} {trained:?}"
    );
    let idle = rehearse_by_closed_form(setup(level.clone(), 11), &mut Idle).unwrap();
    let never = came(&idle);
    assert!(never.finished || never.rests > 0, "{name}: {never:?}");
    let pressed = |effect: &Effect| matches!(effect, Effect::Judged(judged) if judged.press.is_some());
    assert!(!idle.effects.iter().any(pressed), "{name}");
}

fn of(drill: &str, trials: u32) -> Level {
    let text = format!("(version: 1, title: \"T\", aim: \"a\", trials: {trials}, seconds: 60, drill: {drill})");
    Level::parse("kind", &text).unwrap_or_else(|error| panic!("{drill}: {error}"))
}

#[test]
fn every_kind_is_played_to_its_end() {
    for (name, trials, drill) in KINDS {
        let level = of(drill, *trials);
        assert_eq!(level.drill().kind().name(), *name);
        assert_fair(name, &level);
    }
}

#[test]
fn every_kind_computes_to_the_same_effects_again() {
    for (name, trials, drill) in KINDS {
        let setup = setup(of(drill, (*trials).min(2)), 3);
        let played = rehearse(setup.clone(), &mut Tapper::new(Profile::Showcase, 8)).unwrap();
        let again = recompute(setup, &played.inputs).unwrap();
        let told = played.effects.iter().filter(|effect| !matches!(effect, Effect::Provisional { .. }));
        assert!(told.eq(again.effects.iter()), "{name}");
        assert!(
            played
                .effects
                .iter()
                .any(|effect| matches!(effect, Effect::Judged(judged) if judged.kind != EventKind::Omission)),
            "{name}"
        );
    }
}

#[test]
fn every_press_of_a_kind_is_accounted_for() {
    for (name, trials, drill) in KINDS {
        let played =
            rehearse_by_closed_form(setup(of(drill, (*trials).min(6)), 3), &mut Tapper::new(Profile::Novice, 8))
                .unwrap();
        let mut pressed: Vec<u64> = played
            .inputs
            .iter()
            .filter_map(|input| if let Input::Press(press) = input { Some(press.seq) } else { None })
            .collect();
        let mut told: Vec<u64> = Vec::new();
        for effect in &played.effects {
            match effect {
                // a release names the press that it ends, which has been told of by itself
                Effect::Judged(judged) if judged.kind != EventKind::Release && judged.kind != EventKind::Omission => {
                    told.extend(judged.press.map(|press| press.seq));
                }
                Effect::Ignored { press, .. } => told.push(press.seq),
                _ => {}
            }
        }
        pressed.sort_unstable();
        told.sort_unstable();
        assert_eq!(pressed, told, "{name}");
    }
}

/// The levels that ship, by their path within `levels/`.
fn shipped() -> Vec<(String, Level)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../levels");
    let mut levels = Vec::new();
    for ladder in fs::read_dir(&root).expect("the levels' folder") {
        let ladder = ladder.expect("a ladder").path();
        let Ok(files) = fs::read_dir(&ladder) else { continue };
        for file in files {
            let path = file.expect("a file").path();
            let name = path.strip_prefix(&root).expect("a level").display().to_string();
            if name.ends_with(".level.ron") {
                let level = Level::from_bytes(&name, &fs::read(&path).expect(&name)).unwrap_or_else(|e| panic!("{e}"));
                levels.push((name, level));
            }
        }
    }
    levels.sort_by(|one, other| one.0.cmp(&other.0));
    levels
}

#[test]
fn every_shipped_level_is_fair() {
    let levels = shipped();
    assert!(levels.len() >= 6, "{}", levels.len());
    for (name, level) in levels {
        assert_fair(&name, &level);
    }
}
