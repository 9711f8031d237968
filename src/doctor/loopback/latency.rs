//! From onsets to figures: which result answers which reference, and how regular a train is.

use doozy_training::{
    judge::match_presses,
    time::{HostTime, Nanos},
};
use serde::Serialize;

/// A result is looked for within this of its reference, s. ◇ Bluetooth has 0.3 s.
const REACH: f64 = 0.5;
/// Differences this near to each other may be one latency, s. ◇ The SD of the worst published package is 14 ms.
const CLUSTER: f64 = 0.04;
/// Among latencies that explain nearly as many pairs the shortest is taken ◇: in a steady train every beat offers one.
const NEARLY: f64 = 0.9;
/// A result further than this from the usual latency answers nobody, s. ◇
const STRAY: f64 = 0.1;
/// An onset belongs to a train if most of so many neighbours on each side lie whole intervals away, give or take a share of one. ◇
const NEIGHBOURS: usize = 6;
const OFF_BEAT: f64 = 0.15;
/// Bins of a histogram at most.
const BINS: usize = 64;

/// What the spread of a set of times is.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Spread {
    pub n: usize,
    pub mean_ms: f64,
    pub median_ms: f64,
    /// None below two values.
    pub sd_ms: Option<f64>,
    pub p95_ms: f64,
    pub min_ms: f64,
    pub max_ms: f64,
    pub histogram: Histogram,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Histogram {
    /// Lower edge of the first bin, ms.
    pub from_ms: f64,
    pub bin_ms: f64,
    pub counts: Vec<usize>,
}

/// How long after the reference the result came.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Latency {
    /// result − reference; negative where the result came first.
    #[serde(flatten)]
    pub spread: Spread,
    /// References without a result.
    pub missed: usize,
    /// Results without a reference.
    pub extra: usize,
    /// By how much the latency grows with time, parts per million. None below three pairs.
    pub drift_ppm: Option<f64>,
    /// SD of the latency about that drift.
    pub residual_sd_ms: Option<f64>,
}

/// How regular the onsets of one channel are.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Train {
    pub nominal_ms: f64,
    pub onsets: usize,
    /// Onsets that the nominal interval has and the recording has not.
    pub missed: usize,
    /// Onsets that lie between the beats: handling, a door.
    pub extra: usize,
    /// Inter-onset intervals between neighbours of the train.
    pub intervals: Spread,
    /// By how much the intervals are longer than nominal by the recorder's clock, parts per million.
    pub drift_ppm: Option<f64>,
    /// SD of the onsets about the straight train.
    pub residual_sd_ms: Option<f64>,
}

impl Spread {
    /// Of times in ms; None of none.
    #[must_use]
    pub fn of(values: &[f64]) -> Option<Self> {
        let mut sorted = values.to_vec();
        sorted.sort_by(f64::total_cmp);
        let (min, max) = (*sorted.first()?, *sorted.last()?);
        let n = sorted.len();
        let mean = sorted.iter().sum::<f64>() / n as f64;
        let squares: f64 = sorted.iter().map(|v| (v - mean) * (v - mean)).sum();
        let middle = |at: usize| sorted[at.min(n - 1)];
        Some(Self {
            n,
            mean_ms: mean,
            median_ms: (middle((n - 1) / 2) + middle(n / 2)) / 2.0,
            sd_ms: (n > 1).then(|| (squares / (n - 1) as f64).sqrt()),
            p95_ms: middle(((0.95 * n as f64).ceil() as usize).max(1) - 1),
            min_ms: min,
            max_ms: max,
            histogram: Histogram::of(&sorted),
        })
    }
}

impl Histogram {
    fn of(sorted: &[f64]) -> Self {
        let (min, max) = (sorted[0], sorted[sorted.len() - 1]);
        // The finest of 1, 2, 5 · 10^k, from 0.01 ms on, that does with so many bins.
        let widths = [0.01, 0.02, 0.05];
        let bin_ms = (0..)
            .flat_map(|k| widths.map(|w| w * 10_f64.powi(k)))
            .find(|w| (max / w).floor() - (min / w).floor() < BINS as f64)
            .unwrap_or(1.0);
        let first = (min / bin_ms).floor();
        let mut counts = vec![0; ((max / bin_ms).floor() - first) as usize + 1];
        let last = counts.len() - 1;
        for value in sorted {
            counts[(((value / bin_ms).floor() - first) as usize).min(last)] += 1;
        }
        Self { from_ms: first * bin_ms, bin_ms, counts }
    }
}

