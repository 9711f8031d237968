//! The brake of training.md §6.5, and the rest after three in a row.

use super::*;

#[test]
fn four_failures_set_gain_one_ease_and_calm() {
    let mut play = Play::beat(closed);
    play.phrases(6, STEADY);
    let rung = play.plan().rung;
    assert!(rung > 0 && play.gains().last().unwrap().0 > 1.0);
    let tol = play.plan().tol_ms;
    let judged = play.trial(&[5.0, 5.0, tol + 3.0, tol + 3.0, tol + 3.0, 3.0 * tol, 5.0, 5.0].map(Some));
    assert_eq!(judged[5].tier, Tier::Doozy);
    let brake_at = play
        .effects
        .iter()
        .find_map(|e| if let Effect::Brake { in_a_row, t } = e { Some((*in_a_row, *t)) } else { None });
    assert_eq!(brake_at, Some((1, judged[5].t)));
    let after: Vec<&Effect> = play
        .effects
        .iter()
        .filter(|e| {
            matches!(e, Effect::Gain { by: Decider::Brake, .. } | Effect::Difficulty { by: Decider::Brake, .. })
        })
        .collect();
    assert_eq!(after.len(), 2);
    assert!(matches!(after[0], Effect::Gain { gain, t, .. } if *gain == 1.0 && *t == judged[5].t + EFFECT_DELAY));
    assert!(matches!(after[1], Effect::Difficulty { step: Step::Easier, .. }));
    assert!(play.plan().rung < play.steps()[play.steps().len() - 2].1);
    // no scene at the phrase's end, though its worst was a doozy
    assert!(play.dramas().iter().all(|(_, drama)| *drama <= Drama::Short));
    // no retry, though the doozy would have earned one with an open window
    assert_eq!(play.plan().retry_of, None);
    // gain stays at 1 until 24 new events exist
    play.phrases(2, STEADY);
    assert!(play.judged().skip(56).all(|judged| judged.gain == 1.0));
}

#[test]
fn a_brake_cancels_the_retry() {
    let mut play = Play::beat(open);
    play.trial(&[None; 8]);
    assert_eq!(play.brakes(), 1);
    assert_eq!(play.plan().retry_of, None);
}

#[test]
fn three_brakes_in_a_row_send_the_player_to_rest() {
    let mut play = Play::beat(closed);
    for _ in 0..4 {
        if play.session.paused().is_none() {
            play.trial(&[None; 8]);
        }
    }
    assert_eq!(play.session.paused(), Some(Cause::Rest));
    assert_eq!(play.brakes(), 3);
    let brakes: Vec<u8> = play
        .effects
        .iter()
        .filter_map(|e| if let Effect::Brake { in_a_row, .. } = e { Some(*in_a_row) } else { None })
        .collect();
    assert_eq!(brakes, [1, 2, 3]);
    // the phrase in which it happened is void and is planned anew after the rest
    assert!(play.effects.iter().any(|e| matches!(e, Effect::TrialEnded { void: Some(Cause::Rest), .. })));
    let t = play.now + Nanos::ms(3_000);
    play.feed(Input::Resume { t });
    play.go_to(t + Nanos(1));
    assert_eq!(play.session.paused(), None);
    assert_eq!(play.plan().t, t);
    play.trial(&STEADY.map(Some));
    assert_eq!(play.brakes(), 3);
}

/// Sixteen beats of 600 ms: T 24 ms, tolerance 60 ms at the start, a doozy beyond 120 ms.
const LONG: &str = "(version: 1, title: \"Long\", aim: \"Tap\", trials: 6, seconds: 72,
    drill: SteadyBeat(ioi_ms: 600, beats: 16))";

fn full_scenes(play: &Play) -> Vec<u32> {
    play.dramas().into_iter().filter(|(_, drama)| *drama == Drama::Full).map(|(event, _)| event).collect()
}

/// Every brake: the so-many-th in a row.
fn in_a_row(play: &Play) -> Vec<u8> {
    let braked = |e: &Effect| if let Effect::Brake { in_a_row, .. } = e { Some(*in_a_row) } else { None };
    play.effects.iter().filter_map(braked).collect()
}

/// Sixteen beats with these asynchronies, ms, and 0 elsewhere.
fn sixteen(elsewhere: &[(usize, Option<f64>)]) -> [Option<f64>; 16] {
    let mut e = [Some(0.0); 16];
    for (n, e_ms) in elsewhere {
        e[*n] = *e_ms;
    }
    e
}

#[test]
fn a_phrase_shows_no_event_that_its_brake_made_calm() {
    let mut play = Play::new(LONG, Options::default(), closed);
    let four = [0, 1, 2, 3].map(|n| (n, Some(70.0)));
    let judged = play.trial(&sixteen(&[&four[..], &[(6, Some(-200.0))]].concat()));
    // braked at event 3, calm from 4 to 11, and no longer at the end
    assert_eq!((in_a_row(&play), judged[6].tier), (vec![1], Tier::Doozy));
    assert_eq!(full_scenes(&play), []);
    assert!(play.dramas().contains(&(6, Drama::Short)));
}

