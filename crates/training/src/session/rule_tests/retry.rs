//! The same attempt again after a doozy whose window opened (training.md §6.3).

use super::*;

const STUMBLE: f64 = 160.0;

#[test]
fn a_doozy_that_opened_its_window_is_tried_again_twice_at_most() {
    let mut play = Play::beat(by_size);
    let mut stumble = STEADY;
    stumble[4] = STUMBLE;
    play.phrases(1, stumble);
    let again = play.plan();
    assert_eq!(again.retry_of, Some(TrialId(0)));
    assert!(again.window_was_open);
    let times = |plan: &TrialPlan| plan.targets.iter().map(|target| target.at).collect::<Vec<_>>();
    assert_eq!(times(&again), times(play.plans()[0]));
    assert_eq!((again.rung, again.tol_ms), (0, 50.0));
    play.phrases(1, stumble);
    assert_eq!(play.plan().retry_of, Some(TrialId(1)));
    play.phrases(1, stumble);
    assert_eq!((play.plan().retry_of, play.plan().window_was_open), (None, false));
    play.phrases(1, stumble);
    assert_eq!(play.plan().retry_of, Some(TrialId(3)));
}

#[test]
fn target_ids_go_on_through_retries() {
    let mut play = Play::beat(by_size);
    let mut stumble = STEADY;
    stumble[0] = STUMBLE;
    play.phrases(1, stumble);
    let ids: Vec<u32> = play.plans().iter().flat_map(|plan| plan.targets.iter().map(|target| target.id.0)).collect();
    assert_eq!(ids, (0..16).collect::<Vec<u32>>());
}

#[test]
fn a_closed_window_is_no_reason_to_try_again() {
    let mut play = Play::beat(closed);
    let mut stumble = STEADY;
    stumble[4] = STUMBLE;
    play.phrases(1, stumble);
    assert_eq!(play.plan().retry_of, None);
}

#[test]
fn retries_do_not_count_towards_the_level() {
    let mut play = Play::new(GATE, Options::default(), by_size);
    play.trial(&[Some(200.0)]);
    play.trial(&[Some(200.0)]);
    play.trial(&[Some(0.0)]);
    play.trial(&[Some(0.0)]);
    assert!(!play.session.is_ended());
    play.trial(&[Some(0.0)]);
    assert!(play.session.is_ended());
    let end = play.effects.last().unwrap();
    assert!(matches!(end, Effect::SessionEnded { finished: true, .. }));
    assert_eq!(play.plans().len(), 5);
}

#[test]
fn a_pause_in_the_retry_of_the_last_trial_ends_a_finished_session() {
    let mut play = Play::new(GATE, Options::default(), by_size);
    for e in [0.0, 0.0, 200.0] {
        play.trial(&[Some(e)]);
    }
    assert_eq!(play.plan().retry_of, Some(TrialId(2)));
    let clock = play.anchor();
    let at = |ms| clock.origin + Nanos::ms(ms);
    play.feed(Input::Pause { t: at(700), cause: Cause::Player });
    play.go_to(at(800));
    assert_eq!(play.session.paused(), Some(Cause::Player));
    play.feed(Input::Resume { t: at(2_000) });
    play.go_to(at(2_001));
    let told = &play.effects[play.effects.len() - 4..];
    assert_eq!(
        told,
        [
            Effect::TrialEnded { trial: TrialId(3), void: Some(Cause::Player), worst: None, t: at(700) },
            Effect::Paused { cause: Cause::Player, t: at(700) },
            Effect::Resumed { t: at(2_000) },
            Effect::SessionEnded { finished: true, t: at(2_000) },
        ]
    );
    assert_eq!(play.plans().len(), 4);
}

