//! The estimate: taps to stimuli, the median of their asynchronies, its standard error, and whether it may be used.
//!
//! Pure: times go in, numbers come out. One function ([`summarize`]) computes what is shown and what is stored.
//!
//! - **Median**: three taps of thirty gone astray move a mean by 135 ms and a median by none (cases A32 e).
//! - **Spread**: 1.4826 · median of |x − median|, which is the SD where the taps are normal.
//! - **Standard error of the median**, free of any assumption on the distribution (Price and Bonett 2001, J Stat Comput
//!   Simul 68:295): (x₍ₙ₋c₊₁₎ − x₍c₎) / 2z with c = (n+1)/2 − √n, z the normal quantile that belongs to the binomial
//!   tail below c. It takes taps as independent, which tapping is not: one late tap is followed by another. With 20 taps
//!   or more it is widened by √((1+q)/(1−q)), q the share of neighbours on the same side of the median less those on
//!   opposite sides (not below 0). Tests hold both to their coverage.

use doozy_cerebellum::rng;
use doozy_training::time::{HostTime, Nanos};
use serde::{Deserialize, Serialize};

use super::OFFSET_LIMIT_MS;

/// Fewest counted taps that an offset may rest on ◇: with a spread of 40 ms the standard error is then about 11 ms.
/// Others take 24 (ITGmania) or 50 (osu!, where they come free from play).
pub const FEWEST_TAPS: u32 = 20;
/// Widest spread of taps that gives an offset, ms ◇. Untrained tappers have an SD of 4–7 % of the interval (skill.md
/// §1), 32–56 ms at ours; games for trained players refuse at 25–30 (Quaver, ITGmania). Beyond it someone does not tap
/// to this beat.
pub const WIDEST_TAPS_MS: f64 = 60.0;
/// Fewest settings of the adjustment that an offset may rest on, and the widest spread of them, ms ◇: people notice
/// 20–40 ms between two clicks; settings further apart than that were not made by ear.
pub const FEWEST_SETTINGS: u32 = 4;
pub const WIDEST_SETTINGS_MS: f64 = 40.0;
/// So many taps at the start of a steady beat only find into it ◇ (three or four is the usual number in tapping
/// studies).
pub const WARM_UP: u32 = 4;
/// The steady beat's interval. ◇ 75 to the minute: comfortable to tap (skill.md §1), and long enough that a reaction
/// tells which beat a tap belongs to, ±400 ms.
pub const INTERVAL: Nanos = Nanos::ms(800);
/// What a person needs to react to a single sound or flash, ms ◇ (150–250 for most). An error of up to ±400 ms is
/// harmless: it only picks the beat.
pub const REACTION_MS: f64 = 200.0;
/// Fewest reactions that place the beat, and how far they may spread, ms ◇.
pub const FEWEST_REACTIONS: usize = 3;
pub const WIDEST_REACTIONS_MS: f64 = 150.0;
/// Which taps belong to a single stimulus: from 100 ms beyond the earliest offset to 700 beyond the latest, so that
/// ±1000 ms and a slow reaction both fit. Single stimuli lie further apart than this window is long.
pub const SINGLE: (Nanos, Nanos) = (Nanos::ms(-1_100), Nanos::ms(1_700));

/// Whether an estimate may be kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    TooFew,
    /// The spread is beyond the limit: this is no steady tapping to this beat, or the settings contradict each other.
    TooWide,
    /// The median lies beyond ±1000 ms: something else is wrong.
    OutOfRange,
    Ready,
}

impl Verdict {
    /// Fluent id of what to tell.
    #[must_use]
    pub fn message(self) -> &'static str {
        match self {
            Self::TooFew => "calibration-too-few",
            Self::TooWide => "calibration-too-wide",
            Self::OutOfRange => "calibration-out-of-range",
            Self::Ready => "calibration-ready",
        }
    }
}

/// What is known after so many taps or settings. The number shown is the number stored.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Estimate {
    /// None without a value. ms; positive: the devices are later than they say.
    pub median_ms: Option<f64>,
    /// Standard error of the median, ms; None below four values.
    pub se_ms: Option<f64>,
    /// Robust SD of the values, ms; None below two.
    pub spread_ms: Option<f64>,
    /// Values that count.
    pub n: u32,
    pub verdict: Verdict,
    /// The median after each value, ms: whether it has come to rest.
    pub history: Vec<f64>,
}

