//! A level's ladder, its trials and its text.

use std::{fs, path::Path};

use proptest::prelude::*;

use super::*;
use crate::{
    event::{CueKind, Role},
    level::{check::closer_than_windows, parse::MAX_BYTES},
};

const PULSE: &str = "(
    version: 1,
    title: \"Steady\",
    aim: \"Tap with the bell.\",
    drill: SteadyBeat(
        ioi_ms: 600,
        beats: 16,
        knobs: [
            Ioi(to_ms: 300, steps: 3),
            Sound(Sparse),
            Sound(Silent),
        ],
    ),
    trials: 6,
    seconds: 72,
)
";

const CATCH: &str = "(
    version: 1,
    title: \"Gate\",
    aim: \"Press at contact.\",
    drill: Interception(
        visible_ms: 1200,
        knobs: [
            Visible(to_ms: 400, steps: 2),
            Occluded(to_ms: 400, steps: 4),
        ],
    ),
    trials: 20,
    seconds: 66,
)
";

fn level(text: &str) -> Level {
    Level::parse("a.level.ron", text).unwrap_or_else(|error| panic!("{error}"))
}

/// The level with one piece of its text changed.
fn changed(text: &str, from: &str, to: &str) -> Result<Level, LevelError> {
    assert!(text.contains(from), "{from}");
    Level::parse("a.level.ron", &text.replacen(from, to, 1))
}

fn refusal(text: &str, from: &str, to: &str) -> String {
    changed(text, from, to).expect_err(to).to_string()
}

fn pulse_at(rung: i32) -> Setting {
    level(PULSE).setting(rung)
}

fn steady(setting: &Setting) -> (f64, drill::steady_beat::Sound) {
    match &setting.drill {
        Drill::SteadyBeat(drill) => (drill.ioi_ms, drill.sound),
        _ => panic!("a steady beat"),
    }
}

fn at_mean(level: &Level, rung: i32) -> TrialBody {
    level.plan(&level.setting(rung), &mut || 0.5)
}

// The ladder (training.md §1).

#[test]
fn rung_0_has_two_and_a_half_goals_of_tolerance() {
    let start = pulse_at(0);
    assert_eq!((start.rung, start.goal_ms, start.tol_ms, start.jnd_ms), (0, 24.0, 60.0, 15.0));
    assert_eq!((start.interval, start.window), (Nanos::ms(600), Nanos::ms(240)));
    assert_eq!(steady(&start), (600.0, drill::steady_beat::Sound::Full));
}

#[test]
fn a_harder_rung_has_nine_tenths_of_the_tolerance_down_to_the_goal() {
    let mut tol = 60.0;
    for rung in 1..=8 {
        tol *= 0.9;
        // bounds lie on the nanosecond grid of the errors that meet them
        assert_eq!(pulse_at(rung).tol_ms, on_grid(tol), "rung {rung}");
    }
    // 2.5 · 0.9⁹ is 0.97: the ninth step stops at the goal.
    assert_eq!(pulse_at(9).tol_ms, 24.0);
    assert_eq!(pulse_at(9).interval, Nanos::ms(600));
}

#[test]
fn bounds_are_the_numbers_that_people_write() {
    // 60 · 0.9² is 48.6, which no product of floats gives
    assert_eq!(pulse_at(2).tol_ms, 48.6);
    assert_eq!(jnd_ms(Nanos::ms(264)), 6.6);
}

#[test]
fn then_the_knobs_turn_in_their_order_and_the_goal_follows_the_interval() {
    use drill::steady_beat::Sound::{Full, Silent, Sparse};
    let rungs: Vec<_> = (9..=14).map(|rung| (steady(&pulse_at(rung)), pulse_at(rung).tol_ms)).collect();
    let expected = [
        ((600.0, Full), 24.0),
        ((500.0, Full), 20.0),
        ((400.0, Full), 16.0),
        ((300.0, Full), 12.0),
        ((300.0, Sparse), 12.0),
        ((300.0, Silent), 12.0),
    ];
    assert_eq!(rungs, expected);
    assert_eq!(level(PULSE).top_rung(), 14);
    assert_eq!(pulse_at(99), pulse_at(14));
}

