//! The rules of training.md §4, §6 and §7, each by a session scripted by hand.

mod brake;
mod retry;

use super::{constants::*, *};
use crate::{
    event::{Cue, Decider, DeviceId, Drama, EventKind, Judged, Lane, Side, Step, Tier, TimeSource, TrialPlan, Volley},
    practice::{Practice, Ramp},
    time::{Nanos, TrialClock},
};

/// Taps on a beat of 500 ms: T 20 ms, tolerance 50 ms at the start; then a slower beat.
const BEAT: &str = "(version: 1, title: \"Beat\", aim: \"Tap\", trials: 40, seconds: 60,
    drill: SteadyBeat(ioi_ms: 500, beats: 8, count_in: 2, knobs: [Ioi(to_ms: 700, steps: 5)]))";
/// One ball a trial: T 30 ms, tolerance 75 ms at the start.
const GATE: &str = "(version: 1, title: \"Gate\", aim: \"Press\", trials: 3, seconds: 60,
    drill: Interception(visible_ms: 800))";

const START: HostTime = HostTime(5_000_000_000);

/// A session played by hand: presses at given asynchronies, and a network that answers as the test says.
struct Play {
    session: Session,
    effects: Vec<Effect>,
    answer: fn(&Volley) -> (f64, f64),
    now: HostTime,
    seq: u64,
}

/// Opens above one goal and a half.
fn by_size(volley: &Volley) -> (f64, f64) {
    if volley.u > 1.5 { (0.9, 0.5) } else { (0.05, 0.01) }
}

fn closed(_: &Volley) -> (f64, f64) {
    (0.0, 0.0)
}

fn open(_: &Volley) -> (f64, f64) {
    (1.0, 0.8)
}

impl Play {
    fn new(level: &str, options: Options, answer: fn(&Volley) -> (f64, f64)) -> Self {
        let level = Level::parse("test", level).unwrap();
        let session = Session::new(level, 11, options);
        let mut play = Self { session, effects: Vec::new(), answer, now: START, seq: 0 };
        play.feed(Input::Watermark { t: START });
        play
    }

    fn beat(answer: fn(&Volley) -> (f64, f64)) -> Self {
        Self::new(BEAT, Options::default(), answer)
    }

    fn feed(&mut self, input: Input) {
        let mut told = self.effects.len();
        self.session.feed(input, &mut self.effects);
        while told < self.effects.len() {
            let volley = match self.effects[told] {
                Effect::ClimbingFibreVolley(volley) => Some(volley),
                _ => None,
            };
            told += 1;
            if let Some(volley) = volley {
                let (w, dose) = (self.answer)(&volley);
                self.session.feed(Input::Window { event: volley.event, w, dose }, &mut self.effects);
            }
        }
    }

    fn press_at(&mut self, t: HostTime) {
        self.seq += 1;
        self.feed(Input::Press(Press {
            t,
            err: Nanos::ZERO,
            source: TimeSource::Scripted,
            device: DeviceId(0),
            lane: Lane(0),
            control: 30,
            seq: self.seq,
        }));
    }

    fn plan(&self) -> TrialPlan {
        (*self.plans().last().unwrap()).clone()
    }

    fn plans(&self) -> Vec<&TrialPlan> {
        self.effects.iter().filter_map(|e| if let Effect::Planned(plan) = e { Some(plan) } else { None }).collect()
    }

    /// Puts the planned trial on the clock at its earliest.
    fn anchor(&mut self) -> TrialClock {
        let plan = self.plan();
        let clock = TrialClock { origin: plan.not_before, rate_ppb: 0 };
        self.feed(Input::Anchor { trial: plan.trial, clock });
        clock
    }

    fn go_to(&mut self, t: HostTime) {
        self.now = t;
        self.feed(Input::Watermark { t });
    }

    /// Plays the planned trial: one asynchrony in ms a target, none for an omission. Returns what was judged.
    fn trial(&mut self, e_ms: &[Option<f64>]) -> Vec<Judged> {
        let (plan, clock) = (self.plan(), self.anchor());
        assert_eq!(plan.targets.len(), e_ms.len());
        for (target, e) in plan.targets.iter().zip(e_ms) {
            if let Some(e) = e {
                self.press_at(clock.host(target.at) + Nanos::from_ms(*e));
            }
        }
        self.go_to(clock.host(plan.length) + Nanos::ms(300));
        self.judged().filter(|judged| judged.trial == plan.trial).cloned().collect()
    }

