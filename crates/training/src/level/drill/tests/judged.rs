//! What the kinds' own measures of error make of presses, releases and a stick.

use super::*;
use crate::{
    event::{
        DeviceId, EventKind, Ignored, Lane, Press, Release, ReleaseCause, Role, Side, Tilt, TimeSource, TrialId,
        TrialPlan,
    },
    judge::{Outcome, TrialJudge},
    time::{HostTime, Nanos, TrialClock},
};

/// What somebody does, at a moment in ms.
#[derive(Clone, Copy)]
enum Does {
    Press(f64, u8),
    Release(f64, u8),
    Stick(f64, f64),
}
use Does::{Press as Down, Release as Up, Stick};

fn plan(level: &Level, body: TrialBody) -> TrialPlan {
    let setting = level.setting(0);
    TrialPlan {
        trial: TrialId(0),
        retry_of: None,
        window_was_open: false,
        not_before: HostTime(0),
        cues: body.cues,
        targets: body.targets,
        length: body.length,
        interval: body.interval,
        window: setting.window,
        goal_ms: setting.goal_ms,
        tol_ms: setting.tol_ms,
        rung: 0,
        count_in_ends: body.count_in_ends,
        running: body.running,
        stage: body.stage,
        terms: body.terms,
        t: HostTime(0),
    }
}

fn at(ms: f64) -> HostTime {
    HostTime(Nanos::from_ms(ms).0)
}

/// An outcome in brief: what, its error in ms or per cent, its time in ms.
type Told = (String, Option<f64>, f64);

/// The same whatever the pieces in which they are delivered: all at once, and every 7 ms.
fn judged(plan: &TrialPlan, does: &[Does]) -> Vec<Told> {
    let clock = TrialClock { origin: HostTime(0), rate_ppb: 0 };
    let when = |does: &Does| match *does {
        Down(t, _) | Up(t, _) | Stick(t, _) => at(t),
    };
    let mut once = TrialJudge::new(plan, clock);
    let mut pieces = TrialJudge::new(plan, clock);
    let give = |judge: &mut TrialJudge, seq: usize, does: Does| {
        let (device, source, seq) = (DeviceId(0), TimeSource::Scripted, seq as u64);
        match does {
            Down(t, lane) => {
                let control = u16::from(lane);
                judge.press(Press { t: at(t), err: Nanos::ZERO, source, device, lane: Lane(lane), control, seq });
            }
            Up(t, lane) => {
                let (control, cause) = (u16::from(lane), ReleaseCause::Released);
                judge.release(Release { t: at(t), device, lane: Lane(lane), control, seq, cause });
            }
            Stick(t, x) => judge.tilt(Tilt { t: at(t), err: Nanos::ZERO, source, device, axis: 0, x, seq }),
        }
    };
    for (seq, does) in does.iter().enumerate().rev() {
        give(&mut once, seq, *does);
    }
    let whole = once.advance(HostTime::DISTANT_FUTURE);
    let mut given = 0;
    let mut outcomes = Vec::new();
    let mut now = at(0.0);
    while !pieces.finished() {
        now = now + Nanos::ms(7);
        for (seq, does) in does.iter().enumerate().skip(given).take_while(|(_, does)| when(does) < now) {
            give(&mut pieces, seq, *does);
            given = seq + 1;
        }
        let new = pieces.advance(now);
        assert!(new.iter().all(|outcome| outcome.t() < now && outcome.t() >= now - Nanos::ms(7)));
        outcomes.extend(new);
    }
    assert_eq!(outcomes, whole);
    whole.iter().map(told).collect()
}

fn told(outcome: &Outcome) -> Told {
    let t = Nanos(outcome.t().0).as_ms();
    match outcome {
        Outcome::Ignored { why, .. } => (format!("{why:?}"), None, t),
        Outcome::Verdict(verdict) => {
            let error = verdict.error.or(verdict.e.map(Nanos::as_ms));
            (format!("{:?}", verdict.kind), error, t)
        }
    }
}

fn row(what: &str, error: f64, t: f64) -> Told {
    (what.to_owned(), Some(error), t)
}

fn none(what: &str, t: f64) -> Told {
    (what.to_owned(), None, t)
}