#[test]
fn easier_ends_below_four_goals() {
    let level = level(PULSE);
    assert_eq!(level.floor_rung(), -4);
    let goals = |rung| level.setting(rung).tol_ms / level.setting(rung).goal_ms;
    assert!((goals(-4) - 2.5 / 0.6561).abs() < 1e-6 && goals(-4) < 4.0);
    assert_eq!(level.setting(-5), level.setting(-4));
}

#[test]
fn the_window_is_two_fifths_of_the_interval_up_to_250_ms() {
    assert_eq!(window(Nanos::ms(300)), Nanos::ms(120));
    assert_eq!(window(Nanos::ms(625)), Nanos::ms(250));
    assert_eq!(window(Nanos::ms(1500)), Nanos::ms(250));
}

#[test]
fn the_jnd_is_6_ms_below_240_and_a_fortieth_above() {
    assert_eq!((jnd_ms(Nanos::ms(200)), jnd_ms(Nanos::ms(240)), jnd_ms(Nanos::ms(600))), (6.0, 6.0, 15.0));
}

#[test]
fn a_goal_of_the_levels_own_holds_on_every_rung() {
    let level = changed(PULSE, "trials: 6,", "trials: 6, goal_ms: 30,").expect("a sound level");
    assert_eq!((level.setting(0).tol_ms, level.setting(14).goal_ms), (75.0, 30.0));
}

#[test]
fn a_goal_below_what_can_be_noticed_is_refused() {
    assert_eq!(
        refusal(PULSE, "trials: 6,", "trials: 6,\n    goal_ms: 14.9,"),
        "a.level.ron: goal_ms (line 15): a goal of 14.9 ms lies below what can be noticed at an interval of 600 ms \
         (rung 0); give at least 15 ms"
    );
}

// Trials.

#[test]
fn a_phrase_counts_in_four_beats_and_accents_every_fourth() {
    let body = at_mean(&level(PULSE), 0);
    assert_eq!(body.targets.len(), 16);
    assert_eq!((body.targets[0].at, body.targets[15].at), (Nanos::ms(2400), Nanos::ms(11_400)));
    let kinds: Vec<_> = body.cues.iter().take(6).map(|cue| (cue.at, cue.kind)).collect();
    let expected = [
        (Nanos::ms(0), CueKind::CountIn { left: 4 }),
        (Nanos::ms(600), CueKind::CountIn { left: 3 }),
        (Nanos::ms(1200), CueKind::CountIn { left: 2 }),
        (Nanos::ms(1800), CueKind::CountIn { left: 1 }),
        (Nanos::ms(2400), CueKind::Beat { accent: true }),
        (Nanos::ms(3000), CueKind::Beat { accent: false }),
    ];
    assert_eq!(kinds, expected);
    // A tenth of the interval after its last beat.
    assert_eq!((body.count_in_ends, body.length, body.running), (Nanos::ms(1860), Nanos::ms(12_000), true));
    assert_eq!(body.stage, Stage::Bell { ioi: Nanos::ms(600) });
}

#[test]
fn the_sound_thins_out_and_the_picture_stays() {
    let heard = |rung| at_mean(&level(PULSE), rung).cues.iter().map(|cue| u32::from(cue.heard)).sum::<u32>();
    assert_eq!((heard(12), heard(13), heard(14)), (4 + 16, 4 + 4, 4));
    assert!(at_mean(&level(PULSE), 14).cues.iter().all(|cue| cue.seen));
}

#[test]
fn a_ball_is_launched_by_chance_and_meets_the_gate_when_its_way_is_done() {
    let level = level(CATCH);
    let mut draws = [0.25, 1.0].into_iter();
    let body = level.plan(&level.setting(11), &mut || draws.next().expect("two draws a ball"));
    // 400 ms seen, 15 % more at the end of its range; 1000 + 0.25 · 600 ms until the launch.
    assert_eq!(body.stage, Stage::Gate { visible: Nanos::ms(460), occluded: Nanos::ZERO });
    let cues: Vec<_> = body.cues.iter().map(|cue| (cue.at, cue.kind, cue.heard)).collect();
    assert_eq!(cues, [(Nanos::ZERO, CueKind::CountIn { left: 1 }, true), (Nanos::ms(1150), CueKind::Launch, false)]);
    assert_eq!((body.targets.len(), body.targets[0].at), (1, Nanos::ms(1610)));
    assert_eq!((body.count_in_ends, body.length, body.running), (Nanos::ms(1150), Nanos::ms(2410), false));
    assert_eq!(
        (body.interval, level.setting(0).goal_ms, level.setting(0).window),
        (Nanos::ms(625), 30.0, Nanos::ms(250))
    );
}