    fn judged(&self) -> impl Iterator<Item = &Judged> {
        self.effects.iter().filter_map(|e| if let Effect::Judged(judged) = e { Some(judged) } else { None })
    }

    /// Eight beats of one asynchrony each, so many times; retries on the way are played alike.
    fn phrases(&mut self, n: usize, e_ms: [f64; 8]) {
        for _ in 0..n {
            self.trial(&e_ms.map(Some));
        }
    }

    fn gains(&self) -> Vec<(f64, Decider)> {
        self.effects
            .iter()
            .filter_map(|e| if let Effect::Gain { gain, by, .. } = e { Some((*gain, *by)) } else { None })
            .collect()
    }

    fn steps(&self) -> Vec<(Step, i32, Decider)> {
        self.effects
            .iter()
            .filter_map(|e| {
                if let Effect::Difficulty { step, rung, by, .. } = e { Some((*step, *rung, *by)) } else { None }
            })
            .collect()
    }

    fn dramas(&self) -> Vec<(u32, Drama)> {
        self.effects
            .iter()
            .filter_map(|e| if let Effect::Amplify { event, drama, .. } = e { Some((event.0, *drama)) } else { None })
            .collect()
    }

    fn brakes(&self) -> usize {
        self.effects.iter().filter(|e| matches!(e, Effect::Brake { .. })).count()
    }
}

/// A steady player: robust SD 1.4826 · 6 = 8.9 ms, below 1.5 T.
const STEADY: [f64; 8] = [6.0, -6.0, 6.0, -6.0, 6.0, -6.0, 6.0, -6.0];

mod gain {
    use super::*;

    #[test]
    fn it_stays_at_one_before_twenty_four_events_and_then_moves_with_each() {
        let mut play = Play::beat(|_| (0.3, 0.15));
        play.phrases(2, STEADY);
        assert_eq!(play.gains(), []);
        play.phrases(1, STEADY);
        // the 24th event is the first that moves it: 1 + 0.1 · (0.55 − 0.15)
        assert_eq!(play.gains(), [(1.04, Decider::Window)]);
        play.phrases(1, STEADY);
        assert_eq!(play.gains().len(), 9);
        assert!((play.gains()[8].0 - 1.36).abs() < 1e-9);
    }

    #[test]
    fn it_never_exceeds_two() {
        let mut play = Play::beat(closed);
        play.phrases(10, STEADY);
        assert_eq!(play.gains().last(), Some(&(2.0, Decider::Window)));
        assert!(play.gains().iter().all(|(gain, _)| (1.0..=2.0).contains(gain)));
    }

    #[test]
    fn a_novice_keeps_true_feedback() {
        // robust SD above 44 ms against 1.5 T = 30 ms, all within the tolerance of 50 ms
        const LOOSE: [f64; 8] = [45.0, -45.0, 30.0, -30.0, 15.0, -15.0, 38.0, -38.0];
        let mut play = Play::beat(|volley| (if volley.event.0 % 4 == 0 { 0.6 } else { 0.3 }, 0.15));
        play.phrases(6, LOOSE);
        assert_eq!(play.gains(), []);
        // forty steady presses later the player is no novice any more
        play.phrases(5, STEADY);
        assert!(play.gains().last().unwrap().0 > 1.0);
        // and one again when the spread comes back
        play.phrases(4, LOOSE);
        assert_eq!(play.gains().last(), Some(&(1.0, Decider::Novice)));
    }

