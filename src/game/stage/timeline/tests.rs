//! Tests of the timeline: what it keeps of the notes, and what it holds back until a phrase is over.

use doozy_training::event::{Side, Tier};

use super::*;
use crate::game::stage::sample::{BELL, judged, plan, press};

const ORIGIN: HostTime = HostTime(50_000_000_000);

fn at(ms: i64) -> HostTime {
    ORIGIN + Nanos::ms(ms)
}

fn timeline(running: bool) -> Timeline {
    let mut timeline = Timeline::default();
    timeline.apply(&Note::Effect(Effect::Planned(plan(0, BELL, running))), ORIGIN);
    let clock = TrialClock { origin: ORIGIN, rate_ppb: 0 };
    timeline.apply(&Note::Anchored { trial: TrialId(0), clock }, ORIGIN);
    timeline
}

fn tell(timeline: &mut Timeline, effect: Effect, ms: i64) -> Option<Staged> {
    timeline.apply(&Note::Effect(effect), at(ms))
}

fn amplify(event: u32, drama: Drama, ms: i64) -> Effect {
    Effect::Amplify { event: EventId(event), drama, t: at(ms) }
}

fn ended(worst: Option<u32>, ms: i64) -> Effect {
    Effect::TrialEnded { trial: TrialId(0), void: None, worst: worst.map(EventId), t: at(ms) }
}

#[test]
fn a_provisional_mark_becomes_the_final_one_and_moves_to_the_displayed_error() {
    let mut told = timeline(false);
    let e = Some(Nanos::ms(143));
    let provisional = Effect::Provisional { trial: TrialId(0), press: press(at(2343)), target: Some(TargetId(0)), e };
    tell(&mut told, provisional, 2345);
    let mark = told.marks().next_back().unwrap();
    assert_eq!((mark.at, mark.tier(), mark.side()), (143.0, None, Side::Late));
    tell(&mut told, Effect::Judged(judged(0, at(2200), 143.0, 178.0, Tier::Doozy)), 2346);
    assert_eq!(told.marks().count(), 1);
    let mark = told.latest().unwrap();
    assert_eq!((mark.at, mark.tier(), mark.since), (178.0, Some(Tier::Doozy), at(2346)));
}

#[test]
fn a_discrete_trial_has_its_scene_at_once() {
    let mut told = timeline(false);
    let verdict = judged(0, at(2200), -150.0, -180.0, Tier::Doozy);
    tell(&mut told, Effect::Judged(verdict.clone()), 2350);
    let staged = tell(&mut told, amplify(0, Drama::Full, 2350), 2350);
    assert_eq!(staged, Some(Staged { judged: verdict, drama: Drama::Full, from: at(2350) }));
}

#[test]
fn a_running_rhythm_has_its_scene_at_the_phrase_s_end_and_for_the_worst_error() {
    let mut told = timeline(true);
    for (event, e) in [(0, 150.0), (1, -220.0)] {
        let due = at(2200 + 600 * i64::from(event));
        tell(&mut told, Effect::Judged(judged(event, due, e, e, Tier::Doozy)), 2400);
        let short = tell(&mut told, amplify(event, Drama::Short, 2400), 2400);
        assert_eq!(short.map(|s| s.drama), Some(Drama::Short));
    }
    // The session grants the whole scene to the worst, just before the phrase ends.
    assert_eq!(tell(&mut told, amplify(1, Drama::Full, 4000), 4000), None);
    let staged = tell(&mut told, ended(Some(1), 4000), 4001).unwrap();
    assert_eq!((staged.judged.event, staged.drama, staged.from), (EventId(1), Drama::Full, at(4001)));
}

#[test]
fn a_phrase_without_a_granted_scene_has_none() {
    let mut told = timeline(true);
    tell(&mut told, Effect::Judged(judged(0, at(2200), 150.0, 150.0, Tier::Doozy)), 2350);
    tell(&mut told, amplify(0, Drama::Short, 2350), 2350);
    assert_eq!(tell(&mut told, ended(Some(0), 4000), 4000), None);
}

#[test]
fn calm_means_the_mark_alone() {
    let mut told = timeline(false);
    tell(&mut told, Effect::Judged(judged(0, at(2200), 150.0, 150.0, Tier::Doozy)), 2350);
    assert_eq!(tell(&mut told, amplify(0, Drama::Calm, 2350), 2350), None);
    assert_eq!(told.marks().count(), 1);
}

#[test]
fn an_omission_is_marked_where_the_press_was_due() {
    let mut told = timeline(false);
    let missed = Judged {
        kind: EventKind::Omission,
        press: None,
        e: None,
        side: Side::Late,
        ..judged(0, at(2200), 0.0, 0.0, Tier::Doozy)
    };
    tell(&mut told, Effect::Judged(missed), 2500);
    let mark = told.latest().unwrap();
    assert_eq!((mark.at, mark.pressed), (0.0, at(2200)));
}

