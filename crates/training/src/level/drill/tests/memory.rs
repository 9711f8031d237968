//! Rows of drills.md that hang on memory, on a motion, or on a stick.

use super::*;
use crate::{
    event::{Amplify, CueKind, ErrorUnit, Role, Stage},
    level::JND_PERCENT,
    time::Nanos,
};

#[test]
fn an_interval_is_given_back_within_0_08_of_what_was_shown() {
    let level = level("IntervalReproduction(mean_ms: 600, range: 0.25, knobs: [Mean(to: 1200, steps: 2)])");
    let at = |draw| {
        let body = drawn(&level, 0, &[draw]);
        let Stage::Interval { shown, reply } = body.stage else { panic!("{:?}", body.stage) };
        assert_eq!(body.targets[1].role, Role::PressAfter { after: shown });
        assert_eq!((body.targets[0].role, body.count_in_ends), (Role::Begin, reply - Nanos(1)));
        (shown.as_ms(), body.goal)
    };
    assert_eq!(at(0.0), (450.0, Some(36.0)));
    assert_eq!(at(1.0), (750.0, Some(60.0)));
    assert_eq!((level.setting(11).goal_ms, level.drill().kind().amplify()), (96.0, Amplify::AtOnce));
    // a goal of the author's own holds whatever is shown
    let text = level.to_ron().replace("trials: 6", "trials: 6, goal_ms: 40");
    let fixed = Level::parse("fixed", &text).unwrap();
    assert_eq!((drawn(&fixed, 0, &[0.0]).goal, fixed.setting(0).goal_ms), (None, 40.0));
}

#[test]
fn a_rhythm_is_given_back_in_per_cent_and_within_6_of_them() {
    const DRILL: &str = "Rhythm(unit_ms: 300, length: 3, knobs: [Length(to: 8, steps: 5), Uneven(to: 4, steps: 3)])";
    let level = level(DRILL);
    let (setting, body) = at_mean(&level, 0);
    assert_eq!((setting.goal_ms, setting.tol_ms, setting.jnd_ms), (6.0, 15.0, JND_PERCENT));
    assert_eq!((body.terms.unit, body.terms.amplify), (ErrorUnit::Percent, Amplify::AtPhraseEnd));
    assert_eq!(body.targets.len(), 4);
    // what is heard is what is due, once begun
    let model: Vec<Nanos> =
        body.cues.iter().filter(|cue| matches!(cue.kind, CueKind::Model { .. })).map(|cue| cue.at).collect();
    let heard: Vec<Nanos> = model.windows(2).map(|pair| pair[1] - pair[0]).collect();
    let due =
        |target: &crate::event::Target| if let Role::PressAfter { after } = target.role { Some(after) } else { None };
    assert_eq!(body.targets.iter().filter_map(due).collect::<Vec<_>>(), heard);
    // never all alike
    for draw in [0.0, 0.3, 0.999] {
        let gaps = gaps_ms(&drawn(&level, 0, &[draw]));
        assert!(gaps.iter().any(|gap| *gap != gaps[0]), "{gaps:?}");
    }
    let top = drawn(&level, 99, &[0.3]);
    assert_eq!((top.targets.len(), gaps_ms(&top)[0]), (9, 375.0));
    // its goal is told in per cent
    assert_eq!(
        Level::parse("t", &level.to_ron().replace("trials: 6", "trials: 6,\n    goal_ms: 20")).unwrap_err().faults[0]
            .message,
        "the errors of this drill are in per cent; give goal_percent"
    );
    let own = Level::parse("t", &level.to_ron().replace("trials: 6", "trials: 6, goal_percent: 5")).unwrap();
    assert_eq!((own.setting(0).goal_ms, own.setting(99).tol_ms), (5.0, 5.0));
}