    #[test]
    fn an_event_feels_the_gain_of_those_whose_window_acted_before_its_target() {
        let mut play = Play::beat(|_| (0.3, 0.15));
        play.phrases(3, STEADY);
        let last = play.judged().last().unwrap().clone();
        let acted = last.t + EFFECT_DELAY;
        let clock = play.anchor();
        let first = clock.host(play.plan().targets[0].at);
        assert!(acted <= first);
        for (target, e) in play.plan().targets.clone().iter().zip(STEADY) {
            play.press_at(clock.host(target.at) + Nanos::from_ms(e));
        }
        play.go_to(clock.host(play.plan().length));
        let gains: Vec<f64> = play.judged().skip(24).map(|judged| judged.gain).collect();
        // verdict at target + 6 ms, window 250 ms later: in force at the next target, 500 ms on
        for (n, gain) in gains.iter().enumerate() {
            assert!((gain - (1.04 + 0.04 * n as f64)).abs() < 1e-9, "{n}: {gain}");
        }
    }

    /// 32 beats of 250 ms with one asynchrony, and the gain that each event felt.
    fn gains_at_the_quickest(e_ms: f64) -> Vec<f64> {
        const QUICK: &str = "(version: 1, title: \"Quick\", aim: \"Tap\", trials: 6, seconds: 54,
            drill: SteadyBeat(ioi_ms: 250, beats: 32))";
        let mut play = Play::new(QUICK, Options::default(), |_| (0.3, 0.15));
        play.trial(&[Some(e_ms); 32]).iter().map(|judged| judged.gain).collect()
    }

    #[test]
    fn an_answer_due_at_the_very_moment_of_a_target_is_in_force_there() {
        // event 23 is the first that moves the gain, by 0.04; its verdict at its target acts at the next one, 250 ms on
        let exact = gains_at_the_quickest(0.0);
        let expected = |n: usize, first: usize| if n < first { 1.0 } else { 1.0 + 0.04 * (n - first + 1) as f64 };
        for (n, gain) in exact.iter().enumerate() {
            assert!((gain - expected(n, 24)).abs() < 1e-9, "{n}: {gain}");
        }
        // a nanosecond later it is not, be the press late or early
        for e_ms in [1e-6, -1e-6] {
            for (n, gain) in gains_at_the_quickest(e_ms).iter().enumerate() {
                assert!((gain - expected(n, 25)).abs() < 1e-9, "{e_ms}, {n}: {gain}");
            }
        }
    }

    #[test]
    fn misses_are_shown_larger_and_their_number_stays_true() {
        let mut play = Play::beat(closed);
        play.phrases(12, STEADY);
        let tol = play.plan().tol_ms;
        let goal = play.plan().goal_ms;
        let miss = tol + 5.0;
        let judged =
            play.trial(&[Some(miss), Some(tol - 1.0), Some(3.0), None, Some(0.0), Some(0.0), Some(0.0), Some(0.0)]);
        assert_eq!((judged[0].tier, judged[0].gain), (Tier::Miss, 2.0));
        assert_eq!(judged[0].e, Some(Nanos::from_ms(miss)));
        let shown = miss + 4.0 * goal * libm::tanh(miss / (4.0 * goal));
        assert!((judged[0].shown_ms - shown).abs() < 1e-5);
        assert!((judged[0].u - (shown / goal).min(4.0)).abs() < 1e-6);
        // slips and clean presses are shown as they are
        assert!((judged[1].shown_ms - (tol - 1.0)).abs() < 1e-5);
        assert_eq!(judged[2].shown_ms, 3.0);
        let omission = judged.iter().find(|judged| judged.kind == EventKind::Omission).unwrap();
        assert_eq!((omission.tier, omission.u, omission.side), (Tier::Doozy, 4.0, Side::Late));
    }

    #[test]
    fn reduced_errors_are_halved_whatever_their_tier_and_the_gain_stands() {
        let options = Options { amplification: Amplification::ErrorsReduced, ..Options::default() };
        let mut play = Play::new(BEAT, options, closed);
        play.phrases(4, STEADY);
        assert_eq!(play.gains(), []);
        let shown = play.judged().next().unwrap().shown_ms;
        assert!((shown - (6.0 - 0.5 * 80.0 * libm::tanh(6.0 / 80.0))).abs() < 1e-9);
    }

    #[test]
    fn a_fixed_gain_waits_for_the_novice_rule_too() {
        let options = Options { policy: Policy::Fixed { gain: 1.5 }, ..Options::default() };
        let mut play = Play::new(BEAT, options, closed);
        play.phrases(4, STEADY);
        assert_eq!(play.gains(), [(1.5, Decider::Fixed)]);
        assert_eq!(play.judged().filter(|judged| judged.gain == 1.0).count(), 20);
        assert_eq!(play.steps(), []);
    }
}

