//! "What works for you": does amplified practice help this person? (training.md §8.)
//!
//! An N-of-1 trial over days of practice, on or off by the day, measured by unamplified probe blocks at the start of the
//! next day. The *effect* is the difference in log RMS asynchrony a day later, on against off: below zero, amplification
//! helps. It starts from amplification: of every four days one, drawn by chance, goes without. From the eighth day on chance
//! follows the posterior's odds from there, never further than 4 : 1 either way, so that it goes on being a trial.
//!
//! The model: log RMS of day d = level + two curves of practice + effect · Σ ρ^(d−1−k) · (±½ of day k) + noise. ρ is what
//! is left of a day's effect at each later one (the carry-over) and is averaged over 0, ¼, ½, ¾ and 1; noise is averaged over
//! nine sizes about the sampling error of a probe block; the effect's own size, over three. Given these, everything is
//! Gaussian, so the posterior is a mixture of 135 Gaussians.

mod diary;

use doozy_cerebellum::rng::{Stream, normal_cdf};

pub use self::diary::{APART_S, Diary, PRESSES_LEAST, Personal, Played, Practised, Unsuited, suits};

/// Days before anything but "cannot tell yet" is said (training.md §8).
pub const DAYS_LEAST: usize = 8;
/// Prior SDs of the effect, alike before any data ◇: a day may change the next morning's RMS hardly, somewhat or much. No
/// person's data stand behind them; over simulated people they hold what they say (docs/science/policies.md).
const EFFECT_SDS: [f64; 3] = [0.004, 0.014, 0.04];
/// Prior of the level about the first probe, and of each curve of practice ◇.
const LEVEL_SD: f64 = 0.5;
const CURVE_SD: f64 = 0.4;
/// Day-to-day SD of log RMS besides the sampling error ◇.
const DAILY_SD: f64 = 0.06;
/// By how much correlated asynchronies and lapses inflate the sampling variance of a log RMS above 1 / 2n ◇.
const INFLATION: f64 = 2.0;
/// Sizes of the noise's variance, relative to that of the constants above, by factors of √2 from ¼ to 4; how they are weighed
/// before any data: a Gaussian in their logarithm, with this SD ◇.
const NOISES: usize = 9;
const NOISE_SPREAD: f64 = 0.6;
/// Shares of a day's effect that may be left a day later, alike before any data.
const CARRIED: [f64; 5] = [0.0, 0.25, 0.5, 0.75, 1.0];
/// Days that are drawn together, of which one goes without amplification ◇; so the odds before any data are one less to one.
const TOGETHER: usize = 4;
/// The odds are followed between these probabilities of amplifying ◇.
const ODDS: (f64, f64) = (0.2, 0.8);

const TERMS: usize = 4;
const EFFECT: usize = TERMS - 1;
const PARTS: usize = CARRIED.len() * NOISES * EFFECT_SDS.len();

/// One day: what the probe at its start showed, and whether errors were amplified after it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Day {
    /// RMS asynchrony of the probe block, ms; none if nothing was pressed.
    pub rms_ms: Option<f64>,
    pub on: bool,
}

/// A person's posterior of the effect.
#[derive(Clone, Debug, PartialEq)]
pub struct Posterior {
    parts: [Part; PARTS],
    days: usize,
}

/// One carry-over's, noise's and size's: a Gaussian and its weight.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Part {
    weight: f64,
    mean: f64,
    sd: f64,
}

/// What may be said of a person.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Says {
    CannotTellYet,
    Helps,
    Hurts,
}

impl Posterior {
    /// After these days, with `taps` in a probe block. The last day's own practice has not been measured yet.
    #[must_use]
    pub fn of(days: &[Day], taps: u32) -> Self {
        let noise = INFLATION / (2.0 * f64::from(taps.max(1))) + DAILY_SD * DAILY_SD;
        let first = days.iter().find_map(|day| day.rms_ms).map_or(0.0, |rms| libm::log(rms.max(1e-3)));
        let mut parts = [Part::default(); PARTS];
        for (carried, parts) in CARRIED.into_iter().zip(parts.chunks_mut(NOISES * EFFECT_SDS.len())) {
            let sums = Sums::of(days.iter().enumerate().filter_map(|(d, day)| {
                let y = libm::log(day.rms_ms?.max(1e-3)) - first;
                Some((terms(days, d, carried), y))
            }));
            for (k, parts) in parts.chunks_mut(EFFECT_SDS.len()).enumerate() {
                let log_ratio = 0.5 * core::f64::consts::LN_2 * (k as f64 - (NOISES / 2) as f64);
                for (effect_sd, part) in EFFECT_SDS.into_iter().zip(parts) {
                    *part = sums.given(noise * libm::exp(log_ratio), effect_sd);
                    part.weight -= 0.5 * (log_ratio / NOISE_SPREAD) * (log_ratio / NOISE_SPREAD);
                }
            }
        }
        // weights are logarithms until here
        let most = parts.iter().map(|part| part.weight).fold(f64::NEG_INFINITY, f64::max);
        parts.iter_mut().for_each(|part| part.weight = libm::exp(part.weight - most));
        let sum: f64 = parts.iter().map(|part| part.weight).sum();
        parts.iter_mut().for_each(|part| part.weight /= sum);
        Self { parts, days: days.len() }
    }

