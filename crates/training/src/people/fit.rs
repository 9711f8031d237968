//! From taps to timing: bounded generalised least squares, and intervals from the profile of the likelihood.
//!
//! For a given shape of the noise (α, β/α, σ_M/σ_T, each within its bounds) the bias is the generalised least-squares mean and
//! the clock's SD follows from the residuals, both in closed form; the shape is searched, by the restricted likelihood. An interval holds the values of a
//! parameter that the taps do not speak against: those whose best likelihood, all else refitted, lies within the 95 % point
//! of the likelihood ratio. It is found where an estimate lies at a bound too, and then ends there.

use serde::Serialize;

use super::{
    model::{BOUNDS, Shape, Sums, Timing},
    statistics::{Statistics, quantile, without_lapses},
    taps::Run,
};

/// Taps of a trial that are left out, while the player finds the beat (skill.md §6.2: the first 4–6).
pub const WARM_UP: usize = 4;
/// Taps of one person at one interval below which nothing is estimated ◇ (skill.md §0: a split of variance needs 60
/// intervals; half of that gives wide intervals, which are told).
pub const LEAST_TAPS: usize = 30;
/// Half of the 95 % point of χ² with one degree of freedom.
const RATIO: f64 = 0.5 * 3.841_458_821;
/// Parameters that are estimated together.
const PARAMETERS: f64 = 5.0;
/// Distances of a search, as a share of each bound's span: where it begins, and where it is good enough.
const SPAN: (f64, f64) = (0.06, 2e-4);

/// An estimate with the interval that covers the truth in 95 of 100 people.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Estimate {
    pub value: f64,
    pub low: f64,
    pub high: f64,
}

impl Estimate {
    #[must_use]
    pub fn covers(&self, truth: f64) -> bool {
        (self.low..=self.high).contains(&truth)
    }
}

/// What one person's taps at one interval say.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Fitted {
    pub subject: String,
    pub interval_ms: f64,
    pub trials: usize,
    /// Taps that were used; lapses and the first of each trial are not.
    pub taps: usize,
    /// Taps that were taken for lapses.
    pub lapses: usize,
    /// Beats without a tap, where the table says so.
    pub missing: usize,
    /// ms.
    pub bias: Estimate,
    pub alpha: Estimate,
    pub beta: Estimate,
    /// ms.
    pub clock: Estimate,
    /// ms.
    pub motor: Estimate,
    /// SD over trials of a trial's mean, ms, beyond what the model lets them differ, 0 where they do not: a sign that the
    /// bias itself moved from trial to trial.
    pub between_trials: f64,
    /// Of the taps that were used.
    pub statistics: Statistics,
}

impl Fitted {
    #[must_use]
    pub fn timing(&self) -> Timing {
        let [bias, alpha, beta, clock, motor] =
            [self.bias, self.alpha, self.beta, self.clock, self.motor].map(|estimate| estimate.value);
        Timing { bias, alpha, beta, clock, motor }
    }

    /// Share of beats that were lapses or had no tap.
    #[must_use]
    pub fn lapse_rate(&self) -> f64 {
        let lost = (self.lapses + self.missing) as f64;
        lost / (lost + self.taps as f64).max(1.0)
    }
}

/// Why nothing was estimated.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum NotEstimable {
    #[error(
        "subject {subject} at {interval_ms} ms: {taps} taps are left without the first {WARM_UP} of each trial and without \
         lapses; {LEAST_TAPS} are needed"
    )]
    Few { subject: String, interval_ms: f64, taps: usize },
    #[error("subject {subject} at {interval_ms} ms: the taps are all alike; there is no spread to explain")]
    Alike { subject: String, interval_ms: f64 },
}