mod difficulty {
    use super::*;

    #[test]
    fn closed_windows_make_it_harder_every_eight_events_once_twenty_four_exist() {
        let mut play = Play::beat(closed);
        play.phrases(2, STEADY);
        assert_eq!(play.steps(), []);
        play.phrases(2, STEADY);
        assert_eq!(play.steps(), [(Step::Harder, 1, Decider::Window), (Step::Harder, 2, Decider::Window)]);
        assert!((play.plan().tol_ms - 50.0 * 0.9 * 0.9).abs() < 1e-9);
    }

    #[test]
    fn open_windows_make_it_easier_while_success_is_no_reason_against() {
        // every fifth press fails: success between 0.76 and 0.84
        let play_with = |answer| {
            let mut play = Play::beat(answer);
            let mut n = 0;
            for _ in 0..12 {
                let tol = play.plan().tol_ms;
                let presses = STEADY.map(|e| {
                    n += 1;
                    Some(if n % 5 == 0 { tol + 2.0 } else { e })
                });
                play.trial(&presses);
            }
            play
        };
        let forced = play_with(open);
        let rungs: Vec<i32> = forced.steps().iter().map(|(_, rung, _)| *rung).collect();
        assert_eq!(rungs, [-1, -2, -3, -4], "falls to the easiest rung");
        assert!(forced.steps().iter().all(|(step, _, by)| (*step, *by) == (Step::Easier, Decider::Window)));
        // the same presses with windows shut climb instead
        assert!(play_with(closed).steps().iter().all(|(step, ..)| *step == Step::Harder));
    }

    #[test]
    fn high_success_forbids_an_easier_step() {
        let mut play = Play::beat(open);
        play.phrases(8, STEADY);
        assert_eq!(play.steps(), []);
    }

    #[test]
    fn low_success_forbids_a_harder_step_and_brings_an_easier_one() {
        // every third press fails: no run of four, never six of ten, success falls to about 0.64
        let mut play = Play::beat(closed);
        let mut n = 0;
        for _ in 0..6 {
            let tol = play.plan().tol_ms;
            let presses: Vec<Option<f64>> = (0..8)
                .map(|_| {
                    n += 1;
                    Some(if n % 3 == 0 { tol + 2.0 } else { 4.0 })
                })
                .collect();
            play.trial(&presses);
        }
        assert_eq!(play.brakes(), 0);
        assert!(!play.steps().is_empty());
        assert!(
            play.steps().iter().all(|(step, _, by)| (*step, *by) == (Step::Easier, Decider::Guard)),
            "{:?}",
            play.steps()
        );
    }

    #[test]
    fn a_step_acts_a_second_ahead_at_the_earliest() {
        let mut play = Play::beat(closed);
        play.phrases(6, STEADY);
        for (i, effect) in play.effects.iter().enumerate() {
            let Effect::Difficulty { rung, t, .. } = effect else { continue };
            let plan =
                play.effects[i..].iter().find_map(|e| if let Effect::Planned(plan) = e { Some(plan) } else { None });
            let plan = plan.unwrap();
            assert!(plan.rung >= *rung && plan.not_before - *t >= STEP_AHEAD);
        }
    }
}

mod drama {
    use super::*;

    #[test]
    fn a_discrete_doozy_has_its_scene_at_once_and_the_retry_waits_for_its_end() {
        let mut play = Play::new(GATE, Options::default(), by_size);
        let judged = play.trial(&[Some(200.0)]);
        assert_eq!(play.dramas(), [(0, Drama::Full)]);
        assert_eq!(play.plan().not_before, judged[0].t + SCENE_FULL);
        // the next within five seconds has the short form
        play.trial(&[Some(-200.0)]);
        assert_eq!(play.dramas(), [(0, Drama::Full), (1, Drama::Short)]);
    }