#[test]
fn hidden_time_grows_after_seen_time_has_shrunk() {
    let level = level(CATCH);
    let way = |rung| match at_mean(&level, rung).stage {
        Stage::Gate { visible, occluded } => (visible.as_ms(), occluded.as_ms()),
        _ => panic!("a gate"),
    };
    assert_eq!(
        [9, 10, 11, 12, 15].map(way),
        [(1200.0, 0.0), (800.0, 0.0), (400.0, 0.0), (400.0, 100.0), (400.0, 400.0)]
    );
    assert_eq!(level.top_rung(), 15);
}

#[test]
fn a_series_is_a_running_trial() {
    let level = changed(CATCH, "visible_ms", "series: (balls: 3, gap_ms: 500), visible_ms").expect("a sound level");
    let body = at_mean(&level, 0);
    let contacts: Vec<_> = body.targets.iter().map(|target| target.at.as_ms()).collect();
    assert_eq!((contacts, body.running, body.interval), (vec![2500.0, 3000.0, 3500.0], true, Nanos::ms(500)));
}

#[test]
fn a_trial_is_a_function_of_its_draws() {
    let level = level(CATCH);
    let plan = |seed: u64| {
        let mut state = seed;
        level.plan(&level.setting(0), &mut || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            (state >> 11) as f64 / (1_u64 << 53) as f64
        })
    };
    assert_eq!(plan(1), plan(1));
    assert_ne!(plan(1).targets, plan(2).targets);
}

// Text.

#[test]
fn every_shipped_level_is_sound_on_every_rung() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../levels");
    let ladders = fs::read_dir(&root).expect("the ladders").map(|ladder| ladder.expect("a ladder").path());
    let mut count = 0;
    for ladder in ladders.filter(|path| path.is_dir()) {
        for file in fs::read_dir(ladder).expect("the ladder's folder") {
            let path = file.expect("a file").path();
            let name = path.display().to_string();
            if !name.ends_with(".level.ron") {
                continue;
            }
            let level = Level::from_bytes(&name, &fs::read(&path).expect(&name)).unwrap_or_else(|e| panic!("{e}"));
            assert_eq!(level.warnings(), [], "{name}");
            assert_eq!(level, Level::parse(&name, &level.to_ron()).expect(&name));
            assert_eq!(level.to_ron(), Level::parse(&name, &level.to_ron()).expect(&name).to_ron());
            for rung in level.floor_rung()..=level.top_rung() {
                let (setting, body) = (level.setting(rung), at_mean(&level, rung));
                let judged: Vec<_> = body.targets.iter().filter(|target| target.role != Role::Begin).collect();
                let (first, last) = (judged.first().expect("a target"), judged.last().expect("a target"));
                assert!(first.at >= Nanos::ms(1000), "{name}");
                assert!(body.length >= last.at + setting.window.max(Nanos(setting.interval.0 / 2)), "{name}");
                assert!(body.count_in_ends < first.at - setting.window, "{name} at {rung}");
                assert!(body.targets.iter().all(|target| target.lane.0 < level.lanes().max(1)), "{name}");
                assert!(body.cues.windows(2).all(|pair| pair[0].at <= pair[1].at), "{name}: cues in order of time");
                assert!(body.targets.windows(2).all(|pair| pair[0].at <= pair[1].at), "{name}");
            }
            count += 1;
        }
    }
    assert!(count >= 6, "{count}");
}

#[test]
fn the_level_in_the_docs_is_sound() {
    let page =
        fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/levels.md")).expect("the page");
    let block = page.split("```ron\n").nth(1).and_then(|rest| rest.split("```").next()).expect("a level to copy");
    assert_eq!(level(block).warnings(), []);
}

#[test]
fn every_rung_differs_from_its_neighbour() {
    for text in [PULSE, CATCH] {
        let level = level(text);
        let rungs: Vec<_> = (level.floor_rung()..=level.top_rung())
            .map(|rung| {
                let setting = level.setting(rung);
                (setting.tol_ms, setting.drill)
            })
            .collect();
        assert!(rungs.windows(2).all(|two| two[0] != two[1]));
    }
}