/// Fits one person at one interval; `runs` are all of that.
///
/// # Errors
/// With fewer than [`LEAST_TAPS`], or without spread.
pub fn fit(runs: &[&Run]) -> Result<Fitted, NotEstimable> {
    let (subject, interval_ms) =
        runs.first().map_or((String::new(), 0.0), |run| (run.subject.clone(), run.interval_ms));
    let trials: Vec<Vec<Option<f64>>> =
        runs.iter().map(|run| run.asynchronies.iter().skip(WARM_UP).copied().collect()).collect();
    let missing = trials.iter().flatten().filter(|tap| tap.is_none()).count();
    let (trials, lapses) = without_lapses(&trials, interval_ms);
    let taps = trials.iter().flatten().flatten().count();
    if taps < LEAST_TAPS {
        return Err(NotEstimable::Few { subject, interval_ms, taps });
    }
    let Some(statistics) = Statistics::of(&trials).filter(|found| found.sd > 1e-6) else {
        return Err(NotEstimable::Alike { subject, interval_ms });
    };
    let search = Search { trials: &trials };
    let best = search.best();
    let (sums, shape) = (Sums::of(&trials, best.shape), best.shape);
    let bias = sums.bias();
    let clock = sums.clock(bias);
    let values = [bias, shape.alpha, shape.beta(), clock, shape.hand * clock];
    // a variance estimated beside so many means is small by this much
    let below = RATIO * taps as f64 / (taps as f64 - PARAMETERS);
    let level = best.log_likelihood - below;
    let point = [shape.alpha, shape.period, shape.hand];
    let level_of_bias = search.climb(point, Fix::Bias(bias)).log_likelihood - below;
    let scale = statistics.sd;
    let [bias, alpha, beta, clock, motor] = [
        (Fix::Bias as fn(f64) -> Fix, 0.5 * scale, (f64::NEG_INFINITY, f64::INFINITY)),
        (Fix::Alpha, 0.1, BOUNDS[0]),
        (Fix::Beta, 0.1, (0.0, BOUNDS[0].1 * BOUNDS[1].1)),
        (Fix::Clock, 0.2 * scale, (0.0, f64::INFINITY)),
        (Fix::Motor, 0.2 * scale, (0.0, f64::INFINITY)),
    ]
    .into_iter()
    .zip(values)
    .map(|((fix, step, bounds), value)| {
        let level = if bounds.0 == f64::NEG_INFINITY { level_of_bias } else { level };
        let end = |sign: f64| search.end(fix, value, sign * step, bounds, best.shape, level);
        Estimate { value, low: end(-1.0), high: end(1.0) }
    })
    .collect::<Vec<_>>()[..] else {
        return Err(NotEstimable::Alike { subject, interval_ms });
    };
    let between_trials = between(&trials, &search, best.shape, values[3]);
    let bias = widened(bias, &trials);
    Ok(Fitted {
        subject,
        interval_ms,
        trials: runs.len(),
        taps,
        lapses,
        missing,
        bias,
        alpha,
        beta,
        clock,
        motor,
        between_trials,
        statistics,
    })
}

/// Means of the trials that have taps.
fn means(trials: &[Vec<Option<f64>>]) -> Vec<f64> {
    trials
        .iter()
        .filter_map(|trial| {
            let taps: Vec<f64> = trial.iter().copied().flatten().collect();
            (!taps.is_empty()).then(|| taps.iter().sum::<f64>() / taps.len() as f64)
        })
        .collect()
}

fn spread(values: &[f64]) -> f64 {
    let n = values.len() as f64;
    if values.len() < 2 {
        return 0.0;
    }
    let mean = values.iter().sum::<f64>() / n;
    libm::sqrt(values.iter().map(|value| (value - mean) * (value - mean)).sum::<f64>() / (n - 1.0))
}

/// By how much trials' means differ beyond what taps that hang together make them differ.
fn between(trials: &[Vec<Option<f64>>], search: &Search<'_>, shape: Shape, clock: f64) -> f64 {
    let means = means(trials);
    if means.len() < 2 {
        return 0.0;
    }
    // the generalised least-squares mean of one trial has the variance σ² / Σ1²/F
    let within: f64 = search
        .trials
        .iter()
        .filter(|trial| trial.iter().flatten().count() > 0)
        .map(|trial| clock * clock / Sums::of(std::slice::from_ref(trial), shape).ones.max(1e-9))
        .sum::<f64>()
        / means.len() as f64;
    let observed = spread(&means);
    libm::sqrt((observed * observed - within).max(0.0))
}

