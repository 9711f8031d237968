//! One trial and its presses, row by row.

use proptest::prelude::*;

use super::*;
use crate::{
    event::{DeviceId, Stage, Target, Terms, TimeSource},
    level::window,
};

const KEY_F: u16 = 33;

/// A trial at host time 0 whose targets are (ms, lane).
fn plan(interval_ms: i64, targets: &[(f64, u8)], stop: bool) -> TrialPlan {
    let interval = Nanos::ms(interval_ms);
    let target = |(i, &(ms, lane)): (usize, &(f64, u8))| Target {
        id: TargetId(i as u32),
        at: Nanos::from_ms(ms),
        lane: Lane(lane),
        stop,
        ..Target::default()
    };
    TrialPlan {
        trial: TrialId(0),
        retry_of: None,
        window_was_open: false,
        not_before: HostTime(0),
        cues: Vec::new(),
        targets: targets.iter().enumerate().map(target).collect(),
        length: Nanos::from_ms(targets.last().map_or(0.0, |last| last.0)) + interval,
        interval,
        window: window(interval),
        goal_ms: 20.0,
        tol_ms: 50.0,
        rung: 0,
        count_in_ends: Nanos::ms(100),
        running: true,
        stage: Stage::Bell { ioi: interval },
        terms: Terms::default(),
        t: HostTime(0),
    }
}

fn clock() -> TrialClock {
    TrialClock { origin: HostTime(0), rate_ppb: 0 }
}

fn at(ms: f64) -> HostTime {
    HostTime(Nanos::from_ms(ms).0)
}

/// Presses of one scripted key a lane at (ms, lane), in order of arrival.
fn presses(at_ms: &[(f64, u8)]) -> Vec<Press> {
    let press = |(i, &(ms, lane)): (usize, &(f64, u8))| Press {
        t: at(ms),
        err: Nanos::ZERO,
        source: TimeSource::Scripted,
        device: DeviceId(0),
        lane: Lane(lane),
        control: KEY_F + u16::from(lane),
        seq: i as u64,
    };
    at_ms.iter().enumerate().map(press).collect()
}

/// One key's presses on lane 0 by a tap of its own kind.
fn tapped(source: TimeSource, at_ms: &[f64]) -> Vec<Press> {
    let mut presses = presses(&at_ms.iter().map(|&ms| (ms, 0)).collect::<Vec<_>>());
    presses.iter_mut().for_each(|press| press.source = source);
    presses
}

fn judged(plan: &TrialPlan, presses: &[Press]) -> Vec<Outcome> {
    let mut judge = TrialJudge::new(plan, clock());
    for &press in presses {
        judge.press(press).expect("nothing is settled yet");
    }
    judge.advance(HostTime::DISTANT_FUTURE)
}

