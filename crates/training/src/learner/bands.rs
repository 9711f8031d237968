//! The bands B1–B6, B10 and B11 of science/skill.md §4.5 on the defaults of §4.2: 200 seeds each, the 95 % interval of the
//! mean inside the band. B7–B9 are beside what learns, B13 beside the interval, B12 beside the contest.

use doozy_cerebellum::rng::Stream;

use super::{
    Profile,
    production::{Modality, Precision, Timekeeper, phase_variance, subdivided},
};
use crate::time::Nanos;

const SEEDS: u64 = 200;
const TAPS: usize = 240;

/// Asynchronies to a steady beat, ms, of somebody without bias or lapses.
fn beat(precision: &Precision, ioi: Nanos, sd_clock: f64, seed: u64, taps: usize) -> Vec<f64> {
    let mut stream = Stream::named(seed, "bands", 0);
    let alpha = precision.alpha(ioi);
    let step = ioi.as_ms();
    let phase = libm::sqrt(phase_variance(alpha, sd_clock, precision.motor));
    let delay = precision.motor * stream.gaussian();
    let mut keeper = Timekeeper::starting(alpha, 0.0, 0.0, step, phase * stream.gaussian() + delay, delay);
    let mut found = vec![keeper.t()];
    for n in 1..taps {
        let at = n as f64 * step;
        let t = keeper.tap(at - step, sd_clock * stream.gaussian(), precision.motor * stream.gaussian());
        found.push(t - at);
    }
    found
}

fn asynchronies(profile: Profile, ioi_ms: i64, seed: u64) -> Vec<f64> {
    let precision = profile.precision();
    let ioi = Nanos::ms(ioi_ms);
    beat(&precision, ioi, precision.sd_clock(ioi), seed, TAPS)
}

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}

fn sd(values: &[f64]) -> f64 {
    let m = mean(values);
    libm::sqrt(values.iter().map(|v| (v - m) * (v - m)).sum::<f64>() / (values.len() - 1) as f64)
}

fn lag_1(values: &[f64]) -> f64 {
    let m = mean(values);
    let pairs: f64 = values.windows(2).map(|pair| (pair[0] - m) * (pair[1] - m)).sum();
    pairs / values.iter().map(|v| (v - m) * (v - m)).sum::<f64>()
}

/// Mean over the seeds and half of its 95 % interval.
fn over_seeds(f: impl FnMut(u64) -> f64) -> (f64, f64) {
    let values: Vec<f64> = (0..SEEDS).map(f).collect();
    (mean(&values), 1.96 * sd(&values) / libm::sqrt(SEEDS as f64))
}

#[track_caller]
fn inside(what: &str, (mean, half): (f64, f64), (least, most): (f64, f64)) {
    assert!(mean - half > least && mean + half < most, "{what}: {mean:.3} ± {half:.3} outside {least} … {most}");
}

#[test]
fn band_1_spread_at_500_ms() {
    for (profile, band) in [(Profile::Trained, (2.5, 4.5)), (Profile::Novice, (4.5, 7.5))] {
        let share = over_seeds(|seed| sd(&asynchronies(profile, 500, seed)) / 5.0);
        inside(profile.name(), share, band);
    }
}

#[test]
fn band_2_autocorrelations() {
    for profile in [Profile::Trained, Profile::Novice] {
        let r = over_seeds(|seed| lag_1(&asynchronies(profile, 500, seed)));
        inside("asynchrony", r, (0.1, 0.6));
        let r = over_seeds(|seed| {
            let a = asynchronies(profile, 500, seed);
            lag_1(&a.windows(2).map(|pair| pair[1] - pair[0]).collect::<Vec<_>>())
        });
        inside("intervals, with the beat", r, (-0.5, -0.15));
        let r = over_seeds(|seed| {
            let (precision, ioi) = (profile.precision(), Nanos::ms(500));
            let mut stream = Stream::named(seed, "continuation", 0);
            let mut keeper = Timekeeper::starting(0.0, 0.0, 0.0, 500.0, 0.0, 0.0);
            let clock = precision.sd_clock(ioi);
            let taps: Vec<f64> = (0..TAPS)
                .map(|_| keeper.tap(0.0, clock * stream.gaussian(), precision.motor * stream.gaussian()))
                .collect();
            lag_1(&taps.windows(2).map(|pair| pair[1] - pair[0]).collect::<Vec<_>>())
        });
        inside("intervals, without it", r, (-0.35, 0.0));
    }
}

#[test]
fn band_3_phase_correction_rises_with_the_interval() {
    for profile in [Profile::Trained, Profile::Novice] {
        let estimated: Vec<(f64, f64)> = [400, 700, 1000, 1300]
            .into_iter()
            .map(|ioi| {
                over_seeds(|seed| {
                    // minus the slope of A' − A over A: biased, and the same way everywhere
                    1.0 - lag_1(&asynchronies(profile, ioi, seed))
                })
            })
            .collect();
        for pair in estimated.windows(2) {
            assert!(pair[0].0 + pair[0].1 < pair[1].0 - pair[1].1, "{profile:?}: {estimated:?}");
        }
    }
}

#[test]
fn band_4_negative_mean_asynchrony() {
    for (profile, band) in [(Profile::Novice, (-70.0, -20.0)), (Profile::Trained, (-30.0, 0.0))] {
        let (centre, spread) = profile.bias();
        let bias = over_seeds(|seed| {
            let own = centre + spread * Stream::named(seed, "band 4", 0).gaussian();
            own + mean(&asynchronies(profile, 500, seed))
        });
        inside(profile.name(), bias, band);
    }
}