/// 97.5 % points of Student's t with 1, 2, … degrees of freedom; beyond the last, the normal's.
const STUDENT: [f64; 12] = [12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228, 2.201, 2.179];

/// The interval of the bias, with at least three trials: whatever the likelihood or those trials' means alone (Student's t)
/// leave open.
fn widened(bias: Estimate, trials: &[Vec<Option<f64>>]) -> Estimate {
    let means = means(trials);
    if means.len() < 3 {
        return bias;
    }
    let t = STUDENT.get(means.len() - 2).copied().unwrap_or(1.96);
    let n = means.len() as f64;
    let (mean, half) = (means.iter().sum::<f64>() / n, t * spread(&means) / libm::sqrt(n));
    Estimate { low: bias.low.min(mean - half), high: bias.high.max(mean + half), ..bias }
}

/// What a profile holds still.
#[derive(Clone, Copy, Debug)]
enum Fix {
    Nothing,
    Bias(f64),
    Alpha(f64),
    Beta(f64),
    Clock(f64),
    Motor(f64),
}

#[derive(Clone, Copy)]
struct Best {
    shape: Shape,
    log_likelihood: f64,
}

struct Search<'a> {
    trials: &'a [Vec<Option<f64>>],
}

impl Search<'_> {
    /// Log-likelihood at a shape with all that is not fixed at its best; −∞ where the fixed value cannot be.
    fn at(&self, point: [f64; 3], fix: Fix) -> (f64, Shape) {
        let mut shape = Shape::from_array(point);
        match fix {
            Fix::Alpha(alpha) => shape.alpha = alpha,
            Fix::Beta(beta) => {
                shape.period = beta / shape.alpha;
                if shape.period > BOUNDS[1].1 {
                    return (f64::NEG_INFINITY, shape);
                }
            }
            _ => {}
        }
        let sums = Sums::of(self.trials, shape);
        let bias = if let Fix::Bias(bias) = fix { bias } else { sums.bias() };
        let clock = match fix {
            Fix::Clock(clock) => clock,
            // σ_M = hand · σ_T: the clock follows from the hand
            Fix::Motor(motor) if shape.hand > 0.0 => motor / shape.hand,
            Fix::Motor(motor) if motor > 0.0 => return (f64::NEG_INFINITY, shape),
            _ => sums.clock(bias),
        };
        if clock <= 0.0 {
            return (f64::NEG_INFINITY, shape);
        }
        let found = match fix {
            Fix::Bias(_) => sums.log_likelihood(bias, clock),
            _ => sums.restricted(clock),
        };
        (found, shape)
    }

    fn best(&self) -> Best {
        let mut best = Best { shape: Shape::from_array([0.5, 0.0, 0.5]), log_likelihood: f64::NEG_INFINITY };
        let mut starts = Vec::new();
        for alpha in [0.08, 0.2, 0.35, 0.5, 0.7, 0.9, 1.2] {
            for period in [0.0, 0.15, 0.5] {
                for hand in [0.0, 0.35, 0.7, 1.0] {
                    starts.push((self.at([alpha, period, hand], Fix::Nothing).0, [alpha, period, hand]));
                }
            }
        }
        starts.sort_by(|one, other| other.0.total_cmp(&one.0));
        for (_, start) in starts.into_iter().take(3) {
            let found = self.climb(start, Fix::Nothing);
            if found.log_likelihood > best.log_likelihood {
                best = found;
            }
        }
        best
    }

    /// Pattern search within the bounds: tries each direction, keeps what is better, and halves its stride where nothing is.
    fn climb(&self, start: [f64; 3], fix: Fix) -> Best {
        let (mut point, mut stride) = (start, SPAN.0);
        let (mut value, mut shape) = self.at(point, fix);
        while stride > SPAN.1 {
            let before = point;
            for k in 0..3 {
                let (least, most) = BOUNDS[k];
                for sign in [1.0, -1.0] {
                    let mut next = point;
                    next[k] = (next[k] + sign * stride * (most - least)).clamp(least, most);
                    if next[k] == point[k] {
                        continue;
                    }
                    let (found, at) = self.at(next, fix);
                    if found > value {
                        (point, value, shape) = (next, found, at);
                        break;
                    }
                }
            }
            if point == before {
                stride *= 0.5;
                continue;
            }
            // along the direction that has just been good
            let ahead: [f64; 3] =
                core::array::from_fn(|k| (2.0 * point[k] - before[k]).clamp(BOUNDS[k].0, BOUNDS[k].1));
            let (found, at) = self.at(ahead, fix);
            if found > value {
                (point, value, shape) = (ahead, found, at);
            }
        }
        Best { shape, log_likelihood: value }
    }

    /// Where a parameter's profile falls below `level`, away from `value` in the direction of `step`, or its bound.
    fn end(&self, fix: fn(f64) -> Fix, value: f64, step: f64, bounds: (f64, f64), shape: Shape, level: f64) -> f64 {
        let mut from = [shape.alpha, shape.period, shape.hand];
        let mut above = |at: f64| {
            let starts = [from, [shape.alpha, shape.period, shape.hand], [shape.alpha, 0.0, 0.5]];
            let found = starts.map(|start| self.climb(start, fix(at)));
            let best = found
                .into_iter()
                .fold(found[0], |one, other| if other.log_likelihood > one.log_likelihood { other } else { one });
            if best.log_likelihood > f64::NEG_INFINITY {
                from = [best.shape.alpha, best.shape.period.clamp(BOUNDS[1].0, BOUNDS[1].1), best.shape.hand];
            }
            best.log_likelihood >= level
        };
        let (mut inside, mut stride) = (value, step);
        let mut outside = loop {
            let next = (inside + stride).clamp(bounds.0, bounds.1);
            if next == inside {
                return inside;
            }
            if !above(next) {
                break next;
            }
            inside = next;
            stride *= 1.6;
            if stride.abs() > 64.0 * step.abs() {
                return inside;
            }
        };
        for _ in 0..10 {
            let middle = 0.5 * (inside + outside);
            if above(middle) {
                inside = middle;
            } else {
                outside = middle;
            }
        }
        0.5 * (inside + outside)
    }
}

