//! Tests of the road: where car, line and mark stand, and how far an error stops from the line.

use doozy_training::event::{Cue, EventId, Side, Target, Tier, TrialId};
use doozy_training::time::HostTime;

use super::*;
use crate::game::stage::sample::{judged, plan};

fn drive(kmh: f64, turn_ms: Option<i64>) -> TrialPlan {
    let (speed_mps, grip_mps2) = (kmh / 3.6, 8.8);
    let stage = Stage::Road { speed_mps, grip_mps2, sight: Nanos::ms(1_500), turn: turn_ms.is_some() };
    let mut plan = plan(0, stage, false);
    plan.cues = vec![Cue { at: Nanos::ms(1_000), kind: CueKind::Sign, heard: true, seen: true }];
    plan.targets = vec![Target::press(0, Nanos::ms(2_500), Response(0))];
    plan.targets.extend(turn_ms.map(|ms| Target::press(1, Nanos::ms(2_500 + ms), Response(1))));
    plan
}

#[test]
fn a_car_that_brakes_on_time_stops_at_the_line_in_every_window() {
    for half in [480.0, 640.0, 1280.0, 202.5] {
        let room = Room { half: Vec2::new(half, 360.0), strip: 144.0 };
        for kmh in [30.0, 100.0, 300.0] {
            let plan = drive(kmh, None);
            let (lane, drive) = (Lane::of(&plan, &room), Drive::of(&plan));
            assert!((drive.nose(&lane, -1_500.0, None, 0.0) - (lane.anchor.x - lane.reach)).abs() < 0.05);
            assert!((drive.nose(&lane, 2_000.0, Some(0.0), 0.0) - lane.anchor.x).abs() < 0.01);
            assert_eq!(drive.line(&lane), lane.anchor.x);
            // the error's mark on the plate stands where the car does
            for late in [-150.0, 90.0] {
                let stopped = drive.nose(&lane, 2_000.0, Some(late), late);
                assert!((stopped - lane.of_error(late)).abs() < 0.05, "{late}");
            }
            // and a gained error is shown by where it stops
            assert!((drive.nose(&lane, 2_000.0, Some(90.0), 130.0) - lane.of_error(130.0)).abs() < 0.05);
        }
    }
}

#[test]
fn the_car_has_stopped_before_the_replay_begins() {
    for kmh in [30.0, 100.0, 300.0] {
        let drive = Drive::of(&drive(kmh, None));
        assert!(drive.brakes > 100.0 && drive.brakes <= BRAKES_MS);
    }
    assert!(Drive::of(&drive(200.0, None)).brakes > Drive::of(&drive(50.0, None)).brakes);
}

#[test]
fn the_car_never_leaps_and_reaches_the_bend_when_it_is_due() {
    let room = Room::default();
    let plan = drive(100.0, Some(1_200));
    let (lane, drive) = (Lane::of(&plan, &room), Drive::of(&plan));
    for late in [-120.0, 0.0, 120.0] {
        let x = |ms: f64| drive.nose(&lane, ms, Some(late), late);
        let steps = (-1_500..1_200).map(|ms| x(f64::from(ms) + 1.0) - x(f64::from(ms)));
        assert!(steps.clone().all(|step| step > -0.2 && step < 2.5 * lane.per_ms()), "{late}");
        assert!((x(1_200.0) - lane.anchor.x).abs() < 1.0, "{late}: {}", x(1_200.0) - lane.anchor.x);
    }
    assert!(drive.line(&lane) < lane.anchor.x);
}

#[test]
fn the_error_is_told_in_metres() {
    let text = Text::default();
    let plan = drive(108.0, None);
    let told = |e: f64| {
        let due = HostTime(5_000_000_000);
        let verdict = judged(0, due, e, e * 1.5, Tier::Doozy);
        assert_eq!((verdict.event, verdict.trial, verdict.side), (EventId(0), TrialId(0), Side::of(Nanos::from_ms(e))));
        metres(&text, &verdict, &plan).expect("metres")
    };
    // 30 m/s: the true error, not the shown one
    assert_eq!(told(100.0), "3.0 m too far");
    assert_eq!(told(-50.0), "1.5 m short");
    assert_eq!(told(1.0), "At the line");
}