#[test]
fn in_silence_each_press_is_due_by_the_one_before() {
    let level = level("Continuation(ioi_ms: 600, paced: 2, silent: 4)");
    let plan = plan(&level, drawn(&level, 0, &[0.5]));
    // paced at 2400 and 3000; then 620 ms a tap, a whole beat late by the end of a longer phrase, and never omitted
    let taps = [Down(2410.0, 0), Down(2990.0, 0), Down(3610.0, 0), Down(4230.0, 0), Down(4850.0, 0), Down(5470.0, 0)];
    assert_eq!(
        judged(&plan, &taps),
        [
            row("Press", 10.0, 2410.0),
            row("Press", -10.0, 2990.0),
            row("Press", 20.0, 3610.0),
            row("Press", 20.0, 4230.0),
            row("Press", 20.0, 4850.0),
            row("Press", 20.0, 5470.0),
        ]
    );
    // a missing one is given up 300 ms after it was due, and the next is due by it
    let taps = [Down(2400.0, 0), Down(3000.0, 0), Down(4210.0, 0), Down(4500.0, 0), Down(4810.0, 0)];
    assert_eq!(
        judged(&plan, &taps)[2..],
        [
            none("Omission", 3900.0),
            row("Press", 10.0, 4210.0),
            // 310 ms early: it belongs to nothing, half of its distance to the press before
            none("Extra", 4500.0),
            row("Press", 0.0, 4810.0),
            none("Omission", 5710.0),
        ]
    );
    let false_starts = [Down(1900.0, 0), Down(2000.0, 0), Down(2050.0, 0), Down(2400.0, 0)];
    assert_eq!(
        judged(&plan, &false_starts)[..4],
        [
            none("FalseStart", 1900.0),
            none("FalseStartAgain", 2000.0),
            none("FalseStartAgain", 2050.0),
            row("Press", 0.0, 2400.0)
        ]
    );
}

#[test]
fn a_rhythm_is_paired_by_order_and_a_missing_onset_is_an_omission() {
    let level = level("Rhythm(unit_ms: 300, length: 3)");
    // 300, 300, 600
    let body = drawn(&level, 0, &[0.0]);
    let ends = body.length.as_ms();
    let plan = plan(&level, body);
    let reply = plan.count_in_ends.as_ms();
    let t = |ms: f64| Nanos::from_ms(reply + ms).as_ms();
    let play = |onsets: &[f64]| judged(&plan, &onsets.iter().map(|ms| Down(t(*ms), 0)).collect::<Vec<_>>());
    let told = play(&[500.0, 830.0, 1100.0, 1700.0]);
    assert_eq!(told[0], none("Begins", t(500.0)));
    let errors: Vec<f64> = told[1..].iter().map(|(_, error, _)| error.unwrap()).collect();
    assert!((errors[0] - 10.0).abs() < 1e-6 && (errors[1] + 10.0).abs() < 1e-6 && errors[2].abs() < 1e-6, "{errors:?}");
    assert_eq!(
        play(&[500.0, 800.0]),
        [none("Begins", t(500.0)), row("Press", 0.0, t(800.0)), row("Omission", 0.0, ends), row("Omission", 0.0, ends)]
    );
    assert_eq!(play(&[]).len(), 3);
    let over = play(&[500.0, 800.0, 1100.0, 1700.0, 2000.0]);
    // an extra one is as far from its nearest as 300 ms are of the last interval
    assert_eq!((over.len(), over[4].0.as_str()), (5, "Extra"));
    assert!((over[4].1.unwrap() - 50.0).abs() < 1e-6);
    assert_eq!(play(&[-100.0])[0].0, "CountIn");
}

#[test]
fn an_interval_is_judged_by_the_second_press_alone() {
    let level = level("IntervalReproduction(mean_ms: 800, range: 0)");
    let plan = plan(&level, drawn(&level, 0, &[0.5]));
    let reply = 1000.0 + 800.0 + 700.0;
    assert_eq!(
        judged(&plan, &[Down(reply + 90.0, 0), Up(reply + 150.0, 0), Down(reply + 830.0, 0)]),
        [none("Begins", reply + 90.0), row("Press", -60.0, reply + 830.0)]
    );
    assert_eq!(judged(&plan, &[]), [none("Omission", plan.length.as_ms())]);
}

#[test]
fn a_hold_is_judged_when_it_is_let_go() {
    let level = level("Hold(duration_ms: 800, vary: 0)");
    let plan = plan(&level, drawn(&level, 0, &[0.5]));
    let turn = 1000.0 + 800.0 + 600.0;
    assert_eq!(
        judged(&plan, &[Down(turn + 200.0, 0), Up(turn + 950.0, 0)]),
        [none("Begins", turn + 200.0), row("Release", -50.0, turn + 950.0)]
    );
    // another key does not end it; one that is never let go is an omission
    assert_eq!(
        judged(&plan, &[Down(turn + 200.0, 0), Up(turn + 950.0, 1)]),
        [none("Begins", turn + 200.0), none("Omission", plan.length.as_ms())]
    );
    // pressed in the count-in, it has not begun
    assert_eq!(judged(&plan, &[Down(turn - 200.0, 0), Up(turn + 950.0, 0)])[0].0, "CountIn");
}