#[test]
fn reading_and_writing_again_gives_the_same_bytes() {
    for text in [PULSE, CATCH] {
        let once = level(text).to_ron();
        assert_eq!(level(&once), level(text));
        assert_eq!(level(&once).to_ron(), once);
    }
}

#[test]
fn a07_marks_and_line_ends_make_no_difference() {
    // A comment to the end of its line: with CR alone it must not swallow the level.
    let plain = PULSE.replacen("version", "// the schema\n    version", 1);
    let expected = level(PULSE);
    for variant in [
        plain.clone(),
        format!("\u{feff}{plain}"),
        plain.replace('\n', "\r\n"),
        plain.replace('\n', "\r"),
        format!("\n\n{plain}"),
        plain.trim_end().to_owned(),
    ] {
        assert_eq!(level(&variant), expected);
        assert_eq!(level(&variant).to_ron(), expected.to_ron(), "identity is that of the canonical form");
    }
}

#[test]
fn a07_other_encodings_are_named() {
    let utf16: Vec<u8> = [0xFF, 0xFE].into_iter().chain(PULSE.encode_utf16().flat_map(u16::to_le_bytes)).collect();
    let error = Level::from_bytes("a", &utf16).expect_err("UTF-16");
    assert_eq!(error.to_string(), "a: the file is UTF-16; save it as UTF-8");
    let mut latin = PULSE.as_bytes().to_vec();
    let at = PULSE.find("Steady").expect("the title");
    latin[at] = 0xE9;
    let error = Level::from_bytes("a", &latin).expect_err("Latin-1");
    assert_eq!(error.to_string(), format!("a: byte {at} (line 3) is not UTF-8; save the file as UTF-8"));
}

#[test]
fn a03_nothing_to_do_is_refused() {
    let starts = |message: String, with: &str| assert!(message.starts_with(with), "{message}");
    starts(refusal(PULSE, "beats: 16", "beats: 0"), "a.level.ron: drill.beats (line 7): 0 lies outside 1 to 512 beats");
    starts(refusal(PULSE, "trials: 6", "trials: 0"), "a.level.ron: trials (line 14): 0 lies outside 1 to 500 trials");
    starts(
        refusal(PULSE, "ioi_ms: 600", "ioi_ms: 0.0"),
        "a.level.ron: drill.ioi_ms (line 6): 0 lies outside 250 to 1800 ms",
    );
    starts(refusal(PULSE, "ioi_ms: 600,", ""), "a.level.ron:13:5: Unexpected missing field named `ioi_ms`");
}

#[test]
fn a08_counts_and_times_out_of_range_are_refused() {
    for (from, to) in [
        ("beats: 16", "beats: 70000"),
        ("beats: 16", "beats: 4294967296"),
        ("ioi_ms: 600", "ioi_ms: 1e308"),
        ("ioi_ms: 600", "ioi_ms: -2147483648"),
        ("steps: 3", "steps: 4000000000"),
    ] {
        assert!(changed(PULSE, from, to).is_err(), "{to}");
    }
    let large = format!("{PULSE}{}", " ".repeat(MAX_BYTES));
    let message = format!("a: {} bytes are more than the 4194304 that a level may have", large.len());
    assert_eq!(Level::parse("a", &large).expect_err("too large").to_string(), message);
    assert_eq!(Level::from_bytes("a", large.as_bytes()).expect_err("too large").to_string(), message);
}

#[test]
fn a18_targets_closer_than_their_windows_are_told() {
    let targets = [Nanos::ms(1000), Nanos::ms(1080), Nanos::ms(1400)];
    let close: Vec<_> = closer_than_windows(&targets, Nanos::ms(100)).collect();
    assert_eq!(close, [(Nanos::ms(1000), Nanos::ms(1080))]);
    let warning = Warning::Close { rung: 0, first: close[0].0, second: close[0].1, window: Nanos::ms(100) };
    assert_eq!(warning.to_string(), "targets 1000 and 1080 are closer than the window (80 < 200) at rung 0");
}

#[test]
fn an_estimate_far_off_is_told() {
    let level = changed(PULSE, "seconds: 72", "seconds: 20").expect("a sound level");
    let told = level.warnings();
    assert!(told.contains(&Warning::Estimate { seconds: 20, planned: 72 }), "{told:?}");
}