/// The fits of a table: everybody at every interval, in order of intervals and then of first appearance, and those that could
/// not be made. `told` is called after each with how many are done and how many there are.
#[must_use]
pub fn fit_all(runs: &[Run], mut told: impl FnMut(usize, usize)) -> (Vec<Fitted>, Vec<NotEstimable>) {
    let mut keys: Vec<(f64, &str)> = Vec::new();
    for run in runs {
        let key = (run.interval_ms, run.subject.as_str());
        if !keys.contains(&key) {
            keys.push(key);
        }
    }
    keys.sort_by(|one, other| one.0.total_cmp(&other.0));
    let (mut fits, mut without) = (Vec::new(), Vec::new());
    for (done, (interval, subject)) in keys.iter().enumerate() {
        let own: Vec<&Run> =
            runs.iter().filter(|run| run.interval_ms == *interval && run.subject == *subject).collect();
        match fit(&own) {
            Ok(fitted) => fits.push(fitted),
            Err(error) => without.push(error),
        }
        told(done + 1, keys.len());
    }
    (fits, without)
}

/// Median and quartiles over people of one parameter at one interval.
#[must_use]
pub fn over_people(fits: &[Fitted], interval_ms: f64, pick: impl Fn(&Fitted) -> f64) -> [f64; 3] {
    let values: Vec<f64> = fits.iter().filter(|fitted| fitted.interval_ms == interval_ms).map(pick).collect();
    [0.25, 0.5, 0.75].map(|share| quantile(&values, share))
}

#[cfg(test)]
mod tests;
