//! The contest's promises: the safety guard's under every policy and learner, the control that must tie, and that a run is a
//! function of its seed.

use super::*;
use crate::session::{Policy, constants::GAIN_MAX, policy::Pilot};

const SCHEDULE: Schedule = Schedule { days: 1, events: 400, block: 20 };

fn course(drill: Drill, hypothesis: Hypothesis) -> Course {
    Course { drill, hypothesis, profile: Profile::Novice, schedule: SCHEDULE }
}

/// Every policy of the contest, with the errors that it amplifies.
fn policies() -> Vec<(Policy, Amplification)> {
    let big = |policy: Policy| (policy, Amplification::BigErrors);
    vec![
        big(Policy::Window),
        big(Policy::Fixed { gain: 1.0 }),
        big(Policy::Random),
        big(Policy::UpDown { down: 2, gain: 1.0 }),
        big(Policy::UpDown { down: 3, gain: 1.0 }),
        big(Policy::Weighted { success: 0.85, gain: 1.0 }),
        big(Policy::Weighted { success: 0.80, gain: 1.5 }),
        big(Policy::Weighted { success: 0.80, gain: 2.0 }),
        (Policy::Weighted { success: 0.80, gain: 2.0 }, Amplification::AllErrors),
        big(Policy::Paced { success: 0.80 }),
        (rivals::EDGE, Amplification::IntoWindow),
        big(Policy::Quest { gain: 1.0 }),
        (Policy::Weighted { success: 0.80, gain: 1.0 }, Amplification::ErrorsReduced),
    ]
}

/// All that a run showed.
#[derive(Default)]
struct All(Vec<Seen>);

impl Watch for All {
    fn event(&mut self, seen: &Seen) {
        self.0.push(*seen);
    }
}

fn seen(hand: Hand, course: &Course, policy: (Policy, Amplification), seed: u64) -> (Vec<Seen>, Outcome) {
    let mut tape = Tape::default();
    tape.fill(seed, course.schedule.total());
    let steering = Steering::new(Pilot::new(policy.0, seed), policy.1);
    let mut all = All::default();
    let days = Days::Alike(policy.1);
    let outcome = run_by(hand, course, steering, days, &tape, &mut ClosedForm::default(), &mut all);
    (all.0, outcome)
}

/// What must hold of any run whatsoever.
fn keeps_its_promises(events: &[Seen], what: &str) {
    for seen in events {
        assert!((1.0..=GAIN_MAX).contains(&seen.gain), "{what}: gain {}", seen.gain);
        assert!(seen.felt <= GAIN_MAX && (FLOOR..=TOP).contains(&seen.rung), "{what}");
        if seen.was_calm || seen.braked {
            assert!(seen.drama <= Drama::Short, "{what}: a scene in the calm");
        }
    }
    for window in events.windows(40) {
        let full = window.iter().filter(|seen| seen.drama == Drama::Full).count();
        assert!(full <= 6, "{what}: {full} scenes in 40 events");
    }
    for (n, braked) in events.iter().enumerate().filter(|(_, seen)| seen.braked) {
        let eased = braked.next_rung < braked.rung || braked.next_rung == FLOOR;
        assert!(eased, "{what}: a brake without a step easier at {n}");
        assert_eq!(braked.next_gain, 1.0, "{what}: gain after a brake");
        for calm in events[n + 1..].iter().take(8) {
            assert_eq!(calm.gain, 1.0, "{what}: gain in the calm");
            assert!(calm.was_calm, "{what}: calm for eight events");
        }
    }
}

#[test]
fn no_policy_breaks_the_guard_with_any_learner() {
    for (k, policy) in policies().into_iter().enumerate() {
        let (mut now, mut eased, mut after) = (0, 0, 0);
        for drill in Drill::ALL {
            for hypothesis in Hypothesis::ALL {
                for seed in 0..6 {
                    let what = format!("policy {k}, {hypothesis}, {drill:?}, seed {seed}");
                    let course = course(drill, hypothesis);
                    let (events, _) = seen(Hand::Learner, &course, policy, seed);
                    keeps_its_promises(&events, &what);
                    // of the same errors, fewer fail at the tolerance that a brake leaves
                    for (n, braked) in events.iter().enumerate().filter(|(_, seen)| seen.braked) {
                        if braked.next_rung >= braked.rung {
                            continue;
                        }
                        let goal = drill.goal_ms();
                        for later in events[n + 1..].iter().take(24) {
                            let Some(e) = later.e_ms else { continue };
                            after += 1;
                            now += u32::from(libm::fabs(e) > tolerance(braked.rung) * goal);
                            eased += u32::from(libm::fabs(e) > tolerance(braked.next_rung) * goal);
                        }
                    }
                }
            }
        }
        assert!(after > 200, "policy {k}: brakes were seen");
        assert!(eased < now, "policy {k}: {eased} of {after} fail, and {now} would have");
    }
}

#[test]
fn whoever_never_presses_or_presses_at_random_is_braked_to_the_floor_and_sent_to_rest() {
    for hand in [Hand::Idle, Hand::Restless] {
        for policy in policies() {
            for drill in Drill::ALL {
                for seed in 0..4 {
                    let what = format!("{hand:?} {policy:?} {drill:?} {seed}");
                    let (events, outcome) = seen(hand, &course(drill, Hypothesis::Linear), policy, seed);
                    keeps_its_promises(&events, &what);
                    if hand == Hand::Idle {
                        assert!(events.iter().all(|seen| !seen.tier.is_success()), "{what}");
                        assert_eq!(events.last().unwrap().rung, FLOOR, "{what}");
                        // three brakes in a row, again and again: 4 failures and 8 calm events each
                        assert!(outcome.rests >= 7, "{what}: {} rests", outcome.rests);
                    } else {
                        assert!(outcome.brakes > 0, "{what}: {} brakes", outcome.brakes);
                    }
                }
            }
        }
    }
}