#[test]
fn letting_go_far_too_soon_is_a_false_start_and_can_be_taken_up_again() {
    let level = level("ReleaseTiming(way_ms: 900, ready_ms: 1500, jitter_ms: 0)");
    let plan = plan(&level, drawn(&level, 0, &[0.5]));
    assert_eq!(judged(&plan, &[Down(500.0, 0), Up(2430.0, 0)]), [none("Begins", 500.0), row("Release", 30.0, 2430.0)]);
    assert_eq!(
        judged(&plan, &[Down(500.0, 0), Up(1200.0, 0), Down(1300.0, 0), Up(2390.0, 0)]),
        [none("Begins", 500.0), none("FalseStart", 1200.0), none("Begins", 1300.0), row("Release", -10.0, 2390.0)]
    );
    // never taken hold of, or never let go: given up half an interval after it was due
    for does in [&[][..], &[Down(500.0, 0)]] {
        assert_eq!(judged(&plan, does).last(), Some(&none("Omission", 2712.5)));
    }
}

#[test]
fn a_reaction_is_late_or_no_error_at_all() {
    let level = level("GoStop(wait_ms: (1200, 1200), stops: 0.25)");
    let go = plan(&level, drawn(&level, 0, &[0.5]));
    // 450 ms are usual before anything is known
    for (t, expected) in [(1640.0, row("Press", 0.0, 1640.0)), (1700.0, row("Press", 50.0, 1700.0))] {
        assert_eq!(judged(&go, &[Down(t, 0)]), [expected]);
    }
    assert_eq!(judged(&go, &[Down(1299.0, 0)]), [none("FalseStart", 1299.0)], "99 ms after the signal");
    assert_eq!(judged(&go, &[Down(1300.0, 0)]), [row("Press", 0.0, 1300.0)]);
    assert_eq!(judged(&go, &[Down(900.0, 0)])[0], none("FalseStart", 900.0));
    assert_eq!(judged(&go, &[]), [none("Omission", 1962.5)]);
    let stop = plan(&level, drawn(&level, 0, &[0.1]));
    assert_eq!(judged(&stop, &[]), [], "withheld");
    assert_eq!(judged(&stop, &[Down(1600.0, 0)]), [none("StopResponse", 1600.0)]);
}

#[test]
fn in_a_sequence_a_wrong_lane_takes_its_item() {
    let level = level("Sequence(lanes: 3, order: [0, 1, 2], length: 3, rounds: 1)");
    let plan = plan(&level, drawn(&level, 0, &[0.5]));
    let due: Vec<f64> = plan.targets.iter().map(|target| target.at.as_ms()).collect();
    let told = judged(
        &plan,
        &[Down(due[0] + 25.0, 0), Down(due[1] - 40.0, 2), Down(due[1] + 10.0, 1), Down(due[2] - 400.0, 2)],
    );
    assert_eq!(
        told,
        [
            row("Press", 25.0, due[0] + 25.0),
            row("WrongLane", -40.0, due[1] - 40.0),
            none("Extra", due[1] + 10.0),
            // whoever knows what comes may be as fast as they like
            row("Press", 0.0, due[2] - 400.0),
        ]
    );
}

#[test]
fn an_excursion_is_the_largest_way_past_the_nearer_edge_since_the_gate_before() {
    let level = level("SteadyHand(width: 0.4, gate_ms: 1000, gates: 3, wind: 0)");
    let plan = plan(&level, drawn(&level, 0, &[0.5]));
    let errors = |does: &[Does]| -> Vec<f64> {
        judged(&plan, does).into_iter().filter_map(|(what, error, _)| (what == "Excursion").then_some(error?)).collect()
    };
    let close = |found: Vec<f64>, expected: [f64; 3]| {
        assert!(
            found.len() == 3 && found.iter().zip(expected).all(|(a, b)| (a - b).abs() < 1e-9),
            "{found:?} {expected:?}"
        );
    };
    // straight on, half a width of 0.2 to either side; gates at 2500, 3500, 4500
    close(errors(&[]), [0.0, 0.0, 0.0]);
    close(errors(&[Stick(2600.0, 0.19), Stick(3600.0, -0.3), Stick(3700.0, 0.0)]), [0.0, 0.0, -25.0]);
    close(errors(&[Stick(2600.0, 0.24), Stick(2700.0, 0.0)]), [0.0, 10.0, 0.0]);
    // what lasts over a gate counts on both sides of it
    close(errors(&[Stick(3400.0, 0.28), Stick(3600.0, 0.0)]), [0.0, 20.0, 20.0]);
    let verdicts = judged(&plan, &[Stick(2600.0, -0.24)]);
    assert_eq!((verdicts[1].0.as_str(), verdicts[1].2), ("Excursion", 3500.0));
    // a press means nothing here
    assert_eq!(judged(&plan, &[Down(2600.0, 0)])[1].0, format!("{:?}", Ignored::Unasked));
}

