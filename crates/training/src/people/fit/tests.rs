//! Fits of simulated players whose truth is known: estimates, their intervals, and what cannot be estimated.

use doozy_cerebellum::rng::Stream;

use super::*;
use crate::{
    learner::production::Timekeeper,
    people::{Person, person},
    time::HostTime,
};

/// Trials of somebody whose timing is known; each begins 50 beats before it is heard.
fn trials(timing: &Timing, trials: usize, taps: usize, stream: &mut Stream) -> Vec<Run> {
    const BEFORE: usize = 50;
    (0..trials)
        .map(|trial| {
            let Timing { bias, alpha, beta, clock, motor } = *timing;
            let mut keeper = Timekeeper::starting(alpha, beta, bias, 600.0, bias, 0.0);
            let mut asynchronies = Vec::new();
            for n in 1..BEFORE + taps {
                let at = n as f64 * 600.0;
                let t = keeper.tap(at - 600.0, clock * stream.gaussian(), motor * stream.gaussian());
                asynchronies.push(Some(t - at));
            }
            asynchronies.drain(..BEFORE - 1);
            Run { subject: "made".to_owned(), trial: trial.to_string(), interval_ms: 600.0, asynchronies }
        })
        .collect()
}

fn fitted(runs: &[Run]) -> Fitted {
    fit(&runs.iter().collect::<Vec<_>>()).expect("there are taps enough")
}

const NOVICE: Timing = Timing { bias: -40.0, alpha: 0.4, beta: 0.0, clock: 25.0, motor: 12.0 };
const ADAPTING: Timing = Timing { bias: -10.0, alpha: 0.6, beta: 0.15, clock: 20.0, motor: 8.0 };

#[test]
fn with_many_taps_the_truth_is_found() {
    for (index, timing) in [NOVICE, ADAPTING].into_iter().enumerate() {
        let found = fitted(&trials(&timing, 40, 100, &mut Stream::named(2, "many", index as u64)));
        for (name, value, truth, most) in [
            ("bias", found.bias.value, timing.bias, 2.0),
            ("alpha", found.alpha.value, timing.alpha, 0.06),
            ("beta", found.beta.value, timing.beta, 0.04),
            ("clock", found.clock.value, timing.clock, 1.5),
            ("motor", found.motor.value, timing.motor, 2.5),
        ] {
            assert!((value - truth).abs() < most, "{name}: {value} for {truth}");
        }
    }
}

/// Share of `people` whose interval covers the truth: bias, α, β, clock, motor.
fn coverage(timing: &Timing, people: u64) -> [f64; 5] {
    let mut covered = [0.0; 5];
    for person in 0..people {
        let found = fitted(&trials(timing, 4, 29, &mut Stream::named(7, "coverage", person)));
        for (share, (estimate, truth)) in covered.iter_mut().zip([
            (found.bias, timing.bias),
            (found.alpha, timing.alpha),
            (found.beta, timing.beta),
            (found.clock, timing.clock),
            (found.motor, timing.motor),
        ]) {
            *share += f64::from(u8::from(estimate.covers(truth))) / people as f64;
        }
    }
    covered
}

#[test]
fn intervals_from_four_trials_cover_the_truth_about_as_often_as_they_say() {
    for timing in [NOVICE, ADAPTING] {
        // 60 people: three standard errors below 0.95 are 0.866, below the bias's 0.92 (docs/science/people.md) 0.815
        let covered = coverage(&timing, 60);
        let [bias, others @ ..] = covered;
        assert!(bias > 0.815 && others.iter().all(|share| *share > 0.866), "{timing:?}: {covered:?}");
    }
}

#[test]
#[ignore = "takes minutes: the figures of docs/science/people.md"]
fn coverage_over_three_hundred_people() {
    for timing in [NOVICE, ADAPTING] {
        println!("{timing:?}: {:.3?}", coverage(&timing, 300));
    }
}

#[test]
fn lapses_and_missing_taps_move_no_estimate_far() {
    let whole = trials(&NOVICE, 8, 60, &mut Stream::named(3, "lapses", 0));
    let plain = fitted(&whole);
    let mut spoilt = whole;
    for (n, tap) in spoilt.iter_mut().flat_map(|run| &mut run.asynchronies).enumerate() {
        if n % 25 == 7 {
            *tap = Some(230.0);
        } else if n % 25 == 19 {
            *tap = None;
        }
    }
    let found = fitted(&spoilt);
    assert!(found.lapses >= 16 && found.missing >= 16, "{found:?}");
    assert!((found.bias.value - plain.bias.value).abs() < 4.0, "{found:?}");
    assert!((found.alpha.value - plain.alpha.value).abs() < 0.12, "{found:?}");
    assert!((found.clock.value / plain.clock.value - 1.0).abs() < 0.15, "{found:?}");
}

#[test]
fn nothing_is_estimated_from_too_little() {
    let few = trials(&NOVICE, 1, 20, &mut Stream::named(3, "few", 0));
    let error = fit(&few.iter().collect::<Vec<_>>()).unwrap_err();
    assert!(error.to_string().contains("taps are left") && error.to_string().contains("30 are needed"), "{error}");
    let mut alike = trials(&NOVICE, 1, 60, &mut Stream::named(3, "few", 0));
    alike[0].asynchronies.fill(Some(-20.0));
    assert!(matches!(fit(&alike.iter().collect::<Vec<_>>()), Err(NotEstimable::Alike { .. })));
    assert!(fit(&[]).is_err());
}

