//! The statistic: median, standard error, spread, verdicts; taps to stimuli.

use doozy_cerebellum::rng::Stream;

use super::*;
use crate::calibration::estimate::{
    FEWEST_TAPS, INTERVAL, Match, Matcher, SINGLE, TapEstimate, WARM_UP, coarse, median, steady_window, summarize,
};

fn at(ms: f64) -> HostTime {
    ORIGIN + Nanos::from_ms(ms)
}

/// Feeds asynchronies after the warm-up.
fn estimate(asynchronies: &[f64]) -> Estimate {
    let mut taps = TapEstimate::default();
    let warm_up = std::iter::repeat_n(-500.0, WARM_UP as usize);
    for (n, ms) in warm_up.chain(asynchronies.iter().copied()).enumerate() {
        let stimulus = at(2_500.0 * n as f64);
        assert_eq!(taps.add(stimulus, stimulus + Nanos::from_ms(ms)), n >= WARM_UP as usize);
    }
    taps.estimate()
}

#[test]
fn thirty_taps_650_ms_late_are_an_offset_of_650() {
    // cases A32 (a)
    let found = estimate(&[650.0; 30]);
    assert_eq!((found.median_ms, found.n, found.verdict), (Some(650.0), 30, Verdict::Ready));
    assert_eq!((found.se_ms, found.spread_ms), (Some(0.0), Some(0.0)));
}

#[test]
fn three_taps_gone_astray_move_nothing() {
    // cases A32 (e): at 2000 ms after the click; a mean would give 785
    let mut taps = vec![650.0; 27];
    taps.extend([2_000.0; 3]);
    let mean = taps.iter().sum::<f64>() / 30.0;
    assert!((mean - 785.0).abs() < 1e-9);
    let mut stream = Stream::named(1, "order", 0);
    for _ in 0..20 {
        stream.shuffle(&mut taps);
        assert_eq!(estimate(&taps).median_ms, Some(650.0));
    }
    // the same with a hand that scatters: within 5 ms, and still to be kept
    let mut scattered: Vec<f64> = (0..27).map(|_| 650.0 + 8.0 * stream.gaussian()).collect();
    scattered.extend([2_000.0, -700.0, 2_000.0]);
    let found = estimate(&scattered);
    assert!((found.median_ms.unwrap() - 650.0).abs() < 5.0, "{found:?}");
    assert_eq!(found.verdict, Verdict::Ready);
}

#[test]
fn an_offset_can_come_out_negative_and_as_far_as_the_range_goes() {
    for ms in [-1000.0, -650.0, -30.25, 0.0, 12.5, 1000.0] {
        let found = estimate(&[ms; 25]);
        assert_eq!((found.median_ms, found.verdict), (Some(ms), Verdict::Ready));
    }
    assert_eq!(estimate(&[1000.5; 25]).verdict, Verdict::OutOfRange);
    assert_eq!(estimate(&[-1400.0; 25]).verdict, Verdict::OutOfRange);
}

#[test]
fn too_few_and_too_wide_are_refused() {
    let n = FEWEST_TAPS as usize;
    assert_eq!(estimate(&[]).verdict, Verdict::TooFew);
    assert_eq!(estimate(&vec![5.0; n - 1]).verdict, Verdict::TooFew);
    assert_eq!(estimate(&vec![5.0; n]).verdict, Verdict::Ready);
    let mut stream = Stream::named(2, "wide", 0);
    let mut of_sd = |sd: f64| estimate(&(0..200).map(|_| 100.0 + sd * stream.gaussian()).collect::<Vec<_>>());
    // a novice's tapping is let through, tapping at random is not
    assert_eq!(of_sd(45.0).verdict, Verdict::Ready);
    assert_eq!(of_sd(90.0).verdict, Verdict::TooWide);
    let anywhere: Vec<f64> = (0..40).map(|_| stream.between(-400.0, 400.0)).collect();
    assert_eq!(estimate(&anywhere).verdict, Verdict::TooWide);
}

#[test]
fn the_spread_is_the_sd_where_taps_are_normal() {
    let mut stream = Stream::named(3, "spread", 0);
    let values: Vec<f64> = (0..20_000).map(|_| 300.0 + 27.0 * stream.gaussian()).collect();
    let summary = summarize(&values).unwrap();
    assert!((summary.spread.unwrap() - 27.0).abs() < 0.5, "{summary:?}");
    // of a median: 1.2533 σ / √n
    let normal = 1.253_314 * 27.0 / 20_000_f64.sqrt();
    assert!((summary.se.unwrap() / normal - 1.0).abs() < 0.15, "{summary:?}");
}

/// Share of samples in which the truth (0) lies within 1.96 standard errors of the median.
fn coverage(n: usize, mut draw: impl FnMut(&mut Stream) -> Vec<f64>) -> f64 {
    const SAMPLES: u64 = 2_000;
    let covers = |seed: u64| {
        let values = draw(&mut Stream::named(seed, "coverage", n as u64));
        assert_eq!(values.len(), n);
        let summary = summarize(&values).unwrap();
        summary.median.abs() <= 1.96 * summary.se.unwrap()
    };
    (0..SAMPLES).filter(|seed| *seed < SAMPLES).map(covers).filter(|covered| *covered).count() as f64 / SAMPLES as f64
}