#[test]
fn a_rest_in_the_retry_of_the_last_trial_ends_a_finished_session() {
    // brakes at events 3, 15 and 27; event 26 is the last ball's and alone opens its window
    let balls = GATE.replace("trials: 3", "trials: 27");
    let mut play = Play::new(&balls, Options::default(), |volley| (f64::from(u8::from(volley.event.0 == 26)), 0.0));
    for _ in 0..28 {
        play.trial(&[None]);
    }
    assert_eq!((play.brakes(), play.session.paused()), (3, Some(Cause::Rest)));
    assert_eq!((play.plan().trial, play.plan().retry_of), (TrialId(27), Some(TrialId(26))));
    let t = play.now + Nanos::ms(3_000);
    play.feed(Input::Resume { t });
    play.go_to(t + Nanos(1));
    let told = &play.effects[play.effects.len() - 2..];
    assert_eq!(told, [Effect::Resumed { t }, Effect::SessionEnded { finished: true, t }]);
    assert_eq!(play.plans().len(), 28);
}

/// What a retry shares with its attempt: the times of its targets, and its cues.
fn attempt(plan: &TrialPlan) -> (Vec<Nanos>, Vec<Cue>) {
    (plan.targets.iter().map(|target| target.at).collect(), plan.cues.clone())
}

#[test]
fn a_retry_has_the_room_that_the_guard_has_since_given() {
    let balls = GATE.replace("trials: 3", "trials: 20");
    let mut play = Play::new(&balls, Options::default(), by_size);
    for e in [100.0, 0.0, 100.0, 100.0, 0.0, 0.0, 100.0, 200.0] {
        play.trial(&[Some(e)]);
    }
    // success 0.55 after event 8
    assert_eq!((play.brakes(), play.steps()), (0, vec![(Step::Easier, -1, Decider::Guard)]));
    let (before, again) = (play.plans()[7].clone(), play.plan());
    assert_eq!((before.rung, before.tol_ms), (0, 75.0));
    assert_eq!((again.rung, again.tol_ms, again.retry_of), (-1, 83.333_333, Some(TrialId(7))));
    assert_eq!(attempt(&again), attempt(&before));
    assert_ne!(attempt(&before), attempt(play.plans()[6]), "every ball has its own time");
}

#[test]
fn a_retry_is_never_harder_than_its_attempt() {
    let mut play = Play::beat(by_size);
    play.phrases(3, STEADY);
    let mut stumble = STEADY;
    stumble[7] = 160.0;
    play.phrases(1, stumble);
    assert_eq!(play.steps(), [(Step::Harder, 1, Decider::Window), (Step::Harder, 2, Decider::Window)]);
    let again = play.plan();
    assert_eq!((again.rung, again.tol_ms, again.retry_of), (1, 45.0, Some(TrialId(3))));
    assert_eq!(attempt(&again), attempt(play.plans()[3]));
}

#[test]
fn a_retry_keeps_its_tolerance_where_the_easier_rung_has_another_interval() {
    // T 20 ms on every rung; the tolerance meets it at rung 9, and rung 10 is the knob's first: 460 ms
    const KNOB: &str = "(version: 1, title: \"Knob\", aim: \"Tap\", trials: 40, seconds: 400, goal_ms: 20,
        drill: SteadyBeat(ioi_ms: 500, beats: 16, knobs: [Ioi(to_ms: 300, steps: 5)]))";
    let mut play = Play::new(KNOB, Options::default(), by_size);
    for _ in 0..6 {
        play.trial(&[STEADY, STEADY].concat().into_iter().map(Some).collect::<Vec<_>>());
    }
    let before = play.plan();
    assert_eq!((before.rung, before.interval, before.tol_ms), (10, Nanos::ms(460), 20.0));
    // success 0.63 after eight and 0.51 after sixteen, never six failures of ten
    let eight = [0.0, 30.0, 30.0, 0.0, 30.0, 30.0, 0.0, 160.0];
    let and_eight = [0.0, 0.0, 0.0, 30.0, 30.0, 0.0, 30.0, 30.0];
    play.trial(&[eight, and_eight].concat().into_iter().map(Some).collect::<Vec<_>>());
    // rung 8 would have 21.5 ms, of another attempt
    assert_eq!((play.brakes(), play.steps().last().map(|(_, rung, _)| *rung)), (0, Some(8)));
    let again = play.plan();
    assert_eq!((again.rung, again.interval, again.tol_ms), (10, Nanos::ms(460), 20.0));
    assert_eq!(again.retry_of, Some(before.trial));
    assert_eq!(attempt(&again), attempt(&before));
}