#[test]
fn a46_numbers_that_are_none_name_their_field_and_line() {
    for (number, message) in [
        ("NaN", "NaN lies outside 250 to 1800 ms"),
        ("inf", "inf lies outside 250 to 1800 ms"),
        ("-inf", "-inf lies outside 250 to 1800 ms"),
        ("-0.0", "negative zero is not a value; write 0"),
    ] {
        assert_eq!(
            refusal(PULSE, "ioi_ms: 600", &format!("ioi_ms: {number}")),
            format!("a.level.ron: drill.ioi_ms (line 6): {message}")
        );
    }
    assert_eq!(
        refusal(CATCH, "visible_ms: 1200", "occluded_ms: -0.0, visible_ms: 1200"),
        "a.level.ron: drill.occluded_ms (line 6): negative zero is not a value; write 0"
    );
    assert_eq!(
        refusal(PULSE, "to_ms: 300", "to_ms: NaN"),
        "a.level.ron: drill.knobs[0].to_ms (line 9): NaN lies outside 250 to 1800 ms"
    );
}

#[test]
fn a46_names_that_are_wrong_or_repeated_are_refused_in_their_place() {
    for (from, to, message) in [
        (
            "beats: 16,",
            "beatz: 16,",
            "a.level.ron:7:9: Unexpected field named `beatz` in `SteadyBeat`, expected one of `ioi_ms`, `beats`, \
             `count_in`, `accent_every`, `sound`, or `knobs` instead",
        ),
        ("beats: 16,", "beats: 16,\n        beats: 16,", "a.level.ron:8:9: Unexpected duplicate field named `beats`"),
        ("trials: 6,", "trials: 6, trials: 6,", "a.level.ron:14:16: Unexpected duplicate field named `trials`"),
        ("title:", "tilte:", "a.level.ron:3:5: Unexpected field named `tilte` in `Level`"),
        ("SteadyBeat(", "SteadyBeet(", "a.level.ron:5:"),
        ("beats: 16", "beats: \"16\"", "a.level.ron:7:16: Expected integer"),
        (
            "version: 1",
            "version: 2",
            "a.level.ron: version (line 2): 2 is not known here; this program reads version 1",
        ),
    ] {
        let found = refusal(PULSE, from, to);
        assert!(found.starts_with(message), "{found}\n{message}");
    }
}

#[test]
fn a46_text_that_is_no_level_is_refused_without_a_crash() {
    let trailing = format!("{PULSE}(garbage)");
    let error = Level::parse("a", &trailing).expect_err("trailing garbage").to_string();
    assert_eq!(error, "a:17:1: Non-whitespace trailing characters");
    let nested = format!("{}{}", "(".repeat(100_000), ")".repeat(100_000));
    let inner = PULSE.replacen("knobs: [", &format!("knobs: {}", "[".repeat(100_000)), 1);
    let comments = "/*".repeat(100_000);
    let attributes = "#![enable(implicit_some)]".repeat(10_000);
    for text in
        ["[".repeat(100_000).as_str(), &nested, &inner, &comments, &attributes, "()", "1", "\"", "r#\"", "(", "'"]
    {
        let error = Level::parse("a", text).expect_err("no level");
        assert!(error.to_string().starts_with("a:1:") || error.to_string().starts_with("a:8:"), "{error}");
    }
    for text in ["", "  \n\t\n", "\u{feff}"] {
        let error = Level::parse("a", text).expect_err("empty").to_string();
        assert_eq!(error, "a: the file is empty; docs/levels.md has a level to copy");
    }
}

#[test]
fn knobs_that_do_not_make_it_harder_are_refused() {
    assert_eq!(
        refusal(PULSE, "Sound(Sparse)", "Sound(Full)"),
        "a.level.ron: drill.knobs[1] (line 10): the sound goes from Full to Full, which is not harder; the order is \
         Full, Sparse, Silent"
    );
    assert_eq!(
        refusal(CATCH, "Visible(to_ms: 400", "Visible(to_ms: 1300"),
        "a.level.ron: drill.knobs[0].to_ms (line 8): 1300 ms is not harder than the 1200 ms before it; give less"
    );
}