#[test]
fn a_hold_is_let_go_within_0_08_of_its_duration_or_25_ms() {
    let level =
        level("Hold(duration_ms: 800, vary: 0, knobs: [Distractors(to: 2, steps: 2), Duration(to: 200, steps: 1)])");
    let (_, body) = at_mean(&level, 0);
    assert_eq!((body.goal, body.stage), (Some(64.0), Stage::Hold { due: Nanos::ms(800) }));
    assert_eq!(body.targets[1].role, Role::ReleaseAfter { after: Nanos::ms(800) });
    assert_eq!(at_mean(&level, 12).1.goal, Some(25.0));
    let distractors = |rung| at_mean(&level, rung).1.cues.iter().filter(|cue| cue.kind == CueKind::Distractor).count();
    assert_eq!([9, 10, 11].map(distractors), [0, 1, 2]);
}

#[test]
fn a_throw_is_let_go_at_its_phase_within_25_ms() {
    let level = level("ReleaseTiming(way_ms: 900, ready_ms: 1500, jitter_ms: 500, knobs: [Way(to: 400, steps: 5)])");
    let body = drawn(&level, 0, &[0.5]);
    assert_eq!(level.setting(0).goal_ms, 25.0);
    assert_eq!(body.stage, Stage::Swing { from: Nanos::ms(1750), way: Nanos::ms(900) });
    assert_eq!((body.targets[1].role, body.targets[1].at), (Role::Release, Nanos::ms(2650)));
    assert_eq!(drawn(&level, 99, &[0.0]).targets[1].at, Nanos::ms(1900));
}

#[test]
fn braking_is_within_40_ms_and_the_bend_has_its_own_lane() {
    let level = level(
        "Road(speed_kmh: 90, grip: 1, sight_ms: 1500, knobs: [Speed(to: 180, steps: 2), Grip(to: 0.5, steps: 1)])",
    );
    let body = drawn(&level, 0, &[0.5]);
    assert_eq!((level.setting(0).goal_ms, level.lanes(), due_ms(&body)), (40.0, 1, vec![2800.0]));
    let Stage::Road { speed_mps, grip_mps2, sight, turn } = body.stage else { panic!("{:?}", body.stage) };
    assert_eq!((speed_mps, grip_mps2, sight, turn), (25.0, 9.81, Nanos::ms(1500), false));
    let Stage::Road { speed_mps, grip_mps2, .. } = drawn(&level, 99, &[0.5]).stage else { panic!("a road") };
    assert_eq!((speed_mps, grip_mps2), (50.0, 4.905));
    let bend = super::level("Road(speed_kmh: 90, sight_ms: 1500, turn_ms: 1200)");
    let body = drawn(&bend, 0, &[0.5]);
    let lanes: Vec<u8> = body.targets.iter().map(|target| target.lane.0).collect();
    assert_eq!((lanes, due_ms(&body), bend.lanes()), (vec![0, 1], vec![2800.0, 4000.0], 2));
}

#[test]
fn a_steady_hand_is_judged_in_per_cent_of_the_width_and_within_10() {
    const DRILL: &str = "SteadyHand(width: 0.4, gate_ms: 600, gates: 8, wind: 0.5, knobs: [Width(to: 0.2, steps: 2)])";
    let level = level(DRILL);
    let (setting, body) = at_mean(&level, 0);
    assert_eq!((setting.goal_ms, body.terms.unit, level.lanes()), (10.0, ErrorUnit::Percent, 0));
    assert!(body.targets.iter().all(|target| target.role == Role::Gate));
    assert_eq!(gaps_ms(&body), [600.0; 7]);
    for draw in [0.0, 0.2, 0.7, 1.0] {
        let path = drawn(&level, 99, &[draw, 0.4]).terms.path;
        assert!(path.iter().all(|point| point.centre.abs() + point.width / 2.0 <= 1.0), "{path:?}");
        assert!(path.windows(2).all(|pair| pair[0].at < pair[1].at));
        assert_eq!(path.last().map(|point| point.width), Some(0.2));
    }
    assert_eq!(
        changed(DRILL, "width: 0.4", "width: 0.05"),
        "t: drill.width (line 2): 0.05 lies outside 0.1 to 1 of the travel\n\
        t: drill.knobs[0].to (line 2): 0.2 of the travel is not harder than the 0.05 of the travel before it; give less"
    );
}
