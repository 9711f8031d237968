//! The effects are a function of the inputs alone: not of the order, the pace or the grouping in which they come.

use proptest::prelude::*;

use super::*;
use crate::{
    event::{DeviceId, Judged, Lane, TimeSource, Volley},
    time::{Nanos, TrialClock},
};

const BEAT: &str = "(version: 1, title: \"Beat\", aim: \"Tap\", trials: 3, seconds: 60,
    drill: SteadyBeat(ioi_ms: 500, beats: 8, count_in: 2))";
const START: HostTime = HostTime(3_000_000_000);

fn press(ms: f64, seq: u64) -> Press {
    Press {
        t: START + Nanos::from_ms(ms),
        err: Nanos::ZERO,
        source: TimeSource::Scripted,
        device: DeviceId(0),
        lane: Lane(0),
        control: 30,
        seq,
    }
}

/// How the same inputs reach a session.
#[derive(Clone, Debug)]
struct Delivery {
    /// Lengths of the pieces between watermarks, ms, used over and over.
    pieces: Vec<i64>,
    /// Within a piece presses come in this order: forwards, backwards, or halves swapped.
    shuffle: u8,
    /// Windows come after so many further pieces.
    window_lag: usize,
    /// From here on nothing comes for so long, ms.
    stall: (i64, i64),
}

const PLAIN: Delivery = Delivery { pieces: Vec::new(), shuffle: 0, window_lag: 0, stall: (0, 0) };

/// A made-up network: any function of the volley does.
fn answer(volley: &Volley) -> Input {
    let w = if volley.u > 1.4 { 0.9 } else { 0.1 };
    Input::Window { event: volley.event, w, dose: w * volley.u / 4.0 }
}

/// Plays a session of 60 s from presses and controls at set times.
fn deliver(presses: &[Press], controls: &[Input], delivery: &Delivery) -> Vec<Effect> {
    let level = Level::parse("beat", BEAT).unwrap();
    let mut session = Session::new(level, 2, Options::default());
    let mut effects = Vec::new();
    session.feed(Input::Watermark { t: START }, &mut effects);
    let mut told = 0;
    let mut windows: VecDeque<(usize, Input)> = VecDeque::new();
    let (mut now, mut piece) = (START, 0);
    let end = START + Nanos::ms(60_000);
    while (now < end || !windows.is_empty()) && !session.is_ended() {
        let ms = if delivery.pieces.is_empty() { 10 } else { delivery.pieces[piece % delivery.pieces.len()] };
        let mut next = now + Nanos::ms(ms);
        let (from, length) = (START + Nanos::ms(delivery.stall.0), Nanos::ms(delivery.stall.1));
        if now <= from && from < next {
            next = next.max(from + length);
        }
        next = next.min(end);
        let mut due: Vec<Input> =
            presses.iter().filter(|press| now <= press.t && press.t < next).map(|press| Input::Press(*press)).collect();
        match delivery.shuffle {
            1 => due.reverse(),
            2 => {
                let half = due.len() / 2;
                due.rotate_left(half);
            }
            _ => {}
        }
        due.extend(controls.iter().copied().filter(|control| match control {
            Input::Pause { t, .. } | Input::Resume { t } | Input::Stop { t } => now <= *t && *t < next,
            _ => false,
        }));
        due.push(Input::Watermark { t: next });
        for input in due {
            session.feed(input, &mut effects);
        }
        // anchors come at once and say where the plan asked to be, windows when they come
        loop {
            while let Some(effect) = effects.get(told) {
                told += 1;
                match effect {
                    Effect::Planned(plan) => {
                        let (trial, clock) = (plan.trial, TrialClock { origin: plan.not_before, rate_ppb: 0 });
                        session.feed(Input::Anchor { trial, clock }, &mut effects);
                    }
                    Effect::ClimbingFibreVolley(volley) => {
                        windows.push_back((piece + delivery.window_lag, answer(volley)))
                    }
                    _ => {}
                }
            }
            match windows.pop_front_if(|(when, _)| *when <= piece) {
                Some((_, window)) => session.feed(window, &mut effects),
                None => break,
            }
        }
        now = next;
        piece += 1;
    }
    effects.retain(|effect| !matches!(effect, Effect::Provisional { .. }));
    effects
}

fn judged(effects: &[Effect]) -> Vec<&Judged> {
    effects.iter().filter_map(|e| if let Effect::Judged(judged) = e { Some(judged) } else { None }).collect()
}