    #[test]
    fn in_a_running_rhythm_the_scene_comes_at_the_end_for_the_worst() {
        let mut play = Play::beat(closed);
        let mut stumbles = STEADY;
        (stumbles[1], stumbles[5], stumbles[6]) = (130.0, -170.0, 60.0);
        let judged = play.trial(&stumbles.map(Some));
        assert_eq!((judged[1].tier, judged[5].tier, judged[6].tier), (Tier::Doozy, Tier::Doozy, Tier::Miss));
        let loud: Vec<_> = play.dramas().into_iter().filter(|(_, drama)| *drama > Drama::Calm).collect();
        assert_eq!(loud, [(1, Drama::Short), (5, Drama::Short), (6, Drama::Short), (5, Drama::Full)]);
        let end = play.effects.iter().find_map(|e| {
            if let Effect::TrialEnded { worst, void: None, t, .. } = e { Some((*worst, *t)) } else { None }
        });
        let (worst, t) = end.unwrap();
        assert_eq!(worst, Some(EventId(5)));
        assert_eq!(play.plan().not_before, t + SCENE_FULL);
    }

    #[test]
    fn a_calm_trial_leaves_a_breath() {
        let mut play = Play::new(GATE, Options::default(), closed);
        play.trial(&[Some(0.0)]);
        assert_eq!(play.plan().not_before, play.plan().t + REST_DISCRETE);
    }
}

mod bounds {
    use super::*;

    fn ignored(play: &Play) -> Vec<(HostTime, Ignored)> {
        let ignored = |e: &Effect| if let Effect::Ignored { press, why } = e { Some((press.t, *why)) } else { None };
        play.effects.iter().filter_map(ignored).collect()
    }

    /// Plays the planned trial with presses at these times of its own, ms. Returns what was judged, and its clock.
    fn pressed_at(play: &mut Play, at_ms: &[f64]) -> (Vec<(EventKind, Option<Nanos>)>, TrialClock) {
        let (plan, clock) = (play.plan(), play.anchor());
        for ms in at_ms {
            play.press_at(clock.host(Nanos::from_ms(*ms)));
        }
        play.go_to(clock.host(plan.length) + Nanos::ms(300));
        (play.judged().map(|judged| (judged.kind, judged.e)).collect(), clock)
    }

    #[test]
    fn a_tap_a_little_late_with_the_last_count_is_the_count_ins_and_a_later_one_a_false_start() {
        // counts at 0 and 500, first target at 1000: the count-in ends at 550, the window begins at 800
        let mut play = Play::beat(closed);
        let (judged, clock) = pressed_at(&mut play, &[540.0, 550.0, 550.000_001]);
        let at = |ms| clock.host(Nanos::ms(ms));
        assert_eq!(ignored(&play), [(at(540), Ignored::CountIn), (at(550), Ignored::CountIn)]);
        assert_eq!(judged[0], (EventKind::FalseStart, None));
        assert_eq!(judged.len(), 9);
    }

    #[test]
    fn m4_a_tap_400_ms_before_the_first_beat_is_a_false_start_in_the_drill() {
        let five = BEAT.replace("beats: 8", "beats: 5");
        let mut play = Play::new(&five, Options::default(), closed);
        let taps = [-400.0, -15.0, 495.0, 1002.0, 1490.0, 2030.0].map(|ms| 1000.0 + ms);
        let (judged, _) = pressed_at(&mut play, &taps);
        let mut expected = vec![(EventKind::FalseStart, None)];
        expected.extend([-15, -5, 2, -10, 30].map(|ms| (EventKind::Press, Some(Nanos::ms(ms)))));
        assert_eq!((judged, ignored(&play)), (expected, vec![]));
    }

    #[test]
    fn a_press_within_the_window_of_a_ball_seen_for_less_than_that_is_judged() {
        // seen for 200 ms, and w is 250 ms: the window begins before the launch
        let short = GATE.replace("visible_ms: 800", "visible_ms: 200, vary: 0");
        let first = |e_ms: f64| {
            let mut play = Play::new(&short, Options::default(), closed);
            let judged = play.trial(&[Some(e_ms)]);
            assert_eq!(judged.len(), 1);
            (judged[0].kind, judged[0].e, ignored(&play).len())
        };
        assert_eq!(first(-210.0), (EventKind::Press, Some(Nanos::ms(-210)), 0));
        assert_eq!(first(-250.0), (EventKind::Press, Some(Nanos::ms(-250)), 0));
        // before that it is the get-ready's
        assert_eq!(first(-250.000_001), (EventKind::Omission, None, 1));
    }