#[test]
fn a_knob_that_leads_to_the_interval_it_starts_from_is_refused() {
    assert_eq!(
        refusal(PULSE, "to_ms: 300", "to_ms: 600"),
        "a.level.ron: drill.knobs[0].to_ms (line 9): the interval is 600 ms already; a knob leads to another one"
    );
    let twice = PULSE.replace("Sound(Sparse)", "Ioi(to_ms: 300, steps: 2)");
    assert_eq!(
        Level::parse("a", &twice).expect_err("300 twice").to_string(),
        "a: drill.knobs[1].to_ms (line 10): the interval is 300 ms already; a knob leads to another one"
    );
    // there and back is two ways
    assert!(changed(PULSE, "Sound(Sparse)", "Ioi(to_ms: 600, steps: 2)").is_ok());
}

#[test]
fn a_goal_of_just_what_can_be_noticed_is_accepted() {
    // 0.025 · 264 is 6.6, which the product of floats exceeds
    let beat = |goal: &str| {
        format!(
            "(version: 1, title: \"B\", aim: \"a\", trials: 6, seconds: 32, goal_ms: {goal},
                drill: SteadyBeat(ioi_ms: 264, beats: 16))"
        )
    };
    assert_eq!(level(&beat("6.6")).setting(0).goal_ms, 6.6);
    assert_eq!(
        Level::parse("a", &beat("6.59")).expect_err("below").to_string(),
        "a: goal_ms (line 1): a goal of 6.59 ms lies below what can be noticed at an interval of 264 ms (rung 0); give \
         at least 6.6 ms"
    );
}

#[test]
fn a_balls_get_ready_ends_at_its_launch_and_before_its_window() {
    let blind = CATCH.replace("Visible(to_ms: 400, steps: 2),", "");
    let ends = |visible: &str| {
        let body = at_mean(&changed(&blind, "visible_ms: 1200", visible).expect("a sound level"), 0);
        (body.targets[0].at, body.count_in_ends)
    };
    // launched 1300 ms after the get-ready; the window is 250 ms, closed
    assert_eq!(ends("visible_ms: 460"), (Nanos::ms(1760), Nanos::ms(1300)));
    assert_eq!(ends("visible_ms: 200"), (Nanos::ms(1500), Nanos(1_249_999_999)));
    assert_eq!(ends("visible_ms: 250"), (Nanos::ms(1550), Nanos(1_299_999_999)));
}

#[test]
fn a_count_in_shorter_than_a_second_is_refused() {
    assert_eq!(
        refusal(PULSE, "beats: 16,", "beats: 16,\n        count_in: 3,"),
        "a.level.ron: drill.count_in (line 8): 3 beats of 300 ms last 900 ms; a count-in lasts at least 1000 ms, here 4 beats"
    );
}

#[test]
fn every_fault_of_value_is_told_at_once() {
    let error = Level::parse("a", &PULSE.replace("beats: 16", "beats: 0").replace("trials: 6", "trials: 0"));
    assert_eq!(error.expect_err("two faults").faults.len(), 2);
}

#[test]
fn a_fault_is_found_behind_comments_and_strings_that_look_like_fields() {
    let text = PULSE.replacen("Tap with the bell.", "trials: 0, \\\" ( [", 1).replacen(
        "trials: 6,",
        "/* trials: 1, /* ( */\n */ trials: 0, // trials: 2",
        1,
    );
    let error = Level::parse("a", &text).expect_err("no trials").to_string();
    assert_eq!(error, "a: trials (line 15): 0 lies outside 1 to 500 trials");
}

proptest! {
    #[test]
    fn numbers_keep_their_bits(ioi in 250.0_f64..1800.0, goal in 46.0_f64..900.0) {
        let read = changed(PULSE, "ioi_ms: 600", &format!("ioi_ms: {ioi}"))
            .and_then(|level| Level::parse("a", &level.to_ron().replacen("trials: 6", &format!("trials: 6, goal_ms: {goal}"), 1)))
            .expect("a sound level");
        let again = level(&read.to_ron());
        prop_assert_eq!(steady(&again.setting(0)).0.to_bits(), ioi.to_bits());
        prop_assert_eq!(again.sheet.goal_ms.map(f64::to_bits), Some(goal.to_bits()));
        prop_assert_eq!(again.to_ron(), read.to_ron());
    }

    /// Any piece of a level cut out or doubled: an answer, never a panic.
    #[test]
    fn no_text_crashes(from in 0_usize..360, length in 0_usize..40, insert in "[\\[\\](){},:/*\"'r#.0-9a-zé\n-]{0,6}") {
        let mut text: Vec<char> = PULSE.chars().collect();
        let from = from.min(text.len());
        let to = (from + length).min(text.len());
        text.splice(from..to, insert.chars());
        let text: String = text.into_iter().collect();
        if let Err(error) = Level::parse("a", &text) {
            prop_assert!(!error.faults.is_empty());
        }
    }
}