#[test]
fn band_5_ataxia_is_of_the_clock_and_not_of_the_hand() {
    let (ataxic, novice) = (Profile::Ataxic.precision(), Profile::Novice.precision());
    for ioi in [500, 900] {
        // the clock's variance from continuation, as Wing and Kristofferson have it: γ₀ + 2γ₁; the hand's: −γ₁
        let split = |precision: &Precision| {
            let (mut clock, mut hand) = (0.0, 0.0);
            for seed in 0..SEEDS {
                let mut stream = Stream::named(seed, "band 5", 0);
                let mut keeper = Timekeeper::starting(0.0, 0.0, 0.0, ioi as f64, 0.0, 0.0);
                let sd_clock = precision.sd_clock(Nanos::ms(ioi));
                let taps: Vec<f64> = (0..TAPS)
                    .map(|_| keeper.tap(0.0, sd_clock * stream.gaussian(), precision.motor * stream.gaussian()))
                    .collect();
                let intervals: Vec<f64> = taps.windows(2).map(|pair| pair[1] - pair[0]).collect();
                let m = mean(&intervals);
                let n = intervals.len() as f64;
                let g0 = intervals.iter().map(|i| (i - m) * (i - m)).sum::<f64>() / n;
                let g1 = intervals.windows(2).map(|p| (p[0] - m) * (p[1] - m)).sum::<f64>() / n;
                clock += (g0 + 2.0 * g1) / SEEDS as f64;
                hand -= g1 / SEEDS as f64;
            }
            (libm::sqrt(clock), libm::sqrt(hand))
        };
        let ((clock_a, hand_a), (clock_n, hand_n)) = (split(&ataxic), split(&novice));
        assert!((1.5..2.2).contains(&(clock_a / clock_n)), "{ioi}: {clock_a} / {clock_n}");
        assert!((0.9..1.1).contains(&(hand_a / hand_n)), "{ioi}: {hand_a} / {hand_n}");
    }
}

#[test]
fn band_6_a_shift_is_recovered_within_a_few_taps() {
    for (profile, band) in [(Profile::Novice, (3.0, 8.0)), (Profile::Trained, (2.0, 5.0))] {
        let precision = profile.precision();
        let ioi = Nanos::ms(500);
        let (alpha, clock) = (precision.alpha(ioi), precision.sd_clock(ioi));
        // the mean course over shifts within one run of 60 taps is what 80 % is read from; one shift drowns in noise
        let taps = over_seeds(|seed| {
            let mut stream = Stream::named(seed, "band 6", 0);
            const SHIFTS: usize = 100;
            let mut course = [0.0; 12];
            for _ in 0..SHIFTS {
                let phase = libm::sqrt(phase_variance(alpha, clock, precision.motor));
                let delay = precision.motor * stream.gaussian();
                let mut keeper = Timekeeper::starting(alpha, 0.0, 0.0, 500.0, phase * stream.gaussian() + delay, delay);
                for n in 1..60 {
                    // from the 30th tap on the beat comes 50 ms later
                    let at = |n: usize| 500.0 * n as f64 + if n >= 30 { 50.0 } else { 0.0 };
                    let t = keeper.tap(at(n - 1), clock * stream.gaussian(), precision.motor * stream.gaussian());
                    if (30..42).contains(&n) {
                        course[n - 30] += (t - at(n)) / SHIFTS as f64;
                    }
                }
            }
            assert!((course[0] + 50.0).abs() < 20.0, "{course:?}");
            course.iter().position(|a| *a > -10.0).unwrap_or(12) as f64
        });
        inside(profile.name(), taps, band);
    }
}

#[test]
fn band_10_a_flash_is_followed_far_less_well_than_a_tone() {
    for profile in [Profile::Trained, Profile::Novice] {
        let (precision, ioi) = (profile.precision(), Nanos::ms(600));
        let ratio = over_seeds(|seed| {
            let of = |modality: Modality| {
                let clock = modality.noise(ioi).expect("600 ms is slow enough for a flash") * precision.sd_clock(ioi);
                sd(&beat(&precision, ioi, clock, seed, TAPS))
            };
            of(Modality::Flash) / of(Modality::Tone)
        });
        inside(profile.name(), ratio, (1.6, 2.1));
        assert_eq!(Modality::Flash.noise(Nanos::ms(390)), None);
        assert_eq!(Modality::Tone.noise(Nanos::ms(110)), None);
    }
}

#[test]
fn band_11_subdividing_helps_where_the_parts_are_long_enough() {
    let precision = Profile::Novice.precision();
    let ratio = |ioi_ms: i64, parts: u32| {
        let ioi = Nanos::ms(ioi_ms);
        over_seeds(|seed| {
            let whole = precision.sd_clock(ioi);
            let divided = whole * subdivided(ioi, parts);
            sd(&beat(&precision, ioi, divided, seed, TAPS)) / sd(&beat(&precision, ioi, whole, seed, TAPS))
        })
    };
    let (long, half) = ratio(900, 3);
    assert!(long + half < 1.0, "{long} ± {half}");
    let (short, half) = ratio(450, 2);
    assert!(short - half >= 1.0, "{short} ± {half}");
}