    /// Probability that the effect is below `x`.
    #[must_use]
    pub fn below(&self, x: f64) -> f64 {
        self.parts.iter().map(|part| part.weight * normal_cdf((x - part.mean) / part.sd)).sum()
    }

    /// Posterior mean of the effect on log RMS.
    #[must_use]
    pub fn mean(&self) -> f64 {
        self.parts.iter().map(|part| part.weight * part.mean).sum()
    }

    /// The central interval that holds the effect with probability `level`, 0…1.
    #[must_use]
    pub fn interval(&self, level: f64) -> (f64, f64) {
        let tail = 0.5 * (1.0 - level.clamp(0.0, 1.0 - 1e-9));
        (self.quantile(tail), self.quantile(1.0 - tail))
    }

    fn quantile(&self, p: f64) -> f64 {
        let (mut low, mut high) = (-10.0, 10.0);
        for _ in 0..60 {
            let middle = 0.5 * (low + high);
            if self.below(middle) < p { low = middle } else { high = middle }
        }
        0.5 * (low + high)
    }

    /// What may be said: nothing before the eighth day, nor while the 95 % interval holds zero.
    #[must_use]
    pub fn says(&self) -> Says {
        let (low, high) = self.interval(0.95);
        if self.days < DAYS_LEAST || (low <= 0.0 && high >= 0.0) {
            Says::CannotTellYet
        } else if high < 0.0 {
            Says::Helps
        } else {
            Says::Hurts
        }
    }

    /// By how many per cent a day's amplified practice lowers the RMS a day later, against the same day without; and the
    /// 95 % interval. Negative where it hurts.
    #[must_use]
    pub fn percent(&self) -> (f64, f64, f64) {
        let percent = |effect: f64| -100.0 * libm::expm1(effect);
        let (low, high) = self.interval(0.95);
        (percent(self.mean()), percent(high), percent(low))
    }
}

/// The row of day `d`: level, two curves of practice, and what the days before carry over.
fn terms(days: &[Day], d: usize, carried: f64) -> [f64; TERMS] {
    let n = d as f64;
    let mut effect = 0.0;
    for day in &days[..d] {
        effect = carried * effect + if day.on { 0.5 } else { -0.5 };
    }
    [1.0, 1.0 - libm::exp(-n), libm::log1p(n), effect]
}

/// What a regression needs of its rows.
#[derive(Clone, Copy, Debug, Default)]
struct Sums {
    xx: [[f64; TERMS]; TERMS],
    xy: [f64; TERMS],
    yy: f64,
    n: f64,
}

impl Sums {
    fn of(rows: impl Iterator<Item = ([f64; TERMS], f64)>) -> Self {
        let mut sums = Self::default();
        for (x, y) in rows {
            for (i, xi) in x.iter().enumerate() {
                for (j, xj) in x.iter().enumerate() {
                    sums.xx[i][j] += xi * xj;
                }
                sums.xy[i] += xi * y;
            }
            sums.yy += y * y;
            sums.n += 1.0;
        }
        sums
    }

    /// Mean and SD of the effect if the noise has this variance and effects this SD, and the logarithm of how likely the rows
    /// then are.
    fn given(&self, noise: f64, effect_sd: f64) -> Part {
        let mut precision = self.xx.map(|row| row.map(|value| value / noise));
        for (k, sd) in [LEVEL_SD, CURVE_SD, CURVE_SD, effect_sd].into_iter().enumerate() {
            precision[k][k] += 1.0 / (sd * sd);
        }
        let (inverse, log_determinant) = invert(precision);
        let mean = inverse.map(|row| row.iter().zip(&self.xy).map(|(a, b)| a * b / noise).sum::<f64>());
        let explained: f64 = mean.iter().zip(&self.xy).map(|(m, v)| m * v).sum();
        Part {
            // what hangs on none of the three is left out
            weight: -0.5 * (self.n * libm::log(noise) + (self.yy - explained) / noise + log_determinant)
                - libm::log(effect_sd),
            mean: mean[EFFECT],
            sd: libm::sqrt(inverse[EFFECT][EFFECT]),
        }
    }
}

