//! "What works for you": does amplified practice help this person? (training.md §8.)
//!
//! An N-of-1 trial over days of practice, on or off by the day, measured by unamplified probe blocks at the start of the
//! next day. The *effect* is the difference in log RMS asynchrony a day later, on against off: below zero, amplification
//! helps. Day by day it is randomised in pairs, one of each, and from the eighth day on by the posterior's own odds, never
//! further than 4 : 1, so that it goes on being a trial.
//!
//! The model: log RMS of day d = level + two curves of practice + effect · Σ ρ^(d−1−k) · (±½ of day k) + noise. ρ is what
//! is left of a day's effect at each later one (the carry-over) and is averaged over 0, ¼, ½, ¾ and 1; noise is estimated,
//! from a prior around the sampling error of a probe block. All of it is conjugate, so the posterior is exact: a mixture of
//! five Student distributions.

mod student;

use doozy_cerebellum::rng::Stream;

/// Days before anything but "cannot tell yet" is said (training.md §8).
pub const DAYS_LEAST: usize = 8;
/// Prior SD of the effect ◇: a single day that changes the RMS by 5 % is much (a whole course of amplified practice
/// changes it by about 20 % at most, docs/science/policies.md).
const EFFECT_SD: f64 = 0.05;
/// Prior of the level about the first probe, and of each curve of practice ◇.
const LEVEL_SD: f64 = 0.5;
const CURVE_SD: f64 = 0.4;
/// Day-to-day SD of log RMS besides the sampling error ◇.
const DAILY_SD: f64 = 0.06;
/// By how much correlated asynchronies and lapses inflate the sampling variance of a log RMS above 1 / 2n ◇.
const INFLATION: f64 = 2.0;
/// Weight of the noise's prior, in half-observations.
const NOISE_WEIGHT: f64 = 4.0;
/// Shares of a day's effect that may be left a day later, alike before any data.
const CARRIED: [f64; 5] = [0.0, 0.25, 0.5, 0.75, 1.0];
/// The posterior's odds are followed between these probabilities of amplifying ◇.
const ODDS: (f64, f64) = (0.2, 0.8);

const TERMS: usize = 4;
const EFFECT: usize = TERMS - 1;

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
    parts: [Part; CARRIED.len()],
    days: usize,
}

/// One carry-over's: a Student distribution and its weight.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Part {
    weight: f64,
    mean: f64,
    scale: f64,
    freedom: f64,
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
        let mut parts = CARRIED.map(|carried| {
            let rows = days.iter().enumerate().filter_map(|(d, day)| {
                let y = libm::log(day.rms_ms?.max(1e-3)) - first;
                Some((terms(days, d, carried), y))
            });
            part(rows, noise)
        });
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
        self.parts.iter().map(|part| part.weight * student::below((x - part.mean) / part.scale, part.freedom)).sum()
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

/// Conjugate regression: coefficients Gaussian given the noise, the noise's variance inverse-gamma.
fn part(rows: impl Iterator<Item = ([f64; TERMS], f64)>, noise: f64) -> Part {
    let prior = [LEVEL_SD, CURVE_SD, CURVE_SD, EFFECT_SD].map(|sd| noise / (sd * sd));
    let mut precision = [[0.0; TERMS]; TERMS];
    for (k, p) in prior.iter().enumerate() {
        precision[k][k] = *p;
    }
    let mut xy = [0.0; TERMS];
    let (mut yy, mut n) = (0.0, 0.0);
    for (x, y) in rows {
        for (i, xi) in x.iter().enumerate() {
            for (j, xj) in x.iter().enumerate() {
                precision[i][j] += xi * xj;
            }
            xy[i] += xi * y;
        }
        yy += y * y;
        n += 1.0;
    }
    let (inverse, log_determinant) = invert(precision);
    let mean = inverse.map(|row| row.iter().zip(&xy).map(|(a, b)| a * b).sum::<f64>());
    let explained: f64 = mean.iter().zip(&xy).map(|(m, v)| m * v).sum();
    let shape = NOISE_WEIGHT + 0.5 * n;
    let rate = (NOISE_WEIGHT - 1.0) * noise + 0.5 * (yy - explained).max(0.0);
    Part {
        // what does not hang on the carry-over is left out
        weight: -0.5 * log_determinant - shape * libm::log(rate),
        mean: mean[EFFECT],
        scale: libm::sqrt(rate / shape * inverse[EFFECT][EFFECT]),
        freedom: 2.0 * shape,
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

    /// A new day whose probe showed `rms_ms`: whether errors are amplified after it.
    pub fn day(&mut self, rms_ms: Option<f64>) -> bool {
        let n = self.days.len();
        let on = if n < DAYS_LEAST {
            // in pairs, one of each
            match self.days.last() {
                Some(last) if n % 2 == 1 => !last.on,
                _ => self.stream.bernoulli(0.5),
            }
        } else {
            self.days.push(Day { rms_ms, on: false });
            let helps = self.posterior().below(0.0);
            self.days.pop();
            self.stream.bernoulli(helps.clamp(ODDS.0, ODDS.1))
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
        let told = (0..100).filter(|seed| person(*seed, 10, -0.02, 0.5).posterior().says() != Says::CannotTellYet);
        assert!(told.count() < 8);
    }

    #[test]
    fn what_is_there_is_found_in_time_and_with_its_sign() {
        let (mut helps, mut hurts) = (0, 0);
        for seed in 0..40 {
            helps += usize::from(person(seed, 120, -0.06, 1.0).posterior().says() == Says::Helps);
            hurts += usize::from(person(seed, 120, 0.06, 1.0).posterior().says() == Says::Hurts);
        }
        assert!(helps > 25 && hurts > 25, "{helps} {hurts}");
    }

    #[test]
    fn intervals_hold_the_effect_as_often_as_they_say() {
        // effects, carry-over and noise drawn from the prior, 1000 people
        let mut held = [0; 3];
        let people = 1_000;
        for seed in 0..people {
            let mut draw = Stream::named(seed, "prior", 0);
            let effect = EFFECT_SD * draw.gaussian();
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
            // the test's noise is fixed where the model's is drawn, so a little more is held than is said
            assert!(share > level - 3.0 * se && share < level + 0.06, "{level}: {share}");
        }
    }

    #[test]
    fn the_first_days_come_in_pairs_of_one_each() {
        for seed in 0..50 {
            let trial = person(seed, 8, 0.0, 0.0);
            for pair in trial.days().chunks(2) {
                assert_ne!(pair[0].on, pair[1].on);
            }
        }
        let first = (0..400).filter(|seed| person(*seed, 1, 0.0, 0.0).days()[0].on).count();
        assert!((160..240).contains(&first), "{first}");
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
        assert!(low < -0.05 && high > 0.05 && silent.posterior().says() == Says::CannotTellYet);
    }

    #[test]
    fn per_cent_and_interval_are_in_order() {
        let (mean, low, high) = person(3, 40, -0.08, 1.0).posterior().percent();
        assert!(low < mean && mean < high, "{low} {mean} {high}");
        assert!(mean > 0.0, "a lower RMS is a help");
    }
}