/// Least number of values and greatest spread, for a [`Verdict`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Limits {
    pub fewest: u32,
    pub widest_ms: f64,
}

/// For tapping, and for the adjustment.
pub const TAPPING: Limits = Limits { fewest: FEWEST_TAPS, widest_ms: WIDEST_TAPS_MS };
pub const SETTINGS: Limits = Limits { fewest: FEWEST_SETTINGS, widest_ms: WIDEST_SETTINGS_MS };

/// Median and its kin of some values in the order in which they came, ms.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Summary {
    pub median: f64,
    pub se: Option<f64>,
    pub spread: Option<f64>,
}

/// The one place where values become numbers. None without values; values that are no numbers must not be given.
#[must_use]
pub fn summarize(values: &[f64]) -> Option<Summary> {
    let median = median(values)?;
    let deviations: Vec<f64> = values.iter().map(|x| (x - median).abs()).collect();
    let spread = if values.len() < 2 { None } else { self::median(&deviations).map(|mad| 1.4826 * mad) };
    Some(Summary { median, se: se_of_median(values, median), spread })
}

/// The middle value, or the mean of the two; None without values.
#[must_use]
pub fn median(values: &[f64]) -> Option<f64> {
    let sorted = sorted(values);
    let n = sorted.len();
    match n {
        0 => None,
        _ if n % 2 == 1 => Some(sorted[n / 2]),
        _ => Some(0.5 * (sorted[n / 2 - 1] + sorted[n / 2])),
    }
}

fn sorted(values: &[f64]) -> Vec<f64> {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted
}

/// See the head of this file. None below four values, where no two order statistics bracket the median usefully.
fn se_of_median(values: &[f64], median: f64) -> Option<f64> {
    let n = values.len();
    if n < 4 {
        return None;
    }
    let sorted = sorted(values);
    let c = ((n as f64 + 1.0) / 2.0 - (n as f64).sqrt()).round().max(1.0) as usize;
    let z = if n > LARGE { 2.0 } else { rng::normal_quantile(1.0 - binomial_below(c, n)) };
    let independent = (sorted[n - c] - sorted[c - 1]) / (2.0 * z);
    Some(independent * if n >= FEWEST_TAPS as usize { in_a_row(values, median) } else { 1.0 })
}

/// Beyond so many values z is at its limit, 2, to a hundredth; the powers of one half run out at a thousand.
const LARGE: usize = 500;

/// P(fewer than `c` of `n` fair coins show heads), by the recursion of binomial coefficients.
fn binomial_below(c: usize, n: usize) -> f64 {
    let (mut term, mut below) = (0.5_f64.powi(n as i32), 0.0);
    for i in 0..c {
        below += term;
        term *= (n - i) as f64 / (i + 1) as f64;
    }
    below
}

/// By how much the error is greater than that of independent values, 1 or more.
fn in_a_row(values: &[f64], median: f64) -> f64 {
    let sides: Vec<f64> = values.iter().map(|x| x - median).filter(|d| *d != 0.0).map(f64::signum).collect();
    if sides.len() < 2 {
        return 1.0;
    }
    let pairs = sides.windows(2).map(|pair| pair[0] * pair[1]).sum::<f64>();
    let q = (pairs / (sides.len() - 1) as f64).clamp(0.0, 0.8);
    ((1.0 + q) / (1.0 - q)).sqrt()
}

/// Values as they come in, with the running estimate.
#[derive(Clone, Debug)]
pub struct Values {
    limits: Limits,
    values: Vec<f64>,
    history: Vec<f64>,
}

impl Values {
    #[must_use]
    pub fn new(limits: Limits) -> Self {
        Self { limits, values: Vec::new(), history: Vec::new() }
    }

    /// One more, ms. What is no number is left out.
    pub fn push(&mut self, value: f64) {
        if value.is_finite() {
            self.values.push(value);
            self.history.extend(median(&self.values));
        }
    }