impl Latency {
    /// Of onsets in seconds, both in order. None where nothing answers anything.
    #[must_use]
    pub fn of(references: &[f64], results: &[f64]) -> Option<Self> {
        let usual = usual(references, results)?;
        let gap = references.windows(2).map(|pair| pair[1] - pair[0]).fold(f64::INFINITY, f64::min);
        let reach = STRAY.min(gap / 2.0);
        let nanos = |s: f64| HostTime(Nanos::from_ms(s * 1e3).0);
        let due: Vec<_> = references.iter().map(|t| nanos(t + usual)).collect();
        let came: Vec<_> = results.iter().map(|t| nanos(*t)).collect();
        let matching = match_presses(&due, &came, Nanos::from_ms(reach * 1e3));
        let pairs: Vec<(f64, f64)> =
            matching.pairs.iter().map(|&(r, s)| (references[r], (results[s] - references[r]) * 1e3)).collect();
        let latencies: Vec<f64> = pairs.iter().map(|pair| pair.1).collect();
        let line = line(&pairs);
        Some(Self {
            spread: Spread::of(&latencies)?,
            missed: matching.omitted.len(),
            extra: matching.extra.len(),
            // ms per s
            drift_ppm: line.map(|(slope, _)| slope * 1e3),
            residual_sd_ms: line.map(|(_, sd)| sd),
        })
    }
}

/// The latency that most pairs share, s.
fn usual(references: &[f64], results: &[f64]) -> Option<f64> {
    let mut differences = Vec::new();
    for r in references {
        let from = results.partition_point(|s| *s < r - REACH);
        differences.extend(results[from..].iter().map(|s| s - r).take_while(|d| *d <= REACH));
    }
    differences.sort_by(f64::total_cmp);
    let clusters: Vec<&[f64]> = (0..differences.len())
        .map(|from| &differences[from..differences.partition_point(|d| *d <= differences[from] + CLUSTER)])
        .collect();
    let most = clusters.iter().map(|c| c.len()).max()?;
    let middle = |c: &&[f64]| c[c.len() / 2];
    let able = clusters.into_iter().filter(|c| c.len() as f64 >= NEARLY * most as f64);
    // of windows over one cluster the fullest, of clusters the nearest to zero
    let best = able.min_by(|a, b| {
        let near = |c: &&[f64]| (middle(c).abs() / CLUSTER).round();
        near(a).total_cmp(&near(b)).then(b.len().cmp(&a.len()))
    });
    best.as_ref().map(middle)
}

/// Slope (value per second) and residual SD of a straight line through (seconds, value); None below three points.
fn line(points: &[(f64, f64)]) -> Option<(f64, f64)> {
    let n = points.len() as f64;
    let (x, y) = (points.iter().map(|p| p.0).sum::<f64>() / n, points.iter().map(|p| p.1).sum::<f64>() / n);
    let (mut xx, mut xy) = (0.0, 0.0);
    for p in points {
        xx += (p.0 - x) * (p.0 - x);
        xy += (p.0 - x) * (p.1 - y);
    }
    if points.len() < 3 || xx <= 0.0 {
        return None;
    }
    let slope = xy / xx;
    let rest: f64 = points.iter().map(|p| p.1 - y - slope * (p.0 - x)).map(|r| r * r).sum();
    Some((slope, (rest / (n - 2.0)).sqrt()))
}

impl Train {
    /// Of onsets in seconds, in order, against a nominal interval in ms. None where no two are neighbours.
    #[must_use]
    pub fn of(onsets: &[f64], nominal_ms: f64) -> Option<Self> {
        let belongs = |(n, t): (usize, &f64)| {
            let around = &onsets[n.saturating_sub(NEIGHBOURS)..onsets.len().min(n + NEIGHBOURS + 1)];
            let on_beat = |other: &&f64| {
                let steps = (*other - t) * 1e3 / nominal_ms;
                (steps - steps.round()).abs() <= OFF_BEAT && (*other == t || steps.round() != 0.0)
            };
            2 * around.iter().filter(on_beat).count() > around.len()
        };
        let beats: Vec<f64> = onsets.iter().enumerate().filter(|one| belongs(*one)).map(|(_, t)| *t).collect();
        let mut places: Vec<(f64, f64)> = beats.first().map(|t| (0.0, *t)).into_iter().collect();
        let (mut intervals, mut missed) = (Vec::new(), 0);
        for pair in beats.windows(2) {
            let interval = (pair[1] - pair[0]) * 1e3;
            let steps = (interval / nominal_ms).round().max(1.0);
            if steps == 1.0 {
                intervals.push(interval);
            }
            missed += steps as usize - 1;
            places.push((places[places.len() - 1].0 + steps, pair[1]));
        }
        // against nominal seconds, so that a slope of 1 ms in 1 s is 1,000 ppm
        let late: Vec<_> =
            places.iter().map(|(k, t)| (k * nominal_ms / 1e3, (t - places[0].1) * 1e3 - k * nominal_ms)).collect();
        let line = line(&late);
        Some(Self {
            nominal_ms,
            onsets: onsets.len(),
            missed,
            extra: onsets.len() - beats.len(),
            intervals: Spread::of(&intervals)?,
            drift_ppm: line.map(|(slope, _)| slope * 1e3),
            residual_sd_ms: line.map(|(_, sd)| sd),
        })
    }
}
