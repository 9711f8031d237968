//! Rows of drills.md about being fast: go / stop, and the sequence.

use super::*;
use crate::{
    event::{Amplify, CueKind, Role, Stage},
    level::drill::Course,
    time::Nanos,
};

#[test]
fn go_is_due_at_the_usual_reaction_and_stop_follows_its_staircase() {
    let level = level("GoStop(wait_ms: (1200, 2000), stops: 0.25, knobs: [Stops(to: 0.5, steps: 2)])");
    assert_eq!((level.setting(0).goal_ms, level.drill().kind().amplify()), (60.0, Amplify::Late));
    let plan = |rung: i32, draws: [f64; 2]| {
        let mut next = draws.into_iter();
        let mut draw = || next.next().unwrap();
        let course = &mut Course { nth: 0, reaction: Nanos::ms(380), stop_delay: Nanos::ms(250), draw: &mut draw };
        level.plan_in(&level.setting(rung), course)
    };
    let go = plan(0, [0.5, 0.25]);
    assert_eq!((go.targets[0].at, go.targets[0].stop), (Nanos::ms(1600 + 380), false));
    assert_eq!(go.targets[0].role, Role::React { onset: Nanos::ms(1600), least: Nanos::ms(100) });
    let stop = plan(0, [0.5, 0.24]);
    assert!(stop.targets[0].stop);
    assert_eq!(stop.stage, Stage::Signal { onset: Nanos::ms(1600), stop: Some(Nanos::ms(250)) });
    assert_eq!(stop.cues.last().map(|cue| (cue.at, cue.kind)), Some((Nanos::ms(1850), CueKind::Stop)));
    assert!(plan(99, [0.5, 0.49]).targets[0].stop);
}

#[test]
fn a_sequence_comes_round_and_only_wrong_lanes_are_amplified() {
    const DRILL: &str = "Sequence(lanes: 4, order: [0, 2, 1, 3, 2, 1, 3, 2], length: 6, rounds: 2, pause_ms: 400,
        knobs: [Length(to: 8, steps: 2), Pause(to: 0, steps: 4)])";
    let level = level(DRILL);
    let (setting, body) = at_mean(&level, 0);
    assert_eq!((setting.goal_ms, level.drill().kind().amplify(), level.lanes()), (60.0, Amplify::WrongLane, 4));
    let lanes: Vec<u8> = body.targets.iter().map(|target| target.lane.0).collect();
    assert_eq!(lanes, [0, 2, 1, 3, 2, 1, 0, 2, 1, 3, 2, 1]);
    // 450 ms of reaction, half of 625 ms that a late one is waited for, and the pause
    assert!(gaps_ms(&body).iter().all(|gap| (gap - 1162.5).abs() < 1e-3), "{:?}", gaps_ms(&body));
    let top = at_mean(&level, 99).1;
    assert_eq!(top.targets.len(), 16);
    assert!((gaps_ms(&top)[0] - 762.5).abs() < 1e-3);
    // no response can belong to two items
    for pair in top.targets.windows(2) {
        let Role::React { onset, .. } = pair[1].role else { panic!("a reaction") };
        assert!(pair[0].at + Nanos(setting.interval.0 / 2) < onset);
    }
    assert_eq!(
        changed(DRILL, "3, 2]", "3, 0]"),
        "t: drill.order (line 2): of 8 items, 7 and the one after it lie in the same lane 0"
    );
    assert_eq!(
        changed(DRILL, "Length(to: 8, steps: 2)", "Length(to: 9, steps: 3)"),
        "t: drill.length (line 2): 9 items are more than the 8 of the order"
    );
    assert!(changed(DRILL, "[0, 2", "[4, 2").starts_with("t: drill.order[0] (line 2): lane 4 is not one of the 4"));
}