#[test]
fn what_is_next_is_the_next_target_of_a_trial_that_still_runs() {
    let mut told = timeline(false);
    assert_eq!(told.next_due(at(2200)), Some(at(2800)));
    tell(&mut told, ended(None, 2500), 2500);
    assert_eq!(told.next_due(at(2500)), None);
}

/// A phrase of the kind whose marks come at its end, its first two presses made and judged.
fn withholding() -> Timeline {
    let mut told = Timeline::default();
    let mut plan = plan(0, BELL, true);
    plan.terms.amplify = Amplify::AtPhraseEnd;
    told.apply(&Note::Effect(Effect::Planned(plan)), ORIGIN);
    let clock = TrialClock { origin: ORIGIN, rate_ppb: 0 };
    told.apply(&Note::Anchored { trial: TrialId(0), clock }, ORIGIN);
    for (event, e, tier) in [(0, 130.0, Tier::Doozy), (1, 4.0, Tier::Clean)] {
        let due = at(2200 + 600 * i64::from(event));
        let press = press(due + Nanos::from_ms(e));
        let provisional =
            Effect::Provisional { trial: TrialId(0), press, target: Some(TargetId(event)), e: Some(press.t - due) };
        tell(&mut told, provisional, 2400);
        tell(&mut told, Effect::Judged(judged(event, due, e, e, tier)), 2400);
        assert_eq!(tell(&mut told, amplify(event, Drama::Calm, 2400), 2400), None);
    }
    told
}

#[test]
fn a_phrase_told_at_its_end_shows_no_mark_before() {
    let told = withholding();
    assert_eq!(told.marks().count(), 0);
    assert!(told.run(TrialId(0)).unwrap().met.is_empty());
    assert!(told.latest().is_none(), "a verdict was shown within the phrase");
    // The machine answers the presses all the same.
    assert_eq!(told.presses().count(), 2);
    assert_eq!(told.last_press(), Some(at(2804)));
}

#[test]
fn its_marks_come_together_the_worst_one_told_in_words() {
    let mut told = withholding();
    assert_eq!(tell(&mut told, ended(Some(0), 4000), 4000), None);
    assert_eq!(told.marks().map(|m| m.since).collect::<Vec<_>>(), [at(4000); 2]);
    assert_eq!(told.latest().and_then(Mark::tier), Some(Tier::Doozy));
    let met = &told.run(TrialId(0)).unwrap().met;
    assert_eq!(met.get(&TargetId(1)), Some(&(Tier::Clean, Side::Late)));
}

#[test]
fn its_scene_is_the_worst_error_s_and_follows_the_marks() {
    let mut told = withholding();
    assert_eq!(tell(&mut told, amplify(0, Drama::Full, 4000), 4000), None);
    let staged = tell(&mut told, ended(Some(0), 4000), 4000).unwrap();
    assert_eq!((staged.judged.event, staged.drama), (EventId(0), Drama::Full));
}

#[test]
fn a_voided_phrase_shows_nothing_of_it() {
    let mut told = withholding();
    let void = Some(doozy_training::event::Cause::FocusLost);
    tell(&mut told, Effect::TrialEnded { trial: TrialId(0), void, worst: None, t: at(3000) }, 3000);
    assert_eq!(told.marks().count(), 0);
}

#[test]
fn where_a_response_hangs_on_the_one_before_no_moment_is_told_beforehand() {
    let mut told = Timeline::default();
    let mut plan = plan(0, BELL, true);
    for target in &mut plan.targets[1..] {
        target.role = Role::PressAfter { after: Nanos::ms(600) };
    }
    told.apply(&Note::Effect(Effect::Planned(plan)), ORIGIN);
    told.apply(&Note::Anchored { trial: TrialId(0), clock: TrialClock { origin: ORIGIN, rate_ppb: 0 } }, ORIGIN);
    assert_eq!(told.next_due(at(0)), Some(at(2200)));
    assert_eq!(told.next_due(at(2300)), None);
}

#[test]
fn a_press_is_known_once_whoever_tells_of_it() {
    let mut told = timeline(false);
    let press = press(at(2210));
    tell(&mut told, Effect::Provisional { trial: TrialId(0), press, target: None, e: None }, 2211);
    let why = doozy_training::event::Ignored::CountIn;
    tell(&mut told, Effect::Ignored { press, why }, 2211);
    assert_eq!(told.presses().count(), 1);
    assert_eq!(told.last_press_in(Lane(0)), Some(at(2210)));
    assert_eq!(told.last_press_in(Lane(1)), None);
}

#[test]
fn a_new_session_starts_from_nothing() {
    let mut told = timeline(false);
    tell(&mut told, Effect::Judged(judged(0, at(2200), 3.0, 3.0, Tier::Clean)), 2210);
    tell(&mut told, Effect::Planned(plan(0, BELL, false)), 9000);
    assert_eq!(told.marks().count(), 0);
}