/// The inverse of a symmetric positive definite matrix, and the logarithm of its determinant (Gauss and Jordan; without
/// pivots, which such a matrix does not need).
fn invert(mut m: [[f64; TERMS]; TERMS]) -> ([[f64; TERMS]; TERMS], f64) {
    let mut inverse = [[0.0; TERMS]; TERMS];
    (0..TERMS).for_each(|k| inverse[k][k] = 1.0);
    let mut log_determinant = 0.0;
    for k in 0..TERMS {
        let pivot = m[k][k];
        log_determinant += libm::log(pivot);
        for j in 0..TERMS {
            m[k][j] /= pivot;
            inverse[k][j] /= pivot;
        }
        for i in (0..TERMS).filter(|i| *i != k) {
            let factor = m[i][k];
            for j in 0..TERMS {
                m[i][j] -= factor * m[k][j];
                inverse[i][j] -= factor * inverse[k][j];
            }
        }
    }
    (inverse, log_determinant)
}

/// A person's trial as it goes on.
#[derive(Clone, Debug)]
pub struct Trial {
    days: Vec<Day>,
    taps: u32,
    stream: Stream,
}

impl Trial {
    /// A trial without any days; `taps` in a probe block.
    #[must_use]
    pub fn new(seed: u64, taps: u32) -> Self {
        Self { days: Vec::new(), taps, stream: Stream::named(seed, "what works for you", 0) }
    }

    /// The trial that began with this seed and has had these days, `taps` in a probe block: its next draw is the one that
    /// followed them, whatever was done on them.
    #[must_use]
    pub fn resume(seed: u64, taps: u32, days: &[Day]) -> Self {
        let mut trial = Self::new(seed, taps);
        for done in days {
            trial.day(done.rms_ms);
            if let Some(day) = trial.days.last_mut() {
                *day = *done;
            }
        }
        trial
    }

    /// A new day whose probe showed `rms_ms`: whether errors are amplified after it.
    pub fn day(&mut self, rms_ms: Option<f64>) -> bool {
        let n = self.days.len();
        let on = if n < DAYS_LEAST {
            // without it, if the day comes up among those that are left, as long as none of its four has
            let together = &self.days[n - n % TOGETHER..];
            together.iter().any(|day| !day.on) || self.stream.below(TOGETHER - together.len()) > 0
        } else {
            self.days.push(Day { rms_ms, on: false });
            let helps = self.posterior().below(0.0);
            self.days.pop();
            let on = (TOGETHER - 1) as f64 * helps;
            self.stream.bernoulli((on / (on + 1.0 - helps)).clamp(ODDS.0, ODDS.1))
        };
        self.days.push(Day { rms_ms, on });
        on
    }

    #[must_use]
    pub fn days(&self) -> &[Day] {
        &self.days
    }