/// An outcome in brief: what, target, e, verdict time, in ms.
#[derive(Debug, PartialEq)]
struct Brief(&'static str, Option<u32>, Option<f64>, f64);

fn brief(outcome: &Outcome) -> Brief {
    let what = match outcome {
        Outcome::Ignored { why, .. } => match why {
            Ignored::Bounce => "bounce",
            Ignored::CountIn => "count-in",
            Ignored::Paused => "between",
            Ignored::FalseStartAgain => "false start again",
            Ignored::Void => "void",
            Ignored::Late => "late",
            Ignored::Begins | Ignored::Unasked => unreachable!("every target here is a press"),
        },
        Outcome::Verdict(verdict) => match verdict.kind {
            EventKind::Release | EventKind::Excursion => unreachable!("nothing is held here"),
            EventKind::StopResponse => "stop",
            EventKind::WrongLane => "wrong lane",
            EventKind::FalseStart => "false start",
            EventKind::Press => "press",
            EventKind::Pair => "pair",
            EventKind::Omission => "omission",
            EventKind::Extra => "extra",
        },
    };
    let t = Nanos(outcome.t().0).as_ms();
    match outcome {
        Outcome::Ignored { .. } => Brief(what, None, None, t),
        Outcome::Verdict(v) => Brief(what, v.target.map(|id| id.0), v.e.map(Nanos::as_ms), t),
    }
}

fn briefs(plan: &TrialPlan, presses: &[Press]) -> Vec<Brief> {
    judged(plan, presses).iter().map(brief).collect()
}

/// Lane 0 only.
fn one_lane(ms: &[f64]) -> Vec<(f64, u8)> {
    ms.iter().map(|&ms| (ms, 0)).collect()
}

fn the_verdict(plan: &TrialPlan, presses: &[Press], kind: EventKind) -> Verdict {
    let of_kind = |outcome: Outcome| match outcome {
        Outcome::Verdict(verdict) if verdict.kind == kind => Some(verdict),
        _ => None,
    };
    let mut found: Vec<_> = judged(plan, presses).into_iter().filter_map(of_kind).collect();
    assert_eq!(found.len(), 1, "{kind:?}: {found:?}");
    found.remove(0)
}

#[test]
fn row_stop_a_response_on_a_stop_trial_is_early() {
    let plan = plan(500, &[(1000.0, 0)], true);
    let verdict = the_verdict(&plan, &presses(&[(1070.0, 0)]), EventKind::StopResponse);
    assert_eq!((verdict.side, verdict.t, verdict.distance), (Side::Early, at(1070.0), Nanos::ms(70)));
    assert_eq!((verdict.target, verdict.e), (Some(TargetId(0)), None));
    // Wherever in the trial it comes; and a second one is a second event.
    assert_eq!(
        briefs(&plan, &presses(&[(200.0, 0), (1300.0, 0)])),
        [Brief("stop", Some(0), None, 200.0), Brief("extra", None, None, 1300.0)]
    );
}

#[test]
fn row_stop_a_withheld_response_is_no_event() {
    assert_eq!(judged(&plan(500, &[(1000.0, 0)], true), &[]), []);
}

#[test]
fn row_wrong_lane_takes_the_target_it_is_nearest_to() {
    let plan = plan(500, &[(1000.0, 0), (1500.0, 1)], false);
    let verdict = the_verdict(&plan, &presses(&[(960.0, 1), (1500.0, 1)]), EventKind::WrongLane);
    assert_eq!((verdict.side, verdict.e, verdict.t), (Side::Early, Some(Nanos::ms(-40)), at(960.0)));
    assert_eq!(
        briefs(&plan, &presses(&[(960.0, 1), (1500.0, 1)])),
        [Brief("wrong lane", Some(0), Some(-40.0), 960.0), Brief("press", Some(1), Some(0.0), 1500.0)],
        "no omission besides"
    );
    assert_eq!(
        briefs(&plan, &presses(&[(1020.0, 1), (1500.0, 1)]))[0],
        Brief("wrong lane", Some(0), Some(20.0), 1020.0)
    );
}

#[test]
fn row_wrong_lane_the_first_response_counts() {
    let plan = plan(500, &[(1000.0, 0), (1500.0, 1)], false);
    assert_eq!(
        briefs(&plan, &presses(&[(980.0, 1), (1030.0, 0), (1500.0, 1)])),
        [
            Brief("wrong lane", Some(0), Some(-20.0), 980.0),
            Brief("extra", None, None, 1250.0),
            Brief("press", Some(1), Some(0.0), 1500.0),
        ]
    );
    // A target that its own lane has answered cannot be taken any more.
    assert_eq!(
        briefs(&plan, &presses(&[(980.0, 0), (1030.0, 1), (1500.0, 1)])),
        [
            Brief("press", Some(0), Some(-20.0), 1020.0),
            Brief("extra", None, None, 1030.0),
            Brief("press", Some(1), Some(0.0), 1500.0),
        ]
    );
}

#[test]
fn row_false_start_once_a_trial_and_not_in_the_count_in() {
    let plan = plan(500, &[(1000.0, 0)], false);
    assert_eq!(
        briefs(&plan, &presses(&[(100.0, 0), (101.0, 0), (400.0, 0), (799.9, 0), (1000.0, 0)])),
        [
            Brief("count-in", None, None, 100.0),
            Brief("false start", None, None, 101.0),
            Brief("false start again", None, None, 400.0),
            Brief("false start again", None, None, 799.9),
            Brief("press", Some(0), Some(0.0), 1000.0),
        ]
    );
    let verdict = the_verdict(&plan, &presses(&[(400.0, 0), (1000.0, 0)]), EventKind::FalseStart);
    assert_eq!((verdict.side, verdict.distance, verdict.due), (Side::Early, Nanos::ms(-600), None));
}

#[test]
fn row_false_start_ends_where_the_window_begins() {
    let plan = plan(500, &[(1000.0, 0)], false);
    assert_eq!(briefs(&plan, &presses(&[(800.0, 0)])), [Brief("press", Some(0), Some(-200.0), 1200.0)]);
    // Within half an interval of the omitted target, but a false start by the first row that fits.
    assert_eq!(
        briefs(&plan, &presses(&[(799.0, 0)])),
        [Brief("false start", None, None, 799.0), Brief("omission", Some(0), None, 1250.0)]
    );
}

#[test]
fn row_press_has_the_sign_of_its_asynchrony() {
    let plan = plan(500, &[(1000.0, 0)], false);
    let side = |ms| the_verdict(&plan, &presses(&[(ms, 0)]), EventKind::Press).side;
    assert_eq!((side(999.0), side(1000.0), side(1001.0)), (Side::Early, Side::Late, Side::Late));
}

#[test]
fn row_pair_an_omission_and_an_extra_are_one_error() {
    let plan = plan(500, &[(1000.0, 0), (1500.0, 0)], false);
    assert_eq!(
        briefs(&plan, &presses(&[(1000.0, 0), (1280.0, 0)])),
        [Brief("press", Some(0), Some(0.0), 1000.0), Brief("pair", Some(1), Some(-220.0), 1750.0)]
    );
    assert_eq!(
        briefs(&plan, &presses(&[(1205.0, 0), (1500.0, 0)])),
        [Brief("pair", Some(0), Some(205.0), 1250.0), Brief("press", Some(1), Some(0.0), 1500.0)]
    );
    // Exactly half an interval is within; a nanosecond more is not.
    let alone = plan_alone();
    let late = |ms: f64| briefs(&alone, &presses(&[(ms, 0)]));
    assert_eq!(late(1250.0), [Brief("pair", Some(0), Some(250.0), 1250.0)]);
    assert_eq!(
        late(1_250.000_001),
        [Brief("omission", Some(0), None, 1250.0), Brief("extra", None, None, 1_250.000_001)]
    );
}

fn plan_alone() -> TrialPlan {
    plan(500, &[(1000.0, 0)], false)
}

#[test]
fn row_omission_is_late_and_given_up_after_window_or_half_interval() {
    let verdict = the_verdict(&plan_alone(), &[], EventKind::Omission);
    assert_eq!((verdict.side, verdict.t, verdict.e), (Side::Late, at(1250.0), None));
    assert_eq!((verdict.target, verdict.due, verdict.press), (Some(TargetId(0)), Some(at(1000.0)), None));
    // I = 1500: w is 250 ms, I / 2 is 750 ms.
    assert_eq!(briefs(&plan(1500, &[(2000.0, 0)], false), &[]), [Brief("omission", Some(0), None, 2750.0)]);
}

#[test]
fn row_extra_goes_to_the_side_of_the_nearest_target() {
    let plan = plan(500, &[(1000.0, 0), (1500.0, 0)], false);
    let extra = |ms| the_verdict(&plan, &presses(&[(1000.0, 0), (ms, 0), (1500.0, 0)]), EventKind::Extra);
    let early = extra(1440.0);
    assert_eq!((early.side, early.distance), (Side::Early, Nanos::ms(-60)));
    assert_eq!((early.target, early.e, early.t), (None, None, at(1750.0)), "it could have been the answer to 1500");
    let late = extra(1110.0);
    assert_eq!((late.side, late.distance, late.t), (Side::Late, Nanos::ms(110), at(1250.0)));
}

#[test]
fn a_late_press_is_final_at_once_and_an_early_one_when_none_can_come_nearer() {
    let plan = plan_alone();
    let mut judge = TrialJudge::new(&plan, clock());
    judge.press(presses(&[(970.0, 0)])[0]);
    assert_eq!(judge.advance(at(1030.0)), [], "a press at 1029 could still take the target");
    assert_eq!(judge.settled(), at(1030.0));
    let given = judge.advance(at(1030.0) + Nanos(1));
    assert_eq!(given.iter().map(brief).collect::<Vec<_>>(), [Brief("press", Some(0), Some(-30.0), 1030.0)]);

    let mut judge = TrialJudge::new(&plan, clock());
    judge.press(presses(&[(1030.0, 0)])[0]);
    assert_eq!(judge.advance(at(1030.0)), []);
    assert_eq!(judge.advance(at(1030.0) + Nanos(1)).len(), 1);
}

#[test]
fn a_nearer_press_takes_the_target_until_then() {
    assert_eq!(
        briefs(&plan_alone(), &presses(&[(950.0, 0), (1020.0, 0)])),
        [Brief("press", Some(0), Some(20.0), 1020.0), Brief("extra", None, None, 1250.0)]
    );
    assert_eq!(
        briefs(&plan_alone(), &presses(&[(950.0, 0), (1050.0, 0)])),
        [Brief("press", Some(0), Some(-50.0), 1050.0), Brief("extra", None, None, 1250.0)],
        "a tie keeps the earlier press"
    );
}

#[test]
fn a_mark_moves_at_once() {
    let mut judge = TrialJudge::new(&plan_alone(), clock());
    let [near, far] = presses(&[(1012.0, 0), (600.0, 0)])[..] else { unreachable!() };
    assert_eq!(judge.press(near), Some(Mark { press: near, target: Some(TargetId(0)), e: Some(Nanos::ms(12)) }));
    assert_eq!(judge.press(far), Some(Mark { press: far, target: None, e: None }));
}

#[test]
fn a_press_behind_the_watermark_changes_nothing() {
    let mut judge = TrialJudge::new(&plan_alone(), clock());
    assert_eq!(judge.advance(at(1300.0)).len(), 1);
    assert_eq!(judge.press(presses(&[(1000.0, 0)])[0]), None);
    assert_eq!(judge.advance(HostTime::DISTANT_FUTURE), []);
    assert!(judge.finished());
}

#[test]
fn bounce_is_one_key_within_5_ms_on_a_real_device() {
    let real = |ms: &[f64]| briefs(&plan_alone(), &tapped(TimeSource::X11, ms));
    assert_eq!(
        real(&[1000.0, 1005.0]),
        [Brief("press", Some(0), Some(0.0), 1000.0), Brief("bounce", None, None, 1005.0)]
    );
    assert_eq!(
        real(&[1000.0, 1_005.000_001]),
        [Brief("press", Some(0), Some(0.0), 1000.0), Brief("extra", None, None, 1250.0)]
    );
    let scripted = briefs(&plan_alone(), &tapped(TimeSource::Scripted, &[1000.0, 1003.0]));
    assert_eq!(scripted, [Brief("press", Some(0), Some(0.0), 1000.0), Brief("extra", None, None, 1250.0)]);
}

#[test]
fn bounce_is_judged_by_key() {
    let mut two_keys = tapped(TimeSource::X11, &[1000.0, 1003.0]);
    two_keys[1].control += 1;
    assert_eq!(briefs(&plan_alone(), &two_keys)[1], Brief("extra", None, None, 1250.0));
    let mut two_devices = tapped(TimeSource::Gilrs, &[1000.0, 1003.0]);
    two_devices[1].device = DeviceId(1);
    assert_eq!(briefs(&plan_alone(), &two_devices)[1], Brief("extra", None, None, 1250.0));
}

#[test]
fn bounce_spares_a_press_with_a_target_of_its_own() {
    let close = plan(150, &[(1000.0, 0), (1004.0, 0)], false);
    assert_eq!(
        briefs(&close, &tapped(TimeSource::X11, &[1000.0, 1004.0])),
        [Brief("press", Some(0), Some(0.0), 1079.0), Brief("press", Some(1), Some(0.0), 1079.0)]
    );
}

const A16_TARGETS: [f64; 5] = [1000.0, 1500.0, 2000.0, 3000.0, 3006.0];
const A16_DOWN: [f64; 5] = [1004.3, 1511.9, 1987.65, 3000.0, 3006.0];

/// Delivers presses in frames of a length, each frame's watermark at its end; `stall` swallows frames.
fn in_frames(plan: &TrialPlan, presses: &[Press], frame_ms: f64, stall: impl Fn(f64) -> bool) -> Vec<Outcome> {
    let mut judge = TrialJudge::new(plan, clock());
    let mut outcomes = Vec::new();
    let mut waiting = presses.to_vec();
    let mut frame = 1.0;
    while !judge.finished() {
        let now = frame * frame_ms;
        frame += 1.0;
        if stall(now) {
            continue;
        }
        let (delivered, later): (Vec<_>, _) = waiting.into_iter().partition(|press| press.t < at(now));
        waiting = later;
        delivered.into_iter().rev().for_each(|press| assert!(judge.press(press).is_some()));
        outcomes.extend(judge.advance(at(now)));
    }
    outcomes
}

#[test]
fn a16_the_same_at_any_frame_rate_and_through_a_stall() {
    let plan = plan(500, &one_lane(&A16_TARGETS), false);
    let presses = tapped(TimeSource::X11, &A16_DOWN);
    let whole = judged(&plan, &presses);
    let e: Vec<_> = whole.iter().filter_map(|o| brief(o).2).collect();
    assert_eq!(e, [4.3, 11.9, -12.35, 0.0, 0.0]);
    assert_eq!(whole.len(), 5, "5 hits and nothing else");
    for hz in [30.0, 60.0, 144.0, 240.0] {
        assert_eq!(in_frames(&plan, &presses, 1000.0 / hz, |_| false), whole, "{hz} Hz");
    }
    let stall = |now: f64| (1400.0..1600.0).contains(&now) || (2900.0..3100.0).contains(&now);
    assert_eq!(in_frames(&plan, &presses, 1000.0 / 60.0, stall), whole, "with a 200 ms stall");
}

#[test]
fn a17_beyond_the_window_is_no_match() {
    // w = 60 ms; half an interval is 75 ms, so what just fails to match is told as a pair.
    let plan = plan(150, &[(500.0, 0)], false);
    let kinds = [439.6, 439.999, 440.0, 559.6, 560.0, 560.4].map(|ms| brief(&judged(&plan, &presses(&[(ms, 0)]))[0]));
    let kinds = kinds.map(|brief| (brief.0, brief.2));
    // An early one is a false start: this target is the trial's first.
    let expected = [
        ("false start", None),
        ("false start", None),
        ("press", Some(-60.0)),
        ("press", Some(59.6)),
        ("press", Some(60.0)),
        ("pair", Some(60.4)),
    ];
    assert_eq!(kinds, expected);
}

#[test]
fn a18_two_targets_inside_one_window_wait_for_each_other() {
    let plan = plan(250, &one_lane(&[1000.0, 1080.0]), false);
    let of = |ms: &[f64]| briefs(&plan, &presses(&one_lane(ms)));
    let closed = 1080.0 + 125.0;
    assert_eq!(
        of(&[1075.0]),
        [Brief("omission", Some(0), None, closed), Brief("press", Some(1), Some(-5.0), closed)],
        "S1"
    );
    assert_eq!(
        of(&[1075.0, 1095.0]),
        [Brief("press", Some(0), Some(75.0), closed), Brief("press", Some(1), Some(15.0), closed)],
        "S2"
    );
    assert_eq!(
        of(&[930.0, 1005.0, 1085.0]),
        [
            Brief("extra", None, None, closed),
            Brief("press", Some(0), Some(5.0), closed),
            Brief("press", Some(1), Some(5.0), closed),
        ],
        "S3"
    );
}

#[test]
fn a19_a_held_key_is_one_press() {
    // The taps deliver no repeats: down at 900 is all that the judge sees. It lies before the first window.
    let plan = plan(150, &one_lane(&[1000.0, 1500.0, 2000.0]), false);
    assert_eq!(
        briefs(&plan, &presses(&[(900.0, 0)])),
        [
            Brief("false start", None, None, 900.0),
            Brief("omission", Some(0), None, 1075.0),
            Brief("omission", Some(1), None, 1575.0),
            Brief("omission", Some(2), None, 2075.0),
        ]
    );
}

#[test]
fn a19_a_press_belongs_to_the_trial_of_its_time() {
    let plan = plan_alone();
    let judge = TrialJudge::new(&plan, clock());
    assert_eq!(judge.ends(), at(1500.0));
    assert_eq!(
        briefs(&plan, &presses(&[(1000.0, 0), (1_500.000_001, 0)]))[1],
        Brief("between", None, None, 1_500.000_001)
    );
}

#[test]
fn a27_a_chord_is_three_hits_in_any_order_of_arrival() {
    let plan = plan(500, &[(1000.0, 0), (1000.0, 1), (1000.0, 2)], false);
    let orders = [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]];
    for last in [1002.0, 1002.4] {
        let chord = presses(&[(1002.0, 0), (1002.0, 1), (last, 2)]);
        let whole = judged(&plan, &chord);
        let e: Vec<_> = whole.iter().map(|outcome| (brief(outcome).0, brief(outcome).2)).collect();
        assert_eq!(
            e,
            [("press", Some(2.0)), ("press", Some(2.0)), ("press", Some(libm::round((last - 1000.0) * 10.0) / 10.0))]
        );
        for order in orders {
            let mut arrived = order.map(|i| chord[i]);
            // The order of arrival is what `seq` says; the judgement may not look at it.
            arrived.iter_mut().zip(0..).for_each(|(press, seq)| press.seq = seq);
            let mut outcomes = judged(&plan, &arrived);
            for outcome in &mut outcomes {
                if let Outcome::Verdict(Verdict { press: Some(press), .. }) = outcome {
                    press.seq = u64::from(press.lane.0);
                }
            }
            assert_eq!(outcomes, whole, "{order:?}");
        }
    }
}