#[test]
fn trials_that_differ_of_themselves_are_told_and_widen_the_bias() {
    let mut runs = trials(&NOVICE, 4, 60, &mut Stream::named(3, "between", 0));
    let alike = fitted(&runs);
    for (run, shift) in runs.iter_mut().zip([-35.0, 30.0, -25.0, 30.0]) {
        run.asynchronies.iter_mut().flatten().for_each(|tap| *tap += shift);
    }
    let moved = fitted(&runs);
    let width = |found: &Fitted| found.bias.high - found.bias.low;
    assert!(moved.between_trials > 20.0 && alike.between_trials < 12.0, "{moved:?}");
    assert!(width(&moved) > 1.5 * width(&alike));
}

#[test]
fn a_player_made_from_a_fit_does_as_the_person_did() {
    // people of all kinds, each with four trials of 30 taps: mean, SD and lag 1 lie in the middle 95 % of the player's own
    let (mut inside, mut all) = (0, 0);
    for who in 0..12 {
        let mut stream = Stream::named(11, "regenerated", who);
        let timing = Timing {
            bias: 40.0 * stream.gaussian(),
            alpha: stream.between(0.15, 0.9),
            beta: 0.0,
            clock: stream.between(10.0, 40.0),
            motor: stream.between(3.0, 10.0),
        };
        let runs = trials(&timing, 4, 30, &mut stream);
        let runs: Vec<&Run> = runs.iter().collect();
        let found = fit(&runs).unwrap();
        let made = person::regenerate(&found, &runs, 100, who).unwrap();
        let statistics = found.statistics;
        for (made, own) in [(made.mean, statistics.mean), (made.sd, statistics.sd), (made.lag_1, statistics.lag_1)] {
            inside += u32::from(made.covers(own));
            all += 1;
        }
        // and no interval is so wide that anything would lie in it
        assert!(made.sd.high < 2.5 * made.sd.low && made.lag_1.high - made.lag_1.low < 0.8, "{made:?}");
    }
    assert!(inside * 100 >= all * 94, "{inside} of {all}");
}

#[test]
fn a_person_at_two_intervals_plays_each_as_measured_and_others_in_between() {
    let at = |interval_ms, alpha, clock| person::At {
        interval_ms,
        timing: Timing { bias: -0.05 * interval_ms, alpha, beta: 0.0, clock, motor: 5.0 },
        lapse: 0.0,
    };
    let text = "(version: 1, name: \"x\", at: [(interval_ms: 500, timing: (bias: -25, alpha: 0.4, beta: 0, clock: 20, \
                motor: 5), lapse: 0), (interval_ms: 1000, timing: (bias: -50, alpha: 0.8, beta: 0, clock: 40, motor: 5), \
                lapse: 0)])";
    let person = Person::parse(text, "x").unwrap();
    assert_eq!(person.at, [at(500.0, 0.4, 20.0), at(1_000.0, 0.8, 40.0)]);
    let between = person.timing(750.0);
    assert!((between.alpha - 0.6).abs() < 1e-12 && between.bias == -37.5 && between.clock == 30.0, "{between:?}");
    assert_eq!(person.timing(2_000.0).clock, 80.0);
    assert_eq!(Person::parse(&person.text().unwrap(), "x"), Ok(person.clone()));
    let mut tapper = person.tapper(1);
    let mut from = HostTime(0);
    for (interval, mean, clock, alpha) in [(500.0, -25.0, 20.0, 0.4), (1_000.0, -50.0, 40.0, 0.8)] {
        let trials: Vec<Vec<Option<f64>>> =
            (0..60).map(|_| person::beat(&mut tapper, interval, 40, &mut from)).collect();
        let found = Statistics::of(&trials).unwrap();
        let variance = crate::learner::production::phase_variance(alpha, clock, 5.0) + 25.0;
        assert!((found.mean - mean).abs() < 3.0, "{found:?}");
        assert!((found.sd / libm::sqrt(variance) - 1.0).abs() < 0.06, "{found:?}");
    }
}

#[test]
fn a_file_that_is_no_person_is_told_with_its_place() {
    let error = Person::parse("(version: 1,\n name: 3)", "p.ron").unwrap_err().to_string();
    assert!(error.starts_with("p.ron:2:"), "{error}");
    let unstable = "(version: 1, name: \"x\", at: [(interval_ms: 500, timing: (bias: 0, alpha: 0.4, beta: 0.5, clock: 20, \
                    motor: 5), lapse: 0)])";
    let error = Person::parse(unstable, "p.ron").unwrap_err().to_string();
    assert!(error.contains("p.ron: beta at 500 ms is 0.5"), "{error}");
    for (text, what) in
        [("(version: 2, name: \"x\", at: [])", "version is 2"), ("(version: 1, name: \"x\", at: [])", "at is empty")]
    {
        assert!(Person::parse(text, "p").unwrap_err().to_string().contains(what));
    }
}