    #[must_use]
    pub fn posterior(&self) -> Posterior {
        Posterior::of(&self.days, self.taps)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A person who follows the model: their days, and the effect that was put in.
    fn person(seed: u64, days: usize, effect: f64, carried: f64) -> Trial {
        let mut stream = Stream::named(seed, "yours test", 0);
        let mut trial = Trial::new(seed, 20);
        let sd = libm::sqrt(INFLATION / 40.0 + DAILY_SD * DAILY_SD);
        for d in 0..days {
            let mut so_far = trial.days().to_vec();
            so_far.push(Day { rms_ms: None, on: false });
            let row = terms(&so_far, d, carried);
            let y = 3.5 - 0.3 * row[1] - 0.1 * row[2] + effect * row[EFFECT] + sd * stream.gaussian();
            trial.day(Some(libm::exp(y)));
        }
        trial
    }

    #[test]
    fn nothing_is_said_before_the_eighth_day_and_little_soon_after() {
        for days in [0, 1, 4, 7] {
            assert_eq!(person(1, days, -0.5, 1.0).posterior().says(), Says::CannotTellYet);
        }
        // a day's small effect under a probe's noise: not in ten days
        let told = (0..100).filter(|seed| person(*seed, 10, -0.01, 0.5).posterior().says() != Says::CannotTellYet);
        assert!(told.count() < 8);
    }

    #[test]
    fn what_is_there_is_found_in_time_and_with_its_sign() {
        let (mut helps, mut hurts) = (0, 0);
        for seed in 0..40 {
            helps += usize::from(person(seed, 160, -0.05, 1.0).posterior().says() == Says::Helps);
            hurts += usize::from(person(seed, 160, 0.05, 1.0).posterior().says() == Says::Hurts);
        }
        assert!(helps > 20 && hurts > 20, "{helps} {hurts}");
    }

    #[test]
    fn intervals_hold_the_effect_as_often_as_they_say() {
        // effects, carry-over and noise drawn from the prior, 1000 people
        let mut held = [0; 3];
        let people = 1_000;
        for seed in 0..people {
            let mut draw = Stream::named(seed, "prior", 0);
            let effect = EFFECT_SDS[draw.below(EFFECT_SDS.len())] * draw.gaussian();
            let carried = CARRIED[draw.below(CARRIED.len())];
            let posterior = person(seed, 16, effect, carried).posterior();
            for (held, level) in held.iter_mut().zip([0.5, 0.8, 0.95]) {
                let (low, high) = posterior.interval(level);
                *held += u32::from(low <= effect && effect <= high);
            }
        }
        for (held, level) in held.into_iter().zip([0.5, 0.8, 0.95]) {
            let share = f64::from(held) / people as f64;
            let se = libm::sqrt(level * (1.0 - level) / people as f64);
            // the test's noise is fixed where the model averages over several
            assert!(share > level - 3.0 * se && share < level + 0.06, "{level}: {share}");
        }
    }

    #[test]
    fn of_four_of_the_first_days_one_goes_without_and_any_may() {
        let mut without = [0; DAYS_LEAST];
        for seed in 0..800 {
            let trial = person(seed, DAYS_LEAST, 0.0, 0.0);
            for four in trial.days().chunks(TOGETHER) {
                assert_eq!(four.iter().filter(|day| !day.on).count(), 1);
            }
            trial.days().iter().zip(&mut without).for_each(|(day, count)| *count += u32::from(!day.on));
        }
        assert!(without.iter().all(|count| (150..250).contains(count)), "{without:?}");
    }

    #[test]
    fn afterwards_chance_follows_the_odds_and_never_quite() {
        let share = |effect: f64| {
            let days: Vec<Day> =
                (0..40).flat_map(|seed| person(seed, 120, effect, 1.0).days()[60..].to_vec()).collect();
            days.iter().filter(|day| day.on).count() as f64 / days.len() as f64
        };
        let (helps, hurts) = (share(-0.1), share(0.1));
        assert!((0.7..0.85).contains(&helps) && (0.15..0.5).contains(&hurts), "{helps} {hurts}");
    }

    #[test]
    fn days_without_a_press_are_left_out() {
        let mut trial = person(1, 9, -0.05, 0.5);
        trial.day(None);
        assert!(trial.posterior().mean().is_finite());
        let mut silent = Trial::new(1, 20);
        (0..20).for_each(|_| {
            silent.day(None);
        });
        let (low, high) = silent.posterior().interval(0.95);
        assert!(low < -0.02 && high > 0.02 && silent.posterior().says() == Says::CannotTellYet);
    }

    #[test]
    fn a_trial_that_is_resumed_goes_on_as_if_it_had_not_stopped() {
        for seed in 0..40 {
            let whole = person(seed, 24, -0.03, 0.5);
            for n in 0..24 {
                let mut resumed = Trial::resume(seed, 20, &whole.days()[..n]);
                assert_eq!(resumed.day(whole.days()[n].rms_ms), whole.days()[n].on, "seed {seed}, day {n}");
                assert_eq!(resumed.days(), &whole.days()[..=n]);
            }
            assert_eq!(Trial::resume(seed, 20, whole.days()).posterior(), whole.posterior());
        }
    }

    #[test]
    fn what_was_done_stands_whatever_was_drawn() {
        let drawn = person(5, 12, 0.0, 0.0);
        let done: Vec<Day> = drawn.days().iter().map(|day| Day { on: !day.on, ..*day }).collect();
        assert_eq!(Trial::resume(5, 20, &done).days(), done);
    }

    #[test]
    fn per_cent_and_interval_are_in_order() {
        let (mean, low, high) = person(3, 40, -0.08, 1.0).posterior().percent();
        assert!(low < mean && mean < high, "{low} {mean} {high}");
        assert!(mean > 0.0, "a lower RMS is a help");
    }
}