#[test]
fn m4_in_a_trial() {
    let plan = plan(500, &one_lane(&[1000.0, 1500.0, 2000.0, 2500.0, 3000.0]), false);
    let presses = presses(&one_lane(&[600.0, 985.0, 1495.0, 2002.0, 2490.0, 3030.0]));
    let e: Vec<_> = judged(&plan, &presses).iter().map(|o| (brief(o).0, brief(o).2)).collect();
    let press = |e| ("press", Some(e));
    assert_eq!(e, [("false start", None), press(-15.0), press(-5.0), press(2.0), press(-10.0), press(30.0)]);
}

#[test]
fn m5_a_phrase_half_an_interval_off_is_flagged() {
    let beats = [1000.0, 1500.0, 2000.0, 2500.0, 3000.0];
    let flag = |off: f64| {
        let mut judge = TrialJudge::new(&plan(500, &one_lane(&beats), false), clock());
        presses(&beats.map(|ms| (ms + off, 0))).into_iter().for_each(|press| assert!(judge.press(press).is_some()));
        judge.shift_ambiguity()
    };
    // Beyond the window of 200 ms: four pairs of −240 and what is left at both ends; the truth is +260.
    assert_eq!(flag(260.0), Some(-1));
    assert_eq!(flag(20.0), None);
}