#[test]
fn a_phrase_in_which_a_brake_tripped_has_no_scene_of_what_came_before_it_or_after_its_calm() {
    let mut play = Play::new(LONG, Options::default(), closed);
    play.trial(&sixteen(&[0, 1, 2, 3].map(|n| (n, None))));
    assert_eq!((in_a_row(&play), full_scenes(&play)), (vec![1], vec![]));

    let mut play = Play::new(LONG, Options::default(), closed);
    let judged = play.trial(&sixteen(&[(0, None), (1, None), (2, None), (3, None), (13, Some(200.0))]));
    assert_eq!((judged[13].tier, full_scenes(&play)), (Tier::Doozy, vec![]));
}

#[test]
fn calm_that_reaches_into_the_next_phrase_leaves_its_scene_to_what_comes_after() {
    let mut play = Play::new(LONG, Options::default(), closed);
    play.trial(&sixteen(&[12, 13, 14, 15].map(|n| (n, Some(70.0)))));
    // events 16 to 23 are calm; now T 24 ms, tolerance 66.7 ms
    play.trial(&sixteen(&[(2, Some(-230.0)), (12, Some(150.0))]));
    assert_eq!((in_a_row(&play), full_scenes(&play)), (vec![1], vec![28]));
    // the worst is told as it is, whatever was shown
    let worst = play
        .effects
        .iter()
        .rev()
        .find_map(|e| if let Effect::TrialEnded { worst, .. } = e { Some(*worst) } else { None });
    assert_eq!(worst, Some(Some(EventId(18))));
}

/// Omits everything until the third brake in a row is told, at the verdict of event 27; the time of that.
fn up_to_the_third_brake(play: &mut Play) -> HostTime {
    for _ in 0..3 {
        play.trial(&[None; 8]);
    }
    let (plan, clock) = (play.plan(), play.anchor());
    let third = clock.host(plan.targets[3].at) + Nanos(plan.interval.0 / 2);
    play.go_to(third + Nanos(1));
    assert!(play.effects.contains(&Effect::Brake { in_a_row: 3, t: third }));
    third
}

fn paused(play: &Play) -> Vec<(Cause, HostTime)> {
    let paused = |e: &Effect| if let Effect::Paused { cause, t } = e { Some((*cause, *t)) } else { None };
    play.effects.iter().filter_map(paused).collect()
}

#[test]
fn the_word_to_rest_is_said_to_a_player_who_has_just_paused() {
    let mut play = Play::beat(closed);
    let third = up_to_the_third_brake(&mut play);
    let at = |ms| third + Nanos::ms(ms);
    play.feed(Input::Pause { t: at(100), cause: Cause::Player });
    play.go_to(at(400));
    assert_eq!(paused(&play), [(Cause::Player, at(100)), (Cause::Rest, at(250))]);
    assert_eq!(play.session.paused(), Some(Cause::Rest));
    play.feed(Input::Resume { t: at(3_000) });
    play.go_to(at(3_001));
    assert_eq!(play.plan().t, at(3_000));
    // eight calm events, then brakes from 1
    play.trial(&[None; 8]);
    play.trial(&[None; 8]);
    assert_eq!(in_a_row(&play), [1, 2, 3, 1]);
}

#[test]
fn the_word_to_rest_is_said_even_if_the_player_is_back_before_it() {
    let mut play = Play::beat(closed);
    let third = up_to_the_third_brake(&mut play);
    let at = |ms| third + Nanos::ms(ms);
    play.feed(Input::Pause { t: at(50), cause: Cause::Player });
    play.feed(Input::Resume { t: at(100) });
    play.go_to(at(101));
    let (anew, _) = (play.plan(), play.anchor());
    assert_eq!(anew.t, at(100));
    play.go_to(at(400));
    assert_eq!(paused(&play), [(Cause::Player, at(50)), (Cause::Rest, at(250))]);
    let void = Effect::TrialEnded { trial: anew.trial, void: Some(Cause::Rest), worst: None, t: at(250) };
    assert!(play.effects.contains(&void));
    play.feed(Input::Resume { t: at(3_000) });
    play.go_to(at(3_001));
    play.trial(&[None; 8]);
    play.trial(&[None; 8]);
    assert_eq!(in_a_row(&play), [1, 2, 3, 1]);
}

#[test]
fn eight_events_are_calm_after_the_brake_that_brought_the_rest() {
    let balls = GATE.replace("trials: 3", "trials: 60");
    let mut play = Play::new(&balls, Options::default(), closed);
    while play.session.paused().is_none() {
        // a miss on every rung, and no doozy: the budget of scenes stays whole
        play.trial(&[Some(120.0)]);
    }
    assert_eq!((in_a_row(&play), play.judged().count()), (vec![1, 2, 3], 28));
    let t = play.now + Nanos::ms(20_000);
    play.feed(Input::Resume { t });
    play.go_to(t + Nanos(1));
    for _ in 0..13 {
        play.trial(&[None]);
    }
    let rested: Vec<_> = play.dramas().into_iter().skip(28).collect();
    let mut expected: Vec<_> = (28..41).map(|event| (event, Drama::Short)).collect();
    // 28 to 35 are calm; of 36 to 38 the second lies within five seconds of the first; 39 brakes
    (expected[8].1, expected[10].1) = (Drama::Full, Drama::Full);
    assert_eq!(rested, expected);
    assert_eq!(in_a_row(&play), [1, 2, 3, 1]);
    let fourth =
        play.effects.iter().position(|e| matches!(e, Effect::Brake { in_a_row: 1, t } if *t > play.plans()[28].t));
    let before = play.effects[..fourth.unwrap()].iter().filter(|e| matches!(e, Effect::Judged(_))).count();
    assert_eq!(before, 40);
}