#[test]
fn three_brakes_in_a_row_ask_for_rest_under_every_policy() {
    for policy in policies() {
        let (events, _) = seen(Hand::Idle, &course(Drill::Gate, Hypothesis::Linear), policy, 1);
        let brakes: Vec<usize> = (0..events.len()).filter(|n| events[*n].braked).collect();
        for (k, n) in brakes.iter().enumerate() {
            assert_eq!(events[*n].decision.rest, k % 3 == 2, "{policy:?}: brake {k}");
        }
    }
}

fn retention(course: &Course, rival: Rival, seeds: std::ops::Range<u64>) -> Vec<f64> {
    let mut gate = ClosedForm::default();
    let (mut tape, mut partner, mut knobs) = (Tape::default(), Tape::default(), rivals::Knobs::default());
    seeds
        .map(|seed| {
            tape.fill(seed, course.schedule.total());
            partner.fill(seed ^ 1, course.schedule.total());
            if rival.is_control() {
                knobs.record(course, &tape, &partner, &mut gate);
            }
            rival.run(course, &tape, &knobs, &mut gate).retention_rms
        })
        .collect()
}

fn every_rival() -> Vec<Rival> {
    let mut rivals: Vec<Rival> =
        policies().into_iter().map(|(policy, amplification)| Rival::Policy { policy, amplification }).collect();
    rivals.extend([Rival::Yoked, Rival::Scrambled, Rival::Yours]);
    rivals
}

#[test]
fn band_12_on_mere_repetition_every_policy_ties() {
    let spaced = Schedule { days: 8, events: 50, block: 10 };
    for schedule in [SCHEDULE, spaced] {
        for drill in Drill::ALL {
            let course = Course { schedule, ..course(drill, Hypothesis::Repetition) };
            let first = retention(&course, every_rival()[0], 0..40);
            for rival in every_rival() {
                assert_eq!(retention(&course, rival, 0..40), first, "{rival:?}");
            }
        }
    }
}

#[test]
fn policies_differ_where_learning_hangs_on_what_is_shown() {
    let mean = |hypothesis: Hypothesis, amplification: Amplification| {
        let rival = Rival::Policy { policy: Policy::Weighted { success: 0.80, gain: 2.0 }, amplification };
        let kept = retention(&course(Drill::Beat, hypothesis), rival, 0..200);
        kept.iter().sum::<f64>() / kept.len() as f64
    };
    // what is amplified teaches a linear learner more, and one who discounts large errors less
    assert!(mean(Hypothesis::Linear, Amplification::AllErrors) < mean(Hypothesis::Linear, Amplification::Off));
    assert!(mean(Hypothesis::Relevance, Amplification::AllErrors) > mean(Hypothesis::Relevance, Amplification::Off));
}

#[test]
fn a_run_hangs_on_its_seed_alone() {
    let course = course(Drill::Beat, Hypothesis::Window);
    for rival in every_rival() {
        let together = retention(&course, rival, 10..14);
        let alone: Vec<f64> = (10..14).flat_map(|seed| retention(&course, rival, seed..seed + 1)).collect();
        assert_eq!(together, alone);
        assert!(together.iter().all(|rms| rms.is_finite() && *rms > 0.0));
    }
}

#[test]
fn a_policy_never_sees_what_the_learner_is() {
    // the same presses under two learners who do not learn a thing differently: no learner's state reaches the policy
    let policy = (Policy::Window, Amplification::BigErrors);
    let (events, _) = seen(Hand::Restless, &course(Drill::Gate, Hypothesis::Linear), policy, 5);
    let (again, _) = seen(Hand::Restless, &course(Drill::Gate, Hypothesis::Punishment), policy, 5);
    assert_eq!(events, again);
}

#[test]
fn the_first_block_and_every_sixth_after_it_are_probes() {
    let (events, _) = seen(Hand::Idle, &course(Drill::Gate, Hypothesis::Linear), policies()[1], 1);
    // 20 blocks, of which 0, 6, 12 and 18 are probes
    assert_eq!(events.len(), 16 * 20);
}

#[test]
fn the_learning_curve_starts_before_practice_and_ends_with_it() {
    let course = course(Drill::Beat, Hypothesis::Linear);
    let (_, outcome) = seen(Hand::Learner, &course, policies()[1], 3);
    let person = Person::new(Profile::Novice, Drill::Beat, 3);
    let before = libm::sqrt(person.bias_ms * person.bias_ms + libm::pow(person.sd_ms(person.x, 1.0), 2.0));
    assert!((outcome.curve[0] / before - 1.0).abs() < 0.02, "{} {before}", outcome.curve[0]);
    assert!((outcome.curve[CURVE - 1] - outcome.end_rms).abs() < 1e-9);
    assert!(outcome.retention_rms > outcome.end_rms - 1e-9 || outcome.retention_rms < before);
    assert!(outcome.failures <= outcome.events && outcome.quit < 1.0);
}
