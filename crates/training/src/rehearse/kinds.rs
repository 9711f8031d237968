//! Every kind, played to its end by a trained player, a novice and one that never presses.

use std::{
    fs,
    path::{Path, PathBuf},
};

use proptest::prelude::*;

use super::*;
use crate::{
    event::{ErrorUnit, EventKind, Tier},
    learner::{Idle, Profile, Tapper},
    session::constants::{REST_DISCRETE, REST_RUNNING},
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
    /// The hardest rung that was played.
    rung: i32,
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
            Effect::Planned(plan) => came.rung = came.rung.max(plan.rung),
            _ => {}
        }
    }
    came
}

/// What is unfair about a level: it should be possible for the trained player and not perfect for the novice; and who never
/// presses is sent to rest or comes to the end.
fn unfair(name: &str, level: &Level) -> Vec<String> {
    let play =
        |profile| came(&rehearse_by_closed_form(setup(level.clone(), 11), &mut Tapper::new(profile, 5)).unwrap());
    let (trained, novice) = (play(Profile::Trained), play(Profile::Novice));
    let idle = rehearse_by_closed_form(setup(level.clone(), 11), &mut Idle).unwrap();
    let never = came(&idle);
    let pressed = |effect: &Effect| matches!(effect, Effect::Judged(judged) if judged.press.is_some());
    let share = |part: u32, came: Came| f64::from(part) / f64::from(came.events.max(1));
    let fair = [
        (trained.finished && trained.rests == 0, "the trained player does not come to its end"),
        (share(trained.successes, trained) >= 0.7, "the trained player fails too often"),
        (trained.events > 0 && novice.events > 0, "nothing is judged"),
        (novice.clean < novice.events, "it is perfect for the novice"),
        (
            // difficulty follows the player: who is as clean on a harder rung is the better one
            trained.rung > novice.rung || share(novice.clean, novice) <= 1.1 * share(trained.clean, trained),
            "the novice is cleaner than the trained player on rungs as hard",
        ),
        (never.finished || never.rests > 0, "who never presses gets nowhere"),
        (!idle.effects.iter().any(pressed), "presses come from nowhere"),
    ];
    let told = |(_, what): &(bool, &str)| format!("{name}: {what}: {trained:?} {novice:?} {never:?}");
    fair.iter().filter(|(holds, _)| !holds).map(told).collect()
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
        assert_eq!(unfair(name, &level), [] as [String; 0]);
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

proptest! {
    /// Whatever numbers a level has, written and read and written again it has the same bytes.
    #[test]
    fn a_level_written_and_read_and_written_again_has_the_same_bytes(
        kind in 0..KINDS.len(),
        place in 0_usize..40,
        number in prop_oneof![(0_u32..3000).prop_map(|n| n.to_string()), (0.0_f64..3000.0).prop_map(|x| x.to_string())],
    ) {
        let (_, trials, drill) = KINDS[kind];
        let text = format!("(version: 1, title: \"T\", aim: \"a\", trials: {trials}, seconds: 60, drill: {drill})");
        let numbers: Vec<(usize, &str)> = text.match_indices(|c: char| c.is_ascii_digit()).collect();
        let (at, _) = numbers[place % numbers.len()];
        let end = at + text[at..].find(|c: char| !(c.is_ascii_digit() || c == '.')).unwrap_or(0);
        let changed = format!("{}{number}{}", &text[..at], &text[end..]);
        for text in [&text, &changed] {
            if let Ok(level) = Level::parse("a", text) {
                let written = level.to_ron();
                let read = Level::parse("b", &written).expect("what was written");
                prop_assert_eq!(&read, &level);
                prop_assert_eq!(read.to_ron(), written);
                // and whatever parses can be planned on every rung
                for rung in [level.floor_rung(), 0, level.top_rung()] {
                    let body = level.plan(&level.setting(rung), &mut || 0.7);
                    prop_assert!(body.length > Nanos::ZERO && !body.targets.is_empty());
                }
            }
        }
    }
}

/// Where levels are.
fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../levels")
}

/// The levels that ship in a folder of ladders, by their path within it; endless ones apart from the others.
fn all(endless: bool) -> Vec<(String, Level)> {
    let (root, mut levels) = (root(), Vec::new());
    for ladder in fs::read_dir(&root).expect("a folder of ladders") {
        let ladder = ladder.expect("a ladder").path();
        let Ok(files) = fs::read_dir(&ladder) else { continue };
        for file in files {
            let path = file.expect("a file").path();
            let name = path.strip_prefix(&root).expect("a level").display().to_string();
            if name.ends_with(".level.ron") && name.starts_with("endless") == endless {
                let bytes = fs::read(&path).expect(&name);
                levels.push((name.clone(), Level::from_bytes(&name, &bytes).unwrap_or_else(|e| panic!("{e}"))));
            }
        }
    }
    levels.sort_by(|one, other| one.0.cmp(&other.0));
    levels
}

/// The levels of the ladders.
fn shipped() -> Vec<(String, Level)> {
    all(false)
}

#[test]
fn every_shipped_level_says_its_goal_its_reason_and_its_time() {
    for (name, level) in shipped() {
        let text = fs::read_to_string(root().join(&name)).expect(&name);
        assert!(text.starts_with("// "), "{name}: a level begins with why it is harder than the one before");
        assert!(text.contains(&format!("// Goal SD at the start: {}.\n", goal(&level))), "{name}: {}", goal(&level));
        assert_eq!(level.warnings(), [], "{name}");
        let (said, planned) = (level.seconds(), whole_seconds(&level));
        assert!(said.abs_diff(planned) * 10 <= planned, "{name}: {said} s for {planned} s");
        assert!((45..=150).contains(&said), "{name}: {said} s");
    }
}