// Warnings of what nobody can do, and of what the limits take away.

fn warned(drill: &str) -> Vec<String> {
    let text = format!("(version: 1, title: \"T\", aim: \"a\", trials: 1, seconds: 8, drill: {drill})");
    let level = Level::parse("w", &text).unwrap_or_else(|error| panic!("{error}"));
    let about_time = |told: &Warning| matches!(told, Warning::Estimate { .. } | Warning::Close { .. });
    level.warnings().iter().filter(|told| !about_time(told)).map(ToString::to_string).collect()
}

/// A chart of notes at `(ms, lane)`.
fn chart(notes: &[(u32, u8)]) -> String {
    let lanes = notes.iter().map(|(_, lane)| lane + 1).max().unwrap_or(1);
    let notes: Vec<String> = notes.iter().map(|(ms, lane)| format!("({}, {lane}, 0)", ms * 1000)).collect();
    format!("Chart(lanes: {lanes}, targets: [{}])", notes.join(", "))
}

#[test]
fn taps_faster_than_a_finger_or_two_hands_are_warned_about() {
    assert_eq!(warned(&chart(&[(0, 0), (140, 0), (280, 0)])), [] as [&str; 0]);
    let told = warned(&chart(&[(0, 0), (139, 0), (278, 0)]));
    assert_eq!(told.len(), 1, "{told:?}");
    assert!(told[0].contains("139 ms apart, and one finger taps no faster than 140 ms"), "{told:?}");
    assert_eq!(warned(&chart(&[(0, 0), (100, 1), (200, 0)])), [] as [&str; 0]);
    let told = warned(&chart(&[(0, 0), (99, 1), (198, 0)]));
    assert_eq!(told.len(), 1, "{told:?}");
    assert!(told[0].contains("99 ms apart, and two hands take turns no faster than 100 ms"), "{told:?}");
    // a chord is no turn
    assert_eq!(warned(&chart(&[(0, 0), (0, 1), (500, 0), (500, 1)])), [] as [&str; 0]);
}

#[test]
fn beats_that_are_only_seen_are_warned_about_below_half_a_second() {
    assert_eq!(warned("SteadyBeat(ioi_ms: 500, beats: 8, sound: Silent)"), [] as [&str; 0]);
    assert_eq!(warned("SteadyBeat(ioi_ms: 400, beats: 8, sound: Sparse)"), [] as [&str; 0]);
    let told = warned("SteadyBeat(ioi_ms: 499, beats: 8, sound: Silent)");
    assert!(told.len() == 1 && told[0].contains("seen and not heard, 499 ms apart"), "{told:?}");
}

#[test]
fn a_ball_that_is_there_before_it_can_be_met_is_warned_about() {
    assert_eq!(warned("Interception(visible_ms: 300, vary: 0)"), [] as [&str; 0]);
    let told = warned("Interception(visible_ms: 240, vary: 0)");
    assert!(told.len() == 1 && told[0].contains("240 ms after what shows it"), "{told:?}");
}

#[test]
fn more_lights_and_sounds_than_the_limits_let_through_are_warned_about() {
    assert_eq!(warned("Hold(duration_ms: 1500, distractors: 3)"), [] as [&str; 0]);
    let told = warned("Hold(duration_ms: 1000, distractors: 3)");
    assert!(told.len() == 1 && told[0].starts_with("3 lights within 1000 ms"), "{told:?}");
    let chord = |n: u8| chart(&(0..n).map(|lane| (0, lane)).collect::<Vec<_>>());
    assert_eq!(warned(&chord(4)), [] as [&str; 0]);
    let told = warned(&chord(5));
    assert!(told.len() == 1 && told[0].starts_with("5 sounds at"), "{told:?}");
}