/// Presses about the first phrases: some near targets, some anywhere.
fn presses() -> impl Strategy<Value = Vec<Press>> {
    prop::collection::vec((0u32..50, -160.0..160.0f64, prop::bool::weighted(0.85)), 0..60).prop_map(|presses| {
        let mut at: Vec<f64> = presses
            .into_iter()
            .map(|(n, e, near)| f64::from(n) * 500.0 + if near { e } else { 2.0 * e + 250.0 })
            .collect();
        at.sort_by(f64::total_cmp);
        at.into_iter().filter(|ms| *ms >= 0.0).zip(0..).map(|(ms, seq)| press(ms, seq)).collect()
    })
}

fn deliveries() -> impl Strategy<Value = Delivery> {
    (prop::collection::vec(1i64..400, 1..6), 0u8..3, 0usize..12, (0i64..15_000, 0i64..5_000))
        .prop_map(|(pieces, shuffle, window_lag, stall)| Delivery { pieces, shuffle, window_lag, stall })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn effects_do_not_depend_on_delivery(presses in presses(), delivery in deliveries()) {
        prop_assert_eq!(deliver(&presses, &[], &PLAIN), deliver(&presses, &[], &delivery));
    }

    #[test]
    fn nor_do_they_around_a_pause(presses in presses(), delivery in deliveries(), at in 500i64..9_000, still in 1i64..4_000) {
        let controls = [
            Input::Pause { t: START + Nanos::ms(at), cause: Cause::Player },
            Input::Resume { t: START + Nanos::ms(at + still) },
        ];
        prop_assert_eq!(deliver(&presses, &controls, &PLAIN), deliver(&presses, &controls, &delivery));
    }

    #[test]
    fn logical_time_never_runs_backwards(presses in presses(), delivery in deliveries()) {
        let effects = deliver(&presses, &[], &delivery);
        // presses of a void trial are only known to be void when it is
        let told = effects.iter().filter(|effect| !matches!(effect, Effect::Ignored { why: Ignored::Void, .. }));
        let times: Vec<HostTime> = told.map(time).collect();
        prop_assert!(times.is_sorted(), "{:?}", times);
    }
}

fn time(effect: &Effect) -> HostTime {
    match effect {
        Effect::Planned(plan) => plan.t,
        Effect::Judged(judged) => judged.t,
        Effect::ClimbingFibreVolley(volley) => volley.t,
        Effect::Provisional { press, .. } | Effect::Ignored { press, .. } => press.t,
        Effect::Amplify { t, .. }
        | Effect::WindowOpened { t, .. }
        | Effect::Gain { t, .. }
        | Effect::Difficulty { t, .. }
        | Effect::Brake { t, .. }
        | Effect::TrialEnded { t, .. }
        | Effect::Ambiguous { t, .. }
        | Effect::Paused { t, .. }
        | Effect::Resumed { t }
        | Effect::SessionEnded { t, .. } => *t,
    }
}

#[test]
fn a_frame_rate_or_a_stall_changes_no_asynchrony() {
    // cases A16, one lane: targets at 1000, 1500, 2000 of the trial
    let presses = [press(1004.3, 0), press(1511.9, 1), press(1987.65, 2)];
    let at_rate = |hertz: i64| Delivery { pieces: vec![1000 / hertz], ..PLAIN };
    let stalled = Delivery { stall: (1_490, 200), ..at_rate(60) };
    let plain = deliver(&presses, &[], &PLAIN);
    let e: Vec<i64> = judged(&plain).iter().filter_map(|judged| judged.e).take(3).map(|e| e.0).collect();
    assert_eq!(e, [4_300_000, 11_900_000, -12_350_000]);
    for delivery in [at_rate(30), at_rate(60), at_rate(144), at_rate(240), stalled] {
        assert_eq!(deliver(&presses, &[], &delivery), plain, "{delivery:?}");
    }
}

#[test]
fn events_are_numbered_in_the_order_of_their_verdicts() {
    let effects = deliver(&[press(1004.3, 0), press(1511.9, 1)], &[], &PLAIN);
    for (n, judged) in judged(&effects).into_iter().enumerate() {
        assert_eq!(judged.event, EventId(n as u32));
    }
}

#[test]
fn a_trial_ends_with_the_last_window_even_of_an_extra_press_at_its_very_end() {
    // the phrase is over at 5000 of its own time; a press at 4900 is an extra whose window acts at 5150
    let mut taps: Vec<Press> = (0..8).map(|n| press(1000.0 + 500.0 * f64::from(n), n as u64)).collect();
    taps.push(press(4900.0, 8));
    let effects = deliver(&taps, &[], &PLAIN);
    let end = effects.iter().find(|effect| matches!(effect, Effect::TrialEnded { .. })).unwrap();
    assert_eq!(time(end), START + Nanos::ms(5_150));
}