#[test]
fn every_shipped_level_is_fair() {
    let levels = shipped();
    assert!(levels.len() >= 90, "{}", levels.len());
    let ladders: std::collections::BTreeSet<_> = levels.iter().filter_map(|(name, _)| name.split('/').next()).collect();
    assert_eq!(
        ladders.into_iter().collect::<Vec<_>>(),
        ["catastrophe", "groove", "music", "pulse", "reflex", "road", "speech", "sport"]
    );
    let unfair: Vec<String> = levels.iter().flat_map(|(name, level)| unfair(name, level)).collect();
    assert!(unfair.is_empty(), "{}", unfair.join("\n"));
}

#[test]
fn every_shipped_level_is_written_and_read_and_written_again_byte_for_byte() {
    for (name, level) in [all(false), all(true)].concat() {
        let written = level.to_ron();
        let read = Level::parse(&name, &written).unwrap_or_else(|e| panic!("{e}"));
        assert_eq!(read, level, "{name}");
        assert_eq!(read.to_ron(), written, "{name}");
        // the first trial, and with it every other number, is the same on all rungs
        for rung in level.floor_rung()..=level.top_rung() {
            assert_eq!(read.setting(rung), level.setting(rung), "{name} at {rung}");
        }
    }
}

#[test]
fn every_kind_has_an_endless_level_that_starts_easy_and_goes_far() {
    let endless = all(true);
    let names: Vec<_> = endless.iter().map(|(_, level)| level.drill().kind().name()).collect();
    for (kind, ..) in KINDS {
        assert_eq!(names.iter().filter(|name| *name == kind).count(), 1, "{kind}: {names:?}");
    }
    for (name, level) in &endless {
        assert!(level.is_endless(), "{name}");
        assert_eq!(level.warnings(), [], "{name}");
        // twice as far as any level of a ladder, so that there is always something harder
        assert!(level.top_rung() >= 9 + 16, "{name}: {}", level.top_rung());
        let text = fs::read_to_string(root().join(name)).expect(name);
        assert!(text.starts_with("// "), "{name}");
        assert!(text.contains(&format!("// Goal SD at the start: {}.\n", goal(level))), "{name}: {}", goal(level));
    }
}

#[test]
fn an_endless_level_goes_on_until_the_player_stops() {
    for (name, level) in all(true) {
        let until = START + Nanos::ms(600_000);
        let recital = Recital::by_closed_form(setup(level.clone(), 11));
        let played = play(recital, &mut Tapper::new(Profile::Trained, 5), until).unwrap();
        let trained = came(&played);
        let trials = played.effects.iter().filter(|effect| matches!(effect, Effect::TrialEnded { void: None, .. }));
        // who climbs for ten minutes may be told once to take a breath
        assert!(!trained.finished && trained.rests <= 1, "{name}: {trained:?}");
        // ten minutes are more than the sitting that the level speaks of
        assert!(trials.count() > level.trials() as usize, "{name}");
        let rung = played.effects.iter().rev().find_map(|effect| match effect {
            Effect::Difficulty { rung, .. } => Some(*rung),
            _ => None,
        });
        assert!(rung.is_some_and(|rung| rung > 0), "{name}: a trained player climbs: {rung:?}");
        let never = came(&rehearse_by_closed_form(setup(level, 11), &mut Idle).unwrap());
        assert!(!never.finished && never.rests > 0, "{name}: {never:?}");
    }
}

#[test]
fn a_part_of_a_level_is_a_level_that_ends_sooner() {
    for (name, level) in [all(false), all(true)].concat() {
        let part = level.in_part(2);
        assert_eq!((part.trials(), part.is_endless(), part.drill()), (2, false, level.drill()), "{name}");
        assert_eq!(Level::parse(&name, &part.to_ron()).expect("it is written as a level"), part);
    }
}

#[test]
fn a_session_begins_on_the_rung_that_it_is_given() {
    let level = of(KINDS[0].2, 2);
    for (given, begins) in [(0, 0), (4, 4), (-9, level.floor_rung()), (99, level.top_rung())] {
        let mut setup = setup(level.clone(), 3);
        setup.options.from_rung = given;
        let played = rehearse_by_closed_form(setup, &mut Tapper::new(Profile::Trained, 8)).unwrap();
        let plan =
            played.effects.iter().find_map(|effect| if let Effect::Planned(plan) = effect { Some(plan) } else { None });
        assert_eq!(plan.expect("a plan").rung, begins);
    }
    let said = ron::to_string(&Options::default()).unwrap();
    assert!(!said.contains("from_rung"), "records of sessions that begin at the start keep their bytes: {said}");
}

/// What an author writes at the head of a level, for all that ship: `cargo test -p doozy-training heads -- --ignored --nocapture`.
#[test]
#[ignore = "prints; for whoever writes levels"]
fn heads_of_the_shipped_levels() {
    for (name, level) in [all(false), all(true)].concat() {
        println!("{name}\t{}\t{}\t{:?}", whole_seconds(&level), goal(&level), level.warnings());
    }
}

/// A level's time at its start: its trials, and the rest after each.
fn whole_seconds(level: &Level) -> u32 {
    let body = level.plan(&level.setting(0), &mut || 0.5);
    let rest = if body.running { REST_RUNNING } else { REST_DISCRETE };
    libm::round((body.length + rest).as_secs() * f64::from(level.trials())) as u32
}

fn goal(level: &Level) -> String {
    let goal = level.setting(0).goal_ms;
    match level.drill().kind().unit() {
        ErrorUnit::Milliseconds => format!("{goal} ms"),
        ErrorUnit::Percent => format!("{goal} %"),
    }
}