#[test]
fn where_a_path_winds_its_bends_are_looked_at() {
    let level = level("SteadyHand(width: 0.4, gate_ms: 1000, gates: 2, wind: 0.5)");
    // to the left by half, and there
    let plan = plan(&level, drawn(&level, 0, &[0.0, 1.0, 0.9]));
    let centres: Vec<f64> = plan.terms.path.iter().map(|point| point.centre).collect();
    assert_eq!(centres[..3], [0.0, 0.0, -0.5]);
    // a stick that stays in the middle is 0.3 past the right edge at the gate: 75 %
    let first = judged(&plan, &[]).remove(0);
    assert!((first.1.unwrap() - 75.0).abs() < 1e-9, "{first:?}");
}

#[test]
fn a_held_note_is_judged_twice_and_a_missed_one_once() {
    let level = level("Chart(lanes: 2, targets: [(0, 0, 400000), (1000000, 1, 0)])");
    let plan = plan(&level, drawn(&level, 0, &[0.5]));
    assert_eq!(
        judged(&plan, &[Down(1990.0, 0), Up(2420.0, 0), Down(3000.0, 1), Up(3050.0, 1)]),
        [row("Press", -10.0, 2010.0), row("Release", 20.0, 2420.0), row("Press", 0.0, 3000.0)]
    );
    // let go before anything could be final
    assert_eq!(
        judged(&plan, &[Down(1990.0, 0), Up(2005.0, 0), Down(3000.0, 1)])[..2],
        [row("Press", -10.0, 2010.0), row("Release", -395.0, 2010.0)]
    );
    // held on: given up half an interval after it was due
    assert_eq!(
        judged(&plan, &[Down(2000.0, 0), Down(3000.0, 1)])[..2],
        [row("Press", 0.0, 2000.0), none("Omission", 2712.5)]
    );
    assert_eq!(judged(&plan, &[Down(3000.0, 1)]).len(), 2, "no release besides the omission");
}

#[test]
fn sides_are_early_for_short_and_left() {
    let level = level("Hold(duration_ms: 800, vary: 0)");
    let plan = plan(&level, drawn(&level, 0, &[0.5]));
    let mut judge = TrialJudge::new(&plan, TrialClock { origin: HostTime(0), rate_ppb: 0 });
    let (device, source) = (DeviceId(0), TimeSource::Scripted);
    judge.press(Press { t: at(2500.0), err: Nanos::ZERO, source, device, lane: Lane(0), control: 0, seq: 0 });
    judge.release(Release { t: at(3200.0), device, lane: Lane(0), control: 0, seq: 1, cause: ReleaseCause::Released });
    let verdicts = judge.advance(HostTime::DISTANT_FUTURE);
    let Some(Outcome::Verdict(verdict)) = verdicts.last() else { panic!("{verdicts:?}") };
    assert_eq!((verdict.kind, verdict.side, verdict.e), (EventKind::Release, Side::Early, Some(Nanos::ms(-100))));
    assert!(matches!(plan.targets[1].role, Role::ReleaseAfter { .. }));
}

#[test]
fn seventy_thousand_targets_are_judged_in_pieces() {
    let mut text = String::from("Chart(lanes: 1, heard: false, targets: [");
    for n in 0..70_000_i64 {
        text += &format!("({}, 0, 0),", n * 50_000);
    }
    text += "])";
    let level = level(&text);
    let plan = plan(&level, drawn(&level, 0, &[0.5]));
    let mut judge = TrialJudge::new(&plan, TrialClock { origin: HostTime(0), rate_ppb: 0 });
    let (mut pressed, mut asynchronies) = (0, 0.0);
    for (n, target) in plan.targets.iter().enumerate() {
        let t = HostTime(target.at.0) + Nanos::from_ms(if n.is_multiple_of(2) { 3.0 } else { -3.0 });
        let (device, source) = (DeviceId(0), TimeSource::Scripted);
        judge.press(Press { t, err: Nanos::ZERO, source, device, lane: Lane(0), control: 0, seq: n as u64 });
        for outcome in judge.advance(t) {
            let Outcome::Verdict(verdict) = outcome else { panic!("{outcome:?}") };
            assert_eq!(verdict.kind, EventKind::Press);
            pressed += 1;
            asynchronies += verdict.e.map_or(0.0, |e| e.as_ms().abs());
        }
    }
    pressed += judge.advance(HostTime::DISTANT_FUTURE).len();
    assert_eq!(pressed, 70_000);
    assert!((asynchronies / 3.0 - 70_000.0).abs() < 3.0, "{asynchronies}");
    assert_eq!(judge.shift_ambiguity(), None);
}