    #[must_use]
    pub fn estimate(&self) -> Estimate {
        let summary = summarize(&self.values);
        let n = u32::try_from(self.values.len()).unwrap_or(u32::MAX);
        let verdict = match summary {
            Some(_) | None if n < self.limits.fewest => Verdict::TooFew,
            Some(Summary { spread: Some(spread), .. }) if spread > self.limits.widest_ms => Verdict::TooWide,
            Some(Summary { median, .. }) if median.abs() > OFFSET_LIMIT_MS => Verdict::OutOfRange,
            _ => Verdict::Ready,
        };
        Estimate {
            median_ms: summary.map(|s| s.median),
            se_ms: summary.and_then(|s| s.se),
            spread_ms: summary.and_then(|s| s.spread),
            n,
            verdict,
            history: self.history.clone(),
        }
    }
}

/// Asynchronies of taps to stimuli.
#[derive(Clone, Debug)]
pub struct TapEstimate {
    values: Values,
    warm_up: u32,
}

impl Default for TapEstimate {
    fn default() -> Self {
        Self { values: Values::new(TAPPING), warm_up: WARM_UP }
    }
}

impl TapEstimate {
    /// Takes a tap and the stimulus that it belongs to. False where it only warms up, and counts for nothing.
    pub fn add(&mut self, stimulus: HostTime, tap: HostTime) -> bool {
        if self.warm_up > 0 {
            self.warm_up -= 1;
            return false;
        }
        self.values.push((tap - stimulus).as_ms());
        true
    }

    /// The beat was interrupted: the next taps find into it anew.
    pub fn interrupted(&mut self) {
        self.warm_up = WARM_UP;
    }

    #[must_use]
    pub fn estimate(&self) -> Estimate {
        self.values.estimate()
    }
}

/// Roughly where the offset lies, ms, by reactions to single stimuli; None while they are too few or disagree.
#[must_use]
pub fn coarse(reactions: &[f64]) -> Option<f64> {
    let summary = summarize(reactions).filter(|_| reactions.len() >= FEWEST_REACTIONS)?;
    let agree = summary.spread.is_some_and(|spread| spread <= WIDEST_REACTIONS_MS);
    agree.then_some(summary.median - REACTION_MS)
}

/// Stimuli that taps may belong to.
#[derive(Clone, Debug, Default)]
pub struct Matcher {
    /// Number, moment, whether a tap has it.
    stimuli: Vec<(u32, HostTime, bool)>,
}

/// What a tap came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Match {
    /// The stimulus's number and moment.
    To(u32, HostTime),
    /// The stimulus nearest to it has a tap.
    Extra,
    None,
}

impl Matcher {
    /// A stimulus that was (or is about to be) heard or seen.
    pub fn stimulus(&mut self, n: u32, at: HostTime) {
        self.stimuli.push((n, at, false));
    }

    /// None of the stimuli so far awaits a tap any more; they keep their place, so that a tap to one belongs to no
    /// other.
    pub fn close(&mut self) {
        for (.., taken) in &mut self.stimuli {
            *taken = true;
        }
    }

    /// Forgets stimuli that were to come at `from` or later: they were taken back.
    pub fn cancel_from(&mut self, from: HostTime) {
        self.stimuli.retain(|(_, at, _)| *at < from);
    }

    /// The stimulus to which a tap lies at the offset nearest to the middle of `window`, which is how far a tap may lie
    /// from its stimulus (low < tap − stimulus ≤ high). It has the tap from now on.
    pub fn take(&mut self, tap: HostTime, window: (Nanos, Nanos)) -> Match {
        let (low, high) = window;
        let middle = Nanos((low.0 + high.0) / 2);
        let inside = |at: HostTime| (tap - at) > low && (tap - at) <= high;
        let nearest = self
            .stimuli
            .iter_mut()
            .filter(|(_, at, _)| inside(*at))
            .min_by_key(|(_, at, _)| (tap - *at - middle).abs());
        match nearest {
            None => Match::None,
            Some((.., true)) => Match::Extra,
            Some((n, at, taken)) => {
                *taken = true;
                Match::To(*n, *at)
            }
        }
    }
}

/// The window of a steady beat whose taps lie about `coarse_ms` from it: one interval, so that each tap has one beat.
#[must_use]
pub fn steady_window(coarse_ms: f64) -> (Nanos, Nanos) {
    let middle = Nanos::from_ms(coarse_ms);
    (middle - Nanos(INTERVAL.0 / 2), middle + Nanos(INTERVAL.0 / 2))
}