#[test]
fn the_standard_error_covers_what_it_says() {
    // Monte-Carlo error of a share of 0.95 over 2000 samples: 0.005.
    for n in [20, 30, 40, 80] {
        let normal = coverage(n, |stream| (0..n).map(|_| 25.0 * stream.gaussian()).collect());
        assert!((0.93..=0.985).contains(&normal), "normal, n {n}: {normal}");
        // double exponential: long tails, as tapping has them
        let tailed = coverage(n, |stream| {
            (0..n)
                .map(|_| {
                    let u = stream.uniform() - 0.5;
                    -20.0 * u.signum() * (1.0 - 2.0 * u.abs()).max(1e-12).ln()
                })
                .collect()
        });
        assert!((0.93..=0.99).contains(&tailed), "tailed, n {n}: {tailed}");
    }
    // few settings of the adjustment
    let few = coverage(6, |stream| (0..6).map(|_| 15.0 * stream.gaussian()).collect());
    assert!((0.88..=0.99).contains(&few), "six settings: {few}");
}

#[test]
fn taps_that_lean_on_each_other_do_not_feign_certainty() {
    // asynchronies follow their predecessors; a lag-1 correlation of 0.3–0.5 is usual
    for n in [30, 40] {
        let mut naive_covers = 0;
        let share = coverage(n, |stream| {
            let mut x = stream.gaussian();
            let values: Vec<f64> = (0..n)
                .map(|_| {
                    x = 0.4 * x + (1.0_f64 - 0.16).sqrt() * stream.gaussian();
                    25.0 * x
                })
                .collect();
            let mut sorted = values.clone();
            sorted.sort_by(f64::total_cmp);
            let median = median(&values).unwrap();
            let spread = 1.4826 * median_of_deviations(&values, median);
            naive_covers += usize::from(median.abs() <= 1.96 * 1.2533 * spread / (n as f64).sqrt());
            values
        });
        let naive = naive_covers as f64 / 2_000.0;
        assert!(share >= 0.89 && share > naive + 0.04, "n {n}: {share}, as if independent {naive}");
    }
}

fn median_of_deviations(values: &[f64], around: f64) -> f64 {
    median(&values.iter().map(|x| (x - around).abs()).collect::<Vec<_>>()).unwrap()
}

#[test]
fn what_is_no_number_is_left_out() {
    let mut values = crate::calibration::estimate::Values::new(crate::calibration::estimate::TAPPING);
    for x in [f64::NAN, 5.0, f64::INFINITY, 7.0, f64::NEG_INFINITY] {
        values.push(x);
    }
    let found = values.estimate();
    assert_eq!((found.median_ms, found.n, found.history), (Some(6.0), 2, vec![5.0, 6.0]));
    assert_eq!((summarize(&[]), median(&[])), (None, None));
    assert_eq!(summarize(&[4.0]).unwrap().spread, None);
}

#[test]
fn the_history_ends_in_the_number_that_is_kept() {
    let found = estimate(&(0..31).map(|n| f64::from(n * 7 % 31)).collect::<Vec<_>>());
    assert_eq!((found.history.len(), found.history.last().copied()), (31, found.median_ms));
}

#[test]
fn reactions_place_the_beat_or_are_refused() {
    assert_eq!(coarse(&[850.0, 840.0, 870.0, 2_000.0, 850.0]), Some(650.0));
    assert_eq!(coarse(&[-800.0; 3]), Some(-1000.0));
    assert_eq!(coarse(&[850.0, 860.0]), None);
    assert_eq!(coarse(&[850.0, -400.0, 200.0, 1_500.0, -900.0]), None);
}

#[test]
fn a_tap_goes_to_the_beat_at_the_offset_and_each_beat_has_one() {
    for offset in [-1000.0, -400.0, 0.0, 390.0, 650.0, 1000.0] {
        let mut matcher = Matcher::default();
        for n in 0..10 {
            matcher.stimulus(n, at(800.0 * f64::from(n)));
        }
        let window = steady_window(offset);
        assert_eq!(window.1 - window.0, INTERVAL);
        let tap = at(800.0 * 5.0 + offset + 30.0);
        assert_eq!(matcher.take(tap, window), Match::To(5, at(4_000.0)), "{offset}");
        // a double tap
        assert_eq!(matcher.take(tap + Nanos::ms(90), window), Match::Extra);
        // a missed one leaves the next alone
        assert_eq!(matcher.take(at(800.0 * 7.0 + offset - 200.0), window), Match::To(7, at(5_600.0)));
        assert_eq!(matcher.take(at(-5_000.0), window), Match::None);
    }
}

#[test]
fn a_single_stimulus_takes_taps_over_the_whole_range_and_a_slow_reaction() {
    for ms in [-1000.0, 0.0, 1000.0, 1600.0] {
        let mut matcher = Matcher::default();
        matcher.stimulus(0, at(0.0));
        matcher.stimulus(1, at(2_900.0));
        matcher.stimulus(2, at(5_800.0));
        assert_eq!(matcher.take(at(2_900.0 + ms), SINGLE), Match::To(1, at(2_900.0)));
    }
}

#[test]
fn a_beat_that_was_taken_back_is_nobodys() {
    let mut matcher = Matcher::default();
    matcher.stimulus(0, at(0.0));
    matcher.stimulus(1, at(800.0));
    matcher.cancel_from(at(700.0));
    assert_eq!(matcher.take(at(810.0), steady_window(0.0)), Match::None);
    matcher.close();
    assert_eq!(matcher.take(at(10.0), steady_window(0.0)), Match::Extra);
}