/// Targets (ms, lane) that lie close, far and midway, in two lanes, some of them to be withheld.
fn any_trial() -> impl Strategy<Value = TrialPlan> {
    let targets = prop::collection::vec((0_u16..60, 0_u8..2, prop::bool::weighted(0.15)), 1..7);
    (targets, prop::sample::select(vec![100_i64, 240, 500])).prop_map(|(mut targets, interval_ms)| {
        targets.sort_unstable();
        let places: Vec<_> = targets.iter().map(|&(at, lane, _)| (400.0 + f64::from(at) * 25.0, lane)).collect();
        let mut plan = plan(interval_ms, &places, false);
        plan.targets.iter_mut().zip(&targets).for_each(|(target, from)| target.stop = from.2);
        plan
    })
}

/// Presses on a grid of 12.5 ms, so that ties and midpoints are common; some 2.5 ms after, as bounce is.
fn any_presses() -> impl Strategy<Value = Vec<Press>> {
    let press = (0_u16..170, 0_u8..3, any::<bool>(), any::<bool>());
    prop::collection::vec(press, 0..14).prop_map(|drawn| {
        let press = |(i, &(at_grid, lane, off, real)): (usize, &(u16, u8, bool, bool))| Press {
            t: at(f64::from(at_grid) * 12.5 + if off { 2.5 } else { 0.0 }),
            err: Nanos::ZERO,
            source: if real { TimeSource::X11 } else { TimeSource::Scripted },
            device: DeviceId(0),
            lane: Lane(lane),
            control: KEY_F + u16::from(lane),
            seq: i as u64,
        };
        drawn.iter().enumerate().map(press).collect()
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(10_000))]

    /// A verdict before any watermark follows from the presses before that watermark: no later one changes it.
    #[test]
    fn any_delivery_gives_equal_verdicts(
        plan in any_trial(),
        presses in any_presses(),
        cuts in prop::collection::vec(0_u32..2300, 0..50),
        shuffle in any::<u64>(),
    ) {
        let whole = judged(&plan, &presses);
        let mut cuts: Vec<_> = cuts.into_iter().map(|ms| at(f64::from(ms))).collect();
        cuts.sort_unstable();
        cuts.push(HostTime::DISTANT_FUTURE);
        let mut waiting = presses.clone();
        waiting.sort_by_key(|press| (press.seq + 1).wrapping_mul(shuffle | 1).rotate_left(17));
        let mut judge = TrialJudge::new(&plan, clock());
        let mut outcomes = Vec::new();
        for cut in cuts {
            let (delivered, later): (Vec<_>, _) = waiting.into_iter().partition(|press| press.t < cut);
            waiting = later;
            for press in delivered {
                prop_assert!(judge.press(press).is_some());
            }
            outcomes.extend(judge.advance(cut));
        }
        prop_assert_eq!(outcomes, whole);
    }

    #[test]
    fn every_press_and_every_target_is_one_event(plan in any_trial(), presses in any_presses()) {
        let outcomes = judged(&plan, &presses);
        let press = |outcome: &Outcome| match outcome {
            Outcome::Verdict(verdict) => verdict.press.map(|press| press.seq),
            Outcome::Ignored { press, .. } => Some(press.seq),
        };
        let mut seen: Vec<_> = outcomes.iter().filter_map(press).collect();
        seen.sort_unstable();
        prop_assert_eq!(seen, (0..presses.len() as u64).collect::<Vec<_>>());
        let target = |outcome: &Outcome| match outcome {
            Outcome::Verdict(verdict) => verdict.target,
            Outcome::Ignored { .. } => None,
        };
        let mut told: Vec<_> = outcomes.iter().filter_map(target).collect();
        told.sort_unstable();
        let told_once = told.windows(2).all(|two| two[0] != two[1]);
        prop_assert!(told_once, "{:?}", told);
        let asked = plan.targets.iter().filter(|target| !target.stop).map(|target| target.id);
        prop_assert!(asked.into_iter().all(|id| told.contains(&id)));
        prop_assert!(outcomes.windows(2).all(|two| two[0].t() <= two[1].t()));
    }
}