    #[test]
    fn an_error_of_the_tolerance_as_people_write_it_is_a_slip() {
        // T 24 ms; rung 2 has 60 · 0.9² = 48.6 ms
        let long = BEAT.replace("ioi_ms: 500", "ioi_ms: 600");
        let mut play = Play::new(&long, Options::default(), closed);
        play.phrases(4, STEADY);
        assert_eq!((play.plan().rung, play.plan().tol_ms), (2, 48.6));
        let judged = play.trial(&[48.6, 48.600_001, -48.6, -48.600_001, 0.0, 0.0, 0.0, 0.0].map(Some));
        let tiers: Vec<Tier> = judged.iter().take(4).map(|judged| judged.tier).collect();
        assert_eq!(tiers, [Tier::Slip, Tier::Miss, Tier::Slip, Tier::Miss]);
    }

    /// Of five beats of 500 ms, tapped so far off: what is said of ambiguity, and what comes right after it.
    fn said_of_a_phrase(off_ms: f64) -> Vec<(Effect, Effect)> {
        let five = BEAT.replace("beats: 8", "beats: 5");
        let mut play = Play::new(&five, Options::default(), closed);
        play.trial(&[Some(off_ms); 5]);
        let pairs = play.effects.windows(2).filter(|two| matches!(two[0], Effect::Ambiguous { .. }));
        pairs.map(|two| (two[0].clone(), two[1].clone())).collect()
    }

    #[test]
    fn m5_a_phrase_half_an_interval_off_is_said_to_be_ambiguous_once_before_it_ends() {
        // +260 is read as −240 from the next beat: one target earlier fits as well; +240 the other way round
        // the phrase ends at 3500; the fifth tap at 3260 is an extra one, told at once, whose window acts at 3510
        for (off_ms, by, worst, ends) in [(260.0, -1, 1, 3_510), (240.0, 1, 0, 3_500)] {
            let said = said_of_a_phrase(off_ms);
            let t = START + Nanos::ms(ends);
            let trial = TrialId(0);
            let ambiguous = Effect::Ambiguous { trial, shift: by, t };
            let ended = Effect::TrialEnded { trial, void: None, worst: Some(EventId(worst)), t };
            assert_eq!(said, [(ambiguous, ended)], "{off_ms}");
        }
        assert_eq!(said_of_a_phrase(30.0), []);
    }
}

mod standing_still {
    use super::*;

    #[test]
    fn a_pause_voids_the_trial_and_nothing_in_it_is_judged() {
        // cases A19 (c)
        let mut play = Play::beat(closed);
        let clock = play.anchor();
        let at = |ms| clock.origin + Nanos::ms(ms);
        play.press_at(at(1_004));
        play.feed(Input::Pause { t: at(1_600), cause: Cause::Player });
        play.press_at(at(1_395));
        play.press_at(at(2_600));
        play.feed(Input::Resume { t: at(4_600) });
        play.go_to(at(4_700));
        assert_eq!(play.judged().count(), 1);
        let said: Vec<&Effect> = play
            .effects
            .iter()
            .filter(|e| {
                matches!(
                    e,
                    Effect::Ignored { .. } | Effect::TrialEnded { .. } | Effect::Paused { .. } | Effect::Resumed { .. }
                )
            })
            .collect();
        // the press at 1395 could have been outdone until 1605: the pause finds it unjudged
        assert_eq!(said.len(), 5);
        assert!(matches!(said[0], Effect::Ignored { press, why: Ignored::Void } if press.t == at(1_395)));
        assert!(matches!(said[1], Effect::TrialEnded { void: Some(Cause::Player), t, .. } if *t == at(1_600)));
        assert!(matches!(said[2], Effect::Paused { cause: Cause::Player, t } if *t == at(1_600)));
        assert!(matches!(said[3], Effect::Ignored { press, why: Ignored::Paused } if press.t == at(2_600)));
        assert!(matches!(said[4], Effect::Resumed { t } if *t == at(4_600)));
        assert_eq!(play.plan().t, at(4_600));
        assert_eq!(play.plans().len(), 2);
    }

    #[test]
    fn practice_that_goes_round_goes_on_after_a_pause() {
        let practice = Practice { rate: 80, ramp: Some(Ramp::default()), ..Practice::default() };
        let options = Options { practice: Some(practice), ..Options::default() };
        let mut play = Play::new(&BEAT.replace("trials: 40", "trials: 2"), options, closed);
        for _ in 0..3 {
            play.trial(&[Some(0.0); 8]);
        }
        let t = play.now + Nanos::ms(100);
        play.anchor();
        play.feed(Input::Pause { t, cause: Cause::Player });
        play.feed(Input::Resume { t: t + Nanos::ms(1_000) });
        play.go_to(t + Nanos::ms(2_000));
        assert!(!play.session.is_ended(), "{:?}", play.effects.last());
        assert_eq!(play.plan().t, t + Nanos::ms(1_000));
    }

    #[test]
    fn a_stop_ends_the_session_and_the_trial_does_not_count() {
        let mut play = Play::beat(closed);
        let clock = play.anchor();
        let t = clock.origin + Nanos::ms(1_700);
        play.feed(Input::Stop { t });
        play.go_to(t + Nanos(1));
        let n = play.effects.len();
        assert!(matches!(play.effects[n - 2], Effect::TrialEnded { void: Some(Cause::Player), .. }));
        assert_eq!(play.effects[n - 1], Effect::SessionEnded { finished: false, t });
        assert!(play.session.is_ended());
    }

    #[test]
    fn a_planned_trial_holds_everything_up_until_it_is_on_the_clocks() {
        let mut play = Play::beat(closed);
        play.go_to(START + Nanos::ms(60_000));
        play.feed(Input::Stop { t: START + Nanos::ms(60_500) });
        play.go_to(START + Nanos::ms(61_000));
        assert_eq!(play.session.settled(), START);
        assert_eq!(play.effects.len(), 1);
        // a clock of another trial is out of date
        let clock = TrialClock { origin: START, rate_ppb: 0 };
        play.feed(Input::Anchor { trial: TrialId(7), clock });
        assert_eq!(play.effects.len(), 1);
        play.feed(Input::Anchor { trial: TrialId(0), clock });
        assert_eq!(play.judged().count(), 8);
    }

    #[test]
    fn a_press_below_the_watermark_is_late_and_not_judged() {
        let mut play = Play::beat(closed);
        let clock = play.anchor();
        play.go_to(clock.origin + Nanos::ms(1_200));
        play.press_at(clock.origin + Nanos::ms(1_010));
        play.go_to(clock.origin + Nanos::ms(1_700));
        assert!(play.effects.iter().any(|e| matches!(e, Effect::Ignored { why: Ignored::Late, .. })));
        assert!(play.judged().all(|judged| judged.kind == EventKind::Omission));
    }

    #[test]
    fn a_verdict_that_needs_a_window_waits_for_it() {
        let level = Level::parse("test", BEAT).unwrap();
        let mut session = Session::new(level, 11, Options::default());
        let mut effects = Vec::new();
        session.feed(Input::Watermark { t: START }, &mut effects);
        let clock = TrialClock { origin: START, rate_ppb: 0 };
        session.feed(Input::Anchor { trial: TrialId(0), clock }, &mut effects);
        session.feed(Input::Watermark { t: START + Nanos::ms(60_000) }, &mut effects);
        // the first omission is final half an interval after its target at 1000, and acts 250 ms later
        let judged = |effects: &[Effect]| effects.iter().filter(|e| matches!(e, Effect::Judged(_))).count();
        assert_eq!(judged(&effects), 1);
        assert_eq!(session.settled(), START + Nanos::ms(1_500));
        session.feed(Input::Window { event: EventId(0), w: 0.0, dose: 0.0 }, &mut effects);
        assert_eq!(judged(&effects), 2);
        assert_eq!(session.settled(), START + Nanos::ms(2_000));
    }
}
